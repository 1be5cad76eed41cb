//! The file watcher on a real file system, each way of changing a file, with the system's events and
//! without.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use moclojer_core::files::read_settled;
use moclojer_core::serve::watch::{Change, ChangeKind, Settings, Watcher};

/// A directory that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let name = format!("moclojer-watch-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().canonicalize().unwrap().join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

/// A watcher and what it reports: each change with the file's text at that time.
struct Seen {
    watcher: Watcher,
    changes: Receiver<(Change, Option<String>)>,
}

impl Seen {
    fn new(paths: &[&Path], poll_only: bool) -> Self {
        let (report, changes) = channel();
        let paths = paths.iter().map(|path| path.to_path_buf()).collect();
        let settings = Settings { poll_only, ..Settings::default() };
        let watcher = Watcher::new(paths, settings, move |changes: &[Change]| {
            for change in changes {
                let text = read_settled(&change.path).ok().map(|bytes| String::from_utf8(bytes).unwrap());
                drop(report.send((change.clone(), text)));
            }
        });
        Self { watcher: watcher.unwrap(), changes }
    }

    /// Waits for a report of `path` with `text` (`None`: gone); how long it took since `from`.
    fn wait(&self, path: &Path, text: Option<&str>, from: Instant) -> Duration {
        let end = from + Duration::from_secs(5);
        loop {
            match self.changes.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok((change, seen)) if change.path == path && seen.as_deref() == text => {
                    let kind = match text {
                        None => ChangeKind::Gone,
                        Some("") => ChangeKind::Emptied,
                        Some(_) => ChangeKind::Written,
                    };
                    assert_eq!(change.kind, kind);
                    return from.elapsed();
                }
                Ok(_) => {}
                Err(error) => panic!("{} with {text:?} was not reported: {error}", path.display()),
            }
        }
    }

    /// Asserts that nothing more is reported for a while.
    fn is_quiet(&self) {
        match self.changes.recv_timeout(Duration::from_millis(250)) {
            Err(RecvTimeoutError::Timeout) => {}
            other => panic!("{other:?}"),
        }
    }
}

/// With the system's events and by polling; polling may take its pace longer.
const WAYS: [(bool, Duration); 2] = [(false, Duration::from_millis(200)), (true, Duration::from_millis(300))];

/// A loaded machine may be late; what matters is that it does not take the slow look of a second.
const SLACK: Duration = Duration::from_millis(400);

#[test]
fn a_file_that_is_written_in_place_is_reported_whole() {
    for (poll_only, most) in WAYS {
        let folder = Folder::new();
        let file = folder.write("a.yml", "one");
        let seen = Seen::new(&[&file], poll_only);
        for text in ["two", "three", "two", "six"] {
            fs::write(&file, text).unwrap();
            let took = seen.wait(&file, Some(text), Instant::now());
            assert!(took < most + SLACK, "{took:?}, poll_only {poll_only}");
        }
        seen.is_quiet();
    }
}

#[test]
fn a_file_that_is_written_in_pieces_is_not_reported_before_the_last() {
    for (poll_only, _) in WAYS {
        let folder = Folder::new();
        let file = folder.write("a.yml", "old");
        let seen = Seen::new(&[&file], poll_only);
        let mut open = fs::File::create(&file).unwrap();
        let mut slow = false;
        for _ in 0..30 {
            let begun = Instant::now();
            open.write_all(b"piece ").unwrap();
            std::thread::sleep(Duration::from_millis(10));
            slow |= begun.elapsed() > Duration::from_millis(25);
        }
        // The writer keeps it open: only rest can tell that it is whole.
        let took = seen.wait(&file, Some(&"piece ".repeat(30)), Instant::now());
        assert!(took < Duration::from_millis(200) + SLACK, "{took:?}, poll_only {poll_only}");
        drop(open);
        assert!(slow || seen.changes.try_iter().all(|(_, text)| text == Some("piece ".repeat(30))));
    }
}

#[test]
fn a_half_written_file_is_not_reported_while_it_grows() {
    let folder = Folder::new();
    let file = folder.write("a.yml", "old");
    let seen = Seen::new(&[&file], false);
    let mut open = fs::File::create(&file).unwrap();
    for _ in 0..20 {
        let begun = Instant::now();
        open.write_all(b"x").unwrap();
        std::thread::sleep(Duration::from_millis(5));
        let reported = seen.changes.try_recv().is_ok();
        if begun.elapsed() > Duration::from_millis(20) {
            // The machine made a pause that a writer may not make.
            return;
        }
        assert!(!reported, "reported while it was written");
    }
}

#[test]
fn a_file_that_is_replaced_by_rename_is_reported_at_once() {
    for (poll_only, most) in WAYS {
        let folder = Folder::new();
        let file = folder.write("a.yml", "old");
        let seen = Seen::new(&[&file], poll_only);
        for text in ["one", "two", "three"] {
            let other = folder.write("a.yml.tmp", text);
            fs::rename(other, &file).unwrap();
            let took = seen.wait(&file, Some(text), Instant::now());
            assert!(took < most + SLACK, "{took:?}, poll_only {poll_only}");
        }
    }
}

#[cfg(unix)]
#[test]
fn a_config_map_that_is_swapped_is_reported() {
    use std::os::unix::fs::symlink;
    for (poll_only, most) in WAYS {
        for by_directory in [false, true] {
            let folder = Folder::new();
            folder.write("..2026_0/moclojer.yml", "0");
            symlink("..2026_0", folder.join("..data")).unwrap();
            let file = folder.join("moclojer.yml");
            symlink("..data/moclojer.yml", &file).unwrap();
            let watched = if by_directory { folder.0.clone() } else { file.clone() };
            let seen = Seen::new(&[&watched], poll_only);
            for version in 1..4 {
                let (text, data) = (version.to_string(), format!("..2026_{version}"));
                folder.write(&format!("{data}/moclojer.yml"), &text);
                symlink(&data, folder.join("..data_tmp")).unwrap();
                fs::rename(folder.join("..data_tmp"), folder.join("..data")).unwrap();
                let swapped = Instant::now();
                fs::remove_dir_all(folder.join(&format!("..2026_{}", version - 1))).unwrap();
                let took = seen.wait(&file, Some(&text), swapped);
                assert!(took < most + SLACK, "{took:?}, poll_only {poll_only}, directory {by_directory}");
            }
            // A write into the linked file is seen too.
            let real = folder.join("..2026_3/moclojer.yml");
            fs::write(&real, "in place").unwrap();
            let took = seen.wait(&file, Some("in place"), Instant::now());
            assert!(took < most + SLACK, "{took:?}, poll_only {poll_only}, directory {by_directory}");
        }
    }
}

#[test]
fn new_and_removed_files_of_a_directory_are_reported() {
    for (poll_only, most) in WAYS {
        let folder = Folder::new();
        folder.write("mocks/a.yml", "a");
        let root = folder.join("mocks");
        let seen = Seen::new(&[&root], poll_only);
        folder.write("mocks/.hidden.yml", "no");
        let file = folder.write("mocks/deep/er/b.yml", "b");
        let took = seen.wait(&file, Some("b"), Instant::now());
        assert!(took < most + SLACK, "{took:?}, poll_only {poll_only}");
        // The new directory is watched as well.
        fs::write(&file, "bb").unwrap();
        let took = seen.wait(&file, Some("bb"), Instant::now());
        assert!(took < most + SLACK, "{took:?}, poll_only {poll_only}");
        fs::remove_file(&file).unwrap();
        let took = seen.wait(&file, None, Instant::now());
        assert!(took < most + SLACK, "{took:?}, poll_only {poll_only}");
        seen.is_quiet();
    }
}

#[test]
fn a_file_that_goes_and_comes_back_is_reported_both_times() {
    for (poll_only, most) in WAYS {
        let folder = Folder::new();
        let file = folder.write("a.yml", "one");
        let seen = Seen::new(&[&file], poll_only);
        fs::remove_file(&file).unwrap();
        let took = seen.wait(&file, None, Instant::now());
        assert!(took < most + SLACK, "{took:?}, poll_only {poll_only}");
        fs::write(&file, "two").unwrap();
        let took = seen.wait(&file, Some("two"), Instant::now());
        assert!(took < most + SLACK, "{took:?}, poll_only {poll_only}");
        fs::write(&file, "").unwrap();
        let took = seen.wait(&file, Some(""), Instant::now());
        assert!(took < most + SLACK, "{took:?}, poll_only {poll_only}");
    }
}

#[test]
fn a_file_whose_directory_is_not_there_yet_is_awaited() {
    let folder = Folder::new();
    let file = folder.join("later/on/a.yml");
    let seen = Seen::new(&[&file], false);
    folder.write("later/on/a.yml", "here");
    seen.wait(&file, Some("here"), Instant::now());
    fs::remove_dir_all(folder.join("later")).unwrap();
    seen.wait(&file, None, Instant::now());
    folder.write("later/on/a.yml", "again");
    seen.wait(&file, Some("again"), Instant::now());
    fs::write(&file, "quick").unwrap();
    let took = seen.wait(&file, Some("quick"), Instant::now());
    assert!(took < Duration::from_millis(200) + SLACK, "{took:?}");
}

#[test]
fn reading_a_watched_file_is_no_change() {
    let folder = Folder::new();
    let file = folder.write("a.yml", "one");
    let seen = Seen::new(&[&file, &folder.0], false);
    for _ in 0..20 {
        assert_eq!(read_settled(&file).unwrap(), b"one");
    }
    seen.is_quiet();
}

#[test]
fn the_watched_set_can_change() {
    let folder = Folder::new();
    let (first, second) = (folder.write("a.yml", "a"), folder.write("other/b.yml", "b"));
    let seen = Seen::new(&[&first], false);
    seen.watcher.set_paths(vec![second.clone()]);
    // The set is changed once a change of the second file is seen.
    let begun = Instant::now();
    loop {
        fs::write(&second, "bb").unwrap();
        match seen.changes.recv_timeout(Duration::from_millis(100)) {
            Ok((change, _)) => {
                assert_eq!(change.path, second);
                break;
            }
            Err(_) => assert!(begun.elapsed() < Duration::from_secs(5), "never reported"),
        }
    }
    fs::write(&first, "aa").unwrap();
    fs::write(&second, "last").unwrap();
    seen.wait(&second, Some("last"), Instant::now());
    assert!(seen.changes.try_iter().all(|(change, _)| change.path == second));
}

#[test]
fn a_watcher_that_is_dropped_reports_no_more() {
    let folder = Folder::new();
    let file = folder.write("a.yml", "one");
    let Seen { watcher, changes } = Seen::new(&[&file], false);
    drop(watcher);
    fs::write(&file, "two").unwrap();
    // The callback has gone with the thread.
    assert!(matches!(changes.recv(), Err(std::sync::mpsc::RecvError)));
}
