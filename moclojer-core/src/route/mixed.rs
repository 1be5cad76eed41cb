//! Segments that mix text and captures: splitting one, and finding the few patterns among many siblings
//! that may fit.
//!
//! The split is decided by literal text alone: each capture takes as little as it can, and never nothing.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use crate::spec::path::Part;

/// With fewer siblings than this each is tried.
const INDEXED_FROM: usize = 17;
/// How much of an anchor is looked up, in bytes; longer ones are cut.
const ANCHOR_BYTES: usize = 16;

/// Splits `text` along `parts` and hands over each capture's index and text, from the left, while it goes;
/// false if the text does not fit. In one pass: taking the first place for each text never spoils the rest.
pub(super) fn split<'s>(parts: &[Part], text: &'s str, mut visit: impl FnMut(usize, &'s str)) -> bool {
    let (parts, suffix) = match parts {
        [before @ .., Part::Text(suffix)] => (before, &**suffix),
        _ => (parts, ""),
    };
    let Some(mut left) = text.strip_suffix(suffix) else {
        return false;
    };
    let mut open = None;
    for part in parts {
        match (part, open) {
            (Part::Text(prefix), None) => match left.strip_prefix(&**prefix) {
                Some(after) => left = after,
                None => return false,
            },
            (Part::Text(inner), Some(capture)) => {
                let first = left.chars().next().map_or(0, char::len_utf8);
                let Some((taken, after)) = split_after(left, first, inner) else {
                    return false;
                };
                visit(capture, taken);
                left = after;
                open = None;
            }
            (Part::Capture(capture), _) => open = Some(*capture),
        }
    }
    match open {
        Some(capture) if !left.is_empty() => {
            visit(capture, left);
            true
        }
        Some(_) => false,
        None => left.is_empty(),
    }
}

/// What stands before and after the first `inner` that begins at byte `from` of `text` or later.
fn split_after<'s>(text: &'s str, from: usize, inner: &str) -> Option<(&'s str, &'s str)> {
    if from == 0 {
        return None;
    }
    let at = from + text.get(from..)?.find(inner)?;
    Some((text.get(..at)?, text.get(at + inner.len()..)?))
}

/// How much literal text a mixed segment has, in characters: more goes first.
pub(super) fn literal_chars(parts: &[Part]) -> usize {
    let texts = parts.iter().map(|part| match part {
        Part::Text(text) => text.chars().count(),
        Part::Capture(_) => 0,
    });
    texts.sum()
}

/// Whether `text` begins or ends with the literal text that `parts` begin or end with.
pub(super) fn same_end(parts: &[Part], text: &str) -> bool {
    let begins = matches!(parts.first(), Some(Part::Text(prefix)) if text.starts_with(&**prefix));
    begins || matches!(parts.last(), Some(Part::Text(suffix)) if text.ends_with(&**suffix))
}

/// The mixed segments that stand at one place of a trie, each with its child.
#[derive(Debug)]
pub(super) struct MixedEdges {
    /// More literal text first.
    edges: Box<[MixedEdge]>,
    /// Which edges may fit a text, where there are many.
    index: Option<Box<Index>>,
}

/// One mixed segment.
#[derive(Debug)]
pub(super) struct MixedEdge {
    pub(super) parts: Box<[Part]>,
    pub(super) literal_chars: usize,
    pub(super) child: u32,
}

impl MixedEdges {
    pub(super) fn new(mut edges: Vec<MixedEdge>) -> Self {
        // Stable: equal ones stay in the order of the file.
        edges.sort_by_key(|edge| std::cmp::Reverse(edge.literal_chars));
        let index = (edges.len() >= INDEXED_FROM).then(|| Box::new(Index::new(&edges)));
        Self { edges: edges.into(), index }
    }

    pub(super) fn iter(&self) -> impl ExactSizeIterator<Item = &MixedEdge> {
        self.edges.iter()
    }

    /// The edges that fit `text`, more literal text first.
    pub(super) fn matching<'e>(&'e self, text: &str, mut visit: impl FnMut(&'e MixedEdge)) {
        let mut fits = |edge: &'e MixedEdge| {
            if split(&edge.parts, text, |_, _| {}) {
                visit(edge);
            }
        };
        match &self.index {
            None => self.edges.iter().for_each(fits),
            Some(index) => {
                let candidates = index.candidates(text);
                candidates.iter().filter_map(|&edge| self.edges.get(edge as usize)).for_each(&mut fits);
            }
        }
    }
}

/// Edges by a text that must be in the segment: the rarest that each edge has.
#[derive(Debug, Default)]
struct Index {
    prefixes: Anchors,
    suffixes: Anchors,
    inner: Anchors,
}

#[derive(Debug, Default)]
struct Anchors {
    /// A bit for each length, in bytes, that an anchor has.
    lengths: u32,
    groups: HashMap<Box<[u8]>, Vec<u32>, RandomState>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Anchor<'e> {
    Prefix(&'e [u8]),
    Suffix(&'e [u8]),
    Inner(&'e [u8]),
}

impl Index {
    fn new(edges: &[MixedEdge]) -> Self {
        let mut counts: HashMap<Anchor<'_>, usize, RandomState> = HashMap::default();
        for anchor in edges.iter().flat_map(|edge| anchors(&edge.parts)) {
            *counts.entry(anchor).or_default() += 1;
        }
        let mut index = Self::default();
        for (number, edge) in (0u32..).zip(edges) {
            // Inner texts cost a look at each byte of a segment: only where there is nothing else.
            let rarest = anchors(&edge.parts)
                .min_by_key(|anchor| (counts.get(anchor).copied(), matches!(anchor, Anchor::Inner(_))));
            match rarest {
                Some(Anchor::Prefix(text)) => index.prefixes.add(text, number),
                Some(Anchor::Suffix(text)) => index.suffixes.add(text, number),
                Some(Anchor::Inner(text)) => index.inner.add(text, number),
                None => {}
            }
        }
        index
    }

    /// Edges, in order, that `text` may fit.
    fn candidates(&self, text: &str) -> Vec<u32> {
        let text = text.as_bytes();
        let mut groups: Vec<&[u32]> = Vec::new();
        for length in self.prefixes.lengths() {
            groups.extend(text.get(..length).and_then(|prefix| self.prefixes.get(prefix)));
        }
        for length in self.suffixes.lengths() {
            let suffix = text.len().checked_sub(length).and_then(|from| text.get(from..));
            groups.extend(suffix.and_then(|suffix| self.suffixes.get(suffix)));
        }
        if !self.inner.groups.is_empty() {
            let mut found: Vec<&[u32]> = Vec::new();
            for from in 1..text.len() {
                for length in self.inner.lengths() {
                    found.extend(text.get(from..from + length).and_then(|inner| self.inner.get(inner)));
                }
            }
            // The same text at several places is one group; groups share no edge.
            found.sort_unstable();
            found.dedup();
            groups.extend(found);
        }
        let mut edges = groups.concat();
        edges.sort_unstable();
        edges
    }
}

impl Anchors {
    fn add(&mut self, text: &[u8], edge: u32) {
        self.lengths |= 1 << text.len();
        self.groups.entry(text.into()).or_default().push(edge);
    }

    fn get(&self, text: &[u8]) -> Option<&[u32]> {
        self.groups.get(text).map(Vec::as_slice)
    }

    fn lengths(&self) -> impl Iterator<Item = usize> {
        let lengths = self.lengths;
        (1..=ANCHOR_BYTES).filter(move |length| lengths & (1 << length) != 0)
    }
}

/// Texts that a segment has where it fits `parts`.
fn anchors(parts: &[Part]) -> impl Iterator<Item = Anchor<'_>> {
    let last = parts.len().saturating_sub(1);
    parts.iter().enumerate().filter_map(move |(at, part)| match part {
        Part::Capture(_) => None,
        Part::Text(text) => {
            let text = text.as_bytes();
            let head = text.get(..ANCHOR_BYTES).unwrap_or(text);
            let tail = text.len().checked_sub(ANCHOR_BYTES).and_then(|from| text.get(from..)).unwrap_or(text);
            Some(match at {
                0 => Anchor::Prefix(head),
                _ if at == last => Anchor::Suffix(tail),
                _ => Anchor::Inner(head),
            })
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::path::{PathPattern, Segment};

    fn parts(text: &str) -> Box<[Part]> {
        let parsed = PathPattern::parse(&format!("/{text}")).expect(text);
        match parsed.pattern.segments.into_iter().next() {
            Some(Segment::Mixed(parts)) => parts,
            other => panic!("{text} is {other:?}"),
        }
    }

    #[test]
    fn each_capture_takes_as_little_as_it_can_and_never_nothing() {
        for (pattern, text, expected) in [
            (":a.json", "x.json", Some(&["x"][..])),
            (":a.json", ".json", None),
            (":a.json", "x.json.json", Some(&["x.json"])),
            (":a.json", "x.xml", None),
            (":a-:b", "1-2", Some(&["1", "2"])),
            (":a-:b", "1-2-3", Some(&["1", "2-3"])),
            (":a-:b", "-1-2", Some(&["-1", "2"])),
            (":a-:b", "--1", Some(&["-", "1"])),
            (":a-:b", "---", Some(&["-", "-"])),
            (":a-:b", "1-", None),
            (":a-:b", "-1", None),
            (":a-:b", "--", None),
            (":a-:b", "", None),
            (":a-:b.js", "1-2.js.js", Some(&["1", "2.js"])),
            (":a-:b-:c", "1--2-3", Some(&["1", "-2", "3"])),
            ("v:n", "v1", Some(&["1"])),
            ("v:n", "v", None),
            ("v:n", "1v", None),
            ("ab{n}b", "ab", None),
            ("ab{n}b", "abb", None),
            ("ab{n}b", "abbb", Some(&["b"])),
            (r":name\:cancel", "job:cancel", Some(&["job"])),
            (r":name\:cancel", "job:cancelled", None),
            ("{a}é{b}", "éééé", Some(&["é", "éé"])),
        ] {
            let mut found = Vec::new();
            let fits = split(&parts(pattern), text, |_, taken| found.push(taken));
            assert_eq!(fits.then_some(found.as_slice()), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn an_index_finds_what_trying_each_finds() {
        let mut patterns: Vec<String> = Vec::new();
        for number in 0..30 {
            patterns.push(format!("item{number}-:a"));
            patterns.push(format!(":a.x{number}"));
            patterns.push(format!(":a--{number}--{{b}}"));
            patterns.push(format!("{{a}}-a-long-text-that-is-cut-{number}-:b"));
            patterns.push(format!("same-:a-same-{number}"));
        }
        let edges = |patterns: &[String]| {
            let edges = patterns.iter().zip(0..).map(|(pattern, child)| {
                let parts = parts(pattern);
                MixedEdge { literal_chars: literal_chars(&parts), parts, child }
            });
            MixedEdges::new(edges.collect())
        };
        let indexed = edges(&patterns);
        assert!(indexed.index.is_some());
        let mut tried = edges(&patterns);
        tried.index = None;
        let found = |edges: &MixedEdges, text: &str| {
            let mut found = Vec::new();
            edges.matching(text, |edge| found.push(edge.child));
            found
        };
        let mut hits = 0;
        for text in [
            "",
            "-",
            "item1-",
            "item1-x",
            "item12-x",
            "item12-x.x3",
            "a.x29",
            ".x1",
            "a--3--b",
            "a--3--",
            "a--1--b--2--c",
            "q-a-long-text-that-is-cut-7-r",
            "same-z-same-4",
            "same--same-4",
            "item3-a--4--b.x5",
            "é--1--é",
        ] {
            let expected = found(&tried, text);
            hits += expected.len();
            assert_eq!(found(&indexed, text), expected, "{text}");
        }
        assert!(hits > 15, "{hits}");
    }
}
