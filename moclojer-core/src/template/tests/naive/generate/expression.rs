//! Random conditions, values, filters and their arguments.

use super::super::super::super::call::{self, Kind, MOST_ARGUMENTS};
use super::super::super::super::filters::{self, FILTERS, Filter, Run};
use super::{Open, Tape};

impl Tape<'_> {
    pub(super) fn condition(&mut self) -> String {
        let mut text = self.term();
        while self.rarely(3) {
            text = text + self.one(&[" and ", " or "]) + &self.term();
        }
        text
    }

    fn term(&mut self) -> String {
        let not = if self.rarely(5) { "not " } else { "" };
        let term = match self.below(9) {
            0..=2 => self.side(),
            3 => "any ".to_owned() + &self.joined(1, 3, " ", Self::side),
            4 => "all ".to_owned() + &self.joined(1, 3, " ", Self::side),
            5..=6 => {
                let left = self.side();
                format!("{left} {} {}", self.one(&["=", "!="]), self.side())
            }
            _ => {
                let left = self.ordered();
                format!("{left} {} {}", self.one(&["<", ">", "<=", ">="]), self.ordered())
            }
        };
        not.to_owned() + &term
    }

    /// A side of a comparison.
    pub(super) fn side(&mut self) -> String {
        match self.below(5) {
            0..=2 => self.expression(),
            _ => self
                .one(&[
                    "3",
                    "10",
                    "-0.5",
                    ".5",
                    "70.5",
                    "\"10\"",
                    ":a",
                    "\"false\"",
                    "\" 3\"",
                    "\"\"",
                    "true",
                    "2|add:1",
                ])
                .to_owned(),
        }
    }

    /// A side of `<` and the like, mostly a number.
    fn ordered(&mut self) -> String {
        if self.rarely(9) {
            return self.side();
        }
        let often =
            ["n", "1", "10", "-0.5", "xs|count", "forloop.counter", "e", "gone", "nul", "\"10\"", "70.5"];
        self.one(&often).to_owned()
    }

    /// What a `sum` takes.
    pub(super) fn summand(&mut self) -> String {
        if !self.rarely(6) {
            let often = [
                "\\10",
                "\\2.5",
                "n",
                "n",
                "xs.0",
                "xs|count",
                "n|int",
                "forloop.counter",
                "s|count",
                "\\-3",
            ];
            return self.one(&often).to_owned();
        }
        let value = self.expression();
        if value.starts_with(|first: char| first.is_ascii_digit()) { format!("\\{value}") } else { value }
    }

    /// A value with up to two filters: one word of a tag.
    pub(super) fn expression(&mut self) -> String {
        let mut text = self.operand();
        while self.rarely(3) {
            text = text + self.one(&["|", "|", " | ", "\n|", "| "]) + &self.filter();
        }
        text
    }

    fn operand(&mut self) -> String {
        if self.rarely(8) {
            let literals = [
                "\"\"",
                "\"a|b:c\"",
                "\"a b\"",
                "\"<i>\"",
                "\"{{\"",
                "\"in\"",
                "\"=\"",
                "\"back\\slash\"",
                "3",
                "007",
                "\"10\"",
                "\"é😀b\"",
            ];
            return self.one(&literals).to_owned();
        }
        if self.rarely(2)
            && let Some(at) = self.open.len().checked_sub(1).map(|last| last - self.below(self.open.len()))
        {
            return self.open_name(at);
        }
        let first = match self.below(33) {
            0..=19 => self.one(&[
                "a",
                "b",
                "n",
                "s",
                "xs",
                "m",
                "ls",
                "x",
                "e",
                "nul",
                "xs.length",
                "ls[0][1]",
                "ls[1][0]",
            ]),
            20..=25 => self.one(&[
                "this",
                "@index",
                "@key",
                "@first",
                "@last",
                "x..y",
                "user-name",
                "now",
                "gone",
                "length",
            ]),
            26..=31 => self.one(&[
                "forloop",
                "forloop.first",
                "forloop.last",
                "forloop.counter",
                "forloop.counter0",
                "forloop.revcounter",
                "forloop.revcounter0",
                "forloop.length",
                "forloop.parentloop.counter",
                "forloop.parentloop",
                "forloop.parentloop.parentloop.last",
                "forloop.previous.x",
                "forloop.previous.y",
                "forloop.previous.this",
                "forloop.parentloop.previous.x",
                "forloop.gone",
            ]),
            // These are whole.
            _ => return self.one(&[".", "a.", "-3", "4.2", "a[]", "true"]).to_owned(),
        };
        let keys = [".0", ".1", "[0]", "[1]", ".a", ".b", ".n", ".x..y", ".length", ".99", ".user-name"];
        let mut text = first.to_owned();
        while self.rarely(3) {
            text += self.one(&keys);
        }
        text
    }

    /// What the loop or `with` at `at` gives.
    fn open_name(&mut self, at: usize) -> String {
        const FIELDS: [&str; 10] = [
            "forloop.first",
            "forloop.last",
            "forloop.counter",
            "forloop.counter0",
            "forloop.revcounter",
            "forloop.revcounter0",
            "forloop.length",
            "forloop.parentloop.counter",
            "forloop.parentloop",
            "forloop.parentloop.previous.x",
        ];
        let (own, names): (_, &[&str]) = match self.open[at] {
            Open::For(names) => (self.below(4), names),
            Open::Each => (
                self.below(4),
                &["this", ".", "@index", "@key", "@first", "@last", "a", "b", "n", "this.a", "0", "length"],
            ),
            Open::With(names) => (0, names),
        };
        match own {
            0..=1 => self.one(names).to_owned() + self.one(&["", "", "", ".a", ".0", ".length"]),
            2 => format!("forloop.previous.{}", self.one(&[names[0], names[names.len() - 1], "this"])),
            _ => self.one(&FIELDS).to_owned(),
        }
    }

    /// A call of any filter without chance, of some more often.
    fn filter(&mut self) -> String {
        const COMMON: [&str; 18] = [
            "upper",
            "json",
            "default",
            "add",
            "safe",
            "default",
            "add",
            "upper",
            "json",
            "capitalize",
            "safe",
            "count",
            "first",
            "last",
            "join",
            "int",
            "replace",
            "bool",
        ];
        let pure = || FILTERS.iter().filter(|row| matches!(row.run, Run::Pure(_)));
        let (before, name) = match self.below(13) {
            0..=9 => ("", self.one(&COMMON)),
            10..=11 => {
                let at = self.below(pure().count());
                ("", pure().nth(at).map_or("json", |row| row.name))
            }
            _ => {
                let sides = [
                    "abbr-left|",
                    "abbr-middle|",
                    "abbr-right|",
                    "abbr-ellipsis:\"[..]\"|",
                    "abbr-left|abbr-ellipsis:@s|",
                ];
                (self.one(&sides), "abbreviate")
            }
        };
        match filters::find(name) {
            Some((_, row)) => self.call(before, row),
            None => name.to_owned(),
        }
    }

    /// A call with as many arguments as the filter takes.
    fn call(&mut self, before: &str, row: &Filter) -> String {
        let (least, most) = call::counts(row.parameters);
        let most = if most == MOST_ARGUMENTS { least + 2 } else { most };
        let count = least + self.below(most - least + 1);
        let mut text = format!("{before}{}", row.name);
        for parameter in (0..count).filter_map(|index| call::parameter(row.parameters, index)) {
            text.extend([":", self.argument(parameter.kind)]);
        }
        text
    }

    /// An argument: mostly one that is written, else one of the context.
    fn argument(&mut self, kind: Kind) -> &'static str {
        if self.rarely(5) {
            let context = [
                "@n",
                "@s",
                "@x",
                "@a",
                "@gone",
                "@nul",
                "@forloop.counter",
                "\"@b\"",
                "@m.a",
                "@this",
                "@x..y",
            ];
            return self.one(&context);
        }
        self.one(match kind {
            Kind::Text => &[
                "a",
                "\"\"",
                "\", \"",
                "b",
                "n",
                "\"a b|c:d\"",
                "1",
                "\"10\"",
                "@",
                "\"<\"",
                "\"yyyy-MM-dd\"",
                "\"%.2f\"",
                "\"$.a\"",
                "é",
            ],
            Kind::Integer => &["1", "0", "2", "5", "\"3\"", "-1", "12"],
            Kind::Number => &["1", "2.5", "-3", "0", "\"10\""],
            Kind::Language | Kind::FakeLanguage => &["en", "de"],
            Kind::DatePattern => &["yyyy", "\"d MMM\"", "shortDate", "\"HH:mm:ss\""],
            Kind::JsonPath => &["\"$.a\"", "\"$[*]\"", "b", "\"$..a\"", "\"$[?@.a]\""],
            Kind::OneOf(words) => words,
        })
    }
}
