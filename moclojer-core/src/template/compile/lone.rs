//! Tags that write a value, and those that bind names or compare: `cycle`, `firstof`, `sum`, `now`, `with`,
//! `ifequal`, `block`.

use std::ops::Range;

use super::blocks::Kind;
use super::{Chain, Compiler};
use crate::problem::Code;
use crate::template::call::{self, misfit, one};
use crate::template::expression::{self, Part, is_digits, words};
use crate::template::filters;
use crate::template::program::{Argument, Comparison, Instruction, Source};

/// The most names that one `with` binds.
const MOST_NAMES: usize = 64;

impl Compiler<'_> {
    /// `{% cycle a b %}`: words as they are, one after the other.
    pub(super) fn cycle(&mut self, text: &str, rest: Part<'_>, whole: Range<usize>) {
        if self.odd_quotes(rest) {
            return;
        }
        let words = words(rest);
        if words.is_empty() {
            self.tag_error(whole, "`cycle` has nothing to show", "`{% cycle \"odd\" \"even\" %}`");
            return;
        }
        self.place(&text[whole.clone()]);
        let first = self.program.arguments.len() as u32;
        for word in &words {
            let span = self.intern(word.unquoted().unwrap_or(word.text));
            self.program.arguments.push(Argument::Text(span));
        }
        let cycle = self.program.cycles;
        self.program.cycles += 1;
        self.emit(Instruction::Cycle { cycle, first, count: words.len() as u32 });
        let place = self.written(Chain { literal: true, ..Chain::default() }, &whole);
        self.emit(Instruction::Write(place));
    }

    /// `{% firstof a b "c" %}`: the first that shows something.
    pub(super) fn first_of(&mut self, text: &str, rest: Part<'_>, whole: Range<usize>) {
        if self.odd_quotes(rest) {
            return;
        }
        self.place(&text[whole.clone()]);
        let mut done = Vec::new();
        for word in words(rest) {
            let Some(parsed) = self.parsed(word) else { return };
            let variable = self.variable(parsed.operand);
            self.emit(Instruction::Load(variable));
            let literal = parsed.filters.is_empty() && self.is_literal(variable);
            let chain = Chain { literal, ..self.filters(&parsed.filters) };
            let blank = self.emit(Instruction::JumpIfBlank(0));
            let place = self.written(chain, &whole);
            self.emit(Instruction::Write(place));
            done.push(self.emit(Instruction::Jump(0)));
            self.land(blank);
        }
        let nothing = self.push_variable(Source::Nothing, &[]);
        self.emit(Instruction::Load(nothing));
        let place = self.written(Chain::default(), &whole);
        self.emit(Instruction::Write(place));
        for jump in done {
            self.land(jump);
        }
    }

    /// `{% sum a b %}`: the sum of variables; a number is written `\10`.
    pub(super) fn sum(&mut self, text: &str, rest: Part<'_>, whole: Range<usize>) {
        if self.odd_quotes(rest) {
            return;
        }
        self.place(&text[whole.clone()]);
        self.emit(Instruction::Zero);
        self.emit(Instruction::Hold);
        for word in words(rest) {
            let Some(parsed) = self.parsed(word) else { return };
            let operand = parsed.operand;
            let number =
                operand.text.strip_prefix('\\').filter(|digits| misfit(call::Kind::Number, digits).is_none());
            let variable = match number {
                Some(digits) => self.number_variable(digits),
                None if is_digits(operand.text) => {
                    let message = format!("`sum` adds variables: write the number as `\\{}`", operand.text);
                    self.error(Code::TEMPLATE_SYNTAX, operand.range(), message);
                    return;
                }
                None => self.variable(operand),
            };
            self.emit(Instruction::Load(variable));
            self.filters(&parsed.filters);
            self.emit(Instruction::Add);
        }
        self.emit(Instruction::TakeAside);
        let place = self.written(Chain::default(), &whole);
        self.emit(Instruction::Write(place));
    }

    /// `{% now "yyyy-MM-dd" %}`
    pub(super) fn now(&mut self, text: &str, rest: Part<'_>, whole: Range<usize>) {
        if self.odd_quotes(rest) {
            return;
        }
        if rest.text.is_empty() {
            self.tag_error(whole, "`now` has no pattern", "`{% now \"yyyy-MM-dd\" %}`");
            return;
        }
        let pattern = one("pattern", call::Kind::DatePattern);
        if !self.fits_parameter(rest, pattern, "now") {
            return;
        }
        self.place(&text[whole.clone()]);
        if let Some(variable) = self.known_function("now") {
            self.emit(Instruction::Load(variable));
        }
        let span = self.intern(rest.unquoted().unwrap_or(rest.text));
        let first = self.program.arguments.len() as u32;
        self.program.arguments.push(Argument::Text(span));
        if let Some((index, _)) = filters::find("date") {
            self.emit(Instruction::Filter { filter: index as u16, count: 1, first });
        }
        let place = self.written(Chain::default(), &whole);
        self.emit(Instruction::Write(place));
    }

    /// `{% ifequal a b %}`: the texts of two or more are the same.
    pub(super) fn open_ifequal(&mut self, text: &str, rest: Part<'_>, whole: Range<usize>, same: bool) {
        let (name, closing) = match same {
            true => ("ifequal", "{% endifequal %}"),
            false => ("ifunequal", "{% endifunequal %}"),
        };
        let odd = self.odd_quotes(rest);
        let words = words(rest);
        if odd || words.len() < 2 {
            if !odd {
                let message = format!("`{name}` compares two or more");
                self.tag_error(whole.clone(), &message, &format!("`{{% {name} a \"b\" %}}`"));
            }
            self.open(Kind::Broken, whole, closing);
            return;
        }
        self.place(&text[whole.clone()]);
        let mut differs = Vec::new();
        for (index, pair) in words.windows(2).enumerate() {
            let [left, right] = pair else { continue };
            if index > 0 {
                differs.push(self.emit(Instruction::JumpIfFalse(0)));
            }
            self.operand(*left);
            self.emit(Instruction::Hold);
            self.operand(*right);
            self.emit(Instruction::Compare(Comparison::Same));
        }
        for jump in differs {
            self.land(jump);
        }
        if !same {
            self.emit(Instruction::Not);
        }
        let over = self.emit(Instruction::JumpIfFalse(0));
        let kind = Kind::If { over: Some(over), done: Vec::new(), has_else: false, elif: false };
        self.open(kind, whole, closing);
    }

    /// `{% with a=x b.c="y"|upper %}`: names for values, each known to those after it.
    pub(super) fn open_with(&mut self, text: &str, rest: Part<'_>, whole: Range<usize>) {
        let first = self.slots_in_use;
        if !self.open(Kind::With(Vec::new(), first), whole.clone(), "{% endwith %}") || self.odd_quotes(rest)
        {
            return;
        }
        self.place(&text[whole.clone()]);
        let pairs = bindings(rest);
        if pairs.is_empty() || pairs.len() > MOST_NAMES {
            let message = format!("`with` takes one to {MOST_NAMES} names with their values");
            self.tag_error(whole, &message, "`{% with name=value %}`");
            return;
        }
        for (name, value) in pairs {
            let keys = expression::keys(name.text);
            let strange = |letter: char| letter.is_whitespace() || matches!(letter, '|' | '"' | ':');
            let bad = name.text.contains(strange) || keys.iter().any(|key| key.is_empty());
            let (Some(first), false, 1) = (keys.first(), bad, words(value).len()) else {
                let at = if name.text.is_empty() { value.range() } else { name.range() };
                self.tag_error(at, "this gives no name a value", "`{% with name=value %}`");
                return;
            };
            let Some(parsed) = self.parsed(value) else { return };
            let variable = self.variable(parsed.operand);
            self.emit(Instruction::Load(variable));
            self.filters(&parsed.filters);
            if keys.len() > 1 {
                self.emit(Instruction::Hold);
                let base =
                    self.known_variable(first).unwrap_or_else(|| self.push_variable(Source::Nothing, &[]));
                self.emit(Instruction::Load(base));
                let (start, count) = self.push_keys(keys.get(1..).unwrap_or(&[]));
                self.emit(Instruction::SetPath { first: start, count });
            }
            let slot = self.slots_in_use;
            self.slots_in_use += 1;
            self.program.slots = self.program.slots.max(self.slots_in_use);
            self.emit(Instruction::Store(slot));
            self.bind(first, slot);
        }
    }

    /// `{% block name %}`: in a template that no other one extends, its content.
    pub(super) fn open_block(&mut self, rest: Part<'_>, whole: Range<usize>) {
        if rest.text.is_empty() {
            self.tag_error(whole.clone(), "this block has no name", "`{% block name %}`");
        }
        self.open(Kind::Block, whole, "{% endblock %}");
    }

    fn tag_error(&mut self, range: Range<usize>, message: &str, expected: &str) {
        if let Some(note) = self.error(Code::TEMPLATE_SYNTAX, range, message.to_owned()) {
            note.expected = Some(expected.to_owned());
        }
    }
}

/// The names and values of a `with`: white space may stand around `=`.
fn bindings(rest: Part<'_>) -> Vec<(Part<'_>, Part<'_>)> {
    // Each `=` outside quotes and filters' arguments divides; before it stands the last word.
    let mut equals = Vec::new();
    let mut quoted = false;
    for (at, byte) in rest.text.bytes().enumerate() {
        quoted ^= byte == b'"';
        if byte == b'=' && !quoted {
            equals.push(at);
        }
    }
    let part = |from: usize, to: usize| Part { text: &rest.text[from..to], start: rest.start + from }.trim();
    let mut pairs = Vec::new();
    let mut name = part(0, equals.first().copied().unwrap_or(rest.text.len()));
    for (index, &at) in equals.iter().enumerate() {
        let end = equals.get(index + 1).copied().unwrap_or(rest.text.len());
        let between = part(at + 1, end);
        if index + 1 == equals.len() {
            pairs.push((name, between));
            break;
        }
        let words = words(between);
        let Some(next) = words.last() else {
            pairs.push((name, Part { text: "", start: between.start }));
            name = between;
            continue;
        };
        let value_end = next.start - between.start;
        let value = Part { text: &between.text[..value_end], start: between.start }.trim();
        pairs.push((name, value));
        name = *next;
    }
    if equals.is_empty() && !rest.text.is_empty() {
        pairs.push((name, Part { text: "", start: rest.range().end }));
    }
    pairs
}
