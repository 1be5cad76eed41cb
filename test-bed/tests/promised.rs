//! `docs/promises.md` names tests that are there.
#![expect(clippy::unwrap_used, reason = "a test may stop at what it did not expect")]

use std::path::Path;

/// The promises that are kept today, by their numbers.
const PROMISES: [&str; 10] = ["1", "2", "3", "4", "5", "6", "7", "10", "11", "13"];

#[test]
fn every_promise_is_tried_by_tests_that_are_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let page = std::fs::read_to_string(root.join("docs/promises.md")).unwrap();
    let rows: Vec<&str> = page.lines().filter(|line| line.contains(".rs::")).collect();
    // Other tables of the page name tests too.
    let first = |row: &&str| row.strip_prefix("| ").and_then(|row| row.split(' ').next().map(str::to_owned));
    let numbered = rows.iter().filter_map(first).filter(|first| first.parse::<u32>().is_ok());
    assert_eq!(numbered.collect::<Vec<_>>(), PROMISES);
    let mut missing = Vec::new();
    for named in rows.iter().flat_map(|row| row.split('`').filter(|text| text.contains(".rs::"))) {
        let (file, test) = named.split_once("::").unwrap();
        let source = std::fs::read_to_string(root.join(file)).unwrap_or_default();
        if !source.contains(&format!("fn {test}(")) {
            missing.push(named);
        }
    }
    assert!(missing.is_empty(), "no such tests: {missing:#?}");
}
