//! The URL of an object store: what can be written, and which part of it is wrong.
//!
//! A URL holds no secrets, so that it can be shown; one that brings some is refused and not repeated.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use moclojer_core::ports::StorageKey;
use reqwest::Url;

/// Which object store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreUrl {
    /// `s3://bucket?endpoint=…&region=…&root=…`.
    S3(S3Url),
    /// `fs:/folder`: a folder of this machine that one process writes to.
    FileSystem(PathBuf),
    /// `memory:`: as long as the process lives.
    Memory,
}

/// A bucket, and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct S3Url {
    /// Its name.
    pub bucket: String,
    /// Whom to ask; without one Amazon's of the region.
    pub endpoint: Option<String>,
    /// Its region: given with Amazon's endpoint, else `us-east-1` where none is.
    pub region: String,
    /// The folder in the bucket that all keys are in.
    pub root: Option<StorageKey>,
}

/// A text is no [`StoreUrl`]. It says what to write instead and repeats no part that may hold a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreUrlError {
    /// It begins like no URL of a store.
    #[error(
        "the URL of an object store begins with `s3://`, `fs:/` or `memory:`, as in `s3://bucket?region=eu-west-1` \
         or `fs:/var/lib/moclojer`"
    )]
    Scheme,
    /// Something stands behind `memory:`.
    #[error("`memory:` stands alone")]
    Memory,
    /// The folder is not named from the root of the file system.
    #[error("`fs:` needs the folder's whole path, as in `fs:/var/lib/moclojer`")]
    Folder,
    /// It cannot be read as a URL at all.
    #[error(
        "the URL of the object store cannot be read: write `s3://bucket?endpoint=https://host&region=name`"
    )]
    Form,
    /// A name or password stands in it.
    #[error(
        "the URL of the object store holds credentials: take them out and set AWS_ACCESS_KEY_ID and \
         AWS_SECRET_ACCESS_KEY"
    )]
    CredentialsInside,
    /// The bucket's name cannot be one.
    #[error("`{0}` is no name of a bucket: 3 to 63 of `a-z 0-9 . -`, as in `s3://moclojer?region=eu-west-1`")]
    Bucket(String),
    /// A path stands behind the bucket.
    #[error(
        "a folder of the bucket is named by `root`, as in `s3://bucket?root=folder`, not behind the bucket"
    )]
    Path,
    /// A parameter that is not known.
    #[error("`{0}` is no parameter of an S3 URL: there are `endpoint`, `region` and `root`")]
    Parameter(String),
    /// A parameter stands twice.
    #[error("`{0}` stands twice in the URL of the object store")]
    Twice(String),
    /// The endpoint is no address of a server.
    #[error(
        "`endpoint` is the address of a server and nothing behind it, as in `endpoint=https://host:9000`"
    )]
    Endpoint,
    /// The region is missing, or is no name.
    #[error("`region` is needed without an `endpoint`, as in `s3://bucket?region=eu-west-1`")]
    Region,
    /// The root is no folder.
    #[error("`root` is a folder in the bucket without `/` at its ends, as in `root=mocks/production`")]
    Root,
}

impl StoreUrl {
    /// Reads a URL.
    ///
    /// # Errors
    /// When a part of it is wrong; the error names the part.
    pub fn parse(text: &str) -> Result<Self, StoreUrlError> {
        if let Some(path) = text.strip_prefix("fs:") {
            // `fs:///folder` is what a URL with an empty host looks like.
            let path = path.strip_prefix("//").filter(|path| path.starts_with('/')).unwrap_or(path);
            return if path.starts_with('/') && !path.starts_with("//") && !path.contains('\0') {
                Ok(Self::FileSystem(path.into()))
            } else {
                Err(StoreUrlError::Folder)
            };
        }
        if let Some(rest) = text.strip_prefix("memory:") {
            return if rest.is_empty() { Ok(Self::Memory) } else { Err(StoreUrlError::Memory) };
        }
        if text.starts_with("s3://") { parse_s3(text).map(Self::S3) } else { Err(StoreUrlError::Scheme) }
    }
}

fn parse_s3(text: &str) -> Result<S3Url, StoreUrlError> {
    let url = Url::parse(text).map_err(|_| StoreUrlError::Form)?;
    if has_credentials(&url) {
        return Err(StoreUrlError::CredentialsInside);
    }
    let bucket = url.host_str().unwrap_or_default().to_owned();
    if url.port().is_some() || url.fragment().is_some() {
        return Err(StoreUrlError::Form);
    }
    if !is_bucket(&bucket) {
        return Err(StoreUrlError::Bucket(bucket));
    }
    if !matches!(url.path(), "" | "/") {
        return Err(StoreUrlError::Path);
    }
    let [mut endpoint, mut region, mut root] = [None, None, None];
    for (name, value) in url.query_pairs() {
        let slot = match &*name {
            "endpoint" => &mut endpoint,
            "region" => &mut region,
            "root" => &mut root,
            _ => return Err(StoreUrlError::Parameter(name.into_owned())),
        };
        if slot.replace(value.into_owned()).is_some() {
            return Err(StoreUrlError::Twice(name.into_owned()));
        }
    }
    let endpoint = endpoint.map(|endpoint| parse_endpoint(&endpoint)).transpose()?;
    let region = match region {
        Some(region) if is_region(&region) => region,
        None if endpoint.is_some() => "us-east-1".to_owned(),
        _ => return Err(StoreUrlError::Region),
    };
    let root = root.map(|root| StorageKey::parse(root).map_err(|_| StoreUrlError::Root)).transpose()?;
    Ok(S3Url { bucket, endpoint, region, root })
}

fn parse_endpoint(text: &str) -> Result<String, StoreUrlError> {
    let url = Url::parse(text).map_err(|_| StoreUrlError::Endpoint)?;
    if has_credentials(&url) {
        return Err(StoreUrlError::CredentialsInside);
    }
    let is_server = matches!(url.scheme(), "http" | "https") && url.has_host();
    let stands_alone = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    if is_server && stands_alone {
        Ok(text.trim_end_matches('/').to_owned())
    } else {
        Err(StoreUrlError::Endpoint)
    }
}

fn has_credentials(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

fn is_bucket(text: &str) -> bool {
    let is_end = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    (3..=63).contains(&text.len())
        && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-'))
        && is_end(text.as_bytes().first())
        && is_end(text.as_bytes().last())
        && !text.contains("..")
}

fn is_region(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 64
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

impl FromStr for StoreUrl {
    type Err = StoreUrlError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::S3(s3) => {
                write!(f, "s3://{}?region={}", s3.bucket, s3.region)?;
                s3.endpoint.iter().try_for_each(|endpoint| write!(f, "&endpoint={endpoint}"))?;
                s3.root.iter().try_for_each(|root| write!(f, "&root={root}"))
            }
            Self::FileSystem(folder) => write!(f, "fs:{}", folder.display()),
            Self::Memory => f.write_str("memory:"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_read_and_written_as_they_were() {
        for text in [
            "s3://moclojer?region=eu-west-1",
            "s3://moclojer?region=us-east-1&endpoint=http://127.0.0.1:9000",
            "s3://my.bucket-1?region=auto&endpoint=https://store.example&root=a/b",
            "fs:/var/lib/moclojer",
            "fs:/with space",
            "memory:",
        ] {
            let url = StoreUrl::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(url.to_string(), text);
        }
        assert_eq!(StoreUrl::parse("fs:///var"), Ok(StoreUrl::FileSystem("/var".into())));
    }

    #[test]
    fn an_endpoint_alone_is_enough_and_may_be_escaped() {
        let url = StoreUrl::parse("s3://moclojer?endpoint=http%3A%2F%2Flocalhost%3A9000%2F");
        let Ok(StoreUrl::S3(s3)) = url else { panic!("{url:?}") };
        assert_eq!(s3.endpoint.as_deref(), Some("http://localhost:9000"));
        assert_eq!(s3.region, "us-east-1");
    }

    #[test]
    fn the_wrong_part_is_named() {
        use StoreUrlError as E;
        for (text, error) in [
            ("", E::Scheme),
            ("https://bucket.s3.amazonaws.com", E::Scheme),
            ("memory:x", E::Memory),
            ("fs:", E::Folder),
            ("fs:relative", E::Folder),
            ("fs://host/folder", E::Folder),
            ("s3://", E::Bucket(String::new())),
            ("s3://ab?region=x", E::Bucket("ab".into())),
            ("s3://UPPER?region=x", E::Bucket("UPPER".into())),
            ("s3://bucket/folder?region=x", E::Path),
            ("s3://bucket?regoin=x", E::Parameter("regoin".into())),
            ("s3://bucket?region=x&region=y", E::Twice("region".into())),
            ("s3://bucket", E::Region),
            ("s3://bucket?region=", E::Region),
            ("s3://bucket?endpoint=localhost:9000", E::Endpoint),
            ("s3://bucket?endpoint=http://host/path", E::Endpoint),
            ("s3://bucket?region=x&root=/a/", E::Root),
        ] {
            assert_eq!(StoreUrl::parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn secrets_are_refused_and_not_repeated() {
        for text in ["s3://id:canary@bucket?region=x", "s3://bucket?endpoint=http://id:canary@host"] {
            let error = StoreUrl::parse(text).expect_err("refused");
            assert_eq!(error, StoreUrlError::CredentialsInside);
            assert!(!format!("{error} {error:?}").contains("canary"));
        }
    }
}
