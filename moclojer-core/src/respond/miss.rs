//! 400, 404 and 405: what the request missed, the nearest endpoints, and why each did not answer.

use http::{HeaderValue, Method, StatusCode, header};

use super::error::{ErrorBody, cut, json_type};
use super::options::allowed;
use super::plan::Plan;
use super::reason::{NearMiss, Reason};
use super::search::{Search, method_rank};
use super::{Answer, EndpointRef, Headers, Outcome, Responder};
use crate::route::Segments;
use crate::spec::Endpoint;
use crate::spec::path::{Part as PatternPart, PathPattern, Segment};

/// How many endpoints a miss names.
const NAMED: usize = 5;
/// How many endpoints a miss looks at.
const LOOKED_AT: usize = 24;
/// How many mismatches a 400 lists.
const MOST_MISMATCHES: usize = 100;
/// In how many other hosts a 404 looks.
const OTHER_HOSTS: usize = 200;

impl Responder {
    /// The answer to a request that no endpoint answers; `None` when its body has to be read to say why.
    pub(super) fn miss(&self, search: &Search<'_, '_>) -> Option<Answer> {
        let candidates = search.candidates();
        let rank = method_rank(search.view.request.method);
        let failed: Vec<&(usize, &Plan)> =
            candidates.iter().filter(|(_, plan)| rank(plan.method).is_some()).collect();
        if !failed.is_empty() {
            let wants_body = failed.iter().any(|(_, plan)| plan.endpoint.body.is_some());
            if wants_body && search.view.unread() {
                return None;
            }
            return Some(self.bad_request(search, &failed));
        }
        if !candidates.is_empty() {
            return Some(self.method_not_allowed(search, &candidates));
        }
        let request = search.view.request;
        if request.target.path() == "/" && matches!(*request.method, Method::GET | Method::HEAD) {
            return Some(welcome());
        }
        Some(self.not_found(search))
    }

    fn bad_request(&self, search: &Search<'_, '_>, failed: &[&(usize, &Plan)]) -> Answer {
        let mut mismatches = Vec::new();
        for &&(form, plan) in failed {
            let room = MOST_MISMATCHES.saturating_sub(mismatches.len());
            if let Some(path) = search.form(form) {
                mismatches.extend(plan.mismatches(search.view, path, room));
            }
        }
        let message = match mismatches.as_slice() {
            [only] => format!("the request does not fit: {only}"),
            [first, rest @ ..] => format!("the request does not fit: {first}, and {} more", rest.len()),
            [] => "the request does not fit".to_owned(),
        };
        let mut body = ErrorBody::new(search.view, &message, "request-mismatch");
        let nearest = self.nearest(search);
        self.put_nearest(&mut body, &nearest);
        body.mismatches(&mismatches);
        body.answer(StatusCode::BAD_REQUEST, Outcome::Unmatched(nearest))
    }

    fn method_not_allowed(&self, search: &Search<'_, '_>, candidates: &[(usize, &Plan)]) -> Answer {
        let methods = allowed(candidates.iter().map(|(_, plan)| plan.method)).join(", ");
        let message = format!("{} is not served here; {methods} is", search.view.request.method);
        let mut body = ErrorBody::new(search.view, &message, "method-not-allowed");
        let nearest = self.nearest(search);
        self.put_nearest(&mut body, &nearest);
        let mut answer = body.answer(StatusCode::METHOD_NOT_ALLOWED, Outcome::Unmatched(nearest));
        if let (Headers::Made(headers), Ok(value)) = (&mut answer.headers, HeaderValue::from_str(&methods)) {
            headers.push((header::ALLOW, value));
        }
        answer
    }

    fn not_found(&self, search: &Search<'_, '_>) -> Answer {
        let elsewhere = if self.options.local { self.other_host(search) } else { None };
        let message = match &elsewhere {
            Some(host) => format!("no endpoint answers this path on this host; it answers on {host}"),
            None => "no endpoint answers this path".to_owned(),
        };
        let mut body = ErrorBody::new(search.view, &message, "no-endpoint");
        let nearest = self.nearest(search);
        self.put_nearest(&mut body, &nearest);
        body.answer(StatusCode::NOT_FOUND, Outcome::Unmatched(nearest))
    }

    fn put_nearest(&self, body: &mut ErrorBody, nearest: &[NearMiss]) {
        let shown = if self.options.local { self.options.near_misses } else { !nearest.is_empty() };
        if shown {
            body.nearest(nearest, self.options.local);
        }
    }

    /// Another host on which an endpoint's path and method fit.
    fn other_host(&self, search: &Search<'_, '_>) -> Option<String> {
        let rank = method_rank(search.view.request.method);
        self.hosts.hosts().take(OTHER_HOSTS).find_map(|(host, block)| {
            let candidates = search.candidates_in(&block, Vec::new());
            let fits = candidates.iter().any(|(_, plan)| rank(plan.method).is_some());
            fits.then(|| host.to_string())
        })
    }

    /// Up to five endpoints of this host that almost answered, the nearest first.
    fn nearest(&self, search: &Search<'_, '_>) -> Vec<NearMiss> {
        let Some(path) = search.form(0) else {
            return Vec::new();
        };
        let rank = method_rank(search.view.request.method);
        let mut scored: Vec<(std::cmp::Reverse<u32>, usize, &Plan)> = Vec::new();
        let mut room = LOOKED_AT;
        for block in search.blocks.into_iter().flatten() {
            block.routes.near(path, room, |index| {
                let plan = block.plan(index);
                if plan.endpoint.near_misses.unwrap_or(self.options.local || self.options.near_misses) {
                    let method = u32::from(rank(plan.method).is_some()) * METHOD_FITS;
                    let score = closeness(&plan.endpoint.path, path) + method;
                    scored.push((std::cmp::Reverse(score), scored.len(), plan));
                }
                room = room.saturating_sub(1);
            });
        }
        scored.sort_unstable_by_key(|&(score, order, _)| (score, order));
        scored.truncate(NAMED);
        scored
            .into_iter()
            .map(|(_, _, plan)| {
                let endpoint = EndpointRef::from(&plan.endpoint);
                NearMiss { endpoint, reason: self.first_reason(search, plan) }
            })
            .collect()
    }

    /// The first reason that an endpoint did not answer: path, method, guards.
    fn first_reason(&self, search: &Search<'_, '_>, plan: &Plan) -> Reason {
        let request = search.view.request;
        let pattern = &plan.endpoint.path;
        let Some((_, path)) = search.forms().find(|(_, path)| pattern.fits(path)) else {
            return search.form(0).map_or(Reason::Order, |path| path_reason(&plan.endpoint, path));
        };
        if method_rank(request.method)(plan.method).is_none() {
            let (wanted, found) = (plan.endpoint.method.as_str().to_owned(), request.method.to_string());
            return Reason::Method { wanted, found };
        }
        match plan.mismatches(search.view, path, 1).into_iter().next() {
            Some(mismatch) => Reason::Guard(mismatch),
            None => Reason::Order,
        }
    }
}

/// `GET /` of a host where nothing answers.
fn welcome() -> Answer {
    let body = bytes::Bytes::from_static(br#"["->","moclojer","server"]"#);
    Answer { status: StatusCode::OK, headers: Headers::Made(vec![json_type()]), body, outcome: Outcome::Own }
}

const METHOD_FITS: u32 = 6;
const LITERAL_FITS: u32 = 16;
const CAPTURE_FITS: u32 = 10;
const CAPTURE_OF_OTHER_TYPE: u32 = 6;
const SEGMENT_MISSING: u32 = 12;

/// How much of a pattern agrees with a path; only good for ordering.
fn closeness(pattern: &PathPattern, path: &Segments<'_>) -> u32 {
    let mut score = 1000_u32;
    for (wanted, found) in pattern.segments.iter().zip(path.iter()) {
        score += match wanted {
            Segment::Literal(literal) if **literal == *found => LITERAL_FITS,
            Segment::Literal(literal) => similarity(literal, found),
            Segment::Capture(index) => match pattern.captures.get(*index) {
                Some(capture) if !capture.kind.accepts(found) => CAPTURE_OF_OTHER_TYPE,
                _ => CAPTURE_FITS,
            },
            Segment::Mixed(parts) => parts
                .iter()
                .map(|part| match part {
                    PatternPart::Text(text) if found.contains(&**text) => CAPTURE_FITS,
                    _ => 0,
                })
                .max()
                .unwrap_or(0),
            Segment::Rest(_) => return score + CAPTURE_OF_OTHER_TYPE,
        };
    }
    let missing = pattern.segments.len().abs_diff(path.len());
    score.saturating_sub(SEGMENT_MISSING.saturating_mul(u32::try_from(missing).unwrap_or(u32::MAX)))
}

/// What two texts have in common at both ends, of twelve: cheap, and high for one wrong letter.
fn similarity(wanted: &str, found: &str) -> u32 {
    let (wanted, found) = (wanted.as_bytes(), found.as_bytes());
    let longest = wanted.len().max(found.len());
    let shortest = wanted.len().min(found.len());
    if longest == 0 {
        return 0;
    }
    let front = wanted.iter().zip(found).take_while(|(left, right)| left == right).count();
    let back = wanted.iter().rev().zip(found.iter().rev()).take_while(|(left, right)| left == right).count();
    u32::try_from((front + back).min(shortest) * 12 / longest).unwrap_or(0)
}

/// The first segment that differs, else the number of segments.
fn path_reason(endpoint: &Endpoint, path: &Segments<'_>) -> Reason {
    let pattern = &endpoint.path;
    for (index, (wanted, found)) in pattern.segments.iter().zip(path.iter()).enumerate() {
        if !wanted.fits(found) {
            // No type and no literal holds a slash, so segments are told apart in the text too.
            let wanted = endpoint.label.path.split('/').nth(index + 1).unwrap_or_default().to_owned();
            return Reason::Segment { index: index + 1, wanted, found: cut(found, 128).to_owned() };
        }
    }
    Reason::Length { wanted: pattern.segments.len(), found: path.len() }
}
