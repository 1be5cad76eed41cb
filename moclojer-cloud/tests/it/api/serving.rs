//! The api on a socket: bounds of connections and heads, the document, and how it stops.

use std::net::SocketAddr;
use std::time::Duration;

use moclojer_cloud::api::{Limits, serve};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::app::App;
use super::cast::{mock, path};

const SOON: Duration = Duration::from_secs(10);

struct Served {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

async fn served(app: &App, limits: Limits) -> Served {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = serve(listener, app.router.clone(), limits, async move { drop(stopped.await) });
    Served { address, stop, task: tokio::spawn(serving) }
}

impl Served {
    async fn connect(&self, request: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        stream
    }

    /// Everything that is answered until the connection is closed.
    async fn answer(&self, request: &str) -> String {
        read_all(&mut self.connect(request).await).await
    }
}

async fn read_all(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    timeout(SOON, stream.read_to_end(&mut bytes)).await.expect("an end in time").unwrap();
    String::from_utf8(bytes).unwrap()
}

/// Reads until a text was read.
async fn read_until(stream: &mut TcpStream, text: &str) -> String {
    let mut read = Vec::new();
    while !String::from_utf8_lossy(&read).contains(text) {
        let mut chunk = [0; 4_096];
        let length = timeout(SOON, stream.read(&mut chunk)).await.expect("an answer in time").unwrap();
        assert!(length > 0, "closed early: {}", String::from_utf8_lossy(&read));
        read.extend_from_slice(&chunk[..length]);
    }
    String::from_utf8(read).unwrap()
}

#[tokio::test]
async fn the_document_and_its_page_are_public_and_load_nothing_from_elsewhere() {
    let app = App::start().await;
    let served = served(&app, Limits::default()).await;
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
    let answer = served.answer(&get("/openapi.json")).await;
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    let document: Value = serde_json::from_str(body).unwrap();
    assert_eq!(document, serde_json::to_value(moclojer_cloud::api::openapi()).unwrap());
    let page = served.answer(&get("/docs/")).await;
    assert!(page.starts_with("HTTP/1.1 200") && page.contains("swagger-ui"), "{page}");
    for address in ["src=\"http", "href=\"http", "src=\"//", "href=\"//"] {
        assert!(!page.contains(address), "{page}");
    }
    let script = served.answer(&get("/docs/swagger-initializer.js")).await;
    assert!(script.contains("/openapi.json") && script.contains("\"validatorUrl\": \"none\""), "{script}");
}

#[tokio::test]
async fn a_head_is_bounded_in_bytes_and_in_time() {
    let app = App::start().await;
    let limits = Limits { header_time: Duration::from_millis(100), ..Limits::default() };
    let served = served(&app, limits).await;
    let large = format!("GET /orgs HTTP/1.1\r\nhost: a\r\nx: {}\r\n\r\n", "a".repeat(200_000));
    let mut stream = TcpStream::connect(served.address).await.unwrap();
    // It may be closed before all is written.
    let _ = stream.write_all(large.as_bytes()).await;
    let mut bytes = Vec::new();
    let _ = timeout(SOON, stream.read_to_end(&mut bytes)).await.expect("an end in time");
    assert!(bytes.is_empty() || bytes.starts_with(b"HTTP/1.1 431"), "{}", String::from_utf8_lossy(&bytes));
    let slow = served.answer("GET /orgs HTTP/1.1\r\nhost:").await;
    assert!(slow.is_empty() || slow.starts_with("HTTP/1.1 408"), "{slow}");
}

#[tokio::test]
async fn more_connections_than_may_be_wait() {
    let app = App::start().await;
    let served = served(&app, Limits { connections: 1, ..Limits::default() }).await;
    let request = "GET /orgs HTTP/1.1\r\nhost: a\r\n\r\n";
    let mut first = served.connect(request).await;
    read_until(&mut first, "no-token").await;
    let mut second = served.connect(request).await;
    let early = timeout(Duration::from_millis(100), second.read(&mut [0; 16])).await;
    assert!(early.is_err(), "the second was answered while the first is open");
    drop(first);
    read_until(&mut second, "no-token").await;
}

#[tokio::test]
async fn it_stops_with_streams_open() {
    let app = App::start().await;
    let ana = app.person("ana").await;
    let made = mock(&app, &ana, "shop", "[]").await;
    let served = served(&app, Limits::default()).await;
    let request = format!(
        "GET {}/events HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {}\r\n\r\n",
        path(&made),
        ana.token
    );
    let mut stream = served.connect(&request).await;
    read_until(&mut stream, "event: state").await;
    served.stop.send(()).unwrap();
    read_all(&mut stream).await;
    timeout(SOON, served.task).await.expect("it stops in time").unwrap();
    assert!(TcpStream::connect(served.address).await.is_err());
}
