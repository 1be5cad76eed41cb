//! What a person reads first: the address and the routes, or how to make a file.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use moclojer_core::files::Loaded;
use moclojer_core::respond::Changes;
use moclojer_core::spec::Endpoint;

use crate::cli::Chosen;

/// Most rows of the route table.
const ROWS: usize = 40;

const SAMPLE: &str = "\
- endpoint:
    path: /hello/:name
    response:
      body: '{\"hello\": \"{{path-params.name}}!\"}'
";

/// The address, how far it reaches, and the routes with URLs that a terminal makes clickable.
pub(crate) fn banner(address: &SocketAddr, loaded: &Loaded, color: bool) -> String {
    let (bold, faint, plain) = if color { ("\x1b[1m", "\x1b[2m", "\x1b[0m") } else { ("", "", "") };
    let mut text = String::new();
    let url = format!("http://{address}");
    // Writing to a String cannot fail, here and below.
    let _ = writeln!(text, "moclojer {} serves {}", env!("CARGO_PKG_VERSION"), names(&loaded.found));
    let reach = match (address.ip().is_loopback(), address.ip().is_unspecified()) {
        (true, _) => "this machine only; --host 0.0.0.0 opens it to others",
        (_, true) => "every machine that reaches this one",
        _ => "every machine that reaches this address",
    };
    let _ = writeln!(text, "{bold}{url}{plain}  {faint}({reach}){plain}\n");
    let endpoints: Vec<&Endpoint> =
        loaded.specs.iter().flat_map(|spec| &spec.endpoints).map(|endpoint| &**endpoint).collect();
    let clickable =
        if address.ip().is_unspecified() { format!("http://localhost:{}", address.port()) } else { url };
    let shown = &endpoints[..endpoints.len().min(ROWS)];
    let urls: Vec<String> =
        shown.iter().map(|endpoint| format!("{clickable}{}", endpoint.label.path)).collect();
    let widest = urls.iter().map(|url| url.chars().count()).max().unwrap_or(0).min(80);
    for (endpoint, url) in shown.iter().zip(&urls) {
        let label = &endpoint.label;
        let _ = write!(
            text,
            "  {:<7} {url:<widest$}  {faint}{}:{}",
            label.method, label.place.file, label.place.line
        );
        if let Some(host) = &endpoint.host {
            let _ = write!(text, "  host {host}");
        }
        if let Some(name) = &label.name {
            let _ = write!(text, "  {name}");
        }
        let _ = writeln!(text, "{plain}");
    }
    match endpoints.len() {
        0 => text.push_str("  no endpoints yet: edit the file, it is read again as you write\n"),
        count if count > ROWS => {
            let _ = writeln!(text, "  … {count} endpoints in all");
        }
        _ => {}
    }
    text.push('\n');
    text
}

/// `a.yml, b.yml and 3 more`.
pub(crate) fn names(files: &[PathBuf]) -> String {
    const NAMED: usize = 3;
    let mut text: Vec<String> = files.iter().take(NAMED).map(|file| file.display().to_string()).collect();
    match files.len() {
        0 => return "no file yet".to_owned(),
        count if count > NAMED => text.push(format!("{} more", count - NAMED)),
        _ => {}
    }
    let last = text.pop().unwrap_or_default();
    if text.is_empty() { last } else { format!("{} and {last}", text.join(", ")) }
}

/// `+ GET /new, - GET /old, ~ POST /changed`, cut after some.
pub(crate) fn changed_endpoints(changes: &Changes) -> String {
    const NAMED: usize = 5;
    let groups = [("+", &changes.added), ("-", &changes.removed), ("~", &changes.changed)];
    let all: Vec<String> = groups
        .iter()
        .flat_map(|(sign, labels)| {
            labels.iter().map(move |label| format!("{sign} {} {}", label.method, label.path))
        })
        .collect();
    let mut text = all[..all.len().min(NAMED)].join(", ");
    if all.len() > NAMED {
        let _ = write!(text, " and {} more", all.len() - NAMED);
    }
    text
}

/// The files that a command looks at: those that are named, else those that `serve` would take.
///
/// # Errors
/// There are none, and how to make one.
pub(crate) fn files(config: &[PathBuf], files: &[PathBuf]) -> Result<Vec<PathBuf>, String> {
    match Chosen::among(config, files, &|name| std::env::var(name).ok()) {
        Chosen::Named(files) => Ok(files),
        Chosen::Environment(file) | Chosen::Default(file) => Ok(vec![file]),
        Chosen::Nothing(places) => Err(how_to_begin(&places)),
    }
}

/// No file was named and no default is there.
pub(crate) fn how_to_begin(places: &[PathBuf]) -> String {
    let places: Vec<String> = places.iter().map(|place| place.display().to_string()).collect();
    format!(
        "there is no mock file: none was named, and there is none at {}.\n`moclojer init` writes one to begin with. Or write this to moclojer.yml and start again:\n\n{SAMPLE}",
        places.join(", ")
    )
}

/// A file that was named is not there.
pub(crate) fn how_to_make(missing: &Path) -> String {
    format!("there is no file {}.\nWrite this to it and start again:\n\n{SAMPLE}", missing.display())
}
