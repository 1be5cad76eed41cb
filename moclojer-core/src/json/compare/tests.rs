//! What is told of two values, and the laws of comparing them.
#![expect(clippy::unwrap_used, reason = "the texts are literals of this module")]

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::Comparison::{Exact, Partial};
use super::differences::Difference;
use super::*;
use crate::json::read::tests::values;

fn parse(text: &str) -> Value {
    Value::parse(text.as_bytes(), 128).unwrap()
}

#[test]
fn a_value_is_what_was_wanted_or_not() {
    for (wanted, found, exact, partial) in [
        ("1", "1.0", true, true),
        ("1", "\"1\"", false, false),
        ("null", "false", false, false),
        (r#"{"a":1,"b":2}"#, r#"{"b":2,"a":1e0}"#, true, true),
        (r#"{"a":1}"#, r#"{"a":1,"b":2}"#, false, true),
        (r#"{"a":1,"b":2}"#, r#"{"a":1}"#, false, false),
        (r#"{"a":null}"#, "{}", false, false),
        (r#"{"a":{}}"#, r#"{"a":{"b":{"c":1}}}"#, false, true),
        (r#"[{"a":1}]"#, r#"[{"a":1,"b":2}]"#, false, true),
        ("[1]", "[1,2]", false, false),
        ("[1,2]", "[2,1]", false, false),
        ("{}", "[]", false, false),
        ("[]", "[]", true, true),
    ] {
        let (wanted, found) = (parse(wanted), parse(found));
        assert_eq!(matches(&found, &wanted, Exact), exact, "{wanted:?} {found:?}");
        assert_eq!(matches(&found, &wanted, Partial), partial, "{wanted:?} {found:?}");
    }
}

/// Differences as one line each.
fn told(wanted: &str, found: &str, how: Comparison) -> Vec<String> {
    differences(&parse(found), &parse(wanted), how, 64)
        .into_iter()
        .map(|Difference { pointer, wanted, found }| format!("{pointer}: {wanted} / {found}"))
        .collect()
}

#[test]
fn differences_name_the_place_and_both_sides() {
    for (wanted, found, lines) in [
        (r#"{"name":"maria"}"#, r#"{"name":"mario"}"#, &[r#"/name: "maria" / "mario""#][..]),
        (r#"{"a":{"age":1}}"#, r#"{"a":{}}"#, &[r#"/a: a key "age" / missing"#]),
        ("{}", r#"{"x":1}"#, &[r#": no key "x" / "x": 1"#]),
        ("[1,2,3]", "[1,3]", &[": 3 items / 2 items", "/1: 2 / missing"]),
        ("[1,1]", "[1,1,1]", &[": 2 items / 3 items", "/2: no item / 1"]),
        ("[1]", "[0,1]", &[": 1 item / 2 items", "/0: no item / 0"]),
        ("[1,2,3,4]", "[1,8,9]", &[": 4 items / 3 items", "/1: 2 / 8", "/2: 3 / 9", "/3: 4 / missing"]),
        (r#"{"a/b":[{"~":1}]}"#, r#"{"a/b":[{"~":true}]}"#, &["/a~1b/0/~0: 1 / true"]),
        (r#"{"a":[1]}"#, r#"{"a":{"b":1}}"#, &[r#"/a: [1] / {"b":1}"#]),
        (
            r#"{"a":1,"b":2,"c":3}"#,
            r#"{"d":4,"c":0,"a":0}"#,
            &["/a: 1 / 0", r#": a key "b" / missing"#, "/c: 3 / 0", r#": no key "d" / "d": 4"#],
        ),
    ] {
        assert_eq!(told(wanted, found, Exact), lines, "{wanted} {found}");
    }
    assert_eq!(told(r#"{"a":1}"#, r#"{"a":2,"b":3}"#, Partial), ["/a: 1 / 2"]);
}

#[test]
fn no_more_differences_are_told_than_asked_for() {
    let (wanted, found) = (parse(r#"[[1,2],[3],{"a":1}]"#), parse(r#"[[0,0],[0],{"b":1}]"#));
    for most in 0..8 {
        assert_eq!(differences(&found, &wanted, Exact, most).len(), most.min(5));
    }
    let long = format!("{{\"{}\":1}}", "k".repeat(5000));
    let only = differences(&parse(&long.replace(":1", ":2")), &parse(&long), Exact, 9);
    assert!(only[0].pointer.len() < 600 && only[0].pointer.ends_with('…'));
}

#[test]
fn a_diff_shows_what_changed_in_its_place() {
    let wanted = parse(
        r#"{"id":7,"name":"maria","age":70.50,"tags":["a","b","c"],"address":{"city":"X","zip":"1"},
            "one":1,"two":2,"three":3,"four":4,"five":5,"six":6,"seven":7,"eight":8,"last":true}"#,
    );
    let found = parse(
        r#"{"name":"mario","age":70.5,"id":7,"tags":["a","c"],"address":{"city":"X","zip":"1"},
            "one":1,"two":2,"three":3,"four":4,"five":5,"six":6,"seven":7,"eight":8,"last":[true],"more":{"x":[],"y":[1]}}"#,
    );
    insta::assert_snapshot!(diff(&wanted, &found, Exact, 100), @r#"
      {
        "id": 7,
    -   "name": "maria",
    +   "name": "mario",
        "age": 70.50,
        "tags": [
          "a",
    -     "b",
          "c"
        ],
        "address": {
      …
        "six": 6,
        "seven": 7,
        "eight": 8,
    -   "last": true,
    +   "last": [
    +     true
    +   ],
    +   "more": {
    +     "x": [],
    +     "y": [
    +       1
    +     ]
    +   }
      }
    "#);
    insta::assert_snapshot!(diff(&wanted, &found, Partial, 8), @r#"
      {
        "id": 7,
    -   "name": "maria",
    +   "name": "mario",
        "age": 70.50,
        "tags": [
          "a",
    -     "b",
      … 12 more lines
    "#);
}

#[test]
fn a_diff_of_lists_shows_the_items_that_are_more_or_less() {
    let wanted = parse(r#"[{"id":1},{"id":2},{"id":3},{"id":4}]"#);
    let found = parse(r#"[{"id":1},{"id":3},{"id":4}]"#);
    insta::assert_snapshot!(diff(&wanted, &found, Exact, 100), @r#"
      [
        {
          "id": 1
        },
    -   {
    -     "id": 2
    -   },
        {
          "id": 3
        },
      …
    "#);
    assert_eq!(diff(&found, &wanted, Exact, 100), diff(&wanted, &found, Exact, 100).replace('-', "+"));
}

#[test]
fn a_diff_says_how_much_it_leaves_out() {
    let (wanted, found) = (parse("[1,2,3]"), parse("[4,5,6]"));
    assert_eq!(diff(&wanted, &found, Exact, 2), "  [\n-   1,\n  … 6 more lines");
    assert_eq!(diff(&wanted, &found, Exact, 7).lines().last(), Some("  … 1 more line"));
    assert_eq!(diff(&wanted, &found, Exact, 8).lines().last(), Some("  ]"));
    assert_eq!(diff(&wanted, &found, Exact, 0), "  … 8 more lines");
    assert_eq!(diff(&wanted, &wanted, Exact, 9), "");
    assert_eq!(diff(&parse("{}"), &parse("[]"), Exact, 9), "- {}\n+ []");
    // One line in a gap is written, two are cut.
    let list = |first: u8, count: usize, last: u8| {
        Value::Array(
            [first].into_iter().chain(std::iter::repeat_n(0, count)).chain([last]).map(number).collect(),
        )
    };
    assert!(!diff(&list(1, 7, 1), &list(2, 7, 2), Exact, 99).contains('…'));
    assert!(diff(&list(1, 8, 1), &list(2, 8, 2), Exact, 99).contains("\n  …\n"));
}

fn number(value: u8) -> Value {
    Value::Number(value.to_string().into())
}

#[test]
fn big_objects_and_lists_take_linear_time() {
    let keys = 100_000;
    let object = |keys: &mut dyn Iterator<Item = usize>| {
        Value::Object(keys.map(|key| (format!("key{key}").into(), Value::Null)).collect())
    };
    let (wanted, found) = (object(&mut (0..keys)), object(&mut (1..=keys).rev()));
    let list = Value::Array(vec![Value::Null; keys]);
    let begun = Instant::now();
    assert!(!matches(&found, &wanted, Exact));
    assert_eq!(differences(&found, &wanted, Exact, keys).len(), 2);
    assert!(diff(&wanted, &found, Exact, 9).contains("- "));
    assert!(!matches(&list, &Value::Array(vec![Value::Null; keys - 1]), Exact));
    // A quadratic way takes minutes.
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
}

/// Values of which two are often equal, or nearly.
fn alike() -> impl Strategy<Value = Value> {
    let leaf = prop::sample::select(vec!["null", "1", "1.0", "\"a\""]).prop_map(parse);
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::vec((prop::sample::select(vec!["a", "b", "c"]), inner), 0..4).prop_map(
                |pairs| {
                    let mut seen = Vec::new();
                    Value::Object(
                        pairs
                            .into_iter()
                            .filter(|(key, _)| {
                                !seen.contains(key) && {
                                    seen.push(*key);
                                    true
                                }
                            })
                            .map(|(key, value)| (key.into(), value))
                            .collect(),
                    )
                }
            ),
        ]
    })
}

/// The same value with its keys the other way round and its numbers spelled anew.
fn respell(value: &Value) -> Value {
    match value {
        Value::Number(digits) if digits.contains(['.', 'e', 'E']) => Value::Number(digits.clone()),
        Value::Number(digits) => Value::Number(format!("{digits}0.00e-1").into()),
        Value::Array(items) => Value::Array(items.iter().map(respell).collect()),
        Value::Object(object) => {
            let mut pairs: Vec<_> = object.iter().map(|(key, value)| (key.into(), respell(value))).collect();
            pairs.reverse();
            Value::Object(pairs.into_iter().collect())
        }
        other => other.clone(),
    }
}

/// The value with a key more in each object that `chosen` says, before or after the others.
fn add_keys(value: &Value, chosen: &mut dyn Iterator<Item = u8>) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.iter().map(|item| add_keys(item, chosen)).collect()),
        Value::Object(object) => {
            let choice = chosen.next().unwrap_or(0) % 3;
            let mut pairs: Vec<_> =
                object.iter().map(|(key, value)| (key.into(), add_keys(value, chosen))).collect();
            // A key of three hundred letters that the others have not.
            let more = (format!("more{}", "!".repeat(300)).into(), Value::Bool(true));
            match choice {
                1 => pairs.insert(0, more),
                2 => pairs.push(more),
                _ => {}
            }
            Value::Object(pairs.into_iter().collect())
        }
        other => other.clone(),
    }
}

fn marks_a_change(text: &str) -> bool {
    text.lines().any(|line| line.starts_with("- ") || line.starts_with("+ "))
}

/// The laws that hold for any two values.
fn check(wanted: &Value, found: &Value) -> Result<(), TestCaseError> {
    for how in [Exact, Partial] {
        let equal = matches(found, wanted, how);
        prop_assert_eq!(differences(found, wanted, how, 9).is_empty(), equal);
        let text = diff(wanted, found, how, usize::MAX);
        prop_assert_eq!(!marks_a_change(&text), equal, "{}", text);
        prop_assert_eq!(text.is_empty(), equal);
        for line in text.lines() {
            prop_assert!(["  ", "- ", "+ "].iter().any(|mark| line.starts_with(mark)), "{}", line);
        }
    }
    let exact = matches(found, wanted, Exact);
    prop_assert_eq!(matches(wanted, found, Exact), exact);
    prop_assert!(!exact || matches(found, wanted, Partial));
    Ok(())
}

proptest! {
    #[test]
    fn a_value_is_itself_and_each_of_its_spellings(value in values()) {
        for other in [value.clone(), respell(&value)] {
            prop_assert!(matches(&other, &value, Exact));
            check(&value, &other)?;
        }
    }

    #[test]
    fn what_is_told_of_any_two_values_agrees(wanted in values(), found in values()) {
        check(&wanted, &found)?;
    }

    #[test]
    fn what_is_told_of_values_that_are_alike_agrees(wanted in alike(), found in alike()) {
        check(&wanted, &found)?;
    }

    #[test]
    fn partial_lets_keys_be_added_anywhere(wanted in values(), chosen in prop::collection::vec(any::<u8>(), 0..40)) {
        let found = add_keys(&wanted, &mut chosen.into_iter());
        prop_assert!(matches(&found, &wanted, Partial));
        check(&wanted, &found)?;
        prop_assert_eq!(matches(&found, &wanted, Exact), found == wanted);
    }
}
