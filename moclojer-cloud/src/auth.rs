//! Who a token says its bearer is. What they may do is for the api.
//!
//! # Invariants
//!
//! - One token names one person for as long as it is valid, whoever asks, however many ask at once.
//! - What differs from a valid token in one byte, is a part of one or has something around it names nobody.
//! - What names nobody is [`AuthError::Invalid`]; that somebody could not be asked is [`AuthError::Unavailable`], and
//!   only that may be tried again.
//! - Nothing of a token, key or secret stands in an error or in Debug.

use std::fmt;

use async_trait::async_trait;
use uuid::Uuid;

use crate::domain::Email;

/// The longest token that is looked at.
pub const TOKEN_BYTES: usize = 8 << 10;

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

/// Refuses what is too long to be a token.
pub(crate) fn check_length(token: &str) -> Result<(), AuthError> {
    if token.len() <= TOKEN_BYTES { Ok(()) } else { Err(AuthError::Invalid("it is too long")) }
}

/// Checks tokens: the bare token, without the scheme that a header has before it. What is longer than [`TOKEN_BYTES`]
/// is refused. Whoever stops waiting for an answer loses that answer and nothing else.
#[async_trait]
pub trait Authenticator: Send + Sync + fmt::Debug {
    /// Whom the token names, from the token itself and keys that are known already, wherever that is possible.
    async fn identify(&self, token: &str) -> Result<Identity, AuthError>;

    /// Whom the token names, as the issuer says when it is asked now (`/auth/v1/user`); with an address.
    async fn ask(&self, token: &str) -> Result<Identity, AuthError>;
}
