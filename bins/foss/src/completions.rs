//! `moclojer completions`: a script that completes the command line in a shell, made from the command line itself.

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::CommandFactory as _;
use clap_complete::shells;

use crate::cli::{Cli, CompletionsArgs, Shell};

/// Prints the script.
pub(crate) fn run(args: &CompletionsArgs) -> io::Result<ExitCode> {
    let mut script = Vec::new();
    let mut command = Cli::command();
    let (name, script_of) = ("moclojer", &mut script);
    match args.shell {
        Shell::Bash => clap_complete::generate(shells::Bash, &mut command, name, script_of),
        Shell::Zsh => clap_complete::generate(shells::Zsh, &mut command, name, script_of),
        Shell::Fish => clap_complete::generate(shells::Fish, &mut command, name, script_of),
    }
    let mut out = io::stdout().lock();
    out.write_all(&script)?;
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}
