//! The databases that the suite runs on, and a way past the stores into their tables.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::Arc;

use moclojer_cloud::adapters::postgres::Postgres;
use moclojer_cloud::adapters::sqlite::Sqlite;
use moclojer_cloud::store::Store;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, PgPool, SqlitePool};
use uuid::Uuid;

use test_bed::postgres::fresh_database;

/// A folder that is removed at the end.
pub(super) struct Folder(pub(super) PathBuf);

impl Folder {
    pub(super) fn new() -> Self {
        let path = std::env::temp_dir().join(format!("moclojer-test-{}", Uuid::new_v4().simple()));
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A migrated database without rows.
pub(super) struct Database {
    pub(super) store: Arc<dyn Store>,
    raw: Raw,
    _folder: Option<Folder>,
}

enum Raw {
    Postgres(PgPool),
    Sqlite(SqlitePool),
}

impl Database {
    pub(super) async fn postgres() -> Self {
        Self::postgres_with(NonZeroU32::new(8).unwrap()).await
    }

    pub(super) async fn postgres_with(connections: NonZeroU32) -> Self {
        let url = fresh_database().await;
        let store = Postgres::connect(&url, connections).await.unwrap();
        store.check_schema().await.unwrap();
        let raw = Raw::Postgres(PgPool::connect_lazy(&url).unwrap());
        Self { store: Arc::new(store), raw, _folder: None }
    }

    pub(super) async fn sqlite() -> Self {
        let folder = Folder::new();
        let path = folder.0.join("moclojer.db");
        let store = Sqlite::open(&path).await.unwrap();
        store.migrate().await.unwrap();
        let raw = Raw::Sqlite(SqlitePool::connect_lazy_with(SqliteConnectOptions::new().filename(&path)));
        Self { store: Arc::new(store), raw, _folder: Some(folder) }
    }

    /// In one connection, which nothing can reach past the store.
    pub(super) async fn in_memory() -> Self {
        let store = Sqlite::in_memory().await.unwrap();
        store.migrate().await.unwrap();
        let raw = Raw::Sqlite(SqlitePool::connect_lazy_with(SqliteConnectOptions::new().in_memory(true)));
        Self { store: Arc::new(store), raw, _folder: None }
    }

    /// Does something that no store would.
    pub(super) async fn run(&self, statement: &str) -> u64 {
        let statement = AssertSqlSafe(statement.to_owned());
        match &self.raw {
            Raw::Postgres(pool) => sqlx::query(statement).execute(pool).await.unwrap().rows_affected(),
            Raw::Sqlite(pool) => sqlx::query(statement).execute(pool).await.unwrap().rows_affected(),
        }
    }

    /// Changes rows that are there.
    pub(super) async fn execute(&self, statement: &str) {
        assert!(self.run(statement).await > 0, "nothing was there to change");
    }

    /// Looks for what no store tells.
    pub(super) async fn number(&self, query: &str) -> Option<i64> {
        let query = AssertSqlSafe(query.to_owned());
        match &self.raw {
            Raw::Postgres(pool) => sqlx::query_scalar(query).fetch_one(pool).await.unwrap(),
            Raw::Sqlite(pool) => sqlx::query_scalar(query).fetch_one(pool).await.unwrap(),
        }
    }
}
