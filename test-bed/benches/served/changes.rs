//! Changes by the api, one at a time and many at once, and when they are served.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use test_bed::installation::{Installation, Program};

use crate::{content, figures};

/// How many changes are measured one at a time, of each kind.
const CHANGES: usize = 200;
/// How many clients change mocks at once, how many mocks each has, and for how long.
const CLIENTS: usize = 8;
const MOCKS_EACH: usize = 25;
const SUSTAINED: Duration = Duration::from_secs(20);
/// How many warnings of a log are shown.
const SHOWN: usize = 5;
/// How long a change may take to be served.
const PATIENCE: Duration = Duration::from_secs(60);

/// A mock, and the revision that it has.
struct Mock {
    path: String,
    wildcard: String,
    revision: u64,
}

impl Mock {
    async fn create(installation: &Installation, wildcard: String) -> Self {
        let body = json!({"wildcard": wildcard, "content": content("1.")});
        let (status, mock) = installation.api(Method::POST, "/mocks", Some(body)).await;
        assert_eq!(status, StatusCode::CREATED, "{mock}");
        Self { path: path_of(&mock), wildcard, revision: 1 }
    }

    /// Makes the next revision, whose answers say its number.
    async fn edit(&mut self, installation: &Installation) {
        let next = self.revision + 1;
        let body = json!({"content": content(&format!("{next}.")), "if-revision": self.revision});
        let (status, answer) = installation.api(Method::PUT, &self.path, Some(body)).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        self.revision = next;
    }

    /// Waits until the revision is served.
    async fn served(&self, installation: &Installation) {
        let host = installation.host(&self.wildcard);
        let wanted = format!("\"{}.\"", self.revision);
        let deadline = Instant::now() + PATIENCE;
        while installation.mock(&host, "/bench/0").await.is_none_or(|(_, text)| !text.contains(&wanted)) {
            assert!(Instant::now() < deadline, "{host} does not answer {wanted}");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

fn path_of(mock: &Value) -> String {
    format!("/mocks/{}", mock["id"].as_str().unwrap())
}

/// CPU time of the three programs.
fn cpu(installation: &Installation) -> [Duration; 3] {
    Program::ALL.map(|program| figures::cpu(installation.process_id(program).unwrap()))
}

fn print_cpu(installation: &Installation, before: [Duration; 3], changes: usize) {
    let now = cpu(installation);
    let each = |index: usize| (now[index] - before[index]).as_secs_f64() * 1e3 / changes as f64;
    println!(
        "\nCPU ms a change, polling included: api {:.2}, generator {:.2}, mock server {:.2}\n",
        each(0),
        each(1),
        each(2)
    );
}

/// From the answer of the api to the mock's, one change after the other.
pub(crate) async fn one_at_a_time(installation: &Installation) {
    let before = cpu(installation);
    let (mut created, mut edited) = (Vec::with_capacity(CHANGES), Vec::with_capacity(CHANGES));
    for number in 0..CHANGES {
        let begin = Instant::now();
        let mock = Mock::create(installation, format!("one{number}")).await;
        let acknowledged = Instant::now();
        mock.served(installation).await;
        created.push((acknowledged - begin, acknowledged.elapsed()));
    }
    let mut mock = Mock::create(installation, "edited".to_owned()).await;
    for _ in 0..CHANGES {
        let begin = Instant::now();
        mock.edit(installation).await;
        let acknowledged = Instant::now();
        mock.served(installation).await;
        edited.push((acknowledged - begin, acknowledged.elapsed()));
    }
    figures::head(&format!("{CHANGES} changes, one at a time"));
    for (what, times) in [("POST /mocks", &created), ("PUT /mocks/:id", &edited)] {
        figures::row(&format!("{what}: until it is acknowledged"), times.iter().map(|it| it.0).collect());
        figures::row(
            &format!("{what}: from there until it is served"),
            times.iter().map(|it| it.1).collect(),
        );
    }
    print_cpu(installation, before, 2 * CHANGES);
}

/// As many as several clients bring forth.
pub(crate) async fn sustained(installation: &Installation) {
    let mut clients = Vec::with_capacity(CLIENTS);
    for client in 0..CLIENTS {
        let mut mocks = Vec::with_capacity(MOCKS_EACH);
        for number in 0..MOCKS_EACH {
            mocks.push(Mock::create(installation, format!("c{client}m{number}")).await);
        }
        clients.push(mocks);
    }
    let before = cpu(installation);
    let begin = Instant::now();
    let changed = join_all(clients.into_iter().map(|mut mocks| async move {
        let mut times = Vec::new();
        for turn in (0..MOCKS_EACH).cycle() {
            if begin.elapsed() > SUSTAINED {
                break;
            }
            let sent = Instant::now();
            mocks[turn].edit(installation).await;
            times.push(sent.elapsed());
        }
        (mocks, times)
    }));
    let changed = changed.await;
    let acknowledged = begin.elapsed();
    let count: usize = changed.iter().map(|(_, times)| times.len()).sum();
    // One after the other: to ask for all at once would be a load of its own.
    for mock in changed.iter().flat_map(|(mocks, _)| mocks) {
        mock.served(installation).await;
    }
    let served = begin.elapsed();
    figures::head(&format!("{CLIENTS} clients over {} mocks", CLIENTS * MOCKS_EACH));
    figures::row("until it is acknowledged", changed.into_iter().flat_map(|(_, times)| times).collect());
    println!(
        "\n{count} changes acknowledged in {:.1} s: {:.0} a second; all of them served {:.2} s after the last: \
         {:.0} a second",
        acknowledged.as_secs_f64(),
        count as f64 / acknowledged.as_secs_f64(),
        (served - acknowledged).as_secs_f64(),
        count as f64 / served.as_secs_f64()
    );
    print_cpu(installation, before, count);
    for program in Program::ALL {
        let log = installation.log(program);
        let trouble: Vec<&str> = log.lines().filter(|line| is_trouble(line)).collect();
        println!("warnings and errors in the log of {program:?}: {}", trouble.len());
        trouble.iter().rev().take(SHOWN).for_each(|line| println!("    {line}"));
    }
}

/// Whether a line of a log, in JSON, is a warning or an error.
fn is_trouble(line: &str) -> bool {
    [r#""level":"warn""#, r#""level":"error""#].iter().any(|level| line.contains(level))
}
