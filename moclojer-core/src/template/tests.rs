//! The language as a whole: the original's cases, meaning, places of problems, escaping, limits.

#![expect(clippy::unwrap_used, reason = "tests")]

mod docs;
mod laws;
mod naive;
mod original;
mod problems;
mod rendering;

use std::cell::Cell;

use super::*;

/// What the tests' requests give.
#[derive(Default)]
pub(crate) struct TestScope {
    pub(crate) path: Vec<&'static str>,
    pub(crate) query: Vec<(&'static str, &'static str)>,
    pub(crate) headers: Vec<(&'static str, &'static str)>,
    pub(crate) form: Vec<(&'static str, &'static str)>,
    pub(crate) cookies: Vec<(&'static str, &'static str)>,
    pub(crate) json: Option<json::Value>,
    pub(crate) draws: Cell<u64>,
    pub(crate) counted: Cell<u64>,
}

fn first<'a>(pairs: &[(&'a str, &'a str)], name: &str) -> Option<Cow<'a, str>> {
    pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| Cow::Borrowed(*value))
}

impl Scope for TestScope {
    fn path_param(&self, index: usize) -> Option<Cow<'_, str>> {
        self.path.get(index).map(|text| Cow::Borrowed(*text))
    }

    fn query_param(&self, name: &str) -> Option<Cow<'_, str>> {
        first(&self.query, name)
    }

    fn header(&self, name: &HeaderName) -> Option<Cow<'_, str>> {
        first(&self.headers, name.as_str())
    }

    fn form_param(&self, name: &str) -> Option<Cow<'_, str>> {
        first(&self.form, name)
    }

    fn query_params(&self, name: Option<&str>) -> Vec<(Cow<'_, str>, Cow<'_, str>)> {
        let wanted = self.query.iter().filter(|(known, _)| name.is_none_or(|name| name == *known));
        wanted.map(|(name, value)| (Cow::Borrowed(*name), Cow::Borrowed(*value))).collect()
    }

    fn cookie(&self, name: &str) -> Option<Cow<'_, str>> {
        first(&self.cookies, name)
    }

    fn request(&self, field: RequestField) -> Cow<'_, str> {
        Cow::Borrowed(match field {
            RequestField::Method => "POST",
            RequestField::Path => "/users/7",
            RequestField::Host => "example.com",
            RequestField::Body => "{}",
            RequestField::Id => "a1a2a3a4-b1b2-4c3c-8d4d-d5d6d7d8d9da",
        })
    }

    fn json(&self) -> Option<&json::Value> {
        self.json.as_ref()
    }

    /// The JSON is the context too.
    fn context(&self, name: &str) -> Option<&json::Value> {
        match &self.json {
            Some(json::Value::Object(object)) => object.get(name),
            _ => None,
        }
    }

    fn pairs(&self, root: Root) -> Vec<(Cow<'_, str>, Cow<'_, str>)> {
        let pairs = match root {
            Root::QueryParams => &self.query,
            Root::Headers => &self.headers,
            Root::FormParams => &self.form,
            Root::Cookies => &self.cookies,
            Root::PathParams => return vec![],
        };
        let first = |(index, (name, _)): &(usize, &(&str, &str))| {
            !pairs[..*index].iter().any(|(known, _)| known == name)
        };
        let once = pairs.iter().enumerate().filter(first);
        once.map(|(_, (name, value))| (Cow::Borrowed(*name), Cow::Borrowed(*value))).collect()
    }

    fn now(&self) -> Timestamp {
        "2026-11-24T08:09:10.1112Z".parse().unwrap()
    }

    fn next_random(&self) -> u64 {
        self.draws.set(self.draws.get() + 1);
        self.draws.get().wrapping_mul(0x9E37_79B9_7F4A_7C15)
    }

    fn count(&self, _: &str) -> Option<u64> {
        self.counted.set(self.counted.get() + 1);
        Some(self.counted.get())
    }
}

/// The value of a JSON text.
pub(crate) fn value(text: &str) -> json::Value {
    fn convert(value: serde_json::Value) -> json::Value {
        match value {
            serde_json::Value::Null => json::Value::Null,
            serde_json::Value::Bool(truth) => json::Value::Bool(truth),
            serde_json::Value::Number(number) => json::Value::Number(number.to_string().into()),
            serde_json::Value::String(text) => json::Value::String(text.into()),
            serde_json::Value::Array(items) => json::Value::Array(items.into_iter().map(convert).collect()),
            serde_json::Value::Object(object) => json::Value::Object(
                object.into_iter().map(|(key, value)| (key.into(), convert(value))).collect(),
            ),
        }
    }
    // A number by itself keeps its digits, which serde_json would not.
    if text.starts_with(|first: char| first == '-' || first.is_ascii_digit()) {
        return json::Value::Number(text.into());
    }
    convert(serde_json::from_str(text).unwrap())
}

/// A request with a JSON body.
pub(crate) fn body(text: &str) -> TestScope {
    TestScope { json: Some(value(text)), ..TestScope::default() }
}

pub(crate) const OPEN: Names<'static> = Names { path_params: &[], query_params: &[], env: &[], open: true };

/// Compiles and renders; the first problem or the error as text otherwise.
pub(crate) fn render_with(
    template: &str,
    mode: Mode,
    names: &Names<'_>,
    scope: &dyn Scope,
) -> Result<String, String> {
    let compiled = compile(template, mode, names);
    let Some(template) = compiled.template else {
        return Err(compiled
            .notes
            .iter()
            .find(|note| note.severity == Severity::Error)
            .unwrap()
            .message
            .clone());
    };
    let mut out = String::new();
    template.render(scope, &Limits::default(), &mut out).map_err(|error| error.to_string())?;
    Ok(out)
}

/// Renders in an open context, escaping off. A context `{"x":NUMBER}` keeps the number's digits.
pub(crate) fn rendered(template: &str, context: &str) -> Result<String, String> {
    let mut scope = body(context);
    if let Some(number) = context.strip_prefix("{\"x\":").and_then(|rest| rest.strip_suffix('}'))
        && number.starts_with(|first: char| first == '-' || first.is_ascii_digit())
    {
        scope.json = Some(json::Value::Object(
            [("x".into(), json::Value::Number(number.into()))].into_iter().collect(),
        ));
    }
    render_with(template, Mode::Plain, &OPEN, &scope)
}
