//! The most likely mistakes, each as a small file, and what a person reads of it on a terminal 80 columns wide.
//!
//! After a change of messages, `UPDATE_MISTAKES=1 cargo test -p moclojer-core --all-features --test it mistakes`
//! writes the texts anew: read each as somebody would who has never seen the format.

use std::path::{Path, PathBuf};

use moclojer_core::problem::render;
use moclojer_core::spec::{Format, Limits, Spec};

/// Place, reason and mend have to fit into these lines.
const MOST_LINES: usize = 6;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/mistakes")
}

/// Every file of a mistake with its name, ordered.
pub(crate) fn files() -> Vec<(String, PathBuf)> {
    let entries = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<(String, PathBuf)> = entries
        .filter(|path| path.extension().is_some_and(|ending| ending != "txt"))
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), path))
        .collect();
    files.sort();
    files
}

#[test]
fn each_likely_mistake_is_told_with_place_reason_and_mend_in_six_lines() {
    let files = files();
    assert!(files.len() >= 20, "{} mistakes", files.len());
    let update = std::env::var_os("UPDATE_MISTAKES").is_some();
    let mut wrong = String::new();
    for (name, path) in files {
        let bytes = std::fs::read(&path).unwrap();
        let checked = Spec::read(&name, &bytes, Format::of_path(&path), &Limits::default());
        let told = render::terminal(&checked.problems, false);
        if update {
            std::fs::write(path.with_extension("txt"), &told).unwrap();
        }
        let wanted = std::fs::read_to_string(path.with_extension("txt")).unwrap_or_default();
        if told != wanted {
            wrong.push_str(&format!("--- {name} is told as\n{told}--- and was to be told as\n{wanted}"));
        }
        let lines = told.trim_end().lines().count();
        if checked.problems.len() != 1 || lines > MOST_LINES {
            let problems = checked.problems.len();
            wrong.push_str(&format!("--- {name} gives {problems} problems in {lines} lines\n{told}"));
        }
        for line in told.lines().filter(|line| line.chars().count() > 80) {
            wrong.push_str(&format!("--- {name} has a line wider than 80 columns\n{line}\n"));
        }
        for problem in
            checked.problems.iter().filter(|problem| problem.help.is_none() && problem.expected.is_none())
        {
            wrong.push_str(&format!("--- {name} has no mend: {problem}\n"));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
