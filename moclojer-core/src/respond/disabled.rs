//! Endpoints that are switched off, kept so that a miss can say so. They never answer, are no candidates and hide
//! nothing: nobody looks here before a request is missed.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::search::Search;
use crate::route::Routes;
use crate::spec::Endpoint;

/// The endpoints of a host with `enabled: false`.
#[derive(Debug)]
pub(super) struct Disabled {
    endpoints: Vec<Arc<Endpoint>>,
    routes: Routes,
}

impl Disabled {
    pub(super) fn new(endpoints: Vec<Arc<Endpoint>>) -> Self {
        let patterns: Vec<_> = endpoints.iter().map(|endpoint| &endpoint.path).collect();
        let routes = Routes::build(&patterns);
        Self { endpoints, routes }
    }

    /// Those whose shape the path has, at most `most`.
    pub(super) fn fitting(&self, search: &Search<'_, '_>, most: usize) -> Vec<&Arc<Endpoint>> {
        let mut found: Vec<u32> = Vec::new();
        for (_, path) in search.forms() {
            let _ = self.routes.each_group(path, &mut |group| {
                let new = group.iter().filter(|index| !found.contains(index)).take(most - found.len());
                let new: Vec<u32> = new.copied().collect();
                found.extend(new);
                if found.len() == most { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            });
        }
        found.iter().filter_map(|&index| self.endpoints.get(index as usize)).collect()
    }
}
