//! Filters on lists, and on texts as lists of characters: what is a text stays one. Maps are lists of pairs, as loops
//! see them.
//!
//! Order stands in `sort`, what looks into maps in `maps`.

mod maps;
mod sort;

#[cfg(test)]
mod laws;
#[cfg(test)]
mod tests;

pub(super) use maps::{get, keys, map, matching, values};
pub(super) use sort::{sort, sort_by, sort_by_reversed, sort_reversed};

use std::collections::HashSet;
use std::ops::Range;

use super::text::{cut, start_of};
use super::{Growing, argument, integer, integer_text, refuse};
use crate::template::Scope;
use crate::template::functions::below;
use crate::template::value::{Meter, Number, Stop, Text, Value, character, pair};

pub(super) fn count<'a>(value: Value<'a>, _: &[Value<'a>], meter: &mut Meter) -> Result<Value<'a>, Stop> {
    Ok(Value::Int(size(&value, meter)? as i64))
}

pub(super) fn count_is<'a>(
    value: Value<'a>,
    arguments: &[Value<'a>],
    meter: &mut Meter,
) -> Result<Value<'a>, Stop> {
    let wanted = integer_text(arguments, 0, "n")?;
    Ok(Value::Bool(size(&value, meter)? as i64 == wanted))
}

pub(super) fn default<'a>(
    value: Value<'a>,
    arguments: &[Value<'a>],
    _: &mut Meter,
) -> Result<Value<'a>, Stop> {
    Ok(match value {
        Value::Missing | Value::Null | Value::Bool(false) => argument(arguments, 0).clone(),
        present => present,
    })
}

pub(super) fn default_if_empty<'a>(
    value: Value<'a>,
    arguments: &[Value<'a>],
    _: &mut Meter,
) -> Result<Value<'a>, Stop> {
    Ok(if is_empty(&value)? { argument(arguments, 0).clone() } else { value })
}

pub(super) fn drop<'a>(
    value: Value<'a>,
    arguments: &[Value<'a>],
    meter: &mut Meter,
) -> Result<Value<'a>, Stop> {
    let dropped = at_most(integer(arguments, 0, "n")?);
    part(&value, meter, |length| dropped.min(length)..length)
}

pub(super) fn drop_last<'a>(
    value: Value<'a>,
    arguments: &[Value<'a>],
    meter: &mut Meter,
) -> Result<Value<'a>, Stop> {
    let dropped = at_most(integer(arguments, 0, "n")?);
    part(&value, meter, |length| 0..length.saturating_sub(dropped))
}

pub(super) fn empty<'a>(value: Value<'a>, _: &[Value<'a>], _: &mut Meter) -> Result<Value<'a>, Stop> {
    is_empty(&value).map(Value::Bool)
}

pub(super) fn first<'a>(value: Value<'a>, _: &[Value<'a>], _: &mut Meter) -> Result<Value<'a>, Stop> {
    Ok(match &value {
        Value::Array(items) => items.first().map(Value::from),
        Value::List(items) => items.first().cloned(),
        Value::Object(object) => {
            object.iter().next().map(|(key, value)| pair(Text::Borrowed(key), value.into()))
        }
        Value::Map(pairs) => pairs.first().map(|(key, value)| pair(key.clone(), value.clone())),
        Value::Text(text) | Value::Param(text, _) => Some(Value::Text(character(text, 0))),
        _ => return refuse(&value, "list or text"),
    }
    .unwrap_or_default())
}

pub(super) fn join<'a>(
    value: Value<'a>,
    arguments: &[Value<'a>],
    meter: &mut Meter,
) -> Result<Value<'a>, Stop> {
    let separator = argument(arguments, 0).to_text(meter)?;
    let items = items(&value, meter)?;
    let mut all = Growing::new(meter);
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            all.push(&separator)?;
        }
        let text = item.to_text(all.meter)?;
        all.push(&text)?;
    }
    all.finish()
}

/// The original has none for an empty list, and the empty text for an empty one.
pub(super) fn last<'a>(value: Value<'a>, _: &[Value<'a>], meter: &mut Meter) -> Result<Value<'a>, Stop> {
    let item = match &value {
        Value::Array(items) => items.last().map(Value::from),
        Value::List(items) => items.last().cloned(),
        Value::Object(_) | Value::Map(_) => items(&value, meter)?.pop(),
        Value::Text(text) | Value::Param(text, _) => {
            let start = text.char_indices().next_back().map_or(0, |(start, _)| start);
            Some(Value::Text(character(text, start)))
        }
        _ => return refuse(&value, "list or text"),
    };
    item.ok_or_else(|| Stop::from("an empty list has no last item".to_owned()))
}

pub(super) fn not_empty<'a>(value: Value<'a>, _: &[Value<'a>], _: &mut Meter) -> Result<Value<'a>, Stop> {
    Ok(if is_empty(&value)? { Value::Missing } else { value })
}

pub(super) fn rand_nth<'a>(
    value: Value<'a>,
    _: &[Value<'a>],
    scope: &dyn Scope,
    meter: &mut Meter,
) -> Result<Value<'a>, Stop> {
    let length = match &value {
        Value::Array(_) | Value::List(_) | Value::Text(_) | Value::Param(..) => size(&value, meter)?,
        _ => return refuse(&value, "list or text"),
    };
    if length == 0 {
        return Err(Stop::from("nothing can be drawn where there is nothing".to_owned()));
    }
    let index = below(length as u64, scope) as usize;
    Ok(match &value {
        Value::Array(items) => items.get(index).map_or(Value::Missing, Value::from),
        Value::List(items) => items.get(index).cloned().unwrap_or_default(),
        Value::Text(text) | Value::Param(text, _) => Value::Text(character(text, start_of(text, index))),
        _ => Value::Missing,
    })
}

/// The value is the end, which is left out.
pub(super) fn range<'a>(
    value: Value<'a>,
    arguments: &[Value<'a>],
    meter: &mut Meter,
) -> Result<Value<'a>, Stop> {
    let end = whole(&value)?;
    let bound = |index, name, otherwise| match arguments.get(index) {
        Some(_) => integer(arguments, index, name),
        None => Ok(otherwise),
    };
    let (start, step) = (bound(0, "start", 0)?, bound(1, "step", 1)?);
    let distance =
        if step < 0 { i128::from(start) - i128::from(end) } else { i128::from(end) - i128::from(start) };
    let count = match step.unsigned_abs() {
        0 => return Err(Stop::from("a range in steps of 0 has no end".to_owned())),
        size => u128::try_from(distance).unwrap_or(0).div_ceil(u128::from(size)),
    };
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    meter.step(count)?;
    let next = |last: &i64| last.checked_add(step);
    Ok(Value::List(std::iter::successors(Some(start), next).take(count).map(Value::Int).collect()))
}

pub(super) fn reverse<'a>(value: Value<'a>, _: &[Value<'a>], meter: &mut Meter) -> Result<Value<'a>, Stop> {
    if let Value::Text(text) | Value::Param(text, _) = &value {
        meter.read(text.len())?;
        meter.write(text.len())?;
        return Ok(Value::text_of(text.chars().rev().collect()));
    }
    let mut items = items(&value, meter)?;
    items.reverse();
    Ok(Value::List(items.into()))
}

pub(super) fn take<'a>(
    value: Value<'a>,
    arguments: &[Value<'a>],
    meter: &mut Meter,
) -> Result<Value<'a>, Stop> {
    let taken = at_most(integer(arguments, 0, "n")?);
    part(&value, meter, |length| 0..taken.min(length))
}

/// Items are the same when their JSON is: `1` and `"1"` are two.
pub(super) fn uniq<'a>(value: Value<'a>, _: &[Value<'a>], meter: &mut Meter) -> Result<Value<'a>, Stop> {
    if let Value::Text(text) | Value::Param(text, _) = &value {
        meter.read(text.len())?;
        meter.write(text.len())?;
        let mut seen = HashSet::new();
        return Ok(Value::text_of(text.chars().filter(|character| seen.insert(*character)).collect()));
    }
    let mut seen = HashSet::new();
    let mut kept = Vec::new();
    for item in items(&value, meter)? {
        let mut json = String::new();
        item.write_json(&mut json, meter)?;
        meter.read(json.len())?;
        if seen.insert(json) {
            kept.push(item);
        }
    }
    Ok(Value::List(kept.into()))
}

/// How many characters, items or keys; none for what is missing.
pub(super) fn size(value: &Value<'_>, meter: &mut Meter) -> Result<usize, Stop> {
    Ok(match value {
        Value::Missing | Value::Null => 0,
        Value::Text(text) | Value::Param(text, _) => {
            meter.read(text.len())?;
            text.chars().count()
        }
        Value::Array(items) => items.len(),
        Value::List(items) => items.len(),
        Value::Object(object) => object.len(),
        Value::Map(pairs) => pairs.len(),
        _ => return refuse(value, "text, list or map, so it has no size"),
    })
}

fn is_empty(value: &Value<'_>) -> Result<bool, Stop> {
    Ok(match value {
        Value::Missing | Value::Null => true,
        Value::Text(text) | Value::Param(text, _) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::List(items) => items.is_empty(),
        Value::Object(object) => object.is_empty(),
        Value::Map(pairs) => pairs.is_empty(),
        _ => return refuse(value, "text, list or map, so it is neither empty nor full"),
    })
}

/// The items of a list, the pairs of a map, the characters of a text.
fn items<'a>(value: &Value<'a>, meter: &mut Meter) -> Result<Vec<Value<'a>>, Stop> {
    match value {
        Value::Array(items) => meter.step(items.len()).map(|()| items.iter().map(Value::from).collect()),
        Value::List(items) => meter.step(items.len()).map(|()| items.to_vec()),
        Value::Object(object) => {
            meter.step(object.len())?;
            Ok(object.iter().map(|(key, value)| pair(Text::Borrowed(key), value.into())).collect())
        }
        Value::Map(pairs) => {
            meter.step(pairs.len())?;
            Ok(pairs.iter().map(|(key, value)| pair(key.clone(), value.clone())).collect())
        }
        Value::Text(text) | Value::Param(text, _) => {
            meter.step(text.chars().count())?;
            Ok(text.char_indices().map(|(start, _)| Value::Text(character(text, start))).collect())
        }
        _ => refuse(value, "list or text"),
    }
}

/// A number of items as the original takes it: less than none is none.
fn at_most(count: i64) -> usize {
    usize::try_from(count).unwrap_or(0)
}

/// The items or characters in the range that is made of their number. A list of the request is not copied.
fn part<'a>(
    value: &Value<'a>,
    meter: &mut Meter,
    range: impl FnOnce(usize) -> Range<usize>,
) -> Result<Value<'a>, Stop> {
    match value {
        Value::Array(items) => Ok(Value::Array(items.get(range(items.len())).unwrap_or_default())),
        Value::Text(text) | Value::Param(text, _) => {
            let range = range(size(value, meter)?);
            cut(text, start_of(text, range.start), start_of(text, range.end), meter).map(Value::Text)
        }
        _ => {
            let mut items = items(value, meter)?;
            let range = range(items.len());
            items.truncate(range.end);
            Ok(Value::List(items.into_iter().skip(range.start).collect()))
        }
    }
}

/// The integer that a number is or a text says.
fn whole(value: &Value<'_>) -> Result<i64, Stop> {
    match value.number() {
        Some(Number::Int(int)) => Ok(int),
        // Between these bounds every whole number fits.
        Some(Number::Float(float)) if float.fract() == 0.0 && float.abs() < 9e18 => Ok(float as i64),
        _ => match value {
            Value::Text(text) | Value::Digits(text) | Value::Param(text, _) => {
                super::refuse_text(text, "integer")
            }
            _ => refuse(value, "integer"),
        },
    }
}
