//! Builds a trie from patterns: first nodes and their children one by one, then flat lists.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::hashed::Hashed;
use super::{Branch, CAPTURE_RANKS, Edge, Endpoints, HASHED_FROM, NONE, Node, Routes, Run, capture_rank};
use crate::route::mixed::{MixedEdge, MixedEdges, literal_chars};
use crate::spec::path::{Part, PathPattern, Segment};

pub(super) fn build(patterns: &[&PathPattern]) -> Routes {
    let mut draft = Draft::default();
    draft.new_node();
    for (endpoint, pattern) in (0u32..).zip(patterns) {
        draft.add(endpoint, pattern);
    }
    draft.finish()
}

/// A trie that can still grow.
#[derive(Default)]
struct Draft<'p> {
    captures: Vec<[u32; CAPTURE_RANKS]>,
    literals: HashMap<(u32, &'p str), u32, RandomState>,
    /// The same as parent, text, child, in the order of the file: often it is sorted already.
    literal_list: Vec<(u32, &'p str, u32)>,
    mixed: HashMap<(u32, Box<[Part]>), u32, RandomState>,
    /// Each with its node.
    ends: Vec<(u32, u32)>,
    rests: Vec<(u32, u32)>,
}

impl<'p> Draft<'p> {
    fn new_node(&mut self) -> u32 {
        self.captures.push([NONE; CAPTURE_RANKS]);
        index(self.captures.len() - 1)
    }

    fn add(&mut self, endpoint: u32, pattern: &'p PathPattern) {
        let mut node = 0;
        for segment in &pattern.segments {
            node = match segment {
                Segment::Literal(text) => {
                    let next = index(self.captures.len());
                    let child = *self.literals.entry((node, text)).or_insert(next);
                    if child == next {
                        self.literal_list.push((node, text, child));
                    }
                    self.entered(child, next)
                }
                Segment::Mixed(parts) => {
                    let next = index(self.captures.len());
                    let child = *self.mixed.entry((node, without_names(parts))).or_insert(next);
                    self.entered(child, next)
                }
                Segment::Capture(capture) => {
                    let rank =
                        pattern.captures.get(*capture).map_or(CAPTURE_RANKS - 1, |it| capture_rank(&it.kind));
                    let next = index(self.captures.len());
                    let child =
                        match self.captures.get_mut(node as usize).and_then(|ranks| ranks.get_mut(rank)) {
                            Some(child) if *child != NONE => *child,
                            Some(child) => {
                                *child = next;
                                next
                            }
                            None => next,
                        };
                    self.entered(child, next)
                }
                Segment::Rest(_) => {
                    self.rests.push((node, endpoint));
                    return;
                }
            };
        }
        self.ends.push((node, endpoint));
    }

    /// Makes the node if `child` is the `next` one.
    fn entered(&mut self, child: u32, next: u32) -> u32 {
        if child == next { self.new_node() } else { child }
    }

    fn finish(self) -> Routes {
        let empty = Node { ends: Endpoints::NONE, edges: Run::default(), branch: NONE };
        let mut nodes = vec![empty; self.captures.len()];
        let mut branches: Vec<Branch> =
            self.captures.into_iter().map(|captures| Branch { captures, ..Branch::EMPTY }).collect();

        let mut endpoints = Vec::new();
        listed(self.ends, &mut endpoints, |node, listed| {
            if let Some(node) = nodes.get_mut(node) {
                node.ends = listed;
            }
        });
        listed(self.rests, &mut endpoints, |node, listed| {
            if let Some(branch) = branches.get_mut(node) {
                branch.rests = listed;
            }
        });

        let mut mixed: Vec<_> =
            self.mixed.into_iter().map(|((parent, parts), child)| (parent, child, parts)).collect();
        mixed.sort_unstable_by_key(|&(parent, child, _)| (parent, child));
        let mut mixed_edges = Vec::new();
        for siblings in mixed.chunk_by_mut(|left, right| left.0 == right.0) {
            let Some(branch) = siblings.first().and_then(|first| branches.get_mut(first.0 as usize)) else {
                continue;
            };
            branch.mixed = index(mixed_edges.len());
            let edges = siblings.iter_mut().map(|(_, child, parts)| {
                let parts = std::mem::take(parts);
                MixedEdge { literal_chars: literal_chars(&parts), parts, child: *child }
            });
            mixed_edges.push(MixedEdges::new(edges.collect()));
        }

        let mut routes = Routes {
            nodes: nodes.into(),
            edges: Box::default(),
            by_suffix: Box::default(),
            texts: Box::default(),
            hashed: Hashed::default(),
            mixed: mixed_edges.into(),
            branches: Box::default(),
            endpoints: endpoints.into(),
        };
        fill_branches(&mut routes, branches);
        fill_literals(&mut routes, self.literal_list);
        routes
    }
}

/// Parts that are equal for all patterns that fit the same segments.
fn without_names(parts: &[Part]) -> Box<[Part]> {
    let nameless = parts.iter().map(|part| match part {
        Part::Text(text) => Part::Text(text.clone()),
        Part::Capture(_) => Part::Capture(0),
    });
    nameless.collect()
}

/// Keeps the branches that have something, one for each of those nodes.
fn fill_branches(routes: &mut Routes, branches: Vec<Branch>) {
    let mut kept = Vec::new();
    for (node, branch) in routes.nodes.iter_mut().zip(branches).filter(|(_, branch)| !branch.is_empty()) {
        node.branch = index(kept.len());
        kept.push(branch);
    }
    routes.branches = kept.into();
}

/// Appends these endpoints, and says for each node which are its own.
fn listed(mut list: Vec<(u32, u32)>, endpoints: &mut Vec<u32>, mut own: impl FnMut(usize, Endpoints)) {
    list.sort_unstable();
    for chunk in list.chunk_by(|left, right| left.0 == right.0) {
        let Some(&(node, first)) = chunk.first() else {
            continue;
        };
        if chunk.len() == 1 {
            own(node as usize, Endpoints { first, count: 1 });
        } else {
            own(node as usize, Endpoints { first: index(endpoints.len()), count: index(chunk.len()) });
            endpoints.extend(chunk.iter().map(|&(_, endpoint)| endpoint));
        }
    }
}

/// Literal children, in the orders that they are looked up and looked around in.
fn fill_literals(routes: &mut Routes, mut literals: Vec<(u32, &str, u32)>) {
    literals.sort_by(|left, right| {
        let by_text = || folded(left.1).cmp(folded(right.1));
        left.0.cmp(&right.0).then_with(by_text).then_with(|| left.1.cmp(right.1))
    });
    let mut by_suffix = Vec::with_capacity(literals.len());
    let mut texts = String::new();
    let mut edges = Vec::with_capacity(literals.len());
    let mut hashed = Vec::new();
    for siblings in literals.chunk_by(|left, right| left.0 == right.0) {
        let run = Run { start: index(edges.len()), count: index(siblings.len()) };
        if let Some(node) = siblings.first().and_then(|first| routes.nodes.get_mut(first.0 as usize)) {
            node.edges = run;
        }
        if run.count >= HASHED_FROM {
            hashed.extend(run.range());
        }
        for &(parent, text, child) in siblings {
            edges.push(Edge {
                parent,
                child,
                text: Run { start: index(texts.len()), count: index(text.len()) },
            });
            texts.push_str(text);
        }
        let text = |edge: u32| literals.get(edge as usize).map_or("", |literal| literal.1);
        let mut tails: Vec<(u64, u32)> =
            (run.start..).zip(siblings).map(|(edge, it)| (head(folded(it.1).rev()), edge)).collect();
        tails.sort_unstable_by(|left, right| {
            let by_text = || folded(text(left.1)).rev().cmp(folded(text(right.1)).rev());
            left.0.cmp(&right.0).then_with(by_text).then(left.1.cmp(&right.1))
        });
        by_suffix.extend(tails.into_iter().map(|(_, edge)| edge));
    }
    routes.edges = edges.into();
    routes.by_suffix = by_suffix.into();
    routes.texts = texts.into();
    let with_text = |&number: &usize| routes.edges.get(number).map(|edge| (edge, routes.text(edge)));
    let hashed: Vec<_> = hashed.iter().filter_map(with_text).collect();
    routes.hashed = Hashed::new(hashed.into_iter());
}

/// The bytes of a text as near misses compare it: without case.
pub(in crate::route) fn folded(text: &str) -> impl DoubleEndedIterator<Item = u8> {
    text.bytes().map(|byte| byte.to_ascii_lowercase())
}

/// The first eight bytes as one number, which compares at once what most texts differ in.
fn head(bytes: impl Iterator<Item = u8>) -> u64 {
    let mut head = [0; 8];
    head.iter_mut().zip(bytes).for_each(|(place, byte)| *place = byte);
    u64::from_be_bytes(head)
}

/// Past what a table takes, an index that nothing has.
fn index(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(NONE)
}
