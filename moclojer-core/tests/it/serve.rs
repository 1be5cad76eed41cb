//! The server's life and limits, and the means by which the other tests start one and talk to it.

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode};
use moclojer_core::respond::{Answer, Body, Headers, Outcome, Request, Step};
use moclojer_core::serve::log::{Format, Requests};
use moclojer_core::serve::{Limits, Log, Options, Respond, Server};
use tokio::sync::oneshot;

/// The body of `/big`: more than a socket holds.
pub(crate) const BIG_BYTES: usize = 16 << 20;

/// Answers by the first segment of the path.
#[derive(Debug)]
pub(crate) struct Fake;

impl Respond for Fake {
    fn respond(&self, request: &Request<'_>, body: Body<'_>) -> Step {
        let path = request.target.path();
        let text = |status: u16, body: Bytes, headers: &[(&'static str, &'static str)]| {
            let headers = headers
                .iter()
                .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
            Step::Answer(Answer {
                status: StatusCode::from_u16(status).unwrap(),
                headers: Headers::Made(headers.collect()),
                body,
                outcome: if status == 404 { Outcome::Unmatched(Vec::new()) } else { Outcome::Own },
            })
        };
        let plain = [("content-type", "text/plain")];
        match (path.split('/').nth(1).unwrap_or_default(), body) {
            ("hello" | "early", _) => text(200, Bytes::from_static(b"hello"), &plain),
            ("path", _) => text(200, Bytes::copy_from_slice(request.target.path().as_bytes()), &plain),
            ("big", _) => text(200, vec![b'x'; BIG_BYTES].into(), &plain),
            ("echo", Body::Unread) | ("greedy", _) => Step::ReadBody,
            ("echo", Body::Read(body)) => text(200, body.clone(), &plain),
            ("framed", _) => {
                let framing = [("content-length", "1"), ("transfer-encoding", "chunked"), ("x-kept", "yes")];
                text(200, Bytes::from_static(b"hello"), &framing)
            }
            ("status", _) => {
                let status = path.rsplit('/').next().and_then(|status| status.parse().ok()).unwrap_or(200);
                text(status, Bytes::from_static(b"body"), &plain)
            }
            _ => text(404, Bytes::new(), &[]),
        }
    }
}

/// A server in a thread of its own; it shuts down when it is dropped.
pub(crate) struct Running {
    pub(crate) addr: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Running {
    pub(crate) fn start(limits: Limits) -> Self {
        Self::with(Options { limits, log: None })
    }

    pub(crate) fn with(options: Options) -> Self {
        Self::answering(Arc::new(Fake), options)
    }

    pub(crate) fn answering(responder: Arc<impl Respond>, options: Options) -> Self {
        let (stop, stopped) = oneshot::channel::<()>();
        let (tell, told) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
            runtime.block_on(async {
                let server = Server::bind("127.0.0.1:0", responder, options).await.unwrap();
                tell.send(server.local_addr()).unwrap();
                server.run(async { drop(stopped.await) }).await;
            });
        });
        Self { addr: told.recv().unwrap(), stop: Some(stop), thread: Some(thread) }
    }

    /// Asks it to shut down, without waiting.
    pub(crate) fn stop(&mut self) {
        drop(self.stop.take());
    }

    /// True once it has shut down.
    pub(crate) fn is_over(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }

    pub(crate) fn client(&self) -> Client {
        Client::connect(self.addr)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop();
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

/// A connection that sends raw bytes and reads answers.
pub(crate) struct Client {
    reader: BufReader<TcpStream>,
}

#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        assert_eq!(self.header("content-type"), Some("application/json"));
        serde_json::from_slice(&self.body).unwrap()
    }
}

impl Client {
    pub(crate) fn connect(addr: SocketAddr) -> Self {
        let stream = TcpStream::connect(addr).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        stream.set_write_timeout(Some(Duration::from_secs(10))).unwrap();
        Self { reader: BufReader::new(stream) }
    }

    pub(crate) fn stream(&self) -> &TcpStream {
        self.reader.get_ref()
    }

    pub(crate) fn try_send(&self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.stream().write_all(bytes.as_ref())
    }

    pub(crate) fn send(&self, bytes: impl AsRef<[u8]>) {
        self.try_send(bytes).unwrap();
    }

    /// Reads one answer; `has_body` is false for HEAD.
    pub(crate) fn try_read(&mut self, has_body: bool) -> io::Result<Reply> {
        let mut line = String::new();
        self.reader.read_line(&mut line)?;
        let status = line.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status =
            status.ok_or_else(|| io::Error::new(io::ErrorKind::UnexpectedEof, format!("{line:?}")))?;
        let mut headers = HashMap::new();
        loop {
            let mut line = String::new();
            self.reader.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(": ") else {
                break;
            };
            headers.insert(name.to_owned(), value.to_owned());
        }
        let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
        let mut body = vec![0; if has_body { length } else { 0 }];
        self.reader.read_exact(&mut body)?;
        Ok(Reply { status, headers, body })
    }

    pub(crate) fn read(&mut self) -> Reply {
        self.try_read(true).unwrap()
    }

    pub(crate) fn ask(&mut self, request: impl AsRef<[u8]>) -> Reply {
        self.send(request);
        self.read()
    }

    /// A plain GET on this connection.
    pub(crate) fn get(&mut self, path: &str) -> Reply {
        self.ask(format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n"))
    }

    /// Half of a request whose body has four bytes; returns once the server waits for the rest.
    pub(crate) fn begin_echo(&mut self) {
        let head = "POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n";
        assert_eq!(self.ask(head).status, 100);
        self.send("12");
    }

    /// What comes until the server closes.
    pub(crate) fn read_to_end(&mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        match self.reader.read_to_end(&mut rest) {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => {}
            Err(error) => panic!("not closed: {error}"),
        }
        rest
    }
}

/// Polls until `done`, at most ten seconds.
pub(crate) fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(10);
    while !done() {
        assert!(Instant::now() < end, "{what} did not happen");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Limits with short times.
pub(crate) fn quick() -> Limits {
    let mut limits = Limits::default();
    for (name, value) in [("first-byte-time", "200ms"), ("header-time", "250ms"), ("idle-time", "400ms")] {
        limits.set(name, value).unwrap();
    }
    limits.set("linger-time", "300ms").unwrap();
    limits
}

/// Asserts that the server closes `client` without a word, not before `least` and within a second more.
fn closes_in_silence(client: &mut Client, begun: Instant, least: Duration) {
    assert_eq!(client.read_to_end(), b"");
    let took = begun.elapsed();
    assert!(took >= least - Duration::from_millis(10) && took < least + Duration::from_secs(1), "{took:?}");
}

#[test]
fn a_connection_that_sends_nothing_is_closed() {
    let server = Running::start(quick());
    let mut client = server.client();
    closes_in_silence(&mut client, Instant::now(), Duration::from_millis(200));
}

#[test]
fn a_header_that_trickles_in_is_closed_in_spite_of_its_progress() {
    let server = Running::start(quick());
    let mut client = server.client();
    let begun = Instant::now();
    client.stream().set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    for byte in "GET /hello HTTP/1.1\r\nHost: xxxxxxxxxxxxxxxxxxxxxxxxx".bytes() {
        if client.try_send([byte]).is_err() {
            break;
        }
        match client.stream().peek(&mut [0]) {
            Ok(0) => break,
            Ok(_) => panic!("answered"),
            Err(_) => {}
        }
    }
    let took = begun.elapsed();
    assert!(took >= Duration::from_millis(240) && took < Duration::from_millis(1500), "{took:?}");
    client.stream().set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    assert_eq!(client.read_to_end(), b"");
}

#[test]
fn an_idle_connection_is_closed_and_one_in_use_is_not() {
    let server = Running::start(quick());
    let (mut idle, mut used) = (server.client(), server.client());
    assert_eq!(idle.get("/hello").status, 200);
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_millis(900) {
        assert_eq!(used.get("/hello").text(), "hello");
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(idle.read_to_end(), b"");
    assert_eq!(used.get("/hello").status, 200);
}

#[test]
fn a_second_header_that_does_not_end_is_closed_after_its_own_time() {
    let mut limits = quick();
    limits.set("idle-time", "30s").unwrap();
    let server = Running::start(limits);
    let mut client = server.client();
    assert_eq!(client.get("/hello").status, 200);
    let begun = Instant::now();
    client.send("GET /hel");
    closes_in_silence(&mut client, begun, Duration::from_millis(250));
}

#[test]
fn a_body_without_progress_is_idle_and_a_slow_one_is_not() {
    let server = Running::start(quick());
    let mut stuck = server.client();
    let begun = Instant::now();
    stuck.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12345");
    closes_in_silence(&mut stuck, begun, Duration::from_millis(400));

    let mut slow = server.client();
    slow.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n");
    for byte in b"1234567890" {
        std::thread::sleep(Duration::from_millis(80));
        slow.send([*byte]);
    }
    assert_eq!(slow.read().text(), "1234567890");
}

#[test]
fn an_answer_that_nobody_reads_is_idle() {
    let server = Running::start(quick());
    let mut client = server.client();
    client.send("GET /big HTTP/1.1\r\nHost: x\r\n\r\n");
    // Without reading, what the sockets hold is all that leaves; sending fails once the server has closed.
    wait_until("the end", || client.try_send("x").is_err());
    let got = client.read_to_end();
    assert!(got.len() < BIG_BYTES, "{}", got.len());
    assert_eq!(server.client().get("/hello").status, 200);
}

#[test]
fn shutdown_closes_idle_connections_at_once_and_lets_requests_finish() {
    let mut server = Running::start(Limits::default());
    let (mut idle, mut fresh, mut busy) = (server.client(), server.client(), server.client());
    assert_eq!(idle.get("/hello").status, 200);
    assert_eq!(busy.get("/hello").status, 200);
    busy.begin_echo();
    let begun = Instant::now();
    server.stop();
    assert_eq!(idle.read_to_end(), b"");
    assert_eq!(fresh.read_to_end(), b"");
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    assert!(!server.is_over());
    wait_until("the port is free", || TcpStream::connect(server.addr).is_err());
    busy.send("34");
    let reply = busy.read();
    assert_eq!((reply.text(), reply.header("connection")), ("1234", Some("close")));
    assert_eq!(busy.read_to_end(), b"");
    wait_until("shutdown", || server.is_over());
}

#[test]
fn shutdown_closes_what_is_left_after_the_drain_limit() {
    let mut limits = Limits::default();
    limits.set("drain-time", "300ms").unwrap();
    let mut server = Running::start(limits);
    let mut busy = server.client();
    busy.begin_echo();
    let begun = Instant::now();
    server.stop();
    wait_until("shutdown", || server.is_over());
    let took = begun.elapsed();
    assert!(took >= Duration::from_millis(290) && took < Duration::from_secs(2), "{took:?}");
    assert_eq!(busy.read_to_end(), b"");
}

#[test]
fn connections_over_their_limit_wait_for_one_to_end() {
    let mut limits = Limits::default();
    limits.set("connections", "1").unwrap();
    let server = Running::start(limits);
    let mut first = server.client();
    assert_eq!(first.get("/hello").status, 200);
    let mut second = server.client();
    second.send("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
    second.stream().set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    assert!(second.stream().peek(&mut [0]).is_err(), "served over the limit");
    drop(first);
    second.stream().set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    assert_eq!(second.read().text(), "hello");
}

#[test]
fn a_thousand_connections_that_come_and_go_leave_the_server_well() {
    let server = Running::start(Limits::default());
    for round in 0..10 {
        let clients: Vec<Client> = (0..100).map(|_| server.client()).collect();
        for (index, client) in clients.iter().enumerate() {
            if index % 2 == 0 {
                client.send("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
            } else {
                client.send("GET /hel");
            }
        }
        drop(clients);
        assert_eq!(server.client().get("/hello").text(), "hello", "round {round}");
    }
}

#[tokio::test]
async fn an_address_in_use_is_named_with_the_next_step() {
    let first = Server::bind("127.0.0.1:0", Arc::new(Fake), Options::default()).await.unwrap();
    let addr = first.local_addr();
    let error = Server::bind(addr, Arc::new(Fake), Options::default()).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
    let text = error.to_string();
    assert!(text.contains(&addr.to_string()) && text.contains("choose another port"), "{text}");
    let error = Server::bind("nonsense", Arc::new(Fake), Options::default()).await.unwrap_err().to_string();
    assert!(error.contains("nonsense") && error.contains("127.0.0.1:8000"), "{error}");
}

#[tokio::test]
async fn dropping_the_server_closes_its_connections() {
    let server = Server::bind("127.0.0.1:0", Arc::new(Fake), Options::default()).await.unwrap();
    let addr = server.local_addr();
    let running = tokio::spawn(server.run(std::future::pending()));
    let mut client = tokio::task::spawn_blocking(move || {
        let mut client = Client::connect(addr);
        assert_eq!(client.get("/hello").status, 200);
        client
    })
    .await
    .unwrap();
    running.abort();
    let rest = tokio::task::spawn_blocking(move || client.read_to_end()).await.unwrap();
    assert_eq!(rest, b"");
}

/// An output that keeps what is written.
#[derive(Clone, Default)]
pub(crate) struct Written(Arc<Mutex<Vec<u8>>>);

impl Written {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn requests_and_refusals_are_logged_without_their_queries() {
    let written = Written::default();
    let log = Log::new(Format::Json, false, Requests::All, Box::new(written.clone())).unwrap();
    let server = Running::with(Options { limits: Limits::default(), log: Some(Arc::new(log)) });
    let mut client = server.client();
    assert_eq!(client.get("/hello?token=secret").status, 200);
    assert_eq!(client.get("/nothing").status, 404);
    assert_eq!(client.ask("GET /hello HTTP/1.1\r\n\r\n").status, 400);
    wait_until("three lines", || written.text().lines().count() == 3);
    let text = written.text();
    assert!(!text.contains("secret"), "{text}");
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let brief: Vec<_> = lines
        .iter()
        .map(|line| (line["level"].as_str().unwrap(), line["status"].as_u64().unwrap()))
        .collect();
    assert_eq!(brief, [("info", 200), ("warn", 404), ("warn", 400)]);
    assert_eq!(lines[2]["reason"], "there is no Host header; HTTP/1.1 asks for exactly one");
}
