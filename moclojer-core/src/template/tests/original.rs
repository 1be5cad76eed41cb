//! What the original engine prints, from `tests/data/selmer-cases.json`.

use super::*;

/// Cases that differ, with the reason.
const DIFFERENT: &[(&str, &str)] = &[("x-forloop-outside", "`.length` of a list is its size here")];

#[test]
fn every_case_prints_what_the_original_prints() {
    let cases: serde_json::Value =
        serde_json::from_str(include_str!("../../../tests/data/selmer-cases.json")).unwrap();
    let mut different = Vec::new();
    let cases = cases.as_array().unwrap();
    for case in cases {
        let template = case["template"].as_str().unwrap();
        let scope = body(&case["context"].to_string());
        let found = render_with(template, Mode::Plain, &OPEN, &scope);
        let agrees = match case["expected"].as_str() {
            Some(expected) => found.as_deref() == Ok(expected),
            None => found.is_err(),
        };
        if !agrees {
            different.push(case["id"].as_str().unwrap());
        }
    }
    assert_eq!(different, DIFFERENT.iter().map(|(id, _)| *id).collect::<Vec<_>>());
    assert!(cases.len() > 270);
}
