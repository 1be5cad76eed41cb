use super::*;

/// A pattern's segments as one line: `lit`, `<name|type>`, `<*name>`, parts joined by `+`.
fn drawn(pattern: &PathPattern) -> String {
    let capture = |index: usize| {
        let capture = &pattern.captures[index];
        match capture.kind {
            ParamType::String => format!("<{}>", capture.name),
            _ => format!("<{}|{}>", capture.name, capture.kind),
        }
    };
    let segments = pattern.segments.iter().map(|segment| match segment {
        Segment::Literal(text) => text.to_string(),
        Segment::Capture(index) => capture(*index),
        Segment::Rest(index) => {
            format!("<*{}>", index.map_or("", |index| &pattern.captures[index].name))
        }
        Segment::Mixed(parts) => {
            let parts = parts.iter().map(|part| match part {
                Part::Text(text) => text.to_string(),
                Part::Capture(index) => capture(*index),
            });
            parts.collect::<Vec<_>>().join("+")
        }
    });
    segments.map(|segment| format!(" /{segment}")).collect::<String>().trim_start().to_owned()
}

#[test]
fn a_path_is_read_into_its_segments() {
    for (text, expected) in [
        ("/", "/"),
        ("//", "/ /"),
        ("/users", "/users"),
        ("/users/", "/users /"),
        ("/a//b", "/a / /b"),
        ("/./../a", "/. /.. /a"),
        ("/:id", "/<id>"),
        ("/{id}", "/<id>"),
        ("/:id|int", "/<id|int>"),
        ("/{id|int}", "/<id|int>"),
        ("/:id|string", "/<id>"),
        ("/:id|boolean/x", "/<id|bool> /x"),
        ("/:user-name", "/<user-name>"),
        ("/:user_name2", "/<user_name2>"),
        ("/:größe", "/<größe>"),
        ("/:sid.json", "/<sid>+.json"),
        ("/{sid}.json", "/<sid>+.json"),
        ("/:n|int.json", "/<n|int>+.json"),
        (r"/:name\:cancel", "/<name>+:cancel"),
        (r"/a\:b", "/a:b"),
        (r"/a\b", r"/a\b"),
        ("/:from-:to", "/<from>+-+<to>"),
        ("/:from--:to", "/<from->+-+<to>"),
        ("/:from-{to}", "/<from>+-+<to>"),
        ("/:from|int-:to|int", "/<from|int>+-+<to|int>"),
        ("/{from}{{", "-"),
        ("/:from-", "/<from->"),
        ("/v:n", "/v+<n>"),
        ("/*rest", "/<*rest>"),
        ("/*", "/<*>"),
        ("/**", "/<*>"),
        ("/files/*path", "/files /<*path>"),
        ("/ol%C3%A1", "/olá"),
        ("/olá", "/olá"),
        ("/a%2Fb", "/a/b"),
        ("/%3Aid", "/:id"),
        ("/%7Bid%7D", "/{id}"),
        ("/%2A", "/*"),
        ("/100%25", "/100%"),
        ("/:id%2Ejson", "/<id>+.json"),
        ("/a|b", "/a|b"),
        ("/a b", "/a b"),
        ("/:d|/[0-9]{3}/", "/<d|/[0-9]{3}/>"),
        ("/:d|/a?b/x", "-"),
        ("/:d|/a?b//x", "/<d|/a?b/> /x"),
        ("/{d|/a{2}?/}/x", "/<d|/a{2}?/> /x"),
        ("/:d|/a:b*/", "/<d|/a:b*/>"),
        ("/a?", "/a"),
        ("/:id|int?x", "/<id|int>"),
    ] {
        match PathPattern::parse(text) {
            Ok(parsed) => {
                assert_eq!(drawn(&parsed.pattern), expected, "{text}");
                assert!(text.starts_with(&*parsed.text), "{text}");
            }
            Err(problems) => assert_eq!("-", expected, "{text} {problems:?}"),
        }
    }
}

#[test]
fn a_question_mark_declares_query_parameters() {
    for (text, expected) in [
        ("/a", vec![]),
        ("/a?", vec![]),
        ("/a?x", vec!["x string 3..4"]),
        ("/a?x|int", vec!["x int 3..4"]),
        ("/a?x|int&y|bool&z", vec!["x int 3..4", "y bool 9..10", "z string 16..17"]),
        ("/a?&x&&", vec!["x string 4..5"]),
        ("/a?a[]|int", vec!["a[] int 3..6"]),
        ("/a?first+name&ol%C3%A1", vec!["first name string 3..13", "olá string 14..22"]),
        ("/:p|/a?/?x|/[a&b]?/&y", vec!["x /[a&b]?/ 9..10", "y string 20..21"]),
    ] {
        let parsed = PathPattern::parse(text).expect(text);
        let query: Vec<_> =
            parsed.query.iter().map(|(name, kind, range)| format!("{name} {kind} {range:?}")).collect();
        assert_eq!(query, expected, "{text}");
        assert!(!parsed.text.ends_with('?'));
    }
}

/// A problem's code, the text of its range, and a piece of its help (none: no help).
type Expected = (Code, &'static str, &'static str);

#[test]
fn every_problem_names_its_place() {
    let syntax = Code::PATH_SYNTAX;
    let cases: [(&str, &[Expected]); 49] = [
        ("", &[(syntax, "", "write `/`")]),
        ("users", &[(syntax, "users", "write `/users`")]),
        ("http://a.b/c", &[(syntax, "http://a.b/c", "the host stands under")]),
        ("/a:b:c", &[(syntax, ":c", "put text between")]),
        ("/:a:b", &[(syntax, ":b", "put text between")]),
        ("/{a}{b}", &[(syntax, "{b}", "put text between")]),
        ("/:a|int:b|int", &[(syntax, ":b|int", "put text between")]),
        ("/:a:b/:c:d", &[(syntax, ":b", "put text"), (syntax, ":d", "put text")]),
        ("/:", &[(syntax, ":", r"as `\:`")]),
        ("/:/a", &[(syntax, ":", r"as `\:`")]),
        ("/a:.x", &[(syntax, ":", r"as `\:`")]),
        ("/:-:b", &[(syntax, ":", r"as `\:`")]),
        ("/:|int", &[(syntax, ":", r"as `\:`")]),
        ("/{}", &[(syntax, "{}", "as `%7B`")]),
        ("/{a", &[(syntax, "{a", "{name|type}")]),
        ("/{a/b}", &[(syntax, "{a", "{name|type}"), (syntax, "}", "as `%7D`")]),
        ("/{a b}/c", &[(syntax, "{a b}", "{name|type}")]),
        ("/{*rest}", &[(syntax, "{*rest}", "write a rest as `*name`")]),
        ("/a}", &[(syntax, "}", "as `%7D`")]),
        ("/*rest/a", &[(syntax, "*rest", "capture one with")]),
        ("/*/", &[(syntax, "*", "capture one with")]),
        ("/a/**/b", &[(syntax, "**", "capture one with")]),
        ("/a*", &[(syntax, "*", "as `%2A`")]),
        ("/:a*", &[(syntax, "*", "as `%2A`")]),
        ("/*rest.js", &[(syntax, ".js", "write `*name`")]),
        ("/*rest|int", &[(syntax, "|int", "write `*name`")]),
        ("/***", &[(syntax, "*", "write `*name`")]),
        ("/{{x}}", &[(syntax, "{{x}}", "capture the segment")]),
        ("/a/{{path-params.a/b?c}}/d", &[(syntax, "{{path-params.a/b?c}}", "capture the segment")]),
        ("/{{x/:id:b", &[(syntax, "{{x", "capture the segment"), (syntax, ":b", "put text")]),
        ("/a?{{x}}&b", &[(syntax, "{{x}}", "capture the segment")]),
        ("/100%", &[(syntax, "%", "as `%25`")]),
        ("/%zz", &[(syntax, "%", "as `%25`")]),
        ("/a%C3/b", &[(syntax, "a%C3", "UTF-8")]),
        ("/:a/:a", &[(Code::PARAMETER_TWICE, "a", "of its own")]),
        ("/:a/*a", &[(Code::PARAMETER_TWICE, "a", "of its own")]),
        ("/:a|integr", &[(Code::UNKNOWN_TYPE, "integr", "")]),
        (
            "/:a|strng/:b|dat",
            &[(Code::UNKNOWN_TYPE, "strng", "`string`?"), (Code::UNKNOWN_TYPE, "dat", "`date`?")],
        ),
        ("/:a|", &[(Code::UNKNOWN_TYPE, "", "")]),
        ("/{a|}", &[(Code::UNKNOWN_TYPE, "", "")]),
        ("/:a|/(/", &[(Code::BAD_REGEX, "(", "")]),
        ("/:a|/x", &[(Code::BAD_REGEX, "/x", "put a `/` after it")]),
        ("/:a|//b", &[(Code::BAD_REGEX, "", "leave the type out")]),
        ("/x:a|/b/", &[(syntax, "/b/", "into the expression")]),
        ("/:a|/b/c", &[(syntax, "/b/", "into the expression")]),
        ("/:a|/b/:c", &[(syntax, "/b/", "into the expression")]),
        ("/a?x=1&y", &[(syntax, "=1", "write `?name`")]),
        (
            "/a?|int&x|it&x&x",
            &[(syntax, "|int", ""), (Code::UNKNOWN_TYPE, "it", "`int`?"), (Code::PARAMETER_TWICE, "x", "")],
        ),
        ("/a?%zz", &[(syntax, "%", "")]),
    ];
    for (text, expected) in cases {
        let problems = PathPattern::parse(text).expect_err(text);
        let found: Vec<_> =
            problems.iter().map(|problem| (problem.code, &text[problem.range.clone()])).collect();
        let wanted: Vec<_> = expected.iter().map(|&(code, found, _)| (code, found)).collect();
        assert_eq!(found, wanted, "{text} {problems:?}");
        for (problem, (_, _, help)) in problems.iter().zip(expected) {
            let said = problem.help.as_deref().unwrap_or_default();
            assert!(said.contains(help), "{text}: {said:?} lacks {help:?}");
            assert!(!help.is_empty() || problem.help.is_none(), "{text}: {said:?}");
        }
    }
}

#[test]
fn size_and_number_of_problems_are_bounded() {
    let parse = |text: String| PathPattern::parse(&text);
    assert!(parse(format!("/{}", "a".repeat(MAX_BYTES - 1))).is_ok());
    assert_eq!(parse(format!("/{}", "a".repeat(MAX_BYTES))).expect_err("too long").len(), 1);
    assert!(parse("/a".repeat(MAX_SEGMENTS)).is_ok());
    assert_eq!(parse("/a".repeat(MAX_SEGMENTS + 1)).expect_err("too many").len(), 1);
    assert_eq!(parse("/:".repeat(MAX_SEGMENTS)).expect_err("bad").len(), MAX_PROBLEMS);
    assert!(parse(format!("/{}", "{a:".repeat(2000))).is_err());
}

mod laws {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_text_panics_and_every_range_is_inside(text in r"[a-b/:{}|*?&=%\\\-2FéC3A]{0,24}") {
            match PathPattern::parse(&format!("/{text}")) {
                Ok(parsed) => {
                    let again = PathPattern::parse(&parsed.text).expect("its own text");
                    prop_assert_eq!(again.pattern, parsed.pattern);
                }
                Err(problems) => {
                    let text = format!("/{text}");
                    prop_assert!(!problems.is_empty());
                    for problem in problems {
                        prop_assert!(text.get(problem.range.clone()).is_some(), "{:?}", problem);
                    }
                }
            }
        }
    }
}
