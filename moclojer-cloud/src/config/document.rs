//! A configuration file as lines of keys and texts. What a key means is not known here.

use std::path::Path;

use toml::de::{DeArray, DeTable, DeValue};

use super::problem::{Place, Problem};

/// A key with its value as text, as it stands in a file.
#[derive(Debug)]
pub(super) struct Entry {
    /// The section; none at the top.
    pub(super) section: Option<String>,
    pub(super) key: String,
    /// Or what is wrong with it.
    pub(super) value: Result<String, &'static str>,
    pub(super) place: Place,
}

/// Reads all entries, and every place that is no TOML. Messages repeat no text of the file: it may hold secrets.
pub(super) fn read(path: &Path, text: &str) -> (Vec<Entry>, Vec<Problem>) {
    let place = |at: usize| Place::File(path.to_owned(), line(text, at));
    let (document, errors) = DeTable::parse_recoverable(text);
    let problems = errors.iter().map(|error| {
        let place = error.span().map_or_else(|| Place::WholeFile(path.to_owned()), |span| place(span.start));
        Problem::new(place, format!("this is no TOML: {}", error.message().replace('\n', ", ")))
    });
    let problems = problems.collect();
    let mut entries = Vec::new();
    for (key, value) in document.get_ref() {
        match value.get_ref() {
            DeValue::Table(section) => {
                let name = key.get_ref().to_string();
                if section.is_empty() {
                    // So that a section of an unknown name is seen.
                    entries.push(Entry {
                        section: Some(name),
                        key: String::new(),
                        value: Ok(String::new()),
                        place: place(key.span().start),
                    });
                    continue;
                }
                for (key, value) in section {
                    entries.push(Entry {
                        section: Some(name.clone()),
                        key: key.get_ref().to_string(),
                        value: as_text(value.get_ref()),
                        place: place(key.span().start),
                    });
                }
            }
            value => entries.push(Entry {
                section: None,
                key: key.get_ref().to_string(),
                value: as_text(value),
                place: place(key.span().start),
            }),
        }
    }
    (entries, problems)
}

/// The number of the line that a byte is in.
fn line(text: &str, at: usize) -> usize {
    let before = text.as_bytes().get(..at).unwrap_or(text.as_bytes());
    before.iter().filter(|&&byte| byte == b'\n').count() + 1
}

/// As it would stand in the environment.
fn as_text(value: &DeValue<'_>) -> Result<String, &'static str> {
    match value {
        DeValue::String(text) => Ok(text.to_string()),
        DeValue::Integer(number) if number.radix() == 10 => Ok(number.as_str().to_owned()),
        DeValue::Boolean(flag) => Ok(flag.to_string()),
        DeValue::Array(items) => list(items),
        DeValue::Integer(_) | DeValue::Float(_) | DeValue::Datetime(_) | DeValue::Table(_) => {
            Err("the value is neither a text, a whole number, `true`, `false` nor a list of texts")
        }
    }
}

fn list(items: &DeArray<'_>) -> Result<String, &'static str> {
    let texts: Option<Vec<&str>> = items.iter().map(|item| item.get_ref().as_str()).collect();
    Ok(texts.ok_or("the list holds something else than texts")?.join(","))
}
