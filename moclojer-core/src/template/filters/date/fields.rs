//! What each letter of a date pattern prints of an instant in UTC.

use std::borrow::Cow;

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};

use crate::template::locale::{Length, Locale, nth};

/// The days from 1858-11-17, which modified Julian days count from, to 1970-01-01.
const JULIAN_EPOCH: i64 = 40_587;

/// An instant and the language that it is printed in.
pub(super) struct Moment {
    civil: DateTime,
    /// Days since 1970-01-01.
    epoch_day: i64,
    locale: &'static Locale,
}

impl Moment {
    pub(super) fn new(instant: Timestamp, locale: &'static Locale) -> Self {
        let civil = TimeZone::UTC.to_datetime(instant);
        Self { civil, epoch_day: instant.as_millisecond().div_euclid(86_400_000), locale }
    }

    /// The text of a field that a pattern may have.
    pub(super) fn print(&self, letter: char, count: usize) -> Cow<'static, str> {
        let (locale, civil) = (self.locale, self.civil);
        let (hour, minute) = (i64::from(civil.hour()), i64::from(civil.minute()));
        let half = usize::from(hour >= 12);
        let nanosecond = i64::from(civil.subsec_nanosecond());
        let second_of_day = (hour * 60 + minute) * 60 + i64::from(civil.second());
        match letter {
            'u' => year(self.year(), count),
            'y' => year(if self.year() > 0 { self.year() } else { 1 - self.year() }, count),
            'Y' => year(self.week_year(), count),
            'G' => name(locale.eras, count, usize::from(self.year() > 0)),
            'Q' | 'q' => {
                let lists = if letter == 'Q' { locale.quarters } else { locale.quarters_alone };
                numbered((self.month() + 2) / 3, lists, count)
            }
            'M' => numbered(self.month(), locale.months, count),
            'L' => numbered(self.month(), locale.months_alone, count),
            'D' => number(self.day_of_year(), count),
            'd' => number(self.day(), count),
            'E' => name(locale.days, count, self.weekday_index()),
            'e' if count <= 2 => number(self.day_of_week(), count),
            'e' => name(locale.days, count, self.weekday_index()),
            'c' if count == 1 => number(self.day_of_week(), count),
            'c' => name(locale.days_alone, count, self.weekday_index()),
            'F' => number((self.day() - 1) % 7 + 1, count),
            'w' => number(self.week_of_year(), count),
            'W' => number(self.week(self.day()), count),
            'a' => nth(locale.halves, half).into(),
            'B' => locale.period((hour * 60 + minute) as u16, length(count)).into(),
            'H' => number(hour, count),
            'k' => number(if hour == 0 { 24 } else { hour }, count),
            'K' => number(hour % 12, count),
            'h' => number((hour + 11) % 12 + 1, count),
            'm' => number(minute, count),
            's' => number(i64::from(civil.second()), count),
            'S' => format!("{nanosecond:09}").chars().take(count).collect::<String>().into(),
            'A' => number(second_of_day * 1000 + nanosecond / 1_000_000, count),
            'n' => number(nanosecond, count),
            'N' => number(second_of_day * 1_000_000_000 + nanosecond, count),
            'g' => number(self.epoch_day + JULIAN_EPOCH, count),
            _ => self.zone(letter, count).into(),
        }
    }

    /// UTC as the letters of a zone or an offset print it.
    fn zone(&self, letter: char, count: usize) -> &'static str {
        let [short, full] = self.locale.zone;
        match (letter, count) {
            ('V', _) => "UTC",
            ('z' | 'v', 4) => full,
            ('z' | 'v', _) => short,
            ('O', _) | ('Z', 4) => self.locale.gmt,
            ('X', _) | ('Z', 5) => "Z",
            ('x', 1) => "+00",
            ('x', 3 | 5) => "+00:00",
            _ => "+0000",
        }
    }

    fn year(&self) -> i64 {
        self.civil.year().into()
    }

    fn month(&self) -> i64 {
        self.civil.month().into()
    }

    fn day(&self) -> i64 {
        self.civil.day().into()
    }

    fn day_of_year(&self) -> i64 {
        self.civil.day_of_year().into()
    }

    /// 0 for Monday.
    fn weekday_index(&self) -> usize {
        usize::try_from(self.civil.weekday().to_monday_zero_offset()).unwrap_or_default()
    }

    /// The day of the week, counted from the language's first one.
    fn day_of_week(&self) -> i64 {
        (i64::from(self.civil.weekday().to_monday_one_offset()) - self.locale.first_day).rem_euclid(7) + 1
    }

    /// Where the weeks of a period begin, of which this is day `day` from 1: such that [`week_at`] counts them.
    fn offset(&self, day: i64) -> i64 {
        let begun = (day - self.day_of_week()).rem_euclid(7);
        if begun + 1 > self.locale.least_days { 7 - begun } else { -begun }
    }

    /// The week of a period of which this is day `day` from 1; 0 before its first week.
    fn week(&self, day: i64) -> i64 {
        week_at(self.offset(day), day)
    }

    /// The week after this year's last one.
    fn next_years_week(&self) -> i64 {
        let days = i64::from(self.civil.days_in_year());
        week_at(self.offset(self.day_of_year()), days + self.locale.least_days)
    }

    /// The year that the week belongs to.
    fn week_year(&self) -> i64 {
        match self.week(self.day_of_year()) {
            0 => self.year() - 1,
            week if week >= self.next_years_week() => self.year() + 1,
            _ => self.year(),
        }
    }

    /// The week of the year that it belongs to.
    fn week_of_year(&self) -> i64 {
        match self.week(self.day_of_year()) {
            0 => {
                // The last week of the year before: this day counted on from that year's first.
                let before = i64::from(days_in_year(self.year() - 1));
                self.week(self.day_of_year() + before)
            }
            week if week >= self.next_years_week() => week - self.next_years_week() + 1,
            week => week,
        }
    }
}

fn week_at(offset: i64, day: i64) -> i64 {
    (7 + offset + day - 1) / 7
}

fn days_in_year(year: i64) -> u16 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    if leap { 366 } else { 365 }
}

fn length(count: usize) -> Length {
    match count {
        4 => Length::Full,
        5 => Length::Narrow,
        _ => Length::Short,
    }
}

fn name(lists: [&'static str; 3], count: usize, index: usize) -> Cow<'static, str> {
    nth(length(count).of(lists), index).into()
}

/// A month or quarter: a number for one or two letters, else its name.
fn numbered(value: i64, lists: [&'static str; 3], count: usize) -> Cow<'static, str> {
    match count {
        1 | 2 => number(value, count),
        _ => name(lists, count, usize::try_from(value - 1).unwrap_or_default()),
    }
}

/// Two letters are the last two digits of a year.
fn year(value: i64, count: usize) -> Cow<'static, str> {
    if count == 2 { number(value.abs() % 100, 2) } else { number(value, count) }
}

/// A number with at least so many digits.
fn number(value: i64, digits: usize) -> Cow<'static, str> {
    let sign = if value < 0 { "-" } else { "" };
    format!("{sign}{:0>digits$}", value.unsigned_abs()).into()
}
