//! Which shard a host is in. The hash is keyed with the installation's salt, so that nobody can choose names that
//! fall into one shard; shards are ranges of it, so that a plain index of a database finds the hosts of one.

use std::fmt;
use std::num::NonZeroU32;
use std::ops::RangeInclusive;

use hmac_sha256::HMAC;

use super::number::{LayoutNumber, ShardId};
use crate::spec::host::HostPattern;

/// How many bits a hash has: it fits a signed 64-bit column.
const BITS: u32 = 63;

/// The place of a host among all hosts: the first 63 bits of HMAC-SHA-256(salt, host).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostHash(u64);

impl HostHash {
    /// The hash of `host` under an installation's `salt`.
    pub fn of(salt: &[u8], host: &HostPattern) -> Self {
        let mac = HMAC::mac(host.as_str().as_bytes(), salt);
        let first = mac.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes));
        Self(first >> (u64::BITS - BITS))
    }

    /// The number itself, below 2^63.
    pub fn get(self) -> u64 {
        self.0
    }
}

/// One division of all hosts into shards.
#[derive(Clone)]
pub struct Layout {
    number: LayoutNumber,
    shards: NonZeroU32,
    salt: Box<[u8]>,
}

/// Without the salt, which is a secret of the installation.
impl fmt::Debug for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Layout")
            .field("number", &self.number)
            .field("shards", &self.shards)
            .finish_non_exhaustive()
    }
}

impl Layout {
    /// The layout `number` of `shards` shards.
    pub fn new(number: LayoutNumber, shards: NonZeroU32, salt: impl Into<Box<[u8]>>) -> Self {
        Self { number, shards, salt: salt.into() }
    }

    /// Its number.
    pub fn number(&self) -> LayoutNumber {
        self.number
    }

    /// All its shards.
    pub fn shards(&self) -> impl ExactSizeIterator<Item = ShardId> + use<> {
        (0..self.shards.get()).map(ShardId::new)
    }

    /// The hash of a host.
    pub fn hash(&self, host: &HostPattern) -> HostHash {
        HostHash::of(&self.salt, host)
    }

    /// The shard that a host is in.
    pub fn shard_of(&self, host: &HostPattern) -> ShardId {
        self.shard_of_hash(self.hash(host))
    }

    /// The shard that a hash is in: (hash × shards) >> 63.
    pub fn shard_of_hash(&self, hash: HostHash) -> ShardId {
        let shard = (u128::from(hash.get()) * u128::from(self.shards.get())) >> BITS;
        // Below `shards`, since a hash is below 2^63.
        ShardId::new(u32::try_from(shard).unwrap_or_default())
    }

    /// The hashes of a shard; none for a shard that the layout does not have.
    pub fn hashes(&self, shard: ShardId) -> Option<RangeInclusive<u64>> {
        let shards = u128::from(self.shards.get());
        let shard = u128::from(shard.get());
        if shard >= shards {
            return None;
        }
        let first = |shard: u128| (shard << BITS).div_ceil(shards);
        let (start, end) = (first(shard), first(shard + 1) - 1);
        Some(u64::try_from(start).ok()?..=u64::try_from(end).ok()?)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at what it did not expect")]

    use proptest::prelude::*;

    use super::*;

    fn layout(shards: u32) -> Layout {
        Layout::new(LayoutNumber::new(1), NonZeroU32::new(shards).unwrap(), *b"salt")
    }

    #[test]
    fn the_hash_is_the_first_63_bits_of_the_mac() {
        // `printf what do ya want for nothing? | openssl dgst -sha256 -hmac Jefe`, RFC 4231, test case 2.
        let mac = HMAC::mac(b"what do ya want for nothing?", b"Jefe");
        assert_eq!(mac[..8], [0x5b, 0xdc, 0xc1, 0x46, 0xbf, 0x60, 0x75, 0x4e]);
        let host = HostPattern::parse("a.b").unwrap();
        let mac = HMAC::mac(b"a.b", b"salt");
        let first = u64::from_be_bytes(mac[..8].try_into().unwrap());
        assert_eq!(HostHash::of(b"salt", &host).get(), first / 2);
        assert_ne!(HostHash::of(b"salt", &host), HostHash::of(b"other", &host));
    }

    #[test]
    fn the_ranges_of_all_shards_are_all_hashes_once() {
        for shards in [1, 2, 3, 7, 16, 1000, 1024] {
            let layout = layout(shards);
            let mut next = 0;
            for shard in layout.shards() {
                let range = layout.hashes(shard).unwrap();
                assert_eq!(*range.start(), next);
                for hash in [*range.start(), *range.end()] {
                    assert_eq!(layout.shard_of_hash(HostHash(hash)), shard);
                }
                next = range.end() + 1;
            }
            assert_eq!(next, 1 << BITS);
            assert_eq!(layout.hashes(ShardId::new(shards)), None);
        }
    }

    #[test]
    fn the_salt_is_not_shown() {
        assert_eq!(format!("{:?}", layout(2)), "Layout { number: LayoutNumber(1), shards: 2, .. }");
    }

    proptest! {
        #[test]
        fn a_host_is_in_the_range_of_its_shard(name in "[a-z0-9]{1,20}", shards in 1..u32::MAX) {
            let host = HostPattern::parse(&name).unwrap();
            let layout = layout(shards);
            let range = layout.hashes(layout.shard_of(&host)).unwrap();
            prop_assert!(range.contains(&layout.hash(&host).get()));
        }
    }
}
