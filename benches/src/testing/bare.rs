//! The yardstick of mocks in tests: listeners that are used again, hyper, one fixed answer.
//!
//! It does the least that a mock server in tests can do: one thread with one runtime for the whole
//! process, a start takes a listener out of a pool, a stop cuts its connections and gives it back. It
//! routes nothing and records nothing. The listener is used again at once; or, to tell what that alone
//! costs, when it has rested for a second, as ours do.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, body::Incoming};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::task::AbortHandle;

use super::frame::{BODY, MockServer};

/// The background runtime, made at the first start.
static BACKGROUND: OnceLock<Handle> = OnceLock::new();
/// Listeners that nobody uses, in the order in which they were stopped, and since when.
static POOL: Mutex<VecDeque<(Instant, Arc<Port>)>> = Mutex::new(VecDeque::new());
/// How long a listener rests, where it does.
const REST: Duration = Duration::from_secs(1);

/// A server on a listener out of the pool.
#[derive(Debug)]
pub(crate) struct Bare<const RESTS: bool> {
    port: Arc<Port>,
}

/// A listener whose task accepts for good.
#[derive(Debug)]
struct Port {
    address: SocketAddr,
    /// What a new connection will answer.
    answer: Mutex<Bytes>,
    connections: Mutex<Vec<AbortHandle>>,
}

impl<const RESTS: bool> MockServer for Bare<RESTS> {
    async fn start() -> Result<Self> {
        Self::take()
    }

    async fn mock(&mut self, path: &str) -> Result<()> {
        self.mock_plain(path)
    }

    fn start_plain() -> Result<Option<Self>> {
        Self::take().map(Some)
    }

    fn mock_plain(&mut self, _path: &str) -> Result<()> {
        *lock(&self.port.answer) = Bytes::from_static(BODY.as_bytes());
        Ok(())
    }

    fn address(&self) -> SocketAddr {
        self.port.address
    }
}

impl<const RESTS: bool> Bare<RESTS> {
    fn take() -> Result<Self> {
        let free = match RESTS {
            true => lock(&POOL).pop_front_if(|(stopped, _)| stopped.elapsed() >= REST),
            false => lock(&POOL).pop_back(),
        };
        let port = free.map_or_else(Port::open, |(_, port)| Ok(port))?;
        Ok(Self { port })
    }
}

impl<const RESTS: bool> Drop for Bare<RESTS> {
    fn drop(&mut self) {
        for connection in lock(&self.port.connections).drain(..) {
            connection.abort();
        }
        lock(&POOL).push_back((Instant::now(), self.port.clone()));
    }
}

impl Port {
    fn open() -> Result<Arc<Self>> {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no port is free")?;
        listener.set_nonblocking(true)?;
        let port = Arc::new(Self {
            address: listener.local_addr()?,
            answer: Mutex::default(),
            connections: Mutex::default(),
        });
        let background = BACKGROUND.get_or_init(start_background);
        let _entered = background.enter();
        background.spawn(port.clone().accept(TcpListener::from_std(listener)?));
        Ok(port)
    }

    async fn accept(self: Arc<Self>, listener: TcpListener) {
        while let Ok((stream, _)) = listener.accept().await {
            if stream.set_nodelay(true).is_err() {
                continue;
            }
            let body = lock(&self.answer).clone();
            let service = service_fn(move |_: Request<Incoming>| {
                let body = body.clone();
                async move { Ok::<_, Infallible>(answer(body)) }
            });
            let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            lock(&self.connections).push(tokio::spawn(connection).abort_handle());
        }
    }
}

fn answer(body: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// # Panics
/// Where the system gives no thread or no event queue: nothing can be measured then.
fn start_background() -> Handle {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()
        .expect("the system has room for one event queue more");
    let handle = runtime.handle().clone();
    thread::spawn(move || runtime.block_on(std::future::pending::<()>()));
    handle
}

/// Nothing is left half done under these locks.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
