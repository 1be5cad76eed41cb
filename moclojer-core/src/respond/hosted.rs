//! Many owners' mocks in one server: texts are kept, and each is compiled at its host's first request.
//!
//! A request finds its host's entry, and in it the compiled block: one atomic load more than a local server pays. Where
//! there is none yet, a small text is compiled there and then; a larger one in a bounded pool, while the request
//! waits ([`Step::Wait`]) and other hosts' requests do not. However many requests come first, a text is compiled once.
//! A text that does not compile answers 500, alone.
//!
//! Nothing here reads a file or asks anything of the outside; it does not know where texts come from.
//!
//! # Invariants
//!
//! - Only a request for exactly a host meets its mock; what a mock says of hosts counts for nothing, and a text
//!   that answers for another host is not served.
//! - A swap touches one host. Others keep their compiled blocks; the host itself keeps its counters.
//! - Compiled blocks are bounded ([`Bounds::compiled_bytes`]); those least used are dropped back to their texts.

mod compile;
mod cookie;
mod host;
mod shelf;

use std::collections::BTreeSet;
use std::sync::Arc;

use arc_swap::ArcSwap;
use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};

use super::error::{self, ErrorBody};
use super::search::Held;
use super::view::View;
use super::{Answer, Body, Headers, Options, Outcome, Request, Responder, Step, cors, options};
use crate::ports::{Clock, Random, SystemClock, SystemRandom};
use crate::route::{HostClass, HostTable, Segments};
use crate::spec::Settings;
use crate::spec::host::{HostPattern, of_authority};
use crate::unify::{Entry, Layout, ShardId, Version};
use compile::Compiler;
use host::{Host, State};
use shelf::Shelf;

/// How many pieces the table of hosts has: a swap copies one.
const TABLE_PIECES: usize = 4_096;

/// The path that the system keeps for itself on every host.
const RESERVED: [&str; 2] = [".well-known", "moclojer"];

/// What all mocks together may cost.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Bounds {
    /// About how many bytes compiled blocks may take (512 MiB).
    pub compiled_bytes: usize,
    /// How many texts are compiled beside one another (half of the cores).
    pub compilers: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self { compiled_bytes: 512 << 20, compilers: (cores / 2).max(1) }
    }
}

/// Which hosts are known: decides what is said of one that is not there.
#[derive(Clone, Debug, Default)]
pub enum Coverage {
    /// Nothing was read yet: any host may be one (503).
    #[default]
    Nothing,
    /// Hosts of these shards may be there (503); others are not (404).
    AllBut {
        /// Says which shard a host is in.
        layout: Layout,
        /// The shards that were never read.
        unread: BTreeSet<ShardId>,
    },
    /// What is not here is nowhere (404).
    Everything,
}

/// Counts for whoever watches a server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Hosts with a text.
    pub hosts: usize,
    /// Hosts that are compiled now.
    pub compiled: usize,
    /// About how many bytes those take.
    pub compiled_bytes: usize,
    /// How many texts were found that do not compile, since the start.
    pub not_loadable: u64,
}

/// Answers for many hosts, each with a mock of its own.
///
/// Shared as an `Arc`; hosts are set and removed while requests are answered. Setting and removing are one caller's
/// at a time.
pub struct HostedResponder {
    hosts: HostTable<Host>,
    /// What holds for all mocks; it has none itself.
    rules: Responder,
    coverage: ArcSwap<Coverage>,
    compiler: Arc<Compiler>,
}

impl HostedResponder {
    /// Answers 503 until [`set_coverage`](Self::set_coverage) says what is known. Whatever `options` say, mocks are
    /// taken for several owners' ([`Options::local`] is false).
    pub fn new(options: Options, settings: Settings, bounds: &Bounds) -> Self {
        Self::with(options, settings, bounds, SystemClock::shared(), SystemRandom::shared())
    }

    /// The same with the time and chance of the caller.
    pub fn with(
        mut options: Options,
        settings: Settings,
        bounds: &Bounds,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Self {
        options.local = false;
        let shelf = Shelf::new(bounds.compiled_bytes);
        let compiler = Compiler::new(settings, options.seed, shelf, bounds.compilers);
        Self {
            hosts: HostTable::new(TABLE_PIECES),
            rules: Responder::with(options, clock, random),
            coverage: ArcSwap::default(),
            compiler: Arc::new(compiler),
        }
    }

    /// Serves a document for its host, in place of the one before. The document is copied, so that it does not hold
    /// the shard that it is a part of. Counters go on.
    pub fn set(&self, entry: &Entry) {
        let before = self.held(&entry.host);
        let host = Arc::new(Host::new(entry, before.as_deref()));
        if let Some(old) = self.hosts.swap(Some(&entry.host), Some(host)) {
            self.compiler.shelf.retire(&old);
        }
    }

    /// Serves a host no more; whether it was served.
    pub fn remove(&self, host: &HostPattern) -> bool {
        let old = self.hosts.swap(Some(host), None);
        if let Some(old) = &old {
            self.compiler.shelf.retire(old);
        }
        old.is_some()
    }

    /// Says which hosts are known from now on. Set after the hosts that it promises.
    pub fn set_coverage(&self, coverage: Coverage) {
        self.coverage.store(Arc::new(coverage));
    }

    /// The version of a host that is served; none for one that is not.
    pub fn version(&self, host: &HostPattern) -> Option<Version> {
        self.held(host).map(|host| host.version)
    }

    /// What there is now.
    pub fn counts(&self) -> Counts {
        let (compiled, compiled_bytes) = self.compiler.shelf.counts();
        Counts {
            hosts: self.hosts.len(),
            compiled,
            compiled_bytes,
            not_loadable: self.compiler.not_loadable(),
        }
    }

    fn held(&self, host: &HostPattern) -> Option<Arc<Host>> {
        match self.hosts.find(host.as_str()).next() {
            Some((HostClass::Exact, host)) => Some(host.to_arc()),
            _ => None,
        }
    }

    /// Answers `request`; with [`Body::Unread`] it may ask for the body first, and it may ask to wait.
    pub fn respond(&self, request: &Request<'_>, body: Body<'_>) -> Step {
        let view = View::new(request, body);
        if disagrees(request) {
            return Step::Answer(host_mismatch(&view));
        }
        let Some((HostClass::Exact, host)) = self.hosts.find(view.host()).next() else {
            return Step::Answer(self.unknown(&view));
        };
        let block = loop {
            if let Some(block) = host.block() {
                break block;
            }
            match self.compiler.prepare(&host) {
                State::Text => {}
                State::Compiling(wait) => return Step::Wait(wait),
                State::Broken(why) => return Step::Answer(not_loadable(&view, &why)),
            }
        };
        match self.answer(&view, &block) {
            Some(mut answer) => {
                self.finish(&mut answer, request);
                Step::Answer(answer)
            }
            None => Step::ReadBody,
        }
    }

    /// `None`: the body is needed.
    fn answer(&self, view: &View<'_>, block: &Held) -> Option<Answer> {
        if view.request.target.path() == "*" {
            return Some(options::asterisk(view));
        }
        let path = match Segments::new(view.request.target.path()) {
            Ok(path) => path,
            Err(bad) => return Some(error::bad_path(view, &bad.to_string())),
        };
        if is_reserved(&path) {
            return Some(reserved(view));
        }
        self.rules.answer_of(view, &path, [Some(block), None, None, None])
    }

    fn finish(&self, answer: &mut Answer, request: &Request<'_>) {
        cookie::keep_to_host(&mut answer.headers);
        if self.rules.options.cors {
            cors::open(&mut answer.headers, request);
        }
    }

    /// The answer for a host that is not here. It says nothing of what there is.
    fn unknown(&self, view: &View<'_>) -> Answer {
        let may_come = match &**self.coverage.load() {
            Coverage::Nothing => true,
            Coverage::AllBut { layout, unread } => {
                HostPattern::parse(view.host()).is_ok_and(|host| unread.contains(&layout.shard_of(&host)))
            }
            Coverage::Everything => false,
        };
        let (status, text) = match may_come {
            true => (StatusCode::SERVICE_UNAVAILABLE, "the server is starting, try again soon\n"),
            false => (StatusCode::NOT_FOUND, "not found\n"),
        };
        let mut headers = vec![(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"))];
        if may_come {
            headers.push((header::RETRY_AFTER, HeaderValue::from_static("1")));
        }
        let why = if may_come { "its host may not have been read yet" } else { "no mock has this host" };
        Answer {
            status,
            headers: Headers::Made(headers),
            body: Bytes::from_static(text.as_bytes()),
            outcome: Outcome::Refused(why.to_owned()),
        }
    }
}

impl std::fmt::Debug for HostedResponder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HostedResponder").field("rules", &self.rules).finish_non_exhaustive()
    }
}

/// Whether the target and `Host` name different hosts: one of the two was meant for somebody else.
fn disagrees(request: &Request<'_>) -> bool {
    let (Some(authority), Some(host)) = (request.target.authority(), request.headers.get(header::HOST))
    else {
        return false;
    };
    host.to_str().ok().is_none_or(|host| of_authority(host) != of_authority(authority.as_str()))
}

/// Whether a path, decoded, is the reserved one, with a slash at its end or without.
fn is_reserved(path: &Segments<'_>) -> bool {
    let named = path.get(0) == Some(RESERVED[0]) && path.get(1) == Some(RESERVED[1]);
    named && (path.len() == 2 || (path.len() == 3 && path.get(2) == Some("")))
}

fn host_mismatch(view: &View<'_>) -> Answer {
    let message = "the request's target and its Host header name different hosts";
    let outcome = Outcome::Refused(message.to_owned());
    ErrorBody::new(view, message, "bad-host").answer(StatusCode::BAD_REQUEST, outcome)
}

fn reserved(view: &View<'_>) -> Answer {
    let message = "this path is kept for the system";
    ErrorBody::new(view, message, "reserved-path").answer(StatusCode::NOT_FOUND, Outcome::Own)
}

fn not_loadable(view: &View<'_>, why: &str) -> Answer {
    let message = "this mock cannot be loaded by this server";
    let outcome = Outcome::Refused(format!("the mock does not compile: {why}"));
    ErrorBody::new(view, message, "mock-not-loadable").answer(StatusCode::INTERNAL_SERVER_ERROR, outcome)
}
