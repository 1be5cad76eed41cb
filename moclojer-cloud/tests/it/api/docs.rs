//! `docs/api.md` is made from the OpenAPI document.
//!
//! After a change of the api, `UPDATE_DOCS=1 cargo test -p moclojer-cloud --features services --test it api::docs`
//! writes the page anew.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use moclojer_cloud::api::{self, Cause};
use serde_json::Value;

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/api.md");

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// On one line, as a cell of a table.
fn cell(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}

/// The type of a schema, in a few words.
fn kind(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str() {
        let name = name.rsplit('/').next().unwrap();
        return format!("[{name}](#{})", name.to_lowercase());
    }
    for key in ["oneOf", "anyOf"] {
        if let Some(one) = schema[key].as_array() {
            let kinds: Vec<String> = one.iter().map(kind).filter(|kind| kind != "null").collect();
            return kinds.join(" or ");
        }
    }
    if let Some(words) = schema["enum"].as_array() {
        return words.iter().map(|word| format!("`{}`", text(word))).collect::<Vec<_>>().join(", ");
    }
    let types: Vec<&str> = match &schema["type"] {
        Value::Array(types) => types.iter().map(text).filter(|kind| *kind != "null").collect(),
        one => vec![text(one)],
    };
    if types == ["object", "array"] {
        return "object or list".to_owned();
    }
    match types.first().copied().unwrap_or_default() {
        "array" => format!("list of {}", kind(&schema["items"])),
        "integer" => "number".to_owned(),
        "string" if schema["format"] == "uuid" => "uuid".to_owned(),
        "string" if schema["format"] == "date-time" => "time".to_owned(),
        "string" => "text".to_owned(),
        other => other.to_owned(),
    }
}

fn operation(page: &mut String, method: &str, path: &str, operation: &Value) {
    let summary = text(&operation["summary"]);
    writeln!(
        page,
        "### {} `{path}`\n\n{summary}. {}\n",
        method.to_uppercase(),
        cell(text(&operation["description"]))
    )
    .unwrap();
    let parameters = operation["parameters"].as_array().map(Vec::as_slice).unwrap_or_default();
    if !parameters.is_empty() {
        page.push_str("| parameter | in | type | |\n| --- | --- | --- | --- |\n");
        for parameter in parameters {
            writeln!(
                page,
                "| `{}` | {} | {} | {} |",
                text(&parameter["name"]),
                text(&parameter["in"]),
                kind(&parameter["schema"]),
                cell(text(&parameter["description"]))
            )
            .unwrap();
        }
        page.push('\n');
    }
    let body = &operation["requestBody"]["content"]["application/json"]["schema"];
    if body.is_object() {
        writeln!(page, "Body: {}\n", kind(body)).unwrap();
    }
    page.push_str("| status | answer |\n| --- | --- |\n");
    let mut causes = Vec::new();
    for (status, response) in operation["responses"].as_object().unwrap() {
        let about = text(&response["description"]);
        if status.starts_with('2') {
            let content = response["content"].as_object().and_then(|content| content.iter().next());
            let shape = content.map(|(media, content)| match media.as_str() {
                "application/json" => format!(": {}", kind(&content["schema"])),
                media => format!(" ({media}): {}", kind(&content["schema"])),
            });
            writeln!(page, "| {status} | {}{} |", cell(about), shape.unwrap_or_default()).unwrap();
        } else {
            let words: Vec<&str> = about.split("\n\n").filter_map(|line| line.split(':').next()).collect();
            causes.push(format!("| {status} | {} |", words.join(", ")));
        }
    }
    writeln!(page, "{}\n", causes.join("\n")).unwrap();
}

fn schema(page: &mut String, name: &str, schema: &Value) {
    writeln!(page, "### {name}\n\n{}\n", cell(text(&schema["description"]))).unwrap();
    let Some(properties) = schema["properties"].as_object() else {
        writeln!(page, "One of {}.\n", kind(schema)).unwrap();
        return;
    };
    let required = schema["required"].as_array().map(Vec::as_slice).unwrap_or_default();
    page.push_str("| key | type | |\n| --- | --- | --- |\n");
    for (key, value) in properties {
        let optional = if required.iter().any(|name| name == key) { "" } else { ", may be left out" };
        let about = cell(text(&value["description"]));
        writeln!(page, "| `{key}` | {}{optional} | {about} |", kind(value)).unwrap();
    }
    page.push('\n');
}

fn page() -> String {
    let document = serde_json::to_value(api::openapi()).unwrap();
    let mut page = "# HTTP API\n\nMade from the OpenAPI document of the api, which it serves at `/openapi.json` and, to be \
                    tried, at `/docs`.\n\n"
        .to_owned();
    page.push_str(text(&document["info"]["description"]));
    page.push_str("\n## Causes of errors\n\n| status | cause | meaning |\n| --- | --- | --- |\n");
    for cause in Cause::ALL {
        let (status, word) = (cause.status().as_u16(), cause.word());
        writeln!(page, "| {status} | `{word}` | {} |", cell(cause.meaning())).unwrap();
    }
    for tag in document["tags"].as_array().unwrap() {
        let name = text(&tag["name"]);
        writeln!(page, "\n## {name}\n\n{}\n", text(&tag["description"])).unwrap();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, described) in item.as_object().unwrap() {
                if described["tags"][0] == tag["name"] {
                    operation(&mut page, method, path, described);
                }
            }
        }
    }
    page.push_str("## Types\n\n");
    for (name, described) in document["components"]["schemas"].as_object().unwrap() {
        schema(&mut page, name, described);
    }
    format!("{}\n", page.trim_end())
}

#[test]
fn the_page_is_that_of_the_code() {
    let made = page();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(PATH, made).unwrap();
    } else {
        let page = std::fs::read_to_string(PATH).unwrap_or_default();
        assert!(
            page == made,
            "docs/api.md is behind the code: UPDATE_DOCS=1 cargo test -p moclojer-cloud --features services api::docs"
        );
    }
}

#[test]
fn every_operation_says_who_may_use_it_and_every_reference_leads_somewhere() {
    let document = serde_json::to_value(api::openapi()).unwrap();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            assert!(text(&operation["description"]).starts_with("Who: "), "{method} {path}");
        }
    }
    let written = document.to_string();
    let references: BTreeSet<&str> =
        written.split("\"#/components/schemas/").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    for name in references {
        assert!(document["components"]["schemas"][name].is_object(), "{name} is not described");
    }
}
