//! Which types and shapes of an endpoint a request does not meet, and how that is said.
//!
//! Only misses come here: whether guards hold is asked in `plan`, without making words of it.

use std::borrow::Cow;

use super::body::JsonBody;
use super::error::cut;
use super::reason::{Mismatch, Part};
use super::view::View;
use crate::route::Segments;
use crate::spec::Endpoint;
use crate::spec::path::ParamType;
use crate::spec::shape::Shape;

/// The most mismatches that one endpoint's body is told.
const MOST_BODY_MISMATCHES: usize = 20;

/// Every type and shape that does not hold, at most `most` of them, of a path that has the pattern's shape.
pub(super) fn mismatches(
    endpoint: &Endpoint,
    view: &View<'_>,
    path: &Segments<'_>,
    most: usize,
) -> Vec<Mismatch> {
    let mut found = Vec::new();
    for (index, capture) in endpoint.path.captures.iter().enumerate() {
        if let Some(text) = endpoint.path.capture(index, path) {
            push_type(&mut found, Part::Path, &capture.name, &capture.kind, &text);
        }
    }
    for param in &endpoint.query {
        for value in view.query().all(&param.name) {
            push_type(&mut found, Part::Query, &param.name, &param.kind, &value);
        }
    }
    if let Some(shape) = &endpoint.body {
        of_body(shape, view, &mut found);
    }
    for guard in endpoint.coded_guards() {
        if !(view.unread() && guard.needs_body()) {
            found.extend(guard.mismatches(view, endpoint));
        }
    }
    found.truncate(most);
    found
}

fn of_body(shape: &Shape, view: &View<'_>, found: &mut Vec<Mismatch>) {
    let whole = |found: String| Mismatch {
        part: Part::Body,
        name: String::new(),
        wanted: match shape {
            Shape::Any => "JSON".to_owned(),
            shape => shape.name().to_owned(),
        },
        found,
    };
    match view.json() {
        JsonBody::Absent if view.unread() => {}
        JsonBody::Absent => found.push(whole(match view.foreign_type() {
            Some(kind) => format!("no JSON by its content type `{}`", cut(kind, 64)),
            None => "empty".to_owned(),
        })),
        JsonBody::Malformed(why) => found.push(whole(format!("malformed JSON ({why})"))),
        JsonBody::Value { value, .. } => {
            let of_form = if view.is_form() { " (the body is a form)" } else { "" };
            found.extend(shape.mismatches(value, MOST_BODY_MISMATCHES).into_iter().map(|mismatch| {
                Mismatch {
                    part: Part::Body,
                    name: cut(&mismatch.pointer, 256).to_owned(),
                    wanted: mismatch.wanted,
                    found: mismatch.found + of_form,
                }
            }));
        }
    }
}

fn push_type(found: &mut Vec<Mismatch>, part: Part, name: &str, kind: &ParamType, text: &str) {
    if kind.accepts(text) {
        return;
    }
    let shown: Cow<'_, str> =
        if text.len() > 64 { format!("{}…", cut(text, 64)).into() } else { text.into() };
    found.push(Mismatch {
        part,
        name: name.to_owned(),
        wanted: format!("`{kind}`"),
        found: format!("`{shown}`"),
    });
}
