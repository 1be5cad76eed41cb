//! Which endpoint answers, and with what.

use moclojer_core::respond::Outcome;

use crate::client::{Mock, mock};

/// A mock of endpoints `METHOD path -> name`, each answering with its name.
fn table(rows: &[&str]) -> Mock {
    let mut yaml = String::new();
    for row in rows {
        let (left, name) = row.split_once(" -> ").expect("METHOD path -> name");
        let (method, path) = left.split_once(' ').expect("METHOD path");
        let (path, more) = path.split_once(" + ").unwrap_or((path, ""));
        yaml.push_str(&format!("- endpoint:\n    method: {method}\n    path: '{path}'\n"));
        if !more.is_empty() {
            yaml.push_str(&format!("    {more}\n"));
        }
        yaml.push_str(&format!("    response: {{body: {name}}}\n"));
    }
    mock(&yaml)
}

fn expect(mock: &Mock, cases: &[(&str, u16, &str)]) {
    for (line, status, body) in cases {
        let got = mock.ask(line, &[], "");
        assert_eq!(got.status, *status, "{line}: {}", got.body);
        if *status == 200 {
            assert_eq!(got.body, *body, "{line}");
        }
    }
}

#[test]
fn literal_wins_over_typed_over_string_over_rest() {
    let mock = table(&[
        "GET /users/*rest -> rest",
        "GET /users/:name -> string",
        "GET /users/:code|/[A-Z]{3}/ -> regex",
        "GET /users/:n|float -> float",
        "GET /users/:id|int -> int",
        "GET /users/:id.json -> mixed",
        "GET /users/me -> literal",
    ]);
    expect(
        &mock,
        &[
            ("GET /users/me", 200, "literal"),
            ("GET /users/7.json", 200, "mixed"),
            ("GET /users/7", 200, "int"),
            ("GET /users/7.5", 200, "float"),
            ("GET /users/ABC", 200, "regex"),
            ("GET /users/abc", 200, "string"),
            ("GET /users/a/b", 200, "rest"),
            ("GET /users", 404, ""),
        ],
    );
}

#[test]
fn siblings_of_equal_rank_are_merged_and_later_segments_decide() {
    let mock =
        table(&["GET /:a|int/:b -> later string", "GET /:a|bool/x -> literal", "GET /:a|date/x -> other"]);
    expect(
        &mock,
        &[
            ("GET /1/x", 200, "later string"),
            ("GET /true/x", 200, "literal"),
            ("GET /2024-02-29/x", 200, "other"),
        ],
    );
}

#[test]
fn exact_method_comes_before_any_and_any_before_the_next_path() {
    let mock = table(&["ANY /a -> any", "GET /a -> get", "POST /:x -> capture"]);
    expect(
        &mock,
        &[("GET /a", 200, "get"), ("POST /a", 200, "any"), ("POST /b", 200, "capture"), ("PUT /b", 405, "")],
    );
}

#[test]
fn more_guards_come_first_and_a_failed_guard_falls_through() {
    let mock = table(&["GET /a -> plain", "GET /a + query: {n: int} -> typed", "GET /b?n|int -> only"]);
    expect(
        &mock,
        &[
            ("GET /a", 200, "plain"),
            ("GET /a?n=1", 200, "typed"),
            ("GET /a?n=x", 200, "plain"),
            ("GET /a?n=1&n=x", 200, "plain"),
            ("GET /b", 200, "only"),
            ("GET /b?n=1", 200, "only"),
            ("GET /b?n=x", 400, ""),
        ],
    );
}

#[test]
fn one_trailing_slash_more_or_less_answers_when_nothing_else_does() {
    let mock =
        table(&["GET /a -> a", "GET /b/ -> b", "GET /c -> c", "GET /c/ -> c slash", "GET /:any -> any"]);
    expect(
        &mock,
        &[
            ("GET /a/", 200, "a"),
            ("GET /b", 200, "any"),
            ("GET /b/", 200, "b"),
            ("GET /c", 200, "c"),
            ("GET /c/", 200, "c slash"),
            ("GET /a//", 404, ""),
            ("GET //a", 404, ""),
        ],
    );
}

#[test]
fn segments_are_decoded_once_and_nothing_is_cleaned() {
    let mock = mock(
        "
- endpoint: {path: /olá, response: {body: hello}}
- endpoint: {path: '/s/:x', response: {body: '{{path-params.x}}'}}
- endpoint: {path: '/f/*rest', response: {body: '{{path-params.rest}}'}}
- endpoint: {path: '/t/:from-:to', response: {body: '{{path-params.from}}|{{path-params.to}}'}}
",
    );
    expect(
        &mock,
        &[
            ("GET /ol%C3%A1", 200, "hello"),
            ("GET /s/a%2Fb", 200, "a/b"),
            ("GET /s/a%252Fb", 200, "a%2Fb"),
            ("GET /s/a+b", 200, "a+b"),
            ("GET /s/%zz", 400, ""),
            ("GET /s/%C3", 400, ""),
            ("GET /f/a/../b//c", 200, "a/../b//c"),
            ("GET /f/", 404, ""),
            ("GET /t/a-b-c", 200, "a|b-c"),
            ("GET /t/-b", 404, ""),
        ],
    );
}

#[test]
fn head_is_answered_from_get_and_options_names_the_methods() {
    let mock = table(&["GET /a -> hello", "POST /a -> posted", "HEAD /b -> own", "ANY /c -> any"]);
    let head = mock.ask("HEAD /a", &[], "");
    assert_eq!(
        (head.status, &*head.body),
        (200, "hello"),
        "the sender leaves the body out and keeps its length"
    );
    let options = mock.ask("OPTIONS /a", &[], "");
    assert_eq!((options.status, options.header("allow")), (204, Some("GET, HEAD, OPTIONS, POST")));
    assert_eq!(mock.ask("OPTIONS /c", &[], "").body, "any");
    assert_eq!(mock.ask("OPTIONS *", &[], "").status, 204);
    assert_eq!(mock.ask("OPTIONS /none", &[], "").status, 404);
    let missed = mock.ask("DELETE /a", &[], "");
    assert_eq!((missed.status, missed.header("allow")), (405, Some("GET, HEAD, POST")));
}

#[test]
fn the_body_is_asked_for_only_when_somebody_needs_it() {
    let mock = mock(
        r#"
- endpoint: {method: POST, path: /plain, response: {body: ok}}
- endpoint: {method: POST, path: /shape, body: {age: 0}, response: {body: fits}}
- endpoint: {method: POST, path: /uses, response: {body: "{{json-params.a}}"}}
- endpoint: {method: POST, path: /header, response: {headers: {X-A: "{{json-params.a}}"}}}
"#,
    );
    for (line, body, asked, status, text) in [
        ("POST /plain", "{", false, 200, "ok"),
        ("POST /shape", r#"{"age":3}"#, true, 200, "fits"),
        ("POST /shape", r#"{"age":"3"}"#, true, 400, ""),
        ("POST /shape", "{", true, 400, ""),
        ("POST /shape", "", true, 400, ""),
        ("POST /uses", r#"{"a":70.50}"#, true, 200, "70.50"),
        ("POST /uses", "{", true, 200, ""),
        ("POST /header", r#"{"a":"x\ny"}"#, true, 200, ""),
    ] {
        let got = mock.ask(line, &[], body);
        assert_eq!((got.asked_for_body, got.status), (asked, status), "{line} {body}: {}", got.body);
        if status == 200 {
            assert_eq!(got.body, text, "{line} {body}");
        }
    }
    let got = mock.ask("POST /header", &[], r#"{"a":"x\r\ny"}"#);
    assert_eq!(got.header("x-a"), Some("xy"), "line ends never reach a header");
}

#[test]
fn a_form_fills_form_params_and_json_in_a_form_is_read_and_logged() {
    let mock = mock(
        r#"
- endpoint:
    method: POST
    path: /form
    response: {body: "{{form-params.a}} {{json-params.a}}"}
"#,
    );
    let form = ["content-type: application/x-www-form-urlencoded"];
    assert_eq!(mock.ask("POST /form", &form, "a=1+2&a=3").body, "1 2 1 2");
    let got = mock.ask("POST /form", &form, r#"{"a":5}"#);
    assert_eq!(got.body, " 5");
    assert!(matches!(got.outcome, Outcome::Matched(_, Some(note)) if note.contains("JSON")));
}

#[test]
fn content_types_are_decided_when_the_file_loads() {
    let mock = mock(
        r#"
- endpoint: {path: /map, response: {body: {a: 1}}}
- endpoint: {path: /number, response: {body: 12}}
- endpoint: {path: /text, response: {body: hi}}
- endpoint: {path: /json, response: {body: ' {"a": 1}'}}
- endpoint: {path: /broken, response: {body: '{"a": 1'}}
- endpoint: {path: /template, response: {body: '{"a": "{{query-params.a}}"}'}}
- endpoint: {path: /says, response: {body: '{{query-params.a}} says hi'}}
- endpoint: {path: /none, response: {status: 204}}
- endpoint: {path: /declared, response: {headers: {Content-Type: text/csv}, body: '[1]'}}
- endpoint: {path: /null, response: {body: null}}
"#,
    );
    let plain = Some("text/plain; charset=utf-8");
    let json = Some("application/json");
    for (path, kind, body) in [
        ("/map", json, r#"{"a":1}"#),
        ("/number", json, "12"),
        ("/text", plain, "hi"),
        ("/json", json, r#" {"a": 1}"#),
        ("/broken", plain, r#"{"a": 1"#),
        ("/template", json, r#"{"a": ""}"#),
        ("/says", plain, " says hi"),
        ("/none", None, ""),
        ("/declared", Some("text/csv"), "[1]"),
        ("/null", None, ""),
    ] {
        let got = mock.get(path);
        assert_eq!((got.header("content-type"), &*got.body), (kind, body), "{path}");
    }
}

#[test]
fn a_map_body_keeps_order_and_types() {
    let mock = mock(
        r#"
- endpoint:
    path: /x/:id|int
    response:
      body:
        z: [1, 0x1F, .5, +1, 70.50]
        a: "{{path-params.id|json}}"
        b: "{{path-params.id}}"
        c: "{{query-params.missing|json}}"
        d: "say \"{{query-params.q}}\""
        "{{k}}": null
        e: {t: true}
"#,
    );
    let got = mock.get("/x/007?q=%22%0A");
    assert_eq!(
        got.body,
        r#"{"z":[1,31,0.5,1,70.50],"a":7,"b":"007","c":null,"d":"say \"\"\n\"","{{k}}":null,"e":{"t":true}}"#
    );
}

#[test]
fn headers_repeat_and_null_sends_them_empty() {
    let mock = mock(
        r#"
- defaults: {headers: {X-Default: d, x-own: d}}
- endpoint:
    path: /
    response:
      headers: {Set-Cookie: [a=1, b=2], X-Empty: null, X-Number: 12, X-Own: "{{query-params.q}}"}
"#,
    );
    let got = mock.get("/?q=%C3%A9");
    let values = |name: &str| -> Vec<&str> {
        got.headers.iter().filter(|(key, _)| key == name).map(|(_, value)| &**value).collect()
    };
    assert_eq!(values("set-cookie"), ["a=1", "b=2"]);
    assert_eq!(values("x-empty"), [""]);
    assert_eq!(values("x-number"), ["12"]);
    assert_eq!(values("x-own"), ["é"]);
    assert_eq!(values("x-default"), ["d"]);
}

#[test]
fn the_same_request_gives_the_same_bytes() {
    let mock = mock(
        "- endpoint: {path: '/:a', response: {body: {a: '{{path-params.a}}', q: '{{query-params.q}}'}}}",
    );
    let first = mock.get("/x?q=1");
    for _ in 0..100 {
        let again = mock.get("/x?q=1");
        assert_eq!((again.body, again.headers), (first.body.clone(), first.headers.clone()));
    }
}

#[test]
fn an_endpoint_that_cannot_answer_yet_says_501_and_names_the_key() {
    let mock = mock("- endpoint: {path: /x, response: {external-body: {provider: json, path: a.json}}}");
    let got = mock.get("/x");
    assert_eq!(got.status, 501);
    assert_eq!(got.json()["key"], "external-body");
    assert_eq!(got.json()["endpoint"]["place"], "mock.yml:1:3");
}

#[test]
fn disabled_endpoints_are_not_there() {
    let mock = table(&["GET /a + enabled: false -> off", "GET /a -> on"]);
    assert_eq!(mock.get("/a").body, "on");
}

#[test]
fn a_template_that_loops_too_often_answers_500_that_names_the_limit() {
    let mock = mock(
        "
- endpoint:
    method: POST
    path: /x
    response: {body: '{% for a in json-params %}{% for b in json-params %}{% for c in json-params %}.{% endfor %}{% endfor %}{% endfor %}'}
",
    );
    let list = format!("[{}]", vec!["1"; 1000].join(","));
    let got = mock.ask("POST /x", &[], &list);
    assert_eq!(got.status, 500);
    assert_eq!(got.json()["error"]["cause"], "template-limit");
    assert_eq!(got.json()["endpoint"]["path"], "/x");
}

#[test]
fn the_root_answers_only_when_nothing_of_the_host_does() {
    let mock = table(&["GET /a -> a"]);
    assert_eq!(mock.get("/").body, r#"["->","moclojer","server"]"#);
    assert_eq!(table(&["POST / -> a"]).get("/").status, 405);
    assert_eq!(table(&["GET / -> mine"]).get("/").body, "mine");
}

#[test]
fn cors_answers_preflights_and_adds_its_headers() {
    let mock = mock(
        "
- endpoint: {path: /open, cors: true, response: {body: a}}
- endpoint:
    method: POST
    path: /some
    cors: {origins: ['https://a.example'], credentials: true, max-age-s: 5, headers: [X-A]}
    response: {body: b}
- endpoint: {path: /closed, response: {body: c}}
",
    );
    assert_eq!(mock.get("/open").header("access-control-allow-origin"), Some("*"));
    assert_eq!(mock.get("/closed").header("access-control-allow-origin"), None);
    let asked = ["origin: https://a.example", "access-control-request-method: POST"];
    let got = mock.ask("OPTIONS /some", &asked, "");
    assert_eq!(got.status, 204);
    for (name, value) in [
        ("access-control-allow-origin", "https://a.example"),
        ("access-control-allow-credentials", "true"),
        ("access-control-allow-methods", "OPTIONS, POST"),
        ("access-control-allow-headers", "X-A"),
        ("access-control-max-age", "5"),
        ("vary", "Origin"),
    ] {
        assert_eq!(got.header(name), Some(value), "{name}");
    }
    let foreign = mock.ask("POST /some", &["origin: https://b.example"], "");
    assert_eq!(
        (foreign.header("access-control-allow-origin"), foreign.header("vary")),
        (None, Some("Origin"))
    );
}

#[test]
fn cors_for_all_opens_every_answer_and_every_preflight() {
    let mut options = moclojer_core::respond::Options::default();
    options.cors = true;
    let mock = Mock(moclojer_core::respond::Responder::new(options).into());
    crate::client::load(&mock.0, "- endpoint: {path: /a, response: {body: x}}\n");
    for path in ["/a", "/none"] {
        assert_eq!(mock.get(path).header("access-control-allow-origin"), Some("*"), "{path}");
        let asked = ["origin: https://a.example", "access-control-request-method: PUT"];
        let got = mock.ask(&format!("OPTIONS {path}"), &asked, "");
        assert_eq!((got.status, got.header("access-control-allow-origin")), (204, Some("*")), "{path}");
    }
}
