//! The schema as an editor uses it: the real language server for YAML completes, explains and underlines.
//!
//! It is installed from npm as `test-bed/editor` pins it. It fetches no schema: its list of public ones is off, the
//! schema is a file beside the mock, and its proxies lead to a closed port.
#![expect(clippy::unwrap_used, reason = "a test may stop at what it did not expect")]

use std::io::{BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use moclojer_core::spec::schema;
use serde_json::{Value, json};
use test_bed::process::Folder;

/// How long the server may take for anything on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// The language server, ended with the test.
struct Editor {
    child: Child,
    input: ChildStdin,
    messages: Receiver<Value>,
    folder: Folder,
    last_id: u64,
}

impl Drop for Editor {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Editor {
    fn start() -> Self {
        let packages = test_bed::node::packages(&Path::new(env!("CARGO_MANIFEST_DIR")).join("editor"));
        let server = packages.join("node_modules/yaml-language-server/bin/yaml-language-server");
        let folder = Folder::new();
        std::fs::write(folder.path().join("moclojer.schema.json"), schema::text()).unwrap();
        let nowhere = "http://127.0.0.1:9";
        let mut command = Command::new("node");
        command.arg(server).arg("--stdio").current_dir(folder.path());
        for name in ["http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"] {
            command.env(name, nowhere);
        }
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("node cannot be run (`apt-get install nodejs`): {error}"));
        let (sender, messages) = channel();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            while let Some(message) = read_message(&mut output) {
                if sender.send(message).is_err() {
                    break;
                }
            }
        });
        let input = child.stdin.take().unwrap();
        let mut editor = Self { child, input, messages, folder, last_id: 0 };
        let root = editor.uri("");
        editor.ask(
            "initialize",
            &json!({
                "processId": null, "rootUri": root,
                "capabilities": {"textDocument": {"completion": {}, "hover": {}}, "workspace": {"configuration": true}},
            }),
        );
        editor.tell("initialized", &json!({}));
        editor
    }

    fn uri(&self, name: &str) -> String {
        format!("file://{}", self.folder.path().join(name).display())
    }

    fn send(&mut self, message: &Value) {
        let text = message.to_string();
        write!(self.input, "Content-Length: {}\r\n\r\n{text}", text.len()).unwrap();
        self.input.flush().unwrap();
    }

    fn tell(&mut self, method: &str, params: &Value) {
        self.send(&json!({"jsonrpc": "2.0", "method": method, "params": params}));
    }

    fn ask(&mut self, method: &str, params: &Value) -> Value {
        self.last_id += 1;
        let id = self.last_id;
        self.send(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}));
        self.until(|message| message["id"] == id && message["method"].is_null())["result"].take()
    }

    /// The first message that fits; what the server asks meanwhile is answered.
    fn until(&mut self, fits: impl Fn(&Value) -> bool) -> Value {
        loop {
            let message = self.messages.recv_timeout(PATIENCE).expect("the language server says something");
            if fits(&message) {
                return message;
            }
            if message["method"].is_string() && !message["id"].is_null() {
                let result = match message["method"].as_str() {
                    Some("workspace/configuration") => {
                        let own = |item: &Value| match item["section"].as_str() {
                            Some("yaml") => json!({
                                "schemaStore": {"enable": false}, "validate": true, "hover": true, "completion": true,
                            }),
                            _ => Value::Null,
                        };
                        message["params"]["items"].as_array().unwrap().iter().map(own).collect()
                    }
                    _ => Value::Null,
                };
                self.send(&json!({"jsonrpc": "2.0", "id": message["id"], "result": result}));
            }
        }
    }

    /// Opens a mock that names its schema as docs/editor.md says, and gives the problems that are underlined.
    fn open(&mut self, name: &str, text: &str) -> Vec<Value> {
        let (uri, text) =
            (self.uri(name), format!("# yaml-language-server: $schema=moclojer.schema.json\n{text}"));
        let document = json!({"uri": uri, "languageId": "yaml", "version": 1, "text": text});
        self.tell("textDocument/didOpen", &json!({"textDocument": document}));
        let told = self.until(|message| {
            message["method"] == "textDocument/publishDiagnostics" && message["params"]["uri"] == *uri
        });
        told["params"]["diagnostics"].as_array().unwrap().clone()
    }

    fn at(&self, name: &str, line: u32, character: u32) -> Value {
        json!({"textDocument": {"uri": self.uri(name)}, "position": {"line": line, "character": character}})
    }
}

/// One message of the protocol; none at the end.
fn read_message(input: &mut impl std::io::BufRead) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if input.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if line.trim().is_empty() {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
    }
    let mut bytes = vec![0; length];
    input.read_exact(&mut bytes).ok()?;
    serde_json::from_slice(&bytes).ok()
}

#[test]
fn an_editor_completes_a_key_explains_it_and_underlines_a_misspelt_one() {
    let mut editor = Editor::start();

    let problems =
        editor.open("wrong.yml", "- endpoint:\n    path: /users\n    respone:\n      status: 200\n");
    let told: Vec<&str> = problems.iter().filter_map(|problem| problem["message"].as_str()).collect();
    let misspelt = problems.iter().find(|problem| problem["range"]["start"]["line"] == 3);
    assert!(
        misspelt.is_some_and(|problem| problem["message"].as_str().unwrap().contains("respone")),
        "{told:?}"
    );

    let good = "- endpoint:\n    path: /users\n    response:\n      status: 200\n      \n";
    assert_eq!(editor.open("good.yml", good), Vec::<Value>::new());
    let place = editor.at("good.yml", 4, 9);
    let explained = editor.ask("textDocument/hover", &place);
    assert!(explained.to_string().contains("from 200 to 599"), "{explained}");

    let place = editor.at("good.yml", 5, 6);
    let offered = editor.ask("textDocument/completion", &place);
    let items = offered["items"].as_array().or(offered.as_array()).unwrap();
    let labels: Vec<&str> = items.iter().filter_map(|item| item["label"].as_str()).collect();
    assert!(
        labels.contains(&"headers") && labels.contains(&"body") && !labels.contains(&"path"),
        "{labels:?}"
    );
}
