//! The schema against a real validator: it accepts what the reader accepts, and refuses what a schema can refuse.

use std::path::{Path, PathBuf};

use moclojer_core::json::Value as CoreValue;
use moclojer_core::problem::{Code, Severity};
use moclojer_core::source::Source;
use moclojer_core::spec::tree::{self, Kind, Node, json_number};
use moclojer_core::spec::{Checked, Format, Limits, Spec, schema};
use serde_json::Value;

/// Mistakes that a schema cannot see, with the reason.
const UNSEEN: &[(&str, &str)] = &[
    ("body-cut.yml", "the body is a text"),
    ("colon-in-text.yml", "YAML syntax"),
    ("if-without-end.yml", "a template is a text"),
    ("missing-brace.yml", "a template is a text"),
    ("missing-comma.json", "JSON syntax"),
    ("misspelt-parameter.yml", "a template is a text"),
    ("same-key-twice.yml", "YAML: a tree has each key once"),
    ("same-path-twice.yml", "it looks at one endpoint at a time"),
    ("tab.yml", "YAML syntax"),
    ("template-inside-a-map.yml", "a body may hold any map"),
    ("template-without-quotes.yml", "a body may be any map"),
    ("trailing-comma.json", "JSON syntax"),
    ("unclosed-quote.yml", "YAML syntax"),
    ("unknown-filter.yml", "a template is a text"),
    ("wrong-indent.yml", "YAML syntax"),
    ("wrong-type-name.yml", "the type stands inside the text of a path"),
];

/// Codes whose example a schema cannot refuse, with the reason.
const UNSEEN_CODES: &[(Code, &str)] = &[
    (Code::SYNTAX, "YAML syntax"),
    (Code::TAB_INDENT, "YAML syntax"),
    (Code::DUPLICATE_KEY, "YAML: a tree has each key once"),
    (Code::KEY_NOT_SCALAR, "YAML: a tree has texts as keys"),
    (Code::UNKNOWN_TAG, "YAML: a tree has no tags"),
    (Code::TOO_DEEP, "a limit of the reader"),
    (Code::TOO_LARGE, "a limit of the reader"),
    (Code::ALIAS_EXPANSION, "a limit of the reader"),
    (Code::YAML_1_1, "the value is valid"),
    (Code::BARE_TEMPLATE, "a body may be any map"),
    (Code::MERGE_KEY, "YAML: a tree has no merge keys"),
    (Code::NUL_BYTE, "no text at all"),
    (Code::TAG_MISMATCH, "YAML: a tree has no tags"),
    (Code::NOT_SERVED_YET, "the format has it"),
    (Code::SHADOWED, "it looks at one endpoint at a time"),
    (Code::EMPTY, "a file without endpoints is valid"),
    (Code::UNKNOWN_TYPE, "the type stands inside the text of a path"),
    (Code::PARAMETER_TWICE, "it stands inside the text of a path"),
    (Code::TYPE_CONFLICT, "it stands inside the text of a path"),
    (Code::BAD_REGEX, "it stands inside the text of a path"),
    (Code::TEMPLATE_SYNTAX, "a template is a text"),
    (Code::UNKNOWN_FILTER, "a template is a text"),
    (Code::FILTER_ARGUMENTS, "a template is a text"),
    (Code::UNKNOWN_TAG_NAME, "a template is a text"),
    (Code::NOT_FILLED, "a template is a text"),
    (Code::TEMPLATE_NOT_SERVED_YET, "a template is a text"),
    (Code::BRANCHES_DIFFER, "a template is a text"),
    (Code::NOT_JSON_VALUE, "a template is a text"),
    (Code::UNKNOWN_LANGUAGE, "a template is a text"),
    (Code::UNKNOWN_FAKE, "a template is a text"),
    (Code::BODY_NOT_SENT, "the format has both"),
    (Code::BODY_NOT_JSON, "the body is a text"),
    (Code::NUMBER_NOT_JSON, "JSON has no such number"),
    (Code::BODY_TWICE, "the format has both"),
    (Code::EXAMPLE_NOT_JSON, "the example is a text"),
];

fn validator() -> jsonschema::Validator {
    jsonschema::validator_for(&serde_json::from_str(&schema::text()).unwrap()).unwrap()
}

fn value(node: &Node) -> Value {
    match &node.kind {
        Kind::Null => Value::Null,
        Kind::Bool(value) => Value::Bool(*value),
        Kind::Number(written) => match json_number(written) {
            // One that is larger than any float is a number all the same.
            Some(number) => serde_json::from_str(&number).unwrap_or(Value::from(f64::MAX)),
            None => Value::Null,
        },
        Kind::Text(text) => Value::String(text.value.to_string()),
        Kind::List(items) => Value::Array(items.iter().map(value).collect()),
        Kind::Map(entries) => {
            Value::Object(entries.iter().map(|entry| (entry.key.to_string(), value(&entry.value))).collect())
        }
    }
}

/// What the schema has against each document of a file.
fn refusals(validator: &jsonschema::Validator, name: &str, text: &str, format: Format) -> Vec<String> {
    let read = tree::read(&Source::new(name, text), format, &Limits::default());
    let documents = read.documents.iter().map(value);
    documents
        .flat_map(|document| {
            let told: Vec<String> = validator
                .iter_errors(&document)
                .map(|error| format!("{name}: {}: {error}", error.instance_path()))
                .collect();
            told
        })
        .collect()
}

fn read(path: &Path, text: &str) -> Checked {
    Spec::read(&path.display().to_string(), text.as_bytes(), Format::of_path(path), &Limits::default())
}

/// Every mock file of the repository's examples, documents and tests that is text.
fn files() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = [
        "../examples",
        "../examples/shop-client",
        "tests/data/hostile",
        "tests/data/moclojer-0.4",
        "tests/data/mistakes",
        "../bins/foss/src/init",
    ];
    let mut files = Vec::new();
    for folder in folders {
        for entry in std::fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let ending = path.extension().unwrap_or_default().to_string_lossy().into_owned();
            if let ("yml" | "yaml" | "json", Ok(text)) = (&*ending, std::fs::read_to_string(&path)) {
                files.push((path, text));
            }
        }
    }
    files
}

#[test]
fn every_file_that_can_be_served_is_accepted_but_for_unknown_keys() {
    let validator = validator();
    let mut accepted = 0;
    for (path, text) in files() {
        let checked = read(&path, &text);
        let unknown = |code| matches!(code, Code::UNKNOWN_KEY | Code::UNKNOWN_ITEM | Code::MISPLACED_KEY);
        let has_unknown = checked.problems.iter().any(|problem| unknown(problem.code));
        let refusals = refusals(&validator, &path.display().to_string(), &text, Format::of_path(&path));
        if checked.spec.is_some() {
            assert_eq!(refusals.is_empty(), !has_unknown, "{refusals:#?} {:#?}", checked.problems);
            accepted += usize::from(!has_unknown);
        }
    }
    assert!(accepted > 30, "{accepted} files");
}

#[test]
fn a_mistake_is_refused_where_a_schema_can_see_it() {
    let validator = validator();
    let mut refused = 0;
    for (name, path) in crate::mistakes::files() {
        let text = std::fs::read_to_string(&path).unwrap();
        let unseen = UNSEEN.iter().any(|(unseen, _)| *unseen == name);
        // What does not parse has no tree to look at.
        let syntax = read(&path, &text).problems.iter().any(|problem| problem.code == Code::SYNTAX);
        let told = refusals(&validator, &name, &text, Format::of_path(&path));
        if !syntax {
            assert_eq!(told.is_empty(), unseen, "{name}: {told:#?}");
        }
        assert!(!syntax || unseen, "{name}");
        refused += usize::from(!told.is_empty());
    }
    assert!(refused >= 10, "{refused} mistakes");
}

#[test]
fn the_example_of_a_problem_is_refused_where_a_schema_can_see_it_and_the_mended_one_never() {
    use moclojer_core::problem::pages::{self, Shown};
    let validator = validator();
    for page in pages::all() {
        let (Shown::File { wrong, mended } | Shown::Limited { wrong, mended, .. }) = page.shown else {
            continue;
        };
        let name = page.code.to_string();
        let unseen = UNSEEN_CODES.iter().any(|(code, _)| *code == page.code);
        let told = refusals(&validator, &name, wrong, Format::Yaml);
        let checked = Spec::read(&name, wrong.as_bytes(), Format::Yaml, &Limits::default());
        if !checked
            .problems
            .iter()
            .any(|problem| problem.code <= Code::TAG_MISMATCH && problem.severity == Severity::Error)
        {
            assert_eq!(told.is_empty(), unseen, "{name}: {told:#?}");
        }
        let told = refusals(&validator, &name, mended, Format::Yaml);
        assert!(told.is_empty(), "{name}, mended: {told:#?}");
    }
}

#[test]
fn only_keywords_that_every_draft_from_7_on_understands_are_used() {
    const KEYWORDS: [&str; 21] = [
        "$ref",
        "$schema",
        "additionalProperties",
        "anyOf",
        "default",
        "definitions",
        "description",
        "enum",
        "examples",
        "items",
        "maximum",
        "minimum",
        "not",
        "pattern",
        "patternProperties",
        "properties",
        "propertyNames",
        "required",
        "title",
        "type",
        "format",
    ];
    fn walk(schema: &Value, found: &mut Vec<String>) {
        let Value::Object(members) = schema else { return };
        for (key, value) in members {
            found.push(key.clone());
            match &**key {
                "properties" | "patternProperties" | "definitions" => {
                    value.as_object().unwrap().values().for_each(|schema| walk(schema, found));
                }
                "anyOf" => value.as_array().unwrap().iter().for_each(|schema| walk(schema, found)),
                "items" | "not" | "additionalProperties" | "propertyNames" => walk(value, found),
                _ => {}
            }
        }
    }
    let mut found = Vec::new();
    walk(&serde_json::from_str(&schema::text()).unwrap(), &mut found);
    found.retain(|key| !KEYWORDS.contains(&&**key));
    assert!(found.is_empty(), "{found:?}");
    assert!(CoreValue::parse(schema::text().as_bytes(), 128).is_ok());
}
