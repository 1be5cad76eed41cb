//! The task that follows: waits for hints, looks, reads and times, and hands each to the state.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use moclojer_core::ports::{Event, StorageError, Subscription};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};
use tracing::{Instrument as _, Span, debug, error, warn};

use super::Follower;
use super::health::Trouble;
use super::look::{Looked, look};
use super::read::{Found, read};
use super::state::{Following, Wanted};
use crate::messages::{Message as _, UnifiedUpdated};

/// Looks that are hurried come no closer than this.
const LOOK_GAP: Duration = Duration::from_millis(200);

/// What a job brought.
enum Done {
    Look(Result<Looked, Trouble>),
    Read { wanted: Wanted, found: Result<Found, StorageError>, begun: Instant, span: Span },
}

/// Follows until `shutdown` ends.
pub(super) async fn run(follower: &Follower, shutdown: impl Future<Output = ()>) {
    // First, so that no hint is lost between the look and the listening.
    let mut hints = Some(follower.bus.subscribe(&[UnifiedUpdated::CHANNEL]));
    let responder = Arc::clone(&follower.responder);
    let mut following = Following::new(responder, follower.metrics.clone(), follower.settings.ready_after);
    let mut jobs = Jobs { follower, running: JoinSet::new(), looking: false, looked: None };
    let mut look_at = Instant::now();
    let mut shutdown = pin!(shutdown);
    loop {
        let now = Instant::now();
        if !jobs.looking && look_at <= now {
            jobs.look(now);
            look_at = now + follower.settings.look_every;
        }
        for wanted in following.take_due(now, jobs.room()) {
            jobs.read(wanted, following.span_of(wanted), now);
        }
        follower.publish(following.snapshot(now));
        // A read that is due and a look that waits for the one before begin when a job has ended.
        let look = (!jobs.looking).then_some(look_at);
        let read = following.next_due().filter(|_| jobs.room() > 0);
        let wake = look.into_iter().chain(read).min().unwrap_or(now + follower.settings.look_every);
        tokio::select! {
            biased;
            () = &mut shutdown => return,
            Some(done) = jobs.running.join_next(), if !jobs.running.is_empty() => match done {
                Ok(Done::Look(looked)) => {
                    jobs.looking = false;
                    following.looked(looked, Instant::now());
                }
                Ok(Done::Read { wanted, found, begun, span }) => {
                    if span.in_scope(|| following.read(wanted, found, begun, Instant::now())) {
                        // What changed while the layout was read.
                        look_at = jobs.soonest_look();
                    }
                }
                Err(why) => {
                    error!(error = %why, "a job of the follower has failed");
                    jobs.looking = false;
                    following.forget_reads();
                }
            },
            event = next(&mut hints) => match event {
                Some(Event::Message { message, .. }) => following.hinted(&message, Instant::now()),
                Some(Event::Connected) => {
                    debug!("hints come from now on");
                    look_at = look_at.min(jobs.soonest_look());
                }
                Some(Event::Lagged(lost)) => {
                    debug!(messages.lost = lost, "hints were lost");
                    look_at = look_at.min(jobs.soonest_look());
                }
                None => {
                    warn!("the bus is no more: changes are found by looking");
                    hints = None;
                }
            },
            () = sleep_until(wake) => {}
        }
    }
}

/// The next hint; never, when there is no bus.
async fn next(hints: &mut Option<Box<dyn Subscription>>) -> Option<Event> {
    match hints {
        Some(hints) => hints.next().await,
        None => std::future::pending().await,
    }
}

/// Calls of the store that are on their way.
struct Jobs<'f> {
    follower: &'f Follower,
    running: JoinSet<Done>,
    looking: bool,
    /// When the last look began.
    looked: Option<Instant>,
}

impl Jobs<'_> {
    /// How many more shards may be read.
    fn room(&self) -> usize {
        let reading = self.running.len() - usize::from(self.looking).min(self.running.len());
        self.follower.settings.reads.max(1).saturating_sub(reading)
    }

    /// When the next look may begin that something hurries.
    fn soonest_look(&self) -> Instant {
        let now = Instant::now();
        self.looked.map_or(now, |looked| now.max(looked + LOOK_GAP))
    }

    fn look(&mut self, now: Instant) {
        self.looking = true;
        self.looked = Some(now);
        let (storage, limit) = (Arc::clone(&self.follower.storage), self.follower.settings.call_limit);
        self.running.spawn(async move { Done::Look(look(&*storage, limit).await) });
    }

    /// `span` lasts until what was read is applied.
    fn read(&mut self, wanted: Wanted, span: Span, begun: Instant) {
        let (storage, limit) = (Arc::clone(&self.follower.storage), self.follower.settings.call_limit);
        self.running.spawn(async move {
            let reading = read(&*storage, wanted.layout, wanted.shard, limit);
            let found = reading.instrument(span.clone()).await;
            Done::Read { wanted, found, begun, span }
        });
    }
}
