//! How long it takes from an acknowledged change to its answer, on one machine: the real programs over PostgreSQL,
//! Redis and S3, one change at a time.
//!
//! ```sh
//! cargo build --release --workspace && cargo bench -p test-bed --bench served
//! ```
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench stops at what it did not expect, and prints"
)]

use std::path::PathBuf;
use std::time::{Duration, Instant};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use test_bed::installation::Installation;

/// How many changes are measured, of each kind.
const CHANGES: usize = 200;

#[tokio::main]
async fn main() {
    // `cargo bench` stands in the folder of the package, and its programs in the target's.
    let bench = std::env::current_exe().unwrap();
    let programs: PathBuf = bench.parent().and_then(|deps| deps.parent()).unwrap().to_owned();
    let installation = Installation::start(&programs).await;
    let mut created = Vec::with_capacity(CHANGES);
    let mut last = Value::Null;
    for number in 0..CHANGES {
        let wildcard = format!("m{number}");
        let body = json!({"wildcard": wildcard, "content": content(number)});
        let begin = Instant::now();
        let (status, mock) = installation.api(Method::POST, "/mocks", Some(body)).await;
        let acknowledged = Instant::now();
        assert_eq!(status, StatusCode::CREATED, "{mock}");
        until_served(&installation, &wildcard, number).await;
        created.push((acknowledged - begin, acknowledged.elapsed()));
        last = mock;
    }
    let mut edited = Vec::with_capacity(CHANGES);
    let path = format!("/mocks/{}", last["id"].as_str().unwrap());
    let wildcard = last["wildcard"].as_str().unwrap();
    for number in 0..CHANGES {
        let number = CHANGES + number;
        let body = json!({"content": content(number), "if-revision": number + 1 - CHANGES});
        let begin = Instant::now();
        let (status, answer) = installation.api(Method::PUT, &path, Some(body)).await;
        let acknowledged = Instant::now();
        assert_eq!(status, StatusCode::OK, "{answer}");
        until_served(&installation, wildcard, number).await;
        edited.push((acknowledged - begin, acknowledged.elapsed()));
    }
    println!(
        "| {CHANGES} changes, one at a time | median, ms | p99, ms | highest, ms |\n| --- | --- | --- | --- |"
    );
    for (what, times) in [("POST /mocks", &created), ("PUT /mocks/:id", &edited)] {
        row(&format!("{what}: until it is acknowledged"), times.iter().map(|times| times.0).collect());
        row(&format!("{what}: from there until it is served"), times.iter().map(|times| times.1).collect());
    }
}

fn content(number: usize) -> String {
    format!("- endpoint: {{path: /, response: {{body: 'number {number}.'}}}}\n")
}

async fn until_served(installation: &Installation, wildcard: &str, number: usize) {
    let host = installation.host(wildcard);
    let wanted = format!("number {number}.");
    let deadline = Instant::now() + Duration::from_secs(30);
    while installation.mock(&host, "/").await.is_none_or(|(_, text)| text != wanted) {
        assert!(Instant::now() < deadline, "{host} does not answer {wanted}");
        tokio::time::sleep(Duration::from_micros(500)).await;
    }
}

fn row(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |part: usize| {
        times.get((times.len() * part).div_ceil(100).saturating_sub(1)).copied().unwrap_or_default()
    };
    let [median, p99, highest] = [at(50), at(99), at(100)].map(|time| time.as_secs_f64() * 1_000.0);
    println!("| {what} | {median:.1} | {p99:.1} | {highest:.1} |");
}
