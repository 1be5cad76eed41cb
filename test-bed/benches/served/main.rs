//! The hosted form on one machine, the real programs over PostgreSQL, Redis and S3, among 100 mocks and among 100,000:
//! how long a change takes until it is served, how many changes a second are, and how long a mock server takes to
//! start. Each mock has 2 KiB and ten endpoints.
//!
//! ```sh
//! cargo build --release --workspace && cargo bench -p test-bed --bench served [-- 100 100000]
//! ```
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench stops at what it did not expect, and prints"
)]

mod changes;
mod figures;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use reqwest::StatusCode;
use test_bed::installation::{Installation, Program, until};
use test_bed::{s3, seed};

/// A mock of 2 KiB; its answers say its revision.
const MOCK: &str = include_str!("../../../benches/mock.yml");
/// The number of shards of an installation that says nothing of it.
const SHARDS: &str = "1024";
/// How many seeded mocks are looked at, to see that all are served.
const LOOKED_AT: usize = 50;
/// How long everything may take to be written and read.
const PATIENCE: Duration = Duration::from_secs(600);

#[tokio::main]
async fn main() {
    // `cargo bench` stands in the folder of the package, and its programs in the target's.
    let bench = std::env::current_exe().unwrap();
    let programs: PathBuf = bench.parent().and_then(|deps| deps.parent()).unwrap().to_owned();
    let named: Vec<usize> = std::env::args().skip(1).filter_map(|argument| argument.parse().ok()).collect();
    let counts = if named.is_empty() { vec![100, 100_000] } else { named };
    s3::tell_tags_in_lists();
    for count in counts {
        among(&programs, count).await;
    }
}

/// Everything, among so many mocks.
async fn among(programs: &Path, count: usize) {
    let mut installation = Installation::start_with(programs, &[("MOCLOJER_SHARDS", SHARDS)]).await;
    println!("\n### {count} mocks\n");
    let begin = Instant::now();
    let hosts = seed::mocks(&installation.database_url(), count, &content("seed")).await;
    println!("seeded in {:.1} s", begin.elapsed().as_secs_f64());
    let begin = Instant::now();
    let rebuild = installation.command(Program::Generator, &["rebuild"]).await;
    assert!(rebuild.success, "{rebuild:?}");
    served(&installation, &hosts).await;
    println!("rebuilt and served after {:.1} s\n", begin.elapsed().as_secs_f64());

    changes::one_at_a_time(&installation).await;
    changes::sustained(&installation).await;

    installation.kill(Program::MockServer);
    let begin = Instant::now();
    installation.start_again(Program::MockServer);
    let ready = until(PATIENCE, async || {
        let health = installation.health(Program::MockServer).await;
        health.is_some_and(|(status, _)| status == StatusCode::OK)
    });
    assert!(ready.await, "the mock server is not ready");
    let ready = begin.elapsed();
    served(&installation, &hosts).await;
    let process = installation.process_id(Program::MockServer).unwrap();
    println!(
        "\nstart of a mock server: ready after {:.2} s with {:.2} s of CPU, {} MiB resident, {} at most",
        ready.as_secs_f64(),
        figures::cpu(process).as_secs_f64(),
        figures::memory_mib(process, "VmRSS"),
        figures::memory_mib(process, "VmHWM")
    );
}

/// Waits until mocks from everywhere among the seeded ones answer.
async fn served(installation: &Installation, hosts: &[moclojer_core::spec::host::HostPattern]) {
    for host in hosts.iter().step_by(hosts.len().div_ceil(LOOKED_AT)) {
        let answers = until(PATIENCE, async || {
            installation.mock(host.as_str(), "/bench/0").await.is_some_and(|(_, text)| text.contains("seed"))
        });
        assert!(answers.await, "{host} does not answer");
    }
}

/// The mock at a revision.
fn content(revision: &str) -> String {
    MOCK.replace("REVISION", revision)
}
