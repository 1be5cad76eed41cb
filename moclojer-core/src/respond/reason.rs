//! Why an endpoint did not answer: one type, told in bodies, logs and, later, on the command line.

use super::EndpointRef;
use std::fmt;

/// Which part of a request a guard looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// A captured segment.
    Path,
    /// A query parameter.
    Query,
    /// The body.
    Body,
}

impl Part {
    /// `path`, `query` or `body`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Query => "query",
            Self::Body => "body",
        }
    }
}

/// A guard that did not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// What it looks at.
    pub part: Part,
    /// A parameter's name, or a JSON pointer into the body.
    pub name: String,
    /// What was wanted.
    pub wanted: String,
    /// What the request had, cut to a readable length.
    pub found: String,
}

/// The first reason that an endpoint did not answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// A segment of the path is another one; counted from 1.
    Segment {
        /// Which segment, from 1.
        index: usize,
        /// The pattern's segment.
        wanted: String,
        /// The request's.
        found: String,
    },
    /// The path has more or fewer segments.
    Length {
        /// How many segments the pattern has.
        wanted: usize,
        /// How many the request has.
        found: usize,
    },
    /// It answers another method.
    Method {
        /// The endpoint's.
        wanted: String,
        /// The request's.
        found: String,
    },
    /// A guard did not hold.
    Guard(Mismatch),
    /// Another endpoint comes before it, or its last slash differs.
    Order,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Segment { index, wanted, found } => {
                write!(f, "segment {index} of the path is `{found}`, wanted `{wanted}`")
            }
            Self::Length { wanted, found } => {
                let plural = if *wanted == 1 { "" } else { "s" };
                write!(f, "the path has {found} segments, wanted {wanted} segment{plural}")
            }
            Self::Method { wanted, found } => write!(f, "the method is {found}, wanted {wanted}"),
            Self::Guard(mismatch) => mismatch.fmt(f),
            Self::Order => f.write_str("another endpoint comes before it"),
        }
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { part, name, wanted, found } = self;
        match part {
            Part::Path => write!(f, "path parameter `{name}` is {found}, wanted {wanted}"),
            Part::Query => write!(f, "query parameter `{name}` is {found}, wanted {wanted}"),
            Part::Body if name.is_empty() => write!(f, "the body is {found}, wanted {wanted}"),
            Part::Body => write!(f, "the body at `{name}` is {found}, wanted {wanted}"),
        }
    }
}

/// An endpoint that almost answered, with the first reason that it did not.
#[derive(Clone, Debug)]
pub struct NearMiss {
    /// Which endpoint.
    pub endpoint: EndpointRef,
    /// Why it did not answer.
    pub reason: Reason,
}
