//! A host's block: its endpoints and their routes, made once and never changed; and how blocks are swapped.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, OnceLock};

use bytes::Bytes;

use super::Responder;
use super::chance::SeededEndpoints;
use super::disabled::Disabled;
use super::plan::{FixedHeaders, Plan};
use crate::route::Routes;
use crate::spec::host::HostPattern;
use crate::spec::{Endpoint, Label, MethodMatch, Spec};
use crate::template::Counters;

/// All endpoints of one host (or of none), compiled.
#[derive(Debug)]
pub(super) struct Block {
    plans: Box<[Plan]>,
    routes: OnceLock<Routes>,
    /// Which draws the answers get, where there is a seed.
    pub(super) seeded: SeededEndpoints,
    /// The host's counters: those of the block before this one.
    pub(super) counters: Arc<Counters>,
    /// Endpoints that are switched off: only misses look here.
    pub(super) disabled: Option<Box<Disabled>>,
}

/// An endpoint as people know it, for the log and for messages: a share of its whole block, since a counter for
/// each endpoint would be one more place of memory that a request touches.
#[derive(Clone)]
pub struct EndpointRef(Shared);

#[derive(Clone)]
enum Shared {
    Block(Arc<Block>, u32),
    Endpoint(Arc<Endpoint>),
    Label(Arc<Label>),
}

impl EndpointRef {
    pub(super) fn of(block: Arc<Block>, index: u32) -> Self {
        Self(Shared::Block(block, index))
    }

    /// The endpoint itself; what is known by its label alone has none.
    pub(crate) fn endpoint(&self) -> Option<&Arc<Endpoint>> {
        match &self.0 {
            Shared::Block(block, index) => Some(&block.plan(*index).endpoint),
            Shared::Endpoint(endpoint) => Some(endpoint),
            Shared::Label(_) => None,
        }
    }

    /// The host that it answers for; every host without one.
    pub fn host(&self) -> Option<&HostPattern> {
        self.endpoint().and_then(|endpoint| endpoint.host.as_ref())
    }
}

impl From<&Arc<Endpoint>> for EndpointRef {
    fn from(endpoint: &Arc<Endpoint>) -> Self {
        Self(Shared::Endpoint(Arc::clone(endpoint)))
    }
}

impl From<&Arc<Label>> for EndpointRef {
    fn from(label: &Arc<Label>) -> Self {
        Self(Shared::Label(Arc::clone(label)))
    }
}

impl std::ops::Deref for EndpointRef {
    type Target = Label;

    fn deref(&self) -> &Label {
        match &self.0 {
            Shared::Block(block, index) => &block.plan(*index).endpoint.label,
            Shared::Endpoint(endpoint) => &endpoint.label,
            Shared::Label(label) => label,
        }
    }
}

impl std::fmt::Debug for EndpointRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        (**self).fmt(f)
    }
}

/// Fixed bodies and header lists of a block: equal ones are kept once.
#[derive(Default)]
struct Shelf {
    headers: HashSet<FixedHeaders>,
    bodies: HashSet<Bytes>,
}

impl Shelf {
    fn body(&mut self, body: &Bytes) -> Bytes {
        if let Some(kept) = self.bodies.get(body) {
            return kept.clone();
        }
        self.bodies.insert(body.clone());
        body.clone()
    }

    fn headers(&mut self, headers: FixedHeaders) -> FixedHeaders {
        if let Some(kept) = self.headers.get(&headers) {
            return Arc::clone(kept);
        }
        self.headers.insert(Arc::clone(&headers));
        headers
    }
}

impl Block {
    pub(super) fn new(endpoints: Vec<Arc<Endpoint>>, seed: Option<u64>, counters: Arc<Counters>) -> Self {
        let seeded = SeededEndpoints::new(&endpoints, seed);
        let mut shelf = Shelf::default();
        let plan = |endpoint: Arc<Endpoint>| {
            let body = Plan::fixed_body(&endpoint).map(|body| shelf.body(body));
            let headers = Plan::fixed_headers(&endpoint).map(|headers| shelf.headers(headers));
            Plan::new(endpoint, body, headers)
        };
        let plans = endpoints.into_iter().map(plan).collect();
        let block = Self { plans, routes: OnceLock::new(), seeded, counters, disabled: None };
        // No request of a host waits for them.
        block.routes();
        block
    }

    /// A block that may live for one test: what only many endpoints or misses need is made when it is needed.
    pub(super) fn of_layer(endpoints: &[Arc<Endpoint>], seed: Option<u64>, counters: Arc<Counters>) -> Self {
        let plan = |endpoint: &Arc<Endpoint>| {
            let body = Plan::fixed_body(endpoint).cloned();
            Plan::new(Arc::clone(endpoint), body, Plan::fixed_headers(endpoint))
        };
        let plans = endpoints.iter().map(plan).collect();
        let seeded = SeededEndpoints::new(endpoints, seed);
        Self { plans, routes: OnceLock::new(), seeded, counters, disabled: None }
    }

    /// Where its endpoints are found by their paths.
    pub(super) fn routes(&self) -> &Routes {
        self.routes.get_or_init(|| {
            let patterns: Vec<_> = self.plans.iter().map(|plan| &plan.endpoint.path).collect();
            Routes::build(&patterns)
        })
    }

    /// The endpoint with this index of [`Routes`].
    pub(super) fn plan(&self, index: u32) -> &Plan {
        // `routes` are built from exactly these endpoints.
        &self.plans[index as usize]
    }

    pub(super) fn plans(&self) -> &[Plan] {
        &self.plans
    }
}

/// What a load changed, by endpoint.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// Endpoints that were not there before.
    pub added: Vec<EndpointRef>,
    /// Endpoints that are gone.
    pub removed: Vec<EndpointRef>,
    /// Endpoints whose method, host and path were there before and that say something else now.
    pub changed: Vec<EndpointRef>,
}

impl Changes {
    /// True when nothing changed.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.changed.is_empty()
    }
}

/// `3 added, 1 changed`.
impl std::fmt::Display for Changes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.is_empty() {
            return f.write_str("nothing changed");
        }
        let parts = [(&self.added, "added"), (&self.removed, "removed"), (&self.changed, "changed")];
        let mut first = true;
        for (labels, word) in parts.into_iter().filter(|(labels, _)| !labels.is_empty()) {
            if !first {
                f.write_str(", ")?;
            }
            first = false;
            write!(f, "{} {word}", labels.len())?;
        }
        Ok(())
    }
}

impl Responder {
    /// Serves the endpoints of `specs`, in their order, in place of those served before.
    ///
    /// Host by host: a request that comes meanwhile meets old and new hosts, each whole. Calls of `load` must not
    /// overlap. Counters go on where they were, for as long as their host is served; the answers that a seed decides
    /// are numbered anew.
    pub fn load(&self, specs: &[&Spec]) -> Changes {
        let mut hosts: HashMap<Option<&HostPattern>, Vec<Arc<Endpoint>>> = HashMap::new();
        for endpoint in specs.iter().flat_map(|spec| &spec.endpoints) {
            hosts.entry(endpoint.host.as_ref()).or_default().push(Arc::clone(endpoint));
        }
        let mut disabled: HashMap<Option<&HostPattern>, Vec<Arc<Endpoint>>> = HashMap::new();
        for endpoint in specs.iter().flat_map(|spec| &spec.disabled) {
            hosts.entry(endpoint.host.as_ref()).or_default();
            disabled.entry(endpoint.host.as_ref()).or_default().push(Arc::clone(endpoint));
        }
        let before = self.blocks();
        let changes = compare(before.iter().flat_map(|(_, block)| block.plans()), specs);
        for (host, _) in &before {
            if !hosts.contains_key(&host.as_deref()) {
                self.hosts.swap(host.as_deref(), None);
            }
        }
        let mut counters: HashMap<Option<&HostPattern>, &Arc<Counters>> =
            before.iter().map(|(host, block)| (host.as_deref(), &block.counters)).collect();
        for (host, endpoints) in hosts {
            let counters = counters.remove(&host).map(Arc::clone).unwrap_or_default();
            let mut block = Block::new(endpoints, self.options.seed, counters);
            block.disabled = disabled.remove(&host).map(|endpoints| Box::new(Disabled::new(endpoints)));
            self.hosts.swap(host, Some(Arc::new(block)));
        }
        changes
    }

    /// How many endpoints there are.
    pub fn endpoints(&self) -> usize {
        self.blocks().iter().map(|(_, block)| block.plans().len()).sum()
    }

    /// Every block with its host; the one without host last.
    fn blocks(&self) -> Vec<(Option<Arc<HostPattern>>, Arc<Block>)> {
        let named = self.hosts.hosts().map(|(host, block)| (Some(host), block));
        let without_host = self.hosts.any().map(|block| (None, block.to_arc()));
        named.chain(without_host).collect()
    }
}

/// Endpoints with the same method, host and path are the same one, counted through in file order.
fn compare<'p>(before: impl Iterator<Item = &'p Plan>, specs: &[&'p Spec]) -> Changes {
    type Key<'e> = (MethodMatch, Option<&'e HostPattern>, &'e str);
    fn key(endpoint: &Endpoint) -> Key<'_> {
        (endpoint.method, endpoint.host.as_ref(), &endpoint.label.path)
    }
    let mut known: HashMap<Key<'p>, std::collections::VecDeque<&'p Arc<Endpoint>>> = HashMap::new();
    for plan in before {
        known.entry(key(&plan.endpoint)).or_default().push_back(&plan.endpoint);
    }
    let mut changes = Changes::default();
    for endpoint in specs.iter().flat_map(|spec| &spec.endpoints) {
        match known.get_mut(&key(endpoint)).and_then(std::collections::VecDeque::pop_front) {
            None => changes.added.push(endpoint.into()),
            Some(old) if old.digest != endpoint.digest => changes.changed.push(endpoint.into()),
            Some(_) => {}
        }
    }
    let gone = known.into_values().flatten();
    changes.removed.extend(gone.map(EndpointRef::from));
    changes
        .removed
        .sort_by(|left, right| (&left.path, left.method.as_str()).cmp(&(&right.path, right.method.as_str())));
    changes
}
