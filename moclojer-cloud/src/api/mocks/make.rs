//! A mock is made.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::LOCATION;
use http::{HeaderValue, StatusCode};
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::answer::MockAnswer;
use crate::api::body::{Caller, JsonBody, RequestId};
use crate::api::content::SAMPLE;
use crate::api::error::{Answer, ApiError, Cause};
use crate::api::fields::{Fields, FromFields};
use crate::api::refusals;
use crate::api::state::Shared;
use crate::domain::{Customer, MockId, OrgId, Owner, Subdomain, Wildcard};
use crate::store::{Created, NewMock, Place};

/// A mock to be made.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "kebab-case")]
#[serde(deny_unknown_fields)]
pub(crate) struct NewMockBody {
    /// The mock's own part of its host: lower-case letters, digits, and `-` between them.
    #[schema(value_type = String, pattern = r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$", max_length = 63)]
    wildcard: Wildcard,
    /// Whether it is to be served; true when it is left out.
    enabled: Option<bool>,
    /// A mock file, in YAML; a commented sample when it is left out.
    #[schema(pattern = r"^[^\u0000]*$")]
    content: Option<String>,
    /// The org whose it is to be; the caller's own when it is left out.
    org_id: Option<Uuid>,
    /// The owner's part of the host: what it is in any case, for clients that want to say it; the slug of an org makes
    /// the mock the org's.
    #[schema(value_type = Option<String>, pattern = r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$", max_length = 31)]
    subdomain: Option<Subdomain>,
}

impl FromFields for NewMockBody {
    fn read(fields: &mut Fields) -> Option<Self> {
        let wildcard = fields.parsed("wildcard", Wildcard::parse);
        let wildcard = fields.required("wildcard", wildcard);
        let enabled = fields.boolean("enabled");
        let content = fields.text("content");
        let org_id = fields.id("org-id");
        let subdomain = fields.parsed("subdomain", Subdomain::parse);
        Some(Self { wildcard: wildcard?, enabled, content, org_id, subdomain })
    }
}

/// Make a mock
///
/// Who: any customer for themselves, a member of an org for the org. A content with errors is kept with its problems;
/// it just is not served.
#[utoipa::path(post, path = "/mocks", tag = "mocks", request_body = NewMockBody,
    responses((status = 201, description = "the mock, with revision 1", body = MockAnswer),
        (status = 200, description = "it was there already, with this content", body = MockAnswer),
        refusals::MakingMock))]
pub(crate) async fn make_mock(
    State(state): State<Shared>,
    Caller(caller): Caller,
    ctx: RequestId,
    JsonBody(body): JsonBody<NewMockBody>,
) -> Answer<Response> {
    let (owner, subdomain) = whose(&state, &caller, &body).await?;
    let place = place(&state, body.wildcard, subdomain)?;
    let content = body.content.unwrap_or_else(|| SAMPLE.to_owned());
    let checked = state.check_content(content, &place.host).await?;
    let mock = NewMock {
        id: MockId::generate(),
        owner,
        place,
        enabled: body.enabled.unwrap_or(true),
        content: checked.content,
        processed: checked.processed,
        by: caller.id,
    };
    match state.store.create(&mock).await? {
        Created::New(mock) => {
            state.hints.changed(&ctx.0, &mock);
            Ok(created(MockAnswer::of(&mock, &state.settings)))
        }
        Created::Same(mock) => Ok(MockAnswer::of(&mock, &state.settings).into_response()),
        Created::Other(id) => Err(ApiError::new(Cause::MockExists).value(json!({"id": id.0}))),
        Created::HostTaken => Err(ApiError::new(Cause::HostTaken)),
        Created::HostHeld => Err(ApiError::new(Cause::HostHeld)),
        Created::NoOwner => Err(ApiError::new(Cause::OwnerChanged)),
    }
}

fn created(mock: MockAnswer) -> Response {
    let location = HeaderValue::from_str(&format!("/mocks/{}", mock.id())).ok();
    let mut response = (StatusCode::CREATED, mock).into_response();
    if let Some(location) = location {
        response.headers_mut().insert(LOCATION, location);
    }
    response
}

/// Whose the mock is to be, and their part of its host.
async fn whose(state: &Shared, caller: &Customer, body: &NewMockBody) -> Answer<(Owner, Subdomain)> {
    let (owner, subdomain) = match (body.org_id, &body.subdomain) {
        (Some(id), _) => {
            let membership = state.member_of(OrgId(id), caller.id).await?;
            (Owner::Org(membership.org.id), Subdomain::Org(membership.org.slug))
        }
        (None, Some(subdomain)) => (state.owner_of_subdomain(caller, subdomain).await?, subdomain.clone()),
        (None, None) => (Owner::Customer(caller.id), Subdomain::Username(caller.username.clone())),
    };
    match &body.subdomain {
        Some(named) if *named != subdomain => Err(ApiError::new(Cause::ForeignSubdomain)),
        _ => Ok((owner, subdomain)),
    }
}

/// The host that both parts make.
pub(crate) fn place(state: &Shared, wildcard: Wildcard, subdomain: Subdomain) -> Answer<Place> {
    let host = state.hosts.host(&wildcard, &subdomain);
    let host = host.map_err(|problem| ApiError::name("wildcard", &problem))?;
    let hash = state.hosts.hash(&host);
    Ok(Place { subdomain, wildcard, host, hash })
}
