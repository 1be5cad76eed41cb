//! The program as a person meets it: one process, one folder, one port.
#![expect(clippy::unwrap_used, reason = "a test may stop at what it did not expect")]

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::time::{Duration, Instant};

use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};

/// How long anything may take here.
const DEADLINE: Duration = Duration::from_secs(30);

/// A folder of its own, removed with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("moclojer-standalone-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// The program in this folder, without the caller's environment, on ports that are free.
    fn command(&self, environment: &[(&str, &str)]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_moclojer-standalone"));
        command.args(["--data", "data", "--port", "0"]).current_dir(&self.0).env_clear();
        command.env("MOCLOJER_ADMIN_LISTEN", "127.0.0.1:0").envs(environment.iter().copied());
        command.stdin(Stdio::null());
        command
    }

    fn run(&self, arguments: &[&str], environment: &[(&str, &str)]) -> (i32, String) {
        let Output { status, stdout, stderr } = self.command(environment).args(arguments).output().unwrap();
        let text = [stdout, stderr].concat();
        (status.code().unwrap(), String::from_utf8(text).unwrap())
    }

    fn start(&self) -> Standalone {
        self.start_with(&[])
    }

    fn start_with(&self, environment: &[(&str, &str)]) -> Standalone {
        let mut child =
            self.command(environment).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let mut said = String::new();
        let started = loop {
            let mut line = String::new();
            if lines.read_line(&mut line).unwrap() == 0 {
                let output = child.wait_with_output().unwrap();
                panic!("it ended: {said}{}", String::from_utf8_lossy(&output.stderr));
            }
            said.push_str(&line);
            let line: Value = serde_json::from_str(&line).unwrap();
            if line["msg"] == "listening" {
                break line;
            }
        };
        let address = |name: &str| started[name].as_str().unwrap().parse().unwrap();
        let token = std::fs::read_to_string(self.0.join("data/token")).unwrap().trim().to_owned();
        Standalone {
            child,
            address: address("address"),
            admin: address("admin"),
            lines,
            said,
            token,
            http: client(),
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn client() -> Client {
    Client::builder().no_proxy().timeout(DEADLINE).build().unwrap()
}

/// A running one; ended with the test.
struct Standalone {
    child: Child,
    address: SocketAddr,
    admin: SocketAddr,
    lines: BufReader<ChildStdout>,
    said: String,
    token: String,
    http: Client,
}

impl Standalone {
    async fn api(&self, method: Method, path: &str, body: Option<Value>) -> (StatusCode, Value) {
        let mut request =
            self.http.request(method, format!("http://{}{path}", self.address)).bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.unwrap();
        (answer.status(), serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or_default())
    }

    /// What a mock's host answers.
    async fn mock(&self, host: &str, path: &str) -> (u16, String) {
        let request = self.http.get(format!("http://{}{path}", self.address));
        let answer = request.header("host", format!("{host}:{}", self.address.port())).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    /// Waits until a mock's host answers so.
    async fn until(&self, host: &str, path: &str, status: u16, body: &str) {
        let begun = Instant::now();
        loop {
            let found = self.mock(host, path).await;
            if found.0 == status && found.1.contains(body) {
                return;
            }
            assert!(begun.elapsed() < DEADLINE, "{host}{path} is {found:?}, not {status} {body}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    async fn create(&self, wildcard: &str, content: &str) -> Value {
        let body = json!({ "wildcard": wildcard, "content": content });
        let (status, mock) = self.api(Method::POST, "/mocks", Some(body)).await;
        assert_eq!(status, StatusCode::CREATED, "{mock}");
        mock
    }

    fn signal(&self, name: &str) {
        let kill = Command::new("kill").args([name, &self.child.id().to_string()]).status().unwrap();
        assert!(kill.success());
    }

    /// Ends it with SIGTERM: the exit code, and all that it said.
    fn terminate(mut self) -> (i32, String) {
        self.signal("-TERM");
        let begun = Instant::now();
        let mut said = std::mem::take(&mut self.said);
        while self.lines.read_line(&mut said).unwrap() > 0 {}
        let code = self.child.wait().unwrap().code().unwrap();
        assert!(begun.elapsed() < Duration::from_secs(11), "{:?}", begun.elapsed());
        (code, said)
    }
}

impl Drop for Standalone {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn says(text: &str) -> String {
    format!("- endpoint: {{path: /, response: {{body: '{text}'}}}}\n")
}

#[tokio::test]
async fn a_mock_lives_from_its_making_to_its_end() {
    let folder = Folder::new("life");
    let standalone = folder.start();
    let host = "shop-dev.localhost";
    let mock = standalone.create("shop", &says("first")).await;
    let path = format!("/mocks/{}", mock["id"].as_str().unwrap());
    assert_eq!(mock["url"], format!("http://{host}:{}", standalone.address.port()));
    standalone.until(host, "/", 200, "first").await;
    let (_, now) = standalone.api(Method::GET, &path, None).await;
    assert_eq!((&now["status"], &now["serving-revision"]), (&json!("published"), &json!(1)));

    let edit = json!({ "content": says("second"), "if-revision": 1 });
    let (status, _) = standalone.api(Method::PUT, &path, Some(edit)).await;
    assert_eq!(status, StatusCode::OK);
    standalone.until(host, "/", 200, "second").await;

    let broken =
        json!({ "content": "- endpoint:\n    path: /\n    response: {status: 99999}\n", "if-revision": 2 });
    let (status, mock) = standalone.api(Method::PUT, &path, Some(broken)).await;
    assert_eq!(status, StatusCode::OK, "{mock}");
    assert_eq!(mock["problems"][0]["line"], 3, "{mock}");
    assert_eq!(standalone.mock(host, "/").await, (200, "second".to_owned()));

    let unpublish = format!("{path}/unpublish");
    assert_eq!(standalone.api(Method::POST, &unpublish, None).await.0, StatusCode::OK);
    standalone.until(host, "/", 404, "").await;
    assert_eq!(standalone.api(Method::POST, &format!("{path}/publish"), None).await.0, StatusCode::OK);
    standalone.until(host, "/", 200, "second").await;

    assert_eq!(standalone.api(Method::DELETE, &path, None).await.0, StatusCode::NO_CONTENT);
    assert_eq!(standalone.api(Method::GET, &path, None).await.0, StatusCode::NOT_FOUND);
    standalone.until(host, "/", 404, "").await;

    let token = standalone.token.clone();
    let (code, said) = standalone.terminate();
    assert_eq!(code, 0, "{said}");
    assert!(!said.contains(&token) && !said.contains("\"level\":\"error\""), "{said}");
}

#[tokio::test]
async fn what_was_acknowledged_survives_kill_9() {
    let folder = Folder::new("kill");
    let mut ids = Vec::new();
    for round in 0..4 {
        let standalone = folder.start();
        for number in 0..5 {
            let name = format!("m{round}x{number}");
            ids.push((standalone.create(&name, &says(&name)).await["id"].clone(), name));
        }
        // In the middle of carrying them out.
        standalone.signal("-KILL");
    }
    let standalone = folder.start();
    for (id, name) in &ids {
        let (status, mock) =
            standalone.api(Method::GET, &format!("/mocks/{}", id.as_str().unwrap()), None).await;
        assert_eq!((status, mock["content"].as_str()), (StatusCode::OK, Some(&*says(name))));
        standalone.until(&format!("{name}-dev.localhost"), "/", 200, name).await;
    }
    let (code, said) = standalone.terminate();
    assert_eq!(code, 0, "{said}");
}

#[tokio::test]
async fn pages_and_names_of_others_are_refused() {
    let folder = Folder::new("others");
    let standalone = folder.start_with(&[("MOCLOJER_CORS_ORIGINS", "https://app.example.com")]);
    for (host, status) in [("evil.example.com", 421), ("localhost.example.com", 421), ("10.0.0.1", 421)] {
        let (found, body) = standalone.mock(host, "/mocks").await;
        assert_eq!(found, status, "{body}");
        assert!(body.contains("foreign-host"), "{body}");
    }
    let own = format!("http://{}", standalone.address);
    for (origin, expected) in [
        (&*own, StatusCode::OK),
        ("https://app.example.com", StatusCode::OK),
        ("http://shop-dev.localhost:8080", StatusCode::FORBIDDEN),
        ("null", StatusCode::FORBIDDEN),
    ] {
        let request = standalone.http.get(format!("{own}/mocks")).bearer_auth(&standalone.token);
        let answer = request.header("origin", origin).send().await.unwrap();
        assert_eq!(answer.status(), expected, "{origin}");
    }
    let anonymous = standalone.http.get(format!("{own}/mocks")).send().await.unwrap();
    assert_eq!(anonymous.status(), StatusCode::UNAUTHORIZED);
    // Hosts of mocks are no api.
    standalone.until("nobody-dev.localhost", "/mocks", 404, "").await;
}

#[tokio::test]
async fn one_process_uses_a_folder() {
    let folder = Folder::new("one");
    let first = folder.start();
    let (code, said) = folder.run(&[], &[]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("another process uses the folder"), "{said}");
    assert!(!said.contains(&first.token), "{said}");
}

#[tokio::test]
async fn health_and_metrics_have_a_listener_of_their_own() {
    let folder = Folder::new("health");
    let standalone = folder.start();
    let get = async |address: SocketAddr, path: &str| {
        let answer = standalone.http.get(format!("http://{address}{path}")).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let begun = Instant::now();
    let live = loop {
        let (status, live) = get(standalone.admin, "/healthcheck/live").await;
        if status == 200 {
            break serde_json::from_str::<Value>(&live).unwrap();
        }
        assert!(begun.elapsed() < DEADLINE, "{live}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    for check in ["database", "object-store", "mocks"] {
        assert_eq!(live["checks"][check]["ok"], true, "{live}");
    }
    for path in ["/mocks/1", "/mocks/2", "/nowhere"] {
        get(standalone.address, path).await;
    }
    let (_, metrics) = get(standalone.admin, "/metrics").await;
    for name in [
        "moclojer_build_info{",
        "moclojer_generator_",
        "moclojer_foss_",
        r#"moclojer_api_requests_total{method="GET",route="/mocks/{id}",status="4xx"} 2"#,
        r#"moclojer_api_requests_total{method="GET",route="unmatched",status="4xx"} 1"#,
        "moclojer_api_request_duration_seconds_count{",
    ] {
        assert!(metrics.contains(&format!("\n{name}")), "{name}: {metrics}");
    }
    assert_eq!(get(standalone.admin, "/mocks").await.0, 404);
    assert_eq!(get(standalone.address, "/metrics").await.0, 404);
}

#[test]
fn a_wrong_configuration_ends_with_all_of_it_before_a_port_opens() {
    let folder = Folder::new("config");
    let wrong = [("MOCLOJER_BODY_LIMIT", "huge"), ("MOCLOJER_LISTENN", "x"), ("MOCLOJER_LOG_FORMAT", "xml")];
    let (code, said) = folder.run(&[], &wrong);
    assert_eq!(code, 2, "{said}");
    for name in ["MOCLOJER_BODY_LIMIT", "MOCLOJER_LISTENN", "MOCLOJER_LOG_FORMAT"] {
        assert!(said.contains(name), "{name}: {said}");
    }
    assert!(!folder.0.join("data").exists());
    let (code, said) = folder.run(&["--check-config"], &[]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("data  [--data]") && said.contains("the configuration is right"), "{said}");
    assert!(!folder.0.join("data").exists());
}

/// A collector that takes what is sent to it, and answers or not.
async fn collector(answers: bool) -> (SocketAddr, tokio::sync::mpsc::UnboundedReceiver<Vec<u8>>) {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (taken, received) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let taken = taken.clone();
            tokio::spawn(async move {
                let (mut all, mut part) = (Vec::new(), [0; 8_192]);
                while let Ok(count @ 1..) = stream.read(&mut part).await {
                    all.extend_from_slice(&part[..count]);
                    let _ = taken.send(all.clone());
                    if answers && count < part.len() {
                        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
                    }
                }
            });
        }
    });
    (address, received)
}

#[tokio::test(flavor = "multi_thread")]
async fn spans_go_to_the_collector_at_the_latest_at_the_end() {
    let folder = Folder::new("traces");
    let (address, mut received) = collector(true).await;
    let standalone = folder.start_with(&[("MOCLOJER_OTLP_ENDPOINT", &format!("http://{address}"))]);
    standalone.create("traced", &says("traced")).await;
    standalone.until("traced-dev.localhost", "/", 200, "traced").await;
    let (token, ended) = (standalone.token.clone(), tokio::task::spawn_blocking(|| standalone.terminate()));
    assert_eq!(ended.await.unwrap().0, 0);
    let mut text = String::new();
    let has_all = |text: &str| {
        ["POST /v1/traces ", "moclojer-standalone", "request", "carry", "shard"]
            .iter()
            .all(|part| text.contains(part))
    };
    let found = tokio::time::timeout(DEADLINE, async {
        while !has_all(&text) {
            text.push_str(&String::from_utf8_lossy(&received.recv().await.unwrap()));
        }
    });
    found.await.unwrap_or_else(|_| panic!("not all spans came: {text}"));
    assert!(!text.contains(&token), "a token in a trace");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_hangs_delays_the_end_by_a_moment_only() {
    let folder = Folder::new("hanging");
    let (address, _received) = collector(false).await;
    let standalone = folder.start_with(&[("MOCLOJER_OTLP_ENDPOINT", &format!("http://{address}"))]);
    standalone.create("traced", &says("traced")).await;
    let begun = Instant::now();
    let ended = tokio::task::spawn_blocking(|| standalone.terminate()).await.unwrap();
    assert_eq!(ended.0, 0);
    assert!(begun.elapsed() < Duration::from_secs(9), "{:?}", begun.elapsed());
}
