//! A matcher that is obviously right and slow, tables to try it on, and the comparison with the trie.
//!
//! It tries every pattern, gives each that fits the list of its segments' ranks, and sorts. It shares the
//! parsed patterns with the trie and nothing of how they are matched. The property test and the fuzz target
//! both call [`check`].

use std::fmt::Write as _;
use std::ops::ControlFlow;
use std::sync::Arc;

use super::{HostClass, HostTable, Routes, Segments};
use crate::spec::host::{HostPattern, of_authority};
use crate::spec::path::{ParamType, Part, PathPattern, Segment};

/// Endpoints as a file would list them, and requests for them.
#[derive(Debug)]
pub struct Case {
    /// Each endpoint's host and path.
    pub endpoints: Vec<(Option<HostPattern>, PathPattern)>,
    /// Each request's authority and path.
    pub requests: Vec<(String, String)>,
}

const SEGMENTS: [&str; 28] = [
    "a",
    "b",
    "ab",
    "",
    "a",
    "b",
    ":{}",
    ":{}",
    ":{}|int",
    ":{}|uuid",
    ":{}|float",
    ":{}|double",
    ":{}|/a+/",
    "a{{}}",
    "{{}}b",
    "a{{}}b",
    "{{}}-{{}}",
    "{{}}.{{}}b",
    "a{{}}-{{}}",
    "{{}}ab",
    "ba{{}}",
    "{{}}a{{}}",
    "%61",
    "á",
    "a%2Fb",
    "-",
    "{{}}á",
    ":{}|date",
];
const RESTS: [&str; 4] = ["*{}", "*", "**", "*{}"];
const HOSTS: [&str; 6] = ["x.test", "y.test", "*.test", "*.x.test", "a.x.test", "test"];
const TEXTS: [&str; 24] = [
    "a", "b", "ab", "", "aab", "ba", "a-b", "a--b", "b-", "-", "ab.b", "a.b.b", "1", "-1.5", "%61", "%C3%A1",
    "á", "a%2Fb", "aáb", "bab", "abab", "aaa", "a%2D1", ".b",
];
const AUTHORITIES: [&str; 9] =
    ["x.test", "Y.test:80", "a.x.test", "b.x.test.", "test", "z.test", "b.a.x.test", "[::1]:80", ""];

impl Case {
    /// The case that these bytes spell; any bytes spell one, and few bytes a small one.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let mut bytes = bytes.iter().copied();
        let mut draw = |bound: usize| usize::from(bytes.next().unwrap_or(0)) % bound;
        let (endpoint_count, request_count) = (draw(12), 1 + draw(6));
        let hosts_from = draw(4);
        let endpoints = (0..endpoint_count)
            .filter_map(|_| {
                let host = HOSTS
                    .get(draw(HOSTS.len() * 2) + hosts_from)
                    .and_then(|host| HostPattern::parse(host).ok());
                let mut text = String::new();
                let (depth, rest) = (1 + draw(4), draw(5) == 0);
                for at in 0..depth {
                    let last = at + 1 == depth;
                    let known: &[&str] = if last && rest { &RESTS } else { &SEGMENTS };
                    let spelled = known.get(draw(known.len())).copied().unwrap_or_default();
                    text.push('/');
                    named(&mut text, spelled);
                }
                PathPattern::parse(&text).ok().map(|parsed| (host, parsed.pattern))
            })
            .collect();
        let requests = (0..request_count)
            .map(|_| {
                let authority = AUTHORITIES.get(draw(AUTHORITIES.len())).copied().unwrap_or_default();
                let path = (0..1 + draw(5)).fold(String::new(), |path, _| {
                    path + "/" + TEXTS.get(draw(TEXTS.len())).copied().unwrap_or_default()
                });
                (authority.to_owned(), path)
            })
            .collect();
        Self { endpoints, requests }
    }
}

/// Appends a segment with a fresh name at each `{}`.
fn named(text: &mut String, spelled: &str) {
    let mut pieces = spelled.split("{}");
    text.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        // Writing to a String cannot fail.
        let _ = write!(text, "n{}{piece}", text.len());
    }
}

/// How much the matchers agreed on.
#[derive(Clone, Copy, Debug, Default)]
pub struct Agreement {
    /// Endpoints that fitted a request.
    pub endpoints: usize,
    /// Groups of more than one of them.
    pub merged: usize,
}

/// Compares both matchers on each request in both forms of its path: the groups, their order, and every
/// capture.
///
/// # Errors
/// What differs, with the endpoints and the request.
pub fn check(case: &Case) -> Result<Agreement, String> {
    let mut agreement = Agreement::default();
    let table = table(&case.endpoints);
    for (authority, path) in &case.requests {
        let segments = Segments::new(path).map_err(|error| format!("{path}: {error}"))?;
        let host = of_authority(authority);
        let other = segments.other_slash();
        for form in std::iter::once(&segments).chain(&other) {
            let path =
                format!("/{}", form.iter().map(|text| text.replace('/', "\0")).collect::<Vec<_>>().join("/"));
            let expected = expected(&case.endpoints, &host, &path);
            let found = found(&table, &case.endpoints, &host, form);
            if found != expected {
                let endpoints: Vec<_> = case
                    .endpoints
                    .iter()
                    .map(|(host, pattern)| {
                        format!("{} {pattern:?}", host.as_ref().map_or("-", |host| host.as_str()))
                    })
                    .collect();
                return Err(format!(
                    "{authority} {path:?} over {endpoints:#?}\nfound    {found:?}\nexpected {expected:?}"
                ));
            }
            agreement.endpoints += found.iter().map(Vec::len).sum::<usize>();
            agreement.merged += found.iter().filter(|group| group.len() > 1).count();
        }
    }
    Ok(agreement)
}

/// Groups of endpoints of equal rank, each endpoint with its captures.
type Groups = Vec<Vec<(usize, Vec<String>)>>;

struct HostBlock {
    routes: Routes,
    /// Indexes into the case's endpoints.
    endpoints: Vec<usize>,
}

fn table(endpoints: &[(Option<HostPattern>, PathPattern)]) -> HostTable<HostBlock> {
    let table = HostTable::new(2);
    for (host, _) in endpoints {
        let own = || endpoints.iter().enumerate().filter(|(_, endpoint)| endpoint.0 == *host);
        let patterns: Vec<_> = own().map(|(_, endpoint)| &endpoint.1).collect();
        let block =
            HostBlock { routes: Routes::build(&patterns), endpoints: own().map(|(at, _)| at).collect() };
        table.swap(host.as_ref(), Some(Arc::new(block)));
    }
    table
}

fn found(
    table: &HostTable<HostBlock>,
    endpoints: &[(Option<HostPattern>, PathPattern)],
    host: &str,
    segments: &Segments<'_>,
) -> Groups {
    let mut groups = Groups::new();
    for (_, block) in table.find(host) {
        let _ = block.routes.walk(segments, |group| {
            let group = group.iter().filter_map(|&own| {
                let endpoint = *block.endpoints.get(own as usize)?;
                let mut captures = Vec::new();
                endpoints.get(endpoint)?.1.captures(segments, |_, text| captures.push(text.into_owned()));
                Some((endpoint, captures))
            });
            groups.push(group.collect());
            ControlFlow::<()>::Continue(())
        });
    }
    groups
}

/// The rank of one segment: less is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Literal,
    Mixed(std::cmp::Reverse<usize>),
    Exact,
    Float,
    Regex,
    String,
    Rest,
}

/// `path` is decoded; a slash inside a segment is a NUL in it, as it is in [`plain`] literals.
fn expected(endpoints: &[(Option<HostPattern>, PathPattern)], host: &str, path: &str) -> Groups {
    let texts: Vec<&str> = path[1..].split('/').collect();
    let mut fitting: Vec<(HostClass, Vec<Rank>, usize, Vec<String>)> = Vec::new();
    for (endpoint, (pattern_host, pattern)) in endpoints.iter().enumerate() {
        let class = match pattern_host.as_ref().map(HostPattern::as_str) {
            None => HostClass::Any,
            Some(name) if name == host => HostClass::Exact,
            Some(name) => match (name.strip_prefix('*'), host.find('.')) {
                (Some(end), Some(dot)) if dot > 0 && &host[dot..] == end => HostClass::Wildcard,
                _ => continue,
            },
        };
        if let Some((ranks, captures)) = fit(pattern, &texts) {
            let captures = captures.iter().map(|text| text.replace('\0', "/")).collect();
            fitting.push((class, ranks, endpoint, captures));
        }
    }
    fitting.sort();
    let groups = fitting.chunk_by(|left, right| (left.0, &left.1) == (right.0, &right.1));
    groups
        .map(|group| group.iter().map(|(_, _, endpoint, captures)| (*endpoint, captures.clone())).collect())
        .collect()
}

fn fit(pattern: &PathPattern, texts: &[&str]) -> Option<(Vec<Rank>, Vec<String>)> {
    let (mut ranks, mut captures) = (Vec::new(), Vec::new());
    for (at, segment) in pattern.segments.iter().enumerate() {
        let text = *texts.get(at)?;
        let rank = match segment {
            Segment::Literal(literal) if plain(literal) == text => Rank::Literal,
            Segment::Mixed(parts) => {
                captures.extend(split(parts, text)?);
                let literals = parts
                    .iter()
                    .map(|part| if let Part::Text(text) = part { text.chars().count() } else { 0 });
                Rank::Mixed(std::cmp::Reverse(literals.sum()))
            }
            Segment::Capture(index) if !text.is_empty() => {
                captures.push(text.to_owned());
                match pattern.captures[*index].kind {
                    ParamType::Bool | ParamType::Uuid | ParamType::Date | ParamType::Int => Rank::Exact,
                    ParamType::Float | ParamType::Double => Rank::Float,
                    ParamType::Regex(..) => Rank::Regex,
                    ParamType::String => Rank::String,
                }
            }
            Segment::Rest(name) if !text.is_empty() => {
                captures.extend(name.map(|_| texts[at..].join("/")));
                ranks.push(Rank::Rest);
                return Some((ranks, captures));
            }
            _ => return None,
        };
        ranks.push(rank);
    }
    (texts.len() == pattern.segments.len()).then_some((ranks, captures))
}

/// All ways to split, shortest captures first: the first one that works.
fn split(parts: &[Part], text: &str) -> Option<Vec<String>> {
    match parts {
        [] => text.is_empty().then(Vec::new),
        [Part::Text(literal), after @ ..] => split(after, text.strip_prefix(&plain(literal))?),
        [Part::Capture(_), after @ ..] => {
            let ends = text.char_indices().map(|(at, letter)| at + letter.len_utf8());
            ends.filter_map(|end| {
                let mut captures = split(after, &text[end..])?;
                captures.insert(0, text[..end].to_owned());
                Some(captures)
            })
            .next()
        }
    }
}

fn plain(literal: &str) -> String {
    literal.replace('/', "\0")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fills bytes from a seed (SplitMix64), so that a failure can be run again.
    fn bytes(seed: u64) -> Vec<u8> {
        let words = (0..24u64).map(|at| {
            let mut bits = (seed.wrapping_mul(0x2545_F491_4F6C_DD1D))
                .wrapping_add(at.wrapping_mul(0x9E37_79B9_7F4A_7C15));
            bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            bits ^ (bits >> 31)
        });
        words.flat_map(u64::to_le_bytes).collect()
    }

    #[test]
    fn trie_and_oracle_agree_on_random_tables() {
        let mut sum = Agreement::default();
        for seed in 0..10_000 {
            match check(&Case::from_bytes(&bytes(seed))) {
                Ok(agreement) => {
                    sum.endpoints += agreement.endpoints;
                    sum.merged += agreement.merged;
                }
                Err(difference) => panic!("seed {seed}: {difference}"),
            }
        }
        // The tables are worth something only if requests meet them.
        assert!(sum.endpoints > 10_000 && sum.merged > 500, "{sum:?}");
    }

    #[test]
    fn the_order_of_a_list_is_that_of_the_matcher() {
        use crate::route::Precedence;
        let mut compared = 0;
        for seed in 0..10_000 {
            let case = Case::from_bytes(&bytes(seed));
            let of = |endpoint: usize| {
                let (host, path) = &case.endpoints[endpoint];
                Precedence::of(host.as_ref(), path)
            };
            for (authority, path) in &case.requests {
                let path = path.replace("%2F", "\0");
                let groups = expected(&case.endpoints, &of_authority(authority), &path);
                for group in &groups {
                    assert!(group.iter().all(|it| of(it.0) == of(group[0].0)), "seed {seed}: {path}");
                }
                for pair in groups.windows(2) {
                    assert!(of(pair[0][0].0) < of(pair[1][0].0), "seed {seed}: {path}");
                    compared += 1;
                }
            }
        }
        assert!(compared > 1_000, "{compared}");
    }

    #[test]
    fn the_oracle_knows_a_case_worked_by_hand() {
        let endpoints: Vec<_> = ["/:s", "/{a}-{b}", "/a-b", "/:n|int", "/*rest", "/{a}-b"]
            .map(|text| (None, PathPattern::parse(text).expect(text).pattern))
            .into();
        let numbers: Vec<Vec<usize>> = expected(&endpoints, "", "/a-b")
            .iter()
            .map(|group| group.iter().map(|it| it.0).collect())
            .collect();
        assert_eq!(numbers, [vec![2], vec![5], vec![1], vec![3], vec![0], vec![4]]);
    }
}
