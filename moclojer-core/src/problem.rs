//! What is wrong with a mock file, said so that a person can mend it.
//!
//! A [`Problem`] carries its place, the path of keys that leads there, what was found, what was
//! expected, a stable [`Code`] and, where there is one, the next step. Rendering is apart
//! ([`render`]), so that a terminal, an editor and a CI log show the same problem each in its way.

pub mod code;
#[cfg(feature = "diagnostics")]
pub mod pages;
pub mod render;

use std::fmt;

pub use code::Code;

use crate::source::{Place, Source, Span};

/// Whether a file with this problem can be served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The file is not served.
    Error,
    /// The file is served; the author is told.
    Warning,
    /// Nothing is wrong, but the author should know.
    Note,
}

impl Severity {
    /// `error`, `warning` or `note`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// One thing that is wrong, or worth knowing, at one place of a file.
#[derive(Clone, Debug)]
pub struct Problem {
    /// Can the file be served in spite of it?
    pub severity: Severity,
    /// Stable number of this kind of problem.
    pub code: Code,
    /// One sentence: what is wrong.
    pub message: String,
    /// The text it stands in.
    pub source: Source,
    /// The bytes it is about.
    pub span: Span,
    /// Keys from the top of the file: `[2].endpoint.response.status`; empty for the file as a whole.
    pub path: String,
    /// The expression or tag of a template that it is about.
    pub expression: Option<String>,
    /// What stands there, where that says more than the message.
    pub found: Option<String>,
    /// What may stand there.
    pub expected: Option<String>,
    /// The next step, or "did you mean".
    pub help: Option<String>,
    /// Other places that have to do with it.
    pub related: Vec<Related>,
}

/// Another place that has to do with a problem.
#[derive(Clone, Debug)]
pub struct Related {
    /// What this place has to do with it.
    pub message: String,
    /// The text it stands in.
    pub source: Source,
    /// The bytes it is about.
    pub span: Span,
}

impl Problem {
    /// An error at `span` of `source`.
    pub fn error(code: Code, source: &Source, span: Span, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, source, span, message)
    }

    /// A warning at `span` of `source`.
    pub fn warning(code: Code, source: &Source, span: Span, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, source, span, message)
    }

    /// A problem of any severity.
    pub fn new(
        severity: Severity,
        code: Code,
        source: &Source,
        span: Span,
        message: impl Into<String>,
    ) -> Self {
        Self {
            severity,
            code,
            message: message.into(),
            source: source.clone(),
            span,
            path: String::new(),
            expression: None,
            found: None,
            expected: None,
            help: None,
            related: Vec::new(),
        }
    }

    /// The same with the path of keys that leads there.
    #[must_use]
    pub fn at_path(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }

    /// The same with what stands there.
    #[must_use]
    pub fn found(mut self, found: impl Into<String>) -> Self {
        self.found = Some(found.into());
        self
    }

    /// The same with what may stand there.
    #[must_use]
    pub fn expected(mut self, expected: impl Into<String>) -> Self {
        self.expected = Some(expected.into());
        self
    }

    /// The same with the next step.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same with another place that has to do with it.
    #[must_use]
    pub fn related(mut self, message: impl Into<String>, source: &Source, span: Span) -> Self {
        self.related.push(Related { message: message.into(), source: source.clone(), span });
        self
    }

    /// Where it stands.
    pub fn place(&self) -> Place {
        self.source.place(self.span.start)
    }
}

/// `file:line:column: error[M0123]: message` on one line, with what was expected and the next step.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (place, severity, code) = (self.place(), self.severity.as_str(), self.code);
        write!(f, "{place}: {severity}[{code}]: {}", Sentence(self))
    }
}

/// What is wrong, what was expected and the mend, without a place.
pub(crate) struct Sentence<'p>(pub(crate) &'p Problem);

impl fmt::Display for Sentence<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Problem { message, expected, help, .. } = self.0;
        f.write_str(message)?;
        if let Some(expected) = expected {
            write!(f, "; expected {expected}")?;
        }
        if let Some(help) = help {
            write!(f, " ({help})")?;
        }
        Ok(())
    }
}

/// At most `limit` characters of a text from a file, on one line and without control characters, for a message.
pub fn excerpt(text: &str, limit: usize) -> String {
    let mut shown: String = text.chars().take(limit).map(visible).collect();
    if text.chars().nth(limit).is_some() {
        shown.push('…');
    }
    shown
}

/// The character itself, or one that stands for it where a terminal would obey it instead of showing it.
pub(crate) fn visible(character: char) -> char {
    match character {
        // The block "control pictures" shows the ASCII control characters in their order.
        '\0'..='\u{1f}' => {
            char::from_u32(0x2400 + u32::from(character)).unwrap_or(char::REPLACEMENT_CHARACTER)
        }
        '\u{7f}' => '\u{2421}',
        '\u{80}'..='\u{9f}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            char::REPLACEMENT_CHARACTER
        }
        _ => character,
    }
}

/// The one of `known` that `name` was probably meant to be.
pub fn did_you_mean<'k>(name: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let name = name.to_lowercase();
    let bound = match name.chars().count() {
        0..=2 => 1,
        3..=5 => 2,
        _ => 3,
    };
    known
        .into_iter()
        .map(|candidate| (distance(&name, &candidate.to_lowercase(), bound), candidate))
        .filter(|&(distance, candidate)| distance <= bound && distance < candidate.chars().count())
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, candidate)| candidate)
}

/// Edit distance (insert, remove, replace, swap of neighbours), or `bound + 1` once it is past `bound`.
fn distance(left: &str, right: &str, bound: usize) -> usize {
    let left: Vec<char> = left.chars().collect();
    let right: Vec<char> = right.chars().collect();
    if left.len().abs_diff(right.len()) > bound {
        return bound + 1;
    }
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=right.len()).collect();
    for row in 1..=left.len() {
        let mut now = vec![row];
        for column in 1..=right.len() {
            let substitute = last[column - 1] + usize::from(left[row - 1] != right[column - 1]);
            let mut best = substitute.min(last[column] + 1).min(now[column - 1] + 1);
            let swapped = row > 1
                && column > 1
                && left[row - 1] == right[column - 2]
                && left[row - 2] == right[column - 1];
            if swapped {
                best = best.min(before_last[column - 2] + 1);
            }
            now.push(best);
        }
        before_last = std::mem::replace(&mut last, now);
    }
    last[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_suggested_and_far_ones_are_not() {
        let known = ["status", "headers", "body", "external-body"];
        for (typed, meant) in [
            ("stauts", Some("status")),
            ("Header", Some("headers")),
            ("bdy", Some("body")),
            ("zzz", None),
            ("x", None),
        ] {
            assert_eq!(did_you_mean(typed, known), meant, "{typed}");
        }
    }
}
