//! One request in, one answer out: pure, synchronous, without I/O.
//!
//! [`Responder::respond`] reads top to bottom: the path is split, the host's blocks are found, their
//! candidates are tried in order, and the first whose guards hold answers. What answers was compiled when
//! the file was loaded (`plan`).

pub mod error;
pub mod explain;
#[cfg(feature = "hosted")]
pub mod hosted;
pub mod reason;
pub mod suggest;

mod block;
mod body;
mod chance;
mod coded;
mod cookies;
mod cors;
mod disabled;
#[cfg_attr(not(feature = "testing"), expect(dead_code, reason = "only mocks inside tests are made in code"))]
mod layer;
mod mismatch;
mod miss;
mod nearest;
mod options;
mod plan;
mod scope;
mod search;
mod view;

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use tokio::sync::watch;

pub use block::{Changes, EndpointRef};
#[cfg(feature = "testing")]
pub(crate) use body::pairs as query_pairs_of;
pub use explain::Explanation;
pub use reason::NearMiss;
pub use suggest::Suggestion;

use crate::ports::{Clock, Random, SystemClock, SystemRandom};
use crate::route::{HostTable, Segments};
pub use crate::spec::Label as EndpointLabel;
use crate::template;
use block::Block;
use layer::Layer;
use search::{Chosen, Search, method_rank};
use view::View;

/// In how many blocks a request is looked for: the layer, and one of each class of hosts.
const BLOCKS: usize = 4;

/// In how many pieces the table of hosts of a local server is swapped.
const HOST_SHARDS: usize = 16;

/// How a [`Responder`] answers, whatever its mocks say.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Options {
    /// Whether 400, 404 and 405 name the nearest endpoints, where the mock does not say `near-misses` itself. With
    /// `local`, false wins over the mock.
    pub near_misses: bool,
    /// Whether every origin may read every answer (`--cors`).
    pub cors: bool,
    /// Whether all mocks are one owner's: only then do bodies name places in files, and on which other host a path
    /// answers.
    pub local: bool,
    /// What rendering one answer may cost.
    pub template: template::Limits,
    /// With a seed, what is drawn for an answer depends on nothing but the seed, the endpoint, and how many answers
    /// the endpoint gave since it was loaded: the same in every run, however requests of others come between.
    pub seed: Option<u64>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            near_misses: true,
            cors: false,
            local: true,
            template: template::Limits::default(),
            seed: None,
        }
    }
}

/// What answers requests: the table of hosts and what holds for all of them.
///
/// Shared as an `Arc`; mocks are swapped while requests are answered, host by host.
pub struct Responder {
    hosts: HostTable<Block>,
    options: Options,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    layer: Option<Layer>,
}

/// A request's head, borrowed from whoever received it.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The method.
    pub method: &'a Method,
    /// The target as it was sent: origin form, absolute form or `*`.
    pub target: &'a Uri,
    /// All headers.
    pub headers: &'a HeaderMap,
    /// The peer, where there is one.
    pub peer: Option<SocketAddr>,
}

/// How much of the request's body is known.
#[derive(Clone, Copy, Debug)]
pub enum Body<'a> {
    /// It was not read yet; an endpoint that needs it makes [`Step::ReadBody`].
    Unread,
    /// All of it; empty when the request has none.
    Read(&'a Bytes),
}

/// What comes next.
#[derive(Debug)]
pub enum Step {
    /// Read the body and ask again.
    ReadBody,
    /// The answer.
    Answer(Answer),
    /// The mock is being made ready: ask again, in the same way, when this has ended.
    Wait(Wait),
}

/// Ends when something that was not ready is, or will not be.
#[derive(Clone, Debug)]
pub struct Wait(watch::Receiver<()>);

impl Wait {
    /// Waits; there is no limit to it but the caller's. Dropping the future loses nothing.
    pub async fn ended(mut self) {
        // Nothing is ever sent: it fails when the sender is gone, which is what it waits for.
        let _ = self.0.changed().await;
    }
}

/// An answer, ready to be sent.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// Headers in order; a name may stand more than once.
    pub headers: Headers,
    /// The body; the sender leaves it out for HEAD and keeps its length.
    pub body: Bytes,
    /// What the log says of it.
    pub outcome: Outcome,
}

/// Headers of an answer, shared with the endpoint where they never change.
#[derive(Clone, Debug)]
pub enum Headers {
    /// Made when the file was loaded.
    Fixed(Arc<[(HeaderName, HeaderValue)]>),
    /// Made for this answer.
    Made(Vec<(HeaderName, HeaderValue)>),
}

impl Headers {
    /// All of them, in order.
    pub fn as_slice(&self) -> &[(HeaderName, HeaderValue)] {
        match self {
            Self::Fixed(headers) => headers,
            Self::Made(headers) => headers,
        }
    }
}

/// Why the answer is what it is.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// An endpoint answered; the note says what a reader of the log could not guess.
    Matched(EndpointRef, Option<&'static str>),
    /// An endpoint was chosen but could not answer: the reason (500, 501).
    Failed(EndpointRef, String),
    /// No endpoint answered (400, 404, 405), with the nearest ones where they were looked for.
    Unmatched(Vec<NearMiss>),
    /// The request was refused before it was matched (limits, `Host`, CONNECT): why.
    Refused(String),
    /// The server's own answer (`GET /`, OPTIONS, preflight).
    Own,
}

impl Default for Responder {
    fn default() -> Self {
        Self::new(Options::default())
    }
}

impl Responder {
    /// Answers nothing yet; see [`load`](Self::load).
    pub fn new(options: Options) -> Self {
        Self::with(options, SystemClock::shared(), SystemRandom::shared())
    }

    /// The same with the time and chance of the caller, so that every answer can be made to repeat. What
    /// [`Options::seed`] decides is not drawn from `random`.
    pub fn with(options: Options, clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Self {
        Self { hosts: HostTable::new(HOST_SHARDS), options, clock, random, layer: None }
    }

    /// Answers `request`; with [`Body::Unread`] it may ask for the body first.
    ///
    /// The same request gets the same bytes, but for values of time and chance.
    pub fn respond(&self, request: &Request<'_>, body: Body<'_>) -> Step {
        let view = View::new(request, body);
        let mut answer = match self.answer(&view) {
            Some(answer) => answer,
            None => return Step::ReadBody,
        };
        if self.options.cors {
            cors::open(&mut answer.headers, request);
        }
        Step::Answer(answer)
    }

    /// `None`: the body is needed.
    fn answer(&self, view: &View<'_>) -> Option<Answer> {
        if view.request.target.path() == "*" {
            return Some(options::asterisk(view));
        }
        let path = match Segments::new(view.request.target.path()) {
            Ok(path) => path,
            Err(bad) => return Some(error::bad_path(view, &bad.to_string())),
        };
        self.answer_of(view, &path, self.blocks_of(view).each_ref().map(Option::as_ref))
    }

    /// The blocks that may answer: the layer, then the best class first.
    fn blocks_of(&self, view: &View<'_>) -> [Option<search::Held>; BLOCKS] {
        let layer = self.layer.as_ref().and_then(Layer::block);
        if !self.hosts.has_names() {
            // Nobody looks at the host.
            return [layer, self.hosts.any(), None, None];
        }
        let mut found = self.hosts.find(view.host()).map(|(_, block)| block);
        [layer, found.next(), found.next(), found.next()]
    }

    /// The answer of a host's blocks. `None`: the body is needed.
    fn answer_of(
        &self,
        view: &View<'_>,
        path: &Segments<'_>,
        blocks: [Option<&search::Held>; BLOCKS],
    ) -> Option<Answer> {
        let search = Search::new(view, path, blocks);
        let request = view.request;
        if request.method == Method::OPTIONS {
            return self.answer_options(&search);
        }
        match search.find(method_rank(request.method)).ok()? {
            Some(chosen) => self.render(&search, &chosen),
            None => self.miss(&search),
        }
    }

    fn render(&self, search: &Search<'_, '_>, chosen: &Chosen<'_>) -> Option<Answer> {
        let path = search.form(chosen.form)?;
        chosen.plan.render(search.view, path, self, chosen.block, chosen.index)
    }
}

impl std::fmt::Debug for Responder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Responder").field("options", &self.options).finish_non_exhaustive()
    }
}
