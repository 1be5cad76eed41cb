//! What one thread accepts from: how many servers it has, and its ports that rest. Other threads are not known here.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::runtime::Handle;

use super::super::port::Port;
use super::rest::{Rest, Turn};
use crate::serve::Shared;

/// A thread, as the pool sees it.
#[derive(Debug)]
pub(super) struct Lane {
    runtime: Handle,
    servers: usize,
    /// In the order in which they were stopped.
    resting: VecDeque<(Arc<Port>, Rest)>,
    turn: Turn,
    /// The task that comes by runs.
    awake: bool,
}

impl Lane {
    pub(super) fn new(runtime: Handle) -> Self {
        Self { runtime, servers: 0, resting: VecDeque::new(), turn: Turn::default(), awake: false }
    }

    pub(super) fn runtime(&self) -> &Handle {
        &self.runtime
    }

    /// How many servers it has, those that are being started included.
    pub(super) fn servers(&self) -> usize {
        self.servers
    }

    pub(super) fn set_servers(&mut self, servers: usize) {
        self.servers = servers;
    }

    /// How many ports rest or have rested.
    pub(super) fn resting(&self) -> usize {
        self.resting.len()
    }

    /// When the port was stopped that was stopped first.
    pub(super) fn first_stopped(&self) -> Option<Instant> {
        self.resting.front().map(|(_, rest)| rest.stopped())
    }

    /// Lets a port rest whose server had these connections. Gives where the task that comes by is to be begun, if it does
    /// not run.
    pub(super) fn rests(&mut self, port: &Arc<Port>, connections: Arc<Shared>) -> Option<Handle> {
        self.servers = self.servers.saturating_sub(1);
        self.resting.push_back((Arc::clone(port), Rest::begin(connections, self.turn)));
        let was_awake = std::mem::replace(&mut self.awake, true);
        (!was_awake).then(|| self.runtime.clone())
    }

    /// Keeps a port whose number has begun to rest as another one.
    pub(super) fn holds(&mut self, port: Arc<Port>, rest: Rest) {
        self.resting.push_front((port, rest.going_on_in(self.turn)));
    }

    /// The port that was stopped first, if it has rested.
    pub(super) fn rested(&mut self, rest: Duration) -> Option<Arc<Port>> {
        let turn = self.turn;
        self.resting.pop_front_if(|(_, it)| it.is_over(rest, turn)).map(|(port, _)| port)
    }

    /// The port that was stopped first.
    pub(super) fn take_first(&mut self) -> Option<(Arc<Port>, Rest)> {
        self.resting.pop_front()
    }

    /// The connections of the servers that were stopped since the thread came by last, where some may be open.
    pub(super) fn stopped_in_turn(&self) -> Vec<Arc<Shared>> {
        let rests = self.resting.iter().rev().map(|(_, rest)| rest);
        rests.take_while(|rest| rest.began_in(self.turn)).filter_map(Rest::open_connections).collect()
    }

    /// Counts a turn; how many of the first `spare` ports have waited for `long`.
    pub(super) fn advance(&mut self, long: Duration, spare: usize) -> usize {
        self.turn.advance();
        let turn = self.turn;
        self.resting.iter().take(spare).take_while(|(_, it)| it.is_over(long, turn)).count()
    }

    /// Whether the task has to come by again before the next stop: something rests, or is spare.
    pub(super) fn goes_on(&mut self, rest: Duration, has_spare: bool) -> bool {
        let rests = self.resting.back().is_some_and(|(_, it)| !it.is_over(rest, self.turn));
        self.awake = rests || (has_spare && !self.resting.is_empty());
        self.awake
    }

    #[cfg(test)]
    pub(super) fn has_rested(&self, rest: Duration) -> bool {
        self.resting.iter().all(|(_, it)| it.is_over(rest, self.turn))
    }
}
