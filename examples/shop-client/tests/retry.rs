//! Asking again: when it helps, how often, after which pause.
#![expect(clippy::unwrap_used, reason = "a test may")]

mod shop;

use std::sync::Mutex;
use std::time::Duration;

use moclojer_core::testing::{MockServer, ReceivedRequest, Reply, get, json, post, status};
use shop::client_of;
use shop_client::{NewOrder, Retry, ShopClient, ShopError};

const HOUR: Duration = Duration::from_secs(3_600);

/// One reply after the other; the last one for good.
fn in_turn<const N: usize>(replies: [Reply; N]) -> impl Fn(&ReceivedRequest) -> Reply {
    let mut replies = Vec::from(replies);
    replies.reverse();
    let left = Mutex::new(replies);
    move |_| {
        let mut left = left.lock().unwrap();
        if left.len() > 1 { left.pop() } else { left.last().cloned() }.unwrap()
    }
}

fn no_orders() -> Reply {
    json(json!({"page": 1, "last_page": 1, "orders": []}))
}

#[tokio::test]
async fn a_shop_that_is_busy_is_asked_again() {
    for busy in [429, 502, 503, 504] {
        let server = MockServer::from_file("shop.yml");
        server.mock(get("/orders").respond_with(in_turn([status(busy), no_orders()])).expect(2));
        client_of(&server).orders(1).await.unwrap();
    }
}

#[tokio::test]
async fn a_shop_that_comes_back_is_noticed() {
    let server = MockServer::from_file("shop.yml");
    let patient = Retry { attempts: u32::MAX, ..Retry::default() };
    let client = client_of(&server).with_retry(Retry { first_pause: Duration::from_millis(1), ..patient });

    let down = server.mock_scoped(get("/orders").respond(503).expect(1..));
    let asked = tokio::spawn(async move { client.orders(1).await });
    down.wait_for(1, Duration::from_secs(5)).await.unwrap();
    drop(down);
    assert_eq!(asked.await.unwrap().unwrap().orders.len(), 2);
}

#[tokio::test]
async fn it_gives_up() {
    let server = MockServer::from_file("shop.yml");
    server.mock(get("/orders").respond((503, "closed for today")).expect(3));

    let error = client_of(&server).orders(1).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "listing orders failed: the shop answered 503 Service Unavailable, attempts: 3, closed for today"
    );
}

#[tokio::test]
async fn what_will_not_get_better_is_asked_once() {
    for wrong in [400, 404, 500] {
        let server = MockServer::from_file("shop.yml");
        server.mock(get("/orders").respond(wrong).expect(1));
        client_of(&server).orders(1).await.unwrap_err();
    }
}

#[tokio::test]
async fn an_order_is_sent_again_only_with_a_key() {
    let server = MockServer::from_file("shop.yml");
    let client = client_of(&server);
    let order = NewOrder { product: "hat".to_owned(), amount: 2 };

    // A guard takes its mock away at the end of its block, and looks then how often it was called.
    {
        let _once = server.mock_scoped(post("/orders").respond(503).expect(1));
        client.create_order(&order, None).await.unwrap_err();
    }
    let _thrice =
        server.mock_scoped(post("/orders").header("idempotency-key", "key-1").respond(503).expect(3));
    client.create_order(&order, Some("key-1")).await.unwrap_err();
}

#[tokio::test]
async fn the_shop_says_how_long_to_wait() {
    let server = MockServer::from_file("shop.yml");
    let at_once = status(429).header("retry-after", "0");
    server.mock(get("/orders").respond_with(in_turn([at_once, no_orders()])).expect(2));
    let slow = Retry { attempts: 2, first_pause: HOUR, longest_pause: HOUR };

    let client = client_of(&server).with_retry(slow);
    // With a pause of its own it would wait for an hour.
    tokio::time::timeout(Duration::from_secs(10), client.orders(1)).await.unwrap().unwrap();
}

#[tokio::test]
async fn no_wait_is_longer_than_the_longest_pause() {
    let server = MockServer::from_file("shop.yml");
    let much_later = status(503).header("retry-after", "3600");
    server.mock(get("/orders").respond_with(in_turn([much_later, no_orders()])).expect(2));
    tokio::time::timeout(Duration::from_secs(10), client_of(&server).orders(1)).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_shop_that_is_gone_is_told_with_the_cause() {
    let server = MockServer::from_file("shop.yml");
    let client = client_of(&server);
    client.orders(1).await.unwrap();
    drop(server);

    let error = client.orders(1).await.unwrap_err();
    assert!(matches!(error, ShopError::Unreachable { attempts: 3, .. }), "{error:?}");
}

#[tokio::test]
async fn an_address_that_is_none_is_told() {
    let error = ShopClient::new("shop", "web", "secret").unwrap_err();
    assert_eq!(error.to_string(), "the client of the shop cannot be set up");
}
