//! What values are made of, as paths, loops and `with` see them.

use std::rc::Rc;

use super::super::super::super::value::{Number, Stop, Text, Value};
use super::super::tree::Binding;
use super::{Item, Names, Result};

pub(super) fn refused() -> Stop {
    Stop::from("refused".to_owned())
}

pub(super) fn order(left: Number, right: Number) -> std::cmp::Ordering {
    match (left, right) {
        (Number::Int(left), Number::Int(right)) => left.cmp(&right),
        (left, right) => left.as_f64().partial_cmp(&right.as_f64()).unwrap_or(std::cmp::Ordering::Equal),
    }
}

pub(super) fn named_in<'a>(names: &Names<'a>, name: &str) -> Value<'a> {
    names.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone()).unwrap_or_default()
}

pub(super) fn follow<'a>(value: Value<'a>, keys: &[String]) -> Value<'a> {
    keys.iter().fold(value, |value, key| step(&value, key))
}

/// What a value has under a key.
pub(super) fn step<'a>(value: &Value<'a>, key: &str) -> Value<'a> {
    let index =
        key.bytes().all(|byte| byte.is_ascii_digit()).then(|| key.parse::<usize>().unwrap_or(usize::MAX));
    match (value, index) {
        (Value::Object(object), _) => object.get(key).map_or(Value::Missing, Value::from),
        (Value::Map(pairs), _) => {
            pairs.iter().find(|(name, _)| **name == *key).map(|(_, value)| value.clone()).unwrap_or_default()
        }
        (Value::Array(list), Some(index)) => list.get(index).map_or(Value::Missing, Value::from),
        (Value::List(list), Some(index)) => list.get(index).cloned().unwrap_or_default(),
        (Value::Array(list), None) if key == "length" => Value::Int(list.len() as i64),
        (Value::List(list), None) if key == "length" => Value::Int(list.len() as i64),
        (Value::Text(text), Some(index)) => {
            text.chars().nth(index).map_or(Value::Missing, |found| Value::text_of(found.to_string()))
        }
        _ => Value::Missing,
    }
}

/// A value in which a path leads to `end`; what is no map on the way becomes one.
pub(super) fn set<'a>(value: Value<'a>, path: &[String], end: Value<'a>) -> Value<'a> {
    let Some((key, rest)) = path.split_first() else { return end };
    let inner = set(step(&value, key), rest, end);
    let mut pairs: Vec<(Text<'a>, Value<'a>)> = match &value {
        Value::Object(object) => {
            object.iter().map(|(key, value)| (Text::Borrowed(key), value.into())).collect()
        }
        Value::Map(pairs) => pairs.to_vec(),
        _ => Vec::new(),
    };
    match pairs.iter_mut().find(|(known, _)| **known == **key) {
        Some(pair) => pair.1 = inner,
        None => pairs.push((Text::from(key.clone()), inner)),
    }
    Value::Map(pairs.into())
}

pub(super) fn items<'a>(value: &Value<'a>) -> Result<Vec<Item<'a>>> {
    Ok(match value {
        Value::Missing | Value::Null => Vec::new(),
        Value::Array(list) => list.iter().map(|item| (None, item.into())).collect(),
        Value::List(list) => list.iter().map(|item| (None, item.clone())).collect(),
        Value::Object(object) => {
            object.iter().map(|(key, value)| (Some(Value::Text(Text::Borrowed(key))), value.into())).collect()
        }
        Value::Map(pairs) => {
            pairs.iter().map(|(key, value)| (Some(Value::Text(key.clone())), value.clone())).collect()
        }
        Value::Text(text) => text.chars().map(|item| (None, Value::text_of(item.to_string()))).collect(),
        _ => return Err(refused()),
    })
}

/// The names of a loop at an item.
pub(super) fn named<'a>(
    binding: &Binding,
    index: usize,
    length: usize,
    (key, item): Item<'a>,
) -> Result<Names<'a>> {
    let pair = |key, item| Value::List(Rc::from([key, item]));
    match binding {
        Binding::Each => {
            let place = key.unwrap_or(Value::Int(index as i64));
            let place_names = [
                ("this", item),
                ("@key", place),
                ("@index", Value::Int(index as i64)),
                ("@first", Value::Bool(index == 0)),
                ("@last", Value::Bool(index + 1 == length)),
            ];
            Ok(place_names.map(|(name, value)| (name.to_owned(), value)).into())
        }
        Binding::Names(names) if names.len() == 1 => {
            Ok(vec![(names[0].clone(), key.map_or(item.clone(), |key| pair(key, item)))])
        }
        Binding::Names(names) => {
            let parts = match key {
                Some(key) => vec![key, item],
                None if matches!(item, Value::Object(_) | Value::Map(_)) => return Err(refused()),
                None => items(&item)?.into_iter().map(|(_, part)| part).collect(),
            };
            let parts = parts.into_iter().chain(std::iter::repeat(Value::Missing));
            Ok(names.iter().cloned().zip(parts).collect())
        }
    }
}
