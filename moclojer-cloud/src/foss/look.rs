//! One look at the store: which layout is served, and the tags of its shards.

use std::time::Duration;

use moclojer_core::ports::{ETag, Storage, StorageError};
use moclojer_core::unify::{LayoutNumber, ShardId};
use tokio::time::{Instant, timeout};

use super::health::Trouble;
use crate::layout_file::{LayoutFile, shard_of_key, shards_prefix};

/// What a look found.
#[derive(Debug)]
pub(super) struct Looked {
    /// When it began: what it found is at least as new.
    pub(super) begun: Instant,
    pub(super) file: LayoutFile,
    /// The shards of that layout that are there.
    pub(super) listed: Vec<(ShardId, ETag)>,
}

/// Reads `layout.json` and lists the shards of the layout that it names.
pub(super) async fn look(storage: &dyn Storage, limit: Duration) -> Result<Looked, Trouble> {
    let begun = Instant::now();
    let object = within(limit, storage.get(&LayoutFile::key())).await.map_err(Trouble::Storage)?;
    let object = object.ok_or(Trouble::NoLayout(None))?;
    let file = LayoutFile::read(&object.bytes).map_err(Trouble::Layout)?;
    let number = LayoutNumber::new(file.layout);
    let listed = within(limit, storage.list(&shards_prefix(number))).await.map_err(Trouble::Storage)?;
    let shard = |(layout, shard): (LayoutNumber, ShardId)| (layout == number).then_some(shard);
    let listed = listed
        .into_iter()
        .filter_map(|object| Some((shard_of_key(&object.key).and_then(shard)?, object.etag)))
        .collect();
    Ok(Looked { begun, file, listed })
}

/// A call of the store, ended when it takes too long.
pub(super) async fn within<T>(
    limit: Duration,
    call: impl Future<Output = Result<T, StorageError>>,
) -> Result<T, StorageError> {
    timeout(limit, call).await.unwrap_or(Err(StorageError::Timeout(limit)))
}
