//! A compiled template: flat code, and what it refers to. Knows neither how it was made nor how it runs.
//!
//! Invariants that the compiler keeps and the machine relies on: every [`Span`] lies in `text` at
//! character boundaries, every index and jump target is in range, loops nest as their instructions do.

use std::ops::Range;

use http::HeaderName;

use super::functions;
use super::{ParamKind, RequestField, Root};

/// Bytes of [`Program::text`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Span {
    pub(super) start: u32,
    pub(super) end: u32,
}

/// An index into [`Program::variables`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct VariableId(pub(super) u32);

/// An index into [`Program::literals`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct LiteralId(pub(super) u32);

impl LiteralId {
    /// No text: it is in no table.
    pub(super) const NONE: Self = Self(u32::MAX);
}

/// A field of a loop's item, the literal before it, and where it is written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Field {
    pub(super) before: LiteralId,
    pub(super) slot: u32,
    /// An index into [`Program::keys`].
    pub(super) key: u32,
    pub(super) place: Place,
}

/// The code and its tables, sized to fit: many of them are held.
#[derive(Debug, Default)]
pub(super) struct Program {
    /// What is written as it stands.
    pub(super) literals: Box<[Box<str>]>,
    /// Texts and names of expressions, and their source.
    pub(super) text: Box<str>,
    pub(super) code: Box<[Instruction]>,
    pub(super) variables: Box<[Variable]>,
    pub(super) keys: Box<[Key]>,
    /// From which instruction on which expression or tag runs, in order.
    pub(super) places: Box<[(u32, Span)]>,
    rare: Option<Box<Rare>>,
    /// How many values loops and names keep at once.
    pub(super) slots: u32,
    /// How many tags `cycle` there are.
    pub(super) cycles: u32,
    pub(super) needs_body: bool,
    pub(super) uses_time_or_chance: bool,
}

/// Tables that few programs have.
#[derive(Debug)]
pub(super) struct Rare {
    pub(super) fields: Vec<Field>,
    pub(super) arguments: Vec<Argument>,
    pub(super) loops: Vec<Loop>,
    pub(super) calls: Vec<Call>,
    pub(super) headers: Vec<HeaderName>,
    /// Declared names, kept where a whole root is used.
    pub(super) path_kinds: Kinds,
    pub(super) query_kinds: Kinds,
}

/// Declared names with what their texts stand for.
pub(super) type Kinds = Vec<(Box<str>, ParamKind)>;

static NO_RARE: Rare = Rare {
    fields: Vec::new(),
    arguments: Vec::new(),
    loops: Vec::new(),
    calls: Vec::new(),
    headers: Vec::new(),
    path_kinds: Vec::new(),
    query_kinds: Vec::new(),
};

/// A program that can still grow.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) literals: Vec<String>,
    pub(super) text: String,
    pub(super) code: Vec<Instruction>,
    pub(super) fields: Vec<Field>,
    pub(super) variables: Vec<Variable>,
    pub(super) keys: Vec<Key>,
    pub(super) arguments: Vec<Argument>,
    pub(super) loops: Vec<Loop>,
    pub(super) calls: Vec<Call>,
    pub(super) headers: Vec<HeaderName>,
    pub(super) path_kinds: Kinds,
    pub(super) query_kinds: Kinds,
    pub(super) places: Vec<(u32, Span)>,
    pub(super) slots: u32,
    pub(super) cycles: u32,
    pub(super) needs_body: bool,
    pub(super) uses_time_or_chance: bool,
}

impl Draft {
    /// The program, which grows no more.
    pub(super) fn finish(self) -> Program {
        let rare = Rare {
            fields: fitted(self.fields),
            arguments: fitted(self.arguments),
            loops: fitted(self.loops),
            calls: fitted(self.calls),
            headers: fitted(self.headers),
            path_kinds: fitted(self.path_kinds),
            query_kinds: fitted(self.query_kinds),
        };
        Program {
            literals: self.literals.into_iter().map(String::into_boxed_str).collect(),
            text: self.text.into(),
            code: self.code.into(),
            variables: self.variables.into(),
            keys: self.keys.into(),
            places: self.places.into(),
            rare: (!rare.is_empty()).then(|| Box::new(rare)),
            slots: self.slots,
            cycles: self.cycles,
            needs_body: self.needs_body,
            uses_time_or_chance: self.uses_time_or_chance,
        }
    }
}

fn fitted<T>(mut list: Vec<T>) -> Vec<T> {
    list.shrink_to_fit();
    list
}

impl Rare {
    fn is_empty(&self) -> bool {
        let Self { fields, arguments, loops, calls, headers, path_kinds, query_kinds } = self;
        fields.is_empty()
            && arguments.is_empty()
            && loops.is_empty()
            && calls.is_empty()
            && headers.is_empty()
            && path_kinds.is_empty()
            && query_kinds.is_empty()
    }
}

/// One step of the machine, which has a current value and a value put aside. The tag is a byte of its own, which
/// is read faster than one hidden in what it holds.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(u8)]
pub(super) enum Instruction {
    /// Write a literal.
    Text(LiteralId),
    /// Write the literal before it, then a variable.
    Show(LiteralId, VariableId, Place),
    /// Write a field of a loop's item and the literal before it: an index into [`Rare::fields`]. It is what loops
    /// do most, and the same as `Show` of a slot with one key.
    ShowField(u32),
    /// Make a variable the current value.
    Load(VariableId),
    /// Apply the filter at this index of the table to the current value.
    Filter {
        /// Index into the table of filters.
        filter: u16,
        /// How many arguments.
        count: u16,
        /// Index of the first into [`Rare::arguments`].
        first: u32,
    },
    /// Write the current value.
    Write(Place),
    /// Put the current value aside: the left side of a comparison.
    Hold,
    /// Compare the value put aside with the current one; the result becomes current.
    Compare(Comparison),
    /// Make the current value its negated truth.
    Not,
    /// Keep the current value in a slot.
    Store(u32),
    /// Set what a map has at a path (`count` keys from `first` on) to the value put aside.
    SetPath { first: u32, count: u32 },
    /// Make zero the current value.
    Zero,
    /// Add the current number to the one put aside.
    Add,
    /// Make the value put aside the current one.
    TakeAside,
    /// Make the next of `count` arguments from `first` on the current value.
    Cycle { cycle: u32, first: u32, count: u32 },
    /// Go on elsewhere.
    Jump(u32),
    /// Go on elsewhere when the current value is true.
    JumpIfTrue(u32),
    /// Go on elsewhere when the current value is false.
    JumpIfFalse(u32),
    /// Go on elsewhere when the current value is missing or null.
    JumpIfAbsent(u32),
    /// Go on elsewhere when the current value shows nothing: missing, null or the empty text.
    JumpIfBlank(u32),
    /// Begin a loop over the current value, or go where it has no items.
    Begin(u32),
    /// Take the loop's next item, or end it.
    Next(u32),
}

/// Where a value is written: how it is escaped.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Place {
    /// As it is.
    Raw,
    /// Inside a JSON string literal.
    JsonString,
    /// Where a JSON value stands: text as text, anything else as JSON.
    JsonValue,
    /// As JSON of its own type, text as a JSON string.
    JsonOwn,
    /// In HTML or XML.
    Html,
    /// In a header value.
    Header,
    /// In the path or query of a URL.
    Url,
}

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Comparison {
    /// `=`
    Equal,
    /// `!=`
    Unequal,
    /// `ifequal`: the same text, whatever the type.
    Same,
    /// `<`, `>`, `<=`, `>=`; with `literal`, one side is a number written in the template.
    Order { less: bool, equal: bool, greater: bool, literal: bool },
}

/// Where a value comes from, and the keys to follow from there.
#[derive(Clone, Debug)]
pub(super) struct Variable {
    pub(super) source: Source,
    pub(super) keys: Range<u32>,
}

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Source {
    /// Nothing can fill it.
    Nothing,
    /// A text of the template.
    Literal(Span),
    /// A number of the template.
    Number(Span),
    PathParam(u32, ParamKind),
    QueryParam(Span, ParamKind),
    /// An index into [`Rare::headers`].
    Header(u32),
    /// All values of a query parameter as a list, or of all of them as a map of lists.
    QueryAll(Option<Span>),
    FormParam(Span),
    Cookie(Span),
    Request(RequestField),
    /// A variable of the environment, as it was when the file was loaded.
    Setting(Span),
    /// The body as JSON.
    Json,
    /// All names and values of a root.
    Whole(Root),
    /// A first name of an open context, else another variable.
    Context(Span, Option<VariableId>),
    /// A value that a loop keeps.
    Slot(u32),
    /// A field of the item in a slot (the first key), else another variable without keys.
    Field(u32, Option<VariableId>),
    /// What is known of the loop at this depth, counted from the outermost.
    Loop(u32, LoopField),
    /// An index into [`Rare::calls`].
    Call(u32),
}

/// What is known of a loop.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum LoopField {
    First,
    Last,
    Counter,
    Counter0,
    Revcounter,
    Revcounter0,
    Length,
    /// All of them, as a map.
    Whole,
}

/// A function with its arguments.
#[derive(Clone, Copy)]
pub(super) struct Call {
    pub(super) function: &'static functions::Function,
    /// Index of its first argument into [`Rare::arguments`].
    pub(super) first: u32,
    pub(super) count: u32,
}

impl std::fmt::Debug for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.function.name, self.count)
    }
}

/// A key of a path.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Key {
    pub(super) text: Span,
    /// What it is to lists and texts, when it is all digits.
    pub(super) index: Option<u32>,
}

/// An argument of a filter or function.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Argument {
    Text(Span),
    /// A variable, and the text that stands for it when it is missing.
    Variable(VariableId, Span),
}

/// A loop.
#[derive(Clone, Debug)]
pub(super) struct Loop {
    pub(super) binding: Binding,
    /// The first instruction of its body.
    pub(super) body: u32,
    /// Where to go on when there are no items.
    pub(super) none: u32,
    /// The first of the slots that keep the values of the item before, one for each of the binding's.
    pub(super) previous: Option<u32>,
}

/// What a loop does with an item; slots follow each other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Binding {
    /// `for x in`: the item; a map's is a list of key and value.
    One(u32),
    /// `for x,y in`: the item taken apart, from the first slot on.
    Apart { first: u32, count: u32 },
    /// `each`: a list's item or a map's value, then its index or key.
    Each(u32),
}

impl Binding {
    /// Its first slot and how many there are.
    pub(super) fn slots(self) -> (u32, u32) {
        match self {
            Self::One(slot) => (slot, 1),
            Self::Apart { first, count } => (first, count),
            Self::Each(slot) => (slot, 2),
        }
    }
}

impl Program {
    /// The tables that few programs have; empty ones, where this one has none.
    pub(super) fn rare(&self) -> &Rare {
        self.rare.as_deref().unwrap_or(&NO_RARE)
    }

    /// A literal; that of [`LiteralId::NONE`] is empty.
    #[inline]
    pub(super) fn literal(&self, id: LiteralId) -> &str {
        self.literals.get(id.0 as usize).map_or("", |literal| literal)
    }

    /// The text of a span.
    #[inline]
    pub(super) fn str(&self, span: Span) -> &str {
        &self.text[span.start as usize..span.end as usize]
    }

    /// The bytes of a span.
    #[inline]
    pub(super) fn bytes(&self, span: Span) -> &[u8] {
        &self.text.as_bytes()[span.start as usize..span.end as usize]
    }

    /// The program of a text in which nothing begins a template, as most texts of a file are.
    pub(super) fn of_text(text: &str) -> Option<Self> {
        let begins = |pair: &[u8]| matches!(pair, [b'{', b'{' | b'%' | b'#']);
        if text.as_bytes().windows(2).any(begins) {
            return None;
        }
        let (literals, code): (Box<[Box<str>]>, Box<[Instruction]>) = match text {
            "" => (Box::default(), Box::default()),
            text => ([text.into()].into(), [Instruction::Text(LiteralId(0))].into()),
        };
        Some(Self { literals, code, ..Self::default() })
    }

    /// How many bytes a rendered text usually has. The expressions' own text stands for their values.
    pub(super) fn usual_bytes(&self) -> usize {
        self.literals.iter().map(|literal| literal.len()).sum::<usize>() + self.text.len() + 16
    }

    /// The rendered text, when it is the same for all.
    pub(super) fn fixed(&self) -> Option<&str> {
        match (&*self.code, &*self.literals) {
            ([], _) => Some(""),
            ([Instruction::Text(LiteralId(0))], [literal]) => Some(literal),
            _ => None,
        }
    }

    /// The source of the expression or tag that instruction `at` belongs to.
    pub(super) fn expression_at(&self, at: usize) -> &str {
        let after = self.places.partition_point(|&(first, _)| first as usize <= at);
        after.checked_sub(1).and_then(|last| self.places.get(last)).map_or("", |&(_, span)| self.str(span))
    }
}
