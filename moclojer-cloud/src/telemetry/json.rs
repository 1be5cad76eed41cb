//! Log lines as JSON: `time`, `level`, `msg`, `target`, then the fields of the spans around the event, the outer ones
//! first, then those of the event; of two fields with one name the inner one stays.

use std::fmt;

use jiff::Timestamp;
use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

/// The form of a line. Fields of spans have to be kept as JSON.
#[derive(Debug)]
pub(super) struct Json;

impl<S, N> FormatEvent<S, N> for Json
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut out: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let metadata = event.metadata();
        let mut line = Map::new();
        // Their places come first, whatever fields are called.
        line.insert("time".to_owned(), Timestamp::now().to_string().into());
        line.insert("level".to_owned(), metadata.level().as_str().to_lowercase().into());
        line.insert("msg".to_owned(), Value::Null);
        line.insert("target".to_owned(), metadata.target().into());
        for span in context.event_scope().into_iter().flat_map(|scope| scope.from_root()) {
            let extensions = span.extensions();
            let fields = extensions.get::<FormattedFields<N>>().map(|fields| fields.fields.as_str());
            if let Some(Ok(Value::Object(fields))) = fields.map(serde_json::from_str) {
                fields.into_iter().for_each(|(name, value)| put(&mut line, name, value));
            }
        }
        let mut visitor = Fields { line: &mut line, message: String::new() };
        event.record(&mut visitor);
        let message = std::mem::take(&mut visitor.message);
        line.insert("msg".to_owned(), message.into());
        writeln!(out, "{}", Value::Object(line))
    }
}

/// Adds a field, but for names that are the line's own.
fn put(line: &mut Map<String, Value>, name: String, value: Value) {
    if !matches!(&*name, "time" | "level" | "msg" | "target") {
        line.insert(name, value);
    }
}

struct Fields<'l> {
    line: &'l mut Map<String, Value>,
    message: String,
}

impl Fields<'_> {
    fn put(&mut self, field: &Field, value: impl Into<Value>) {
        put(self.line, field.name().to_owned(), value.into());
    }
}

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        match field.name() {
            "message" => self.message = format!("{value:?}"),
            _ => self.put(field, format!("{value:?}")),
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "message" => value.clone_into(&mut self.message),
            _ => self.put(field, value),
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value);
    }

    /// The error with all its causes.
    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.put(field, crate::telemetry::chain(value));
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at what it did not expect")]

    use std::sync::{Arc, Mutex};

    use tracing_subscriber::fmt::format::JsonFields;
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_line_has_the_fields_of_its_spans_and_its_own() {
        let lines = Lines::default();
        let writer = lines.clone();
        let layer = tracing_subscriber::fmt::layer().event_format(Json).fmt_fields(JsonFields::new());
        let layer = layer.with_writer(move || writer.clone());
        let subscriber = tracing_subscriber::registry().with(layer);
        tracing::subscriber::with_default(subscriber, || {
            let outer =
                tracing::info_span!("request", ctx = "abc", mock.id = 7, status = tracing::field::Empty);
            let _outer = outer.enter();
            outer.record("status", 201);
            let _inner = tracing::info_span!("write", shard = 3, ctx = "inner").entered();
            let error = std::io::Error::other("away");
            let error = &error as &(dyn std::error::Error + 'static);
            tracing::warn!(error, took = 1.5, level = "fake", "a \"line\"\n{}", 5);
        });
        let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        assert_eq!(text.lines().count(), 1, "{text}");
        let line: Value = serde_json::from_str(&text).unwrap();
        let expected = serde_json::json!({
            "time": line["time"], "level": "warn", "msg": "a \"line\"\n5", "target": line["target"],
            "ctx": "inner", "mock.id": 7, "status": 201, "shard": 3, "error": "away", "took": 1.5,
        });
        assert_eq!(line, expected);
        assert!(line["time"].as_str().unwrap().parse::<Timestamp>().is_ok());
    }
}
