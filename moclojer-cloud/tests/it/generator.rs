//! The generator, over a database in memory whose every call can fail, in paused time; and over the real parts.

#![expect(clippy::unwrap_used, reason = "a test may stop at what it did not expect")]

mod answers;
mod bucket;
mod commands;
mod faults;
mod files;
mod memory_store;
mod mock_server;
mod model;
mod real;
mod service;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use moclojer_cloud::generator::{Generator, Outcome, Settings};
use moclojer_cloud::layout_file::shard_key;
use moclojer_core::ports::{Condition, InProcessBus, Put, Storage};
use moclojer_core::spec::host::HostPattern;
use moclojer_core::unify::{Document, Generation, Position, Revision, Shard, ShardId, Version, write_shard};
use tokio::task::JoinHandle;

use faults::FaultyStorage;
use memory_store::{MemoryStore, host, text};

/// A database, an object store, a bus, and a generator of them.
struct World {
    store: MemoryStore,
    storage: FaultyStorage,
    bus: Arc<InProcessBus>,
    generator: Generator,
}

/// With the pauses of production, but for the daily comparison, which comes each ten minutes: a sweep a second makes
/// days of paused time long.
fn generator(store: &MemoryStore, storage: &FaultyStorage, bus: &Arc<InProcessBus>) -> Generator {
    let ten_minutes = Duration::from_secs(600);
    let settings = Settings { first_comparison: ten_minutes, comparison: ten_minutes, ..Settings::default() };
    Generator::new(Arc::new(store.clone()), Arc::new(storage.clone()), Arc::clone(bus) as _, settings)
}

impl World {
    fn new(shards: u32) -> Self {
        let (store, storage) = (MemoryStore::new(shards), FaultyStorage::default());
        let bus = Arc::new(InProcessBus::default());
        let generator = generator(&store, &storage, &bus);
        Self { store, storage, bus, generator }
    }

    /// Another process over the same database and object store, with faults of its own.
    fn beside(&self) -> Self {
        let (store, storage) = (self.store.other(), self.storage.other());
        let generator = generator(&store, &storage, &self.bus);
        Self { store, storage, bus: Arc::clone(&self.bus), generator }
    }

    fn edit(&self, name: &str, content: &str) {
        self.store.tables().edit(&host(name), content);
    }

    async fn carry(&self) -> Outcome {
        self.generator.carry(ShardId::new(0)).await
    }

    /// Runs until dropped.
    fn start(&self) -> Running {
        let generator = self.generator.clone();
        Running(tokio::spawn(async move { generator.run(std::future::pending()).await }))
    }

    /// What the object store says of each host of the written layout: version and text.
    async fn stands(&self) -> BTreeMap<HostPattern, (u64, String)> {
        let layout = self.store.tables().layout();
        let mut stands = BTreeMap::new();
        for shard in layout.shards() {
            let Some(shard) = self.shard(shard).await else { continue };
            for entry in shard.entries() {
                assert_eq!(layout.shard_of(&entry.host), shard.id());
                let text = String::from_utf8(entry.document.to_vec()).unwrap();
                stands.insert(entry.host.clone(), (entry.version.get(), text));
            }
        }
        stands
    }

    async fn shard(&self, shard: ShardId) -> Option<Shard> {
        let key = shard_key(self.store.tables().layout().number(), shard);
        let object = self.storage.objects().get(&key).await.unwrap()?;
        let shard = Shard::parse(object.bytes).ok()?;
        assert!(shard.is_complete());
        Some(shard)
    }

    /// Puts a shard there as another process would have.
    async fn put_shard(&self, generation: u64, hosts: &[(&str, &str)]) {
        let layout = self.store.tables().layout().number();
        let texts: Vec<_> = hosts.iter().map(|(name, content)| text(&host(name), content)).collect();
        let document = |text| Document { text, version: Version::new(1), revision: Revision::new(1) };
        let documents: Vec<_> = texts.iter().map(document).collect();
        let position = Position { layout, generation: Generation::new(generation) };
        let bytes = write_shard(ShardId::new(0), position, &documents).unwrap();
        let key = shard_key(layout, ShardId::new(0));
        let put = self.storage.objects().put(&key, bytes.into(), Condition::Always).await.unwrap();
        assert!(matches!(put, Put::Written(_)));
    }

    async fn assert_newest_stands(&self) {
        assert!(self.store.tables().is_dry(), "{:#?}", self.store.tables());
        let stands = self.stands().await;
        let newest = self.store.tables().newest();
        assert_eq!(stands, newest);
    }

    /// Waits in paused time until everything is carried out.
    async fn until_dry(&self) {
        let dry = async {
            while !self.store.tables().is_dry() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let waited = tokio::time::timeout(Duration::from_secs(300), dry).await;
        assert!(waited.is_ok(), "{:#?}", self.store.tables());
    }

    async fn until(&self, what: &str, mut holds: impl AsyncFnMut() -> bool) {
        let waiting = async {
            while !holds().await {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        let waited = tokio::time::timeout(Duration::from_secs(600), waiting).await;
        assert!(waited.is_ok(), "{what}: {:#?}", self.store.tables());
    }
}

/// A generator that runs, until this is dropped.
struct Running(JoinHandle<()>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.abort();
    }
}
