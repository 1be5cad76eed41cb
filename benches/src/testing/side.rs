//! One subject in a process of its own: what it is ordered to measure, and how the bench talks to it.
//!
//! A process each, so that CPU time, threads and descriptors are the subject's alone, and what one
//! leaves behind ends with it. An order is a line of JSON on standard input, its answer one on
//! standard output. Knows nothing of rounds and tables.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use clap::ValueEnum;
use rustix::time::{ClockId, clock_gettime};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::starts;
use super::subject::Subject;

/// What a side is told to measure.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) enum Order {
    /// Tests of this shape; the answer is [`starts::Cost`].
    Starts(starts::Shape),
    /// So many tests one after the other; the answer is [`super::row::Row`].
    Row(usize),
    /// Requests with one mock and with many, in turns of so many milliseconds; the answer is
    /// [`super::requests::Rates`].
    Requests(u64),
    /// So many tests without a socket; the answer is their [`starts::Cost`].
    WithoutSocket(usize),
}

/// What `benches testing-side` takes.
#[derive(clap::Args, Debug)]
pub(crate) struct Options {
    /// Who it is
    #[arg(value_enum)]
    subject: Subject,
}

/// Carries out orders until there are no more.
pub(crate) fn run(options: &Options) -> Result<()> {
    for line in std::io::stdin().lock().lines() {
        let order = serde_json::from_str(&line?).context("that is no order")?;
        let answer = obey(options.subject, order).map_err(|error| format!("{error:#}"));
        println!("{}", serde_json::to_string(&answer)?);
    }
    Ok(())
}

fn obey(subject: Subject, order: Order) -> Result<Value> {
    let measures = subject.profile().measures;
    let answer = match order {
        Order::Starts(shape) => serde_json::to_value((measures.starts)(shape)?),
        Order::Row(count) => serde_json::to_value((measures.row)(count)?),
        Order::Requests(turn_ms) => serde_json::to_value((measures.requests)(turn_ms)?),
        Order::WithoutSocket(count) => {
            let measure = measures.without_socket.context("it has no form without a socket")?;
            serde_json::to_value(measure(count)?)
        }
    };
    Ok(answer?)
}

/// CPU time of this process so far, threads that have ended included.
pub(crate) fn process_cpu() -> Duration {
    cpu(ClockId::ProcessCPUTime)
}

/// CPU time of this thread so far.
pub(crate) fn thread_cpu() -> Duration {
    cpu(ClockId::ThreadCPUTime)
}

fn cpu(clock: ClockId) -> Duration {
    Duration::try_from(clock_gettime(clock)).unwrap_or_default()
}

/// The process of a subject, seen from the bench.
#[derive(Debug)]
pub(crate) struct Side {
    subject: Subject,
    process: Child,
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Side {
    /// Starts this program anew as the subject.
    pub(crate) fn start(subject: Subject) -> Result<Self> {
        let name = subject.to_possible_value().context("a subject without a name")?;
        let mut process = Command::new(std::env::current_exe()?)
            .args(["testing-side", name.get_name()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {}", subject.profile().title))?;
        let orders = process.stdin.take();
        let answers = BufReader::new(process.stdout.take().context("it has no standard output")?);
        Ok(Self { subject, process, orders, answers })
    }

    /// Gives an order and waits for what it measured.
    ///
    /// # Errors
    /// What the subject could not do, or that its process has ended.
    pub(crate) fn ask<T: DeserializeOwned>(&mut self, order: Order) -> Result<T> {
        let title = self.subject.profile().title;
        let orders = self.orders.as_mut().context("it has no standard input")?;
        let mut line = serde_json::to_string(&order)?;
        line.push('\n');
        orders.write_all(line.as_bytes()).with_context(|| format!("{title} has ended"))?;
        line.clear();
        let read = self.answers.read_line(&mut line)?;
        ensure!(read > 0, "{title} ended instead of an answer; what it said last stands above");
        read_answer(&line).with_context(|| title.to_owned())
    }
}

/// An answer's line: what was measured, or why it was not.
fn read_answer<T: DeserializeOwned>(line: &str) -> Result<T> {
    let answer: Result<T, String> = serde_json::from_str(line).context("that is no answer")?;
    answer.map_err(|message| anyhow!(message))
}

impl Drop for Side {
    fn drop(&mut self) {
        // Without orders it ends by itself; killing it spares waiting for what it left behind.
        self.orders.take();
        let _ended_already = self.process.kill();
        let _cannot_fail_after_that = self.process.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_side_could_not_do_is_said() {
        let answer = serde_json::to_string(&Result::<usize, String>::Err("no port is free".into()));
        let error = read_answer::<usize>(&answer.expect("it is plain data")).expect_err("it failed");
        assert_eq!(error.to_string(), "no port is free");
        assert_eq!(read_answer::<usize>(r#"{"Ok":7}"#).expect("it is an answer"), 7);
        assert!(read_answer::<usize>("nonsense").is_err());
    }

    #[test]
    fn orders_are_one_line() {
        let order = serde_json::to_string(&Order::Row(20_000)).expect("it is plain data");
        assert_eq!(order, r#"{"Row":20000}"#);
    }

    #[test]
    fn work_takes_cpu_time_of_thread_and_process() {
        let (process, thread) = (process_cpu(), thread_cpu());
        let mut sum = 0_u64;
        let passed = (0..).any(|round: u64| {
            sum = std::hint::black_box(sum.wrapping_add(round));
            round.is_multiple_of(10_000) && thread_cpu() > thread && process_cpu() > process
        });
        assert!(passed, "work takes CPU time");
    }
}
