//! `moto`: a second S3, that no one here wrote. Python; its virtual environment is made once, under `target/`.

use std::fs::{self, File};
use std::io::Write;
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use moclojer_cloud::adapters::object_store::{Credentials, Limits, ObjectStore, StoreUrl};
use uuid::Uuid;

use crate::process::{Folder, RunAs, Watched, free_port, install, wait_until};

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
        let server = environment().join("bin/python");
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

/// The virtual environment with moto in it; one process makes it, the others wait.
fn environment() -> PathBuf {
    // A test stands in `target/…/deps`.
    let test = std::env::current_exe().unwrap();
    let folder = test.parent().and_then(Path::parent).unwrap().join("tmp");
    fs::create_dir_all(&folder).unwrap();
    let (path, done) = (folder.join("moto-5.2.5"), folder.join("moto-5.2.5.done"));
    let lock = File::create(folder.join("moto-5.2.5.lock")).unwrap();
    lock.lock().unwrap();
    if !done.is_file() {
        let _ = fs::remove_dir_all(&path);
        make_environment(&path).unwrap_or_else(|reason| {
            panic!(
                "moto cannot be installed: `apt-get install python3-venv`, and PyPI is needed once: {reason}"
            )
        });
        File::create(done).and_then(|mut file| file.write_all(PACKAGE.as_bytes())).unwrap();
    }
    path
}

fn make_environment(path: &Path) -> Result<(), String> {
    let make = || run(Command::new("python3").args(["-m", "venv"]).arg(path));
    make().or_else(|_| install("python3-venv").and_then(|()| make()))?;
    run(Command::new(path.join("bin/pip")).args(["install", "--quiet", PACKAGE]))
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| error.to_string())?;
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}
