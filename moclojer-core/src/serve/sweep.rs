//! One task that looks at every connection once a tick: who is past a time limit, who has to end at
//! shutdown. Ticks are coarse (an eighth of the shortest limit, between 5 ms and a second), so a limit
//! is kept to within two ticks.

use std::sync::atomic::{AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::limits::Limits;
use super::log::Log;
use super::vitals::{Mark, Phase, Vitals};

/// What all connections of one server share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(super) limits: Limits,
    pub(super) log: Option<Arc<Log>>,
    ticks: AtomicU64,
    mark: AtomicU8,
    marked: Notify,
    joining: Mutex<Vec<Arc<Vitals>>>,
    open: AtomicUsize,
    left: Notify,
    over: OnceLock<Instant>,
}

impl Shared {
    pub(crate) fn new(limits: Limits, log: Option<Arc<Log>>) -> Self {
        Self {
            limits,
            log,
            ticks: AtomicU64::new(0),
            mark: AtomicU8::new(Mark::Serve as u8),
            marked: Notify::new(),
            joining: Mutex::new(Vec::new()),
            open: AtomicUsize::new(0),
            left: Notify::new(),
            over: OnceLock::new(),
        }
    }

    /// Ticks since the start.
    pub(super) fn tick(&self) -> u64 {
        self.ticks.load(Ordering::Relaxed)
    }

    /// How many connections are open.
    pub(crate) fn open(&self) -> usize {
        self.open.load(Ordering::Acquire)
    }

    /// Ends when a connection has ended since the last call.
    pub(super) async fn connection_left(&self) {
        self.left.notified().await;
    }

    /// Asks `mark` of every connection, also of those that come later.
    pub(super) fn mark_all(&self, mark: Mark) {
        self.mark.fetch_max(mark as u8, Ordering::AcqRel);
        self.marked.notify_one();
    }

    /// Answers no connection any more: each closes when something comes over it, or at [`close_idle`](Self::close_idle).
    /// None may be handed over afterwards. Wakes nobody, so that the end of a test costs no other thread's time.
    #[cfg(feature = "testing")]
    pub(crate) fn close(&self) {
        self.mark.fetch_max(Mark::Close as u8, Ordering::SeqCst);
        if self.open.load(Ordering::SeqCst) == 0 {
            self.over.get_or_init(Instant::now);
        }
    }

    /// Closes the connections over which nothing comes, of a server that is not swept.
    #[cfg(feature = "testing")]
    pub(crate) fn close_idle(&self) {
        let joined = std::mem::take(&mut *self.joining.lock().unwrap_or_else(PoisonError::into_inner));
        joined.iter().for_each(|vitals| vitals.set_mark(Mark::Close));
    }

    /// When the last connection ended, once all had to close and have; of a server that had none, when it was closed.
    #[cfg(feature = "testing")]
    pub(crate) fn over(&self) -> Option<Instant> {
        self.over.get().copied()
    }

    /// Every connection has to close, also those that the sweep has not told yet.
    pub(super) fn is_closing(&self) -> bool {
        self.mark() == Mark::Close
    }

    fn mark(&self) -> Mark {
        match self.mark.load(Ordering::SeqCst) {
            0 => Mark::Serve,
            1 => Mark::Drain,
            _ => Mark::Close,
        }
    }
}

/// A connection's place among the open ones; dropping it gives the place back.
#[derive(Debug)]
pub(super) struct Presence(Arc<Vitals>);

impl Presence {
    /// Counts a new connection and puts it before the sweep.
    pub(super) fn new(shared: &Arc<Shared>) -> Self {
        let vitals = Arc::new(Vitals::new(Arc::clone(shared)));
        shared.open.fetch_add(1, Ordering::AcqRel);
        let mut joining = shared.joining.lock().unwrap_or_else(PoisonError::into_inner);
        if joining.len() == joining.capacity() {
            // Where nothing sweeps, it would grow with every connection that there ever was.
            joining.retain(|vitals| vitals.phase().0 != Phase::Ended);
        }
        joining.push(Arc::clone(&vitals));
        drop(joining);
        Self(vitals)
    }

    pub(super) fn vitals(&self) -> &Arc<Vitals> {
        &self.0
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        self.0.end();
        let shared = self.0.shared();
        let before = shared.open.fetch_sub(1, Ordering::SeqCst);
        shared.left.notify_one();
        if before == 1 && shared.is_closing() {
            shared.over.get_or_init(Instant::now);
            // The sweep has nothing more to do, and would notice at its next tick only.
            shared.marked.notify_one();
        }
    }
}

/// Sweeps until all is marked to close and every connection has gone.
pub(super) async fn sweep(shared: Arc<Shared>) {
    let times = Times::new(&shared.limits);
    let mut pace = tokio::time::interval_at(tokio::time::Instant::now() + times.tick, times.tick);
    pace.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut connections: Vec<Arc<Vitals>> = Vec::new();
    loop {
        tokio::select! {
            _ = pace.tick() => { shared.ticks.fetch_add(1, Ordering::Relaxed); }
            () = shared.marked.notified() => {}
        }
        connections.append(&mut shared.joining.lock().unwrap_or_else(PoisonError::into_inner));
        let (now, mark) = (shared.tick(), shared.mark());
        connections.retain(|vitals| {
            let (phase, since) = vitals.phase();
            if phase == Phase::Ended {
                return false;
            }
            let overdue = now.saturating_sub(since) > times.limit(phase);
            let wanted = if overdue { Mark::Close } else { mark };
            if wanted > Mark::Serve {
                vitals.set_mark(wanted);
            }
            true
        });
        if connections.capacity() > 1024 && connections.len() < connections.capacity() / 4 {
            connections.shrink_to(connections.len() * 2);
        }
        if mark == Mark::Close && shared.open() == 0 {
            return;
        }
    }
}

/// The limits in ticks.
struct Times {
    tick: Duration,
    first_byte: u64,
    header: u64,
    idle: u64,
    linger: u64,
}

impl Times {
    fn new(limits: &Limits) -> Self {
        let shortest = limits.first_byte_ms.min(limits.header_ms).min(limits.idle_ms).min(limits.linger_ms);
        let tick_ms = (shortest / 8).clamp(5, 1000);
        let ticks = |ms: u64| ms.div_ceil(tick_ms);
        Self {
            tick: Duration::from_millis(tick_ms),
            first_byte: ticks(limits.first_byte_ms),
            header: ticks(limits.header_ms),
            idle: ticks(limits.idle_ms),
            linger: ticks(limits.linger_ms),
        }
    }

    fn limit(&self, phase: Phase) -> u64 {
        match phase {
            Phase::Opened => self.first_byte,
            Phase::Head => self.header,
            Phase::Body | Phase::Writing | Phase::Idle => self.idle,
            Phase::Lingering => self.linger,
            Phase::Ended => u64::MAX,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tick_is_an_eighth_of_the_shortest_limit_within_bounds() {
        for (shortest_ms, tick_ms) in [(1, 5), (400, 50), (2_000, 250), (60_000, 1_000)] {
            let limits = Limits {
                first_byte_ms: shortest_ms,
                header_ms: 80_000,
                idle_ms: 90_000,
                linger_ms: 70_000,
                ..Limits::default()
            };
            assert_eq!(Times::new(&limits).tick, Duration::from_millis(tick_ms), "{shortest_ms}");
        }
    }

    #[test]
    fn bytes_renew_a_body_but_not_a_head() {
        let shared = Arc::new(Shared::new(Limits::default(), None));
        let vitals = Vitals::new(Arc::clone(&shared));
        vitals.received();
        assert_eq!(vitals.phase(), (Phase::Head, 0));
        shared.ticks.store(5, Ordering::Relaxed);
        vitals.received();
        assert_eq!(vitals.phase(), (Phase::Head, 0));
        vitals.enter(Phase::Body);
        shared.ticks.store(9, Ordering::Relaxed);
        vitals.received();
        assert_eq!(vitals.phase(), (Phase::Body, 9));
    }

    #[test]
    fn a_stronger_mark_is_never_taken_back() {
        let vitals = Vitals::new(Arc::new(Shared::new(Limits::default(), None)));
        vitals.set_mark(Mark::Close);
        vitals.set_mark(Mark::Drain);
        assert_eq!(vitals.mark(), Mark::Close);
    }
}
