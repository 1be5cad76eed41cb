//! Companies and what they sell.

use super::draws::Draws;
use super::language::{Language, capitalized, put_together};

/// Dutch names begin with a small letter, a company does not.
pub(super) fn company(draws: &mut Draws, language: &Language) -> String {
    capitalized(&language.phrase(language.companies, draws))
}

pub(super) fn company_suffix(draws: &mut Draws, language: &Language) -> String {
    draws.word(language.company_suffixes).to_owned()
}

pub(super) fn industry(draws: &mut Draws, language: &Language) -> String {
    draws.word(language.industries).to_owned()
}

pub(super) fn catch_phrase(draws: &mut Draws, language: &Language) -> String {
    put_together(language.catch_phrase, &language.catch_words, draws)
}

pub(super) fn product(draws: &mut Draws, language: &Language) -> String {
    put_together(language.product, &language.product_words, draws)
}
