//! `moclojer explain`: what a request would get from mock files, and why. Nothing is sent.
//!
//! Owns how a request is written on a command line; what is said of it is the core's.

mod curl;

use std::io::{self, Read as _, Write as _};
use std::process::ExitCode;
use std::time::Instant;

use bytes::Bytes;
use clap::{Args, ValueEnum};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, header};
use moclojer_core::files::Files;
use moclojer_core::problem::render;
use moclojer_core::respond::{Request, Responder};
use moclojer_core::spec::{Settings, Spec};

use crate::env::Variables;
use crate::limits::Limits;
use crate::start;

/// What of a long pasted line is read from standard input.
const MOST_CURL_BYTES: u64 = 16 << 20;

#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// The method
    #[arg(value_name = "METHOD", required_unless_present = "curl", requires = "url")]
    method: Option<String>,
    /// A path with its query, or a whole URL, whose host then counts
    #[arg(value_name = "URL", required_unless_present = "curl")]
    url: Option<String>,
    /// A mock file or a folder of them; may be repeated [default: as for serve]
    #[arg(short, long = "config", value_name = "FILE")]
    config: Vec<std::path::PathBuf>,
    /// A header of the request, as in 'Host: api.example.com'; may be repeated
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE")]
    headers: Vec<String>,
    /// The body of the request; with JSON in it no content type is needed
    #[arg(short, long, value_name = "TEXT", allow_hyphen_values = true)]
    data: Option<String>,
    /// The request as a curl command in one argument, or - for standard input
    #[arg(long, value_name = "COMMAND", allow_hyphen_values = true, conflicts_with_all = ["method", "url", "headers", "data"])]
    curl: Option<String>,
    /// For a person, or one JSON object
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: ExplainFormat,
    /// A variable of the environment that templates may use as env.NAME; may be repeated
    #[arg(long, value_name = "NAME[=VALUE]")]
    env: Vec<String>,
    /// Change a limit, as in file-bytes=100MiB; may be repeated (a wrong name lists them)
    #[arg(long, value_name = "NAME=VALUE")]
    limit: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ExplainFormat {
    Text,
    Json,
}

/// A request that somebody wrote down.
#[derive(Debug, PartialEq, Eq)]
struct Written {
    method: Method,
    target: Uri,
    headers: HeaderMap,
    body: Bytes,
    /// What was passed over.
    notes: Vec<String>,
}

/// 0 when the request is answered, 1 when it is not or a file has an error, 2 when it cannot be understood.
pub(crate) fn run(args: &ExplainArgs) -> io::Result<ExitCode> {
    let request = match args.request()? {
        Ok(request) => request,
        Err(message) => return crate::usage(&message),
    };
    let (limits, variables) = match (Limits::of(&args.limit), Variables::read(&args.env)) {
        (Ok(limits), Ok(variables)) => (limits, variables),
        (Err(message), _) | (_, Err(message)) => return crate::usage(&message),
    };
    let named = match start::files(&args.config, &[]) {
        Ok(named) => named,
        Err(message) => return crate::usage(&message),
    };
    let mut settings = Settings::from(limits.file);
    settings.env = variables.env;
    let loaded = Files::new(named, settings).load(Instant::now());
    if let Some(missing) = loaded.missing.first() {
        return crate::usage(&format!("there is no file {}", missing.display()));
    }
    for note in request.notes.iter().chain(&variables.warnings) {
        writeln!(io::stderr(), "moclojer: note: {note}")?;
    }
    if loaded.has_errors() {
        io::stderr().write_all(render::terminal(&loaded.problems, false).as_bytes())?;
        writeln!(io::stderr(), "moclojer: mend the errors above: such a file is not served")?;
        return Ok(ExitCode::from(1));
    }
    let responder = Responder::default();
    responder.load(&loaded.specs.iter().map(|spec| &**spec).collect::<Vec<&Spec>>());
    let head =
        Request { method: &request.method, target: &request.target, headers: &request.headers, peer: None };
    let explanation = responder.explain(&head, &request.body);
    let mut out = io::stdout().lock();
    match args.format {
        ExplainFormat::Text => writeln!(out, "{explanation}")?,
        ExplainFormat::Json => writeln!(out, "{}", explanation.to_json())?,
    }
    out.flush()?;
    Ok(if explanation.is_answered() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

impl ExplainArgs {
    /// The request, or what to write instead.
    fn request(&self) -> io::Result<Result<Written, String>> {
        Ok(match &self.curl {
            Some(line) if line == "-" => {
                let mut text = String::new();
                io::stdin().lock().take(MOST_CURL_BYTES).read_to_string(&mut text)?;
                curl::read(&text)
            }
            Some(line) => curl::read(line),
            None => self.written(),
        })
    }

    fn written(&self) -> Result<Written, String> {
        let mut headers = HeaderMap::new();
        for text in &self.headers {
            let (name, value) = header_of(text)?;
            headers.append(name, value);
        }
        let method = method_of(self.method.as_deref().unwrap_or("GET"))?;
        let target = typed_target(self.url.as_deref().unwrap_or("/"))?;
        with_host(&mut headers, &target);
        let body = self.data.clone().unwrap_or_default().into();
        Ok(Written { method, target, headers, body, notes: Vec::new() })
    }
}

/// A served request has a `Host`: that of the target, else this machine.
fn with_host(headers: &mut HeaderMap, target: &Uri) {
    let host = target.authority().map_or("localhost", |authority| authority.as_str());
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    if let (false, Ok(host)) = (headers.contains_key(header::HOST), HeaderValue::from_str(host)) {
        headers.insert(header::HOST, host);
    }
}

fn method_of(text: &str) -> Result<Method, String> {
    let upper = text.to_ascii_uppercase();
    Method::from_bytes(upper.as_bytes()).map_err(|_| match text.starts_with('/') {
        true => format!("`{text}` is no method; write it before the path: moclojer explain GET {text}"),
        false => format!("`{text}` is no method; write GET, POST, …"),
    })
}

/// What is typed by hand: a path that lost its slash is not taken for a host.
fn typed_target(text: &str) -> Result<Uri, String> {
    let first = text.split(['/', '?', '#']).next().unwrap_or_default();
    match first.is_empty() || first.contains(['.', ':', '*']) || first == "localhost" {
        true => target_of(text),
        false => Err(format!("`{text}` begins with no slash and no host; write /{text}")),
    }
}

/// A path, or a URL without what no server is sent. Spaces and letters outside ASCII are escaped, as clients do.
fn target_of(text: &str) -> Result<Uri, String> {
    let sent = text.split('#').next().unwrap_or_default();
    let escaped: String = sent
        .chars()
        .map(|letter| match letter {
            ' ' | '"' | '<' | '>' | '\\' | '^' | '`' | '{' | '|' | '}' => {
                format!("%{:02X}", u32::from(letter))
            }
            letter if letter.is_ascii() => letter.to_string(),
            letter => letter.to_string().bytes().map(|byte| format!("%{byte:02X}")).collect(),
        })
        .collect();
    let whole = escaped.starts_with('/') || escaped.contains("://") || escaped == "*";
    let uri: Uri = match whole {
        true => escaped.parse(),
        // As curl takes it: a host without a scheme.
        false => format!("http://{escaped}").parse(),
    }
    .map_err(|error| {
        format!("`{text}` is no path and no URL ({error}); write /users/42 or http://host/path")
    })?;
    match uri.path() {
        "" => Err(format!("`{text}` has no path; write /users/42 or http://host/path")),
        _ => Ok(uri),
    }
}

fn header_of(text: &str) -> Result<(HeaderName, HeaderValue), String> {
    let wrong = || format!("-H `{text}` is no header; write 'Name: value'");
    let (name, value) = text.split_once(':').ok_or_else(wrong)?;
    let name = HeaderName::from_bytes(name.trim().as_bytes()).map_err(|_| wrong())?;
    let value = HeaderValue::from_bytes(value.trim_matches([' ', '\t']).as_bytes()).map_err(|_| wrong())?;
    Ok((name, value))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "the texts are literals of this module")]
    use super::*;

    #[test]
    fn a_target_is_a_path_or_a_url() {
        for (text, path, host) in [
            ("/users/42?x=1#top", "/users/42?x=1", None),
            ("http://a.example.com:80/x", "/x", Some("a.example.com:80")),
            ("https://a.example.com", "/", Some("a.example.com")),
            ("localhost:8000/x", "/x", Some("localhost:8000")),
            ("/olá b/{id}", "/ol%C3%A1%20b/%7Bid%7D", None),
        ] {
            let target = target_of(text).unwrap();
            assert_eq!(target.path_and_query().unwrap().as_str(), path, "{text}");
            assert_eq!(target.authority().map(|authority| authority.as_str()), host, "{text}");
        }
        assert!(typed_target("users/42").unwrap_err().ends_with("write /users/42"));
        for text in ["localhost/x", "a.example.com", "/users", "*", "http://h/x", ""] {
            assert_eq!(typed_target(text).is_ok(), !text.is_empty(), "{text}");
        }
        assert!(target_of("http://").unwrap_err().contains("write /users/42"));
    }

    #[test]
    fn a_method_in_the_wrong_place_says_where_it_goes() {
        assert!(method_of("/users").unwrap_err().ends_with("moclojer explain GET /users"));
        assert_eq!(method_of("post").unwrap(), Method::POST);
    }
}
