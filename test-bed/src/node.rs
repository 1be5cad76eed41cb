//! Programs of others from npm: the packages of a committed lock file, installed once, under `target/`.

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder whose `node_modules` has what `folder`'s `package-lock.json` names. One process makes it, the others wait.
pub fn packages(folder: &Path) -> PathBuf {
    // A test stands in `target/…/deps`.
    let test = std::env::current_exe().unwrap();
    let target = test.parent().and_then(Path::parent).unwrap().join("tmp");
    let files: Vec<(&str, Vec<u8>)> =
        ["package.json", "package-lock.json"].map(|name| (name, fs::read(folder.join(name)).unwrap())).into();
    let mut hasher = DefaultHasher::new();
    files.hash(&mut hasher);
    let name = format!("node-{:016x}", hasher.finish());
    fs::create_dir_all(&target).unwrap();
    let (path, done) = (target.join(&name), target.join(format!("{name}.done")));
    let lock = File::create(target.join(format!("{name}.lock"))).unwrap();
    lock.lock().unwrap();
    if !done.is_file() {
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        for (name, bytes) in &files {
            fs::write(path.join(name), bytes).unwrap();
        }
        install(&path).unwrap_or_else(|reason| {
            panic!(
                "{} cannot be installed: `apt-get install nodejs npm`, and npm's registry is needed once: {reason}",
                folder.display()
            )
        });
        File::create(done).unwrap();
    }
    path
}

fn install(path: &Path) -> Result<(), String> {
    let mut command = Command::new("npm");
    command.args([
        "ci",
        "--omit=optional",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--no-update-notifier",
    ]);
    let output = command.current_dir(path).output().map_err(|error| format!("npm: {error}"))?;
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}
