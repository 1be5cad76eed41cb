//! What holds of the filters on texts and lists, whatever the value.

#![expect(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::template::filters::FILTERS;
use crate::template::tests::{OPEN, body, rendered};
use crate::template::{Limits, Mode, compile};

/// The filters of `text` and `list`.
const NAMES: &[&str] = &[
    "abbreviate",
    "addslashes",
    "capitalize",
    "center",
    "count",
    "count-is",
    "default",
    "default-if-empty",
    "drop",
    "drop-last",
    "email",
    "empty?",
    "first",
    "get",
    "join",
    "keys",
    "last",
    "length",
    "length-is",
    "linebreaks",
    "linebreaks-br",
    "linenumbers",
    "lower",
    "map",
    "name",
    "not-empty",
    "phone",
    "pluralize",
    "rand-nth",
    "range",
    "remove",
    "remove-tags",
    "replace",
    "reverse",
    "safe",
    "slug",
    "sort",
    "sort-by",
    "sort-by-reversed",
    "sort-reversed",
    "split",
    "str",
    "subs",
    "take",
    "title",
    "trim",
    "uniq",
    "upper",
    "values",
    "where",
];

/// A number that serde_json reads back as it was.
fn fraction() -> impl Strategy<Value = f64> {
    prop_oneof![(-9..9).prop_map(f64::from), any::<i32>().prop_map(|eighths| f64::from(eighths) / 8.0)]
}

/// Any JSON value of a few levels, with texts and numbers that are likely to matter.
fn value() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        any::<String>(),
        prop::sample::select(vec![
            "",
            "\n\n",
            "<b a>x</b>",
            "a😀é",
            "ß",
            "ann@example.com",
            "0151 4",
            "-3",
            "1e400",
            " "
        ])
        .prop_map(str::to_owned),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::from),
        (-3..9).prop_map(Value::from),
        fraction().prop_map(Value::from),
        text.prop_map(Value::String),
    ];
    leaf.prop_recursive(4, 32, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::Array),
            prop::collection::btree_map("[ab]?", inner, 0..3).prop_map(|pairs| pairs.into_iter().collect()),
        ]
    })
}

/// An argument as a template writes it.
fn argument() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => (-9_i64..12).prop_map(|int| int.to_string()),
        2 => prop::sample::select(vec!["@x", "@y", "\"\"", "a", "a.b", "\"a[0]\"", "false", "b", "\" \"", "\"\n\""])
            .prop_map(str::to_owned),
        1 => any::<i64>().prop_map(|int| int.to_string()),
        1 => "\\PC*".prop_map(|text| format!("\"{}\"", text.replace(['"', '{', '}', '%', '#'], ""))),
    ]
}

fn words() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<String>().prop_map(Value::String),
        prop::collection::vec(any::<String>(), 0..9).prop_map(|texts| json!(texts)),
    ]
}

/// What a template makes of `x`, read back.
fn made(expression: &str, x: &Value) -> Value {
    let text =
        rendered(&format!("{{{{{expression}|json}}}}"), &json!({ "x": x, "y": 0 }).to_string()).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn concatenated(left: &Value, right: &Value) -> Value {
    match (left, right) {
        (Value::String(left), Value::String(right)) => json!(left.to_owned() + right),
        (Value::Array(left), Value::Array(right)) => json!([left.as_slice(), right].concat()),
        _ => Value::Null,
    }
}

#[test]
fn the_names_are_those_of_the_table() {
    for name in NAMES {
        assert!(FILTERS.iter().any(|row| row.name == *name), "{name}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_filter_panics_or_passes_a_limit(
        calls in prop::collection::vec((prop::sample::select(NAMES), prop::collection::vec(argument(), 0..4)), 1..4),
        x in value(),
        y in value(),
    ) {
        let mut template = "{{x".to_owned();
        for (name, arguments) in &calls {
            template.extend(["|", name]);
            let row = FILTERS.iter().find(|row| row.name == *name).unwrap();
            let (least, most) = crate::template::call::counts(row.parameters);
            let given = arguments.iter().map(String::as_str).chain(std::iter::repeat("1"));
            for argument in given.take(arguments.len().clamp(least, most)) {
                template.extend([":", argument]);
            }
        }
        template.push_str("}}");
        let limits = Limits { steps: 2000, output_bytes: 5000 };
        if let Some(template) = compile(&template, Mode::Plain, &OPEN).template {
            let mut out = String::new();
            let result = template.render(&body(&json!({ "x": x, "y": y }).to_string()), &limits, &mut out);
            prop_assert!(result.is_err() || out.len() <= 5000);
        }
    }

    #[test]
    fn take_and_drop_part_a_value(x in words(), n in -2_i64..12) {
        let (taken, dropped) = (made(&format!("x|take:{n}"), &x), made(&format!("x|drop:{n}"), &x));
        prop_assert_eq!(concatenated(&taken, &dropped), x.clone());
        let size = made("x|count", &x).as_i64().unwrap();
        let kept = made(&format!("x|drop-last:{n}"), &x);
        prop_assert_eq!(kept, made(&format!("x|take:{}", (size - n.max(0)).max(0)), &x));
    }

    #[test]
    fn what_is_reversed_twice_is_itself(x in words()) {
        prop_assert_eq!(made("x|reverse|reverse", &x), x);
    }

    #[test]
    fn texts_are_sorted_by_their_utf_16(x in prop::collection::vec("[a-c\u{fffd}😀]{0,3}", 0..9)) {
        let mut expected = x.clone();
        expected.sort_by(|left, right| left.encode_utf16().cmp(right.encode_utf16()));
        prop_assert_eq!(made("x|sort", &json!(x)), json!(expected));
        expected.reverse();
        prop_assert_eq!(made("x|sort-reversed", &json!(x)), json!(expected));
    }

    #[test]
    fn numbers_are_sorted(x in prop::collection::vec(fraction(), 0..40)) {
        let mut expected = x.clone();
        expected.sort_by(|left, right| left.partial_cmp(right).unwrap());
        prop_assert_eq!(made("x|sort", &json!(x)), json!(expected));
    }

    #[test]
    fn whatever_is_sorted_holds_the_same_items(x in prop::collection::vec(value(), 0..30)) {
        let context = json!({ "x": x }).to_string();
        if let Ok(text) = rendered("{{x|sort|json}}", &context) {
            let sorted: Vec<Value> = serde_json::from_str(&text).unwrap();
            let texts = |items: &[Value]| {
                let mut texts: Vec<String> = items.iter().map(Value::to_string).collect();
                texts.sort();
                texts
            };
            prop_assert_eq!(texts(&sorted), texts(&x));
            prop_assert_eq!(made("x|sort|sort", &json!(x)), json!(sorted));
        }
    }

    #[test]
    fn what_is_split_joins_to_itself(x in any::<String>(), separator in "[a ,\u{e4}]{0,2}") {
        let template = format!("x|split:\"{separator}\"|join:\"{separator}\"");
        prop_assert_eq!(made(&template, &json!(x)), json!(x));
    }

    #[test]
    fn an_abbreviated_text_is_as_wide_as_said(
        x in any::<String>(),
        max in 3_usize..40,
        side in prop::sample::select(vec!["left", "right", "middle"]),
    ) {
        let found = made(&format!("x|abbr-{side}|abbreviate:{max}"), &json!(x));
        let length = x.chars().count();
        prop_assert_eq!(found.as_str().unwrap().chars().count(), length.min(max));
        prop_assert!(length > max || found == json!(x));
    }
}
