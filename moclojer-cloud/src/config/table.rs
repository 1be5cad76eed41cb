//! The table: every setting there is. Its page is `docs/hosting.md`.

use std::net::SocketAddr;
use std::num::NonZeroU32;

use super::kind::{self, BodySize, LogFormat, Origin};
use super::secret::Secret;
use super::setting::{Default, Row, Service, Setting};
use crate::adapters::object_store::StoreUrl;
use crate::domain::BaseDomain;
use Default::{Each, None as Without, Required, Value};
use Service::{Api, Generator, MockServer, Standalone};

const ALL: &[Service] = &Service::ALL;
const DATABASE: &[Service] = &[Api, Generator];
const STORE: &[Service] = &[Generator, MockServer];
const BUS: &[Service] = &[Api, Generator, MockServer];

macro_rules! settings {
    ($(
        #[doc = $help:literal]
        $name:ident: $type:ty = $key:literal $(as $customary:literal)?, $services:expr, $kind:expr, $default:expr;
    )*) => {
        $(
            #[doc = $help]
            pub static $name: Setting<$type> = Setting {
                row: Row {
                    key: $key,
                    services: $services,
                    default: $default,
                    kind: $kind.name,
                    secret: $kind.secret,
                    alone: $kind.alone,
                    help: $help,
                    customary: settings!(@customary $($customary)?),
                    check: |text| ($kind.parse)(text).map(drop),
                },
                kind: &$kind,
            };
        )*

        /// All rows, in the order of the page.
        pub static ROWS: &[&Row] = &[$(&$name.row),*];
    };
    (@customary) => { None };
    (@customary $name:literal) => { Some($name) };
}

settings! {
    /// Where the API listens
    LISTEN: SocketAddr = "listen", &[Api, Standalone], kind::ADDRESS, Value("127.0.0.1:8080");
    /// Where `/healthcheck`, `/healthcheck/live` and `/metrics` listen
    ADMIN_LISTEN: SocketAddr = "admin-listen", ALL, kind::ADDRESS, Each(&[
        (Api, "127.0.0.1:8181"),
        (Generator, "127.0.0.1:8182"),
        (MockServer, "127.0.0.1:8183"),
        (Standalone, "127.0.0.1:8180"),
    ]);
    /// The domain that all mocks are under; it is written into a new installation and cannot be changed there
    BASE_DOMAIN: BaseDomain = "base-domain", DATABASE, kind::DOMAIN, Required;
    /// The URL under which clients reach the API
    API_URL: String = "api-url", &[Api], kind::WEB, Required;
    /// The scheme of mocks' URLs
    MOCK_URL_SCHEME: String = "mock-url-scheme", &[Api], kind::SCHEME, Value("https");
    /// The port in mocks' URLs, where it is not the scheme's own
    MOCK_URL_PORT: u16 = "mock-url-port", &[Api], kind::PORT, Without;
    /// Web pages that may use the API
    CORS_ORIGINS: Vec<Origin> = "cors-origins", &[Api, Standalone], kind::ORIGINS, Without;
    /// The largest body of a request to the API
    BODY_LIMIT: BodySize = "body-limit", &[Api, Standalone], kind::BODY, Value("4MiB");
    /// How many connections to the API are open at once; more wait
    CONNECTION_LIMIT: NonZeroU32 = "connection-limit", &[Api, Standalone], kind::CONNECTIONS, Value("4096");
    /// The database
    DATABASE_URL: Secret = "database-url" as "DATABASE_URL", DATABASE, kind::POSTGRES, Required;
    /// How many connections to the database a process holds at most
    DATABASE_POOL: NonZeroU32 = "database-pool", DATABASE, kind::POOL, Value("10");
    /// Whether the database is migrated at the start (else by `moclojer-api migrate`)
    MIGRATE_AT_START: bool = "migrate-at-start", &[Api], kind::FLAG, Value("false");
    /// The shards of a new installation; later `moclojer-generator reshard`
    SHARDS: NonZeroU32 = "shards", DATABASE, kind::SHARDS, Value("1024");
    /// The bus; without it a change is served within 5 s instead of at once
    REDIS_URL: Secret = "redis-url" as "REDIS_URL", BUS, kind::REDIS, Without;
    /// The object store
    STORE_URL: StoreUrl = "store-url", STORE, kind::STORE, Required;
    /// The id of the key to the object store
    AWS_ACCESS_KEY_ID: Secret = "aws-access-key-id" as "AWS_ACCESS_KEY_ID", STORE, kind::HIDDEN, Without;
    /// The key to the object store
    AWS_SECRET_ACCESS_KEY: Secret =
        "aws-secret-access-key" as "AWS_SECRET_ACCESS_KEY", STORE, kind::HIDDEN, Without;
    /// The token of a session at the object store, where keys are lent for one
    AWS_SESSION_TOKEN: Secret = "aws-session-token" as "AWS_SESSION_TOKEN", STORE, kind::HIDDEN, Without;
    /// The Supabase project that signs people in
    SUPABASE_URL: String = "supabase-url", &[Api], kind::WEB, Required;
    /// The project's public key for requests to it
    SUPABASE_ANON_KEY: Secret = "supabase-anon-key", &[Api], kind::HIDDEN, Required;
    /// The project's secret, only where it still signs with HS256
    SUPABASE_JWT_SECRET: Secret = "supabase-jwt-secret", &[Api], kind::SIGNING, Without;
    /// How log lines look; `auto` is text on a terminal
    LOG_FORMAT: LogFormat = "log-format", ALL, kind::LOG_FORMAT, Value("auto");
    /// What is logged: a level, and others for modules
    LOG_LEVEL: String = "log-level", ALL, kind::LOG_LEVEL, Value("info,sqlx=warn");
    /// Where traces are sent by OTLP over HTTP, such as `http://127.0.0.1:4318`
    OTLP_ENDPOINT: String = "otlp-endpoint", ALL, kind::WEB, Without;
    /// The folder of everything that is kept
    DATA: String = "data", &[Standalone], kind::TEXT, Value("./moclojer-data");
}
