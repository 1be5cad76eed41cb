//! Requests that were received: kept in a ring that no request locks for others, read by tests with types.

use std::borrow::Cow;
use std::fmt;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use bytes::Bytes;
use http::{HeaderMap, Method, Uri};
use serde_core::de::DeserializeOwned;

use crate::respond::EndpointLabel;
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

/// The parameters in the path of a request that fits an endpoint.
fn path_params(request: &http::Request<Bytes>, endpoint: &Endpoint) -> Vec<(Box<str>, String)> {
    let mut params = Vec::new();
    let captures = &endpoint.path.captures;
    let Ok(path) = Segments::new(request.uri().path()) else {
        return params;
    };
    let other = if captures.is_empty() { None } else { path.other_slash() };
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

/// How many places are made first; the next time twice as many, and so on: a test that sends few requests pays for few.
const FIRST_CHUNK: usize = 8;
/// How many bytes of bodies one ring keeps.
const BODY_BYTES: usize = 64 << 20;

/// A lock for each place, so that two requests meet only where one overtook the other by a whole round.
type Place = Mutex<Option<ReceivedRequest>>;
type Chunk = Box<[Place]>;

/// The latest requests. A reader that comes between sees each place before or after.
pub(super) struct Ring {
    chunks: Box<[OnceLock<Chunk>]>,
    places: u64,
    written: AtomicU64,
    /// All before this one are gone, or as good as.
    first: AtomicU64,
    /// Of the bodies that are kept, about.
    bytes: AtomicUsize,
    /// How many of them were forgotten at once.
    cleared: AtomicU64,
}

impl Ring {
    /// A ring of so many places, made when they are first needed.
    pub(super) fn new(places: usize) -> Self {
        let chunks = if places == 0 { 0 } else { chunk_of(places - 1).0 + 1 };
        let chunks = (0..chunks).map(|_| OnceLock::new()).collect();
        Self {
            chunks,
            places: places as u64,
            written: AtomicU64::new(0),
            first: AtomicU64::new(0),
            bytes: AtomicUsize::new(0),
            cleared: AtomicU64::new(0),
        }
    }

    pub(super) fn is_off(&self) -> bool {
        self.places == 0
    }

    pub(super) fn push(&self, request: &ReceivedRequest) {
        let number = self.written.fetch_add(1, Ordering::AcqRel);
        let Some(place) = self.place(number) else {
            return;
        };
        self.bytes.fetch_add(request.body().len(), Ordering::AcqRel);
        let before = locked(place).replace(request.clone());
        self.forget(before);
        if self.bytes.load(Ordering::Acquire) > BODY_BYTES {
            self.make_room(number);
        }
    }

    /// Forgets the oldest until the bodies that are left are within their bound; the latest stays, however large.
    fn make_room(&self, latest: u64) {
        self.first.fetch_max(latest.saturating_sub(self.places.saturating_sub(1)), Ordering::AcqRel);
        let next = |oldest: u64| (oldest < latest).then_some(oldest + 1);
        while self.bytes.load(Ordering::Acquire) > BODY_BYTES {
            let Ok(oldest) = self.first.fetch_update(Ordering::AcqRel, Ordering::Acquire, next) else {
                return;
            };
            if let Some(place) = self.place(oldest) {
                let forgotten = locked(place).take();
                self.forget(forgotten);
            }
        }
    }

    fn forget(&self, request: Option<ReceivedRequest>) {
        if let Some(request) = request {
            self.bytes.fetch_sub(request.body().len(), Ordering::AcqRel);
        }
    }

    /// The place of the request with this number in the ring.
    fn place(&self, at: u64) -> Option<&Place> {
        let at = usize::try_from(at.checked_rem(self.places)?).ok()?;
        let (chunk, at) = chunk_of(at);
        let places = FIRST_CHUNK << chunk;
        let chunk = self.chunks.get(chunk)?;
        let chunk = chunk.get_or_init(|| (0..places).map(|_| Place::default()).collect());
        chunk.get(at)
    }

    /// What is kept, in the order of arrival.
    pub(super) fn kept(&self) -> Vec<ReceivedRequest> {
        let chunks = self.chunks.iter().filter_map(OnceLock::get);
        let mut kept: Vec<ReceivedRequest> =
            chunks.flatten().filter_map(|place| locked(place).clone()).collect();
        kept.sort_by_key(ReceivedRequest::number);
        kept
    }

    /// How many came since all were forgotten, those that are not kept any more included.
    pub(super) fn written(&self) -> u64 {
        let cleared = self.cleared.load(Ordering::Acquire);
        self.written.load(Ordering::Acquire).saturating_sub(cleared)
    }

    /// How many are not kept any more.
    pub(super) fn lost(&self) -> u64 {
        self.written().saturating_sub(self.kept().len() as u64)
    }

    /// Forgets all of them; numbers go on.
    pub(super) fn clear(&self) {
        self.cleared.store(self.written.load(Ordering::Acquire), Ordering::Release);
        for place in self.chunks.iter().filter_map(OnceLock::get).flatten() {
            let forgotten = locked(place).take();
            self.forget(forgotten);
        }
    }
}

/// In which chunk a place is, and where in it.
fn chunk_of(place: usize) -> (usize, usize) {
    let chunk = (place / FIRST_CHUNK + 1).ilog2();
    (chunk as usize, place - FIRST_CHUNK * ((1 << chunk) - 1))
}

fn locked(place: &Place) -> MutexGuard<'_, Option<ReceivedRequest>> {
    place.lock().unwrap_or_else(PoisonError::into_inner)
}
