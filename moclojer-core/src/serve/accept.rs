//! What everybody who accepts connections does alike: waits for room, tells trouble of one connection from the system's,
//! and reports the latter. Who accepts, and what becomes of a connection, is not known here.

use std::io;
use std::time::{Duration, Instant};

use super::log::Level;
use super::sweep::Shared;

/// How long accepting rests after the system refused it.
pub(crate) const PAUSE: Duration = Duration::from_millis(50);

/// Ends once one more connection is within [`Limits::connections`](super::Limits::connections).
pub(crate) async fn room(shared: &Shared) {
    if let Some(most) = shared.limits.connections {
        while shared.open() >= most.max(1) {
            shared.connection_left().await;
        }
    }
}

/// The peer gave up before it was accepted: nothing is wrong here.
pub(crate) fn is_about_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}

/// Says at most once a second that connections cannot be accepted.
#[derive(Default)]
pub(crate) struct Trouble {
    reported: Option<Instant>,
}

impl Trouble {
    /// Says so in the log of `shared`, if it has one.
    pub(crate) fn report(&mut self, shared: &Shared, error: &io::Error) {
        let due = self.reported.is_none_or(|last| last.elapsed() >= Duration::from_secs(1));
        if due && let Some(log) = &shared.log {
            self.reported = Some(Instant::now());
            let help = "too many open files? raise `ulimit -n`, or set the limit `connections`";
            let error = error.to_string();
            let fields = [("error", error.as_str()), ("help", help)];
            log.event(Level::Warn, "cannot accept connections, trying again", &fields);
        }
    }
}
