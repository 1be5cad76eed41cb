//! Path patterns: `/users/:id|int`, `/files/*rest`, `/a/:name\:cancel`, `/x/:sid.json`.
//!
//! Owns what a pattern says: its segments, its captures and their types ([`kind`](self::ParamType)), and
//! which patterns are the same in all but names ([`PathPattern::shape`]). Reading one from text is in
//! `parse`; matching it against a request belongs to [`route`](crate::route).
//!
//! A pattern is bounded ([`MAX_BYTES`], [`MAX_SEGMENTS`]), its literal text is percent-decoded, and no two
//! of its captures touch or share a name.

mod cut;
pub(crate) mod escape;
mod kind;
mod parse;

use std::fmt::Write as _;
use std::ops::Range;

pub use kind::ParamType;

/// The longest pattern, in bytes, its query included.
pub const MAX_BYTES: usize = 8 * 1024;

/// The most segments of a pattern.
pub const MAX_SEGMENTS: usize = 128;

/// A parsed path pattern.
#[derive(Clone, Debug, PartialEq)]
pub struct PathPattern {
    /// Its segments, from the left; `/` has one empty literal.
    pub segments: Box<[Segment]>,
    /// Its captures in order of appearance; unnamed rests are not among them.
    pub captures: Box<[Capture]>,
}

/// One segment of a pattern.
#[derive(Clone, Debug, PartialEq)]
pub enum Segment {
    /// Text that must be equal to the decoded segment.
    Literal(Box<str>),
    /// Text and captures; each capture takes as little as it can. Types are checked afterwards.
    Mixed(Box<[Part]>),
    /// One capture that takes the whole segment, which is not empty; the index is into
    /// [`PathPattern::captures`].
    Capture(usize),
    /// One or more segments, of which the first is not empty; `None` when unnamed.
    Rest(Option<usize>),
}

/// A part of a mixed segment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// Literal text, not empty.
    Text(Box<str>),
    /// A capture: an index into [`PathPattern::captures`].
    Capture(usize),
}

/// A named capture with its type.
#[derive(Clone, Debug, PartialEq)]
pub struct Capture {
    /// The name under which templates find it.
    pub name: Box<str>,
    /// What it must look like.
    pub kind: ParamType,
}

/// What is wrong with a pattern, and where in its text.
#[derive(Clone, Debug, PartialEq)]
pub struct PathProblem {
    /// Which kind of problem.
    pub code: crate::problem::Code,
    /// The bytes of the pattern's text.
    pub range: Range<usize>,
    /// One sentence.
    pub message: String,
    /// What may stand there.
    pub expected: Option<String>,
    /// The next step.
    pub help: Option<String>,
}

/// A pattern, and the query parameters that it declares after a `?`.
#[derive(Clone, Debug, PartialEq)]
pub struct Parsed {
    /// The path.
    pub pattern: PathPattern,
    /// The path as it was written, without its query.
    pub text: Box<str>,
    /// Parameters after `?`, in order, with the bytes where each name stands.
    pub query: Vec<(Box<str>, ParamType, Range<usize>)>,
}

/// What two patterns share that meet the same requests in the same rank: everything but the names of their
/// captures. Made by [`PathPattern::shape`]; only good for comparing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shape(Box<str>);

impl PathPattern {
    /// Reads a pattern and the query parameters it declares.
    ///
    /// # Errors
    /// Every problem of the text, in order, each with its bytes; past 32 the others are left out.
    pub fn parse(text: &str) -> Result<Parsed, Vec<PathProblem>> {
        parse::parse(text)
    }

    /// What this pattern shares with every other one of the same shape and types.
    ///
    /// `float` and `double` are one type here: they accept the same text.
    pub fn shape(&self) -> Shape {
        let mut key = String::new();
        for segment in &self.segments {
            key.push('/');
            match segment {
                Segment::Literal(text) => push_text(&mut key, text),
                Segment::Capture(index) => self.push_kind(&mut key, *index),
                Segment::Rest(_) => key.push('*'),
                Segment::Mixed(parts) => {
                    for part in parts {
                        match part {
                            Part::Text(text) => push_text(&mut key, text),
                            Part::Capture(index) => self.push_kind(&mut key, *index),
                        }
                    }
                }
            }
        }
        Shape(key.into_boxed_str())
    }

    fn push_kind(&self, key: &mut String, index: usize) {
        let name = match self.captures.get(index).map(|capture| &capture.kind) {
            Some(ParamType::Double) => ParamType::Float.to_string(),
            Some(kind) => kind.to_string(),
            None => String::new(),
        };
        key.push(':');
        push_text(key, &name);
    }
}

/// With its length before it, so that no text can be taken for something else.
fn push_text(key: &mut String, text: &str) {
    // Writing to a String cannot fail.
    let _ = write!(key, "{}'{text}", text.len());
}

impl PathProblem {
    pub(crate) fn new(code: crate::problem::Code, range: Range<usize>, message: impl Into<String>) -> Self {
        Self { code, range, message: message.into(), expected: None, help: None }
    }

    #[must_use]
    pub(crate) fn expected(mut self, expected: impl Into<String>) -> Self {
        self.expected = Some(expected.into());
        self
    }

    #[must_use]
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(text: &str) -> Shape {
        PathPattern::parse(text).expect("a valid pattern").pattern.shape()
    }

    #[test]
    fn names_do_not_make_a_shape_and_types_do() {
        for (left, right, same) in [
            ("/a/:x", "/a/:y", true),
            ("/a/:x", "/a/{y}", true),
            ("/a/:x|int", "/a/:x", false),
            ("/a/:x|float", "/a/:x|double", true),
            ("/a/:x|bool", "/a/:x|boolean", true),
            ("/a/:x|/b+/", "/a/:y|/b+/", true),
            ("/a/:x|/b+/", "/a/:y|/b*/", false),
            ("/a/*", "/a/**", true),
            ("/a/*", "/a/*rest", true),
            ("/a/*", "/a/:rest", false),
            ("/:a-:b", "/:from-:to", true),
            ("/:a-:b|int", "/:from-:to", false),
            ("/:a.json", "/:a.xml", false),
            ("/a", "/a/", false),
            ("/ol%C3%A1", "/olá", true),
            ("/a%2Fb", "/a/b", false),
            ("/a?x", "/a?y", true),
        ] {
            assert_eq!(shape(left) == shape(right), same, "{left} {right}");
        }
    }
}
