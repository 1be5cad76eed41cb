//! What a test costs: start, one mock, one request, stop; one after the other, and in parallel.

use std::thread;
use std::time::Instant;

use anyhow::{Result, anyhow};
use serde::{Deserialize, Serialize};

use super::frame::{Frame, MockServer, run_test};
use super::side::process_cpu;

/// How tests are run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Shape {
    /// What stands around each test.
    pub(crate) frame: Frame,
    /// How many threads run tests at once; one runs them on the caller's.
    pub(crate) threads: usize,
    /// How many tests each thread runs.
    pub(crate) tests: usize,
}

/// What a test took, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Cost {
    /// Time on the clock, all tests' divided by their number.
    pub(crate) wall_us: f64,
    /// CPU time of the whole process, the client's too.
    pub(crate) cpu_us: f64,
}

impl Cost {
    /// What each of `tests` took where `work` does all of them.
    pub(crate) fn of(tests: usize, work: impl FnOnce() -> Result<()>) -> Result<Self> {
        let (begin, cpu_before) = (Instant::now(), process_cpu());
        work()?;
        let each = |seconds: f64| seconds * 1e6 / tests as f64;
        let wall_us = each(begin.elapsed().as_secs_f64());
        Ok(Self { wall_us, cpu_us: each(process_cpu().saturating_sub(cpu_before).as_secs_f64()) })
    }
}

/// Runs tests of `shape`.
///
/// # Errors
/// The first test that failed.
pub(crate) fn measure<S: MockServer>(shape: Shape) -> Result<Cost> {
    let Shape { frame, threads, tests } = shape;
    let run = || (0..tests).try_for_each(|_| run_test::<S>(frame));
    Cost::of(threads * tests, || match threads {
        1 => run(),
        _ => thread::scope(|scope| {
            let threads: Vec<_> = (0..threads).map(|_| scope.spawn(run)).collect();
            threads
                .into_iter()
                .try_for_each(|thread| thread.join().map_err(|_| anyhow!("a test panicked, see above"))?)
        }),
    })
}

#[cfg(test)]
mod tests {
    use super::super::bare::Bare;
    use super::*;

    #[test]
    fn cost_is_that_of_one_test() {
        let pause = std::time::Duration::from_millis(20);
        let cost = Cost::of(1_000, || {
            thread::sleep(pause);
            Ok(())
        });
        let cost = cost.expect("sleeping does not fail");
        // Of all of them it would be 20,000 at least. How much more it is, and the CPU time, is other tests' affair too.
        assert!((20.0..20_000.0).contains(&cost.wall_us), "{cost:?}");
    }

    #[test]
    fn bare_server_passes_its_tests_in_every_shape() {
        for frame in [Frame::Tokio, Frame::Plain] {
            for threads in [1, 4] {
                let cost = measure::<Bare<true>>(Shape { frame, threads, tests: 10 });
                assert!(cost.is_ok(), "{frame:?}, {threads} threads: {cost:?}");
            }
        }
    }
}
