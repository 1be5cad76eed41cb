//! `moclojer-api`: the HTTP API of the hosted moclojer. Reads its configuration, builds the adapters, serves.

mod serve;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use moclojer_cloud::config::{Api, Migration, Service, Sources};
use moclojer_cloud::startup::{self, StartError};
use moclojer_cloud::telemetry::Output;

/// The HTTP API of the hosted moclojer: users, orgs, mocks and their publication.
#[derive(Debug, Parser)]
#[command(
    name = "moclojer-api",
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
    /// Serve (the default)
    Serve,
    /// Bring the database's schema up to date; with one that is, nothing happens. Needs the database's settings alone
    Migrate,
    /// Print the OpenAPI document
    Openapi,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let sources = Sources::of_this_process(cli.config.as_deref());
    match cli.command.unwrap_or(Command::Serve) {
        Command::Openapi => openapi(),
        Command::Migrate => match startup::configured(Migration::read(&sources), cli.check_config) {
            Ok(config) => startup::run(Service::Api, &config.telemetry, Output::Stderr, || migrate(&config)),
            Err(code) => code,
        },
        Command::Serve => match startup::configured(Api::read(&sources), cli.check_config) {
            Ok(config) => {
                startup::run(Service::Api, &config.telemetry, Output::Stdout, || serve::serve(&config))
            }
            Err(code) => code,
        },
    }
}

fn openapi() -> ExitCode {
    match moclojer_cloud::api::openapi().to_pretty_json() {
        Ok(document) => startup::print(&format!("{document}\n")),
        Err(_) => ExitCode::from(1),
    }
}

async fn migrate(config: &Migration) -> Result<(), StartError> {
    startup::migrate(config).await?;
    startup::print("the database is up to date\n");
    Ok(())
}
