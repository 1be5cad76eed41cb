//! Templates by themselves, without a mock or a request: values come from a JSON context.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::HashMap;

use http::HeaderName;
use jiff::Timestamp;

use super::{Counters, Mode, Names, Note, RequestField, Root, Scope, Template, compile};
use crate::json::{Object, Value};
use crate::ports::{KeyedDraws, Random as _, SystemRandom, derived_key};
use crate::problem::Problem;
use crate::source::{Source, Span};

impl Mode {
    /// How a body of this content type is escaped: JSON (`application/json`, `text/json`, `*+json`), HTML and
    /// XML, or not at all.
    pub fn of_content_type(content_type: &str) -> Self {
        let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        if crate::spec::is_json_type(&essence) {
            Self::Json
        } else if essence == "text/html" || essence.ends_with("/xml") || essence.ends_with("+xml") {
            Self::Html
        } else {
            Self::Plain
        }
    }
}

/// Compiles a text whose first names are those of a JSON object: the template, unless a problem is an error, and
/// every problem with its place in `source`.
pub fn compile_open(source: &Source, mode: Mode) -> (Option<Template>, Vec<Problem>) {
    let names = Names { open: true, ..Names::default() };
    let compiled = compile(source.text(), mode, &names);
    let problems = compiled.notes.into_iter().map(|note| note.at(source)).collect();
    (compiled.template, problems)
}

impl Note {
    /// The problem of a text that is a source by itself.
    fn at(self, source: &Source) -> Problem {
        let expression = self.expression(source.text());
        let Self { severity, code, range, message, found, expected, help, .. } = self;
        let mut problem = Problem::new(severity, code, source, Span::new(range.start, range.end), message);
        (problem.found, problem.expected, problem.help) = (found, expected, help);
        problem.expression = expression;
        problem
    }
}

/// The most names that are looked for one by one.
const FEW: usize = 16;

/// What a JSON object gives to one rendering of a template of [`compile_open`]; of a request nothing is known.
#[derive(Debug)]
pub struct ContextScope<'a> {
    context: &'a Object,
    /// Names of a large context by hash: a template may look as often as it likes.
    index: OnceCell<HashMap<&'a str, &'a Value>>,
    /// What the name `env` gives where the context has none.
    env: Option<&'a Value>,
    now: Timestamp,
    draws: Option<KeyedDraws>,
    counters: &'a Counters,
}

impl<'a> ContextScope<'a> {
    /// The names of `context` at the instant `now`; counters go on where others left them.
    pub fn new(context: &'a Object, now: Timestamp, counters: &'a Counters) -> Self {
        Self { context, index: OnceCell::new(), env: None, now, draws: None, counters }
    }

    /// The same with draws that `seed` and the number of this rendering decide.
    #[must_use]
    pub fn seeded(mut self, seed: u64, number: u64) -> Self {
        self.draws = Some(KeyedDraws::new(derived_key(seed, number)));
        self
    }

    /// The same with a value for the name `env`, where the context has none.
    #[must_use]
    pub fn env(mut self, env: &'a Value) -> Self {
        self.env = Some(env);
        self
    }

    fn find(&self, name: &str) -> Option<&'a Value> {
        if self.context.len() <= FEW {
            return self.context.get(name);
        }
        self.index.get_or_init(|| self.context.iter().collect()).get(name).copied()
    }
}

impl Scope for ContextScope<'_> {
    fn context(&self, name: &str) -> Option<&Value> {
        self.find(name).or(self.env.filter(|_| name == "env"))
    }

    fn now(&self) -> Timestamp {
        self.now
    }

    fn next_random(&self) -> u64 {
        self.draws.as_ref().map_or_else(|| SystemRandom.next_u64(), KeyedDraws::next_u64)
    }

    fn count(&self, counter: &str) -> Option<u64> {
        self.counters.next(counter)
    }

    fn path_param(&self, _: usize) -> Option<Cow<'_, str>> {
        None
    }

    fn query_param(&self, _: &str) -> Option<Cow<'_, str>> {
        None
    }

    fn query_params(&self, _: Option<&str>) -> Vec<(Cow<'_, str>, Cow<'_, str>)> {
        Vec::new()
    }

    fn header(&self, _: &HeaderName) -> Option<Cow<'_, str>> {
        None
    }

    fn form_param(&self, _: &str) -> Option<Cow<'_, str>> {
        None
    }

    fn cookie(&self, _: &str) -> Option<Cow<'_, str>> {
        None
    }

    fn request(&self, _: RequestField) -> Cow<'_, str> {
        Cow::Borrowed("")
    }

    fn json(&self) -> Option<&Value> {
        None
    }

    fn pairs(&self, _: Root) -> Vec<(Cow<'_, str>, Cow<'_, str>)> {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::json::MAX_DEPTH;
    use crate::template::Limits;

    fn object(text: &str) -> Object {
        match Value::parse(text.as_bytes(), MAX_DEPTH).unwrap() {
            Value::Object(object) => object,
            other => panic!("{other:?}"),
        }
    }

    fn render(template: &str, scope: &ContextScope<'_>) -> String {
        let (template, problems) = compile_open(&Source::new("template", template), Mode::Plain);
        assert!(problems.is_empty(), "{problems:?}");
        let mut out = String::new();
        template.unwrap().render(scope, &Limits::default(), &mut out).unwrap();
        out
    }

    #[test]
    fn content_types_decide_escaping() {
        for (content_type, mode) in [
            ("application/json; charset=utf-8", Mode::Json),
            ("APPLICATION/PROBLEM+JSON", Mode::Json),
            ("text/html", Mode::Html),
            ("image/svg+xml", Mode::Html),
            ("text/xml", Mode::Html),
            ("text/plain", Mode::Plain),
            ("", Mode::Plain),
        ] {
            assert_eq!(Mode::of_content_type(content_type), mode, "{content_type}");
        }
    }

    #[test]
    fn names_of_small_and_large_contexts_are_found_and_numbers_keep_their_digits() {
        let many: Vec<String> = (0..100).map(|index| format!("\"n{index}\":{index}.50")).collect();
        let (small, large) = (object(r#"{"n7":7.50}"#), object(&format!("{{{}}}", many.join(","))));
        let counters = Counters::default();
        for context in [&small, &large] {
            let scope = ContextScope::new(context, Timestamp::UNIX_EPOCH, &counters);
            assert_eq!(render("{{n7}} {{n100}}|{{now}}", &scope), "7.50 |1970-01-01T00:00:00.000Z");
        }
    }

    #[test]
    fn env_is_a_name_that_the_context_may_take() {
        let env = Value::Object(object(r#"{"A":"env"}"#));
        let counters = Counters::default();
        for (context, wanted) in [("{}", "env"), (r#"{"env":{"A":"own"}}"#, "own")] {
            let context = object(context);
            let scope = ContextScope::new(&context, Timestamp::UNIX_EPOCH, &counters).env(&env);
            assert_eq!(render("{{env.A}}", &scope), wanted);
        }
    }

    #[test]
    fn draws_repeat_by_seed_and_number_and_counters_go_on() {
        let (context, counters) = (Object::default(), Counters::default());
        let draw = |seed, number| {
            let scope = ContextScope::new(&context, Timestamp::UNIX_EPOCH, &counters).seeded(seed, number);
            render("{{uuid}} {{random}}", &scope)
        };
        assert_eq!(draw(1, 0), draw(1, 0));
        assert!(draw(1, 0) != draw(1, 1) && draw(1, 0) != draw(2, 0));
        let scope = ContextScope::new(&context, Timestamp::UNIX_EPOCH, &counters);
        assert_eq!(render("{{counter:\"a\"}}{{counter:\"a\"}}", &scope), "12");
        assert_eq!(render("{{counter:\"a\"}}", &scope), "3");
    }

    #[test]
    fn problems_have_their_place_in_the_text() {
        let (template, problems) = compile_open(&Source::new("t", "a\n {{x|uper}}"), Mode::Plain);
        assert!(template.is_none());
        let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert!(told[0].starts_with("t:2:6: error[M0301]") && told[0].contains("upper"), "{told:?}");
    }
}
