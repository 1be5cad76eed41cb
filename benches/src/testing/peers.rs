//! The peers, each as its documentation shows it: pooled where that is the default, and fresh where
//! the crate has a form that asks the system for a new port.

use std::net::SocketAddr;

use anyhow::Result;
use serde_json::{Value, json};

use super::frame::{BODY, MockServer};

/// wiremock out of its pool: `MockServer::start`.
#[derive(Debug)]
pub(crate) struct Wiremock(wiremock::MockServer);

/// wiremock on a port of its own, by its builder, without the record of requests: its fastest form
/// once it has started.
#[derive(Debug)]
pub(crate) struct WiremockFresh(wiremock::MockServer);

/// httpmock, which is always pooled.
pub(crate) struct Httpmock(httpmock::MockServer);

/// mockito out of its pool: `Server::new`.
pub(crate) struct Mockito(mockito::ServerGuard);

/// mockito on a port of its own, by `Server::new_with_opts`.
#[derive(Debug)]
pub(crate) struct MockitoFresh(mockito::Server);

fn body() -> Value {
    json!({"hello": "world"})
}

fn wiremock_mock(path: &str) -> wiremock::Mock {
    use wiremock::matchers;
    wiremock::Mock::given(matchers::method("GET"))
        .and(matchers::path(path))
        .respond_with(wiremock::ResponseTemplate::new(200).set_body_json(body()))
}

impl MockServer for Wiremock {
    async fn start() -> Result<Self> {
        Ok(Self(wiremock::MockServer::start().await))
    }

    async fn mock(&mut self, path: &str) -> Result<()> {
        wiremock_mock(path).mount(&self.0).await;
        Ok(())
    }

    fn address(&self) -> SocketAddr {
        *self.0.address()
    }
}

impl MockServer for WiremockFresh {
    async fn start() -> Result<Self> {
        Ok(Self(wiremock::MockServer::builder().disable_request_recording().start().await))
    }

    async fn mock(&mut self, path: &str) -> Result<()> {
        wiremock_mock(path).mount(&self.0).await;
        Ok(())
    }

    fn address(&self) -> SocketAddr {
        *self.0.address()
    }
}

fn httpmock_mock(path: &str) -> impl FnOnce(httpmock::When, httpmock::Then) {
    move |when, then| {
        when.method(httpmock::Method::GET).path(path);
        then.status(200).json_body(body());
    }
}

impl MockServer for Httpmock {
    async fn start() -> Result<Self> {
        Ok(Self(httpmock::MockServer::start_async().await))
    }

    async fn mock(&mut self, path: &str) -> Result<()> {
        self.0.mock_async(httpmock_mock(path)).await;
        Ok(())
    }

    fn start_plain() -> Result<Option<Self>> {
        Ok(Some(Self(httpmock::MockServer::start())))
    }

    fn mock_plain(&mut self, path: &str) -> Result<()> {
        self.0.mock(httpmock_mock(path));
        Ok(())
    }

    fn address(&self) -> SocketAddr {
        *self.0.address()
    }
}

/// Its mocks live as long as the server; it takes bodies as text.
fn mockito_mock(server: &mut mockito::Server, path: &str) -> mockito::Mock {
    server.mock("GET", path).with_header("content-type", "application/json").with_body(BODY)
}

impl MockServer for Mockito {
    async fn start() -> Result<Self> {
        Ok(Self(mockito::Server::new_async().await))
    }

    async fn mock(&mut self, path: &str) -> Result<()> {
        mockito_mock(&mut self.0, path).create_async().await;
        Ok(())
    }

    fn start_plain() -> Result<Option<Self>> {
        Ok(Some(Self(mockito::Server::new())))
    }

    fn mock_plain(&mut self, path: &str) -> Result<()> {
        mockito_mock(&mut self.0, path).create();
        Ok(())
    }

    fn address(&self) -> SocketAddr {
        self.0.socket_address()
    }
}

impl MockServer for MockitoFresh {
    async fn start() -> Result<Self> {
        Ok(Self(mockito::Server::new_with_opts_async(mockito::ServerOpts::default()).await))
    }

    async fn mock(&mut self, path: &str) -> Result<()> {
        mockito_mock(&mut self.0, path).create_async().await;
        Ok(())
    }

    fn start_plain() -> Result<Option<Self>> {
        Ok(Some(Self(mockito::Server::new_with_opts(mockito::ServerOpts::default()))))
    }

    fn mock_plain(&mut self, path: &str) -> Result<()> {
        mockito_mock(&mut self.0, path).create();
        Ok(())
    }

    fn address(&self) -> SocketAddr {
        self.0.socket_address()
    }
}
