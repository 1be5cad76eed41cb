//! The one tree that YAML, JSON and EDN files are read into, with the place of every node.
//!
//! [`decode`] makes a [`Source`] of a file's bytes, [`read`] makes the tree of a source; the readers live in
//! [`yaml`], [`json`] and `edn` (with the feature `edn`). The tree knows nothing of mocks. Its depth is bounded by the reader
//! ([`Limits::depth`]), so walking and dropping it may recurse.

mod builder;
mod decode;
#[cfg(feature = "edn")]
pub mod edn;
pub mod json;
mod locate;
mod scalar;
pub mod yaml;

use std::path::Path;

pub use decode::decode;
pub use locate::locate;
pub use scalar::json_number;
#[cfg(feature = "hosted")]
pub(crate) use scalar::number_tag;

use crate::problem::{self, Problem};
use crate::source::{Source, Span};

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// YAML 1.2, of which JSON is a part.
    Yaml,
    /// JSON, strictly.
    Json,
    /// EDN, Clojure's data; it is read with the feature `edn`.
    Edn,
}

impl Format {
    /// The format that a file's name promises: `.json` and `.edn` (in any case), everything else is YAML.
    pub fn of_path(path: &Path) -> Self {
        match path.extension() {
            Some(extension) if extension.eq_ignore_ascii_case("json") => Self::Json,
            Some(extension) if extension.eq_ignore_ascii_case("edn") => Self::Edn,
            _ => Self::Yaml,
        }
    }
}

/// Reads a source into its tree.
pub fn read(source: &Source, format: Format, limits: &Limits) -> Read {
    match format {
        Format::Yaml => yaml::read(source, limits),
        Format::Json => json::read(source, limits),
        #[cfg(feature = "edn")]
        Format::Edn => edn::read(source, limits),
        #[cfg(not(feature = "edn"))]
        Format::Edn => Read { documents: Vec::new(), problems: vec![edn_is_off(source)] },
    }
}

/// EDN cannot be read by this program.
#[cfg(not(feature = "edn"))]
fn edn_is_off(source: &Source) -> Problem {
    let message = "EDN needs the feature `edn` of moclojer-core, which is not compiled in";
    Problem::error(problem::Code::FORMAT_OFF, source, Span::default(), message)
        .help("write the file as YAML, or add `features = [\"edn\"]` to moclojer-core in Cargo.toml")
}

/// A value and where it stands.
#[derive(Clone, Debug)]
pub struct Node {
    /// The bytes of the value in its source; for a text, quotes and block indicators are inside.
    pub span: Span,
    /// The value.
    pub kind: Kind,
}

/// What a node holds.
#[derive(Clone, Debug)]
pub enum Kind {
    /// Nothing: `null`, `~`, `nil` or an absent value.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number as it was written (`0x1F`, `.5`, `+1`, `.inf` too), in EDN as JSON writes it; see [`json_number`].
    Number(Box<str>),
    /// A text.
    Text(Text),
    /// A list.
    List(Vec<Node>),
    /// A map, in file order, without duplicate keys.
    Map(Vec<Entry>),
}

/// A text and how it was written, which is needed to find a place inside it (see [`locate`]).
#[derive(Clone, Debug)]
pub struct Text {
    /// The text itself.
    pub value: Box<str>,
    /// How it was written.
    pub style: Style,
}

/// How a text was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// YAML without quotes.
    Plain,
    /// YAML in single quotes.
    SingleQuoted,
    /// YAML in double quotes.
    DoubleQuoted,
    /// YAML after `|`.
    Literal,
    /// YAML after `>`.
    Folded,
    /// A JSON string.
    Json,
    /// An EDN string.
    EdnString,
    /// An EDN keyword: behind its colon.
    EdnKeyword,
    /// An EDN character.
    EdnCharacter,
}

/// A key, its place, and its value.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The key's text.
    pub key: Box<str>,
    /// Where the key stands.
    pub key_span: Span,
    /// The value.
    pub value: Node,
}

/// What a reader accepts.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Limits {
    /// Largest file in bytes (64 MiB).
    pub file_bytes: usize,
    /// Deepest nesting (128).
    pub depth: usize,
    /// Most nodes that aliases and merge keys may copy (100,000).
    pub alias_nodes: usize,
    /// Most bytes of text that aliases and merge keys may copy (4 MiB).
    pub alias_bytes: usize,
    /// Largest processed text in bytes (1 MiB); see `unify::process`.
    pub processed_bytes: usize,
    /// Most endpoints of a file (no limit).
    pub endpoints: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            file_bytes: 64 << 20,
            depth: 128,
            alias_nodes: 100_000,
            alias_bytes: 4 << 20,
            processed_bytes: 1 << 20,
            endpoints: usize::MAX,
        }
    }
}

/// What a reader made of a file: its documents, whatever could be read, and all problems met.
#[derive(Debug, Default)]
pub struct Read {
    /// The tops of the documents, in order; an empty file has none.
    pub documents: Vec<Node>,
    /// Errors and warnings; with an error the file is not to be served.
    pub problems: Vec<Problem>,
}

impl Node {
    /// The value of `key`, if this is a map that has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        match &self.kind {
            Kind::Map(entries) => entries.iter().find(|entry| &*entry.key == key).map(|entry| &entry.value),
            _ => None,
        }
    }

    /// The text, if this is one.
    pub fn as_text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text(text) => Some(&text.value),
            _ => None,
        }
    }
}

/// The character at byte `at`; nothing at the end of a line.
fn character_at(text: &str, at: usize) -> Span {
    let character = text.get(at..).and_then(|rest| rest.chars().next());
    let width = character.filter(|it| !matches!(it, '\n' | '\r')).map_or(0, char::len_utf8);
    Span::new(at, at + width)
}

/// Appends `key` to a path of keys: `.key`, or `["a key"]` when it is more than letters, digits, `_` and `-`.
///
/// Keys of more than 80 characters are cut, so that a path stays one that a person can read.
pub fn push_key(path: &mut String, key: &str) {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if !key.is_empty() && key.len() <= 80 && key.bytes().all(plain) {
        if !path.is_empty() {
            path.push('.');
        }
        path.push_str(key);
    } else {
        path.push('[');
        crate::json::write_string(&problem::excerpt(key, 80), path);
        path.push(']');
    }
}

/// Appends the index of a list's item to a path of keys: `[2]`.
pub fn push_index(path: &mut String, index: usize) {
    path.push('[');
    let mut power = 1;
    while index / power >= 10 {
        power *= 10;
    }
    while power > 0 {
        path.push(char::from(b'0' + u8::try_from(index / power % 10).unwrap_or_default()));
        power /= 10;
    }
    path.push(']');
}

#[cfg(test)]
mod tests;
