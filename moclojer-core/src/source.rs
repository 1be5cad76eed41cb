//! Texts with names, and places in them.
//!
//! Offsets are bytes; lines and columns are 1-based, and a column counts Unicode scalar values. A place
//! is worked out only when somebody is to read it, so a valid file pays nothing for it.

use std::fmt;
use std::sync::{Arc, OnceLock};

/// A range of bytes of a [`Source`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The range from `start` to `end`.
    pub fn new(start: usize, end: usize) -> Self {
        Self { start: clamp(start), end: clamp(end.max(start)) }
    }

    /// An empty range at `offset`.
    pub fn at(offset: usize) -> Self {
        Self::new(offset, offset)
    }
}

fn clamp(offset: usize) -> u32 {
    u32::try_from(offset).unwrap_or(u32::MAX)
}

/// A text with the name under which people know it. Cheap to clone.
#[derive(Clone)]
pub struct Source(Arc<Inner>);

/// The name; the text would drown what else is shown.
impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Source").field(self.name()).finish()
    }
}

struct Inner {
    name: Arc<str>,
    text: Box<str>,
    line_starts: OnceLock<Vec<u32>>,
}

impl Source {
    /// A source called `name` (a file's path as the user wrote it) that holds `text`.
    pub fn new(name: impl Into<Arc<str>>, text: impl Into<Box<str>>) -> Self {
        Self(Arc::new(Inner { name: name.into(), text: text.into(), line_starts: OnceLock::new() }))
    }

    /// The name, shared.
    pub fn name(&self) -> &Arc<str> {
        &self.0.name
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// The line and column of a byte offset; past the end, the end.
    pub fn place(&self, offset: u32) -> Place {
        let text = self.text();
        let starts = self.line_starts();
        let mut offset = (offset as usize).min(text.len());
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = starts.partition_point(|&start| start as usize <= offset);
        let start = starts[line - 1] as usize;
        let column = text[start..offset].chars().count() + 1;
        Place { file: Arc::clone(self.name()), line: clamp(line), column: clamp(column) }
    }

    /// The text of a 1-based line without its line end; empty when there is no such line.
    pub fn line(&self, line: u32) -> &str {
        let starts = self.line_starts();
        let Some(&start) = (line as usize).checked_sub(1).and_then(|index| starts.get(index)) else {
            return "";
        };
        let end = starts.get(line as usize).map_or(self.text().len(), |&next| next as usize);
        self.text()[start as usize..end].trim_end_matches(['\n', '\r'])
    }

    fn line_starts(&self) -> &[u32] {
        self.0.line_starts.get_or_init(|| {
            let newlines = self.text().bytes().enumerate().filter(|&(_, byte)| byte == b'\n');
            std::iter::once(0).chain(newlines.map(|(index, _)| clamp(index + 1))).collect()
        })
    }
}

/// Where something stands: a file, a line and a column, both 1-based.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// The file as the user named it.
    pub file: Arc<str>,
    /// Line, from 1.
    pub line: u32,
    /// Column in Unicode scalar values, from 1.
    pub column: u32,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}
