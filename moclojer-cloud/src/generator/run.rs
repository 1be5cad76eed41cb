//! The loop of a generator: it only decides what is done when. Everything that waits is a task of its own, so that
//! neither a slow database nor a slow store keeps it from anything else.

use std::collections::{HashSet, VecDeque};
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;

use futures_util::FutureExt;
use moclojer_core::ports::{Event, StorageError, Subscription};
use moclojer_core::unify::ShardId;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, interval_at, timeout, timeout_at};

use super::carry::{Outcome, carry};
use super::{GeneratorError, Shared, bucket, chain, check, compare, files, within};
use crate::adapters::object_store::{Probe, probe};
use crate::messages::{Envelope, Message, MockUpdated};
use crate::store::{Backlog, StoreError};

/// How many shards a look asks for; more come with the next.
const LOOK: u32 = 256;
/// How many sweeps there are to one look at the backlog.
const MEASURE_EVERY: u32 = 5;
/// How long it may take to find out what the store can do.
const PROBE: std::time::Duration = std::time::Duration::from_secs(30);
/// How long claims may take to be given back at the end.
const RELEASE: std::time::Duration = std::time::Duration::from_secs(1);

/// What a task came back with; none where it panicked.
enum Done {
    Looked(Option<Result<Vec<ShardId>, StoreError>>),
    Carried(ShardId, Option<Outcome>),
    Verified(Option<Result<(), GeneratorError>>),
    Served(Option<Result<bool, GeneratorError>>),
    Checked(Option<Result<(), GeneratorError>>),
    Compared(Option<Result<(), GeneratorError>>),
    Measured(Option<Result<Backlog, StoreError>>),
    Probed(Option<Result<Probe, StorageError>>),
}

/// Runs until `shutdown` ends.
pub(super) async fn run(shared: &Arc<Shared>, shutdown: impl Future<Output = ()> + Send) {
    let mut shutdown = pin!(shutdown);
    let (close, closing) = watch::channel(false);
    let mut files = JoinSet::new();
    files.spawn(files::work(Arc::clone(shared), closing));
    let mut hints = Some(shared.bus.subscribe(&[MockUpdated::CHANNEL]));
    let mut work = Work::new(Arc::clone(shared));
    let settings = &shared.settings;
    let mut sweep = interval(settings.sweep);
    let now = Instant::now();
    let mut minute = interval_at(now + settings.check, settings.check);
    let mut day = interval_at(now + settings.first_comparison, settings.comparison);
    for ticks in [&mut sweep, &mut minute, &mut day] {
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    }
    tracing::info!("the generator runs");
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            event = next(&mut hints) => {
                if take_hints(shared, &mut hints, event) {
                    work.look();
                }
            }
            Some(done) = work.tasks.join_next() => match done {
                Ok(done) => work.done(done),
                Err(error) => tracing::error!(error = %chain(&error), "a task of the generator was ended"),
            },
            _ = sweep.tick() => work.sweep(),
            _ = minute.tick() => work.check(),
            _ = day.tick() => work.compare(),
        }
    }
    tracing::info!("the generator ends: writes in flight come to their end");
    let end = Instant::now() + settings.drain;
    work.drain(end).await;
    let _ = close.send(true);
    let _ = timeout_at(end, files.join_next()).await;
    files.shutdown().await;
}

/// The next event; never comes once the bus is no more.
async fn next(hints: &mut Option<Box<dyn Subscription>>) -> Option<Event> {
    match hints {
        Some(subscription) => subscription.next().await,
        None => std::future::pending().await,
    }
}

/// Takes an event and all that came with it: one look answers them all. Whether there was any.
fn take_hints(shared: &Shared, hints: &mut Option<Box<dyn Subscription>>, event: Option<Event>) -> bool {
    let mut event = event;
    for _ in 0..LOOK {
        match event {
            None => {
                tracing::warn!("the bus is no more: changes are seen by the sweep");
                *hints = None;
                return true;
            }
            Some(Event::Message { message, .. }) => {
                if let Ok(hint) = Envelope::<MockUpdated>::read(&message) {
                    shared.correlations.remember(hint.message.host, hint.ctx);
                }
            }
            Some(Event::Connected | Event::Lagged(_)) => {}
        }
        let Some(more) = hints.as_mut().and_then(|hints| hints.next().now_or_never()) else {
            break;
        };
        event = more;
    }
    true
}

/// What is going on, and what is to be done next.
struct Work {
    shared: Arc<Shared>,
    tasks: JoinSet<Done>,
    /// Whether the bucket was seen to be ours.
    writable: bool,
    /// Whether the written layout is known to be served.
    served: bool,
    /// Whether `layout.json` itself is to be looked at again.
    suspect: bool,
    in_flight: HashSet<ShardId>,
    /// Shards that the last look found.
    waiting: VecDeque<ShardId>,
    looking: bool,
    /// Whether something happened since the look began.
    look_again: bool,
    verifying: bool,
    serving: bool,
    checking: bool,
    comparing: bool,
    measuring: bool,
    /// Whether it is known, or being found out, what the store can do.
    probed: bool,
    sweeps: u32,
}

impl Work {
    fn new(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            tasks: JoinSet::new(),
            writable: false,
            served: false,
            suspect: false,
            in_flight: HashSet::new(),
            waiting: VecDeque::new(),
            looking: false,
            look_again: false,
            verifying: false,
            serving: false,
            checking: false,
            comparing: false,
            measuring: false,
            probed: false,
            sweeps: 0,
        }
    }

    /// Spawns a task; one that panics is said and comes back empty-handed.
    fn spawn<T, F>(
        &mut self,
        task: impl FnOnce(Arc<Shared>) -> F,
        done: impl FnOnce(Option<T>) -> Done + Send + 'static,
    ) where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        let task = task(Arc::clone(&self.shared));
        self.tasks.spawn(async move {
            let result = AssertUnwindSafe(task).catch_unwind().await;
            if result.is_err() {
                tracing::error!("a task of the generator panicked");
            }
            done(result.ok())
        });
    }

    fn look(&mut self) {
        if !self.writable {
            return;
        }
        if self.looking {
            self.look_again = true;
            return;
        }
        self.looking = true;
        self.spawn(|shared| async move { shared.query(shared.store.behind(LOOK)).await }, Done::Looked);
    }

    fn sweep(&mut self) {
        self.sweeps = self.sweeps.wrapping_add(1);
        if !self.writable {
            self.verify();
            return;
        }
        self.look();
        self.serve_layout();
        if self.sweeps % MEASURE_EVERY == 1 && !self.measuring {
            self.measuring = true;
            self.spawn(|shared| async move { shared.query(shared.store.backlog()).await }, Done::Measured);
        }
    }

    fn verify(&mut self) {
        if !self.verifying {
            self.verifying = true;
            self.spawn(|shared| async move { bucket::verify(&shared).await.map(|_| ()) }, Done::Verified);
        }
    }

    fn check(&mut self) {
        self.probe();
        if self.writable && !self.checking {
            self.checking = true;
            self.spawn(|shared| async move { check::check(&shared).await }, Done::Checked);
        }
    }

    fn compare(&mut self) {
        if self.writable && !self.comparing {
            self.comparing = true;
            self.spawn(|shared| async move { compare::compare(&shared).await }, Done::Compared);
        }
    }

    /// Finds out, once, whether the store keeps conditions. Only in a bucket that may be written to.
    fn probe(&mut self) {
        if self.writable && !self.probed {
            self.probed = true;
            self.spawn(|shared| async move { within(PROBE, probe(&*shared.storage)).await }, Done::Probed);
        }
    }

    /// Looks whether the layout can be served now.
    fn serve_layout(&mut self) {
        if !self.serving {
            self.serving = true;
            let known = self.served && !std::mem::take(&mut self.suspect);
            self.spawn(|shared| async move { serve_layout(&shared, known).await }, Done::Served);
        }
    }

    fn done(&mut self, done: Done) {
        match done {
            Done::Looked(found) => self.looked(found),
            Done::Carried(shard, outcome) => self.carried(shard, outcome),
            Done::Verified(result) => {
                self.verifying = false;
                if let Some(Ok(())) = result {
                    self.allow();
                }
                self.heed(result, "the bucket could not be looked at");
            }
            Done::Served(result) => {
                self.serving = false;
                if let Some(Ok(served)) = result {
                    self.served = served;
                }
                self.heed(result.map(|result| result.map(|_| ())), "the layout could not be looked at");
            }
            Done::Checked(result) => {
                self.checking = false;
                self.heed(result, "the object store could not be compared with the database");
                self.suspect = true;
                self.look();
            }
            Done::Compared(result) => {
                self.comparing = false;
                self.heed(result, "mocks' own files could not be compared with the database");
            }
            Done::Measured(result) => {
                self.measuring = false;
                if let Some(Ok(backlog)) = result {
                    measure(&self.shared, &backlog);
                }
            }
            Done::Probed(result) => match result {
                Some(Ok(probe)) => judge(&self.shared, probe),
                // The next check tries again.
                Some(Err(_)) | None => self.probed = false,
            },
        }
    }

    fn looked(&mut self, found: Option<Result<Vec<ShardId>, StoreError>>) {
        self.looking = false;
        match found {
            Some(Ok(shards)) => self.waiting = shards.into(),
            Some(Err(error)) => {
                tracing::warn!(error = %chain(&error), "the database could not be looked at for changes");
            }
            None => {}
        }
        self.start();
        if self.look_again {
            self.look_again = false;
            self.look();
        } else if (self.suspect || !self.served) && self.in_flight.is_empty() {
            self.serve_layout();
        }
    }

    /// Starts what waits, as much as may be in flight.
    fn start(&mut self) {
        while self.writable
            && self.in_flight.len() < self.shared.settings.in_flight
            && let Some(shard) = self.waiting.pop_front()
        {
            // One that is in flight is looked at again when it is done.
            if self.in_flight.insert(shard) {
                let done = move |outcome| Done::Carried(shard, outcome);
                self.spawn(move |shared| async move { carry(&shared, shard).await }, done);
            }
        }
    }

    fn carried(&mut self, shard: ShardId, outcome: Option<Outcome>) {
        self.in_flight.remove(&shard);
        self.start();
        // Changes that came while it was written, and at the end the layout.
        if outcome == Some(Outcome::Written) {
            self.look();
        }
    }

    fn allow(&mut self) {
        if !self.writable {
            self.writable = true;
            self.shared.metrics.bucket_refused.set(0);
            tracing::info!("the bucket is this installation's, or nobody's yet");
            self.look();
            self.serve_layout();
            self.probe();
        }
    }

    /// Says an error, and stops writing when it forbids that.
    fn heed(&mut self, result: Option<Result<(), GeneratorError>>, what: &'static str) {
        let Some(Err(error)) = result else { return };
        if !error.forbids_writing() {
            tracing::warn!(error = %chain(&error), "{what}");
            return;
        }
        self.waiting.clear();
        self.writable = false;
        if self.shared.metrics.bucket_refused.set(1) == 0 {
            tracing::error!(error = %chain(&error), "nothing is written to this bucket");
        }
    }

    /// Lets what is in flight end, then ends the rest and gives its claims back.
    async fn drain(mut self, end: Instant) {
        self.waiting.clear();
        self.writable = false;
        while !self.in_flight.is_empty() {
            match timeout_at(end, self.tasks.join_next()).await {
                Ok(Some(Ok(Done::Carried(shard, _)))) => {
                    self.in_flight.remove(&shard);
                }
                Ok(Some(_)) => {}
                Ok(None) | Err(_) => break,
            }
        }
        self.tasks.shutdown().await;
        let held: Vec<_> = self.shared.held().drain().map(|(_, claim)| claim).collect();
        let giving_back =
            futures_util::future::join_all(held.iter().map(|claim| self.shared.store.release(claim)));
        if timeout(RELEASE, giving_back).await.is_err() {
            tracing::warn!(
                claims.count = held.len(),
                "claims could not be given back: they end by themselves"
            );
        }
    }
}

/// With a layout that is known to be served only the database is asked, whether it is still the written one.
async fn serve_layout(shared: &Shared, known: bool) -> Result<bool, GeneratorError> {
    if known {
        let installation =
            shared.query(shared.store.installation()).await?.ok_or(GeneratorError::NotInstalled)?;
        if installation.served_layout == Some(installation.layout) {
            return Ok(true);
        }
    }
    bucket::serve_layout(shared).await
}

fn judge(shared: &Shared, probe: Probe) {
    shared.metrics.unconditional_store.set(i64::from(!probe.is_conditional()));
    if !probe.is_conditional() {
        tracing::warn!(
            store.refuses_stale = probe.refuses_stale,
            store.refuses_present = probe.refuses_present,
            "the object store does not keep conditions: a late write may stand until the next comparison"
        );
    }
}

fn measure(shared: &Shared, backlog: &Backlog) {
    let count = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    shared.metrics.backlog_hosts.set(count(backlog.hosts));
    shared.metrics.backlog_shards.set(count(backlog.shards));
    shared.metrics.backlog_failing.set(count(backlog.failing));
    shared.metrics.oldest_seconds.set(backlog.oldest.as_secs_f64());
}
