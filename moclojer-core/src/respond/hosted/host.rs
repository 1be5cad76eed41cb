//! One host: its text, and its block while it is compiled.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use arc_swap::ArcSwapOption;

use super::super::Wait;
use super::super::block::Block;
use super::super::search::Held;
use crate::spec::host::HostPattern;
use crate::template::Counters;
use crate::unify::{Entry, Version};

/// A host's entry in the table. A hundred thousand of them are held, so it is small until it is used.
#[derive(Debug)]
pub(super) struct Host {
    pub(super) name: HostPattern,
    pub(super) version: Version,
    pub(super) text: Box<[u8]>,
    /// Made with the first block.
    counters: OnceLock<Arc<Counters>>,
    block: ArcSwapOption<Block>,
    /// Looked at only while there is no block.
    state: Mutex<State>,
    /// Whether it was asked for since the shelf last looked.
    pub(super) used: AtomicBool,
    /// Its place on the shelf, which alone changes it.
    pub(super) ticket: AtomicU64,
}

/// What there is of a host's mock, beside its block.
#[derive(Clone, Debug)]
pub(super) enum State {
    /// The text, to be compiled when it is needed; or it is compiled.
    Text,
    /// Somebody compiles it.
    Compiling(Wait),
    /// It does not compile, and why.
    Broken(Arc<str>),
}

impl Host {
    /// A host with a new text; `before` is what it had until now.
    pub(super) fn new(entry: &Entry, before: Option<&Self>) -> Self {
        let counters = OnceLock::new();
        if let Some(known) = before.and_then(|before| before.counters.get()) {
            // It is empty, so this cannot fail.
            let _ = counters.set(Arc::clone(known));
        }
        Self {
            name: entry.host.clone(),
            version: entry.version,
            text: entry.document.as_ref().into(),
            counters,
            block: ArcSwapOption::empty(),
            state: Mutex::new(State::Text),
            used: AtomicBool::new(false),
            ticket: AtomicU64::new(0),
        }
    }

    /// The compiled mock, if it is there.
    pub(super) fn block(&self) -> Option<Held> {
        let block = Held::of_slot(&self.block)?;
        // Most often it is set: a read that all cores share, instead of a write.
        if !self.used.load(Ordering::Relaxed) {
            self.used.store(true, Ordering::Relaxed);
        }
        Some(block)
    }

    pub(super) fn set_block(&self, block: Option<Arc<Block>>) {
        self.block.store(block);
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn counters(&self) -> Arc<Counters> {
        Arc::clone(self.counters.get_or_init(Arc::default))
    }
}
