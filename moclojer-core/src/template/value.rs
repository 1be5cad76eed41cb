//! Values while a template runs: what a request gave, borrowed, and what filters made of it. A clone is
//! cheap whatever the size. Every cost is charged to a [`Meter`].

use std::borrow::Cow;
use std::ops::Deref;
use std::rc::Rc;

use super::{Limits, ParamKind};
use crate::json;

/// Why rendering stops.
#[derive(Debug, PartialEq)]
pub(super) enum Stop {
    /// [`Limits::steps`] are used up.
    Steps,
    /// [`Limits::output_bytes`] are used up.
    Bytes,
    /// A value that cannot be worked on. Boxed twice, so that a result fits two registers.
    Reason(Box<Box<str>>),
}

impl From<String> for Stop {
    fn from(reason: String) -> Self {
        Self::Reason(Box::new(reason.into()))
    }
}

/// What is left of the limits.
#[derive(Debug)]
pub(super) struct Meter {
    steps: u64,
    bytes: u64,
}

/// The largest text that is escaped in one go: how far memory may pass the limit, times six.
const CHUNK: usize = 64 << 10;

impl Meter {
    pub(super) fn new(limits: &Limits) -> Self {
        Self { steps: limits.steps, bytes: limits.output_bytes }
    }

    /// Takes `count` steps.
    #[inline]
    pub(super) fn step(&mut self, count: usize) -> Result<(), Stop> {
        self.steps = self.steps.checked_sub(count as u64).ok_or(Stop::Steps)?;
        Ok(())
    }

    /// Takes a step for each started KiB of what is read.
    pub(super) fn read(&mut self, bytes: usize) -> Result<(), Stop> {
        self.step(bytes.div_ceil(1024))
    }

    /// Takes `count` bytes of output.
    #[inline]
    pub(super) fn output(&mut self, count: usize) -> Result<(), Stop> {
        self.bytes = self.bytes.checked_sub(count as u64).ok_or(Stop::Bytes)?;
        Ok(())
    }

    /// Takes what a value in between costs that has `bytes`.
    pub(super) fn write(&mut self, bytes: usize) -> Result<(), Stop> {
        self.output(bytes)?;
        self.read(bytes)
    }

    /// Appends `text` to `out`, changed by `escape`, and charges the bytes.
    #[inline]
    pub(super) fn escaped(
        &mut self,
        text: &str,
        escape: impl Fn(&str, &mut String),
        out: &mut String,
    ) -> Result<(), Stop> {
        if text.len() <= CHUNK {
            let before = out.len();
            escape(text, out);
            return self.output(out.len() - before);
        }
        let mut rest = text;
        loop {
            let (now, later) = rest.split_at(rest.floor_char_boundary(CHUNK.min(rest.len())));
            let before = out.len();
            escape(now, out);
            self.output(out.len() - before)?;
            if later.is_empty() {
                return Ok(());
            }
            rest = later;
        }
    }
}

/// A text that is cheap to clone.
#[derive(Clone, Debug)]
pub(super) enum Text<'a> {
    Borrowed(&'a str),
    Shared(Rc<str>),
}

impl Deref for Text<'_> {
    type Target = str;

    #[inline]
    fn deref(&self) -> &str {
        match self {
            Self::Borrowed(text) => text,
            Self::Shared(text) => text,
        }
    }
}

impl From<String> for Text<'_> {
    fn from(text: String) -> Self {
        Self::Shared(text.into())
    }
}

impl<'a> From<Cow<'a, str>> for Text<'a> {
    fn from(text: Cow<'a, str>) -> Self {
        match text {
            Cow::Borrowed(text) => Self::Borrowed(text),
            Cow::Owned(text) => text.into(),
        }
    }
}

/// A value.
#[derive(Clone, Debug, Default)]
pub(super) enum Value<'a> {
    /// There is none.
    #[default]
    Missing,
    Null,
    Bool(bool),
    Int(i64),
    /// Finite.
    Float(f64),
    /// A number of JSON with the digits that were written.
    Digits(Text<'a>),
    Text(Text<'a>),
    /// The text of a parameter that is declared as a number or boolean.
    Param(Text<'a>, ParamKind),
    Array(&'a [json::Value]),
    Object(&'a json::Object),
    /// A list that was made here.
    List(Rc<[Value<'a>]>),
    /// A map that was made here.
    Map(Rc<[(Text<'a>, Value<'a>)]>),
}

impl<'a> From<&'a json::Value> for Value<'a> {
    #[inline]
    fn from(value: &'a json::Value) -> Self {
        match value {
            json::Value::Null => Self::Null,
            json::Value::Bool(truth) => Self::Bool(*truth),
            json::Value::Number(digits) => Self::Digits(Text::Borrowed(digits)),
            json::Value::String(text) => Self::Text(Text::Borrowed(text)),
            json::Value::Array(items) => Self::Array(items),
            json::Value::Object(object) => Self::Object(object),
        }
    }
}

/// A number to calculate with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Number {
    Int(i64),
    Float(f64),
}

impl Number {
    pub(super) fn as_f64(self) -> f64 {
        match self {
            Self::Int(int) => int as f64,
            Self::Float(float) => float,
        }
    }

    /// The sum, as a value.
    pub(super) fn plus<'a>(self, other: Number) -> Result<Value<'a>, Stop> {
        if let (Self::Int(left), Self::Int(right)) = (self, other) {
            let sum = left.checked_add(right);
            return sum
                .map(Value::Int)
                .ok_or_else(|| Stop::from("the sum does not fit in 64 bits".to_owned()));
        }
        let sum = self.as_f64() + other.as_f64();
        if sum.is_finite() {
            Ok(Value::Float(sum))
        } else {
            Err(Stop::from("the sum is too large".to_owned()))
        }
    }
}

impl<'a> Value<'a> {
    /// A text that was made here.
    pub(super) fn text_of(text: String) -> Self {
        Self::Text(text.into())
    }

    /// True for missing and null.
    pub(super) fn is_absent(&self) -> bool {
        matches!(self, Self::Missing | Self::Null)
    }

    /// True for what shows nothing: missing, null and the empty text.
    pub(super) fn is_blank(&self) -> bool {
        match self {
            Self::Text(text) | Self::Param(text, _) => text.is_empty(),
            value => value.is_absent(),
        }
    }

    /// False for missing, null, `false`, the empty text and the text `false`.
    pub(super) fn is_true(&self) -> bool {
        match self {
            Self::Missing | Self::Null => false,
            Self::Bool(truth) => *truth,
            Self::Text(text) | Self::Param(text, _) => !matches!(&**text, "" | "false"),
            _ => true,
        }
    }

    /// `a number`, `a list`, …, for messages.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Missing => "a missing value",
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Int(_) | Self::Float(_) | Self::Digits(_) => "a number",
            Self::Text(_) | Self::Param(..) => "a text",
            Self::Array(_) | Self::List(_) => "a list",
            Self::Object(_) | Self::Map(_) => "a map",
        }
    }

    /// The text as which it renders: lists and maps as JSON.
    pub(super) fn to_text(&self, meter: &mut Meter) -> Result<Text<'a>, Stop> {
        Ok(match self {
            Self::Missing | Self::Null => Text::Borrowed(""),
            Self::Bool(true) => Text::Borrowed("true"),
            Self::Bool(false) => Text::Borrowed("false"),
            Self::Text(text) | Self::Digits(text) | Self::Param(text, _) => {
                meter.read(text.len())?;
                text.clone()
            }
            _ => {
                let mut out = String::new();
                self.write_json(&mut out, meter)?;
                meter.read(out.len())?;
                out.into()
            }
        })
    }

    /// The number that it is or that its text stands for (`7`, `+5`, `.5`, `1e2`).
    pub(super) fn number(&self) -> Option<Number> {
        match self {
            Self::Int(int) => Some(Number::Int(*int)),
            Self::Float(float) => Some(Number::Float(*float)),
            Self::Digits(text) | Self::Text(text) | Self::Param(text, _) => parse_number(text),
            _ => None,
        }
    }

    /// Appends it as JSON; a missing value as `null`, a typed parameter as its type.
    pub(super) fn write_json(&self, out: &mut String, meter: &mut Meter) -> Result<(), Stop> {
        match self {
            Self::Missing | Self::Null => push("null", out, meter),
            Self::Bool(truth) => push(if *truth { "true" } else { "false" }, out, meter),
            Self::Int(int) => push(&int.to_string(), out, meter),
            // Debug keeps `.0` and is JSON for every finite number.
            Self::Float(float) => push(&format!("{float:?}"), out, meter),
            Self::Digits(digits) => push(digits, out, meter),
            Self::Text(text) => write_string(text, out, meter),
            Self::Param(text, kind) => match typed(text, *kind) {
                Some((sign, rest)) => {
                    push(sign, out, meter)?;
                    push(rest, out, meter)
                }
                None => write_string(text, out, meter),
            },
            Self::Array(items) => {
                list(items.iter(), out, meter, |item, out, meter| Value::from(item).write_json(out, meter))
            }
            Self::List(items) => list(items.iter(), out, meter, Value::write_json),
            Self::Object(object) => {
                map(object.iter(), out, meter, |value, out, meter| Value::from(value).write_json(out, meter))
            }
            Self::Map(pairs) => {
                map(pairs.iter().map(|(key, value)| (&**key, value)), out, meter, Value::write_json)
            }
        }
    }

    /// This map with another value under a key; what is no map becomes one with that key alone.
    pub(super) fn with(&self, key: &'a str, value: Value<'a>, meter: &mut Meter) -> Result<Value<'a>, Stop> {
        let mut pairs: Vec<(Text<'a>, Value<'a>)> = match self {
            Self::Object(object) => {
                object.iter().map(|(key, value)| (Text::Borrowed(key), value.into())).collect()
            }
            Self::Map(pairs) => pairs.to_vec(),
            _ => Vec::new(),
        };
        meter.step(pairs.len())?;
        match pairs.iter_mut().find(|(known, _)| **known == *key) {
            Some((_, known)) => *known = value,
            None => pairs.push((Text::Borrowed(key), value)),
        }
        Ok(Self::Map(pairs.into()))
    }

    /// A copy of a JSON value that does not outlive the filter that read it.
    pub(super) fn owned(value: &json::Value) -> Self {
        match value {
            json::Value::Null => Self::Null,
            json::Value::Bool(truth) => Self::Bool(*truth),
            json::Value::Number(digits) => Self::Digits(Text::Shared((&**digits).into())),
            json::Value::String(text) => Self::Text(Text::Shared((&**text).into())),
            json::Value::Array(items) => Self::List(items.iter().map(Self::owned).collect()),
            json::Value::Object(object) => Self::Map(
                object.iter().map(|(key, value)| (Text::Shared(key.into()), Self::owned(value))).collect(),
            ),
        }
    }

    /// What follows from here under a key; `index` is what the key is to lists and texts.
    #[inline]
    pub(super) fn get(&self, key: &str, index: Option<u32>, meter: &mut Meter) -> Result<Value<'a>, Stop> {
        let index = index.map(|index| index as usize);
        Ok(match self {
            Self::Object(object) => {
                charge_lookup(object.len(), meter)?;
                object.get(key).map_or(Self::Missing, Self::from)
            }
            Self::Map(pairs) => {
                charge_lookup(pairs.len(), meter)?;
                pairs
                    .iter()
                    .find(|(name, _)| **name == *key)
                    .map_or(Self::Missing, |(_, value)| value.clone())
            }
            Self::Array(items) => match index {
                Some(index) => items.get(index).map_or(Self::Missing, Self::from),
                None if key == "length" => Self::Int(items.len() as i64),
                None => Self::Missing,
            },
            Self::List(items) => match index {
                Some(index) => items.get(index).cloned().unwrap_or_default(),
                None if key == "length" => Self::Int(items.len() as i64),
                None => Self::Missing,
            },
            Self::Text(text) | Self::Param(text, _) => match index {
                Some(index) => {
                    let start = nth_character(text, index);
                    meter.read(start.unwrap_or(text.len()))?;
                    start.map_or(Self::Missing, |start| Self::Text(character(text, start)))
                }
                None => Self::Missing,
            },
            _ => Self::Missing,
        })
    }
}

/// A list of a key and its value, as a loop over a map sees it.
pub(super) fn pair<'a>(key: Text<'a>, value: Value<'a>) -> Value<'a> {
    Value::List(Rc::from([Value::Text(key), value]))
}

/// Charges a look-up in a map, whose keys are looked at one after the other.
#[inline]
pub(super) fn charge_lookup(keys: usize, meter: &mut Meter) -> Result<(), Stop> {
    meter.step(keys / 16)
}

/// Where the character at `index` begins.
pub(super) fn nth_character(text: &str, index: usize) -> Option<usize> {
    // Blocks without it are passed over by counting the bytes that begin a character.
    let mut left = index;
    let mut start = 0;
    for block in text.as_bytes().chunks(64) {
        let begun = block.iter().filter(|&&byte| byte & 0xC0 != 0x80).count();
        if begun > left {
            break;
        }
        left -= begun;
        start += block.len();
    }
    let start = text.ceil_char_boundary(start);
    text[start..].char_indices().nth(left).map(|(offset, _)| start + offset)
}

/// The one character of `text` that begins at `start`.
pub(super) fn character<'a>(text: &Text<'a>, start: usize) -> Text<'a> {
    let length = text[start..].chars().next().map_or(0, char::len_utf8);
    match text {
        Text::Borrowed(text) => Text::Borrowed(&text[start..start + length]),
        Text::Shared(text) => Text::Shared(text[start..start + length].into()),
    }
}

/// A number as Java reads it: white space around it and a sign are allowed, words are not.
pub(super) fn parse_number(text: &str) -> Option<Number> {
    if let Ok(int) = text.parse() {
        return Some(Number::Int(int));
    }
    let text = text.trim();
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    text.parse().ok().filter(|float: &f64| plain && float.is_finite()).map(Number::Float)
}

/// The JSON that a typed parameter's text stands for, as a sign and the rest: `007` is `7`.
pub(super) fn typed(text: &str, kind: ParamKind) -> Option<(&'static str, &str)> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text),
    };
    let whole = digits.bytes().take_while(u8::is_ascii_digit).count();
    let zeros = digits.bytes().take(whole.saturating_sub(1)).take_while(|&byte| byte == b'0').count();
    let number = &digits[zeros..];
    let rest = &digits[whole..];
    let after = rest.strip_prefix('.').unwrap_or(rest);
    let is_number = whole > 0
        && (rest.is_empty()
            || rest.starts_with(['e', 'E'])
            || after.starts_with(|first: char| first.is_ascii_digit()))
        && parse_number(number).is_some();
    match kind {
        ParamKind::Text => None,
        ParamKind::Bool => matches!(text, "true" | "false").then_some(("", text)),
        ParamKind::Int => {
            (is_number && rest.is_empty()).then_some((if number == "0" { "" } else { sign }, number))
        }
        ParamKind::Float => is_number.then_some((sign, number)),
    }
}

fn push(text: &str, out: &mut String, meter: &mut Meter) -> Result<(), Stop> {
    meter.output(text.len())?;
    out.push_str(text);
    Ok(())
}

fn write_string(text: &str, out: &mut String, meter: &mut Meter) -> Result<(), Stop> {
    push("\"", out, meter)?;
    meter.escaped(text, crate::json::escape_into, out)?;
    push("\"", out, meter)
}

fn list<T>(
    items: impl Iterator<Item = T>,
    out: &mut String,
    meter: &mut Meter,
    write: impl Fn(T, &mut String, &mut Meter) -> Result<(), Stop>,
) -> Result<(), Stop> {
    push("[", out, meter)?;
    for (index, item) in items.enumerate() {
        if index > 0 {
            push(",", out, meter)?;
        }
        write(item, out, meter)?;
    }
    push("]", out, meter)
}

fn map<'k, T>(
    pairs: impl Iterator<Item = (&'k str, T)>,
    out: &mut String,
    meter: &mut Meter,
    write: impl Fn(T, &mut String, &mut Meter) -> Result<(), Stop>,
) -> Result<(), Stop> {
    push("{", out, meter)?;
    for (index, (key, value)) in pairs.enumerate() {
        if index > 0 {
            push(",", out, meter)?;
        }
        write_string(key, out, meter)?;
        push(":", out, meter)?;
        write(value, out, meter)?;
    }
    push("}", out, meter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typed_parameters_become_json_of_their_type() {
        let cases = [
            ("007", ParamKind::Int, Some("7")),
            ("-0", ParamKind::Int, Some("0")),
            ("-012", ParamKind::Int, Some("-12")),
            ("007.50", ParamKind::Float, Some("7.50")),
            ("1e5", ParamKind::Float, Some("1e5")),
            ("00", ParamKind::Float, Some("0")),
            ("true", ParamKind::Bool, Some("true")),
            ("yes", ParamKind::Bool, None),
            ("", ParamKind::Int, None),
            ("1.", ParamKind::Float, None),
            (".5", ParamKind::Float, None),
            ("1.5", ParamKind::Int, None),
            ("7", ParamKind::Text, None),
        ];
        for (text, kind, json) in cases {
            let found = typed(text, kind).map(|(sign, rest)| format!("{sign}{rest}"));
            assert_eq!(found.as_deref(), json, "{text}");
        }
    }

    #[test]
    fn characters_are_counted_alike_however_far_away() {
        let text = "aé😀ü".repeat(60);
        for (index, (start, _)) in text.char_indices().enumerate() {
            assert_eq!(nth_character(&text, index), Some(start));
        }
        assert_eq!(nth_character(&text, 240), None);
        assert_eq!(nth_character("", 0), None);
    }
}
