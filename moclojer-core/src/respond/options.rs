//! OPTIONS: an endpoint of its own, else a CORS preflight, else ANY, else the methods of the path.

use http::{HeaderValue, Method, StatusCode, header};

use super::search::{Chosen, Search, method_rank};
use super::view::View;
use super::{Answer, Headers, Outcome, Responder, cors};
use crate::spec::{Cors, MethodMatch, Verb};

/// Who answers OPTIONS.
pub(super) enum OptionsStep<'s> {
    /// An endpoint.
    Endpoint(Chosen<'s>),
    /// The server itself, and what it says.
    Own(Answer, &'static str),
    /// Nobody.
    Nobody,
}

impl Responder {
    /// `None`: the body is needed.
    pub(super) fn answer_options(&self, search: &Search<'_, '_>) -> Option<Answer> {
        match self.decide_options(search)? {
            OptionsStep::Endpoint(chosen) => self.render(search, &chosen),
            OptionsStep::Own(answer, _) => Some(answer),
            OptionsStep::Nobody => self.miss(search),
        }
    }

    /// The same decided and not yet rendered.
    pub(super) fn decide_options<'s>(&self, search: &Search<'s, '_>) -> Option<OptionsStep<'s>> {
        let own = |wanted: MethodMatch| (wanted == MethodMatch::Exactly(Verb::Options)).then_some(0);
        if let Some(chosen) = search.find(own).ok()? {
            return Some(OptionsStep::Endpoint(chosen));
        }
        let candidates = search.candidates();
        let methods = methods_of(candidates.iter().map(|(_, plan)| plan.method));
        if let Some(asked) = cors::preflight_method(search.view.request) {
            let rank = method_rank(&asked);
            let open = Cors::open();
            let policy = candidates
                .iter()
                .filter(|(_, plan)| rank(plan.method).is_some())
                .find_map(|(_, plan)| plan.endpoint.cors())
                .or(self.options.cors.then_some(&open));
            if let Some(policy) = policy {
                let methods = if methods.is_empty() { asked.as_str().to_owned() } else { methods.join(", ") };
                let answer = cors::preflight(policy, search.view.request, &methods);
                return Some(OptionsStep::Own(answer, "it is a CORS preflight"));
            }
        }
        let any = |wanted: MethodMatch| (wanted == MethodMatch::Any).then_some(0);
        if let Some(chosen) = search.find(any).ok()? {
            return Some(OptionsStep::Endpoint(chosen));
        }
        if candidates.is_empty() {
            return Some(OptionsStep::Nobody);
        }
        Some(OptionsStep::Own(allow(&methods), "the `Allow` header names the methods of this path"))
    }
}

/// `OPTIONS *` is about the server, not about a mock.
pub(super) fn asterisk(view: &View<'_>) -> Answer {
    if *view.request.method == Method::OPTIONS {
        return allow(&methods_of(std::iter::empty()));
    }
    super::error::bad_path(view, "the target `*` is for OPTIONS alone")
}

fn allow(methods: &[&str]) -> Answer {
    let headers = match HeaderValue::from_str(&methods.join(", ")) {
        Ok(value) if !value.is_empty() => vec![(header::ALLOW, value)],
        _ => Vec::new(),
    };
    Answer {
        status: StatusCode::NO_CONTENT,
        headers: Headers::Made(headers),
        body: bytes::Bytes::new(),
        outcome: Outcome::Own,
    }
}

/// The methods that a path answers, sorted: HEAD with GET, OPTIONS always, all of them for ANY.
fn methods_of(methods: impl Iterator<Item = MethodMatch>) -> Vec<&'static str> {
    let mut names = allowed(methods);
    if !names.is_empty() && !names.contains(&"OPTIONS") {
        names.push("OPTIONS");
        names.sort_unstable();
    }
    names
}

/// The same for the `Allow` of a 405, which names OPTIONS only where an endpoint does.
pub(super) fn allowed(methods: impl Iterator<Item = MethodMatch>) -> Vec<&'static str> {
    const ALL: [&str; 8] = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"];
    let mut names = Vec::new();
    for method in methods {
        match method {
            MethodMatch::Any => names.extend(ALL),
            MethodMatch::Exactly(verb) => {
                names.push(verb.as_str());
                if verb == Verb::Get {
                    names.push("HEAD");
                }
            }
        }
    }
    names.sort_unstable();
    names.dedup();
    names
}
