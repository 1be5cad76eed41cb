//! The keys that each map of a mock file may have: the reader's lists, which the schema is compared with.

/// Of an item.
pub(super) const ITEM: &[&str] = &["endpoint", "websocket", "external-body", "openapi", "defaults"];
/// Of `endpoint`.
pub(super) const ENDPOINT: &[&str] = &[
    "method",
    "host",
    "path",
    "query",
    "body",
    "response",
    "rate-limit",
    "latency",
    "webhook",
    "tag",
    "router-name",
    "cors",
    "near-misses",
    "enabled",
];
/// Of `defaults`.
pub(super) const DEFAULTS: &[&str] =
    &["prefix", "host", "headers", "cors", "latency", "rate-limit", "near-misses"];
/// Of `response`.
pub(super) const RESPONSE: &[&str] = &["status", "headers", "body", "external-body"];
/// Of `cors`.
pub(super) const CORS: &[&str] = &["origins", "methods", "headers", "credentials", "max-age-s"];
/// Of `rate-limit`.
pub(super) const RATE_LIMIT: &[&str] = &["window-ms", "max-requests", "key-fn"];
/// Of `latency`.
pub(super) const LATENCY: &[&str] = &[
    "min-ms",
    "max-ms",
    "failure-rate",
    "timeout-rate",
    "timeout-ms",
    "distribution",
    "median-ms",
    "sigma",
    "fault",
    "fault-rate",
    "bytes-per-second",
];
/// Of `webhook`.
pub(super) const WEBHOOK: &[&str] = &["url", "method", "headers", "body", "if", "sleep-time"];
/// Of a response's `external-body`.
pub(super) const EXTERNAL_BODY: &[&str] = &["provider", "path", "sheet-name"];
/// Of an item `external-body`.
pub(super) const FOLDER: &[&str] = &["folder"];
/// Of an item `openapi`.
pub(super) const OPENAPI: &[&str] = &["document", "path", "host", "prefix"];
/// Of `websocket`.
pub(super) const WEBSOCKET: &[&str] = &["path", "host", "on-connect", "on-message"];
/// Of `on-connect`.
pub(super) const ON_CONNECT: &[&str] = &["response"];
/// Of a message.
pub(super) const ON_MESSAGE: &[&str] = &["pattern", "response"];
