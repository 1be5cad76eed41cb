//! What is known of each shard of one layout, and which are to be read when. It reads nothing itself.

use std::collections::BTreeMap;
use std::time::Duration;

use moclojer_core::ports::ETag;
use moclojer_core::spec::host::HostPattern;
use moclojer_core::unify::{Digest, Entry, Generation, Held, Layout, ShardId};
use tokio::time::Instant;

use super::health::Trouble;
use crate::layout_file::LayoutFile;

/// More shards than this are not believed.
const MOST_SHARDS: u32 = 1 << 17;

/// The pauses before a read is tried again; after them it is left to the next look.
const PAUSES_MS: [u64; 5] = [20, 50, 100, 250, 500];

/// All shards of a layout.
#[derive(Debug)]
pub(super) struct Shards {
    pub(super) file: LayoutFile,
    pub(super) layout: Layout,
    states: Vec<State>,
}

/// One shard.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) held: Held,
    /// The tag of the object that is held, if that was whole.
    pub(super) etag: Option<ETag>,
    /// The hosts that are held, by digest of their documents.
    pub(super) hosts: BTreeMap<HostPattern, Digest>,
    /// Whether the last one that was taken was complete.
    pub(super) complete: bool,
    /// Of a layout that is not served yet: what has to be set when it is.
    pub(super) staged: BTreeMap<HostPattern, Entry>,
    /// When what is held was last known to be what the store holds.
    pub(super) confirmed: Option<Instant>,
    /// Why what the store holds could not be taken.
    pub(super) trouble: Option<ShardTrouble>,
    want: Option<Want>,
}

/// What is wrong with a shard in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ShardTrouble {
    /// The store did not give it.
    Away(String),
    /// It is not there.
    Missing,
    /// It cannot be used, or not all of it.
    Unreadable(String),
    /// It is older than what is held.
    Older,
}

/// A shard is to be read.
#[derive(Debug)]
struct Want {
    /// At least this generation is there, as a hint says.
    hint: Option<Hint>,
    due: Instant,
    tries: usize,
    reading: bool,
    /// It was wanted again while it was read.
    again: bool,
}

/// What a hint said of a shard.
#[derive(Clone, Debug)]
pub(super) struct Hint {
    pub(super) generation: Generation,
    /// The correlation id of what caused it.
    pub(super) ctx: String,
}

impl Shards {
    /// Nothing of `file`'s layout is known yet.
    pub(super) fn new(file: LayoutFile) -> Result<Self, Trouble> {
        let layout = file.layout().map_err(Trouble::Layout)?;
        if file.shards.get() > MOST_SHARDS {
            return Err(Trouble::TooManyShards(file.shards.get()));
        }
        let states = layout.shards().map(|_| State::default()).collect();
        Ok(Self { file, layout, states })
    }

    pub(super) fn state(&mut self, id: ShardId) -> Option<&mut State> {
        self.states.get_mut(usize::try_from(id.get()).ok()?)
    }

    /// The shard that a host is in.
    pub(super) fn of_host(&mut self, host: &HostPattern) -> Option<&mut State> {
        self.state(self.layout.shard_of(host))
    }

    pub(super) fn states(&self) -> &[State] {
        &self.states
    }

    pub(super) fn states_mut(&mut self) -> &mut [State] {
        &mut self.states
    }

    /// Each shard with its id.
    pub(super) fn iter(&self) -> impl Iterator<Item = (ShardId, &State)> {
        self.layout.shards().zip(&self.states)
    }

    pub(super) fn all_read(&self) -> bool {
        self.states.iter().all(State::is_read)
    }

    /// The shards to be read now, at most `room` of them; they count as being read.
    pub(super) fn take_due(&mut self, now: Instant, room: usize) -> Vec<ShardId> {
        let mut due: Vec<(Instant, ShardId)> = self
            .layout
            .shards()
            .zip(&self.states)
            .filter_map(|(id, state)| Some((state.want.as_ref()?, id)))
            .filter(|(want, _)| !want.reading && want.due <= now)
            .map(|(want, id)| (want.due, id))
            .collect();
        due.sort_unstable();
        due.truncate(room);
        for (_, id) in &due {
            if let Some(want) = self.state(*id).and_then(|state| state.want.as_mut()) {
                want.reading = true;
            }
        }
        due.into_iter().map(|(_, id)| id).collect()
    }

    /// When the next shard is to be read.
    pub(super) fn next_due(&self) -> Option<Instant> {
        let wants = self.states.iter().filter_map(|state| state.want.as_ref());
        wants.filter(|want| !want.reading).map(|want| want.due).min()
    }

    /// No read is on its way any more.
    pub(super) fn forget_reads(&mut self) {
        for want in self.states.iter_mut().filter_map(|state| state.want.as_mut()) {
            want.reading = false;
        }
    }
}

impl State {
    /// Whether anything was ever taken.
    pub(super) fn is_read(&self) -> bool {
        self.held.seen().is_some()
    }

    /// The generation that is held.
    pub(super) fn generation(&self) -> Option<Generation> {
        self.held.seen().map(|position| position.generation)
    }

    /// Wants it read, unless what a hint promises is held already.
    pub(super) fn want(&mut self, hint: Option<Hint>, now: Instant) {
        if hint.as_ref().is_some_and(|hint| self.generation() >= Some(hint.generation)) {
            return;
        }
        match &mut self.want {
            None => self.want = Some(Want { hint, due: now, tries: 0, reading: false, again: false }),
            Some(want) => {
                let known = want.hint.as_ref().map(|hint| hint.generation);
                if let Some(hint) = hint.filter(|hint| Some(hint.generation) > known) {
                    want.hint = Some(hint);
                    want.again = want.reading;
                    want.tries = 0;
                    want.due = want.due.min(now);
                }
            }
        }
    }

    /// What the read that ended was hinted by.
    pub(super) fn hint(&self) -> Option<&Hint> {
        self.want.as_ref()?.hint.as_ref()
    }

    /// A read has ended; `settled`: there is nothing more to be had now.
    pub(super) fn read_ended(&mut self, settled: bool, now: Instant) {
        let held = self.generation();
        let Some(want) = &mut self.want else {
            return;
        };
        want.reading = false;
        let promised = want.hint.as_ref().is_some_and(|hint| held < Some(hint.generation));
        if want.again && promised {
            want.again = false;
            want.due = now;
        } else if settled && !promised {
            self.want = None;
        } else {
            match PAUSES_MS.get(want.tries) {
                Some(pause) => {
                    want.tries += 1;
                    want.due = now + Duration::from_millis(*pause);
                }
                None => self.want = None,
            }
        }
    }
}
