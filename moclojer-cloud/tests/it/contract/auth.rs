//! What every authenticator does: one list of facts, for the development token, and for Supabase with each of its
//! algorithms over an issuer on loopback. What only Supabase does stands in `supabase`.

mod supabase;

use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::FutureExt as _;
use moclojer_cloud::adapters::development_token::DevelopmentToken;
use moclojer_cloud::adapters::supabase::SupabaseAuth;
use moclojer_cloud::auth::{AuthError, Authenticator, Identity, TOKEN_BYTES};
use moclojer_cloud::domain::Email;
use serde_json::json;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::issuer::{Issuer, SigningKey};

/// A secret for HS256.
const SECRET: &str = "a-secret-of-at-least-thirty-two-bytes";

/// An authenticator with what it takes and what it does not.
struct Subject {
    auth: Arc<dyn Authenticator>,
    /// The same once more, as after a restart.
    again: Arc<dyn Authenticator>,
    /// Tokens, and whom each names.
    valid: Vec<(String, Identity)>,
    /// A token that is valid at another installation.
    foreign: String,
    /// An authenticator and the longest token that it takes.
    longest: (Arc<dyn Authenticator>, String),
    /// One that would take a token, were it not too long.
    too_long: (Arc<dyn Authenticator>, String),
    /// They answer as long as this value lives.
    _issuers: Vec<Issuer>,
}

impl Subject {
    fn token(&self) -> &str {
        &self.valid[0].0
    }
}

async fn development_token() -> Subject {
    let made = |token: &str| Arc::new(DevelopmentToken::new(token).unwrap());
    let token = Uuid::new_v4().simple().to_string().repeat(2);
    let auth = made(&token);
    let long = |length| (made(&"x".repeat(length)) as Arc<dyn Authenticator>, "x".repeat(length));
    Subject {
        again: made(&token),
        valid: vec![(token, auth.identity().clone())],
        auth,
        foreign: Uuid::new_v4().simple().to_string().repeat(2),
        longest: long(TOKEN_BYTES),
        too_long: long(TOKEN_BYTES + 1),
        _issuers: Vec::new(),
    }
}

async fn supabase_es256() -> Subject {
    of_issuer(|| SigningKey::new("first"), None).await
}

async fn supabase_rs256() -> Subject {
    of_issuer(|| SigningKey::rsa("first"), None).await
}

async fn supabase_hs256() -> Subject {
    of_issuer(|| SigningKey::secret("first", SECRET), Some(SECRET)).await
}

async fn of_issuer(key: impl Fn() -> SigningKey, secret: Option<&str>) -> Subject {
    let issuer = Issuer::signing_with(key()).await;
    let other = Issuer::signing_with(key()).await;
    let mut settings = issuer.settings();
    settings.jwt_secret = secret.map(str::to_owned);
    let auth = || -> Arc<dyn Authenticator> { Arc::new(SupabaseAuth::new(&settings).unwrap()) };
    let valid = ["ana@example.com", "bob@example.com", "zoe@example.com"].map(|email| {
        let external_id = Uuid::new_v4();
        let identity = Identity { external_id, email: Some(Email::parse(email).unwrap()) };
        (issuer.token(external_id, email), identity)
    });
    Subject {
        auth: auth(),
        again: auth(),
        valid: valid.into(),
        foreign: other.token(Uuid::new_v4(), "ana@example.com"),
        longest: (auth(), padded(&issuer, TOKEN_BYTES - 1)),
        too_long: (auth(), padded(&issuer, TOKEN_BYTES + 1)),
        _issuers: vec![issuer, other],
    }
}

/// A valid token of at least so many bytes, and hardly more: base64 writes three bytes as four.
fn padded(issuer: &Issuer, length: usize) -> String {
    let mut claims = issuer.claims(Uuid::new_v4(), "ana@example.com");
    claims["pad"] = json!("");
    let bare = issuer.key.sign(&claims).len();
    let mut padding = (length - bare) * 3 / 4;
    loop {
        claims["pad"] = json!("x".repeat(padding));
        let token = issuer.token_of(&claims);
        if token.len() >= length {
            return token;
        }
        padding += 1;
    }
}

macro_rules! suite {
    ($($implementation:ident),*) => {
        $(mod $implementation {
            suite! { @facts $implementation;
                a_token_names_the_same_person_each_time,
                a_token_of_another_installation_names_nobody,
                what_is_no_token_names_nobody,
                a_part_of_a_token_names_nobody,
                a_token_with_something_around_it_names_nobody,
                a_token_that_differs_in_one_byte_names_nobody,
                what_is_too_long_is_refused_though_it_were_valid,
                nothing_of_a_token_is_shown,
                many_at_once_get_each_their_own,
                who_gives_up_waiting_disturbs_nobody,
            }
        })*
    };
    (@facts $implementation:ident; $($fact:ident,)*) => {
        $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $fact() {
            super::$fact(super::$implementation().await).await;
        })*
    };
}

suite!(development_token, supabase_es256, supabase_rs256, supabase_hs256);

/// A token is refused for good, both ways, with nothing of it in what is said.
async fn assert_refused(auth: &dyn Authenticator, token: &str) {
    for result in [auth.identify(token).await, auth.ask(token).await] {
        match result {
            Err(error @ AuthError::Invalid(_)) => assert_hidden(token, &all_of(&error)),
            other => panic!("{token}: {other:?}"),
        }
    }
}

/// All that an error says, for people and for programmers.
fn all_of(error: &AuthError) -> String {
    let mut said = format!("{error:?} {error}");
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        said.push_str(&format!(" {inner:?} {inner}"));
        cause = inner.source();
    }
    said
}

/// No piece of a token, eight bytes or longer, stands in a text.
fn assert_hidden(token: &str, text: &str) {
    const PIECE: usize = 8;
    let pieces: BTreeSet<&[u8]> = text.as_bytes().windows(PIECE).collect();
    let shown = token.as_bytes().windows(PIECE).find(|piece| pieces.contains(piece));
    assert!(shown.is_none(), "{text} shows a piece of {token}");
}

async fn a_token_names_the_same_person_each_time(subject: Subject) {
    for _ in 0..3 {
        for (token, identity) in &subject.valid {
            for auth in [&subject.auth, &subject.again] {
                assert_eq!(auth.identify(token).await.unwrap(), *identity);
                assert_eq!(auth.ask(token).await.unwrap(), *identity);
            }
        }
    }
}

async fn a_token_of_another_installation_names_nobody(subject: Subject) {
    assert_refused(&*subject.auth, &subject.foreign).await;
    assert!(subject.auth.identify(subject.token()).await.is_ok());
}

async fn what_is_no_token_names_nobody(subject: Subject) {
    let dots = ".".repeat(TOKEN_BYTES);
    let garbage = [
        "",
        " ",
        "\0",
        "\n",
        ".",
        "..",
        "...",
        "a",
        "a.b.c",
        "{}",
        "null",
        "e30.e30.e30",
        "eyJhbGciOiJub25lIn0..",
        "eyJhbGciOiJub25lIn0.e30.",
        "moc_0123456789abcdef0123456789abcdef",
        "Bearer",
        "\u{e9}\u{1f511}",
        "%00",
        &dots,
    ];
    for token in garbage {
        assert_refused(&*subject.auth, token).await;
    }
}

async fn a_part_of_a_token_names_nobody(subject: Subject) {
    let token = subject.token();
    for cut in 1..token.len() {
        assert_refused(&*subject.auth, &token[..cut]).await;
        assert_refused(&*subject.auth, &token[cut..]).await;
    }
}

async fn a_token_with_something_around_it_names_nobody(subject: Subject) {
    let token = subject.token();
    for around in [" ", "\t", "\n", "\0", "\"", ".", "=", "==", ",", "\u{feff}", "x"] {
        assert_refused(&*subject.auth, &format!("{token}{around}")).await;
        assert_refused(&*subject.auth, &format!("{around}{token}")).await;
    }
    for scheme in ["Bearer", "bearer", "Basic", "Token"] {
        assert_refused(&*subject.auth, &format!("{scheme} {token}")).await;
    }
    for joined in [format!("{token}{token}"), format!("{token}.{token}"), format!("{token},{token}")] {
        assert_refused(&*subject.auth, &joined).await;
    }
    assert_refused(&*subject.auth, &token.to_ascii_uppercase()).await;
}

async fn a_token_that_differs_in_one_byte_names_nobody(subject: Subject) {
    let token = subject.token().as_bytes();
    for place in 0..token.len() {
        // Its neighbour, another letter's case, and what neither base64 nor hex has.
        for other in [token[place] ^ 1, token[place] ^ 0x20, b'~'] {
            let mut changed = token.to_vec();
            changed[place] = other;
            assert_refused(&*subject.auth, &String::from_utf8(changed).unwrap()).await;
        }
    }
    assert!(subject.auth.identify(subject.token()).await.is_ok());
}

async fn what_is_too_long_is_refused_though_it_were_valid(subject: Subject) {
    let (auth, token) = &subject.longest;
    assert!((TOKEN_BYTES - 2..=TOKEN_BYTES).contains(&token.len()), "{}", token.len());
    assert!(auth.identify(token).await.is_ok() && auth.ask(token).await.is_ok());
    let (auth, token) = &subject.too_long;
    assert!((TOKEN_BYTES + 1..=TOKEN_BYTES + 3).contains(&token.len()), "{}", token.len());
    for result in [auth.identify(token).await, auth.ask(token).await] {
        assert_eq!(result.unwrap_err().to_string(), "the token is not valid: it is too long");
    }
    assert_refused(&*subject.auth, &"x".repeat(1 << 20)).await;
}

async fn nothing_of_a_token_is_shown(subject: Subject) {
    let token = subject.token();
    assert!(subject.auth.ask(token).await.is_ok());
    for text in [format!("{:?}", subject.auth), format!("{:#?}", subject.auth)] {
        for (token, _) in &subject.valid {
            assert_hidden(token, &text);
        }
        assert_hidden(SECRET, &text);
    }
    // Where a parser might repeat what it cannot read.
    for canary in
        ["canary-0123456789", "canary.0123456789.canary", "eyJhbGciOiJjYW5hcnkwMTIzNDU2Nzg5In0.e30.e30"]
    {
        assert_refused(&*subject.auth, canary).await;
        let told = all_of(&subject.auth.identify(canary).await.unwrap_err());
        assert!(!told.contains("canary"), "{told}");
    }
}

async fn many_at_once_get_each_their_own(subject: Subject) {
    let subject = Arc::new(subject);
    let mut tasks = JoinSet::new();
    for number in 0..24 {
        let subject = Arc::clone(&subject);
        tasks.spawn(async move {
            for round in 0..20 {
                let (token, identity) = &subject.valid[(number + round) % subject.valid.len()];
                assert_eq!(subject.auth.identify(token).await.unwrap(), *identity);
                if number % 3 == 0 {
                    assert_eq!(subject.auth.ask(token).await.unwrap(), *identity);
                }
                assert_refused(&*subject.auth, &subject.foreign).await;
            }
        });
    }
    while let Some(ended) = tasks.join_next().await {
        ended.unwrap();
    }
}

async fn who_gives_up_waiting_disturbs_nobody(subject: Subject) {
    for _ in 0..50 {
        for (token, _) in &subject.valid {
            // Asked, and not waited for.
            drop(subject.auth.identify(token).now_or_never());
            drop(subject.auth.ask(token).now_or_never());
        }
        drop(subject.auth.identify(&subject.foreign).now_or_never());
    }
    for (token, identity) in &subject.valid {
        assert_eq!(subject.auth.identify(token).await.unwrap(), *identity);
        assert_eq!(subject.auth.ask(token).await.unwrap(), *identity);
    }
}

#[tokio::test]
async fn an_installation_without_a_development_token_takes_none() {
    let auth = DevelopmentToken::new("").unwrap();
    assert_refused(&auth, "").await;
    assert_refused(&auth, "x").await;
}
