//! What Supabase's authenticator does beyond the suite: claims, algorithms and the keys that they are bound to, keys
//! that come and go.

use std::time::Duration;

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use moclojer_cloud::adapters::supabase::{Settings, SetupError, SupabaseAuth};
use moclojer_cloud::auth::{AuthError, Authenticator as _};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::{SECRET, assert_refused};
use crate::issuer::{ANON_KEY, Issuer, SigningKey, seconds};

/// How long anything that has to come may take.
const SOON: Duration = Duration::from_secs(10);

/// Why a token is refused.
async fn refusal(auth: &SupabaseAuth, token: &str) -> String {
    assert_refused(auth, token).await;
    auth.identify(token).await.unwrap_err().to_string()
}

/// An issuer that signs with each algorithm, with what takes its tokens.
async fn all_algorithms() -> (Issuer, SupabaseAuth, [SigningKey; 3]) {
    let issuer = Issuer::start().await;
    let keys = [SigningKey::new("elliptic"), SigningKey::rsa("rsa"), SigningKey::secret("secret", SECRET)];
    issuer.publish(vec![keys[0].public(), keys[1].public()]);
    let settings = Settings { jwt_secret: Some(SECRET.to_owned()), ..issuer.settings() };
    let auth = SupabaseAuth::new(&settings).unwrap();
    (issuer, auth, keys)
}

/// A token with a head of one's own.
fn forged(head: &Value, key: &SigningKey, claims: &Value) -> String {
    let mut header: Header = serde_json::from_value(head.clone()).unwrap();
    // The library signs only with the key's own algorithm.
    header.alg = key.algorithm;
    encode(&header, claims, &key.key).unwrap()
}

/// Takes an authenticator's time to learn of keys.
async fn until_taken(auth: &SupabaseAuth, token: &str) {
    let deadline = Instant::now() + SOON;
    while auth.identify(token).await.is_err() {
        assert!(Instant::now() < deadline, "the key is not found");
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn audiences_may_be_a_list_and_an_address_may_be_missing() {
    let issuer = Issuer::start().await;
    let mut claims = issuer.claims(Uuid::new_v4(), "");
    claims["aud"] = json!(["other", "authenticated"]);
    assert_eq!(issuer.auth().identify(&issuer.token_of(&claims)).await.unwrap().email, None);
    claims.as_object_mut().unwrap().remove("email");
    assert_eq!(issuer.auth().identify(&issuer.token_of(&claims)).await.unwrap().email, None);
}

#[tokio::test]
async fn claims_that_are_wrong_or_missing_are_refused_with_each_algorithm() {
    let (issuer, auth, keys) = all_algorithms().await;
    let claims = issuer.claims(Uuid::new_v4(), "ana@example.com");
    for key in &keys {
        assert!(auth.identify(&key.sign(&claims)).await.is_ok(), "{}", key.name);
        for name in ["exp", "iss", "aud", "sub", "role"] {
            for value in [None, Some(json!("x")), Some(json!(null)), Some(json!([])), Some(json!(1))] {
                let mut claims = claims.clone();
                match &value {
                    Some(value) => claims[name] = value.clone(),
                    None => drop(claims.as_object_mut().unwrap().remove(name)),
                }
                assert_refused(&auth, &key.sign(&claims)).await;
            }
        }
        for (name, value) in [
            ("exp", json!(seconds(-6))),
            ("nbf", json!(seconds(60))),
            ("iss", json!(format!("{}/auth/v1/", issuer.url))),
            ("aud", json!("Authenticated")),
            ("is_anonymous", json!(true)),
            ("is_anonymous", json!("true")),
            ("role", json!("service_role")),
            ("role", json!("anon")),
            ("email", json!("no address")),
        ] {
            let mut claims = claims.clone();
            claims[name] = value.clone();
            assert_refused(&auth, &key.sign(&claims)).await;
        }
    }
}

#[tokio::test]
async fn a_key_serves_its_own_algorithm_alone() {
    let (issuer, auth, keys) = all_algorithms().await;
    let claims = issuer.claims(Uuid::new_v4(), "ana@example.com");
    for key in &keys {
        assert!(auth.identify(&key.sign(&claims)).await.is_ok(), "{}", key.name);
    }
    let [elliptic, rsa, _] = &keys;
    // Each with the name of the other.
    for (key, name) in [(elliptic, "rsa"), (rsa, "elliptic")] {
        let token = forged(&json!({"alg": key.algorithm, "kid": name}), key, &claims);
        assert!(refusal(&auth, &token).await.contains("its key is not known"));
    }
    // Other algorithms of the same keys.
    for algorithm in [Algorithm::RS384, Algorithm::RS512, Algorithm::PS256, Algorithm::PS512] {
        let mut header = Header::new(algorithm);
        header.kid = Some("rsa".to_owned());
        let token = encode(&header, &claims, &rsa.key).unwrap();
        assert!(refusal(&auth, &token).await.contains("its algorithm is not accepted"), "{algorithm:?}");
    }
    for algorithm in [Algorithm::HS384, Algorithm::HS512] {
        let token = encode(&Header::new(algorithm), &claims, &EncodingKey::from_secret(SECRET.as_bytes()));
        assert!(refusal(&auth, &token.unwrap()).await.contains("its algorithm is not accepted"));
    }
    // A good signature under another head, and none at all.
    let good = elliptic.sign(&claims);
    let (_, rest) = good.split_once('.').unwrap();
    let payload = rest.split_once('.').unwrap().0;
    // {"alg":"none"}, {"alg":"RS256","kid":"elliptic"}, {"alg":"HS256","kid":"elliptic"}
    for head in [
        "eyJhbGciOiJub25lIn0",
        "eyJhbGciOiJSUzI1NiIsImtpZCI6ImVsbGlwdGljIn0",
        "eyJhbGciOiJIUzI1NiIsImtpZCI6ImVsbGlwdGljIn0",
    ] {
        assert_refused(&auth, &format!("{head}.{rest}")).await;
        assert_refused(&auth, &format!("{head}.{payload}.")).await;
    }
}

#[tokio::test]
async fn a_public_key_is_no_secret_for_hs256() {
    let (issuer, with_secret, keys) = all_algorithms().await;
    let without = issuer.auth();
    let claims = issuer.claims(Uuid::new_v4(), "ana@example.com");
    for key in &keys[..2] {
        let public = key.public();
        let pem = ["-----BEGIN PUBLIC", " KEY-----\n", public["n"].as_str().unwrap_or("x"), "\n"].concat();
        let bytes = [&public["x"], &public["n"]].map(|value| value.as_str().unwrap_or_default().to_owned());
        for secret in [public.to_string(), bytes.concat(), pem, ANON_KEY.to_owned(), String::new()] {
            let token = SigningKey::secret(&key.name, &secret).sign(&claims);
            assert!(refusal(&with_secret, &token).await.contains("its signature is wrong"));
            assert!(refusal(&without, &token).await.contains("its algorithm is not accepted"));
        }
    }
}

#[tokio::test]
async fn a_head_that_brings_a_key_of_its_own_is_not_believed() {
    let (issuer, auth, keys) = all_algorithms().await;
    let claims = issuer.claims(Uuid::new_v4(), "ana@example.com");
    let thieves = [SigningKey::new(&keys[0].name), SigningKey::rsa(&keys[1].name)];
    for thief in &thieves {
        let head = json!({"alg": thief.algorithm, "kid": thief.name, "jwk": thief.public(),
            "jku": format!("{}/auth/v1/user", issuer.url), "x5u": issuer.url});
        assert!(refusal(&auth, &forged(&head, thief, &claims)).await.contains("its signature is wrong"));
        assert!(refusal(&auth, &thief.sign(&claims)).await.contains("its signature is wrong"));
        let nameless = forged(&json!({"alg": thief.algorithm}), thief, &claims);
        assert!(refusal(&auth, &nameless).await.contains("it names no key"));
    }
    let mut demanding =
        forged(&json!({"alg": "ES256", "kid": "elliptic", "crit": ["exp"]}), &keys[0], &claims);
    assert!(refusal(&auth, &demanding).await.contains("it demands what is not known here"));
    demanding = forged(&json!({"alg": "ES256", "kid": "elliptic"}), &keys[0], &claims);
    assert!(auth.identify(&demanding).await.is_ok());
    assert_eq!(issuer.asks(), 0, "what is no token does not trouble the issuer");
}

#[tokio::test]
async fn hs256_is_taken_only_with_a_configured_secret() {
    let issuer = Issuer::start().await;
    let claims = issuer.claims(Uuid::new_v4(), "ana@example.com");
    let token = SigningKey::secret("any", SECRET).sign(&claims);
    assert_refused(&issuer.auth(), &token).await;
    let settings = Settings { jwt_secret: Some(SECRET.to_owned()), ..issuer.settings() };
    let auth = SupabaseAuth::new(&settings).unwrap();
    assert!(auth.identify(&token).await.is_ok());
    assert!(auth.identify(&issuer.key.sign(&claims)).await.is_ok());
    let other = SigningKey::secret("any", "another-secret-of-at-least-thirty-two");
    assert_refused(&auth, &other.sign(&claims)).await;
    // A secret among the public keys is none: whoever reads them could sign.
    let listed = json!({"kty": "oct", "k": "YS1zZWNyZXQtb2YtYXQtbGVhc3QtdGhpcnR5LXR3by1ieXRlcw", "kid": "listed",
        "alg": "HS256"});
    issuer.publish(vec![listed, issuer.key.public()]);
    let token = SigningKey::secret("listed", SECRET).sign(&claims);
    assert_refused(&issuer.auth(), &token).await;
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
async fn keys_that_are_weak_or_for_something_else_are_not_used() {
    let issuer = Issuer::start().await;
    let claims = issuer.claims(Uuid::new_v4(), "ana@example.com");
    let (elliptic, rsa) = (SigningKey::new("elliptic"), SigningKey::rsa("rsa"));
    let with = |key: &SigningKey, name: &str, value: Value| {
        let mut public = key.public();
        public[name] = value;
        public
    };
    let half = rsa.public()["n"].as_str().unwrap()[..171].to_owned();
    for (key, public) in [
        (&elliptic, with(&elliptic, "use", json!("enc"))),
        (&elliptic, with(&elliptic, "alg", json!("RS256"))),
        (&elliptic, with(&elliptic, "crv", json!("P-384"))),
        (&rsa, with(&rsa, "use", json!("enc"))),
        (&rsa, with(&rsa, "alg", json!("RS512"))),
        (&rsa, with(&rsa, "alg", json!("ES256"))),
        (&rsa, with(&rsa, "n", json!(half))),
        (&rsa, with(&rsa, "kty", json!("new"))),
    ] {
        issuer.publish(vec![public.clone(), issuer.key.public()]);
        let auth = issuer.auth();
        assert!(auth.identify(&issuer.key.sign(&claims)).await.is_ok(), "the others are hidden by {public}");
        assert!(refusal(&auth, &key.sign(&claims)).await.contains("its key is not known"), "{public}");
    }
}

#[tokio::test]
async fn a_new_key_is_fetched_once_and_an_old_one_goes() {
    let issuer = Issuer::start().await;
    let auth = issuer.auth();
    let claims = issuer.claims(Uuid::new_v4(), "ana@example.com");
    let old = issuer.key.sign(&claims);
    assert!(auth.identify(&old).await.is_ok());
    assert_eq!(issuer.fetches(), 1);
    // For a while both are there: what was signed with the old one goes on being taken.
    let second = SigningKey::rsa("second");
    let new = second.sign(&claims);
    issuer.publish(vec![issuer.key.public(), second.public()]);
    until_taken(&auth, &new).await;
    assert!(auth.identify(&old).await.is_ok(), "the old key is gone too early");
    // Then the old one is gone, with the next fetch.
    let third = SigningKey::new("third");
    issuer.publish(vec![second.public(), third.public()]);
    until_taken(&auth, &third.sign(&claims)).await;
    assert!(auth.identify(&new).await.is_ok());
    assert!(refusal(&auth, &old).await.contains("its key is not known"));
    // Many tokens with unknown keys make few fetches.
    let before = issuer.fetches();
    let begun = Instant::now();
    for number in 0..50 {
        assert_refused(&auth, &SigningKey::new(&format!("unknown-{number}")).sign(&claims)).await;
    }
    let most = 2 + usize::try_from(begun.elapsed().as_millis() / 300).unwrap();
    assert!(issuer.fetches() - before <= most, "{} fetches", issuer.fetches() - before);
}

#[tokio::test]
async fn keys_that_are_old_are_fetched_again_and_a_name_may_get_another_key() {
    let issuer = Issuer::start().await;
    let settings = Settings {
        fetch_pause: Duration::from_millis(20),
        keys_age: Duration::from_millis(50),
        ..issuer.settings()
    };
    let auth = SupabaseAuth::new(&settings).unwrap();
    let claims = issuer.claims(Uuid::new_v4(), "ana@example.com");
    let old = issuer.key.sign(&claims);
    assert!(auth.identify(&old).await.is_ok());
    let new = SigningKey::rsa(&issuer.key.name);
    issuer.publish(vec![new.public()]);
    until_taken(&auth, &new.sign(&claims)).await;
    assert!(refusal(&auth, &old).await.contains("its key is not known"));
}

#[tokio::test]
async fn known_keys_are_kept_while_the_issuer_is_away() {
    let issuer = Issuer::start().await;
    let auth = issuer.auth();
    let claims = issuer.claims(Uuid::new_v4(), "ana@example.com");
    let token = issuer.token_of(&claims);
    assert!(auth.identify(&token).await.is_ok());
    issuer.set_away(true);
    let unknown = SigningKey::new("unknown").sign(&claims);
    let deadline = Instant::now() + SOON;
    // At first the last fetch is of just now: the key is not known. Then the issuer is asked, which is away.
    while matches!(auth.identify(&unknown).await, Err(AuthError::Invalid(_))) {
        assert!(Instant::now() < deadline, "the issuer is not asked");
        sleep(Duration::from_millis(20)).await;
    }
    assert!(matches!(auth.identify(&unknown).await, Err(AuthError::Unavailable(_))));
    assert!(auth.identify(&token).await.is_ok());
    let away = auth.ask(&token).await.unwrap_err();
    assert!(matches!(away, AuthError::Unavailable(_)), "{away:?}");
    super::assert_hidden(&token, &super::all_of(&away));
    // What needs no key to be told apart is refused all the same.
    assert_refused(&auth, "a.b.c").await;
    issuer.set_away(false);
    assert!(auth.ask(&token).await.is_ok());
}
