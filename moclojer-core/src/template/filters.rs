//! The table of filters. A row says all that the rest of the engine, and the documentation, needs to know.

use std::ops::RangeInclusive;
use std::rc::Rc;

use super::value::{Meter, Number, Stop, Text, Value, character, parse_number};

/// A filter.
pub(super) struct Filter {
    /// The name after `|`.
    pub(super) name: &'static str,
    /// How many arguments it takes.
    pub(super) arguments: RangeInclusive<usize>,
    /// What its result is where a JSON value stands.
    pub(super) gives: Gives,
    /// What it does, in one line.
    pub(super) documentation: &'static str,
    /// A template and what it renders to.
    pub(super) example: (&'static str, &'static str),
    /// Makes the result of a value and arguments.
    pub(super) run: Run,
}

/// What a filter does.
pub(super) type Run = for<'a> fn(Value<'a>, &[Value<'a>], &mut Meter) -> Result<Value<'a>, Stop>;

/// What a filter's result is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Gives {
    /// Text, or whatever it was given.
    Any,
    /// A number, a boolean or JSON text: it can stand where a JSON value stands.
    Json,
    /// The same, and a string of a map or list body takes that type when it is nothing else.
    JsonType,
}

/// All filters that are served.
#[rustfmt::skip]
pub(super) const FILTERS: &[Filter] = &[
    Filter { name: "add", arguments: 1..=64, gives: Gives::Any, run: add,
        documentation: "The sum of numbers; the texts one after the other when one is not a number.",
        example: ("{{5|add:6:1}} {{5|add:x}}", "12 5x") },
    Filter { name: "bool", arguments: 0..=0, gives: Gives::JsonType, run: bool,
        documentation: "The boolean that a text says; another text fails the answer.",
        example: ("{{\"true\"|bool}}", "true") },
    Filter { name: "capitalize", arguments: 0..=0, gives: Gives::Any, run: capitalize,
        documentation: "The first character in upper case, the others in lower case.",
        example: ("{{\"hELLO you\"|capitalize}}", "Hello you") },
    Filter { name: "count", arguments: 0..=0, gives: Gives::Json, run: count,
        documentation: "The size of a text, list or map; 0 for what is missing.",
        example: ("{{\"four\"|count}}", "4") },
    Filter { name: "default", arguments: 1..=1, gives: Gives::Any, run: default,
        documentation: "Another value for what is missing, null or false.",
        example: ("{{missing|default:\"none\"}}", "none") },
    Filter { name: "first", arguments: 0..=0, gives: Gives::Any, run: first,
        documentation: "The first item of a list or character of a text.",
        example: ("{{\"abc\"|first}}", "a") },
    Filter { name: "float", arguments: 0..=0, gives: Gives::JsonType, run: float,
        documentation: "The number that a text says; another text fails the answer.",
        example: ("{{\"2.50\"|float}}", "2.5") },
    Filter { name: "int", arguments: 0..=0, gives: Gives::JsonType, run: int,
        documentation: "The integer that a text says, or a number without its fraction; another text fails the answer.",
        example: ("{{007|int}}", "7") },
    Filter { name: "join", arguments: 0..=1, gives: Gives::Any, run: join,
        documentation: "The items of a list or characters of a text, with a separator between them.",
        example: ("{{\"abc\"|join:-}}", "a-b-c") },
    Filter { name: "json", arguments: 0..=0, gives: Gives::JsonType, run: json,
        documentation: "The value as JSON text.",
        example: ("{{\"a/b\"|json}} {{missing|json}}", "\"a/b\" null") },
    Filter { name: "last", arguments: 0..=0, gives: Gives::Any, run: last,
        documentation: "The last item of a list or character of a text.",
        example: ("{{\"abc\"|last}}", "c") },
    Filter { name: "length", arguments: 0..=0, gives: Gives::Json, run: count,
        documentation: "The same as `count`.",
        example: ("{{\"four\"|length}} {{missing|length}}", "4 0") },
    Filter { name: "lower", arguments: 0..=0, gives: Gives::Any, run: lower,
        documentation: "In lower case.",
        example: ("{{\"ÀB\"|lower}}", "àb") },
    Filter { name: "remove", arguments: 1..=1, gives: Gives::Any, run: remove,
        documentation: "Without each of these characters.",
        example: ("{{\"10:30 - 11\"|remove:\" -:\"}}", "103011") },
    Filter { name: "replace", arguments: 2..=2, gives: Gives::Any, run: replace,
        documentation: "Every occurrence of a text replaced by another one.",
        example: ("{{\"oar and board\"|replace:oar:sail}}", "sail and bsaild") },
    Filter { name: "safe", arguments: 0..=0, gives: Gives::Json, run: safe,
        documentation: "Written without escaping.",
        example: ("{{\"<b>\"|safe}}", "<b>") },
    Filter { name: "upper", arguments: 0..=0, gives: Gives::Any, run: upper,
        documentation: "In upper case.",
        example: ("{{\"straße\"|upper}}", "STRASSE") },
];

/// Filters of the language that are not served yet.
#[rustfmt::skip]
pub(super) const FILTERS_TO_COME: &[&str] = &[
    "abbreviate", "abbr-left", "abbr-right", "abbr-middle", "abbr-ellipsis", "addslashes", "between?", "title",
    "center", "count-is", "length-is", "currency-format", "date", "default-if-empty", "divide", "multiply", "round",
    "double-format", "drop", "take", "drop-last", "email", "phone", "empty?", "not-empty", "rand-nth", "get",
    "get-digit", "hash", "linebreaks", "linebreaks-br", "linenumbers", "name", "str", "number-format", "pluralize",
    "range", "remove-tags", "sort", "sort-reversed", "sort-by", "sort-by-reversed", "subs", "sum", "urlescape",
    "base64", "base64-decode", "urldecode", "trim", "split", "jsonpath", "xml", "csv", "slug", "keys", "values",
    "map", "where", "uniq", "reverse", "min", "max", "abs", "floor", "ceil", "mod", "jwt", "timestamp",
];

/// The argument at `index`; the table promises that it is there.
fn argument<'v, 'a>(arguments: &'v [Value<'a>], index: usize) -> &'v Value<'a> {
    arguments.get(index).unwrap_or(&Value::Missing)
}

fn refuse<'a, T>(value: &Value<'a>, wanted: &str) -> Result<T, Stop> {
    Err(Stop::from(format!("{} is no {wanted}", value.kind())))
}

fn refuse_text<T>(text: &str, wanted: &str) -> Result<T, Stop> {
    Err(Stop::from(format!("the text {:?} is no {wanted}", super::compile::clip(text))))
}

/// The text of a value, changed as a whole.
fn map_text<'a>(
    value: &Value<'a>,
    meter: &mut Meter,
    change: impl Fn(&str) -> String,
) -> Result<Value<'a>, Stop> {
    let changed = change(&value.to_text(meter)?);
    meter.write(changed.len())?;
    Ok(Value::text_of(changed))
}

/// Text in the making that stays within the limit.
struct Growing<'m> {
    text: String,
    meter: &'m mut Meter,
}

impl Growing<'_> {
    fn push(&mut self, more: &str) -> Result<(), Stop> {
        self.meter.output(more.len())?;
        self.text.push_str(more);
        Ok(())
    }

    fn finish<'a>(self) -> Result<Value<'a>, Stop> {
        self.meter.read(self.text.len())?;
        Ok(Value::text_of(self.text))
    }
}

fn add<'a>(value: Value<'a>, arguments: &[Value<'a>], meter: &mut Meter) -> Result<Value<'a>, Stop> {
    let numbers: Option<Vec<Number>> = std::iter::once(&value).chain(arguments).map(Value::number).collect();
    let Some(numbers) = numbers else {
        let mut all = Growing { text: String::new(), meter };
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

fn bool<'a>(value: Value<'a>, _: &[Value<'a>], _: &mut Meter) -> Result<Value<'a>, Stop> {
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

fn capitalize<'a>(value: Value<'a>, _: &[Value<'a>], meter: &mut Meter) -> Result<Value<'a>, Stop> {
    map_text(&value, meter, |text| {
        let mut rest = text.chars();
        let first: String = rest.next().into_iter().flat_map(char::to_uppercase).collect();
        first + &rest.as_str().to_lowercase()
    })
}

fn count<'a>(value: Value<'a>, _: &[Value<'a>], meter: &mut Meter) -> Result<Value<'a>, Stop> {
    let count = match &value {
        Value::Missing | Value::Null => 0,
        Value::Text(text) | Value::Param(text, _) => {
            meter.read(text.len())?;
            text.chars().count()
        }
        Value::Array(items) => items.len(),
        Value::List(items) => items.len(),
        Value::Object(object) => object.len(),
        Value::Map(pairs) => pairs.len(),
        _ => return refuse(&value, "text, list or map, so it has no size"),
    };
    Ok(Value::Int(count as i64))
}

fn default<'a>(value: Value<'a>, arguments: &[Value<'a>], _: &mut Meter) -> Result<Value<'a>, Stop> {
    Ok(match value {
        Value::Missing | Value::Null | Value::Bool(false) => argument(arguments, 0).clone(),
        present => present,
    })
}

fn first<'a>(value: Value<'a>, _: &[Value<'a>], _: &mut Meter) -> Result<Value<'a>, Stop> {
    match &value {
        Value::Array(items) => Ok(items.first().map_or(Value::Missing, Value::from)),
        Value::List(items) => Ok(items.first().cloned().unwrap_or_default()),
        Value::Text(text) | Value::Param(text, _) => Ok(Value::Text(character(text, 0))),
        _ => refuse(&value, "list or text"),
    }
}

fn float<'a>(value: Value<'a>, _: &[Value<'a>], meter: &mut Meter) -> Result<Value<'a>, Stop> {
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

fn int<'a>(value: Value<'a>, _: &[Value<'a>], meter: &mut Meter) -> Result<Value<'a>, Stop> {
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

fn join<'a>(value: Value<'a>, arguments: &[Value<'a>], meter: &mut Meter) -> Result<Value<'a>, Stop> {
    let separator = argument(arguments, 0).to_text(meter)?;
    let mut all = Growing { text: String::new(), meter };
    let mut push = |index: usize, item: Value<'a>| {
        all.meter.step(1)?;
        if index > 0 {
            all.push(&separator)?;
        }
        let text = item.to_text(all.meter)?;
        all.push(&text)
    };
    match &value {
        Value::Array(items) => {
            items.iter().enumerate().try_for_each(|(index, item)| push(index, item.into()))
        }
        Value::List(items) => {
            items.iter().enumerate().try_for_each(|(index, item)| push(index, item.clone()))
        }
        Value::Text(text) | Value::Param(text, _) => text
            .char_indices()
            .enumerate()
            .try_for_each(|(index, (start, _))| push(index, Value::Text(character(text, start)))),
        _ => refuse(&value, "list or text"),
    }?;
    all.finish()
}

fn json<'a>(value: Value<'a>, _: &[Value<'a>], meter: &mut Meter) -> Result<Value<'a>, Stop> {
    let mut text = String::new();
    value.write_json(&mut text, meter)?;
    meter.read(text.len())?;
    Ok(Value::text_of(text))
}

fn last<'a>(value: Value<'a>, _: &[Value<'a>], meter: &mut Meter) -> Result<Value<'a>, Stop> {
    let item = match &value {
        Value::Array(items) => items.last().map(Value::from),
        Value::List(items) => items.last().cloned(),
        Value::Text(text) | Value::Param(text, _) => {
            meter.step(1)?;
            let start = text.char_indices().next_back().map_or(0, |(start, _)| start);
            Some(Value::Text(character(text, start)))
        }
        _ => return refuse(&value, "list or text"),
    };
    item.ok_or_else(|| Stop::from("an empty list has no last item".to_owned()))
}

fn lower<'a>(value: Value<'a>, _: &[Value<'a>], meter: &mut Meter) -> Result<Value<'a>, Stop> {
    map_text(&value, meter, str::to_lowercase)
}

fn remove<'a>(value: Value<'a>, arguments: &[Value<'a>], meter: &mut Meter) -> Result<Value<'a>, Stop> {
    let mut unwanted: Vec<char> = argument(arguments, 0).to_text(meter)?.chars().collect();
    unwanted.sort_unstable();
    map_text(&value, meter, |text| {
        text.chars().filter(|kept| unwanted.binary_search(kept).is_err()).collect()
    })
}

fn replace<'a>(value: Value<'a>, arguments: &[Value<'a>], meter: &mut Meter) -> Result<Value<'a>, Stop> {
    if value.is_absent() {
        return refuse(&value, "text");
    }
    let text = value.to_text(meter)?;
    let from = argument(arguments, 0).to_text(meter)?;
    let to = argument(arguments, 1).to_text(meter)?;
    let mut all = Growing { text: String::new(), meter };
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
fn safe<'a>(value: Value<'a>, _: &[Value<'a>], _: &mut Meter) -> Result<Value<'a>, Stop> {
    Ok(value)
}

fn upper<'a>(value: Value<'a>, _: &[Value<'a>], meter: &mut Meter) -> Result<Value<'a>, Stop> {
    map_text(&value, meter, str::to_uppercase)
}

/// A list of a key and its value, as a loop over a map sees it.
pub(super) fn pair<'a>(key: Text<'a>, value: Value<'a>) -> Value<'a> {
    Value::List(Rc::from([Value::Text(key), value]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::tests::rendered;

    #[test]
    fn every_example_renders_as_the_table_says() {
        for filter in FILTERS {
            let (template, expected) = filter.example;
            assert_eq!(rendered(template, "{}").as_deref(), Ok(expected), "{}", filter.name);
            assert!(template.contains(filter.name), "{}: the example shows another filter", filter.name);
            assert!(filter.documentation.ends_with('.'), "{}", filter.name);
        }
    }

    #[test]
    fn names_are_sorted_and_stand_in_one_list() {
        assert!(FILTERS.is_sorted_by(|left, right| left.name < right.name));
        assert!(FILTERS.iter().all(|filter| !FILTERS_TO_COME.contains(&filter.name)));
    }

    #[test]
    fn values_that_a_filter_cannot_work_on_fail_the_answer() {
        let cases = [
            ("{{x|int}}", r#"{"x":"7a"}"#, r#"{{x|int}}: the text "7a" is no integer of 64 bits"#),
            ("{{x|bool}}", r#"{"x":1}"#, "{{x|bool}}: a number is no boolean"),
            ("{{x|last}}", r#"{"x":[]}"#, "{{x|last}}: an empty list has no last item"),
            ("{{x|join}}", "{}", "{{x|join}}: a missing value is no list or text"),
            ("{{x|add:1}}", r#"{"x":9223372036854775807}"#, "{{x|add:1}}: the sum does not fit in 64 bits"),
        ];
        for (template, context, message) in cases {
            assert_eq!(rendered(template, context), Err(message.to_owned()), "{template}");
        }
    }

    #[test]
    fn numbers_keep_what_they_can() {
        let cases = [
            ("{{x|int}}", "70.5", "70"),
            ("{{x|int}}", "12345678901234567890", "12345678901234567890"),
            ("{{x|float}}", "70.50", "70.50"),
            ("{{x|float}}", "7", "7.0"),
            ("{{x|add:0.5}}", "10", "10.5"),
            ("{{x|add:\"1e2\"}}", "1", "101.0"),
            ("{{x|add:\" 2\"}}", "1", "3.0"),
            ("{{x}}", "70.50", "70.50"),
        ];
        for (template, value, expected) in cases {
            assert_eq!(
                rendered(template, &format!("{{\"x\":{value}}}")).as_deref(),
                Ok(expected),
                "{template} {value}"
            );
        }
    }
}
