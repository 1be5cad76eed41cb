//! An endpoint's answer: status, headers, body, and the content type that is decided when the file loads.

use std::collections::HashSet;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode};

use super::check::{Checker, describe, scalar_text, shorten};
use super::model::{BodySource, Header, HeaderSource, QueryParam, Response};
use super::path::Capture;
use super::tree::{Entry, Kind, Node, json_number};
use super::{Env, keys, later};
use crate::json::{self, Value};
use crate::problem::{Code, Problem, Related};
use crate::template::{self, Compiled, Mode, Names, ParamKind, Piece};

/// Keys that belong to the endpoint, and that people put here.
const MISPLACED: &[&str] = &["rate-limit", "latency", "webhook"];
/// Headers that say how the answer is framed: the server's business.
const REFUSED: &[&str] = &["content-length", "transfer-encoding", "connection", "upgrade"];

/// The parameters that templates of this answer may name.
pub(super) struct Params<'a> {
    pub(super) path: &'a [Capture],
    pub(super) query: &'a [QueryParam],
    pub(super) env: &'a Env,
}

impl Params<'_> {
    fn compile(&self, run: impl FnOnce(&Names<'_>) -> Compiled) -> Compiled {
        let path: Vec<_> =
            self.path.iter().map(|capture| (&*capture.name, ParamKind::from(&capture.kind))).collect();
        let query: Vec<_> =
            self.query.iter().map(|param| (&*param.name, ParamKind::from(&param.kind))).collect();
        run(&Names { path_params: &path, query_params: &query, env: self.env, open: false })
    }
}

/// Reads `response`; `None` when it cannot be served.
pub(super) fn read(
    check: &mut Checker<'_>,
    node: &Node,
    default_headers: Option<&Node>,
    params: &Params<'_>,
) -> Option<Response> {
    let known = [keys::RESPONSE, MISPLACED].concat();
    let fields = check.fields(node, "`response`", &known)?;
    for key in MISPLACED {
        if let Some(entry) = fields.entry(key) {
            check.inside(key, |check| {
                let message = format!("`{key}` belongs beside `response`, not under it, and is ignored");
                check.warning(Code::MISPLACED_KEY, entry.key_span, message).help =
                    Some(format!("indent `{key}` as deep as `response`"));
            });
        }
    }
    let status = match fields.get("status") {
        Some(node) => check.inside("status", |check| status(check, node)),
        None => Some(StatusCode::OK),
    };
    let mut headers = Vec::new();
    if let Some(node) = fields.get("headers") {
        check.inside("headers", |check| read_headers(check, node, params, &mut headers));
    }
    if let Some(Node { kind: Kind::Map(entries), .. }) = default_headers {
        // Their problems were reported once, at `defaults`.
        let mut silent = Checker::new(check.source, check.format, check.env, Vec::new());
        for entry in entries {
            let named = HeaderName::from_bytes(entry.key.as_bytes()).ok();
            if named.is_some_and(|name| !headers.iter().any(|header: &Header| header.name == name)) {
                read_header(&mut silent, entry, params, &mut headers);
            }
        }
    }
    let external = fields.entry("external-body").zip(fields.get("external-body"));
    let body_node = fields.get("body");
    if let Some((entry, node)) = external {
        check.inside("external-body", |check| {
            if let Some(body) = body_node {
                let related = Related {
                    message: "this body".to_owned(),
                    source: check.source.clone(),
                    span: body.span,
                };
                let problem =
                    check.warning(Code::BODY_TWICE, entry.key_span, "`body` beside `external-body` loses");
                problem.help = Some("remove one of them".to_owned());
                problem.related.push(related);
            }
            later::external_body(check, entry.key_span, node);
        });
    }
    let body = match body_node {
        Some(node) => check.inside("body", |check| body(check, node, &mut headers, params)),
        None if external.is_some() => Some(BodySource::NotServed("external-body")),
        None => Some(BodySource::Fixed(Bytes::new())),
    };
    let (status, body) = (status?, body?);
    let sends_no_body = matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    if let (true, Some(node)) = (sends_no_body, body_node) {
        check.inside("body", |check| {
            let message = format!("status {} never has a body; it is not sent", status.as_u16());
            check.warning(Code::BODY_NOT_SENT, node.span, message);
        });
        return Some(Response { status, headers: headers.into(), body: BodySource::Fixed(Bytes::new()) });
    }
    Some(Response { status, headers: headers.into(), body })
}

fn status(check: &mut Checker<'_>, node: &Node) -> Option<StatusCode> {
    let Kind::Number(written) = &node.kind else {
        let problem = check.wrong_type(node, "a status from 200 to 599");
        problem.help = node.as_text().and_then(number_alone);
        return None;
    };
    let number = json_number(written).and_then(|text| text.parse::<u16>().ok());
    if let Some(number @ 200..=599) = number {
        return StatusCode::from_u16(number).ok();
    }
    let problem =
        check.error(Code::STATUS_RANGE, node.span, format!("{written} is no status that can be sent"));
    problem.found = Some(written.to_string());
    problem.expected = Some("a status from 200 to 599".to_owned());
    None
}

/// The mend for a status that is a text: its number.
fn number_alone(text: &str) -> Option<String> {
    let digits: String = text.trim_start().chars().take_while(char::is_ascii_digit).take(4).collect();
    let number = digits.parse::<u16>().ok().filter(|number| (200..=599).contains(number))?;
    Some(match text.trim() == digits {
        true => "write it without quotes".to_owned(),
        false => format!("write the number alone: {number}"),
    })
}

/// Reports the problems of `defaults.headers`. Which path parameters there are differs from endpoint to endpoint, so
/// that one of them is not filled is no problem here.
pub(super) fn check_headers(check: &mut Checker<'_>, node: &Node) {
    let mut apart = Checker::new(check.source, check.format, check.env, Vec::new());
    read_headers(&mut apart, node, &Params { path: &[], query: &[], env: check.env }, &mut Vec::new());
    let is_path_param = |problem: &Problem| {
        let text = check.source.text().get(problem.span.start as usize..);
        problem.code == Code::NOT_FILLED && text.is_some_and(|text| text.starts_with("path-params"))
    };
    let problems: Vec<Problem> =
        apart.finish().into_iter().filter(|problem| !is_path_param(problem)).collect();
    for problem in problems {
        check.adopt(problem);
    }
}

fn read_headers(check: &mut Checker<'_>, node: &Node, params: &Params<'_>, headers: &mut Vec<Header>) {
    let Kind::Map(entries) = &node.kind else {
        let problem = check.wrong_type(node, "a map of headers");
        if matches!(node.kind, Kind::List(_)) {
            problem.help = Some("write `Name: value` lines without `- ` before them".to_owned());
        }
        return;
    };
    let mut seen = HashSet::new();
    for entry in entries {
        check.inside(&entry.key, |check| {
            if !seen.insert(entry.key.to_ascii_lowercase()) {
                let message = format!("the header `{}` stands twice; both are sent", shorten(&entry.key));
                check.warning(Code::DUPLICATE_KEY, entry.key_span, message).help =
                    Some("remove one, or give one a list of values".to_owned());
            }
            read_header(check, entry, params, headers);
        });
    }
}

fn read_header(check: &mut Checker<'_>, entry: &Entry, params: &Params<'_>, headers: &mut Vec<Header>) {
    let Ok(name) = HeaderName::from_bytes(entry.key.as_bytes()) else {
        check
            .error(
                Code::HEADER_SYNTAX,
                entry.key_span,
                format!("`{}` is no name of a header", shorten(&entry.key)),
            )
            .expected = Some("letters, digits and `-`".to_owned());
        return;
    };
    if REFUSED.contains(&name.as_str()) {
        check
            .error(
                Code::HEADER_REFUSED,
                entry.key_span,
                format!("`{}` is written by the server itself", shorten(&entry.key)),
            )
            .help = Some("remove it".to_owned());
        return;
    }
    let values = match &entry.value.kind {
        Kind::List(items) => items.as_slice(),
        _ => std::slice::from_ref(&entry.value),
    };
    for node in values {
        let text = match &node.kind {
            Kind::Null => "",
            _ => match scalar_text(node) {
                Some(text) => text,
                None => {
                    check.wrong_type(node, "a text, or a list of texts to repeat the header");
                    continue;
                }
            },
        };
        let compiled = params.compile(|names| template::compile(text, Mode::Header, names));
        check.template_notes(&[node], compiled.notes);
        let Some(template) = compiled.template else {
            continue;
        };
        let value = match template.fixed().map(header_value) {
            Some(value) => HeaderSource::Fixed(value),
            None => HeaderSource::Template(Box::new(template)),
        };
        headers.push(Header { name: name.clone(), value });
    }
}

/// A header value; bytes that it may not hold are dropped.
pub(crate) fn header_value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or_else(|_| {
        let kept: Vec<u8> =
            text.bytes().filter(|&byte| byte == b'\t' || (byte >= 0x20 && byte != 0x7F)).collect();
        HeaderValue::from_bytes(&kept).unwrap_or_else(|_| HeaderValue::from_static(""))
    })
}

fn body(
    check: &mut Checker<'_>,
    node: &Node,
    headers: &mut Vec<Header>,
    params: &Params<'_>,
) -> Option<BodySource> {
    match &node.kind {
        Kind::Text(text) => text_body(check, node, &text.value, headers, params),
        _ => {
            let mut writer = BodyWriter::default();
            writer.write(check, node)?;
            let (pieces, nodes) = writer.pieces();
            let compiled = params.compile(|names| template::compile_json(&pieces, names));
            check.template_notes(&nodes, compiled.notes);
            let template = compiled.template?;
            set_content_type(headers, "application/json");
            Some(source_of(template))
        }
    }
}

fn text_body(
    check: &mut Checker<'_>,
    node: &Node,
    text: &str,
    headers: &mut Vec<Header>,
    params: &Params<'_>,
) -> Option<BodySource> {
    if text.is_empty() {
        return Some(BodySource::Fixed(Bytes::new()));
    }
    let declared = declared_mode(headers);
    let is_json = match declared {
        Some(mode) => mode == Mode::Json,
        None => looks_like_json(text),
    };
    let mode = declared.unwrap_or(if is_json { Mode::Json } else { Mode::Plain });
    let compiled = params.compile(|names| template::compile(text, mode, names));
    let fine = compiled.notes.is_empty();
    check.template_notes(&[node], compiled.notes);
    let template = compiled.template?;
    let mut json_error = None;
    if let Some(fixed) = template.fixed().filter(|_| is_json && fine) {
        json_error = Value::parse(fixed.as_bytes(), json::MAX_DEPTH).err();
    }
    match (declared, json_error) {
        (Some(_), Some(error)) => {
            let span = check.span_inside(node, error.offset..error.offset);
            let message = format!("this body is not the JSON that its content type says: {}", error.message);
            check.warning(Code::BODY_NOT_JSON, span, message).help =
                Some(error.help.unwrap_or("mend it here, or declare another `Content-Type`").to_owned());
        }
        (None, Some(_)) => set_content_type(headers, "text/plain; charset=utf-8"),
        (None, None) => {
            set_content_type(headers, if is_json { "application/json" } else { "text/plain; charset=utf-8" })
        }
        (Some(_), None) => {}
    }
    Some(source_of(template))
}

fn source_of(template: template::Template) -> BodySource {
    match template.fixed() {
        Some(text) => BodySource::Fixed(Bytes::copy_from_slice(text.as_bytes())),
        None => BodySource::Template(Box::new(template)),
    }
}

fn set_content_type(headers: &mut Vec<Header>, value: &'static str) {
    if !headers.iter().any(|header| header.name == http::header::CONTENT_TYPE) {
        let value = HeaderSource::Fixed(HeaderValue::from_static(value));
        headers.push(Header { name: http::header::CONTENT_TYPE, value });
    }
}

/// How the declared content type escapes; `None` when none is declared or a template makes it.
fn declared_mode(headers: &[Header]) -> Option<Mode> {
    let header = headers.iter().find(|header| header.name == http::header::CONTENT_TYPE)?;
    let HeaderSource::Fixed(value) = &header.value else {
        return None;
    };
    Some(Mode::of_content_type(value.to_str().unwrap_or_default()))
}

/// `application/json`, `text/json`, `*+json`.
pub(crate) fn is_json_type(essence: &str) -> bool {
    matches!(essence, "application/json" | "text/json") || essence.ends_with("+json")
}

/// Whether the first literal character of a text begins a JSON object or array.
fn looks_like_json(text: &str) -> bool {
    let mut rest = text.trim_start();
    loop {
        let closing = match rest.get(..2) {
            Some("{{") => "}}",
            Some("{%") => "%}",
            Some("{#") => "#}",
            _ => return rest.starts_with(['{', '[']),
        };
        let Some(end) = rest.find(closing) else {
            return false;
        };
        rest = rest.get(end + 2..).unwrap_or_default().trim_start();
    }
}

/// Writes a map, list or scalar as JSON, its texts as templates.
#[derive(Default)]
struct BodyWriter<'n> {
    raw: String,
    /// Where in `raw` each text goes, in order, with its node.
    texts: Vec<(usize, &'n str, &'n Node)>,
}

impl<'n> BodyWriter<'n> {
    fn write(&mut self, check: &mut Checker<'_>, node: &'n Node) -> Option<()> {
        match &node.kind {
            Kind::Null => self.raw.push_str("null"),
            Kind::Bool(value) => self.raw.push_str(if *value { "true" } else { "false" }),
            Kind::Number(written) => match json_number(written) {
                Some(number) => self.raw.push_str(&number),
                None => {
                    let found = describe(node);
                    let problem =
                        check.error(Code::NUMBER_NOT_JSON, node.span, format!("JSON cannot hold {written}"));
                    problem.found = Some(found);
                    problem.help = Some(format!("put quotes around it to send a text: \"{written}\""));
                    return None;
                }
            },
            Kind::Text(text) => {
                self.texts.push((self.raw.len(), &text.value, node));
            }
            Kind::List(items) => {
                self.raw.push('[');
                let mut whole = Some(());
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        self.raw.push(',');
                    }
                    let written = check.inside_index(index, |check| self.write(check, item));
                    whole = whole.and(written);
                }
                self.raw.push(']');
                return whole;
            }
            Kind::Map(entries) => {
                self.raw.push('{');
                let mut whole = Some(());
                for (index, entry) in entries.iter().enumerate() {
                    if index > 0 {
                        self.raw.push(',');
                    }
                    json::write_string(&entry.key, &mut self.raw);
                    self.raw.push(':');
                    let written = check.inside(&entry.key, |check| self.write(check, &entry.value));
                    whole = whole.and(written);
                }
                self.raw.push('}');
                return whole;
            }
        }
        Some(())
    }

    /// Raw text and templates in turn, and for each piece the node that its notes are about.
    fn pieces(&self) -> (Vec<Piece<'_>>, Vec<&'n Node>) {
        let mut pieces = Vec::with_capacity(self.texts.len() * 2 + 1);
        let mut nodes = Vec::with_capacity(self.texts.len() * 2 + 1);
        let mut from = 0;
        for &(at, text, node) in &self.texts {
            if at > from {
                pieces.push(Piece::Raw(&self.raw[from..at]));
                nodes.push(node);
            }
            pieces.push(Piece::JsonText(text));
            nodes.push(node);
            from = at;
        }
        if from < self.raw.len() {
            pieces.push(Piece::Raw(&self.raw[from..]));
        }
        (pieces, nodes)
    }
}

#[cfg(test)]
mod tests {
    use super::looks_like_json;

    #[test]
    fn json_is_told_by_the_first_literal_character() {
        for (text, json) in [
            ("{\"a\":1}", true),
            (" \n[1]", true),
            ("{{name}} says hi", false),
            ("{{#if a}}{\"a\":1}{{/if}}", true),
            ("{% for x in xs %}[{{x}}]{% endfor %}", true),
            ("{{", false),
            ("", false),
            ("hi {", false),
        ] {
            assert_eq!(looks_like_json(text), json, "{text}");
        }
    }
}
