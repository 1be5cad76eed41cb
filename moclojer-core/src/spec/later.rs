//! Keys that a later part serves: their form is checked now, and the author is told that they do nothing yet.

use super::check::{Checker, scalar_text};
use super::keys;
use super::raw::RawItem;
use super::tree::{Kind, Node};
use crate::problem::Code;
use crate::source::Span;

/// Reports that `key` is read but not served.
pub(super) fn not_served_yet(check: &mut Checker<'_>, key: &str, span: Span, until_then: &str) {
    check.warning(Code::NOT_SERVED_YET, span, format!("`{key}` is not served yet: {until_then}"));
}

/// An item of its own that a later part serves.
pub(super) fn item(check: &mut Checker<'_>, item: &RawItem<'_>) {
    check.inside_index(item.index, |check| {
        check.inside(item.key, |check| match item.key {
            "websocket" => websocket(check, item),
            "external-body" => folder(check, item),
            _ => openapi(check, item),
        });
    });
}

fn websocket(check: &mut Checker<'_>, item: &RawItem<'_>) {
    let Some(fields) = check.fields_with(item.node, "a websocket", keys::WEBSOCKET, &["path"]) else {
        return;
    };
    match fields.get("path") {
        Some(node) => check.inside("path", |check| {
            if let Some(text) = check.text(node, "a path, as a text that begins with `/`") {
                super::endpoint::path_pattern(check, node, "", &text.value);
            }
        }),
        None => super::endpoint::missing(check, &fields, item.key_span, "path", "a websocket"),
    }
    if let Some(node) = fields.get("host") {
        check.inside("host", |check| {
            super::endpoint::host_pattern(check, node);
        });
    }
    if let Some(node) = fields.get("on-connect") {
        check.inside("on-connect", |check| {
            check.fields(node, "`on-connect`", keys::ON_CONNECT);
        });
    }
    if let Some(node) = fields.get("on-message") {
        check.inside("on-message", |check| {
            let Kind::List(entries) = &node.kind else {
                check.wrong_type(node, "a list of maps with `pattern` and `response`");
                return;
            };
            for (index, entry) in entries.iter().enumerate() {
                check.inside_index(index, |check| {
                    let Some(fields) = check.fields_with(entry, "a message", keys::ON_MESSAGE, &["pattern"])
                    else {
                        return;
                    };
                    match fields.get("pattern") {
                        Some(node) => check.inside("pattern", |check| {
                            check.text(node, "a pattern, as a text");
                        }),
                        None => super::endpoint::missing(check, &fields, entry.span, "pattern", "a message"),
                    }
                });
            }
        });
    }
    not_served_yet(check, "websocket", item.key_span, "its path answers as if it were not there");
}

fn folder(check: &mut Checker<'_>, item: &RawItem<'_>) {
    let Some(fields) = check.fields(item.node, "an `external-body` item", keys::FOLDER) else {
        return;
    };
    if let Some(node) = fields.get("folder") {
        check.inside("folder", |check| {
            check.text(node, "a folder, as a text");
        });
    }
    not_served_yet(check, "external-body", item.key_span, "no external body is read");
}

fn openapi(check: &mut Checker<'_>, item: &RawItem<'_>) {
    let Some(fields) = check.fields(item.node, "an `openapi` item", keys::OPENAPI) else {
        return;
    };
    if fields.get("document").is_none() && fields.get("path").is_none() {
        super::endpoint::missing(check, &fields, item.key_span, "path", "an `openapi` item");
    }
    if let Some(node) = fields.get("document") {
        check.inside("document", |check| {
            if !matches!(node.kind, Kind::Map(_)) {
                check.wrong_type(node, "an OpenAPI document, as a map");
            }
        });
    }
    for key in ["path", "host", "prefix"] {
        if let Some(node) = fields.get(key) {
            check.inside(key, |check| {
                check.text(node, "a text");
            });
        }
    }
    not_served_yet(check, "openapi", item.key_span, "its operations do not answer");
}

/// `rate-limit` of an endpoint or of `defaults`.
pub(super) fn rate_limit(check: &mut Checker<'_>, key_span: Span, node: &Node) {
    let Some(fields) = check.fields(node, "`rate-limit`", keys::RATE_LIMIT) else {
        return;
    };
    for key in ["window-ms", "max-requests"] {
        if let Some(node) = fields.get(key) {
            check.inside(key, |check| {
                check.integer(node, 1..=u64::from(u32::MAX), "a whole number from 1");
            });
        }
    }
    if let Some(node) = fields.get("key-fn") {
        check.inside("key-fn", |check| {
            check.text(node, "`remote-addr` or a request header's name");
        });
    }
    not_served_yet(check, "rate-limit", key_span, "no request is refused");
}

/// `latency` of an endpoint or of `defaults`.
pub(super) fn latency(check: &mut Checker<'_>, key_span: Span, node: &Node) {
    const MILLISECONDS: &[&str] = &["min-ms", "max-ms", "timeout-ms", "median-ms", "bytes-per-second"];
    const RATES: &[&str] = &["failure-rate", "timeout-rate", "fault-rate"];
    let Some(fields) = check.fields(node, "`latency`", keys::LATENCY) else {
        return;
    };
    let mut bounds = [None; MILLISECONDS.len()];
    for (slot, key) in MILLISECONDS.iter().enumerate() {
        let Some(node) = fields.get(key) else { continue };
        let value =
            check.inside(key, |check| check.integer(node, 0..=u64::from(u32::MAX), "a whole number from 0"));
        bounds[slot] = value;
    }
    if let ([Some(least), Some(most), ..], Some(node)) = (bounds, fields.get("min-ms"))
        && least > most
    {
        check.inside("min-ms", |check| {
            let message = format!("`min-ms` is over `max-ms`: {least} over {most}");
            check.error(Code::WRONG_VALUE, node.span, message);
        });
    }
    for key in RATES {
        let Some(node) = fields.get(key) else { continue };
        check.inside(key, |check| {
            if check.number(node, "a number from 0 to 1").is_some_and(|rate| !(0.0..=1.0).contains(&rate)) {
                check.error(Code::WRONG_VALUE, node.span, "a rate is a number from 0 to 1");
            }
        });
    }
    if let Some(node) = fields.get("sigma") {
        check.inside("sigma", |check| {
            check.number(node, "a number");
        });
    }
    choice(check, &fields, "distribution", &["uniform", "lognormal"]);
    choice(check, &fields, "fault", &["reset", "empty", "truncate", "garbage"]);
    not_served_yet(check, "latency", key_span, "answers come at once");
}

/// `webhook` of an endpoint.
pub(super) fn webhook(check: &mut Checker<'_>, key_span: Span, node: &Node) {
    let Some(fields) = check.fields_with(node, "`webhook`", keys::WEBHOOK, &["url"]) else {
        return;
    };
    match fields.get("url") {
        Some(node) => check.inside("url", |check| {
            check.text(node, "a URL, as a text");
        }),
        None => super::endpoint::missing(check, &fields, key_span, "url", "a webhook"),
    }
    if let Some(node) = fields.get("method") {
        check.inside("method", |check| {
            super::endpoint::method(check, node);
        });
    }
    if let Some(node) = fields.get("headers") {
        check.inside("headers", |check| {
            if !matches!(node.kind, Kind::Map(_)) {
                check.wrong_type(node, "a map of headers");
            }
        });
    }
    if let Some(node) = fields.get("if") {
        check.inside("if", |check| {
            if scalar_text(node).is_none() {
                check.wrong_type(node, "a condition, as a text");
            }
        });
    }
    if let Some(node) = fields.get("sleep-time") {
        check.inside("sleep-time", |check| {
            let duration = scalar_text(node).is_some_and(is_duration);
            if !duration {
                check.wrong_type(node, "seconds, or a duration like `500ms` or `2s`");
            }
        });
    }
    not_served_yet(check, "webhook", key_span, "nothing is sent");
}

/// `external-body` of a response.
pub(super) fn external_body(check: &mut Checker<'_>, key_span: Span, node: &Node) {
    let Some(fields) = check.fields_with(node, "`external-body`", keys::EXTERNAL_BODY, &["path"]) else {
        return;
    };
    choice(check, &fields, "provider", &["json", "xlsx", "xml", "yaml", "csv", "text", "file"]);
    match fields.get("path") {
        Some(node) => check.inside("path", |check| {
            check.text(node, "a file or an http(s) URL, as a text");
        }),
        None => super::endpoint::missing(check, &fields, key_span, "path", "an external body"),
    }
    if let Some(node) = fields.get("sheet-name") {
        check.inside("sheet-name", |check| {
            check.text(node, "a sheet's name, as a text");
        });
    }
    not_served_yet(check, "external-body", key_span, "the endpoint answers 501, or its `body` if it has one");
}

fn choice(check: &mut Checker<'_>, fields: &super::check::Fields<'_>, key: &str, allowed: &[&str]) {
    let Some(node) = fields.get(key) else { return };
    check.inside(key, |check| {
        let expected = super::check::one_of(allowed);
        let Some(text) = check.text(node, &expected) else {
            return;
        };
        if !allowed.contains(&&*text.value) {
            let meant = crate::problem::did_you_mean(&text.value, allowed.iter().copied());
            let problem = check.error(
                Code::WRONG_VALUE,
                node.span,
                format!("`{}` is none of {expected}", super::check::shorten(&text.value)),
            );
            problem.expected = Some(expected);
            problem.help = meant.map(|name| format!("did you mean `{name}`?"));
        }
    });
}

/// A number of seconds, or a number with `ms` or `s`.
fn is_duration(text: &str) -> bool {
    let number = text.strip_suffix("ms").or_else(|| text.strip_suffix('s')).unwrap_or(text);
    number.parse::<f64>().is_ok_and(|number| number.is_finite() && number >= 0.0)
}

#[cfg(test)]
mod tests {
    use super::is_duration;

    #[test]
    fn a_duration_is_seconds_or_has_a_unit() {
        for (text, fits) in
            [("60", true), ("0.5", true), ("500ms", true), ("2s", true), ("-1", false), ("2m", false)]
        {
            assert_eq!(is_duration(text), fits, "{text}");
        }
    }
}
