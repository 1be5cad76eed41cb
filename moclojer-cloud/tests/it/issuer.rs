//! An issuer of tokens as Supabase is one, on loopback, with keys made when it starts.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use moclojer_cloud::adapters::supabase::{Settings, SupabaseAuth};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use uuid::Uuid;

/// The public key for clients.
pub(crate) const ANON_KEY: &str = "the-anon-key";

/// What the issuer does.
#[derive(Default)]
struct Inner {
    keys: Mutex<Vec<Value>>,
    /// What it says of its users, by token.
    users: Mutex<HashMap<String, Value>>,
    fetches: AtomicUsize,
    asks: AtomicUsize,
    away: AtomicBool,
}

/// A running issuer.
pub(crate) struct Issuer {
    pub(crate) url: String,
    pub(crate) key: SigningKey,
    inner: Arc<Inner>,
    _server: JoinSet<()>,
}

/// A key that tokens are signed with.
pub(crate) struct SigningKey {
    pub(crate) name: String,
    pub(crate) key: EncodingKey,
    pub(crate) algorithm: Algorithm,
}

impl SigningKey {
    /// A key for ES256.
    pub(crate) fn new(name: &str) -> Self {
        let made = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let key = EncodingKey::from_ec_der(made.to_pkcs8v1().unwrap().as_ref());
        Self { name: name.to_owned(), key, algorithm: Algorithm::ES256 }
    }

    /// A key for RS256.
    pub(crate) fn rsa(name: &str) -> Self {
        let made: Pkcs8V1Der<'_> = KeyPair::generate(KeySize::Rsa2048).unwrap().as_der().unwrap();
        let body = BASE64_STANDARD.encode(made.as_ref());
        // In two parts, so that nobody who searches for keys finds one here.
        let pem =
            ["-----BEGIN PRIVATE", &format!(" KEY-----\n{body}\n-----END PRIVATE"), " KEY-----\n"].concat();
        let key = EncodingKey::from_rsa_pem(pem.as_bytes()).unwrap();
        Self { name: name.to_owned(), key, algorithm: Algorithm::RS256 }
    }

    /// A secret for HS256.
    pub(crate) fn secret(name: &str, secret: &str) -> Self {
        let key = EncodingKey::from_secret(secret.as_bytes());
        Self { name: name.to_owned(), key, algorithm: Algorithm::HS256 }
    }

    pub(crate) fn public(&self) -> Value {
        let mut jwk = Jwk::from_encoding_key(&self.key, self.algorithm).unwrap();
        jwk.common.key_id = Some(self.name.clone());
        serde_json::to_value(jwk).unwrap()
    }

    pub(crate) fn sign(&self, claims: &Value) -> String {
        let mut header = Header::new(self.algorithm);
        header.kid = Some(self.name.clone());
        encode(&header, claims, &self.key).unwrap()
    }
}

/// Seconds of now, with so many more.
pub(crate) fn seconds(more: i64) -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap() + more
}

impl Issuer {
    pub(crate) async fn start() -> Self {
        Self::signing_with(SigningKey::new("first")).await
    }

    /// An issuer whose tokens are signed with this key.
    pub(crate) async fn signing_with(key: SigningKey) -> Self {
        let inner = Arc::new(Inner::default());
        if key.algorithm != Algorithm::HS256 {
            inner.keys.lock().unwrap().push(key.public());
        }
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new()
            .route("/auth/v1/.well-known/jwks.json", get(keys))
            .route("/auth/v1/user", get(user))
            .with_state(Arc::clone(&inner));
        let mut server = JoinSet::new();
        server.spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, key, inner, _server: server }
    }

    /// What checks its tokens, with short pauses.
    pub(crate) fn settings(&self) -> Settings {
        let mut settings = Settings::new(&self.url, ANON_KEY);
        settings.fetch_pause = Duration::from_millis(300);
        settings
    }

    pub(crate) fn auth(&self) -> SupabaseAuth {
        SupabaseAuth::new(&self.settings()).unwrap()
    }

    /// The claims of a token that is taken.
    pub(crate) fn claims(&self, external_id: Uuid, email: &str) -> Value {
        json!({
            "iss": format!("{}/auth/v1", self.url), "aud": "authenticated", "sub": external_id,
            "role": "authenticated", "exp": seconds(600), "iat": seconds(0), "email": email,
            "is_anonymous": false, "session_id": Uuid::new_v4(), "app_metadata": {"provider": "email"},
        })
    }

    /// A token with these claims, which the issuer knows too.
    pub(crate) fn token_of(&self, claims: &Value) -> String {
        let token = self.key.sign(claims);
        let mut user = claims.clone();
        user["id"] = claims["sub"].clone();
        self.inner.users.lock().unwrap().insert(token.clone(), user);
        token
    }

    pub(crate) fn token(&self, external_id: Uuid, email: &str) -> String {
        self.token_of(&self.claims(external_id, email))
    }

    /// Has the issuer say something else of a token's user.
    pub(crate) fn says(&self, token: &str, user: Value) {
        self.inner.users.lock().unwrap().insert(token.to_owned(), user);
    }

    pub(crate) fn publish(&self, keys: Vec<Value>) {
        *self.inner.keys.lock().unwrap() = keys;
    }

    pub(crate) fn set_away(&self, away: bool) {
        self.inner.away.store(away, Ordering::SeqCst);
    }

    /// How often its keys were fetched.
    pub(crate) fn fetches(&self) -> usize {
        self.inner.fetches.load(Ordering::SeqCst)
    }

    /// How often it was asked for a user.
    pub(crate) fn asks(&self) -> usize {
        self.inner.asks.load(Ordering::SeqCst)
    }
}

async fn keys(State(inner): State<Arc<Inner>>) -> Response {
    inner.fetches.fetch_add(1, Ordering::SeqCst);
    if inner.away.load(Ordering::SeqCst) {
        return StatusCode::BAD_GATEWAY.into_response();
    }
    axum::Json(json!({"keys": *inner.keys.lock().unwrap()})).into_response()
}

async fn user(State(inner): State<Arc<Inner>>, headers: HeaderMap) -> Response {
    inner.asks.fetch_add(1, Ordering::SeqCst);
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if inner.away.load(Ordering::SeqCst) {
        return StatusCode::BAD_GATEWAY.into_response();
    }
    if header("apikey") != ANON_KEY {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let token = header("authorization").strip_prefix("Bearer ").unwrap_or_default();
    match inner.users.lock().unwrap().get(token) {
        Some(user) => axum::Json(user.clone()).into_response(),
        None => StatusCode::FORBIDDEN.into_response(),
    }
}
