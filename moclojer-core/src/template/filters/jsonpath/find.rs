//! Follows a path through a value. Every node that is visited is charged a step, and nothing recurses with
//! the depth of the value.

use super::path::{Query, Segment, Selector};
use super::pattern::Patterns;
use crate::template::value::{Meter, Stop, Value};

/// What a path finds in `root`.
pub(super) fn find<'a>(query: &Query, root: Value<'a>, meter: &mut Meter) -> Result<Value<'a>, Stop> {
    let mut finder = Finder { root, meter, patterns: Patterns::default() };
    let root = finder.root.clone();
    if query.is_singular() {
        return Ok(finder.one(query, &root)?.unwrap_or_default());
    }
    if root.is_absent() {
        return Ok(Value::List([].into()));
    }
    Ok(Value::List(finder.all(query, &root)?.into()))
}

pub(super) struct Finder<'a, 'm> {
    root: Value<'a>,
    pub(super) meter: &'m mut Meter,
    pub(super) patterns: Patterns,
}

impl<'a> Finder<'a, '_> {
    fn start(&self, query: &Query, current: &Value<'a>) -> Value<'a> {
        if query.absolute { self.root.clone() } else { current.clone() }
    }

    /// The node of a path that names one.
    pub(super) fn one(&mut self, query: &Query, current: &Value<'a>) -> Result<Option<Value<'a>>, Stop> {
        let mut node = self.start(query, current);
        for selector in query.segments.iter().flat_map(|segment| &segment.selectors) {
            let child = match selector {
                Selector::Name(name) => self.named(&node, name)?,
                Selector::Index(index) => self.at_index(&node, *index)?,
                _ => None,
            };
            match child {
                Some(child) => node = child,
                None => return Ok(None),
            }
        }
        Ok(Some(node))
    }

    /// The nodes of any path, in its order.
    pub(super) fn all(&mut self, query: &Query, current: &Value<'a>) -> Result<Vec<Value<'a>>, Stop> {
        let mut nodes = vec![self.start(query, current)];
        for segment in &query.segments {
            let mut found = Vec::new();
            for node in nodes {
                self.follow(segment, node, &mut found)?;
            }
            nodes = found;
        }
        Ok(nodes)
    }

    fn follow(&mut self, segment: &Segment, node: Value<'a>, found: &mut Vec<Value<'a>>) -> Result<(), Stop> {
        if !segment.descendant {
            return self.select(segment, &node, found);
        }
        // A node comes before what is inside of it, and that in its order.
        let mut waiting = vec![node];
        while let Some(node) = waiting.pop() {
            self.select(segment, &node, found)?;
            let first = waiting.len();
            self.children(&node, &mut waiting)?;
            waiting.get_mut(first..).unwrap_or_default().reverse();
        }
        Ok(())
    }

    fn select(
        &mut self,
        segment: &Segment,
        node: &Value<'a>,
        found: &mut Vec<Value<'a>>,
    ) -> Result<(), Stop> {
        for selector in &segment.selectors {
            self.meter.step(1)?;
            match selector {
                Selector::Name(name) => found.extend(self.named(node, name)?),
                Selector::Index(index) => found.extend(self.at_index(node, *index)?),
                Selector::Wildcard => self.children(node, found)?,
                Selector::Slice { start, end, step } => self.slice(node, (*start, *end, *step), found)?,
                Selector::Filter(test) => {
                    let mut children = Vec::new();
                    self.children(node, &mut children)?;
                    for child in children {
                        if self.holds(test, &child)? {
                            found.push(child);
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// The value of a map under a key.
    fn named(&mut self, node: &Value<'a>, name: &str) -> Result<Option<Value<'a>>, Stop> {
        // A look-up alone is charged less than a step for small maps.
        self.meter.step(1)?;
        let found = match node {
            // Null and missing are not the same here, so the value's own look-up, which mixes them, is not used.
            Value::Object(object) => object.get(name).map(Value::from),
            Value::Map(pairs) => pairs.iter().find(|(key, _)| **key == *name).map(|(_, value)| value.clone()),
            _ => return Ok(None),
        };
        self.meter.step(size(node) / 16)?;
        Ok(found)
    }

    fn at_index(&mut self, node: &Value<'a>, index: i64) -> Result<Option<Value<'a>>, Stop> {
        self.meter.step(1)?;
        let place = if index < 0 { size(node) as i64 + index } else { index };
        Ok(usize::try_from(place).ok().and_then(|place| item(node, place)))
    }

    /// Appends all children of a node.
    fn children(&mut self, node: &Value<'a>, found: &mut Vec<Value<'a>>) -> Result<(), Stop> {
        self.meter.step(size(node))?;
        match node {
            Value::Array(items) => found.extend(items.iter().map(Value::from)),
            Value::List(items) => found.extend_from_slice(items),
            Value::Object(object) => found.extend(object.iter().map(|(_, value)| Value::from(value))),
            Value::Map(pairs) => found.extend(pairs.iter().map(|(_, value)| value.clone())),
            _ => {}
        }
        Ok(())
    }

    /// Appends the items of a list from `start` up to `end`, which is left out (RFC 9535, section 2.3.4.2).
    fn slice(
        &mut self,
        node: &Value<'a>,
        (start, end, step): (Option<i64>, Option<i64>, i64),
        found: &mut Vec<Value<'a>>,
    ) -> Result<(), Stop> {
        if step == 0 || !matches!(node, Value::Array(_) | Value::List(_)) {
            return Ok(());
        }
        let length = size(node) as i64;
        let from_end = |place: i64| if place < 0 { length + place } else { place };
        let mut place = match start {
            Some(start) if step > 0 => from_end(start).clamp(0, length),
            Some(start) => from_end(start).clamp(-1, length - 1),
            None if step > 0 => 0,
            None => length - 1,
        };
        let end = match end {
            Some(end) => from_end(end).clamp(-1, length),
            None if step > 0 => length,
            None => -1,
        };
        while if step > 0 { place < end } else { place > end } {
            self.meter.step(1)?;
            found.extend(usize::try_from(place).ok().and_then(|place| item(node, place)));
            place = place.saturating_add(step);
        }
        Ok(())
    }
}

/// How many children a node has.
pub(super) fn size(node: &Value<'_>) -> usize {
    match node {
        Value::Array(items) => items.len(),
        Value::List(items) => items.len(),
        Value::Object(object) => object.len(),
        Value::Map(pairs) => pairs.len(),
        _ => 0,
    }
}

/// The item of a list.
pub(super) fn item<'a>(node: &Value<'a>, index: usize) -> Option<Value<'a>> {
    match node {
        Value::Array(items) => items.get(index).map(Value::from),
        Value::List(items) => items.get(index).cloned(),
        _ => None,
    }
}
