//! The conditions of filters.

use super::compare::{Plain, compare};
use super::find::{Finder, size};
use super::path::{Operand, Test};
use crate::template::value::{Stop, Value};

impl<'a> Finder<'a, '_> {
    /// True when a test holds for the node that a filter looks at.
    pub(super) fn holds(&mut self, test: &Test, current: &Value<'a>) -> Result<bool, Stop> {
        self.meter.step(1)?;
        match test {
            Test::Any(tests) => {
                for test in tests {
                    if self.holds(test, current)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Test::All(tests) => {
                for test in tests {
                    if !self.holds(test, current)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Test::Not(test) => Ok(!self.holds(test, current)?),
            Test::Exists(query) if query.is_singular() => Ok(self.one(query, current)?.is_some()),
            Test::Exists(query) => Ok(!self.all(query, current)?.is_empty()),
            Test::Compare(left, comparison, right) => {
                let left = self.operand(left, current)?;
                let right = self.operand(right, current)?;
                compare(left, *comparison, right, self.meter)
            }
            Test::Match(this) => self.matches(this, current),
        }
    }

    /// The value of an operand, none for a path that finds nothing.
    pub(super) fn operand(
        &mut self,
        operand: &Operand,
        current: &Value<'a>,
    ) -> Result<Option<Value<'a>>, Stop> {
        match operand {
            Operand::Literal(value) => Ok(Some(value.clone())),
            Operand::Query(query) => self.one(query, current),
            Operand::Length(inner) => {
                let inner = self.operand(inner, current)?;
                self.length(inner)
            }
            Operand::Count(query) => {
                let count = self.all(query, current)?.len();
                Ok(Some(Value::Int(count as i64)))
            }
            Operand::Value(query) => {
                let mut nodes = self.all(query, current)?;
                Ok(if nodes.len() == 1 { nodes.pop() } else { None })
            }
        }
    }

    fn length(&mut self, value: Option<Value<'a>>) -> Result<Option<Value<'a>>, Stop> {
        let Some(value) = value else { return Ok(None) };
        let length = match (&value, Plain::of(&value)) {
            (_, Plain::Text(text)) => {
                self.meter.read(text.len())?;
                text.chars().count()
            }
            (Value::Array(_) | Value::List(_) | Value::Object(_) | Value::Map(_), _) => size(&value),
            _ => return Ok(None),
        };
        Ok(Some(Value::Int(length as i64)))
    }
}
