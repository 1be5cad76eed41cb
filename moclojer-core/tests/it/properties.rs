//! Bad input gets an answer: files, and requests to a mock that uses every part of one.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use moclojer_core::respond::{Body, Request, Step};
use moclojer_core::spec::{Format, Limits, Spec};
use proptest::prelude::*;

use crate::client::mock;

/// Fragments of mock files, so that random ones get past the reader.
pub(crate) fn fragment() -> impl Strategy<Value = String> {
    let known = [
        "- endpoint:\n",
        "    path: /a/:b|int\n",
        "    path: '/*'\n",
        "    method: post\n",
        "    host: '*.a.b'\n",
        "    query: {a: int}\n",
        "    body: {a: [1]}\n",
        "    response:\n",
        "      body: '{{path-params.b|upper}}'\n",
        "      body: {a: \"{% if a %}\"}\n",
        "      status: 200\n",
        "      headers: {A: [b, null]}\n",
        "- defaults: {prefix: /x}\n",
        "---\n",
        "- websocket: {path: /a}\n",
        "    cors: true\n",
        "&a ",
        "*a\n",
        "<<: *a\n",
        "{{",
        "}}",
        "[",
        "]",
        "{",
        "}",
        "    ",
        "\t",
        "\0",
        "\u{feff}",
        "é",
        "'",
        "\"",
        ": ",
        "- ",
        "#",
        "|\n",
        ">\n",
        "!!int x\n",
        "\r\n",
        "null",
        "0x1F",
    ];
    prop_oneof![
        8 => prop::sample::select(known.to_vec()).prop_map(str::to_owned),
        1 => "\\PC{0,8}",
        1 => any::<char>().prop_map(String::from),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn any_file_is_a_mock_or_problems(fragments in prop::collection::vec(fragment(), 0..40)) {
        let text = fragments.concat();
        for format in [Format::Yaml, Format::Json] {
            let checked = Spec::read("any.yml", text.as_bytes(), format, &Limits::default());
            let broken = checked.problems.iter().any(|problem| problem.severity == moclojer_core::problem::Severity::Error);
            prop_assert_eq!(checked.spec.is_none(), broken);
            for problem in &checked.problems {
                prop_assert!(problem.place().line >= 1 && !problem.message.is_empty());
                prop_assert!(problem.span.end as usize <= text.len());
            }
        }
    }

    #[test]
    fn any_bytes_are_a_mock_or_problems(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        for format in [Format::Yaml, Format::Json] {
            let checked = Spec::read("any", &bytes, format, &Limits::default());
            prop_assert!(checked.spec.is_some() || !checked.problems.is_empty());
        }
    }
}

const EVERYTHING: &str = r#"
- endpoint: {path: '/a/:x|int', query: {q: int}, response: {body: '{"x": {{path-params.x}}, "q": "{{query-params.q}}"}'}}
- endpoint: {path: '/a/:x.:y', response: {body: '{{path-params.x}} {{path-params.y|upper}}'}}
- endpoint: {path: '/a/*rest', response: {headers: {X-Rest: '{{path-params.rest}}'}, body: '{{headers.x-a}}'}}
- endpoint: {method: ANY, path: /b, body: {a: [1], b: {c: x}}, response: {body: {all: '{{json-params|json}}'}}}
- endpoint: {method: POST, path: /c, cors: true, response: {body: '{% for k, v in json-params %}{{k}}={{v}};{% endfor %}{{form-params.a|join}}'}}
- endpoint: {host: '*.example.com', path: /, response: {body: '{% if query-params.a > query-params.b %}1{% else %}2{% endif %}'}}
"#;

#[test]
fn any_request_is_answered_and_json_answers_are_json() {
    let mock = mock(EVERYTHING);
    let paths = prop_oneof![
        "/(a|b|c|%[0-9a-fA-F]{2}|[!-~&&[^ \"<>\\\\^`{|}#?]]){0,6}(/[a-z0-9.%-]{0,6}){0,4}(\\?[a-z=&+%0-9]{0,20})?",
        Just("/b".to_owned()),
        Just("/c".to_owned()),
        "/a/[0-9]{1,25}(\\?q=[0-9a-z]{0,5}){0,1}",
    ];
    let bodies = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..60),
        "[\\[\\]{}:,\"a0-9 .eE+-]{0,40}".prop_map(String::into_bytes),
        r#"\{"a":\[[0-9]\],"b":\{"c":"[a-z]"\}\}"#.prop_map(String::into_bytes),
    ];
    let kinds =
        prop::sample::select(vec!["", "application/json", "application/x-www-form-urlencoded", "text/plain"]);
    let hosts = prop::collection::vec(any::<u8>(), 0..12);
    let methods = prop::sample::select(vec!["GET", "HEAD", "POST", "OPTIONS", "PATCH", "X"]);
    let request = (methods, paths, kinds, hosts, bodies);
    let mut runner =
        proptest::test_runner::TestRunner::new(ProptestConfig { cases: 2000, ..ProptestConfig::default() });
    let ran = runner.run(&request, |(method, path, kind, host, body)| {
        let Ok(target) = path.parse::<Uri>() else {
            return Ok(());
        };
        let method: Method = method.parse().expect("a method");
        let mut headers = HeaderMap::new();
        if let Ok(host) = HeaderValue::from_bytes(&host) {
            headers.insert(http::header::HOST, host);
        }
        headers.insert(HeaderName::from_static("x-a"), HeaderValue::from_static("v"));
        if !kind.is_empty() {
            headers.insert(http::header::CONTENT_TYPE, HeaderValue::from_static(kind));
        }
        let request = Request { method: &method, target: &target, headers: &headers, peer: None };
        let body = Bytes::from(body);
        let Step::Answer(answer) = mock.0.respond(&request, Body::Read(&body)) else {
            return Err(TestCaseError::fail("it asked for a body that it had"));
        };
        let is_json =
            answer.headers.as_slice().iter().any(|(_, value)| value.as_bytes() == b"application/json");
        if is_json && !answer.body.is_empty() {
            let parsed = moclojer_core::json::Value::parse(&answer.body, 128);
            prop_assert!(parsed.is_ok(), "{method} {target}: {:?} {:?}", answer.body, parsed);
        }
        Ok(())
    });
    ran.expect("the property holds");
}
