//! A small installation in a database, and short words for what the suite does in it.

use std::num::NonZeroU32;
use std::ops::Deref;
use std::time::Duration;

use moclojer_cloud::domain::{
    BaseDomain, Customer, CustomerId, Email, Hosts, Mock, MockId, Org, OrgId, OrgSlug, Owner, Status,
    Subdomain, Wildcard,
};
use moclojer_cloud::store::{
    Applied, Claim, Content, Created, Edit, Edited, NewMock, Place, Served, Store, Wanted,
};
use moclojer_core::ports::ETag;
use moclojer_core::spec::host::HostPattern;
use moclojer_core::spec::{Format, Settings};
use moclojer_core::unify::{LayoutNumber, ProcessedText, Revision, ShardId, process};
use serde_json::json;
use uuid::Uuid;

use super::database::Database;

pub(super) const LEASE: Duration = Duration::from_secs(10);

/// An installation of two shards whose first layout is served.
pub(super) struct World {
    pub(super) database: Database,
    hosts: Hosts,
}

impl Deref for World {
    type Target = dyn Store;

    fn deref(&self) -> &Self::Target {
        &*self.database.store
    }
}

impl World {
    pub(super) async fn postgres() -> Self {
        Self::new(Database::postgres().await).await
    }

    pub(super) async fn sqlite() -> Self {
        Self::new(Database::sqlite().await).await
    }

    pub(super) async fn new(database: Database) -> Self {
        let base = BaseDomain::parse("example.com").unwrap();
        let shards = NonZeroU32::new(2).unwrap();
        let installation = database.store.install(&base, shards).await.unwrap();
        let world = Self { database, hosts: Hosts::new(base, installation.salt) };
        world.carry_out().await;
        world.set_served(LayoutNumber::new(1)).await.unwrap();
        world
    }

    /// A customer called so, as after signing in.
    pub(super) async fn person(&self, name: &str) -> Customer {
        let email = Email::parse(&format!("{name}@example.com")).unwrap();
        self.sign_in(Uuid::new_v4(), &email).await.unwrap()
    }

    pub(super) async fn org(&self, word: &str, owner: CustomerId) -> Org {
        let id = OrgId::generate();
        let slug = OrgSlug::new(word, id.0).unwrap();
        let org = Org { id, slug, orgname: word.to_owned(), suspended_at: None };
        self.create_org(&org, owner).await.unwrap().unwrap();
        org
    }

    pub(super) fn place(&self, subdomain: &Subdomain, wildcard: &str) -> Place {
        let wildcard = Wildcard::parse(wildcard).unwrap();
        let host = self.hosts.host(&wildcard, subdomain).unwrap();
        Place { subdomain: subdomain.clone(), wildcard, hash: self.hosts.hash(&host), host }
    }

    pub(super) fn place_of(&self, customer: &Customer, wildcard: &str) -> Place {
        self.place(&Subdomain::Username(customer.username.clone()), wildcard)
    }

    /// A valid mock of a customer that says `says`.
    pub(super) fn new_mock(&self, customer: &Customer, wildcard: &str, says: &str) -> NewMock {
        let place = self.place_of(customer, wildcard);
        let content = content(says);
        NewMock {
            id: MockId::generate(),
            owner: Owner::Customer(customer.id),
            enabled: true,
            processed: Some(processed(&place.host, &content.text)),
            content,
            place,
            by: customer.id,
        }
    }

    /// One with an error.
    pub(super) fn broken_mock(&self, customer: &Customer, wildcard: &str) -> NewMock {
        NewMock { content: broken(), processed: None, ..self.new_mock(customer, wildcard, "") }
    }

    pub(super) async fn made(&self, mock: NewMock) -> Mock {
        match self.create(&mock).await.unwrap() {
            Created::New(mock) => *mock,
            other => panic!("{other:?}"),
        }
    }

    /// A valid mock that was made.
    pub(super) async fn mock_of(&self, customer: &Customer, wildcard: &str) -> Mock {
        self.made(self.new_mock(customer, wildcard, "one")).await
    }

    pub(super) async fn edited(&self, edit: &Edit) -> Mock {
        match self.edit(edit).await.unwrap() {
            Edited::Done(mock) => *mock,
            other => panic!("{other:?}"),
        }
    }

    pub(super) async fn now(&self, mock: MockId) -> Mock {
        self.mock(mock).await.unwrap().unwrap()
    }

    pub(super) async fn status(&self, mock: MockId) -> Status {
        let carried = self.carried(&[mock]).await.unwrap();
        assert_eq!(carried[0], self.now(mock).await.carried());
        carried[0].status()
    }

    /// What a generator does until nothing is behind; gives what was written last for each shard.
    pub(super) async fn carry_out(&self) -> Vec<Vec<Wanted>> {
        let mut written = Vec::new();
        for shard in self.behind(100).await.unwrap() {
            let claim = self.claim(shard, None, LEASE).await.unwrap().unwrap();
            let wanted = self.wanted(&claim).await.unwrap();
            assert!(self.written(&claim, &wanted).await);
            written.push(wanted);
        }
        assert_eq!(self.behind(100).await.unwrap(), []);
        written
    }

    /// Commits a claim after a write of what was wanted.
    pub(super) async fn written(&self, claim: &Claim, wanted: &[Wanted]) -> bool {
        self.commit(claim, &etag_of(claim), &applied(wanted)).await.unwrap()
    }

    pub(super) async fn shard_of(&self, host: &HostPattern) -> ShardId {
        let installation = self.installation().await.unwrap().unwrap();
        moclojer_core::unify::Layout::new(installation.layout, installation.shards, installation.salt)
            .shard_of(host)
    }

    /// Lets the time pass for a host that was given back.
    pub(super) async fn days_pass(&self, host: &HostPattern, days: i64) {
        let ms = days * 86_400_000;
        self.database
            .execute(&format!("UPDATE host SET released_at = released_at - {ms} WHERE name = '{host}'"))
            .await;
    }
}

pub(super) fn etag_of(claim: &Claim) -> ETag {
    ETag::new(format!("\"{}\"", claim.generation))
}

pub(super) fn applied(wanted: &[Wanted]) -> Vec<Applied> {
    let applied = |wanted: &Wanted| Applied {
        host: wanted.host.clone(),
        version: wanted.version,
        revision: wanted.served.as_ref().map(|served| served.revision),
    };
    wanted.iter().map(applied).collect()
}

pub(super) fn content(says: &str) -> Content {
    Content { text: format!("- endpoint: {{path: /, response: {{body: {says:?}}}}}\n"), problems: json!([]) }
}

pub(super) fn broken() -> Content {
    Content { text: "- endpoint: {".to_owned(), problems: json!([{"line": 1, "message": "not closed"}]) }
}

pub(super) fn processed(host: &HostPattern, text: &str) -> ProcessedText {
    process("mock.yml", text.as_bytes(), Format::Yaml, host, &Settings::default()).text.unwrap()
}

/// New valid content for a mock as it was read.
pub(super) fn valid_edit(mock: &Mock, says: &str, by: CustomerId) -> Edit {
    let content = content(says);
    Edit {
        mock: mock.id,
        if_revision: mock.revision,
        served: Served::New(processed(&mock.host, &content.text)),
        content: Some(content),
        place: None,
        by,
    }
}

/// New content with an error.
pub(super) fn broken_edit(mock: &Mock, by: CustomerId) -> Edit {
    Edit { content: Some(broken()), served: Served::Unchanged, ..valid_edit(mock, "", by) }
}

/// A new name for a mock as it was read, whose good content says `says`.
pub(super) fn rename(mock: &Mock, place: Place, says: &str, by: CustomerId) -> Edit {
    let served = match mock.good_revision {
        Some(_) => Served::Moved(processed(&place.host, &content(says).text)),
        None => Served::Unchanged,
    };
    Edit { mock: mock.id, if_revision: mock.revision, content: None, place: Some(place), served, by }
}

pub(super) fn revision(number: u64) -> Revision {
    Revision::new(number)
}
