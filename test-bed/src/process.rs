//! Processes and folders that end with the test binary, however it ends.
//!
//! Each process stands under a small shell that holds the reading end of a pipe whose other end is ours: when we stop
//! it, panic, are interrupted or killed, the pipe closes, the shell ends the process and removes its folder. The shell
//! is in a process group of its own, so that an interrupt at the terminal does not reach it first.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use uuid::Uuid;

/// Runs `"$@"`, whose output goes to the file `$0`, until its own input ends. Says the process's id first.
const WATCH: &str =
    r#""$@" </dev/null >>"$0" 2>&1 & pid=$!; echo "$pid"; read -r _; kill -KILL "$pid"; wait "$pid""#;

/// Removes a folder when its own input ends.
const SWEEP: &str = r#"read -r _; sleep 0.2; rm -rf "$1""#;

/// The name of a folder of ours, under the system's for temporary files.
const PREFIX: &str = "moclojer-test-";

/// Who a process runs as when we are root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunAs {
    /// Whoever we are.
    Ourselves,
    /// An unprivileged user.
    Nobody,
}

/// What a process can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// SIGSTOP: it stands still, whatever it does.
    Stop,
    /// SIGCONT: it goes on, and knows nothing of the time between.
    Continue,
}

/// A running process, under its shell.
#[derive(Debug)]
pub struct Watched {
    shell: Child,
    id: u32,
}

impl Watched {
    /// Starts a program whose output goes into `log`.
    pub fn start(program: &OsStr, arguments: &[String], log: &Path, run_as: RunAs) -> Self {
        Self::start_command(Command::new("sh"), program, arguments, log, run_as)
    }

    /// Starts a program with this environment and no other.
    pub fn start_in(
        environment: &[(String, String)],
        program: &OsStr,
        arguments: &[String],
        log: &Path,
    ) -> Self {
        let mut command = Command::new("sh");
        command.env_clear().envs(environment.iter().map(|(name, value)| (name, value)));
        Self::start_command(command, program, arguments, log, RunAs::Ourselves)
    }

    fn start_command(
        mut command: Command,
        program: &OsStr,
        arguments: &[String],
        log: &Path,
        run_as: RunAs,
    ) -> Self {
        let output = File::options().create(true).append(true).open(log).unwrap();
        command.args(["-c", WATCH]).arg(log);
        if run_as == RunAs::Nobody && is_root() {
            command.args(["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]);
        }
        command.arg(program).args(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(output).process_group(0);
        let mut shell = command.spawn().unwrap_or_else(|error| panic!("sh does not start: {error}"));
        let mut line = String::new();
        BufReader::new(shell.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let id = line.trim().parse().unwrap_or_else(|_| panic!("sh does not say what it started: {line}"));
        Self { shell, id }
    }

    /// The id of the process itself.
    pub fn id(&self) -> u32 {
        self.id
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        let name = match signal {
            Signal::Stop => "STOP",
            Signal::Continue => "CONT",
        };
        // One that has ended by itself cannot be told anything; whoever asks it next sees that.
        let _ = Command::new("kill").args(["-s", name, &self.id.to_string()]).stderr(Stdio::null()).status();
    }

    /// Ends the process and waits until it is gone.
    fn stop(&mut self) {
        drop(self.shell.stdin.take());
        let _ = self.shell.wait();
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A folder that is removed with this value, or when the test binary ends.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    sweeper: Child,
}

impl Folder {
    /// An empty one that everyone may read.
    pub fn new() -> Self {
        let path = std::env::temp_dir().join(format!("{PREFIX}{}", Uuid::new_v4().simple()));
        fs::create_dir(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", SWEEP, "sh"]).arg(&path).stdin(Stdio::piped()).process_group(0);
        let sweeper = command.spawn().unwrap_or_else(|error| panic!("sh does not start: {error}"));
        Self { path, sweeper }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Default for Folder {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
        drop(self.sweeper.stdin.take());
        let _ = self.sweeper.wait();
    }
}

/// A loopback port that was free a moment ago, and that no one else in this process was given. It is below the ports
/// that the system takes for connections, so that it stays free while its server is down.
pub fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let begin = std::process::id().wrapping_mul(61);
    loop {
        let number = begin.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % 12_000;
        let port = 20_000 + u16::try_from(number).expect("below 12,000");
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}

/// Whether a condition came true within a time.
pub fn wait_until(limit: Duration, mut condition: impl FnMut() -> bool) -> bool {
    let deadline = Instant::now() + limit;
    loop {
        if condition() {
            return true;
        }
        if Instant::now() > deadline {
            return false;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A program by its name, from PATH or `folders`; installed once from Debian's `package` when it is missing and we may.
/// `variable` is what names a server of another machine or kind instead.
pub fn find_or_install(
    program: &str,
    folders: impl Fn() -> Vec<PathBuf>,
    package: &str,
    variable: &str,
) -> PathBuf {
    let find = || {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mut files = std::env::split_paths(&path).chain(folders()).map(|folder| folder.join(program));
        files.find(|file| file.is_file())
    };
    if let Some(path) = find() {
        return path;
    }
    let advice = format!("`{program}` is missing: `apt-get install {package}`, or set {variable}");
    install(package).unwrap_or_else(|reason| panic!("{advice} ({reason})"));
    find().unwrap_or_else(|| panic!("{advice} (it was installed, and still is not found)"))
}

/// Installs a package, as root or where sudo asks for no password.
pub fn install(package: &str) -> Result<(), String> {
    // One after the other: apt's own locks do not all wait. What another test installed meanwhile is no work.
    static INSTALLING: Mutex<()> = Mutex::new(());
    let _alone = INSTALLING.lock().unwrap_or_else(PoisonError::into_inner);
    let elevate: &[&str] = if is_root() { &["env"] } else { &["sudo", "-n", "env"] };
    let apt = |arguments: &[&str]| {
        let mut command = Command::new(elevate[0]);
        command.args(&elevate[1..]).arg("DEBIAN_FRONTEND=noninteractive").args(["apt-get", "-qq"]);
        command.args(["-o", "DPkg::Lock::Timeout=120"]).args(arguments).stdin(Stdio::null());
        match command.output() {
            Ok(output) if output.status.success() => Ok(()),
            Ok(output) => Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
            Err(error) => Err(error.to_string()),
        }
    };
    apt(&["install", "-y", package]).or_else(|_| {
        apt(&["update"])?;
        apt(&["install", "-y", package])
    })
}

/// Whether we are root.
pub fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|metadata| metadata.uid() == 0)
}
