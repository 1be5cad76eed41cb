//! What is counted of a generator.

use std::sync::atomic::AtomicU64;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

macro_rules! metrics {
    ($($(#[doc = $help:literal])+ $field:ident: $kind:ty = $name:literal;)*) => {
        /// Counters and gauges of a generator; none has a label.
        #[derive(Clone, Debug, Default)]
        pub struct Metrics {
            $($(#[doc = $help])+ pub $field: $kind,)*
        }

        impl Metrics {
            /// Has them shown under `generator_…`.
            pub fn register(&self, registry: &mut Registry) {
                let registry = registry.sub_registry_with_prefix("generator");
                $(registry.register($name, concat!($($help),+).trim(), self.$field.clone());)*
            }
        }
    };
}

metrics! {
    /// Shards that were written and recorded
    writes: Counter = "shard_writes";
    /// Conditional writes that the store refused
    refused: Counter = "shard_writes_refused";
    /// Writes whose answer was lost or an error
    unanswered: Counter = "shard_writes_unanswered";
    /// Shards that were given up for a while
    failures: Counter = "shard_failures";
    /// Shards that were missing or other than recorded in the store
    repaired: Counter = "shards_repaired";
    /// Hosts with a stored text that cannot be served
    unreadable_texts: Counter = "unreadable_texts";
    /// Hints that the bus did not take
    hints_lost: Counter = "hints_lost";
    /// Mocks' own files that could not be written or removed; the daily comparison does it
    files_failed: Counter = "mock_files_failed";
    /// Mocks' own files that the daily comparison put right
    files_repaired: Counter = "mock_files_repaired";
    /// Hosts that wait to be carried out
    backlog_hosts: Gauge = "backlog_hosts";
    /// Shards that wait to be written anew
    backlog_shards: Gauge = "backlog_shards";
    /// Shards whose last write failed
    backlog_failing: Gauge = "backlog_failing_shards";
    /// How long the oldest change has waited
    oldest_seconds: Gauge<f64, AtomicU64> = "backlog_oldest_seconds";
    /// Bytes of the largest shard at the last look
    largest_shard_bytes: Gauge = "largest_shard_bytes";
    /// 1 when the bucket must not be written to
    bucket_refused: Gauge = "bucket_refused";
    /// 1 when the store does not keep conditions, so that a late write may stand for a while
    unconditional_store: Gauge = "unconditional_store";
}
