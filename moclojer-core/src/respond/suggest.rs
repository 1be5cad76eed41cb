//! The smallest change that makes an endpoint answer a request: of the request, or of the file.
//!
//! A change of the request is tried before it is told: what the endpoint then does not answer is not suggested. A
//! change of the file is only suggested for a request that nothing answers, and only where all else of the endpoint
//! fits, so that nothing can come before it.
//!
//! This costs more than saying why: bodies never ask for it.

mod body;
mod coded;
mod file;
mod path;
mod request;
mod sample;

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, Method, Uri};

use super::error::cut;
use super::nearest::Near;
use super::options::OptionsStep;
use super::reason::{Difference, Reason};
use super::search::{Search, method_rank};
use super::view::View;
use super::{Body, Request, Responder};
use crate::route::Segments;
use crate::source::Place;
use crate::spec::Endpoint;

/// The most edits of a request that one change has.
pub(super) const MOST_EDITS: usize = 3;
/// How many bytes of a body a description repeats.
const SHOWN_BYTES: usize = 200;

/// What would make an endpoint answer; one of the two is there at least.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Suggestion {
    /// A change of the request.
    pub request: Option<RequestChange>,
    /// A change of the mock file.
    pub file: Option<FileChange>,
}

/// A change of a request, and the request that it leads to.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RequestChange {
    /// What is changed, one to three things.
    pub edits: Vec<Edit>,
    /// The request with the change.
    pub changed: ChangedRequest,
}

/// A request, owned.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ChangedRequest {
    /// The method.
    pub method: Method,
    /// The target, in the form in which the request had it.
    pub target: Uri,
    /// All headers.
    pub headers: HeaderMap,
    /// The body; `None` where it was not read and is as it was.
    pub body: Option<Bytes>,
}

impl ChangedRequest {
    /// Its head, to ask a responder with.
    pub fn as_request(&self) -> Request<'_> {
        Request { method: &self.method, target: &self.target, headers: &self.headers, peer: None }
    }
}

/// One thing of a request that is changed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Edit {
    /// Another host.
    Host(String),
    /// A segment of the path, as it is sent: another text, a new one (`from` is none) or none any more.
    Segment {
        /// What it was.
        from: Option<String>,
        /// What it becomes.
        to: Option<String>,
    },
    /// Slashes of the path: `%2F` becomes `/`, or one of several is left.
    Slashes,
    /// Another method.
    Method(Method),
    /// A query parameter: another value, or left out.
    Query {
        /// Its name, decoded.
        name: String,
        /// Its value, decoded.
        value: Option<String>,
    },
    /// Another content type.
    ContentType(&'static str),
    /// A header: another value, or left out.
    Header {
        /// Its name.
        name: HeaderName,
        /// Its value.
        value: Option<String>,
    },
    /// A value in the JSON body.
    Body {
        /// JSON pointer; empty for the whole body.
        pointer: String,
        /// What stands there then, as JSON.
        value: String,
    },
}

/// A change of a mock file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FileChange {
    /// Where the endpoint stands.
    pub place: Place,
    /// The key, from the item: `endpoint.method`.
    pub key: &'static str,
    /// The value to write, without quotes.
    pub value: String,
}

impl Responder {
    /// The smallest changes that make a near endpoint answer; those of the file only for a request that was `missed`.
    pub(super) fn suggest_for(
        &self,
        search: &Search<'_, '_>,
        near: &Near,
        missed: bool,
    ) -> Option<Suggestion> {
        // Of a path that means something else, more than one change is no help.
        let most = match near.reason {
            Reason::Disabled => 0,
            Reason::Segment { difference: Difference::Other, .. } => 1,
            _ => MOST_EDITS,
        };
        let change = request::change(search.view, search, &near.endpoint);
        let request = change
            .filter(|change| change.edits.len() <= most)
            .filter(|change| self.is_answered_by(&change.changed, &near.endpoint));
        let typo = matches!(
            near.reason,
            Reason::Segment { difference: Difference::Letter | Difference::Case, .. }
                | Reason::Slash { .. }
                | Reason::EncodedSlash { .. }
        );
        let file = if missed && !typo { file::change(search, near) } else { None };
        (request.is_some() || file.is_some()).then_some(Suggestion { request, file })
    }

    fn is_answered_by(&self, changed: &ChangedRequest, endpoint: &Arc<Endpoint>) -> bool {
        let request = changed.as_request();
        let view = View::new(&request, changed.body.as_ref().map_or(Body::Unread, Body::Read));
        let Ok(path) = Segments::new(changed.target.path()) else {
            return false;
        };
        let blocks = self.blocks_of(&view);
        let search = Search::new(&view, &path, blocks.each_ref().map(Option::as_ref));
        let chosen = if changed.method == Method::OPTIONS {
            match self.decide_options(&search) {
                Some(OptionsStep::Endpoint(chosen)) => Some(chosen),
                _ => None,
            }
        } else {
            search.find(method_rank(&changed.method)).ok().flatten()
        };
        chosen.is_some_and(|chosen| Arc::ptr_eq(&chosen.plan.endpoint, endpoint))
    }
}

impl RequestChange {
    /// The request's line with its query, and what else is changed: `GET /users/42?a=1 with host api.example.com`.
    pub fn full(&self) -> String {
        self.describe(true)
    }

    fn describe(&self, whole: bool) -> String {
        let target = &self.changed.target;
        let mut text = format!("{} {}", self.changed.method, target.path());
        if let Some(query) = target.query().filter(|_| whole) {
            text.push('?');
            text.push_str(query);
        }
        let told = self.edits.iter().filter_map(|edit| edit.beside_the_line(whole));
        for (index, edit) in told.enumerate() {
            text.push_str(if index == 0 { " with " } else { ", " });
            text.push_str(&edit);
        }
        text
    }
}

impl Edit {
    /// What a request's line does not show; `whole` lines show the query.
    fn beside_the_line(&self, whole: bool) -> Option<String> {
        Some(match self {
            Self::Segment { .. } | Self::Slashes | Self::Method(_) => return None,
            Self::Query { .. } if whole => return None,
            Self::Query { name, value: Some(value) } => format!("query parameter {name}={value}"),
            Self::Query { name, value: None } => format!("no query parameter {name}"),
            Self::Host(host) => format!("host {host}"),
            Self::Header { name, value: Some(value) } => {
                let shown = cut(value, SHOWN_BYTES);
                format!("header {name}: {shown}")
            }
            Self::Header { name, value: None } => format!("no header {name}"),
            Self::ContentType(kind) => format!("content type {kind}"),
            Self::Body { pointer, value } => {
                let shown = cut(value, SHOWN_BYTES);
                let more = if shown.len() < value.len() { "…" } else { "" };
                match &**pointer {
                    "" => format!("body {shown}{more}"),
                    pointer => format!("{pointer} in the body as {shown}{more}"),
                }
            }
        })
    }
}

/// `GET /users/42 with host api.example.com`: without the query, which may hold secrets.
impl fmt::Display for RequestChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.describe(false))
    }
}

impl FileChange {
    /// The line to write: `enabled: true`.
    pub fn line(&self) -> String {
        let key = self.key.rsplit('.').next().unwrap_or(self.key);
        format!("{key}: {}", self.value)
    }
}

/// `enabled: true at shop.yml:12`.
impl fmt::Display for FileChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}:{}", self.line(), self.place.file, self.place.line)
    }
}

/// The change of the request, else that of the file.
impl fmt::Display for Suggestion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.request, &self.file) {
            (Some(change), _) => change.fmt(f),
            (None, Some(change)) => change.fmt(f),
            (None, None) => Ok(()),
        }
    }
}
