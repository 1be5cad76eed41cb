//! Who owns mocks: customers and orgs.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::names::{Email, OrgSlug, Username};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new one, later than those made before (UUID version 7).
            pub fn generate() -> Self {
                Self(Uuid::now_v7())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }
    )*};
}
pub(super) use ids;

ids! {
    /// A customer.
    CustomerId
    /// An org.
    OrgId
}

/// A person who signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Customer {
    /// Ours.
    pub id: CustomerId,
    /// The issuer's (`sub` of the token).
    pub external_id: Uuid,
    /// The subdomain of the customer's own mocks.
    pub username: Username,
    /// As the issuer knows it.
    pub email: Email,
    /// When the customer was suspended.
    pub suspended_at: Option<Timestamp>,
}

/// People who share mocks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Org {
    /// Ours.
    pub id: OrgId,
    /// The subdomain of the org's mocks.
    pub slug: OrgSlug,
    /// What people call it.
    pub orgname: String,
    /// When the org was suspended.
    pub suspended_at: Option<Timestamp>,
}

/// What a member of an org may do.
#[cfg_attr(feature = "services", derive(utoipa::ToSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// All with the org's mocks.
    Member,
    /// That, and the org itself and its people. An org always has one.
    Owner,
}

/// An org and what one customer is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// The org.
    pub org: Org,
    /// The customer's role.
    pub role: Role,
}

/// A customer and what they are in one org.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The customer.
    pub customer: Customer,
    /// Their role.
    pub role: Role,
}

/// Whose a mock is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Owner {
    /// A customer's own.
    Customer(CustomerId),
    /// An org's.
    Org(OrgId),
}

impl Owner {
    /// The id of the one or the other: no customer and org share one.
    pub fn id(self) -> Uuid {
        match self {
            Self::Customer(id) => id.0,
            Self::Org(id) => id.0,
        }
    }
}
