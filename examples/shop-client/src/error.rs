//! Why a call failed. Each message tells its own level; the cause is the error's source.

use reqwest::StatusCode;

/// Why a call failed. `action` is what was to be done, `attempts` how often it was tried.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the enum's own text tells of the fields")]
pub enum ShopError {
    /// No client can be made.
    #[error("the client of the shop cannot be set up")]
    Setup(#[source] reqwest::Error),
    /// The request is none, such as one whose key has a line break in it.
    #[error("{action} failed: the request cannot be sent")]
    Unsendable { action: &'static str, source: reqwest::Error },
    /// No answer came.
    #[error("{action} failed: no answer came, attempts: {attempts}")]
    Unreachable { action: &'static str, attempts: u32, source: reqwest::Error },
    /// The shop said no; `message` is how its answer's body begins.
    #[error("{action} failed: the shop answered {status}, attempts: {attempts}, {message}")]
    Refused { action: &'static str, status: StatusCode, attempts: u32, message: String },
    /// The answer is not what a shop sends.
    #[error("{action} failed: the shop's answer cannot be read")]
    Unreadable { action: &'static str, source: reqwest::Error },
}
