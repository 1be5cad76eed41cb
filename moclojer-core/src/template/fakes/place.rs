//! Places: streets, cities, countries, points of the globe.

use fake::locales::{Data, EN};

use super::countries::{COUNTRIES, LANGUAGES};
use super::draws::Draws;
use super::language::Language;
use crate::template::value::Value;

/// A city with what belongs to it.
struct City {
    name: &'static str,
    state: &'static str,
    state_code: &'static str,
    postcode: String,
}

/// A whole address: the postcode and the state are the city's.
pub(super) fn address(draws: &mut Draws, language: &Language) -> String {
    let city = draw_city(draws, language);
    draws.fill(language.address, &mut |part, draws| match part {
        "street-address" => street_address(draws, language),
        "city" => city.name.to_owned(),
        "state" => city.state.to_owned(),
        "state-code" => city.state_code.to_owned(),
        _ => city.postcode.clone(),
    })
}

pub(super) fn street_address(draws: &mut Draws, language: &Language) -> String {
    draws.fill(language.street_address, &mut |part, draws| match part {
        "street" => street(draws, language),
        _ => building_number(draws, language),
    })
}

pub(super) fn street(draws: &mut Draws, language: &Language) -> String {
    language.phrase(language.streets, draws)
}

pub(super) fn building_number(draws: &mut Draws, language: &Language) -> String {
    language.phrase(language.building_numbers, draws)
}

pub(super) fn city(draws: &mut Draws, language: &Language) -> String {
    draw_city(draws, language).name.to_owned()
}

pub(super) fn postcode(draws: &mut Draws, language: &Language) -> String {
    draw_city(draws, language).postcode
}

pub(super) fn state(draws: &mut Draws, language: &Language) -> String {
    draws.pick(language.states).map_or("", |(_, name)| name).to_owned()
}

pub(super) fn state_code(draws: &mut Draws, language: &Language) -> String {
    draws.pick(language.states).map_or("", |(code, _)| code).to_owned()
}

pub(super) fn country(draws: &mut Draws, language: &Language) -> String {
    let names = draws.pick(COUNTRIES).map(|(_, names)| names);
    let mut named = names.into_iter().flatten().zip(LANGUAGES);
    named.find(|(_, tag)| *tag == language.tag).map_or("", |(name, _)| name).to_owned()
}

pub(super) fn country_code(draws: &mut Draws, _: &Language) -> String {
    draws.pick(COUNTRIES).map_or("", |(code, _)| code).to_owned()
}

pub(super) fn time_zone(draws: &mut Draws, _: &Language) -> String {
    draws.word(EN::ADDRESS_TIME_ZONE).to_owned()
}

pub(super) fn latitude<'a>(draws: &mut Draws) -> Value<'a> {
    Value::Float(draws.between(-90_000_000, 90_000_000) as f64 / 1e6)
}

pub(super) fn longitude<'a>(draws: &mut Draws) -> Value<'a> {
    Value::Float(draws.between(-180_000_000, 180_000_000) as f64 / 1e6)
}

fn draw_city(draws: &mut Draws, language: &Language) -> City {
    let (name, state_code, pattern) = draws.pick(language.cities).copied().unwrap_or_default();
    let state = language.states.iter().find(|(code, _)| *code == state_code).map_or("", |(_, name)| name);
    City { name, state, state_code, postcode: draws.marks(pattern) }
}
