//! Thousands of tests in a row: whether a start gets slower, and what is left behind.

use std::fs;
use std::time::Instant;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::frame::{Frame, MockServer, run_test};
use crate::report::Spread;

/// Medians are taken of so many tests each.
const GROUP: usize = 1_000;
/// After so many tests threads and descriptors are counted.
const COUNTED_EVERY: usize = 50;

/// What a row of tests gave.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Row {
    /// The median of each thousand, in microseconds.
    pub(crate) medians_us: Vec<f64>,
    /// Open descriptors.
    pub(crate) descriptors: Course,
    /// Threads.
    pub(crate) threads: Course,
}

impl Row {
    /// The slowest thousand to the fastest.
    pub(crate) fn worst_to_best(&self) -> f64 {
        let medians = Spread::of(self.medians_us.iter().copied());
        medians.max / medians.min
    }
}

/// A count before the first test, the highest between tests, and the one after the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Course {
    before: usize,
    highest: usize,
    after: usize,
}

impl Course {
    fn from(before: usize) -> Self {
        Self { before, highest: before, after: before }
    }

    fn add(&mut self, count: usize) {
        self.highest = self.highest.max(count);
        self.after = count;
    }
}

/// `9, 12, 10`: before, highest, after.
impl std::fmt::Display for Course {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { before, highest, after } = self;
        write!(f, "{before}, {highest}, {after}")
    }
}

/// Runs `count` tests one after the other.
pub(crate) fn measure<S: MockServer>(frame: Frame, count: usize) -> Result<Row> {
    let mut descriptors = Course::from(entries("/proc/self/fd")?);
    let mut threads = Course::from(entries("/proc/self/task")?);
    let mut times_us = Vec::with_capacity(count);
    for done in 1..=count {
        let begin = Instant::now();
        run_test::<S>(frame)?;
        times_us.push(begin.elapsed().as_secs_f64() * 1e6);
        if done.is_multiple_of(COUNTED_EVERY) || done == count {
            descriptors.add(entries("/proc/self/fd")?);
            threads.add(entries("/proc/self/task")?);
        }
    }
    Ok(Row { medians_us: medians(&times_us), descriptors, threads })
}

/// One of each whole group; of fewer tests than a group, one of all.
fn medians(times: &[f64]) -> Vec<f64> {
    let whole = times.chunks_exact(GROUP);
    match whole.len() {
        0 => vec![Spread::of(times.iter().copied()).median],
        _ => whole.map(|group| Spread::of(group.iter().copied()).median).collect(),
    }
}

fn entries(folder: &str) -> Result<usize> {
    Ok(fs::read_dir(folder).with_context(|| format!("cannot list {folder}"))?.count())
}

#[cfg(test)]
mod tests {
    use super::super::bare::Bare;
    use super::*;

    #[test]
    fn each_whole_thousand_has_its_median() {
        let times: Vec<f64> = (0..2_500).map(|number| f64::from(number / 1_000)).collect();
        assert_eq!(medians(&times), [0.0, 1.0]);
        assert_eq!(medians(&[3.0, 1.0, 2.0]), [2.0]);
    }

    #[test]
    fn cliff_shows_as_the_worst_thousand_to_the_best() {
        let course = Course::from(3);
        let row = Row { medians_us: vec![100.0, 80.0, 240.0], descriptors: course, threads: course };
        assert!((row.worst_to_best() - 3.0).abs() < 1e-9);
    }

    #[test]
    fn course_keeps_the_highest_and_the_last() {
        let mut course = Course::from(3);
        for count in [5, 9, 4] {
            course.add(count);
        }
        assert_eq!(course.to_string(), "3, 9, 4");
    }

    #[test]
    fn short_row_has_one_median_and_every_answer_is_checked() {
        let row = measure::<Bare<false>>(Frame::Plain, 20).expect("the bare server works");
        assert!(matches!(*row.medians_us, [median] if median > 0.0), "{row:?}");
    }
}
