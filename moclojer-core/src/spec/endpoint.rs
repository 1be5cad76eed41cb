//! One `endpoint` item, checked: method, host, path, query, body shape, CORS. Its answer is
//! [`response`](super::response)'s.

use std::hash::{BuildHasher as _, Hash, Hasher};
use std::sync::Arc;

use http::Method;

use super::check::{Checker, Fields, describe, shorten};
use super::host::HostPattern;
use super::model::{Cors, Endpoint, Label, MethodMatch, QueryParam, Rare, Verb};
use super::path::{ParamType, Parsed, PathPattern};
use super::raw::RawItem;
use super::response;
use super::shape::Shape;
use super::tree::{Kind, Node};
use super::{keys, later};
use crate::json::Value;
use crate::problem::{Code, did_you_mean};
use crate::source::Span;

const REQUIRED: &[&str] = &["path", "response"];
const METHODS: &[&str] =
    &["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY", "ANY"];
const METHODS_IN_WORDS: &str = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, TRACE, QUERY or ANY";
/// Types that a file may name, for messages.
const TYPES: &str = "string, int, float, double, bool, uuid, date or a regular expression between slashes";

/// What a document says for all its endpoints.
#[derive(Debug, Default)]
pub(super) struct Defaults<'n> {
    prefix: Option<&'n str>,
    host: Option<HostPattern>,
    headers: Option<&'n Node>,
    cors: Option<Arc<Cors>>,
    near_misses: Option<bool>,
    digest: u64,
}

impl<'n> Defaults<'n> {
    /// Reads `defaults`.
    pub(super) fn read(check: &mut Checker<'_>, index: usize, node: &'n Node) -> Self {
        check.inside_index(index, |check| {
            check.inside("defaults", |check| {
                if matches!(node.kind, Kind::Null) {
                    return Self::default();
                }
                let Some(fields) = check.fields(node, "`defaults`", keys::DEFAULTS) else {
                    return Self::default();
                };
                let mut hasher = foldhash::fast::FixedState::default().build_hasher();
                digest(node, &mut hasher);
                let mut defaults = Self { digest: hasher.finish(), ..Self::default() };
                if let Some(node) = fields.get("prefix") {
                    defaults.prefix = check.inside("prefix", |check| prefix(check, node));
                }
                if let Some(node) = fields.get("host") {
                    defaults.host = check.inside("host", |check| host_pattern(check, node));
                }
                if let Some(node) = fields.get("headers") {
                    // Checked here once, joined for each endpoint.
                    check.inside("headers", |check| response::check_headers(check, node));
                    defaults.headers = Some(node);
                }
                if let Some(node) = fields.get("cors") {
                    defaults.cors = check.inside("cors", |check| cors(check, node)).map(Arc::new);
                }
                if let Some(node) = fields.get("near-misses") {
                    defaults.near_misses = check.inside("near-misses", |check| check.bool(node));
                }
                later_keys(check, &fields);
                defaults
            })
        })
    }
}

fn prefix<'n>(check: &mut Checker<'_>, node: &'n Node) -> Option<&'n str> {
    let text = check.text(node, "a path that begins with `/`")?;
    let trimmed = text.value.trim_end_matches('/');
    if trimmed.is_empty() {
        return None;
    }
    path_pattern(check, node, "", trimmed).map(|_| trimmed)
}

fn later_keys(check: &mut Checker<'_>, fields: &Fields<'_>) {
    for (key, read) in
        [("rate-limit", later::rate_limit as fn(&mut Checker<'_>, Span, &Node)), ("latency", later::latency)]
    {
        if let (Some(entry), Some(node)) = (fields.entry(key), fields.get(key)) {
            check.inside(key, |check| read(check, entry.key_span, node));
        }
    }
}

/// An endpoint, and whether it is switched on.
type Switched = (Endpoint, bool);

/// Reads an endpoint; `None` when it has an error.
pub(super) fn read(check: &mut Checker<'_>, item: &RawItem<'_>, defaults: &Defaults<'_>) -> Option<Switched> {
    check.inside_index(item.index, |check| {
        check.inside("endpoint", |check| {
            let before = check.errors;
            let endpoint = read_fields(check, item, defaults);
            endpoint.filter(|_| check.errors == before)
        })
    })
}

fn read_fields(check: &mut Checker<'_>, item: &RawItem<'_>, defaults: &Defaults<'_>) -> Option<Switched> {
    if matches!(item.node.kind, Kind::Null) {
        needs(check, item.key_span, "path", "an endpoint");
        return None;
    }
    let fields = check.fields_with(item.node, "an endpoint", keys::ENDPOINT, REQUIRED)?;
    let method = match fields.get("method") {
        Some(node) => check.inside("method", |check| method(check, node)),
        None => Some(MethodMatch::Exactly(Verb::Get)),
    };
    let host = match fields.get("host") {
        Some(node) => check.inside("host", |check| host_pattern(check, node)),
        None => defaults.host.clone(),
    };
    let parsed = match fields.get("path") {
        Some(node) => check.inside("path", |check| {
            let text = check.text(node, "a path, as a text that begins with `/`")?;
            path_pattern(check, node, defaults.prefix.unwrap_or_default(), &text.value)
        }),
        None => {
            missing(check, &fields, item.key_span, "path", "an endpoint");
            None
        }
    };
    let query = query(check, &fields, parsed.as_ref());
    let body = fields.get("body").and_then(|node| check.inside("body", |check| body_shape(check, node)));
    let cors = match fields.get("cors") {
        Some(node) => check.inside("cors", |check| cors(check, node)).map(Arc::new),
        None => defaults.cors.clone(),
    };
    let enabled = fields
        .get("enabled")
        .is_none_or(|node| check.inside("enabled", |check| check.bool(node)) == Some(true));
    let near_misses =
        fields.get("near-misses").and_then(|node| check.inside("near-misses", |check| check.bool(node)));
    let name = label_text(check, &fields, "router-name");
    label_text(check, &fields, "tag");
    later_keys(check, &fields);
    if let (Some(entry), Some(node)) = (fields.entry("webhook"), fields.get("webhook")) {
        check.inside("webhook", |check| later::webhook(check, entry.key_span, node));
    }
    let path_params = parsed.as_ref().map(|parsed| &*parsed.pattern.captures).unwrap_or_default();
    check.path_refused = parsed.is_none();
    let answer = match fields.get("response") {
        Some(node) => check.inside("response", |check| {
            let params = response::Params { path: path_params, query: &query, env: check.env };
            response::read(check, node, defaults.headers, &params)
        }),
        None => {
            missing(check, &fields, item.key_span, "response", "an endpoint");
            None
        }
    };
    check.path_refused = false;
    let (method, parsed, response) = (method?, parsed?, answer?);
    let mut hasher = foldhash::fast::FixedState::default().build_hasher();
    digest(item.node, &mut hasher);
    defaults.digest.hash(&mut hasher);
    let label = Label {
        name: name.map(Into::into),
        method,
        path: parsed.text,
        place: check.source.place(item.key_span.start),
    };
    let endpoint = Endpoint {
        label,
        span: item.key_span,
        method,
        host,
        path: parsed.pattern,
        query: query.into(),
        body: body.map(Box::new),
        response,
        near_misses: near_misses.or(defaults.near_misses),
        // A pattern is shorter than 64 KiB, its prefix included.
        prefix_bytes: defaults.prefix.map_or(0, |prefix| u16::try_from(prefix.len()).unwrap_or(u16::MAX)),
        digest: hasher.finish(),
        rare: cors.map(|cors| Box::new(Rare { cors: Some(cors), coded: None })),
    };
    Some((endpoint, enabled))
}

/// Reports a required key that is not there.
pub(super) fn missing(check: &mut Checker<'_>, fields: &Fields<'_>, span: Span, key: &str, of: &str) {
    if !fields.misspelt(key) {
        needs(check, span, key, of);
    }
}

fn needs(check: &mut Checker<'_>, span: Span, key: &str, of: &str) {
    let problem = check.error(Code::MISSING_KEY, span, format!("{of} needs a `{key}`"));
    problem.expected = Some(format!("a key `{key}`"));
    let example = match key {
        "path" => "path: /hello",
        "response" => "response: {body: hello}",
        "url" => "url: http://localhost:9000/hook",
        _ => return,
    };
    problem.help = Some(format!("add it below, as in `{example}`"));
}

/// Whether a file may name this method.
pub(crate) fn is_served_method(name: &str) -> bool {
    name != "ANY" && METHODS.contains(&name)
}

/// A method in any case, or `ANY`.
pub(super) fn method(check: &mut Checker<'_>, node: &Node) -> Option<MethodMatch> {
    let text = check.text(node, METHODS_IN_WORDS)?;
    let upper = text.value.to_ascii_uppercase();
    if upper == "ANY" {
        return Some(MethodMatch::Any);
    }
    if METHODS.contains(&&*upper) {
        return Verb::of(&Method::from_bytes(upper.as_bytes()).ok()?).map(MethodMatch::Exactly);
    }
    let meant = did_you_mean(&upper, METHODS.iter().copied());
    let problem = check.error(
        Code::WRONG_VALUE,
        node.span,
        format!("`{}` is no method that is served", shorten(&text.value)),
    );
    problem.found = Some(shorten(&text.value));
    problem.expected = Some(METHODS_IN_WORDS.to_owned());
    problem.help = meant.map(|name| format!("did you mean `{name}`?"));
    None
}

/// A host, exact or `*.example.com`.
pub(super) fn host_pattern(check: &mut Checker<'_>, node: &Node) -> Option<HostPattern> {
    let text = check.text(node, "a host name, as a text")?;
    match HostPattern::parse(&text.value) {
        Ok(host) => Some(host),
        Err(problem) => {
            path_problem(check, node, 0, problem);
            None
        }
    }
}

/// A path pattern behind a document's `prefix`.
pub(super) fn path_pattern(check: &mut Checker<'_>, node: &Node, prefix: &str, path: &str) -> Option<Parsed> {
    // A path that does not begin with a slash is refused by itself, and what else is wrong with it is told too.
    let (refused, joined) = match path.starts_with('/') {
        true => (Vec::new(), format!("{prefix}{path}")),
        false => (PathPattern::parse(path).err().unwrap_or_default(), format!("/{path}")),
    };
    let shift = joined.len() - path.len();
    let sound = refused.is_empty();
    for problem in refused {
        path_problem(check, node, 0, problem);
    }
    match PathPattern::parse(&joined) {
        Ok(parsed) => Some(parsed).filter(|_| sound),
        Err(problems) => {
            for problem in problems {
                path_problem(check, node, shift, problem);
            }
            None
        }
    }
}

fn path_problem(check: &mut Checker<'_>, node: &Node, shift: usize, problem: super::path::PathProblem) {
    let range = problem.range.start.saturating_sub(shift)..problem.range.end.saturating_sub(shift);
    let span = check.span_inside(node, range);
    let found = describe(node);
    let reported = check.error(problem.code, span, problem.message);
    reported.found = Some(found);
    reported.expected = problem.expected;
    reported.help = problem.help;
}

/// The parameters of `query` and those after the path's `?`.
fn query(check: &mut Checker<'_>, fields: &Fields<'_>, parsed: Option<&Parsed>) -> Vec<QueryParam> {
    let mut declared: Vec<QueryParam> = parsed
        .map(|parsed| &*parsed.query)
        .unwrap_or_default()
        .iter()
        .map(|(name, kind, _)| QueryParam { name: name.clone(), kind: kind.clone() })
        .collect();
    let Some(node) = fields.get("query") else {
        return declared;
    };
    check.inside("query", |check| {
        let Kind::Map(entries) = &node.kind else {
            check.wrong_type(node, "a map from parameter name to type");
            return;
        };
        for entry in entries {
            check.inside(&entry.key, |check| {
                let Some(kind) = query_type(check, &entry.value) else {
                    return;
                };
                match declared.iter().find(|param| param.name == entry.key) {
                    Some(other) if other.kind != kind => {
                        let message = format!(
                            "`{}` is `{kind}` here and `{}` after the `?` of the path",
                            entry.key, other.kind
                        );
                        check.error(Code::TYPE_CONFLICT, entry.key_span, message).help =
                            Some("declare it once".to_owned());
                    }
                    Some(_) => {}
                    None => declared.push(QueryParam { name: entry.key.clone(), kind }),
                }
            });
        }
    });
    declared
}

fn query_type(check: &mut Checker<'_>, node: &Node) -> Option<ParamType> {
    let text = check.text(node, TYPES)?;
    match ParamType::declared(&text.value) {
        Ok(kind) => Some(kind),
        Err(problem) => {
            path_problem(check, node, 0, problem);
            None
        }
    }
}

/// The shape that the example of a request body fixes.
fn body_shape(check: &mut Checker<'_>, node: &Node) -> Option<Shape> {
    match &node.kind {
        Kind::List(_) | Kind::Map(_) => Some(Shape::of_node(node)),
        Kind::Text(text) => match Value::parse(text.value.as_bytes(), crate::json::MAX_DEPTH) {
            Ok(value) => Some(Shape::of_value(&value)),
            Err(error) => {
                let span = check.span_inside(node, error.offset..error.offset);
                let message = format!("this example is not JSON, so no body is checked: {}", error.message);
                check.warning(Code::EXAMPLE_NOT_JSON, span, message);
                None
            }
        },
        _ => {
            check.wrong_type(node, "an example of the request body: a map, a list or a text that holds JSON");
            None
        }
    }
}

fn cors(check: &mut Checker<'_>, node: &Node) -> Option<Cors> {
    if let Kind::Bool(on) = node.kind {
        return on.then(Cors::open);
    }
    if !matches!(node.kind, Kind::Map(_)) {
        check.wrong_type(node, "true, false or a map");
        return None;
    }
    let fields = check.fields(node, "`cors`", keys::CORS)?;
    let mut cors = Cors::open();
    cors.origins = texts(check, &fields, "origins");
    cors.origins.retain(|origin| &**origin != "*");
    cors.methods =
        texts(check, &fields, "methods").iter().map(|name| name.to_ascii_uppercase().into()).collect();
    cors.headers = texts(check, &fields, "headers");
    if let Some(node) = fields.get("credentials") {
        cors.credentials = check.inside("credentials", |check| check.bool(node)).unwrap_or(false);
    }
    if let Some(node) = fields.get("max-age-s") {
        cors.max_age_s = check.inside("max-age-s", |check| {
            check.integer(node, 0..=u64::from(u32::MAX), "a whole number of seconds")
        });
    }
    Some(cors)
}

/// A text or a list of texts that a header can hold.
fn texts(check: &mut Checker<'_>, fields: &Fields<'_>, key: &str) -> Vec<Box<str>> {
    let Some(node) = fields.get(key) else {
        return Vec::new();
    };
    check.inside(key, |check| {
        let items = match &node.kind {
            Kind::List(items) => items.as_slice(),
            _ => std::slice::from_ref(node),
        };
        let mut texts = Vec::new();
        for item in items {
            let Some(text) = check.text(item, "a text or a list of texts") else {
                continue;
            };
            if http::HeaderValue::from_str(&text.value).is_err() {
                check.error(Code::HEADER_SYNTAX, item.span, "a header cannot hold this text");
                continue;
            }
            texts.push(text.value.clone());
        }
        texts
    })
}

fn label_text<'n>(check: &mut Checker<'_>, fields: &Fields<'n>, key: &str) -> Option<&'n str> {
    let node = fields.get(key)?;
    check.inside(key, |check| check.text(node, "a text")).map(|text| &*text.value)
}

/// Feeds what a node says, not where or how it is written.
fn digest(node: &Node, hasher: &mut impl Hasher) {
    std::mem::discriminant(&node.kind).hash(hasher);
    match &node.kind {
        Kind::Null => {}
        Kind::Bool(value) => value.hash(hasher),
        Kind::Number(written) => written.hash(hasher),
        Kind::Text(text) => text.value.hash(hasher),
        Kind::List(items) => {
            items.len().hash(hasher);
            for item in items {
                digest(item, hasher);
            }
        }
        Kind::Map(entries) => {
            entries.len().hash(hasher);
            for entry in entries {
                entry.key.hash(hasher);
                digest(&entry.value, hasher);
            }
        }
    }
}
