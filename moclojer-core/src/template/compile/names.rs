//! What a variable means: a loop's value, a part of the request, a value of its own, or nothing.
//!
//! In a closed context, from the first that fits: a loop's names, `forloop`, the request's roots, a field
//! of the item of an `each`, a value of its own. In an open one the context takes the roots' place.

use std::borrow::Cow;

use http::HeaderName;

use super::{Compiler, MOST_NOTES, clip};
use crate::problem::{Code, did_you_mean};
use crate::template::expression::{self, MOST_KEYS, Part, is_digits};
use crate::template::functions::{self, FUNCTIONS};
use crate::template::program::{Binding, Call, Key, LoopField, Source, Variable, VariableId};
use crate::template::vocabulary::{LOOP_FIELDS, REQUEST, ROOTS, ROOTS_TO_COME, RootName, find};
use crate::template::{Root, fakes};

/// The names that a loop binds while its body is compiled.
#[derive(Debug)]
pub(super) struct Bound {
    /// Index into the program's loops.
    pub(super) id: u32,
    /// One for each slot of the binding.
    pub(super) names: Vec<Box<str>>,
    pub(super) binding: Binding,
    /// The first of the slots for the values of the item before.
    pub(super) previous: u32,
}

/// What a path turned out to be.
enum Meaning {
    /// A source, and how many keys it took.
    Found(Source, usize),
    /// Nothing can fill it: a sentence and the next step.
    NotFilled(String, Option<String>),
    /// It cannot be used.
    Refused(Code, String),
    /// What is wrong with it was noted.
    Told,
}

impl Compiler<'_> {
    /// The variable or literal that `part` names; what is wrong with it is noted.
    pub(super) fn variable(&mut self, part: Part<'_>) -> VariableId {
        let quoted = part.unquoted();
        if let Some(text) = quoted.filter(|text| !text.contains('"')) {
            return self.literal_variable(text);
        }
        if is_digits(part.text) {
            return self.literal_variable(part.text);
        }
        // Before the quotes are looked at: those of its arguments are in order.
        if let Some(called) = self.called(part) {
            return called;
        }
        if part.text.is_empty() || part.text.contains('"') {
            let message =
                if part.text.is_empty() { "a variable is missing" } else { "quotes stand inside a name" };
            if let Some(note) = self.error(Code::TEMPLATE_SYNTAX, part.range(), message.to_owned()) {
                note.expected = Some("a variable, or one text between quotes".to_owned());
            }
            return self.push_variable(Source::Nothing, &[]);
        }
        let keys = expression::keys(part.text);
        match self.meaning(part, &keys) {
            Meaning::Found(source, taken) => {
                return self.push_variable(source, keys.get(taken..).unwrap_or(&[]));
            }
            Meaning::NotFilled(message, help) => {
                if let Some(note) = self.warning(Code::NOT_FILLED, part.range(), message) {
                    note.help = help;
                }
            }
            Meaning::Refused(code, message) => {
                self.error(code, part.range(), message);
            }
            Meaning::Told => {}
        }
        self.push_variable(Source::Nothing, &[])
    }

    /// The variable at `path`, when something can fill it.
    pub(super) fn known_variable(&mut self, path: &str) -> Option<VariableId> {
        let keys = expression::keys(path);
        match self.meaning(Part { text: path, start: 0 }, &keys) {
            Meaning::Found(source, taken) => {
                Some(self.push_variable(source, keys.get(taken..).unwrap_or(&[])))
            }
            Meaning::NotFilled(..) | Meaning::Refused(..) | Meaning::Told => None,
        }
    }

    /// A text of the template.
    pub(super) fn literal_variable(&mut self, text: &str) -> VariableId {
        let span = self.intern(text);
        self.push_variable(Source::Literal(span), &[])
    }

    /// A number of the template, as `sum` takes it.
    pub(super) fn number_variable(&mut self, digits: &str) -> VariableId {
        let span = self.intern(digits);
        self.push_variable(Source::Number(span), &[])
    }

    /// A function that takes no arguments.
    pub(super) fn known_function(&mut self, name: &str) -> Option<VariableId> {
        self.otherwise_function(Part { text: name, start: 0 })
    }

    pub(super) fn push_variable(&mut self, source: Source, keys: &[Cow<'_, str>]) -> VariableId {
        let (first, count) = self.push_keys(keys);
        self.program.variables.push(Variable { source, keys: first..first + count });
        VariableId(self.program.variables.len() as u32 - 1)
    }

    /// Keys to follow: the index of the first, and how many.
    pub(super) fn push_keys(&mut self, keys: &[Cow<'_, str>]) -> (u32, u32) {
        let first = self.program.keys.len() as u32;
        for key in keys {
            let text = self.intern(key);
            let index = if is_digits(key) { key.parse().ok() } else { None };
            self.program.keys.push(Key { text, index });
        }
        (first, keys.len() as u32)
    }

    /// The function that `name:argument…` calls; what is wrong with it is noted.
    fn called(&mut self, part: Part<'_>) -> Option<VariableId> {
        if !part.text.contains(':') {
            return None;
        }
        let call = expression::call(part).ok()?;
        let function = functions::find(call.name.text)?;
        if self.bound_name(call.name.text.split(['.', '/']).next().unwrap_or_default()).is_some() {
            return None;
        }
        let source = self.function(&call, function).unwrap_or(Source::Nothing);
        let called = self.push_variable(source, &[]);
        if !self.names.open {
            return Some(called);
        }
        let whole = self.intern(part.text);
        Some(self.push_variable(Source::Context(whole, Some(called)), &[]))
    }

    /// The source of a function with its arguments.
    fn function(
        &mut self,
        call: &expression::Call<'_>,
        function: &'static functions::Function,
    ) -> Option<Source> {
        let (first, count) =
            self.arguments(call, function.parameters, function.documentation, function.example)?;
        self.program.calls.push(Call { function, first, count });
        Some(Source::Call(self.program.calls.len() as u32 - 1))
    }

    /// The function that a whole path stands for, called without arguments.
    fn function_named(&mut self, part: Part<'_>) -> Option<Result<Source, ()>> {
        let function = functions::find(part.text)?;
        let call = expression::Call { name: part, arguments: Vec::new() };
        Some(self.function(&call, function).ok_or(()))
    }

    /// The loops whose bodies are open, from the outermost.
    fn bound(&self) -> impl DoubleEndedIterator<Item = &Bound> {
        self.blocks.iter().filter_map(super::blocks::Block::bound)
    }

    fn meaning(&mut self, part: Part<'_>, keys: &[Cow<'_, str>]) -> Meaning {
        let text = part.text;
        let innermost = self.bound().next_back().map(|bound| bound.binding);
        if text == "."
            && let Some(Binding::Each(slot)) = innermost
        {
            return Meaning::Found(Source::Slot(slot), keys.len());
        }
        if text.starts_with("../") && innermost.is_some() {
            let message = "`../` is not part of the language: name the outer item with `{% for item in … %}`";
            return Meaning::Refused(Code::TEMPLATE_SYNTAX, message.to_owned());
        }
        if keys.len() > MOST_KEYS {
            return Meaning::Refused(
                Code::TEMPLATE_TOO_LARGE,
                format!("a path of more than {MOST_KEYS} keys"),
            );
        }
        let Some(first) = keys.first().filter(|_| keys.iter().all(|key| !key.is_empty())) else {
            let help = "a dot inside a key is written twice".to_owned();
            return Meaning::NotFilled("a key is missing beside a dot".to_owned(), Some(help));
        };
        if text.contains(char::is_whitespace) {
            let message = format!("a name holds no white space, so nothing can fill `{}`", clip(text));
            return Meaning::NotFilled(message, None);
        }
        if let Some(source) = self.bound_name(first) {
            return Meaning::Found(source, 1);
        }
        if **first == *"forloop" && innermost.is_some() {
            return self.forloop(keys);
        }
        if text == "block.super" {
            return Meaning::Refused(
                Code::TEMPLATE_NOT_SERVED_YET,
                "`block.super` is not served yet".to_owned(),
            );
        }
        if self.names.open {
            let otherwise = self.otherwise_function(part);
            let name = self.intern(first);
            let source = Source::Context(name, otherwise);
            return match self.each_slot() {
                None => Meaning::Found(source, 1),
                Some(slot) => {
                    let otherwise = self.push_variable(source, keys.get(1..).unwrap_or(&[]));
                    Meaning::Found(Source::Field(slot, Some(otherwise)), 0)
                }
            };
        }
        if let Some(root) = find(ROOTS, first) {
            return self.request(root, first, keys);
        }
        if ROOTS_TO_COME.contains(&&**first) {
            return Meaning::Refused(
                Code::TEMPLATE_NOT_SERVED_YET,
                format!("`{}` is not served yet", clip(first)),
            );
        }
        if let Some(slot) = self.each_slot() {
            let otherwise = self.otherwise_function(part);
            return Meaning::Found(Source::Field(slot, otherwise), 0);
        }
        match self.function_named(part) {
            Some(Ok(source)) => Meaning::Found(source, keys.len()),
            Some(Err(())) => Meaning::Told,
            None => self.unknown(text, first),
        }
    }

    /// The variable of a function that stands in for what is not there; one that needs arguments does not.
    fn otherwise_function(&mut self, part: Part<'_>) -> Option<VariableId> {
        let function = functions::find(part.text)?;
        if super::call::counts(function.parameters).0 > 0 {
            return None;
        }
        let source = self.function_named(part)?.ok()?;
        Some(self.push_variable(source, &[]))
    }

    /// The slot of a name that a loop or a `with` binds, or what `each` knows of its loop.
    fn bound_name(&self, name: &str) -> Option<Source> {
        let mut depth = self.bound().count() as u32;
        self.blocks.iter().rev().find_map(|block| {
            if let Some(slot) = block.with_slot(name) {
                return Some(Source::Slot(slot));
            }
            let bound = block.bound()?;
            depth -= 1;
            let (first, _) = bound.binding.slots();
            if let Some(offset) = bound.names.iter().position(|known| **known == *name) {
                return Some(Source::Slot(first + offset as u32));
            }
            let field = match (bound.binding, name) {
                (Binding::Each(_), "@index") => LoopField::Counter0,
                (Binding::Each(_), "@first") => LoopField::First,
                (Binding::Each(_), "@last") => LoopField::Last,
                _ => return None,
            };
            Some(Source::Loop(depth, field))
        })
    }

    /// The slot of the item of the innermost `each`.
    fn each_slot(&self) -> Option<u32> {
        self.bound().rev().find_map(|bound| match bound.binding {
            Binding::Each(slot) => Some(slot),
            _ => None,
        })
    }

    /// `forloop.…`
    fn forloop(&mut self, keys: &[Cow<'_, str>]) -> Meaning {
        let mut depth = self.bound().count().saturating_sub(1);
        let mut taken = 1;
        while keys.get(taken).is_some_and(|key| key == "parentloop") {
            match depth.checked_sub(1) {
                Some(outer) => depth = outer,
                None => return Meaning::NotFilled("there is no loop around this one".to_owned(), None),
            }
            taken += 1;
        }
        let field = match keys.get(taken).map(Cow::as_ref) {
            None => LoopField::Whole,
            Some("first") => LoopField::First,
            Some("last") => LoopField::Last,
            Some("counter") => LoopField::Counter,
            Some("counter0") => LoopField::Counter0,
            Some("revcounter") => LoopField::Revcounter,
            Some("revcounter0") => LoopField::Revcounter0,
            Some("length") => LoopField::Length,
            Some("previous") => return self.previous(depth, taken + 1, keys),
            Some(other) => {
                let meant = did_you_mean(other, LOOP_FIELDS.iter().copied());
                let help = meant.map(|meant| format!("did you mean `forloop.{meant}`?"));
                return Meaning::NotFilled(format!("`forloop` has no `{}`", clip(other)), help);
            }
        };
        Meaning::Found(Source::Loop(depth as u32, field), taken + 1)
    }

    /// `forloop.previous.x`: a name of the loop at `depth`, as it was for the item before.
    fn previous(&mut self, depth: usize, taken: usize, keys: &[Cow<'_, str>]) -> Meaning {
        let name = keys.get(taken);
        let found = self.bound().nth(depth).and_then(|bound| {
            let offset = bound.names.iter().position(|known| name.is_some_and(|name| **known == **name))?;
            Some((bound.id, bound.previous, offset as u32))
        });
        let Some((id, previous, offset)) = found else {
            let message = "`forloop.previous` has the names of its own loop alone";
            return Meaning::NotFilled(
                message.to_owned(),
                Some("as in `forloop.previous.x` for `for x in …`".to_owned()),
            );
        };
        if let Some(this) = self.program.loops.get_mut(id as usize) {
            this.previous = Some(previous);
        }
        Meaning::Found(Source::Slot(previous + offset), taken + 1)
    }

    /// A part of the request.
    fn request(&mut self, root: RootName, first: &str, keys: &[Cow<'_, str>]) -> Meaning {
        let root = match root {
            RootName::Named(root) => root,
            RootName::Json => return Meaning::Found(Source::Json, 1),
            RootName::QueryAll => {
                return match keys.get(1) {
                    Some(name) => Meaning::Found(Source::QueryAll(Some(self.intern(name))), 2),
                    None => Meaning::Found(Source::QueryAll(None), 1),
                };
            }
            RootName::Request => return self.request_field(keys),
            RootName::Env => return self.setting(keys),
        };
        let Some(name) = keys.get(1) else {
            let kept = |names: &[(&str, _)]| names.iter().map(|&(name, kind)| (name.into(), kind)).collect();
            match root {
                Root::PathParams => self.program.path_kinds = kept(self.names.path_params),
                Root::QueryParams => self.program.query_kinds = kept(self.names.query_params),
                Root::Headers | Root::FormParams | Root::Cookies => {}
            }
            return Meaning::Found(Source::Whole(root), 1);
        };
        let source = match root {
            Root::PathParams => {
                let declared = self.names.path_params;
                let Some(index) = declared.iter().position(|(known, _)| *known == &**name) else {
                    let meant = did_you_mean(name, declared.iter().map(|(known, _)| *known));
                    let help = meant.map(|meant| format!("did you mean `{first}.{meant}`?"));
                    return Meaning::NotFilled(format!("the path has no parameter `{}`", clip(name)), help);
                };
                Source::PathParam(index as u32, find(declared, name).unwrap_or_default())
            }
            Root::QueryParams => {
                let kind = find(self.names.query_params, name).unwrap_or_default();
                Source::QueryParam(self.intern(name), kind)
            }
            Root::Headers => match HeaderName::from_bytes(name.as_bytes()) {
                Ok(name) => {
                    self.program.headers.push(name);
                    Source::Header(self.program.headers.len() as u32 - 1)
                }
                Err(_) => {
                    return Meaning::NotFilled(format!("no header can have the name `{}`", clip(name)), None);
                }
            },
            Root::FormParams => Source::FormParam(self.intern(name)),
            Root::Cookies => Source::Cookie(self.intern(name)),
        };
        Meaning::Found(source, 2)
    }

    /// `request.method` and the like.
    fn request_field(&self, keys: &[Cow<'_, str>]) -> Meaning {
        let name = keys.get(1).map_or("", |name| &**name);
        if let Some(field) = find(REQUEST, name) {
            return Meaning::Found(Source::Request(field), 2);
        }
        let meant = did_you_mean(name, REQUEST.iter().map(|(name, _)| *name));
        let help = match meant {
            Some(meant) => format!("did you mean `request.{meant}`?"),
            None => {
                let known: Vec<String> = REQUEST.iter().map(|(name, _)| format!("request.{name}")).collect();
                format!("there are {}", known.join(", "))
            }
        };
        Meaning::NotFilled(format!("`request` has no `{}`", clip(name)), Some(help))
    }

    /// `env.NAME`
    fn setting(&mut self, keys: &[Cow<'_, str>]) -> Meaning {
        let name = keys.get(1).map_or("", |name| &**name);
        match self.names.env.iter().find(|(known, _)| known == name) {
            Some((_, value)) => Meaning::Found(Source::Setting(self.intern(value)), 2),
            None => Meaning::NotFilled(
                format!("the variable `{}` of the environment is not given to templates", clip(name)),
                Some(format!("start with `--env {}`", if name.is_empty() { "NAME" } else { name })),
            ),
        }
    }

    fn unknown(&mut self, text: &str, name: &str) -> Meaning {
        if let Some(fake) = text.strip_prefix("fake.").or_else(|| text.strip_prefix("faker/")) {
            let fake = fake.split(':').next().unwrap_or_default();
            if !fakes::available() && fakes::names().any(|known| known == fake) {
                return Meaning::Refused(Code::UNKNOWN_FAKE, fakes::NOT_COMPILED.to_owned());
            }
            let meant = did_you_mean(fake, fakes::names());
            let message = format!("there is no made-up data `{}`", clip(fake));
            let help = meant.map(|meant| format!("; did you mean `fake.{meant}`?")).unwrap_or_default();
            return Meaning::Refused(Code::UNKNOWN_FAKE, message + &help);
        }
        if self.warnings >= MOST_NOTES {
            return Meaning::NotFilled(String::new(), None);
        }
        let message = format!("nothing can fill `{}`", clip(name));
        if matches!(name, "true" | "false" | "null" | "nil" | "none") {
            return Meaning::NotFilled(
                message,
                Some(format!("a bare word is a variable: write `\"{name}\"` for the text")),
            );
        }
        let name = name.split(':').next().unwrap_or_default();
        let names = self.blocks.iter().flat_map(super::blocks::Block::names);
        let roots = ROOTS.iter().map(|(name, _)| *name);
        let functions = FUNCTIONS.iter().map(|function| function.name);
        let help = match did_you_mean(name, names.chain(roots).chain(functions)) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => {
                let roots: Vec<&str> = ROOTS.iter().map(|(name, _)| *name).collect();
                format!("a request gives {}", roots.join(", "))
            }
        };
        Meaning::NotFilled(message, Some(help))
    }
}
