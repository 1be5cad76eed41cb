//! One connection from its first byte to its last, over any byte stream. HTTP/2 and TLS will choose here.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use hyper::server::conn::http1;
use tokio::io::{AsyncRead, AsyncWrite};

use super::Respond;
use super::limits::Limits;
use super::service::Service;
use super::stream::Stream;
use super::sweep::Presence;
use super::vitals::{Mark, Phase};

/// How hyper is set up at first, the same for every connection. Its bound on a head's bytes stands above
/// ours: its own 431 has no body. Its bound on fields is its default, a hundred (see [`Stream`]).
pub(super) fn http1_builder(limits: &Limits) -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        .header_read_timeout(None)
        .max_buf_size(limits.header_bytes.saturating_mul(2).saturating_add(16 << 10));
    builder
}

/// The same with a bound on fields that stands above ours, for connections that have shown the need.
fn http1_builder_with_room(limits: &Limits) -> http1::Builder {
    let mut builder = http1_builder(limits);
    builder.max_headers(limits.header_fields.clamp(100, Limits::MAX_HEADER_FIELDS) + 16);
    builder
}

/// Serves HTTP/1.1 over `io` until either side ends, a limit is passed, or the server shuts down.
pub(super) fn serve_http1<T, R>(
    io: T,
    peer: Option<SocketAddr>,
    responder: Arc<R>,
    builder: &http1::Builder,
    presence: Presence,
) -> Connection<T, R>
where
    T: AsyncRead + AsyncWrite + Unpin,
    R: Respond,
{
    let stream = Stream::new(io, Arc::clone(presence.vitals()));
    let service = Service::new(responder, Arc::clone(presence.vitals()), peer);
    let stage = Stage::Http(builder.serve_connection(stream, service));
    Connection { stage, presence, registered: false, draining: false }
}

/// The future of one connection; it gives nothing when it is over.
pub(super) struct Connection<T, R: Respond> {
    stage: Stage<T, R>,
    presence: Presence,
    registered: bool,
    draining: bool,
}

#[expect(clippy::large_enum_variant, reason = "the large one is the rule; a box would cost every connection")]
enum Stage<T, R: Respond> {
    Http(http1::Connection<Stream<T>, Service<R>>),
    Lingering(Stream<T>),
    Over,
}

impl<T, R> Future for Connection<T, R>
where
    T: AsyncRead + AsyncWrite + Unpin,
    R: Respond,
{
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Self { stage, presence, registered, draining } = self.get_mut();
        let vitals = presence.vitals();
        if !*registered {
            // A task's waker never changes, so once is enough.
            vitals.register(cx.waker());
            *registered = true;
        }
        let mark = vitals.mark();
        if mark == Mark::Close || vitals.shared().is_closing() {
            return Poll::Ready(());
        }
        while let Stage::Http(connection) = stage {
            if mark == Mark::Drain && !*draining {
                *draining = true;
                Pin::new(&mut *connection).graceful_shutdown();
            }
            match Pin::new(connection).poll(cx) {
                Poll::Pending if vitals.take_wants_room() => {
                    let mut builder = http1_builder_with_room(&vitals.shared().limits);
                    stage.make_room(builder.keep_alive(!*draining));
                }
                Poll::Pending => return Poll::Pending,
                Poll::Ready(result) => {
                    let refused_by_hyper = result.is_err_and(|error| error.is_parse());
                    if !refused_by_hyper && !vitals.lingers() {
                        return Poll::Ready(());
                    }
                    vitals.enter(Phase::Lingering);
                    stage.linger();
                }
            }
        }
        match stage {
            Stage::Lingering(stream) => stream.poll_discard(cx),
            Stage::Http(_) | Stage::Over => Poll::Ready(()),
        }
    }
}

impl<T, R> Stage<T, R>
where
    T: AsyncRead + AsyncWrite + Unpin,
    R: Respond,
{
    /// Goes on with a hyper that reads more fields. No request is running: a head was arriving.
    fn make_room(&mut self, builder: &http1::Builder) {
        if let Self::Http(connection) = std::mem::replace(self, Self::Over) {
            let parts = connection.into_parts();
            let stream = parts.io.with_room(&parts.read_buf);
            *self = Self::Http(builder.serve_connection(stream, parts.service));
        }
    }

    fn linger(&mut self) {
        if let Self::Http(connection) = std::mem::replace(self, Self::Over) {
            *self = Self::Lingering(connection.into_parts().io);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::respond::Responder;
    use tokio::net::TcpStream;

    #[test]
    fn an_idle_connection_costs_little_beyond_the_buffer_of_hyper() {
        let bytes = std::mem::size_of::<Connection<TcpStream, Responder>>();
        let bare = std::mem::size_of::<http1::Connection<Stream<TcpStream>, Service<Responder>>>();
        assert!(bytes <= bare + 64, "{bytes} bytes, hyper's part is {bare}");
        assert!(bytes <= 1200, "{bytes} bytes");
    }
}
