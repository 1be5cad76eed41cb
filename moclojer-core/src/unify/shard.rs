//! The writer of shards.

use std::collections::HashSet;

use super::header::{HostLine, ShardLine};
use super::number::{Position, Revision, ShardId, Version};
use super::read::Digest;
use super::text::ProcessedText;
use crate::spec::host::HostPattern;

/// What a shard holds of one host.
#[derive(Clone, Copy, Debug)]
pub struct Document<'t> {
    /// What is served.
    pub text: &'t ProcessedText,
    /// The host's version that this is.
    pub version: Version,
    /// The mock's revision that this is.
    pub revision: Revision,
}

/// Why a shard cannot be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// Two documents are for one host.
    #[error("the host {0} stands twice in one shard")]
    HostTwice(HostPattern),
}

/// Writes a shard: its header line, then for each host, in the order of their names, a header line and its document.
///
/// The same documents in any order give the same bytes. Each text is copied once.
///
/// # Errors
/// When two documents are for one host.
pub fn write_shard(
    id: ShardId,
    position: Position,
    documents: &[Document<'_>],
) -> Result<Vec<u8>, WriteError> {
    let mut seen = HashSet::with_capacity(documents.len());
    if let Some(twice) = documents.iter().find(|document| !seen.insert(document.text.host())) {
        return Err(WriteError::HostTwice(twice.text.host().clone()));
    }
    let mut sorted: Vec<&Document<'_>> = documents.iter().collect();
    sorted.sort_unstable_by(|one, other| one.text.host().cmp(other.text.host()));
    let lines: Vec<String> = sorted.iter().map(|document| host_line(document)).collect();
    let texts: usize = sorted.iter().map(|document| document.text.as_str().len()).sum();
    let bytes = lines.iter().map(String::len).sum::<usize>() + texts;
    let first = ShardLine { id, position, hosts: sorted.len(), bytes }.write();

    let mut shard = Vec::with_capacity(first.len() + bytes);
    shard.extend_from_slice(first.as_bytes());
    for (line, document) in lines.iter().zip(&sorted) {
        shard.extend_from_slice(line.as_bytes());
        shard.extend_from_slice(document.text.as_str().as_bytes());
    }
    Ok(shard)
}

fn host_line(document: &Document<'_>) -> String {
    let text = document.text.as_str().as_bytes();
    HostLine {
        host: document.text.host().clone(),
        version: document.version,
        revision: document.revision,
        length: text.len(),
        digest: Digest::of(text),
    }
    .write()
}
