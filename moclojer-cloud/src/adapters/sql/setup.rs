//! Errors of opening a database, and its schema.

use sqlx::migrate::{MigrateError, Migrator};

use super::may_pass;

/// A database cannot be used as it is. None says a password or a URL.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// What was given is no URL of a PostgreSQL database.
    #[error("this is no URL of a PostgreSQL database (`postgres://user:password@host:5432/name`)")]
    Url,
    /// It could not be opened; it may work later.
    #[error("the database could not be opened")]
    Unreachable(#[source] sqlx::Error),
    /// The server is too old.
    #[error("the PostgreSQL server is of version {0}; 12 or newer is needed")]
    Old(i64),
    /// The server may forget what it acknowledged.
    #[error(
        "`synchronous_commit` is off: what was acknowledged could be lost; set it to `on` in postgresql.conf, \
         or with `ALTER ROLE … SET synchronous_commit = on`"
    )]
    NotDurable,
    /// The schema is older than this program.
    #[error("the database has the schema {found}, this program needs {known}: run `moclojer-api migrate`")]
    SchemaOld {
        /// The newest migration that was run; 0: none.
        found: i64,
        /// The newest migration of this program.
        known: i64,
    },
    /// The schema is newer than this program.
    #[error("the database has the schema {found}, this program knows {known}: a newer moclojer was here")]
    SchemaNew {
        /// The newest migration that was run.
        found: i64,
        /// The newest migration of this program.
        known: i64,
    },
    /// A migration failed; nothing of it stands.
    #[error("the schema of the database could not be brought up to date")]
    Migration(#[source] MigrateError),
    /// The folder or file of the database cannot be used.
    #[error("the file of the database cannot be used")]
    File(#[source] std::io::Error),
}

impl From<sqlx::Error> for SetupError {
    fn from(error: sqlx::Error) -> Self {
        Self::Unreachable(error)
    }
}

/// A migration that the connection ended is one that was not tried.
impl From<MigrateError> for SetupError {
    fn from(error: MigrateError) -> Self {
        match error {
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) if may_pass(&error) => {
                Self::Unreachable(error)
            }
            error => Self::Migration(error),
        }
    }
}

/// The newest migration that this program has.
pub(in crate::adapters) fn known(migrator: &Migrator) -> i64 {
    migrator.iter().map(|migration| migration.version).max().unwrap_or_default()
}

/// Refuses a database that a newer program migrated.
pub(in crate::adapters) fn refuse_newer(found: i64, known: i64) -> Result<(), SetupError> {
    if found > known { Err(SetupError::SchemaNew { found, known }) } else { Ok(()) }
}

/// Refuses a database whose schema is not exactly this program's.
pub(in crate::adapters) fn refuse_other(found: i64, known: i64) -> Result<(), SetupError> {
    refuse_newer(found, known)?;
    if found < known { Err(SetupError::SchemaOld { found, known }) } else { Ok(()) }
}
