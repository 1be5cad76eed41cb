//! What holds for every template and value.

use proptest::prelude::*;

use super::*;

/// Any template: well formed parts and broken ones.
fn template() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        8 => prop::sample::select(vec![
            "{{", "}}", "{%", "%}", "{#", "#}", "{", "}", "\"", "|", ":", ".", " ", "@", "\\", "a", "ü", "0", "[0]", "-1.5",
            "if ", "for x in ", "x,y in ", "and ", "or ", "not ", "any ", "all ", "= ", "< ", "!= ", "a.b", "x", "this",
            "{% if a %}", "{% if x = \"1\" %}", "{% elif b %}", "{% else %}", "{% endif %}", "{% for x in a %}",
            "{% for x,y in b|default:@a %}", "{% empty %}", "{% endfor %}", "{% comment %}", "{% endcomment %}", "{% safe %}",
            "{% endsafe %}", "{{#if a}}", "{{else}}", "{{/if}}", "{{#each a}}", "{{/each}}", "{{this.b}}", "{{@index}}",
            "{{a}}", "{{a.b.0}}", "{{x}}", "{{y}}", "{{forloop.counter}}", "{{forloop.previous.x}}",
            "{{forloop.parentloop.counter}}", "{{b|upper}}", "{{a|json|safe}}", "{{a|default:\"q\"}}", "{{b|add:@b:1}}",
            "{{uuid}}", "{{now}}", "{{a|first|last}}", "{{a|join:\", \"}}", "{{b|replace:\"\":@b}}", "{{b|int}}",
            "{% with a=b %}", "{% endwith %}", "{% verbatim %}", "{{json-params.a.b}}", "{{query-params|json}}",
        ]).prop_map(str::to_owned),
        1 => any::<String>(),
    ];
    prop::collection::vec(part, 0..24).prop_map(|parts| parts.concat())
}

/// Any JSON value of a few levels.
fn json_value() -> impl Strategy<Value = json::Value> {
    let leaf = prop_oneof![
        Just(json::Value::Null),
        any::<bool>().prop_map(json::Value::Bool),
        any::<i64>().prop_map(|int| json::Value::Number(int.to_string().into())),
        any::<String>().prop_map(|text| json::Value::String(text.into())),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(json::Value::Array),
            prop::collection::btree_map("[ab]?", inner, 0..3).prop_map(|pairs| {
                json::Value::Object(pairs.into_iter().map(|(key, value)| (key.into(), value)).collect())
            }),
        ]
    })
}

fn plain(value: &json::Value) -> serde_json::Value {
    match value {
        json::Value::Null => serde_json::Value::Null,
        json::Value::Bool(truth) => (*truth).into(),
        json::Value::Number(digits) => serde_json::from_str(digits).unwrap(),
        json::Value::String(text) => (&**text).into(),
        json::Value::Array(items) => items.iter().map(plain).collect(),
        json::Value::Object(object) => {
            object.iter().map(|(key, value)| (key.to_owned(), plain(value))).collect()
        }
    }
}

fn context(a: json::Value, b: json::Value) -> TestScope {
    let object = [(Box::from("a"), a), ("b".into(), b)].into_iter().collect();
    TestScope { json: Some(json::Value::Object(object)), ..TestScope::default() }
}

/// The text as which a value renders where nothing is escaped.
fn shown(value: &json::Value) -> String {
    match value {
        json::Value::Null => String::new(),
        json::Value::String(text) => text.to_string(),
        other => plain(other).to_string(),
    }
}

const MODES: [Mode; 4] = [Mode::Json, Mode::Html, Mode::Plain, Mode::Header];

proptest! {
    #[test]
    fn no_template_panics_or_passes_a_limit(
        text in template(),
        a in json_value(),
        b in json_value(),
        open in any::<bool>(),
        mode in prop::sample::select(MODES.to_vec()),
    ) {
        let names = Names { path_params: &[("a", ParamKind::Int)], query_params: &[], env: &[], open };
        let compiled = compile(&text, mode, &names);
        for note in &compiled.notes {
            prop_assert!(text.get(note.range.clone()).is_some(), "{:?}", note);
        }
        prop_assert_eq!(
            compiled.template.is_none(),
            compiled.notes.iter().any(|note| note.severity == Severity::Error)
        );
        let scope = context(a, b);
        let limits = Limits { steps: 2000, output_bytes: 5000 };
        if let Some(template) = compiled.template {
            let mut out = String::new();
            let result = template.render(&scope, &limits, &mut out);
            prop_assert!(result.is_err() || out.len() <= 5000);
            if let Some(fixed) = template.fixed() {
                prop_assert!(result.is_err() || out == fixed);
            }
        }
        let pieces = [Piece::Raw("["), Piece::JsonText(&text), Piece::Raw("]")];
        if let Some(template) = compile_json(&pieces, &names).template {
            let mut out = String::new();
            if template.render(&scope, &limits, &mut out).is_ok() {
                prop_assert!(serde_json::from_str::<serde_json::Value>(&out).is_ok(), "{}", out);
            }
        }
    }

    #[test]
    fn a_text_without_braces_is_itself(text in "[^{]*") {
        for mode in [Mode::Json, Mode::Html, Mode::Plain] {
            let template = compile(&text, mode, &Names::default()).template.unwrap();
            prop_assert_eq!(template.fixed(), Some(text.as_str()));
        }
    }

    #[test]
    fn a_value_in_a_json_string_reads_back_as_its_text(a in json_value()) {
        let out = render_with("{\"k\": \"<{{a}}>\"}", Mode::Json, &OPEN, &context(a.clone(), json::Value::Null)).unwrap();
        let read: serde_json::Value = serde_json::from_str(&out).unwrap();
        prop_assert_eq!(read["k"].as_str().unwrap(), format!("<{}>", shown(&a)));
    }

    #[test]
    fn a_value_with_json_reads_back_as_itself(a in json_value()) {
        let scope = context(a.clone(), json::Value::Null);
        let out = render_with("[{{a|json}}]", Mode::Json, &OPEN, &scope).unwrap();
        let read: serde_json::Value = serde_json::from_str(&out).unwrap();
        prop_assert_eq!(&read[0], &plain(&a));
        let template = compile_json(&[Piece::JsonText("{{a|json}}")], &OPEN).template.unwrap();
        let mut typed = String::new();
        template.render(&scope, &Limits::default(), &mut typed).unwrap();
        prop_assert_eq!(format!("[{typed}]"), out);
    }

    #[test]
    fn a_value_in_html_makes_no_tag_and_leaves_no_attribute(a in any::<String>()) {
        let scope = context(json::Value::String(a.into()), json::Value::Null);
        let out = render_with("<b title='{{a}}'>{{a}}</b>", Mode::Html, &OPEN, &scope).unwrap();
        let inside = out.replace("<b title='", "").replacen("'>", "", 1).replace("</b>", "");
        prop_assert!(!inside.contains(['<', '>', '"', '\'']), "{}", out);
    }

    #[test]
    fn a_header_value_can_always_be_sent(a in any::<String>()) {
        let scope = context(json::Value::String(a.into()), json::Value::Null);
        let out = render_with("x{{a}}{{a|safe}}", Mode::Header, &OPEN, &scope).unwrap();
        prop_assert!(http::HeaderValue::from_bytes(out.as_bytes()).is_ok());
    }
}
