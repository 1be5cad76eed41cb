//! What the generator asks of a database, kept in memory: mocks, hosts, shards, and a clock that follows tokio's. Any
//! call can be made to fail, before or after it was done, to hang, or to wait for a step of the test.

use std::collections::{BTreeMap, HashMap};
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use moclojer_cloud::domain::{BaseDomain, MockId};
use moclojer_cloud::store::{
    Applied, Backlog, Claim, Installation, InstallationStore, MockFile, ProjectionStore, Result, StoreError,
    Wanted, WantedText,
};
use moclojer_core::ports::ETag;
use moclojer_core::spec::host::HostPattern;
use moclojer_core::unify::{Generation, Layout, LayoutNumber, ProcessedText, Revision, ShardId, Version};
use tokio::time::Instant;
use uuid::Uuid;

use super::faults::{Fault, Faults};

/// The owner of all mocks.
pub(super) const OWNER: Uuid = Uuid::from_u128(7);

#[derive(Clone, Debug)]
struct MockRow {
    enabled: bool,
    /// The stored text, which may be damaged.
    text: Option<String>,
    revision: u64,
}

#[derive(Clone, Debug)]
pub(super) struct HostRow {
    pub(super) mock: Option<MockId>,
    pub(super) version: u64,
    pub(super) applied_version: u64,
    pub(super) applied_revision: Option<u64>,
    pub(super) file: Option<MockFile>,
    changed_at: Instant,
}

#[derive(Clone, Debug)]
pub(super) struct ShardRow {
    pub(super) generation: u64,
    pub(super) etag: Option<ETag>,
    pub(super) claimed_until: Instant,
    pub(super) attempts: u32,
    next_at: Instant,
    pub(super) last_error: Option<String>,
}

#[derive(Debug)]
pub(super) struct Tables {
    pub(super) installation: Option<Installation>,
    mocks: HashMap<MockId, MockRow>,
    pub(super) hosts: BTreeMap<HostPattern, HostRow>,
    pub(super) shards: BTreeMap<ShardId, ShardRow>,
    start: Instant,
    /// Unix milliseconds at the start.
    pub(super) unix_ms: u64,
    /// How often each method was called.
    pub(super) calls: HashMap<&'static str, u32>,
}

/// A handle; all that share the tables are one database, each with its own faults.
#[derive(Clone, Debug)]
pub(super) struct MemoryStore {
    tables: Arc<Mutex<Tables>>,
    pub(super) faults: Faults,
}

impl MemoryStore {
    /// A database with an installation of so many shards.
    pub(super) fn new(shards: u32) -> Self {
        let now = Instant::now();
        let tables = Tables {
            installation: None,
            mocks: HashMap::new(),
            hosts: BTreeMap::new(),
            shards: BTreeMap::new(),
            start: now,
            unix_ms: 1_000_000,
            calls: HashMap::new(),
        };
        let store = Self { tables: Arc::new(Mutex::new(tables)), faults: Faults::default() };
        store.tables().install(shards, 1);
        store
    }

    /// The same database, reached by another service.
    pub(super) fn other(&self) -> Self {
        Self { tables: Arc::clone(&self.tables), faults: Faults::default() }
    }

    pub(super) fn tables(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap()
    }

    async fn call<T: Send>(
        &self,
        name: &'static str,
        act: impl FnOnce(&mut Tables) -> T + Send,
    ) -> Result<T> {
        let lost = || StoreError::Unavailable("the database is away".into());
        match self.faults.next(name).await {
            Fault::None => {}
            Fault::Refuse | Fault::LoseRequest | Fault::Late => return Err(lost()),
            Fault::LoseAnswer => {
                act(&mut self.tables());
                self.faults.step().await;
                return Err(lost());
            }
        }
        let answer = act(&mut self.tables());
        *self.tables().calls.entry(name).or_default() += 1;
        self.faults.step().await;
        Ok(answer)
    }
}

/// A host of the base domain.
pub(super) fn host(name: &str) -> HostPattern {
    HostPattern::parse(&format!("{name}.mocks.test")).unwrap()
}

/// The text that stands for a mock with this content.
pub(super) fn text(host: &HostPattern, content: &str) -> ProcessedText {
    let text = format!(
        "---\n- \"x-host\": \"{host}\"\n- \"endpoint\":\n    \"host\": \"{host}\"\n    \"path\": \"/\"\n    \"response\":\n      \"body\": \"{content}\"\n"
    );
    ProcessedText::stored(host.clone(), text).unwrap()
}

impl Tables {
    fn install(&mut self, shards: u32, layout: u64) {
        let shards = NonZeroU32::new(shards).unwrap();
        let before = self.installation.take();
        self.installation = Some(Installation {
            id: before.as_ref().map_or(Uuid::from_u128(1), |before| before.id),
            salt: [3; 32],
            layout: LayoutNumber::new(layout),
            served_layout: before.and_then(|before| before.served_layout),
            shards,
            base_domain: BaseDomain::parse("mocks.test").unwrap(),
        });
        let now = Instant::now();
        self.shards = (0..shards.get())
            .map(|id| {
                let row = ShardRow {
                    generation: 0,
                    etag: None,
                    claimed_until: now - Duration::from_millis(1),
                    attempts: 0,
                    next_at: now,
                    last_error: None,
                };
                (ShardId::new(id), row)
            })
            .collect();
    }

    pub(super) fn now_ms(&self) -> u64 {
        self.unix_ms + u64::try_from(self.start.elapsed().as_millis()).unwrap()
    }

    pub(super) fn layout(&self) -> Layout {
        let installation = self.installation.as_ref().unwrap();
        Layout::new(installation.layout, installation.shards, installation.salt)
    }

    pub(super) fn shard_of(&self, host: &HostPattern) -> ShardId {
        self.layout().shard_of(host)
    }

    fn take(&mut self, host: &HostPattern, mock: Option<MockId>) {
        let row = self.hosts.entry(host.clone()).or_insert(HostRow {
            mock: None,
            version: 0,
            applied_version: 0,
            applied_revision: None,
            file: None,
            changed_at: Instant::now(),
        });
        row.mock = mock;
        row.version += 1;
        row.changed_at = Instant::now();
    }

    /// Makes or edits the mock of a host.
    pub(super) fn edit(&mut self, host: &HostPattern, content: &str) -> MockId {
        let stored = text(host, content).as_str().to_owned();
        self.store_text(host, stored)
    }

    /// The same with a text that nobody looks at.
    pub(super) fn store_text(&mut self, host: &HostPattern, stored: String) -> MockId {
        let id = self.hosts.get(host).and_then(|row| row.mock).unwrap_or_else(MockId::generate);
        let mock = self.mocks.entry(id).or_insert(MockRow { enabled: true, text: None, revision: 0 });
        mock.revision += 1;
        mock.text = Some(stored);
        self.take(host, Some(id));
        id
    }

    pub(super) fn set_enabled(&mut self, host: &HostPattern, enabled: bool) {
        let Some(id) = self.hosts.get(host).and_then(|row| row.mock) else { return };
        let mock = self.mocks.get_mut(&id).unwrap();
        if mock.enabled != enabled {
            mock.enabled = enabled;
            self.take(host, Some(id));
        }
    }

    pub(super) fn delete(&mut self, host: &HostPattern) {
        if let Some(id) = self.hosts.get(host).and_then(|row| row.mock) {
            self.mocks.remove(&id);
            self.take(host, None);
        }
    }

    pub(super) fn rename(&mut self, from: &HostPattern, to: &HostPattern, content: &str) {
        let Some(id) = self.hosts.get(from).and_then(|row| row.mock) else { return };
        if self.hosts.get(to).is_some_and(|row| row.mock.is_some()) {
            return;
        }
        self.mocks.get_mut(&id).unwrap().text = Some(text(to, content).as_str().to_owned());
        self.take(from, None);
        self.take(to, Some(id));
    }

    fn wanted(&self, host: &HostPattern, row: &HostRow) -> Wanted {
        let mock = row.mock.and_then(|id| Some((id, self.mocks.get(&id)?)));
        let served = mock.filter(|(_, mock)| mock.enabled).and_then(|(id, mock)| {
            Some(WantedText {
                mock: id,
                owner: OWNER,
                revision: Revision::new(mock.revision),
                text: ProcessedText::stored(host.clone(), mock.text.clone()?),
            })
        });
        Wanted {
            host: host.clone(),
            version: Version::new(row.version),
            served,
            behind: row.version > row.applied_version,
            file: row.file.clone(),
        }
    }

    /// What is to be served at the end: hosts with version and text.
    pub(super) fn newest(&self) -> BTreeMap<HostPattern, (u64, String)> {
        let rows = self.hosts.iter().map(|(host, row)| (host, row.version, self.wanted(host, row)));
        rows.filter_map(|(host, version, wanted)| {
            let text = wanted.served?.text.ok()?;
            Some((host.clone(), (version, text.as_str().to_owned())))
        })
        .collect()
    }

    pub(super) fn is_dry(&self) -> bool {
        self.hosts.values().all(|row| row.version == row.applied_version)
            && self.shards.values().all(|row| row.etag.is_some())
    }

    fn own(&mut self, claim: &Claim) -> Option<&mut ShardRow> {
        if self.installation.as_ref()?.layout != claim.layout {
            return None;
        }
        let row = self.shards.get_mut(&claim.shard)?;
        (row.generation == claim.generation.get()).then_some(row)
    }

    fn claim(&mut self, shard: ShardId, found: Option<Generation>, lease: Duration) -> Option<Claim> {
        let (layout, now_ms) = (self.layout(), self.now_ms());
        let shards = NonZeroU32::new(u32::try_from(layout.shards().len()).unwrap()).unwrap();
        let row = self.shards.get_mut(&shard)?;
        let above = found.map_or(0, |found| found.get() + 1);
        row.generation = now_ms.max(row.generation + 1).max(above);
        row.claimed_until = Instant::now() + lease;
        let generation = Generation::new(row.generation);
        Some(Claim { layout: layout.number(), shards, shard, generation, etag: row.etag.clone() })
    }
}

#[async_trait]
impl InstallationStore for MemoryStore {
    async fn ping(&self) -> Result<()> {
        Ok(())
    }

    async fn installation(&self) -> Result<Option<Installation>> {
        self.call("installation", |tables| tables.installation.clone()).await
    }

    async fn install(&self, _: &BaseDomain, shards: NonZeroU32) -> Result<Installation> {
        self.call("install", |tables| {
            if tables.installation.is_none() {
                tables.install(shards.get(), 1);
            }
            tables.installation.clone().unwrap()
        })
        .await
    }

    async fn reshard(&self, shards: NonZeroU32, at_least: LayoutNumber) -> Result<Installation> {
        self.call("reshard", |tables| {
            let layout = tables.layout().number().max(at_least).get() + 1;
            tables.install(shards.get(), layout);
            tables.installation.clone().unwrap()
        })
        .await
    }
}

#[async_trait]
impl ProjectionStore for MemoryStore {
    async fn behind(&self, limit: u32) -> Result<Vec<ShardId>> {
        self.call("behind", |tables| {
            let now = Instant::now();
            let mut oldest: BTreeMap<ShardId, Instant> = BTreeMap::new();
            for (host, row) in &tables.hosts {
                if row.version > row.applied_version {
                    let oldest = oldest.entry(tables.shard_of(host)).or_insert(row.changed_at);
                    *oldest = row.changed_at.min(*oldest);
                }
            }
            let waits = |row: &ShardRow| row.claimed_until < now && row.next_at <= now;
            let mut found: Vec<(Instant, ShardId)> = tables
                .shards
                .iter()
                .filter(|(id, row)| waits(row) && (row.etag.is_none() || oldest.contains_key(id)))
                .map(|(id, _)| (oldest.get(id).copied().unwrap_or(now), *id))
                .collect();
            found.sort();
            found.into_iter().map(|(_, id)| id).take(limit as usize).collect()
        })
        .await
    }

    async fn claim(
        &self,
        shard: ShardId,
        found: Option<Generation>,
        lease: Duration,
    ) -> Result<Option<Claim>> {
        self.call("claim", |tables| {
            let free = tables.shards.get(&shard)?.claimed_until < Instant::now();
            if free { tables.claim(shard, found, lease) } else { None }
        })
        .await
    }

    async fn claim_again(&self, claim: &Claim, found: Generation, lease: Duration) -> Result<Option<Claim>> {
        self.call("claim_again", |tables| {
            tables.own(claim)?;
            tables.claim(claim.shard, Some(found), lease)
        })
        .await
    }

    async fn wanted(&self, claim: &Claim) -> Result<Vec<Wanted>> {
        self.call("wanted", |tables| {
            // The hosts of this shard in the claim's own layout.
            let salt = tables.installation.as_ref().unwrap().salt;
            let layout = Layout::new(claim.layout, claim.shards, salt);
            let rows = tables.hosts.iter().filter(|(host, _)| layout.shard_of(host) == claim.shard);
            let wanted = rows.map(|(host, row)| tables.wanted(host, row));
            wanted.filter(|wanted| wanted.behind || wanted.served.is_some()).collect()
        })
        .await
    }

    async fn commit(&self, claim: &Claim, etag: &ETag, applied: &[Applied]) -> Result<bool> {
        self.call("commit", |tables| {
            let Some(row) = tables.own(claim) else { return false };
            row.etag = Some(etag.clone());
            row.claimed_until = Instant::now() - Duration::from_millis(1);
            (row.attempts, row.last_error) = (0, None);
            for applied in applied {
                let host = tables.hosts.get_mut(&applied.host).unwrap();
                if applied.version.get() > host.applied_version {
                    host.applied_version = applied.version.get();
                    host.applied_revision = applied.revision.map(Revision::get);
                }
            }
            true
        })
        .await
    }

    async fn fail(&self, claim: &Claim, reason: &str) -> Result<()> {
        self.call("fail", |tables| {
            if let Some(row) = tables.own(claim) {
                row.claimed_until = Instant::now() - Duration::from_millis(1);
                row.attempts += 1;
                row.next_at = Instant::now() + Duration::from_secs(1 << row.attempts.min(6));
                row.last_error = Some(reason.to_owned());
            }
        })
        .await
    }

    async fn release(&self, claim: &Claim) -> Result<()> {
        self.call("release", |tables| {
            if let Some(row) = tables.own(claim) {
                row.claimed_until = Instant::now() - Duration::from_millis(1);
            }
        })
        .await
    }

    async fn tags(&self) -> Result<BTreeMap<ShardId, Option<ETag>>> {
        self.call("tags", |tables| tables.shards.iter().map(|(id, row)| (*id, row.etag.clone())).collect())
            .await
    }

    async fn write_anew(&self, shards: &[(ShardId, ETag)]) -> Result<()> {
        self.call("write_anew", |tables| {
            for (shard, etag) in shards {
                let row = tables.shards.get_mut(shard).filter(|row| row.etag.as_ref() == Some(etag));
                if let Some(row) = row {
                    row.etag = None;
                }
            }
        })
        .await
    }

    async fn is_layout_whole(&self, layout: LayoutNumber) -> Result<bool> {
        self.call("is_layout_whole", |tables| {
            tables.layout().number() == layout && tables.shards.values().all(|row| row.etag.is_some())
        })
        .await
    }

    async fn set_served(&self, layout: LayoutNumber) -> Result<()> {
        self.call("set_served", |tables| {
            let installation = tables.installation.as_mut().unwrap();
            installation.served_layout = installation.served_layout.max(Some(layout));
        })
        .await
    }

    async fn set_file(&self, host: &HostPattern, file: Option<&MockFile>) -> Result<()> {
        self.call("set_file", |tables| {
            tables.hosts.get_mut(host).unwrap().file = file.cloned();
        })
        .await
    }

    async fn hosts(&self, after: Option<&HostPattern>, limit: u32) -> Result<Vec<Wanted>> {
        self.call("hosts", |tables| {
            let rows = tables.hosts.iter().filter(|(host, _)| after.is_none_or(|after| *host > after));
            rows.take(limit as usize).map(|(host, row)| tables.wanted(host, row)).collect()
        })
        .await
    }

    async fn backlog(&self) -> Result<Backlog> {
        self.call("backlog", |tables| {
            let behind = tables.hosts.values().filter(|row| row.version > row.applied_version);
            Backlog {
                hosts: behind.clone().count() as u64,
                shards: tables.shards.values().filter(|row| row.etag.is_none()).count() as u64,
                failing: tables.shards.values().filter(|row| row.attempts > 0).count() as u64,
                oldest: behind.map(|row| row.changed_at.elapsed()).max().unwrap_or_default(),
            }
        })
        .await
    }
}
