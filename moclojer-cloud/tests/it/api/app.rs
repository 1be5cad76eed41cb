//! The api as tests call it. Every error is compared with the documentation of its route.

use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use moclojer_cloud::adapters::postgres::Postgres;
use moclojer_cloud::adapters::sqlite::Sqlite;
use moclojer_cloud::api::{self, Metrics, Scheme, Settings, State};
use moclojer_cloud::auth::Authenticator;
use moclojer_cloud::domain::{BaseDomain, Customer, Email, Hosts};
use moclojer_cloud::store::Store;
use moclojer_core::ports::{Bus, InProcessBus};
use serde_json::Value;
use tower::ServiceExt as _;
use uuid::Uuid;

use crate::issuer::Issuer;

/// The base domain of tests' mocks.
pub(crate) const BASE: &str = "mocks.example.com";

/// An api with everything that it needs.
pub(crate) struct App {
    pub(crate) router: Router,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) bus: Arc<dyn Bus>,
    pub(crate) issuer: Issuer,
    pub(crate) metrics: Metrics,
    sqlite: Sqlite,
    document: Value,
    folder: PathBuf,
}

impl Drop for App {
    fn drop(&mut self) {
        // Left to the system where it cannot be removed.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// A customer with a token.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) customer: Customer,
    pub(crate) token: String,
}

impl Person {
    pub(crate) fn id(&self) -> Uuid {
        self.customer.id.0
    }

    pub(crate) fn username(&self) -> &str {
        self.customer.username.as_str()
    }
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    /// The machine word of an error.
    pub(crate) fn cause(&self) -> &str {
        self.body["error"]["cause"].as_str().unwrap_or_default()
    }

    /// The fields that an error names.
    pub(crate) fn fields(&self) -> Vec<&str> {
        let value = self.body["error"]["value"].as_array().map(Vec::as_slice).unwrap_or_default();
        value.iter().map(|problem| problem["field"].as_str().unwrap()).collect()
    }

    /// The same, if it has this status.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.body);
        self
    }
}

impl App {
    pub(crate) async fn start() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let issuer = Issuer::start().await;
        let auth: Arc<dyn Authenticator> = Arc::new(issuer.auth());
        Self::assembled(issuer, auth, Arc::new(InProcessBus::default()), None, change).await
    }

    /// The same over PostgreSQL.
    pub(crate) async fn on_postgres() -> Self {
        Self::on_database(&test_bed::postgres::fresh_database().await).await
    }

    /// The same over this database of PostgreSQL.
    pub(crate) async fn on_database(url: &str) -> Self {
        let store: Arc<dyn Store> =
            Arc::new(Postgres::connect(url, std::num::NonZeroU32::new(4).unwrap()).await.unwrap());
        let issuer = Issuer::start().await;
        let auth: Arc<dyn Authenticator> = Arc::new(issuer.auth());
        Self::assembled(issuer, auth, Arc::new(InProcessBus::default()), Some(store), |_| {}).await
    }

    /// The same over a database and a bus that others use too.
    pub(crate) async fn over(store: Arc<dyn Store>, bus: Arc<dyn Bus>) -> Self {
        let issuer = Issuer::start().await;
        let auth: Arc<dyn Authenticator> = Arc::new(issuer.auth());
        Self::assembled(issuer, auth, bus, Some(store), |_| {}).await
    }

    pub(crate) async fn with_bus(bus: Arc<dyn Bus>) -> Self {
        let issuer = Issuer::start().await;
        let auth: Arc<dyn Authenticator> = Arc::new(issuer.auth());
        Self::assembled(issuer, auth, bus, None, |_| {}).await
    }

    async fn assembled(
        issuer: Issuer,
        auth: Arc<dyn Authenticator>,
        bus: Arc<dyn Bus>,
        store: Option<Arc<dyn Store>>,
        change: impl FnOnce(&mut Settings),
    ) -> Self {
        let folder = std::env::temp_dir().join(format!("moclojer-test-api-{}", Uuid::new_v4()));
        std::fs::create_dir_all(&folder).unwrap();
        let sqlite = Sqlite::open(&folder.join("database")).await.unwrap();
        sqlite.migrate().await.unwrap();
        let store = store.unwrap_or_else(|| Arc::new(sqlite.clone()));
        let base = BaseDomain::parse(BASE).unwrap();
        let installation = store.install(&base, std::num::NonZeroU32::MIN).await.unwrap();
        let mut settings =
            Settings { mock_scheme: Scheme::Http, mock_port: Some(8080), ..Settings::default() };
        settings.cors_origins = vec!["https://app.example.com".parse().unwrap()];
        change(&mut settings);
        let metrics = Metrics::default();
        let state = State {
            store: Arc::clone(&store),
            bus: Arc::clone(&bus),
            auth,
            hosts: Hosts::new(base, installation.salt),
            metrics: metrics.clone(),
            settings,
        };
        let document = serde_json::to_value(api::openapi()).unwrap();
        Self { router: api::router(state), store, bus, issuer, metrics, sqlite, document, folder }
    }

    /// A connection to the database beside the api's.
    pub(crate) async fn database(&self) -> sqlx::SqliteConnection {
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(self.folder.join("database"));
        sqlx::ConnectOptions::connect(&options).await.unwrap()
    }

    /// Has the database answer no more.
    pub(crate) async fn close_database(&self) {
        self.sqlite.close().await;
    }

    /// Suspends a customer.
    pub(crate) async fn suspend(&self, person: &Person) {
        let update = sqlx::query("UPDATE customer SET suspended_at = 1 WHERE id = $1").bind(person.id());
        let done = update.execute(&mut self.database().await).await.unwrap();
        assert_eq!(done.rows_affected(), 1);
    }

    /// A customer who signed in.
    pub(crate) async fn person(&self, name: &str) -> Person {
        let external_id = Uuid::new_v4();
        let email = format!("{name}@{}.example.com", external_id.simple());
        let token = self.issuer.token(external_id, &email);
        let customer = self.store.sign_in(external_id, &Email::parse(&email).unwrap()).await.unwrap();
        Person { customer, token }
    }

    pub(crate) async fn get(&self, path: &str, token: &str) -> Reply {
        self.call(Method::GET, path, token, None).await
    }

    pub(crate) async fn delete(&self, path: &str, token: &str) -> Reply {
        self.call(Method::DELETE, path, token, None).await
    }

    pub(crate) async fn post(&self, path: &str, token: &str, body: Value) -> Reply {
        self.call(Method::POST, path, token, Some(body)).await
    }

    pub(crate) async fn put(&self, path: &str, token: &str, body: Value) -> Reply {
        self.call(Method::PUT, path, token, Some(body)).await
    }

    pub(crate) async fn call(&self, method: Method, path: &str, token: &str, body: Option<Value>) -> Reply {
        let mut request = Request::builder().method(method).uri(path);
        if !token.is_empty() {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let body = match body {
            Some(body) => {
                request = request.header("content-type", "application/json");
                Body::from(body.to_string())
            }
            None => Body::empty(),
        };
        self.send(request.body(body).unwrap()).await
    }

    /// Sends a request that is made by hand.
    pub(crate) async fn send(&self, request: Request<Body>) -> Reply {
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        assert!(headers.contains_key("x-request-id"));
        if headers.get("content-type").is_some_and(|kind| kind == "text/event-stream") {
            return Reply { status: status.as_u16(), headers, body: Value::Null };
        }
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let body = if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).unwrap() };
        let reply = Reply { status: status.as_u16(), headers, body };
        self.assert_documented(&method, &path, status, &reply);
        reply
    }

    /// The operations of the document: method, path.
    pub(crate) fn operations(&self) -> Vec<(Method, String)> {
        let mut operations = Vec::new();
        for (path, item) in self.document["paths"].as_object().unwrap() {
            for method in item.as_object().unwrap().keys() {
                if let Ok(method) = method.to_uppercase().parse::<Method>() {
                    operations.push((method, path.clone()));
                }
            }
        }
        operations
    }

    /// An answer is one that the document knows of its route.
    fn assert_documented(&self, method: &Method, path: &str, status: StatusCode, reply: &Reply) {
        let operation = self
            .operations()
            .into_iter()
            .filter(|(known, template)| known == method && fits(template, path))
            // A path without parameters before one with them.
            .min_by_key(|(_, template)| template.matches('{').count());
        let Some((_, template)) = operation else { return };
        let operation = &self.document["paths"][&template][method.as_str().to_lowercase()];
        let response = &operation["responses"][status.as_str()];
        assert!(
            response.is_object(),
            "{method} {template} is not documented to answer {status}: {}",
            reply.body
        );
        if !reply.cause().is_empty() {
            let told = response["description"].as_str().unwrap();
            assert!(
                told.contains(&format!("`{}`", reply.cause())),
                "{method} {template} is not documented to answer {}: {told}",
                reply.cause()
            );
        }
    }
}

/// Whether a path is one of the template.
fn fits(template: &str, path: &str) -> bool {
    let (template, path) = (template.split('/').collect::<Vec<_>>(), path.split('/').collect::<Vec<_>>());
    let same = |(one, other): (&&str, &&str)| (one.starts_with('{') && !other.is_empty()) || one == other;
    template.len() == path.len() && template.iter().zip(&path).all(same)
}
