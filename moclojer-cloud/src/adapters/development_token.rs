//! One token for one machine: whoever has it is one customer. For development, and for nothing that others reach.

use std::fmt;
use std::hint::black_box;

use async_trait::async_trait;
use uuid::Uuid;

use crate::auth::{AuthError, Authenticator, Identity, check_length};
use crate::domain::{Email, NameProblem};

/// The issuer's id of the one customer.
const EXTERNAL_ID: Uuid = Uuid::from_u128(0x6d6f_636c_6f6a_4072_8000_0000_0000_0001);
/// The customer's address: the username is made of its first part.
const EMAIL: &str = "dev@localhost";

/// Knows one token.
pub struct DevelopmentToken {
    token: Box<[u8]>,
    identity: Identity,
}

impl DevelopmentToken {
    /// Takes `token` for the customer `dev`.
    ///
    /// # Errors
    /// Never: the address is one.
    pub fn new(token: &str) -> Result<Self, NameProblem> {
        let identity = Identity { external_id: EXTERNAL_ID, email: Some(Email::parse(EMAIL)?) };
        Ok(Self { token: token.as_bytes().into(), identity })
    }

    /// Whom the token names.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }
}

/// Without the token.
impl fmt::Debug for DevelopmentToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DevelopmentToken").finish_non_exhaustive()
    }
}

#[async_trait]
impl Authenticator for DevelopmentToken {
    async fn identify(&self, token: &str) -> Result<Identity, AuthError> {
        check_length(token)?;
        if !self.token.is_empty() && is_same(&self.token, token.as_bytes()) {
            Ok(self.identity.clone())
        } else {
            Err(AuthError::Invalid("it is not the development token"))
        }
    }

    async fn ask(&self, token: &str) -> Result<Identity, AuthError> {
        self.identify(token).await
    }
}

/// Compares in a time that tells only the length.
fn is_same(one: &[u8], other: &[u8]) -> bool {
    let differs = one.iter().zip(other).fold(0, |differs, (one, other)| black_box(differs | (one ^ other)));
    one.len() == other.len() && differs == 0
}
