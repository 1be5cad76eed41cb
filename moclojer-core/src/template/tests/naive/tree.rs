//! The syntax tree. Where a value goes is a fact of the text before it, so it stands in the tree.

/// A part of a template.
#[derive(Debug)]
pub(super) enum Node {
    /// Text as it is sent.
    Text(String),
    /// `{{ a|upper }}`
    Show(Expression, Place),
    /// `if` with its `elif`s: the first whose condition holds, else the last.
    If(Vec<(Condition, Vec<Node>)>, Vec<Node>),
    /// `for` and `each`.
    Loop { binding: Binding, list: Expression, body: Vec<Node>, empty: Option<Vec<Node>> },
    /// `with`: paths and what they get, one after the other.
    With(Vec<(Vec<String>, Expression)>, Vec<Node>),
    /// `safe` and `block`: what they hold.
    Group(Vec<Node>),
    /// `cycle`: which of the text's it is, and its words.
    Cycle(usize, Vec<String>, Place),
    /// `firstof`
    FirstOf(Vec<(Expression, Place)>, Place),
    /// `sum`
    Sum(Vec<Expression>, Place),
}

/// What an item is called.
#[derive(Debug)]
pub(super) enum Binding {
    /// `for x in`, `for x,y in`
    Names(Vec<String>),
    /// `each`
    Each,
}

/// What an `if` asks.
#[derive(Debug)]
pub(super) enum Condition {
    Or(Vec<Condition>),
    And(Vec<Condition>),
    Not(Box<Condition>),
    /// The value is true.
    Value(Expression),
    /// The sides of `=`, `<` and the like; whether one is a number that is written there.
    Compare {
        left: Expression,
        operator: String,
        right: Expression,
        literal: bool,
    },
    /// `ifequal`: the texts of all are the same.
    Same(Vec<Expression>),
}

/// A value and the filters that change it.
#[derive(Debug)]
pub(super) struct Expression {
    pub(super) operand: Operand,
    pub(super) filters: Vec<Call>,
}

/// `name:argument:…`
#[derive(Debug)]
pub(super) struct Call {
    pub(super) name: String,
    /// Without quotes.
    pub(super) arguments: Vec<String>,
}

/// What stands before the filters.
#[derive(Debug)]
pub(super) enum Operand {
    /// A text of the template.
    Literal(String),
    /// `\10` in a `sum`.
    Number(String),
    /// A dotted path.
    Path(String),
}

/// What a text becomes a part of: what a mode says, or a string of a map or list body.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Target {
    Plain,
    Html,
    Json,
    Header,
    Url,
    JsonText,
}

impl Target {
    pub(super) const EVERY: [Self; 6] =
        [Self::Plain, Self::Html, Self::Json, Self::Header, Self::Url, Self::JsonText];
}

/// How a value is written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Place {
    Raw,
    JsonString,
    JsonValue,
    /// As JSON of its own type, text as a string.
    JsonOwn,
    Html,
    Header,
    UrlPart,
}
