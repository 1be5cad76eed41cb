//! Problems: their code, bytes, and what they say.

use super::*;

const NAMES: Names<'static> = Names {
    path_params: &[("username", ParamKind::Text), ("age", ParamKind::Int)],
    query_params: &[("page", ParamKind::Int)],
    env: &[],
    open: false,
};

/// `code text: message` of each note.
fn notes(template: &str, mode: Mode) -> Vec<String> {
    let compiled = compile(template, mode, &NAMES);
    assert_eq!(
        compiled.template.is_none(),
        compiled.notes.iter().any(|note| note.severity == Severity::Error),
        "{template}"
    );
    compiled.notes.iter().map(|note| format!("{} {}", note.code, &template[note.range.clone()])).collect()
}

#[test]
fn every_problem_has_its_bytes() {
    let cases: &[(&str, &[&str])] = &[
        ("{{ x", &["M0300 {{"]),
        ("a{% if x ", &["M0300 {%"]),
        ("a{# b", &["M0300 {#"]),
        ("{{}}", &["M0300 {{}}"]),
        ("{%%}", &["M0300 {%%}"]),
        ("{{}\n\"hello\": \"{{path-params.username}}!\"", &["M0300 {{}"]),
        ("{{json-params.a|default:\"x}}", &["M0300 \""]),
        ("{{json-params.a|uper}}", &["M0301 uper"]),
        ("{{json-params.a|truncatechars:4}}", &["M0301 truncatechars"]),
        ("{{json-params.a||upper}}", &["M0300 |"]),
        ("{{json-params.a|upper:1}}", &["M0302 upper:1"]),
        ("{{json-params.a|replace:x}}", &["M0302 replace:x"]),
        ("{{json-params.a|hash:sah256}}", &["M0302 sah256"]),
        ("{{json-params.a|take:x|drop:@json-params.n}}", &["M0302 x"]),
        ("{{json-params.a|multiply:two:3}}", &["M0302 two"]),
        ("{{json-params.a|date:HH:mm}}", &["M0309 mm"]),
        ("{{json-params.a|date:\"yyyy-MM-dd{\"}}", &["M0302 \"yyyy-MM-dd{\""]),
        ("{% now \"bbb\" %}", &["M0302 \"bbb\""]),
        ("{{json-params.a|jsonpath:\"$.a[?\"}}", &["M0302 \""]),
        ("{{json-params.a|jsonpath:\"$.a b\"}}", &["M0302  b\""]),
        ("{{json-params.a|abbr-left|upper}}", &["M0302 abbr-left"]),
        ("{{json-params.a|abbreviate:5|abbr-left}}", &["M0302 abbr-left"]),
        ("{% hoist x %}", &["M0303 hoist"]),
        ("{% elseif x %}", &["M0303 elseif"]),
        ("{{#unless x}}", &["M0303 {{#unless x}}"]),
        ("{% include \"x\" %}{% debug %}", &["M0305 include", "M0305 debug"]),
        ("{{message}}{{block.super}}", &["M0305 message", "M0305 block.super"]),
        ("{% cycle %}", &["M0300 {% cycle %}"]),
        ("{% now %}", &["M0300 {% now %}"]),
        ("{% block %}{% endblock %}", &["M0300 {% block %}"]),
        ("{% endverbatim %}", &["M0300 {% endverbatim %}"]),
        ("{% sum json-params.a 10 %}", &["M0300 10"]),
        ("{% with %}{% endwith %}", &["M0300 {% with %}"]),
        ("{% with a %}{% endwith %}", &["M0300 a"]),
        ("{% with a= b=json-params.x %}{% endwith %}", &["M0300 a"]),
        ("{% with a=json-params.x %}{{a}}{{b}}{% endwith %}{{a}}", &["M0304 b", "M0304 a"]),
        ("{% with a=a %}{% endwith %}", &["M0304 a"]),
        ("{% ifequal json-params.a %}{% endifequal %}", &["M0300 {% ifequal json-params.a %}"]),
        (
            "{% ifequal json-params.a 1 %}{% elif json-params.b %}{% endifequal %}",
            &["M0300 {% elif json-params.b %}"],
        ),
        (
            "{% ifequal json-params.a 1 %}{% endif %}",
            &["M0300 {% ifequal json-params.a 1 %}", "M0300 {% endif %}"],
        ),
        ("{% firstof json-params.a|nope nowhere %}", &["M0301 nope", "M0304 nowhere"]),
        ("{{env.HOME}}", &["M0304 env.HOME"]),
        ("{{request.methd}}{{request}}", &["M0304 request.methd", "M0304 request"]),
        (
            "{{request.id}}{{cookie-params.a}}{{query-params-all.tag.0}}{{query-params-all}}{{cookie-params}}",
            &[],
        ),
        ("{{random-int:1:6|add:1}}{{random-of:\"a:b\":@json-params.x}}{{epoch}}{{counter}}", &[]),
        ("{{random-int:1}}", &["M0302 random-int:1"]),
        ("{{random-int}}", &["M0302 random-int"]),
        ("{{random-int:a:6}}", &["M0302 a"]),
        ("{{json-params.a|date:yyyy:pl}}", &[]),
        ("{{fake.nmae}}", &["M0310 fake.nmae"]),
        ("{{uuid:4}}", &["M0302 uuid:4"]),
        ("{{random-itn:1:6}}", &["M0304 random-itn:1:6"]),
        ("{{path-params.usrname}}", &["M0304 path-params.usrname"]),
        ("{{pathparams.x}}", &["M0304 pathparams.x"]),
        ("{{foo.bar}}", &["M0304 foo.bar"]),
        ("{{ a b }}", &["M0304 a b"]),
        ("{{header-params.a b}}", &["M0304 header-params.a b"]),
        ("{{header-params.ä}}", &["M0304 header-params.ä"]),
        ("{% if true %}{% endif %}", &["M0304 true"]),
        ("{% endif %}", &["M0300 {% endif %}"]),
        ("{% if json-params.a %}x{% endfor %}", &["M0300 {% if json-params.a %}", "M0300 {% endfor %}"]),
        ("{% if json-params.a %}", &["M0300 {% if json-params.a %}"]),
        ("{{#if json-params.a}}x{% endif %}", &["M0300 {{#if json-params.a}}", "M0300 {% endif %}"]),
        ("{% if json-params.a == \"b\" %}{% endif %}", &["M0300 =="]),
        ("{% if %}{% endif %}", &["M0300 {% if %}"]),
        ("{% if json-params.a = %}{% endif %}", &["M0300 ="]),
        ("{% if json-params.a json-params.b %}{% endif %}", &["M0300 json-params.b"]),
        ("{% if not not json-params.a %}{% endif %}", &["M0300 not"]),
        ("{% else %}", &["M0300 {% else %}"]),
        ("{% for x json-params.y %}{% endfor %}", &["M0300 x json-params.y"]),
        ("{% for x in json-params.y %}{{forloop.count}}{% endfor %}", &["M0304 forloop.count"]),
        ("{% for x in json-params.y %}{% endfor %}{{x}}", &["M0304 x"]),
        ("{% comment %}a", &["M0300 {% comment %}"]),
        ("{% comment %}{{a|b}}{% nope %}{% endcomment %}", &["M0303 nope"]),
        ("{%- if x %}", &["M0300 {%- if x %}"]),
        ("{{a}}\n{{json-params.a|uper}}\n{% endif %}", &["M0304 a", "M0301 uper", "M0300 {% endif %}"]),
        ("{ } }} %} #} {{json-params.a}} {{now}} {{uuid}} {{random}}", &[]),
    ];
    for (template, expected) in cases {
        assert_eq!(notes(template, Mode::Plain), *expected, "{template}");
    }
}

#[test]
fn arguments_of_made_up_data_are_looked_at_where_it_is_compiled_in() {
    let compiled_in = cfg!(feature = "fake");
    let cases: &[(&str, &[&str], &[&str])] = &[
        ("{{fake.city:pt-BR}}", &[], &["M0310 fake.city:pt-BR"]),
        ("{{fake.city:pl}}", &["M0309 pl"], &["M0310 fake.city:pl"]),
        ("{{fake.words:x}}", &["M0302 x"], &["M0310 fake.words:x"]),
    ];
    for (template, with, without) in cases {
        let expected = if compiled_in { with } else { without };
        assert_eq!(notes(template, Mode::Plain), *expected, "{template}");
    }
    let help = compile("{{fake.city:pl}}", Mode::Plain, &NAMES).notes[0].help.clone();
    assert_eq!(help.as_deref(), compiled_in.then_some("English is used"));
}

#[test]
fn the_next_step_is_told() {
    let cases = [
        ("{{json-params.a|uper}}", Some("did you mean `upper`?")),
        ("{{path-params.usrname}}", Some("did you mean `path-params.username`?")),
        ("{{pathparams.x}}", Some("did you mean `path-params`?")),
        ("{% elseif x %}", Some("did you mean `elif`?")),
        ("{{json-params.a|hash:sah256}}", Some("did you mean `sha256`?")),
        (
            "{{json-params.a|date:HH:mm}}",
            Some("English is used; put quotes around a pattern that holds a colon"),
        ),
        ("{{random-itn:1:6}}", Some("did you mean `random-int`?")),
        ("{{request.methd}}", Some("did you mean `request.method`?")),
        ("{{env.HOME}}", Some("start with `--env HOME`")),
        ("{% with total=json-params.a %}{{totl}}{% endwith %}", Some("did you mean `total`?")),
        (
            "{{json-params.a|replace:x}}",
            Some(
                "write `replace:from:to`, as in `{{\"oar and board\"|replace:oar:sail}}`: Every occurrence of a text \
                 replaced by another one.",
            ),
        ),
        ("{% debug %}", None),
        ("{% for item in json-params.a %}{{itm}}{% endfor %}", Some("did you mean `item`?")),
    ];
    for (template, help) in cases {
        assert_eq!(compile(template, Mode::Plain, &NAMES).notes[0].help.as_deref(), help, "{template}");
    }
}

#[test]
fn a_note_names_its_piece() {
    let pieces = [Piece::Raw("{\"a\":"), Piece::JsonText("{{json-params.a|nope}}"), Piece::Raw("}")];
    let compiled = compile_json(&pieces, &NAMES);
    assert_eq!((compiled.notes[0].piece, compiled.notes[0].range.clone()), (1, 16..20));
}

#[test]
fn branches_of_json_text_end_alike() {
    let cases: &[(&str, &[&str])] = &[
        ("[{% if json-params.a %}\"x\"{% else %}1{% endif %}]", &[]),
        ("[\"{% if json-params.a %}x\"{% else %}y\"{% endif %}]", &[]),
        ("[{% if json-params.a %}\"x{% endif %}]", &["M0306 {% if json-params.a %}"]),
        ("[{% if json-params.a %}\"x{% else %}y{% endif %}]", &["M0306 {% if json-params.a %}"]),
        ("[{% safe %}{% if json-params.a %}\"x{% endif %}{% endsafe %}]", &[]),
        ("[{% for x in json-params.a %}\"{{x}}{% endfor %}]", &["M0306 {% for x in json-params.a %}"]),
        (
            "[{% for x in json-params.a %}{{x}}{% empty %}\"{% endfor %}]",
            &["M0306 {% for x in json-params.a %}"],
        ),
        ("[\"\\{{json-params.a}}\"]", &["M0300 {{json-params.a}}"]),
    ];
    for (template, expected) in cases {
        assert_eq!(notes(template, Mode::Json), *expected, "{template}");
    }
    assert!(notes("[{% if json-params.a %}\"x{% endif %}]", Mode::Plain).is_empty());
}

#[test]
fn untyped_text_where_json_stands_is_a_warning() {
    let cases: &[(&str, &[&str])] = &[
        ("{\"a\": {{path-params.username}}}", &["M0307 path-params.username"]),
        ("{\"a\": {{query-params.q|default:1}}}", &["M0307 query-params.q"]),
        (
            "{\"a\": {{headers.q}}, \"b\": {{form-params.x|upper}}}",
            &["M0307 headers.q", "M0307 form-params.x"],
        ),
        (
            "{\"a\": {{cookie-params.c}}, \"b\": {{uuid}}, \"c\": {{now}}}",
            &["M0307 cookie-params.c", "M0307 uuid", "M0307 now"],
        ),
        ("{\"a\": \"{{uuid}}\", \"b\": {{random}}, \"c\": {{random-of:1:2}}, \"d\": {{now|timestamp}}}", &[]),
        ("{\"a\": \"{{path-params.username}}\"}", &[]),
        ("{\"a\": {{path-params.age}}, \"b\": {{query-params.page}}, \"c\": {{json-params.x}}}", &[]),
        (
            "{\"a\": {{query-params.q|json}}, \"b\": {{query-params.q|default:1|int}}, \"c\": {{headers.q|count}}}",
            &[],
        ),
    ];
    for (template, expected) in cases {
        assert_eq!(notes(template, Mode::Json), *expected, "{template}");
    }
}

#[test]
fn an_unknown_filter_or_tag_has_a_next_step_whatever_its_name() {
    for (template, code) in [
        ("{{json-params.a|uper}}", Code::UNKNOWN_FILTER),
        ("{{json-params.a|truncatechars:4}}", Code::UNKNOWN_FILTER),
        ("{% iff json-params.a %}{% endif %}", Code::UNKNOWN_TAG_NAME),
        ("{% autoescape %}", Code::UNKNOWN_TAG_NAME),
    ] {
        let compiled = compile(template, Mode::Plain, &NAMES);
        let unknown = compiled.notes.iter().find(|note| note.code == code);
        assert!(unknown.is_some_and(|note| note.help.is_some()), "{template}");
    }
}

#[test]
fn hostile_texts_are_refused_in_bounded_work() {
    let names = Names::default();
    let mib = 1 << 20;
    for (part, code) in [
        ("{{", Code::TEMPLATE_SYNTAX),
        ("{% if a %}", Code::TEMPLATE_TOO_LARGE),
        ("{{#each a}}", Code::TEMPLATE_TOO_LARGE),
        ("{%", Code::TEMPLATE_SYNTAX),
        ("{#", Code::TEMPLATE_SYNTAX),
        ("{% endif %}", Code::TEMPLATE_SYNTAX),
        ("{{a|b}}", Code::UNKNOWN_FILTER),
    ] {
        let compiled = compile(&part.repeat(mib / part.len()), Mode::Json, &names);
        assert!(compiled.template.is_none(), "{part}");
        assert!(compiled.notes.iter().any(|note| note.code == code), "{part}: {:?}", compiled.notes);
        assert!(compiled.notes.len() < 200, "{part}");
    }
    for inside in ["|upper", ":a", ".a", " and a", "\"\"", "[0]", "..", ",a"] {
        let many = inside.repeat(mib / inside.len());
        for template in [
            format!("{{{{a{many}}}}}"),
            format!("{{% if a{many} %}}{{% endif %}}"),
            format!("{{% for a{many} in a %}}{{% endfor %}}"),
        ] {
            for note in compile(&template, Mode::Json, &names).notes {
                assert!(note.message.len() < 1000, "{inside}");
            }
        }
    }
    // Closing braces far away must not be looked for again and again.
    compile(&format!("{}}}}}", "{{ a \" ".repeat(mib / 7)), Mode::Json, &names);
}

#[test]
fn what_a_template_uses_is_known() {
    let cases = [
        ("x", Some("x"), false, false),
        ("", Some(""), false, false),
        ("a{# b #}c{% comment %}{{uuid}}{{json-params.x}}{% endcomment %}d", Some("acd"), false, false),
        ("{{path-params.age}}", None, false, false),
        ("{{json-params.x}}", None, true, false),
        ("{% for a,b in form-params %}{{a}}{% endfor %}", None, true, false),
        ("{% if form-params.a = now %}{% endif %}", None, true, true),
        ("{{path-params.age|default:@random}}", None, false, true),
    ];
    for (text, fixed, body, time) in cases {
        let template = compile(text, Mode::Json, &NAMES).template.unwrap();
        assert_eq!(
            (template.fixed(), template.needs_body(), template.uses_time_or_chance()),
            (fixed, body, time),
            "{text}"
        );
    }
}
