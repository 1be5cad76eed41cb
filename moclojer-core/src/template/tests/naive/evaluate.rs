//! From a tree and a context to text: names are looked up on a stack as they are met.

mod values;

use std::collections::HashMap;

use self::values::{follow, items, named, named_in, order, refused, set, step};
use super::super::super::filters::{self, Run};
use super::super::super::value::{Meter, Number, Stop, Text, Value};
use super::super::super::{Limits, escape};
use super::parse::{keys, numeric};
use super::tree::{Binding, Call, Condition, Expression, Node, Operand, Place};
use crate::json;

type Result<T> = std::result::Result<T, Stop>;

/// Appends what a tree renders to; what was written before a failure stays.
pub(super) fn evaluate(nodes: &[Node], context: &json::Value, now: &str, out: &mut String) -> Result<()> {
    let meter = Meter::new(&Limits::default());
    let mut evaluation = Evaluation { context, now, scopes: Vec::new(), cycles: HashMap::new(), meter };
    evaluation.nodes(nodes, out)
}

struct Evaluation<'a> {
    context: &'a json::Value,
    /// What `{{now}}` shows.
    now: &'a str,
    /// What is open, from the outermost.
    scopes: Vec<Scope<'a>>,
    /// How often each `cycle` was passed.
    cycles: HashMap<usize, usize>,
    meter: Meter,
}

enum Scope<'a> {
    /// A name of a `with`.
    With(String, Value<'a>),
    Loop(Loop<'a>),
}

/// A loop at one of its items.
struct Loop<'a> {
    names: Names<'a>,
    /// The names as they were at the item before.
    previous: Names<'a>,
    each: bool,
    /// From 0.
    index: i64,
    length: i64,
}

type Names<'a> = Vec<(String, Value<'a>)>;

/// An item and its key in a map.
type Item<'a> = (Option<Value<'a>>, Value<'a>);

impl<'a> Evaluation<'a> {
    fn nodes(&mut self, nodes: &[Node], out: &mut String) -> Result<()> {
        nodes.iter().try_for_each(|node| self.node(node, out))
    }

    fn node(&mut self, node: &Node, out: &mut String) -> Result<()> {
        match node {
            Node::Text(text) => out.push_str(text),
            Node::Show(expression, place) => {
                let value = self.expression(expression)?;
                self.write(&value, *place, out)?;
            }
            Node::Group(nodes) => self.nodes(nodes, out)?,
            Node::If(branches, otherwise) => {
                for (condition, nodes) in branches {
                    if self.condition(condition)? {
                        return self.nodes(nodes, out);
                    }
                }
                self.nodes(otherwise, out)?;
            }
            Node::Loop { binding, list, body, empty } => self.each_item(binding, list, body, empty, out)?,
            Node::With(bindings, nodes) => {
                let depth = self.scopes.len();
                for (path, expression) in bindings {
                    let value = self.expression(expression)?;
                    let value = match path.as_slice() {
                        [_] => value,
                        [first, rest @ ..] => set(self.path(first)?, rest, value),
                        [] => Value::Missing,
                    };
                    self.scopes.push(Scope::With(path[0].clone(), value));
                }
                self.nodes(nodes, out)?;
                self.scopes.truncate(depth);
            }
            Node::Cycle(id, words, place) => {
                let passed = self.cycles.entry(*id).or_default();
                let word = words[*passed % words.len()].clone();
                *passed += 1;
                self.write(&Value::text_of(word), *place, out)?;
            }
            Node::FirstOf(all, nothing) => {
                for (expression, place) in all {
                    let value = self.expression(expression)?;
                    if !self.text(&value)?.is_empty() {
                        return self.write(&value, *place, out);
                    }
                }
                self.write(&Value::Missing, *nothing, out)?;
            }
            Node::Sum(all, place) => {
                let mut sum = Number::Int(0);
                for expression in all {
                    let number = match self.expression(expression)? {
                        Value::Text(_) => None,
                        value => value.number(),
                    };
                    let sum_so_far = sum.plus(number.ok_or_else(refused)?)?;
                    sum = sum_so_far.number().ok_or_else(refused)?;
                }
                let sum = match sum {
                    Number::Int(int) => Value::Int(int),
                    Number::Float(float) => Value::Float(float),
                };
                self.write(&sum, *place, out)?;
            }
        }
        Ok(())
    }

    // Conditions

    fn condition(&mut self, condition: &Condition) -> Result<bool> {
        match condition {
            Condition::Or(all) => {
                for one in all {
                    if self.condition(one)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Condition::And(all) => {
                for one in all {
                    if !self.condition(one)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Condition::Not(inner) => Ok(!self.condition(inner)?),
            Condition::Value(expression) => {
                let value = self.expression(expression)?;
                Ok(!["", "false"].contains(&&*self.text(&value)?))
            }
            Condition::Compare { left, operator, right, literal } => {
                let (left, right) = (self.expression(left)?, self.expression(right)?);
                match operator.as_str() {
                    "=" => self.equal(&left, &right),
                    "!=" => Ok(!self.equal(&left, &right)?),
                    operator => self.ordered(&left, operator, &right, *literal),
                }
            }
            Condition::Same(all) => {
                let mut before: Option<Value<'a>> = None;
                for expression in all {
                    let value = self.expression(expression)?;
                    if let Some(before) = before
                        && (before.is_absent() != value.is_absent()
                            || *self.text(&before)? != *self.text(&value)?)
                    {
                        return Ok(false);
                    }
                    before = Some(value);
                }
                Ok(true)
            }
        }
    }

    fn equal(&mut self, left: &Value<'a>, right: &Value<'a>) -> Result<bool> {
        if left.is_absent() || right.is_absent() {
            return Ok(left.is_absent() && right.is_absent());
        }
        let (left_text, right_text) = (self.text(left)?, self.text(right)?);
        if !numeric(&left_text) || !numeric(&right_text) {
            return Ok(*left_text == *right_text);
        }
        let number = |text: Text<'a>| Value::Text(text).number();
        Ok(match (number(left_text), number(right_text)) {
            (Some(left), Some(right)) => order(left, right).is_eq(),
            _ => false,
        })
    }

    fn ordered(
        &mut self,
        left: &Value<'a>,
        operator: &str,
        right: &Value<'a>,
        literal: bool,
    ) -> Result<bool> {
        let empty = |value: &Value<'a>| matches!(value, Value::Text(text) if text.is_empty());
        let (left_absent, right_absent) = (left.is_absent(), right.is_absent());
        if left_absent && right_absent {
            return Ok(false);
        }
        // Beside a number of the template what shows nothing is below and above nothing.
        if literal && (left_absent || right_absent || empty(left) || empty(right)) {
            return Ok(false);
        }
        let order = order(left.number().ok_or_else(refused)?, right.number().ok_or_else(refused)?);
        Ok(match operator {
            "<" => order.is_lt(),
            "<=" => order.is_le(),
            ">" => order.is_gt(),
            _ => order.is_ge(),
        })
    }

    // Loops

    fn each_item(
        &mut self,
        binding: &Binding,
        list: &Expression,
        body: &[Node],
        empty: &Option<Vec<Node>>,
        out: &mut String,
    ) -> Result<()> {
        let mut value = self.operand(&list.operand)?;
        if !value.is_absent() || empty.is_some() {
            value = self.filtered(value, &list.filters)?;
        }
        let items = items(&value)?;
        if items.is_empty() {
            return self.nodes(empty.as_deref().unwrap_or_default(), out);
        }
        let length = items.len();
        let mut previous: Names<'a> = Vec::new();
        for (index, item) in items.into_iter().enumerate() {
            let names = named(binding, index, length, item)?;
            let each = matches!(binding, Binding::Each);
            let now =
                Loop { names: names.clone(), previous, each, index: index as i64, length: length as i64 };
            previous = names;
            self.scopes.push(Scope::Loop(now));
            self.nodes(body, out)?;
            self.scopes.pop();
        }
        Ok(())
    }

    /// The loops that are open, from the innermost.
    fn loops(&self) -> impl Iterator<Item = &Loop<'a>> {
        self.scopes.iter().rev().filter_map(|scope| match scope {
            Scope::Loop(this) => Some(this),
            Scope::With(..) => None,
        })
    }

    fn forloop(&self, keys: &[String]) -> Value<'a> {
        let outwards = keys.iter().take_while(|key| *key == "parentloop").count();
        let Some(this) = self.loops().nth(outwards) else { return Value::Missing };
        let Loop { index, length, .. } = *this;
        let fields = [
            ("first", Value::Bool(index == 0)),
            ("last", Value::Bool(index + 1 == length)),
            ("counter", Value::Int(index + 1)),
            ("counter0", Value::Int(index)),
            ("revcounter", Value::Int(length - (index + 1))),
            ("revcounter0", Value::Int(length - index)),
            ("length", Value::Int(length)),
        ];
        let (value, rest) = match &keys[outwards..] {
            [] => (
                Value::Map(fields.map(|(name, value)| (Text::Borrowed(name), value)).into()),
                keys.get(keys.len()..).unwrap_or_default(),
            ),
            [previous, name, rest @ ..] if previous == "previous" => (named_in(&this.previous, name), rest),
            [name, rest @ ..] => {
                let field = fields.into_iter().find(|(known, _)| known == name);
                (field.map(|(_, value)| value).unwrap_or_default(), rest)
            }
        };
        follow(value, rest)
    }

    // Values

    fn expression(&mut self, expression: &Expression) -> Result<Value<'a>> {
        let value = self.operand(&expression.operand)?;
        self.filtered(value, &expression.filters)
    }

    fn operand(&mut self, operand: &Operand) -> Result<Value<'a>> {
        match operand {
            Operand::Literal(text) => Ok(Value::text_of(text.clone())),
            Operand::Number(digits) => Ok(Value::Digits(Text::from(digits.clone()))),
            Operand::Path(path) => self.path(path),
        }
    }

    fn path(&mut self, path: &str) -> Result<Value<'a>> {
        if path == "."
            && let Some(this) = self.loops().next().filter(|this| this.each)
        {
            return Ok(named_in(&this.names, "this"));
        }
        let keys = keys(path);
        if path.contains(char::is_whitespace) || keys.iter().any(String::is_empty) {
            return Ok(Value::Missing);
        }
        let (first, rest) = (keys[0].as_str(), &keys[1..]);
        for scope in self.scopes.iter().rev() {
            match scope {
                Scope::With(name, value) if name == first => return Ok(follow(value.clone(), rest)),
                Scope::Loop(this) if this.names.iter().any(|(name, _)| name == first) => {
                    return Ok(follow(named_in(&this.names, first), rest));
                }
                _ => {}
            }
        }
        if first == "forloop" && self.loops().next().is_some() {
            return Ok(self.forloop(rest));
        }
        if let Some(this) = self.loops().find(|this| this.each) {
            let field = step(&named_in(&this.names, "this"), first);
            if !matches!(field, Value::Missing) {
                return Ok(follow(field, rest));
            }
        }
        let found = step(&Value::from(self.context), first);
        if matches!(found, Value::Missing) && path == "now" {
            return Ok(Value::Text(Text::Borrowed(self.now)));
        }
        Ok(follow(found, rest))
    }

    fn filtered(&mut self, mut value: Value<'a>, calls: &[Call]) -> Result<Value<'a>> {
        // What `abbr-…` filters said, for the `abbreviate` after them.
        let (mut side, mut ellipsis, mut shortened) = (None, None, false);
        for call in calls {
            let Some((_, row)) = filters::find(&call.name) else { return Err(refused()) };
            let mut arguments =
                call.arguments.iter().map(|text| self.argument(text)).collect::<Result<Vec<_>>>()?;
            match row.run {
                Run::Side(said) => side = Some(said),
                Run::Ellipsis => ellipsis = arguments.pop(),
                Run::Pure(run) => {
                    if call.name == "abbreviate" && shortened {
                        arguments.resize_with(2, || Value::text_of(String::new()));
                        arguments.push(Value::text_of(side.take().unwrap_or_default().to_owned()));
                        arguments.extend(ellipsis.take());
                    }
                    value = run(value, &arguments, &mut self.meter)?;
                }
                Run::Drawing(_) => return Err(refused()),
            }
            shortened = matches!(row.run, Run::Side(_) | Run::Ellipsis);
        }
        Ok(value)
    }

    /// An argument: its text, or with `@` what stands at a path, when there is anything.
    fn argument(&mut self, text: &str) -> Result<Value<'a>> {
        let found = match text.strip_prefix('@') {
            Some(path) if !path.is_empty() => self.path(path)?,
            _ => Value::Missing,
        };
        Ok(if let Value::Missing = found { Value::text_of(text.to_owned()) } else { found })
    }

    fn text(&mut self, value: &Value<'a>) -> Result<Text<'a>> {
        value.to_text(&mut self.meter)
    }

    fn write(&mut self, value: &Value<'a>, place: Place, out: &mut String) -> Result<()> {
        let own = place == Place::JsonValue && !matches!(value, Value::Text(_));
        if own || place == Place::JsonOwn {
            return value.write_json(out, &mut self.meter);
        }
        let text = self.text(value)?;
        match place {
            Place::Raw | Place::JsonValue | Place::JsonOwn => out.push_str(&text),
            Place::JsonString => json::escape_into(&text, out),
            Place::Html => escape::html_into(&text, out),
            Place::Header => escape::header_into(&text, out),
            Place::UrlPart => escape::url_into(&text, out),
        }
        Ok(())
    }
}
