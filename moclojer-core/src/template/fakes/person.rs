//! People: names, how they are reached, what they do.

use deunicode::deunicode;

use super::draws::Draws;
use super::language::{Language, Words};

/// Names that no one owns (RFC 2606): a made-up address reaches nobody.
const DOMAINS: Words = &["example.com", "example.net", "example.org"];
const SYMBOLS: &str = "!#$%*+-=?@_";
const LOWER: &str = "abcdefghijkmnopqrstuvwxyz";
const UPPER: &str = "ABCDEFGHJKLMNPQRSTUVWXYZ";
const DIGITS: &str = "23456789";

pub(super) fn name(draws: &mut Draws, language: &Language) -> String {
    language.phrase(language.names, draws)
}

pub(super) fn first_name(draws: &mut Draws, language: &Language) -> String {
    draws.word(language.first_names).to_owned()
}

pub(super) fn last_name(draws: &mut Draws, language: &Language) -> String {
    draws.word(language.last_names).to_owned()
}

pub(super) fn title(draws: &mut Draws, language: &Language) -> String {
    draws.word(language.titles).to_owned()
}

pub(super) fn username(draws: &mut Draws, language: &Language) -> String {
    let pattern = draws.word(&[
        "{first}.{last}",
        "{first}_{last}",
        "{first}{last}##",
        "{first}.{last}^#",
        "{first}####",
    ]);
    draws.fill(pattern, &mut |part, draws| latin_name(part == "first", draws, language))
}

pub(super) fn email(draws: &mut Draws, language: &Language) -> String {
    let user = username(draws, language);
    format!("{user}@{}", draws.word(DOMAINS))
}

/// `silva-costa.example.org`
pub(super) fn domain(draws: &mut Draws, language: &Language) -> String {
    let pattern = draws.word(&["{last}", "{last}-{last}", "{first}-{last}"]);
    let label = draws.fill(pattern, &mut |part, draws| latin_name(part == "first", draws, language));
    format!("{label}.{}", draws.word(DOMAINS))
}

/// A character of each sort is there, what is easily misread is not.
pub(super) fn password(draws: &mut Draws, _: &Language) -> String {
    let sorts = [LOWER, UPPER, DIGITS, SYMBOLS];
    let mut characters: Vec<char> = sorts.iter().map(|sort| draws.character(sort)).collect();
    for _ in 0..draws.between(8, 12) {
        let sort = draws.pick(&[LOWER, LOWER, UPPER, DIGITS, SYMBOLS]).copied().unwrap_or(LOWER);
        characters.push(draws.character(sort));
    }
    for last in (1..characters.len()).rev() {
        characters.swap(last, draws.below(last + 1));
    }
    characters.into_iter().collect()
}

pub(super) fn phone(draws: &mut Draws, language: &Language) -> String {
    language.phrase(language.phones, draws)
}

pub(super) fn cell_phone(draws: &mut Draws, language: &Language) -> String {
    language.phrase(language.cell_phones, draws)
}

pub(super) fn job(draws: &mut Draws, language: &Language) -> String {
    draws.word(language.jobs).to_owned()
}

/// A first or last name as addresses have it.
fn latin_name(first: bool, draws: &mut Draws, language: &Language) -> String {
    let words = match (language.latin, first) {
        (Some((names, _)), true) => names,
        (Some((_, names)), false) => names,
        (None, true) => language.first_names,
        (None, false) => language.last_names,
    };
    latin(draws.word(words), language)
}

/// A name in lower-case letters of ASCII.
pub(super) fn latin(name: &str, language: &Language) -> String {
    let mut latin = name.to_lowercase();
    if language.tag == "de" {
        latin = latin.replace('ä', "ae").replace('ö', "oe").replace('ü', "ue");
    }
    deunicode(&latin).to_ascii_lowercase().replace(|char: char| !char.is_ascii_alphanumeric(), "")
}
