//! Brings what libraries say through `tracing` into the one log of this program, so that both stand in one order and
//! in one form.

use std::fmt;
use std::sync::Arc;

use moclojer_core::serve::Log;
use moclojer_core::serve::log::Level;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

/// What libraries say from now on goes to `log`: our own from info on, others' warnings.
pub(crate) fn install(log: &Arc<Log>) {
    let levels =
        Targets::new().with_default(tracing::Level::WARN).with_target("moclojer", tracing::Level::INFO);
    let bridge = Bridge(Arc::clone(log)).with_filter(levels);
    // Fails only where there is one already.
    let _ = tracing_subscriber::registry().with(bridge).try_init();
}

struct Bridge(Arc<Log>);

impl<S: Subscriber> Layer<S> for Bridge {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut said = Said::default();
        event.record(&mut said);
        let level = match *event.metadata().level() {
            tracing::Level::ERROR => Level::Error,
            tracing::Level::WARN => Level::Warn,
            _ => Level::Info,
        };
        let fields: Vec<(&str, &str)> = said.fields.iter().map(|(name, value)| (*name, &**value)).collect();
        self.0.event(level, &said.message, &fields);
    }
}

/// An event's message and its other fields.
#[derive(Default)]
struct Said {
    message: String,
    fields: Vec<(&'static str, String)>,
}

impl Visit for Said {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "message" => value.clone_into(&mut self.message),
            name => self.fields.push((name, value.to_owned())),
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}
