//! Filters on numbers. Integers have 64 bits and stay integers; a result that does not fit fails the answer.

mod currency;
mod decimal;
mod format;
mod quotient;

use super::{Growing, argument, integer, refuse, refuse_text};
use crate::template::compare::order;
use crate::template::value::{Meter, Number, Stop, Text, Value, character, parse_number};

pub(super) use self::currency::currency_format;
use self::decimal::{Rounding, numeral};
pub(super) use self::format::number_format;
use self::quotient::Quotient;

/// The most decimals of `double-format`.
const MOST_DECIMALS: i64 = 100;

/// Charges what it costs to look for a number in a value.
fn charge(value: &Value<'_>, meter: &mut Meter) -> Result<(), Stop> {
    match value {
        Value::Text(text) | Value::Digits(text) | Value::Param(text, _) => meter.read(text.len()),
        _ => Ok(()),
    }
}

/// The number that a value is or that its text says.
fn number(value: &Value<'_>, meter: &mut Meter) -> Result<Number, Stop> {
    charge(value, meter)?;
    match (value.number(), value) {
        (Some(number), _) => Ok(number),
        (None, Value::Text(text) | Value::Param(text, _)) => refuse_text(text, "number"),
        (None, Value::Digits(_)) => Err(too_large("number")),
        (None, _) => refuse(value, "number"),
    }
}

fn too_large(what: &str) -> Stop {
    Stop::from(format!("the {what} is too large"))
}

fn not_64_bits(what: &str) -> Stop {
    Stop::from(format!("the {what} does not fit in 64 bits"))
}

fn by_zero() -> Stop {
    Stop::from("a division by zero has no result".to_owned())
}

fn finite<'a>(float: f64, what: &str) -> Result<Value<'a>, Stop> {
    if float.is_finite() { Ok(Value::Float(float)) } else { Err(too_large(what)) }
}

/// A float without a fraction as an integer.
fn whole<'a>(float: f64) -> Result<Value<'a>, Stop> {
    // Both bounds are powers of two, so they are exact.
    match (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&float) {
        true => Ok(Value::Int(float as i64)),
        false => Err(not_64_bits("number")),
    }
}

/// An integer as it is, whatever its size, else what `change` makes of the float.
fn to_whole<'a>(value: Value<'a>, meter: &mut Meter, change: fn(f64) -> f64) -> Result<Value<'a>, Stop> {
    charge(&value, meter)?;
    if is_integer_of_json(&value) {
        return Ok(value);
    }
    match number(&value, meter)? {
        Number::Int(int) => Ok(Value::Int(int)),
        Number::Float(float) => whole(change(float)),
    }
}

fn is_integer_of_json(value: &Value<'_>) -> bool {
    match value {
        Value::Int(_) => true,
        Value::Digits(digits) => !digits.contains(['.', 'e', 'E']),
        _ => false,
    }
}

pub(super) fn abs<'a>(value: Value<'a>, _: &[Value<'a>], meter: &mut Meter) -> Result<Value<'a>, Stop> {
    if let Value::Digits(digits) = &value {
        meter.write(digits.len())?;
        return Ok(match digits.strip_prefix('-') {
            Some(positive) => Value::Digits(positive.to_owned().into()),
            None => value,
        });
    }
    Ok(match number(&value, meter)? {
        // The smallest integer has no positive one of 64 bits; its digits have no such end.
        Number::Int(int) => int
            .checked_abs()
            .map_or_else(|| Value::Digits(Text::from(int.unsigned_abs().to_string())), Value::Int),
        Number::Float(float) => Value::Float(float.abs()),
    })
}

pub(super) fn add<'a>(
    value: Value<'a>,
    arguments: &[Value<'a>],
    meter: &mut Meter,
) -> Result<Value<'a>, Stop> {
    std::iter::once(&value).chain(arguments).try_for_each(|part| charge(part, meter))?;
    let numbers: Option<Vec<Number>> = std::iter::once(&value).chain(arguments).map(Value::number).collect();
    let Some(numbers) = numbers else {
        let mut all = Growing::new(meter);
        for part in std::iter::once(&value).chain(arguments) {
            let text = part.to_text(all.meter)?;
            all.push(&text)?;
        }
        return all.finish();
    };
    if let Some(ints) = numbers
        .iter()
        .map(|number| if let Number::Int(int) = number { Some(*int) } else { None })
        .collect::<Option<Vec<_>>>()
    {
        let sum = ints.iter().try_fold(0_i64, |sum, int| sum.checked_add(*int));
        return sum.map(Value::Int).ok_or_else(|| Stop::from("the sum does not fit in 64 bits".to_owned()));
    }
    // From the first number on, not from 0.0: that would lose a negative zero.
    let sum = numbers.into_iter().map(Number::as_f64).reduce(|sum, next| sum + next).unwrap_or(0.0);
    if sum.is_finite() { Ok(Value::Float(sum)) } else { Err(Stop::from("the sum is too large".to_owned())) }
}

pub(super) fn between<'a>(
    value: Value<'a>,
    arguments: &[Value<'a>],
    meter: &mut Meter,
) -> Result<Value<'a>, Stop> {
    let found = number(&value, meter)?;
    let low = number(argument(arguments, 0), meter)?;
    let high = number(argument(arguments, 1), meter)?;
    Ok(Value::Bool(order(low, found).is_le() && order(found, high).is_le()))
}

pub(super) fn bool<'a>(value: Value<'a>, _: &[Value<'a>], _: &mut Meter) -> Result<Value<'a>, Stop> {
    match &value {
        Value::Missing | Value::Null | Value::Bool(_) => Ok(value),
        Value::Text(text) | Value::Param(text, _) => match &**text {
            "true" => Ok(Value::Bool(true)),
            "false" => Ok(Value::Bool(false)),
            other => refuse_text(other, "boolean"),
        },
        _ => refuse(&value, "boolean"),
    }
}

pub(super) fn ceil<'a>(value: Value<'a>, _: &[Value<'a>], meter: &mut Meter) -> Result<Value<'a>, Stop> {
    to_whole(value, meter, f64::ceil)
}

/// Integers are divided exactly: an exact quotient is an integer, another one is rounded to 16 digits first, as
/// the original does. From the first float on it is floating point.
pub(super) fn divide<'a>(
    value: Value<'a>,
    arguments: &[Value<'a>],
    meter: &mut Meter,
) -> Result<Value<'a>, Stop> {
    let mut quotient = Quotient::from(number(&value, meter)?);
    for divisor in arguments {
        meter.step(1)?;
        quotient = quotient.divided(number(divisor, meter)?)?;
    }
    quotient.finish()
}

pub(super) fn double_format<'a>(
    value: Value<'a>,
    arguments: &[Value<'a>],
    meter: &mut Meter,
) -> Result<Value<'a>, Stop> {
    let places = if arguments.is_empty() { 1 } else { integer(arguments, 0, "digits")? };
    let places = match usize::try_from(places) {
        Ok(places) if (0..=MOST_DECIMALS).contains(&(places as i64)) => places,
        _ => return Err(Stop::from(format!("a number has 0 to {MOST_DECIMALS} decimals, not {places}"))),
    };
    let number = numeral(&value, meter)?;
    let sign = if number.decimal.negative { "-" } else { "" };
    let rounded = number.decimal.rounded(places, Rounding::HalfUp);
    meter.write(rounded.size(places))?;
    let (whole, fraction) = (rounded.whole(), rounded.fraction(places));
    let point = if places == 0 { "" } else { "." };
    Ok(Value::text_of(format!("{sign}{whole}{point}{fraction}")))
}

pub(super) fn float<'a>(value: Value<'a>, _: &[Value<'a>], meter: &mut Meter) -> Result<Value<'a>, Stop> {
    match &value {
        Value::Missing | Value::Null | Value::Float(_) => Ok(value),
        Value::Digits(digits) if digits.contains(['.', 'e', 'E']) => Ok(value),
        Value::Text(text) | Value::Param(text, _) | Value::Digits(text) => {
            meter.read(text.len())?;
            match parse_number(text) {
                Some(number) => Ok(Value::Float(number.as_f64())),
                None => refuse_text(text, "number"),
            }
        }
        Value::Int(int) => Ok(Value::Float(*int as f64)),
        _ => refuse(&value, "number"),
    }
}

pub(super) fn floor<'a>(value: Value<'a>, _: &[Value<'a>], meter: &mut Meter) -> Result<Value<'a>, Stop> {
    to_whole(value, meter, f64::floor)
}

/// Works on the characters of any text; a point stands for the digit left of it, as in the original.
pub(super) fn get_digit<'a>(
    value: Value<'a>,
    arguments: &[Value<'a>],
    meter: &mut Meter,
) -> Result<Value<'a>, Stop> {
    let place = integer(arguments, 0, "n")?;
    let text = value.to_text(meter)?;
    let mut from_right = text.char_indices().rev();
    let found = usize::try_from(place - 1).ok().and_then(|before| from_right.nth(before));
    let found = match found {
        Some((_, '.')) => from_right.next(),
        other => other,
    };
    Ok(found.map_or(value, |(start, _)| Value::Text(character(&text, start))))
}

pub(super) fn int<'a>(value: Value<'a>, _: &[Value<'a>], meter: &mut Meter) -> Result<Value<'a>, Stop> {
    match &value {
        Value::Missing | Value::Null | Value::Int(_) => Ok(value),
        Value::Text(text) | Value::Param(text, _) => {
            meter.read(text.len())?;
            match text.trim().parse() {
                Ok(int) => Ok(Value::Int(int)),
                Err(_) => refuse_text(text, "integer of 64 bits"),
            }
        }
        // An integer of any size keeps its digits.
        Value::Digits(digits) if !digits.contains(['.', 'e', 'E']) => Ok(value),
        Value::Digits(_) | Value::Float(_) => {
            let whole = value.number().map_or(f64::NAN, |number| number.as_f64().trunc());
            // Both bounds are powers of two, so they are exact.
            if (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&whole) {
                Ok(Value::Int(whole as i64))
            } else {
                Err(Stop::from("the number does not fit in 64 bits".to_owned()))
            }
        }
        _ => refuse(&value, "integer"),
    }
}

pub(super) fn max<'a>(value: Value<'a>, _: &[Value<'a>], meter: &mut Meter) -> Result<Value<'a>, Stop> {
    extreme(&value, meter, std::cmp::Ordering::is_gt)
}

/// The first of a list's numbers that none goes before; missing for an empty list.
fn extreme<'a>(
    value: &Value<'a>,
    meter: &mut Meter,
    goes_before: fn(std::cmp::Ordering) -> bool,
) -> Result<Value<'a>, Stop> {
    let mut best: Option<(Number, Value<'a>)> = None;
    each(value, meter, |number, item| {
        if best.as_ref().is_none_or(|(known, _)| goes_before(order(number, *known))) {
            best = Some((number, item));
        }
        Ok(())
    })?;
    Ok(match best {
        // A number keeps the digits that were written, a text becomes the number.
        Some((_, number @ (Value::Int(_) | Value::Float(_) | Value::Digits(_)))) => number,
        Some((Number::Int(int), _)) => Value::Int(int),
        Some((Number::Float(float), _)) => Value::Float(float),
        None => Value::Missing,
    })
}

/// Hands out the numbers of a list.
fn each<'a>(
    value: &Value<'a>,
    meter: &mut Meter,
    mut take: impl FnMut(Number, Value<'a>) -> Result<(), Stop>,
) -> Result<(), Stop> {
    let mut one = |item: Value<'a>| {
        meter.step(1)?;
        take(number(&item, meter)?, item)
    };
    match value {
        Value::Array(items) => items.iter().try_for_each(|item| one(item.into())),
        Value::List(items) => items.iter().cloned().try_for_each(one),
        _ => refuse(value, "list"),
    }
}

pub(super) fn min<'a>(value: Value<'a>, _: &[Value<'a>], meter: &mut Meter) -> Result<Value<'a>, Stop> {
    extreme(&value, meter, std::cmp::Ordering::is_lt)
}

pub(super) fn modulo<'a>(
    value: Value<'a>,
    arguments: &[Value<'a>],
    meter: &mut Meter,
) -> Result<Value<'a>, Stop> {
    let (left, right) = (number(&value, meter)?, number(argument(arguments, 0), meter)?);
    if right.as_f64() == 0.0 {
        return Err(by_zero());
    }
    if let (Number::Int(left), Number::Int(right)) = (left, right) {
        // The one remainder that overflows is that of a division by -1, which leaves nothing.
        let rest = left.checked_rem(right).unwrap_or(0);
        return Ok(Value::Int(if rest != 0 && (rest < 0) != (right < 0) { rest + right } else { rest }));
    }
    let (left, right) = (left.as_f64(), right.as_f64());
    let rest = left % right;
    let adjusted = if rest != 0.0 && (rest < 0.0) != (right < 0.0) { rest + right } else { rest };
    // Nothing that is left has no sign.
    finite(if adjusted == 0.0 { 0.0 } else { adjusted }, "remainder")
}

pub(super) fn multiply<'a>(
    value: Value<'a>,
    arguments: &[Value<'a>],
    meter: &mut Meter,
) -> Result<Value<'a>, Stop> {
    let mut product = number(&value, meter)?;
    for factor in arguments {
        meter.step(1)?;
        product = match (product, number(factor, meter)?) {
            (Number::Int(left), Number::Int(right)) => {
                Number::Int(left.checked_mul(right).ok_or_else(|| not_64_bits("product"))?)
            }
            (left, right) => Number::Float(left.as_f64() * right.as_f64()),
        };
    }
    match product {
        Number::Int(int) => Ok(Value::Int(int)),
        Number::Float(float) => finite(float, "product"),
    }
}

pub(super) fn round<'a>(value: Value<'a>, _: &[Value<'a>], meter: &mut Meter) -> Result<Value<'a>, Stop> {
    // Not the floor of 0.5 more: the sum of 0.49999999999999994 and 0.5 is 1.
    to_whole(value, meter, |float| float.floor() + if float - float.floor() >= 0.5 { 1.0 } else { 0.0 })
}

pub(super) fn sum<'a>(value: Value<'a>, _: &[Value<'a>], meter: &mut Meter) -> Result<Value<'a>, Stop> {
    let mut sum = Value::Int(0);
    each(&value, meter, |number, _| {
        if let Some(before) = sum.number() {
            sum = before.plus(number)?;
        }
        Ok(())
    })?;
    Ok(sum)
}

#[cfg(test)]
mod tests;
