//! Waiting for requests without sleeping: a future of any executor, which has a blocking form.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::{Duration, Instant};

use super::expect::calls;
use super::listen;
use super::mocks::{Inner, state_of};
use super::report;
use crate::spec::Endpoint;

/// Whoever waits for requests. A request that nobody waits for reads one number.
#[derive(Default)]
pub(super) struct Wakers {
    count: AtomicUsize,
    wakers: Mutex<Vec<Waker>>,
}

impl Wakers {
    fn add(&self, waker: &Waker) {
        let mut wakers = self.wakers.lock().unwrap_or_else(PoisonError::into_inner);
        if !wakers.iter().any(|known| known.will_wake(waker)) {
            wakers.push(waker.clone());
        }
        self.count.store(wakers.len(), Ordering::SeqCst);
    }

    pub(super) fn wake(&self) {
        if self.count.load(Ordering::SeqCst) == 0 {
            return;
        }
        let wakers = {
            let mut wakers = self.wakers.lock().unwrap_or_else(PoisonError::into_inner);
            self.count.store(0, Ordering::SeqCst);
            std::mem::take(&mut *wakers)
        };
        wakers.into_iter().for_each(Waker::wake);
    }
}

/// Waits until enough requests came: await it, or call [`blocking`](Self::blocking). Dropping it loses nothing.
#[must_use = "nothing waits until it is awaited, or `blocking` is called"]
pub struct Waiting {
    inner: Arc<Inner>,
    /// The mock whose calls count; without one, all requests do.
    endpoint: Option<Arc<Endpoint>>,
    wanted: u64,
    limit: Duration,
    deadline: Instant,
    timer: bool,
}

impl Waiting {
    pub(super) fn new(
        inner: Arc<Inner>,
        endpoint: Option<Arc<Endpoint>>,
        wanted: u64,
        limit: Duration,
    ) -> Self {
        let now = Instant::now();
        let deadline = now.checked_add(limit).unwrap_or_else(|| now + Duration::from_secs(1 << 30));
        Self { inner, endpoint, wanted, limit, deadline, timer: false }
    }

    /// Blocks the thread until enough requests came. Not for the thread of a current-thread runtime whose tasks are to
    /// send them.
    ///
    /// # Errors
    /// The time is over; what came instead is told.
    pub fn blocking(mut self) -> Result<(), TimedOut> {
        let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
        // The thread keeps the time itself.
        self.timer = true;
        let mut context = Context::from_waker(&waker);
        loop {
            if let Poll::Ready(ended) = Pin::new(&mut self).poll(&mut context) {
                return ended;
            }
            std::thread::park_timeout(self.deadline.saturating_duration_since(Instant::now()));
        }
    }

    fn came(&self) -> u64 {
        match &self.endpoint {
            None => self.inner.received(),
            Some(endpoint) => state_of(endpoint).map_or(0, super::expect::MockState::calls),
        }
    }

    fn timed_out(&self) -> TimedOut {
        let (came, wanted, limit) = (self.came(), self.wanted, self.limit);
        let message = match &self.endpoint {
            None => {
                let noun = if wanted == 1 { "request" } else { "requests" };
                format!("waited {limit:?} for {wanted} {noun}, and {came} came")
            }
            Some(endpoint) => {
                let told = format!("waited {limit:?} for {}, and got {}", calls(wanted), calls(came));
                report::timed_out(&self.inner, endpoint, &told)
            }
        };
        TimedOut { came, message }
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

impl Future for Waiting {
    type Output = Result<(), TimedOut>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        // First the waker, then the look: what comes between wakes it.
        self.inner.waiting.add(cx.waker());
        if self.came() >= self.wanted {
            return Poll::Ready(Ok(()));
        }
        if Instant::now() >= self.deadline {
            return Poll::Ready(Err(self.timed_out()));
        }
        if !self.timer {
            self.timer = true;
            let (inner, deadline) = (Arc::downgrade(&self.inner), self.deadline);
            let timer = async move {
                tokio::time::sleep_until(deadline.into()).await;
                if let Some(inner) = inner.upgrade() {
                    inner.waiting.wake();
                }
            };
            listen::spawn(timer);
        }
        Poll::Pending
    }
}

impl fmt::Debug for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "waiting for {} of {}", self.came(), self.wanted)
    }
}

/// The time was over before enough requests came.
#[derive(Clone, thiserror::Error)]
#[error("{message}")]
#[non_exhaustive]
pub struct TimedOut {
    /// How many came.
    pub came: u64,
    message: String,
}

/// As it is shown: so it can be read where a test unwraps it.
impl fmt::Debug for TimedOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
