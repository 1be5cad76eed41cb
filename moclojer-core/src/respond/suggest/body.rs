//! A JSON body changed as little as gives it a shape, and the smallest body of a shape.

use super::Edit;
use crate::json::pointer::push_key;
use crate::json::{Object, Value};
use crate::spec::shape::Shape;

/// The most values that a made body has.
const MOST_VALUES: usize = 200;

/// The smallest value of a shape; none when it is too large to be read.
pub(super) fn sample(shape: &Shape) -> Option<Value> {
    make(shape, &mut MOST_VALUES.clone())
}

fn make(shape: &Shape, left: &mut usize) -> Option<Value> {
    *left = left.checked_sub(1)?;
    Some(match shape {
        Shape::Any => Value::Null,
        Shape::Bool => Value::Bool(true),
        Shape::Number => Value::Number("1".into()),
        Shape::Text => Value::String("text".into()),
        Shape::List(_) => Value::Array(Vec::new()),
        Shape::Object(keys) => {
            let pairs = keys.iter().map(|(key, shape)| Some((key.clone(), make(shape, left)?)));
            Value::Object(pairs.collect::<Option<Object>>()?)
        }
    })
}

/// `value` with all that does not have the shape replaced, each noted; none past `most` edits.
pub(super) fn repair(shape: &Shape, value: &Value, most: usize) -> Option<(Value, Vec<Edit>)> {
    let mut repair = Repair { pointer: String::new(), edits: Vec::new(), most };
    let repaired = repair.value(shape, value)?;
    Some((repaired, repair.edits))
}

struct Repair {
    pointer: String,
    edits: Vec<Edit>,
    most: usize,
}

impl Repair {
    /// Shapes and values nest no deeper than the readers of files and bodies allow.
    fn value(&mut self, shape: &Shape, value: &Value) -> Option<Value> {
        match (shape, value) {
            (Shape::List(of), Value::Array(items)) => {
                let mut repaired = Vec::with_capacity(items.len());
                for (index, item) in items.iter().enumerate() {
                    repaired.push(self.below(&index.to_string(), |repair| repair.value(of, item))?);
                }
                Some(Value::Array(repaired))
            }
            (Shape::Object(keys), Value::Object(object)) => self.object(keys, object),
            (shape, value) if shape.fits(value) => Some(value.clone()),
            (shape, value) => self.replace(shape, Some(value)),
        }
    }

    fn object(&mut self, keys: &[(Box<str>, Shape)], object: &Object) -> Option<Value> {
        let shapes: std::collections::HashMap<&str, &Shape> =
            keys.iter().map(|(key, shape)| (&**key, shape)).collect();
        let mut pairs: Vec<(Box<str>, Value)> = Vec::with_capacity(object.len());
        for (key, value) in object.iter() {
            let repaired = match shapes.get(key) {
                Some(shape) => self.below(key, |repair| repair.value(shape, value))?,
                None => value.clone(),
            };
            pairs.push((key.into(), repaired));
        }
        let there: std::collections::HashSet<&str> = object.iter().map(|(key, _)| key).collect();
        for (key, shape) in keys.iter().filter(|(key, _)| !there.contains(&**key)) {
            let made = self.below(key, |repair| repair.replace(shape, None))?;
            pairs.push((key.clone(), made));
        }
        Some(Value::Object(pairs.into_iter().collect()))
    }

    fn below<T>(&mut self, key: &str, go: impl FnOnce(&mut Self) -> T) -> T {
        let length = self.pointer.len();
        push_key(&mut self.pointer, key);
        let done = go(self);
        self.pointer.truncate(length);
        done
    }

    fn replace(&mut self, shape: &Shape, found: Option<&Value>) -> Option<Value> {
        if self.edits.len() >= self.most {
            return None;
        }
        let made = found.and_then(|found| near(shape, found)).or_else(|| sample(shape))?;
        self.edits.push(Edit::Body { pointer: self.pointer.clone(), value: text(&made) });
        Some(made)
    }
}

/// The same in another type: `"7"` as 7, 7 as `"7"`.
fn near(shape: &Shape, found: &Value) -> Option<Value> {
    let near = match found {
        Value::String(text) => Value::parse(text.as_bytes(), 1).ok()?,
        Value::Number(text) => Value::String(text.clone()),
        Value::Bool(value) => Value::String(value.to_string().into()),
        Value::Null | Value::Array(_) | Value::Object(_) => return None,
    };
    shape.fits(&near).then_some(near)
}

/// A value as JSON.
pub(super) fn text(value: &Value) -> String {
    let mut text = String::new();
    value.write_json(&mut text);
    text
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "the texts are literals of this module")]
    use super::*;

    fn parse(text: &str) -> Value {
        Value::parse(text.as_bytes(), 128).unwrap()
    }

    #[test]
    fn a_body_is_changed_as_little_as_it_takes() {
        for (example, body, wanted, count) in [
            (r#"{"age":0}"#, r#"{"age":"7","x":2}"#, Some(r#"{"age":7,"x":2}"#), 1),
            (r#"{"a/b":{"c":[true]}}"#, r#"{"a/b":{"c":[true,1]}}"#, Some(r#"{"a/b":{"c":[true,true]}}"#), 1),
            (r#"{"a":1,"b":"x"}"#, "{}", Some(r#"{"a":1,"b":"text"}"#), 2),
            (r#"{"a":1}"#, "[]", Some(r#"{"a":1}"#), 1),
            ("[1]", r#"["1","2","3","4"]"#, None, 0),
        ] {
            let shape = Shape::of_value(&parse(example));
            let repaired = repair(&shape, &parse(body), 3);
            assert_eq!(repaired.as_ref().map(|(value, _)| text(value)).as_deref(), wanted, "{body}");
            if let Some((value, edits)) = repaired {
                assert!(shape.fits(&value), "{body}");
                assert_eq!(edits.len(), count, "{body}");
            }
        }
    }
}
