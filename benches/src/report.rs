//! Numbers to tables: medians, spreads, and Markdown that fits `docs/performance.md`.

use std::fmt;

/// What repeated measurements gave.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Spread {
    /// The middle one; the mean of the two in the middle when there is an even number.
    pub(crate) median: f64,
    /// The lowest.
    pub(crate) min: f64,
    /// The highest.
    pub(crate) max: f64,
}

impl Spread {
    /// Of no measurements it is zero throughout.
    pub(crate) fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        let middle = values.len() / 2;
        let at = |index: usize| values.get(index).copied().unwrap_or_default();
        let median = match values.len() % 2 {
            0 => (at(middle.saturating_sub(1)) + at(middle)) / 2.0,
            _ => at(middle),
        };
        let min = values.first().copied().unwrap_or_default();
        Self { median, min, max: values.last().copied().unwrap_or_default() }
    }
}

/// With the precision of the format, two digits if it has none: `1.05 (1.03 to 1.09)`.
impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = f.precision().unwrap_or(2);
        let Self { median, min, max } = self;
        write!(f, "{median:.digits$} ({min:.digits$} to {max:.digits$})")
    }
}

/// What a median must not pass.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Aim {
    /// The most it may be.
    pub(crate) most: f64,
    /// What follows the number: a unit, with a space before it; empty for ratios.
    pub(crate) unit: &'static str,
}

impl Aim {
    /// A ratio's aim.
    pub(crate) fn ratio(most: f64) -> Self {
        Self { most, unit: "" }
    }

    /// How `median` stands to it.
    pub(crate) fn judge(self, median: f64) -> String {
        let verdict = if median <= self.most { "met" } else { "missed" };
        // Aims are written with the digits that they have: 1.1 is 1.10, 60 is 60.
        let digits = if self.most.fract() == 0.0 { 0 } else { 2 };
        format!("<= {:.digits$}{}: {verdict}", self.most, self.unit)
    }
}

/// A Markdown table that grows row by row.
#[derive(Debug)]
pub(crate) struct Table<const COLUMNS: usize> {
    rows: Vec<[String; COLUMNS]>,
}

impl<const COLUMNS: usize> Table<COLUMNS> {
    /// A table with these column names.
    pub(crate) fn new(names: [&str; COLUMNS]) -> Self {
        Self {
            rows: vec![names.map(str::to_owned), [const { String::new() }; COLUMNS].map(|_| "---".into())],
        }
    }

    /// Adds a row.
    pub(crate) fn push(&mut self, row: [String; COLUMNS]) {
        self.rows.push(row);
    }
}

impl<const COLUMNS: usize> fmt::Display for Table<COLUMNS> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.rows.iter().try_for_each(|row| writeln!(f, "| {} |", row.join(" | ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn median_is_the_middle_one() {
        let cases: [(&[f64], f64, f64, f64); 4] = [
            (&[], 0.0, 0.0, 0.0),
            (&[2.0], 2.0, 2.0, 2.0),
            (&[9.0, 1.0, 2.0], 2.0, 1.0, 9.0),
            (&[4.0, 1.0, 2.0, 8.0], 3.0, 1.0, 8.0),
        ];
        for (values, median, min, max) in cases {
            assert_eq!(Spread::of(values.iter().copied()), Spread { median, min, max }, "{values:?}");
        }
    }

    #[test]
    fn aim_is_met_by_its_own_number() {
        assert_eq!(Aim::ratio(1.1).judge(1.1), "<= 1.10: met");
        assert_eq!(Aim { most: 60.0, unit: " us" }.judge(60.1), "<= 60 us: missed");
    }

    #[test]
    fn table_is_markdown() {
        let mut table = Table::new(["load", "ratio"]);
        table.push(["W1".into(), Spread::of([1.0, 1.25]).to_string()]);
        assert_eq!(table.to_string(), "| load | ratio |\n| --- | --- |\n| W1 | 1.12 (1.00 to 1.25) |\n");
    }
}
