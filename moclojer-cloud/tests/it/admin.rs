//! The listener of a service's own affairs, over sockets.
#![expect(clippy::unwrap_used, reason = "a test may stop at what it did not expect")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use moclojer_cloud::admin::{self, Check, Finding};
use moclojer_cloud::config::Service;
use moclojer_cloud::telemetry;
use prometheus_client::metrics::counter::Counter;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

struct Admin {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    served: JoinHandle<()>,
}

impl Admin {
    async fn start(checks: Vec<Check>) -> Self {
        let mut registry = telemetry::registry(Service::Generator);
        let writes: Counter = Counter::default();
        writes.inc_by(3);
        registry.register("shard_writes", "Shards that were written", writes);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let router = admin::router(checks, registry);
        let served = tokio::spawn(admin::serve(listener, router, async {
            let _ = stopped.await;
        }));
        Self { address, stop: Some(stop), served }
    }

    async fn get(&self, path: &str) -> (u16, String) {
        let answer = reqwest::get(format!("http://{}{path}", self.address)).await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }
}

fn well() -> Finding {
    Finding::default()
}

#[tokio::test]
async fn only_its_own_paths_are_answered() {
    let admin = Admin::start(vec![Check::new("database", || async { well() })]).await;
    assert_eq!(admin.get("/healthcheck").await.0, 200);
    assert_eq!(admin.get("/healthcheck/live").await.0, 200);
    for path in ["/", "/healthcheck/", "/metrics/x", "/user/1", "/docs"] {
        assert_eq!(admin.get(path).await.0, 404, "{path}");
    }
    let client = reqwest::Client::new();
    let post = client.post(format!("http://{}/metrics", admin.address)).send().await.unwrap();
    assert_eq!(post.status(), 405);
}

#[tokio::test]
async fn metrics_are_those_of_the_service() {
    let admin = Admin::start(Vec::new()).await;
    let (status, text) = admin.get("/metrics").await;
    assert_eq!(status, 200);
    assert!(text.contains("moclojer_shard_writes_total 3\n"), "{text}");
    assert!(text.contains("moclojer_build_info{service=\"generator\""), "{text}");
    assert!(text.contains("moclojer_started_seconds "), "{text}");
}

#[tokio::test]
async fn each_dependency_is_named_and_one_that_hangs_delays_no_other() {
    let hangs = || Check::new("hangs", std::future::pending::<Finding>);
    let admin = Admin::start(vec![
        Check::new("database", || async { Finding::of(Err("the pool is closed")) }),
        Check::new("bus", || async { well().with("since", 7) }),
        hangs(),
        Check::new("hangs-too", std::future::pending::<Finding>),
    ])
    .await;
    let begun = Instant::now();
    let (status, text) = admin.get("/healthcheck/live").await;
    assert!(begun.elapsed() < Duration::from_millis(3_500), "{:?}", begun.elapsed());
    assert_eq!(status, 503);
    let shown: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(shown["ok"], false);
    assert_eq!(shown["checks"]["database"]["reason"], "the pool is closed");
    assert_eq!(shown["checks"]["bus"]["ok"], true);
    assert_eq!(shown["checks"]["bus"]["since"], 7);
    for hung in ["hangs", "hangs-too"] {
        assert_eq!(shown["checks"][hung]["reason"], "no answer within 2 s");
        assert!(shown["checks"][hung]["took-ms"].as_u64().unwrap() >= 2_000);
    }
    assert_eq!(admin.get("/healthcheck").await.0, 200);
}

#[tokio::test]
async fn what_is_not_needed_is_shown_and_makes_nobody_unhealthy() {
    let away = || Check::new("bus", || async { Finding::of(Err("away")) });
    let admin = Admin::start(vec![away().not_needed(), Check::new("database", || async { well() })]).await;
    let (status, text) = admin.get("/healthcheck/live").await;
    let shown: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((status, &shown["ok"], &shown["checks"]["bus"]["ok"]), (200, &true.into(), &false.into()));
    assert_eq!(Admin::start(vec![away()]).await.get("/healthcheck/live").await.0, 503);
}

#[tokio::test]
async fn many_askers_cost_one_look() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    let admin = Admin::start(vec![Check::new("database", move || {
        counter.fetch_add(1, Ordering::Relaxed);
        async { well() }
    })])
    .await;
    let begun = Instant::now();
    let answers = futures_util::future::join_all((0..20).map(|_| admin.get("/healthcheck/live"))).await;
    assert!(answers.iter().all(|(status, _)| *status == 200));
    // One a second at most.
    let most = 1 + begun.elapsed().as_secs() as usize;
    assert!(asked.load(Ordering::Relaxed) <= most, "{asked:?}");
}

#[tokio::test]
async fn it_ends_at_shutdown_though_a_connection_idles() {
    let mut admin = Admin::start(Vec::new()).await;
    let _idle = tokio::net::TcpStream::connect(admin.address).await.unwrap();
    assert_eq!(admin.get("/healthcheck").await.0, 200);
    admin.stop.take().unwrap().send(()).unwrap();
    tokio::time::timeout(Duration::from_secs(5), &mut admin.served).await.unwrap().unwrap();
    assert!(tokio::net::TcpStream::connect(admin.address).await.is_err());
}
