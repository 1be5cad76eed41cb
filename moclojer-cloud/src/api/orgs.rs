//! Orgs and their people. Members see an org; owners change it.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::body::{Caller, InPath, JsonBody};
use super::error::{Answer, ApiError, Cause};
use super::fields::{Fields, FromFields};
use super::refusals;
use super::state::Shared;
use super::users::{Availability, User, name_refused};
use crate::domain::{CustomerId, Member, Membership, Org, OrgId, OrgSlug, Role};
use crate::store::MembershipRefused;

pub(crate) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(orgs, make_org))
        .routes(routes!(org, change_org, remove_org))
        .routes(routes!(members, add_member))
        .routes(routes!(remove_member))
        .routes(routes!(is_slug_available))
}

/// The longest name of an org, in characters.
const LONGEST_NAME: usize = 100;

/// An org, and what the caller is in it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct OrgAnswer {
    /// Ours.
    id: Uuid,
    /// The subdomain of the org's mocks.
    slug: String,
    /// What people call it.
    orgname: String,
    /// What the caller is in it.
    role: Role,
}

impl From<&Membership> for OrgAnswer {
    fn from(Membership { org, role }: &Membership) -> Self {
        Self { id: org.id.0, slug: org.slug.to_string(), orgname: org.orgname.clone(), role: *role }
    }
}

/// One of the people of an org.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct MemberAnswer {
    /// The customer.
    user: User,
    /// What they are in the org.
    role: Role,
}

impl From<&Member> for MemberAnswer {
    fn from(Member { customer, role }: &Member) -> Self {
        Self { user: User::from(customer), role: *role }
    }
}

/// An org to be made.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "kebab-case")]
#[serde(deny_unknown_fields)]
struct NewOrg {
    /// What people call it.
    #[schema(
        pattern = r"^[^\u0000-\u001F\u007F-\u009F]*[^\s\u0000-\u001F\u007F-\u009F][^\u0000-\u001F\u007F-\u009F]*$",
        max_length = 100
    )]
    orgname: String,
    /// The word of its slug, to which eight hex digits are added; made from the name when it is left out.
    #[schema(pattern = r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$", max_length = 22)]
    slug: Option<String>,
}

impl FromFields for NewOrg {
    fn read(fields: &mut Fields) -> Option<Self> {
        let orgname = fields.parsed("orgname", orgname);
        let orgname = fields.required("orgname", orgname);
        let slug = fields.parsed("slug", slug_word);
        Some(Self { orgname: orgname?, slug })
    }
}

/// What is to be changed of an org.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "kebab-case")]
#[serde(deny_unknown_fields)]
struct OrgChange {
    /// What people call it.
    #[schema(
        pattern = r"^[^\u0000-\u001F\u007F-\u009F]*[^\s\u0000-\u001F\u007F-\u009F][^\u0000-\u001F\u007F-\u009F]*$",
        max_length = 100
    )]
    orgname: Option<String>,
    /// The word of its slug, before the digits.
    #[schema(pattern = r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$", max_length = 22)]
    slug: Option<String>,
}

impl FromFields for OrgChange {
    fn read(fields: &mut Fields) -> Option<Self> {
        let orgname = fields.parsed("orgname", orgname);
        let slug = fields.parsed("slug", slug_word);
        Some(Self { orgname, slug })
    }
}

/// Somebody who is to be in an org.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "kebab-case")]
#[serde(deny_unknown_fields)]
struct NewMember {
    /// The customer.
    user_id: Uuid,
    /// What they are to be: `member` when it is left out.
    role: Option<Role>,
}

impl FromFields for NewMember {
    fn read(fields: &mut Fields) -> Option<Self> {
        let user_id = fields.id("user-id");
        let user_id = fields.required("user-id", user_id);
        let role = fields.parsed("role", |text| match text {
            "member" => Ok(Role::Member),
            "owner" => Ok(Role::Owner),
            _ => Err("is neither `member` nor `owner`"),
        });
        Some(Self { user_id: user_id?, role })
    }
}

fn orgname(text: &str) -> Result<String, String> {
    let name = text.trim();
    if name.is_empty() || name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control) {
        return Err(format!("has 1 to {LONGEST_NAME} characters, none of them a control character"));
    }
    Ok(name.to_owned())
}

fn slug_word(text: &str) -> Result<String, String> {
    OrgSlug::new(text, Uuid::nil()).map(|_| text.to_owned()).map_err(|problem| problem.to_string())
}

/// The caller's orgs
///
/// Who: any customer.
#[utoipa::path(get, path = "/orgs", tag = "orgs",
    responses((status = 200, description = "by slug", body = Vec<OrgAnswer>), refusals::Reading))]
async fn orgs(State(state): State<Shared>, Caller(caller): Caller) -> Answer<Json<Vec<OrgAnswer>>> {
    let orgs = state.store.orgs_of(caller.id).await?;
    Ok(Json(orgs.iter().map(OrgAnswer::from).collect()))
}

/// Make an org
///
/// Who: any customer, who becomes its first owner.
#[utoipa::path(post, path = "/orgs", tag = "orgs", request_body = NewOrg,
    responses((status = 201, description = "the org", body = OrgAnswer), refusals::MakingOrg))]
async fn make_org(
    State(state): State<Shared>,
    Caller(caller): Caller,
    JsonBody(new): JsonBody<NewOrg>,
) -> Answer<Response> {
    let id = OrgId::generate();
    let slug = match new.slug {
        Some(word) => OrgSlug::new(&word, id.0),
        None => OrgSlug::of_name(&new.orgname, id.0),
    };
    let slug = slug.map_err(|problem| ApiError::name("slug", &problem))?;
    let org = Org { id, slug, orgname: new.orgname, suspended_at: None };
    state.store.create_org(&org, caller.id).await?.map_err(name_refused)?;
    let answer = OrgAnswer::from(&Membership { org, role: Role::Owner });
    Ok((StatusCode::CREATED, Json(answer)).into_response())
}

/// An org
///
/// Who: its members.
#[utoipa::path(get, path = "/orgs/{id}", tag = "orgs", params(("id" = Uuid, Path, description = "the org")),
    responses((status = 200, description = "the org", body = OrgAnswer), refusals::ReadingOne))]
async fn org(
    State(state): State<Shared>,
    Caller(caller): Caller,
    InPath(id): InPath<Uuid>,
) -> Answer<Json<OrgAnswer>> {
    let membership = state.member_of(OrgId(id), caller.id).await?;
    Ok(Json(OrgAnswer::from(&membership)))
}

/// Change an org
///
/// Who: its owners. The slug changes only while there are no mocks, since their hosts have it in them.
#[utoipa::path(put, path = "/orgs/{id}", tag = "orgs", request_body = OrgChange,
    params(("id" = Uuid, Path, description = "the org")),
    responses((status = 200, description = "the org", body = OrgAnswer), refusals::ChangingOrg))]
async fn change_org(
    State(state): State<Shared>,
    Caller(caller): Caller,
    InPath(id): InPath<Uuid>,
    JsonBody(change): JsonBody<OrgChange>,
) -> Answer<Json<OrgAnswer>> {
    let mut membership = state.owner_of(OrgId(id), caller.id).await?;
    if let Some(word) = change.slug {
        membership.org.slug = OrgSlug::new(&word, id).map_err(|problem| ApiError::name("slug", &problem))?;
    }
    if let Some(orgname) = change.orgname {
        membership.org.orgname = orgname;
    }
    let updated = state.store.update_org(&membership.org).await?;
    updated.ok_or_else(ApiError::not_found)?.map_err(name_refused)?;
    Ok(Json(OrgAnswer::from(&membership)))
}

/// Remove an org
///
/// Who: its owners. One with mocks stays.
#[utoipa::path(delete, path = "/orgs/{id}", tag = "orgs", params(("id" = Uuid, Path, description = "the org")),
    responses((status = 204, description = "it is gone"), refusals::RemovingOrg))]
async fn remove_org(
    State(state): State<Shared>,
    Caller(caller): Caller,
    InPath(id): InPath<Uuid>,
) -> Answer<StatusCode> {
    state.owner_of(OrgId(id), caller.id).await?;
    state.store.delete_org(OrgId(id)).await?.map_err(name_refused)?;
    Ok(StatusCode::NO_CONTENT)
}

/// The people of an org
///
/// Who: its members.
#[utoipa::path(get, path = "/orgs/{id}/users", tag = "orgs", params(("id" = Uuid, Path, description = "the org")),
    responses((status = 200, description = "in the order in which they came", body = Vec<MemberAnswer>),
        refusals::ReadingOne))]
async fn members(
    State(state): State<Shared>,
    Caller(caller): Caller,
    InPath(id): InPath<Uuid>,
) -> Answer<Json<Vec<MemberAnswer>>> {
    state.member_of(OrgId(id), caller.id).await?;
    let members = state.store.members(OrgId(id)).await?;
    Ok(Json(members.iter().map(MemberAnswer::from).collect()))
}

/// Put somebody into an org
///
/// Who: its owners. Somebody who is in it already gets the role.
#[utoipa::path(post, path = "/orgs/{id}/users", tag = "orgs", request_body = NewMember,
    params(("id" = Uuid, Path, description = "the org")),
    responses((status = 201, description = "they are in it", body = Vec<MemberAnswer>), refusals::AddingMember))]
async fn add_member(
    State(state): State<Shared>,
    Caller(caller): Caller,
    InPath(id): InPath<Uuid>,
    JsonBody(new): JsonBody<NewMember>,
) -> Answer<Response> {
    let org = OrgId(id);
    state.owner_of(org, caller.id).await?;
    let role = new.role.unwrap_or(Role::Member);
    match state.store.set_member(org, CustomerId(new.user_id), role).await? {
        Ok(()) => {}
        Err(MembershipRefused::LastOwner) => return Err(ApiError::new(Cause::LastOwner)),
        Err(MembershipRefused::Nobody) => {
            return Err(ApiError::field("user-id", "there is no such customer"));
        }
    }
    let members = state.store.members(org).await?;
    let answer: Vec<MemberAnswer> = members.iter().map(MemberAnswer::from).collect();
    Ok((StatusCode::CREATED, Json(answer)).into_response())
}

/// Take somebody out of an org
///
/// Who: its owners. One owner stays.
#[utoipa::path(delete, path = "/orgs/{id}/users/{user-id}", tag = "orgs",
    params(("id" = Uuid, Path, description = "the org"), ("user-id" = Uuid, Path, description = "the customer")),
    responses((status = 204, description = "they are not in it any more"), refusals::RemovingMember))]
async fn remove_member(
    State(state): State<Shared>,
    Caller(caller): Caller,
    InPath((id, user_id)): InPath<(Uuid, Uuid)>,
) -> Answer<StatusCode> {
    let org = OrgId(id);
    state.owner_of(org, caller.id).await?;
    match state.store.remove_member(org, CustomerId(user_id)).await? {
        Ok(()) => Ok(StatusCode::NO_CONTENT),
        Err(MembershipRefused::LastOwner) => Err(ApiError::new(Cause::LastOwner)),
        Err(MembershipRefused::Nobody) => Err(ApiError::not_found()),
    }
}

/// Whether an org can have a slug
///
/// Who: any customer. A word alone can always be had: the digits of the org's id are added to it.
#[utoipa::path(get, path = "/org/{orgname}", tag = "orgs",
    params(("orgname" = String, Path, description = "a slug, or the word of one")),
    responses((status = 200, description = "whether it can", body = Availability), refusals::ReadingOne))]
async fn is_slug_available(
    State(state): State<Shared>,
    _caller: Caller,
    InPath(orgname): InPath<String>,
) -> Answer<Json<Availability>> {
    if let Ok(slug) = OrgSlug::parse(&orgname) {
        return Ok(Json(Availability::of(state.store.is_slug_free(&slug).await?)));
    }
    Ok(Json(match OrgSlug::new(&orgname, Uuid::nil()) {
        Ok(_) => Availability::of(true),
        Err(problem) => Availability::never(problem),
    }))
}

#[cfg(test)]
mod tests {
    use super::super::fields::tests::assert_documented;
    use super::*;

    #[test]
    fn bodies_are_documented_as_they_are_read() {
        assert_documented::<NewOrg>();
        assert_documented::<OrgChange>();
        assert_documented::<NewMember>();
    }
}
