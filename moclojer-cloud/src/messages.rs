//! What goes over the bus: JSON objects, keys in kebab-case, version 1. Unknown fields are ignored.

use bytes::Bytes;
use jiff::Timestamp;
use moclojer_core::ports::{Bus, BusError};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The version of all messages.
const VERSION: u32 = 1;

/// A message with its channel.
pub trait Message: Serialize + DeserializeOwned + Send + Sync {
    /// Where it is sent.
    const CHANNEL: &'static str;
}

/// A host's version was raised: api to generator and ops.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct MockUpdated {
    /// The mock that changed.
    pub mock_id: Uuid,
    /// Its host.
    pub host: String,
    /// The host's version.
    pub version: u64,
}

impl Message for MockUpdated {
    const CHANNEL: &'static str = "mock.updated";
}

/// A shard was written: generator to mock servers and to status streams.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct UnifiedUpdated {
    /// The layout of the shard.
    pub layout: u64,
    /// The shard.
    pub shard: u32,
    /// The generation that was written.
    pub generation: u64,
    /// The tag of the object.
    pub etag: String,
    /// The hosts that changed; none: too many to name, so all may have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hosts: Option<Vec<String>>,
}

impl Message for UnifiedUpdated {
    const CHANNEL: &'static str = "unified.updated";
}

/// What goes around a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope<M> {
    /// The version of the message.
    pub v: u32,
    /// Of this message alone.
    pub id: Uuid,
    /// When it was sent.
    pub at: Timestamp,
    /// The correlation id of what caused it.
    pub ctx: String,
    /// What it says.
    #[serde(flatten)]
    pub message: M,
}

/// Why a message was dropped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NotAMessage {
    /// It is no JSON of this kind.
    #[error("the message cannot be read")]
    Json(#[from] serde_json::Error),
    /// It is of a version that is not known here.
    #[error("the message is of version {0}, known is {VERSION}")]
    Version(u32),
}

impl<M: Message> Envelope<M> {
    /// Reads a message.
    ///
    /// # Errors
    /// When it is none of this kind and version.
    pub fn read(bytes: &[u8]) -> Result<Self, NotAMessage> {
        let envelope: Self = serde_json::from_slice(bytes)?;
        if envelope.v == VERSION { Ok(envelope) } else { Err(NotAMessage::Version(envelope.v)) }
    }
}

/// Sends a message, with the correlation id of what caused it.
///
/// # Errors
/// When the bus does not take it; nothing is lost by that but time.
pub async fn send<M: Message>(bus: &dyn Bus, ctx: &str, message: M) -> Result<(), BusError> {
    let envelope =
        Envelope { v: VERSION, id: Uuid::now_v7(), at: Timestamp::now(), ctx: ctx.to_owned(), message };
    let bytes = serde_json::to_vec(&envelope).map_err(|error| BusError(Box::new(error)))?;
    bus.publish(M::CHANNEL, Bytes::from(bytes)).await
}
