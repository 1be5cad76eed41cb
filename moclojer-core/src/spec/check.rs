//! Walks the tree, keeps the path of keys, and collects every problem.
//!
//! It knows types and names, not what they mean: that belongs to the modules that use it.

use super::Env;
use super::tree::{Entry, Format, Kind, Node, Text, locate, push_index, push_key};
use crate::problem::{Code, Problem, Severity, did_you_mean, excerpt};
use crate::source::{Source, Span};
use crate::template;

/// Most errors, and most warnings, that one file is told.
const MOST: usize = 1_000;

/// The state of one walk over one file.
pub(super) struct Checker<'s> {
    pub(super) source: &'s Source,
    /// How the file is written.
    pub(super) format: Format,
    /// What templates may use of the environment.
    pub(super) env: &'s Env,
    pub(super) problems: Vec<Problem>,
    /// How many errors were reported.
    pub(super) errors: usize,
    warnings: usize,
    /// The last problem that was only counted.
    untold: Option<Problem>,
    path: String,
    /// Set while the answer of a path that was refused is read: which parameters it has is not known.
    pub(super) path_refused: bool,
}

/// The entries of a map whose unknown keys were reported.
pub(super) struct Fields<'n> {
    entries: &'n [Entry],
    /// The required key that is missing because it is misspelt, which was reported.
    misspelt: Option<&'static str>,
}

impl<'n> Fields<'n> {
    /// The value of `key`; an explicit null counts as absent.
    pub(super) fn get(&self, key: &str) -> Option<&'n Node> {
        self.entry(key).map(|entry| &entry.value).filter(|node| !matches!(node.kind, Kind::Null))
    }

    /// Whether it was reported that this required key is misspelt.
    pub(super) fn misspelt(&self, key: &str) -> bool {
        self.misspelt == Some(key)
    }

    /// The entry of `key`, null or not.
    pub(super) fn entry(&self, key: &str) -> Option<&'n Entry> {
        self.entries.iter().find(|entry| &*entry.key == key)
    }
}

impl<'s> Checker<'s> {
    pub(super) fn new(source: &'s Source, format: Format, env: &'s Env, problems: Vec<Problem>) -> Self {
        let errors = problems.iter().filter(|problem| problem.severity == Severity::Error).count();
        let warnings = problems.len() - errors;
        Self {
            source,
            format,
            env,
            problems,
            errors,
            warnings,
            untold: None,
            path: String::new(),
            path_refused: false,
        }
    }

    /// Runs `walk` one key deeper.
    pub(super) fn inside<T>(&mut self, key: &str, walk: impl FnOnce(&mut Self) -> T) -> T {
        let length = self.path.len();
        push_key(&mut self.path, key);
        let result = walk(self);
        self.path.truncate(length);
        result
    }

    /// Runs `walk` in one item of a list.
    pub(super) fn inside_index<T>(&mut self, index: usize, walk: impl FnOnce(&mut Self) -> T) -> T {
        let length = self.path.len();
        push_index(&mut self.path, index);
        let result = walk(self);
        self.path.truncate(length);
        result
    }

    /// Reports a problem at `span`; what it returns can still be given more detail.
    ///
    /// Past [`MOST`] of a severity, problems are only counted: nobody reads them.
    pub(super) fn report(
        &mut self,
        severity: Severity,
        code: Code,
        span: Span,
        message: impl Into<String>,
    ) -> &mut Problem {
        let problem = Problem::new(severity, code, self.source, span, message).at_path(&*self.path);
        let count = match severity {
            Severity::Error => &mut self.errors,
            Severity::Warning | Severity::Note => &mut self.warnings,
        };
        *count += 1;
        if *count > MOST {
            return self.untold.insert(problem);
        }
        self.problems.push(problem);
        let last = self.problems.len() - 1;
        &mut self.problems[last]
    }

    /// Reports a problem that a walk apart found below this place.
    pub(super) fn adopt(&mut self, problem: Problem) {
        let Problem { severity, code, span, message, path, found, expected, help, related, .. } = problem;
        let length = self.path.len();
        if !path.is_empty() && !path.starts_with('[') {
            self.path.push('.');
        }
        self.path.push_str(&path);
        let reported = self.report(severity, code, span, message);
        (reported.found, reported.expected, reported.help, reported.related) =
            (found, expected, help, related);
        self.path.truncate(length);
    }

    /// All that was reported, and how much was left out.
    pub(super) fn finish(self) -> Vec<Problem> {
        let mut problems = self.problems;
        for (severity, count) in [(Severity::Error, self.errors), (Severity::Warning, self.warnings)] {
            if count > MOST {
                let message = format!("{} more {}s are not shown", count - MOST, severity.as_str());
                problems.push(Problem::new(
                    severity,
                    Code::MANY_PROBLEMS,
                    self.source,
                    Span::default(),
                    message,
                ));
            }
        }
        problems
    }

    /// The key whose value is looked at, as a message names it.
    fn subject(&self) -> String {
        if let Some(path) = self.path.strip_suffix("\"]") {
            let key = path.rfind("[\"").and_then(|at| path.get(at + 2..)).unwrap_or_default();
            return format!("`{}`", shorten(key));
        }
        if self.path.is_empty() || self.path.ends_with(']') {
            return "this item".to_owned();
        }
        format!("`{}`", shorten(self.path.rsplit('.').next().unwrap_or_default()))
    }

    pub(super) fn error(&mut self, code: Code, span: Span, message: impl Into<String>) -> &mut Problem {
        self.report(Severity::Error, code, span, message)
    }

    pub(super) fn warning(&mut self, code: Code, span: Span, message: impl Into<String>) -> &mut Problem {
        self.report(Severity::Warning, code, span, message)
    }

    /// A value of another type than the key wants.
    pub(super) fn wrong_type(&mut self, node: &Node, expected: &str) -> &mut Problem {
        let found = describe(node);
        let message = format!("{} cannot be {found}", self.subject());
        let problem = self.error(Code::WRONG_TYPE, node.span, message);
        problem.found = Some(found);
        problem.expected = Some(expected.to_owned());
        problem
    }

    /// The entries of a map; unknown keys are warnings, keys that begin with `x-` are nobody's business.
    pub(super) fn fields<'n>(&mut self, node: &'n Node, what: &str, known: &[&str]) -> Option<Fields<'n>> {
        self.fields_with(node, what, known, &[])
    }

    /// The same where some keys are required: one that is misspelt is one error, not an unknown key and a missing one.
    pub(super) fn fields_with<'n>(
        &mut self,
        node: &'n Node,
        what: &str,
        known: &[&str],
        required: &[&'static str],
    ) -> Option<Fields<'n>> {
        let Kind::Map(entries) = &node.kind else {
            self.wrong_type(node, &format!("a map with the keys of {what}"));
            return None;
        };
        let absent = |key: &str| !entries.iter().any(|entry| &*entry.key == key);
        let mut misspelt = None;
        for entry in entries {
            if known.contains(&&*entry.key) || entry.key.starts_with("x-") {
                continue;
            }
            let meant = did_you_mean(&entry.key, known.iter().copied());
            let wanted = required.iter().copied().find(|&key| Some(key) == meant);
            match wanted.filter(|key| misspelt.is_none() && absent(key)) {
                Some(key) => {
                    misspelt = Some(key);
                    self.misspelt_key(entry, what, key);
                }
                None => self.unknown_key(entry, what, known, meant),
            }
        }
        Some(Fields { entries, misspelt })
    }

    fn misspelt_key(&mut self, entry: &Entry, what: &str, meant: &str) {
        self.inside(&entry.key, |check| {
            let message = format!("{what} needs a `{meant}`, and `{}` is not one", shorten(&entry.key));
            let problem = check.error(Code::MISSING_KEY, entry.key_span, message);
            problem.expected = Some(format!("a key `{meant}`"));
            problem.help = Some(format!("did you mean `{meant}`?"));
        });
    }

    fn unknown_key(&mut self, entry: &Entry, what: &str, known: &[&str], meant: Option<&str>) {
        self.inside(&entry.key, |check| {
            let key = shorten(&entry.key);
            let message = format!("`{key}` is not a key of {what} and is ignored");
            let problem = check.warning(Code::UNKNOWN_KEY, entry.key_span, message);
            problem.found = Some(key);
            problem.expected = Some(one_of(known));
            problem.help = meant.map(|name| format!("did you mean `{name}`?"));
        });
    }

    /// A text; anything else is an error that shows the quotes for a scalar.
    pub(super) fn text<'n>(&mut self, node: &'n Node, expected: &str) -> Option<&'n Text> {
        if let Kind::Text(text) = &node.kind {
            return Some(text);
        }
        let written = scalar_text(node);
        let problem = self.wrong_type(node, expected);
        problem.help = written.map(|text| format!("put quotes around it: \"{text}\""));
        None
    }

    pub(super) fn bool(&mut self, node: &Node) -> Option<bool> {
        match node.kind {
            Kind::Bool(value) => Some(value),
            _ => {
                self.wrong_type(node, "true or false");
                None
            }
        }
    }

    /// A finite number.
    pub(super) fn number(&mut self, node: &Node, expected: &str) -> Option<f64> {
        let number = match &node.kind {
            Kind::Number(written) => {
                super::tree::json_number(written).and_then(|text| text.parse::<f64>().ok())
            }
            _ => None,
        };
        if number.is_none() {
            self.wrong_type(node, expected);
        }
        number.filter(|number| number.is_finite())
    }

    /// A whole number in `range`.
    pub(super) fn integer(
        &mut self,
        node: &Node,
        range: std::ops::RangeInclusive<u64>,
        expected: &str,
    ) -> Option<u64> {
        let Kind::Number(written) = &node.kind else {
            let quoted = matches!(&node.kind, Kind::Text(text) if text.value.parse::<u64>().is_ok());
            let problem = self.wrong_type(node, expected);
            if quoted {
                problem.help = Some("write it without quotes".to_owned());
            }
            return None;
        };
        let number = super::tree::json_number(written).and_then(|text| text.parse::<u64>().ok());
        let number = number.filter(|number| range.contains(number));
        if number.is_none() {
            let message = format!("{} cannot be {}", self.subject(), shorten(written));
            let problem = self.error(Code::WRONG_VALUE, node.span, message);
            problem.found = Some(written.to_string());
            problem.expected = Some(expected.to_owned());
        }
        number
    }

    /// What the template compiler had to say about `node`'s text, put at its place.
    pub(super) fn template_notes(&mut self, nodes: &[&Node], notes: Vec<template::Note>) {
        for note in notes {
            let Some(node) = nodes.get(note.piece) else {
                continue;
            };
            let names_the_path = || {
                scalar_text(node)
                    .and_then(|text| text.get(note.range.start..))
                    .is_some_and(|text| text.starts_with("path-params"))
            };
            if self.path_refused && note.code == Code::NOT_FILLED && names_the_path() {
                continue;
            }
            let span = self.span_inside(node, note.range.clone());
            let expression = scalar_text(node).and_then(|text| note.expression(text));
            let problem = self.report(note.severity, note.code, span, note.message);
            problem.expression = expression;
            problem.found = note.found;
            problem.expected = note.expected;
            problem.help = note.help;
        }
    }

    /// The bytes of the source that `range` of `node`'s text comes from.
    pub(super) fn span_inside(&self, node: &Node, range: std::ops::Range<usize>) -> Span {
        let start = locate(self.source, node, range.start);
        let end = if range.end > range.start { locate(self.source, node, range.end) } else { start };
        Span { start, end: end.max(start) }
    }
}

/// The text of a scalar as a header or a key shows it; none for lists, maps and null.
pub(super) fn scalar_text(node: &Node) -> Option<&str> {
    match &node.kind {
        Kind::Text(text) => Some(&text.value),
        Kind::Number(written) => Some(written),
        Kind::Bool(true) => Some("true"),
        Kind::Bool(false) => Some("false"),
        Kind::Null | Kind::List(_) | Kind::Map(_) => None,
    }
}

/// What a node is, for a message: `a list`, `number 12`, `text "abc"`.
pub(super) fn describe(node: &Node) -> String {
    match &node.kind {
        Kind::Null => "nothing (null)".to_owned(),
        Kind::Bool(value) => value.to_string(),
        Kind::Number(written) => format!("the number {}", shorten(written)),
        Kind::Text(text) => format!("the text \"{}\"", shorten(&text.value)),
        Kind::List(_) => "a list".to_owned(),
        Kind::Map(_) => "a map".to_owned(),
    }
}

/// `a, b or c`.
pub(super) fn one_of(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => format!("`{one}`"),
        [first @ .., last] => {
            let first: Vec<String> = first.iter().map(|name| format!("`{name}`")).collect();
            format!("{} or `{last}`", first.join(", "))
        }
    }
}

/// The first line of a text, cut to what a message can hold.
pub(super) fn shorten(text: &str) -> String {
    let line = text.split(['\n', '\r']).next().unwrap_or_default();
    let mut shown = excerpt(line, 60);
    if line.len() < text.trim_end().len() && !shown.ends_with('…') {
        shown.push('…');
    }
    shown
}
