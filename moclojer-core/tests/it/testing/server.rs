//! Servers, over sockets, under whatever runs the test.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use moclojer_core::testing::{MockServer, Settings, get, json, post, status, template, text};

/// More than any machine needs.
const LONG: Duration = Duration::from_secs(20);

/// One request over a connection of its own.
fn fetch(address: SocketAddr, target: &str) -> String {
    exchange(address, &format!("GET {target} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n"))
}

fn exchange(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// What every flavour of test does.
fn used_as_in_a_test() {
    let server = MockServer::from_yaml("- endpoint: {path: /file, response: {body: of the file}}");
    let hello = server.mock(get("/hello/:name").respond(template("hi {{path-params.name}}")).expect(1));
    assert!(fetch(server.address(), "/hello/maria").ends_with("\r\n\r\nhi maria"));
    assert!(fetch(server.address(), "/file").ends_with("\r\n\r\nof the file"));
    assert!(fetch(server.address(), "/nobody").starts_with("HTTP/1.1 404 "));
    assert_eq!(server.url("/a?b=1"), format!("http://{}/a?b=1", server.address()));
    assert_eq!((server.url(""), server.url("a")), (server.uri().to_owned(), format!("{}/a", server.uri())));
    assert_eq!(hello.requests().len(), 1);
    assert_eq!(server.requests().len(), 3);
}

#[test]
fn it_works_without_a_runtime() {
    used_as_in_a_test();
}

#[tokio::test]
async fn it_works_in_a_current_thread_runtime() {
    used_as_in_a_test();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_works_in_a_multi_thread_runtime() {
    used_as_in_a_test();
}

#[tokio::test]
async fn waiting_is_awaited_or_blocks() {
    let server = MockServer::start();
    let hook = server.mock(post("/hook").respond(204).expect(2));
    let (address, wait) = (server.address(), hook.wait_for(2, LONG));
    let sender = std::thread::spawn(move || {
        for _ in 0..2 {
            let request = format!(
                "POST /hook HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-length: 1\r\n\r\nx"
            );
            exchange(address, &request);
        }
    });
    wait.await.unwrap();
    sender.join().unwrap();
    server.wait_for(2, LONG).blocking().unwrap();
    assert_eq!(hook.requests()[1].body_text(), "x");

    let begun = Instant::now();
    let late = hook.wait_for(3, Duration::from_millis(50)).await.unwrap_err();
    assert!(begun.elapsed() >= Duration::from_millis(50));
    assert_eq!(late.came, 2);
    let told = late.to_string();
    assert!(told.contains("waited 50ms for 3 calls, and got 2 calls"), "{told}");
    let blocked = server.wait_for(9, Duration::from_millis(20)).blocking().unwrap_err();
    assert_eq!(blocked.to_string(), "waited 20ms for 9 requests, and 2 came");
}

#[test]
fn a_body_is_read_before_it_is_matched_and_kept() {
    let server = MockServer::start();
    server.mock(post("/").body_json(json!({"a": 1})).respond_with(|request| text(request.body_text())));
    let address = server.address();
    let sent = |body: &str| {
        let length = body.len();
        exchange(
            address,
            &format!(
                "POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
            ),
        )
    };
    assert!(sent(r#"{"a": 1.0}"#).ends_with(r#"{"a": 1.0}"#));
    assert!(sent(r#"{"a": 2}"#).starts_with("HTTP/1.1 400 "));
    assert_eq!(server.requests()[1].body_text(), r#"{"a": 2}"#);
}

#[test]
fn a_kept_connection_meets_mocks_that_are_added_later() {
    let server = MockServer::start();
    let mut stream = TcpStream::connect(server.address()).unwrap();
    let mut ask = |target: &str| {
        write!(stream, "GET {target} HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
        let mut answer = vec![0; 12];
        stream.read_exact(&mut answer).unwrap();
        let mut rest = [0; 4096];
        let _ = stream.read(&mut rest).unwrap();
        String::from_utf8(answer).unwrap()
    };
    assert_eq!(ask("/a"), "HTTP/1.1 404");
    server.mock(get("/a").respond(status(202)));
    assert_eq!(ask("/a"), "HTTP/1.1 202");
}

#[test]
fn a_stopped_server_refuses_and_a_failed_one_names_its_address() {
    let server = Settings::new().strict().start();
    let address = server.address();
    assert!(fetch(address, "/x").starts_with("HTTP/1.1 404 "));
    let told = server.check().unwrap_err().to_string();
    assert!(
        told.starts_with(&format!("the mock server http://{address} did not get what was expected")),
        "{told}"
    );
    assert!(told.contains(&format!("curl http://{address}/x")), "{told}");
    server.reset();
    drop(server);
    let late = TcpStream::connect(address).and_then(|mut stream| {
        stream.write_all(b"GET /x HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    });
    assert!(late.as_ref().is_ok_and(String::is_empty) || late.is_err(), "{late:?}");
}

#[test]
fn many_servers_at_once_see_their_own_requests_alone() {
    let threads = (0..16).map(|thread| {
        std::thread::spawn(move || {
            for turn in 0..40 {
                let server = Settings::new().strict().start();
                let own = format!("{thread}-{turn}");
                server.mock(get(&format!("/{own}")).respond(text(&own)).expect(1));
                assert!(fetch(server.address(), &format!("/{own}")).ends_with(&format!("\r\n\r\n{own}")));
                assert_eq!(server.received(), 1);
            }
        })
    });
    threads.collect::<Vec<_>>().into_iter().for_each(|thread| thread.join().unwrap());
}

#[test]
fn what_the_journal_keeps_stays_while_the_connection_goes_on() {
    let server = MockServer::start();
    server.mock(post("/:name").respond(204));
    let long = "x".repeat(9_000);
    let url = format!("http://{}", server.address());
    let request = |target: &str, number: u32, body: &str, last: &str| {
        format!(
            "POST {target}?n={number} HTTP/1.1\r\nhost: here\r\nx-number: {number}\r\ncontent-length: {}\r\n{last}\r\n{body}",
            body.len()
        )
    };
    let all = [
        request("/first", 1, "one", ""),
        request("/second", 2, &long, ""),
        // As a client sends it that takes the server for a proxy.
        request(&format!("{url}/third"), 3, "", ""),
        request("/fourth", 4, "four", "x-tag: a\r\nconnection: close\r\nx-tag: bb\r\nx-tag: \r\n"),
    ];
    assert_eq!(exchange(server.address(), &all.concat()).matches("HTTP/1.1 204").count(), 4);
    let kept = server.requests();
    let told = kept.iter().map(|request| {
        let number = request.header("x-number").unwrap_or_default();
        format!(
            "{} {} {} {number} {}",
            request.uri(),
            request.path(),
            request.headers().len(),
            request.body().len()
        )
    });
    let expected = [
        "/first?n=1 /first 3 1 3".to_owned(),
        "/second?n=2 /second 3 2 9000".to_owned(),
        format!("{url}/third?n=3 /third 3 3 0"),
        "/fourth?n=4 /fourth 7 4 4".to_owned(),
    ];
    assert_eq!(told.collect::<Vec<_>>(), expected);
    assert_eq!(kept[0].body_text(), "one");
    assert_eq!(kept[1].body_text(), long);
    assert_eq!(kept[3].path_param("name"), Some("fourth"));
    assert_eq!(kept[3].headers().get_all("x-tag").iter().collect::<Vec<_>>(), ["a", "bb", ""]);
    assert_eq!(kept[3].header("connection"), Some("close"));
}

#[test]
fn a_request_under_way_does_not_keep_the_mocks_of_a_stopped_server() {
    let server = MockServer::start();
    let held = std::sync::Arc::new(());
    let shared = std::sync::Arc::clone(&held);
    server.mock(get("/").respond_with(move |_| {
        let _kept = &shared;
        "hello"
    }));
    let mut open = TcpStream::connect(server.address()).unwrap();
    open.write_all(b"GET / HTTP/1.1\r\nhost: here\r\n\r\nGET / HTTP/1.1\r\nho").unwrap();
    let mut first = [0; 9];
    open.read_exact(&mut first).unwrap();
    drop(server);
    assert_eq!(std::sync::Arc::strong_count(&held), 1, "its mocks are gone with it");
    // The rest of the second request is not answered.
    let _ = open.write_all(b"st: here\r\n\r\n");
    let mut rest = String::new();
    let _ = open.read_to_string(&mut rest);
    assert_eq!(rest.matches("HTTP/1.1").count(), 0, "{rest}");
}
