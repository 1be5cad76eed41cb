//! What the two SQL databases share, and what is not a statement: limits of time, trying again, which errors are
//! temporary, numbers and times as columns.
//!
//! The other files of this folder hold the statements. **They are compiled twice**, as modules of `postgres` and of
//! `sqlite`, each time against what the adapter defines as `Store`, `Db`, `Connection` and `sql`. So a statement is
//! written once, in words that both databases know, and both give rows of the same types. They know no other
//! difference between the databases.

pub(super) mod setup;

use std::future::Future;
use std::time::Duration;

use jiff::Timestamp;
use sqlx::postgres::PgDatabaseError;
use sqlx::sqlite::SqliteError;

pub use self::setup::SetupError;
use crate::store::{Result, StoreError};

/// How long a call waits for a connection of the pool.
pub(super) const ACQUIRE: Duration = Duration::from_secs(3);
/// How long one statement may run, in the database.
pub(super) const STATEMENT: Duration = Duration::from_secs(5);
/// How long one statement may wait for a lock.
pub(super) const LOCK: Duration = Duration::from_secs(2);
/// How long a call may take with all its tries.
const CALL: Duration = Duration::from_secs(10);
/// How often a call is tried again after a deadlock or a serialization failure.
const TRIES_AGAIN: u32 = 3;

/// What went wrong beside the database itself.
#[derive(Debug, thiserror::Error)]
enum Wrong {
    #[error("no answer within {CALL:?}")]
    Late,
    #[error("a number does not fit: {0}")]
    Number(i64),
    #[error("{0}")]
    Row(&'static str),
}

/// What an error of the database means for the caller.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Two transactions were in each other's way: the same again may work at once.
    Conflict,
    Temporary,
    Unknown,
}

/// Runs a call: within its time, and again when transactions were in each other's way.
pub(super) async fn run<T, F, Fut>(mut call: F) -> Result<T>
where
    F: FnMut() -> Fut + Send,
    Fut: Future<Output = Result<T>> + Send,
    T: Send,
{
    let tries = async {
        let mut again = 0;
        loop {
            match call().await {
                Err(error) if again < TRIES_AGAIN && is_conflict(&error) => {
                    again += 1;
                    let pause = rand::random_range(2..20 * again);
                    tracing::debug!(again, "transactions were in each other's way");
                    tokio::time::sleep(Duration::from_millis(pause.into())).await;
                }
                done => return done,
            }
        }
    };
    tokio::time::timeout(CALL, tries)
        .await
        .unwrap_or_else(|_| Err(StoreError::Unavailable(Box::new(Wrong::Late))))
}

fn is_conflict(error: &StoreError) -> bool {
    match error {
        StoreError::Unavailable(source) => {
            source.downcast_ref::<sqlx::Error>().is_some_and(|error| kind(error) == Kind::Conflict)
        }
        StoreError::Unknown(_) => false,
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match kind(&error) {
            Kind::Conflict | Kind::Temporary => Self::Unavailable(Box::new(error)),
            Kind::Unknown => Self::Unknown(Box::new(error)),
        }
    }
}

/// Whether the same may succeed later with nothing changed.
fn may_pass(error: &sqlx::Error) -> bool {
    !matches!(kind(error), Kind::Unknown)
}

fn kind(error: &sqlx::Error) -> Kind {
    use sqlx::Error;
    match error {
        Error::Database(error) => {
            if let Some(error) = error.try_downcast_ref::<PgDatabaseError>() {
                postgres_kind(error.code())
            } else if error.try_downcast_ref::<SqliteError>().is_some() {
                sqlite_kind(error.code().and_then(|code| code.parse().ok()).unwrap_or_default())
            } else {
                Kind::Unknown
            }
        }
        Error::Io(_)
        | Error::Tls(_)
        | Error::Protocol(_)
        | Error::PoolTimedOut
        | Error::PoolClosed
        | Error::WorkerCrashed
        | Error::BeginFailed => Kind::Temporary,
        _ => Kind::Unknown,
    }
}

/// By SQLSTATE (PostgreSQL, appendix A): serialization failures and deadlocks; then classes of what passes:
/// connection, login, no such database yet, transaction rollback, resources, state of objects (locks), intervention
/// (shutdown, time limits), system; and a server that is a standby for now.
fn postgres_kind(code: &str) -> Kind {
    match code {
        "40001" | "40P01" => Kind::Conflict,
        "25006" => Kind::Temporary,
        _ if ["08", "28", "3D", "40", "53", "55", "57", "58"].iter().any(|class| code.starts_with(class)) => {
            Kind::Temporary
        }
        _ => Kind::Unknown,
    }
}

/// By the primary result code (sqlite.org/rescode.html), the low byte of the extended one.
fn sqlite_kind(extended: u32) -> Kind {
    match extended & 0xff {
        // Busy, locked.
        5 | 6 => Kind::Conflict,
        // No memory, read-only, interrupted, input or output, full, cannot open.
        7 | 8 | 9 | 10 | 13 | 14 => Kind::Temporary,
        _ => Kind::Unknown,
    }
}

/// A column that cannot be read as what it stands for.
pub(super) fn known<T, E>(read: std::result::Result<T, E>) -> Result<T>
where
    E: std::error::Error + Send + Sync + 'static,
{
    read.map_err(|error| StoreError::Unknown(Box::new(error)))
}

/// Columns that do not fit each other.
pub(super) fn wrong(what: &'static str) -> StoreError {
    StoreError::Unknown(Box::new(Wrong::Row(what)))
}

/// A count as a column. No count gets near the end.
pub(super) fn column(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A column as a count.
pub(super) fn count<N: TryFrom<i64>>(column: i64) -> Result<N> {
    N::try_from(column).map_err(|_| StoreError::Unknown(Box::new(Wrong::Number(column))))
}

/// A time span as a column.
pub(super) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// A column as a time.
pub(super) fn time(column: i64) -> Result<Timestamp> {
    known(Timestamp::from_millisecond(column))
}

/// The longest text of a failure that is kept, in bytes.
const LONGEST_REASON: usize = 1_000;

/// The beginning of a text that fits a column for people; no NUL, which Postgres does not store.
pub(super) fn longest(text: &str) -> String {
    let end = text.floor_char_boundary(LONGEST_REASON);
    text[..end].replace('\0', " ")
}
