//! Who a token says its bearer is. What they may do is for the api.

use std::fmt;

use async_trait::async_trait;
use uuid::Uuid;

use crate::domain::Email;

/// Whom a valid token names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The issuer's id of the person (`sub`).
    pub external_id: Uuid,
    /// The address that the issuer knows; a token need not carry it.
    pub email: Option<Email>,
}

/// A token was not accepted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuthError {
    /// It names nobody: forged, expired, for somebody else, of another role. The reason is for the log, not for the
    /// client.
    #[error("the token is not valid: {0}")]
    Invalid(&'static str),
    /// Whoever issued it could not be asked.
    #[error("the issuer of tokens could not be asked")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Checks tokens.
#[async_trait]
pub trait Authenticator: Send + Sync + fmt::Debug {
    /// Whom the token names, from the token itself and keys that are known already, wherever that is possible.
    async fn identify(&self, token: &str) -> Result<Identity, AuthError>;

    /// Whom the token names, as the issuer says when it is asked now (`/auth/v1/user`); with an address.
    async fn ask(&self, token: &str) -> Result<Identity, AuthError>;
}
