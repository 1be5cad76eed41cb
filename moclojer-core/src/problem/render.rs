//! Problems for a terminal, for programs and for a CI log.
//!
//! `terminal` shows the line of the file with a marker under what the problem is about; it needs the feature
//! `diagnostics`. [`plain`] says the same without the line. [`json_line`] and [`github`] are for machines. What
//! comes from a file is shown without its control characters, so it cannot steer a terminal or a CI log.

#[cfg(feature = "diagnostics")]
mod snippet;

use std::fmt::Write as _;

use super::{Problem, Severity, visible};
use crate::json::write_string;
use crate::source::{Source, Span};

#[cfg(feature = "diagnostics")]
pub use snippet::terminal;
#[cfg(feature = "diagnostics")]
pub(crate) use snippet::{WIDTH, wrap};

/// Each problem on a line `file:line:column: error[M0123]: message`, with what more is known of it on indented
/// lines below.
pub fn plain(problems: &[Problem]) -> String {
    let mut out = String::new();
    for problem in problems {
        let severity = problem.severity.as_str();
        let message = one_line(&problem.message);
        push(&mut out, format_args!("{}: {severity}[{}]: {message}\n", place(problem), problem.code));
        let details = [
            ("path", Some(problem.path.as_str()).filter(|path| !path.is_empty())),
            ("expression", problem.expression.as_deref()),
            ("found", problem.found.as_deref()),
            ("expected", problem.expected.as_deref()),
            ("help", problem.help.as_deref()),
        ];
        for (name, detail) in details {
            if let Some(detail) = detail {
                push(&mut out, format_args!("  {name}: {}\n", one_line(detail)));
            }
        }
        for related in &problem.related {
            let place = related.source.place(related.span.start);
            let (place, message) = (one_line(&place.to_string()), one_line(&related.message));
            push(&mut out, format_args!("  {place}: {message}\n"));
        }
    }
    out
}

/// One JSON object on one line, without a line break: `file`, `line`, `column`, `end-line`, `end-column` (one
/// past the last character), `path`, `severity`, `code`, `message`, `expression` (of a template), `found`, `expected` and `help` where
/// they are known, and `related`, a list of objects with the keys of a place and `message`.
pub fn json_line(problem: &Problem) -> String {
    let mut out = String::from("{");
    json_place(&mut out, &problem.source, problem.span);
    let code = problem.code.to_string();
    let texts = [
        ("path", Some(problem.path.as_str())),
        ("severity", Some(problem.severity.as_str())),
        ("code", Some(code.as_str())),
        ("message", Some(problem.message.as_str())),
        ("expression", problem.expression.as_deref()),
        ("found", problem.found.as_deref()),
        ("expected", problem.expected.as_deref()),
        ("help", problem.help.as_deref()),
    ];
    for (key, text) in texts {
        if let Some(text) = text {
            json_text(&mut out, key, text);
        }
    }
    out.push_str(",\"related\":[");
    for (index, related) in problem.related.iter().enumerate() {
        out.push_str(if index > 0 { ",{" } else { "{" });
        json_place(&mut out, &related.source, related.span);
        json_text(&mut out, "message", &related.message);
        out.push('}');
    }
    out.push_str("]}");
    out
}

fn json_place(out: &mut String, source: &Source, span: Span) {
    let (start, end) = (source.place(span.start), source.place(span.end));
    out.push_str("\"file\":");
    write_string(&start.file, out);
    let (line, column) = (start.line, start.column);
    push(out, format_args!(",\"line\":{line},\"column\":{column}"));
    push(out, format_args!(",\"end-line\":{},\"end-column\":{}", end.line, end.column));
}

fn json_text(out: &mut String, key: &str, text: &str) {
    push(out, format_args!(",\"{key}\":"));
    write_string(text, out);
}

/// A workflow command of GitHub Actions that puts the problem beside its line, without a line break.
///
/// Columns are left out when the problem spans lines: GitHub takes them for one line only.
pub fn github(problem: &Problem) -> String {
    let command = match problem.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let (start, end) = (problem.source.place(problem.span.start), problem.source.place(problem.span.end));
    let mut out = format!("::{command} file={},line={}", github_property(&start.file), start.line);
    if start.line == end.line {
        push(&mut out, format_args!(",col={},endLine={},endColumn={}", start.column, end.line, end.column));
    } else {
        push(&mut out, format_args!(",endLine={}", end.line));
    }
    push(&mut out, format_args!(",title={}::", problem.code));
    let mut message = problem.message.clone();
    if let Some(expected) = &problem.expected {
        push(&mut message, format_args!("; expected {expected}"));
    }
    if let Some(help) = &problem.help {
        push(&mut message, format_args!(" ({help})"));
    }
    out.push_str(&github_data(&message));
    out
}

fn github_data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn github_property(text: &str) -> String {
    github_data(text).replace(':', "%3A").replace(',', "%2C")
}

fn place(problem: &Problem) -> String {
    one_line(&problem.place().to_string())
}

/// The text with signs for its control characters, line breaks included.
fn one_line(text: &str) -> String {
    text.chars().map(visible).collect()
}

fn push(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _: std::fmt::Result = out.write_fmt(text);
}

#[cfg(test)]
mod tests;
