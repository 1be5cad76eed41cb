//! What the generator can be told once. Answers go to standard output.

use std::num::NonZeroU32;

use moclojer_cloud::adapters::object_store;
use moclojer_cloud::config;
use moclojer_cloud::generator::{self, GeneratorError};
use moclojer_cloud::startup::{self, StartError};

fn failed(error: GeneratorError) -> StartError {
    StartError::because("not done", error)
}

/// In so many shards, or in as many as there are.
pub(crate) async fn reshard(
    config: &config::Generator,
    shards: Option<NonZeroU32>,
) -> Result<(), StartError> {
    let storage = startup::storage(&config.store)?;
    let (store, _) = startup::database(&config.database, false).await?;
    let installation = match shards {
        Some(shards) => generator::reshard(&store, &*storage, shards).await,
        None => generator::rebuild(&store, &*storage).await,
    };
    let installation = installation.map_err(failed)?;
    startup::print(&format!(
        "layout {} with {} shards is being written by the generators that run; `moclojer-generator status` says how far\n",
        installation.layout, installation.shards
    ));
    Ok(())
}

pub(crate) async fn export(config: &config::Generator) -> Result<(), StartError> {
    let (store, _) = startup::database(&config.database, false).await?;
    let exported = generator::export(&store, &mut tokio::io::stdout()).await.map_err(failed)?;
    tracing::info!(hosts = exported.hosts, unreadable = exported.unreadable, "exported");
    if exported.unreadable > 0 {
        let message = format!("{} hosts were left out: their stored text is damaged", exported.unreadable);
        return Err(StartError::new(message));
    }
    Ok(())
}

pub(crate) async fn probe(config: &config::Generator) -> Result<(), StartError> {
    let storage = startup::storage(&config.store)?;
    let probe = object_store::probe(&*storage).await;
    let probe = probe.map_err(|error| StartError::because("the object store could not be tried", error))?;
    let yes = |can: bool| if can { "yes" } else { "NO" };
    startup::print(&format!(
        "a stale write is refused (If-Match)         {}\n\
         a write over an object is refused (If-None-Match)  {}\n\
         listings have ETags                         {}\n\
         what was written is read at once            {}\n",
        yes(probe.refuses_stale),
        yes(probe.refuses_present),
        yes(probe.lists_etags),
        yes(probe.reads_what_was_written),
    ));
    if probe.is_conditional() && probe.lists_etags && probe.reads_what_was_written {
        return Ok(());
    }
    Err(StartError::new("the object store cannot do all that is needed: docs/hosting.md says what follows"))
}

pub(crate) async fn status(config: &config::Generator) -> Result<(), StartError> {
    let storage = startup::storage(&config.store)?;
    let (store, _) = startup::database(&config.database, false).await?;
    let report = generator::status(&store, &*storage).await.map_err(failed)?;
    startup::print(&report.to_string());
    Ok(())
}
