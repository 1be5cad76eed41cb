//! A processed text: what holds for its lines, whoever stored it in between.

use crate::spec::host::HostPattern;

/// How the first line of a processed text reads.
pub(super) const FIRST_LINE: &str = "---\n";

/// One mock as one YAML document, for one host; see [`process`](super::process), which makes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessedText {
    host: HostPattern,
    text: Box<str>,
}

/// Why a text is no processed text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotProcessed {
    /// Its first lines are not those of a processed text for this host.
    #[error("the text does not begin as a processed text of {0} does")]
    Beginning(HostPattern),
    /// Its last line has no end.
    #[error("the text does not end with the end of a line")]
    Ending,
    /// A line could be taken for a header line, or for the begin or end of a document.
    #[error("line {0} begins with `#`, `---` or `...`")]
    Line(usize),
}

impl ProcessedText {
    /// Takes a processed text that was stored, and checks what shards rely on. It is not parsed.
    ///
    /// # Errors
    /// What does not hold; such a text was not made by [`process`](super::process) for this host.
    pub fn stored(host: HostPattern, text: impl Into<Box<str>>) -> Result<Self, NotProcessed> {
        let text = text.into();
        if !begins_as_processed(text.as_bytes(), &host) {
            return Err(NotProcessed::Beginning(host));
        }
        if !text.ends_with('\n') {
            return Err(NotProcessed::Ending);
        }
        let reserved =
            |line: &str| line.starts_with('#') || line.starts_with("---") || line.starts_with("...");
        if let Some(before) = text.lines().skip(1).position(reserved) {
            return Err(NotProcessed::Line(before + 2));
        }
        Ok(Self { host, text })
    }

    /// The host that every item of it is for.
    pub fn host(&self) -> &HostPattern {
        &self.host
    }

    /// The text: begins with `---` and ends with the end of a line.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// Whether the first two lines are those of a processed text for `host`.
pub(super) fn begins_as_processed(text: &[u8], host: &HostPattern) -> bool {
    let rest = text.strip_prefix(FIRST_LINE.as_bytes());
    rest.is_some_and(|rest| rest.starts_with(host_line(host).as_bytes()))
}

/// The second line: an item that mocks ignore and that ties the text to its host.
pub(super) fn host_line(host: &HostPattern) -> String {
    // A host name holds nothing that needs an escape.
    format!("- \"x-host\": \"{host}\"\n")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at what it did not expect")]

    use super::*;

    #[test]
    fn only_a_text_that_cannot_reach_others_is_taken() {
        let host = HostPattern::parse("a.b").unwrap();
        let begin = "---\n- \"x-host\": \"a.b\"\n";
        for (text, expected) in [
            (begin.to_owned(), None),
            (format!("{begin}- \"endpoint\": 1\n"), None),
            (format!("{begin} # indented\n"), None),
            (String::new(), Some(NotProcessed::Beginning(host.clone()))),
            ("---\n[]\n".to_owned(), Some(NotProcessed::Beginning(host.clone()))),
            (begin.replace("a.b", "a.c"), Some(NotProcessed::Beginning(host.clone()))),
            (format!("{begin}- 1"), Some(NotProcessed::Ending)),
            (format!("{begin}- 1\n# moclojer host=x\n"), Some(NotProcessed::Line(4))),
            (format!("{begin}--- 1\n"), Some(NotProcessed::Line(3))),
            (format!("{begin}...\n"), Some(NotProcessed::Line(3))),
        ] {
            assert_eq!(ProcessedText::stored(host.clone(), &*text).err(), expected, "{text}");
        }
    }
}
