//! Which host an endpoint answers for.

use moclojer_core::respond::{Options, Responder};

use crate::client::{Mock, load, mock};

const HOSTS: &str = "
- endpoint: {host: a.example.com, path: /x, response: {body: exact}}
- endpoint: {host: '*.example.com', path: /x, response: {body: wildcard}}
- endpoint: {path: /x, response: {body: none}}
- endpoint: {host: a.example.com, path: /only, response: {body: only}}
- endpoint: {path: /:any, response: {body: any}}
";

#[test]
fn exact_comes_before_wildcard_before_none_whatever_the_path() {
    let mock = mock(HOSTS);
    for (host, path, body) in [
        ("a.example.com", "/x", "exact"),
        ("A.Example.COM:8080", "/x", "exact"),
        ("a.example.com.", "/x", "exact"),
        ("b.example.com", "/x", "wildcard"),
        ("a.b.example.com", "/x", "none"),
        ("example.com", "/x", "none"),
        ("localhost", "/x", "none"),
        ("a.example.com", "/only", "only"),
        ("b.example.com", "/only", "any"),
        ("b.example.com", "/y", "any"),
    ] {
        let got = mock.ask(&format!("GET {path}"), &[&format!("host: {host}")], "");
        assert_eq!(got.body, body, "{host} {path}");
    }
}

#[test]
fn an_absolute_target_wins_over_the_host_header() {
    let got = mock(HOSTS).ask("GET http://a.example.com/x", &["host: localhost"], "");
    assert_eq!(got.body, "exact");
}

#[test]
fn a_miss_says_on_which_other_host_the_path_answers() {
    let yaml = "- endpoint: {host: sub.moclojer.com, path: /multihost-sub, response: {body: x}}";
    let got = mock(yaml).get("/multihost-sub");
    assert_eq!(got.status, 404);
    assert!(
        got.json()["error"]["message"].as_str().is_some_and(|text| text.contains("sub.moclojer.com")),
        "{}",
        got.body
    );
    let mut options = Options::default();
    options.local = false;
    let hosted = Mock(Responder::new(options).into());
    load(&hosted.0, yaml);
    let body = hosted.ask("GET /multihost-su", &["host: sub.moclojer.com"], "").body;
    assert!(body.contains("/multihost-sub") && !body.contains("mock.yml"), "{body}");
    assert!(!hosted.get("/multihost-sub").body.contains("sub.moclojer.com"));
}

#[test]
fn a_host_that_is_gone_answers_no_more() {
    let mock = mock(HOSTS);
    load(&mock.0, "- endpoint: {path: /x, response: {body: new}}");
    assert_eq!(mock.ask("GET /x", &["host: a.example.com"], "").body, "new");
    assert_eq!(mock.ask("GET /only", &["host: a.example.com"], "").status, 404);
}
