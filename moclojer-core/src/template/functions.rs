//! Values that need no context: time, chance, counters; made-up data stands in `fakes`.

use jiff::{SignedDuration, Span, tz::TimeZone};

use super::call::Kind::{Integer, Number, Text};
use super::call::{Parameter, one, opt, some};
use super::filters::Gives;
use super::value::{self, Meter, Stop, Value};
use super::{Scope, compile, fakes};

/// A value that needs no context.
pub(super) struct Function {
    /// Its name; made-up data is looked up without the `fake.` before it.
    pub(super) name: &'static str,
    /// What it takes after colons.
    pub(super) parameters: &'static [Parameter],
    /// What its result is where a JSON value stands.
    pub(super) gives: Gives,
    /// What it is, in one line.
    pub(super) documentation: &'static str,
    /// How it is written.
    pub(super) example: &'static str,
    /// Makes the value.
    pub(super) run: for<'a> fn(&[Value<'a>], &'a dyn Scope, &mut Meter) -> Result<Value<'a>, Stop>,
}

use Gives::{Any, Json};

/// All of them but made-up data.
#[rustfmt::skip]
pub(super) const FUNCTIONS: &[Function] = &[
    Function { name: "counter", parameters: &[opt("name", Text)], gives: Json, run: counter,
        documentation: "1, 2, 3, … for each name, counted through all answers of the host until the server stops.",
        example: "{{counter:\"orders\"}}" },
    Function { name: "epoch", parameters: &[], gives: Json, run: epoch,
        documentation: "The instant of the answer in seconds since 1970.",
        example: "{{epoch}}" },
    Function { name: "epoch-ms", parameters: &[], gives: Json, run: epoch_ms,
        documentation: "The instant of the answer in milliseconds since 1970.",
        example: "{{epoch-ms}}" },
    Function { name: "now", parameters: &[], gives: Any, run: now,
        documentation: "The instant of the answer: RFC 3339 in UTC with milliseconds, the same all through one answer.",
        example: "{{now}}" },
    Function { name: "now-plus", parameters: &[one("time", Text)], gives: Any, run: now_plus,
        documentation: "`now` and some time more, or less: `3d`, `-2h30m`, `1mo`, `1y`.",
        example: "{{now-plus:\"3d\"}}" },
    Function { name: "random", parameters: &[], gives: Json, run: random,
        documentation: "An integer from 0 to 2147483647.",
        example: "{{random}}" },
    Function { name: "random-float", parameters: &[one("low", Number), one("high", Number)], gives: Json, run: random_float,
        documentation: "A number from `low` up to `high`, which is left out.",
        example: "{{random-float:0:1}}" },
    Function { name: "random-int", parameters: &[one("low", Integer), one("high", Integer)], gives: Json, run: random_int,
        documentation: "An integer from `low` to `high`, both included.",
        example: "{{random-int:1:6}}" },
    Function { name: "random-of", parameters: &[some("value", Text)], gives: Json, run: random_of,
        documentation: "One of the values.",
        example: "{{random-of:\"a\":\"b\"}}" },
    Function { name: "random-string", parameters: &[one("length", Integer)], gives: Any, run: random_string,
        documentation: "So many letters and digits.",
        example: "{{random-string:12}}" },
    Function { name: "uuid", parameters: &[], gives: Any, run: uuid,
        documentation: "A version 4 UUID, another one each time.",
        example: "{{uuid}}" },
    Function { name: "uuid7", parameters: &[], gives: Any, run: uuid7,
        documentation: "A version 7 UUID: it begins with the instant of the answer.",
        example: "{{uuid7}}" },
];

/// The function that a name stands for, made-up data included (`fake.name`, `faker/name`).
pub(super) fn find(name: &str) -> Option<&'static Function> {
    match name.strip_prefix("fake.").or_else(|| name.strip_prefix("faker/")) {
        Some(fake) => fakes::find(fake),
        None => FUNCTIONS.iter().find(|function| function.name == name),
    }
}

/// An integer from 0 up to `end`, which is left out; 0 for none.
pub(super) fn below(end: u64, scope: &dyn Scope) -> u64 {
    // The upper half of a product: as even as 64 bits can be, without a division.
    ((u128::from(scope.next_random()) * u128::from(end)) >> 64) as u64
}

fn text_argument<'v, 'a>(arguments: &'v [Value<'a>], index: usize) -> &'v Value<'a> {
    arguments.get(index).unwrap_or(&Value::Missing)
}

fn number(arguments: &[Value<'_>], index: usize, name: &str) -> Result<value::Number, Stop> {
    let value = text_argument(arguments, index);
    value.number().ok_or_else(|| Stop::from(format!("the argument `{name}` is {}, no number", value.kind())))
}

/// The integer that an argument says.
pub(super) fn integer(arguments: &[Value<'_>], index: usize, name: &str) -> Result<i64, Stop> {
    match number(arguments, index, name)? {
        value::Number::Int(int) => Ok(int),
        value::Number::Float(_) => Err(Stop::from(format!("the argument `{name}` is no integer"))),
    }
}

fn counter<'a>(arguments: &[Value<'a>], scope: &'a dyn Scope, meter: &mut Meter) -> Result<Value<'a>, Stop> {
    let name = text_argument(arguments, 0).to_text(meter)?;
    match scope.count(&name) {
        Some(count) => Ok(Value::Int(count as i64)),
        None => Err(Stop::from(
            "there are as many counters as there may be, or this one's name is too long".to_owned(),
        )),
    }
}

fn epoch<'a>(_: &[Value<'a>], scope: &'a dyn Scope, _: &mut Meter) -> Result<Value<'a>, Stop> {
    Ok(Value::Int(scope.now().as_second()))
}

fn epoch_ms<'a>(_: &[Value<'a>], scope: &'a dyn Scope, _: &mut Meter) -> Result<Value<'a>, Stop> {
    Ok(Value::Int(scope.now().as_millisecond()))
}

fn now<'a>(_: &[Value<'a>], scope: &'a dyn Scope, _: &mut Meter) -> Result<Value<'a>, Stop> {
    Ok(Value::text_of(format!("{:.3}", scope.now())))
}

fn now_plus<'a>(arguments: &[Value<'a>], scope: &'a dyn Scope, meter: &mut Meter) -> Result<Value<'a>, Stop> {
    let written = text_argument(arguments, 0).to_text(meter)?;
    let refused = || {
        let shown = compile::clip(&written);
        Stop::from(format!("{shown:?} is no time to add; write one as in 3d, -2h30m, 1mo, 1y"))
    };
    let span: Span = written.trim().trim_start_matches('+').parse().map_err(|_| refused())?;
    let then = scope.now().to_zoned(TimeZone::UTC).checked_add(span).map_err(|_| refused())?;
    Ok(Value::text_of(format!("{:.3}", then.timestamp())))
}

fn random<'a>(_: &[Value<'a>], scope: &'a dyn Scope, _: &mut Meter) -> Result<Value<'a>, Stop> {
    Ok(Value::Int((scope.next_random() >> 33) as i64))
}

fn random_float<'a>(arguments: &[Value<'a>], scope: &'a dyn Scope, _: &mut Meter) -> Result<Value<'a>, Stop> {
    let (low, high) = (number(arguments, 0, "low")?.as_f64(), number(arguments, 1, "high")?.as_f64());
    // Fifty-three bits are what a number between 0 and 1 holds.
    let part = (scope.next_random() >> 11) as f64 / (1_u64 << 53) as f64;
    let drawn = low * (1.0 - part) + high * part;
    match drawn.is_finite() && low <= high {
        true => Ok(Value::Float(drawn)),
        false => Err(Stop::from("`low` is above `high`".to_owned())),
    }
}

fn random_int<'a>(arguments: &[Value<'a>], scope: &'a dyn Scope, _: &mut Meter) -> Result<Value<'a>, Stop> {
    let (low, high) = (integer(arguments, 0, "low")?, integer(arguments, 1, "high")?);
    if low > high {
        return Err(Stop::from("`low` is above `high`".to_owned()));
    }
    let drawn = match high.abs_diff(low).checked_add(1) {
        Some(count) => below(count, scope),
        None => scope.next_random(),
    };
    Ok(Value::Int(low.wrapping_add_unsigned(drawn)))
}

fn random_of<'a>(arguments: &[Value<'a>], scope: &'a dyn Scope, _: &mut Meter) -> Result<Value<'a>, Stop> {
    let index = below(arguments.len() as u64, scope) as usize;
    Ok(text_argument(arguments, index).clone())
}

fn random_string<'a>(
    arguments: &[Value<'a>],
    scope: &'a dyn Scope,
    meter: &mut Meter,
) -> Result<Value<'a>, Stop> {
    const CHARACTERS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let length = usize::try_from(integer(arguments, 0, "length")?)
        .map_err(|_| Stop::from("a length is not below 0".to_owned()))?;
    meter.write(length)?;
    let draw = |_| char::from(CHARACTERS[below(CHARACTERS.len() as u64, scope) as usize]);
    Ok(Value::text_of((0..length).map(draw).collect()))
}

/// Sixteen random bytes.
fn random_bytes(scope: &dyn Scope) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&scope.next_random().to_be_bytes());
    bytes[8..].copy_from_slice(&scope.next_random().to_be_bytes());
    bytes
}

/// A version 4 UUID.
pub(crate) fn uuid4(scope: &dyn Scope) -> String {
    uuid::Builder::from_random_bytes(random_bytes(scope)).into_uuid().to_string()
}

fn uuid<'a>(_: &[Value<'a>], scope: &'a dyn Scope, _: &mut Meter) -> Result<Value<'a>, Stop> {
    Ok(Value::text_of(uuid4(scope)))
}

fn uuid7<'a>(_: &[Value<'a>], scope: &'a dyn Scope, _: &mut Meter) -> Result<Value<'a>, Stop> {
    let since = SignedDuration::from_millis(scope.now().as_millisecond()).unsigned_abs();
    let mut random = [0; 10];
    random.copy_from_slice(&random_bytes(scope)[..10]);
    let made = uuid::Builder::from_unix_timestamp_millis(since.as_millis() as u64, &random);
    Ok(Value::text_of(made.into_uuid().to_string()))
}
