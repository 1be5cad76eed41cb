//! What stands inside braces: words, operands, paths and filters, with their bytes. Resolves no names.

use std::borrow::Cow;
use std::ops::Range;

use super::call::MOST_ARGUMENTS;

/// A piece of the text inside braces, and where it begins in the whole text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Part<'t> {
    pub(super) text: &'t str,
    pub(super) start: usize,
}

impl<'t> Part<'t> {
    /// The part of `text` in `range`.
    pub(super) fn of(text: &'t str, range: Range<usize>) -> Self {
        Self { text: &text[range.clone()], start: range.start }
    }

    /// Its bytes in the whole text.
    pub(super) fn range(&self) -> Range<usize> {
        self.start..self.start + self.text.len()
    }

    /// Without white space at the beginning.
    fn trim_start(&self) -> Self {
        self.after(self.text.len() - self.text.trim_start().len())
    }

    /// Without white space at both ends.
    pub(super) fn trim(&self) -> Self {
        let text = self.text.trim_start();
        Self { text: text.trim_end(), start: self.start + (self.text.len() - text.len()) }
    }

    /// Without its first `bytes`.
    pub(super) fn after(&self, bytes: usize) -> Self {
        Self { text: &self.text[bytes..], start: self.start + bytes }
    }

    /// The parts between `separator`s outside quotes.
    fn split(self, separator: u8) -> impl Iterator<Item = Part<'t>> {
        let mut rest = Some(self);
        std::iter::from_fn(move || {
            let part = rest?;
            let mut quoted = false;
            for (at, byte) in part.text.bytes().enumerate() {
                quoted ^= byte == b'"';
                if byte == separator && !quoted {
                    rest = Some(part.after(at + 1));
                    return Some(Part { text: &part.text[..at], start: part.start });
                }
            }
            rest = None;
            Some(part)
        })
    }

    /// Where its last quote stands, when their number is odd.
    pub(super) fn odd_quote(&self) -> Option<Range<usize>> {
        let odd = self.text.bytes().filter(|&byte| byte == b'"').count() % 2 == 1;
        let at = self.start + self.text.rfind('"').filter(|_| odd)?;
        Some(at..at + 1)
    }

    /// The text between the quotes, when it begins and ends with one.
    pub(super) fn unquoted(&self) -> Option<&'t str> {
        self.text.strip_prefix('"')?.strip_suffix('"')
    }
}

/// `operand|filter:argument…`
#[derive(Debug, PartialEq)]
pub(super) struct Expression<'t> {
    pub(super) operand: Part<'t>,
    pub(super) filters: Vec<Call<'t>>,
}

/// `name:argument:…`
#[derive(Debug, PartialEq)]
pub(super) struct Call<'t> {
    pub(super) name: Part<'t>,
    pub(super) arguments: Vec<Part<'t>>,
}

/// The most filters in one expression.
pub(super) const MOST_FILTERS: usize = 64;
/// The most keys in one path: what the deepest JSON needs.
pub(super) const MOST_KEYS: usize = 128;

/// Splits `part` at `|` and `:` outside quotes; `Err` holds the bytes where there are too many filters or
/// arguments.
pub(super) fn parse<'t>(part: Part<'t>) -> Result<Expression<'t>, Range<usize>> {
    let mut pipes = part.split(b'|');
    let operand = pipes.next().unwrap_or(part).trim();
    let mut filters = Vec::new();
    for call in pipes {
        if filters.len() == MOST_FILTERS {
            return Err(call.start..part.range().end);
        }
        filters.push(self::call(call)?);
    }
    Ok(Expression { operand, filters })
}

/// Splits `part` at `:` outside quotes; `Err` holds its bytes when there are too many arguments.
pub(super) fn call<'t>(part: Part<'t>) -> Result<Call<'t>, Range<usize>> {
    let mut colons = part.split(b':');
    let before = colons.next().unwrap_or(part);
    // White space between a name and its colon belongs to the name, and makes it unknown, as in the original.
    let name = match before.text.len() == part.text.len() {
        true => before.trim(),
        false => before.trim_start(),
    };
    let arguments: Vec<_> = colons
        .map(|argument| argument.trim())
        .filter(|argument| !argument.text.is_empty())
        .take(MOST_ARGUMENTS + 1)
        .collect();
    if arguments.len() > MOST_ARGUMENTS {
        return Err(part.range());
    }
    Ok(Call { name, arguments })
}

/// The words of a tag: split at white space outside quotes, but not around `|` nor after `:`.
pub(super) fn words(part: Part<'_>) -> Vec<Part<'_>> {
    let mut words: Vec<Part<'_>> = Vec::new();
    let bytes = part.text.as_bytes();
    let mut begun: Option<usize> = None;
    let mut end = 0;
    let mut quoted = false;
    let mut joins = false;
    for (at, character) in part.text.char_indices() {
        if character.is_whitespace() && !quoted {
            continue;
        }
        if at > end
            && !joins
            && character != '|'
            && let Some(start) = begun.replace(at)
        {
            words.push(Part { text: &part.text[start..end], start: part.start + start });
        }
        begun.get_or_insert(at);
        quoted ^= character == '"';
        end = at + character.len_utf8();
        joins = !quoted && matches!(bytes.get(at), Some(b'|' | b':'));
    }
    if let Some(start) = begun {
        words.push(Part { text: &part.text[start..end], start: part.start + start });
    }
    words
}

/// The keys of a dotted path, from the left. An empty key means that the path is not well formed.
pub(super) fn keys(path: &str) -> Vec<Cow<'_, str>> {
    let mut keys = Vec::new();
    for segment in segments(path) {
        let mut name_end = segment.len();
        let mut indexes = Vec::new();
        while let Some(open) = segment[..name_end].rfind('[')
            && let Some(digits) = segment[open + 1..name_end].strip_suffix(']')
            && is_digits(digits)
        {
            indexes.push(digits.to_owned());
            name_end = open;
        }
        if name_end > 0 || indexes.is_empty() {
            keys.push(match &segment {
                Cow::Borrowed(whole) => Cow::Borrowed(&whole[..name_end]),
                Cow::Owned(whole) => Cow::Owned(whole[..name_end].to_owned()),
            });
        }
        keys.extend(indexes.into_iter().rev().map(Cow::Owned));
        if keys.len() > MOST_KEYS {
            break;
        }
    }
    keys
}

/// True for one or more ASCII digits.
pub(super) fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Splits at single dots; two dots are one dot of the key.
fn segments(path: &str) -> impl Iterator<Item = Cow<'_, str>> {
    let mut rest = Some(path);
    std::iter::from_fn(move || {
        let text = rest?;
        let mut key = Cow::Borrowed("");
        let mut from = 0;
        loop {
            let Some(dot) = text[from..].find('.').map(|found| from + found) else {
                rest = None;
                key += &text[from..];
                return Some(key);
            };
            key += &text[from..dot];
            if !text[dot + 1..].starts_with('.') {
                rest = Some(&text[dot + 1..]);
                return Some(key);
            }
            key += ".";
            from = dot + 2;
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(text: &str) -> Part<'_> {
        Part { text, start: 0 }
    }

    #[test]
    fn paths_split_at_dots_and_indexes() {
        let cases: [(&str, &[&str]); 9] = [
            ("a.b.0.c", &["a", "b", "0", "c"]),
            ("a.b[0].c", &["a", "b", "0", "c"]),
            ("a[1][22]", &["a", "1", "22"]),
            ("a[]", &["a[]"]),
            ("a[x]", &["a[x]"]),
            ("foo..bar.x", &["foo.bar", "x"]),
            ("a.", &["a", ""]),
            (".a", &["", "a"]),
            ("a..b[3]", &["a.b", "3"]),
        ];
        for (path, expected) in cases {
            assert_eq!(keys(path), expected, "{path}");
        }
    }

    #[test]
    fn filters_split_outside_quotes() {
        let expression = parse(whole("a | default:\"x|y:z\" | pluralize::ies")).expect("few filters");
        assert_eq!(expression.operand.text, "a");
        let calls: Vec<(&str, Vec<&str>)> = expression
            .filters
            .iter()
            .map(|call| (call.name.text, call.arguments.iter().map(|argument| argument.text).collect()))
            .collect();
        assert_eq!(calls, [("default", vec!["\"x|y:z\""]), ("pluralize", vec!["ies"])]);
    }

    #[test]
    fn words_split_at_white_space_but_not_around_filters() {
        let cases: [(&str, &[&str]); 5] = [
            ("if a = \"b c\"", &["if", "a", "=", "\"b c\""]),
            ("x in v | sort |join: \"a b\" y", &["x", "in", "v | sort |join: \"a b\"", "y"]),
            ("a = :x", &["a", "=", ":x"]),
            ("  ", &[]),
            ("\tä\nö ", &["ä", "ö"]),
        ];
        for (text, expected) in cases {
            let found: Vec<&str> = words(whole(text)).iter().map(|word| word.text).collect();
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn a_million_filters_are_refused() {
        assert!(parse(whole(&"|upper".repeat(1 << 17))).is_err());
        assert!(parse(whole(&format!("a|add{}", ":1".repeat(1 << 17)))).is_err());
    }
}
