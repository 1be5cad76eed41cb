//! A mock server as a test uses it, one such test, and what stands around it.
//!
//! Each crate is one [`MockServer`], and nobody has it easier: the same client, the same frame around
//! it, the same answer. Knows no clock; who is compared is [`super::subject`]'s.

use std::net::SocketAddr;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use crate::client::Connection;

/// What every mock answers.
pub(crate) const BODY: &str = r#"{"hello":"world"}"#;
/// The path of the one mock of a test.
pub(crate) const PATH: &str = "/hello";
const REQUEST: &[u8] = b"GET /hello HTTP/1.1\r\nhost: localhost\r\n\r\n";

/// A mock server of one crate, used as its documentation shows it.
///
/// Dropping it stops it. Every mock answers 200 with [`BODY`] to a GET of its path.
pub(crate) trait MockServer: Sized {
    /// Starts one inside a runtime.
    async fn start() -> Result<Self>;

    /// Adds a mock inside a runtime.
    async fn mock(&mut self, path: &str) -> Result<()>;

    /// Starts one in a test without a runtime; `None` if the crate cannot.
    fn start_plain() -> Result<Option<Self>> {
        Ok(None)
    }

    /// Adds a mock in a test without a runtime.
    fn mock_plain(&mut self, _path: &str) -> Result<()> {
        Ok(())
    }

    /// Where it listens.
    fn address(&self) -> SocketAddr;
}

/// What stands around a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Frame {
    /// A current-thread runtime of the test's own, as `#[tokio::test]` makes it.
    Tokio,
    /// Nothing: `#[test]`.
    Plain,
}

impl Frame {
    /// How tables call it.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Tokio => "`#[tokio::test]`",
            Self::Plain => "`#[test]`",
        }
    }
}

/// One test: start, one mock, one request over a connection of its own, stop.
///
/// # Errors
/// What failed, or an answer that is not the mock's; a crate without a form for tests without a runtime.
pub(crate) fn run_test<S: MockServer>(frame: Frame) -> Result<()> {
    match frame {
        Frame::Tokio => {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async {
                let mut server = S::start().await?;
                server.mock(PATH).await?;
                ask(server.address())
            })
        }
        Frame::Plain => {
            let mut server = S::start_plain()?.context("it needs a runtime around a test")?;
            server.mock_plain(PATH)?;
            ask(server.address())
        }
    }
}

/// The client is gone before the server is, as in a test that makes the server first.
fn ask(address: SocketAddr) -> Result<()> {
    let mut connection = Connection::open(address)?;
    let (status, body) = connection.ask(REQUEST)?;
    ensure!(status == 200, "status {status}, not 200: {}", String::from_utf8_lossy(body));
    ensure!(body == BODY.as_bytes(), "the body is {}, not {BODY}", String::from_utf8_lossy(body));
    Ok(())
}
