//! The connections of one server: whoever accepts hands them over, and each is served in a task of its own. Listeners are
//! not known here, nor is the sweep that keeps limits of time: whoever wants it starts one.

use std::net::SocketAddr;
use std::sync::Arc;

use hyper::server::conn::http1;
use tokio::net::TcpStream;

use super::connection::{http1_builder, serve_http1};
use super::sweep::{Presence, Shared};
use super::{Options, Respond};

/// What serves the connections of one server.
#[derive(Debug)]
pub(crate) struct Connections<R> {
    responder: Arc<R>,
    builder: http1::Builder,
    shared: Arc<Shared>,
}

impl<R: Respond> Connections<R> {
    /// Serves from `responder`.
    pub(crate) fn new(responder: Arc<R>, options: Options) -> Self {
        let builder = http1_builder(&options.limits);
        Self { responder, builder, shared: Arc::new(Shared::new(options.limits, options.log)) }
    }

    /// What the connections share: how many are open, what is asked of them.
    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Serves a connection until its end, in a task of the runtime that this is called in. Makes no system call.
    pub(crate) fn serve(&self, io: TcpStream, peer: SocketAddr) {
        let presence = Presence::new(&self.shared);
        tokio::spawn(serve_http1(io, Some(peer), Arc::clone(&self.responder), &self.builder, presence));
    }
}
