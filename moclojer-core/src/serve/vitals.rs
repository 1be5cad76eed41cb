//! One small record a connection: what it is doing, since when, and whether it has to end. The
//! connection writes the first two with relaxed stores, the sweep reads them and writes the last; so a
//! request needs no timer. Knows nothing of HTTP.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Waker;

use super::sweep::Shared;

/// What a connection is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Phase {
    /// It was accepted and has sent nothing.
    Opened,
    /// A request's head is arriving. Not renewed: a byte now and then does not extend it.
    Head,
    /// A request's body is arriving; renewed with each part.
    Body,
    /// An answer is leaving; renewed with each part.
    Writing,
    /// Between requests.
    Idle,
    /// Answered for the last time; what still comes is dropped. Not renewed.
    Lingering,
    /// Gone.
    Ended,
}

impl Phase {
    fn from_bits(bits: u64) -> Self {
        match bits & PHASE_MASK {
            0 => Self::Opened,
            1 => Self::Head,
            2 => Self::Body,
            3 => Self::Writing,
            4 => Self::Idle,
            5 => Self::Lingering,
            _ => Self::Ended,
        }
    }
}

const PHASE_BITS: u32 = 3;
const PHASE_MASK: u64 = (1 << PHASE_BITS) - 1;

/// What the sweep asks of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd)]
#[repr(u8)]
pub(super) enum Mark {
    /// Nothing.
    Serve,
    /// Finish the running request and no more.
    Drain,
    /// Close now.
    Close,
}

/// The record of one connection.
#[derive(Debug)]
pub(super) struct Vitals {
    shared: Arc<Shared>,
    /// The tick of the last step, and its phase in the lowest bits.
    stamp: AtomicU64,
    mark: AtomicU8,
    lingers: AtomicBool,
    wants_room: AtomicBool,
    /// Set once, by the connection's first poll; taken away at its end so that the task can be freed.
    waker: Mutex<Option<Waker>>,
}

impl Vitals {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        let stamp = AtomicU64::new(shared.tick() << PHASE_BITS);
        let mark = AtomicU8::new(Mark::Serve as u8);
        let (lingers, wants_room) = (AtomicBool::new(false), AtomicBool::new(false));
        Self { shared, stamp, mark, lingers, wants_room, waker: Mutex::new(None) }
    }

    pub(super) fn shared(&self) -> &Shared {
        &self.shared
    }

    /// Starts `phase` now.
    pub(super) fn enter(&self, phase: Phase) {
        self.stamp.store((self.shared.tick() << PHASE_BITS) | phase as u64, Ordering::Relaxed);
    }

    /// The phase and the tick at which it began or was renewed.
    pub(super) fn phase(&self) -> (Phase, u64) {
        let stamp = self.stamp.load(Ordering::Relaxed);
        (Phase::from_bits(stamp), stamp >> PHASE_BITS)
    }

    /// Bytes have come in; gives the phase they found.
    pub(super) fn received(&self) -> Phase {
        let phase = self.phase().0;
        match phase {
            Phase::Opened | Phase::Idle => self.enter(Phase::Head),
            Phase::Body => self.enter(Phase::Body),
            Phase::Head | Phase::Writing | Phase::Lingering | Phase::Ended => {}
        }
        phase
    }

    /// A head is arriving that is held back until there is room for its fields.
    pub(super) fn ask_for_room(&self) {
        self.wants_room.store(true, Ordering::Relaxed);
    }

    /// True once after [`Vitals::ask_for_room`].
    pub(super) fn take_wants_room(&self) -> bool {
        let wants = self.wants_room.load(Ordering::Relaxed);
        if wants {
            self.wants_room.store(false, Ordering::Relaxed);
        }
        wants
    }

    /// Bytes have gone out.
    pub(super) fn sent(&self) {
        if let phase @ (Phase::Writing | Phase::Idle) = self.phase().0 {
            self.enter(phase);
        }
    }

    /// All that there was to send has gone out.
    pub(super) fn flushed(&self) {
        if self.phase().0 == Phase::Writing {
            self.enter(Phase::Idle);
        }
    }

    /// After the running answer, read and drop what the client still sends: closing with unread bytes
    /// would reset the connection, and the client would lose the answer.
    pub(super) fn linger(&self) {
        self.lingers.store(true, Ordering::Relaxed);
    }

    pub(super) fn lingers(&self) -> bool {
        self.lingers.load(Ordering::Relaxed)
    }

    /// Who to wake when a mark is set.
    pub(super) fn register(&self, waker: &Waker) {
        *self.waker.lock().unwrap_or_else(PoisonError::into_inner) = Some(waker.clone());
    }

    /// What the sweep asks.
    pub(super) fn mark(&self) -> Mark {
        match self.mark.load(Ordering::Acquire) {
            0 => Mark::Serve,
            1 => Mark::Drain,
            _ => Mark::Close,
        }
    }

    /// Asks something of the connection and wakes it. A weaker mark never replaces a stronger one.
    pub(super) fn set_mark(&self, mark: Mark) {
        if self.mark.fetch_max(mark as u8, Ordering::AcqRel) < mark as u8 {
            let waker = self.waker.lock().unwrap_or_else(PoisonError::into_inner).clone();
            if let Some(waker) = waker {
                waker.wake();
            }
        }
    }

    /// The connection is gone.
    pub(super) fn end(&self) {
        self.enter(Phase::Ended);
        self.waker.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}
