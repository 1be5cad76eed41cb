//! Values that need no context: time, chance, counters; made-up data stands in `fakes`.

use jiff::{SignedDuration, Span, tz::TimeZone};

use super::call::Kind::{Integer, Number, Text};
use super::call::{Parameter, one, opt, some};
use super::filters::{Gives, argument};
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

fn number(arguments: &[Value<'_>], index: usize, name: &str) -> Result<value::Number, Stop> {
    let value = argument(arguments, index);
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
    let name = argument(arguments, 0).to_text(meter)?;
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
    let written = argument(arguments, 0).to_text(meter)?;
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
    Ok(argument(arguments, index).clone())
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

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::template::tests::rendered;

    fn made(template: &str) -> String {
        rendered(template, "{}").unwrap_or_else(|error| panic!("{template}: {error}"))
    }

    #[test]
    fn every_example_shows_its_function_and_renders() {
        for function in FUNCTIONS {
            assert!(function.example.contains(function.name), "{}", function.name);
            assert_ne!(made(function.example), "", "{}", function.name);
        }
    }

    #[test]
    fn values_of_time_tell_the_instant_of_the_answer() {
        for (template, expected) in [
            ("{{now}}", "2026-11-24T08:09:10.111Z"),
            ("{{epoch}} {{epoch-ms}} {{now|timestamp}}", "1795507750 1795507750111 1795507750"),
            ("{{now-plus:\"3d\"}} {{now-plus:-2h30m}}", "2026-11-27T08:09:10.111Z 2026-11-24T05:39:10.111Z"),
            ("{{now-plus:1mo}} {{now-plus:+1y}}", "2026-12-24T08:09:10.111Z 2027-11-24T08:09:10.111Z"),
        ] {
            assert_eq!(made(template), expected, "{template}");
        }
        let uuid: uuid::Uuid = made("{{uuid7}}").parse().unwrap();
        assert_eq!((uuid.get_version_num(), uuid.as_u128() >> 80), (7, 1_795_507_750_111));
    }

    #[test]
    fn draws_stay_in_their_range_and_reach_its_ends() {
        let many = |expression: &str| -> Vec<String> {
            let loop_over = format!("{{% for n in 2000|range %}}{{{{{expression}}}}} {{% endfor %}}");
            made(&loop_over).split_whitespace().map(str::to_owned).collect()
        };
        let dice: std::collections::BTreeSet<i64> =
            many("random-int:-1:6").iter().map(|drawn| drawn.parse().unwrap()).collect();
        assert!(dice.iter().copied().eq(-1..=6), "{dice:?}");
        assert!(
            many("random-float:-1.5:2")
                .iter()
                .all(|drawn| (-1.5..2.0).contains(&drawn.parse::<f64>().unwrap()))
        );
        assert!(many("random").iter().all(|drawn| drawn.parse::<u32>().unwrap() < 1 << 31));
        let words: std::collections::BTreeSet<String> = many("random-of:a:b:c").into_iter().collect();
        assert!(words.iter().eq(["a", "b", "c"]), "{words:?}");
        assert!(made("{{random-string:12}}").chars().all(|character| character.is_ascii_alphanumeric()));
        assert_eq!(made("{{random-string:12|length}} [{{random-string:0}}] {{random-int:5:5}}"), "12 [] 5");
        made("{{random-int:-9223372036854775808:9223372036854775807}}");
        let uuid: uuid::Uuid = made("{{uuid}}").parse().unwrap();
        assert_eq!(uuid.get_version_num(), 4);
    }

    #[test]
    fn what_cannot_be_drawn_says_why() {
        for (template, reason) in [
            ("{{random-int:6:1}}", "`low` is above `high`"),
            ("{{random-float:2:1}}", "`low` is above `high`"),
            ("{{random-string:\"-1\"}}", "a length is not below 0"),
            ("{{random-int:1:@half}}", "the argument `high` is no integer"),
            ("{{now-plus:soon}}", "\"soon\" is no time to add; write one as in 3d, -2h30m, 1mo, 1y"),
            ("{{now-plus:9999y}}", "\"9999y\" is no time to add; write one as in 3d, -2h30m, 1mo, 1y"),
        ] {
            let error = rendered(template, r#"{"half":0.5}"#).unwrap_err();
            assert!(error.ends_with(reason), "{template}: {error}");
        }
        assert!(rendered("{{random-string:99999999999}}", "{}").is_err());
    }
}
