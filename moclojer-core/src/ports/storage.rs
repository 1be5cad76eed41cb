//! Where objects are kept: what the hosted form needs of an object store, and one that keeps them in memory.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;

/// An object store.
///
/// Keys name whole objects; there are no folders. A put is seen by every later read of every reader. Objects are
/// told apart by their [`ETag`], which the store makes: the same bytes written twice may have one or two. Every call
/// ends within a limit of the adapter's own; what a call that failed did is unknown (a put may have arrived), so that
/// who cares reads the object.
#[async_trait]
pub trait Storage: Send + Sync + fmt::Debug {
    /// An object with its bytes; none where there is none.
    async fn get(&self, key: &StorageKey) -> Result<Option<Object>, StorageError>;

    /// The tag of an object; none where there is none.
    async fn head(&self, key: &StorageKey) -> Result<Option<ETag>, StorageError>;

    /// Writes an object whole, if `condition` holds at that moment.
    async fn put(&self, key: &StorageKey, bytes: Bytes, condition: Condition) -> Result<Put, StorageError>;

    /// All objects whose keys begin with `prefix`, in no order, from all pages.
    async fn list(&self, prefix: &str) -> Result<Vec<Listed>, StorageError>;

    /// Removes an object; one that is not there is no error.
    async fn delete(&self, key: &StorageKey) -> Result<(), StorageError>;
}

/// The name of an object: segments of `A-Z a-z 0-9 . _ -`, joined by `/`; none is empty, `.` or `..`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StorageKey(Arc<str>);

/// A text is no [`StorageKey`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no key of an object: segments of letters, digits, `.`, `_` and `-`, joined by `/`")]
pub struct NotAKey(String);

impl StorageKey {
    /// Checks a key.
    ///
    /// # Errors
    /// When it has a segment that a key cannot have.
    pub fn parse(text: impl Into<Arc<str>>) -> Result<Self, NotAKey> {
        let text = text.into();
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        let fits = |segment: &str| !matches!(segment, "" | "." | "..") && segment.bytes().all(allowed);
        if text.len() <= 512 && text.split('/').all(fits) {
            Ok(Self(text))
        } else {
            Err(NotAKey((*text).to_owned()))
        }
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StorageKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a store calls one state of an object; compared, never read.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ETag(Arc<str>);

impl ETag {
    /// The tag as a store gave it.
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// The tag of these bytes in stores that make their own: SHA-256 in quotes.
    pub fn of(bytes: &[u8]) -> Self {
        let digest = hmac_sha256::Hash::hash(bytes);
        let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        Self(format!("\"{hex}\"").into())
    }

    /// The tag as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ETag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An object that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// What it holds.
    pub bytes: Bytes,
    /// The tag of exactly these bytes.
    pub etag: ETag,
}

/// An object as a listing names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its name.
    pub key: StorageKey,
    /// Its tag when it was listed.
    pub etag: ETag,
    /// Its size in bytes.
    pub size: u64,
}

/// When a put is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Whatever is there.
    Always,
    /// Only over the object with this tag.
    IfMatch(ETag),
    /// Only where there is no object.
    IfAbsent,
}

/// What became of a put.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Put {
    /// It stands, under this tag.
    Written(ETag),
    /// The condition did not hold (HTTP 412, 409, or 404 for a missing object): nothing was changed by this call.
    /// After a retry inside of an adapter it may be its own first try that stands there: read it.
    Refused,
}

/// A store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StorageError {
    /// It could not be asked, or gave up: later it may work.
    #[error("the object store did not answer as it should")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// It did not answer in time: later it may work.
    #[error("the object store did not answer within {0:?}")]
    Timeout(std::time::Duration),
    /// It refused: wrong credentials, no such bucket, or what it cannot do. Trying again does not help by itself.
    #[error("the object store refused")]
    Refused(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl StorageError {
    /// Whether the same call may succeed later with nothing changed.
    pub fn is_temporary(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Timeout(_))
    }
}

/// A store that lives as long as this value; conditions hold for everyone who shares it.
#[derive(Debug, Default)]
pub struct MemoryStorage(Mutex<BTreeMap<StorageKey, Object>>);

impl MemoryStorage {
    fn objects(&self) -> std::sync::MutexGuard<'_, BTreeMap<StorageKey, Object>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Storage for MemoryStorage {
    async fn get(&self, key: &StorageKey) -> Result<Option<Object>, StorageError> {
        Ok(self.objects().get(key).cloned())
    }

    async fn head(&self, key: &StorageKey) -> Result<Option<ETag>, StorageError> {
        Ok(self.objects().get(key).map(|object| object.etag.clone()))
    }

    async fn put(&self, key: &StorageKey, bytes: Bytes, condition: Condition) -> Result<Put, StorageError> {
        let etag = ETag::of(&bytes);
        let mut objects = self.objects();
        let there = objects.get(key).map(|object| &object.etag);
        let holds = match &condition {
            Condition::Always => true,
            Condition::IfMatch(etag) => there == Some(etag),
            Condition::IfAbsent => there.is_none(),
        };
        if !holds {
            return Ok(Put::Refused);
        }
        objects.insert(key.clone(), Object { bytes, etag: etag.clone() });
        Ok(Put::Written(etag))
    }

    async fn list(&self, prefix: &str) -> Result<Vec<Listed>, StorageError> {
        let objects = self.objects();
        let listed = objects.iter().filter(|(key, _)| key.as_str().starts_with(prefix));
        Ok(listed
            .map(|(key, object)| Listed {
                key: key.clone(),
                etag: object.etag.clone(),
                size: object.bytes.len() as u64,
            })
            .collect())
    }

    async fn delete(&self, key: &StorageKey) -> Result<(), StorageError> {
        self.objects().remove(key);
        Ok(())
    }
}
