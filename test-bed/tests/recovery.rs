//! What goes wrong with the bucket, the database or a start, and how the real programs come out of it.
#![expect(clippy::unwrap_used, reason = "a test may stop at what it did not expect")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use moclojer_cloud::layout_file::LayoutFile;
use moclojer_core::ports::{Condition, ETag, Storage, StorageKey};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use test_bed::installation::{Installation, Program, until};
use test_bed::postgres::Backup;
use test_bed::proxy::Mode;

/// The comparison of each minute, and what it takes to write again.
const A_SWEEP: Duration = Duration::from_secs(80);
/// When a mock server is ready without what it cannot read.
const READY_AFTER: Duration = Duration::from_secs(30);

/// The folder of the built programs: this test's own is `deps` in it.
fn programs() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.parent().and_then(|deps| deps.parent()).unwrap().to_owned()
}

fn content(text: &str) -> String {
    format!("- endpoint: {{path: /, response: {{body: '{text}'}}}}\n")
}

/// Makes mocks that answer their names, and waits until they do.
async fn make(installation: &Installation, names: &[&str]) -> Vec<String> {
    let mut ids = Vec::new();
    for name in names {
        let body = json!({"wildcard": name, "content": content(name)});
        let (status, mock) = installation.api(Method::POST, "/mocks", Some(body)).await;
        assert_eq!(status, StatusCode::CREATED, "{mock}");
        ids.push(mock["id"].as_str().unwrap().to_owned());
    }
    for name in names {
        installation.served(&installation.host(name), "/", StatusCode::OK, name).await;
    }
    ids
}

async fn assert_served(installation: &Installation, names: &[&str]) {
    for name in names {
        let answer = installation.mock(&installation.host(name), "/").await;
        assert_eq!(answer, Some((StatusCode::OK, (*name).to_owned())), "{name}");
    }
}

/// The keys of everything that mock servers read.
async fn served_objects(store: &impl Storage) -> BTreeSet<StorageKey> {
    let mut keys: BTreeSet<StorageKey> =
        store.list("unified/").await.unwrap().into_iter().map(|listed| listed.key).collect();
    keys.extend(store.list("layout.json").await.unwrap().into_iter().map(|listed| listed.key));
    keys
}

/// All objects with their tags.
async fn listing(store: &impl Storage) -> BTreeMap<StorageKey, ETag> {
    store.list("").await.unwrap().into_iter().map(|listed| (listed.key, listed.etag)).collect()
}

async fn wipe(store: &impl Storage) {
    for listed in store.list("").await.unwrap() {
        store.delete(&listed.key).await.unwrap();
    }
}

async fn put(store: &impl Storage, key: &StorageKey, bytes: bytes::Bytes) {
    store.put(key, bytes, Condition::Always).await.unwrap();
}

const NAMES: [&str; 6] = ["one", "two", "three", "four", "five", "six"];

#[tokio::test(flavor = "multi_thread")]
async fn a_wiped_bucket_takes_nobody_away_and_is_whole_again_within_a_minute() {
    let mut installation = Installation::start(&programs()).await;
    make(&installation, &NAMES).await;
    let store = installation.objects();
    let before = served_objects(&store).await;
    assert_eq!(before.len(), 9, "8 shards and layout.json: {before:?}");
    wipe(&store).await;
    let whole = until(A_SWEEP, async || {
        assert_served(&installation, &NAMES).await;
        served_objects(&store).await == before
    });
    assert!(whole.await, "{:?}\n{}", served_objects(&store).await, installation.log(Program::Generator));
    // Whoever starts now has all of it from the bucket.
    installation.kill(Program::MockServer);
    installation.start_again(Program::MockServer);
    installation.wait_for(Program::MockServer, "/healthcheck/live").await;
    assert_served(&installation, &NAMES).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_installations_bucket_is_neither_served_nor_written_to() {
    let ours = Installation::start(&programs()).await;
    let ids = make(&ours, &NAMES).await;
    let theirs = Installation::start(&programs()).await;
    make(&theirs, &["foreign"]).await;
    let (store, foreign) = (ours.objects(), theirs.objects());
    let id_of = async |store: &dyn Storage| {
        let file = store.get(&LayoutFile::key()).await.unwrap().unwrap();
        let file: Value = serde_json::from_slice(&file.bytes).unwrap();
        file["installation"].as_str().unwrap().to_owned()
    };
    let (our_id, their_id) = (id_of(&store).await, id_of(&foreign).await);
    wipe(&store).await;
    for listed in foreign.list("").await.unwrap() {
        let object = foreign.get(&listed.key).await.unwrap().unwrap();
        put(&store, &listed.key, object.bytes).await;
    }
    let standing = listing(&store).await;
    let refused = until(Duration::from_secs(20), async || {
        let health = ours.health(Program::MockServer).await;
        health.is_some_and(|(status, text)| {
            status == StatusCode::SERVICE_UNAVAILABLE && text.contains(&our_id) && text.contains(&their_id)
        })
    });
    assert!(refused.await, "{:?}", ours.health(Program::MockServer).await);
    let edit = json!({"content": content("changed"), "if-revision": 1});
    let (status, _) = ours.api(Method::PUT, &format!("/mocks/{}", ids[0]), Some(edit)).await;
    assert_eq!(status, StatusCode::OK, "the api does not care");
    let told = until(A_SWEEP, async || {
        assert_served(&ours, &NAMES).await;
        let log = ours.log(Program::Generator);
        log.contains(&their_id) && log.contains(&our_id)
    });
    assert!(told.await, "{}", ours.log(Program::Generator));
    let answer = ours.mock(&ours.host("foreign"), "/").await;
    assert_eq!(answer.map(|(status, _)| status), Some(StatusCode::NOT_FOUND));
    // Longer than a claim, a sweep and a look: nothing of theirs was touched.
    let since = Instant::now();
    while since.elapsed() < Duration::from_secs(15) {
        assert_eq!(listing(&store).await, standing);
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    // Its own bucket again, empty: what waited is served.
    wipe(&store).await;
    ours.served(&ours.host(NAMES[0]), "/", StatusCode::OK, "changed").await;
    assert_served(&ours, &NAMES[1..]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mock_server_starts_without_a_shard_that_cannot_be_read() {
    let mut installation = Installation::start(&programs()).await;
    make(&installation, &NAMES).await;
    // It would mend the shard.
    installation.kill(Program::Generator);
    installation.kill(Program::MockServer);
    let store = installation.objects();
    let mut bad = None;
    for listed in store.list("unified/").await.unwrap() {
        let object = store.get(&listed.key).await.unwrap().unwrap();
        let text = String::from_utf8_lossy(&object.bytes).into_owned();
        let inside = |name: &&&str| text.contains(&format!(" host={} ", installation.host(name)));
        let hosts: Vec<&str> = NAMES.iter().filter(inside).copied().collect();
        if !hosts.is_empty() && hosts.len() < NAMES.len() {
            bad = Some((listed.key, object.bytes, hosts));
        }
    }
    let (key, bytes, lost) = bad.expect("six hosts are not all in one shard of eight");
    put(&store, &key, bytes.slice(..bytes.len() - 1)).await;
    let others: Vec<&str> = NAMES.into_iter().filter(|name| !lost.contains(name)).collect();

    let begun = Instant::now();
    installation.start_again(Program::MockServer);
    for name in &others {
        installation.served(&installation.host(name), "/", StatusCode::OK, name).await;
    }
    let look = async || {
        assert_served(&installation, &others).await;
        for name in &lost {
            let answer = installation.mock(&installation.host(name), "/").await;
            assert_eq!(answer.map(|(status, _)| status), Some(StatusCode::SERVICE_UNAVAILABLE), "{name}");
        }
        installation.health(Program::MockServer).await.is_some_and(|(status, _)| status == StatusCode::OK)
    };
    assert!(until(READY_AFTER * 2, look).await, "{}", installation.log(Program::MockServer));
    assert!(begun.elapsed() >= READY_AFTER, "ready after {:?}", begun.elapsed());
    installation.start_again(Program::Generator);
    let mended = until(A_SWEEP, async || {
        assert_served(&installation, &others).await;
        let answer = installation.mock(&installation.host(lost[0]), "/").await;
        answer.is_some_and(|(status, _)| status == StatusCode::OK)
    });
    assert!(mended.await, "{}", installation.log(Program::Generator));
    assert_served(&installation, &NAMES).await;
}

/// Ends whatever is connected to the database. Mock servers are not.
fn stop(installation: &mut Installation) {
    installation.kill(Program::Api);
    installation.kill(Program::Generator);
}

async fn start(installation: &mut Installation) {
    for program in [Program::Api, Program::Generator] {
        installation.start_again(program);
        installation.wait_for(program, "/healthcheck").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_that_a_restored_database_says_is_served_after_a_rebuild() {
    let mut installation = Installation::start(&programs()).await;
    let ids = make(&installation, &NAMES).await;
    let path = |number: usize| format!("/mocks/{}", ids[number]);
    stop(&mut installation);
    let yesterday = Backup::of(&installation.database_url()).await;
    start(&mut installation).await;

    // Since then: one edited often, one renamed, one removed, one off, one new; a new layout.
    for revision in 1..8 {
        let edit = json!({"content": content("today"), "if-revision": revision});
        let edit = if revision % 2 == 0 {
            json!({"content": content("now"), "if-revision": revision})
        } else {
            edit
        };
        let (status, body) = installation.api(Method::PUT, &path(0), Some(edit)).await;
        assert_eq!(status, StatusCode::OK, "{body}");
    }
    let rename = json!({"wildcard": "renamed", "if-revision": 1});
    assert_eq!(installation.api(Method::PUT, &path(1), Some(rename)).await.0, StatusCode::OK);
    assert_eq!(installation.api(Method::DELETE, &path(2), None).await.0, StatusCode::NO_CONTENT);
    let off = format!("{}/unpublish", path(3));
    assert_eq!(installation.api(Method::POST, &off, None).await.0, StatusCode::OK);
    make(&installation, &["new"]).await;
    installation.served(&installation.host("one"), "/", StatusCode::OK, "today").await;
    installation.served(&installation.host("renamed"), "/", StatusCode::OK, "two").await;
    for gone in ["two", "three", "four"] {
        installation.served(&installation.host(gone), "/", StatusCode::NOT_FOUND, "").await;
    }
    assert!(installation.command(Program::Generator, &["reshard", "5"]).await.success);
    let objects = installation.objects();
    let layout = async |number: &str| {
        let file = objects.get(&LayoutFile::key()).await.unwrap().unwrap();
        String::from_utf8_lossy(&file.bytes).replace(' ', "").contains(&format!(r#""layout":{number},"#))
    };
    assert!(until(READY_AFTER, async || layout("2").await).await);

    stop(&mut installation);
    yesterday.put_back().await;
    let rebuilt = installation.command(Program::Generator, &["rebuild"]).await;
    assert!(rebuilt.success, "{}", rebuilt.output);
    start(&mut installation).await;
    let restored = until(READY_AFTER, async || {
        // What both databases served is served in between, too.
        assert_served(&installation, &["five", "six"]).await;
        let one = installation.mock(&installation.host("one"), "/").await;
        assert_eq!(one.as_ref().map(|(status, _)| *status), Some(StatusCode::OK));
        one.is_some_and(|(_, text)| text == "one")
    });
    assert!(restored.await, "{}", installation.log(Program::Generator));
    for name in NAMES {
        installation.served(&installation.host(name), "/", StatusCode::OK, name).await;
    }
    for never in ["renamed", "new"] {
        installation.served(&installation.host(never), "/", StatusCode::NOT_FOUND, "").await;
    }
    for number in 0..NAMES.len() {
        let mut last = Value::Null;
        let published = until(READY_AFTER, async || {
            last = installation.api(Method::GET, &path(number), None).await.1;
            last["status"] == "published"
        });
        assert!(published.await, "{last}");
    }
    // And it goes on from there.
    let edit = json!({"content": content("tomorrow"), "if-revision": 1});
    assert_eq!(installation.api(Method::PUT, &path(0), Some(edit)).await.0, StatusCode::OK);
    installation.served(&installation.host("one"), "/", StatusCode::OK, "tomorrow").await;
}

/// What came of requests of one kind: how long they took, in order.
struct Times(&'static str, Vec<Duration>);

impl Times {
    fn of(what: &'static str, mut times: Vec<Duration>) -> Self {
        times.sort();
        Self(what, times)
    }

    fn slowest(&self) -> Duration {
        self.1.last().copied().unwrap_or_default()
    }
}

impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(what, times) = self;
        let at = |percent: usize| times[(times.len() - 1) * percent / 100].as_secs_f64() * 1e3;
        let (half, most, nearly_all) = (at(50), at(90), at(99));
        write!(
            f,
            "{what}: {} answers, p50 {half:.1} ms, p90 {most:.1} ms, p99 {nearly_all:.1} ms, ",
            times.len()
        )?;
        write!(f, "slowest {:.1} ms", at(100))
    }
}

/// How many requests of a kind, by how many clients at once.
const REQUESTS: usize = 200;
const CLIENTS: usize = 4;

#[tokio::test(flavor = "multi_thread")]
async fn the_api_does_not_wait_for_a_slow_store() {
    let installation = Installation::start_with(&programs(), &[("MOCLOJER_DATABASE_POOL", "2")]).await;
    let ids = make(&installation, &["m0", "m1", "m2", "m3"]).await;
    let delay = Duration::from_secs(5);
    installation.store.set(Mode::Late(delay)).await;
    let clients = ids.iter().take(CLIENTS).enumerate();
    let clients = clients.map(async |(client, id)| ask(&installation, client, &format!("/mocks/{id}")).await);
    let mut all: [Vec<Duration>; 3] = Default::default();
    for times in join_all(clients).await {
        for (all, times) in all.iter_mut().zip(times) {
            all.extend(times);
        }
    }
    let (_, waiting) = installation.api(Method::GET, "/mocks", None).await;
    assert!(waiting.to_string().contains("publishing"), "changes wait: {waiting}");
    let [gets, puts, posts] = all;
    for times in [Times::of("GET /mocks", gets), Times::of("PUT", puts), Times::of("POST", posts)] {
        println!("{times}");
        assert_eq!(times.1.len(), REQUESTS);
        assert!(times.slowest() < delay / 2, "{}: {:?}", times.0, times.slowest());
    }
}

/// A client's part of the requests: lists, changes of its mock, new mocks.
async fn ask(installation: &Installation, client: usize, path: &str) -> [Vec<Duration>; 3] {
    let mut times: [Vec<Duration>; 3] = Default::default();
    for number in 0..REQUESTS / CLIENTS {
        let edit = json!({"content": content(&format!("{number}")), "if-revision": number + 1});
        let new = json!({"wildcard": format!("c{client}n{number}"), "content": content("new")});
        let requests = [
            (Method::GET, "/mocks", None, StatusCode::OK),
            (Method::PUT, path, Some(edit), StatusCode::OK),
            (Method::POST, "/mocks", Some(new), StatusCode::CREATED),
        ];
        for (times, (method, path, body, wanted)) in times.iter_mut().zip(requests) {
            let begun = Instant::now();
            let (status, body) = installation.api(method, path, body).await;
            times.push(begun.elapsed());
            assert_eq!(status, wanted, "{body}");
        }
    }
    times
}
