//! Texts, numbers and integers as a path writes them.

use super::{Parser, Refusal};
use crate::template::value::Value;

/// Integers of a path are exact as doubles too (RFC 9535, section 2.1).
const GREATEST: i64 = (1 << 53) - 1;
const LEAST: i64 = -GREATEST;

impl Parser<'_> {
    /// A text in quotes of either kind.
    pub(super) fn quoted(&mut self) -> Result<Box<str>, Refusal> {
        let begin = self.at;
        let quote = self.next();
        let mut text = String::new();
        loop {
            let place = self.at;
            match self.next() {
                None => return Err((begin, "the quote is not closed".to_owned())),
                next if next == quote => return Ok(text.into()),
                Some('\\') => text.push(self.escaped(quote, place)?),
                Some(character @ '\0'..='\u{1F}') => {
                    return Err((place, format!("the character {character:?} has to be escaped")));
                }
                Some(character) => text.push(character),
            }
        }
    }

    /// What follows a backslash; only the quote around the text may be escaped.
    fn escaped(&mut self, quote: Option<char>, place: usize) -> Result<char, Refusal> {
        match self.next() {
            Some('b') => Ok('\u{8}'),
            Some('f') => Ok('\u{C}'),
            Some('n') => Ok('\n'),
            Some('r') => Ok('\r'),
            Some('t') => Ok('\t'),
            Some(same @ ('/' | '\\')) => Ok(same),
            Some('u') => self.code_point(place),
            Some(same) if Some(same) == quote => Ok(same),
            _ => Err((place, "a backslash stands before what needs none".to_owned())),
        }
    }

    /// A character as four hexadecimal digits, or as two such halves.
    fn code_point(&mut self, place: usize) -> Result<char, Refusal> {
        let refusal = || (place, "`\\u` and four hexadecimal digits give no character".to_owned());
        let first = self.four_digits().ok_or_else(refusal)?;
        let code = match first {
            0xD800..=0xDBFF => {
                let second = if self.take("\\u") { self.four_digits() } else { None };
                let low = second.filter(|second| (0xDC00..=0xDFFF).contains(second)).ok_or_else(refusal)?;
                0x1_0000 + ((first - 0xD800) << 10) + (low - 0xDC00)
            }
            other => other,
        };
        char::from_u32(code).ok_or_else(refusal)
    }

    fn four_digits(&mut self) -> Option<u32> {
        let digits =
            self.rest().get(..4).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
        self.at += 4;
        u32::from_str_radix(digits, 16).ok()
    }

    /// A number of JSON, which keeps its digits.
    pub(super) fn number(&mut self) -> Result<Value<'static>, Refusal> {
        let begin = self.at;
        self.take("-");
        self.whole_digits()?;
        if self.take(".") {
            self.some_digits()?;
        }
        if self.take("e") || self.take("E") {
            let _ = self.take("+") || self.take("-");
            self.some_digits()?;
        }
        let digits = self.text.get(begin..self.at).unwrap_or("");
        Ok(Value::Digits(digits.to_owned().into()))
    }

    fn some_digits(&mut self) -> Result<(), Refusal> {
        match self.take_while(|character| character.is_ascii_digit()) {
            "" => Err(self.refusal("a digit")),
            _ => Ok(()),
        }
    }

    /// Digits of which the first is no zero but when it stands alone.
    fn whole_digits(&mut self) -> Result<(), Refusal> {
        let begin = self.at;
        self.some_digits()?;
        match self.text.get(begin..self.at) {
            Some(digits) if digits.len() > 1 && digits.starts_with('0') => {
                Err((begin, "a number begins with no needless zero".to_owned()))
            }
            _ => Ok(()),
        }
    }

    /// An integer, if one begins here.
    pub(super) fn optional_integer(&mut self) -> Result<Option<i64>, Refusal> {
        let begin = self.at;
        if !matches!(self.peek(), Some('-' | '0'..='9')) {
            return Ok(None);
        }
        self.take("-");
        self.whole_digits()?;
        let digits = self.text.get(begin..self.at).unwrap_or("");
        if digits == "-0" {
            return Err((begin, "an index of -0 is written 0".to_owned()));
        }
        match digits.parse() {
            Ok(integer @ LEAST..=GREATEST) => Ok(Some(integer)),
            _ => Err((begin, format!("an index is at most {GREATEST} from zero"))),
        }
    }
}
