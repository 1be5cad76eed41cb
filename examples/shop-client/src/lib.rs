//! A client of a shop's API, small enough to be read in one go, and tested with mocks.
//!
//! It keeps a token and replaces it when the shop refuses it, and asks again when the shop is busy or cannot be reached
//! ([`Retry`]). It knows nothing of mocks: its tests in `tests/` give it the address of one.
//!
//! Run them with `cargo test -p shop-client`. They use `shop.yml`, which can be served beside a program as well:
//! `moclojer -c examples/shop-client/shop.yml`.

mod error;
mod retry;
mod token;

use std::sync::Arc;
use std::time::Duration;

use reqwest::{Client, IntoUrl, RequestBuilder, Response, StatusCode, Url};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::json;

pub use error::ShopError;
pub use retry::Retry;
use token::TokenKeeper;

/// An order to be made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewOrder {
    /// What is bought.
    pub product: String,
    /// How many of it.
    pub amount: u32,
}

/// An order that the shop knows.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Order {
    /// Its name at the shop.
    pub id: String,
    /// What is bought.
    pub product: String,
    /// How many of it.
    pub amount: u32,
}

/// Some of the orders.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct OrderPage {
    /// The number of this page, from 1.
    pub page: u32,
    /// The number of the last page.
    pub last_page: u32,
    /// The orders of this page.
    pub orders: Vec<Order>,
}

/// A client of one shop. Cheap to clone; clones share connections and the token.
#[derive(Clone, Debug)]
pub struct ShopClient {
    http: Client,
    address: Url,
    tokens: Arc<TokenKeeper>,
    retry: Retry,
}

impl ShopClient {
    /// A client of the shop at this address, such as `https://shop.example`. Nothing is sent yet.
    ///
    /// # Errors
    /// The address is no URL, or the machine cannot set up TLS.
    pub fn new(address: impl IntoUrl, id: &str, secret: &str) -> Result<Self, ShopError> {
        let address = address.into_url().map_err(ShopError::Setup)?;
        let http = Client::builder().timeout(Duration::from_secs(10)).build().map_err(ShopError::Setup)?;
        let credentials = json!({"client_id": id, "client_secret": secret});
        let tokens = TokenKeeper::new(http.clone(), url(&address, &["oauth", "token"]), credentials);
        Ok(Self { http, address, tokens: Arc::new(tokens), retry: Retry::default() })
    }

    /// The same client with other pauses and another number of attempts.
    #[must_use]
    pub fn with_retry(self, retry: Retry) -> Self {
        Self { retry, ..self }
    }

    /// One page of the orders; the first is 1.
    ///
    /// # Errors
    /// See [`ShopError`]; so for the other calls.
    pub async fn orders(&self, page: u32) -> Result<OrderPage, ShopError> {
        let mut url = url(&self.address, &["orders"]);
        url.query_pairs_mut().append_pair("page", &page.to_string());
        self.read("listing orders", self.http.get(url)).await
    }

    /// One order.
    ///
    /// # Errors
    /// An order that is not there is [`ShopError::Refused`] with 404.
    pub async fn order(&self, id: &str) -> Result<Order, ShopError> {
        self.read("reading an order", self.http.get(url(&self.address, &["orders", id]))).await
    }

    /// Creates an order. Only with a key, by which the shop knows one that it has already, is it sent again.
    ///
    /// # Errors
    /// Without a key, an order that failed may have reached the shop all the same.
    pub async fn create_order(&self, order: &NewOrder, key: Option<&str>) -> Result<Order, ShopError> {
        let mut request = self.http.post(url(&self.address, &["orders"])).json(order);
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        self.read("creating an order", request).await
    }

    /// Tells the shop that an order was looked at: in the background, and without a word where that fails.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn report_view(&self, order_id: &str) {
        let event = json!({"kind": "viewed", "order": order_id});
        let request = self.http.post(url(&self.address, &["events"])).json(&event);
        let shop = self.clone();
        tokio::spawn(async move { shop.send("reporting a view", request).await });
    }

    async fn read<T: DeserializeOwned>(
        &self,
        action: &'static str,
        request: RequestBuilder,
    ) -> Result<T, ShopError> {
        let answer = self.send(action, request).await?;
        answer.json().await.map_err(|source| ShopError::Unreadable { action, source })
    }

    /// Sends a request with the token; with another one when the shop refuses it.
    async fn send(&self, action: &'static str, request: RequestBuilder) -> Result<Response, ShopError> {
        let token = self.tokens.other_than(None).await?;
        let again = request.try_clone();
        let answer = self.retry.send(action, request.bearer_auth(&token)).await;
        match (answer, again) {
            (Err(ShopError::Refused { status: StatusCode::UNAUTHORIZED, .. }), Some(again)) => {
                let token = self.tokens.other_than(Some(&token)).await?;
                self.retry.send(action, again.bearer_auth(&token)).await
            }
            (answer, _) => answer,
        }
    }
}

/// The URL of a path under an address, its segments escaped.
fn url(address: &Url, segments: &[&str]) -> Url {
    let mut url = address.clone();
    // Only a URL such as `mailto:` has no segments, and none of those was accepted.
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(segments);
    }
    url
}
