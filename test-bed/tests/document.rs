//! The api's OpenAPI document is walked by schemathesis, which nobody here wrote: no request is a 5xx, and no answer
//! contradicts the document.
//!
//! `MOCLOJER_DOCUMENT_EXAMPLES` says how many requests are drawn for each operation and phase (`just document` draws
//! more). What is not checked stands in `document/schemathesis.toml`, with its reason.
#![expect(clippy::unwrap_used, reason = "a test may stop at what it did not expect")]

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::json;
use test_bed::command::{self, Ended};
use test_bed::installation::{Installation, Program};
use test_bed::python;

const PACKAGE: &str = "schemathesis==4.32.5";
const SEED: &str = "13";
/// How long a walk may take: a bound for one that hangs, not a measure.
const LIMIT: Duration = Duration::from_secs(1_200);
/// Never walked: it is a stream, which ends after an hour.
const STREAM: &str = "/mocks/{id}/events";
/// Only ever refused: there is one person, the last owner of their orgs, and nobody to be put into them.
const NEVER_DONE: [&str; 2] = ["POST /orgs/{id}/users", "DELETE /orgs/{id}/users/{user-id}"];

/// The folder of the built programs: this test's own is `deps` in it.
fn programs() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.parent().and_then(|deps| deps.parent()).unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_answer_contradicts_the_document() {
    let installation = Installation::start(&programs()).await;
    let (_, document) = installation.api(Method::GET, "/openapi.json", None).await;
    let operations = document["paths"].as_object().unwrap();

    let body = json!({"wildcard": "kept"});
    let (status, kept) = installation.api(Method::POST, "/mocks", Some(body)).await;
    assert_eq!(status, StatusCode::CREATED, "{kept}");
    let walked = walk(&installation, kept["id"].as_str().unwrap()).await;
    let last = &walked.output[walked.output.len().saturating_sub(20_000)..];
    println!("{last}");
    assert!(walked.success, "the answers contradict the document, or schemathesis could not walk it");

    // Not only refusals: each operation was done.
    let all: usize = operations.values().map(|item| item.as_object().unwrap().len()).sum();
    assert!(walked.output.contains(&format!("Tested: {}", all - 1)), "all of them but the stream");
    let metrics = installation.metrics(Program::Api).await;
    let mut left = Vec::new();
    for (path, item) in operations {
        for method in item.as_object().unwrap().keys() {
            let method = method.to_uppercase();
            let counted = format!(r#"requests_total{{method="{method}",route="{path}",status="2xx"}}"#);
            let operation = format!("{method} {path}");
            if path != STREAM && !NEVER_DONE.contains(&&*operation) && !metrics.contains(&counted) {
                left.push(operation);
            }
        }
    }
    assert!(left.is_empty(), "never done: {left:?}");
    assert!(!metrics.contains(r#"status="5xx""#), "{metrics}");
}

async fn walk(installation: &Installation, kept: &str) -> Ended {
    let environment = tokio::task::spawn_blocking(|| python::environment(PACKAGE)).await.unwrap();
    let examples = std::env::var("MOCLOJER_DOCUMENT_EXAMPLES").unwrap_or_else(|_| "20".to_owned());
    let folder = test_bed::process::Folder::new();
    let mut schemathesis = Command::new(environment.join("bin/schemathesis"));
    schemathesis
        .current_dir(folder.path())
        .args(["--config-file", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/document/schemathesis.toml")])
        .args(["--no-color", "run", &format!("{}/openapi.json", installation.api_url())])
        .args(["--header", &format!("Authorization: Bearer {}", installation.token())])
        .args(["--seed", SEED, "--max-examples", &examples, "--generation-database", "none"])
        .args(["--continue-on-failure", "--request-timeout", "20", "--exclude-path", STREAM])
        .env("KEPT_MOCK", kept);
    command::run(&mut schemathesis, LIMIT).await
}
