//! `moclojer --unified URL`: serves the mocks of a hosted installation out of its object store.
//!
//! Reads no file of this machine but the store's own, when that is a folder; what mocks may not do here is decided in
//! core. The public listener knows hosts of mocks and nothing else; health and metrics have one of their own. Its
//! configuration is that of all services, from a file, the environment and flags; log lines go through the one log that
//! requests go through.

mod bridge;
mod settings;

use std::io;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

use moclojer_cloud::adapters::object_store::StoreUrl;
use moclojer_cloud::admin::{self, Check, Finding};
use moclojer_cloud::config::Service;
use moclojer_cloud::foss::{Follower, Settings};
use moclojer_cloud::startup;
use moclojer_cloud::telemetry::{self, Telemetry};
use moclojer_core::ports::{Bus, InProcessBus, Storage};
use moclojer_core::respond::Options;
use moclojer_core::respond::hosted::HostedResponder;
use moclojer_core::serve::log::Level;
use moclojer_core::serve::{self, Server};
use moclojer_core::spec;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::cli::ServeArgs;
use crate::serve::{Voice, runtime, shutdown_signal};
use bridge::Bridge;
use settings::Asked;

/// Serves until SIGINT or SIGTERM, or only looks at the configuration. `store` is what `--unified` names.
pub(crate) fn run(store: Option<&str>, args: &ServeArgs) -> io::Result<ExitCode> {
    let asked = match Asked::read(store, args) {
        Ok(asked) => asked,
        Err(code) => return Ok(code),
    };
    let parts = startup::storage(&asked.settings.store).and_then(|storage| {
        let url = asked.settings.redis_url.as_ref();
        let bus = url.map(|url| startup::bus(Some(url))).transpose()?;
        Ok((storage, bus.map(|parts| parts.bus)))
    });
    let (storage, bus) = match parts {
        Ok(parts) => parts,
        Err(error) => return crate::usage(&telemetry::chain(&error)),
    };
    let voice = Voice::new(asked.format, args.log_requests)?;
    let lines = Box::new(Bridge(Arc::clone(&voice.log)));
    // Before there is a runtime: the exporter of traces must not be made within one.
    let telemetry = Telemetry::start_with(Service::MockServer, &asked.settings.telemetry, lines)
        .map_err(|error| io::Error::other(telemetry::chain(&error)))?;
    let ended = serve(&voice, asked, storage, bus);
    telemetry.finish();
    // The log outlives this, in what takes events.
    voice.log.flush();
    ended
}

fn serve(
    voice: &Voice,
    asked: Asked,
    storage: Arc<dyn Storage>,
    bus: Option<Arc<dyn Bus>>,
) -> io::Result<ExitCode> {
    let Asked { settings: named, limits, address, .. } = asked;
    let mut options = Options::default();
    // Each mock says for itself whether others may see what they nearly met.
    options.near_misses = false;
    options.template = limits.template;
    let settings = spec::Settings::from(limits.file);
    let responder = Arc::new(HostedResponder::new(options, settings, &limits.hosted));
    let hurried = bus.is_some();
    let bus = bus.unwrap_or_else(|| Arc::new(InProcessBus::default()));
    let follower = Arc::new(Follower::new(storage, bus, Arc::clone(&responder), Settings::default()));

    runtime()?.block_on(async {
        let options = serve::Options { limits: limits.server, log: Some(Arc::clone(&voice.log)) };
        let health = named.telemetry.admin_listen;
        let bound = async {
            let server = Server::bind(address, responder, options).await?;
            let health = TcpListener::bind(health).await.map_err(|error| cannot_watch(health, &error))?;
            let health_address = health.local_addr()?;
            Ok::<_, io::Error>((server, health, health_address))
        };
        let (server, health, health_address) = match bound.await {
            Ok(bound) => bound,
            Err(error) => {
                voice.log.event(Level::Error, &error.to_string(), &[]);
                return Ok(ExitCode::from(1));
            }
        };
        start(voice, server.local_addr(), health_address, &named.store.url, hurried);

        // Its end tells everybody.
        let (stop, stopped) = watch::channel(());
        let following = tokio::spawn({
            let (follower, stopped) = (Arc::clone(&follower), stopped.clone());
            async move { follower.run(ended(stopped)).await }
        });
        let watching = tokio::spawn(watch_over(health, follower, ended(stopped)));
        server
            .run(async move {
                shutdown_signal().await;
                drop(stop);
            })
            .await;
        // Both ended with the signal, long before the last request did; a panic in one was told by itself.
        let _ = tokio::join!(following, watching);
        voice.log.event(Level::Info, "stopped", &[]);
        Ok(ExitCode::SUCCESS)
    })
}

/// Ends when the sender does.
async fn ended(mut stopped: watch::Receiver<()>) {
    // Nothing is ever sent.
    let _ = stopped.changed().await;
}

/// Answers for health and metrics until `shutdown` ends.
async fn watch_over(listener: TcpListener, follower: Arc<Follower>, shutdown: impl Future<Output = ()>) {
    let mut registry = telemetry::registry(Service::MockServer);
    follower.metrics().register(&mut registry);
    let check = Check::new("unified", move || {
        let health = follower.health();
        async move { finding(health) }
    });
    admin::serve(listener, admin::router(vec![check], registry), shutdown).await;
}

fn finding(health: moclojer_cloud::foss::Health) -> Finding {
    let reason = match (health.ready, &health.error) {
        (true, _) => None,
        (false, Some(error)) => Some(error.clone()),
        (false, None) => Some(format!("{} of {} shards were not read yet", health.unread, health.shards)),
    };
    let details = match serde_json::to_value(health) {
        Ok(serde_json::Value::Object(details)) => details,
        _ => serde_json::Map::new(),
    };
    let mut finding = Finding::of(reason.map_or(Ok(()), Err));
    finding.details = details;
    finding
}

/// The start lines.
fn start(voice: &Voice, address: SocketAddr, health: SocketAddr, store: &StoreUrl, hurried: bool) {
    let (url, store) = (format!("http://{address}"), store.to_string());
    if voice.json {
        let (address, health) = (address.to_string(), health.to_string());
        let fields = [("address", &*address), ("url", &*url), ("store", &*store), ("health", &*health)];
        voice.log.event(Level::Info, "listening", &fields);
    } else {
        let version = env!("CARGO_PKG_VERSION");
        let changes = match hurried {
            true => "changes come with hints from Redis",
            false => "changes are found within 5 s; --redis URL brings them at once",
        };
        voice.print(&format!(
            "moclojer {version} serves the mocks of {store}\n{url}  (each mock under its own host; {changes})\n\
             http://{health}/healthcheck/live  (health; /metrics)\n\n"
        ));
    }
}

fn cannot_watch(address: SocketAddr, error: &io::Error) -> io::Error {
    let message =
        format!("cannot answer for health on {address}: {error} (choose another with --health HOST:PORT)");
    io::Error::new(error.kind(), message)
}
