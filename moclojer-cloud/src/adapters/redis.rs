//! The bus over Redis Pub/Sub.
//!
//! [`RedisBus::connect`] waits for nothing: Redis may be away at the start and at any time later. Who publishes shares
//! one connection, which is made again after it failed; each listener has a task and a connection of its own. Messages
//! are never tried again (the bus promises at most once) and nothing is remembered for a listener that is away: it is
//! told [`Event::Connected`] and looks itself. No password of the URL is in any error, log or `Debug`.

mod listen;
mod publish;

use std::fmt;

use async_trait::async_trait;
use bytes::Bytes;
use moclojer_core::ports::{Bus, BusError, Event, QUEUED_MESSAGES, Subscription};
use redis::{Client, ConnectionInfo, IntoConnectionInfo};
use tokio::sync::{broadcast, watch};
use tokio::task::JoinHandle;

use self::publish::Publisher;

/// A bus over Redis.
pub struct RedisBus {
    client: Client,
    publisher: Publisher,
    /// Dropped with the bus, which ends its listeners.
    life: watch::Sender<()>,
}

/// A text is no URL of Redis. Says what to write, and nothing of the text, which may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the URL of Redis cannot be read: write `redis://host:6379`, `redis://user:password@host:6379/0`, or `rediss://…` \
     for TLS"
)]
pub struct NotARedisUrl;

impl RedisBus {
    /// The bus at a URL. Nothing is connected yet.
    ///
    /// # Errors
    /// When the URL is none.
    pub fn connect(url: &str) -> Result<Self, NotARedisUrl> {
        let info = url.into_connection_info().map_err(|_| NotARedisUrl)?;
        // Hints are small and in a hurry.
        let tcp = info.tcp_settings().clone().set_nodelay(true);
        let client = Client::open(ConnectionInfo::set_tcp_settings(info, tcp)).map_err(|_| NotARedisUrl)?;
        Ok(Self { publisher: Publisher::new(client.clone()), client, life: watch::Sender::new(()) })
    }

    /// Whether Redis answers now: asks it on the connection that publishes, for no longer than a second.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&self) -> Result<(), BusError> {
        self.publisher.ask(&redis::cmd("PING")).await.map_err(|error| BusError(error.into()))
    }
}

impl fmt::Debug for RedisBus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = self.client.get_connection_info().addr().to_string();
        f.debug_struct("RedisBus").field("address", &address).finish_non_exhaustive()
    }
}

#[async_trait]
impl Bus for RedisBus {
    async fn publish(&self, channel: &'static str, message: Bytes) -> Result<(), BusError> {
        self.publisher.publish(channel, &message).await.map_err(|error| BusError(error.into()))
    }

    /// # Panics
    /// Outside of a Tokio runtime.
    fn subscribe(&self, channels: &[&'static str]) -> Box<dyn Subscription> {
        // A queue that loses its oldest when it is full, and counts them.
        let (sender, events) = broadcast::channel(QUEUED_MESSAGES);
        let (client, channels, mut life) = (self.client.clone(), channels.into(), self.life.subscribe());
        let task = tokio::spawn(async move {
            tokio::select! {
                never = listen::listen(client, channels, sender) => match never {},
                _ = life.changed() => {}
            }
        });
        Box::new(Listener { events, task })
    }
}

struct Listener {
    events: broadcast::Receiver<Event>,
    task: JoinHandle<()>,
}

#[async_trait]
impl Subscription for Listener {
    async fn next(&mut self) -> Option<Event> {
        match self.events.recv().await {
            Ok(event) => Some(event),
            Err(broadcast::error::RecvError::Lagged(lost)) => Some(Event::Lagged(lost)),
            Err(broadcast::error::RecvError::Closed) => None,
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_password_is_shown_nowhere() {
        let bus = RedisBus::connect("redis://user:canary@127.0.0.1:1/0").expect("a URL");
        let error = bus.publish("channel", Bytes::new()).await.expect_err("nobody there");
        let ping = bus.ping().await.expect_err("nobody there");
        for shown in [format!("{bus:?}"), format!("{error:?}"), format!("{ping:?}")] {
            assert!(!shown.contains("canary"), "{shown}");
        }
    }

    #[test]
    fn a_wrong_url_is_refused_and_not_repeated() {
        for url in ["", "localhost:6379", "http://user:canary@host", "redis://user:canary@host:port"] {
            let error = RedisBus::connect(url).expect_err(url);
            assert!(!format!("{error} {error:?}").contains("canary"));
        }
    }
}
