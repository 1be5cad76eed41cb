//! `moclojer-standalone`: the hosted moclojer in one process, with nothing installed.

mod start;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use moclojer_cloud::config::{self, Service, Sources};
use moclojer_cloud::standalone::Standalone;
use moclojer_cloud::startup::{self, StartError};
use moclojer_cloud::telemetry::Output;

/// The hosted moclojer in one process: api and mocks on one port of this machine, everything kept in one folder.
#[derive(Debug, Parser)]
#[command(
    name = "moclojer-standalone",
    version,
    after_help = "Settings come from the file and the environment, which wins: docs/hosting.md has the table.\n\
                  Exit codes: 0; 1 the folder or a port cannot be had; 2 wrong usage or configuration."
)]
struct Cli {
    /// The folder of everything that is kept [default: ./moclojer-data]
    #[arg(long, value_name = "DIR")]
    data: Option<String>,
    /// The port of 127.0.0.1 for api and mocks; 0 takes a free one [default: 8080]
    #[arg(short, long)]
    port: Option<u16>,
    /// A TOML file with settings
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Only look at the configuration and say what holds
    #[arg(long)]
    check_config: bool,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let sources = Sources::of_this_process(cli.config.as_deref())
        .with_flag("data", "--data", cli.data)
        .with_flag("listen", "--port", cli.port.map(|port| format!("127.0.0.1:{port}")));
    let config = match startup::configured(config::Standalone::read(&sources), cli.check_config) {
        Ok(config) => config,
        Err(code) => return code,
    };
    startup::run(Service::Standalone, &config.telemetry, Output::Stdout, || serve(&config))
}

async fn serve(config: &config::Standalone) -> Result<(), StartError> {
    let shutdown = startup::shutdown();
    let standalone = Standalone::open(config).await?;
    start::say(&standalone)?;
    standalone.run(shutdown).await;
    tracing::info!("stopped");
    Ok(())
}
