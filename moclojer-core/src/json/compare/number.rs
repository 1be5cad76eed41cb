//! Whether two numbers have one value, however they are written and however big they are.
//!
//! Nothing is rounded and nothing is made of a number: its digits are compared where they stand, so that an
//! exponent of a million digits costs no more than reading it.

use std::iter::repeat_n;

/// Far above any distance that the digits of a text can make, far below what an `i128` holds.
const FAR: i128 = 1 << 100;

/// Whether two JSON numbers have the same value: 70.50 and 70.5, 1e2 and 100, 0 and -0.
pub(super) fn same(left: &str, right: &str) -> bool {
    left == right || Decimal::of(left).is(&Decimal::of(right))
}

/// 0.`digits` times ten to the power of `point` plus `power`.
struct Decimal<'t> {
    negative: bool,
    /// Without zeros at either end, perhaps with a point inside; empty for zero.
    digits: &'t str,
    point: i128,
    /// The exponent as it was written.
    power: Power<'t>,
}

struct Power<'t> {
    sign: i128,
    digits: &'t str,
}

impl<'t> Decimal<'t> {
    fn of(text: &'t str) -> Self {
        let (negative, text) = match text.strip_prefix('-') {
            Some(positive) => (true, positive),
            None => (false, text),
        };
        let (mantissa, power) = text.split_once(['e', 'E']).unwrap_or((text, ""));
        let whole = mantissa.find('.').unwrap_or(mantissa.len());
        let significant = mantissa.trim_start_matches(['0', '.']);
        let first = mantissa.len() - significant.len();
        // The point is no digit.
        let first = if first > whole { first - 1 } else { first };
        Self {
            negative,
            digits: significant.trim_end_matches(['0', '.']),
            point: whole as i128 - first as i128,
            power: Power::of(power),
        }
    }

    fn is(&self, other: &Self) -> bool {
        if self.digits.is_empty() || other.digits.is_empty() {
            return self.digits.is_empty() && other.digits.is_empty();
        }
        self.negative == other.negative
            && without_point(self.digits).eq(without_point(other.digits))
            && self.power.minus(&other.power) == Some(other.point - self.point)
    }
}

fn without_point(digits: &str) -> impl Iterator<Item = u8> {
    digits.bytes().filter(|&byte| byte != b'.')
}

impl<'t> Power<'t> {
    fn of(text: &'t str) -> Self {
        match text.strip_prefix('-') {
            Some(digits) => Self { sign: -1, digits },
            None => Self { sign: 1, digits: text.strip_prefix('+').unwrap_or(text) },
        }
    }

    /// The distance of two exponents, digit by digit; none where it is out of reach of any text.
    fn minus(&self, other: &Self) -> Option<i128> {
        let length = self.digits.len().max(other.digits.len());
        self.digits_of(length).zip(other.digits_of(length)).try_fold(0, |distance: i128, (left, right)| {
            // Once far apart they stay so: a further digit moves it by 18 at most.
            let distance = distance * 10 + left - right;
            (distance.abs() < FAR).then_some(distance)
        })
    }

    /// Its digits with zeros before them up to `length`, each with the sign.
    fn digits_of(&self, length: usize) -> impl Iterator<Item = i128> {
        let zeros = length.saturating_sub(self.digits.len());
        repeat_n(b'0', zeros)
            .chain(self.digits.bytes())
            .map(|digit| self.sign * i128::from(digit.saturating_sub(b'0')))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_are_compared_by_value_and_never_rounded() {
        for (left, right, equal) in [
            ("70.50", "70.5", true),
            ("1e2", "100", true),
            ("1E+2", "100.00", true),
            ("0.001", "1e-3", true),
            ("-12.5e1", "-125", true),
            ("10", "1", false),
            ("0.1", "0.01", false),
            ("-1", "1", false),
            ("-0", "0.0e7", true),
            ("0e99999999999999999999", "0", true),
            ("1e-400", "0", false),
            ("1e400", "1e401", false),
            ("9007199254740993", "9007199254740992", false),
            ("0.1", "0.10000000000000001", false),
            (
                "1e99999999999999999999999999999999999999999999",
                "10e99999999999999999999999999999999999999999998",
                true,
            ),
            (
                "1e100000000000000000000000000000000000000000000",
                "10e99999999999999999999999999999999999999999999",
                true,
            ),
            (
                "1e99999999999999999999999999999999999999999999",
                "1e99999999999999999999999999999999999999999998",
                false,
            ),
            (
                "1e99999999999999999999999999999999999999999999",
                "1e-99999999999999999999999999999999999999999999",
                false,
            ),
            ("1e0000000000000000000000000000000000000000000000000000000001", "10", true),
        ] {
            assert_eq!(same(left, right), equal, "{left} {right}");
            assert_eq!(same(right, left), equal, "{right} {left}");
        }
    }

    proptest! {
        #[test]
        fn a_number_is_each_of_its_spellings_and_not_its_neighbour(
            digits in 1u64.., shift in 0usize..25, zeros in 0usize..5, power in -400i64..400
        ) {
            let plain = format!("{digits}e{power}");
            let spelled = format!("0.{}{digits}{}e{}", "0".repeat(shift), "0".repeat(zeros),
                power + (shift + digits.to_string().len()) as i64);
            prop_assert!(same(&plain, &spelled), "{} {}", plain, spelled);
            let neighbour = format!("{}e{power}", u128::from(digits) + 1);
            prop_assert!(!same(&neighbour, &spelled), "{} {}", neighbour, spelled);
        }
    }
}
