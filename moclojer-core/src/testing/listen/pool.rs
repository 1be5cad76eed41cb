//! All ports of a process that nobody uses: which of them may be used again, which are closed, what is opened instead.
//! Servers are not known here but for whether their connections have ended.
//!
//! - A port rests from the stop of its server, or from the end of its last connection, for [`Settings::rest`]; and until the
//!   thread has come by a few times since, so that whoever had connected before the stop has been accepted, and cut off.
//! - Ports come back in the order in which they were stopped.
//! - Past [`Settings::most_open`] listeners the one that was stopped first is closed, and its number remembered with its
//!   rest. A few more may be open between a start and the next stop.
//! - No lock is held while the system is asked for anything. No timer runs when all has rested.

mod rest;

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::sync::Notify;

use super::port::Port;
use super::system;
use crate::serve::Shared;
use rest::{Rest, Turn};

/// How many times the thread comes by during a rest.
const TURNS_OF_A_REST: u32 = 4;

/// Spare listeners are closed when they have waited for this many rests.
const RESTS_OF_A_SPARE: u32 = 4;

/// The most listeners that the thread closes when it comes by.
const MOST_CLOSED_AT_ONCE: usize = 512;

/// Numbers that are asked for again in one start, should others have taken them.
const MOST_NUMBERS_TRIED: usize = 16;

/// Numbers that the system chooses in one start and that have not rested: with so many, few others are left.
const MOST_HELD: usize = 64;

/// How much there may be of what.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    /// Open listeners, those in use included; in use there may be more.
    pub(super) most_open: usize,
    /// How long a port is used by nobody.
    pub(super) rest: Duration,
    /// Rested listeners that are kept for as long as the process runs.
    pub(super) kept: usize,
}

impl Settings {
    /// Half of the files that this process may open, and a second.
    pub(super) fn of_process() -> Self {
        let most_open = (system::most_open_files() / 2).max(16);
        let rest_ms: u64 = std::env::var("REST_MS").ok().and_then(|x| x.parse().ok()).unwrap_or(1000);
        Self { most_open, rest: Duration::from_millis(rest_ms), kept: 64 }
    }
}

/// The ports that rest, and those that were closed.
#[derive(Debug)]
pub(super) struct Pool {
    settings: Settings,
    runtime: Handle,
    state: Mutex<State>,
    /// Wakes the task that comes by.
    stopped: Arc<Notify>,
}

#[derive(Debug, Default)]
struct State {
    /// In the order in which they were stopped.
    resting: VecDeque<(Arc<Port>, Rest)>,
    /// Closed ports, or such that are just being closed, in the same order: their numbers come back.
    remembered: VecDeque<(Arc<Port>, Rest)>,
    /// Open listeners: in use, resting, and being opened now.
    open: usize,
    turn: Turn,
    /// The task comes by now, and need not be woken.
    awake: bool,
}

/// What a start is given.
enum Given {
    /// A rested port.
    Port(Arc<Port>),
    /// The right to open one, after this one was closed.
    Room(Option<Arc<Port>>),
}

impl Pool {
    /// An empty pool, whose listeners are accepted from on `runtime`.
    pub(super) fn new(settings: Settings, runtime: Handle) -> Arc<Self> {
        let stopped = Arc::new(Notify::new());
        let state = Mutex::new(State::default());
        let pool = Arc::new(Self { settings, runtime, state, stopped: Arc::clone(&stopped) });
        pool.runtime.spawn(come_by(Arc::downgrade(&pool), stopped, settings.rest / TURNS_OF_A_REST));
        pool
    }

    /// A port that nobody else has and that has rested, where nobody stands.
    ///
    /// # Errors
    /// The system gives none; the message says what to do.
    pub(super) fn take(&self) -> io::Result<Arc<Port>> {
        let given = self.state().give(&self.settings);
        match given {
            Given::Port(port) => Ok(port),
            Given::Room(closed) => {
                if let Some(port) = closed {
                    port.close();
                }
                let opened = self.open_or_make_room();
                if opened.is_err() {
                    self.state().open -= 1;
                }
                opened.map_err(|error| system::cannot_listen(&error))
            }
        }
    }

    /// Takes the server off `port`, closes its connections, the idle ones when the thread comes by, and lets the port rest.
    pub(super) fn give_back(&self, port: &Arc<Port>) {
        let Some(occupant) = port.take_off() else {
            return;
        };
        let shared = Arc::clone(occupant.shared());
        drop(occupant);
        shared.close();
        let (closed, sleeps) = {
            let mut state = self.state();
            let rest = Rest::begin(shared, state.turn);
            state.resting.push_back((Arc::clone(port), rest));
            // More than there may be were in use at one time.
            let beyond = state.open.saturating_sub(self.settings.most_open);
            (state.close_first(beyond), !std::mem::replace(&mut state.awake, true))
        };
        closed.iter().for_each(|port| port.close());
        if sleeps {
            self.stopped.notify_one();
        }
    }

    /// How many listeners are open.
    #[cfg(test)]
    pub(super) fn open_listeners(&self) -> usize {
        self.state().open
    }

    /// How many closed ports have numbers that will come back.
    #[cfg(test)]
    pub(super) fn remembered(&self) -> usize {
        self.state().remembered.len()
    }

    /// Chooses all resting ports for closing, and does not come to it.
    #[cfg(test)]
    pub(super) fn choose_all_for_closing(&self) {
        let mut state = self.state();
        let all = state.resting.len();
        state.close_first(all);
    }

    /// Whether every resting or remembered port could be used again.
    #[cfg(test)]
    pub(super) fn has_rested(&self) -> bool {
        let state = self.state();
        let mut rests = state.resting.iter().chain(&state.remembered).map(|(_, rest)| rest);
        rests.all(|rest| rest.is_over(self.settings.rest, state.turn))
    }

    /// As if the system had chosen `port`.
    #[cfg(test)]
    pub(super) fn unless_resting(&self, port: Arc<Port>) -> Option<Arc<Port>> {
        self.state().unless_resting(port, &self.settings)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open_or_make_room(&self) -> io::Result<Arc<Port>> {
        match self.open() {
            Err(error) if system::has_too_many_open_files(&error) => {
                self.close_half();
                self.open()
            }
            Err(error) if system::has_no_free_port(&error) => self.wait_for_rested(error),
            opened => opened,
        }
    }

    /// Opens a listener: on a number that has rested, or on one that the system chooses.
    fn open(&self) -> io::Result<Arc<Port>> {
        for _ in 0..MOST_NUMBERS_TRIED {
            let Some((closed, rest)) = self.state().remembered_rested(&self.settings) else {
                break;
            };
            // Whoever chose it for closing may not have come to it yet.
            closed.close();
            match Port::open(closed.address().port(), &self.runtime) {
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
            let port = Port::open(0, &self.runtime)?;
            if let Some(port) = self.state().unless_resting(port, &self.settings) {
                return Ok(port);
            }
        }
        Err(io::ErrorKind::AddrInUse.into())
    }

    /// Closes half of the listeners that nobody uses.
    fn close_half(&self) {
        let closed = {
            let mut state = self.state();
            let half = state.resting.len().div_ceil(2);
            state.close_first(half)
        };
        closed.iter().for_each(|port| port.close());
    }

    /// No port is free because tens of thousands rest. That is over soon, or it has another reason.
    fn wait_for_rested(&self, error: io::Error) -> io::Result<Arc<Port>> {
        let end = Instant::now() + self.settings.rest * 2;
        while Instant::now() < end {
            let (rested, rests) = {
                let mut state = self.state();
                (state.rested(&self.settings), !state.resting.is_empty() || !state.remembered.is_empty())
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
            if let Ok(port) = self.open() {
                return Ok(port);
            }
        }
        Err(error)
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        let resting = std::mem::take(&mut self.state().resting);
        resting.iter().for_each(|(port, _)| port.close());
        // The task that comes by ends.
        self.stopped.notify_one();
    }
}

impl State {
    fn give(&mut self, settings: &Settings) -> Given {
        if let Some(port) = self.rested(settings) {
            return Given::Port(port);
        }
        let closed = if self.open >= settings.most_open { self.close_first(1).pop() } else { None };
        self.open += 1;
        Given::Room(closed)
    }

    /// The port that was stopped first, if it has rested.
    fn rested(&mut self, settings: &Settings) -> Option<Arc<Port>> {
        let turn = self.turn;
        self.resting.pop_front_if(|(_, rest)| rest.is_over(settings.rest, turn)).map(|(port, _)| port)
    }

    /// The port that was closed first, if it has rested.
    fn remembered_rested(&mut self, settings: &Settings) -> Option<(Arc<Port>, Rest)> {
        let turn = self.turn;
        self.remembered.pop_front_if(|(_, rest)| rest.is_over(settings.rest, turn))
    }

    /// Takes `count` of the resting ports that were stopped first, to be closed; their numbers are remembered.
    fn close_first(&mut self, count: usize) -> Vec<Arc<Port>> {
        let count = count.min(self.resting.len());
        self.open -= count;
        let mut closed = Vec::with_capacity(count);
        for (port, rest) in self.resting.drain(..count) {
            self.remembered.push_back((Arc::clone(&port), rest));
            closed.push(port);
        }
        closed
    }

    /// Gives `port` back, which the system chose, unless its number has not rested: then it is held until it has.
    fn unless_resting(&mut self, port: Arc<Port>, settings: &Settings) -> Option<Arc<Port>> {
        let number = port.address().port();
        let place = self.remembered.iter().position(|(known, _)| known.address().port() == number);
        match place.and_then(|place| self.remembered.remove(place)) {
            Some((_, rest)) if !rest.is_over(settings.rest, self.turn) => {
                self.resting.push_front((port, rest));
                self.open += 1;
                None
            }
            _ => Some(port),
        }
    }

    /// The connections of the servers that were stopped since the thread came by last, where some may be open.
    fn stopped_in_turn(&self) -> Vec<Arc<Shared>> {
        let of_turn = |ports: &VecDeque<(Arc<Port>, Rest)>, into: &mut Vec<_>| {
            let rests = ports.iter().rev().map(|(_, rest)| rest);
            let rests = rests.take_while(|rest| rest.began_in(self.turn));
            into.extend(rests.filter_map(Rest::open_connections));
        };
        let mut stopped = Vec::new();
        of_turn(&self.resting, &mut stopped);
        of_turn(&self.remembered, &mut stopped);
        stopped
    }

    /// Counts a turn and takes the spare listeners that are to be closed.
    fn tidy(&mut self, settings: &Settings) -> Vec<Arc<Port>> {
        self.turn.advance();
        let (turn, long) = (self.turn, settings.rest * RESTS_OF_A_SPARE);
        let spare = self.resting.len().saturating_sub(settings.kept).min(MOST_CLOSED_AT_ONCE);
        let waited = self.resting.iter().take(spare).take_while(|(_, rest)| rest.is_over(long, turn)).count();
        let closed = self.close_first(waited);

        let spare = self.resting.len() > settings.kept;
        let rests = self.resting.back().is_some_and(|(_, rest)| !rest.is_over(settings.rest, turn));
        let remembered = self.remembered.back().is_some_and(|(_, rest)| !rest.is_over(settings.rest, turn));
        self.awake = spare || rests || remembered;
        closed
    }
}

/// Comes by while ports rest: so rest ends, and spare listeners are closed.
async fn come_by(pool: Weak<Pool>, stopped: Arc<Notify>, pace: Duration) {
    loop {
        let awake = pool.upgrade().is_some_and(|pool| pool.state().awake);
        if !awake {
            stopped.notified().await;
        }
        tokio::time::sleep(pace).await;
        let Some(pool) = pool.upgrade() else {
            return;
        };
        let stopped = pool.state().stopped_in_turn();
        stopped.iter().for_each(|connections| connections.close_idle());
        let closed = pool.state().tidy(&pool.settings);
        closed.iter().for_each(|port| port.close());
    }
}
