//! All services in one process, with nothing installed: SQLite, a folder as object store, a bus of channels, one port
//! for the api and for all mocks. A small installation of its own: what it acknowledged survives `kill -9`.
//!
//! In the folder: `moclojer.sqlite`, `store/`, `token` (the development token) and `lock`.
//!
//! # Invariants
//!
//! - One process uses a folder at a time.
//! - It listens on loopback alone: whoever has the token is the customer `dev`.
//! - A page of another host reaches neither api nor mocks through somebody's browser (`front`).

mod folder;
mod front;

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use moclojer_core::ports::{Bus, InProcessBus, Storage};
use moclojer_core::respond::hosted::{Bounds, HostedResponder};
use moclojer_core::serve::{self, Answers};
use moclojer_core::{respond, spec};
use tokio::net::TcpListener;

use crate::adapters::development_token::DevelopmentToken;
use crate::adapters::object_store::{self, ObjectStore, StoreUrl};
use crate::adapters::sqlite::Sqlite;
use crate::admin::{self, Check, Finding};
use crate::api::{self, Scheme, State};
use crate::config::{self, Service};
use crate::domain::{BaseDomain, Hosts};
use crate::foss::{self, Follower};
use crate::generator::{self, Generator};
use crate::http_server::{self, Limits};
use crate::layout_file::LayoutFile;
use crate::startup::{Shutdown, StartError, check_database, check_storage, listen};
use crate::store::{AccountStore as _, InstallationStore, Store};
use crate::telemetry;
pub use folder::{Folder, Token};

/// The domain that mocks are under: every machine resolves it to itself.
const BASE_DOMAIN: &str = "localhost";

/// The shards of a new installation.
const SHARDS: NonZeroU32 = NonZeroU32::MIN.saturating_add(15);

/// How long a new store may take to get its first layout.
const FIRST_LAYOUT: Duration = Duration::from_secs(10);

/// How long the parts get to end after the signal.
const DRAIN: Duration = Duration::from_secs(10);

/// A standalone that has everything and does not answer yet.
#[derive(Debug)]
pub struct Standalone {
    folder: Folder,
    store: Sqlite,
    listener: TcpListener,
    admin: TcpListener,
    storage: Arc<dyn Storage>,
    generator: Generator,
    follower: Follower,
    api_metrics: api::Metrics,
    router: axum::Router,
    limits: Limits,
}

impl Standalone {
    /// Opens the folder, the database in it, and the ports.
    ///
    /// # Errors
    /// When the folder is in use or cannot be used, or a port cannot be had.
    pub async fn open(settings: &config::Standalone) -> Result<Self, StartError> {
        let folder = Folder::open(&settings.data)?;
        let listener = listen("listen", settings.listen).await?;
        let admin = listen("admin-listen", settings.telemetry.admin_listen).await?;
        let address = listener.local_addr().map_err(|error| StartError::because("listen", error))?;

        let unusable = |error| StartError::because("the database in the folder cannot be used", error);
        let store = Sqlite::open(&folder.database()).await.map_err(unusable)?;
        store.migrate().await.map_err(unusable)?;
        let base =
            BaseDomain::parse(BASE_DOMAIN).map_err(|error| StartError::because("base domain", error))?;
        let refused = |error| StartError::because("the database in the folder cannot be read", error);
        let installation = store.install(&base, SHARDS).await.map_err(refused)?;
        let auth = DevelopmentToken::new(folder.token().text())
            .map_err(|error| StartError::because("development token", error))?;
        if let Some(email) = &auth.identity().email {
            store.sign_in(auth.identity().external_id, email).await.map_err(refused)?;
        }

        let url = StoreUrl::FileSystem(folder.store());
        let storage = ObjectStore::open(&url, None, object_store::Limits::default())
            .map_err(|error| StartError::because("the object store in the folder cannot be used", error))?;
        let storage: Arc<dyn Storage> = Arc::new(storage);
        let bus: Arc<dyn Bus> = Arc::new(InProcessBus::default());
        let shared: Arc<Sqlite> = Arc::new(store.clone());
        let generator = Generator::new(
            Arc::<Sqlite>::clone(&shared),
            Arc::clone(&storage),
            Arc::clone(&bus),
            generator::Settings::default(),
        );
        let mut options = respond::Options::default();
        // Each mock says for itself whether others may see what they nearly met.
        options.near_misses = false;
        let responder =
            Arc::new(HostedResponder::new(options, spec::Settings::default(), &Bounds::default()));
        let follower = Follower::new(
            Arc::clone(&storage),
            Arc::clone(&bus),
            Arc::clone(&responder),
            foss::Settings::default(),
        );
        let api_metrics = api::Metrics::default();
        let state = State {
            store: shared as Arc<dyn Store>,
            bus: Arc::clone(&bus),
            auth: Arc::new(auth),
            hosts: Hosts::new(installation.base_domain, installation.salt),
            metrics: api_metrics.clone(),
            settings: api_settings(settings, address),
        };
        let origins = settings.cors_origins.iter().map(|origin| origin.as_str().to_owned()).collect();
        let mocks = Answers::new(Arc::clone(&responder), serve::Options::default());
        let router = front::router(api::router(state), mocks, origins);
        let limits = Limits {
            connections: usize::try_from(settings.connection_limit.get()).unwrap_or(usize::MAX),
            drain: DRAIN - Duration::from_secs(2),
            ..Limits::default()
        };
        Ok(Self { folder, store, listener, admin, storage, generator, follower, api_metrics, router, limits })
    }

    /// Where api and mocks are.
    ///
    /// # Errors
    /// When the listener is broken.
    pub fn address(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Where health and metrics are.
    ///
    /// # Errors
    /// When the listener is broken.
    pub fn admin_address(&self) -> std::io::Result<SocketAddr> {
        self.admin.local_addr()
    }

    /// What is kept.
    pub fn folder(&self) -> &Folder {
        &self.folder
    }

    /// Runs everything until `shutdown` ends, then drains within 10 s.
    pub async fn run(self, shutdown: Shutdown) {
        let mut registry = telemetry::registry(Service::Standalone);
        self.api_metrics.register(&mut registry);
        self.generator.metrics().register(&mut registry);
        self.follower.metrics().register(&mut registry);
        let follower = Arc::new(self.follower);
        let database: Arc<dyn InstallationStore> = Arc::new(self.store.clone());
        let checks = vec![
            check_database(database),
            check_storage(&self.storage),
            check_follower(Arc::clone(&follower)),
        ];
        let everything = async {
            tokio::join!(
                http_server::serve(self.listener, self.router, self.limits, shutdown.clone()),
                self.generator.run(shutdown.clone()),
                follow(&follower, &self.storage, shutdown.clone()),
            );
        };
        let end = async {
            shutdown.clone().await;
            tokio::time::sleep(DRAIN).await;
        };
        tokio::select! {
            () = everything => {}
            () = end => tracing::warn!("not everything ended in time"),
            () = admin::serve(self.admin, admin::router(checks, registry), std::future::pending()) => {}
        }
        self.store.close().await;
        drop(self.folder);
    }
}

/// Follows the store, once there is something to follow: a new one gets its `layout.json` from the generator beside it.
async fn follow(follower: &Follower, storage: &Arc<dyn Storage>, shutdown: Shutdown) {
    let written = async {
        let mut looks = tokio::time::interval(Duration::from_millis(20));
        loop {
            looks.tick().await;
            if let Ok(Some(_)) = storage.head(&LayoutFile::key()).await {
                return;
            }
        }
    };
    tokio::select! {
        () = shutdown.clone() => return,
        // Whatever is the matter then, the follower says.
        _ = tokio::time::timeout(FIRST_LAYOUT, written) => {}
    }
    follower.run(shutdown).await;
}

/// How the mock server's part stands.
fn check_follower(follower: Arc<Follower>) -> Check {
    Check::new("mocks", move || {
        let health = follower.health();
        async move {
            let reason = match (health.ready, &health.error) {
                (true, _) => None,
                (false, Some(error)) => Some(error.clone()),
                (false, None) => Some("not all shards are read yet".to_owned()),
            };
            let mut finding = Finding { reason, ..Finding::default() };
            if let Ok(serde_json::Value::Object(details)) = serde_json::to_value(&health) {
                finding.details = details;
            }
            finding
        }
    })
}

fn api_settings(settings: &config::Standalone, address: SocketAddr) -> api::Settings {
    let origins = settings.cors_origins.iter();
    api::Settings {
        cors_origins: origins.filter_map(|origin| HeaderValue::from_str(origin.as_str()).ok()).collect(),
        mock_scheme: Scheme::Http,
        mock_port: Some(address.port()),
        body_bytes: settings.body_limit,
        ..api::Settings::default()
    }
}
