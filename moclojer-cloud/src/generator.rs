//! The generator: carries what is behind in the database into the object store.
//!
//! A shard is claimed, what it is to hold is read, it is written under a condition, and recorded. Whatever happens in
//! between, the shard is still behind and is done again, by this generator or another. Hints only bring the look
//! forward.
//!
//! It does not know who serves the shards, nor what mocks say.
//!
//! # Invariants
//!
//! - **Read after claim, write under a condition.** Of two writes of a shard the one with the higher generation read
//!   later, and the lower one never replaces it (in a store that keeps conditions).
//! - **Nothing is recorded that does not stand**: a commit follows a put that was answered, or an object that was read
//!   and holds the very bytes.
//! - **No call to the store or the bus within a transaction**, and every call has a limit.
//! - **Nothing is written before `layout.json` was seen** to be missing or of this installation.

mod bucket;
mod carry;
mod check;
mod commands;
mod compare;
mod correlations;
mod files;
mod metrics;
mod put;
mod run;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use moclojer_core::ports::{Bus, Storage, StorageError};
use moclojer_core::unify::{LayoutNumber, ShardId};
use tokio::time::{Instant, timeout};
use uuid::Uuid;

use crate::layout_file::NotALayout;
use crate::store::{Claim, GeneratorStore, StoreError};

pub use carry::Outcome;
pub use commands::{Exported, Report, export, rebuild, reshard, status};
pub use metrics::Metrics;

/// The limits and pauses of a generator; the defaults are those of production.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How many shards are written at once.
    pub in_flight: usize,
    /// How long a claim holds.
    pub lease: Duration,
    /// How long one call to the object store may take.
    pub call: Duration,
    /// How long one call to the database may take.
    pub query: Duration,
    /// How often the database is looked at without a hint.
    pub sweep: Duration,
    /// How often the object store is compared with the database.
    pub check: Duration,
    /// How long after the start mocks' own files are first compared with the database.
    pub first_comparison: Duration,
    /// How often that is done from then on.
    pub comparison: Duration,
    /// How long the objects of a layout stay that is no longer served.
    pub old_layouts: Duration,
    /// How long writes in flight may take after the shutdown began.
    pub drain: Duration,
    /// From how many bytes on a shard is called large.
    pub large_shard_bytes: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            in_flight: 8,
            lease: Duration::from_secs(10),
            call: Duration::from_secs(5),
            query: Duration::from_secs(10),
            sweep: Duration::from_secs(1),
            check: Duration::from_secs(60),
            first_comparison: Duration::from_secs(3_600),
            comparison: Duration::from_secs(24 * 3_600),
            old_layouts: Duration::from_secs(3_600),
            drain: Duration::from_secs(8),
            large_shard_bytes: 8 << 20,
        }
    }
}

/// Why a generator, or a command of it, cannot go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GeneratorError {
    /// The database is empty.
    #[error("the database has no installation yet: start the api or the generator once with a base domain")]
    NotInstalled,
    /// The bucket belongs to somebody else.
    #[error(
        "the bucket is of installation {found}, the database of installation {ours}: nothing is written; name another bucket"
    )]
    OtherInstallation {
        /// The bucket's.
        found: Uuid,
        /// The database's.
        ours: Uuid,
    },
    /// The bucket has what the database does not know any more, as after a restore from a backup.
    #[error(
        "the bucket serves layout {found}, the database writes layout {ours}: nothing is written; run `moclojer-generator rebuild`"
    )]
    Ahead {
        /// The bucket's.
        found: LayoutNumber,
        /// The database's.
        ours: LayoutNumber,
    },
    /// Whose bucket it is cannot be said.
    #[error("nothing is written; if the bucket is this installation's, remove its layout.json")]
    Layout(#[source] NotALayout),
    /// The database did not do what it was asked.
    #[error("the database was asked in vain")]
    Store(#[from] StoreError),
    /// The object store did not do what it was asked.
    #[error("the object store was asked in vain")]
    Storage(#[from] StorageError),
    /// What was exported could not be handed over.
    #[error("what is exported cannot be written")]
    Output(#[source] std::io::Error),
}

impl GeneratorError {
    /// Whether the bucket is one that must not be written to.
    fn forbids_writing(&self) -> bool {
        matches!(self, Self::OtherInstallation { .. } | Self::Ahead { .. } | Self::Layout(_))
    }
}

/// A generator. Several may run beside one another, in one process or many.
#[derive(Clone, Debug)]
pub struct Generator(Arc<Shared>);

/// What all tasks of a generator share.
#[derive(Debug)]
struct Shared {
    store: Arc<dyn GeneratorStore>,
    storage: Arc<dyn Storage>,
    bus: Arc<dyn Bus>,
    settings: Settings,
    metrics: Metrics,
    correlations: correlations::Correlations,
    /// Claims that are held now, to be given back when their tasks are ended.
    held: Mutex<HashMap<ShardId, Claim>>,
    /// When this process first saw a layout that is no longer served.
    old_layouts: Mutex<HashMap<LayoutNumber, Instant>>,
    files: files::Queue,
}

impl Generator {
    /// A generator; it does nothing before it [runs](Self::run).
    pub fn new(
        store: Arc<dyn GeneratorStore>,
        storage: Arc<dyn Storage>,
        bus: Arc<dyn Bus>,
        settings: Settings,
    ) -> Self {
        Self(Arc::new(Shared {
            store,
            storage,
            bus,
            settings,
            metrics: Metrics::default(),
            correlations: correlations::Correlations::default(),
            held: Mutex::default(),
            old_layouts: Mutex::default(),
            files: files::Queue::default(),
        }))
    }

    /// What is counted of it.
    pub fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    /// Carries out everything that is behind, until `shutdown` ends: then claims nothing more, lets what is in flight
    /// end ([`Settings::drain`]) and gives back what is left.
    ///
    /// Dropping the future ends all its tasks; their claims end by themselves.
    pub async fn run(&self, shutdown: impl Future<Output = ()> + Send) {
        run::run(&self.0, shutdown).await;
    }

    /// Carries out one shard now, unless somebody else has it. Whether the bucket may be written to is the caller's to
    /// know; [`run`](Self::run) looks.
    pub async fn carry(&self, shard: ShardId) -> Outcome {
        carry::carry(&self.0, shard).await
    }
}

impl Shared {
    /// Asks the database, within the limit.
    async fn query<T>(&self, call: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        match timeout(self.settings.query, call).await {
            Ok(answer) => answer,
            Err(elapsed) => Err(StoreError::Unavailable(Box::new(elapsed))),
        }
    }

    /// Asks the object store, within the limit.
    async fn call<T>(&self, call: impl Future<Output = Result<T, StorageError>>) -> Result<T, StorageError> {
        within(self.settings.call, call).await
    }

    fn held(&self) -> MutexGuard<'_, HashMap<ShardId, Claim>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Asks an object store, within `limit`.
async fn within<T>(
    limit: Duration,
    call: impl Future<Output = Result<T, StorageError>>,
) -> Result<T, StorageError> {
    timeout(limit, call).await.unwrap_or(Err(StorageError::Timeout(limit)))
}

/// An error with its causes, as one line for a log or for the database.
fn chain(error: &dyn std::error::Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        line.push_str(": ");
        line.push_str(&error.to_string());
        cause = error.source();
    }
    line
}
