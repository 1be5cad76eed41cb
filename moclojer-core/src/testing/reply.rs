//! What a mock answers: a fixed reply, or a template as a file has it.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde_core::Serialize;

use crate::json::write_string;

/// An answer that is the same for every request: status, headers, body.
///
/// Made by [`json()`], [`text`], [`bytes()`] and [`status`], or of what can stand for one: a JSON value, a text, a number
/// (a status), a status with one of these (`(503, "closed")`), an [`http::Response`].
#[derive(Clone, Debug)]
#[must_use = "a reply answers nothing until a mock responds with it"]
pub struct Reply {
    pub(super) status: StatusCode,
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
    pub(super) body: Bytes,
}

/// 200 with anything that serde can write, as `application/json`.
///
/// # Panics
/// If it cannot be written as JSON (a map whose keys are no texts); the message says why.
#[track_caller]
pub fn json(value: impl Serialize) -> Reply {
    match serde_json::to_vec(&value) {
        Ok(body) => Reply::with_type(body, "application/json"),
        Err(error) => panic!("the reply cannot be written as JSON: {error}"),
    }
}

/// 200 with a text, as `text/plain; charset=utf-8`. It is no template; see [`template`].
pub fn text(text: impl Into<String>) -> Reply {
    Reply::with_type(text.into(), "text/plain; charset=utf-8")
}

/// 200 with these bytes, without a content type.
pub fn bytes(bytes: impl Into<Bytes>) -> Reply {
    Reply { status: StatusCode::OK, headers: Vec::new(), body: bytes.into() }
}

/// This status, without a body.
///
/// # Panics
/// If it is no status from 200 to 599.
#[track_caller]
pub fn status(status: u16) -> Reply {
    bytes(Bytes::new()).status(status)
}

impl Reply {
    fn with_type(body: impl Into<Bytes>, content_type: &'static str) -> Self {
        let content_type = (header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        Self { headers: vec![content_type], ..bytes(body) }
    }

    /// The same with another status.
    ///
    /// # Panics
    /// If it is no status from 200 to 599.
    #[track_caller]
    pub fn status(mut self, status: u16) -> Self {
        self.status = checked_status(status);
        self
    }

    /// The same with one more header; `content-type` takes the place of the one that is there.
    ///
    /// # Panics
    /// If a header cannot have this name or value, or the server writes it itself (`content-length`).
    #[track_caller]
    pub fn header(mut self, name: &str, value: impl AsRef<str>) -> Self {
        let (name, value) = checked_header(name, value.as_ref());
        if name == header::CONTENT_TYPE {
            self.headers.retain(|(known, _)| *known != name);
        }
        self.headers.push((name, value));
        self
    }

    pub(super) fn into_response(self) -> http::Response<Bytes> {
        let mut response = http::Response::new(self.body);
        *response.status_mut() = self.status;
        for (name, value) in self.headers {
            response.headers_mut().append(name, value);
        }
        response
    }
}

#[track_caller]
fn checked_status(status: u16) -> StatusCode {
    match StatusCode::from_u16(status) {
        Ok(known) if (200..=599).contains(&status) => known,
        _ => panic!("{status} is no status that can be sent: it goes from 200 to 599"),
    }
}

#[track_caller]
fn checked_header(name: &str, value: &str) -> (HeaderName, HeaderValue) {
    let Ok(known) = HeaderName::from_bytes(name.as_bytes()) else {
        panic!("`{name}` is no name of a header: it has letters, digits and `-`");
    };
    if ["content-length", "transfer-encoding", "connection", "upgrade"].contains(&known.as_str()) {
        panic!("`{name}` is written by the server itself: leave it out");
    }
    match HeaderValue::from_str(value) {
        Ok(value) => (known, value),
        Err(_) => panic!("the header `{name}` cannot have the value {value:?}: it has control characters"),
    }
}

impl From<serde_json::Value> for Reply {
    fn from(value: serde_json::Value) -> Self {
        json(value)
    }
}

impl From<&str> for Reply {
    fn from(body: &str) -> Self {
        text(body)
    }
}

impl From<String> for Reply {
    fn from(body: String) -> Self {
        text(body)
    }
}

impl From<u16> for Reply {
    #[track_caller]
    fn from(code: u16) -> Self {
        status(code)
    }
}

impl<R: Into<Reply>> From<(u16, R)> for Reply {
    #[track_caller]
    fn from((code, reply): (u16, R)) -> Self {
        reply.into().status(code)
    }
}

impl From<StatusCode> for Reply {
    fn from(status: StatusCode) -> Self {
        Self { status, ..bytes(Bytes::new()) }
    }
}

impl<B: Into<Bytes>> From<http::Response<B>> for Reply {
    fn from(response: http::Response<B>) -> Self {
        let (head, body) = response.into_parts();
        let mut reply = Self { status: head.status, ..bytes(body) };
        let mut last = None;
        for (name, value) in head.headers {
            last = name.or(last);
            reply.headers.extend(last.clone().map(|name| (name, value)));
        }
        reply
    }
}

/// A reply that is rendered for each request, as a file's `response` is: body and headers are templates.
///
/// Made by [`template`].
#[derive(Clone, Debug)]
#[must_use = "a template answers nothing until a mock responds with it"]
pub struct Template {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

/// 200 with a body that is a template: a text, or a JSON value whose texts are templates.
///
/// ```
/// use moclojer_core::testing::{Mocks, get, json, template};
///
/// let mocks = Mocks::new();
/// mocks.mock(get("/users/:id|int").respond(template(json!({"id": "{{path-params.id|json}}"}))));
/// let answer = mocks.call(http::Request::get("/users/7").body("").expect("a request"));
/// assert_eq!(answer.body(), r#"{"id":7}"#);
/// ```
pub fn template(body: impl Into<TemplateBody>) -> Template {
    Template { status: 200, headers: Vec::new(), body: body.into().0 }
}

/// The body of a [`Template`]: a text or a JSON value.
#[derive(Clone, Debug)]
pub struct TemplateBody(String);

impl From<&str> for TemplateBody {
    fn from(text: &str) -> Self {
        let mut body = String::with_capacity(text.len() + 2);
        write_string(text, &mut body);
        Self(body)
    }
}

impl From<String> for TemplateBody {
    fn from(text: String) -> Self {
        text.as_str().into()
    }
}

impl From<serde_json::Value> for TemplateBody {
    fn from(value: serde_json::Value) -> Self {
        Self(value.to_string())
    }
}

impl Template {
    /// The same with another status.
    ///
    /// # Panics
    /// If it is no status from 200 to 599.
    #[track_caller]
    pub fn status(mut self, status: u16) -> Self {
        self.status = checked_status(status).as_u16();
        self
    }

    /// The same with one more header, whose value is a template.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// As `response` stands in a file, in JSON.
    pub(super) fn source(&self) -> String {
        let mut text = format!("{{\"status\":{},\"headers\":{{", self.status);
        for (index, (name, value)) in self.headers.iter().enumerate() {
            if index > 0 {
                text.push(',');
            }
            write_string(name, &mut text);
            text.push(':');
            write_string(value, &mut text);
        }
        text.push_str("},\"body\":");
        text.push_str(&self.body);
        text.push('}');
        text
    }
}

/// What a mock answers with: a [`Reply`] or a [`Template`].
#[derive(Clone, Debug)]
pub struct Answer(pub(super) AnswerKind);

#[derive(Clone, Debug)]
pub(super) enum AnswerKind {
    Reply(Reply),
    Template(Template),
}

impl<R: Into<Reply>> From<R> for Answer {
    #[track_caller]
    fn from(reply: R) -> Self {
        Self(AnswerKind::Reply(reply.into()))
    }
}

impl From<Template> for Answer {
    fn from(template: Template) -> Self {
        Self(AnswerKind::Template(template))
    }
}
