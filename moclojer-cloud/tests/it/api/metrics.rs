//! What the admin listener shows of the api's requests.

use axum::body::{Body, to_bytes};
use axum::http::{Method, Request};
use futures_util::FutureExt as _;
use moclojer_cloud::admin;
use moclojer_cloud::config::Service;
use moclojer_cloud::telemetry;
use tower::ServiceExt as _;

use super::app::App;
use super::cast::{mock, path};

/// All lines of `/metrics` that are the api's, but the descriptions.
async fn shown(app: &App) -> Vec<String> {
    let mut registry = telemetry::registry(Service::Api);
    app.metrics.register(&mut registry);
    let request = Request::get("/metrics").body(Body::empty()).unwrap();
    let response = admin::router(Vec::new(), registry).oneshot(request).await.unwrap();
    let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    let lines = String::from_utf8(bytes.to_vec()).unwrap();
    lines.lines().filter(|line| line.starts_with("moclojer_api_")).map(str::to_owned).collect()
}

/// How many requests were counted under these labels.
async fn count(app: &App, method: &str, route: &str, status: &str) -> u64 {
    let series =
        format!("moclojer_api_requests_total{{method=\"{method}\",route=\"{route}\",status=\"{status}\"}} ");
    let lines = shown(app).await;
    lines.iter().find_map(|line| line.strip_prefix(&series)).map_or(0, |count| count.parse().unwrap())
}

#[tokio::test]
async fn requests_are_counted_by_method_template_and_class() {
    let app = App::start().await;
    let ana = app.person("ana").await;
    for wildcard in ["one", "two"] {
        let made = mock(&app, &ana, wildcard, "[]").await;
        app.get(&path(&made), &ana.token).await.expect(200);
        app.get(&path(&made), "").await.expect(401);
        app.get(&format!("{}/events", path(&made)), &ana.token).await.expect(200);
    }
    app.call(Method::PATCH, "/mocks", &ana.token, None).await.expect(405);
    app.get("/nothing/here", &ana.token).await.expect(404);
    for (method, route, status, expected) in [
        ("POST", "/mocks", "2xx", 2),
        ("GET", "/mocks/{id}", "2xx", 2),
        ("GET", "/mocks/{id}", "4xx", 2),
        ("GET", "/mocks/{id}/events", "2xx", 2),
        ("PATCH", "/mocks", "4xx", 1),
        ("GET", "unmatched", "4xx", 1),
        ("GET", "/mocks/{id}", "5xx", 0),
    ] {
        assert_eq!(count(&app, method, route, status).await, expected, "{method} {route} {status}");
    }
    app.close_database().await;
    app.get("/orgs", &ana.token).await.expect(503);
    assert_eq!(count(&app, "GET", "/orgs", "5xx").await, 1);
}

#[tokio::test]
async fn durations_are_kept_by_template() {
    let app = App::start().await;
    for _ in 0..3 {
        app.get("/mocks/1", "").await.expect(401);
    }
    let lines = shown(&app).await;
    let value = |series: &str| -> f64 {
        let found = lines.iter().find_map(|line| line.strip_prefix(series));
        found.unwrap_or_else(|| panic!("{series} is missing: {lines:#?}")).trim().parse().unwrap()
    };
    let name = "moclojer_api_request_duration_seconds";
    assert!((value(&format!("{name}_count{{route=\"/mocks/{{id}}\"}}")) - 3.0).abs() < 0.1);
    let sum = value(&format!("{name}_sum{{route=\"/mocks/{{id}}\"}}"));
    assert!(sum > 0.0 && sum < 60.0, "{sum}");
    assert!((value(&format!("{name}_bucket{{le=\"+Inf\",route=\"/mocks/{{id}}\"}}")) - 3.0).abs() < 0.1);
    assert!(lines.iter().any(|line| line.starts_with(&format!("{name}_bucket{{le=\"30.0\""))), "{lines:#?}");
}

#[tokio::test]
async fn nothing_that_a_client_makes_up_becomes_a_label() {
    let app = App::start().await;
    let send = async |method: &str, path: &str| {
        let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        app.router.clone().oneshot(request).await.unwrap()
    };
    let mut before = 0;
    for round in 0..50 {
        for method in ["GET", &format!("CANARY{round}")] {
            send(method, &format!("/canary/{round}")).await;
            send(method, &format!("/mocks/canary-{round}?canary={round}")).await;
            send(method, &format!("/docs/canary/{round}")).await;
            send(method, &format!("/user/email/canary{round}%40example.com")).await;
        }
        let lines = shown(&app).await;
        assert!(!lines.concat().to_lowercase().contains("canary"), "{lines:#?}");
        if round == 0 {
            before = lines.len();
        }
        assert_eq!(lines.len(), before, "{lines:#?}");
    }
    assert_eq!(count(&app, "other", "unmatched", "4xx").await, 50);
    assert_eq!(count(&app, "GET", "unmatched", "4xx").await, 50);
}

#[tokio::test]
async fn a_client_that_leaves_is_counted_without_an_answer() {
    let app = App::start().await;
    let ana = app.person("ana").await;
    let never = futures_util::stream::pending::<Result<Vec<u8>, std::io::Error>>();
    let request = Request::post("/orgs").header("authorization", format!("Bearer {}", ana.token));
    let request = request.body(Body::from_stream(never)).unwrap();
    drop(app.router.clone().oneshot(request).now_or_never());
    assert_eq!(count(&app, "POST", "/orgs", "none").await, 1);
    assert_eq!(count(&app, "POST", "/orgs", "2xx").await, 0);
}
