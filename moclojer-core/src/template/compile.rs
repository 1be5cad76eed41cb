//! Makes a program of a text, and tells everything that is wrong with it.
//!
//! One pass over the tokens, without recursion: open blocks stand on a stack. Here are the pass itself, its notes and
//! its code; `output` has literal text and expressions, `calls` filters and their arguments, `blocks` the tags that
//! divide, `lone` the others, `condition` what stands in an `if`, `names` what a variable means.

mod blocks;
mod calls;
mod condition;
mod lone;
mod names;
mod output;

use std::ops::Range;

use self::blocks::Block;
use super::call::{self};
use super::expression::{self, Part};
use super::filters::{self, FILTERS, Gives, Run};
use super::program::{Draft, Instruction, Program, Source, Span, VariableId};
use super::scan::{Scanner, Token, Unclosed};
use super::{Compiled, Mode, Names, Note, Piece, RequestField, Template, escape};
use crate::problem::{Code, Severity};

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
    program: Draft,
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
            program: Draft::default(),
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
        Compiled { template: Some(Template { program: self.program.finish() }), notes: self.notes }
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
