//! The compliance suite of the standard's authors, laws, and where a template is lenient or limited.

#![expect(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;
use serde_json::Value as Json;

use super::{check, parse};
use crate::json;
use crate::template::tests::{TestScope, render_with, rendered, value};
use crate::template::value::{Meter, Stop, Value};
use crate::template::{Limits, Mode, Names};

/// What a path finds in a value, as a list also when it names one node.
fn nodes(path: &str, document: &json::Value) -> Result<Vec<Json>, String> {
    let query = parse::parse(path).map_err(|(place, reason)| format!("{place}: {reason}"))?;
    let mut meter = Meter::new(&Limits::default());
    let found =
        super::find::find(&query, Value::from(document), &mut meter).map_err(|stop| format!("{stop:?}"))?;
    let mut text = String::new();
    found.write_json(&mut text, &mut meter).map_err(|stop| format!("{stop:?}"))?;
    let found_json: Json = serde_json::from_str(&text).unwrap();
    Ok(match (query.is_singular(), found) {
        (true, Value::Missing) => vec![],
        (true, _) => vec![found_json],
        (false, _) => found_json.as_array().unwrap().clone(),
    })
}

/// What a template with a path renders to; the path is an argument of the context.
fn applied(path: &str, document: &str) -> Result<String, String> {
    rendered("{{v|jsonpath:@p|json}}", &format!("{{\"v\":{document},\"p\":{}}}", Json::from(path)))
}

#[test]
fn the_compliance_suite_agrees() {
    let suite: Json = serde_json::from_str(include_str!("../../../../tests/data/jsonpath-cts.json")).unwrap();
    let cases = suite["tests"].as_array().unwrap();
    assert!(cases.len() > 600);
    let mut different = Vec::new();
    for case in cases {
        let path = case["selector"].as_str().unwrap();
        let agrees = if case["invalid_selector"] == true {
            parse::parse(path).is_err() && check(path).is_err()
        } else {
            let found = nodes(path, &value(&case["document"].to_string()));
            let found = found.map(Json::from).unwrap_or_default();
            let allowed = case["results"].as_array();
            // A pattern that is no text can only be an oversight, so `check` refuses what the suite allows.
            let is_checked = check(path).is_ok() || path.ends_with("(@.a, 1)]");
            is_checked
                && match allowed {
                    Some(results) => results.contains(&found),
                    None => found == case["result"],
                }
        };
        if !agrees {
            different.push((case["name"].to_string(), path));
        }
    }
    assert_eq!(different, []);
}

#[test]
fn a_path_that_names_one_gives_the_value_and_others_a_list() {
    let document = r#"{"a":[{"b":1},{"b":2},{"c":null}],"n":70.50}"#;
    let cases = [
        ("$", document),
        ("$.a[0].b", "1"),
        ("$.a[-1].c", "null"),
        ("$.a[9]", "null"),
        ("$['n']", "70.5"),
        ("$.a[*].b", "[1,2]"),
        ("$..b", "[1,2]"),
        ("$.a[0,1].b", "[1,2]"),
        ("$.a[0:1]", "[{\"b\":1}]"),
        ("$.x[*]", "[]"),
        ("$.a[?@.b > 1].b", "[2]"),
    ];
    for (path, expected) in cases {
        let expected = value(expected);
        let mut text = String::new();
        expected.write_json(&mut text);
        assert_eq!(applied(path, document).as_deref(), Ok(&*text), "{path}");
    }
    assert_eq!(rendered("[{{v|jsonpath:\"$.x\"}}]", "{\"v\":{}}").as_deref(), Ok("[]"));
    assert_eq!(rendered("{{v|jsonpath:\"$.x\"|default:\"none\"}}", "{\"v\":{}}").as_deref(), Ok("none"));
}

#[test]
fn the_dollar_may_be_left_out() {
    let document = r#"{"a":{"b":[1,2]},"c":3}"#;
    for (short, long) in [
        ("a.b", "$.a.b"),
        ("a['b'][0]", "$.a.b[0]"),
        ("['c']", "$.c"),
        (".c", "$.c"),
        ("..b", "$..b"),
        ("*", "$.*"),
        ("c", "$.c"),
    ] {
        assert_eq!(applied(short, document), applied(long, document), "{short}");
        assert!(applied(short, document).is_ok_and(|found| found != "null"), "{short}");
    }
}

#[test]
fn what_is_missing_has_no_nodes_and_a_text_has_no_children() {
    let cases = [
        ("[{{missing|jsonpath:\"$\"}}{{missing|jsonpath:\"$.a[0]\"}}]", "[]"),
        ("{{missing|jsonpath:\"$..*\"}}", "[]"),
        ("[{{v|jsonpath:\"$[0]\"}}]", "[]"),
        ("{{v|jsonpath:\"$[*]\"}}", "[]"),
        ("{{v|jsonpath:\"$\"}}", "ab"),
    ];
    for (template, expected) in cases {
        assert_eq!(rendered(template, r#"{"v":"ab"}"#).as_deref(), Ok(expected), "{template}");
    }
}

#[test]
fn values_that_templates_made_are_searched_alike() {
    let cases = [
        ("{{v|jsonpath:\"$[*]\"|jsonpath:\"$[?@.k == 'a'].n\"}}", "[1]"),
        ("{{v|jsonpath:\"$[*]\"|jsonpath:\"$[-1].n\"}}", "2"),
        ("{{v|jsonpath:\"$[*]\"|jsonpath:\"$..n\"}}", "[1,2]"),
        ("{{v|jsonpath:\"$[*]\"|jsonpath:\"$[::-1].k\"}}", "[\"b\",\"a\"]"),
        ("{{\"e30.eyJzdWIiOiJhbm4iLCJsIjpbMSwyXX0.\"|jwt|jsonpath:\"$.l[?@ > 1]\"}}", "[2]"),
        ("{{\"e30.eyJzdWIiOiJhbm4iLCJsIjpbMSwyXX0.\"|jwt|jsonpath:\"$[?@ == $.l]\"}}", "[[1,2]]"),
    ];
    for (template, expected) in cases {
        let found = rendered(template, r#"{"v":[{"k":"a","n":1},{"k":"b","n":2}]}"#);
        assert_eq!(found.as_deref(), Ok(expected), "{template}");
    }
}

#[test]
fn parameters_are_of_their_type() {
    let scope = TestScope { query: vec![("n", "007"), ("t", "007"), ("b", "true")], ..TestScope::default() };
    let names = Names {
        query_params: &[("n", crate::template::ParamKind::Int), ("b", crate::template::ParamKind::Bool)],
        ..Names::default()
    };
    let cases = [
        ("$[?@ == 7]", "[7]"),
        ("$[?@ == '007']", "[\"007\"]"),
        ("$[?@ == true]", "[true]"),
        ("$[?@ < 8]", "[7]"),
    ];
    for (path, expected) in cases {
        let template = format!("{{{{query-params|jsonpath:\"{path}\"}}}}");
        assert_eq!(render_with(&template, Mode::Plain, &names, &scope).as_deref(), Ok(expected), "{path}");
    }
}

#[test]
fn numbers_keep_their_digits() {
    let json = r#"{"a":[70.50,1e400,123456789012345678901234567890]}"#;
    let json = json::Value::parse(json.as_bytes(), json::MAX_DEPTH).unwrap();
    let scope = TestScope { json: Some(json), ..TestScope::default() };
    let cases = [
        ("$.a[*]", "[70.50,1e400,123456789012345678901234567890]"),
        ("$.a[?@ == 70.5]", "[70.50]"),
        ("$.a[?@ == 1e400]", "[1e400]"),
        ("$.a[?@ > 100]", "[123456789012345678901234567890]"),
    ];
    for (path, expected) in cases {
        let template = format!("{{{{json-params|jsonpath:\"{path}\"}}}}");
        assert_eq!(render_with(&template, Mode::Plain, &Names::default(), &scope).as_deref(), Ok(expected));
    }
}

#[test]
fn a_broken_path_is_told_with_its_place() {
    let cases = [
        ("", 0, "expected `$`, found the end"),
        (" $", 0, "expected `$`, found ` `"),
        ("$.", 2, "a name or `*`"),
        ("$.a b", 3, "`.`, `[` or the end"),
        ("$.user-name", 6, "['a-b']"),
        ("$[a]", 2, "a quoted name"),
        ("$['a", 2, "not closed"),
        ("$[?@.a = 1]", 7, "expected `]`"),
        ("$[?@.a == b]", 10, "b is neither a function nor a literal"),
        ("$[?size(@) > 1]", 3, "no function size"),
        ("$[?@.* == 1]", 3, "more than one value"),
        ("$[?length(@.a)]", 3, "compare it"),
        ("$[?'é' == \"\\x\"]", 12, "backslash"),
        ("$[?match(@.a, '(')]", 14, "unclosed group"),
        ("$[?!match(@.a, 1)]", 15, "has to be a text"),
        ("$[?count(@[?search(@, '[')]) > 1]", 22, "unclosed character class"),
    ];
    for (path, place, reason) in cases {
        let (found_place, found) = check(path).unwrap_err();
        assert!(found.contains(reason), "{path}: {found}");
        assert_eq!(found_place, place, "{path}: {found}");
    }
    let at_run = applied("$[?'é' == 1", "[]").unwrap_err();
    assert!(at_run.contains("is no JSONPath at character 12"), "{at_run}");
}

#[test]
fn an_argument_that_is_no_text_fails() {
    for path in ["1", "null", "[]"] {
        assert!(rendered("{{v|jsonpath:@p}}", &format!("{{\"v\":[],\"p\":{path}}}")).is_err(), "{path}");
    }
}

#[test]
fn a_broken_pattern_matches_nothing_at_run() {
    for pattern in ["(", "[", "a{2,1}", "\\p{Nothing}", "(?:\\p{L}{30}){30}", &"a".repeat(2000)] {
        let document = serde_json::json!({ "list": ["a", "("], "pattern": pattern }).to_string();
        for path in ["$.list[?match(@, $.pattern)]", "$.list[?search(@, $.pattern)]"] {
            assert_eq!(applied(path, &document).as_deref(), Ok("[]"), "{path} {pattern}");
        }
    }
}

#[test]
fn length_and_nesting_of_a_path_are_bounded() {
    assert!(check(&format!("${}", ".a".repeat(2047))).is_ok());
    assert!(check(&format!("${}", ".a".repeat(2048))).unwrap_err().1.contains("at most 4096 bytes"));
    let nested = |(before, open, middle, close, after): (&str, &str, &str, &str, &str), levels: usize| {
        format!("{before}{}{middle}{}{after}", open.repeat(levels), close.repeat(levels))
    };
    let kinds = [
        ("$", "[?@", "[0]", "]", ""),
        ("$[?", "(", "@", ")", "]"),
        ("$[?", "!(", "@", ")", "]"),
        ("$[?", "length(", "@", ")", " == 1]"),
    ];
    for kind in kinds {
        let few = nested(kind, 31);
        assert_eq!(check(&few), Ok(()), "{few}");
        for levels in [33, 400] {
            assert!(check(&nested(kind, levels)).unwrap_err().1.contains("more than 32 levels"), "{kind:?}");
        }
    }
}

/// A list of lists, as deep as JSON may be, with `width` items at each level but the last.
fn deep(depth: usize, width: usize) -> String {
    let siblings = ",0".repeat(width - 1);
    format!("{}0{}", "[".repeat(depth), format!("{siblings}]").repeat(depth))
}

#[test]
fn what_would_take_too_long_stops_at_the_limit() {
    let wide = format!("[{}]", vec!["\"abc\""; 3000].join(","));
    let cases = [
        ("$..*..*..*", deep(100, 10)),
        ("$..*..*..*..*..*", deep(100, 2)),
        ("$..[?@..[?@..*]]", deep(100, 10)),
        ("$[?count($[?count($[*]) > 1]) > 1]", wide.clone()),
        ("$[?$ == $]", wide.clone()),
        ("$[?@ == $[0]]", format!("[{}{}]", "9".repeat(100_000), ",1".repeat(1000))),
        ("$[*,*,*,*,*][*,*]", format!("[{}]", vec!["[0,0,0,0,0,0,0,0,0]"; 20000].join(","))),
    ];
    for (path, document) in cases {
        let json = json::Value::parse(document.as_bytes(), json::MAX_DEPTH).unwrap();
        let scope = TestScope { json: Some(json), ..TestScope::default() };
        let template = format!("{{{{json-params|jsonpath:\"{path}\"|count}}}}");
        let found = render_with(&template, Mode::Plain, &Names::default(), &scope);
        assert!(found.as_ref().is_err_and(|reason| reason.contains("steps")), "{path}: {found:?}");
    }
}

#[test]
fn making_patterns_is_charged() {
    let found = |path: &str, count: usize| {
        let patterns: Vec<String> = (0..count).map(|number| format!("a{{{number}}}b")).collect();
        let document = value(&Json::from(patterns).to_string());
        let query = parse::parse(path).unwrap();
        let mut meter = Meter::new(&Limits { steps: 20_000, ..Limits::default() });
        super::find::find(&query, Value::from(&document), &mut meter).map(|found| super::find::size(&found))
    };
    assert_eq!(found("$[?match('aab', @)]", 12), Err(Stop::Steps));
    assert_eq!(found("$[?match('aab', @)]", 9), Ok(1));
    assert_eq!(found("$[?search('aab', @)]", 9), Ok(3));
    // The same pattern is made once.
    assert_eq!(found("$[?search(@, 'a.{3}b')]", 12), Ok(10));
}

/// Paths of all kinds of parts, many of them well formed.
fn path() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        8 => prop::sample::select(vec![
            ".a", ".b", "..a", ".*", "..*", "[0]", "[-1]", "[*]", "['a']", "[0:2]", "[::-1]", "[1:]", "[0,'a']",
            "[?@.a]", "[?@.a == 1]", "[?@ == @]", "[?@ > 1]", "[?@.a < @.b]", "[?!@.b]", "[?@.a && @.b || @.c]",
            "[?length(@) >= 1]", "[?count(@.*) > 0]", "[?match(@, 'a.*')]", "[?search(@, '[a-b]')]",
            "[?value(@..a) == 1]", "[?(@.a)]", "[?$.a != @]", "[?@[?@ == null]]", "..[0]", "..[?@.a]",
        ]).prop_map(str::to_owned),
        1 => prop::sample::select(vec!["[", "]", "?", "@", "(", ")", "'", "\\", "1", ",", " ", "&&", "!", "=="])
            .prop_map(str::to_owned),
        1 => ".{0,2}",
    ];
    prop::collection::vec(part, 0..6).prop_map(|parts| format!("${}", parts.concat()))
}

/// Small values with few keys, so that paths find something.
fn document() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        (-2..3_i64).prop_map(Json::from),
        prop::sample::select(vec!["", "a", "ab", "b", "é"]).prop_map(Json::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
            prop::collection::btree_map("[abc]", inner, 0..3).prop_map(|pairs| pairs.into_iter().collect()),
        ]
    })
}

proptest! {
    #[test]
    fn another_implementation_finds_the_same(path in path(), document in document()) {
        let found = nodes(&path, &value(&document.to_string()));
        match (serde_json_path::JsonPath::parse(&path), found) {
            (Ok(other), Ok(found)) => {
                let other: Vec<Json> = other.query(&document).all().into_iter().cloned().collect();
                prop_assert_eq!(found, other);
            }
            (Err(_), Err(_)) => {}
            // It refuses some of the blanks that the grammar allows.
            (Err(_), Ok(_)) if path.contains([' ', '\t', '\n', '\r']) => {}
            (other, found) => prop_assert!(false, "{}: {:?} there, {:?} here", path, other.map(|_| ()), found),
        }
    }

    #[test]
    fn no_path_panics_or_passes_a_limit(path in prop_oneof![path(), any::<String>()], document in document()) {
        if let Err((place, reason)) = check(&path) {
            prop_assert!(path.get(place..).is_some(), "{}: {}", place, reason);
        }
        let scope = TestScope { json: Some(value(&serde_json::json!({ "v": document, "p": path }).to_string())), ..TestScope::default() };
        let names = Names { open: true, ..Names::default() };
        let compiled = crate::template::compile("{{v|jsonpath:@p}}", Mode::Plain, &names);
        let limits = Limits { steps: 500, output_bytes: 2000 };
        let mut out = String::new();
        let _ = compiled.template.unwrap().render(&scope, &limits, &mut out);
        prop_assert!(out.len() <= 2000);
    }
}
