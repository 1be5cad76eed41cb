//! What is needed from outside: time and chance, and for the hosted form a store of objects and a bus.

#[cfg(feature = "hosted")]
mod bus;
#[cfg(feature = "hosted")]
mod storage;

use std::cell::Cell;
use std::sync::{Arc, LazyLock};

use jiff::Timestamp;

#[cfg(feature = "hosted")]
pub use bus::{
    Bus, BusError, Event, InProcessBus, MESSAGE_BYTES, MessageTooLarge, QUEUED_MESSAGES, Subscription,
};
#[cfg(feature = "hosted")]
pub use storage::{
    Condition, ETag, Listed, MemoryStorage, NotAKey, Object, Put, Storage, StorageError, StorageKey,
};

/// Tells the time.
pub trait Clock: Send + Sync {
    /// The instant now.
    fn now(&self) -> Timestamp;
}

/// Draws at random.
pub trait Random: Send + Sync {
    /// Sixty-four bits, each as likely 0 as 1.
    fn next_u64(&self) -> u64;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl SystemClock {
    /// The one that all servers of a process can share.
    pub(crate) fn shared() -> Arc<dyn Clock> {
        static SHARED: LazyLock<Arc<dyn Clock>> = LazyLock::new(|| Arc::new(SystemClock));
        Arc::clone(&SHARED)
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// The machine's randomness.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandom;

impl SystemRandom {
    /// The one that all servers of a process can share.
    pub(crate) fn shared() -> Arc<dyn Random> {
        static SHARED: LazyLock<Arc<dyn Random>> = LazyLock::new(|| Arc::new(SystemRandom));
        Arc::clone(&SHARED)
    }
}

impl Random for SystemRandom {
    fn next_u64(&self) -> u64 {
        rand::random()
    }
}

/// A clock that stands still, for tests.
#[derive(Clone, Copy, Debug)]
pub struct FixedClock(pub Timestamp);

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        self.0
    }
}

/// Draws that a key decides: the same key, the same draws, on every machine and in every run.
///
/// Used by one thread for one text; whoever wants other draws derives another key.
#[derive(Debug)]
pub(crate) struct KeyedDraws {
    key: u64,
    drawn: Cell<u64>,
}

impl KeyedDraws {
    pub(crate) fn new(key: u64) -> Self {
        Self { key, drawn: Cell::new(0) }
    }

    /// The next draw: SplitMix64, which is a counter whose bits are mixed.
    pub(crate) fn next_u64(&self) -> u64 {
        let count = self.drawn.get().wrapping_add(1);
        self.drawn.set(count);
        mix(self.key.wrapping_add(count.wrapping_mul(STEP)))
    }
}

/// The key of what `word` names inside of what `key` names.
pub(crate) fn derived_key(key: u64, word: u64) -> u64 {
    mix(key ^ mix(word.wrapping_add(STEP)))
}

/// The golden ratio in 64 bits, as SplitMix64 counts.
const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

/// SplitMix64's mix: every bit of the input decides about half of the bits that come out.
const fn mix(bits: u64) -> u64 {
    let bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_are_those_of_splitmix64_on_every_machine() {
        let draws = KeyedDraws::new(1_234_567);
        let found = [draws.next_u64(), draws.next_u64(), draws.next_u64()];
        // The first numbers of the published generator for this seed.
        assert_eq!(found, [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]);
    }

    #[test]
    fn keys_differ_by_word_and_by_key() {
        let keys: std::collections::HashSet<u64> =
            (0..100).flat_map(|key| (0..100).map(move |word| derived_key(key, word))).collect();
        assert_eq!(keys.len(), 10_000);
    }
}
