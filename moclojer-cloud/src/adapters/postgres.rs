//! The stores over PostgreSQL 12 or newer.
//!
//! Each connection has limits of time for statements, locks and forgotten transactions, which stay set: a pooler in
//! between must be in session mode. Statements are those of `sql`; here is what only Postgres has.

#[path = "sql/accounts.rs"]
#[expect(clippy::duplicate_mod, reason = "statements are compiled against each database, see `sql`")]
mod accounts;
#[path = "sql/history.rs"]
#[expect(clippy::duplicate_mod, reason = "statements are compiled against each database, see `sql`")]
mod history;
#[path = "sql/installation.rs"]
#[expect(clippy::duplicate_mod, reason = "statements are compiled against each database, see `sql`")]
mod installation;
#[path = "sql/mocks.rs"]
#[expect(clippy::duplicate_mod, reason = "statements are compiled against each database, see `sql`")]
mod mocks;
#[path = "sql/projection.rs"]
#[expect(clippy::duplicate_mod, reason = "statements are compiled against each database, see `sql`")]
mod projection;
#[path = "sql/rows.rs"]
#[expect(clippy::duplicate_mod, reason = "statements are compiled against each database, see `sql`")]
mod rows;

use std::fmt;
use std::num::NonZeroU32;
use std::time::Duration;

use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgPool, SqlSafeStr, SqlStr, Transaction};

use super::sql::setup::{self, SetupError};
use super::sql::{ACQUIRE, LOCK, STATEMENT};

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/postgres");

/// How long all migrations may take together, and wait for those of another process.
const MIGRATE: Duration = Duration::from_secs(600);
/// The oldest server that is known to work, as `server_version_num` says it.
const OLDEST: i64 = 120_000;

/// The stores of a PostgreSQL database. Clones share one pool.
#[derive(Clone)]
pub struct Postgres {
    pool: PgPool,
}

type Store = Postgres;
type Db = sqlx::Postgres;
type Connection = PgConnection;

/// Without the URL, which holds a password.
impl fmt::Debug for Postgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Postgres")
            .field("connections", &self.pool.size())
            .field("idle", &self.pool.num_idle())
            .finish_non_exhaustive()
    }
}

impl Postgres {
    /// Opens a pool of at most `connections` to the database at `url`, after looking whether the server is one that
    /// keeps what it acknowledges. The schema is not looked at: [`migrate`](Self::migrate) or
    /// [`check_schema`](Self::check_schema) comes next.
    ///
    /// # Errors
    /// When the server is not there (later it may be), is too old, or has `synchronous_commit` off.
    pub async fn connect(url: &str, connections: NonZeroU32) -> Result<Self, SetupError> {
        let options: PgConnectOptions = url.parse().map_err(|_| SetupError::Url)?;
        let options = options.application_name("moclojer");
        // One connection of its own first: its error says what is wrong, a pool's only that time is over.
        let mut connection = connect(&options).await?;
        check_server(&mut connection).await?;
        connection.close().await?;
        Ok(Self { pool: pool(options, connections) })
    }

    /// Brings the schema up to date; with a schema that is, nothing happens. Twice at once is once.
    ///
    /// # Errors
    /// When the schema is a newer program's, or a migration fails; then none of it stands.
    pub async fn migrate(&self) -> Result<(), SetupError> {
        // The lock of migrations is the connection's: closed, it is free, whatever happened.
        let mut connection = connect(&self.pool.connect_options()).await?;
        let migrated = tokio::time::timeout(MIGRATE, async {
            setup::refuse_newer(schema(&mut connection).await?, setup::known(&MIGRATIONS))?;
            MIGRATIONS.run_direct(None, &mut connection, false).await.map_err(SetupError::from)
        })
        .await;
        connection.close_hard().await?;
        migrated.unwrap_or_else(|_| Err(SetupError::Unreachable(sqlx::Error::PoolTimedOut)))
    }

    /// Whether the schema is this program's.
    ///
    /// # Errors
    /// When it is another's, or none; says what to do.
    pub async fn check_schema(&self) -> Result<(), SetupError> {
        let found = schema(&mut *self.pool.acquire().await?).await?;
        setup::refuse_other(found, setup::known(&MIGRATIONS))
    }

    /// Closes all connections, each after what it does.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    fn reader(&self) -> &PgPool {
        &self.pool
    }

    fn writer(&self) -> &PgPool {
        &self.pool
    }

    async fn begin(&self) -> Result<Transaction<'static, Db>, sqlx::Error> {
        self.pool.begin().await
    }
}

/// The statement as Postgres reads it: as it is written.
fn sql(statement: &'static str) -> SqlStr {
    statement.into_sql_str()
}

fn pool(options: PgConnectOptions, connections: NonZeroU32) -> PgPool {
    let session = format!(
        "SET statement_timeout = {}; SET lock_timeout = {}; SET idle_in_transaction_session_timeout = {}",
        STATEMENT.as_millis(),
        LOCK.as_millis(),
        2 * STATEMENT.as_millis(),
    );
    PgPoolOptions::new()
        .max_connections(connections.get())
        .acquire_timeout(ACQUIRE)
        .after_connect(move |connection, _| {
            let session = AssertSqlSafe(session.clone());
            Box::pin(async move { connection.execute(session).await.map(drop) })
        })
        // A call that gave up may leave a connection that nobody answers on: it is not kept, nor waited for.
        .after_release(|connection, _| {
            Box::pin(async move {
                let answer = tokio::time::timeout(ACQUIRE, connection.ping()).await;
                answer.unwrap_or(Err(sqlx::Error::PoolTimedOut)).map(|()| true)
            })
        })
        .connect_lazy_with(options)
}

async fn connect(options: &PgConnectOptions) -> Result<PgConnection, SetupError> {
    let connection = tokio::time::timeout(ACQUIRE, PgConnection::connect_with(options)).await;
    Ok(connection.unwrap_or(Err(sqlx::Error::PoolTimedOut))?)
}

async fn check_server(connection: &mut PgConnection) -> Result<(), SetupError> {
    let (version, synchronous): (i64, String) = sqlx::query_as(
        "SELECT current_setting('server_version_num')::bigint, current_setting('synchronous_commit')",
    )
    .fetch_one(connection)
    .await?;
    if version < OLDEST {
        return Err(SetupError::Old(version / 10_000));
    }
    if synchronous == "off" { Err(SetupError::NotDurable) } else { Ok(()) }
}

/// The newest migration that was run; 0: none.
async fn schema(connection: &mut PgConnection) -> Result<i64, SetupError> {
    let exists: bool = sqlx::query_scalar("SELECT to_regclass('_sqlx_migrations') IS NOT NULL")
        .fetch_one(&mut *connection)
        .await?;
    if !exists {
        return Ok(0);
    }
    let newest = "SELECT coalesce(max(version), 0) FROM _sqlx_migrations WHERE success";
    Ok(sqlx::query_scalar(newest).fetch_one(connection).await?)
}
