//! Days and times of fixed ranges, so that they depend on nothing but the draw.

use jiff::ToSpan;
use jiff::civil::{Date, date};

use super::draws::Draws;
use super::language::Language;

/// The days that are drawn: 2000-01-01 to 2029-12-31.
const DAYS: (Date, i64) = (date(2000, 1, 1), 10_958);
/// 1950-01-01 to 2005-12-31.
const BIRTHDAYS: (Date, i64) = (date(1950, 1, 1), 20_454);

pub(super) fn day(draws: &mut Draws, _: &Language) -> String {
    day_of(DAYS, draws)
}

pub(super) fn birthdate(draws: &mut Draws, _: &Language) -> String {
    day_of(BIRTHDAYS, draws)
}

pub(super) fn datetime(draws: &mut Draws, language: &Language) -> String {
    format!("{}T{}Z", day(draws, language), time(draws, language))
}

pub(super) fn time(draws: &mut Draws, _: &Language) -> String {
    format!("{:02}:{:02}:{:02}", draws.below(24), draws.below(60), draws.below(60))
}

fn day_of((first, count): (Date, i64), draws: &mut Draws) -> String {
    first.saturating_add(draws.between(0, count - 1).days()).to_string()
}
