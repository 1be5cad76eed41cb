//! An explanation for a person at a terminal of 80 columns.

use std::fmt;

use super::{Explained, Explanation, Held, Verdict};
use crate::respond::EndpointRef;
use crate::respond::reason::Part;

/// Lines are broken before they get longer.
const COLUMNS: usize = 80;
/// Where the texts of an endpoint's lines begin.
const INDENT: usize = 12;

/// Several lines, without a line end after the last. Characters that would draw on a terminal are escaped.
impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = Lines(String::new());
        self.write_text(&mut out);
        f.write_str(out.0.trim_end())
    }
}

impl Explanation {
    fn write_text(&self, out: &mut Lines) {
        let Self { method, target, status, .. } = self;
        let status = status.as_u16();
        match &self.verdict {
            Verdict::Endpoint { endpoint, held } => {
                out.wrapped("", 0, &format!("{method} {target} is answered: {status}"));
                out.0.push('\n');
                out.wrapped("   ", 3, &name(endpoint));
                out.labelled("held", &list(held));
            }
            Verdict::Server(why) => {
                out.wrapped("", 0, &format!("{method} {target} is answered by the server: {status}, {why}"));
            }
            Verdict::Missed { message, .. } => {
                out.wrapped("", 0, &format!("{method} {target} is not answered: {status}, {message}"));
            }
        }
        if self.nearest.is_empty() {
            return;
        }
        out.0.push('\n');
        if self.is_answered() {
            out.wrapped("", 0, "These do not answer it:");
            out.0.push('\n');
        }
        for (index, explained) in self.nearest.iter().enumerate() {
            explained.write_text(index + 1, out);
        }
    }
}

impl Explained {
    fn write_text(&self, number: usize, out: &mut Lines) {
        out.wrapped(&format!("{number}. "), 3, &name(&self.near.endpoint));
        if !self.held.is_empty() {
            out.labelled("held", &list(&self.held));
        }
        out.labelled("not", &self.near.reason.to_string());
        if let Some(suggestion) = &self.suggestion {
            let mut label = "try";
            if let Some(change) = &suggestion.request {
                out.labelled(label, &change.full());
                label = "or";
            }
            if let Some(change) = &suggestion.file {
                out.labelled(label, &format!("in the file: {change}"));
            }
        }
        out.0.push('\n');
    }
}

/// `GET /users/:id  (users)  host api.example.com  shop.yml:3:3`.
fn name(label: &EndpointRef) -> String {
    let mut text = format!("{} {}", label.method, label.path);
    if let Some(name) = &label.name {
        text.push_str(&format!("  ({name})"));
    }
    if let Some(host) = label.host() {
        text.push_str(&format!("  host {host}"));
    }
    text.push_str(&format!("  {}", label.place));
    text
}

fn list(held: &[Held]) -> String {
    held.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// `host api.example.com`, `path`, `method GET`, `query parameter n`, `body`.
impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.part {
            Part::Path | Part::Body => f.write_str(self.part.as_str()),
            Part::Host | Part::Method => write!(f, "{} {}", self.part.as_str(), self.name),
            Part::Query => write!(f, "query parameter {}", self.name),
            Part::Header => write!(f, "header {}", self.name),
            Part::Request => f.write_str(&self.name),
        }
    }
}

struct Lines(String);

impl Lines {
    fn labelled(&mut self, label: &str, text: &str) {
        self.wrapped(&format!("   {label:<9}"), INDENT, text);
    }

    /// Writes `text` behind `first`; what does not fit goes on in lines that begin at `indent`.
    fn wrapped(&mut self, first: &str, indent: usize, text: &str) {
        self.0.push_str(first);
        let mut column = first.chars().count();
        let mut begun = false;
        // Two spaces in a row stand between what belongs together: kept where the line goes on.
        for word in text.split(' ') {
            let word = clean(word);
            let width = word.chars().count();
            if begun && column + 1 + width > COLUMNS && !word.is_empty() {
                while self.0.ends_with(' ') {
                    self.0.pop();
                }
                self.0.push('\n');
                self.0.extend(std::iter::repeat_n(' ', indent));
                column = indent;
            } else if begun {
                self.0.push(' ');
                column += 1;
            }
            self.0.push_str(&word);
            column += width;
            begun = true;
        }
        self.0.push('\n');
    }
}

/// Without characters that move the cursor or turn a line's direction.
fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        let turns =
            matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if letter.is_control() || turns {
            out.extend(letter.escape_unicode());
        } else {
            out.push(letter);
        }
    }
    out
}
