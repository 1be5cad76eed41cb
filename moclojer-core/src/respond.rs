//! One request in, one answer out: pure, synchronous, without I/O.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use std::net::SocketAddr;
use std::sync::Arc;

use crate::source::Place;

/// What answers requests: the host table and what holds for all hosts.
#[derive(Debug)]
pub struct Responder {}

/// A request's head, borrowed from whoever received it.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The method.
    pub method: &'a Method,
    /// The target as it was sent: origin form, absolute form or `*`.
    pub target: &'a Uri,
    /// All headers.
    pub headers: &'a HeaderMap,
    /// The peer, where there is one.
    pub peer: Option<SocketAddr>,
}

/// How much of the request's body is known.
#[derive(Clone, Copy, Debug)]
pub enum Body<'a> {
    /// It was not read yet; an endpoint that needs it makes [`Step::ReadBody`].
    Unread,
    /// All of it; empty when the request has none.
    Read(&'a Bytes),
}

/// What comes next.
#[derive(Debug)]
pub enum Step {
    /// Read the body and ask again.
    ReadBody,
    /// The answer.
    Answer(Answer),
}

/// An answer, ready to be sent.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// Headers in order; a name may stand more than once.
    pub headers: Headers,
    /// The body; the sender leaves it out for HEAD and keeps its length.
    pub body: Bytes,
    /// What the log says of it.
    pub outcome: Outcome,
}

/// Headers of an answer, shared with the endpoint where they never change.
#[derive(Clone, Debug)]
pub enum Headers {
    /// Made when the file was loaded.
    Fixed(Arc<[(HeaderName, HeaderValue)]>),
    /// Made for this answer.
    Made(Vec<(HeaderName, HeaderValue)>),
}

/// Why the answer is what it is.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// An endpoint answered.
    Matched(Arc<EndpointLabel>),
    /// An endpoint was chosen but could not answer: the reason (500, 501).
    Failed(Arc<EndpointLabel>, String),
    /// No endpoint answered (400, 404, 405), with the nearest ones where they were looked for.
    Unmatched(Vec<NearMiss>),
    /// The server's own answer (`GET /`, OPTIONS, preflight).
    Own,
}

/// How people know an endpoint.
#[derive(Debug)]
pub struct EndpointLabel {
    /// Its `router-name`.
    pub name: Option<Box<str>>,
    /// Its method, `ANY` included.
    pub method: Box<str>,
    /// Its path as written.
    pub path: Box<str>,
    /// Where it stands.
    pub place: Place,
}

/// An endpoint that almost answered.
#[derive(Clone, Debug)]
pub struct NearMiss {
    /// Which one.
    pub endpoint: Arc<EndpointLabel>,
    /// The first reason that it did not.
    pub reason: String,
}

impl Responder {
    /// Answers `request`; with [`Body::Unread`] it may ask for the body first.
    pub fn respond(&self, _request: &Request<'_>, _body: Body<'_>) -> Step {
        Step::ReadBody
    }
}
