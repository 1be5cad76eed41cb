//! One person's way to the api: a request, and what came of it.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::Value;
use test_bed::promises::View;

use super::ledger::Told;

/// How long a client waits for an answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// What came of a request.
#[derive(Debug)]
pub(crate) enum Answer {
    /// 200 or 201, with the mock.
    Mock(Told),
    /// 204.
    Done,
    /// 404.
    Gone,
    /// 412, with the newest.
    Stale(Told),
    /// No whole answer, or one that says that what came of it is not known (503).
    None,
    /// Anything else.
    Other(StatusCode, Value),
}

#[derive(Clone, Debug)]
pub(crate) struct Api {
    url: String,
    token: String,
    client: reqwest::Client,
}

impl Api {
    pub(crate) fn new(url: String, token: String) -> Self {
        Self { url, token, client: reqwest::Client::builder().timeout(PATIENCE).build().unwrap() }
    }

    /// The status and the body; none: there was no whole answer.
    pub(crate) async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Option<(StatusCode, Value)> {
        let mut request = self.client.request(method, format!("{}{path}", self.url)).bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await.ok()?;
        let status = response.status();
        let text = response.text().await.ok()?;
        Some((status, serde_json::from_str(&text).unwrap_or(Value::String(text))))
    }

    pub(crate) async fn mock(&self, method: Method, path: &str, body: Option<&Value>) -> Answer {
        let Some((status, body)) = self.ask(method, path, body).await else { return Answer::None };
        let told = match status {
            StatusCode::OK | StatusCode::CREATED => Told::read(&body).map(Answer::Mock),
            StatusCode::PRECONDITION_FAILED => Told::read(&body["error"]["value"]).map(Answer::Stale),
            StatusCode::NO_CONTENT => Some(Answer::Done),
            StatusCode::NOT_FOUND => Some(Answer::Gone),
            StatusCode::SERVICE_UNAVAILABLE => Some(Answer::None),
            _ => None,
        };
        told.unwrap_or(Answer::Other(status, body))
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mock = |told: &Told| {
            let View { revision, token, name, enabled } = &told.view;
            format!("revision {revision} [{token}] {name} enabled={enabled} {}", told.status)
        };
        match self {
            Self::Mock(told) => write!(f, "ok: {}", mock(told)),
            Self::Done => f.write_str("ok"),
            Self::Gone => f.write_str("404"),
            Self::Stale(told) => write!(f, "412: {}", mock(told)),
            Self::None => f.write_str("no answer"),
            Self::Other(status, body) => write!(f, "{status}: {body}"),
        }
    }
}
