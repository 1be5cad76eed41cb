//! `benches instructions`: instructions a request in user space, under valgrind's callgrind.
//!
//! Time is noisy where instructions are not: this shows what 10,000 endpoints cost over one. Each
//! server runs twice, for few and for many requests; the difference leaves out start and load. The
//! request log is off unless asked for: under valgrind a request takes some fifty times as long,
//! and a log with so many lines a second would weigh fifty times as much.

use std::ffi::OsString;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::client::Client;
use crate::report::{Aim, Table};
use crate::server::{Launcher, Prepared};
use crate::workload::{self, Service, Workload};
use crate::{Subject, machine};

/// Requests of the shorter run; the longer one adds what the options say.
const FEW: usize = 2_000;
const LOG_OFF: &str = "--log-requests=off";

/// What `benches instructions` takes.
#[derive(clap::Args, Debug)]
pub(crate) struct Options {
    #[command(flatten)]
    subject: Subject,

    /// Requests that are counted, for each server
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(1..))]
    requests: u32,
}

/// Counts W1, W2 and W3 and prints a table.
pub(crate) fn run(options: &Options) -> Result<()> {
    machine::pin_client()?;
    let mut launcher = Launcher::new(&options.subject)?;
    if !options.subject.server_args.iter().any(|argument| argument.starts_with("--log-requests")) {
        launcher = launcher.with_argument(LOG_OFF);
    }
    let counts = launcher.folder().join("callgrind.out");
    let mut wrapper: Vec<OsString> = ["valgrind", "--quiet", "--tool=callgrind"].map(Into::into).into();
    let mut out = OsString::from("--callgrind-out-file=");
    out.push(&counts);
    wrapper.push(out);
    let launcher = launcher.under(wrapper);

    println!("{}\n", machine::describe());
    let mut table = Table::new(["load", "sides", "instructions a request", "baseline", "ratio", "aim"]);
    let aims = [None, None, Some(Aim::ratio(1.03))];
    for (load, aim) in [workload::fixed(), workload::rendered(), workload::many()].into_iter().zip(aims) {
        let (load, aim) = match options.subject.against_itself {
            true => (load.against_itself(), None),
            false => (load, aim),
        };
        let count = |service: &Service| {
            let prepared = launcher.prepare(service, "counted")?;
            let requests = usize::try_from(options.requests)?;
            count(&prepared, &load, requests, options.subject.connections, &counts)
        };
        let subject = count(&load.subject).with_context(|| load.name.to_owned())?;
        let baseline = count(&load.baseline).with_context(|| load.name.to_owned())?;
        let ratio = subject / baseline;
        table.push([
            load.name.into(),
            load.title.into(),
            format!("{subject:.0}"),
            format!("{baseline:.0}"),
            format!("{ratio:.4}"),
            aim.map_or_else(String::new, |aim| aim.judge(ratio)),
        ]);
    }
    println!("{table}");
    Ok(())
}

/// Instructions a request: of a run with `requests` more, less those of one without.
fn count(
    service: &Prepared<'_>,
    load: &Workload,
    requests: usize,
    connections: usize,
    counts: &Path,
) -> Result<f64> {
    let run = |requests: usize| -> Result<(u64, usize)> {
        let server = service.start()?;
        let mut client = Client::connect(server.address(), connections, &load.script, service.expected())?;
        let answered = client.drive(requests)?;
        drop(client);
        server.stop()?;
        let text = fs::read_to_string(counts).context("callgrind wrote no counts; is valgrind there?")?;
        let total = total(&text).context("callgrind's counts have no total")?;
        fs::remove_file(counts)?;
        Ok((total, answered))
    };
    let (few, few_requests) = run(FEW)?;
    let (many, many_requests) = run(FEW + requests)?;
    ensure!(many > few && many_requests > few_requests, "more requests took no more instructions");
    Ok((many - few) as f64 / (many_requests - few_requests) as f64)
}

/// The whole program's count in callgrind's output.
fn total(text: &str) -> Option<u64> {
    let line = |name| text.lines().find_map(|line| line.strip_prefix(name));
    line("totals:").or_else(|| line("summary:"))?.split_ascii_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn total_is_read_from_either_line() {
        assert_eq!(total("version: 1\nevents: Ir\nsummary: 12\nfn=(1)\n"), Some(12));
        assert_eq!(total("events: Ir\nfn=(1) main\n1 4\n\ntotals: 1234\n"), Some(1234));
        assert_eq!(total("events: Ir\n"), None);
    }
}
