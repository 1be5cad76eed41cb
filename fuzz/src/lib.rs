//! What the targets that read mock files have in common: what has to hold of any bytes.

use moclojer_core::problem::{Severity, render};
use moclojer_core::spec::{Format, Limits, Spec};
use moclojer_core::unify::as_yaml;

/// The bytes are a mock or errors, never both; each problem stands inside the text and can be shown; and a mock that is
/// written as YAML is the same mock.
pub fn check_file(bytes: &[u8], format: Format) {
    let limits = Limits::default();
    let checked = Spec::read("fuzz", bytes, format, &limits);
    for problem in &checked.problems {
        let text = problem.source.text();
        assert!(text.get(problem.span.start as usize..problem.span.end as usize).is_some(), "{problem:?}");
        let _ = render::json_line(problem);
    }
    let broken = checked.problems.iter().any(|problem| problem.severity == Severity::Error);
    let Some(spec) = checked.spec else {
        assert!(broken, "neither a mock nor an error");
        return;
    };
    assert!(!broken, "a mock with errors");
    let yaml = as_yaml("fuzz", bytes, format, &limits).expect("it was read");
    let again = Spec::read("fuzz", yaml.as_bytes(), Format::Yaml, &limits);
    let again = again.spec.unwrap_or_else(|| panic!("{:?}\n{yaml}", again.problems));
    assert_eq!(endpoints(&spec), endpoints(&again), "{yaml}");
}

fn endpoints(spec: &Spec) -> Vec<String> {
    let endpoints = spec.endpoints.iter();
    endpoints.map(|it| format!("{:?} {:?} {:?} {:?} {:?}", it.method, it.path, it.query, it.body, it.response)).collect()
}
