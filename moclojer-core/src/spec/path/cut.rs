//! Where each segment of a pattern stands in its text: the slashes around a regular expression are not the path's.

use std::ops::Range;

use super::{ParamType, PathPattern, Segment};

impl PathPattern {
    /// The bytes of each segment in `text`, which the pattern was read from, without its slash.
    pub fn segment_ranges(&self, text: &str) -> impl Iterator<Item = Range<usize>> {
        let mut at = 0;
        self.segments.iter().map(move |segment| {
            let start = (at + 1).min(text.len());
            let rest = text.get(start..).unwrap_or_default();
            let length = self.regex_end(segment, rest).or_else(|| rest.find('/')).unwrap_or(rest.len());
            at = start + length;
            start..at
        })
    }

    /// A segment as `text`, which the pattern was read from, writes it.
    pub fn segment_text<'t>(&self, text: &'t str, index: usize) -> Option<&'t str> {
        text.get(self.segment_ranges(text).nth(index)?)
    }

    /// Where a segment that is a regular expression ends in `rest`, which begins with it.
    fn regex_end(&self, segment: &Segment, rest: &str) -> Option<usize> {
        let Segment::Capture(index) = segment else {
            return None;
        };
        let ParamType::Regex(body, _) = &self.captures.get(*index)?.kind else {
            return None;
        };
        let end = rest.find("|/")? + "|/".len() + body.len() + "/".len();
        let brace = rest.get(end..).is_some_and(|after| after.starts_with('}'));
        Some(end + usize::from(brace))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slashes_around_a_regular_expression_do_not_cut() {
        for (text, expected) in [
            ("/", &[""][..]),
            ("/a/:b|int/c", &["a", ":b|int", "c"]),
            ("/:code|/[A-Z]{3}/", &[":code|/[A-Z]{3}/"]),
            ("/u/:code|/a?//x/*rest", &["u", ":code|/a?/", "x", "*rest"]),
            ("/{code|/a+/}/{b}", &["{code|/a+/}", "{b}"]),
            ("/a|/b", &["a|", "b"]),
            ("/a//b/", &["a", "", "b", ""]),
            ("/:sid.json/:name\\:cancel", &[":sid.json", ":name\\:cancel"]),
        ] {
            let pattern = PathPattern::parse(text).expect(text).pattern;
            let found: Vec<_> = pattern.segment_ranges(text).map(|range| &text[range]).collect();
            assert_eq!(found, expected, "{text}");
            assert_eq!(pattern.segment_text(text, expected.len()), None);
        }
    }
}
