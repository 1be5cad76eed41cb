//! Regular expressions of `match` and `search` (RFC 9485), which cost no more than a limit tells.

use std::collections::HashMap;

use regex::{Regex, RegexBuilder};

use super::compare::Plain;
use super::find::Finder;
use super::path::{Match, Operand, Query, Selector, Test};
use crate::template::value::{Meter, Stop, Value};

/// The longest pattern in bytes.
const LONGEST_PATTERN: usize = 1 << 10;
/// The most memory that a pattern is made into.
const PATTERN_BYTES: usize = 256 << 10;
/// How many patterns are kept of each kind.
const MOST_PATTERNS: usize = 16;
/// The steps for making a pattern: a short one with classes of Unicode takes some milliseconds.
const PATTERN_STEPS: usize = 2000;

impl<'a> Finder<'a, '_> {
    /// True when the text matches the pattern; false also when one is no text or the pattern is none.
    pub(super) fn matches(&mut self, this: &Match, current: &Value<'a>) -> Result<bool, Stop> {
        let (Some(text), Some(pattern)) =
            (self.operand(&this.text, current)?, self.operand(&this.pattern, current)?)
        else {
            return Ok(false);
        };
        let (Plain::Text(text), Plain::Text(pattern)) = (Plain::of(&text), Plain::of(&pattern)) else {
            return Ok(false);
        };
        // A search can take much longer than reading.
        self.meter.step(text.len().div_ceil(8))?;
        let made = self.patterns.made(pattern, this.whole, self.meter)?;
        Ok(made.is_some_and(|made| made.is_match(text)))
    }
}

/// Patterns that were made for one run of a path; none for what is no pattern.
#[derive(Default)]
pub(super) struct Patterns {
    whole: HashMap<Box<str>, Option<Regex>>,
    part: HashMap<Box<str>, Option<Regex>>,
}

impl Patterns {
    fn made(&mut self, pattern: &str, whole: bool, meter: &mut Meter) -> Result<Option<&Regex>, Stop> {
        meter.read(pattern.len())?;
        let known = if whole { &mut self.whole } else { &mut self.part };
        if !known.contains_key(pattern) {
            meter.step(PATTERN_STEPS)?;
            // Few are kept, since each may be large.
            if known.len() == MOST_PATTERNS {
                known.clear();
            }
            known.insert(pattern.into(), make(pattern, whole).ok());
        }
        Ok(known.get(pattern).and_then(Option::as_ref))
    }
}

/// Where the first literal pattern stands that is none, and why.
pub(super) fn first_broken_pattern(query: &Query) -> Option<(usize, String)> {
    let selectors = query.segments.iter().flat_map(|segment| &segment.selectors);
    selectors
        .filter_map(|selector| if let Selector::Filter(test) = selector { Some(test) } else { None })
        .find_map(broken_pattern_of_test)
}

fn broken_pattern_of_test(test: &Test) -> Option<(usize, String)> {
    match test {
        Test::Any(tests) | Test::All(tests) => tests.iter().find_map(broken_pattern_of_test),
        Test::Not(test) => broken_pattern_of_test(test),
        Test::Exists(query) => first_broken_pattern(query),
        Test::Compare(left, _, right) => [left, right].into_iter().find_map(broken_pattern_of_operand),
        Test::Match(this) => {
            let inside = [&this.text, &this.pattern].into_iter().find_map(broken_pattern_of_operand);
            let own = || match &this.pattern {
                Operand::Literal(value) => match Plain::of(value) {
                    Plain::Text(pattern) => {
                        make(pattern, this.whole).err().map(|reason| (this.place, reason))
                    }
                    _ => Some((this.place, "a pattern has to be a text".to_owned())),
                },
                _ => None,
            };
            inside.or_else(own)
        }
    }
}

fn broken_pattern_of_operand(operand: &Operand) -> Option<(usize, String)> {
    match operand {
        Operand::Literal(_) => None,
        Operand::Length(inner) => broken_pattern_of_operand(inner),
        Operand::Query(query) | Operand::Count(query) | Operand::Value(query) => first_broken_pattern(query),
    }
}

/// Makes a pattern of RFC 9485, or of the larger language of `regex`; else says why it is none.
fn make(pattern: &str, whole: bool) -> Result<Regex, String> {
    if pattern.len() > LONGEST_PATTERN {
        return Err(format!("a pattern has at most {LONGEST_PATTERN} bytes"));
    }
    let pattern = with_dots(pattern);
    let pattern = if whole { format!("^(?:{pattern})$") } else { pattern };
    let made = RegexBuilder::new(&pattern)
        .size_limit(PATTERN_BYTES)
        .dfa_size_limit(PATTERN_BYTES)
        .nest_limit(50)
        .build();
    made.map_err(|error| {
        // The last line of a syntax error tells what is wrong, the others draw the place.
        let text = error.to_string();
        let reason = text.lines().next_back().unwrap_or(&text);
        format!("the pattern is no regular expression: {}", reason.trim_start_matches("error: "))
    })
}

/// The pattern with a dot that stands for neither line feed nor carriage return (RFC 9485, section 5.3).
fn with_dots(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len());
    let (mut escaped, mut in_class) = (false, false);
    for character in pattern.chars() {
        match character {
            '.' if !escaped && !in_class => out.push_str("[^\\n\\r]"),
            _ => out.push(character),
        }
        match character {
            '[' if !escaped => in_class = true,
            ']' if !escaped => in_class = false,
            _ => {}
        }
        escaped = character == '\\' && !escaped;
    }
    out
}
