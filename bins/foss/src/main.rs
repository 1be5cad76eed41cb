//! `moclojer`: serve mock files, say what is wrong with them, explain a request, list their endpoints, render one template,
//! help to write them, or push a file to a hosted installation.

mod check;
mod cli;
mod completions;
mod env;
mod explain;
mod init;
mod limits;
mod push;
mod render;
mod routes;
mod schema;
mod serve;
mod start;
mod unified;

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::Parser as _;
use clap::error::ErrorKind;

use cli::{Cli, Command};

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Nothing is left to do when the terminal is gone.
            let _ = error.print();
            return match error.kind() {
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => ExitCode::SUCCESS,
                _ => ExitCode::from(2),
            };
        }
    };
    let done = match &cli.command {
        None => serve::run(&cli.serve),
        Some(Command::Serve(args)) => serve::run(args),
        Some(Command::Check(args)) => check::run(args),
        Some(Command::Explain(args)) => explain::run(args),
        Some(Command::Render(args)) => render::run(args),
        Some(Command::Routes(args)) => routes::run(args),
        Some(Command::Init(args)) => init::run(args),
        Some(Command::Schema) => schema::run(),
        Some(Command::Completions(args)) => completions::run(args),
        Some(Command::Push(args)) => push::run(args),
    };
    done.unwrap_or_else(|error| match error.kind() {
        // Whoever read the output has left, as `| head` does.
        io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        _ => {
            let _ = writeln!(io::stderr(), "moclojer: {error}");
            ExitCode::from(1)
        }
    })
}

/// Wrong usage: says what to do, exit code 2.
fn usage(message: &str) -> io::Result<ExitCode> {
    writeln!(io::stderr(), "moclojer: {message}")?;
    Ok(ExitCode::from(2))
}
