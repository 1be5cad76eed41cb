//! Bare digits, truths, and what is counted in money.

use super::draws::Draws;
use super::language::Language;
use crate::template::value::Value;

pub(super) fn boolean<'a>(draws: &mut Draws) -> Value<'a> {
    Value::Bool(draws.below(2) == 1)
}

pub(super) fn digit<'a>(draws: &mut Draws) -> Value<'a> {
    Value::Int(draws.between(0, 9))
}

pub(super) fn digits(draws: &mut Draws, _: &Language, count: usize) -> String {
    draws.digits(count)
}

/// 1.00 to 9999.99, always with two decimals.
pub(super) fn amount<'a>(draws: &mut Draws) -> Value<'a> {
    hundredths(draws.between(100, 999_999))
}

/// What a shop asks: 0.99 to 999.99, with an ending that shops like.
pub(super) fn price<'a>(draws: &mut Draws) -> Value<'a> {
    let whole = draws.between(0, 999) * 100;
    hundredths(whole + draws.pick(&[99, 99, 95, 90, 50]).copied().unwrap_or(99))
}

fn hundredths<'a>(hundredths: i64) -> Value<'a> {
    Value::Digits(format!("{}.{:02}", hundredths / 100, hundredths % 100).into())
}
