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
            "{{json-params.a.b}}", "{{query-params|json}}", "{% with a=b %}", "{% with x.y=a|json b=x %}", "{% endwith %}",
            "{% verbatim %}", "{% endverbatim %}", "{% cycle \"a\" b %}", "{% firstof a b|upper \"c\" %}", "{% sum a \\10 b %}",
            "{% now \"yyyy-MM-dd\" %}", "{% now \"'\" %}", "{% ifequal a b \"1\" %}", "{% endifequal %}", "{% ifunequal a x %}",
            "{% endifunequal %}", "{% block a %}", "{% endblock %}", "{{request.method}}", "{{request.id}}", "{{request.gone}}",
            "{{request.body|count}}", "{{cookie-params}}", "{{cookie-params.a}}", "{{query-params-all.a.0}}",
            "{{query-params-all}}", "{{random-int:1:6}}", "{{random-int:6:1}}", "{{random-string:100000}}", "{{counter:\"a\"}}",
            "{{counter}}", "{{now-plus:\"3d\"}}", "{{now-plus:@a}}", "{{random-of:@a:@b}}", "{{a|range}}", "{{a|center:@b}}",
            "{{b|abbr-left|abbreviate:5}}", "{{env.A}}", "{{fake.name}}", "http://", "/", "?",
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

const MODES: [Mode; 5] = [Mode::Json, Mode::Html, Mode::Plain, Mode::Header, Mode::Url];

/// Every Unicode scalar value once, in texts of some thousand; then those that escapes are about, one by one
/// and twice.
fn every_scalar() -> impl Iterator<Item = String> {
    let all: Vec<char> = ('\0'..=char::MAX).collect();
    let chunks: Vec<String> = all.chunks(8192).map(|chunk| chunk.iter().collect()).collect();
    let alone = ('\0'..='\u{a0}').chain(['\u{2028}', '\u{2029}', '\u{feff}', '\u{fffd}', '\u{1f600}']);
    chunks.into_iter().chain(alone.flat_map(|one| [one.to_string(), format!("{one}{one}")]))
}

/// Renders a template whose `a` is a text.
fn with_text(template: &str, mode: Mode, a: &str) -> String {
    let scope = context(json::Value::String(a.into()), json::Value::Null);
    render_with(template, mode, &OPEN, &scope).unwrap()
}

fn json_back(a: &str) -> Result<(), TestCaseError> {
    let out = with_text("{\"the key\": \"<{{a}}>\", \"{{a}}\": 1}", Mode::Json, a);
    let read: serde_json::Value = serde_json::from_str(&out)?;
    prop_assert_eq!(&read["the key"], &serde_json::Value::from(format!("<{a}>")));
    let keys = read.as_object().map_or(0, serde_json::Map::len);
    prop_assert_eq!((read.get(a).is_some(), keys), (true, 2));
    let template =
        compile_json(&[Piece::Raw("["), Piece::JsonText("{{a}}"), Piece::Raw("]")], &OPEN).template.unwrap();
    let mut out = String::new();
    template
        .render(&context(json::Value::String(a.into()), json::Value::Null), &Limits::default(), &mut out)
        .unwrap();
    prop_assert_eq!(serde_json::from_str::<Vec<String>>(&out)?, [a]);
    Ok(())
}

fn html_back(a: &str) -> Result<(), TestCaseError> {
    let out = with_text("<b title=\"{{a}}\">", Mode::Html, a);
    let inside = out.strip_prefix("<b title=\"").and_then(|rest| rest.strip_suffix("\">")).unwrap();
    prop_assert!(!inside.contains(['<', '>', '"', '\'']));
    let back = inside.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'");
    prop_assert_eq!(back.replace("&amp;", "&"), a);
    Ok(())
}

/// The bytes behind percent-encoding.
fn percent_decoded(text: &str) -> Vec<u8> {
    let mut bytes = text.bytes();
    let digit = |bytes: &mut std::str::Bytes<'_>| bytes.next().and_then(|byte| char::from(byte).to_digit(16));
    let mut decoded = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => (digit(&mut bytes).unwrap() * 16 + digit(&mut bytes).unwrap()) as u8,
            byte => byte,
        });
    }
    decoded
}

/// A value in a URL's path stays in its segment.
fn path_back(a: &str) -> Result<(), TestCaseError> {
    let out = with_text("https://h:80/p/{{a}}/r?q=t", Mode::Url, a);
    let part = out.strip_prefix("https://h:80/p/").and_then(|rest| rest.strip_suffix("/r?q=t")).unwrap();
    url_part_back(part, a)
}

/// A value in a URL's query stays in its field.
fn query_back(a: &str) -> Result<(), TestCaseError> {
    let out = with_text("/p?q={{a}}&r=t#", Mode::Url, a);
    let part = out.strip_prefix("/p?q=").and_then(|rest| rest.strip_suffix("&r=t#")).unwrap();
    url_part_back(part, a)
}

fn url_part_back(part: &str, a: &str) -> Result<(), TestCaseError> {
    let unreserved =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'%');
    prop_assert!(part.bytes().all(unreserved), "{}", part);
    prop_assert_eq!(percent_decoded(part), a.as_bytes());
    Ok(())
}

fn header_kept(a: &str) -> Result<(), TestCaseError> {
    let kept: String = a.chars().filter(|kept| *kept == '\t' || !kept.is_ascii_control()).collect();
    let out = with_text("{{a}};{{a|safe}};{% safe %}{{a}}{% endsafe %}", Mode::Header, a);
    prop_assert_eq!(&out, &format!("{kept};{kept};{kept}"));
    prop_assert!(http::HeaderValue::from_bytes(out.as_bytes()).is_ok());
    Ok(())
}

#[test]
fn every_scalar_comes_back_from_where_it_was_put() {
    for text in every_scalar() {
        for law in [json_back, html_back, path_back, header_kept] {
            law(&text).unwrap();
        }
    }
}

#[test]
fn a_header_without_templates_can_be_sent_too() {
    assert_eq!(with_text("a\r\nb\tc\u{7f}", Mode::Header, ""), "ab\tc");
}

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
    fn a_text_comes_back_from_where_it_was_put(a in any::<String>()) {
        for law in [json_back, html_back, path_back, query_back, header_kept] {
            law(&a)?;
        }
    }

    #[test]
    fn any_value_in_a_url_comes_back_as_its_text(a in json_value()) {
        let out = render_with("/{{a}}", Mode::Url, &OPEN, &context(a.clone(), json::Value::Null)).unwrap();
        prop_assert_eq!(percent_decoded(&out[1..]), shown(&a).into_bytes());
    }
}
