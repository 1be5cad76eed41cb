//! `layout.json`: whose bucket it is, and which layout is served.

use bytes::Bytes;
use moclojer_core::ports::{Condition, ETag, Put, Storage};
use moclojer_core::unify::LayoutNumber;

use super::{GeneratorError, Shared, within};
use crate::layout_file::LayoutFile;
use crate::store::{GeneratorStore, Installation};

/// How often `layout.json` is put when others put it at the same moment.
const TRIES: usize = 3;
/// The limit of commands, which have no settings.
const LIMIT: std::time::Duration = std::time::Duration::from_secs(10);

/// A bucket that is nobody's yet or this installation's.
pub(super) struct Bucket {
    pub(super) installation: Installation,
    pub(super) file: Option<(LayoutFile, ETag)>,
}

impl Bucket {
    /// The layout that the bucket says is served.
    pub(super) fn layout(&self) -> Option<LayoutNumber> {
        self.file.as_ref().map(|(file, _)| LayoutNumber::new(file.layout))
    }

    /// Reads both. The bucket first: what it serves was in the database before.
    ///
    /// # Errors
    /// When the bucket is another installation's or cannot be told, or one of both could not be asked.
    pub(super) async fn read(
        store: &dyn GeneratorStore,
        storage: &dyn Storage,
    ) -> Result<Self, GeneratorError> {
        let object = within(LIMIT, storage.get(&LayoutFile::key())).await?;
        let installation = store.installation().await?.ok_or(GeneratorError::NotInstalled)?;
        let file = match object {
            None => None,
            Some(object) => {
                let file = LayoutFile::read(&object.bytes).map_err(GeneratorError::Layout)?;
                Some((file, object.etag))
            }
        };
        match &file {
            Some((file, _)) if file.installation != installation.id => {
                Err(GeneratorError::OtherInstallation { found: file.installation, ours: installation.id })
            }
            _ => Ok(Self { installation, file }),
        }
    }

    fn wanted_file(&self) -> LayoutFile {
        let Installation { id, layout, shards, salt, .. } = &self.installation;
        LayoutFile::new(*id, *layout, *shards, salt)
    }

    /// Whether the bucket serves what the database does not know, as after a restore.
    fn is_ahead(&self) -> bool {
        let ours = self.installation.layout;
        match (&self.file, self.layout()) {
            (Some((file, _)), Some(found)) => found > ours || found == ours && *file != self.wanted_file(),
            _ => false,
        }
    }
}

/// Reads both, and refuses a bucket that must not be written to.
pub(super) async fn verify(shared: &Shared) -> Result<Bucket, GeneratorError> {
    let bucket = shared_read(shared).await?;
    if bucket.is_ahead()
        && let Some(found) = bucket.layout()
    {
        return Err(GeneratorError::Ahead { found, ours: bucket.installation.layout });
    }
    Ok(bucket)
}

async fn shared_read(shared: &Shared) -> Result<Bucket, GeneratorError> {
    let limit = shared.settings.call + shared.settings.query;
    let read = Bucket::read(&*shared.store, &*shared.storage);
    match tokio::time::timeout(limit, read).await {
        Ok(bucket) => bucket,
        Err(_) => Err(moclojer_core::ports::StorageError::Timeout(limit).into()),
    }
}

/// Has the written layout served, when it is written whole and is not served yet, or `layout.json` is not there.
/// Whether it is served now.
pub(super) async fn serve_layout(shared: &Shared) -> Result<bool, GeneratorError> {
    for _ in 0..TRIES {
        let bucket = verify(shared).await?;
        let layout = bucket.installation.layout;
        if bucket.layout() != Some(layout) {
            if !shared.query(shared.store.is_layout_whole(layout)).await? {
                return Ok(false);
            }
            let condition = bucket
                .file
                .as_ref()
                .map_or(Condition::IfAbsent, |(_, etag)| Condition::IfMatch(etag.clone()));
            let bytes = Bytes::from(bucket.wanted_file().write());
            let put = shared.call(shared.storage.put(&LayoutFile::key(), bytes, condition)).await?;
            if put == Put::Refused {
                continue;
            }
            tracing::info!(
                layout.number = layout.get(),
                layout.shards = bucket.installation.shards.get(),
                "the layout is served"
            );
        }
        if bucket.installation.served_layout != Some(layout) {
            shared.query(shared.store.set_served(layout)).await?;
        }
        return Ok(true);
    }
    Ok(false)
}
