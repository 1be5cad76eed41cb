//! Makes a program of a text, and tells everything that is wrong with it.
//!
//! One pass over the tokens, without recursion: open blocks stand on a stack. Here are the pass itself,
//! literal text, expressions and filters; `blocks` has the tags that divide, `lone` the others, `condition`
//! what stands in an `if`, `names` what a variable means.

mod blocks;
mod condition;
mod lone;
mod names;

use std::ops::Range;

use self::blocks::Block;
use super::call::{self, Kind, Parameter};
use super::expression::{self, Call, Part};
use super::filters::{self, FILTERS, Filter, Gives, Run};
use super::program::{Argument, Field, Instruction, LiteralId, Place, Program, Source, Span, VariableId};
use super::scan::{Markup, Scanner, Token, Unclosed};
use super::{Compiled, Mode, Names, Note, ParamKind, Piece, RequestField, Template, escape};
use crate::problem::{Code, Severity, did_you_mean};

/// The most errors that are reported, and the most warnings.
const MOST_NOTES: usize = 64;

/// Compiles a text.
pub(super) fn text(text: &str, mode: Mode, names: &Names<'_>) -> Compiled {
    // A header's text loses what it may not hold, so that it is not always what is sent.
    let kept = mode != Mode::Header || !text.bytes().any(|byte| byte.is_ascii_control());
    if let Some(program) = Program::of_text(text).filter(|_| kept) {
        return Compiled { template: Some(Template { program }), notes: Vec::new() };
    }
    let writing = match mode {
        Mode::Json => Writing::Json,
        Mode::Html => Writing::Html,
        Mode::Plain => Writing::Plain,
        Mode::Header => Writing::Header,
        Mode::Url => Writing::Url,
    };
    let mut compiler = Compiler::new(names, writing);
    if compiler.fits(text.len()) {
        compiler.body(text);
    }
    compiler.finish()
}

/// Compiles the pieces of a map or list body.
pub(super) fn pieces(pieces: &[Piece<'_>], names: &Names<'_>) -> Compiled {
    let mut compiler = Compiler::new(names, Writing::JsonText);
    let length = pieces.iter().map(|(Piece::Raw(text) | Piece::JsonText(text))| text.len()).sum();
    if compiler.fits(length) {
        for (index, piece) in pieces.iter().enumerate() {
            compiler.piece = index;
            match piece {
                Piece::Raw(text) => compiler.push_text(text, |text, out| out.push_str(text)),
                Piece::JsonText(text) => compiler.json_text(text),
            }
        }
    }
    compiler.finish()
}

/// `text`, shortened for a message.
pub(super) fn clip(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// How literal text and values are written.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Writing {
    Plain,
    Html,
    Header,
    Url,
    Json,
    /// Inside a string of a map or list body.
    JsonText,
}

/// Where the lexer of JSON stands after the text so far.
#[derive(Clone, Copy, Debug, PartialEq)]
enum JsonState {
    /// Between tokens: where a value may stand.
    Outside,
    /// Inside a string literal.
    String,
    /// There, after a backslash.
    Escape,
}

struct Compiler<'n> {
    names: &'n Names<'n>,
    writing: Writing,
    program: Program,
    /// [`Program::literals`] in the making.
    literals: Vec<String>,
    notes: Vec<Note>,
    /// How many of them are errors, and how many warnings.
    errors: usize,
    warnings: usize,
    /// Too much is wrong to go on.
    stopped: bool,
    piece: usize,
    /// The bytes of the expression or tag that is looked at.
    whole: Range<usize>,
    state: JsonState,
    /// Where the text of a URL stands.
    url: escape::UrlState,
    blocks: Vec<Block>,
    /// How many `comment` and `safe` blocks are open.
    comments: usize,
    safes: usize,
    slots_in_use: u32,
    /// Instructions before this one are complete: a jump leads behind them.
    sealed: usize,
}

/// What a chain of filters does to its value.
#[derive(Clone, Copy, Debug, Default)]
struct Chain {
    safe: bool,
    /// The value is a text of the template, and no filter changes it.
    literal: bool,
    last: Option<Gives>,
}

impl<'n> Compiler<'n> {
    fn new(names: &'n Names<'n>, writing: Writing) -> Self {
        Self {
            names,
            writing,
            program: Program::default(),
            literals: Vec::new(),
            notes: Vec::new(),
            errors: 0,
            warnings: 0,
            stopped: false,
            piece: 0,
            whole: 0..0,
            state: JsonState::Outside,
            url: escape::UrlState::default(),
            blocks: Vec::new(),
            comments: 0,
            safes: 0,
            slots_in_use: 0,
            sealed: 0,
        }
    }

    /// Spans are 32 bits wide, and an escaped text, with the sources kept for messages, is up to eight
    /// times as long.
    fn fits(&mut self, length: usize) -> bool {
        let fits = length < (1 << 28);
        if !fits {
            self.error(
                Code::TEMPLATE_TOO_LARGE,
                0..0,
                "the text is too large: 256 MiB is the most".to_owned(),
            );
        }
        fits
    }

    fn finish(mut self) -> Compiled {
        self.notes.sort_by_key(|note| (note.piece, note.range.start));
        if self.errors > 0 {
            return Compiled { template: None, notes: self.notes };
        }
        let program = &mut self.program;
        for variable in &program.variables {
            program.needs_body |= variable.source.needs_body();
            program.uses_time_or_chance |=
                matches!(variable.source, Source::Call(_) | Source::Request(RequestField::Id));
        }
        program.uses_time_or_chance |= program.code.iter().any(|instruction| {
            matches!(instruction, Instruction::Filter { filter, .. }
                if matches!(FILTERS[usize::from(*filter)].run, Run::Drawing(_)))
        });
        program.literals = self.literals.into_iter().map(String::into_boxed_str).collect();
        program.text.shrink_to_fit();
        program.code.shrink_to_fit();
        Compiled { template: Some(Template { program: self.program }), notes: self.notes }
    }

    // Notes

    fn error(&mut self, code: Code, range: Range<usize>, message: String) -> Option<&mut Note> {
        if self.comments > 0 {
            return None;
        }
        self.structural_error(code, range, message)
    }

    /// An error that counts inside a comment too.
    fn structural_error(&mut self, code: Code, range: Range<usize>, message: String) -> Option<&mut Note> {
        self.errors += 1;
        self.stopped |= self.errors >= MOST_NOTES;
        self.note(Severity::Error, code, range, message)
    }

    fn warning(&mut self, code: Code, range: Range<usize>, message: String) -> Option<&mut Note> {
        if self.comments > 0 || self.warnings >= MOST_NOTES {
            return None;
        }
        self.warnings += 1;
        self.note(Severity::Warning, code, range, message)
    }

    fn note(
        &mut self,
        severity: Severity,
        code: Code,
        range: Range<usize>,
        message: String,
    ) -> Option<&mut Note> {
        let piece = self.piece;
        // What is never closed belongs to an earlier tag.
        let inside = self.whole.start <= range.start && range.end <= self.whole.end;
        let whole = if inside { self.whole.clone() } else { range.clone() };
        self.notes.push(Note {
            severity,
            code,
            piece,
            range,
            whole,
            message,
            found: None,
            expected: None,
            help: None,
        });
        self.notes.last_mut()
    }

    // The pass

    /// All tokens of a text, whose blocks end in it.
    fn body(&mut self, text: &str) {
        let mut scanner = Scanner::new(text);
        let mut cut = false;
        while !self.stopped
            && let Some(token) = scanner.next()
        {
            match token {
                Ok(Token::Text(range)) => self.literal(&text[range]),
                Ok(Token::Expression(markup)) => {
                    self.whole = markup.whole.clone();
                    self.braces(text, &markup);
                }
                Ok(Token::Tag(markup)) => {
                    self.whole = markup.whole.clone();
                    self.tag(text, &markup, &mut scanner);
                }
                Ok(Token::Comment) => {}
                Err(unclosed) => {
                    cut |= unclosed.to_the_end;
                    self.unclosed(unclosed);
                }
            }
        }
        // What the passed over rest would have closed cannot be known.
        self.end_of_text(cut || self.stopped);
    }

    fn unclosed(&mut self, unclosed: Unclosed) {
        let Unclosed { range, closing, .. } = unclosed;
        let brace = range.len() == 3;
        let (what, help) = match closing {
            "}}" if brace => (
                "`{{` begins a template, and `}` is not its end",
                "write one brace where the text has one (`{`), or close the template with `}}`",
            ),
            "}}" => ("`{{` is never closed", "close it with `}}`, or write `{{\"{{\"}}` for two braces"),
            "%}" => ("`{%` is never closed", "close it with `%}`"),
            _ => ("`{#` is never closed", "close the comment with `#}`"),
        };
        if let Some(note) = self.structural_error(Code::TEMPLATE_SYNTAX, range, what.to_owned()) {
            note.expected = Some(format!("`{closing}`"));
            note.help = Some(help.to_owned());
        }
    }

    /// A string of a map or list body.
    fn json_text(&mut self, text: &str) {
        let single = match Scanner::new(text).next() {
            Some(Ok(Token::Expression(markup))) if markup.whole == (0..text.len()) => Some(markup),
            _ => None,
        };
        let typed = single.and_then(|markup| {
            let expression = expression::parse(Part::of(text, markup.inner.clone()).trim()).ok()?;
            let last = expression.filters.last()?;
            let typed = filters::find(last.name.text).is_some_and(|(_, row)| row.gives == Gives::JsonType);
            typed.then_some(markup)
        });
        if let Some(markup) = typed {
            self.whole = markup.whole.clone();
            self.expression(text, &markup, true);
            return;
        }
        self.push_text("\"", |text, out| out.push_str(text));
        self.body(text);
        self.push_text("\"", |text, out| out.push_str(text));
    }

    // Literal text

    /// Literal text of the template.
    fn literal(&mut self, text: &str) {
        match self.writing {
            Writing::JsonText => self.push_text(text, crate::json::escape_into),
            Writing::Header => self.push_text(text, escape::header_into),
            Writing::Json => {
                self.state = text.bytes().fold(self.state, JsonState::after);
                self.push_text(text, |text, out| out.push_str(text));
            }
            Writing::Url => {
                self.url = self.url.after(text);
                self.push_text(text, |text, out| out.push_str(text));
            }
            Writing::Plain | Writing::Html => self.push_text(text, |text, out| out.push_str(text)),
        }
    }

    /// Text to write, joined with the text just before it.
    fn push_text(&mut self, text: &str, escape: impl Fn(&str, &mut String)) {
        if text.is_empty() {
            return;
        }
        if self.open_literal().is_none() {
            let literal = LiteralId(self.literals.len() as u32);
            self.emit(Instruction::Text(literal));
            self.literals.push(String::new());
        }
        if let Some(literal) = self.literals.last_mut() {
            escape(text, literal);
        }
    }

    /// Text to refer to.
    fn intern(&mut self, text: &str) -> Span {
        let start = self.program.text.len() as u32;
        self.program.text.push_str(text);
        Span { start, end: self.program.text.len() as u32 }
    }

    // Code

    /// Appends an instruction and gives its index.
    fn emit(&mut self, instruction: Instruction) -> usize {
        self.program.code.push(instruction);
        self.program.code.len() - 1
    }

    /// The next instruction as a target of jumps.
    fn label(&mut self) -> u32 {
        self.sealed = self.program.code.len();
        self.sealed as u32
    }

    /// Sets the target of the jump at `at` to the next instruction.
    fn land(&mut self, at: usize) {
        let target = self.label();
        if let Some(
            Instruction::Jump(to)
            | Instruction::JumpIfTrue(to)
            | Instruction::JumpIfFalse(to)
            | Instruction::JumpIfAbsent(to)
            | Instruction::JumpIfBlank(to),
        ) = self.program.code.get_mut(at)
        {
            *to = target;
        }
    }

    /// From here on, failures belong to this source.
    fn place(&mut self, source: &str) {
        let span = self.intern(&clip(source));
        self.program.places.push((self.program.code.len() as u32, span));
    }

    // Expressions

    /// `{{…}}`: an expression, or a block in the spelling with `#` and `/`.
    fn braces(&mut self, text: &str, markup: &Markup) {
        let inner = Part::of(text, markup.inner.clone()).trim();
        if !self.hash_block(text, markup, inner) {
            self.expression(text, markup, false);
        }
    }

    /// Writes an expression; `typed` as JSON of its own type.
    fn expression(&mut self, text: &str, markup: &Markup, typed: bool) {
        let inner = Part::of(text, markup.inner.clone()).trim();
        if inner.text.is_empty() {
            if let Some(note) = self.error(
                Code::TEMPLATE_SYNTAX,
                markup.whole.clone(),
                "there is nothing between the braces".to_owned(),
            ) {
                note.expected = Some("a variable, as in `{{path-params.name}}`".to_owned());
            }
            return;
        }
        if self.odd_quotes(inner) {
            return;
        }
        let Some(parsed) = self.parsed(inner) else { return };
        self.place(&text[markup.whole.clone()]);
        let variable = self.variable(parsed.operand);
        let mut filters = parsed.filters.as_slice();
        if typed && filters.last().is_some_and(|last| last.name.text == "json" && last.arguments.is_empty()) {
            filters = &filters[..filters.len() - 1];
        }
        if filters.is_empty() {
            let place = match typed {
                true => Place::JsonOwn,
                false => self
                    .written(Chain { literal: self.is_literal(variable), ..Chain::default() }, &markup.whole),
            };
            self.untyped(variable, Chain::default(), place, parsed.operand);
            self.show(variable, place);
            return;
        }
        self.emit(Instruction::Load(variable));
        let chain = self.filters(filters);
        let place = if typed { Place::JsonOwn } else { self.written(chain, &markup.whole) };
        self.untyped(variable, chain, place, parsed.operand);
        self.emit(Instruction::Write(place));
    }

    /// Writes a variable, together with the literal text just before it.
    fn show(&mut self, variable: VariableId, place: Place) {
        let before = match self.open_literal() {
            Some(literal) => {
                self.program.code.pop();
                literal
            }
            None => LiteralId::NONE,
        };
        let known = self.program.variables.get(variable.0 as usize);
        let instruction = match known.map(|variable| (variable.source, variable.keys.clone())) {
            Some((Source::Slot(slot), keys)) if keys.len() == 1 => {
                self.program.fields.push(Field { before, slot, key: keys.start, place });
                Instruction::ShowField(self.program.fields.len() as u32 - 1)
            }
            _ => Instruction::Show(before, variable, place),
        };
        // Failures of what was a text of its own belong to this expression.
        if let Some((first, _)) = self.program.places.last_mut() {
            *first = (*first).min(self.program.code.len() as u32);
        }
        self.emit(instruction);
    }

    /// The literal that the last instruction writes, if the next one may join it.
    fn open_literal(&self) -> Option<LiteralId> {
        match self.program.code.last() {
            Some(Instruction::Text(literal)) if self.program.code.len() > self.sealed => Some(*literal),
            _ => None,
        }
    }

    fn is_literal(&self, variable: VariableId) -> bool {
        matches!(self.source(variable), Source::Literal(_))
    }

    /// Where the value of the expression or tag at `whole` is written.
    fn written(&mut self, chain: Chain, whole: &Range<usize>) -> Place {
        let safe = chain.safe || self.safes > 0;
        match self.writing {
            Writing::JsonText => Place::JsonString,
            Writing::Header => Place::Header,
            Writing::Plain => Place::Raw,
            Writing::Html if safe || chain.literal || chain.last == Some(Gives::Markup) => Place::Raw,
            Writing::Html => Place::Html,
            Writing::Url if safe => Place::Raw,
            Writing::Url => self.url.value(),
            Writing::Json if self.state == JsonState::Outside => Place::JsonValue,
            Writing::Json if safe => {
                self.state = JsonState::String;
                Place::Raw
            }
            Writing::Json => {
                if self.state == JsonState::Escape
                    && let Some(note) = self.error(
                        Code::TEMPLATE_SYNTAX,
                        whole.clone(),
                        "a backslash stands just before a template inside a JSON string".to_owned(),
                    )
                {
                    note.help = Some("write two backslashes for one, or leave it out".to_owned());
                }
                self.state = JsonState::String;
                Place::JsonString
            }
        }
    }

    /// Warns of a text where a JSON value stands: an untyped one of the request, or a function's.
    fn untyped(&mut self, variable: VariableId, chain: Chain, place: Place, operand: Part<'_>) {
        let fits = self.safes > 0 || chain.safe || matches!(chain.last, Some(Gives::Json | Gives::JsonType));
        if fits || place != Place::JsonValue {
            return;
        }
        let what = match self.source(variable) {
            Source::PathParam(_, ParamKind::Text)
            | Source::QueryParam(_, ParamKind::Text)
            | Source::Header(_)
            | Source::FormParam(_)
            | Source::Cookie(_) => "is a text of any kind",
            Source::Call(call) if self.gives_text(call) => "is a text",
            _ => return,
        };
        let message = format!("`{}` {what}, and a JSON value stands here", clip(operand.text));
        if let Some(note) = self.warning(Code::NOT_JSON_VALUE, operand.range(), message) {
            note.help = Some(
                "put quotes around it, declare its type, or end it with `|json`, `|int`, `|float` or `|bool`"
                    .to_owned(),
            );
        }
    }

    fn gives_text(&self, call: u32) -> bool {
        self.program.calls.get(call as usize).is_some_and(|call| call.function.gives == Gives::Any)
    }

    /// Reports quotes that are not paired.
    fn odd_quotes(&mut self, part: Part<'_>) -> bool {
        let Some(range) = part.odd_quote() else {
            return false;
        };
        if let Some(note) =
            self.error(Code::TEMPLATE_SYNTAX, range, "this quote has no second one".to_owned())
        {
            note.help =
                Some("a text stands between two `\"`, and cannot hold one or the closing braces".to_owned());
        }
        true
    }

    fn parsed<'t>(&mut self, part: Part<'t>) -> Option<expression::Expression<'t>> {
        match expression::parse(part) {
            Ok(parsed) => Some(parsed),
            Err(range) => {
                let message = format!("more than {} filters or arguments", expression::MOST_FILTERS);
                self.error(Code::TEMPLATE_TOO_LARGE, range, message);
                None
            }
        }
    }

    fn source(&self, variable: VariableId) -> Source {
        self.program.variables.get(variable.0 as usize).map_or(Source::Nothing, |variable| variable.source)
    }

    // Filters

    /// Applies filters to the current value.
    fn filters(&mut self, calls: &[Call<'_>]) -> Chain {
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
    fn arguments(
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
    fn fits_parameter(&mut self, part: Part<'_>, parameter: Parameter, name: &str) -> bool {
        let text = part.unquoted().unwrap_or(part.text);
        let Some(misfit) = call::misfit(parameter.kind, text) else {
            return true;
        };
        let message = match misfit.reason {
            Some(reason) => format!("the {} of `{}` cannot be used: {reason}", parameter.name, clip(name)),
            None => format!("`{}` is no {} for `{}`", clip(text), parameter.name, clip(name)),
        };
        if matches!(parameter.kind, Kind::Language | Kind::FakeLanguage) {
            if let Some(note) = self.warning(Code::UNKNOWN_LANGUAGE, part.range(), message) {
                note.expected = misfit.expected;
                note.help =
                    Some("English is used; put quotes around a pattern that holds a colon".to_owned());
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
            note.help = meant.map(|meant| format!("did you mean `{meant}`?"));
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

impl JsonState {
    fn after(self, byte: u8) -> Self {
        match (self, byte) {
            (Self::Outside, b'"') | (Self::Escape, _) => Self::String,
            (Self::String, b'"') => Self::Outside,
            (Self::String, b'\\') => Self::Escape,
            (state, _) => state,
        }
    }
}

impl Source {
    fn needs_body(&self) -> bool {
        matches!(
            self,
            Self::Json
                | Self::FormParam(_)
                | Self::Whole(super::Root::FormParams)
                | Self::Request(RequestField::Body)
        )
    }
}
