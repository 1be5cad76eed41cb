//! Spans to an OpenTelemetry collector, by OTLP over HTTP, from a thread of their own.

use std::time::Duration;

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};
use tracing::Subscriber;
use tracing_opentelemetry::OpenTelemetryLayer;
use tracing_subscriber::registry::LookupSpan;

use super::TelemetryError;
use crate::config::Service;

/// How long one export takes at most.
const EXPORT: Duration = Duration::from_secs(3);

/// The way of spans to the collector.
#[derive(Debug)]
pub(super) struct Traces(SdkTracerProvider);

impl Traces {
    pub(super) fn start(service: Service, endpoint: &str) -> Result<Self, TelemetryError> {
        let exporter = SpanExporter::builder()
            .with_http()
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(format!("{endpoint}/v1/traces"))
            .with_timeout(EXPORT)
            .build()
            .map_err(|error| TelemetryError::Traces(Box::new(error)))?;
        let resource = Resource::builder().with_service_name(format!("moclojer-{service}")).build();
        let provider =
            SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build();
        Ok(Self(provider))
    }

    pub(super) fn layer<S>(&self) -> OpenTelemetryLayer<S, SdkTracer>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        tracing_opentelemetry::layer().with_tracer(self.0.tracer("moclojer"))
    }

    /// Sends what was not sent yet, but for no longer than `limit`.
    pub(super) fn finish(self, limit: Duration) {
        // A collector that is away at the end loses spans, nothing else.
        let _ = self.0.shutdown_with_timeout(limit);
    }
}
