//! The literal children that differ from a text by one letter: another, one less, one more, two swapped.
//!
//! It finds them among any number of siblings. Which siblings are worth that, and what their finding means, is the
//! search's to know.

use crate::route::Routes;
use crate::route::trie::Edge;

/// So many siblings are looked at one after the other, which is quicker than halving their list.
const FEW: usize = 16;

/// Up to `most` children of `parent` that differ from `text` by one letter, each once; those that begin like it
/// for longest come first. `edges` are all its literal children.
///
/// Goes along `text` with the children that begin like it, so that only letters that some child has there are
/// tried, and no place of the text where none begins like it any more.
pub(super) fn one_letter(routes: &Routes, edges: &[Edge], parent: u32, text: &[u8], most: usize) -> Vec<u32> {
    let mut found = Vec::with_capacity(most);
    let mut beginnings = beginnings(routes, edges, text);
    let mut spelling = Spelling::new(text, beginnings.len().saturating_sub(1));
    while let Some(alike) = beginnings.pop() {
        let (at, letter) = (spelling.at, text.get(spelling.at).copied());
        let mut look = |spelled: &[u8]| found.extend(routes.rare_literal(parent, spelled));
        let mut left = alike;
        while let Some(first) = left.last().map(|last| first_like(routes, left, last, at)) {
            let (others, same) = left.split_at(first);
            left = others;
            let byte = same.first().and_then(|first| routes.text(first).as_bytes().get(at)).copied();
            // One more of the same letter is found behind it.
            let Some(byte) = byte.filter(|_| byte != letter) else {
                continue;
            };
            look(spelling.with_more(byte));
            if letter.is_some() {
                look(spelling.with_other(byte));
            }
        }
        let next = text.get(at + 1).copied();
        if let Some(letter) = letter.filter(|_| next != letter) {
            if let Some(next) = next {
                look(spelling.swapped(letter, next));
            }
            look(&spelling.less);
        }
        if found.len() >= most {
            break;
        }
        spelling.step_back(text);
    }
    found.truncate(most);
    found
}

/// For each place in `text`, its end too, the children that begin like what is before it, while there are any.
fn beginnings<'r>(routes: &Routes, edges: &'r [Edge], text: &[u8]) -> Vec<&'r [Edge]> {
    let mut beginnings = Vec::with_capacity(text.len() + 1);
    let mut alike = edges;
    for (at, letter) in text.iter().map(|letter| Some(letter.to_ascii_lowercase())).enumerate() {
        if alike.is_empty() {
            return beginnings;
        }
        beginnings.push(alike);
        let begin = count_while(alike, |edge| letter_at(routes, edge, at) < letter);
        alike = alike.get(begin..).unwrap_or_default();
        let end = count_while(alike, |edge| letter_at(routes, edge, at) <= letter);
        alike = alike.get(..end).unwrap_or_default();
    }
    if !alike.is_empty() {
        beginnings.push(alike);
    }
    beginnings
}

/// The first of these children, which begin alike, that has the same letter at `at` as the last, or ends as it does.
fn first_like(routes: &Routes, alike: &[Edge], last: &Edge, at: usize) -> usize {
    let letter = letter_at(routes, last, at);
    if alike.len() <= FEW {
        let same = |edge: &&Edge| letter_at(routes, edge, at) == letter;
        return alike.len() - alike.iter().rev().take_while(same).count();
    }
    alike.partition_point(|edge| letter_at(routes, edge, at) < letter)
}

fn count_while(edges: &[Edge], holds: impl Fn(&Edge) -> bool) -> usize {
    match edges.len() {
        0..=FEW => edges.iter().take_while(|edge| holds(edge)).count(),
        _ => edges.partition_point(holds),
    }
}

fn letter_at(routes: &Routes, edge: &Edge, at: usize) -> Option<u8> {
    routes.text(edge).as_bytes().get(at).map(u8::to_ascii_lowercase)
}

/// A text spelled in other ways, all of them at one place, which goes from its end to its beginning.
struct Spelling {
    at: usize,
    /// Without the letter there.
    less: Vec<u8>,
    /// The text itself, but for the moment of a look.
    other: Vec<u8>,
    /// With one more letter before it.
    more: Vec<u8>,
}

impl Spelling {
    fn new(text: &[u8], at: usize) -> Self {
        let (before, after) = text.split_at_checked(at).unwrap_or_default();
        let mut less = [before, after.get(1..).unwrap_or_default()].concat();
        // At the end of the text there is nothing to leave out, but one step before there is.
        less.truncate(text.len().saturating_sub(1));
        Self { at, less, other: text.to_vec(), more: [before, &[0], after].concat() }
    }

    fn with_more(&mut self, letter: u8) -> &[u8] {
        put(&mut self.more, self.at, letter);
        &self.more
    }

    fn with_other(&mut self, letter: u8) -> &[u8] {
        put(&mut self.other, self.at, letter);
        &self.other
    }

    /// With `letter`, which stands there, behind `next`.
    fn swapped(&mut self, letter: u8, next: u8) -> &[u8] {
        put(&mut self.other, self.at, next);
        put(&mut self.other, self.at + 1, letter);
        &self.other
    }

    fn step_back(&mut self, text: &[u8]) {
        let Some(before) = self.at.checked_sub(1) else {
            return;
        };
        if let Some(&letter) = text.get(before) {
            put(&mut self.more, self.at, letter);
        }
        if let Some(&letter) = text.get(self.at) {
            put(&mut self.less, before, letter);
            put(&mut self.other, self.at, letter);
        }
        if let Some(&next) = text.get(self.at + 1) {
            put(&mut self.other, self.at + 1, next);
        }
        self.at = before;
    }
}

fn put(letters: &mut [u8], at: usize, letter: u8) {
    if let Some(place) = letters.get_mut(at) {
        *place = letter;
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::collections::BTreeSet;

    use super::*;
    use crate::spec::path::PathPattern;

    /// All texts of up to five letters, of two letters.
    fn texts() -> Vec<String> {
        let mut texts = vec![String::new()];
        for length in 0..5 {
            let longer = texts.iter().filter(|text| text.len() == length);
            let longer: Vec<_> =
                longer.flat_map(|text| ["a", "b"].map(|letter| format!("{text}{letter}"))).collect();
            texts.extend(longer);
        }
        texts
    }

    fn is_one_off(left: &str, right: &str) -> bool {
        let (left, right) = (left.as_bytes(), right.as_bytes());
        let less = |long: &[u8], short: &[u8]| {
            (0..long.len()).any(|at| [&long[..at], &long[at + 1..]].concat() == short)
        };
        let differing: Vec<_> =
            (0..left.len().min(right.len())).filter(|&at| left[at] != right[at]).collect();
        let replaced_or_swapped = left.len() == right.len()
            && match differing[..] {
                [_] => true,
                [one, other] => other == one + 1 && left[one] == right[other] && left[other] == right[one],
                _ => false,
            };
        replaced_or_swapped || less(left, right) || less(right, left)
    }

    #[test]
    fn exactly_those_that_are_one_letter_off_are_found_and_each_once() {
        let texts = texts();
        let patterns: Vec<_> =
            texts.iter().map(|text| PathPattern::parse(&format!("/{text}")).unwrap().pattern).collect();
        let routes = Routes::build(&patterns.iter().collect::<Vec<_>>());
        let node = routes.node(0).unwrap();
        let edges = &routes.edges[node.edges.range()];
        let text_of =
            |child: u32| edges.iter().find(|edge| edge.child == child).map(|edge| routes.text(edge)).unwrap();
        for text in texts.iter().map(String::as_str).chain(["c", "abc", "bbbbbb", "cabab"]) {
            let found = one_letter(&routes, edges, 0, text.as_bytes(), 100);
            let distinct: BTreeSet<_> = found.iter().map(|&child| text_of(child)).collect();
            let wanted: BTreeSet<_> =
                texts.iter().map(String::as_str).filter(|other| is_one_off(text, other)).collect();
            assert_eq!(distinct, wanted, "{text}");
            assert_eq!(found.len(), distinct.len(), "{text} {found:?}");
            let few = one_letter(&routes, edges, 0, text.as_bytes(), 3);
            assert_eq!(few[..], found[..found.len().min(3)], "{text}");
        }
    }
}
