//! The tokens of EDN, as Clojure's reader tells them apart, each with its bytes.
//!
//! It knows what a token is and what of Clojure is code, not data; what tokens make together is [`super`]'s. It goes
//! over the text once. Whatever it cannot read is a problem that ends the reading.

use super::number;
use super::refuse;
use super::text;
use crate::problem::Problem;
use crate::source::{Source, Span};

/// A token.
#[derive(Debug)]
pub(super) enum Token<'t> {
    /// A bracket that opens; before a map the namespace of its keys.
    Open(Shape, Option<&'t str>),
    /// A bracket that closes.
    Close(char),
    /// `#_`: the next form is left out.
    Discard,
    /// `^`: the next form says something about the one behind it.
    Meta,
    /// `#name`: what the next form is.
    Tag(&'t str),
    Null,
    Bool(bool),
    /// A number, with the digits that JSON has for it.
    Number(String),
    /// A number or symbolic value that a mock cannot hold.
    NoNumber(Box<Problem>),
    Text(String),
    Character(char),
    /// Without its colon.
    Keyword(&'t str),
    Symbol(&'t str),
    /// Nothing more.
    End,
}

/// What a bracket opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    List,
    Vector,
    Map,
    Set,
}

impl Shape {
    /// How it opens.
    pub(super) fn opener(self) -> &'static str {
        match self {
            Self::List => "(",
            Self::Vector => "[",
            Self::Map => "{",
            Self::Set => "#{",
        }
    }

    /// The bracket that closes it.
    pub(super) fn closer(self) -> char {
        match self {
            Self::List => ')',
            Self::Vector => ']',
            Self::Map | Self::Set => '}',
        }
    }
}

/// Takes tokens from a text, one after the other.
pub(super) struct Lexer<'t> {
    source: &'t Source,
    text: &'t str,
    at: usize,
}

type Lexed<'t> = Result<Token<'t>, Box<Problem>>;

impl<'t> Lexer<'t> {
    pub(super) fn new(source: &'t Source) -> Self {
        Self { source, text: source.text(), at: 0 }
    }

    /// The next token and its bytes.
    ///
    /// # Errors
    /// It cannot be read; the reading ends there.
    pub(super) fn next(&mut self) -> Result<(Token<'t>, Span), Box<Problem>> {
        self.skip_blanks();
        let start = self.at;
        let token = self.token()?;
        Ok((token, Span::new(start, self.at)))
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// White space, commas and comments.
    fn skip_blanks(&mut self) {
        loop {
            let rest = self.rest();
            let blank = rest.len() - rest.trim_start_matches(is_blank).len();
            let after = rest.get(blank..).unwrap_or_default();
            self.at += blank;
            if !after.starts_with(';') && !after.starts_with("#!") {
                return;
            }
            self.at += after.find(['\n', '\r']).unwrap_or(after.len());
        }
    }

    fn token(&mut self) -> Lexed<'t> {
        let rest = self.rest();
        let mut characters = rest.chars();
        let Some(first) = characters.next() else { return Ok(Token::End) };
        let second = characters.next();
        match first {
            '(' => Ok(self.take(1, Token::Open(Shape::List, None))),
            '[' => Ok(self.take(1, Token::Open(Shape::Vector, None))),
            '{' if matches!(second, Some('{' | '%')) => Err(refuse::template(self.source, self.at)),
            '{' => Ok(self.take(1, Token::Open(Shape::Map, None))),
            ')' | ']' | '}' => Ok(self.take(1, Token::Close(first))),
            '^' => Ok(self.take(1, Token::Meta)),
            '"' => self.string(),
            '\\' => self.character(),
            '#' => self.dispatch(second),
            '\'' | '`' | '@' | '~' => Err(refuse::code(self.source, self.at)),
            ':' => self.keyword(),
            '0'..='9' => Ok(self.number()),
            '+' | '-' if second.is_some_and(|it| it.is_ascii_digit()) => Ok(self.number()),
            _ => self.symbol(),
        }
    }

    fn take(&mut self, length: usize, token: Token<'t>) -> Token<'t> {
        self.at += length;
        token
    }

    /// From here up to what ends a name or a number.
    fn word(&mut self) -> &'t str {
        let rest = self.rest();
        let word = rest.get(..rest.find(ends_word).unwrap_or(rest.len())).unwrap_or_default();
        self.at += word.len();
        word
    }

    fn string(&mut self) -> Lexed<'t> {
        match text::string(self.rest()) {
            Ok((value, length)) => Ok(self.take(length, Token::Text(value))),
            Err(text::Broken::NotClosed) => Err(refuse::open_string(self.source, self.at)),
            Err(text::Broken::Escape { at, length, why }) => {
                let start = self.at + at;
                Err(refuse::escape(self.source, Span::new(start, start + length), why))
            }
        }
    }

    fn character(&mut self) -> Lexed<'t> {
        let start = self.at;
        let name = self.rest().get(1..).unwrap_or_default();
        // The first character is part of it whatever it is: `\(` and `\"` too.
        let Some(first) = name.chars().next() else {
            return Err(refuse::character(self.source, Span::new(start, start + 1), ""));
        };
        self.at += 1 + first.len_utf8();
        self.word();
        let name = self.text.get(start + 1..self.at).unwrap_or_default();
        match text::character(name) {
            Some(character) => Ok(Token::Character(character)),
            None => Err(refuse::character(self.source, Span::new(start, self.at), name)),
        }
    }

    fn number(&mut self) -> Token<'t> {
        let start = self.at;
        let word = self.word();
        match number::read(word) {
            Ok(digits) => Token::Number(digits),
            Err(misfit) => {
                Token::NoNumber(refuse::number(self.source, Span::new(start, self.at), word, misfit))
            }
        }
    }

    fn keyword(&mut self) -> Lexed<'t> {
        let start = self.at;
        let word = self.word();
        match word.get(1..).filter(|name| !name.starts_with(':') && is_name(name)) {
            Some(name) => Ok(Token::Keyword(name)),
            None => Err(refuse::name(self.source, start, word)),
        }
    }

    fn symbol(&mut self) -> Lexed<'t> {
        let start = self.at;
        match self.word() {
            "nil" => Ok(Token::Null),
            "true" => Ok(Token::Bool(true)),
            "false" => Ok(Token::Bool(false)),
            word if is_name(word) && !starts_like_fraction(word) => Ok(Token::Symbol(word)),
            word => Err(refuse::name(self.source, start, word)),
        }
    }

    /// What begins with `#`.
    fn dispatch(&mut self, second: Option<char>) -> Lexed<'t> {
        let start = self.at;
        match second {
            Some('{') => Ok(self.take(2, Token::Open(Shape::Set, None))),
            Some('_') => Ok(self.take(2, Token::Discard)),
            Some('^') => Ok(self.take(2, Token::Meta)),
            Some(':') => self.namespaced_map(),
            Some('#') => {
                let word = self.word();
                let span = Span::new(start, self.at);
                Ok(Token::NoNumber(refuse::symbolic_value(self.source, span, word)))
            }
            Some(first) if first.is_alphabetic() => {
                let name = self.word().get(1..).unwrap_or_default();
                if is_name(name) {
                    Ok(Token::Tag(name))
                } else {
                    Err(refuse::name(self.source, start, self.text.get(start..self.at).unwrap_or_default()))
                }
            }
            _ => Err(refuse::code(self.source, start)),
        }
    }

    /// `#:name{…}`; blanks may stand before the bracket.
    fn namespaced_map(&mut self) -> Lexed<'t> {
        let start = self.at;
        let name = self.word().get(2..).unwrap_or_default();
        if name.starts_with(':') || !is_name(name) || name.contains('/') {
            let word = self.text.get(start..self.at).unwrap_or_default();
            return Err(refuse::map_namespace(self.source, Span::new(start, self.at), word));
        }
        let end = self.at;
        self.skip_blanks();
        if !self.rest().starts_with('{') {
            return Err(refuse::no_map(self.source, Span::new(start, end)));
        }
        // A brace behind this one is a map used as a key, and will be told as such.
        Ok(self.take(1, Token::Open(Shape::Map, Some(name))))
    }
}

/// White space as Java has it (no-break spaces are none), and the comma.
fn is_blank(character: char) -> bool {
    match character {
        ',' | '\u{1c}'..='\u{1f}' => true,
        '\u{a0}' | '\u{85}' | '\u{2007}' | '\u{202f}' => false,
        _ => character.is_whitespace(),
    }
}

/// What cannot be inside of a name, a number or a tag.
fn ends_word(character: char) -> bool {
    is_blank(character)
        || matches!(character, '"' | ';' | '^' | '`' | '~' | '(' | ')' | '[' | ']' | '{' | '}' | '\\' | '@')
}

/// Whether Clojure takes this for a symbol, or for a keyword behind its colon.
fn is_name(name: &str) -> bool {
    let (namespace, local) = match name.find('/') {
        _ if name == "/" => (None, name),
        Some(_) if name.ends_with("//") => (name.get(..name.len() - 2), "/"),
        Some(at) => (name.get(..at), name.get(at + 1..).unwrap_or_default()),
        None => (None, name),
    };
    !local.is_empty()
        && namespace.is_none_or(|namespace| !namespace.is_empty() && !namespace.ends_with(':'))
        && !name.ends_with(':')
        && !name.contains("::")
        && !name.contains(refuse::is_unseen)
}

/// `.5`, `-.5`: a symbol by its letters, but nobody means one.
fn starts_like_fraction(word: &str) -> bool {
    let fraction = word.trim_start_matches(['+', '-']).strip_prefix('.');
    fraction.is_some_and(|digits| digits.starts_with(|first: char| first.is_ascii_digit()))
}
