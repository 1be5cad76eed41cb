//! One port: a listener, the task that accepts from it, and the server that stands there now, or none. Which server gets
//! which port, and when, is not known here.
//!
//! A connection belongs to the server that stood there when it was accepted, for good. Nobody there: it is cut off.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;
use tokio::task::AbortHandle;

use super::system;
use crate::serve::accept::{self, Trouble};
use crate::serve::{Connections, Respond, Shared};

/// A server, whatever it answers with: asked once a connection, never for a request.
pub(super) trait Occupant: Send + Sync {
    /// Serves a connection in a task of its own; makes no system call.
    fn serve(&self, io: TcpStream, peer: SocketAddr);

    /// What its connections share.
    fn shared(&self) -> &Arc<Shared>;
}

impl<R: Respond> Occupant for Connections<R> {
    fn serve(&self, io: TcpStream, peer: SocketAddr) {
        Connections::serve(self, io, peer);
    }

    fn shared(&self) -> &Arc<Shared> {
        Connections::shared(self)
    }
}

/// A port of loopback.
pub(super) struct Port {
    address: SocketAddr,
    /// Of URLs, made once for all who will stand here.
    base: Arc<str>,
    /// Which thread accepts here.
    lane: usize,
    place: Mutex<Place>,
}

/// What changes of a port. Locked by who starts, stops, accepts and closes, for a system call at most; not by requests.
struct Place {
    /// `None` once the port was closed.
    listener: Option<TcpListener>,
    occupant: Option<Arc<dyn Occupant>>,
    accepting: Option<AbortHandle>,
}

impl Port {
    /// Listens on port `number` (0 takes a free one), accepted from on `runtime`, which is that of thread `lane`; nobody
    /// stands there yet.
    pub(super) fn open(number: u16, lane: usize, runtime: &Handle) -> io::Result<Arc<Self>> {
        let (address, listener) = system::listen(number, runtime)?;
        let place = Place { listener: Some(listener), occupant: None, accepting: None };
        let port = Arc::new(Self {
            address,
            base: format!("http://{address}").into(),
            lane,
            place: Mutex::new(place),
        });
        let accepting = runtime.spawn(accept_all(Arc::clone(&port))).abort_handle();
        port.place().accepting = Some(accepting);
        Ok(port)
    }

    /// Closes the listener before it returns, whoever else is about to do so: the system refuses who comes later, and its
    /// number is free.
    pub(super) fn close(&self) {
        let accepting = {
            let mut place = self.place();
            place.listener = None;
            place.accepting.take()
        };
        if let Some(accepting) = accepting {
            accepting.abort();
        }
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The number of the thread that accepts here.
    pub(super) fn lane(&self) -> usize {
        self.lane
    }

    /// The beginning of a URL to it.
    pub(super) fn base(&self) -> &Arc<str> {
        &self.base
    }

    /// Gives the connections that are accepted from now on to `occupant`.
    pub(super) fn put(&self, occupant: Arc<dyn Occupant>) {
        self.place().occupant = Some(occupant);
    }

    /// Takes the server off; none of the connections that are accepted from now on are its.
    pub(super) fn take_off(&self) -> Option<Arc<dyn Occupant>> {
        self.place().occupant.take()
    }

    fn place(&self) -> MutexGuard<'_, Place> {
        self.place.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn shared(&self) -> Option<Arc<Shared>> {
        self.place().occupant.as_ref().map(|occupant| Arc::clone(occupant.shared()))
    }

    /// The next connection; `None` once the port was closed.
    fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<Option<io::Result<(TcpStream, SocketAddr)>>> {
        match &self.place().listener {
            Some(listener) => listener.poll_accept(cx).map(Some),
            None => Poll::Ready(None),
        }
    }

    /// Gives a connection to whoever stands here.
    fn hand_over(&self, io: TcpStream, peer: SocketAddr) {
        if !system::INHERITS_NO_DELAY {
            // Fails only on a socket that is gone already.
            let _ = io.set_nodelay(true);
        }
        let nobody = {
            // Held until the connection is counted: who takes the server off afterwards finds it among the open ones.
            let place = self.place();
            match &place.occupant {
                Some(occupant) => {
                    occupant.serve(io, peer);
                    None
                }
                None => Some(io),
            }
        };
        if let Some(io) = nobody {
            // A reset: the client learns of it at once, and no port is left in TIME_WAIT. Fails as above.
            let _ = io.set_zero_linger();
        }
    }
}

impl fmt::Debug for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Port").field("address", &self.address).finish_non_exhaustive()
    }
}

/// Accepts until the port is closed.
async fn accept_all(port: Arc<Port>) {
    let mut trouble = Trouble::default();
    loop {
        if let Some(shared) = port.shared() {
            // Ends too when the server is taken off, since that closes its connections.
            accept::room(&shared).await;
        }
        match std::future::poll_fn(|cx| port.poll_accept(cx)).await {
            None => return,
            Some(Ok((io, peer))) => port.hand_over(io, peer),
            Some(Err(error)) if accept::is_about_one_connection(&error) => {}
            Some(Err(error)) => {
                if let Some(shared) = port.shared() {
                    trouble.report(&shared, &error);
                }
                tokio::time::sleep(accept::PAUSE).await;
            }
        }
    }
}
