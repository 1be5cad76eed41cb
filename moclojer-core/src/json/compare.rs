//! Whether one JSON value is another, where they differ, and both as one text.
//!
//! It knows values alone: not where they came from, nor what becomes of a difference. Numbers are compared
//! by value without rounding, keys in any order. The keys of an object are unique, as the reader makes them;
//! the work is linear in the size of both values, but that lists of different length are walked once more
//! for each list around them, and the recursion is as deep as the values, which their reader bounded.

mod align;
mod diff;
mod differences;
mod excerpt;
mod number;
#[cfg(test)]
mod tests;

use super::{Object, Value};
use align::Members;
pub(crate) use diff::diff;
pub(crate) use differences::differences;

/// How a wanted value is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    /// Objects have the same keys in any order, lists the same items.
    Exact,
    /// Objects may have more keys, at any depth; lists are compared item by item and have the same length.
    Partial,
}

/// Whether `found` is `wanted`.
///
/// Numbers are compared by value, not by digits: 70.50 is 70.5 and 1e2 is 100, but never by rounding:
/// 9007199254740993 is not 9007199254740992.
pub(crate) fn matches(found: &Value, wanted: &Value, how: Comparison) -> bool {
    match (wanted, found) {
        (Value::Null, Value::Null) => true,
        (Value::Bool(wanted), Value::Bool(found)) => wanted == found,
        (Value::Number(wanted), Value::Number(found)) => number::same(wanted, found),
        (Value::String(wanted), Value::String(found)) => wanted == found,
        (Value::Array(wanted), Value::Array(found)) => {
            wanted.len() == found.len()
                && wanted.iter().zip(found).all(|(wanted, found)| matches(found, wanted, how))
        }
        (Value::Object(wanted), Value::Object(found)) => members_match(found, wanted, how),
        _ => false,
    }
}

fn members_match(found: &Object, wanted: &Object, how: Comparison) -> bool {
    let as_many = match how {
        Comparison::Exact => wanted.len() == found.len(),
        Comparison::Partial => wanted.len() <= found.len(),
    };
    let mut members = Members::of(found);
    as_many
        && wanted.iter().enumerate().all(|(at, (key, wanted))| {
            members.find(at, key).is_some_and(|(_, found)| matches(found, wanted, how))
        })
}
