//! What a crate costs a project that has it as its one dev-dependency: crates in the tree, and the
//! time of a clean build.
//!
//! Projects are made up in the system's temporary folder, with this workspace's lock file, so that
//! everybody has the same versions of what is shared and nothing is looked up.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};

/// A project to make up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Project {
    /// How tables call it.
    pub(crate) title: &'static str,
    /// Its dev-dependencies, as lines of its manifest; `{core}` stands for the folder of our crate.
    pub(crate) dependencies: &'static str,
}

/// What ours is compared with: what a project has that serves HTTP in its tests by hand.
pub(crate) const BARE: Project = Project {
    title: "tokio + hyper",
    dependencies: r#"
        http-body-util = "*"
        hyper = { version = "*", features = ["http1", "server"] }
        hyper-util = { version = "*", features = ["tokio"] }
        tokio = { version = "*", features = ["rt", "net", "time", "sync", "macros"] }
    "#,
};

/// Ours, with the features that a user has who names none.
pub(crate) const OURS: Project =
    Project { title: "ours", dependencies: r#"moclojer-core = { path = "{core}" }"# };

/// The peers, in the same way.
pub(crate) const PEERS: [Project; 3] = [
    Project { title: "wiremock", dependencies: r#"wiremock = "*""# },
    Project { title: "httpmock", dependencies: r#"httpmock = "*""# },
    Project { title: "mockito", dependencies: r#"mockito = "*""# },
];

/// What a build took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Build {
    /// On the clock: it depends on how many cores are free.
    pub(crate) seconds: f64,
    /// Of the CPU, all its processes together.
    pub(crate) cpu_seconds: f64,
}

/// CPU time of all processes that this one started and that have ended.
fn children_cpu_seconds() -> Result<f64> {
    /// The unit of these fields, whatever the kernel counts in.
    const TICKS_A_SECOND: f64 = 100.0;
    let stat = fs::read_to_string("/proc/self/stat")?;
    // The name, which may hold spaces, ends with the last parenthesis; then come the third field and all others.
    let (_, fields) = stat.rsplit_once(") ").context("/proc/self/stat has no name")?;
    let mut ticks = fields.split(' ').skip(13).map(str::parse::<f64>);
    match (ticks.next(), ticks.next()) {
        (Some(Ok(user)), Some(Ok(system))) => Ok((user + system) / TICKS_A_SECOND),
        _ => bail!("/proc/self/stat does not tell the time of children"),
    }
}

/// A project in a folder that goes with it.
#[derive(Debug)]
pub(crate) struct MadeUp {
    folder: PathBuf,
}

impl MadeUp {
    /// Writes the project.
    pub(crate) fn write(project: Project) -> Result<Self> {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("benches stands alone")?;
        let name = format!("moclojer-testing-{}-{}", std::process::id(), project.title.replace(' ', ""));
        let made_up = Self { folder: std::env::temp_dir().join(name) };
        let source = made_up.folder.join("src");
        fs::create_dir_all(&source).with_context(|| format!("cannot make {}", source.display()))?;
        fs::write(source.join("lib.rs"), "")?;
        let core = workspace.join("moclojer-core");
        fs::write(made_up.folder.join("Cargo.toml"), manifest(project, &core.to_string_lossy()))?;
        let lock = workspace.join("Cargo.lock");
        fs::copy(&lock, made_up.folder.join("Cargo.lock"))
            .with_context(|| format!("{} is missing; build the workspace first", lock.display()))?;
        Ok(made_up)
    }

    /// Crates in its tree, without itself; what other systems need is not counted.
    pub(crate) fn crates(&self) -> Result<usize> {
        let tree = self.cargo(&["tree", "--edges", "normal,build,dev", "--prefix", "none"])?;
        Ok(crates_of(&tree))
    }

    /// What a clean build for its tests takes, as `cargo test` makes it the first time.
    pub(crate) fn build(&self) -> Result<Build> {
        let target = self.folder.join("target");
        if target.exists() {
            fs::remove_dir_all(&target)?;
        }
        // What is not on this machine yet is fetched before the clock runs.
        self.cargo(&["tree"])?;
        let (begin, cpu_before) = (Instant::now(), children_cpu_seconds()?);
        self.cargo(&["test", "--no-run"])?;
        let seconds = begin.elapsed().as_secs_f64();
        Ok(Build { seconds, cpu_seconds: children_cpu_seconds()? - cpu_before })
    }

    /// Runs cargo in it, without the network where that is enough.
    fn cargo(&self, arguments: &[&str]) -> Result<String> {
        let run = |more: &[&str]| {
            Command::new("cargo")
                .args(arguments)
                .args(more)
                .env_remove("CARGO_TARGET_DIR")
                // As a crate from a registry is built; one of a folder would also be made ready for the next change.
                .env("CARGO_INCREMENTAL", "0")
                .current_dir(&self.folder)
                .output()
                .context("cannot run `cargo`")
        };
        let mut output = run(&["--offline"])?;
        if !output.status.success() {
            output = run(&[])?;
        }
        let message = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "`cargo {}`: {}", arguments.join(" "), message.trim());
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

impl Drop for MadeUp {
    fn drop(&mut self) {
        // What stays behind lies in the system's temporary folder, which the system empties.
        let _left_behind = fs::remove_dir_all(&self.folder);
    }
}

/// It is a workspace of its own, wherever the temporary folder lies.
fn manifest(project: Project, core: &str) -> String {
    let dependencies: String =
        project.dependencies.lines().map(|line| line.trim().replace("{core}", core) + "\n").collect();
    format!(
        "[package]\nname = \"made-up\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n\
         [workspace]\n\n[dev-dependencies]\n{dependencies}"
    )
}

/// Different lines of `cargo tree --prefix none`, without the first, which is the project.
fn crates_of(tree: &str) -> usize {
    let mut lines: Vec<&str> = tree
        .lines()
        .skip(1)
        .map(|line| line.trim_end_matches(" (*)").trim_end_matches(" (proc-macro)"))
        .filter(|line| !line.is_empty() && !line.starts_with('['))
        .collect();
    lines.sort_unstable();
    lines.dedup();
    lines.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crate_that_stands_in_the_tree_twice_counts_once() {
        let tree = "made-up v0.1.0 (/tmp/x)\n[dev-dependencies]\nhyper v1.12.0\nbytes v1.12.2\n\
                    pin-project v1.1.0 (proc-macro)\ntokio v1.54.1\nbytes v1.12.2\nhyper v1.12.0 (*)\n\
                    pin-project v1.1.0 (proc-macro) (*)\n";
        assert_eq!(crates_of(tree), 4);
    }

    #[test]
    fn two_versions_of_a_crate_count_twice() {
        assert_eq!(crates_of("made-up v0.1.0 (/tmp/x)\nbase64 v0.22.1\nbase64 v0.23.1\n"), 2);
    }

    #[test]
    fn project_is_a_workspace_with_its_dependency_for_tests_alone() {
        let text = manifest(OURS, "/somewhere/moclojer-core");
        assert!(text.ends_with(
            "[workspace]\n\n[dev-dependencies]\nmoclojer-core = { path = \"/somewhere/moclojer-core\" }\n"
        ));
    }

    #[test]
    fn time_of_children_counts() {
        let before = children_cpu_seconds().expect("Linux tells it");
        let status =
            Command::new("sh").args(["-c", "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done"]).status();
        assert!(status.expect("there is a shell").success());
        let spent = children_cpu_seconds().expect("Linux tells it") - before;
        assert!((0.01..60.0).contains(&spent), "{spent}");
    }

    #[test]
    fn own_tree_is_counted() {
        let project = MadeUp::write(BARE).expect("the temporary folder can be written");
        let folder = project.folder.clone();
        let crates = project.crates().expect("the workspace has these crates");
        assert!((10..40).contains(&crates), "{crates}");
        drop(project);
        assert!(!folder.exists());
    }
}
