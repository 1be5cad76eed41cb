//! Hints that a mock changed: sent behind the request, which never waits for them and never fails with them.
//!
//! One task sends them in order. What does not fit its queue, or what the bus does not take in time, is dropped: the
//! generator finds what is behind by itself.

use std::sync::Arc;
use std::time::Duration;

use moclojer_core::ports::Bus;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::domain::Mock;
use crate::messages::{self, MockUpdated};

/// How many hints wait.
const KEPT: usize = 1_024;
/// How long the bus may take for one.
const LIMIT: Duration = Duration::from_secs(1);

struct Hint {
    ctx: String,
    message: MockUpdated,
}

/// The way to the bus.
pub(crate) struct Hints {
    queue: mpsc::Sender<Hint>,
    /// Ends with this value.
    _task: JoinSet<()>,
}

impl Hints {
    pub(crate) fn start(bus: Arc<dyn Bus>) -> Self {
        let (queue, hints) = mpsc::channel(KEPT);
        let mut task = JoinSet::new();
        task.spawn(send_all(bus, hints));
        Self { queue, _task: task }
    }

    /// Says that the version of a mock's host was raised.
    pub(crate) fn changed(&self, ctx: &str, mock: &Mock) {
        self.send(
            ctx,
            MockUpdated {
                mock_id: mock.id.0,
                host: mock.host.as_str().to_owned(),
                version: mock.state.version.get(),
            },
        );
    }

    /// Sends a hint, if there is room for it.
    pub(crate) fn send(&self, ctx: &str, message: MockUpdated) {
        if self.queue.try_send(Hint { ctx: ctx.to_owned(), message }).is_err() {
            tracing::debug!("a hint was dropped: too many wait for the bus");
        }
    }
}

async fn send_all(bus: Arc<dyn Bus>, mut hints: mpsc::Receiver<Hint>) {
    let mut failing = false;
    while let Some(Hint { ctx, message }) = hints.recv().await {
        let sent = timeout(LIMIT, messages::send(&*bus, &ctx, message)).await;
        let failed = !matches!(sent, Ok(Ok(())));
        if failed && !failing {
            tracing::warn!("the bus does not take hints: changes are carried out a little later");
        } else if failing && !failed {
            tracing::info!("the bus takes hints again");
        }
        failing = failed;
    }
}
