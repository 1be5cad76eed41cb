//! Mocks behind a port of loopback, and what servers are made with.

use std::collections::HashSet;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::ops::Deref;
use std::panic::Location;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};

use jiff::Timestamp;

use super::listen::Listening;
use super::mocks::{Inner, Mocks};
use crate::ports::{Clock, FixedClock, SystemClock, SystemRandom};
use crate::problem::{Problem, Severity};
use crate::respond::{self, Responder};
use crate::serve;
use crate::spec::{Format, Limits, Spec};

/// How many requests the journal keeps.
const JOURNAL: usize = 1_000;

/// A mock server on a free port of loopback, for one test.
///
/// It is [`Mocks`] and a port: all that they can do it can do. Starting waits for nothing, so it is the same with and
/// without a runtime. Dropping it closes its connections, refuses those that come later, and then looks whether all
/// that was expected has happened. Its port rests until all its connections have ended and a second has passed, so that
/// no late request meets another test's mocks.
///
/// See [the module](super) for an example.
pub struct MockServer {
    // Dropped first, so that nothing comes while what came is looked at.
    listening: Listening<Weak<Inner>>,
    mocks: Mocks,
}

impl MockServer {
    /// Starts a server without mocks.
    ///
    /// # Panics
    /// If no port can be had; the message says why. [`Settings::try_start`] gives an error instead.
    #[track_caller]
    pub fn start() -> Self {
        Settings::new().start()
    }

    /// Starts a server with the endpoints of a mock file's text.
    ///
    /// # Panics
    /// If the text has errors, all of which are told with their places, or no port can be had.
    #[track_caller]
    pub fn from_yaml(text: &str) -> Self {
        Settings::new().yaml(text).start()
    }

    /// Starts a server with the endpoints of a mock file: YAML, JSON (`.json`), or EDN (`.edn`, with the feature `edn`).
    /// A relative path begins at the folder in which the test runs, which for cargo is that of the package.
    ///
    /// # Panics
    /// If the file cannot be read or has errors, all of which are told with their places, or no port can be had.
    #[track_caller]
    pub fn from_file(path: impl AsRef<Path>) -> Self {
        Settings::new().file(path).start()
    }

    /// The URL of a path and query on this server: `url("/users?page=1")`.
    pub fn url(&self, path: &str) -> String {
        let slash = if path.starts_with('/') || path.is_empty() { "" } else { "/" };
        format!("{}{slash}{path}", self.uri())
    }

    /// The beginning of its URLs, without a slash at the end: `http://127.0.0.1:49152`.
    pub fn uri(&self) -> &str {
        self.mocks.inner().base()
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.listening.address()
    }
}

impl fmt::Debug for MockServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MockServer").field("uri", &self.uri()).field("mocks", &self.mocks).finish()
    }
}

impl Deref for MockServer {
    type Target = Mocks;

    fn deref(&self) -> &Mocks {
        &self.mocks
    }
}

/// What a server or [`Mocks`] are made with.
///
/// ```
/// use moclojer_core::testing::{Settings, get, template};
///
/// let mocks = Settings::new().now("2026-01-02T03:04:05Z").seed(7).without_socket();
/// mocks.mock(get("/now").respond(template("{{now}}")));
/// let answer = mocks.call(http::Request::get("/now").body("").expect("a request"));
/// assert_eq!(answer.body(), "2026-01-02T03:04:05.000Z");
/// ```
#[derive(Clone)]
#[must_use = "settings make nothing until `start` or `without_socket` is called"]
pub struct Settings {
    sources: Vec<Source>,
    strict: bool,
    journal: usize,
    seed: Option<u64>,
    clock: Arc<dyn Clock>,
}

#[derive(Clone)]
enum Source {
    Yaml { name: String, text: String },
    File(PathBuf),
}

impl Default for Settings {
    fn default() -> Self {
        Self::new()
    }
}

impl Settings {
    /// No files, not strict, a journal of 1,000 requests, the machine's time and chance.
    pub fn new() -> Self {
        Self {
            sources: Vec::new(),
            strict: false,
            journal: JOURNAL,
            seed: None,
            clock: SystemClock::shared(),
        }
    }

    /// Also the endpoints of a mock file's text, in YAML or JSON. In messages it is named by the line of the test.
    ///
    /// Warnings of files are printed at the start, which harnesses show with a test that fails.
    #[track_caller]
    pub fn yaml(mut self, text: impl Into<String>) -> Self {
        let caller = Location::caller();
        let name = format!("<yaml at {}:{}>", caller.file(), caller.line());
        self.sources.push(Source::Yaml { name, text: text.into() });
        self
    }

    /// Also the endpoints of a mock file; see [`MockServer::from_file`].
    pub fn file(mut self, path: impl AsRef<Path>) -> Self {
        self.sources.push(Source::File(path.as_ref().to_owned()));
        self
    }

    /// Every request that nothing answers fails the test, and is shown with what came near.
    pub fn strict(mut self) -> Self {
        self.strict = true;
        self
    }

    /// How many requests the journal keeps (1,000); with 0 it is off. Calls are counted anyway, and unanswered requests
    /// kept for failures. Of bodies it keeps 64 MiB: past that the oldest requests go.
    pub fn journal(mut self, requests: usize) -> Self {
        self.journal = requests;
        self
    }

    /// What templates draw (`uuid`, `fake`, `rand`) depends on this number, the endpoint, and how many answers it gave,
    /// and on nothing else.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// For templates it is always this instant, in RFC 3339: `2026-01-02T03:04:05Z`.
    ///
    /// # Panics
    /// If the text is no instant; the message says why.
    #[track_caller]
    pub fn now(self, instant: &str) -> Self {
        match instant.parse::<Timestamp>() {
            Ok(instant) => self.clock(FixedClock(instant)),
            Err(error) => panic!("`{instant}` is no instant such as `2026-01-02T03:04:05Z`: {error}"),
        }
    }

    /// Templates take the time from this clock.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Starts a server.
    ///
    /// # Panics
    /// For every reason that [`try_start`](Self::try_start) gives an error for, with its message.
    #[track_caller]
    pub fn start(self) -> MockServer {
        match self.try_start() {
            Ok(server) => server,
            Err(error) => panic!("{error}"),
        }
    }

    /// Starts a server.
    ///
    /// # Errors
    /// A file cannot be read, files have errors, or no port of loopback can be had.
    pub fn try_start(self) -> Result<MockServer, StartError> {
        let mocks = self.try_without_socket()?;
        let started = Listening::start(Arc::new(Arc::downgrade(mocks.inner())), serve::Options::default());
        let listening = started.map_err(StartError::Listen)?;
        mocks.inner().listens_at(Arc::clone(listening.base()));
        Ok(MockServer { listening, mocks })
    }

    /// Mocks that are asked without a socket.
    ///
    /// # Panics
    /// If a file cannot be read or has errors, with the message of [`try_without_socket`](Self::try_without_socket).
    #[track_caller]
    pub fn without_socket(self) -> Mocks {
        match self.try_without_socket() {
            Ok(mocks) => mocks,
            Err(error) => panic!("{error}"),
        }
    }

    /// The same without a panic.
    ///
    /// # Errors
    /// A file cannot be read, or files have errors.
    pub fn try_without_socket(self) -> Result<Mocks, StartError> {
        let specs = read(&self.sources)?;
        let options = respond::Options { seed: self.seed, ..respond::Options::default() };
        let responder = Responder::layered(options, self.clock, SystemRandom::shared());
        Ok(Mocks::with(responder, &specs, self.journal, self.strict))
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Settings");
        shown.field("strict", &self.strict).field("journal", &self.journal).field("seed", &self.seed);
        shown.finish_non_exhaustive()
    }
}

fn read(sources: &[Source]) -> Result<Vec<Spec>, StartError> {
    let mut specs = Vec::with_capacity(sources.len());
    let mut errors = Vec::new();
    for source in sources {
        let checked = match source {
            Source::Yaml { name, text } => {
                Spec::read(name, text.as_bytes(), Format::Yaml, &Limits::default())
            }
            Source::File(path) => {
                let bytes = std::fs::read(path)
                    .map_err(|error| StartError::Unreadable { path: path.clone(), error })?;
                let name = path.display().to_string();
                Spec::read(&name, &bytes, Format::of_path(path), &Limits::default())
            }
        };
        specs.extend(checked.spec);
        let (told, warnings): (Vec<_>, Vec<_>) =
            checked.problems.into_iter().partition(|problem| problem.severity == Severity::Error);
        errors.extend(told);
        warnings.iter().for_each(print_warning);
    }
    if errors.is_empty() { Ok(specs) } else { Err(StartError::Invalid(errors)) }
}

#[expect(clippy::print_stderr, reason = "harnesses keep what is printed, and show it with a test that fails")]
fn print_warning(problem: &Problem) {
    eprintln!("{problem}");
}

/// Why no server was started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// A mock file cannot be read.
    #[error("the mock file {} cannot be read: {error}{}", path.display(), from_where(path))]
    Unreadable {
        /// The file, as the test named it.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// Mock files have errors.
    #[error("{}", told(.0))]
    Invalid(Vec<Problem>),
    /// No port of loopback can be had.
    #[error("no mock server can be started: {0}")]
    Listen(io::Error),
}

/// Where a relative path begins.
fn from_where(path: &Path) -> String {
    match std::env::current_dir() {
        Ok(folder) if path.is_relative() => format!(" (the test runs in {})", folder.display()),
        _ => String::new(),
    }
}

fn told(problems: &[Problem]) -> String {
    let files: HashSet<&str> = problems.iter().map(|problem| &**problem.source.name()).collect();
    let mut text = match (files.len(), problems.len()) {
        (_, 1) => "the mock file has an error:".to_owned(),
        (1, count) => format!("the mock file has {count} errors:"),
        (_, count) => format!("the mock files have {count} errors:"),
    };
    for problem in problems {
        text.push_str("\n  ");
        text.push_str(&problem.to_string());
    }
    text
}
