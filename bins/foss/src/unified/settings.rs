//! What `moclojer --unified` is told: the settings that all services share, and the flags for how it listens. Wrong ones
//! are named all at once, before anything is opened.

use std::io::{self, IsTerminal as _};
use std::net::SocketAddr;
use std::process::ExitCode;

use moclojer_cloud::config::{LogFormat, MockServer, Sources};
use moclojer_cloud::startup;
use moclojer_core::serve::log::Format;

use crate::cli::{self, ServeArgs, UnifiedArgs};
use crate::limits::Limits;

/// All of it.
pub(super) struct Asked {
    pub(super) settings: MockServer,
    pub(super) limits: Limits,
    /// Where mocks are served.
    pub(super) address: SocketAddr,
    pub(super) format: Format,
}

impl Asked {
    /// Reads it from a file, the environment, which wins, and flags, which win over both. `store` is what `--unified`
    /// names.
    ///
    /// # Errors
    /// The exit code, after everything that is wrong was said, or with `--check-config` what holds.
    pub(super) fn read(store: Option<&str>, args: &ServeArgs) -> Result<Self, ExitCode> {
        let environment = |name: &str| std::env::var(name).ok();
        let (limits, address) = (Limits::of(&args.limit), args.address(&environment));
        let wrong = [limits.as_ref().err(), address.as_ref().err()];
        let wrong = wrong.into_iter().flatten().flat_map(|messages| messages.lines());
        let sources = wrong.fold(sources(store, args), Sources::with_problem);
        let settings = startup::configured(MockServer::read(&sources), args.unified.check_config)?;
        let format = format(args.log_format, settings.telemetry.log_format);
        match (limits, address) {
            (Ok(limits), Ok(address)) => Ok(Self { settings, limits, address, format }),
            // Said above: settings are not right with a problem among their sources.
            _ => Err(ExitCode::from(2)),
        }
    }
}

fn sources(store: Option<&str>, args: &ServeArgs) -> Sources {
    let UnifiedArgs { settings, redis, health, .. } = &args.unified;
    let log_format = args.log_format.map(|format| match format {
        cli::LogFormat::Json => "json".to_owned(),
        cli::LogFormat::Default | cli::LogFormat::Println => "text".to_owned(),
    });
    Sources::of_this_process(settings.as_deref())
        .with_flag("store-url", "--unified", store.map(str::to_owned))
        .with_flag("redis-url", "--redis", redis.clone())
        .with_flag("admin-listen", "--health", health.clone())
        .with_flag("log-format", "--log-format", log_format)
}

/// The form of the log: the setting's, within which the flag may refuse colours.
fn format(flag: Option<cli::LogFormat>, setting: LogFormat) -> Format {
    match setting {
        LogFormat::Json => Format::Json,
        LogFormat::Text if flag == Some(cli::LogFormat::Println) => Format::Println,
        LogFormat::Auto if !io::stdout().is_terminal() => Format::Json,
        LogFormat::Text | LogFormat::Auto => Format::Default,
    }
}
