//! Escaping of texts: JSON string literals, HTML, header values. Runs that need none are copied whole.

/// Appends `text` as it stands inside a JSON string literal, without the quotes.
#[inline]
pub(crate) fn json_into(text: &str, out: &mut String) {
    if needs_json_escape(text.as_bytes()) {
        replace_bytes(text, out, json_escape);
    } else {
        out.push_str(text);
    }
}

/// True when a byte cannot stand in a JSON string literal itself; looks at eight bytes at a time.
#[inline]
fn needs_json_escape(bytes: &[u8]) -> bool {
    const ONES: u64 = u64::from_ne_bytes([0x01; 8]);
    const HIGHS: u64 = u64::from_ne_bytes([0x80; 8]);
    // The high bit of each byte that is below the bound; of bytes above 0x7F it says nothing.
    let below = |word: u64, bound: u8| word.wrapping_sub(ONES.wrapping_mul(u64::from(bound))) & !word & HIGHS;
    let equals = |word: u64, byte: u8| below(word ^ ONES.wrapping_mul(u64::from(byte)), 1);
    let (words, rest) = bytes.as_chunks::<8>();
    words.iter().any(|word| {
        let word = u64::from_ne_bytes(*word);
        below(word, 0x20) | equals(word, b'"') | equals(word, b'\\') != 0
    }) || rest.iter().any(|&byte| json_escape(byte).is_some())
}

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

/// What stands for `byte` in a JSON string literal, when it cannot stand there itself.
#[inline]
fn json_escape(byte: u8) -> Option<&'static str> {
    const CONTROL: [&str; 32] = [
        "\\u0000", "\\u0001", "\\u0002", "\\u0003", "\\u0004", "\\u0005", "\\u0006", "\\u0007", "\\b", "\\t",
        "\\n", "\\u000b", "\\f", "\\r", "\\u000e", "\\u000f", "\\u0010", "\\u0011", "\\u0012", "\\u0013",
        "\\u0014", "\\u0015", "\\u0016", "\\u0017", "\\u0018", "\\u0019", "\\u001a", "\\u001b", "\\u001c",
        "\\u001d", "\\u001e", "\\u001f",
    ];
    match byte {
        b'"' => Some("\\\""),
        b'\\' => Some("\\\\"),
        _ => CONTROL.get(usize::from(byte)).copied(),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
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
            let literal = format!("\"{}\"", with(json_into, &text));
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
