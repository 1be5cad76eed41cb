//! Mocks as a [`tower_service::Service`], for clients that take one in the place of a connection.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};

use super::mocks::{Inner, Mocks};

/// Mocks as a service over requests with any body of [`http_body`](hyper::body::Body); a clone asks the same mocks.
///
/// Always ready. It reads the whole body, then answers; a body that cannot be read is answered with 400, and the
/// request counts as not received.
#[derive(Clone)]
pub struct MockService(Arc<Inner>);

impl Mocks {
    /// These mocks as a [`tower_service::Service`]. It may outlive them; what they expect is looked at when they end.
    pub fn service(&self) -> MockService {
        MockService(Arc::clone(self.inner()))
    }
}

impl<B> tower_service::Service<Request<B>> for MockService
where
    B: hyper::body::Body<Data = Bytes, Error: fmt::Display> + Send + 'static,
{
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let inner = Arc::clone(&self.0);
        let (head, body) = request.into_parts();
        // Pinned in its box, so that a body that must not move may be read.
        let body = Box::pin(body.collect());
        Box::pin(async move {
            let answer = match body.await {
                Ok(body) => inner.call(Request::from_parts(head, body.to_bytes())),
                Err(error) => unreadable(&error.to_string()),
            };
            Ok(answer.map(Full::new))
        })
    }
}

fn unreadable(why: &str) -> Response<Bytes> {
    let mut response = Response::new(format!("the request's body cannot be read: {why}").into());
    *response.status_mut() = StatusCode::BAD_REQUEST;
    response
}

impl fmt::Debug for MockService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MockService")
    }
}
