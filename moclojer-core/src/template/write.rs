//! Writes a value where it goes, escaped as that place demands.

use super::escape;
use super::program::Place;
use super::value::{Meter, Stop, Value};
use crate::json;

/// Appends `value` to `out`.
#[inline]
pub(super) fn write(
    value: &Value<'_>,
    place: Place,
    out: &mut String,
    meter: &mut Meter,
) -> Result<(), Stop> {
    match (value, place) {
        (Value::Text(text), Place::JsonValue) => write_text(text, Place::Raw, out, meter),
        (_, Place::JsonValue | Place::JsonOwn) => value.write_json(out, meter),
        (Value::Missing | Value::Null, _) => Ok(()),
        // A number's digits may hold a `+`, which a query reads as a space.
        (Value::Text(text) | Value::Param(text, _), _) | (Value::Digits(text), Place::Url) => {
            write_text(text, place, out, meter)
        }
        (Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Digits(_), _) | (_, Place::Raw) => {
            value.write_json(out, meter)
        }
        _ => write_text(&value.to_text(meter)?, place, out, meter),
    }
}

/// Appends a value of a request's JSON to `out`.
#[inline]
pub(super) fn write_json_value(
    value: &json::Value,
    place: Place,
    out: &mut String,
    meter: &mut Meter,
) -> Result<(), Stop> {
    match value {
        json::Value::String(text) if place != Place::JsonOwn => write_text(text, place, out, meter),
        json::Value::Number(digits) if place != Place::Url => write_text(digits, Place::Raw, out, meter),
        other => write(&Value::from(other), place, out, meter),
    }
}

/// Appends `text` to `out`; as text, also where a JSON value stands.
#[inline]
pub(super) fn write_text(text: &str, place: Place, out: &mut String, meter: &mut Meter) -> Result<(), Stop> {
    match place {
        Place::Raw | Place::JsonValue | Place::JsonOwn => {
            meter.output(text.len())?;
            out.push_str(text);
            Ok(())
        }
        Place::JsonString => meter.escaped(text, crate::json::escape_into, out),
        Place::Html => meter.escaped(text, escape::html_into, out),
        Place::Header => meter.escaped(text, escape::header_into, out),
        Place::Url => meter.escaped(text, escape::url_into, out),
    }
}
