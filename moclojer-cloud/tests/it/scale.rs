//! What one change costs does not grow with the mocks that are there. Counted, not timed: the statements that
//! PostgreSQL ran, with the pages that they touched, and the requests and bytes of the object store, from the api's
//! route to the mock server that serves the change.

#![expect(clippy::unwrap_used, reason = "a test may stop at what it did not expect")]

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use moclojer_cloud::adapters::postgres::Postgres;
use moclojer_cloud::domain::BaseDomain;
use moclojer_cloud::foss::{self, Follower};
use moclojer_cloud::generator::{self, Generator};
use moclojer_cloud::store::InstallationStore as _;
use moclojer_core::ports::{
    Bus, Condition, ETag, InProcessBus, Listed, MemoryStorage, Object, Put, Storage, StorageError, StorageKey,
};
use moclojer_core::respond::Options;
use moclojer_core::respond::hosted::{Bounds, HostedResponder};
use moclojer_core::spec::Settings as SpecSettings;
use moclojer_core::spec::host::HostPattern;
use moclojer_core::unify::{Shard, Version};
use serde_json::{Value, json};
use sqlx::postgres::PgConnection;
use sqlx::{Connection as _, Executor as _};
use test_bed::postgres::{self, Server};
use test_bed::seed;
use tokio::task::JoinHandle;

use crate::api::app::{App, BASE, Person};

/// The number of shards of an installation that says nothing of it.
const SHARDS: NonZeroU32 = NonZeroU32::new(1_024).unwrap();
/// What nobody waits for here: only changes cause work.
const NEVER: Duration = Duration::from_secs(3_600);
/// How long one step may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// How the statements begin that look for what is behind, that read a shard's hosts, and that record a mock's own file.
const LOOK: &str = "SELECT id FROM (";
const READ_SHARD: &str = "SELECT h.name, h.version";
const SET_FILE: &str = "UPDATE host SET file_key";

/// How many pages one run of a statement may touch; of the one that reads a shard for each of its hosts.
const PAGES: i64 = 300;
const PAGES_A_HOST: i64 = 16;

/// How many requests, and of how many bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Requests {
    count: u64,
    bytes: u64,
}

/// Requests by what they are and of which kind of object.
type Counts = BTreeMap<(&'static str, &'static str), Requests>;

/// A store that counts what is asked of it.
#[derive(Debug, Default)]
struct Counting {
    store: MemoryStorage,
    counts: Mutex<Counts>,
}

impl Counting {
    fn count(&self, what: &'static str, key: &str, bytes: usize) {
        let kind = match key {
            key if key.starts_with("unified/") => "shard",
            key if key.ends_with("/mock.yml") => "mock",
            _ => "other",
        };
        let mut counts = self.counts.lock().unwrap();
        let requests = counts.entry((what, kind)).or_default();
        requests.count += 1;
        requests.bytes += bytes as u64;
    }
}

#[async_trait]
impl Storage for Counting {
    async fn get(&self, key: &StorageKey) -> Result<Option<Object>, StorageError> {
        let object = self.store.get(key).await?;
        self.count("get", key.as_str(), object.as_ref().map_or(0, |object| object.bytes.len()));
        Ok(object)
    }

    async fn head(&self, key: &StorageKey) -> Result<Option<ETag>, StorageError> {
        self.count("head", key.as_str(), 0);
        self.store.head(key).await
    }

    async fn put(&self, key: &StorageKey, bytes: Bytes, condition: Condition) -> Result<Put, StorageError> {
        self.count("put", key.as_str(), bytes.len());
        self.store.put(key, bytes, condition).await
    }

    async fn list(&self, prefix: &str) -> Result<Vec<Listed>, StorageError> {
        self.count("list", prefix, 0);
        self.store.list(prefix).await
    }

    async fn delete(&self, key: &StorageKey) -> Result<(), StorageError> {
        self.count("delete", key.as_str(), 0);
        self.store.delete(key).await
    }
}

/// How often a statement ran, and how many pages all of its runs touched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Statement {
    calls: i64,
    pages: i64,
}

/// An api, a generator and a mock server over one database and one object store.
struct World {
    app: App,
    person: Person,
    storage: Arc<Counting>,
    responder: Arc<HostedResponder>,
    tasks: Vec<JoinHandle<()>>,
    /// A connection whose statements are not counted.
    watcher: PgConnection,
    /// What had run when the counting began.
    before: BTreeMap<String, Statement>,
    /// How many changes were made since then.
    changes: i64,
}

impl Drop for World {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

impl World {
    /// With so many mocks, all served; nothing is being done any more.
    async fn with(server: &Server, mocks: usize) -> Self {
        let database = postgres::empty_database_of(server).await;
        let store = Arc::new(Postgres::connect(&database, NonZeroU32::new(8).unwrap()).await.unwrap());
        store.migrate().await.unwrap();
        store.install(&BaseDomain::parse(BASE).unwrap(), SHARDS).await.unwrap();
        let hosts = seed::mocks(&database, mocks, &content("seed")).await;

        let storage = Arc::new(Counting::default());
        let bus: Arc<dyn Bus> = Arc::new(InProcessBus::default());
        generator::rebuild(&*store, &*storage).await.unwrap();
        let settings = generator::Settings { sweep: NEVER, check: NEVER, ..generator::Settings::default() };
        let shared: Arc<dyn Storage> = Arc::clone(&storage) as _;
        let generator =
            Generator::new(Arc::clone(&store) as _, Arc::clone(&shared), Arc::clone(&bus), settings);
        let generating = tokio::spawn(async move { generator.run(std::future::pending()).await });
        until("everything is written", async || {
            let installation = store.installation().await.unwrap().unwrap();
            installation.served_layout == Some(installation.layout)
        })
        .await;

        let responder =
            Arc::new(HostedResponder::new(Options::default(), SpecSettings::default(), &Bounds::default()));
        let mut settings = foss::Settings::default();
        settings.look_every = NEVER;
        let follower = Follower::new(shared, Arc::clone(&bus), Arc::clone(&responder), settings);
        let following = tokio::spawn(async move { follower.run(std::future::pending()).await });
        until("everything is served", async || responder.counts().hosts == hosts.len()).await;

        let app = App::over(store, bus).await;
        let person = app.person("ana").await;
        let mut watcher = PgConnection::connect(&database).await.unwrap();
        watcher.execute("CREATE EXTENSION pg_stat_statements").await.unwrap();
        let tasks = vec![generating, following];
        let mut world =
            Self { app, person, storage, responder, tasks, watcher, before: BTreeMap::new(), changes: 0 };
        world.forget().await;
        world
    }

    /// Counts from here on.
    async fn forget(&mut self) {
        self.quiet().await;
        // Not forgotten by the extension: a text that it meets anew in a prepared statement keeps its numbers.
        let ran = self.statements().await;
        for (text, statement) in ran {
            let before = self.before.entry(text).or_default();
            before.calls += statement.calls;
            before.pages += statement.pages;
        }
        self.storage.counts.lock().unwrap().clear();
        self.changes = 0;
    }

    /// What ran, by its text, but for what a new connection is told and what is asked here.
    async fn statements(&mut self) -> BTreeMap<String, Statement> {
        let rows: Vec<(String, i64, i64)> = sqlx::query_as(
            "SELECT query, sum(calls)::bigint, sum(shared_blks_hit + shared_blks_read)::bigint
             FROM pg_stat_statements
             WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
               AND query NOT LIKE '%pg_stat_statements%' AND query NOT LIKE 'SET %' GROUP BY query",
        )
        .fetch_all(&mut self.watcher)
        .await
        .unwrap();
        let since = rows.into_iter().map(|(text, calls, pages)| {
            let before = self.before.get(&text).copied().unwrap_or_default();
            (text, Statement { calls: calls - before.calls, pages: pages - before.pages })
        });
        since.filter(|(_, statement)| statement.calls > 0).collect()
    }

    /// How often a statement ran that begins so.
    async fn calls(&mut self, begin: &str) -> i64 {
        let statements = self.statements().await;
        statements.iter().filter(|(text, _)| text.starts_with(begin)).map(|(_, it)| it.calls).sum()
    }

    /// Waits until nothing more is asked of database and store.
    async fn quiet(&mut self) {
        let mut last = None;
        let mut same = 0;
        let begin = tokio::time::Instant::now();
        while same < 3 {
            assert!(begin.elapsed() < PATIENCE, "it does not come to rest");
            let now = (self.statements().await, self.storage.counts.lock().unwrap().clone());
            same = if last.as_ref() == Some(&now) { same + 1 } else { 0 };
            last = Some(now);
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    }

    /// Waits until a change was carried out in all its parts: it is served so, its own file is recorded, and the
    /// generator has looked whether there is more.
    async fn carried_out(&mut self, host: &HostPattern, version: Option<u64>) {
        self.changes += 1;
        let wanted = version.map(Version::new);
        let begin = tokio::time::Instant::now();
        loop {
            let done = self.responder.version(host) == wanted
                && self.calls(SET_FILE).await == self.changes
                && self.calls(LOOK).await == 2 * self.changes;
            if done {
                break;
            }
            assert!(
                begin.elapsed() < PATIENCE,
                "{host} is at {:?} instead of {wanted:?}: {:#?}",
                self.responder.version(host),
                self.statements().await
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        self.quiet().await;
    }

    /// One change of each kind, and two edits; each carried out before the next.
    async fn change(&mut self, wildcard: &str) {
        let token = self.person.token.clone();
        let body = json!({"wildcard": wildcard, "content": content("one")});
        let mock = self.app.post("/mocks", &token, body).await.expect(201).body;
        let host = HostPattern::parse(&format!("{wildcard}-{}.{BASE}", self.person.username())).unwrap();
        let path = format!("/mocks/{}", mock["id"].as_str().unwrap());
        self.carried_out(&host, Some(1)).await;
        for (revision, says) in [(1, "two"), (2, "three")] {
            let body: Value = json!({"content": content(says), "if-revision": revision});
            self.app.put(&path, &token, body).await.expect(200);
            self.carried_out(&host, Some(revision + 1)).await;
        }
        self.app.post(&format!("{path}/unpublish"), &token, Value::Null).await.expect(200);
        self.carried_out(&host, None).await;
        self.app.post(&format!("{path}/publish"), &token, Value::Null).await.expect(200);
        self.carried_out(&host, Some(5)).await;
        self.app.delete(&path, &token).await.expect(204);
        self.carried_out(&host, None).await;
    }

    /// The size of the largest shard, and the most hosts of one.
    async fn largest_shard(&self) -> (u64, i64) {
        let (mut largest, mut most_hosts) = (0, 0);
        for listed in self.storage.store.list("unified/").await.unwrap() {
            let object = self.storage.store.get(&listed.key).await.unwrap().unwrap();
            let shard = Shard::parse(object.bytes).unwrap();
            assert!(shard.is_complete());
            largest = largest.max(listed.size);
            most_hosts = most_hosts.max(i64::try_from(shard.entries().len()).unwrap());
        }
        (largest, most_hosts)
    }
}

fn content(says: &str) -> String {
    format!("- endpoint: {{path: /, response: {{body: '{says}'}}}}\n")
}

async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let begin = tokio::time::Instant::now();
    while !holds().await {
        assert!(begin.elapsed() < PATIENCE, "{what}: not in time");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// What all changes cost.
struct Cost {
    statements: BTreeMap<String, Statement>,
    requests: Counts,
    changes: u64,
    largest_shard: u64,
    most_hosts: i64,
}

async fn cost(server: &Server, mocks: usize) -> Cost {
    let mut world = World::with(server, mocks).await;
    // What is prepared at a first time is not a change's.
    world.change("first").await;
    world.forget().await;
    world.change("counted").await;
    let (largest_shard, most_hosts) = world.largest_shard().await;
    let requests = world.storage.counts.lock().unwrap().clone();
    let statements = world.statements().await;
    let changes = u64::try_from(world.changes).unwrap();
    Cost { statements, requests, changes, largest_shard, most_hosts }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_costs_the_same_among_100_and_among_100_000_mocks() {
    let server = tokio::task::spawn_blocking(Server::start_counting).await.unwrap();
    let few = cost(&server, 100).await;
    let many = cost(&server, 100_000).await;

    let calls = |cost: &Cost| -> BTreeMap<String, i64> {
        cost.statements.iter().map(|(text, statement)| (text.clone(), statement.calls)).collect()
    };
    assert_eq!(calls(&few), calls(&many));
    let counts = |cost: &Cost| -> BTreeMap<_, u64> {
        cost.requests.iter().map(|(what, requests)| (*what, requests.count)).collect()
    };
    assert_eq!(counts(&few), counts(&many));
    for cost in [&few, &many] {
        // A generator writes the shard, a mock server reads it, and nobody does either twice.
        for what in ["put", "get"] {
            let requests = cost.requests[&(what, "shard")];
            assert_eq!(requests.count, cost.changes, "{what}");
            assert!(requests.bytes <= cost.changes * cost.largest_shard, "{what}: {requests:?}");
        }
    }
    // A statement that read all of a table would touch thousands of pages.
    for (text, Statement { calls, pages }) in &many.statements {
        let most = if text.starts_with(READ_SHARD) { PAGES_A_HOST * many.most_hosts } else { PAGES };
        assert!(*pages <= calls * most, "{calls} calls, {pages} pages: {text}");
    }
}
