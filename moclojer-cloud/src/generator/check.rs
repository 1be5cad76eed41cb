//! The comparison of the object store's shards with the database, each minute; and what is left of layouts before.

use std::collections::HashMap;
use std::sync::PoisonError;
use std::time::Duration;

use futures_util::StreamExt;
use moclojer_core::ports::{ETag, Listed, StorageKey};
use moclojer_core::unify::{LayoutNumber, ShardId};
use tokio::time::Instant;

use super::{GeneratorError, Shared, bucket, within};
use crate::layout_file::shard_of_key;

/// What all shards of all layouts are under.
const SHARDS: &str = "unified/";
/// How long a whole listing may take.
pub(super) const LISTING: Duration = Duration::from_secs(60);
/// How many objects are removed at once.
const AT_ONCE: usize = 8;

/// Has shards written anew that are missing or other than recorded, and removes layouts that went an hour ago.
///
/// The recorded tags are read before the listing: a shard that is written in between is recorded with another tag than
/// the one that was read, and so is left alone. One that is not recorded yet is recorded after.
pub(super) async fn check(shared: &Shared) -> Result<(), GeneratorError> {
    let before = bucket::verify(shared).await?;
    let layout = before.installation.layout;
    let tags = shared.query(shared.store.tags()).await?;
    let listed = within(LISTING, shared.storage.list(SHARDS)).await?;
    let after = shared.query(shared.store.installation()).await?;
    if after.is_none_or(|after| after.layout != layout) {
        return Ok(());
    }
    let mut shards: HashMap<LayoutNumber, Vec<(ShardId, &Listed)>> = HashMap::new();
    for object in &listed {
        if let Some((layout, shard)) = shard_of_key(&object.key) {
            shards.entry(layout).or_default().push((shard, object));
        }
    }
    let standing = shards.remove(&layout).unwrap_or_default();
    let largest = standing.iter().map(|(_, object)| object.size).max().unwrap_or_default();
    shared.metrics.largest_shard_bytes.set(i64::try_from(largest).unwrap_or(i64::MAX));
    write_anew(shared, tags, &standing).await?;

    let served = before.installation.served_layout.min(before.layout());
    let old = shards.into_iter().filter(|(layout, _)| Some(*layout) < served);
    remove_old(shared, old.map(|(layout, shards)| (layout, keys(&shards))).collect()).await
}

fn keys(shards: &[(ShardId, &Listed)]) -> Vec<StorageKey> {
    shards.iter().map(|(_, object)| object.key.clone()).collect()
}

async fn write_anew(
    shared: &Shared,
    tags: impl IntoIterator<Item = (ShardId, Option<ETag>)>,
    standing: &[(ShardId, &Listed)],
) -> Result<(), GeneratorError> {
    let standing: HashMap<ShardId, &ETag> =
        standing.iter().map(|(shard, object)| (*shard, &object.etag)).collect();
    let differs = |(shard, tag): (ShardId, Option<ETag>)| {
        // Without a tag it is going to be written anyway.
        let tag = tag?;
        (standing.get(&shard) != Some(&&tag)).then_some((shard, tag))
    };
    let differing: Vec<(ShardId, ETag)> = tags.into_iter().filter_map(differs).collect();
    if !differing.is_empty() {
        tracing::warn!(
            shards.count = differing.len(),
            "shards of the object store are missing or not as they were written: they are written anew"
        );
        shared.query(shared.store.write_anew(&differing)).await?;
        shared.metrics.repaired.inc_by(differing.len() as u64);
    }
    Ok(())
}

/// Removes the objects of layouts that this process has seen out of service for long enough. After a restart the time
/// begins anew: they only stay longer.
async fn remove_old(
    shared: &Shared,
    old: HashMap<LayoutNumber, Vec<StorageKey>>,
) -> Result<(), GeneratorError> {
    let now = Instant::now();
    let due: Vec<StorageKey> = {
        let mut seen = shared.old_layouts.lock().unwrap_or_else(PoisonError::into_inner);
        seen.retain(|layout, _| old.contains_key(layout));
        let mut is_due = |layout| now - *seen.entry(layout).or_insert(now) >= shared.settings.old_layouts;
        old.into_iter().filter(|(layout, _)| is_due(*layout)).flat_map(|(_, keys)| keys).collect()
    };
    if !due.is_empty() {
        tracing::info!(objects.count = due.len(), "the objects of layouts before are removed");
    }
    let mut removing = futures_util::stream::iter(due)
        .map(|key| async move { shared.call(shared.storage.delete(&key)).await })
        .buffer_unordered(AT_ONCE);
    while let Some(removed) = removing.next().await {
        removed?;
    }
    Ok(())
}
