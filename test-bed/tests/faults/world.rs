//! An installation in which everything can fail: real programs and servers as processes, a proxy before each server, an
//! S3 that misbehaves, and a secret of its own in each place of the configuration.
//!
//! Knows how to break and mend each part; when, and what must hold then, is decided elsewhere.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reqwest::StatusCode;
use test_bed::installation::until;
use test_bed::issuer::{Issuer, Person};
use test_bed::postgres;
use test_bed::process::{Folder, Signal, Watched, free_port};
use test_bed::proxy::Proxy;
use test_bed::redis::Redis;
use test_bed::s3::Faulty;
use uuid::Uuid;

/// The domain that mocks are under.
const BASE: &str = "mocks.test";
/// How long a part may take to be ready, and a command to end.
const START: Duration = Duration::from_secs(60);

/// One of the programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Program {
    Api,
    FirstGenerator,
    SecondGenerator,
    MockServer,
}

impl Program {
    pub(crate) const ALL: [Self; 4] =
        [Self::Api, Self::FirstGenerator, Self::SecondGenerator, Self::MockServer];

    fn file_name(self) -> &'static str {
        match self {
            Self::Api => "moclojer-api",
            Self::FirstGenerator | Self::SecondGenerator => "moclojer-generator",
            Self::MockServer => "moclojer",
        }
    }
}

/// The parts behind a proxy.
pub(crate) struct Proxies {
    pub(crate) api: Proxy,
    pub(crate) postgres: Proxy,
    pub(crate) redis: Proxy,
    pub(crate) store: Proxy,
}

pub(crate) struct World {
    programs: PathBuf,
    // Processes before what they stand on: they are dropped in this order.
    running: Mutex<[Option<Watched>; 4]>,
    environment: Vec<(String, String)>,
    ports: [u16; 4],
    admin_ports: [u16; 4],
    /// How often the mock server was started.
    lives: AtomicU64,
    pub(crate) proxies: Proxies,
    pub(crate) store: Faulty,
    redis: Mutex<Redis>,
    postgres: postgres::Server,
    folder: Folder,
    pub(crate) issuer: Issuer,
    /// What must stand in no output, with what it is.
    secrets: Mutex<Vec<(&'static str, String)>>,
    client: reqwest::Client,
}

/// A word that is found wherever it was written.
fn canary() -> String {
    format!("canary{}", Uuid::new_v4().simple())
}

impl World {
    pub(crate) async fn start(programs: &Path, seed: u64, conditional: bool) -> Self {
        let [database_password, redis_password, key_id, secret_key, anon_key] =
            std::array::from_fn(|_| canary());
        let issuer = Issuer::start().await;
        let store = Faulty::start([&key_id, &secret_key], seed, conditional).await;
        let redis = Redis::with_password(&redis_password).await;
        let password = database_password.clone();
        let postgres =
            tokio::task::spawn_blocking(move || postgres::Server::durable(&password)).await.unwrap();
        postgres::wait_for(&postgres.url()).await;
        let ports = [free_port(), free_port(), free_port(), free_port()];
        let proxies = Proxies {
            api: Proxy::before(ports[0]).await,
            postgres: Proxy::before(postgres.port()).await,
            redis: Proxy::before(redis.port()).await,
            store: Proxy::before(store.port()).await,
        };
        let environment = [
            ("DATABASE_URL", postgres.url_at(proxies.postgres.port())),
            ("REDIS_URL", format!("redis://:{redis_password}@127.0.0.1:{}", proxies.redis.port())),
            ("MOCLOJER_STORE_URL", Faulty::url_at(proxies.store.port())),
            ("AWS_ACCESS_KEY_ID", key_id.clone()),
            ("AWS_SECRET_ACCESS_KEY", secret_key.clone()),
            ("MOCLOJER_BASE_DOMAIN", BASE.to_owned()),
            ("MOCLOJER_SHARDS", "8".to_owned()),
            ("MOCLOJER_SUPABASE_URL", issuer.url().to_owned()),
            ("MOCLOJER_SUPABASE_ANON_KEY", anon_key.clone()),
            ("MOCLOJER_SUPABASE_JWT_SECRET", issuer.secret().to_owned()),
            ("MOCLOJER_MIGRATE_AT_START", "true".to_owned()),
            ("MOCLOJER_LOG_FORMAT", "json".to_owned()),
            // What is only said in detail must hold no secret either.
            ("MOCLOJER_LOG_LEVEL", "debug,sqlx=warn".to_owned()),
            ("PATH", std::env::var("PATH").unwrap_or_default()),
        ];
        let secrets = vec![
            ("the database's password", database_password),
            ("the bus's password", redis_password),
            ("the id of the store's key", key_id),
            ("the store's key", secret_key),
            ("the project's public key", anon_key),
            ("the secret that tokens are signed with", issuer.secret().to_owned()),
        ];
        let world = Self {
            programs: programs.to_owned(),
            running: Mutex::new([None, None, None, None]),
            environment: environment.map(|(name, value)| (name.to_owned(), value)).into(),
            ports,
            admin_ports: [free_port(), free_port(), free_port(), free_port()],
            lives: AtomicU64::new(0),
            proxies,
            store,
            redis: Mutex::new(redis),
            postgres,
            folder: Folder::new(),
            issuer,
            secrets: Mutex::new(secrets),
            client: reqwest::Client::builder().timeout(Duration::from_secs(5)).build().unwrap(),
        };
        for program in Program::ALL {
            world.start_program(program);
            world.wait_for(program, "/healthcheck").await.unwrap();
        }
        world
    }

    /// A token of somebody, which must stand in no output either.
    pub(crate) fn sign(&self, person: &Person) -> String {
        let token = self.issuer.token(person);
        lock(&self.secrets).push(("a token", token.clone()));
        token
    }

    pub(crate) fn host(&self, name: &str, subdomain: &str) -> String {
        format!("{name}-{subdomain}.{BASE}")
    }

    /// The api through its proxy, or past it.
    pub(crate) fn api_url(&self, through_proxy: bool) -> String {
        let port = if through_proxy { self.proxies.api.port() } else { self.ports[0] };
        format!("http://127.0.0.1:{port}")
    }

    pub(crate) fn mocks_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.ports[Program::MockServer as usize])
    }

    /// Which life of the mock server this is.
    pub(crate) fn life(&self) -> u64 {
        self.lives.load(Ordering::SeqCst)
    }

    /// Ends a program at once (SIGKILL).
    pub(crate) fn kill(&self, program: Program) {
        let running = lock(&self.running)[program as usize].take();
        tokio::task::block_in_place(|| drop(running));
    }

    pub(crate) fn signal(&self, program: Program, signal: Signal) {
        if let Some(running) = &lock(&self.running)[program as usize] {
            running.signal(signal);
        }
    }

    /// Starts a program where it was.
    pub(crate) fn start_program(&self, program: Program) {
        let index = program as usize;
        let arguments: Vec<String> = match program {
            Program::Api | Program::FirstGenerator | Program::SecondGenerator => Vec::new(),
            Program::MockServer => {
                let url = Faulty::url_at(self.proxies.store.port());
                let health = format!("127.0.0.1:{}", self.admin_ports[index]);
                let port = self.ports[index].to_string();
                ["--unified", &url, "--port", &port, "--health", &health].map(str::to_owned).into()
            }
        };
        let file = self.program_file(program);
        if program == Program::MockServer {
            self.lives.fetch_add(1, Ordering::SeqCst);
        }
        let log = self.log_file(&format!("{program:?}"));
        let started = Watched::start_in(&self.environment_of(program), file.as_os_str(), &arguments, &log);
        lock(&self.running)[index] = Some(started);
    }

    fn program_file(&self, program: Program) -> PathBuf {
        let file = self.programs.join(program.file_name());
        assert!(file.is_file(), "{} is not built: `cargo build --workspace --all-features`", file.display());
        file
    }

    fn environment_of(&self, program: Program) -> Vec<(String, String)> {
        let index = program as usize;
        let mut environment = self.environment.clone();
        let mut set = |name: &str, value: String| environment.push((name.to_owned(), value));
        set("MOCLOJER_LISTEN", format!("127.0.0.1:{}", self.ports[index]));
        set("MOCLOJER_ADMIN_LISTEN", format!("127.0.0.1:{}", self.admin_ports[index]));
        set("MOCLOJER_API_URL", self.api_url(true));
        set("MOCLOJER_MOCK_URL_SCHEME", "http".to_owned());
        environment
    }

    pub(crate) fn kill_redis(&self) {
        tokio::task::block_in_place(|| lock(&self.redis).stop());
    }

    pub(crate) fn start_redis(&self) {
        tokio::task::block_in_place(|| lock(&self.redis).start_again());
    }

    pub(crate) fn kill_postgres(&self) {
        tokio::task::block_in_place(|| self.postgres.crash());
    }

    pub(crate) async fn start_postgres(&self) {
        tokio::task::block_in_place(|| self.postgres.start_again());
        postgres::wait_for(&self.postgres.url()).await;
    }

    /// Runs a command of the generator. What it said; none: it failed.
    pub(crate) async fn command(&self, arguments: &[&str]) -> Option<String> {
        let said = self.folder.path().join(format!("said-{}", Uuid::new_v4().simple()));
        let log = std::fs::File::options().create(true).append(true).open(self.log_file("commands")).unwrap();
        let mut command = Command::new(self.program_file(Program::FirstGenerator));
        command.env_clear().envs(self.environment_of(Program::FirstGenerator)).args(arguments);
        command.stdin(Stdio::null()).stdout(std::fs::File::create(&said).unwrap()).stderr(log);
        let mut running = Running(command.spawn().unwrap());
        let mut success = None;
        let ended = until(START, async || {
            success = running.0.try_wait().unwrap().map(|status| status.success());
            success.is_some()
        });
        let ended = ended.await;
        let text = std::fs::read_to_string(&said).unwrap_or_default();
        (ended && success == Some(true)).then_some(text)
    }

    fn log_file(&self, name: &str) -> PathBuf {
        self.folder.path().join(format!("{name}.log"))
    }

    /// Waits until a path of a program's admin listener answers 200.
    pub(crate) async fn wait_for(&self, program: Program, path: &str) -> Result<(), String> {
        let url = format!("http://127.0.0.1:{}{path}", self.admin_ports[program as usize]);
        let ready = until(START, async || {
            self.client.get(&url).send().await.is_ok_and(|answer| answer.status() == StatusCode::OK)
        });
        if ready.await { Ok(()) } else { Err(format!("{program:?} does not become ready at {path}")) }
    }

    /// All that was written by all programs and servers.
    pub(crate) fn output(&self) -> Vec<(String, String)> {
        let files = std::fs::read_dir(self.folder.path()).unwrap().flatten();
        let mut output: Vec<(String, String)> = files
            .map(|file| {
                let bytes = std::fs::read(file.path()).unwrap_or_default();
                (
                    file.file_name().to_string_lossy().into_owned(),
                    String::from_utf8_lossy(&bytes).into_owned(),
                )
            })
            .collect();
        output.push(("redis".to_owned(), lock(&self.redis).log()));
        output.push(("postgres".to_owned(), self.postgres.log()));
        output
    }

    /// Where a secret stands in the output, or that something panicked.
    pub(crate) fn search_output(&self) -> Result<usize, String> {
        let secrets = lock(&self.secrets);
        let mut bytes = 0;
        for (name, text) in self.output() {
            bytes += text.len();
            for line in text.lines() {
                if line.contains("panicked") {
                    return Err(format!("{name} panicked: {line}"));
                }
                if let Some((what, _)) = secrets.iter().find(|(_, secret)| line.contains(secret)) {
                    return Err(format!("{what} stands in the output of {name}: {line}"));
                }
            }
        }
        Ok(bytes)
    }

    /// The last lines of everyone.
    pub(crate) fn last_lines(&self, count: usize) -> String {
        let mut text = String::new();
        for (name, output) in self.output() {
            let lines: Vec<&str> =
                output.lines().filter(|line| !line.contains("\"level\":\"debug\"")).collect();
            text.push_str(&format!(
                "--- {name}\n{}\n",
                lines[lines.len().saturating_sub(count)..].join("\n")
            ));
        }
        text
    }
}

/// A command that ends with this value.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
