//! The files of moclojer 0.4: those that need no later part serve unchanged, the others load with a warning.

use moclojer_core::problem::{Code, Severity};
use moclojer_core::respond::Responder;
use moclojer_core::spec::{Checked, Format, Limits, Spec};

use crate::client::Mock;

fn read(name: &str) -> Checked {
    let path = format!("{}/tests/data/moclojer-0.4/{name}", env!("CARGO_MANIFEST_DIR"));
    let bytes = std::fs::read(path).expect("the file is kept beside the test");
    Spec::read(name, &bytes, Format::Yaml, &Limits::default())
}

fn serve(name: &str) -> Mock {
    let checked = read(name);
    let spec = checked.spec.unwrap_or_else(|| panic!("{name}: {:#?}", checked.problems));
    let mock = Mock(Responder::default().into());
    mock.0.load(&[&spec]);
    mock
}

#[test]
fn their_answers_are_served() {
    for (file, line, headers, body, wanted) in [
        ("moclojer.yml", "GET /hello/avelino", &[][..], "", "{\n  \"hello\": \"avelino!\"\n}\n"),
        ("moclojer.yml", "GET /hello-world", &[], "", "{\n  \"hello\": \"Hello, World!\"\n}\n"),
        (
            "moclojer.yml",
            "GET /with-params/a?param1=b",
            &[],
            "",
            "{\n  \"path-params\": \"a\",\n  \"query-params\": \"b\"\n}\n",
        ),
        (
            "moclojer.yml",
            "POST /first-post-route",
            &[],
            r#"{"project":"moc"}"#,
            "{\n  \"project\": \"moc\"\n}\n",
        ),
        (
            "moclojer.yml",
            "GET /v1/hello/test/a/with-sufix",
            &[],
            "",
            "{\n  \"hello-v1\": \"a!\",\n  \"sufix\": true\n}\n",
        ),
        (
            "moclojer.yml",
            "GET /multi-path-param/a/more/3",
            &[],
            "",
            "{\n  \"username\": \"a\",\n  \"age\": 3\n}\n",
        ),
        (
            "moclojer-v2.yml",
            "GET /users/30",
            &[],
            "",
            "{\n  \"user\": \"avelino is 30 years old and has children\" \n}\n",
        ),
        ("moclojer-v2.yml", "DELETE /users/30", &[], "", "{\n  \"message\": \"avelino deleted\"\n}\n"),
        (
            "moclojer-v2.yml",
            "POST /users",
            &[],
            r#"{"age": 30}"#,
            "{\n  \"user\": \"avelino is 30 years old and has children\" \n}\n",
        ),
        (
            "multihost.yml",
            "GET /multihost",
            &["host: moclojer.com"],
            "",
            "{\n  \"domain\": \"moclojer.com\"\n}\n",
        ),
        (
            "multihost.yml",
            "GET /multihost-sub",
            &["host: sub.moclojer.com"],
            "",
            "{\n  \"domain\": \"sub.moclojer.com\"\n}\n",
        ),
        (
            "moclojer-v2-host.yml",
            "GET /multihost-sub",
            &["host: sub.moclojer.com"],
            "",
            "{\n  \"domain\": \"sub.moclojer.com\"\n}\n",
        ),
        ("webhook.yml", "POST /with-webhook", &[], "", "{\"id\": 123}\n"),
        ("example-moclojer.yml", "GET /hello/a", &[], "", "{ \"hello\": \"a!\" }\n"),
    ] {
        let got = serve(file).ask(line, headers, body);
        assert_eq!((got.status, &*got.body), (200, wanted), "{file} {line}");
        assert_eq!(got.header("content-type"), Some("application/json"), "{file} {line}");
    }
    assert_eq!(serve("multihost.yml").get("/multihost").status, 404, "its host is honoured");
    assert_eq!(serve("moclojer-v2.yml").get("/users/x").status, 400);
    assert_eq!(serve("external-body-json.yml").get("/external-body-text").status, 501);
    assert_eq!(serve("external-body-json.yml").get("/pokemon/x").status, 200);
}

#[test]
fn what_a_later_part_serves_is_a_warning() {
    for (file, keys) in [
        ("moclojer.yml", &["websocket"][..]),
        ("moclojer-v2.yml", &[]),
        ("moclojer-v2-host.yml", &[]),
        ("multihost.yml", &[]),
        ("webhook.yml", &["webhook", "webhook"]),
        ("xlsx.yml", &["external-body"]),
        ("external-body-json.yml", &["external-body"]),
        ("external-body-url.yml", &["external-body"]),
        ("example-moclojer.yml", &["rate-limit", "websocket"]),
    ] {
        let checked = read(file);
        assert!(checked.spec.is_some(), "{file}: {:?}", checked.problems);
        let told: Vec<&str> = checked
            .problems
            .iter()
            .inspect(|problem| assert_eq!(problem.severity, Severity::Warning, "{file}: {problem}"))
            .filter(|problem| matches!(problem.code, Code::NOT_SERVED_YET | Code::MISPLACED_KEY))
            .map(|problem| problem.message.split('`').nth(1).unwrap_or_default())
            .collect();
        assert_eq!(told, keys, "{file}: {:?}", checked.problems);
    }
}

#[test]
fn the_broken_file_shows_where() {
    let checked = read("mock-syntax-error.yml");
    assert!(checked.spec.is_none());
    let places: Vec<String> = checked.problems.iter().map(|problem| problem.place().to_string()).collect();
    assert!(places.iter().any(|place| place == "mock-syntax-error.yml:13:9"), "{:#?}", checked.problems);
}

#[test]
fn a_mocks_file_of_an_openapi_document_is_no_list() {
    let checked = read("petstore-expanded-mocks.yaml");
    assert!(checked.spec.is_none() && checked.foreign);
}
