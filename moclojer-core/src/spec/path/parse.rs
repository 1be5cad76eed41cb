//! Reads a path pattern, from the left, and goes on after a problem so that all are found at once.
//!
//! Segments cannot be cut at `/` first: the slashes around a regular expression are not theirs.

use std::collections::HashMap;
use std::ops::Range;

use super::escape::{EscapeError, decode, escaped_byte};
use super::{Capture, MAX_BYTES, MAX_SEGMENTS, ParamType, Parsed, Part, PathPattern, PathProblem, Segment};
use crate::problem::Code;

/// More problems than this say nothing new about one path.
const MAX_PROBLEMS: usize = 32;

pub(super) fn parse(text: &str) -> Result<Parsed, Vec<PathProblem>> {
    if text.len() > MAX_BYTES {
        let message = format!("the path has {} bytes; {MAX_BYTES} are allowed", text.len());
        return Err(vec![PathProblem::new(Code::PATH_SYNTAX, 0..text.len(), message)]);
    }
    if !text.starts_with('/') {
        let problem = PathProblem::new(Code::PATH_SYNTAX, 0..text.len(), "the path does not begin with `/`");
        return Err(vec![if text.contains("://") {
            problem.help("a path begins after the host; the host stands under the key `host`")
        } else {
            problem.help(format!("write `/{text}`"))
        }]);
    }
    let mut parser =
        Parser { text, at: 0, captures: Vec::new(), names: HashMap::new(), problems: Vec::new() };
    let segments = parser.segments();
    let end = parser.at;
    let query = if parser.take('?') { parser.query() } else { Vec::new() };
    if parser.problems.is_empty() {
        let pattern = PathPattern { segments: segments.into(), captures: parser.captures.into() };
        Ok(Parsed { pattern, text: text[..end].into(), query })
    } else {
        Err(parser.problems)
    }
}

struct Parser<'t> {
    text: &'t str,
    /// Where the next character stands; always at a character's first byte.
    at: usize,
    captures: Vec<Capture>,
    names: HashMap<&'t str, Range<usize>>,
    problems: Vec<PathProblem>,
}

/// The segment that is being read.
#[derive(Default)]
struct Draft {
    parts: Vec<Part>,
    /// Literal text since the last capture, decoded.
    run: Vec<u8>,
    run_start: usize,
    rest: Option<(Option<usize>, Range<usize>)>,
    /// A problem was found: what is missing now is not another one.
    broken: bool,
}

impl<'t> Parser<'t> {
    fn segments(&mut self) -> Vec<Segment> {
        let slashes = self.text.bytes().filter(|&byte| byte == b'/').count();
        let mut segments = Vec::with_capacity(slashes.min(MAX_SEGMENTS));
        let mut rest: Option<Range<usize>> = None;
        while self.take('/') {
            if let Some(range) = rest.take() {
                let problem = PathProblem::new(Code::PATH_SYNTAX, range, "a rest is not the last segment");
                self.report(problem.help("a rest takes all segments that follow; capture one with `:name`"));
            }
            if segments.len() == MAX_SEGMENTS {
                let message = format!("the path has more than {MAX_SEGMENTS} segments");
                self.report(PathProblem::new(Code::PATH_SYNTAX, self.at..self.text.len(), message));
                self.at = self.text.len();
                break;
            }
            if let Some(text) = self.plain_segment() {
                segments.push(Segment::Literal(text.into()));
                continue;
            }
            let draft = self.segment();
            rest = draft.rest.as_ref().map(|(_, range)| range.clone());
            segments.push(finished(draft));
        }
        segments
    }

    /// The whole segment if it is text that says nothing but itself, as most do.
    fn plain_segment(&mut self) -> Option<&'t str> {
        let rest = &self.text[self.at..];
        let text = &rest[..rest.find(['/', '?']).unwrap_or(rest.len())];
        if text.contains(['\\', '%', '{', '}', ':', '*']) {
            return None;
        }
        self.at += text.len();
        Some(text)
    }

    /// Up to the `/`, the `?` or the end that follows the segment.
    fn segment(&mut self) -> Draft {
        let mut draft = Draft { run_start: self.at, ..Draft::default() };
        let first = self.at;
        while let Some(next) = self.peek() {
            match next {
                '/' | '?' => break,
                '\\' if self.ahead(r"\:") => {
                    self.at += 2;
                    draft.run.push(b':');
                }
                '%' => self.escape(&mut draft),
                '{' if self.ahead("{{") => {
                    self.template();
                    draft.broken = true;
                }
                ':' | '{' => self.capture(&mut draft),
                '*' if self.at == first => self.rest(&mut draft),
                '*' => {
                    let range = self.at..self.at + 1;
                    self.at += 1;
                    self.segment_problem(
                        &mut draft,
                        range,
                        "a rest takes whole segments",
                        r"write a literal `*` as `%2A`",
                    );
                }
                '}' => {
                    let range = self.at..self.at + 1;
                    self.at += 1;
                    self.segment_problem(
                        &mut draft,
                        range,
                        "a `}` has no `{` before it",
                        "write a literal `}` as `%7D`",
                    );
                }
                _ => {
                    self.at += next.len_utf8();
                    draft.run.extend_from_slice(next.encode_utf8(&mut [0; 4]).as_bytes());
                }
            }
        }
        self.end_run(&mut draft);
        draft
    }

    /// One escaped byte of literal text.
    fn escape(&mut self, draft: &mut Draft) {
        match escaped_byte(self.text.as_bytes(), self.at) {
            Some(byte) => {
                draft.run.push(byte);
                self.at += 3;
            }
            None => {
                let range = self.at..self.at + 1;
                self.at += 1;
                let message = "a `%` is not followed by two hexadecimal digits";
                self.segment_problem(draft, range, message, "write a literal `%` as `%25`");
            }
        }
    }

    /// `:name`, `:name|type`, `{name}`, `{name|type}`.
    fn capture(&mut self, draft: &mut Draft) {
        let start = self.at;
        let braces = self.take('{');
        if !braces {
            self.at += 1;
        }
        let after_text = !draft.run.is_empty();
        self.end_run(draft);
        let name = self.name(braces);
        let name_range = self.at - name.len()..self.at;
        if name.is_empty() {
            self.nameless(draft, start, braces);
            return;
        }
        let kind = if self.take('|') { self.kind(draft, start, braces) } else { Some(ParamType::String) };
        if braces && !self.take('}') {
            self.skip_to_brace();
            let message = "a `{` is not closed after the capture's name and type";
            self.segment_problem(draft, start..self.at, message, "write `{name}` or `{name|type}`");
        }
        if !after_text && matches!(draft.parts.last(), Some(Part::Capture(_))) {
            let message = "two captures touch: nothing says where the first one ends";
            self.segment_problem(draft, start..self.at, message, "put text between them, as in `:from-:to`");
        }
        let capture = self.declare(name, kind.unwrap_or(ParamType::String), name_range);
        draft.parts.push(Part::Capture(capture));
        draft.run_start = self.at;
    }

    /// Letters, digits, `_` and `-`; a `-` just before another capture is literal text.
    fn name(&mut self, braces: bool) -> &'t str {
        let start = self.at;
        let name = self.take_while(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '-'));
        if !braces
            && matches!(self.peek(), Some(':' | '{'))
            && let Some(shorter) = name.strip_suffix('-')
        {
            self.at = start + shorter.len();
            return shorter;
        }
        name
    }

    fn nameless(&mut self, draft: &mut Draft, start: usize, braces: bool) {
        let help = match (braces, self.peek()) {
            (true, Some('*')) => "write a rest as `*name`",
            (true, _) => "write `{name}`, or a literal `{` as `%7B`",
            (false, _) => r"write `:name`, or a literal `:` as `\:`",
        };
        if braces {
            self.skip_to_brace();
        }
        self.segment_problem(draft, start..self.at, "a capture has no name", help);
        draft.run_start = self.at;
    }

    /// The type after a capture's `|`; none after a problem.
    fn kind(&mut self, draft: &mut Draft, start: usize, braces: bool) -> Option<ParamType> {
        let kind_start = self.at;
        if !self.take('/') {
            return self.named_kind(draft);
        }
        let kind = self.regex_kind(kind_start);
        draft.broken |= kind.is_none();
        let ahead = self.text[self.at..].strip_prefix(if braces { "}" } else { "" });
        let whole = draft.parts.is_empty()
            && self.text[..start].ends_with('/')
            && ahead.is_none_or(|after| after.is_empty() || after.starts_with(['/', '?']));
        if !whole {
            let message = "a regular expression takes the whole segment";
            let help = "put what stands before and after into the expression";
            self.segment_problem(draft, kind_start..self.at, message, help);
        }
        kind
    }

    /// A type's name, which begins here.
    fn named_kind(&mut self, draft: &mut Draft) -> Option<ParamType> {
        let start = self.at;
        let name = self.take_while(|letter| letter.is_alphanumeric() || letter == '_');
        ParamType::declared(name)
            .map_err(|problem| {
                draft.broken = true;
                self.report(moved(problem, start));
            })
            .ok()
    }

    /// The rest of a regular expression whose first slash, at `start`, is taken; its closing slash too.
    fn regex_kind(&mut self, start: usize) -> Option<ParamType> {
        let body_start = self.at;
        let Some(length) = self.text[body_start..].find('/') else {
            self.at = self.text.len();
            let message = "a regular expression is not closed";
            let problem = PathProblem::new(Code::BAD_REGEX, start..self.at, message);
            self.report(problem.help("put a `/` after it; inside, write a slash as `\\x2F`"));
            return None;
        };
        self.at = body_start + length + 1;
        ParamType::regex(&self.text[body_start..body_start + length])
            .map_err(|problem| self.report(moved(problem, body_start)))
            .ok()
    }

    /// `*name`, `*` or `**`, which begins here.
    fn rest(&mut self, draft: &mut Draft) {
        let start = self.at;
        self.at += 1;
        let name_start = self.at;
        let name = if self.take('*') { "" } else { self.name(false) };
        let range = start..self.at;
        let index = (!name.is_empty()).then(|| self.declare(name, ParamType::String, name_start..range.end));
        draft.rest = Some((index, range));
        if !matches!(self.peek(), None | Some('/' | '?')) {
            let extra = self.at;
            self.skip_segment();
            let message = "a rest is a whole segment and has no type";
            self.segment_problem(draft, extra..self.at, message, "write `*name`, `*` or `**`");
        }
    }

    /// A template, which begins here; taken whole, whatever it holds.
    fn template(&mut self) {
        let start = self.at;
        match self.text[start..].find("}}") {
            Some(length) => self.at = start + length + 2,
            None => self.skip_segment(),
        }
        let problem =
            PathProblem::new(Code::PATH_SYNTAX, start..self.at, "a template does not work in a path");
        self.report(
            problem.help("capture the segment with `:name`, and use `{{path-params.name}}` in the response"),
        );
    }

    /// `name|type&other`, to the end.
    fn query(&mut self) -> Vec<(Box<str>, ParamType, Range<usize>)> {
        let mut query = Vec::new();
        let mut seen: HashMap<Box<str>, ()> = HashMap::new();
        while self.at < self.text.len() {
            if self.ahead("{{") {
                self.template();
                self.take_while(|letter| letter != '&');
            } else if let Some((name, kind, range)) = self.parameter() {
                if seen.insert(name.clone(), ()).is_some() {
                    let message = format!("the query parameter `{name}` is declared twice");
                    self.report(PathProblem::new(Code::PARAMETER_TWICE, range.clone(), message));
                }
                query.push((name, kind, range));
            }
            self.take('&');
        }
        query
    }

    /// One query parameter, up to its `&`; none for an empty one or after a problem.
    fn parameter(&mut self) -> Option<(Box<str>, ParamType, Range<usize>)> {
        let start = self.at;
        let written = self.take_while(|letter| !matches!(letter, '|' | '&' | '='));
        let range = start..self.at;
        let name = self.query_name(written, start);
        let kind_start = self.at + 1;
        let kind = if !self.take('|') {
            Some(ParamType::String)
        } else if self.take('/') {
            self.regex_kind(kind_start)
        } else {
            let name = self.take_while(|letter| !matches!(letter, '&' | '='));
            ParamType::declared(name).map_err(|problem| self.report(moved(problem, kind_start))).ok()
        };
        let extra = self.at;
        if !self.take_while(|letter| letter != '&').is_empty() {
            let message = "a `?` in a path declares parameters: a name, and a type after `|`";
            let problem = PathProblem::new(Code::PATH_SYNTAX, extra..self.at, message);
            self.report(problem.help("write `?name`, `?name|type` or `?name|type&other`"));
            return None;
        }
        if written.is_empty() {
            if self.at > start {
                self.report(PathProblem::new(
                    Code::PATH_SYNTAX,
                    start..self.at,
                    "a query parameter has no name",
                ));
            }
            return None;
        }
        Some((name?, kind?, range))
    }

    /// As in a request's query: `+` is a space, escapes are decoded.
    fn query_name(&mut self, written: &str, start: usize) -> Option<Box<str>> {
        let (range, message) = match decode(&written.replace('+', " ")) {
            Ok(name) => return Some(name.into()),
            Err(EscapeError::BadEscape(at)) => {
                (start + at..start + at + 1, "a `%` is not followed by two hexadecimal digits")
            }
            Err(EscapeError::NotUtf8) => (start..start + written.len(), "the decoded name is not UTF-8"),
        };
        self.report(PathProblem::new(Code::PATH_SYNTAX, range, message));
        None
    }

    /// Literal text ends here.
    fn end_run(&mut self, draft: &mut Draft) {
        match String::from_utf8(std::mem::take(&mut draft.run)) {
            Ok(text) if text.is_empty() => {}
            Ok(text) => draft.parts.push(Part::Text(text.into())),
            Err(_) => {
                let range = draft.run_start..self.at;
                self.segment_problem(
                    draft,
                    range,
                    "the decoded text is not UTF-8",
                    "escape the bytes of UTF-8 text",
                );
            }
        }
    }

    /// The index of a new capture.
    fn declare(&mut self, name: &'t str, kind: ParamType, range: Range<usize>) -> usize {
        if self.names.insert(name, range.clone()).is_some() {
            let message = format!("the path parameter `{name}` is declared twice");
            let problem = PathProblem::new(Code::PARAMETER_TWICE, range, message);
            self.report(problem.help("give each capture a name of its own"));
        }
        self.captures.push(Capture { name: name.into(), kind });
        self.captures.len() - 1
    }

    fn segment_problem(&mut self, draft: &mut Draft, range: Range<usize>, message: &str, help: &str) {
        if !std::mem::replace(&mut draft.broken, true) {
            self.report(PathProblem::new(Code::PATH_SYNTAX, range, message).help(help));
        }
    }

    fn report(&mut self, problem: PathProblem) {
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(problem);
        }
    }

    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn ahead(&self, text: &str) -> bool {
        self.text[self.at..].starts_with(text)
    }

    fn take(&mut self, letter: char) -> bool {
        let there = self.peek() == Some(letter);
        if there {
            self.at += letter.len_utf8();
        }
        there
    }

    fn take_while(&mut self, belongs: impl Fn(char) -> bool) -> &'t str {
        let rest = &self.text[self.at..];
        let taken = &rest[..rest.find(|letter| !belongs(letter)).unwrap_or(rest.len())];
        self.at += taken.len();
        taken
    }

    fn skip_segment(&mut self) {
        self.take_while(|letter| !matches!(letter, '/' | '?'));
    }

    /// Past the `}` of this segment, or to the segment's end.
    fn skip_to_brace(&mut self) {
        self.take_while(|letter| !matches!(letter, '/' | '?' | '}'));
        self.take('}');
    }
}

fn finished(draft: Draft) -> Segment {
    if let Some((index, _)) = draft.rest {
        return Segment::Rest(index);
    }
    let mut parts = draft.parts;
    match parts.as_mut_slice() {
        [] => Segment::Literal("".into()),
        [Part::Text(text)] => Segment::Literal(std::mem::take(text)),
        [Part::Capture(index)] => Segment::Capture(*index),
        _ => Segment::Mixed(parts.into()),
    }
}

/// A problem of a piece of text, seen from the text that the piece begins in at `start`.
fn moved(mut problem: PathProblem, start: usize) -> PathProblem {
    problem.range = problem.range.start + start..problem.range.end + start;
    problem
}

#[cfg(test)]
mod tests;
