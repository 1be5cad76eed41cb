//! The line of a problem with a marker, as rustc shows it.
//!
//! A line can be as long as the file and hold anything, so only a window of it around the problem is shown,
//! with signs in the place of control characters.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::super::{Problem, Severity, visible};
use super::one_line;
use crate::source::{Source, Span};

/// Most characters of a line that are shown.
const WINDOW: usize = 140;
/// Characters that are shown before a problem that stands further right than the window reaches.
const BEFORE: usize = 50;

/// The problems with the line of each and a marker under what it is about, in color where `color` says so.
///
/// Of a problem that spans lines the first is shown. Needs the feature `diagnostics`.
pub fn terminal(problems: &[Problem], color: bool) -> String {
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    // Lines are cut here, where their columns are known; the renderer must not cut again.
    let renderer = renderer.term_width(3 * WINDOW);
    let mut out = String::new();
    for problem in problems {
        out.push_str(&renderer.render(&report(problem)));
        out.push_str("\n\n");
    }
    out
}

fn report(problem: &Problem) -> Vec<Group<'static>> {
    let level = match problem.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let title = level.primary_title(one_line(&problem.message)).id(problem.code.to_string());
    let mut group = show(Group::with_title(title), &problem.source, problem.span, label(problem));
    if !problem.path.is_empty() {
        group = group.element(Level::NOTE.with_name("path").message(one_line(&problem.path)));
    }
    if let Some(help) = &problem.help {
        group = group.element(Level::HELP.message(one_line(help)));
    }
    let mut groups = vec![group];
    for related in &problem.related {
        let title = Level::NOTE.secondary_title(one_line(&related.message));
        groups.push(show(Group::with_title(title), &related.source, related.span, String::new()));
    }
    groups
}

fn label(problem: &Problem) -> String {
    match (&problem.expected, &problem.found) {
        (Some(expected), Some(found)) => one_line(&format!("expected {expected}, found {found}")),
        (Some(expected), None) => one_line(&format!("expected {expected}")),
        (None, Some(found)) => one_line(&format!("found {found}")),
        (None, None) => String::new(),
    }
}

/// Adds a place and its line to a group.
fn show(group: Group<'static>, source: &Source, span: Span, label: String) -> Group<'static> {
    let place = source.place(span.start);
    let (file, line) = (one_line(&place.file), place.line as usize);
    let origin = Origin::path(file.clone()).line(line).char_column(place.column as usize);
    if source.text().is_empty() {
        return group.element(origin);
    }
    let window = window(source, place.line, span);
    let annotation =
        AnnotationKind::Primary.span(window.marked).label(Some(label).filter(|label| !label.is_empty()));
    let snippet = Snippet::source(window.text).line_start(line).annotation(annotation);
    if window.begins_the_line {
        group.element(snippet.path(file))
    } else {
        // The renderer would count the column in what is shown.
        group.element(origin).element(snippet)
    }
}

/// What is shown of a line.
struct Window {
    text: String,
    /// The bytes of `text` that the problem is about.
    marked: Range<usize>,
    begins_the_line: bool,
}

fn window(source: &Source, line: u32, span: Span) -> Window {
    let text = source.line(line);
    let line_start = source
        .text()
        .get(..span.start as usize)
        .map_or(0, |before| before.rfind('\n').map_or(0, |at| at + 1));
    let start = boundary(text, (span.start as usize).saturating_sub(line_start));
    let end = boundary(text, (span.end as usize).saturating_sub(line_start)).max(start);

    let before = text.get(..start).unwrap_or_default();
    let reach = if before.chars().nth(WINDOW - BEFORE).is_some() { BEFORE } else { WINDOW };
    let from = before.char_indices().rev().take(reach).last().map_or(start, |(at, _)| at);
    let rest = text.get(from..).unwrap_or_default();
    let to = rest.char_indices().nth(WINDOW).map_or(text.len(), |(at, _)| from + at);

    let mut shown = String::new();
    let mut marked = 0..0;
    if from > 0 {
        shown.push('…');
    }
    for (at, character) in text.get(from..to).unwrap_or_default().char_indices() {
        if from + at == start {
            marked.start = shown.len();
        }
        // A tab stays: the renderer knows its width.
        shown.push(if character == '\t' { character } else { visible(character) });
        if from + at < end {
            marked.end = shown.len();
        }
    }
    if start >= to {
        marked.start = shown.len();
    }
    if to < text.len() {
        shown.push('…');
    }
    marked.end = marked.end.max(marked.start);
    Window { text: shown, marked, begins_the_line: from == 0 }
}

/// The nearest begin of a character at or before `at`.
fn boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}
