//! The machine that runs a program for one answer. It never recurses deeper than a fallback of a
//! variable, and every instruction, item and KiB is charged.

use std::borrow::Cow;
use std::collections::HashMap;
use std::rc::Rc;

use super::filters::{FILTERS, Run};
use super::program::{
    Argument, Binding, Call, Comparison, Field, Instruction, Key, LiteralId, LoopField, Place, Program,
    Source, Variable, VariableId,
};
use super::value::{Meter, Number, Stop, Text, Value, character, charge_lookup, pair, parse_number};
use super::write::{write, write_json_value, write_text};
use super::{Limits, ParamKind, RenderError, Root, Scope, compile::clip};
use crate::json;

/// Appends the rendered text to `out`.
pub(super) fn render<'a>(
    program: &'a Program,
    scope: &'a dyn Scope,
    limits: &Limits,
    out: &mut String,
) -> Result<(), RenderError> {
    let mut machine = Machine {
        program,
        scope,
        meter: Meter::new(limits),
        slots: vec![Value::Missing; program.slots as usize],
        frames: Vec::new(),
        cycles: vec![0; program.cycles as usize],
        fields: program.fields.iter().map(|field| FieldState::new(field, program)).collect(),
        current: Value::Missing,
        aside: Value::Missing,
        arguments: Vec::new(),
        next: 0,
    };
    machine.run(out).map_err(|stop| {
        let expression = clip(program.expression_at(machine.next.saturating_sub(1)));
        let (reason, limit) = match stop {
            Stop::Steps => (format!("rendering took more than {} steps", limits.steps), Some(Limits::STEPS)),
            Stop::Bytes => (
                format!("rendering wrote more than {} bytes", limits.output_bytes),
                Some(Limits::OUTPUT_BYTES),
            ),
            Stop::Reason(reason) => ((*reason).into(), None),
        };
        RenderError { expression, reason, limit }
    })
}

struct Machine<'a> {
    program: &'a Program,
    scope: &'a dyn Scope,
    meter: Meter,
    /// What loops keep.
    slots: Vec<Value<'a>>,
    /// Loops that run, from the outermost.
    frames: Vec<Frame<'a>>,
    /// One for each of the program's.
    fields: Vec<FieldState<'a>>,
    /// How often each tag `cycle` was passed.
    cycles: Vec<u32>,
    current: Value<'a>,
    /// The left side of a comparison, a sum so far, or what is to be set in a map.
    aside: Value<'a>,
    /// Kept for its memory.
    arguments: Vec<Value<'a>>,
    /// The next instruction.
    next: usize,
}

/// A field of the program, looked up once for the many items of a loop.
struct FieldState<'a> {
    before: &'a str,
    key: &'a [u8],
    slot: usize,
    /// Where the object of the item before had the key: items of a list are mostly alike.
    hint: usize,
    /// Whether it goes into a JSON string.
    json: bool,
}

impl<'a> FieldState<'a> {
    fn new(field: &Field, program: &'a Program) -> Self {
        Self {
            before: program.literal(field.before),
            key: program.bytes(program.keys[field.key as usize].text),
            slot: field.slot as usize,
            hint: 0,
            json: field.place == Place::JsonString,
        }
    }
}

/// A loop that runs.
struct Frame<'a> {
    items: Items<'a>,
    /// Items that were taken.
    taken: usize,
    length: usize,
}

/// Items that are still to come.
enum Items<'a> {
    Array(std::slice::Iter<'a, json::Value>),
    Object(Box<dyn Iterator<Item = (&'a str, &'a json::Value)> + 'a>),
    List(Rc<[Value<'a>]>),
    Map(Rc<[(Text<'a>, Value<'a>)]>),
    /// The characters from this byte on.
    Characters(Text<'a>, usize),
}

impl<'a> Machine<'a> {
    /// Runs to the end. What loops do most stands here by itself, so that the machine's state stays in registers.
    fn run(&mut self, out: &mut String) -> Result<(), Stop> {
        let program = self.program;
        while let Some(instruction) = program.code.get(self.next) {
            self.next += 1;
            self.meter.step(1)?;
            match instruction {
                Instruction::Text(literal) => self.text(program.literal(*literal), out)?,
                Instruction::ShowField(field) => {
                    let field = *field as usize;
                    match self.plain_field(field) {
                        Some((before, text)) => {
                            self.meter.output(before.len() + text.len())?;
                            out.push_str(before);
                            out.push_str(text);
                        }
                        None => self.show_field(field, out)?,
                    }
                }
                Instruction::Show(before, variable, place) => self.show(*before, *variable, *place, out)?,
                Instruction::Next(id) => {
                    if self.advance(*id)? {
                        self.next = program.loops[*id as usize].body as usize;
                    } else {
                        self.frames.pop();
                    }
                }
                other => self.execute(other, out)?,
            }
        }
        Ok(())
    }

    #[inline(never)]
    fn execute(&mut self, instruction: &Instruction, out: &mut String) -> Result<(), Stop> {
        match *instruction {
            // Those that `run` did not leave to this function.
            Instruction::Text(_)
            | Instruction::Show(..)
            | Instruction::ShowField(_)
            | Instruction::Next(_) => {}
            Instruction::Load(variable) => self.current = self.load(variable)?,
            Instruction::Filter { filter, count, first } => self.filter(filter, count, first)?,
            Instruction::Write(place) => write(&self.current, place, out, &mut self.meter)?,
            Instruction::Hold => self.aside = std::mem::take(&mut self.current),
            Instruction::Compare(comparison) => {
                self.current = Value::Bool(compare(&self.aside, &self.current, comparison, &mut self.meter)?);
            }
            Instruction::Not => self.current = Value::Bool(!self.current.is_true()),
            Instruction::Store(slot) => self.slots[slot as usize] = std::mem::take(&mut self.current),
            Instruction::SetPath { first, count } => self.set_path(first, count)?,
            Instruction::Zero => self.current = Value::Int(0),
            Instruction::Add => self.add()?,
            Instruction::TakeAside => self.current = std::mem::take(&mut self.aside),
            Instruction::Cycle { cycle, first, count } => self.cycle(cycle, first, count)?,
            Instruction::Jump(target) => self.next = target as usize,
            Instruction::JumpIfTrue(target) => self.jump_if(self.current.is_true(), target),
            Instruction::JumpIfFalse(target) => self.jump_if(!self.current.is_true(), target),
            Instruction::JumpIfAbsent(target) => self.jump_if(self.current.is_absent(), target),
            Instruction::JumpIfBlank(target) => self.jump_if(self.current.is_blank(), target),
            Instruction::Begin(id) => self.begin(id)?,
        }
        Ok(())
    }

    #[inline]
    fn text(&mut self, text: &str, out: &mut String) -> Result<(), Stop> {
        self.meter.output(text.len())?;
        out.push_str(text);
        Ok(())
    }

    fn jump_if(&mut self, condition: bool, target: u32) {
        if condition {
            self.next = target as usize;
        }
    }

    fn filter(&mut self, filter: u16, count: u16, first: u32) -> Result<(), Stop> {
        let mut arguments = std::mem::take(&mut self.arguments);
        self.arguments_into(&mut arguments, first, u32::from(count))?;
        let value = std::mem::take(&mut self.current);
        self.current = match FILTERS[usize::from(filter)].run {
            Run::Pure(run) => run(value, &arguments, &mut self.meter)?,
            Run::Drawing(run) => run(value, &arguments, self.scope, &mut self.meter)?,
            // The compiler made them arguments of the filter that follows.
            Run::Side(_) | Run::Ellipsis => value,
        };
        arguments.clear();
        self.arguments = arguments;
        Ok(())
    }

    fn arguments_into(&mut self, into: &mut Vec<Value<'a>>, first: u32, count: u32) -> Result<(), Stop> {
        let program = self.program;
        for argument in &program.arguments[first as usize..(first + count) as usize] {
            into.push(self.argument(*argument)?);
        }
        Ok(())
    }

    fn argument(&mut self, argument: Argument) -> Result<Value<'a>, Stop> {
        let text = |span| Value::Text(Text::Borrowed(self.program.str(span)));
        match argument {
            Argument::Text(span) => Ok(text(span)),
            Argument::Variable(variable, otherwise) => match self.load(variable)? {
                Value::Missing => Ok(text(otherwise)),
                value => Ok(value),
            },
        }
    }

    /// The current value becomes the same with the value put aside at a path.
    fn set_path(&mut self, first: u32, count: u32) -> Result<(), Stop> {
        let keys = &self.program.keys[first as usize..(first + count) as usize];
        let mut maps = Vec::with_capacity(keys.len());
        let mut value = std::mem::take(&mut self.current);
        for key in keys {
            let inner = value.get(self.program.str(key.text), key.index, &mut self.meter)?;
            maps.push(value);
            value = inner;
        }
        value = std::mem::take(&mut self.aside);
        for (key, map) in keys.iter().zip(maps).rev() {
            value = map.with(self.program.str(key.text), value, &mut self.meter)?;
        }
        self.current = value;
        Ok(())
    }

    /// Adds the current number to the one put aside.
    fn add(&mut self) -> Result<(), Stop> {
        let number = match &self.current {
            Value::Text(text) | Value::Param(text, _) => {
                return Err(format!("the text {:?} is no number", clip(text)).into());
            }
            value => value.number().ok_or_else(|| Stop::from(format!("{} is no number", value.kind())))?,
        };
        let so_far = self.aside.number().unwrap_or(Number::Int(0));
        self.aside = so_far.plus(number)?;
        Ok(())
    }

    fn cycle(&mut self, cycle: u32, first: u32, count: u32) -> Result<(), Stop> {
        let passed = &mut self.cycles[cycle as usize];
        let argument = self.program.arguments[(first + *passed % count.max(1)) as usize];
        *passed = passed.wrapping_add(1) % count.max(1);
        self.current = self.argument(argument)?;
        Ok(())
    }

    /// A field of a loop's item, and the literal before it, if it is a short text without escapes, goes into a
    /// JSON string, and stands where the item before had it.
    #[inline]
    fn plain_field(&self, field: usize) -> Option<(&'a str, &'a str)> {
        let field = self.fields.get(field)?;
        let Value::Object(object) = self.slots.get(field.slot)? else { return None };
        let object: &'a json::Object = object;
        match object.get_at(field.hint, field.key)? {
            json::Value::String(text) if field.json && json::is_plain(text) => Some((field.before, text)),
            _ => None,
        }
    }

    /// Writes a literal and a field of a loop's item.
    #[inline(never)]
    fn show_field(&mut self, field: usize, out: &mut String) -> Result<(), Stop> {
        let Field { before, slot, key, place } = self.program.fields[field];
        self.text(self.program.literal(before), out)?;
        let known = &self.program.keys[key as usize];
        if let Value::Object(object) = &self.slots[slot as usize] {
            let object: &'a json::Object = object;
            charge_lookup(object.len(), &mut self.meter)?;
            let state = &mut self.fields[field];
            if let Some((at, found)) = object.find(state.key) {
                state.hint = at;
                return write_json_value(found, place, out, &mut self.meter);
            }
        }
        let value = self.walk_slot(slot, std::slice::from_ref(known))?;
        write(&value, place, out, &mut self.meter)
    }

    /// Writes a literal and a variable. What is most often written goes straight from the request to `out`.
    #[inline(never)]
    fn show(
        &mut self,
        before: LiteralId,
        id: VariableId,
        place: Place,
        out: &mut String,
    ) -> Result<(), Stop> {
        let program = self.program;
        self.text(program.literal(before), out)?;
        let Variable { source, keys } = &program.variables[id.0 as usize];
        let keys = &program.keys[keys.start as usize..keys.end as usize];
        match *source {
            Source::Json => {
                if let Some(found) = follow(self.scope.json(), keys, program, &mut self.meter)? {
                    return write_json_value(found, place, out, &mut self.meter);
                }
            }
            Source::PathParam(index, ParamKind::Text) if keys.is_empty() && place != Place::JsonOwn => {
                if let Some(text) = self.scope.path_param(index as usize) {
                    return self.show_text(&text, place, out);
                }
            }
            Source::QueryParam(name, ParamKind::Text) if keys.is_empty() && place != Place::JsonOwn => {
                if let Some(text) = self.scope.query_param(program.str(name)) {
                    return self.show_text(&text, place, out);
                }
            }
            _ => {}
        }
        let value = self.load(id)?;
        write(&value, place, out, &mut self.meter)
    }

    /// Writes a text; a short one without escapes goes the shortest way.
    #[inline]
    fn show_text(&mut self, text: &str, place: Place, out: &mut String) -> Result<(), Stop> {
        match place {
            Place::JsonString if json::is_plain(text) => self.text(text, out),
            _ => write_text(text, place, out, &mut self.meter),
        }
    }

    fn load(&mut self, id: VariableId) -> Result<Value<'a>, Stop> {
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
                self.param(self.scope.header(&program.headers[name as usize]), ParamKind::Text)?
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
    fn walk_slot(&mut self, slot: u32, keys: &[Key]) -> Result<Value<'a>, Stop> {
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
        let program = self.program;
        let kinds: &[(Box<str>, ParamKind)] = match root {
            Root::PathParams => &program.path_kinds,
            Root::QueryParams => &program.query_kinds,
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
        let Call { function, first, count } = self.program.calls[call as usize];
        let mut arguments = Vec::new();
        self.arguments_into(&mut arguments, first, count)?;
        self.meter.step(1)?;
        (function.run)(&arguments, self.scope, &mut self.meter)
    }

    fn loop_field(&self, depth: u32, field: LoopField) -> Value<'a> {
        let Some(Frame { taken, length, .. }) = self.frames.get(depth as usize) else {
            return Value::Missing;
        };
        let (counter, length) = (*taken as i64, *length as i64);
        match field {
            LoopField::First => Value::Bool(counter == 1),
            LoopField::Last => Value::Bool(counter == length),
            LoopField::Counter => Value::Int(counter),
            LoopField::Counter0 => Value::Int(counter - 1),
            LoopField::Revcounter => Value::Int(length - counter),
            LoopField::Revcounter0 => Value::Int(length - counter + 1),
            LoopField::Length => Value::Int(length),
            LoopField::Whole => {
                let fields = [
                    ("first", LoopField::First),
                    ("last", LoopField::Last),
                    ("counter", LoopField::Counter),
                    ("counter0", LoopField::Counter0),
                    ("revcounter", LoopField::Revcounter),
                    ("revcounter0", LoopField::Revcounter0),
                    ("length", LoopField::Length),
                ];
                Value::Map(
                    fields.map(|(name, field)| (Text::Borrowed(name), self.loop_field(depth, field))).into(),
                )
            }
        }
    }

    fn begin(&mut self, id: u32) -> Result<(), Stop> {
        let this = &self.program.loops[id as usize];
        let (items, length) = match std::mem::take(&mut self.current) {
            Value::Missing | Value::Null => {
                self.next = this.none as usize;
                return Ok(());
            }
            Value::Array(items) => (Items::Array(items.iter()), items.len()),
            Value::List(items) => {
                let length = items.len();
                (Items::List(items), length)
            }
            Value::Object(object) => (Items::Object(Box::new(object.iter())), object.len()),
            Value::Map(pairs) => {
                let length = pairs.len();
                (Items::Map(pairs), length)
            }
            Value::Text(text) | Value::Param(text, _) => {
                self.meter.read(text.len())?;
                let length = text.chars().count();
                (Items::Characters(text, 0), length)
            }
            value => return Err(format!("{} has no items to loop over", value.kind()).into()),
        };
        if let Some(previous) = this.previous {
            let (first, count) = this.binding.slots();
            for offset in 0..count {
                self.slots[(previous + offset) as usize] = Value::Missing;
                self.slots[(first + offset) as usize] = Value::Missing;
            }
        }
        self.frames.push(Frame { items, taken: 0, length });
        if !self.advance(id)? {
            self.frames.pop();
            self.next = this.none as usize;
        }
        Ok(())
    }

    /// Puts the innermost loop's next item into its slots; false when there is none.
    #[inline(always)]
    fn advance(&mut self, id: u32) -> Result<bool, Stop> {
        self.meter.step(1)?;
        let this = &self.program.loops[id as usize];
        let Some(frame) = self.frames.last_mut() else {
            return Ok(false);
        };
        // The usual loop, over a list of the request, takes the short way.
        if let (Binding::One(slot), None, Items::Array(items)) =
            (this.binding, this.previous, &mut frame.items)
        {
            let Some(item) = items.next() else {
                return Ok(false);
            };
            frame.taken += 1;
            self.slots[slot as usize] = Value::from(item);
            return Ok(true);
        }
        self.advance_any(id)
    }

    #[inline(never)]
    fn advance_any(&mut self, id: u32) -> Result<bool, Stop> {
        let this = &self.program.loops[id as usize];
        let Some(frame) = self.frames.last_mut() else {
            return Ok(false);
        };
        let Some((key, item)) = frame.items.take(frame.taken) else {
            return Ok(false);
        };
        if let Some(previous) = this.previous {
            let (first, count) = this.binding.slots();
            for offset in 0..count {
                self.slots[(previous + offset) as usize] =
                    std::mem::take(&mut self.slots[(first + offset) as usize]);
            }
        }
        match (this.binding, key) {
            (Binding::One(slot), None) => self.slots[slot as usize] = item,
            (Binding::One(slot), Some(key)) => self.slots[slot as usize] = pair(key, item),
            (Binding::Each(slot), key) => {
                self.slots[slot as usize] = item;
                self.slots[slot as usize + 1] = key.map_or(Value::Int(frame.taken as i64), Value::Text);
            }
            (Binding::Apart { first, count }, key) => {
                let slots = &mut self.slots[first as usize..(first + count) as usize];
                take_apart(key, item, slots)?;
            }
        }
        frame.taken += 1;
        Ok(true)
    }
}

impl<'a> Items<'a> {
    /// The item at `index`, which is the next one, and its key in a map.
    #[inline]
    fn take(&mut self, index: usize) -> Option<(Option<Text<'a>>, Value<'a>)> {
        match self {
            Self::Array(items) => items.next().map(|item| (None, item.into())),
            Self::Object(pairs) => pairs.next().map(|(key, value)| (Some(Text::Borrowed(key)), value.into())),
            Self::List(items) => items.get(index).map(|item| (None, item.clone())),
            Self::Map(pairs) => pairs.get(index).map(|(key, value)| (Some(key.clone()), value.clone())),
            Self::Characters(text, at) => {
                let item = character(text, *at);
                *at += item.len();
                (!item.is_empty()).then_some((None, Value::Text(item)))
            }
        }
    }
}

/// Spreads an item over slots; what it does not have is missing.
fn take_apart<'a>(key: Option<Text<'a>>, item: Value<'a>, slots: &mut [Value<'a>]) -> Result<(), Stop> {
    if let Some(key) = key {
        let mut parts = [Value::Text(key), item].into_iter();
        slots.fill_with(|| parts.next().unwrap_or_default());
        return Ok(());
    }
    match item {
        Value::Array(parts) => {
            let mut parts = parts.iter().map(Value::from);
            slots.fill_with(|| parts.next().unwrap_or_default());
        }
        Value::List(parts) => {
            let mut parts = parts.iter().cloned();
            slots.fill_with(|| parts.next().unwrap_or_default());
        }
        Value::Text(text) => {
            let mut characters = text.char_indices().map(|(start, _)| Value::Text(character(&text, start)));
            slots.fill_with(|| characters.next().unwrap_or_default());
        }
        Value::Missing | Value::Null => slots.fill(Value::Missing),
        other => return Err(format!("{} cannot be taken apart", other.kind()).into()),
    }
    Ok(())
}

/// Follows keys through maps and lists of JSON; `None` also for what only [`walk`] can follow.
#[inline]
fn follow<'a>(
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

fn compare(left: &Value<'_>, right: &Value<'_>, how: Comparison, meter: &mut Meter) -> Result<bool, Stop> {
    match how {
        Comparison::Equal => equal(left, right, meter),
        Comparison::Unequal => equal(left, right, meter).map(|equal| !equal),
        Comparison::Same if left.is_absent() || right.is_absent() => {
            Ok(left.is_absent() && right.is_absent())
        }
        Comparison::Same => Ok(*left.to_text(meter)? == *right.to_text(meter)?),
        Comparison::Order { less, equal, greater, literal } => {
            let absent = |value: &Value<'_>| {
                value.is_absent() || (literal && matches!(value, Value::Text(text) if text.is_empty()))
            };
            match (absent(left), absent(right)) {
                (true, true) => return Ok(false),
                (true, false) | (false, true) if literal => return Ok(false),
                _ => {}
            }
            let order = order(number(left, meter)?, number(right, meter)?);
            Ok(match order {
                std::cmp::Ordering::Less => less,
                std::cmp::Ordering::Equal => equal,
                std::cmp::Ordering::Greater => greater,
            })
        }
    }
}

/// As numbers when both look like one, else as text; missing equals null and nothing else.
pub(super) fn equal(left: &Value<'_>, right: &Value<'_>, meter: &mut Meter) -> Result<bool, Stop> {
    if left.is_absent() || right.is_absent() {
        return Ok(left.is_absent() && right.is_absent());
    }
    let (left, right) = (left.to_text(meter)?, right.to_text(meter)?);
    if *left == *right {
        return Ok(true);
    }
    if !looks_numeric(&left) || !looks_numeric(&right) {
        return Ok(false);
    }
    Ok(match (parse_number(&left), parse_number(&right)) {
        (Some(left), Some(right)) => order(left, right).is_eq(),
        _ => false,
    })
}

/// `-?[0-9]*\.?[0-9]+`
pub(super) fn looks_numeric(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or(("", digits));
    whole.bytes().all(|byte| byte.is_ascii_digit()) && super::expression::is_digits(fraction)
}

fn number(value: &Value<'_>, meter: &mut Meter) -> Result<Number, Stop> {
    if let Value::Text(text) | Value::Digits(text) = value {
        meter.read(text.len())?;
    }
    value.number().ok_or_else(|| match value {
        Value::Text(text) => format!("the text {:?} is no number and cannot be ordered", clip(text)).into(),
        other => format!("{} cannot be ordered", other.kind()).into(),
    })
}

pub(super) fn order(left: Number, right: Number) -> std::cmp::Ordering {
    match (left, right) {
        (Number::Int(left), Number::Int(right)) => left.cmp(&right),
        // Finite numbers, of which zeros are equal whatever their sign.
        _ => left.as_f64().partial_cmp(&right.as_f64()).unwrap_or(std::cmp::Ordering::Equal),
    }
}
