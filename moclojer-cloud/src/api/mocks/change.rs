//! A mock is changed: its content, its name, or both. A restored revision is such a change.
//!
//! What is served is decided here: a new content without errors; else what was served before, under the new host when
//! there is one.

use axum::extract::State;
use http::HeaderMap;
use moclojer_core::unify::{ProcessedText, Revision};
use utoipa::ToSchema;
use uuid::Uuid;

use super::answer::MockAnswer;
use super::make::place;
use super::stale;
use crate::api::body::{Caller, InPath, JsonBody, RequestId};
use crate::api::content::Checked;
use crate::api::error::{Answer, ApiError, Cause};
use crate::api::fields::{Fields, FromFields};
use crate::api::precondition;
use crate::api::refusals;
use crate::api::state::Shared;
use crate::domain::{Customer, Mock, MockId, Wildcard};
use crate::store::{Edit, Edited, Place, Served};

/// What is to be changed of a mock.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "kebab-case")]
#[serde(deny_unknown_fields)]
pub(crate) struct MockChange {
    /// A mock file, in YAML.
    #[schema(pattern = r"^[^\u0000]*$")]
    content: Option<String>,
    /// The mock's own part of its host. A new one moves the mock to another host.
    #[schema(value_type = Option<String>, pattern = r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$", max_length = 63)]
    wildcard: Option<Wildcard>,
    /// The revision that the change was made from; `If-Match` may say it instead.
    #[schema(value_type = Option<u64>, minimum = 1)]
    if_revision: Option<Revision>,
}

impl FromFields for MockChange {
    fn read(fields: &mut Fields) -> Option<Self> {
        let content = fields.text("content");
        let wildcard = fields.parsed("wildcard", Wildcard::parse);
        let if_revision = fields.revision("if-revision");
        Some(Self { content, wildcard, if_revision })
    }
}

/// Change a mock
///
/// Who: its owner, or a member of the org that owns it. Content with errors is kept with its problems, and the last
/// revision without errors goes on being served. With the newest content and name nothing changes, whatever revision
/// is named.
#[utoipa::path(put, path = "/mocks/{id}", tag = "mocks", request_body = MockChange,
    params(("id" = Uuid, Path, description = "the mock"),
        ("If-Match" = Option<String>, Header, nullable = false, pattern = r#"^(\*|(W/)?"[0-9]{1,18}")$"#,
            description = "the `ETag` of the mock that the change was made from")),
    responses((status = 200, description = "the mock", body = MockAnswer), refusals::ChangingMock))]
pub(crate) async fn change_mock(
    State(state): State<Shared>,
    Caller(caller): Caller,
    ctx: RequestId,
    InPath(id): InPath<Uuid>,
    headers: HeaderMap,
    JsonBody(change): JsonBody<MockChange>,
) -> Answer<MockAnswer> {
    let mock = state.mock_of(&caller, MockId(id)).await?;
    let wanted = Wanted { content: change.content, wildcard: change.wildcard };
    apply(&state, &caller, &ctx, mock, wanted, change.if_revision, &headers).await
}

/// What a mock is to be like.
pub(crate) struct Wanted {
    /// The content; none: as it is.
    pub(crate) content: Option<String>,
    /// The name; none: as it is.
    pub(crate) wildcard: Option<Wildcard>,
}

/// Changes a mock, if it is not like that already.
pub(crate) async fn apply(
    state: &Shared,
    caller: &Customer,
    ctx: &RequestId,
    mock: Mock,
    wanted: Wanted,
    if_revision: Option<Revision>,
    headers: &HeaderMap,
) -> Answer<MockAnswer> {
    // Wrong before anything is compared; missing or stale only where something changes.
    let if_revision = precondition::named(if_revision, headers)?;
    let content = wanted.content.filter(|content| mock.content.as_ref() != Some(content));
    let wildcard = wanted.wildcard.filter(|wildcard| *wildcard != mock.wildcard);
    if content.is_none() && wildcard.is_none() {
        return Ok(MockAnswer::of(&mock, &state.settings));
    }
    let if_revision = if_revision.ok_or_else(|| ApiError::new(Cause::RevisionRequired))?;
    if if_revision != mock.revision {
        return Err(stale(&MockAnswer::of(&mock, &state.settings)));
    }
    let place = wildcard.map(|wildcard| place(state, wildcard, mock.subdomain.clone())).transpose()?;
    let edit = edit(state, caller, &mock, content, place).await?;
    match state.store.edit(&edit).await? {
        Edited::Done(mock) => {
            if edit.place.is_some() || !matches!(edit.served, Served::Unchanged) {
                state.hints.changed(&ctx.0, &mock);
            }
            Ok(MockAnswer::of(&mock, &state.settings))
        }
        Edited::Stale(newest) => Err(stale(&MockAnswer::of(&newest, &state.settings))),
        Edited::HostTaken => Err(ApiError::new(Cause::HostTaken)),
        Edited::HostHeld => Err(ApiError::new(Cause::HostHeld)),
        Edited::Gone => Err(ApiError::not_found()),
    }
}

async fn edit(
    state: &Shared,
    caller: &Customer,
    mock: &Mock,
    content: Option<String>,
    place: Option<Place>,
) -> Answer<Edit> {
    let host = place.as_ref().map_or(&mock.host, |place| &place.host);
    let checked = match content {
        Some(content) => Some(state.check_content(content, host).await?),
        None => None,
    };
    let (content, processed) = match checked {
        Some(Checked { content, processed }) => (Some(content), processed),
        None => (None, None),
    };
    let served = match (processed, &place) {
        (Some(text), _) => Served::New(text),
        (None, None) => Served::Unchanged,
        (None, Some(place)) => match good_text(state, mock, place).await? {
            Some(text) => Served::Moved(text),
            None => Served::Unchanged,
        },
    };
    let if_revision = mock.revision;
    Ok(Edit { mock: mock.id, if_revision, content, place, served, by: caller.id })
}

/// What is served of a mock now, for another host; none: nothing is.
async fn good_text(state: &Shared, mock: &Mock, place: &Place) -> Answer<Option<ProcessedText>> {
    let Some(good) = mock.good_revision else { return Ok(None) };
    let content = if good == mock.revision {
        mock.content.clone()
    } else {
        state.store.past(mock.id, good).await?.and_then(|past| past.content)
    };
    let Some(content) = content else {
        return Err(
            ApiError::new(Cause::Internal).caused_by(format!("revision {good} of a mock has no content"))
        );
    };
    match state.check_content(content, &place.host).await?.processed {
        Some(text) => Ok(Some(text)),
        // It was made by an older release, or the longer name makes it too large.
        None => {
            let message = format!(
                "revision {good}, which is served, cannot be served under this name; change the content first"
            );
            Err(ApiError::field("wildcard", message))
        }
    }
}
