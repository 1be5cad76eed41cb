//! The API as `push` needs it: make, read and change a mock. Every failure says what to do.

use std::time::Duration;

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::{Method, RequestBuilder, StatusCode, Url, redirect};
use serde::Deserialize;
use serde_json::{Value, json};

/// How long a connection, and an answer, may take.
const CONNECT: Duration = Duration::from_secs(5);
const ANSWER: Duration = Duration::from_secs(40);
/// The longest answer that is read.
const ANSWER_BYTES: usize = 16 << 20;

/// A mock, as far as it matters here.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Mock {
    pub(super) id: String,
    pub(super) url: String,
    pub(super) revision: u64,
    pub(super) serving_revision: Option<u64>,
    pub(super) status: String,
    #[serde(default)]
    pub(super) problems: Vec<Problem>,
}

impl Mock {
    pub(super) fn has_errors(&self) -> bool {
        self.problems.iter().any(|problem| problem.severity == "error")
    }
}

/// A problem that the other side found.
#[derive(Debug, Deserialize)]
pub(super) struct Problem {
    severity: String,
    #[serde(default)]
    code: String,
    message: String,
    #[serde(default)]
    line: u64,
    #[serde(default)]
    column: u64,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { severity, code, message, line, column } = self;
        write!(f, "{line}:{column}: {severity}[{code}]: {message}")
    }
}

/// What became of a change.
#[derive(Debug)]
pub(super) enum Saved {
    Mock(Box<Mock>),
    /// There is one of this name with other content.
    Exists(String),
    /// Somebody was faster.
    Stale,
}

/// Why a push ended.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error(
        "{to} cannot be reached ({why}): is it running? `moclojer-standalone` runs one here; --to names another"
    )]
    Unreachable { to: String, why: String },
    #[error("{0} does not answer as the moclojer API does: look at --to")]
    NotTheApi(String),
    #[error(
        "the token is not accepted there (401): --token-file names the file of another, or it has expired"
    )]
    Token,
    #[error("{message} (403): {help}")]
    Forbidden { message: String, help: &'static str },
    #[error("this name is somebody else's there (409): choose another with --name")]
    Taken,
    #[error(
        "this name was given back less than 30 days ago and is held for its last owner (409): choose another with --name"
    )]
    Held,
    #[error(
        "somebody else changes this mock at the same time (412), twice in a row: look at it, and push again"
    )]
    Raced,
    #[error("the mock is gone (404): somebody deleted it meanwhile; push again to make it anew")]
    Gone,
    /// With what is told of single fields, or else of the whole.
    #[error("the request is refused ({status}){reason}")]
    Refused { status: u16, reason: String },
    #[error("{to} cannot do it now ({status}): {message}; push again in a moment")]
    Busy { to: String, status: u16, message: String },
    #[error("it is saved, but not served after {} s (it is `{status}`): the generator or the mock server there is behind; its /healthcheck/live says more", limit.as_secs())]
    NotServed { limit: Duration, status: String },
}

/// Asks one API, as one customer.
pub(super) struct Client {
    to: String,
    http: reqwest::Client,
}

/// Whether an URL is of this very machine.
pub(super) fn is_of_this_machine(url: &str) -> bool {
    let url = url.parse::<Url>().ok();
    url.as_ref()
        .and_then(Url::host_str)
        .is_some_and(|host| matches!(host, "localhost" | "127.0.0.1" | "[::1]"))
}

impl Client {
    pub(super) fn new(to: &str, token: &str) -> Result<Self, Failure> {
        let mut bearer = HeaderValue::try_from(format!("Bearer {token}")).map_err(|_| Failure::Token)?;
        bearer.set_sensitive(true);
        let mut builder = reqwest::Client::builder()
            .connect_timeout(CONNECT)
            .timeout(ANSWER)
            // The token is for one server.
            .redirect(redirect::Policy::none())
            .default_headers(HeaderMap::from_iter([(AUTHORIZATION, bearer)]));
        if is_of_this_machine(to) {
            builder = builder.no_proxy();
        }
        let http = builder.build().map_err(|error| unreachable(to, &error))?;
        Ok(Self { to: to.to_owned(), http })
    }

    pub(super) async fn create(&self, wildcard: &str, content: &str) -> Result<Saved, Failure> {
        let request = self.request(Method::POST, "/mocks");
        self.save(request.json(&json!({ "wildcard": wildcard, "content": content }))).await
    }

    pub(super) async fn change(&self, before: &Mock, content: &str) -> Result<Saved, Failure> {
        let request = self.request(Method::PUT, &format!("/mocks/{}", before.id));
        self.save(request.json(&json!({ "content": content, "if-revision": before.revision }))).await
    }

    pub(super) async fn mock(&self, id: &str) -> Result<Mock, Failure> {
        let (status, body) = self.ask(self.request(Method::GET, &format!("/mocks/{id}"))).await?;
        match status {
            StatusCode::OK => self.read(body),
            _ => Err(self.failure(status, &body)),
        }
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.to))
    }

    async fn save(&self, request: RequestBuilder) -> Result<Saved, Failure> {
        let (status, body) = self.ask(request).await?;
        let error = &body["error"];
        match (status, error["cause"].as_str()) {
            (StatusCode::OK | StatusCode::CREATED, _) => Ok(Saved::Mock(Box::new(self.read(body)?))),
            (StatusCode::CONFLICT, Some("mock-exists")) => match error["value"]["id"].as_str() {
                Some(id) => Ok(Saved::Exists(id.to_owned())),
                None => Err(Failure::NotTheApi(self.to.clone())),
            },
            (StatusCode::PRECONDITION_FAILED, _) => Ok(Saved::Stale),
            _ => Err(self.failure(status, &body)),
        }
    }

    /// The status, and the body as JSON; null where it is none.
    async fn ask(&self, request: RequestBuilder) -> Result<(StatusCode, Value), Failure> {
        let mut answer = request.send().await.map_err(|error| unreachable(&self.to, &error))?;
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| unreachable(&self.to, &error))? {
            if body.len() + chunk.len() > ANSWER_BYTES {
                return Err(Failure::NotTheApi(self.to.clone()));
            }
            body.extend_from_slice(&chunk);
        }
        Ok((answer.status(), serde_json::from_slice(&body).unwrap_or_default()))
    }

    fn read(&self, body: Value) -> Result<Mock, Failure> {
        serde_json::from_value(body).map_err(|_| Failure::NotTheApi(self.to.clone()))
    }

    fn failure(&self, status: StatusCode, body: &Value) -> Failure {
        let error = &body["error"];
        let Some(cause) = error["cause"].as_str() else {
            return Failure::NotTheApi(self.to.clone());
        };
        let message = error["message"].as_str().unwrap_or(cause).to_owned();
        match (status, cause) {
            (StatusCode::UNAUTHORIZED, _) => Failure::Token,
            (StatusCode::FORBIDDEN, "not-signed-in") => {
                Failure::Forbidden { message, help: "sign in once with POST /login/auth, then push again" }
            }
            (StatusCode::FORBIDDEN, _) => {
                Failure::Forbidden { message, help: "ask whoever runs this installation" }
            }
            (StatusCode::NOT_FOUND, "not-found") => Failure::Gone,
            (StatusCode::CONFLICT, "host-held") => Failure::Held,
            (StatusCode::CONFLICT, "host-taken") => Failure::Taken,
            _ if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => {
                Failure::Busy { to: self.to.clone(), status: status.as_u16(), message }
            }
            _ => {
                let fields = fields(&error["value"]);
                let reason = if fields.is_empty() { format!(": {message}") } else { fields };
                Failure::Refused { status: status.as_u16(), reason }
            }
        }
    }
}

/// What is wrong with single fields, a line each; the wildcard is `--name` here.
fn fields(value: &Value) -> String {
    let problems = value.as_array().into_iter().flatten();
    let line = |problem: &Value| {
        let field = match problem["field"].as_str()? {
            "wildcard" => "--name",
            field => field,
        };
        Some(format!("\n  {field}: {}", problem["message"].as_str()?))
    };
    problems.filter_map(line).collect()
}

/// Without the URL that the error repeats.
fn unreachable(to: &str, error: &reqwest::Error) -> Failure {
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    let why = if error.is_timeout() { "no answer in time".to_owned() } else { cause.to_string() };
    Failure::Unreachable { to: to.to_owned(), why }
}
