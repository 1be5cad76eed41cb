//! Rows as the domain knows them. What a row holds that the domain does not know is an error, never a default.
//!
//! Compiled twice; see `sql`.

use std::num::NonZeroU32;

use moclojer_core::ports::ETag;
use moclojer_core::spec::host::HostPattern;
use moclojer_core::unify::{Generation, LayoutNumber, Revision, ShardId, Version};
use sqlx::FromRow;
use uuid::Uuid;

use crate::adapters::sql::{count, known, time, wrong};
use crate::domain::{
    BaseDomain, Carried, Customer, CustomerId, Email, HostState, Member, Membership, Mock, MockId, Org,
    OrgId, OrgSlug, Owner, Role, Subdomain, Username, Wildcard,
};
use crate::store::{Claim, Installation, MockFile, Past, Result, StoreError};

#[derive(FromRow)]
pub(super) struct InstallationRow {
    id: Uuid,
    salt: Vec<u8>,
    layout: i64,
    served_layout: Option<i64>,
    shards: i64,
    base_domain: String,
}

impl TryFrom<InstallationRow> for Installation {
    type Error = StoreError;

    fn try_from(row: InstallationRow) -> Result<Self> {
        Ok(Self {
            id: row.id,
            salt: row.salt.try_into().map_err(|_| wrong("the salt has not 32 bytes"))?,
            layout: LayoutNumber::new(count(row.layout)?),
            served_layout: row.served_layout.map(count).transpose()?.map(LayoutNumber::new),
            shards: shards(row.shards)?,
            base_domain: known(BaseDomain::parse(&row.base_domain))?,
        })
    }
}

#[derive(FromRow)]
pub(super) struct CustomerRow {
    id: Uuid,
    external_id: Uuid,
    username: String,
    email: String,
    customer_suspended_at: Option<i64>,
}

impl TryFrom<CustomerRow> for Customer {
    type Error = StoreError;

    fn try_from(row: CustomerRow) -> Result<Self> {
        Ok(Self {
            id: CustomerId(row.id),
            external_id: row.external_id,
            username: known(Username::parse(&row.username))?,
            email: known(Email::parse(&row.email))?,
            suspended_at: row.customer_suspended_at.map(time).transpose()?,
        })
    }
}

#[derive(FromRow)]
pub(super) struct MemberRow {
    #[sqlx(flatten)]
    customer: CustomerRow,
    role: String,
}

impl TryFrom<MemberRow> for Member {
    type Error = StoreError;

    fn try_from(row: MemberRow) -> Result<Self> {
        Ok(Self { customer: row.customer.try_into()?, role: role(&row.role)? })
    }
}

#[derive(FromRow)]
pub(super) struct MembershipRow {
    id: Uuid,
    slug: String,
    orgname: String,
    org_suspended_at: Option<i64>,
    role: String,
}

impl TryFrom<MembershipRow> for Membership {
    type Error = StoreError;

    fn try_from(row: MembershipRow) -> Result<Self> {
        let org = Org {
            id: OrgId(row.id),
            slug: known(OrgSlug::parse(&row.slug))?,
            orgname: row.orgname,
            suspended_at: row.org_suspended_at.map(time).transpose()?,
        };
        Ok(Self { org, role: role(&row.role)? })
    }
}

pub(super) const fn role_text(role: Role) -> &'static str {
    match role {
        Role::Member => "member",
        Role::Owner => "owner",
    }
}

fn role(text: &str) -> Result<Role> {
    match text {
        "member" => Ok(Role::Member),
        "owner" => Ok(Role::Owner),
        _ => Err(wrong("a role that is not known")),
    }
}

/// How far a host was carried out; `layout_served` is null before the installation.
#[derive(FromRow)]
pub(super) struct StateRow {
    version: i64,
    applied_version: i64,
    applied_revision: Option<i64>,
    layout_served: Option<bool>,
}

impl TryFrom<StateRow> for HostState {
    type Error = StoreError;

    fn try_from(row: StateRow) -> Result<Self> {
        Ok(Self {
            version: Version::new(count(row.version)?),
            applied_version: Version::new(count(row.applied_version)?),
            applied_revision: revision(row.applied_revision)?,
            layout_served: row.layout_served.unwrap_or(false),
        })
    }
}

#[derive(FromRow)]
pub(super) struct MockRow {
    id: Uuid,
    user_id: Option<Uuid>,
    org_id: Option<Uuid>,
    subdomain: Option<String>,
    wildcard: String,
    host: String,
    enabled: bool,
    content: Option<String>,
    revision: i64,
    good_revision: Option<i64>,
    problems: String,
    created_at: i64,
    updated_at: i64,
    #[sqlx(flatten)]
    state: StateRow,
}

impl TryFrom<MockRow> for Mock {
    type Error = StoreError;

    fn try_from(row: MockRow) -> Result<Self> {
        let owner = match (row.user_id, row.org_id) {
            (Some(id), None) => Owner::Customer(CustomerId(id)),
            (None, Some(id)) => Owner::Org(OrgId(id)),
            _ => return Err(wrong("a mock has one owner")),
        };
        let subdomain = row.subdomain.ok_or_else(|| wrong("a mock whose owner is missing"))?;
        Ok(Self {
            id: MockId(row.id),
            owner,
            subdomain: known(Subdomain::parse(&subdomain))?,
            wildcard: known(Wildcard::parse(&row.wildcard))?,
            host: host(&row.host)?,
            enabled: row.enabled,
            content: row.content,
            revision: Revision::new(count(row.revision)?),
            good_revision: revision(row.good_revision)?,
            problems: known(serde_json::from_str(&row.problems))?,
            created_at: time(row.created_at)?,
            updated_at: time(row.updated_at)?,
            state: row.state.try_into()?,
        })
    }
}

#[derive(FromRow)]
pub(super) struct CarriedRow {
    id: Uuid,
    enabled: bool,
    revision: i64,
    good_revision: Option<i64>,
    #[sqlx(flatten)]
    state: StateRow,
}

impl TryFrom<CarriedRow> for Carried {
    type Error = StoreError;

    fn try_from(row: CarriedRow) -> Result<Self> {
        Ok(Self {
            mock: MockId(row.id),
            enabled: row.enabled,
            revision: Revision::new(count(row.revision)?),
            good_revision: revision(row.good_revision)?,
            state: row.state.try_into()?,
        })
    }
}

#[derive(FromRow)]
pub(super) struct PastRow {
    revision: i64,
    made_by: Option<Uuid>,
    made_at: i64,
    good: Option<bool>,
    content: Option<String>,
}

impl TryFrom<PastRow> for Past {
    type Error = StoreError;

    fn try_from(row: PastRow) -> Result<Self> {
        Ok(Self {
            revision: Revision::new(count(row.revision)?),
            by: row.made_by.map(CustomerId),
            at: time(row.made_at)?,
            good: row.good.unwrap_or(false),
            content: row.content,
        })
    }
}

#[derive(FromRow)]
pub(super) struct ClaimRow {
    layout: i64,
    shards: i64,
    id: i64,
    generation: i64,
    etag: Option<String>,
}

impl TryFrom<ClaimRow> for Claim {
    type Error = StoreError;

    fn try_from(row: ClaimRow) -> Result<Self> {
        Ok(Self {
            layout: LayoutNumber::new(count(row.layout)?),
            shards: shards(row.shards)?,
            shard: ShardId::new(count(row.id)?),
            generation: Generation::new(count(row.generation)?),
            etag: row.etag.map(ETag::new),
        })
    }
}

/// A host with the mock that is to be served under it, if there is one.
#[derive(FromRow)]
pub(super) struct WantedRow {
    pub(super) name: String,
    pub(super) version: i64,
    pub(super) applied_version: i64,
    file_key: Option<String>,
    file_etag: Option<String>,
    pub(super) mock: Option<Uuid>,
    pub(super) owner: Option<Uuid>,
    pub(super) good_revision: Option<i64>,
    pub(super) processed: Option<String>,
}

impl WantedRow {
    pub(super) fn file(&self) -> Option<MockFile> {
        let (key, etag) = (self.file_key.clone()?, self.file_etag.as_deref()?);
        Some(MockFile { key, etag: ETag::new(etag) })
    }
}

fn shards(column: i64) -> Result<NonZeroU32> {
    NonZeroU32::new(count(column)?).ok_or_else(|| wrong("a layout without shards"))
}

pub(super) fn host(name: &str) -> Result<HostPattern> {
    HostPattern::parse(name).map_err(|_| wrong("a host that is no name"))
}

pub(super) fn revision(column: Option<i64>) -> Result<Option<Revision>> {
    Ok(column.map(count).transpose()?.map(Revision::new))
}

/// Reads rows until one cannot be read.
pub(super) fn all<R, T>(rows: Vec<R>) -> Result<Vec<T>>
where
    T: TryFrom<R, Error = StoreError>,
{
    rows.into_iter().map(T::try_from).collect()
}
