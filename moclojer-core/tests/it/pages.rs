//! The pages of problems are true, and `docs/problems/` is made from them.
//!
//! After a change, `UPDATE_DOCS=1 cargo test -p moclojer-core --all-features --test it pages` writes them anew.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use moclojer_core::problem::pages::{self, Page, Shown};
use moclojer_core::problem::{Problem, Severity, render};
use moclojer_core::spec::{Format, Limits, Spec};

fn problems(text: &str, limits: &Limits) -> Vec<Problem> {
    Spec::read("mock.yml", text.as_bytes(), Format::Yaml, limits).problems
}

/// The limits of a page, with the one that its example needs.
fn limits(page: &Page) -> Limits {
    let mut limits = Limits::default();
    if let Shown::Limited { limit, .. } = page.shown {
        let (name, value) = limit.split_once('=').unwrap();
        let value = value.parse().unwrap();
        match name {
            "depth" => limits.depth = value,
            "file-bytes" => limits.file_bytes = value,
            "alias-nodes" => limits.alias_nodes = value,
            _ => panic!("{name}"),
        }
    }
    limits
}

/// What is wrong with the page's file and what is told of it.
fn told(page: &Page) -> String {
    match page.shown {
        Shown::File { wrong, .. } | Shown::Limited { wrong, .. } => {
            render::terminal(&problems(wrong, &limits(page)), false)
        }
        Shown::Words(_) => String::new(),
    }
}

#[test]
fn an_example_has_its_problem_and_no_other_error_and_the_mended_one_has_not() {
    let mut shown = 0;
    for page in pages::all() {
        let (Shown::File { wrong, mended } | Shown::Limited { wrong, mended, .. }) = page.shown else {
            continue;
        };
        shown += 1;
        let limits = limits(page);
        let found = problems(wrong, &limits);
        assert!(found.iter().any(|problem| problem.code == page.code), "{}: {found:#?}", page.code);
        let other =
            found.iter().find(|problem| problem.code != page.code && problem.severity == Severity::Error);
        assert!(other.is_none(), "{}: {found:#?}", page.code);
        let left = problems(mended, &limits);
        let still =
            left.iter().find(|problem| problem.code == page.code || problem.severity == Severity::Error);
        assert!(still.is_none(), "{}: {left:#?}", page.code);
    }
    assert!(shown > 40, "{shown} examples");
}

#[test]
fn the_pages_in_docs_are_those_of_the_code() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/problems");
    let mut made: BTreeMap<PathBuf, String> = pages::all()
        .map(|page| (folder.join(format!("{}.md", page.code)), page.markdown(&told(page))))
        .collect();
    made.insert(folder.join("README.md"), pages::index());
    if std::env::var_os("UPDATE_DOCS").is_some() {
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        for (path, page) in &made {
            std::fs::write(path, page).unwrap();
        }
    }
    let there: BTreeMap<PathBuf, String> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.clone(), std::fs::read_to_string(path).unwrap()))
        .collect();
    let behind: Vec<&PathBuf> =
        made.keys().chain(there.keys()).filter(|path| made.get(*path) != there.get(*path)).collect();
    assert!(
        behind.is_empty(),
        "{behind:?} are behind the code: UPDATE_DOCS=1 cargo test -p moclojer-core --all-features --test it pages"
    );
}
