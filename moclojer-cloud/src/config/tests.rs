#![expect(clippy::unwrap_used, reason = "a test may stop at what it did not expect")]

use std::fmt::Write as _;
use std::path::PathBuf;

use super::table::ROWS;
use super::*;

/// A value that fits a row, and for kinds that can be wrong one that does not.
fn samples(row: &Row) -> (&'static str, Option<&'static str>) {
    match row.key {
        "listen" => ("127.0.0.1:1234", Some("here")),
        "admin-listen" => ("localhost:1234", Some("9100")),
        "base-domain" => ("mocks.example.org", Some("*.example.org")),
        "api-url" => ("https://api.example.com", Some("api.example.com")),
        "mock-url-scheme" => ("http", Some("ftp")),
        "mock-url-port" => ("8443", Some("0")),
        "cors-origins" => ("https://app.example.com,http://localhost:3000", Some("https://a.example.com/")),
        "body-limit" => ("2MiB", Some("1GiB")),
        "connection-limit" => ("100", Some("0")),
        "database-url" => ("postgres://me:canary@127.0.0.1/x", Some("mysql://canary")),
        "database-pool" => ("5", Some("5000")),
        "migrate-at-start" => ("true", Some("yes")),
        "shards" => ("16", Some("-1")),
        "redis-url" => ("redis://:canary@127.0.0.1:6379", Some("http://canary")),
        "store-url" => ("s3://moclojer?region=eu-1", Some("s3://id:canary@bucket")),
        "aws-access-key-id" | "aws-secret-access-key" | "aws-session-token" | "supabase-anon-key" => {
            ("canary", None)
        }
        "supabase-url" => ("https://x.supabase.co", Some("https://x.supabase.co?key=1")),
        "supabase-jwt-secret" => ("canary-canary-canary-canary-canary", Some("canary")),
        "log-format" => ("json", Some("xml")),
        "log-level" => ("info,sqlx=warn", Some("a=b=c")),
        "otlp-endpoint" => ("http://127.0.0.1:4318", Some("http://user:pass@127.0.0.1")),
        "data" => ("/var/lib/moclojer", None),
        other => panic!("a setting without a sample: {other}"),
    }
}

fn read(service: Service, sources: &Sources) -> Result<Values, Problems> {
    match service {
        Service::Api => Api::read(sources).map(|(_, values)| values),
        Service::Generator => Generator::read(sources).map(|(_, values)| values),
        Service::MockServer => MockServer::read(sources).map(|(_, values)| values),
        Service::Standalone => Standalone::read(sources).map(|(_, values)| values),
    }
}

fn rows(service: Service) -> impl Iterator<Item = &'static Row> {
    ROWS.iter().copied().filter(move |row| row.is_for(service))
}

/// A folder of its own, removed with the test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("moclojer-config-{}", uuid::Uuid::now_v7()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, text).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn all_of_environment(service: Service) -> Sources {
    Sources::of_environment(rows(service).map(|row| (row.environment(), samples(row).0)))
}

fn lines(problems: &Problems) -> Vec<String> {
    problems.iter().map(ToString::to_string).collect()
}

#[test]
fn every_setting_is_taken_from_the_environment_and_shown_unless_it_is_secret() {
    for service in Service::ALL {
        let list = read(service, &all_of_environment(service)).unwrap().list();
        assert!(!list.contains("canary"), "{list}");
        for row in rows(service) {
            let line = list.lines().find(|line| line.split(' ').next() == Some(row.key)).unwrap();
            let shown = if row.secret { "(set)" } else { samples(row).0 };
            assert!(line.ends_with(&format!("  {shown}  [{}]", row.environment())), "{line}");
        }
    }
}

#[test]
fn every_setting_is_taken_from_a_file_at_the_top_or_in_its_service_s_section() {
    let folder = Folder::new();
    for service in Service::ALL {
        for section in ["", service.name()] {
            let mut text = String::new();
            if !section.is_empty() {
                // The section wins.
                rows(service).for_each(|row| writeln!(text, "{} = \"wrong\"", row.key).unwrap());
                writeln!(text, "[{section}]").unwrap();
            }
            let first = text.lines().count() + 1;
            rows(service).for_each(|row| writeln!(text, "{} = {:?}", row.key, samples(row).0).unwrap());
            let path = folder.file("all.toml", &text);
            let list = read(service, &Sources::default().with_file(path.clone())).unwrap().list();
            assert!(!list.contains("canary"), "{list}");
            for (index, (row, line)) in rows(service).zip(list.lines()).enumerate() {
                assert!(
                    line.ends_with(&format!("[{}:{}]", path.display(), first + index)),
                    "{}: {line}",
                    row.key
                );
            }
        }
    }
}

#[test]
fn numbers_flags_and_lists_may_be_written_as_such() {
    let folder = Folder::new();
    let text =
        "shards = 16\nmigrate-at-start = true\ncors-origins = [\"https://a.com\", \"https://b.com\"]\n";
    let mut environment = all_of_environment(Service::Api);
    for name in ["MOCLOJER_SHARDS", "MOCLOJER_MIGRATE_AT_START", "MOCLOJER_CORS_ORIGINS"] {
        environment.environment.remove(name).unwrap();
    }
    let (api, _) = Api::read(&environment.with_file(folder.file("x.toml", text))).unwrap();
    assert_eq!(api.database.shards.get(), 16);
    assert!(api.migrate_at_start);
    let origins: Vec<&str> = api.cors_origins.iter().map(Origin::as_str).collect();
    assert_eq!(origins, ["https://a.com", "https://b.com"]);
}

#[test]
fn a_flag_wins_over_the_environment_and_that_over_the_file() {
    let folder = Folder::new();
    let path = folder.file("x.toml", "data = \"file\"\nlog-format = \"text\"\nlisten = \"[::1]:1\"\n");
    let environment = [("MOCLOJER_DATA", "environment"), ("MOCLOJER_LOG_FORMAT", "json")];
    let sources = Sources::of_environment(environment).with_file(path);
    let sources =
        sources.with_flag("data", "--data", Some("flag".to_owned())).with_flag("listen", "--x", None);
    let (standalone, values) = Standalone::read(&sources).unwrap();
    assert_eq!(standalone.data, PathBuf::from("flag"));
    assert_eq!(standalone.telemetry.log_format, LogFormat::Json);
    assert_eq!(standalone.listen.to_string(), "[::1]:1");
    assert!(values.list().contains("flag  [--data]"), "{}", values.list());
}

#[test]
fn every_wrong_value_is_named_with_its_place_and_never_a_secret() {
    let folder = Folder::new();
    for service in Service::ALL {
        let wrong: Vec<(&Row, &str)> = rows(service).filter_map(|row| Some((row, samples(row).1?))).collect();
        let environment = wrong.iter().map(|(row, value)| (row.environment(), *value));
        let said = read(service, &Sources::of_environment(environment)).unwrap_err().to_string();
        assert!(!said.contains("canary"), "{said}");
        for (row, _) in &wrong {
            assert!(
                said.contains(&format!("\n  {}: {}: ", row.environment(), row.key)),
                "{}: {said}",
                row.key
            );
        }

        let text: String = wrong.iter().map(|(row, value)| format!("{} = {value:?}\n", row.key)).collect();
        let path = folder.file("wrong.toml", &text);
        let said = read(service, &Sources::default().with_file(path.clone())).unwrap_err().to_string();
        assert!(!said.contains("canary"), "{said}");
        for (index, (row, _)) in wrong.iter().enumerate() {
            let place = format!("\n  {}:{}: {}: ", path.display(), index + 1, row.key);
            assert!(said.contains(&place), "{place}: {said}");
        }
    }
}

#[test]
fn every_missing_value_is_named_with_what_to_write() {
    for service in Service::ALL {
        let required: Vec<&Row> = rows(service).filter(|row| row.default == Default::Required).collect();
        match read(service, &Sources::default()) {
            Ok(_) => assert!(required.is_empty()),
            Err(problems) => {
                let said = lines(&problems);
                assert_eq!(said.len(), required.len(), "{said:#?}");
                for (row, line) in required.iter().zip(said) {
                    let begin = format!("missing: {}: set {} or write `{0} = …`", row.key, row.environment());
                    assert!(line.starts_with(&begin), "{line}");
                }
            }
        }
    }
}

#[test]
fn what_no_service_knows_is_named_with_what_was_meant() {
    let folder = Folder::new();
    let text = "datebase-url = \"canary\"\nlog-level = \"canary=canary=canary\"\n[ops]\nx = 1\n[api]\nlisten-on = \"canary\"\n[apis]\n";
    let path = folder.file("x.toml", text);
    let environment = [("MOCLOJER_DATABASE_URL", "canary"), ("MOCLOJER_LOG_LEVL", "canary"), ("OTHER", "")];
    let sources = Sources::of_environment(environment).with_file(path.clone());
    let said = lines(&Standalone::read(&sources).unwrap_err());
    let at = |line: usize| format!("{}:{line}: ", path.display());
    let expected = [
        at(1) + "there is no setting `datebase-url`; did you mean `database-url`?",
        at(2)
            + "log-level: `canary=canary=canary` is no level: write error, warn, info or debug, or info,sqlx=warn",
        at(4) + "there is no section `[ops]`; there are api, generator, mock-server, standalone",
        at(6) + "there is no setting `listen-on`; did you mean `listen`?",
        at(7) + "there is no section `[apis]`; there are api, generator, mock-server, standalone",
        "MOCLOJER_DATABASE_URL: there is no such setting; did you mean DATABASE_URL?".to_owned(),
        "MOCLOJER_LOG_LEVL: there is no such setting; did you mean MOCLOJER_LOG_LEVEL?".to_owned(),
    ];
    assert_eq!(said, expected);
}

#[test]
fn what_others_put_into_the_environment_is_no_mistake() {
    let of_others = [
        ("MOCLOJER_API_SERVICE_HOST", "10.0.0.1"),
        ("MOCLOJER_API_SERVICE_PORT_HTTP", "80"),
        ("MOCLOJER_API_PORT", "tcp://10.0.0.1:80"),
        ("MOCLOJER_API_PORT_80_TCP_ADDR", "10.0.0.1"),
        ("MOCLOJER_STORE_URL", "of the generator"),
        ("MOCLOJER_SUPABASE_ANON_KEY_FILE", "/of/the/api"),
        ("MOCLOJER_CONFIG", ""),
        ("MOCLOJER_DATA", ""),
    ];
    let (standalone, _) = Standalone::read(&Sources::of_environment(of_others)).unwrap();
    assert_eq!(standalone.data, PathBuf::from("./moclojer-data"));
}

#[test]
fn a_secret_may_come_from_a_file_and_from_one_place_only() {
    let folder = Folder::new();
    let secret = folder.file("secret", "postgres://me:canary@h/x\n").display().to_string();
    let mut sources = all_of_environment(Service::Api);
    sources.environment.remove("DATABASE_URL").unwrap();
    sources.environment.insert("DATABASE_URL_FILE".to_owned(), secret.clone());
    let (api, values) = Api::read(&sources).unwrap();
    assert_eq!(api.database.url.expose(), "postgres://me:canary@h/x");
    assert!(values.list().contains("(set)  [DATABASE_URL_FILE]"), "{}", values.list());
    assert!(!format!("{api:?}{values:?}{sources:?}").contains("canary"));

    sources.environment.remove("DATABASE_URL_FILE");
    let path = folder.file("x.toml", &format!("database-url-file = {secret:?}\n"));
    let (api, _) = Api::read(&sources.clone().with_file(path)).unwrap();
    assert_eq!(api.database.url.expose(), "postgres://me:canary@h/x");

    sources.environment.insert("DATABASE_URL_FILE".to_owned(), "/is/not/there".to_owned());
    let said = Api::read(&sources).unwrap_err().to_string();
    assert!(said.contains("DATABASE_URL_FILE: the file `/is/not/there` cannot be read"), "{said}");
    sources.environment.insert("DATABASE_URL".to_owned(), "postgres://canary".to_owned());
    let said = Api::read(&sources).unwrap_err().to_string();
    assert!(said.contains("DATABASE_URL: database-url: DATABASE_URL_FILE is set too"), "{said}");
    let path = folder.file("x.toml", "database-url = \"postgres://canary\"\ndatabase-url-file = \"x\"\n");
    let said = Api::read(&all_of_environment(Service::Api).with_file(path)).unwrap_err().to_string();
    assert!(said.contains("database-url-file is set too") && !said.contains("canary"), "{said}");
}

#[test]
fn a_file_that_is_no_toml_is_shown_by_its_lines_not_by_its_text() {
    let folder = Folder::new();
    let path = folder
        .file("x.toml", "supabase-anon-key = canary\ndatabase-url = \"postgres://canary\nshards = = 3\n");
    let said = Api::read(&Sources::default().with_file(path.clone())).unwrap_err().to_string();
    for line in 1..=3 {
        assert!(said.contains(&format!("{}:{line}: this is no TOML: ", path.display())), "{line}: {said}");
    }
    assert!(!said.contains("canary"), "{said}");
    let missing = folder.0.join("missing.toml");
    let said = Api::read(&Sources::default().with_file(missing)).unwrap_err().to_string();
    assert!(said.contains("missing.toml: the configuration file cannot be read: "), "{said}");
}

#[test]
fn mocks_are_kept_apart_from_the_api_and_its_pages() {
    let with = |base: &str, api: &str, origins: &str, listen: &str| {
        let mut sources = all_of_environment(Service::Api);
        let changed =
            [("BASE_DOMAIN", base), ("API_URL", api), ("CORS_ORIGINS", origins), ("LISTEN", listen)];
        for (name, value) in changed {
            sources.environment.insert(format!("MOCLOJER_{name}"), value.to_owned());
        }
        Api::read(&sources).map(drop).map_err(|problems| problems.to_string())
    };
    let here = "127.0.0.1:1";
    for (base, api, origins, listen, refused) in [
        ("mocks.example.org", "https://api.example.com", "https://app.example.com", here, None),
        ("mocks.example.com", "https://api.example.com", "", here, None),
        ("example.com", "https://example.com", "", here, Some("api-url")),
        ("example.com", "https://API.Example.com", "", here, Some("api-url")),
        ("example.com", "https://api.notexample.com", "https://notexample.com", here, None),
        ("example.com", "https://api.example.org", "https://app.example.com:444", here, Some("cors-origins")),
        ("localhost", "http://localhost:1", "http://localhost:3000", here, None),
        ("localhost", "http://localhost:1", "", "0.0.0.0:1", Some("api-url")),
    ] {
        let found = with(base, api, origins, listen);
        match (refused, &found) {
            (None, Ok(())) => {}
            (Some(what), Err(said)) if said.contains(&format!("of {what}: mocks could")) => {}
            _ => panic!("{base} {api} {origins}: {found:?}"),
        }
    }
}

#[test]
fn a_key_without_its_id_and_a_development_token_for_everybody_are_refused() {
    let mut sources = all_of_environment(Service::Generator);
    sources.environment.remove("AWS_ACCESS_KEY_ID");
    let said = Generator::read(&sources).unwrap_err().to_string();
    assert!(said.contains("aws-secret-access-key: aws-access-key-id is missing"), "{said}");
    let said = Standalone::read(&Sources::of_environment([("MOCLOJER_LISTEN", "0.0.0.0:80")])).unwrap_err();
    assert!(said.to_string().contains("this machine alone"), "{said}");
}

/// The page of settings; `UPDATE_DOCS=1 cargo test -p moclojer-cloud config` writes it anew.
#[test]
fn the_table_of_the_page_is_that_of_the_code() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/hosting.md");
    let page = std::fs::read_to_string(path).unwrap();
    let begin = "<!-- settings -->\n";
    let start = page.find(begin).unwrap() + begin.len();
    let end = start + page[start..].find("<!-- end -->").unwrap();
    let mut made = page.clone();
    made.replace_range(start..end, &table());
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(path, made).unwrap();
    } else {
        assert!(page == made, "docs/hosting.md is behind: UPDATE_DOCS=1 cargo test -p moclojer-cloud config");
    }
}

fn table() -> String {
    let mut text = "| setting | environment | what it is | value | default | for |\n| --- | --- | --- | --- | --- | --- |\n"
        .to_owned();
    for row in ROWS {
        let default = match row.default {
            Default::Required => "required".to_owned(),
            Default::None => "none".to_owned(),
            Default::Value(value) => format!("`{value}`"),
            Default::Each(values) => {
                let values: Vec<String> =
                    values.iter().map(|(service, value)| format!("`{value}` ({service})")).collect();
                values.join(", ")
            }
        };
        let services: Vec<&str> = row.services.iter().map(|service| service.name()).collect();
        let services =
            if row.services.len() == Service::ALL.len() { "all".to_owned() } else { services.join(", ") };
        let secret = if row.secret { " (secret)" } else { "" };
        writeln!(
            text,
            "| `{}` | `{}` | {}{secret} | {} | {default} | {services} |",
            row.key,
            row.environment(),
            row.help.trim(),
            row.kind
        )
        .unwrap();
    }
    text
}
