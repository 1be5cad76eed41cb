//! All ports of a process that nobody uses: which of them may be used again, which are closed, what is opened instead; and
//! on which thread a server is answered. Servers are not known here but for whether their connections have ended.
//!
//! - A port rests from the stop of its server, or from the end of its last connection, for [`Settings::rest`]; and until its
//!   thread has come by a few times since, so that whoever had connected before the stop has been accepted, and cut off.
//! - Ports of one thread come back in the order in which they were stopped.
//! - Past [`Settings::most_open`] listeners the one that was stopped first is closed, and its number remembered with its
//!   rest. A few more may be open between a start and the next stop.
//! - A thread more is made when all that there are have [`BUSY`] servers each.
//! - No lock is held while the system is asked for anything. No timer runs when all has rested.

mod lane;
mod rest;

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;

use super::port::Port;
use super::system;
use crate::serve::Shared;
use lane::Lane;
use rest::Rest;

/// How many times a thread comes by during a rest.
const TURNS_OF_A_REST: u32 = 4;

/// Spare listeners are closed when they have waited for this many rests.
const RESTS_OF_A_SPARE: u32 = 4;

/// The most listeners that a thread closes when it comes by.
const MOST_CLOSED_AT_ONCE: usize = 512;

/// Numbers that are asked for again in one start, should others have taken them.
const MOST_NUMBERS_TRIED: usize = 16;

/// Numbers that the system chooses in one start and that have not rested: with so many, few others are left.
const MOST_HELD: usize = 64;

/// A thread that has so many servers is helped by another one.
pub(super) const BUSY: usize = 8;

/// How much there may be of what.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    /// Open listeners, those in use included; in use there may be more.
    pub(super) most_open: usize,
    /// How long a port is used by nobody.
    pub(super) rest: Duration,
    /// Rested listeners that are kept for as long as the process runs.
    pub(super) kept: usize,
    /// Threads: asked for when the first one is busy, since the system takes a while to tell.
    pub(super) threads: fn() -> usize,
}

impl Settings {
    /// Half of the files that this process may open, and a second.
    pub(super) fn of_process() -> Self {
        let most_open = (system::most_open_files() / 2).max(16);
        Self { most_open, rest: Duration::from_secs(1), kept: 64, threads: super::thread::most }
    }
}

/// Gives the runtime of a thread by its number.
pub(super) type Threads = Box<dyn Fn(usize) -> io::Result<Handle> + Send + Sync>;

/// The ports that rest, and those that were closed.
pub(super) struct Pool {
    settings: Settings,
    threads: Threads,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// One for each thread that was made, by its number.
    lanes: Vec<Lane>,
    /// Closed ports, or such that are just being closed, about in the order in which they were stopped: their numbers come
    /// back.
    remembered: VecDeque<(Arc<Port>, Rest)>,
    /// Open listeners: in use, resting, and being opened now.
    open: usize,
}

/// What a start is given.
enum Given {
    /// A rested port.
    Port(Arc<Port>),
    /// The right to open one, after these were closed.
    Room(Vec<Closing>),
}

/// A port that is to be closed, and the connections of its last server, if some may be open.
struct Closing(Arc<Port>, Option<Arc<Shared>>);

impl Closing {
    /// After this nothing comes over the port any more; whoever still waited to be accepted is cut off by the system.
    fn close(self) {
        let Self(port, connections) = self;
        port.close();
        if let Some(connections) = connections {
            connections.close_idle();
        }
    }
}

impl Pool {
    /// An empty pool, whose listeners are accepted from on `threads`.
    pub(super) fn new(settings: Settings, threads: Threads) -> Arc<Self> {
        Arc::new(Self { settings, threads, state: Mutex::default() })
    }

    /// A port that nobody else has and that has rested, where nobody stands.
    ///
    /// # Errors
    /// The system gives none, or no thread; the message says what to do.
    pub(super) fn take(&self) -> io::Result<Arc<Port>> {
        let lane = self.lane()?;
        let taken = self.take_of(lane);
        let taken_of = taken.as_ref().ok().map(|port| port.lane());
        if taken_of != Some(lane) {
            // It was counted when it was chosen, and then none was to be had, or another thread's.
            let mut state = self.state();
            state.count(lane, |servers| servers.saturating_sub(1));
            if let Some(other) = taken_of {
                state.count(other, |servers| servers + 1);
            }
        }
        taken
    }

    /// Takes the server off `port`, closes its connections, the idle ones when the thread comes by, and lets the port rest.
    pub(super) fn give_back(self: &Arc<Self>, port: &Arc<Port>) {
        let Some(occupant) = port.take_off() else {
            return;
        };
        let shared = Arc::clone(occupant.shared());
        drop(occupant);
        shared.close();
        let (closing, asleep) = {
            let mut state = self.state();
            let asleep = state.lanes.get_mut(port.lane()).and_then(|lane| lane.rests(port, shared));
            // More than there may be were in use at one time.
            let beyond = state.open.saturating_sub(self.settings.most_open);
            (state.close_first(beyond), asleep)
        };
        closing.into_iter().for_each(Closing::close);
        if let Some(runtime) = asleep {
            let pace = self.settings.rest / TURNS_OF_A_REST;
            runtime.spawn(come_by(Arc::downgrade(self), port.lane(), pace));
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The thread for one more server, which is counted: one that is not busy, or a new one, or the one with the fewest.
    fn lane(&self) -> io::Result<usize> {
        let made = {
            let mut state = self.state();
            if let Some(lane) = state.not_busy() {
                state.count(lane, |servers| servers + 1);
                return Ok(lane);
            }
            state.lanes.len()
        };
        let may_be_more = made == 0 || made < (self.settings.threads)();
        let runtime = may_be_more.then(|| (self.threads)(made));
        let mut state = self.state();
        let lane = match runtime {
            // Others may have made it meanwhile.
            Some(Ok(runtime)) if state.lanes.len() == made => {
                state.lanes.push(Lane::new(runtime));
                made
            }
            // What there is goes on.
            Some(Err(error)) => state.least_busy().ok_or(error)?,
            Some(Ok(_)) | None => state.least_busy().unwrap_or_default(),
        };
        state.count(lane, |servers| servers + 1);
        Ok(lane)
    }

    fn take_of(&self, lane: usize) -> io::Result<Arc<Port>> {
        let given = self.state().give(lane, &self.settings);
        match given {
            Given::Port(port) => Ok(port),
            Given::Room(closing) => {
                closing.into_iter().for_each(Closing::close);
                let opened = self.open_or_make_room(lane);
                if opened.is_err() {
                    self.state().open -= 1;
                }
                opened.map_err(|error| system::cannot_listen(&error))
            }
        }
    }

    fn open_or_make_room(&self, lane: usize) -> io::Result<Arc<Port>> {
        match self.open(lane) {
            Err(error) if system::has_too_many_open_files(&error) => {
                self.close_half();
                self.open(lane)
            }
            Err(error) if system::has_no_free_port(&error) => self.wait_for_rested(lane, error),
            opened => opened,
        }
    }

    /// Opens a listener: on a number that has rested, or on one that the system chooses.
    fn open(&self, lane: usize) -> io::Result<Arc<Port>> {
        let runtime = self.state().lanes.get(lane).map(|lane| lane.runtime().clone());
        let runtime = runtime.ok_or(io::ErrorKind::NotFound)?;
        for _ in 0..MOST_NUMBERS_TRIED {
            let Some((closed, rest)) = self.state().remembered_rested(&self.settings) else {
                break;
            };
            // Whoever chose it for closing may not have come to it yet.
            closed.close();
            match Port::open(closed.address().port(), lane, &runtime) {
                Ok(port) => return Ok(port),
                Err(error) if system::has_too_many_open_files(&error) => {
                    self.state().remembered.push_front((closed, rest));
                    return Err(error);
                }
                // Somebody else has it now.
                Err(_) => {}
            }
        }
        for _ in 0..MOST_HELD {
            let port = Port::open(0, lane, &runtime)?;
            if let Some(port) = self.state().unless_resting(port, &self.settings) {
                return Ok(port);
            }
        }
        Err(io::ErrorKind::AddrInUse.into())
    }

    /// Closes half of the listeners that nobody uses.
    fn close_half(&self) {
        let closing = {
            let mut state = self.state();
            let half = state.resting().div_ceil(2);
            state.close_first(half)
        };
        closing.into_iter().for_each(Closing::close);
    }

    /// No port is free because tens of thousands rest. That is over soon, or it has another reason.
    fn wait_for_rested(&self, lane: usize, error: io::Error) -> io::Result<Arc<Port>> {
        let end = Instant::now() + self.settings.rest * 2;
        while Instant::now() < end {
            let (rested, rests) = {
                let mut state = self.state();
                let rested = state.lanes.iter_mut().find_map(|lane| lane.rested(self.settings.rest));
                (rested, state.resting() > 0 || !state.remembered.is_empty())
            };
            if let Some(port) = rested {
                // The right to open one is not used.
                self.state().open -= 1;
                return Ok(port);
            }
            if !rests {
                break;
            }
            std::thread::sleep(self.settings.rest / 100);
            if let Ok(port) = self.open(lane) {
                return Ok(port);
            }
        }
        Err(error)
    }
}

/// What tests look at, and bring about.
#[cfg(test)]
impl Pool {
    /// How many listeners are open.
    pub(super) fn open_listeners(&self) -> usize {
        self.state().open
    }

    /// How many closed ports have numbers that will come back.
    pub(super) fn remembered(&self) -> usize {
        self.state().remembered.len()
    }

    /// How many servers each thread has.
    pub(super) fn servers(&self) -> Vec<usize> {
        self.state().lanes.iter().map(Lane::servers).collect()
    }

    /// Chooses all resting ports for closing, and does not come to it.
    pub(super) fn choose_all_for_closing(&self) {
        let mut state = self.state();
        let all = state.resting();
        drop(state.close_first(all));
    }

    /// Whether every resting or remembered port could be used again.
    pub(super) fn has_rested(&self) -> bool {
        let state = self.state();
        let rest = self.settings.rest;
        state.lanes.iter().all(|lane| lane.has_rested(rest))
            && state.remembered.iter().all(|(_, it)| it.is_over_for_closed(rest))
    }

    /// As if the system had chosen `port`.
    pub(super) fn unless_resting(&self, port: Arc<Port>) -> Option<Arc<Port>> {
        self.state().unless_resting(port, &self.settings)
    }
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pool").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        let mut state = self.state();
        let all = state.resting();
        let closing = state.close_first(all);
        drop(state);
        closing.into_iter().for_each(Closing::close);
    }
}

impl State {
    fn not_busy(&self) -> Option<usize> {
        self.lanes.iter().position(|lane| lane.servers() < BUSY)
    }

    fn least_busy(&self) -> Option<usize> {
        (0..self.lanes.len()).min_by_key(|&lane| self.lanes.get(lane).map(Lane::servers))
    }

    fn count(&mut self, lane: usize, change: impl FnOnce(usize) -> usize) {
        if let Some(lane) = self.lanes.get_mut(lane) {
            lane.set_servers(change(lane.servers()));
        }
    }

    /// How many ports rest or have rested.
    fn resting(&self) -> usize {
        self.lanes.iter().map(Lane::resting).sum()
    }

    fn give(&mut self, lane: usize, settings: &Settings) -> Given {
        if let Some(port) = self.lanes.get_mut(lane).and_then(|lane| lane.rested(settings.rest)) {
            return Given::Port(port);
        }
        let closing = self.close_first(usize::from(self.open >= settings.most_open));
        self.open += 1;
        Given::Room(closing)
    }

    /// The port that was closed first, if its number has rested.
    fn remembered_rested(&mut self, settings: &Settings) -> Option<(Arc<Port>, Rest)> {
        self.remembered.pop_front_if(|(_, rest)| rest.is_over_for_closed(settings.rest))
    }

    /// Takes `count` of the resting ports that were stopped first, to be closed; their numbers are remembered.
    fn close_first(&mut self, count: usize) -> Vec<Closing> {
        let mut closing = Vec::new();
        for _ in 0..count {
            let first = self
                .lanes
                .iter_mut()
                .filter(|lane| lane.resting() > 0)
                .min_by_key(|lane| lane.first_stopped());
            let Some((port, rest)) = first.and_then(Lane::take_first) else {
                break;
            };
            closing.push(self.remember(port, rest));
        }
        closing
    }

    fn remember(&mut self, port: Arc<Port>, rest: Rest) -> Closing {
        self.open -= 1;
        let closing = Closing(Arc::clone(&port), rest.open_connections());
        self.remembered.push_back((port, rest));
        closing
    }

    /// Gives `port` back, which the system chose, unless its number has not rested: then it is held until it has.
    fn unless_resting(&mut self, port: Arc<Port>, settings: &Settings) -> Option<Arc<Port>> {
        let number = port.address().port();
        let place = self.remembered.iter().position(|(known, _)| known.address().port() == number);
        match place.and_then(|place| self.remembered.remove(place)) {
            Some((_, rest)) if !rest.is_over_for_closed(settings.rest) => {
                self.open += 1;
                let lane = self.lanes.get_mut(port.lane())?;
                lane.holds(port, rest);
                None
            }
            _ => Some(port),
        }
    }

    /// Counts a turn of a thread and takes its spare listeners that are to be closed; false when there is no more to do
    /// before its next stop.
    fn tidy(&mut self, number: usize, settings: &Settings) -> (Vec<Closing>, bool) {
        let spare = self.resting().saturating_sub(settings.kept).min(MOST_CLOSED_AT_ONCE);
        let Some(lane) = self.lanes.get_mut(number) else {
            return (Vec::new(), false);
        };
        let waited = lane.advance(settings.rest * RESTS_OF_A_SPARE, spare);
        let taken: Vec<_> = (0..waited).filter_map(|_| self.lanes.get_mut(number)?.take_first()).collect();
        let closing = taken.into_iter().map(|(port, rest)| self.remember(port, rest)).collect();

        let has_spare = self.resting() > settings.kept;
        let lane = self.lanes.get_mut(number);
        (closing, lane.is_some_and(|lane| lane.goes_on(settings.rest, has_spare)))
    }
}

/// Comes by while ports of a thread rest: so rest ends, and spare listeners are closed. Begun by the first stop after all
/// have rested.
async fn come_by(pool: Weak<Pool>, lane: usize, pace: Duration) {
    loop {
        tokio::time::sleep(pace).await;
        let Some(pool) = pool.upgrade() else {
            return;
        };
        let stopped = pool.state().lanes.get(lane).map(Lane::stopped_in_turn).unwrap_or_default();
        stopped.iter().for_each(|connections| connections.close_idle());
        let (closing, goes_on) = pool.state().tidy(lane, &pool.settings);
        closing.into_iter().for_each(Closing::close);
        if !goes_on {
            return;
        }
    }
}
