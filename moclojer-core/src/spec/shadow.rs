//! Endpoints that can never answer, because an earlier one answers everything that they would.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use foldhash::fast::RandomState;

use super::host::HostPattern;
use super::model::{Endpoint, MethodMatch, Spec};
use super::path::{ParamType, Shape};
use super::shape;
use crate::problem::{Code, Problem};
use crate::source::Source;

/// Two endpoints with the same key answer the same requests.
#[derive(PartialEq, Eq, Hash)]
struct Key<'e> {
    host: Option<&'e HostPattern>,
    path: Shape,
    method: MethodMatch,
    query: Vec<(&'e str, String)>,
    body: Option<&'e shape::Shape>,
}

impl<'e> Key<'e> {
    fn of(endpoint: &'e Endpoint) -> Self {
        let mut query: Vec<(&str, String)> =
            endpoint.query.iter().map(|param| (&*param.name, guard_name(&param.kind))).collect();
        query.sort_unstable();
        Self {
            host: endpoint.host.as_ref(),
            path: endpoint.path.shape(),
            method: endpoint.method,
            query,
            body: endpoint.body.as_deref(),
        }
    }
}

/// Types that accept the same texts have the same name.
fn guard_name(kind: &ParamType) -> String {
    match kind {
        ParamType::Double => ParamType::Float.to_string(),
        kind => kind.to_string(),
    }
}

/// Warnings for endpoints of one file.
pub(super) fn among(endpoints: &[Arc<Endpoint>], source: &Source) -> Vec<Problem> {
    find(endpoints.iter().map(|endpoint| (&**endpoint, source)), |_, _| true)
}

/// Warnings for endpoints that one of another file always answers before; `specs` in the order of their files.
///
/// Those within one file are among its own problems.
pub fn shadowed(specs: &[&Spec]) -> Vec<Problem> {
    if specs.len() < 2 {
        return Vec::new();
    }
    let all = specs.iter().flat_map(|spec| spec.endpoints.iter().map(|endpoint| (&**endpoint, &spec.source)));
    find(all, |first, second| first.name() != second.name())
}

fn find<'e>(
    endpoints: impl Iterator<Item = (&'e Endpoint, &'e Source)>,
    report: impl Fn(&Source, &Source) -> bool,
) -> Vec<Problem> {
    let mut first: HashMap<Key<'e>, (&'e Endpoint, &'e Source), RandomState> = HashMap::default();
    let mut problems = Vec::new();
    for (endpoint, source) in endpoints {
        match first.entry(Key::of(endpoint)) {
            Entry::Vacant(vacant) => {
                vacant.insert((endpoint, source));
            }
            Entry::Occupied(occupied) => {
                let (winner, winner_source) = *occupied.get();
                if !report(winner_source, source) {
                    continue;
                }
                let message = format!(
                    "this endpoint never answers: {} {} at {} always answers before it",
                    winner.label.method, winner.label.path, winner.label.place
                );
                problems.push(
                    Problem::warning(Code::SHADOWED, source, endpoint.span, message)
                        .help("remove one, or tell them apart by method, host, type, query or body")
                        .related("this one answers", winner_source, winner.span),
                );
            }
        }
    }
    problems
}
