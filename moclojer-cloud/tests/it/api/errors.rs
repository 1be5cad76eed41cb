//! What the api says when it does not do what it was asked.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, Request};
use serde_json::json;

use super::app::App;

async fn raw(app: &App, token: &str, kind: Option<&str>, body: impl Into<Body>) -> super::app::Reply {
    let mut request = Request::post("/orgs").header("authorization", format!("Bearer {token}"));
    if let Some(kind) = kind {
        request = request.header("content-type", kind);
    }
    app.send(request.body(body.into()).unwrap()).await
}

#[tokio::test]
async fn what_is_no_json_is_told_where() {
    let app = App::start().await;
    let ana = app.person("ana").await;
    let kind = Some("application/json");
    for body in ["", "{", "{\"orgname\": }", "{'a': 1}", "\u{feff}{}", "{} {}", "{\"orgname\": \"\\ud800\"}"]
    {
        let refused = raw(&app, &ana.token, kind, body).await.expect(400);
        assert_eq!(refused.cause(), "invalid-json", "{body}");
        assert!(
            refused.body["error"]["message"].as_str().unwrap().contains("line 1 column"),
            "{}",
            refused.body
        );
    }
    let deep = format!("{{\"orgname\": {}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    raw(&app, &ana.token, kind, deep).await.expect(400);
    raw(&app, &ana.token, kind, vec![b'{', b'"', 0xff, b'"', b':', b'1', b'}']).await.expect(400);
    for body in ["[]", "1", "null", "\"a\""] {
        assert_eq!(raw(&app, &ana.token, kind, body).await.expect(422).fields(), [""], "{body}");
    }
}

#[tokio::test]
async fn a_body_of_another_kind_is_refused() {
    let app = App::start().await;
    let ana = app.person("ana").await;
    let body = r#"{"orgname": "A"}"#;
    for kind in ["application/x-www-form-urlencoded", "text/plain", "application/xml", ""] {
        assert_eq!(raw(&app, &ana.token, Some(kind), body).await.expect(415).cause(), "not-json", "{kind}");
    }
    for kind in
        [None, Some("application/json; charset=utf-8"), Some("Application/JSON"), Some("application/x+json")]
    {
        raw(&app, &ana.token, kind, body).await.expect(201);
    }
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_whatever_it_says_of_its_length() {
    let app = App::with(|settings| settings.body_bytes = 1_000).await;
    let ana = app.person("ana").await;
    let large = format!("{{\"orgname\": \"{}\"}}", "a".repeat(1_000));
    assert_eq!(raw(&app, &ana.token, None, large.clone()).await.expect(413).cause(), "body-too-large");
    let chunks = large
        .into_bytes()
        .chunks(100)
        .map(|chunk| Ok::<_, std::io::Error>(chunk.to_vec()))
        .collect::<Vec<_>>();
    let stream = Body::from_stream(futures_util::stream::iter(chunks));
    raw(&app, &ana.token, None, stream).await.expect(413);
    // One without end is not read to it.
    let endless =
        Body::from_stream(futures_util::stream::repeat_with(|| Ok::<_, std::io::Error>(vec![b'a'; 100])));
    raw(&app, &ana.token, None, endless).await.expect(413);
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let app = App::with(|settings| settings.body_time = Duration::from_millis(50)).await;
    let ana = app.person("ana").await;
    let never = Body::from_stream(futures_util::stream::pending::<Result<Vec<u8>, std::io::Error>>());
    assert_eq!(raw(&app, &ana.token, None, never).await.expect(408).cause(), "request-timeout");
}

#[tokio::test]
async fn everything_that_is_wrong_with_a_request_is_told_at_once() {
    let app = App::start().await;
    let ana = app.person("ana").await;
    let body = json!({"wildcrad": "a", "enabled": "yes", "content": 1, "org-id": "x", "content\u{1b}": null});
    let refused = app.post("/mocks", &ana.token, body).await.expect(422);
    assert_eq!(refused.fields(), ["wildcard", "enabled", "content", "org-id", "wildcrad", "content\u{241b}"]);
    let told = refused.body["error"]["value"][4]["message"].as_str().unwrap();
    assert!(told.contains("`wildcard`"), "{told}");
    let nul = app.post("/mocks", &ana.token, json!({"wildcard": "a", "content": "a\0"})).await.expect(422);
    assert_eq!(nul.fields(), ["content"]);
}

#[tokio::test]
async fn paths_and_methods_that_are_not_known_are_told_apart() {
    let app = App::start().await;
    let ana = app.person("ana").await;
    for path in ["/", "/mock", "/mocks/", "/user", "/tokens"] {
        assert_eq!(app.get(path, &ana.token).await.expect(404).cause(), "no-such-route", "{path}");
    }
    for path in
        ["/mocks/x", "/mocks/00000000-0000-0000-0000-000000000000", "/orgs/1", "/user/%00", "/user/%ff"]
    {
        assert_eq!(app.get(path, &ana.token).await.expect(404).cause(), "not-found", "{path}");
    }
    let refused = app.call(Method::PATCH, "/mocks", &ana.token, None).await.expect(405);
    assert_eq!(refused.cause(), "method-not-allowed");
    let mut allowed: Vec<&str> = refused.header("allow").split(',').collect();
    allowed.sort_unstable();
    assert_eq!(allowed, ["GET", "HEAD", "POST"]);
}

#[tokio::test]
async fn a_sane_request_id_is_taken_over_and_another_one_made() {
    let app = App::start().await;
    for (id, taken) in
        [("a-1.b_2", true), ("", false), ("a b", false), (&*"x".repeat(65), false), ("\u{e9}", false)]
    {
        let request = Request::get("/orgs").header("x-request-id", id).body(Body::empty()).unwrap();
        let answered = app.send(request).await.expect(401);
        assert_eq!(answered.header("x-request-id") == id, taken, "{id}");
        assert!(!answered.header("x-request-id").is_empty());
        assert_eq!(answered.header("www-authenticate"), "Bearer");
    }
}

#[tokio::test]
async fn pages_of_configured_origins_may_use_it_and_no_others() {
    let app = App::start().await;
    let preflight = async |origin: &str| {
        let request = Request::options("/mocks/1").header("origin", origin);
        let request = request.header("access-control-request-method", "PUT");
        let request = request.header("access-control-request-headers", "authorization,content-type,if-match");
        app.send(request.body(Body::empty()).unwrap()).await
    };
    let allowed = preflight("https://app.example.com").await.expect(200);
    assert_eq!(allowed.header("access-control-allow-origin"), "https://app.example.com");
    for needed in ["GET", "POST", "PUT", "DELETE"] {
        assert!(allowed.header("access-control-allow-methods").contains(needed), "{needed}");
    }
    for needed in ["authorization", "content-type", "if-match", "x-request-id"] {
        assert!(allowed.header("access-control-allow-headers").contains(needed), "{needed}");
    }
    assert_eq!(allowed.header("access-control-allow-credentials"), "");
    assert_eq!(preflight("https://evil.example.com").await.header("access-control-allow-origin"), "");
    let request =
        Request::get("/orgs").header("origin", "https://app.example.com").body(Body::empty()).unwrap();
    let refused = app.send(request).await.expect(401);
    assert_eq!(refused.header("access-control-allow-origin"), "https://app.example.com");
    assert!(refused.header("access-control-expose-headers").contains("etag"));
}

#[tokio::test]
async fn a_database_that_is_away_is_a_503_that_says_when_to_try_again() {
    let app = App::start().await;
    let ana = app.person("ana").await;
    app.close_database().await;
    let refused = app.get("/orgs", &ana.token).await.expect(503);
    assert_eq!((refused.cause(), refused.header("retry-after")), ("unavailable", "2"));
}

#[tokio::test]
async fn what_is_not_known_is_a_plain_500() {
    let app = App::start().await;
    let ana = app.person("ana").await;
    sqlx::query("DROP TABLE mock_history").execute(&mut app.database().await).await.unwrap();
    let failed = app.post("/mocks", &ana.token, json!({"wildcard": "a"})).await.expect(500);
    assert_eq!(failed.cause(), "internal");
    assert!(!failed.body.to_string().contains("mock_history"), "{}", failed.body);
}
