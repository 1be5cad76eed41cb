//! Asks a responder without a socket.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use moclojer_core::respond::{Answer, Body, Outcome, Request, Responder, Step};
use moclojer_core::spec::{Checked, Format, Limits, Spec};

/// Reads a YAML mock as a file called `mock.yml`.
pub(crate) fn check(yaml: &str) -> Checked {
    Spec::read("mock.yml", yaml.as_bytes(), Format::Yaml, &Limits::default())
}

/// A valid mock; panics with its problems.
pub(crate) fn mock(yaml: &str) -> Mock {
    let responder = Responder::default();
    load(&responder, yaml);
    Mock(responder.into())
}

pub(crate) fn load(responder: &Responder, yaml: &str) {
    let checked = check(yaml);
    let problems: Vec<String> = checked.problems.iter().map(ToString::to_string).collect();
    let spec = checked.spec.unwrap_or_else(|| panic!("not valid: {problems:#?}"));
    responder.load(&[&spec]);
}

pub(crate) struct Mock(pub(crate) std::sync::Arc<Responder>);

/// An answer, owned and readable.
#[derive(Debug)]
pub(crate) struct Got {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
    pub(crate) outcome: Outcome,
    pub(crate) asked_for_body: bool,
}

impl Got {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| &**value)
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    pub(crate) fn of(answer: Answer, asked_for_body: bool) -> Self {
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        Self {
            status: answer.status.as_u16(),
            headers: answer
                .headers
                .as_slice()
                .iter()
                .map(|(name, value)| (name.to_string(), text(value)))
                .collect(),
            body: String::from_utf8_lossy(&answer.body).into_owned(),
            outcome: answer.outcome,
            asked_for_body,
        }
    }
}

impl Mock {
    /// `ask("POST /users", &["Content-Type: text/json"], "{}")`; without a `Host` it is `localhost`.
    pub(crate) fn ask(&self, line: &str, headers: &[&str], body: &str) -> Got {
        let (method, target) = line.split_once(' ').expect("a method and a target");
        let method: Method = method.parse().expect("a method");
        let target: Uri = target.parse().expect("a target");
        let mut map = HeaderMap::new();
        for header in headers {
            let (name, value) = header.split_once(": ").expect("name: value");
            map.append(name.parse::<HeaderName>().expect("a name"), value.parse().expect("a value"));
        }
        map.entry("host").or_insert(HeaderValue::from_static("localhost"));
        let request = Request { method: &method, target: &target, headers: &map, peer: None };
        let body = Bytes::copy_from_slice(body.as_bytes());
        match self.0.respond(&request, Body::Unread) {
            Step::Answer(answer) => Got::of(answer, false),
            Step::Wait(_) => panic!("it is not ready"),
            Step::ReadBody => match self.0.respond(&request, Body::Read(&body)) {
                Step::Answer(answer) => Got::of(answer, true),
                step => panic!("it asked twice: {step:?}"),
            },
        }
    }

    pub(crate) fn get(&self, target: &str) -> Got {
        self.ask(&format!("GET {target}"), &[], "")
    }
}
