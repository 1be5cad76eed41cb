//! S3 and what speaks like it, through opendal.
//!
//! Conditions are the store's own (`If-Match`, `If-None-Match: *`). Nothing is tried again, neither here nor inside of
//! opendal. A HEAD has no body, so that for `head` a bucket that is not there looks like an object that is not there;
//! the other calls are refused. The HTTP client is this value's own: its connections end with it.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use moclojer_core::ports::{Condition, ETag, Listed, Object, Put, Storage, StorageError, StorageKey};
use opendal::options::{ListOptions, WriteOptions};
use opendal::{Buffer, ErrorKind, HttpTransporter, Metadata, OperationContext, Operator};
use opendal_http_transport_reqwest::ReqwestTransport;

use super::url::S3Url;
use super::{Credentials, Limits, within};

/// How many objects are asked at a time for the ETag that a listing did not tell.
const ASKED_AT_ONCE: usize = 16;

/// How long the TCP connection may take, out of a call's time.
const CONNECT: Duration = Duration::from_secs(3);

/// A bucket, or a folder in it.
#[derive(Debug)]
pub(super) struct S3 {
    operator: Operator,
    limits: Limits,
}

type Cause = Box<dyn std::error::Error + Send + Sync>;

impl S3 {
    pub(super) fn open(url: &S3Url, credentials: Credentials, limits: Limits) -> Result<Self, Cause> {
        let endpoint =
            url.endpoint.clone().unwrap_or_else(|| format!("https://s3.{}.amazonaws.com", url.region));
        // What is not said here is not looked for in files or at a cloud's metadata address.
        let mut builder = opendal::services::S3::default()
            .bucket(&url.bucket)
            .endpoint(&endpoint)
            .region(&url.region)
            .access_key_id(&credentials.access_key_id)
            .secret_access_key(&credentials.secret_access_key)
            .disable_config_load()
            .disable_ec2_metadata();
        if let Some(token) = &credentials.session_token {
            builder = builder.session_token(token);
        }
        if let Some(root) = &url.root {
            builder = builder.root(root.as_str());
        }
        let client = reqwest::Client::builder().connect_timeout(CONNECT).build()?;
        let transport = HttpTransporter::new(ReqwestTransport::new(client));
        let context = OperationContext::default().with_http_transport(transport);
        Ok(Self { operator: Operator::new(builder)?.with_context(context), limits })
    }

    async fn read(&self, key: &StorageKey) -> Result<Option<Object>, StorageError> {
        let read = async {
            let mut stream = self.operator.reader(key.as_str()).await?.into_stream(..).await?;
            let metadata = stream.metadata().await?;
            let pieces: Vec<Buffer> = stream.try_collect().await?;
            Ok((metadata, pieces.into_iter().flatten().collect::<Buffer>()))
        };
        match read.await {
            Ok((metadata, bytes)) => Ok(Some(Object { etag: etag_of(&metadata)?, bytes: bytes.to_bytes() })),
            Err(error) if is_missing(&error) => Ok(None),
            Err(error) => Err(storage_error(error)),
        }
    }

    async fn stat(&self, key: &str) -> Result<Option<ETag>, StorageError> {
        match self.operator.stat(key).await {
            Ok(metadata) => etag_of(&metadata).map(Some),
            Err(error) if is_missing(&error) => Ok(None),
            Err(error) => Err(storage_error(error)),
        }
    }

    async fn write(&self, key: &StorageKey, bytes: Bytes, condition: Condition) -> Result<Put, StorageError> {
        let mut options = WriteOptions::default();
        match &condition {
            Condition::Always => {}
            Condition::IfMatch(etag) => options.if_match = Some(etag.as_str().to_owned()),
            Condition::IfAbsent => options.if_not_exists = true,
        }
        match self.operator.write_options(key.as_str(), bytes, options).await {
            Ok(metadata) => etag_of(&metadata).map(Put::Written),
            Err(error) if is_refusal(&error, &condition) => Ok(Put::Refused),
            Err(error) => Err(storage_error(error)),
        }
    }

    async fn list_all(&self, prefix: &str) -> Result<Vec<Listed>, StorageError> {
        let options = ListOptions { recursive: true, ..ListOptions::default() };
        let lister = self.operator.lister_options(prefix, options);
        let mut entries = within(self.limits.other, async { lister.await.map_err(storage_error) }).await?;
        let (mut listed, mut untold) = (Vec::new(), Vec::new());
        loop {
            let next = async { entries.next().await.transpose().map_err(storage_error) };
            let Some(entry) = within(self.limits.other, next).await? else { break };
            let (path, metadata) = entry.into_parts();
            // Whatever else is in the bucket is none of ours: folders, and names that are no keys.
            let Ok(key) = StorageKey::parse(path) else { continue };
            match metadata.etag() {
                Some(etag) => {
                    listed.push(Listed { key, etag: ETag::new(etag), size: metadata.content_length() });
                }
                None => untold.push((key, metadata.content_length())),
            }
        }
        let asked = untold.into_iter().map(|(key, size)| async move {
            // An object that went away in between is not there.
            let etag = within(self.limits.other, self.stat(key.as_str())).await?;
            Ok(etag.map(|etag| Listed { key, etag, size }))
        });
        let told: Vec<_> = stream::iter(asked).buffer_unordered(ASKED_AT_ONCE).try_collect().await?;
        listed.extend(told.into_iter().flatten());
        Ok(listed)
    }
}

#[async_trait]
impl Storage for S3 {
    async fn get(&self, key: &StorageKey) -> Result<Option<Object>, StorageError> {
        within(self.limits.other, self.read(key)).await
    }

    async fn head(&self, key: &StorageKey) -> Result<Option<ETag>, StorageError> {
        within(self.limits.other, self.stat(key.as_str())).await
    }

    async fn put(&self, key: &StorageKey, bytes: Bytes, condition: Condition) -> Result<Put, StorageError> {
        within(self.limits.put, self.write(key, bytes, condition)).await
    }

    async fn list(&self, prefix: &str) -> Result<Vec<Listed>, StorageError> {
        within(self.limits.list, self.list_all(prefix)).await
    }

    async fn delete(&self, key: &StorageKey) -> Result<(), StorageError> {
        let delete = async { self.operator.delete(key.as_str()).await.map_err(storage_error) };
        within(self.limits.other, delete).await
    }
}

fn etag_of(metadata: &Metadata) -> Result<ETag, StorageError> {
    metadata.etag().map(ETag::new).ok_or_else(no_etag)
}

fn no_etag() -> StorageError {
    StorageError::Refused("it gives objects no ETag, without which nothing can be compared".into())
}

fn is_missing(error: &opendal::Error) -> bool {
    error.kind() == ErrorKind::NotFound
}

/// Whether a put was not done because of its condition: 412, 409, or 404 where an object was expected.
fn is_refusal(error: &opendal::Error, condition: &Condition) -> bool {
    match condition {
        Condition::Always => false,
        Condition::IfAbsent => matches!(error.kind(), ErrorKind::ConditionNotMatch | ErrorKind::Conflict),
        Condition::IfMatch(_) => {
            matches!(error.kind(), ErrorKind::ConditionNotMatch | ErrorKind::Conflict | ErrorKind::NotFound)
        }
    }
}

/// What opendal knows to last is no use to be tried again: a 4xx that says so, or something that the store cannot do.
fn storage_error(error: opendal::Error) -> StorageError {
    let lasts = match error.kind() {
        ErrorKind::PermissionDenied | ErrorKind::ConfigInvalid | ErrorKind::Unsupported => true,
        ErrorKind::Unexpected => !error.is_temporary(),
        _ => false,
    };
    let cause = Box::new(Answer::of(&error));
    if lasts { StorageError::Refused(cause) } else { StorageError::Unavailable(cause) }
}

/// What a store answered, without the response's headers and addresses that opendal's error shows.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
struct Answer {
    text: String,
    source: Option<Box<Answer>>,
}

/// How much of what a store says is repeated.
const REPEATED_BYTES: usize = 300;

impl Answer {
    fn of(error: &opendal::Error) -> Self {
        let message = error.message();
        let text = format!("{}: {}", error.kind(), &message[..message.floor_char_boundary(REPEATED_BYTES)]);
        Self { text, source: std::error::Error::source(error).map(|source| Box::new(Self::copy(source))) }
    }

    fn copy(error: &(dyn std::error::Error + 'static)) -> Self {
        Self { text: error.to_string(), source: error.source().map(|source| Box::new(Self::copy(source))) }
    }
}
