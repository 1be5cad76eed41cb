//! What a broken file says: place, path, code, next step.

use moclojer_core::problem::{Code, Problem, Severity};

use crate::client::check;

/// `line:column severity[code] path: message (help)` of every problem.
fn told(yaml: &str) -> Vec<String> {
    check(yaml).problems.iter().map(tell).collect()
}

fn tell(problem: &Problem) -> String {
    let place = problem.place();
    let (line, column, severity) = (place.line, place.column, problem.severity.as_str());
    let help = problem.help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
    format!("{line}:{column} {severity}[{}] {}: {}{help}", problem.code, problem.path, problem.message)
}

#[test]
fn every_problem_of_a_file_is_reported_at_once() {
    let yaml = "\
- endpoint:
    method: GTE
    path: users/:id|nit
    pth: /x
    response:
      stauts: 200
      status: 99
      headers: {Content-Length: 3}
      body: '{{path-params.idd}} {{x|uppr}} {% if a %}'
- endpoint:
    path: /ok
    response: nothing
- endpint: {}
-
- x-mine: {}
";
    insta::assert_snapshot!(told(yaml).join("\n"));
}

#[test]
fn a_valid_file_says_nothing() {
    let yaml = "- endpoint: {path: /a, x-note: mine, response: {body: hi}}\n- x-anything: 1\n";
    assert_eq!(told(yaml), Vec::<String>::new());
    assert_eq!(told(""), Vec::<String>::new());
    assert!(check("").spec.is_some(), "an empty file is a valid, empty mock");
}

#[test]
fn a_top_that_is_no_list_shows_the_dash() {
    let checked = check("endpoint:\n  path: /a\n");
    assert!(checked.spec.is_none() && checked.foreign);
    let [problem] = checked.problems.as_slice() else { panic!("{:#?}", checked.problems) };
    assert_eq!(problem.code, Code::NOT_A_LIST);
    assert!(problem.help.as_ref().is_some_and(|help| help.contains("- ")), "{problem}");
}

#[test]
fn a_shadowed_endpoint_names_the_one_that_answers() {
    let yaml = "\
- endpoint: {path: '/a/:x|float', response: {body: a}}
- endpoint: {path: '/a/:y|double', response: {body: b}}
- endpoint: {path: '/a/:y|int', response: {body: c}}
- endpoint: {path: '/a/:y|double', query: {q: int}, response: {body: d}}
";
    let checked = check(yaml);
    let [problem] = checked.problems.as_slice() else { panic!("{:#?}", checked.problems) };
    assert_eq!(
        (problem.code, problem.place().line, problem.severity),
        (Code::SHADOWED, 2, Severity::Warning)
    );
    assert_eq!(problem.related[0].source.place(problem.related[0].span.start).line, 1);
}

#[test]
fn problems_inside_templates_have_their_exact_place() {
    for (yaml, place) in [
        ("- endpoint:\n    path: /a\n    response:\n      body: hi {{x|uppr}}\n", "mock.yml:4:20"),
        ("- endpoint:\n    path: /a\n    response:\n      body: 'it''s {{x|uppr}}'\n", "mock.yml:4:24"),
        (
            "- endpoint:\n    path: /a\n    response:\n      body: |\n        one\n        é {{x|uppr}}\n",
            "mock.yml:6:15",
        ),
        ("- endpoint:\n    path: /a\n    response:\n      body: {a: [1, 'x {{x|uppr}}']}\n", "mock.yml:4:28"),
        (
            "- endpoint:\n    path: /a\n    response:\n      body: >\n        one\n        two {{x|uppr}}\n",
            "mock.yml:6:17",
        ),
        (
            "- endpoint:\n    path: /a\n    response:\n      headers:\n        A: b {{x|uppr}}\n",
            "mock.yml:5:18",
        ),
    ] {
        let problems = check(yaml).problems;
        let found: Vec<String> = problems
            .iter()
            .filter(|problem| problem.code == Code::UNKNOWN_FILTER)
            .inspect(|problem| assert_eq!(problem.expression.as_deref(), Some("{{x|uppr}}")))
            .map(|problem| problem.place().to_string())
            .collect();
        assert_eq!(found, [place], "{yaml}: {problems:#?}");
    }
}

#[test]
fn a_template_without_quotes_says_put_quotes() {
    for yaml in [
        "- endpoint:\n    path: /a\n    response:\n      body: {n: {{path-params.n}}}\n",
        "- endpoint:\n    path: /a\n    response:\n      body: {{x}} b\n",
    ] {
        let problems = check(yaml).problems;
        let said = problems.iter().any(|problem| {
            problem.code == Code::BARE_TEMPLATE
                && problem.place().line == 4
                && problem.help.as_ref().is_some_and(|help| help.contains("quotes"))
        });
        assert!(said, "{yaml}: {problems:#?}");
    }
}

#[test]
fn what_is_not_served_yet_is_never_a_did_you_mean() {
    for template in
        ["{{message}}", "{{block.super}}", "{% include \"x\" %}", "{% extends \"x\" %}", "{% debug %}"]
    {
        let checked = check(&format!("- endpoint:\n    path: /a\n    response:\n      body: '{template}'\n"));
        assert!(checked.spec.is_none(), "{template}");
        let codes: Vec<Code> = checked.problems.iter().map(|problem| problem.code).collect();
        assert!(codes.contains(&Code::TEMPLATE_NOT_SERVED_YET), "{template}: {:#?}", checked.problems);
        assert!(
            !checked
                .problems
                .iter()
                .any(|problem| { problem.help.as_ref().is_some_and(|help| help.contains("did you mean")) })
        );
    }
}

#[test]
fn hosts_paths_and_queries_are_checked() {
    for (endpoint, code) in [
        ("host: 'a:80', path: /", Code::HOST_SYNTAX),
        ("host: olá.example, path: /", Code::HOST_SYNTAX),
        ("path: /:a:b", Code::PATH_SYNTAX),
        ("path: '/*a/b'", Code::PATH_SYNTAX),
        ("path: '/{{x}}'", Code::PATH_SYNTAX),
        ("path: '/:a/:a'", Code::PARAMETER_TWICE),
        ("path: '/:a|it'", Code::UNKNOWN_TYPE),
        ("path: '/:a|/(/'", Code::BAD_REGEX),
        ("path: '/a?b|int', query: {b: string}", Code::TYPE_CONFLICT),
        ("path: /a, query: {b: nit}", Code::UNKNOWN_TYPE),
        ("path: 12", Code::WRONG_TYPE),
        ("method: CONNECT, path: /", Code::WRONG_VALUE),
        ("enabled: 'no', path: /", Code::WRONG_TYPE),
        ("path: /a, latency: {min-ms: 5, max-ms: 1}", Code::WRONG_VALUE),
        ("method: GET", Code::MISSING_KEY),
    ] {
        let checked = check(&format!("- endpoint: {{{endpoint}, response: {{body: x}}}}\n"));
        let codes: Vec<Code> = checked.problems.iter().map(|problem| problem.code).collect();
        assert!(codes.contains(&code) && checked.spec.is_none(), "{endpoint}: {:#?}", checked.problems);
    }
}

#[test]
fn codes_are_never_used_twice() {
    let mut seen = std::collections::HashSet::new();
    for (code, title) in Code::ALL {
        assert!(seen.insert(code), "{code} {title}");
    }
}

#[test]
fn headers_of_defaults_may_name_the_path_parameters_of_any_endpoint() {
    let yaml = "\
- defaults: {headers: {X-Id: '{{path-params.id}}', X-Other: '{{nothing}}'}}
- endpoint: {path: '/a/:id', response: {body: x}}
";
    assert_eq!(
        told(yaml),
        ["1:64 warning[M0304] [0].defaults.headers.X-Other: nothing can fill `nothing` (a request gives \
          path-params, query-params, json-params, header-params, headers, form-params, cookie-params, \
          query-params-all, request, env)"]
    );
    assert_eq!(crate::client::mock(yaml).get("/a/7").header("x-id"), Some("7"));
}

#[test]
fn a_header_that_stands_twice_in_another_case_is_told() {
    let yaml = "- endpoint: {path: /, response: {headers: {Content-Type: a/b, content-type: c/d}}}\n";
    assert_eq!(
        told(yaml),
        [
            "1:63 warning[M0005] [0].endpoint.response.headers.content-type: the header `content-type` stands twice; \
          both are sent (remove one, or give one a list of values)"
        ]
    );
}
