//! Where values come from, as text, before anybody looks at them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::problem::{Place, Problem};

/// The most bytes that a configuration file, or the file of a secret, has.
const FILE_BYTES: u64 = 1 << 20;

/// A file, the environment and flags.
#[derive(Clone, Default)]
pub struct Sources {
    /// The path and text of the file, where one was named.
    pub(super) file: Option<(PathBuf, Result<String, String>)>,
    /// Variables with their values.
    pub(super) environment: BTreeMap<String, String>,
    /// Keys with the flag and its value.
    pub(super) flags: BTreeMap<&'static str, (&'static str, String)>,
    /// What is wrong outside the table.
    pub(super) problems: Vec<Problem>,
}

/// Names only: values may be secrets.
impl std::fmt::Debug for Sources {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let file = self.file.as_ref().map(|(path, _)| path);
        f.debug_struct("Sources")
            .field("file", &file)
            .field("flags", &self.flags.keys())
            .finish_non_exhaustive()
    }
}

impl Sources {
    /// The environment of this process, and the file that was named by the flag `--config`, or else by
    /// `MOCLOJER_CONFIG`.
    pub fn of_this_process(file: Option<&Path>) -> Self {
        let sources = Self::of_this_environment();
        let named = sources.environment.get(CONFIG).filter(|path| !path.is_empty()).map(PathBuf::from);
        match file.map(Path::to_owned).or(named) {
            Some(path) => sources.with_file(path),
            None => sources,
        }
    }

    /// The environment of this process alone.
    pub fn of_this_environment() -> Self {
        let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        Self::of_environment(std::env::vars_os().filter_map(text))
    }

    /// Only these variables.
    pub fn of_environment<N: Into<String>, V: Into<String>>(pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        let environment = pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        Self { environment, ..Self::default() }
    }

    /// The same with a file. That it cannot be read is one of the problems later.
    #[must_use]
    pub fn with_file(mut self, path: PathBuf) -> Self {
        let text = read(&path);
        self.file = Some((path, text));
        self
    }

    /// The same with a flag of the command line: the value of `key`.
    #[must_use]
    pub fn with_flag(mut self, key: &'static str, flag: &'static str, value: Option<String>) -> Self {
        if let Some(value) = value {
            self.flags.insert(key, (flag, value));
        }
        self
    }

    /// The same with something that is wrong outside the table, to be named with everything else. `message` says what
    /// it is of, and holds no secret.
    #[must_use]
    pub fn with_problem(mut self, message: impl Into<String>) -> Self {
        self.problems.push(Problem::new(Place::Outside, message));
        self
    }
}

/// The variable that names the file.
pub(super) const CONFIG: &str = "MOCLOJER_CONFIG";

/// The text of a small file.
fn read(path: &Path) -> Result<String, String> {
    let size = std::fs::metadata(path).map_err(|error| error.to_string())?.len();
    if size > FILE_BYTES {
        return Err(format!("it has {size} bytes, more than {FILE_BYTES}"));
    }
    std::fs::read_to_string(path).map_err(|error| error.to_string())
}

/// The secret that a file holds, without the end of its last line.
pub(super) fn read_secret(path: &str, place: &Place) -> Result<String, Problem> {
    match read(Path::new(path)) {
        Ok(text) => Ok(text.trim_end_matches(['\r', '\n']).to_owned()),
        Err(why) => Err(Problem::new(place.clone(), format!("the file `{path}` cannot be read: {why}"))),
    }
}
