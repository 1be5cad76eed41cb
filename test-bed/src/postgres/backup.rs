//! A copy of a database, to be put back in its place. Nobody may be connected to a database that is copied.

use std::time::Duration;

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection, Executor};
use tokio::time::{Instant, sleep};

use super::with_database;

/// How long connections of programs that have ended may still be seen.
const PATIENCE: Duration = Duration::from_secs(20);

/// A copy of a database as it was.
#[derive(Debug)]
pub struct Backup {
    url: String,
    name: String,
    copy: String,
}

impl Backup {
    /// Copies the database of this URL.
    pub async fn of(url: &str) -> Self {
        let name = url.rsplit('/').next().unwrap().split('?').next().unwrap().to_owned();
        // It begins as those that are removed as leftovers.
        let backup = Self { url: url.to_owned(), copy: format!("{name}_copy"), name };
        backup.say(&format!("CREATE DATABASE {} TEMPLATE {}", backup.copy, backup.name)).await;
        backup
    }

    /// Puts the copy in the place of the database.
    pub async fn put_back(self) {
        self.say(&format!("DROP DATABASE {}", self.name)).await;
        self.say(&format!("ALTER DATABASE {} RENAME TO {}", self.copy, self.name)).await;
    }

    /// Says it until nobody is connected any more.
    async fn say(&self, statement: &str) {
        let mut connection = PgConnection::connect(&with_database(&self.url, "postgres")).await.unwrap();
        let since = Instant::now();
        while let Err(error) = connection.execute(AssertSqlSafe(statement.to_owned())).await {
            assert!(since.elapsed() < PATIENCE, "{statement}: {error}");
            sleep(Duration::from_millis(50)).await;
        }
        connection.close().await.unwrap();
    }
}
