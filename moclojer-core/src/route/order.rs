//! The order in which endpoints are looked at, as a list of all of them shows it.
//!
//! It is the matcher's rule for endpoints that one request can meet; between others, which never compete, any order does,
//! and texts decide so that a list reads well. It serves nothing: the matcher has a trie.

use std::cmp::Reverse;

use super::trie::capture_rank;
use crate::spec::host::HostPattern;
use crate::spec::path::{Part, PathPattern, Segment};

/// Where an endpoint stands among others: the smaller is looked at first. Methods, guards and file order decide between
/// equal ones.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Precedence<'e> {
    host: Host<'e>,
    segments: Vec<Rank<'e>>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Host<'e> {
    Exact(&'e str),
    Wildcard(&'e str),
    Any,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank<'e> {
    Literal(&'e str),
    /// The more literal text, the sooner.
    Mixed(Reverse<usize>),
    Capture(usize),
    Rest,
}

impl<'e> Precedence<'e> {
    /// That of an endpoint with this host and path.
    pub fn of(host: Option<&'e HostPattern>, path: &'e PathPattern) -> Self {
        let host = match host {
            None => Host::Any,
            Some(host) if host.wildcard().is_some() => Host::Wildcard(host.as_str()),
            Some(host) => Host::Exact(host.as_str()),
        };
        let rank = |segment: &'e Segment| match segment {
            Segment::Literal(text) => Rank::Literal(text),
            Segment::Mixed(parts) => Rank::Mixed(Reverse(literal_length(parts))),
            Segment::Capture(index) => {
                Rank::Capture(path.captures.get(*index).map_or(0, |capture| capture_rank(&capture.kind)))
            }
            Segment::Rest(_) => Rank::Rest,
        };
        Self { host, segments: path.segments.iter().map(rank).collect() }
    }
}

fn literal_length(parts: &[Part]) -> usize {
    let texts = parts.iter().map(|part| match part {
        Part::Text(text) => text.chars().count(),
        Part::Capture(_) => 0,
    });
    texts.sum()
}
