//! A request's path cut at its slashes, each segment percent-decoded once.
//!
//! The decoded text keeps its slashes, so a segment is a slice of it, and so is the rest that several
//! segments make. Only the first [`MAX_SEGMENTS`] are cut: no pattern looks past them one by one.

use std::borrow::Cow;
use std::ops::Range;

use crate::spec::path::MAX_SEGMENTS;
use crate::spec::path::escape::{EscapeError, decode};

/// How many segments are kept without allocating.
const INLINE: usize = 16;

/// Why a request's path cannot be compared with any pattern: the answer is 400.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PathError {
    /// It does not begin with `/`.
    #[error("the path does not begin with `/`")]
    NoSlash,
    /// Two hexadecimal digits are missing after a `%`.
    #[error("the `%` at byte {at} of the path is not followed by two hexadecimal digits")]
    BadEscape {
        /// The byte of the path, from 0, where the `%` stands.
        at: usize,
    },
    /// The bytes that the escapes stand for are not UTF-8.
    #[error("the decoded path is not UTF-8")]
    NotUtf8,
    /// It has 4 GiB or more.
    #[error("the path is too long")]
    TooLong,
}

/// A request's path as patterns see it: `/` has one empty segment, `/a/` has `a` and an empty one.
#[derive(Clone, Debug)]
pub struct Segments<'p> {
    /// The decoded path with its first slash.
    text: Cow<'p, str>,
    /// Where each segment ends in `text`: of the first ones, and of those after them up to [`MAX_SEGMENTS`].
    few_ends: [u32; INLINE],
    more_ends: Vec<u32>,
    /// The number of all segments, an added one included.
    count: usize,
    /// The path as it was sent ends with a slash, which [`Segments::other_slash`] takes away.
    slash_last: bool,
    /// One more, empty segment stands behind those of `text`.
    slash_added: bool,
}

impl<'p> Segments<'p> {
    /// Cuts and decodes the raw path of a request, without its query. Allocates for a path with escapes or
    /// with more than 16 segments.
    ///
    /// # Errors
    /// A path that cannot be decoded, so that there is nothing to compare.
    pub fn new(path: &'p str) -> Result<Self, PathError> {
        let Some(after_slash) = path.strip_prefix('/') else {
            return Err(PathError::NoSlash);
        };
        if u32::try_from(path.len()).is_err() {
            return Err(PathError::TooLong);
        }
        let slash_last = after_slash.is_empty() || after_slash.ends_with('/');
        let mut cut = Self::uncut(Cow::Borrowed(path), slash_last);
        for (at, byte) in after_slash.bytes().enumerate() {
            match byte {
                b'/' => cut.push(at + 1),
                b'%' => return Self::decoded(after_slash, slash_last),
                _ => {}
            }
        }
        cut.push(path.len());
        Ok(cut)
    }

    /// Segment by segment, since an escaped slash does not cut.
    #[cold]
    fn decoded(after_slash: &str, slash_last: bool) -> Result<Self, PathError> {
        let mut cut = Self::uncut(Cow::Borrowed(""), slash_last);
        let mut text = String::with_capacity(after_slash.len() + 1);
        let mut start = 1;
        for raw in after_slash.split('/') {
            let segment = decode(raw).map_err(|error| match error {
                EscapeError::BadEscape(at) => PathError::BadEscape { at: start + at },
                EscapeError::NotUtf8 => PathError::NotUtf8,
            })?;
            text.push('/');
            text.push_str(&segment);
            cut.push(text.len());
            start += raw.len() + 1;
        }
        cut.text = Cow::Owned(text);
        Ok(cut)
    }

    fn uncut(text: Cow<'p, str>, slash_last: bool) -> Self {
        Self { text, few_ends: [0; INLINE], more_ends: Vec::new(), count: 0, slash_last, slash_added: false }
    }

    fn push(&mut self, end: usize) {
        // The path is shorter than 4 GiB, and decoding makes nothing longer.
        let end = u32::try_from(end).unwrap_or(u32::MAX);
        match self.few_ends.get_mut(self.count) {
            Some(free) => *free = end,
            None if self.count < MAX_SEGMENTS => self.more_ends.push(end),
            None => {}
        }
        self.count += 1;
    }

    /// The path with one slash less at its end if it has one, else with one more; none for `/`. Of the other
    /// form, the path as it was.
    ///
    /// It is compared when no endpoint answers the path as it is.
    pub fn other_slash(&self) -> Option<Segments<'_>> {
        let (text, count, slash_added) = match (self.slash_added, self.slash_last) {
            (true, _) => (&*self.text, self.count - 1, false),
            (false, false) => (&*self.text, self.count + 1, true),
            (false, true) if self.count > 1 => (self.text.strip_suffix('/')?, self.count - 1, false),
            (false, true) => return None,
        };
        Some(Segments {
            text: Cow::Borrowed(text),
            few_ends: self.few_ends,
            more_ends: self.more_ends.clone(),
            count,
            slash_last: false,
            slash_added,
        })
    }

    /// How many segments there are, one at least.
    #[expect(clippy::len_without_is_empty, reason = "it is never empty")]
    pub fn len(&self) -> usize {
        self.count
    }

    /// The decoded segment at `index`; none past the end, and none past the longest pattern.
    pub fn get(&self, index: usize) -> Option<&str> {
        self.text.get(self.range(index)?)
    }

    /// As [`get`](Self::get), for comparing whole segments.
    pub(super) fn bytes(&self, index: usize) -> Option<&[u8]> {
        self.text.as_bytes().get(self.range(index)?)
    }

    /// All segments that [`get`](Self::get) gives, in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.count).map_while(|index| self.get(index))
    }

    /// The decoded segments from `index` to the last, joined by `/`; none if the first of them is empty or
    /// missing. Borrowed unless the path has a slash added.
    pub(super) fn rest(&self, index: usize) -> Option<Cow<'_, str>> {
        self.get(index).filter(|first| !first.is_empty())?;
        let rest = self.text.get(self.range(index)?.start..)?;
        Some(if self.slash_added { Cow::Owned(format!("{rest}/")) } else { Cow::Borrowed(rest) })
    }

    fn range(&self, index: usize) -> Option<Range<usize>> {
        if index >= self.count.min(MAX_SEGMENTS) {
            return None;
        }
        let start = match index.checked_sub(1) {
            Some(before) => self.end(before)? + 1,
            None => 1,
        };
        if self.slash_added && index + 1 == self.count {
            return Some(self.text.len()..self.text.len());
        }
        Some(start..self.end(index)?)
    }

    fn end(&self, index: usize) -> Option<usize> {
        let end = self.few_ends.get(index).or_else(|| self.more_ends.get(index.checked_sub(INLINE)?))?;
        Some(*end as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(segments: &Segments<'_>) -> Vec<String> {
        segments.iter().map(str::to_owned).collect()
    }

    #[test]
    fn a_path_is_cut_at_raw_slashes_and_decoded_once() {
        for (path, expected) in [
            ("/", &[""][..]),
            ("//", &["", ""]),
            ("/a", &["a"]),
            ("/a/", &["a", ""]),
            ("/a//b", &["a", "", "b"]),
            ("/a/./../b", &["a", ".", "..", "b"]),
            ("/ol%C3%A1", &["olá"]),
            ("/olá", &["olá"]),
            ("/a%2Fb/c", &["a/b", "c"]),
            ("/a%2F", &["a/"]),
            ("/%2F", &["/"]),
            ("/a%252Fb", &["a%2Fb"]),
            ("/a+b", &["a+b"]),
            ("/A", &["A"]),
            ("/%00", &["\0"]),
        ] {
            let segments = Segments::new(path).expect(path);
            assert_eq!(parts(&segments), expected, "{path}");
            assert_eq!(segments.len(), expected.len(), "{path}");
        }
    }

    #[test]
    fn a_path_that_cannot_be_decoded_says_why() {
        for (path, error) in [
            ("", PathError::NoSlash),
            ("*", PathError::NoSlash),
            ("a/b", PathError::NoSlash),
            ("/%", PathError::BadEscape { at: 1 }),
            ("/a%20/b%zz", PathError::BadEscape { at: 7 }),
            ("/%C3/%A1", PathError::NotUtf8),
            ("/%FF", PathError::NotUtf8),
        ] {
            assert_eq!(Segments::new(path).expect_err(path), error, "{path}");
        }
    }

    #[test]
    fn the_other_form_has_one_trailing_slash_more_or_less() {
        for (path, expected) in [
            ("/", None),
            ("//", Some(&[""][..])),
            ("/a", Some(&["a", ""])),
            ("/a/", Some(&["a"])),
            ("/a//", Some(&["a", ""])),
            ("/a%2F", Some(&["a/", ""])),
            ("/a%2F/", Some(&["a/"])),
        ] {
            let segments = Segments::new(path).expect(path);
            let other = segments.other_slash();
            let expected =
                expected.map(|parts| parts.iter().map(|part| (*part).to_owned()).collect::<Vec<_>>());
            assert_eq!(other.as_ref().map(parts), expected, "{path}");
            if let Some(other) = other {
                assert_eq!(other.len(), other.iter().count(), "{path}");
            }
        }
    }

    #[test]
    fn a_rest_joins_segments_and_never_begins_empty() {
        for (path, index, rest, other) in [
            ("/a/b/c", 1, Some("b/c"), Some("b/c/")),
            ("/a/b/", 1, Some("b/"), Some("b")),
            ("/a//b", 1, None, None),
            ("/a/b//c", 1, Some("b//c"), Some("b//c/")),
            ("/a/", 1, None, None),
            ("/a", 1, None, None),
            ("/a%2Fb/%20", 0, Some("a/b/ "), Some("a/b/ /")),
        ] {
            let segments = Segments::new(path).expect(path);
            assert_eq!(segments.rest(index).as_deref(), rest, "{path}");
            assert_eq!(segments.other_slash().expect(path).rest(index).as_deref(), other, "{path}");
        }
    }

    #[test]
    fn long_paths_are_cut_as_far_as_patterns_reach() {
        for count in [15, 16, 17, 127, 128, 129, 5000] {
            let path = "/ab".repeat(count);
            let segments = Segments::new(&path).expect("a path");
            assert_eq!(segments.len(), count);
            assert_eq!(segments.iter().count(), count.min(MAX_SEGMENTS));
            assert_eq!(segments.get(count - 1).is_some(), count <= MAX_SEGMENTS);
            assert_eq!(segments.rest(1).expect("a rest").len(), count * 3 - 4);
            let other = segments.other_slash().expect("a form");
            assert_eq!(other.len(), count + 1);
            assert_eq!(other.get(count), (count < MAX_SEGMENTS).then_some(""));
            assert_eq!(other.get(0), Some("ab"));
        }
    }
}
