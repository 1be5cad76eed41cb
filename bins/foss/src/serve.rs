//! `moclojer serve`: files, responder, listener; then wait for a signal.

use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use moclojer_core::files::reload::{Reload, Reloader};
use moclojer_core::files::{Files, Loaded};
use moclojer_core::problem::{Problem, Severity, render};
use moclojer_core::respond::{self, Responder};
use moclojer_core::serve::log::{Format, Level, Log, Requests};
use moclojer_core::serve::{self, Server};
use moclojer_core::spec::{Settings, Spec};

use crate::cli::{Chosen, LATER_COMMANDS, LogFormat, LogRequests, ServeArgs, variable};
use crate::env::Variables;
use crate::limits::Limits;
use crate::start;
use crate::unified;

/// Serves until SIGINT or SIGTERM.
pub(crate) fn run(args: &ServeArgs) -> io::Result<ExitCode> {
    let environment = |name: &str| std::env::var(name).ok();
    if let Some(refusal) = refused(args, &environment) {
        return crate::usage(&refusal);
    }
    if let Some(store) = &args.unified.store {
        return unified::run(store.as_deref(), args);
    }
    let (limits, address) = match (Limits::of(&args.limit), args.address(&environment)) {
        (Ok(limits), Ok(address)) => (limits, address),
        (Err(message), _) | (_, Err(message)) => return crate::usage(&message),
    };
    let variables = match Variables::read(&args.env) {
        Ok(variables) => variables,
        Err(message) => return crate::usage(&message),
    };
    let chosen = args.chosen(&environment);
    let named = match &chosen {
        Chosen::Named(files) => files.clone(),
        Chosen::Environment(file) | Chosen::Default(file) => vec![file.clone()],
        Chosen::Nothing(places) => return crate::usage(&start::how_to_begin(places)),
    };
    let mut settings = Settings::from(limits.file);
    settings.env = variables.env;
    let mut files = Files::new(named, settings);
    let loaded = files.load(Instant::now());
    if let (Chosen::Named(_), Some(missing)) = (&chosen, loaded.missing.first()) {
        return crate::usage(&start::how_to_make(missing));
    }
    let voice = Voice::new(args.log_format.map_or(Format::Default, Format::from), args.log_requests)?;
    for warning in &variables.warnings {
        voice.log.event(Level::Warn, warning, &[]);
    }
    voice.problems(&loaded.problems);
    if loaded.has_errors() {
        voice.log.event(Level::Error, "not served: mend the errors above and start again", &[]);
        return Ok(ExitCode::from(1));
    }
    let mut options = respond::Options::default();
    options.near_misses = args.near_misses;
    options.cors = args.cors;
    options.template = limits.template;
    options.seed = args.seed;
    let responder = Arc::new(Responder::new(options));
    responder.load(&loaded.specs.iter().map(|spec| &**spec).collect::<Vec<&Spec>>());

    let runtime = runtime()?;
    let voice = Arc::new(voice);
    runtime.block_on(async {
        let options = serve::Options { limits: limits.server, log: Some(Arc::clone(&voice.log)) };
        let server = match Server::bind(address, Arc::clone(&responder), options).await {
            Ok(server) => server,
            Err(error) => {
                voice.log.event(Level::Error, &error.to_string(), &[]);
                return Ok(ExitCode::from(1));
            }
        };
        voice.start(&server.local_addr(), &loaded, &chosen);
        if variable(&environment, "SENTRY_DSN").is_some() {
            voice.log.event(
                Level::Warn,
                "SENTRY_DSN is set and does nothing: no errors are sent anywhere",
                &[],
            );
        }
        let reloader = if args.watch {
            let voice = Arc::clone(&voice);
            Some(Reloader::start(files, Arc::clone(&responder), move |reload| voice.reload(&reload))?)
        } else {
            None
        };
        server.run(shutdown_signal()).await;
        drop(reloader);
        voice.log.event(Level::Info, "stopped", &[]);
        Ok(ExitCode::SUCCESS)
    })
}

/// Flags, variables and commands that a later part serves.
fn refused(args: &ServeArgs, environment: &impl Fn(&str) -> Option<String>) -> Option<String> {
    if let Some(flag) = args.later.refused() {
        return Some(format!("{flag} is not served yet"));
    }
    if let Some((name, _)) = variable(environment, "MOCKS") {
        return Some(format!("{name} is not served yet: unset it"));
    }
    let first = args.files.first().filter(|_| args.config.is_empty())?;
    let command = LATER_COMMANDS.iter().find(|command| first.as_os_str() == **command && !first.exists())?;
    Some(format!("the command `{command}` is not served yet"))
}

/// One core is served best without threads that hand work to each other.
pub(crate) fn runtime() -> io::Result<tokio::runtime::Runtime> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut builder = match cores {
        1 => tokio::runtime::Builder::new_current_thread(),
        _ => tokio::runtime::Builder::new_multi_thread(),
    };
    builder.enable_all().build()
}

/// Ends at SIGINT or SIGTERM.
pub(crate) async fn shutdown_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) =
        match (signal(SignalKind::interrupt()), signal(SignalKind::terminate())) {
            (Ok(interrupt), Ok(terminate)) => (interrupt, terminate),
            // Without handlers the signals end the process by themselves.
            _ => return std::future::pending().await,
        };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}

impl From<LogFormat> for Format {
    fn from(format: LogFormat) -> Self {
        match format {
            LogFormat::Default => Self::Default,
            LogFormat::Println => Self::Println,
            LogFormat::Json => Self::Json,
        }
    }
}

/// Says things to whoever watches: a person at a terminal, or a program that reads JSON lines.
pub(crate) struct Voice {
    pub(crate) log: Arc<Log>,
    pub(crate) json: bool,
    color: bool,
}

impl Voice {
    pub(crate) fn new(format: Format, requests: LogRequests) -> io::Result<Self> {
        let color = format == Format::Default && io::stdout().is_terminal();
        let requests = match requests {
            LogRequests::Sample => Requests::Sample,
            LogRequests::All => Requests::All,
            LogRequests::Off => Requests::Off,
        };
        let log = Arc::new(Log::new(format, color, requests, Box::new(io::stdout()))?);
        Ok(Self { log, json: format == Format::Json, color })
    }

    /// Problems as `check` shows them, or as log lines for a program.
    fn problems(&self, problems: &[Problem]) {
        if !self.json {
            self.print(&render::terminal(problems, self.color));
            return;
        }
        for problem in problems {
            let level = match problem.severity {
                Severity::Error => Level::Error,
                Severity::Warning => Level::Warn,
                Severity::Note => Level::Info,
            };
            let (place, code) = (problem.place().to_string(), problem.code.to_string());
            let mut fields = vec![("place", &*place), ("code", &*code), ("path", &*problem.path)];
            let optional = [("expected", &problem.expected), ("help", &problem.help)];
            fields.extend(optional.iter().filter_map(|(name, text)| Some((*name, text.as_deref()?))));
            self.log.event(level, &problem.message, &fields);
        }
    }

    /// The start line, and for a person the routes.
    fn start(&self, address: &std::net::SocketAddr, loaded: &Loaded, chosen: &Chosen) {
        let url = format!("http://{address}");
        let endpoints: usize = loaded.specs.iter().map(|spec| spec.endpoints.len()).sum();
        let files = start::names(&loaded.found);
        if self.json {
            let count = endpoints.to_string();
            let fields =
                [("address", &*address.to_string()), ("url", &url), ("files", &files), ("endpoints", &count)];
            self.log.event(Level::Info, "listening", &fields);
        } else {
            self.print(&start::banner(address, loaded, self.color));
        }
        if let (Chosen::Environment(_), Some(missing)) = (chosen, loaded.missing.first()) {
            let message = format!("{} is not there yet: nothing is served until it is", missing.display());
            self.log.event(Level::Warn, &message, &[]);
        }
    }

    fn reload(&self, reload: &Reload) {
        self.problems(&reload.loaded.problems);
        let took = format!("{} ms", reload.took.as_millis());
        if reload.loaded.has_errors() {
            self.log.event(Level::Error, "a file is broken: its last good version goes on being served", &[]);
        }
        if !reload.changes.is_empty() {
            let named = start::changed_endpoints(&reload.changes);
            let message = format!("reloaded: {}", reload.changes);
            self.log.event(Level::Info, &message, &[("endpoints", &named), ("took", &took)]);
        }
    }

    /// Prints what is more than a log line; nothing is left to do when the reader is gone.
    pub(crate) fn print(&self, text: &str) {
        self.log.flush();
        let mut out = io::stdout().lock();
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    }
}
