//! What has to be swapped when a shard was read. It does not swap.

use std::collections::HashMap;

use super::number::Position;
use super::read::{Digest, Entry, Shard};
use crate::spec::host::HostPattern;

/// How far what is held of a shard's hosts has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// The highest position that anything was taken from.
    seen: Option<Position>,
    /// The highest position that was taken whole.
    complete: Option<Position>,
}

impl Held {
    /// Says that what `shard` differs in was taken over. One that is older than what was seen changes nothing.
    pub fn take(&mut self, shard: &Shard) {
        let position = Some(shard.position());
        if position >= self.seen {
            self.seen = position;
            if shard.is_complete() {
                self.complete = position;
            }
        }
    }

    /// The highest position that anything was taken from.
    pub fn seen(&self) -> Option<Position> {
        self.seen
    }
}

/// What differs between what is held and a shard.
#[derive(Debug, Default)]
pub struct Difference<'a> {
    /// Hosts that are new or say something else, in the order of the shard.
    pub changed: Vec<&'a Entry>,
    /// Hosts that are to be taken out, in the order in which they were given.
    pub removed: Vec<&'a HostPattern>,
}

impl<'a> Difference<'a> {
    /// What differs between `hosts`, the held ones of this shard with their digests, and the shard `new`.
    ///
    /// Nothing is taken from a shard that is older than what was seen. A host is removed only when it is absent from
    /// a shard that is complete and higher than the last one that was taken whole. When `new` is of a higher
    /// layout, `hosts` are those that this layout puts into this shard
    /// ([`Layout::shard_of`](super::Layout::shard_of)).
    pub fn between(
        held: &Held,
        hosts: impl IntoIterator<Item = (&'a HostPattern, Digest)>,
        new: &'a Shard,
    ) -> Self {
        let position = Some(new.position());
        if position < held.seen {
            return Self::default();
        }
        let removes = new.is_complete() && position > held.complete;
        let mut left: HashMap<&HostPattern, &Entry> =
            new.entries().iter().map(|entry| (&entry.host, entry)).collect();
        let mut removed = Vec::new();
        for (host, digest) in hosts {
            match left.get(host) {
                Some(entry) if entry.digest == digest => {
                    left.remove(host);
                }
                None if removes => removed.push(host),
                _ => {}
            }
        }
        let changed = new.entries().iter().filter(|entry| left.contains_key(&entry.host)).collect();
        Self { changed, removed }
    }
}
