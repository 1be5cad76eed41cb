#![expect(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;

use super::*;
use crate::template::Limits;
use crate::template::tests::rendered;
use crate::template::value::Text;

fn meter() -> Meter {
    Meter::new(&Limits::default())
}

fn shown(result: Result<Value<'_>, Stop>) -> Result<String, Stop> {
    Ok(result?.to_text(&mut meter())?.to_string())
}

fn digits(text: &str) -> Value<'static> {
    Value::Digits(Text::from(text.to_owned()))
}

/// Cases over `x`, which may have any type.
fn assert_prints(cases: &[(&str, &str, &str)]) {
    for (x, template, expected) in cases {
        let found = rendered(template, &format!("{{\"x\":{x}}}"));
        assert_eq!(found.as_deref(), Ok(*expected), "{x} {template}");
    }
}

/// Cases with a part of the message.
fn assert_refused(cases: &[(&str, &str, &str)]) {
    for (x, template, part) in cases {
        let found = rendered(template, &format!("{{\"x\":{x}}}"));
        assert!(found.as_ref().is_err_and(|error| error.contains(part)), "{x} {template}: {found:?}");
    }
}

#[test]
fn numbers_print_as_java_prints_them() {
    let mut different = Vec::new();
    for line in include_str!("observed.tsv").lines() {
        let columns: Vec<&str> = line.split('\t').collect();
        let [filter, number, first, second, expected] = columns[..] else { panic!("{line}") };
        let arguments: Vec<Value<'_>> = [first, second]
            .into_iter()
            .filter(|text| !text.is_empty())
            .map(|text| Value::text_of(text.to_owned()))
            .collect();
        let run = match filter {
            "number-format" => number_format,
            "double-format" => double_format,
            _ => currency_format,
        };
        let found = shown(run(digits(number), &arguments, &mut meter()));
        let agrees = match expected {
            "!" => found.is_err(),
            _ => found.as_deref() == Ok(expected),
        };
        if !agrees {
            different.push(format!("{line}\n{found:?}"));
        }
    }
    assert_eq!(different, [""; 0]);
}

#[test]
fn quotients_of_integers_are_exact_or_have_16_digits() {
    assert_prints(&[
        ("10", "{{x|divide:5}}", "2"),
        ("10", "{{x|divide:3}}", "3.333333333333333"),
        ("2", "{{x|divide:3}}", "0.6666666666666667"),
        ("-2", "{{x|divide:3}}", "-0.6666666666666667"),
        ("1", "{{x|divide:3000000000}}", "3.333333333333333e-10"),
        ("10", "{{x|divide:3:3}}", "1.111111111111111"),
        ("7", "{{x|divide:2}}", "3.5"),
        ("\"7\"", "{{x|divide:2}}", "3.5"),
        ("12", "{{x|divide:2:3}}", "2"),
        ("0", "{{x|divide:7}}", "0"),
        ("1000000000000000001", "{{x|divide:2}}", "5e17"),
        (
            "9223372036854775807",
            "{{x|divide:9223372036854775807:9223372036854775807}}",
            "1.0842021724855044e-19",
        ),
        ("10", "{{x|divide:2.5}}", "4.0"),
        ("10.0", "{{x|divide:4}}", "2.5"),
        ("1.0", "{{x|divide:3}}", "0.3333333333333333"),
        ("10", "{{x|divide:3:0.5}}", "6.666666666666666"),
        ("-9223372036854775808", "{{x|divide:2}}", "-4611686018427387904"),
    ]);
    assert_refused(&[
        ("10", "{{x|divide:0}}", "a division by zero"),
        ("10", "{{x|divide:0.0}}", "a division by zero"),
        ("10.5", "{{x|divide:-0.0}}", "a division by zero"),
        ("-9223372036854775808", "{{x|divide:-1}}", "does not fit in 64 bits"),
        ("1e300", "{{x|divide:1e-300}}", "too large"),
        ("\"a\"", "{{x|divide:2}}", "the text \"a\" is no number"),
        ("null", "{{x|divide:2}}", "null is no number"),
        ("true", "{{x|divide:2}}", "a boolean is no number"),
        ("1", "{{gone|divide:2}}", "a missing value is no number"),
    ]);
}

#[test]
fn integers_stay_integers() {
    assert_prints(&[
        ("6", "{{x|multiply:7}}", "42"),
        ("6", "{{x|multiply:1.0}}", "6.0"),
        ("\"6\"", "{{x|multiply:\"2\":3}}", "36"),
        ("1.5", "{{x|multiply:2}}", "3.0"),
        ("\"1e2\"", "{{x|multiply:2}}", "200.0"),
        ("7", "{{x|mod:3}}", "1"),
        ("-7", "{{x|mod:3}}", "2"),
        ("7", "{{x|mod:-3}}", "-2"),
        ("6", "{{x|mod:-3}}", "0"),
        ("-9223372036854775808", "{{x|mod:-1}}", "0"),
        ("7.5", "{{x|mod:2}}", "1.5"),
        ("-7.5", "{{x|mod:2}}", "0.5"),
        ("-6.0", "{{x|mod:3}}", "0.0"),
        ("-4", "{{x|abs}}", "4"),
        ("-4.5", "{{x|abs}}", "4.5"),
        ("-4.50", "{{x|abs}}", "4.50"),
        ("\"-4\"", "{{x|abs}}", "4"),
        ("\"-9223372036854775808\"", "{{x|abs}}", "9223372036854775808"),
        ("-123456789012345678901234567890", "{{x|abs}}", "123456789012345678901234567890"),
        ("2.5", "{{x|floor}}", "2"),
        ("-2.5", "{{x|floor}}", "-3"),
        ("\"2.5\"", "{{x|floor}}", "2"),
        ("2.5", "{{x|ceil}}", "3"),
        ("-2.5", "{{x|ceil}}", "-2"),
        ("7", "{{x|ceil}}", "7"),
        ("123456789012345678901234567890", "{{x|floor}}", "123456789012345678901234567890"),
        ("2.5", "{{x|round}}", "3"),
        ("-2.5", "{{x|round}}", "-2"),
        ("3.49", "{{x|round}}", "3"),
        ("0.49999999999999994", "{{x|round}}", "0"),
        ("7", "{{x|round}}", "7"),
        ("\"2.6\"", "{{x|round}}", "3"),
    ]);
    assert_refused(&[
        ("9223372036854775807", "{{x|multiply:2}}", "does not fit in 64 bits"),
        ("1e300", "{{x|multiply:1e300}}", "too large"),
        ("7", "{{x|mod:0}}", "a division by zero"),
        ("1e30", "{{x|floor}}", "does not fit in 64 bits"),
        ("1e30", "{{x|round}}", "does not fit in 64 bits"),
        ("\"a\"", "{{x|round}}", "the text \"a\" is no number"),
        ("null", "{{x|round}}", "null is no number"),
        ("{}", "{{x|abs}}", "a map is no number"),
        ("1", "{{gone|multiply:2}}", "a missing value is no number"),
    ]);
}

#[test]
fn ranges_hold_their_ends() {
    assert_prints(&[
        ("5", "{{x|between?:1:5}}", "true"),
        ("1", "{{x|between?:1:5}}", "true"),
        ("5.1", "{{x|between?:1:5}}", "false"),
        ("\"3\"", "{{x|between?:\"2.5\":3}}", "true"),
        ("3", "{{x|between?:5:1}}", "false"),
    ]);
    assert_refused(&[
        ("1", "{{gone|between?:1:5}}", "a missing value is no number"),
        ("\"a\"", "{{x|between?:1:5}}", "the text \"a\" is no number"),
    ]);
}

#[test]
fn lists_have_a_sum_and_ends() {
    assert_prints(&[
        ("[3,1,2]", "{{x|sum}} {{x|min}} {{x|max}}", "6 1 3"),
        ("[0.1,0.2]", "{{x|sum}}", "0.30000000000000004"),
        ("[1,\"2.5\"]", "{{x|sum}} {{x|min}} {{x|max}}", "3.5 1 2.5"),
        ("[\"+2\",\"1\"]", "{{x|max}}", "2"),
        ("[]", "{{x|sum}}[{{x|min}}{{x|max}}]", "0[]"),
    ]);
    assert_refused(&[
        ("[1,\"a\"]", "{{x|sum}}", "the text \"a\" is no number"),
        ("[1,null]", "{{x|max}}", "null is no number"),
        ("[9223372036854775807,1]", "{{x|sum}}", "does not fit in 64 bits"),
        ("3", "{{x|sum}}", "a number is no list"),
        ("1", "{{gone|min}}", "a missing value is no list"),
    ]);
    let kept = extreme(
        &Value::List([digits("1.50"), digits("1.5")].into()),
        &mut meter(),
        std::cmp::Ordering::is_gt,
    );
    assert_eq!(shown(kept).as_deref(), Ok("1.50"));
}

#[test]
fn digits_are_counted_from_the_right() {
    assert_prints(&[
        ("98765", "{{x|get-digit:1}}{{x|get-digit:5}}", "59"),
        ("98765", "{{x|get-digit:6}} {{x|get-digit:0}} {{x|get-digit:-1}}", "98765 98765 98765"),
        ("12.34", "{{x|get-digit:3}}", "2"),
        ("\".5\"", "{{x|get-digit:2}}", ".5"),
        ("\"aüb\"", "{{x|get-digit:2}}", "ü"),
        ("-5", "{{x|get-digit:2}}", "-"),
        ("null", "[{{x|get-digit:1}}]", "[]"),
        ("1", "[{{gone|get-digit:1}}]", "[]"),
    ]);
}

#[test]
fn decimals_are_those_of_the_written_number() {
    assert_prints(&[
        ("12345678901234567890.125", "{{x|double-format:2}}", "12345678901234567890.13"),
        ("123456789012345678901234567890", "{{x|double-format:1}}", "123456789012345678901234567890.0"),
        ("9.99", "{{x|double-format}}", "10.0"),
        ("-0.04", "{{x|double-format}}", "-0.0"),
        ("1", "{{x|double-format:100|length}}", "102"),
        ("2.0", "{{x|double-format:2|json}}", "\"2.00\""),
    ]);
    assert_refused(&[
        ("\"1.5\"", "{{x|double-format}}", "the text \"1.5\" is no number"),
        ("null", "{{x|double-format}}", "null is no number"),
        ("true", "{{x|double-format}}", "a boolean is no number"),
        ("1", "{{gone|double-format:1}}", "a missing value is no number"),
        ("1", "{{x|double-format:101}}", "0 to 100 decimals, not 101"),
        ("1", "{{x|double-format:-1}}", "0 to 100 decimals, not -1"),
        ("1", "{{x|double-format:a}}", "cannot be the digits of"),
    ]);
    let of = |text: &str| shown(double_format(digits(text), &[Value::Int(2)], &mut meter()));
    assert_eq!(of("1e400").map(|text| text.len()), Ok(404));
    assert_eq!(of("1e-400").as_deref(), Ok("0.00"));
    assert_eq!(of("1e999999999999"), Err(Stop::Bytes));
    assert_eq!(
        of("1e99999999999999999999"),
        Err(Stop::from("the number is too large or too small".to_owned()))
    );
}

#[test]
fn number_patterns_tell_what_is_wrong_with_them() {
    assert_prints(&[
        ("2.5", "{{x|number-format:\"%.2f\":xx}}", "2.50"),
        ("1234567.891", "{{x|number-format:\"%,.2f\":de-AT}}", "1.234.567,89"),
        (
            "123456789012345678901234567890",
            "{{x|number-format:\"%,d\"}}",
            "123,456,789,012,345,678,901,234,567,890",
        ),
        ("12345678901234567890.5", "{{x|number-format:\"%.1f\"}}", "12345678901234567890.5"),
        ("3", "[{{x|number-format:\"%d%n\"}}]", "[3\n]"),
        ("1.50", "{{x|number-format:\"%s\"}}", "1.50"),
        ("-0", "{{x|number-format:\"%d\"}}", "0"),
    ]);
    assert_refused(&[
        ("3", "{{x|number-format:\"%.2f\"}}", "%f is for numbers with decimals and 3 is an integer"),
        ("3.5", "{{x|number-format:\"%d\"}}", "%d is for integers and 3.5 is none"),
        ("\"3\"", "{{x|number-format:\"%d\"}}", "the text \"3\" is no number"),
        ("null", "{{x|number-format:\"%s\"}}", "null is no number"),
        ("1", "{{gone|number-format:\"%s\"}}", "a missing value is no number"),
        ("3", "{{x|number-format:\"%d %d\"}}", "more than the one number"),
        ("3", "{{x|number-format:\"%\"}}", "ends after a %"),
        ("3", "{{x|number-format:\"%q\"}}", "the conversion 'q'"),
        ("3", "{{x|number-format:\"%10001d\"}}", "greater than 10000"),
        ("3.5", "{{x|number-format:\"%.10001f\"}}", "greater than 10000"),
        ("123456789012345678901234567890", "{{x|number-format:\"%x\"}}", "does not fit in 64 bits"),
    ]);
    let pattern = Value::text_of("%1$9999d%<9999d".repeat(1000));
    assert_eq!(number_format(Value::Int(1), &[pattern], &mut meter()).unwrap_err(), Stop::Bytes);
    let pattern = Value::text_of("%.0e".repeat(100_000).replace('%', "%1$"));
    let long = digits(&("1".repeat(100_000) + ".5"));
    assert_eq!(number_format(long, &[pattern], &mut meter()).unwrap_err(), Stop::Steps);
    let pattern = Value::text_of("%f".to_owned());
    assert_eq!(number_format(digits("1e999999999999"), &[pattern], &mut meter()).unwrap_err(), Stop::Bytes);
}

#[test]
fn amounts_are_in_the_money_of_a_country_or_of_the_language() {
    assert_prints(&[
        ("1234.5", "{{x|currency-format}}", "$1,234.50"),
        ("1234.5", "{{x|currency-format:en}}", "$1,234.50"),
        ("1234.5", "{{x|currency-format:de:DE}}", "1.234,50\u{a0}€"),
        ("1234.5", "{{x|currency-format:de}}", "1.234,50\u{a0}€"),
        ("1234.5", "{{x|currency-format:de:AT}}", "€\u{a0}1.234,50"),
        ("1234.5", "{{x|currency-format:de-AT}}", "€\u{a0}1.234,50"),
        ("1234.5", "{{x|currency-format:en:GB}}", "£1,234.50"),
        ("1234.5", "{{x|currency-format:en-GB}}", "£1,234.50"),
        ("1234.5", "{{x|currency-format:en:gb}}", "£1,234.50"),
        ("1234.5", "{{x|currency-format:ja:JP}}", "￥1,234"),
        ("1235.5", "{{x|currency-format:ja:JP}}", "￥1,236"),
        ("1234.5", "{{x|currency-format:pt:BR}}", "R$\u{a0}1.234,50"),
        ("1234.5", "{{x|currency-format:pt-PT}}", "1\u{a0}234,50\u{a0}€"),
        ("1234.5", "{{x|currency-format:fr:FR}}", "1\u{202f}234,50\u{a0}€"),
        ("1234.5", "{{x|currency-format:xx}}", "$1,234.50"),
        ("-1234", "{{x|currency-format}}", "-$1,234.00"),
        ("123456789012345678901", "{{x|currency-format}}", "$123,456,789,012,345,678,901.00"),
    ]);
    assert_refused(&[
        ("1", "{{x|currency-format:de:XX}}", "the text \"XX\" is no country"),
        ("\"1\"", "{{x|currency-format}}", "the text \"1\" is no number"),
        ("1", "{{gone|currency-format}}", "a missing value is no number"),
    ]);
}

/// Rounds the decimal digits of an integer that counts units of ten to the power of minus `scale`.
fn rounded_by_hand(units: i64, scale: u32, places: u32) -> String {
    let sign = if units < 0 { "-" } else { "" };
    let magnitude = u128::from(units.unsigned_abs());
    let kept = match scale.checked_sub(places) {
        Some(dropped) => (magnitude + 10_u128.pow(dropped) / 2) / 10_u128.pow(dropped),
        None => magnitude * 10_u128.pow(places - scale),
    };
    let (whole, fraction) = (kept / 10_u128.pow(places), kept % 10_u128.pow(places));
    match places {
        0 => format!("{sign}{whole}"),
        _ => format!("{sign}{whole}.{fraction:0>width$}", width = places as usize),
    }
}

/// Any value that a filter on numbers may meet.
fn value() -> impl Strategy<Value = Value<'static>> {
    prop_oneof![
        any::<i64>().prop_map(Value::Int),
        any::<f64>().prop_filter("finite", |float| float.is_finite()).prop_map(Value::Float),
        "-?(0|[1-9][0-9]{0,30})(\\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?".prop_map(|text| digits(&text)),
        any::<String>().prop_map(Value::text_of),
        "[ 0-9eE.+-]{0,8}".prop_map(Value::text_of),
        Just(Value::Missing),
        Just(Value::Bool(true)),
        Just(Value::List([Value::Int(1), digits("2.5"), Value::text_of("3".to_owned())].into())),
    ]
}

#[test]
fn long_numbers_cost_what_reading_them_takes() {
    let long = digits(&"1".repeat(1 << 20));
    let limits = Limits { steps: 1000, output_bytes: 16 << 20 };
    for run in [abs, add, ceil, double_format, float, floor, get_digit, multiply, number_format, round] {
        let found = run(long.clone(), &[Value::Int(1)], &mut Meter::new(&limits));
        assert_eq!(found.unwrap_err(), Stop::Steps);
    }
}

proptest! {
    #[test]
    fn double_format_rounds_the_decimal_digits(units in any::<i64>(), scale in 0_u32..18, places in 0_u32..12) {
        let magnitude = format!("{:0>width$}", units.unsigned_abs(), width = scale as usize + 1);
        let (whole, fraction) = magnitude.split_at(magnitude.len() - scale as usize);
        let point = if scale == 0 { "" } else { "." };
        let text = format!("{}{whole}{point}{fraction}", if units < 0 { "-" } else { "" });
        let found = shown(double_format(digits(&text), &[Value::Int(places.into())], &mut meter()));
        prop_assert_eq!(found, Ok(rounded_by_hand(units, scale, places)));
    }

    #[test]
    fn a_quotient_of_integers_is_the_nearest_one(left in any::<i64>(), right in any::<i64>()) {
        prop_assume!(right != 0 && right != -1);
        match divide(Value::Int(left), &[Value::Int(right)], &mut meter()).unwrap() {
            Value::Int(quotient) => prop_assert_eq!(quotient.checked_mul(right), Some(left)),
            Value::Float(quotient) => {
                let reference = left as f64 / right as f64;
                prop_assert!((quotient - reference).abs() <= reference.abs() * 1e-15);
            }
            other => prop_assert!(false, "{:?}", other),
        }
    }

    #[test]
    fn what_is_left_of_a_division_lies_between_zero_and_the_divisor(left in any::<i64>(), right in any::<i64>()) {
        prop_assume!(right != 0);
        let Value::Int(rest) = modulo(Value::Int(left), &[Value::Int(right)], &mut meter()).unwrap() else { panic!() };
        let within = if right > 0 { (0..right).contains(&rest) } else { right < rest && rest <= 0 };
        prop_assert!(within, "{}", rest);
        prop_assert_eq!((i128::from(left) - i128::from(rest)) % i128::from(right), 0);
    }

    #[test]
    fn no_value_panics_passes_a_limit_or_becomes_infinite(
        value in value(),
        first in value(),
        second in value(),
        pattern in "[a-z%]{0,2}%?[0-9]{0,2}\\$?[-#+ 0,(<]{0,3}[0-9]{0,4}(\\.[0-9]{0,3})?[doxXeEfgsbhn%a-zA-Z]?.?",
        small in any::<bool>(),
    ) {
        let limits = if small { Limits { steps: 4, output_bytes: 60 } } else { Limits::default() };
        let filters = [
            abs, add, between, bool, ceil, currency_format, divide, double_format, float, floor, get_digit, int,
            max, min, modulo, multiply, number_format, round, sum,
        ];
        for run in filters {
            for arguments in [&[first.clone(), second.clone()][..], &[Value::text_of(pattern.clone())], &[Value::Int(2)], &[]] {
                match run(value.clone(), arguments, &mut Meter::new(&limits)) {
                    Ok(Value::Float(float)) => prop_assert!(float.is_finite()),
                    Ok(Value::Text(text)) if !small => prop_assert!(text.len() < 30_000),
                    _ => {}
                }
            }
        }
    }
}
