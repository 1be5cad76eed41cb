//! What a failed test is told: each message whole, as a person reads it.

use http::{Method, Request};
use moclojer_core::testing::{CallOrder, Mocks, Settings, get, json, post};

/// Sends a request and forgets the answer.
fn send(mocks: &Mocks, method: Method, target: &str, headers: &[(&str, &str)], body: &str) {
    let mut request = Request::builder().method(method).uri(target);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    mocks.call(request.body(body.to_owned()).unwrap());
}

/// What the mocks' end would say, with the lines of this file left out.
fn told(mocks: &Mocks) -> String {
    let text = mocks.check().unwrap_err().to_string();
    mocks.reset();
    let place = regex::Regex::new(r"messages\.rs:\d+(:\d+)?").unwrap();
    place.replace_all(&text, "messages.rs:LINE").into_owned()
}

#[test]
fn the_place_of_a_mock_is_its_line_in_the_test() {
    let mocks = Mocks::new();
    let line = line!() + 1;
    mocks.mock(get("/").respond("x").expect(1));
    let text = mocks.check().unwrap_err().to_string();
    assert!(text.contains(&format!("tests/it/testing/messages.rs:{line}:16\n")), "{text}");
    mocks.reset();
}

#[test]
fn method() {
    let mocks = Mocks::new();
    mocks.mock(post("/users").named("create user").respond(201).expect(1));
    send(&mocks, Method::GET, "/users", &[], "");
    insta::assert_snapshot!(told(&mocks));
}

#[test]
fn path() {
    let mocks = Mocks::new();
    mocks.mock(get("/users/:id/orders").respond("x").expect(1..));
    send(&mocks, Method::GET, "/favicon.ico", &[], "");
    send(&mocks, Method::GET, "/users/7/order?page=2", &[], "");
    insta::assert_snapshot!(told(&mocks));
}

#[test]
fn type_of_a_parameter() {
    let mocks = Mocks::new();
    mocks.mock(get("/users/:id|int").respond("x").expect(1));
    send(&mocks, Method::GET, "/users/x42", &[], "");
    insta::assert_snapshot!(told(&mocks));
}

#[test]
fn header() {
    let mocks = Mocks::new();
    mocks.mock(get("/me").header("authorization", "Bearer two").respond("x").expect(1));
    send(&mocks, Method::GET, "/me", &[("authorization", "Bearer one"), ("accept", "application/json")], "");
    insta::assert_snapshot!(told(&mocks));
}

#[test]
fn query() {
    let mocks = Mocks::new();
    mocks.mock(get("/search").query("q", "rust").query("page", "1").respond("x").expect(1));
    send(&mocks, Method::GET, "/search?q=rust%20lang&page=1", &[], "");
    insta::assert_snapshot!(told(&mocks));
}

#[test]
fn body_difference() {
    let mocks = Mocks::new();
    let wanted = json!({"customer": {"name": "maria", "age": 31}, "items": [{"sku": "a1"}, {"sku": "b2"}], "paid": true});
    mocks.mock(post("/orders").body_json(wanted).respond(201).expect(1));
    let sent = json!({"customer": {"name": "mario", "age": 31}, "items": [{"sku": "b2"}], "paid": true});
    send(&mocks, Method::POST, "/orders", &[("content-type", "application/json")], &sent.to_string());
    insta::assert_snapshot!(told(&mocks));
}

#[test]
fn called_twice() {
    let mocks = Mocks::new();
    mocks.mock(post("/payments").respond(201).expect(1));
    send(&mocks, Method::POST, "/payments", &[("content-type", "application/json")], r#"{"amount":1}"#);
    send(&mocks, Method::POST, "/payments", &[("content-type", "application/json")], r#"{"amount":1}"#);
    insta::assert_snapshot!(told(&mocks));
}

#[test]
fn never_called() {
    let mocks = Mocks::new();
    mocks.mock(get("/health").respond("ok").expect(1..));
    insta::assert_snapshot!(told(&mocks));
}

#[test]
fn called_too_seldom() {
    let mocks = Mocks::new();
    mocks.mock(post("/mails").header("x-to", "maria").respond(202).expect(2));
    send(&mocks, Method::POST, "/mails", &[("x-to", "maria")], "");
    send(&mocks, Method::POST, "/mails", &[("x-to", "mario")], "");
    insta::assert_snapshot!(told(&mocks));
}

#[test]
fn called_though_it_is_never_to_be() {
    let mocks = Mocks::new();
    mocks.mock(post("/mails").respond(202).never());
    send(&mocks, Method::POST, "/mails", &[], "it's here");
    insta::assert_snapshot!(told(&mocks));
}

#[test]
fn unexpected_in_strict_mode() {
    let file = "- endpoint: {path: /users/:id|int, response: {body: x}}";
    let mocks = Settings::new().yaml(file).strict().without_socket();
    mocks.mock(post("/users").respond(201));
    send(&mocks, Method::POST, "/user", &[], "");
    send(&mocks, Method::GET, "/users/me", &[], "");
    let text = mocks.check().unwrap_err().to_string();
    mocks.reset();
    let place = regex::Regex::new(r"messages\.rs:\d+(:\d+)?").unwrap();
    insta::assert_snapshot!(place.replace_all(&text, "messages.rs:LINE"));
}

#[test]
fn order() {
    let mocks = Mocks::new();
    let order = CallOrder::new();
    mocks.mock(post("/cart").respond(201).in_order(&order));
    mocks.mock(post("/pay").respond(201).in_order(&order));
    send(&mocks, Method::POST, "/pay", &[], "");
    send(&mocks, Method::POST, "/cart", &[], "");
    insta::assert_snapshot!(told(&mocks));
}

#[test]
fn a_mock_that_came_too_late_for_its_request() {
    let mocks = Settings::new().strict().without_socket();
    send(&mocks, Method::GET, "/late", &[], "");
    mocks.mock(get("/late").respond("x").expect(1));
    insta::assert_snapshot!(told(&mocks));
}

#[test]
fn a_request_of_the_file_that_came_before_its_mock() {
    let file = "- endpoint: {path: /late, response: {body: file}}";
    let mocks = Settings::new().yaml(file).without_socket();
    send(&mocks, Method::GET, "/late", &[], "");
    mocks.mock(get("/late").respond("first").expect(0));
    mocks.mock(get("/late").respond("second").expect(1));
    let told = told(&mocks);
    assert!(told.contains("not      yet there: it was added after the request came"), "{told}");
}

#[test]
fn a_request_that_a_later_mock_has_taken() {
    let mocks = Mocks::new();
    mocks.mock(get("/").respond("first").expect(1));
    mocks.mock(get("/").respond("second"));
    send(&mocks, Method::GET, "/", &[], "");
    let told = told(&mocks);
    assert!(told.contains("not      it fits, but another endpoint comes before it"), "{told}");
}

#[test]
fn a_body_that_was_meant_for_another_path_is_not_compared() {
    let mocks = Mocks::new();
    mocks.mock(post("/events").body_json(json!({"kind": "viewed"})).respond(202).expect(1));
    send(&mocks, Method::POST, "/login", &[], r#"{"name":"maria"}"#);
    let told = told(&mocks);
    assert!(told.contains("segment 1 of the path is `login`") && !told.contains("wanted (-)"), "{told}");
}

/// Set where a test runs once more, to fail.
const FAILS: &str = "MOCLOJER_TEST_FAILS";

/// What a test prints that fails, run by itself.
fn printed(name: &str) -> String {
    let mut again = std::process::Command::new(std::env::current_exe().unwrap());
    let name = format!("testing::messages::{name}");
    let again = again.args([&name, "--exact", "--nocapture"]).env(FAILS, "1").env("RUST_BACKTRACE", "0");
    let output = again.output().unwrap();
    assert!(!output.status.success());
    let place = regex::Regex::new(r"messages\.rs:\d+(:\d+)?").unwrap();
    place.replace_all(&String::from_utf8(output.stderr).unwrap(), "messages.rs:LINE").into_owned()
}

#[test]
fn a_test_that_fails_by_itself_is_told_what_its_mocks_know() {
    if std::env::var_os(FAILS).is_some() {
        let mocks = Mocks::new();
        mocks.mock(get("/users/:id").respond("x").expect(1));
        let _guard = mocks.mock_scoped(post("/users").header("x-key", "1").respond(201).expect(1));
        send(&mocks, Method::GET, "/user/7", &[], "");
        send(&mocks, Method::POST, "/users", &[], "");
        panic!("the test's own");
    }
    let text = printed("a_test_that_fails_by_itself_is_told_what_its_mocks_know");
    let (own, told) = text.split_once("\n\nwhen the test failed").unwrap();
    assert!(own.contains("the test's own"), "{text}");
    insta::assert_snapshot!(format!("when the test failed{}", told.trim_end()));
}

#[test]
fn what_is_unmet_is_told_once() {
    if std::env::var_os(FAILS).is_some() {
        let mocks = Mocks::new();
        mocks.mock(get("/").respond("x").expect(1));
        mocks.verify();
    }
    let text = printed("what_is_unmet_is_told_once");
    assert_eq!(text.matches("expected 1 call, got no call").count(), 1, "{text}");
}

#[test]
fn a_closure_that_says_no() {
    let mocks = Mocks::new();
    mocks.mock(post("/hook").when("the signature is right", |_| false).respond(204).expect(1));
    send(&mocks, Method::POST, "/hook", &[], "x");
    insta::assert_snapshot!(told(&mocks));
}
