//! The line of a problem with a marker, for a terminal 80 columns wide.
//!
//! A problem takes few lines, so that several fit on a screen: what is wrong, the place with its path of keys, the line,
//! the marker, the mend. A line can be as long as the file and hold anything, so only a window of it around the problem
//! is shown, with signs in the place of control characters. It knows no terminal: whoever calls says whether to colour.

use unicode_width::UnicodeWidthChar as _;

use super::super::{Problem, Related, Severity, visible};
use super::one_line;
use crate::source::{Place, Source, Span};

/// Columns of the narrowest terminal that people use.
pub(crate) const WIDTH: usize = 80;
/// Columns that are shown before a problem that stands further right than the window reaches.
const BEFORE: usize = 30;
/// What a tab is shown as.
const TAB: &str = "    ";

/// The problems with the line of each and a marker under what it is about, in color where `color` says so.
///
/// No line is wider than 80 columns but for names that cannot be broken. Of a problem that spans lines the first is
/// shown. Needs the feature `diagnostics`.
pub fn terminal(problems: &[Problem], color: bool) -> String {
    let mut out = String::new();
    for problem in problems {
        Report { paint: Paint::of(problem.severity, color), out: &mut out }.write(problem);
        out.push('\n');
    }
    out
}

/// How the parts of a problem look; empty texts without colour.
struct Paint {
    strong: &'static str,
    frame: &'static str,
    bold: &'static str,
    end: &'static str,
}

impl Paint {
    fn of(severity: Severity, color: bool) -> Self {
        if !color {
            return Self { strong: "", frame: "", bold: "", end: "" };
        }
        let strong = match severity {
            Severity::Error => "\x1b[1;91m",
            Severity::Warning => "\x1b[1;33m",
            Severity::Note => "\x1b[1;92m",
        };
        Self { strong, frame: "\x1b[1;94m", bold: "\x1b[1m", end: "\x1b[0m" }
    }
}

/// One problem while it is written.
struct Report<'o> {
    paint: Paint,
    out: &'o mut String,
}

impl Report<'_> {
    fn write(&mut self, problem: &Problem) {
        let place = problem.place();
        let digits = place.line.to_string().len();
        self.title(problem);
        self.place(&place, &problem.path, digits);
        let mut said = one_line(&problem.message);
        if !problem.source.text().is_empty() {
            let label = label(problem, &said);
            if self.snippet(&problem.source, &place, problem.span, digits, label.as_deref()) {
                said.push_str(label.as_deref().unwrap_or_default());
            }
        }
        let help = problem.help.as_deref().map(one_line);
        if let Some(expected) = problem.expected.as_deref().map(one_line).filter(|text| !said.contains(text))
        {
            // A long list of names beside "did you mean" would hide the mend.
            let room = WIDTH.saturating_sub(digits + 3 + "expected: ".len());
            if help.is_none() || width_of(&expected) <= room {
                self.detail(digits, "expected", &expected);
            }
        }
        if let Some(help) = help {
            self.detail(digits, "help", &help);
        }
        for Related { message, source, span } in &problem.related {
            let place = one_line(&source.place(span.start).to_string());
            if said.contains(&place) {
                continue;
            }
            self.detail(digits, "see", &format!("{place}: {}", one_line(message)));
        }
    }

    /// `error[M0123]: what is wrong`.
    fn title(&mut self, problem: &Problem) {
        let Paint { strong, bold, end, .. } = self.paint;
        let head = format!("{}[{}]", problem.severity.as_str(), problem.code);
        let text = wrap(&one_line(&problem.message), WIDTH.saturating_sub(head.len() + 2), WIDTH - 4);
        for (index, line) in text.iter().enumerate() {
            let begin = if index == 0 { format!("{strong}{head}{end}: ") } else { TAB.to_owned() };
            self.line(&format!("{begin}{bold}{line}{end}"));
        }
    }

    /// ` --> file:line:column  path.of.keys`.
    fn place(&mut self, place: &Place, path: &str, digits: usize) {
        let Paint { frame, end, .. } = self.paint;
        let (place, path) = (one_line(&place.to_string()), one_line(path));
        let begin = format!("{:digits$}{frame}-->{end} {place}", "");
        if path.is_empty() {
            self.line(&begin);
        } else if digits + 4 + width_of(&place) + 2 + width_of(&path) <= WIDTH {
            self.line(&format!("{begin}  {path}"));
        } else {
            self.line(&begin);
            self.line(&format!("{:digits$}    {path}", ""));
        }
    }

    /// The line and its marker; true when the label fitted beside the marker.
    fn snippet(
        &mut self,
        source: &Source,
        place: &Place,
        span: Span,
        digits: usize,
        label: Option<&str>,
    ) -> bool {
        let Paint { strong, frame, end, .. } = self.paint;
        let window = Window::of(source, place.line, span, WIDTH.saturating_sub(digits + 3));
        self.line(&format!("{frame}{:>digits$} |{end} {}", place.line, window.text));
        let marker = "^".repeat(window.marked.max(1));
        let label = label
            .filter(|label| digits + 3 + window.before + window.marked.max(1) + 1 + width_of(label) <= WIDTH);
        let said = label.map(|label| format!(" {label}")).unwrap_or_default();
        let (indent, before) = (" ".repeat(digits), " ".repeat(window.before));
        self.line(&format!("{indent} {frame}|{end} {before}{strong}{marker}{said}{end}"));
        label.is_some()
    }

    /// ` = help: text`, wrapped.
    fn detail(&mut self, digits: usize, name: &str, text: &str) {
        let Paint { frame, bold, end, .. } = self.paint;
        let indent = digits + 3 + name.len() + 2;
        let room = WIDTH.saturating_sub(indent);
        for (index, line) in wrap(text, room, room).iter().enumerate() {
            match index {
                0 => self.line(&format!("{:digits$} {frame}={end} {bold}{name}{end}: {line}", "")),
                _ => self.line(&format!("{:indent$}{line}", "")),
            }
        }
    }

    fn line(&mut self, text: &str) {
        self.out.push_str(text.trim_end());
        self.out.push('\n');
    }
}

/// What was expected and found, as far as the message does not say it.
fn label(problem: &Problem, message: &str) -> Option<String> {
    let new = |text: &Option<String>| text.as_deref().map(one_line).filter(|text| !message.contains(text));
    match (new(&problem.expected), new(&problem.found)) {
        (Some(expected), Some(found)) if problem.help.is_none() => {
            Some(format!("expected {expected}, found {found}"))
        }
        (Some(expected), _) => Some(format!("expected {expected}")),
        (None, Some(found)) if problem.help.is_none() => Some(format!("found {found}")),
        _ => None,
    }
}

/// The words of a text in lines of `first` and then `rest` columns; a longer word has a line of its own.
pub(crate) fn wrap(text: &str, first: usize, rest: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in text.split(' ') {
        let room = if lines.len() == 1 { first } else { rest };
        let width = width_of(word);
        if let Some(line) = lines.last_mut().filter(|line| line.is_empty() || used + 1 + width <= room) {
            if used > 0 || !line.is_empty() {
                line.push(' ');
                used += 1;
            }
            line.push_str(word);
            used += width;
        } else {
            lines.push(word.to_owned());
            used = width;
        }
    }
    lines
}

fn width_of(text: &str) -> usize {
    text.chars().map(|character| character.width().unwrap_or(0)).sum()
}

/// What is shown of a line.
struct Window {
    text: String,
    /// Columns before what the problem is about.
    before: usize,
    /// Columns of what the problem is about.
    marked: usize,
}

impl Window {
    fn of(source: &Source, line: u32, span: Span, room: usize) -> Self {
        let text = source.line(line);
        let line_start = source
            .text()
            .get(..span.start as usize)
            .map_or(0, |before| before.rfind('\n').map_or(0, |at| at + 1));
        let start = boundary(text, (span.start as usize).saturating_sub(line_start));
        let end = boundary(text, (span.end as usize).saturating_sub(line_start)).max(start);

        let mut window = Self { text: String::new(), before: 0, marked: 0 };
        let from = begin_of(text, start, end, room);
        if from > 0 {
            window.push("…", 1, false, false);
        }
        // One column is kept for the sign of what is left out behind.
        let mut left = room.saturating_sub(usize::from(from > 0) + 1);
        for (offset, character) in text.get(from..).unwrap_or_default().char_indices() {
            let at = from + offset;
            let mut buffer = [0; 4];
            let shown = if character == '\t' { TAB } else { visible(character).encode_utf8(&mut buffer) };
            let width = width_of(shown);
            let last = text.get(at + character.len_utf8()..).is_none_or(str::is_empty);
            if width > left + usize::from(last) {
                window.push("…", 1, at < start, (start..end).contains(&at));
                break;
            }
            // A character without width costs one too, so that they are not shown by the million.
            left = left.saturating_sub(width.max(1));
            window.push(shown, width, at < start, (start..end).contains(&at));
        }
        if from > 0 {
            window.before += 1;
        }
        window
    }

    fn push(&mut self, shown: &str, width: usize, before: bool, marked: bool) {
        self.text.push_str(shown);
        self.before += if before { width } else { 0 };
        self.marked += if marked { width } else { 0 };
    }
}

/// Where the window of a line begins: at its start when the problem is seen from there, else some columns before it.
fn begin_of(text: &str, start: usize, end: usize, room: usize) -> usize {
    let width = |character: char| {
        if character == '\t' { TAB.len() } else { width_of(character.encode_utf8(&mut [0; 4])) }
    };
    let before = text.get(..start).unwrap_or_default();
    let marked = text.get(start..end).unwrap_or_default();
    let seen: usize = before.chars().chain(marked.chars()).take(room + 1).map(width).sum();
    if seen < room {
        return 0;
    }
    let marked: usize = marked.chars().take(room + 1).map(width).sum();
    let reach = BEFORE.max(room.saturating_sub(marked + 2).min(room / 2));
    let mut used = 0;
    let mut from = start;
    for (at, character) in before.char_indices().rev() {
        used += width(character).max(1);
        if used > reach {
            break;
        }
        from = at;
    }
    from
}

/// The nearest begin of a character at or before `at`.
fn boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}
