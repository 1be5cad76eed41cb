//! Which revision a change was made from: `if-revision` of the body or query, or `If-Match` with a mock's `ETag`.

use http::header::IF_MATCH;
use http::{HeaderMap, HeaderValue};
use moclojer_core::unify::Revision;

use super::error::{Answer, ApiError};

/// The tag of a revision.
pub(crate) fn etag(revision: Revision) -> Option<HeaderValue> {
    HeaderValue::from_str(&format!("\"{revision}\"")).ok()
}

/// The revision that a request names, if it names one.
pub(crate) fn named(field: Option<Revision>, headers: &HeaderMap) -> Answer<Option<Revision>> {
    let mut values = headers.get_all(IF_MATCH).iter();
    let header = match (values.next(), values.next()) {
        (None, _) => None,
        (Some(value), None) => read(value)?,
        (Some(_), Some(_)) => return Err(ApiError::field("if-match", "stands twice")),
    };
    match (field, header) {
        (Some(field), Some(header)) if field != header => {
            Err(ApiError::field("if-revision", "is another revision than that of `If-Match`"))
        }
        (field, header) => Ok(field.or(header)),
    }
}

/// `"5"`; also as a proxy that compressed the answer left it: `W/"5"`. `*` names none.
fn read(value: &HeaderValue) -> Answer<Option<Revision>> {
    let text = value.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(None);
    }
    let quoted = text.strip_prefix("W/").unwrap_or(text);
    let digits = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let fits =
        |text: &&str| !text.is_empty() && text.len() <= 18 && text.bytes().all(|byte| byte.is_ascii_digit());
    match digits.filter(fits).and_then(|digits| digits.parse().ok()) {
        Some(revision) => Ok(Some(Revision::new(revision))),
        None => Err(ApiError::field("if-match", "is no ETag of a mock: it looks like `\"5\"`")),
    }
}
