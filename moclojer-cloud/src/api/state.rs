//! What every handler shares, and what it may cost.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use moclojer_core::ports::Bus;
use moclojer_core::spec::host::HostPattern;
use tokio::sync::Semaphore;

use super::hints::Hints;
use super::metrics::Metrics;
use super::watch::Watch;
use crate::auth::Authenticator;
use crate::domain::Hosts;
use crate::store::Store;

/// What the api is made of.
#[derive(Clone, Debug)]
pub struct State {
    /// The database.
    pub store: Arc<dyn Store>,
    /// Where hints go, and where status streams hear of changes.
    pub bus: Arc<dyn Bus>,
    /// Who says whom a token names.
    pub auth: Arc<dyn Authenticator>,
    /// How hosts are made.
    pub hosts: Hosts,
    /// What is counted; whoever gives it shows it.
    pub metrics: Metrics,
    /// Bounds and addresses.
    pub settings: Settings,
}

/// Bounds and addresses of the api.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The origins whose pages may use the api from a browser.
    pub cors_origins: Vec<HeaderValue>,
    /// How mocks are reached: `http` or `https`.
    pub mock_scheme: Scheme,
    /// The port of mocks, where it is not the usual one of the scheme.
    pub mock_port: Option<u16>,
    /// The largest body (4 MiB; a content may double when it is written as JSON).
    pub body_bytes: usize,
    /// The longest time that a body takes to arrive (20 s).
    pub body_time: Duration,
    /// The longest time until an answer begins (30 s).
    pub request_time: Duration,
    /// The largest content of a mock (1 MiB).
    pub content_bytes: usize,
    /// Most endpoints of a mock (2,000).
    pub endpoints: usize,
    /// How many contents are checked at once (4).
    pub checks_at_once: usize,
    /// Status streams.
    pub streams: StreamSettings,
}

/// Bounds of status streams.
#[derive(Clone, Debug)]
pub struct StreamSettings {
    /// Most of one customer (20).
    pub of_one_customer: usize,
    /// Most of the process (10,000).
    pub of_all: usize,
    /// Time between two signs of life (15 s).
    pub heartbeat: Duration,
    /// Time between two looks at the database without a hint (5 s).
    pub look: Duration,
    /// Time between two looks whether the customer may still see the mock (30 s).
    pub recheck: Duration,
    /// The longest life of a stream, after which its client opens another, with a token that is still valid (1 h).
    pub lifetime: Duration,
}

/// How mocks are reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scheme {
    /// Without TLS.
    Http,
    /// With TLS.
    #[default]
    Https,
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Http => "http",
            Self::Https => "https",
        })
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            cors_origins: Vec::new(),
            mock_scheme: Scheme::default(),
            mock_port: None,
            body_bytes: 4 << 20,
            body_time: Duration::from_secs(20),
            request_time: Duration::from_secs(30),
            content_bytes: 1 << 20,
            endpoints: 2_000,
            checks_at_once: 4,
            streams: StreamSettings::default(),
        }
    }
}

impl Default for StreamSettings {
    fn default() -> Self {
        Self {
            of_one_customer: 20,
            of_all: 10_000,
            heartbeat: Duration::from_secs(15),
            look: Duration::from_secs(5),
            recheck: Duration::from_secs(30),
            lifetime: Duration::from_secs(3_600),
        }
    }
}

impl Settings {
    /// The address of a mock's host.
    pub(crate) fn url(&self, host: &HostPattern) -> String {
        match self.mock_port {
            Some(port) => format!("{}://{host}:{port}", self.mock_scheme),
            None => format!("{}://{host}", self.mock_scheme),
        }
    }
}

/// What handlers share.
pub(crate) type Shared = Arc<Inner>;

/// The state with what runs behind it. Its tasks end when it is dropped.
pub(crate) struct Inner {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) auth: Arc<dyn Authenticator>,
    pub(crate) hosts: Hosts,
    pub(crate) settings: Settings,
    pub(crate) metrics: Metrics,
    pub(crate) hints: Hints,
    pub(crate) watch: Watch,
    /// One permit a content that is checked.
    pub(crate) checks: Arc<Semaphore>,
}

impl Inner {
    /// Starts what runs behind the routes; within a runtime.
    pub(crate) fn start(state: State) -> Shared {
        let State { store, bus, auth, hosts, metrics, settings } = state;
        Arc::new(Self {
            hints: Hints::start(Arc::clone(&bus)),
            watch: Watch::start(Arc::clone(&store), bus, &settings.streams),
            checks: Arc::new(Semaphore::new(settings.checks_at_once.max(1))),
            store,
            auth,
            hosts,
            settings,
            metrics,
        })
    }
}
