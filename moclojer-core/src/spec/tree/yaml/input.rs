//! Feeds characters to the YAML scanner, and ends its input early where it would hold too much.
//!
//! Where a key may stand, the scanner gives nothing of a flow collection (`[…]`, `{…}`) before its end,
//! because the whole of it may be a key: its tokens wait in memory, some 200 bytes for each byte of a hostile
//! file. Outside of flow collections what waits is at most one scalar and 1,024 characters after it. So this
//! input looks now and then at what was read since the last event: when that is a flow collection with very
//! many indicators, the text ends there. JSON, which has a reader of its own, has no such bound.

use std::cell::Cell;

use saphyr_parser::Input;

use super::outline::Outline;
use super::span::skip_properties;

/// Most indicators of a flow collection that waits: twice as many tokens, some 100 MiB at worst.
const MOST_WAITING: usize = 200_000;
/// How many bytes are read between two looks.
const STEP: usize = 1 << 18;

/// How far the scanner may read; shared with the reader of the events.
#[derive(Debug, Default)]
pub(super) struct Meter {
    /// Where the text of the last event ended.
    pub(super) settled: Cell<usize>,
    /// Set when the input was ended early: where the flow collection begins.
    pub(super) too_large: Cell<Option<usize>>,
}

/// A flow collection that waits, as far as it was looked at.
struct Waiting {
    /// The end of the last event when it was looked at.
    settled: usize,
    start: usize,
    outline: Outline,
    indicators: usize,
}

impl Waiting {
    fn after(text: &str, settled: usize) -> Self {
        let start = first_token(text, settled);
        Self { settled, start, outline: Outline::new(start), indicators: 0 }
    }
}

/// The characters of a text.
pub(super) struct Metered<'a> {
    text: &'a str,
    at: usize,
    lookahead: usize,
    /// The next byte at which to look at what waits.
    checkpoint: usize,
    /// What was seen at the last look.
    waiting: Option<Waiting>,
    meter: &'a Meter,
}

impl<'a> Metered<'a> {
    pub(super) fn new(text: &'a str, meter: &'a Meter) -> Self {
        Self { text, at: 0, lookahead: 0, checkpoint: STEP, waiting: None, meter }
    }

    fn character(&self, at: usize) -> Option<char> {
        match self.text.as_bytes().get(at) {
            Some(&byte) if byte < 0x80 => Some(char::from(byte)),
            Some(_) => self.text.get(at..)?.chars().next(),
            None => None,
        }
    }

    fn advance(&mut self, width: usize) {
        self.at += width;
        if self.at >= self.checkpoint {
            self.look_at_what_waits();
        }
    }

    #[cold]
    fn look_at_what_waits(&mut self) {
        self.checkpoint = self.at + STEP;
        let settled = self.meter.settled.get();
        if self.at < settled + STEP {
            return;
        }
        let known = self.waiting.take().filter(|waiting| waiting.settled == settled);
        let waiting = self.waiting.insert(known.unwrap_or_else(|| Waiting::after(self.text, settled)));
        if waiting.start >= self.at {
            // White space and comments alone: never look at them again.
            self.meter.settled.set(self.at);
            return;
        }
        if !matches!(self.text.as_bytes().get(waiting.start), Some(b'[' | b'{')) {
            return;
        }
        while waiting.outline.next(self.text, self.at).is_some() {
            waiting.indicators += 1;
        }
        if waiting.indicators > MOST_WAITING {
            self.meter.too_large.set(Some(waiting.start));
            self.text = "";
        }
    }
}

/// Where the next token after `at` begins, past white space, comments, indicators, anchors and tags.
fn first_token(text: &str, mut at: usize) -> usize {
    loop {
        at = skip_properties(text, at);
        match text.as_bytes().get(at) {
            Some(b'-' | b':' | b'?' | b',') => at += 1,
            _ => return at,
        }
    }
}

impl Input for Metered<'_> {
    #[inline]
    fn lookahead(&mut self, count: usize) {
        self.lookahead = self.lookahead.max(count);
    }

    #[inline]
    fn buflen(&self) -> usize {
        self.lookahead
    }

    /// As the crate's own input for texts: nothing is copied, so the number only paces the scanner's loops.
    #[inline]
    fn bufmaxlen(&self) -> usize {
        128
    }

    #[inline]
    fn raw_read_ch(&mut self) -> char {
        let character = self.peek();
        self.skip();
        character
    }

    #[inline]
    fn raw_read_non_breakz_ch(&mut self) -> Option<char> {
        let character = self.character(self.at)?;
        if matches!(character, '\n' | '\r' | '\0') {
            return None;
        }
        self.advance(character.len_utf8());
        Some(character)
    }

    #[inline]
    fn skip(&mut self) {
        if let Some(character) = self.character(self.at) {
            self.advance(character.len_utf8());
        }
    }

    #[inline]
    fn skip_n(&mut self, count: usize) {
        for _ in 0..count {
            self.skip();
        }
    }

    #[inline]
    fn peek(&self) -> char {
        self.character(self.at).unwrap_or('\0')
    }

    #[inline]
    fn peek_nth(&self, n: usize) -> char {
        let mut at = self.at;
        for _ in 0..n {
            match self.character(at) {
                Some(character) => at += character.len_utf8(),
                None => return '\0',
            }
        }
        self.character(at).unwrap_or('\0')
    }

    #[inline]
    fn peek_opt(&self) -> Option<char> {
        self.character(self.at)
    }
}
