//! What a program writes: literal text, expressions, and how each is escaped where it stands.

use std::ops::Range;

use super::{Chain, Compiler, JsonState, Writing, clip};
use crate::problem::Code;
use crate::template::expression::Part;
use crate::template::filters::Gives;
use crate::template::program::{Field, Instruction, LiteralId, Place, Source, VariableId};
use crate::template::scan::Markup;
use crate::template::{ParamKind, escape};

impl Compiler<'_> {
    /// Literal text of the template.
    pub(super) fn literal(&mut self, text: &str) {
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
    pub(super) fn push_text(&mut self, text: &str, escape: impl Fn(&str, &mut String)) {
        if text.is_empty() {
            return;
        }
        if self.open_literal().is_none() {
            let literal = LiteralId(self.program.literals.len() as u32);
            self.emit(Instruction::Text(literal));
            self.program.literals.push(String::new());
        }
        if let Some(literal) = self.program.literals.last_mut() {
            escape(text, literal);
        }
    }

    /// `{{…}}`: an expression, or a block in the spelling with `#` and `/`.
    pub(super) fn braces(&mut self, text: &str, markup: &Markup) {
        let inner = Part::of(text, markup.inner.clone()).trim();
        if !self.hash_block(text, markup, inner) {
            self.expression(text, markup, false);
        }
    }

    /// Writes an expression; `typed` as JSON of its own type.
    pub(super) fn expression(&mut self, text: &str, markup: &Markup, typed: bool) {
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

    pub(super) fn is_literal(&self, variable: VariableId) -> bool {
        matches!(self.source(variable), Source::Literal(_))
    }

    /// Where the value of the expression or tag at `whole` is written.
    pub(super) fn written(&mut self, chain: Chain, whole: &Range<usize>) -> Place {
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
        let (what, help) = match self.source(variable) {
            Source::PathParam(_, ParamKind::Text) | Source::QueryParam(_, ParamKind::Text) => (
                "is a text of any kind",
                "put quotes around it, declare its type, or end it with `|json`, `|int`, `|float` or `|bool`",
            ),
            Source::Header(_) | Source::FormParam(_) | Source::Cookie(_) => (
                "is a text of any kind",
                "put quotes around it, or end it with `|json`, `|int`, `|float` or `|bool`",
            ),
            Source::Call(call) if self.gives_text(call) => {
                ("is a text", "put quotes around it, or end it with `|json`")
            }
            _ => return,
        };
        let message = format!("`{}` {what}, and a JSON value stands here", clip(operand.text));
        if let Some(note) = self.warning(Code::NOT_JSON_VALUE, operand.range(), message) {
            note.help = Some(help.to_owned());
        }
    }

    fn gives_text(&self, call: u32) -> bool {
        self.program.calls.get(call as usize).is_some_and(|call| call.function.gives == Gives::Any)
    }
}
