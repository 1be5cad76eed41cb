//! Syntax errors of YAML in our words, with the next step where the mistake is a known one.
//!
//! The scanner says where it noticed an error and what it missed; who made it thinks of what they wrote.

use super::super::builder::Builder;
use super::super::character_at;
use super::Reader;
use super::outline::Outline;
use crate::problem::{Code, Problem, excerpt};
use crate::source::{Source, Span};

/// What is wrong at byte `at`, from the scanner's word for it and what stands around it.
pub(super) fn problem(reader: &Reader<'_>, at: usize, info: &str) -> Problem {
    let around = Around { text: reader.text, source: reader.builder.source, at };
    if info.contains("recursion limit") {
        let span = character_at(around.text, at);
        return Problem::error(Code::TOO_DEEP, around.source, span, "brackets are nested too deeply");
    }
    if let Some(start) = template_start(reader.text, reader.end, at) {
        return bare_template(around.source, reader.text, start);
    }
    let of_tabs = info.contains("tab") || info.contains("valid YAML whitespace");
    if let (true, Some(at)) = (of_tabs, around.nearest_tab()) {
        return tab(around.source, at);
    }
    if info.contains("the handle wasn't declared") {
        let span = around.word_at(at);
        return Problem::error(
            Code::UNKNOWN_TAG,
            around.source,
            span,
            "a tag has a handle that is not declared",
        )
        .help("put quotes around a text that begins with `!`");
    }
    around.known(info).unwrap_or_else(|| {
        around.syntax(character_at(around.text, at), format!("this YAML cannot be understood: {info}"))
    })
}

/// True when nothing but the rest of its line stands between a template without quotes, which was reported,
/// and the error at `at`: the template is its reason.
pub(super) fn follows_bare_template(builder: &Builder<'_>, at: usize) -> bool {
    let Some(end) = builder.last_bare_template_end() else {
        return false;
    };
    match builder.source.text().get(end..at) {
        Some(between) => !between.trim_ascii_end().contains('\n'),
        None => false,
    }
}

/// A template that stands outside quotes, at its first brace.
pub(super) fn bare_template(source: &Source, text: &str, start: usize) -> Problem {
    let rest = text.get(start..).unwrap_or_default();
    let line = rest.find(['\n', '\r']).and_then(|end| rest.get(..end)).unwrap_or(rest);
    let close = if rest.starts_with("{%") { "%}" } else { "}}" };
    let length = line.find(close).map_or(2, |at| at + 2);
    Problem::error(
        Code::BARE_TEMPLATE,
        source,
        Span::new(start, start + length),
        "outside quotes, YAML reads a template's braces as a map",
    )
    .help(quoted(line, length))
}

/// The mend for a template outside quotes: the value as it is to be written, if it is short.
fn quoted(line: &str, length: usize) -> String {
    const LONGEST: usize = 40;
    let template = line.get(..length).unwrap_or_default();
    let rest = line.get(length..).unwrap_or_default().trim_end();
    // What follows may belong to a map or list in brackets.
    let plain = rest.replace("{{", "").replace("}}", "");
    let whole = if plain.contains([',', '}', ']', '#']) { template } else { line.trim_end() };
    if whole.contains(['\'', '"']) || whole.chars().nth(LONGEST).is_some() || !template.ends_with('}') {
        return "put quotes around the template and the text beside it".to_owned();
    }
    format!("put quotes around it: '{whole}'")
}

/// A tab that stands where indentation does.
pub(super) fn tab(source: &Source, at: usize) -> Problem {
    Problem::error(Code::TAB_INDENT, source, Span::new(at, at + 1), "a tab is used as indentation")
        .expected("spaces")
        .help("put spaces in its place: YAML does not indent with tabs")
}

/// A flow collection that would wait in memory as a whole, and is too large for that.
pub(super) fn flow_too_large(source: &Source, start: usize) -> Problem {
    let message = "a list or map in brackets holds too much";
    Problem::error(Code::TOO_LARGE, source, Span::new(start, start + 1), message)
        .help("write it in block style, an item a line, or the whole file as JSON")
}

/// The first template between `from` and `to` that begins where a value does, outside quotes and comments.
fn template_start(text: &str, from: usize, to: usize) -> Option<usize> {
    // Braces whose events came before the error are part of the template.
    let read = text.get(..from).unwrap_or_default();
    let mut outline = Outline::new(read.trim_end_matches('{').len());
    while let Some(mark) = outline.next(text, to.saturating_add(2)) {
        let next = text.as_bytes().get(mark.at + 1);
        if mark.begins && mark.byte == b'{' && matches!(next, Some(b'{' | b'%')) {
            return Some(mark.at);
        }
    }
    None
}

/// The text around an error.
struct Around<'a> {
    text: &'a str,
    source: &'a Source,
    at: usize,
}

impl<'a> Around<'a> {
    fn syntax(&self, span: Span, message: impl Into<String>) -> Problem {
        Problem::error(Code::SYNTAX, self.source, span, message)
    }

    /// The problem in our words, if the scanner's are known.
    fn known(&self, info: &str) -> Option<Problem> {
        let here = character_at(self.text, self.at);
        let has = |part: &str| info.contains(part);
        let problem = if has("mapping values are not allowed") {
            self.unexpected_colon()
        } else if has("unexpected end of stream") || has("unexpected document indicator") {
            let quote = self.rest().chars().next().unwrap_or('"');
            self.syntax(here, "a text in quotes does not end").help(format!("close it with `{quote}`"))
        } else if has("invalid indentation in quoted scalar") {
            self.syntax(here, "a text in quotes goes on with too little indentation")
                .help("indent its further lines more than its key, or close the quote on its line")
        } else if has("unknown escape") || has("hexadecimal number") || has("invalid Unicode") {
            self.bad_escape()
        } else if has("invalid trailing content") {
            self.text_behind_quote()
        } else if has("did not find expected key") {
            self.no_key_here()
        } else if has("did not find expected '-'") {
            self.syntax(self.line_begin(), "expected another item of the list, which begins with `-`")
                .help("begin it with `- `, or indent it as what it belongs to")
        } else if has("simple key expect") {
            self.key_without_colon()
        } else if has("expected ',' or ']'") {
            self.unclosed(']')
        } else if has("expected ',' or '}'") {
            self.unclosed('}')
        } else if has("illegal placement of ':'") {
            self.syntax(here, "a `:` stands in a list in brackets").help("is a closing `]` missing above?")
        } else if has("misplaced bracket") {
            let bracket = self.rest().chars().next().unwrap_or(']');
            self.syntax(here, format!("`{bracket}` closes nothing"))
                .help("put quotes around a text that begins with a bracket")
        } else if has("unexpected character") {
            let character = self.rest().chars().next().map(|it| it.to_string()).unwrap_or_default();
            self.syntax(here, format!("a text without quotes cannot begin with `{}`", excerpt(&character, 1)))
                .help("put quotes around the text")
        } else if has("block sequence entries are not allowed") {
            self.syntax(here, "a list cannot begin on the line of its key")
                .help("begin it on the next line, or write it in brackets: [a, b]")
        } else if has("unknown anchor") {
            let span = self.word_at(self.at);
            let alias = excerpt(self.text.get(self.at..span.end as usize).unwrap_or_default(), 40);
            self.syntax(span, format!("the alias `{alias}` names no anchor that stands before it"))
                .help("put the anchor (`&name`) before it; a text that begins with `*` needs quotes")
        } else if has("while scanning a block scalar, did not find") {
            self.syntax(here, "text stands on the line of `|` or `>`").help("begin the text on the next line")
        } else if has("comment intercepting") {
            self.syntax(here, "a comment stands inside a text without quotes")
                .help("put quotes around the text, or move the comment")
        } else if has("wrongly indented line in block scalar") {
            self.syntax(here, "the first line of a block text is indented less than a blank line above it")
                .help("remove the spaces from the blank line")
        } else if has("did not find expected node content") {
            self.syntax(here, "expected a value here")
        } else if has("did not find expected <document start>") {
            self.syntax(self.line_begin(), "the document has ended before this line")
                .help("separate documents with `---`; a directive (`%YAML`) needs one too")
        } else if has("after document end marker") {
            self.syntax(here, "text stands behind the end of a document")
                .help("write it on a line of its own, after `---`")
        } else if has("byte order mark") {
            self.syntax(here, "a byte order mark stands inside a document").help("remove it")
        } else if has("invalid indentation") {
            self.syntax(here, "this is indented less than what it belongs to").help("indent it further")
        } else {
            return None;
        };
        Some(problem)
    }

    fn unexpected_colon(&self) -> Problem {
        let line = self.line_start();
        let before = self.text.get(line..self.at).unwrap_or_default();
        let here = character_at(self.text, self.at);
        if before.len() > 1024 {
            return self
                .syntax(Span::new(line, line + 1), "a key is longer than 1,024 characters")
                .help("write it as `? key`, and `: value` on the next line");
        }
        if before.contains(": ") {
            return self
                .syntax(here, "a second `:` stands on the line of a key")
                .help("put quotes around a text that holds `: `");
        }
        let above = self.text.get(..line).unwrap_or_default().trim_end();
        let line_above = above.rsplit(['\n', '\r']).next().unwrap_or_default();
        let problem = self.syntax(here, "a key stands where the text above it goes on");
        if line_above.contains(": ") || line_above.ends_with(':') {
            problem.help("indent it as the key above it, whose value is on its own line")
        } else {
            let shown = excerpt(line_above.trim(), 40);
            problem.help(format!("is a `: ` missing in `{shown}`?"))
        }
    }

    fn no_key_here(&self) -> Problem {
        let begin = self.line_begin();
        if self.text.as_bytes().get(begin.start as usize) == Some(&b'-') {
            return self
                .syntax(begin, "a list item stands among the keys of a map")
                .help("all items of a list stand in one column; a list of a key stands below it");
        }
        self.syntax(begin, "this does not fit the indentation of the keys above it")
            .expected("the column of a key above")
            .help("give it as many spaces as the keys that it belongs to")
    }

    fn key_without_colon(&self) -> Problem {
        let above = self.text.get(..self.at).unwrap_or_default().trim_end_matches([' ', '\t', '\n', '\r']);
        let start = above.rfind(['\n', '\r']).map_or(0, |at| at + 1);
        let line = above.get(start..).unwrap_or_default();
        let indentation = line.len() - line.trim_start_matches([' ', '\t']).len();
        let key = excerpt(line.trim(), 40);
        self.syntax(Span::new(start + indentation, above.len()), "expected `:` behind a key")
            .help(format!("write `{key}:`, or indent the line if it belongs to the text above it"))
    }

    fn unclosed(&self, bracket: char) -> Problem {
        let here = character_at(self.text, self.at);
        if self.rest().trim_ascii().is_empty() {
            self.syntax(here, format!("a `{bracket}` is missing at the end"))
        } else {
            self.syntax(here, format!("expected `,` or `{bracket}`")).help(format!(
                "is a closing `{bracket}` missing above? A text that holds brackets or commas needs quotes"
            ))
        }
    }

    fn text_behind_quote(&self) -> Problem {
        let before = self.text.get(..self.at).unwrap_or_default().trim_end_matches([' ', '\t']);
        let problem = self.syntax(character_at(self.text, self.at), "text stands behind a closing quote");
        if before.ends_with('\'') {
            problem.help("write a quote inside of single quotes twice: 'it''s'")
        } else {
            problem.help("write a quote inside of double quotes as \\\"")
        }
    }

    /// The scanner names the opening quote; the escape is found by reading on from there.
    fn bad_escape(&self) -> Problem {
        let bytes = self.text.as_bytes();
        let mut at = self.at + 1;
        while let Some(&byte) = bytes.get(at) {
            if byte != b'\\' {
                at += 1;
                continue;
            }
            let digits = match bytes.get(at + 1) {
                Some(b'x') => 2,
                Some(b'u') => 4,
                Some(b'U') => 8,
                Some(known) if b"0abt\tnvfre \"/\\N_LP\n\r".contains(known) => 0,
                _ => break,
            };
            let code = self.text.get(at + 2..at + 2 + digits).unwrap_or_default();
            let is_character = u32::from_str_radix(code, 16).ok().and_then(char::from_u32).is_some();
            if digits > 0 && !(is_character && code.bytes().all(|byte| byte.is_ascii_hexdigit())) {
                let half = code.to_ascii_lowercase().starts_with('d') && digits == 4;
                let span = Span::new(at, (at + 2).min(self.text.len()));
                let problem = self.syntax(span, "an escape stands for no character");
                return match half {
                    true => problem
                        .help("YAML has no surrogate pairs: write the character, or \\U with eight digits"),
                    false => problem.help(format!("it needs {digits} hexadecimal digits")),
                };
            }
            at += 2 + digits;
        }
        let escape: String = self.text.get(at..).unwrap_or_default().chars().take(2).collect();
        let shown = excerpt(&escape, 2);
        self.syntax(
            Span::new(at, at + escape.len()),
            format!("`{shown}` is no escape of a text in double quotes"),
        )
        .help(format!("write `\\{shown}` for the backslash itself, or use single quotes"))
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// From `at` to the next white space.
    fn word_at(&self, at: usize) -> Span {
        let rest = self.text.get(at..).unwrap_or_default();
        Span::new(
            at,
            at + rest.find(|it: char| it.is_whitespace() || ",[]{}".contains(it)).unwrap_or(rest.len()),
        )
    }

    fn line_start(&self) -> usize {
        self.text.get(..self.at).and_then(|before| before.rfind(['\n', '\r'])).map_or(0, |at| at + 1)
    }

    /// The first character of the line that is no white space, when only white space or `-` stands before the
    /// error; else the error's own place.
    fn line_begin(&self) -> Span {
        let start = self.line_start();
        let before = self.text.get(start..self.at).unwrap_or_default();
        if before.trim_matches([' ', '\t', '-']).is_empty() {
            let indentation = before.len() - before.trim_start_matches([' ', '\t']).len();
            character_at(self.text, start + indentation)
        } else {
            character_at(self.text, self.at)
        }
    }

    /// The tab that an error speaks of: on its line before it, else the first behind it.
    fn nearest_tab(&self) -> Option<usize> {
        let start = self.line_start();
        let before = self.text.get(start..self.at).unwrap_or_default();
        let found = before.find('\t').map(|at| start + at);
        found.or_else(|| self.rest().find('\t').map(|at| self.at + at))
    }
}
