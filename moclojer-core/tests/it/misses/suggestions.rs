//! What is suggested, done: the request that was missed is then answered by that endpoint. Over random tables and
//! requests; a change of the file is written into it, and the file is loaded again.

use std::cell::Cell;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Uri, header};
use moclojer_core::respond::suggest::{FileChange, RequestChange};
use moclojer_core::respond::{Body, Request, Step};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use crate::client::{Mock, mock};

/// One endpoint of a file; it stands on a line of its own.
#[derive(Clone, Debug)]
struct Row {
    method: &'static str,
    host: Option<String>,
    path: String,
    query: Option<&'static str>,
    body: Option<&'static str>,
    enabled: bool,
}

/// A request without its place among others.
#[derive(Clone, Debug)]
struct Asked {
    method: &'static str,
    host: &'static str,
    path: String,
    kind: Option<&'static str>,
    body: &'static str,
}

impl Row {
    fn yaml(&self, line: usize) -> String {
        let host = self.host.as_ref().map(|host| format!("host: '{host}', ")).unwrap_or_default();
        let query = self.query.map(|kind| format!("query: {{q: '{kind}'}}, ")).unwrap_or_default();
        let body = self.body.map(|body| format!("body: {body}, ")).unwrap_or_default();
        let Self { method, path, enabled, .. } = self;
        format!(
            "- endpoint: {{method: {method}, {host}path: '{path}', {query}{body}enabled: {enabled}, \
             response: {{body: row {line}}}}}\n"
        )
    }

    /// Writes a change of the file into the row.
    fn change(&mut self, change: &FileChange) {
        match change.key {
            "endpoint.enabled" => self.enabled = change.value == "true",
            "endpoint.method" => self.method = METHODS.iter().find(|name| **name == change.value).unwrap(),
            "endpoint.host" => self.host = Some(change.value.clone()),
            "endpoint.path" => self.path.clone_from(&change.value),
            key => panic!("{key} is no key of a row"),
        }
    }
}

const METHODS: &[&str] = &["GET", "POST", "PUT", "DELETE", "ANY", "HEAD", "PATCH"];

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let segment = prop::sample::select(vec![
        "users",
        "user",
        "orders",
        "a",
        "b",
        ":x",
        ":x|int",
        ":x|bool",
        ":x|date",
        ":x|uuid",
        ":x|/[A-Z]+/",
        ":x.json",
        "v:x|int.txt",
        "olá",
        "",
    ]);
    let path =
        (prop::collection::vec(segment, 1..5), prop::bool::weighted(0.15)).prop_map(|(segments, rest)| {
            // A name stands for one capture.
            let named: Vec<String> = segments
                .iter()
                .enumerate()
                .map(|(at, segment)| segment.replace(":x", &format!(":x{at}")))
                .collect();
            // A regular expression has a slash at its end.
            format!("/{}{}", named.join("/"), if rest { "/*rest" } else { "" })
        });
    let host =
        prop::option::weighted(0.3, prop::sample::select(vec!["a.example.com", "*.example.com", "b.org"]));
    let query = prop::option::weighted(0.2, prop::sample::select(vec!["int", "bool", "/[a-z]+/"]));
    let bodies = vec!["{age: 1}", "{name: x, tags: [a]}", "[1]", "{}", "{a: {b: {c: true}}, d: null}"];
    let body = prop::option::weighted(0.25, prop::sample::select(bodies));
    let method = prop::sample::select(METHODS.to_vec());
    let row = (method, host, path, query, body, prop::bool::weighted(0.85)).prop_map(
        |(method, host, path, query, body, enabled)| {
            let host = host.map(str::to_owned);
            Row { method, host, path, query, body, enabled }
        },
    );
    prop::collection::vec(row, 1..7)
}

fn asked() -> impl Strategy<Value = Asked> {
    let segment = prop::sample::select(vec![
        "users",
        "Users",
        "usres",
        "user",
        "orders",
        "order",
        "a",
        "b",
        "c",
        "7",
        "-1",
        "x7",
        "true",
        "True",
        "ABC",
        "abc",
        "7.json",
        "7.xml",
        "v7.txt",
        "2024-02-29",
        "2024-02-30",
        "ol%C3%A1",
        "ola",
        "users%2F7",
        "",
        "%20",
        "a%3Ab",
    ]);
    let query = prop::sample::select(vec!["", "?q=1", "?q=x", "?q=1&q=x", "?z=1", "?q=true&z=%zz", "?q="]);
    let path = (prop::collection::vec(segment, 0..5), query)
        .prop_map(|(segments, query)| format!("/{}{query}", segments.join("/")));
    let kind = prop::option::of(prop::sample::select(vec![
        "application/json",
        "text/plain",
        "application/x-www-form-urlencoded",
    ]));
    let body = prop::sample::select(vec![
        "",
        "{}",
        "{",
        "[]",
        "[1,\"2\"]",
        r#"{"age":"1"}"#,
        r#"{"age":1}"#,
        r#"{"name":1,"tags":[1,2]}"#,
        "a=1&age=2",
        r#"{"a":{"b":{}},"d":1}"#,
        "null",
    ]);
    let host = prop::sample::select(vec![
        "localhost",
        "a.example.com",
        "x.example.com:80",
        "a.b.example.com",
        "b.org",
    ]);
    let method = prop::sample::select(vec!["GET", "POST", "PUT", "HEAD", "DELETE", "OPTIONS", "X"]);
    (method, host, path, kind, body).prop_map(|(method, host, path, kind, body)| Asked {
        method,
        host,
        path,
        kind,
        body,
    })
}

fn load(rows: &[Row]) -> Mock {
    mock(&rows.iter().enumerate().map(|(at, row)| row.yaml(at + 1)).collect::<String>())
}

/// What the answer says, of an endpoint `row N`.
fn answer(mock: &Mock, request: &Request<'_>, body: &Bytes) -> (u16, String) {
    match mock.0.respond(request, Body::Read(body)) {
        Step::Answer(answer) => (answer.status.as_u16(), String::from_utf8_lossy(&answer.body).into_owned()),
        step => panic!("{step:?}"),
    }
}

fn head(asked: &Asked) -> (Method, Uri, HeaderMap, Bytes) {
    let mut headers = HeaderMap::new();
    headers.insert(header::HOST, HeaderValue::from_static(asked.host));
    if let Some(kind) = asked.kind {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    }
    let body = Bytes::from_static(asked.body.as_bytes());
    (asked.method.parse().unwrap(), asked.path.parse().unwrap(), headers, body)
}

fn try_request(mock: &Mock, change: &RequestChange, row: &str) -> Result<(), TestCaseError> {
    prop_assert!((1..=3).contains(&change.edits.len()), "{:?}", change.edits);
    let body = change.changed.body.clone().unwrap();
    let got = answer(mock, &change.changed.as_request(), &body);
    prop_assert_eq!((got.0, &*got.1), (200, row), "{}", change.full());
    Ok(())
}

#[test]
fn what_is_suggested_makes_the_endpoint_answer() {
    let (requests, files, without) = (Cell::new(0), Cell::new(0), Cell::new(0));
    let count = |cell: &Cell<u32>| cell.set(cell.get() + 1);
    let config = ProptestConfig {
        cases: 1_000,
        max_shrink_iters: 4_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let ran = TestRunner::new(config).run(&(rows(), asked()), |(rows, asked)| {
        let mock = load(&rows);
        let (method, target, headers, body) = head(&asked);
        let request = Request { method: &method, target: &target, headers: &headers, peer: None };
        let explained = mock.0.explain(&request, &body);
        let got = answer(&mock, &request, &body);
        prop_assert_eq!(explained.status.as_u16(), got.0, "{}", explained);
        if explained.is_answered() {
            return Ok(());
        }
        let told: serde_json::Value = serde_json::from_str(&got.1).unwrap();
        for (at, explained) in explained.nearest.iter().enumerate() {
            let place = &explained.near.endpoint.place;
            let row = format!("row {}", place.line);
            prop_assert_eq!(&told["nearest"][at]["reason"], &explained.near.reason.to_string());
            prop_assert_eq!(&told["nearest"][at]["place"], &place.to_string());
            let Some(suggestion) = &explained.suggestion else {
                count(&without);
                continue;
            };
            if let Some(change) = &suggestion.request {
                count(&requests);
                try_request(&mock, change, &row)?;
            }
            if let Some(change) = &suggestion.file {
                count(&files);
                let mut rows = rows.clone();
                rows[place.line as usize - 1].change(change);
                let got = answer(&load(&rows), &request, &body);
                prop_assert_eq!((got.0, &*got.1), (200, &*row), "{}", change);
            }
        }
        Ok(())
    });
    ran.unwrap_or_else(|error| panic!("{error}"));
    let counted = (requests.get(), files.get(), without.get());
    assert!(counted.0 > 200 && counted.1 > 10, "requests, files, nothing: {counted:?}");
}
