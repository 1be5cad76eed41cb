//! An S3 server of one test that answers as real ones do on a bad day: refused, busy, never, late, or done and not
//! answered. What it does to which request is drawn from a seed.
//!
//! A request that was taken is carried out whole, also when whoever asked has gone: so that a put that was given up
//! may stand later.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue, IF_MATCH, IF_NONE_MATCH};
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s_fs::FileSystem;
use tokio::net::TcpListener;
use tokio::sync::RwLock;
use tokio::task::{JoinHandle, JoinSet};

use super::Guarded;
use crate::process::Folder;

/// The name of its one bucket.
const BUCKET: &str = "moclojer";

/// What may happen to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// 412 to a put with a condition, whatever stands there; nothing is written.
    Refused,
    /// 409 to a put with a condition; nothing is written.
    Conflict,
    /// 404 to a read, or to a put over what should be there; nothing is written.
    Missing,
    /// 503; nothing is done.
    Busy,
    /// It is done, and the connection ends without an answer.
    Lost,
    /// It is done after longer than a put may take.
    DoneLate,
    /// It is done at once, and answered after longer than a put may take.
    AnsweredLate,
}

/// What may happen to a put with a condition, to another change, and to a read: more often what does most harm to
/// whoever takes it for something else.
const CONDITIONAL: &[Kind] = &[
    Kind::Refused,
    Kind::Conflict,
    Kind::Missing,
    Kind::Busy,
    Kind::Lost,
    Kind::DoneLate,
    Kind::DoneLate,
    Kind::DoneLate,
    Kind::AnsweredLate,
];
const CHANGE: &[Kind] = &[Kind::Busy, Kind::Lost, Kind::DoneLate, Kind::AnsweredLate];
const READ: &[Kind] = &[
    Kind::Missing,
    Kind::Missing,
    Kind::Missing,
    Kind::Busy,
    Kind::Lost,
    Kind::DoneLate,
    Kind::AnsweredLate,
];

/// How often requests meet a fault, and what they met. A clone is the same.
#[derive(Clone, Debug)]
pub struct Faults(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    random: StdRng,
    /// Of a thousand requests.
    rate: u32,
    /// Whether no shard is found.
    shards_hidden: bool,
    met: BTreeMap<Kind, u64>,
}

impl Faults {
    fn new(seed: u64) -> Self {
        let random = StdRng::seed_from_u64(seed);
        Self(Arc::new(Mutex::new(State { random, rate: 0, shards_hidden: false, met: BTreeMap::new() })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on so many requests of a thousand meet a fault.
    pub fn set_rate(&self, rate: u32) {
        self.state().rate = rate.min(1_000);
    }

    /// From now on every read of a shard is answered 404, or none is because of this. Writes go on, so that there is
    /// something new to be read.
    pub fn hide_shards(&self, hidden: bool) {
        self.state().shards_hidden = hidden;
    }

    /// How many met which.
    pub fn met(&self) -> BTreeMap<Kind, u64> {
        self.state().met.clone()
    }

    /// What happens to a request, and how late it is when it is late.
    fn decide(&self, method: &Method, path: &str, has_condition: bool) -> Option<(Kind, Duration)> {
        let mut state = self.state();
        if state.shards_hidden && *method == Method::GET && path.contains("/unified/") {
            *state.met.entry(Kind::Missing).or_default() += 1;
            return Some((Kind::Missing, Duration::ZERO));
        }
        let rate = state.rate;
        if !state.random.random_ratio(rate, 1_000) {
            return None;
        }
        let kinds = match *method {
            Method::PUT if has_condition => CONDITIONAL,
            Method::PUT | Method::DELETE => CHANGE,
            _ => READ,
        };
        let kind = kinds[state.random.random_range(0..kinds.len())];
        // Longer than a put may take, and at times longer than a claim holds.
        let late = Duration::from_millis(state.random.random_range(5_500..12_000));
        *state.met.entry(kind).or_default() += 1;
        Some((kind, late))
    }
}

/// The server; it ends with this value.
#[derive(Debug)]
pub struct Faulty {
    /// What it does to requests.
    pub faults: Faults,
    port: u16,
    folder: Folder,
    task: JoinHandle<()>,
}

impl Faulty {
    /// Starts one with an empty bucket, for whoever has this key. Unless `conditional`, puts are done whatever their
    /// condition says.
    pub async fn start(key: [&str; 2], seed: u64, conditional: bool) -> Self {
        let folder = Folder::new();
        std::fs::create_dir(folder.path().join(BUCKET)).unwrap();
        let files = FileSystem::new(folder.path()).unwrap();
        let guarded = Guarded {
            folder: folder.path().to_owned(),
            files,
            lock: RwLock::default(),
            conditional,
            tags: Mutex::default(),
        };
        let mut builder = S3ServiceBuilder::new(guarded);
        builder.set_auth(SimpleAuth::from_single(key[0], key[1]));
        let faults = Faults::new(seed);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let task = tokio::spawn(run(listener, builder.build(), faults.clone()));
        Self { faults, port, folder, task }
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The store's URL, where a port leads to it.
    pub fn url_at(port: u16) -> String {
        format!("s3://{BUCKET}?endpoint=http://127.0.0.1:{port}")
    }

    /// The folder of the bucket's objects, to be read past all faults. A file changes as a whole.
    pub fn bucket(&self) -> PathBuf {
        self.folder.path().join(BUCKET)
    }
}

impl Drop for Faulty {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn run(listener: TcpListener, service: S3Service, faults: Faults) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            Ok((stream, _)) = listener.accept() => {
                let _ = stream.set_nodelay(true);
                let (service, faults) = (service.clone(), faults.clone());
                let answer = hyper::service::service_fn(move |request| {
                    answer(request, service.clone(), faults.clone())
                });
                let server = hyper::server::conn::http1::Builder::new();
                connections.spawn(server.serve_connection(TokioIo::new(stream), answer));
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn answer(
    request: Request<Incoming>,
    service: S3Service,
    faults: Faults,
) -> Result<Response<s3s::Body>, Cut> {
    let (parts, body) = request.into_parts();
    // A body that does not come whole was never asked for.
    let body = body.collect().await.map_err(|_| Cut)?.to_bytes();
    let has_condition = parts.headers.contains_key(IF_MATCH) || parts.headers.contains_key(IF_NONE_MATCH);
    let fault = faults.decide(&parts.method, parts.uri.path(), has_condition);
    if let Some(refusal) = fault.and_then(|(kind, _)| refusal(kind)) {
        return Ok(refusal);
    }
    // A task of its own: it goes on when the connection is gone.
    let carried = tokio::spawn(async move {
        if let Some((Kind::DoneLate, late)) = fault {
            tokio::time::sleep(late).await;
        }
        let answer = service.call(Request::from_parts(parts, s3s::Body::from(body))).await;
        if let Some((Kind::AnsweredLate, late)) = fault {
            tokio::time::sleep(late).await;
        }
        answer
    });
    match (carried.await, fault) {
        (Ok(Ok(_)), Some((Kind::Lost, _))) | (Err(_) | Ok(Err(_)), _) => Err(Cut),
        (Ok(Ok(response)), _) => Ok(response),
    }
}

/// What is answered in place of doing anything.
fn refusal(kind: Kind) -> Option<Response<s3s::Body>> {
    let (status, code) = match kind {
        Kind::Refused => (StatusCode::PRECONDITION_FAILED, "PreconditionFailed"),
        Kind::Conflict => (StatusCode::CONFLICT, "ConditionalRequestConflict"),
        Kind::Missing => (StatusCode::NOT_FOUND, "NoSuchKey"),
        Kind::Busy => (StatusCode::SERVICE_UNAVAILABLE, "SlowDown"),
        Kind::Lost | Kind::DoneLate | Kind::AnsweredLate => return None,
    };
    let text = format!(
        r#"<?xml version="1.0" encoding="UTF-8"?><Error><Code>{code}</Code><Message>a fault of the test</Message></Error>"#
    );
    let mut response = Response::new(s3s::Body::from(text));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/xml"));
    Some(response)
}

/// The connection ends without an answer.
#[derive(Debug)]
struct Cut;

impl std::fmt::Display for Cut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the answer is lost")
    }
}

impl std::error::Error for Cut {}

#[cfg(test)]
mod tests {
    use moclojer_cloud::adapters::object_store::{Credentials, Limits, ObjectStore, StoreUrl};
    use moclojer_core::ports::{Condition, ETag, Put, Storage, StorageKey};

    use super::*;

    async fn faulty(conditional: bool) -> (Faulty, ObjectStore) {
        let faulty = Faulty::start(["id", "key"], 1, conditional).await;
        let url = StoreUrl::parse(&Faulty::url_at(faulty.port())).unwrap();
        let limits =
            Limits { put: Duration::from_secs(1), other: Duration::from_secs(1), ..Limits::default() };
        let store = ObjectStore::open(&url, Some(Credentials::new("id", "key")), limits).unwrap();
        (faulty, store)
    }

    #[tokio::test]
    async fn every_kind_of_fault_is_met_and_what_was_taken_is_done() {
        let (faulty, store) = faulty(true).await;
        faulty.faults.set_rate(1_000);
        let all = 7;
        let keys = (0..40).map(|number| StorageKey::parse(format!("{number}.yml")).unwrap());
        let puts = keys.map(|key| {
            let store = store.clone();
            async move { store.put(&key, "a".into(), Condition::IfAbsent).await }
        });
        let answers = futures_util::future::join_all(puts).await;
        assert!(answers.iter().all(|answer| !matches!(answer, Ok(Put::Written(_)))), "{answers:?}");
        let met = faulty.faults.met();
        assert_eq!(met.len(), all, "{met:?}");
        // What was lost, answered late or done late is done in the end, though nobody waits for it.
        let done: u64 =
            [Kind::Lost, Kind::DoneLate, Kind::AnsweredLate].iter().filter_map(|kind| met.get(kind)).sum();
        let files = || std::fs::read_dir(faulty.bucket()).unwrap().count() as u64;
        let all_done = crate::installation::until(Duration::from_secs(20), async || files() == done).await;
        assert!(all_done, "{} of {done} are done", files());
    }

    #[tokio::test]
    async fn without_conditions_every_put_is_done() {
        let key = StorageKey::parse("a.yml").unwrap();
        for conditional in [true, false] {
            let (_faulty, store) = faulty(conditional).await;
            let put = async |bytes: &'static str, condition| {
                store.put(&key, bytes.into(), condition).await.unwrap()
            };
            assert!(matches!(put("a", Condition::IfAbsent).await, Put::Written(_)));
            let stale = put("b", Condition::IfMatch(ETag::new("\"another\""))).await;
            assert_eq!(stale == Put::Refused, conditional, "{stale:?}");
            assert_eq!(put("c", Condition::IfAbsent).await == Put::Refused, conditional);
        }
    }
}
