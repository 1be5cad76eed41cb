//! Comparisons (RFC 9535, section 2.3.5.2.2).

use super::find::{item, size};
use super::path::Comparison;
use crate::template::ParamKind;
use crate::template::compare::order;
use crate::template::value::{Meter, Number, Stop, Value, typed};

/// What a value is to comparisons; a parameter is of the type that it is declared with.
pub(super) enum Plain<'v> {
    Null,
    Bool(bool),
    Number(Option<Number>, &'v str),
    Text(&'v str),
    Inner,
}

impl<'v> Plain<'v> {
    pub(super) fn of(value: &'v Value<'_>) -> Self {
        match value {
            Value::Missing | Value::Null => Self::Null,
            Value::Bool(truth) => Self::Bool(*truth),
            Value::Int(_) | Value::Float(_) => Self::Number(value.number(), ""),
            Value::Digits(digits) => Self::Number(value.number(), digits),
            Value::Text(text) => Self::Text(text),
            Value::Param(text, kind) => match (kind, typed(text, *kind)) {
                (_, None) | (ParamKind::Text, _) => Self::Text(text),
                (ParamKind::Bool, Some(_)) => Self::Bool(**text == *"true"),
                (ParamKind::Int | ParamKind::Float, Some(_)) => Self::Number(value.number(), text),
            },
            Value::Array(_) | Value::Object(_) | Value::List(_) | Value::Map(_) => Self::Inner,
        }
    }
}

/// Charges what has to be read of a text or number that is long; a short one belongs to its comparison's step.
fn charge_long(value: &Value<'_>, meter: &mut Meter) -> Result<(), Stop> {
    match value {
        Value::Text(text) => meter.step(text.len() / 1024),
        // A number is read several times, and slowly.
        Value::Digits(text) | Value::Param(text, _) => meter.step(text.len() / 64),
        _ => Ok(()),
    }
}

pub(super) fn compare(
    left: Option<Value<'_>>,
    comparison: Comparison,
    right: Option<Value<'_>>,
    meter: &mut Meter,
) -> Result<bool, Stop> {
    match comparison {
        Comparison::Equal => same(left, right, meter),
        Comparison::Unequal => Ok(!same(left, right, meter)?),
        Comparison::Less => less(&left, &right, meter),
        Comparison::Greater => less(&right, &left, meter),
        Comparison::LessOrEqual => Ok(less(&left, &right, meter)? || same(left, right, meter)?),
        Comparison::GreaterOrEqual => Ok(less(&right, &left, meter)? || same(left, right, meter)?),
    }
}

/// True for two numbers or two texts in this order, false for all else.
fn less(left: &Option<Value<'_>>, right: &Option<Value<'_>>, meter: &mut Meter) -> Result<bool, Stop> {
    let (Some(left), Some(right)) = (left, right) else { return Ok(false) };
    charge_long(left, meter)?;
    charge_long(right, meter)?;
    Ok(match (Plain::of(left), Plain::of(right)) {
        (Plain::Number(Some(left), _), Plain::Number(Some(right), _)) => order(left, right).is_lt(),
        (Plain::Text(left), Plain::Text(right)) => left < right,
        _ => false,
    })
}

/// True for equal values and for nothing twice. Pairs wait in a list, so depth costs no stack.
fn same(left: Option<Value<'_>>, right: Option<Value<'_>>, meter: &mut Meter) -> Result<bool, Stop> {
    let (left, right) = match (left, right) {
        (Some(left), Some(right)) => (left, right),
        (left, right) => return Ok(left.is_none() && right.is_none()),
    };
    let mut waiting = vec![(left, right)];
    while let Some((left, right)) = waiting.pop() {
        meter.step(1)?;
        charge_long(&left, meter)?;
        charge_long(&right, meter)?;
        let equal = match (Plain::of(&left), Plain::of(&right)) {
            (Plain::Null, Plain::Null) => true,
            (Plain::Bool(left), Plain::Bool(right)) => left == right,
            (Plain::Number(Some(left), _), Plain::Number(Some(right), _)) => order(left, right).is_eq(),
            // Numbers that no double holds are equal when they are written alike.
            (Plain::Number(None, left), Plain::Number(None, right)) => left == right,
            (Plain::Text(left), Plain::Text(right)) => left == right,
            (Plain::Inner, Plain::Inner) => pair_children(&left, &right, &mut waiting, meter)?,
            _ => false,
        };
        if !equal {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Appends what has to be equal for two lists or two maps to be; false when they cannot be.
fn pair_children<'a>(
    left: &Value<'a>,
    right: &Value<'a>,
    waiting: &mut Vec<(Value<'a>, Value<'a>)>,
    meter: &mut Meter,
) -> Result<bool, Stop> {
    let length = size(left);
    if length != size(right) {
        return Ok(false);
    }
    meter.step(length)?;
    let is_map = |value: &Value<'a>| matches!(value, Value::Object(_) | Value::Map(_));
    match (is_map(left), is_map(right)) {
        (false, false) => {
            waiting.extend((0..length).filter_map(|index| item(left, index).zip(item(right, index))));
            Ok(true)
        }
        (true, true) => pair_by_key(left, right, waiting, meter),
        _ => Ok(false),
    }
}

fn pair_by_key<'a>(
    left: &Value<'a>,
    right: &Value<'a>,
    waiting: &mut Vec<(Value<'a>, Value<'a>)>,
    meter: &mut Meter,
) -> Result<bool, Stop> {
    let mut pair = |key: &str, value: Value<'a>| {
        // Each key is looked for among all.
        meter.step(size(right).div_ceil(16))?;
        let other = match right {
            Value::Object(object) => object.get(key).map(Value::from),
            Value::Map(pairs) => {
                pairs.iter().find(|(name, _)| **name == *key).map(|(_, value)| value.clone())
            }
            _ => None,
        };
        let found = other.is_some();
        waiting.extend(other.map(|other| (value, other)));
        Ok::<bool, Stop>(found)
    };
    match left {
        Value::Object(object) => {
            for (key, value) in object.iter() {
                if !pair(key, value.into())? {
                    return Ok(false);
                }
            }
        }
        Value::Map(pairs) => {
            for (key, value) in pairs.iter() {
                if !pair(key, value.clone())? {
                    return Ok(false);
                }
            }
        }
        _ => return Ok(false),
    }
    Ok(true)
}
