//! The reader against its grammar, against serde_json, and against hostile texts.

#![expect(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;

use super::*;

fn written(text: &str) -> String {
    let mut out = String::new();
    Value::parse(text.as_bytes(), MAX_DEPTH).unwrap().write_json(&mut out);
    out
}

#[test]
fn digits_order_and_text_come_back_as_sent() {
    for (text, expected) in [
        (" 70.50 ", "70.50"),
        ("-0", "-0"),
        ("1E+400", "1E+400"),
        ("\u{FEFF}null", "null"),
        (r#"{ "b" : 1 , "a" : [ true , false , null ] }"#, r#"{"b":1,"a":[true,false,null]}"#),
        (r#"{"a":1,"b":2,"a":3}"#, r#"{"a":3,"b":2}"#),
        (r#""\u00e9\/\ud83d\ude00\n""#, r#""é/😀\n""#),
        (r#"["",{},[]]"#, r#"["",{},[]]"#),
    ] {
        assert_eq!(written(text), expected, "{text}");
    }
}

#[test]
fn errors_name_what_is_wrong_and_where() {
    for (text, offset, part) in [
        ("", 0, "expected a value, found the end"),
        ("{", 1, "expected a key"),
        ("[1,]", 3, "expected a value, found `]`"),
        ("{\"a\":1,}", 7, "expected a key in double quotes, found `}`"),
        ("{a:1}", 1, "expected a key"),
        ("{'a':1}", 1, "expected a key"),
        ("{\"a\" 1}", 5, "expected `:`"),
        ("[1 2]", 3, "expected `,` or `]`"),
        ("1 2", 2, "expected the end"),
        ("01", 0, "leading zero"),
        ("-", 1, "expected a digit"),
        ("1.", 2, "after `.`"),
        ("1e", 2, "exponent"),
        ("nul", 0, "expected a value"),
        ("nulls", 0, "expected a value"),
        ("NaN", 0, "expected a value"),
        ("\"a", 0, "does not end"),
        ("\"a\nb\"", 0, "does not end on its line"),
        ("\"a\tb\"", 2, "control character"),
        ("\"\\x\"", 1, "escape is not known"),
        ("\"\\u12g4\"", 1, "four hexadecimal"),
        ("\"\\ud800\"", 1, "surrogate"),
        ("\"\\ud800\\u0041\"", 1, "surrogate"),
        ("\"\\udc00\"", 1, "surrogate"),
        ("// x", 0, "expected a value"),
    ] {
        let error = Value::parse(text.as_bytes(), MAX_DEPTH).unwrap_err();
        assert_eq!(error.offset, offset, "{text}: {error}");
        assert!(error.message.contains(part), "{text}: {error}");
    }
    let error = Value::parse(b"\"a\xFFb\"", MAX_DEPTH).unwrap_err();
    assert_eq!((error.offset, error.kind), (2, ErrorKind::NotUtf8));
}

#[test]
fn depth_is_bounded_whatever_the_caller_asks() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(Value::parse(nested(128).as_bytes(), usize::MAX).is_ok());
    let error = Value::parse(nested(100_000).as_bytes(), usize::MAX).unwrap_err();
    assert_eq!((error.offset, error.kind), (128, ErrorKind::TooDeep));
    assert!(Value::parse(b"[[1]]", 1).is_err());
    assert!(Value::parse(b"1", 0).is_ok());
}

#[test]
fn many_duplicate_keys_leave_one_value_each() {
    let mut text = String::from("{");
    for number in 0..200_000 {
        text.push_str(&format!("\"k{}\":{number},", number % 100_000));
    }
    text.push_str("\"last\":0}");
    let Value::Object(object) = Value::parse(text.as_bytes(), MAX_DEPTH).unwrap() else {
        panic!("no object")
    };
    assert_eq!(object.len(), 100_001);
    assert_eq!(object.get("k7"), Some(&Value::Number("100007".into())));
}

#[test]
fn runs_end_at_the_first_special_byte_wherever_it_stands() {
    for length in 0..40 {
        for place in 0..length {
            for special in [b'"', b'\\', 0, 0x1F, b'\n'] {
                for filler in [b'a', b' ', b'!', b'#', b'[', b']', 0x7F, 0x80, 0xFF] {
                    let mut bytes = vec![filler; length];
                    bytes[place] = special;
                    assert_eq!(run_end(&bytes, 0), place);
                }
            }
        }
        assert_eq!(run_end(&vec![b'a'; length], 0), length);
    }
}

/// Any JSON value, numbers as JSON writes them.
pub(crate) fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        "-?(0|[1-9][0-9]{0,20})(\\.[0-9]{1,5})?([eE][+-]?[0-9]{1,3})?"
            .prop_map(|digits| Value::Number(digits.into())),
        any::<String>().prop_map(|text| Value::String(text.into())),
    ];
    leaf.prop_recursive(5, 60, 8, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..8).prop_map(Value::Array),
            proptest::collection::btree_map(any::<String>(), inner, 0..8).prop_map(|pairs| {
                Value::Object(pairs.into_iter().map(|(key, value)| (key.into_boxed_str(), value)).collect())
            }),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_written_reads_back_equal(value in values()) {
        let mut text = String::new();
        value.write_json(&mut text);
        prop_assert_eq!(Value::parse(text.as_bytes(), MAX_DEPTH), Ok(value));
        prop_assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok() || text.contains(['e', 'E']));
    }

    #[test]
    fn any_bytes_are_judged_as_serde_json_judges_them(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
        let ours = Value::parse(&bytes, MAX_DEPTH).is_ok();
        let theirs = serde_json::from_slice::<serde_json::Value>(&bytes).is_ok();
        prop_assert_eq!(ours, theirs);
    }

    #[test]
    fn texts_near_json_are_judged_as_serde_json_judges_them(text in "[\\[\\]{}:,\"\\\\0-9a-fu.eE+ -]{0,24}|(true|false|null|[0-9]|[\\[\\]{},:]|\"a\"){0,12}") {
        let ours = Value::parse(text.as_bytes(), MAX_DEPTH);
        let theirs = serde_json::from_str::<serde_json::Value>(&text);
        // serde_json refuses numbers past the range of f64; we keep their digits.
        let range = theirs.as_ref().is_err_and(|error| error.to_string().contains("out of range"));
        prop_assert!(range || ours.is_ok() == theirs.is_ok(), "{:?} {:?}", ours, theirs);
    }
}
