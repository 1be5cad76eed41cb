//! Filters that put a list in order, as Clojure's `compare` does: null first, `false` before `true`, numbers by their
//! exact value, texts by their UTF-16 code units, lists by length and then item by item. Nothing else has an order.

use std::cmp::Ordering;

use super::items;
use super::maps::Path;
use crate::template::ParamKind;
use crate::template::filters::argument;
use crate::template::value::{Meter, Stop, Text, Value, typed};

pub(in crate::template::filters) fn sort<'a>(
    value: Value<'a>,
    _: &[Value<'a>],
    meter: &mut Meter,
) -> Result<Value<'a>, Stop> {
    sorted(&value, false, meter)
}

pub(in crate::template::filters) fn sort_reversed<'a>(
    value: Value<'a>,
    _: &[Value<'a>],
    meter: &mut Meter,
) -> Result<Value<'a>, Stop> {
    sorted(&value, true, meter)
}

pub(in crate::template::filters) fn sort_by<'a>(
    value: Value<'a>,
    arguments: &[Value<'a>],
    meter: &mut Meter,
) -> Result<Value<'a>, Stop> {
    sorted_by(&value, arguments, false, meter)
}

pub(in crate::template::filters) fn sort_by_reversed<'a>(
    value: Value<'a>,
    arguments: &[Value<'a>],
    meter: &mut Meter,
) -> Result<Value<'a>, Stop> {
    sorted_by(&value, arguments, true, meter)
}

fn sorted<'a>(value: &Value<'a>, reversed: bool, meter: &mut Meter) -> Result<Value<'a>, Stop> {
    match value {
        Value::Text(text) | Value::Param(text, _) => sorted_text(text, reversed, meter),
        _ => {
            let items = items(value, meter)?;
            in_order(items.into_iter().map(|item| (item.clone(), item)).collect(), reversed, meter)
        }
    }
}

fn sorted_by<'a>(
    value: &Value<'a>,
    arguments: &[Value<'a>],
    reversed: bool,
    meter: &mut Meter,
) -> Result<Value<'a>, Stop> {
    // A character has no keys, so that all are equal.
    if matches!(value, Value::Text(_) | Value::Param(..)) {
        return Ok(value.clone());
    }
    let path = Path::of(&argument(arguments, 0).to_text(meter)?);
    let mut keyed = Vec::new();
    for item in items(value, meter)? {
        keyed.push((path.follow(item.clone(), meter)?, item));
    }
    in_order(keyed, reversed, meter)
}

fn sorted_text<'a>(text: &str, reversed: bool, meter: &mut Meter) -> Result<Value<'a>, Stop> {
    meter.read(text.len())?;
    meter.write(text.len())?;
    let mut characters: Vec<char> = text.chars().collect();
    charge_comparisons(characters.len(), Size { items: characters.len(), bytes: 0 }, meter)?;
    characters.sort_by(|&left, &right| order_of_characters(left, right));
    if reversed {
        characters.reverse();
    }
    Ok(Value::text_of(characters.into_iter().collect()))
}

/// Values in the order of their keys; equal ones stay as they were.
fn in_order<'a>(
    keyed: Vec<(Value<'a>, Value<'a>)>,
    reversed: bool,
    meter: &mut Meter,
) -> Result<Value<'a>, Stop> {
    let mut size = Size::default();
    let mut ranked = Vec::with_capacity(keyed.len());
    for (key, value) in keyed {
        ranked.push((Rank::of(&key, &mut size, meter)?, key.kind(), value));
    }
    charge_comparisons(ranked.len(), size, meter)?;
    ranked.sort_by(|(left, ..), (right, ..)| {
        let order = left.order(right);
        if reversed { order.reverse() } else { order }
    });
    // Whatever the way of sorting, neighbours had to be compared.
    for ((left, left_kind, _), (right, right_kind, _)) in ranked.iter().zip(ranked.iter().skip(1)) {
        if !left.is_comparable(right) {
            return Err(format!("{left_kind} and {right_kind} cannot be put in order").into());
        }
    }
    Ok(Value::List(ranked.into_iter().map(|(_, _, value)| value).collect()))
}

/// What has to be looked at when all keys are compared once.
#[derive(Clone, Copy, Default)]
struct Size {
    items: usize,
    bytes: usize,
}

/// Each of `count` keys is compared about log₂ times. That is far less work than other items cause: eight for a step.
fn charge_comparisons(count: usize, size: Size, meter: &mut Meter) -> Result<(), Stop> {
    let times = count.checked_ilog2().unwrap_or(0) as usize;
    meter.step(size.items.saturating_mul(times) / 8)?;
    meter.step((size.bytes / 1024).saturating_mul(times))
}

/// A key as it is compared.
#[derive(Debug)]
enum Rank<'a> {
    Null,
    Truth(bool),
    Number(Decimal),
    Text(Text<'a>),
    List(Vec<Rank<'a>>),
    Map,
}

impl<'a> Rank<'a> {
    fn of(value: &Value<'a>, size: &mut Size, meter: &mut Meter) -> Result<Self, Stop> {
        size.items = size.items.saturating_add(1);
        let mut read = |text: &str, meter: &mut Meter| {
            size.bytes = size.bytes.saturating_add(text.len());
            meter.read(text.len())
        };
        Ok(match value {
            Value::Missing | Value::Null => Self::Null,
            Value::Bool(truth) => Self::Truth(*truth),
            Value::Int(int) => Self::Number(Decimal::of(&int.to_string())),
            Value::Float(float) => Self::Number(Decimal::of(&format!("{float:?}"))),
            Value::Digits(digits) => {
                read(digits, meter)?;
                Self::Number(Decimal::of(digits))
            }
            Value::Text(text) => {
                read(text, meter)?;
                Self::Text(text.clone())
            }
            Value::Param(text, kind) => {
                read(text, meter)?;
                match (kind, typed(text, *kind)) {
                    (ParamKind::Bool, Some((_, word))) => Self::Truth(word == "true"),
                    (_, Some(_)) => Self::Number(Decimal::of(text)),
                    (_, None) => Self::Text(text.clone()),
                }
            }
            Value::Array(_) | Value::List(_) => {
                let mut ranks = Vec::new();
                for item in items(value, meter)? {
                    ranks.push(Self::of(&item, size, meter)?);
                }
                Self::List(ranks)
            }
            Value::Object(_) | Value::Map(_) => Self::Map,
        })
    }

    /// A total order, also of what cannot be compared: by kind.
    fn order(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Truth(left), Self::Truth(right)) => left.cmp(right),
            (Self::Number(left), Self::Number(right)) => left.order(right),
            (Self::Text(left), Self::Text(right)) => left.encode_utf16().cmp(right.encode_utf16()),
            (Self::List(left), Self::List(right)) => left.len().cmp(&right.len()).then_with(|| {
                let pairs = left.iter().zip(right);
                pairs
                    .map(|(left, right)| left.order(right))
                    .find(|order| order.is_ne())
                    .unwrap_or(Ordering::Equal)
            }),
            _ => self.kind().cmp(&other.kind()),
        }
    }

    /// Can the two be compared, as far as their order depends on it?
    fn is_comparable(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, _) | (_, Self::Null) => true,
            (Self::List(left), Self::List(right)) if left.len() == right.len() => {
                for (left, right) in left.iter().zip(right) {
                    if !left.is_comparable(right) {
                        return false;
                    }
                    if left.order(right).is_ne() {
                        return true;
                    }
                }
                true
            }
            (Self::Map, _) => false,
            _ => self.kind() == other.kind(),
        }
    }

    fn kind(&self) -> u8 {
        match self {
            Self::Null => 0,
            Self::Truth(_) => 1,
            Self::Number(_) => 2,
            Self::Text(_) => 3,
            Self::List(_) => 4,
            Self::Map => 5,
        }
    }
}

/// A number with all its digits: 0.`digits` times ten to the power of `exponent`.
#[derive(Debug)]
struct Decimal {
    negative: bool,
    exponent: i64,
    /// Without zeros at either end; none for zero.
    digits: String,
}

impl Decimal {
    fn of(text: &str) -> Self {
        let (negative, text) = match text.strip_prefix('-') {
            Some(positive) => (true, positive),
            None => (false, text),
        };
        let (mantissa, power) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let power: i64 = power.parse().unwrap_or(if power.starts_with('-') { i64::MIN } else { i64::MAX });
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = [whole, fraction].concat();
        let significant = all.trim_start_matches('0');
        let leading_zeros = all.len() - significant.len();
        Self {
            negative,
            exponent: power.saturating_add(whole.len() as i64 - leading_zeros as i64),
            digits: significant.trim_end_matches('0').to_owned(),
        }
    }

    /// -1, 0 or 1.
    fn sign(&self) -> i8 {
        match (self.digits.is_empty(), self.negative) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        }
    }

    fn order(&self, other: &Self) -> Ordering {
        let size = || self.exponent.cmp(&other.exponent).then_with(|| self.digits.cmp(&other.digits));
        self.sign().cmp(&other.sign()).then_with(|| match self.sign() {
            0 => Ordering::Equal,
            1 => size(),
            _ => size().reverse(),
        })
    }
}

fn order_of_characters(left: char, right: char) -> Ordering {
    let units = |character: char| {
        let mut units = [0; 2];
        character.encode_utf16(&mut units);
        units
    };
    units(left).cmp(&units(right))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::template::filters::tests::check;
    use crate::template::tests::{OPEN, body};
    use crate::template::{Limits, Mode, compile};

    #[test]
    fn lists_and_texts_are_put_in_order() {
        check(
            r#"{"n":[10,9,-1,2.5,10.0,0],"s":["b","a","B","é","Z",""],"astral":["\uffff","😀","a"],"b":[true,false,null,true],
                "nulls":[2,null,1,null],"nested":[[2,1],[1,9],[3],[]],"keys":{"b":1,"a":"x"},"t":"harbor","e":[],"es":"",
                "wide":"😀\uffffa"}"#,
            &[
                ("{{n|sort}} {{n|sort-reversed}}", Ok("[-1,0,2.5,9,10,10.0] [10,10.0,9,2.5,0,-1]")),
                ("{{s|sort|join:\",\"}} {{s|sort-reversed|first}}", Ok(",B,Z,a,b,é é")),
                ("{{astral|sort|join}} {{wide|sort}}", Ok("a😀\u{ffff} a😀\u{ffff}")),
                (
                    "{{b|sort}} {{nulls|sort}} {{nulls|sort-reversed}}",
                    Ok("[null,false,true,true] [null,null,1,2] [2,1,null,null]"),
                ),
                ("{{nested|sort}}", Ok("[[],[3],[1,9],[2,1]]")),
                (
                    "{{keys|sort}} {% for k,x in keys|sort %}{{k}}={{x}} {% endfor %}",
                    Ok("[[\"a\",\"x\"],[\"b\",1]] a=x b=1 "),
                ),
                ("{{t|sort}} {{t|sort-reversed}} {{e|sort}}{{es|sort}}", Ok("abhorr rrohba []")),
                ("{{n|sort|reverse|first}}", Ok("10.0")),
            ],
        );
    }

    #[test]
    fn what_has_no_order_is_refused() {
        check(
            r#"{"mixed":[3,"a"],"nulls":[3,null,"a"],"bools":[true,1],"maps":[{"a":1},{"a":2}],"one":[{"a":1}],
                "nested":[[1],["a"]],"apart":[[1],["a","b"]],"decided":[[1,"x"],[2,3]],"n":5,"b":true,"null":null}"#,
            &[
                ("{{mixed|sort}}", Err("a number and a text cannot be put in order")),
                ("{{mixed|sort-reversed}}", Err("a text and a number cannot be put in order")),
                ("{{nulls|sort}}", Err("a number and a text")),
                ("{{bools|sort}}", Err("a boolean and a number")),
                ("{{maps|sort}}", Err("a map and a map")),
                ("{{nested|sort}}", Err("a list and a list")),
                (
                    "{{one|sort}} {{apart|sort}} {{decided|sort}}",
                    Ok("[{\"a\":1}] [[1],[\"a\",\"b\"]] [[1,\"x\"],[2,3]]"),
                ),
                ("{{n|sort}}", Err("a number is no list or text")),
                ("{{b|sort-reversed}}", Err("a boolean is no list or text")),
                ("{{gone|sort}}", Err("a missing value")),
                ("{{null|sort-reversed}}", Err("null is no list")),
                ("{{gone|sort-by:a}}", Err("a missing value")),
                ("{{n|sort-by-reversed:a}}", Err("a number is no list")),
            ],
        );
    }

    #[test]
    fn maps_are_sorted_by_a_key_and_equal_ones_keep_their_order() {
        check(
            r#"{"p":[{"n":"A","age":40,"k":{"x":2}},{"n":"B","age":7},{"n":"C","age":7.0,"k":{"x":1}},{"n":"D"},{"n":"E","age":null}],
                "mixed":[{"a":1},{"a":"x"}],"pairs":[[2,"b"],[1,"a"]],"s":"ba","by":"age"}"#,
            &[
                ("{{p|sort-by:age|map:n|join}} {{p|sort-by:@by|map:n|join}}", Ok("DEBCA DEBCA")),
                ("{{p|sort-by-reversed:age|map:n|join}}", Ok("ABCDE")),
                ("{{p|sort-by:k.x|map:n|join}} {{p|sort-by:gone|map:n|join}}", Ok("BDECA ABCDE")),
                ("{{pairs|sort-by:0}} {{s|sort-by:a}}", Ok("[[1,\"a\"],[2,\"b\"]] ba")),
                ("{{mixed|sort-by:a}}", Err("a number and a text cannot be put in order")),
                ("{{p|sort-by}}", Err("")),
            ],
        );
    }

    #[test]
    fn sorting_costs_little_more_than_a_visit_of_each_item() {
        let list = |length: u64| {
            let items: Vec<u64> = (0..length).map(|item| item * 7919 % length).collect();
            serde_json::json!({ "x": items }).to_string()
        };
        check(&list(50_000), &[("{{x|sort|last}} {{x|sort|reverse|last}}", Ok("49999 0"))]);
        let template = compile("{{x|sort|last}}", Mode::Plain, &OPEN).template.unwrap();
        for (steps, enough) in [(2_000, false), (4_000, true)] {
            let limits = Limits { steps, ..Limits::default() };
            let result = template.render(&body(&list(1_000)), &limits, &mut String::new());
            assert_eq!(
                result.err().map(|error| error.limit),
                (!enough).then_some(Some(Limits::STEPS)),
                "{steps}"
            );
        }
    }

    #[test]
    fn numbers_are_compared_with_all_their_digits() {
        let ordered = [
            "-1e400",
            "-12345678901234567891",
            "-12345678901234567890",
            "-10",
            "-9.5",
            "-0.001",
            "0",
            "1e-400",
            "0.1",
            "0.10000000000000000001",
            "1",
            "9007199254740992",
            "9007199254740993",
            "12345678901234567890",
            "12345678901234567891",
            "1e99999999999999999999",
        ];
        for (left, written) in ordered.iter().enumerate() {
            for (right, other) in ordered.iter().enumerate() {
                assert_eq!(
                    Decimal::of(written).order(&Decimal::of(other)),
                    left.cmp(&right),
                    "{written} {other}"
                );
            }
        }
        for (left, right) in
            [("1", "1.0"), ("100", "1e2"), ("0.5", "5E-1"), ("-0", "0.00"), ("12e+1", "120"), ("007", "7")]
        {
            assert_eq!(Decimal::of(left).order(&Decimal::of(right)), Ordering::Equal, "{left} {right}");
        }
    }
}
