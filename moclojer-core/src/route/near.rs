//! Endpoints that almost fit a path: a search of the trie, cheapest differences first, with a bound on the
//! work and not only on what is found.
//!
//! It chooses which endpoints are worth a look. Saying why each did not answer, and in which order they are
//! shown, is the caller's.

mod letters;
mod places;

use std::ops::RangeInclusive;

use self::places::{FAR, MOST, Place, Places, Taken};
use super::trie::build::folded;
use super::trie::{Edge, Node};
use super::{Routes, Segments, mixed};

/// Other letters in a segment, but nearly the same.
const TYPO: usize = 2;
/// A segment too many or too few at the end that is empty: a slash.
const SLASH: usize = 1;
/// Another text.
const OTHER: usize = 4;
/// A segment too many or too few.
const GAP: usize = 3;

/// The most work that one search does, counted in places of the trie that it notes.
const MAX_WORK: usize = 224;
/// What is left after that for following what agrees.
const SAME_WORK: usize = 60;
/// What looking through the orders of many children costs, in the same measure.
const ORDERS_WORK: usize = 50;
/// A node with more children has only those looked at that are near in one of its orders.
const FEW: usize = 24;
/// How many are looked at in each direction of each order.
const NEIGHBORS: usize = 5;
/// How many misspellings of a segment are followed.
const MISSPELLED: usize = 16;
/// A segment longer than this, in bytes, has no misspellings looked up.
const SPELLED_BYTES: usize = 64;

const _: () = assert!(MAX_WORK + SAME_WORK == MOST, "all that the work allows find room");

struct Search<'r, 's> {
    routes: &'r Routes,
    segments: &'s Segments<'s>,
    /// How many segments count as as many: a slash at the end of the path may be one too many.
    lengths: RangeInclusive<usize>,
    places: Places<'r>,
    work: usize,
}

impl Routes {
    /// Hands over up to `budget` endpoints that agree with the path in one segment at least or have as many,
    /// nearest first as far as a bounded search can tell; those whose shape fits are among them. No endpoint
    /// comes twice.
    ///
    /// In a segment that differs by one letter from a literal, that literal is found among any number of
    /// others.
    pub fn near(&self, segments: &Segments<'_>, budget: usize, mut visit: impl FnMut(u32)) {
        let slash = segments.len() > 1 && segments.get(segments.len() - 1) == Some("");
        let without_slash = segments.len() - usize::from(slash);
        let mut search = Search {
            routes: self,
            segments,
            lengths: without_slash..=segments.len(),
            places: Places::new(self.hasher()),
            work: 0,
        };
        search.run(budget, &mut visit);
    }
}

impl<'r> Search<'r, '_> {
    fn run(&mut self, budget: usize, visit: &mut impl FnMut(u32)) {
        let mut left = budget;
        self.open(0, Place::default(), true);
        for cost in 0..=FAR {
            // The latest first, so that what began well is followed to its end before the work runs out.
            while let Some(taken) = self.places.take(cost) {
                if !self.hand_over(&taken, &mut left, visit) {
                    return;
                }
                let place = taken.place;
                if let Some(node) = self.routes.node(place.node).filter(|_| !place.rests) {
                    self.expand(cost, place, node);
                }
            }
        }
    }

    /// Hands over the endpoints of a place, if the path ends there and they were not handed over before; `false` when
    /// no more are wanted.
    fn hand_over(&mut self, taken: &Taken, left: &mut usize, visit: &mut impl FnMut(u32)) -> bool {
        let place = taken.place;
        let ended = place.at as usize >= self.segments.len();
        let as_many = self.lengths.contains(&(place.depth as usize));
        if !(ended || place.rests) || !(place.agreed || as_many) {
            return true;
        }
        let listed = if place.rests { self.routes.rests(place.node) } else { self.routes.ends(place.node) };
        if listed.is_empty() || !self.places.hand_over(taken) {
            return true;
        }
        for &endpoint in listed {
            if *left == 0 {
                return false;
            }
            *left -= 1;
            visit(endpoint);
        }
        true
    }

    /// Notes a place, while there is work left; the last of it is for places that follow without difference.
    fn open(&mut self, cost: usize, place: Place, same: bool) {
        if self.work < MAX_WORK + if same { SAME_WORK } else { 0 } {
            self.work += 1;
            self.places.note(cost, place);
        }
    }

    /// Opens what can follow a place, the likeliest last.
    fn expand(&mut self, cost: usize, place: Place, node: &'r Node) {
        let segments = self.segments;
        let text = segments.get(place.at as usize);
        let left = segments.len().saturating_sub(place.at as usize);
        if left > 0 {
            // The path has a segment that the pattern lacks; where the pattern ends, all that are left.
            let more = if node.is_leaf() { left } else { 1 };
            let gap = if left == 1 && text == Some("") { SLASH } else { GAP.saturating_mul(more) };
            let at = place.at.saturating_add(u32::try_from(more).unwrap_or(u32::MAX));
            self.open(cost.saturating_add(gap), Place { at, ..place }, false);
        }
        // The pattern has a segment that the path lacks.
        let longer = |child| Place { node: child, depth: place.depth + 1, ..place };
        if text.is_none() && !self.routes.rests(place.node).is_empty() {
            self.open(cost + GAP, Place { rests: true, ..longer(place.node) }, false);
        }
        if let Some(mixed) = self.routes.mixed_edges(place.node) {
            for edge in mixed.iter().take(NEIGHBORS) {
                self.open(cost + GAP, longer(edge.child), false);
            }
        }
        for child in self.routes.captures(place.node) {
            self.open(cost + GAP, longer(child), false);
        }
        let edges = self.edges(node);
        if edges.len() <= FEW || text.is_none() {
            for edge in edges.iter().take(FEW) {
                let gap = if self.routes.text(edge).is_empty() { SLASH } else { GAP };
                self.open(cost + gap, longer(edge.child), false);
            }
        }
        if let Some(text) = text {
            self.compare(cost, place, node, text);
        }
    }

    /// Opens each child as the one that stands for `text`.
    fn compare(&mut self, cost: usize, place: Place, node: &'r Node, text: &str) {
        let child = |child, agreed: bool| Place {
            node: child,
            at: place.at + 1,
            depth: place.depth + 1,
            agreed: agreed || place.agreed,
            rests: false,
        };
        self.misspelled(node, place.node, text, &mut |search, literal, typo| {
            let difference = if typo { TYPO } else { OTHER };
            search.open(cost + difference, child(literal, false), false);
        });
        let mixed = self.routes.mixed_edges(place.node);
        for edge in mixed.into_iter().flat_map(|mixed| mixed.iter()).take(NEIGHBORS) {
            if !mixed::split(&edge.parts, text, |_, _| {}) {
                let difference = if mixed::same_end(&edge.parts, text) { TYPO } else { OTHER };
                self.open(cost + difference, child(edge.child, false), false);
            }
        }
        let (capture_cost, same) = if text.is_empty() { (cost + TYPO, false) } else { (cost, true) };
        if !self.routes.rests(place.node).is_empty() {
            // Agreeing with a rest says little where something else differs already.
            let rest_cost = capture_cost + if cost > 0 { TYPO } else { 0 };
            self.open(rest_cost, Place { rests: true, ..child(place.node, true) }, same);
        }
        for capture in self.routes.captures(place.node).rev() {
            self.open(capture_cost, child(capture, true), same);
        }
        if let Some(mixed) = mixed {
            mixed.matching(text, |edge| self.open(cost, child(edge.child, true), true));
        }
        if let Some(literal) = self.routes.literal(place.node, text.as_bytes()) {
            self.open(cost, child(literal, true), true);
        }
    }

    /// Literal children that may have been meant by `text`, and whether a letter or case is all that differs.
    fn misspelled(
        &mut self,
        node: &'r Node,
        parent: u32,
        text: &str,
        found: &mut impl FnMut(&mut Self, u32, bool),
    ) {
        let (edges, routes) = (self.edges(node), self.routes);
        let many = edges.len() > FEW;
        if many {
            if self.work >= MAX_WORK {
                return;
            }
            self.work += ORDERS_WORK;
            if text.len() <= SPELLED_BYTES {
                let misspelled = letters::one_letter(routes, edges, parent, text.as_bytes(), MISSPELLED);
                // The likeliest last.
                misspelled.into_iter().rev().for_each(|child| found(self, child, true));
            }
        }
        let (by_text, by_suffix) = if many { self.neighbors(node, text) } else { (edges, &[][..]) };
        let by_suffix = by_suffix.iter().filter_map(|&number| routes.edges.get(number as usize));
        for edge in by_text.iter().chain(by_suffix) {
            let literal = routes.text(edge);
            if literal != text {
                found(self, edge.child, nearly_same(literal, text));
            }
        }
    }

    /// The children around the place of `text` in the order of texts, and in that of texts from the right.
    fn neighbors(&self, node: &Node, text: &str) -> (&'r [Edge], &'r [u32]) {
        let routes = self.routes;
        let edges = self.edges(node);
        let by_suffix = routes.by_suffix.get(node.edges.range()).unwrap_or_default();
        let reversed =
            |number: &u32| routes.edges.get(*number as usize).map(|edge| folded(routes.text(edge)).rev());
        let before = |number: &u32| reversed(number).is_some_and(|literal| literal.lt(folded(text).rev()));
        let place = edges.partition_point(|edge| folded(routes.text(edge)).lt(folded(text)));
        (around(edges, place), around(by_suffix, by_suffix.partition_point(before)))
    }

    fn edges(&self, node: &Node) -> &'r [Edge] {
        self.routes.edges.get(node.edges.range()).unwrap_or_default()
    }
}

/// The neighbors of a place in a list, on both sides.
fn around<T>(list: &[T], place: usize) -> &[T] {
    let end = list.len().min(place + NEIGHBORS);
    list.get(place.saturating_sub(NEIGHBORS)..end).unwrap_or_default()
}

/// Whether two texts are the same but for case, or for one letter (put in, left out, another one).
fn nearly_same(left: &str, right: &str) -> bool {
    if left.len().abs_diff(right.len()) > 1 {
        return false;
    }
    let common = folded(left).zip(folded(right)).take_while(|(left, right)| left == right).count();
    let same_end =
        folded(left).rev().zip(folded(right).rev()).take_while(|(left, right)| left == right).count();
    common + same_end + 1 >= left.len().max(right.len())
}

#[cfg(test)]
mod tests;
