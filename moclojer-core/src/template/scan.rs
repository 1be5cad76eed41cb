//! Splits a text into literal text, `{{…}}`, `{% … %}` and comments. Knows no names and no grammar inside
//! the braces. Linear: every fault moves on, and the caller stops after a bounded number of them.

use std::ops::Range;

/// A part of a template's text, in bytes.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// Literal text.
    Text(Range<usize>),
    /// `{{ inner }}`
    Expression(Markup),
    /// `{% inner %}`
    Tag(Markup),
    /// `{# … #}`
    Comment,
}

/// The bytes of a pair of braces, and of what stands between them.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Markup {
    pub(super) whole: Range<usize>,
    pub(super) inner: Range<usize>,
}

/// Braces that are not closed.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Unclosed {
    /// The opening braces; with the `}` of `{{}`.
    pub(super) range: Range<usize>,
    /// What would close them.
    pub(super) closing: &'static str,
    /// True when the rest of the text was passed over.
    pub(super) to_the_end: bool,
}

/// Reads tokens from the left.
pub(super) struct Scanner<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Scanner<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    /// The text up to the next `{% end %}`, which is passed over; the rest when there is none.
    pub(super) fn raw_until(&mut self, end: &str) -> Range<usize> {
        let start = self.at;
        let mut from = start;
        while let Some(found) = self.text[from..].find("{%") {
            let open = from + found;
            from = open + 2;
            let name = self.text[from..].trim_start();
            if let Some(close) = name.strip_prefix(end).map(str::trim_start)
                && let Some(rest) = close.strip_prefix("%}")
            {
                self.at = self.text.len() - rest.len();
                return start..open;
            }
        }
        self.at = self.text.len();
        start..self.at
    }

    fn markup(
        &mut self,
        open: usize,
        opening: &'static str,
        closing: &'static str,
    ) -> Result<Markup, Unclosed> {
        let start = open + 2;
        if closing == "}}" && self.text[start..].starts_with('}') && !self.text[start..].starts_with("}}") {
            self.at = start + 1;
            return Err(Unclosed { range: open..start + 1, closing, to_the_end: false });
        }
        let Some(end) = self.text[start..].find(closing).map(|found| start + found) else {
            self.at = self.text.len();
            return Err(Unclosed { range: open..start, closing, to_the_end: true });
        };
        if let Some(again) = reopened(&self.text[start..end], opening) {
            self.at = start + again;
            return Err(Unclosed { range: open..start, closing, to_the_end: false });
        }
        self.at = end + 2;
        Ok(Markup { whole: open..end + 2, inner: start..end })
    }
}

impl Iterator for Scanner<'_> {
    type Item = Result<Token, Unclosed>;

    fn next(&mut self) -> Option<Self::Item> {
        let start = self.at;
        if start >= self.text.len() {
            return None;
        }
        let mut from = start;
        loop {
            let Some(open) = self.text[from..].find('{').map(|found| from + found) else {
                self.at = self.text.len();
                return Some(Ok(Token::Text(start..self.at)));
            };
            let kind = self.text.as_bytes().get(open + 1).copied();
            if !matches!(kind, Some(b'{' | b'%' | b'#')) {
                from = open + 1;
                continue;
            }
            if open > start {
                self.at = open;
                return Some(Ok(Token::Text(start..open)));
            }
            return Some(match kind {
                Some(b'{') => self.markup(open, "{{", "}}").map(Token::Expression),
                Some(b'%') => self.markup(open, "{%", "%}").map(Token::Tag),
                _ => match self.text[open + 2..].find("#}") {
                    Some(end) => {
                        self.at = open + 2 + end + 2;
                        Ok(Token::Comment)
                    }
                    None => {
                        self.at = self.text.len();
                        Err(Unclosed { range: open..open + 2, closing: "#}", to_the_end: true })
                    }
                },
            });
        }
    }
}

/// Where `inner` opens braces again outside closed quotes: the first pair was never closed.
fn reopened(inner: &str, opening: &str) -> Option<usize> {
    let first = inner.find(opening)?;
    if inner.bytes().filter(|&byte| byte == b'"').count() % 2 == 1 {
        return Some(first);
    }
    let mut quoted = false;
    let mut before = 0;
    for (at, _) in inner.match_indices(opening) {
        quoted ^= inner[before..at].bytes().filter(|&byte| byte == b'"').count() % 2 == 1;
        before = at;
        if !quoted {
            return Some(at);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Vec<String> {
        Scanner::new(text)
            .map(|token| match token {
                Ok(Token::Text(range)) => format!("t:{}", &text[range]),
                Ok(Token::Expression(markup)) => format!("e:{}", &text[markup.inner]),
                Ok(Token::Tag(markup)) => format!("g:{}", &text[markup.inner]),
                Ok(Token::Comment) => "c".to_owned(),
                Err(unclosed) => format!("!{}", &text[unclosed.range]),
            })
            .collect()
    }

    #[test]
    fn braces_are_told_from_text() {
        let cases: [(&str, &[&str]); 11] = [
            ("{ a } } }} %} #} {", &["t:{ a } } }} %} #} {"]),
            ("{{a}}b", &["e:a", "t:b"]),
            ("{{{ a }}}", &["e:{ a ", "t:}"]),
            ("x{%if a%}{#y#}", &["t:x", "g:if a", "c"]),
            ("{{}}", &["e:"]),
            ("{{}\n\"{{a}}\"", &["!{{}", "t:\n\"", "e:a", "t:\""]),
            ("{{ a {{b}}", &["!{{", "e:b"]),
            ("{{a|default:\"{{\"}}", &["e:a|default:\"{{\""]),
            ("{{a|default:\"x {{b}}", &["!{{", "e:b"]),
            ("{% if {% else %}", &["!{%", "g: else "]),
            ("a{# b", &["t:a", "!{#"]),
        ];
        for (text, tokens) in cases {
            assert_eq!(shown(text), tokens, "{text}");
        }
    }

    #[test]
    fn raw_text_ends_at_its_tag_alone() {
        let mut scanner = Scanner::new("{{ {% x %} {% endx y %}{%  endx %}z");
        assert_eq!(scanner.raw_until("endx"), 0..23);
        assert_eq!(scanner.next(), Some(Ok(Token::Text(34..35))));
    }
}
