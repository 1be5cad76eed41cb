//! An endpoint ready to answer: its guards against a request, and its answer.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode};

use super::chance::{AnswerPart, Draws};
use super::error;
use super::scope::Filled;
use super::search::Held;
use super::view::View;
use super::{Answer, EndpointRef, Headers, Outcome, Responder, coded, cors};
use crate::route::Segments;
use crate::spec::coded::{Coded, CodedGuard};
use crate::spec::path::ParamType;
use crate::spec::{BodySource, Endpoint, HeaderSource, MethodMatch, header_value};
use crate::template::Template;

/// Headers that are the same for every request.
pub(super) type FixedHeaders = Arc<[(HeaderName, HeaderValue)]>;

/// An endpoint, and what of its answer is the same for every request. What a fixed answer needs stands in one
/// cache line.
#[derive(Debug)]
#[repr(align(64))]
pub(super) struct Plan {
    pub(super) method: MethodMatch,
    status: StatusCode,
    /// Whether there is nothing to look at but method and path.
    unguarded: bool,
    /// Whether its answer uses the body.
    renders_body: bool,
    /// Its body, if no template makes it.
    fixed_body: Option<Bytes>,
    /// Its headers, if no template and no origin decides them.
    fixed_headers: Option<FixedHeaders>,
    pub(super) endpoint: Arc<Endpoint>,
}

const _: () = assert!(size_of::<Plan>() == 64, "a plan is one cache line");

/// What an endpoint's guards say of a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Guards {
    Hold,
    Fail,
    /// The body has to be read first.
    NeedBody,
}

impl Plan {
    pub(super) fn new(
        endpoint: Arc<Endpoint>,
        fixed_body: Option<Bytes>,
        fixed_headers: Option<FixedHeaders>,
    ) -> Self {
        let response = &endpoint.response;
        let renders_body = templates(&endpoint).any(Template::needs_body);
        let coded = endpoint.coded();
        let answered_by_code = coded.is_some_and(|coded| coded.answer.is_some());
        let guarded_by_code = coded.is_some_and(|coded| !coded.guards.is_empty());
        let untyped = endpoint.path.captures.iter().all(|capture| matches!(capture.kind, ParamType::String));
        Self {
            method: endpoint.method,
            status: response.status,
            unguarded: untyped && endpoint.query.is_empty() && endpoint.body.is_none() && !guarded_by_code,
            renders_body: renders_body || answered_by_code,
            fixed_body: fixed_body.filter(|_| !answered_by_code),
            fixed_headers,
            endpoint,
        }
    }

    /// Whether two answers of an endpoint to the same request may differ.
    pub(super) fn draws(endpoint: &Endpoint) -> bool {
        templates(endpoint).any(Template::uses_time_or_chance)
    }

    /// The body of an endpoint, if no template makes it.
    pub(super) fn fixed_body(endpoint: &Endpoint) -> Option<&Bytes> {
        match &endpoint.response.body {
            BodySource::Fixed(body) => Some(body),
            BodySource::Template(_) | BodySource::NotServed(_) => None,
        }
    }

    /// The headers of an endpoint, if they are the same for every request.
    pub(super) fn fixed_headers(endpoint: &Endpoint) -> Option<FixedHeaders> {
        if endpoint.cors().is_some() {
            return None;
        }
        let mut fixed = Vec::with_capacity(endpoint.response.headers.len());
        for header in endpoint.response.headers.iter() {
            match &header.value {
                HeaderSource::Fixed(value) => fixed.push((header.name.clone(), value.clone())),
                HeaderSource::Template(_) => return None,
            }
        }
        Some(fixed.into())
    }

    /// How many guards the request meets here: the body, and each declared parameter that it has.
    pub(super) fn guards_for(&self, view: &View<'_>) -> usize {
        let query = &self.endpoint.query;
        let declared = if query.is_empty() {
            0
        } else {
            query.iter().filter(|param| view.query().first(&param.name).is_some()).count()
        };
        declared + usize::from(self.endpoint.body.is_some())
    }

    /// Whether the guards hold.
    pub(super) fn guards(&self, view: &View<'_>, path: &Segments<'_>) -> Guards {
        if self.unguarded {
            return Guards::Hold;
        }
        let path_holds = self.endpoint.path.captures.iter().enumerate().all(|(index, capture)| {
            self.endpoint.path.capture(index, path).is_none_or(|text| capture.kind.accepts(&text))
        });
        if !path_holds {
            return Guards::Fail;
        }
        for param in self.endpoint.query.iter() {
            if !view.query().all(&param.name).all(|value| param.kind.accepts(&value)) {
                return Guards::Fail;
            }
        }
        let of_shape = match self.endpoint.body.as_deref() {
            None => Guards::Hold,
            Some(_) if view.unread() => Guards::NeedBody,
            Some(shape) => match view.json_value() {
                Some(value) if shape.fits(value) => Guards::Hold,
                _ => Guards::Fail,
            },
        };
        match self.endpoint.coded() {
            Some(coded) if of_shape == Guards::Hold => self.coded_guards(coded, view),
            _ => of_shape,
        }
    }

    fn coded_guards(&self, coded: &Coded, view: &View<'_>) -> Guards {
        if view.unread() && coded.guards.iter().any(CodedGuard::needs_body) {
            return Guards::NeedBody;
        }
        match coded.guards.iter().all(|guard| guard.holds(view, &self.endpoint)) {
            true => Guards::Hold,
            false => Guards::Fail,
        }
    }

    /// The answer; `None` when the body is needed and unread. This is the endpoint at `index` of `block`.
    pub(super) fn render(
        &self,
        view: &View<'_>,
        path: &Segments<'_>,
        responder: &Responder,
        block: &Held,
        index: u32,
    ) -> Option<Answer> {
        let named = || EndpointRef::of(block.to_arc(), index);
        let status = self.status;
        if let (Some(body), Some(headers)) = (&self.fixed_body, &self.fixed_headers) {
            let outcome = Outcome::Matched(named(), view.note());
            let headers = Headers::Fixed(Arc::clone(headers));
            return Some(Answer { status, headers, body: body.clone(), outcome });
        }
        if self.renders_body && view.unread() {
            return None;
        }
        if let Some(make) = self.endpoint.coded().and_then(|coded| coded.answer.as_ref()) {
            return Some(coded::answer(make, view, &self.endpoint, named()));
        }
        let draws = Draws::new(&*responder.random, block.seeded.next_answer(index));
        let mut filled = Filled::new(view, path, &self.endpoint, &*responder.clock, &block.counters, draws);
        let body = match &self.endpoint.response.body {
            BodySource::Fixed(body) => body.clone(),
            BodySource::NotServed(key) => {
                return Some(error::not_served(view, named(), responder.options.local, key));
            }
            BodySource::Template(template) => {
                let mut text = String::with_capacity(template.usual_bytes());
                match template.render(&filled, &responder.options.template, &mut text) {
                    Ok(()) => Bytes::from(text),
                    Err(error) => {
                        return Some(error::template(view, named(), responder.options.local, &error));
                    }
                }
            }
        };
        let headers = match &self.fixed_headers {
            Some(fixed) => Headers::Fixed(Arc::clone(fixed)),
            None => match self.headers(view, &mut filled, responder) {
                Ok(headers) => Headers::Made(headers),
                Err(error) => return Some(error::template(view, named(), responder.options.local, &error)),
            },
        };
        Some(Answer { status, headers, body, outcome: Outcome::Matched(named(), view.note()) })
    }

    fn headers(
        &self,
        view: &View<'_>,
        filled: &mut Filled<'_, '_>,
        responder: &Responder,
    ) -> Result<Vec<(HeaderName, HeaderValue)>, crate::template::RenderError> {
        let mut headers = Vec::with_capacity(self.endpoint.response.headers.len() + 2);
        for (index, header) in (0..).zip(self.endpoint.response.headers.iter()) {
            let value = match &header.value {
                HeaderSource::Fixed(value) => value.clone(),
                HeaderSource::Template(template) => {
                    let mut text = String::new();
                    filled.begin(AnswerPart::Header(index));
                    template.render(filled, &responder.options.template, &mut text)?;
                    header_value(&text)
                }
            };
            headers.push((header.name.clone(), value));
        }
        if let Some(policy) = self.endpoint.cors() {
            cors::allow(policy, view.request, &mut headers);
        }
        Ok(headers)
    }
}

/// All templates of an endpoint's answer.
fn templates(endpoint: &Endpoint) -> impl Iterator<Item = &Template> {
    let in_body = match &endpoint.response.body {
        BodySource::Template(template) => Some(&**template),
        BodySource::Fixed(_) | BodySource::NotServed(_) => None,
    };
    let in_headers = endpoint.response.headers.iter().filter_map(|header| match &header.value {
        HeaderSource::Template(template) => Some(&**template),
        HeaderSource::Fixed(_) => None,
    });
    in_body.into_iter().chain(in_headers)
}
