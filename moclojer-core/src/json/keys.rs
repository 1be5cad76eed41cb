//! Finds a key among many in constant time, for readers that must tell duplicates apart.
//!
//! The keys come from outside, so their hash is keyed by the standard library; it does not hold the keys
//! themselves, which stay where the reader keeps them.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

/// Up to this many keys are compared one by one.
const FEW: usize = 16;

/// Where keys stand in one map; starts to remember once the map is no longer small.
#[derive(Debug, Default)]
pub(crate) struct KeyIndex(Option<Box<Places>>);

#[derive(Debug, Default)]
struct Places {
    hasher: RandomState,
    /// Hash of a key to its place; only keys of two equal hashes would share an entry.
    places: HashMap<u64, u32, foldhash::fast::RandomState>,
    /// How many keys of the map are in `places`.
    known: usize,
}

impl KeyIndex {
    /// The place of `key` among the `len` keys that `at` gives. Keys may only be appended between calls.
    pub(crate) fn find<'k>(&mut self, key: &str, len: usize, at: impl Fn(usize) -> &'k str) -> Option<usize> {
        if len <= FEW {
            return (0..len).find(|&place| at(place) == key);
        }
        let index = self.0.get_or_insert_default();
        while index.known < len {
            let hash = index.hasher.hash_one(at(index.known));
            index.places.entry(hash).or_insert(u32::try_from(index.known).unwrap_or(u32::MAX));
            index.known += 1;
        }
        let place = *index.places.get(&index.hasher.hash_one(key))? as usize;
        if place < len && at(place) == key {
            return Some(place);
        }
        // Two keys with one 64-bit hash: nobody can provoke it, but the answer has to be right.
        (0..len).find(|&place| at(place) == key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_in_small_and_large_maps() {
        let names: Vec<String> = (0..100).map(|number| format!("key{number}")).collect();
        let mut index = KeyIndex::default();
        for len in 0..names.len() {
            for (place, name) in names.iter().enumerate() {
                let expected = (place < len).then_some(place);
                assert_eq!(index.find(name, len, |at| &names[at]), expected, "{name} of {len}");
            }
        }
    }
}
