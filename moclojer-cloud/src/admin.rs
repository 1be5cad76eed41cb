//! The listener of a service's own affairs, apart from the public one, where every path may be a tenant's:
//! `/healthcheck` (the process), `/healthcheck/live` (what it depends on), `/metrics` (Prometheus).
//!
//! Each dependency is a [`Check`] with a name; all are asked at once, each for at most two seconds, and one look serves
//! everybody who asks within a second. What a check says is shown: it holds no secret.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, join_all};
use http::{StatusCode, header};
use prometheus_client::registry::Registry;
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;
use tokio::sync::Mutex;

use crate::http_server::{self, Limits};

/// How long one check takes at most.
const CHECK: Duration = Duration::from_secs(2);
/// How long a look holds.
const FRESH: Duration = Duration::from_secs(1);

/// What a check found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Finding {
    /// Why it is not as it should be; none: it is.
    pub reason: Option<String>,
    /// What else there is to say, by name.
    pub details: Map<String, Value>,
}

impl Finding {
    /// All is well, or the reason why not.
    pub fn of(result: Result<(), impl Into<String>>) -> Self {
        Self { reason: result.err().map(Into::into), details: Map::new() }
    }

    /// The same with one thing more.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.details.insert(name.to_owned(), value.into());
        self
    }
}

/// Something that a service depends on, and how it is asked.
pub struct Check {
    name: &'static str,
    needed: bool,
    ask: Box<dyn Fn() -> BoxFuture<'static, Finding> + Send + Sync>,
}

impl fmt::Debug for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Check").field(&self.name).finish()
    }
}

impl Check {
    /// A check by this name.
    pub fn new<F, A>(name: &'static str, ask: A) -> Self
    where
        F: Future<Output = Finding> + Send + 'static,
        A: Fn() -> F + Send + Sync + 'static,
    {
        Self { name, needed: true, ask: Box::new(move || ask().boxed()) }
    }

    /// The same for something that a service does without for a while: shown, and no reason to send requests elsewhere.
    #[must_use]
    pub fn not_needed(self) -> Self {
        Self { needed: false, ..self }
    }

    /// The finding as it is shown, and whether all is well.
    async fn run(&self) -> (bool, Value) {
        let begun = Instant::now();
        let finding = match tokio::time::timeout(CHECK, (self.ask)()).await {
            Ok(finding) => finding,
            Err(_) => Finding::of(Err(format!("no answer within {} s", CHECK.as_secs()))),
        };
        let well = finding.reason.is_none();
        let mut shown = Map::new();
        shown.insert("ok".to_owned(), well.into());
        shown.insert(
            "took-ms".to_owned(),
            u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX).into(),
        );
        if let Some(reason) = finding.reason {
            shown.insert("reason".to_owned(), reason.into());
        }
        shown.extend(finding.details);
        (well, Value::Object(shown))
    }
}

/// What the listener answers from.
#[derive(Debug)]
struct Affairs {
    checks: Vec<Check>,
    registry: Registry,
    look: Mutex<Option<(Instant, bool, Value)>>,
}

impl Affairs {
    /// A look that is at most a second old. Whoever comes while one is taken waits for it.
    async fn look(&self) -> (bool, Value) {
        let mut look = self.look.lock().await;
        if let Some((at, well, shown)) = &*look
            && at.elapsed() < FRESH
        {
            return (*well, shown.clone());
        }
        let found = join_all(self.checks.iter().map(Check::run)).await;
        let well = self.checks.iter().zip(&found).all(|(check, (well, _))| *well || !check.needed);
        let checks: Map<String, Value> =
            self.checks.iter().zip(found).map(|(check, (_, shown))| (check.name.to_owned(), shown)).collect();
        let shown = json!({ "ok": well, "checks": checks });
        *look = Some((Instant::now(), well, shown.clone()));
        (well, shown)
    }
}

/// The routes; every other path is a 404.
pub fn router(checks: Vec<Check>, registry: Registry) -> Router {
    let affairs = Arc::new(Affairs { checks, registry, look: Mutex::new(None) });
    Router::new()
        .route("/healthcheck", get(healthcheck))
        .route("/healthcheck/live", get(live))
        .route("/metrics", get(metrics))
        .with_state(affairs)
}

/// Answers until `shutdown` ends.
pub async fn serve(listener: TcpListener, router: Router, shutdown: impl Future<Output = ()>) {
    let limits = Limits {
        connections: 64,
        header_bytes: 16 << 10,
        drain: Duration::from_millis(500),
        ..Limits::default()
    };
    http_server::serve(listener, router, limits, shutdown).await;
}

async fn healthcheck() -> Response {
    Json(json!({ "ok": true, "version": env!("CARGO_PKG_VERSION") })).into_response()
}

async fn live(State(affairs): State<Arc<Affairs>>) -> Response {
    let (well, shown) = affairs.look().await;
    let status = if well { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(shown)).into_response()
}

async fn metrics(State(affairs): State<Arc<Affairs>>) -> Response {
    let mut text = String::new();
    match prometheus_client::encoding::text::encode(&mut text, &affairs.registry) {
        Ok(()) => {
            let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            ([(header::CONTENT_TYPE, kind)], text).into_response()
        }
        // Writing to a String cannot fail.
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
