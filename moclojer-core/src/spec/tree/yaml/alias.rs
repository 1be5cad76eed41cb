//! Anchors, aliases and merge keys: what YAML copies inside a file, and how much of it.

use std::collections::HashMap;

use super::super::builder::{Builder, Kept, Stop};
use super::super::{Entry, Kind, Node};
use crate::json::keys::KeyIndex;
use crate::problem::{Code, Problem};
use crate::source::Span;

/// The anchors of one document, by the scanner's numbers, and what the whole file has copied.
#[derive(Default)]
pub(super) struct Anchors {
    places: HashMap<usize, Anchored, foldhash::fast::RandomState>,
    copied_nodes: usize,
    copied_bytes: usize,
}

/// Where an anchored node is.
enum Anchored {
    /// In the tree: the number of its list or map, and its place there.
    At(u32, u32),
    /// A copy, since it is a key or the value of a merge key.
    Copy(Box<Node>),
}

impl Anchors {
    /// Forgets the anchors at the end of their document; what was copied still counts.
    pub(super) fn clear(&mut self) {
        self.places.clear();
    }

    /// Remembers a node that went to `kept`.
    pub(super) fn remember(&mut self, anchor: usize, kept: Kept) {
        if let (1.., Kept::At { parent, index }) = (anchor, kept) {
            self.places.insert(anchor, Anchored::At(parent, index));
        }
    }

    /// Remembers a node that will not be in the tree.
    pub(super) fn remember_copy(&mut self, anchor: usize, node: &Node) {
        if anchor > 0 {
            self.places.insert(anchor, Anchored::Copy(Box::new(node.clone())));
        }
    }

    /// A copy of the node that `anchor` names, for the alias at `span`; none when it cannot be used here,
    /// which was reported.
    ///
    /// # Errors
    /// Stops when the file copies more than its limits, or would be nested too deeply.
    pub(super) fn copy(
        &mut self,
        builder: &mut Builder<'_>,
        anchor: usize,
        span: Span,
    ) -> Result<Option<Node>, Stop> {
        let node = match self.places.get(&anchor) {
            Some(Anchored::At(parent, index)) => builder.node_at(*parent, *index),
            Some(Anchored::Copy(node)) => Some(&**node),
            None => None,
        };
        let Some(node) = node else {
            let inside = builder.open.iter().any(|frame| frame.anchor == anchor);
            let message = if inside {
                format!("the alias `{}` stands inside the node that it names", written(builder, span))
            } else {
                format!("the alias `{}` names no node of this document", written(builder, span))
            };
            builder.report(
                Problem::error(Code::SYNTAX, builder.source, span, message)
                    .help("an alias can name a node that ends before it, in the same document"),
            );
            return Ok(None);
        };
        let limits = builder.limits;
        let mut budget = Budget {
            nodes: limits.alias_nodes.saturating_sub(self.copied_nodes),
            bytes: limits.alias_bytes.saturating_sub(self.copied_bytes),
            height: 0,
        };
        let fits = budget.spend(node, 0);
        let copy = fits.then(|| node.clone());
        if copy.is_some() && builder.open.len() + budget.height > limits.depth {
            return Err(builder.too_deep(span));
        }
        let Some(copy) = copy else {
            let message = format!(
                "the aliases of this file copy too much, up to `{}`: more than {} nodes or {} bytes",
                written(builder, span),
                limits.alias_nodes,
                limits.alias_bytes
            );
            return Err(builder.stop(Problem::error(Code::ALIAS_EXPANSION, builder.source, span, message)));
        };
        self.copied_nodes = limits.alias_nodes - budget.nodes;
        self.copied_bytes = limits.alias_bytes - budget.bytes;
        Ok(Some(copy))
    }
}

fn written(builder: &Builder<'_>, span: Span) -> String {
    let text = builder.source.text().get(span.start as usize..span.end as usize).unwrap_or_default();
    crate::problem::excerpt(text, 40)
}

/// What may still be copied, and the height of what was looked at.
struct Budget {
    nodes: usize,
    bytes: usize,
    height: usize,
}

impl Budget {
    /// Takes a node and all below it; false when that is too much. As deep as the tree, which is bounded.
    fn spend(&mut self, node: &Node, depth: usize) -> bool {
        let Some(nodes) = self.nodes.checked_sub(1) else {
            return false;
        };
        self.nodes = nodes;
        match &node.kind {
            Kind::Null | Kind::Bool(_) => true,
            Kind::Number(digits) => self.spend_bytes(digits.len()),
            Kind::Text(text) => self.spend_bytes(text.value.len()),
            Kind::List(items) => {
                self.height = self.height.max(depth + 1);
                items.iter().all(|item| self.spend(item, depth + 1))
            }
            Kind::Map(entries) => {
                self.height = self.height.max(depth + 1);
                entries
                    .iter()
                    .all(|entry| self.spend_bytes(entry.key.len()) && self.spend(&entry.value, depth + 1))
            }
        }
    }

    fn spend_bytes(&mut self, count: usize) -> bool {
        match self.bytes.checked_sub(count) {
            Some(bytes) => {
                self.bytes = bytes;
                true
            }
            None => false,
        }
    }
}

/// Adds what the merge keys of a map bring: keys that the map does not have, earlier maps first. They stand
/// behind the map's own keys.
pub(super) fn merge(
    builder: &mut Builder<'_>,
    entries: &mut Vec<Entry>,
    index: &mut KeyIndex,
    merges: Vec<Node>,
) {
    for node in merges {
        match node.kind {
            Kind::Map(merged) => add_missing(entries, index, merged),
            Kind::List(items) => {
                for item in items {
                    match item.kind {
                        Kind::Map(merged) => add_missing(entries, index, merged),
                        _ => not_a_map(builder, item.span),
                    }
                }
            }
            _ => not_a_map(builder, node.span),
        }
    }
}

fn add_missing(entries: &mut Vec<Entry>, index: &mut KeyIndex, merged: Vec<Entry>) {
    for entry in merged {
        let place =
            index.find(&entry.key, entries.len(), |place| entries.get(place).map_or("", |entry| &entry.key));
        if place.is_none() {
            entries.push(entry);
        }
    }
}

fn not_a_map(builder: &mut Builder<'_>, span: Span) {
    let problem = Problem::error(Code::MERGE_KEY, builder.source, span, "`<<` merges maps, and this is none");
    builder.report(
        problem
            .expected("a map, an alias of a map, or a list of these")
            .help("a key named `<<` needs quotes"),
    );
}
