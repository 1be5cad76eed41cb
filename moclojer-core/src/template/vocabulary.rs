//! The names of the language: roots and tags, those that are served and those that are not yet.
//! Filters and values of their own stand in tables of their own.

use super::{RequestField, Root};

/// What a first name stands for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum RootName {
    /// A part of the request with names and values.
    Named(Root),
    /// The body as JSON.
    Json,
    /// Query parameters as lists.
    QueryAll,
    /// The request itself.
    Request,
    /// The environment.
    Env,
}

/// Roots that are served.
pub(super) const ROOTS: &[(&str, RootName)] = &[
    ("path-params", RootName::Named(Root::PathParams)),
    ("query-params", RootName::Named(Root::QueryParams)),
    ("json-params", RootName::Json),
    ("header-params", RootName::Named(Root::Headers)),
    ("headers", RootName::Named(Root::Headers)),
    ("form-params", RootName::Named(Root::FormParams)),
    ("cookie-params", RootName::Named(Root::Cookies)),
    ("query-params-all", RootName::QueryAll),
    ("request", RootName::Request),
    ("env", RootName::Env),
];

/// What `request` has.
pub(super) const REQUEST: &[(&str, RequestField)] = &[
    ("method", RequestField::Method),
    ("path", RequestField::Path),
    ("host", RequestField::Host),
    ("body", RequestField::Body),
    ("id", RequestField::Id),
];

/// Roots of the language that are not served yet.
pub(super) const ROOTS_TO_COME: &[&str] = &["message"];

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
    /// With what two texts have to be: the same, or not.
    IfEqual(bool),
    EndIfEqual,
    EndIfUnequal,
    With,
    EndWith,
    Block,
    EndBlock,
    Verbatim,
    EndVerbatim,
    Cycle,
    FirstOf,
    Sum,
    Now,
    /// Not served yet.
    ToCome,
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
    ("ifequal", Tag::IfEqual(true)),
    ("endifequal", Tag::EndIfEqual),
    ("ifunequal", Tag::IfEqual(false)),
    ("endifunequal", Tag::EndIfUnequal),
    ("with", Tag::With),
    ("endwith", Tag::EndWith),
    ("block", Tag::Block),
    ("endblock", Tag::EndBlock),
    ("verbatim", Tag::Verbatim),
    ("endverbatim", Tag::EndVerbatim),
    ("cycle", Tag::Cycle),
    ("firstof", Tag::FirstOf),
    ("sum", Tag::Sum),
    ("now", Tag::Now),
    ("include", Tag::ToCome),
    ("extends", Tag::ToCome),
    ("debug", Tag::ToCome),
];

/// The value of `name` in a table of pairs.
pub(super) fn find<T: Copy>(table: &[(&str, T)], name: &str) -> Option<T> {
    table.iter().find(|(known, _)| *known == name).map(|&(_, value)| value)
}
