//! One round: an installation, clients, faults, watchers, and the end.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::try_join_all;
use rand::SeedableRng;
use rand::rngs::StdRng;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use test_bed::issuer::Person;
use tokio::sync::watch;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::api::Api;
use super::client::{Client, Shared};
use super::disorder::{self, Measure};
use super::ending;
use super::ledger::{Counts, Ledger};
use super::watcher::{watch_hosts, watch_statuses};
use super::world::{Program, World};

/// How many people change mocks.
const CLIENTS: usize = 8;
/// How many mocks all of them edit.
const SHARED: usize = 3;
/// How many of a hundred mocks there are before the first fault.
const PREPARED: usize = 60;
/// How long after the last fault everything must be right.
const SETTLED: Duration = Duration::from_secs(60);
/// The same over a store without conditions: what a late write left is found by the comparison of each minute.
const SETTLED_BY_COMPARISON: Duration = Duration::from_secs(130);

/// How large a round is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Form {
    pub(crate) mocks: usize,
    /// The longest pause of a client between two changes.
    pub(crate) pause_ms: u64,
    pub(crate) measure: Measure,
}

/// What came of rounds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcome {
    mocks: usize,
    counts: Counts,
    pub(crate) faults: BTreeMap<String, u64>,
    searched_bytes: usize,
    took: Duration,
    /// The longest time after the last fault until everything was right.
    settled: Duration,
}

impl Outcome {
    pub(crate) fn add(&mut self, other: &Self) {
        self.mocks += other.mocks;
        self.counts.asked += other.counts.asked;
        self.counts.acknowledged += other.counts.acknowledged;
        self.counts.unanswered += other.counts.unanswered;
        self.counts.stale += other.counts.stale;
        self.counts.looks += other.counts.looks;
        self.counts.statuses += other.counts.statuses;
        self.searched_bytes += other.searched_bytes;
        self.took += other.took;
        self.settled = self.settled.max(other.settled);
        for (kind, count) in &other.faults {
            *self.faults.entry(kind.clone()).or_default() += count;
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Counts { asked, acknowledged, unanswered, stale, looks, statuses, .. } = &self.counts;
        write!(
            f,
            "{} mocks, {asked} requests: {acknowledged} changes acknowledged, {unanswered} unanswered, {stale} refused as \
             stale; {} faults; {looks} looks at hosts, {statuses} at statuses; all right {:.1} s after the last fault at \
             the latest; {:.1} MB of output searched; {:.0} s",
            self.mocks,
            self.faults.values().sum::<u64>(),
            self.settled.as_secs_f64(),
            self.searched_bytes as f64 / 1e6,
            self.took.as_secs_f64(),
        )
    }
}

/// The folder of the built programs: this test's own is `deps` in it.
pub(crate) fn programs() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.parent().and_then(|deps| deps.parent()).unwrap().to_owned()
}

pub(crate) async fn run(seed: u64, form: Form) -> Result<Outcome, String> {
    let begin = Instant::now();
    let conditional = !seed.is_multiple_of(3);
    let world = Arc::new(World::start(&programs(), seed, conditional).await);
    let ledger = Arc::new(Ledger::new());
    let result = run_in(&world, &ledger, seed, form, conditional).await;
    let searched = world.search_output();
    if let Ok(folder) = std::env::var("MOCLOJER_FAULT_OUTPUT") {
        for (name, text) in world.output() {
            std::fs::write(PathBuf::from(&folder).join(name), text).unwrap();
        }
    }
    match (result, searched) {
        (Ok(settled), Ok(searched_bytes)) => Ok(Outcome {
            mocks: ledger.with(|all| all.mocks.len()),
            counts: ledger.with(|all| all.counts.clone()),
            faults: faults(&world, &ledger),
            searched_bytes,
            took: begin.elapsed(),
            settled,
        }),
        (Err(failure), _) => Err(format!("{failure}\nthe last lines:\n{}", world.last_lines(12))),
        (Ok(_), Err(found)) => Err(format!("{found}\nthe faults:\n{}", ledger.faults())),
    }
}

fn faults(world: &World, ledger: &Ledger) -> BTreeMap<String, u64> {
    let mut faults = ledger.with(|all| all.counts.faults.clone());
    for (kind, count) in world.store.faults.met() {
        faults.insert(format!("store: {kind:?}"), count);
    }
    faults
}

async fn run_in(
    world: &Arc<World>,
    ledger: &Arc<Ledger>,
    seed: u64,
    form: Form,
    conditional: bool,
) -> Result<Duration, String> {
    let clients = make_clients(world, ledger, seed).await?;
    let quota = form.mocks / CLIENTS;
    let direct: Vec<Api> = clients.iter().map(|(_, direct)| direct.clone()).collect();
    let (still, calm) = watch::channel(false);
    let mut watchers = JoinSet::new();
    let random = |number: u64| StdRng::seed_from_u64(seed.wrapping_mul(37) + number);
    for number in 0..2 {
        let (world, ledger) = (Arc::clone(world), Arc::clone(ledger));
        watchers.spawn(watch_hosts(world, ledger, random(number), conditional));
    }
    if conditional {
        for number in 100..102 {
            let (world, ledger) = (Arc::clone(world), Arc::clone(ledger));
            watchers.spawn(watch_statuses(world, ledger, direct.clone(), random(number)));
        }
    }
    let mut working = JoinSet::new();
    let prepared = clients.into_iter().map(|(client, _)| client.prepare(quota * PREPARED / 100));
    for client in try_join_all(prepared).await? {
        working.spawn(client.work(quota, form.pause_ms, calm.clone()));
    }
    let disorder = async {
        disorder::run(world, ledger, seed, form.measure).await?;
        ledger.fault("no more faults");
        still.send_replace(true);
        while let Some(done) = working.join_next().await {
            done.map_err(|error| error.to_string())??;
        }
        for program in Program::ALL {
            world.wait_for(program, "/healthcheck/live").await?;
        }
        let limit = if conditional { SETTLED } else { SETTLED_BY_COMPARISON };
        ending::check(world, ledger, &direct, limit).await
    };
    tokio::select! {
        settled = disorder => settled,
        Some(ended) = watchers.join_next() => match ended {
            Ok(Err(failure)) => Err(failure),
            Ok(Ok(())) => Err("a watcher ended".to_owned()),
            Err(error) => Err(format!("a watcher: {error}")),
        },
    }
}

/// The clients, each with a way to the api past its proxy; signed in, in one org that has its mocks.
async fn make_clients(
    world: &Arc<World>,
    ledger: &Arc<Ledger>,
    seed: u64,
) -> Result<Vec<(Client, Api)>, String> {
    let mut people = Vec::new();
    for number in 0..CLIENTS {
        let person = Person { id: Uuid::new_v4(), email: format!("client{number}@people.test") };
        let token = world.sign(&person);
        let direct = Api::new(world.api_url(false), token.clone());
        let signed = asked(&direct, Method::POST, "/login/auth", json!({"access-token": token})).await?;
        people.push((Api::new(world.api_url(true), token), direct, signed["user"].clone()));
    }
    let org = asked(&people[0].1, Method::POST, "/orgs", json!({"orgname": "Shared"})).await?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    for (_, _, user) in &people[1..] {
        let path = format!("/orgs/{}/users", text(&org["id"]));
        asked(&people[0].1, Method::POST, &path, json!({"user-id": user["id"]})).await?;
    }
    let shared =
        Shared { org: text(&org["id"]).parse().unwrap(), subdomain: text(&org["slug"]), mocks: Vec::new() };
    let mut clients: Vec<(Client, Api)> = people
        .into_iter()
        .enumerate()
        .map(|(number, (api, direct, user))| {
            let client = Client {
                number,
                world: Arc::clone(world),
                ledger: Arc::clone(ledger),
                api,
                random: StdRng::seed_from_u64(seed.wrapping_mul(41) + number as u64),
                subdomain: text(&user["username"]),
                shared: shared.clone(),
                own: Vec::new(),
                names: 0,
                free: Vec::new(),
                renamed: BTreeSet::new(),
            };
            (client, direct)
        })
        .collect();
    let mut mocks = Vec::new();
    for number in 0..SHARED {
        mocks.push(clients[0].0.create(&format!("shared{number}"), Some(shared.org)).await?);
    }
    for (client, _) in &mut clients {
        client.shared.mocks.clone_from(&mocks);
    }
    Ok(clients)
}

/// Asks while nothing is broken yet.
async fn asked(api: &Api, method: Method, path: &str, body: Value) -> Result<Value, String> {
    match api.ask(method, path, Some(&body)).await {
        Some((StatusCode::CREATED, body)) => Ok(body),
        other => Err(format!("{path}: {other:?}")),
    }
}
