//! Object stores by their URL: S3 and what speaks like it, a folder of this machine, memory.
//!
//! [`StoreUrl`] says which one, [`ObjectStore::open`] gives it, [`probe`] finds out what it can do. No call is tried
//! again here: who writes under a condition has to look at what stands there first. Every call ends within [`Limits`].
//! Knows nothing of what the objects mean.

mod file_system;
mod probe;
mod s3;
mod url;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use moclojer_core::ports::{
    Condition, ETag, Listed, MemoryStorage, Object, Put, Storage, StorageError, StorageKey,
};

use self::file_system::FileSystem;
use self::s3::S3;

pub use self::probe::{Probe, probe};
pub use self::url::{S3Url, StoreUrl, StoreUrlError};

/// The object store that a URL names. A clone is the same store.
#[derive(Clone, Debug)]
pub struct ObjectStore(Arc<dyn Storage>);

/// How long calls may take; what is over is [`StorageError::Timeout`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// For a put, 5 s.
    pub put: Duration,
    /// For a get, head or delete, and for one page of a listing, 10 s.
    pub other: Duration,
    /// For a listing with all its pages, 60 s.
    pub list: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { put: Duration::from_secs(5), other: Duration::from_secs(10), list: Duration::from_secs(60) }
    }
}

/// What S3 wants to know of its caller. Its `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    access_key_id: String,
    secret_access_key: String,
    session_token: Option<String>,
}

impl Credentials {
    /// The two halves of an access key.
    pub fn new(access_key_id: impl Into<String>, secret_access_key: impl Into<String>) -> Self {
        Self {
            access_key_id: access_key_id.into(),
            secret_access_key: secret_access_key.into(),
            session_token: None,
        }
    }

    /// The same for a session, which has a token too.
    #[must_use]
    pub fn with_session_token(mut self, token: impl Into<String>) -> Self {
        self.session_token = Some(token.into());
        self
    }

    /// Those of `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and, if there is one, `AWS_SESSION_TOKEN`.
    pub fn from_environment() -> Option<Self> {
        let read = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        let mut credentials = Self::new(read("AWS_ACCESS_KEY_ID")?, read("AWS_SECRET_ACCESS_KEY")?);
        credentials.session_token = read("AWS_SESSION_TOKEN");
        Some(credentials)
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(..)")
    }
}

/// A store cannot be used as it is named or configured; trying again does not help.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// S3 was named, and there is nobody to be.
    #[error("the object store at {0} needs credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")]
    NoCredentials(StoreUrl),
    /// The parts of the URL do not make a client.
    #[error("the object store at {0} cannot be used")]
    Client(StoreUrl, #[source] Box<dyn std::error::Error + Send + Sync>),
    /// The folder is not there and cannot be made.
    #[error("the folder of the object store at {0} cannot be made")]
    Folder(StoreUrl, #[source] std::io::Error),
}

impl ObjectStore {
    /// The store at a URL; `credentials` are for S3. A folder that is not there is made; S3 is not asked yet, and
    /// `memory:` is a new store at each call.
    ///
    /// # Errors
    /// When the store cannot be used whatever happens later.
    pub fn open(url: &StoreUrl, credentials: Option<Credentials>, limits: Limits) -> Result<Self, OpenError> {
        let storage: Arc<dyn Storage> = match url {
            StoreUrl::S3(s3) => {
                let credentials = credentials.ok_or_else(|| OpenError::NoCredentials(url.clone()))?;
                let opened = S3::open(s3, credentials, limits);
                Arc::new(opened.map_err(|error| OpenError::Client(url.clone(), error))?)
            }
            StoreUrl::FileSystem(folder) => {
                let opened = FileSystem::open(folder, limits);
                Arc::new(opened.map_err(|error| OpenError::Folder(url.clone(), error))?)
            }
            StoreUrl::Memory => Arc::new(MemoryStorage::default()),
        };
        Ok(Self(storage))
    }
}

#[async_trait]
impl Storage for ObjectStore {
    async fn get(&self, key: &StorageKey) -> Result<Option<Object>, StorageError> {
        self.0.get(key).await
    }

    async fn head(&self, key: &StorageKey) -> Result<Option<ETag>, StorageError> {
        self.0.head(key).await
    }

    async fn put(&self, key: &StorageKey, bytes: Bytes, condition: Condition) -> Result<Put, StorageError> {
        self.0.put(key, bytes, condition).await
    }

    async fn list(&self, prefix: &str) -> Result<Vec<Listed>, StorageError> {
        self.0.list(prefix).await
    }

    async fn delete(&self, key: &StorageKey) -> Result<(), StorageError> {
        self.0.delete(key).await
    }
}

/// Waits for an answer no longer than a limit.
async fn within<T>(
    limit: Duration,
    call: impl Future<Output = Result<T, StorageError>>,
) -> Result<T, StorageError> {
    tokio::time::timeout(limit, call).await.unwrap_or(Err(StorageError::Timeout(limit)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_not_shown() {
        let credentials = Credentials::new("canary-id", "canary-secret");
        assert!(!format!("{credentials:?}").contains("canary"));
    }

    #[test]
    fn s3_without_credentials_says_what_to_set() {
        let url = StoreUrl::parse("s3://bucket?region=eu-west-1").expect("a URL");
        let error = ObjectStore::open(&url, None, Limits::default()).expect_err("no credentials");
        assert!(error.to_string().contains("AWS_SECRET_ACCESS_KEY"), "{error}");
    }
}
