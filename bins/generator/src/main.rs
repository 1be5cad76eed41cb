//! `moclojer-generator`: carries published mocks out into the object store. Reads its configuration, builds the
//! adapters, runs.

mod commands;
mod serve;

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use moclojer_cloud::config::{Generator, Service, Sources};
use moclojer_cloud::startup;
use moclojer_cloud::telemetry::Output;

/// Carries the published mocks of the hosted moclojer out into the object store.
#[derive(Debug, Parser)]
#[command(
    name = "moclojer-generator",
    version,
    after_help = "Settings come from the file and the environment, which wins: docs/hosting.md has the table.\n\
                  Exit codes: 0; 1 it could not start or do what it was told; 2 wrong usage or configuration."
)]
struct Cli {
    /// A TOML file with settings
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
    /// Only look at the configuration and say what holds
    #[arg(long)]
    check_config: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Subcommand)]
enum Command {
    /// Run (the default)
    Serve,
    /// Divide all hosts into N shards; running generators write them, and what is served goes on until they are whole
    Reshard {
        /// How many
        #[arg(value_name = "N", value_parser = shards)]
        shards: NonZeroU32,
    },
    /// Have everything written anew, as after a restore of the database
    Rebuild,
    /// Print the whole unified mock as one mock file
    Export,
    /// Try what the object store can do
    Probe,
    /// Say how far things are
    Status,
}

/// A number of shards that makes sense.
fn shards(text: &str) -> Result<NonZeroU32, String> {
    let number = text.parse().ok().filter(|number: &NonZeroU32| number.get() <= 65_536);
    number.ok_or_else(|| "a number from 1 to 65536".to_owned())
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let sources = Sources::of_this_process(cli.config.as_deref());
    let config = match startup::configured(Generator::read(&sources), cli.check_config) {
        Ok(config) => config,
        Err(code) => return code,
    };
    let command = cli.command.unwrap_or(Command::Serve);
    let output = if command == Command::Serve { Output::Stdout } else { Output::Stderr };
    startup::run(Service::Generator, &config.telemetry, output, || async {
        match command {
            Command::Serve => serve::serve(&config).await,
            Command::Reshard { shards } => commands::reshard(&config, Some(shards)).await,
            Command::Rebuild => commands::reshard(&config, None).await,
            Command::Export => commands::export(&config).await,
            Command::Probe => commands::probe(&config).await,
            Command::Status => commands::status(&config).await,
        }
    })
}
