//! What the api answers when it does not do what it was asked: the one table of causes, and how an error is answered
//! and logged.
//!
//! A cause is a machine word that never changes its meaning. The message is for the person at the other end; what
//! only the operator may know (the source of an error) goes to the log, once.

use std::error::Error;
use std::time::Duration;

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::schema::{Object, ObjectBuilder, SchemaType, Type};

use crate::auth::AuthError;
use crate::domain::NameProblem;
use crate::store::StoreError;

macro_rules! causes {
    ($($name:ident $status:literal $word:literal $meaning:literal)*) => {
        /// Why something was not done.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Cause {
            $(#[doc = $meaning] $name,)*
        }

        impl Cause {
            /// All of them, by status.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The status of its answer.
            pub fn status(self) -> StatusCode {
                let code: u16 = match self { $(Self::$name => $status,)* };
                StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
            }

            /// The machine word.
            pub fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            /// What it means, as the documentation says it.
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$name => $meaning,)* }
            }
        }
    };
}

causes! {
    InvalidJson 400 "invalid-json" "the body is no JSON; the message says where"
    NoToken 401 "no-token" "there is no `Authorization: Bearer …`"
    InvalidToken 401 "invalid-token" "the token names nobody here: forged, expired, or not made for this"
    NotSignedIn 403 "not-signed-in" "the token is valid, but there is no customer yet: `POST /login/auth` makes one"
    Suspended 403 "suspended" "the customer or the org is suspended"
    NoEmail 403 "no-email" "the issuer of the token knows no e-mail address of the customer"
    NotAllowed 403 "not-allowed" "you may see it, but not change it"
    ForeignSubdomain 403 "foreign-subdomain" "the subdomain is neither your username nor the slug of an org of yours"
    NotFound 404 "not-found" "there is no such thing, or it is not yours to know of"
    NoSuchRoute 404 "no-such-route" "there is nothing at this path"
    MethodNotAllowed 405 "method-not-allowed" "the path does not know this method; `Allow` says which it knows"
    Slow 408 "request-timeout" "the request did not arrive in time"
    NameTaken 409 "name-taken" "somebody has this name"
    HasMocks 409 "has-mocks" "it has mocks, whose hosts hold its name"
    LastOwner 409 "last-owner" "an org keeps one owner"
    HostTaken 409 "host-taken" "another mock has this host"
    HostHeld 409 "host-held" "the host was given back less than 30 days ago and is held for its last owner"
    MockExists 409 "mock-exists" "you have a mock at this host, with other content; `value` has its `id`"
    OwnerChanged 409 "owner-changed" "the owner was renamed or removed meanwhile; try again"
    StaleRevision 412 "stale-revision" "somebody changed the mock meanwhile; `value` is the newest"
    BodyTooLarge 413 "body-too-large" "the body has more bytes than are read"
    ContentTooLarge 413 "content-too-large" "a mock has at most 1 MiB of content"
    NotJson 415 "not-json" "the body's content type is not `application/json`"
    InvalidRequest 422 "invalid-request" "fields of the request are wrong; `value` lists all of them, each with `field` and `message`"
    RevisionRequired 428 "revision-required" "a change says which revision it was made from: `if-revision`, or `If-Match` with the mock's `ETag`"
    TooManyStreams 429 "too-many-streams" "the customer has as many status streams open as they may"
    Internal 500 "internal" "something went wrong that is ours to mend"
    Unavailable 503 "unavailable" "the database does not answer; try again after `Retry-After` seconds"
    AuthUnavailable 503 "auth-unavailable" "the issuer of tokens does not answer; try again after `Retry-After` seconds"
    Busy 503 "busy" "more is asked than can be done now; try again after `Retry-After` seconds"
}

/// How long a client waits before it asks again what could not be answered.
const PAUSE: Duration = Duration::from_secs(2);

/// An answer that says why something was not done.
#[derive(Debug)]
pub struct ApiError {
    cause: Cause,
    message: String,
    value: Option<serde_json::Value>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// What a handler gives.
pub(crate) type Answer<T> = Result<T, ApiError>;

/// One thing that is wrong with a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct FieldProblem {
    /// The field of the body or of the query.
    pub field: String,
    /// What is wrong with it.
    pub message: String,
}

/// The body of every error.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct ErrorAnswer {
    /// The error.
    pub error: ErrorBody,
}

/// What went wrong.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct ErrorBody {
    /// For people.
    pub message: String,
    /// For programs: a word that never changes its meaning.
    pub cause: &'static str,
    /// What belongs to the cause: the newest mock, the list of what is wrong, an id; else null.
    #[schema(schema_with = value_schema, required)]
    pub value: Option<serde_json::Value>,
}

/// An object, a list, or null.
fn value_schema() -> Object {
    let about = "What belongs to the cause: the newest mock, the list of what is wrong, an id; else null.";
    ObjectBuilder::new()
        .schema_type(SchemaType::from_iter([Type::Object, Type::Array, Type::Null]))
        .description(Some(about))
        .build()
}

impl ApiError {
    /// An error with the usual message of its cause.
    pub(crate) fn new(cause: Cause) -> Self {
        Self::with_message(cause, cause.meaning())
    }

    /// An error with a message of its own.
    pub(crate) fn with_message(cause: Cause, message: impl Into<String>) -> Self {
        Self { cause, message: message.into(), value: None, source: None }
    }

    /// The same with a value for programs.
    pub(crate) fn value(mut self, value: impl Serialize) -> Self {
        self.value = serde_json::to_value(value).ok();
        self
    }

    /// The same with what the operator is to know.
    pub(crate) fn caused_by(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// All that is wrong with a request.
    pub(crate) fn fields(problems: &[FieldProblem]) -> Self {
        let message = match problems {
            [one] => format!("{}: {}", one.field, one.message),
            many => format!("{} fields of the request are wrong", many.len()),
        };
        Self::with_message(Cause::InvalidRequest, message).value(problems)
    }

    /// One field that is wrong.
    pub(crate) fn field(field: &str, message: impl Into<String>) -> Self {
        Self::fields(&[FieldProblem { field: field.to_owned(), message: message.into() }])
    }

    /// A name that cannot be taken.
    pub(crate) fn name(field: &str, problem: &NameProblem) -> Self {
        Self::field(field, problem.to_string())
    }

    /// What there is nothing of, or nothing to know of.
    pub(crate) fn not_found() -> Self {
        Self::with_message(Cause::NotFound, "there is no such thing, or it is not yours")
    }

    /// The cause.
    pub(crate) fn cause(&self) -> Cause {
        self.cause
    }

    /// The value.
    #[cfg(test)]
    pub(crate) fn of_fields(&self) -> Option<&serde_json::Value> {
        self.value.as_ref()
    }

    /// Says in the log what the client is not told; once, where the error is handled.
    fn log(&self) {
        let Some(source) = &self.source else { return };
        let source: &(dyn Error + 'static) = &**source;
        match self.cause.status() {
            StatusCode::INTERNAL_SERVER_ERROR => {
                tracing::error!(error.cause = self.cause.word(), error = %Chain(source), "a request failed");
            }
            StatusCode::SERVICE_UNAVAILABLE => {
                tracing::warn!(error.cause = self.cause.word(), error = %Chain(source), "a request could not be answered");
            }
            _ => {
                tracing::debug!(error.cause = self.cause.word(), error = %Chain(source), "a request was refused");
            }
        }
    }
}

/// An error with its causes, from the outermost in.
struct Chain<'e>(&'e (dyn Error + 'static));

impl std::fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)?;
        let mut next = self.0.source();
        while let Some(cause) = next {
            write!(f, ": {cause}")?;
            next = cause.source();
        }
        Ok(())
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        let cause = if error.is_temporary() { Cause::Unavailable } else { Cause::Internal };
        Self::new(cause).caused_by(error)
    }
}

impl From<AuthError> for ApiError {
    fn from(error: AuthError) -> Self {
        match error {
            AuthError::Invalid(_) => {
                Self::with_message(Cause::InvalidToken, "the token is not valid").caused_by(error)
            }
            AuthError::Unavailable(_) => Self::new(Cause::AuthUnavailable).caused_by(error),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        self.log();
        let status = self.cause.status();
        let body = ErrorBody { message: self.message, cause: self.cause.word(), value: self.value };
        let mut response = (status, Json(ErrorAnswer { error: body })).into_response();
        let headers = response.headers_mut();
        match status {
            StatusCode::UNAUTHORIZED => {
                headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => {
                headers.insert(RETRY_AFTER, HeaderValue::from(PAUSE.as_secs()));
            }
            _ => {}
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_cause_has_a_word_of_its_own_in_kebab_case() {
        let words: HashSet<&str> = Cause::ALL.iter().map(|cause| cause.word()).collect();
        assert_eq!(words.len(), Cause::ALL.len());
        for word in words {
            assert!(word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{word}");
        }
        assert!(Cause::ALL.is_sorted_by_key(|cause| cause.status()));
    }
}
