//! What a language has to say, and how its parts are put together.

use super::draws::Draws;
use super::languages::LANGUAGES;

/// A list of words or of patterns; [`Draws::fill`] says what a pattern is.
pub(super) type Words = &'static [&'static str];

/// A language as one country speaks it.
#[derive(Debug)]
pub(super) struct Language {
    /// ISO 639-1.
    pub(super) tag: &'static str,
    /// The country of its addresses and numbers: ISO 3166-1.
    pub(super) country: &'static str,
    pub(super) first_names: Words,
    pub(super) last_names: Words,
    /// First and last names in Latin letters, where the language has other ones.
    pub(super) latin: Option<(Words, Words)>,
    /// Forms of address.
    pub(super) titles: Words,
    /// Patterns of whole names.
    pub(super) names: Words,
    /// A city, the code of its state, the pattern of its postcodes.
    pub(super) cities: &'static [(&'static str, &'static str, &'static str)],
    /// States, regions or provinces: what the second part of the country's ISO 3166-2 codes names (the codes of
    /// Italian provinces and Japanese prefectures too).
    pub(super) states: &'static [(&'static str, &'static str)],
    /// Patterns of `{stem}`, `{way}`, `{first}`, `{last}` and [`Language::more`].
    pub(super) streets: Words,
    pub(super) street_stems: Words,
    pub(super) street_ways: Words,
    pub(super) building_numbers: Words,
    /// A pattern of `{street}` and `{number}`.
    pub(super) street_address: &'static str,
    /// A pattern of `{street-address}`, `{city}`, `{state}`, `{state-code}`, `{postcode}`.
    pub(super) address: &'static str,
    pub(super) company_suffixes: Words,
    /// Patterns of `{first}`, `{last}`, `{suffix}` and [`Language::more`].
    pub(super) companies: Words,
    pub(super) jobs: Words,
    pub(super) industries: Words,
    /// A pattern of `{one}`, `{two}`, `{three}`, from the lists beside it.
    pub(super) catch_phrase: &'static str,
    pub(super) catch_words: [Words; 3],
    /// A pattern of `{one}`, the thing, and `{two}`, what it is made of.
    pub(super) product: &'static str,
    pub(super) product_words: [Words; 2],
    pub(super) phones: Words,
    pub(super) cell_phones: Words,
    pub(super) license_plates: Words,
    /// Lists that only this language's patterns name.
    pub(super) more: &'static [(&'static str, Words)],
}

impl Language {
    /// The language of a tag: `pt`, `pt-BR`, `PT_br`; English for one that is not there.
    pub(super) fn of(tag: &str) -> &'static Self {
        let [english, ..] = LANGUAGES;
        super::language_of(tag).and_then(|index| LANGUAGES.get(index)).unwrap_or(&english)
    }

    /// One of some patterns, filled.
    pub(super) fn phrase(&self, patterns: Words, draws: &mut Draws) -> String {
        let pattern = draws.word(patterns);
        draws.fill(pattern, &mut |name, draws| self.part(name, draws))
    }

    /// What stands for a name in patterns.
    fn part(&self, name: &str, draws: &mut Draws) -> String {
        let words = match name {
            "first" => self.first_names,
            "last" => self.last_names,
            "stem" => self.street_stems,
            "way" => self.street_ways,
            "suffix" => self.company_suffixes,
            _ => self.more.iter().find(|(known, _)| *known == name).map_or(&[][..], |(_, words)| words),
        };
        draws.word(words).to_owned()
    }
}

/// A pattern of `{one}`, `{two}`, `{three}`: a word of each list.
pub(super) fn put_together(pattern: &str, lists: &[Words], draws: &mut Draws) -> String {
    draws.fill(pattern, &mut |name, draws| {
        let index = ["one", "two", "three"].iter().position(|known| *known == name);
        let words = index.and_then(|index| lists.get(index)).copied().unwrap_or_default();
        draws.word(words).to_owned()
    })
}

/// The first letter in upper case, the others as they are.
pub(super) fn capitalized(text: &str) -> String {
    let (first, rest) = text.split_at(text.chars().next().map_or(0, char::len_utf8));
    first.to_uppercase() + rest
}
