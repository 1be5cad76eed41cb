//! Escaping of texts for HTML, header values and URLs (for JSON see [`crate::json`]). Runs that need none are
//! copied whole.

use super::program::Place;

/// Appends `text` with `& < > " '` as entities.
pub(crate) fn html_into(text: &str, out: &mut String) {
    replace_bytes(text, out, |byte| {
        Some(match byte {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'"' => "&quot;",
            b'\'' => "&#39;",
            _ => return None,
        })
    });
}

/// Appends `text` without the bytes that a header value may not hold.
pub(crate) fn header_into(text: &str, out: &mut String) {
    replace_bytes(text, out, |byte| ((byte < 0x20 && byte != b'\t') || byte == 0x7F).then_some(""));
}

/// Where the text of a URL stands after what was read of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum UrlState {
    /// In the scheme or before it, or in a relative path's first segment.
    #[default]
    Start,
    /// In host and port.
    Authority,
    /// In the path, the query or the fragment.
    Inside,
}

impl UrlState {
    /// The state after literal text.
    pub(super) fn after(self, text: &str) -> Self {
        const PATH: [char; 3] = ['/', '?', '#'];
        let host = match (self, text.find(PATH)) {
            (Self::Inside, _) => return self,
            (Self::Authority, _) => text,
            (Self::Start, None) => return self,
            (Self::Start, Some(at)) => match text[at..].strip_prefix("//") {
                Some(host) => host,
                None => return Self::Inside,
            },
        };
        if host.contains(PATH) { Self::Inside } else { Self::Authority }
    }

    /// How a value is written here: as it is where it may be a scheme, a host or a whole URL.
    pub(super) fn value(self) -> Place {
        if self == Self::Inside { Place::Url } else { Place::Raw }
    }
}

/// Appends `text` percent-encoded, but for letters, digits and `-._~` (RFC 3986, section 2.3).
pub(crate) fn url_into(text: &str, out: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(byte.into());
        } else {
            out.push('%');
            out.push(char::from(DIGITS[usize::from(byte >> 4)]));
            out.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
    }
}

/// Copies `text`; each byte that `replacement` knows, which must be ASCII, is replaced.
#[inline]
fn replace_bytes(text: &str, out: &mut String, replacement: impl Fn(u8) -> Option<&'static str>) {
    let mut copied = 0;
    for (at, byte) in text.bytes().enumerate() {
        if let Some(instead) = replacement(byte) {
            out.push_str(&text[copied..at]);
            out.push_str(instead);
            copied = at + 1;
        }
    }
    out.push_str(&text[copied..]);
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "what was escaped reads back, or the test fails")]
    use super::*;
    use proptest::prelude::*;

    fn with(escape: fn(&str, &mut String), text: &str) -> String {
        let mut out = String::new();
        escape(text, &mut out);
        out
    }

    #[test]
    fn header_values_lose_what_they_may_not_hold() {
        assert_eq!(with(header_into, "a\r\nSet-Cookie: b\u{7f}\0\tç"), "aSet-Cookie: b\tç");
    }

    proptest! {
        #[test]
        fn a_json_literal_reads_back(text in any::<String>()) {
            let literal = format!("\"{}\"", with(crate::json::escape_into, &text));
            prop_assert_eq!(serde_json::from_str::<String>(&literal).unwrap(), text);
        }

        #[test]
        fn html_reads_back(text in any::<String>()) {
            let html = with(html_into, &text);
            prop_assert!(!html.contains(['<', '>', '"', '\'']));
            let back = html.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
            prop_assert_eq!(back.replace("&#39;", "'").replace("&amp;", "&"), text);
        }
    }
}
