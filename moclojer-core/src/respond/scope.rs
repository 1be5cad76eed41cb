//! What templates see of one request that one endpoint answers.

use std::borrow::Cow;
use std::cell::OnceCell;

use http::HeaderName;
use jiff::Timestamp;

use super::chance::{AnswerPart, Draws};
use super::view::View;
use crate::json::Value;
use crate::ports::Clock;
use crate::route::Segments;
use crate::spec::Endpoint;
use crate::template::{Counters, RequestField, Root, Scope};

/// The values of one answer.
pub(super) struct Filled<'a, 'v> {
    view: &'a View<'v>,
    path: &'a Segments<'a>,
    endpoint: &'a Endpoint,
    clock: &'a dyn Clock,
    counters: &'a Counters,
    draws: Draws<'a>,
    /// One instant through one answer.
    now: OnceCell<Timestamp>,
    /// One id through one answer.
    id: OnceCell<String>,
}

impl<'a, 'v> Filled<'a, 'v> {
    pub(super) fn new(
        view: &'a View<'v>,
        path: &'a Segments<'a>,
        endpoint: &'a Endpoint,
        clock: &'a dyn Clock,
        counters: &'a Counters,
        draws: Draws<'a>,
    ) -> Self {
        Self { view, path, endpoint, clock, counters, draws, now: OnceCell::new(), id: OnceCell::new() }
    }

    /// What is rendered from now on is another part of the answer.
    pub(super) fn begin(&mut self, part: AnswerPart) {
        self.draws.begin(part);
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

    fn query_params(&self, name: Option<&str>) -> Vec<(Cow<'_, str>, Cow<'_, str>)> {
        match name {
            None => self.view.query().iter().collect(),
            // The caller knows the name that it asks for.
            Some(name) => self.view.query().all(name).map(|value| (Cow::Borrowed(""), value)).collect(),
        }
    }

    fn cookie(&self, name: &str) -> Option<Cow<'_, str>> {
        self.view.cookies().first(name)
    }

    fn request(&self, field: RequestField) -> Cow<'_, str> {
        Cow::Borrowed(match field {
            RequestField::Method => self.view.request.method.as_str(),
            RequestField::Path => self.view.request.target.path(),
            RequestField::Host => self.view.host(),
            RequestField::Body => self.view.text(),
            RequestField::Id => self.id.get_or_init(|| self.draws.request_id()),
        })
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
            Root::Cookies => self.view.cookies().first_of_each().collect(),
            Root::FormParams => self.view.form().first_of_each().collect(),
            Root::Headers => {
                let names = self.view.request.headers.keys();
                names.filter_map(|name| Some((Cow::Borrowed(name.as_str()), self.header(name)?))).collect()
            }
        }
    }

    fn now(&self) -> Timestamp {
        *self.now.get_or_init(|| self.clock.now())
    }

    fn next_random(&self) -> u64 {
        self.draws.next_u64()
    }

    fn count(&self, counter: &str) -> Option<u64> {
        self.counters.next(counter)
    }
}
