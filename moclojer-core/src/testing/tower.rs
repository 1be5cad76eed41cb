//! Mocks as a [`tower_service::Service`], for clients that take one in the place of a connection.
//!
//! Such clients send bodies of their own types, so a body is whatever can be read to its end.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body_util::combinators::Collect;
use http_body_util::{BodyExt, Full};
use hyper::body::Body;

use super::mocks::{Inner, Mocks};

/// Mocks as a service: a clone asks the same mocks. Always ready; answers as soon as the request's body was read.
///
/// A body is anything of the crate `http-body`: a `String`, a [`Full`], the body type of hyper, reqwest or axum.
#[derive(Clone)]
pub struct MockService(Arc<Inner>);

impl Mocks {
    /// These mocks as a [`tower_service::Service`]. It may outlive them; what they expect is looked at when they end.
    pub fn service(&self) -> MockService {
        MockService(Arc::clone(self.inner()))
    }
}

/// Fails only where the request's body does.
impl<B: Body> tower_service::Service<http::Request<B>> for MockService {
    type Response = http::Response<Full<Bytes>>;
    type Error = B::Error;
    type Future = MockAnswer<B>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), B::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<B>) -> MockAnswer<B> {
        let (head, body) = request.into_parts();
        MockAnswer { mocks: Arc::clone(&self.0), head, body: Box::pin(body.collect()) }
    }
}

impl fmt::Debug for MockService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MockService")
    }
}

/// The answer of a [`MockService`]: reads the request's body, then asks the mocks. Dropped before, they are not asked.
#[must_use = "the mocks are asked when it is awaited"]
pub struct MockAnswer<B: Body> {
    mocks: Arc<Inner>,
    head: http::request::Parts,
    body: Pin<Box<Collect<B>>>,
}

impl<B: Body> Future for MockAnswer<B> {
    type Output = Result<http::Response<Full<Bytes>>, B::Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let body = match ready!(self.body.as_mut().poll(cx)) {
            Ok(collected) => collected.to_bytes(),
            Err(error) => return Poll::Ready(Err(error)),
        };
        let request = http::Request::from_parts(self.head.clone(), body);
        Poll::Ready(Ok(self.mocks.call(request).map(Full::new)))
    }
}

impl<B: Body> fmt::Debug for MockAnswer<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the answer to {} {}", self.head.method, self.head.uri)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at what it did not expect")]

    use http::Request;
    use hyper::body::Frame;
    use tower_service::Service;

    use super::*;
    use crate::testing::{get, post, text};

    /// A body in pieces, of which `None` is one that does not come.
    struct Pieces(std::vec::IntoIter<Option<&'static str>>);

    fn pieces<const N: usize>(pieces: [Option<&'static str>; N]) -> Pieces {
        Pieces(Vec::from(pieces).into_iter())
    }

    impl Body for Pieces {
        type Data = Bytes;
        type Error = &'static str;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, &'static str>>> {
            let next = self.0.next();
            Poll::Ready(next.map(|piece| piece.map(|text| Frame::data(text.into())).ok_or("it broke off")))
        }
    }

    async fn asked<B: Body>(mocks: &Mocks, request: Request<B>) -> Result<Bytes, B::Error> {
        let answer = mocks.service().call(request).await?;
        Ok(answer.into_body().collect().await.unwrap().to_bytes())
    }

    #[tokio::test]
    async fn a_body_is_of_any_type_and_read_to_its_end() {
        let mocks = Mocks::new();
        mocks.mock(post("/").respond_with(|request| text(request.body_text())));
        let posted = |body| Request::post("/").body(body).unwrap();
        assert_eq!(asked(&mocks, posted("a text".to_owned())).await.unwrap(), "a text");
        let full = Request::post("/").body(Full::new(Bytes::from("bytes"))).unwrap();
        assert_eq!(asked(&mocks, full).await.unwrap(), "bytes");
        let in_pieces = Request::post("/").body(pieces([Some("in "), Some("pieces")])).unwrap();
        assert_eq!(asked(&mocks, in_pieces).await.unwrap(), "in pieces");
    }

    #[tokio::test]
    async fn mocks_are_not_asked_where_the_body_breaks_off() {
        let mocks = Mocks::new();
        mocks.mock(post("/").respond(204).never());
        let broken = Request::post("/").body(pieces([Some("in "), None])).unwrap();
        assert_eq!(asked(&mocks, broken).await, Err("it broke off"));
        assert_eq!(mocks.received(), 0);
    }

    #[tokio::test]
    async fn a_service_outlives_its_mocks_and_clones_ask_the_same() {
        let mocks = Mocks::new();
        let hello = mocks.mock(get("/").respond("hi").expect(2));
        let mut service = mocks.service();
        for mut service in [service.clone(), service.clone()] {
            service.call(Request::new(String::new())).await.unwrap();
        }
        assert_eq!(hello.calls(), 2);
        drop(mocks);
        assert_eq!(service.call(Request::new(String::new())).await.unwrap().status(), 200);
    }
}
