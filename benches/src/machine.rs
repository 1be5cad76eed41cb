//! The machine that a measurement was made on, and what has to be set on it first.
//!
//! Pinning and file limits go through util-linux's commands, so that no system call of ours needs
//! `unsafe`.

use std::fs;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

/// The core of the servers.
pub(crate) const SERVER_CORE: usize = 0;
/// The core of the client.
pub(crate) const CLIENT_CORE: usize = 1;

/// A program that will run on the servers' core; its process id is the program's own.
pub(crate) fn on_server_core(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new("taskset");
    command.args(["-c", &SERVER_CORE.to_string()]).arg(program);
    command
}

/// Moves this process to the client's core.
///
/// # Errors
/// A machine with one core, or without `taskset`: without two cores the sides disturb each other.
pub(crate) fn pin_client() -> Result<()> {
    let pid = std::process::id().to_string();
    run("taskset", &["-a", "-c", "-p", &CLIENT_CORE.to_string(), &pid])
        .context("the client needs a core of its own; is there a second one?")
}

/// Allows this process and the servers that it starts `files` open files each.
pub(crate) fn allow_open_files(files: usize) -> Result<()> {
    let pid = std::process::id().to_string();
    let limits = fs::read_to_string("/proc/self/limits")?;
    let mut open_files = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"))
        .map(str::split_ascii_whitespace)
        .context("/proc/self/limits does not name open files")?;
    let enough = |limit: Option<&str>| match limit {
        Some("unlimited") => true,
        Some(number) => number.parse::<usize>().is_ok_and(|number| number >= files),
        None => false,
    };
    if enough(open_files.next()) {
        return Ok(());
    }
    // Only the soft limit goes up where the hard one has room: that takes no privilege.
    let limit = if enough(open_files.next()) { format!("{files}:") } else { format!("{files}:{files}") };
    run("prlimit", &["--pid", &pid, &format!("--nofile={limit}")])
        .with_context(|| format!("{files} open files are needed"))
}

/// Asks process `pid` to end.
pub(crate) fn terminate(pid: u32) -> Result<()> {
    run("kill", &["-TERM", &pid.to_string()])
}

/// One line: processor, cores, where the sides run, commit, and the command of this run.
pub(crate) fn describe() -> String {
    describe_with(&format!("server on core {SERVER_CORE}, client on core {CLIENT_CORE}"))
}

/// The same where nothing is bound to a core.
pub(crate) fn describe_unpinned() -> String {
    describe_with("nothing is bound to one")
}

fn describe_with(placement: &str) -> String {
    let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpus
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .map_or("unknown processor", |rest| rest.trim_start_matches([' ', '\t', ':']));
    let cores = cpus.lines().filter(|line| line.starts_with("processor")).count();
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    format!(
        "Machine: {model}, {cores} cores; {placement}. Commit {}. Command: `cargo run -p benches --release{} -- {}`.",
        commit().unwrap_or_else(|| "unknown".into()),
        if cfg!(feature = "peers") { " --features peers" } else { "" },
        arguments.join(" ")
    )
}

/// The checked-out commit, with a `+` when tracked files differ from it.
fn commit() -> Option<String> {
    let git = |arguments: &[&str]| {
        let output = Command::new("git").args(arguments).stderr(Stdio::null()).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let mut commit = git(&["rev-parse", "--short", "HEAD"])?;
    if git(&["status", "--porcelain", "--untracked-files=no"]).is_none_or(|changes| !changes.is_empty()) {
        commit.push('+');
    }
    Some(commit)
}

fn run(program: &str, arguments: &[&str]) -> Result<()> {
    let output = Command::new(program)
        .args(arguments)
        .output()
        .with_context(|| format!("cannot run `{program}` (util-linux)"))?;
    let message = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "`{program} {}`: {}", arguments.join(" "), message.trim());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn description_names_the_cores() {
        assert!(describe().contains(" cores; server on core 0"), "{}", describe());
    }

    #[test]
    fn files_that_are_allowed_already_need_no_command() {
        allow_open_files(8).expect("every process may open eight files");
    }

    #[test]
    fn failed_command_says_what_it_said() {
        let error = run("kill", &["-TERM", "none"]).expect_err("that is no process id");
        assert!(error.to_string().contains("`kill -TERM none`: "), "{error}");
    }
}
