//! `moclojer --unified URL`: serves the mocks of a hosted installation out of its object store.
//!
//! Reads no file of this machine but the store's own, when that is a folder; what mocks may not do here is decided in
//! core. The public listener knows hosts of mocks and nothing else; health and metrics have one of their own.

mod bridge;

use std::io;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

use moclojer_cloud::adapters::object_store::StoreUrl;
use moclojer_cloud::admin::{self, Check, Finding};
use moclojer_cloud::config::{MockServer, Problems, Service, Sources};
use moclojer_cloud::foss::{Follower, Settings};
use moclojer_cloud::{startup, telemetry};
use moclojer_core::ports::InProcessBus;
use moclojer_core::respond::Options;
use moclojer_core::respond::hosted::{Bounds, HostedResponder};
use moclojer_core::serve::log::Level;
use moclojer_core::serve::{self, Server};
use moclojer_core::spec;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::cli::ServeArgs;
use crate::limits::Limits;
use crate::serve::{Voice, runtime, shutdown_signal};

/// Serves until SIGINT or SIGTERM.
pub(crate) fn run(store: &str, args: &ServeArgs) -> io::Result<ExitCode> {
    let environment = |name: &str| std::env::var(name).ok();
    let (limits, address) = match (Limits::of(&args.limit), args.address(&environment)) {
        (Ok(limits), Ok(address)) => (limits, address),
        (Err(message), _) | (_, Err(message)) => return crate::usage(&message),
    };
    let named = match settings(store, args) {
        Ok(named) => named,
        Err(problems) => return crate::usage(&problems.to_string()),
    };
    let parts = startup::storage(&named.store).and_then(|storage| {
        let bus = named.redis_url.as_ref().map(|url| startup::bus(Some(url))).transpose()?;
        Ok((storage, bus.map(|parts| parts.bus)))
    });
    let (storage, bus) = match parts {
        Ok(parts) => parts,
        Err(error) => return crate::usage(&telemetry::chain(&error)),
    };
    let voice = Voice::new(args)?;
    bridge::install(&voice.log);

    let mut options = Options::default();
    // Each mock says for itself whether others may see what they nearly met.
    options.near_misses = false;
    options.template = limits.template;
    let settings = spec::Settings::from(limits.file);
    let responder = Arc::new(HostedResponder::new(options, settings, &Bounds::default()));
    let hurried = bus.is_some();
    let bus = bus.unwrap_or_else(|| Arc::new(InProcessBus::default()));
    let follower = Arc::new(Follower::new(storage, bus, Arc::clone(&responder), Settings::default()));

    runtime()?.block_on(async {
        let options = serve::Options { limits: limits.server, log: Some(Arc::clone(&voice.log)) };
        let health = named.admin_listen;
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
        start(&voice, server.local_addr(), health_address, &named.store.url, hurried);

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

/// What the command line and the environment name, under the names that all services share.
///
/// # Errors
/// Everything that is wrong, without secrets.
fn settings(store: &str, args: &ServeArgs) -> Result<MockServer, Problems> {
    let text = |address: SocketAddr| address.to_string();
    let sources = Sources::of_this_environment()
        .with_flag("store-url", "--unified", Some(store.to_owned()))
        .with_flag("redis-url", "--redis", args.unified.redis.clone())
        .with_flag("admin-listen", "--health", args.unified.health.map(text));
    MockServer::read(&sources).map(|(settings, _)| settings)
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
