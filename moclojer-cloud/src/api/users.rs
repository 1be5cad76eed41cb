//! Signing in, and what customers see and change of themselves.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::body::{Caller, InPath, JsonBody, check_not_suspended};
use super::error::{Answer, ApiError, Cause};
use super::fields::{Fields, FromFields};
use super::refusals;
use super::state::Shared;
use crate::domain::{Customer, CustomerId, Email, Username};
use crate::store::NameRefused;

pub(crate) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(sign_in))
        .routes(routes!(user, rename_user))
        .routes(routes!(user_external))
        .routes(routes!(user_by_email))
        .routes(routes!(is_username_available))
}

/// A customer.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct User {
    /// Ours.
    id: Uuid,
    /// The issuer's (`sub` of the token).
    external_id: Uuid,
    /// The subdomain of the customer's own mocks.
    username: String,
    /// As the issuer knows it.
    email: String,
}

impl From<&Customer> for User {
    fn from(customer: &Customer) -> Self {
        Self {
            id: customer.id.0,
            external_id: customer.external_id,
            username: customer.username.to_string(),
            email: customer.email.to_string(),
        }
    }
}

/// A customer who signed in.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SignedIn {
    user: User,
}

/// Whether a name can be taken.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Availability {
    /// Whether nobody has it, and it is a name that can be had.
    available: bool,
    /// Why it can never be had.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
}

impl Availability {
    pub(crate) fn of(available: bool) -> Self {
        Self { available, message: None }
    }

    pub(crate) fn never(reason: impl ToString) -> Self {
        Self { available: false, message: Some(reason.to_string()) }
    }
}

/// What signs a customer in.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "kebab-case")]
#[serde(deny_unknown_fields)]
pub(crate) struct SignIn {
    /// The access token that the issuer gave.
    #[schema(pattern = r"^[^\u0000]*$")]
    access_token: String,
}

impl FromFields for SignIn {
    fn read(fields: &mut Fields) -> Option<Self> {
        let token = fields.text("access-token");
        Some(Self { access_token: fields.required("access-token", token)? })
    }
}

/// What a customer may change of themselves.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "kebab-case")]
#[serde(deny_unknown_fields)]
pub(crate) struct UserChange {
    /// The new username: lower-case letters and digits, without `-`.
    #[schema(value_type = String, pattern = r"^[a-z0-9]+$", max_length = 31)]
    username: Username,
}

impl FromFields for UserChange {
    fn read(fields: &mut Fields) -> Option<Self> {
        let username = fields.parsed("username", Username::parse);
        Some(Self { username: fields.required("username", username)? })
    }
}

/// Sign in
///
/// Who: anyone with a token of the issuer, which is asked whom it names. Makes the customer at the first time.
#[utoipa::path(post, path = "/login/auth", tag = "users", security(()), request_body = SignIn,
    responses((status = 201, description = "the customer", body = SignedIn), refusals::SigningIn))]
async fn sign_in(State(state): State<Shared>, JsonBody(body): JsonBody<SignIn>) -> Answer<Response> {
    let identity = state.auth.ask(&body.access_token).await?;
    let email = identity.email.ok_or_else(|| ApiError::new(Cause::NoEmail))?;
    let customer = state.store.sign_in(identity.external_id, &email).await?;
    check_not_suspended(&customer)?;
    let answer = SignedIn { user: User::from(&customer) };
    Ok((StatusCode::CREATED, Json(answer)).into_response())
}

/// A customer
///
/// Who: the customer, and members of an org that both are in.
#[utoipa::path(get, path = "/user/{id}", tag = "users", params(("id" = Uuid, Path, description = "the customer")),
    responses((status = 200, description = "the customer", body = User), refusals::ReadingOne))]
async fn user(
    State(state): State<Shared>,
    Caller(caller): Caller,
    InPath(id): InPath<Uuid>,
) -> Answer<Json<User>> {
    let customer = state.store.customer(CustomerId(id)).await?;
    visible(&state, &caller, customer).await
}

/// The caller
///
/// Who: any customer. Says which customer the token names.
#[utoipa::path(get, path = "/user-external", tag = "users",
    responses((status = 200, description = "the customer", body = User), refusals::Reading))]
async fn user_external(Caller(caller): Caller) -> Json<User> {
    Json(User::from(&caller))
}

/// A customer by e-mail address
///
/// Who: the customer, and members of an org that both are in.
#[utoipa::path(get, path = "/user/email/{email}", tag = "users",
    params(("email" = String, Path, description = "the address, as the issuer of tokens knows it")),
    responses((status = 200, description = "the customer", body = User), refusals::ReadingOne))]
async fn user_by_email(
    State(state): State<Shared>,
    Caller(caller): Caller,
    InPath(email): InPath<String>,
) -> Answer<Json<User>> {
    let email = Email::parse(&email).map_err(|_| ApiError::not_found())?;
    if email == caller.email {
        return Ok(Json(User::from(&caller)));
    }
    let customer = state.store.customer_by_email(&email).await?;
    visible(&state, &caller, customer).await
}

/// The customer, if the caller may know of them.
async fn visible(state: &Shared, caller: &Customer, customer: Option<Customer>) -> Answer<Json<User>> {
    match customer {
        Some(customer) if sees(state, caller, customer.id).await? => Ok(Json(User::from(&customer))),
        _ => Err(ApiError::not_found()),
    }
}

async fn sees(state: &Shared, caller: &Customer, other: CustomerId) -> Answer<bool> {
    Ok(caller.id == other || state.store.share_an_org(caller.id, other).await?)
}

/// Change one's username
///
/// Who: the customer alone. Only while there are no mocks, since their hosts have the name in them.
#[utoipa::path(put, path = "/user/{id}", tag = "users", request_body = UserChange,
    params(("id" = Uuid, Path, description = "the customer")),
    responses((status = 200, description = "the customer", body = User), refusals::RenamingUser))]
async fn rename_user(
    State(state): State<Shared>,
    Caller(caller): Caller,
    InPath(id): InPath<Uuid>,
    JsonBody(change): JsonBody<UserChange>,
) -> Answer<Json<User>> {
    let id = CustomerId(id);
    if id != caller.id {
        return Err(if sees(&state, &caller, id).await? {
            ApiError::with_message(Cause::NotAllowed, "only the customer changes the username")
        } else {
            ApiError::not_found()
        });
    }
    match state.store.rename_customer(id, &change.username).await? {
        None => Err(ApiError::not_found()),
        Some(renamed) => Ok(Json(User::from(&renamed.map_err(name_refused)?))),
    }
}

pub(crate) fn name_refused(refused: NameRefused) -> ApiError {
    match refused {
        NameRefused::Taken => ApiError::new(Cause::NameTaken),
        NameRefused::HasMocks => ApiError::new(Cause::HasMocks),
    }
}

/// Whether a username can be taken
///
/// Who: any customer.
#[utoipa::path(get, path = "/user/username/{username}", tag = "users",
    params(("username" = String, Path, description = "the name")),
    responses((status = 200, description = "whether it can", body = Availability), refusals::ReadingOne))]
async fn is_username_available(
    State(state): State<Shared>,
    _caller: Caller,
    InPath(username): InPath<String>,
) -> Answer<Json<Availability>> {
    Ok(Json(match Username::parse(&username) {
        Ok(username) => Availability::of(state.store.is_username_free(&username).await?),
        Err(problem) => Availability::never(problem),
    }))
}

#[cfg(test)]
mod tests {
    use super::super::fields::tests::assert_documented;
    use super::*;

    #[test]
    fn bodies_are_documented_as_they_are_read() {
        assert_documented::<SignIn>();
        assert_documented::<UserChange>();
    }
}
