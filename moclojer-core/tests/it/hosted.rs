//! Many owners' mocks in one server.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Uri};
use moclojer_core::respond::hosted::{Bounds, Coverage, HostedResponder};
use moclojer_core::respond::{Body, Options, Request, Step};
use moclojer_core::serve;
use moclojer_core::spec::Settings;
use moclojer_core::unify::{Digest, Entry, Layout, LayoutNumber, Revision, Version};

use crate::client::Got;
use crate::serve::Running;
use crate::unify::{host, processed};

fn hosted() -> HostedResponder {
    bounded(&Bounds::default())
}

fn bounded(bounds: &Bounds) -> HostedResponder {
    let mut options = Options::default();
    options.near_misses = false;
    let responder = HostedResponder::new(options, Settings::default(), bounds);
    responder.set_coverage(Coverage::Everything);
    responder
}

/// What a shard holds of a host.
fn entry(name: &str, file: &str) -> Entry {
    raw(name, processed(name, file).as_str())
}

/// The same with a text that nobody processed.
fn raw(name: &str, text: &str) -> Entry {
    let document = Bytes::copy_from_slice(text.as_bytes());
    let digest = Digest::of(&document);
    Entry { host: host(name), version: Version::new(1), revision: Revision::new(1), digest, document }
}

fn step(responder: &HostedResponder, target: &str, headers: &[(&'static str, &str)]) -> Step {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(*name, HeaderValue::from_str(value).unwrap());
    }
    let target: Uri = target.parse().unwrap();
    let request = Request { method: &Method::GET, target: &target, headers: &map, peer: None };
    responder.respond(&request, Body::Read(&Bytes::new()))
}

fn get(responder: &HostedResponder, name: &str, target: &str) -> Got {
    match step(responder, target, &[("host", name)]) {
        Step::Answer(answer) => Got::of(answer, false),
        other => panic!("{other:?}"),
    }
}

/// A mock of so many endpoints that it is compiled in the pool.
fn large(count: usize) -> String {
    (0..count)
        .map(|at| format!("- endpoint: {{path: /p{at}/:x, response: {{body: 'n {{{{path-params.x}}}}'}}}}\n"))
        .collect()
}

#[test]
fn a_host_is_met_by_its_own_name_alone() {
    let responder = hosted();
    responder.set(&entry("a.test", "- endpoint: {path: /, host: b.test, response: {body: a}}"));
    responder.set(&entry("b.test", "- endpoint: {path: /, response: {body: b}}"));
    assert_eq!(get(&responder, "a.test", "/").body, "a");
    assert_eq!(get(&responder, "B.test:80", "/").body, "b");
    assert_eq!(get(&responder, "b.test", "http://b.test/").body, "b");
    assert_eq!(responder.counts().hosts, 2);
    assert_eq!(responder.version(&host("a.test")), Some(Version::new(1)));
}

#[test]
fn an_unknown_host_gets_a_404_that_says_nothing() {
    let responder = hosted();
    responder.set(&entry("a.test", "- endpoint: {path: /x, response: {body: a}}"));
    responder.set(&entry("*.wild.test", "- endpoint: {path: /x, response: {body: w}}"));
    for name in ["other.test", "", "x.a.test", "one.wild.test"] {
        let got = get(&responder, name, "/x");
        assert_eq!((got.status, &*got.body), (404, "not found\n"), "{name}");
        assert_eq!(got.header("retry-after"), None);
    }
    let forwarded = step(&responder, "/x", &[("host", "other.test"), ("x-forwarded-host", "a.test")]);
    assert!(matches!(forwarded, Step::Answer(answer) if answer.status == 404));
}

#[test]
fn a_host_that_was_not_read_yet_is_asked_to_come_again() {
    let responder = HostedResponder::new(Options::default(), Settings::default(), &Bounds::default());
    let early = get(&responder, "a.test", "/");
    assert_eq!((early.status, early.header("retry-after")), (503, Some("1")));
    let layout = Layout::new(LayoutNumber::new(1), std::num::NonZeroU32::new(4).unwrap(), *b"salt");
    let unread = layout.shard_of(&host("a.test"));
    let read = ["b.test", "c.test", "d.test", "e.test", "f.test"]
        .into_iter()
        .find(|name| layout.shard_of(&host(name)) != unread)
        .unwrap();
    responder.set_coverage(Coverage::AllBut { layout, unread: [unread].into() });
    assert_eq!(get(&responder, "a.test", "/").status, 503);
    assert_eq!(get(&responder, read, "/").status, 404);
    responder.set_coverage(Coverage::Everything);
    assert_eq!(get(&responder, "a.test", "/").status, 404);
}

#[test]
fn a_request_whose_target_and_host_disagree_is_refused() {
    let responder = hosted();
    responder.set(&entry("a.test", "- endpoint: {path: /, response: {body: a}}"));
    let got = get(&responder, "b.test", "http://a.test/");
    assert_eq!((got.status, got.json()["error"]["cause"].as_str()), (400, Some("bad-host")));
    assert_eq!(get(&responder, "A.test.:8080", "http://a.test/").body, "a");
}

#[test]
fn a_mock_that_does_not_compile_answers_500_alone() {
    let responder = hosted();
    let begin = "---\n- \"x-host\": \"bad.test\"\n";
    responder.set(&raw("bad.test", &format!("{begin}- \"endpoint\": 1\n")));
    responder.set(&raw(
        "thief.test",
        "---\n- \"endpoint\": {\"host\": \"bad.test\", \"path\": \"/\", \"response\": {}}\n",
    ));
    responder
        .set(&raw("free.test", "---\n- \"endpoint\": {\"path\": \"/\", \"response\": {\"body\": \"x\"}}\n"));
    responder.set(&entry("good.test", "- endpoint: {path: /, response: {body: good}}"));
    for name in ["bad.test", "thief.test", "free.test"] {
        for _ in 0..2 {
            let got = get(&responder, name, "/");
            assert_eq!((got.status, got.json()["error"]["cause"].as_str()), (500, Some("mock-not-loadable")));
            assert!(!got.body.contains("endpoint"), "the log says why: {}", got.body);
        }
    }
    assert_eq!(responder.counts().not_loadable, 3, "once each, not once a request");
    assert_eq!(get(&responder, "good.test", "/").body, "good");
    responder.set(&entry("bad.test", "- endpoint: {path: /, response: {body: mended}}"));
    assert_eq!(get(&responder, "bad.test", "/").body, "mended");
}

#[test]
fn counters_go_on_through_swaps_and_drops_and_end_with_the_host() {
    let mut bounds = Bounds::default();
    bounds.compiled_bytes = 1;
    let responder = bounded(&bounds);
    let file =
        |word: &str| format!("- endpoint: {{path: /, response: {{body: '{word} {{{{counter:\"n\"}}}}'}}}}");
    responder.set(&entry("a.test", &file("old")));
    assert_eq!(get(&responder, "a.test", "/").body, "old 1");
    responder.set(&entry("b.test", &file("other")));
    assert_eq!(get(&responder, "b.test", "/").body, "other 1");
    assert_eq!(responder.counts().compiled, 1, "the bound dropped the first");
    assert_eq!(get(&responder, "a.test", "/").body, "old 2");
    responder.set(&entry("a.test", &file("new")));
    assert_eq!(get(&responder, "a.test", "/").body, "new 3");
    assert!(responder.remove(&host("a.test")));
    assert!(!responder.remove(&host("a.test")));
    responder.set(&entry("a.test", &file("again")));
    assert_eq!(get(&responder, "a.test", "/").body, "again 1");
}

#[test]
fn what_is_asked_for_stays_compiled_and_the_rest_gives_way() {
    let file = "- endpoint: {path: /, response: {body: x}}";
    let probe = hosted();
    probe.set(&entry("h0.test", file));
    get(&probe, "h0.test", "/");
    let each = probe.counts().compiled_bytes;
    let mut bounds = Bounds::default();
    bounds.compiled_bytes = each * 10;
    let responder = bounded(&bounds);
    for at in 0..50 {
        responder.set(&entry(&format!("h{at}.test"), file));
    }
    assert_eq!(responder.counts().compiled, 0, "nothing is compiled before it is asked for");
    for at in 0..50 {
        assert_eq!(get(&responder, &format!("h{at}.test"), "/").body, "x");
        assert_eq!(get(&responder, "h0.test", "/").body, "x");
        let counts = responder.counts();
        assert!(counts.compiled <= 10 && counts.compiled_bytes <= each * 10, "{counts:?}");
    }
    for at in 0..50 {
        responder.remove(&host(&format!("h{at}.test")));
    }
    let counts = responder.counts();
    assert_eq!((counts.hosts, counts.compiled, counts.compiled_bytes), (0, 0, 0));
}

#[test]
fn cookies_stay_with_their_host() {
    let responder = hosted();
    let file = "- endpoint:\n    path: /:d\n    response:\n      headers:\n        Set-Cookie: ['a=1; Domain=test', 'b={{path-params.d}}; Path=/; domain={{path-params.d}}']\n";
    responder.set(&entry("a.test", file));
    let got = get(&responder, "a.test", "/x");
    let cookies: Vec<&str> =
        got.headers.iter().filter(|(name, _)| name == "set-cookie").map(|(_, value)| &**value).collect();
    assert_eq!(cookies, ["a=1", "b=x; Path=/"]);
}

#[test]
fn the_reserved_path_is_not_a_mocks() {
    let responder = hosted();
    responder.set(&entry("a.test", "- endpoint: {path: '/*all', response: {body: mine}}"));
    for path in [
        "/.well-known/moclojer",
        "/.well-known/moclojer/",
        "/.well-known/moclojer?challenge=1",
        "/%2Ewell-known/moclojer",
    ] {
        let got = get(&responder, "a.test", path);
        assert_eq!(
            (got.status, got.json()["error"]["cause"].as_str()),
            (404, Some("reserved-path")),
            "{path}"
        );
    }
    for path in ["/.well-known/moclojer2", "/.well-known/moclojer/x", "/.well-known", "/moclojer"] {
        assert_eq!(get(&responder, "a.test", path).body, "mine", "{path}");
    }
}

#[test]
fn near_misses_are_told_where_the_mock_says_so() {
    let responder = hosted();
    responder.set(&entry("quiet.test", "- endpoint: {path: /users, response: {body: x}}"));
    responder.set(&entry(
        "open.test",
        "- defaults: {near-misses: true}\n- endpoint: {path: /users, response: {body: x}}",
    ));
    let quiet = get(&responder, "quiet.test", "/user");
    assert_eq!(quiet.status, 404);
    assert!(quiet.json().get("nearest").is_none() && !quiet.body.contains("/users"), "{}", quiet.body);
    let open = get(&responder, "open.test", "/user");
    assert_eq!(open.json()["nearest"][0]["path"], "/users");
    assert!(open.json()["nearest"][0].get("place").is_none());
}

#[test]
fn no_miss_tells_of_files_or_of_other_hosts() {
    let responder = hosted();
    let mine = "
- defaults: {near-misses: true}
- endpoint: {path: '/users/:id|int', response: {body: x}}
- endpoint: {path: /off, enabled: false, response: {body: x}}
- endpoint: {method: POST, path: /a/b, query: {n: int}, response: {body: x}}";
    responder.set(&entry("a.example.com", mine));
    responder.set(&entry("b.example.com", "- endpoint: {path: /theirs, response: {body: x}}"));
    for (path, status, nearest) in [
        ("/theirs", 404, None),
        ("/user/7", 404, Some("(one letter off)")),
        ("/users/x", 400, Some("wanted `int`")),
        ("/a%2Fb", 404, Some("wanted `/` in its place")),
        ("/a//b", 404, Some("a slash too many")),
        ("/a/b", 405, Some("the method is GET, wanted POST")),
        ("/off", 404, None),
        ("/%zz", 400, None),
    ] {
        let got = get(&responder, "a.example.com", path);
        assert_eq!(got.status, status, "{path}: {}", got.body);
        for secret in ["\"place\"", "b.example.com", ".yml", "suggestion", "enabled", "/off\",\"reason"] {
            assert!(!got.body.contains(secret), "{path} tells of {secret}: {}", got.body);
        }
        let reason = got.json()["nearest"][0]["reason"].as_str().unwrap_or_default().to_owned();
        assert!(nearest.is_none_or(|said| reason.contains(said)), "{path}: {}", got.body);
    }
}

#[test]
fn many_first_requests_compile_once() {
    let responder = hosted();
    let text = large(400);
    let count = format!("{text}- endpoint: {{path: /count, response: {{body: '{{{{counter:\"n\"}}}}'}}}}");
    responder.set(&entry("a.test", &count));
    let compiled = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    loop {
                        // Outside of a runtime one thread compiles and the others are told to wait.
                        match step(&responder, "/count", &[("host", "a.test")]) {
                            Step::Answer(answer) => return answer.body,
                            Step::Wait(_) => std::thread::yield_now(),
                            other => panic!("{other:?}"),
                        }
                    }
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
    });
    let mut numbers: Vec<u32> =
        compiled.iter().map(|body| std::str::from_utf8(body).unwrap().parse().unwrap()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=8).collect::<Vec<_>>(), "one block, one counter");
    assert_eq!(responder.counts().compiled, 1);
}

#[test]
fn a_large_mock_is_compiled_beside_the_runtime_while_others_answer() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let responder = Arc::new(hosted());
        responder.set(&entry("large.test", &large(2_000)));
        responder.set(&entry("small.test", "- endpoint: {path: /, response: {body: small}}"));
        let Step::Wait(first) = step(&responder, "/p7/x", &[("host", "large.test")]) else { panic!() };
        let Step::Wait(second) = step(&responder, "/p7/x", &[("host", "large.test")]) else { panic!() };
        assert_eq!(get(&responder, "small.test", "/").body, "small", "the only worker is free");
        let limit = Duration::from_secs(60);
        tokio::time::timeout(limit, async { tokio::join!(first.ended(), second.ended()) }).await.unwrap();
        assert_eq!(get(&responder, "large.test", "/p7/x").body, "n x");
        // Removed and set anew while it is compiled: the old text is not kept.
        responder.set(&entry("large.test", &large(1_500)));
        let Step::Wait(wait) = step(&responder, "/p7/x", &[("host", "large.test")]) else { panic!() };
        responder.remove(&host("large.test"));
        tokio::time::timeout(limit, wait.ended()).await.unwrap();
        assert_eq!(get(&responder, "large.test", "/p7/x").status, 404);
        assert_eq!(responder.counts().compiled, 1);
    });
}

#[test]
fn requests_of_any_form_wait_over_a_socket() {
    let responder = Arc::new(hosted());
    responder.set(&entry(
        "large.test",
        &format!(
            "{}- endpoint: {{method: POST, path: /echo, response: {{body: '{{{{json-params.a}}}}'}}}}",
            large(1_000)
        ),
    ));
    let server = Running::answering(responder, serve::Options::default());
    let ask = |head: &str, body: &str| {
        let length = body.len();
        let fields = "host: large.test\r\ncontent-type: application/json";
        let request = format!("{head} HTTP/1.1\r\n{fields}\r\ncontent-length: {length}\r\n\r\n{body}");
        server.client().ask(request).text().to_owned()
    };
    let begun = Instant::now();
    let (got, posted) = std::thread::scope(|scope| {
        let posted = scope.spawn(|| ask("POST /echo", "{\"a\": \"sent\"}"));
        (ask("GET /p3/x", ""), posted.join().unwrap())
    });
    assert_eq!((&*got, &*posted), ("n x", "sent"));
    assert!(begun.elapsed() < Duration::from_secs(10), "nobody waited for the limit");
}

#[test]
fn no_text_is_left_waiting_by_a_pool_that_ends() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let mut bounds = Bounds::default();
    bounds.compilers = 1;
    let responder = Arc::new(bounded(&bounds));
    let body = "x".repeat(17 << 10);
    let names: Vec<String> = (0..200).map(|at| format!("h{at}.test")).collect();
    for name in &names {
        responder.set(&entry(name, &format!("- endpoint: {{path: /, response: {{body: {body}}}}}")));
    }
    runtime.block_on(async {
        let tasks = names.chunks(100).map(|names| {
            let (responder, names) = (Arc::clone(&responder), names.to_vec());
            tokio::spawn(async move {
                for name in names {
                    while let Step::Wait(wait) = step(&responder, "/", &[("host", &name)]) {
                        tokio::time::timeout(Duration::from_secs(20), wait.ended()).await.unwrap();
                    }
                }
            })
        });
        for task in tasks.collect::<Vec<_>>() {
            task.await.unwrap();
        }
    });
    assert_eq!(responder.counts().compiled, 200);
}
