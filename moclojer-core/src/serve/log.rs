//! The request log: one line a request, written behind the request's back.
//!
//! Each thread has a buffer of its own that only it and one writing thread lock; the writer takes all
//! buffers, puts the lines in the order of time and writes them within [`FLUSH_PERIOD`]. A request never
//! waits for the output: what does not fit, or is over the budget of [`Requests::Sample`], is counted,
//! and a line says how many were left out. Only paths are logged: no query, no header but the host, no
//! body.
//!
//! Lifecycle lines ([`Log::event`]) go through the same writer, so they stand among the requests where
//! they happened.

mod buffer;
mod line;
#[cfg(test)]
mod tests;

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::respond::{Answer, Outcome, Request};
use buffer::{Buffer, Gathered};
use line::{Look, write_event, write_request};

/// How lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// For people, in colour where asked.
    #[default]
    Default,
    /// For people, never in colour.
    Println,
    /// One JSON object a line.
    Json,
}

/// Which requests are logged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Requests {
    /// At most 1,000 a second that matched and 100 that did not.
    #[default]
    Sample,
    /// All, but for those that come faster than they can be written.
    All,
    /// None.
    Off,
}

/// How much somebody should care.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// For whoever looks closely.
    Debug,
    /// Normal.
    Info,
    /// Degraded, or a request that nothing matched.
    Warn,
    /// Somebody must act.
    Error,
}

/// The two budgets of [`Requests::Sample`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Matched,
    Unmatched,
}

impl Kind {
    const ALL: [Self; 2] = [Self::Matched, Self::Unmatched];

    fn of(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Matched(..) | Outcome::Failed(..) | Outcome::Own => Self::Matched,
            Outcome::Unmatched(_) | Outcome::Refused(_) => Self::Unmatched,
        }
    }

    fn lines_a_second(self) -> u64 {
        match self {
            Self::Matched => 1_000,
            Self::Unmatched => 100,
        }
    }
}

/// How long a line waits for others before all are written.
pub const FLUSH_PERIOD: Duration = Duration::from_millis(50);

/// The time that a budget is for.
const WINDOW: Duration = Duration::from_secs(1);

/// Writes lines about requests and about the server's life. Dropping it writes what is left.
#[derive(Debug)]
pub struct Log {
    inner: Arc<Inner>,
    writer: Option<JoinHandle<()>>,
}

struct Inner {
    /// Tells this log's buffers from another's in the same thread.
    id: u64,
    look: Look,
    requests: Requests,
    begun: Instant,
    used: [AtomicU64; 2],
    suggestions: Suggestions,
    /// True from the first line after a flush to the next flush.
    pending: AtomicBool,
    bell: Mutex<Bell>,
    rung: Condvar,
    events: Buffer,
    buffers: Mutex<Vec<Arc<Buffer>>>,
    output: Mutex<Output>,
}

#[derive(Default)]
struct Bell {
    urgent: bool,
    stop: bool,
}

struct Output {
    out: Box<dyn Write + Send>,
    gathered: Gathered,
    window_end: Option<Instant>,
    left_out: [u64; 2],
}

/// How many misses of this second were told what would change them: the second and the count in one number.
#[derive(Default)]
struct Suggestions(AtomicU64);

impl Suggestions {
    /// The most in a second: each costs more than the answer.
    const A_SECOND: u64 = 5;

    /// Takes one of those of the second that `stamp`, in nanoseconds, is in.
    fn admit(&self, stamp: u64) -> bool {
        let second = stamp / 1_000_000_000;
        let old = self.0.load(Ordering::Relaxed);
        let count = if old >> 8 == second { old & 0xff } else { 0 };
        let new = second << 8 | (count + 1);
        // Whoever is overtaken goes without.
        count < Self::A_SECOND
            && self.0.compare_exchange(old, new, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Log")
            .field("look", &self.look)
            .field("requests", &self.requests)
            .finish_non_exhaustive()
    }
}

impl Log {
    /// A log that writes to `out`. `color` counts for [`Format::Default`] alone.
    ///
    /// # Errors
    /// The system gives no thread to write with.
    pub fn new(
        format: Format,
        color: bool,
        requests: Requests,
        out: Box<dyn Write + Send>,
    ) -> io::Result<Self> {
        static NEXT_ID: AtomicU64 = AtomicU64::new(0);
        let output = Output { out, gathered: Gathered::default(), window_end: None, left_out: [0; 2] };
        let inner = Arc::new(Inner {
            id: NEXT_ID.fetch_add(1, Ordering::Relaxed),
            look: Look { format, color: color && format == Format::Default },
            requests,
            begun: Instant::now(),
            used: [AtomicU64::new(0), AtomicU64::new(0)],
            suggestions: Suggestions::default(),
            pending: AtomicBool::new(false),
            bell: Mutex::new(Bell::default()),
            rung: Condvar::new(),
            events: Buffer::default(),
            buffers: Mutex::new(Vec::new()),
            output: Mutex::new(output),
        });
        let for_writer = Arc::clone(&inner);
        let writer = std::thread::Builder::new()
            .name("moclojer-log".to_owned())
            .spawn(move || for_writer.write_lines())?;
        Ok(Self { inner, writer: Some(writer) })
    }

    /// Notes that `request`, which came at `begun`, got `answer`. Never blocks on the output.
    ///
    /// `suggest` says what would change a miss; it is asked for the first few of a second and no more.
    pub fn request(
        &self,
        request: &Request<'_>,
        answer: &Answer,
        begun: Instant,
        suggest: impl FnOnce() -> Option<String>,
    ) {
        let inner = &*self.inner;
        if inner.requests == Requests::Off {
            return;
        }
        let kind = Kind::of(&answer.outcome);
        buffer::with_mine(inner.id, &inner.buffers, |buffer| {
            if inner.requests == Requests::Sample && !inner.admit(kind) {
                buffer.leave_out(kind as usize);
                return;
            }
            let now = Instant::now();
            let took = now.saturating_duration_since(begun);
            let stamp = inner.stamp(now);
            let missed = matches!(&answer.outcome, Outcome::Unmatched(nearest) if !nearest.is_empty());
            let suggestion = if missed && inner.suggestions.admit(stamp) { suggest() } else { None };
            let written = buffer.push(stamp, |out| {
                let time = Timestamp::now();
                write_request(out, inner.look, time, took, request, answer, suggestion.as_deref());
            });
            match written {
                Some(pressing) => inner.announce(pressing),
                None => buffer.leave_out(kind as usize),
            }
        });
    }

    /// Notes something in the server's life, never left out (but for a flood of megabytes that nobody reads).
    pub fn event(&self, level: Level, message: &str, fields: &[(&str, &str)]) {
        let inner = &*self.inner;
        let line = |out: &mut Vec<u8>| write_event(out, inner.look, Timestamp::now(), level, message, fields);
        // A full buffer means megabytes that nobody reads; then this line has no reader either.
        let _ = inner.events.push(inner.stamp(Instant::now()), line);
        inner.announce(true);
    }

    /// Writes everything that was noted before this call.
    pub fn flush(&self) {
        self.inner.flush(false);
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        lock(&self.inner.bell).stop = true;
        self.inner.rung.notify_one();
        if let Some(writer) = self.writer.take() {
            // Fails only if the output panicked; there is nothing left to write to.
            let _ = writer.join();
        }
    }
}

impl Inner {
    /// Takes one line from the budget of this second. A spent budget costs one load.
    fn admit(&self, kind: Kind) -> bool {
        let used = &self.used[kind as usize];
        let budget = kind.lines_a_second();
        used.load(Ordering::Relaxed) < budget && used.fetch_add(1, Ordering::Relaxed) < budget
    }

    fn stamp(&self, now: Instant) -> u64 {
        u64::try_from(now.saturating_duration_since(self.begun).as_nanos()).unwrap_or(u64::MAX)
    }

    /// Wakes the writer for the first line after a flush, or at once.
    fn announce(&self, urgent: bool) {
        if urgent {
            lock(&self.bell).urgent = true;
            self.rung.notify_one();
        } else if !self.pending.load(Ordering::Relaxed) && !self.pending.swap(true, Ordering::AcqRel) {
            // Taken so that the writer cannot be between its look at `pending` and its sleep.
            drop(lock(&self.bell));
            self.rung.notify_one();
        }
    }

    /// The writing thread.
    fn write_lines(&self) {
        let mut window_end = None;
        loop {
            let stop = self.wait(window_end);
            window_end = self.flush(stop);
            if stop {
                return;
            }
        }
    }

    /// Sleeps until there is something to write and it has waited its time; true to write and stop.
    fn wait(&self, window_end: Option<Instant>) -> bool {
        let mut bell = lock(&self.bell);
        while !bell.stop && !bell.urgent && !self.pending.load(Ordering::Acquire) {
            match window_end.map(|end| end.saturating_duration_since(Instant::now())) {
                None => bell = self.rung.wait(bell).unwrap_or_else(PoisonError::into_inner),
                Some(Duration::ZERO) => return false,
                Some(left) => {
                    bell = self.rung.wait_timeout(bell, left).unwrap_or_else(PoisonError::into_inner).0;
                }
            }
        }
        let due = Instant::now() + FLUSH_PERIOD;
        while !bell.stop && !bell.urgent {
            let left = due.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            bell = self.rung.wait_timeout(bell, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        bell.urgent = false;
        bell.stop
    }

    /// Writes all lines; gives the end of the running second of the budgets, where one runs.
    fn flush(&self, last: bool) -> Option<Instant> {
        let output = &mut *lock(&self.output);
        self.pending.store(false, Ordering::Release);
        self.gather(output);
        let now = Instant::now();
        let over = output.window_end.is_some_and(|end| now >= end);
        if over || last || self.requests == Requests::All {
            self.close_window(output);
        }
        if output.window_end.is_none() && self.used.iter().any(|used| used.load(Ordering::Relaxed) > 0) {
            output.window_end = Some(now + WINDOW);
        }
        let text = output.gathered.text();
        if !text.is_empty() {
            // Whoever reads the log may be gone; the server goes on.
            let _ = output.out.write_all(text).and_then(|()| output.out.flush());
        }
        output.gathered.clear();
        output.window_end
    }

    fn gather(&self, output: &mut Output) {
        let cutoff = self.stamp(Instant::now());
        let mut whole = output.gathered.take(&self.events, cutoff);
        lock(&self.buffers).retain(|buffer| {
            for kind in Kind::ALL {
                let left_out = &mut output.left_out[kind as usize];
                *left_out = left_out.saturating_add(buffer.take_left_out(kind as usize));
            }
            let ended = Arc::strong_count(buffer) == 1;
            let empty = output.gathered.take(buffer, cutoff);
            whole &= empty;
            // A thread that ended no longer holds its buffer.
            !(ended && empty)
        });
        if !whole {
            self.pending.store(true, Ordering::Release);
        }
        output.gathered.sort();
    }

    /// Gives the budgets back and says what was left out.
    fn close_window(&self, output: &mut Output) {
        for used in &self.used {
            used.store(0, Ordering::Relaxed);
        }
        output.window_end = None;
        let [matched, unmatched] = std::mem::take(&mut output.left_out);
        if matched == 0 && unmatched == 0 {
            return;
        }
        let message = match self.requests {
            Requests::Sample => "requests left out of this second of the log",
            Requests::All | Requests::Off => {
                "requests left out: they came faster than the log can be written"
            }
        };
        let fields = [("matched", &*matched.to_string()), ("unmatched", &*unmatched.to_string())];
        write_event(output.gathered.end(), self.look, Timestamp::now(), Level::Warn, message, &fields);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
