//! Which causes the routes answer with, for their documentation. Tests compare it with what was answered.

use std::collections::BTreeMap;

use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::{Ref, RefOr, Response, ResponseBuilder};

use super::error::Cause::{self, *};

/// What every route may answer.
const ANY: &[Cause] = &[Internal, Unavailable, Busy];
/// What every route of customers may answer.
const CUSTOMERS: &[Cause] = &[NoToken, InvalidToken, NotSignedIn, Suspended, AuthUnavailable];
/// What routes with a body may answer.
const BODY: &[Cause] = &[InvalidJson, Slow, BodyTooLarge, NotJson, InvalidRequest];

/// The answers of these causes, by status.
fn responses(groups: &[&[Cause]]) -> BTreeMap<String, RefOr<Response>> {
    let mut by_status: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for cause in Cause::ALL.iter().filter(|cause| groups.iter().any(|group| group.contains(cause))) {
        let texts = by_status.entry(cause.status().as_str().to_owned()).or_default();
        texts.push(format!("`{}`: {}", cause.word(), cause.meaning()));
    }
    let schema = || ContentBuilder::new().schema(Some(Ref::from_schema_name("ErrorAnswer"))).build();
    let response = |texts: Vec<String>| {
        ResponseBuilder::new().description(texts.join("\n\n")).content("application/json", schema()).build()
    };
    by_status.into_iter().map(|(status, texts)| (status, RefOr::T(response(texts)))).collect()
}

macro_rules! refusals {
    ($($name:ident $([$($group:ident)*])? $($cause:ident)*;)*) => {$(
        pub(crate) struct $name;

        impl utoipa::IntoResponses for $name {
            fn responses() -> BTreeMap<String, RefOr<Response>> {
                responses(&[ANY, $($($group,)*)? &[$($cause),*]])
            }
        }
    )*};
}

refusals! {
    SigningIn [BODY] InvalidToken NoEmail Suspended AuthUnavailable;
    Reading [CUSTOMERS];
    Listing [CUSTOMERS] InvalidRequest NotFound;
    ReadingOne [CUSTOMERS] NotFound;
    CheckingHost [CUSTOMERS] ForeignSubdomain;
    RenamingUser [CUSTOMERS BODY] NotFound NotAllowed NameTaken HasMocks;
    MakingOrg [CUSTOMERS BODY] NameTaken;
    ChangingOrg [CUSTOMERS BODY] NotFound NotAllowed NameTaken HasMocks;
    RemovingOrg [CUSTOMERS] NotFound NotAllowed HasMocks;
    AddingMember [CUSTOMERS BODY] NotFound NotAllowed LastOwner;
    RemovingMember [CUSTOMERS] NotFound NotAllowed LastOwner;
    MakingMock [CUSTOMERS BODY] NotFound ForeignSubdomain HostTaken HostHeld MockExists OwnerChanged ContentTooLarge;
    ChangingMock [CUSTOMERS BODY] NotFound HostTaken HostHeld StaleRevision ContentTooLarge RevisionRequired;
    RemovingMock [CUSTOMERS] NotFound InvalidRequest StaleRevision;
    CheckingContent [CUSTOMERS BODY] ContentTooLarge;
    Streaming [CUSTOMERS] NotFound TooManyStreams;
}
