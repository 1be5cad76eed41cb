//! JSON values that keep the digits of their numbers and the order of their keys.
//!
//! A mock answers with what a request sent, so `70.50` has to come back as `70.50`; serde_json can do
//! that only for a whole workspace at once. `read` holds the strict reader (RFC 8259) that request
//! bodies and mock files share, `write` the writer, `keys` the index that keeps big objects linear, `compare`
//! whether one value is another and where not, `pointer` how a place in a value is named.

#[cfg_attr(
    not(feature = "testing"),
    expect(dead_code, unused_imports, reason = "only mocks inside tests are made in code")
)]
pub(crate) mod compare;
pub(crate) mod keys;
pub(crate) mod pointer;
pub(crate) mod read;
pub(crate) mod write;

use keys::KeyIndex;
pub use read::{Error, MAX_DEPTH};
pub(crate) use write::is_plain;
pub use write::{escape_into, write_string};

/// A JSON value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number with the digits that were written.
    Number(Box<str>),
    /// A text.
    String(Box<str>),
    /// A list.
    Array(Vec<Value>),
    /// Keys and values in the order in which they were written.
    Object(Object),
}

impl Value {
    /// Reads one JSON text, strictly by RFC 8259; a byte order mark before it is ignored.
    ///
    /// Of duplicate keys the last value wins and stands at the place of the first. `depth` is how many lists
    /// and maps may stand inside each other; more than [`MAX_DEPTH`] is taken as [`MAX_DEPTH`].
    ///
    /// # Errors
    /// The first thing that is wrong, with its byte offset: bytes that are not UTF-8, broken syntax, an
    /// escape that is no character, or nesting past `depth`.
    pub fn parse(text: &[u8], depth: usize) -> Result<Self, Error> {
        let text = std::str::from_utf8(text).map_err(|error| Error::not_utf8(error.valid_up_to()))?;
        read::value(text, depth.min(MAX_DEPTH))
    }

    /// Appends the value as compact JSON.
    pub fn write_json(&self, out: &mut String) {
        write::value(self, out);
    }
}

/// The keys and values of a JSON object, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Object(Vec<(Box<str>, Value)>);

impl Object {
    /// The value of `key`.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0.iter().find(|(name, _)| &**name == key).map(|(_, value)| value)
    }

    /// The value at an index, if its key is `key`.
    #[inline]
    pub(crate) fn get_at(&self, at: usize, key: &[u8]) -> Option<&Value> {
        self.0.get(at).filter(|(name, _)| name.as_bytes() == key).map(|(_, value)| value)
    }

    /// The value of `key` and its index.
    pub(crate) fn find(&self, key: &[u8]) -> Option<(usize, &Value)> {
        self.0
            .iter()
            .enumerate()
            .find(|(_, (name, _))| name.as_bytes() == key)
            .map(|(at, (_, value))| (at, value))
    }

    /// All pairs, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (&**name, value))
    }

    /// How many pairs there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True when there is no pair.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Sets `key` to `value`; a key that is there keeps its place. `index` belongs to this object alone.
    fn set(&mut self, key: Box<str>, value: Value, index: &mut KeyIndex) {
        let pairs = &mut self.0;
        match index.find(&key, pairs.len(), |place| pairs.get(place).map_or("", |(name, _)| name)) {
            Some(place) => {
                if let Some(pair) = pairs.get_mut(place) {
                    pair.1 = value;
                }
            }
            None => pairs.push((key, value)),
        }
    }
}

impl FromIterator<(Box<str>, Value)> for Object {
    fn from_iter<I: IntoIterator<Item = (Box<str>, Value)>>(pairs: I) -> Self {
        Self(pairs.into_iter().collect())
    }
}
