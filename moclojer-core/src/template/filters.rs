//! The table of filters: each row says all that the compiler, the documentation and the tests need to know of one.
//! What they do stands in modules by subject.

mod csv;
mod date;
mod encode;
mod hash;
mod jsonpath;
mod jwt;
mod list;
mod number;
mod text;
mod xml;

use super::call::Kind::{DatePattern, Integer, JsonPath, Language, Number, OneOf, Text};
pub(super) use date::check_pattern;
pub(super) use jsonpath::check as check_path;

use super::call::{Parameter, many, one, opt, some};
use super::value::{Meter, Stop, Value};
use super::{Scope, compile};

/// A filter.
pub(super) struct Filter {
    /// The name after `|`.
    pub(super) name: &'static str,
    /// What it takes after colons.
    pub(super) parameters: &'static [Parameter],
    /// What its result is where a JSON value or HTML stands.
    pub(super) gives: Gives,
    /// What it does, in one line.
    pub(super) documentation: &'static str,
    /// A template over [`EXAMPLE`] and what it renders to, nothing escaped.
    pub(super) example: (&'static str, &'static str),
    /// Makes the result.
    pub(super) run: Run,
}

type PureRun = for<'a> fn(Value<'a>, &[Value<'a>], &mut Meter) -> Result<Value<'a>, Stop>;
type DrawingRun = for<'a> fn(Value<'a>, &[Value<'a>], &dyn Scope, &mut Meter) -> Result<Value<'a>, Stop>;

/// What a filter does.
#[derive(Clone, Copy)]
pub(super) enum Run {
    /// Makes the result of a value and arguments.
    Pure(PureRun),
    /// The same with chance.
    Drawing(DrawingRun),
    /// Says how the `abbreviate` that follows it shortens: from which side, or with which ellipsis.
    Side(&'static str),
    /// The same: the argument is the ellipsis.
    Ellipsis,
}

/// What a filter's result is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Gives {
    /// Text, or whatever it was given.
    Any,
    /// A number, a boolean, a list or JSON text: it can stand where a JSON value stands.
    Json,
    /// The same, and a string of a map or list body takes that type when it is nothing else.
    JsonType,
    /// HTML or XML, which is not escaped again.
    Markup,
}

/// The context of the examples.
#[cfg(test)]
pub(super) const EXAMPLE: &str = r#"{"name":"Ann Lee","tags":["red","green","blue"],"numbers":[3,1,2],"price":1234.5,"born":"1990-05-17T08:30:00Z","order":{"id":7,"paid":true},"people":[{"name":"Ann","age":31},{"name":"Bo","age":27}]}"#;

use Gives::{Any, Json, JsonType, Markup};
use Run::{Drawing, Ellipsis, Pure, Side};

/// All filters.
#[rustfmt::skip]
pub(super) const FILTERS: &[Filter] = &[
    Filter { name: "abbr-ellipsis", parameters: &[one("text", Text)], gives: Any, run: Ellipsis,
        documentation: "Before `abbreviate`: the text that stands for what is left out.",
        example: ("{{\"starboard\"|abbr-ellipsis:\"…\"|abbreviate:5}}", "star…") },
    Filter { name: "abbr-left", parameters: &[], gives: Any, run: Side("left"),
        documentation: "Before `abbreviate`: leaves out the beginning.",
        example: ("{{\"starboard\"|abbr-left|abbreviate:6}}", "...ard") },
    Filter { name: "abbr-middle", parameters: &[], gives: Any, run: Side("middle"),
        documentation: "Before `abbreviate`: leaves out the middle.",
        example: ("{{\"starboard\"|abbr-middle|abbreviate:7}}", "st...rd") },
    Filter { name: "abbr-right", parameters: &[], gives: Any, run: Side("right"),
        documentation: "Before `abbreviate`: leaves out the end, as it does by itself.",
        example: ("{{\"starboard\"|abbr-right|abbreviate:6}}", "sta...") },
    Filter { name: "abbreviate", parameters: &[one("max", Integer), opt("width", Integer)], gives: Any, run: Pure(text::abbreviate),
        documentation: "A text longer than `max` characters, shortened to `width` (`max` without it), the ellipsis `...` included.",
        example: ("{{\"starboard\"|abbreviate:6}}", "sta...") },
    Filter { name: "abs", parameters: &[], gives: Json, run: Pure(number::abs),
        documentation: "A number without its sign.",
        example: ("{{\"-4\"|abs}}", "4") },
    Filter { name: "add", parameters: &[some("n", Text)], gives: Any, run: Pure(number::add),
        documentation: "The sum of numbers; the texts one after the other when one is not a number.",
        example: ("{{5|add:6:1}} {{5|add:x}}", "12 5x") },
    Filter { name: "addslashes", parameters: &[], gives: Any, run: Pure(text::addslashes),
        documentation: "A backslash before each quote of both kinds.",
        example: ("{{\"don't\"|addslashes}}", "don\\'t") },
    Filter { name: "base64", parameters: &[], gives: Any, run: Pure(encode::base64),
        documentation: "The text's bytes in Base64.",
        example: ("{{\"Ann Lee\"|base64}}", "QW5uIExlZQ==") },
    Filter { name: "base64-decode", parameters: &[], gives: Any, run: Pure(encode::base64_decode),
        documentation: "The text behind Base64, of the standard or the URL alphabet, padded or not.",
        example: ("{{\"QW5uIExlZQ==\"|base64-decode}}", "Ann Lee") },
    Filter { name: "between?", parameters: &[one("low", Number), one("high", Number)], gives: Json, run: Pure(number::between),
        documentation: "True when the number is in the range, both ends included.",
        example: ("{{5|between?:1:5}}", "true") },
    Filter { name: "bool", parameters: &[], gives: JsonType, run: Pure(number::bool),
        documentation: "The boolean that a text says; another text fails the answer.",
        example: ("{{\"true\"|bool}}", "true") },
    Filter { name: "capitalize", parameters: &[], gives: Any, run: Pure(text::capitalize),
        documentation: "The first character in upper case, the others in lower case.",
        example: ("{{\"hELLO you\"|capitalize}}", "Hello you") },
    Filter { name: "ceil", parameters: &[], gives: Json, run: Pure(number::ceil),
        documentation: "The smallest integer that is not below the number.",
        example: ("{{price|ceil}}", "1235") },
    Filter { name: "center", parameters: &[one("width", Integer)], gives: Any, run: Pure(text::center),
        documentation: "Spaces on both sides up to a width; an odd one goes to the left.",
        example: ("[{{\"buoy\"|center:9}}]", "[   buoy  ]") },
    Filter { name: "count", parameters: &[], gives: Json, run: Pure(list::count),
        documentation: "The size of a text, list or map; 0 for what is missing.",
        example: ("{{tags|count}}", "3") },
    Filter { name: "count-is", parameters: &[one("n", Integer)], gives: Json, run: Pure(list::count_is),
        documentation: "True when the size is `n`.",
        example: ("{{tags|count-is:3}}", "true") },
    Filter { name: "csv", parameters: &[], gives: Any, run: Pure(csv::csv),
        documentation: "A list of maps as CSV with a line of names, a list of lists as lines, another list as one line.",
        example: ("{{people|csv}}", "name,age\r\nAnn,31\r\nBo,27") },
    Filter { name: "currency-format", parameters: &[opt("language", Language), opt("country", Text)], gives: Any, run: Pure(number::currency_format),
        documentation: "An amount in a country's currency, as a language writes it: US dollars in English without arguments.",
        example: ("{{price|currency-format}}", "$1,234.50") },
    Filter { name: "date", parameters: &[one("pattern", DatePattern), opt("language", Language)], gives: Any, run: Pure(date::date),
        documentation: "An instant (RFC 3339 text, or milliseconds since 1970) in UTC by a Java pattern, or by `shortDate`, `mediumDate`, `longDate`, `fullDate`, the same with `Time` or `DateTime`.",
        example: ("{{born|date:\"d MMM yyyy, HH:mm\"}}", "17 May 1990, 08:30") },
    Filter { name: "default", parameters: &[one("value", Text)], gives: Any, run: Pure(list::default),
        documentation: "Another value for what is missing, null or false.",
        example: ("{{missing|default:\"none\"}}", "none") },
    Filter { name: "default-if-empty", parameters: &[one("value", Text)], gives: Any, run: Pure(list::default_if_empty),
        documentation: "Another value for what is missing or null, and for an empty text, list or map.",
        example: ("{{\"\"|default-if-empty:\"none\"}}", "none") },
    Filter { name: "divide", parameters: &[some("n", Number)], gives: Json, run: Pure(number::divide),
        documentation: "Divided by each `n` in turn.",
        example: ("{{10|divide:4}}", "2.5") },
    Filter { name: "double-format", parameters: &[opt("digits", Integer)], gives: Json, run: Pure(number::double_format),
        documentation: "A number with so many decimals, 1 without the argument, rounded half up.",
        example: ("{{price|double-format:2}}", "1234.50") },
    Filter { name: "drop", parameters: &[one("n", Integer)], gives: Any, run: Pure(list::drop),
        documentation: "A list without its first `n` items, a text without its first `n` characters.",
        example: ("{{tags|drop:1|join:\" \"}}", "green blue") },
    Filter { name: "drop-last", parameters: &[one("n", Integer)], gives: Any, run: Pure(list::drop_last),
        documentation: "A list without its last `n` items, a text without its last `n` characters.",
        example: ("{{\"anchor\"|drop-last:2}}", "anch") },
    Filter { name: "email", parameters: &[opt("check", OneOf(&["false"]))], gives: Markup, run: Pure(text::email),
        documentation: "A link to write to an address; what is none fails the answer. `email:false` takes any text, and is escaped where HTML stands.",
        example: ("{{\"ann@example.com\"|email}}", "<a href='mailto:ann@example.com'>ann@example.com</a>") },
    Filter { name: "empty?", parameters: &[], gives: Json, run: Pure(list::empty),
        documentation: "True for an empty text, list or map, and for what is missing.",
        example: ("{{tags|empty?}}", "false") },
    Filter { name: "first", parameters: &[], gives: Any, run: Pure(list::first),
        documentation: "The first item of a list or character of a text.",
        example: ("{{tags|first}}", "red") },
    Filter { name: "float", parameters: &[], gives: JsonType, run: Pure(number::float),
        documentation: "The number that a text says; another text fails the answer.",
        example: ("{{\"2.50\"|float}}", "2.5") },
    Filter { name: "floor", parameters: &[], gives: Json, run: Pure(number::floor),
        documentation: "The greatest integer that is not above the number.",
        example: ("{{price|floor}}", "1234") },
    Filter { name: "get", parameters: &[one("key", Text)], gives: Any, run: Pure(list::get),
        documentation: "What a map has under a key, or a list at an index.",
        example: ("{{order|get:id}}", "7") },
    Filter { name: "get-digit", parameters: &[one("n", Integer)], gives: Any, run: Pure(number::get_digit),
        documentation: "The `n`-th digit from the right, 1 the last; the number itself when there is none.",
        example: ("{{98765|get-digit:2}}", "6") },
    Filter { name: "hash", parameters: &[one("algorithm", OneOf(&["md5", "sha", "sha256", "sha384", "sha512"]))], gives: Any, run: Pure(hash::hash),
        documentation: "The digest of a text in lower-case hexadecimal digits; `sha` is SHA-1.",
        example: ("{{\"Ann Lee\"|hash:md5}}", "6d6c7882fe3fd5c973772bafa2a18731") },
    Filter { name: "int", parameters: &[], gives: JsonType, run: Pure(number::int),
        documentation: "The integer that a text says, or a number without its fraction; another text fails the answer.",
        example: ("{{007|int}}", "7") },
    Filter { name: "join", parameters: &[opt("separator", Text)], gives: Any, run: Pure(list::join),
        documentation: "The items of a list or characters of a text, with a separator between them.",
        example: ("{{tags|join:\", \"}}", "red, green, blue") },
    Filter { name: "json", parameters: &[], gives: JsonType, run: Pure(encode::json),
        documentation: "The value as JSON text.",
        example: ("{{\"a/b\"|json}} {{missing|json}}", "\"a/b\" null") },
    Filter { name: "jsonpath", parameters: &[one("path", JsonPath)], gives: Any, run: Pure(jsonpath::jsonpath),
        documentation: "What a JSONPath (RFC 9535) finds: the value of a path that names one, else the list of all.",
        example: ("{{people|jsonpath:\"$[?@.age > 30].name\"}}", "[\"Ann\"]") },
    Filter { name: "jwt", parameters: &[], gives: Json, run: Pure(jwt::jwt),
        documentation: "The claims of a JSON Web Token (after `Bearer ` too), which is not verified.",
        example: ("{% with claims=\"eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbm4ifQ.\"|jwt %}{{claims.sub}}{% endwith %}", "ann") },
    Filter { name: "keys", parameters: &[], gives: Json, run: Pure(list::keys),
        documentation: "The list of a map's keys.",
        example: ("{{order|keys}}", "[\"id\",\"paid\"]") },
    Filter { name: "last", parameters: &[], gives: Any, run: Pure(list::last),
        documentation: "The last item of a list or character of a text.",
        example: ("{{tags|last}}", "blue") },
    Filter { name: "length", parameters: &[], gives: Json, run: Pure(list::count),
        documentation: "The same as `count`.",
        example: ("{{\"four\"|length}} {{missing|length}}", "4 0") },
    Filter { name: "length-is", parameters: &[one("n", Integer)], gives: Json, run: Pure(list::count_is),
        documentation: "The same as `count-is`.",
        example: ("{{\"four\"|length-is:4}}", "true") },
    Filter { name: "linebreaks", parameters: &[], gives: Any, run: Pure(text::linebreaks),
        documentation: "Line ends as `<br />`, empty lines as paragraphs `<p>`.",
        example: ("{{\"a\nb\"|linebreaks}}", "<p>a<br />b</p>") },
    Filter { name: "linebreaks-br", parameters: &[], gives: Any, run: Pure(text::linebreaks_br),
        documentation: "Line ends as `<br />`.",
        example: ("{{\"a\nb\"|linebreaks-br}}", "a<br />b") },
    Filter { name: "linenumbers", parameters: &[], gives: Any, run: Pure(text::linenumbers),
        documentation: "Each line with its number before it.",
        example: ("{{\"a\nb\"|linenumbers}}", "1. a\n2. b") },
    Filter { name: "lower", parameters: &[], gives: Any, run: Pure(text::lower),
        documentation: "In lower case.",
        example: ("{{\"ÀB\"|lower}}", "àb") },
    Filter { name: "map", parameters: &[one("key", Text)], gives: Json, run: Pure(list::map),
        documentation: "What each map of a list has under a key (a path with dots too); null where it has none.",
        example: ("{{people|map:name|join:\", \"}}", "Ann, Bo") },
    Filter { name: "max", parameters: &[], gives: Json, run: Pure(number::max),
        documentation: "The greatest number of a list.",
        example: ("{{numbers|max}}", "3") },
    Filter { name: "min", parameters: &[], gives: Json, run: Pure(number::min),
        documentation: "The smallest number of a list.",
        example: ("{{numbers|min}}", "1") },
    Filter { name: "mod", parameters: &[one("n", Number)], gives: Json, run: Pure(number::modulo),
        documentation: "What is left of a division by `n`, with the sign of `n`.",
        example: ("{{7|mod:3}}", "1") },
    Filter { name: "multiply", parameters: &[some("n", Number)], gives: Json, run: Pure(number::multiply),
        documentation: "Multiplied by each `n`.",
        example: ("{{6|multiply:7}}", "42") },
    Filter { name: "name", parameters: &[], gives: Any, run: Pure(text::name),
        documentation: "A text as it is; anything else fails the answer.",
        example: ("{{name|name}}", "Ann Lee") },
    Filter { name: "not-empty", parameters: &[], gives: Any, run: Pure(list::not_empty),
        documentation: "The value, or nothing for an empty text, list or map: `{% if xs|not-empty %}`.",
        example: ("{% if tags|not-empty %}tags{% endif %}", "tags") },
    Filter { name: "number-format", parameters: &[one("pattern", Text), opt("language", Language)], gives: Any, run: Pure(number::number_format),
        documentation: "A number by a `printf` pattern of Java: `%d` and `%x` for integers, `%.2f` for others, with the flags `-+ 0,(`.",
        example: ("{{price|number-format:\"%,.2f\"}}", "1,234.50") },
    Filter { name: "phone", parameters: &[opt("prefix", Text), opt("check", OneOf(&["false"]))], gives: Markup, run: Pure(text::phone),
        documentation: "A link to call a number, with a country's prefix in place of a leading 0; what is no number fails the answer. `phone:false` takes any text, and is escaped where HTML stands.",
        example: ("{{\"0151 496\"|phone:44}}", "<a href='tel:+44-151-496'>0151 496</a>") },
    Filter { name: "pluralize", parameters: &[opt("one or suffix", Text), opt("many", Text)], gives: Any, run: Pure(text::pluralize),
        documentation: "Nothing for one, `s` or a suffix for another number or size; or one of two endings.",
        example: ("{{tags|count}} boat{{tags|count|pluralize}}, {{1}} ferr{{1|pluralize:y:ies}}", "3 boats, 1 ferry") },
    Filter { name: "rand-nth", parameters: &[], gives: Any, run: Drawing(list::rand_nth),
        documentation: "An item of a list or character of a text, by chance.",
        example: ("{{\"a\"|rand-nth}}", "a") },
    Filter { name: "range", parameters: &[opt("start", Integer), opt("step", Integer)], gives: Json, run: Pure(list::range),
        documentation: "The integers from `start` (0) up to the value, which is left out, in steps of 1 or `step`.",
        example: ("{{5|range:1:2}}", "[1,3]") },
    Filter { name: "remove", parameters: &[one("characters", Text)], gives: Any, run: Pure(text::remove),
        documentation: "Without each of these characters.",
        example: ("{{\"10:30 - 11\"|remove:\" -:\"}}", "103011") },
    Filter { name: "remove-tags", parameters: &[many("tag", Text)], gives: Any, run: Pure(text::remove_tags),
        documentation: "Without these HTML tags; what stands inside them stays.",
        example: ("{{\"<b>x</b><i>y</i>\"|remove-tags:b}}", "x<i>y</i>") },
    Filter { name: "replace", parameters: &[one("from", Text), one("to", Text)], gives: Any, run: Pure(text::replace),
        documentation: "Every occurrence of a text replaced by another one.",
        example: ("{{\"oar and board\"|replace:oar:sail}}", "sail and bsaild") },
    Filter { name: "reverse", parameters: &[], gives: Any, run: Pure(list::reverse),
        documentation: "A list or a text from its end.",
        example: ("{{tags|reverse|first}}", "blue") },
    Filter { name: "round", parameters: &[], gives: Json, run: Pure(number::round),
        documentation: "The nearest integer, the greater one of two.",
        example: ("{{price|round}}", "1235") },
    Filter { name: "safe", parameters: &[], gives: Json, run: Pure(text::safe),
        documentation: "Written without escaping.",
        example: ("{{\"<b>\"|safe}}", "<b>") },
    Filter { name: "slug", parameters: &[], gives: Any, run: Pure(text::slug),
        documentation: "Lower case, accents left out, with hyphens between the words.",
        example: ("{{\"Crème Brûlée, no. 2\"|slug}}", "creme-brulee-no-2") },
    Filter { name: "sort", parameters: &[], gives: Any, run: Pure(list::sort),
        documentation: "The items of a list in order, null first; numbers and texts together fail the answer.",
        example: ("{{numbers|sort}}", "[1,2,3]") },
    Filter { name: "sort-by", parameters: &[one("key", Text)], gives: Json, run: Pure(list::sort_by),
        documentation: "The maps of a list in the order of what they have under a key.",
        example: ("{{people|sort-by:age|map:name|join:\" \"}}", "Bo Ann") },
    Filter { name: "sort-by-reversed", parameters: &[one("key", Text)], gives: Json, run: Pure(list::sort_by_reversed),
        documentation: "The same from the greatest.",
        example: ("{{people|sort-by-reversed:age|map:name|join:\" \"}}", "Ann Bo") },
    Filter { name: "sort-reversed", parameters: &[], gives: Any, run: Pure(list::sort_reversed),
        documentation: "The items of a list from the greatest.",
        example: ("{{numbers|sort-reversed}}", "[3,2,1]") },
    Filter { name: "split", parameters: &[one("separator", Text)], gives: Json, run: Pure(text::split),
        documentation: "The list of what stands between separators; of characters, when that is empty.",
        example: ("{{\"a,b\"|split:\",\"}}", "[\"a\",\"b\"]") },
    Filter { name: "str", parameters: &[], gives: Any, run: Pure(text::str),
        documentation: "The value's text.",
        example: ("{{price|str|length}}", "6") },
    Filter { name: "subs", parameters: &[one("start", Integer), one("end", Integer), opt("suffix", Text)], gives: Any, run: Pure(text::subs),
        documentation: "The characters from `start` up to `end`, with a suffix when that is not the whole text.",
        example: ("{{\"starboard\"|subs:0:4:\"…\"}}", "star…") },
    Filter { name: "sum", parameters: &[], gives: Json, run: Pure(number::sum),
        documentation: "The sum of a list's numbers.",
        example: ("{{numbers|sum}}", "6") },
    Filter { name: "take", parameters: &[one("n", Integer)], gives: Any, run: Pure(list::take),
        documentation: "The first `n` items of a list or characters of a text.",
        example: ("{{tags|take:2|join:\" \"}}", "red green") },
    Filter { name: "timestamp", parameters: &[], gives: Json, run: Pure(date::timestamp),
        documentation: "An instant as seconds since 1970.",
        example: ("{{born|timestamp}}", "642933000") },
    Filter { name: "title", parameters: &[], gives: Any, run: Pure(text::title),
        documentation: "Each word capitalized.",
        example: ("{{\"the OLD salt\"|title}}", "The Old Salt") },
    Filter { name: "trim", parameters: &[], gives: Any, run: Pure(text::trim),
        documentation: "Without white space at both ends.",
        example: ("[{{\" a b \"|trim}}]", "[a b]") },
    Filter { name: "uniq", parameters: &[], gives: Any, run: Pure(list::uniq),
        documentation: "The items of a list, or characters of a text, each once.",
        example: ("{{\"anna\"|uniq}}", "an") },
    Filter { name: "upper", parameters: &[], gives: Any, run: Pure(text::upper),
        documentation: "In upper case.",
        example: ("{{\"straße\"|upper}}", "STRASSE") },
    Filter { name: "urldecode", parameters: &[], gives: Any, run: Pure(encode::urldecode),
        documentation: "The text behind form encoding.",
        example: ("{{\"a+b%26c\"|urldecode}}", "a b&c") },
    Filter { name: "urlescape", parameters: &[], gives: Any, run: Pure(encode::urlescape),
        documentation: "A text in form encoding.",
        example: ("{{\"a b&c\"|urlescape}}", "a+b%26c") },
    Filter { name: "values", parameters: &[], gives: Json, run: Pure(list::values),
        documentation: "The list of a map's values.",
        example: ("{{order|values}}", "[7,true]") },
    Filter { name: "where", parameters: &[one("key", Text), one("value", Text)], gives: Json, run: Pure(list::matching),
        documentation: "The maps of a list that have a value under a key (a path with dots too), compared as `=` does.",
        example: ("{{people|where:name:Bo|map:age|first}}", "27") },
    Filter { name: "xml", parameters: &[], gives: Markup, run: Pure(xml::xml),
        documentation: "A map as XML elements, one for each item of a list; a text with `& < > \" '` escaped.",
        example: ("{{order|xml}}", "<id>7</id><paid>true</paid>") },
];

/// The row of a filter and its index.
pub(super) fn find(name: &str) -> Option<(usize, &'static Filter)> {
    let index = FILTERS.binary_search_by(|row| row.name.cmp(name)).ok()?;
    FILTERS.get(index).map(|row| (index, row))
}

/// The argument at `index`, missing when it was left out.
pub(super) fn argument<'v, 'a>(arguments: &'v [Value<'a>], index: usize) -> &'v Value<'a> {
    arguments.get(index).unwrap_or(&Value::Missing)
}

/// The integer that an argument says: what is written in a template was checked there, what the context gives is
/// looked at here.
fn integer(arguments: &[Value<'_>], index: usize, name: &str) -> Result<i64, Stop> {
    let value = argument(arguments, index);
    let found = match value {
        Value::Int(int) => Some(*int),
        Value::Digits(text) | Value::Text(text) | Value::Param(text, _) => text.trim().parse().ok(),
        _ => None,
    };
    found.ok_or_else(|| Stop::from(format!("the argument `{name}` is {}, no integer", value.kind())))
}

/// The integer that an argument says as a text: some filters of the original take no number here.
fn integer_text(arguments: &[Value<'_>], index: usize, name: &str) -> Result<i64, Stop> {
    match argument(arguments, index) {
        Value::Text(_) | Value::Param(..) => integer(arguments, index, name),
        value => {
            Err(format!("the argument `{name}` is {}, and a text of digits is wanted", value.kind()).into())
        }
    }
}

/// `a number is no text`
fn refuse<'a, T>(value: &Value<'a>, wanted: &str) -> Result<T, Stop> {
    Err(Stop::from(format!("{} is no {wanted}", value.kind())))
}

/// `the text "x" is no number`
fn refuse_text<T>(text: &str, wanted: &str) -> Result<T, Stop> {
    Err(Stop::from(format!("the text {:?} is no {wanted}", compile::clip(text))))
}

/// The text of a value, changed as a whole.
fn map_text<'a>(
    value: &Value<'a>,
    meter: &mut Meter,
    change: impl FnOnce(&str) -> String,
) -> Result<Value<'a>, Stop> {
    let changed = change(&value.to_text(meter)?);
    meter.write(changed.len())?;
    Ok(Value::text_of(changed))
}

/// Text in the making that stays within the limit.
struct Growing<'m> {
    text: String,
    meter: &'m mut Meter,
}

impl<'m> Growing<'m> {
    fn new(meter: &'m mut Meter) -> Self {
        Self { text: String::new(), meter }
    }

    fn push(&mut self, more: &str) -> Result<(), Stop> {
        self.meter.output(more.len())?;
        self.text.push_str(more);
        Ok(())
    }

    fn finish<'a>(self) -> Result<Value<'a>, Stop> {
        self.meter.read(self.text.len())?;
        Ok(Value::text_of(self.text))
    }
}

#[cfg(test)]
mod tests {
    use super::super::call::counts;
    use super::*;
    use crate::template::tests::rendered;

    /// Renders each template over a context: to a text, or to an error that contains one.
    pub(super) fn check(context: &str, cases: &[(&str, Result<&str, &str>)]) {
        for (template, expected) in cases {
            let found = rendered(template, context);
            let agrees = match (&found, expected) {
                (Ok(found), Ok(expected)) => found == expected,
                (Err(found), Err(expected)) => found.contains(expected),
                _ => false,
            };
            assert!(agrees, "{template} gave {found:?}, not {expected:?}");
        }
    }

    #[test]
    fn every_example_renders_as_the_table_says() {
        let wrong: Vec<String> = FILTERS
            .iter()
            .filter_map(|filter| {
                let (template, expected) = filter.example;
                let found = rendered(template, EXAMPLE);
                (found.as_deref() != Ok(expected))
                    .then(|| format!("{}: {template} gave {found:?}", filter.name))
            })
            .collect();
        assert_eq!(wrong, [""; 0]);
    }

    #[test]
    fn rows_are_sorted_and_whole() {
        assert!(FILTERS.is_sorted_by(|left, right| left.name < right.name));
        for filter in FILTERS {
            assert!(
                filter.example.0.contains(filter.name),
                "{}: the example shows another filter",
                filter.name
            );
            assert!(filter.documentation.ends_with(['.', '`']), "{}", filter.name);
            let (least, most) = counts(filter.parameters);
            assert!(least <= most, "{}", filter.name);
        }
    }
}
