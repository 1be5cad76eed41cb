//! How conditions compare values: as numbers where both look like one, else as text.

use super::compile::clip;
use super::expression::is_digits;
use super::program::Comparison;
use super::value::{Meter, Number, Stop, Value, parse_number};

pub(super) fn compare(
    left: &Value<'_>,
    right: &Value<'_>,
    how: Comparison,
    meter: &mut Meter,
) -> Result<bool, Stop> {
    match how {
        Comparison::Equal => equal(left, right, meter),
        Comparison::Unequal => equal(left, right, meter).map(|equal| !equal),
        Comparison::Same if left.is_absent() || right.is_absent() => {
            Ok(left.is_absent() && right.is_absent())
        }
        Comparison::Same => Ok(*left.to_text(meter)? == *right.to_text(meter)?),
        Comparison::Order { less, equal, greater, literal } => {
            let absent = |value: &Value<'_>| {
                value.is_absent() || (literal && matches!(value, Value::Text(text) if text.is_empty()))
            };
            match (absent(left), absent(right)) {
                (true, true) => return Ok(false),
                (true, false) | (false, true) if literal => return Ok(false),
                _ => {}
            }
            let order = order(number(left, meter)?, number(right, meter)?);
            Ok(match order {
                std::cmp::Ordering::Less => less,
                std::cmp::Ordering::Equal => equal,
                std::cmp::Ordering::Greater => greater,
            })
        }
    }
}

/// As numbers when both look like one, else as text; missing equals null and nothing else.
pub(super) fn equal(left: &Value<'_>, right: &Value<'_>, meter: &mut Meter) -> Result<bool, Stop> {
    if left.is_absent() || right.is_absent() {
        return Ok(left.is_absent() && right.is_absent());
    }
    let (left, right) = (left.to_text(meter)?, right.to_text(meter)?);
    if *left == *right {
        return Ok(true);
    }
    if !looks_numeric(&left) || !looks_numeric(&right) {
        return Ok(false);
    }
    Ok(match (parse_number(&left), parse_number(&right)) {
        (Some(left), Some(right)) => order(left, right).is_eq(),
        _ => false,
    })
}

/// `-?[0-9]*\.?[0-9]+`
pub(super) fn looks_numeric(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or(("", digits));
    whole.bytes().all(|byte| byte.is_ascii_digit()) && is_digits(fraction)
}

fn number(value: &Value<'_>, meter: &mut Meter) -> Result<Number, Stop> {
    if let Value::Text(text) | Value::Digits(text) = value {
        meter.read(text.len())?;
    }
    value.number().ok_or_else(|| match value {
        Value::Text(text) => format!("the text {:?} is no number and cannot be ordered", clip(text)).into(),
        other => format!("{} cannot be ordered", other.kind()).into(),
    })
}

pub(super) fn order(left: Number, right: Number) -> std::cmp::Ordering {
    match (left, right) {
        (Number::Int(left), Number::Int(right)) => left.cmp(&right),
        // Finite numbers, of which zeros are equal whatever their sign.
        _ => left.as_f64().partial_cmp(&right.as_f64()).unwrap_or(std::cmp::Ordering::Equal),
    }
}
