//! The smallest change of a path that gives it a pattern's shape and types.
//!
//! Segments are aligned with the pattern's, so that one too many or too few moves no other. The work is bounded by the
//! longest pattern and by [`MOST_EDITS`]: alignments further away than that are not looked at.

use super::super::nearest::{one_letter_off, other_slashes};
use super::{Edit, MOST_EDITS, sample};
use crate::route::Segments;
use crate::spec::path::escape::decode;
use crate::spec::path::{MAX_SEGMENTS, Part, PathPattern, Segment};

/// What one edit costs beside how far apart two texts are.
const EDIT: u32 = 1_000;
/// An alignment that is not there.
const NONE: u32 = u32::MAX;

/// The path that fits, as it is sent, and what was changed; none when that takes more than [`MOST_EDITS`].
pub(super) fn repair(raw: &str, pattern: &PathPattern) -> Option<(String, Vec<Edit>)> {
    if holds(raw, pattern) {
        return Some((raw.to_owned(), Vec::new()));
    }
    for changed in other_slashes(raw) {
        if changed != raw && holds(&changed, pattern) {
            return Some((changed, vec![Edit::Slashes]));
        }
    }
    Alignment::of(raw, pattern)?.repaired()
}

/// Whether a path has the pattern's shape and types, with a slash more or less at its end.
fn holds(raw: &str, pattern: &PathPattern) -> bool {
    let Ok(path) = Segments::new(raw) else {
        return false;
    };
    let fits = |path: &Segments<'_>| {
        pattern.fits(path)
            && pattern.captures.iter().enumerate().all(|(index, capture)| {
                pattern.capture(index, path).is_none_or(|text| capture.kind.accepts(&text))
            })
    };
    fits(&path) || path.other_slash().is_some_and(|other| fits(&other))
}

struct Alignment<'p> {
    pattern: &'p PathPattern,
    /// Segments of the pattern that are aligned: without a slash at its end and without a rest.
    wanted: usize,
    rest: bool,
    raw: Vec<&'p str>,
    found: Vec<String>,
    slash_last: bool,
    /// The cost of each pair of beginnings, `wanted + 1` rows.
    costs: Vec<u32>,
}

impl<'p> Alignment<'p> {
    fn of(raw: &'p str, pattern: &'p PathPattern) -> Option<Self> {
        let slash_last = raw.len() > 1 && raw.ends_with('/');
        let trimmed = if slash_last { raw.get(1..raw.len() - 1)? } else { raw.get(1..)? };
        let raw: Vec<&str> = match trimmed {
            "" => Vec::new(),
            trimmed => trimmed.split('/').take(MAX_SEGMENTS + MOST_EDITS + 1).collect(),
        };
        let found: Option<Vec<String>> =
            raw.iter().map(|segment| decode(segment).ok().map(std::borrow::Cow::into_owned)).collect();
        let rest = matches!(pattern.segments.last(), Some(Segment::Rest(_)));
        let empty_last = matches!(pattern.segments.last(), Some(Segment::Literal(text)) if text.is_empty());
        let wanted = pattern.segments.len() - usize::from(rest || empty_last);
        let longest = MAX_SEGMENTS + MOST_EDITS;
        if raw.len() > longest || (!rest && raw.len().abs_diff(wanted) > MOST_EDITS) {
            return None;
        }
        let costs = vec![NONE; (wanted + 1) * (raw.len() + 1)];
        let mut alignment = Self { pattern, wanted, rest, raw, found: found?, slash_last, costs };
        alignment.fill();
        Some(alignment)
    }

    fn at(&self, wanted: usize, found: usize) -> usize {
        wanted * (self.raw.len() + 1) + found
    }

    fn cost(&self, wanted: usize, found: usize) -> u32 {
        self.costs.get(self.at(wanted, found)).copied().unwrap_or(NONE)
    }

    fn fill(&mut self) {
        for wanted in 0..=self.wanted {
            let first = wanted.saturating_sub(MOST_EDITS);
            let last = (wanted + MOST_EDITS).min(self.raw.len());
            for found in first..=last {
                let best = if wanted + found == 0 { 0 } else { self.step(wanted, found).0 };
                let at = self.at(wanted, found);
                if let Some(cost) = self.costs.get_mut(at) {
                    *cost = best;
                }
            }
        }
    }

    /// The cheapest way to a pair of beginnings: its cost, and how many segments of each it takes.
    fn step(&self, wanted: usize, found: usize) -> (u32, usize, usize) {
        let mut best = (NONE, 0, 0);
        let mut offer = |cost: u32, wanted, found| {
            if cost < best.0 {
                best = (cost, wanted, found);
            }
        };
        if wanted > 0 && found > 0 {
            let cost = self.cost(wanted - 1, found - 1);
            offer(cost.saturating_add(self.difference(wanted - 1, found - 1)), 1, 1);
        }
        if wanted > 0 {
            offer(self.cost(wanted - 1, found).saturating_add(EDIT + 6), 1, 0);
        }
        if found > 0 {
            offer(self.cost(wanted, found - 1).saturating_add(EDIT + 6), 0, 1);
        }
        best
    }

    fn difference(&self, wanted: usize, found: usize) -> u32 {
        let Some(text) = self.found.get(found) else {
            return NONE;
        };
        if self.pattern.holds(wanted, text) {
            // A literal is surer to be meant than what takes any text.
            return u32::from(!matches!(self.pattern.segments.get(wanted), Some(Segment::Literal(_))));
        }
        EDIT + match self.pattern.segments.get(wanted) {
            Some(Segment::Literal(literal)) if literal.eq_ignore_ascii_case(text) => 1,
            Some(Segment::Literal(literal)) if one_letter_off(literal, text) => 2,
            Some(Segment::Literal(_)) => 5,
            _ => 3,
        }
    }

    /// Where the rest begins: how many segments of the path come before it, and whether one has to be made.
    fn rest_begins(&self) -> (usize, bool) {
        let all = self.raw.len();
        if !self.rest {
            return (all, false);
        }
        let places = (0..=all).filter_map(|at| {
            let made = match self.found.get(at) {
                None => true,
                Some(text) if text.is_empty() => return None,
                Some(_) => false,
            };
            let cost = self.cost(self.wanted, at).saturating_add(if made { EDIT + 6 } else { 1 });
            Some((cost, at, made))
        });
        places.min().map_or((all, true), |(_, at, made)| (at, made))
    }

    fn repaired(&self) -> Option<(String, Vec<Edit>)> {
        let (end, rest_made) = self.rest_begins();
        if self.cost(self.wanted, end) == NONE {
            return None;
        }
        let mut steps = Vec::new();
        let (mut wanted, mut found) = (self.wanted, end);
        while wanted + found > 0 {
            let (_, of_wanted, of_found) = self.step(wanted, found);
            if of_wanted + of_found == 0 {
                return None;
            }
            wanted -= of_wanted;
            found -= of_found;
            steps.push((of_wanted > 0, of_found > 0, wanted, found));
        }
        let mut path = String::new();
        let mut edits = Vec::new();
        for (of_wanted, of_found, wanted, found) in steps.into_iter().rev() {
            let raw = self.raw.get(found).filter(|_| of_found);
            let text = self.found.get(found).filter(|_| of_found);
            let to = match (of_wanted, text) {
                (false, _) => None,
                (true, Some(text)) if self.pattern.holds(wanted, text) => {
                    path.push('/');
                    path.push_str(raw?);
                    continue;
                }
                (true, text) => Some(encode(&self.sample(wanted, text.map(String::as_str))?)),
            };
            if let Some(to) = &to {
                path.push('/');
                path.push_str(to);
            }
            edits.push(Edit::Segment { from: raw.map(|raw| (*raw).to_owned()), to });
            if edits.len() > MOST_EDITS {
                return None;
            }
        }
        if self.rest {
            for raw in self.raw.iter().skip(end) {
                path.push('/');
                path.push_str(raw);
            }
            if rest_made {
                path.push_str("/1");
                edits.push(Edit::Segment { from: None, to: Some("1".to_owned()) });
            }
        }
        if path.is_empty() || self.slash_last {
            path.push('/');
        }
        Some((path, edits))
    }

    /// A decoded text that the segment of the pattern accepts.
    fn sample(&self, index: usize, found: Option<&str>) -> Option<String> {
        match self.pattern.segments.get(index)? {
            Segment::Literal(text) => Some(text.to_string()),
            Segment::Capture(capture) => sample::text(&self.pattern.captures.get(*capture)?.kind, found),
            Segment::Rest(_) => Some("1".to_owned()),
            Segment::Mixed(parts) => {
                let near = found.and_then(|found| self.mixed(parts, Some(found)));
                near.filter(|text| self.pattern.holds(index, text)).or_else(|| self.mixed(parts, None))
            }
        }
    }

    /// A text for parts and captures; what a lone capture gets is what `found` has beside the text.
    fn mixed(&self, parts: &[Part], found: Option<&str>) -> Option<String> {
        let mut inner = found;
        if let (Some(text), Some(Part::Text(first))) = (inner, parts.first()) {
            inner = Some(text.strip_prefix(&**first).unwrap_or(text));
        }
        if let (Some(text), Some(Part::Text(last))) = (inner, parts.last()) {
            let stem = text.strip_suffix(&**last).or_else(|| text.split('.').next());
            inner = Some(stem.unwrap_or(text));
        }
        let mut text = String::new();
        for part in parts {
            match part {
                Part::Text(literal) => text.push_str(literal),
                Part::Capture(index) => {
                    text.push_str(&sample::text(&self.pattern.captures.get(*index)?.kind, inner)?);
                }
            }
        }
        Some(text)
    }
}

/// Escapes all that may not stand in a segment of a request's path.
pub(super) fn encode(text: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' => out.push(char::from(byte)),
            b'-' | b'.' | b'_' | b'~' | b'!' | b'$' | b'(' | b')' | b',' | b';' | b':' | b'@' => {
                out.push(char::from(byte));
            }
            // Writing to a String cannot fail.
            _ => drop(write!(out, "%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "the texts are literals of this module")]
    use super::*;

    #[test]
    fn a_path_is_changed_as_little_as_it_takes() {
        for (pattern, path, wanted, count) in [
            ("/users/:id|int", "/user/42", Some("/users/42"), 1),
            ("/users/:id|int", "/users/abc", Some("/users/1"), 1),
            ("/users/:id|int", "/users/42abc", Some("/users/42"), 1),
            ("/users/:id|int", "/users", Some("/users/1"), 1),
            ("/users/:id", "/v1/users/a%20b/", Some("/users/a%20b/"), 1),
            ("/a/:b/c", "/a/c", Some("/a/1/c"), 1),
            ("/a/b", "/a%2Fb", Some("/a/b"), 1),
            ("/a/:b", "/a///x", Some("/a/x"), 1),
            ("/f/*rest", "/g/a/b//c", Some("/f/a/b//c"), 1),
            ("/f/*rest", "/f", Some("/f/1"), 1),
            ("/r/:sid.json", "/r/7.xml", Some("/r/7.json"), 1),
            ("/r/:sid|int.json", "/r/7", Some("/r/7.json"), 1),
            ("/olá", "/ola", Some("/ol%C3%A1"), 1),
            ("/", "/x", Some("/"), 1),
            ("/a/b/c/d", "/w/x/y/z", None, 0),
            ("/c/:code|/[A-Z]+/", "/c/abc", Some("/c/ABC"), 1),
            ("/c/:code|/[A-Z]+/", "/c/12", None, 0),
            ("/a/", "/b", Some("/a"), 1),
        ] {
            let parsed = PathPattern::parse(pattern).unwrap().pattern;
            let repaired = repair(path, &parsed);
            assert_eq!(repaired.as_ref().map(|(path, _)| &**path), wanted, "{pattern} {path}");
            if let Some((path, edits)) = repaired {
                assert_eq!(edits.len(), count, "{pattern} {path}: {edits:?}");
                assert!(holds(&path, &parsed), "{pattern} {path}");
            }
        }
    }
}
