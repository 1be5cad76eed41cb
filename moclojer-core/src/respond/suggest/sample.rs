//! Texts that a type accepts: near to what the request had, where that can be told, else an example.

use crate::spec::path::ParamType;

/// A text that `kind` accepts, as near to `found` as is cheap; none for a regular expression that nothing near fits.
pub(super) fn text(kind: &ParamType, found: Option<&str>) -> Option<String> {
    let near = found.into_iter().flat_map(near_texts);
    let example = match kind {
        ParamType::String | ParamType::Int | ParamType::Regex(..) => "1",
        ParamType::Float | ParamType::Double => "1.5",
        ParamType::Bool => "true",
        ParamType::Uuid => "00000000-0000-4000-8000-000000000000",
        ParamType::Date => "2024-01-31",
    };
    near.chain([example.to_owned()]).find(|text| !text.is_empty() && kind.accepts(text))
}

/// What somebody who wrote `found` may have meant.
fn near_texts(found: &str) -> Vec<String> {
    if found.len() > 128 {
        return Vec::new();
    }
    let trimmed = found.trim();
    let number: String = trimmed
        .chars()
        .enumerate()
        .take_while(|&(at, letter)| letter.is_ascii_digit() || at == 0 && letter == '-')
        .map(|(_, letter)| letter)
        .collect();
    vec![
        found.to_owned(),
        trimmed.to_owned(),
        trimmed.to_lowercase(),
        trimmed.to_uppercase(),
        trimmed.trim_start_matches('+').to_owned(),
        trimmed.replace(',', "."),
        trimmed.replace('/', "-"),
        number,
    ]
}
