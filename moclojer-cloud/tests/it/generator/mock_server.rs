//! A mock server whose every step the test takes: what it read waits until the test lets it go on.

use std::collections::HashMap;
use std::fmt;
use std::future::{Future, pending};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use moclojer_cloud::foss::{Follower, Settings};
use moclojer_core::ports::Bus;
use moclojer_core::respond::Options;
use moclojer_core::respond::hosted::{Bounds, HostedResponder};
use moclojer_core::spec;
use moclojer_core::spec::host::HostPattern;

use super::World;
use super::faults::Faults;
use super::memory_store::text;
use crate::foss::world::ask;

/// The text of each version of a host; none: absent.
pub(super) type Texts = HashMap<(HostPattern, u64), Option<String>>;

/// Follows an object store from the start of the process to its end.
pub(super) struct MockServer {
    responder: Arc<HostedResponder>,
    faults: Faults,
    following: Pin<Box<dyn Future<Output = ()>>>,
    /// Of each host the lowest version that what was seen last can be, and what that was; none: absent.
    seen: HashMap<HostPattern, (u64, Option<String>)>,
}

impl fmt::Debug for MockServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MockServer").field("seen", &self.seen).finish_non_exhaustive()
    }
}

impl MockServer {
    /// It does nothing before it is told to.
    pub(super) fn start(world: &World) -> Self {
        let responder =
            Arc::new(HostedResponder::new(Options::default(), spec::Settings::default(), &Bounds::default()));
        let (storage, bus) = (world.storage.other(), Arc::clone(&world.bus) as Arc<dyn Bus>);
        let faults = storage.faults.clone();
        let follower = Follower::new(Arc::new(storage), bus, Arc::clone(&responder), Settings::default());
        let following = Box::pin(async move { follower.run(pending()).await });
        Self { responder, faults, following, seen: HashMap::new() }
    }

    /// Takes what was read, and begins what is due.
    pub(super) fn go(&mut self) {
        assert_eq!((&mut self.following).now_or_never(), None, "it follows for ever");
    }

    /// Reads that are on their way come in; nothing is done with them.
    pub(super) async fn let_reads_end(&self) {
        for _ in 0..4 {
            tokio::task::yield_now().await;
        }
    }

    /// What it reads next is what stood before the last write of it.
    pub(super) fn read_older(&self) {
        self.faults.read_older();
    }

    /// Follows until nothing can be left to read.
    pub(super) async fn settle(&mut self) {
        let looks = tokio::time::sleep(Duration::from_secs(15));
        tokio::select! {
            () = &mut self.following => panic!("it follows for ever"),
            () = looks => {}
        }
    }

    /// What a host answers: its text, or none when it is not there. Nothing: its shard was not read yet.
    fn serves(&self, host: &HostPattern) -> Option<Option<String>> {
        match ask(&self.responder, &host.to_string()) {
            (200, Some(content)) => Some(Some(text(host, &content).as_str().to_owned())),
            (404, _) => Some(None),
            (503, _) => None,
            (status, _) => panic!("{host} answers {status}"),
        }
    }

    /// What a host answers was its text once, and not before what it answered last.
    pub(super) fn check(&mut self, host: &HostPattern, texts: &Texts) {
        let Some(serves) = self.serves(host) else { return };
        let (low, last) = self.seen.entry(host.clone()).or_default();
        if serves == *last {
            return;
        }
        let mut later =
            texts.iter().filter(|((of, version), text)| of == host && version > low && **text == serves);
        let lowest = later.by_ref().map(|((_, version), _)| *version).min();
        let lowest = lowest.unwrap_or_else(|| panic!("{host} went back behind {low} {last:?} to {serves:?}"));
        (*low, *last) = (lowest, serves);
    }

    /// A host answers with this text; none: it is not there.
    pub(super) fn assert_serves(&self, host: &HostPattern, wanted: Option<&str>) {
        assert_eq!(self.serves(host).as_ref().map(Option::as_deref), Some(wanted), "{host}");
    }
}
