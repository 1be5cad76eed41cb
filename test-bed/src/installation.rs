//! A whole installation: the real programs as processes, over a real PostgreSQL, a real Redis, and S3 behind a proxy
//! that can be told to misbehave.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use moclojer_cloud::adapters::object_store::{Limits, ObjectStore, StoreUrl};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::command::{self, Ended};
use crate::issuer::{Issuer, Person};
use crate::process::{Folder, Watched, free_port};
use crate::proxy::Proxy;
use crate::redis::Redis;
use crate::{postgres, s3};

/// The domain that mocks are under.
const BASE: &str = "mocks.test";
/// How long a program may take to be ready.
const START: Duration = Duration::from_secs(30);

/// One of the programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// `moclojer-api`.
    Api,
    /// `moclojer-generator`.
    Generator,
    /// `moclojer --unified`.
    MockServer,
}

impl Program {
    /// All of them, in the order in which they are started.
    pub const ALL: [Self; 3] = [Self::Api, Self::Generator, Self::MockServer];

    fn file_name(self) -> &'static str {
        match self {
            Self::Api => "moclojer-api",
            Self::Generator => "moclojer-generator",
            Self::MockServer => "moclojer",
        }
    }
}

/// A running installation with one person who has signed in. It ends with this value.
#[derive(Debug)]
pub struct Installation {
    programs: PathBuf,
    // Processes before what they stand on: they are dropped in this order.
    running: [Option<Watched>; 3],
    environment: Vec<(String, String)>,
    ports: [u16; 3],
    admin_ports: [u16; 3],
    /// The Redis of this installation alone.
    pub redis: Redis,
    /// What stands between the programs and S3.
    pub store: Proxy,
    /// The store's URL past what stands between.
    direct_store: String,
    folder: Folder,
    issuer: Issuer,
    person: Person,
    client: reqwest::Client,
}

/// An answer of a mock.
pub type Answer = (StatusCode, String);

impl Installation {
    /// Starts everything; `programs` is the folder of the built programs.
    pub async fn start(programs: &Path) -> Self {
        Self::start_with(programs, &[]).await
    }

    /// The same with more settings, as environment variables.
    pub async fn start_with(programs: &Path, settings: &[(&str, &str)]) -> Self {
        let issuer = Issuer::start().await;
        let redis = Redis::fresh().await;
        let database = postgres::empty_database().await;
        let endpoint = s3::endpoint().await;
        let port = endpoint.trim_end_matches('/').rsplit(':').next().and_then(|port| port.parse().ok());
        let store = Proxy::before(port.expect("an S3 endpoint on loopback, with a port")).await;
        let between = format!("http://127.0.0.1:{}", store.port());
        let store_url = s3::url_at(&between).await;
        let direct_store = store_url.replace(&between, endpoint.trim_end_matches('/'));
        let [key_id, secret] = s3::key();
        let environment = [
            ("DATABASE_URL", database),
            ("REDIS_URL", redis.url()),
            ("MOCLOJER_STORE_URL", store_url),
            ("AWS_ACCESS_KEY_ID", key_id),
            ("AWS_SECRET_ACCESS_KEY", secret),
            ("MOCLOJER_BASE_DOMAIN", BASE.to_owned()),
            ("MOCLOJER_SHARDS", "8".to_owned()),
            ("MOCLOJER_SUPABASE_URL", issuer.url().to_owned()),
            ("MOCLOJER_SUPABASE_ANON_KEY", "anon".to_owned()),
            ("MOCLOJER_SUPABASE_JWT_SECRET", issuer.secret().to_owned()),
            ("MOCLOJER_MIGRATE_AT_START", "true".to_owned()),
            ("MOCLOJER_LOG_FORMAT", "json".to_owned()),
            ("PATH", std::env::var("PATH").unwrap_or_default()),
        ];
        let person = Person { id: Uuid::new_v4(), email: "ana@people.test".to_owned() };
        let mut installation = Self {
            programs: programs.to_owned(),
            running: [None, None, None],
            // What comes later wins.
            environment: environment
                .into_iter()
                .chain(settings.iter().map(|(name, value)| (*name, (*value).to_owned())))
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
            ports: [free_port(), free_port(), free_port()],
            admin_ports: [free_port(), free_port(), free_port()],
            redis,
            store,
            direct_store,
            folder: Folder::new(),
            issuer,
            person,
            client: reqwest::Client::builder().timeout(Duration::from_secs(15)).build().unwrap(),
        };
        for program in Program::ALL {
            installation.start_again(program);
            installation.wait_for(program, "/healthcheck").await;
        }
        installation.sign_in().await;
        installation.wait_for(Program::MockServer, "/healthcheck/live").await;
        installation
    }

    /// Ends a program at once (SIGKILL).
    pub fn kill(&mut self, program: Program) {
        self.running[program as usize] = None;
    }

    /// Starts a program where it was.
    pub fn start_again(&mut self, program: Program) {
        let index = program as usize;
        let log = self.log_file(program);
        let arguments: Vec<String> = match program {
            Program::Api | Program::Generator => Vec::new(),
            Program::MockServer => {
                let url = self.value("MOCLOJER_STORE_URL");
                let health = format!("127.0.0.1:{}", self.admin_ports[index]);
                let port = self.ports[index].to_string();
                ["--unified", &url, "--port", &port, "--health", &health].map(str::to_owned).into()
            }
        };
        let file = self.program_file(program);
        let environment = self.environment_of(program);
        self.running[index] = Some(Watched::start_in(&environment, file.as_os_str(), &arguments, &log));
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
        set("MOCLOJER_API_URL", self.api_url());
        set("MOCLOJER_MOCK_URL_SCHEME", "http".to_owned());
        environment
    }

    /// Runs a command of a program, as an operator does.
    pub async fn command(&self, program: Program, arguments: &[&str]) -> Ended {
        let mut command = Command::new(self.program_file(program));
        command.env_clear().envs(self.environment_of(program)).args(arguments);
        command::run(&mut command, START).await
    }

    /// The objects of the store, past what stands between.
    pub fn objects(&self) -> ObjectStore {
        let url = StoreUrl::parse(&self.direct_store).unwrap();
        ObjectStore::open(&url, Some(s3::credentials()), Limits::default()).unwrap()
    }

    /// The URL of the database.
    pub fn database_url(&self) -> String {
        self.value("DATABASE_URL")
    }

    /// The id of a program's process, while it runs.
    pub fn process_id(&self, program: Program) -> Option<u32> {
        Some(self.running[program as usize].as_ref()?.id())
    }

    fn value(&self, name: &str) -> String {
        self.environment
            .iter()
            .rfind(|(known, _)| known == name)
            .map(|(_, value)| value.clone())
            .unwrap_or_default()
    }

    fn log_file(&self, program: Program) -> PathBuf {
        self.folder.path().join(format!("{}.log", program.file_name()))
    }

    /// Everything that a program wrote since it was last started.
    pub fn log(&self, program: Program) -> String {
        std::fs::read_to_string(self.log_file(program)).unwrap_or_default()
    }

    /// Waits until a path of a program's admin listener answers 200.
    pub async fn wait_for(&self, program: Program, path: &str) {
        let url = format!("http://127.0.0.1:{}{path}", self.admin_ports[program as usize]);
        let ready = until(START, async || {
            self.client.get(&url).send().await.is_ok_and(|answer| answer.status() == StatusCode::OK)
        });
        assert!(ready.await, "{program:?} does not become ready at {path}:\n{}", self.log(program));
    }

    /// What a program's admin listener says of what it stands on.
    pub async fn health(&self, program: Program) -> Option<Answer> {
        let url = format!("http://127.0.0.1:{}/healthcheck/live", self.admin_ports[program as usize]);
        let answer = self.client.get(url).send().await.ok()?;
        Some((answer.status(), answer.text().await.ok()?))
    }

    /// What a program's admin listener shows at `/metrics`.
    pub async fn metrics(&self, program: Program) -> String {
        let url = format!("http://127.0.0.1:{}/metrics", self.admin_ports[program as usize]);
        self.client.get(url).send().await.unwrap().text().await.unwrap()
    }

    async fn sign_in(&self) {
        let token = self.issuer.token(&self.person);
        let (status, body) =
            self.api(Method::POST, "/login/auth", Some(json!({"access-token": token}))).await;
        assert_eq!(status, StatusCode::CREATED, "{body}");
    }

    /// Where the api answers.
    pub fn api_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.ports[0])
    }

    /// A token of the person, good for an hour.
    pub fn token(&self) -> String {
        self.issuer.token(&self.person)
    }

    /// The host of the person's mock with this wildcard.
    pub fn host(&self, wildcard: &str) -> String {
        format!("{wildcard}-ana.{BASE}")
    }

    /// Asks the api as the person; tries again while it cannot be reached.
    pub async fn api(&self, method: Method, path: &str, body: Option<Value>) -> (StatusCode, Value) {
        let url = format!("http://127.0.0.1:{}{path}", self.ports[0]);
        let mut answer = None;
        let reached = until(START, async || {
            let mut request =
                self.client.request(method.clone(), &url).bearer_auth(self.issuer.token(&self.person));
            if let Some(body) = &body {
                request = request.json(body);
            }
            let Ok(response) = request.send().await else { return false };
            let status = response.status();
            let Ok(text) = response.text().await else { return false };
            answer = Some((status, serde_json::from_str(&text).unwrap_or(Value::String(text))));
            status != StatusCode::SERVICE_UNAVAILABLE
        });
        let reached = reached.await;
        answer
            .filter(|_| reached)
            .unwrap_or_else(|| panic!("the api is not reached:\n{}", self.log(Program::Api)))
    }

    /// Asks a mock.
    pub async fn mock(&self, host: &str, path: &str) -> Option<Answer> {
        let url = format!("http://127.0.0.1:{}{path}", self.ports[Program::MockServer as usize]);
        let response = self.client.get(url).header("host", host).send().await.ok()?;
        Some((response.status(), response.text().await.ok()?))
    }

    /// Waits until a mock answers so.
    pub async fn served(&self, host: &str, path: &str, status: StatusCode, body: &str) {
        let mut last = None;
        let served = until(START, async || {
            last = self.mock(host, path).await;
            last.as_ref().is_some_and(|(got, text)| *got == status && text.contains(body))
        });
        let served = served.await;
        assert!(
            served,
            "{host}{path} does not answer {status} {body}, but {last:?}\n{}\n{}",
            self.log(Program::Generator),
            self.log(Program::MockServer)
        );
    }
}

/// Whether a condition came true within a time.
pub async fn until(limit: Duration, mut condition: impl AsyncFnMut() -> bool) -> bool {
    let deadline = tokio::time::Instant::now() + limit;
    loop {
        if condition().await {
            return true;
        }
        if tokio::time::Instant::now() > deadline {
            return false;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
