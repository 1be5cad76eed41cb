//! The program as a person or a script meets it: what it prints, and how it ends.
#![expect(clippy::unwrap_used, reason = "a test may stop at what it did not expect")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::time::{Duration, Instant};

const MOCK: &str = "- endpoint: {path: '/hello/:name', response: {body: 'hello {{path-params.name}}'}}\n";

/// A folder of its own, removed with the test; the program runs in it, without the caller's environment.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("moclojer-cli-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.0.join(name), text).unwrap();
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_moclojer"));
        command.args(arguments).current_dir(&self.0).env_clear().env("HOME", &self.0);
        command
    }

    fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        let Output { status, stdout, stderr } = self.command(arguments).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (status.code().unwrap(), text(stdout), text(stderr))
    }

    /// Runs it with `input` on standard input.
    fn feed(&self, arguments: &[&str], input: &[u8]) -> (i32, String, String) {
        let piped = || Stdio::piped();
        let mut command = self.command(arguments);
        let mut child = command.stdin(piped()).stdout(piped()).stderr(piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let output = std::thread::scope(|scope| {
            scope.spawn(move || stdin.write_all(input).unwrap());
            child.wait_with_output().unwrap()
        });
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    }

    fn serve(&self, arguments: &[&str]) -> Server {
        self.serve_with(arguments, &[])
    }

    fn serve_with(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Server {
        let mut command = self.command(arguments);
        command.args(["-p", "0", "--log-format", "json"]).envs(environment.iter().copied());
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        let mut server = Server { child, lines, address: String::new() };
        server.address =
            server.until("\"msg\":\"listening\"").split("\"address\":\"").nth(1).unwrap().to_owned();
        server.address.truncate(server.address.find('"').unwrap());
        server
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A running server; ended with the test.
struct Server {
    child: Child,
    lines: BufReader<ChildStdout>,
    address: String,
}

impl Server {
    /// Reads lines of the log until one holds `text`.
    fn until(&mut self, text: &str) -> String {
        loop {
            let mut line = String::new();
            assert!(self.lines.read_line(&mut line).unwrap() > 0, "it ended before it said {text}");
            if line.contains(text) {
                return line;
            }
        }
    }

    fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    fn terminate(&mut self) -> i32 {
        let kill = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(kill.success());
        self.child.wait().unwrap().code().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn serve_answers_logs_reloads_and_ends_with_0_on_sigterm() {
    let folder = Folder::new("serve");
    folder.write("moclojer.yml", MOCK);
    let mut server = folder.serve(&[]);
    assert!(server.get("/hello/you").ends_with("hello you"));
    let line = server.until("/hello/you");
    assert!(line.contains("\"level\":\"info\"") && line.contains("moclojer.yml:1"), "{line}");
    folder.write("moclojer.yml", &MOCK.replace("hello {{", "bye {{"));
    let line = server.until("reloaded");
    assert!(line.contains("1 changed"), "{line}");
    assert!(server.get("/hello/you").ends_with("bye you"));
    folder.write("moclojer.yml", "- endpoint: [");
    server.until("last good version");
    assert!(server.get("/hello/you").ends_with("bye you"));
    assert_eq!(server.terminate(), 0);
}

#[test]
fn the_start_names_address_and_routes_for_a_person() {
    let folder = Folder::new("banner");
    let many: String =
        (0..45).map(|index| format!("- endpoint: {{path: /p{index}, response: {{body: x}}}}\n")).collect();
    folder.write("mock.yml", &many);
    let mut child = folder.command(&["mock.yml", "--port=0"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut text = String::new();
    for line in lines.by_ref().map_while(Result::ok) {
        text.push_str(&line);
        text.push('\n');
        if line.contains("endpoints in all") {
            break;
        }
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(text.contains("serves mock.yml") && text.contains("--host 0.0.0.0"), "{text}");
    assert!(text.contains("/p0 ") && text.contains("mock.yml:40") && !text.contains("/p40 "), "{text}");
    assert!(text.contains("45 endpoints in all"), "{text}");
}

#[test]
fn a_broken_file_or_a_taken_port_is_exit_1() {
    let folder = Folder::new("exit-1");
    folder.write("broken.yml", "- endpoint: {path: no-slash, response: {}}\n");
    let (code, out, _) = folder.run(&["broken.yml"]);
    assert_eq!(code, 1);
    assert!(out.contains("broken.yml:1:20") && out.contains("M0200"), "{out}");
    folder.write("moclojer.yml", MOCK);
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let (code, out, _) = folder.run(&["-p", &address.port().to_string()]);
    assert_eq!(code, 1);
    assert!(out.contains(&address.to_string()), "{out}");
}

#[test]
fn wrong_usage_or_no_file_is_exit_2_and_says_what_to_do() {
    let folder = Folder::new("exit-2");
    for (arguments, said) in [
        (&[][..], "write this to moclojer.yml"),
        (&["-c", "none.yml"], "there is no file none.yml"),
        (&["check"], "check needs a file"),
        (&["check", "none.yml"], "there is no file none.yml"),
        (&["--delay", "1"], "--delay is not served yet"),
        (&["--seed", "x"], "whole number from 0"),
        (&["check", "--env", "=x", "a.yml"], "NAME=VALUE"),
        (&["--env", ""], "NAME=VALUE"),
        (&["render"], "--template"),
        (&["render", "--batch", "--template", "x"], "--template"),
        (&["render", "--template", "-", "--context", "-"], "both"),
        (&["render", "--template", "@none.txt"], "--template @none.txt: "),
        (&["render", "--template", "x", "--context", "{a"], "context:1:2: "),
        (&["render", "--template", "x", "--context", "[]"], "JSON object"),
        (&["render", "--template", "x", "--seed", "-1"], "whole number from 0"),
        (&["--mocks", "x"], "--mocks is not served yet"),
        (&["check", "--explain", "M0114"], "no problem with the code `M0114`; did you mean M0109"),
        (&["check", "--explain", ""], "no problem with the code"),
        (&["check", "--explain", "104", "a.yml"], "--explain"),
        (&["routes"], "write this to moclojer.yml"),
        (&["routes", "none.yml"], "there is no file none.yml"),
        (&["init", "--from", "openapi", "petstore.yml"], "init --from is not served yet"),
        (&["completions", "tcsh"], "bash, zsh, fish"),
        (&["explain"], "<METHOD>"),
        (&["--host", "nowhere"], "no IP address"),
        (&["--limit", "body-byte=1"], "did you mean body-bytes?"),
        (&["--limit", "body-bytes=x"], "body-bytes"),
        (&["--no-such-flag"], "--no-such-flag"),
    ] {
        let (code, _, error) = folder.run(arguments);
        assert_eq!(code, 2, "{arguments:?}: {error}");
        assert!(error.contains(said), "{arguments:?}: {error}");
    }
}

#[test]
fn check_says_what_is_wrong_in_three_ways() {
    let folder = Folder::new("check");
    folder.write("good.yml", MOCK);
    folder.write("warn.yml", "- endpoint: {path: /a, tagg: x, response: {body: x}}\n");
    folder.write("bad.yml", "- endpoint: {path: /a, response: {status: 99}}\n");
    assert_eq!(
        folder.run(&["check", "good.yml"]),
        (0, "1 file, 1 endpoint: no problems\n".into(), String::new())
    );
    assert_eq!(folder.run(&["check", "warn.yml"]).0, 0);
    assert_eq!(folder.run(&["check", "--deny-warnings", "warn.yml"]).0, 1);
    let (code, out, _) = folder.run(&["check", "bad.yml"]);
    assert_eq!(code, 1);
    assert!(
        out.contains("--> bad.yml:1:43") && out.contains("1 | - endpoint:") && out.contains("^^"),
        "{out}"
    );
    let (_, out, error) = folder.run(&["check", "--format", "json", "bad.yml"]);
    assert_eq!(out.lines().count(), 1);
    assert!(
        out.starts_with("{\"file\":\"bad.yml\",\"line\":1,\"column\":43") && error.contains("1 error"),
        "{out}{error}"
    );
    let (_, out, _) = folder.run(&["check", "--format", "github", "bad.yml"]);
    assert!(out.starts_with("::error file=bad.yml,line=1,col=43"), "{out}");
}

#[test]
fn a_code_is_explained_in_any_spelling_and_check_says_which() {
    let folder = Folder::new("codes");
    folder.write("bad.yml", "- endpoint: {path: a, tagg: x, response: {status: 99}}\n");
    let (_, out, _) = folder.run(&["check", "bad.yml"]);
    assert!(out.ends_with("moclojer check --explain M0200 says more (or M0102, M0400)\n"), "{out}");
    for format in ["json", "github"] {
        let (_, out, error) = folder.run(&["check", "--format", format, "bad.yml"]);
        assert!(!out.contains("--explain") && !error.contains("--explain"), "{out}{error}");
    }
    let (code, page, error) = folder.run(&["check", "--explain", "M0104"]);
    assert_eq!((code, &*error), (0, ""));
    assert!(page.starts_with("M0104: A value has the wrong type\n") && page.contains("Mended:"), "{page}");
    assert!(!page.contains('\u{1b}') && page.lines().all(|line| line.chars().count() <= 80), "{page}");
    for spelling in ["m0104", "104", "0104"] {
        assert_eq!(folder.run(&["check", "--explain", spelling]).1, page, "{spelling}");
    }
}

#[test]
fn routes_are_listed_as_they_are_looked_at() {
    let folder = Folder::new("routes");
    folder.write(
        "moclojer.yml",
        "\
- endpoint: {path: '/a/:any', method: ANY, response: {body: x}}
- endpoint: {path: '/a/:any', response: {body: x}}
- endpoint: {path: '/a/:id|int?page|int', router-name: one, response: {status: 201}}
- endpoint: {path: /a/b, host: '*.test', response: {body: x}}
- endpoint: {path: /a/c, host: api.test, response: {body: x}}
",
    );
    let (code, table, error) = folder.run(&["routes"]);
    assert_eq!((code, &*error), (0, ""));
    let wanted = "\
api.test
  GET      /a/c                  200  moclojer.yml:5

*.test
  GET      /a/b                  200  moclojer.yml:4

every host
  GET      /a/:id|int?page|int   201  moclojer.yml:3  one
  GET      /a/:any               200  moclojer.yml:2
  ANY      /a/:any               200  moclojer.yml:1
";
    let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(squeezed(&table), squeezed(wanted), "{table}");
    let (code, lines, _) = folder.run(&["routes", "-c", "moclojer.yml", "--format", "json"]);
    assert_eq!((code, lines.lines().count()), (0, 5));
    let third: serde_json::Value = serde_json::from_str(lines.lines().nth(2).unwrap()).unwrap();
    assert_eq!(
        third,
        serde_json::json!({
            "method": "GET", "host": null, "path": "/a/:id|int", "query": [{"name": "page", "type": "int"}],
            "status": 201, "name": "one", "enabled": true, "file": "moclojer.yml", "line": 3, "column": 3,
        })
    );

    let long = "/a-very-long-path/of/many/segments/that/does/not/fit/beside/its/place/in/eighty/columns";
    folder.write("long.yml", &format!("- endpoint: {{path: {long}, response: {{body: x}}}}\n"));
    let (_, table, _) = folder.run(&["routes", "long.yml"]);
    assert_eq!(table.lines().count(), 2, "{table}");
    folder.write("bad.yml", "- endpoint: {path: a, response: {body: x}}\n");
    let (code, table, error) = folder.run(&["routes", "bad.yml"]);
    assert_eq!((code, &*table), (1, "no endpoints\n"));
    assert!(error.contains("M0200"), "{error}");
}

#[test]
fn init_writes_a_file_that_is_valid_served_and_never_overwritten() {
    let folder = Folder::new("init");
    let (code, out, error) = folder.run(&["init"]);
    assert_eq!((code, &*error), (0, ""));
    assert!(out.contains("moclojer -c moclojer.yml") && out.contains("curl "), "{out}");
    let (code, out, _) = folder.run(&["check", "--deny-warnings", "moclojer.yml"]);
    assert_eq!(code, 0, "{out}");
    let server = folder.serve(&[]);
    assert!(server.get("/hello/world").ends_with("{\"hello\": \"world!\"}"));
    let user = server.get("/users/7?lang=pt");
    assert!(user.contains("{\"id\":7,\"name\":\"") && user.ends_with("\"lang\":\"pt\"}"), "{user}");
    assert!(server.get("/users/x").starts_with("HTTP/1.1 400"));

    folder.write("moclojer.yml", "mine");
    let (code, _, error) = folder.run(&["init"]);
    assert_eq!(code, 1);
    assert!(error.contains("is there already") && error.contains("moclojer init my.yml"), "{error}");
    assert_eq!(std::fs::read_to_string(folder.0.join("moclojer.yml")).unwrap(), "mine");
    assert_eq!(folder.run(&["init", "other.yml"]).0, 0);
    assert_eq!(folder.run(&["init", "none/other.yml"]).0, 1);
}

#[test]
fn the_schema_is_one_json_text() {
    let (code, out, error) = Folder::new("schema").run(&["schema"]);
    assert_eq!((code, &*error), (0, ""));
    let schema: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert!(schema["definitions"]["endpoint"]["properties"]["path"].is_object());
}

#[test]
fn completions_complete_in_bash_and_name_the_commands_elsewhere() {
    let folder = Folder::new("completions");
    let (code, script, _) = folder.run(&["completions", "bash"]);
    assert_eq!(code, 0);
    folder.write("moclojer.bash", &script);
    let asked = "source ./moclojer.bash && complete -p moclojer && COMP_WORDS=(moclojer --po) COMP_CWORD=1 \
                 && COMP_LINE='moclojer --po' && COMP_POINT=13 && _moclojer moclojer --po moclojer && echo \"${COMPREPLY[*]}\"";
    let output = Command::new("bash").args(["-c", asked]).current_dir(&folder.0).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.starts_with("complete ") && text.lines().last() == Some("--port"), "{text}");
    for shell in ["zsh", "fish"] {
        let (code, script, _) = folder.run(&["completions", shell]);
        assert_eq!(code, 0);
        for command in ["serve", "check", "routes", "init", "schema", "completions", "render", "push"] {
            assert!(script.contains(command), "{shell} {command}");
        }
    }
}

#[test]
fn a_config_that_is_not_there_yet_is_waited_for() {
    let folder = Folder::new("config");
    let mut server = folder.serve_with(&[], &[("CONFIG", "later.yml"), ("SENTRY_DSN", "x")]);
    server.until("is not there yet");
    server.until("SENTRY_DSN");
    assert!(server.get("/hello/you").contains("404"));
    folder.write("later.yml", MOCK);
    server.until("1 added");
    assert!(server.get("/hello/you").ends_with("hello you"));
}

#[test]
fn a_change_is_seen_soon_and_an_emptied_file_is_served_for_a_while() {
    let folder = Folder::new("emptied");
    folder.write("moclojer.yml", MOCK);
    let mut server = folder.serve(&[]);
    let begun = Instant::now();
    folder.write("moclojer.yml", "");
    assert!(server.get("/hello/you").ends_with("hello you"));
    server.until("no longer served");
    assert!(begun.elapsed() >= Duration::from_secs(2));
    assert!(server.get("/hello/you").contains("404"));
}

#[test]
fn the_original_files_are_served_from_a_folder() {
    let folder = Folder::new("original");
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../moclojer-core/tests/data/moclojer-0.4");
    for name in
        ["moclojer.yml", "multihost.yml", "webhook.yml", "petstore-expanded-mocks.yaml", "moclojer.edn"]
    {
        std::fs::copy(data.join(name), folder.0.join(name)).unwrap();
    }
    let server = folder.serve(&["."]);
    assert!(server.get("/hello/avelino").contains("\"hello\": \"avelino!\""));
    assert!(server.get("/pets").contains(r#"{"name":"Pinpolho","type":"cat"}"#));
}

#[test]
fn a_changed_edn_file_is_served_and_a_broken_one_keeps_the_last() {
    let folder = Folder::new("edn");
    let mock = |body: &str| format!("{{:endpoint {{:path \"/\" :response {{:body \"{body}\"}}}}}}");
    folder.write("mock.edn", &mock("first"));
    let mut server = folder.serve(&["mock.edn"]);
    assert!(server.get("/").ends_with("first"));
    folder.write("mock.edn", &mock("\\d"));
    server.until("is no escape");
    assert!(server.get("/").ends_with("first"));
    folder.write("mock.edn", &mock("second"));
    let deadline = Instant::now() + Duration::from_secs(10);
    while !server.get("/").ends_with("second") {
        assert!(Instant::now() < deadline, "the change is not served");
    }
}

#[test]
fn render_prints_the_text_and_nothing_else() {
    let folder = Folder::new("render");
    folder.write("t.txt", "{{x}} <b>\n");
    folder.write("c.json", "{\"x\": \"a \\\"quote\\\"\", \"n\": 1.50}");
    for (arguments, printed) in [
        (&["--template", "plain"][..], "plain"),
        (&["--template", ""], ""),
        (&["--template", "-{{n}}", "--context", "@c.json"], "-1.50"),
        (&["--template", "@t.txt", "--context", "@c.json"], "a \"quote\" <b>\n"),
        (
            &["--template", "@t.txt", "--context", "@c.json", "--content-type", "text/html"],
            "a &quot;quote&quot; <b>\n",
        ),
        (
            &[
                "--template",
                "[\"{{x}}\",{{n}}]",
                "--context",
                "@c.json",
                "--content-type",
                "application/json",
            ],
            "[\"a \\\"quote\\\"\",1.50]",
        ),
        (&["--template", "{{missing|default:\"none\"}}"], "none"),
        (&["--template", "{{env.A}}{{env.B}}", "--env", "A=1", "--env", "HOME", "--env", "B=2"], "12"),
        (&["--template", "{{env.A}}", "--env", "A=1", "--context", "{\"env\":{\"A\":\"own\"}}"], "own"),
    ] {
        let arguments = [&["render"], arguments].concat();
        assert_eq!(folder.run(&arguments), (0, printed.to_owned(), String::new()), "{arguments:?}");
    }
    let read =
        |arguments: &[&str], input: &str| folder.feed(&[&["render"], arguments].concat(), input.as_bytes());
    assert_eq!(read(&["--template", "-"], "é\n"), (0, "é\n".into(), String::new()));
    assert_eq!(read(&["--template", "{{x}}", "--context", "-"], "{\"x\":1}"), (0, "1".into(), String::new()));
    let drawn = |seed| folder.run(&["render", "--template", "{{uuid}} {{random}}", "--seed", seed]);
    assert_eq!(drawn("7"), drawn("7"));
    assert_ne!(drawn("7"), drawn("8"));
}

#[test]
fn render_says_on_standard_error_what_is_wrong_and_exits_1() {
    let folder = Folder::new("render-wrong");
    folder.write("t.txt", "line\n {{x|uper}}");
    folder.write("bytes.txt", "\0");
    for (arguments, told) in [
        (&["--template", "a {{x|uper}}"][..], &["--> template:1:7", "did you mean `upper`", "^^^^"][..]),
        (&["--template", "@t.txt"], &["--> t.txt:2:6", "2 |  {{x|uper}}"]),
        (&["--template", "@bytes.txt"], &["bytes.txt:1:1", "NUL"]),
        (&["--template", "{{x|int}}", "--context", "{\"x\":\"a\"}"], &["moclojer: {{x|int}}: ", "\"a\""]),
        (
            &[
                "--template",
                "{% for a in x %}.{% endfor %}",
                "--context",
                "{\"x\":[1,2,3]}",
                "--limit",
                "template-steps=5",
            ],
            &["template-steps"],
        ),
    ] {
        let arguments = [&["render"], arguments].concat();
        let (code, out, error) = folder.run(&arguments);
        assert_eq!((code, &*out), (1, ""), "{arguments:?}: {error}");
        assert!(told.iter().all(|told| error.contains(told)), "{arguments:?}: {error}");
    }
    let (code, out, error) = folder.run(&["render", "--template", "{{env.NONE}}.", "--env", "NONE"]);
    assert_eq!((code, &*out), (0, "."));
    assert!(error.contains("warning: --env NONE: "), "{error}");
}

#[test]
fn batch_answers_line_for_line() {
    let folder = Folder::new("batch");
    let input = "{\"template\":\"{{x|upper}} {{env.A}}\",\"context\":{\"x\":\"a\"}}\n\nnonsense\n{\"template\":\"{{x|int}}\",\"context\":{\"x\":\"<\"}}\n{\"template\":\"{{x}}\",\"context\":{\"x\":\"<\"}}";
    let arguments = ["render", "--batch", "--content-type", "text/html", "--env", "A=1"];
    let (code, out, error) = folder.feed(&arguments, input.as_bytes());
    assert_eq!((code, &*error), (0, ""));
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!((lines.len(), lines[0], lines[3]), (4, "{\"output\":\"A 1\"}", "{\"output\":\"&lt;\"}"));
    assert!(lines[1].starts_with("{\"error\":") && lines[2].starts_with("{\"error\":\"{{x|int}}: "), "{out}");
    assert_eq!(folder.feed(&["render", "--batch"], b""), (0, String::new(), String::new()));
}

#[test]
fn a_seed_gives_the_same_answers_in_two_runs() {
    let folder = Folder::new("seed");
    folder.write(
        "moclojer.yml",
        "- endpoint: {path: /a, response: {body: '{{uuid}} {{random}}'}}\n\
         - endpoint: {path: /b, response: {headers: {x-id: '{{request.id}}'}, body: '{{uuid}}'}}\n",
    );
    let undated =
        |answer: String| answer.lines().filter(|line| !line.starts_with("date: ")).collect::<String>();
    let run = |seed: &str, paths: &[&str]| {
        let server = folder.serve(&["--seed", seed]);
        let mut answers: Vec<String> = paths.iter().map(|path| undated(server.get(path))).collect();
        answers.sort();
        answers
    };
    let first = run("7", &["/a", "/a", "/b", "/b"]);
    assert_eq!(first, run("7", &["/b", "/a", "/b", "/a"]));
    assert_ne!(first, run("8", &["/a", "/a", "/b", "/b"]));
    assert!(first.windows(2).all(|pair| pair[0] != pair[1]), "{first:?}");
}

#[test]
fn variables_are_given_by_name_and_never_logged() {
    let folder = Folder::new("env");
    folder.write(
        "moclojer.yml",
        "- endpoint: {path: /, response: {body: '{{env.A}} {{env.TOKEN}}{{env.NONE}}'}}\n",
    );
    let mut server =
        folder.serve_with(&["--env", "TOKEN", "--env", "A=written", "--env", "NONE"], &[("TOKEN", "s3cret")]);
    assert!(server.get("/").ends_with("\r\n\r\nwritten s3cret"));
    let mut log = server.until("\"path\":\"/\"");
    server.terminate();
    server.lines.read_to_string(&mut log).unwrap();
    assert!(!log.contains("s3cret") && !log.contains("written"), "{log}");
    let (code, out, error) = folder.run(&["check", "--env", "A=1", "--env", "TOKEN", "moclojer.yml"]);
    assert_eq!(code, 0);
    assert!(error.contains("warning: --env TOKEN: the environment has no such variable"), "{error}");
    assert!(out.contains("`NONE`") && !out.contains("`A`"), "{out}");
    assert_eq!(folder.run(&["check", "--deny-warnings", "--env", "TOKEN", "moclojer.yml"]).0, 1);
}

#[test]
fn a_filter_that_fails_is_told_to_the_client_and_in_the_log() {
    let folder = Folder::new("fails");
    folder.write(
        "moclojer.yml",
        "\n- endpoint: {path: '/double/:n', response: {body: 'twice {{path-params.n|int}}'}}\n",
    );
    let mut server = folder.serve(&[]);
    assert!(server.get("/double/7").ends_with("twice 7"));
    let answer = server.get("/double/seven");
    assert!(answer.starts_with("HTTP/1.1 500") && answer.contains("application/json"), "{answer}");
    let line = server.until("endpoint failed");
    for (text, logged) in [
        ("\"place\":\"moclojer.yml:2:3\"", "\"place\":\"moclojer.yml:2"),
        ("\"path\":\"/double/:n\"", "GET /double/:n"),
        ("\"expression\":\"{{path-params.n|int}}\"", "{{path-params.n|int}}"),
        ("\"reason\":\"the text \\\"seven\\\" is no integer", "the text \\\"seven\\\" is no integer"),
    ] {
        assert!(answer.contains(text), "{text}: {answer}");
        assert!(line.contains(logged), "{logged}: {line}");
    }
    assert!(line.contains("\"level\":\"error\"") && line.contains("\"status\":500"), "{line}");
}

#[test]
fn the_examples_have_no_problems_and_the_shop_is_the_same_under_a_seed() {
    let folder = Folder::new("examples");
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    // Each alone: some say the same in another format.
    for file in std::fs::read_dir(&examples).unwrap() {
        let file = file.unwrap().path();
        let (code, out, _) = folder.run(&["check", "--deny-warnings", file.to_str().unwrap()]);
        assert_eq!(code, 0, "{out}");
    }
    let shop = examples.join("shop.yml");
    let customers = || {
        let server = folder.serve(&["-c", shop.to_str().unwrap(), "--seed", "1"]);
        let answer = server.get("/customers?count=2");
        assert!(answer.contains("\"id\": 2,") && answer.contains("@example."), "{answer}");
        answer.split_once("\r\n\r\n").unwrap().1.to_owned()
    };
    assert_eq!(customers(), customers());
}

const SHOP: &str = "\
- endpoint: {path: '/users/:id|int', router-name: user, response: {body: x}}
- endpoint: {method: POST, path: /orders, body: {count: 1}, response: {status: 201, body: x}}
- endpoint: {path: /off, enabled: false, response: {body: x}}
- endpoint: {host: admin.example.com, path: /stats, response: {body: x}}
";

#[test]
fn explain_says_who_answers_or_what_would_change_it() {
    let folder = Folder::new("explain");
    folder.write("moclojer.yml", SHOP);
    for (arguments, code, said) in [
        (&["GET", "/users/42"][..], 0, "GET /users/42 is answered: 200"),
        (&["get", "http://localhost:8000/users/42#top"], 0, "is answered: 200"),
        (&["GET", "http://admin.example.com/stats"], 0, "is answered: 200"),
        (&["GET", "/stats", "-H", "Host: admin.example.com"], 0, "is answered: 200"),
        (&["GET", "/user/42"], 1, "try      GET /users/42\n"),
        (&["GET", "/off"], 1, "try      in the file: enabled: true at moclojer.yml:3"),
        (&["GET", "/stats"], 1, "try      GET /stats with host admin.example.com"),
        (&["DELETE", "/users/42"], 1, "or       in the file: method: DELETE at moclojer.yml:1"),
        (
            &["POST", "/orders", "-d", "{\"count\":\"1\"}"],
            1,
            "try      POST /orders with /count in the body as 1",
        ),
        (&["POST", "/orders", "-d", "{\"count\":7}"], 0, "held     path, method POST, body"),
        (&["--curl", "curl localhost:8000/orders --json $'{\"count\":7}'"], 0, "is answered: 201"),
        (&["--curl", "curl localhost:8000/orders -d 'count=7'"], 1, "content type"),
    ] {
        let arguments: Vec<&str> = ["explain"].iter().chain(arguments).copied().collect();
        let (got, out, error) = folder.run(&arguments);
        assert_eq!(got, code, "{arguments:?}: {out}{error}");
        assert!(out.contains(said), "{arguments:?}: {out}");
        assert_eq!(error, "", "{arguments:?}");
    }
}

#[test]
fn explain_reads_curl_from_standard_input_and_says_what_it_ignores() {
    let folder = Folder::new("explain-curl");
    folder.write("shop.yml", SHOP);
    let line = b"curl 'http://localhost:8000/user/42' \\\n  -H 'accept: */*' \\\n  --frobnicate\n";
    let (code, out, error) =
        folder.feed(&["explain", "-c", "shop.yml", "--curl", "-", "--format", "json"], line);
    assert_eq!(code, 1);
    assert!(error.contains("curl's --frobnicate is not known here and is ignored"), "{error}");
    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(json["answered"], false);
    assert_eq!(json["cause"], "no-endpoint");
    assert_eq!(json["nearest"][0]["reason"]["kind"], "letter");
    assert_eq!(json["nearest"][0]["suggestion"]["request"]["target"], "http://localhost:8000/users/42");
}

#[test]
fn explain_that_cannot_be_understood_is_exit_2_and_a_broken_file_1() {
    let folder = Folder::new("explain-usage");
    folder.write("shop.yml", SHOP);
    folder.write("broken.yml", "- endpoint: {path: no-slash, response: {}}\n");
    for (arguments, code, said) in [
        (&["GET", "/x", "-c", "none.yml"][..], 2, "there is no file none.yml"),
        (&["GET", "/x"], 2, "write this to moclojer.yml"),
        (&["/x", "GET", "-c", "shop.yml"], 2, "moclojer explain GET /x"),
        (&["GET", "/x", "-H", "x", "-c", "shop.yml"], 2, "'Name: value'"),
        (&["--curl", "curl h/x -d @body.json", "-c", "shop.yml"], 2, "write its text after --data-raw"),
        (&["--curl", "curl 'h/x", "-c", "shop.yml"], 2, "is not closed"),
        (&["GET", "/x", "-c", "broken.yml"], 1, "broken.yml:1:20"),
    ] {
        let arguments: Vec<&str> = ["explain"].iter().chain(arguments).copied().collect();
        let (got, out, error) = folder.run(&arguments);
        assert_eq!((got, &*out), (code, ""), "{arguments:?}: {error}");
        assert!(error.contains(said), "{arguments:?}: {error}");
    }
}

#[test]
fn the_log_says_what_would_change_a_miss() {
    let folder = Folder::new("suggestion");
    folder.write("moclojer.yml", SHOP);
    let mut server = folder.serve(&[]);
    let answer = server.get("/user/42?token=secret");
    assert!(answer.contains("(one letter off)") && !answer.contains("suggestion"), "{answer}");
    let line = server.until("/user/42");
    assert!(line.contains("\"suggestion\":\"GET /users/42\"") && !line.contains("secret"), "{line}");
}
