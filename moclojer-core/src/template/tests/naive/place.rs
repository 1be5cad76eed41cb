//! Where a value goes, told from the literal text before it.

use super::tree::{Place, Target};

/// What the text so far leads to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Position {
    target: Target,
    /// In a JSON string literal.
    quoted: bool,
    /// There, just after a backslash.
    escaped: bool,
    /// How far a URL has come: 0 before its host, 1 in the host, 2 in the path, query or fragment.
    url: u8,
    /// In `{% safe %}`.
    pub(super) safe: bool,
}

impl Position {
    pub(super) fn new(target: Target) -> Self {
        Self { target, quoted: false, escaped: false, url: 0, safe: false }
    }

    /// Goes on over literal text.
    pub(super) fn read(&mut self, text: &str) {
        for character in text.chars() {
            if self.escaped {
                self.escaped = false;
            } else if self.quoted && character == '\\' {
                self.escaped = true;
            } else if character == '"' {
                self.quoted = !self.quoted;
            }
        }
        let mut rest = text;
        if self.url == 0
            && let Some(at) = text.find(['/', '?', '#'])
        {
            let authority = text[at..].starts_with("//");
            self.url = if authority { 1 } else { 2 };
            rest = if authority { &text[at + 2..] } else { "" };
        }
        if self.url == 1 && rest.contains(['/', '?', '#']) {
            self.url = 2;
        }
    }

    /// Where two ways meet: what may be a part of a URL's path is taken for one.
    pub(super) fn meet(&mut self, other: Self) {
        self.url = self.url.max(other.url);
    }

    /// How a value is written here. `safe`: a filter says so; `literal`: it is the template's own text;
    /// `markup`: it is HTML already.
    pub(super) fn place(&self, safe: bool, literal: bool, markup: bool) -> Place {
        let safe = safe || self.safe;
        match self.target {
            Target::JsonText => Place::JsonString,
            Target::Plain => Place::Raw,
            Target::Header => Place::Header,
            Target::Json if !self.quoted => Place::JsonValue,
            Target::Json if safe => Place::Raw,
            Target::Json => Place::JsonString,
            Target::Html if safe || literal || markup => Place::Raw,
            Target::Html => Place::Html,
            Target::Url if safe || self.url < 2 => Place::Raw,
            Target::Url => Place::UrlPart,
        }
    }
}
