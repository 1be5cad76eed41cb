//! The places that a search for near misses noted, by what they differ, and which of them were taken before.
//!
//! All of it stands on the stack and never grows: a miss allocates nothing here. It knows nothing of the trie. A
//! place that finds no room is left out; [`MOST`] is what the caller's bound on its work lets it note.

use std::hash::{BuildHasher, Hasher};

use foldhash::fast::RandomState;

/// Differences above this are all one.
pub(super) const FAR: usize = 16;
/// The most places that are noted.
pub(super) const MOST: usize = 284;
/// So many more than places that a look ends soon.
const MARKS: usize = 512;
const NONE: u16 = u16::MAX;

const _: () = assert!(MOST * 3 < MARKS * 2 && MARKS.is_power_of_two() && MOST < NONE as usize);

/// A place in the search: so much of the path and so much of a pattern are compared.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) node: u32,
    /// Segments of the path that are compared.
    pub(super) at: u32,
    /// Segments of the pattern that are compared.
    pub(super) depth: u32,
    /// One segment was the same in both.
    pub(super) agreed: bool,
    /// The endpoints with a rest here, and nothing else.
    pub(super) rests: bool,
}

pub(super) struct Places<'h> {
    noted: [Place; MOST],
    /// The place that was noted before this one and differs as much.
    before: [u16; MOST],
    count: u16,
    /// The latest place of each difference.
    latest: [u16; FAR + 1],
    taken: Marks,
    handed: Marks,
    hasher: &'h RandomState,
}

impl<'h> Places<'h> {
    pub(super) fn new(hasher: &'h RandomState) -> Self {
        Self {
            noted: [Place::default(); MOST],
            before: [NONE; MOST],
            count: 0,
            latest: [NONE; FAR + 1],
            taken: Marks([NONE; MARKS]),
            handed: Marks([NONE; MARKS]),
            hasher,
        }
    }

    /// Notes a place that differs by `cost`.
    pub(super) fn note(&mut self, cost: usize, place: Place) {
        let number = usize::from(self.count);
        let (Some(noted), Some(before), Some(latest)) =
            (self.noted.get_mut(number), self.before.get_mut(number), self.latest.get_mut(cost.min(FAR)))
        else {
            return;
        };
        *noted = place;
        *before = std::mem::replace(latest, self.count);
        self.count += 1;
    }

    /// Takes the latest place that differs by `cost` and was not taken before.
    pub(super) fn take(&mut self, cost: usize) -> Option<Taken> {
        loop {
            let latest = self.latest.get_mut(cost)?;
            let number = *latest;
            let place = *self.noted.get(usize::from(number))?;
            *latest = *self.before.get(usize::from(number))?;
            let noted = &self.noted;
            let same = |other: u16| noted.get(usize::from(other)) == Some(&place);
            if self.taken.add(hash(self.hasher, &place), number, same) {
                return Some(Taken { place, number });
            }
        }
    }

    /// Whether the endpoints of this place's node are handed over for the first time.
    pub(super) fn hand_over(&mut self, taken: &Taken) -> bool {
        let Taken { place: Place { node, rests, .. }, number } = *taken;
        let noted = &self.noted;
        let same = |other: u16| {
            noted.get(usize::from(other)).is_some_and(|other| other.node == node && other.rests == rests)
        };
        let hash = hash(self.hasher, &Place { node, rests, ..Place::default() });
        self.handed.add(hash, number, same)
    }
}

/// A place, and its number among those that were noted.
pub(super) struct Taken {
    pub(super) place: Place,
    number: u16,
}

/// A set of places, each known by its number: open addressing with linear probing.
struct Marks([u16; MARKS]);

impl Marks {
    /// Adds a place; `false` where one that is the same stands already.
    fn add(&mut self, hash: u64, number: u16, same: impl Fn(u16) -> bool) -> bool {
        let mut at = (hash & (MARKS as u64 - 1)) as usize;
        loop {
            match self.0.get_mut(at) {
                Some(free) if *free == NONE => {
                    *free = number;
                    return true;
                }
                Some(&mut other) if !same(other) => at = (at + 1) & (MARKS - 1),
                _ => return false,
            }
        }
    }
}

/// With the table's secret: nobody can choose places that all fall upon each other.
fn hash(hasher: &RandomState, place: &Place) -> u64 {
    let mut hasher = hasher.build_hasher();
    hasher.write_u64(u64::from(place.node) | u64::from(place.at) << 32);
    let flags = u32::from(place.agreed) | u32::from(place.rests) << 1;
    hasher.write_u64(u64::from(place.depth) | u64::from(flags) << 32);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(node: u32) -> Place {
        Place { node, ..Place::default() }
    }

    #[test]
    fn the_latest_of_the_least_different_comes_first_and_each_once() {
        let hasher = RandomState::default();
        let mut places = Places::new(&hasher);
        for (cost, node) in [(2, 1), (0, 2), (2, 3), (2, 1), (99, 4)] {
            places.note(cost, place(node));
        }
        let mut taken = Vec::new();
        for cost in 0..=FAR {
            while let Some(next) = places.take(cost) {
                taken.push((cost, next.place.node));
            }
        }
        assert_eq!(taken, [(0, 2), (2, 1), (2, 3), (FAR, 4)]);
    }

    #[test]
    fn a_place_without_room_is_left_out() {
        let hasher = RandomState::default();
        let mut places = Places::new(&hasher);
        (0..1_000).for_each(|node| places.note(0, place(node)));
        let taken = std::iter::from_fn(|| places.take(0)).count();
        assert_eq!(taken, MOST);
    }

    #[test]
    fn a_node_is_handed_over_once_and_its_rests_once() {
        let hasher = RandomState::default();
        let mut places = Places::new(&hasher);
        places.note(0, place(7));
        places.note(0, Place { rests: true, ..place(7) });
        places.note(0, Place { at: 3, agreed: true, ..place(7) });
        let mut first = Vec::new();
        while let Some(next) = places.take(0) {
            first.push(places.hand_over(&next));
        }
        assert_eq!(first, [true, true, false]);
    }
}
