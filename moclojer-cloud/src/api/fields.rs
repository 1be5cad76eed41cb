//! Reading of JSON bodies and of queries, field by field, so that everything that is wrong with a request is told at
//! once: what is missing, of another type, out of bounds, or not known at all.

use std::collections::BTreeSet;

use moclojer_core::problem::did_you_mean;
use moclojer_core::unify::Revision;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::error::{ApiError, FieldProblem};

/// What a request carries, made from its fields.
pub(crate) trait FromFields: Sized {
    /// Takes the fields that it knows. What is wrong is told by `fields`; none then.
    fn read(fields: &mut Fields) -> Option<Self>;
}

/// The fields of a request while they are read.
pub(crate) struct Fields {
    values: Map<String, Value>,
    /// From a query: everything is text.
    query: bool,
    known: BTreeSet<&'static str>,
    problems: Vec<FieldProblem>,
}

/// How many unknown fields are named.
const MOST_UNKNOWN: usize = 20;

impl Fields {
    /// Reads a body.
    pub(crate) fn read_body<T: FromFields>(body: Value) -> Result<T, ApiError> {
        match body {
            Value::Object(values) => Self::read(values, false),
            _ => Err(ApiError::field("", "the body is not a JSON object")),
        }
    }

    /// Reads a query.
    pub(crate) fn read_query<T: FromFields>(pairs: Vec<(String, String)>) -> Result<T, ApiError> {
        let mut values = Map::new();
        let mut twice = Vec::new();
        for (name, value) in pairs {
            if values.insert(name.clone(), Value::String(value)).is_some() {
                twice.push(name);
            }
        }
        match twice.first() {
            Some(name) => Err(ApiError::field(&shown(name), "stands twice in the query")),
            None => Self::read(values, true),
        }
    }

    fn read<T: FromFields>(values: Map<String, Value>, query: bool) -> Result<T, ApiError> {
        let mut fields = Self { values, query, known: BTreeSet::new(), problems: Vec::new() };
        let read = T::read(&mut fields);
        fields.tell_unknown();
        match read {
            Some(read) if fields.problems.is_empty() => Ok(read),
            _ => Err(ApiError::fields(&fields.problems)),
        }
    }

    fn tell_unknown(&mut self) {
        let unknown: Vec<String> = self.values.keys().take(MOST_UNKNOWN).cloned().collect();
        for name in unknown {
            let message = match did_you_mean(&name, self.known.iter().copied()) {
                Some(meant) => format!("is not known; did you mean `{meant}`?"),
                None => "is not known".to_owned(),
            };
            self.problem(&shown(&name), message);
        }
    }

    /// Says that a field is wrong.
    pub(crate) fn problem(&mut self, field: &str, message: impl Into<String>) {
        self.problems.push(FieldProblem { field: field.to_owned(), message: message.into() });
    }

    /// The names that were asked for so far.
    #[cfg(test)]
    pub(crate) fn names_of<T: FromFields>() -> BTreeSet<&'static str> {
        let mut fields =
            Self { values: Map::new(), query: false, known: BTreeSet::new(), problems: Vec::new() };
        let _ = T::read(&mut fields);
        fields.known
    }

    /// The value of a field; an explicit null counts as absent.
    fn take(&mut self, name: &'static str) -> Option<Value> {
        self.known.insert(name);
        self.values.remove(name).filter(|value| !value.is_null())
    }

    /// Says that a field is missing, if it is.
    pub(crate) fn required<T>(&mut self, name: &'static str, value: Option<T>) -> Option<T> {
        let told = self.problems.iter().any(|problem| problem.field == name);
        if value.is_none() && !told {
            self.problem(name, "is missing");
        }
        value
    }

    /// A text without NUL, which no database of ours keeps.
    pub(crate) fn text(&mut self, name: &'static str) -> Option<String> {
        match self.take(name)? {
            Value::String(text) if text.contains('\0') => {
                self.problem(name, "holds a NUL character");
                None
            }
            Value::String(text) => Some(text),
            other => self.wrong_type(name, "a text", &other),
        }
    }

    /// A text that is read further.
    pub(crate) fn parsed<T, E: ToString>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let text = self.text(name)?;
        parse(&text).map_err(|error| self.problem(name, error.to_string())).ok()
    }

    /// An id.
    pub(crate) fn id(&mut self, name: &'static str) -> Option<Uuid> {
        self.parsed(name, |text| Uuid::parse_str(text).map_err(|_| "is no UUID"))
    }

    /// True or false.
    pub(crate) fn boolean(&mut self, name: &'static str) -> Option<bool> {
        match self.take(name)? {
            Value::Bool(value) => Some(value),
            Value::String(text) if self.query && text == "true" => Some(true),
            Value::String(text) if self.query && text == "false" => Some(false),
            other => self.wrong_type(name, "true or false", &other),
        }
    }

    /// A whole number from `least` to `most`.
    pub(crate) fn number(&mut self, name: &'static str, least: u64, most: u64) -> Option<u64> {
        let value = self.take(name)?;
        let number = match &value {
            Value::String(text) if self.query => text.parse().ok(),
            other => other.as_u64().or_else(|| whole(other.as_f64()?)),
        };
        match number.filter(|number| (least..=most).contains(number)) {
            Some(number) => Some(number),
            None => {
                self.problem(name, format!("is no whole number from {least} to {most}"));
                None
            }
        }
    }

    /// A revision: a number, or the same as text.
    pub(crate) fn revision(&mut self, name: &'static str) -> Option<Revision> {
        // The largest that the database keeps.
        self.number(name, 1, i64::MAX as u64).map(Revision::new)
    }

    fn wrong_type<T>(&mut self, name: &'static str, expected: &str, found: &Value) -> Option<T> {
        let found = match found {
            Value::Null => "null",
            Value::Bool(_) => "true or false",
            Value::Number(_) => "a number",
            Value::String(_) => "a text",
            Value::Array(_) => "a list",
            Value::Object(_) => "an object",
        };
        self.problem(name, format!("is {found}, not {expected}"));
        None
    }
}

/// `5.0` is the whole number 5, as JSON Schema has it.
fn whole(number: f64) -> Option<u64> {
    // From here on a float is no `i64` any more.
    let fits = number.fract() == 0.0 && (0.0..9_223_372_036_854_775_808.0).contains(&number);
    fits.then_some(number as u64)
}

/// A name that a client chose, short and without what a terminal would obey.
fn shown(name: &str) -> String {
    moclojer_core::problem::excerpt(name, 64)
}

#[cfg(test)]
pub(crate) mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at what it did not expect")]

    use utoipa::PartialSchema;

    use super::*;

    /// The documentation of a body names the fields that are read of it, no more and no fewer.
    pub(crate) fn assert_documented<T: FromFields + PartialSchema>() {
        let schema = serde_json::to_value(T::schema()).unwrap();
        let documented: BTreeSet<&str> =
            schema["properties"].as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(documented, Fields::names_of::<T>());
        for name in schema["required"].as_array().into_iter().flatten() {
            let error = Fields::read_body::<T>(Value::Object(Map::new())).err();
            let told = error.is_some_and(|error| format!("{error:?}").contains(name.as_str().unwrap()));
            assert!(told, "{name} is documented as required");
        }
    }

    #[derive(Debug)]
    struct Pair {
        number: Option<u64>,
        text: String,
    }

    impl FromFields for Pair {
        fn read(fields: &mut Fields) -> Option<Self> {
            let number = fields.number("number", 1, 9);
            let text = fields.text("text");
            let text = fields.required("text", text);
            Some(Self { number, text: text? })
        }
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once() {
        for (body, expected) in [
            (r#"{"number": 10, "txet": "a"}"#, vec!["number", "text", "txet"]),
            (r#"{"text": "\u0000"}"#, vec!["text"]),
            (r#"{"text": 1, "number": "1"}"#, vec!["number", "text"]),
            (r#"{"text": null}"#, vec!["text"]),
            (r#"{"text": "", "number": 9.5}"#, vec!["number"]),
            (r#"{"text": "", "number": 1e300}"#, vec!["number"]),
            (r#"{"text": "", "number": -1.0}"#, vec!["number"]),
            ("[]", vec![""]),
        ] {
            let error = Fields::read_body::<Pair>(serde_json::from_str(body).unwrap()).unwrap_err();
            let value = serde_json::to_value(error.of_fields()).unwrap();
            let told: Vec<&str> =
                value.as_array().unwrap().iter().map(|problem| problem["field"].as_str().unwrap()).collect();
            assert_eq!(told, expected, "{body}");
        }
    }

    #[test]
    fn a_whole_number_may_be_written_with_a_point() {
        let body = serde_json::from_str(r#"{"text": "", "number": 9.0}"#).unwrap();
        assert_eq!(Fields::read_body::<Pair>(body).unwrap().number, Some(9));
    }

    #[test]
    fn a_query_is_text_and_names_nothing_twice() {
        let pairs = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect::<Vec<_>>()
        };
        let read = Fields::read_query::<Pair>(pairs(&[("number", "9"), ("text", "a")])).unwrap();
        assert_eq!((read.number, read.text.as_str()), (Some(9), "a"));
        assert!(Fields::read_query::<Pair>(pairs(&[("text", "a"), ("text", "a")])).is_err());
    }
}
