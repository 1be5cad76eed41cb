//! The whole way over PostgreSQL, S3 and Redis, with generators that are killed while changes come.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use moclojer_cloud::adapters::postgres::Postgres;
use moclojer_cloud::adapters::redis::RedisBus;
use moclojer_cloud::domain::{
    BaseDomain, CustomerId, Email, Hosts, Mock, MockId, Owner, Status, Subdomain, Wildcard,
};
use moclojer_cloud::generator::{Generator, Settings, reshard};
use moclojer_cloud::layout_file::{LayoutFile, mock_key, shard_key};
use moclojer_cloud::messages::{MockUpdated, send};
use moclojer_cloud::store::{
    AccountStore, Content, Created, Deleted, Edit, Edited, InstallationStore, MockStore, NewMock, Place,
    Served,
};
use moclojer_core::ports::{Bus, Storage};
use moclojer_core::spec::{Format, Settings as SpecSettings, host::HostPattern};
use moclojer_core::unify::{ProcessedText, Shard, process};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use test_bed::{postgres, redis, s3};

/// What writes changes, as the api does.
struct Api {
    store: Arc<Postgres>,
    bus: RedisBus,
    hosts: Hosts,
    customer: CustomerId,
    subdomain: Subdomain,
}

impl Api {
    fn place(&self, wildcard: &str) -> Place {
        let wildcard = Wildcard::parse(wildcard).unwrap();
        let host = self.hosts.host(&wildcard, &self.subdomain).unwrap();
        let hash = self.hosts.hash(&host);
        Place { subdomain: self.subdomain.clone(), wildcard, host, hash }
    }

    async fn hint(&self, mock: &Mock) {
        let (mock_id, host, version) = (mock.id.0, mock.host.as_str().to_owned(), mock.state.version.get());
        send(&self.bus, "test", MockUpdated { mock_id, host, version }).await.unwrap();
    }

    async fn create(&self, wildcard: &str, says: &str) -> Mock {
        let place = self.place(wildcard);
        let processed = Some(processed(&place.host, says));
        let (id, owner) = (MockId::generate(), Owner::Customer(self.customer));
        let content = content(says);
        let new = NewMock { id, owner, place, enabled: true, content, processed, by: self.customer };
        let Created::New(mock) = self.store.create(&new).await.unwrap() else { panic!("not made") };
        self.hint(&mock).await;
        *mock
    }

    /// Changes what a mock says, and perhaps its name.
    async fn edit(&self, id: MockId, says: &str, wildcard: Option<&str>) -> Mock {
        let now = self.store.mock(id).await.unwrap().unwrap();
        let place = wildcard.map(|wildcard| self.place(wildcard));
        let host = place.as_ref().map_or(&now.host, |place| &place.host);
        let served = Served::New(processed(host, says));
        let edit = Edit {
            mock: id,
            if_revision: now.revision,
            content: Some(content(says)),
            place,
            served,
            by: self.customer,
        };
        let Edited::Done(mock) = self.store.edit(&edit).await.unwrap() else { panic!("not edited") };
        self.hint(&mock).await;
        *mock
    }

    async fn delete(&self, id: MockId) {
        assert!(matches!(self.store.delete(id, None).await.unwrap(), Deleted::Done { .. }));
    }

    async fn statuses(&self, ids: &[MockId]) -> Vec<Status> {
        self.store.carried(ids).await.unwrap().iter().map(moclojer_cloud::domain::Carried::status).collect()
    }
}

fn yaml(says: &str) -> String {
    format!("- endpoint:\n    path: /\n    response:\n      body: \"{says}\"\n")
}

fn content(says: &str) -> Content {
    Content { text: yaml(says), problems: serde_json::json!([]) }
}

fn processed(host: &HostPattern, says: &str) -> ProcessedText {
    let settings = SpecSettings::default();
    process("mock.yml", yaml(says).as_bytes(), Format::Yaml, host, &settings).text.unwrap()
}

/// A generator as a process of its own would be: own connections, and nothing shared but the servers.
async fn start(database: &str, storage: &Arc<dyn Storage>, redis: &str) -> JoinHandle<()> {
    let store = Postgres::connect(database, NonZeroU32::new(4).unwrap()).await.unwrap();
    let bus: Arc<dyn Bus> = Arc::new(RedisBus::connect(redis).unwrap());
    // Killed ones are to be missed for a second only.
    let settings = Settings {
        lease: Duration::from_secs(1),
        sweep: Duration::from_millis(300),
        check: Duration::from_secs(2),
        ..Settings::default()
    };
    let generator = Generator::new(Arc::new(store), Arc::clone(storage), bus, settings);
    tokio::spawn(async move { generator.run(std::future::pending()).await })
}

/// The bodies that the object store says are served, by host.
async fn stands(storage: &dyn Storage) -> Option<BTreeMap<HostPattern, String>> {
    let file = storage.get(&LayoutFile::key()).await.ok()??;
    let layout = LayoutFile::read(&file.bytes).ok()?.layout().ok()?;
    let mut stands = BTreeMap::new();
    for shard in layout.shards() {
        let object = storage.get(&shard_key(layout.number(), shard)).await.ok()??;
        let shard = Shard::parse(object.bytes).unwrap();
        assert!(shard.is_complete());
        for entry in shard.entries() {
            let document = String::from_utf8(entry.document.to_vec()).unwrap();
            stands.insert(entry.host.clone(), document);
        }
    }
    Some(stands)
}

async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !holds().await {
        assert!(Instant::now() < deadline, "{what}: not within a minute");
        sleep(Duration::from_millis(50)).await;
    }
}

/// What must be impossible, 3 and 4.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_real_parts_no_change_is_lost_while_generators_are_killed() {
    let (database, redis) = (postgres::fresh_database().await, redis::url().await);
    let storage: Arc<dyn Storage> = Arc::new(s3::store().await);
    let store = Arc::new(Postgres::connect(&database, NonZeroU32::new(4).unwrap()).await.unwrap());
    let base = BaseDomain::parse("mocks.test").unwrap();
    let installation = store.install(&base, NonZeroU32::new(5).unwrap()).await.unwrap();
    let customer = store.sign_in(Uuid::new_v4(), &Email::parse("ana@example.com").unwrap()).await.unwrap();
    let api = Api {
        store: Arc::clone(&store),
        bus: RedisBus::connect(&redis).unwrap(),
        hosts: Hosts::new(base, installation.salt),
        customer: customer.id,
        subdomain: Subdomain::Username(customer.username),
    };
    let mut generators =
        vec![start(&database, &storage, &redis).await, start(&database, &storage, &redis).await];

    let mut mocks: Vec<Option<(MockId, String)>> = vec![None; 12];
    for n in 0..120_usize {
        let says = format!("content {n}");
        let place = &mut mocks[n * 5 % 12];
        match place {
            None => *place = Some((api.create(&format!("m{n}"), &says).await.id, says)),
            Some((id, _)) if n % 11 == 10 => {
                api.delete(*id).await;
                *place = None;
            }
            Some((id, _)) => {
                let name = format!("moved{n}");
                let moves = n % 7 == 6;
                *place = Some((api.edit(*id, &says, moves.then_some(&*name)).await.id, says));
            }
        }
        if n == 60 {
            reshard(&*store, &*storage, NonZeroU32::new(8).unwrap()).await.unwrap();
        }
        if n % 8 == 7 {
            // As `kill -9` would: wherever it is, without a word.
            generators.remove(0).abort();
            generators.push(start(&database, &storage, &redis).await);
        }
        sleep(Duration::from_millis(n as u64 % 5 * 7)).await;
    }

    let alive: Vec<(MockId, String)> = mocks.into_iter().flatten().collect();
    let ids: Vec<MockId> = alive.iter().map(|(id, _)| *id).collect();
    until("published", async || api.statuses(&ids).await == vec![Status::Published; ids.len()]).await;
    until("nothing is behind", async || {
        let backlog = moclojer_cloud::store::ProjectionStore::backlog(&*store).await.unwrap();
        backlog.hosts + backlog.shards == 0
    })
    .await;
    let mut expected = BTreeMap::new();
    for (id, says) in &alive {
        let mock = store.mock(*id).await.unwrap().unwrap();
        assert_eq!(mock.state.applied_revision, mock.good_revision);
        expected.insert(mock.host.clone(), processed(&mock.host, says).as_str().to_owned());
    }
    assert_eq!(stands(&*storage).await.unwrap(), expected);

    // A bucket that was emptied is written anew.
    for object in storage.list("").await.unwrap() {
        storage.delete(&object.key).await.unwrap();
    }
    until("written anew", async || stands(&*storage).await.as_ref() == Some(&expected)).await;
    // The own file of a mock that changes now is there.
    let (id, _) = &alive[0];
    api.edit(*id, "last", None).await;
    let key = mock_key(customer.id.0, id.0).unwrap();
    until("its own file", async || {
        let object = storage.get(&key).await.unwrap();
        object.is_some_and(|object| String::from_utf8_lossy(&object.bytes).contains("last"))
    })
    .await;
    for generator in generators {
        generator.abort();
    }
}
