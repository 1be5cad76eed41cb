//! What a follower counts.

use std::sync::atomic::AtomicU64;

use moclojer_core::respond::hosted::Counts;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::health::Health;

/// Counters and gauges; clones count together.
#[derive(Clone, Debug, Default)]
pub struct Metrics {
    pub(super) looks: Counter,
    pub(super) look_failures: Counter,
    pub(super) reads: Counter,
    pub(super) read_failures: Counter,
    pub(super) unusable: Counter,
    pub(super) older: Counter,
    pub(super) damaged: Counter,
    pub(super) misplaced: Counter,
    pub(super) hints: Counter,
    pub(super) hints_ignored: Counter,
    pub(super) hosts_changed: Counter,
    pub(super) hosts_removed: Counter,
    hosts: Gauge,
    hosts_compiled: Gauge,
    hosts_not_loadable: Gauge,
    compiled_bytes: Gauge,
    shards: Gauge,
    shards_unread: Gauge,
    shards_unreadable: Gauge,
    ready: Gauge,
    age: Gauge<f64, AtomicU64>,
}

impl Metrics {
    /// Makes them known under `foss_…`.
    pub fn register(&self, registry: &mut Registry) {
        let registry = registry.sub_registry_with_prefix("foss");
        for (name, help, counter) in [
            ("looks", "Looks at layout.json and the list of shards", &self.looks),
            ("look_failures", "Looks that failed or found what cannot be followed", &self.look_failures),
            ("shard_reads", "Shards that were asked for", &self.reads),
            ("shard_read_failures", "Shards that the store did not give", &self.read_failures),
            ("shards_unusable", "Shards that were read and could not be used", &self.unusable),
            ("shards_older", "Shards that were read and older than what is held", &self.older),
            ("documents_damaged", "Documents of shards that were damaged", &self.damaged),
            ("documents_misplaced", "Documents that stood in a wrong shard", &self.misplaced),
            ("hints", "Hints that were heard", &self.hints),
            (
                "hints_ignored",
                "Hints of other layouts, and those that could not be read",
                &self.hints_ignored,
            ),
            ("hosts_changed", "Hosts that were set or replaced", &self.hosts_changed),
            ("hosts_removed", "Hosts that were taken out", &self.hosts_removed),
        ] {
            registry.register(name, help, counter.clone());
        }
        for (name, help, gauge) in [
            ("hosts", "Hosts that are served", &self.hosts),
            ("hosts_compiled", "Hosts that are compiled", &self.hosts_compiled),
            ("texts_not_loadable", "Texts that did not compile since the start", &self.hosts_not_loadable),
            ("compiled_bytes", "About how many bytes compiled hosts take", &self.compiled_bytes),
            ("shards", "Shards of the layout that is served", &self.shards),
            ("shards_unread", "Shards that were never read", &self.shards_unread),
            (
                "shards_unreadable",
                "Shards that are damaged, missing or not to be had",
                &self.shards_unreadable,
            ),
            ("ready", "1 when requests should be sent here", &self.ready),
        ] {
            registry.register(name, help, gauge.clone());
        }
        registry.register("state_age_seconds", "How old the oldest part of the state is", self.age.clone());
    }

    pub(super) fn show(&self, health: &Health, counts: Counts) {
        for (gauge, value) in [
            (&self.hosts, counts.hosts),
            (&self.hosts_compiled, counts.compiled),
            (&self.compiled_bytes, counts.compiled_bytes),
            (&self.hosts_not_loadable, usize::try_from(counts.not_loadable).unwrap_or(usize::MAX)),
            (&self.shards, health.shards),
            (&self.shards_unread, health.unread),
            (&self.shards_unreadable, health.unreadable),
            (&self.ready, usize::from(health.ready)),
        ] {
            gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
        }
        self.age.set(health.oldest_seconds.unwrap_or_default());
    }
}
