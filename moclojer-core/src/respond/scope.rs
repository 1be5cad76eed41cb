//! What templates see of one request that one endpoint answers.

use std::borrow::Cow;
use std::cell::OnceCell;

use http::HeaderName;
use jiff::Timestamp;

use super::Responder;
use super::view::View;
use crate::json::Value;
use crate::route::Segments;
use crate::spec::Endpoint;
use crate::template::{Root, Scope};

/// The values of one answer.
pub(super) struct Filled<'a, 'v> {
    view: &'a View<'v>,
    path: &'a Segments<'a>,
    endpoint: &'a Endpoint,
    responder: &'a Responder,
    /// One instant through one answer.
    now: OnceCell<Timestamp>,
}

impl<'a, 'v> Filled<'a, 'v> {
    pub(super) fn new(
        view: &'a View<'v>,
        path: &'a Segments<'a>,
        endpoint: &'a Endpoint,
        responder: &'a Responder,
    ) -> Self {
        Self { view, path, endpoint, responder, now: OnceCell::new() }
    }
}

impl Scope for Filled<'_, '_> {
    fn path_param(&self, index: usize) -> Option<Cow<'_, str>> {
        self.endpoint.path.capture(index, self.path)
    }

    fn query_param(&self, name: &str) -> Option<Cow<'_, str>> {
        self.view.query().first(name)
    }

    fn header(&self, name: &HeaderName) -> Option<Cow<'_, str>> {
        let mut values = self.view.request.headers.get_all(name).iter();
        let first = String::from_utf8_lossy(values.next()?.as_bytes());
        Some(values.fold(first, |mut joined, value| {
            let text = joined.to_mut();
            text.push_str(", ");
            text.push_str(&String::from_utf8_lossy(value.as_bytes()));
            joined
        }))
    }

    fn form_param(&self, name: &str) -> Option<Cow<'_, str>> {
        self.view.form().first(name)
    }

    fn json(&self) -> Option<&Value> {
        self.view.json_value()
    }

    fn pairs(&self, root: Root) -> Vec<(Cow<'_, str>, Cow<'_, str>)> {
        match root {
            Root::PathParams => {
                let captures = self.endpoint.path.captures.iter().enumerate();
                captures
                    .filter_map(|(index, capture)| {
                        Some((Cow::Borrowed(&*capture.name), self.path_param(index)?))
                    })
                    .collect()
            }
            Root::QueryParams => self.view.query().first_of_each().collect(),
            Root::FormParams => self.view.form().first_of_each().collect(),
            Root::Headers => {
                let names = self.view.request.headers.keys();
                names.filter_map(|name| Some((Cow::Borrowed(name.as_str()), self.header(name)?))).collect()
            }
        }
    }

    fn now(&self) -> Timestamp {
        *self.now.get_or_init(|| self.responder.clock.now())
    }

    fn next_random(&self) -> u64 {
        self.responder.random.next_u64()
    }
}
