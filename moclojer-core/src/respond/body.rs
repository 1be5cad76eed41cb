//! What a request's body is: JSON, a form, or neither. Parsed at most once a request, when first asked for.

use std::borrow::Cow;

use http::{HeaderMap, header};

use crate::json::{self, Object, Value};

/// The body as JSON.
#[derive(Debug)]
pub(super) enum JsonBody {
    /// There is none, or its type is not JSON.
    Absent,
    /// It says that it is JSON, but is not: why.
    Malformed(String),
    /// A JSON value.
    Value {
        value: Value,
        /// The type said form, the text was JSON (`curl -d` without a type).
        under_form_type: bool,
    },
}

/// What the content type says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Json,
    Form,
    Other,
}

fn kind_of(headers: &HeaderMap) -> Kind {
    let Some(value) = headers.get(header::CONTENT_TYPE) else {
        return Kind::Json;
    };
    let essence =
        value.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match &*essence {
        "" => Kind::Json,
        "application/x-www-form-urlencoded" => Kind::Form,
        essence if crate::spec::is_json_type(essence) => Kind::Json,
        _ => Kind::Other,
    }
}

/// The content type of a body that is taken for neither JSON nor a form.
pub(super) fn foreign_type(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::CONTENT_TYPE).filter(|_| kind_of(headers) == Kind::Other)?;
    Some(value.to_str().unwrap_or("(no text)"))
}

/// Whether a content type is there that is not JSON.
pub(super) fn says_other_than_json(headers: &HeaderMap) -> bool {
    kind_of(headers) != Kind::Json
}

/// Whether the content type says form.
pub(super) fn is_form(headers: &HeaderMap) -> bool {
    kind_of(headers) == Kind::Form
}

/// The body as JSON; a form without JSON in it is an object of texts.
pub(super) fn json(headers: &HeaderMap, body: &[u8]) -> JsonBody {
    if body.is_empty() {
        return JsonBody::Absent;
    }
    match kind_of(headers) {
        Kind::Json => match Value::parse(body, json::MAX_DEPTH) {
            Ok(value) => JsonBody::Value { value, under_form_type: false },
            Err(error) => JsonBody::Malformed(format!("{} at byte {}", error.message, error.offset)),
        },
        Kind::Form => match Value::parse(body, json::MAX_DEPTH) {
            Ok(value @ (Value::Object(_) | Value::Array(_))) => {
                JsonBody::Value { value, under_form_type: true }
            }
            _ => {
                let pairs = pairs(body).map(|(name, value)| {
                    (name.into_owned().into_boxed_str(), Value::String(value.into_owned().into_boxed_str()))
                });
                JsonBody::Value { value: Value::Object(first_of_each(pairs)), under_form_type: false }
            }
        },
        Kind::Other => JsonBody::Absent,
    }
}

/// A repeated field's first value counts, as for query parameters.
fn first_of_each(pairs: impl Iterator<Item = (Box<str>, Value)>) -> Object {
    let mut seen = std::collections::HashSet::new();
    pairs.filter(|(name, _)| seen.insert(name.clone())).collect()
}

/// The text of a form; empty when the type is another.
pub(super) fn form<'b>(headers: &HeaderMap, body: &'b [u8]) -> &'b [u8] {
    if kind_of(headers) == Kind::Form { body } else { &[] }
}

/// Names and values of `a=1&b=2`, decoded; what is no UTF-8 is replaced, a bad escape stays as it is.
pub(crate) fn pairs(text: &[u8]) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
    text.split(|&byte| byte == b'&').filter(|pair| !pair.is_empty()).map(|pair| {
        let mut halves = pair.splitn(2, |&byte| byte == b'=');
        let name = halves.next().unwrap_or_default();
        let value = halves.next().unwrap_or_default();
        (decode(name), decode(value))
    })
}

/// `+` is a space, `%41` is `A`.
fn decode(text: &[u8]) -> Cow<'_, str> {
    if !text.iter().any(|byte| matches!(byte, b'+' | b'%')) {
        return String::from_utf8_lossy(text);
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [byte, after @ ..] = rest {
        rest = after;
        match (byte, after) {
            (b'+', _) => bytes.push(b' '),
            (b'%', [high, low, after @ ..]) => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => {
                    bytes.push(high << 4 | low);
                    rest = after;
                }
                _ => bytes.push(b'%'),
            },
            (byte, _) => bytes.push(*byte),
        }
    }
    Cow::Owned(
        String::from_utf8(bytes)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()),
    )
}

fn hex(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_decoded_and_a_bad_escape_stays() {
        let text = b"a=1&b=x+y&c=%C3%A9&d&e=%zz&=v&&f=%";
        let found: Vec<_> = pairs(text).collect();
        let found: Vec<(&str, &str)> = found.iter().map(|(name, value)| (&**name, &**value)).collect();
        let wanted = [("a", "1"), ("b", "x y"), ("c", "é"), ("d", ""), ("e", "%zz"), ("", "v"), ("f", "%")];
        assert_eq!(found, wanted);
    }

    #[test]
    fn json_is_told_by_type_and_a_form_may_hold_it() {
        let with = |kind: &str, body: &str| {
            let mut headers = HeaderMap::new();
            if !kind.is_empty() {
                headers.insert(header::CONTENT_TYPE, kind.parse().expect("a type of this test"));
            }
            match json(&headers, body.as_bytes()) {
                JsonBody::Absent => "absent".to_owned(),
                JsonBody::Malformed(_) => "malformed".to_owned(),
                JsonBody::Value { value, under_form_type } => {
                    let mut text = if under_form_type { "form:".to_owned() } else { String::new() };
                    value.write_json(&mut text);
                    text
                }
            }
        };
        let form = "application/x-www-form-urlencoded";
        for (kind, body, wanted) in [
            ("", r#"{"a":1}"#, r#"{"a":1}"#),
            ("application/json; charset=utf-8", "[1.50]", "[1.50]"),
            ("application/problem+json", "1", "1"),
            ("text/json", "{", "malformed"),
            ("text/plain", "{}", "absent"),
            ("", "", "absent"),
            (form, r#"{"a":1}"#, r#"form:{"a":1}"#),
            (form, "a=1&a=2&b", r#"{"a":"1","b":""}"#),
            (form, "12", r#"{"12":""}"#),
        ] {
            assert_eq!(with(kind, body), wanted, "{kind} {body}");
        }
    }
}
