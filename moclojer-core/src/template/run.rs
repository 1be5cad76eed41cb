//! The machine that runs a program for one answer. It never recurses deeper than a fallback of a
//! variable, and every instruction, item and KiB is charged. Loops stand in `loops`, where values come from in
//! `load`.

mod load;
mod loops;

use self::load::follow;
use self::loops::Frame;
use super::compare::compare;
use super::filters::{FILTERS, Run};
use super::program::{
    Argument, Field, Instruction, LiteralId, Place, Program, Rare, Source, Variable, VariableId,
};
use super::value::{Meter, Number, Stop, Text, Value, charge_lookup};
use super::write::{write, write_json_value, write_text};
use super::{Limits, ParamKind, RenderError, Scope, compile::clip};
use crate::json;

/// Appends the rendered text to `out`.
pub(super) fn render<'a>(
    program: &'a Program,
    scope: &'a dyn Scope,
    limits: &Limits,
    out: &mut String,
) -> Result<(), RenderError> {
    let rare = program.rare();
    let mut machine = Machine {
        program,
        rare,
        scope,
        meter: Meter::new(limits),
        slots: vec![Value::Missing; program.slots as usize],
        frames: Vec::new(),
        cycles: vec![0; program.cycles as usize],
        fields: rare.fields.iter().map(|field| FieldState::new(field, program)).collect(),
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
    rare: &'a Rare,
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
                        self.next = self.rare.loops[*id as usize].body as usize;
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
        for argument in &self.rare.arguments[first as usize..(first + count) as usize] {
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
        let argument = self.rare.arguments[(first + *passed % count.max(1)) as usize];
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
        let Field { before, slot, key, place } = self.rare.fields[field];
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
}
