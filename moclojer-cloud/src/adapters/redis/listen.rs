//! Listening: one task a listener, which stays connected for as long as it lives.
//!
//! After a failure it connects again, with pauses that grow from 100 ms to 5 s and jitter, so that a Redis that comes
//! back is not met by everyone at once. A peer that is gone without a word is found by PING within about 8 s.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use moclojer_core::ports::{Event, MessageTooLarge};
use redis::aio::{PubSubSink, PubSubStream};
use redis::{Client, Msg, RedisError};
use tokio::sync::broadcast;
use tokio::time::{Instant, sleep, timeout};

/// How long connecting may take, with the subscription.
const CONNECT: Duration = Duration::from_secs(3);

/// How often the peer is asked whether it is there, and how long its answer may take.
const PING_EVERY: Duration = Duration::from_secs(3);
const PONG: Duration = Duration::from_secs(5);

/// The pauses between two connections.
const SHORTEST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(5);

/// Why a connection ended.
#[derive(Debug, thiserror::Error)]
enum Ended {
    #[error("Redis does not answer within {0:?}")]
    Timeout(Duration),
    #[error("Redis ended the connection")]
    Closed,
    #[error("Redis cannot be listened to")]
    Redis(#[from] RedisError),
}

/// Tells `events` all that is sent to the channels, until it is dropped.
pub(super) async fn listen(
    client: Client,
    channels: Box<[&'static str]>,
    events: broadcast::Sender<Event>,
) -> Infallible {
    let mut pause = SHORTEST;
    let mut is_away = false;
    loop {
        let ended = match connect(&client, &channels).await {
            Ok((sink, stream)) => {
                tracing::info!(bus.channels = ?channels, "listening to the bus");
                is_away = false;
                let begun = Instant::now();
                let _ = events.send(Event::Connected);
                let ended = follow(sink, stream, &channels, &events).await;
                // One that stood for a while begins anew; one that is cut at once is not asked ever faster.
                if begun.elapsed() > LONGEST {
                    pause = SHORTEST;
                }
                ended
            }
            Err(ended) => ended,
        };
        report(&ended, is_away);
        is_away = true;
        sleep(pause.mul_f64(rand::random_range(0.5..1.0))).await;
        pause = (pause * 2).min(LONGEST);
    }
}

/// The first failure is told to whoever watches; those that follow change nothing.
fn report(ended: &Ended, is_known: bool) {
    let error: &dyn std::error::Error = ended;
    if is_known {
        tracing::debug!(error, "the bus is still away");
    } else {
        tracing::warn!(error, "the bus is away: changes arrive late until it is back");
    }
}

async fn connect(client: &Client, channels: &[&'static str]) -> Result<(PubSubSink, PubSubStream), Ended> {
    let connect = async {
        let mut connection = client.get_async_pubsub().await?;
        connection.subscribe(channels).await?;
        Ok(connection.split())
    };
    timeout(CONNECT, connect).await.unwrap_or(Err(Ended::Timeout(CONNECT)))
}

/// Passes messages on for as long as the connection lives.
async fn follow(
    mut sink: PubSubSink,
    mut stream: PubSubStream,
    channels: &[&'static str],
    events: &broadcast::Sender<Event>,
) -> Ended {
    let messages = async {
        while let Some(message) = stream.next().await {
            if let Some(event) = event_of(&message, channels) {
                let _ = events.send(event);
            }
        }
        Ended::Closed
    };
    let beats = async {
        loop {
            sleep(PING_EVERY).await;
            match timeout(PONG, sink.ping::<redis::Value>()).await {
                Ok(Ok(_)) => {}
                Ok(Err(error)) => return Ended::Redis(error),
                Err(_) => return Ended::Timeout(PONG),
            }
        }
    };
    tokio::select! {
        ended = messages => ended,
        ended = beats => ended,
    }
}

fn event_of(message: &Msg, channels: &[&'static str]) -> Option<Event> {
    let channel = *channels.iter().find(|channel| **channel == message.get_channel_name())?;
    let bytes = message.get_payload_bytes();
    Some(match MessageTooLarge::check(bytes) {
        Ok(()) => Event::Message { channel, message: Bytes::copy_from_slice(bytes) },
        Err(error) => {
            tracing::warn!(bus.channel = channel, %error, "a message on the bus is too long and left out");
            Event::Lagged(1)
        }
    })
}
