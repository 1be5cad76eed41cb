//! The public keys of a project: fetched in the background, kept while the issuer does not answer.
//!
//! One task fetches them: at the start, when they are old, and when a token names a key that is not known, but then
//! at most once in a while, so that nobody can have the issuer asked without end. A key that the issuer no longer
//! lists is gone with the next fetch.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout, timeout_at};

/// The largest key set that is read.
const SET_BYTES: usize = 64 << 10;
/// Most keys that are kept.
const MOST_KEYS: usize = 32;
/// The shortest modulus of an RSA key in base64 (2,048 bits).
const RSA_CHARACTERS: usize = 342;
/// How long a token waits for the keys.
const WAIT_LIMIT: Duration = Duration::from_secs(6);

/// Why keys could not be fetched.
#[derive(Clone, Debug, thiserror::Error)]
pub(super) enum FetchError {
    /// No answer.
    #[error("the issuer does not answer")]
    Request(#[source] Arc<reqwest::Error>),
    /// An answer with another status.
    #[error("the issuer answered {0}")]
    Status(u16),
    /// More bytes than are read.
    #[error("the issuer's answer has more than {0} bytes")]
    TooLarge(usize),
    /// No key set.
    #[error("the issuer's answer is no key set")]
    NoSet(#[source] Arc<serde_json::Error>),
    /// Nothing was fetched in time.
    #[error("the issuer's keys did not come in time")]
    Late,
}

/// What became of a look for a key.
pub(super) enum Found {
    /// This is it.
    Key(Arc<DecodingKey>),
    /// The issuer has no such key.
    Unknown,
    /// The issuer could not be asked.
    Unavailable(FetchError),
}

/// A key and the one algorithm that it is for.
struct Key {
    algorithm: Algorithm,
    key: Arc<DecodingKey>,
}

/// What is known of the keys.
#[derive(Default)]
struct Known {
    keys: HashMap<String, Key>,
    /// How many fetches there were.
    fetches: u64,
    /// When the last one ended.
    at: Option<Instant>,
    /// Why it failed.
    failed: Option<FetchError>,
}

/// The keys of a project.
pub(super) struct Keys {
    known: watch::Receiver<Arc<Known>>,
    wake: Arc<Notify>,
    pause: Duration,
    /// Ends with this value.
    _task: JoinSet<()>,
}

impl Keys {
    pub(super) fn start(client: reqwest::Client, url: reqwest::Url, pause: Duration, age: Duration) -> Self {
        let (sender, known) = watch::channel(Arc::new(Known::default()));
        let wake = Arc::new(Notify::new());
        let mut task = JoinSet::new();
        let fetcher = Fetcher { client, url, wake: Arc::clone(&wake), pause, age };
        task.spawn(fetcher.run(sender));
        Self { known, wake, pause, _task: task }
    }

    /// Looks for a key, and has them fetched when it is not known and the last fetch is not of just now.
    pub(super) async fn find(&self, kid: &str, algorithm: Algorithm) -> Found {
        let known = Arc::clone(&self.known.borrow());
        if let Some(found) = known.get(kid, algorithm) {
            return found;
        }
        if known.at.is_some_and(|at| at.elapsed() < self.pause) {
            return known.without();
        }
        self.wake.notify_one();
        let mut changes = self.known.clone();
        let fetched = changes.wait_for(|now| now.fetches > known.fetches);
        match timeout(WAIT_LIMIT, fetched).await {
            Ok(Ok(now)) => now.get(kid, algorithm).unwrap_or_else(|| now.without()),
            _ => Found::Unavailable(FetchError::Late),
        }
    }
}

impl Known {
    fn get(&self, kid: &str, algorithm: Algorithm) -> Option<Found> {
        let key = self.keys.get(kid)?;
        Some(if key.algorithm == algorithm { Found::Key(Arc::clone(&key.key)) } else { Found::Unknown })
    }

    /// What is said of a key that is not there.
    fn without(&self) -> Found {
        match &self.failed {
            Some(error) => Found::Unavailable(error.clone()),
            None => Found::Unknown,
        }
    }
}

struct Fetcher {
    client: reqwest::Client,
    url: reqwest::Url,
    wake: Arc<Notify>,
    pause: Duration,
    age: Duration,
}

impl Fetcher {
    async fn run(self, known: watch::Sender<Arc<Known>>) {
        loop {
            let fetched = self.fetch().await;
            let now = Instant::now();
            known.send_modify(|known| *known = Arc::new(known.after(fetched, now)));
            tokio::time::sleep_until(now + self.pause).await;
            // Woken or old: either way they are fetched.
            let _ = timeout_at(now + self.age.max(self.pause), self.wake.notified()).await;
        }
    }

    async fn fetch(&self) -> Result<HashMap<String, Key>, FetchError> {
        let request = self.client.get(self.url.clone());
        let response =
            request.send().await.map_err(|error| FetchError::Request(Arc::new(error.without_url())))?;
        if response.status().as_u16() != 200 {
            return Err(FetchError::Status(response.status().as_u16()));
        }
        let bytes = read_limited(response, SET_BYTES).await?;
        let set: LooseSet =
            serde_json::from_slice(&bytes).map_err(|error| FetchError::NoSet(Arc::new(error)))?;
        // A key of a kind that is not known does not make the others unknown.
        let keys = set.keys.into_iter().filter_map(|key| serde_json::from_value::<Jwk>(key).ok());
        let set = JwkSet { keys: keys.collect() };
        Ok(set.keys.iter().filter_map(usable).take(MOST_KEYS).collect())
    }
}

#[derive(serde::Deserialize)]
struct LooseSet {
    keys: Vec<serde_json::Value>,
}

impl Known {
    /// What is known after a fetch: the new keys, or the old ones with the reason.
    fn after(self: &Arc<Self>, fetched: Result<HashMap<String, Key>, FetchError>, now: Instant) -> Self {
        let (keys, failed) = match fetched {
            Ok(keys) => (keys, None),
            Err(error) => {
                if self.failed.is_none() {
                    let error: &dyn std::error::Error = &error;
                    tracing::warn!(
                        error,
                        "the keys of the issuer of tokens cannot be fetched; known ones are kept"
                    );
                }
                let kept = self.keys.iter().map(|(kid, key)| {
                    (kid.clone(), Key { algorithm: key.algorithm, key: Arc::clone(&key.key) })
                });
                (kept.collect(), Some(error))
            }
        };
        Self { keys, failed, fetches: self.fetches + 1, at: Some(now) }
    }
}

/// A key that tokens may be signed with, by its name.
fn usable(jwk: &Jwk) -> Option<(String, Key)> {
    let kid = jwk.common.key_id.clone()?;
    if !matches!(jwk.common.public_key_use, None | Some(PublicKeyUse::Signature)) {
        return None;
    }
    let (algorithm, named) = match &jwk.algorithm {
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => {
            (Algorithm::ES256, KeyAlgorithm::ES256)
        }
        AlgorithmParameters::RSA(key) if key.n.len() >= RSA_CHARACTERS => {
            (Algorithm::RS256, KeyAlgorithm::RS256)
        }
        _ => return None,
    };
    if jwk.common.key_algorithm.as_ref().is_some_and(|given| *given != named) {
        return None;
    }
    let key = DecodingKey::from_jwk(jwk).ok()?;
    Some((kid, Key { algorithm, key: Arc::new(key) }))
}

/// The body of an answer, if it is not too large.
pub(super) async fn read_limited(
    mut response: reqwest::Response,
    most: usize,
) -> Result<Vec<u8>, FetchError> {
    let mut body = Vec::new();
    loop {
        let chunk = response.chunk().await;
        match chunk.map_err(|error| FetchError::Request(Arc::new(error.without_url())))? {
            Some(chunk) if body.len() + chunk.len() > most => return Err(FetchError::TooLarge(most)),
            Some(chunk) => body.extend_from_slice(&chunk),
            None => return Ok(body),
        }
    }
}
