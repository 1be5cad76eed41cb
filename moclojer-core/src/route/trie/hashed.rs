//! The hash table of literal children that have many siblings, and a filter before it.
//!
//! A lookup that finds reads one place of the table. The filter is for lookups that mostly find nothing: it takes
//! a sixty-fourth of the table's room, so that it stays near the processor where the table does not.

use std::hash::{BuildHasher, Hasher};

use foldhash::fast::RandomState;

use super::{Edge, NONE, Run};

/// Slots for each word of the filter: four to eight of them are full, so that an edge has eight to sixteen bits.
const SLOTS_A_WORD: usize = 16;

#[derive(Debug, Default)]
pub(super) struct Hashed {
    /// Open addressing with linear probing; a power of two, at most half full, or empty.
    slots: Box<[Slot]>,
    /// Bits of each edge's hash, all in one word that the hash chooses; a power of two of words, or none.
    filter: Box<[u64]>,
    pub(super) hasher: RandomState,
}

/// How much of a literal's text stands in its slot.
const HEAD_BYTES: usize = 12;

/// A place of the hash table: what decides whether an edge is the one, in half a cache line, so that a lookup among
/// many literals reads one place of memory; empty where `child` is [`NONE`].
#[derive(Clone, Copy, Debug)]
#[repr(align(32))]
pub(super) struct Slot {
    tag: u32,
    parent: u32,
    child: u32,
    text: Run,
    head: [u8; HEAD_BYTES],
}

impl Slot {
    const EMPTY: Self =
        Self { tag: 0, parent: 0, child: NONE, text: Run { start: 0, count: 0 }, head: [0; HEAD_BYTES] };

    fn new(tag: u32, edge: &Edge, text: &[u8]) -> Self {
        let mut head = [0; HEAD_BYTES];
        head.iter_mut().zip(text).for_each(|(place, byte)| *place = *byte);
        Self { tag, parent: edge.parent, child: edge.child, text: edge.text, head }
    }

    fn holds(&self, parent: u32, text: &[u8], texts: &str) -> bool {
        if self.parent != parent || self.text.count as usize != text.len() {
            return false;
        }
        match self.head.get(..text.len()) {
            Some(head) => head == text,
            None => texts.as_bytes().get(self.text.range()) == Some(text),
        }
    }
}

impl Hashed {
    /// A table of these edges, each with its text.
    pub(super) fn new<'t>(edges: impl ExactSizeIterator<Item = (&'t Edge, &'t str)>) -> Self {
        let hasher = RandomState::default();
        if edges.len() == 0 {
            return Self { hasher, ..Self::default() };
        }
        let size = (edges.len() * 2).next_power_of_two();
        let mut slots = vec![Slot::EMPTY; size].into_boxed_slice();
        let mut filter = vec![0; size.div_ceil(SLOTS_A_WORD)].into_boxed_slice();
        for (edge, text) in edges {
            let hash = hash(&hasher, edge.parent, text.as_bytes());
            if let Some(word) = filter.get_mut(word_of(hash, filter.len())) {
                *word |= bits_of(hash);
            }
            let mut at = slot_of(hash) & (size - 1);
            while slots.get(at).is_some_and(|slot| slot.child != NONE) {
                at = (at + 1) & (size - 1);
            }
            if let Some(slot) = slots.get_mut(at) {
                *slot = Slot::new(tag_of(hash), edge, text.as_bytes());
            }
        }
        Self { slots, filter, hasher }
    }

    /// The child of `parent` for this text; `texts` are those of all edges.
    pub(super) fn find(&self, parent: u32, text: &[u8], texts: &str) -> Option<u32> {
        self.find_hash(hash(&self.hasher, parent, text), parent, text, texts)
    }

    /// The same, with a look at the filter first.
    pub(super) fn find_rare(&self, parent: u32, text: &[u8], texts: &str) -> Option<u32> {
        let hash = hash(&self.hasher, parent, text);
        if self.may_hold(hash) { self.find_hash(hash, parent, text, texts) } else { None }
    }

    /// What the filter says: `false` is sure.
    fn may_hold(&self, hash: u64) -> bool {
        let word = self.filter.get(word_of(hash, self.filter.len()));
        word.is_some_and(|word| word & bits_of(hash) == bits_of(hash))
    }

    fn find_hash(&self, hash: u64, parent: u32, text: &[u8], texts: &str) -> Option<u32> {
        let mask = self.slots.len().checked_sub(1)?;
        let mut at = slot_of(hash) & mask;
        loop {
            let slot = self.slots.get(at)?;
            if slot.child == NONE {
                return None;
            }
            if slot.tag == tag_of(hash) && slot.holds(parent, text, texts) {
                return Some(slot.child);
            }
            at = (at + 1) & mask;
        }
    }
}

fn hash(hasher: &RandomState, parent: u32, text: &[u8]) -> u64 {
    let mut hasher = hasher.build_hasher();
    hasher.write(text);
    hasher.write_u32(parent);
    hasher.finish()
}

/// The bits that choose a slot and those that a slot keeps are not the same.
fn slot_of(hash: u64) -> usize {
    (hash & u64::from(u32::MAX)) as usize
}

fn tag_of(hash: u64) -> u32 {
    (hash >> 32) as u32
}

/// Which word of the filter is for this hash; `words` is a power of two.
fn word_of(hash: u64, words: usize) -> usize {
    slot_of(hash) & words.wrapping_sub(1)
}

/// Three bits of a word, which the hash chooses with other bits than the word.
fn bits_of(hash: u64) -> u64 {
    [32, 38, 44].into_iter().fold(0, |bits, from| bits | 1 << (hash >> from & 63))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Edges of one node with these texts, and all their texts.
    fn edges(texts: &[String]) -> (Vec<Edge>, String) {
        let mut all = String::new();
        let edges = (1..).zip(texts).map(|(child, text)| {
            let start = u32::try_from(all.len()).expect("a short text");
            all.push_str(text);
            Edge {
                parent: 0,
                child,
                text: Run { start, count: u32::try_from(text.len()).expect("a short text") },
            }
        });
        (edges.collect(), all)
    }

    #[test]
    fn the_filter_hides_nothing_that_is_there_and_nearly_all_that_is_not() {
        for count in [9, 100, 8_192, 10_000] {
            let texts: Vec<String> = (0..count).map(|number| format!("item-{number}")).collect();
            let (edges, all) = edges(&texts);
            let table = Hashed::new(edges.iter().zip(texts.iter().map(String::as_str)));
            for (edge, text) in edges.iter().zip(&texts) {
                assert_eq!(table.find_rare(0, text.as_bytes(), &all), Some(edge.child));
                assert_eq!(table.find(0, text.as_bytes(), &all), Some(edge.child));
            }
            let absent = (0..10_000).map(|number| format!("other-{number}"));
            let let_through = absent.filter(|text| {
                assert_eq!(table.find_rare(0, text.as_bytes(), &all), None);
                table.may_hold(hash(&table.hasher, 0, text.as_bytes()))
            });
            let let_through = let_through.count();
            assert!(let_through < 1_500, "{let_through} of 10,000 with {count} edges");
            assert!(table.filter.len() * 8 <= 2 * count, "two bytes an edge at most");
        }
    }

    #[test]
    fn an_empty_table_finds_nothing() {
        let table = Hashed::new(std::iter::empty());
        assert_eq!((table.find(0, b"a", ""), table.find_rare(0, b"a", "")), (None, None));
    }
}
