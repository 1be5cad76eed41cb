//! What the original engine prints, from `tests/data/selmer-cases.json`.

use super::*;

/// Cases that are served and differ, with the reason.
const DIFFERENT: &[(&str, &str)] = &[("x-forloop-outside", "`.length` of a list is its size here")];

#[test]
fn served_cases_print_what_the_original_prints() {
    let cases: serde_json::Value =
        serde_json::from_str(include_str!("../../../tests/data/selmer-cases.json")).unwrap();
    let mut different = Vec::new();
    let (mut served, mut to_come) = (0, 0);
    for case in cases.as_array().unwrap() {
        let template = case["template"].as_str().unwrap();
        let compiled = compile(template, Mode::Plain, &OPEN);
        if compiled.notes.iter().any(|note| note.code == Code::TEMPLATE_NOT_SERVED_YET) {
            to_come += 1;
            continue;
        }
        served += 1;
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
    assert!(served > 110, "{served} served, {to_come} to come");
}
