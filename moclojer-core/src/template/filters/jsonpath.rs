//! JSONPath (RFC 9535) over the values of a template. It is our own because each node that a path visits is
//! charged: `$..*..*` of a small document would cost more than any answer may.
//!
//! `path` says what a path is, `parse` reads one, `find` follows it through a value; `test`, `compare` and
//! `pattern` are for the conditions of filters. A template may be lenient: `$` may be left out.

mod compare;
mod find;
mod parse;
mod path;
mod pattern;
mod test;

#[cfg(test)]
mod tests;

use super::{argument, refuse};
use crate::template::compile;
use crate::template::value::{Meter, Stop, Value};

/// The value of a path that names one (missing when there is none), else the list of all that was found.
pub(super) fn jsonpath<'a>(
    value: Value<'a>,
    arguments: &[Value<'a>],
    meter: &mut Meter,
) -> Result<Value<'a>, Stop> {
    let text = match argument(arguments, 0) {
        Value::Text(text) | Value::Param(text, _) => text,
        // What the context gives is known only now.
        other => return refuse(other, "JSONPath"),
    };
    meter.read(text.len())?;
    let query = parse::parse(text).map_err(|(place, reason)| {
        let before = text.get(..place).unwrap_or("").chars().count();
        Stop::from(format!("{:?} is no JSONPath at character {}: {reason}", compile::clip(text), before + 1))
    })?;
    find::find(&query, value, meter)
}

/// Says where a path is none, as a byte offset, and why. Stricter than a run of it, which takes a pattern of
/// `match` or `search` that is none for one that matches nothing, as the standard has it.
pub(in crate::template) fn check(path: &str) -> Result<(), (usize, String)> {
    let query = parse::parse(path)?;
    match pattern::first_broken_pattern(&query) {
        Some((place, reason)) => Err((place, reason)),
        None => Ok(()),
    }
}
