//! A request changed so that an endpoint's guards hold: host, path, method, query, body, each only where it must.

use std::collections::HashMap;

use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Method, Uri, header};

use super::super::body::JsonBody;
use super::super::search::{Search, method_rank};
use super::super::view::View;
use super::super::{Body, body as body_text};
use super::{ChangedRequest, Edit, MOST_EDITS, RequestChange, body, coded, path, sample};
use crate::json::Value;
use crate::spec::host::HostPattern;
use crate::spec::shape::Shape;
use crate::spec::{Endpoint, MethodMatch};

/// A longer body is not changed.
const MOST_BODY_BYTES: usize = 64 << 10;
const JSON: &str = "application/json";

/// The changed request; none when that takes more than three edits, or none at all. Whether the endpoint then
/// answers is not asked here.
pub(super) fn change(view: &View<'_>, search: &Search<'_, '_>, endpoint: &Endpoint) -> Option<RequestChange> {
    let mut edits = Vec::new();
    let host = endpoint.host.as_ref().filter(|host| !host.matches(view.host()));
    let host = host.map(|host| fitting_host(host, view.host()));
    edits.extend(host.clone().map(Edit::Host));
    let (path, path_edits) = path::repair(search.view.request.target.path(), &endpoint.path)?;
    edits.extend(path_edits);
    let method = match endpoint.method {
        MethodMatch::Exactly(verb) if method_rank(view.request.method)(endpoint.method).is_none() => {
            let method = Method::from(verb);
            edits.push(Edit::Method(method.clone()));
            method
        }
        _ => view.request.method.clone(),
    };
    let query = query(view, endpoint, &mut edits)?;
    let (mut headers, mut body) = with_body(view, endpoint, &mut edits)?;
    let mut query = query;
    coded::change(
        view,
        endpoint,
        &mut coded::Parts { headers: &mut headers, query: &mut query, body: &mut body },
        &mut edits,
    )?;
    if edits.is_empty() || edits.len() > MOST_EDITS {
        return None;
    }
    let changed = assemble(view, host.as_deref(), &path, query.as_deref(), method, headers, body)?;
    Some(RequestChange { edits, changed })
}

fn assemble(
    view: &View<'_>,
    host: Option<&str>,
    path: &str,
    query: Option<&str>,
    method: Method,
    mut headers: HeaderMap,
    body: Option<Bytes>,
) -> Option<ChangedRequest> {
    let line = match query {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    };
    let mut parts = view.request.target.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(line).ok()?);
    match (host, &mut parts.authority) {
        (Some(host), Some(authority)) => *authority = host.parse().ok()?,
        (Some(host), None) => {
            headers.insert(header::HOST, HeaderValue::from_str(host).ok()?);
        }
        (None, _) => {}
    }
    Some(ChangedRequest { method, target: Uri::from_parts(parts).ok()?, headers, body })
}

/// A host that the pattern matches; of a wildcard, with a label of the request's host where it has one.
fn fitting_host(pattern: &HostPattern, found: &str) -> String {
    let Some(parent) = pattern.wildcard() else {
        return pattern.as_str().to_owned();
    };
    let label = found.strip_suffix(parent).and_then(|before| before.strip_suffix('.'));
    let label = label.and_then(|before| before.rsplit('.').next()).filter(|label| !label.is_empty());
    format!("{}.{parent}", label.unwrap_or("www"))
}

/// The query with values that their types accept; a parameter for which none can be made is left out.
fn query(view: &View<'_>, endpoint: &Endpoint, edits: &mut Vec<Edit>) -> Option<Option<String>> {
    let Some(raw) = view.request.target.query() else {
        return Some(None);
    };
    let kinds: HashMap<&str, _> = endpoint.query.iter().map(|param| (&*param.name, &param.kind)).collect();
    let mut kept: Vec<String> = Vec::new();
    for pair in raw.split('&') {
        let read = body_text::pairs(pair.as_bytes()).next();
        let refused = read.as_ref().and_then(|(name, value)| {
            kinds.get(&**name).filter(|kind| !kind.accepts(value)).map(|kind| (name, value, kind))
        });
        let Some((name, value, kind)) = refused else {
            kept.push(pair.to_owned());
            continue;
        };
        let better = sample::text(kind, Some(value));
        if let Some(better) = &better {
            kept.push(format!("{}={}", path::encode(name), path::encode(better)));
        }
        edits.push(Edit::Query { name: name.clone().into_owned(), value: better });
        if edits.len() > MOST_EDITS {
            return None;
        }
    }
    Some((!kept.is_empty()).then(|| kept.join("&")))
}

/// Headers and body that have the endpoint's shape; the outer none when that takes too much.
fn with_body(
    view: &View<'_>,
    endpoint: &Endpoint,
    edits: &mut Vec<Edit>,
) -> Option<(HeaderMap, Option<Bytes>)> {
    let mut headers = view.request.headers.clone();
    let sent = match view.body {
        Body::Unread => return Some((headers, None)),
        Body::Read(sent) => sent.clone(),
    };
    let Some(shape) = &endpoint.body else {
        return Some((headers, Some(sent)));
    };
    if view.json_value().is_some_and(|value| shape.fits(value)) {
        return Some((headers, Some(sent)));
    }
    let foreign = view.foreign_type().is_some() || view.is_form() || says_other_than_json(view);
    if foreign {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(JSON));
        edits.push(Edit::ContentType(JSON));
    }
    // Under its right type it may fit already.
    let value = match view.json() {
        _ if sent.len() > MOST_BODY_BYTES => return None,
        JsonBody::Value { value, .. } if !foreign => Some(value.clone()),
        _ => Value::parse(&sent, crate::json::MAX_DEPTH).ok(),
    };
    let repaired = match value {
        Some(value) if shape.fits(&value) => return Some((headers, Some(sent))),
        Some(value) => repair(shape, &value, edits)?,
        None => match view.json_value().filter(|_| view.is_form()) {
            Some(form) => of_form(shape, form, edits)?,
            None => whole(shape, edits)?,
        },
    };
    Some((headers, Some(body::text(&repaired).into())))
}

fn says_other_than_json(view: &View<'_>) -> bool {
    view.bytes().is_empty() && body_text::says_other_than_json(view.request.headers)
}

fn repair(shape: &Shape, value: &Value, edits: &mut Vec<Edit>) -> Option<Value> {
    let room = MOST_EDITS.checked_sub(edits.len())?;
    match body::repair(shape, value, room) {
        Some((repaired, made)) => {
            edits.extend(made);
            Some(repaired)
        }
        None => whole(shape, edits),
    }
}

/// What a form says, as JSON.
fn of_form(shape: &Shape, form: &Value, edits: &mut Vec<Edit>) -> Option<Value> {
    let (value, _) = body::repair(shape, form, usize::MAX)?;
    edits.push(Edit::Body { pointer: String::new(), value: body::text(&value) });
    Some(value)
}

fn whole(shape: &Shape, edits: &mut Vec<Edit>) -> Option<Value> {
    let made = body::sample(shape)?;
    edits.push(Edit::Body { pointer: String::new(), value: body::text(&made) });
    Some(made)
}
