//! From arguments and one draw of the scope to a value: what all rows of the table share.

use super::draws::Draws;
use super::language::Language;
use crate::template::Scope;
use crate::template::functions::integer;
use crate::template::value::{Meter, Stop, Value};

/// The most words, sentences or digits of one call.
const MOST: i64 = 1_000;

/// A text in a language, the first argument.
pub(super) fn text<'a>(
    arguments: &[Value<'a>],
    scope: &'a dyn Scope,
    meter: &mut Meter,
    make: fn(&mut Draws, &Language) -> String,
) -> Result<Value<'a>, Stop> {
    let language = language(arguments, 0, meter)?;
    written(make(&mut Draws::new(scope.next_random()), language), meter)
}

/// A text of so many parts, the first argument (`usual` without it), in a language, the second.
pub(super) fn counted<'a>(
    arguments: &[Value<'a>],
    scope: &'a dyn Scope,
    meter: &mut Meter,
    usual: usize,
    make: fn(&mut Draws, &Language, usize) -> String,
) -> Result<Value<'a>, Stop> {
    let count = count(arguments, usual)?;
    let language = language(arguments, 1, meter)?;
    meter.step(count)?;
    written(make(&mut Draws::new(scope.next_random()), language, count), meter)
}

/// A value that is the same in all languages.
pub(super) fn value<'a>(
    scope: &'a dyn Scope,
    meter: &mut Meter,
    make: fn(&mut Draws) -> Value<'a>,
) -> Result<Value<'a>, Stop> {
    let made = make(&mut Draws::new(scope.next_random()));
    if let Value::Text(text) | Value::Digits(text) = &made {
        meter.write(text.len())?;
    }
    Ok(made)
}

fn written<'a>(text: String, meter: &mut Meter) -> Result<Value<'a>, Stop> {
    meter.write(text.len())?;
    Ok(Value::text_of(text))
}

fn count(arguments: &[Value<'_>], usual: usize) -> Result<usize, Stop> {
    if arguments.is_empty() {
        return Ok(usual);
    }
    match integer(arguments, 0, "n")? {
        count @ 0..=MOST => Ok(count as usize),
        ..0 => Err(Stop::from("the argument `n` is below 0".to_owned())),
        _ => Err(Stop::from(format!("the argument `n` is above {MOST}"))),
    }
}

/// The language that an argument names; what is no text names none, so it is English.
fn language(arguments: &[Value<'_>], index: usize, meter: &mut Meter) -> Result<&'static Language, Stop> {
    match arguments.get(index) {
        Some(Value::Text(tag) | Value::Param(tag, _)) => {
            meter.read(tag.len())?;
            Ok(Language::of(tag))
        }
        _ => Ok(Language::of("en")),
    }
}
