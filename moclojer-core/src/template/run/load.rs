//! Where a variable's value comes from: the request, a loop, the context, a function; and the keys from there.

use std::borrow::Cow;
use std::collections::HashMap;

use super::Machine;
use crate::json;
use crate::template::program::{Call, Key, Program, Source, Variable, VariableId};
use crate::template::value::{Meter, Stop, Text, Value, charge_lookup};
use crate::template::{ParamKind, Root};

impl<'a> Machine<'a> {
    pub(super) fn load(&mut self, id: VariableId) -> Result<Value<'a>, Stop> {
        let program = self.program;
        let Variable { source, keys } = &program.variables[id.0 as usize];
        let keys = &program.keys[keys.start as usize..keys.end as usize];
        let value = match *source {
            Source::Slot(slot) => return self.walk_slot(slot, keys),
            Source::Json => match self.scope.json() {
                Some(body) => Value::from(body),
                None => return Ok(Value::Missing),
            },
            Source::PathParam(index, kind) => self.param(self.scope.path_param(index as usize), kind)?,
            Source::QueryParam(name, kind) => self.param(self.scope.query_param(program.str(name)), kind)?,
            Source::Header(name) => {
                self.param(self.scope.header(&self.rare.headers[name as usize]), ParamKind::Text)?
            }
            Source::QueryAll(Some(name)) => {
                let values = self.scope.query_params(Some(program.str(name)));
                if values.is_empty() { Value::Missing } else { self.list(values)? }
            }
            Source::QueryAll(None) => self.lists()?,
            Source::FormParam(name) => {
                self.param(self.scope.form_param(program.str(name)), ParamKind::Text)?
            }
            Source::Cookie(name) => self.param(self.scope.cookie(program.str(name)), ParamKind::Text)?,
            Source::Request(field) => self.param(Some(self.scope.request(field)), ParamKind::Text)?,
            Source::Setting(value) => Value::Text(Text::Borrowed(program.str(value))),
            Source::Literal(span) => Value::Text(Text::Borrowed(program.str(span))),
            Source::Number(span) => Value::Digits(Text::Borrowed(program.str(span))),
            Source::Context(name, otherwise) => match (self.scope.context(program.str(name)), otherwise) {
                (Some(value), _) => Value::from(value),
                (None, Some(otherwise)) => return self.load(otherwise),
                (None, None) => Value::Missing,
            },
            Source::Field(slot, otherwise) => {
                let found = self.walk_slot(slot, &keys[..keys.len().min(1)])?;
                match (found, otherwise) {
                    (Value::Missing, Some(otherwise)) => return self.load(otherwise),
                    (Value::Missing, None) => return Ok(Value::Missing),
                    (found, _) => return walk(found, keys.get(1..).unwrap_or(&[]), program, &mut self.meter),
                }
            }
            Source::Whole(root) => self.whole(root)?,
            Source::Loop(depth, field) => self.loop_field(depth, field),
            Source::Call(call) => self.call(call)?,
            Source::Nothing => return Ok(Value::Missing),
        };
        walk(value, keys, program, &mut self.meter)
    }

    /// Follows keys from a slot; a slot without keys is cloned, which is cheap.
    #[inline]
    pub(super) fn walk_slot(&mut self, slot: u32, keys: &[Key]) -> Result<Value<'a>, Stop> {
        let value = &self.slots[slot as usize];
        match keys.split_first() {
            None => Ok(value.clone()),
            Some((key, rest)) => {
                let found = value.get(self.program.str(key.text), key.index, &mut self.meter)?;
                walk(found, rest, self.program, &mut self.meter)
            }
        }
    }

    /// A parameter; one that had to be decoded is charged.
    #[inline]
    fn param(&mut self, text: Option<Cow<'a, str>>, kind: ParamKind) -> Result<Value<'a>, Stop> {
        let text = match text {
            None => return Ok(Value::Missing),
            Some(Cow::Borrowed(text)) => Text::Borrowed(text),
            Some(Cow::Owned(text)) => {
                self.meter.read(text.len())?;
                text.into()
            }
        };
        Ok(match kind {
            ParamKind::Text => Value::Text(text),
            kind => Value::Param(text, kind),
        })
    }

    fn whole(&mut self, root: Root) -> Result<Value<'a>, Stop> {
        let kinds: &[(Box<str>, ParamKind)] = match root {
            Root::PathParams => &self.rare.path_kinds,
            Root::QueryParams => &self.rare.query_kinds,
            Root::Headers | Root::FormParams | Root::Cookies => &[],
        };
        let mut pairs = Vec::new();
        for (name, text) in self.scope.pairs(root) {
            self.meter.step(1)?;
            let kind = kinds
                .iter()
                .find(|(declared, _)| **declared == *name)
                .map_or(ParamKind::Text, |(_, kind)| *kind);
            let value = self.param(Some(text), kind)?;
            pairs.push((name.into(), value));
        }
        Ok(Value::Map(pairs.into()))
    }

    /// A list of texts.
    fn list(&mut self, values: Vec<(Cow<'a, str>, Cow<'a, str>)>) -> Result<Value<'a>, Stop> {
        self.meter.step(values.len())?;
        let items: Result<Vec<_>, _> =
            values.into_iter().map(|(_, value)| self.param(Some(value), ParamKind::Text)).collect();
        Ok(Value::List(items?.into()))
    }

    /// The values of each query parameter, as a map of lists.
    fn lists(&mut self) -> Result<Value<'a>, Stop> {
        let mut index = HashMap::new();
        let mut lists: Vec<(Cow<'a, str>, Vec<_>)> = Vec::new();
        for (name, value) in self.scope.query_params(None) {
            let at = *index.entry(name.clone()).or_insert(lists.len());
            match lists.get_mut(at) {
                Some((_, values)) => values.push((name, value)),
                None => lists.push((name.clone(), vec![(name, value)])),
            }
        }
        let mut pairs = Vec::with_capacity(lists.len());
        for (name, values) in lists {
            self.meter.step(1)?;
            pairs.push((name.into(), self.list(values)?));
        }
        Ok(Value::Map(pairs.into()))
    }

    /// A function's value.
    fn call(&mut self, call: u32) -> Result<Value<'a>, Stop> {
        let Call { function, first, count } = self.rare.calls[call as usize];
        let mut arguments = Vec::new();
        self.arguments_into(&mut arguments, first, count)?;
        self.meter.step(1)?;
        (function.run)(&arguments, self.scope, &mut self.meter)
    }
}

/// Follows keys through maps and lists of JSON; `None` also for what only [`walk`] can follow.
#[inline]
pub(super) fn follow<'a>(
    value: Option<&'a json::Value>,
    keys: &[Key],
    program: &'a Program,
    meter: &mut Meter,
) -> Result<Option<&'a json::Value>, Stop> {
    let Some(mut value) = value else { return Ok(None) };
    for key in keys {
        let found = match value {
            json::Value::Object(object) => {
                charge_lookup(object.len(), meter)?;
                object.get(program.str(key.text))
            }
            json::Value::Array(items) => key.index.and_then(|index| items.get(index as usize)),
            _ => None,
        };
        match found {
            Some(found) => value = found,
            None => return Ok(None),
        }
    }
    Ok(Some(value))
}

/// Follows keys.
#[inline]
fn walk<'a>(
    mut value: Value<'a>,
    keys: &[Key],
    program: &'a Program,
    meter: &mut Meter,
) -> Result<Value<'a>, Stop> {
    for key in keys {
        value = value.get(program.str(key.text), key.index, meter)?;
    }
    Ok(value)
}
