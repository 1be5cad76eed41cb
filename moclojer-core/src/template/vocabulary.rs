//! The names of the language: roots, values and tags, those that are served and those that are not yet.
//! Filters stand in a table of their own.

use super::Root;
use super::program::Function;

/// What a first name stands for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum RootName {
    /// A part of the request with names and values.
    Named(Root),
    /// The body as JSON.
    Json,
}

/// Roots that are served.
pub(super) const ROOTS: &[(&str, RootName)] = &[
    ("path-params", RootName::Named(Root::PathParams)),
    ("query-params", RootName::Named(Root::QueryParams)),
    ("json-params", RootName::Json),
    ("header-params", RootName::Named(Root::Headers)),
    ("headers", RootName::Named(Root::Headers)),
    ("form-params", RootName::Named(Root::FormParams)),
];

/// Roots of the language that are not served yet.
pub(super) const ROOTS_TO_COME: &[&str] =
    &["query-params-all", "cookie-params", "request", "message", "env", "fake"];

/// Values that need no context: name, value, and what it is.
pub(super) const FUNCTIONS: &[(&str, Function, &str)] = &[
    ("now", Function::Now, "The instant of the answer: RFC 3339 in UTC with milliseconds."),
    ("uuid", Function::Uuid, "A version 4 UUID, another one each time."),
    ("random", Function::Random, "An integer from 0 to 2147483647."),
];

/// Values and functions of the language that are not served yet.
pub(super) const FUNCTIONS_TO_COME: &[&str] = &[
    "random-int",
    "random-float",
    "random-string",
    "random-of",
    "uuid7",
    "epoch",
    "epoch-ms",
    "now-plus",
    "counter",
];

/// What is known of a loop.
pub(super) const LOOP_FIELDS: &[&str] = &[
    "first",
    "last",
    "counter",
    "counter0",
    "revcounter",
    "revcounter0",
    "length",
    "parentloop",
    "previous",
];

/// What a tag does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Tag {
    If,
    Elif,
    Else,
    EndIf,
    For,
    Empty,
    EndFor,
    Comment,
    EndComment,
    Safe,
    EndSafe,
    /// Not served yet: a tag that stands alone.
    Lone,
    /// Not served yet: a tag with a body, and the tag that ends it.
    Opens(&'static str),
    /// Not served yet: a tag whose body is raw text.
    OpensRaw(&'static str),
    /// Not served yet: the end of a body.
    Closes,
}

/// All tags.
pub(super) const TAGS: &[(&str, Tag)] = &[
    ("if", Tag::If),
    ("elif", Tag::Elif),
    ("else", Tag::Else),
    ("endif", Tag::EndIf),
    ("for", Tag::For),
    ("empty", Tag::Empty),
    ("endfor", Tag::EndFor),
    ("comment", Tag::Comment),
    ("endcomment", Tag::EndComment),
    ("safe", Tag::Safe),
    ("endsafe", Tag::EndSafe),
    ("ifequal", Tag::Opens("endifequal")),
    ("endifequal", Tag::Closes),
    ("ifunequal", Tag::Opens("endifunequal")),
    ("endifunequal", Tag::Closes),
    ("with", Tag::Opens("endwith")),
    ("endwith", Tag::Closes),
    ("block", Tag::Opens("endblock")),
    ("endblock", Tag::Closes),
    ("verbatim", Tag::OpensRaw("endverbatim")),
    ("endverbatim", Tag::Closes),
    ("cycle", Tag::Lone),
    ("firstof", Tag::Lone),
    ("sum", Tag::Lone),
    ("now", Tag::Lone),
    ("include", Tag::Lone),
    ("extends", Tag::Lone),
    ("debug", Tag::Lone),
];

impl Tag {
    /// True when it can be used.
    pub(super) fn is_served(self) -> bool {
        !matches!(self, Self::Lone | Self::Opens(_) | Self::OpensRaw(_) | Self::Closes)
    }
}

/// The value of `name` in a table of pairs.
pub(super) fn find<T: Copy>(table: &[(&str, T)], name: &str) -> Option<T> {
    table.iter().find(|(known, _)| *known == name).map(|&(_, value)| value)
}
