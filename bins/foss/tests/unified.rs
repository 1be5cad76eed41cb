//! `moclojer --unified` as an operator meets it, over a store that is a folder.
#![expect(clippy::unwrap_used, reason = "a test may stop at what it did not expect")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use moclojer_cloud::adapters::object_store::{Limits, ObjectStore, StoreUrl};
use moclojer_cloud::layout_file::{LayoutFile, shard_key};
use moclojer_core::ports::{Condition, Storage as _, StorageKey};
use moclojer_core::spec::host::HostPattern;
use moclojer_core::spec::{Format, Settings};
use moclojer_core::unify::{
    Document, Generation, LayoutNumber, Position, Revision, ShardId, Version, process, write_shard,
};

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
        let mut child = command(&arguments).stdout(Stdio::piped()).spawn().unwrap();
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

    let kill = Command::new("kill").args(["-TERM", &server.child.id().to_string()]).status().unwrap();
    assert!(kill.success());
    assert_eq!(server.child.wait().unwrap().code(), Some(0));
    let mut log = String::new();
    server.lines.read_to_string(&mut log).unwrap();
    for line in ["following the unified mock", "ready: all shards were read", "layout.json", "stopped"] {
        assert!(log.contains(line), "no {line} in\n{log}");
    }
    assert!(log.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()), "{log}");
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
        (&["--unified", "fs:/tmp", "--redis", "http://:canary@x"], "redis://"),
    ] {
        let output = command(arguments).output().unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {text}");
        assert!(text.contains(said) && !text.contains("canary"), "{arguments:?}: {text}");
    }
}
