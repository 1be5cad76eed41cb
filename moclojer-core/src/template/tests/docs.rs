//! `docs/templates.md`: its tables are made from the tables of the code, and every example of it is run.
//!
//! After a change of a table, `UPDATE_DOCS=1 cargo test -p moclojer-core docs` writes the page anew.

use std::fmt::Write as _;

use super::*;
use crate::template::call::signature;
use crate::template::filters::{EXAMPLE, FILTERS};
use crate::template::functions::{FUNCTIONS, Function};
use crate::template::{fakes, tests};

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/templates.md");

/// A cell of a table: in it, a bar would end the cell.
fn cell(text: &str) -> String {
    let shown = text.replace('|', "\\|").replace('\r', "␍").replace('\n', "␊");
    if shown.starts_with('`') || shown.ends_with('`') || shown.is_empty() {
        shown
    } else {
        format!("`{shown}`")
    }
}

fn filters() -> String {
    let mut table = "| filter | what it does | example | result |\n| --- | --- | --- | --- |\n".to_owned();
    for filter in FILTERS {
        let (template, result) = filter.example;
        writeln!(
            table,
            "| {} | {} | {} | {} |",
            cell(&signature(filter.name, filter.parameters)),
            filter.documentation.replace('|', "\\|"),
            cell(template),
            cell(result)
        )
        .unwrap();
    }
    table
}

fn functions(rows: &[Function], prefix: &str) -> String {
    let mut table = "| value | what it is |\n| --- | --- |\n".to_owned();
    for row in rows {
        let written = signature(&format!("{prefix}{}", row.name), row.parameters);
        writeln!(table, "| `{written}` | {} |", row.documentation.replace('|', "\\|")).unwrap();
    }
    table
}

/// The page with its tables as the code has them.
fn page_of_the_code(page: &str) -> String {
    let tables = [
        ("filters", filters()),
        ("functions", functions(FUNCTIONS, "")),
        ("fakes", functions(fakes::FAKES, "fake.")),
    ];
    let mut made = page.to_owned();
    for (name, table) in tables {
        let begin = format!("<!-- {name} -->\n");
        let start = made.find(&begin).unwrap() + begin.len();
        let end = start + made[start..].find("<!-- end -->").unwrap();
        made.replace_range(start..end, &table);
    }
    made
}

/// The request that the page shows.
fn request() -> TestScope {
    TestScope {
        path: vec!["7"],
        query: vec![("page", "2"), ("tag", "a"), ("tag", "b")],
        headers: vec![("x-trace", "abc")],
        cookies: vec![("theme", "dark")],
        json: Some(tests::value(EXAMPLE)),
        ..TestScope::default()
    }
}

#[test]
fn the_tables_of_the_page_are_those_of_the_code() {
    let page = std::fs::read_to_string(PATH).unwrap();
    let made = page_of_the_code(&page);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(PATH, made).unwrap();
    } else {
        assert!(
            page == made,
            "docs/templates.md is behind the code: UPDATE_DOCS=1 cargo test -p moclojer-core docs"
        );
    }
}

#[test]
fn the_page_names_every_language() {
    let page = std::fs::read_to_string(PATH).unwrap();
    let listed = |tags: &[&str]| tags.iter().map(|tag| format!("`{tag}`")).collect::<Vec<_>>().join(", ");
    assert!(page.contains(&listed(&fakes::LANGUAGES)));
    assert!(page.contains(&listed(&crate::template::locale::tags().collect::<Vec<_>>())));
}

#[test]
fn every_example_of_the_page_renders_as_it_says() {
    let page = std::fs::read_to_string(PATH).unwrap();
    assert!(page.contains(EXAMPLE), "the page shows another context than the examples have");
    let mut count = 0;
    for block in page.split("\n```template").skip(1) {
        let (kind, rest) = block.split_once('\n').unwrap();
        let example = rest.split("\n```").next().unwrap();
        let (template, expected) = example.split_once("\n---\n").unwrap();
        let known = Names { path_params: &[("id", ParamKind::Text)], ..Names::default() };
        let (mode, names) = match kind.trim() {
            "" => (Mode::Plain, OPEN),
            "request" => (Mode::Plain, known),
            "json" => (Mode::Json, OPEN),
            "html" => (Mode::Html, OPEN),
            other => panic!("no kind of example: {other}"),
        };
        assert_eq!(render_with(template, mode, &names, &request()).as_deref(), Ok(expected), "{template}");
        count += 1;
    }
    assert!(count >= 10, "{count} examples");
}
