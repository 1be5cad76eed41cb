//! What several services are made of: bus, object store, listeners, and how each is asked for its health.

use std::net::SocketAddr;
use std::sync::Arc;

use moclojer_core::ports::{Bus, InProcessBus, Storage};
use tokio::net::TcpListener;

use super::StartError;
use crate::adapters::object_store::{Limits, ObjectStore};
use crate::adapters::redis::RedisBus;
use crate::admin::{Check, Finding};
use crate::config::{self, Secret};
use crate::layout_file::LayoutFile;
use crate::telemetry::chain;

/// A bus, and Redis where it is one.
#[derive(Clone, Debug)]
pub struct BusParts {
    /// As everybody uses it.
    pub bus: Arc<dyn Bus>,
    /// To be asked for its health.
    pub redis: Option<Arc<RedisBus>>,
}

/// The bus that is configured. Without one hints reach nobody else, and others see changes when they look.
///
/// # Errors
/// When the URL is none of Redis.
pub fn bus(url: Option<&Secret>) -> Result<BusParts, StartError> {
    let Some(url) = url else {
        tracing::warn!("there is no redis-url: changes are served when the next look finds them");
        return Ok(BusParts { bus: Arc::new(InProcessBus::default()), redis: None });
    };
    let redis = RedisBus::connect(url.expose()).map_err(|error| StartError::because("redis-url", error))?;
    let redis = Arc::new(redis);
    Ok(BusParts { bus: Arc::<RedisBus>::clone(&redis), redis: Some(redis) })
}

/// The object store that is configured. It is not asked yet.
///
/// # Errors
/// When it cannot be used whatever happens later.
pub fn storage(store: &config::Store) -> Result<Arc<dyn Storage>, StartError> {
    let opened = ObjectStore::open(&store.url, store.credentials.clone(), Limits::default());
    Ok(Arc::new(opened.map_err(|error| StartError::because("store-url", error))?))
}

/// Listens; connections wait until somebody serves them.
///
/// # Errors
/// When the address cannot be had.
pub async fn listen(setting: &str, address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address)
        .await
        .map_err(|error| StartError::because(format!("{setting}: cannot listen on {address}"), error))
}

/// Whether Redis answers; none without Redis. Hints only hurry, so that nobody is unhealthy without them.
pub fn check_bus(parts: &BusParts) -> Option<Check> {
    let redis = Arc::clone(parts.redis.as_ref()?);
    let check = Check::new("bus", move || {
        let redis = Arc::clone(&redis);
        async move { Finding::of(redis.ping().await.map_err(|error| chain(&error))) }
    });
    Some(check.not_needed())
}

/// Whether the object store answers.
pub fn check_storage(storage: &Arc<dyn Storage>) -> Check {
    let storage = Arc::clone(storage);
    Check::new("object-store", move || {
        let storage = Arc::clone(&storage);
        async move {
            let head = storage.head(&LayoutFile::key()).await;
            Finding::of(head.map(drop).map_err(|error| chain(&error)))
        }
    })
}
