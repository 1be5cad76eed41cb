//! One conditional write of a shard, whatever the store answers.
//!
//! A refused or unanswered put says nothing of what stands; the object does. It is read with its tag, so that what was
//! read and what a next put replaces are the same. What is not ours is written over only in a bucket that is ours.

use std::time::Duration;

use bytes::Bytes;
use moclojer_core::ports::{Condition, ETag, Put, StorageError, StorageKey};
use moclojer_core::unify::{Generation, Position, Shard, ShardId};

use super::{GeneratorError, Shared, bucket};

/// How often a shard is put in one attempt at most.
const TRIES: u32 = 5;
/// The pause after a put that was not answered, times the tries so far.
const PAUSE: Duration = Duration::from_millis(50);

/// What is to be written.
pub(super) struct Writing {
    pub(super) key: StorageKey,
    pub(super) shard: ShardId,
    pub(super) position: Position,
    pub(super) bytes: Bytes,
}

/// What became of it.
pub(super) enum Stood {
    /// It stands, under this tag.
    Mine(ETag),
    /// A higher generation stands there, under this tag.
    Above(Generation, ETag),
}

/// Why it does not stand, or is not known to.
#[derive(Debug, thiserror::Error)]
pub(super) enum PutError {
    #[error("the shard could not be written")]
    Storage(#[source] StorageError),
    #[error("what stands in the store could not be read after a write that was refused or not answered")]
    Look(#[source] StorageError),
    #[error("others changed the shard's object {TRIES} times meanwhile")]
    Contended,
    /// Somebody else's objects are not written over.
    #[error("something else stands in the store, and it is not known to be this installation's")]
    Bucket(#[source] GeneratorError),
}

/// How many puts are left, and the tag of what stands as far as is known.
pub(super) struct Tries {
    used: u32,
    pub(super) known: Option<ETag>,
}

impl Tries {
    pub(super) fn new(known: Option<ETag>) -> Self {
        Self { used: 0, known }
    }
}

/// Puts a shard until it stands, a higher one stands, or the tries are used up.
pub(super) async fn put(shared: &Shared, writing: &Writing, tries: &mut Tries) -> Result<Stood, PutError> {
    let mut last = PutError::Contended;
    while tries.used < TRIES {
        tries.used += 1;
        let condition = tries.known.clone().map_or(Condition::IfAbsent, Condition::IfMatch);
        match shared.call(shared.storage.put(&writing.key, writing.bytes.clone(), condition)).await {
            Ok(Put::Written(etag)) => return Ok(Stood::Mine(etag)),
            Ok(Put::Refused) => {
                shared.metrics.refused.inc();
                last = PutError::Contended;
            }
            Err(error) if !error.is_temporary() => return Err(PutError::Storage(error)),
            Err(error) => {
                shared.metrics.unanswered.inc();
                last = PutError::Storage(error);
                tokio::time::sleep(PAUSE * tries.used).await;
            }
        }
        let standing = look(shared, writing).await.map_err(PutError::Look)?;
        if !matches!(standing, Standing::Mine(_)) {
            // The bucket may have become another's since the last check of each minute.
            bucket::verify(shared).await.map_err(PutError::Bucket)?;
        }
        match standing {
            Standing::Mine(etag) => return Ok(Stood::Mine(etag)),
            Standing::Above(generation, etag) => return Ok(Stood::Above(generation, etag)),
            Standing::Below(etag) => tries.known = Some(etag),
            Standing::Nothing => tries.known = None,
        }
    }
    Err(last)
}

enum Standing {
    Nothing,
    Mine(ETag),
    Below(ETag),
    Above(Generation, ETag),
}

/// What stands in the place of a shard. An object that is no shard of this place is below everything.
async fn look(shared: &Shared, writing: &Writing) -> Result<Standing, StorageError> {
    let Some(object) = shared.call(shared.storage.get(&writing.key)).await? else {
        return Ok(Standing::Nothing);
    };
    let mine = writing.position;
    Ok(match Shard::head(&object.bytes) {
        // The same head around other bytes is damage, not my write.
        _ if object.bytes == writing.bytes => Standing::Mine(object.etag),
        Ok((id, found))
            if id == writing.shard && found.layout == mine.layout && found.generation > mine.generation =>
        {
            Standing::Above(found.generation, object.etag)
        }
        _ => Standing::Below(object.etag),
    })
}
