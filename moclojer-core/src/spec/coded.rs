//! What only code can say of an endpoint: guards that a file has no words for, and an answer made by a closure.
//!
//! Guards are data here; `respond` looks at requests with them. What made the endpoint may hang something of its own
//! on it and find it again when the endpoint has answered.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::HeaderName;
use regex::Regex;

use super::check::Checker;
use super::model::{Endpoint, QueryParam, Response};
use super::path::Capture;
use super::tree::{self, Format};
use super::{Env, Limits, response};
use crate::json::Value;
use crate::json::compare::Comparison;
use crate::problem::{Problem, Severity};
use crate::source::Source;

/// What code adds to an endpoint.
pub(crate) struct Coded {
    /// All of them have to hold.
    pub(crate) guards: Vec<CodedGuard>,
    /// Makes the answer, in place of the endpoint's own.
    pub(crate) answer: Option<CodedAnswer>,
    /// What belongs to whoever made the endpoint.
    pub(crate) owner: Arc<dyn Any + Send + Sync>,
}

/// A test of a whole request; the endpoint is the one whose guard it is.
pub(crate) type RequestTest = Arc<dyn Fn(&http::Request<Bytes>, &Endpoint) -> bool + Send + Sync>;

/// Makes an answer.
pub(crate) type CodedAnswer =
    Arc<dyn Fn(&http::Request<Bytes>, &Endpoint) -> http::Response<Bytes> + Send + Sync>;

/// A guard that a file has no words for.
pub(crate) enum CodedGuard {
    /// Of a header; one of its values has to hold.
    Header(HeaderName, TextMatch),
    /// Of a query parameter; one of its values has to hold.
    Query(Box<str>, TextMatch),
    /// Of the body as JSON.
    Json(Value, Comparison),
    /// Of the body as text.
    Text(TextMatch),
    /// Of the whole request, in the words of whoever wrote it.
    Request(Box<str>, RequestTest),
}

/// What a text has to be.
#[derive(Clone)]
pub(crate) enum TextMatch {
    /// Any, but there.
    Any,
    /// Not there.
    Absent,
    /// This one.
    Equal(Box<str>),
    /// One that has this in it.
    Containing(Box<str>),
    /// One in which the expression finds something.
    Regex(Regex),
    /// One of which the closure says yes, in the words of whoever wrote it.
    Test(Box<str>, Arc<dyn Fn(&str) -> bool + Send + Sync>),
}

impl TextMatch {
    /// Whether a text holds; `None` is one that is not there.
    pub(crate) fn holds(&self, text: Option<&str>) -> bool {
        match (self, text) {
            (Self::Absent, text) => text.is_none(),
            (_, None) => false,
            (Self::Any, Some(_)) => true,
            (Self::Equal(wanted), Some(text)) => **wanted == *text,
            (Self::Containing(wanted), Some(text)) => text.contains(&**wanted),
            (Self::Regex(wanted), Some(text)) => wanted.is_match(text),
            (Self::Test(_, holds), Some(text)) => holds(text),
        }
    }

    /// A text that holds, where one is known.
    pub(crate) fn example(&self) -> Option<&str> {
        match self {
            Self::Equal(text) | Self::Containing(text) => Some(text),
            Self::Any => Some("text"),
            Self::Absent | Self::Regex(_) | Self::Test(..) => None,
        }
    }
}

/// What is wanted, in words that follow "wanted".
impl fmt::Display for TextMatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("any value"),
            Self::Absent => f.write_str("none"),
            Self::Equal(text) => write!(f, "`{text}`"),
            Self::Containing(text) => write!(f, "one with `{text}` in it"),
            Self::Regex(regex) => write!(f, "one that matches `/{regex}/`"),
            Self::Test(what, _) => f.write_str(what),
        }
    }
}

impl CodedGuard {
    /// Whether the guard looks at the body.
    pub(crate) fn needs_body(&self) -> bool {
        match self {
            Self::Header(..) | Self::Query(..) => false,
            Self::Json(..) | Self::Text(_) | Self::Request(..) => true,
        }
    }
}

impl fmt::Debug for TextMatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for CodedGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header(name, wanted) => write!(f, "header {name}: {wanted}"),
            Self::Query(name, wanted) => write!(f, "query parameter {name}: {wanted}"),
            Self::Json(wanted, how) => f.debug_tuple("Json").field(wanted).field(how).finish(),
            Self::Text(wanted) => write!(f, "body: {wanted}"),
            Self::Request(what, _) => f.write_str(what),
        }
    }
}

impl fmt::Debug for Coded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Coded").field("guards", &self.guards).finish_non_exhaustive()
    }
}

/// Reads the `response` of an endpoint that code makes, written as JSON, as one of a file is read.
///
/// # Errors
/// Every problem that a file would be refused for.
pub(crate) fn read_response(
    name: &str,
    text: String,
    path: &[Capture],
    query: &[QueryParam],
) -> Result<Response, Vec<Problem>> {
    let (source, env) = (Source::new(name, text), Env::default());
    let read = tree::read(&source, Format::Json, &Limits::default());
    let mut check = Checker::new(&source, Format::Json, &env, read.problems);
    let params = response::Params { path, query, env: &env };
    let response = read.documents.first().and_then(|node| response::read(&mut check, node, None, &params));
    let mut problems = check.finish();
    problems.retain(|problem| problem.severity == Severity::Error);
    match response {
        Some(response) if problems.is_empty() => Ok(response),
        _ => Err(problems),
    }
}
