//! Why a request was missed: the first reason of the nearest endpoint, and that the body, the log's line and `explain`
//! say the same.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use moclojer_core::respond::{Body, Explanation, Request, Step};
use moclojer_core::serve::log::{Format, Log, Requests};

use crate::client::{Mock, mock};

/// One request that is missed.
struct Row {
    /// Endpoints without their response, one a line.
    endpoints: &'static [&'static str],
    /// `GET /path`.
    line: &'static str,
    headers: &'static [&'static str],
    body: &'static str,
    status: u16,
    /// Kind, wanted, found, line of the file.
    reason: (&'static str, &'static str, &'static str, u32),
    /// What `explain` suggests, the request before the file.
    suggestion: Option<&'static str>,
}

const fn row(
    endpoints: &'static [&'static str],
    line: &'static str,
    status: u16,
    reason: (&'static str, &'static str, &'static str, u32),
    suggestion: Option<&'static str>,
) -> Row {
    Row { endpoints, line, headers: &[], body: "", status, reason, suggestion }
}

const fn with(mut row: Row, headers: &'static [&'static str], body: &'static str) -> Row {
    row.headers = headers;
    row.body = body;
    row
}

const JSON: &[&str] = &["content-type: application/json"];
const FORM: &[&str] = &["content-type: application/x-www-form-urlencoded"];
const TEXT: &[&str] = &["content-type: text/plain"];
const POST_AGE: &[&str] = &["method: POST, path: /a, body: {age: 1}"];
const USERS: &[&str] = &["path: '/users/:id|int'", "path: /orders"];

#[rustfmt::skip]
const TABLE: &[Row] = &[
    // The path.
    row(USERS, "GET /user/42", 404, ("letter", "users", "user", 1), Some("GET /users/42")),
    row(USERS, "GET /usres/42", 404, ("letter", "users", "usres", 1), Some("GET /users/42")),
    row(USERS, "GET /Users/42", 404, ("case", "users", "Users", 1), Some("GET /users/42")),
    row(USERS, "GET /ORDERS", 404, ("case", "orders", "ORDERS", 2), Some("GET /orders")),
    row(&["path: /straße"], "GET /STRASSE", 404, ("segment", "straße", "STRASSE", 1), Some("GET /stra%C3%9Fe")),
    row(USERS, "GET /people/42", 404, ("segment", "users", "people", 1), Some("GET /users/42")),
    row(USERS, "GET /users/abc", 400, ("path", "`int`", "`abc`", 1), Some("GET /users/1")),
    row(USERS, "GET /users/42x", 400, ("path", "`int`", "`42x`", 1), Some("GET /users/42")),
    row(USERS, "GET /users/", 404, ("empty-segment", ":id|int", "", 1), Some("GET /users/1/")),
    row(USERS, "GET /users", 404, ("length", "2 segments", "1 segment", 1), Some("GET /users/1")),
    row(USERS, "GET /users/42/x/", 404, ("length", "2 segments", "3 segments", 1), Some("GET /users/42/")),
    row(USERS, "GET /users%2F42", 404, ("encoded-slash", "/users/:id|int", "/users%2F42", 1), Some("GET /users/42")),
    row(USERS, "GET /users//42", 404, ("slash", "/users/:id|int", "/users//42", 1), Some("GET /users/42")),
    row(USERS, "GET /orders//", 404, ("slash", "/orders", "/orders//", 2), Some("GET /orders/")),
    row(&["path: '/c/:code|/[A-Z]{3}/'"], "GET /c/abc", 400, ("path", "`/[A-Z]{3}/`", "`abc`", 1), Some("GET /c/ABC")),
    row(&["path: '/c/:code|/[A-Z]{3}//list'"], "GET /c/ABC/lists", 404, ("letter", "list", "lists", 1), Some("GET /c/ABC/list")),
    row(&["path: '/b/:on|bool'"], "GET /b/True", 400, ("path", "`bool`", "`True`", 1), Some("GET /b/true")),
    row(&["path: '/d/:day|date'"], "GET /d/2024-02-30", 400, ("path", "`date`", "`2024-02-30`", 1), Some("GET /d/2024-01-31")),
    row(&["path: '/r/:sid.json'"], "GET /r/7.xml", 404, ("segment", ":sid.json", "7.xml", 1), Some("GET /r/7.json")),
    row(&["path: '/r/:sid|int.json'"], "GET /r/x.json", 400, ("path", "`int`", "`x`", 1), Some("GET /r/1.json")),
    row(&["path: '/files/*rest'"], "GET /files", 404, ("length", "2 segments or more", "1 segment", 1), Some("GET /files/1")),
    row(&["path: '/files/*rest'"], "GET /file/a/b", 404, ("letter", "files", "file", 1), Some("GET /files/a/b")),
    row(&["path: /olá"], "GET /ola", 404, ("letter", "olá", "ola", 1), Some("GET /ol%C3%A1")),
    row(&["path: /a/./b"], "GET /a/b", 404, ("segment", ".", "b", 1), Some("GET /a/./b")),
    row(&["path: /x/y/z", "path: /a/b"], "GET /a%2fb", 404, ("encoded-slash", "/a/b", "/a%2fb", 2), Some("GET /a/b")),
    row(&["path: /x/y/z", "path: /a/b"], "GET //a///b", 404, ("slash", "/a/b", "//a///b", 2), Some("GET /a/b")),
    // The method.
    row(USERS, "POST /orders", 405, ("method", "GET", "POST", 2), Some("GET /orders")),
    row(&["method: POST, path: /a"], "HEAD /a", 405, ("method", "POST", "HEAD", 1), Some("POST /a")),
    row(&["method: HEAD, path: /a"], "GET /a", 405, ("method", "HEAD", "GET", 1), Some("HEAD /a")),
    row(USERS, "OPTIONS /order", 404, ("letter", "orders", "order", 2), Some("GET /orders")),
    // The switch.
    row(&["path: /a, enabled: false", "path: /b"], "GET /a", 404, ("disabled", "`enabled: true`", "`enabled: false`", 1), Some("enabled: true at mock.yml:1")),
    row(&["method: POST, path: /a", "path: /a, enabled: false"], "GET /a", 405, ("disabled", "`enabled: true`", "`enabled: false`", 2), Some("enabled: true at mock.yml:2")),
    // The host.
    with(row(&["host: api.example.com, path: /a"], "GET /a", 404, ("host", "api.example.com", "other.example.com", 1), Some("GET /a with host api.example.com")), &["host: other.example.com"], ""),
    with(row(&["host: '*.example.com', path: /a"], "GET /a", 404, ("host", "*.example.com", "a.b.example.com", 1), Some("GET /a with host b.example.com")), &["host: a.b.example.com"], ""),
    with(row(&["host: api.example.com, path: /a"], "GET /b", 404, ("segment", "a", "b", 1), Some("GET /a")), &["host: API.example.com:8000"], ""),
    // The query.
    row(&["path: /a, query: {n: int}"], "GET /a?n=z", 400, ("query", "`int`", "`z`", 1), Some("GET /a with query parameter n=1")),
    row(&["path: /a, query: {n: int}"], "GET /a?n=1&n=2x", 400, ("query", "`int`", "`2x`", 1), Some("GET /a with query parameter n=2")),
    row(&["path: '/a?q|/[a-z]+/'"], "GET /a?q=1", 400, ("query", "`/[a-z]+/`", "`1`", 1), Some("GET /a with no query parameter q")),
    // The body.
    with(row(POST_AGE, "POST /a", 400, ("body", "an object", "empty", 1), Some("POST /a with body {\"age\":1}")), JSON, ""),
    with(row(POST_AGE, "POST /a", 400, ("body", "an object", "malformed JSON (expected a value, found `}` at byte 7)", 1), Some("POST /a with body {\"age\":1}")), JSON, "{\"age\":}"),
    with(row(POST_AGE, "POST /a", 400, ("body", "a number", "a string", 1), Some("POST /a with /age in the body as 1")), JSON, "{\"age\":\"1\"}"),
    with(row(POST_AGE, "POST /a", 400, ("body", "a number", "missing", 1), Some("POST /a with /age in the body as 1")), JSON, "{}"),
    with(row(POST_AGE, "POST /a", 400, ("body", "an object", "a list", 1), Some("POST /a with body {\"age\":1}")), JSON, "[]"),
    with(row(POST_AGE, "POST /a", 400, ("body", "an object", "no JSON by its content type `text/plain`", 1), Some("POST /a with content type application/json")), TEXT, "{\"age\":7}"),
    with(row(POST_AGE, "POST /a", 400, ("body", "a number", "a string (the body is a form)", 1), Some("POST /a with content type application/json, body {\"age\":7}")), FORM, "age=7"),
    // What stands around endpoints.
    row(&["path: /b/c/d/e/f"], "GET /b/x", 404, ("segment", "c", "x", 1), None),
];

/// The log's line and the body, and what `explain` says.
fn ask(mock: &Mock, row: &Row) -> (serde_json::Value, serde_json::Value, Explanation) {
    let (method, target) = row.line.split_once(' ').unwrap();
    let (method, target): (Method, Uri) = (method.parse().unwrap(), target.parse().unwrap());
    let mut headers = HeaderMap::new();
    for header in row.headers {
        let (name, value) = header.split_once(": ").unwrap();
        headers.append(name.parse::<HeaderName>().unwrap(), value.parse().unwrap());
    }
    headers.entry("host").or_insert(HeaderValue::from_static("localhost"));
    let request = Request { method: &method, target: &target, headers: &headers, peer: None };
    let body = Bytes::from_static(row.body.as_bytes());
    let Step::Answer(answer) = mock.0.respond(&request, Body::Read(&body)) else { panic!("{}", row.line) };
    assert_eq!(answer.status.as_u16(), row.status, "{}: {:?}", row.line, answer.body);
    let written = Written::default();
    let log = Log::new(Format::Json, false, Requests::All, Box::new(written.clone())).unwrap();
    log.request(&request, &answer, Instant::now(), || {
        mock.0.suggest(&request, Body::Read(&body)).map(|suggestion| suggestion.to_string())
    });
    log.flush();
    let line = serde_json::from_slice(&written.0.lock().unwrap()).unwrap();
    (line, serde_json::from_slice(&answer.body).unwrap(), mock.0.explain(&request, &body))
}

#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn the_first_reason_is_the_same_in_body_log_and_explanation() {
    assert!(TABLE.len() >= 40);
    let faults: Vec<String> = TABLE.iter().flat_map(faults).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
}

/// What is not as the row says.
fn faults(row: &Row) -> Vec<String> {
    let endpoint = |text: &&str| format!("- endpoint: {{{text}, response: {{body: x}}}}\n");
    let yaml: String = row.endpoints.iter().map(endpoint).collect();
    let (line, body, explained) = ask(&mock(&yaml), row);
    let json: serde_json::Value = serde_json::from_str(&explained.to_json()).unwrap();
    let Some(first) = explained.nearest.first() else {
        return vec![format!("nothing is near\n{explained}")];
    };
    let reason = &first.near.reason;
    let (kind, wanted, found, at) = row.reason;
    let text = reason.to_string();
    let suggestion = first.suggestion.as_ref().map(ToString::to_string);
    let widest = explained.to_string().lines().map(|line| line.chars().count()).max();
    let near = &body["nearest"][0];
    let empty = serde_json::json!([]);
    let mismatches = body.get("mismatches").unwrap_or(&empty);
    let expected = |what: &str, left: String, right: String| {
        (left != right).then(|| {
            format!("{} of {:?}: {what} is {left}, wanted {right}\n{explained}", row.line, row.endpoints)
        })
    };
    let is = |what: &str, left: &str, right: &str| expected(what, left.to_owned(), right.to_owned());
    [
        is("kind", reason.kind(), kind),
        is("wanted", &reason.wanted(), wanted),
        is("found", &reason.found(), found),
        is("place", &first.near.endpoint.place.to_string(), &format!("mock.yml:{at}:3")),
        is("place in the body", near["place"].as_str().unwrap(), &format!("mock.yml:{at}:3")),
        is("place in the log", line["place"].as_str().unwrap(), &format!("mock.yml:{at}")),
        is("reason in the body", near["reason"].as_str().unwrap(), &text),
        is("reason in the log", line["reason"].as_str().unwrap(), &text),
        is("reason in JSON", json["nearest"][0]["reason"]["text"].as_str().unwrap(), &text),
        is("suggestion", &format!("{suggestion:?}"), &format!("{:?}", row.suggestion)),
        is(
            "suggestion in the log",
            &format!("{:?}", line["suggestion"].as_str()),
            &format!("{:?}", row.suggestion),
        ),
        is("status", explained.status.as_str(), &row.status.to_string()),
        expected("mismatches", json["mismatches"].to_string(), mismatches.to_string()),
        expected("message", json["message"].to_string(), body["error"]["message"].to_string()),
        expected("cause", json["cause"].to_string(), body["error"]["cause"].to_string()),
        is("columns", &widest.filter(|widest| *widest > 80).unwrap_or(80).to_string(), "80"),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn explain(yaml: &str, line: &str) -> Explanation {
    let (method, target) = line.split_once(' ').unwrap();
    let (method, target): (Method, Uri) = (method.parse().unwrap(), target.parse().unwrap());
    let headers = HeaderMap::from_iter([(http::header::HOST, HeaderValue::from_static("localhost"))]);
    let request = Request { method: &method, target: &target, headers: &headers, peer: None };
    mock(yaml).0.explain(&request, &Bytes::new())
}

#[test]
fn an_answer_says_by_what_guards_and_who_was_passed_over() {
    let yaml = "
- endpoint: {path: '/a/:id|int', response: {body: x}}
- endpoint: {path: '/a/:name', query: {q: int}, response: {status: 201, body: x}}
- endpoint: {path: '/a/*rest', response: {body: x}}
";
    let explained = explain(yaml, "GET /a/b?q=7");
    assert!(explained.is_answered());
    let expected = "\
GET /a/b?q=7 is answered: 201

   GET /a/:name  mock.yml:3:3
   held     path, method GET, query parameter q

These do not answer it:

1. GET /a/:id|int  mock.yml:2:3
   held     method GET
   not      path parameter `id` is `b`, wanted `int`
   try      GET /a/1?q=7

2. GET /a/*rest  mock.yml:4:3
   held     path, method GET
   not      it fits, but GET /a/:name comes before it";
    assert_eq!(explained.to_string(), expected);
    assert_eq!(explained.nearest[1].near.reason.kind(), "order");
}

#[test]
fn what_no_endpoint_is_asked_for_is_explained_too() {
    let yaml = "- endpoint: {method: POST, path: /a, response: {body: x}}";
    for (line, status, said) in [
        ("OPTIONS /a", 204, "OPTIONS /a is answered by the server: 204, the `Allow` header names"),
        ("OPTIONS *", 204, "the target `*` is about the server"),
        ("GET /", 200, "so the server greets"),
        ("CONNECT /a", 405, "CONNECT is not served"),
        ("GET /%zz", 400, "the `%` at byte 1 of the path is not followed by two hexadecimal digits"),
        ("GET /%FF", 400, "the decoded path is not UTF-8"),
    ] {
        let explained = explain(yaml, line);
        assert_eq!(explained.status.as_u16(), status, "{line}");
        let text = explained.to_string().replace("\n", " ");
        assert!(text.contains(said), "{text}");
    }
}

#[test]
fn a_mock_that_keeps_its_endpoints_unnamed_is_explained_to_who_has_the_file() {
    let yaml = "
- defaults: {near-misses: false, prefix: /v1}
- endpoint: {path: '/users/:id|int', response: {body: x}}
";
    let explained = explain(yaml, "GET /v1/users/abc");
    let first = &explained.nearest[0];
    assert_eq!(first.near.reason.to_string(), "path parameter `id` is `abc`, wanted `int`");
    let file = first.suggestion.as_ref().unwrap().file.as_ref().unwrap();
    assert_eq!(file.to_string(), "path: /users/:id at mock.yml:3");
    assert_eq!(mock(yaml).get("/v1/users/abc").json()["nearest"], serde_json::json!([]));
    // A prefix is not the endpoint's to change.
    let explained = explain(yaml, "GET /v2x/users/1");
    assert!(explained.nearest[0].suggestion.as_ref().unwrap().file.is_none());
}

#[test]
fn a_switched_off_endpoint_hides_nothing_and_counts_for_nothing() {
    let yaml = "
- endpoint: {path: /a, enabled: false, response: {body: off}}
- endpoint: {path: '/:any', response: {body: any}}
- endpoint: {method: POST, path: /b/c, enabled: false, response: {body: off}}
- endpoint: {host: off.example.com, path: /d, enabled: false, response: {body: off}}
";
    let mock = mock(yaml);
    assert_eq!(mock.get("/a").body, "any");
    assert_eq!(mock.get("/b/c").status, 404, "not 405: nothing is served there");
    assert_eq!(mock.ask("OPTIONS /b/c", &[], "").status, 404);
    assert_eq!(mock.ask("GET /d", &["host: off.example.com"], "").body, "any");
    assert_eq!(
        mock.ask("GET /d/e", &["host: off.example.com"], "").json()["error"]["message"],
        "no endpoint answers this path"
    );
    assert_eq!(mock.0.endpoints(), 1);
}
