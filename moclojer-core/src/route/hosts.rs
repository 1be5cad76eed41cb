//! The host table: from a request's host to the blocks that may answer, replaced host by host.
//!
//! Readers take no lock: a shard is one atomic load. Writers take one lock among themselves and copy one
//! shard. What a block is, is the caller's.

use std::hash::{BuildHasher, RandomState};
use std::ops::Deref;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use arc_swap::{ArcSwap, ArcSwapOption, Guard};

use crate::spec::host::{HostPattern, parent_of};

/// How an endpoint's host fits a request's; less is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HostClass {
    /// The same name.
    Exact,
    /// `*.` and what follows the request's first label.
    Wildcard,
    /// An endpoint without host.
    Any,
}

/// A block for each host, and one for endpoints without host.
#[derive(Debug)]
pub struct HostTable<T> {
    /// Made when the first name comes: many a table has none.
    shards: OnceLock<Box<[ArcSwap<Shard<T>>]>>,
    shard_count: usize,
    any: ArcSwapOption<T>,
    /// How many names and wildcard hosts there are: where there are none, none is looked up.
    names: AtomicUsize,
    wildcards: AtomicUsize,
    /// Keys come from requests, so the seed is nobody's to know.
    hasher: RandomState,
    writing: Mutex<()>,
}

/// In order of hash and host.
#[derive(Debug)]
struct Shard<T>(Vec<Entry<T>>);

#[derive(Debug)]
struct Entry<T> {
    hash: u64,
    host: Arc<HostPattern>,
    block: Arc<T>,
}

/// A block, and the hold that keeps it while it is replaced. Not to be kept across an `await`: see
/// [`Block::to_arc`].
#[derive(Debug)]
pub struct Block<T>(Hold<T>);

#[derive(Debug)]
enum Hold<T> {
    Named(Guard<Arc<Shard<T>>>, usize),
    Slot(Guard<Option<Arc<T>>>),
    Share(Arc<T>),
}

/// The blocks that may answer for a host, best class first; each is looked up when it is asked for.
#[derive(Debug)]
pub struct Blocks<'t, 'h, T> {
    table: &'t HostTable<T>,
    host: &'h str,
    next: Option<HostClass>,
}

impl<T> HostTable<T> {
    /// An empty table of so many shards (at least one): 16 for a local server, some thousand for many hosts.
    pub fn new(shards: usize) -> Self {
        Self {
            shards: OnceLock::new(),
            shard_count: shards.max(1),
            any: ArcSwapOption::empty(),
            names: AtomicUsize::new(0),
            wildcards: AtomicUsize::new(0),
            hasher: RandomState::new(),
            writing: Mutex::new(()),
        }
    }

    /// False while there is no block but the one without host, so that a request's host need not be known.
    pub fn has_names(&self) -> bool {
        self.names.load(Ordering::Acquire) > 0 || self.wildcards.load(Ordering::Acquire) > 0
    }

    /// The block of endpoints without host, which may answer for every host.
    pub fn any(&self) -> Option<Block<T>> {
        Block::of_slot(&self.any)
    }

    /// The blocks for a request's host, as [`of_authority`](crate::spec::host::of_authority) gives it: exact,
    /// wildcard, without host. One that is not there is left out.
    pub fn find<'t, 'h>(&'t self, host: &'h str) -> Blocks<'t, 'h, T> {
        Blocks { table: self, host, next: Some(HostClass::Exact) }
    }

    /// Puts a block in the place of a host's block, or of the one without host; `None` takes it out. Gives
    /// what stood there. Requests that hold the old block keep it; a reader sees one or the other, whole.
    pub fn swap(&self, host: Option<&HostPattern>, block: Option<Arc<T>>) -> Option<Arc<T>> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(host) = host else {
            return self.any.swap(block);
        };
        let (wildcard, name) = match host.wildcard() {
            Some(parent) => (true, parent),
            None => (false, host.as_str()),
        };
        let hash = self.hash(wildcard, name);
        let shard = self.shard_of(self.shards.get_or_init(|| self.empty_shards()), hash)?;
        let old = shard.load();
        let found = old.search(hash, wildcard, name);
        let count = if wildcard { &self.wildcards } else { &self.names };
        let mut entries = old.0.clone();
        match (found, block) {
            (Ok(at), Some(block)) => {
                if let Some(entry) = entries.get_mut(at) {
                    entry.block = block;
                }
            }
            (Ok(at), None) => {
                entries.remove(at);
            }
            (Err(at), Some(block)) => {
                entries.insert(at, Entry { hash, host: Arc::new(host.clone()), block });
                // Before the shard: who sees the count at none must be right.
                count.fetch_add(1, Ordering::Release);
            }
            (Err(_), None) => return None,
        }
        let removed = entries.len() < old.0.len();
        shard.store(Arc::new(Shard(entries)));
        if removed {
            count.fetch_sub(1, Ordering::Release);
        }
        found.ok().and_then(|at| old.0.get(at)).map(|entry| Arc::clone(&entry.block))
    }

    /// How many named hosts there are.
    pub fn len(&self) -> usize {
        self.names.load(Ordering::Acquire) + self.wildcards.load(Ordering::Acquire)
    }

    /// Whether there is no named host.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All named hosts with their blocks, in no order; a host that is swapped meanwhile may be old or new.
    /// For messages: take no more than are to be shown.
    pub fn hosts(&self) -> impl Iterator<Item = (Arc<HostPattern>, Arc<T>)> {
        self.shards.get().into_iter().flatten().flat_map(|shard| {
            let shard = shard.load_full();
            (0..shard.0.len()).filter_map(move |at| {
                shard.0.get(at).map(|entry| (Arc::clone(&entry.host), Arc::clone(&entry.block)))
            })
        })
    }

    fn named(&self, wildcard: bool, name: &str) -> Option<Block<T>> {
        let count = if wildcard { &self.wildcards } else { &self.names };
        if count.load(Ordering::Acquire) == 0 {
            return None;
        }
        let hash = self.hash(wildcard, name);
        let shard = self.shard_of(self.shards.get()?, hash)?.load();
        let at = shard.search(hash, wildcard, name).ok()?;
        Some(Block(Hold::Named(shard, at)))
    }

    fn hash(&self, wildcard: bool, name: &str) -> u64 {
        self.hasher.hash_one((wildcard, name))
    }

    fn empty_shards(&self) -> Box<[ArcSwap<Shard<T>>]> {
        let empty = Arc::new(Shard(Vec::new()));
        (0..self.shard_count).map(|_| ArcSwap::new(Arc::clone(&empty))).collect()
    }

    fn shard_of<'s>(&self, shards: &'s [ArcSwap<Shard<T>>], hash: u64) -> Option<&'s ArcSwap<Shard<T>>> {
        // The high bits choose the shard, so that the order inside one still spreads.
        shards.get((hash >> 32) as usize % self.shard_count)
    }
}

impl<T> Shard<T> {
    fn search(&self, hash: u64, wildcard: bool, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|entry| {
            let key = match entry.host.wildcard() {
                Some(parent) => (true, parent),
                None => (false, entry.host.as_str()),
            };
            (entry.hash, key).cmp(&(hash, (wildcard, name)))
        })
    }
}

// By hand: a block need not be Clone.
impl<T> Clone for Entry<T> {
    fn clone(&self) -> Self {
        Self { hash: self.hash, host: Arc::clone(&self.host), block: Arc::clone(&self.block) }
    }
}

impl<T> Block<T> {
    /// What stands in a slot now: one atomic load.
    pub(crate) fn of_slot(slot: &ArcSwapOption<T>) -> Option<Self> {
        let block = slot.load();
        block.is_some().then_some(Self(Hold::Slot(block)))
    }

    /// A block that is not swapped while it is read.
    pub(crate) fn of_share(block: &Arc<T>) -> Self {
        Self(Hold::Share(Arc::clone(block)))
    }

    /// A share of the block that may be kept.
    pub fn to_arc(&self) -> Arc<T> {
        Arc::clone(self.share())
    }

    fn share(&self) -> &Arc<T> {
        let share = match &self.0 {
            Hold::Named(shard, at) => shard.0.get(*at).map(|entry| &entry.block),
            Hold::Slot(block) => block.as_ref(),
            Hold::Share(block) => Some(block),
        };
        share.expect("a hold is made only of a block that was found, and what it holds never changes")
    }
}

impl<T> Deref for Block<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.share()
    }
}

impl<T> Iterator for Blocks<'_, '_, T> {
    type Item = (HostClass, Block<T>);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let class = self.next?;
            let (block, next) = match class {
                HostClass::Exact => (self.table.named(false, self.host), Some(HostClass::Wildcard)),
                HostClass::Wildcard => {
                    let parent = parent_of(self.host);
                    (parent.and_then(|parent| self.table.named(true, parent)), Some(HostClass::Any))
                }
                HostClass::Any => (self.table.any(), None),
            };
            self.next = next;
            if let Some(block) = block {
                return Some((class, block));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(text: &str) -> HostPattern {
        HostPattern::parse(text).expect(text)
    }

    fn found(table: &HostTable<u32>, host: &str) -> Vec<(HostClass, u32)> {
        table.find(host).map(|(class, block)| (class, *block)).collect()
    }

    #[test]
    fn blocks_come_exact_wildcard_any() {
        let table = HostTable::new(16);
        assert_eq!(found(&table, "a.b.c"), []);
        table.swap(None, Some(Arc::new(0)));
        table.swap(Some(&host("a.b.c")), Some(Arc::new(1)));
        table.swap(Some(&host("*.b.c")), Some(Arc::new(2)));
        table.swap(Some(&host("b.c")), Some(Arc::new(3)));
        use HostClass::{Any, Exact, Wildcard};
        for (name, expected) in [
            ("a.b.c", vec![(Exact, 1), (Wildcard, 2), (Any, 0)]),
            ("x.b.c", vec![(Wildcard, 2), (Any, 0)]),
            ("b.c", vec![(Exact, 3), (Any, 0)]),
            ("x.a.b.c", vec![(Any, 0)]),
            (".b.c", vec![(Any, 0)]),
            ("*.b.c", vec![(Wildcard, 2), (Any, 0)]),
            ("", vec![(Any, 0)]),
        ] {
            assert_eq!(found(&table, name), expected, "{name}");
        }
    }

    #[test]
    fn a_swap_gives_what_stood_there_and_a_hold_outlives_it() {
        let table = HostTable::new(1);
        let name = host("a.b");
        assert_eq!(table.swap(Some(&name), None), None);
        assert_eq!(table.swap(Some(&name), Some(Arc::new(1))), None);
        let (_, held) = table.find("a.b").next().expect("a block");
        assert_eq!(table.swap(Some(&name), Some(Arc::new(2))).as_deref(), Some(&1));
        assert_eq!(*held, 1);
        assert_eq!(*held.to_arc(), 1);
        assert_eq!(found(&table, "a.b"), [(HostClass::Exact, 2)]);
        assert_eq!(table.swap(Some(&name), None).as_deref(), Some(&2));
        assert_eq!(found(&table, "a.b"), []);
        assert_eq!(table.hosts().count(), 0);
        assert_eq!(table.swap(None, Some(Arc::new(3))), None);
        assert_eq!(table.swap(None, None).as_deref(), Some(&3));
    }

    #[test]
    fn concurrent_swaps_lose_nothing() {
        let table = HostTable::new(2);
        std::thread::scope(|scope| {
            for writer in 0..4u32 {
                let table = &table;
                scope.spawn(move || {
                    for number in 0..100 {
                        let name = host(&format!("h{number}-{writer}.test"));
                        table.swap(Some(&name), Some(Arc::new(number)));
                        assert_eq!(found(table, name.as_str()), [(HostClass::Exact, number)]);
                        if number % 2 == 0 {
                            table.swap(Some(&name), None);
                        }
                    }
                });
            }
        });
        assert_eq!(table.hosts().count(), 200);
        assert!(table.hosts().all(|(name, block)| name.as_str().starts_with(&format!("h{block}-"))));
    }
}
