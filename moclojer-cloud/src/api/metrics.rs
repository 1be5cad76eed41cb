//! What is counted of the api's requests: how many, and how long each took until its answer began.
//!
//! No label has a value that a client chooses: routes are named by their template (`/mocks/{id}`), never by the path
//! that was asked for, and methods that are none of HTTP's usual ones are one value. So the series are bounded.

use std::time::Instant;

use http::{Method, StatusCode};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

/// The route of a path that is none.
const UNMATCHED: &str = "unmatched";

/// The status of a request whose client left before there was an answer.
const LEFT: &str = "none";

/// Bounds of the buckets, in seconds; the last is the usual longest time of a request.
const BUCKETS: [f64; 13] = [0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// Counters and histograms of the api; clones count together.
#[derive(Clone, Debug)]
pub struct Metrics {
    requests: Family<Answered, Counter>,
    durations: Family<Route, Histogram>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    method: &'static str,
    route: String,
    status: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    route: String,
}

impl Default for Metrics {
    fn default() -> Self {
        let durations = Family::new_with_constructor((|| Histogram::new(BUCKETS)) as fn() -> Histogram);
        Self { requests: Family::default(), durations }
    }
}

impl Metrics {
    /// Has them shown under `api_…`.
    pub fn register(&self, registry: &mut Registry) {
        let registry = registry.sub_registry_with_prefix("api");
        let help =
            "Requests by method, route and class of the status; none: the client left before its answer";
        registry.register("requests", help, self.requests.clone());
        let help = "How long requests took until their answers began, by route";
        registry.register_with_unit("request_duration", help, Unit::Seconds, self.durations.clone());
    }

    /// A request that is counted when this is dropped.
    pub(super) fn begin(&self, method: &Method, template: Option<&str>) -> Counted {
        Counted {
            metrics: self.clone(),
            method: method_of(method),
            route: template.unwrap_or(UNMATCHED).to_owned(),
            begun: Instant::now(),
            status: LEFT,
        }
    }
}

/// A request on its way. Whoever drops it, with an answer or without, has it counted.
pub(super) struct Counted {
    metrics: Metrics,
    method: &'static str,
    route: String,
    begun: Instant,
    status: &'static str,
}

impl Counted {
    /// The request has its answer.
    pub(super) fn answered(&mut self, status: StatusCode) {
        self.status = class_of(status);
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let route = std::mem::take(&mut self.route);
        let answered = Answered { method: self.method, route: route.clone(), status: self.status };
        self.metrics.requests.get_or_create(&answered).inc();
        let seconds = self.begun.elapsed().as_secs_f64();
        self.metrics.durations.get_or_create(&Route { route }).observe(seconds);
    }
}

fn class_of(status: StatusCode) -> &'static str {
    match status.as_u16() / 100 {
        1 => "1xx",
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        _ => "5xx",
    }
}

/// A method's name; one for all that a client may have made up.
fn method_of(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}
