//! The token: kept, and replaced once when the shop refuses it.
#![expect(clippy::unwrap_used, reason = "a test may")]

mod shop;

use std::sync::atomic::{AtomicU32, Ordering};

use moclojer_core::testing::{CallOrder, Mock, MockServer, get, json, post};
use shop::client_of;

/// Gives `token-1`, then `token-2`, …
fn tokens() -> Mock {
    let given = AtomicU32::new(0);
    post("/oauth/token").respond_with(move |_| {
        let number = given.fetch_add(1, Ordering::Relaxed) + 1;
        json(json!({"access_token": format!("token-{number}")}))
    })
}

/// Refuses orders to who has this token.
fn refusing(token: &str) -> Mock {
    get("/orders").header("authorization", format!("Bearer {token}")).respond(401)
}

#[tokio::test]
async fn a_token_is_kept() {
    let server = MockServer::from_file("shop.yml");
    let client = client_of(&server);
    client.orders(1).await.unwrap();

    server.mock(post("/oauth/token").respond(500).never());
    client.orders(2).await.unwrap();
}

#[tokio::test]
async fn a_refused_token_is_replaced() {
    let server = MockServer::from_file("shop.yml");
    let order = CallOrder::new();
    server.mock(tokens().expect(2));
    server.mock(refusing("token-1").in_order(&order).expect(1));
    let page = json!({"page": 1, "last_page": 1, "orders": []});
    server.mock(
        get("/orders").header("authorization", "Bearer token-2").respond(page).in_order(&order).expect(1),
    );

    client_of(&server).orders(1).await.unwrap();
}

#[tokio::test]
async fn requests_at_once_share_one_new_token() {
    let server = MockServer::from_file("shop.yml");
    let client = client_of(&server);
    server.mock(tokens().expect(2));
    client.orders(1).await.unwrap();

    // Both go out with the token that is not good any more.
    server.mock(refusing("token-1").expect(2));
    let (one, two) = tokio::join!(client.orders(1), client.orders(2));
    assert_eq!((one.unwrap().page, two.unwrap().page), (1, 2));
}

#[tokio::test]
async fn a_shop_that_refuses_every_token_is_told_so_once() {
    let server = MockServer::from_file("shop.yml");
    server.mock(tokens().expect(2));
    server.mock(get("/orders").respond(401).expect(2));

    let error = client_of(&server).orders(1).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "listing orders failed: the shop answered 401 Unauthorized, attempts: 1, no body"
    );
}
