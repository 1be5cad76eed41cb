//! Percent escapes, decoded once. Knows nothing of segments or queries.

use std::borrow::Cow;

/// Why text with escapes cannot be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EscapeError {
    /// No two hexadecimal digits follow the `%` at this byte.
    BadEscape(usize),
    /// The decoded bytes are not UTF-8.
    NotUtf8,
}

/// `text` with its escapes decoded; borrowed when it has none.
pub(crate) fn decode(text: &str) -> Result<Cow<'_, str>, EscapeError> {
    let bytes = text.as_bytes();
    let Some(first) = bytes.iter().position(|&byte| byte == b'%') else {
        return Ok(Cow::Borrowed(text));
    };
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = first;
    decoded.extend(bytes.iter().take(first));
    while let Some(&byte) = bytes.get(at) {
        if byte == b'%' {
            decoded.push(escaped_byte(bytes, at).ok_or(EscapeError::BadEscape(at))?);
            at += 3;
        } else {
            decoded.push(byte);
            at += 1;
        }
    }
    String::from_utf8(decoded).map(Cow::Owned).map_err(|_| EscapeError::NotUtf8)
}

/// The byte that the escape beginning at `at` stands for.
pub(crate) fn escaped_byte(bytes: &[u8], at: usize) -> Option<u8> {
    let digit = |offset| char::from(*bytes.get(at + offset)?).to_digit(16);
    u8::try_from(digit(1)? * 16 + digit(2)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_decoded_once() {
        for (text, decoded) in [
            ("", Ok("")),
            ("plain+text", Ok("plain+text")),
            ("ol%C3%A1", Ok("olá")),
            ("ol%c3%a1", Ok("olá")),
            ("a%2Fb", Ok("a/b")),
            ("%2525", Ok("%25")),
            ("%", Err(EscapeError::BadEscape(0))),
            ("ab%4", Err(EscapeError::BadEscape(2))),
            ("ab%+1", Err(EscapeError::BadEscape(2))),
            ("%gg", Err(EscapeError::BadEscape(0))),
            ("%C3", Err(EscapeError::NotUtf8)),
            ("%C3x", Err(EscapeError::NotUtf8)),
        ] {
            assert_eq!(decode(text).as_deref(), decoded.as_ref().map(|text| *text), "{text}");
        }
    }
}
