//! What a line of the log says and looks like. Control characters never pass: a path cannot draw on a
//! terminal or forge a line.

use std::fmt::Write as _;
use std::time::Duration;

use http::StatusCode;
use jiff::Timestamp;

use super::{Format, Level};
use crate::respond::{Answer, EndpointLabel, Outcome, Request};
use crate::serve::refusal::host;

/// How lines look.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    pub(super) format: Format,
    pub(super) color: bool,
}

/// Paths, hosts and reasons are cut to this many bytes.
const MOST_TEXT_BYTES: usize = 1024;

/// Writes the line of one request, line end included.
pub(super) fn write_request(
    out: &mut Vec<u8>,
    look: Look,
    time: Timestamp,
    took: Duration,
    request: &Request<'_>,
    answer: &Answer,
    suggestion: Option<&str>,
) {
    let mut line = String::with_capacity(192);
    match look.format {
        Format::Json => {
            write_json_request(&mut line, time, took, request, answer);
            if let Some(suggestion) = suggestion {
                json_field(&mut line, "suggestion", suggestion);
            }
            line.push('}');
        }
        Format::Default | Format::Println => {
            write_text_request(&mut line, look, time, took, request, answer);
            if let Some(suggestion) = suggestion {
                line.push_str("; try: ");
                write_clean(&mut line, suggestion, MOST_TEXT_BYTES);
            }
        }
    }
    line.push('\n');
    out.extend_from_slice(line.as_bytes());
}

/// Writes a line about the server's life, line end included.
pub(super) fn write_event(
    out: &mut Vec<u8>,
    look: Look,
    time: Timestamp,
    level: Level,
    message: &str,
    fields: &[(&str, &str)],
) {
    let mut line = String::with_capacity(128);
    match look.format {
        Format::Json => {
            open_json(&mut line, time, level, message);
            for (name, value) in fields {
                line.push(',');
                write_json_text(&mut line, name);
                line.push(':');
                write_json_text(&mut line, value);
            }
            line.push('}');
        }
        Format::Default | Format::Println => {
            open_text(&mut line, look, time, level);
            write_clean(&mut line, message, usize::MAX);
            for (index, (name, value)) in fields.iter().enumerate() {
                line.push_str(if index == 0 { ": " } else { ", " });
                line.push_str(name);
                line.push(' ');
                write_clean(&mut line, value, usize::MAX);
            }
        }
    }
    line.push('\n');
    out.extend_from_slice(line.as_bytes());
}

fn level_of(outcome: &Outcome) -> Level {
    match outcome {
        Outcome::Matched(..) | Outcome::Own => Level::Info,
        Outcome::Unmatched(_) | Outcome::Refused(_) => Level::Warn,
        Outcome::Failed(..) => Level::Error,
    }
}

fn write_text_request(
    line: &mut String,
    look: Look,
    time: Timestamp,
    took: Duration,
    request: &Request<'_>,
    answer: &Answer,
) {
    open_text(line, look, time, level_of(&answer.outcome));
    line.push_str(request.method.as_str());
    line.push(' ');
    write_clean(line, path(request), MOST_TEXT_BYTES);
    line.push(' ');
    colored(line, look, status_color(answer.status), answer.status.as_str());
    write_took(line, took);
    put(line, format_args!(" {}B ", answer.body.len()));
    match &answer.outcome {
        Outcome::Matched(label, note) => {
            write_label(line, label);
            if let Some(note) = note {
                put(line, format_args!(" ({note})"));
            }
        }
        Outcome::Failed(label, reason) => {
            write_label(line, label);
            line.push_str(": ");
            write_clean(line, reason, MOST_TEXT_BYTES);
        }
        Outcome::Unmatched(misses) => match misses.first() {
            Some(miss) => {
                line.push_str("no endpoint matches; nearest is ");
                write_label(line, &miss.endpoint);
                line.push_str(": ");
                write_clean(line, &miss.reason.to_string(), MOST_TEXT_BYTES);
            }
            None => line.push_str("no endpoint matches"),
        },
        Outcome::Refused(why) => {
            line.push_str("refused: ");
            write_clean(line, why, MOST_TEXT_BYTES);
        }
        Outcome::Own => line.push_str("(the server's own answer)"),
    }
}

/// `name (moclojer.yml:12)`, or method and path where it has no name.
fn write_label(line: &mut String, label: &EndpointLabel) {
    write_clean(line, &endpoint_name(label), MOST_TEXT_BYTES);
    line.push_str(" (");
    write_clean(line, &place(label), MOST_TEXT_BYTES);
    line.push(')');
}

fn endpoint_name(label: &EndpointLabel) -> String {
    label.name.as_deref().map_or_else(|| format!("{} {}", label.method, label.path), str::to_owned)
}

fn place(label: &EndpointLabel) -> String {
    format!("{}:{}", label.place.file, label.place.line)
}

/// The path without the query, which may hold secrets; a bare authority for CONNECT.
fn path<'a>(request: &Request<'a>) -> &'a str {
    match (request.target.path(), request.target.authority()) {
        ("", Some(authority)) => authority.as_str(),
        (path, _) => path,
    }
}

fn open_text(line: &mut String, look: Look, time: Timestamp, level: Level) {
    put(line, format_args!("{time:.3} "));
    let (color, name) = match level {
        Level::Debug => (CYAN, "DEBUG"),
        Level::Info => (GREEN, "INFO "),
        Level::Warn => (YELLOW, "WARN "),
        Level::Error => (RED, "ERROR"),
    };
    colored(line, look, color, name);
    line.push(' ');
}

const RED: &str = "\x1b[31m";
const GREEN: &str = "\x1b[32m";
const YELLOW: &str = "\x1b[33m";
const CYAN: &str = "\x1b[36m";

fn status_color(status: StatusCode) -> &'static str {
    match status.as_u16() {
        500.. => RED,
        400.. => YELLOW,
        300.. => CYAN,
        _ => GREEN,
    }
}

fn colored(line: &mut String, look: Look, color: &str, text: &str) {
    if look.color {
        line.push_str(color);
        line.push_str(text);
        line.push_str("\x1b[0m");
    } else {
        line.push_str(text);
    }
}

/// ` 143us`, ` 12.5ms`, ` 3.20s`.
fn write_took(line: &mut String, took: Duration) {
    match took.as_micros() {
        micros @ 0..1_000 => put(line, format_args!(" {micros}us")),
        1_000..1_000_000 => put(line, format_args!(" {:.1}ms", took.as_secs_f64() * 1e3)),
        _ => put(line, format_args!(" {:.2}s", took.as_secs_f64())),
    }
}

/// Leaves the object open.
fn write_json_request(
    line: &mut String,
    time: Timestamp,
    took: Duration,
    request: &Request<'_>,
    answer: &Answer,
) {
    let message = match &answer.outcome {
        Outcome::Matched(..) | Outcome::Own => "request",
        Outcome::Failed(..) => "endpoint failed",
        Outcome::Unmatched(_) => "no endpoint matches",
        Outcome::Refused(_) => "request refused",
    };
    open_json(line, time, level_of(&answer.outcome), message);
    json_field(line, "method", request.method.as_str());
    json_field(line, "path", path(request));
    json_field(line, "host", &host(request));
    let (status, took_us, bytes) = (answer.status.as_u16(), took.as_micros(), answer.body.len());
    put(line, format_args!(",\"status\":{status},\"duration-us\":{took_us},\"bytes\":{bytes}"));
    match &answer.outcome {
        Outcome::Matched(label, note) => {
            json_label(line, "endpoint", label);
            if let Some(note) = note {
                json_field(line, "note", note);
            }
        }
        Outcome::Failed(label, reason) => {
            json_label(line, "endpoint", label);
            json_field(line, "reason", reason);
        }
        Outcome::Unmatched(misses) => {
            if let Some(miss) = misses.first() {
                json_label(line, "nearest", &miss.endpoint);
                json_field(line, "reason", &miss.reason.to_string());
            }
        }
        Outcome::Refused(why) => json_field(line, "reason", why),
        Outcome::Own => {}
    }
}

fn json_label(line: &mut String, name: &str, label: &EndpointLabel) {
    json_field(line, name, &endpoint_name(label));
    json_field(line, "place", &place(label));
}

fn open_json(line: &mut String, time: Timestamp, level: Level, message: &str) {
    let level = match level {
        Level::Debug => "debug",
        Level::Info => "info",
        Level::Warn => "warn",
        Level::Error => "error",
    };
    put(line, format_args!("{{\"time\":\"{time:.3}\",\"level\":\"{level}\",\"msg\":"));
    write_json_text(line, message);
}

fn json_field(line: &mut String, name: &str, value: &str) {
    line.push(',');
    write_json_text(line, name);
    line.push(':');
    let (value, cut) = cut(value, MOST_TEXT_BYTES);
    write_json_text(line, value);
    if cut {
        line.pop();
        line.push_str("…\"");
    }
}

/// Adds `text` as a JSON string, quotes included.
pub(in crate::serve) fn write_json_text(out: &mut String, text: &str) {
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            letter if letter.is_control() || is_bidi(letter) => {
                put(out, format_args!("\\u{:04x}", u32::from(letter)));
            }
            letter => out.push(letter),
        }
    }
    out.push('"');
}

/// Adds `text` without control characters, and no more than `most` bytes of it.
fn write_clean(out: &mut String, text: &str, most: usize) {
    let (text, cut) = cut(text, most);
    for letter in text.chars() {
        if letter.is_control() || is_bidi(letter) {
            put(out, format_args!("{}", letter.escape_unicode()));
        } else {
            out.push(letter);
        }
    }
    if cut {
        out.push('…');
    }
}

/// Characters that turn the direction of a line, and so can hide what it says.
fn is_bidi(letter: char) -> bool {
    matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn cut(text: &str, most: usize) -> (&str, bool) {
    if text.len() <= most { (text, false) } else { (&text[..text.floor_char_boundary(most)], true) }
}

fn put(out: &mut String, arguments: std::fmt::Arguments<'_>) {
    // Writing to a string never fails.
    let _ = out.write_fmt(arguments);
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at what it did not expect")]
    use super::*;
    use crate::respond::NearMiss;
    use crate::respond::reason::{Difference, Reason};
    use crate::respond::{EndpointRef, Headers};
    use crate::source::Place;
    use http::{HeaderMap, HeaderValue, Method, Uri};
    use std::sync::Arc;

    use crate::spec::{MethodMatch, Verb};

    fn label(name: Option<&str>) -> EndpointRef {
        let place = Place { file: "moclojer.yml".into(), line: 12, column: 3 };
        EndpointRef::from(&Arc::new(EndpointLabel {
            name: name.map(Into::into),
            method: MethodMatch::Exactly(Verb::Get),
            path: "/users/:id".into(),
            place,
        }))
    }

    fn line(format: Format, color: bool, target: &str, status: u16, outcome: Outcome) -> String {
        suggesting(format, color, target, status, outcome, None)
    }

    fn suggesting(
        format: Format,
        color: bool,
        target: &str,
        status: u16,
        outcome: Outcome,
        suggestion: Option<&str>,
    ) -> String {
        let (method, target) = (Method::GET, target.parse::<Uri>().unwrap());
        let mut headers = HeaderMap::new();
        headers.insert(http::header::HOST, HeaderValue::from_static("example.com"));
        let request = Request { method: &method, target: &target, headers: &headers, peer: None };
        let answer = Answer {
            status: StatusCode::from_u16(status).unwrap(),
            headers: Headers::Made(Vec::new()),
            body: bytes::Bytes::from_static(b"hello"),
            outcome,
        };
        let time = Timestamp::from_millisecond(1_700_000_000_123).unwrap();
        let mut out = Vec::new();
        let look = Look { format, color };
        write_request(&mut out, look, time, Duration::from_micros(143), &request, &answer, suggestion);
        String::from_utf8(out).unwrap()
    }

    fn reason() -> Reason {
        let (wanted, found) = ("users".to_owned(), "user".to_owned());
        Reason::Segment { index: 1, wanted, found, difference: Difference::Letter }
    }

    #[test]
    fn a_line_names_the_endpoint_and_never_the_query() {
        let near = || vec![NearMiss::new(label(None), reason())];
        let at = "2023-11-14T22:13:20.123Z";
        for (outcome, status, expected) in [
            (
                Outcome::Matched(label(Some("users")), None),
                200,
                "INFO  GET /users/1 200 143us 5B users (moclojer.yml:12)",
            ),
            (
                Outcome::Failed(label(None), "no file x.json".to_owned()),
                500,
                "ERROR GET /users/1 500 143us 5B GET /users/:id (moclojer.yml:12): no file x.json",
            ),
            (
                Outcome::Unmatched(near()),
                404,
                "WARN  GET /users/1 404 143us 5B no endpoint matches; nearest is GET /users/:id (moclojer.yml:12): \
                 segment 1 of the path is `user`, wanted `users` (one letter off)",
            ),
            (Outcome::Unmatched(Vec::new()), 404, "WARN  GET /users/1 404 143us 5B no endpoint matches"),
            (Outcome::Refused("no Host".to_owned()), 400, "WARN  GET /users/1 400 143us 5B refused: no Host"),
            (Outcome::Own, 200, "INFO  GET /users/1 200 143us 5B (the server's own answer)"),
        ] {
            let text = line(Format::Println, false, "/users/1?token=secret", status, outcome.clone());
            assert_eq!(text, format!("{at} {expected}\n"));
            let json = line(Format::Json, false, "/users/1?token=secret", status, outcome);
            let json: serde_json::Value = serde_json::from_str(&json).unwrap();
            assert_eq!(json["time"], at);
            assert_eq!(json["path"], "/users/1");
            assert_eq!(json["host"], "example.com");
            assert_eq!(json["status"], status);
            assert_eq!(json["duration-us"], 143);
        }
    }

    #[test]
    fn json_says_which_endpoint_and_why() {
        let near = vec![NearMiss::new(label(None), reason())];
        let json: serde_json::Value =
            serde_json::from_str(&line(Format::Json, false, "/", 404, Outcome::Unmatched(near))).unwrap();
        assert_eq!(json["level"], "warn");
        assert_eq!(json["nearest"], "GET /users/:id");
        assert_eq!(json["place"], "moclojer.yml:12");
        assert_eq!(json["reason"], reason().to_string());
    }

    #[test]
    fn a_suggestion_stands_last() {
        let near = || Outcome::Unmatched(vec![NearMiss::new(label(None), reason())]);
        let text = suggesting(Format::Println, false, "/", 404, near(), Some("GET /users/1"));
        assert!(text.ends_with(" (one letter off); try: GET /users/1\n"), "{text}");
        let json = suggesting(Format::Json, false, "/", 404, near(), Some("GET /users/1"));
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(json["suggestion"], "GET /users/1");
    }

    #[test]
    fn color_is_by_status() {
        for (status, color) in [(200, GREEN), (301, CYAN), (404, YELLOW), (500, RED)] {
            let text = line(Format::Default, true, "/", status, Outcome::Own);
            assert!(text.contains(&format!("{color}{status}\x1b[0m")), "{text:?}");
        }
    }

    #[test]
    fn control_characters_are_escaped_and_long_texts_cut() {
        let mut clean = String::new();
        write_clean(&mut clean, "a\x1b[2J\r\n\u{202e}é\u{85}", usize::MAX);
        assert_eq!(clean, "a\\u{1b}[2J\\u{d}\\u{a}\\u{202e}é\\u{85}");
        let mut json = String::new();
        write_json_text(&mut json, "a\x1b\"\\\n\u{202e}é");
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), "a\x1b\"\\\n\u{202e}é");
        assert!(json.is_ascii() || json.contains('é'));
        assert!(!json.contains('\x1b'));
        let long = format!("/{}", "é".repeat(2000));
        let text = line(Format::Println, false, &format!("/{}", "a".repeat(5000)), 200, Outcome::Own);
        assert!(text.len() < 1200, "{}", text.len());
        assert_eq!(cut(&long, 2), ("/", true));
    }

    proptest::proptest! {
        #[test]
        fn any_text_survives_json_and_none_draws_on_a_terminal(text in "\\PC*|[\\x00-\\x9f\u{202e}\u{2066}\"]*") {
            let mut json = String::new();
            write_json_text(&mut json, &text);
            proptest::prop_assert_eq!(&serde_json::from_str::<String>(&json).unwrap(), &text);
            let mut clean = String::new();
            write_clean(&mut clean, &text, 100);
            proptest::prop_assert!(clean.len() <= 100 * 10 + "…".len());
            for letter in json.chars().chain(clean.chars()) {
                proptest::prop_assert!(!letter.is_control() && !is_bidi(letter));
            }
        }
    }
}
