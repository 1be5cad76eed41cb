//! `moclojer --unified` as an operator meets it, over a store that is a folder.
#![expect(clippy::unwrap_used, reason = "a test may stop at what it did not expect")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use moclojer_cloud::adapters::object_store::{Limits, ObjectStore, StoreUrl};
use moclojer_cloud::adapters::redis::RedisBus;
use moclojer_cloud::layout_file::{LayoutFile, shard_key};
use moclojer_cloud::messages::{UnifiedUpdated, send};
use moclojer_core::ports::{Condition, Storage as _, StorageKey};
use moclojer_core::spec::host::HostPattern;
use moclojer_core::spec::{Format, Settings};
use moclojer_core::unify::{
    Document, Generation, LayoutNumber, Position, Revision, ShardId, Version, process, write_shard,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

const LAYOUT: LayoutNumber = LayoutNumber::new(1);

/// A store in a folder of its own, removed with the test.
struct Store(PathBuf);

impl Store {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("moclojer-unified-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        let store = Self(path);
        let shards = NonZeroU32::new(1).unwrap();
        let layout = LayoutFile::new(
            "6b1c2f1e-6f0e-4a57-9a3e-0f5d4f0e8a11".parse().unwrap(),
            LAYOUT,
            shards,
            &[3; 32],
        );
        store.put(&LayoutFile::key(), layout.write());
        store
    }

    fn url(&self) -> String {
        format!("fs:{}", self.0.display())
    }

    fn put(&self, key: &StorageKey, bytes: Vec<u8>) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let url = StoreUrl::parse(&self.url()).unwrap();
        let store = ObjectStore::open(&url, None, Limits::default()).unwrap();
        runtime.block_on(store.put(key, bytes.into(), Condition::Always)).unwrap();
    }

    /// Writes the one shard: hosts with what they answer.
    fn write(&self, generation: u64, hosts: &[(&str, &str)]) {
        let texts: Vec<_> = hosts
            .iter()
            .map(|(host, body)| {
                let host = HostPattern::parse(host).unwrap();
                let file = format!("- endpoint: {{path: /, response: {{body: {body}}}}}");
                process("m.yml", file.as_bytes(), Format::Yaml, &host, &Settings::default()).text.unwrap()
            })
            .collect();
        let documents: Vec<_> = texts
            .iter()
            .map(|text| Document { text, version: Version::new(generation), revision: Revision::new(1) })
            .collect();
        let position = Position { layout: LAYOUT, generation: Generation::new(generation) };
        let bytes = write_shard(ShardId::new(0), position, &documents).unwrap();
        self.put(&shard_key(LAYOUT, ShardId::new(0)), bytes);
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_moclojer"));
    command.args(arguments).env_clear();
    command
}

/// A running server; ended with the test.
struct Server {
    child: Child,
    lines: BufReader<ChildStdout>,
    address: String,
    health: String,
}

impl Server {
    fn start(store: &Store) -> Self {
        let url = store.url();
        let arguments = ["--unified", &url, "-p", "0", "--health", "127.0.0.1:0", "--log-format", "json"];
        Self::start_with(store, &arguments, &[])
    }

    /// Starts one that logs JSON.
    fn start_with(store: &Store, arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let url = store.url();
        let mut command = command(arguments);
        let mut child = command.envs(environment.iter().copied()).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        lines.read_line(&mut line).unwrap();
        let start: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!((&start["msg"], &start["store"]), (&"listening".into(), &url.into()), "{line}");
        let text = |name: &str| start[name].as_str().unwrap().to_owned();
        let (address, health) = (text("address"), text("health"));
        Self { child, lines, address, health }
    }

    fn get(&self, host: &str) -> String {
        get(&self.address, host, "/")
    }

    /// Asks until an answer ends with `text`.
    fn until(&self, host: &str, text: &str) {
        let end = Instant::now() + Duration::from_secs(20);
        loop {
            let answer = self.get(host);
            if answer.ends_with(text) {
                return;
            }
            assert!(Instant::now() < end, "{host} does not answer {text}: {answer}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Ends it with SIGTERM; what it logged since its start line.
    fn terminate(&mut self) -> String {
        let kill = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(kill.success());
        let mut log = String::new();
        self.lines.read_to_string(&mut log).unwrap();
        assert_eq!(self.child.wait().unwrap().code(), Some(0), "{log}");
        assert!(log.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()), "{log}");
        log
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn get(address: &str, host: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn it_serves_a_store_follows_it_and_ends_with_0_on_sigterm() {
    let store = Store::new("serves");
    store.write(1, &[("a.test", "one"), ("b.test", "b")]);
    let mut server = Server::start(&store);
    server.until("a.test", "one");
    assert!(server.get("c.test").starts_with("HTTP/1.1 404"));
    store.write(2, &[("a.test", "two")]);
    server.until("a.test", "two");
    assert!(server.get("b.test").starts_with("HTTP/1.1 404"), "removed");

    let live = get(&server.health, "x", "/healthcheck/live");
    assert!(live.starts_with("HTTP/1.1 200") && live.contains("\"oldest-seconds\""), "{live}");
    let metrics = get(&server.health, "x", "/metrics");
    assert!(metrics.contains("moclojer_foss_hosts 1"), "{metrics}");
    assert!(get(&server.address, "a.test", "/metrics").starts_with("HTTP/1.1 404"), "not on the mocks' port");

    std::fs::remove_dir_all(&store.0).unwrap();
    let end = Instant::now() + Duration::from_secs(20);
    while get(&server.health, "x", "/healthcheck/live").starts_with("HTTP/1.1 200") {
        assert!(Instant::now() < end, "a store without layout.json is told");
        std::thread::sleep(Duration::from_millis(100));
    }
    server.until("a.test", "two");

    let log = server.terminate();
    for line in ["following the unified mock", "ready: all shards were read", "layout.json", "stopped"] {
        assert!(log.contains(line), "no {line} in\n{log}");
    }
}

#[test]
fn wrong_usage_says_what_to_write_and_shows_no_secret() {
    for (arguments, said) in [
        (&["--unified", "fs:relative"][..], "whole path"),
        (&["--unified", "s3://bucket"], "region"),
        (&["--unified", "s3://bucket?region=x"], "AWS_ACCESS_KEY_ID"),
        (&["--unified", "s3://id:canary@bucket?region=x"], "credentials"),
        (&["--unified", "memory:"], "memory:"),
        (&["--unified", "fs:/tmp", "-c", "a.yml"], "cannot be used with"),
        (&["--unified", "fs:/tmp", "a.yml"], "cannot be used with"),
        (&["--unified", "fs:/tmp", "--env", "A=canary"], "cannot be used with"),
        (&["--redis", "redis://x"], "--unified"),
        (&["--health", "127.0.0.1:1"], "--unified"),
        (&["--settings", "x.toml"], "--unified"),
        (&["--check-config"], "--unified"),
        (&["--unified"], "MOCLOJER_STORE_URL"),
        (
            &["--unified", "--settings", "/is/not/there.toml"],
            "/is/not/there.toml: the configuration file cannot",
        ),
        (&["--unified", "fs:/tmp", "--redis", "http://:canary@x"], "redis://"),
    ] {
        let output = command(arguments).output().unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {text}");
        assert!(text.contains(said) && !text.contains("canary"), "{arguments:?}: {text}");
    }
}

/// A settings file in the store's folder, which is removed with it.
fn settings(store: &Store, text: &str) -> String {
    let path = store.0.join("moclojer.toml");
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

/// Exit code, and all that it said.
fn say(arguments: &[&str], environment: &[(&str, &str)]) -> (i32, String) {
    let output = command(arguments).envs(environment.iter().copied()).output().unwrap();
    (output.status.code().unwrap(), String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
}

#[test]
fn a_flag_wins_over_the_environment_and_that_over_the_file_and_no_secret_is_shown() {
    let store = Store::new("precedence");
    let text = "store-url = \"fs:/of/the/file\"\nadmin-listen = \"127.0.0.1:1\"\nlog-level = \"warn\"\n\
                redis-url = \"redis://:canary@127.0.0.1:1\"\notlp-endpoint = \"http://127.0.0.1:4318\"\n\
                [mock-server]\nlog-level = \"debug\"\n[api]\nsupabase-anon-key = \"canary\"\n";
    let file = settings(&store, text);
    let environment = [
        ("MOCLOJER_STORE_URL", "fs:/of/the/environment"),
        ("MOCLOJER_ADMIN_LISTEN", "127.0.0.1:2"),
        ("MOCLOJER_LOG_FORMAT", "text"),
        ("AWS_ACCESS_KEY_ID", "canary"),
        ("AWS_SECRET_ACCESS_KEY", "canary"),
    ];
    let named = ["--unified", "--settings", &file, "--health", "127.0.0.1:3", "--check-config"];
    let (code, said) = say(&named, &environment);
    let expected = format!(
        "admin-listen           127.0.0.1:3  [--health]\n\
         redis-url              (set)  [{file}:4]\n\
         store-url              fs:/of/the/environment  [MOCLOJER_STORE_URL]\n\
         aws-access-key-id      (set)  [AWS_ACCESS_KEY_ID]\n\
         aws-secret-access-key  (set)  [AWS_SECRET_ACCESS_KEY]\n\
         aws-session-token      (not set)\n\
         log-format             text  [MOCLOJER_LOG_FORMAT]\n\
         log-level              debug  [{file}:7]\n\
         otlp-endpoint          http://127.0.0.1:4318  [{file}:5]\n\
         the configuration is right\n"
    );
    assert_eq!((code, &*said), (0, &*expected));

    let flags =
        ["--unified", "fs:/of/the/flag", "--redis", "redis://:canary@h", "-f", "json", "--check-config"];
    let mut environment = environment.to_vec();
    environment.push(("MOCLOJER_CONFIG", &file));
    let (code, said) = say(&flags, &environment);
    assert_eq!(code, 0, "{said}");
    for line in [
        "store-url              fs:/of/the/flag  [--unified]",
        "redis-url              (set)  [--redis]",
        "log-format             json  [--log-format]",
        "admin-listen           127.0.0.1:2  [MOCLOJER_ADMIN_LISTEN]",
    ] {
        assert!(said.lines().any(|shown| shown == line), "{line}: {said}");
    }
    assert!(!said.contains("canary"), "{said}");
}

#[test]
fn everything_that_is_wrong_is_named_at_once() {
    let store = Store::new("wrong");
    let file = settings(&store, "stor-url = \"canary\"\nlog-level = \"a=b=c\"\n[mock-servers]\nx = 1\n");
    let arguments = [
        "--unified",
        "--settings",
        &file,
        "--health",
        "9100",
        "--host",
        "here",
        "--limit",
        "canary-bytes=1",
        "--limit",
        "body-bytes=much",
    ];
    let environment = [
        ("MOCLOJER_LOG_FORMAT", "xml"),
        ("MOCLOJER_PORT", "http"),
        ("MOCLOJER_STORE_ULR", "canary"),
        ("REDIS_URL", "http://:canary@x"),
        ("AWS_SECRET_ACCESS_KEY", "canary"),
    ];
    for more in [&[][..], &["--check-config"]] {
        let (code, said) = say(&[&arguments[..], more].concat(), &environment);
        assert_eq!(code, 2, "{said}");
        let expected = [
            format!("{file}:1: there is no setting `stor-url`"),
            format!("{file}:2: log-level: "),
            format!("{file}:4: there is no section `[mock-servers]`"),
            "--limit canary-bytes=1: there is no limit of this name".to_owned(),
            "--limit body-bytes=much: ".to_owned(),
            "--host `here` is no IP address".to_owned(),
            "MOCLOJER_PORT `http` is no port".to_owned(),
            "MOCLOJER_STORE_ULR: there is no such setting; did you mean MOCLOJER_STORE_URL?".to_owned(),
            "--health: admin-listen: ".to_owned(),
            "REDIS_URL: redis-url: ".to_owned(),
            "missing: store-url: ".to_owned(),
            "MOCLOJER_LOG_FORMAT: log-format: ".to_owned(),
            "AWS_SECRET_ACCESS_KEY: aws-secret-access-key: aws-access-key-id is missing".to_owned(),
        ];
        for line in &expected {
            let found =
                said.lines().any(|said| said.strip_prefix("  ").is_some_and(|said| said.starts_with(line)));
            assert!(found, "{line}: {said}");
        }
        assert!(said.contains(&format!("wrong in {} places", expected.len())), "{said}");
        assert!(!said.replace("canary-bytes", "").contains("canary"), "{said}");
    }
}

#[test]
fn a_file_is_all_that_it_needs_and_it_logs_json_to_a_program() {
    let store = Store::new("file");
    store.write(1, &[("a.test", "one")]);
    let text = format!("[mock-server]\nstore-url = \"{}\"\nadmin-listen = \"127.0.0.1:0\"\n", store.url());
    let file = settings(&store, &text);
    let environment = [("MOCLOJER_CONFIG", &*file), ("PORT", "0")];
    let mut server = Server::start_with(&store, &["--unified"], &environment);
    server.until("a.test", "one");
    assert!(get(&server.health, "x", "/healthcheck").starts_with("HTTP/1.1 200"));
    server.terminate();

    let environment = [("MOCLOJER_LOG_FORMAT", "text"), ("MOCLOJER_LOG_LEVEL", "error")];
    let arguments = ["--unified", "--settings", &file, "-p", "0", "-f", "json", "--log-requests", "off"];
    let mut server = Server::start_with(&store, &arguments, &environment);
    server.until("a.test", "one");
    let log = server.terminate();
    assert!(!log.contains("following the unified mock"), "below the level: {log}");
}

/// A collector of traces: answers whatever is sent, and keeps it.
async fn collect(listener: tokio::net::TcpListener, received: Arc<Mutex<Vec<u8>>>) {
    while let Ok((mut stream, _)) = listener.accept().await {
        let received = Arc::clone(&received);
        tokio::spawn(async move {
            let mut part = [0; 8_192];
            while let Ok(count @ 1..) = stream.read(&mut part).await {
                received.lock().unwrap().extend_from_slice(&part[..count]);
                if count < part.len() {
                    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
                }
            }
        });
    }
}

#[test]
fn a_shard_that_is_read_after_a_hint_is_a_span_with_the_hints_correlation() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let received = Arc::new(Mutex::new(Vec::new()));
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    runtime.spawn(collect(listener, Arc::clone(&received)));
    let redis = runtime.block_on(test_bed::redis::Redis::fresh());
    let bus = runtime.block_on(async { RedisBus::connect(&redis.url()).unwrap() });

    let store = Store::new("traces");
    store.write(1, &[("a.test", "one")]);
    let url = redis.url();
    let environment = [
        ("MOCLOJER_OTLP_ENDPOINT", &*endpoint),
        ("MOCLOJER_LOG_LEVEL", "info,moclojer_cloud=debug"),
        ("REDIS_URL", &*url),
        ("AWS_ACCESS_KEY_ID", "canary"),
        ("AWS_SECRET_ACCESS_KEY", "canary"),
    ];
    let store_url = store.url();
    let arguments = ["--unified", &store_url, "-p", "0", "--health", "127.0.0.1:0"];
    let mut server = Server::start_with(&store, &arguments, &environment);
    server.until("a.test", "one");
    // The first hint may come before anybody listens.
    for generation in 2..5 {
        let body = format!("body-{generation}");
        store.write(generation, &[("a.test", &body)]);
        let hint = UnifiedUpdated { layout: 1, shard: 0, generation, etag: "x".to_owned(), hosts: None };
        runtime.block_on(send(&bus, "cause-of-the-hint", hint)).unwrap();
        server.until("a.test", &body);
    }
    let log = server.terminate();
    let applied = log.lines().find(|line| line.contains("a shard was applied") && line.contains("cause-of"));
    let line: serde_json::Value = serde_json::from_str(applied.unwrap_or_else(|| panic!("{log}"))).unwrap();
    assert_eq!((&line["ctx"], &line["level"]), (&"cause-of-the-hint".into(), &"debug".into()), "{line}");

    let sent = received.lock().unwrap();
    let sent = String::from_utf8_lossy(&sent);
    assert!(sent.starts_with("POST /v1/traces "), "{sent}");
    for part in ["moclojer-mock-server", "shard.generation", "cause-of-the-hint"] {
        assert!(sent.contains(part), "{part}: {sent}");
    }
    assert!(!sent.contains("canary") && !log.contains("canary"), "{log}");
}
