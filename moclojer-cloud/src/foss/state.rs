//! What is followed, and what becomes of what was found: reads nothing and waits for nothing.
//!
//! `current` is the layout that is served. While a higher one is read, that is `next`, and nothing more is taken of
//! `current`: its objects are frozen.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use moclojer_core::ports::StorageError;
use moclojer_core::respond::hosted::{Coverage, HostedResponder};
use moclojer_core::spec::host::HostPattern;
use moclojer_core::unify::{Difference, Entry, Generation, LayoutNumber, Shard, ShardId};
use tokio::time::Instant;
use tracing::{Span, debug, error, info, info_span, warn};
use uuid::Uuid;

use super::health::{Health, Snapshot, Trouble};
use super::look::Looked;
use super::metrics::Metrics;
use super::read::Found;
use super::shards::{Hint, ShardTrouble, Shards, State};
use crate::messages::{Envelope, UnifiedUpdated};
use crate::telemetry::chain;

pub(super) struct Following {
    responder: Arc<HostedResponder>,
    metrics: Metrics,
    current: Option<Shards>,
    next: Option<Shards>,
    trouble: Option<Trouble>,
    ready_at: Instant,
    /// Whether it was ready once.
    ready: bool,
}

/// A shard that is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) layout: LayoutNumber,
    pub(super) shard: ShardId,
}

impl Following {
    pub(super) fn new(responder: Arc<HostedResponder>, metrics: Metrics, ready_after: Duration) -> Self {
        let ready_at = Instant::now() + ready_after;
        Self { responder, metrics, current: None, next: None, trouble: None, ready_at, ready: false }
    }

    /// The layout whose shards are read.
    fn active(&mut self) -> Option<&mut Shards> {
        self.next.as_mut().or(self.current.as_mut())
    }

    fn installation(&self) -> Option<Uuid> {
        self.current.as_ref().map(|shards| shards.file.installation)
    }

    /// The shards to be read now.
    pub(super) fn take_due(&mut self, now: Instant, room: usize) -> Vec<Wanted> {
        let Some(active) = self.active() else {
            return Vec::new();
        };
        let layout = active.layout.number();
        active.take_due(now, room).into_iter().map(|shard| Wanted { layout, shard }).collect()
    }

    /// The span of a read that a hint asked for, with the correlation of what caused it. A read that a look asked for has
    /// none: nobody knows its cause.
    pub(super) fn span_of(&mut self, wanted: Wanted) -> Span {
        let hint = self.active().and_then(|active| active.state(wanted.shard)?.hint());
        hint.map_or_else(Span::none, |hint| {
            info_span!(
                "shard",
                ctx = hint.ctx,
                shard.id = wanted.shard.get(),
                shard.layout = wanted.layout.get(),
                shard.generation = hint.generation.get(),
            )
        })
    }

    /// When something is to be done that nothing else wakes for.
    pub(super) fn next_due(&self) -> Option<Instant> {
        let reads = self.next.as_ref().or(self.current.as_ref()).and_then(Shards::next_due);
        let ready = (!self.ready && self.current.is_some()).then_some(self.ready_at);
        // Once it has passed, it is looked at with every look.
        reads.into_iter().chain(ready.filter(|at| *at > Instant::now())).min()
    }

    pub(super) fn forget_reads(&mut self) {
        if let Some(active) = self.active() {
            active.forget_reads();
        }
    }

    /// Takes a hint; one of a layout that `layout.json` does not name is ignored.
    pub(super) fn hinted(&mut self, message: &[u8], now: Instant) {
        self.metrics.hints.inc();
        let hint = Envelope::<UnifiedUpdated>::read(message);
        let state = match &hint {
            Ok(hint) => self
                .active()
                .filter(|active| active.file.layout == hint.message.layout)
                .and_then(|active| active.state(ShardId::new(hint.message.shard))),
            Err(why) => {
                debug!(error = chain(why), "a hint cannot be read");
                None
            }
        };
        match (state, hint) {
            (Some(state), Ok(hint)) => {
                let generation = Generation::new(hint.message.generation);
                state.want(Some(Hint { generation, ctx: hint.ctx }), now);
            }
            _ => {
                self.metrics.hints_ignored.inc();
            }
        }
    }

    /// Takes what a look found.
    pub(super) fn looked(&mut self, looked: Result<Looked, Trouble>, now: Instant) {
        self.metrics.looks.inc();
        let looked = looked.and_then(|looked| {
            self.follow(&looked)?;
            Ok(looked)
        });
        match looked {
            Ok(looked) => {
                if self.trouble.take().is_some() {
                    info!("the object store is followed again");
                }
                self.reconcile(&looked, now);
            }
            Err(trouble) => self.note(trouble),
        }
    }

    fn note(&mut self, trouble: Trouble) {
        self.metrics.look_failures.inc();
        let trouble = match trouble {
            Trouble::NoLayout(None) => Trouble::NoLayout(self.installation()),
            other => other,
        };
        let known = self.trouble.as_ref().is_some_and(|known| chain(known) == chain(&trouble));
        if !known && trouble.unreadies() {
            error!(
                error = chain(&trouble),
                "the object store is not followed; what is held goes on being served"
            );
        } else if !known {
            warn!(
                error = chain(&trouble),
                "the object store cannot be read; what is held goes on being served"
            );
        }
        self.trouble = Some(trouble);
    }

    /// Sees which layout is to be read.
    fn follow(&mut self, looked: &Looked) -> Result<(), Trouble> {
        let file = &looked.file;
        let Some(current) = &self.current else {
            info!(
                installation.id = %file.installation,
                layout.number = file.layout,
                layout.shards = file.shards.get(),
                "following the unified mock"
            );
            self.current = Some(Shards::new(file.clone())?);
            self.cover();
            return Ok(());
        };
        let (followed, found) = (current.file.installation, file.installation);
        if followed != found {
            return Err(Trouble::OtherInstallation { followed, found });
        }
        let known = self.next.as_ref().unwrap_or(current);
        if file.layout < known.file.layout {
            return Err(Trouble::LowerLayout { held: known.file.layout, found: file.layout });
        }
        if file.layout == known.file.layout {
            return if *file == known.file { Ok(()) } else { Err(Trouble::OtherLayout(file.layout)) };
        }
        info!(
            layout.number = file.layout,
            layout.shards = file.shards.get(),
            "a new layout is read; the one before is served until it is whole"
        );
        self.next = Some(Shards::new(file.clone())?);
        Ok(())
    }

    /// Wants what differs between the list and what is held.
    fn reconcile(&mut self, looked: &Looked, now: Instant) {
        let Some(active) = self.active() else {
            return;
        };
        let mut missing: BTreeSet<ShardId> = active.layout.shards().collect();
        for (id, etag) in &looked.listed {
            missing.remove(id);
            let Some(state) = active.state(*id) else {
                continue;
            };
            if state.etag.as_ref() == Some(etag) {
                state.confirmed = state.confirmed.max(Some(looked.begun));
                state.trouble = None;
            } else {
                state.want(None, now);
            }
        }
        for id in missing {
            if let Some(state) = active.state(id) {
                complain(state, id, ShardTrouble::Missing);
            }
        }
    }

    /// Takes what a read found; `begun` is when it began. True when a new layout is served since.
    pub(super) fn read(
        &mut self,
        wanted: Wanted,
        found: Result<Found, StorageError>,
        begun: Instant,
        now: Instant,
    ) -> bool {
        self.metrics.reads.inc();
        let metrics = self.metrics.clone();
        let Some(active) = self.active().filter(|active| active.layout.number() == wanted.layout) else {
            // Of a layout that is not read any more.
            return false;
        };
        let Some(state) = active.state(wanted.shard) else {
            return false;
        };
        let settled = match found {
            Err(why) => {
                metrics.read_failures.inc();
                complain(state, wanted.shard, ShardTrouble::Away(chain(&why)));
                false
            }
            Ok(Found::Nothing) => {
                complain(state, wanted.shard, ShardTrouble::Missing);
                true
            }
            Ok(Found::Unusable(why)) => {
                metrics.unusable.inc();
                complain(state, wanted.shard, ShardTrouble::Unreadable(chain(&why)));
                true
            }
            Ok(Found::Shard(shard, _)) if Some(shard.position()) < state.held.seen() => {
                metrics.older.inc();
                complain(state, wanted.shard, ShardTrouble::Older);
                true
            }
            Ok(Found::Shard(shard, etag)) => {
                self.take(&shard);
                let Some(state) = self.active().and_then(|active| active.state(wanted.shard)) else {
                    return false;
                };
                state.complete = shard.is_complete();
                state.confirmed = state.confirmed.or(Some(begun));
                if state.complete {
                    state.etag = Some(etag);
                    state.confirmed = state.confirmed.max(Some(begun));
                    if state.trouble.take().is_some() {
                        info!(shard.id = wanted.shard.get(), "a shard can be read again");
                    }
                } else {
                    // It is read again with every look, until it is whole.
                    state.etag = None;
                    metrics.damaged.inc_by(shard.damaged().len() as u64);
                    complain(state, wanted.shard, ShardTrouble::Unreadable(damage(&shard)));
                }
                true
            }
        };
        if let Some(state) = self.active().and_then(|active| active.state(wanted.shard)) {
            state.read_ended(settled, now);
        }
        self.switch()
    }

    /// Takes over what a shard says that is not older than what is held.
    fn take(&mut self, shard: &Shard) {
        match &mut self.next {
            Some(next) => stage(next, self.current.as_mut(), shard, &self.metrics),
            None => {
                let Some(current) = &mut self.current else {
                    return;
                };
                let first = current.state(shard.id()).is_some_and(|state| !state.is_read());
                apply(current, shard, &self.responder, &self.metrics);
                if first {
                    self.cover();
                }
            }
        }
    }

    /// Serves the next layout once all of it was read; true if it does now.
    fn switch(&mut self) -> bool {
        let Some(mut next) = self.next.take_if(|next| next.all_read()) else {
            return false;
        };
        let (mut changed, mut removed) = (0_u64, 0_u64);
        for state in next.states_mut() {
            for entry in std::mem::take(&mut state.staged).values() {
                self.responder.set(entry);
                changed += 1;
            }
        }
        let before = self.current.take();
        for (host, digest) in before.iter().flat_map(Shards::states).flat_map(|state| &state.hosts) {
            match next.of_host(host) {
                Some(state) if state.hosts.contains_key(host) => {}
                Some(state) if !state.complete => {
                    state.hosts.insert(host.clone(), *digest);
                }
                _ => {
                    self.responder.remove(host);
                    removed += 1;
                }
            }
        }
        self.metrics.hosts_changed.inc_by(changed);
        self.metrics.hosts_removed.inc_by(removed);
        info!(
            layout.number = next.file.layout,
            hosts.changed = changed,
            hosts.removed = removed,
            "the new layout is served"
        );
        self.current = Some(next);
        self.cover();
        true
    }

    /// Tells the responder which hosts it may not know yet.
    fn cover(&self) {
        let Some(current) = &self.current else {
            return;
        };
        let unread: BTreeSet<ShardId> =
            current.iter().filter(|(_, state)| !state.is_read()).map(|(id, _)| id).collect();
        self.responder.set_coverage(match unread.is_empty() {
            true => Coverage::Everything,
            false => Coverage::AllBut { layout: current.layout.clone(), unread },
        });
    }

    /// How things stand; also sees whether it is ready now.
    pub(super) fn snapshot(&mut self, now: Instant) -> Snapshot {
        if !self.ready && self.is_complete_enough(now) {
            self.ready = true;
            let unread =
                self.current.iter().flat_map(Shards::states).filter(|state| !state.is_read()).count();
            match unread {
                0 => info!(hosts.count = self.responder.counts().hosts, "ready: all shards were read"),
                _ => error!(
                    shards.unread = unread,
                    "ready without shards that cannot be read: their hosts get 503"
                ),
            }
        }
        let states = self.current.as_ref().map(Shards::states).unwrap_or_default();
        let count = |fits: fn(&State) -> bool| states.iter().filter(|state| fits(state)).count();
        let unread = count(|state| !state.is_read());
        let oldest = states.iter().filter(|state| state.is_read()).filter_map(|state| state.confirmed).min();
        let next = self.next.iter().flat_map(Shards::states);
        let next_in_trouble = next.filter(|state| state.trouble.is_some()).count();
        let health = Health {
            ready: self.ready && !self.trouble.as_ref().is_some_and(Trouble::unreadies),
            installation: self.installation(),
            layout: self.current.as_ref().map(|current| current.file.layout),
            shards: states.len(),
            unread,
            unreadable: count(|state| state.trouble.is_some()) + next_in_trouble,
            hosts: self.responder.counts().hosts,
            oldest_seconds: None,
            error: self.trouble.as_ref().map(|trouble| chain(trouble)),
        };
        Snapshot::of(health, oldest)
    }

    /// All were read; or it is late, some were, and each other one is known to be unreadable.
    fn is_complete_enough(&self, now: Instant) -> bool {
        let Some(current) = &self.current else {
            return false;
        };
        let unreadable = |state: &State| {
            matches!(&state.trouble, Some(ShardTrouble::Missing | ShardTrouble::Unreadable(_)))
        };
        let late = now >= self.ready_at
            && current.states().iter().any(State::is_read)
            && current.states().iter().all(|state| state.is_read() || unreadable(state));
        current.all_read() || late
    }
}

/// Swaps what differs in the hosts of one shard.
fn apply(current: &mut Shards, shard: &Shard, responder: &HostedResponder, metrics: &Metrics) {
    let layout = current.layout.clone();
    let Some(state) = current.state(shard.id()) else {
        return;
    };
    let hosts = state.hosts.iter().map(|(host, digest)| (host, *digest));
    let difference = Difference::between(&state.held, hosts, shard);
    let removed: Vec<HostPattern> = difference.removed.into_iter().cloned().collect();
    let differing: Vec<Entry> = difference.changed.into_iter().cloned().collect();
    let mut changed = 0_u64;
    for entry in &differing {
        if layout.shard_of(&entry.host) != shard.id() {
            misplaced(entry, shard, metrics);
            continue;
        }
        responder.set(entry);
        state.hosts.insert(entry.host.clone(), entry.digest);
        changed += 1;
    }
    for host in &removed {
        responder.remove(host);
        state.hosts.remove(host);
    }
    state.held.take(shard);
    metrics.hosts_changed.inc_by(changed);
    metrics.hosts_removed.inc_by(removed.len() as u64);
    debug!(
        shard.id = shard.id().get(),
        shard.generation = shard.position().generation.get(),
        hosts.changed = changed,
        hosts.removed = removed.len(),
        "a shard was applied"
    );
}

/// Keeps what a shard of the next layout says until all of it was read: of its documents only those that are not
/// served already.
fn stage(next: &mut Shards, mut current: Option<&mut Shards>, shard: &Shard, metrics: &Metrics) {
    let layout = next.layout.clone();
    let Some(state) = next.state(shard.id()) else {
        return;
    };
    if shard.is_complete() {
        // Otherwise what was staged of a damaged document is the best there is.
        state.hosts.clear();
        state.staged.clear();
    }
    for entry in shard.entries() {
        if layout.shard_of(&entry.host) != shard.id() {
            misplaced(entry, shard, metrics);
            continue;
        }
        state.hosts.insert(entry.host.clone(), entry.digest);
        state.staged.remove(&entry.host);
        let served =
            current.as_mut().and_then(|current| current.of_host(&entry.host)?.hosts.get(&entry.host));
        if served != Some(&entry.digest) {
            // Copied: the shard need not be kept for it.
            let document = Bytes::copy_from_slice(&entry.document);
            state.staged.insert(entry.host.clone(), Entry { document, ..entry.clone() });
        }
    }
    state.held.take(shard);
}

fn misplaced(entry: &Entry, shard: &Shard, metrics: &Metrics) {
    metrics.misplaced.inc();
    warn!(host.name = %entry.host, shard.id = shard.id().get(), "a host stands in a shard that it is not in; ignored");
}

/// Notes what is wrong with a shard, and says it once.
fn complain(state: &mut State, id: ShardId, trouble: ShardTrouble) {
    if state.trouble.as_ref() == Some(&trouble) {
        return;
    }
    let shard = id.get();
    match &trouble {
        ShardTrouble::Away(why) => {
            warn!(
                shard.id = shard,
                error = why,
                "a shard cannot be had; what is held of it goes on being served"
            );
        }
        ShardTrouble::Missing => {
            error!(shard.id = shard, "a shard is missing; what is held of it goes on being served");
        }
        ShardTrouble::Unreadable(why) => {
            error!(shard.id = shard, error = why, "a shard is damaged; what is held goes on being served");
        }
        ShardTrouble::Older => {
            warn!(shard.id = shard, "a shard is older than what is held, which goes on being served");
        }
    }
    state.trouble = Some(trouble);
}

fn damage(shard: &Shard) -> String {
    let first = shard.damaged().first();
    let first = first.map_or_else(String::new, |part| match &part.host {
        Some(host) => format!(", the first near {host}: {}", part.why),
        None => format!(", the first: {}", part.why),
    });
    format!("{} documents of it are damaged{first}", shard.damaged().len())
}
