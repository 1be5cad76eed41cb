//! What a person reads first: what runs where, and the next line to type. A program reads a log line instead.

use std::fmt::Write as _;
use std::io::{self, IsTerminal as _};

use moclojer_cloud::standalone::Standalone;
use moclojer_cloud::startup::{self, StartError};

/// Says that it runs. The token is shown once, on a terminal, when it was made.
pub(crate) fn say(standalone: &Standalone) -> Result<(), StartError> {
    let broken = |error| StartError::because("the listener is gone", error);
    let address = standalone.address().map_err(broken)?;
    let admin = standalone.admin_address().map_err(broken)?;
    let folder = standalone.folder();
    tracing::info!(
        %address, %admin, url = format!("http://localhost:{}", address.port()), data = %folder.path().display(),
        "listening"
    );
    let token = folder.token();
    if io::stdout().is_terminal() {
        let url = format!("http://localhost:{}", address.port());
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "\nmoclojer {version} runs, for this machine alone\n\
             \n  api      {url}   (docs: {url}/docs)\
             \n  mocks    http://NAME-dev.localhost:{port}\
             \n  health   http://{admin}/healthcheck/live\
             \n  kept in  {folder}\n\n",
            version = env!("CARGO_PKG_VERSION"),
            port = address.port(),
            folder = folder.path().display(),
        );
        if token.is_new() {
            let _ = writeln!(
                text,
                "Your token, shown this once, kept in {}:\n\n  {}\n",
                folder.token_file().display(),
                token.text()
            );
        }
        let header = if token.is_new() {
            format!("Bearer {}", token.text())
        } else {
            format!("Bearer $(cat {})", folder.token_file().display())
        };
        let _ = writeln!(
            text,
            "Make a mock:\n\n  curl {url}/mocks -H \"Authorization: {header}\" \\\n    \
             -H 'Content-Type: application/json' -d '{{\"wildcard\": \"hello\"}}'\n"
        );
        let _ = writeln!(text, "or from a file: moclojer push hello.yml --to {url}\n");
        startup::print(&text);
    }
    Ok(())
}
