//! The token: fetched when it is first needed, kept, and replaced when the shop refuses it.

use std::fmt;
use std::sync::Arc;

use reqwest::{Client, Url};
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::Mutex;

use crate::{Retry, ShopError};

const ACTION: &str = "fetching a token";

/// Keeps the token of one client.
pub(crate) struct TokenKeeper {
    http: Client,
    login: Url,
    credentials: Value,
    /// Held while one is fetched: so one request fetches, and the others wait for what it gets.
    token: Mutex<Option<Arc<str>>>,
}

impl TokenKeeper {
    pub(crate) fn new(http: Client, login: Url, credentials: Value) -> Self {
        Self { http, login, credentials, token: Mutex::default() }
    }

    /// The token that is kept, unless it is the refused one: then a new one takes its place. Of requests that are
    /// refused at once, the first fetches it.
    pub(crate) async fn other_than(&self, refused: Option<&str>) -> Result<Arc<str>, ShopError> {
        let mut kept = self.token.lock().await;
        if let Some(token) = kept.as_ref().filter(|token| Some(&***token) != refused) {
            return Ok(Arc::clone(token));
        }
        let token = self.fetch().await?;
        *kept = Some(Arc::clone(&token));
        Ok(token)
    }

    async fn fetch(&self) -> Result<Arc<str>, ShopError> {
        #[derive(Deserialize)]
        struct Granted {
            access_token: String,
        }
        // A POST without a key: it is sent once.
        let request = self.http.post(self.login.clone()).json(&self.credentials);
        let answer = Retry::default().send(ACTION, request).await?;
        let unreadable = |source| ShopError::Unreadable { action: ACTION, source };
        let granted: Granted = answer.json().await.map_err(unreadable)?;
        Ok(granted.access_token.into())
    }
}

/// Without what is secret.
impl fmt::Debug for TokenKeeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenKeeper")
    }
}
