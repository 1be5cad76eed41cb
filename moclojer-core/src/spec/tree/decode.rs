//! A file's bytes into a [`Source`]: its size, its encoding, and the bytes that no mock file holds.

use super::Limits;
use crate::problem::{Code, Problem};
use crate::source::{Source, Span};

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Makes a source of the bytes of the file `name`. A byte order mark at its begin is dropped, so columns
/// count as if it were not there.
///
/// # Errors
/// A problem with its place when the file is larger than [`Limits::file_bytes`], is not UTF-8, or holds a
/// NUL byte.
#[expect(clippy::result_large_err, reason = "called once a file; callers collect problems by value")]
pub fn decode(name: &str, bytes: &[u8], limits: &Limits) -> Result<Source, Problem> {
    if bytes.len() > limits.file_bytes {
        return Err(Problem::error(
            Code::TOO_LARGE,
            &Source::new(name, ""),
            Span::default(),
            format!("the file has {} bytes; at most {} are read", bytes.len(), limits.file_bytes),
        )
        .help("split it into several files"));
    }
    if bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF") {
        let source = Source::new(name, "");
        return Err(Problem::error(Code::NOT_UTF8, &source, Span::default(), "the file is UTF-16")
            .expected("UTF-8")
            .help("save it as UTF-8"));
    }
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => return Err(not_utf8(name, bytes, error)),
    };
    // One NUL more or less decides nothing, but most parsers take it for the end of the text.
    if let Some(offset) = bytes.iter().position(|&byte| byte == 0) {
        let source = Source::new(name, text);
        return Err(Problem::error(
            Code::NUL_BYTE,
            &source,
            Span::new(offset, offset + 1),
            "a NUL byte stands here",
        )
        .help("remove it; in a JSON or double-quoted text write \\u0000"));
    }
    Ok(Source::new(name, text))
}

/// The source of this problem is the text with U+FFFD for what is no UTF-8, so that its line can be shown.
fn not_utf8(name: &str, bytes: &[u8], error: std::str::Utf8Error) -> Problem {
    let offset = error.valid_up_to();
    let byte = bytes.get(offset).copied().unwrap_or_default();
    let source = Source::new(name, String::from_utf8_lossy(bytes));
    Problem::error(
        Code::NOT_UTF8,
        &source,
        Span::new(offset, offset + char::REPLACEMENT_CHARACTER.len_utf8()),
        format!("the byte 0x{byte:02X} is not UTF-8 here"),
    )
    .expected("UTF-8")
    .help("save the file as UTF-8")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn broken_files_are_refused_with_the_place() {
        let limits = Limits { file_bytes: 20, ..Limits::default() };
        for (bytes, code, place) in [
            (&b"a: \n  \xFFb"[..], Code::NOT_UTF8, "m.yml:2:3"),
            (b"\xEF\xBB\xBFa: \xC3", Code::NOT_UTF8, "m.yml:1:4"),
            (b"\xEF\xBB\xBFa: \0", Code::NUL_BYTE, "m.yml:1:4"),
            (b"\xFF\xFEa\0", Code::NOT_UTF8, "m.yml:1:1"),
            (b"123456789012345678901", Code::TOO_LARGE, "m.yml:1:1"),
        ] {
            let problem = decode("m.yml", bytes, &limits).unwrap_err();
            assert_eq!((problem.code, problem.place().to_string().as_str()), (code, place));
        }
    }

    #[test]
    fn a_byte_order_mark_is_dropped() {
        let source = decode("m.yml", b"\xEF\xBB\xBFa: 1", &Limits::default()).unwrap();
        assert_eq!(source.text(), "a: 1");
    }
}
