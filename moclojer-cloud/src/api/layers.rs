//! What stands around every route: the correlation id, the span, what is counted, CORS, the time limit, panics.

use std::time::Instant;

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::cors::{AllowOrigin, CorsLayer};
use tracing::Instrument as _;
use tracing::field::Empty;
use uuid::Uuid;

use super::body::RequestId;
use super::error::{ApiError, Cause};
use super::metrics::Metrics;
use super::state::Shared;
use super::{ANSWER_HEADERS, METHODS, REQUEST_HEADERS, panicked};

/// The correlation id of a request.
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The longest id that is taken over.
const LONGEST_ID: usize = 64;

/// How long a browser may remember what may be asked.
const PREFLIGHT_SECONDS: u64 = 3_600;

/// Pages of these origins may use the api, without cookies.
pub(super) fn cors(origins: &[HeaderValue]) -> CorsLayer {
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins.iter().cloned()))
        .allow_methods(METHODS)
        .allow_headers(REQUEST_HEADERS)
        .expose_headers(ANSWER_HEADERS)
        .max_age(std::time::Duration::from_secs(PREFLIGHT_SECONDS))
}

/// The routes with all that stands around them; the last is the outermost.
pub(super) fn around(router: Router, state: &Shared, cors: CorsLayer) -> Router {
    router
        .layer(from_fn_with_state(state.clone(), limit_time))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(cors)
        .layer(from_fn_with_state(state.metrics.clone(), observe))
}

async fn limit_time(State(state): State<Shared>, request: Request, next: Next) -> Response {
    match tokio::time::timeout(state.settings.request_time, next.run(request)).await {
        Ok(response) => response,
        Err(late) => {
            let message = "the answer took too long; whether the change was made is not known";
            ApiError::with_message(Cause::Busy, message).caused_by(late).into_response()
        }
    }
}

/// Gives the request its id and its span, and counts it.
async fn observe(State(metrics): State<Metrics>, mut request: Request, next: Next) -> Response {
    let id = id_of(&request);
    let header = HeaderValue::from_str(&id).ok();
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let mut counted = metrics.begin(request.method(), route.as_deref());
    let span = tracing::info_span!(
        "request",
        http.method = %request.method(),
        http.route = route,
        ctx = id,
        customer.id = Empty,
        mock.id = Empty,
    );
    request.extensions_mut().insert(RequestId(id));
    async move {
        let begun = Instant::now();
        let mut response = next.run(request).await;
        if let Some(header) = header {
            response.headers_mut().insert(REQUEST_ID, header);
        }
        counted.answered(response.status());
        let status = response.status().as_u16();
        let ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        tracing::debug!(http.status = status, duration_ms = ms, "a request was answered");
        response
    }
    .instrument(span)
    .await
}

/// The id that a request brings, if it is one that may stand in logs; else a new one.
fn id_of(request: &Request) -> String {
    let fits = |id: &&str| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        (1..=LONGEST_ID).contains(&id.len()) && id.bytes().all(allowed)
    };
    let brought = request.headers().get(REQUEST_ID).and_then(|value| value.to_str().ok());
    brought.filter(fits).map_or_else(|| Uuid::now_v7().to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at what it did not expect")]

    use axum::body::{Body, to_bytes};
    use axum::routing::get;
    use tower::ServiceExt as _;

    use super::*;

    async fn panics() {
        panic!("a fault");
    }

    #[tokio::test]
    async fn a_panic_is_a_500_with_an_id() {
        let router = Router::new()
            .route("/", get(panics))
            .layer(CatchPanicLayer::custom(panicked))
            .layer(from_fn_with_state(Metrics::default(), observe));
        let response = router.oneshot(Request::get("/").body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(response.status(), 500);
        assert!(response.headers().contains_key(REQUEST_ID));
        let body = to_bytes(response.into_body(), 4_096).await.unwrap();
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body["error"]["cause"], "internal");
    }
}
