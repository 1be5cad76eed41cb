//! How far watched mocks have been carried out: one task and one query a process, however many streams there are.
//!
//! Hints wake it, and without any it looks every few seconds. Streams get the newest state, not every state between.
//! It knows nothing of who may see what.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use moclojer_core::ports::{Bus, Event, Subscription};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep, timeout};

use super::state::StreamSettings;
use crate::domain::{Carried, CustomerId, MockId};
use crate::messages::{Envelope, Message as _, MockUpdated, UnifiedUpdated};
use crate::store::Store;

/// The least time between two looks, however many hints come.
const LEAST_PAUSE: Duration = Duration::from_millis(20);
/// How long one look may take.
const LOOK_LIMIT: Duration = Duration::from_secs(5);

/// What was last seen of a mock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// Nothing yet.
    Unknown,
    /// This.
    Now(Carried),
    /// It is no more.
    Gone,
}

/// All mocks that are watched, and by how many.
#[derive(Default)]
struct Watching {
    mocks: HashMap<MockId, Watched>,
    /// The mock of each watched host.
    hosts: HashMap<String, MockId>,
    streams: HashMap<CustomerId, usize>,
    total: usize,
}

struct Watched {
    host: String,
    seen: watch::Sender<Seen>,
}

type Map = Arc<Mutex<Watching>>;

fn locked(map: &Map) -> MutexGuard<'_, Watching> {
    map.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Why a stream is not opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TooMany {
    /// The customer has as many as they may.
    OfCustomer,
    /// The process has.
    OfAll,
}

/// The watcher.
pub(crate) struct Watch {
    map: Map,
    of_one_customer: usize,
    of_all: usize,
    /// Ends with this value.
    _task: JoinSet<()>,
}

impl Watch {
    pub(crate) fn start(store: Arc<dyn Store>, bus: Arc<dyn Bus>, settings: &StreamSettings) -> Self {
        let map = Map::default();
        let mut task = JoinSet::new();
        let watcher = Watcher { store, map: Arc::clone(&map), look: settings.look, failing: false };
        task.spawn(watcher.run(bus));
        let StreamSettings { of_one_customer, of_all, .. } = *settings;
        Self { map, of_one_customer, of_all, _task: task }
    }

    /// Follows a mock for a customer.
    pub(crate) fn follow(
        &self,
        customer: CustomerId,
        mock: MockId,
        host: &str,
    ) -> Result<Following, TooMany> {
        let mut guard = locked(&self.map);
        let watching = &mut *guard;
        if watching.total >= self.of_all {
            return Err(TooMany::OfAll);
        }
        let streams = watching.streams.entry(customer).or_default();
        if *streams >= self.of_one_customer {
            return Err(TooMany::OfCustomer);
        }
        *streams += 1;
        watching.total += 1;
        let watched = match watching.mocks.entry(mock) {
            Entry::Occupied(there) => there.into_mut(),
            Entry::Vacant(place) => {
                watching.hosts.insert(host.to_owned(), mock);
                place.insert(Watched { host: host.to_owned(), seen: watch::Sender::new(Seen::Unknown) })
            }
        };
        let seen = watched.seen.subscribe();
        Ok(Following { customer, mock, seen: Some(seen), map: Arc::clone(&self.map) })
    }
}

/// One stream's place at the watcher; given back when it is dropped.
pub(crate) struct Following {
    customer: CustomerId,
    mock: MockId,
    seen: Option<watch::Receiver<Seen>>,
    map: Map,
}

impl Following {
    /// The next state; the one that was there before counts as seen. [`Seen::Gone`] when there is no watcher any more.
    pub(crate) async fn next(&mut self) -> Seen {
        let Some(seen) = &mut self.seen else { return Seen::Gone };
        match seen.changed().await {
            Ok(()) => *seen.borrow_and_update(),
            Err(_) => Seen::Gone,
        }
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        let mut watching = locked(&self.map);
        self.seen = None;
        watching.total = watching.total.saturating_sub(1);
        if let Entry::Occupied(mut streams) = watching.streams.entry(self.customer) {
            *streams.get_mut() = streams.get().saturating_sub(1);
            if *streams.get() == 0 {
                streams.remove();
            }
        }
        watching.forget_unwatched(self.mock);
    }
}

impl Watching {
    fn forget_unwatched(&mut self, mock: MockId) {
        if self.mocks.get(&mock).is_some_and(|watched| watched.seen.receiver_count() == 0)
            && let Some(watched) = self.mocks.remove(&mock)
        {
            self.forget_host(&watched.host, mock);
        }
    }

    fn forget_host(&mut self, host: &str, mock: MockId) {
        if self.hosts.get(host) == Some(&mock) {
            self.hosts.remove(host);
        }
    }

    /// Whether something that is watched may have changed.
    fn is_concerned(&mut self, event: &Event) -> bool {
        if self.mocks.is_empty() {
            return false;
        }
        match event {
            Event::Connected | Event::Lagged(_) => true,
            Event::Message { channel, message } if *channel == MockUpdated::CHANNEL => {
                Envelope::<MockUpdated>::read(message).is_ok_and(|envelope| self.moved(envelope.message))
            }
            Event::Message { message, .. } => {
                Envelope::<UnifiedUpdated>::read(message).is_ok_and(|envelope| {
                    let hosts = envelope.message.hosts;
                    hosts.is_none_or(|hosts| hosts.iter().any(|host| self.hosts.contains_key(host)))
                })
            }
        }
    }

    /// Notes the host that a watched mock has now.
    fn moved(&mut self, message: MockUpdated) -> bool {
        let mock = MockId(message.mock_id);
        let Some(watched) = self.mocks.get_mut(&mock) else { return false };
        if watched.host != message.host {
            let before = std::mem::replace(&mut watched.host, message.host.clone());
            self.forget_host(&before, mock);
            self.hosts.insert(message.host, mock);
        }
        true
    }
}

struct Watcher {
    store: Arc<dyn Store>,
    map: Map,
    look: Duration,
    failing: bool,
}

impl Watcher {
    async fn run(mut self, bus: Arc<dyn Bus>) {
        let mut hints = Some(bus.subscribe(&[MockUpdated::CHANNEL, UnifiedUpdated::CHANNEL]));
        let mut ticks = interval_at(Instant::now() + self.look, self.look);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                event = next(&mut hints) => match event {
                    Some(event) if !locked(&self.map).is_concerned(&event) => continue,
                    Some(_) => {}
                    None => hints = None,
                },
            }
            self.take_waiting(&mut hints);
            self.look().await;
            sleep(LEAST_PAUSE).await;
        }
    }

    /// Takes the hints that wait: the look that follows is for all of them.
    fn take_waiting(&self, hints: &mut Option<Box<dyn Subscription>>) {
        while let Some(hints) = hints
            && let Some(Some(event)) = hints.next().now_or_never()
        {
            locked(&self.map).is_concerned(&event);
        }
    }

    async fn look(&mut self) {
        let ids: Vec<MockId> = locked(&self.map).mocks.keys().copied().collect();
        if ids.is_empty() {
            return;
        }
        match timeout(LOOK_LIMIT, self.store.carried(&ids)).await {
            Ok(Ok(states)) => {
                self.failing = false;
                self.tell(&ids, states);
            }
            Ok(Err(error)) => self.fails(&error),
            Err(error) => self.fails(&error),
        }
    }

    fn tell(&self, ids: &[MockId], states: Vec<Carried>) {
        let states: HashMap<MockId, Carried> = states.into_iter().map(|state| (state.mock, state)).collect();
        let watching = locked(&self.map);
        for id in ids {
            let now = states.get(id).map_or(Seen::Gone, |state| Seen::Now(*state));
            if let Some(watched) = watching.mocks.get(id) {
                watched.seen.send_if_modified(|seen| std::mem::replace(seen, now) != now);
            }
        }
    }

    fn fails(&mut self, error: &(dyn std::error::Error + 'static)) {
        if !std::mem::replace(&mut self.failing, true) {
            tracing::warn!(error, "status streams cannot look at the database");
        }
    }
}

/// The next event; never, once the bus is no more.
async fn next(hints: &mut Option<Box<dyn Subscription>>) -> Option<Event> {
    match hints {
        Some(hints) => hints.next().await,
        None => std::future::pending().await,
    }
}
