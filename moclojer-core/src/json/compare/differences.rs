//! Where a value is not the wanted one: places and short texts for people.
//!
//! How a difference is shown is not known here.

use super::super::{Value, pointer};
use super::align::{Pair, items, members};
use super::{Comparison, excerpt, matches};

/// About how long a text of a difference may get.
const TEXT_BYTES: usize = 64;
/// A pointer is cut past this: keys come from outside.
const POINTER_BYTES: usize = 512;

/// One place where a value is not the wanted one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Difference {
    /// JSON pointer (RFC 6901), empty for the whole value. A key that one side has not is told of at its object.
    pub(crate) pointer: String,
    /// What was wanted there, as in `"maria"`, `a key "age"`, `3 items`.
    pub(crate) wanted: String,
    /// What was found there, as in `"mario"`, `missing`, `2 items`.
    pub(crate) found: String,
}

/// At most `most` differences, in the order of `wanted`; of an object, what only `found` has comes last.
///
/// Lists of different length first tell how many items they have, then which are more or less.
pub(crate) fn differences(found: &Value, wanted: &Value, how: Comparison, most: usize) -> Vec<Difference> {
    let mut search = Search { how, most, pointer: String::new(), list: Vec::new() };
    search.compare(wanted, found);
    search.list
}

struct Search {
    how: Comparison,
    most: usize,
    pointer: String,
    list: Vec<Difference>,
}

impl Search {
    fn compare(&mut self, wanted: &Value, found: &Value) {
        match (wanted, found) {
            (Value::Object(wanted), Value::Object(found)) => {
                for (key, pair) in members(wanted, found, self.how) {
                    if self.is_full() {
                        return;
                    }
                    self.compare_member(key, &pair);
                }
            }
            (Value::Array(wanted), Value::Array(found)) => {
                if wanted.len() != found.len() {
                    self.push(counted(wanted.len()), counted(found.len()));
                }
                for (index, pair) in items(wanted, found, self.how).iter().enumerate() {
                    if self.is_full() {
                        return;
                    }
                    self.compare_item(index, pair);
                }
            }
            _ if matches(found, wanted, self.how) => {}
            _ => {
                let (wanted, found) = excerpt::pair(wanted, found, TEXT_BYTES);
                self.push(wanted, found);
            }
        }
    }

    fn compare_member(&mut self, key: &str, pair: &Pair<'_>) {
        match pair {
            Pair::Both { wanted, found } => {
                self.below(|pointer| pointer::push_key(pointer, key), |this| this.compare(wanted, found));
            }
            Pair::Wanted(_) => {
                self.push(format!("a key {}", excerpt::text(key, TEXT_BYTES)), "missing".to_owned());
            }
            Pair::Found(found) => {
                let key = excerpt::text(key, TEXT_BYTES);
                let found = excerpt::one(found, TEXT_BYTES);
                self.push(format!("no key {key}"), format!("{key}: {found}"));
            }
        }
    }

    fn compare_item(&mut self, index: usize, pair: &Pair<'_>) {
        self.below(
            |pointer| pointer::push_index(pointer, index),
            |this| match pair {
                Pair::Both { wanted, found } => this.compare(wanted, found),
                Pair::Wanted(wanted) => this.push(excerpt::one(wanted, TEXT_BYTES), "missing".to_owned()),
                Pair::Found(found) => this.push("no item".to_owned(), excerpt::one(found, TEXT_BYTES)),
            },
        );
    }

    fn below(&mut self, step: impl FnOnce(&mut String), compare: impl FnOnce(&mut Self)) {
        let length = self.pointer.len();
        step(&mut self.pointer);
        compare(self);
        self.pointer.truncate(length);
    }

    fn is_full(&self) -> bool {
        self.list.len() >= self.most
    }

    fn push(&mut self, wanted: String, found: String) {
        if !self.is_full() {
            let pointer = excerpt::cut(&self.pointer, POINTER_BYTES);
            self.list.push(Difference { pointer, wanted, found });
        }
    }
}

fn counted(items: usize) -> String {
    match items {
        1 => "1 item".to_owned(),
        items => format!("{items} items"),
    }
}
