//! Walks over the structure of YAML text without reading it: indicators outside of quotes and comments.
//!
//! It serves guesses (what waits in the scanner, where a template begins), so it needs to be right in flow
//! collections and on the line of a key; it does not know block scalars.

use super::span;

/// Where the walk stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outline {
    pub(super) at: usize,
    /// A value can begin here, so a quote opens a text.
    begins: bool,
    /// The last node was quoted or closed by a bracket, so a `:` needs no space after it.
    closed: bool,
}

/// An indicator.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Mark {
    pub(super) at: usize,
    pub(super) byte: u8,
    /// It stands where a value can begin.
    pub(super) begins: bool,
}

impl Outline {
    /// A walk that begins at `at`, where a value can begin.
    pub(super) fn new(at: usize) -> Self {
        Self { at, begins: true, closed: false }
    }

    /// The next indicator before `end`; none when there is none yet, or a quoted text is not closed before
    /// `end`. With a larger `end` the walk goes on.
    pub(super) fn next(&mut self, text: &str, end: usize) -> Option<Mark> {
        let bytes = text.as_bytes();
        while self.at < end {
            let &byte = bytes.get(self.at)?;
            let spaced = bytes.get(self.at + 1).is_none_or(u8::is_ascii_whitespace);
            let mark = Mark { at: self.at, byte, begins: self.begins };
            match byte {
                b' ' | b'\t' | b'\n' | b'\r' => self.at += 1,
                b'#' if self.at == 0 || bytes.get(self.at - 1).is_some_and(u8::is_ascii_whitespace) => {
                    let line = bytes.get(self.at..).unwrap_or_default();
                    self.at += line.iter().position(|&byte| byte == b'\n').unwrap_or(line.len());
                }
                b'\'' | b'"' if self.begins => {
                    let close = match byte {
                        b'"' => span::double_quoted_end(text, self.at),
                        _ => span::single_quoted_end(text, self.at),
                    };
                    if close > end {
                        return None;
                    }
                    (self.at, self.begins, self.closed) = (close, false, true);
                    return Some(mark);
                }
                b'&' | b'!' if self.begins => {
                    self.at = span::property_end(text, self.at);
                    return Some(mark);
                }
                b'[' | b'{' | b',' => {
                    (self.at, self.begins, self.closed) = (self.at + 1, true, false);
                    return Some(mark);
                }
                b']' | b'}' => {
                    (self.at, self.begins, self.closed) = (self.at + 1, false, true);
                    return Some(mark);
                }
                b':' if spaced
                    || self.closed
                    || bytes.get(self.at + 1).is_some_and(|it| b",[]{}".contains(it)) =>
                {
                    (self.at, self.begins, self.closed) = (self.at + 1, true, false);
                    return Some(mark);
                }
                b'-' | b'?' if spaced && self.begins => {
                    self.at += 1;
                    return Some(mark);
                }
                b'*' if self.begins => {
                    (self.at, self.begins, self.closed) = (self.at + 1, false, false);
                    return Some(mark);
                }
                _ => (self.at, self.begins, self.closed) = (self.at + 1, false, false),
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks(text: &str) -> String {
        let mut outline = Outline::new(0);
        std::iter::from_fn(|| outline.next(text, text.len())).map(|mark| char::from(mark.byte)).collect()
    }

    #[test]
    fn only_structure_is_seen() {
        for (text, found) in [
            ("[a, 'b, c', \"d]\\\"\", e]", "[,',\",]"),
            ("[it's, a-'b, a:'b, {\"k\":'v,'}]", "[,,,{\":'}]"),
            ("[a # ,'\n, b]", "[,]"),
            ("[&a 'x,', !<t,t> 'y,', *a, - ? b]", "[&',!',*,-?]"),
            ("a: {{x}}", ":{{}}"),
        ] {
            assert_eq!(marks(text), found, "{text}");
        }
    }

    #[test]
    fn an_open_quote_waits_for_its_end() {
        let text = "[a, 'bc', d]";
        let mut outline = Outline::new(0);
        while outline.next(text, 6).is_some() {}
        assert_eq!(outline.at, 4);
        assert_eq!(outline.next(text, text.len()).map(|mark| mark.at), Some(4));
    }
}
