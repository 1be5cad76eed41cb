//! Orders: against the file that is served beside programs, and with mocks over it.
#![expect(clippy::unwrap_used, reason = "a test may")]

mod shop;

use std::time::Duration;

use moclojer_core::testing::{CallOrder, MockServer, Settings, get, json, post, status, template};
use shop::client_of;
use shop_client::{NewOrder, OrderPage, ShopError};

fn two_hats() -> NewOrder {
    NewOrder { product: "hat".to_owned(), amount: 2 }
}

#[tokio::test]
async fn the_file_answers_every_call() {
    // Strict: a request that the file does not know fails the test, though nobody looks at its answer.
    let server = Settings::new().file("shop.yml").strict().start();
    let client = client_of(&server);

    assert_eq!(client.orders(2).await.unwrap().page, 2);
    assert_eq!(client.order("a 1/b").await.unwrap().id, "a 1/b");
    let made = client.create_order(&two_hats(), None).await.unwrap();
    assert_eq!((made.product.as_str(), made.amount), ("hat", 2));
    client.report_view("a1");
    // With the first one, for the token.
    server.wait_for(5, Duration::from_secs(5)).await.unwrap();
}

#[tokio::test]
async fn an_order_that_is_not_there_is_told() {
    let server = MockServer::from_file("shop.yml");
    // Over the file: the other orders are answered by it.
    server.mock(get("/orders/lost").respond(json(json!({"error": "no such order"})).status(404)).expect(1));
    let client = client_of(&server);

    let error = client.order("lost").await.unwrap_err();
    assert_eq!(
        error.to_string(),
        r#"reading an order failed: the shop answered 404 Not Found, attempts: 1, {"error":"no such order"}"#
    );
    assert_eq!(client.order("a1").await.unwrap().id, "a1");
}

#[tokio::test]
async fn an_order_is_sent_with_its_key() {
    let server = MockServer::from_file("shop.yml");
    let made = server.mock(
        post("/orders")
            .header("idempotency-key", "key-1")
            .respond(template(json!({"id": "a7", "product": "hat", "amount": 2})).status(201))
            .expect(1),
    );

    let order = client_of(&server).create_order(&two_hats(), Some("key-1")).await.unwrap();
    assert_eq!(order.id, "a7");
    assert_eq!(made.requests()[0].body_json::<NewOrder>().unwrap(), two_hats());
}

#[tokio::test]
async fn the_token_comes_before_the_first_call() {
    let server = MockServer::from_file("shop.yml");
    let order = CallOrder::new();
    server.mock(
        post("/oauth/token")
            .body_json(json!({"client_id": "web", "client_secret": "secret"}))
            .respond(json!({"access_token": "one"}))
            .in_order(&order)
            .expect(1),
    );
    server.mock(
        get("/orders/:id")
            .header("authorization", "Bearer one")
            .respond_with(|request| {
                let id = request.path_param("id");
                json(json!({"id": id, "product": "hat", "amount": 1}))
            })
            .in_order(&order)
            .expect(2),
    );

    let client = client_of(&server);
    client.order("a1").await.unwrap();
    client.order("a2").await.unwrap();
}

#[tokio::test]
async fn a_view_is_reported_in_the_background() {
    let server = MockServer::from_file("shop.yml");
    let reported =
        server.mock(post("/events").body_json(json!({"kind": "viewed", "order": "a1"})).respond(202));

    client_of(&server).report_view("a1");
    reported.wait_for(1, Duration::from_secs(5)).await.unwrap();
}

#[tokio::test]
async fn what_is_no_order_cannot_be_read() {
    let server = MockServer::from_file("shop.yml");
    server.mock(get("/orders/a1").respond("<html>"));
    let error = client_of(&server).order("a1").await.unwrap_err();
    assert!(matches!(error, ShopError::Unreadable { action: "reading an order", .. }), "{error}");
}

/// A mock server needs no runtime, and a client may block.
#[test]
fn any_client_reads_the_file() {
    let server = MockServer::from_file("shop.yml");
    let page: OrderPage = reqwest::blocking::get(server.url("/orders")).unwrap().json().unwrap();
    assert_eq!((page.page, page.orders.len()), (1, 2));
}

/// No socket, no client: only whether the file says what the client's types can read.
#[test]
fn the_file_speaks_of_orders_as_the_client_does() {
    let mocks = Settings::new().file("shop.yml").without_socket();
    let answer = mocks.call(http::Request::get("/orders?page=3").body("").unwrap());
    let page: OrderPage = serde_json::from_slice(answer.body()).unwrap();
    assert_eq!((page.page, page.last_page), (3, 3));
}

/// `MockServer::start` begins with nothing: the test says all that there is.
#[tokio::test]
async fn nothing_is_sent_when_there_is_no_token() {
    let server = MockServer::start();
    server.mock(post("/oauth/token").respond(status(403)).expect(1));
    server.mock(get("/*rest").respond(500).never());

    let error = client_of(&server).orders(1).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "fetching a token failed: the shop answered 403 Forbidden, attempts: 1, no body"
    );
}
