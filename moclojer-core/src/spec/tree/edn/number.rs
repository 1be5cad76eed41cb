//! Numbers of EDN, as Clojure writes them, in the digits that JSON has for them.

use std::num::IntErrorKind;

use super::super::scalar::json_number;

/// Why a word that begins as a number is none that a mock can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Misfit {
    /// `1/2`
    Ratio,
    /// `08`: what begins with a zero is octal.
    Octal,
    /// With a radix, and past 128 bits.
    TooLarge,
    /// Nothing that Clojure reads.
    Unknown,
}

/// The number as JSON writes it: decimal digits are kept, `0x1F` is `31`, `017` is `15`, `2r1010` is `10`; the marks
/// of size and exactness (`42N`, `1.5M`) are dropped.
pub(super) fn read(word: &str) -> Result<String, Misfit> {
    let unsigned = word.strip_prefix(['+', '-']).unwrap_or(word);
    let minus = if word.starts_with('-') { "-" } else { "" };
    if let Some((above, below)) = unsigned.split_once('/') {
        return Err(if is_digits(above) && is_digits(below) { Misfit::Ratio } else { Misfit::Unknown });
    }
    if let Some((radix, digits)) = radix_and_digits(unsigned) {
        return in_radix(digits, radix).map(|value| signed(minus, value));
    }
    let whole = unsigned.strip_suffix('N').unwrap_or(unsigned);
    if is_digits(whole) {
        return match whole.strip_prefix('0') {
            None | Some("") => Ok(format!("{minus}{whole}")),
            Some(digits) if digits.bytes().all(|digit| digit < b'8') => {
                in_radix(digits, 8).map(|value| signed(minus, value))
            }
            Some(_) => Err(Misfit::Octal),
        };
    }
    let decimal = unsigned.strip_suffix('M').unwrap_or(unsigned);
    match json_number(decimal).filter(|_| decimal.starts_with(|first: char| first.is_ascii_digit())) {
        Some(digits) => Ok(format!("{minus}{digits}")),
        None => Err(Misfit::Unknown),
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `0x1F`, `36rZZ`.
fn radix_and_digits(unsigned: &str) -> Option<(u32, &str)> {
    if let Some(digits) = unsigned.strip_prefix("0x").or_else(|| unsigned.strip_prefix("0X")) {
        return Some((16, digits.strip_suffix('N').unwrap_or(digits)));
    }
    let (radix, digits) = unsigned.split_once(['r', 'R'])?;
    let radix = radix.parse().ok().filter(|_| radix.len() <= 2 && !radix.starts_with(['0', '+']))?;
    (2..=36).contains(&radix).then_some((radix, digits))
}

fn in_radix(digits: &str, radix: u32) -> Result<u128, Misfit> {
    if !digits.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err(Misfit::Unknown);
    }
    u128::from_str_radix(digits, radix).map_err(|error| match error.kind() {
        IntErrorKind::PosOverflow => Misfit::TooLarge,
        _ => Misfit::Unknown,
    })
}

fn signed(minus: &str, value: u128) -> String {
    if value == 0 { "0".to_owned() } else { format!("{minus}{value}") }
}

/// What to write in the place of a ratio, where a few decimals are exact.
pub(super) fn decimal_of_ratio(word: &str) -> Option<String> {
    const SCALE: u64 = 1_000_000;
    let (above, below) = word.trim_start_matches(['+', '-']).split_once('/')?;
    let (above, below): (u64, u64) = (above.parse().ok()?, below.parse().ok()?);
    let scaled = above.checked_mul(SCALE)?;
    if scaled.checked_rem(below)? != 0 {
        return None;
    }
    let value = scaled / below;
    let minus = if word.starts_with('-') && value > 0 { "-" } else { "" };
    let decimals = format!("{minus}{}.{:06}", value / SCALE, value % SCALE);
    Some(decimals.trim_end_matches('0').trim_end_matches('.').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_clojure_writes_them() {
        for (word, digits) in [
            ("42", "42"),
            ("-1", "-1"),
            ("+7", "7"),
            ("0", "0"),
            ("-0", "-0"),
            ("0N", "0"),
            ("42N", "42"),
            ("123456789012345678901234567890", "123456789012345678901234567890"),
            ("0x1F", "31"),
            ("-0X1f", "-31"),
            ("0xFFN", "255"),
            ("017", "15"),
            ("-017N", "-15"),
            ("00", "0"),
            ("2r1010", "10"),
            ("-2R11", "-3"),
            ("36rZZ", "1295"),
            ("1.5", "1.5"),
            ("1.50", "1.50"),
            ("1.", "1.0"),
            ("1e3", "1e3"),
            ("-1.5E-3", "-1.5E-3"),
            ("1.5M", "1.5"),
            ("1M", "1"),
            ("00.5", "0.5"),
        ] {
            assert_eq!(read(word).as_deref(), Ok(digits), "{word}");
        }
    }

    #[test]
    fn what_is_no_number_is_refused_for_what_it_is() {
        for (word, misfit) in [
            ("1/2", Misfit::Ratio),
            ("-22/7", Misfit::Ratio),
            ("1/0", Misfit::Ratio),
            ("1/a", Misfit::Unknown),
            ("1/", Misfit::Unknown),
            ("08", Misfit::Octal),
            ("-019", Misfit::Octal),
            ("0xffffffffffffffffffffffffffffffffff", Misfit::TooLarge),
            ("0x", Misfit::Unknown),
            ("0xG", Misfit::Unknown),
            ("0x+1", Misfit::Unknown),
            ("2r2", Misfit::Unknown),
            ("2r", Misfit::Unknown),
            ("37rZ", Misfit::Unknown),
            ("1r0", Misfit::Unknown),
            ("08.5x", Misfit::Unknown),
            ("1a", Misfit::Unknown),
            ("1.2.3", Misfit::Unknown),
            ("12:30", Misfit::Unknown),
            ("2026-11-24", Misfit::Unknown),
            ("1_000", Misfit::Unknown),
            ("1e", Misfit::Unknown),
            ("1.5N", Misfit::Unknown),
            ("0x1F.5", Misfit::Unknown),
        ] {
            assert_eq!(read(word), Err(misfit), "{word}");
        }
    }

    #[test]
    fn a_ratio_has_a_decimal_where_it_is_exact() {
        for (word, decimal) in [
            ("1/2", Some("0.5")),
            ("-3/4", Some("-0.75")),
            ("4/2", Some("2")),
            ("0/5", Some("0")),
            ("1/3", None),
            ("1/0", None),
            ("99999999999999999999/2", None),
        ] {
            assert_eq!(decimal_of_ratio(word).as_deref(), decimal, "{word}");
        }
    }
}
