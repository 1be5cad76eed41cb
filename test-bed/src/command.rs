//! A command that runs to its end, within a limit.

use std::fs::File;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::installation::until;
use crate::process::Folder;

/// What came of a command.
#[derive(Debug)]
pub struct Ended {
    /// Whether it ended well.
    pub success: bool,
    /// All that it wrote.
    pub output: String,
}

/// Ends with this value, also when whoever waits panics.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Runs a command. One that is not done in time is ended, and has no success.
pub async fn run(command: &mut Command, limit: Duration) -> Ended {
    let folder = Folder::new();
    let path = folder.path().join("output");
    let output = File::create(&path).unwrap();
    command.stdin(Stdio::null()).stdout(output.try_clone().unwrap()).stderr(output);
    let mut running = Running(command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}")));
    let mut status = None;
    until(limit, async || {
        status = running.0.try_wait().unwrap();
        status.is_some()
    })
    .await;
    drop(running);
    let output = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
    Ended { success: status.is_some_and(|status| status.success()), output }
}
