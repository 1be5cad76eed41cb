//! What `moclojer-generator` can be told once: another number of shards, everything anew, the unified mock as a file,
//! and how far things are.

use std::fmt;
use std::num::NonZeroU32;

use moclojer_core::ports::Storage;
use moclojer_core::unify::LayoutNumber;
use tokio::io::{AsyncWrite, AsyncWriteExt};

use super::bucket::Bucket;
use super::{GeneratorError, chain};
use crate::store::{Backlog, GeneratorStore, Installation};

/// How many hosts are read at once.
const PAGE: u32 = 500;

/// Begins a layout of `shards` shards, higher than any that the database or the bucket knows. Running generators write
/// it and have it served when it is whole; until then what is served stays.
///
/// # Errors
/// When the bucket is another installation's, or the one or the other could not be asked.
pub async fn reshard(
    store: &dyn GeneratorStore,
    storage: &dyn Storage,
    shards: NonZeroU32,
) -> Result<Installation, GeneratorError> {
    let bucket = Bucket::read(store, storage).await?;
    let at_least = bucket.layout().unwrap_or_default();
    Ok(store.reshard(shards, at_least).await?)
}

/// Has everything written anew, in as many shards as there are: the second step of a restore from a backup.
///
/// # Errors
/// As those of [`reshard`].
pub async fn rebuild(
    store: &dyn GeneratorStore,
    storage: &dyn Storage,
) -> Result<Installation, GeneratorError> {
    let installation = store.installation().await?.ok_or(GeneratorError::NotInstalled)?;
    reshard(store, storage, installation.shards).await
}

/// What was exported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exported {
    /// Hosts that were written.
    pub hosts: u64,
    /// Hosts that were left out, since their stored text cannot be used.
    pub unreadable: u64,
}

/// Writes the whole unified mock as one mock file, from the database, in the order of the hosts' names. It is read page
/// by page: what changes meanwhile may be in it or not.
///
/// # Errors
/// When the database could not be asked, or the writer fails.
pub async fn export(
    store: &dyn GeneratorStore,
    writer: &mut (dyn AsyncWrite + Unpin + Send),
) -> Result<Exported, GeneratorError> {
    let mut exported = Exported::default();
    let mut after = None;
    writer
        .write_all(b"# The unified mock of a moclojer installation.\n")
        .await
        .map_err(GeneratorError::Output)?;
    loop {
        let page = store.hosts(after.as_ref(), PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.host.clone());
        for host in &page {
            match host.served.as_ref().map(|served| &served.text) {
                None => {}
                Some(Ok(text)) => {
                    writer.write_all(text.as_str().as_bytes()).await.map_err(GeneratorError::Output)?;
                    exported.hosts += 1;
                }
                Some(Err(why)) => {
                    tracing::error!(host.name = %host.host, error = %why, "a host was left out of the export");
                    exported.unreadable += 1;
                }
            }
        }
    }
    writer.flush().await.map_err(GeneratorError::Output)?;
    Ok(exported)
}

/// How far things are; shown in a few lines.
#[derive(Debug)]
pub struct Report {
    /// What the database says.
    pub installation: Installation,
    /// How much is behind.
    pub backlog: Backlog,
    /// What the bucket says is served, or why that cannot be said.
    pub bucket: Result<Option<LayoutNumber>, GeneratorError>,
}

/// Asks how far things are. A bucket that cannot be asked is part of the answer.
///
/// # Errors
/// When the database could not be asked or is empty.
pub async fn status(store: &dyn GeneratorStore, storage: &dyn Storage) -> Result<Report, GeneratorError> {
    let installation = store.installation().await?.ok_or(GeneratorError::NotInstalled)?;
    let backlog = store.backlog().await?;
    let bucket = Bucket::read(store, storage).await.map(|bucket| bucket.layout());
    Ok(Report { installation, backlog, bucket })
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Installation { id, layout, served_layout, shards, base_domain, .. } = &self.installation;
        writeln!(f, "installation  {id}, mocks under {base_domain}")?;
        write!(f, "layout        {layout} with {shards} shards, ")?;
        match served_layout {
            Some(served) if served == layout => writeln!(f, "served")?,
            Some(served) => writeln!(f, "being written; layout {served} is served")?,
            None => writeln!(f, "being written; nothing is served yet")?,
        }
        match &self.bucket {
            Ok(Some(found)) => writeln!(f, "bucket        serves layout {found}")?,
            Ok(None) => writeln!(f, "bucket        has no layout.json")?,
            Err(error) => writeln!(f, "bucket        {}", chain(error))?,
        }
        let Backlog { hosts, shards, failing, oldest } = self.backlog;
        write!(f, "behind        {hosts} hosts, {shards} shards to be written anew, {failing} failing")?;
        if hosts + shards > 0 {
            write!(f, ", the oldest for {} s", oldest.as_secs())?;
        }
        writeln!(f)
    }
}
