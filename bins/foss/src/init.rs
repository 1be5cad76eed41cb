//! `moclojer init`: a commented mock file to begin with. It asks nothing and overwrites nothing.

use std::fs::OpenOptions;
use std::io::{self, ErrorKind, Write as _};
use std::process::ExitCode;

use crate::cli::InitArgs;

const SAMPLE: &str = include_str!("init/sample.yml");

/// Writes the sample; 1 when it cannot, above all when the file is there.
pub(crate) fn run(args: &InitArgs) -> io::Result<ExitCode> {
    if args.from.is_some() {
        return crate::usage("init --from is not served yet: without it, init writes a sample");
    }
    let name = args.file.display();
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&args.file)
        .and_then(|mut file| file.write_all(SAMPLE.as_bytes()));
    if let Err(error) = written {
        let next = match error.kind() {
            ErrorKind::AlreadyExists => {
                format!(
                    "{name} is there already, and init overwrites nothing; name another file: moclojer init my.yml"
                )
            }
            ErrorKind::NotFound => format!("the folder of {name} is not there; make it first"),
            _ => format!("{name} cannot be written: {error}"),
        };
        writeln!(io::stderr(), "moclojer: {next}")?;
        return Ok(ExitCode::from(1));
    }
    writeln!(
        io::stdout(),
        "{name} is written. Serve it:      moclojer -c {name}\n\
         and in another terminal:  curl http://127.0.0.1:8000/hello/world\n\
         Say what is wrong in it:  moclojer check {name}"
    )?;
    Ok(ExitCode::SUCCESS)
}
