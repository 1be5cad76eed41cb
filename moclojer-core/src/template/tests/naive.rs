//! The oracle: a second, naive reading of the language, which every program that is compiled has to agree with.
//!
//! It reads a text to a tree and walks the tree, with names on a stack. It shares the filters, values and
//! escapes with the engine, and nothing of how a text is read, compiled or run.

mod evaluate;
mod generate;
mod parse;
mod place;
mod tree;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseResult};

use self::generate::Tape;
use self::tree::Target;
use super::*;

/// What came of one case.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Outcome {
    Rendered,
    Failed,
    /// The file is refused for what the oracle does not look at.
    Skipped,
}

/// Renders with both, and compares: what was written, up to a failure of both.
fn compared(text: &str, target: Target, context: &json::Value) -> Result<Outcome, TestCaseError> {
    let scope = TestScope { json: Some(context.clone()), ..TestScope::default() };
    let compiled = match target {
        Target::Plain => compile(text, Mode::Plain, &OPEN),
        Target::Html => compile(text, Mode::Html, &OPEN),
        Target::Json => compile(text, Mode::Json, &OPEN),
        Target::Header => compile(text, Mode::Header, &OPEN),
        Target::Url => compile(text, Mode::Url, &OPEN),
        Target::JsonText => compile_json(&[Piece::JsonText(text)], &OPEN),
    };
    let tree = parse::parse(text, target);
    let Some(template) = compiled.template else {
        if compiled.notes.iter().any(|note| note.code == Code::BRANCHES_DIFFER) {
            return Ok(Outcome::Skipped);
        }
        prop_assert!(tree.is_err(), "the engine alone refuses: {:?}", compiled.notes);
        return Ok(Outcome::Failed);
    };
    let Ok(tree) = tree else {
        return Err(TestCaseError::fail("the oracle alone refuses the text"));
    };
    let (mut found, mut expected) = (String::new(), String::new());
    let result = template.render(&scope, &Limits::default(), &mut found);
    if result.as_ref().is_err_and(|error| error.limit.is_some()) {
        return Ok(Outcome::Skipped);
    }
    let now = format!("{:.3}", scope.now());
    let oracle = evaluate::evaluate(&tree, context, &now, &mut expected);
    prop_assert_eq!(&found, &expected, "{:?} {:?}", result, oracle);
    prop_assert_eq!(result.is_ok(), oracle.is_ok(), "{:?} {:?}", result, oracle);
    Ok(if result.is_ok() { Outcome::Rendered } else { Outcome::Failed })
}

#[test]
fn a_program_writes_what_its_tree_says() {
    let config =
        Config { cases: Config::default().cases.max(1024), failure_persistence: None, ..Config::default() };
    let cases = config.cases;
    let counts: [Cell<u32>; 3] = Default::default();
    let tape = || prop::collection::vec(any::<u16>(), 40..400);
    // Shown as text, so that a failing case can be read.
    let case =
        (prop::sample::select(Target::EVERY.to_vec()), tape(), tape()).prop_map(|(target, text, context)| {
            let mut shown = String::new();
            Tape::new(&context).context().write_json(&mut shown);
            (target, Tape::new(&text).template(target), shown)
        });
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let tested = runner.run(&case, |(target, text, context)| -> TestCaseResult {
        let context = json::Value::parse(context.as_bytes(), 64).unwrap();
        let outcome = compared(&text, target, &context)?;
        let count = &counts[outcome as usize];
        count.set(count.get() + 1);
        Ok(())
    });
    assert!(tested.is_ok(), "{}", tested.unwrap_err());
    let [rendered, failed, skipped] = counts.map(Cell::into_inner);
    // Cases that fail early or are skipped compare little.
    assert!(skipped <= cases / 50, "{rendered} rendered, {failed} failed, {skipped} skipped");
    assert!(rendered >= cases / 4, "{rendered} rendered, {failed} failed, {skipped} skipped");
}

#[test]
fn both_read_the_original_cases_alike() {
    let cases: serde_json::Value =
        serde_json::from_str(include_str!("../../../tests/data/selmer-cases.json")).unwrap();
    for case in cases.as_array().unwrap() {
        let text = case["template"].as_str().unwrap();
        if compile(text, Mode::Plain, &OPEN)
            .notes
            .iter()
            .any(|note| note.code == Code::TEMPLATE_NOT_SERVED_YET)
        {
            continue;
        }
        let context = value(&case["context"].to_string());
        for target in Target::EVERY {
            if let Err(error) = compared(text, target, &context) {
                panic!("{} {text}: {error}", case["id"]);
            }
        }
    }
}

/// Texts at the edge of the language and what they show; without anything, they are refused or fail.
const EDGES: &[(&str, Option<&str>)] = &[
    ("{{}}", None),
    ("{{ }}", None),
    ("{{ a b }}", Some("")),
    ("{{ a", None),
    ("{% if a", None),
    ("{# a", None),
    ("{{{ a }}}", Some("}")),
    ("{ {a} } }} %} #} {", Some("{ {a} } }} %} #} {")),
    ("{{ 007 }}{{ 4.2 }}{{ -3 }}{{ true }}{{ 'x' }}{{ nil }}", Some("007")),
    ("{{ \"a }}", None),
    ("{{ s|default:\"a }}", None),
    ("{{ s|default:'a b' }}{{ gone|default:'a' }}", Some("ab'a'")),
    ("{{ gone|default:@gone }}{{ gone|default:@ }}{{ gone|default:\"@s\" }}", Some("@gone@ab")),
    ("{{ s|upper:1 }}", None),
    ("{{ s|default }}", None),
    ("{{ s|no-such }}", None),
    ("{% no-such %}", None),
    ("{% %}", None),
    ("{%- if a -%}{% endif %}", None),
    ("{% endif %}", None),
    ("{% else %}", None),
    ("{% endfor %}", None),
    ("{% endwith %}", None),
    ("{% if a %}", None),
    ("{% if a %}{% for x in v %}{% endif %}{% endfor %}", None),
    ("{% if %}{% endif %}", None),
    ("{% if a b %}{% endif %}", None),
    ("{% if a = %}{% endif %}", None),
    ("{% if = a %}{% endif %}", None),
    ("{% if a = 1 b %}{% endif %}", None),
    ("{% if a == 1 %}{% endif %}", None),
    ("{% if a || s %}{% endif %}", None),
    ("{% if a && s %}{% endif %}", None),
    ("{% if not not a %}{% endif %}", None),
    ("{% if a and %}{% endif %}", None),
    ("{% if or a %}{% endif %}", None),
    ("{% if (a) %}1{% else %}2{% endif %}", Some("2")),
    ("{% if all %}1{% elif any %}2{% elif not %}3{% elif not gone %}4{% endif %}", Some("4")),
    ("{% if a %}1{% else %}2{% else %}3{% endif %}", None),
    ("{% if a %}1{% else %}2{% elif s %}3{% endif %}", None),
    ("{% if a %}1{% elseif s %}2{% endif %}", None),
    ("{% if gone %}1{% else whatever %}2{% endif now %}", Some("2")),
    ("{% if a = 1 %}1{% endif %}{% if a = 2 %}2{% endif %}", Some("1")),
    (
        "{% if \"03\" = 3 %}1{% endif %}{% if \" 3\" = 3 %}2{% endif %}{% if \"3.0\" = 3 %}3{% endif %}",
        Some("13"),
    ),
    (
        "{% if \"1e0\" = 1 %}1{% endif %}{% if nul = gone %}2{% endif %}{% if nul = \"\" %}3{% endif %}",
        Some("2"),
    ),
    ("{% if gone > 1 %}1{% endif %}{% if e < 1 %}2{% endif %}{% if gone < nul %}3{% endif %}", Some("")),
    ("{% if gone > a %}{% endif %}", None),
    ("{% if e > a %}{% endif %}", None),
    ("{% if f > 1 %}{% endif %}", None),
    ("{% if s > 1 %}{% endif %}", None),
    ("{% if v > 1 %}{% endif %}", None),
    (
        "{% if gone and s > 1 %}1{% endif %}{% if s or s > 1 %}2{% endif %}{% if any s v.x %}3{% endif %}",
        Some("23"),
    ),
    ("{% if a %}1{% elif s > 1 %}2{% endif %}", Some("1")),
    ("{% ifequal %}{% endifequal %}", None),
    ("{% ifequal a 1 \"1\" %}1{% endifequal %}{% ifequal a 1.0 %}2{% else %}3{% endifequal %}", Some("13")),
    ("{% ifequal nul gone %}1{% endifequal %}{% ifequal nul e %}2{% endifequal %}", Some("1")),
    ("{% ifunequal a 1 \"2\" %}1{% endifunequal %}", Some("1")),
    ("{% ifequal a 1 %}{% elif s %}{% endifequal %}", None),
    ("{% ifequal a 1 %}{% endifunequal %}", None),
    (
        "{% for x in gone %}1{% endfor %}{% for x in nul|upper|sort %}1{% endfor %}{% for x in e %}1{% endfor %}",
        Some(""),
    ),
    ("{% for x in e %}1{% empty %}2{% endfor %}{% for x in nul %}1{% empty %}3{% endfor %}", Some("23")),
    ("{% for x in nul|default:@v %}{{x}}{% empty %}e{% endfor %}", Some("12")),
    ("{% for x in a %}{% endfor %}", None),
    ("{% for x in f %}{% endfor %}", None),
    ("{% for x v %}{% endfor %}", None),
    ("{% for x of v %}{% endfor %}", None),
    ("{% for x in %}{% endfor %}", None),
    ("{% for in v %}{% endfor %}", None),
    ("{% for x in v m %}{% endfor %}", None),
    ("{% for x in v %}{% else %}{% endfor %}", None),
    ("{% for x in v %}{% empty %}{% empty %}{% endfor %}", None),
    ("{% for x in v %}1{% endfor x %}", Some("11")),
    ("{% for x in 12 %}{{x}},{% endfor %}{% for x in \"é1\" %}{{x}},{% endfor %}", Some("1,2,é,1,")),
    ("{% for k,w in m %}{{k}}{{w}}{% endfor %}{% for p in m %}{{p.0}}{{p.1}}{% endfor %}", Some("kwkw")),
    ("{% for x,y in v %}{% endfor %}", None),
    ("{% for x,y,z in p %}{{x}}{{y}}{{z}};{% endfor %}{{x}}", Some("12;ab;3;")),
    ("{% for s in v %}{{s}}{% endfor %}{{s}}", Some("12ab")),
    ("{% empty %}", None),
    ("{% cycle %}", None),
    ("{% cycle 1 2 %}{% for x in \"aaa\" %}{% cycle 1 \"2\" %}{% endfor %}", Some("1121")),
    ("{% firstof %}{% firstof gone nul e %}", Some("")),
    (
        "{% firstof gone f s %}{% firstof e \"x\" %}{% firstof gone 0 %}{% firstof v s %}",
        Some("falsex0[1,2]"),
    ),
    ("{% sum %}", Some("0")),
    ("{% sum a a \\10 \\2.5 %}", Some("14.5")),
    ("{% sum 10 %}", None),
    ("{% sum gone %}", None),
    ("{% sum s %}", None),
    ("{% sum v %}", None),
    ("{% with %}{% endwith %}", None),
    ("{% with x %}{% endwith %}", None),
    ("{% with x=1 y %}{% endwith %}", None),
    ("{% with x=1 y z=2 %}{% endwith %}", None),
    ("{% with x= y=2 %}{% endwith %}", None),
    ("{% with x y=2 %}{% endwith %}", None),
    ("{% with =2 %}{% endwith %}", None),
    ("{% with x=gone | default:\"a b\" %}{{x}}{% endwith %}", Some("a b")),
    ("{% with x=1 y=x z = \"a = b\" x=s %}{{x}}{{y}}{{z}}{% endwith %}{{x}}", Some("ab1a = b")),
    ("{% with m.x.y=a %}{{m.k}}{{m.x.y}}{% endwith %}{{m.x.y}}", Some("w1")),
    (
        "{% with a=s %}{% with x=1 %}{% endwith %}{% with y=2 %}{{y}}{% endwith %}{{a}}{% endwith %}{{a}}",
        Some("2ab1"),
    ),
    ("{% verbatim %}{{ a }}{% if %}{# ", Some("{{ a }}{% if %}{# ")),
    ("{%verbatim%}{{ a }}{%  endverbatim  %}{{ a }}", Some("{{ a }}1")),
    ("{% endverbatim %}", None),
    ("{% comment %}{{ a|no-such }}{% if a %}{% endif %}{% endcomment %}1", Some("1")),
    (
        "{% comment %}{% if %}{{ }}{{ \" }}{% for %}{% endfor %}{% else %}{% endif %}{% endcomment %}1",
        Some("1"),
    ),
    ("{% comment %}{% no-such %}{% endcomment %}", None),
    ("{% comment %}{% if a %}{% endcomment %}", None),
    ("{% comment %}", None),
    ("{# {{ a #}1", Some("1")),
    ("{# {# #} #}", Some(" #}")),
    ("{% safe %}{{ s }}", None),
    ("{% block x %}{{ a }}{% endblock %}", Some("1")),
    ("{% block x %}", None),
    ("{{#if a}}1{{else if s}}2{{else}}3{{/if}}{{#each v}}{{this}}{{@index}}{{/each}}", Some("11021")),
    ("{{#if a}}", None),
    ("{{/if}}", None),
    ("{{#each v}}{{/if}}", None),
    ("{{#no-such a}}{{/no-such}}", None),
];

#[test]
fn the_edges_of_the_language_are_where_the_reference_has_them() {
    let context = value(
        r#"{"a":1,"s":"ab","v":[1,2],"m":{"k":"w"},"e":"","f":false,"nul":null,"p":[[1,2],"ab",[3,null,null,4]]}"#,
    );
    let scope = TestScope { json: Some(context.clone()), ..TestScope::default() };
    let mut wrong = Vec::new();
    for (text, expected) in EDGES {
        let found = render_with(text, Mode::Plain, &OPEN, &scope);
        if found.as_deref().ok() != *expected {
            wrong.push(format!("{text} gives {found:?}"));
        }
        if let Err(error) = compared(text, Target::Plain, &context) {
            wrong.push(format!("{text}: {error}"));
        }
    }
    assert_eq!(wrong, [""; 0]);
}
