//! `number-format`: the patterns of `java.util.Formatter` with one number, as JDK 17 reads and refuses them.
//!
//! Not served: `%a` (hexadecimal fractions) and `%t` (dates, for which there is `date`).

use super::decimal::{Decimal, Numeral, Rounding, numeral};
use crate::template::compile::clip;
use crate::template::filters::{Growing, argument};
use crate::template::locale::{self, Locale};
use crate::template::value::{Meter, Stop, Value};

/// The greatest width and precision.
const MOST: usize = 10_000;

pub(in crate::template::filters) fn number_format<'a>(
    value: Value<'a>,
    arguments: &[Value<'a>],
    meter: &mut Meter,
) -> Result<Value<'a>, Stop> {
    let number = numeral(&value, meter)?;
    let pattern = argument(arguments, 0).to_text(meter)?;
    let language = argument(arguments, 1).to_text(meter)?;
    let locale = locale::find(&language).unwrap_or(locale::english());
    let mut out = Growing::new(meter);
    let mut taken = Taken::default();
    let mut rest: &str = &pattern;
    while let Some((literal, after)) = rest.split_once('%') {
        out.push(literal)?;
        out.meter.step(1)?;
        let (specifier, after) = Specifier::read(after)?;
        rest = after;
        if !matches!(specifier.conversion, '%' | 'n') {
            specifier.argument(&mut taken)?;
        }
        out.meter.read(number.text.len())?;
        out.meter.write(specifier.most_characters(&number))?;
        out.push(&specifier.print(&number, locale)?)?;
    }
    out.push(rest)?;
    out.finish()
}

/// Which arguments the specifiers so far took.
#[derive(Default)]
struct Taken {
    any: bool,
    /// How many did not say which one.
    in_order: usize,
}

/// The flags of a specifier.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Flags {
    /// `-`
    left: bool,
    /// `#`
    alternate: bool,
    /// `+`
    plus: bool,
    /// A space in place of a plus sign.
    space: bool,
    /// `0`
    zero: bool,
    /// `,`
    group: bool,
    /// `(`: negative numbers in parentheses.
    parentheses: bool,
    /// `<`: the argument of the specifier before.
    previous: bool,
}

impl Flags {
    /// The flag of a character.
    fn of(&mut self, flag: char) -> Option<&mut bool> {
        Some(match flag {
            '-' => &mut self.left,
            '#' => &mut self.alternate,
            '+' => &mut self.plus,
            ' ' => &mut self.space,
            '0' => &mut self.zero,
            ',' => &mut self.group,
            '(' => &mut self.parentheses,
            '<' => &mut self.previous,
            _ => return None,
        })
    }

    fn has_any_of_signs(self) -> bool {
        self.plus || self.space || self.parentheses
    }
}

/// `%[argument$][flags][width][.precision]conversion`
#[derive(Debug)]
struct Specifier {
    /// The argument's place from 1.
    index: Option<usize>,
    flags: Flags,
    width: Option<usize>,
    precision: Option<usize>,
    conversion: char,
    upper: bool,
}

impl Specifier {
    /// Reads what follows a `%`, and gives what follows that.
    fn read(text: &str) -> Result<(Self, &str), Stop> {
        let (index, mut rest) = match text.split_at(digits(text)) {
            (index, rest) if !index.is_empty() && rest.starts_with('$') => {
                (Some(bounded(index)?), rest.strip_prefix('$').unwrap_or(rest))
            }
            _ => (None, text),
        };
        let mut flags = Flags::default();
        while let Some(flag) = rest.chars().next() {
            let Some(set) = flags.of(flag) else { break };
            if std::mem::replace(set, true) {
                return refuse(format!("has the flag {flag:?} twice"));
            }
            rest = rest.strip_prefix(flag).unwrap_or(rest);
        }
        let (width, mut rest) = rest.split_at(digits(rest));
        let mut precision = None;
        if let Some(after) = rest.strip_prefix('.') {
            let (written, after) = after.split_at(digits(after));
            precision = Some(bounded(written)?);
            rest = after;
        }
        let Some(letter) = rest.chars().next() else {
            return refuse("ends after a %; a percent sign is written %%".to_owned());
        };
        let width = if width.is_empty() { None } else { Some(bounded(width)?) };
        let (conversion, upper) = match letter {
            'd' | 'o' | 'x' | 'e' | 'f' | 'g' | 's' | 'b' | 'h' | 'n' | '%' => (letter, false),
            'X' | 'E' | 'G' | 'S' | 'B' | 'H' => (letter.to_ascii_lowercase(), true),
            _ => return refuse(format!("has the conversion {letter:?}, which a number does not have")),
        };
        let specifier = Self { index, flags, width, precision, conversion, upper };
        specifier.check()?;
        Ok((specifier, rest.strip_prefix(letter).unwrap_or(rest)))
    }

    /// Refuses what Java refuses whatever the number is.
    fn check(&self) -> Result<(), Stop> {
        let Self { flags, width, precision, conversion, .. } = *self;
        let no_sign = Flags { left: false, zero: false, previous: false, ..flags } == Flags::default();
        let flags_fit = match conversion {
            'd' => !flags.alternate,
            'o' | 'x' => !flags.group,
            'e' => !flags.group,
            'f' => true,
            'g' => !flags.alternate,
            's' | 'b' | 'h' => no_sign && !flags.zero,
            '%' => no_sign && !flags.zero && !flags.previous,
            _ => flags == Flags::default(),
        };
        if !flags_fit || (flags.plus && flags.space) || (flags.left && flags.zero) {
            return refuse(format!("has flags that do not go with %{conversion} or with each other"));
        }
        if (flags.left || flags.zero) && width.is_none() {
            return refuse("has a flag - or 0 without a width".to_owned());
        }
        if (precision.is_some() && matches!(conversion, 'd' | 'o' | 'x' | 'n' | '%'))
            || (width.is_some() && conversion == 'n')
        {
            return refuse(format!("has a width or precision that %{conversion} cannot have"));
        }
        Ok(())
    }

    /// Takes the argument, of which there is one.
    fn argument(&self, taken: &mut Taken) -> Result<(), Stop> {
        if self.flags.previous {
            return match taken.any {
                true => Ok(()),
                false => refuse("has a flag < without a specifier before it".to_owned()),
            };
        }
        taken.any = true;
        let place = self.index.unwrap_or_else(|| {
            taken.in_order += 1;
            taken.in_order
        });
        if place == 1 { Ok(()) } else { refuse("asks for more than the one number there is".to_owned()) }
    }

    /// What it may print at most, roughly.
    fn most_characters(&self, number: &Numeral<'_>) -> usize {
        let places = self.precision.unwrap_or(0);
        let digits = if self.conversion == 'f' { number.decimal.size(places) } else { places };
        self.width.unwrap_or(0).max(digits)
    }

    fn print(&self, number: &Numeral<'_>, locale: &Locale) -> Result<String, Stop> {
        let printed = match self.conversion {
            'n' => return Ok("\n".to_owned()),
            '%' => "%".to_owned(),
            's' => self.clipped(&number.text),
            'b' => self.clipped("true"),
            'h' => self.clipped(&format!("{:x}", hash(number))),
            'd' => self.integer(number, locale)?,
            'o' | 'x' => self.bits(number)?,
            _ if number.integer => {
                return Err(Stop::from(format!(
                    "%{} is for numbers with decimals and {} is an integer",
                    self.conversion,
                    clip(&number.text)
                )));
            }
            'e' => self.scientific(&number.decimal, self.precision.unwrap_or(6), locale),
            'g' => self.general(&number.decimal, locale),
            _ => self.fixed(&number.decimal, self.precision.unwrap_or(6), locale),
        };
        let printed = if self.upper { printed.to_uppercase() } else { printed };
        let width = self.width.unwrap_or(0);
        Ok(if self.flags.left { format!("{printed:<width$}") } else { format!("{printed:>width$}") })
    }

    fn clipped(&self, text: &str) -> String {
        text.chars().take(self.precision.unwrap_or(usize::MAX)).collect()
    }

    fn integer(&self, number: &Numeral<'_>, locale: &Locale) -> Result<String, Stop> {
        if !number.integer {
            return refuse_decimals(self.conversion, number);
        }
        let whole = number.decimal.whole();
        Ok(self.signed(number.decimal.negative, &self.grouped(&whole, locale), ""))
    }

    /// Octal or hexadecimal: of negative numbers the bits.
    fn bits(&self, number: &Numeral<'_>) -> Result<String, Stop> {
        if !number.integer {
            return refuse_decimals(self.conversion, number);
        }
        if self.flags.has_any_of_signs() {
            return refuse(format!("has a flag for signs, which %{} has not", self.conversion));
        }
        let Ok(int) = number.text.parse::<i64>() else {
            return Err(Stop::from(format!("the number {} does not fit in 64 bits", clip(&number.text))));
        };
        let (prefix, digits) = match self.conversion {
            'x' => ("0x", format!("{int:x}")),
            _ => ("0", format!("{int:o}")),
        };
        let prefix = if self.flags.alternate { prefix } else { "" };
        let zeros = self.zeros(prefix.len() + digits.len());
        Ok(format!("{prefix}{zeros}{digits}"))
    }

    fn fixed(&self, decimal: &Decimal, places: usize, locale: &Locale) -> String {
        let rounded = decimal.clone().rounded(places, Rounding::HalfUp);
        let whole = self.grouped(&rounded.whole(), locale);
        let point = self.point(places, locale);
        self.signed(decimal.negative, &format!("{whole}{point}{}", rounded.fraction(places)), "")
    }

    fn scientific(&self, decimal: &Decimal, places: usize, locale: &Locale) -> String {
        let rounded = decimal.clone().rounded_to_digits(places.saturating_add(1), Rounding::HalfUp);
        let (first, more) = rounded.mantissa(places);
        let exponent = rounded.exponent();
        let sign = if exponent < 0 { '-' } else { '+' };
        let mantissa = format!("{first}{}{more}", self.point(places, locale));
        self.signed(decimal.negative, &mantissa, &format!("e{sign}{:02}", exponent.unsigned_abs()))
    }

    /// So many digits in all, as `%e` for what is very small or large.
    fn general(&self, decimal: &Decimal, locale: &Locale) -> String {
        let digits = self.precision.unwrap_or(6).max(1);
        let exponent = decimal.clone().rounded_to_digits(digits, Rounding::HalfUp).exponent();
        let last = i64::try_from(digits).unwrap_or(i64::MAX) - 1;
        match usize::try_from(last - exponent) {
            Ok(places) if exponent >= -4 => self.fixed(decimal, places, locale),
            _ => self.scientific(decimal, digits - 1, locale),
        }
    }

    /// The sign before the decimals.
    fn point(&self, places: usize, locale: &Locale) -> &'static str {
        if places > 0 || self.flags.alternate { locale.decimal } else { "" }
    }

    fn grouped(&self, whole: &str, locale: &Locale) -> String {
        if self.flags.group { group(whole, locale.grouping) } else { whole.to_owned() }
    }

    /// The magnitude with its sign, and zeros up to the width between the two.
    fn signed(&self, negative: bool, magnitude: &str, exponent: &str) -> String {
        let (before, after) = match negative {
            true if self.flags.parentheses => ("(", ")"),
            true => ("-", ""),
            false if self.flags.plus => ("+", ""),
            false if self.flags.space => (" ", ""),
            false => ("", ""),
        };
        let zeros = self.zeros(before.len() + magnitude.chars().count() + exponent.len() + after.len());
        format!("{before}{zeros}{magnitude}{exponent}{after}")
    }

    /// The zeros that are missing to the width.
    fn zeros(&self, printed: usize) -> String {
        let width = if self.flags.zero { self.width.unwrap_or(0) } else { 0 };
        "0".repeat(width.saturating_sub(printed))
    }
}

/// Puts a sign between groups of three digits.
pub(super) fn group(whole: &str, sign: &str) -> String {
    let mut out = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            out.push_str(sign);
        }
        out.push(digit);
    }
    out
}

/// How many digits a text begins with.
fn digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

/// A width, precision or place.
fn bounded(digits: &str) -> Result<usize, Stop> {
    match digits.parse() {
        Ok(number) if number <= MOST => Ok(number),
        _ if digits.is_empty() => refuse("has a point without a precision".to_owned()),
        _ => refuse(format!("has a number greater than {MOST}")),
    }
}

/// The number that Java makes of a number to tell it from others quickly.
fn hash(number: &Numeral<'_>) -> u32 {
    let bits = match number.text.parse::<i64>() {
        Ok(int) => int.cast_unsigned(),
        Err(_) => number.decimal.as_f64().unwrap_or(0.0).to_bits(),
    };
    (bits ^ (bits >> 32)) as u32
}

fn refuse<T>(what: String) -> Result<T, Stop> {
    Err(Stop::from(format!("the number pattern {what}")))
}

fn refuse_decimals<T>(conversion: char, number: &Numeral<'_>) -> Result<T, Stop> {
    Err(Stop::from(format!("%{conversion} is for integers and {} is none", clip(&number.text))))
}
