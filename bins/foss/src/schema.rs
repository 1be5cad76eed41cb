//! `moclojer schema`: the JSON Schema of mock files, for editors.

use std::io::{self, Write as _};
use std::process::ExitCode;

use moclojer_core::spec::schema;

/// Prints the schema.
pub(crate) fn run() -> io::Result<ExitCode> {
    let mut out = io::stdout().lock();
    out.write_all(schema::text().as_bytes())?;
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}
