//! Mocks as they are answered.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::header::ETAG;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::precondition;
use crate::api::state::Settings;
use crate::domain::{Carried, Mock, Owner, Status};
use moclojer_core::unify::Revision;

/// In wildcard mode a mock has no name of its own to wait for.
const DNS_STATUS: Status = Status::Published;

/// A mock.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct MockAnswer {
    /// Its id.
    id: Uuid,
    /// The customer whose own it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<Uuid>,
    /// The org whose it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    org_id: Option<Uuid>,
    /// Its own part of its host.
    wildcard: String,
    /// Its owner's part of its host.
    subdomain: String,
    /// Where it is served.
    url: String,
    /// Whether its owner wants it served.
    enabled: bool,
    /// The newest content.
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<String>,
    /// The count of its changes.
    revision: u64,
    /// The revision that is served; null: none.
    #[schema(required)]
    serving_revision: Option<u64>,
    /// Where it stands.
    status: Status,
    /// Where its domain stands: always `published` while all mocks are under one domain.
    dns_status: Status,
    /// Its status without the domain.
    unification_status: Status,
    /// What is wrong with the newest content. With an error in it, the revision before goes on being served.
    #[schema(value_type = Vec<ContentProblem>)]
    problems: serde_json::Value,
    /// When it was made.
    created_at: Timestamp,
    /// When it was last changed.
    updated_at: Timestamp,
}

/// Something that is wrong with a content, or worth knowing, with its place.
#[derive(Debug, ToSchema, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct ContentProblem {
    /// Always `mock.yml`.
    file: String,
    /// The line, from 1.
    line: u32,
    /// The column in characters, from 1.
    column: u32,
    /// The line where it ends.
    end_line: u32,
    /// The column behind its last character.
    end_column: u32,
    /// The keys that lead there: `[2].endpoint.response.status`.
    path: String,
    /// `error`: it is not served; `warning`, `note`: it is.
    severity: String,
    /// The kind of problem: `M0102`.
    code: String,
    /// What is wrong.
    message: String,
    /// The expression of a template that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    expression: Option<String>,
    /// What stands there.
    #[serde(skip_serializing_if = "Option::is_none")]
    found: Option<String>,
    /// What may stand there.
    #[serde(skip_serializing_if = "Option::is_none")]
    expected: Option<String>,
    /// The next step.
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<String>,
    /// Other places that have to do with it.
    related: Vec<RelatedPlace>,
}

/// Another place that has to do with a problem.
#[derive(Debug, ToSchema, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct RelatedPlace {
    /// Always `mock.yml`.
    file: String,
    /// The line, from 1.
    line: u32,
    /// The column in characters, from 1.
    column: u32,
    /// The line where it ends.
    end_line: u32,
    /// The column behind its last character.
    end_column: u32,
    /// What this place has to do with it.
    message: String,
}

/// How far a mock has been carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Publication {
    /// The mock.
    id: Uuid,
    /// Whether its owner wants it served.
    enabled: bool,
    /// The newest revision.
    revision: u64,
    /// The revision that is served; null: none.
    #[schema(required)]
    serving_revision: Option<u64>,
    /// Where it stands.
    status: Status,
    /// Where its domain stands: always `published` while all mocks are under one domain.
    dns_status: Status,
    /// Its status without the domain.
    unification_status: Status,
}

impl Publication {
    pub(crate) fn of(carried: &Carried) -> Self {
        let status = carried.status();
        Self {
            id: carried.mock.0,
            enabled: carried.enabled,
            revision: carried.revision.get(),
            serving_revision: carried.state.applied_revision.map(Revision::get),
            status,
            dns_status: DNS_STATUS,
            unification_status: status,
        }
    }
}

impl MockAnswer {
    pub(crate) fn of(mock: &Mock, settings: &Settings) -> Self {
        let publication = Publication::of(&mock.carried());
        let (user_id, org_id) = match mock.owner {
            Owner::Customer(id) => (Some(id.0), None),
            Owner::Org(id) => (None, Some(id.0)),
        };
        Self {
            id: mock.id.0,
            user_id,
            org_id,
            wildcard: mock.wildcard.to_string(),
            subdomain: mock.subdomain.to_string(),
            url: settings.url(&mock.host),
            enabled: mock.enabled,
            content: mock.content.clone(),
            revision: publication.revision,
            serving_revision: publication.serving_revision,
            status: publication.status,
            dns_status: publication.dns_status,
            unification_status: publication.unification_status,
            problems: mock.problems.clone(),
            created_at: mock.created_at,
            updated_at: mock.updated_at,
        }
    }

    /// The newest revision.
    pub(crate) fn revision(&self) -> u64 {
        self.revision
    }

    /// The mock's id.
    pub(crate) fn id(&self) -> Uuid {
        self.id
    }
}

/// With its revision as `ETag`.
impl IntoResponse for MockAnswer {
    fn into_response(self) -> Response {
        let etag = precondition::etag(Revision::new(self.revision));
        let mut response = Json(self).into_response();
        if let Some(etag) = etag {
            response.headers_mut().insert(ETAG, etag);
        }
        response
    }
}
