//! An explanation for a program: one JSON object, whose keys stay.

use super::{Explained, Explanation, Held, Verdict};
use crate::json::write_string;
use crate::respond::EndpointRef;
use crate::respond::reason::Mismatch;
use crate::respond::suggest::{FileChange, RequestChange};

impl Explanation {
    /// `{"request":{"method","target","host"},"answered","status","cause","message","endpoint","held","mismatches",
    /// "nearest"}`, on one line.
    pub fn to_json(&self) -> String {
        let mut json = Json(String::with_capacity(1024));
        json.object(|json| {
            json.key("request");
            json.object(|json| {
                json.text("method", self.method.as_str());
                json.text("target", &self.target);
                json.text("host", &self.host);
            });
            json.literal("answered", if self.is_answered() { "true" } else { "false" });
            json.literal("status", self.status.as_str());
            self.verdict(json);
            json.list("mismatches", &self.mismatches, |json, mismatch| {
                json.object(|json| of_mismatch(json, mismatch));
            });
            json.list("nearest", &self.nearest, |json, explained| {
                json.object(|json| explained.write_json(json))
            });
        });
        json.0
    }

    fn verdict(&self, json: &mut Json) {
        match &self.verdict {
            Verdict::Endpoint { endpoint, held } => {
                json.literal("cause", "null");
                json.literal("message", "null");
                json.key("endpoint");
                json.object(|json| of_label(json, endpoint));
                json.list("held", held, of_held);
            }
            Verdict::Server(why) => {
                json.text("cause", "server");
                json.text("message", why);
                json.literal("endpoint", "null");
                json.literal("held", "[]");
            }
            Verdict::Missed { cause, message } => {
                json.text("cause", cause);
                json.text("message", message);
                json.literal("endpoint", "null");
                json.literal("held", "[]");
            }
        }
    }
}

impl Explained {
    fn write_json(&self, json: &mut Json) {
        of_label(json, &self.near.endpoint);
        json.list("held", &self.held, of_held);
        json.key("reason");
        let reason = &self.near.reason;
        json.object(|json| {
            json.text("kind", reason.kind());
            json.text("wanted", &reason.wanted());
            json.text("found", &reason.found());
            json.text("text", &reason.to_string());
        });
        json.key("suggestion");
        match &self.suggestion {
            None => json.0.push_str("null"),
            Some(suggestion) => json.object(|json| {
                match &suggestion.request {
                    Some(change) => {
                        json.key("request");
                        json.object(|json| of_request(json, change));
                    }
                    None => json.literal("request", "null"),
                }
                match &suggestion.file {
                    Some(change) => {
                        json.key("file");
                        json.object(|json| of_file(json, change));
                    }
                    None => json.literal("file", "null"),
                }
            }),
        }
    }
}

fn of_label(json: &mut Json, label: &EndpointRef) {
    json.text("method", label.method.as_str());
    json.text("path", &label.path);
    if let Some(name) = &label.name {
        json.text("name", name);
    }
    if let Some(host) = label.host() {
        json.text("host", host.as_str());
    }
    json.text("place", &label.place.to_string());
}

fn of_held(json: &mut Json, held: &Held) {
    json.object(|json| {
        json.text("in", held.part.as_str());
        json.text("name", &held.name);
    });
}

fn of_mismatch(json: &mut Json, mismatch: &Mismatch) {
    json.text("in", mismatch.part.as_str());
    json.text("name", &mismatch.name);
    json.text("wanted", &mismatch.wanted);
    json.text("found", &mismatch.found);
}

fn of_request(json: &mut Json, change: &RequestChange) {
    let changed = &change.changed;
    json.text("text", &change.full());
    json.literal("edits", &change.edits.len().to_string());
    json.text("method", changed.method.as_str());
    json.text("target", &changed.target.to_string());
    let texts = |name: http::HeaderName| changed.headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(host) = texts(http::header::HOST) {
        json.text("host", host);
    }
    if let Some(kind) = texts(http::header::CONTENT_TYPE) {
        json.text("content-type", kind);
    }
    if let Some(body) = changed.body.as_ref().filter(|body| !body.is_empty()) {
        json.text("body", &String::from_utf8_lossy(body));
    }
}

fn of_file(json: &mut Json, change: &FileChange) {
    json.text("text", &change.to_string());
    json.text("place", &change.place.to_string());
    json.text("key", change.key);
    json.text("value", &change.value);
}

/// JSON as it is written: commas come by themselves.
struct Json(String);

impl Json {
    fn comma(&mut self) {
        if !self.0.ends_with(['{', '[', ':']) && !self.0.is_empty() {
            self.0.push(',');
        }
    }

    fn object(&mut self, members: impl FnOnce(&mut Self)) {
        self.comma();
        self.0.push('{');
        members(self);
        self.0.push('}');
    }

    fn list<T>(&mut self, key: &str, items: &[T], mut write: impl FnMut(&mut Self, &T)) {
        self.key(key);
        self.0.push('[');
        items.iter().for_each(|item| write(self, item));
        self.0.push(']');
    }

    fn key(&mut self, key: &str) {
        self.comma();
        write_string(key, &mut self.0);
        self.0.push(':');
    }

    fn text(&mut self, key: &str, text: &str) {
        self.key(key);
        write_string(text, &mut self.0);
    }

    /// What is JSON already.
    fn literal(&mut self, key: &str, json: &str) {
        self.key(key);
        self.0.push_str(json);
    }
}
