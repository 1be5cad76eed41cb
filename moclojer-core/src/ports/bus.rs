//! How services hurry one another: what the hosted form needs of a bus, and one for a single process.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::broadcast;

/// A bus that carries hints, never the memory of what has to be done.
///
/// A message reaches, at most once, everyone who listens at that moment, in the order of one publisher; one that
/// nobody hears is gone. A listener that leaves more than [`QUEUED_MESSAGES`] untaken loses the oldest and is told how
/// many.
#[async_trait]
pub trait Bus: Send + Sync + fmt::Debug {
    /// Sends a message of at most [`MESSAGE_BYTES`] to everyone who listens now; waits no longer than about a second.
    async fn publish(&self, channel: &'static str, message: Bytes) -> Result<(), BusError>;

    /// Listens to channels. The bus need not be there yet: [`Event::Connected`] says from when on messages come.
    fn subscribe(&self, channels: &[&'static str]) -> Box<dyn Subscription>;
}

/// One listener.
#[async_trait]
pub trait Subscription: Send {
    /// The next thing that happened; waits for it. None once the bus is no more. Dropping the future loses nothing.
    async fn next(&mut self) -> Option<Event>;
}

/// What a listener learns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Messages come from here on, at first or again: whatever was sent before may have been missed. Look now.
    Connected,
    /// A message.
    Message {
        /// Where it was sent.
        channel: &'static str,
        /// What was sent.
        message: Bytes,
    },
    /// So many messages were lost, because they were not taken in time or were too long. Look now.
    Lagged(u64),
}

/// A message could not be sent; it is a hint, so that losing it delays and breaks nothing.
#[derive(Debug, thiserror::Error)]
#[error("the bus did not take the message")]
pub struct BusError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// How long a message may be, on every bus.
pub const MESSAGE_BYTES: usize = 64 << 10;

/// A message is longer than [`MESSAGE_BYTES`]; sending it again does not help.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the message has {0} bytes, more than {MESSAGE_BYTES}")]
pub struct MessageTooLarge(pub usize);

impl MessageTooLarge {
    /// Checks a message before it is sent.
    ///
    /// # Errors
    /// When it is too long.
    pub fn check(message: &[u8]) -> Result<(), Self> {
        if message.len() <= MESSAGE_BYTES { Ok(()) } else { Err(Self(message.len())) }
    }
}

/// How many messages wait for a slow listener, on every bus.
pub const QUEUED_MESSAGES: usize = 1_024;

/// A bus within one process.
#[derive(Default)]
pub struct InProcessBus(Mutex<Vec<Queue>>);

/// One listener's end at the bus: each has a queue of its own, so that it loses only what it listens to.
struct Queue {
    channels: Box<[&'static str]>,
    events: broadcast::Sender<Event>,
}

impl InProcessBus {
    fn queues(&self) -> std::sync::MutexGuard<'_, Vec<Queue>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for InProcessBus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InProcessBus").field("listeners", &self.queues().len()).finish()
    }
}

#[async_trait]
impl Bus for InProcessBus {
    async fn publish(&self, channel: &'static str, message: Bytes) -> Result<(), BusError> {
        MessageTooLarge::check(&message).map_err(|error| BusError(error.into()))?;
        let mut queues = self.queues();
        // A queue that nobody reads any more has no listener.
        queues.retain(|queue| queue.events.receiver_count() > 0);
        for queue in queues.iter().filter(|queue| queue.channels.contains(&channel)) {
            let _ = queue.events.send(Event::Message { channel, message: message.clone() });
        }
        Ok(())
    }

    fn subscribe(&self, channels: &[&'static str]) -> Box<dyn Subscription> {
        let (events, listener) = broadcast::channel(QUEUED_MESSAGES);
        let _ = events.send(Event::Connected);
        let mut queues = self.queues();
        queues.retain(|queue| queue.events.receiver_count() > 0);
        queues.push(Queue { channels: channels.into(), events });
        Box::new(Listener(listener))
    }
}

struct Listener(broadcast::Receiver<Event>);

#[async_trait]
impl Subscription for Listener {
    async fn next(&mut self) -> Option<Event> {
        match self.0.recv().await {
            Ok(event) => Some(event),
            Err(broadcast::error::RecvError::Lagged(lost)) => Some(Event::Lagged(lost)),
            Err(broadcast::error::RecvError::Closed) => None,
        }
    }
}
