//! A small cloud for one mock server: an object store and a bus that fail as they are told, and whoever writes shards.

use std::collections::{BTreeMap, HashMap};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Uri};
use moclojer_cloud::foss::{Follower, Health, Settings};
use moclojer_cloud::layout_file::{LayoutFile, shard_key};
use moclojer_cloud::messages::{Message as _, UnifiedUpdated, send};
use moclojer_core::ports::{
    Bus, BusError, Condition, ETag, Event, Listed, MemoryStorage, Object, Put, Storage, StorageError,
    StorageKey, Subscription,
};
use moclojer_core::respond::hosted::{Bounds, HostedResponder};
use moclojer_core::respond::{Body, Options, Request, Step};
use moclojer_core::spec::host::HostPattern;
use moclojer_core::spec::{self, Format};
use moclojer_core::unify::{
    Document, Generation, Layout, LayoutNumber, Position, ProcessedText, Revision, ShardId, Version, process,
    write_shard,
};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use uuid::Uuid;

const SALT: [u8; 32] = [7; 32];

/// What reading an object comes to.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    Error,
    Missing,
    /// Only so many bytes.
    Cut(usize),
    /// The last byte is another.
    Damaged,
    /// Another state of it.
    Older(Object),
    /// No answer.
    Hang,
}

/// A store in memory whose reads fail as they are told.
#[derive(Debug, Default)]
pub(crate) struct FaultyStorage {
    inner: MemoryStorage,
    down: AtomicBool,
    faults: Mutex<HashMap<StorageKey, (Fault, u64)>>,
    puts: AtomicU64,
}

impl FaultyStorage {
    pub(crate) fn set_down(&self, down: bool) {
        self.down.store(down, Ordering::SeqCst);
    }

    pub(crate) fn fault(&self, key: &StorageKey, fault: Fault) {
        self.fault_times(key, fault, u64::MAX);
    }

    /// The next so many reads of a key come to this.
    pub(crate) fn fault_times(&self, key: &StorageKey, fault: Fault, times: u64) {
        self.faults.lock().unwrap().insert(key.clone(), (fault, times));
    }

    pub(crate) fn heal(&self) {
        self.faults.lock().unwrap().clear();
        self.set_down(false);
    }

    pub(crate) async fn wipe(&self) {
        for object in self.inner.list("").await.unwrap() {
            self.inner.delete(&object.key).await.unwrap();
        }
    }

    fn check(&self) -> Result<(), StorageError> {
        match self.down.load(Ordering::SeqCst) {
            true => Err(StorageError::Unavailable("it is down".into())),
            false => Ok(()),
        }
    }

    fn next_fault(&self, key: &StorageKey) -> Option<Fault> {
        let mut faults = self.faults.lock().unwrap();
        let (fault, times) = faults.get_mut(key)?;
        if *times == 0 {
            return None;
        }
        *times -= 1;
        Some(fault.clone())
    }
}

#[async_trait]
impl Storage for FaultyStorage {
    async fn get(&self, key: &StorageKey) -> Result<Option<Object>, StorageError> {
        self.check()?;
        let object = self.inner.get(key).await?;
        let cut = |object: Object, bytes: Vec<u8>| Object { bytes: bytes.into(), ..object };
        Ok(match (self.next_fault(key), object) {
            (None, object) => object,
            (Some(Fault::Error), _) => return Err(StorageError::Unavailable("a fault".into())),
            (Some(Fault::Missing), _) | (_, None) => None,
            (Some(Fault::Older(object)), _) => Some(object),
            (Some(Fault::Cut(at)), Some(object)) => {
                let bytes = object.bytes[..at.min(object.bytes.len() - 1)].to_vec();
                Some(cut(object, bytes))
            }
            (Some(Fault::Damaged), Some(object)) => {
                let mut bytes = object.bytes.to_vec();
                *bytes.last_mut().unwrap() ^= 1;
                Some(cut(object, bytes))
            }
            (Some(Fault::Hang), _) => std::future::pending().await,
        })
    }

    async fn head(&self, key: &StorageKey) -> Result<Option<ETag>, StorageError> {
        self.check()?;
        self.inner.head(key).await
    }

    /// Never fails: it is how the test writes.
    async fn put(&self, key: &StorageKey, bytes: Bytes, condition: Condition) -> Result<Put, StorageError> {
        self.puts.fetch_add(1, Ordering::SeqCst);
        self.inner.put(key, bytes, condition).await
    }

    async fn list(&self, prefix: &str) -> Result<Vec<Listed>, StorageError> {
        self.check()?;
        self.inner.list(prefix).await
    }

    async fn delete(&self, key: &StorageKey) -> Result<(), StorageError> {
        self.inner.delete(key).await
    }
}

/// A bus with one listener that loses what it is told to lose.
#[derive(Debug, Default)]
pub(crate) struct FaultyBus {
    listener: Mutex<Option<mpsc::UnboundedSender<Event>>>,
    mute: AtomicBool,
}

impl FaultyBus {
    pub(crate) fn mute(&self) {
        self.mute.store(true, Ordering::SeqCst);
    }

    pub(crate) fn speak(&self) {
        self.mute.store(false, Ordering::SeqCst);
    }

    pub(crate) fn reconnect(&self) {
        self.tell(Event::Connected);
    }

    pub(crate) fn say(&self, message: &'static [u8]) {
        self.tell(Event::Message { channel: UnifiedUpdated::CHANNEL, message: Bytes::from_static(message) });
    }

    pub(crate) fn close(&self) {
        self.listener.lock().unwrap().take();
    }

    fn tell(&self, event: Event) {
        if let Some(listener) = &*self.listener.lock().unwrap() {
            // A listener that has gone hears nothing.
            let _ = listener.send(event);
        }
    }
}

#[async_trait]
impl Bus for FaultyBus {
    async fn publish(&self, channel: &'static str, message: Bytes) -> Result<(), BusError> {
        if !self.mute.load(Ordering::SeqCst) {
            self.tell(Event::Message { channel, message });
        }
        Ok(())
    }

    fn subscribe(&self, channels: &[&'static str]) -> Box<dyn Subscription> {
        assert_eq!(channels, [UnifiedUpdated::CHANNEL]);
        let (listener, events) = mpsc::unbounded_channel();
        *self.listener.lock().unwrap() = Some(listener);
        self.reconnect();
        Box::new(Listener(events))
    }
}

struct Listener(mpsc::UnboundedReceiver<Event>);

#[async_trait]
impl Subscription for Listener {
    async fn next(&mut self) -> Option<Event> {
        self.0.recv().await
    }
}

/// Whoever writes shards: what is to be served, and how far the writes have come.
pub(crate) struct Cloud {
    pub(crate) installation: Uuid,
    pub(crate) layout: u64,
    pub(crate) shards: u32,
    generation: u64,
    pub(crate) hosts: BTreeMap<HostPattern, (u64, ProcessedText)>,
}

pub(crate) fn host(name: &str) -> HostPattern {
    HostPattern::parse(name).unwrap()
}

/// A mock that answers its host's name and version.
fn text(host: &HostPattern, version: u64) -> ProcessedText {
    let file = format!("- endpoint: {{path: /, response: {{body: {host} {version}}}}}");
    process("mock.yml", file.as_bytes(), Format::Yaml, host, &spec::Settings::default()).text.unwrap()
}

impl Cloud {
    fn layout(&self) -> Layout {
        Layout::new(LayoutNumber::new(self.layout), NonZeroU32::new(self.shards).unwrap(), SALT)
    }

    pub(crate) fn layout_file(&self) -> Vec<u8> {
        let shards = NonZeroU32::new(self.shards).unwrap();
        LayoutFile::new(self.installation, LayoutNumber::new(self.layout), shards, &SALT).write()
    }

    pub(crate) fn next_layout(&mut self, shards: u32) {
        self.layout += 1;
        self.shards = shards;
    }

    pub(crate) fn key(&self, shard: u32) -> StorageKey {
        shard_key(LayoutNumber::new(self.layout), ShardId::new(shard))
    }

    pub(crate) fn shard_of(&self, name: &str) -> u32 {
        self.layout().shard_of(&host(name)).get()
    }

    pub(crate) fn change(&mut self, name: &str) {
        let host = host(name);
        let version = self.hosts.get(&host).map_or(0, |(version, _)| *version) + 1;
        let text = text(&host, version);
        self.hosts.insert(host, (version, text));
    }

    pub(crate) fn put_text(&mut self, host: &HostPattern, text: &str) {
        self.hosts.insert(host.clone(), (1, ProcessedText::stored(host.clone(), text).unwrap()));
    }

    pub(crate) fn drop_host(&mut self, name: &str) {
        self.hosts.remove(&host(name));
    }

    /// A shard as it should be, of a new generation.
    pub(crate) fn bytes(&mut self, shard: u32) -> Vec<u8> {
        self.bytes_with(shard, &[])
    }

    /// The same with hosts that do not belong there.
    pub(crate) fn bytes_with(&mut self, shard: u32, others: &[&str]) -> Vec<u8> {
        self.generation += 1;
        let layout = self.layout();
        let id = ShardId::new(shard);
        let position = Position { layout: layout.number(), generation: Generation::new(self.generation) };
        let belongs = |host: &HostPattern| layout.shard_of(host) == id || others.contains(&host.as_str());
        let documents: Vec<Document<'_>> = self
            .hosts
            .iter()
            .filter(|(host, _)| belongs(host))
            .map(|(_, (version, text))| Document {
                text,
                version: Version::new(*version),
                revision: Revision::new(1),
            })
            .collect();
        write_shard(id, position, &documents).unwrap()
    }
}

/// The status that a host's `/` gets, and the body if it is 200.
pub(crate) fn ask(responder: &HostedResponder, host: &str) -> (u16, Option<String>) {
    let mut headers = HeaderMap::new();
    headers.insert("host", HeaderValue::from_str(host).unwrap());
    let target = Uri::from_static("/");
    let request = Request { method: &Method::GET, target: &target, headers: &headers, peer: None };
    let Step::Answer(answer) = responder.respond(&request, Body::Read(&Bytes::new())) else {
        panic!("small mocks are compiled at once")
    };
    let body = (answer.status == 200).then(|| String::from_utf8(answer.body.to_vec()).unwrap());
    (answer.status.as_u16(), body)
}

pub(crate) struct World {
    pub(crate) cloud: Cloud,
    pub(crate) storage: Arc<FaultyStorage>,
    pub(crate) bus: Arc<FaultyBus>,
    responder: Arc<HostedResponder>,
    follower: Arc<Follower>,
    running: Option<(oneshot::Sender<()>, JoinHandle<()>)>,
}

impl World {
    /// A store with these hosts, and a server that does not follow it yet.
    pub(crate) async fn of(shards: u32, hosts: &[&str]) -> Self {
        let mut cloud = Cloud {
            installation: Uuid::new_v4(),
            layout: 1,
            shards,
            generation: 100,
            hosts: BTreeMap::new(),
        };
        hosts.iter().for_each(|host| cloud.change(host));
        let (storage, bus) = (Arc::<FaultyStorage>::default(), Arc::<FaultyBus>::default());
        let responder =
            Arc::new(HostedResponder::new(Options::default(), spec::Settings::default(), &Bounds::default()));
        let follower = Arc::new(Follower::new(
            Arc::clone(&storage) as Arc<dyn Storage>,
            Arc::clone(&bus) as Arc<dyn Bus>,
            Arc::clone(&responder),
            Settings::default(),
        ));
        let mut world = Self { cloud, storage, bus, responder, follower, running: None };
        for shard in 0..shards {
            world.write(shard).await;
        }
        world.write_layout().await;
        world
    }

    /// The same, followed and ready.
    pub(crate) async fn serving(shards: u32, hosts: &[&str]) -> Self {
        let mut world = Self::of(shards, hosts).await;
        world.start();
        world.until(Duration::from_secs(1), "ready", |world| world.health().ready).await;
        world
    }

    pub(crate) fn start(&mut self) {
        let (stop, stopped) = oneshot::channel::<()>();
        let follower = Arc::clone(&self.follower);
        let task = tokio::spawn(async move { follower.run(async { drop(stopped.await) }).await });
        self.running = Some((stop, task));
    }

    pub(crate) async fn stop(&mut self) {
        if let Some((stop, task)) = self.running.take() {
            drop(stop);
            tokio::time::timeout(Duration::from_secs(1), task).await.unwrap().unwrap();
        }
    }

    /// Writes a shard as it should be, and hints.
    pub(crate) async fn write(&mut self, shard: u32) {
        let bytes = self.cloud.bytes(shard);
        let put = self.storage.put(&self.cloud.key(shard), bytes.into(), Condition::Always).await.unwrap();
        let Put::Written(etag) = put else { panic!("{put:?}") };
        let hint = UnifiedUpdated {
            layout: self.cloud.layout,
            shard,
            generation: self.cloud.generation,
            etag: etag.as_str().to_owned(),
            hosts: None,
        };
        send(&*self.bus, "test", hint).await.unwrap();
    }

    pub(crate) async fn write_layout(&self) {
        let bytes = self.cloud.layout_file().into();
        self.storage.put(&LayoutFile::key(), bytes, Condition::Always).await.unwrap();
    }

    /// A new version of a host, in the store.
    pub(crate) async fn edit(&mut self, host: &str) {
        self.cloud.change(host);
        self.write(self.cloud.shard_of(host)).await;
    }

    pub(crate) async fn remove(&mut self, host: &str) {
        self.cloud.drop_host(host);
        self.write(self.cloud.shard_of(host)).await;
    }

    pub(crate) fn health(&self) -> Health {
        self.follower.health()
    }

    /// A metric as a scraper reads it.
    pub(crate) fn metric(&self, name: &str) -> f64 {
        let mut registry = prometheus_client::registry::Registry::default();
        self.follower.metrics().register(&mut registry);
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("no {name} in\n{text}")).parse().unwrap()
    }

    /// The status that a host's `/` gets, and the body if it is 200.
    pub(crate) fn get(&self, host: &str) -> (u16, Option<String>) {
        ask(&self.responder, host)
    }

    /// The body of a host's `/`, empty when it is not served.
    pub(crate) fn body(&self, host: &str) -> String {
        self.get(host).1.unwrap_or_default()
    }

    /// Lets time pass.
    pub(crate) async fn pass(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }

    /// Waits until something holds, at most so long.
    pub(crate) async fn until(&self, limit: Duration, what: &str, holds: impl Fn(&Self) -> bool) {
        let end = Instant::now() + limit;
        while !holds(self) {
            assert!(Instant::now() < end, "{what} did not come within {limit:?}: {:?}", self.health());
            self.pass(Duration::from_millis(1)).await;
        }
    }
}
