//! A TCP proxy that behaves badly when told to.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{ReadHalf, WriteHalf};
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
    /// Carries bytes both ways, each piece so much later.
    Late(Duration),
    /// Carries so many bytes more on each connection each way, then ends it in the middle of whatever it was.
    CutAfter(usize),
    /// Takes connections and carries nothing, never again on those: they stand half-open.
    Hang,
    /// Ends every connection as soon as it stands.
    Cut,
    /// Takes no connections.
    Refuse,
}

impl Mode {
    fn passes(self) -> bool {
        matches!(self, Self::Pass | Self::PassNew | Self::Late(_) | Self::CutAfter(_))
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
        let seen = mode.clone();
        tokio::select! {
            () = carry(&mut client, target, seen) => {}
            _ = mode.wait_for(|mode| !mode.passes()) => {}
        }
    }
    carried.send_modify(|carried| *carried -= 1);
    // What hangs carries nothing more, so that nothing arrives late.
    let _ = mode.wait_for(|mode| !matches!(mode, Mode::Hang | Mode::PassNew)).await;
}

async fn carry(client: &mut TcpStream, target: SocketAddr, mode: watch::Receiver<Mode>) {
    if let Ok(mut server) = TcpStream::connect(target).await {
        // Pieces go on as they come: held back for more of them, some would be 40 ms late.
        let _ = client.set_nodelay(true).and_then(|()| server.set_nodelay(true));
        let (from_client, to_client) = client.split();
        let (from_server, to_server) = server.split();
        let there = one_way(from_client, to_server, mode.clone());
        let back = one_way(from_server, to_client, mode);
        let _ = tokio::try_join!(there, back);
    }
}

async fn one_way(
    mut from: ReadHalf<'_>,
    mut to: WriteHalf<'_>,
    mode: watch::Receiver<Mode>,
) -> io::Result<()> {
    let mut buffer = vec![0; 16 << 10];
    let mut since_cutting = 0;
    loop {
        let count = from.read(&mut buffer).await?;
        if count == 0 {
            return to.shutdown().await;
        }
        let mut piece = &buffer[..count];
        let now = *mode.borrow();
        match now {
            Mode::Late(time) => tokio::time::sleep(time).await,
            Mode::CutAfter(bytes) => {
                piece = &piece[..count.min(bytes.saturating_sub(since_cutting))];
                since_cutting += count;
            }
            _ => since_cutting = 0,
        }
        to.write_all(piece).await?;
        if piece.len() < count {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    /// A server that says `answer` to whoever connects and ends, behind a proxy.
    async fn spoken(answer: &'static [u8], mode: Mode) -> (Proxy, JoinHandle<()>) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let proxy = Proxy::before(listener.local_addr().unwrap().port()).await;
        proxy.set(mode).await;
        let server = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let _ = stream.write_all(answer).await;
            }
        });
        (proxy, server)
    }

    async fn hear(proxy: &Proxy) -> Vec<u8> {
        let mut heard = Vec::new();
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, proxy.port())).await.unwrap();
        let limit = Duration::from_millis(500);
        let _ = tokio::time::timeout(limit, stream.read_to_end(&mut heard)).await;
        heard
    }

    #[tokio::test]
    async fn a_stream_is_cut_in_the_middle() {
        let (proxy, server) = spoken(b"0123456789", Mode::CutAfter(4)).await;
        assert_eq!(hear(&proxy).await, b"0123");
        proxy.set(Mode::Pass).await;
        assert_eq!(hear(&proxy).await, b"0123456789");
        server.abort();
    }

    #[tokio::test]
    async fn bytes_are_late() {
        let (proxy, server) = spoken(b"0123456789", Mode::Late(Duration::from_millis(100))).await;
        let begin = Instant::now();
        assert_eq!(hear(&proxy).await, b"0123456789");
        assert!(begin.elapsed() >= Duration::from_millis(100));
        server.abort();
    }

    #[tokio::test]
    async fn a_half_open_connection_stays_so_while_new_ones_pass() {
        let (proxy, server) = spoken(b"0123456789", Mode::Hang).await;
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, proxy.port())).await.unwrap();
        assert_eq!(hear(&proxy).await, b"");
        proxy.set(Mode::PassNew).await;
        assert_eq!(hear(&proxy).await, b"0123456789");
        let mut byte = [0];
        let old = tokio::time::timeout(Duration::from_millis(100), stream.read(&mut byte)).await;
        assert!(old.is_err(), "nothing comes, nor does it end: {old:?}");
        server.abort();
    }
}
