//! Dates by Java patterns: which instant a value is, and how a pattern or a named style prints it.
//!
//! Instants are in UTC. Where the original refuses what needs a time zone, UTC stands here.

mod fields;
mod pattern;

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};

use self::fields::Moment;
use self::pattern::{Item, Pattern};
use super::{Growing, argument, refuse, refuse_text};
use crate::template::locale::{self, Locale};
use crate::template::value::{Meter, Number, Stop, Value};

/// What a value has to be, for messages.
const WANTED: &str = "date; write it as RFC 3339 text (2024-03-03T15:05:05Z) or as milliseconds since 1970";

pub(super) fn date<'a>(
    value: Value<'a>,
    arguments: &[Value<'a>],
    meter: &mut Meter,
) -> Result<Value<'a>, Stop> {
    let Some(instant) = instant(&value, meter)? else {
        return Ok(Value::Missing);
    };
    let pattern = argument(arguments, 0).to_text(meter)?;
    let language = argument(arguments, 1).to_text(meter)?;
    let locale = locale::find(&language).unwrap_or(locale::english());
    let moment = Moment::new(instant, locale);
    let mut out = Growing::new(meter);
    for item in Pattern::new(named_style(&pattern, locale).unwrap_or(&pattern)) {
        out.meter.step(1)?;
        match item? {
            Item::Literal(text) => out.push(text)?,
            Item::Field { letter, count, width } => {
                let text = moment.print(letter, count);
                let spaces = match width {
                    0 => 0,
                    _ => width.checked_sub(text.chars().count()).ok_or_else(|| {
                        Stop::from(format!("{text} has more characters than the {width} it is padded to"))
                    })?,
                };
                out.meter.output(spaces)?;
                out.text.extend(std::iter::repeat_n(' ', spaces));
                out.push(&text)?;
            }
        }
    }
    out.finish()
}

pub(super) fn timestamp<'a>(value: Value<'a>, _: &[Value<'a>], meter: &mut Meter) -> Result<Value<'a>, Stop> {
    let seconds = |instant: Timestamp| Value::Int(instant.as_millisecond().div_euclid(1000));
    Ok(instant(&value, meter)?.map_or(Value::Missing, seconds))
}

/// Refuses a pattern that `date` could not print with, with one sentence.
pub(in crate::template) fn check_pattern(text: &str) -> Result<(), String> {
    match named_style(text, locale::english()) {
        Some(_) => Ok(()),
        None => Pattern::new(text).try_for_each(|item| item.map(|_| ())),
    }
}

/// The pattern of a style such as `shortDate`, `longDateTime`.
fn named_style(name: &str, locale: &Locale) -> Option<&'static str> {
    let styles = [("short", 0), ("medium", 1), ("long", 2), ("full", 3)];
    let (kind, index) = styles.iter().find_map(|(style, index)| Some((name.strip_prefix(style)?, *index)))?;
    let patterns = match kind {
        "Date" => &locale.dates,
        "Time" => &locale.times,
        "DateTime" => &locale.date_times,
        _ => return None,
    };
    patterns.get(index).copied()
}

/// The instant that a value stands for; none for what is missing, null or false.
fn instant(value: &Value<'_>, meter: &mut Meter) -> Result<Option<Timestamp>, Stop> {
    let found = match value {
        Value::Missing | Value::Null | Value::Bool(false) => return Ok(None),
        Value::Text(text) | Value::Param(text, _) => {
            meter.read(text.len())?;
            match is_integer(text) {
                true => text.parse().ok().and_then(from_milliseconds),
                false => from_text(text),
            }
        }
        Value::Int(_) | Value::Float(_) | Value::Digits(_) => {
            if let Value::Digits(digits) = value {
                meter.read(digits.len())?;
            }
            match value.number() {
                Some(Number::Int(milliseconds)) => from_milliseconds(milliseconds),
                // The cast stops at the ends of 64 bits, which no instant reaches.
                Some(Number::Float(milliseconds)) => from_milliseconds(milliseconds.floor() as i64),
                None => None,
            }
        }
        _ => return refuse(value, WANTED),
    };
    match (found, value) {
        (Some(instant), _) => Ok(Some(instant)),
        (None, Value::Text(text) | Value::Param(text, _)) => refuse_text(text, WANTED),
        (None, _) => Err(Stop::from("the number is outside the years -9999 to 9999".to_owned())),
    }
}

fn is_integer(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn from_milliseconds(milliseconds: i64) -> Option<Timestamp> {
    Timestamp::from_millisecond(milliseconds).ok()
}

/// An instant as RFC 3339 writes it; without an offset it is in UTC, without a time it is midnight.
fn from_text(text: &str) -> Option<Timestamp> {
    // Nothing longer is a date, with all its parts and a zone's name behind it.
    if text.len() > 128 {
        return None;
    }
    if let Ok(instant) = text.parse() {
        return Some(instant);
    }
    let local: DateTime = text.parse().ok()?;
    local.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

#[cfg(test)]
mod tests;
