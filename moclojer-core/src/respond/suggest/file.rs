//! The one value of a mock file that makes an endpoint answer a request that nothing answers.
//!
//! Suggested only where all else of the endpoint fits: then no other endpoint can come before it.

use super::super::mismatch::mismatches;
use super::super::nearest::Near;
use super::super::reason::{Part, Reason};
use super::super::search::{Search, method_rank};
use super::FileChange;
use crate::route::Segments;
use crate::spec::host::HostPattern;
use crate::spec::path::{ParamType, PathPattern, Segment};
use crate::spec::{Endpoint, is_served_method};

/// The change, where there is one.
pub(super) fn change(search: &Search<'_, '_>, near: &Near) -> Option<FileChange> {
    let endpoint = &*near.endpoint;
    if endpoint.coded().is_some() {
        // It stands in a program, not in a file.
        return None;
    }
    let request = search.view.request;
    let method_fits = method_rank(request.method)(endpoint.method).is_some();
    let (key, value) = match &near.reason {
        Reason::Disabled if method_fits && guards_hold(search, endpoint, &endpoint.path) => {
            ("endpoint.enabled", "true".to_owned())
        }
        Reason::Host { found, .. } if method_fits && guards_hold(search, endpoint, &endpoint.path) => {
            ("endpoint.host", HostPattern::parse(found).ok()?.to_string())
        }
        Reason::Method { found, .. }
            if is_served_method(found) && guards_hold(search, endpoint, &endpoint.path) =>
        {
            ("endpoint.method", found.clone())
        }
        Reason::Segment { index, found, .. } if method_fits && is_plain(found) => {
            ("endpoint.path", with_segment(search, endpoint, index.checked_sub(1)?, found)?)
        }
        Reason::Guard(mismatch) if mismatch.part == Part::Path => {
            let at = segment_of(&endpoint.path, &mismatch.name)?;
            ("endpoint.path", with_segment(search, endpoint, at, &format!(":{}", mismatch.name))?)
        }
        _ => return None,
    };
    Some(FileChange { place: endpoint.label.place.clone(), key, value })
}

/// Whether the request meets a pattern's shape and types and the endpoint's other guards.
fn guards_hold(search: &Search<'_, '_>, endpoint: &Endpoint, pattern: &PathPattern) -> bool {
    if endpoint.body.is_some() && search.view.unread() {
        return false;
    }
    let types_hold = |path: &Segments<'_>| {
        pattern.captures.iter().enumerate().all(|(index, capture)| {
            pattern.capture(index, path).is_none_or(|text| capture.kind.accepts(&text))
        })
    };
    let Some((_, path)) = search.forms().find(|(_, path)| pattern.fits(path)) else {
        return false;
    };
    let of_path = |part| part == Part::Path;
    types_hold(path)
        && mismatches(endpoint, search.view, path, usize::MAX).iter().all(|found| of_path(found.part))
}

/// The path as the file has it, with another text for one segment, if the endpoint then answers.
fn with_segment(search: &Search<'_, '_>, endpoint: &Endpoint, at: usize, text: &str) -> Option<String> {
    // What a path declares after its `?` is not known any more: it would be lost.
    if !endpoint.query.is_empty() {
        return None;
    }
    let pattern = &endpoint.path;
    let path = &endpoint.label.path;
    let range = pattern.segment_ranges(path).nth(at)?;
    let prefix = usize::from(endpoint.prefix_bytes);
    if range.start <= prefix && prefix > 0 {
        return None;
    }
    let (before, after) = (path.get(..range.start)?, path.get(range.end..)?);
    let changed = format!("{before}{text}{after}");
    let parsed = PathPattern::parse(&changed).ok()?.pattern;
    let answers = guards_hold(search, endpoint, &parsed);
    answers.then(|| changed.get(prefix..).map(str::to_owned)).flatten()
}

/// The segment that is nothing but this capture and has a type.
fn segment_of(pattern: &PathPattern, name: &str) -> Option<usize> {
    pattern.segments.iter().position(|segment| match segment {
        Segment::Capture(index) => pattern
            .captures
            .get(*index)
            .is_some_and(|capture| *capture.name == *name && !matches!(capture.kind, ParamType::String)),
        _ => false,
    })
}

/// Whether a text stands for itself in a pattern.
fn is_plain(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
}
