//! Reads a path by the grammar of RFC 9535. Length and nesting are bounded, so reading is too.

mod condition;
mod literal;

use super::path::{Query, Segment, Selector};

/// Where a path is wrong, as a byte offset, and how.
pub(super) type Refusal = (usize, String);

/// The longest path in bytes.
const LONGEST: usize = 4 << 10;
/// How deep filters, parentheses and functions may stand inside each other.
const DEEPEST: usize = 32;

/// Reads a path; one without `$` begins with a name, a bracket or a dot.
pub(super) fn parse(text: &str) -> Result<Query, Refusal> {
    if text.len() > LONGEST {
        return Err((LONGEST, format!("a path has at most {LONGEST} bytes")));
    }
    let mut parser = Parser { text, at: 0, depth: 0 };
    let mut segments = Vec::new();
    if !parser.take("$") {
        match parser.peek() {
            Some('[' | '.') => {}
            Some('*') => segments.push(parser.shorthand(false)?),
            Some(first) if begins_name(first) => segments.push(parser.shorthand(false)?),
            _ => return Err(parser.refusal("`$`")),
        }
    }
    parser.segments_into(&mut segments)?;
    match parser.peek() {
        None => Ok(Query { absolute: true, segments }),
        Some(_) => Err(parser.refusal("`.`, `[` or the end")),
    }
}

struct Parser<'p> {
    text: &'p str,
    /// Where the next character begins.
    at: usize,
    depth: usize,
}

impl<'p> Parser<'p> {
    fn rest(&self) -> &'p str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }

    /// Passes over `wanted` if it stands here.
    fn take(&mut self, wanted: &str) -> bool {
        let found = self.rest().starts_with(wanted);
        if found {
            self.at += wanted.len();
        }
        found
    }

    fn expect(&mut self, wanted: &str) -> Result<(), Refusal> {
        if self.take(wanted) { Ok(()) } else { Err(self.refusal(&format!("`{wanted}`"))) }
    }

    /// The characters from here for which `belongs` holds.
    fn take_while(&mut self, belongs: impl Fn(char) -> bool) -> &'p str {
        let rest = self.rest();
        let end = rest.find(|character| !belongs(character)).unwrap_or(rest.len());
        self.at += end;
        rest.get(..end).unwrap_or("")
    }

    fn skip_blanks(&mut self) {
        self.take_while(|character| matches!(character, ' ' | '\t' | '\n' | '\r'));
    }

    /// What was expected here, and what stands here.
    fn refusal(&self, expected: &str) -> Refusal {
        let found = match self.peek() {
            Some(found) => format!("`{found}`"),
            None => "the end".to_owned(),
        };
        (self.at, format!("expected {expected}, found {found}"))
    }

    /// Reads with `read` one level deeper.
    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, Refusal>) -> Result<T, Refusal> {
        if self.depth == DEEPEST {
            return Err((self.at, format!("more than {DEEPEST} levels stand inside each other")));
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    fn segments_into(&mut self, segments: &mut Vec<Segment>) -> Result<(), Refusal> {
        loop {
            // Blanks belong to a path only when a segment follows them.
            let before = self.at;
            self.skip_blanks();
            let segment = if self.take("..") {
                if self.take("[") { self.bracket(true)? } else { self.shorthand(true)? }
            } else if self.take(".") {
                self.shorthand(false)?
            } else if self.take("[") {
                self.bracket(false)?
            } else {
                self.at = before;
                return Ok(());
            };
            segments.push(segment);
        }
    }

    /// What follows a dot.
    fn shorthand(&mut self, descendant: bool) -> Result<Segment, Refusal> {
        if self.take("*") {
            return Ok(Segment { descendant, selectors: vec![Selector::Wildcard] });
        }
        if !self.peek().is_some_and(begins_name) {
            return Err(self.refusal("a name or `*`"));
        }
        let name = self.take_while(|character| begins_name(character) || character.is_ascii_digit());
        if self.peek() == Some('-') {
            return Err((
                self.at,
                "a name with other characters than letters, digits and `_` is written as ['a-b']".to_owned(),
            ));
        }
        Ok(Segment { descendant, selectors: vec![Selector::Name(name.into())] })
    }

    /// The selectors after an opening bracket, and the closing one.
    fn bracket(&mut self, descendant: bool) -> Result<Segment, Refusal> {
        let mut selectors = Vec::new();
        loop {
            self.skip_blanks();
            selectors.push(self.selector()?);
            self.skip_blanks();
            if !self.take(",") {
                break;
            }
        }
        self.expect("]")?;
        Ok(Segment { descendant, selectors })
    }

    fn selector(&mut self) -> Result<Selector, Refusal> {
        match self.peek() {
            Some('\'' | '"') => Ok(Selector::Name(self.quoted()?)),
            Some('*') => {
                self.next();
                Ok(Selector::Wildcard)
            }
            Some('?') => {
                self.next();
                self.skip_blanks();
                self.deeper(Self::any).map(Selector::Filter)
            }
            Some('-' | ':' | '0'..='9') => self.index_or_slice(),
            _ => Err(self.refusal("a quoted name, an index, a slice, `*` or `?`")),
        }
    }

    fn index_or_slice(&mut self) -> Result<Selector, Refusal> {
        let start = self.optional_integer()?;
        let before = self.at;
        self.skip_blanks();
        if !self.take(":") {
            self.at = before;
            return match start {
                Some(index) => Ok(Selector::Index(index)),
                None => Err(self.refusal("an integer")),
            };
        }
        self.skip_blanks();
        let end = self.optional_integer()?;
        let before = self.at;
        self.skip_blanks();
        if !self.take(":") {
            self.at = before;
            return Ok(Selector::Slice { start, end, step: 1 });
        }
        let before = self.at;
        self.skip_blanks();
        let step = self.optional_integer()?;
        if step.is_none() {
            self.at = before;
        }
        Ok(Selector::Slice { start, end, step: step.unwrap_or(1) })
    }
}

fn begins_name(character: char) -> bool {
    character.is_ascii_alphabetic() || character == '_' || !character.is_ascii()
}
