//! What a header, a query parameter or a body's text has to be.

use std::sync::Arc;

use regex::Regex;

use crate::spec::coded::TextMatch;

/// What a text has to be: a header's value, a query parameter's, a body.
///
/// A `&str` or `String` is that text exactly; a [`Regex`] finds something in it. The functions of this module make
/// the others: [`any`], [`absent`], [`containing`], [`regex()`], [`satisfying`].
#[derive(Clone, Debug)]
pub struct TextMatcher(pub(super) TextMatch);

/// Any value, but it has to be there.
pub fn any() -> TextMatcher {
    TextMatcher(TextMatch::Any)
}

/// No value: the header or parameter must not be there, the body must be empty.
pub fn absent() -> TextMatcher {
    TextMatcher(TextMatch::Absent)
}

/// A text that has this one in it.
pub fn containing(text: impl Into<String>) -> TextMatcher {
    TextMatcher(TextMatch::Containing(text.into().into()))
}

/// A text in which this regular expression (of the crate `regex`) finds something; `^` and `$` hold the whole of it.
///
/// # Panics
/// If the expression cannot be read; the message says why.
#[track_caller]
pub fn regex(expression: &str) -> TextMatcher {
    match Regex::new(expression) {
        Ok(regex) => regex.into(),
        Err(error) => panic!("`{expression}` is no regular expression: {error}"),
    }
}

/// A text of which `holds` says yes; `what` says in failures what was wanted: `satisfying("an even number", …)`.
///
/// The closure runs where requests are answered and must not block. What it panics with is told at the end of the
/// test, and it counts as a no.
pub fn satisfying(
    what: impl Into<String>,
    holds: impl Fn(&str) -> bool + Send + Sync + 'static,
) -> TextMatcher {
    TextMatcher(TextMatch::Test(what.into().into(), Arc::new(holds)))
}

impl From<&str> for TextMatcher {
    fn from(text: &str) -> Self {
        Self(TextMatch::Equal(text.into()))
    }
}

impl From<String> for TextMatcher {
    fn from(text: String) -> Self {
        Self(TextMatch::Equal(text.into()))
    }
}

impl From<Regex> for TextMatcher {
    fn from(regex: Regex) -> Self {
        Self(TextMatch::Regex(regex))
    }
}
