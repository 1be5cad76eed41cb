//! What each service is started with: the settings under their types, and rules over several of them.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;

use super::kind::{BodySize, LogFormat, Origin};
use super::problem::{Problem, Problems};
use super::secret::Secret;
use super::setting::{Row, Service};
use super::source::Sources;
use super::table as t;
use super::values::Values;
use crate::adapters::object_store::{Credentials, StoreUrl};
use crate::domain::BaseDomain;

/// How a service speaks of itself.
#[derive(Clone, Debug)]
pub struct Telemetry {
    /// How log lines look.
    pub log_format: LogFormat,
    /// What is logged.
    pub log_level: String,
    /// Where traces go; none: nowhere.
    pub otlp_endpoint: Option<String>,
    /// Where health and metrics are asked for.
    pub admin_listen: SocketAddr,
}

impl Telemetry {
    fn of(values: &Values) -> Result<Self, Problems> {
        Ok(Self {
            log_format: values.need(&t::LOG_FORMAT)?,
            log_level: values.need(&t::LOG_LEVEL)?,
            otlp_endpoint: values.get(&t::OTLP_ENDPOINT),
            admin_listen: values.need(&t::ADMIN_LISTEN)?,
        })
    }
}

/// The database, and the installation in it.
#[derive(Clone, Debug)]
pub struct Database {
    /// Where it is.
    pub url: Secret,
    /// How many connections are held at most.
    pub pool: NonZeroU32,
    /// The domain that all mocks are under.
    pub base_domain: BaseDomain,
    /// The shards of a new installation.
    pub shards: NonZeroU32,
}

impl Database {
    fn of(values: &Values) -> Result<Self, Problems> {
        Ok(Self {
            url: values.need(&t::DATABASE_URL)?,
            pool: values.need(&t::DATABASE_POOL)?,
            base_domain: values.need(&t::BASE_DOMAIN)?,
            shards: values.need(&t::SHARDS)?,
        })
    }
}

/// The object store.
#[derive(Clone, Debug)]
pub struct Store {
    /// Where it is.
    pub url: StoreUrl,
    /// For S3; none: a folder.
    pub credentials: Option<Credentials>,
}

impl Store {
    fn of(values: &Values) -> Result<Self, Problems> {
        let pair = values.get(&t::AWS_ACCESS_KEY_ID).zip(values.get(&t::AWS_SECRET_ACCESS_KEY));
        let credentials = pair.map(|(id, key)| {
            let credentials = Credentials::new(id.expose(), key.expose());
            match values.get(&t::AWS_SESSION_TOKEN) {
                Some(token) => credentials.with_session_token(token.expose()),
                None => credentials,
            }
        });
        Ok(Self { url: values.need(&t::STORE_URL)?, credentials })
    }
}

/// `moclojer-api`.
#[derive(Clone, Debug)]
pub struct Api {
    /// Logs, traces, health.
    pub telemetry: Telemetry,
    /// Where it listens.
    pub listen: SocketAddr,
    /// The database.
    pub database: Database,
    /// Whether it is migrated at the start.
    pub migrate_at_start: bool,
    /// The bus, where there is one.
    pub redis_url: Option<Secret>,
    /// The URL under which clients reach it.
    pub api_url: String,
    /// The scheme of mocks' URLs.
    pub mock_url_scheme: String,
    /// The port in mocks' URLs, where it is not the scheme's own.
    pub mock_url_port: Option<u16>,
    /// Pages that may use it.
    pub cors_origins: Vec<Origin>,
    /// The largest body of a request.
    pub body_limit: BodySize,
    /// How many connections are open at once.
    pub connection_limit: NonZeroU32,
    /// The Supabase project that signs people in.
    pub supabase_url: String,
    /// Its public key.
    pub supabase_anon_key: Secret,
    /// Its secret, where it signs with HS256.
    pub supabase_jwt_secret: Option<Secret>,
}

impl Api {
    /// Reads it, with the values as they were found.
    ///
    /// # Errors
    /// Everything that is wrong, missing or unknown.
    pub fn read(sources: &Sources) -> Result<(Self, Values), Problems> {
        let values = Values::read_and(Service::Api, sources, keep_mocks_apart)?;
        let api = Self {
            telemetry: Telemetry::of(&values)?,
            listen: values.need(&t::LISTEN)?,
            database: Database::of(&values)?,
            migrate_at_start: values.need(&t::MIGRATE_AT_START)?,
            redis_url: values.get(&t::REDIS_URL),
            api_url: values.need(&t::API_URL)?,
            mock_url_scheme: values.need(&t::MOCK_URL_SCHEME)?,
            mock_url_port: values.get(&t::MOCK_URL_PORT),
            cors_origins: values.get(&t::CORS_ORIGINS).unwrap_or_default(),
            body_limit: values.need(&t::BODY_LIMIT)?,
            connection_limit: values.need(&t::CONNECTION_LIMIT)?,
            supabase_url: values.need(&t::SUPABASE_URL)?,
            supabase_anon_key: values.need(&t::SUPABASE_ANON_KEY)?,
            supabase_jwt_secret: values.get(&t::SUPABASE_JWT_SECRET),
        };
        Ok((api, values))
    }
}

/// `moclojer-api migrate`: of the API's settings only those that the database is reached by.
#[derive(Clone, Debug)]
pub struct Migration {
    /// Logs and traces.
    pub telemetry: Telemetry,
    /// Where the database is.
    pub database_url: Secret,
    /// How many connections are held at most.
    pub database_pool: NonZeroU32,
}

impl Migration {
    const ROWS: [&Row; 6] = [
        &t::ADMIN_LISTEN.row,
        &t::DATABASE_URL.row,
        &t::DATABASE_POOL.row,
        &t::LOG_FORMAT.row,
        &t::LOG_LEVEL.row,
        &t::OTLP_ENDPOINT.row,
    ];

    /// Reads it, with the values as they were found; the API's other settings are passed over.
    ///
    /// # Errors
    /// Everything that is wrong, missing or unknown.
    pub fn read(sources: &Sources) -> Result<(Self, Values), Problems> {
        let values = Values::read_rows(Service::Api, &Self::ROWS, sources)?;
        let migration = Self {
            telemetry: Telemetry::of(&values)?,
            database_url: values.need(&t::DATABASE_URL)?,
            database_pool: values.need(&t::DATABASE_POOL)?,
        };
        Ok((migration, values))
    }
}

/// `moclojer-generator`.
#[derive(Clone, Debug)]
pub struct Generator {
    /// Logs, traces, health.
    pub telemetry: Telemetry,
    /// The database.
    pub database: Database,
    /// The bus, where there is one.
    pub redis_url: Option<Secret>,
    /// The object store.
    pub store: Store,
}

impl Generator {
    /// Reads it, with the values as they were found.
    ///
    /// # Errors
    /// Everything that is wrong, missing or unknown.
    pub fn read(sources: &Sources) -> Result<(Self, Values), Problems> {
        let values = Values::read_and(Service::Generator, sources, keys_come_in_pairs)?;
        let generator = Self {
            telemetry: Telemetry::of(&values)?,
            database: Database::of(&values)?,
            redis_url: values.get(&t::REDIS_URL),
            store: Store::of(&values)?,
        };
        Ok((generator, values))
    }
}

/// `moclojer --unified`.
#[derive(Clone, Debug)]
pub struct MockServer {
    /// Logs, traces, health.
    pub telemetry: Telemetry,
    /// The bus, where there is one.
    pub redis_url: Option<Secret>,
    /// The object store.
    pub store: Store,
}

impl MockServer {
    /// Reads it, with the values as they were found.
    ///
    /// # Errors
    /// Everything that is wrong, missing or unknown.
    pub fn read(sources: &Sources) -> Result<(Self, Values), Problems> {
        let values = Values::read_and(Service::MockServer, sources, keys_come_in_pairs)?;
        let server = Self {
            telemetry: Telemetry::of(&values)?,
            redis_url: values.get(&t::REDIS_URL),
            store: Store::of(&values)?,
        };
        Ok((server, values))
    }
}

/// `moclojer-standalone`.
#[derive(Clone, Debug)]
pub struct Standalone {
    /// Logs, traces, health.
    pub telemetry: Telemetry,
    /// Where api and mocks listen: this machine alone.
    pub listen: SocketAddr,
    /// Other pages that may use the API.
    pub cors_origins: Vec<Origin>,
    /// The largest body of a request to the API.
    pub body_limit: BodySize,
    /// How many connections are open at once.
    pub connection_limit: NonZeroU32,
    /// The folder of everything that is kept.
    pub data: PathBuf,
}

impl Standalone {
    /// Reads it, with the values as they were found.
    ///
    /// # Errors
    /// Everything that is wrong, missing or unknown.
    pub fn read(sources: &Sources) -> Result<(Self, Values), Problems> {
        let values = Values::read_and(Service::Standalone, sources, |values, problems| {
            let listen = values.get(&t::LISTEN);
            if listen.is_some_and(|address| !address.ip().is_loopback()) {
                let message =
                    "listen: the development token is for this machine alone; write 127.0.0.1 or [::1]";
                problems.push(Problem::new(values.place(&t::LISTEN), message));
            }
        })?;
        let standalone = Self {
            telemetry: Telemetry::of(&values)?,
            listen: values.need(&t::LISTEN)?,
            cors_origins: values.get(&t::CORS_ORIGINS).unwrap_or_default(),
            body_limit: values.need(&t::BODY_LIMIT)?,
            connection_limit: values.need(&t::CONNECTION_LIMIT)?,
            data: values.need(&t::DATA)?.into(),
        };
        Ok((standalone, values))
    }
}

/// Mocks are written by strangers: the domain that they are under must not be, nor stand above, the host of the API or
/// of a page that uses it, whose cookies and storage they could reach. `localhost` may, where only this machine listens.
fn keep_mocks_apart(values: &Values, problems: &mut Vec<Problem>) {
    let Some(base) = values.get(&t::BASE_DOMAIN) else { return };
    let alone = values.get(&t::LISTEN).is_some_and(|address| address.ip().is_loopback());
    if base.as_str() == "localhost" && alone {
        return;
    }
    let under = |host: &str| {
        let host = host.trim_end_matches('.').to_lowercase();
        host == base.as_str() || host.strip_suffix(base.as_str()).is_some_and(|rest| rest.ends_with('.'))
    };
    let mut refuse = |what: &str, host: &str| {
        let message = format!(
            "base-domain: `{base}` is, or stands above, the host `{host}` of {what}: mocks could take its cookies; \
             take a domain of its own for mocks"
        );
        problems.push(Problem::new(values.place(&t::BASE_DOMAIN), message));
    };
    let api_url = values.get(&t::API_URL).and_then(|url| url.parse::<http::Uri>().ok());
    if let Some(host) = api_url.as_ref().and_then(http::Uri::host).filter(|host| under(host)) {
        refuse("api-url", host);
    }
    for origin in values.get(&t::CORS_ORIGINS).unwrap_or_default() {
        if under(origin.host()) {
            refuse("cors-origins", origin.host());
        }
    }
}

fn keys_come_in_pairs(values: &Values, problems: &mut Vec<Problem>) {
    let (id, key) = (&t::AWS_ACCESS_KEY_ID, &t::AWS_SECRET_ACCESS_KEY);
    let none = values.get(id).is_none() && values.get(key).is_none();
    if none && matches!(values.get(&t::STORE_URL), Some(StoreUrl::S3(_))) {
        let message = "store-url: S3 needs credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY";
        problems.push(Problem::new(values.place(&t::STORE_URL), message));
    }
    let (there, missing) = match (values.get(id).is_some(), values.get(key).is_some()) {
        (true, false) => (id, key),
        (false, true) => (key, id),
        _ => return,
    };
    let message = format!("{}: {} is missing, and one is of no use alone", there.row.key, missing.row.key);
    problems.push(Problem::new(values.place(there), message));
}
