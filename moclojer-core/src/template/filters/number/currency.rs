//! `currency-format`: amounts of money as `java.text.NumberFormat` writes them.

use super::decimal::{Numeral, Rounding, numeral};
use super::format::group;
use crate::template::filters::{argument, refuse_text};
use crate::template::locale;
use crate::template::value::{Meter, Stop, Value};

/// The language's money, or that of a country: see [`locale::money`].
pub(in crate::template::filters) fn currency_format<'a>(
    value: Value<'a>,
    arguments: &[Value<'a>],
    meter: &mut Meter,
) -> Result<Value<'a>, Stop> {
    let number = numeral(&value, meter)?;
    let language = argument(arguments, 0).to_text(meter)?;
    let country = argument(arguments, 1).to_text(meter)?;
    let named = arguments.get(1).map(|_| &*country);
    let Some(money) = locale::money(&language, named) else {
        return refuse_text(&country, "country; write its two letters, as in DE");
    };
    meter.write(number.decimal.size(money.decimals))?;
    let (whole, fraction) = rounded(&number, money.decimals);
    let (point, whole) = (money.style.decimal, group(&whole, money.style.grouping));
    let point = if money.decimals == 0 { "" } else { point };
    let style = if number.decimal.negative { money.style.negative } else { money.style.positive };
    let printed = style.replace('#', &format!("{whole}{point}{fraction}")).replace('¤', money.sign);
    meter.write(printed.len())?;
    Ok(Value::text_of(printed))
}

/// The digits before and after the point. A half goes to the even digit, and what a double is not
/// exactly (1.015 is a little less) counts, as in the original; integers are exact at any size.
fn rounded(number: &Numeral<'_>, decimals: usize) -> (String, String) {
    let double = if number.integer { None } else { number.decimal.as_f64() };
    match double.map(|double| format!("{:.decimals$}", double.abs())) {
        Some(printed) => match printed.split_once('.') {
            Some((whole, fraction)) => (whole.to_owned(), fraction.to_owned()),
            None => (printed, String::new()),
        },
        None => {
            let rounded = number.decimal.clone().rounded(decimals, Rounding::HalfEven);
            (rounded.whole(), rounded.fraction(decimals))
        }
    }
}
