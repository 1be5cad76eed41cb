//! Tokens at the routes: signing in, and what a header holds. What tokens are taken at all is in `contract::auth`.

use axum::body::Body;
use axum::http::Request;
use moclojer_cloud::auth::TOKEN_BYTES;
use serde_json::json;
use uuid::Uuid;

use super::app::App;
use crate::issuer::seconds;

#[tokio::test]
async fn signing_in_makes_a_customer_once() {
    let app = App::start().await;
    let id = Uuid::new_v4();
    let token = app.issuer.token(id, "Zoe.Doe@example.com");
    assert_eq!(app.get("/user-external", &token).await.expect(403).cause(), "not-signed-in");
    let first = app.post("/login/auth", "", json!({"access-token": token})).await.expect(201).body;
    assert_eq!(first["user"]["username"], json!("zoedoe"));
    assert_eq!(first["user"]["external-id"], json!(id));
    let again = app.post("/login/auth", "", json!({"access-token": token})).await.expect(201).body;
    assert_eq!(first, again);
    assert_eq!(app.get("/user-external", &token).await.expect(200).body, first["user"]);
}

#[tokio::test]
async fn signing_in_asks_the_issuer_and_believes_it() {
    let app = App::start().await;
    let sign_in = async |token: &str| app.post("/login/auth", "", json!({"access-token": token})).await;
    let claims = app.issuer.claims(Uuid::new_v4(), "ana@example.com");
    // Forged, expired, for others: the issuer is not troubled with them.
    let mut expired = claims.clone();
    expired["exp"] = json!(seconds(-60));
    for token in ["", "x", &app.issuer.token_of(&expired), &"x".repeat(10_000)] {
        assert_eq!(sign_in(token).await.expect(401).cause(), "invalid-token");
    }
    assert_eq!(app.issuer.asks(), 0);
    // Signed out meanwhile: the issuer does not know it.
    assert_eq!(sign_in(&app.issuer.key.sign(&claims)).await.expect(401).cause(), "invalid-token");
    let token = app.issuer.token_of(&claims);
    for (key, value, status) in [
        ("id", json!(Uuid::new_v4()), 401),
        ("role", json!("service_role"), 401),
        ("is_anonymous", json!(true), 401),
        ("email", json!(""), 403),
    ] {
        let mut user = claims.clone();
        user["id"] = claims["sub"].clone();
        user[key] = value;
        app.issuer.says(&token, user);
        sign_in(&token).await.expect(status);
    }
    let ana = app.person("ana").await;
    app.suspend(&ana).await;
    assert_eq!(sign_in(&ana.token).await.expect(403).cause(), "suspended");
    app.issuer.set_away(true);
    let away = sign_in(&ana.token).await.expect(503);
    assert_eq!((away.cause(), away.header("retry-after")), ("auth-unavailable", "2"));
}

#[tokio::test]
async fn one_bearer_token_in_one_header_is_looked_at() {
    let app = App::start().await;
    let ana = app.person("ana").await;
    let token = &ana.token;
    let asked = async |values: &[String]| {
        let mut request = Request::get("/user-external");
        for value in values {
            request = request.header("authorization", value);
        }
        app.send(request.body(Body::empty()).unwrap()).await
    };
    for value in [format!("Bearer {token}"), format!("bearer {token}"), format!("BEARER  {token} ")] {
        asked(&[value]).await.expect(200);
    }
    let bearer = format!("Bearer {token}");
    for values in [
        vec![],
        vec![String::new()],
        vec![token.clone()],
        vec!["Bearer".to_owned()],
        vec!["Bearer ".to_owned()],
        vec![format!("Basic {token}")],
        vec![format!("Token {token}")],
        vec![format!("Bearer\t{token}")],
        vec![bearer.clone(), bearer.clone()],
        vec![bearer.clone(), format!("Basic {token}")],
    ] {
        assert_eq!(asked(&values).await.expect(401).cause(), "no-token", "{values:?}");
    }
    for wrong in [
        format!("{token}x"),
        format!("Bearer {token}"),
        format!("{token},{token}"),
        "x".repeat(TOKEN_BYTES + 1),
    ] {
        let refused = asked(&[format!("Bearer {wrong}")]).await.expect(401);
        assert_eq!(refused.cause(), "invalid-token", "{wrong}");
        assert_eq!(refused.body["error"]["message"], "the token is not valid", "{wrong}");
    }
}
