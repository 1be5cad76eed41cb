//! 400, 404 and 405: what a request missed, and the bodies that say so.
//!
//! [`Responder::judge`] decides, without making a body of it: `explain` asks it too.

use std::sync::Arc;

use http::{HeaderValue, Method, StatusCode, header};

use super::error::{ErrorBody, json_type};
use super::mismatch::mismatches;
use super::nearest::{NAMED, Near, first_reason};
use super::options::allowed;
use super::plan::Plan;
use super::reason::{Mismatch, NearMiss};
use super::search::{Search, method_rank};
use super::{Answer, Headers, Outcome, Responder};
use crate::spec::Endpoint;

/// How many mismatches a 400 lists.
const MOST_MISMATCHES: usize = 100;
/// In how many other hosts a 404 looks.
const OTHER_HOSTS: usize = 200;

/// What a request that no endpoint answers is told.
pub(super) struct Miss {
    pub(super) status: StatusCode,
    /// A word for programs.
    pub(super) cause: &'static str,
    pub(super) message: String,
    /// Of a 405.
    allow: Option<String>,
    /// Of a 400.
    pub(super) mismatches: Vec<Mismatch>,
    /// An endpoint of another host that has this path.
    elsewhere: Option<Arc<Endpoint>>,
}

/// What becomes of a request that no endpoint answers.
pub(super) enum Judgement {
    /// `GET /` of a host where nothing answers it.
    Welcome,
    Miss(Miss),
}

impl Responder {
    /// The answer to a request that no endpoint answers; `None` when its body has to be read to say why.
    pub(super) fn miss(&self, search: &Search<'_, '_>) -> Option<Answer> {
        Some(match self.judge(search)? {
            Judgement::Welcome => welcome(),
            Judgement::Miss(miss) => self.answer_miss(search, miss),
        })
    }

    /// What the request missed; `None` when its body has to be read to say so.
    pub(super) fn judge(&self, search: &Search<'_, '_>) -> Option<Judgement> {
        let candidates = search.candidates();
        let rank = method_rank(search.view.request.method);
        let failed: Vec<&(usize, &Plan)> =
            candidates.iter().filter(|(_, plan)| rank(plan.method).is_some()).collect();
        if !failed.is_empty() {
            let wants_body = failed.iter().any(|(_, plan)| plan.endpoint.body.is_some());
            if wants_body && search.view.unread() {
                return None;
            }
            return Some(Judgement::Miss(bad_request(search, &failed)));
        }
        if !candidates.is_empty() {
            return Some(Judgement::Miss(method_not_allowed(search, &candidates)));
        }
        let request = search.view.request;
        let welcomes = self.layer.is_none();
        if welcomes && request.target.path() == "/" && matches!(*request.method, Method::GET | Method::HEAD) {
            return Some(Judgement::Welcome);
        }
        Some(Judgement::Miss(self.not_found(search)))
    }

    fn not_found(&self, search: &Search<'_, '_>) -> Miss {
        let elsewhere = if self.options.local { self.other_host(search) } else { None };
        let message = match elsewhere.as_ref().and_then(|endpoint| endpoint.host.as_ref()) {
            Some(host) => format!("no endpoint answers this path on this host; it answers on {host}"),
            None => "no endpoint answers this path".to_owned(),
        };
        Miss {
            status: StatusCode::NOT_FOUND,
            cause: "no-endpoint",
            message,
            allow: None,
            mismatches: Vec::new(),
            elsewhere,
        }
    }

    fn answer_miss(&self, search: &Search<'_, '_>, miss: Miss) -> Answer {
        let mut body = ErrorBody::new(search.view, &miss.message, miss.cause);
        let nearest: Vec<NearMiss> =
            self.nearest_of(search, &miss, false).into_iter().map(Near::told).collect();
        let shown = if self.options.local { self.options.near_misses } else { !nearest.is_empty() };
        if shown {
            body.nearest(&nearest, self.options.local);
        }
        if miss.status == StatusCode::BAD_REQUEST {
            body.mismatches(&miss.mismatches);
        }
        let mut answer = body.answer(miss.status, Outcome::Unmatched(nearest));
        let allow = miss.allow.and_then(|methods| HeaderValue::from_str(&methods).ok());
        if let (Headers::Made(headers), Some(value)) = (&mut answer.headers, allow) {
            headers.push((header::ALLOW, value));
        }
        answer
    }

    /// The nearest endpoints of this host, after one of another host that has the path.
    pub(super) fn nearest_of(&self, search: &Search<'_, '_>, miss: &Miss, all: bool) -> Vec<Near> {
        let mut nearest = self.nearest(search, all);
        let elsewhere = miss.elsewhere.as_ref();
        if let Some(endpoint) = elsewhere.filter(|endpoint| all || endpoint.near_misses.unwrap_or(true)) {
            let reason = first_reason(search, endpoint, false);
            nearest.insert(0, Near { endpoint: Arc::clone(endpoint), reason });
            nearest.truncate(NAMED);
        }
        nearest
    }

    /// An endpoint of another host whose path and method fit.
    fn other_host(&self, search: &Search<'_, '_>) -> Option<Arc<Endpoint>> {
        let rank = method_rank(search.view.request.method);
        self.hosts.hosts().take(OTHER_HOSTS).find_map(|(_, block)| {
            let candidates = search.candidates_in(&block, Vec::new());
            let fitting = candidates.iter().find(|(_, plan)| rank(plan.method).is_some());
            fitting.map(|(_, plan)| Arc::clone(&plan.endpoint))
        })
    }
}

fn bad_request(search: &Search<'_, '_>, failed: &[&(usize, &Plan)]) -> Miss {
    let mut found = Vec::new();
    for &&(form, plan) in failed {
        let room = MOST_MISMATCHES.saturating_sub(found.len());
        if let Some(path) = search.form(form) {
            found.extend(mismatches(&plan.endpoint, search.view, path, room));
        }
    }
    let message = match found.as_slice() {
        [only] => format!("the request does not fit: {only}"),
        [first, rest @ ..] => format!("the request does not fit: {first}, and {} more", rest.len()),
        [] => "the request does not fit".to_owned(),
    };
    Miss {
        status: StatusCode::BAD_REQUEST,
        cause: "request-mismatch",
        message,
        allow: None,
        mismatches: found,
        elsewhere: None,
    }
}

fn method_not_allowed(search: &Search<'_, '_>, candidates: &[(usize, &Plan)]) -> Miss {
    let methods = allowed(candidates.iter().map(|(_, plan)| plan.method));
    let others = match methods.as_slice() {
        [before @ .., last] if !before.is_empty() => format!("{} and {last} are", before.join(", ")),
        one => format!("{} is", one.join(", ")),
    };
    Miss {
        status: StatusCode::METHOD_NOT_ALLOWED,
        cause: "method-not-allowed",
        message: format!("{} is not served here; {others}", search.view.request.method),
        allow: Some(methods.join(", ")),
        mismatches: Vec::new(),
        elsewhere: None,
    }
}

/// `GET /` of a host where nothing answers.
fn welcome() -> Answer {
    let body = bytes::Bytes::from_static(br#"["->","moclojer","server"]"#);
    Answer { status: StatusCode::OK, headers: Headers::Made(vec![json_type()]), body, outcome: Outcome::Own }
}
