//! Makes a program of a text, and tells everything that is wrong with it.
//!
//! One pass over the tokens, without recursion: open blocks stand on a stack. Here are the pass itself,
//! literal text, expressions and filters; `blocks` has the tags, `condition` what stands in an `if`,
//! `names` what a variable means.

mod blocks;
mod condition;
mod names;

use std::ops::Range;

use self::blocks::Block;
use super::expression::{self, Call, Part};
use super::filters::{FILTERS, FILTERS_TO_COME, Gives};
use super::program::{Argument, Instruction, Place, Program, Source, Span, VariableId};
use super::scan::{Markup, Scanner, Token, Unclosed};
use super::{Compiled, Mode, Names, Note, ParamKind, Piece, Template, escape};
use crate::problem::{Code, Severity, did_you_mean};

/// The most errors that are reported, and the most warnings.
const MOST_NOTES: usize = 64;

/// Compiles a text.
pub(super) fn text(text: &str, mode: Mode, names: &Names<'_>) -> Compiled {
    if let Some(program) = Program::literal(text) {
        return Compiled { template: Some(Template { program }), notes: Vec::new() };
    }
    let writing = match mode {
        Mode::Json => Writing::Json,
        Mode::Html => Writing::Html,
        Mode::Plain => Writing::Plain,
        Mode::Header => Writing::Header,
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
    notes: Vec<Note>,
    /// How many of them are errors, and how many warnings.
    errors: usize,
    warnings: usize,
    /// Too much is wrong to go on.
    stopped: bool,
    piece: usize,
    state: JsonState,
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
    last: Option<Gives>,
}

impl<'n> Compiler<'n> {
    fn new(names: &'n Names<'n>, writing: Writing) -> Self {
        Self {
            names,
            writing,
            program: Program::default(),
            notes: Vec::new(),
            errors: 0,
            warnings: 0,
            stopped: false,
            piece: 0,
            state: JsonState::Outside,
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
            program.uses_time_or_chance |= matches!(variable.source, Source::Function(_));
        }
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
        self.notes.push(Note {
            severity,
            code,
            piece,
            range,
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
                Ok(Token::Expression(markup)) => self.braces(text, &markup),
                Ok(Token::Tag(markup)) => self.tag(text, &markup, &mut scanner),
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
            let typed = filter(last.name.text).is_some_and(|(_, row)| row.gives == Gives::JsonType);
            typed.then_some(markup)
        });
        if let Some(markup) = typed {
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
            Writing::Plain | Writing::Html => self.push_text(text, |text, out| out.push_str(text)),
        }
    }

    /// Text to write, joined with the text just before it.
    fn push_text(&mut self, text: &str, escape: impl Fn(&str, &mut String)) {
        let start = self.program.text.len() as u32;
        escape(text, &mut self.program.text);
        let end = self.program.text.len() as u32;
        if start == end {
            return;
        }
        let open = self.program.code.len() > self.sealed;
        if open
            && let Some(Instruction::Text(last)) = self.program.code.last_mut()
            && last.end == start
        {
            last.end = end;
            return;
        }
        self.emit(Instruction::Text(Span { start, end }));
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
            | Instruction::JumpIfAbsent(to),
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
            let place =
                if typed { Place::JsonOwn } else { self.written(Chain::default(), Some(variable), markup) };
            self.untyped(variable, Chain::default(), place, parsed.operand);
            self.emit(Instruction::Show(variable, place));
            return;
        }
        self.emit(Instruction::Load(variable));
        let chain = self.filters(filters);
        let place = if typed { Place::JsonOwn } else { self.written(chain, None, markup) };
        self.untyped(variable, chain, place, parsed.operand);
        self.emit(Instruction::Write(place));
    }

    /// Where a value is written; `bare` is a variable without filters.
    fn written(&mut self, chain: Chain, bare: Option<VariableId>, markup: &Markup) -> Place {
        let safe = chain.safe || self.safes > 0;
        match self.writing {
            Writing::JsonText => Place::JsonString,
            Writing::Header => Place::Header,
            Writing::Plain => Place::Raw,
            Writing::Html => {
                let literal =
                    bare.is_some_and(|variable| matches!(self.source(variable), Source::Literal(_)));
                if safe || literal { Place::Raw } else { Place::Html }
            }
            Writing::Json if self.state == JsonState::Outside => Place::JsonValue,
            Writing::Json if safe => {
                self.state = JsonState::String;
                Place::Raw
            }
            Writing::Json => {
                if self.state == JsonState::Escape
                    && let Some(note) = self.error(
                        Code::TEMPLATE_SYNTAX,
                        markup.whole.clone(),
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

    /// Warns of an untyped text where a JSON value stands.
    fn untyped(&mut self, variable: VariableId, chain: Chain, place: Place, operand: Part<'_>) {
        let text = matches!(
            self.source(variable),
            Source::PathParam(_, ParamKind::Text)
                | Source::QueryParam(_, ParamKind::Text)
                | Source::Header(_)
                | Source::FormParam(_)
        );
        let fits = self.safes > 0 || chain.safe || chain.last.is_some_and(|gives| gives != Gives::Any);
        if !text || fits || place != Place::JsonValue {
            return;
        }
        let message = format!("`{}` is a text of any kind, and a JSON value stands here", clip(operand.text));
        if let Some(note) = self.warning(Code::NOT_JSON_VALUE, operand.range(), message) {
            note.help = Some(
                "put quotes around it, declare its type, or end it with `|json`, `|int`, `|float` or `|bool`"
                    .to_owned(),
            );
        }
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
        for call in calls {
            if let Some(row) = self.filter(call) {
                chain.safe |= row.name == "safe";
                chain.last = Some(row.gives);
            }
        }
        chain
    }

    fn filter(&mut self, call: &Call<'_>) -> Option<&'static super::filters::Filter> {
        let name = call.name.text;
        let Some((index, row)) = filter(name) else {
            self.unknown_filter(call.name);
            return None;
        };
        let count = call.arguments.len();
        if !row.arguments.contains(&count) {
            let (least, most) = (*row.arguments.start(), *row.arguments.end());
            let end = call.arguments.last().map_or(call.name.range().end, |last| last.range().end);
            let message =
                format!("`{name}` has {count} {}", if count == 1 { "argument" } else { "arguments" });
            if let Some(note) = self.error(Code::FILTER_ARGUMENTS, call.name.start..end, message) {
                note.expected = Some(match (least, most) {
                    (0, 0) => "no arguments".to_owned(),
                    (1, 1) => "one argument".to_owned(),
                    (least, most) if least == most => format!("{least} arguments"),
                    (least, most) => format!("{least} to {most} arguments"),
                });
                note.help = Some(format!("{} As in `{}`.", row.documentation, row.example.0));
            }
            return None;
        }
        let arguments: Vec<Argument> =
            call.arguments.iter().map(|argument| self.argument(*argument)).collect();
        let first = self.program.arguments.len() as u32;
        self.program.arguments.extend(arguments);
        self.emit(Instruction::Filter { filter: index as u16, count: count as u16, first });
        Some(row)
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
        if FILTERS_TO_COME.contains(&name.text) {
            let message = format!("the filter `{}` is not served yet", name.text);
            self.error(Code::TEMPLATE_NOT_SERVED_YET, name.range(), message);
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

/// The row of a filter and its index.
fn filter(name: &str) -> Option<(usize, &'static super::filters::Filter)> {
    let index = FILTERS.binary_search_by(|row| row.name.cmp(name)).ok()?;
    FILTERS.get(index).map(|row| (index, row))
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
        matches!(self, Self::Json | Self::FormParam(_) | Self::Whole(super::Root::FormParams))
    }
}
