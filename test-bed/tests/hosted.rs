//! The hosted pipeline as an operator runs it: the real programs over PostgreSQL, Redis and S3.
#![expect(clippy::unwrap_used, reason = "a test may stop at what it did not expect")]

use std::path::PathBuf;
use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use test_bed::installation::{Installation, Program};
use test_bed::proxy::Mode;

/// The folder of the built programs: this test's own is `deps` in it.
fn programs() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.parent().and_then(|deps| deps.parent()).unwrap().to_owned()
}

fn content(text: &str) -> String {
    format!("- endpoint: {{path: /, response: {{body: '{text}'}}}}\n")
}

async fn create(installation: &Installation, wildcard: &str, content: &str) -> Value {
    let body = json!({"wildcard": wildcard, "content": content});
    let (status, mock) = installation.api(Method::POST, "/mocks", Some(body)).await;
    assert!(status == StatusCode::CREATED || status == StatusCode::OK, "{status} {mock}");
    mock
}

fn path_of(mock: &Value) -> String {
    format!("/mocks/{}", mock["id"].as_str().unwrap())
}

/// Puts new content, from the newest revision; again when the answer was lost.
async fn edit(installation: &Installation, mock: &Value, content: &str) -> Value {
    let path = path_of(mock);
    let (_, newest) = installation.api(Method::GET, &path, None).await;
    let body = json!({"content": content, "if-revision": newest["revision"]});
    let (status, edited) = installation.api(Method::PUT, &path, Some(body)).await;
    assert_eq!(status, StatusCode::OK, "{edited}");
    edited
}

async fn status_becomes(installation: &Installation, mock: &Value, wanted: &str) -> Value {
    let path = path_of(mock);
    let mut last = Value::Null;
    let reached = test_bed::installation::until(Duration::from_secs(30), async || {
        last = installation.api(Method::GET, &path, None).await.1;
        last["status"] == wanted
    });
    assert!(reached.await, "the status does not become {wanted}: {last}");
    last
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mock_lives_and_dies() {
    let installation = Installation::start(&programs()).await;
    let host = installation.host("shop");

    let mock = create(&installation, "shop", &content("one")).await;
    assert_eq!(mock["url"], json!(format!("http://{host}")));
    installation.served(&host, "/", StatusCode::OK, "one").await;
    let published = status_becomes(&installation, &mock, "published").await;
    assert_eq!(published["serving-revision"], 1);

    edit(&installation, &mock, &content("two")).await;
    installation.served(&host, "/", StatusCode::OK, "two").await;

    // Broken: its place is told, and the last good revision answers.
    let broken = edit(&installation, &mock, "- endpoint: {path: nowhere}\n").await;
    let problem = &broken["problems"][0];
    assert_eq!(
        (problem["severity"].as_str(), problem["line"].as_u64()),
        (Some("error"), Some(1)),
        "{broken}"
    );
    let still = status_becomes(&installation, &mock, "published").await;
    assert_eq!((&still["revision"], &still["serving-revision"]), (&json!(3), &json!(2)));
    installation.served(&host, "/", StatusCode::OK, "two").await;

    let (status, _) = installation.api(Method::POST, &format!("{}/unpublish", path_of(&mock)), None).await;
    assert_eq!(status, StatusCode::OK);
    status_becomes(&installation, &mock, "offline").await;
    installation.served(&host, "/", StatusCode::NOT_FOUND, "").await;
    let (status, _) = installation.api(Method::POST, &format!("{}/publish", path_of(&mock)), None).await;
    assert_eq!(status, StatusCode::OK);
    installation.served(&host, "/", StatusCode::OK, "two").await;

    let body = json!({"wildcard": "store", "if-revision": 3});
    let (status, renamed) = installation.api(Method::PUT, &path_of(&mock), Some(body)).await;
    assert_eq!(status, StatusCode::OK, "{renamed}");
    installation.served(&installation.host("store"), "/", StatusCode::OK, "two").await;
    installation.served(&host, "/", StatusCode::NOT_FOUND, "").await;

    let (status, _) = installation.api(Method::DELETE, &path_of(&mock), None).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    installation.served(&installation.host("store"), "/", StatusCode::NOT_FOUND, "").await;
    let (status, _) = installation.api(Method::GET, &path_of(&mock), None).await;
    assert_eq!(status, StatusCode::NOT_FOUND);

    let metrics = installation.metrics(Program::Api).await;
    let deleted = r#"moclojer_api_requests_total{method="DELETE",route="/mocks/{id}",status="2xx"} 1"#;
    let timed = r#"moclojer_api_request_duration_seconds_count{route="/mocks/{id}"} "#;
    assert!(metrics.contains(deleted) && metrics.contains(timed), "{metrics}");
}

/// The short form of the proof that nothing acknowledged is lost: each program is killed during twenty changes.
#[tokio::test(flavor = "multi_thread")]
async fn programs_may_be_killed_at_any_time() {
    let mut installation = Installation::start(&programs()).await;
    let mut mocks = Vec::new();
    for number in 0..4 {
        mocks.push(create(&installation, &format!("m{number}"), &content("start")).await);
    }
    for change in 0..20 {
        // Killed right before a change, started right after it is under way.
        let victim = match change {
            4 => Some(Program::Generator),
            9 => Some(Program::MockServer),
            14 => Some(Program::Api),
            _ => None,
        };
        if let Some(victim) = victim {
            installation.kill(victim);
            if victim == Program::Api {
                installation.start_again(victim);
            }
        }
        let mock = &mocks[change % mocks.len()];
        edit(&installation, mock, &content(&format!("change {change}"))).await;
        if let Some(victim) = victim.filter(|&victim| victim != Program::Api) {
            installation.start_again(victim);
        }
    }
    for (number, mock) in mocks.iter().enumerate() {
        let last = format!("change {}", 16 + number);
        installation.served(&installation.host(&format!("m{number}")), "/", StatusCode::OK, &last).await;
        status_becomes(&installation, mock, "published").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_may_lose_everything_and_be_away() {
    let mut installation = Installation::start(&programs()).await;
    let mock = create(&installation, "bus", &content("with")).await;
    installation.served(&installation.host("bus"), "/", StatusCode::OK, "with").await;
    installation.redis.stop();
    edit(&installation, &mock, &content("without")).await;
    installation.served(&installation.host("bus"), "/", StatusCode::OK, "without").await;
    // It comes back empty: nothing of it is on disk.
    installation.redis.start_again();
    edit(&installation, &mock, &content("again")).await;
    installation.served(&installation.host("bus"), "/", StatusCode::OK, "again").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_object_store_may_be_away() {
    let installation = Installation::start(&programs()).await;
    let mock = create(&installation, "away", &content("before")).await;
    installation.served(&installation.host("away"), "/", StatusCode::OK, "before").await;
    installation.store.set(Mode::Refuse).await;
    let begin = std::time::Instant::now();
    let mut change = 0;
    while begin.elapsed() < Duration::from_secs(10) {
        edit(&installation, &mock, &content(&format!("change {change}."))).await;
        let (status, text) = installation.mock(&installation.host("away"), "/").await.unwrap();
        assert_eq!((status, text.as_str()), (StatusCode::OK, "before"));
        change += 1;
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    let (_, waiting) = installation.api(Method::GET, &path_of(&mock), None).await;
    assert_eq!(waiting["status"], "publishing");
    installation.store.set(Mode::Pass).await;
    let last = format!("change {}.", change - 1);
    installation.served(&installation.host("away"), "/", StatusCode::OK, &last).await;
    status_becomes(&installation, &mock, "published").await;
}
