//! The tree as a whole: what files become, which problems they give, and what hostile files cost.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;
use crate::json::Value;
use crate::problem::{Code, Severity};

fn read_yaml(text: &str) -> Read {
    yaml::read(&Source::new("m.yml", text), &Limits::default())
}

fn read_json(text: &str) -> Read {
    json::read(&Source::new("m.json", text), &Limits::default())
}

/// A node in one line: texts in quotes, the rest as it is.
fn shown(node: &Node) -> String {
    match &node.kind {
        Kind::Null => "null".to_owned(),
        Kind::Bool(value) => value.to_string(),
        Kind::Number(digits) => digits.to_string(),
        Kind::Text(text) => format!("{:?}", text.value),
        Kind::List(items) => format!("[{}]", items.iter().map(shown).collect::<Vec<_>>().join(", ")),
        Kind::Map(entries) => {
            let pairs = entries.iter().map(|entry| format!("{:?}: {}", entry.key, shown(&entry.value)));
            format!("{{{}}}", pairs.collect::<Vec<_>>().join(", "))
        }
    }
}

pub(super) fn documents(read: &Read) -> String {
    read.documents.iter().map(shown).collect::<Vec<_>>().join(" --- ")
}

/// `line:column code path` of each problem.
pub(super) fn problems(read: &Read) -> Vec<String> {
    read.problems
        .iter()
        .map(|problem| {
            let place = problem.place();
            format!("{}:{} {} {}", place.line, place.column, problem.code, problem.path).trim_end().to_owned()
        })
        .collect()
}

#[test]
fn yaml_becomes_the_tree_it_says() {
    for (text, tree) in [
        ("", ""),
        ("# nothing\n", ""),
        ("---\n---\n", ""),
        ("--- ~\n", "null"),
        ("a", r#""a""#),
        ("a: 1\nb: [x, 'y', \"z\"]\n", r#"{"a": 1, "b": ["x", "y", "z"]}"#),
        ("- a: ~\n- b:\n- c: ''\n", r#"[{"a": null}, {"b": null}, {"c": ""}]"#),
        ("1: x\ntrue: y\n~: z\n", r#"{"1": "x", "true": "y", "~": "z"}"#),
        ("a: |\n  x\n  y\nb: >-\n  x\n  y\n", r#"{"a": "x\ny\n", "b": "x y"}"#),
        ("a: 1\n---\nb: 2\n...\n", r#"{"a": 1} --- {"b": 2}"#),
        ("n: [0x1F, 0o17, .5, +1, 1e3, .inf, 007x]\n", r#"{"n": [0x1F, 0o17, .5, +1, 1e3, .inf, "007x"]}"#),
        ("[!!str 1, !!int '7', !!float 1, !!bool 'true', !!null '', ! 5]", r#"["1", 7, 1, true, null, "5"]"#),
        ("!!map {a: !!seq [b]}", r#"{"a": ["b"]}"#),
        ("!<tag:yaml.org,2002:str> 1", r#""1""#),
        ("{\"a\": [1, \"\\ud83d\\ude00\"]}", r#"{"a": [1, "😀"]}"#),
        ("? a\n: b\n", r#"{"a": "b"}"#),
        ("a: [x: 1, y]\n", r#"{"a": [{"x": 1}, "y"]}"#),
        ("a:\n- b\n- c\nd: e\n", r#"{"a": ["b", "c"], "d": "e"}"#),
        ("a:\n  \tb\n", r#"{"a": "b"}"#),
    ] {
        let read = read_yaml(text);
        assert_eq!(documents(&read), tree, "{text}");
        assert_eq!(problems(&read), [""; 0], "{text}");
    }
}

#[test]
fn aliases_and_merge_keys_copy() {
    for (text, tree) in [
        ("a: &x {k: [1]}\nb: *x\n", r#"{"a": {"k": [1]}, "b": {"k": [1]}}"#),
        ("- &x 1\n- {k: &y [*x]}\n- [*x, *y]\n", r#"[1, {"k": [1]}, [1, [1]]]"#),
        ("a: &x 1\nb: &x 2\nc: *x\n", r#"{"a": 1, "b": 2, "c": 2}"#),
        ("&k key: *k\n", r#"{"key": "key"}"#),
        ("- &k a\n- {*k : b}\n", r#"["a", {"a": "b"}]"#),
        (
            "a: {b: [&x {c: &y d}, *y]}\ne: [*x, *y]\n",
            r#"{"a": {"b": [{"c": "d"}, "d"]}, "e": [{"c": "d"}, "d"]}"#,
        ),
        ("- &x {a: 1, b: 2}\n- {b: 3, <<: *x}\n", r#"[{"a": 1, "b": 2}, {"b": 3, "a": 1}]"#),
        (
            "- &x {a: 1}\n- &y {a: 2, b: 2}\n- <<: [*x, *y]\n",
            r#"[{"a": 1}, {"a": 2, "b": 2}, {"a": 1, "b": 2}]"#,
        ),
        ("- <<: &x {a: 1}\n- *x\n", r#"[{"a": 1}, {"a": 1}]"#),
        ("'<<': {a: 1}\n", r#"{"<<": {"a": 1}}"#),
        ("&a [&b {c: &c d}, *b, *c]", r#"[{"c": "d"}, {"c": "d"}, "d"]"#),
    ] {
        let read = read_yaml(text);
        assert_eq!(documents(&read), tree, "{text}");
        assert_eq!(problems(&read), [""; 0], "{text}");
    }
}

#[test]
fn problems_of_yaml_have_code_place_and_path() {
    for (text, found) in [
        ("- a\n- b: yes\n", &["2:6 M0011 [1].b"][..]),
        ("- 2026-11-24\n---\n- 007\n", &["1:3 M0011 [0]", "3:3 M0011 [1]"]),
        ("yes: no\n", &["1:6 M0011 yes"]),
        ("a b: {c: on}\n", &["1:10 M0011 [\"a b\"].c"]),
        ("a: 1\nb: 2\na: 3\n", &["3:1 M0005 a"]),
        ("- {a: 1, a: 2}\n", &["1:10 M0005 [0].a"]),
        ("[a]: b\n", &["1:1 M0006"]),
        ("? {a: 1}\n: b\n", &["1:3 M0006"]),
        ("- &x [1]\n- {*x : a}\n", &["2:4 M0006 [1]"]),
        ("a: !foo b\n", &["1:4 M0007 a"]),
        ("a: &x !foo {}\n", &["1:7 M0007 a"]),
        ("a: !!int x\n", &["1:10 M0015 a"]),
        ("a: !!map [x]\n", &["1:10 M0015 a"]),
        ("n: {{path-params.n}}\n", &["1:4 M0012 n"]),
        ("- {{x}}\n- [{{y}}, 1]\n", &["1:3 M0012 [0]", "2:4 M0012 [1][0]"]),
        ("n: {{x}} b\nm: c", &["1:4 M0012 n"]),
        ("{{x}}: b\n", &["1:1 M0012"]),
        ("{{x}} b\n", &["1:1 M0012"]),
        ("a: {% if x %}b{% endif %}\n", &["1:4 M0012 a"]),
        ("\ta: 1\n", &["1:1 M0004"]),
        ("a:\n\tb: 1\n", &["2:1 M0004 a"]),
        ("a:\n\tb\n", &["2:1 M0004 a"]),
        ("a:\n  b: 1\n\tc: 2\n", &["3:1 M0004 a.b"]),
        ("a: *x\n", &["1:4 M0003 a"]),
        ("- &x a\n--- \n- *x\n", &["3:3 M0003 [1]"]),
        ("&x [*x]\n", &["1:5 M0003 [0]"]),
        ("a: 1\n<<: 2\n", &["2:5 M0013"]),
        ("<<: {a: 1}\n<<: {b: 1}\n", &["2:1 M0005 [\"<<\"]"]),
        ("a: \"x\n", &["1:4 M0003 a"]),
        ("a: b: c\n", &["1:5 M0003"]),
        ("é: [ü, \"\\q\"]\n", &["1:9 M0003 [\"é\"][1]"]),
        ("a:\n- b\n c: d\n", &["3:3 M0003 a[1]"]),
    ] {
        assert_eq!(problems(&read_yaml(text)), found, "{text}");
    }
}

#[test]
fn a_bare_template_stays_the_text_that_was_meant() {
    let read = read_yaml("n: {{path-params.n}}\nm: 1\n");
    assert_eq!(documents(&read), r#"{"n": "{{path-params.n}}", "m": 1}"#);
    let help = |text: &str| read_yaml(text).problems[0].help.clone().unwrap();
    assert_eq!(help("n: {{path-params.n}}\n"), "put quotes around it: '{{path-params.n}}'");
    assert_eq!(help("n: {{a}} and {{b}}\n"), "put quotes around it: '{{a}} and {{b}}'");
    assert_eq!(help("{n: {{a}}, m: 1}\n"), "put quotes around it: '{{a}}'");
    for text in ["n: {{a|default:\"x\"}}\n".to_owned(), format!("n: {{{{{}}}}}\n", "a".repeat(80))] {
        assert_eq!(help(&text), "put quotes around the template and the text beside it");
    }
}

#[test]
fn the_first_of_two_keys_is_shown_beside_the_second() {
    let read = read_yaml("- a: 1\n  b: 2\n  a: 3\n");
    let related = &read.problems[0].related[0];
    assert_eq!(related.source.place(related.span.start).to_string(), "m.yml:1:3");
    assert_eq!(documents(&read), r#"[{"a": 1, "b": 2}]"#);
}

#[test]
fn problems_of_json_have_code_place_and_path() {
    for (text, found) in [
        ("[{\"a\": 1,\n \"a\": 2}]", &["2:2 M0005 [0].a"][..]),
        ("{\"a\": {{x}}}", &["1:7 M0012 a"]),
        ("{\"a\": 1,}", &["1:9 M0003"]),
        ("[1] x", &["1:5 M0003"]),
    ] {
        assert_eq!(problems(&read_json(text)), found, "{text}");
    }
    for text in ["", " \n"] {
        let read = read_json(text);
        assert!(read.documents.is_empty() && read.problems.is_empty());
    }
    assert_eq!(
        documents(&read_json("{\"<<\": {\"a\": 1}, \"b\": \"yes\"}")),
        r#"{"<<": {"a": 1}, "b": "yes"}"#
    );
}

#[test]
fn spans_cover_the_values_themselves() {
    fn collect<'t>(text: &'t str, node: &Node, out: &mut Vec<&'t str>) {
        out.push(&text[node.span.start as usize..node.span.end as usize]);
        match &node.kind {
            Kind::List(items) => items.iter().for_each(|item| collect(text, item, out)),
            Kind::Map(entries) => {
                for entry in entries {
                    out.push(&text[entry.key_span.start as usize..entry.key_span.end as usize]);
                    collect(text, &entry.value, out);
                }
            }
            _ => {}
        }
    }
    for (text, spans) in [
        ("é: 'x'  # c 'y'\n", &["é: 'x'", "é", "'x'"][..]),
        ("- &a !!str \"b\\\"\" # \"\n", &["- &a !!str \"b\\\"\"", "\"b\\\"\""]),
        (
            "a: &x |- # c |\n\n  b\n  c\n\nd: e",
            &["a: &x |- # c |\n\n  b\n  c\n\nd: e", "a", "|- # c |\n\n  b\n  c", "d", "e"],
        ),
        ("- >\n  | x\n- |\n- b\n", &["- >\n  | x\n- |\n- b", ">\n  | x", "|", "b"]),
        ("a: |", &["a: |", "a", "|"]),
        (">\n[---\né", &[">\n[---\né"]),
        ("--- # |\n|\n x", &["|\n x"]),
        (
            "a: [ 1 , {b: c} ] # x\nd:\n",
            &["a: [ 1 , {b: c} ] # x\nd:", "a", "[ 1 , {b: c} ]", "1", "{b: c}", "b", "c", "d", ""],
        ),
        ("a: &x\nb: x\n  y\n", &["a: &x\nb: x\n  y", "a", "", "b", "x\n  y"]),
        ("a:\n  - x\n  - y\n\nb: 1\n", &["a:\n  - x\n  - y\n\nb: 1", "a", "- x\n  - y", "x", "y", "b", "1"]),
        (
            "- &x [1]\n- k: *x\n  l: 2\n",
            &["- &x [1]\n- k: *x\n  l: 2", "[1]", "1", "k: *x\n  l: 2", "k", "[1]", "1", "l", "2"],
        ),
    ] {
        let read = read_yaml(text);
        let mut found = Vec::new();
        collect(text, &read.documents[0], &mut found);
        assert_eq!(found, spans, "{text}");
    }
    let text = "{ \"a\" : [ 1, \"b\" ] }";
    let mut found = Vec::new();
    collect(text, &read_json(text).documents[0], &mut found);
    assert_eq!(found, ["{ \"a\" : [ 1, \"b\" ] }", "\"a\"", "[ 1, \"b\" ]", "1", "\"b\""]);
}

#[test]
fn paths_name_keys_and_indexes() {
    let mut path = String::new();
    for key in ["endpoint", "a b", "x_-1", "", "q\"\n", &"k".repeat(100)] {
        push_key(&mut path, key);
    }
    push_index(&mut path, 3);
    let long = format!("{}…", "k".repeat(80));
    assert_eq!(path, format!("endpoint[\"a b\"].x_-1[\"\"][\"q\\\"␊\"][\"{long}\"][3]"));
}

/// What a hostile file must cost: so many problems, this code among them, and so many nodes at most.
#[test]
fn hostile_files_are_refused_for_what_they_are() {
    let mut bomb = String::from("a0: &a0 [x,x,x,x,x,x,x,x,x]\n");
    for level in 1..40 {
        let aliases = vec![format!("*a{}", level - 1); 9].join(",");
        writeln!(bomb, "a{level}: &a{level} [{aliases}]").unwrap();
    }
    let nested_aliases = "- &a [[[[x]]]]\n- ".to_owned() + &"[".repeat(125) + "*a" + &"]".repeat(125);
    for (text, code) in [
        (bomb, Code::ALIAS_EXPANSION),
        ("{{".repeat(1 << 19), Code::TOO_DEEP),
        (format!("a: {}", "{{".repeat(1 << 19)), Code::TOO_DEEP),
        ("[".repeat(100_000), Code::TOO_DEEP),
        (format!("a: {}", "[".repeat(100_000)), Code::TOO_DEEP),
        ("- ".repeat(100_000), Code::TOO_DEEP),
        (": ".repeat(100_000), Code::TOO_DEEP),
        (nested_aliases, Code::TOO_DEEP),
        (format!("{}: v", "k".repeat(1 << 20)), Code::SYNTAX),
        (format!("- &a x\n{}", "- *a\n".repeat(150_000)), Code::ALIAS_EXPANSION),
        (format!("- &a x\n- [{}]", "*a,".repeat(150_000)), Code::ALIAS_EXPANSION),
        (format!("- &a {}\n{}", "x".repeat(1 << 20), "- *a\n".repeat(9)), Code::ALIAS_EXPANSION),
        (format!("- [{}]", "a,".repeat(1 << 20)), Code::TOO_LARGE),
        (format!("- ? [{}]", "a,".repeat(1 << 20)), Code::TOO_LARGE),
    ] {
        let read = read_yaml(&text);
        let codes: Vec<Code> = read.problems.iter().map(|problem| problem.code).collect();
        assert!(codes.contains(&code), "{:?}: {codes:?}", &text[..20.min(text.len())]);
        assert!(read.problems.len() <= 2, "{codes:?}");
    }
}

#[test]
fn large_harmless_files_are_read() {
    let key = "k".repeat(10 << 20);
    assert_eq!(read_json(&format!("{{\"{key}\": 1}}")).problems.len(), 0);
    assert_eq!(read_yaml(&format!("? {key}\n: 1")).problems.len(), 0);
    let text = "x, [ { ".repeat(1 << 18);
    for yaml in [
        format!("- '{text}'"),
        format!("- |\n  {text}"),
        format!("# {text}\n- a"),
        format!("- [\"{text}\"]"),
        format!("- {{a: '{text}', b: \"{text}\"}}"),
    ] {
        assert_eq!(problems(&read_yaml(&yaml)), [""; 0]);
    }
    let many = "1,".repeat(1 << 20);
    assert_eq!(problems(&read_yaml(&format!("[{many}1]"))), [""; 0]);
}

#[test]
fn problems_are_counted_where_they_are_too_many_to_show() {
    let read = read_yaml(&"- yes\n".repeat(2_000));
    assert_eq!(read.problems.len(), 1_001);
    assert_eq!(read.problems[1_000].message, "1000 more warnings are not shown");
    let read = read_yaml(&"a: 1\n".repeat(2_000));
    assert_eq!(read.problems.len(), 1_001);
    assert_eq!(read.problems[1_000].severity, Severity::Error);
}

#[test]
fn many_keys_are_told_apart() {
    let mut text: String = (0..50_000).map(|number| format!("k{number}: 1\n")).collect();
    text.push_str("k77: 2\n");
    assert_eq!(problems(&read_yaml(&text)), ["50001:1 M0005 k77"]);
}

/// The tree of a value is equal to it.
pub(super) fn same(value: &Value, node: &Node) -> bool {
    match (value, &node.kind) {
        (Value::Null, Kind::Null) => true,
        (Value::Bool(left), Kind::Bool(right)) => left == right,
        (Value::Number(left), Kind::Number(right)) => left == right,
        (Value::String(left), Kind::Text(right)) => *left == right.value,
        (Value::Array(left), Kind::List(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| same(left, right))
        }
        (Value::Object(left), Kind::Map(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .zip(right)
                    .all(|((key, value), entry)| key == &*entry.key && same(value, &entry.value))
        }
        _ => false,
    }
}

proptest! {
    #[test]
    fn json_reads_the_same_as_value_json_and_yaml(value in crate::json::read::tests::values()) {
        let mut text = String::new();
        value.write_json(&mut text);
        for read in [read_json(&text), read_yaml(&text)] {
            prop_assert_eq!(problems(&read), [""; 0]);
            prop_assert!(same(&value, &read.documents[0]));
        }
        // A list item is read by the YAML scanner; it refuses control characters that JSON lets stand.
        if !text.contains(|character: char| character.is_control() || character == '\u{feff}') {
            let read = read_yaml(&format!("- {text}\n"));
            prop_assert!(read.problems.is_empty(), "{:?}", problems(&read));
            let Kind::List(items) = &read.documents[0].kind else { panic!("no list") };
            prop_assert!(same(&value, &items[0]), "{}", shown(&items[0]));
        }
    }

    #[test]
    fn no_bytes_make_a_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
        if let Ok(source) = decode("m", &bytes, &Limits::default()) {
            read_both(&source);
        }
    }

    #[test]
    fn no_text_near_yaml_makes_a_reader_panic(
        parts in proptest::collection::vec(proptest::sample::select(PARTS), 0..40)
    ) {
        read_both(&Source::new("m", parts.concat()));
    }

    #[test]
    fn no_mutation_of_a_mock_makes_a_reader_panic(
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), proptest::sample::select(PARTS)), 1..5)
    ) {
        let mut text: Vec<char> = MOCK.chars().collect();
        for (place, part) in changes {
            let place = place.index(text.len());
            let end = (place + part.chars().count() / 2).min(text.len());
            text.splice(place..end, part.chars());
        }
        read_both(&Source::new("m", text.into_iter().collect::<String>()));
    }
}

const PARTS: &[&str] = &[
    "a",
    "b: ",
    "- ",
    "? ",
    ": ",
    "\n",
    "\n  ",
    "\n    ",
    "\t",
    " ",
    "[",
    "]",
    "{",
    "}",
    ",",
    "{{",
    "}}",
    "{%",
    "%}",
    "&x ",
    "*x",
    "<<: ",
    "!",
    "!!str ",
    "!!int",
    "!<",
    ">",
    "|",
    "|2",
    ">-",
    "\"",
    "'",
    "\\",
    "\\u12",
    "#",
    " # ",
    "---\n",
    "...\n",
    "%YAML 1.2\n",
    "\r\n",
    "\r",
    "é",
    "\u{feff}",
    "\u{1}",
    "yes",
    "012",
    "2026-01-01",
    "0x",
    "k: v\n",
    "~",
    "@",
    "`",
];

const MOCK: &str = "- endpoint:\n    method: GET\n    path: /a/:id\n    response: &r\n      status: 200\n      headers: {A: 'b', \"C\": d}\n      body: >\n        {\"id\": \"{{path-params.id}}\"}\n\n- endpoint:\n    path: /b\n    response:\n      <<: *r\n      body: |\n        x\n---\n- endpoint: {path: /c, response: {status: 201}}\n";

/// Reads a text in each way, and looks at everything that came of it.
fn read_both(source: &Source) {
    look_at(source, yaml::read(source, &Limits::default()));
    look_at(source, json::read(source, &Limits::default()));
    #[cfg(feature = "edn")]
    look_at(source, edn::read(source, &Limits::default()));
}

pub(super) fn look_at(source: &Source, read: Read) {
    for node in &read.documents {
        visit(source, node);
    }
    for problem in &read.problems {
        let text = source.text();
        assert!(text.get(problem.span.start as usize..problem.span.end as usize).is_some(), "{problem:?}");
        assert!(!problem.to_string().is_empty());
    }
}

fn visit(source: &Source, node: &Node) {
    let text = source.text();
    assert!(text.get(node.span.start as usize..node.span.end as usize).is_some(), "{node:?} of {text:?}");
    match &node.kind {
        Kind::Text(value) => {
            for offset in 0..=value.value.len() {
                assert!(text.is_char_boundary(locate(source, node, offset) as usize), "{node:?} {offset}");
            }
        }
        Kind::List(items) => items.iter().for_each(|item| visit(source, item)),
        Kind::Map(entries) => entries.iter().for_each(|entry| visit(source, &entry.value)),
        _ => {}
    }
}
