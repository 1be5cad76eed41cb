//! `moto`: a second S3, that no one here wrote.

use std::fs;
use std::net::{Ipv4Addr, TcpStream};
use std::sync::OnceLock;
use std::time::Duration;

use moclojer_cloud::adapters::object_store::{Credentials, Limits, ObjectStore, StoreUrl};
use uuid::Uuid;

use crate::process::{Folder, RunAs, Watched, free_port, wait_until};
use crate::python;

const PACKAGE: &str = "moto[server]==5.2.5";

/// How long a server may take to answer.
const START: Duration = Duration::from_secs(60);

/// An empty store: at each call another bucket.
pub async fn store() -> ObjectStore {
    let endpoint = endpoint().await;
    let bucket = format!("test-{}", Uuid::new_v4().simple());
    let made = reqwest::Client::new().put(format!("{endpoint}/{bucket}")).send().await.unwrap();
    assert!(made.status().is_success(), "{made:?}");
    let url = StoreUrl::parse(&format!("s3://{bucket}?endpoint={endpoint}")).unwrap();
    ObjectStore::open(&url, Some(Credentials::new("anyone", "anything")), Limits::default()).unwrap()
}

/// Where it answers.
pub async fn endpoint() -> String {
    static SHARED: OnceLock<Moto> = OnceLock::new();
    let started = tokio::task::spawn_blocking(|| SHARED.get_or_init(Moto::start).port);
    format!("http://127.0.0.1:{}", started.await.expect("moto starts"))
}

struct Moto {
    port: u16,
    // Kept for as long as the tests run; the process before its folder.
    _process: Watched,
    _folder: Folder,
}

impl Moto {
    fn start() -> Self {
        let server = python::environment(PACKAGE).join("bin/python");
        for _ in 0..5 {
            let folder = Folder::new();
            let (port, log) = (free_port(), folder.path().join("moto.log"));
            let arguments =
                ["-m", "moto.server", "-H", "127.0.0.1", "-p", &port.to_string()].map(str::to_owned);
            let process = Watched::start(server.as_os_str(), &arguments, &log, RunAs::Ourselves);
            let failed = || fs::read_to_string(&log).unwrap_or_default().contains("Address already in use");
            let answers = || TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok();
            if wait_until(START, || answers() || failed()) && !failed() {
                return Self { port, _process: process, _folder: folder };
            }
            let log = fs::read_to_string(&log).unwrap_or_default();
            assert!(failed(), "moto does not start: {log}");
        }
        panic!("moto finds no free port");
    }
}
