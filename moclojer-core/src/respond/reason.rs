//! Why an endpoint did not answer: one type, told in bodies, in the log and by `explain`.
//!
//! A reason names what was wanted and what was found, and never a file: what a hosted body may not say cannot be in
//! it. Places stand beside it, in the endpoint.

use std::borrow::Cow;
use std::fmt;

use super::EndpointRef;

/// Which part of a request a guard looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The host.
    Host,
    /// The path, or a captured segment of it.
    Path,
    /// The method.
    Method,
    /// A query parameter.
    Query,
    /// A header.
    Header,
    /// The body.
    Body,
    /// The whole request, as code looks at it.
    Request,
}

impl Part {
    /// `host`, `path`, `method`, `query`, `header`, `body` or `request`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Path => "path",
            Self::Method => "method",
            Self::Query => "query",
            Self::Header => "header",
            Self::Body => "body",
            Self::Request => "request",
        }
    }
}

/// A type or shape that did not hold.
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

/// How a segment of the path differs from a pattern's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Difference {
    /// It is another text.
    Other,
    /// One letter is another one, is missing, is too many, or has changed places with the next.
    Letter,
    /// Only upper and lower case differ.
    Case,
    /// It is empty.
    Empty,
}

/// The first reason that an endpoint did not answer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// It answers for another host.
    Host {
        /// The endpoint's, as the file writes it.
        wanted: String,
        /// The request's; empty when it names none.
        found: String,
    },
    /// Its `enabled` is false.
    Disabled,
    /// The path would fit if an escaped slash were one.
    EncodedSlash {
        /// The pattern.
        wanted: String,
        /// The request's path.
        found: String,
    },
    /// The path would fit with a slash less.
    Slash {
        /// The pattern.
        wanted: String,
        /// The request's path.
        found: String,
    },
    /// A segment of the path is another one.
    Segment {
        /// Which segment, from 1.
        index: usize,
        /// The pattern's segment.
        wanted: String,
        /// The request's.
        found: String,
        /// How they differ.
        difference: Difference,
    },
    /// The path has more or fewer segments.
    Length {
        /// How many segments the pattern has.
        wanted: usize,
        /// How many the request has.
        found: usize,
        /// Whether more would do, since the pattern ends in a rest.
        or_more: bool,
    },
    /// It answers another method.
    Method {
        /// The endpoint's.
        wanted: String,
        /// The request's.
        found: String,
    },
    /// A type or shape did not hold.
    Guard(Mismatch),
    /// It would answer, but another endpoint comes before it.
    Order {
        /// Method and path of that one.
        first: String,
    },
}

impl Reason {
    /// A word for programs, one for each kind of reason: `host`, `disabled`, `encoded-slash`, `slash`, `segment`,
    /// `letter`, `case`, `empty-segment`, `length`, `method`, `path`, `query`, `header`, `body`, `request`, `order`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Host { .. } => "host",
            Self::Disabled => "disabled",
            Self::EncodedSlash { .. } => "encoded-slash",
            Self::Slash { .. } => "slash",
            Self::Segment { difference, .. } => match difference {
                Difference::Other => "segment",
                Difference::Letter => "letter",
                Difference::Case => "case",
                Difference::Empty => "empty-segment",
            },
            Self::Length { .. } => "length",
            Self::Method { .. } => "method",
            Self::Guard(mismatch) => mismatch.part.as_str(),
            Self::Order { .. } => "order",
        }
    }

    /// What the endpoint wants there.
    pub fn wanted(&self) -> Cow<'_, str> {
        match self {
            Self::Host { wanted, .. }
            | Self::EncodedSlash { wanted, .. }
            | Self::Slash { wanted, .. }
            | Self::Segment { wanted, .. }
            | Self::Method { wanted, .. } => wanted.into(),
            Self::Length { wanted, or_more: false, .. } => segments(*wanted).into(),
            Self::Length { wanted, or_more: true, .. } => format!("{} or more", segments(*wanted)).into(),
            Self::Guard(mismatch) => (&mismatch.wanted).into(),
            Self::Disabled => "`enabled: true`".into(),
            Self::Order { .. } => "no endpoint before it".into(),
        }
    }

    /// What was found there.
    pub fn found(&self) -> Cow<'_, str> {
        match self {
            Self::Host { found, .. }
            | Self::EncodedSlash { found, .. }
            | Self::Slash { found, .. }
            | Self::Segment { found, .. }
            | Self::Method { found, .. } => found.into(),
            Self::Length { found, .. } => segments(*found).into(),
            Self::Guard(mismatch) => (&mismatch.found).into(),
            Self::Disabled => "`enabled: false`".into(),
            Self::Order { first } => first.into(),
        }
    }
}

fn segments(count: usize) -> String {
    match count {
        1 => "1 segment".to_owned(),
        _ => format!("{count} segments"),
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host { wanted, found } if found.is_empty() => {
                write!(f, "the request names no host, wanted `{wanted}`")
            }
            Self::Host { wanted, found } => {
                write!(f, "the host is `{found}`, wanted `{wanted}`")?;
                match wanted.strip_prefix('*') {
                    Some(parent) if found.ends_with(parent) => f.write_str(" (`*` is one label)"),
                    _ => Ok(()),
                }
            }
            Self::Disabled => f.write_str("it is switched off (`enabled: false`)"),
            Self::EncodedSlash { wanted, .. } => {
                write!(f, "a `%2F` in the path is text, wanted `/` in its place, as in `{wanted}`")
            }
            Self::Slash { wanted, found } => {
                write!(f, "the path `{found}` has a slash too many, wanted `{wanted}`")
            }
            Self::Segment { index, wanted, difference: Difference::Empty, .. } => {
                write!(f, "segment {index} of the path is empty, wanted `{wanted}`")
            }
            Self::Segment { index, wanted, found, difference } => {
                write!(f, "segment {index} of the path is `{found}`, wanted `{wanted}`")?;
                match difference {
                    Difference::Letter => f.write_str(" (one letter off)"),
                    Difference::Case => f.write_str(" (upper and lower case differ)"),
                    Difference::Other | Difference::Empty => Ok(()),
                }
            }
            Self::Length { .. } => write!(f, "the path has {}, wanted {}", self.found(), self.wanted()),
            Self::Method { wanted, found } => write!(f, "the method is {found}, wanted {wanted}"),
            Self::Guard(mismatch) => mismatch.fmt(f),
            Self::Order { first } => write!(f, "it fits, but {first} comes before it"),
        }
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { part, name, wanted, found } = self;
        match part {
            Part::Path => write!(f, "path parameter `{name}` is {found}, wanted {wanted}"),
            Part::Query => write!(f, "query parameter `{name}` is {found}, wanted {wanted}"),
            Part::Header => write!(f, "header `{name}` is {found}, wanted {wanted}"),
            Part::Request => write!(f, "`{name}` does not hold"),
            Part::Body if name.is_empty() => write!(f, "the body is {found}, wanted {wanted}"),
            Part::Body => write!(f, "the body at `{name}` is {found}, wanted {wanted}"),
            Part::Host | Part::Method => write!(f, "the {} is {found}, wanted {wanted}", part.as_str()),
        }
    }
}

/// An endpoint that almost answered, with the first reason that it did not: what bodies and the log tell.
///
/// It has no room for a suggestion: those are worked out by [`explain`](super::Responder::explain) and for the
/// log's first misses of a second, never for a body.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct NearMiss {
    /// Which endpoint.
    pub endpoint: EndpointRef,
    /// Why it did not answer.
    pub reason: Reason,
}

impl NearMiss {
    /// Says that `endpoint` did not answer because of `reason`.
    pub fn new(endpoint: EndpointRef, reason: Reason) -> Self {
        Self { endpoint, reason }
    }
}
