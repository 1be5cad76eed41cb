//! A mock made in code: what it asks of a request, what it answers, how often it is to be called.

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use http::{HeaderName, Method};
use serde_core::Serialize;

use super::expect::{CallOrder, MockState, Times};
use super::journal::ReceivedRequest;
use super::matcher::TextMatcher;
use super::reply::{Answer, AnswerKind, Reply};
use crate::json::compare::Comparison;
use crate::json::{MAX_DEPTH, Value};
use crate::problem::Sentence;
use crate::source::{Place, Span};
use crate::spec::Rare;
use crate::spec::coded::{Coded, CodedAnswer, CodedGuard, TextMatch, read_response};
use crate::spec::host::HostPattern;
use crate::spec::path::{Parsed, PathPattern};
use crate::spec::shape::Shape;
use crate::spec::{
    BodySource, Endpoint, Header, HeaderSource, Label, MethodMatch, QueryParam, Response, Verb,
};

/// A mock of `GET path`; it answers HEAD too, as a file's would.
///
/// The path is written as in a file: `/users/:id|int`, `/files/*rest`, `/search?page|int`.
///
/// # Panics
/// If the path cannot be read; the message says why. So do the other functions that take a path.
#[track_caller]
pub fn get(path: &str) -> MockBuilder {
    MockBuilder::new(MethodMatch::Exactly(Verb::Get), path)
}

/// A mock of `HEAD path`; see [`get`].
#[track_caller]
pub fn head(path: &str) -> MockBuilder {
    MockBuilder::new(MethodMatch::Exactly(Verb::Head), path)
}

/// A mock of `POST path`; see [`get`].
#[track_caller]
pub fn post(path: &str) -> MockBuilder {
    MockBuilder::new(MethodMatch::Exactly(Verb::Post), path)
}

/// A mock of `PUT path`; see [`get`].
#[track_caller]
pub fn put(path: &str) -> MockBuilder {
    MockBuilder::new(MethodMatch::Exactly(Verb::Put), path)
}

/// A mock of `PATCH path`; see [`get`].
#[track_caller]
pub fn patch(path: &str) -> MockBuilder {
    MockBuilder::new(MethodMatch::Exactly(Verb::Patch), path)
}

/// A mock of `DELETE path`; see [`get`].
#[track_caller]
pub fn delete(path: &str) -> MockBuilder {
    MockBuilder::new(MethodMatch::Exactly(Verb::Delete), path)
}

/// A mock of `OPTIONS path`; see [`get`].
#[track_caller]
pub fn options(path: &str) -> MockBuilder {
    MockBuilder::new(MethodMatch::Exactly(Verb::Options), path)
}

/// A mock of `path` for every method; see [`get`].
#[track_caller]
pub fn any_method(path: &str) -> MockBuilder {
    MockBuilder::new(MethodMatch::Any, path)
}

/// A mock of `path` for this method; see [`get`].
///
/// # Panics
/// Also if no file could name the method: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, TRACE and QUERY can be.
#[track_caller]
pub fn request(method: Method, path: &str) -> MockBuilder {
    match Verb::of(&method) {
        Some(verb) => MockBuilder::new(MethodMatch::Exactly(verb), path),
        None => panic!(
            "{method} cannot be mocked by itself: take `any_method` and a closure that looks at the method"
        ),
    }
}

/// What a mock asks of a request; it becomes a [`Mock`] with [`respond`](Self::respond).
#[must_use = "a mock answers when it has a response and was given to a server"]
pub struct MockBuilder {
    method: MethodMatch,
    parsed: Parsed,
    place: Place,
    name: Option<Box<str>>,
    host: Option<HostPattern>,
    shape: Option<Box<Shape>>,
    guards: Vec<CodedGuard>,
    /// Shared with closures, where there are any.
    state: Option<Keeper>,
}

/// Where closures leave what they panic with: known once the mock is made.
type Keeper = Arc<OnceLock<Arc<MockState>>>;

impl MockBuilder {
    #[track_caller]
    fn new(method: MethodMatch, path: &str) -> Self {
        let caller = Location::caller();
        let place = Place { file: caller.file().into(), line: caller.line(), column: caller.column() };
        let parsed = match PathPattern::parse(path) {
            Ok(parsed) => parsed,
            Err(problems) => {
                let told = problems.iter().map(|problem| {
                    let help = problem.help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
                    format!("\n  {}{help}", problem.message)
                });
                panic!("the path `{path}` cannot be read:{}", told.collect::<String>());
            }
        };
        Self { method, parsed, place, name: None, host: None, shape: None, guards: Vec::new(), state: None }
    }

    /// A name for failures and logs, as `router-name` is in a file.
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into().into());
        self
    }

    /// Only for requests to this host: `api.example.com`, `*.example.com`.
    ///
    /// # Panics
    /// If it cannot be read; the message says why.
    #[track_caller]
    pub fn host(mut self, host: &str) -> Self {
        match HostPattern::parse(host) {
            Ok(host) => self.host = Some(host),
            Err(problem) => panic!("the host `{host}` cannot be read: {}", problem.message),
        }
        self
    }

    /// Only with this header; of a repeated one, one value has to hold.
    ///
    /// # Panics
    /// If no header can have this name.
    #[track_caller]
    pub fn header(mut self, name: &str, wanted: impl Into<TextMatcher>) -> Self {
        let Ok(known) = HeaderName::from_bytes(name.as_bytes()) else {
            panic!("`{name}` is no name of a header: it has letters, digits and `-`");
        };
        let wanted = self.guarded(wanted);
        self.guards.push(CodedGuard::Header(known, wanted));
        self
    }

    /// Only with this query parameter, both decoded; of a repeated one, one value has to hold. Types are written into
    /// the path: `/search?page|int`.
    pub fn query(mut self, name: &str, wanted: impl Into<TextMatcher>) -> Self {
        let wanted = self.guarded(wanted);
        self.guards.push(CodedGuard::Query(name.into(), wanted));
        self
    }

    /// Only with a body that is this JSON: keys in any order, numbers by value, and nothing more. The content type is not
    /// looked at.
    ///
    /// # Panics
    /// If the value cannot be written as JSON; the message says why.
    #[track_caller]
    pub fn body_json(mut self, wanted: impl Serialize) -> Self {
        self.guards.push(CodedGuard::Json(value_of(wanted), Comparison::Exact));
        self
    }

    /// The same, but objects of the body may have more keys.
    ///
    /// # Panics
    /// As [`body_json`](Self::body_json) does.
    #[track_caller]
    pub fn body_partial_json(mut self, wanted: impl Serialize) -> Self {
        self.guards.push(CodedGuard::Json(value_of(wanted), Comparison::Partial));
        self
    }

    /// Only with a JSON body of the shape that this example has, as `body` says it in a file: its keys are there and
    /// have values of its types.
    ///
    /// # Panics
    /// As [`body_json`](Self::body_json) does.
    #[track_caller]
    pub fn body_shape(mut self, example: impl Serialize) -> Self {
        self.shape = Some(Box::new(Shape::of_value(&value_of(example))));
        self
    }

    /// Only with a body whose text is this.
    pub fn body_text(mut self, wanted: impl Into<TextMatcher>) -> Self {
        let wanted = self.guarded(wanted);
        self.guards.push(CodedGuard::Text(wanted));
        self
    }

    /// Only when the closure says yes; `what` says in failures what it looks for: `when("is signed", |request| …)`.
    ///
    /// The closure runs where requests are answered and must not block. What it panics with is told at the end of the
    /// test, and it counts as a no.
    pub fn when(
        mut self,
        what: impl Into<String>,
        holds: impl Fn(&ReceivedRequest) -> bool + Send + Sync + 'static,
    ) -> Self {
        let state = self.keeper();
        let test = move |request: &http::Request<Bytes>, endpoint: &Endpoint| {
            let request = ReceivedRequest::asked(request, endpoint);
            caught(&state, || holds(&request)).unwrap_or(false)
        };
        self.guards.push(CodedGuard::Request(what.into().into(), Arc::new(test)));
        self
    }

    /// Answers with a reply or a template: [`json`](super::json()), [`text`](super::text), [`bytes`](super::bytes),
    /// [`status`](super::status), [`template`](super::template), or a JSON value, a text, a status by itself.
    ///
    /// # Panics
    /// If a template cannot be read; the message says what is wrong with it.
    #[track_caller]
    pub fn respond(self, answer: impl Into<Answer>) -> Mock {
        let response = match answer.into().0 {
            AnswerKind::Reply(reply) => fixed(reply),
            AnswerKind::Template(template) => {
                let query = self.query_params();
                let captures = &self.parsed.pattern.captures;
                let read = read_response(&self.place.to_string(), template.source(), captures, &query);
                match read {
                    Ok(response) => response,
                    Err(problems) => {
                        let told = problems.iter().map(|problem| format!("\n  {}", Sentence(problem)));
                        panic!("the template cannot be read:{}", told.collect::<String>());
                    }
                }
            }
        };
        self.made(response, None)
    }

    /// Answers with what the closure makes of the request.
    ///
    /// The closure runs where requests are answered, beside those of other tests, and must not block; in particular it
    /// must not wait for a request to a mock server. What it panics with is answered as 500 and told at the end of
    /// the test, so it may assert.
    pub fn respond_with<R: Into<Reply>>(
        mut self,
        answer: impl Fn(&ReceivedRequest) -> R + Send + Sync + 'static,
    ) -> Mock {
        let state = self.keeper();
        let make = move |request: &http::Request<Bytes>, endpoint: &Endpoint| {
            let request = ReceivedRequest::asked(request, endpoint);
            match caught(&state, || answer(&request).into()) {
                Some(reply) => reply.into_response(),
                None => panicked(request.as_http()),
            }
        };
        self.made(fixed(Reply::from(http::StatusCode::OK)), Some(Arc::new(make)))
    }

    /// What a text has to be, with a closure's panics kept.
    fn guarded(&mut self, wanted: impl Into<TextMatcher>) -> TextMatch {
        match wanted.into().0 {
            TextMatch::Test(what, holds) => {
                let state = self.keeper();
                TextMatch::Test(what, Arc::new(move |text| caught(&state, || holds(text)).unwrap_or(false)))
            }
            other => other,
        }
    }

    fn keeper(&mut self) -> Keeper {
        Arc::clone(self.state.get_or_insert_default())
    }

    fn query_params(&self) -> Vec<QueryParam> {
        let declared = self.parsed.query.iter();
        declared.map(|(name, kind, _)| QueryParam { name: name.clone(), kind: kind.clone() }).collect()
    }

    fn made(self, response: Response, answer: Option<CodedAnswer>) -> Mock {
        let query = self.query_params().into();
        let label = Label { name: self.name, method: self.method, path: self.parsed.text, place: self.place };
        let endpoint = Endpoint {
            label,
            span: Span::default(),
            method: self.method,
            host: self.host,
            path: self.parsed.pattern,
            query,
            body: self.shape,
            response,
            near_misses: None,
            prefix_bytes: 0,
            digest: 0,
            rare: None,
        };
        Mock { endpoint, guards: self.guards, answer, times: None, order: None, state: self.state }
    }
}

impl fmt::Debug for MockBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} at {}", self.method, self.parsed.text, self.place)
    }
}

/// A mock that is ready to be given to a server: [`Mocks::mock`](super::Mocks::mock).
#[must_use = "a mock answers when it was given to a server"]
pub struct Mock {
    endpoint: Endpoint,
    guards: Vec<CodedGuard>,
    answer: Option<CodedAnswer>,
    times: Option<Times>,
    order: Option<CallOrder>,
    state: Option<Keeper>,
}

impl Mock {
    /// How often it is to be called: `expect(1)`, `expect(1..)`, `expect(2..=3)`. Without it, any number is fine.
    pub fn expect(mut self, times: impl Into<Times>) -> Self {
        self.times = Some(times.into());
        self
    }

    /// It is not to be called: the same as `expect(0)`.
    pub fn never(mut self) -> Self {
        self.times = Some(Times::NEVER);
        self
    }

    /// It is to be called after those that joined the order before it, and before those that join after. It joins when it
    /// is given to a server.
    pub fn in_order(mut self, order: &CallOrder) -> Self {
        self.order = Some(order.clone());
        self
    }

    /// What the server keeps of it.
    pub(super) fn finish(self) -> (Arc<Endpoint>, Arc<MockState>) {
        let mut endpoint = self.endpoint;
        let order = self.order.map(|order| {
            let label = &endpoint.label;
            let place = order.join(format!("{} {}  {}", label.method, label.path, label.place));
            (order, place)
        });
        let state = Arc::new(MockState::new(self.times, order));
        if let Some(keeper) = self.state {
            // A mock is finished once.
            let _ = keeper.set(Arc::clone(&state));
        }
        let owner: Arc<dyn Any + Send + Sync> = Arc::clone(&state) as _;
        let coded = Some(Coded { guards: self.guards, answer: self.answer, owner });
        endpoint.rare = Some(Box::new(Rare { cors: None, coded }));
        (Arc::new(endpoint), state)
    }
}

impl fmt::Debug for Mock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Label { method, path, place, .. } = &self.endpoint.label;
        write!(f, "{method} {path} at {place}")
    }
}

fn fixed(reply: Reply) -> Response {
    let header = |(name, value)| Header { name, value: HeaderSource::Fixed(value) };
    Response {
        status: reply.status,
        headers: reply.headers.into_iter().map(header).collect(),
        body: BodySource::Fixed(reply.body),
    }
}

#[track_caller]
fn value_of(value: impl Serialize) -> Value {
    let text = match serde_json::to_vec(&value) {
        Ok(text) => text,
        Err(error) => panic!("the body cannot be written as JSON: {error}"),
    };
    match Value::parse(&text, MAX_DEPTH) {
        Ok(value) => value,
        Err(error) => panic!("the body cannot be compared: {}", error.message),
    }
}

/// What a closure gives; none when it panicked, which the mock keeps for the end of the test.
fn caught<T>(state: &Keeper, closure: impl FnOnce() -> T) -> Option<T> {
    // A closure that panicked is not looked into again by us; what it shares with the test is the test's affair.
    match catch_unwind(AssertUnwindSafe(closure)) {
        Ok(value) => Some(value),
        Err(payload) => {
            let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
            let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
            if let Some(state) = state.get() {
                state.panicked(text.unwrap_or_else(|| "a panic without a text".to_owned()));
            }
            None
        }
    }
}

fn panicked(request: &http::Request<Bytes>) -> http::Response<Bytes> {
    let message = "the mock's closure panicked";
    let (method, path) = (request.method(), request.uri().path());
    let mut response =
        http::Response::new(crate::respond::error::body(message, "closure-panicked", method, path, ""));
    *response.status_mut() = http::StatusCode::INTERNAL_SERVER_ERROR;
    let json = http::HeaderValue::from_static("application/json");
    response.headers_mut().insert(http::header::CONTENT_TYPE, json);
    response
}
