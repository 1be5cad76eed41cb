//! What a variable means: a loop's value, a part of the request, a value of its own, or nothing.
//!
//! In a closed context, from the first that fits: a loop's names, `forloop`, the request's roots, a field
//! of the item of an `each`, a value of its own. In an open one the context takes the roots' place.

use std::borrow::Cow;

use http::HeaderName;

use super::{Compiler, MOST_NOTES, clip};
use crate::problem::{Code, did_you_mean};
use crate::template::Root;
use crate::template::expression::{self, MOST_KEYS, Part, is_digits};
use crate::template::program::{Binding, Key, LoopField, Source, Variable, VariableId};
use crate::template::vocabulary::{
    FUNCTIONS, FUNCTIONS_TO_COME, LOOP_FIELDS, ROOTS, ROOTS_TO_COME, RootName, find,
};

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
        if part.text.is_empty() || part.text.contains('"') {
            let message =
                if part.text.is_empty() { "a variable is missing" } else { "quotes stand inside a name" };
            if let Some(note) = self.error(Code::TEMPLATE_SYNTAX, part.range(), message.to_owned()) {
                note.expected = Some("a variable, or one text between quotes".to_owned());
            }
            return self.push_variable(Source::Nothing, &[]);
        }
        if let Some((name, _)) = part.text.split_once(':')
            && self.is_function_call(part, name)
        {
            return self.push_variable(Source::Nothing, &[]);
        }
        let keys = expression::keys(part.text);
        match self.meaning(part.text, &keys) {
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
        }
        self.push_variable(Source::Nothing, &[])
    }

    /// The variable at `path`, when something can fill it.
    pub(super) fn known_variable(&mut self, path: &str) -> Option<VariableId> {
        let keys = expression::keys(path);
        match self.meaning(path, &keys) {
            Meaning::Found(source, taken) => {
                Some(self.push_variable(source, keys.get(taken..).unwrap_or(&[])))
            }
            Meaning::NotFilled(..) | Meaning::Refused(..) => None,
        }
    }

    /// A text of the template.
    pub(super) fn literal_variable(&mut self, text: &str) -> VariableId {
        let span = self.intern(text);
        self.push_variable(Source::Literal(span), &[])
    }

    fn push_variable(&mut self, source: Source, keys: &[Cow<'_, str>]) -> VariableId {
        let start = self.program.keys.len() as u32;
        for key in keys {
            let text = self.intern(key);
            let index = if is_digits(key) { key.parse().ok() } else { None };
            self.program.keys.push(Key { text, index });
        }
        let end = self.program.keys.len() as u32;
        self.program.variables.push(Variable { source, keys: start..end });
        VariableId(self.program.variables.len() as u32 - 1)
    }

    /// True, and noted, for `name:argument` where `name` is a function and not a loop's name.
    fn is_function_call(&mut self, part: Part<'_>, name: &str) -> bool {
        if self.bound().any(|bound| bound.names.iter().any(|known| **known == *name)) {
            return false;
        }
        if FUNCTIONS.iter().any(|(known, ..)| *known == name) {
            self.error(Code::FILTER_ARGUMENTS, part.range(), format!("`{name}` takes no arguments"));
        } else if FUNCTIONS_TO_COME.contains(&name) || name.starts_with("fake.") || name.starts_with("faker/")
        {
            self.error(
                Code::TEMPLATE_NOT_SERVED_YET,
                part.range(),
                format!("`{}` is not served yet", clip(name)),
            );
        } else {
            return false;
        }
        true
    }

    /// The loops whose bodies are open, from the outermost.
    fn bound(&self) -> impl DoubleEndedIterator<Item = &Bound> {
        self.blocks.iter().filter_map(super::blocks::Block::bound)
    }

    fn meaning(&mut self, text: &str, keys: &[Cow<'_, str>]) -> Meaning {
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
        if let Some(source) = self.loop_name(first) {
            return Meaning::Found(source, 1);
        }
        if **first == *"forloop" && innermost.is_some() {
            return self.forloop(keys);
        }
        if self.names.open {
            let otherwise = if keys.len() == 1 { self.function(first) } else { None };
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
        if ROOTS_TO_COME.contains(&&**first) || first.starts_with("faker/") {
            return Meaning::Refused(
                Code::TEMPLATE_NOT_SERVED_YET,
                format!("`{}` is not served yet", clip(first)),
            );
        }
        if let Some(slot) = self.each_slot() {
            let otherwise = if keys.len() == 1 { self.function(first) } else { None };
            return Meaning::Found(Source::Field(slot, otherwise), 0);
        }
        if keys.len() == 1 {
            if let Some((_, function, _)) = FUNCTIONS.iter().find(|(name, ..)| **name == **first) {
                return Meaning::Found(Source::Function(*function), 1);
            }
            if FUNCTIONS_TO_COME.contains(&&**first) {
                return Meaning::Refused(
                    Code::TEMPLATE_NOT_SERVED_YET,
                    format!("`{first}` is not served yet"),
                );
            }
        }
        self.unknown(first)
    }

    /// The slot of a loop's name.
    fn loop_name(&self, name: &str) -> Option<Source> {
        let depth = self.bound().count() as u32;
        self.bound().rev().enumerate().find_map(|(outward, bound)| {
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
            Some(Source::Loop(depth - 1 - outward as u32, field))
        })
    }

    /// The slot of the item of the innermost `each`.
    fn each_slot(&self) -> Option<u32> {
        self.bound().rev().find_map(|bound| match bound.binding {
            Binding::Each(slot) => Some(slot),
            _ => None,
        })
    }

    fn function(&mut self, name: &str) -> Option<VariableId> {
        let (_, function, _) = FUNCTIONS.iter().find(|(known, ..)| *known == name)?;
        Some(self.push_variable(Source::Function(*function), &[]))
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
        let RootName::Named(root) = root else {
            return Meaning::Found(Source::Json, 1);
        };
        let Some(name) = keys.get(1) else {
            let kept = |names: &[(&str, _)]| names.iter().map(|&(name, kind)| (name.into(), kind)).collect();
            match root {
                Root::PathParams => self.program.path_kinds = kept(self.names.path_params),
                Root::QueryParams => self.program.query_kinds = kept(self.names.query_params),
                Root::Headers | Root::FormParams => {}
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
        };
        Meaning::Found(source, 2)
    }

    fn unknown(&self, name: &str) -> Meaning {
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
        let loops = self.bound().flat_map(|bound| bound.names.iter().map(|name| &**name));
        let roots = ROOTS.iter().map(|(name, _)| *name);
        let functions = FUNCTIONS.iter().map(|(name, ..)| *name);
        let help = match did_you_mean(name, loops.chain(roots).chain(functions)) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => {
                let roots: Vec<&str> = ROOTS.iter().map(|(name, _)| *name).collect();
                format!("a request gives {}", roots.join(", "))
            }
        };
        Meaning::NotFilled(message, Some(help))
    }
}
