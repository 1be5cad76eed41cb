//! How a program becomes a service: telemetry, runtime, the parts that it needs, until a signal, then the end.
//!
//! Parts that may be away for a moment (the database) are waited for, bounded; what is wrong for good ends the program
//! before a port opens.

#[cfg(feature = "services")]
mod database;
mod parts;

use std::future::Future;
use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};

use crate::config::{self, Problems, Service, Values};
use crate::telemetry::{Output, Telemetry, chain};

#[cfg(feature = "services")]
pub use database::{check_database, database, migrate};
pub use parts::{BusParts, bus, check_bus, check_storage, listen, storage};

/// How long tasks get that go on after the service ended.
const LEFTOVERS: Duration = Duration::from_secs(1);

/// A service cannot start, or cannot do what it was told.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct StartError {
    what: String,
    #[source]
    cause: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl StartError {
    /// What cannot be done, for a person.
    pub fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), cause: None }
    }

    /// The same with its cause.
    pub fn because(
        what: impl Into<String>,
        cause: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self { what: what.into(), cause: Some(cause.into()) }
    }
}

/// The settings of a program, or the exit code with which it ends at once: 2 with everything that is wrong, or 0 after
/// `--check-config` said what holds.
///
/// # Errors
/// The exit code.
pub fn configured<C>(read: Result<(C, Values), Problems>, only_check: bool) -> Result<C, ExitCode> {
    match read {
        Ok((config, _)) if !only_check => Ok(config),
        Ok((_, values)) => Err(print(&format!("{}the configuration is right\n", values.list()))),
        Err(problems) => {
            complain(&problems.to_string());
            Err(ExitCode::from(2))
        }
    }
}

/// Prints a text; the exit code of having printed it. Whoever reads may have left, as `| head` does.
pub fn print(text: &str) -> ExitCode {
    let mut out = io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    ExitCode::SUCCESS
}

fn complain(text: &str) {
    // Nothing is left to do when the terminal is gone.
    let _ = writeln!(io::stderr(), "{text}");
}

/// Runs a service, or one command of it, to its end: 0, or 1 with the reason. Log lines of a service go to standard
/// output; those of a command to standard error, as its answer goes to standard output.
pub fn run<F>(
    service: Service,
    telemetry: &config::Telemetry,
    output: Output,
    work: impl FnOnce() -> F,
) -> ExitCode
where
    F: Future<Output = Result<(), StartError>>,
{
    let telemetry = match Telemetry::start(service, telemetry, output) {
        Ok(telemetry) => telemetry,
        Err(error) => {
            complain(&chain(&error));
            return ExitCode::from(1);
        }
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            complain(&format!("no threads to run with: {error}"));
            return ExitCode::from(1);
        }
    };
    let ended = runtime.block_on(async { work().await });
    runtime.shutdown_timeout(LEFTOVERS);
    // Said once: to a program that reads the log of a service, or to a person.
    let read_by_a_person = output == Output::Stderr || io::stdout().is_terminal();
    if let Err(error) = &ended
        && !read_by_a_person
    {
        tracing::error!(error = chain(error), "{service} cannot go on");
    }
    telemetry.finish();
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            if read_by_a_person {
                complain(&chain(&error));
            }
            ExitCode::from(1)
        }
    }
}

/// The end, as many parts wait for it.
pub type Shutdown = Shared<BoxFuture<'static, ()>>;

/// Ends with the first SIGTERM or ctrl-c. Within a runtime.
pub fn shutdown() -> Shutdown {
    signalled().boxed().shared()
}

async fn signalled() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut interrupt), Ok(mut terminate)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        // Without handlers the signals end the process by themselves.
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    tracing::info!("shutting down");
}
