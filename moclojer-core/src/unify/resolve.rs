//! The items of a file as they are without `defaults`: what a document says for all its endpoints stands in each.
//!
//! It works on trees that were found valid, and takes whatever else it meets as it stands. Items that serve nothing
//! (disabled endpoints, unknown or empty items) are left out.

use std::borrow::Cow;

use crate::spec::host::HostPattern;
use crate::spec::tree::{Entry, Kind, Node};

/// Kinds of items that are kept.
const ITEMS: &[&str] = &["endpoint", "websocket", "external-body", "openapi"];
/// What an endpoint takes from the defaults as a whole, when it does not say it itself.
const WHOLE: &[&str] = &["cors", "latency", "rate-limit", "near-misses"];

/// A value of the result: taken from the tree, or made here.
pub(super) enum Value<'n> {
    Node(&'n Node),
    Text(Cow<'n, str>),
    Map(Map<'n>),
}

/// A map of the result, in the order in which it is written.
pub(super) type Map<'n> = Vec<(&'n str, Value<'n>)>;

/// The items of all documents, one by one, so that only one is held at a time.
pub(super) fn items<'n>(documents: &'n [Node], host: &'n HostPattern) -> impl Iterator<Item = Map<'n>> {
    documents.iter().flat_map(move |document| {
        let defaults = Defaults::of(document);
        list(document)
            .iter()
            .map(move |item| self::item(item, defaults, host))
            .filter(|item| !item.is_empty())
    })
}

/// What a document says for all its endpoints.
#[derive(Clone, Copy)]
struct Defaults<'n>(Option<&'n Node>);

impl<'n> Defaults<'n> {
    fn of(document: &'n Node) -> Self {
        Self(list(document).iter().find_map(|item| item.get("defaults")))
    }

    /// A default that says something; null does not.
    fn get(self, key: &str) -> Option<&'n Node> {
        self.0.and_then(|node| said(node, key))
    }

    /// A path behind the document's prefix.
    fn path(self, path: &'n str) -> Cow<'n, str> {
        match self.get("prefix").and_then(Node::as_text).map(|prefix| prefix.trim_end_matches('/')) {
            None | Some("") => Cow::Borrowed(path),
            Some(prefix) => Cow::Owned(format!("{prefix}{path}")),
        }
    }
}

fn list(node: &Node) -> &[Node] {
    match &node.kind {
        Kind::List(items) => items,
        _ => &[],
    }
}

fn map(node: &Node) -> &[Entry] {
    match &node.kind {
        Kind::Map(entries) => entries,
        _ => &[],
    }
}

/// The value of `key` that is not null.
fn said<'n>(node: &'n Node, key: &str) -> Option<&'n Node> {
    node.get(key).filter(|value| !matches!(value.kind, Kind::Null))
}

fn item<'n>(item: &'n Node, defaults: Defaults<'n>, host: &'n HostPattern) -> Map<'n> {
    let kept = map(item).iter().filter(|entry| ITEMS.contains(&&*entry.key));
    let resolved = kept.filter_map(|entry| {
        let value = match &*entry.key {
            "endpoint" => Value::Map(endpoint(&entry.value, defaults, host)?),
            "websocket" => Value::Map(with_path(&entry.value, "path", defaults, host)),
            "openapi" => Value::Map(openapi(&entry.value, defaults, host)),
            _ => Value::Node(&entry.value),
        };
        Some((&*entry.key, value))
    });
    resolved.collect()
}

/// None for an endpoint that is switched off.
fn endpoint<'n>(node: &'n Node, defaults: Defaults<'n>, host: &'n HostPattern) -> Option<Map<'n>> {
    if matches!(node.get("enabled").map(|node| &node.kind), Some(Kind::Bool(false))) {
        return None;
    }
    let mut resolved = with_path(node, "path", defaults, host);
    for key in WHOLE {
        if let (None, Some(default)) = (said(node, key), defaults.get(key)) {
            set(&mut resolved, key, Value::Node(default));
        }
    }
    if let (Some(response), Some(headers)) = (said(node, "response"), defaults.get("headers")) {
        set(&mut resolved, "response", Value::Map(with_headers(response, headers)));
    }
    Some(resolved)
}

/// The entries of an item with its host forced and `key`, a path, behind the prefix.
fn with_path<'n>(node: &'n Node, key: &'n str, defaults: Defaults<'n>, host: &'n HostPattern) -> Map<'n> {
    let mut resolved = vec![("host", Value::Text(Cow::Borrowed(host.as_str())))];
    for entry in map(node).iter().filter(|entry| &*entry.key != "host") {
        let value = match entry.value.as_text().filter(|_| &*entry.key == key) {
            Some(path) => Value::Text(defaults.path(path)),
            None => Value::Node(&entry.value),
        };
        resolved.push((&entry.key, value));
    }
    resolved
}

/// An OpenAPI document's `prefix` stands behind that of the document; its `path` is a file.
fn openapi<'n>(node: &'n Node, defaults: Defaults<'n>, host: &'n HostPattern) -> Map<'n> {
    let mut resolved = with_path(node, "prefix", defaults, host);
    if let (None, Some(prefix)) = (said(node, "prefix"), defaults.get("prefix")) {
        set(&mut resolved, "prefix", Value::Node(prefix));
    }
    resolved
}

/// A response with the headers of `defaults` that it does not have, names compared in any case.
fn with_headers<'n>(response: &'n Node, defaults: &'n Node) -> Map<'n> {
    let own = said(response, "headers").map(map).unwrap_or_default();
    let mut headers: Vec<&Entry> = own.iter().filter(|entry| sends(entry)).collect();
    for entry in map(defaults).iter().filter(|entry| sends(entry)) {
        if !headers.iter().any(|header| header.key.eq_ignore_ascii_case(&entry.key)) {
            headers.push(entry);
        }
    }
    let headers = headers.iter().map(|entry| (&*entry.key, Value::Node(&entry.value))).collect();
    let mut resolved: Map<'n> =
        map(response).iter().map(|entry| (&*entry.key, Value::Node(&entry.value))).collect();
    set(&mut resolved, "headers", Value::Map(headers));
    resolved
}

/// An empty list of values sends nothing, so it does not hide a default either.
fn sends(header: &Entry) -> bool {
    !matches!(&header.value.kind, Kind::List(values) if values.is_empty())
}

/// Sets the value of `key`, in its place or at the end.
fn set<'n>(map: &mut Map<'n>, key: &'n str, value: Value<'n>) {
    match map.iter_mut().find(|(name, _)| *name == key) {
        Some((_, old)) => *old = value,
        None => map.push((key, value)),
    }
}
