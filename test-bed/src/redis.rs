//! Redis: the real server, without anything on disk.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;

use crate::process::{Folder, RunAs, Watched, find_or_install, free_port, wait_until};

/// How long a server may take to answer.
const START: Duration = Duration::from_secs(20);

/// The server that all tests share: `REDIS_URL`, or one of our own. Channels are the same for everyone, so a test
/// that minds what others publish takes a [`Redis`] of its own.
pub async fn url() -> String {
    static SHARED: OnceLock<Redis> = OnceLock::new();
    if let Ok(url) = std::env::var("REDIS_URL") {
        return url;
    }
    let started = tokio::task::spawn_blocking(|| SHARED.get_or_init(Redis::start).url());
    started.await.expect("Redis starts")
}

/// A server of one test, which can be stopped and started again on its port.
#[derive(Debug)]
pub struct Redis {
    binary: PathBuf,
    port: u16,
    password: Option<String>,
    // The process before its folder: they are dropped in this order.
    process: Option<Watched>,
    folder: Folder,
}

impl Redis {
    /// Starts one, without waiting for others to run.
    pub async fn fresh() -> Self {
        tokio::task::spawn_blocking(Self::start).await.expect("Redis starts")
    }

    /// The same, for whoever says this password (letters and digits).
    pub async fn with_password(password: &str) -> Self {
        let password = Some(password.to_owned());
        tokio::task::spawn_blocking(|| Self::start_with(password)).await.expect("Redis starts")
    }

    fn start() -> Self {
        Self::start_with(None)
    }

    fn start_with(password: Option<String>) -> Self {
        let binary =
            find_or_install("redis-server", || vec!["/usr/sbin".into()], "redis-server", "REDIS_URL");
        let mut redis = Self { binary, port: 0, password, process: None, folder: Folder::new() };
        for _ in 0..5 {
            redis.port = free_port();
            redis.start_process();
            if wait_until(START, || redis.answers() || redis.has_failed()) && !redis.has_failed() {
                return redis;
            }
        }
        panic!("redis-server does not start: {}", redis.log());
    }

    /// Where it answers.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Ends the process at once; whoever is connected is cut off.
    pub fn stop(&mut self) {
        self.process = None;
    }

    /// Starts it again where it was.
    pub fn start_again(&mut self) {
        self.start_process();
        assert!(wait_until(START, || self.answers()), "redis-server does not start again: {}", self.log());
    }

    fn start_process(&mut self) {
        let port = self.port.to_string();
        let folder = self.folder.path().to_string_lossy();
        let arguments =
            ["--port", &port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", &folder];
        let mut arguments: Vec<String> = arguments.map(str::to_owned).into();
        if let Some(password) = &self.password {
            arguments.extend(["--requirepass".to_owned(), password.clone()]);
        }
        self.process =
            Some(Watched::start(self.binary.as_os_str(), &arguments, &self.log_file(), RunAs::Nobody));
    }

    fn answers(&self) -> bool {
        let Ok(mut stream) = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)) else { return false };
        let (asked, wanted) = match &self.password {
            Some(password) => (format!("AUTH {password}\r\nPING\r\n"), "+OK\r\n+PONG"),
            None => ("PING\r\n".to_owned(), "+PONG"),
        };
        let mut answer = vec![0; wanted.len()];
        stream.set_read_timeout(Some(Duration::from_secs(1))).is_ok()
            && stream.write_all(asked.as_bytes()).is_ok()
            && stream.read_exact(&mut answer).is_ok()
            && answer == wanted.as_bytes()
    }

    fn has_failed(&self) -> bool {
        self.log().contains("Failed listening")
    }

    /// Everything that it wrote.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.log_file()).unwrap_or_default()
    }

    fn log_file(&self) -> PathBuf {
        self.folder.path().join("redis.log")
    }
}
