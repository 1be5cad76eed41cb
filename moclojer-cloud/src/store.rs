//! The ports to the database. Postgres and SQLite implement them, and pass one suite.
//!
//! Each method is one transaction, or one statement: it happened whole or not at all, and when it returned, the
//! database has it on disk. A method that failed with a temporary error may have happened. Methods that look and then
//! act lock what they looked at; deadlocks and serialization failures are tried again inside (three times). Time is
//! the database's. No method holds a connection while it waits for anything but the database.

use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroU32;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use moclojer_core::ports::ETag;
use moclojer_core::spec::host::HostPattern;
use moclojer_core::unify::{
    Generation, HostHash, LayoutNumber, NotProcessed, ProcessedText, Revision, ShardId, Version,
};
use uuid::Uuid;

use crate::domain::{
    BaseDomain, Carried, Customer, CustomerId, Email, Member, Membership, Mock, MockId, Org, OrgId, Owner,
    Role, Subdomain, Username, Wildcard,
};

/// The database did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// It could not be reached, or gave up: later it may work.
    #[error("the database did not answer as it should")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// What it holds or says is not what this program knows: an older or newer schema, or a damaged row.
    #[error("the database holds what this program does not know")]
    Unknown(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl StoreError {
    /// Whether the same call may succeed later with nothing changed.
    pub fn is_temporary(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}

/// What all stores give.
pub type Result<T> = std::result::Result<T, StoreError>;

/// Everything that an installation is known by.
#[derive(Clone)]
pub struct Installation {
    /// Its id.
    pub id: Uuid,
    /// The secret under which hosts are hashed.
    pub salt: [u8; 32],
    /// The layout that is written.
    pub layout: LayoutNumber,
    /// The layout that is served; none before the first was written whole.
    pub served_layout: Option<LayoutNumber>,
    /// How many shards the written layout has.
    pub shards: NonZeroU32,
    /// The domain that all mocks are under.
    pub base_domain: BaseDomain,
}

/// Without the salt.
impl fmt::Debug for Installation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Installation")
            .field("id", &self.id)
            .field("layout", &self.layout)
            .field("served_layout", &self.served_layout)
            .field("shards", &self.shards)
            .field("base_domain", &self.base_domain)
            .finish_non_exhaustive()
    }
}

/// The installation's one row.
#[async_trait]
pub trait InstallationStore: Send + Sync + fmt::Debug {
    /// Whether the database answers.
    async fn ping(&self) -> Result<()>;

    /// The row; none before [`install`](Self::install).
    async fn installation(&self) -> Result<Option<Installation>>;

    /// Makes the row with a new id, a random salt and layout 1 with this many shards (each waiting to be written), if
    /// there is none; gives what is there. The base domain of a row that is there is not changed.
    async fn install(&self, base_domain: &BaseDomain, shards: NonZeroU32) -> Result<Installation>;

    /// Under the row's lock: layout max(row, `at_least`) + 1 with this many shards, all waiting to be written; the
    /// rows of layouts before go. What is served stays as it is until [`set_served`](ProjectionStore::set_served).
    async fn reshard(&self, shards: NonZeroU32, at_least: LayoutNumber) -> Result<Installation>;
}

/// A name was not given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameRefused {
    /// Somebody has it.
    Taken,
    /// It stands in the hosts of mocks, which would all move.
    HasMocks,
}

/// What was wanted of an org's people was not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MembershipRefused {
    /// An org keeps one owner.
    LastOwner,
    /// There is no such customer, or not in this org.
    Nobody,
}

/// Customers, orgs, and who is in which.
#[async_trait]
pub trait AccountStore: Send + Sync + fmt::Debug {
    /// The customer with this id of the issuer (one read by an index: every request does it).
    async fn customer_by_external(&self, external_id: Uuid) -> Result<Option<Customer>>;

    /// The same, made if there is none, with the first of [`Username::candidates`] that is free. Twice at once gives
    /// one customer. One who was there keeps the username and gets the address that the issuer knows now.
    async fn sign_in(&self, external_id: Uuid, email: &Email) -> Result<Customer>;

    /// The customer with this id.
    async fn customer(&self, id: CustomerId) -> Result<Option<Customer>>;

    /// The customer with this address. With several, the first that was made.
    async fn customer_by_email(&self, email: &Email) -> Result<Option<Customer>>;

    /// Whether a username is nobody's.
    async fn is_username_free(&self, username: &Username) -> Result<bool>;

    /// Whether both are in one org.
    async fn share_an_org(&self, one: CustomerId, other: CustomerId) -> Result<bool>;

    /// Gives a customer another username. None: there is no such customer. The same name is no change.
    async fn rename_customer(
        &self,
        id: CustomerId,
        username: &Username,
    ) -> Result<Option<std::result::Result<Customer, NameRefused>>>;

    /// The orgs of a customer, by slug.
    async fn orgs_of(&self, customer: CustomerId) -> Result<Vec<Membership>>;

    /// Makes an org with its first owner.
    async fn create_org(&self, org: &Org, owner: CustomerId) -> Result<std::result::Result<(), NameRefused>>;

    /// An org, and what this customer is in it; none when there is no such org or the customer is not in it.
    async fn membership(&self, org: OrgId, customer: CustomerId) -> Result<Option<Membership>>;

    /// Whether an org's slug is nobody's.
    async fn is_slug_free(&self, slug: &crate::domain::OrgSlug) -> Result<bool>;

    /// Writes an org's name and slug. None: there is no such org.
    async fn update_org(&self, org: &Org) -> Result<Option<std::result::Result<(), NameRefused>>>;

    /// Removes an org and its memberships; one with mocks stays ([`NameRefused::HasMocks`]). One that is gone is no
    /// error.
    async fn delete_org(&self, id: OrgId) -> Result<std::result::Result<(), NameRefused>>;

    /// The people of an org, in the order in which they came.
    async fn members(&self, org: OrgId) -> Result<Vec<Member>>;

    /// Puts a customer into an org, or gives them another role there.
    async fn set_member(
        &self,
        org: OrgId,
        customer: CustomerId,
        role: Role,
    ) -> Result<std::result::Result<(), MembershipRefused>>;

    /// Takes a customer out of an org.
    async fn remove_member(
        &self,
        org: OrgId,
        customer: CustomerId,
    ) -> Result<std::result::Result<(), MembershipRefused>>;
}

/// Content with what came of reading it.
#[derive(Clone, Debug)]
pub struct Content {
    /// The file as its owner wrote it.
    pub text: String,
    /// What is wrong with it, as JSON.
    pub problems: serde_json::Value,
}

/// A mock's name and the host that it makes.
#[derive(Clone, Debug)]
pub struct Place {
    /// Whose mocks they are.
    pub subdomain: Subdomain,
    /// The mock's part.
    pub wildcard: Wildcard,
    /// Both together under the base domain.
    pub host: HostPattern,
    /// The place of that host among all hosts.
    pub hash: HostHash,
}

/// A mock to be made.
#[derive(Clone, Debug)]
pub struct NewMock {
    /// Its id.
    pub id: MockId,
    /// Whose it is.
    pub owner: Owner,
    /// Its name.
    pub place: Place,
    /// Whether it is to be served.
    pub enabled: bool,
    /// Its content.
    pub content: Content,
    /// The processed text of the content for the host; none: the content has errors.
    pub processed: Option<ProcessedText>,
    /// Who makes it.
    pub by: CustomerId,
}

/// What became of a mock to be made.
#[derive(Clone, Debug)]
pub enum Created {
    /// It is there, with revision 1.
    New(Box<Mock>),
    /// This owner has a mock there whose newest content is the same.
    Same(Box<Mock>),
    /// This owner has a mock there with other content.
    Other(MockId),
    /// The host is another's.
    HostTaken,
    /// The host was given back less than 30 days ago, and is held for its last owner.
    HostHeld,
    /// There is no such owner any more, or not under this subdomain.
    NoOwner,
}

/// What becomes the served text of a mock with an edit.
#[derive(Clone, Debug)]
pub enum Served {
    /// What was served goes on being served (or nothing), under the same host.
    Unchanged,
    /// This is the processed text of the new revision.
    New(ProcessedText),
    /// This is the processed text of the good revision that was there, for the new host.
    Moved(ProcessedText),
}

/// A change of a mock.
#[derive(Clone, Debug)]
pub struct Edit {
    /// The mock.
    pub mock: MockId,
    /// The revision that the change was made from, and that has to be the newest.
    pub if_revision: Revision,
    /// New content; none: it stays.
    pub content: Option<Content>,
    /// A new name; none: it stays.
    pub place: Option<Place>,
    /// What is served from then on. With a new place and a good revision it must not be `Unchanged`.
    pub served: Served,
    /// Who makes the change.
    pub by: CustomerId,
}

/// What became of an edit.
#[derive(Clone, Debug)]
pub enum Edited {
    /// It is the newest revision.
    Done(Box<Mock>),
    /// Somebody was faster: this is the newest, with content.
    Stale(Box<Mock>),
    /// The host is another's.
    HostTaken,
    /// The host is held for its last owner.
    HostHeld,
    /// There is no such mock.
    Gone,
}

/// What became of a removal.
#[derive(Clone, Debug)]
pub enum Deleted {
    /// It is gone; its host has a new version, to be taken out.
    Done {
        /// The host that it had.
        host: HostPattern,
        /// The host's version now.
        version: Version,
    },
    /// Another revision than the one that was named is the newest.
    Stale(Box<Mock>),
    /// There is no such mock.
    Gone,
}

/// Which mocks of an owner, and how many.
#[derive(Clone, Debug)]
pub struct Page {
    /// Only mocks after this one, in order of subdomain, wildcard.
    pub after: Option<(String, String)>,
    /// At most so many.
    pub limit: u32,
}

/// One revision of a mock.
#[derive(Clone, Debug, PartialEq)]
pub struct Past {
    /// Which.
    pub revision: Revision,
    /// Who made it; none when they are gone.
    pub by: Option<CustomerId>,
    /// When.
    pub at: Timestamp,
    /// Whether it is the one that is served.
    pub good: bool,
    /// Its content, where it was asked for.
    pub content: Option<String>,
}

/// Mocks, their history, and the hosts that they take.
///
/// `version` of a host is raised by every change of what is served: made, valid edit, rename (both hosts), publish,
/// unpublish, delete. Each edit makes a revision, a rename too; with the content that was good before it is good.
/// History keeps at most the newest 100 revisions and none older than 90 days, but always the newest and the good one.
#[async_trait]
pub trait MockStore: Send + Sync + fmt::Debug {
    /// Makes a mock.
    async fn create(&self, mock: &NewMock) -> Result<Created>;

    /// A mock with its content.
    async fn mock(&self, id: MockId) -> Result<Option<Mock>>;

    /// Whether a host can be taken by this owner now.
    async fn is_host_free(&self, host: &HostPattern, owner: Owner) -> Result<bool>;

    /// The mocks of these owners, in order of subdomain and wildcard, with content when `content`.
    async fn mocks(&self, owners: &[Owner], page: &Page, content: bool) -> Result<Vec<Mock>>;

    /// Changes a mock, if nobody did meanwhile. Content and name as they are already are no change: the caller looks.
    async fn edit(&self, edit: &Edit) -> Result<Edited>;

    /// Has a mock served or not; as it is already is no change. None: there is no such mock. `true` with it: changed.
    async fn set_enabled(&self, id: MockId, enabled: bool) -> Result<Option<(Mock, bool)>>;

    /// Removes a mock and its history, if its revision is the named one; the host is held for its owner.
    async fn delete(&self, id: MockId, if_revision: Option<Revision>) -> Result<Deleted>;

    /// The revisions of a mock, newest first, before `before`, without content.
    async fn history(&self, id: MockId, before: Option<Revision>, limit: u32) -> Result<Vec<Past>>;

    /// One revision with its content.
    async fn past(&self, id: MockId, revision: Revision) -> Result<Option<Past>>;

    /// How far these mocks have been carried out; those that are gone are left out.
    async fn carried(&self, ids: &[MockId]) -> Result<Vec<Carried>>;
}

/// The right to write one shard for a while. It only saves work: correctness rests on the generation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The layout that the shard is of.
    pub layout: LayoutNumber,
    /// How many shards that layout has.
    pub shards: NonZeroU32,
    /// The shard.
    pub shard: ShardId,
    /// The generation of this write; no other write has it.
    pub generation: Generation,
    /// The tag of the object that the last committed write left; none: unknown, or never written.
    pub etag: Option<ETag>,
}

/// What a shard is to hold of one host.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The host.
    pub host: HostPattern,
    /// Its version at the moment of reading.
    pub version: Version,
    /// Its mock with what is to be served; none: the host is to be absent.
    pub served: Option<WantedText>,
    /// Whether the version that was read is above the applied one.
    pub behind: bool,
    /// Where the mock's own file was last written, with its tag.
    pub file: Option<MockFile>,
}

/// A text that is to be served.
#[derive(Clone, Debug)]
pub struct WantedText {
    /// The mock.
    pub mock: MockId,
    /// The id of its owner.
    pub owner: Uuid,
    /// The revision that the text was made of.
    pub revision: Revision,
    /// The text. One that does not hold is not served anew and keeps no other from it: what stands of the host stays.
    pub text: std::result::Result<ProcessedText, NotProcessed>,
}

/// A mock's own file in the object store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MockFile {
    /// Its key.
    pub key: String,
    /// Its tag when it was written.
    pub etag: ETag,
}

/// What was written of one host.
#[derive(Clone, Debug)]
pub struct Applied {
    /// The host.
    pub host: HostPattern,
    /// The version that was read.
    pub version: Version,
    /// The revision that was written; none: the host is absent.
    pub revision: Option<Revision>,
}

/// How much is behind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Hosts whose version is above their applied one.
    pub hosts: u64,
    /// Shards that wait to be written anew.
    pub shards: u64,
    /// Shards whose last write failed.
    pub failing: u64,
    /// How long the oldest change has waited.
    pub oldest: Duration,
}

/// What the generator asks of the database.
#[async_trait]
pub trait ProjectionStore: Send + Sync + fmt::Debug {
    /// Shards of the written layout that have hosts behind or no tag, are not claimed and whose waiting time is over,
    /// the longest waiting first, as one host behind of each tells.
    async fn behind(&self, limit: u32) -> Result<Vec<ShardId>>;

    /// Claims a shard of the written layout for `lease`, unless somebody has it or it waits after a failure. The
    /// generation is max(generation + 1, found + 1, unix ms of the database). One short statement.
    async fn claim(
        &self,
        shard: ShardId,
        found: Option<Generation>,
        lease: Duration,
    ) -> Result<Option<Claim>>;

    /// The same for one's own claim, when a higher generation was `found` in the store; none: it is no longer one's own.
    async fn claim_again(&self, claim: &Claim, found: Generation, lease: Duration) -> Result<Option<Claim>>;

    /// All hosts of the shard that are to be served or are behind, from one statement. A stored text that is none
    /// harms nobody else: a text that answers 500 stands in for it, so that its host is not removed, and an error is
    /// logged each time.
    async fn wanted(&self, claim: &Claim) -> Result<Vec<Wanted>>;

    /// Records that the shard was written: tag, end of the claim, no failure any more, and for each host the version
    /// and revision (never lower than what is recorded). False, and nothing recorded: the shard has another generation
    /// or layout by now.
    async fn commit(&self, claim: &Claim, etag: &ETag, applied: &[Applied]) -> Result<bool>;

    /// Gives a claim back and says why nothing was written; the next try is after a pause that grows with the
    /// attempts, with jitter.
    async fn fail(&self, claim: &Claim, reason: &str) -> Result<()>;

    /// Gives a claim back without a word.
    async fn release(&self, claim: &Claim) -> Result<()>;

    /// The recorded tags of the written layout's shards.
    async fn tags(&self) -> Result<BTreeMap<ShardId, Option<ETag>>>;

    /// Has shards written anew whose recorded tag is still the given one.
    async fn write_anew(&self, shards: &[(ShardId, ETag)]) -> Result<()>;

    /// Whether every shard of this layout was written, and it is still the written one.
    async fn is_layout_whole(&self, layout: LayoutNumber) -> Result<bool>;

    /// Says that a layout is served from now on; a lower one than recorded is no change.
    async fn set_served(&self, layout: LayoutNumber) -> Result<()>;

    /// Records where a mock's own file is now; none: it was removed.
    async fn set_file(&self, host: &HostPattern, file: Option<&MockFile>) -> Result<()>;

    /// All hosts in order of name, after `after`, as [`wanted`](Self::wanted) gives them: for the daily comparison.
    async fn hosts(&self, after: Option<&HostPattern>, limit: u32) -> Result<Vec<Wanted>>;

    /// How much is behind.
    async fn backlog(&self) -> Result<Backlog>;
}

/// What a generator asks, as one.
pub trait GeneratorStore: InstallationStore + ProjectionStore {}

impl<T: InstallationStore + ProjectionStore> GeneratorStore for T {}

/// All of it, as the services share it.
pub trait Store: GeneratorStore + AccountStore + MockStore {}

impl<T: InstallationStore + AccountStore + MockStore + ProjectionStore> Store for T {}
