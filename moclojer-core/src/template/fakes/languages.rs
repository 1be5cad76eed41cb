//! The languages of made-up data, one a file.

mod de;
mod en;
mod es;
mod fr;
mod it;
mod ja;
mod nl;
mod pt;

use super::language::Language;

/// All of them, English first.
pub(super) static LANGUAGES: [&Language; 8] = [
    &en::ENGLISH,
    &pt::PORTUGUESE,
    &fr::FRENCH,
    &de::GERMAN,
    &es::SPANISH,
    &it::ITALIAN,
    &nl::DUTCH,
    &ja::JAPANESE,
];
