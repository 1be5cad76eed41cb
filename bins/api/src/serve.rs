//! The parts of the api, put together and run.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use moclojer_cloud::adapters::supabase::{self, SupabaseAuth};
use moclojer_cloud::admin;
use moclojer_cloud::api::{self, Limits, Scheme, State};
use moclojer_cloud::config::{Api, Service};
use moclojer_cloud::domain::Hosts;
use moclojer_cloud::startup::{self, StartError, check_bus, check_database, listen};
use moclojer_cloud::telemetry;

/// How long requests in flight get at the end; the rest of the ten seconds is for what runs behind them.
const DRAIN: Duration = Duration::from_secs(8);

pub(crate) async fn serve(config: &Api) -> Result<(), StartError> {
    let shutdown = startup::shutdown();
    let auth = supabase_auth(config)?;
    let bus = startup::bus(config.redis_url.as_ref())?;
    let started = tokio::select! {
        started = startup::database(&config.database, config.migrate_at_start) => started,
        () = shutdown.clone() => return Ok(()),
    };
    let (store, installation) = started?;
    let store = Arc::new(store);
    let listener = listen("listen", config.listen).await?;
    let admin = listen("admin-listen", config.telemetry.admin_listen).await?;

    let mut checks = vec![check_database(Arc::clone(&store) as _)];
    checks.extend(check_bus(&bus));
    let metrics = api::Metrics::default();
    let mut registry = telemetry::registry(Service::Api);
    metrics.register(&mut registry);
    let router = api::router(State {
        store: Arc::clone(&store) as _,
        bus: bus.bus,
        auth: Arc::new(auth),
        hosts: Hosts::new(installation.base_domain, installation.salt),
        metrics,
        settings: settings(config)?,
    });
    let limits = Limits {
        connections: usize::try_from(config.connection_limit.get()).unwrap_or(usize::MAX),
        drain: DRAIN,
        ..Limits::default()
    };
    tracing::info!(address = %config.listen, admin = %config.telemetry.admin_listen, "listening");
    tokio::select! {
        () = api::serve(listener, router, limits, shutdown) => {}
        () = admin::serve(admin, admin::router(checks, registry), pending()) => {}
    }
    store.close().await;
    tracing::info!("stopped");
    Ok(())
}

fn supabase_auth(config: &Api) -> Result<SupabaseAuth, StartError> {
    let mut settings = supabase::Settings::new(&*config.supabase_url, config.supabase_anon_key.expose());
    settings.jwt_secret = config.supabase_jwt_secret.as_ref().map(|secret| secret.expose().to_owned());
    SupabaseAuth::new(&settings).map_err(|error| StartError::because("supabase-url", error))
}

fn settings(config: &Api) -> Result<api::Settings, StartError> {
    let origins = config.cors_origins.iter().map(|origin| origin.as_str().parse());
    Ok(api::Settings {
        cors_origins: origins
            .collect::<Result<_, _>>()
            .map_err(|error| StartError::because("cors-origins", error))?,
        mock_scheme: if config.mock_url_scheme == "http" { Scheme::Http } else { Scheme::Https },
        mock_port: config.mock_url_port,
        body_bytes: config.body_limit,
        ..api::Settings::default()
    })
}
