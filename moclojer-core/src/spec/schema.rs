//! The JSON Schema of mock files, for editors and other tools. Needs the feature `schema`.
//!
//! It is what the reader accepts, as far as a schema can say it, but for keys that are not known: the reader warns of
//! them, the schema refuses them, so that an editor underlines a `respone`; keys that begin with `x-` are free in both.
//! Draft 7, which every editor's YAML support knows, and only keywords that mean the same in draft 2020-12. The keys are
//! compared with the reader's own lists.

mod table;

use std::fmt::Write as _;

use crate::json::write_string;
use table::{MAPS, Map};

/// The schema, a key a line.
pub fn text() -> String {
    let mut out = String::from("{\n");
    let mut line = |key: &str, value: &str| {
        // Writing to a String cannot fail, here and below.
        let _ = writeln!(out, "  \"{key}\": {value},");
    };
    line("$schema", "\"http://json-schema.org/draft-07/schema#\"");
    line("title", "\"moclojer mock file\"");
    line(
        "description",
        &quoted(
            "A list of items; each is an endpoint (a route and its answer), or says something of the others.",
        ),
    );
    line("type", "[\"array\", \"null\"]");
    line("items", "{\"$ref\": \"#/definitions/item\"}");
    out.push_str("  \"definitions\": {\n");
    for (index, map) in MAPS.iter().enumerate() {
        write_map(map, &mut out);
        out.push_str(if index + 1 < MAPS.len() { ",\n" } else { "\n" });
    }
    out.push_str("  }\n}\n");
    out
}

fn write_map(map: &Map, out: &mut String) {
    let _ = writeln!(out, "    \"{}\": {{", map.name);
    let _ = writeln!(out, "      \"description\": {},", quoted(map.about));
    let _ = writeln!(out, "      \"type\": {},", map.kind);
    let required: Vec<String> = map.required.iter().map(|key| quoted(key)).collect();
    if !required.is_empty() {
        let _ = writeln!(out, "      \"required\": [{}],", required.join(", "));
    }
    out.push_str("      \"properties\": {\n");
    for (index, key) in map.keys.iter().enumerate() {
        let comma = if index + 1 < map.keys.len() { "," } else { "" };
        let _ = write!(out, "        {}: {{\"description\": {}", quoted(key.name), quoted(key.about));
        if !key.examples.is_empty() {
            let _ = write!(out, ", \"examples\": [{}]", key.examples);
        }
        let _ = writeln!(out, ", {}}}{comma}", key.accepts);
    }
    out.push_str("      },\n      \"patternProperties\": {\"^x-\": true},\n      \"additionalProperties\": false\n    }");
}

fn quoted(text: &str) -> String {
    let mut out = String::new();
    write_string(text, &mut out);
    out
}

#[cfg(test)]
mod tests {
    use super::super::keys;
    use super::*;

    #[test]
    fn the_schema_has_the_readers_keys_and_no_others() {
        let read = [
            ("item", keys::ITEM),
            ("endpoint", keys::ENDPOINT),
            ("defaults", keys::DEFAULTS),
            ("response", keys::RESPONSE),
            ("cors", keys::CORS),
            ("rate-limit", keys::RATE_LIMIT),
            ("latency", keys::LATENCY),
            ("webhook", keys::WEBHOOK),
            ("body-from-elsewhere", keys::EXTERNAL_BODY),
            ("folder", keys::FOLDER),
            ("openapi", keys::OPENAPI),
            ("websocket", keys::WEBSOCKET),
            ("on-connect", keys::ON_CONNECT),
            ("message", keys::ON_MESSAGE),
        ];
        assert_eq!(read.len(), MAPS.len());
        for ((name, keys), map) in read.into_iter().zip(MAPS) {
            let written: Vec<&str> = map.keys.iter().map(|key| key.name).collect();
            assert_eq!((map.name, written), (name, keys.to_vec()));
            assert!(map.required.iter().all(|key| keys.contains(key)), "{name}");
        }
    }

    #[test]
    fn every_key_is_described_with_an_example_and_every_reference_leads_somewhere() {
        let schema: serde_json::Value = serde_json::from_str(&text()).expect("the schema is JSON");
        for map in MAPS {
            for key in map.keys {
                let written = &schema["definitions"][map.name]["properties"][key.name];
                let named = format!("{}.{}", map.name, key.name);
                assert!(written["description"].as_str().is_some_and(|text| text.len() > 15), "{named}");
                let shown = !written["examples"].is_null() || key.accepts.contains("$ref");
                assert!(shown, "{named} has no example");
            }
        }
        for reference in text().split("\"#/definitions/").skip(1) {
            let name = reference.split('"').next().unwrap_or_default();
            assert!(schema["definitions"][name].is_object(), "{name}");
        }
    }
}
