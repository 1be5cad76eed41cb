//! Two values as one text in the manner of `diff -u`.
//!
//! It compares values, not lines: the order of keys and the spelling of numbers are no difference. Commas are
//! those of the text as a whole, so that a line does not change because another follows it.

use std::collections::VecDeque;

use super::super::Value;
use super::align::{Pair, items, members};
use super::{Comparison, excerpt, matches};

/// How many equal lines stand on either side of a change.
const CONTEXT_LINES: usize = 3;
/// About how much of a text or a number stands on a line.
const TEXT_BYTES: usize = 160;

/// The two values as one text, pretty printed with two spaces; empty when `found` is `wanted`.
///
/// A line that both have begins with two spaces and has the digits and the order of `wanted`, one that only
/// `wanted` has begins with `- `, one that only `found` has with `+ `. Under [`Comparison::Partial`] keys that
/// only `found` has are left out, but in a value that stands where another was wanted. Equal lines more than
/// three lines away from any change are cut to `  …`, long texts and numbers too; after `most_lines` lines one
/// says how many more there would be. The last line has no line end.
pub(crate) fn diff(wanted: &Value, found: &Value, how: Comparison, most_lines: usize) -> String {
    let mut printer = Printer { how, lines: Lines::new(most_lines) };
    printer.both(wanted, found, Place { depth: 0, key: None, comma: false });
    printer.lines.finish()
}

/// Where a value stands in the text.
#[derive(Clone, Copy)]
struct Place<'k> {
    depth: usize,
    key: Option<&'k str>,
    /// Whether another value follows in the same list or object.
    comma: bool,
}

impl Place<'_> {
    fn line(&self, mark: &str, text: &str) -> String {
        let mut line = self.open(mark, text);
        if self.comma {
            line.push(',');
        }
        line
    }

    /// The line without the comma: more of the value follows.
    fn open(&self, mark: &str, text: &str) -> String {
        let indent = "  ".repeat(self.depth);
        match self.key {
            Some(key) => format!("{mark}{indent}{}: {text}", excerpt::text(key, TEXT_BYTES)),
            None => format!("{mark}{indent}{text}"),
        }
    }

    fn close(&self, mark: &str, text: &str) -> String {
        Self { key: None, ..*self }.line(mark, text)
    }
}

const EQUAL: &str = "  ";
const WANTED: &str = "- ";
const FOUND: &str = "+ ";

struct Printer {
    how: Comparison,
    lines: Lines,
}

impl Printer {
    fn both(&mut self, wanted: &Value, found: &Value, place: Place<'_>) {
        match (wanted, found) {
            (Value::Object(wanted), Value::Object(found)) => {
                let members = members(wanted, found, self.how);
                let keyed = members.iter().map(|(key, pair)| (Some(*key), pair));
                self.inside(keyed, ["{", "}", "{}"], place);
            }
            (Value::Array(wanted), Value::Array(found)) => {
                let items = items(wanted, found, self.how);
                self.inside(items.iter().map(|pair| (None, pair)), ["[", "]", "[]"], place);
            }
            _ if matches(found, wanted, self.how) => {
                self.lines.push(EQUAL, place.line(EQUAL, &excerpt::one(wanted, TEXT_BYTES)));
            }
            _ if is_plain(wanted) && is_plain(found) => {
                let (wanted, found) = excerpt::pair(wanted, found, TEXT_BYTES);
                self.lines.push(WANTED, place.line(WANTED, &wanted));
                self.lines.push(FOUND, place.line(FOUND, &found));
            }
            _ => {
                self.whole(wanted, WANTED, place);
                self.whole(found, FOUND, place);
            }
        }
    }

    fn inside<'v>(
        &mut self,
        pairs: impl ExactSizeIterator<Item = (Option<&'v str>, &'v Pair<'v>)>,
        [open, close, empty]: [&str; 3],
        place: Place<'_>,
    ) {
        let count = pairs.len();
        if count == 0 {
            return self.lines.push(EQUAL, place.line(EQUAL, empty));
        }
        self.lines.push(EQUAL, place.open(EQUAL, open));
        for (index, (key, pair)) in pairs.enumerate() {
            let inner = Place { depth: place.depth + 1, key, comma: index + 1 < count };
            match pair {
                Pair::Both { wanted, found } => self.both(wanted, found, inner),
                Pair::Wanted(wanted) => self.whole(wanted, WANTED, inner),
                Pair::Found(found) => self.whole(found, FOUND, inner),
            }
        }
        self.lines.push(EQUAL, place.close(EQUAL, close));
    }

    /// A value all of whose lines have one mark.
    fn whole(&mut self, value: &Value, mark: &'static str, place: Place<'_>) {
        match value {
            Value::Object(object) if !object.is_empty() => {
                let keyed = object.iter().map(|(key, value)| (Some(key), value));
                self.whole_inside(keyed, ["{", "}"], mark, place);
            }
            Value::Array(list) if !list.is_empty() => {
                self.whole_inside(list.iter().map(|value| (None, value)), ["[", "]"], mark, place);
            }
            _ => self.lines.push(mark, place.line(mark, &excerpt::one(value, TEXT_BYTES))),
        }
    }

    fn whole_inside<'v>(
        &mut self,
        values: impl ExactSizeIterator<Item = (Option<&'v str>, &'v Value)>,
        [open, close]: [&str; 2],
        mark: &'static str,
        place: Place<'_>,
    ) {
        let count = values.len();
        self.lines.push(mark, place.open(mark, open));
        for (index, (key, value)) in values.enumerate() {
            self.whole(value, mark, Place { depth: place.depth + 1, key, comma: index + 1 < count });
        }
        self.lines.push(mark, place.close(mark, close));
    }
}

/// Neither a list nor an object.
fn is_plain(value: &Value) -> bool {
    !matches!(value, Value::Array(_) | Value::Object(_))
}

/// The text so far. It holds no more lines than it writes.
struct Lines {
    text: String,
    /// How many lines may still be written.
    room: usize,
    left_out: usize,
    changed: bool,
    /// How many equal lines still stand close after a change.
    close: usize,
    /// The latest equal lines, which are written if a change follows.
    recent: VecDeque<String>,
    /// Equal lines before those, and the first of them: a sign for one line would save nothing.
    away: usize,
    first_away: String,
}

impl Lines {
    fn new(most: usize) -> Self {
        Self {
            text: String::new(),
            room: most,
            left_out: 0,
            changed: false,
            close: 0,
            recent: VecDeque::new(),
            away: 0,
            first_away: String::new(),
        }
    }

    fn push(&mut self, mark: &str, line: String) {
        if mark != EQUAL {
            self.write_gap();
            self.write(&line);
            self.changed = true;
            self.close = CONTEXT_LINES;
        } else if self.close > 0 {
            self.close -= 1;
            self.write(&line);
        } else {
            self.recent.push_back(line);
            if self.recent.len() > CONTEXT_LINES {
                self.move_away();
            }
        }
    }

    fn move_away(&mut self) {
        if let Some(line) = self.recent.pop_front() {
            if self.away == 0 {
                self.first_away = line;
            }
            self.away += 1;
        }
    }

    fn write_gap(&mut self) {
        match std::mem::take(&mut self.away) {
            0 => {}
            1 => {
                let line = std::mem::take(&mut self.first_away);
                self.write(&line);
            }
            _ => self.write("  …"),
        }
        for line in std::mem::take(&mut self.recent) {
            self.write(&line);
        }
    }

    fn write(&mut self, line: &str) {
        if self.room == 0 {
            self.left_out += 1;
            return;
        }
        self.room -= 1;
        self.append(line);
    }

    fn append(&mut self, line: &str) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.text.push_str(line);
    }

    fn finish(mut self) -> String {
        if !self.changed {
            return String::new();
        }
        while !self.recent.is_empty() {
            self.move_away();
        }
        self.write_gap();
        match self.left_out {
            0 => {}
            1 => self.append("  … 1 more line"),
            count => self.append(&format!("  … {count} more lines")),
        }
        self.text
    }
}
