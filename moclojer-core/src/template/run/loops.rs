//! Loops while they run: their items, and what is known of their turn.

use std::rc::Rc;

use super::Machine;
use crate::json;
use crate::template::program::{Binding, LoopField};
use crate::template::value::{Stop, Text, Value, character, pair};

/// A loop that runs.
pub(super) struct Frame<'a> {
    items: Items<'a>,
    /// Items that were taken.
    taken: usize,
    length: usize,
}

/// Items that are still to come.
pub(super) enum Items<'a> {
    Array(std::slice::Iter<'a, json::Value>),
    Object(Box<dyn Iterator<Item = (&'a str, &'a json::Value)> + 'a>),
    List(Rc<[Value<'a>]>),
    Map(Rc<[(Text<'a>, Value<'a>)]>),
    /// The characters from this byte on.
    Characters(Text<'a>, usize),
}

impl<'a> Machine<'a> {
    pub(super) fn loop_field(&self, depth: u32, field: LoopField) -> Value<'a> {
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

    pub(super) fn begin(&mut self, id: u32) -> Result<(), Stop> {
        let this = &self.rare.loops[id as usize];
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
    pub(super) fn advance(&mut self, id: u32) -> Result<bool, Stop> {
        self.meter.step(1)?;
        let this = &self.rare.loops[id as usize];
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
        let this = &self.rare.loops[id as usize];
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
