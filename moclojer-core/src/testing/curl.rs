//! A request as a curl command that a person can paste into a shell.
//!
//! It knows what curl sends by itself, and what a shell and curl would change of a word. It does not know who
//! sent the request. Invariant: `moclojer explain --curl` reads a line with a text body back as the same request.

use std::borrow::Cow;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri, header};

/// A longer body is no help on a command line.
const MOST_BODY_BYTES: usize = 4096;
/// What curl declares of data where no header says else.
const FORM: &str = "application/x-www-form-urlencoded";

/// The request as a line for a shell, as one would type it.
///
/// `base` is where the server is, as in `http://127.0.0.1:1234`; the path and the query of the target follow
/// it. An absolute target stands as it is. What curl sends by itself is left out: the method where it is the
/// usual one, `host` of the URL, `accept: */*`, `user-agent: curl/…`, what says how the bytes are framed
/// (`content-length`, `transfer-encoding`, `connection: keep-alive` and `close`), and the content type of a
/// form. What curl would add to data and the request does not have is taken away (`-H 'content-type:'`).
/// Credentials and cookies are shown: they are the test's own.
///
/// A body that is no text or is longer than 4,096 bytes stands as `--data-binary @body.bin`, with its size
/// behind `#`. Control characters make a word be written as `$'…'` (POSIX.1-2024; bash, zsh, ksh).
pub fn curl(base: &str, request: &Request<Bytes>) -> String {
    let target = Target::of(base, request.uri());
    let body = Payload::of(request.body());
    let mut line = String::from("curl");
    write_method(request.method(), body != Payload::None, &mut line);
    target.write(&mut line);
    write_headers(request.headers(), &target.host, body != Payload::None, &mut line);
    body.write(&mut line);
    line
}

/// curl takes GET without data and POST with it; `-I` cannot stand beside data.
fn write_method(method: &Method, sends: bool, line: &mut String) {
    match (method, sends) {
        (&Method::GET, false) | (&Method::POST, true) => {}
        (&Method::HEAD, false) => line.push_str(" -I"),
        _ => {
            line.push_str(" -X ");
            line.push_str(&word(method.as_str()));
        }
    }
}

/// Where curl connects, and what it asks for there.
struct Target {
    url: String,
    /// The target, where no URL can say it.
    request_target: Option<String>,
    /// `..` is to stay.
    as_is: bool,
    /// Braces and brackets are to stay.
    no_globs: bool,
    host: String,
}

impl Target {
    fn of(base: &str, uri: &Uri) -> Self {
        let asked = uri.path_and_query().map_or("", |asked| asked.as_str());
        let server = match (uri.scheme(), uri.authority()) {
            (Some(scheme), Some(authority)) => format!("{scheme}://{authority}"),
            _ => base.trim_end_matches('/').to_owned(),
        };
        let host = host_of(&server).to_owned();
        let request_target = match (asked.starts_with('/'), asked.is_ascii()) {
            (true, true) => {
                let url = format!("{server}{asked}");
                let as_is = uri.path().split('/').any(is_dots);
                let no_globs = asked.contains(['{', '}', '[', ']']);
                return Self { url, request_target: None, as_is, no_globs, host };
            }
            // curl would escape letters outside ASCII.
            (true, false) => asked.to_owned(),
            // `*`, or the authority of CONNECT.
            (false, _) => uri.to_string(),
        };
        Self { url: server, request_target: Some(request_target), as_is: false, no_globs: false, host }
    }

    fn write(&self, line: &mut String) {
        for (flag, wanted) in [(" -g", self.no_globs), (" --path-as-is", self.as_is)] {
            if wanted {
                line.push_str(flag);
            }
        }
        if let Some(target) = &self.request_target {
            line.push_str(" --request-target ");
            line.push_str(&word(target));
        }
        line.push(' ');
        line.push_str(&word(&self.url));
    }
}

/// A segment that curl would take for this or the upper folder.
fn is_dots(segment: &str) -> bool {
    let plain = segment.replace("%2e", ".").replace("%2E", ".");
    matches!(&*plain, "." | "..")
}

/// The host and the port of a URL, as they stand in `Host`.
fn host_of(url: &str) -> &str {
    let authority = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = authority.split(['/', '?', '#']).next().unwrap_or_default();
    authority.rsplit_once('@').map_or(authority, |(_, host)| host)
}

fn write_headers(headers: &HeaderMap, host: &str, sends: bool, line: &mut String) {
    for (name, value) in headers {
        let is_only = headers.get_all(name).iter().nth(1).is_none();
        if is_framing(name, value) || is_only && is_own(name, value, host, sends) {
            continue;
        }
        let mut text = name.as_str().as_bytes().to_vec();
        match value.is_empty() {
            // With a colon curl would send none.
            true => text.push(b';'),
            false => {
                text.extend_from_slice(b": ");
                text.extend_from_slice(value.as_bytes());
            }
        }
        line.push_str(" -H ");
        line.push_str(&quote(&text));
    }
    if sends && !headers.contains_key(header::CONTENT_TYPE) {
        line.push_str(" -H 'content-type:'");
    }
}

/// What says how the bytes go over the connection, which is curl's own affair.
fn is_framing(name: &HeaderName, value: &HeaderValue) -> bool {
    let is = |text: &str| value.as_bytes().eq_ignore_ascii_case(text.as_bytes());
    match *name {
        header::CONTENT_LENGTH | header::TRANSFER_ENCODING => true,
        header::CONNECTION => is("keep-alive") || is("close"),
        _ => false,
    }
}

/// What curl sends by itself.
fn is_own(name: &HeaderName, value: &HeaderValue, host: &str, sends: bool) -> bool {
    match *name {
        header::HOST => value.as_bytes().eq_ignore_ascii_case(host.as_bytes()),
        header::ACCEPT => value == "*/*",
        header::USER_AGENT => value.as_bytes().starts_with(b"curl/"),
        header::CONTENT_TYPE => sends && value == FORM,
        _ => false,
    }
}

#[derive(PartialEq)]
enum Payload<'b> {
    None,
    Text(&'b str),
    /// Its size in bytes.
    File(usize),
}

impl<'b> Payload<'b> {
    fn of(body: &'b [u8]) -> Self {
        match std::str::from_utf8(body) {
            Ok("") => Self::None,
            // No word of a shell can hold a NUL.
            Ok(text) if text.len() <= MOST_BODY_BYTES && !text.contains('\0') => Self::Text(text),
            _ => Self::File(body.len()),
        }
    }

    fn write(&self, line: &mut String) {
        match self {
            Self::None => {}
            Self::Text(text) => {
                line.push_str(" --data-raw ");
                line.push_str(&quote(text.as_bytes()));
            }
            Self::File(size) => {
                let unit = if *size == 1 { "byte" } else { "bytes" };
                line.push_str(&format!(" --data-binary @body.bin # body.bin: the body, {size} {unit}"));
            }
        }
    }
}

/// A word as it stands where no shell would touch it, else in quotes.
fn word(text: &str) -> Cow<'_, str> {
    let is_safe = |byte: u8| byte.is_ascii_alphanumeric() || b"-._/:@%+,".contains(&byte);
    match !text.is_empty() && text.bytes().all(is_safe) {
        true => text.into(),
        false => quote(text.as_bytes()).into(),
    }
}

/// A word in quotes: `'…'`, or `$'…'` where it holds what is not to reach a terminal.
fn quote(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.contains(is_unseen) => format!("'{}'", text.replace('\'', r"'\''")),
        _ => escape(bytes),
    }
}

fn escape(bytes: &[u8]) -> String {
    let mut out = String::from("$'");
    for chunk in bytes.utf8_chunks() {
        for letter in chunk.valid().chars() {
            match letter {
                '\n' => out.push_str(r"\n"),
                '\r' => out.push_str(r"\r"),
                '\t' => out.push_str(r"\t"),
                '\'' => out.push_str(r"\'"),
                '\\' => out.push_str(r"\\"),
                letter if is_unseen(letter) => {
                    push_octal(letter.encode_utf8(&mut [0; 4]).as_bytes(), &mut out)
                }
                letter => out.push(letter),
            }
        }
        push_octal(chunk.invalid(), &mut out);
    }
    out.push('\'');
    out
}

/// Three octal digits each: shells do not agree how many hexadecimal ones they take.
fn push_octal(bytes: &[u8], out: &mut String) {
    for byte in bytes {
        out.push_str(&format!("\\{byte:03o}"));
    }
}

/// Control characters, line ends, and what turns the direction of the text around it.
fn is_unseen(letter: char) -> bool {
    letter.is_control() || matches!(letter, '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "the texts are literals of this module")]
    use super::*;

    const BASE: &str = "http://127.0.0.1:1234";

    fn line(method: &str, target: &str, headers: &[(&str, &[u8])], body: &[u8]) -> String {
        let mut request = Request::builder().method(method).uri(target);
        for &(name, value) in headers {
            request = request.header(name, value);
        }
        curl(BASE, &request.body(Bytes::copy_from_slice(body)).unwrap())
    }

    #[test]
    fn the_method_is_said_where_curl_would_take_another() {
        for (method, body, written) in [
            ("GET", "", "curl http://127.0.0.1:1234/x"),
            ("POST", "", "curl -X POST http://127.0.0.1:1234/x"),
            ("HEAD", "", "curl -I http://127.0.0.1:1234/x"),
            ("DELETE", "", "curl -X DELETE http://127.0.0.1:1234/x"),
            ("A'B", "", r"curl -X 'A'\''B' http://127.0.0.1:1234/x"),
            ("POST", "a", "curl http://127.0.0.1:1234/x -H 'content-type:' --data-raw 'a'"),
            ("GET", "a", "curl -X GET http://127.0.0.1:1234/x -H 'content-type:' --data-raw 'a'"),
            ("HEAD", "a", "curl -X HEAD http://127.0.0.1:1234/x -H 'content-type:' --data-raw 'a'"),
        ] {
            assert_eq!(line(method, "/x", &[], body.as_bytes()), written);
        }
    }

    #[test]
    fn a_target_is_sent_as_it_was() {
        for (target, written) in [
            ("/a?b=1&c=%20", "curl 'http://127.0.0.1:1234/a?b=1&c=%20'"),
            ("/it's", r"curl 'http://127.0.0.1:1234/it'\''s'"),
            ("/{id}", "curl -g 'http://127.0.0.1:1234/{id}'"),
            ("/a/../b", "curl --path-as-is http://127.0.0.1:1234/a/../b"),
            ("/a/%2e%2E", "curl --path-as-is http://127.0.0.1:1234/a/%2e%2E"),
            ("/a?../b", "curl 'http://127.0.0.1:1234/a?../b'"),
            ("/olá/{id}?q=é", "curl --request-target '/olá/{id}?q=é' http://127.0.0.1:1234"),
            ("*", "curl --request-target '*' http://127.0.0.1:1234"),
            ("h:80", "curl --request-target h:80 http://127.0.0.1:1234"),
            ("https://h.example/x?y", "curl 'https://h.example/x?y'"),
            ("https://h.example/á", "curl --request-target '/á' https://h.example"),
            ("https://h.example", "curl https://h.example/"),
        ] {
            assert_eq!(line("GET", target, &[], b""), written);
        }
        assert_eq!(curl("http://h/", &Request::new(Bytes::new())), "curl http://h/");
    }

    #[test]
    fn headers_that_curl_sends_are_left_out() {
        let own: &[(&str, &[u8])] = &[
            ("host", b"127.0.0.1:1234"),
            ("user-agent", b"curl/8.0"),
            ("accept", b"*/*"),
            ("content-length", b"3"),
            ("connection", b"Keep-Alive"),
            ("transfer-encoding", b"chunked"),
            ("content-type", FORM.as_bytes()),
        ];
        assert_eq!(line("POST", "/", own, b"a=1"), "curl http://127.0.0.1:1234/ --data-raw 'a=1'");
        assert_eq!(line("GET", "http://H:1/", &[("host", b"h:1")], b""), "curl http://H:1/");
        for (headers, written) in [
            (&[("host", &b"a.example"[..])][..], "-H 'host: a.example'"),
            (&[("accept", b"*/*"), ("accept", b"a/b")], "-H 'accept: */*' -H 'accept: a/b'"),
            (&[("user-agent", b"ours/1")], "-H 'user-agent: ours/1'"),
            (&[("connection", b"Upgrade")], "-H 'connection: Upgrade'"),
            (&[("content-type", FORM.as_bytes())], "-H 'content-type: application/x-www-form-urlencoded'"),
            (
                &[("authorization", b"Bearer x"), ("cookie", b"a=1")],
                "-H 'authorization: Bearer x' -H 'cookie: a=1'",
            ),
            (&[("x", b"")], "-H 'x;'"),
            (&[("x", b"it's\t\xff\xc3\xa1")], r"-H $'x: it\'s\t\377á'"),
        ] {
            assert_eq!(line("GET", "/", headers, b""), format!("curl http://127.0.0.1:1234/ {written}"));
        }
    }

    #[test]
    fn a_body_stands_in_quotes_or_in_a_file() {
        let json: &[(&str, &[u8])] = &[("content-type", b"application/json")];
        let long = "x".repeat(MOST_BODY_BYTES + 1);
        for (body, written) in [
            (r#"{"a": "it's \n"}"#.as_bytes(), r#"--data-raw '{"a": "it'\''s \n"}'"#),
            (b"@file", "--data-raw '@file'"),
            (b"a\r\n\x1b[1m\\'\x7f", r"--data-raw $'a\r\n\033[1m\\\'\177'"),
            ("\u{9b}\u{202e}é".as_bytes(), r"--data-raw $'\302\233\342\200\256é'"),
            (b"\xff", "--data-binary @body.bin # body.bin: the body, 1 byte"),
            (b"a\0", "--data-binary @body.bin # body.bin: the body, 2 bytes"),
            (long.as_bytes(), "--data-binary @body.bin # body.bin: the body, 4097 bytes"),
        ] {
            let start = "curl http://127.0.0.1:1234/ -H 'content-type: application/json' ";
            assert_eq!(line("POST", "/", json, body), format!("{start}{written}"));
        }
        assert!(line("POST", "/", json, &long.as_bytes()[1..]).contains("--data-raw"));
    }
}
