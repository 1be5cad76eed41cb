//! The exact bytes of a scalar, where the scanner's span is wider or narrower, and the white space before it.
//!
//! Each function looks only at bytes that belong to the node or stand just before it, so all calls for one
//! file together are linear in its size.

use saphyr_parser::ScalarStyle;

use super::super::builder::{Body, Frame, Key};
use super::{Properties, Reader};
use crate::source::Span;

impl Reader<'_> {
    /// The bytes of a scalar itself, from the scanner's `start` and `end`.
    pub(super) fn scalar_span(
        &self,
        value: &str,
        style: ScalarStyle,
        properties: &Properties<'_>,
        start: usize,
        end: usize,
    ) -> Span {
        let text = self.text;
        let after_properties = if properties.is_empty() { start } else { skip_properties(text, start) };
        match style {
            ScalarStyle::Plain if value.is_empty() => {
                Span::at(if properties.is_empty() { self.empty_place(start) } else { end })
            }
            ScalarStyle::Plain => Span::new(after_properties, end),
            ScalarStyle::SingleQuoted => {
                Span::new(after_properties, single_quoted_end(text, after_properties))
            }
            ScalarStyle::DoubleQuoted => {
                Span::new(after_properties, double_quoted_end(text, after_properties))
            }
            ScalarStyle::Literal | ScalarStyle::Folded => {
                let indicator = if style == ScalarStyle::Literal { b'|' } else { b'>' };
                let begin = if properties.is_empty() {
                    block_header(text, self.end.min(start), start, indicator)
                } else {
                    after_properties
                };
                let body = text.get(begin..end).unwrap_or_default();
                Span::new(begin, begin + body.trim_end_matches([' ', '\t', '\n', '\r']).len())
            }
        }
    }

    /// Where a value that is not there would stand: behind the colon of its key.
    fn empty_place(&self, scanned: usize) -> usize {
        if !matches!(
            self.builder.open.last(),
            Some(Frame { body: Body::Map { key: Key::Named(..), .. }, .. })
        ) {
            return scanned;
        }
        let rest = self.text.get(self.end..).unwrap_or_default();
        let gap = rest.len() - rest.trim_start_matches([' ', '\t', '\n', '\r']).len();
        match rest.as_bytes().get(gap) {
            Some(b':') => self.end + gap + 1,
            _ => self.end,
        }
    }
}

/// Behind the anchor and the tag that stand at `at`, and the white space and comments after them.
pub(super) fn skip_properties(text: &str, mut at: usize) -> usize {
    let bytes = text.as_bytes();
    loop {
        match bytes.get(at) {
            Some(b' ' | b'\t' | b'\n' | b'\r') => at += 1,
            Some(b'#') => at += length_until(bytes, at, |byte| byte == b'\n' || byte == b'\r'),
            Some(b'&' | b'!') => at = property_end(text, at),
            _ => return at.min(text.len()),
        }
    }
}

/// Behind the one anchor or tag that begins at `at`.
pub(super) fn property_end(text: &str, at: usize) -> usize {
    let bytes = text.as_bytes();
    let length = match bytes.get(at..) {
        // A tag in angle brackets may hold anything but its own end.
        Some([b'!', b'<', ..]) => {
            length_until(bytes, at, |byte| byte == b'>' || byte.is_ascii_whitespace()) + 1
        }
        _ => length_until(bytes, at + 1, |byte| byte.is_ascii_whitespace() || b",[]{}".contains(&byte)) + 1,
    };
    (at + length).min(text.len())
}

/// The tag among the properties that begin at `at`.
pub(super) fn tag(text: &str, at: usize) -> Span {
    let bytes = text.as_bytes();
    let start = match bytes.get(at) {
        Some(b'&') => {
            let anchor_end = at + length_until(bytes, at, |byte| byte.is_ascii_whitespace());
            anchor_end + length_until(bytes, anchor_end, |byte| byte == b'!')
        }
        _ => at,
    };
    Span::new(start, property_end(text, start))
}

fn length_until(bytes: &[u8], at: usize, stop: impl Fn(u8) -> bool) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    rest.iter().position(|&byte| stop(byte)).unwrap_or(rest.len())
}

pub(super) fn single_quoted_end(text: &str, start: usize) -> usize {
    let bytes = text.as_bytes();
    let mut at = start + 1;
    while let Some(&byte) = bytes.get(at) {
        match (byte, bytes.get(at + 1)) {
            (b'\'', Some(b'\'')) => at += 2,
            (b'\'', _) => return at + 1,
            _ => at += 1,
        }
    }
    text.len()
}

pub(super) fn double_quoted_end(text: &str, start: usize) -> usize {
    let bytes = text.as_bytes();
    let mut at = start + 1;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    text.len()
}

/// The `|` or `>` of the block scalar whose content begins at `content`; it stands behind `after`, on the
/// nearest line above that is not blank.
fn block_header(text: &str, after: usize, content: usize, indicator: u8) -> usize {
    let before = text.get(after..content).unwrap_or_default();
    // The last line that holds anything; the content's own indentation and blank lines are skipped.
    let header_end = before.trim_end_matches([' ', '\t', '\n', '\r']).len();
    let header = before.get(..header_end).unwrap_or_default();
    let line_start = header.rfind(['\n', '\r']).map_or(0, |at| at + 1);
    let line = header.get(line_start..).unwrap_or_default();
    let found = line.bytes().enumerate().find(|&(at, byte)| {
        byte == indicator && is_header_rest(line.as_bytes().get(at + 1..).unwrap_or_default())
    });
    match found {
        Some((at, _)) => after + line_start + at,
        // An empty scalar at the end of the text: the scanner's place is the indicator itself.
        None => content,
    }
}

/// `[-+1-9]{0,2}`, then nothing or a comment.
fn is_header_rest(rest: &[u8]) -> bool {
    let indicators = rest.iter().take(2).take_while(|byte| b"+-123456789".contains(byte)).count();
    let rest = rest.get(indicators..).unwrap_or_default();
    match rest.trim_ascii_start() {
        [] => true,
        [b'#', ..] => matches!(rest.first(), Some(b' ' | b'\t')),
        _ => false,
    }
}

/// The first tab in the white space before `start`, when nothing else stands before it on its line, and how
/// many spaces stand before the tab.
pub(super) fn leading_tab(text: &str, start: usize) -> Option<(usize, usize)> {
    let before = text.as_bytes().get(..start)?;
    let blank = before.iter().rev().take_while(|&&byte| byte == b' ' || byte == b'\t').count();
    let line_start = start - blank;
    if line_start > 0 && !matches!(before.get(line_start - 1), Some(b'\n' | b'\r')) {
        return None;
    }
    let spaces = before.get(line_start..)?.iter().position(|&byte| byte == b'\t')?;
    Some((line_start + spaces, spaces))
}

/// How many bytes stand before `start` on its line, as long as they are white space or indicators; what
/// stands further left does not matter for indentation, so no more than 1,024 are looked at.
pub(super) fn column(text: &str, start: usize) -> usize {
    let before = text.as_bytes().get(..start).unwrap_or_default();
    before.iter().rev().take(1024).take_while(|&&byte| byte != b'\n' && byte != b'\r').count()
}
