//! A TCP proxy that behaves badly when told to.

use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

/// What the proxy does, from now on and to the connections that stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Carries bytes both ways.
    Pass,
    /// Carries those of new connections; one that hangs goes on hanging.
    PassNew,
    /// Takes connections and carries nothing, never again on those.
    Hang,
    /// Ends every connection as soon as it stands.
    Cut,
    /// Takes no connections.
    Refuse,
}

impl Mode {
    fn passes(self) -> bool {
        matches!(self, Self::Pass | Self::PassNew)
    }
}

/// A proxy before one server; ends with this value.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    mode: watch::Sender<Mode>,
    /// How many connections are carried.
    carried: watch::Sender<usize>,
    task: JoinHandle<()>,
}

impl Proxy {
    /// One before a loopback port.
    pub async fn before(port: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (mode, seen) = watch::channel(Mode::Pass);
        let target = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let carried = watch::Sender::new(0);
        let task = tokio::spawn(run(listener, target, seen, carried.clone()));
        Self { address, mode, carried, task }
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Changes what it does; from the return on nothing is carried that should not be.
    pub async fn set(&self, mode: Mode) {
        self.mode.send_replace(mode);
        if !mode.passes() {
            self.carried.subscribe().wait_for(|carried| *carried == 0).await.unwrap();
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn run(
    listener: TcpListener,
    target: SocketAddr,
    mut mode: watch::Receiver<Mode>,
    carried: watch::Sender<usize>,
) {
    let address = listener.local_addr().unwrap();
    let mut listener = Some(listener);
    let mut connections = JoinSet::new();
    loop {
        let now = *mode.borrow_and_update();
        if now == Mode::Refuse {
            listener = None;
        } else if listener.is_none() {
            listener = Some(TcpListener::bind(address).await.unwrap());
        }
        tokio::select! {
            changed = mode.changed() => if changed.is_err() { return },
            Some(accepted) = accept(listener.as_ref()) => {
                connections.spawn(serve(accepted, target, mode.clone(), carried.clone()));
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn accept(listener: Option<&TcpListener>) -> Option<TcpStream> {
    let (stream, _) = listener?.accept().await.ok()?;
    Some(stream)
}

async fn serve(
    mut client: TcpStream,
    target: SocketAddr,
    mut mode: watch::Receiver<Mode>,
    carried: watch::Sender<usize>,
) {
    // Counted before the mode is looked at, so that who changes it waits for this.
    carried.send_modify(|carried| *carried += 1);
    let now = *mode.borrow_and_update();
    if now.passes() {
        tokio::select! {
            () = carry(&mut client, target) => {}
            _ = mode.wait_for(|mode| !mode.passes()) => {}
        }
    }
    carried.send_modify(|carried| *carried -= 1);
    // What hangs carries nothing more, so that nothing arrives late.
    let _ = mode.wait_for(|mode| !matches!(mode, Mode::Hang | Mode::PassNew)).await;
}

async fn carry(client: &mut TcpStream, target: SocketAddr) {
    if let Ok(mut server) = TcpStream::connect(target).await {
        // Pieces go on as they come: held back for more of them, some would be 40 ms late.
        let _ = client.set_nodelay(true).and_then(|()| server.set_nodelay(true));
        let _ = tokio::io::copy_bidirectional(client, &mut server).await;
    }
}
