//! Contents of mocks: read by core with the bounds of the hosted form, away from the threads that answer requests.

use std::sync::Arc;

use moclojer_core::problem::render::json_line;
use moclojer_core::spec::host::HostPattern;
use moclojer_core::spec::{Format, Settings};
use moclojer_core::unify::{ProcessedText, process};
use serde_json::Value;

use super::error::{Answer, ApiError, Cause};
use super::state::Inner;
use crate::store::Content;

/// What problems call the file.
const NAME: &str = "mock.yml";

/// The content of a mock that was made without one.
pub(crate) const SAMPLE: &str = r#"# A mock: each item is a route and its answer. Change it, and it is served within moments.
- endpoint:
    method: GET
    path: /hello/:name
    response:
      status: 200
      headers:
        Content-Type: application/json
      # Values in braces come from the request: this one from the path.
      body: >
        {"hello": "{{path-params.name}}"}
"#;

/// A content that was read.
#[derive(Debug)]
pub(crate) struct Checked {
    /// The content with its problems.
    pub(crate) content: Content,
    /// What is served of it for the host that it was read for; none: it has errors.
    pub(crate) processed: Option<ProcessedText>,
}

impl Inner {
    /// Reads a content for a host. At most some are read at once; others wait.
    pub(crate) async fn check_content(&self, text: String, host: &HostPattern) -> Answer<Checked> {
        if text.len() > self.settings.content_bytes {
            let most = self.settings.content_bytes;
            let message = format!("a content has at most {most} bytes, this one {}", text.len());
            return Err(ApiError::with_message(Cause::ContentTooLarge, message));
        }
        let permit = Arc::clone(&self.checks).acquire_owned().await;
        let permit = permit.map_err(|closed| ApiError::new(Cause::Busy).caused_by(closed))?;
        let settings = self.core_settings();
        let host = host.clone();
        let reading = tokio::task::spawn_blocking(move || {
            // Held by the work, not by the request, which may be given up meanwhile.
            let _permit = permit;
            read(text, &host, &settings)
        });
        reading.await.map_err(|error| ApiError::new(Cause::Internal).caused_by(error))
    }

    fn core_settings(&self) -> Settings {
        let mut settings = Settings::default();
        settings.limits.file_bytes = self.settings.content_bytes;
        settings.limits.endpoints = self.settings.endpoints;
        settings
    }
}

fn read(text: String, host: &HostPattern, settings: &Settings) -> Checked {
    let processed = process(NAME, text.as_bytes(), Format::Yaml, host, settings);
    let problems =
        processed.problems.iter().filter_map(|problem| serde_json::from_str(&json_line(problem)).ok());
    let problems = Value::Array(problems.collect());
    Checked { content: Content { text, problems }, processed: processed.text }
}
