//! Decimal numbers of any size, for printing: exact where floating point is not.

use std::borrow::Cow;

use crate::template::value::{Meter, Stop, Value, typed};

/// Where a digit that is left out sends the one before it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Rounding {
    /// To the nearest, away from zero from a half on.
    HalfUp,
    /// To the nearest, from a half to the even one.
    HalfEven,
}

/// `0.DIGITS` times ten to the power of `point`; no digits for zero, none of them a zero at either end.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Decimal {
    pub(super) negative: bool,
    digits: Vec<u8>,
    point: i64,
}

impl Decimal {
    /// Reads `-12.5e3` and the like.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (negative, unsigned) = match text.strip_prefix('-') {
            Some(unsigned) => (true, unsigned),
            None => (false, text),
        };
        let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse().ok()?),
            None => (unsigned, 0_i64),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let mut digits: Vec<u8> = whole.bytes().chain(fraction.bytes()).collect();
        if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let zeros = digits.iter().take_while(|&&digit| digit == b'0').count();
        digits.drain(..zeros);
        let point = exponent.checked_add(i64::try_from(whole.len()).ok()?)?;
        let point = point.checked_sub(i64::try_from(zeros).ok()?)?;
        Some(Self { negative, digits, point }.trimmed())
    }

    /// The quotient of two integers with 20 digits or more; the last one tells apart what is not exact.
    pub(super) fn quotient(negative: bool, dividend: u128, divisor: u128) -> Option<Self> {
        const ENOUGH: usize = 20;
        let whole = dividend.checked_div(divisor)?;
        let mut rest = dividend.checked_rem(divisor)?;
        let mut digits = if whole == 0 { Vec::new() } else { whole.to_string().into_bytes() };
        let mut point = i64::try_from(digits.len()).ok()?;
        while rest != 0 && digits.len() < ENOUGH {
            let scaled = rest.checked_mul(10)?;
            let digit = u8::try_from(scaled / divisor).ok()?;
            rest = scaled % divisor;
            match digit {
                0 if digits.is_empty() => point -= 1,
                _ => digits.push(b'0' + digit),
            }
        }
        if rest != 0 {
            digits.push(b'1');
        }
        Some(Self { negative, digits, point }.trimmed())
    }

    fn trimmed(mut self) -> Self {
        while self.digits.last() == Some(&b'0') {
            self.digits.pop();
        }
        if self.digits.is_empty() {
            self.point = 0;
        }
        self
    }

    pub(super) fn is_zero(&self) -> bool {
        self.digits.is_empty()
    }

    /// The power of ten of the first digit; 0 for zero.
    pub(super) fn exponent(&self) -> i64 {
        if self.is_zero() { 0 } else { self.point.saturating_sub(1) }
    }

    /// The nearest one with so many digits after the point.
    pub(super) fn rounded(self, places: usize, how: Rounding) -> Self {
        let kept = self.point.saturating_add(i64::try_from(places).unwrap_or(i64::MAX));
        self.shortened(kept, how)
    }

    /// The nearest one with so many digits.
    pub(super) fn rounded_to_digits(self, count: usize, how: Rounding) -> Self {
        self.shortened(i64::try_from(count).unwrap_or(i64::MAX), how)
    }

    fn shortened(mut self, kept: i64, how: Rounding) -> Self {
        let Ok(kept) = usize::try_from(kept) else {
            // Less than a tenth of the last place.
            self.digits.clear();
            return self.trimmed();
        };
        let Some(&first) = self.digits.get(kept) else { return self };
        let odd =
            kept.checked_sub(1).and_then(|last| self.digits.get(last)).is_some_and(|digit| digit % 2 == 1);
        let up = match how {
            Rounding::HalfUp => first >= b'5',
            Rounding::HalfEven => first > b'5' || (first == b'5' && (odd || self.digits.len() > kept + 1)),
        };
        self.digits.truncate(kept);
        if !up {
            return self.trimmed();
        }
        while self.digits.last() == Some(&b'9') {
            self.digits.pop();
        }
        match self.digits.last_mut() {
            Some(last) => *last += 1,
            None => {
                self.digits.push(b'1');
                self.point = self.point.saturating_add(1);
            }
        }
        self
    }

    /// How many characters [`Self::whole`] and so many decimals have.
    pub(super) fn size(&self, places: usize) -> usize {
        usize::try_from(self.point.max(1)).unwrap_or(usize::MAX).saturating_add(places)
    }

    /// The digits before the point, `0` for none.
    pub(super) fn whole(&self) -> String {
        match usize::try_from(self.point) {
            Ok(point) if point > 0 => (0..point).map(|index| self.digit(index)).collect(),
            _ => "0".to_owned(),
        }
    }

    /// So many digits after the point; what follows them is left out.
    pub(super) fn fraction(&self, places: usize) -> String {
        let start = self.point;
        let digit = |place: usize| {
            let index = i64::try_from(place).ok().and_then(|place| start.checked_add(place));
            index.and_then(|index| usize::try_from(index).ok()).map_or('0', |index| self.digit(index))
        };
        (0..places).map(digit).collect()
    }

    /// The first digit and so many after it.
    pub(super) fn mantissa(&self, places: usize) -> (String, String) {
        (self.digit(0).to_string(), (1..=places).map(|index| self.digit(index)).collect())
    }

    fn digit(&self, index: usize) -> char {
        self.digits.get(index).map_or('0', |digit| char::from(*digit))
    }

    /// The nearest double.
    pub(super) fn as_f64(&self) -> Option<f64> {
        let sign = if self.negative { "-" } else { "" };
        let digits: String = self.digits.iter().copied().map(char::from).collect();
        format!("{sign}0.{digits}0e{}", self.point).parse().ok().filter(|float: &f64| float.is_finite())
    }
}

/// A number to be printed.
pub(super) struct Numeral<'v> {
    /// As JSON writes it.
    pub(super) text: Cow<'v, str>,
    pub(super) decimal: Decimal,
    /// True for one that has neither a point nor an exponent.
    pub(super) integer: bool,
}

/// The digits of a value that is a number; a text is none, however it looks, but for a typed parameter.
pub(super) fn numeral<'v>(value: &'v Value<'_>, meter: &mut Meter) -> Result<Numeral<'v>, Stop> {
    let text: Cow<'v, str> = match value {
        Value::Int(int) => int.to_string().into(),
        Value::Float(float) => format!("{float:?}").into(),
        Value::Digits(digits) => Cow::Borrowed(&**digits),
        Value::Param(text, kind) => match typed(text, *kind) {
            Some((sign, rest)) if rest.starts_with(|first: char| first.is_ascii_digit()) => {
                format!("{sign}{rest}").into()
            }
            _ => return super::refuse_text(text, "number"),
        },
        Value::Text(text) => {
            let shown = crate::template::compile::clip(text);
            return Err(Stop::from(format!("the text {shown:?} is no number; `float` makes one of it")));
        }
        _ => return super::refuse(value, "number"),
    };
    meter.write(text.len())?;
    let integer = !text.contains(['.', 'e', 'E']);
    let mut decimal =
        Decimal::parse(&text).ok_or_else(|| Stop::from("the number is too large or too small".to_owned()))?;
    // An integer zero has no sign.
    decimal.negative &= !(integer && decimal.is_zero());
    Ok(Numeral { text, decimal, integer })
}
