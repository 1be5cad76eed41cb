//! Serving of routers on a listener, with bounds: connections, heads, and the time that both may take. What is answered
//! is not known here.
//!
//! HTTP/1.1 alone: TLS and HTTP/2 are for the proxy before it.

use std::sync::Arc;
use std::time::Duration;

use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// What connections may cost.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Most connections at once; others wait to be accepted (10,240).
    pub connections: usize,
    /// Most bytes of a request's head (64 KiB).
    pub header_bytes: usize,
    /// Most fields of a request's head (100).
    pub headers: usize,
    /// The longest time that a head takes to arrive, and a connection may be idle (30 s).
    pub header_time: Duration,
    /// How long requests in flight may take once the server stops (10 s).
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 10_240,
            header_bytes: 64 << 10,
            headers: 100,
            header_time: Duration::from_secs(30),
            drain: Duration::from_secs(10),
        }
    }
}

/// Says that the server stops, to those who would go on without end.
#[derive(Clone, Debug)]
pub(crate) struct Stopping(watch::Receiver<bool>);

impl Stopping {
    /// Waits until the server stops.
    pub(crate) async fn wait(&mut self) {
        // An error: the server is gone already.
        let _ = self.0.wait_for(|stopping| *stopping).await;
    }
}

/// A pause after the operating system refused a connection (no more file descriptors).
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves until `shutdown` ends; then takes no more connections, and gives those that are open time to finish.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    limits: Limits,
    shutdown: impl Future<Output = ()>,
) {
    let (stop, stopping) = watch::channel(false);
    let router = router.layer(Extension(Stopping(stopping.clone())));
    let slots = Arc::new(Semaphore::new(limits.connections));
    let mut connections = JoinSet::new();
    tokio::pin!(shutdown);
    loop {
        let accepted = async {
            let slot = Arc::clone(&slots).acquire_owned().await;
            (listener.accept().await, slot)
        };
        tokio::select! {
            () = &mut shutdown => break,
            Some(_) = connections.join_next() => {}
            (accepted, slot) = accepted => match accepted {
                Ok((stream, _)) => {
                    let connection = connection(stream, router.clone(), limits.clone(), Stopping(stopping.clone()));
                    connections.spawn(async move {
                        connection.await;
                        drop(slot);
                    });
                }
                Err(error) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "a connection could not be accepted");
                    sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
    drop(listener);
    // Nobody listening any more is no error.
    let _ = stop.send(true);
    let drained = timeout(limits.drain, async { while connections.join_next().await.is_some() {} }).await;
    if drained.is_err() {
        tracing::warn!(connections = connections.len(), "requests in flight did not end in time");
    }
}

async fn connection(stream: TcpStream, router: Router, limits: Limits, mut stopping: Stopping) {
    // Without it small answers wait for acknowledgements; where it cannot be set, they do.
    let _ = stream.set_nodelay(true);
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_time)
        .max_headers(limits.headers)
        .max_buf_size(limits.header_bytes)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stopping.wait() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(error = &error as &dyn std::error::Error, "a connection ended early");
    }
}
