//! Mock files on disk: folders, foreign files, last good versions.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use moclojer_core::files::{Files, GRACE, Loaded};
use moclojer_core::problem::{Code, Severity};
use moclojer_core::spec::Limits;

/// A folder that is removed with the test.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("moclojer-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).expect("a temporary folder");
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(&path, text).expect("a file");
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub(crate) fn endpoint(path: &str, body: &str) -> String {
    format!("- endpoint: {{path: '{path}', response: {{body: '{body}'}}}}\n")
}

fn files(named: &[&Path]) -> Files {
    Files::new(named.iter().map(|path| path.to_path_buf()).collect(), Limits::default())
}

fn paths(loaded: &Loaded) -> Vec<String> {
    loaded
        .specs
        .iter()
        .flat_map(|spec| &spec.endpoints)
        .map(|endpoint| endpoint.label.path.to_string())
        .collect()
}

#[test]
fn a_folder_is_read_recursively_in_order_and_foreign_files_are_passed_over() {
    let folder = Folder::new("folder");
    folder.write("b.yml", &endpoint("/b", "x"));
    folder.write("a/z.yaml", &endpoint("/az", "x"));
    folder.write("c.json", r#"[{"endpoint": {"path": "/c", "response": {}}}]"#);
    folder.write(".hidden/a.yml", &endpoint("/hidden", "x"));
    folder.write("notes.txt", "not a mock");
    folder.write("compose.yaml", "services: {}\n");
    let loaded = files(&[folder.path()]).load(Instant::now());
    assert_eq!(paths(&loaded), ["/az", "/b", "/c"]);
    let [note] = loaded.problems.as_slice() else { panic!("{:#?}", loaded.problems) };
    assert_eq!((note.severity, note.code), (Severity::Note, Code::NOT_A_LIST));
    let by_hand = files(&[&folder.path().join("compose.yaml")]).load(Instant::now());
    assert!(by_hand.has_errors());
}

#[test]
fn an_edn_file_is_served_from_a_folder_and_by_hand() {
    let folder = Folder::new("edn");
    folder.write("a.yml", &endpoint("/a", "x"));
    folder.write("b.edn", "{:endpoint {:path \"/b\" :response {}}}");
    folder.write("deps.edn", "{:deps {} :aliases {:x #foo 1}}");
    let loaded = files(&[folder.path()]).load(Instant::now());
    let by_hand = files(&[&folder.path().join("b.edn")]).load(Instant::now());
    let codes = |loaded: &Loaded| {
        loaded.problems.iter().map(|problem| (problem.severity, problem.code)).collect::<Vec<_>>()
    };
    if cfg!(feature = "edn") {
        assert_eq!(
            (paths(&loaded), paths(&by_hand)),
            (vec!["/a".to_owned(), "/b".to_owned()], vec!["/b".to_owned()])
        );
        assert_eq!(codes(&loaded), [(Severity::Note, Code::NOT_A_LIST), (Severity::Note, Code::UNKNOWN_TAG)]);
    } else {
        assert_eq!(paths(&loaded), ["/a"]);
        assert_eq!(codes(&loaded), [(Severity::Warning, Code::FORMAT_OFF); 2]);
        assert_eq!(codes(&by_hand), [(Severity::Error, Code::FORMAT_OFF)]);
        assert!(by_hand.problems[0].message.contains("the feature `edn`"), "{}", by_hand.problems[0]);
    }
}

#[test]
fn an_empty_folder_is_an_empty_mock_with_a_warning() {
    let folder = Folder::new("empty-folder");
    let loaded = files(&[folder.path()]).load(Instant::now());
    assert!(loaded.specs.is_empty() && !loaded.has_errors());
    assert_eq!(loaded.problems.iter().map(|problem| problem.code).collect::<Vec<_>>(), [Code::EMPTY]);
}

#[test]
fn endpoints_of_two_files_are_one_table_and_shadowing_names_both() {
    let folder = Folder::new("two-files");
    let first = folder.write("1.yml", &endpoint("/a", "first"));
    let second = folder.write("2.yml", &endpoint("/a", "second"));
    let loaded = files(&[&first, &second]).load(Instant::now());
    let [shadowed] = loaded.problems.as_slice() else { panic!("{:#?}", loaded.problems) };
    assert_eq!(shadowed.code, Code::SHADOWED);
    assert!(shadowed.place().file.ends_with("2.yml") && shadowed.message.contains("1.yml"), "{shadowed}");
}

#[test]
fn a_broken_file_alone_keeps_its_last_good_version() {
    let folder = Folder::new("broken");
    let one = folder.write("1.yml", &endpoint("/one", "x"));
    let two = folder.write("2.yml", &endpoint("/two", "x"));
    let mut files = files(&[&one, &two]);
    assert!(!files.load(Instant::now()).has_errors());
    folder.write("1.yml", "- endpoint: {path: [}\n");
    folder.write("2.yml", &endpoint("/new", "x"));
    let loaded = files.load(Instant::now());
    assert!(loaded.has_errors());
    assert_eq!(paths(&loaded), ["/one", "/new"]);
    assert!(files.load(Instant::now()).problems.is_empty(), "told once");
    folder.write("1.yml", &endpoint("/mended", "x"));
    assert_eq!(paths(&files.load(Instant::now())), ["/mended", "/new"]);
}

#[test]
fn an_emptied_or_vanished_file_is_served_two_seconds_more() {
    let folder = Folder::new("gone");
    for vanish in [false, true] {
        let file = folder.write("mock.yml", &endpoint("/a", "x"));
        let mut files = files(&[&file]);
        let start = Instant::now();
        files.load(start);
        if vanish {
            std::fs::remove_file(&file).expect("it is there");
        } else {
            std::fs::write(&file, "").expect("it can be written");
        }
        let loaded = files.load(start + Duration::from_millis(10));
        assert_eq!(paths(&loaded), ["/a"]);
        let again = loaded.look_again.expect("a time to look again");
        assert_eq!(again, start + Duration::from_millis(10) + GRACE);
        let loaded = files.load(again);
        assert_eq!(paths(&loaded), Vec::<String>::new());
        assert!(loaded.problems.iter().any(|problem| problem.code == Code::EMPTY), "{:#?}", loaded.problems);
        folder.write("mock.yml", &endpoint("/back", "x"));
        assert_eq!(paths(&files.load(again + GRACE)), ["/back"]);
    }
}

#[test]
fn a_file_that_vanished_from_a_folder_keeps_its_grace_too() {
    let folder = Folder::new("gone-from-folder");
    let file = folder.write("a.yml", &endpoint("/a", "x"));
    folder.write("b.yml", &endpoint("/b", "x"));
    let mut files = files(&[folder.path()]);
    let start = Instant::now();
    files.load(start);
    std::fs::remove_file(file).expect("it is there");
    assert_eq!(paths(&files.load(start)), ["/a", "/b"]);
    assert_eq!(paths(&files.load(start + GRACE)), ["/b"]);
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let loaded = files(&[Path::new("/nonexistent/moclojer.yml")]).load(Instant::now());
    assert_eq!(loaded.missing, [PathBuf::from("/nonexistent/moclojer.yml")]);
}
