//! Mocks inside tests, as a test's author uses them.
//!
//! What goes over a socket stands in `server`; what a failed test is told, in `messages`.

#[path = "testing/messages.rs"]
mod messages;
#[path = "testing/server.rs"]
mod server;

use std::panic::{AssertUnwindSafe, catch_unwind};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use moclojer_core::testing::{
    CallOrder, MockHandle, Mocks, Settings, absent, any, any_method, bytes, containing, delete, get, head,
    json, options, patch, post, put, regex, request, satisfying, status, template, text,
};

/// Asks mocks without headers and body.
fn ask(mocks: &Mocks, method: Method, target: &str) -> Response<Bytes> {
    send(mocks, method, target, &[], "")
}

fn send(
    mocks: &Mocks,
    method: Method,
    target: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Response<Bytes> {
    let mut request = Request::builder().method(method).uri(target);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    mocks.call(request.body(body.to_owned()).unwrap())
}

fn got(mocks: &Mocks, target: &str) -> String {
    let answer = ask(mocks, Method::GET, target);
    format!("{} {}", answer.status().as_u16(), String::from_utf8_lossy(answer.body()))
}

/// The status of a request with these headers and this body.
fn status_of(mocks: &Mocks, target: &str, headers: &[(&str, &str)], body: &str) -> u16 {
    send(mocks, Method::POST, target, headers, body).status().as_u16()
}

#[test]
fn a_path_is_written_as_in_a_file() {
    let mocks = Mocks::new();
    mocks.mock(get("/users/:id|int").respond("a number"));
    mocks.mock(get("/files/*rest").respond("a file"));
    mocks.mock(get("/search?page|int").respond("a page"));
    assert_eq!(got(&mocks, "/users/7"), "200 a number");
    assert_eq!(got(&mocks, "/users/7/"), "200 a number");
    assert!(got(&mocks, "/users/x").starts_with("400 "));
    assert_eq!(got(&mocks, "/files/a/b"), "200 a file");
    assert_eq!(got(&mocks, "/search?page=2"), "200 a page");
    assert!(got(&mocks, "/search?page=two").starts_with("400 "));
}

#[test]
fn each_method_has_its_word() {
    let mocks = Mocks::new();
    for (mock, method) in [
        (get("/m"), Method::GET),
        (post("/m"), Method::POST),
        (put("/m"), Method::PUT),
        (patch("/m"), Method::PATCH),
        (delete("/m"), Method::DELETE),
        (options("/m"), Method::OPTIONS),
        (head("/h"), Method::HEAD),
        (request(Method::TRACE, "/m"), Method::TRACE),
    ] {
        let path = if method == Method::HEAD { "/h" } else { "/m" };
        mocks.mock(mock.respond(text(method.to_string()).header("x-method", method.as_str())));
        assert_eq!(ask(&mocks, method.clone(), path).headers()["x-method"], method.as_str());
    }
    mocks.mock(any_method("/any").respond("any"));
    assert_eq!(ask(&mocks, Method::PATCH, "/any").body(), "any");
    assert_eq!(ask(&mocks, Method::HEAD, "/m").headers()["content-length"], "3");
    assert!(catch_unwind(|| drop(request(Method::from_bytes(b"PURGE").unwrap(), "/"))).is_err());
}

#[test]
fn the_last_mock_that_fits_answers_whatever_its_path() {
    let mocks = Settings::new().yaml("- endpoint: {path: /a/b, response: {body: file}}").without_socket();
    assert_eq!(got(&mocks, "/a/b"), "200 file");
    mocks.mock(get("/a/:x").respond("capture"));
    assert_eq!(got(&mocks, "/a/b"), "200 capture");
    mocks.mock(get("/a/b").header("x", any()).respond("never asked so"));
    assert_eq!(got(&mocks, "/a/b"), "200 capture");
    let latest = mocks.mock(get("/*rest").respond("rest"));
    assert_eq!(got(&mocks, "/a/b"), "200 rest");
    latest.remove();
    assert_eq!(got(&mocks, "/a/b"), "200 capture");
    {
        let _guard = mocks.mock_scoped(get("/a/b").respond("scoped"));
        assert_eq!(got(&mocks, "/a/b"), "200 scoped");
    }
    assert_eq!(got(&mocks, "/a/b"), "200 capture");
    mocks.reset();
    assert_eq!(got(&mocks, "/a/b"), "200 file");
}

#[test]
fn a_mock_may_answer_for_one_host() {
    let mocks = Settings::new()
        .yaml("- endpoint: {path: /, host: a.example, response: {body: file}}")
        .without_socket();
    mocks.mock(get("/").host("*.example").respond("wildcard"));
    mocks.mock(get("/").host("b.example").respond("exact"));
    let from = |host| send(&mocks, Method::GET, "/", &[("host", host)], "").into_body();
    assert_eq!(from("a.example"), "wildcard");
    assert_eq!(from("b.example:8080"), "exact");
    assert_eq!(send(&mocks, Method::GET, "/", &[("host", "c.test")], "").status(), 404);
}

#[test]
fn headers_and_parameters_are_matched_as_texts() {
    let mocks = Mocks::new();
    let mock = |name: &str, wanted: moclojer_core::testing::TextMatcher| {
        mocks.mock(post(&format!("/header/{name}")).header("x-a", wanted.clone()).respond(204));
        mocks.mock(post(&format!("/query/{name}")).query("a", wanted).respond(204));
    };
    mock("any", any());
    mock("absent", absent());
    mock("equal", "one two".into());
    mock("containing", containing("two"));
    mock("regex", regex("^one [a-z]+$"));
    mock("test", satisfying("seven letters", |text| text.len() == 7));
    for (name, value, fits) in [
        ("any", Some("x"), true),
        ("any", None, false),
        ("absent", None, true),
        ("absent", Some(""), false),
        ("equal", Some("one two"), true),
        ("equal", Some("One two"), false),
        ("containing", Some("one two"), true),
        ("containing", Some("one"), false),
        ("regex", Some("one three"), true),
        ("regex", Some("one 3"), false),
        ("test", Some("one two"), true),
        ("test", Some("two"), false),
    ] {
        let expected = if fits { 204 } else { 400 };
        let headers = value.map(|value| ("x-a", value));
        let asked = status_of(&mocks, &format!("/header/{name}"), headers.as_slice(), "");
        assert_eq!(asked, expected, "header {name} {value:?}");
        let query = value.map(|value| format!("?a={}", value.replace(' ', "%20"))).unwrap_or_default();
        assert_eq!(
            status_of(&mocks, &format!("/query/{name}{query}"), &[], ""),
            expected,
            "query {name} {value:?}"
        );
    }
    assert_eq!(status_of(&mocks, "/query/equal?a=x&a=one+two", &[], ""), 204);
    assert_eq!(status_of(&mocks, "/header/equal", &[("x-a", "x"), ("x-a", "one two")], ""), 204);
}

#[test]
fn bodies_are_matched_by_shape_value_part_and_text() {
    let mocks = Mocks::new();
    mocks.mock(post("/shape").body_shape(json!({"name": "x", "ages": [1]})).respond(204));
    mocks.mock(post("/exact").body_json(json!({"a": 1.5, "b": [1, {"c": null}]})).respond(204));
    mocks.mock(post("/part").body_partial_json(json!({"a": {"b": 1}})).respond(204));
    mocks.mock(post("/text").body_text("hello").respond(204));
    mocks.mock(post("/regex").body_text(regex("^h.*o$")).respond(204));
    mocks.mock(post("/none").body_text(absent()).respond(204));
    for (path, body, fits) in [
        ("/shape", r#"{"name":"y","ages":[2,3],"more":1}"#, true),
        ("/shape", r#"{"name":1,"ages":[]}"#, false),
        ("/exact", r#"{"b":[1,{"c":null}],"a":1.50}"#, true),
        ("/exact", r#"{"b":[1,{"c":null}],"a":1.5,"d":0}"#, false),
        ("/exact", "", false),
        ("/exact", "{", false),
        ("/part", r#"{"x":0,"a":{"y":0,"b":1.0}}"#, true),
        ("/part", r#"{"a":{"b":2}}"#, false),
        ("/text", "hello", true),
        ("/text", "hello ", false),
        ("/regex", "hallo", true),
        ("/none", "", true),
        ("/none", "x", false),
    ] {
        let expected = if fits { 204 } else { 400 };
        assert_eq!(status_of(&mocks, path, &[], body), expected, "{path} {body}");
        // What the test asks for is looked at whatever the type says.
        let typed = [("content-type", "text/plain")];
        if path != "/shape" {
            assert_eq!(status_of(&mocks, path, &typed, body), expected, "{path} {body} as text");
        }
    }
}

#[test]
fn closures_see_the_request_with_its_types() {
    #[derive(serde::Deserialize)]
    struct Order {
        amount: u32,
    }
    let mocks = Mocks::new();
    let of_amount = |wanted: u32| {
        move |request: &moclojer_core::testing::ReceivedRequest| {
            request.body_json::<Order>().is_ok_and(|order| order.amount == wanted)
        }
    };
    mocks.mock(post("/orders/:id").when("the amount is 2", of_amount(2)).respond("two"));
    mocks.mock(post("/orders/:id").when("the amount is 3", of_amount(3)).respond_with(|request| {
        let id = request.path_param("id").unwrap_or_default();
        json(json!({"id": id, "page": request.query("page"), "agent": request.header("user-agent")}))
            .status(201)
    }));
    let ask = |body: &str| send(&mocks, Method::POST, "/orders/a%20b?page=4", &[("user-agent", "me")], body);
    assert_eq!(ask(r#"{"amount":2}"#).body(), "two");
    let answer = ask(r#"{"amount":3}"#);
    assert_eq!(answer.status(), StatusCode::CREATED);
    let body: serde_json::Value = serde_json::from_slice(answer.body()).unwrap();
    assert_eq!(body, json!({"id": "a b", "page": "4", "agent": "me"}));
    let missed = ask(r#"{"amount":4}"#);
    assert_eq!(missed.status(), 400);
    assert!(String::from_utf8_lossy(missed.body()).contains("`the amount is 3` does not hold"));
}

#[test]
fn answers_are_made_of_what_can_stand_for_one() {
    let mocks = Mocks::new();
    mocks.mock(get("/json").respond(json!({"a": 1})));
    mocks.mock(get("/text").respond("hi {{no}}"));
    mocks.mock(get("/status").respond(503));
    mocks.mock(get("/bytes").respond(bytes(vec![0, 255])));
    mocks.mock(get("/http").respond(Response::builder().status(418).header("x", "1").body("tea").unwrap()));
    mocks.mock(get("/reply").respond(json([1, 2]).status(201).header("x", "1").header("x", "2")));
    mocks.mock(get("/kind").respond(text("<a/>").header("content-type", "text/xml")));
    mocks.mock(
        get("/given/:x")
            .respond(template("{{path-params.x|upper}}").status(202).header("x-given", "{{path-params.x}}")),
    );
    mocks.mock(
        get("/tree/:n|int")
            .respond(template(json!({"n": "{{path-params.n|json}}", "s": "n={{path-params.n}}"}))),
    );
    let kind = |path: &str| {
        let answer = ask(&mocks, Method::GET, path);
        let kind = answer.headers().get("content-type").map(|value| value.to_str().unwrap().to_owned());
        (answer.status().as_u16(), kind, answer)
    };
    let (status, content_type, answer) = kind("/json");
    assert_eq!(
        (status, content_type.as_deref(), &**answer.body()),
        (200, Some("application/json"), &b"{\"a\":1}"[..])
    );
    let (status, content_type, answer) = kind("/text");
    assert_eq!((status, content_type.as_deref()), (200, Some("text/plain; charset=utf-8")));
    assert_eq!(answer.body(), "hi {{no}}");
    assert_eq!(kind("/status").0, 503);
    assert_eq!(kind("/bytes").2.body(), &[0, 255][..]);
    assert_eq!((kind("/http").0, kind("/http").2.headers()["x"].to_str().unwrap()), (418, "1"));
    assert_eq!(kind("/reply").2.headers().get_all("x").iter().count(), 2);
    assert_eq!(kind("/kind").1.as_deref(), Some("text/xml"));
    let (status, _, answer) = kind("/given/ab");
    assert_eq!(
        (status, answer.headers()["x-given"].to_str().unwrap(), &**answer.body()),
        (202, "ab", &b"AB"[..])
    );
    assert_eq!(kind("/tree/4").2.body(), r#"{"n":4,"s":"n=4"}"#);
}

#[test]
fn time_and_chance_are_those_of_the_settings() {
    let made = || {
        let mocks = Settings::new().seed(7).now("2026-01-02T03:04:05Z").without_socket();
        mocks.mock(get("/t").respond(template("{{now}} {{uuid}}")));
        mocks
    };
    let (first, second) = (made(), made());
    let drawn = got(&first, "/t");
    assert!(drawn.starts_with("200 2026-01-02T03:04:05.000Z "), "{drawn}");
    assert_eq!(drawn, got(&second, "/t"));
    let next = got(&second, "/t");
    assert_ne!(drawn, next);
    // A mock more does not begin the draws anew.
    first.mock(get("/other").respond("x"));
    assert_eq!(got(&first, "/t"), next);
}

#[cfg(feature = "fake")]
#[test]
fn made_up_data_is_drawn_by_the_seed_too() {
    let made = |seed| {
        let mocks = Settings::new().seed(seed).without_socket();
        mocks.mock(get("/").respond(template("{{fake.name}}")));
        got(&mocks, "/")
    };
    assert_eq!(made(1), made(1));
    assert_ne!(made(1), made(2));
}

#[test]
fn expectations_hold_or_fail_where_they_are_asked() {
    let mocks = Mocks::new();
    let once = mocks.mock(get("/once").respond("x").expect(1));
    let some = mocks.mock(get("/some").respond("x").expect(1..));
    let never = mocks.mock(get("/never").respond("x").never());
    assert_eq!(mocks.check().unwrap_err().count(), 2);
    ask(&mocks, Method::GET, "/once");
    ask(&mocks, Method::GET, "/some");
    ask(&mocks, Method::GET, "/some");
    mocks.verify();
    once.verify();
    ask(&mocks, Method::GET, "/once");
    ask(&mocks, Method::GET, "/never");
    assert!(once.check().is_err() && never.check().is_err() && some.check().is_ok());
    once.remove();
    never.remove();
    mocks.verify();
}

#[test]
fn what_was_received_is_kept_with_types_and_bounded() {
    let mocks = Settings::new().journal(100).without_socket();
    let users = mocks.mock(get("/users/:id").respond("x"));
    for number in 0..150 {
        ask(&mocks, Method::GET, &format!("/users/{number}?a=1&b=%20"));
    }
    ask(&mocks, Method::GET, "/other");
    assert_eq!((mocks.received(), users.calls()), (151, 150));
    let kept = mocks.requests();
    assert_eq!(kept.len(), 100);
    assert_eq!(
        kept.iter().map(|request| request.number()).collect::<Vec<_>>(),
        (52..=151).collect::<Vec<_>>()
    );
    assert_eq!(users.requests().len(), 99);
    let first = &users.requests()[0];
    assert_eq!(
        (first.method(), first.path(), first.path_param("id")),
        (&Method::GET, "/users/51", Some("51"))
    );
    assert_eq!(first.query_pairs(), [("a".to_owned(), "1".to_owned()), ("b".to_owned(), " ".to_owned())]);
    assert_eq!(first.answered_by().map(|label| &*label.path), Some("/users/:id"));
    assert_eq!(
        mocks.unmatched().iter().map(|request| request.path().to_owned()).collect::<Vec<_>>(),
        ["/other"]
    );
    assert!(format!("{first:?}").starts_with("#52 GET /users/51?"));

    let off = Settings::new().journal(0).without_socket();
    let counted = off.mock(get("/").respond("x"));
    ask(&off, Method::GET, "/");
    ask(&off, Method::GET, "/missed");
    assert_eq!((off.requests().len(), counted.calls(), off.received(), off.unmatched().len()), (0, 1, 2, 1));
}

#[test]
fn large_bodies_push_the_oldest_requests_out_of_the_journal() {
    let mocks = Mocks::new();
    mocks.mock(post("/").respond(204));
    let body = "x".repeat(10 << 20);
    for _ in 0..10 {
        send(&mocks, Method::POST, "/", &[], &body);
    }
    let kept: Vec<u64> = mocks.requests().iter().map(|request| request.number()).collect();
    assert_eq!(kept, [5, 6, 7, 8, 9, 10]);
    send(&mocks, Method::POST, "/", &[], &"x".repeat(70 << 20));
    assert_eq!(mocks.requests().iter().map(|request| request.number()).collect::<Vec<_>>(), [11]);
    send(&mocks, Method::POST, "/", &[], "x");
    assert_eq!(mocks.requests().iter().map(|request| request.number()).collect::<Vec<_>>(), [12]);
}

#[test]
fn a_closure_that_panics_fails_the_test_and_not_the_server() {
    let mocks = Mocks::new();
    let mock = mocks.mock(get("/").respond_with(|request| {
        assert_eq!(request.header("x"), Some("1"), "the header is sent");
        "fine"
    }));
    let answer = ask(&mocks, Method::GET, "/");
    assert_eq!(answer.status(), 500);
    assert_eq!(send(&mocks, Method::GET, "/", &[("x", "1")], "").body(), "fine");
    let told = mock.check().unwrap_err().to_string();
    assert!(
        told.contains("its closure panicked: assertion `left == right` failed: the header is sent"),
        "{told}"
    );
    mock.remove();
}

#[test]
fn mocks_look_at_their_end_but_not_while_panicking() {
    let unmet = catch_unwind(|| {
        let mocks = Mocks::new();
        mocks.mock(get("/").respond("x").expect(1));
    });
    assert!(unmet.is_err());
    // A second panic would abort the process.
    let own = catch_unwind(|| {
        let mocks = Mocks::new();
        let _guard = mocks.mock_scoped(get("/").respond("x").expect(1));
        panic!("the test's own");
    });
    assert_eq!(own.unwrap_err().downcast_ref::<&str>(), Some(&"the test's own"));
    let strict = catch_unwind(|| {
        let mocks = Settings::new().strict().without_socket();
        ask(&mocks, Method::GET, "/");
    });
    assert!(strict.is_err());
}

#[test]
fn guards_look_at_their_own_mock_alone() {
    let mocks = Mocks::new();
    let other = mocks.mock(get("/other").respond("x").expect(1));
    let guard = mocks.mock_scoped(get("/").respond("x").expect(1));
    ask(&mocks, Method::GET, "/");
    drop(guard);
    let failed = catch_unwind(AssertUnwindSafe(|| drop(mocks.mock_scoped(get("/").respond("x").expect(1)))));
    assert!(failed.is_err());
    other.remove();
}

#[test]
fn a_mock_that_was_taken_away_expects_nothing() {
    let mocks = Mocks::new();
    let removed = mocks.mock(get("/").respond("x").expect(1));
    assert!(removed.check().is_err());
    removed.remove();
    removed.verify();
    let reset = mocks.mock_scoped(get("/").respond("x").expect(1));
    mocks.reset();
    drop(reset);
}

#[test]
fn orders_hold_across_servers() {
    let order = CallOrder::new();
    let (first, second) = (Mocks::new(), Mocks::new());
    first.mock(get("/login").respond("x").in_order(&order));
    second.mock(get("/pay").respond("x").in_order(&order));
    ask(&first, Method::GET, "/login");
    ask(&second, Method::GET, "/pay");
    first.verify();
    ask(&first, Method::GET, "/login");
    assert!(second.check().is_err());
    first.reset();
    second.reset();
}

#[test]
fn a_thousand_mocks_are_told_apart() {
    let mocks = Mocks::new();
    for number in 0..1_000 {
        mocks.mock(get(&format!("/m/{number}")).respond(text(number.to_string())));
    }
    for number in 0..1_000 {
        assert_eq!(got(&mocks, &format!("/m/{number}")), format!("200 {number}"));
    }
}

#[test]
fn what_cannot_be_read_is_said_where_it_stands() {
    let told = |make: Box<dyn FnOnce() + std::panic::UnwindSafe>| {
        let payload = catch_unwind(make).unwrap_err();
        payload.downcast_ref::<String>().unwrap().clone()
    };
    let line = line!() + 1;
    let file = told(Box::new(|| drop(Settings::new().yaml("- endpoint: {path: users}").without_socket())));
    assert!(file.contains(&format!("<yaml at moclojer-core/tests/it/testing.rs:{line}>:1:")), "{file}");
    let path = told(Box::new(|| drop(get("/users/:id|itn"))));
    assert!(path.starts_with("the path `/users/:id|itn` cannot be read:\n  "), "{path}");
    let body = told(Box::new(|| drop(get("/").respond(template("{{x|nope}}")))));
    assert!(body.contains("nope"), "{body}");
    let code = told(Box::new(|| drop(status(99))));
    assert_eq!(code, "99 is no status that can be sent: it goes from 200 to 599");
    let code = told(Box::new(|| drop(get("/").respond((600, "no")))));
    assert_eq!(code, "600 is no status that can be sent: it goes from 200 to 599");
    let header = told(Box::new(|| drop(text("x").header("content-length", "3"))));
    assert!(header.contains("written by the server itself"), "{header}");
    let missing = Settings::new().file("no/such.yml").try_without_socket().unwrap_err().to_string();
    assert!(missing.starts_with("the mock file no/such.yml cannot be read: "), "{missing}");
    assert!(missing.contains("the test runs in "), "{missing}");
}

#[test]
fn few_mocks_are_found_as_many_are() {
    let patterns = [
        "/:s",
        "/a",
        "/a-b",
        "/:from-:to",
        "/:n|int",
        "/x:s",
        "/*rest",
        "/a/",
        "/a/b",
        "/:s/b",
        "/a/:n|int",
        "/:s/:n",
        "/a/*",
        "/:n|int/",
        "/",
    ];
    let paths = [
        "/", "/a", "/a/", "/a-b", "/a-b/", "/7", "/7/", "/x7", "/a/b", "/a/b/", "/a/7", "/c/b", "/c/7/",
        "/a/b/c", "/%61", "/-", "//", "/x",
    ];
    let (few, many) = (Mocks::new(), Mocks::new());
    // More than are asked one by one; none of them fits anything.
    for number in 0..30 {
        many.mock(delete(&format!("/elsewhere/{number}")).respond("never"));
    }
    let mut answered = 0;
    // Each begins with another one, so that each is the latest once, and the first once.
    for first in 0..patterns.len() {
        few.reset();
        let mut added = Vec::new();
        for at in 0..patterns.len() {
            let pattern = patterns[(first + at) % patterns.len()];
            few.mock(get(pattern).respond(pattern));
            added.push(many.mock(get(pattern).respond(pattern)));
        }
        for path in paths {
            let answer = got(&few, path);
            answered += usize::from(answer.starts_with("200 "));
            assert_eq!(answer, got(&many, path), "{path}, the first is {}", patterns[first]);
        }
        added.iter().for_each(MockHandle::remove);
    }
    assert!(answered > 200, "{answered}");
}
