//! Counters that templates name: `{{counter:"orders"}}`. They count through all answers that share them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use arc_swap::ArcSwap;

type Known = HashMap<Arc<str>, Arc<AtomicU64>>;

/// Numbers by name, each from 1. A name that is known is counted without a lock.
#[derive(Debug, Default)]
pub struct Counters {
    /// Copied when a name is added, which is seldom: there are few of them.
    known: OnceLock<ArcSwap<Known>>,
    adding: Mutex<()>,
}

impl Counters {
    /// The most names; requests may make them up.
    pub const MOST_NAMES: usize = 1_000;

    /// The longest name in bytes.
    pub const LONGEST_NAME: usize = 256;

    /// The next number of `name`; `None` for one name too many, or one that is too long.
    pub fn next(&self, name: &str) -> Option<u64> {
        match self.known().load().get(name) {
            Some(counter) => Some(count(counter)),
            None => self.added(name).map(|counter| count(&counter)),
        }
    }

    /// Most have none, and are made often.
    fn known(&self) -> &ArcSwap<Known> {
        self.known.get_or_init(ArcSwap::default)
    }

    fn added(&self, name: &str) -> Option<Arc<AtomicU64>> {
        if name.len() > Self::LONGEST_NAME {
            return None;
        }
        let _adding = self.adding.lock().unwrap_or_else(PoisonError::into_inner);
        let known = self.known().load();
        if let Some(counter) = known.get(name) {
            // Another thread was faster.
            return Some(Arc::clone(counter));
        }
        if known.len() >= Self::MOST_NAMES {
            return None;
        }
        let counter = Arc::default();
        let mut more = HashMap::clone(&known);
        more.insert(name.into(), Arc::clone(&counter));
        self.known().store(Arc::new(more));
        Some(counter)
    }
}

fn count(counter: &AtomicU64) -> u64 {
    counter.fetch_add(1, Ordering::Relaxed).wrapping_add(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_counts_from_1() {
        let counters = Counters::default();
        let counted = ["a", "a", "b", "a", ""].map(|name| counters.next(name));
        assert_eq!(counted, [Some(1), Some(2), Some(1), Some(3), Some(1)]);
    }

    #[test]
    fn names_are_bounded_in_number_and_length_and_known_ones_go_on() {
        let counters = Counters::default();
        assert_eq!(counters.next(&"x".repeat(Counters::LONGEST_NAME + 1)), None);
        for index in 0..Counters::MOST_NAMES {
            assert_eq!(counters.next(&index.to_string()), Some(1));
        }
        assert_eq!(counters.next("one more"), None);
        assert_eq!(counters.next("7"), Some(2));
    }

    #[test]
    fn threads_lose_no_number() {
        let counters = Counters::default();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for index in 0..1_000 {
                        counters.next(if index % 2 == 0 { "even" } else { "odd" });
                    }
                });
            }
        });
        assert_eq!((counters.next("even"), counters.next("odd")), (Some(4_001), Some(4_001)));
    }
}
