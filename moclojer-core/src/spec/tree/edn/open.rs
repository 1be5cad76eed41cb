//! What is open while EDN is read: lists, maps and sets, what stands before a form, and the form that was just read.

use super::identity::Held;
use super::lexer::Shape;
use crate::source::Span;
use crate::spec::tree::{Kind, Node};

/// What waits for its end.
pub(super) enum Open<'a> {
    Collection(Collection<'a>),
    /// `#_`: takes one form and drops it.
    Discard(Span),
    /// `^`: takes one form, drops it, and is [`Open::Described`].
    Meta(Span),
    /// `^` and its form: hands the next form on.
    Described(Span),
    /// A tag: says what the next form is.
    Tag(&'a str, Span),
}

/// A list, map or set that is open.
pub(super) struct Collection<'a> {
    pub(super) shape: Shape,
    /// The bracket that opened it.
    pub(super) opened: Span,
    /// How many lists and maps it stands in.
    pub(super) depth: usize,
    /// The namespace that its keys get.
    pub(super) namespace: Option<&'a str>,
    pub(super) pairs: Pairs,
    pub(super) held: Held,
}

/// What a map needs to say where a value is missing.
#[derive(Default)]
pub(super) struct Pairs {
    pub(super) last_key: Span,
    /// Whether the last value was a keyword, as keys mostly are.
    pub(super) last_value_is_keyword: bool,
    /// The first key whose value was a keyword, and behind that stood something else: what was meant as the value.
    pub(super) suspect: Option<Span>,
    /// Lists and maps that are used as keys, and whether each is a map. Where a value is missing they are none.
    pub(super) collection_keys: Vec<(Span, bool)>,
}

/// How the file holds its items.
#[derive(Clone, Copy)]
pub(super) enum Top {
    Unknown,
    /// Forms one after the other.
    Forms,
    /// One list, which stands here; while it is open, here it begins.
    List(Span),
}

/// A map at the begin of a line inside of others, and what was open there.
#[derive(Clone, Copy)]
pub(super) struct Margin {
    pub(super) at: Span,
    pub(super) opened: Span,
    pub(super) depth: usize,
    pub(super) shape: Shape,
}

/// A form that was read.
pub(super) struct Form {
    pub(super) node: Node,
    pub(super) class: Class,
    /// The hash by which a set knows it; 0 where no set is open.
    pub(super) identity: u64,
}

/// What a form is, where the tree does not say it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Class {
    String,
    Character,
    Keyword,
    Symbol,
    Collection,
    Other,
}

/// The text of a key, in the namespace of its map; a list or map has none.
pub(super) fn key_text(form: &Form, namespace: Option<&str>) -> Option<Box<str>> {
    let key = match &form.node.kind {
        _ if form.class == Class::Collection => return None,
        Kind::Text(text) => &*text.value,
        Kind::Number(digits) => digits,
        Kind::Bool(true) => "true",
        Kind::Bool(false) => "false",
        Kind::Null => "nil",
        Kind::List(_) | Kind::Map(_) => return None,
    };
    let Some(namespace) = namespace.filter(|_| matches!(form.class, Class::Keyword | Class::Symbol)) else {
        return Some(key.into());
    };
    Some(match key.strip_prefix("_/") {
        Some(own) => own.into(),
        None if key.contains('/') && key != "/" => key.into(),
        None => format!("{namespace}/{key}").into(),
    })
}
