//! A strict JSON reader (RFC 8259) that gives one event after the other, each with its bytes.
//!
//! It keeps one byte an open list or map and never recurses, so its depth costs no stack. It does not know
//! what becomes of the events: [`value`] makes a [`Value`] of them, and
//! [`spec::tree::json`](crate::spec::tree::json) makes the tree of a mock file.

use std::borrow::Cow;

use super::keys::KeyIndex;
use super::{Object, Value};

/// The deepest nesting that any JSON text may have.
pub const MAX_DEPTH: usize = 128;

/// Why a text is not JSON.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message} (byte {offset})")]
#[non_exhaustive]
pub struct Error {
    /// The byte where it was noticed.
    pub offset: usize,
    /// What is wrong, without the place.
    pub message: Cow<'static, str>,
    /// The next step, where the mistake is a known one.
    pub help: Option<&'static str>,
    pub(crate) kind: ErrorKind,
}

/// Kinds of errors that callers tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ErrorKind {
    NotUtf8,
    Syntax,
    TooDeep,
}

impl Error {
    pub(super) fn not_utf8(offset: usize) -> Self {
        Self { offset, message: "the text is not UTF-8".into(), help: None, kind: ErrorKind::NotUtf8 }
    }

    fn syntax(offset: usize, message: impl Into<Cow<'static, str>>) -> Self {
        Self { offset, message: message.into(), help: None, kind: ErrorKind::Syntax }
    }

    fn help(mut self, help: &'static str) -> Self {
        self.help = Some(help);
        self
    }
}

/// What stands next in a text.
#[derive(Debug, PartialEq)]
pub(crate) enum Event<'a> {
    ListStart,
    ListEnd,
    MapStart,
    MapEnd,
    Key(Cow<'a, str>),
    Null,
    Bool(bool),
    Number(&'a str),
    Text(Cow<'a, str>),
    /// The whole text was read.
    End,
}

/// An event and the bytes it was made from.
#[derive(Debug)]
pub(crate) struct Item<'a> {
    pub(crate) event: Event<'a>,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

#[derive(Clone, Copy, PartialEq)]
enum Open {
    List,
    Map,
}

/// What the grammar lets stand next.
#[derive(Clone, Copy)]
enum Next {
    Value,
    ValueOrListEnd,
    Key,
    KeyOrMapEnd,
    CommaOrEnd,
}

/// Reads the events of one text.
pub(crate) struct Reader<'a> {
    text: &'a str,
    at: usize,
    open: Vec<Open>,
    next: Next,
    depth: usize,
}

impl<'a> Reader<'a> {
    /// A reader of `text` that refuses more than `depth` lists and maps inside each other.
    pub(crate) fn new(text: &'a str, depth: usize) -> Self {
        let at = if text.starts_with('\u{FEFF}') { '\u{FEFF}'.len_utf8() } else { 0 };
        Self { text, at, open: Vec::new(), next: Next::Value, depth }
    }

    /// The next event; after an error or [`Event::End`] there is nothing more to ask for.
    pub(crate) fn next(&mut self) -> Result<Item<'a>, Error> {
        loop {
            self.skip_space();
            let start = self.at;
            match self.next {
                Next::ValueOrListEnd if self.peek() == Some(b']') => return Ok(self.close(Event::ListEnd)),
                Next::KeyOrMapEnd if self.peek() == Some(b'}') => return Ok(self.close(Event::MapEnd)),
                Next::Value | Next::ValueOrListEnd => return self.value(),
                Next::Key | Next::KeyOrMapEnd => return self.key(),
                Next::CommaOrEnd => match (self.open.last(), self.peek()) {
                    (None, None) => {
                        return Ok(Item { event: Event::End, start, end: start });
                    }
                    (Some(Open::List), Some(b']')) => return Ok(self.close(Event::ListEnd)),
                    (Some(Open::Map), Some(b'}')) => return Ok(self.close(Event::MapEnd)),
                    (Some(Open::List), Some(b',')) => {
                        self.at += 1;
                        self.next = Next::Value;
                    }
                    (Some(Open::Map), Some(b',')) => {
                        self.at += 1;
                        self.next = Next::Key;
                    }
                    (open, _) => return Err(self.no_separator(open.copied())),
                },
            }
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    fn close(&mut self, event: Event<'a>) -> Item<'a> {
        let start = self.at;
        self.at += 1;
        self.open.pop();
        self.next = Next::CommaOrEnd;
        Item { event, start, end: self.at }
    }

    fn open(&mut self, open: Open, next: Next, event: Event<'a>) -> Result<Item<'a>, Error> {
        let start = self.at;
        if self.open.len() >= self.depth {
            return Err(Error {
                offset: start,
                message: format!("lists and maps are nested more than {} deep", self.depth).into(),
                help: None,
                kind: ErrorKind::TooDeep,
            });
        }
        self.open.push(open);
        self.at += 1;
        self.next = next;
        Ok(Item { event, start, end: self.at })
    }

    fn key(&mut self) -> Result<Item<'a>, Error> {
        let start = self.at;
        if self.peek() != Some(b'"') {
            return Err(self.no_key());
        }
        let key = self.string()?;
        let end = self.at;
        self.skip_space();
        if self.peek() != Some(b':') {
            return Err(Error::syntax(self.at, format!("expected `:` after a key, found {}", self.found())));
        }
        self.at += 1;
        self.next = Next::Value;
        Ok(Item { event: Event::Key(key), start, end })
    }

    fn value(&mut self) -> Result<Item<'a>, Error> {
        let start = self.at;
        let event = match self.peek() {
            Some(b'"') => Event::Text(self.string()?),
            Some(b'{') => return self.open(Open::Map, Next::KeyOrMapEnd, Event::MapStart),
            Some(b'[') => return self.open(Open::List, Next::ValueOrListEnd, Event::ListStart),
            Some(b'-' | b'0'..=b'9') => Event::Number(self.number()?),
            Some(b't') if self.word("true") => Event::Bool(true),
            Some(b'f') if self.word("false") => Event::Bool(false),
            Some(b'n') if self.word("null") => Event::Null,
            _ => return Err(self.no_value()),
        };
        self.next = Next::CommaOrEnd;
        Ok(Item { event, start, end: self.at })
    }

    fn word(&mut self, word: &str) -> bool {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let whole = rest.starts_with(word.as_bytes())
            && !rest.get(word.len()).is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
        if whole {
            self.at += word.len();
        }
        whole
    }

    fn number(&mut self) -> Result<&'a str, Error> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        let whole = self.at;
        if self.digits() == 0 {
            return Err(Error::syntax(self.at, format!("expected a digit, found {}", self.found())));
        }
        if self.at - whole > 1 && self.text.as_bytes().get(whole) == Some(&b'0') {
            return Err(Error::syntax(start, "a number has a leading zero")
                .help("write it without the zero, or as a text in double quotes"));
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            if self.digits() == 0 {
                return Err(Error::syntax(
                    self.at,
                    format!("expected a digit after `.`, found {}", self.found()),
                ));
            }
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            if self.digits() == 0 {
                return Err(Error::syntax(self.at, format!("expected an exponent, found {}", self.found())));
            }
        }
        Ok(self.text.get(start..self.at).unwrap_or_default())
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        self.at - start
    }

    /// The string whose opening quote stands here; borrowed when it holds no escape.
    fn string(&mut self) -> Result<Cow<'a, str>, Error> {
        let bytes = self.text.as_bytes();
        let quote = self.at;
        let mut run = quote + 1;
        let mut owned = String::new();
        loop {
            let stop = run_end(bytes, run);
            // Runs end at ASCII bytes, so they are whole characters.
            let part = self.text.get(run..stop).unwrap_or_default();
            match bytes.get(stop) {
                Some(b'"') => {
                    self.at = stop + 1;
                    if owned.is_empty() {
                        return Ok(Cow::Borrowed(part));
                    }
                    owned.push_str(part);
                    return Ok(Cow::Owned(owned));
                }
                Some(b'\\') => {
                    owned.push_str(part);
                    self.at = stop;
                    owned.push(self.escape()?);
                    run = self.at;
                }
                Some(b'\n' | b'\r') => {
                    return Err(Error::syntax(quote, "a text does not end on its line")
                        .help("close it with `\"`, or write a line break as `\\n`"));
                }
                Some(_) => {
                    return Err(Error::syntax(stop, "a control character stands in a text")
                        .help("write it as an escape: a tab is `\\t`"));
                }
                None => return Err(Error::syntax(quote, "a text does not end").help("close it with `\"`")),
            }
        }
    }

    /// The character that the escape here stands for.
    fn escape(&mut self) -> Result<char, Error> {
        let start = self.at;
        self.at += 2;
        Ok(match self.text.as_bytes().get(start + 1) {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                let first = self.hex4(start)?;
                let code = match first {
                    0xD800..=0xDBFF => {
                        let low_follows = self.text.as_bytes().get(self.at..self.at + 2) == Some(b"\\u");
                        let low = if low_follows {
                            self.at += 2;
                            self.hex4(start)?
                        } else {
                            0
                        };
                        if !(0xDC00..=0xDFFF).contains(&low) {
                            return Err(unpaired(start));
                        }
                        0x10000 + ((first - 0xD800) << 10) + (low - 0xDC00)
                    }
                    other => other,
                };
                return char::from_u32(code).ok_or_else(|| unpaired(start));
            }
            _ => {
                return Err(Error::syntax(start, "an escape is not known").help(
                    "JSON knows \\\" \\\\ \\/ \\b \\f \\n \\r \\t and \\u with four hexadecimal digits",
                ));
            }
        })
    }

    fn hex4(&mut self, escape: usize) -> Result<u32, Error> {
        let digits = self.text.as_bytes().get(self.at..self.at + 4).unwrap_or_default();
        let mut code = 0;
        for &digit in digits {
            let Some(digit) = char::from(digit).to_digit(16) else {
                return Err(short_escape(escape));
            };
            code = code * 16 + digit;
        }
        if digits.len() < 4 {
            return Err(short_escape(escape));
        }
        self.at += 4;
        Ok(code)
    }

    /// What stands here, in words.
    fn found(&self) -> String {
        match self.text.get(self.at..).and_then(|rest| rest.chars().next()) {
            None => "the end of the text".to_owned(),
            Some(other) if other.is_control() => format!("U+{:04X}", u32::from(other)),
            Some(other) => format!("`{other}`"),
        }
    }

    fn no_key(&self) -> Error {
        let error =
            Error::syntax(self.at, format!("expected a key in double quotes, found {}", self.found()));
        match self.peek() {
            Some(b'}') => error.help("remove the comma before it"),
            Some(b'\'') => error.help("JSON knows double quotes only"),
            Some(b'/' | b'#') => error.help("JSON has no comments"),
            Some(b'a'..=b'z' | b'A'..=b'Z' | b'_') => error.help("put the key in double quotes"),
            _ => error,
        }
    }

    fn no_value(&self) -> Error {
        let error = Error::syntax(self.at, format!("expected a value, found {}", self.found()));
        match self.peek() {
            Some(b']' | b'}') => error.help("remove the comma before it, or write a value"),
            Some(b'\'') => error.help("JSON knows double quotes only"),
            Some(b'/' | b'#') => error.help("JSON has no comments"),
            Some(b'+') => error.help("JSON numbers have no plus sign"),
            Some(b'.') => error.help("write a digit before the point"),
            Some(b'a'..=b'z' | b'A'..=b'Z' | b'_') => {
                error.help("put a text in double quotes; the bare words are true, false and null")
            }
            _ => error,
        }
    }

    fn no_separator(&self, open: Option<Open>) -> Error {
        let expected = match open {
            Some(Open::List) => "`,` or `]`",
            Some(Open::Map) => "`,` or `}`",
            None => "the end of the text",
        };
        let error = Error::syntax(self.at, format!("expected {expected}, found {}", self.found()));
        match self.peek() {
            Some(b'/' | b'#') => error.help("JSON has no comments"),
            Some(b'"' | b'{' | b'[') if open.is_some() => error.help("put a comma after the value before it"),
            None if open == Some(Open::Map) => error.help("close what is open with `}`"),
            None if open == Some(Open::List) => error.help("close what is open with `]`"),
            _ => error,
        }
    }
}

fn unpaired(offset: usize) -> Error {
    Error::syntax(offset, "half of a surrogate pair stands alone")
        .help("write both halves, as in \\ud83d\\ude00, or the character itself")
}

fn short_escape(offset: usize) -> Error {
    Error::syntax(offset, "`\\u` needs four hexadecimal digits")
}

/// The bytes of a word that JSON wants escaped, quote, backslash and control characters: the high bit of the lowest one
/// is set, and none if there is none.
///
/// A byte is below 0x20, or equal to a wanted one, where subtracting borrows from its high bit. Borrows reach bytes
/// after a true hit only, so the lowest hit is right.
#[inline(always)]
pub(super) fn special_bytes(word: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let zeros = |word: u64| word.wrapping_sub(ONES) & !word;
    let quotes = zeros(word ^ (ONES * u64::from(b'"')));
    let backslashes = zeros(word ^ (ONES * u64::from(b'\\')));
    let controls = word.wrapping_sub(ONES * 0x20) & !word;
    (quotes | backslashes | controls) & (ONES * 0x80)
}

/// The offset, from `at` on, of the first quote, backslash or control character, or the end; eight bytes at a time.
pub(super) fn run_end(bytes: &[u8], mut at: usize) -> usize {
    while let Some(&chunk) = bytes.get(at..).and_then(<[u8]>::first_chunk::<8>) {
        let hits = special_bytes(u64::from_le_bytes(chunk));
        if hits != 0 {
            return at + (hits.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    while bytes.get(at).is_some_and(|&byte| byte >= 0x20 && byte != b'"' && byte != b'\\') {
        at += 1;
    }
    at.min(bytes.len())
}

/// A list or map that is still open.
enum Frame {
    Array(Vec<Value>),
    Object { object: Object, index: KeyIndex, key: Box<str> },
}

/// Reads one JSON text into a value.
pub(super) fn value(text: &str, depth: usize) -> Result<Value, Error> {
    let mut reader = Reader::new(text, depth);
    let mut open: Vec<Frame> = Vec::new();
    let mut top = Value::Null;
    loop {
        let value = match reader.next()?.event {
            Event::End => return Ok(top),
            Event::ListStart => {
                open.push(Frame::Array(Vec::new()));
                continue;
            }
            Event::MapStart => {
                open.push(Frame::Object {
                    object: Object::default(),
                    index: KeyIndex::default(),
                    key: "".into(),
                });
                continue;
            }
            Event::Key(text) => {
                if let Some(Frame::Object { key, .. }) = open.last_mut() {
                    *key = text.into();
                }
                continue;
            }
            Event::ListEnd | Event::MapEnd => match open.pop() {
                Some(Frame::Array(items)) => Value::Array(items),
                Some(Frame::Object { object, .. }) => Value::Object(object),
                None => Value::Null,
            },
            Event::Null => Value::Null,
            Event::Bool(value) => Value::Bool(value),
            Event::Number(digits) => Value::Number(digits.into()),
            Event::Text(text) => Value::String(text.into()),
        };
        match open.last_mut() {
            None => top = value,
            Some(Frame::Array(items)) => items.push(value),
            Some(Frame::Object { object, index, key }) => object.set(std::mem::take(key), value, index),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
