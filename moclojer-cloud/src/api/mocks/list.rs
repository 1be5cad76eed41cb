//! Mocks of a customer, grouped by subdomain, page by page.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::HeaderValue;
use http::header::LINK;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::answer::MockAnswer;
use crate::api::body::{Caller, QueryOf};
use crate::api::error::Answer;
use crate::api::fields::{Fields, FromFields};
use crate::api::refusals;
use crate::api::state::{Settings, Shared};
use crate::domain::{Customer, Mock, OrgId, Owner};
use crate::store::Page;

/// How many things a page has at most, and when nothing else is asked for.
pub(crate) const PAGE: u32 = 100;
/// The same of mocks with their contents, which may have 1 MiB each.
const PAGE_WITH_CONTENT: u32 = 20;

/// The mocks of one subdomain.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct MocksOfSubdomain {
    /// The owner's part of their hosts.
    subdomain: String,
    /// Whose they are.
    mock_type: MockType,
    /// The mocks, by wildcard.
    apis: Vec<MockAnswer>,
}

/// Whose mocks are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum MockType {
    /// A customer's own.
    Personal,
    /// An org's.
    Org,
}

/// Which mocks.
pub(crate) struct ListPage {
    org: Option<Uuid>,
    content: bool,
    limit: u32,
    after: Option<(String, String)>,
}

impl FromFields for ListPage {
    fn read(fields: &mut Fields) -> Option<Self> {
        let org = fields.id("org");
        let content = fields.boolean("content").unwrap_or(false);
        let most = if content { PAGE_WITH_CONTENT } else { PAGE };
        let limit = fields.number("limit", 1, PAGE.into());
        let after = fields.parsed("after", cursor);
        Some(Self {
            org,
            content,
            limit: limit.and_then(|limit| limit.try_into().ok()).map_or(most, |limit: u32| limit.min(most)),
            after,
        })
    }
}

/// A place in the list: `subdomain.wildcard`. For clients it is opaque.
fn cursor(text: &str) -> Result<(String, String), &'static str> {
    let label = |text: &str| {
        let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        (1..=63).contains(&text.len()) && text.bytes().all(letter)
    };
    let parts = text.split_once('.').filter(|(subdomain, wildcard)| label(subdomain) && label(wildcard));
    let (subdomain, wildcard) = parts.ok_or("is no cursor: take it from the `Link` of the page before")?;
    Ok((subdomain.to_owned(), wildcard.to_owned()))
}

/// The caller's mocks
///
/// Who: any customer; with `org`, a member of it. The customer's own and those of all their orgs, grouped by
/// subdomain.
#[utoipa::path(get, path = "/mocks", tag = "mocks",
    params(("org" = Option<Uuid>, Query, description = "only mocks of this org"),
        ("content" = Option<bool>, Query, description = "with contents"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 100,
            description = "at most so many mocks; a page with contents has up to 20"),
        ("after" = Option<String>, Query, pattern = r"^[a-z0-9-]{1,63}\.[a-z0-9-]{1,63}$",
            description = "where the page begins, from the `Link` of the page before")),
    responses((status = 200, description = "by subdomain and wildcard; `Link` leads to the next page",
        body = Vec<MocksOfSubdomain>), refusals::Listing))]
pub(crate) async fn mocks(
    State(state): State<Shared>,
    Caller(caller): Caller,
    QueryOf(list): QueryOf<ListPage>,
) -> Answer<Response> {
    let owners = owners(&state, &caller, list.org).await?;
    let page = Page { after: list.after.clone(), limit: list.limit + 1 };
    let mut mocks = state.store.mocks(&owners, &page, list.content).await?;
    let more = mocks.len() > list.limit as usize;
    mocks.truncate(list.limit as usize);
    let next = mocks.last().filter(|_| more).map(|last| next_page(&list, last));
    Ok(with_next(Json(grouped(&mocks, &state.settings)).into_response(), next))
}

async fn owners(state: &Shared, caller: &Customer, org: Option<Uuid>) -> Answer<Vec<Owner>> {
    if let Some(org) = org {
        let membership = state.member_of(OrgId(org), caller.id).await?;
        return Ok(vec![Owner::Org(membership.org.id)]);
    }
    let orgs = state.store.orgs_of(caller.id).await?;
    let orgs = orgs.into_iter().map(|membership| membership.org).filter(|org| org.suspended_at.is_none());
    let own = std::iter::once(Owner::Customer(caller.id));
    Ok(own.chain(orgs.map(|org| Owner::Org(org.id))).collect())
}

fn grouped(mocks: &[Mock], settings: &Settings) -> Vec<MocksOfSubdomain> {
    let of_one_owner = mocks.chunk_by(|one, other| one.subdomain == other.subdomain);
    let group = |mocks: &[Mock]| {
        let first = mocks.first()?;
        Some(MocksOfSubdomain {
            subdomain: first.subdomain.to_string(),
            mock_type: match first.owner {
                Owner::Customer(_) => MockType::Personal,
                Owner::Org(_) => MockType::Org,
            },
            apis: mocks.iter().map(|mock| MockAnswer::of(mock, settings)).collect(),
        })
    };
    of_one_owner.filter_map(group).collect()
}

fn next_page(list: &ListPage, last: &Mock) -> String {
    let mut next = format!("/mocks?limit={}&after={}.{}", list.limit, last.subdomain, last.wildcard);
    if let Some(org) = list.org {
        next.push_str(&format!("&org={org}"));
    }
    if list.content {
        next.push_str("&content=true");
    }
    next
}

/// The answer with the address of the next page, if there is one (RFC 8288).
pub(crate) fn with_next(mut response: Response, next: Option<String>) -> Response {
    let link = next.and_then(|next| HeaderValue::from_str(&format!("<{next}>; rel=\"next\"")).ok());
    if let Some(link) = link {
        response.headers_mut().insert(LINK, link);
    }
    response
}
