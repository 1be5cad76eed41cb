//! Builds the tree from the events of a reader, and keeps the rules that hold for every format: depth, keys
//! that stand twice, the path of keys that leads to a problem, and how many problems are kept.
//!
//! Lists and maps that are open live on a stack of their own, so no input makes it recurse. It does not know
//! how a file is written; anchors and merge keys, which only YAML has, are in `yaml::alias`.

use super::{Entry, Kind, Limits, Node, Read, character_at, push_index, push_key};
use crate::json::keys::KeyIndex;
use crate::problem::{Code, Problem, Severity, excerpt};
use crate::source::{Source, Span};

/// Most problems of one severity that a reader reports; a file can hold millions.
const MOST_PROBLEMS: usize = 1_000;

/// The reading cannot go on; the reason stands among the problems.
#[derive(Debug)]
pub(super) struct Stop;

/// A list or map that is open.
pub(super) struct Frame {
    pub(super) body: Body,
    /// First byte.
    pub(super) start: usize,
    /// One past the last byte that is known to belong to it.
    pub(super) end: usize,
    /// Where its first key or dash stands, when it is in block style, so that its indentation counts.
    pub(super) block_start: Option<usize>,
    /// Written with `[` or `{`.
    pub(super) bracketed: bool,
    /// It is a key, or the value of one that was refused: it is read, but nothing of it is kept or reported.
    pub(super) dropped: bool,
    /// It is a template without quotes, which is kept as the text that it was meant to be.
    pub(super) template: bool,
    /// The anchor that was put on it; 0 for none.
    pub(super) anchor: usize,
    /// Its number in [`Builder::parents`].
    pub(super) number: u32,
}

/// What an open list or map holds so far.
pub(super) enum Body {
    List(Vec<Node>),
    Map { entries: Vec<Entry>, index: KeyIndex, key: Key, merges: Vec<Node> },
}

/// The key that waits for its value.
pub(super) enum Key {
    /// None: a key comes next.
    Awaited,
    /// This one, at this place.
    Named(Box<str>, Span),
    /// A merge key.
    Merge,
    /// One that was refused; its value is dropped.
    Refused,
}

/// Where a finished node went.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kept {
    /// To this place of this list or map; number 0 is the document.
    At { parent: u32, index: u32 },
    /// Somewhere it cannot be found again.
    Elsewhere,
}

/// The tree so far.
pub(super) struct Builder<'a> {
    pub(super) source: &'a Source,
    pub(super) limits: &'a Limits,
    pub(super) open: Vec<Frame>,
    /// For the list or map of each number, its parent's number and its place there. Number 0 is the document.
    pub(super) parents: Vec<(u32, u32)>,
    /// The top of the current document.
    top: Option<Node>,
    /// Items of the documents before this one.
    items_before: usize,
    /// How many errors were met, kept or not.
    errors: usize,
    /// How many warnings and notes were met, kept or not.
    warnings: usize,
    read: Read,
}

impl<'a> Builder<'a> {
    pub(super) fn new(source: &'a Source, limits: &'a Limits) -> Self {
        Self {
            source,
            limits,
            open: Vec::new(),
            parents: vec![(0, 0)],
            top: None,
            items_before: 0,
            errors: 0,
            warnings: 0,
            read: Read::default(),
        }
    }

    /// What was read. A document that is still open, because the reading stopped, is left out.
    pub(super) fn finish(mut self) -> Read {
        for (severity, met) in [(Severity::Error, self.errors), (Severity::Warning, self.warnings)] {
            if let left_out @ 1.. = met.saturating_sub(MOST_PROBLEMS) {
                let message = format!("{left_out} more {}s are not shown", severity.as_str());
                let span = Span::default();
                let problem = Problem::new(severity, Code::MANY_PROBLEMS, self.source, span, message);
                self.read.problems.push(problem);
            }
        }
        self.read
    }

    /// Adds a problem, with the path of keys that leads to where the reader is.
    pub(super) fn report(&mut self, problem: Problem) {
        if self.dropping() {
            return;
        }
        let met = match problem.severity {
            Severity::Error => &mut self.errors,
            Severity::Warning | Severity::Note => &mut self.warnings,
        };
        *met += 1;
        if *met <= MOST_PROBLEMS {
            let path = self.path();
            self.read.problems.push(problem.at_path(path));
        }
    }

    /// Adds an error after which nothing more can be read.
    pub(super) fn stop(&mut self, problem: Problem) -> Stop {
        let path = self.path();
        self.read.problems.push(problem.at_path(path));
        Stop
    }

    /// Where the last template outside quotes ends, if one was met.
    pub(super) fn last_bare_template_end(&self) -> Option<usize> {
        let bare = self.read.problems.iter().rev().find(|problem| problem.code == Code::BARE_TEMPLATE)?;
        Some(bare.span.end as usize)
    }

    /// True inside of what is read without being kept.
    pub(super) fn dropping(&self) -> bool {
        self.open.last().is_some_and(|frame| frame.dropped || frame.template)
    }

    /// True when the next node is a key.
    pub(super) fn awaits_key(&self) -> bool {
        matches!(self.open.last(), Some(Frame { body: Body::Map { key: Key::Awaited, .. }, .. }))
    }

    /// The path of keys that leads to the next node.
    fn path(&self) -> String {
        let mut path = String::new();
        for (depth, frame) in self.open.iter().enumerate() {
            match &frame.body {
                Body::List(items) if depth == 0 => push_index(&mut path, self.items_before + items.len()),
                Body::List(items) => push_index(&mut path, items.len()),
                Body::Map { key: Key::Named(key, _), .. } => push_key(&mut path, key),
                Body::Map { key: Key::Merge, .. } => push_key(&mut path, "<<"),
                Body::Map { .. } => {}
            }
        }
        path
    }

    /// Opens a list or map.
    ///
    /// # Errors
    /// Stops when it would be nested too deeply.
    pub(super) fn push(&mut self, body: Body, start: usize) -> Result<&mut Frame, Stop> {
        if self.open.len() >= self.limits.depth {
            return Err(self.too_deep(character_at(self.source.text(), start)));
        }
        let refused = matches!(
            self.open.last(),
            Some(Frame { body: Body::Map { key: Key::Awaited | Key::Refused, .. }, .. })
        );
        let dropped = refused || self.dropping();
        let number = u32::try_from(self.parents.len()).unwrap_or(u32::MAX);
        self.parents.push(self.next_place());
        self.open.push(Frame {
            body,
            start,
            end: start,
            block_start: None,
            bracketed: true,
            dropped,
            template: false,
            anchor: 0,
            number,
        });
        match self.open.last_mut() {
            Some(frame) => Ok(frame),
            None => Err(Stop),
        }
    }

    /// Says that the limit of depth is passed at `span`.
    pub(super) fn too_deep(&mut self, span: Span) -> Stop {
        // Without a path: it would be longer than anybody reads.
        let message = format!("lists and maps are nested more than {} deep", self.limits.depth);
        self.read.problems.push(Problem::error(Code::TOO_DEEP, self.source, span, message));
        Stop
    }

    fn next_place(&self) -> (u32, u32) {
        let Some(frame) = self.open.last() else {
            return (0, 0);
        };
        let index = match &frame.body {
            Body::List(items) => items.len(),
            Body::Map { entries, .. } => entries.len(),
        };
        (frame.number, u32::try_from(index).unwrap_or(u32::MAX))
    }

    /// Takes the innermost open list or map.
    pub(super) fn pop(&mut self) -> Option<Frame> {
        self.open.pop()
    }

    /// Sets the key of the next value; one that stands there already is an error, and its value is dropped.
    pub(super) fn key(&mut self, name: Box<str>, span: Span) {
        let Some(Frame { body: Body::Map { entries, index, key, .. }, end, .. }) = self.open.last_mut()
        else {
            return;
        };
        *end = (*end).max(span.end as usize);
        let found =
            index.find(&name, entries.len(), |place| entries.get(place).map_or("", |entry| &entry.key));
        let first = found.and_then(|place| entries.get(place)).map(|entry| entry.key_span);
        let twice = first.map(|first| {
            let message = format!("the key `{}` stands twice in one map", excerpt(&name, 40));
            Problem::error(Code::DUPLICATE_KEY, self.source, span, message)
                .help("remove one of the two")
                .related("it stands here first", self.source, first)
        });
        *key = Key::Named(name, span);
        if let Some(twice) = twice {
            self.refuse_key(twice);
        }
    }

    /// Makes the next value one to merge.
    pub(super) fn merge_key(&mut self, span: Span) {
        let Some(Frame { body: Body::Map { key, merges, .. }, end, .. }) = self.open.last_mut() else {
            return;
        };
        *end = (*end).max(span.end as usize);
        *key = Key::Merge;
        if !merges.is_empty() {
            let message = "the merge key `<<` stands twice in one map";
            self.refuse_key(
                Problem::error(Code::DUPLICATE_KEY, self.source, span, message)
                    .help("merge a list of maps: `<<: [*a, *b]`"),
            );
        }
    }

    /// True when the next node is the value of a merge key.
    pub(super) fn merging(&self) -> bool {
        matches!(self.open.last(), Some(Frame { body: Body::Map { key: Key::Merge, .. }, .. }))
    }

    /// Says that the innermost open list or map reaches at least to `end`.
    pub(super) fn reach(&mut self, end: usize) {
        if let Some(frame) = self.open.last_mut() {
            frame.end = frame.end.max(end);
        }
    }

    /// Reports what is wrong with the key that was just read; its value will be dropped.
    pub(super) fn refuse_key(&mut self, problem: Problem) {
        self.report(problem);
        self.drop_value();
    }

    /// The value of the key that was just read will be dropped.
    pub(super) fn drop_value(&mut self) {
        if let Some(Frame { body: Body::Map { key, .. }, .. }) = self.open.last_mut() {
            *key = Key::Refused;
        }
    }

    /// Puts a finished node where it belongs: into the open list or map, or as the top of the document.
    pub(super) fn add(&mut self, node: Node) -> Kept {
        let (parent, index) = self.next_place();
        let Some(frame) = self.open.last_mut() else {
            self.top = Some(node);
            return Kept::At { parent, index };
        };
        frame.end = frame.end.max(node.span.end as usize);
        if frame.dropped || frame.template {
            if let Body::Map { key, .. } = &mut frame.body {
                *key = if matches!(key, Key::Awaited) { Key::Refused } else { Key::Awaited };
            }
            return Kept::Elsewhere;
        }
        match &mut frame.body {
            Body::List(items) => items.push(node),
            Body::Map { entries, key, merges, .. } => match std::mem::replace(key, Key::Awaited) {
                Key::Named(name, key_span) => entries.push(Entry { key: name, key_span, value: node }),
                Key::Merge => {
                    merges.push(node);
                    return Kept::Elsewhere;
                }
                Key::Refused => return Kept::Elsewhere,
                // A node in the place of a key that is none: the value that follows has no name.
                Key::Awaited => {
                    *key = Key::Refused;
                    return Kept::Elsewhere;
                }
            },
        }
        Kept::At { parent, index }
    }

    /// Ends the document; one without a node leaves nothing.
    pub(super) fn end_document(&mut self) {
        self.open.clear();
        self.parents.truncate(1);
        let Some(top) = self.top.take() else { return };
        self.items_before += match &top.kind {
            Kind::List(items) => items.len(),
            _ => 1,
        };
        self.read.documents.push(top);
    }

    /// The node at `index` of the list or map of number `parent`, if it is finished and can be found.
    pub(super) fn node_at(&self, parent: u32, index: u32) -> Option<&Node> {
        // From the node up to the document, then back down: first through what is open, then through nodes.
        let mut steps = vec![(parent, index)];
        let mut number = parent;
        while number != 0 {
            let &(above, place) = self.parents.get(number as usize)?;
            steps.push((above, place));
            number = above;
        }
        let mut node = None;
        let mut steps = steps.into_iter().rev().peekable();
        while let Some((number, index)) = steps.next() {
            if steps.peek().is_some_and(|&(below, _)| self.frame(below).is_some()) {
                continue;
            }
            node = Some(match node {
                Some(node) => child(node, index)?,
                None if number == 0 => self.top.as_ref()?,
                None => match &self.frame(number)?.body {
                    Body::List(items) => items.get(index as usize)?,
                    Body::Map { entries, .. } => &entries.get(index as usize)?.value,
                },
            });
        }
        node
    }

    /// The open list or map of this number; they stand on the stack in the order of their numbers.
    fn frame(&self, number: u32) -> Option<&Frame> {
        let at = self.open.binary_search_by_key(&number, |frame| frame.number).ok()?;
        self.open.get(at)
    }
}

fn child(node: &Node, index: u32) -> Option<&Node> {
    match &node.kind {
        Kind::List(items) => items.get(index as usize),
        Kind::Map(entries) => entries.get(index as usize).map(|entry| &entry.value),
        _ => None,
    }
}
