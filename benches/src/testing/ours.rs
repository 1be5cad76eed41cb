//! Ours, as its documentation shows it: behind a port, and without a socket.

use std::net::SocketAddr;

use anyhow::{Result, ensure};
use bytes::Bytes;
use moclojer_core::testing::{self, Mock, Mocks, get, json};

use super::frame::{BODY, MockServer, PATH};
use super::starts::Cost;

/// A mock server of ours. There is one form of it for tests with and without a runtime.
#[derive(Debug)]
pub(crate) struct Ours(testing::MockServer);

fn hello(path: &str) -> Mock {
    get(path).respond(json!({"hello": "world"}))
}

impl MockServer for Ours {
    async fn start() -> Result<Self> {
        Ok(Self(testing::MockServer::start()))
    }

    async fn mock(&mut self, path: &str) -> Result<()> {
        self.mock_plain(path)
    }

    fn start_plain() -> Result<Option<Self>> {
        Ok(Some(Self(testing::MockServer::start())))
    }

    fn mock_plain(&mut self, path: &str) -> Result<()> {
        self.0.mock(hello(path));
        Ok(())
    }

    fn address(&self) -> SocketAddr {
        self.0.address()
    }
}

/// Runs so many tests without a socket: the same four steps, with a function for the server.
pub(crate) fn without_socket(tests: usize) -> Result<Cost> {
    Cost::of(tests, || (0..tests).try_for_each(|_| test_without_socket()))
}

fn test_without_socket() -> Result<()> {
    let mocks = Mocks::new();
    mocks.mock(hello(PATH));
    let answer = mocks.call(hyper::Request::get(PATH).body(Bytes::new())?);
    ensure!(answer.status() == 200, "status {}, not 200", answer.status());
    ensure!(answer.body() == BODY, "the body is {:?}, not {BODY}", answer.body());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::frame::Frame;
    use super::super::starts::{Shape, measure};
    use super::*;

    #[test]
    fn ours_passes_its_tests_in_every_shape() {
        for frame in [Frame::Tokio, Frame::Plain] {
            for threads in [1, 4] {
                let cost = measure::<Ours>(Shape { frame, threads, tests: 10 });
                assert!(cost.is_ok(), "{frame:?}, {threads} threads: {cost:?}");
            }
        }
    }

    #[test]
    fn ours_answers_without_a_socket() {
        assert!(without_socket(10).is_ok());
    }
}
