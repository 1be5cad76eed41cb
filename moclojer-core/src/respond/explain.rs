//! What a request would get, and why: who answers, what was passed over, what came near, and what would change it.
//!
//! Nothing is rendered, drawn or counted: a request may be explained as often as one likes. The reasons are those of
//! the bodies and of the log; what a mock says of `near-misses` is about those and counts for nothing here.

mod json;
mod text;

use std::sync::Arc;

use bytes::Bytes;
use http::{Method, StatusCode};

use super::mismatch::mismatches;
use super::miss::Judgement;
#[cfg(feature = "testing")]
use super::nearest::score;
use super::nearest::{NAMED, Near, first_reason};
use super::options::OptionsStep;
use super::reason::{Mismatch, Part, Reason};
use super::search::{Chosen, Search, method_rank};
use super::view::View;
use super::{Body, EndpointRef, NearMiss, Request, Responder, Suggestion};
use crate::route::Segments;
use crate::spec::coded::CodedGuard;
use crate::spec::{BodySource, Endpoint};

/// What a request would get, and why.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Explanation {
    /// The request's method.
    pub method: Method,
    /// Its path and query, as sent.
    pub target: String,
    /// Its host, in the form that is compared; empty when it names none.
    pub host: String,
    /// The status that it would get. An endpoint's answer may still fail (500) or be held back (429).
    pub status: StatusCode,
    /// Who answers.
    pub verdict: Verdict,
    /// What a 400 lists.
    pub mismatches: Vec<Mismatch>,
    /// Endpoints that do not answer: those that were passed over first, then the nearest; at most five.
    pub nearest: Vec<Explained>,
}

/// Who answers a request.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Verdict {
    /// An endpoint.
    Endpoint {
        /// Which.
        endpoint: EndpointRef,
        /// The guards that it has and that hold.
        held: Vec<Held>,
    },
    /// The server itself: what it says.
    Server(&'static str),
    /// Nobody.
    Missed {
        /// A word for programs: `no-endpoint`, `method-not-allowed`, `request-mismatch`, `bad-path`.
        cause: &'static str,
        /// A sentence.
        message: String,
    },
}

/// A guard that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Held {
    /// What it looks at.
    pub part: Part,
    /// The host or method that is wanted, the name of a query parameter or header, or what code says of the request;
    /// empty for the path and the body.
    pub name: String,
}

/// An endpoint that does not answer, with all that can be said of it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Explained {
    /// The endpoint and the first reason.
    pub near: NearMiss,
    /// What holds, in the order host, path, method, query, body.
    pub held: Vec<Held>,
    /// What would make it answer, where something small would.
    pub suggestion: Option<Suggestion>,
}

/// What was found out before it is told.
struct Found {
    status: StatusCode,
    verdict: Verdict,
    mismatches: Vec<Mismatch>,
    near: Vec<Near>,
    missed: bool,
}

impl Explanation {
    /// Whether the request is answered by an endpoint or by the server itself.
    pub fn is_answered(&self) -> bool {
        !matches!(self.verdict, Verdict::Missed { .. })
    }
}

impl Responder {
    /// Says what `request` with all of its `body` would get, and why.
    pub fn explain(&self, request: &Request<'_>, body: &Bytes) -> Explanation {
        let view = View::new(request, Body::Read(body));
        let path = match Segments::new(request.target.path()) {
            _ if *request.method == Method::CONNECT => {
                let message = "CONNECT is not served: a mock server is no proxy".to_owned();
                return missed_early(&view, StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", message);
            }
            _ if request.target.path() == "*" && *request.method == Method::OPTIONS => {
                let verdict = Verdict::Server("the target `*` is about the server, not about a mock");
                return told(&view, StatusCode::NO_CONTENT, verdict, Vec::new(), Vec::new());
            }
            Ok(path) => path,
            Err(bad) => {
                return missed_early(&view, StatusCode::BAD_REQUEST, "bad-path", bad.to_string());
            }
        };
        let blocks = self.blocks_of(&view);
        let search = Search::new(&view, &path, blocks.each_ref().map(Option::as_ref));
        let found = self.find_out(&search);
        let missed = found.missed;
        let nearest = found.near.into_iter().map(|near| self.explained(&search, &near, missed)).collect();
        told(&view, found.status, found.verdict, found.mismatches, nearest)
    }

    /// The smallest change for the nearest endpoint of a request that was missed; none where it is answered, or
    /// nothing small would do.
    pub fn suggest(&self, request: &Request<'_>, body: Body<'_>) -> Option<Suggestion> {
        let view = View::new(request, body);
        let path = Segments::new(request.target.path()).ok()?;
        let blocks = self.blocks_of(&view);
        let search = Search::new(&view, &path, blocks.each_ref().map(Option::as_ref));
        let Judgement::Miss(miss) = self.judge(&search)? else {
            return None;
        };
        let nearest = self.nearest_of(&search, &miss, false);
        self.suggest_for(&search, nearest.first()?, true)
    }

    /// Why one endpoint does not answer `request`, and how near it came: more is nearer.
    #[cfg(feature = "testing")]
    pub(crate) fn explain_for(
        &self,
        request: &Request<'_>,
        body: &Bytes,
        endpoint: &Arc<Endpoint>,
    ) -> Option<(u32, Explained)> {
        let view = View::new(request, Body::Read(body));
        let path = Segments::new(request.target.path()).ok()?;
        let blocks = self.blocks_of(&view);
        let search = Search::new(&view, &path, blocks.each_ref().map(Option::as_ref));
        let near = Near { endpoint: Arc::clone(endpoint), reason: first_reason(&search, endpoint, false) };
        let score = score(&search, endpoint);
        Some((score, self.explained(&search, &near, true)))
    }

    fn find_out(&self, search: &Search<'_, '_>) -> Found {
        let request = search.view.request;
        let chosen = if request.method == Method::OPTIONS {
            match self.decide_options(search) {
                Some(OptionsStep::Endpoint(chosen)) => Some(chosen),
                Some(OptionsStep::Own(answer, why)) => return self.of_server(search, answer.status, why),
                Some(OptionsStep::Nobody) | None => None,
            }
        } else {
            search.find(method_rank(request.method)).ok().flatten()
        };
        if let Some(chosen) = chosen {
            return self.matched(search, &chosen);
        }
        match self.judge(search) {
            Some(Judgement::Miss(miss)) => Found {
                near: self.nearest_of(search, &miss, true),
                status: miss.status,
                verdict: Verdict::Missed { cause: miss.cause, message: miss.message },
                mismatches: miss.mismatches,
                missed: true,
            },
            Some(Judgement::Welcome) | None => {
                let why = "no endpoint answers `/`, so the server greets";
                self.of_server(search, StatusCode::OK, why)
            }
        }
    }

    fn of_server(&self, search: &Search<'_, '_>, status: StatusCode, why: &'static str) -> Found {
        let near = self.nearest(search, true);
        Found { status, verdict: Verdict::Server(why), mismatches: Vec::new(), near, missed: false }
    }

    fn matched(&self, search: &Search<'_, '_>, chosen: &Chosen<'_>) -> Found {
        let endpoint = &chosen.plan.endpoint;
        let first = format!("{} {}", endpoint.label.method, endpoint.label.path);
        // Passed over in this order, then what would come after, then what is near.
        let mut near: Vec<Near> = Vec::new();
        let fitting = search.candidates();
        let fitting = fitting.iter().map(|(_, plan)| &plan.endpoint);
        for other in fitting.filter(|other| !Arc::ptr_eq(other, endpoint)).take(NAMED) {
            near.push(Near { endpoint: Arc::clone(other), reason: first_reason(search, other, false) });
        }
        for other in self.nearest(search, true) {
            let known = near.iter().any(|near| Arc::ptr_eq(&near.endpoint, &other.endpoint));
            if near.len() < NAMED && !known && !Arc::ptr_eq(&other.endpoint, endpoint) {
                near.push(other);
            }
        }
        for near in &mut near {
            if let Reason::Order { first: named } = &mut near.reason {
                named.clone_from(&first);
            }
        }
        let status = match &endpoint.response.body {
            BodySource::NotServed(_) => StatusCode::NOT_IMPLEMENTED,
            BodySource::Fixed(_) | BodySource::Template(_) => endpoint.response.status,
        };
        let held = held(search, endpoint);
        let verdict = Verdict::Endpoint { endpoint: EndpointRef::from(endpoint), held };
        Found { status, verdict, mismatches: Vec::new(), near, missed: false }
    }

    fn explained(&self, search: &Search<'_, '_>, near: &Near, missed: bool) -> Explained {
        let suggestion = match near.reason {
            Reason::Order { .. } => None,
            _ => self.suggest_for(search, near, missed),
        };
        Explained { near: near.clone().told(), held: held(search, &near.endpoint), suggestion }
    }
}

/// The guards of an endpoint that hold.
fn held(search: &Search<'_, '_>, endpoint: &Endpoint) -> Vec<Held> {
    let view = search.view;
    let mut held = Vec::new();
    let mut hold = |part, name: &str| held.push(Held { part, name: name.to_owned() });
    if let Some(host) = endpoint.host.as_ref().filter(|host| host.matches(view.host())) {
        hold(Part::Host, host.as_str());
    }
    let fitting = search.forms().find(|(_, path)| endpoint.path.fits(path)).map(|(_, path)| path);
    let refused = match fitting.or(search.form(0)) {
        Some(path) => mismatches(endpoint, view, path, usize::MAX),
        None => Vec::new(),
    };
    let refuses = |part, name: &str| refused.iter().any(|found| found.part == part && found.name == name);
    if fitting.is_some() && !refused.iter().any(|found| found.part == Part::Path) {
        hold(Part::Path, "");
    }
    if method_rank(view.request.method)(endpoint.method).is_some() {
        hold(Part::Method, view.request.method.as_str());
    }
    for param in &endpoint.query {
        if view.query().first(&param.name).is_some() && !refuses(Part::Query, &param.name) {
            hold(Part::Query, &param.name);
        }
    }
    if endpoint.body.is_some() && !refused.iter().any(|found| found.part == Part::Body) {
        hold(Part::Body, "");
    }
    let holding =
        endpoint.coded_guards().iter().filter(|guard| guard.holds(view, endpoint)).map(CodedGuard::held);
    for more in holding {
        if !held.contains(&more) {
            held.push(more);
        }
    }
    held
}

fn missed_early(view: &View<'_>, status: StatusCode, cause: &'static str, message: String) -> Explanation {
    told(view, status, Verdict::Missed { cause, message }, Vec::new(), Vec::new())
}

fn told(
    view: &View<'_>,
    status: StatusCode,
    verdict: Verdict,
    mismatches: Vec<Mismatch>,
    nearest: Vec<Explained>,
) -> Explanation {
    let target = view.request.target;
    let path = target.path_and_query().map_or_else(|| target.to_string(), ToString::to_string);
    Explanation {
        method: view.request.method.clone(),
        target: path,
        host: view.host().to_owned(),
        status,
        verdict,
        mismatches,
        nearest,
    }
}
