//! Turns the scanner's places, which count characters, into bytes.

/// How many characters lie between two that are remembered.
const STRIDE: usize = 64;

/// The bytes at which the characters of a text begin.
pub(super) struct Places<'a> {
    text: &'a str,
    /// The byte of each [`STRIDE`]th character; none when all characters are one byte long.
    remembered: Vec<u32>,
}

impl<'a> Places<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let remembered = if text.is_ascii() {
            Vec::new()
        } else {
            text.char_indices()
                .step_by(STRIDE)
                .map(|(byte, _)| u32::try_from(byte).unwrap_or(u32::MAX))
                .collect()
        };
        Self { text, remembered }
    }

    /// The byte at which character `index` begins; past the end, the end.
    pub(super) fn byte(&self, index: usize) -> usize {
        if self.remembered.is_empty() {
            return index.min(self.text.len());
        }
        let Some(&start) = self.remembered.get(index / STRIDE) else {
            return self.text.len();
        };
        let rest = self.text.get(start as usize..).unwrap_or_default();
        let skipped = rest.char_indices().nth(index % STRIDE).map_or(rest.len(), |(byte, _)| byte);
        start as usize + skipped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_character_is_found() {
        for text in ["".to_owned(), "a".repeat(200), "aé𝄞".repeat(100), "é".repeat(64)] {
            let places = Places::new(&text);
            for (index, (byte, _)) in text.char_indices().enumerate() {
                assert_eq!(places.byte(index), byte);
            }
            assert_eq!(places.byte(text.chars().count()), text.len());
            assert_eq!(places.byte(usize::MAX), text.len());
        }
    }
}
