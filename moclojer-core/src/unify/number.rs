//! The counts of the hosted system, each a type of its own, so that none is taken for another.

use std::fmt;
use std::str::FromStr;

/// A text is no number of this kind: digits without sign and leading zeros, small enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a whole number was expected, in digits alone")]
pub struct NotANumber;

macro_rules! numbers {
    ($($(#[$doc:meta])* $name:ident($inner:ty))*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name($inner);

        impl $name {
            /// This number.
            pub const fn new(number: $inner) -> Self {
                Self(number)
            }

            /// The number itself.
            pub const fn get(self) -> $inner {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl FromStr for $name {
            type Err = NotANumber;

            /// Reads what `Display` writes, and nothing else.
            fn from_str(text: &str) -> Result<Self, NotANumber> {
                let canonical = text == "0" || text.starts_with(|first: char| matches!(first, '1'..='9'));
                if canonical { text.parse().map(Self).map_err(|_| NotANumber) } else { Err(NotANumber) }
            }
        }
    )*};
}

numbers! {
    /// The number of a shard in its layout, from 0.
    ShardId(u32)
    /// The number of a division of hosts into shards; each new one is higher.
    LayoutNumber(u64)
    /// The number of a shard's write, never used twice.
    Generation(u64)
    /// The count of a host's changes, whoever owns it.
    Version(u64)
    /// The count of a mock's changes.
    Revision(u64)
}

/// Which state of a shard something is: layouts come before generations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The layout.
    pub layout: LayoutNumber,
    /// The write of the shard in it.
    pub generation: Generation,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_in_one_spelling_only() {
        for text in ["0", "1", "42", "18446744073709551615"] {
            assert_eq!(text.parse::<Generation>().map(|number| number.to_string()).as_deref(), Ok(text));
        }
        for text in ["", "+1", "-1", "01", "00", "1 ", "1.0", "1x", "18446744073709551616", "٣"] {
            assert_eq!(text.parse::<Generation>(), Err(NotANumber), "{text}");
        }
        assert_eq!("4294967296".parse::<ShardId>(), Err(NotANumber));
    }

    #[test]
    fn a_higher_layout_is_above_every_generation() {
        let at = |layout, generation| Position {
            layout: LayoutNumber::new(layout),
            generation: Generation::new(generation),
        };
        assert!(at(2, 1) > at(1, 9) && at(1, 9) > at(1, 8));
    }
}
