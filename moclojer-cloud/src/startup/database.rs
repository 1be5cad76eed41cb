//! The database with its installation, waited for while it may still come.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::StartError;
use crate::adapters::postgres::Postgres;
use crate::adapters::sql::SetupError;
use crate::admin::{Check, Finding};
use crate::config::{self, Secret};
use crate::store::{Installation, InstallationStore, StoreError};
use crate::telemetry::chain;

/// How long the database may be away at the start, or wait for its migration by another.
const PATIENCE: Duration = Duration::from_secs(30);
/// The pause between two tries.
const PAUSE: Duration = Duration::from_millis(500);

/// Connects, migrates where it is told to, and reads the installation or makes it. A database that is not there yet, or
/// is not migrated yet, is waited for.
///
/// # Errors
/// When it did not come in time, or is none for this program.
pub async fn database(
    settings: &config::Database,
    migrate: bool,
) -> Result<(Postgres, Installation), StartError> {
    let (postgres, installation) = wait_for(async || {
        // All of it in one go: a database that goes away in the middle is waited for as one that is not there yet.
        let postgres = connect(&settings.url, settings.pool, migrate).await?;
        let installed = postgres.install(&settings.base_domain, settings.shards).await;
        Ok((postgres, installed.map_err(OpenError::Installation)?))
    })
    .await?;
    if installation.base_domain != settings.base_domain {
        let message = format!(
            "base-domain: the installation in the database has `{}`, configured is `{}`: every mock would move; \
             configure what it has, or take another database",
            installation.base_domain, settings.base_domain
        );
        return Err(StartError::new(message));
    }
    Ok((postgres, installation))
}

/// Migrates the database, and nothing else: whoever runs first makes the installation in it.
///
/// # Errors
/// When it did not come in time, or is none for this program.
pub async fn migrate(settings: &config::Migration) -> Result<(), StartError> {
    let (url, pool) = (&settings.database_url, settings.database_pool);
    wait_for(async || Ok(connect(url, pool, true).await.map(drop)?)).await
}

/// Why the database cannot be used yet, or at all.
#[derive(Debug, thiserror::Error)]
enum OpenError {
    #[error(transparent)]
    Setup(#[from] SetupError),
    #[error("the installation cannot be read")]
    Installation(#[source] StoreError),
}

impl OpenError {
    fn may_pass(&self) -> bool {
        match self {
            Self::Setup(error) => {
                matches!(error, SetupError::Unreachable(_) | SetupError::SchemaOld { .. })
            }
            Self::Installation(error) => error.is_temporary(),
        }
    }
}

/// Tries until it is there, or cannot come any more.
async fn wait_for<T>(mut open: impl AsyncFnMut() -> Result<T, OpenError>) -> Result<T, StartError> {
    let since = Instant::now();
    loop {
        match open().await {
            Ok(opened) => return Ok(opened),
            Err(error) if error.may_pass() && since.elapsed() < PATIENCE => {
                tracing::warn!(error = chain(&error), "waiting for the database");
                sleep(PAUSE).await;
            }
            Err(OpenError::Setup(error)) => return Err(StartError::because("database-url", error)),
            Err(OpenError::Installation(error)) => {
                return Err(StartError::because("the installation cannot be read", error));
            }
        }
    }
}

async fn connect(url: &Secret, pool: NonZeroU32, migrate: bool) -> Result<Postgres, SetupError> {
    let postgres = Postgres::connect(url.expose(), pool).await?;
    if migrate {
        postgres.migrate().await?;
    } else {
        postgres.check_schema().await?;
    }
    Ok(postgres)
}

/// Whether the database answers.
pub fn check_database(store: Arc<dyn InstallationStore>) -> Check {
    Check::new("database", move || {
        let store = Arc::clone(&store);
        async move { Finding::of(store.ping().await.map_err(|error| chain(&error))) }
    })
}
