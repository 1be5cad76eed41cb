//! What a valid mock file says. A value of these types exists only when the file had no error.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method};

use super::host::HostPattern;
use super::path::{ParamType, PathPattern};
use super::shape::Shape;
use crate::source::{Place, Source, Span};
use crate::template::Template;

/// A valid mock file: its endpoints in file order.
#[derive(Debug)]
pub struct Spec {
    /// The file it was read from.
    pub source: Source,
    /// Its endpoints, disabled ones left out.
    pub endpoints: Vec<Arc<Endpoint>>,
}

/// One route and its answer.
#[derive(Debug)]
pub struct Endpoint {
    /// How people know it.
    pub label: Arc<Label>,
    /// The bytes of the file that declare it.
    pub span: Span,
    /// The methods that it answers.
    pub method: MethodMatch,
    /// The host that it answers for; every host without one.
    pub host: Option<HostPattern>,
    /// The paths that it answers, with the prefix of its document.
    pub path: PathPattern,
    /// Declared query parameters.
    pub query: Vec<QueryParam>,
    /// What a request's body must look like.
    pub body: Option<Shape>,
    /// Its answer.
    pub response: Response,
    /// Which other origins may read its answer.
    pub cors: Option<Arc<Cors>>,
    /// Whether a miss may name it, where the file says so.
    pub near_misses: Option<bool>,
    /// Equal for endpoints that say the same.
    pub digest: u64,
}

/// How people know an endpoint.
#[derive(Debug)]
pub struct Label {
    /// Its `router-name`.
    pub name: Option<Box<str>>,
    /// Its method, `ANY` included.
    pub method: Box<str>,
    /// Its path as written, with the prefix of its document.
    pub path: Box<str>,
    /// Its host as written.
    pub host: Option<Arc<str>>,
    /// Where it stands.
    pub place: Place,
}

/// The methods that an endpoint answers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum MethodMatch {
    /// This one (GET answers HEAD too, where nothing else does).
    Exactly(Method),
    /// Every method.
    Any,
}

/// A declared query parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct QueryParam {
    /// Its decoded name.
    pub name: Box<str>,
    /// What a value of it must look like.
    pub kind: ParamType,
}

/// An endpoint's answer.
#[derive(Debug)]
pub struct Response {
    /// 200 to 599.
    pub status: http::StatusCode,
    /// In order, the decided content type included.
    pub headers: Arc<[Header]>,
    /// The body.
    pub body: BodySource,
}

/// A header of an answer.
#[derive(Debug)]
pub struct Header {
    /// Its name.
    pub name: HeaderName,
    /// Its value.
    pub value: HeaderSource,
}

/// Where a header's value comes from.
#[derive(Debug)]
pub enum HeaderSource {
    /// The same for every request.
    Fixed(HeaderValue),
    /// Rendered for each.
    Template(Box<Template>),
}

/// Where a body comes from.
#[derive(Debug)]
pub enum BodySource {
    /// The same for every request; empty when there is none.
    Fixed(Bytes),
    /// Rendered for each.
    Template(Box<Template>),
    /// Declared by a key that is not served yet: 501 that names it.
    NotServed(&'static str),
}

/// Which other origins may read an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cors {
    /// Allowed origins; every origin when empty.
    pub origins: Vec<Box<str>>,
    /// Methods that a preflight allows; those of the path when empty.
    pub methods: Vec<Box<str>>,
    /// Request headers that a preflight allows; those that it asks for when empty.
    pub headers: Vec<Box<str>>,
    /// Whether cookies may be sent.
    pub credentials: bool,
    /// For how many seconds a preflight may be kept.
    pub max_age_s: Option<u64>,
}

impl Cors {
    /// Every origin may read.
    pub fn open() -> Self {
        Self {
            origins: Vec::new(),
            methods: Vec::new(),
            headers: Vec::new(),
            credentials: false,
            max_age_s: None,
        }
    }
}

impl MethodMatch {
    /// The method's name, or `ANY`.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Exactly(method) => method.as_str(),
            Self::Any => "ANY",
        }
    }
}
