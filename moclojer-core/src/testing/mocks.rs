//! Mocks without a socket: what answers, what was expected, what came. A server is these and a port.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};

use super::expect::MockState;
use super::journal::{Answered, ReceivedRequest, Ring, owned};
use super::mock::Mock;
use super::report::{self, Unmet};
use super::server::Settings;
use super::wait::{Waiting, Wakers};
use crate::respond::{self, Body, Headers, Outcome, Request, Responder, Step};
use crate::serve::Respond;
use crate::spec::{Endpoint, Spec};

/// How many unanswered requests are kept for failures, whatever the journal keeps.
const MISSED_KEPT: usize = 64;

/// Mocks without a socket: a function from request to answer, with expectations and a journal.
///
/// At its end it looks whether all that was expected has happened, and panics with what has not. Where the thread panics
/// already, it prints that, and which requests nothing answered: often the reason why the test has failed.
///
/// ```
/// use moclojer_core::testing::{Mocks, get};
///
/// let mocks = Mocks::new();
/// mocks.mock(get("/hello").respond("hello"));
/// let answer = mocks.call(http::Request::get("/hello").body("").expect("a request"));
/// assert_eq!(answer.body(), "hello");
/// ```
pub struct Mocks {
    inner: Arc<Inner>,
}

/// What all handles of one server share.
pub(super) struct Inner {
    pub(super) responder: Responder,
    /// All mocks made in code, the latest last.
    mocks: Mutex<Vec<Arc<Endpoint>>>,
    /// Whether the responder does not know them all yet.
    stale: AtomicBool,
    received: AtomicU64,
    journal: Ring,
    missed: Ring,
    pub(super) waiting: Wakers,
    strict: bool,
    /// Whether a panic has told what is unmet.
    told: AtomicBool,
    /// Where it listens, as the beginning of a URL.
    base: OnceLock<Arc<str>>,
}

impl Default for Mocks {
    fn default() -> Self {
        Self::new()
    }
}

impl Mocks {
    /// No mocks yet, and none of a file; see [`Settings`] for more.
    pub fn new() -> Self {
        Settings::new().without_socket()
    }

    pub(super) fn with(responder: Responder, specs: &[Spec], journal: usize, strict: bool) -> Self {
        if !specs.is_empty() {
            responder.load(&specs.iter().collect::<Vec<_>>());
        }
        let inner = Inner {
            responder,
            mocks: Mutex::default(),
            stale: AtomicBool::new(false),
            received: AtomicU64::new(0),
            journal: Ring::new(journal),
            missed: Ring::new(MISSED_KEPT),
            waiting: Wakers::default(),
            strict,
            told: AtomicBool::new(false),
            base: OnceLock::new(),
        };
        Self { inner: Arc::new(inner) }
    }

    pub(super) fn inner(&self) -> &Arc<Inner> {
        &self.inner
    }

    /// Adds a mock: it comes before all that are there, those of files included. It stays until it is
    /// [removed](MockHandle::remove) or the server ends.
    pub fn mock(&self, mock: Mock) -> MockHandle {
        let (endpoint, state) = mock.finish();
        self.inner.lock().push(Arc::clone(&endpoint));
        self.inner.stale.store(true, Ordering::Release);
        MockHandle { inner: Arc::clone(&self.inner), endpoint, state }
    }

    /// Adds a mock that is taken away when the guard is dropped, after a look whether what it expects has happened.
    pub fn mock_scoped(&self, mock: Mock) -> MockGuard {
        MockGuard { handle: self.mock(mock) }
    }

    /// Answers a request.
    ///
    /// The answer's headers are the mock's; the body of an answer to HEAD is left out.
    pub fn call<B: Into<Bytes>>(&self, request: http::Request<B>) -> http::Response<Bytes> {
        self.inner.call(request)
    }

    /// The requests that came and are kept, the oldest first: the latest 1,000, or as many as the [`Settings`] say.
    pub fn requests(&self) -> Vec<ReceivedRequest> {
        self.inner.journal.kept()
    }

    /// The requests that nothing answered, the oldest first: the latest 64.
    pub fn unmatched(&self) -> Vec<ReceivedRequest> {
        self.inner.missed.kept()
    }

    /// How many requests came, those that are not kept any more included.
    pub fn received(&self) -> u64 {
        self.inner.received()
    }

    /// Waits until so many requests came, answered or not, counted from the start: to be awaited, or
    /// [`blocking`](Waiting::blocking).
    pub fn wait_for(&self, requests: u64, deadline: Duration) -> Waiting {
        Waiting::new(Arc::clone(&self.inner), None, requests, deadline)
    }

    /// Looks whether all that was expected has happened up to now.
    ///
    /// # Panics
    /// If something has not: the message says what, with the requests that came nearest, and why they were not it.
    #[track_caller]
    pub fn verify(&self) {
        self.inner.demand(self.check());
    }

    /// The same as a result.
    ///
    /// # Errors
    /// What was expected and has not happened.
    pub fn check(&self) -> Result<(), Unmet> {
        report::of_all(&self.inner)
    }

    /// Takes all mocks made in code away, and forgets what they expected and what came. Endpoints of files stay.
    pub fn reset(&self) {
        self.inner.lock().clear();
        self.inner.stale.store(true, Ordering::Release);
        self.inner.received.store(0, Ordering::Release);
        self.inner.journal.clear();
        self.inner.missed.clear();
    }
}

impl Drop for Mocks {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.inner.print_beside(report::at_failure);
        } else {
            self.verify();
        }
    }
}

impl fmt::Debug for Mocks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Mocks");
        shown.field("mocks", &self.inner.lock().len());
        shown.field("received", &self.received()).finish_non_exhaustive()
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, Vec<Arc<Endpoint>>> {
        self.mocks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All mocks made in code, the latest last.
    pub(super) fn mocks(&self) -> Vec<Arc<Endpoint>> {
        self.lock().clone()
    }

    /// Those of which something is to be told.
    pub(super) fn with_failures(&self) -> Vec<Arc<Endpoint>> {
        let fails = |mock: &&Arc<Endpoint>| state_of(mock).is_some_and(MockState::has_failed);
        self.lock().iter().filter(fails).cloned().collect()
    }

    /// Whether a mock has not been taken away.
    pub(super) fn has(&self, endpoint: &Arc<Endpoint>) -> bool {
        self.lock().iter().any(|mock| Arc::ptr_eq(mock, endpoint))
    }

    pub(super) fn received(&self) -> u64 {
        self.received.load(Ordering::SeqCst)
    }

    pub(super) fn journal(&self) -> &Ring {
        &self.journal
    }

    pub(super) fn missed(&self) -> &Ring {
        &self.missed
    }

    pub(super) fn is_strict(&self) -> bool {
        self.strict
    }

    pub(super) fn listens_at(&self, base: Arc<str>) {
        // A server starts once.
        let _ = self.base.set(base);
    }

    /// The beginning of a URL to it, if it listens.
    pub(super) fn listening(&self) -> Option<&str> {
        self.base.get().map(|base| &**base)
    }

    /// The same for a line that people read.
    pub(super) fn base(&self) -> &str {
        self.listening().unwrap_or("http://localhost")
    }

    /// Lets the responder know of all mocks. Nothing is made while they are as they were.
    pub(super) fn refresh(&self) {
        if self.stale.load(Ordering::Acquire) {
            let mocks = self.lock();
            if self.stale.swap(false, Ordering::AcqRel) {
                self.responder.set_layer(&mocks);
            }
        }
    }

    /// Panics with what is unmet.
    #[track_caller]
    fn demand(&self, checked: Result<(), Unmet>) {
        if let Err(unmet) = checked {
            self.told.store(true, Ordering::Release);
            panic!("{unmet}");
        }
    }

    /// Tells beside the message of a test that fails what its mocks know, unless that message was theirs.
    #[expect(
        clippy::print_stderr,
        reason = "a second panic would end the process; harnesses keep what is printed"
    )]
    fn print_beside(&self, known: impl FnOnce(&Self) -> Option<String>) {
        if !self.told.load(Ordering::Acquire)
            && let Some(known) = known(self)
        {
            eprintln!("\n{known}");
        }
    }

    fn remove(&self, endpoint: &Arc<Endpoint>) {
        self.lock().retain(|mock| !Arc::ptr_eq(mock, endpoint));
        self.stale.store(true, Ordering::Release);
    }

    pub(super) fn call<B: Into<Bytes>>(&self, request: http::Request<B>) -> http::Response<Bytes> {
        let (head, body) = request.into_parts();
        let body = body.into();
        let asked = Request { method: &head.method, target: &head.uri, headers: &head.headers, peer: None };
        let step = self.respond(&asked, Body::Read(&body));
        let Step::Answer(answer) = step else {
            // Of a body that was read nothing is asked again, and nothing of a test has to be made ready.
            let mut response = http::Response::new(Bytes::from_static(b"the mock gave no answer"));
            *response.status_mut() = http::StatusCode::INTERNAL_SERVER_ERROR;
            return response;
        };
        let length = answer.body.len();
        let is_head = head.method == Method::HEAD;
        let mut response = http::Response::new(if is_head { Bytes::new() } else { answer.body });
        *response.status_mut() = answer.status;
        fill(response.headers_mut(), answer.headers);
        if is_head && length > 0 {
            response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(length));
        }
        response
    }

    /// Notes a request and its answer.
    fn note(&self, request: &Request<'_>, body: &Bytes, outcome: &Outcome) {
        let answered = match outcome {
            Outcome::Matched(by, _) | Outcome::Failed(by, _) => match by.endpoint() {
                Some(endpoint) => Answered::By(Arc::clone(endpoint)),
                None => Answered::Server,
            },
            Outcome::Own => Answered::Server,
            Outcome::Unmatched(_) | Outcome::Refused(_) => Answered::Nobody,
        };
        let number = self.received.fetch_add(1, Ordering::SeqCst) + 1;
        if let Answered::By(endpoint) = &answered
            && let Some(state) = state_of(endpoint)
        {
            state.called(number);
        }
        let missed = matches!(answered, Answered::Nobody);
        if missed || !self.journal.is_off() {
            let received = ReceivedRequest::new(number, owned(request, body), answered);
            self.journal.push(&received);
            if missed {
                self.missed.push(&received);
            }
        }
        self.waiting.wake();
    }
}

/// What is known of a mock that was made in code.
pub(super) fn state_of(endpoint: &Endpoint) -> Option<&MockState> {
    endpoint.coded()?.owner.downcast_ref()
}

impl Respond for Inner {
    fn respond(&self, request: &Request<'_>, body: Body<'_>) -> Step {
        let Body::Read(read) = body else {
            // The journal wants it, and so may any closure.
            return Step::ReadBody;
        };
        self.refresh();
        let step = self.responder.respond(request, body);
        if let Step::Answer(answer) = &step {
            self.note(request, read, &answer.outcome);
        }
        step
    }
}

/// The mocks as a server's connections know them: what is left of a connection does not keep them.
impl Respond for Weak<Inner> {
    fn respond(&self, request: &Request<'_>, body: Body<'_>) -> Step {
        match self.upgrade() {
            Some(inner) => inner.respond(request, body),
            None => Step::Answer(stopped()),
        }
    }
}

/// For a request that was being read when its server stopped. Its connection is being closed.
fn stopped() -> respond::Answer {
    respond::Answer {
        status: http::StatusCode::SERVICE_UNAVAILABLE,
        headers: Headers::Made(Vec::new()),
        body: Bytes::from_static(b"the mock server was stopped"),
        outcome: Outcome::Own,
    }
}

fn fill(map: &mut HeaderMap, headers: Headers) {
    let mut add = |(name, value): (HeaderName, HeaderValue)| {
        map.append(name, value);
    };
    match headers {
        Headers::Fixed(headers) => headers.iter().cloned().for_each(add),
        Headers::Made(headers) => headers.into_iter().for_each(&mut add),
    }
}

/// A mock that was given to a server. Dropping the handle does nothing to the mock.
#[derive(Clone)]
pub struct MockHandle {
    inner: Arc<Inner>,
    endpoint: Arc<Endpoint>,
    state: Arc<MockState>,
}

impl MockHandle {
    /// How often it was called.
    pub fn calls(&self) -> u64 {
        self.state.calls()
    }

    /// The requests that it answered and that are kept, the oldest first.
    pub fn requests(&self) -> Vec<ReceivedRequest> {
        let mut kept = self.inner.journal.kept();
        kept.retain(|request| request.is_of(&self.endpoint));
        kept
    }

    /// Waits until it was called so often, counted from its beginning: to be awaited, or
    /// [`blocking`](Waiting::blocking).
    pub fn wait_for(&self, calls: u64, deadline: Duration) -> Waiting {
        Waiting::new(Arc::clone(&self.inner), Some(Arc::clone(&self.endpoint)), calls, deadline)
    }

    /// Looks whether what it expects has happened up to now.
    ///
    /// # Panics
    /// If it has not; the message is that of [`Mocks::verify`].
    #[track_caller]
    pub fn verify(&self) {
        self.inner.demand(self.check());
    }

    /// The same as a result.
    ///
    /// # Errors
    /// What it expects and has not happened.
    pub fn check(&self) -> Result<(), Unmet> {
        report::of_one(&self.inner, &self.endpoint)
    }

    /// Takes the mock away, and with it what it expects.
    pub fn remove(&self) {
        self.inner.remove(&self.endpoint);
    }
}

impl fmt::Debug for MockHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let label: &respond::EndpointLabel = &self.endpoint.label;
        write!(f, "{} {} at {}, {} calls", label.method, label.path, label.place, self.calls())
    }
}

/// A mock that is taken away when this is dropped. It then looks whether what the mock expects has happened, and
/// panics if it has not; where the thread panics already, it prints that.
#[derive(Debug)]
#[must_use = "the mock is taken away when its guard is dropped: hold it in a variable"]
pub struct MockGuard {
    handle: MockHandle,
}

impl std::ops::Deref for MockGuard {
    type Target = MockHandle;

    fn deref(&self) -> &MockHandle {
        &self.handle
    }
}

impl Drop for MockGuard {
    fn drop(&mut self) {
        let MockHandle { inner, endpoint, .. } = &self.handle;
        if std::thread::panicking() {
            inner.print_beside(|inner| report::of_one_at_failure(inner, endpoint));
            return self.handle.remove();
        }
        let checked = self.handle.check();
        self.handle.remove();
        inner.demand(checked);
    }
}
