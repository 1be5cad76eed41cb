//! Load benches: a bare hyper server and ours, side by side under the same client.
//!
//! This file owns the command line. `load` compares CPU time, `instructions` counts under callgrind,
//! `bare` is the yardstick itself, `testing` compares mocks inside tests. What each load says stands in
//! [`workload`]; the criterion benches of single parts are in `benches/core.rs`.
#![expect(clippy::print_stdout, reason = "the tables are this program's output")]

mod accounting;
mod bare;
mod client;
mod instructions;
mod load;
mod machine;
mod mocks;
mod report;
mod server;
mod testing;
mod workload;

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Parser, Subcommand};

/// Compares moclojer with a bare hyper server under the same load.
///
/// Build the server first: `cargo build --release -p moclojer`; then
/// `cargo run -p benches --release -- load`. Servers run on core 0, the client on core 1.
/// Needs Linux with util-linux (taskset, prlimit); `instructions` needs valgrind.
#[derive(Debug, Parser)]
#[command(name = "benches", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// CPU time a request, start time and memory of idle connections, as ratios.
    Load(load::Options),
    /// Instructions a request in user space, counted by callgrind.
    Instructions(instructions::Options),
    /// The yardstick: hyper on one thread, no routing, one fixed answer.
    Bare(bare::Options),
    /// Mocks inside tests, side by side with other crates (`--features peers`).
    Testing(testing::Options),
    /// One side of `testing`: orders on standard input, answers on standard output.
    #[command(hide = true)]
    TestingSide(testing::side::Options),
}

/// Which server is measured; shared by the commands that measure.
#[derive(Args, Debug)]
struct Subject {
    /// The moclojer binary [default: the one beside this program]
    #[arg(long, value_name = "PATH")]
    server: Option<PathBuf>,

    /// Measure the bare server against itself: every ratio should be 1.00, what it is not is noise
    #[arg(long = "self")]
    against_itself: bool,

    /// Keep-alive connections of the client, an even number
    #[arg(long, default_value_t = 32, value_parser = even_connections)]
    connections: usize,

    /// An argument more for the moclojer server, as in `--server-arg=--log-requests=off`; repeatable
    #[arg(long = "server-arg", value_name = "ARG", allow_hyphen_values = true)]
    server_args: Vec<String>,
}

fn even_connections(text: &str) -> Result<usize, String> {
    match text.parse::<usize>() {
        Ok(count) if (2..=1024).contains(&count) && count.is_multiple_of(2) => Ok(count),
        _ => Err("an even number from 2 to 1024".into()),
    }
}

fn main() -> Result<()> {
    match Cli::parse().command {
        Command::Load(options) => load::run(&options),
        Command::Instructions(options) => instructions::run(&options),
        Command::Bare(options) => bare::run(&options),
        Command::Testing(options) => testing::run(&options),
        Command::TestingSide(options) => testing::side::run(&options),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn odd_connection_counts_are_refused() {
        assert_eq!(even_connections("32"), Ok(32));
        for text in ["0", "1", "33", "1026", "-2", "many"] {
            assert!(even_connections(text).is_err(), "{text}");
        }
    }
}
