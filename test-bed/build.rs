//! Makes doctests of the Rust blocks in the pages for Rust engineers. The pages stay as a person copies them: what a
//! doctest needs beside is added here. What the blocks say is not known.
//!
//! - A function under `#[test]` or `#[tokio::test]` is called; rustdoc would leave it out.
//! - A block behind a line `<!-- not run: REASON -->` is left out.
//! - A block `text` after such a block is what its test panics with, word for word but for ports and places.

use std::path::Path;
use std::{env, fs, io};

/// The pages whose Rust blocks are run, from this folder. `.ci/docs.py` accepts Rust blocks of these pages alone.
const PAGES: [&str; 3] = ["../README.md", "../docs/coming-from.md", "../docs/testing.md"];

fn main() -> io::Result<()> {
    let folder = env::var("OUT_DIR").map_err(io::Error::other)?;
    for page in PAGES {
        println!("cargo::rerun-if-changed={page}");
        let name = Path::new(page).file_name().unwrap_or_default();
        fs::write(Path::new(&folder).join(name), with_calls(&fs::read_to_string(page)?))?;
    }
    Ok(())
}

/// The page's Rust blocks, each at its own line, with calls of their tests.
fn with_calls(page: &str) -> String {
    // rustdoc does not count empty lines at the beginning.
    let mut out = "The blocks of a page.\n".to_owned();
    let mut lines = page.lines().enumerate().peekable();
    let mut is_run = true;
    while let Some((index, line)) = lines.next() {
        if line != "```rust" {
            if !line.is_empty() {
                is_run = !line.starts_with("<!-- not run: ");
            }
            continue;
        }
        let block: Vec<&str> =
            lines.by_ref().map(|(_, line)| line).take_while(|line| *line != "```").collect();
        while lines.next_if(|(_, line)| line.is_empty()).is_some() {}
        let shown = lines.peek().is_some_and(|(_, line)| *line == "```text").then(|| {
            let text = lines.by_ref().skip(1).map(|(_, line)| line).take_while(|line| *line != "```");
            text.collect::<Vec<_>>().join("\n")
        });
        if std::mem::replace(&mut is_run, true) {
            let above = index.saturating_sub(out.lines().count());
            out.extend(std::iter::repeat_n('\n', above));
            out.push_str(&format!("{line}\n{}```\n", as_doctest(&block, shown.as_deref())));
        }
    }
    out
}

/// The block with one line more, which calls its tests.
fn as_doctest(block: &[&str], shown: Option<&str>) -> String {
    let (mut code, mut calls) = (String::new(), String::new());
    let mut is_test = false;
    for line in block {
        if *line == "#[test]" {
            code.push('\n');
            is_test = true;
        } else if let Some(flavor) = line.strip_prefix("#[tokio::test") {
            let flavor = if flavor == "]" { "(flavor = \"current_thread\")]" } else { flavor };
            code.push_str(&format!("#[tokio::main{flavor}\n"));
            is_test = true;
        } else {
            if let Some((_, name)) = line.split_once("fn ").filter(|_| is_test) {
                let name = name.split('(').next().unwrap_or_default();
                calls.push_str(&match shown {
                    Some(shown) => format!("test_bed::pages::panics({name}, r####\"{shown}\"####); "),
                    None => format!("{name}(); "),
                });
                is_test = false;
            }
            code.push_str(&format!("{line}\n"));
        }
    }
    if calls.is_empty() { code } else { format!("{code}fn main() {{ {calls}}}\n") }
}
