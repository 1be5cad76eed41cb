//! What a path is made of.

use crate::template::value::Value;

/// A path from the whole value or from the node that a filter looks at.
#[derive(Debug)]
pub(super) struct Query {
    /// True for `$`, false for `@`.
    pub(super) absolute: bool,
    pub(super) segments: Vec<Segment>,
}

/// A step from nodes to other nodes.
#[derive(Debug)]
pub(super) struct Segment {
    /// True for `..`: from the nodes and from all that is inside of them.
    pub(super) descendant: bool,
    pub(super) selectors: Vec<Selector>,
}

/// Which children of a node are meant.
#[derive(Debug)]
pub(super) enum Selector {
    Name(Box<str>),
    /// From the end when negative.
    Index(i64),
    Wildcard,
    Slice {
        start: Option<i64>,
        end: Option<i64>,
        step: i64,
    },
    Filter(Test),
}

/// A condition of a filter.
#[derive(Debug)]
pub(super) enum Test {
    Any(Vec<Test>),
    All(Vec<Test>),
    Not(Box<Test>),
    Exists(Query),
    Compare(Operand, Comparison, Operand),
    Match(Box<Match>),
}

/// `match` and `search`.
#[derive(Debug)]
pub(super) struct Match {
    pub(super) text: Operand,
    pub(super) pattern: Operand,
    /// True for `match`: the text as a whole.
    pub(super) whole: bool,
    /// Where the pattern stands in the path.
    pub(super) place: usize,
}

/// What gives one value or nothing.
#[derive(Debug)]
pub(super) enum Operand {
    Literal(Value<'static>),
    /// A path that names one node.
    Query(Query),
    Length(Box<Operand>),
    Count(Query),
    Value(Query),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Comparison {
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Query {
    /// True when it can find no more than one node, by how it is written.
    pub(super) fn is_singular(&self) -> bool {
        self.segments.iter().all(|segment| {
            !segment.descendant && matches!(&*segment.selectors, [Selector::Name(_) | Selector::Index(_)])
        })
    }
}
