//! What only code says of an endpoint, against a request: guards, how a miss tells of them, and closures' answers.

use bytes::Bytes;
use http::HeaderValue;

use super::error::cut;
use super::explain::Held;
use super::reason::{Mismatch, Part};
use super::view::View;
use super::{Answer, Body, EndpointRef, Headers, Outcome};
use crate::json::Value;
use crate::json::compare::{differences, matches};
use crate::spec::Endpoint;
use crate::spec::coded::{CodedAnswer, CodedGuard};

/// The most differences of one body that are told.
const MOST_DIFFERENCES: usize = 20;
/// How many bytes of a request's text are repeated.
const FOUND_BYTES: usize = 128;

impl CodedGuard {
    /// Whether it holds. What needs the body is not asked while that is unread.
    pub(super) fn holds(&self, view: &View<'_>, endpoint: &Endpoint) -> bool {
        match self {
            Self::Header(name, wanted) => {
                let mut values = view.request.headers.get_all(name).iter().peekable();
                match values.peek() {
                    None => wanted.holds(None),
                    Some(_) => values.any(|value| wanted.holds(Some(&text_of(value)))),
                }
            }
            Self::Query(name, wanted) => {
                let mut values = view.query().all(name).peekable();
                match values.peek() {
                    None => wanted.holds(None),
                    Some(_) => values.any(|value| wanted.holds(Some(&value))),
                }
            }
            Self::Json(wanted, how) => value_of(view).is_ok_and(|found| matches(&found, wanted, *how)),
            Self::Text(wanted) => wanted.holds(text(view)),
            Self::Request(_, holds) => holds(&request_of(view), endpoint),
        }
    }

    /// Why it does not hold; nothing when it does.
    pub(super) fn mismatches(&self, view: &View<'_>, endpoint: &Endpoint) -> Vec<Mismatch> {
        let one = |part, name: &str, wanted: String, found: String| {
            vec![Mismatch { part, name: name.to_owned(), wanted, found }]
        };
        if self.holds(view, endpoint) {
            return Vec::new();
        }
        match self {
            Self::Header(name, wanted) => {
                let found = view.request.headers.get(name).map(text_of);
                one(Part::Header, name.as_str(), wanted.to_string(), shown(found.as_deref()))
            }
            Self::Query(name, wanted) => {
                one(Part::Query, name, wanted.to_string(), shown(view.query().first(name).as_deref()))
            }
            Self::Json(wanted, how) => match value_of(view) {
                Err(found) => one(Part::Body, "", "JSON".to_owned(), found),
                Ok(found) => {
                    let differences = differences(&found, wanted, *how, MOST_DIFFERENCES);
                    let told = differences.into_iter().map(|difference| Mismatch {
                        part: Part::Body,
                        name: difference.pointer,
                        wanted: difference.wanted,
                        found: difference.found,
                    });
                    told.collect()
                }
            },
            Self::Text(wanted) => one(
                Part::Body,
                "",
                wanted.to_string(),
                match text(view) {
                    None => "empty".to_owned(),
                    text => shown(text),
                },
            ),
            Self::Request(what, _) => one(Part::Request, what, "yes".to_owned(), "no".to_owned()),
        }
    }

    /// What is said of it when it holds.
    pub(super) fn held(&self) -> Held {
        let (part, name) = match self {
            Self::Header(name, _) => (Part::Header, name.as_str()),
            Self::Query(name, _) => (Part::Query, &**name),
            Self::Json(..) | Self::Text(_) => (Part::Body, ""),
            Self::Request(what, _) => (Part::Request, &**what),
        };
        Held { part, name: name.to_owned() }
    }
}

/// The answer of a closure.
pub(super) fn answer(make: &CodedAnswer, view: &View<'_>, endpoint: &Endpoint, named: EndpointRef) -> Answer {
    let (head, body) = make(&request_of(view), endpoint).into_parts();
    let mut headers = Vec::with_capacity(head.headers.len());
    let mut last = None;
    for (name, value) in head.headers {
        // A name that is repeated comes once.
        last = name.or(last);
        headers.extend(last.clone().map(|name| (name, value)));
    }
    Answer {
        status: head.status,
        headers: Headers::Made(headers),
        body,
        outcome: Outcome::Matched(named, None),
    }
}

/// The request, owned.
fn request_of(view: &View<'_>) -> http::Request<Bytes> {
    let body = match view.body {
        Body::Unread => Bytes::new(),
        Body::Read(body) => body.clone(),
    };
    let mut request = http::Request::new(body);
    request.method_mut().clone_from(view.request.method);
    request.uri_mut().clone_from(view.request.target);
    request.headers_mut().clone_from(view.request.headers);
    request
}

/// The body as JSON whatever its content type says, since the test asked for it; else what it is instead.
fn value_of(view: &View<'_>) -> Result<Value, String> {
    if view.bytes().is_empty() {
        return Err("empty".to_owned());
    }
    match view.json_value().filter(|_| !view.is_form()) {
        Some(value) => Ok(value.clone()),
        None => Value::parse(view.bytes(), crate::json::MAX_DEPTH)
            .map_err(|error| format!("no JSON ({} at byte {})", error.message, error.offset)),
    }
}

/// The body's text; none where there is no body.
fn text<'v>(view: &'v View<'_>) -> Option<&'v str> {
    (!view.bytes().is_empty()).then(|| view.text())
}

fn text_of(value: &HeaderValue) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(value.as_bytes())
}

fn shown(found: Option<&str>) -> String {
    match found {
        None => "missing".to_owned(),
        Some(text) if text.len() > FOUND_BYTES => format!("`{}…`", cut(text, FOUND_BYTES)),
        Some(text) => format!("`{text}`"),
    }
}
