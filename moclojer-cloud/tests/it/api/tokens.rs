//! Tokens: what is taken, what is not, and how keys come and go.

use std::time::Duration;

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use moclojer_cloud::adapters::supabase::{Settings, SetupError, SupabaseAuth};
use moclojer_cloud::auth::{AuthError, Authenticator as _};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::app::App;
use super::issuer::{ANON_KEY, Issuer, SigningKey, seconds};

const SECRET: &str = "a-secret-of-at-least-thirty-two-bytes";

fn hs256(secret: &str, claims: &Value) -> String {
    encode(&Header::new(Algorithm::HS256), claims, &EncodingKey::from_secret(secret.as_bytes())).unwrap()
}

async fn is_invalid(auth: &SupabaseAuth, token: &str) -> bool {
    matches!(auth.identify(token).await, Err(AuthError::Invalid(_)))
}

#[tokio::test]
async fn a_token_of_the_issuer_names_its_user() {
    let issuer = Issuer::start().await;
    let id = Uuid::new_v4();
    let identity = issuer.auth().identify(&issuer.token(id, "Ana@Example.com")).await.unwrap();
    assert_eq!(identity.external_id, id);
    assert_eq!(identity.email.unwrap().as_str(), "ana@example.com");
    // Audiences may be a list, and an address may be missing.
    let mut claims = issuer.claims(id, "");
    claims["aud"] = json!(["other", "authenticated"]);
    assert_eq!(issuer.auth().identify(&issuer.token_of(&claims)).await.unwrap().email, None);
}

#[tokio::test]
async fn claims_that_are_wrong_or_missing_are_refused() {
    let issuer = Issuer::start().await;
    let auth = issuer.auth();
    let claims = issuer.claims(Uuid::new_v4(), "ana@example.com");
    assert!(auth.identify(&issuer.key.sign(&claims)).await.is_ok());
    for name in ["exp", "iss", "aud", "sub", "role"] {
        for value in [None, Some(json!("x")), Some(json!(null)), Some(json!([])), Some(json!(1))] {
            let mut claims = claims.clone();
            match &value {
                Some(value) => claims[name] = value.clone(),
                None => drop(claims.as_object_mut().unwrap().remove(name)),
            }
            assert!(is_invalid(&auth, &issuer.key.sign(&claims)).await, "{name} {value:?}");
        }
    }
    for (name, value) in [
        ("exp", json!(seconds(-6))),
        ("nbf", json!(seconds(60))),
        ("is_anonymous", json!(true)),
        ("is_anonymous", json!("true")),
        ("role", json!("service_role")),
        ("email", json!("no address")),
    ] {
        let mut claims = claims.clone();
        claims[name] = value.clone();
        assert!(is_invalid(&auth, &issuer.key.sign(&claims)).await, "{name} {value}");
    }
}

#[tokio::test]
async fn the_algorithm_is_that_of_the_key() {
    let issuer = Issuer::start().await;
    let auth = issuer.auth();
    let claims = issuer.claims(Uuid::new_v4(), "ana@example.com");
    // Signed with the public key as if it were a secret, under the key's name.
    let public = issuer.key.public();
    let mut header = Header::new(Algorithm::HS256);
    header.kid = Some(issuer.key.name.clone());
    for secret in [public.to_string(), public["x"].as_str().unwrap().to_owned(), ANON_KEY.to_owned()] {
        let forged = encode(&header, &claims, &EncodingKey::from_secret(secret.as_bytes())).unwrap();
        assert!(is_invalid(&auth, &forged).await);
    }
    let good = issuer.key.sign(&claims);
    let (_, rest) = good.split_once('.').unwrap();
    // {"alg":"none"}, {"alg":"RS256","kid":"first"}
    for head in ["eyJhbGciOiJub25lIn0", "eyJhbGciOiJSUzI1NiIsImtpZCI6ImZpcnN0In0"] {
        assert!(is_invalid(&auth, &format!("{head}.{rest}")).await);
    }
    let other = SigningKey::new(&issuer.key.name);
    assert!(is_invalid(&auth, &other.sign(&claims)).await);
    for garbage in ["", ".", "..", "a.b.c", &good[..good.len() - 2], &format!("{good}.x"), "moc_0123"] {
        assert!(is_invalid(&auth, garbage).await, "{garbage}");
    }
}

#[tokio::test]
async fn hs256_is_taken_only_with_a_configured_secret() {
    let issuer = Issuer::start().await;
    let claims = issuer.claims(Uuid::new_v4(), "ana@example.com");
    let token = hs256(SECRET, &claims);
    assert!(is_invalid(&issuer.auth(), &token).await);
    let settings = Settings { jwt_secret: Some(SECRET.to_owned()), ..issuer.settings() };
    let auth = SupabaseAuth::new(&settings).unwrap();
    assert!(auth.identify(&token).await.is_ok());
    assert!(auth.identify(&issuer.key.sign(&claims)).await.is_ok());
    assert!(is_invalid(&auth, &hs256("another-secret-of-at-least-thirty-two", &claims)).await);
    let mut service = claims.clone();
    service["role"] = json!("service_role");
    assert!(is_invalid(&auth, &hs256(SECRET, &service)).await);
    for shown in [format!("{auth:?}"), format!("{settings:?}")] {
        assert!(!shown.contains(SECRET) && !shown.contains(ANON_KEY), "{shown}");
    }
}

#[tokio::test]
async fn a_project_that_cannot_be_one_is_refused_at_start() {
    for (url, fits) in [
        ("https://p.supabase.co", true),
        ("http://localhost:9999/", true),
        ("ftp://p.supabase.co", false),
        ("https://user:secret@p.supabase.co", false),
        ("https://p.supabase.co?x=1", false),
        ("p.supabase.co", false),
    ] {
        assert_eq!(SupabaseAuth::new(&Settings::new(url, "key")).is_ok(), fits, "{url}");
    }
    let weak =
        Settings { jwt_secret: Some("short".to_owned()), ..Settings::new("https://p.supabase.co", "key") };
    assert!(matches!(SupabaseAuth::new(&weak), Err(SetupError::Secret)));
}

#[tokio::test]
async fn a_new_key_is_fetched_once_and_an_old_one_goes() {
    let issuer = Issuer::start().await;
    let auth = issuer.auth();
    let claims = issuer.claims(Uuid::new_v4(), "ana@example.com");
    let old = issuer.key.sign(&claims);
    assert!(auth.identify(&old).await.is_ok());
    assert_eq!(issuer.fetches(), 1);
    let second = SigningKey::new("second");
    // A key of a kind that is not known, and one for something else, do not hide the others.
    let mut encrypting = SigningKey::new("third").public();
    encrypting["use"] = json!("enc");
    issuer.publish(vec![json!({"kty": "new"}), encrypting, second.public()]);
    let new = second.sign(&claims);
    let deadline = Instant::now() + Duration::from_secs(10);
    while auth.identify(&new).await.is_err() {
        assert!(Instant::now() < deadline, "the new key is not found");
        sleep(Duration::from_millis(20)).await;
    }
    assert!(is_invalid(&auth, &old).await, "the old key is still taken");
    // Many tokens with unknown keys make few fetches.
    let before = issuer.fetches();
    let begun = Instant::now();
    for number in 0..50 {
        assert!(is_invalid(&auth, &SigningKey::new(&format!("unknown-{number}")).sign(&claims)).await);
    }
    let most = 2 + usize::try_from(begun.elapsed().as_millis() / 300).unwrap();
    assert!(issuer.fetches() - before <= most, "{} fetches", issuer.fetches() - before);
}

#[tokio::test]
async fn known_keys_are_kept_while_the_issuer_is_away() {
    let issuer = Issuer::start().await;
    let auth = issuer.auth();
    let claims = issuer.claims(Uuid::new_v4(), "ana@example.com");
    let token = issuer.token_of(&claims);
    assert!(auth.identify(&token).await.is_ok());
    issuer.set_away(true);
    sleep(Duration::from_millis(350)).await;
    let unknown = SigningKey::new("unknown").sign(&claims);
    assert!(matches!(auth.identify(&unknown).await, Err(AuthError::Unavailable(_))));
    assert!(auth.identify(&token).await.is_ok());
    assert!(matches!(auth.ask(&token).await, Err(AuthError::Unavailable(_))));
}

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
