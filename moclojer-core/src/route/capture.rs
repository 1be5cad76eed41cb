//! The texts that a matching path gives to a pattern's captures.
//!
//! The walk of the trie keeps nothing: captures are taken from the path once an endpoint is looked at.

use std::borrow::Cow;

use super::{Segments, mixed};
use crate::spec::path::{PathPattern, Segment};

impl PathPattern {
    /// Hands over the index and text of each capture, in order, of a path that has this pattern's shape.
    /// What it hands over of another path means nothing.
    pub fn captures<'s>(&self, segments: &'s Segments<'_>, mut visit: impl FnMut(usize, Cow<'s, str>)) {
        if self.captures.is_empty() {
            return;
        }
        for (at, segment) in self.segments.iter().enumerate() {
            match (segment, segments.get(at)) {
                (Segment::Literal(_) | Segment::Rest(None), _) | (_, None) => {}
                (Segment::Capture(index), Some(text)) => visit(*index, Cow::Borrowed(text)),
                (Segment::Mixed(parts), Some(text)) => {
                    mixed::split(parts, text, |index, text| visit(index, Cow::Borrowed(text)));
                }
                (Segment::Rest(Some(index)), Some(_)) => {
                    if let Some(rest) = segments.rest(at) {
                        visit(*index, rest);
                    }
                }
            }
        }
    }

    /// The text of one capture of a path that has this pattern's shape.
    pub fn capture<'s>(&self, index: usize, segments: &'s Segments<'_>) -> Option<Cow<'s, str>> {
        let mut found = None;
        self.captures(segments, |at, text| {
            if at == index {
                found = Some(text);
            }
        });
        found
    }

    /// Whether a decoded text fits the segment at `index`, shape and types; of a rest, one segment.
    pub fn holds(&self, index: usize, text: &str) -> bool {
        let accepts = |capture: usize, text: &str| {
            self.captures.get(capture).is_none_or(|capture| capture.kind.accepts(text))
        };
        match self.segments.get(index) {
            None => false,
            Some(segment) if !segment.fits(text) => false,
            Some(Segment::Capture(capture)) => accepts(*capture, text),
            Some(Segment::Mixed(parts)) => {
                let mut holds = true;
                mixed::split(parts, text, |capture, text| holds &= accepts(capture, text));
                holds
            }
            Some(Segment::Literal(_) | Segment::Rest(_)) => true,
        }
    }

    /// Whether the path has this pattern's shape, types left aside: for telling why it was missed.
    pub fn fits(&self, segments: &Segments<'_>) -> bool {
        let rest = matches!(self.segments.last(), Some(Segment::Rest(_)));
        let length_fits = match rest {
            true => segments.len() >= self.segments.len(),
            false => segments.len() == self.segments.len(),
        };
        length_fits
            && self
                .segments
                .iter()
                .enumerate()
                .all(|(at, segment)| segments.get(at).is_some_and(|text| segment.fits(text)))
    }
}

impl Segment {
    /// Whether one decoded segment fits, types left aside; of a rest, its first.
    pub fn fits(&self, text: &str) -> bool {
        match self {
            Self::Literal(literal) => **literal == *text,
            Self::Capture(_) | Self::Rest(_) => !text.is_empty(),
            Self::Mixed(parts) => mixed::split(parts, text, |_, _| {}),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn captures_are_the_decoded_pieces_of_the_path() {
        for (pattern, path, expected) in [
            ("/a", "/a", &[][..]),
            ("/:a", "/x%2Fy", &[("a", "x/y")]),
            ("/u/:a/:b|int", "/u/x/7", &[("a", "x"), ("b", "7")]),
            ("/:a-:b/:c.json", "/1-2-3/d.json", &[("a", "1"), ("b", "2-3"), ("c", "d")]),
            ("/f/*rest", "/f/a/b%20c/", &[("rest", "a/b c/")]),
            ("/f/*", "/f/a", &[]),
        ] {
            let pattern = PathPattern::parse(pattern).expect(pattern).pattern;
            let segments = Segments::new(path).expect(path);
            assert!(pattern.fits(&segments), "{path}");
            let mut found = Vec::new();
            pattern.captures(&segments, |index, text| {
                assert_eq!(pattern.capture(index, &segments).as_deref(), Some(&*text), "{path}");
                found.push((pattern.captures[index].name.to_string(), text.into_owned()));
            });
            let expected: Vec<_> =
                expected.iter().map(|&(name, text)| (name.to_owned(), text.to_owned())).collect();
            assert_eq!(found, expected, "{path}");
            assert_eq!(pattern.capture(99, &segments), None);
        }
    }
}
