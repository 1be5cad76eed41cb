//! `moclojer push`, against a standalone in this process.
#![expect(clippy::unwrap_used, reason = "a test may stop at what it did not expect")]

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use futures_util::FutureExt as _;
use moclojer_cloud::config::{self, Sources};
use moclojer_cloud::standalone::Standalone;
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// A folder of its own, removed with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("moclojer-push-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.0.join(name), text).unwrap();
    }

    /// Exit code, standard output, standard error.
    async fn push(&self, arguments: &[&str]) -> (i32, String, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_moclojer"));
        command.arg("push").args(arguments).current_dir(&self.0).env_clear().stdin(Stdio::null());
        // The standalone that is asked runs on this runtime.
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        let Output { status, stdout, stderr } = output;
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (status.code().unwrap(), text(stdout), text(stderr))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A standalone with its data where `push` looks for the token.
struct Running {
    url: String,
    token: String,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

impl Running {
    async fn start(folder: &Folder) -> Self {
        let data = folder.0.join("moclojer-data").display().to_string();
        let sources = Sources::of_environment([
            ("MOCLOJER_DATA", &*data),
            ("MOCLOJER_LISTEN", "127.0.0.1:0"),
            ("MOCLOJER_ADMIN_LISTEN", "127.0.0.1:0"),
        ]);
        let (settings, _) = config::Standalone::read(&sources).unwrap();
        let standalone = Standalone::open(&settings).await.unwrap();
        let url = format!("http://localhost:{}", standalone.address().unwrap().port());
        let token = standalone.folder().token().text().to_owned();
        let (stop, stopped) = oneshot::channel();
        let shutdown = stopped.map(|_| ()).boxed().shared();
        Self { url, token, stop: Some(stop), task: tokio::spawn(standalone.run(shutdown)) }
    }

    async fn ask(&self, method: reqwest::Method, path: &str, body: Value) -> Value {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let request =
            client.request(method, format!("{}{path}", self.url)).bearer_auth(&self.token).json(&body);
        let answer = request.send().await.unwrap();
        serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or_default()
    }

    /// What the host of `wildcard` answers.
    async fn call(&self, wildcard: &str) -> (u16, String) {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let port = self.url.rsplit(':').next().unwrap();
        let host = format!("{wildcard}-dev.localhost:{port}");
        let answer = client.get(&self.url).header("host", host).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    async fn stop(mut self) {
        self.stop.take().unwrap().send(()).unwrap();
        tokio::time::timeout(Duration::from_secs(15), &mut self.task).await.unwrap().unwrap();
    }
}

fn says(text: &str) -> String {
    format!("- endpoint: {{path: /, response: {{body: '{text}'}}}}\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_served_when_push_ends_and_again_after_each_change() {
    let folder = Folder::new("served");
    let running = Running::start(&folder).await;
    for text in ["first", "second", "second"] {
        folder.write("shop.yml", &says(text));
        let (code, out, said) = folder.push(&["shop.yml", "--to", &running.url]).await;
        assert_eq!(code, 0, "{said}");
        assert_eq!(out, format!("{}\n", running.url.replace("://", "://shop-dev.")));
        assert_eq!(running.call("shop").await, (200, text.to_owned()));
    }
    let (code, _, said) = folder.push(&["shop.yml", "--to", &running.url, "--name", "other"]).await;
    assert_eq!(code, 0, "{said}");
    assert_eq!(running.call("other").await.1, "second");
    folder.write("more.edn", "; EDN\n{:endpoint {:path \"/\" :response {:body {:n [0x1F :k]}}}}");
    let (code, _, said) = folder.push(&["more.edn", "--to", &running.url]).await;
    assert_eq!(code, 0, "{said}");
    assert_eq!(running.call("more").await, (200, r#"{"n":[31,"k"]}"#.to_owned()));
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_with_errors_is_shown_as_check_shows_it_and_nothing_is_sent() {
    let folder = Folder::new("errors");
    // No server, and no token: neither is looked for.
    folder.write("token", "t");
    folder.write("bad.yml", "- endpoint:\n    path: /\n    response: {status: 99999}\n");
    let (code, out, said) = folder.push(&["bad.yml", "--token-file", "token"]).await;
    assert_eq!((code, &*out), (1, ""));
    assert!(said.contains("bad.yml:3") && said.contains("99999"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_failure_says_what_to_do() {
    let folder = Folder::new("failures");
    folder.write("a.yml", &says("a"));
    folder.write("forged", "forged-canary");
    let (code, _, said) = folder.push(&["a.yml"]).await;
    assert_eq!(code, 2);
    assert!(said.contains("start moclojer-standalone in this folder"), "{said}");
    let (code, _, said) = folder.push(&["a.yml", "--to", "https://api.example.com"]).await;
    assert_eq!(code, 2);
    assert!(said.contains("--token-file"), "{said}");
    let (code, _, said) = folder.push(&["missing.yml", "--token-file", "forged"]).await;
    assert_eq!(code, 2);
    assert!(said.contains("missing.yml cannot be read"), "{said}");
    let (code, _, said) =
        folder.push(&["a.yml", "--to", "http://127.0.0.1:1", "--token-file", "forged"]).await;
    assert_eq!(code, 1);
    assert!(said.contains("cannot be reached") && said.contains("is it running?"), "{said}");
    assert!(!said.contains("canary"), "{said}");

    let running = Running::start(&folder).await;
    let (code, _, said) = folder.push(&["a.yml", "--to", &running.url, "--token-file", "forged"]).await;
    assert_eq!(code, 1);
    assert!(said.contains("the token is not accepted") && !said.contains("canary"), "{said}");
    let (code, _, said) = folder.push(&["a.yml", "--to", &running.url, "--name", "Not_A_Name"]).await;
    assert_eq!(code, 1);
    assert!(said.contains("--name: "), "{said}");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mock_that_is_switched_off_is_saved_and_told() {
    let folder = Folder::new("off");
    let running = Running::start(&folder).await;
    let off = json!({ "wildcard": "off", "content": says("a"), "enabled": false });
    running.ask(reqwest::Method::POST, "/mocks", off).await;
    folder.write("off.yml", &says("b"));
    let (code, _, said) = folder.push(&["off.yml", "--to", &running.url]).await;
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("revision 2 is saved; the mock is switched off"), "{said}");
    running.stop().await;
}
