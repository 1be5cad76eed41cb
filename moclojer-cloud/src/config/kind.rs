//! The kinds of values: what can be written, and what is wrong with what was.
//!
//! A message goes on from "`value` is …", or stands alone; it never repeats the value itself.

use std::net::SocketAddr;
use std::num::NonZeroU32;

use http::Uri;

use super::secret::Secret;
use crate::adapters::object_store::StoreUrl;
use crate::domain::BaseDomain;

/// A kind of values.
#[derive(Debug)]
pub struct Kind<T: 'static> {
    /// What can be written, in words.
    pub name: &'static str,
    pub(super) secret: bool,
    /// Whether its messages are sentences of their own, which do not go on from "`value` is …".
    pub(super) alone: bool,
    pub(super) parse: fn(&str) -> Result<T, String>,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// For people.
    Text,
    /// For people on a terminal, else JSON.
    Auto,
}

/// A size of a request's body in bytes.
pub type BodySize = usize;

/// Where a web page comes from: scheme, host and perhaps a port, as browsers write it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(String);

impl Origin {
    /// As browsers write it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its host.
    pub fn host(&self) -> &str {
        let rest = self.0.split_once("://").map_or("", |(_, rest)| rest);
        match rest.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
            _ => rest,
        }
    }
}

pub(super) const ADDRESS: Kind<SocketAddr> = plain("address and port", |text| {
    let named = text.strip_prefix("localhost:").map(|port| format!("127.0.0.1:{port}"));
    named.as_deref().unwrap_or(text).parse().map_err(|_| {
        "no address with a port: write 127.0.0.1:8080 for this machine alone, 0.0.0.0:8080 for all".to_owned()
    })
});

pub(super) const FLAG: Kind<bool> = plain("`true` or `false`", |text| match text {
    "true" | "1" => Ok(true),
    "false" | "0" => Ok(false),
    _ => Err("neither `true` nor `false`".to_owned()),
});

pub(super) const POOL: Kind<NonZeroU32> = plain("number from 1 to 1000", |text| positive(text, 1_000));

pub(super) const SHARDS: Kind<NonZeroU32> = plain("number from 1 to 65536", |text| positive(text, 65_536));

pub(super) const CONNECTIONS: Kind<NonZeroU32> =
    plain("number from 1 to 1000000", |text| positive(text, 1_000_000));

pub(super) const PORT: Kind<u16> = plain("port", |text| match text.parse() {
    Ok(port) if port > 0 => Ok(port),
    _ => Err("no port: write a number from 1 to 65535".to_owned()),
});

pub(super) const BODY: Kind<BodySize> = plain("size such as `2MiB`", |text| {
    let size = moclojer_core::serve::limits::size(text).map_err(|_| "no size: write 2MiB".to_owned())?;
    match size {
        0x1_0000..=0x400_0000 => Ok(size),
        _ => Err("not within 64KiB and 64MiB".to_owned()),
    }
});

pub(super) const LOG_FORMAT: Kind<LogFormat> = plain("`json`, `text` or `auto`", |text| match text {
    "json" => Ok(LogFormat::Json),
    "text" => Ok(LogFormat::Text),
    "auto" => Ok(LogFormat::Auto),
    _ => Err("neither `json`, `text` nor `auto`".to_owned()),
});

pub(super) const LOG_LEVEL: Kind<String> =
    plain("level, or levels of modules", |text| match text.parse::<tracing_subscriber::filter::Targets>() {
        Ok(_) => Ok(text.to_owned()),
        Err(_) => Err("no level: write error, warn, info or debug, or info,sqlx=warn".to_owned()),
    });

pub(super) const DOMAIN: Kind<BaseDomain> =
    plain("domain", |text| BaseDomain::parse(text).map_err(|why| format!("no domain for mocks: {why}")));

pub(super) const SCHEME: Kind<String> = plain("`http` or `https`", |text| match text {
    "http" | "https" => Ok(text.to_owned()),
    _ => Err("neither `http` nor `https`".to_owned()),
});

pub(super) const WEB: Kind<String> = plain("URL", |text| {
    let url = web(text).ok_or("no URL: write https://name.example.com")?;
    Ok(url.to_string().trim_end_matches('/').to_owned())
});

pub(super) const ORIGINS: Kind<Vec<Origin>> = plain("list of origins", |text| {
    let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
    items.map(|item| origin(item).ok_or_else(|| not_an_origin(item))).collect()
});

pub(super) const TEXT: Kind<String> = plain("text", |text| Ok(text.to_owned()));

pub(super) const STORE: Kind<StoreUrl> = Kind {
    name: "`s3://bucket?…` or `fs:/path`",
    secret: false,
    alone: true,
    parse: |text| match StoreUrl::parse(text) {
        Ok(StoreUrl::Memory) => Err("`memory:` is within one process: nobody else could read it".to_owned()),
        Ok(url) => Ok(url),
        Err(why) => Err(why.to_string()),
    },
};

pub(super) const POSTGRES: Kind<Secret> = secret("URL of PostgreSQL", |text| {
    known_scheme(text, &["postgres://", "postgresql://"], "write postgres://user:password@host:5432/name")
});

pub(super) const REDIS: Kind<Secret> = secret("URL of Redis", |text| {
    known_scheme(text, &["redis://", "rediss://"], "write redis://:password@host:6379")
});

pub(super) const HIDDEN: Kind<Secret> = secret("text", |text| Ok(Secret::new(text)));

pub(super) const SIGNING: Kind<Secret> = secret("text of at least 32 bytes", |text| match text.len() {
    32.. => Ok(Secret::new(text)),
    _ => Err("the secret has less than 32 bytes: anybody could find it by trying".to_owned()),
});

const fn plain<T>(name: &'static str, parse: fn(&str) -> Result<T, String>) -> Kind<T> {
    Kind { name, secret: false, alone: false, parse }
}

const fn secret<T>(name: &'static str, parse: fn(&str) -> Result<T, String>) -> Kind<T> {
    Kind { name, secret: true, alone: true, parse }
}

fn positive(text: &str, most: u32) -> Result<NonZeroU32, String> {
    let number = text.parse().ok().filter(|number: &NonZeroU32| number.get() <= most);
    number.ok_or_else(|| format!("no number from 1 to {most}"))
}

fn known_scheme(text: &str, schemes: &[&str], help: &str) -> Result<Secret, String> {
    let known = schemes.iter().any(|scheme| text.len() > scheme.len() && text.starts_with(scheme));
    if known { Ok(Secret::new(text)) } else { Err(format!("the value is no such URL: {help}")) }
}

/// An `http` or `https` URL without a user, query or fragment.
fn web(text: &str) -> Option<Uri> {
    let url: Uri = text.parse().ok()?;
    let fits = matches!(url.scheme_str(), Some("http" | "https"))
        && url.query().is_none()
        && !text.contains(['#', '@'])
        && url.host().is_some_and(|host| !host.is_empty());
    fits.then_some(url)
}

fn origin(text: &str) -> Option<Origin> {
    let url = web(text)?;
    (url.path() == "/" && !text.ends_with('/')).then(|| Origin(text.to_lowercase()))
}

fn not_an_origin(item: &str) -> String {
    let why =
        if item == "*" { "every page could use what its visitor may" } else { "no path, no `/` at the end" };
    format!("no list of origins: write https://app.example.com, more with commas between them ({why})")
}
