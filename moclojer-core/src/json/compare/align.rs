//! What of two objects or two lists stands side by side.
//!
//! Keys are paired by name. Lists of one length are paired item by item; of lists of different length what
//! is equal at both ends is set aside first, so that one item more shows as that item and not as all that follow.

use super::super::keys::KeyIndex;
use super::super::{Object, Value};
use super::{Comparison, matches};

/// A wanted value and the found one that stands for it, or only one of them.
pub(super) enum Pair<'v> {
    Both { wanted: &'v Value, found: &'v Value },
    Wanted(&'v Value),
    Found(&'v Value),
}

/// The keys in the order of `wanted`, then those that only `found` has, which nobody asks for under `Partial`.
pub(super) fn members<'v>(
    wanted: &'v Object,
    found: &'v Object,
    how: Comparison,
) -> Vec<(&'v str, Pair<'v>)> {
    let mut members = Members::of(found);
    let mut known = vec![false; found.len()];
    let mut pairs = Vec::with_capacity(wanted.len());
    for (at, (key, wanted)) in wanted.iter().enumerate() {
        pairs.push((
            key,
            match members.find(at, key) {
                Some((place, found)) => {
                    if let Some(known) = known.get_mut(place) {
                        *known = true;
                    }
                    Pair::Both { wanted, found }
                }
                None => Pair::Wanted(wanted),
            },
        ));
    }
    if how == Comparison::Exact {
        let others = found.iter().zip(known).filter(|(_, known)| !known);
        pairs.extend(others.map(|((key, found), _)| (key, Pair::Found(found))));
    }
    pairs
}

/// The items in order. The index of a pair that differs is the index of its item in the list or lists that have it.
pub(super) fn items<'v>(wanted: &'v [Value], found: &'v [Value], how: Comparison) -> Vec<Pair<'v>> {
    let after = if wanted.len() == found.len() { 0 } else { equal_end(wanted, found, how) };
    let (wanted, wanted_end) = wanted.split_at(wanted.len() - after);
    let (found, found_end) = found.split_at(found.len() - after);
    let both = |(wanted, found)| Pair::Both { wanted, found };
    let shorter = wanted.len().min(found.len());
    let mut pairs: Vec<_> = wanted.iter().zip(found).map(both).collect();
    pairs.extend(wanted.iter().skip(shorter).map(Pair::Wanted));
    pairs.extend(found.iter().skip(shorter).map(Pair::Found));
    pairs.extend(wanted_end.iter().zip(found_end).map(both));
    pairs
}

/// How many items are equal at the end, of those that are not equal at the beginning.
fn equal_end(wanted: &[Value], found: &[Value], how: Comparison) -> usize {
    let equal = |(wanted, found): &(&Value, &Value)| matches(found, wanted, how);
    let before = wanted.iter().zip(found).take_while(equal).count();
    let most = wanted.len().min(found.len()) - before;
    wanted.iter().rev().zip(found.iter().rev()).take(most).take_while(equal).count()
}

/// The members of an object, found by their keys in constant time.
pub(super) struct Members<'v> {
    object: &'v Object,
    index: KeyIndex,
}

impl<'v> Members<'v> {
    pub(super) fn of(object: &'v Object) -> Self {
        Self { object, index: KeyIndex::default() }
    }

    /// The place and the value of `key`, which most often is at the place `at`.
    pub(super) fn find(&mut self, at: usize, key: &str) -> Option<(usize, &'v Value)> {
        if let Some(value) = self.object.get_at(at, key.as_bytes()) {
            return Some((at, value));
        }
        let pairs = &self.object.0;
        let name = |place: usize| pairs.get(place).map_or("", |(name, _)| &**name);
        let place = self.index.find(key, pairs.len(), name)?;
        pairs.get(place).map(|(_, value)| (place, value))
    }
}
