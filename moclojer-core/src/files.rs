//! Mock files on disk: which ones there are, and the last good version of each.
//!
//! It reads files; it does not watch them (the module `reload` does, with the feature `watch`) and does not serve them.

#[cfg(feature = "watch")]
pub mod reload;

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::problem::{Code, Problem, Severity};
use crate::source::{Source, Span};
use crate::spec::{Format, Settings, Spec, shadowed};

/// For how long a file that was emptied or vanished keeps its last good version.
pub const GRACE: Duration = Duration::from_secs(2);

/// Endings that are read in a folder.
const ENDINGS: [&str; 4] = ["yml", "yaml", "edn", "json"];

/// The files of one server, in order, with the last good version of each.
#[derive(Debug)]
pub struct Files {
    /// Files and folders as they were named.
    named: Vec<PathBuf>,
    settings: Settings,
    known: HashMap<PathBuf, Known>,
    /// Whether it was said that no file was found.
    said_none: bool,
}

/// What is known of one file.
#[derive(Debug, Default)]
struct Known {
    /// Digest of the bytes that were last looked at.
    digest: Option<u64>,
    /// What the last good version says.
    good: Option<Arc<Spec>>,
    /// Since when it is empty or gone.
    gone_since: Option<Instant>,
}

/// What one look at the files gave.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The mocks to serve, in file order: for a broken file its last good version.
    pub specs: Vec<Arc<Spec>>,
    /// Problems of files that changed since the last look, and between files.
    pub problems: Vec<Problem>,
    /// Files that were found, in order.
    pub found: Vec<PathBuf>,
    /// Files or folders that were named and are not there.
    pub missing: Vec<PathBuf>,
    /// When to look again although nothing changes: a file that is gone is served until then.
    pub look_again: Option<Instant>,
    /// Whether the bytes of any file changed since the last look.
    pub changed: bool,
}

impl Loaded {
    /// Whether a file cannot be served as it is.
    pub fn has_errors(&self) -> bool {
        self.problems.iter().any(|problem| problem.severity == Severity::Error)
    }
}

impl Files {
    /// The files and folders `named`, in this order; read as `settings` say, which [`Limits`](crate::spec::Limits) can
    /// stand for.
    pub fn new(named: Vec<PathBuf>, settings: impl Into<Settings>) -> Self {
        Self { named, settings: settings.into(), known: HashMap::new(), said_none: false }
    }

    /// What was named.
    pub fn named(&self) -> &[PathBuf] {
        &self.named
    }

    /// Reads everything that is there now. A file whose bytes did not change is not parsed again.
    pub fn load(&mut self, now: Instant) -> Loaded {
        self.load_where(now, |_| true)
    }

    /// Reads again only those files whose content is known to be whole, and gives all mocks.
    ///
    /// A file that is just being written is not looked at, whatever happens to the others.
    pub fn reload(&mut self, now: Instant, settled: &[PathBuf]) -> Loaded {
        self.load_where(now, |path| settled.iter().any(|settled| settled == path))
    }

    fn load_where(&mut self, now: Instant, settled: impl Fn(&Path) -> bool) -> Loaded {
        let mut loaded = Loaded::default();
        let mut seen = Vec::new();
        for named in self.named.clone() {
            if !named.is_dir() {
                self.look(&named, true, settled(&named), now, &mut loaded);
                seen.push(named);
                continue;
            }
            let (files, problems) = files_below(&named);
            loaded.problems.extend(problems);
            let mut files: Vec<PathBuf> = files.into_iter().filter(|file| !seen.contains(file)).collect();
            // One that was there and is gone keeps its place until its grace ends.
            let gone = self.known.iter().filter(|(path, known)| {
                path.starts_with(&named)
                    && known.good.is_some()
                    && !files.contains(path)
                    && !seen.contains(path)
            });
            let gone: Vec<PathBuf> = gone.map(|(path, _)| path.clone()).collect();
            files.extend(gone);
            files.sort();
            for file in files {
                self.look(&file, false, settled(&file), now, &mut loaded);
                seen.push(file);
            }
        }
        let none = loaded.found.is_empty() && loaded.missing.is_empty();
        if none && !self.said_none {
            loaded.problems.extend(self.named.first().map(|named| nothing_found(named)));
        }
        self.said_none = none;
        if loaded.changed {
            let specs: Vec<&Spec> = loaded.specs.iter().map(|spec| &**spec).collect();
            let between = shadowed(&specs);
            loaded.problems.extend(between);
        }
        loaded
    }

    fn look(&mut self, path: &Path, by_hand: bool, settled: bool, now: Instant, loaded: &mut Loaded) {
        let known = self.known.entry(path.to_owned()).or_default();
        if !settled && known.gone_since.is_none() {
            match (&known.good, known.digest) {
                (None, None) if by_hand => loaded.missing.push(path.to_owned()),
                _ => loaded.found.push(path.to_owned()),
            }
            loaded.specs.extend(known.good.clone());
            return;
        }
        let name = path.display().to_string();
        let bytes = match read_settled(path) {
            Ok(bytes) => Some(bytes),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => {
                let message = format!("cannot be read: {error}");
                loaded.problems.push(Problem::error(
                    Code::UNREADABLE,
                    &Source::new(name, ""),
                    Span::default(),
                    message,
                ));
                loaded.found.push(path.to_owned());
                loaded.specs.extend(known.good.clone());
                return;
            }
        };
        let empty = bytes.as_ref().is_none_or(|bytes| bytes.trim_ascii().is_empty());
        if empty && known.good.as_ref().is_some_and(|spec| !spec.endpoints.is_empty()) {
            let since = *known.gone_since.get_or_insert(now);
            if now.duration_since(since) < GRACE {
                loaded.look_again = Some(loaded.look_again.map_or(since + GRACE, |at| at.min(since + GRACE)));
                loaded.specs.extend(known.good.clone());
                loaded.found.push(path.to_owned());
                return;
            }
            let what = if bytes.is_some() { "is empty" } else { "is gone" };
            let message = format!("{what}; its endpoints are no longer served");
            loaded.problems.push(Problem::warning(
                Code::EMPTY,
                &Source::new(name, ""),
                Span::default(),
                message,
            ));
            *known = Known::default();
            loaded.changed = true;
        }
        known.gone_since = None;
        let Some(bytes) = bytes else {
            if by_hand {
                loaded.missing.push(path.to_owned());
            }
            return;
        };
        loaded.found.push(path.to_owned());
        known.read(path, &bytes, by_hand, &self.settings, loaded);
        loaded.specs.extend(known.good.clone());
    }
}

impl Known {
    fn read(&mut self, path: &Path, bytes: &[u8], by_hand: bool, settings: &Settings, loaded: &mut Loaded) {
        let mut hasher = DefaultHasher::new();
        bytes.hash(&mut hasher);
        let digest = Some(hasher.finish());
        if self.digest == digest {
            return;
        }
        self.digest = digest;
        loaded.changed = true;
        let name = path.display().to_string();
        let mut checked = Spec::read_with(&name, bytes, Format::of_path(path), settings);
        // A folder's other files are served all the same.
        for problem in checked.problems.iter_mut().filter(|it| !by_hand && it.code == Code::FORMAT_OFF) {
            problem.severity = Severity::Warning;
        }
        if checked.foreign && !by_hand {
            for problem in &mut checked.problems {
                problem.severity = Severity::Note;
                problem.message = format!("passed over: {}", problem.message);
            }
        }
        if let Some(spec) = checked.spec {
            self.good = Some(Arc::new(spec));
        } else if checked.foreign && !by_hand {
            self.good = None;
        }
        loaded.problems.extend(checked.problems);
    }
}

fn nothing_found(named: &Path) -> Problem {
    let source = Source::new(named.display().to_string(), "");
    Problem::warning(Code::EMPTY, &source, Span::default(), "there is no mock file in this folder")
        .help("put a file that ends in .yml, .yaml, .edn or .json there")
}

/// The mock files below a folder, ordered by path; what begins with `.` is left out.
fn files_below(folder: &Path) -> (Vec<PathBuf>, Vec<Problem>) {
    /// Folders below this depth are somebody's loop of links.
    const DEEPEST: usize = 32;
    let mut files = Vec::new();
    let mut problems = Vec::new();
    let mut folders = vec![(folder.to_owned(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        let entries = match std::fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) => {
                let source = Source::new(folder.display().to_string(), "");
                let message = format!("the folder cannot be read: {error}");
                problems.push(Problem::error(Code::UNREADABLE, &source, Span::default(), message));
                continue;
            }
        };
        for entry in entries.flatten() {
            if entry.file_name().as_encoded_bytes().starts_with(b".") {
                continue;
            }
            let path = entry.path();
            if path.is_dir() {
                if depth < DEEPEST {
                    folders.push((path, depth + 1));
                }
            } else if path
                .extension()
                .and_then(|ending| ending.to_str())
                .is_some_and(|e| ENDINGS.contains(&e))
            {
                files.push(path);
            }
        }
    }
    files.sort();
    (files, problems)
}

/// A file's bytes, read again when it changed meanwhile, so that no half-written state is taken for the whole.
///
/// # Errors
/// It cannot be read, or it changes all the time (`WouldBlock`).
pub fn read_settled(path: &Path) -> io::Result<Vec<u8>> {
    const ATTEMPTS: u32 = 20;
    const PAUSE: Duration = Duration::from_millis(5);
    let stamp = || std::fs::metadata(path).map(|data| (data.len(), data.modified().ok()));
    for attempt in 0..ATTEMPTS {
        if attempt > 0 {
            std::thread::sleep(PAUSE);
        }
        let before = stamp()?;
        let bytes = std::fs::read(path)?;
        if before == stamp()? && before.0 == bytes.len() as u64 {
            return Ok(bytes);
        }
    }
    Err(io::Error::new(io::ErrorKind::WouldBlock, "it changes while it is read"))
}
