//! The JSON bodies of answers that no endpoint made: one layout for all of them.

use std::fmt::Write as _;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, StatusCode, header};

use super::reason::{Mismatch, NearMiss};
use super::view::View;
use super::{Answer, EndpointRef, Headers, Outcome};
use crate::json::write_string;
use crate::spec::Label;
use crate::template::RenderError;

/// The longest text of a request that a body repeats.
const LONGEST: usize = 1024;

/// `{"error":{"message","cause"},"request":{"method","path","host"}}`.
///
/// `cause` is a word for programs. The path is shown without its query, which may hold secrets.
pub fn body(message: &str, cause: &str, method: &Method, path: &str, host: &str) -> Bytes {
    let mut json = String::with_capacity(256);
    open(&mut json, message, cause, method, path, host);
    json.push('}');
    json.into()
}

fn open(json: &mut String, message: &str, cause: &str, method: &Method, path: &str, host: &str) {
    json.push_str("{\"error\":{\"message\":");
    write_string(message, json);
    json.push_str(",\"cause\":");
    write_string(cause, json);
    json.push_str("},\"request\":{\"method\":");
    write_string(method.as_str(), json);
    json.push_str(",\"path\":");
    write_string(cut(path, LONGEST), json);
    json.push_str(",\"host\":");
    write_string(cut(host, LONGEST), json);
    json.push('}');
}

/// At most `most` bytes of `text`.
pub(super) fn cut(text: &str, most: usize) -> &str {
    let mut end = text.len().min(most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// A body that grows by optional members.
pub(super) struct ErrorBody {
    json: String,
}

impl ErrorBody {
    pub(super) fn new(view: &View<'_>, message: &str, cause: &str) -> Self {
        let mut json = String::with_capacity(512);
        open(&mut json, message, cause, view.request.method, view.request.target.path(), view.host());
        Self { json }
    }

    /// `"nearest":[{"method","path","name"?,"place","reason"}]`.
    pub(super) fn nearest(&mut self, nearest: &[NearMiss], with_place: bool) {
        self.json.push_str(",\"nearest\":[");
        for (index, miss) in nearest.iter().enumerate() {
            if index > 0 {
                self.json.push(',');
            }
            self.label(&miss.endpoint, with_place);
            self.json.push_str(",\"reason\":");
            write_string(&miss.reason.to_string(), &mut self.json);
            self.json.push('}');
        }
        self.json.push(']');
    }

    /// `"mismatches":[{"in","name","wanted","found"}]`.
    pub(super) fn mismatches(&mut self, mismatches: &[Mismatch]) {
        self.json.push_str(",\"mismatches\":[");
        for (index, mismatch) in mismatches.iter().enumerate() {
            if index > 0 {
                self.json.push(',');
            }
            self.json.push_str("{\"in\":");
            write_string(mismatch.part.as_str(), &mut self.json);
            self.json.push_str(",\"name\":");
            write_string(&mismatch.name, &mut self.json);
            self.json.push_str(",\"wanted\":");
            write_string(&mismatch.wanted, &mut self.json);
            self.json.push_str(",\"found\":");
            write_string(&mismatch.found, &mut self.json);
            self.json.push('}');
        }
        self.json.push(']');
    }

    /// `"endpoint":{"method","path","name"?,"place"}`.
    pub(super) fn endpoint(&mut self, label: &Label, with_place: bool) {
        self.json.push_str(",\"endpoint\":");
        self.label(label, with_place);
        self.json.push('}');
    }

    /// An object that is left open for more members.
    fn label(&mut self, label: &Label, with_place: bool) {
        self.json.push_str("{\"method\":");
        write_string(label.method.as_str(), &mut self.json);
        self.json.push_str(",\"path\":");
        write_string(&label.path, &mut self.json);
        if let Some(name) = &label.name {
            self.json.push_str(",\"name\":");
            write_string(name, &mut self.json);
        }
        if with_place {
            self.json.push_str(",\"place\":");
            write_string(&label.place.to_string(), &mut self.json);
        }
    }

    /// A member with a text.
    pub(super) fn text(&mut self, name: &str, value: &str) {
        // Writing to a String cannot fail.
        let _ = write!(self.json, ",\"{name}\":");
        write_string(value, &mut self.json);
    }

    pub(super) fn answer(mut self, status: StatusCode, outcome: Outcome) -> Answer {
        self.json.push('}');
        Answer { status, headers: Headers::Made(vec![json_type()]), body: self.json.into(), outcome }
    }
}

/// `content-type: application/json`.
pub(super) fn json_type() -> (HeaderName, HeaderValue) {
    (header::CONTENT_TYPE, HeaderValue::from_static("application/json"))
}

/// 400: the path cannot be decoded.
pub(super) fn bad_path(view: &View<'_>, why: &str) -> Answer {
    let body = ErrorBody::new(view, why, "bad-path");
    body.answer(StatusCode::BAD_REQUEST, Outcome::Unmatched(Vec::new()))
}

/// 500: a template could not be rendered.
pub(super) fn template(
    view: &View<'_>,
    endpoint: EndpointRef,
    with_place: bool,
    error: &RenderError,
) -> Answer {
    let message = format!("the template cannot be rendered: {}", error.reason);
    let cause = if error.limit.is_some() { "template-limit" } else { "template-error" };
    let mut body = ErrorBody::new(view, &message, cause);
    body.endpoint(&endpoint, with_place);
    body.text("expression", &error.expression);
    body.text("reason", &error.reason);
    if let Some(limit) = error.limit {
        body.text("limit", limit);
    }
    let reason = format!("{} in `{}`", error.reason, error.expression);
    body.answer(StatusCode::INTERNAL_SERVER_ERROR, Outcome::Failed(endpoint, reason))
}

/// 501: what would answer is not served yet.
pub(super) fn not_served(view: &View<'_>, endpoint: EndpointRef, with_place: bool, key: &str) -> Answer {
    let message = format!("this endpoint answers with `{key}`, which is not served yet");
    let mut body = ErrorBody::new(view, &message, "not-served-yet");
    body.endpoint(&endpoint, with_place);
    body.text("key", key);
    body.answer(StatusCode::NOT_IMPLEMENTED, Outcome::Failed(endpoint, message))
}
