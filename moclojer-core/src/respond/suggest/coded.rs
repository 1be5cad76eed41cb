//! A request changed so that guards made in code hold, where a value that would hold is known.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};

use super::super::view::View;
use super::{Edit, MOST_EDITS, body, path};
use crate::json::compare::Comparison;
use crate::json::{self, Value};
use crate::spec::Endpoint;
use crate::spec::coded::{CodedGuard, TextMatch};

/// What may be changed of a request.
pub(super) struct Parts<'r> {
    pub(super) headers: &'r mut HeaderMap,
    pub(super) query: &'r mut Option<String>,
    pub(super) body: &'r mut Option<Bytes>,
}

/// Changes what does not hold; none where that takes too much, or no value is known that would hold.
pub(super) fn change(
    view: &View<'_>,
    endpoint: &Endpoint,
    parts: &mut Parts<'_>,
    edits: &mut Vec<Edit>,
) -> Option<()> {
    for guard in endpoint.coded_guards().iter().filter(|guard| !(view.unread() && guard.needs_body())) {
        if guard.holds(view, endpoint) {
            continue;
        }
        if edits.len() >= MOST_EDITS {
            return None;
        }
        match guard {
            CodedGuard::Header(name, wanted) => {
                let value = value_of(wanted)?;
                match &value {
                    Some(text) => {
                        parts.headers.insert(name, HeaderValue::from_str(text).ok()?);
                    }
                    None => {
                        parts.headers.remove(name);
                    }
                }
                edits.push(Edit::Header { name: name.clone(), value });
            }
            CodedGuard::Query(name, wanted) => {
                let value = value_of(wanted)?;
                *parts.query = with_parameter(parts.query.as_deref(), name, value.as_deref());
                edits.push(Edit::Query { name: name.to_string(), value });
            }
            CodedGuard::Json(wanted, how) => {
                let changed = match (how, Value::parse(view.bytes(), json::MAX_DEPTH)) {
                    (Comparison::Partial, Ok(found)) => joined(&found, wanted),
                    _ => wanted.clone(),
                };
                change_body(parts, body::text(&changed), edits);
                if parts.headers.get(header::CONTENT_TYPE).is_none() {
                    parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
                }
            }
            CodedGuard::Text(wanted) => change_body(parts, value_of(wanted)?.unwrap_or_default(), edits),
            CodedGuard::Request(..) => return None,
        }
    }
    Some(())
}

/// A text that holds, or none where it has to be away.
fn value_of(wanted: &TextMatch) -> Option<Option<String>> {
    match wanted {
        TextMatch::Absent => Some(None),
        wanted => wanted.example().map(|text| Some(text.to_owned())),
    }
}

/// The query with this value where the parameter stands first, or at the end; without it where there is no value.
fn with_parameter(query: Option<&str>, name: &str, value: Option<&str>) -> Option<String> {
    let mut value = value.map(|value| format!("{}={}", path::encode(name), path::encode(value)));
    let pairs = query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
    let is_it = |pair: &str| {
        super::super::body::pairs(pair.as_bytes()).next().is_some_and(|(known, _)| known == name)
    };
    let mut kept: Vec<String> =
        pairs.filter_map(|pair| if is_it(pair) { value.take() } else { Some(pair.to_owned()) }).collect();
    kept.extend(value);
    (!kept.is_empty()).then(|| kept.join("&"))
}

/// `found` with all that is wanted in it. Values nest no deeper than their reader allows.
fn joined(found: &Value, wanted: &Value) -> Value {
    let (Value::Object(found), Value::Object(wanted)) = (found, wanted) else {
        return wanted.clone();
    };
    let kept = found.iter().map(|(key, value)| {
        let joined = wanted.get(key).map_or_else(|| value.clone(), |wanted| joined(value, wanted));
        (Box::from(key), joined)
    });
    let more = wanted.iter().filter(|(key, _)| found.get(key).is_none());
    Value::Object(kept.chain(more.map(|(key, value)| (key.into(), value.clone()))).collect())
}

fn change_body(parts: &mut Parts<'_>, text: String, edits: &mut Vec<Edit>) {
    edits.push(Edit::Body { pointer: String::new(), value: text.clone() });
    *parts.body = Some(text.into());
}
