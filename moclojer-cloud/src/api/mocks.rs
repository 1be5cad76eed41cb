//! Mocks: made, read, changed, published and removed.

mod answer;
mod change;
mod history;
mod list;
mod make;

use axum::Json;
use axum::extract::State;
use http::{HeaderMap, StatusCode};
use moclojer_core::spec::host::HostPattern;
use moclojer_core::unify::Revision;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

pub(crate) use answer::{ContentProblem, MockAnswer, Publication};

use super::body::{Caller, InPath, JsonBody, QueryOf, RequestId};
use super::error::{Answer, ApiError, Cause};
use super::fields::{Fields, FromFields};
use super::precondition;
use super::refusals;
use super::state::Shared;
use super::users::Availability;
use crate::domain::{Customer, MockId, Subdomain, Wildcard};
use crate::messages::MockUpdated;
use crate::store::Deleted;

pub(crate) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(list::mocks, make::make_mock))
        .routes(routes!(check))
        .routes(routes!(is_host_available))
        .routes(routes!(mock, change::change_mock, remove_mock))
        .routes(routes!(publication))
        .routes(routes!(publish))
        .routes(routes!(unpublish))
        .routes(routes!(history::history))
        .routes(routes!(history::past))
        .routes(routes!(history::restore))
}

/// A mock
///
/// Who: its owner, or a member of the org that owns it.
#[utoipa::path(get, path = "/mocks/{id}", tag = "mocks", params(("id" = Uuid, Path, description = "the mock")),
    responses((status = 200, description = "the mock, with its revision as `ETag`", body = MockAnswer),
        refusals::ReadingOne))]
async fn mock(
    State(state): State<Shared>,
    Caller(caller): Caller,
    InPath(id): InPath<Uuid>,
) -> Answer<MockAnswer> {
    let mock = state.mock_of(&caller, MockId(id)).await?;
    Ok(MockAnswer::of(&mock, &state.settings))
}

/// How far a mock has been carried out
///
/// Who: its owner, or a member of the org that owns it.
#[utoipa::path(get, path = "/mocks/{id}/publication", tag = "publication",
    params(("id" = Uuid, Path, description = "the mock")),
    responses((status = 200, description = "where it stands", body = Publication), refusals::ReadingOne))]
async fn publication(
    State(state): State<Shared>,
    Caller(caller): Caller,
    InPath(id): InPath<Uuid>,
) -> Answer<Json<Publication>> {
    let mock = state.mock_of(&caller, MockId(id)).await?;
    Ok(Json(Publication::of(&mock.carried())))
}

/// Have a mock served
///
/// Who: its owner, or a member of the org that owns it. As it is already is no change.
#[utoipa::path(post, path = "/mocks/{id}/publish", tag = "publication",
    params(("id" = Uuid, Path, description = "the mock")),
    responses((status = 200, description = "the mock", body = MockAnswer), refusals::ReadingOne))]
async fn publish(
    State(state): State<Shared>,
    Caller(caller): Caller,
    ctx: RequestId,
    InPath(id): InPath<Uuid>,
) -> Answer<MockAnswer> {
    set_enabled(&state, &caller, &ctx, MockId(id), true).await
}

/// Have a mock served no longer
///
/// Who: its owner, or a member of the org that owns it. As it is already is no change.
#[utoipa::path(post, path = "/mocks/{id}/unpublish", tag = "publication",
    params(("id" = Uuid, Path, description = "the mock")),
    responses((status = 200, description = "the mock", body = MockAnswer), refusals::ReadingOne))]
async fn unpublish(
    State(state): State<Shared>,
    Caller(caller): Caller,
    ctx: RequestId,
    InPath(id): InPath<Uuid>,
) -> Answer<MockAnswer> {
    set_enabled(&state, &caller, &ctx, MockId(id), false).await
}

async fn set_enabled(
    state: &Shared,
    caller: &Customer,
    ctx: &RequestId,
    id: MockId,
    enabled: bool,
) -> Answer<MockAnswer> {
    state.mock_of(caller, id).await?;
    let (mock, changed) = state.store.set_enabled(id, enabled).await?.ok_or_else(ApiError::not_found)?;
    if changed {
        state.hints.changed(&ctx.0, &mock);
    }
    Ok(MockAnswer::of(&mock, &state.settings))
}

/// The revision that a change was made from, in a query.
struct IfRevision(Option<Revision>);

impl FromFields for IfRevision {
    fn read(fields: &mut Fields) -> Option<Self> {
        Some(Self(fields.revision("if-revision")))
    }
}

/// Remove a mock
///
/// Who: its owner, or a member of the org that owns it. With its history; its host is held for its owner for 30
/// days. A revision may be named, as `if-revision` or by `If-Match`.
#[utoipa::path(delete, path = "/mocks/{id}", tag = "mocks",
    params(("id" = Uuid, Path, description = "the mock"),
        ("if-revision" = Option<u64>, Query, minimum = 1,
            description = "only if this is the newest revision"),
        ("If-Match" = Option<String>, Header, nullable = false, pattern = r#"^(\*|(W/)?"[0-9]{1,18}")$"#,
            description = "the same, as the `ETag` of the mock")),
    responses((status = 204, description = "it is gone"), refusals::RemovingMock))]
async fn remove_mock(
    State(state): State<Shared>,
    Caller(caller): Caller,
    ctx: RequestId,
    InPath(id): InPath<Uuid>,
    QueryOf(IfRevision(revision)): QueryOf<IfRevision>,
    headers: HeaderMap,
) -> Answer<StatusCode> {
    let mock = state.mock_of(&caller, MockId(id)).await?;
    let revision = precondition::named(revision, &headers)?;
    match state.store.delete(mock.id, revision).await? {
        Deleted::Done { host, version } => {
            let host = host.as_str().to_owned();
            state.hints.send(&ctx.0, MockUpdated { mock_id: id, host, version: version.get() });
            Ok(StatusCode::NO_CONTENT)
        }
        Deleted::Stale(newest) => Err(stale(&MockAnswer::of(&newest, &state.settings))),
        Deleted::Gone => Err(ApiError::not_found()),
    }
}

/// Somebody was faster: the newest mock goes with it.
pub(crate) fn stale(newest: &MockAnswer) -> ApiError {
    let message = format!("the mock has another revision by now: {}", newest.revision());
    ApiError::with_message(Cause::StaleRevision, message).value(newest)
}

/// A content to be checked.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "kebab-case")]
#[serde(deny_unknown_fields)]
struct ContentToCheck {
    /// A mock file, in YAML.
    #[schema(pattern = r"^[^\u0000]*$")]
    content: String,
}

impl FromFields for ContentToCheck {
    fn read(fields: &mut Fields) -> Option<Self> {
        let content = fields.text("content");
        Some(Self { content: fields.required("content", content)? })
    }
}

/// What is wrong with a content.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct CheckAnswer {
    /// Whether it can be served.
    valid: bool,
    /// What is wrong with it, or worth knowing, in the order of the file.
    #[schema(value_type = Vec<ContentProblem>)]
    problems: serde_json::Value,
}

/// Check a content
///
/// Who: any customer. Nothing is kept.
#[utoipa::path(post, path = "/mocks/check", tag = "mocks", request_body = ContentToCheck,
    responses((status = 200, description = "its problems", body = CheckAnswer), refusals::CheckingContent))]
async fn check(
    State(state): State<Shared>,
    _caller: Caller,
    JsonBody(body): JsonBody<ContentToCheck>,
) -> Answer<Json<CheckAnswer>> {
    let host = HostPattern::parse(state.hosts.base().as_str()).map_err(|problem| {
        ApiError::new(Cause::Internal).caused_by(format!("the base domain: {}", problem.message))
    })?;
    let checked = state.check_content(body.content, &host).await?;
    Ok(Json(CheckAnswer { valid: checked.processed.is_some(), problems: checked.content.problems }))
}

/// Whether a host can be taken
///
/// Who: the customer whose username the subdomain is, or a member of the org whose slug it is.
#[utoipa::path(get, path = "/mocks/wildcard/{subdomain}/{wildcard}", tag = "mocks",
    params(("subdomain" = String, Path, description = "a username or an org's slug"),
        ("wildcard" = String, Path, description = "the mock's own part of the host")),
    responses((status = 200, description = "whether it can", body = Availability), refusals::CheckingHost))]
async fn is_host_available(
    State(state): State<Shared>,
    Caller(caller): Caller,
    InPath((subdomain, wildcard)): InPath<(String, String)>,
) -> Answer<Json<Availability>> {
    let subdomain = Subdomain::parse(&subdomain).map_err(|_| ApiError::new(Cause::ForeignSubdomain))?;
    let owner = state.owner_of_subdomain(&caller, &subdomain).await?;
    let host = Wildcard::parse(&wildcard).and_then(|wildcard| state.hosts.host(&wildcard, &subdomain));
    Ok(Json(match host {
        Ok(host) => Availability::of(state.store.is_host_free(&host, owner).await?),
        Err(problem) => Availability::never(problem),
    }))
}

#[cfg(test)]
mod tests {
    use super::super::fields::tests::assert_documented;
    use super::*;

    #[test]
    fn bodies_are_documented_as_they_are_read() {
        assert_documented::<ContentToCheck>();
        assert_documented::<make::NewMockBody>();
        assert_documented::<change::MockChange>();
        assert_documented::<history::Restore>();
    }
}
