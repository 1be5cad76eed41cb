//! Random interleavings of an api, several generators and a mock server, the last two stopped and killed at every call,
//! with edits, lost answers, late writes, reshards and clocks, against the rules that must hold whatever happens.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use futures_util::FutureExt;
use moclojer_cloud::generator::{Outcome, reshard};
use moclojer_cloud::layout_file::shard_of_key;
use moclojer_core::ports::Storage;
use moclojer_core::unify::{LayoutNumber, Shard, ShardId};
use proptest::prelude::*;

use super::World;
use super::faults::{Fault, Rule};
use super::memory_store::host;
use super::mock_server::{MockServer, Texts};

const GENERATORS: usize = 3;
const NAMES: [&str; 4] = ["a", "b", "c", "d"];

#[derive(Clone, Copy, Debug)]
enum Step {
    Edit(usize),
    SetEnabled(usize, bool),
    Delete(usize),
    Rename(usize, usize),
    /// A generator begins with a shard, unless it is at one.
    Begin(usize, u32),
    /// It comes to its next call, or does it.
    Go(usize),
    /// The same some times.
    Run(usize, u8),
    /// It is killed where it is.
    Kill(usize),
    /// Its next call of this kind goes wrong.
    Fault(usize, Call, Fault),
    /// Writes that were given up arrive.
    Deliver,
    Advance(u16),
    Reshard(u32),
    /// The mock server does what it can do now; what it reads meanwhile comes at its next time.
    Follow,
    /// What it reads comes in.
    Read,
    /// Its next read brings an older state.
    ReadOlder,
    /// It is killed and started.
    Restart,
}

#[derive(Clone, Copy, Debug)]
enum Call {
    Put,
    Get,
    Commit,
    Claim,
    Wanted,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let generator = 0..GENERATORS;
    let name = 0..NAMES.len();
    let call = prop_oneof![
        4 => Just(Call::Put),
        1 => Just(Call::Get),
        2 => Just(Call::Commit),
        1 => Just(Call::Claim),
        1 => Just(Call::Wanted),
    ];
    let fault = prop_oneof![Just(Fault::LoseAnswer), Just(Fault::LoseRequest), Just(Fault::Late)];
    let step = prop_oneof![
        6 => name.clone().prop_map(Step::Edit),
        1 => (name.clone(), any::<bool>()).prop_map(|(name, on)| Step::SetEnabled(name, on)),
        1 => name.clone().prop_map(Step::Delete),
        1 => (name.clone(), name).prop_map(|(from, to)| Step::Rename(from, to)),
        6 => (generator.clone(), 0..3_u32).prop_map(|(generator, shard)| Step::Begin(generator, shard)),
        12 => generator.clone().prop_map(Step::Go),
        8 => (generator.clone(), 1..14_u8).prop_map(|(generator, times)| Step::Run(generator, times)),
        2 => generator.clone().prop_map(Step::Kill),
        4 => (generator, call, fault).prop_map(|(generator, call, fault)| Step::Fault(generator, call, fault)),
        2 => Just(Step::Deliver),
        4 => prop_oneof![0..200_u16, 10_001..12_000_u16].prop_map(Step::Advance),
        1 => (1..4_u32).prop_map(Step::Reshard),
        6 => Just(Step::Follow),
        4 => Just(Step::Read),
        2 => Just(Step::ReadOlder),
        1 => Just(Step::Restart),
    ];
    proptest::collection::vec(step, 1..120)
}

type Carrying = Pin<Box<dyn Future<Output = Outcome>>>;

/// What was seen so far.
#[derive(Default)]
struct Seen {
    generations: BTreeMap<(LayoutNumber, ShardId), u64>,
    texts: Texts,
}

struct Model {
    world: World,
    others: Vec<World>,
    running: Vec<Option<Carrying>>,
    server: MockServer,
    seen: Seen,
    edits: u32,
}

impl Model {
    fn new() -> Self {
        let world = World::new(2);
        let others: Vec<World> = (0..GENERATORS).map(|_| world.beside()).collect();
        for other in &others {
            other.store.faults.set_stepwise();
            other.storage.faults.set_stepwise();
        }
        let running = (0..GENERATORS).map(|_| None).collect();
        let server = MockServer::start(&world);
        Self { world, others, running, server, seen: Seen::default(), edits: 0 }
    }

    async fn step(&mut self, step: Step) {
        match step {
            Step::Edit(name) => {
                self.edits += 1;
                self.world.edit(NAMES[name], &format!("content {}", self.edits));
            }
            Step::SetEnabled(name, on) => self.world.store.tables().set_enabled(&host(NAMES[name]), on),
            Step::Delete(name) => self.world.store.tables().delete(&host(NAMES[name])),
            Step::Rename(from, to) => {
                self.edits += 1;
                let content = format!("moved {}", self.edits);
                self.world.store.tables().rename(&host(NAMES[from]), &host(NAMES[to]), &content);
            }
            Step::Begin(generator, shard) => {
                let other = self.others[generator].generator.clone();
                self.running[generator]
                    .get_or_insert_with(|| Box::pin(async move { other.carry(ShardId::new(shard)).await }));
            }
            Step::Go(generator) => self.go(generator),
            Step::Run(generator, times) => (0..times).for_each(|_| self.go(generator)),
            Step::Kill(generator) => self.running[generator] = None,
            Step::Fault(generator, call, fault) => self.fault(generator, call, fault),
            Step::Deliver => self.world.storage.deliver().await,
            Step::Advance(ms) => tokio::time::advance(Duration::from_millis(ms.into())).await,
            Step::Reshard(shards) => {
                reshard(&self.world.store, &self.world.storage, shards.try_into().unwrap()).await.unwrap();
            }
            Step::Follow => self.server.go(),
            Step::Read => self.server.let_reads_end().await,
            Step::ReadOlder => self.server.read_older(),
            Step::Restart => self.server = MockServer::start(&self.world),
        }
        self.remember();
        self.check().await;
    }

    fn go(&mut self, generator: usize) {
        let running = &mut self.running[generator];
        if running.as_mut().is_some_and(|carrying| carrying.now_or_never().is_some()) {
            *running = None;
        }
    }

    fn fault(&self, generator: usize, call: Call, fault: Fault) {
        let other = &self.others[generator];
        let (faults, name) = match call {
            Call::Put => (&other.storage.faults, "put unified/"),
            Call::Get => (&other.storage.faults, "get unified/"),
            Call::Commit => (&other.store.faults, "commit"),
            Call::Claim => (&other.store.faults, "claim"),
            Call::Wanted => (&other.store.faults, "wanted"),
        };
        faults.times(name, 1, Rule::Now(fault));
    }

    fn remember(&mut self) {
        let tables = self.world.store.tables();
        let newest = tables.newest();
        for (host, row) in &tables.hosts {
            let text = newest.get(host).map(|(_, text)| text.clone());
            let known = self.seen.texts.entry((host.clone(), row.version)).or_insert(text.clone());
            assert_eq!(*known, text, "a version says one thing only");
        }
    }

    /// What holds after each step.
    async fn check(&mut self) {
        let mut standing = BTreeMap::new();
        for object in self.world.storage.objects().list("unified/").await.unwrap() {
            let place = shard_of_key(&object.key).unwrap();
            let bytes = self.world.storage.objects().get(&object.key).await.unwrap().unwrap().bytes;
            let shard = Shard::parse(bytes).unwrap();
            assert!(shard.is_complete() && (shard.position().layout, shard.id()) == place);
            let generation = shard.position().generation.get();
            let before = self.seen.generations.insert(place, generation);
            assert!(
                before <= Some(generation),
                "the generation of a shard went back: {before:?}, {generation}"
            );
            for entry in shard.entries() {
                let text = self.seen.texts[&(entry.host.clone(), entry.version.get())].as_deref();
                assert_eq!(text.map(str::as_bytes), Some(&*entry.document), "a version says one thing only");
            }
            standing.insert(place, shard);
        }
        let tables = self.world.store.tables();
        for host in tables.hosts.keys() {
            self.server.check(host, &self.seen.texts);
        }
        let layout = tables.layout();
        for (host, row) in &tables.hosts {
            let place = (layout.number(), layout.shard_of(host));
            // In a layout that is being written, what was recorded stands in the one before.
            let Some(recorded) = tables.shards[&place.1].etag.as_ref() else { continue };
            let shard = standing.get(&place).unwrap_or_else(|| panic!("{recorded} was recorded"));
            match shard.entries().iter().find(|entry| entry.host == *host) {
                Some(entry) => assert!(entry.version.get() >= row.applied_version, "an older version stands"),
                None if row.applied_revision.is_some() => {
                    let later = row.applied_version + 1..=row.version;
                    let absent = |version| self.seen.texts.get(&(host.clone(), version)) == Some(&None);
                    assert!(later.into_iter().any(absent), "{host} was recorded and does not stand");
                }
                None => {}
            }
        }
    }

    /// With nothing going wrong any more, everything comes to its end.
    async fn run_dry(mut self) {
        for (running, other) in self.running.iter_mut().zip(&self.others) {
            *running = None;
            other.store.faults.clear();
            other.storage.faults.clear();
        }
        let running = self.world.start();
        self.world.until_dry().await;
        tokio::time::sleep(Duration::from_secs(2)).await;
        drop(running);
        self.check().await;
        self.world.assert_newest_stands().await;
        // What arrives now was overtaken long ago.
        self.world.storage.deliver().await;
        self.check().await;
        self.world.assert_newest_stands().await;
        self.server.settle().await;
        let tables = self.world.store.tables();
        let installation = tables.installation.as_ref().unwrap();
        assert_eq!(installation.served_layout, Some(installation.layout));
        let newest = tables.newest();
        for host in tables.hosts.keys() {
            self.server.check(host, &self.seen.texts);
            self.server.assert_serves(host, newest.get(host).map(|(_, text)| &**text));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// What must be impossible, 2, 3, 4 and 13.
    #[test]
    fn whatever_the_order_the_newest_stands_and_nothing_goes_back(steps in steps()) {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let mut model = Model::new();
            for step in steps {
                model.step(step).await;
            }
            model.run_dry().await;
        });
    }
}
