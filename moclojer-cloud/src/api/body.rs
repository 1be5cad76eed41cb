//! What handlers take: a JSON body, a query, ids of the path, the caller, the correlation id.

use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use futures_util::StreamExt as _;
use http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue};
use serde::de::DeserializeOwned;

use super::error::{Answer, ApiError, Cause};
use super::fields::{Fields, FromFields};
use super::state::Shared;
use crate::domain::Customer;

/// How many times the bytes of a body that is read are taken in and thrown away of one that is too large: a client
/// that still writes would not see the answer.
const DRAINED: usize = 4;

/// A JSON body.
pub(crate) struct JsonBody<T>(pub(crate) T);

impl<T: FromFields> FromRequest<Shared> for JsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &Shared) -> Answer<Self> {
        check_content_type(request.headers())?;
        let bytes = read_body(request, state).await?;
        let value = serde_json::from_slice(&bytes).map_err(|error| not_json(&error))?;
        Fields::read_body(value).map(Self)
    }
}

/// The same, where a body may be left out.
pub(crate) struct OptionalJsonBody<T>(pub(crate) T);

impl<T: FromFields> FromRequest<Shared> for OptionalJsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &Shared) -> Answer<Self> {
        let typed = check_content_type(request.headers());
        let bytes = read_body(request, state).await?;
        if bytes.is_empty() {
            return Fields::read_body(serde_json::Value::Object(serde_json::Map::new())).map(Self);
        }
        typed?;
        let value = serde_json::from_slice(&bytes).map_err(|error| not_json(&error))?;
        Fields::read_body(value).map(Self)
    }
}

fn not_json(error: &serde_json::Error) -> ApiError {
    ApiError::with_message(Cause::InvalidJson, format!("the body is no JSON: {error}"))
}

/// `application/json`, or none at all.
fn check_content_type(headers: &HeaderMap) -> Answer<()> {
    let Some(given) = headers.get(CONTENT_TYPE) else { return Ok(()) };
    let essence = given.to_str().ok().and_then(|text| text.split(';').next()).unwrap_or_default().trim();
    let is_json = essence.eq_ignore_ascii_case("application/json")
        || essence.to_ascii_lowercase().strip_suffix("+json").is_some_and(|kind| kind.contains('/'));
    if is_json { Ok(()) } else { Err(ApiError::new(Cause::NotJson)) }
}

async fn read_body(request: Request, state: &Shared) -> Answer<Vec<u8>> {
    let reading = read_within(request, state.settings.body_bytes);
    match tokio::time::timeout(state.settings.body_time, reading).await {
        Ok(read) => read,
        Err(_) => Err(ApiError::new(Cause::Slow)),
    }
}

async fn read_within(request: Request, most: usize) -> Answer<Vec<u8>> {
    let too_large =
        || ApiError::with_message(Cause::BodyTooLarge, format!("a body has at most {most} bytes"));
    let told = request.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    let mut left = most.saturating_mul(DRAINED);
    if told.is_some_and(|told: usize| told > left) {
        return Err(too_large());
    }
    let mut bytes = Vec::with_capacity(told.unwrap_or_default().min(most));
    let mut body = Body::into_data_stream(request.into_body());
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|error| {
            ApiError::with_message(Cause::InvalidJson, "the body did not arrive whole").caused_by(error)
        })?;
        if bytes.len() + chunk.len() <= most {
            bytes.extend_from_slice(&chunk);
            continue;
        }
        // From here on it is too large: nothing is kept.
        drop(bytes);
        left = left.saturating_sub(chunk.len());
        drain(&mut body, left).await;
        return Err(too_large());
    }
    Ok(bytes)
}

async fn drain(body: &mut axum::body::BodyDataStream, mut left: usize) {
    while left > 0
        && let Some(Ok(chunk)) = body.next().await
    {
        left = left.saturating_sub(chunk.len());
    }
}

/// The query.
pub(crate) struct QueryOf<T>(pub(crate) T);

impl<T: FromFields, S: Send + Sync> FromRequestParts<S> for QueryOf<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Answer<Self> {
        let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri)
            .map_err(|_| ApiError::field("", "the query cannot be read"))?;
        Fields::read_query(pairs).map(Self)
    }
}

/// What stands in the path. What cannot be read names nothing.
pub(crate) struct InPath<T>(pub(crate) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for InPath<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Answer<Self> {
        let read: Result<Path<T>, PathRejection> = Path::from_request_parts(parts, state).await;
        read.map(|Path(value)| Self(value)).map_err(|_| ApiError::not_found())
    }
}

/// Who asks: a customer whose token is valid, who has a row and is not suspended.
pub(crate) struct Caller(pub(crate) Customer);

impl FromRequestParts<Shared> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &Shared) -> Answer<Self> {
        let token = bearer(&parts.headers)?;
        let identity = state.auth.identify(token).await?;
        let customer = state.store.customer_by_external(identity.external_id).await?;
        let customer = customer.ok_or_else(|| ApiError::new(Cause::NotSignedIn))?;
        tracing::Span::current().record("customer.id", tracing::field::display(customer.id));
        check_not_suspended(&customer)?;
        Ok(Self(customer))
    }
}

/// A suspended customer reads and changes nothing.
pub(crate) fn check_not_suspended(customer: &Customer) -> Answer<()> {
    match customer.suspended_at {
        Some(_) => Err(ApiError::new(Cause::Suspended)),
        None => Ok(()),
    }
}

/// The one bearer token of a request.
fn bearer(headers: &HeaderMap) -> Answer<&str> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = match (values.next(), values.next()) {
        (Some(value), None) => value,
        _ => return Err(ApiError::new(Cause::NoToken)),
    };
    bearer_of(value).ok_or_else(|| ApiError::new(Cause::NoToken))
}

fn bearer_of(value: &HeaderValue) -> Option<&str> {
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    let token = token.trim_matches(' ');
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

/// The correlation id of a request.
#[derive(Clone, Debug)]
pub(crate) struct RequestId(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for RequestId {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(parts.extensions.get().cloned().unwrap_or_else(|| Self(String::new())))
    }
}
