//! Filters on texts: case, cutting, replacing. Other values are taken as the text that they render to, but where
//! a filter has no sense without a text. A length counts characters.
//!
//! What makes or removes HTML stands in `markup`, `slug` in a file of its own.

mod markup;
mod slug;

#[cfg(test)]
mod tests;

pub(super) use markup::{email, linebreaks, linebreaks_br, linenumbers, phone, remove_tags};
pub(super) use slug::slug;

use super::list::size;
use super::{Growing, argument, integer, integer_text, map_text, refuse};
use crate::template::ParamKind;
use crate::template::value::{Meter, Number, Stop, Text, Value, character, nth_character};

/// Shortens a text. Arguments: max, width (blank when left out), side, ellipsis; the last two come from `abbr-…`.
pub(super) fn abbreviate<'a>(
    value: Value<'a>,
    arguments: &[Value<'a>],
    meter: &mut Meter,
) -> Result<Value<'a>, Stop> {
    let text = value.to_text(meter)?;
    let max = integer(arguments, 0, "max")?;
    let width = if argument(arguments, 1).is_blank() { max } else { integer(arguments, 1, "width")? };
    let side = argument(arguments, 2).to_text(meter)?;
    let ellipsis = arguments.get(3).map_or(Ok(Text::Borrowed("...")), |given| given.to_text(meter))?;
    let ellipsis_length = ellipsis.chars().count();
    let room = usize::try_from(width).ok().and_then(|width| width.checked_sub(ellipsis_length));
    let Some(room) = room else {
        return Err(format!("the width {width} is too small for the ellipsis of {ellipsis_length}").into());
    };
    if max < width {
        return Err(format!("`max` is {max}, which is below the width {width}").into());
    }
    let length = text.chars().count();
    if length as i64 <= max {
        return Ok(Value::Text(text));
    }
    let (before, after) = match &*side {
        "left" => (0, room),
        "middle" => (room / 2, room.div_ceil(2)),
        _ => (room, 0),
    };
    let mut short = Growing::new(meter);
    short.push(&text[..start_of(&text, before)])?;
    short.push(&ellipsis)?;
    short.push(&text[start_of(&text, length.saturating_sub(after))..])?;
    short.finish()
}

pub(super) fn addslashes<'a>(
    value: Value<'a>,
    _: &[Value<'a>],
    meter: &mut Meter,
) -> Result<Value<'a>, Stop> {
    map_text(&value, meter, |text| {
        let mut slashed = String::with_capacity(text.len());
        for character in text.chars() {
            if matches!(character, '"' | '\'') {
                slashed.push('\\');
            }
            slashed.push(character);
        }
        slashed
    })
}

pub(super) fn capitalize<'a>(
    value: Value<'a>,
    _: &[Value<'a>],
    meter: &mut Meter,
) -> Result<Value<'a>, Stop> {
    map_text(&value, meter, |text| {
        let mut capitalized = String::with_capacity(text.len());
        push_capitalized(text, &mut capitalized);
        capitalized
    })
}

pub(super) fn center<'a>(
    value: Value<'a>,
    arguments: &[Value<'a>],
    meter: &mut Meter,
) -> Result<Value<'a>, Stop> {
    let text = value.to_text(meter)?;
    let width = usize::try_from(integer_text(arguments, 0, "width")?).unwrap_or(0);
    let spaces = width.saturating_sub(text.chars().count());
    // Charged before they are made: a width may be any number.
    meter.write(spaces.saturating_add(text.len()))?;
    let (left, right) = (spaces.div_ceil(2), spaces / 2);
    Ok(Value::text_of([&*" ".repeat(left), &*text, &*" ".repeat(right)].concat()))
}

pub(super) fn lower<'a>(value: Value<'a>, _: &[Value<'a>], meter: &mut Meter) -> Result<Value<'a>, Stop> {
    map_text(&value, meter, str::to_lowercase)
}

pub(super) fn name<'a>(value: Value<'a>, _: &[Value<'a>], _: &mut Meter) -> Result<Value<'a>, Stop> {
    match value {
        Value::Text(_) | Value::Param(..) => Ok(value),
        _ => refuse(&value, "text"),
    }
}

/// The ending that belongs to a number, or to the size of anything else.
pub(super) fn pluralize<'a>(
    value: Value<'a>,
    arguments: &[Value<'a>],
    meter: &mut Meter,
) -> Result<Value<'a>, Stop> {
    let one = match &value {
        Value::Int(_) | Value::Float(_) | Value::Digits(_) => is_one(&value),
        Value::Param(_, ParamKind::Int | ParamKind::Float) if value.number().is_some() => is_one(&value),
        Value::Missing | Value::Null => return refuse(&value, "number and has no size"),
        _ => size(&value, meter)? == 1,
    };
    Ok(match arguments {
        [singular, plural, ..] => if one { singular } else { plural }.clone(),
        _ if one => Value::Text(Text::Borrowed("")),
        [plural] => plural.clone(),
        [] => Value::Text(Text::Borrowed("s")),
    })
}

pub(super) fn remove<'a>(
    value: Value<'a>,
    arguments: &[Value<'a>],
    meter: &mut Meter,
) -> Result<Value<'a>, Stop> {
    let mut unwanted: Vec<char> = argument(arguments, 0).to_text(meter)?.chars().collect();
    unwanted.sort_unstable();
    map_text(&value, meter, |text| {
        text.chars().filter(|kept| unwanted.binary_search(kept).is_err()).collect()
    })
}

pub(super) fn replace<'a>(
    value: Value<'a>,
    arguments: &[Value<'a>],
    meter: &mut Meter,
) -> Result<Value<'a>, Stop> {
    if value.is_absent() {
        return refuse(&value, "text");
    }
    let text = value.to_text(meter)?;
    let from = argument(arguments, 0).to_text(meter)?;
    let to = argument(arguments, 1).to_text(meter)?;
    let mut all = Growing::new(meter);
    let mut copied = 0;
    for (start, found) in text.match_indices(&*from) {
        all.push(&text[copied..start])?;
        all.push(&to)?;
        copied = start + found.len();
    }
    all.push(&text[copied..])?;
    all.finish()
}

/// The compiler takes it as an order not to escape; to the value it does nothing.
pub(super) fn safe<'a>(value: Value<'a>, _: &[Value<'a>], _: &mut Meter) -> Result<Value<'a>, Stop> {
    Ok(value)
}

/// The parts of a text, empty ones too. What is missing has none, so that a loop over it does nothing.
pub(super) fn split<'a>(
    value: Value<'a>,
    arguments: &[Value<'a>],
    meter: &mut Meter,
) -> Result<Value<'a>, Stop> {
    if value.is_absent() {
        return Ok(Value::List([].into()));
    }
    let text = value.to_text(meter)?;
    let separator = argument(arguments, 0).to_text(meter)?;
    let mut parts = Vec::new();
    if separator.is_empty() {
        for (start, _) in text.char_indices() {
            meter.step(1)?;
            parts.push(Value::Text(character(&text, start)));
        }
        return Ok(Value::List(parts.into()));
    }
    let mut start = 0;
    for (end, found) in text.match_indices(&*separator) {
        parts.push(Value::Text(cut(&text, start, end, meter)?));
        start = end + found.len();
    }
    parts.push(Value::Text(cut(&text, start, text.len(), meter)?));
    Ok(Value::List(parts.into()))
}

pub(super) fn str<'a>(value: Value<'a>, _: &[Value<'a>], meter: &mut Meter) -> Result<Value<'a>, Stop> {
    value.to_text(meter).map(Value::Text)
}

/// The characters from `start` up to `end`, and a suffix when that is not the whole text.
pub(super) fn subs<'a>(
    value: Value<'a>,
    arguments: &[Value<'a>],
    meter: &mut Meter,
) -> Result<Value<'a>, Stop> {
    let (Value::Text(text) | Value::Param(text, _)) = &value else { return refuse(&value, "text") };
    meter.read(text.len())?;
    let (start, end) = (integer(arguments, 0, "start")?, integer(arguments, 1, "end")?);
    let length = text.chars().count();
    let outside = || Stop::from(format!("a text of {length} characters has no part from {start} to {end}"));
    let first = usize::try_from(start).map_err(|_| outside())?;
    let last = usize::try_from(end).map_err(|_| outside())?;
    if first > last || last > length {
        return Err(outside());
    }
    let suffix = argument(arguments, 2).to_text(meter)?;
    let mut part = Growing::new(meter);
    part.push(&text[start_of(text, first)..start_of(text, last)])?;
    if last - first < length {
        part.push(&suffix)?;
    }
    part.finish()
}

/// Words end at spaces only; spaces at the end are dropped.
pub(super) fn title<'a>(value: Value<'a>, _: &[Value<'a>], meter: &mut Meter) -> Result<Value<'a>, Stop> {
    map_text(&value, meter, |text| {
        let mut title = String::with_capacity(text.len());
        for (index, word) in text.trim_end_matches(' ').split(' ').enumerate() {
            if index > 0 {
                title.push(' ');
            }
            push_capitalized(word, &mut title);
        }
        title
    })
}

pub(super) fn trim<'a>(value: Value<'a>, _: &[Value<'a>], meter: &mut Meter) -> Result<Value<'a>, Stop> {
    map_text(&value, meter, |text| text.trim().to_owned())
}

pub(super) fn upper<'a>(value: Value<'a>, _: &[Value<'a>], meter: &mut Meter) -> Result<Value<'a>, Stop> {
    map_text(&value, meter, str::to_uppercase)
}

/// Appends the first character in upper case, the others in lower case.
fn push_capitalized(text: &str, out: &mut String) {
    let mut rest = text.chars();
    out.extend(rest.next().into_iter().flat_map(char::to_uppercase));
    out.push_str(&rest.as_str().to_lowercase());
}

fn is_one(number: &Value<'_>) -> bool {
    match number.number() {
        Some(Number::Int(int)) => int == 1,
        Some(Number::Float(float)) => float == 1.0,
        None => false,
    }
}

/// The byte at which the character at `index` begins, or the end when there are not so many.
pub(super) fn start_of(text: &str, index: usize) -> usize {
    nth_character(text, index).unwrap_or(text.len())
}

/// A part of a text; a copy, which is charged, only of a text that was made here.
pub(super) fn cut<'a>(
    text: &Text<'a>,
    start: usize,
    end: usize,
    meter: &mut Meter,
) -> Result<Text<'a>, Stop> {
    meter.step(1)?;
    Ok(match text {
        Text::Borrowed(text) => Text::Borrowed(text.get(start..end).unwrap_or_default()),
        Text::Shared(text) => {
            let part = text.get(start..end).unwrap_or_default();
            meter.write(part.len())?;
            Text::Shared(part.into())
        }
    })
}
