//! Calls of filters and functions: their names, and arguments that are checked by what the tables declare.

use std::ops::Range;

use super::{Chain, Compiler, clip};
use crate::problem::{Code, did_you_mean};
use crate::template::call::{self, Kind, Parameter};
use crate::template::expression::{Call, Part};
use crate::template::filters::{self, FILTERS, Filter, Gives, Run};
use crate::template::program::{Argument, Instruction, Span};

impl Compiler<'_> {
    /// Applies filters to the current value.
    pub(super) fn filters(&mut self, calls: &[Call<'_>]) -> Chain {
        let mut chain = Chain::default();
        let mut shortening = Shortening::default();
        for call in calls {
            if let Some(row) = self.filter(call, &mut shortening) {
                chain.safe |= row.name == "safe";
                chain.last = Some(if unchecked(call) { Gives::Any } else { row.gives });
            }
        }
        if let Some(name) = shortening.pending {
            self.alone(name);
        }
        chain
    }

    fn filter(&mut self, call: &Call<'_>, shortening: &mut Shortening) -> Option<&'static Filter> {
        let name = call.name.text;
        let Some((index, row)) = filters::find(name) else {
            self.unknown_filter(call.name);
            return None;
        };
        let (first, count) = self.arguments(call, row.parameters, row.documentation, row.example.0)?;
        let argument = self.program.arguments.get(first as usize).copied();
        match row.run {
            Run::Side(side) => shortening.side = Some(self.intern(side)),
            Run::Ellipsis => shortening.ellipsis = argument,
            Run::Pure(_) | Run::Drawing(_) => {
                let count = if name == "abbreviate" {
                    self.shorten(std::mem::take(shortening), count)
                } else {
                    count
                };
                self.emit(Instruction::Filter { filter: index as u16, count: count as u16, first });
                if let Some(name) = shortening.pending.take() {
                    self.alone(name);
                }
                return Some(row);
            }
        }
        shortening.pending = Some((call.name.range(), row.name));
        Some(row)
    }

    /// What `abbr-…` said becomes arguments of the `abbreviate` that follows: max, width, side, ellipsis.
    fn shorten(&mut self, shortening: Shortening, count: u32) -> u32 {
        let nothing = Argument::Text(Span { start: 0, end: 0 });
        if shortening.pending.is_none() {
            return count;
        }
        if count == 1 {
            self.program.arguments.push(nothing);
        }
        self.program.arguments.push(shortening.side.map_or(nothing, Argument::Text));
        self.program.arguments.extend(shortening.ellipsis);
        if shortening.ellipsis.is_some() { 4 } else { 3 }
    }

    fn alone(&mut self, (range, name): (Range<usize>, &'static str)) {
        let message = format!("`{name}` does nothing where no `abbreviate` follows it");
        if let Some(note) = self.error(Code::FILTER_ARGUMENTS, range, message) {
            note.help = Some("write `abbreviate` just after it, as in `abbr-left|abbreviate:20`".to_owned());
        }
    }

    /// The arguments of a call as a range of the program's; what is wrong with them is noted.
    pub(super) fn arguments(
        &mut self,
        call: &Call<'_>,
        parameters: &[Parameter],
        documentation: &str,
        example: &str,
    ) -> Option<(u32, u32)> {
        let name = call.name.text;
        let count = call.arguments.len();
        let (least, most) = call::counts(parameters);
        if !(least..=most).contains(&count) {
            let end = call.arguments.last().map_or(call.name.range().end, |last| last.range().end);
            let message = format!("`{}` has {}", clip(name), plural(count));
            if let Some(note) = self.error(Code::FILTER_ARGUMENTS, call.name.start..end, message) {
                note.expected = Some(match (least, most) {
                    (0, 0) => "no arguments".to_owned(),
                    (least, most) if least == most => plural(least),
                    (least, call::MOST_ARGUMENTS) => format!("{} or more", plural(least)),
                    (least, most) => format!("{least} to {}", plural(most)),
                });
                let signature = call::signature(name, parameters);
                note.help = Some(format!("write `{signature}`, as in `{example}`: {documentation}"));
            }
            return None;
        }
        let mut wrong = false;
        let arguments: Vec<Argument> = call
            .arguments
            .iter()
            .enumerate()
            .map(|(index, part)| {
                let argument = self.argument(*part);
                if let (Argument::Text(_), Some(parameter)) = (argument, call::parameter(parameters, index)) {
                    wrong |= !self.fits_parameter(*part, parameter, name);
                }
                argument
            })
            .collect();
        let first = self.program.arguments.len() as u32;
        self.program.arguments.extend(arguments);
        (!wrong).then_some((first, count as u32))
    }

    /// False, and noted, for an argument that is written in the template and cannot be used.
    pub(super) fn fits_parameter(&mut self, part: Part<'_>, parameter: Parameter, name: &str) -> bool {
        let text = part.unquoted().unwrap_or(part.text);
        let Some(misfit) = call::misfit(parameter.kind, text) else {
            return true;
        };
        let message = match misfit.reason {
            Some(reason) => format!("the {} of `{}` cannot be used: {reason}", parameter.name, clip(name)),
            None => format!("`{}` cannot be the {} of `{}`", clip(text), parameter.name, clip(name)),
        };
        if matches!(parameter.kind, Kind::Language | Kind::FakeLanguage) {
            if let Some(note) = self.warning(Code::UNKNOWN_LANGUAGE, part.range(), message) {
                note.expected = misfit.expected;
                let help = match parameter.kind {
                    Kind::Language => "English is used; put quotes around a pattern that holds a colon",
                    _ => "English is used",
                };
                note.help = Some(help.to_owned());
            }
            return true;
        }
        let meant = match parameter.kind {
            Kind::OneOf(words) => did_you_mean(text, words.iter().copied()),
            _ => None,
        };
        // The place inside the text, which begins behind a quote.
        let range = match misfit.at {
            0 => part.range(),
            at => {
                let quote = usize::from(text.len() < part.text.len());
                part.start + quote + at..part.range().end
            }
        };
        if let Some(note) = self.error(Code::FILTER_ARGUMENTS, range, message) {
            note.expected = misfit.expected;
            note.help = meant.map(|meant| format!("did you mean `{meant}`?"));
        }
        false
    }

    fn unknown_filter(&mut self, name: Part<'_>) {
        if name.text.is_empty() {
            let range = name.start.saturating_sub(1)..name.start;
            if let Some(note) =
                self.error(Code::TEMPLATE_SYNTAX, range, "no filter follows this `|`".to_owned())
            {
                note.expected = Some("a filter's name".to_owned());
            }
            return;
        }
        if name.text.ends_with(char::is_whitespace) {
            let message = "no white space stands before the colon of an argument";
            self.error(Code::UNKNOWN_FILTER, name.range(), message.to_owned());
            return;
        }
        let message = format!("there is no filter `{}`", clip(name.text));
        let meant = did_you_mean(name.text, FILTERS.iter().map(|row| row.name));
        if let Some(note) = self.error(Code::UNKNOWN_FILTER, name.range(), message) {
            note.help = Some(next_step(meant));
        }
    }

    fn argument(&mut self, part: Part<'_>) -> Argument {
        let text = part.unquoted().unwrap_or(part.text);
        let span = self.intern(text);
        match text.strip_prefix('@').filter(|path| !path.is_empty()) {
            Some(path) => match self.known_variable(path) {
                Some(variable) => Argument::Variable(variable, span),
                None => Argument::Text(span),
            },
            None => Argument::Text(span),
        }
    }
}

/// What to do about a filter or tag that is not known.
pub(super) fn next_step(meant: Option<&str>) -> String {
    match meant {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => "take one of those that docs/templates.md lists, or leave it out".to_owned(),
    }
}

/// What filters said of the `abbreviate` that has to follow.
#[derive(Default)]
struct Shortening {
    side: Option<Span>,
    ellipsis: Option<Argument>,
    /// The last of those filters, until an `abbreviate` takes them.
    pending: Option<(Range<usize>, &'static str)>,
}

/// True for `email:false` and `phone:false`: a link that is made of any text is no markup to rely on.
fn unchecked(call: &Call<'_>) -> bool {
    let is_false = |part: &Part<'_>| part.unquoted().unwrap_or(part.text) == "false";
    matches!(call.name.text, "email" | "phone") && call.arguments.iter().any(is_false)
}

fn plural(arguments: usize) -> String {
    match arguments {
        0 => "no arguments".to_owned(),
        1 => "1 argument".to_owned(),
        _ => format!("{arguments} arguments"),
    }
}
