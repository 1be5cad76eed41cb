//! EDN files are mocks as YAML files are: the same endpoints, the same problems, places in their own text.

use std::path::Path;

use moclojer_core::problem::{Code, Severity};
use moclojer_core::respond::Responder;
use moclojer_core::spec::{Checked, Format, Limits, Settings, Spec};
use moclojer_core::unify::{as_yaml, process};
use proptest::prelude::*;

use crate::client::Mock;
use crate::unify::{host, plans};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn read(text: &str, format: Format) -> Checked {
    Spec::read("mock", text.as_bytes(), format, &Limits::default())
}

/// The endpoints of a text without problems.
fn endpoints(text: &str, format: Format) -> Vec<String> {
    let checked = read(text, format);
    assert!(checked.problems.is_empty(), "{text}: {:?}", checked.problems);
    plans(&checked.spec.unwrap())
}

#[test]
fn the_shop_is_the_same_in_yaml_and_in_edn() {
    let text = |name: &str| std::fs::read_to_string(root().join("examples").join(name)).unwrap();
    let edn = endpoints(&text("shop.edn"), Format::Edn);
    assert_eq!(edn.len(), 3);
    assert_eq!(edn, endpoints(&text("shop.yml"), Format::Yaml));
}

#[test]
fn the_documentation_says_the_same_in_edn_and_in_yaml() {
    let page = std::fs::read_to_string(root().join("docs/endpoints.md")).unwrap();
    let block = |language: &str| {
        let begin = format!("```{language}\n");
        let (_, rest) = page.split_once(&begin).unwrap();
        rest.split_once("```").unwrap().0.to_owned()
    };
    assert_eq!(endpoints(&block("clojure"), Format::Edn), endpoints(&block("yaml"), Format::Yaml));
}

#[test]
fn the_file_of_the_original_says_what_its_twin_in_yaml_says() {
    let edn = include_str!("../data/moclojer-0.4/moclojer.edn");
    let yaml = r#"
- endpoint:
    method: get
    path: /pets
    response:
      status: 200
      headers: {content-type: applicantion/json}
      body: {pets: [{name: Uber, type: dog}, {name: Pinpolho, type: cat}]}
    router-name: get-all-pets
- endpoint:
    method: get
    path: /pet/:id
    response:
      status: 200
      headers: {content-type: applicantion/json}
      body: {id: 1, name: uber, type: dog}
    router-name: get-pet-by-id
"#;
    assert_eq!(endpoints(edn, Format::Edn), endpoints(yaml, Format::Yaml));
    let one_vector = format!("[{edn}]");
    assert_eq!(endpoints(&one_vector, Format::Edn), endpoints(yaml, Format::Yaml));
    let responder = Responder::default();
    responder.load(&[&read(edn, Format::Edn).spec.unwrap()]);
    let got = Mock(responder.into()).get("/pets");
    assert_eq!(got.body, r#"{"pets":[{"name":"Uber","type":"dog"},{"name":"Pinpolho","type":"cat"}]}"#);
    assert_eq!((got.status, got.header("content-type")), (200, Some("applicantion/json")));
}

#[test]
fn problems_of_items_point_into_the_edn_text() {
    for (text, wanted) in [
        (
            "{:endpoint {:path \"/a\" :response {:status 99}}}",
            &["1:43 M0400 [0].endpoint.response.status"][..],
        ),
        (
            "; c\n[{:endpoint {:path \"/a/:b:c\"\n  :respnse {}}}]",
            &["2:26 M0200 [0].endpoint.path", "3:3 M0103 [0].endpoint.respnse"],
        ),
        // A template inside of a string with escapes and lines.
        (
            "{:endpoint {:path \"/a\" :response {:body \"\\u00e9\\\"\n é {{x|upperr}}\"}}}",
            &["2:6 M0304 [0].endpoint.response.body", "2:8 M0301 [0].endpoint.response.body"],
        ),
        ("{:endpont {:path \"/\"}}", &["1:2 M0101 [0].endpont"]),
        ("{:x-a 1} {:defaults {}} {:defaults {}}", &["1:26 M0005 [2]"]),
        ("nil {}", &["1:1 M0101 [0]", "1:5 M0101 [1]"]),
        ("{:paths [\"src\"] :deps {}}", &["1:1 M0100 "]),
        ("{:openapi \"3.0.0\" :paths {}}", &["1:1 M0106 "]),
        ("hello", &["1:1 M0100 "]),
    ] {
        let checked = read(text, Format::Edn);
        let found: Vec<String> = checked
            .problems
            .iter()
            .map(|it| format!("{}:{} {} {}", it.place().line, it.place().column, it.code, it.path))
            .collect();
        assert_eq!(found, wanted, "{text}");
    }
}

#[test]
fn a_byte_order_mark_is_ignored_and_an_empty_file_is_an_empty_mock() {
    let text = "\u{feff}{:endpoint {:path \"/\" :response {}}}";
    assert_eq!(endpoints(text, Format::Edn).len(), 1);
    for text in ["", "\u{feff}", " ; nothing\n", "#_{:endpoint {:path \"/\"}}", "[]"] {
        let checked = read(text, Format::Edn);
        assert!(
            checked.spec.is_some_and(|spec| spec.endpoints.is_empty()),
            "{text:?}: {:?}",
            checked.problems
        );
    }
}

#[test]
fn a_file_of_edn_can_be_hosted_and_be_written_as_yaml() {
    let edn = r#"
{:defaults {:headers {:X-A "b"}}}
{:endpoint {:path "/a" :response {:body {:n [0x1F 1.50M {} [] nil \a :k "a: \"b\"\n"] :t "{{request.id}}"}}}}
{:endpoint {:path "/b" :enabled false :response {}}}"#;
    let settings = Settings::default();
    let processed = process("m.edn", edn.as_bytes(), Format::Edn, &host("m.example.com"), &settings);
    let text = processed.text.unwrap_or_else(|| panic!("{:?}", processed.problems));
    assert!(text.as_str().contains("m.example.com"), "{}", text.as_str());

    let yaml = as_yaml("m.edn", edn.as_bytes(), Format::Edn, &settings.limits).unwrap();
    let again = process("m.yml", yaml.as_bytes(), Format::Yaml, &host("m.example.com"), &settings);
    assert_eq!(again.text.unwrap().as_str(), text.as_str(), "{yaml}");
    assert_eq!(as_yaml("m.edn", b"{:a", Format::Edn, &settings.limits).unwrap_err()[0].code, Code::SYNTAX);
    for empty in ["", "[]"] {
        let yaml = as_yaml("m.edn", empty.as_bytes(), Format::Edn, &settings.limits).unwrap();
        assert!(read(&yaml, Format::Yaml).spec.is_some(), "{yaml}");
    }
}

/// Pieces of mocks in EDN, so that random ones get past the reader.
fn fragment() -> impl Strategy<Value = String> {
    let known = [
        "{:endpoint {",
        "}}",
        "}",
        "{",
        "[",
        "]",
        "(",
        ")",
        "#{",
        ":path \"/a/:b|int\" ",
        ":method :post ",
        ":query {:a :int} ",
        ":response {:status 200 :body \"{{path-params.b|upper}}\"} ",
        ":response {} ",
        ":body {:a [1]} ",
        ":host \"*.a.b\" ",
        "#_ ",
        "^:k ",
        "#inst ",
        "#x ",
        "#:n{",
        "{:endpoint {:path \"/\" :response {}}} ",
        "{:defaults {:prefix \"/x\"}} ",
        "{:websocket {:path \"/a\"}} ",
        "nil ",
        "1/2 ",
        "0x1F ",
        "\\newline ",
        "\"",
        "\\",
        ";",
        "\n",
        ",",
        "{{x}}",
        "é",
        "\0",
        "\u{feff}",
    ];
    prop_oneof![
        8 => prop::sample::select(known.to_vec()).prop_map(str::to_owned),
        1 => "\\PC{0,8}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn any_file_is_a_mock_or_problems(fragments in prop::collection::vec(fragment(), 0..30)) {
        let text = fragments.concat();
        let checked = read(&text, Format::Edn);
        let broken = checked.problems.iter().any(|problem| problem.severity == Severity::Error);
        prop_assert_eq!(checked.spec.is_none(), broken);
        for problem in &checked.problems {
            prop_assert!(problem.place().line >= 1 && !problem.message.is_empty());
            prop_assert!(problem.span.end as usize <= text.len());
        }
        let Some(spec) = checked.spec else { return Ok(()) };
        let yaml = as_yaml("m", text.as_bytes(), Format::Edn, &Limits::default()).unwrap();
        prop_assert_eq!(plans(&spec), plans(&read(&yaml, Format::Yaml).spec.unwrap()), "{}", yaml);
    }
}
