//! Requests that were received: kept in a bounded ring, read by tests with types.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, Method, Uri};
use serde_core::de::DeserializeOwned;

use crate::respond::{EndpointLabel, Request};
use crate::route::Segments;
use crate::spec::Endpoint;

/// A request that a mock server received. Cheap to clone.
#[derive(Clone)]
pub struct ReceivedRequest(Arc<Received>);

struct Received {
    number: u64,
    request: http::Request<Bytes>,
    answered: Answered,
    path_params: Vec<(Box<str>, String)>,
}

/// Who answered a request.
#[derive(Clone)]
pub(super) enum Answered {
    /// A mock, or an endpoint of a file.
    By(Arc<Endpoint>),
    /// The server itself (OPTIONS).
    Server,
    /// Nobody.
    Nobody,
}

impl ReceivedRequest {
    pub(super) fn new(number: u64, request: http::Request<Bytes>, answered: Answered) -> Self {
        let path_params = match &answered {
            Answered::By(endpoint) => path_params(&request, endpoint),
            Answered::Server | Answered::Nobody => Vec::new(),
        };
        Self(Arc::new(Received { number, request, answered, path_params }))
    }

    /// A request that `endpoint` is asked about and has not answered yet.
    pub(super) fn asked(request: &http::Request<Bytes>, endpoint: &Endpoint) -> Self {
        let path_params = path_params(request, endpoint);
        let request = request.clone();
        Self(Arc::new(Received { number: 0, request, answered: Answered::Nobody, path_params }))
    }

    /// Its place among all requests of this server, from 1; 0 for a closure, which sees it before it is counted.
    pub fn number(&self) -> u64 {
        self.0.number
    }

    /// The method.
    pub fn method(&self) -> &Method {
        self.0.request.method()
    }

    /// The target as it was sent: path and query, or a whole URL.
    pub fn uri(&self) -> &Uri {
        self.0.request.uri()
    }

    /// The path as it was sent.
    pub fn path(&self) -> &str {
        self.uri().path()
    }

    /// The query's pairs, decoded, in order.
    pub fn query_pairs(&self) -> Vec<(String, String)> {
        let query = self.uri().query().unwrap_or_default();
        let pairs = crate::respond::query_pairs_of(query.as_bytes());
        pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
    }

    /// The first value of a query parameter, decoded.
    pub fn query(&self, name: &str) -> Option<String> {
        let query = self.uri().query().unwrap_or_default();
        let mut pairs = crate::respond::query_pairs_of(query.as_bytes());
        pairs.find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
    }

    /// All headers.
    pub fn headers(&self) -> &HeaderMap {
        self.0.request.headers()
    }

    /// The first value of a header, if it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers().get(name)?.to_str().ok()
    }

    /// The body as it was sent.
    pub fn body(&self) -> &Bytes {
        self.0.request.body()
    }

    /// The body as text; what is no UTF-8 is replaced.
    pub fn body_text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(self.body())
    }

    /// The body read as JSON, whatever its content type says.
    ///
    /// # Errors
    /// The body is no JSON, or not this type; the message says where.
    pub fn body_json<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_slice(self.body())
    }

    /// The text that a parameter of the path has, decoded: of the mock or endpoint that answered.
    pub fn path_param(&self, name: &str) -> Option<&str> {
        let found = self.0.path_params.iter().find(|(known, _)| **known == *name);
        found.map(|(_, text)| text.as_str())
    }

    /// The mock, or the endpoint of a file, that answered; none where nobody did.
    pub fn answered_by(&self) -> Option<&EndpointLabel> {
        self.answerer().map(|endpoint| &endpoint.label)
    }

    /// The request itself.
    pub fn as_http(&self) -> &http::Request<Bytes> {
        &self.0.request
    }

    /// What answered, itself.
    pub(super) fn answerer(&self) -> Option<&Arc<Endpoint>> {
        match &self.0.answered {
            Answered::By(endpoint) => Some(endpoint),
            Answered::Server | Answered::Nobody => None,
        }
    }

    pub(super) fn is_of(&self, endpoint: &Arc<Endpoint>) -> bool {
        self.answerer().is_some_and(|by| Arc::ptr_eq(by, endpoint))
    }
}

/// A longer body is shared with whoever read it.
const BODY_COPIED: usize = 4 << 10;

/// A request of its own: one piece of memory, and none of a connection's buffer, so that the next request is read into the
/// same one and the journal keeps no more than what was sent.
pub(super) fn owned(request: &Request<'_>, body: &Bytes) -> http::Request<Bytes> {
    let path = request.target.path_and_query().filter(|_| request.target.authority().is_none());
    let path = path.map_or(&[][..], |path| path.as_str().as_bytes());
    let short_body = Some(body).filter(|body| body.len() <= BODY_COPIED).map_or(&[][..], |body| body);
    let values = || request.headers.values().map(HeaderValue::as_bytes);
    let length = path.len() + short_body.len() + values().map(<[u8]>::len).sum::<usize>();
    let mut all = BytesMut::with_capacity(length);
    [path, short_body].into_iter().chain(values()).for_each(|piece| all.extend_from_slice(piece));
    let mut all = all.freeze();

    let path = all.split_to(path.len());
    let short_body = all.split_to(short_body.len());
    let mut owned = http::Request::new(if body.len() <= BODY_COPIED { short_body } else { body.clone() });
    owned.method_mut().clone_from(request.method);
    *owned.uri_mut() = match Uri::from_maybe_shared(path) {
        Ok(target) => target,
        // A whole URL.
        Err(_) => request.target.clone(),
    };
    let mut headers = request.headers.clone();
    for value in headers.values_mut() {
        if let Ok(mut copied) = HeaderValue::from_maybe_shared(all.split_to(value.len())) {
            copied.set_sensitive(value.is_sensitive());
            *value = copied;
        }
    }
    *owned.headers_mut() = headers;
    owned
}

/// The parameters in the path of a request that fits an endpoint.
fn path_params(request: &http::Request<Bytes>, endpoint: &Endpoint) -> Vec<(Box<str>, String)> {
    let mut params = Vec::new();
    let captures = &endpoint.path.captures;
    if captures.is_empty() {
        return params;
    }
    let Ok(path) = Segments::new(request.uri().path()) else {
        return params;
    };
    let other = path.other_slash();
    if let Some(fitting) = std::iter::once(&path).chain(&other).find(|path| endpoint.path.fits(path)) {
        endpoint.path.captures(fitting, |index, text| {
            params.extend(captures.get(index).map(|capture| (capture.name.clone(), text.into_owned())));
        });
    }
    params
}

/// `#3 POST /users?x=1, 12 bytes`.
impl fmt::Debug for ReceivedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{} {} {}", self.number(), self.method(), self.uri())?;
        match self.body().len() {
            0 => Ok(()),
            bytes => write!(f, ", {bytes} bytes"),
        }
    }
}

/// How many bytes of bodies one ring keeps.
const BODY_BYTES: usize = 64 << 20;

/// The latest requests.
pub(super) struct Ring {
    most: usize,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    requests: VecDeque<ReceivedRequest>,
    /// Of their bodies.
    bytes: usize,
    /// How many came since all were forgotten.
    written: u64,
}

impl Ring {
    /// A ring of at most so many requests.
    pub(super) fn new(most: usize) -> Self {
        Self { most, kept: Mutex::default() }
    }

    pub(super) fn is_off(&self) -> bool {
        self.most == 0
    }

    pub(super) fn push(&self, request: &ReceivedRequest) {
        {
            let mut kept = self.lock();
            kept.written += 1;
            if self.is_off() {
                return;
            }
            kept.bytes = kept.bytes.saturating_add(request.body().len());
            kept.requests.push_back(request.clone());
        }
        // What goes is dropped when nothing is locked: a closure may go with it.
        while let Some(_gone) = self.take_oldest() {}
    }

    /// The oldest request, if there are too many, or too many bytes; the latest stays, however large.
    fn take_oldest(&self) -> Option<ReceivedRequest> {
        let mut kept = self.lock();
        let count = kept.requests.len();
        if count <= self.most && (kept.bytes <= BODY_BYTES || count == 1) {
            return None;
        }
        let oldest = kept.requests.pop_front()?;
        kept.bytes = kept.bytes.saturating_sub(oldest.body().len());
        Some(oldest)
    }

    /// What is kept, in the order of arrival.
    pub(super) fn kept(&self) -> Vec<ReceivedRequest> {
        let mut kept: Vec<_> = self.lock().requests.iter().cloned().collect();
        // A request may be written before one that was counted before it.
        kept.sort_by_key(ReceivedRequest::number);
        kept
    }

    /// How many came since all were forgotten, those that are not kept any more included.
    pub(super) fn written(&self) -> u64 {
        self.lock().written
    }

    /// How many are not kept any more.
    pub(super) fn lost(&self) -> u64 {
        let kept = self.lock();
        kept.written.saturating_sub(kept.requests.len() as u64)
    }

    /// Forgets all of them.
    pub(super) fn clear(&self) {
        let forgotten = std::mem::take(&mut *self.lock());
        drop(forgotten);
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
