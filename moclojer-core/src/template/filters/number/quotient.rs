//! Quotients as the original makes them: exact as long as all numbers are integers.

use super::decimal::{Decimal, Rounding};
use super::{by_zero, finite, not_64_bits};
use crate::template::value::{Number, Stop, Value};

/// A quotient in the making.
pub(super) enum Quotient {
    Exact { negative: bool, dividend: u128, divisor: u128 },
    Float(f64),
}

impl From<Number> for Quotient {
    fn from(number: Number) -> Self {
        match number {
            Number::Int(int) => {
                Self::Exact { negative: int < 0, dividend: int.unsigned_abs().into(), divisor: 1 }
            }
            Number::Float(float) => Self::Float(float),
        }
    }
}

impl Quotient {
    pub(super) fn divided(self, by: Number) -> Result<Self, Stop> {
        if by.as_f64() == 0.0 {
            return Err(by_zero());
        }
        if let (Self::Exact { negative, dividend, divisor }, Number::Int(int)) = (&self, by)
            && let Some(divisor) = divisor.checked_mul(int.unsigned_abs().into())
        {
            return Ok(Self::Exact { negative: *negative != (int < 0), dividend: *dividend, divisor });
        }
        Ok(Self::Float(self.as_f64() / by.as_f64()))
    }

    fn as_f64(&self) -> f64 {
        match *self {
            Self::Exact { negative, dividend, divisor } => {
                let digits = Decimal::quotient(negative, dividend, divisor);
                let nearest =
                    digits.and_then(|digits| digits.rounded_to_digits(16, Rounding::HalfEven).as_f64());
                // Divisors of 124 bits and more leave no room to divide by hand.
                let quotient = nearest.map_or(dividend as f64 / divisor as f64, f64::abs);
                if negative { -quotient } else { quotient }
            }
            Self::Float(float) => float,
        }
    }

    pub(super) fn finish<'a>(self) -> Result<Value<'a>, Stop> {
        if let Self::Exact { negative, dividend, divisor } = self
            && dividend.checked_rem(divisor) == Some(0)
        {
            let whole = dividend.checked_div(divisor).and_then(|whole| i128::try_from(whole).ok());
            let signed = whole.map(|whole| if negative { -whole } else { whole });
            let fits = signed.and_then(|signed| i64::try_from(signed).ok());
            return fits.map(Value::Int).ok_or_else(|| not_64_bits("quotient"));
        }
        finite(self.as_f64(), "quotient")
    }
}
