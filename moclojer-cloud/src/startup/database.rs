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
use crate::store::{Installation, InstallationStore};
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
    let postgres = wait_for(&settings.url, settings.pool, migrate).await?;
    let installed = postgres.install(&settings.base_domain, settings.shards).await;
    let installation =
        installed.map_err(|error| StartError::because("the installation cannot be read", error))?;
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
    wait_for(&settings.database_url, settings.database_pool, true).await.map(drop)
}

async fn wait_for(url: &Secret, pool: NonZeroU32, migrate: bool) -> Result<Postgres, StartError> {
    let since = Instant::now();
    loop {
        match connect(url, pool, migrate).await {
            Ok(postgres) => return Ok(postgres),
            Err(error) if may_pass(&error) && since.elapsed() < PATIENCE => {
                tracing::warn!(error = chain(&error), "waiting for the database");
                sleep(PAUSE).await;
            }
            Err(error) => return Err(StartError::because("database-url", error)),
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

fn may_pass(error: &SetupError) -> bool {
    matches!(error, SetupError::Unreachable(_) | SetupError::SchemaOld { .. })
}

/// Whether the database answers.
pub fn check_database(store: Arc<dyn InstallationStore>) -> Check {
    Check::new("database", move || {
        let store = Arc::clone(&store);
        async move { Finding::of(store.ping().await.map_err(|error| chain(&error))) }
    })
}
