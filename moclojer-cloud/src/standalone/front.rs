//! One port for the api and for all mocks, told apart by `Host`.
//!
//! `localhost`, `127.0.0.1` and `[::1]` are the api, names under `localhost` are mocks, everything else is refused: a
//! page of another name that has itself resolved to this machine (DNS rebinding) gets nothing. The api takes requests
//! of pages only from its own origin and from those that are configured; so a mock, which anybody may have written,
//! cannot use it from a browser. `Host` is looked at with each request, not with each connection.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, Request, StatusCode, Uri, header};
use moclojer_core::respond::hosted::HostedResponder;
use moclojer_core::serve::Answers;
use serde_json::json;
use tower::ServiceExt as _;

/// How long a mock's answer may take, the request's body included.
const ANSWER: Duration = Duration::from_secs(60);

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Api,
    Mocks,
    Nobody,
}

/// Everything on one port. `origins` are pages that may use the api beside its own.
pub(super) fn router(api: Router, mocks: Answers<HostedResponder>, origins: Vec<String>) -> Router {
    let (mocks, origins): (_, Arc<[String]>) = (Arc::new(mocks), origins.into());
    Router::new().fallback(move |request: Request<Body>| {
        let (api, mocks, origins) = (api.clone(), Arc::clone(&mocks), Arc::clone(&origins));
        async move { answer(api, &mocks, &origins, request).await }
    })
}

async fn answer(
    api: Router,
    mocks: &Answers<HostedResponder>,
    origins: &[String],
    request: Request<Body>,
) -> Response {
    let host = host(request.uri(), request.headers());
    match part(host) {
        Part::Mocks => match tokio::time::timeout(ANSWER, mocks.answer(request, None)).await {
            Ok(answer) => answer.map(Body::new),
            Err(_) => refuse(StatusCode::REQUEST_TIMEOUT, "timeout", "the request did not arrive in time"),
        },
        Part::Api if !is_own(request.headers(), host, origins) => {
            let message = "pages of this origin may not use the api; to let them, set MOCLOJER_CORS_ORIGINS";
            refuse(StatusCode::FORBIDDEN, "foreign-origin", message)
        }
        Part::Api => match api.oneshot(request).await {
            Ok(answer) => answer,
            Err(never) => match never {},
        },
        Part::Nobody => {
            let message =
                "this server answers for localhost (the api) and names under it (mocks), not for this host";
            refuse(StatusCode::MISDIRECTED_REQUEST, "foreign-host", message)
        }
    }
}

/// The host and port that a request is for; empty when it says none, or several.
fn host<'r>(target: &'r Uri, headers: &'r HeaderMap) -> &'r str {
    let mut named = headers.get_all(header::HOST).iter();
    let named = match (named.next(), named.next()) {
        (Some(host), None) => host.to_str().unwrap_or_default(),
        _ => return "",
    };
    match target.authority() {
        // Two that disagree are for nobody.
        Some(authority) if !authority.as_str().eq_ignore_ascii_case(named) => "",
        _ => named,
    }
}

fn part(host: &str) -> Part {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let name = name.to_ascii_lowercase();
    match &*name {
        "localhost" | "127.0.0.1" | "[::1]" => Part::Api,
        name if name.ends_with(".localhost") => Part::Mocks,
        _ => Part::Nobody,
    }
}

/// Whether a request comes from no page, from one of the api's own, or from one that may.
fn is_own(headers: &HeaderMap, host: &str, origins: &[String]) -> bool {
    let mut named = headers.get_all(header::ORIGIN).iter();
    let Some(origin) = named.next() else { return true };
    let origin = origin.to_str().unwrap_or_default();
    let own = origin.strip_prefix("http://").is_some_and(|origin| origin.eq_ignore_ascii_case(host));
    named.next().is_none() && (own || origins.iter().any(|allowed| allowed.eq_ignore_ascii_case(origin)))
}

fn refuse(status: StatusCode, cause: &str, message: &str) -> Response {
    let body = json!({ "error": { "message": message, "cause": cause } });
    (status, axum::Json(body)).into_response()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at what it did not expect")]

    use super::*;

    #[test]
    fn each_host_is_for_one_part() {
        for (host, expected) in [
            ("localhost:8080", Part::Api),
            ("LOCALHOST", Part::Api),
            ("127.0.0.1:1", Part::Api),
            ("[::1]:8080", Part::Api),
            ("[::1]", Part::Api),
            ("shop-dev.localhost:8080", Part::Mocks),
            ("a.b.localhost", Part::Mocks),
            ("", Part::Nobody),
            ("127.0.0.1.example.com", Part::Nobody),
            ("localhost.example.com", Part::Nobody),
            ("evil-localhost", Part::Nobody),
            ("localhost:80:80", Part::Nobody),
            ("user@localhost", Part::Nobody),
            ("10.0.0.1:8080", Part::Nobody),
        ] {
            assert_eq!(part(host), expected, "{host}");
        }
    }

    #[test]
    fn a_request_is_for_one_host() {
        let mut headers = HeaderMap::new();
        let target = |text: &str| text.parse::<Uri>().unwrap();
        assert_eq!(host(&target("/"), &headers), "");
        headers.insert(header::HOST, "localhost:1".parse().unwrap());
        assert_eq!(host(&target("/"), &headers), "localhost:1");
        assert_eq!(host(&target("http://localhost:1/"), &headers), "localhost:1");
        assert_eq!(host(&target("http://a-dev.localhost:1/"), &headers), "");
        headers.append(header::HOST, "a-dev.localhost:1".parse().unwrap());
        assert_eq!(host(&target("/"), &headers), "");
    }

    #[test]
    fn only_own_and_configured_pages_use_the_api() {
        let allowed = ["https://app.example.com".to_owned()];
        for (origin, expected) in [
            ("http://localhost:8080", true),
            ("https://app.example.com", true),
            ("http://127.0.0.1:8080", false),
            ("https://localhost:8080", false),
            ("http://localhost:3000", false),
            ("http://shop-dev.localhost:8080", false),
            ("null", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            assert!(is_own(&headers, "localhost:8080", &allowed));
            headers.insert(header::ORIGIN, origin.parse().unwrap());
            assert_eq!(is_own(&headers, "localhost:8080", &allowed), expected, "{origin}");
        }
    }
}
