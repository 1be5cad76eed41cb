//! What the program says before it runs.
#![expect(clippy::unwrap_used, reason = "a test may stop at what it did not expect")]

use std::process::{Command, Output};

/// Exit code, standard output, standard error.
fn run(arguments: &[&str], environment: &[(&str, &str)]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_moclojer-generator"));
    let Output { status, stdout, stderr } =
        command.args(arguments).env_clear().envs(environment.iter().copied()).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}

#[test]
fn what_is_wrong_is_said_at_once_and_without_secrets() {
    let wrong = [
        ("DATABASE_URL", "canary"),
        ("MOCLOJER_STORE_URL", "s3://moclojer?region=eu-1"),
        ("MOCLOJER_BASE_DOMAIN", "mocks.example.org"),
        ("MOCLOJER_SHARDS", "0"),
    ];
    let (code, _, said) = run(&["status"], &wrong);
    assert_eq!(code, 2, "{said}");
    for name in ["database-url", "S3 needs credentials", "shards"] {
        assert!(said.contains(name), "{name}: {said}");
    }
    assert!(!said.contains("canary"), "{said}");
    assert_eq!(run(&["reshard", "0"], &[]).0, 2);
    assert_eq!(run(&["reshard"], &[]).0, 2);
}

#[test]
fn a_folder_can_do_all_that_is_needed() {
    let folder = std::env::temp_dir().join(format!("moclojer-probe-{}", std::process::id()));
    let store = format!("fs:{}", folder.display());
    let settings = [
        ("DATABASE_URL", "postgres://me:canary@127.0.0.1:1/x"),
        ("MOCLOJER_STORE_URL", &*store),
        ("MOCLOJER_BASE_DOMAIN", "mocks.example.org"),
    ];
    let (code, out, said) = run(&["probe"], &settings);
    let _ = std::fs::remove_dir_all(&folder);
    assert_eq!(code, 0, "{said}");
    assert_eq!(out.lines().filter(|line| line.ends_with(" yes")).count(), 4, "{out}");
}
