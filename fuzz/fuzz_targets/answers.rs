//! Any request gets one answer: no panic, the same bytes each time, no more than what may be sent, JSON where the server
//! itself speaks, and what `explain` says of it is so.
//!
//! An input reads like a request: `METHOD TARGET`, header lines, an empty line, the body.
#![no_main]

use std::sync::LazyLock;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use libfuzzer_sys::fuzz_target;
use moclojer_core::json::{MAX_DEPTH, Value};
use moclojer_core::respond::{Answer, Body, Options, Outcome, Request, Responder, Step};
use moclojer_core::spec::{Format, Limits, Spec};

const MOCK: &[u8] = include_bytes!("answers.yml");

static RESPONDER: LazyLock<Responder> = LazyLock::new(|| {
    let mut options = Options::default();
    options.template.steps = 20_000;
    options.template.output_bytes = 64 << 10;
    let responder = Responder::new(options);
    let spec = Spec::read("answers.yml", MOCK, Format::Yaml, &Limits::default()).spec.expect("a valid mock");
    responder.load(&[&spec]);
    responder
});

fuzz_target!(|bytes: &[u8]| {
    let (head, body) = match bytes.windows(2).position(|pair| pair == b"\n\n") {
        Some(end) => (&bytes[..end], &bytes[end + 2..]),
        None => (bytes, &[][..]),
    };
    let mut lines = head.split(|&byte| byte == b'\n');
    let mut first = lines.next().unwrap_or_default().splitn(2, |&byte| byte == b' ');
    let Ok(method) = Method::from_bytes(first.next().unwrap_or_default()) else { return };
    let Ok(target) = Uri::try_from(first.next().unwrap_or_default()) else { return };
    let mut headers = HeaderMap::new();
    for line in lines.take(64) {
        let mut parts = line.splitn(2, |&byte| byte == b':');
        let name = HeaderName::from_bytes(parts.next().unwrap_or_default());
        let value = HeaderValue::from_bytes(parts.next().unwrap_or_default().trim_ascii());
        if let (Ok(name), Ok(value)) = (name, value) {
            headers.append(name, value);
        }
    }
    let request = Request { method: &method, target: &target, headers: &headers, peer: None };
    let body = Bytes::copy_from_slice(body);
    let answer = ask(&request, Body::Read(&body));
    let answer = answer.expect("the body is there");
    check(&method, &answer);
    let explained = RESPONDER.explain(&request, &body);
    // CONNECT and what a template fails at are nothing that explaining looks at.
    if method != Method::CONNECT && !matches!(answer.outcome, Outcome::Failed(..)) {
        assert_eq!(explained.status, answer.status);
        assert_eq!(explained.is_answered(), !matches!(answer.outcome, Outcome::Unmatched(_)));
    }
    let told = explained.to_json();
    Value::parse(told.as_bytes(), MAX_DEPTH).expect("it is JSON");
    assert!(!explained.to_string().is_empty());
    if let Some(early) = ask(&request, Body::Unread) {
        // Who answers without the body answers the same with it.
        assert_eq!((early.status, &early.body), (answer.status, &answer.body));
    }
});

fn ask(request: &Request<'_>, body: Body<'_>) -> Option<Answer> {
    match RESPONDER.respond(request, body) {
        Step::Answer(answer) => Some(answer),
        Step::ReadBody => None,
        Step::Wait(_) => panic!("nothing has to be made ready"),
    }
}

fn check(method: &Method, answer: &Answer) {
    assert!((200..=599).contains(&answer.status.as_u16()), "{}", answer.status);
    assert!(answer.body.len() <= 80 << 10, "{} bytes", answer.body.len());
    let made_here = matches!(answer.outcome, Outcome::Unmatched(_) | Outcome::Failed(..));
    if made_here && method != Method::OPTIONS {
        Value::parse(&answer.body, MAX_DEPTH).expect("what the server itself says is JSON");
    }
}
