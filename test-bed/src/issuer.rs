//! Whoever issues tokens: what of Supabase Auth the api asks, on loopback.

use std::net::Ipv4Addr;
use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::routing::get;
use axum::{Json, Router};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use uuid::Uuid;

/// An issuer whose tokens are signed with a secret that the api is configured with.
#[derive(Debug)]
pub struct Issuer {
    url: String,
    secret: String,
    task: JoinHandle<()>,
}

/// Somebody who has an account at the issuer.
#[derive(Clone, Debug)]
pub struct Person {
    /// The issuer's id.
    pub id: Uuid,
    /// Their address.
    pub email: String,
}

impl Issuer {
    /// Starts one.
    pub async fn start() -> Self {
        let secret = Uuid::new_v4().simple().to_string();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().route("/auth/v1/user", get(user)).with_state(Arc::from(secret.as_str()));
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, secret, task }
    }

    /// Where it answers.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The secret that it signs with.
    pub fn secret(&self) -> &str {
        &self.secret
    }

    /// A token of this person, good for an hour.
    pub fn token(&self, person: &Person) -> String {
        let claims = json!({
            "iss": format!("{}/auth/v1", self.url),
            "aud": "authenticated",
            "role": "authenticated",
            "sub": person.id,
            "email": person.email,
            "is_anonymous": false,
            "exp": jiff::Timestamp::now().as_second() + 3_600,
        });
        let key = EncodingKey::from_secret(self.secret.as_bytes());
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &key).unwrap()
    }
}

impl Drop for Issuer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// `GET /auth/v1/user`: whom the token names.
async fn user(State(secret): State<Arc<str>>, headers: HeaderMap) -> Result<Json<Value>, StatusCode> {
    let token = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "))
        .ok_or(StatusCode::UNAUTHORIZED)?;
    let mut validation = Validation::new(Algorithm::HS256);
    validation.set_audience(&["authenticated"]);
    let key = DecodingKey::from_secret(secret.as_bytes());
    let claims =
        jsonwebtoken::decode::<Value>(token, &key, &validation).map_err(|_| StatusCode::UNAUTHORIZED)?.claims;
    Ok(Json(
        json!({"id": claims["sub"], "aud": "authenticated", "role": "authenticated", "email": claims["email"], "is_anonymous": false}),
    ))
}
