//! Brings what libraries say through `tracing` into the one log of this program, so that both stand in one order and
//! in one form: an event with the fields of the spans around it, of which the inner ones win.

use std::fmt;
use std::sync::Arc;

use moclojer_core::serve::Log;
use moclojer_core::serve::log::Level;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

/// Writes events to a log. Which ones is decided before it.
pub(super) struct Bridge(pub(super) Arc<Log>);

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Bridge {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut said = Said::default();
        attributes.record(&mut said);
        span.extensions_mut().replace(said);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if let Some(said) = span.extensions_mut().get_mut::<Said>() {
            values.record(said);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut said = Said::default();
        for span in context.event_scope(event).into_iter().flat_map(|scope| scope.from_root()) {
            if let Some(of_span) = span.extensions().get::<Said>() {
                of_span.fields.iter().for_each(|(name, value)| said.put(name, value.clone()));
            }
        }
        event.record(&mut said);
        let level = match *event.metadata().level() {
            tracing::Level::ERROR => Level::Error,
            tracing::Level::WARN => Level::Warn,
            tracing::Level::INFO => Level::Info,
            tracing::Level::DEBUG | tracing::Level::TRACE => Level::Debug,
        };
        let fields: Vec<(&str, &str)> = said.fields.iter().map(|(name, value)| (*name, &**value)).collect();
        self.0.event(level, &said.message, &fields);
    }
}

/// An event's message and its other fields, or those of a span.
#[derive(Default)]
struct Said {
    message: String,
    fields: Vec<(&'static str, String)>,
}

impl Said {
    /// Of two fields with one name the later one stays; the line's own names are none.
    fn put(&mut self, name: &'static str, value: String) {
        if matches!(name, "time" | "level" | "msg") {
            return;
        }
        match self.fields.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known = value,
            None => self.fields.push((name, value)),
        }
    }
}

impl Visit for Said {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "message" => value.clone_into(&mut self.message),
            name => self.put(name, value.to_owned()),
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}
