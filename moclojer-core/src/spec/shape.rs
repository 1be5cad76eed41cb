//! The shape that an example of a request body fixes, and whether a body has it.
//!
//! Object keys must be present, JSON types must agree, the first element of a list stands for all of
//! them, null fits anything, an empty list any list and an empty map any map; further keys are allowed.

use super::tree::{Kind, Node};
use crate::json::{Value, pointer};

/// What a JSON value must look like.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Shape {
    /// Anything.
    Any,
    /// `true` or `false`.
    Bool,
    /// A number.
    Number,
    /// A text.
    Text,
    /// A list whose elements all have this shape.
    List(Box<Shape>),
    /// An object with at least these keys.
    Object(Vec<(Box<str>, Shape)>),
}

/// Where a body does not have the shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShapeMismatch {
    /// JSON pointer (RFC 6901); empty for the whole body.
    pub pointer: String,
    /// What was wanted there.
    pub wanted: String,
    /// What was found there.
    pub found: String,
}

impl Shape {
    /// The shape of a value.
    pub fn of_value(value: &Value) -> Self {
        match value {
            Value::Null => Self::Any,
            Value::Bool(_) => Self::Bool,
            Value::Number(_) => Self::Number,
            Value::String(_) => Self::Text,
            Value::Array(items) => Self::List(Box::new(items.first().map_or(Self::Any, Self::of_value))),
            Value::Object(object) => {
                Self::Object(object.iter().map(|(key, value)| (key.into(), Self::of_value(value))).collect())
            }
        }
    }

    /// The shape of a node of a mock file.
    pub fn of_node(node: &Node) -> Self {
        match &node.kind {
            Kind::Null => Self::Any,
            Kind::Bool(_) => Self::Bool,
            Kind::Number(_) => Self::Number,
            Kind::Text(_) => Self::Text,
            Kind::List(items) => Self::List(Box::new(items.first().map_or(Self::Any, Self::of_node))),
            Kind::Map(entries) => Self::Object(
                entries.iter().map(|entry| (entry.key.clone(), Self::of_node(&entry.value))).collect(),
            ),
        }
    }

    /// Whether `value` has the shape.
    pub fn fits(&self, value: &Value) -> bool {
        self.walk(value, &mut String::new(), &mut None)
    }

    /// At most `most` places where `value` does not have the shape.
    pub fn mismatches(&self, value: &Value, most: usize) -> Vec<ShapeMismatch> {
        let mut found = Some(Findings { list: Vec::new(), most });
        self.walk(value, &mut String::new(), &mut found);
        found.map(|findings| findings.list).unwrap_or_default()
    }

    /// Without findings it stops at the first misfit; with them it goes on until they are full.
    fn walk(&self, value: &Value, pointer: &mut String, findings: &mut Option<Findings>) -> bool {
        match (self, value) {
            (Self::Any, _)
            | (Self::Bool, Value::Bool(_))
            | (Self::Number, Value::Number(_))
            | (Self::Text, Value::String(_)) => true,
            (Self::List(shape), Value::Array(items)) => {
                if **shape == Self::Any {
                    return true;
                }
                let mut fits = true;
                for (index, item) in items.iter().enumerate() {
                    let length = pointer.len();
                    if findings.is_some() {
                        pointer::push_index(pointer, index);
                    }
                    fits &= shape.walk(item, pointer, findings);
                    pointer.truncate(length);
                    if !fits && findings.as_ref().is_none_or(Findings::full) {
                        return false;
                    }
                }
                fits
            }
            (Self::Object(wanted), Value::Object(object)) => {
                let mut fits = true;
                for (key, shape) in wanted {
                    let length = pointer.len();
                    if findings.is_some() {
                        pointer::push_key(pointer, key);
                    }
                    fits &= match object.get(key) {
                        Some(value) => shape.walk(value, pointer, findings),
                        None => {
                            if let Some(findings) = findings {
                                findings.push(pointer, shape.name(), "missing");
                            }
                            false
                        }
                    };
                    pointer.truncate(length);
                    if !fits && findings.as_ref().is_none_or(Findings::full) {
                        return false;
                    }
                }
                fits
            }
            _ => {
                if let Some(findings) = findings {
                    findings.push(pointer, self.name(), name_of(value));
                }
                false
            }
        }
    }

    /// What the shape is, for a message.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Any => "any value",
            Self::Bool => "a boolean",
            Self::Number => "a number",
            Self::Text => "a string",
            Self::List(_) => "a list",
            Self::Object(_) => "an object",
        }
    }
}

struct Findings {
    list: Vec<ShapeMismatch>,
    most: usize,
}

impl Findings {
    fn full(&self) -> bool {
        self.list.len() >= self.most
    }

    fn push(&mut self, pointer: &str, wanted: &str, found: &str) {
        if !self.full() {
            let (pointer, wanted, found) = (pointer.to_owned(), wanted.to_owned(), found.to_owned());
            self.list.push(ShapeMismatch { pointer, wanted, found });
        }
    }
}

fn name_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "the texts are literals of this module")]
    use super::*;

    fn parse(text: &str) -> Value {
        Value::parse(text.as_bytes(), 128).unwrap()
    }

    #[test]
    fn a_body_fits_the_shape_of_its_example() {
        for (example, body, fits) in [
            (r#"{"age":0}"#, r#"{"age":70}"#, true),
            (r#"{"age":0}"#, r#"{"age":70.5,"more":1}"#, true),
            (r#"{"age":0}"#, r#"{"age":"70"}"#, false),
            (r#"{"age":0}"#, r#"{}"#, false),
            (r#"{"age":0}"#, r#"{"age":null}"#, false),
            (r#"{"age":null}"#, r#"{"age":"x"}"#, true),
            (r#"{"age":null}"#, r#"{}"#, false),
            ("[1]", "[1,2,3]", true),
            ("[1]", r#"[1,"2"]"#, false),
            ("[1]", "[]", true),
            ("[]", r#"[1,"2"]"#, true),
            ("{}", r#"{"a":1}"#, true),
            ("{}", "[]", false),
            ("null", "12", true),
        ] {
            let shape = Shape::of_value(&parse(example));
            assert_eq!(shape.fits(&parse(body)), fits, "{example} {body}");
            assert_eq!(shape.mismatches(&parse(body), 10).is_empty(), fits, "{example} {body}");
        }
    }

    #[test]
    fn mismatches_are_named_by_pointer() {
        let shape = Shape::of_value(&parse(r#"{"a/b":[{"c":1}],"d":true}"#));
        let found = shape.mismatches(&parse(r#"{"a/b":[{"c":1},{"c":"x"},{}]}"#), 10);
        let pointers: Vec<&str> = found.iter().map(|mismatch| &*mismatch.pointer).collect();
        assert_eq!(pointers, ["/a~1b/1/c", "/a~1b/2/c", "/d"]);
        assert_eq!(shape.mismatches(&parse(r#"{"a/b":[{"c":1},{"c":"x"},{}]}"#), 1).len(), 1);
    }
}
