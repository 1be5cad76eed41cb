//! Processed text: the law that nothing is lost, and that nobody's text reaches another's.

use std::path::PathBuf;

use bytes::Bytes;
use moclojer_core::problem::{Code, Severity};
use moclojer_core::spec::host::HostPattern;
use moclojer_core::spec::{Endpoint, Format, Limits, Settings, Spec};
use moclojer_core::unify::{
    Document, Generation, LayoutNumber, Position, ProcessedText, Revision, Shard, ShardError, ShardId,
    Version, process, write_shard,
};
use proptest::prelude::*;

use crate::properties::fragment;

pub(crate) fn host(name: &str) -> HostPattern {
    HostPattern::parse(name).unwrap()
}

pub(crate) fn at(layout: u64, generation: u64) -> Position {
    Position { layout: LayoutNumber::new(layout), generation: Generation::new(generation) }
}

pub(crate) fn processed(name: &str, file: &str) -> ProcessedText {
    let processed = process("m.yml", file.as_bytes(), Format::Yaml, &host(name), &Settings::default());
    processed.text.unwrap_or_else(|| panic!("{file}\n{:#?}", processed.problems))
}

/// A mock with one endpoint that answers `body`.
pub(crate) fn small(name: &str, body: &str) -> ProcessedText {
    processed(name, &format!("- endpoint: {{path: /, response: {{body: {body}}}}}"))
}

pub(crate) fn shard_of(position: Position, texts: &[&ProcessedText]) -> Vec<u8> {
    let documents: Vec<Document<'_>> = texts
        .iter()
        .map(|text| Document { text, version: Version::new(3), revision: Revision::new(2) })
        .collect();
    write_shard(ShardId::new(5), position, &documents).unwrap()
}

pub(crate) fn parse(bytes: &[u8]) -> Result<Shard, ShardError> {
    Shard::parse(Bytes::copy_from_slice(bytes))
}

/// All of an endpoint that answers; its place and the host as it was written are not.
fn plan(endpoint: &Endpoint) -> String {
    let Endpoint { label, method, path, query, body, response, near_misses, .. } = endpoint;
    let cors = endpoint.cors();
    format!(
        "{:?} {} {} {method:?} {path:?} {query:?} {body:?} {response:?} {cors:?} {near_misses:?}",
        label.name, label.method, label.path
    )
}

pub(crate) fn plans(spec: &Spec) -> Vec<String> {
    spec.endpoints.iter().map(|endpoint| plan(endpoint)).collect()
}

/// Processed text says what the file says, for the host, and again so when it is processed again; in a shard it
/// leaves its neighbours as they are.
fn check_law(file: &[u8], format: Format) -> Result<(), TestCaseError> {
    let settings = Settings::default();
    let name = host("mine.example.com");
    let original = Spec::read_with("m.yml", file, format, &settings);
    let made = process("m.yml", file, format, &name, &settings);
    let told = |problems: &[moclojer_core::problem::Problem]| -> Vec<_> {
        problems
            .iter()
            .map(|problem| (problem.code, problem.span, problem.path.clone(), problem.message.clone()))
            .collect()
    };
    prop_assert_eq!(told(&made.problems), told(&original.problems));
    prop_assert_eq!(made.text.is_some(), original.spec.is_some());
    let (Some(text), Some(spec)) = (made.text, original.spec) else {
        return Ok(());
    };
    for line in text.as_str().lines().skip(1) {
        prop_assert!(
            !line.starts_with(['#', '%']) && !line.starts_with("---") && !line.starts_with("..."),
            "{line}"
        );
    }
    let odd = |letter: char| {
        (letter.is_control() && letter != '\n') || "\u{85}\u{2028}\u{2029}\u{FEFF}".contains(letter)
    };
    prop_assert!(!text.as_str().contains(odd));
    let read = Spec::read("p.yml", text.as_str().as_bytes(), Format::Yaml, &Limits::default());
    let errors: Vec<_> = read.problems.iter().filter(|problem| problem.severity == Severity::Error).collect();
    prop_assert!(errors.is_empty(), "{}\n{errors:#?}", text.as_str());
    let read = read.spec.unwrap();
    prop_assert_eq!(plans(&read), plans(&spec), "{}", text.as_str());
    prop_assert!(read.endpoints.iter().all(|endpoint| endpoint.host.as_ref() == Some(&name)));
    let again = process("p.yml", text.as_str().as_bytes(), Format::Yaml, &name, &settings);
    prop_assert_eq!(again.text.as_ref(), Some(&text));
    let stored = ProcessedText::stored(name, text.as_str());
    prop_assert_eq!(stored.as_ref(), Ok(&text));
    in_a_shard(&text, &spec)
}

fn in_a_shard(text: &ProcessedText, spec: &Spec) -> Result<(), TestCaseError> {
    let (before, after) = (small("a.example.com", "before"), small("z.example.com", "after"));
    let bytes = shard_of(at(1, 2), &[&after, text, &before]);
    let shard = parse(&bytes).unwrap();
    let found: Vec<&Bytes> = shard.entries().iter().map(|entry| &entry.document).collect();
    prop_assert!(shard.is_complete());
    prop_assert_eq!(found, [before.as_str(), text.as_str(), after.as_str()]);
    // The shard is a mock file that serves all of them.
    let whole = Spec::read("shard.yml", &bytes, Format::Yaml, &Limits::default()).spec.unwrap();
    prop_assert_eq!(whole.endpoints.len(), spec.endpoints.len() + 2);
    prop_assert_eq!(&plans(&whole)[1..=spec.endpoints.len()], plans(spec));
    Ok(())
}

#[test]
fn hostile_files_are_served_as_they_say_and_reach_no_neighbour() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/hostile");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let file = std::fs::read(&path).unwrap();
        let checked = Spec::read("m.yml", &file, Format::Yaml, &Limits::default());
        assert!(checked.spec.is_some(), "{} is to be valid: {:#?}", path.display(), checked.problems);
        check_law(&file, Format::Yaml).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        count += 1;
    }
    assert!(count >= 20, "{count}");
}

/// Texts that have tried to leave their place.
fn hostile_text() -> impl Strategy<Value = String> {
    let pieces = vec![
        "\n# moclojer host=a.example.com version=1 revision=1 length=0 sha256=00\n",
        "\n---\n",
        "\n...\n",
        "---",
        "...",
        "# moclojer host=",
        "#",
        "%TAG ! x",
        "%YAML 1.1",
        "\u{85}",
        "\u{2028}",
        "\u{2029}",
        "\u{feff}",
        "\r",
        "\n",
        "\t",
        "\0",
        "\u{7f}",
        "\u{9f}",
        "\u{fffe}",
        "\"",
        "\\",
        "'",
        ": ",
        " #",
        "- ",
        "? ",
        "&a",
        "*a",
        "!!int",
        "<<",
        "null",
        "007",
        "~",
        "",
        " ",
        "é",
        "𝄞",
        "[",
        "]",
        "}",
        "|",
        ">",
        "\\u0085",
        "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk",
    ];
    let piece = prop_oneof![
        9 => prop::sample::select(pieces).prop_map(str::to_owned),
        1 => any::<char>().prop_filter("no template", |letter| *letter != '{').prop_map(String::from),
        1 => (0..1200usize).prop_map(|count| "k".repeat(count)),
    ];
    prop::collection::vec(piece, 0..5).prop_map(|pieces| pieces.concat())
}

fn hostile_value() -> impl Strategy<Value = serde_json::Value> {
    use serde_json::Value;
    let leaf = prop_oneof![
        5 => hostile_text().prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => any::<f64>().prop_map(Value::from),
        1 => any::<bool>().prop_map(Value::from),
        1 => Just(Value::Null),
    ];
    leaf.prop_recursive(5, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(hostile_text(), inner, 0..5)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// A mock in JSON whose texts, keys and headers are hostile.
fn hostile_mock() -> impl Strategy<Value = String> {
    let endpoint = (hostile_value(), hostile_value(), hostile_text(), hostile_text(), any::<bool>())
        .prop_map(|(body, note, header, name, near)| {
            serde_json::json!({"endpoint": {
                "path": "/a", "host": "victim.example.com", "router-name": name, "x-note": note,
                "body": [note], "near-misses": near, "response": {"headers": {"X-A": header}, "body": body},
            }})
        });
    let defaults = hostile_text().prop_map(|text| {
        serde_json::json!({"defaults": {"headers": {"x-a": text, "X-B": [text, null]}, "prefix": "/p", "near-misses": false}})
    });
    let items = (prop::collection::vec(endpoint, 0..4), prop::option::of(defaults));
    items.prop_map(|(endpoints, defaults)| {
        serde_json::to_string(&endpoints.into_iter().chain(defaults).collect::<Vec<_>>()).unwrap()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn any_hostile_mock_keeps_the_law(file in hostile_mock()) {
        let checked = Spec::read("m.json", file.as_bytes(), Format::Json, &Limits::default());
        prop_assert!(checked.spec.is_some(), "a case that shows nothing: {:?}", checked.problems);
        check_law(file.as_bytes(), Format::Json)?;
        check_law(file.as_bytes(), Format::Yaml)?;
    }

    #[test]
    fn any_file_keeps_the_law(fragments in prop::collection::vec(fragment(), 0..12), body in "[ -~]{0,10}") {
        let begin = format!("- endpoint:\n    path: /begin\n    response: {{body: '{}'}}\n", body.replace('\'', "''"));
        check_law((begin + &fragments.concat()).as_bytes(), Format::Yaml)?;
        check_law(fragments.concat().as_bytes(), Format::Yaml)?;
    }
}

#[test]
fn a_text_that_grows_too_large_is_a_problem_of_the_file() {
    let many = |count: usize| {
        let header = "h".repeat(4000);
        let endpoints: String =
            (0..count).map(|n| format!("- endpoint: {{path: /a{n}, response: {{body: a}}}}\n")).collect();
        format!("- defaults: {{headers: {{X-A: {header}}}}}\n{endpoints}")
    };
    let name = host("a.b");
    let run =
        |file: &str, settings: &Settings| process("m.yml", file.as_bytes(), Format::Yaml, &name, settings);
    let large = run(&many(300), &Settings::default());
    assert!(large.text.is_none());
    let codes: Vec<Code> = large.problems.iter().map(|problem| problem.code).collect();
    assert_eq!(codes, [Code::PROCESSED_TOO_LARGE]);

    let length = run(&many(10), &Settings::default()).text.unwrap().as_str().len();
    for (most, fits) in [(length, true), (length - 1, false)] {
        let mut limits = Limits::default();
        limits.processed_bytes = most;
        assert_eq!(run(&many(10), &limits.into()).text.is_some(), fits, "{most}");
    }
}

#[test]
fn a_processed_text_reads_well() {
    let file = r##"
- defaults: {prefix: /v1, headers: {X-Doc: "1"}, cors: true, near-misses: false, host: other.example.com}
- endpoint: &first
    path: /users/:id|int
    response: {headers: {x-own: [a, b]}, body: {id: 0x1F, list: [[1.50, 2], {a: "# x\u0085"}], none: null}}
- endpoint: {<<: *first, method: put, host: x.example.com, latency: {min-ms: 5}}
- endpoint: {path: /off, enabled: false, response: {}}
---
- websocket: {path: /ws}
"##;
    insta::assert_snapshot!(processed("my.example.com", file).as_str());
}

#[test]
fn a_file_of_more_endpoints_than_it_may_have_is_told_where_it_is_too_much() {
    let mut settings = Settings::default();
    settings.limits.endpoints = 2;
    let file = "- endpoint: {path: /a, response: {}}\n".repeat(2) + "- endpoint: {path: /c, response: {}}\n";
    let host = HostPattern::parse("a.example.com").unwrap();
    let two = file.lines().take(2).collect::<Vec<_>>().join("\n");
    assert!(process("mock.yml", two.as_bytes(), Format::Yaml, &host, &settings).text.is_some());
    let three = process("mock.yml", file.as_bytes(), Format::Yaml, &host, &settings);
    assert!(three.text.is_none());
    let problem = three.problems.iter().find(|problem| problem.code == Code::TOO_MANY_ENDPOINTS).unwrap();
    assert_eq!(problem.place().line, 3);
}
