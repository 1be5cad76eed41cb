//! One request over one connection: checks its head, reads its body where there is one, asks the
//! responder, logs, and hands hyper the answer. What is answered is not known here.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING, UPGRADE};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;

use super::Respond;
use super::refusal::{self, Refusal};
use super::vitals::{Phase, Vitals};
use crate::respond::{Answer, Body, Headers, Request, Step, Wait};

type Response = http::Response<Full<Bytes>>;

/// A request's header map with more places than this is not kept for the answer: an idle connection
/// would hold on to it, at some hundred bytes a place.
const KEPT_HEADERS: usize = 6;

/// A body of a request: hyper's own, or one of whoever serves the connection.
pub trait RequestBody: hyper::body::Body<Data = Bytes, Error: std::fmt::Display> + Unpin {}

impl<B: hyper::body::Body<Data = Bytes, Error: std::fmt::Display> + Unpin> RequestBody for B {}

/// What hyper asks for answers, one a connection.
#[derive(Debug)]
pub(super) struct Service<R> {
    responder: Arc<R>,
    vitals: Arc<Vitals>,
    peer: Option<SocketAddr>,
}

impl<R> Service<R> {
    pub(super) fn new(responder: Arc<R>, vitals: Arc<Vitals>, peer: Option<SocketAddr>) -> Self {
        Self { responder, vitals, peer }
    }
}

impl<R> Clone for Service<R> {
    fn clone(&self) -> Self {
        Self::new(Arc::clone(&self.responder), Arc::clone(&self.vitals), self.peer)
    }
}

impl<R: Respond, B: RequestBody> hyper::service::Service<http::Request<B>> for Service<R> {
    type Response = Response;
    type Error = Infallible;
    type Future = Answering<R, B>;

    fn call(&self, request: http::Request<B>) -> Answering<R, B> {
        let begun = Instant::now();
        let (head, body) = request.into_parts();
        let mut wait = None;
        let answer = match self.begin(&head, &body) {
            Ok(Step::Answer(answer)) => Some(answer),
            Ok(Step::ReadBody) => None,
            Ok(Step::Wait(ready)) => {
                wait = Some(ready);
                None
            }
            Err(refusal) if matches!(refusal, Refusal::BodyTooLarge(_)) => {
                let answer = self.refuse(refusal, &head);
                return Answering::Ready(Some(self.finish(head, answer, Body::Unread, begun)));
            }
            Err(refusal) => Some(self.refuse(refusal, &head)),
        };
        if body.is_end_stream() {
            if let Some(wait) = wait {
                self.vitals.enter(Phase::Body);
                return Answering::Waiting(self.clone().later(wait, head, Bytes::new(), begun));
            }
            let answer = answer.unwrap_or_else(|| self.asked_twice(&head));
            return Answering::Ready(Some(self.finish(head, answer, Body::Read(&Bytes::new()), begun)));
        }
        self.vitals.enter(Phase::Body);
        let read = Collected::new(answer.is_none(), self.vitals.shared().limits.body_bytes, &body);
        let service = self.clone();
        Answering::Reading(Box::new(Reading { service, head: Some(head), body, read, answer, wait, begun }))
    }
}

impl<R: Respond> Service<R> {
    fn request<'a>(&self, head: &'a Parts) -> Request<'a> {
        Request { method: &head.method, target: &head.uri, headers: &head.headers, peer: self.peer }
    }

    /// What can be said before the body is read.
    fn begin(&self, head: &Parts, body: &impl RequestBody) -> Result<Step, Refusal> {
        let limits = &self.vitals.shared().limits;
        let request = self.request(head);
        refusal::check_head(&request, head.version, limits)?;
        if body.is_end_stream() {
            return Ok(self.responder.respond(&request, Body::Read(&Bytes::new())));
        }
        if body.size_hint().lower() > limits.body_bytes as u64 {
            return Err(Refusal::BodyTooLarge(limits.body_bytes));
        }
        Ok(self.responder.respond(&request, Body::Unread))
    }

    /// The answer once the body is there, or what it has to wait for.
    fn respond(&self, head: &Parts, body: &Bytes) -> Result<Answer, Wait> {
        match self.responder.respond(&self.request(head), Body::Read(body)) {
            Step::Answer(answer) => Ok(answer),
            Step::ReadBody => Ok(self.asked_twice(head)),
            Step::Wait(wait) => Err(wait),
        }
    }

    fn asked_twice(&self, head: &Parts) -> Answer {
        let why = "the whole body was read and the mock asked for it again".to_owned();
        self.refuse(Refusal::BadAnswer(why), head)
    }

    /// Asks again each time that a wait has ended, for as long as a mock may take.
    fn later(self, mut wait: Wait, head: Parts, body: Bytes, begun: Instant) -> Later {
        Box::pin(async move {
            let most = Duration::from_millis(self.vitals.shared().limits.ready_ms);
            let answered = tokio::time::timeout(most, async {
                loop {
                    wait.ended().await;
                    match self.respond(&head, &body) {
                        Ok(answer) => return answer,
                        Err(more) => wait = more,
                    }
                }
            });
            let answer = answered.await.unwrap_or_else(|_| self.refuse(Refusal::NotReady, &head));
            self.finish(head, answer, Body::Read(&body), begun)
        })
    }

    fn refuse(&self, refusal: Refusal, head: &Parts) -> Answer {
        if refusal.ends_connection() {
            self.vitals.linger();
        }
        refusal.answer(&self.request(head))
    }

    /// Logs the answer, with what is known of the request's body, and gives it hyper's form.
    fn finish(&self, head: Parts, mut answer: Answer, body: Body<'_>, begun: Instant) -> Response {
        if answer.status.is_informational() {
            let why = format!("the mock answered {}, which cannot end an answer", answer.status.as_u16());
            answer = self.refuse(Refusal::BadAnswer(why), &head);
        }
        if let Some(log) = &self.vitals.shared().log {
            let request = self.request(&head);
            log.request(&request, &answer, begun, || self.responder.suggest(&request, body));
        }
        self.vitals.enter(Phase::Writing);
        let bodyless = matches!(answer.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
        let body = if bodyless { Bytes::new() } else { answer.body };
        let mut response = http::Response::new(Full::new(body));
        *response.status_mut() = answer.status;
        *response.headers_mut() = header_map(head.headers, answer.headers);
        if self.vitals.lingers() {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}

/// The answer's headers, in the storage of the request's. hyper takes it back for the next request, so a
/// connection allocates one map in its life.
fn header_map(mut map: HeaderMap, headers: Headers) -> HeaderMap {
    if map.capacity() > KEPT_HEADERS {
        map = HeaderMap::new();
    } else {
        map.clear();
    }
    let mut append = |name: HeaderName, value: HeaderValue| {
        if !is_framing(&name) {
            // Fails past 32,768 fields, which no mock can declare.
            let _ = map.try_append(name, value);
        }
    };
    match headers {
        Headers::Fixed(fields) => fields.iter().for_each(|(name, value)| append(name.clone(), value.clone())),
        Headers::Made(fields) => fields.into_iter().for_each(|(name, value)| append(name, value)),
    }
    map
}

/// Headers that say where an answer ends: hyper writes them, and would send a wrong one as it is.
fn is_framing(name: &HeaderName) -> bool {
    *name == CONTENT_LENGTH || *name == TRANSFER_ENCODING || *name == CONNECTION || *name == UPGRADE
}

/// An answer that is there, or one whose request is still arriving.
pub(super) enum Answering<R: Respond, B = Incoming> {
    /// Taken by the first poll.
    Ready(Option<Response>),
    /// Boxed: most requests have no body.
    Reading(Box<Reading<R, B>>),
    /// Seldom: while a mock is made ready.
    Waiting(Later),
}

/// An answer that comes once its mock is ready.
type Later = Pin<Box<dyn Future<Output = Response> + Send>>;

impl<R: Respond, B: RequestBody> Future for Answering<R, B> {
    type Output = Result<Response, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let answering = self.get_mut();
        match answering {
            Self::Ready(response) => match response.take() {
                Some(response) => Poll::Ready(Ok(response)),
                None => Poll::Pending,
            },
            Self::Reading(reading) => match ready!(reading.poll(cx)) {
                Ok(response) => Poll::Ready(Ok(response)),
                Err(mut later) => {
                    let answer = later.as_mut().poll(cx);
                    *answering = Self::Waiting(later);
                    answer.map(Ok)
                }
            },
            Self::Waiting(answer) => answer.as_mut().poll(cx).map(Ok),
        }
    }
}

/// A request whose body is arriving.
#[derive(Debug)]
pub(super) struct Reading<R, B> {
    service: Service<R>,
    /// Taken at the end.
    head: Option<Parts>,
    body: B,
    read: Collected,
    /// Already known where nobody needs the body.
    answer: Option<Answer>,
    /// What the mock waited for before the body was read.
    wait: Option<Wait>,
    begun: Instant,
}

impl<R: Respond, B: RequestBody> Reading<R, B> {
    /// The answer, or what gives it later.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<Response, Later>> {
        let refusal = loop {
            match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
                None => break None,
                Some(Err(error)) => break Some(Refusal::BodyBroken(error.to_string())),
                Some(Ok(frame)) => {
                    if let Some(data) = frame.data_ref()
                        && !self.read.take(data)
                    {
                        break Some(Refusal::BodyTooLarge(self.read.limit));
                    }
                }
            }
        };
        let Some(head) = self.head.take() else {
            return Poll::Pending;
        };
        let (answer, body) = match (refusal, self.answer.take()) {
            (Some(refusal), _) => (self.service.refuse(refusal, &head), None),
            (None, Some(answer)) => (answer, None),
            (None, None) => {
                let body = self.read.finish();
                let answered = match self.wait.take() {
                    Some(wait) => Err(wait),
                    None => self.service.respond(&head, &body),
                };
                match answered {
                    Ok(answer) => (answer, Some(body)),
                    Err(wait) => {
                        return Poll::Ready(Err(self.service.clone().later(wait, head, body, self.begun)));
                    }
                }
            }
        };
        let body = body.as_ref().map_or(Body::Unread, Body::Read);
        Poll::Ready(Ok(self.service.finish(head, answer, body, self.begun)))
    }
}

/// A body as far as it has come, bounded.
#[derive(Debug)]
struct Collected {
    keep: bool,
    limit: usize,
    length: usize,
    /// A body that came in one piece is not copied.
    first: Bytes,
    rest: Vec<u8>,
    expected: usize,
}

impl Collected {
    fn new(keep: bool, limit: usize, body: &impl RequestBody) -> Self {
        let expected = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX).min(limit);
        Self { keep, limit, length: 0, first: Bytes::new(), rest: Vec::new(), expected }
    }

    /// Adds a piece; false when the body is past the limit.
    fn take(&mut self, data: &Bytes) -> bool {
        self.length = self.length.saturating_add(data.len());
        if self.length > self.limit {
            return false;
        }
        if !self.keep || data.is_empty() {
            return true;
        }
        if self.first.is_empty() && self.rest.is_empty() {
            self.first = data.clone();
            return true;
        }
        if self.rest.is_empty() {
            // A client's word for the length is believed for as much as it has shown to send.
            self.rest.reserve(self.expected.min(64 << 10).max(self.length));
            self.rest.extend_from_slice(&self.first);
            self.first = Bytes::new();
        }
        self.rest.extend_from_slice(data);
        true
    }

    fn finish(&mut self) -> Bytes {
        if self.rest.is_empty() {
            std::mem::take(&mut self.first)
        } else {
            std::mem::take(&mut self.rest).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_that_frame_an_answer_are_never_taken_from_a_mock() {
        let field = |name: HeaderName, value| (name, HeaderValue::from_static(value));
        let fields = vec![
            field(CONTENT_LENGTH, "7"),
            field(TRANSFER_ENCODING, "chunked"),
            field(UPGRADE, "h2c"),
            field(CONNECTION, "keep-alive"),
            field(http::header::SET_COOKIE, "a=1"),
            field(http::header::SET_COOKIE, "b=2"),
        ];
        for headers in [Headers::Fixed(fields.clone().into()), Headers::Made(fields)] {
            let map = header_map(HeaderMap::new(), headers);
            assert_eq!(map.len(), 2, "{map:?}");
            assert_eq!(map.get_all(http::header::SET_COOKIE).iter().count(), 2);
        }
    }

    #[test]
    fn a_large_request_header_map_is_not_kept() {
        let map = header_map(HeaderMap::with_capacity(200), Headers::Made(Vec::new()));
        assert!(map.capacity() <= KEPT_HEADERS);
    }
}
