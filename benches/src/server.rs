//! A server process under measurement: started on its core, found by its start line, ended.
//!
//! Knows how the two programs are called, not what is asked of them.

use std::ffi::OsString;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::client::Connection;
use crate::mocks::Mocks;
use crate::workload::{Expected, Program, Service};
use crate::{Subject, accounting, machine};

/// Lines that a server may print before the one with its address.
const LINES_BEFORE_ADDRESS: usize = 100;
/// How long an asked server may take to end before it is killed.
const GRACE: Duration = Duration::from_secs(20);
/// How long a server of many hosts may take to read them.
const READY: Duration = Duration::from_secs(120);
/// Room for the compiled mocks of all hosts.
const ALL_COMPILED: &str = "compiled-bytes=8GiB";
/// Variables that our server reads and that would change what is measured.
const VARIABLES: [&str; 8] = [
    "CONFIG",
    "MOCKS",
    "HOST",
    "PORT",
    "MOCLOJER_CONFIG",
    "MOCLOJER_MOCKS",
    "MOCLOJER_HOST",
    "MOCLOJER_PORT",
];

/// How servers are started: which binary, what stands before it, where mock files go.
#[derive(Debug)]
pub(crate) struct Launcher {
    moclojer: Option<PathBuf>,
    arguments: Vec<String>,
    wrapper: Vec<OsString>,
    folder: Folder,
}

/// A service whose mock file is written: ready to be started, as often as one likes.
#[derive(Debug)]
pub(crate) struct Prepared<'a> {
    launcher: &'a Launcher,
    program: PathBuf,
    arguments: Vec<OsString>,
    /// Where it says that it is ready, when that is not when it listens.
    health: Option<SocketAddr>,
    expected: Expected,
}

/// A running server; killed when dropped.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    address: SocketAddr,
    ready_after: Duration,
    drain: Option<JoinHandle<()>>,
}

impl Launcher {
    /// Finds our binary (not needed when bare is measured against itself) and makes a folder for
    /// mock files that is gone with the launcher.
    pub(crate) fn new(subject: &Subject) -> Result<Self> {
        let moclojer = match &subject.server {
            _ if subject.against_itself => None,
            Some(path) => {
                ensure!(path.is_file(), "{} is not there (--server)", path.display());
                Some(path.clone())
            }
            None => Some(moclojer_beside_this()?),
        };
        let folder = Folder::new()?;
        Ok(Self { moclojer, arguments: subject.server_args.clone(), wrapper: Vec::new(), folder })
    }

    /// Gives our server one argument more.
    pub(crate) fn with_argument(mut self, argument: &str) -> Self {
        self.arguments.push(argument.to_owned());
        self
    }

    /// Starts servers under `wrapper`: a program and its arguments, before the server's own.
    pub(crate) fn under(self, wrapper: impl IntoIterator<Item = OsString>) -> Self {
        Self { wrapper: wrapper.into_iter().collect(), ..self }
    }

    /// The folder of this run; what is written into it goes with it.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder.path
    }

    /// Writes the mock file of `service` under `name`.
    pub(crate) fn prepare(&self, service: &Service, name: &str) -> Result<Prepared<'_>> {
        let mut health = None;
        let (program, arguments): (PathBuf, Vec<OsString>) = match &service.program {
            Program::Bare { status, body } => {
                let arguments = ["bare", "--status", &status.to_string(), "--body", body].map(Into::into);
                (std::env::current_exe()?, arguments.into())
            }
            Program::Mock(text) => {
                let file = self.folder.path.join(format!("{name}.yml"));
                fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
                let moclojer = self.moclojer.clone().context("a mock file needs the moclojer binary")?;
                let mut arguments: Vec<OsString> = vec!["-c".into(), file.into(), "-p".into(), "0".into()];
                arguments.extend(self.arguments.iter().map(OsString::from));
                (moclojer, arguments)
            }
            Program::Hosted(hosts) => {
                let folder = self.folder.path.join(name);
                fs::create_dir_all(&folder)?;
                Mocks::new()?.write_store(&folder, *hosts)?;
                let moclojer = self.moclojer.clone().context("hosts need the moclojer binary")?;
                let port = free_port()?;
                health = Some(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
                let mut arguments: Vec<OsString> = ["--unified", &format!("fs:{}", folder.display())]
                    .into_iter()
                    .chain(["-p", "0", "--health", &format!("127.0.0.1:{port}"), "--limit", ALL_COMPILED])
                    .map(Into::into)
                    .collect();
                arguments.extend(self.arguments.iter().map(OsString::from));
                (moclojer, arguments)
            }
        };
        Ok(Prepared { launcher: self, program, arguments, health, expected: service.expected.clone() })
    }
}

/// `target/release/moclojer` for `target/release/benches`.
fn moclojer_beside_this() -> Result<PathBuf> {
    let path = std::env::current_exe()?.with_file_name("moclojer");
    if !path.is_file() {
        bail!(
            "{} is not there. Build it first: `cargo build --release -p moclojer`; \
             or name one with `--server PATH`; `--self` needs none",
            path.display()
        );
    }
    Ok(path)
}

impl Prepared<'_> {
    /// Starts the server and waits for its address.
    pub(crate) fn start(&self) -> Result<Server> {
        let mut command = match self.launcher.wrapper.split_first() {
            None => machine::on_server_core(&self.program),
            Some((wrapper, arguments)) => {
                let mut command = machine::on_server_core(wrapper);
                command.args(arguments).arg(&self.program);
                command
            }
        };
        command.args(&self.arguments);
        Server::start(command, self.health)
            .with_context(|| format!("cannot start {}", self.program.display()))
    }

    /// What its answers must be.
    pub(crate) fn expected(&self) -> Expected {
        self.expected.clone()
    }
}

impl Server {
    fn start(mut command: Command, health: Option<SocketAddr>) -> Result<Self> {
        for variable in VARIABLES {
            command.env_remove(variable);
        }
        let begin = Instant::now();
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let output = child.stdout.take().context("its standard output is a pipe")?;
        let mut output = BufReader::new(output);
        let found = find_address(&mut output);
        let ready_after = begin.elapsed();
        // From here on `Drop` ends the child, also when no address was found.
        let unknown = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let mut server = Self { child, address: unknown, ready_after, drain: None };
        server.address = found?;
        // The request log comes here too. It is read and dropped, so that the server never waits.
        server.drain = Some(thread::spawn(move || drain(output)));
        if let Some(health) = health {
            wait_until_ready(health)?;
            server.ready_after = begin.elapsed();
        }
        Ok(server)
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// From its start to the line that names its address.
    pub(crate) fn ready_after(&self) -> Duration {
        self.ready_after
    }

    /// CPU time that it has used.
    pub(crate) fn cpu_time(&self) -> Result<Duration> {
        accounting::cpu_time(self.child.id())
    }

    /// Memory of its own, in bytes; a server without files in memory has hardly any other.
    pub(crate) fn anonymous_bytes(&self) -> Result<u64> {
        accounting::anonymous_bytes(self.child.id())
    }

    /// Asks it to end and waits; one that does not end in time is killed, and that is an error.
    pub(crate) fn stop(mut self) -> Result<()> {
        machine::terminate(self.child.id())?;
        let deadline = Instant::now() + GRACE;
        while self.child.try_wait()?.is_none() {
            ensure!(Instant::now() < deadline, "the server did not end within {GRACE:?} of SIGTERM");
            thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already; then there is nothing to kill and nothing to say.
        if let Ok(None) = self.child.try_wait() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
        if let Some(drain) = self.drain.take() {
            let _ = drain.join();
        }
    }
}

/// Waits for 200 of the path that says whether all shards were read.
fn wait_until_ready(health: SocketAddr) -> Result<()> {
    let deadline = Instant::now() + READY;
    let ask = || -> Result<u16> {
        let request = b"GET /healthcheck/live HTTP/1.1\r\nhost: localhost\r\n\r\n";
        Ok(Connection::open(health)?.ask(request)?.0)
    };
    while !matches!(ask(), Ok(200)) {
        ensure!(Instant::now() < deadline, "the server is not ready within {READY:?}");
        thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}

/// A port of loopback that was free a moment ago.
fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

fn drain(mut output: impl Read) {
    let mut buffer = vec![0; 64 * 1024];
    while matches!(output.read(&mut buffer), Ok(1..)) {}
}

fn find_address(output: &mut impl BufRead) -> Result<SocketAddr> {
    let mut line = String::new();
    for _ in 0..LINES_BEFORE_ADDRESS {
        line.clear();
        ensure!(output.read_line(&mut line)? > 0, "it ended without naming its address");
        if let Some(address) = address_in(&line) {
            return Ok(address);
        }
    }
    bail!("no address in its first {LINES_BEFORE_ADDRESS} lines")
}

/// A loopback address with a port, in prose, JSON or a URL.
fn address_in(line: &str) -> Option<SocketAddr> {
    ["127.0.0.1:", "localhost:"].iter().find_map(|host| {
        line.split(host).skip(1).find_map(|rest| {
            let digits = rest.split(|letter: char| !letter.is_ascii_digit()).next()?;
            let port: u16 = digits.parse().ok()?;
            (port > 0).then(|| (Ipv4Addr::LOCALHOST, port).into())
        })
    })
}

/// A folder for one run, removed when dropped.
#[derive(Debug)]
struct Folder {
    path: PathBuf,
}

impl Folder {
    fn new() -> Result<Self> {
        let path = std::env::temp_dir().join(format!("moclojer-benches-{}", std::process::id()));
        fs::create_dir_all(&path).with_context(|| format!("cannot make {}", path.display()))?;
        Ok(Self { path })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What stays behind lies in the system's temporary folder, which the system empties.
        let _ = fs::remove_dir_all(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn address_is_found_in_prose_json_and_urls() {
        let found = SocketAddr::from(([127, 0, 0, 1], 4321));
        for line in [
            "bare hyper on http://127.0.0.1:4321\n",
            r#"{"time":"2026-11-01T12:00:00.000Z","msg":"ready","address":"127.0.0.1:4321"}"#,
            "\u{1b}[1mhttp://localhost:4321/\u{1b}[0m",
            "asked for 127.0.0.1:0, got 127.0.0.1:4321",
        ] {
            assert_eq!(address_in(line), Some(found), "{line}");
        }
        for line in ["", "reading 127.0.0.1:", "http://127.0.0.1:99999", "moclojer.yml:12"] {
            assert_eq!(address_in(line), None, "{line}");
        }
    }

    #[test]
    fn server_that_ends_at_once_is_an_error() {
        let error = Server::start(Command::new("true"), None).expect_err("`true` serves nothing");
        assert!(error.to_string().contains("without naming its address"), "{error}");
    }

    #[test]
    fn address_line_may_come_after_others() {
        let mut output = "a warning\n\nhttp://127.0.0.1:80/\nmore\n".as_bytes();
        assert_eq!(find_address(&mut output).expect("it is there"), ([127, 0, 0, 1], 80).into());
    }
}
