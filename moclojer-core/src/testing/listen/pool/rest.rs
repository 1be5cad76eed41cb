//! How long a port is used by nobody after its server was stopped.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::serve::Shared;

/// How often the thread has come by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd)]
pub(super) struct Turn(u64);

impl Turn {
    /// A connection that waits at a stop is accepted in the first turn that begins after it. One turn may be running
    /// then, and in the next the thread may come by before it accepts.
    const TO_ACCEPT_ALL: u64 = 3;

    pub(super) fn advance(&mut self) {
        self.0 += 1;
    }
}

/// The rest of one port, from the stop of its server.
#[derive(Debug)]
pub(super) struct Rest {
    stopped: Instant,
    turn: Turn,
    connections: Arc<Shared>,
}

impl Rest {
    /// Begins the rest after a server whose connections have been told to close.
    pub(super) fn begin(connections: Arc<Shared>, turn: Turn) -> Self {
        Self { stopped: Instant::now(), turn, connections }
    }

    /// When the server was stopped.
    pub(super) fn stopped(&self) -> Instant {
        self.stopped
    }

    /// The same rest, of which a thread in this turn knows from now on.
    pub(super) fn going_on_in(self, turn: Turn) -> Self {
        Self { turn, ..self }
    }

    /// Whether the server was stopped since the thread came by last.
    pub(super) fn began_in(&self, turn: Turn) -> bool {
        self.turn == turn
    }

    /// The connections of the server, if some may be open.
    pub(super) fn open_connections(&self) -> Option<Arc<Shared>> {
        self.connections.over().is_none().then(|| Arc::clone(&self.connections))
    }

    /// All connections have ended, `rest` has passed since, and whoever waited to be accepted at the stop is gone.
    pub(super) fn is_over(&self, rest: Duration, turn: Turn) -> bool {
        self.is_over_for_closed(rest) && turn.0 >= self.turn.0 + Turn::TO_ACCEPT_ALL
    }

    /// The same of a port that was closed: nobody waits there to be accepted.
    pub(super) fn is_over_for_closed(&self, rest: Duration) -> bool {
        let ended = self.connections.over();
        ended.is_some_and(|ended| self.stopped.max(ended).elapsed() >= rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serve::Limits;

    #[test]
    fn a_rest_takes_time_and_turns_and_the_end_of_connections() {
        let shared = Arc::new(Shared::new(Limits::default(), None));
        let rest = Rest::begin(Arc::clone(&shared), Turn(5));
        assert!(!rest.is_over(Duration::ZERO, Turn(9)), "not closed");
        shared.close();
        assert!(rest.is_over(Duration::ZERO, Turn(8)));
        assert!(!rest.is_over(Duration::ZERO, Turn(7)), "the thread has not come by");
        assert!(rest.is_over_for_closed(Duration::ZERO), "nobody waits at a closed port");
        assert!(!rest.is_over(Duration::from_secs(1000), Turn(8)), "no time has passed");
    }
}
