//! Tokens of Supabase Auth: JWTs that are checked with the project's keys, without asking anybody.
//!
//! A JWT library checks only what is named, so everything is named here: signature, `exp`, `nbf`, `iss`, `aud`
//! (contains `authenticated`), `sub` (a UUID), `role` (`authenticated`: service and anonymous keys have others), and
//! that the user is not anonymous. The algorithm is bound to the key: ES256 and RS256 by the project's JWKS, HS256
//! only with a configured secret. No token, key or secret stands in an error, a log or Debug.

mod keys;

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::Deserialize;
use uuid::Uuid;

use crate::auth::{AuthError, Authenticator, Identity, check_length};
use crate::domain::Email;
use keys::{Found, Keys, read_limited};

/// The audience and role of a customer.
const AUTHENTICATED: &str = "authenticated";
/// How far clocks may be apart.
const LEEWAY: Duration = Duration::from_secs(5);
/// How long the issuer may take to answer.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);
/// How long a connection to the issuer may take.
const CONNECT_LIMIT: Duration = Duration::from_secs(3);
/// The longest answer of the issuer that is read.
const ANSWER_BYTES: usize = 256 << 10;

/// A project of Supabase.
pub struct Settings {
    /// Its address: `https://PROJECT.supabase.co`.
    pub url: String,
    /// Its public key for clients (`apikey`).
    pub anon_key: String,
    /// Its secret for HS256, of older projects; none: such tokens are refused.
    pub jwt_secret: Option<String>,
    /// How often, at most, keys are fetched because a token names an unknown one (10 s).
    pub fetch_pause: Duration,
    /// How old keys may be before they are fetched again (10 min).
    pub keys_age: Duration,
}

impl Settings {
    /// A project, with the usual times.
    pub fn new(url: impl Into<String>, anon_key: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            anon_key: anon_key.into(),
            jwt_secret: None,
            fetch_pause: Duration::from_secs(10),
            keys_age: Duration::from_secs(600),
        }
    }
}

/// Without keys and secrets.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("url", &self.url)
            .field("jwt_secret", &self.jwt_secret.as_ref().map(|_| "set"))
            .finish_non_exhaustive()
    }
}

/// Why a project cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// Its address is none.
    #[error("the address of Supabase is no http or https address without credentials, query or fragment")]
    Url,
    /// Its public key cannot stand in a header.
    #[error("the anon key of Supabase holds characters that no header can have")]
    AnonKey,
    /// Its secret is too short to be one.
    #[error("the JWT secret of Supabase has less than 32 bytes: it could be guessed")]
    Secret,
    /// The HTTP client cannot be made.
    #[error("the HTTP client for Supabase cannot be made")]
    Client(#[source] reqwest::Error),
}

/// Checks tokens of one project.
pub struct SupabaseAuth {
    issuer: String,
    client: reqwest::Client,
    user_url: reqwest::Url,
    anon_key: reqwest::header::HeaderValue,
    secret: Option<DecodingKey>,
    keys: Keys,
}

/// Its issuer alone.
impl fmt::Debug for SupabaseAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SupabaseAuth").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

impl SupabaseAuth {
    /// Begins to fetch the project's keys; within a runtime.
    ///
    /// # Errors
    /// When the settings cannot be used. That the project answers is not looked at.
    pub fn new(settings: &Settings) -> Result<Self, SetupError> {
        let issuer = format!("{}/auth/v1", base(&settings.url)?);
        let url = |path: &str| format!("{issuer}{path}").parse::<reqwest::Url>().map_err(|_| SetupError::Url);
        let mut anon_key: reqwest::header::HeaderValue =
            settings.anon_key.parse().map_err(|_| SetupError::AnonKey)?;
        anon_key.set_sensitive(true);
        let secret = settings.jwt_secret.as_deref().map(secret_key).transpose()?;
        let client = reqwest::Client::builder()
            .connect_timeout(CONNECT_LIMIT)
            .timeout(ANSWER_LIMIT)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(SetupError::Client)?;
        let (user_url, keys_url) = (url("/user")?, url("/.well-known/jwks.json")?);
        let keys = Keys::start(client.clone(), keys_url, settings.fetch_pause, settings.keys_age);
        Ok(Self { user_url, issuer, client, anon_key, secret, keys })
    }

    /// Checks a token with a key, and everything that is not the signature.
    fn check(&self, token: &str, algorithm: Algorithm, key: &DecodingKey) -> Result<Identity, AuthError> {
        let mut validation = Validation::new(algorithm);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.set_issuer(&[&self.issuer]);
        validation.set_audience(&[AUTHENTICATED]);
        validation.validate_nbf = true;
        validation.leeway = LEEWAY.as_secs();
        let data = decode::<Claims>(token, key, &validation);
        let claims = data.map_err(|error| AuthError::Invalid(reason(&error)))?.claims;
        claims.person.identity(claims.sub)
    }
}

/// The address without a slash at its end.
fn base(url: &str) -> Result<&str, SetupError> {
    let parsed: reqwest::Url = url.parse().map_err(|_| SetupError::Url)?;
    let plain = parsed.username().is_empty()
        && parsed.password().is_none()
        && parsed.query().is_none()
        && parsed.fragment().is_none()
        && parsed.has_host();
    if plain && matches!(parsed.scheme(), "http" | "https") {
        Ok(url.trim_end_matches('/'))
    } else {
        Err(SetupError::Url)
    }
}

fn secret_key(secret: &str) -> Result<DecodingKey, SetupError> {
    // RFC 7518, section 3.2: a key of the hash's size or larger.
    if secret.len() < 32 {
        return Err(SetupError::Secret);
    }
    Ok(DecodingKey::from_secret(secret.as_bytes()))
}

/// What is read of a token.
#[derive(Deserialize)]
struct Claims {
    sub: Uuid,
    #[serde(flatten)]
    person: Person,
}

/// What the issuer says when it is asked.
#[derive(Deserialize)]
struct User {
    id: Uuid,
    #[serde(flatten)]
    person: Person,
}

/// What both say.
#[derive(Deserialize)]
struct Person {
    role: String,
    #[serde(default)]
    is_anonymous: bool,
    #[serde(default)]
    email: Option<String>,
}

impl Person {
    fn identity(self, external_id: Uuid) -> Result<Identity, AuthError> {
        if self.role != AUTHENTICATED {
            return Err(AuthError::Invalid("its role is not that of a customer"));
        }
        if self.is_anonymous {
            return Err(AuthError::Invalid("its user is anonymous"));
        }
        let email = self.email.filter(|email| !email.is_empty());
        let email = email.map(|email| Email::parse(&email)).transpose();
        let email = email.map_err(|_| AuthError::Invalid("its e-mail address is none"))?;
        Ok(Identity { external_id, email })
    }
}

/// Why a token is not valid, without anything of the token.
fn reason(error: &jsonwebtoken::errors::Error) -> &'static str {
    use jsonwebtoken::errors::ErrorKind;

    match error.kind() {
        ErrorKind::ExpiredSignature => "it has expired",
        ErrorKind::ImmatureSignature => "it is not valid yet",
        ErrorKind::InvalidIssuer => "another issuer made it",
        ErrorKind::InvalidAudience => "it is for another audience",
        ErrorKind::InvalidSignature => "its signature is wrong",
        ErrorKind::InvalidAlgorithm | ErrorKind::InvalidAlgorithmName => {
            "its algorithm is not that of its key"
        }
        ErrorKind::MissingRequiredClaim(_) => "a claim is missing",
        _ => "it cannot be read",
    }
}

#[async_trait]
impl Authenticator for SupabaseAuth {
    async fn identify(&self, token: &str) -> Result<Identity, AuthError> {
        check_length(token)?;
        let header = decode_header(token).map_err(|error| AuthError::Invalid(reason(&error)))?;
        if header.crit.is_some() {
            return Err(AuthError::Invalid("it demands what is not known here"));
        }
        match (header.alg, &self.secret) {
            (Algorithm::HS256, Some(secret)) => self.check(token, Algorithm::HS256, secret),
            (algorithm @ (Algorithm::ES256 | Algorithm::RS256), _) => {
                let kid = header.kid.ok_or(AuthError::Invalid("it names no key"))?;
                match self.keys.find(&kid, algorithm).await {
                    Found::Key(key) => self.check(token, algorithm, &key),
                    Found::Unknown => Err(AuthError::Invalid("its key is not known")),
                    Found::Unavailable(error) => Err(AuthError::Unavailable(error.into())),
                }
            }
            _ => Err(AuthError::Invalid("its algorithm is not accepted")),
        }
    }

    async fn ask(&self, token: &str) -> Result<Identity, AuthError> {
        // First without asking: what is no token does not trouble the issuer.
        let known = self.identify(token).await?;
        let unavailable = |error: reqwest::Error| AuthError::Unavailable(error.without_url().into());
        let request = self.client.get(self.user_url.clone()).bearer_auth(token);
        let response = request.header("apikey", self.anon_key.clone()).send().await.map_err(unavailable)?;
        match response.status().as_u16() {
            200 => {}
            401 | 403 | 404 => return Err(AuthError::Invalid("the issuer does not take it")),
            status => return Err(AuthError::Unavailable(format!("the issuer answered {status}").into())),
        }
        let body = read_limited(response, ANSWER_BYTES)
            .await
            .map_err(|error| AuthError::Unavailable(error.into()))?;
        let user: User = serde_json::from_slice(&body)
            .map_err(|_| AuthError::Invalid("the issuer says nothing of its user"))?;
        if user.id != known.external_id {
            return Err(AuthError::Invalid("the issuer says that it names another user"));
        }
        user.person.identity(user.id)
    }
}
