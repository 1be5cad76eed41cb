//! Asking again: when, after which pause, and how often.

use std::time::Duration;

use reqwest::header::RETRY_AFTER;
use reqwest::{Request, RequestBuilder, Response};

use crate::ShopError;

/// How many bytes of a refusal are told.
const TOLD_BYTES: usize = 500;

/// How often a request is sent at most, and how long the pauses between are.
///
/// It is sent again when no answer comes and when the answer is 429, 502, 503 or 504; a POST only with an
/// `Idempotency-Key`. Each pause is twice as long as the one before. `Retry-After` in seconds takes its place.
#[derive(Clone, Copy, Debug)]
pub struct Retry {
    /// How often a request is sent at most, the first time included.
    pub attempts: u32,
    /// The pause after the first attempt.
    pub first_pause: Duration,
    /// No pause is longer, whatever the shop says.
    pub longest_pause: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self { attempts: 4, first_pause: Duration::from_millis(200), longest_pause: Duration::from_secs(20) }
    }
}

impl Retry {
    /// Sends a request until another attempt would not help, or all are used up.
    pub(crate) async fn send(
        &self,
        action: &'static str,
        request: RequestBuilder,
    ) -> Result<Response, ShopError> {
        let (http, request) = request.build_split();
        let mut request = request.map_err(|source| ShopError::Unsendable { action, source })?;
        let most = if is_repeatable(&request) { self.attempts } else { 1 };
        let mut attempts = 1;
        loop {
            let again = request.try_clone().filter(|_| attempts < most);
            let outcome = http.execute(request).await;
            match (again, self.pause_after(&outcome, attempts)) {
                (Some(again), Some(pause)) => {
                    tokio::time::sleep(pause).await;
                    request = again;
                }
                _ => match outcome {
                    Ok(response) if response.status().is_success() => return Ok(response),
                    Ok(response) => return Err(refused(action, attempts, response).await),
                    Err(source) => return Err(ShopError::Unreachable { action, attempts, source }),
                },
            }
            attempts += 1;
        }
    }

    /// How long to wait before another attempt; none where it would not help.
    fn pause_after(&self, outcome: &reqwest::Result<Response>, attempts: u32) -> Option<Duration> {
        let growing = self.first_pause.saturating_mul(1 << (attempts - 1).min(30));
        let wanted = match outcome {
            Ok(response) if matches!(response.status().as_u16(), 429 | 502 | 503 | 504) => {
                retry_after(response).unwrap_or(growing)
            }
            // No connection, a broken one, or no answer in time.
            Err(error) if error.is_request() => growing,
            Ok(_) | Err(_) => return None,
        };
        Some(wanted.min(self.longest_pause))
    }
}

/// Whether sending it twice does the same as sending it once.
fn is_repeatable(request: &Request) -> bool {
    request.method().is_idempotent() || request.headers().contains_key("idempotency-key")
}

/// What the shop asks to wait. The header may hold a date too, which is not looked at.
fn retry_after(response: &Response) -> Option<Duration> {
    let seconds = response.headers().get(RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds))
}

async fn refused(action: &'static str, attempts: u32, mut response: Response) -> ShopError {
    // A body that cannot be read does not hide the status.
    let body = response.chunk().await.ok().flatten().unwrap_or_default();
    let told = String::from_utf8_lossy(body.get(..TOLD_BYTES).unwrap_or(&body));
    let message = if told.is_empty() { "no body".to_owned() } else { told.into_owned() };
    ShopError::Refused { action, status: response.status(), attempts, message }
}
