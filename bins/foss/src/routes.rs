//! `moclojer routes`: every endpoint of the files, host by host, in the order in which it is looked at.

use std::cmp::Reverse;
use std::io::{self, Write as _};
use std::process::ExitCode;
use std::time::Instant;

use moclojer_core::files::{Files, Loaded};
use moclojer_core::problem::{Severity, render};
use moclojer_core::route::Precedence;
use moclojer_core::spec::host::HostPattern;
use moclojer_core::spec::{Endpoint, MethodMatch, Settings};

use crate::cli::{RoutesArgs, RoutesFormat};
use crate::env::Variables;
use crate::limits::Limits;
use crate::start;

/// Columns of the narrowest terminal that people use.
const WIDTH: usize = 80;

/// 0 when every file can be served; 1 on an error; 2 when a file is not there.
pub(crate) fn run(args: &RoutesArgs) -> io::Result<ExitCode> {
    let (limits, variables) = match (Limits::of(&args.limit), Variables::read(&args.env)) {
        (Ok(limits), Ok(variables)) => (limits, variables),
        (Err(message), _) | (_, Err(message)) => return crate::usage(&message),
    };
    let named = match start::files(&args.config, &args.files) {
        Ok(named) => named,
        Err(message) => return crate::usage(&message),
    };
    let mut settings = Settings::from(limits.file);
    settings.env = variables.env;
    let loaded = Files::new(named, settings).load(Instant::now());
    let errors: Vec<_> =
        loaded.problems.iter().filter(|problem| problem.severity == Severity::Error).cloned().collect();
    write!(io::stderr(), "{}", render::terminal(&errors, false))?;
    for missing in &loaded.missing {
        writeln!(io::stderr(), "moclojer: there is no file {}", missing.display())?;
    }
    let routes = Route::all(&loaded);
    let text = match args.format {
        RoutesFormat::Table => table(&routes),
        RoutesFormat::Json => routes.iter().map(Route::json_line).collect(),
    };
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(match (loaded.missing.is_empty(), errors.is_empty()) {
        (false, _) => ExitCode::from(2),
        (true, false) => ExitCode::from(1),
        (true, true) => ExitCode::SUCCESS,
    })
}

/// A line of the list.
struct Route<'l> {
    endpoint: &'l Endpoint,
    enabled: bool,
}

impl<'l> Route<'l> {
    fn all(loaded: &'l Loaded) -> Vec<Self> {
        let mut routes: Vec<Self> = loaded
            .specs
            .iter()
            .flat_map(|spec| {
                let served = spec.endpoints.iter().map(|endpoint| Self { endpoint, enabled: true });
                served.chain(spec.disabled.iter().map(|endpoint| Self { endpoint, enabled: false }))
            })
            .collect();
        // Stable: file order decides between equal ones.
        routes.sort_by_cached_key(|route| {
            let endpoint = route.endpoint;
            let guards = endpoint.query.len() + usize::from(endpoint.body.is_some());
            let any = endpoint.method == MethodMatch::Any;
            (Precedence::of(endpoint.host.as_ref(), &endpoint.path), any, Reverse(guards), !route.enabled)
        });
        routes
    }

    /// The path with the declared query parameters behind it, as a file may write them.
    fn path(&self) -> String {
        let mut text = self.endpoint.label.path.to_string();
        for (index, param) in self.endpoint.query.iter().enumerate() {
            text.push(if index == 0 { '?' } else { '&' });
            text.push_str(&format!("{}|{}", param.name, param.kind));
        }
        text
    }

    fn place(&self) -> String {
        format!("{}:{}", self.endpoint.label.place.file, self.endpoint.label.place.line)
    }

    /// What stands behind the path: status, place, name, and whether it is switched off.
    fn rest(&self) -> String {
        let status = self.endpoint.response.status.as_u16();
        let mut text = format!("{status}  {}", self.place());
        if let Some(name) = &self.endpoint.label.name {
            text.push_str("  ");
            text.push_str(name);
        }
        if !self.enabled {
            text.push_str("  (disabled)");
        }
        text
    }

    fn json_line(&self) -> String {
        let label = &self.endpoint.label;
        let query: Vec<_> = self
            .endpoint
            .query
            .iter()
            .map(|param| serde_json::json!({"name": param.name, "type": param.kind.to_string()}))
            .collect();
        let line = serde_json::json!({
            "method": label.method.as_str(),
            "host": self.endpoint.host.as_ref().map(HostPattern::as_str),
            "path": label.path,
            "query": query,
            "status": self.endpoint.response.status.as_u16(),
            "name": label.name,
            "enabled": self.enabled,
            "file": *label.place.file,
            "line": label.place.line,
            "column": label.place.column,
        });
        format!("{line}\n")
    }
}

/// A section for each host. A path that is too long for its column has a line of its own.
fn table(routes: &[Route<'_>]) -> String {
    const METHOD: usize = 7;
    let with_hosts = routes.iter().any(|route| route.endpoint.host.is_some());
    let widest = |text: &dyn Fn(&Route<'_>) -> String| {
        routes.iter().map(|route| text(route).chars().count()).max().unwrap_or(0)
    };
    let room = WIDTH.saturating_sub(2 + METHOD + 2 + 2 + widest(&|route| route.rest())).max(20);
    let column = widest(&|route| route.path()).min(room);
    let mut text = String::new();
    let mut host = None;
    for route in routes {
        let own = route.endpoint.host.as_ref().map(HostPattern::as_str);
        if with_hosts && host != Some(own) {
            let gap = if host.is_none() { "" } else { "\n" };
            text.push_str(&format!("{gap}{}\n", own.unwrap_or("every host")));
            host = Some(own);
        }
        let (method, path, rest) = (&route.endpoint.label.method, shown(&route.path()), shown(&route.rest()));
        if path.chars().count() > column {
            text.push_str(&format!(
                "  {method:<METHOD$}  {path}\n{:1$}{rest}\n",
                "",
                2 + METHOD + 2 + column + 2
            ));
        } else {
            text.push_str(&format!("  {method:<METHOD$}  {path:<column$}  {rest}\n"));
        }
    }
    if routes.is_empty() {
        text.push_str("no endpoints\n");
    }
    text
}

/// A text from a file without characters that would steer a terminal.
fn shown(text: &str) -> String {
    moclojer_core::problem::excerpt(text, usize::MAX)
}
