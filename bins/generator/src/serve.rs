//! The parts of the generator, put together and run.

use std::future::pending;
use std::sync::Arc;

use moclojer_cloud::admin;
use moclojer_cloud::config::{self, Service};
use moclojer_cloud::generator::{Generator, Settings};
use moclojer_cloud::startup::{self, StartError, check_bus, check_database, check_storage, listen};
use moclojer_cloud::telemetry;

pub(crate) async fn serve(config: &config::Generator) -> Result<(), StartError> {
    let shutdown = startup::shutdown();
    let storage = startup::storage(&config.store)?;
    let bus = startup::bus(config.redis_url.as_ref())?;
    let started = tokio::select! {
        started = startup::database(&config.database, false) => started,
        () = shutdown.clone() => return Ok(()),
    };
    let (store, _) = started?;
    let store = Arc::new(store);
    let admin = listen("admin-listen", config.telemetry.admin_listen).await?;

    let mut checks = vec![check_database(Arc::clone(&store) as _), check_storage(&storage)];
    checks.extend(check_bus(&bus));
    let generator = Generator::new(Arc::clone(&store) as _, storage, bus.bus, Settings::default());
    let mut registry = telemetry::registry(Service::Generator);
    generator.metrics().register(&mut registry);
    tracing::info!(admin = %config.telemetry.admin_listen, store = %config.store.url, "running");
    tokio::select! {
        () = generator.run(shutdown) => {}
        () = admin::serve(admin, admin::router(checks, registry), pending()) => {}
    }
    store.close().await;
    tracing::info!("stopped");
    Ok(())
}
