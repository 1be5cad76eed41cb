//! What a plain YAML scalar means (core schema of YAML 1.2), and how its numbers are written in JSON.

/// The meaning of a plain scalar.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Plain {
    Null,
    Bool(bool),
    Number,
    Text,
    /// A text that YAML 1.1 read as something else, named here.
    Yaml11(&'static str),
}

/// What a plain scalar means.
pub(super) fn resolve(text: &str) -> Plain {
    match text.as_bytes().first() {
        None => Plain::Null,
        Some(b'0'..=b'9' | b'+' | b'-' | b'.') => resolve_number(text),
        Some(b'~' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'y' | b'Y' | b'o' | b'O') => {
            resolve_word(text)
        }
        Some(_) => Plain::Text,
    }
}

fn resolve_word(text: &str) -> Plain {
    match text {
        "~" | "null" | "Null" | "NULL" => Plain::Null,
        "true" | "True" | "TRUE" => Plain::Bool(true),
        "false" | "False" | "FALSE" => Plain::Bool(false),
        "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Plain::Yaml11("true"),
        "no" | "No" | "NO" | "off" | "Off" | "OFF" => Plain::Yaml11("false"),
        _ => Plain::Text,
    }
}

fn resolve_number(text: &str) -> Plain {
    if is_int(text) || is_float(text) {
        let digits = text.trim_start_matches(['+', '-']);
        if has_leading_zero(digits) { Plain::Yaml11("a number") } else { Plain::Number }
    } else if is_date(text.as_bytes()) {
        Plain::Yaml11("a date")
    } else {
        Plain::Text
    }
}

fn has_leading_zero(digits: &str) -> bool {
    let bytes = digits.as_bytes();
    bytes.first() == Some(&b'0') && bytes.get(1).is_some_and(u8::is_ascii_digit)
}

/// `[-+]?[0-9]+`, `0o[0-7]+`, `0x[0-9a-fA-F]+`.
pub(super) fn is_int(text: &str) -> bool {
    let all =
        |digits: &str, radix: u32| !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(radix));
    match (text.strip_prefix("0x"), text.strip_prefix("0o")) {
        (Some(digits), _) => all(digits, 16),
        (_, Some(digits)) => all(digits, 8),
        _ => all(text.strip_prefix(['+', '-']).unwrap_or(text), 10),
    }
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`, `[-+]?\.inf`, `\.nan`.
pub(super) fn is_float(text: &str) -> bool {
    if matches!(text, ".nan" | ".NaN" | ".NAN") {
        return true;
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") {
        return true;
    }
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))),
        None => (unsigned, None),
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    digits(whole)
        && digits(fraction)
        && !(whole.is_empty() && fraction.is_empty())
        && exponent.is_none_or(|exponent| !exponent.is_empty() && digits(exponent))
}

/// A date or timestamp as YAML 1.1 knew it: `2026-11-24`, `2026-1-4 5:06:07.8 +02:00`.
fn is_date(text: &[u8]) -> bool {
    let mut rest = text;
    let Some([4, month, day]) = take_groups(&mut rest, b'-') else {
        return false;
    };
    if rest.is_empty() {
        return month == 2 && day == 2;
    }
    let after = rest.trim_ascii_start();
    let after = match after.first() {
        Some(b'T' | b't') if after.len() == rest.len() => after.get(1..).unwrap_or_default(),
        Some(_) if after.len() < rest.len() => after,
        _ => return false,
    };
    rest = after;
    let Some([hour, 2, 2]) = take_groups(&mut rest, b':') else {
        return false;
    };
    if !(1..=2).contains(&hour) || !(1..=2).contains(&month) || !(1..=2).contains(&day) {
        return false;
    }
    if let Some(fraction) = rest.strip_prefix(b".") {
        let digits = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
        rest = fraction.get(digits..).unwrap_or_default();
    }
    match rest.trim_ascii_start() {
        [] | [b'Z'] => true,
        [b'+' | b'-', zone @ ..] => {
            let minutes = zone.split(|&byte| byte == b':').map(<[u8]>::len);
            zone.iter().all(|byte| byte.is_ascii_digit() || *byte == b':')
                && minutes.take(3).all(|len| len == 1 || len == 2)
        }
        _ => false,
    }
}

/// The lengths of three groups of digits with `separator` between them; `rest` moves behind them.
fn take_groups(rest: &mut &[u8], separator: u8) -> Option<[usize; 3]> {
    let mut lengths = [0; 3];
    for (index, length) in lengths.iter_mut().enumerate() {
        if index > 0 {
            *rest = rest.strip_prefix(&[separator])?;
        }
        *length = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        *rest = rest.get(*length..)?;
    }
    Some(lengths)
}

/// The number as JSON writes it: digits kept where JSON allows them, `0x1F` as `31`, `0o17` as `15`, `.5` as
/// `0.5`, `5.` as `5.0`, `+1` and `01` as `1`.
///
/// None for infinities and NaN, for what is no number, and for a hexadecimal or octal one past 128 bits.
pub fn json_number(written: &str) -> Option<String> {
    for (prefix, radix) in [("0x", 16), ("0o", 8)] {
        if let Some(digits) = written.strip_prefix(prefix) {
            return is_int(written)
                .then(|| u128::from_str_radix(digits, radix).ok())?
                .map(|value| value.to_string());
        }
    }
    if !is_float(written) || written.ends_with(['f', 'F', 'n', 'N']) {
        return None;
    }
    let unsigned = written.strip_prefix(['+', '-']).unwrap_or(written);
    let mantissa_end = unsigned.find(['e', 'E']).unwrap_or(unsigned.len());
    let (mantissa, exponent) = unsigned.split_at(mantissa_end);
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let mut out = String::with_capacity(written.len() + 2);
    if written.starts_with('-') {
        out.push('-');
    }
    let whole = whole.trim_start_matches('0');
    out.push_str(if whole.is_empty() { "0" } else { whole });
    if let Some(fraction) = fraction {
        out.push('.');
        out.push_str(if fraction.is_empty() { "0" } else { fraction });
    }
    out.push_str(exponent);
    Some(out)
}

/// The tag that a number needs in YAML to be one as it is written, such as `!!int 007`.
#[cfg(any(test, feature = "hosted"))]
pub(crate) fn number_tag(written: &str) -> Option<&'static str> {
    match resolve(written) {
        Plain::Number => None,
        _ if is_int(written) => Some("!!int"),
        _ => Some("!!float"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_scalars_follow_the_core_schema() {
        for (text, meaning) in [
            ("", Plain::Null),
            ("~", Plain::Null),
            ("Null", Plain::Null),
            ("nUll", Plain::Text),
            ("True", Plain::Bool(true)),
            ("FALSE", Plain::Bool(false)),
            ("0", Plain::Number),
            ("-12", Plain::Number),
            ("+1", Plain::Number),
            ("0x1F", Plain::Number),
            ("0o17", Plain::Number),
            ("0x", Plain::Text),
            ("0o8", Plain::Text),
            ("0.5", Plain::Number),
            (".5", Plain::Number),
            ("5.", Plain::Number),
            ("1e9", Plain::Number),
            ("1.5E-3", Plain::Number),
            ("-.inf", Plain::Number),
            (".NaN", Plain::Number),
            (".", Plain::Text),
            ("-", Plain::Text),
            ("+", Plain::Text),
            ("1e", Plain::Text),
            ("1.2.3", Plain::Text),
            ("1_000", Plain::Text),
            ("12:30", Plain::Text),
            ("007", Plain::Yaml11("a number")),
            ("-01", Plain::Yaml11("a number")),
            ("00.5", Plain::Yaml11("a number")),
            ("yes", Plain::Yaml11("true")),
            ("Off", Plain::Yaml11("false")),
            ("y", Plain::Text),
            ("yEs", Plain::Text),
            ("2026-11-24", Plain::Yaml11("a date")),
            ("2026-1-4", Plain::Text),
            ("2026-11-24T10:00:00Z", Plain::Yaml11("a date")),
            ("2026-1-4 5:06:07.8 +02:00", Plain::Yaml11("a date")),
            ("2026-11-24 and on", Plain::Text),
            ("2026-11-24T10:00", Plain::Text),
            ("2026-", Plain::Text),
        ] {
            assert_eq!(resolve(text), meaning, "{text}");
        }
    }

    #[test]
    fn a_number_that_is_none_without_its_tag_gets_it() {
        for (written, tag) in [
            ("7", None),
            ("0x1F", None),
            ("1.50", None),
            ("-.inf", None),
            ("007", Some("!!int")),
            ("-01", Some("!!int")),
            ("00.5", Some("!!float")),
            ("01e3", Some("!!float")),
        ] {
            assert_eq!(number_tag(written), tag, "{written}");
        }
    }

    #[test]
    fn numbers_are_written_as_json_does() {
        for (written, json) in [
            ("70.50", Some("70.50")),
            ("0x1F", Some("31")),
            ("0xffffffffffffffffffffffffffffffffff", None),
            ("0o17", Some("15")),
            (".5", Some("0.5")),
            ("-.5", Some("-0.5")),
            ("5.", Some("5.0")),
            ("5.e3", Some("5.0e3")),
            ("+1", Some("1")),
            ("007", Some("7")),
            ("-0", Some("-0")),
            ("000", Some("0")),
            ("1E+9", Some("1E+9")),
            (".inf", None),
            ("-.INF", None),
            (".nan", None),
            ("abc", None),
            ("", None),
        ] {
            assert_eq!(json_number(written).as_deref(), json, "{written}");
        }
    }
}
