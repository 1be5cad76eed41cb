//! Mocks, and how far they have been carried out.

use std::fmt;

use jiff::Timestamp;
use moclojer_core::spec::host::HostPattern;
use moclojer_core::unify::{Revision, Version};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::account::{Owner, ids};
use super::names::{Subdomain, Wildcard};

ids! {
    /// A mock.
    MockId
}

/// A file of endpoints that one owner edits, as the database knows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Mock {
    /// Ours.
    pub id: MockId,
    /// Whose it is.
    pub owner: Owner,
    /// The owner's part of its host.
    pub subdomain: Subdomain,
    /// Its own part of its host.
    pub wildcard: Wildcard,
    /// The name that it answers for.
    pub host: HostPattern,
    /// Whether its owner wants it served.
    pub enabled: bool,
    /// The newest content; none where it was not asked for.
    pub content: Option<String>,
    /// The count of its changes.
    pub revision: Revision,
    /// The newest revision without errors.
    pub good_revision: Option<Revision>,
    /// What is wrong with the newest content, as JSON that core's problems were made into.
    pub problems: serde_json::Value,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// How far its host has been carried out.
    pub state: HostState,
}

/// How far a host has been carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostState {
    /// The count of the host's changes.
    pub version: Version,
    /// The version that stands in the object store.
    pub applied_version: Version,
    /// The mock's revision that stands there; none: it is not served.
    pub applied_revision: Option<Revision>,
    /// Whether the layout that is written is the one that is served.
    pub layout_served: bool,
}

/// What a status is derived from, of a mock that may not have been read whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Carried {
    /// The mock.
    pub mock: MockId,
    /// Whether its owner wants it served.
    pub enabled: bool,
    /// The newest revision.
    pub revision: Revision,
    /// The newest revision without errors.
    pub good_revision: Option<Revision>,
    /// How far its host has been carried out.
    pub state: HostState,
}

/// Where a mock stands, as its owner sees it.
#[cfg_attr(feature = "services", derive(utoipa::ToSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// A change is on its way, on or off.
    Publishing,
    /// Its owner does not want it served.
    Offline,
    /// No revision of it can be served.
    OfflineInvalid,
    /// It stands in the object store.
    Published,
}

impl Carried {
    /// Derived, in this order, and never stored.
    pub fn status(&self) -> Status {
        if !self.state.layout_served || self.state.version > self.state.applied_version {
            Status::Publishing
        } else if !self.enabled {
            Status::Offline
        } else if self.good_revision.is_none() {
            Status::OfflineInvalid
        } else {
            Status::Published
        }
    }
}

impl Mock {
    /// What its status is derived from.
    pub fn carried(&self) -> Carried {
        Carried {
            mock: self.id,
            enabled: self.enabled,
            revision: self.revision,
            good_revision: self.good_revision,
            state: self.state,
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Publishing => "publishing",
            Self::Offline => "offline",
            Self::OfflineInvalid => "offline-invalid",
            Self::Published => "published",
        })
    }
}
