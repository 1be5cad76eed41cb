//! `moclojer check`: every problem of the files, for a person, a program or a CI log.

use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::time::Instant;

use moclojer_core::files::Files;
use moclojer_core::problem::{Code, Problem, Severity, excerpt, pages, render};
use moclojer_core::spec::Settings;

use crate::cli::{CheckArgs, CheckFormat};
use crate::env::Variables;
use crate::limits::Limits;

/// 0 when every file can be served; 1 on an error (or a warning, when denied); 2 when a file is not there.
pub(crate) fn run(args: &CheckArgs) -> io::Result<ExitCode> {
    if let Some(code) = &args.explain {
        return explain(code);
    }
    let (limits, variables) = match (Limits::of(&args.limit), Variables::read(&args.env)) {
        (Ok(limits), Ok(variables)) => (limits, variables),
        (Err(message), _) | (_, Err(message)) => return crate::usage(&message),
    };
    let named: Vec<_> = args.files.iter().chain(&args.config).cloned().collect();
    if named.is_empty() {
        return crate::usage("check needs a file: moclojer check moclojer.yml");
    }
    let mut settings = Settings::from(limits.file);
    settings.env = variables.env;
    let loaded = Files::new(named, settings).load(Instant::now());
    let mut out = io::stdout().lock();
    match args.format {
        CheckFormat::Text => {
            out.write_all(render::terminal(&loaded.problems, io::stdout().is_terminal()).as_bytes())?;
        }
        CheckFormat::Json => print_lines(&mut out, &loaded.problems, render::json_line)?,
        CheckFormat::Github => print_lines(&mut out, &loaded.problems, render::github)?,
    }
    for missing in &loaded.missing {
        writeln!(io::stderr(), "moclojer: there is no file {}", missing.display())?;
    }
    for warning in &variables.warnings {
        writeln!(io::stderr(), "moclojer: warning: {warning}")?;
    }
    let count = |severity| loaded.problems.iter().filter(|problem| problem.severity == severity).count();
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning) + variables.warnings.len());
    let summary = summary(
        loaded.found.len(),
        loaded.specs.iter().map(|spec| spec.endpoints.len()).sum(),
        errors,
        warnings,
    );
    match args.format {
        _ if loaded.found.is_empty() && !loaded.missing.is_empty() => {}
        CheckFormat::Text => {
            writeln!(out, "{summary}")?;
            if let Some(more) = says_more(&loaded.problems) {
                writeln!(out, "{more}")?;
            }
        }
        CheckFormat::Json | CheckFormat::Github => writeln!(io::stderr(), "{summary}")?,
    }
    out.flush()?;
    let failed = errors > 0 || (args.deny_warnings && warnings > 0);
    Ok(match (loaded.missing.is_empty(), failed) {
        (false, _) => ExitCode::from(2),
        (true, true) => ExitCode::from(1),
        (true, false) => ExitCode::SUCCESS,
    })
}

/// Prints the page of a code.
fn explain(code: &str) -> io::Result<ExitCode> {
    let page = match pages::named(code) {
        Ok(page) => page,
        Err(meant) => {
            let near =
                meant.map(|code| format!("; did you mean {code} ({})?", code.title())).unwrap_or_default();
            let code = excerpt(code, 40);
            return crate::usage(&format!("there is no problem with the code `{code}`{near}"));
        }
    };
    let mut out = io::stdout().lock();
    out.write_all(page.terminal(io::stdout().is_terminal()).as_bytes())?;
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

/// Which pages tell more of the problems.
fn says_more(problems: &[Problem]) -> Option<String> {
    const NAMED: usize = 4;
    let mut codes: Vec<Code> = Vec::new();
    for problem in problems {
        if !codes.contains(&problem.code) {
            codes.push(problem.code);
        }
    }
    let (first, others) = codes.split_first()?;
    let mut names: Vec<String> = others.iter().take(NAMED).map(ToString::to_string).collect();
    if others.len() > NAMED {
        names.push("…".to_owned());
    }
    let others = if names.is_empty() { String::new() } else { format!(" (or {})", names.join(", ")) };
    Some(format!("moclojer check --explain {first} says more{others}"))
}

fn print_lines(
    out: &mut impl io::Write,
    problems: &[Problem],
    render: fn(&Problem) -> String,
) -> io::Result<()> {
    problems.iter().try_for_each(|problem| writeln!(out, "{}", render(problem)))
}

fn summary(files: usize, endpoints: usize, errors: usize, warnings: usize) -> String {
    let plural = |count: usize, word: &str| match count {
        1 => format!("1 {word}"),
        _ => format!("{count} {word}s"),
    };
    let read = format!("{}, {}", plural(files, "file"), plural(endpoints, "endpoint"));
    match (errors, warnings) {
        (0, 0) => format!("{read}: no problems"),
        _ => format!("{read}: {}, {}", plural(errors, "error"), plural(warnings, "warning")),
    }
}
