//! Where an answer's draws come from: the port, or with a seed a function of (seed, endpoint, number of the
//! endpoint's answer, part of the answer, draws in that part).
//!
//! Each part of an answer draws by itself, so that a header more does not change the body.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::hash::Hasher;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::plan::Plan;
use crate::ports::{KeyedDraws, Random, derived_key};
use crate::spec::Endpoint;

/// A part of an answer. Numbers are for good: another number is another sequence of draws.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AnswerPart {
    Body,
    RequestId,
    /// The header at this place of the endpoint's list.
    Header(u32),
}

impl AnswerPart {
    fn word(self) -> u64 {
        match self {
            Self::Body => 0,
            Self::RequestId => 1,
            Self::Header(index) => 1 << 32 | u64::from(index),
        }
    }
}

/// An endpoint's answers under a seed.
#[derive(Debug)]
struct Seeded {
    /// Of the seed and the endpoint.
    key: u64,
    answers: AtomicU64,
}

/// What a block knows of chance, beside its plans: they are read for every request, this is not.
#[derive(Debug, Default)]
pub(super) struct SeededEndpoints(Box<[Option<Seeded>]>);

impl SeededEndpoints {
    /// Nothing without a seed. Only an endpoint whose answer may differ has a number to count.
    pub(super) fn new(endpoints: &[Arc<Endpoint>], seed: Option<u64>) -> Self {
        let Some(seed) = seed else {
            return Self::default();
        };
        let mut before = HashMap::new();
        let seeded = endpoints.iter().map(|endpoint| {
            let (method, path) = (endpoint.method.as_str(), &*endpoint.label.path);
            let same = before.entry((method, path)).or_insert(0_u64);
            let ordinal = *same;
            *same += 1;
            let host = endpoint.host.as_ref().map_or("", |host| host.as_str());
            let key = derived_key(seed, identity(method, host, path, ordinal));
            Plan::draws(endpoint).then(|| Seeded { key, answers: AtomicU64::new(0) })
        });
        Self(seeded.collect())
    }

    /// These, where an endpoint that stood in a place of `before` goes on with the draws that it had there.
    pub(super) fn going_on(mut self, before: &Self, places: impl Iterator<Item = Option<u32>>) -> Self {
        for (own, place) in self.0.iter_mut().zip(places) {
            let known = place.and_then(|place| before.0.get(place as usize)?.as_ref());
            if let Some(known) = known {
                let answers = AtomicU64::new(known.answers.load(Ordering::Relaxed));
                *own = Some(Seeded { key: known.key, answers });
            }
        }
        self
    }

    /// The key of the next answer of an endpoint, if it has one.
    pub(super) fn next_answer(&self, endpoint: u32) -> Option<u64> {
        let seeded = self.0.get(endpoint as usize)?.as_ref()?;
        Some(derived_key(seeded.key, seeded.answers.fetch_add(1, Ordering::Relaxed)))
    }
}

/// A number for an endpoint that is the same on every machine and in every run, whatever other endpoints there are.
fn identity(method: &str, host: &str, path: &str, ordinal: u64) -> u64 {
    let mut hash = Fnv::default();
    for text in [method, host, path] {
        hash.write(text.as_bytes());
        // A byte that no UTF-8 text holds ends each.
        hash.write_u8(0xFF);
    }
    derived_key(hash.finish(), ordinal)
}

/// FNV-1a: the hashers of the standard library promise no value.
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xCBF2_9CE4_8422_2325)
    }
}

impl Hasher for Fnv {
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// The draws of one answer.
pub(super) struct Draws<'a> {
    random: &'a dyn Random,
    /// The answer's key, where there is a seed.
    key: Option<u64>,
    part: AnswerPart,
    /// Of the part; made at its first draw.
    keyed: OnceCell<KeyedDraws>,
}

impl<'a> Draws<'a> {
    pub(super) fn new(random: &'a dyn Random, key: Option<u64>) -> Self {
        Self { random, key, part: AnswerPart::Body, keyed: OnceCell::new() }
    }

    /// What is drawn from now on is for another part, from its beginning.
    pub(super) fn begin(&mut self, part: AnswerPart) {
        self.part = part;
        self.keyed = OnceCell::new();
    }

    pub(super) fn next_u64(&self) -> u64 {
        match self.key {
            None => self.random.next_u64(),
            Some(key) => {
                self.keyed.get_or_init(|| KeyedDraws::new(derived_key(key, self.part.word()))).next_u64()
            }
        }
    }

    /// A version 4 UUID that is a part by itself.
    pub(super) fn request_id(&self) -> String {
        let mut apart = Self::new(self.random, self.key);
        apart.begin(AnswerPart::RequestId);
        let bits = u128::from(apart.next_u64()) << 64 | u128::from(apart.next_u64());
        uuid::Builder::from_random_bytes(bits.to_be_bytes()).into_uuid().to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::SystemRandom;

    #[test]
    fn an_endpoint_has_the_same_number_in_every_run() {
        // Written down once: another number would change what every seed gives.
        assert_eq!(identity("GET", "", "/a", 0), 1_912_104_087_357_508_870);
    }

    #[test]
    fn endpoints_that_differ_in_anything_have_numbers_of_their_own() {
        let all = [
            identity("GET", "", "/a", 0),
            identity("GET", "", "/a", 1),
            identity("POST", "", "/a", 0),
            identity("GET", "a", "/a", 0),
            identity("GET", "/a", "", 0),
            identity("GET/a", "", "", 0),
        ];
        let different: std::collections::HashSet<u64> = all.into_iter().collect();
        assert_eq!(different.len(), all.len());
    }

    #[test]
    fn parts_draw_apart_and_from_their_beginning() {
        let mut draws = Draws::new(&SystemRandom, Some(7));
        let mut drawn = |part| {
            draws.begin(part);
            (draws.next_u64(), draws.next_u64())
        };
        let body = drawn(AnswerPart::Body);
        let (first, second) = (drawn(AnswerPart::Header(0)), drawn(AnswerPart::Header(1)));
        assert!(body != first && first != second && body.0 != body.1);
        assert_eq!(drawn(AnswerPart::Body), body);
    }

    #[test]
    fn the_request_id_takes_no_draw_from_the_part() {
        let (with, without) = (Draws::new(&SystemRandom, Some(7)), Draws::new(&SystemRandom, Some(7)));
        let id = with.request_id();
        assert_eq!(id, without.request_id());
        assert_eq!(&id[14..15], "4");
        assert_eq!(with.next_u64(), Draws::new(&SystemRandom, Some(7)).next_u64());
    }
}
