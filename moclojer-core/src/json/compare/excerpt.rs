//! A value as a short text on one line, for messages to people.
//!
//! It never writes more of a value than it shows. Of two long texts it shows where they begin to differ.

use super::super::{Value, write_string};

/// How much of what two texts have in common is shown before their difference.
const LEAD_BYTES: usize = 16;

/// One value, cut to about `most` bytes.
pub(super) fn one(value: &Value, most: usize) -> String {
    from(value, 0, most)
}

/// A text as JSON writes it, cut to about `most` bytes.
pub(super) fn text(text: &str, most: usize) -> String {
    let mut out = String::new();
    write_text(text, 0, most, &mut out);
    out
}

/// Two values that differ, each cut to about `most` bytes; of long texts and numbers the cut ones show the difference.
pub(super) fn pair(wanted: &Value, found: &Value, most: usize) -> (String, String) {
    let start = match (wanted, found) {
        (Value::String(wanted), Value::String(found)) | (Value::Number(wanted), Value::Number(found)) => {
            start_of_difference(wanted, found, most)
        }
        _ => 0,
    };
    (from(wanted, start, most), from(found, start, most))
}

/// `text` up to `most` bytes, and a sign that it goes on.
pub(super) fn cut(text: &str, most: usize) -> String {
    let mut out = text.get(..text.floor_char_boundary(most)).unwrap_or_default().to_owned();
    if out.len() < text.len() {
        out.push('…');
    }
    out
}

/// Where to begin to show two texts: 0 when they differ soon enough.
fn start_of_difference(wanted: &str, found: &str, most: usize) -> usize {
    let common = wanted.bytes().zip(found.bytes()).take_while(|(wanted, found)| wanted == found).count();
    match common + LEAD_BYTES > most {
        // What both have in common is the same bytes, so the place is a boundary in both or in neither.
        true => wanted.floor_char_boundary(common.saturating_sub(LEAD_BYTES)),
        false => 0,
    }
}

fn from(value: &Value, start: usize, most: usize) -> String {
    let mut out = String::new();
    match value {
        Value::String(text) => write_text(text, start, most, &mut out),
        Value::Number(digits) => {
            if start > 0 {
                out.push('…');
            }
            out.push_str(&cut(digits.get(start..).unwrap_or_default(), most));
        }
        _ => {
            if !write_bounded(value, most, &mut out) {
                out.push('…');
            }
        }
    }
    out
}

fn write_text(text: &str, start: usize, most: usize, out: &mut String) {
    let shown = text.get(start..).unwrap_or_default();
    if start == 0 && shown.len() <= most {
        return write_string(shown, out);
    }
    let lead = if start > 0 { "…" } else { "" };
    write_string(&format!("{lead}{}", cut(shown, most)), out);
}

/// Compact JSON until `most` bytes are written; false when something was left out.
fn write_bounded(value: &Value, most: usize, out: &mut String) -> bool {
    let room = |out: &String| most.saturating_sub(out.len());
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(truth) => out.push_str(if *truth { "true" } else { "false" }),
        Value::Number(digits) => out.push_str(&cut(digits, most)),
        Value::String(text) => write_text(text, 0, room(out).max(LEAD_BYTES), out),
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                if room(out) == 0 || !write_bounded(item, most, out) {
                    return false;
                }
            }
            out.push(']');
        }
        Value::Object(object) => {
            out.push('{');
            for (index, (key, item)) in object.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                if room(out) == 0 {
                    return false;
                }
                write_text(key, 0, room(out).max(LEAD_BYTES), out);
                out.push(':');
                if room(out) == 0 || !write_bounded(item, most, out) {
                    return false;
                }
            }
            out.push('}');
        }
    }
    true
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "the texts are literals of this module")]
    use super::*;

    fn parse(text: &str) -> Value {
        Value::parse(text.as_bytes(), 128).unwrap()
    }

    #[test]
    fn long_values_are_cut() {
        for (value, shown) in [
            (r#"{"a": [1, "b"], "c": null}"#, r#"{"a":[1,"b"],"c":null}"#),
            (r#"[1,2,3,4,5,6,7,8,9,10,11,12,13,14]"#, "[1,2,3,4,5,6,7,8,9,10,…"),
            (r#""0123456789012345678áb""#, r#""0123456789012345678…""#),
            ("123456789012345678901234567890", "12345678901234567890…"),
            (r#"{"a":{"bcd":{"efg":{"hij":{"klm":1}}}}}"#, r#"{"a":{"bcd":{"efg":{…"#),
        ] {
            assert_eq!(one(&parse(value), 20), shown, "{value}");
        }
        let big = Value::Array(vec![Value::Array(vec![parse(&format!("\"{}\"", "x".repeat(5000)))])]);
        assert!(one(&big, 64).len() < 80);
    }

    #[test]
    fn two_long_texts_show_where_they_differ() {
        let long = |end: &str| Value::String(format!("{}{end}", "é".repeat(200)).into());
        let (wanted, found) = pair(&long("maria"), &long("mario"), 64);
        assert_eq!(wanted, format!("\"…{}maria\"", "é".repeat(6)));
        assert_eq!(found, format!("\"…{}mario\"", "é".repeat(6)));
        // Two letters that begin with the same byte.
        let (wanted, found) = pair(&long("á"), &long("í"), 64);
        assert!(wanted.ends_with("éá\"") && found.ends_with("éí\""), "{wanted} {found}");
        assert_eq!(pair(&parse("1"), &parse("\"1\""), 64), ("1".to_owned(), "\"1\"".to_owned()));
    }
}
