//! What a service says of itself while it runs: log lines, traces, metrics.
//!
//! Log lines go to standard output: JSON, one object a line, with the fields of all spans around an event (`ctx` is the
//! correlation id, which travels with hints), or text for people. A line never waits for the output: what nobody
//! takes is counted and left out. Traces go out by OTLP over HTTP where an endpoint is configured, from a thread of
//! their own. Which metrics there are is the services' affair; they put them into the [`registry`].
//!
//! No body, token or address of a person goes through here: whoever logs keeps them out.

mod json;
mod traces;
mod writer;

use std::io::{self, IsTerminal as _};
use std::time::Duration;

use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::format::JsonFields;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer, fmt};

use crate::config::{self, LogFormat, Service};
use json::Json;
use traces::Traces;
use writer::{Writer, WritingThread};

/// How long the end waits for lines and spans that were not sent yet.
const FLUSH: Duration = Duration::from_secs(2);

/// Where log lines go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// Standard output: of a service.
    Stdout,
    /// Standard error: of a command, whose answer goes to standard output.
    Stderr,
}

/// Telemetry could not be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TelemetryError {
    /// The system gives no thread to write with.
    #[error("no thread for the log")]
    Thread(#[source] io::Error),
    /// The exporter of traces cannot be made.
    #[error("traces cannot be sent to otlp-endpoint")]
    Traces(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// This process has telemetry already.
    #[error("telemetry runs already")]
    Twice,
}

/// Takes what is to be logged and writes it.
pub type Lines = Box<dyn Layer<tracing_subscriber::Registry> + Send + Sync>;

/// Running telemetry. Dropping it loses what was not written yet: [`finish`](Self::finish) it.
#[derive(Debug)]
pub struct Telemetry {
    /// None where the program writes its lines itself.
    thread: Option<WritingThread>,
    traces: Option<Traces>,
}

impl Telemetry {
    /// Starts it for the whole process. Called before the runtime is made: the exporter of traces must not be made
    /// within one.
    ///
    /// # Errors
    /// When a part of it cannot be started.
    pub fn start(
        service: Service,
        settings: &config::Telemetry,
        output: Output,
    ) -> Result<Self, TelemetryError> {
        let (out, terminal): (Box<dyn io::Write + Send>, bool) = match output {
            Output::Stdout => (Box::new(io::stdout()), io::stdout().is_terminal()),
            Output::Stderr => (Box::new(io::stderr()), io::stderr().is_terminal()),
        };
        let (writer, thread) = Writer::start(out).map_err(TelemetryError::Thread)?;
        let as_json = match settings.log_format {
            LogFormat::Json => true,
            LogFormat::Text => false,
            LogFormat::Auto => !terminal,
        };
        let lines: Lines = if as_json {
            let layer = fmt::layer().event_format(Json).fmt_fields(JsonFields::new());
            layer.with_writer(writer).boxed()
        } else {
            fmt::layer().with_ansi(terminal).with_target(false).with_writer(writer).boxed()
        };
        let telemetry = Self::start_with(service, settings, lines)?;
        Ok(Self { thread: Some(thread), ..telemetry })
    }

    /// The same for a program that writes its lines itself: `lines` takes what is to be logged, in whatever form.
    ///
    /// # Errors
    /// When a part of it cannot be started.
    pub fn start_with(
        service: Service,
        settings: &config::Telemetry,
        lines: Lines,
    ) -> Result<Self, TelemetryError> {
        let traces = match &settings.otlp_endpoint {
            Some(endpoint) => Some(Traces::start(service, endpoint)?),
            None => None,
        };
        tracing_subscriber::registry()
            .with(lines)
            .with(traces.as_ref().map(Traces::layer))
            .with(levels(&settings.log_level).boxed())
            .try_init()
            .map_err(|_| TelemetryError::Twice)?;
        Ok(Self { thread: None, traces })
    }

    /// Sends what was not sent yet, for a short while. Called after the runtime ended.
    pub fn finish(self) {
        if let Some(traces) = self.traces {
            traces.finish(FLUSH);
        }
        if let Some(thread) = self.thread {
            thread.finish(FLUSH);
        }
    }
}

/// The levels of a checked setting.
fn levels(text: &str) -> Targets {
    text.parse().unwrap_or_else(|_| Targets::new().with_default(tracing::Level::INFO))
}

/// A registry with what is known of every service: its release, and since when it runs.
pub fn registry(service: Service) -> Registry {
    let mut registry = Registry::with_prefix("moclojer");
    let labels = vec![("service", service.name()), ("version", env!("CARGO_PKG_VERSION"))];
    registry.register("build", "The release that runs", Info::new(labels));
    let started: Gauge = Gauge::default();
    started.set(jiff::Timestamp::now().as_second());
    registry.register_with_unit("started", "When the process started, as unix time", Unit::Seconds, started);
    registry
}

/// An error with all its causes in one line, for a log or a health answer.
pub fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        // Some libraries tell their causes themselves.
        if !text.ends_with(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        cause = error.source();
    }
    text
}
