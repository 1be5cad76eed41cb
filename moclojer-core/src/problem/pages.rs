//! A page for each code of a problem: what it means, a file that shows it, and the same file mended.
//!
//! One table for the command line (`check --explain`) and for `docs/problems/`. It knows no reader: that each example has
//! its problem, and each mended one has not, is a test's to say. Every code has a page. Needs the feature `diagnostics`.

mod file;
mod format;
mod path;
mod response;
mod template;

use std::fmt::Write as _;

use super::render::{WIDTH, wrap};
use super::{Code, visible};

/// What there is to say of one code.
#[derive(Clone, Copy, Debug)]
pub struct Page {
    /// The code.
    pub code: Code,
    /// What it means and what to do, in a few sentences.
    pub meaning: &'static str,
    /// How it comes about.
    pub shown: Shown,
}

/// How a problem comes about.
#[derive(Clone, Copy, Debug)]
pub enum Shown {
    /// By a file.
    File {
        /// A YAML file that has the problem.
        wrong: &'static str,
        /// The same without it.
        mended: &'static str,
    },
    /// By a file, under a limit that is set on the command line.
    Limited {
        /// The limit, as `--limit` takes it.
        limit: &'static str,
        /// A YAML file that has the problem.
        wrong: &'static str,
        /// The same without it.
        mended: &'static str,
    },
    /// By what no small file can show; said in words.
    Words(&'static str),
}

/// Every page, in the order of the codes.
pub fn all() -> impl Iterator<Item = &'static Page> {
    [file::PAGES, format::PAGES, path::PAGES, template::PAGES, response::PAGES].into_iter().flatten()
}

/// The page of a code.
pub fn of(code: Code) -> Option<&'static Page> {
    all().find(|page| page.code == code)
}

/// The page that a person names: `M0104`, `m0104`, `0104` or `104`.
///
/// # Errors
/// The code with the nearest number, if it is a number.
pub fn named(text: &str) -> Result<&'static Page, Option<Code>> {
    let digits = text.trim().trim_start_matches(['M', 'm']);
    let Ok(number) = digits.parse::<u16>() else {
        return Err(None);
    };
    let nearest = all().min_by_key(|page| page.code.number().abs_diff(number));
    nearest.filter(|page| page.code.number() == number).ok_or_else(|| nearest.map(|page| page.code))
}

impl Page {
    const fn new(code: Code, meaning: &'static str, wrong: &'static str, mended: &'static str) -> Self {
        Self { code, meaning, shown: Shown::File { wrong, mended } }
    }

    const fn limited(
        code: Code,
        meaning: &'static str,
        limit: &'static str,
        wrong: &'static str,
        mended: &'static str,
    ) -> Self {
        Self { code, meaning, shown: Shown::Limited { limit, wrong, mended } }
    }

    const fn words(code: Code, meaning: &'static str, words: &'static str) -> Self {
        Self { code, meaning, shown: Shown::Words(words) }
    }

    /// The page for a terminal 80 columns wide, in colour where `color` says so.
    pub fn terminal(&self, color: bool) -> String {
        let (bold, strong, end) = if color { ("\x1b[1m", "\x1b[1;94m", "\x1b[0m") } else { ("", "", "") };
        let mut page = format!("{strong}{}{end}: {bold}{}{end}\n\n", self.code, self.code.title());
        push_wrapped(&mut page, self.meaning);
        match self.shown {
            Shown::File { wrong, mended } => {
                push_file(&mut page, &format!("{bold}A file that has it:{end}"), wrong);
                push_file(&mut page, &format!("{bold}Mended:{end}"), mended);
            }
            Shown::Limited { limit, wrong, mended } => {
                push_file(&mut page, &format!("{bold}A file that has it under --limit {limit}:{end}"), wrong);
                push_file(&mut page, &format!("{bold}Mended:{end}"), mended);
            }
            Shown::Words(words) => {
                page.push('\n');
                push_wrapped(&mut page, words);
            }
        }
        page
    }

    /// The page of `docs/problems/`; `told` is what `check` says of the file that has the problem.
    pub fn markdown(&self, told: &str) -> String {
        let mut page = format!("# {}: {}\n\n{}\n", self.code, self.code.title(), self.meaning);
        let mut shown = |title: &str, wrong: &str, mended: &str| {
            // Writing to a String cannot fail.
            let _ = write!(page, "\n{title}\n\n```yaml\n{}```\n\n", printable(wrong));
            let _ = write!(page, "`moclojer check` says:\n\n```text\n{}\n```\n\n", told.trim_end());
            let _ = write!(page, "Mended:\n\n```yaml\n{}```\n", printable(mended));
        };
        match self.shown {
            Shown::File { wrong, mended } => shown("A file that has it:", wrong, mended),
            Shown::Limited { limit, wrong, mended } => {
                shown(&format!("A file that has it under `--limit {limit}`:"), wrong, mended);
            }
            Shown::Words(words) => {
                let _ = write!(page, "\n{words}\n");
            }
        }
        page
    }
}

/// The index of `docs/problems/`.
pub fn index() -> String {
    let mut page =
        "# Problems\n\nEvery problem of a mock file has a code. `moclojer check --explain M0104` prints \
                    the page of one; these are all of them.\n\n| code | what it is |\n| --- | --- |\n"
            .to_owned();
    for entry in all() {
        // Writing to a String cannot fail.
        let _ = writeln!(page, "| [{0}]({0}.md) | {1} |", entry.code, entry.code.title());
    }
    page
}

fn push_wrapped(page: &mut String, text: &str) {
    for line in wrap(text, WIDTH, WIDTH) {
        page.push_str(&line);
        page.push('\n');
    }
}

fn push_file(page: &mut String, title: &str, text: &str) {
    page.push('\n');
    page.push_str(title);
    page.push_str("\n\n");
    for line in printable(text).lines() {
        page.push_str("    ");
        page.push_str(line);
        page.push('\n');
    }
}

/// The text with signs for control characters; tabs, which people know, stay.
fn printable(text: &str) -> String {
    text.chars().map(|it| if matches!(it, '\n' | '\t') { it } else { visible(it) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_found_by_any_spelling_of_its_code() {
        for text in ["M0104", "m0104", "0104", "104", " 104 "] {
            assert_eq!(named(text).map(|page| page.code).ok(), Some(Code::WRONG_TYPE), "{text}");
        }
        assert_eq!(named("M0412").map(|page| page.code), Err(Some(Code::EXAMPLE_NOT_JSON)));
        for text in ["", "x", "M", "99999999999", "\u{e9}"] {
            assert!(named(text).is_err(), "{text}");
        }
    }

    #[test]
    fn every_code_has_one_page_in_the_order_of_the_codes() {
        let pages: Vec<Code> = all().map(|page| page.code).collect();
        let codes: Vec<Code> = Code::ALL.iter().map(|&(code, _)| code).collect();
        assert_eq!(pages, codes);
    }

    #[test]
    fn a_page_fits_a_terminal_80_columns_wide() {
        for page in all() {
            let text = page.terminal(false);
            assert!(!text.contains('\u{1b}') && page.terminal(true).contains('\u{1b}'), "{text}");
            for line in text.lines() {
                assert!(line.chars().count() <= WIDTH, "{}: {line}", page.code);
            }
        }
    }
}
