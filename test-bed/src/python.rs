//! Programs of others from PyPI: a virtual environment for each, made once, under `target/`.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process::install;

/// The virtual environment with a package in it, named with its version: `name[extra]==1.2.3`. One process makes it,
/// the others wait.
pub fn environment(package: &str) -> PathBuf {
    // A test stands in `target/…/deps`.
    let test = std::env::current_exe().unwrap();
    let folder = test.parent().and_then(Path::parent).unwrap().join("tmp");
    fs::create_dir_all(&folder).unwrap();
    let name = folder_name(package);
    let (path, done) = (folder.join(&name), folder.join(format!("{name}.done")));
    let lock = File::create(folder.join(format!("{name}.lock"))).unwrap();
    lock.lock().unwrap();
    if !done.is_file() {
        let _ = fs::remove_dir_all(&path);
        make(&path, package).unwrap_or_else(|reason| {
            panic!(
                "{package} cannot be installed: `apt-get install python3-venv`, and PyPI is needed once: {reason}"
            )
        });
        File::create(done).and_then(|mut file| file.write_all(package.as_bytes())).unwrap();
    }
    path
}

/// `name-1.2.3`.
fn folder_name(package: &str) -> String {
    let (name, version) = package.split_once("==").expect("a package is named with its version");
    let name = name.split('[').next().unwrap_or(name);
    format!("{name}-{version}")
}

fn make(path: &Path, package: &str) -> Result<(), String> {
    let make = || run(Command::new("python3").args(["-m", "venv"]).arg(path));
    make().or_else(|_| install("python3-venv").and_then(|()| make()))?;
    run(Command::new(path.join("bin/pip")).args(["install", "--quiet", package]))
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| error.to_string())?;
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}
