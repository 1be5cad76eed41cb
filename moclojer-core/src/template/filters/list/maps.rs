//! Filters that look into maps: one map, or each map of a list. A key may be a path with dots and indexes, as that of a
//! variable.

use super::items;
use crate::template::compare::equal;
use crate::template::expression;
use crate::template::filters::{argument, refuse};
use crate::template::value::{Meter, Stop, Text, Value};

/// What a map has under a key, or a list or text at an index.
pub(in crate::template::filters) fn get<'a>(
    value: Value<'a>,
    arguments: &[Value<'a>],
    meter: &mut Meter,
) -> Result<Value<'a>, Stop> {
    let key = argument(arguments, 0).to_text(meter)?;
    value.get(&key, index(&key), meter)
}

pub(in crate::template::filters) fn keys<'a>(
    value: Value<'a>,
    _: &[Value<'a>],
    meter: &mut Meter,
) -> Result<Value<'a>, Stop> {
    Ok(Value::List(match &value {
        Value::Object(object) => {
            meter.step(object.len())?;
            object.iter().map(|(key, _)| Value::Text(Text::Borrowed(key))).collect()
        }
        Value::Map(pairs) => {
            meter.step(pairs.len())?;
            pairs.iter().map(|(key, _)| Value::Text(key.clone())).collect()
        }
        _ => return refuse(&value, "map"),
    }))
}

pub(in crate::template::filters) fn values<'a>(
    value: Value<'a>,
    _: &[Value<'a>],
    meter: &mut Meter,
) -> Result<Value<'a>, Stop> {
    Ok(Value::List(match &value {
        Value::Object(object) => {
            meter.step(object.len())?;
            object.iter().map(|(_, value)| value.into()).collect()
        }
        Value::Map(pairs) => {
            meter.step(pairs.len())?;
            pairs.iter().map(|(_, value)| value.clone()).collect()
        }
        _ => return refuse(&value, "map"),
    }))
}

pub(in crate::template::filters) fn map<'a>(
    value: Value<'a>,
    arguments: &[Value<'a>],
    meter: &mut Meter,
) -> Result<Value<'a>, Stop> {
    let path = Path::of(&argument(arguments, 0).to_text(meter)?);
    let mut found = Vec::new();
    for item in list_items(&value, meter)? {
        found.push(match path.follow(item, meter)? {
            Value::Missing => Value::Null,
            value => value,
        });
    }
    Ok(Value::List(found.into()))
}

/// `where`, which is a word of the language.
pub(in crate::template::filters) fn matching<'a>(
    value: Value<'a>,
    arguments: &[Value<'a>],
    meter: &mut Meter,
) -> Result<Value<'a>, Stop> {
    let path = Path::of(&argument(arguments, 0).to_text(meter)?);
    let wanted = argument(arguments, 1);
    let mut found = Vec::new();
    for item in list_items(&value, meter)? {
        if equal(&path.follow(item.clone(), meter)?, wanted, meter)? {
            found.push(item);
        }
    }
    Ok(Value::List(found.into()))
}

fn list_items<'a>(value: &Value<'a>, meter: &mut Meter) -> Result<Vec<Value<'a>>, Stop> {
    match value {
        Value::Array(_) | Value::List(_) => items(value, meter),
        _ => refuse(value, "list"),
    }
}

/// What a key is to lists and texts.
fn index(key: &str) -> Option<u32> {
    key.parse().ok().filter(|_| expression::is_digits(key))
}

/// A dotted path, taken apart once for all items.
pub(super) struct Path(Vec<(String, Option<u32>)>);

impl Path {
    pub(super) fn of(written: &str) -> Self {
        let keys = expression::keys(written).into_iter();
        Self(keys.map(|key| (key.to_string(), index(&key))).collect())
    }

    /// What stands at the path from `value` on.
    pub(super) fn follow<'a>(&self, mut value: Value<'a>, meter: &mut Meter) -> Result<Value<'a>, Stop> {
        for (key, index) in &self.0 {
            meter.step(1)?;
            value = value.get(key, *index, meter)?;
        }
        Ok(value)
    }
}
