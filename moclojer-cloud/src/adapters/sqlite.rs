//! The stores over one SQLite file, for the installation that is one process.
//!
//! One connection writes, a few read; readers see what was committed when they began (WAL). A commit is on disk when
//! it returns (`synchronous=FULL`). Statements are those of `sql`; here is what only SQLite has.

#[path = "sql/accounts.rs"]
mod accounts;
#[path = "sql/history.rs"]
mod history;
#[path = "sql/installation.rs"]
mod installation;
#[path = "sql/mocks.rs"]
mod mocks;
#[path = "sql/projection.rs"]
mod projection;
#[path = "sql/rows.rs"]
mod rows;

use std::fmt;
use std::path::Path;

use sqlx::migrate::Migrator;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{AssertSqlSafe, SqlSafeStr, SqlStr, SqlitePool, Transaction};

use super::sql::setup::{self, SetupError};
use super::sql::{ACQUIRE, LOCK};

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

/// How many connections read.
const READERS: u32 = 4;

/// How SQLite says what statements say in Postgres' words. There are no row locks: the one who writes is alone.
const WORDS: [(&str, &str); 5] = [
    (" FOR NO KEY UPDATE", ""),
    ("now_ms()", "CAST(round(unixepoch('subsec') * 1000) AS INTEGER)"),
    ("greatest(", "max("),
    ("least(", "min("),
    ("CAST(NULL AS text)", "NULL"),
];

/// The stores of a SQLite database. Clones share its connections.
#[derive(Clone)]
pub struct Sqlite {
    writer: SqlitePool,
    reader: SqlitePool,
}

type Store = Sqlite;
type Db = sqlx::Sqlite;
type Connection = SqliteConnection;

impl fmt::Debug for Sqlite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sqlite").finish_non_exhaustive()
    }
}

impl Sqlite {
    /// Opens the database in the file at `path`, made with mode 0600 if it is not there; its folder is. The schema is
    /// not looked at: [`migrate`](Self::migrate) or [`check_schema`](Self::check_schema) comes next.
    ///
    /// # Errors
    /// When the file cannot be used.
    pub async fn open(path: &Path) -> Result<Self, SetupError> {
        make_private(path).await.map_err(SetupError::File)?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(LOCK);
        let pool =
            |connections| SqlitePoolOptions::new().max_connections(connections).acquire_timeout(ACQUIRE);
        // The writer first: it makes the files that readers need.
        let writer = pool(1).connect_with(options.clone()).await?;
        let reader = pool(READERS).connect_lazy_with(options.pragma("query_only", "on"));
        Ok(Self { writer, reader })
    }

    /// A database in memory, for tests; it is gone with its last clone. Reading and writing share one connection.
    ///
    /// # Errors
    /// When there is no memory.
    pub async fn in_memory() -> Result<Self, SetupError> {
        let options = SqliteConnectOptions::new().in_memory(true).foreign_keys(true);
        let pool = SqlitePoolOptions::new()
            .max_connections(1)
            .acquire_timeout(ACQUIRE)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_with(options)
            .await?;
        Ok(Self { writer: pool.clone(), reader: pool })
    }

    /// Brings the schema up to date; with a schema that is, nothing happens.
    ///
    /// # Errors
    /// When the schema is a newer program's, or a migration fails; then none of it stands.
    pub async fn migrate(&self) -> Result<(), SetupError> {
        let mut connection = self.writer.acquire().await?;
        setup::refuse_newer(schema(&mut connection).await?, setup::known(&MIGRATIONS))?;
        MIGRATIONS.run_direct(None, &mut *connection, false).await.map_err(SetupError::from)
    }

    /// Whether the schema is this program's.
    ///
    /// # Errors
    /// When it is another's, or none.
    pub async fn check_schema(&self) -> Result<(), SetupError> {
        let found = schema(&mut *self.reader.acquire().await?).await?;
        setup::refuse_other(found, setup::known(&MIGRATIONS))
    }

    /// Closes the file, after what is being done.
    pub async fn close(&self) {
        self.reader.close().await;
        self.writer.close().await;
    }

    fn reader(&self) -> &SqlitePool {
        &self.reader
    }

    fn writer(&self) -> &SqlitePool {
        &self.writer
    }

    /// Takes the lock of writing at once: a transaction that first reads could not get it later.
    async fn begin(&self) -> Result<Transaction<'static, Db>, sqlx::Error> {
        self.writer.begin_with("BEGIN IMMEDIATE").await
    }
}

/// The statement as SQLite reads it.
fn sql(statement: &'static str) -> SqlStr {
    let mut text = statement.to_owned();
    for (theirs, ours) in WORDS {
        if text.contains(theirs) {
            text = text.replace(theirs, ours);
        }
    }
    // Only fixed words of fixed statements were put in.
    AssertSqlSafe(text).into_sql_str()
}

/// SQLite gives its other files the mode of the database.
async fn make_private(path: &Path) -> std::io::Result<()> {
    let mut options = tokio::fs::OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    options.mode(0o600);
    let file = options.open(path).await?;
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600)).await?;
    drop(file);
    Ok(())
}

/// The newest migration that was run; 0: none.
async fn schema(connection: &mut SqliteConnection) -> Result<i64, SetupError> {
    let exists: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = '_sqlx_migrations')",
    )
    .fetch_one(&mut *connection)
    .await?;
    if !exists {
        return Ok(0);
    }
    let newest = "SELECT coalesce(max(version), 0) FROM _sqlx_migrations WHERE success";
    Ok(sqlx::query_scalar(newest).fetch_one(connection).await?)
}
