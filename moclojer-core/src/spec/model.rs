//! What a valid mock file says. A value of these types exists only when the file had no error.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method};

use super::coded::{Coded, CodedGuard};
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
    /// Those with `enabled: false`. They never answer; a miss can say so.
    pub disabled: Vec<Arc<Endpoint>>,
}

/// One route and its answer. A host that serves many owners holds a million of them, so what is rare or the same for
/// many stands outside of it.
#[derive(Debug)]
pub struct Endpoint {
    /// How people know it.
    pub label: Label,
    /// The bytes of the file that declare it.
    pub span: Span,
    /// The methods that it answers.
    pub method: MethodMatch,
    /// The host that it answers for; every host without one.
    pub host: Option<HostPattern>,
    /// The paths that it answers, with the prefix of its document.
    pub path: PathPattern,
    /// Declared query parameters.
    pub query: Box<[QueryParam]>,
    /// What a request's body must look like.
    pub body: Option<Box<Shape>>,
    /// Its answer.
    pub response: Response,
    /// Whether a miss may name it, where the file says so.
    pub near_misses: Option<bool>,
    /// How many bytes of the path are the prefix of its document.
    pub prefix_bytes: u16,
    /// Equal for endpoints that say the same.
    pub digest: u64,
    /// What few endpoints have.
    pub(crate) rare: Option<Box<Rare>>,
}

/// What few endpoints have, so that the others do not pay for it.
#[derive(Debug, Default)]
pub(crate) struct Rare {
    /// Which other origins may read its answer.
    pub(crate) cors: Option<Arc<Cors>>,
    /// What code says of it.
    pub(crate) coded: Option<Coded>,
}

impl Endpoint {
    /// Which other origins may read its answer.
    pub fn cors(&self) -> Option<&Cors> {
        self.rare.as_ref()?.cors.as_deref()
    }

    /// What code says of it.
    pub(crate) fn coded(&self) -> Option<&Coded> {
        self.rare.as_ref()?.coded.as_ref()
    }

    /// The guards of code.
    pub(crate) fn coded_guards(&self) -> &[CodedGuard] {
        self.coded().map(|coded| coded.guards.as_slice()).unwrap_or_default()
    }

    /// Whether it answers for a request's host, in the form that is compared, which is not made for one that names none.
    pub(crate) fn answers_host<'h>(&self, host: impl FnOnce() -> &'h str) -> bool {
        self.host.as_ref().is_none_or(|wanted| wanted.matches(host()))
    }
}

/// How people know an endpoint.
#[derive(Debug)]
pub struct Label {
    /// Its `router-name`.
    pub name: Option<Box<str>>,
    /// Its method, `ANY` included.
    pub method: MethodMatch,
    /// Its path as written, with the prefix of its document.
    pub path: Box<str>,
    /// Where it stands.
    pub place: Place,
}

/// The methods that an endpoint answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MethodMatch {
    /// This one (GET answers HEAD too, where nothing else does).
    Exactly(Verb),
    /// Every method.
    Any,
}

/// A method that an endpoint may name: one byte, where [`Method`] holds any text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Verb {
    /// GET
    Get,
    /// HEAD
    Head,
    /// POST
    Post,
    /// PUT
    Put,
    /// PATCH
    Patch,
    /// DELETE
    Delete,
    /// OPTIONS
    Options,
    /// TRACE
    Trace,
    /// QUERY
    Query,
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
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Exactly(verb) => verb.as_str(),
            Self::Any => "ANY",
        }
    }
}

/// The method's name, or `ANY`.
impl fmt::Display for MethodMatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Verb {
    /// The verb of a method; `None` for one that no endpoint can name.
    pub fn of(method: &Method) -> Option<Self> {
        Some(match *method {
            Method::GET => Self::Get,
            Method::HEAD => Self::Head,
            Method::POST => Self::Post,
            Method::PUT => Self::Put,
            Method::PATCH => Self::Patch,
            Method::DELETE => Self::Delete,
            Method::OPTIONS => Self::Options,
            Method::TRACE => Self::Trace,
            Method::QUERY => Self::Query,
            _ => return None,
        })
    }

    /// The method's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
            Self::Options => "OPTIONS",
            Self::Trace => "TRACE",
            Self::Query => "QUERY",
        }
    }
}

/// The method's name.
impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl From<Verb> for Method {
    fn from(verb: Verb) -> Self {
        match verb {
            Verb::Get => Self::GET,
            Verb::Head => Self::HEAD,
            Verb::Post => Self::POST,
            Verb::Put => Self::PUT,
            Verb::Patch => Self::PATCH,
            Verb::Delete => Self::DELETE,
            Verb::Options => Self::OPTIONS,
            Verb::Trace => Self::TRACE,
            Verb::Query => Self::QUERY,
        }
    }
}

impl PartialEq<Method> for Verb {
    fn eq(&self, method: &Method) -> bool {
        Self::of(method) == Some(*self)
    }
}
