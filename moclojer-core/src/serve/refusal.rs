//! Requests that the server refuses before anybody looks at the mock, and the bodies that say so.

use http::header::{ALLOW, CONTENT_TYPE, HOST, RETRY_AFTER};
use http::{HeaderValue, Method, StatusCode, Version};

use super::limits::Limits;
use crate::respond::{Answer, Headers, Outcome, Request, error};

/// What is wrong with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// This many bytes or fields of header, over the limit.
    HeaderTooLarge(String),
    /// Not exactly one `Host`.
    Host(&'static str),
    /// CONNECT.
    Connect,
    /// A body over this many bytes.
    BodyTooLarge(usize),
    /// The body broke off or breaks HTTP's rules.
    BodyBroken(String),
    /// The mock was not ready in time.
    NotReady,
    /// The responder made an answer that HTTP/1.1 cannot send.
    BadAnswer(String),
}

/// Looks at a head. `version` tells how strict `Host` is.
pub(super) fn check_head(request: &Request<'_>, version: Version, limits: &Limits) -> Result<(), Refusal> {
    let fields = request.headers.len();
    if fields > limits.header_fields {
        let most = limits.header_fields;
        return Err(Refusal::HeaderTooLarge(format!("{fields} fields, the limit is {most} (header-fields)")));
    }
    let (bytes, hosts) = measure(request);
    if bytes > limits.header_bytes {
        let most = limits.header_bytes;
        return Err(Refusal::HeaderTooLarge(format!("{bytes} bytes, the limit is {most} (header-bytes)")));
    }
    match hosts {
        0 if version >= Version::HTTP_11 => return Err(Refusal::Host("there is no Host header")),
        0 | 1 => {}
        _ => return Err(Refusal::Host("there is more than one Host header")),
    }
    if *request.method == Method::CONNECT {
        return Err(Refusal::Connect);
    }
    Ok(())
}

/// The head's bytes as HTTP/1.1 writes it, with one space after each colon, and its `Host` fields.
fn measure(request: &Request<'_>) -> (usize, usize) {
    let mut bytes = request.method.as_str().len() + target_bytes(request.target) + "  HTTP/1.1\r\n\r\n".len();
    let mut hosts = 0;
    for (name, value) in request.headers {
        bytes = bytes.saturating_add(name.as_str().len() + value.len() + ": \r\n".len());
        hosts += usize::from(*name == HOST);
    }
    (bytes, hosts)
}

fn target_bytes(target: &http::Uri) -> usize {
    let scheme = target.scheme_str().map_or(0, |scheme| scheme.len() + "://".len());
    let authority = target.authority().map_or(0, |authority| authority.as_str().len());
    let path = target.path_and_query().map_or(0, |path| path.as_str().len());
    scheme + authority + path
}

impl Refusal {
    /// True when nothing more can be read from this connection.
    pub(super) fn ends_connection(&self) -> bool {
        matches!(self, Self::Connect | Self::BodyTooLarge(_) | Self::BodyBroken(_))
    }

    /// The answer to `request`.
    pub(super) fn answer(self, request: &Request<'_>) -> Answer {
        let mut headers = vec![(CONTENT_TYPE, HeaderValue::from_static("application/json"))];
        let (status, cause, message) = match self {
            Self::HeaderTooLarge(size) => (
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
                "header-too-large",
                format!("the request's header has {size}"),
            ),
            Self::Host(why) => {
                (StatusCode::BAD_REQUEST, "bad-host", format!("{why}; HTTP/1.1 asks for exactly one"))
            }
            Self::Connect => {
                let methods = "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT, QUERY, TRACE";
                headers.push((ALLOW, HeaderValue::from_static(methods)));
                let message = "this is a mock server, not a proxy: CONNECT opens no tunnel".to_owned();
                (StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", message)
            }
            Self::BodyTooLarge(most) => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "body-too-large",
                format!("the request's body is larger than the limit of {most} bytes (body-bytes)"),
            ),
            Self::BodyBroken(why) => {
                (StatusCode::BAD_REQUEST, "bad-body", format!("the request's body cannot be read: {why}"))
            }
            Self::NotReady => {
                headers.push((RETRY_AFTER, HeaderValue::from_static("1")));
                let message = "the mock is not ready yet, try again soon".to_owned();
                (StatusCode::SERVICE_UNAVAILABLE, "mock-not-ready", message)
            }
            Self::BadAnswer(why) => (StatusCode::INTERNAL_SERVER_ERROR, "bad-answer", why),
        };
        let body = error::body(&message, cause, request.method, request.target.path(), &host(request));
        Answer { status, headers: Headers::Made(headers), body, outcome: Outcome::Refused(message) }
    }
}

/// The authority that a request is for, as it was sent; empty when it says none.
pub(super) fn host<'a>(request: &Request<'a>) -> std::borrow::Cow<'a, str> {
    match request.target.authority() {
        Some(authority) => authority.as_str().into(),
        None => request.headers.get(HOST).map_or("".into(), |host| String::from_utf8_lossy(host.as_bytes())),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at what it did not expect")]
    use super::*;
    use http::HeaderMap;

    #[test]
    fn a_head_is_measured_as_http_writes_it() {
        let head = "GET /a?b HTTP/1.1\r\nhost: x\r\naccept: */*\r\n\r\n";
        let (method, target) = (Method::GET, "/a?b".parse().unwrap());
        let mut headers = HeaderMap::new();
        headers.insert(HOST, HeaderValue::from_static("x"));
        headers.insert(http::header::ACCEPT, HeaderValue::from_static("*/*"));
        let request = Request { method: &method, target: &target, headers: &headers, peer: None };
        assert_eq!(measure(&request), (head.len(), 1));
        let limits = Limits { header_bytes: head.len(), ..Limits::default() };
        assert_eq!(check_head(&request, Version::HTTP_11, &limits), Ok(()));
        let limits = Limits { header_bytes: head.len() - 1, ..Limits::default() };
        let refused = check_head(&request, Version::HTTP_11, &limits);
        assert!(matches!(refused, Err(Refusal::HeaderTooLarge(_))), "{refused:?}");
    }

    #[test]
    fn a_refusal_is_json_that_names_the_request() {
        let (method, target) = (Method::GET, "/a%22b?secret=1".parse().unwrap());
        let mut headers = HeaderMap::new();
        headers.insert(HOST, HeaderValue::from_bytes(b"x\"\xff").unwrap());
        let request = Request { method: &method, target: &target, headers: &headers, peer: None };
        let answer = Refusal::BodyTooLarge(10).answer(&request);
        let json: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(json["error"]["cause"], "body-too-large");
        assert!(json["error"]["message"].as_str().unwrap().contains("10 bytes"));
        assert_eq!(json["request"]["method"], "GET");
        assert_eq!(json["request"]["path"], "/a%22b");
        assert_eq!(json["request"]["host"], "x\"\u{fffd}");
    }
}
