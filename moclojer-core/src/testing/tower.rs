//! Mocks as a [`tower_service::Service`], for clients that take one in the place of a connection.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::Full;

use super::mocks::{Inner, Mocks};

/// Mocks as a service: a clone asks the same mocks. Always ready, and answers at once.
#[derive(Clone)]
pub struct MockService(Arc<Inner>);

impl Mocks {
    /// These mocks as a [`tower_service::Service`]. It may outlive them; what they expect is looked at when they end.
    pub fn service(&self) -> MockService {
        MockService(Arc::clone(self.inner()))
    }
}

impl<B: Into<Bytes>> tower_service::Service<http::Request<B>> for MockService {
    type Response = http::Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        ready(Ok(self.0.call(request).map(Full::new)))
    }
}

impl std::fmt::Debug for MockService {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MockService")
    }
}
