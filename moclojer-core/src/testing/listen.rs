//! A mock server's port: from a responder to an address of loopback that answers, and back.
//!
//! All servers of a process share one thread, or a few when many run at one time (`thread`), and one pool of ports (`pool`). A
//! port keeps its listener and the task that accepts from it (`port`); a server is put on it and taken off. What answers is
//! not known here.
//!
//! - Starting and stopping a server on a rested port makes no system call and wakes nobody, but that the first stop after
//!   a quiet time wakes the thread once.
//! - Whoever connects to a stopped server is cut off, and no other server of the process gets the port while that may
//!   still happen.

mod pool;
mod port;
mod system;
#[cfg(test)]
mod tests;
mod thread;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, LazyLock};

use crate::serve::{Connections, Options, Respond};
use pool::{Pool, Settings};
use port::Port;

/// A server on a port of loopback; dropping it stops it.
#[derive(Debug)]
pub(crate) struct Listening<R: Respond> {
    pool: Arc<Pool>,
    port: Arc<Port>,
    #[cfg_attr(not(test), expect(dead_code, reason = "it lives as long as the server does"))]
    connections: Arc<Connections<R>>,
}

impl<R: Respond> Listening<R> {
    /// Listens on 127.0.0.1, on a port that no other server of this process has had for a second at least. Works inside
    /// and outside of any runtime.
    ///
    /// # Errors
    /// The system gives no thread or no port; the message says what to do.
    pub(crate) fn start(responder: Arc<R>, options: Options) -> io::Result<Self> {
        Self::start_in(process_pool(), responder, options)
    }

    fn start_in(pool: &Arc<Pool>, responder: Arc<R>, options: Options) -> io::Result<Self> {
        let connections = Arc::new(Connections::new(responder, options));
        let port = pool.take()?;
        port.put(Arc::clone(&connections) as Arc<dyn port::Occupant>);
        Ok(Self { pool: Arc::clone(pool), port, connections })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.port.address()
    }

    /// The beginning of its URLs: `http://127.0.0.1:49152`.
    pub(crate) fn base(&self) -> &Arc<str> {
        self.port.base()
    }

    /// How many connections are open.
    #[cfg(test)]
    pub(crate) fn open_connections(&self) -> usize {
        self.connections.shared().open()
    }
}

impl<R: Respond> Drop for Listening<R> {
    /// Closes its connections at once, running requests too; whoever connects later is cut off.
    fn drop(&mut self) {
        self.pool.give_back(&self.port);
    }
}

/// Runs a future on the first thread of the mock servers. Where the system gives no such thread, the future is dropped.
pub(crate) fn spawn(future: impl Future<Output = ()> + Send + 'static) {
    if let Ok(runtime) = thread::runtime(0) {
        runtime.spawn(future);
    }
}

/// The pool of this process.
fn process_pool() -> &'static Arc<Pool> {
    static POOL: LazyLock<Arc<Pool>> = LazyLock::new(|| {
        Pool::new(Settings::of_process(), Box::new(|number| thread::runtime(number).cloned()))
    });
    &POOL
}
