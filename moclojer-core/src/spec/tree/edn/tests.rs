//! EDN: what files become, and which problems they give. Laws that hold for every format are in the tree's tests.

#![expect(clippy::unwrap_used, reason = "tests")]

use super::super::tests::{documents, problems};
use super::*;
use crate::problem::Code;

fn read_edn(text: &str) -> Read {
    read(&Source::new("m.edn", text), &Limits::default())
}

#[test]
fn edn_becomes_the_tree_it_says() {
    for (text, tree) in [
        ("", ""),
        (" ,\n; nothing\n#! nor here", ""),
        ("#_{:a 1}", ""),
        ("{:a 1} {:b 2}", r#"[{"a": 1}, {"b": 2}]"#),
        ("[{:a 1}, {:b 2}]", r#"[{"a": 1}, {"b": 2}]"#),
        ("({:a 1})", r#"[{"a": 1}]"#),
        ("#_[1] ^:k [{:a 1}] #_2", r#"[{"a": 1}]"#),
        ("nil true false", "[null, true, false]"),
        (
            "{nil 1 true 2 7 3 42N 4 \\a 5 sym 6 \"t\" 7 :k/w 8}",
            r#"[{"nil": 1, "true": 2, "7": 3, "42": 4, "a": 5, "sym": 6, "t": 7, "k/w": 8}]"#,
        ),
        (
            "[:a :a/b a a/b / :/ + - -a a' a#b % & <= :1 .]",
            r#"["a", "a/b", "a", "a/b", "/", "/", "+", "-", "-a", "a'", "a#b", "%", "&", "<=", "1", "."]"#,
        ),
        (
            "[42 -1 +7 0x1F 017 2r1010 36rZZ 42N 1.5 1e3 1.5M]",
            "[42, -1, 7, 31, 15, 10, 1295, 42, 1.5, 1e3, 1.5]",
        ),
        (
            r#"["\n\t\r\b\f\\\"" "\u00e9\ud83d\ude00" "\0\7\101\377\o101" "é
 x"]"#,
            "[\"\\n\\t\\r\\u{8}\\u{c}\\\\\\\"\", \"é😀\", \"\\0\\u{7}AÿA\", \"é\\n x\"]",
        ),
        (
            r"[\a \newline \space \tab \return \formfeed \backspace \u00e9 \o101 \( \) \\ \; \é \u \o]",
            r#"["a", "\n", " ", "\t", "\r", "\u{c}", "\u{8}", "é", "A", "(", ")", "\\", ";", "é", "u", "o"]"#,
        ),
        ("[\\\" \"x\"]", r#"["\"", "x"]"#),
        ("[(1 (2)) #{} #{1 [1] #{1}} {}]", "[[1, [2]], [], [1, [1], [1]], {}]"),
        ("[1 #_ a 2 #_ #_ b c 3 #_ #_ [d #_ e] {:f g} 4 #_ ^:k h]", "[1, 2, 3, 4]"),
        ("{#_ :a :b #_ {:c d} 1 #_ :e}", r#"[{"b": 1}]"#),
        ("[#_ #foo bar #_ #{1 1} #_ {:a 1 :a 2} #_ 1/2 #_ { {:a 1} 2} 5]", "[5]"),
        ("[^{:doc \"x\"} {:a 1} ^:k ^String [2] #^k 3 ^ {:a {}} x]", r#"[{"a": 1}, [2], 3, "x"]"#),
        ("[#inst \"2026-11-24\" #uuid \"a-b\" #inst #_ x \"y\"]", r#"["2026-11-24", "a-b", "y"]"#),
        (
            "#:user{:id 1 :_/x 2 :other/y 3 \"s\" 4 sym 5 6 7 :in {:id 8}}",
            r#"[{"user/id": 1, "x": 2, "other/y": 3, "s": 4, "user/sym": 5, "6": 7, "user/in": {"id": 8}}]"#,
        ),
        ("#:user , {:id 1}", r#"[{"user/id": 1}]"#),
        (
            "#{:a \"a\" a \\a 1 1.0 true \"true\" nil [1 2] [2 1] {:a 1} {:a 2}}",
            r#"["a", "a", "a", "a", 1, 1.0, true, "true", null, [1, 2], [2, 1], {"a": 1}, {"a": 2}]"#,
        ),
        ("#{#{1 2} #{1 3} #inst \"a\" #uuid \"a\" \"a\"}", r#"[[1, 2], [1, 3], "a", "a", "a"]"#),
        ("[ {:a\r\n1};c\r\n{:b\u{2003}2}]", r#"[{"a": 1}, {"b": 2}]"#),
    ] {
        let read = read_edn(text);
        assert_eq!(documents(&read), tree, "{text}");
        assert_eq!(problems(&read), [""; 0], "{text}");
    }
}

#[test]
fn problems_of_edn_have_code_place_and_path() {
    let mut wrong = Vec::new();
    for (text, found) in [
        // Of the syntax the first.
        ("{:a [1 2}", &["1:9 M0003 [0].a[2]"][..]),
        ("{:a 1}}", &["1:7 M0003 [1]"]),
        (")", &["1:1 M0003"]),
        ("[{:a 1} {:b", &["1:9 M0003 [1]"]),
        ("{:a\n {:b 1}\n\n{:c 1}", &["1:1 M0003 [0]"]),
        ("[{:a [1 2 3", &["1:6 M0003 [0].a"]),
        ("{:a \"x", &["1:5 M0003 [0].a"]),
        ("{:a \"x\\", &["1:5 M0003 [0].a"]),
        ("{:é \"x\\d\"}", &["1:7 M0003 [0][\"é\"]"]),
        ("[\"\\u12\"]", &["1:3 M0003 [0]"]),
        ("[\"\\ud83d\"]", &["1:3 M0003 [0]"]),
        ("[\"\\ud83d\\u0041\"]", &["1:3 M0003 [0]"]),
        ("[\"\\400\"]", &["1:3 M0003 [0]"]),
        ("[\"\\8\"]", &["1:3 M0003 [0]"]),
        ("[\"\\o\"]", &["1:3 M0003 [0]"]),
        ("[\\newlin]", &["1:2 M0003 [0]"]),
        ("[\\ud83d]", &["1:2 M0003 [0]"]),
        ("[\\o400]", &["1:2 M0003 [0]"]),
        ("[\\", &["1:2 M0003 [0]"]),
        ("{:a :b :c}", &["1:8 M0003 [0]"]),
        ("{:method :path \"/\" :response {:status 200}}", &["1:2 M0003 [0]"]),
        ("{:a {:method :path \"/\" :response {}} :b 1}", &["1:6 M0003 [0].a"]),
        ("[#_]", &["1:2 M0003 [0]"]),
        ("[^:a]", &["1:2 M0003 [0]"]),
        ("[#inst]", &["1:2 M0003 [0]"]),
        ("#inst", &["1:1 M0003"]),
        ("[1] {:a 1}", &["1:5 M0003"]),
        ("[1] 2", &["1:5 M0003"]),
        ("{:a {{x}}}", &["1:5 M0012 [0].a"]),
        ("{:a {% if x %} 1}", &["1:5 M0012 [0].a"]),
        ("{:a 'x}", &["1:5 M0003 [0].a"]),
        ("{:a @x}", &["1:5 M0003 [0].a"]),
        ("{:a a@x}", &["1:6 M0003 [0]"]),
        ("{:a `x}", &["1:5 M0003 [0].a"]),
        ("{:a ~x}", &["1:5 M0003 [0].a"]),
        ("{:a ~@x}", &["1:5 M0003 [0].a"]),
        ("{:a #(x)}", &["1:5 M0003 [0].a"]),
        ("{:a #'x}", &["1:5 M0003 [0].a"]),
        ("{:a #=(x)}", &["1:5 M0003 [0].a"]),
        ("{:a #?(:clj 1)}", &["1:5 M0003 [0].a"]),
        ("{:a #?@(:clj [1])}", &["1:5 M0003 [0].a"]),
        ("{:a #\"x\"}", &["1:5 M0003 [0].a"]),
        ("{:a #<x>}", &["1:5 M0003 [0].a"]),
        ("{:a # x}", &["1:5 M0003 [0].a"]),
        ("{:a #1}", &["1:5 M0003 [0].a"]),
        ("[#", &["1:2 M0003 [0]"]),
        ("{::a 1}", &["1:2 M0003 [0]"]),
        ("{: 1}", &["1:2 M0003 [0]"]),
        ("{a: 1}", &["1:2 M0003 [0]"]),
        ("{:a /users/:id}", &["1:5 M0003 [0].a"]),
        ("{:a :/users}", &["1:5 M0003 [0].a"]),
        ("{:a http://x}", &["1:5 M0003 [0].a"]),
        ("{:a .5}", &["1:5 M0003 [0].a"]),
        ("{:a\u{a0}1}", &["1:4 M0003 [0]"]),
        ("#::{:a 1}", &["1:1 M0003"]),
        ("#::b{:a 1}", &["1:1 M0003"]),
        ("#:{:a 1}", &["1:1 M0003"]),
        ("#:a/b{:a 1}", &["1:1 M0003"]),
        ("#:a [1]", &["1:1 M0003"]),
        // All of what can be read on.
        ("{:a 1 :b 2\n \"a\" 3}", &["2:2 M0005 [0].a"]),
        ("#:x{:a 1 :x/a 2}", &["1:10 M0005 [0][\"x/a\"]"]),
        ("{1 a 1N b}", &["1:6 M0005 [0].1"]),
        ("[#{1 2 1} #{[1] (1)}]", &["1:8 M0005 [0][2]", "1:17 M0005 [1][1]"]),
        ("[#{#{1 2} #{2 1} {:a 1 :b 2} {:b 2 \"a\" 1}}]", &["1:11 M0005 [0][1]", "1:30 M0005 [0][3]"]),
        ("{[1] 2 :a { {:b 1} 3}}", &["1:2 M0006 [0]", "1:13 M0006 [0].a"]),
        ("[#foo {:a #bar/baz 1} #foo.Bar[1]]", &["1:2 M0007 [0]", "1:11 M0007 [0].a", "1:23 M0007 [1]"]),
        ("[#inst 5 #uuid :a #uuid [\"a\"]]", &["1:8 M0015 [0]", "1:16 M0015 [1]", "1:25 M0015 [2]"]),
        (
            "[1/2 -22/7 ##Inf ##-Inf ##NaN]",
            &["1:2 M0405 [0]", "1:6 M0405 [1]", "1:12 M0405 [2]", "1:18 M0405 [3]", "1:25 M0405 [4]"],
        ),
        (
            "[08 1a 12:30 ##Foo 0xfffffffffffffffffffffffffffffffff]",
            &["1:2 M0003 [0]", "1:5 M0003 [1]", "1:8 M0003 [2]", "1:14 M0003 [3]", "1:20 M0405 [4]"],
        ),
    ] {
        let mut read = read_edn(text);
        read.problems.sort_by_key(|problem| problem.span.start);
        if problems(&read) != found {
            let said: Vec<String> = read.problems.iter().map(ToString::to_string).collect();
            wrong.push(format!("{text}: {:?} wanted {found:?}: {said:?}", problems(&read)));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn both_places_of_what_stands_twice_or_does_not_fit_are_shown() {
    for (text, place) in [
        ("{:a 1\n \"a\" 2}", "m.edn:1:2"),
        ("[#{x\n x}]", "m.edn:1:4"),
        ("[(1 2]", "m.edn:1:2"),
        ("{:a {:b}}", "m.edn:1:5"),
        ("[1\n]\n2", "m.edn:2:1"),
        ("{:a [\n\n{:b 1}", "m.edn:3:1"),
    ] {
        let read = read_edn(text);
        let related = &read.problems[0].related[0];
        assert_eq!(related.source.place(related.span.start).to_string(), place, "{text}");
    }
}

#[test]
fn the_next_step_is_told() {
    for (text, step) in [
        ("{:a 1/2}", "write 0.5, or the text \"1/2\""),
        ("{:a 1/3}", "write it with a decimal point, or the text \"1/3\""),
        ("{:a 08}", "write 8 for the number, \"08\" for the text"),
        ("{:a 2026-11-24}", "put double quotes around a text: \"2026-11-24\""),
        ("{a: 1}", "a key begins with it: `:a`"),
        ("{::b/a 1}", "write `:b/a`, or the whole name: `:namespace/b/a`"),
        ("{:a /users}", "put double quotes around a text: \"/users\""),
        ("{:a \\newlin}", "did you mean `\\newline`?"),
        ("{:a 'x'}", "write a text in double quotes; a mark of quoting is not needed"),
    ] {
        assert_eq!(read_edn(text).problems[0].help.as_deref(), Some(step), "{text}");
    }
}

#[test]
fn a_file_of_forms_spans_from_the_first_to_the_last() {
    let read = read_edn(" #_x {:a 1} ; c\n {:b 2} #_y ");
    let top = &read.documents[0];
    assert_eq!((top.span.start, top.span.end), (5, 23));
    let read = read_edn("#_x ^:k {:a 1} ");
    let Kind::List(items) = &read.documents[0].kind else { panic!("no list") };
    assert_eq!(items[0].span, read.documents[0].span);
}

#[test]
fn hostile_files_are_refused_for_what_they_are() {
    for (text, code) in [
        ("[".repeat(100_000), Code::TOO_DEEP),
        ("{:a ".repeat(100_000), Code::TOO_DEEP),
        ("#{".repeat(100_000), Code::TOO_DEEP),
        ("#_(".repeat(100_000), Code::TOO_DEEP),
        ("^{:a ".repeat(100_000), Code::TOO_DEEP),
        (format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000)), Code::TOO_DEEP),
        ("#_".repeat(100_000), Code::SYNTAX),
        ("^".repeat(100_000), Code::SYNTAX),
        ("#a ".repeat(100_000), Code::SYNTAX),
        (format!("{} 1", "#a ".repeat(100_000)), Code::UNKNOWN_TAG),
        ("{".repeat(100_000), Code::BARE_TEMPLATE),
    ] {
        let read = read_edn(&text);
        let codes: Vec<Code> = read.problems.iter().map(|problem| problem.code).collect();
        assert!(codes.contains(&code), "{:?}: {codes:?}", &text[..20.min(text.len())]);
        assert!(read.problems.len() <= 1_001);
    }
}

#[test]
fn nesting_is_as_deep_as_the_limit_says() {
    let nested = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
    assert_eq!(problems(&read_edn(&nested(128))), [""; 0]);
    assert_eq!(read_edn(&nested(129)).problems[0].code, Code::TOO_DEEP);
}

#[test]
fn large_harmless_files_are_read() {
    let key = "k".repeat(10 << 20);
    assert_eq!(problems(&read_edn(&format!("{{:{key} \"{key}\"}}"))), [""; 0]);
    assert_eq!(problems(&read_edn(&format!("[{}]", "1,".repeat(1 << 20)))), [""; 0]);
    assert_eq!(problems(&read_edn(&format!("[{} 1]", "#_ x ".repeat(1 << 18)))), [""; 0]);
    assert_eq!(problems(&read_edn(&format!("{}1", "^:k ".repeat(1 << 18)))), [""; 0]);
    let set: String = (0..100_000).map(|number| format!("{number} ")).collect();
    assert_eq!(problems(&read_edn(&format!("[#{{{set}}}]"))), [""; 0]);
    let nested = format!("{}{set}{}", "#{".repeat(100), "}".repeat(100));
    assert_eq!(problems(&read_edn(&nested)), [""; 0]);
    let keys: String = (0..50_000).map(|number| format!(":k{number} 1 ")).collect();
    assert_eq!(problems(&read_edn(&format!("{{{keys} :k77 2}}"))).len(), 1);
}

#[test]
fn a_map_of_collections_as_keys_is_told_so_often_as_anybody_reads() {
    let read = read_edn(&format!("{{{}}}", "[] 1 ".repeat(10_000)));
    assert_eq!(read.problems.len(), MOST_WAITING);
    assert!(read.problems.iter().all(|problem| problem.code == Code::KEY_NOT_SCALAR));
    read.documents.first().unwrap();
}
