//! The revisions of a mock, and going back to one.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use jiff::Timestamp;
use moclojer_core::unify::Revision;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::answer::MockAnswer;
use super::change::{Wanted, apply};
use super::list::{PAGE, with_next};
use crate::api::body::{Caller, InPath, OptionalJsonBody, QueryOf, RequestId};
use crate::api::error::{Answer, ApiError};
use crate::api::fields::{Fields, FromFields};
use crate::api::refusals;
use crate::api::state::Shared;
use crate::domain::MockId;
use crate::store::Past;

/// One revision.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct PastAnswer {
    /// Which.
    revision: u64,
    /// The customer who made it; null: they are gone.
    #[schema(required)]
    by: Option<Uuid>,
    /// When it was made.
    at: Timestamp,
    /// Whether it is the newest without errors, which is what is served.
    good: bool,
    /// Its content, where one revision was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<String>,
}

impl From<Past> for PastAnswer {
    fn from(past: Past) -> Self {
        Self {
            revision: past.revision.get(),
            by: past.by.map(|by| by.0),
            at: past.at,
            good: past.good,
            content: past.content,
        }
    }
}

/// Which revisions.
pub(crate) struct HistoryPage {
    limit: u32,
    before: Option<Revision>,
}

impl FromFields for HistoryPage {
    fn read(fields: &mut Fields) -> Option<Self> {
        let limit = fields.number("limit", 1, PAGE.into());
        let before = fields.revision("before");
        Some(Self { limit: limit.and_then(|limit| limit.try_into().ok()).unwrap_or(PAGE), before })
    }
}

/// The revisions of a mock
///
/// Who: its owner, or a member of the org that owns it. The newest 100 are kept, and those of 90 days.
#[utoipa::path(get, path = "/mocks/{id}/history", tag = "history",
    params(("id" = Uuid, Path, description = "the mock"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 100, description = "at most so many, up to 100"),
        ("before" = Option<u64>, Query, minimum = 1,
            description = "only revisions before this one")),
    responses((status = 200, description = "the newest first, without content; `Link` leads to the next page",
        body = Vec<PastAnswer>), refusals::Listing))]
pub(crate) async fn history(
    State(state): State<Shared>,
    Caller(caller): Caller,
    InPath(id): InPath<Uuid>,
    QueryOf(page): QueryOf<HistoryPage>,
) -> Answer<Response> {
    let mock = state.mock_of(&caller, MockId(id)).await?;
    let mut past = state.store.history(mock.id, page.before, page.limit + 1).await?;
    let more = past.len() > page.limit as usize;
    past.truncate(page.limit as usize);
    let next = past
        .last()
        .filter(|_| more)
        .map(|last| format!("/mocks/{id}/history?limit={}&before={}", page.limit, last.revision));
    let past: Vec<PastAnswer> = past.into_iter().map(PastAnswer::from).collect();
    Ok(with_next(Json(past).into_response(), next))
}

/// One revision with its content
///
/// Who: the mock's owner, or a member of the org that owns it.
#[utoipa::path(get, path = "/mocks/{id}/history/{revision}", tag = "history",
    params(("id" = Uuid, Path, description = "the mock"), ("revision" = u64, Path, description = "the revision")),
    responses((status = 200, description = "the revision", body = PastAnswer), refusals::ReadingOne))]
pub(crate) async fn past(
    State(state): State<Shared>,
    Caller(caller): Caller,
    InPath((id, revision)): InPath<(Uuid, u64)>,
) -> Answer<Json<PastAnswer>> {
    let mock = state.mock_of(&caller, MockId(id)).await?;
    let past = past_of(&state, mock.id, revision).await?;
    Ok(Json(PastAnswer::from(past)))
}

async fn past_of(state: &Shared, mock: MockId, revision: u64) -> Answer<Past> {
    // The largest that a database keeps.
    let revision = i64::try_from(revision).ok().and_then(|revision| u64::try_from(revision).ok());
    let revision = revision.map(Revision::new).ok_or_else(ApiError::not_found)?;
    state.store.past(mock, revision).await?.ok_or_else(ApiError::not_found)
}

/// What goes with going back to a revision.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "kebab-case")]
#[serde(deny_unknown_fields)]
pub(crate) struct Restore {
    /// The newest revision as the caller saw it; `If-Match` may say it instead.
    #[schema(value_type = Option<u64>, minimum = 1)]
    if_revision: Option<Revision>,
}

impl FromFields for Restore {
    fn read(fields: &mut Fields) -> Option<Self> {
        Some(Self { if_revision: fields.revision("if-revision") })
    }
}

/// Go back to a revision
///
/// Who: the mock's owner, or a member of the org that owns it. Its content becomes that of a new revision.
#[utoipa::path(post, path = "/mocks/{id}/history/{revision}/restore", tag = "history", request_body = Restore,
    params(("id" = Uuid, Path, description = "the mock"),
        ("revision" = u64, Path, description = "the revision to go back to"),
        ("If-Match" = Option<String>, Header, nullable = false, pattern = r#"^(\*|(W/)?"[0-9]{1,18}")$"#,
            description = "the `ETag` of the newest mock as the caller saw it")),
    responses((status = 200, description = "the mock", body = MockAnswer), refusals::ChangingMock))]
pub(crate) async fn restore(
    State(state): State<Shared>,
    Caller(caller): Caller,
    ctx: RequestId,
    InPath((id, revision)): InPath<(Uuid, u64)>,
    headers: HeaderMap,
    OptionalJsonBody(body): OptionalJsonBody<Restore>,
) -> Answer<MockAnswer> {
    let mock = state.mock_of(&caller, MockId(id)).await?;
    let past = past_of(&state, mock.id, revision).await?;
    let wanted = Wanted { content: past.content, wildcard: None };
    apply(&state, &caller, &ctx, mock, wanted, body.if_revision, &headers).await
}
