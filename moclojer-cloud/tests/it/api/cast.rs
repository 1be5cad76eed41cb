//! Who plays in the tests of tenancy: an owner with a mock of their own, an org with a mock, and a stranger.

use moclojer_cloud::domain::Role;
use serde_json::{Value, json};
use uuid::Uuid;

use super::app::{App, Person};

/// A mock file with one endpoint that answers `body`.
pub(crate) fn file(body: &str) -> String {
    format!("- endpoint: {{path: /hello, response: {{body: \"{body}\"}}}}\n")
}

/// A mock file that cannot be served.
pub(crate) const BROKEN: &str = "- endpoint:\n    path: /hello\n    response: {status: 9999}\n";

/// Everyone, and what they have.
pub(crate) struct Cast {
    pub(crate) owner: Person,
    pub(crate) other: Person,
    pub(crate) member: Person,
    pub(crate) org_owner: Person,
    pub(crate) org: Value,
    /// The owner's mock.
    pub(crate) mock: Value,
    /// The org's mock.
    pub(crate) org_mock: Value,
}

impl Cast {
    pub(crate) async fn new(app: &App) -> Self {
        let owner = app.person("owner").await;
        let other = app.person("other").await;
        let member = app.person("member").await;
        let org_owner = app.person("orgowner").await;
        let org = app.post("/orgs", &org_owner.token, json!({"orgname": "Acme"})).await.expect(201).body;
        app.store.set_member(org_id(&org), member.customer.id, Role::Member).await.unwrap().unwrap();
        let mock = mock(app, &owner, "shop", &file("one")).await;
        let body = json!({"wildcard": "shop", "content": file("one"), "org-id": org["id"]});
        let org_mock = app.post("/mocks", &org_owner.token, body).await.expect(201).body;
        Self { owner, other, member, org_owner, org, mock, org_mock }
    }
}

pub(crate) fn org_id(org: &Value) -> moclojer_cloud::domain::OrgId {
    moclojer_cloud::domain::OrgId(uuid(&org["id"]))
}

pub(crate) fn uuid(value: &Value) -> Uuid {
    value.as_str().unwrap().parse().unwrap()
}

/// A mock of a customer.
pub(crate) async fn mock(app: &App, person: &Person, wildcard: &str, content: &str) -> Value {
    let body = json!({"wildcard": wildcard, "content": content});
    app.post("/mocks", &person.token, body).await.expect(201).body
}

/// The path of a mock.
pub(crate) fn path(mock: &Value) -> String {
    format!("/mocks/{}", mock["id"].as_str().unwrap())
}
