//! Reads one shard, and sees that it is the one that was asked for.

use std::time::Duration;

use moclojer_core::ports::{ETag, Storage, StorageError};
use moclojer_core::unify::{LayoutNumber, Shard, ShardError, ShardId};

use super::look::within;
use crate::layout_file::shard_key;

/// Shards up to this size are read where they came; larger ones beside the runtime, since each byte is looked at.
const SMALL_BYTES: usize = 256 << 10;

/// What stands under a shard's key.
#[derive(Debug)]
pub(super) enum Found {
    Nothing,
    Unusable(Unusable),
    Shard(Shard, ETag),
}

/// Why nothing of an object can be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unusable {
    #[error("it is damaged")]
    Damaged(#[from] ShardError),
    #[error("it says to be shard {shard} of layout {layout}")]
    Other { layout: LayoutNumber, shard: ShardId },
    #[error("reading it was given up")]
    GivenUp,
}

/// Reads the shard `id` of `layout`.
pub(super) async fn read(
    storage: &dyn Storage,
    layout: LayoutNumber,
    id: ShardId,
    limit: Duration,
) -> Result<Found, StorageError> {
    let Some(object) = within(limit, storage.get(&shard_key(layout, id))).await? else {
        return Ok(Found::Nothing);
    };
    let bytes = object.bytes;
    let parsed = if bytes.len() <= SMALL_BYTES {
        Shard::parse(bytes).map_err(Unusable::from)
    } else {
        let parsing = tokio::task::spawn_blocking(move || Shard::parse(bytes));
        parsing.await.map_or(Err(Unusable::GivenUp), |parsed| parsed.map_err(Unusable::from))
    };
    Ok(match parsed {
        Ok(shard) if shard.id() == id && shard.position().layout == layout => {
            Found::Shard(shard, object.etag)
        }
        Ok(shard) => Found::Unusable(Unusable::Other { layout: shard.position().layout, shard: shard.id() }),
        Err(why) => Found::Unusable(why),
    })
}
