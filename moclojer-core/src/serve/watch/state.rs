//! What is known of the watched files, and which of them have new content. Looks at the file system, and
//! takes the time from outside.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use super::chain::{Chain, follow};
use super::{Change, ChangeKind};

/// Directories inside directories that are looked into.
const MOST_DEPTH: usize = 32;

/// What a file is, as far as can be seen without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Print {
    length: u64,
    modified: Option<SystemTime>,
    identity: (u64, u64),
}

impl Print {
    /// Of the file behind `path`; `None` when there is none.
    pub(super) fn of(path: &Path) -> Option<Self> {
        let metadata = std::fs::metadata(path).ok().filter(|metadata| !metadata.is_dir())?;
        Some(Self {
            length: metadata.len(),
            modified: metadata.modified().ok(),
            identity: identity(&metadata),
        })
    }

    /// Only which file or directory it is.
    pub(super) fn identity(path: &Path) -> Option<Self> {
        let metadata = std::fs::metadata(path).ok()?;
        Some(Self { length: 0, modified: None, identity: identity(&metadata) })
    }
}

#[cfg(unix)]
fn identity(metadata: &std::fs::Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt;
    (metadata.dev(), metadata.ino())
}

#[cfg(not(unix))]
fn identity(_metadata: &std::fs::Metadata) -> (u64, u64) {
    (0, 0)
}

/// What the system said since the last look.
#[derive(Debug, Default)]
pub(super) struct Hints {
    whole: HashSet<PathBuf>,
    touched: HashSet<PathBuf>,
}

impl Hints {
    /// A rename put it there, or its writer closed it.
    pub(super) fn whole(&mut self, path: &Path) {
        self.touched.remove(path);
        self.whole.insert(path.to_owned());
    }

    /// Something happened to it, and more may come.
    pub(super) fn touched(&mut self, path: &Path) {
        self.whole.remove(path);
        self.touched.insert(path.to_owned());
    }

    /// Nothing is known to be whole after all.
    pub(super) fn forget_whole(&mut self) {
        self.touched.extend(self.whole.drain());
    }
}

/// One watched file.
#[derive(Debug)]
struct File {
    chain: Chain,
    /// At the last look.
    seen: Option<Print>,
    /// When it was last seen to change without being reported.
    moved: Option<Instant>,
}

/// All watched files.
#[derive(Debug, Default)]
pub(super) struct Watched {
    roots: Vec<PathBuf>,
    files: BTreeMap<PathBuf, File>,
    directories: BTreeSet<PathBuf>,
}

impl Watched {
    /// Watches the files at and under `roots`, and no others.
    pub(super) fn set_paths(&mut self, roots: Vec<PathBuf>) {
        self.roots = roots;
        let found = self.find();
        self.files.retain(|path, _| found.contains(path));
        self.add(found, None);
    }

    /// The directories whose changes matter.
    pub(super) fn directories(&self) -> &BTreeSet<PathBuf> {
        &self.directories
    }

    /// When the first file that changes now will have rested, if none changes again.
    pub(super) fn next_settled(&self, settle: Duration) -> Option<Instant> {
        self.files.values().filter_map(|file| file.moved).min().map(|moved| moved + settle)
    }

    /// Looks at every file; gives those with new content that is whole.
    pub(super) fn look(&mut self, now: Instant, settle: Duration, hints: &Hints) -> Vec<Change> {
        let found = self.find();
        self.add(found.clone(), Some(now));
        let mut changes = Vec::new();
        self.files.retain(|path, file| {
            let chain = follow(&absolute(path));
            let print = Print::of(path);
            let names = || file.chain.names.iter().chain(&chain.names);
            let whole = names().any(|name| hints.whole.contains(name));
            let touched = names().any(|name| hints.touched.contains(name));
            if print != file.seen || touched || whole {
                file.moved = Some(now);
            }
            file.seen = print;
            file.chain = chain;
            let rested = file.moved.is_some_and(|moved| now.saturating_duration_since(moved) >= settle);
            // Between a rename away and the next one here a file is not there; that has to rest too.
            if rested || whole && !touched && print.is_some() {
                file.moved = None;
                changes.push(Change { path: path.clone(), kind: kind(print) });
            }
            print.is_some() || file.moved.is_some() || found.contains(path)
        });
        self.collect_directories();
        changes
    }

    /// All files at and under the roots; a root that is not there counts as a file.
    fn find(&self) -> BTreeSet<PathBuf> {
        let mut found = BTreeSet::new();
        for root in &self.roots {
            if root.is_dir() {
                walk(root, |path, is_dir| {
                    if !is_dir {
                        found.insert(path.to_owned());
                    }
                });
            } else {
                found.insert(root.clone());
            }
        }
        found
    }

    /// Adds files that are new: known as they are now, or, with a time, as new at that time.
    fn add(&mut self, found: BTreeSet<PathBuf>, new_at: Option<Instant>) {
        for path in found {
            self.files.entry(path).or_insert_with_key(|path| {
                let chain = follow(&absolute(path));
                let seen = Print::of(path);
                // A root that became a directory, or stopped to be one, is nothing by itself.
                File { chain, seen, moved: new_at.filter(|_| seen.is_some()) }
            });
        }
        self.collect_directories();
    }

    fn collect_directories(&mut self) {
        self.directories.clear();
        for file in self.files.values() {
            self.directories.extend(file.chain.directories.iter().cloned());
        }
        for root in &self.roots {
            let root = absolute(root);
            // Of a directory: what is in it, and the way to it.
            self.directories.extend(follow(&root).directories);
            walk(&root, |path, is_dir| {
                if is_dir && let Some(real) = follow(path).names.pop() {
                    self.directories.insert(real);
                }
            });
        }
    }
}

fn kind(print: Option<Print>) -> ChangeKind {
    match print {
        None => ChangeKind::Gone,
        Some(Print { length: 0, .. }) => ChangeKind::Emptied,
        Some(_) => ChangeKind::Written,
    }
}

fn absolute(path: &Path) -> PathBuf {
    // Fails on an empty path, which names nothing.
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// Visits everything at and under `top`, but for names that begin with `.`; each directory once, whatever
/// links lead to it.
fn walk(top: &Path, mut visit: impl FnMut(&Path, bool)) {
    let mut visited = HashSet::new();
    let mut ahead = vec![(top.to_owned(), 0)];
    while let Some((path, depth)) = ahead.pop() {
        let Ok(metadata) = std::fs::metadata(&path) else {
            continue;
        };
        if !metadata.is_dir() {
            visit(&path, false);
            continue;
        }
        if depth > MOST_DEPTH || (cfg!(unix) && !visited.insert(identity(&metadata))) {
            continue;
        }
        visit(&path, true);
        let Ok(entries) = std::fs::read_dir(&path) else {
            continue;
        };
        for entry in entries.flatten() {
            if !entry.file_name().as_encoded_bytes().starts_with(b".") {
                ahead.push((path.join(entry.file_name()), depth + 1));
            }
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at what it did not expect")]
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};

    /// A directory that goes with the test.
    pub(in crate::serve::watch) struct Folder(PathBuf);

    impl Folder {
        pub(in crate::serve::watch) fn new() -> Self {
            static COUNT: AtomicU64 = AtomicU64::new(0);
            let name =
                format!("moclojer-state-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
            let path = std::env::temp_dir().canonicalize().unwrap().join(name);
            std::fs::create_dir_all(&path).unwrap();
            Self(path)
        }

        pub(in crate::serve::watch) fn path(&self) -> &Path {
            &self.0
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            // A leftover in the temporary directory harms nobody.
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    const SETTLE: Duration = Duration::from_millis(30);

    fn watched(roots: &[&Path]) -> Watched {
        let mut watched = Watched::default();
        watched.set_paths(roots.iter().map(|root| root.to_path_buf()).collect());
        watched
    }

    #[test]
    fn a_file_that_is_written_is_reported_once_it_has_rested() {
        let folder = Folder::new();
        let file = folder.path().join("a.yml");
        std::fs::write(&file, "1").unwrap();
        let mut watched = watched(&[&file]);
        let (start, none) = (Instant::now(), Hints::default());
        let mut look = |ms| watched.look(start + Duration::from_millis(ms), SETTLE, &none);
        assert_eq!(look(0), []);
        std::fs::write(&file, "12").unwrap();
        assert_eq!(look(10), []);
        assert_eq!(look(39), []);
        std::fs::write(&file, "123").unwrap();
        assert_eq!(look(45), []);
        assert_eq!(look(74), []);
        assert_eq!(look(75), [Change { path: file.clone(), kind: ChangeKind::Written }]);
        assert_eq!(look(500), []);
    }

    #[test]
    fn a_closed_file_is_reported_at_once_also_when_it_looks_the_same() {
        let folder = Folder::new();
        let file = folder.path().join("a.yml");
        std::fs::write(&file, "1").unwrap();
        let mut watched = watched(&[&file]);
        let mut hints = Hints::default();
        hints.whole(&file);
        let now = Instant::now();
        assert_eq!(
            watched.look(now, SETTLE, &hints),
            [Change { path: file.clone(), kind: ChangeKind::Written }]
        );
        hints.touched(&file);
        assert_eq!(watched.look(now, SETTLE, &hints), [], "written again since");
        let rested = watched.look(now + SETTLE, SETTLE, &Hints::default());
        assert_eq!(rested, [Change { path: file, kind: ChangeKind::Written }]);
    }

    #[test]
    fn a_file_that_is_back_soon_was_never_gone() {
        let folder = Folder::new();
        let file = folder.path().join("a.yml");
        std::fs::write(&file, "1").unwrap();
        let mut watched = watched(&[&file]);
        let (start, none) = (Instant::now(), Hints::default());
        let mut look = |ms| watched.look(start + Duration::from_millis(ms), SETTLE, &none);
        std::fs::remove_file(&file).unwrap();
        assert_eq!(look(0), []);
        std::fs::write(&file, "22").unwrap();
        assert_eq!(look(10), []);
        assert_eq!(look(40), [Change { path: file.clone(), kind: ChangeKind::Written }]);
        std::fs::remove_file(&file).unwrap();
        assert_eq!(look(50), []);
        assert_eq!(look(80), [Change { path: file.clone(), kind: ChangeKind::Gone }]);
        std::fs::write(&file, "").unwrap();
        assert_eq!(look(90), []);
        assert_eq!(look(120), [Change { path: file, kind: ChangeKind::Emptied }]);
    }

    #[test]
    fn a_directory_reports_files_under_it_but_no_hidden_ones() {
        let folder = Folder::new();
        let root = folder.path().join("mocks");
        std::fs::create_dir(&root).unwrap();
        let mut watched = watched(&[&root]);
        let (start, none) = (Instant::now(), Hints::default());
        let mut look = |ms| watched.look(start + Duration::from_millis(ms), SETTLE, &none);
        std::fs::create_dir_all(root.join("deep/er")).unwrap();
        std::fs::create_dir_all(root.join(".git")).unwrap();
        std::fs::write(root.join("deep/er/a.yml"), "1").unwrap();
        std::fs::write(root.join(".hidden.yml"), "1").unwrap();
        std::fs::write(root.join(".git/b.yml"), "1").unwrap();
        assert_eq!(look(0), []);
        let file = root.join("deep/er/a.yml");
        assert_eq!(look(30), [Change { path: file.clone(), kind: ChangeKind::Written }]);
        std::fs::remove_dir_all(root.join("deep")).unwrap();
        assert_eq!(look(40), []);
        assert_eq!(look(70), [Change { path: file, kind: ChangeKind::Gone }]);
        assert_eq!(look(500), []);
        assert!(watched.directories().contains(&root));
    }
}
