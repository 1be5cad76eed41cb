//! What the program says before it serves.
#![expect(clippy::unwrap_used, reason = "a test may stop at what it did not expect")]

use std::process::{Command, Output};

/// Exit code, and all that it said.
fn run(arguments: &[&str], environment: &[(&str, &str)]) -> (i32, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_moclojer-api"));
    let Output { status, stdout, stderr } =
        command.args(arguments).env_clear().envs(environment.iter().copied()).output().unwrap();
    (status.code().unwrap(), String::from_utf8([stdout, stderr].concat()).unwrap())
}

const SETTINGS: [(&str, &str); 8] = [
    ("DATABASE_URL", "postgres://me:canary@127.0.0.1:1/x"),
    ("REDIS_URL", "redis://:canary@127.0.0.1:1"),
    ("MOCLOJER_BASE_DOMAIN", "mocks.example.org"),
    ("MOCLOJER_API_URL", "https://api.example.com"),
    ("MOCLOJER_SUPABASE_URL", "https://x.supabase.co"),
    ("MOCLOJER_SUPABASE_ANON_KEY", "canary"),
    ("MOCLOJER_SUPABASE_JWT_SECRET", "canary-canary-canary-canary-canary"),
    ("MOCLOJER_ADMIN_LISTEN", "127.0.0.1:0"),
];

#[test]
fn nothing_said_is_everything_missing() {
    let (code, said) = run(&[], &[]);
    assert_eq!(code, 2, "{said}");
    for name in ["DATABASE_URL", "BASE_DOMAIN", "API_URL", "SUPABASE_URL", "SUPABASE_ANON_KEY"] {
        assert!(said.contains(name), "{name}: {said}");
    }
}

#[test]
fn a_right_configuration_is_shown_without_its_secrets() {
    let (code, said) = run(&["--check-config"], &SETTINGS);
    assert_eq!(code, 0, "{said}");
    assert!(
        said.contains("mocks.example.org") && said.contains("(set)") && !said.contains("canary"),
        "{said}"
    );
}

#[test]
fn a_wrong_one_is_refused_without_its_secrets() {
    let mut wrong = SETTINGS.to_vec();
    wrong.extend([("DATABASE_URL", "mysql://canary"), ("MOCLOJER_BASE_DOMAIN", "example.com")]);
    let (code, said) = run(&["serve"], &wrong);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("database-url") && said.contains("api-url: mocks could"), "{said}");
    assert!(!said.contains("canary"), "{said}");
}

#[test]
fn a_migration_needs_the_settings_of_the_database_alone() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let database = runtime.block_on(test_bed::postgres::empty_database());
    // What the API reads is not looked at.
    let environment = [("DATABASE_URL", &*database), ("MOCLOJER_LISTEN", "nowhere")];
    let (code, said) = run(&["--check-config", "migrate"], &environment);
    assert_eq!(code, 0, "{said}");
    let keys: Vec<&str> = said.lines().filter_map(|line| line.split_once("  ")).map(|(key, _)| key).collect();
    let expected =
        ["admin-listen", "database-url", "database-pool", "log-format", "log-level", "otlp-endpoint"];
    assert_eq!(keys, expected, "{said}");
    for _ in 0..2 {
        let (code, said) = run(&["migrate"], &environment);
        assert!(code == 0 && said.contains("the database is up to date"), "{said}");
    }
}

#[test]
fn a_migration_names_all_that_is_wrong_with_its_settings() {
    let wrong = [
        ("DATABASE_URL", "mysql://canary"),
        ("MOCLOJER_DATABASE_POOL", "0"),
        ("MOCLOJER_DATABASE", "canary"),
    ];
    let (code, said) = run(&["migrate"], &wrong);
    assert_eq!(code, 2, "{said}");
    for name in ["database-url", "database-pool", "MOCLOJER_DATABASE: there is no such setting"] {
        assert!(said.contains(name), "{name}: {said}");
    }
    assert!(said.contains("in 3 places") && !said.contains("canary"), "{said}");
    let (code, said) = run(&["migrate"], &[]);
    assert!(code == 2 && said.contains("missing: database-url") && said.lines().count() == 2, "{said}");
}

#[test]
fn the_document_of_the_api_needs_no_configuration() {
    let (code, said) = run(&["openapi"], &[]);
    assert_eq!(code, 0);
    assert!(said.contains("\"openapi\": \"3.1") && said.contains("/mocks/{id}"), "{said}");
}

#[test]
fn wrong_usage_is_exit_2() {
    assert_eq!(run(&["frobnicate"], &[]).0, 2);
    assert_eq!(run(&["--config", "missing.toml", "--check-config"], &SETTINGS).0, 2);
}
