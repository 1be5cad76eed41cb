//! What is rendered: roots, loops, conditions, escaping by place, limits.

use super::*;

const NAMES: Names<'static> = Names {
    path_params: &[
        ("name", ParamKind::Text),
        ("age", ParamKind::Int),
        ("rate", ParamKind::Float),
        ("on", ParamKind::Bool),
    ],
    query_params: &[("page", ParamKind::Int)],
    env: &[],
    open: false,
};

fn request() -> TestScope {
    TestScope {
        path: vec!["Ann \"B\"", "007", "07.50", "true"],
        query: vec![("page", "02"), ("q", "<a&b>"), ("none", "")],
        headers: vec![("x-a", "h"), ("accept", "*/*")],
        form: vec![("f", "v")],
        json: Some(value(
            r#"{"items":[{"n":"a\nb","k":1.50},{"n":"c","k":null}],"map":{"a":1,"length":9},"s":"x\"y","t":true}"#,
        )),
        ..TestScope::default()
    }
}

fn render(template: &str, mode: Mode) -> String {
    render_with(template, mode, &NAMES, &request()).unwrap()
}

#[test]
fn every_root_is_read() {
    let cases = [
        ("{{path-params.name}}|{{path-params.age}}", "Ann \"B\"|007"),
        (
            "{{query-params.page}}|{{query-params.q}}|{{query-params.gone}}|{{query-params.none}}",
            "02|<a&b>||",
        ),
        ("{{header-params.X-A}}{{headers.x-a}}{{headers.gone}}", "hh"),
        ("{{form-params.f}}", "v"),
        (
            "{{json-params.items.0.n}}|{{json-params.items[1].n}}|{{json-params.items.9.n}}|{{json-params.s.0}}",
            "a\nb|c||x",
        ),
        ("{{json-params.items.length}}|{{json-params.map.length}}|{{json-params.s.length}}", "2|9|"),
        ("{{query-params|json}}", r#"{"page":2,"q":"<a&b>","none":""}"#),
        ("{% for k,v in headers %}{{k}}={{v}};{% endfor %}", "x-a=h;accept=*/*;"),
        ("{{now}}", "2026-11-24T08:09:10.111Z"),
        (
            "{{json-params}}",
            r#"{"items":[{"n":"a\nb","k":1.5},{"n":"c","k":null}],"map":{"a":1,"length":9},"s":"x\"y","t":true}"#,
        ),
    ];
    for (template, expected) in cases {
        assert_eq!(render(template, Mode::Plain), expected, "{template}");
    }
}

#[test]
fn chance_gives_other_values_each_time() {
    let text = render("{{uuid}} {{uuid}} {{random}}", Mode::Plain);
    let parts: Vec<&str> = text.split(' ').collect();
    assert_ne!(parts[0], parts[1]);
    assert_eq!(uuid::Uuid::parse_str(parts[0]).unwrap().get_version_num(), 4);
    assert!(parts[2].parse::<u64>().unwrap() < 1 << 31);
}

#[test]
fn json_text_escapes_by_place() {
    let cases = [
        ("{\"a\": \"{{path-params.name}}\"}", r#"{"a": "Ann \"B\""}"#),
        ("{\"a\": {{path-params.age}}, \"b\": \"{{path-params.age}}\"}", r#"{"a": 7, "b": "007"}"#),
        ("[{{path-params.rate}}, {{path-params.on}}, {{query-params.page}}]", "[7.50, true, 2]"),
        ("[{{json-params.items}}]", r#"[[{"n":"a\nb","k":1.5},{"n":"c","k":null}]]"#),
        ("[\"{{json-params.items.0}}\"]", r#"["{\"n\":\"a\\nb\",\"k\":1.5}"]"#),
        ("[{{json-params.gone}}, \"{{json-params.gone}}\", {{json-params.gone|upper}}]", "[null, \"\", ]"),
        (
            "[{{json-params.t}}, {{json-params.s|json}}, \"{{json-params.s|json}}\"]",
            r#"[true, "x\"y", "\"x\\\"y\""]"#,
        ),
        ("[\"{{json-params.s|safe}}\"]{% safe %}\"{{json-params.s}}\"{% endsafe %}", "[\"x\"y\"]\"x\"y\""),
        ("\"\\\"{{json-params.s}}\" {{json-params.gone}}", "\"\\\"x\\\"y\" null"),
        ("it is {{json-params.gone}} \"{{json-params.s}}\"", "it is null \"x\\\"y\""),
    ];
    for (template, expected) in cases {
        assert_eq!(render(template, Mode::Json), expected, "{template}");
    }
}

#[test]
fn html_and_headers_escape_what_they_must() {
    assert_eq!(render("<b>{{query-params.q}}</b>", Mode::Html), "<b>&lt;a&amp;b&gt;</b>");
    assert_eq!(render("{{query-params.q|safe}}{{\"<i>\"}}", Mode::Html), "<a&b><i>");
    assert_eq!(render("{{json-params.items}}", Mode::Html).matches("&quot;").count(), 12);
    assert_eq!(render("x\n{{json-params.items.0.n}}", Mode::Header), "xab");
    assert_eq!(render("{{json-params.items.0.n|safe}}", Mode::Header), "ab");
}

#[test]
fn each_branch_of_a_url_begins_where_its_tag_does() {
    let context = r#"{"t":true,"s":"a/b","n":1E+2,"v":["x/y"],"none":[]}"#;
    let cases = [
        ("{% if t %}http://h/{% else %}{{s}}{% endif %}", "http://h/"),
        ("{% if none.0 %}http://h/{% else %}{{s}}{% endif %}{{s}}", "a/ba%2Fb"),
        ("{% if none.0 %}http://h/{% endif %}{{s}}", "a%2Fb"),
        ("{% for x in none %}/{{x}}{% empty %}{{s}}{% endfor %}/{{s}}", "a/b/a%2Fb"),
        ("{% comment %}http://h/{% endcomment %}{{s}}", "a/b"),
        ("{{#if t}}//h{{/if}}:{{n}}/{{n}}?q={{n}}", "//h:1E+2/1E%2B2?q=1E%2B2"),
    ];
    let mut scope = body(context);
    if let Some(json::Value::Object(object)) = &scope.json {
        let kept = object.iter().map(|(key, value)| match key {
            "n" => (key.into(), json::Value::Number("1E+2".into())),
            _ => (key.into(), value.clone()),
        });
        scope.json = Some(json::Value::Object(kept.collect()));
    }
    for (template, expected) in cases {
        assert_eq!(render_with(template, Mode::Url, &OPEN, &scope).as_deref(), Ok(expected), "{template}");
    }
}

#[test]
fn a_with_of_odd_words_is_refused() {
    for words in ["", "x", "x=1 y", "x=1 y z=2", "x y=2", "x= y=2", "=2", "x=1 =2"] {
        let template = format!("{{% with {words} %}}{{% endwith %}}");
        assert!(rendered(&template, "{}").is_err(), "{template}");
    }
}

#[test]
fn strings_of_a_map_body_stay_strings_unless_typed() {
    let cases = [
        ("{{path-params.age}}", "\"007\""),
        ("{{path-params.age|json}}", "7"),
        ("{{path-params.name|json}}", r#""Ann \"B\"""#),
        ("{{json-params.items.0.k|json}}", "1.5"),
        ("{{json-params.map|json}}", r#"{"a":1,"length":9}"#),
        ("{{json-params.gone|json}}", "null"),
        ("{{query-params.page|int}}", "2"),
        ("{{\"2.50\"|float}}", "2.5"),
        ("{{\"true\"|bool}}", "true"),
        (" {{path-params.age|json}}", "\" 7\""),
        ("{{json-params.s|safe}}", r#""x\"y""#),
        ("{{json-params.s|json|upper}}", r#""\"X\\\"Y\"""#),
        ("a\"{{json-params.s}}\n", r#""a\"x\"y\n""#),
        ("{% if json-params.t %}\"{% endif %}", r#""\"""#),
    ];
    for (text, expected) in cases {
        let pieces = [Piece::Raw("{\"k\":"), Piece::JsonText(text), Piece::Raw("}")];
        let template = compile_json(&pieces, &NAMES).template.unwrap();
        let mut out = String::new();
        template.render(&request(), &Limits::default(), &mut out).unwrap();
        assert_eq!(out, format!("{{\"k\":{expected}}}"), "{text}");
    }
    let fixed =
        compile_json(&[Piece::Raw("["), Piece::JsonText("a\"b"), Piece::Raw("]")], &NAMES).template.unwrap();
    assert_eq!(fixed.fixed(), Some(r#"["a\"b"]"#));
}

#[test]
fn conditions_follow_their_precedence() {
    let context =
        r#"{"t":true,"f":false,"n":3,"s":"port","e":"","z":0,"l":[],"fs":"false","big":9007199254740993}"#;
    let cases = [
        ("t or f and f", true),
        ("f and f or t", true),
        ("not f and t", true),
        ("not t or t", true),
        ("not t or f", false),
        ("not n = 3", false),
        ("n != 3", false),
        ("n!=4", true),
        ("s=\"port\"", true),
        ("s = :port", true),
        ("n >= 3 and n <= 3.0", true),
        ("n < 2 or n > 5 or s", true),
        ("any f e s", true),
        ("any f e or t", true),
        ("all t z l", true),
        ("not all t e", true),
        ("fs", false),
        ("z", true),
        ("l", true),
        ("gone = null-too", true),
        ("gone = e", false),
        ("gone != \"\"", true),
        ("\"03\" = n", true),
        ("big = 9007199254740992", false),
        ("s|upper = \"PORT\" and \"abc\"|length = 3", true),
        ("gone < 1", false),
        ("e > 0", false),
        (".5 < n", true),
        ("-1 < n", true),
        ("all", false),
        ("not", false),
        ("l|default:\"a = b\" and t", true),
    ];
    for (condition, expected) in cases {
        let template = format!("{{% if {condition} %}}Y{{% else %}}N{{% endif %}}");
        assert_eq!(
            rendered(&template, context).as_deref(),
            Ok(if expected { "Y" } else { "N" }),
            "{condition}"
        );
    }
    for failing in ["n < s", "t > 1", "n > gone", "gone > n", "l < 3"] {
        assert!(rendered(&format!("{{% if {failing} %}}{{% endif %}}"), context).is_err(), "{failing}");
    }
}

#[test]
fn loops_give_items_and_their_place() {
    let context =
        r#"{"v":["a","b","c"],"m":{"x":1,"y":[2]},"o":[{"n":"A","v":[1,2]},{"n":"B","v":[]}],"w":"o"}"#;
    let cases = [
        (
            "{% for x in v %}{{forloop.counter}}{{forloop.counter0}}{{forloop.revcounter}}{{forloop.revcounter0}}{{forloop.length}} {% endfor %}",
            "10233 21123 32013 ",
        ),
        ("{% for x in v %}{{forloop.previous.x}}>{{x}} {% endfor %}", ">a a>b b>c "),
        ("{% for x,y in m %}{{forloop.previous.x}}{{x}}={{y}};{% endfor %}", "x=1;xy=[2];"),
        ("{% for p in m %}{{p.0}}{{p.1}} {% endfor %}", "x1 y[2] "),
        (
            "{% for o in o %}{% for i in o.v %}{{o.n}}{{i}}{{forloop.parentloop.counter}} {% empty %}none{{o.n}}{{forloop.counter}}{% endfor %}{% endfor %}",
            "A11 A21 noneB2",
        ),
        (
            "{% for x in gone|last %}x{% endfor %}|{% for x in gone|default:@v %}{{x}}{% empty %}e{% endfor %}",
            "|abc",
        ),
        ("{% for i in \"é1\" %}{{i}}.{% endfor %}", "é.1."),
        (
            "{% for x in v %}{% if forloop.last %}{{forloop|json}}{% endif %}{% endfor %}",
            r#"{"first":false,"last":true,"counter":3,"counter0":2,"revcounter":0,"revcounter0":1,"length":3}"#,
        ),
        ("{{#each v}}{{this}}{{@index}}{{#if @last}}.{{else}},{{/if}}{{/each}}", "a0,b1,c2."),
        (
            "{{#each o}}{{n}}{{#each v}}{{this}}{{@first}} {{else}}none{{/each}}{{/each}}",
            "A1true 2false Bnone",
        ),
        ("{{#each m}}{{@key}}:{{.}} {{/each}}", "x:1 y:[2] "),
        ("{{#each o}}{{this.n}}{{w}}{{forloop.previous.this.n}} {{/each}}", "Ao BoA "),
        ("{{#if w}}1{{/if}}{{#if gone}}1{{else if w = \"o\"}}2{{else}}3{{/if}}", "12"),
        ("{{else}}", ""),
    ];
    for (template, expected) in cases {
        assert_eq!(rendered(template, context).as_deref(), Ok(expected), "{template}");
    }
    for failing in ["{% for x in v.0|count %}{% endfor %}", "{% for a,b in o %}{% endfor %}"] {
        assert!(rendered(failing, context).is_err(), "{failing}");
    }
}

#[test]
fn each_in_a_request_finds_fields_and_roots() {
    let template =
        "{{#each json-params.items}}{{n}}-{{path-params.age}}-{{gone}}-{{#if random}}r{{/if}};{{/each}}";
    assert_eq!(render(template, Mode::Plain), "a\nb-007--r;c-007--r;");
}

#[test]
fn a_context_wins_over_values() {
    assert_eq!(rendered("{{now}}", r#"{"now":"then"}"#).as_deref(), Ok("then"));
    assert_eq!(rendered("{{now}}", "{}").as_deref(), Ok("2026-11-24T08:09:10.111Z"));
    assert_eq!(rendered("{% for now in x %}{{now}}{% endfor %}", r#"{"x":[1]}"#).as_deref(), Ok("1"));
    assert_eq!(rendered("{{a:b}}", r#"{"a:b":1}"#).as_deref(), Ok("1"));
}

#[test]
fn arguments_from_the_context_keep_their_type() {
    let context = r#"{"b":[1],"s":"-"}"#;
    assert_eq!(rendered("{{gone|default:@b|count}}{{b|join:\"@s\"}}", context).as_deref(), Ok("11"));
    assert_eq!(rendered("{{gone|default:@lost}}{{gone|default:@}}", context).as_deref(), Ok("@lost@"));
    assert_eq!(render("{{json-params.gone|default:\"@home\"}}", Mode::Plain), "@home");
}

fn stopped_by(template: &str, context: &json::Value) -> RenderError {
    let scope = TestScope { json: Some(context.clone()), ..TestScope::default() };
    let template = compile(template, Mode::Json, &OPEN).template.unwrap();
    let limits = Limits { steps: 50_000, output_bytes: 1 << 20 };
    let mut out = String::new();
    let error = template.render(&scope, &limits, &mut out).unwrap_err();
    assert!(out.len() <= (1 << 20) + (64 << 10) * 6, "{}", out.len());
    error
}

#[test]
fn endless_work_ends_at_a_limit() {
    let thousand: Vec<json::Value> = (0..1000).map(|_| json::Value::Number("1".into())).collect();
    let big = json::Value::String("\u{1}a".repeat(1 << 16).into());
    let keys = (0..20_000).map(|key| (key.to_string().into(), json::Value::Null)).collect();
    let context = json::Value::Object(
        [
            (Box::from("v"), json::Value::Array(thousand)),
            ("s".into(), big),
            ("o".into(), json::Value::Object(keys)),
        ]
        .into_iter()
        .collect(),
    );
    let thrice = |inner: &str| {
        format!(
            "{{% for a in v %}}{{% for b in v %}}{{% for c in v %}}{inner}{{% endfor %}}{{% endfor %}}{{% endfor %}}"
        )
    };
    for (inner, limit) in [
        ("", Limits::STEPS),
        ("{{s|count}}", Limits::STEPS),
        ("{{o.19999}}", Limits::STEPS),
        ("{{s.100000}}", Limits::STEPS),
        ("{% if s = \"x\" %}{% endif %}", Limits::STEPS),
        ("{{s}}", Limits::OUTPUT_BYTES),
        ("\"{{s}}\"", Limits::OUTPUT_BYTES),
        ("{{s|upper|count}}", Limits::OUTPUT_BYTES),
        ("{{o}}", Limits::OUTPUT_BYTES),
        ("{{s|replace:\"\":@s}}", Limits::OUTPUT_BYTES),
        ("{{v|join:@s}}", Limits::OUTPUT_BYTES),
        ("{{s|add:@s|add:@s|count}}", Limits::OUTPUT_BYTES),
    ] {
        let error = stopped_by(&thrice(inner), &context);
        assert_eq!(error.limit, Some(limit), "{inner}: {error}");
    }
}

#[test]
fn a_failing_expression_is_named() {
    let scope = request();
    let template =
        compile("a{{json-params.s}}b{{ json-params.s|int }}c", Mode::Plain, &NAMES).template.unwrap();
    let error = template.render(&scope, &Limits::default(), &mut String::new()).unwrap_err();
    assert_eq!(error.expression, "{{ json-params.s|int }}");
    assert_eq!(error.reason, "the text \"x\\\"y\" is no integer of 64 bits");
    assert_eq!(error.limit, None);
}

/// What was observed of the original and no case of its file shows.
#[test]
fn the_notes_on_the_original_hold() {
    let cases: &[(&str, &str, Result<&str, ()>)] = &[
        ("{{ 007 }}{{12|length}}[{{4.2}}{{-3}}{{true}}{{nil}}{{'x'}}]", "{}", Ok("0072[]")),
        ("x{{{ a }}}", r#"{"a":1}"#, Ok("x}")),
        ("{{a|default:@nope}}{{a|default:@}}{{a|default:\"@b\"}}", r#"{"b":2}"#, Ok("@nope@2")),
        ("{{a|default :x}}", "{}", Err(())),
        ("{{ a | default:\"x\" | upper }}", "{}", Ok("X")),
        ("[{{s|center:@n}}]", r#"{"s":"x","n":3}"#, Err(())),
        ("[{{s|center:@n}}]", r#"{"s":"x","n":"3"}"#, Ok("[ x ]")),
        ("{{s|length-is:@n}}", r#"{"s":"x","n":1}"#, Err(())),
        ("{% if (a) %}Y{% else %}N{% endif %}", r#"{"a":1}"#, Ok("N")),
        ("{% if a b %}{% endif %}", "{}", Err(())),
        ("{% if not not a %}{% endif %}", "{}", Err(())),
        ("{% if all %}Y{% endif %}{% if any %}Y{% endif %}", r#"{"all":1}"#, Ok("Y")),
        ("{% if a %}x{% else whatever %}y{% endif now %}", "{}", Ok("y")),
        ("{% if a > b %}{% endif %}", r#"{"a":1}"#, Err(())),
        ("{% if a > \"x\" %}{% endif %}", r#"{"a":1}"#, Err(())),
        (
            "{% if a = 3.0 %}Y{% endif %}{% if \"03\" = a %}Y{% endif %}{% if \" 3\" = a %}Y{% endif %}",
            r#"{"a":3}"#,
            Ok("YY"),
        ),
        (
            "{% ifequal a 3.0 %}Y{% else %}N{% endifequal %}{% ifequal a 3 b %}Y{% endifequal %}",
            r#"{"a":3,"b":"3"}"#,
            Ok("NY"),
        ),
        ("{% ifunequal a b %}Y{% else %}N{% endifunequal %}", r#"{"a":1,"b":2}"#, Ok("Y")),
        (
            "{% for i in 3 %}[{{i}}]{% endfor %}{% for i in 3|range %}[{{i}}]{% endfor %}",
            "{}",
            Ok("[3][0][1][2]"),
        ),
        ("{% for x in v %}{% else %}{% endfor %}", "{}", Err(())),
        ("{% for x in v %}{% endfor %}", r#"{"v":1}"#, Err(())),
        ("{% for x in gone|upper|sort %}x{% endfor %}", "{}", Ok("")),
        ("{% for x in gone|default:@alt %}{{x}}{% empty %}none{% endfor %}", r#"{"alt":[1]}"#, Ok("1")),
        ("{% for a,b in v %}{{a}}{{b}};{% endfor %}", r#"{"v":["xyz",[1]]}"#, Ok("xy;1;")),
        ("{% for x in v %}{{forloop.previous.x}}{{x}} {% endfor %}", r#"{"v":[1,2,3]}"#, Ok("1 12 23 ")),
        (
            "{% for x in v %}{% for y in v %}{% cycle a b c %}{% endfor %}{% endfor %}",
            r#"{"v":[1,2]}"#,
            Ok("abca"),
        ),
        ("{% cycle %}", "{}", Err(())),
        (
            "{% firstof a b %}{% firstof c %}{% firstof d e %}",
            r#"{"a":false,"c":[],"d":"","e":0}"#,
            Ok("false[]0"),
        ),
        ("{% sum %}{% sum a \\10 \\2.5 %}", r#"{"a":1}"#, Ok("013.5")),
        ("{% sum a 10 %}", r#"{"a":1}"#, Err(())),
        ("{% sum a gone %}", r#"{"a":1}"#, Err(())),
        (
            "{% with a = x b = \"y z\" c=v|upper %}{{a}}{{b}}{{c}}{% endwith %}",
            r#"{"v":"w","x":1}"#,
            Ok("1y zW"),
        ),
        ("{% with a.b.c=1 %}{{a}}{% endwith %}", r#"{"a":{"x":0,"b":[1]}}"#, Ok(r#"{"x":0,"b":{"c":"1"}}"#)),
        ("{% with n=v %}{{n|add:1}}{% endwith %}", r#"{"v":1}"#, Ok("2")),
        ("{% with a %}{% endwith %}", "{}", Err(())),
        ("{% with %}{% endwith %}", "{}", Err(())),
        ("{% comment %}{% nope %}{% endcomment %}", "{}", Err(())),
        ("{% comment %}{% if a %}{% endcomment %}", "{}", Err(())),
        (
            "a{% comment %}{{a|nope}}{% cycle a %}{% with b=a %}{{b}}{% endwith %}{% endcomment %}b",
            "{}",
            Ok("ab"),
        ),
        ("a{% verbatim %}{{x}}", "{}", Ok("a{{x}}")),
        ("{% block a %}x{{b}}{% endblock %}", r#"{"b":1}"#, Ok("x1")),
        ("{%- if a -%}{%- endif -%}", "{}", Err(())),
        ("{% endfor %}", "{}", Err(())),
        ("{{forloop.counter}}{% now \"yyyy-MM-dd\" %}", "{}", Ok("2026-11-24")),
    ];
    for (template, context, expected) in cases {
        let found = rendered(template, context);
        match expected {
            Ok(expected) => assert_eq!(found.as_deref(), Ok(*expected), "{template}"),
            Err(()) => assert!(found.is_err(), "{template}: {found:?}"),
        }
    }
}

#[test]
fn an_unchecked_link_is_escaped_where_html_stands() {
    let scope = body(r#"{"m":"<b>","p":"01 <b>","good":"a@b.org"}"#);
    let render = |template, mode| render_with(template, mode, &OPEN, &scope).unwrap();
    assert_eq!(render("{{good|email}}", Mode::Html), "<a href='mailto:a@b.org'>a@b.org</a>");
    for template in ["{{m|email:false}}", "{{p|phone:false}}", "{{p|phone:44:false}}"] {
        assert!(!render(template, Mode::Html).contains('<'), "{template}");
        assert!(render(template, Mode::Plain).contains("<a href="), "{template}");
    }
}
