//! What a store can do, found out by trying.
//!
//! Works under keys of its own (`probe/…`) and removes them.

use bytes::Bytes;
use moclojer_core::ports::{Condition, ETag, Put, Storage, StorageError, StorageKey};
use uuid::Uuid;

/// What a store was seen to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Probe {
    /// A put over another state than the one it names is refused, and leaves the object as it was.
    pub refuses_stale: bool,
    /// A put that wants no object there is refused where there is one.
    pub refuses_present: bool,
    /// A listing has the object, under the same ETag as its put and its read.
    pub lists_etags: bool,
    /// What was written is what is read at once, also after it was overwritten and removed.
    pub reads_what_was_written: bool,
}

impl Probe {
    /// Whether writers of one object keep each other from overwriting what they have not seen.
    pub fn is_conditional(&self) -> bool {
        self.refuses_stale && self.refuses_present
    }
}

/// Tries a store.
///
/// # Errors
/// When the store did not answer: then nothing is known of what it can do.
pub async fn probe(storage: &dyn Storage) -> Result<Probe, StorageError> {
    let name = format!("probe/{}", Uuid::new_v4().simple());
    let key = StorageKey::parse(name).map_err(|error| StorageError::Refused(error.into()))?;
    let probed = try_all(storage, &key).await;
    // What could not be tried is removed too; the first error says more than one of this.
    let removed = storage.delete(&key).await;
    let mut probed = probed?;
    removed?;
    probed.reads_what_was_written &= storage.get(&key).await?.is_none();
    Ok(probed)
}

async fn try_all(storage: &dyn Storage, key: &StorageKey) -> Result<Probe, StorageError> {
    let [first, second, stray] = [&b"first"[..], b"second", b"stray"].map(Bytes::from_static);
    let is_refused = async |condition| {
        let put = storage.put(key, stray.clone(), condition).await?;
        Ok::<_, StorageError>(put == Put::Refused)
    };
    let refuses_missing = is_refused(Condition::IfMatch(ETag::of(b"never written"))).await?;
    let old = written(storage.put(key, first, Condition::Always).await?)?;
    let refuses_present = is_refused(Condition::IfAbsent).await?;
    written(storage.put(key, second.clone(), Condition::Always).await?)?;
    let refuses_stale = is_refused(Condition::IfMatch(old)).await?;
    let stands = if refuses_stale { second } else { stray };
    let read = storage.get(key).await?;
    let tag = storage.head(key).await?;
    let listed = storage.list(key.as_str()).await?;
    Ok(Probe {
        refuses_stale: refuses_missing && refuses_stale,
        refuses_present,
        lists_etags: tag.is_some() && listed.iter().any(|listed| Some(&listed.etag) == tag.as_ref()),
        reads_what_was_written: read.is_some_and(|read| read.bytes == stands && Some(read.etag) == tag),
    })
}

fn written(put: Put) -> Result<ETag, StorageError> {
    match put {
        Put::Written(etag) => Ok(etag),
        Put::Refused => Err(StorageError::Refused("it refused a put that has no condition".into())),
    }
}
