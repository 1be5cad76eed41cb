//! HTTP over sockets: a listener, limits, the request log, graceful shutdown.
//!
//! [`Server`] binds an address and runs until it is told to stop. What it answers comes from a
//! [`Respond`], which is pure and synchronous; hot swap is the responder's own affair. Reload and
//! watching (the module `watch`, with the feature of that name) are the caller's.

pub(crate) mod accept;
mod connection;
mod connections;
pub mod limits;
pub mod log;
mod refusal;
mod service;
mod stream;
mod sweep;
mod vitals;
#[cfg(feature = "watch")]
pub mod watch;

use std::fmt::Display;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use tokio::net::{TcpListener, TcpStream, ToSocketAddrs};

pub(crate) use connections::Connections;
pub use limits::Limits;
pub use log::Log;
pub use service::RequestBody;
pub(crate) use sweep::Shared;
use sweep::sweep;

#[cfg(feature = "hosted")]
use crate::respond::hosted::HostedResponder;
use crate::respond::{Body, Request, Responder, Step};
use accept::Trouble;
use service::Service;
use vitals::{Mark, Vitals};

/// What answers requests: the seam between the server and the mock.
pub trait Respond: Send + Sync + 'static {
    /// The next step for `request`. With [`Body::Read`] it must not ask for the body.
    fn respond(&self, request: &Request<'_>, body: Body<'_>) -> Step;

    /// What would change a request that got no endpoint's answer, in one line for the log, without its query or body.
    /// It may cost more than the answer: only the first few of a second are asked for.
    fn suggest(&self, request: &Request<'_>, body: Body<'_>) -> Option<String> {
        let _ = (request, body);
        None
    }
}

impl Respond for Responder {
    fn respond(&self, request: &Request<'_>, body: Body<'_>) -> Step {
        Responder::respond(self, request, body)
    }

    fn suggest(&self, request: &Request<'_>, body: Body<'_>) -> Option<String> {
        Responder::suggest(self, request, body).map(|suggestion| suggestion.to_string())
    }
}

#[cfg(feature = "hosted")]
impl Respond for HostedResponder {
    fn respond(&self, request: &Request<'_>, body: Body<'_>) -> Step {
        HostedResponder::respond(self, request, body)
    }
}

/// How a server runs.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Bounds on what a client can cost.
    pub limits: Limits,
    /// Where requests are logged; `None`: nowhere.
    pub log: Option<Arc<Log>>,
}

/// A server that listens and does not answer yet.
#[derive(Debug)]
pub struct Server<R> {
    listener: TcpListener,
    local_addr: SocketAddr,
    responder: Arc<R>,
    options: Options,
}

/// Answers requests of connections that somebody else serves, as a [`Server`] would: for a port that is shared with
/// other services. Limits of connections and of time are theirs to keep; those of heads and bodies hold here.
#[derive(Debug)]
pub struct Answers<R> {
    responder: Arc<R>,
    shared: Arc<Shared>,
}

impl<R: Respond> Answers<R> {
    /// Answers from `responder`.
    pub fn new(responder: Arc<R>, options: Options) -> Self {
        Self { responder, shared: Arc::new(Shared::new(options.limits, options.log)) }
    }

    /// The answer to one request. Dropping the future gives the request up.
    pub async fn answer<B: RequestBody>(
        &self,
        request: http::Request<B>,
        peer: Option<SocketAddr>,
    ) -> http::Response<Full<Bytes>> {
        let vitals = Arc::new(Vitals::new(Arc::clone(&self.shared)));
        let service = Service::new(Arc::clone(&self.responder), vitals, peer);
        match hyper::service::Service::call(&service, request).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }
}

/// After the last connection was told to close, how long to wait for its task.
const CLOSE_PAUSE: Duration = Duration::from_secs(1);

impl<R: Respond> Server<R> {
    /// Listens at `addr` (`127.0.0.1:8000`; port 0 takes a free one). Connections wait until
    /// [`Server::run`].
    ///
    /// # Errors
    /// The address cannot be used; the message names it and says what to do.
    pub async fn bind<A>(addr: A, responder: Arc<R>, options: Options) -> io::Result<Self>
    where
        A: ToSocketAddrs + Display,
    {
        let name = addr.to_string();
        let bound = TcpListener::bind(addr).await.and_then(|listener| Ok((listener.local_addr()?, listener)));
        let (local_addr, listener) = bound.map_err(|error| cannot_listen(&name, &error))?;
        Ok(Self { listener, local_addr, responder, options })
    }

    /// The address with the port that was taken.
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// Answers requests until `shutdown` ends; then closes idle connections at once, gives running
    /// requests [`Limits::drain_ms`], and closes the rest. Returns when no connection is left.
    ///
    /// Dropping this future closes the listener and every connection at once.
    pub async fn run(self, shutdown: impl Future<Output = ()>) {
        let Self { listener, responder, options, .. } = self;
        let drain = Duration::from_millis(options.limits.drain_ms);
        let connections = Connections::new(responder, options);
        let shared = connections.shared();
        let closing = CloseOnDrop(Arc::clone(shared));
        tokio::spawn(sweep(Arc::clone(shared)));

        let mut shutdown = pin!(shutdown);
        let mut trouble = Trouble::default();
        loop {
            let accepted = tokio::select! {
                biased;
                () = &mut shutdown => break,
                accepted = accept_one(&listener, shared) => accepted,
            };
            match accepted {
                Ok((io, peer)) => {
                    // Fails only on a socket that is gone already.
                    let _ = io.set_nodelay(true);
                    connections.serve(io, peer);
                }
                Err(error) if accept::is_about_one_connection(&error) => {}
                Err(error) => {
                    trouble.report(shared, &error);
                    tokio::select! {
                        () = &mut shutdown => break,
                        () = tokio::time::sleep(accept::PAUSE) => {}
                    }
                }
            }
        }
        drop(listener);

        shared.mark_all(Mark::Drain);
        // Past the limit the guard below closes what is left.
        let _ = tokio::time::timeout(drain, all_left(shared)).await;
        drop(closing);
        let _ = tokio::time::timeout(CLOSE_PAUSE, all_left(shared)).await;
        if let Some(log) = &shared.log {
            log.flush();
        }
    }
}

/// The next connection, once there is room for one.
async fn accept_one(listener: &TcpListener, shared: &Shared) -> io::Result<(TcpStream, SocketAddr)> {
    accept::room(shared).await;
    listener.accept().await
}

async fn all_left(shared: &Shared) {
    while shared.open() > 0 {
        shared.connection_left().await;
    }
}

/// Closes every connection when the server's future ends, also when it is dropped midway.
struct CloseOnDrop(Arc<Shared>);

impl Drop for CloseOnDrop {
    fn drop(&mut self) {
        self.0.mark_all(Mark::Close);
    }
}

fn cannot_listen(addr: &str, error: &io::Error) -> io::Error {
    let help = match error.kind() {
        io::ErrorKind::AddrInUse => {
            "another program listens there: stop it, or choose another port (0 takes a free one)"
        }
        io::ErrorKind::PermissionDenied => "ports below 1024 need privileges: choose a higher one",
        io::ErrorKind::AddrNotAvailable => {
            "this machine has no such address: 127.0.0.1 serves this machine alone, 0.0.0.0 every network"
        }
        _ => "an address is a host and a port, such as 127.0.0.1:8000",
    };
    io::Error::new(error.kind(), format!("cannot listen on {addr}: {error} ({help})"))
}
