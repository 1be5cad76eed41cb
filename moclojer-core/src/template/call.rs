//! What a filter or function takes, declared once: the compiler checks arguments by it, the documentation
//! shows it.

use super::value::parse_number;
use super::{fakes, filters, locale};

/// What an argument has to be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    /// Any text.
    Text,
    /// An integer of 64 bits.
    Integer,
    /// A number.
    Number,
    /// A language of dates and numbers, as in `de` or `pt-BR`; another one is English, as in the original.
    Language,
    /// A language of made-up data; another one is English.
    FakeLanguage,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// A pattern of `date`.
    DatePattern,
    /// A JSONPath.
    JsonPath,
}

/// Why an argument cannot be used.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Misfit {
    /// From which of its bytes on.
    pub(super) at: usize,
    /// What is wrong, if that says more than what was expected.
    pub(super) reason: Option<String>,
    pub(super) expected: Option<String>,
}

impl Misfit {
    fn expected(what: impl Into<String>) -> Self {
        Self { expected: Some(what.into()), ..Self::default() }
    }
}

/// How often an argument stands.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Need {
    Once,
    AtMostOnce,
    OnceOrMore,
    AnyNumber,
}

/// An argument that is declared.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Parameter {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    need: Need,
}

/// The most arguments of one call.
pub(super) const MOST_ARGUMENTS: usize = 64;

/// An argument that has to be there.
pub(super) const fn one(name: &'static str, kind: Kind) -> Parameter {
    Parameter { name, kind, need: Need::Once }
}

/// An argument that may be left out.
pub(super) const fn opt(name: &'static str, kind: Kind) -> Parameter {
    Parameter { name, kind, need: Need::AtMostOnce }
}

/// One argument or more; only as the last parameter.
pub(super) const fn some(name: &'static str, kind: Kind) -> Parameter {
    Parameter { name, kind, need: Need::OnceOrMore }
}

/// Any number of arguments; only as the last parameter.
pub(super) const fn many(name: &'static str, kind: Kind) -> Parameter {
    Parameter { name, kind, need: Need::AnyNumber }
}

/// The fewest and the most arguments.
pub(super) fn counts(parameters: &[Parameter]) -> (usize, usize) {
    let least = parameters.iter().filter(|one| matches!(one.need, Need::Once | Need::OnceOrMore)).count();
    let open = parameters.last().is_some_and(|last| matches!(last.need, Need::OnceOrMore | Need::AnyNumber));
    (least, if open { MOST_ARGUMENTS } else { parameters.len() })
}

/// The parameter that the argument at `index` belongs to.
pub(super) fn parameter(parameters: &[Parameter], index: usize) -> Option<Parameter> {
    parameters.get(index).or(parameters.last()).copied()
}

/// How a call is written: `abbreviate:max[:width]`.
pub(super) fn signature(name: &str, parameters: &[Parameter]) -> String {
    let mut text = name.to_owned();
    let mut open = 0;
    for Parameter { name, need, .. } in parameters {
        match need {
            Need::Once => text.extend([":", name]),
            Need::AtMostOnce => {
                text.extend(["[:", name]);
                open += 1;
            }
            Need::OnceOrMore => text.extend([":", name, "…"]),
            Need::AnyNumber => text.extend(["[:", name, "…]"]),
        }
    }
    text + &"]".repeat(open)
}

/// What is wrong with an argument that is written in the template.
pub(super) fn misfit(kind: Kind, text: &str) -> Option<Misfit> {
    let unless = |fits: bool, what: &str| (!fits).then(|| Misfit::expected(what));
    match kind {
        Kind::Text => None,
        Kind::Integer => unless(text.trim().parse::<i64>().is_ok(), "an integer"),
        Kind::Number => unless(parse_number(text).is_some(), "a number"),
        Kind::Language => {
            let known: Vec<&str> = locale::tags().collect();
            unless(locale::find(text).is_some(), &format!("a language: {}", known.join(", ")))
        }
        Kind::FakeLanguage => unless(
            fakes::language_of(text).is_some(),
            &format!("a language: {}", fakes::LANGUAGES.join(", ")),
        ),
        Kind::OneOf(words) => unless(words.contains(&text), &words.join(", ")),
        Kind::DatePattern => {
            let reason = Some(filters::check_pattern(text).err()?);
            Some(Misfit { reason, ..Misfit::expected("a pattern, as in `yyyy-MM-dd HH:mm`, or `shortDate`") })
        }
        Kind::JsonPath => {
            let (at, reason) = filters::check_path(text).err()?;
            Some(Misfit { at, reason: Some(reason), expected: None })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_say_what_may_be_left_out() {
        let cases: [(&[Parameter], &str, (usize, usize)); 4] = [
            (&[], "x", (0, 0)),
            (&[one("max", Kind::Integer), opt("width", Kind::Integer)], "x:max[:width]", (1, 2)),
            (&[some("n", Kind::Number)], "x:n…", (1, MOST_ARGUMENTS)),
            (&[opt("a", Kind::Text), opt("b", Kind::Text)], "x[:a[:b]]", (0, 2)),
        ];
        for (parameters, written, bounds) in cases {
            assert_eq!(signature("x", parameters), written);
            assert_eq!(counts(parameters), bounds);
        }
    }
}
