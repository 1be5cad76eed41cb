//! Path patterns: `/users/:id|int`, `/files/*rest`, `/a/:name\:cancel`, `/x/:sid.json`.
//!
//! A pattern is parsed once; matching it belongs to [`route`](crate::route).

use std::fmt;
use std::ops::Range;

/// A parsed path pattern.
#[derive(Clone, Debug, PartialEq)]
pub struct PathPattern {
    /// The pattern as it was written, without its query.
    pub text: Box<str>,
    /// Its segments, from the left; `/` has one empty literal.
    pub segments: Vec<Segment>,
    /// Its captures in order of appearance; unnamed rests are not among them.
    pub captures: Vec<Capture>,
}

/// One segment of a pattern.
#[derive(Clone, Debug, PartialEq)]
pub enum Segment {
    /// Text that must be equal to the decoded segment.
    Literal(Box<str>),
    /// Text and captures; each capture takes as little as it can. Types are checked afterwards.
    Mixed(Vec<Part>),
    /// One capture that takes the whole segment, which is not empty; the index is into
    /// [`PathPattern::captures`].
    Capture(usize),
    /// One or more segments, of which the first is not empty; `None` when unnamed.
    Rest(Option<usize>),
}

/// A part of a mixed segment.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// Literal text.
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

/// What a path or query parameter must look like: a guard.
#[derive(Clone, Debug)]
pub enum ParamType {
    /// Any text.
    String,
    /// `-?[0-9]+` in 64 bits.
    Int,
    /// `float`: `-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?`, finite.
    Float,
    /// `double`: as `float`.
    Double,
    /// `true` or `false`.
    Bool,
    /// 8-4-4-4-12 hexadecimal digits.
    Uuid,
    /// An RFC 3339 full-date that exists.
    Date,
    /// A regular expression that matches the whole text; kept with its text.
    Regex(Box<str>, regex::Regex),
}

impl PartialEq for ParamType {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Regex(left, _), Self::Regex(right, _)) => left == right,
            (left, right) => std::mem::discriminant(left) == std::mem::discriminant(right),
        }
    }
}

/// `int`, `string`, … as a file writes it; a regular expression between slashes.
impl fmt::Display for ParamType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::String => f.write_str("string"),
            Self::Int => f.write_str("int"),
            Self::Float => f.write_str("float"),
            Self::Double => f.write_str("double"),
            Self::Bool => f.write_str("bool"),
            Self::Uuid => f.write_str("uuid"),
            Self::Date => f.write_str("date"),
            Self::Regex(text, _) => write!(f, "/{text}/"),
        }
    }
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
    /// Parameters after `?`, in order, with the bytes where each name stands.
    pub query: Vec<(Box<str>, ParamType, Range<usize>)>,
}
