//! Cross-origin answers (the Fetch standard's CORS protocol).

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};

use super::{Answer, Headers, Outcome, Request};
use crate::spec::Cors;

type List = Vec<(HeaderName, HeaderValue)>;

/// The method that a preflight asks for; `None` when the request is none.
pub(super) fn preflight_method(request: &Request<'_>) -> Option<Method> {
    if *request.method != Method::OPTIONS || !request.headers.contains_key(header::ORIGIN) {
        return None;
    }
    let method = request.headers.get(header::ACCESS_CONTROL_REQUEST_METHOD)?;
    Method::from_bytes(method.as_bytes()).ok()
}

/// 204 to a preflight; `methods` are those of the path.
pub(super) fn preflight(policy: &Cors, request: &Request<'_>, methods: &str) -> Answer {
    let mut headers = List::new();
    allow(policy, request, &mut headers);
    let methods = if policy.methods.is_empty() { methods.to_owned() } else { policy.methods.join(", ") };
    push(&mut headers, header::ACCESS_CONTROL_ALLOW_METHODS, &methods);
    if policy.headers.is_empty() {
        if let Some(asked) = request.headers.get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
            headers.push((header::ACCESS_CONTROL_ALLOW_HEADERS, asked.clone()));
        }
    } else {
        push(&mut headers, header::ACCESS_CONTROL_ALLOW_HEADERS, &policy.headers.join(", "));
    }
    if let Some(seconds) = policy.max_age_s {
        headers.push((header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from(seconds)));
    }
    Answer {
        status: StatusCode::NO_CONTENT,
        headers: Headers::Made(headers),
        body: bytes::Bytes::new(),
        outcome: Outcome::Own,
    }
}

/// Adds what lets the request's origin read the answer; headers that the endpoint set itself stay.
pub(super) fn allow(policy: &Cors, request: &Request<'_>, headers: &mut List) {
    if headers.iter().any(|(name, _)| *name == header::ACCESS_CONTROL_ALLOW_ORIGIN) {
        return;
    }
    let any = policy.origins.is_empty() && !policy.credentials;
    if any {
        headers.push((header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*")));
        return;
    }
    // The answer depends on the origin, also for one that is not allowed.
    headers.push((header::VARY, HeaderValue::from_static("Origin")));
    let Some(origin) = allowed_origin(policy, request.headers) else {
        return;
    };
    headers.push((header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone()));
    if policy.credentials {
        headers.push((header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true")));
    }
}

/// Adds the open policy to any answer (`--cors`).
pub(super) fn open(headers: &mut Headers, request: &Request<'_>) {
    let mut list = headers.as_slice().to_vec();
    let before = list.len();
    allow(&Cors::open(), request, &mut list);
    if list.len() > before {
        *headers = Headers::Made(list);
    }
}

fn allowed_origin<'h>(policy: &Cors, headers: &'h HeaderMap) -> Option<&'h HeaderValue> {
    let origin = headers.get(header::ORIGIN)?;
    let fits = policy.origins.is_empty()
        || policy.origins.iter().any(|allowed| origin.as_bytes().eq_ignore_ascii_case(allowed.as_bytes()));
    fits.then_some(origin)
}

fn push(headers: &mut List, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.push((name, value));
    }
}
