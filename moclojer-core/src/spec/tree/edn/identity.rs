//! Tells equal values of a set apart from different ones, as Clojure does, in constant time for each value.
//!
//! A value is known by a hash that is keyed anew for each file, made from the hashes of what it holds; nobody can
//! provoke two values that share one.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};

use super::lexer::Shape;
use crate::source::Span;

/// Makes the hashes of one file.
#[derive(Default)]
pub(super) struct Identities(RandomState);

/// What an open list, map or set holds so far.
#[derive(Default)]
pub(super) struct Held {
    in_order: u64,
    in_any_order: u64,
    key: Option<u64>,
    /// Where each value of a set stands.
    values: HashMap<u64, Span>,
}

impl Identities {
    /// The hash of what has no parts.
    pub(super) fn of(&self, value: impl Hash) -> u64 {
        self.0.hash_one(value)
    }

    /// Adds a part; of a set, gives the place of an equal one before it.
    pub(super) fn add(&self, held: &mut Held, shape: Shape, part: u64, span: Span) -> Option<Span> {
        match (shape, held.key.take()) {
            (Shape::List | Shape::Vector, _) => held.in_order = self.of((held.in_order, part)),
            (Shape::Map, None) => held.key = Some(part),
            (Shape::Map, Some(key)) => {
                held.in_any_order = held.in_any_order.wrapping_add(self.of((key, part)))
            }
            (Shape::Set, _) => {
                if let Some(&first) = held.values.get(&part) {
                    return Some(first);
                }
                held.values.insert(part, span);
                held.in_any_order = held.in_any_order.wrapping_add(part);
            }
        }
        None
    }

    /// The hash of a list, map or set that ends. A list and a vector of the same parts are equal.
    pub(super) fn whole(&self, held: &Held, shape: Shape) -> u64 {
        let kind = match shape {
            Shape::List | Shape::Vector => 0_u8,
            Shape::Map => 1,
            Shape::Set => 2,
        };
        self.of((kind, held.in_order, held.in_any_order))
    }
}
