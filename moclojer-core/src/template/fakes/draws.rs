//! Numbers and choices that follow from one draw of the scope. The generator is written here because the
//! same seed has to give the same text with every version of every crate.

use super::language::Words;

/// SplitMix64: a stream of even numbers from one seed.
#[derive(Debug)]
pub(super) struct Draws(u64);

/// What stands for a consonant (`*`) in a pattern; vowels are left out, and what looks like a digit.
const CONSONANTS: &str = "BCDFGHJKLMNPRSTVWXYZ";
const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

impl Draws {
    /// The seed is mixed first: seeds that lie one step apart would else give the same stream, one number later.
    pub(super) fn new(seed: u64) -> Self {
        Self(mix(seed))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mix(self.0)
    }

    /// A number from 0 up to `end`, which is left out; 0 for none.
    pub(super) fn below(&mut self, end: usize) -> usize {
        ((u128::from(self.next()) * end as u128) >> 64) as usize
    }

    /// A number from `low` to `high`, both included.
    pub(super) fn between(&mut self, low: i64, high: i64) -> i64 {
        let width = high.abs_diff(low).saturating_add(1);
        low.wrapping_add_unsigned(((u128::from(self.next()) * u128::from(width)) >> 64) as u64)
    }

    /// One of some items, `None` when there are none.
    pub(super) fn pick<'i, T>(&mut self, items: &'i [T]) -> Option<&'i T> {
        items.get(self.below(items.len()))
    }

    /// One of some words. A few of the crate's lists hold slips (a tab, a quotation mark): such a word gives
    /// way to the next one.
    pub(super) fn word(&mut self, words: Words) -> &'static str {
        let start = self.below(words.len());
        let from_there = words.iter().skip(start).chain(words.iter().take(start));
        from_there.copied().find(|word| is_clean(word)).unwrap_or_default()
    }

    /// A character of `alphabet`, which is ASCII.
    pub(super) fn character(&mut self, alphabet: &str) -> char {
        self.pick(alphabet.as_bytes()).copied().map_or(' ', char::from)
    }

    /// So many decimal digits.
    pub(super) fn digits(&mut self, count: usize) -> String {
        (0..count).map(|_| self.character("0123456789")).collect()
    }

    /// So many decimal digits as numbers: what check digits are computed from.
    pub(super) fn numbers(&mut self, count: usize) -> Vec<u32> {
        (0..count).map(|_| self.below(10) as u32).collect()
    }

    /// A pattern with its marks filled: `#` a digit, `^` a digit that is not 0, `?` a letter, `*` a consonant,
    /// `{name}` what `part` makes for the name.
    pub(super) fn fill(&mut self, pattern: &str, part: &mut dyn FnMut(&str, &mut Self) -> String) -> String {
        let mut text = String::new();
        let mut rest = pattern;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, later) = after.split_once('}').unwrap_or((after, ""));
            self.fill_marks(before, &mut text);
            text.push_str(&part(name, self));
            rest = later;
        }
        self.fill_marks(rest, &mut text);
        text
    }

    /// A pattern of marks alone.
    pub(super) fn marks(&mut self, pattern: &str) -> String {
        let mut text = String::new();
        self.fill_marks(pattern, &mut text);
        text
    }

    fn fill_marks(&mut self, pattern: &str, text: &mut String) {
        for mark in pattern.chars() {
            text.push(match mark {
                '#' => self.character("0123456789"),
                '^' => self.character("123456789"),
                '?' => self.character(LETTERS),
                '*' => self.character(CONSONANTS),
                other => other,
            });
        }
    }
}

/// Digits one after the other.
pub(super) fn written(numbers: &[u32]) -> String {
    numbers.iter().map(u32::to_string).collect()
}

fn mix(state: u64) -> u64 {
    let mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

/// True for a word that can stand in HTML and in a line of text as it is.
fn is_clean(word: &str) -> bool {
    !word.is_empty()
        && !word.contains(|char: char| char.is_control() || matches!(char, '"' | '<' | '>' | '\\'))
}
