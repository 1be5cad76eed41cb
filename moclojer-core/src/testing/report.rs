//! What a failed test is told: what was expected and did not happen, with the requests that came nearest, and why they
//! were not it. All of it is made here, at the end; nothing is prepared while requests are answered.

use std::fmt::{self, Write as _};
use std::sync::Arc;

use super::curl::curl;
use super::expect::{Times, Violation, calls};
use super::journal::ReceivedRequest;
use super::mocks::{Inner, state_of};
use crate::json::compare::diff;
use crate::json::{MAX_DEPTH, Value};
use crate::respond::Request;
use crate::respond::explain::{Explained, Verdict};
use crate::respond::reason::Reason;
use crate::spec::Endpoint;
use crate::spec::coded::CodedGuard;

/// The most requests that are shown of one failure.
const SHOWN: usize = 5;
/// The most nearest requests that are shown of a mock that was not called.
const NEAREST: usize = 3;
/// The most lines of one difference of bodies.
const DIFF_LINES: usize = 64;

/// What was expected and did not happen; its text is for people, and says all there is to say.
#[derive(Clone)]
#[must_use = "a test that does not look at what is unmet cannot fail by it"]
pub struct Unmet {
    /// Where the server listens; mocks without a socket listen nowhere.
    base: Option<String>,
    failures: Vec<String>,
}

impl Unmet {
    /// How many things were expected and did not happen.
    pub fn count(&self) -> usize {
        self.failures.len()
    }
}

impl std::error::Error for Unmet {}

impl fmt::Display for Unmet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.base {
            Some(base) => write!(f, "the mock server {base} did not get what was expected")?,
            None => f.write_str("the mocks did not get what was expected")?,
        }
        if self.failures.len() > 1 {
            write!(f, ", in {} ways", self.failures.len())?;
        }
        for failure in &self.failures {
            f.write_str("\n\n")?;
            f.write_str(failure.trim_end())?;
        }
        f.write_str("\n")
    }
}

/// As it is shown: so it can be read where a test unwraps it.
impl fmt::Debug for Unmet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// All that did not happen.
pub(super) fn of_all(inner: &Inner) -> Result<(), Unmet> {
    inner.refresh();
    let mut failures = Vec::new();
    for endpoint in inner.with_failures() {
        of_mock(inner, &endpoint, &mut failures);
    }
    if inner.is_strict() {
        failures.extend(unexpected(inner));
    }
    unmet(inner, failures)
}

/// The same of one mock; one that was taken away expects nothing any more.
pub(super) fn of_one(inner: &Inner, endpoint: &Arc<Endpoint>) -> Result<(), Unmet> {
    inner.refresh();
    let mut failures = Vec::new();
    if inner.has(endpoint) {
        of_mock(inner, endpoint, &mut failures);
    }
    unmet(inner, failures)
}

/// What may be why a test has failed by an assertion of its own: what was not expected, and what has not happened yet.
pub(super) fn at_failure(inner: &Inner) -> Option<String> {
    inner.refresh();
    let mut failures = Vec::new();
    failures.extend(unexpected(inner));
    for endpoint in inner.with_failures() {
        of_mock(inner, &endpoint, &mut failures);
    }
    known(inner, &failures)
}

/// The same of one mock.
pub(super) fn of_one_at_failure(inner: &Inner, endpoint: &Arc<Endpoint>) -> Option<String> {
    of_one(inner, endpoint).err().and_then(|unmet| known(inner, &unmet.failures))
}

fn known(inner: &Inner, failures: &[String]) -> Option<String> {
    if failures.is_empty() {
        return None;
    }
    let mut text = match inner.listening() {
        Some(base) => format!("when the test failed, the mock server {base} had not got what was expected\n"),
        None => "when the test failed, the mocks had not got what was expected\n".to_owned(),
    };
    for failure in failures.iter().take(SHOWN) {
        let _ = write!(text, "\n{}\n", failure.trim_end());
    }
    if let Some(more) = failures.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        let _ = writeln!(text, "\nand {more} more");
    }
    Some(text)
}

/// Why a mock was not called in time.
pub(super) fn timed_out(inner: &Inner, endpoint: &Arc<Endpoint>, told: &str) -> String {
    inner.refresh();
    let mut text = format!("{}\n  {told}\n", name(endpoint));
    nearest_requests(inner, endpoint, &mut text);
    text.trim_end().to_owned()
}

fn unmet(inner: &Inner, failures: Vec<String>) -> Result<(), Unmet> {
    if failures.is_empty() {
        return Ok(());
    }
    Err(Unmet { base: inner.listening().map(str::to_owned), failures })
}

fn of_mock(inner: &Inner, endpoint: &Arc<Endpoint>, failures: &mut Vec<String>) {
    let Some(state) = state_of(endpoint) else {
        return;
    };
    let called = state.calls();
    if let Some(times) = state.times.filter(|times| !times.holds(called)) {
        failures.push(wrong_count(inner, endpoint, times, called));
    }
    if let Some(violation) = state.order.as_ref().and_then(|(order, _)| order.violation()) {
        let told = wrong_order(inner, &violation);
        // All mocks of an order know of it.
        if !failures.contains(&told) {
            failures.push(told);
        }
    }
    for panic in state.panics() {
        failures.push(format!("{}\n  its closure panicked: {}", name(endpoint), indented(&panic, "    ")));
    }
}

/// `GET /users/:id  (users)  tests/users.rs:12:5`.
fn name(endpoint: &Endpoint) -> String {
    let label = &endpoint.label;
    let mut text = format!("{} {}", label.method, label.path);
    if let Some(name) = &label.name {
        let _ = write!(text, "  ({name})");
    }
    if let Some(host) = &endpoint.host {
        let _ = write!(text, "  host {host}");
    }
    let _ = write!(text, "  {}", label.place);
    text
}

fn wrong_count(inner: &Inner, endpoint: &Arc<Endpoint>, times: Times, called: u64) -> String {
    let mut text = format!("{}\n  expected {times}, got {}\n", name(endpoint), calls(called));
    let mut kept = inner.journal().kept();
    kept.retain(|request| request.is_of(endpoint));
    if !kept.is_empty() {
        text.push_str("  it answered\n");
        list(inner, &kept, &mut text);
    }
    if called <= times.most() {
        nearest_requests(inner, endpoint, &mut text);
    }
    text
}

/// Requests, each as one could send it again.
fn list(inner: &Inner, requests: &[ReceivedRequest], text: &mut String) {
    for request in requests.iter().take(SHOWN) {
        let _ = writeln!(text, "    #{} {}", request.number(), line(inner, request));
    }
    if let Some(more) = requests.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        let _ = writeln!(text, "    and {more} more");
    }
}

fn line(inner: &Inner, request: &ReceivedRequest) -> String {
    curl(inner.base(), request.as_http())
}

/// The requests that came nearest to a mock that was called too seldom.
fn nearest_requests(inner: &Inner, endpoint: &Arc<Endpoint>, text: &mut String) {
    let mut others = inner.missed().kept();
    for request in inner.journal().kept() {
        let known = others.iter().any(|other| other.number() == request.number());
        if !known && !request.is_of(endpoint) {
            others.push(request);
        }
    }
    let mut scored: Vec<(u32, bool, ReceivedRequest, Explained)> = Vec::new();
    for request in others {
        let explained = inner.responder.explain_for(&asked(&request), request.body(), endpoint);
        if let Some((score, explained)) = explained {
            scored.push((score, request.answered_by().is_none(), request, explained));
        }
    }
    if scored.is_empty() {
        let came = inner.received();
        let told = match came {
            0 => "no request came".to_owned(),
            _ if inner.journal().is_off() => format!("{came} came, which the journal is off for"),
            1 => "no other request came".to_owned(),
            _ => "no other request is known".to_owned(),
        };
        let _ = writeln!(text, "  {told}");
        return;
    }
    // The nearest first; of those as near, the ones that nobody answered, then the order of arrival.
    scored.sort_by_key(|(score, missed, request, _)| (std::cmp::Reverse(*score), !missed, request.number()));
    let total = scored.len();
    text.push_str(if total == 1 {
        "  one other request came\n"
    } else {
        "  the nearest of other requests\n"
    });
    for (_, _, request, explained) in scored.iter().take(NEAREST) {
        let _ = writeln!(text, "    #{} {}", request.number(), line(inner, request));
        if let Some(by) = request.answered_by() {
            let _ = writeln!(text, "       was answered by {} {}  {}", by.method, by.path, by.place);
        }
        explain(inner, explained, endpoint, request, text);
    }
    let lost = inner.journal().lost();
    if lost > 0 && !inner.journal().is_off() {
        let _ = writeln!(text, "    ({lost} earlier requests are not in the journal any more)");
    }
}

/// What held, what did not, what would change it, and how the bodies differ.
fn explain(
    inner: &Inner,
    explained: &Explained,
    endpoint: &Endpoint,
    request: &ReceivedRequest,
    text: &mut String,
) {
    let held: Vec<String> = explained.held.iter().map(ToString::to_string).collect();
    if !held.is_empty() {
        let _ = writeln!(text, "       held     {}", held.join(", "));
    }
    match explained.near.reason {
        Reason::Order { .. } if came_before(inner, request, endpoint) => {
            text.push_str("       not      yet there: it was added after the request came\n");
        }
        ref reason => {
            let _ = writeln!(text, "       not      {reason}");
        }
    }
    let suggestion = explained.suggestion.as_ref();
    if let Some(change) = suggestion.and_then(|suggestion| suggestion.request.as_ref()) {
        let _ = writeln!(text, "       try      {}", change.full());
    }
    if let Some(change) = suggestion.and_then(|suggestion| suggestion.file.as_ref()) {
        let _ = writeln!(text, "       or       in the file: {change}");
    }
    // What was sent to another path, or with another method, was not meant to have this body.
    let meant = matches!(explained.near.reason, Reason::Guard(_));
    if let Some(difference) = difference(endpoint, request).filter(|_| meant) {
        text.push_str("       body     wanted (-), found (+)\n");
        let _ = writeln!(text, "         {}", indented(difference.trim_end(), "         "));
    }
}

/// Whether a request that would fit came before the mock was there: it comes before what answered, but for a later mock.
fn came_before(inner: &Inner, request: &ReceivedRequest, endpoint: &Endpoint) -> bool {
    let Some(by) = request.answerer().filter(|by| state_of(by).is_some()) else {
        return true;
    };
    let mocks = inner.mocks();
    let place = |wanted: &Endpoint| mocks.iter().position(|mock| std::ptr::eq(&**mock, wanted));
    place(by).is_some_and(|by| Some(by) < place(endpoint))
}

/// How the body differs from the JSON that is wanted, where it is JSON.
fn difference(endpoint: &Endpoint, request: &ReceivedRequest) -> Option<String> {
    let found = Value::parse(request.body(), MAX_DEPTH).ok()?;
    endpoint.coded_guards().iter().find_map(|guard| match guard {
        CodedGuard::Json(wanted, how) if !crate::json::compare::matches(&found, wanted, *how) => {
            Some(diff(wanted, &found, *how, DIFF_LINES))
        }
        _ => None,
    })
}

/// The requests that nothing answered.
fn unexpected(inner: &Inner) -> Option<String> {
    let missed = inner.missed().kept();
    let count = inner.missed().written();
    if count == 0 {
        return None;
    }
    let strict = if inner.is_strict() { ", and the server is strict" } else { "" };
    let mut text = match count {
        1 => format!("1 request was answered by nothing{strict}\n"),
        _ => format!("{count} requests were answered by nothing{strict}\n"),
    };
    for request in missed.iter().take(SHOWN) {
        let _ = writeln!(text, "    #{} {}", request.number(), line(inner, request));
        let explanation = inner.responder.explain(&asked(request), request.body());
        match &explanation.verdict {
            Verdict::Endpoint { endpoint, .. } => {
                let _ =
                    writeln!(text, "       now {} {}  {}", endpoint.method, endpoint.path, endpoint.place);
                text.push_str("       would answer it: it was added after the request came\n");
            }
            Verdict::Server(_) => {}
            Verdict::Missed { message, .. } => {
                let _ = writeln!(text, "       {}, {message}", explanation.status.as_u16());
            }
        }
        for explained in explanation.nearest.iter().take(NEAREST) {
            let Some(endpoint) = explained.near.endpoint.endpoint() else {
                continue;
            };
            let _ = writeln!(text, "       near     {}", name(endpoint));
            explain(inner, explained, endpoint, request, &mut text);
        }
    }
    if let Some(more) =
        usize::try_from(count).ok().and_then(|count| count.checked_sub(SHOWN)).filter(|more| *more > 0)
    {
        let _ = writeln!(text, "    and {more} more");
    }
    Some(text)
}

fn wrong_order(inner: &Inner, violation: &Violation) -> String {
    let Violation { called, request, first, begun_later } = violation;
    let mut text = match begun_later {
        false => {
            format!("{called}\n  was called as request #{request}, before what comes first:\n  {first}\n")
        }
        true => format!(
            "{first}\n  was called again as request #{request}, after what comes later:\n  {called}\n"
        ),
    };
    let kept: Vec<ReceivedRequest> = inner.journal().kept();
    let from = kept.partition_point(|known| known.number() + SHOWN as u64 <= *request);
    let until = kept.partition_point(|known| known.number() <= *request);
    if let Some(last) = kept.get(from..until).filter(|last| !last.is_empty()) {
        text.push_str("  the requests up to then\n");
        list(inner, last, &mut text);
    }
    text
}

fn asked(request: &ReceivedRequest) -> Request<'_> {
    Request { method: request.method(), target: request.uri(), headers: request.headers(), peer: None }
}

/// A text whose further lines begin with `indent`.
fn indented(text: &str, indent: &str) -> String {
    text.replace('\n', &format!("\n{indent}"))
}
