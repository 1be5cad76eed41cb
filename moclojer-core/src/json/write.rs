//! Writes JSON: compact, without escapes that JSON does not demand.

use super::Value;
use super::read::special_bytes;

/// Appends `text` as a JSON string, quotes included.
pub fn write_string(text: &str, out: &mut String) {
    out.push('"');
    escape_into(text, out);
    out.push('"');
}

/// Appends `text` as it stands between the quotes of a JSON string: `"`, `\` and control characters are
/// escaped, everything else stays as it is.
#[inline]
pub fn escape_into(text: &str, out: &mut String) {
    if is_plain(text) {
        out.push_str(text);
    } else {
        escape_runs(text, out);
    }
}

/// True for a short text that needs no escape, as most are; false says nothing.
#[inline(always)]
pub(crate) fn is_plain(text: &str) -> bool {
    let needs_escape = |bytes| special_bytes(u64::from_le_bytes(bytes)) != 0;
    let bytes = text.as_bytes();
    match (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
        // Both words together hold every byte.
        (Some(first), Some(last)) if bytes.len() <= 16 => !needs_escape(*first) && !needs_escape(*last),
        (Some(_), _) => false,
        _ => match (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
            (Some(&[a, b, c, d]), Some(&[e, f, g, h])) => !needs_escape([a, b, c, d, e, f, g, h]),
            _ => !bytes.iter().any(|&byte| ESCAPED[usize::from(byte)]),
        },
    }
}

/// Which bytes JSON wants escaped.
static ESCAPED: [bool; 256] = {
    let mut escaped = [false; 256];
    let mut byte = 0;
    while byte < 0x20 {
        escaped[byte] = true;
        byte += 1;
    }
    escaped[b'"' as usize] = true;
    escaped[b'\\' as usize] = true;
    escaped
};

/// Copies what needs no escape run by run.
fn escape_runs(text: &str, out: &mut String) {
    let bytes = text.as_bytes();
    out.reserve(bytes.len());
    let mut written = 0;
    loop {
        let stop = super::read::run_end(bytes, written);
        out.push_str(text.get(written..stop).unwrap_or_default());
        let Some(&byte) = bytes.get(stop) else { return };
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            0x08 => out.push_str("\\b"),
            0x0C => out.push_str("\\f"),
            _ => {
                out.push_str("\\u00");
                out.push(if byte < 0x10 { '0' } else { '1' });
                out.push(char::from_digit(u32::from(byte & 0x0F), 16).unwrap_or('0'));
            }
        }
        written = stop + 1;
    }
}

/// Appends `value`. The recursion is as deep as the value, which its reader bounded.
pub(super) fn value(value: &Value, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(digits) => out.push_str(digits),
        Value::String(text) => write_string(text, out),
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                self::value(item, out);
            }
            out.push(']');
        }
        Value::Object(object) => {
            out.push('{');
            for (index, (key, item)) in object.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_string(key, out);
                out.push(':');
                self::value(item, out);
            }
            out.push('}');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_json_demands_is_escaped() {
        for (text, written) in [
            ("", r#""""#),
            ("plain é/𝄞", r#""plain é/𝄞""#),
            ("a\"b\\c", r#""a\"b\\c""#),
            ("\n\r\t\u{8}\u{c}", r#""\n\r\t\b\f""#),
            ("\u{0}\u{1f}\u{7f}", "\"\\u0000\\u001f\u{7f}\""),
            ("12345678\"12345678", r#""12345678\"12345678""#),
        ] {
            let mut out = String::new();
            write_string(text, &mut out);
            assert_eq!(out, written);
        }
    }
}
