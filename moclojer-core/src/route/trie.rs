//! The segment trie of one host, and the walk that yields endpoints in order.
//!
//! A node stands for the segments before it, captures taken by rank alone: two patterns share a node if they
//! differ in nothing but types of one rank and names. So all endpoints of one node have one rank, and all
//! nodes that the walk visits together have one rank. Types are the caller's to check.
//!
//! A walk visits each node that fits the path's beginning once at most. Their number grows with the kinds of
//! segments that stand side by side (a literal, mixed ones that fit, four ranks of captures) at each depth,
//! and not with the number of siblings of one kind.

pub(super) mod build;
mod hashed;

use std::ops::{ControlFlow, Range};

use foldhash::fast::RandomState;

use self::hashed::Hashed;
use super::Segments;
use super::mixed::MixedEdges;
use crate::spec::path::{ParamType, PathPattern};

/// No such child.
pub(super) const NONE: u32 = u32::MAX;
/// How many ranks of whole-segment captures there are.
const CAPTURE_RANKS: usize = 4;
/// A node with fewer literal children than this compares each; others are in the hash table.
const HASHED_FROM: u32 = 9;

/// The paths of one host's endpoints, made for finding those that a request's path fits.
///
/// An endpoint is its index in the patterns that it was built from. It costs some 40 bytes for a segment
/// that it shares with no other endpoint, 66 more where nine or more stand side by side, and 4 besides; a table
/// costs some 200 bytes.
#[derive(Debug)]
pub struct Routes {
    /// The first is the root; it is there also in an empty table.
    pub(super) nodes: Box<[Node]>,
    /// Literal children; those of one node are neighbors, in order of their folded texts.
    pub(super) edges: Box<[Edge]>,
    /// The edges of each node again, in order of their folded texts read from the right.
    pub(super) by_suffix: Box<[u32]>,
    texts: Box<str>,
    /// Those literal children again that have many siblings.
    hashed: Hashed,
    pub(super) mixed: Box<[MixedEdges]>,
    branches: Box<[Branch]>,
    /// Endpoints that end at a node or have a rest there, where there are several; in file order for each.
    endpoints: Box<[u32]>,
}

/// A place of the trie. Most have nothing but literal children or an endpoint that ends there, so that the rest
/// stands in a list of its own.
#[derive(Clone, Debug)]
pub(super) struct Node {
    /// Endpoints whose path ends here.
    pub(super) ends: Endpoints,
    pub(super) edges: Run,
    /// Index into [`Routes::branches`], or [`NONE`].
    branch: u32,
}

/// What goes on from a place besides literals.
#[derive(Clone, Debug)]
pub(super) struct Branch {
    /// Index into [`Routes::mixed`], or [`NONE`].
    pub(super) mixed: u32,
    /// The child of each rank's captures, or [`NONE`].
    pub(super) captures: [u32; CAPTURE_RANKS],
    /// Endpoints whose rest begins here.
    pub(super) rests: Endpoints,
}

impl Branch {
    const EMPTY: Self = Self { mixed: NONE, captures: [NONE; CAPTURE_RANKS], rests: Endpoints::NONE };

    fn is_empty(&self) -> bool {
        self.mixed == NONE && self.captures.iter().all(|&child| child == NONE) && self.rests.is_none()
    }
}

/// Endpoints of a node. Most nodes have one, which stands right here: a request that finds it reads one place
/// of memory less.
#[derive(Clone, Copy, Debug)]
pub(super) struct Endpoints {
    /// The endpoint, where there is one; else where they begin in [`Routes::endpoints`].
    first: u32,
    count: u32,
}

impl Endpoints {
    const NONE: Self = Self { first: 0, count: 0 };

    fn is_none(self) -> bool {
        self.count == 0
    }
}

/// Neighbors in one of the lists.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Run {
    start: u32,
    count: u32,
}

/// A literal child.
#[derive(Clone, Debug)]
pub(super) struct Edge {
    parent: u32,
    pub(super) child: u32,
    text: Run,
}

impl Run {
    pub(super) fn range(self) -> Range<usize> {
        let start = self.start as usize;
        start..start + self.count as usize
    }
}

impl Node {
    /// No path goes on from here.
    pub(super) fn is_leaf(&self) -> bool {
        self.edges.count == 0 && self.branch == NONE
    }
}

impl Routes {
    /// Builds the table of these patterns; an endpoint is known by its index among them.
    ///
    /// A table takes 4 GiB of literal text; what is past that is not found.
    pub fn build(patterns: &[&PathPattern]) -> Self {
        build::build(patterns)
    }

    /// Hands over the endpoints that the path fits, in groups of equal rank, best first, until `visit` breaks.
    ///
    /// A group is in file order and is never empty. No endpoint comes twice. Types were not looked at. Does
    /// not allocate where only literals and whole-segment captures fit.
    pub fn walk<B>(
        &self,
        segments: &Segments<'_>,
        mut visit: impl FnMut(&[u32]) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        self.step(&[0], 0, segments, &mut visit)
    }

    /// The same for those whose groups are not a request's answer: one piece of code for all of them.
    pub(crate) fn each_group(
        &self,
        segments: &Segments<'_>,
        visit: &mut dyn FnMut(&[u32]) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        self.walk(segments, visit)
    }

    /// Literals first, which is where most requests end. As deep as patterns have segments at most.
    fn step<B>(
        &self,
        nodes: &[u32],
        depth: usize,
        segments: &Segments<'_>,
        visit: &mut impl FnMut(&[u32]) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        if depth == segments.len() {
            return self.group(nodes, |node| self.ends(node), visit);
        }
        let Some(text) = segments.bytes(depth) else {
            return ControlFlow::Continue(());
        };
        match nodes {
            [node] => {
                if let Some(child) = self.literal(*node, text) {
                    self.step(&[child], depth + 1, segments, visit)?;
                }
            }
            nodes => {
                let children = nodes.iter().filter_map(|&node| self.literal(node, text));
                self.step_into(children, depth, segments, visit)?;
            }
        }
        if nodes.iter().all(|&node| self.node(node).is_none_or(|node| node.branch == NONE)) {
            return ControlFlow::Continue(());
        }
        if nodes.iter().any(|&node| self.mixed_edges(node).is_some()) {
            self.step_mixed(nodes, depth, segments, visit)?;
        }
        if text.is_empty() {
            return ControlFlow::Continue(());
        }
        for rank in 0..CAPTURE_RANKS {
            let children = nodes.iter().filter_map(|&node| self.branch(node)?.captures.get(rank).copied());
            self.step_into(children.filter(|&child| child != NONE), depth, segments, visit)?;
        }
        self.group(nodes, |node| self.rests(node), visit)
    }

    fn step_mixed<B>(
        &self,
        nodes: &[u32],
        depth: usize,
        segments: &Segments<'_>,
        visit: &mut impl FnMut(&[u32]) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        let text = segments.get(depth).unwrap_or_default();
        let mut fitting = Vec::new();
        for edges in nodes.iter().filter_map(|&node| self.mixed_edges(node)) {
            edges.matching(text, |edge| fitting.push((edge.literal_chars, edge.child)));
        }
        fitting.sort_by_key(|&(literal_chars, _)| std::cmp::Reverse(literal_chars));
        for equal in fitting.chunk_by(|left, right| left.0 == right.0) {
            self.step_into(equal.iter().map(|&(_, child)| child), depth, segments, visit)?;
        }
        ControlFlow::Continue(())
    }

    /// Goes on with children of equal rank, nearly always none or one.
    fn step_into<B>(
        &self,
        mut children: impl Iterator<Item = u32>,
        depth: usize,
        segments: &Segments<'_>,
        visit: &mut impl FnMut(&[u32]) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        let Some(first) = children.next() else {
            return ControlFlow::Continue(());
        };
        match children.next() {
            None => self.step(&[first], depth + 1, segments, visit),
            Some(second) => {
                let all: Vec<u32> = [first, second].into_iter().chain(children).collect();
                self.step(&all, depth + 1, segments, visit)
            }
        }
    }

    /// Hands over one list of all these nodes as one group.
    fn group<'r, B>(
        &'r self,
        nodes: &[u32],
        list: impl Fn(u32) -> &'r [u32],
        visit: &mut impl FnMut(&[u32]) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        match nodes {
            [node] => match list(*node) {
                [] => ControlFlow::Continue(()),
                endpoints => visit(endpoints),
            },
            nodes => {
                let mut merged: Vec<u32> = nodes.iter().flat_map(|&node| list(node)).copied().collect();
                merged.sort_unstable();
                if merged.is_empty() { ControlFlow::Continue(()) } else { visit(&merged) }
            }
        }
    }

    pub(super) fn node(&self, node: u32) -> Option<&Node> {
        self.nodes.get(node as usize)
    }

    /// What goes on from a node besides literals, if anything does.
    fn branch(&self, node: u32) -> Option<&Branch> {
        self.branches.get(self.node(node)?.branch as usize)
    }

    /// The endpoints whose path ends at a node.
    pub(super) fn ends(&self, node: u32) -> &[u32] {
        self.node(node).map_or(&[], |node| self.endpoints(&node.ends))
    }

    /// The endpoints whose rest begins at a node.
    pub(super) fn rests(&self, node: u32) -> &[u32] {
        self.branch(node).map_or(&[], |branch| self.endpoints(&branch.rests))
    }

    /// The children of a node's captures, best rank first.
    pub(super) fn captures(&self, node: u32) -> impl DoubleEndedIterator<Item = u32> + '_ {
        let captures = self.branch(node).map_or(&[][..], |branch| &branch.captures);
        captures.iter().copied().filter(|&child| child != NONE)
    }

    fn endpoints<'r>(&'r self, endpoints: &'r Endpoints) -> &'r [u32] {
        match endpoints {
            Endpoints { count: 0, .. } => &[],
            Endpoints { count: 1, first } => std::slice::from_ref(first),
            &Endpoints { count, first } => {
                self.endpoints.get(Run { start: first, count }.range()).unwrap_or_default()
            }
        }
    }

    pub(super) fn mixed_edges(&self, node: u32) -> Option<&MixedEdges> {
        self.mixed.get(self.branch(node)?.mixed as usize)
    }

    pub(super) fn text(&self, edge: &Edge) -> &str {
        self.texts.get(edge.text.range()).unwrap_or_default()
    }

    fn is_text(&self, edge: &Edge, text: &[u8]) -> bool {
        self.texts.as_bytes().get(edge.text.range()) == Some(text)
    }

    /// The child for this literal text.
    pub(super) fn literal(&self, parent: u32, text: &[u8]) -> Option<u32> {
        let edges = self.node(parent)?.edges;
        if edges.count < HASHED_FROM {
            let edges = self.edges.get(edges.range())?;
            return edges.iter().find(|edge| self.is_text(edge, text)).map(|edge| edge.child);
        }
        self.hashed.find(parent, text, &self.texts)
    }

    /// The same, for texts that are rarely there: most of those that are not cost less.
    pub(super) fn rare_literal(&self, parent: u32, text: &[u8]) -> Option<u32> {
        if self.node(parent)?.edges.count < HASHED_FROM {
            return self.literal(parent, text);
        }
        self.hashed.find_rare(parent, text, &self.texts)
    }

    /// Makes hashes that nobody outside can foresee.
    pub(super) fn hasher(&self) -> &RandomState {
        &self.hashed.hasher
    }
}

/// Which of a node's capture children takes a capture of this type; less is better.
pub(super) fn capture_rank(kind: &ParamType) -> usize {
    match kind {
        ParamType::Bool | ParamType::Uuid | ParamType::Date | ParamType::Int => 0,
        ParamType::Float | ParamType::Double => 1,
        ParamType::Regex(..) => 2,
        ParamType::String => 3,
    }
}

#[cfg(test)]
mod tests;
