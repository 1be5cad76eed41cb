//! How a follower stands, as small values that can be asked for at any time.

use moclojer_core::ports::StorageError;
use serde::Serialize;
use tokio::time::Instant;
use uuid::Uuid;

use crate::layout_file::NotALayout;

/// Why the store cannot be followed now. What is held goes on being served.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Trouble {
    /// The store did not answer; later it may.
    #[error("the object store cannot be read")]
    Storage(#[source] StorageError),
    /// There is no `layout.json`: the bucket is new, or was wiped.
    #[error("the object store holds no layout.json: it is another one, or no generator has written to it{}", followed(.0))]
    NoLayout(Option<Uuid>),
    /// `layout.json` cannot be used.
    #[error("layout.json cannot be used")]
    Layout(#[source] NotALayout),
    /// The bucket is of another installation.
    #[error("the object store is of the installation {found}, this server follows {followed}")]
    OtherInstallation {
        /// Whose mocks are served.
        followed: Uuid,
        /// Whose bucket it is.
        found: Uuid,
    },
    /// `layout.json` names a layout below the one that is served.
    #[error("layout.json names layout {found}, held is {held}: a lower one is not taken; run `reshard`")]
    LowerLayout {
        /// The one that is served.
        held: u64,
        /// The one that it names.
        found: u64,
    },
    /// `layout.json` says something else of a layout that is known.
    #[error("layout.json says of layout {0} something else than before; run `reshard`")]
    OtherLayout(u64),
    /// More shards than anybody has.
    #[error("layout.json names {0} shards, which are too many to be true")]
    TooManyShards(u32),
}

impl Trouble {
    /// Whether the bucket itself is the wrong one or damaged, so that others had better be asked; a store that
    /// is away is away for all.
    pub fn unreadies(&self) -> bool {
        !matches!(self, Self::Storage(error) if error.is_temporary())
    }
}

fn followed(installation: &Option<Uuid>) -> String {
    installation.map_or_else(String::new, |id| format!("; this server follows the installation {id}"))
}

/// How a follower stands.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Health {
    /// Whether requests should be sent here.
    pub ready: bool,
    /// The installation that is followed, once it is known.
    pub installation: Option<Uuid>,
    /// The layout that is served.
    pub layout: Option<u64>,
    /// How many shards it has.
    pub shards: usize,
    /// How many of them were never read: their hosts get 503.
    pub unread: usize,
    /// How many are damaged, missing or not to be had: what is held of them goes on being served.
    pub unreadable: usize,
    /// How many hosts are served.
    pub hosts: usize,
    /// For how long the part of the state that is oldest has not been found to be the store's; none before anything
    /// was read.
    pub oldest_seconds: Option<f64>,
    /// What is wrong, causes included.
    pub error: Option<String>,
}

/// The same at the moment it was taken.
#[derive(Clone, Debug)]
pub(super) struct Snapshot {
    health: Health,
    /// Since when the oldest part was not confirmed.
    oldest: Option<Instant>,
}

impl Snapshot {
    /// Before anything was read.
    pub(super) fn new() -> Self {
        let health = Health {
            ready: false,
            installation: None,
            layout: None,
            shards: 0,
            unread: 0,
            unreadable: 0,
            hosts: 0,
            oldest_seconds: None,
            error: None,
        };
        Self { health, oldest: None }
    }

    pub(super) fn of(health: Health, oldest: Option<Instant>) -> Self {
        Self { health, oldest }
    }

    pub(super) fn health(&self) -> Health {
        let oldest_seconds = self.oldest.map(|since| since.elapsed().as_secs_f64());
        Health { oldest_seconds, ..self.health.clone() }
    }
}
