//! How languages write dates, numbers and money.
//!
//! The tables are those of JDK 17, which the original prints with; `locale/Generate.java` prints them. Knows
//! nothing of templates: the filters `date`, `number-format` and `currency-format` ask here.

mod money;
mod names;

/// A language. Lists of names are texts with `|` between the names, one for each [`Length`].
#[derive(Debug)]
pub(super) struct Locale {
    pub(super) tag: &'static str,
    /// The country whose currency is meant when none is named.
    country: &'static str,
    /// As they stand in a date: `mars`, `5 марта`.
    pub(super) months: [&'static str; 3],
    /// As they stand alone.
    pub(super) months_alone: [&'static str; 3],
    /// From Monday on.
    pub(super) days: [&'static str; 3],
    pub(super) days_alone: [&'static str; 3],
    pub(super) quarters: [&'static str; 3],
    pub(super) quarters_alone: [&'static str; 3],
    /// Before Christ and after.
    pub(super) eras: [&'static str; 3],
    /// Before noon and after.
    pub(super) halves: &'static str,
    /// Parts of the day: the minute from which on each is said, and its name in the three lengths.
    periods: &'static [(u16, &'static str)],
    /// Patterns: short, medium, long, full.
    pub(super) dates: [&'static str; 4],
    pub(super) times: [&'static str; 4],
    pub(super) date_times: [&'static str; 4],
    /// UTC, shortly and in words.
    pub(super) zone: [&'static str; 2],
    /// UTC as an offset without digits.
    pub(super) gmt: &'static str,
    /// The day that a week begins with: 1 is Monday. A tag without a country has that of the world, Sunday.
    pub(super) first_day: i64,
    /// How many days of a year or month its first week has at least.
    pub(super) least_days: i64,
    /// The sign before the decimals, and between groups of three digits.
    pub(super) decimal: &'static str,
    pub(super) grouping: &'static str,
}

/// How long a name is, in the order of the tables.
#[derive(Clone, Copy, Debug)]
pub(super) enum Length {
    Short,
    Full,
    Narrow,
}

impl Length {
    /// The one of three texts that has this length.
    pub(super) fn of<T: Copy>(self, [short, full, narrow]: [T; 3]) -> T {
        match self {
            Self::Short => short,
            Self::Full => full,
            Self::Narrow => narrow,
        }
    }
}

impl Locale {
    /// `in the afternoon`: what the part of the day is called that a minute of it (from 0) belongs to.
    pub(super) fn period(&self, minute: u16, length: Length) -> &'static str {
        let names = self.periods.iter().take_while(|(from, _)| *from <= minute).last();
        nth(names.map_or("", |(_, names)| names), length.of([0, 1, 2]))
    }
}

/// The name at an index of a list; none has no characters.
pub(super) fn nth(names: &'static str, index: usize) -> &'static str {
    names.split('|').nth(index).unwrap_or_default()
}

/// What is written where no language is named, or one that is not known.
pub(super) fn english() -> &'static Locale {
    &names::ENGLISH
}

/// The language of a tag such as `de`, `pt-BR`, `pt_BR`, in any case; a country that is not known gives its language.
pub(super) fn find(tag: &str) -> Option<&'static Locale> {
    find_exactly(tag).or_else(|| find_exactly(split(tag).0))
}

fn find_exactly(tag: &str) -> Option<&'static Locale> {
    let wanted = if tag.eq_ignore_ascii_case("no") { "nb" } else { tag };
    let all = std::iter::once(english()).chain(names::LOCALES);
    all.into_iter().find(|locale| wanted.len() == locale.tag.len() && spelled(wanted).eq(spelled(locale.tag)))
}

/// The tags that are known.
pub(super) fn tags() -> impl Iterator<Item = &'static str> {
    std::iter::once(english()).chain(names::LOCALES).map(|locale| locale.tag)
}

/// The bytes of a tag in one way of writing it.
fn spelled(tag: &str) -> impl Iterator<Item = u8> {
    tag.bytes().map(|byte| if byte == b'_' { b'-' } else { byte.to_ascii_lowercase() })
}

/// The language of a tag and what comes after it.
fn split(tag: &str) -> (&str, Option<&str>) {
    match tag.split_once(['-', '_']) {
        Some((language, rest)) => (language, Some(rest)),
        None => (tag, None),
    }
}

/// How an amount is written.
#[derive(Debug)]
pub(super) struct Style {
    /// `#` is the number, `¤` the currency's sign.
    pub(super) positive: &'static str,
    pub(super) negative: &'static str,
    pub(super) decimal: &'static str,
    pub(super) grouping: &'static str,
}

/// What a country pays with, as a language writes it.
#[derive(Debug)]
pub(super) struct Money {
    pub(super) style: &'static Style,
    /// The currency's sign.
    pub(super) sign: &'static str,
    /// How many decimals an amount has.
    pub(super) decimals: usize,
}

/// The money of a country in a language; a language that is not known is English.
///
/// Without a country it is that of the tag (`de-AT`), else the language's main one: `de` pays in euros. Java
/// prints the placeholder `¤` there. `None` for a country that is not known.
pub(super) fn money(tag: &str, country: Option<&str>) -> Option<Money> {
    let locale = find(tag).unwrap_or(english());
    let (code, currency) = match country {
        Some(country) => find_country(country)?,
        None => split(tag).1.and_then(find_country).or_else(|| find_country(locale.country))?,
    };
    let decimals = find_row(money::DECIMALS, currency).unwrap_or(2);
    let (language, _) = split(locale.tag);
    if let Some((_, style)) =
        money::REGIONS.iter().find(|(region, _)| split(region) == (language, Some(code)))
    {
        return Some(Money { style, sign: "", decimals });
    }
    let (_, style) = money::LANGUAGES.iter().find(|(known, _)| *known == language)?;
    let signs = find_row(money::SYMBOLS, language).unwrap_or_default();
    let sign = signs.split('|').filter_map(|sign| sign.split_once('=')).find(|(code, _)| *code == currency);
    Some(Money { style, sign: sign.map_or(currency, |(_, sign)| sign), decimals })
}

/// A country's code in upper case and its currency.
fn find_country(code: &str) -> Option<(&'static str, &'static str)> {
    money::COUNTRIES.iter().find(|(known, _)| known.eq_ignore_ascii_case(code)).copied()
}

fn find_row<T: Copy>(table: &[(&str, T)], name: &str) -> Option<T> {
    table.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn tags_are_found_in_any_spelling() {
        let cases = [
            ("de", Some("de")),
            ("DE", Some("de")),
            ("de-AT", Some("de")),
            ("de_AT", Some("de")),
            ("pt-BR", Some("pt")),
            ("pt_pt", Some("pt-PT")),
            ("EN-gb", Some("en-GB")),
            ("en-US", Some("en")),
            ("no", Some("nb")),
            ("", None),
            ("-", None),
            ("mm", None),
            ("deutsch", None),
            ("d", None),
        ];
        for (tag, expected) in cases {
            assert_eq!(find(tag).map(|locale| locale.tag), expected, "{tag}");
        }
        assert_eq!(tags().next(), Some("en"));
        assert!(tags().all(|tag| find(tag).is_some_and(|locale| locale.tag == tag)));
    }

    #[test]
    fn every_language_names_every_month_day_quarter_era_and_half() {
        for locale in tags().map(|tag| find(tag).unwrap()) {
            let lists = [
                (12, locale.months),
                (12, locale.months_alone),
                (7, locale.days),
                (7, locale.days_alone),
                (4, locale.quarters),
                (4, locale.quarters_alone),
                (2, locale.eras),
                (2, [locale.halves; 3]),
            ];
            for (count, lists) in lists {
                for list in lists {
                    let names: Vec<&str> = list.split('|').collect();
                    assert_eq!(names.len(), count, "{}: {list}", locale.tag);
                    assert!(names.iter().all(|name| !name.is_empty()), "{}: {list}", locale.tag);
                }
            }
            for minute in 0..1440 {
                for length in [Length::Short, Length::Full, Length::Narrow] {
                    assert_ne!(locale.period(minute, length), "", "{} {minute}", locale.tag);
                }
            }
        }
    }

    #[test]
    fn every_language_pays_in_every_country() {
        for tag in tags() {
            for (country, _) in money::COUNTRIES {
                let found = money(tag, Some(country)).unwrap();
                for pattern in [found.style.positive, found.style.negative] {
                    assert_eq!(pattern.matches('#').count(), 1, "{tag} {country}");
                    assert!(pattern.contains('¤') != found.sign.is_empty(), "{tag} {country}");
                }
            }
            assert!(money(tag, None).is_some(), "{tag}");
            assert!(money(tag, Some("XX")).is_none(), "{tag}");
        }
    }
}
