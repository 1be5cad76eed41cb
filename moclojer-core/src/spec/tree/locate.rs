//! Finds where a byte of a decoded text stands in its source.

use super::{Kind, Node, Style};
use crate::source::Source;

/// The byte of the source where byte `offset` of the decoded text of `node` comes from; past its end, where
/// the text ends. For a node that is no text, where it begins.
///
/// Exact in texts of every style: an escape is found at its backslash, a folded line break at the break.
/// It reads the source again instead of keeping a table for each text, so it is for problems, not for
/// requests: linear in the size of the text.
pub fn locate(source: &Source, node: &Node, offset: usize) -> u32 {
    let Kind::Text(text) = &node.kind else {
        return node.span.start;
    };
    let mut offset = offset.min(text.value.len());
    while !text.value.is_char_boundary(offset) {
        offset -= 1;
    }
    if matches!(text.style, Style::Literal | Style::Folded)
        && offset == text.value.len()
        && text.value.ends_with('\n')
    {
        // Behind the last line break another node may stand.
        offset -= 1;
    }
    let (start, end) = (node.span.start as usize, node.span.end as usize);
    let whole = source.text();
    let found = match text.style {
        Style::Literal => in_literal(whole, start, &text.value, offset),
        Style::Folded => {
            let mut walk = Walk::new(whole, start, whole.len(), offset);
            walk.folded(&text.value);
            walk.at
        }
        Style::EdnKeyword => start + 1 + offset,
        Style::EdnCharacter => {
            if offset == 0 {
                start
            } else {
                end
            }
        }
        #[cfg(feature = "edn")]
        Style::EdnString => in_edn_string(whole, start + 1, end.saturating_sub(1), offset),
        style => {
            let quotes = usize::from(style != Style::Plain);
            let mut walk = Walk::new(whole, start + quotes, end.saturating_sub(quotes), offset);
            walk.flow(style);
            walk.at
        }
    };
    u32::try_from(found.min(whole.len())).unwrap_or(u32::MAX)
}

/// In a literal text each line is the end of a line of the source, behind the indentation.
fn in_literal(whole: &str, start: usize, value: &str, offset: usize) -> usize {
    let before = value.get(..offset).unwrap_or(value);
    let mut line_start = next_line(whole, start);
    for _ in 0..before.matches('\n').count() {
        line_start = next_line(whole, line_start);
    }
    let value_line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let value_line = value.get(value_line_start..).unwrap_or_default();
    let value_length = value_line.find('\n').unwrap_or(value_line.len());
    let line_end = line_end(whole, line_start);
    let indentation = (line_end - line_start).saturating_sub(value_length);
    (line_start + indentation + offset - value_line_start).min(line_end)
}

/// In an EDN string each character stands for itself, line breaks too, but for escapes.
#[cfg(feature = "edn")]
fn in_edn_string(whole: &str, start: usize, end: usize, offset: usize) -> usize {
    let (mut at, mut left) = (start, offset);
    while at < end {
        let (decoded, written) = super::edn::lengths(whole.get(at..end).unwrap_or_default());
        match left.checked_sub(decoded) {
            Some(rest) => (left, at) = (rest, at + written),
            None => break,
        }
    }
    at.min(end)
}

fn line_end(whole: &str, start: usize) -> usize {
    let rest = whole.get(start..).unwrap_or_default();
    rest.find(['\n', '\r']).map_or(whole.len(), |at| start + at)
}

fn next_line(whole: &str, start: usize) -> usize {
    let end = line_end(whole, start);
    end + break_length(whole, end)
}

/// The length of the line break at `at`: `\r\n` is one.
fn break_length(whole: &str, at: usize) -> usize {
    match whole.as_bytes().get(at..).unwrap_or_default() {
        [b'\r', b'\n', ..] => 2,
        [b'\r' | b'\n', ..] => 1,
        _ => 0,
    }
}

/// Reads a text from the source once more, counting the decoded bytes until the wanted one.
struct Walk<'a> {
    whole: &'a str,
    at: usize,
    end: usize,
    /// Decoded bytes that still lie before the wanted one.
    left: usize,
}

impl<'a> Walk<'a> {
    fn new(whole: &'a str, start: usize, end: usize, offset: usize) -> Self {
        Self { whole, at: start, end, left: offset }
    }

    fn peek(&self) -> Option<char> {
        self.peek_at(self.at)
    }

    fn peek_at(&self, at: usize) -> Option<char> {
        if at >= self.end { None } else { self.whole.get(at..self.end)?.chars().next() }
    }

    /// Counts a decoded character of `decoded` bytes that is written with `written` bytes; true when it is the
    /// wanted one, at which the walk then stands.
    fn emit(&mut self, decoded: usize, written: usize) -> bool {
        match self.left.checked_sub(decoded) {
            None => true,
            Some(left) => {
                self.left = left;
                self.at += written;
                false
            }
        }
    }

    /// Plain, quoted and JSON texts.
    fn flow(&mut self, style: Style) {
        while let Some(character) = self.peek() {
            let done = match character {
                ' ' | '\t' | '\n' | '\r' if style != Style::Json => self.white_space(),
                '\'' if style == Style::SingleQuoted => self.emit(1, 2),
                '\\' if style == Style::DoubleQuoted
                    && matches!(self.peek_at(self.at + 1), Some('\n' | '\r')) =>
                {
                    self.at += 1;
                    self.line_breaks(true)
                }
                '\\' if style == Style::DoubleQuoted || style == Style::Json => {
                    let (decoded, written) = self.escape();
                    self.emit(decoded, written)
                }
                other => self.emit(other.len_utf8(), other.len_utf8()),
            };
            if done {
                return;
            }
        }
    }

    /// Blanks stay, unless a line break follows.
    fn white_space(&mut self) -> bool {
        let rest = self.whole.get(self.at..self.end).unwrap_or_default();
        let blanks = rest.len() - rest.trim_start_matches([' ', '\t']).len();
        let breaks = matches!(rest.as_bytes().get(blanks), Some(b'\n' | b'\r'));
        if breaks || blanks == rest.len() {
            self.at += blanks;
            return breaks && self.line_breaks(false);
        }
        if self.left < blanks {
            self.at += self.left;
            return true;
        }
        self.left -= blanks;
        self.at += blanks;
        false
    }

    /// One break is a space, or nothing when it was escaped; each further one is a line break.
    fn line_breaks(&mut self, escaped: bool) -> bool {
        let first = self.at;
        let mut places = Vec::new();
        while let Some(character) = self.peek() {
            match character {
                '\n' | '\r' => {
                    places.push(self.at);
                    self.at += break_length(self.whole, self.at);
                }
                ' ' | '\t' => self.at += 1,
                _ => break,
            }
        }
        let after = self.at;
        let emitted = match places.len() {
            1 if !escaped => vec![first],
            _ => places.split_off(1.min(places.len())),
        };
        for place in emitted {
            self.at = place;
            if self.emit(1, 0) {
                return true;
            }
        }
        self.at = after;
        false
    }

    /// How many bytes the escape here stands for, and how many it takes.
    fn escape(&self) -> (usize, usize) {
        let digits = |from: usize, count: usize| {
            let digits = self.whole.get(from..from + count).unwrap_or_default();
            u32::from_str_radix(digits, 16).unwrap_or(0)
        };
        let width = |code: u32| char::from_u32(code).map_or(1, char::len_utf8);
        match self.peek_at(self.at + 1) {
            Some('x') => (width(digits(self.at + 2, 2)), 4),
            Some('u') => match digits(self.at + 2, 4) {
                0xD800..=0xDFFF => (4, 12),
                code => (width(code), 6),
            },
            Some('U') => (width(digits(self.at + 2, 8)), 10),
            Some('N' | '_') => (2, 2),
            Some('L' | 'P') => (3, 2),
            _ => (1, 2),
        }
    }

    /// A folded text: lines of the source behind the header, joined where neither begins with a blank.
    fn folded(&mut self, value: &str) {
        self.at = next_line(self.whole, self.at);
        let leading = value.len() - value.trim_start_matches('\n').len();
        for _ in 0..leading {
            if self.emit(1, 0) {
                return;
            }
            self.at = next_line(self.whole, self.at);
        }
        let first = self.whole.get(self.at..).unwrap_or_default();
        let spaces = |text: &str| text.len() - text.trim_start_matches(' ').len();
        let indentation = spaces(first).saturating_sub(spaces(value.get(leading..).unwrap_or_default()));
        loop {
            let line = self.at;
            let end = line_end(self.whole, line);
            let content = line + indentation.min(spaces(self.whole.get(line..end).unwrap_or_default()));
            if self.left < end - content {
                self.at = content + self.left;
                return;
            }
            self.left -= end - content;
            self.at = end;
            // Blank lines up to the next one with content.
            let mut places = vec![end];
            let mut next = next_line(self.whole, end);
            while next > end && next < self.whole.len() {
                let next_end = line_end(self.whole, next);
                let is_blank = next_end - next <= indentation
                    && spaces(self.whole.get(next..next_end).unwrap_or_default()) == next_end - next;
                if !is_blank {
                    break;
                }
                places.push(next_end);
                next = next_line(self.whole, next_end);
                if next == next_end {
                    break;
                }
            }
            let begins_blank = |at: usize| matches!(self.whole.as_bytes().get(at), Some(b' ' | b'\t'));
            let next_content = next + indentation;
            let keeps = begins_blank(content) || begins_blank(next_content);
            // A break between two lines of text is a space; with blank lines after it, it vanishes.
            if !keeps && places.len() > 1 {
                places.remove(0);
            }
            for place in places {
                self.at = place;
                if self.emit(1, 0) {
                    return;
                }
            }
            if next >= self.whole.len() || next == end {
                self.at = end;
                return;
            }
            self.at = next;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Format, Limits, read};
    use super::*;
    use crate::json::Value;

    /// The text in the only value of `a`, located character by character: each has to stand at its place in
    /// the source, or be an escape, or a break that was folded.
    fn check(source_text: &str, format: Format) {
        let source = Source::new("m", source_text);
        let read = read(&source, format, &Limits::default());
        assert!(read.problems.is_empty(), "{source_text:?}: {:?}", read.problems);
        let top = match read.documents.first().map(|top| (top, &top.kind)) {
            Some((_, Kind::List(items))) => items.first(),
            top => top.map(|(top, _)| top),
        };
        let node = top.and_then(|top| top.get("a")).expect("the key a");
        let Kind::Text(text) = &node.kind else { panic!("no text in {source_text:?}") };
        let mut last = node.span.start;
        for (offset, character) in text.value.char_indices() {
            let at = locate(&source, node, offset);
            assert!(at >= last, "{source_text:?}: {offset} goes back");
            last = at;
            let rest = &source_text[at as usize..];
            let fits = match (text.style, character) {
                (Style::DoubleQuoted, _) if rest.starts_with('\\') => {
                    unescaped(rest).is_some_and(|it| it == character)
                }
                (Style::Json, _) if rest.starts_with('\\') => json_unescaped(rest) == Some(character),
                #[cfg(feature = "edn")]
                (Style::EdnString | Style::EdnCharacter, _) if rest.starts_with('\\') => {
                    edn_unescaped(rest, text.style) == Some(character)
                }
                (Style::SingleQuoted, '\'') => rest.starts_with("''"),
                (_, '\n' | ' ') if rest.starts_with(['\n', '\r']) => true,
                (Style::Literal | Style::Folded, '\n') => rest.is_empty(),
                _ => rest.starts_with(character),
            };
            assert!(fits, "{source_text:?}: {character:?} at {offset} was found at {at}, before {rest:?}");
        }
        let end = locate(&source, node, text.value.len());
        assert!(
            end >= last && end as usize <= source_text.len(),
            "{source_text:?}: the end was found at {end}"
        );
    }

    /// What the scanner makes of the escape at the begin of `rest`.
    fn unescaped(rest: &str) -> Option<char> {
        let length = match rest.as_bytes().get(1)? {
            b'x' => 4,
            b'u' => 6,
            b'U' => 10,
            _ => 2,
        };
        let source = Source::new("m", format!("\"{}\"", rest.get(..length)?));
        let read = super::super::yaml::read(&source, &Limits::default());
        read.documents.first()?.as_text()?.chars().next()
    }

    fn json_unescaped(rest: &str) -> Option<char> {
        let length = if rest.starts_with("\\ud") {
            12
        } else if rest.starts_with("\\u") {
            6
        } else {
            2
        };
        match Value::parse(format!("\"{}\"", rest.get(..length)?).as_bytes(), 1) {
            Ok(Value::String(text)) => text.chars().next(),
            _ => None,
        }
    }

    #[cfg(feature = "edn")]
    fn edn_unescaped(rest: &str, style: Style) -> Option<char> {
        let length = match rest.get(1..)? {
            name if style == Style::EdnCharacter => name.find(['}', ' ']).map_or(rest.len(), |at| at + 1),
            name if name.starts_with("ud8") => 12,
            name if name.starts_with('u') => 6,
            name if name.starts_with(|first: char| first.is_ascii_digit()) => 4,
            _ => 2,
        };
        let written = rest.get(..length)?;
        let text = if style == Style::EdnString { format!("\"{written}\"") } else { written.to_owned() };
        let source = Source::new("m", text);
        let read = read(&source, Format::Edn, &Limits::default());
        let Kind::List(items) = &read.documents.first()?.kind else { return None };
        items.first()?.as_text()?.chars().next()
    }

    #[cfg(feature = "edn")]
    #[test]
    fn each_character_is_found_in_each_style_of_edn() {
        for text in [
            "[{:a \"x\\n\\u00e9\\ud83d\\ude00\\\"\\\\ é𝄞 \\101\\t\\b\\f\\r  y\r\n\n  {{x}}\"}]",
            "[{:a \"\"}]",
            "[{:a :k/é𝄞}]",
            "[{:a :k}]",
            "[{:a é𝄞/sym}]",
            "[{:a \\newline}]",
            "[{:a \\u00e9}]",
            "[{:a #inst \"2026\\n\"}]",
        ] {
            check(text, Format::Edn);
        }
    }

    #[test]
    fn each_character_is_found_in_each_style() {
        for text in [
            "a: plain {{x}} é𝄞 text\n",
            "a: plain\n  over  two\n\n\n   and more\t lines\nb: c\n",
            "a: plain\r\n  over\r\n\r\n  lines\r\n",
            "a: [x, {y: z}]\nb: 1\n",
            "a: 'it''s  é'' ok'\n",
            "a: 'one  \n  two\n\n  three'\n",
            "a: \"t\\tab \\\"q\\\" \\x41\\u00e9\\U0001F600 \\N\\_\\L\\P\\0\\e\\/ é\"\n",
            "a: \"one \\\n   two  \n\n  \\  three\\n\n  four\"\n",
            "a: \"one\\\n\n\n  two\"\n",
            "a: |\n  one\n    two é\n\n  three\nb: c\n",
            "a: |+\n\n  \n  one\n\n\nb: c\n",
            "a: |2-\n    one\n  two",
            "a: &x !!str | # comment |\n  one\n  two\n",
            "a: |\r\n  one\r\n  two\r\n",
            "a: |\n  one",
            "a: >\n  one\n  two\n\n  three\n    kept\n    lines\n\n  four\nb: c\n",
            "a: >-\n\n  one é\n  two\n\n\n  three\n",
            "a: >+\n  one\n  two\n\n\nb: c\n",
            "a: >\n  \tone\n  two\n \n  three",
            "a: >\r\n  one\r\n  two\r\n",
            "a: >2\n   one\n  two\n",
            "a: >\n  é\t{\"id\": \"{{path-params.id}}\"}\n\n",
            "{a: plain over\n  lines, b: c}\n",
            "? a\n: 'x'\n",
        ] {
            let source = Source::new("m", text);
            if text.contains("[x,") {
                assert_eq!(
                    locate(&source, &read(&source, Format::Yaml, &Limits::default()).documents[0], 3),
                    0
                );
                continue;
            }
            check(text, Format::Yaml);
        }
        check("{\"a\": \"x\\n\\u00e9\\ud83d\\ude00\\\"\\/ é𝄞  y\"}", Format::Json);
    }

    #[test]
    fn an_offset_inside_of_a_character_finds_the_character() {
        let source = Source::new("m", "a: >\n  é b\n");
        let read = read(&source, Format::Yaml, &Limits::default());
        let node = read.documents.first().and_then(|top| top.get("a")).expect("the key a");
        assert_eq!(locate(&source, node, 1), locate(&source, node, 0));
    }

    proptest::proptest! {
        /// Words and breaks in each style that can hold them.
        #[test]
        fn each_character_is_found_in_generated_texts(
            words in proptest::collection::vec("[a-zé{}:#'\"\\\\]{1,4}( {0,2})(\n{0,3}) {0,2}", 1..8),
            style in 0..4_usize
        ) {
            let text = words.concat();
            let indented = |text: &str| text.split('\n').map(|line| format!("   {line}\n")).collect::<String>();
            let (head, body) = match style {
                0 => ("a: '", format!("{}'", indented(text.trim()).trim().replace('\'', "''"))),
                1 => ("a: \"", format!("{}\"", indented(text.trim()).trim().replace('\\', "\\\\").replace('"', "\\\""))),
                2 => ("a: |\n", indented(text.trim_start())),
                _ => ("a: >\n", indented(text.trim_start())),
            };
            check(&format!("{head}{body}"), Format::Yaml);
        }
    }
}
