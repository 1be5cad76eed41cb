//! Which endpoints almost answered a request, nearest first, and the first reason that each did not.
//!
//! The same list is told in bodies, in the log and by `explain`. The work is bounded: at most [`LOOKED_AT`] endpoints
//! of the host's routes and as many disabled ones are looked at, and words are made for [`NAMED`] of them.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::error::cut;
use super::mismatch::mismatches;
use super::reason::{Difference, NearMiss, Reason};
use super::search::{Search, method_rank};
use super::{EndpointRef, Responder};
use crate::route::{Routes, Segments};
use crate::spec::Endpoint;
use crate::spec::path::{Part as PatternPart, PathPattern, Segment};

/// How many endpoints a miss names.
pub(super) const NAMED: usize = 5;
/// How many endpoints a miss looks at.
const LOOKED_AT: usize = 24;
/// How many bytes of a request's text a reason repeats.
const FOUND_BYTES: usize = 128;

/// An endpoint that almost answered.
#[derive(Clone)]
pub(super) struct Near {
    pub(super) endpoint: Arc<Endpoint>,
    pub(super) reason: Reason,
}

impl Near {
    pub(super) fn told(self) -> NearMiss {
        NearMiss::new(EndpointRef::from(&self.endpoint), self.reason)
    }
}

/// A candidate of the list with its score, and whether it is switched off.
struct Scored<'s> {
    score: u32,
    endpoint: &'s Arc<Endpoint>,
    disabled: bool,
}

impl Responder {
    /// Up to five endpoints of this host that almost answered, the nearest first; those that want to stay unnamed
    /// only where `all` are asked for.
    pub(super) fn nearest(&self, search: &Search<'_, '_>, all: bool) -> Vec<Near> {
        let mut scored = self.scored(search, all);
        // Stable: what was found first stays first.
        scored.sort_by_key(|near| std::cmp::Reverse(near.score));
        scored.truncate(NAMED);
        let near = |scored: Scored<'_>| Near {
            reason: first_reason(search, scored.endpoint, scored.disabled),
            endpoint: Arc::clone(scored.endpoint),
        };
        scored.into_iter().map(near).collect()
    }

    fn scored<'s>(&self, search: &Search<'s, '_>, all: bool) -> Vec<Scored<'s>> {
        let Some(path) = search.form(0) else {
            return Vec::new();
        };
        let raw = search.view.request.target.path();
        let slashes = has_other_slashes(raw, path);
        let rank = method_rank(search.view.request.method);
        let unnamed = self.options.local || self.options.near_misses;
        let shown = |endpoint: &Endpoint| all || endpoint.near_misses.unwrap_or(unnamed);
        let mut scored = Vec::with_capacity(LOOKED_AT);
        let mut score = |endpoint: &'s Arc<Endpoint>, disabled| {
            if shown(endpoint) {
                let method = u32::from(rank(endpoint.method).is_some()) * METHOD_FITS;
                let pattern = &endpoint.path;
                let close = match slashes && slash_reason(endpoint, path, raw).is_some() {
                    true => ALL_FITS,
                    false => closeness(pattern, path),
                };
                scored.push(Scored { score: close + method, endpoint, disabled });
            }
        };
        // First what fits but for slashes, which a search segment by segment may not come upon.
        let mut known: Vec<*const Endpoint> = Vec::new();
        if slashes {
            for block in search.blocks.into_iter().flatten() {
                fitting_but_for_slashes(block.routes(), raw, |index| {
                    let endpoint = &block.plan(index).endpoint;
                    if known.len() < NAMED && !known.contains(&Arc::as_ptr(endpoint)) {
                        known.push(Arc::as_ptr(endpoint));
                        score(endpoint, false);
                    }
                });
            }
        }
        let mut found: Vec<&Arc<Endpoint>> = Vec::with_capacity(LOOKED_AT);
        let [layer, hosts @ ..] = search.blocks;
        // A layer of many mocks leaves room for what it lies over.
        let of_layer = if hosts.iter().any(Option::is_some) { LOOKED_AT / 2 } else { LOOKED_AT };
        for (most, block) in std::iter::once((of_layer, layer)).chain(hosts.map(|block| (LOOKED_AT, block))) {
            let Some(block) = block else { continue };
            let room = most.saturating_sub(found.len());
            block.routes().near(path, room, |index| found.push(&block.plan(index).endpoint));
        }
        // One loop for all of them and not one step of each: so the processor waits for many places of memory at once.
        found.retain(|endpoint| !known.contains(&Arc::as_ptr(endpoint)) && shown(endpoint));
        for endpoint in found {
            score(endpoint, false);
        }
        let mut room = LOOKED_AT;
        for block in search.blocks.into_iter().flatten() {
            let fitting = block.disabled.as_deref().map(|disabled| disabled.fitting(search, room));
            for endpoint in fitting.into_iter().flatten() {
                score(endpoint, true);
                room = room.saturating_sub(1);
            }
        }
        scored
    }
}

/// Whether other slashes could make another path of it.
fn has_other_slashes(raw: &str, path: &Segments<'_>) -> bool {
    raw.contains("//") || path.iter().any(|segment| segment.contains('/'))
}

/// How near one endpoint is to answering; more is nearer.
#[cfg(feature = "testing")]
pub(super) fn score(search: &Search<'_, '_>, endpoint: &Endpoint) -> u32 {
    let Some(path) = search.form(0) else {
        return 0;
    };
    let raw = search.view.request.target.path();
    let method = method_rank(search.view.request.method)(endpoint.method).is_some();
    let slashes = has_other_slashes(raw, path) && slash_reason(endpoint, path, raw).is_some();
    let close = if slashes { ALL_FITS } else { closeness(&endpoint.path, path) };
    close + u32::from(method) * METHOD_FITS
}

/// A path with its escaped slashes as slashes, and one with a slash where several are.
pub(super) fn other_slashes(raw: &str) -> [String; 2] {
    let apart = raw.replace("%2F", "/").replace("%2f", "/");
    let mut single = raw.to_owned();
    while single.contains("//") {
        single = single.replace("//", "/");
    }
    [apart, single]
}

/// Hands over the endpoints whose shape the path has with other slashes, until [`NAMED`] were.
fn fitting_but_for_slashes(routes: &Routes, raw: &str, mut visit: impl FnMut(u32)) {
    let mut room = NAMED;
    for changed in other_slashes(raw).iter().filter(|changed| *changed != raw) {
        let Ok(path) = Segments::new(changed) else {
            continue;
        };
        let other = path.other_slash();
        for path in std::iter::once(&path).chain(&other) {
            let _ = routes.each_group(path, &mut |group| {
                group.iter().take(room).for_each(|&index| visit(index));
                room = room.saturating_sub(group.len());
                if room == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            });
        }
    }
}

/// The first reason that an endpoint did not answer: host, switch, path, method, guards.
pub(super) fn first_reason(search: &Search<'_, '_>, endpoint: &Endpoint, disabled: bool) -> Reason {
    let view = search.view;
    if let Some(host) = endpoint.host.as_ref().filter(|host| !host.matches(view.host())) {
        let wanted = host.as_str().to_owned();
        return Reason::Host { wanted, found: cut(view.host(), FOUND_BYTES).to_owned() };
    }
    if disabled {
        return Reason::Disabled;
    }
    let pattern = &endpoint.path;
    let raw = view.request.target.path();
    let Some((_, path)) = search.forms().find(|(_, path)| pattern.fits(path)) else {
        // Form 0 is always there.
        return search.form(0).map_or(Reason::Disabled, |path| path_reason(endpoint, path, raw));
    };
    if method_rank(view.request.method)(endpoint.method).is_none() {
        let (wanted, found) = (endpoint.method.as_str().to_owned(), view.request.method.to_string());
        return Reason::Method { wanted, found };
    }
    match mismatches(endpoint, view, path, 1).into_iter().next() {
        Some(mismatch) => Reason::Guard(mismatch),
        None => Reason::Order { first: "another endpoint".to_owned() },
    }
}

/// More than any path that fits: 128 literal segments.
const ALL_FITS: u32 = 1_000 + 128 * LITERAL_FITS;
const METHOD_FITS: u32 = 6;
const LITERAL_FITS: u32 = 16;
const CAPTURE_FITS: u32 = 10;
const CAPTURE_OF_OTHER_TYPE: u32 = 6;
const SEGMENT_MISSING: u32 = 8;

/// How much of a pattern agrees with a path; only good for ordering.
fn closeness(pattern: &PathPattern, path: &Segments<'_>) -> u32 {
    let mut score = 1000_u32;
    for (wanted, found) in pattern.segments.iter().zip(path.iter()) {
        score += match wanted {
            Segment::Literal(literal) if **literal == *found => LITERAL_FITS,
            Segment::Literal(literal) => similarity(literal, found),
            Segment::Capture(index) => match pattern.captures.get(*index) {
                Some(capture) if !capture.kind.accepts(found) => CAPTURE_OF_OTHER_TYPE,
                _ => CAPTURE_FITS,
            },
            Segment::Mixed(parts) => parts
                .iter()
                .map(|part| match part {
                    PatternPart::Text(text) if found.contains(&**text) => CAPTURE_FITS,
                    _ => 0,
                })
                .max()
                .unwrap_or(0),
            Segment::Rest(_) => return score + CAPTURE_OF_OTHER_TYPE,
        };
    }
    let missing = pattern.segments.len().abs_diff(path.len());
    score.saturating_sub(SEGMENT_MISSING.saturating_mul(u32::try_from(missing).unwrap_or(u32::MAX)))
}

/// What two texts have in common at both ends, of twelve: cheap, and high for one wrong letter.
fn similarity(wanted: &str, found: &str) -> u32 {
    let (wanted, found) = (wanted.as_bytes(), found.as_bytes());
    let longest = wanted.len().max(found.len());
    let shortest = wanted.len().min(found.len());
    if longest == 0 {
        return 0;
    }
    let front = wanted.iter().zip(found).take_while(|(left, right)| left.eq_ignore_ascii_case(right)).count();
    let back = wanted.iter().rev().zip(found.iter().rev());
    let back = back.take_while(|(left, right)| left.eq_ignore_ascii_case(right)).count();
    u32::try_from((front + back).min(shortest) * 12 / longest).unwrap_or(0)
}

/// Why a path does not have the shape of a pattern: slashes, else the first segment that differs, else how many.
fn path_reason(endpoint: &Endpoint, path: &Segments<'_>, raw: &str) -> Reason {
    let pattern = &endpoint.path;
    if let Some(reason) = slash_reason(endpoint, path, raw) {
        return reason;
    }
    for (index, (wanted, found)) in pattern.segments.iter().zip(path.iter()).enumerate() {
        if !wanted.fits(found) {
            return Reason::Segment {
                index: index + 1,
                wanted: pattern.segment_text(&endpoint.label.path, index).unwrap_or_default().to_owned(),
                found: cut(found, FOUND_BYTES).to_owned(),
                difference: difference(wanted, found),
            };
        }
    }
    // A slash at the end is no segment that anybody counts.
    let ended = |count: usize, last: bool| if last && count > 1 { count - 1 } else { count };
    let or_more = matches!(pattern.segments.last(), Some(Segment::Rest(_)));
    let slash_last = matches!(pattern.segments.last(), Some(Segment::Literal(text)) if text.is_empty());
    Reason::Length {
        wanted: ended(pattern.segments.len(), slash_last),
        found: ended(path.len(), raw.ends_with('/')),
        or_more,
    }
}

/// Whether a slash that is escaped, or one too many, is all that differs.
fn slash_reason(endpoint: &Endpoint, path: &Segments<'_>, raw: &str) -> Option<Reason> {
    let pattern = &endpoint.path;
    let both = || (endpoint.label.path.to_string(), cut(raw, FOUND_BYTES).to_owned());
    if path.iter().any(|segment| segment.contains('/')) {
        let apart: Vec<&str> = path.iter().flat_map(|segment| segment.split('/')).collect();
        if fits_or_slash(pattern, &apart) {
            let (wanted, found) = both();
            return Some(Reason::EncodedSlash { wanted, found });
        }
    }
    if raw.contains("//") {
        let full: Vec<&str> = path.iter().filter(|segment| !segment.is_empty()).collect();
        if fits_or_slash(pattern, &full) {
            let (wanted, found) = both();
            return Some(Reason::Slash { wanted, found });
        }
    }
    None
}

/// Whether segments have the shape of a pattern, with a slash at the end more or less.
fn fits_or_slash(pattern: &PathPattern, segments: &[&str]) -> bool {
    let without = match segments {
        [before @ .., ""] => before,
        all => all,
    };
    let with: Vec<&str> = without.iter().copied().chain([""]).collect();
    fits_texts(pattern, without) || fits_texts(pattern, &with)
}

fn fits_texts(pattern: &PathPattern, texts: &[&str]) -> bool {
    let wanted = pattern.segments.len();
    let rest = matches!(pattern.segments.last(), Some(Segment::Rest(_)));
    let length_fits = if rest { texts.len() >= wanted } else { texts.len() == wanted };
    length_fits && pattern.segments.iter().zip(texts).all(|(segment, text)| segment.fits(text))
}

fn difference(wanted: &Segment, found: &str) -> Difference {
    match wanted {
        _ if found.is_empty() => Difference::Empty,
        Segment::Literal(wanted) if same_but_case(wanted, found) => Difference::Case,
        Segment::Literal(wanted) if one_letter_off(wanted, found) => Difference::Letter,
        _ => Difference::Other,
    }
}

fn same_but_case(left: &str, right: &str) -> bool {
    // Lower case of a letter may be several.
    left.chars().flat_map(char::to_lowercase).eq(right.chars().flat_map(char::to_lowercase))
}

/// Whether one letter is another, missing, too many, or has changed places with the next.
pub(super) fn one_letter_off(left: &str, right: &str) -> bool {
    // Of short texts anything is one letter off.
    if left.len().abs_diff(right.len()) > 4 || left.len().max(right.len()) < 3 || left == right {
        return false;
    }
    let front: usize = left
        .chars()
        .zip(right.chars())
        .take_while(|(left, right)| left == right)
        .map(|(letter, _)| letter.len_utf8())
        .sum();
    let (Some(left), Some(right)) = (left.get(front..), right.get(front..)) else {
        return false;
    };
    let after = |text: &str, letters: usize| {
        let mut rest = text.chars();
        let taken = rest.by_ref().take(letters).count();
        (taken == letters).then(|| rest.as_str().to_owned())
    };
    let swapped = {
        let (mut one, mut other) = (left.chars(), right.chars());
        let (a, b, c, d) = (one.next(), one.next(), other.next(), other.next());
        a.is_some() && b.is_some() && a == d && b == c && one.as_str() == other.as_str()
    };
    let changed = after(left, 1).is_some_and(|rest| after(right, 1) == Some(rest));
    let added = after(left, 1).is_some_and(|rest| rest == right);
    let removed = after(right, 1).is_some_and(|rest| rest == left);
    swapped || changed || added || removed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_letter_is_off_or_not() {
        for (left, right, off) in [
            ("users", "user", true),
            ("user", "users", true),
            ("users", "usres", true),
            ("users", "osers", true),
            ("olá", "ola", true),
            ("a", "b", false),
            ("a", "", false),
            ("id", "ids", true),
            ("users", "users", false),
            ("users", "us", false),
            ("users", "esurs", false),
            ("ab", "ba", false),
            ("日本", "日", true),
        ] {
            assert_eq!(one_letter_off(left, right), off, "{left} {right}");
        }
    }
}
