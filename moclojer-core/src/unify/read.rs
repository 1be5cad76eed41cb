//! The reader of shards: finds each host's document by its header line, without parsing and without copying.
//!
//! Any bytes are read in linear time: each is looked at once to find the header lines, and once more for a digest.
//! It does not know what a document says.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;

use bytes::Bytes;
use hmac_sha256::Hash;

use super::header::{HOST, HostLine, ShardLine};
use super::number::{NotANumber, Position, Revision, ShardId, Version};
use super::text::begins_as_processed;
use crate::spec::host::HostPattern;

/// A SHA-256, written as 64 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Hash::hash(bytes))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Digest {
    type Err = NotANumber;

    /// Reads what `Display` writes, and nothing else.
    fn from_str(text: &str) -> Result<Self, NotANumber> {
        let digit = |byte: u8| match byte {
            b'0'..=b'9' => Ok(byte - b'0'),
            b'a'..=b'f' => Ok(byte - b'a' + 10),
            _ => Err(NotANumber),
        };
        let (pairs, []) = text.as_bytes().as_chunks::<2>() else {
            return Err(NotANumber);
        };
        let mut bytes = [0; 32];
        if pairs.len() != bytes.len() {
            return Err(NotANumber);
        }
        for (byte, &[high, low]) in bytes.iter_mut().zip(pairs) {
            *byte = digit(high)? << 4 | digit(low)?;
        }
        Ok(Self(bytes))
    }
}

/// A shard whose header fits its bytes.
#[derive(Clone, Debug)]
pub struct Shard {
    id: ShardId,
    position: Position,
    entries: Vec<Entry>,
    damaged: Vec<Damaged>,
}

/// What a shard holds of one host, whole and unchanged since it was written.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The host.
    pub host: HostPattern,
    /// The host's version that this is.
    pub version: Version,
    /// The mock's revision that this is.
    pub revision: Revision,
    /// The digest of the document: two documents with the same say the same.
    pub digest: Digest,
    /// The document, a part of the shard's bytes; [`Spec::read`](crate::spec::Spec::read) reads it.
    pub document: Bytes,
}

/// A part of a shard that cannot be used. What is held of its host goes on being served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damaged {
    /// Its host, as its header line says; none when that cannot be read. The name itself may be what was damaged.
    pub host: Option<HostPattern>,
    /// What does not fit.
    pub why: Damage,
}

/// Why a part of a shard cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Damage {
    /// A field of its header line is missing or cannot be read.
    #[error("`{0}` of its header line cannot be read")]
    Header(&'static str),
    /// It has another length than its header line says.
    #[error("it has {found} bytes, its header line says {said}")]
    Length {
        /// By the header line.
        said: usize,
        /// Up to the next header line.
        found: usize,
    },
    /// Its bytes are not those that were written.
    #[error("its digest is not that of its header line")]
    Digest,
    /// It is the text of another host, or no processed text.
    #[error("its text is not one for this host")]
    OtherHost,
    /// The host stands twice, so that neither can be trusted.
    #[error("its host stands twice")]
    HostTwice,
}

/// Why nothing of a shard can be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ShardError {
    /// The first line is no header line of a shard, or a field of it cannot be read.
    #[error("the shard's first line is broken: `{0}` cannot be read")]
    Header(&'static str),
    /// It was cut, or something was added.
    #[error("the shard has {found} bytes after its first line, which says {said}")]
    Bytes {
        /// By the header line.
        said: usize,
        /// That are there.
        found: usize,
    },
    /// It has another number of documents than its first line says.
    #[error("the shard has {found} hosts, its first line says {said}")]
    Hosts {
        /// By the header line.
        said: usize,
        /// Parts of hosts, whole or damaged, that are there.
        found: usize,
    },
}

impl Shard {
    /// Reads a shard. The documents are slices of `bytes`, which stay in memory as long as one of them does.
    ///
    /// # Errors
    /// When the first line is broken, or what it says of hosts and bytes does not fit: then nothing is taken from it.
    /// A host whose own part does not fit is no error but [`damaged`](Self::damaged), alone.
    pub fn parse(bytes: Bytes) -> Result<Self, ShardError> {
        let line = first_line(&bytes).ok_or(ShardError::Header("shard"))?;
        let header = ShardLine::parse(line).map_err(ShardError::Header)?;
        let body = bytes.slice(line.len() + 1..);
        if body.len() != header.bytes {
            return Err(ShardError::Bytes { said: header.bytes, found: body.len() });
        }
        let parts = read_parts(&body);
        if parts.len() != header.hosts {
            return Err(ShardError::Hosts { said: header.hosts, found: parts.len() });
        }
        let (entries, damaged) = apart(parts);
        Ok(Self { id: header.id, position: header.position, entries, damaged })
    }

    /// What the first line of a shard says, whatever follows it: which shard it is, and which write.
    ///
    /// # Errors
    /// When that line is broken.
    pub fn head(bytes: &[u8]) -> Result<(ShardId, Position), ShardError> {
        let line = first_line(bytes).ok_or(ShardError::Header("shard"))?;
        let header = ShardLine::parse(line).map_err(ShardError::Header)?;
        Ok((header.id, header.position))
    }

    /// Which shard of its layout it says to be; who asked for a shard compares it.
    pub fn id(&self) -> ShardId {
        self.id
    }

    /// Which layout and which write it is.
    pub fn position(&self) -> Position {
        self.position
    }

    /// What can be used, in the order of the shard.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// What cannot.
    pub fn damaged(&self) -> &[Damaged] {
        &self.damaged
    }

    /// Whether nothing of it is damaged, so that a host that it does not hold is truly absent.
    pub fn is_complete(&self) -> bool {
        self.damaged.is_empty()
    }
}

/// The first line without its end; none when it has no end.
fn first_line(bytes: &[u8]) -> Option<&[u8]> {
    let end = bytes.iter().position(|&byte| byte == b'\n')?;
    bytes.get(..end)
}

/// Where the header lines of hosts begin, in order.
fn host_lines(body: &[u8]) -> Vec<usize> {
    let mut starts = Vec::new();
    let mut at = 0;
    for line in body.split_inclusive(|&byte| byte == b'\n') {
        if line.starts_with(HOST.as_bytes()) {
            starts.push(at);
        }
        at += line.len();
    }
    starts
}

/// Reads one part a host. A part ends where its length and digest say, else at the next header line.
fn read_parts(body: &Bytes) -> Vec<Result<Entry, Damaged>> {
    let mut parts = Vec::new();
    let mut at = 0;
    for next in host_lines(body).into_iter().chain([body.len()]) {
        // More than once when a broken byte hides a header line: what is before it is whole all the same.
        while at < next {
            let (length, part) = read_part(&body.slice(at..next));
            at += length;
            parts.push(part);
        }
    }
    parts
}

/// Reads a header line and its document at the begin of `region`, in which no other line is one of a header. Gives how
/// many bytes they are, at least one.
fn read_part(region: &Bytes) -> (usize, Result<Entry, Damaged>) {
    let line = first_line(region).unwrap_or(region);
    let broken = |length: usize, why| (length, Err(Damaged { host: HostLine::host(line), why }));
    let header = match HostLine::parse(line) {
        Ok(header) => header,
        Err(field) => return broken(region.len(), Damage::Header(field)),
    };
    let begin = region.len().min(line.len() + 1);
    let rest = region.slice(begin..);
    let wrong_length = Damage::Length { said: header.length, found: rest.len() };
    let Some(behind) = rest.get(header.length..) else {
        return broken(region.len(), wrong_length);
    };
    let document = rest.slice(..header.length);
    let end = begin + document.len();
    if Digest::of(&document) != header.digest {
        let fits = behind.is_empty() || behind.starts_with(HOST.as_bytes());
        return if fits { broken(end, Damage::Digest) } else { broken(region.len(), wrong_length) };
    }
    if !begins_as_processed(&document, &header.host) {
        return broken(end, Damage::OtherHost);
    }
    let HostLine { host, version, revision, digest, .. } = header;
    (end, Ok(Entry { host, version, revision, digest, document }))
}

/// What can be used and what cannot. A host that has two whole documents has none; the name of a damaged part says
/// nothing, since it may be what was damaged.
fn apart(parts: Vec<Result<Entry, Damaged>>) -> (Vec<Entry>, Vec<Damaged>) {
    let mut entries = Vec::new();
    let mut damaged = Vec::new();
    let mut count: HashMap<HostPattern, usize> = HashMap::new();
    for part in parts {
        match part {
            Ok(entry) => {
                *count.entry(entry.host.clone()).or_default() += 1;
                entries.push(entry);
            }
            Err(part) => damaged.push(part),
        }
    }
    let twice = |entry: &mut Entry| count.get(&entry.host).is_some_and(|&count| count > 1);
    let lost = entries.extract_if(.., twice);
    damaged.extend(lost.map(|entry| Damaged { host: Some(entry.host), why: Damage::HostTwice }));
    (entries, damaged)
}
