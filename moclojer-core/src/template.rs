//! The template language: text with `{{…}}` and `{% … %}`, compiled once when a file loads.
//!
//! ```text
//! text -> scan (tokens) -> compile (names resolved, places known) -> program -> run (per answer)
//! ```
//!
//! [`compile`] reports every problem with its bytes; a [`Template`] that exists can be rendered. The
//! engine knows no HTTP: what a request gives comes in through [`Scope`]. Each filter is a row of the table
//! in `filters`, each value of its own one of those in `functions` and `fakes`; tags and roots stand in `vocabulary`.
//!
//! Where a text goes decides how values are escaped ([`Mode`]). In JSON text a placeholder is either
//! inside a string literal or where a value stands; that is known for each one when the file loads.
//!
//! Inside `{{#each list}}` the item is `this` (or `.`), its place `@index`, `@key`, `@first`, `@last`, and a
//! bare name is a field of the item, unless it is a loop's name or a root such as `path-params`; those of
//! an outer item need a name, which `{% for item in list %}` gives. `{{else}}` is for a list without items.

mod call;
mod compare;
mod compile;
mod context;
mod counters;
mod escape;
mod expression;
mod fakes;
mod filters;
mod functions;
mod locale;
mod program;
mod run;
mod scan;
mod value;
mod vocabulary;
mod write;

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use http::HeaderName;
use jiff::Timestamp;

pub use context::{ContextScope, compile_open};
pub use counters::Counters;

use crate::json;
use crate::problem::{Code, Severity};
use crate::spec::path::ParamType;

/// Where the rendered text goes: it decides what is escaped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// JSON text: escaped inside its string literals, as a JSON value outside.
    Json,
    /// HTML or XML: `& < > " '` are escaped.
    Html,
    /// Anything else: as it is.
    Plain,
    /// A header value: bytes that it may not hold, CR and LF among them, are dropped.
    Header,
    /// A URL: from its path on, what is not a letter, a digit or one of `-._~` is percent-encoded.
    Url,
}

/// What a declared parameter's text stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ParamKind {
    /// Text, whatever it looks like.
    #[default]
    Text,
    /// An integer.
    Int,
    /// A number.
    Float,
    /// `true` or `false`.
    Bool,
}

impl From<&ParamType> for ParamKind {
    fn from(declared: &ParamType) -> Self {
        match declared {
            ParamType::Int => Self::Int,
            ParamType::Float | ParamType::Double => Self::Float,
            ParamType::Bool => Self::Bool,
            ParamType::String | ParamType::Uuid | ParamType::Date | ParamType::Regex(..) => Self::Text,
        }
    }
}

/// The names that a template may use.
#[derive(Clone, Copy, Debug, Default)]
pub struct Names<'a> {
    /// The path's captures, in the order in which [`Scope::path_param`] counts them.
    pub path_params: &'a [(&'a str, ParamKind)],
    /// The declared query parameters; others may be used too, and are text.
    pub query_params: &'a [(&'a str, ParamKind)],
    /// Variables of the environment that templates may use, with their values.
    pub env: &'a [(String, String)],
    /// True when every first name is looked up in [`Scope::context`] and nothing is known of a request.
    pub open: bool,
}

/// A part of a map or list body.
#[derive(Clone, Copy, Debug)]
pub enum Piece<'a> {
    /// JSON that is sent as it is: punctuation, keys, numbers.
    Raw(&'a str),
    /// The text of a JSON string, without quotes or escapes: a template.
    JsonText(&'a str),
}

/// What compiling gave.
#[derive(Debug)]
pub struct Compiled {
    /// The template, unless one of the notes is an error.
    pub template: Option<Template>,
    /// Everything that was found, in order of place.
    pub notes: Vec<Note>,
}

/// A problem of a template.
#[derive(Clone, Debug, PartialEq)]
pub struct Note {
    /// Can it be rendered in spite of it?
    pub severity: Severity,
    /// Which kind of problem.
    pub code: Code,
    /// The piece of [`compile_json`] that it stands in; 0 for [`compile`].
    pub piece: usize,
    /// The bytes of that piece's text.
    pub range: Range<usize>,
    /// The bytes of the expression or tag that it belongs to.
    pub whole: Range<usize>,
    /// One sentence.
    pub message: String,
    /// What stands there, where that says more than the message.
    pub found: Option<String>,
    /// What may stand there.
    pub expected: Option<String>,
    /// The next step.
    pub help: Option<String>,
}

impl Note {
    /// The expression or tag of `text`, which is that piece's, on one line and shortened.
    pub fn expression(&self, text: &str) -> Option<String> {
        let whole = text.get(self.whole.clone()).filter(|whole| !whole.is_empty())?;
        let words: Vec<&str> = whole.split_whitespace().take(64).collect();
        Some(compile::clip(&words.join(" ")))
    }
}

/// Compiles a text.
pub fn compile(text: &str, mode: Mode, names: &Names<'_>) -> Compiled {
    compile::text(text, mode, names)
}

/// Compiles a map or list body to one template that writes JSON.
///
/// A [`Piece::JsonText`] stays a JSON string, but for one that is a single `{{expression}}` whose last
/// filter is `json`, `int`, `float` or `bool`: it takes the value's own JSON type. `safe` changes nothing.
pub fn compile_json(pieces: &[Piece<'_>], names: &Names<'_>) -> Compiled {
    compile::pieces(pieces, names)
}

/// A compiled text.
#[derive(Debug)]
pub struct Template {
    program: program::Program,
}

impl Template {
    /// The text, when there is nothing to render in it.
    pub fn fixed(&self) -> Option<&str> {
        self.program.fixed()
    }

    /// How many bytes a rendered text usually has: the literal text and a little for each value.
    pub fn usual_bytes(&self) -> usize {
        self.program.usual_bytes()
    }

    /// True when it uses the request's body.
    pub fn needs_body(&self) -> bool {
        self.program.needs_body
    }

    /// True when the same request may render to another text.
    pub fn uses_time_or_chance(&self) -> bool {
        self.program.uses_time_or_chance
    }

    /// Appends the rendered text to `out`.
    ///
    /// # Errors
    /// When a filter or comparison cannot work on the value that it meets, or a limit is passed. `out`
    /// then holds a part of the text.
    pub fn render(&self, scope: &dyn Scope, limits: &Limits, out: &mut String) -> Result<(), RenderError> {
        run::render(&self.program, scope, limits, out)
    }
}

/// The parts of a request that can be taken as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Root {
    /// `path-params`
    PathParams,
    /// `query-params`
    QueryParams,
    /// `header-params`, `headers`
    Headers,
    /// `form-params`
    FormParams,
    /// `cookie-params`
    Cookies,
}

/// What can be known of a request besides its parameters and its JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestField {
    /// `request.method`
    Method,
    /// `request.path`: as it was sent, without the query.
    Path,
    /// `request.host`: lower case, without the port.
    Host,
    /// `request.body`: its text.
    Body,
    /// `request.id`: a UUID of this answer, the same all through it.
    Id,
}

/// What one answer can use. Values are asked for only where the template uses them.
pub trait Scope {
    /// The decoded text of a capture: an index into [`Names::path_params`].
    fn path_param(&self, index: usize) -> Option<Cow<'_, str>>;
    /// The decoded first value of a query parameter.
    fn query_param(&self, name: &str) -> Option<Cow<'_, str>>;
    /// The decoded values of a query parameter, or of all of them with their names.
    fn query_params(&self, name: Option<&str>) -> Vec<(Cow<'_, str>, Cow<'_, str>)>;
    /// A header's value; repeated ones joined with `, `.
    fn header(&self, name: &HeaderName) -> Option<Cow<'_, str>>;
    /// The decoded first value of a form field.
    fn form_param(&self, name: &str) -> Option<Cow<'_, str>>;
    /// The first value of a cookie.
    fn cookie(&self, name: &str) -> Option<Cow<'_, str>>;
    /// A part of the request as text.
    fn request(&self, field: RequestField) -> Cow<'_, str>;
    /// The body, when it is JSON.
    fn json(&self) -> Option<&json::Value>;
    /// The value of a first name, for templates with [`Names::open`].
    fn context(&self, name: &str) -> Option<&json::Value> {
        let _ = name;
        None
    }
    /// All names and values of a root, in order, each name once.
    fn pairs(&self, root: Root) -> Vec<(Cow<'_, str>, Cow<'_, str>)>;
    /// The instant of the answer: the same each time.
    fn now(&self) -> Timestamp;
    /// Sixty-four random bits: others each time.
    fn next_random(&self) -> u64;
    /// The next number of a counter, from 1; `None` when there are too many counters.
    fn count(&self, counter: &str) -> Option<u64>;
}

/// What rendering may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// One for each instruction, each item visited, each started KiB that a filter reads or writes.
    pub steps: u64,
    /// Bytes of output, those of values in between included.
    pub output_bytes: u64,
}

impl Limits {
    /// The name of [`Limits::steps`] in messages.
    pub const STEPS: &'static str = "template-steps";
    /// The name of [`Limits::output_bytes`] in messages.
    pub const OUTPUT_BYTES: &'static str = "template-output-bytes";
}

impl Default for Limits {
    /// 1,000,000 steps and 16 MiB.
    fn default() -> Self {
        Self { steps: 1_000_000, output_bytes: 16 << 20 }
    }
}

/// Why a text could not be rendered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenderError {
    /// The expression or tag as the file has it, shortened.
    pub expression: String,
    /// One sentence: what is wrong.
    pub reason: String,
    /// The limit that was passed: [`Limits::STEPS`] or [`Limits::OUTPUT_BYTES`].
    pub limit: Option<&'static str>,
}

/// `{{x|int}}: the text "abc" is no integer`
impl fmt::Display for RenderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.expression.is_empty() {
            f.write_str(&self.reason)
        } else {
            write!(f, "{}: {}", self.expression, self.reason)
        }
    }
}

impl std::error::Error for RenderError {}
