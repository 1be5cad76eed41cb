//! What was measured of hyper, and odd clients: each over a raw socket.

use std::io::Write;
use std::time::Duration;

use moclojer_core::serve::Limits;

use crate::serve::{BIG_BYTES, Running, quick};

fn server() -> Running {
    Running::start(Limits::default())
}

#[test]
fn a_plain_answer_has_date_and_length_and_no_server_header() {
    let server = server();
    let reply = server.client().get("/hello");
    assert_eq!((reply.status, reply.text()), (200, "hello"));
    assert_eq!(reply.header("content-length"), Some("5"));
    assert_eq!(reply.header("content-type"), Some("text/plain"));
    assert!(reply.header("date").is_some_and(|date| date.ends_with(" GMT")));
    assert_eq!(reply.header("server"), None);
    assert_eq!(reply.headers.len(), 3, "{reply:?}");
}

#[test]
fn http_1_1_has_exactly_one_host() {
    let server = server();
    for (request, status) in [
        ("GET /hello HTTP/1.1\r\n\r\n", 400),
        ("GET /hello HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        ("GET /hello HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n", 400),
        ("GET http://a/hello HTTP/1.1\r\n\r\n", 400),
        ("GET /hello HTTP/1.1\r\nHost: \r\n\r\n", 200),
        ("GET /hello HTTP/1.0\r\n\r\n", 200),
        ("GET /hello HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", 400),
    ] {
        let reply = server.client().ask(request);
        assert_eq!(reply.status, status, "{request:?}");
        if status == 400 {
            let json = reply.json();
            assert_eq!(json["error"]["cause"], "bad-host");
            assert_eq!(json["request"]["path"], "/hello");
        }
    }
}

#[test]
fn a_refused_host_does_not_end_the_connection() {
    let server = server();
    let mut client = server.client();
    assert_eq!(client.ask("POST /echo HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc").status, 400);
    assert_eq!(client.get("/hello").text(), "hello");
}

#[test]
fn connect_opens_no_tunnel() {
    let server = server();
    let mut client = server.client();
    let reply = client.ask("CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n");
    assert_eq!(reply.status, 405);
    assert_eq!(reply.header("connection"), Some("close"));
    assert!(reply.header("allow").is_some_and(|allow| allow.contains("GET")));
    assert_eq!(reply.json()["request"]["method"], "CONNECT");
    drop(client.stream().shutdown(std::net::Shutdown::Write));
    assert_eq!(client.read_to_end(), b"");
}

#[test]
fn a_1xx_from_the_responder_becomes_a_500_and_the_connection_lives() {
    let server = server();
    let mut client = server.client();
    for status in [100, 101, 103, 199] {
        let reply = client.get(&format!("/status/{status}"));
        assert_eq!(reply.status, 500);
        assert!(reply.json()["error"]["message"].as_str().unwrap().contains(&status.to_string()));
    }
    assert_eq!(client.get("/hello").text(), "hello");
}

#[test]
fn a_responder_that_asks_twice_for_the_body_fails_that_request_only() {
    let server = server();
    let mut client = server.client();
    assert_eq!(client.get("/greedy").status, 500);
    assert_eq!(client.ask("POST /greedy HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n1").status, 500);
    assert_eq!(client.get("/hello").status, 200);
}

#[test]
fn framing_headers_of_a_mock_never_leave() {
    let server = server();
    let mut client = server.client();
    let reply = client.get("/framed");
    assert_eq!((reply.text(), reply.header("content-length")), ("hello", Some("5")));
    assert_eq!(reply.header("transfer-encoding"), None);
    assert_eq!(reply.header("x-kept"), Some("yes"));
    assert_eq!(client.get("/hello").status, 200);
}

#[test]
fn bodies_are_read_in_every_form() {
    let server = server();
    let mut client = server.client();
    let large = "z".repeat(300_000);
    let sized = |body: &str| {
        format!("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{body}", body.len())
    };
    assert_eq!(client.ask(sized("abc")).text(), "abc");
    assert_eq!(client.ask(sized("")).text(), "");
    assert_eq!(client.ask(sized(&large)).text(), large);
    let chunked = "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
    assert_eq!(client.ask(format!("{chunked}2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n")).text(), "abcde");
    assert_eq!(client.ask(format!("{chunked}2\r\nab\r\n0\r\nX-Trailer: 1\r\n\r\n")).text(), "ab");
    assert_eq!(client.ask(format!("{chunked}0\r\n\r\n")).text(), "");
    assert_eq!(client.get("/hello").text(), "hello");
}

#[test]
fn a_broken_chunked_body_is_400() {
    let server = server();
    let mut client = server.client();
    let reply = client.ask("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n");
    assert_eq!((reply.status, reply.header("connection")), (400, Some("close")));
    assert!(reply.json()["error"]["message"].as_str().unwrap().contains("body cannot be read"));
}

#[test]
fn a_body_over_the_limit_is_413_by_its_declared_length() {
    let server = server();
    let mut client = server.client();
    // The client sends all of it all the same, and still gets to read the answer.
    client.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 12000000\r\n\r\n");
    let block = [b'x'; 1 << 16];
    let mut sender = client.stream().try_clone().unwrap();
    let sending = std::thread::spawn(move || while sender.write_all(&block).is_ok() {});
    let reply = client.read();
    assert_eq!((reply.status, reply.header("connection")), (413, Some("close")));
    assert!(reply.json()["error"]["message"].as_str().unwrap().contains("10485760 bytes"));
    assert_eq!(client.read_to_end(), b"");
    drop(client);
    sending.join().unwrap();
    assert_eq!(server.client().get("/hello").status, 200);
}

#[test]
fn a_chunked_body_over_the_limit_is_413_whether_it_is_needed_or_not() {
    let mut limits = quick();
    limits.set("body-bytes", "1000").unwrap();
    let server = Running::start(limits);
    for path in ["/echo", "/early"] {
        let mut client = server.client();
        client.send(format!("POST {path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"));
        client.send(format!("3e8\r\n{}\r\n", "x".repeat(1000)));
        client.send("1\r\nx\r\n");
        let reply = client.read();
        assert_eq!((reply.status, reply.header("connection")), (413, Some("close")), "{path}");
        assert_eq!(client.read_to_end(), b"");
        let body = "x".repeat(1000);
        let just = format!("POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{body}");
        assert_eq!(server.client().ask(just).status, 200);
    }
}

#[test]
fn a_body_that_nobody_needs_is_drained_and_the_connection_used_again() {
    let server = server();
    let mut client = server.client();
    for length in [1, 100_000, 1 << 20] {
        client.send(format!("POST /early HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n"));
        client.send(vec![b'y'; length]);
        assert_eq!(client.read().text(), "hello", "{length}");
        assert_eq!(client.get("/hello").text(), "hello", "{length}");
    }
}

#[test]
fn a_large_header_is_431_with_a_body_of_ours() {
    let server = server();
    let fields = |count: usize| {
        let fields: String = (1..count).map(|index| format!("x-{index}: v\r\n")).collect();
        format!("GET /hello HTTP/1.1\r\nHost: x\r\n{fields}\r\n")
    };
    assert_eq!(server.client().ask(fields(256)).status, 200);
    let reply = server.client().ask(fields(257));
    assert_eq!(reply.status, 431);
    assert!(reply.json()["error"]["message"].as_str().unwrap().contains("257 fields"));

    let sized = |bytes: usize| {
        let head = "GET /hello HTTP/1.1\r\nHost: x\r\nX-Long: ";
        format!("{head}{}\r\n\r\n", "v".repeat(bytes - head.len() - 4))
    };
    assert_eq!(server.client().ask(sized(65_536)).status, 200);
    let reply = server.client().ask(sized(65_537));
    assert_eq!(reply.status, 431);
    assert!(reply.json()["error"]["message"].as_str().unwrap().contains("65537 bytes"));
    assert_eq!(server.client().ask(sized(70_000)).status, 431);
}

#[test]
fn heads_of_any_number_of_fields_are_read_however_they_arrive() {
    let server = server();
    for count in [97, 98, 99, 100, 101, 102, 103, 150, 256, 257, 270] {
        let fields: String = (1..count).map(|index| format!("x-{index}: v\r\n")).collect();
        let head = format!("GET /path/{count} HTTP/1.1\r\nHost: x\r\n{fields}\r\n");
        let status = if count > 256 { 431 } else { 200 };
        for cut in [0, 1, 300, head.len() - 3, head.len() - 1] {
            let (first, rest) = head.split_at(cut);
            let mut client = server.client();
            // Behind another request, its first part with that one.
            client.send(format!("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n{first}"));
            assert_eq!(client.read().text(), "hello");
            client.send(rest);
            let reply = client.read();
            assert_eq!(
                (reply.status, reply.body.is_empty()),
                (status, false),
                "{count} fields, cut at {cut}"
            );
            assert_eq!(client.get("/hello").text(), "hello");
            let mut client = server.client();
            client.send(first);
            client.send(rest);
            assert_eq!(client.read().status, status, "{count} fields, cut at {cut}, first");
            assert_eq!(
                client.ask("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab").text(),
                "ab"
            );
        }
    }
}

#[test]
fn many_lines_that_are_no_header_change_nothing() {
    let server = server();
    let mut client = server.client();
    let body = "line\n".repeat(5_000);
    for _ in 0..3 {
        let head = format!("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n", body.len());
        assert_eq!(client.ask(format!("{head}{body}")).text(), body);
        client.send(&head);
        client.send(&body);
        client.send("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n".repeat(100));
        assert_eq!(client.read().text(), body);
        for _ in 0..100 {
            assert_eq!(client.read().text(), "hello");
        }
    }
}

#[test]
fn a_header_beyond_all_bounds_is_hypers_own_431() {
    let server = server();
    let mut client = server.client();
    let mut sender = client.stream().try_clone().unwrap();
    let sending = std::thread::spawn(move || {
        let mut result = sender.write_all(b"GET /hello HTTP/1.1\r\nHost: x\r\nX-Long: ");
        for _ in 0..40 {
            result = result.and_then(|()| sender.write_all(&[b'v'; 10_000]));
        }
        drop(result);
    });
    let reply = client.read();
    assert_eq!((reply.status, reply.body.len()), (431, 0));
    sending.join().unwrap();
    assert_eq!(server.client().get("/hello").status, 200);
}

#[test]
fn a_client_that_hangs_up_midway_disturbs_nobody() {
    let server = server();
    let mut other = server.client();
    for _ in 0..5 {
        let client = server.client();
        client.send("GET /big HTTP/1.1\r\nHost: x\r\n\r\n");
        let mut first = [0; 1000];
        assert!(client.stream().peek(&mut first).unwrap() > 0);
        drop(client);
        let client = server.client();
        client.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\npart");
        drop(client);
        assert_eq!(other.get("/hello").text(), "hello");
    }
    assert_eq!(server.client().get("/big").body.len(), BIG_BYTES);
}

#[test]
fn expect_100_continue_is_answered_before_the_body_comes() {
    let server = server();
    for path in ["/echo", "/early"] {
        let mut client = server.client();
        client.send(format!(
            "POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"
        ));
        assert_eq!(client.try_read(false).unwrap().status, 100, "{path}");
        assert_eq!(client.ask("hello").text(), "hello", "{path}");
        assert_eq!(client.get("/hello").status, 200, "{path}");
    }
}

#[test]
fn expect_100_continue_of_a_body_over_the_limit_is_413_at_once() {
    let server = server();
    let reply = server
        .client()
        .ask("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\nExpect: 100-continue\r\n\r\n");
    assert_eq!(reply.status, 413);
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let server = server();
    let mut client = server.client();
    let mut requests = String::new();
    for index in 0..50 {
        requests += &format!("GET /path/{index} HTTP/1.1\r\nHost: x\r\n\r\n");
        requests += &format!("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{index:02}");
    }
    client.send(requests);
    for index in 0..50 {
        assert_eq!(client.read().text(), format!("/path/{index}"));
        assert_eq!(client.read().text(), format!("{index:02}"));
    }
}

#[test]
fn head_has_the_length_and_no_body() {
    let server = server();
    let mut client = server.client();
    for path in ["/hello", "/status/200"] {
        let length = client.get(path).body.len().to_string();
        client.send(format!("HEAD {path} HTTP/1.1\r\nHost: x\r\n\r\n"));
        let reply = client.try_read(false).unwrap();
        assert_eq!((reply.status, reply.header("content-length")), (200, Some(&*length)), "{path}");
    }
    assert_eq!(client.get("/hello").text(), "hello");
}

#[test]
fn statuses_without_a_body_send_none() {
    let server = server();
    let mut client = server.client();
    for status in [204, 304] {
        let reply = client.get(&format!("/status/{status}"));
        assert_eq!((reply.status, reply.header("content-length")), (status, None));
    }
    let reply = client.get("/status/599");
    assert_eq!((reply.status, reply.text()), (599, "body"));
}

#[test]
fn targets_arrive_as_they_were_sent() {
    let server = server();
    let mut client = server.client();
    for (target, path) in [
        ("/path/a%2Fb", "/path/a%2Fb"),
        ("/path//x/../y", "/path//x/../y"),
        ("/path/%zz%", "/path/%zz%"),
        ("/path/%00", "/path/%00"),
        ("/path/{a}|b", "/path/{a}|b"),
        ("/path/x?y=/z#", "/path/x"),
        ("http://other/path/x", "/path/x"),
    ] {
        let reply = client.get(target);
        assert_eq!((reply.status, reply.text()), (200, path), "{target}");
    }
}

#[test]
fn what_is_no_request_is_refused_and_the_server_goes_on() {
    let server = server();
    let long = format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "a".repeat(66_000));
    for (bytes, status) in [
        (&b"GET /hello world HTTP/1.1\r\nHost: x\r\n\r\n"[..], 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
        (b"GET /hello HTTP/9.9\r\nHost: x\r\n\r\n", 400),
        (b"GET /hello HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n", 400),
        (long.as_bytes(), 414),
    ] {
        let mut client = server.client();
        client.send(bytes);
        assert_eq!(
            client.read().status,
            status,
            "{:?}",
            String::from_utf8_lossy(&bytes[..20.min(bytes.len())])
        );
    }
    assert_eq!(server.client().get("/hello").status, 200);
}

#[test]
fn http_1_0_is_kept_alive_only_when_asked() {
    let server = server();
    let mut client = server.client();
    let reply = client.ask("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    assert_eq!((reply.text(), reply.header("connection")), ("hello", Some("keep-alive")));
    assert_eq!(client.ask("GET /hello HTTP/1.0\r\n\r\n").text(), "hello");
    assert_eq!(client.read_to_end(), b"");
}

#[test]
fn a_refused_connection_does_not_linger_for_long() {
    let server = Running::start(quick());
    let mut client = server.client();
    client.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n");
    assert_eq!(client.read().status, 413);
    let begun = std::time::Instant::now();
    // Never stops sending, slowly: the time counts from the answer.
    while client.try_send("x").is_ok() && begun.elapsed() < Duration::from_secs(5) {
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
}
