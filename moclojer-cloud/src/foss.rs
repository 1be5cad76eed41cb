//! A mock server's share of the hosted system: follows the unified mock in an object store, and swaps hosts in a
//! [`HostedResponder`] one by one.
//!
//! It knows no database, and needs no bus: hints only hurry it. It listens first, then reads `layout.json`, lists the
//! shards and gets those whose ETags differ, sixteen beside one another; then it looks again every five seconds, at
//! every hint at the hinted shard, and at once after the bus connected or lost messages. One task applies what was
//! read, a shard at a time.
//!
//! # Invariants
//!
//! - Nothing is taken from a shard that is older than what is held, and never from a lower layout.
//! - **A host is removed only when it is absent from a complete shard of a higher generation**; never because of an
//!   error, a missing object, a cut shard or another installation's bucket. What is held goes on being served.
//! - A higher layout is read whole before anything of it is served; until then the one before is.
//! - A host counts only in the shard that its layout puts it into.

mod follow;
mod health;
mod look;
mod metrics;
mod read;
mod shards;
mod state;

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use moclojer_core::ports::{Bus, Storage};
use moclojer_core::respond::hosted::HostedResponder;

pub use health::{Health, Trouble};
pub use metrics::Metrics;

use health::Snapshot;

/// How a follower follows.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Settings {
    /// How long after a look the next one begins, when nothing hurries it.
    pub look_every: Duration,
    /// How long after the start it is ready without the shards that cannot be read.
    pub ready_after: Duration,
    /// How many shards are read beside one another.
    pub reads: usize,
    /// How long one call of the store may take, whatever the store's own limits are.
    pub call_limit: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            look_every: Duration::from_secs(5),
            ready_after: Duration::from_secs(30),
            reads: 16,
            call_limit: Duration::from_secs(30),
        }
    }
}

/// Follows the unified mock of an object store.
#[derive(Debug)]
pub struct Follower {
    storage: Arc<dyn Storage>,
    bus: Arc<dyn Bus>,
    responder: Arc<HostedResponder>,
    settings: Settings,
    metrics: Metrics,
    snapshot: Mutex<Snapshot>,
}

impl Follower {
    /// Nothing is read before [`run`](Self::run).
    pub fn new(
        storage: Arc<dyn Storage>,
        bus: Arc<dyn Bus>,
        responder: Arc<HostedResponder>,
        settings: Settings,
    ) -> Self {
        let (metrics, snapshot) = (Metrics::default(), Mutex::new(Snapshot::new()));
        Self { storage, bus, responder, settings, metrics, snapshot }
    }

    /// Follows until `shutdown` ends; what is served by then goes on being served. To be run once.
    ///
    /// Dropping the future ends everything that it began.
    pub async fn run(&self, shutdown: impl Future<Output = ()>) {
        follow::run(self, shutdown).await;
    }

    /// How it stands now.
    pub fn health(&self) -> Health {
        self.snapshot.lock().unwrap_or_else(PoisonError::into_inner).health()
    }

    /// What it counts.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    fn publish(&self, snapshot: Snapshot) {
        self.metrics.show(&snapshot.health(), self.responder.counts());
        *self.snapshot.lock().unwrap_or_else(PoisonError::into_inner) = snapshot;
    }
}
