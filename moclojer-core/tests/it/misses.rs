//! 400, 404, 405: what the body says.

mod reasons;
mod suggestions;

use moclojer_core::respond::{Options, Outcome, Responder};

use crate::client::{Mock, load, mock};

const YAML: &str = "
- endpoint: {method: POST, path: '/users/:id|int', router-name: create, query: {n: int}, body: {age: 1, tags: [a]}, response: {body: x}}
- endpoint: {path: /users/me, response: {body: x}}
- endpoint: {path: '/orders/:id|uuid/items', response: {body: x}}
";

#[test]
fn a_400_lists_every_mismatch() {
    let got = mock(YAML).ask("POST /users/abc?n=z", &[], r#"{"age":"1","tags":["a",2]}"#);
    assert_eq!(got.status, 400);
    let json = got.json();
    assert_eq!(json["error"]["cause"], "request-mismatch");
    assert_eq!(
        json["mismatches"],
        serde_json::json!([
            {"in": "path", "name": "id", "wanted": "`int`", "found": "`abc`"},
            {"in": "query", "name": "n", "wanted": "`int`", "found": "`z`"},
            {"in": "body", "name": "/age", "wanted": "a number", "found": "a string"},
            {"in": "body", "name": "/tags/1", "wanted": "a string", "found": "a number"},
        ])
    );
    assert_eq!(json["nearest"][0]["name"], "create");
    assert_eq!(json["nearest"][0]["place"], "mock.yml:2:3");
}

#[test]
fn the_first_reason_is_named_for_each_near_miss() {
    for (line, status, first_path, reason) in [
        ("GET /users/mee", 405, "/users/:id|int", "the method is GET, wanted POST"),
        (
            "GET /user/me",
            404,
            "/users/me",
            "segment 1 of the path is `user`, wanted `users` (one letter off)",
        ),
        ("GET /orders/1/items", 400, "/orders/:id|uuid/items", "path parameter `id` is `1`, wanted `uuid`"),
        ("GET /users/me/x", 404, "/users/me", "the path has 3 segments, wanted 2 segments"),
        ("DELETE /users/me", 405, "/users/me", "the method is DELETE, wanted GET"),
    ] {
        let got = mock(YAML).ask(line, &[], "");
        assert_eq!(got.status, status, "{line}: {}", got.body);
        let json = got.json();
        let named = json["nearest"].as_array().expect("a list");
        let near = named.iter().find(|near| near["path"] == first_path);
        assert_eq!(near.map(|near| &near["reason"]), Some(&reason.into()), "{line}: {}", got.body);
        let Outcome::Unmatched(nearest) = got.outcome else { panic!("{line}") };
        assert!(nearest.iter().any(|near| near.reason.to_string() == reason), "the log says the same");
    }
}

#[test]
fn bare_misses_name_no_endpoint() {
    let mut options = Options::default();
    options.near_misses = false;
    let bare = Mock(Responder::new(options).into());
    load(&bare.0, YAML);
    let got = bare.get("/user/me");
    assert!(got.json().get("nearest").is_none());
    let quiet = mock(&format!("- defaults: {{near-misses: false}}\n{YAML}"));
    assert_eq!(quiet.get("/user/me").json()["nearest"], serde_json::json!([]));
}

#[test]
fn a_miss_among_many_finds_the_one_with_a_wrong_letter() {
    let mut yaml = String::new();
    for index in 0..3000 {
        yaml.push_str(&format!("- endpoint: {{path: '/things/item-{index}-page', response: {{body: x}}}}\n"));
    }
    let got = mock(&yaml).get("/things/itme-2741-page");
    assert_eq!(got.json()["nearest"][0]["path"], "/things/item-2741-page", "{}", got.body);
}

#[test]
fn the_query_is_not_repeated() {
    let got = mock(YAML).get("/none?token=secret");
    assert!(!got.body.contains("secret"));
    assert_eq!(got.json()["request"]["path"], "/none");
}
