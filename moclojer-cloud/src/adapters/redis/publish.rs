//! Sending: one connection for everyone who publishes, made at the first message and again after it failed.
//!
//! A message waits no longer than [`LIMIT`], connecting included. After a failure nothing is tried for [`PAUSE`], so
//! that a Redis that hangs costs one sender a second and not all of them.

use std::time::Duration;

use moclojer_core::ports::MessageTooLarge;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, Cmd, RedisError};
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout_at};

/// How long one message may take.
const LIMIT: Duration = Duration::from_secs(1);

/// How long nothing is tried after a failure.
const PAUSE: Duration = Duration::from_millis(500);

pub(super) struct Publisher {
    client: Client,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    connection: Option<MultiplexedConnection>,
    /// Counts connections, so that a late failure of an old one does not end the new one.
    number: u64,
    /// When the last one failed, or was begun.
    failed: Option<Instant>,
}

/// A message was not sent, or nobody knows whether it was.
#[derive(Debug, thiserror::Error)]
pub(super) enum PublishError {
    #[error(transparent)]
    TooLarge(#[from] MessageTooLarge),
    #[error("Redis did not answer within {LIMIT:?}")]
    Timeout,
    #[error("Redis was not there a moment ago")]
    Away,
    #[error("Redis cannot be asked")]
    Redis(#[from] RedisError),
}

impl Publisher {
    pub(super) fn new(client: Client) -> Self {
        Self { client, state: Mutex::default() }
    }

    pub(super) async fn publish(&self, channel: &str, message: &[u8]) -> Result<(), PublishError> {
        MessageTooLarge::check(message)?;
        self.ask(redis::cmd("PUBLISH").arg(channel).arg(message)).await
    }

    /// Sends a command and waits for its answer.
    pub(super) async fn ask(&self, command: &Cmd) -> Result<(), PublishError> {
        let deadline = Instant::now() + LIMIT;
        let connected = timeout_at(deadline, self.connection()).await;
        let (mut connection, number) = connected.unwrap_or(Err(PublishError::Timeout))?;
        let answer = timeout_at(deadline, connection.send_packed_command(command)).await;
        let failure = match answer {
            Ok(Ok(answer)) => return answer.extract_error().map(drop).map_err(PublishError::Redis),
            Ok(Err(error)) => PublishError::Redis(error),
            Err(_) => PublishError::Timeout,
        };
        self.forget(number).await;
        Err(failure)
    }

    /// The connection that stands, or a new one. The lock is held while it is made: whoever waits for it needs it too.
    async fn connection(&self) -> Result<(MultiplexedConnection, u64), PublishError> {
        let mut state = self.state.lock().await;
        if let Some(connection) = &state.connection {
            return Ok((connection.clone(), state.number));
        }
        if state.failed.is_some_and(|failed| failed.elapsed() < PAUSE) {
            return Err(PublishError::Away);
        }
        // A failure until it stands: the caller may give up waiting, which ends this here.
        state.failed = Some(Instant::now());
        let limits = AsyncConnectionConfig::new().set_connection_timeout(None).set_response_timeout(None);
        let connection = self.client.get_multiplexed_async_connection_with_config(&limits).await?;
        *state = State { connection: Some(connection.clone()), number: state.number + 1, failed: None };
        Ok((connection, state.number))
    }

    async fn forget(&self, number: u64) {
        let mut state = self.state.lock().await;
        if state.number == number {
            state.connection = None;
            state.failed = Some(Instant::now());
        }
    }
}
