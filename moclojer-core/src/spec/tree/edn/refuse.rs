//! What is wrong with an EDN file, in our words, with the next step where the mistake is a known one.
//!
//! It says; the lexer and the reader notice. Paths of keys are added by who reports.

use super::lexer::Shape;
use super::number::{Misfit, decimal_of_ratio};
use super::text::BadEscape;
use crate::problem::{Code, Problem, did_you_mean, excerpt};
use crate::source::{Source, Span};
use crate::spec::tree::character_at;

/// Most characters of the file that a message repeats.
const SHOWN: usize = 40;

const ESCAPES: &str = r#"\n, \t, \r, \b, \f, \\, \" or \u with four hexadecimal digits"#;
const CHARACTERS: [&str; 6] = ["newline", "space", "tab", "return", "formfeed", "backspace"];

/// Characters that nobody sees, so that a name with one looks like another.
pub(super) fn is_unseen(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{a0}'
                | '\u{2007}'
                | '\u{202f}'
                | '\u{200b}'
                | '\u{200e}'
                | '\u{200f}'
                | '\u{2060}'
                | '\u{feff}'
        )
}

fn syntax(source: &Source, span: Span, message: impl Into<String>) -> Problem {
    Problem::error(Code::SYNTAX, source, span, message)
}

fn written(source: &Source, span: Span) -> &str {
    source.text().get(span.start as usize..span.end as usize).unwrap_or_default()
}

/// A template that stands outside quotes, at its first brace.
pub(super) fn template(source: &Source, start: usize) -> Box<Problem> {
    let rest = source.text().get(start..).unwrap_or_default();
    let line = rest.lines().next().unwrap_or_default();
    let close = if rest.starts_with("{%") { "%}" } else { "}}" };
    let span = Span::new(start, start + line.find(close).map_or(2, |at| at + 2));
    let message = "a template stands outside quotes, where EDN reads its braces as a map";
    Box::new(Problem::error(Code::BARE_TEMPLATE, source, span, message).help(
        "put double quotes around the template, together with the text that belongs to it; inside, write \\\" for a quote",
    ))
}

/// What Clojure reads as code, and what begins with `#` and is nothing.
pub(super) fn code(source: &Source, start: usize) -> Box<Problem> {
    let rest = source.text().get(start..).unwrap_or_default();
    let (length, what, help) = match rest.as_bytes() {
        [b'\'', ..] => {
            (1, "`'` quotes a form of code", "write a text in double quotes; a mark of quoting is not needed")
        }
        [b'`', ..] => (1, "a backquote begins a form of code", "write a text in double quotes"),
        [b'~', b'@', ..] => (2, "`~@` belongs to code", "write a text in double quotes"),
        [b'~', ..] => (1, "`~` belongs to code", "write `nil` for nothing, and a text in double quotes"),
        [b'@', ..] => (1, "`@` belongs to code", "put double quotes around a text that holds `@`"),
        [b'#', b'(', ..] => {
            (2, "`#(` begins a function", "write the value itself; answers are made by templates")
        }
        [b'#', b'\'', ..] => (2, "`#'` names a variable of code", "write the value itself"),
        [b'#', b'=', ..] => (2, "`#=` runs code", "write the value itself"),
        [b'#', b'?', ..] => (2, "`#?` chooses between kinds of code", "write the value itself"),
        [b'#', b'"', ..] => {
            (2, "`#\"` begins a regular expression", "remove the `#`, and write each `\\` of it twice")
        }
        [b'#', b'<', ..] => (2, "`#<` begins what was printed and cannot be read", "write the value itself"),
        _ => {
            let length = 1 + rest.chars().nth(1).map_or(0, char::len_utf8);
            let shown = excerpt(rest.get(..length).unwrap_or("#").trim_end(), 2);
            let problem = syntax(
                source,
                Span::new(start, start + 1),
                format!("`{shown}` begins nothing that EDN knows"),
            )
            .expected("`#{` for a set, `#_` to leave a form out, `#inst` or `#uuid`")
            .help("put double quotes around a text that begins with `#`; a comment begins with `;`");
            return Box::new(problem);
        }
    };
    let span = Span::new(start, start + length);
    Box::new(syntax(source, span, format!("{what}; a mock file is data")).help(help))
}

/// A string without its end.
pub(super) fn open_string(source: &Source, start: usize) -> Box<Problem> {
    Box::new(
        syntax(source, Span::new(start, start + 1), "a text in quotes does not end")
            .help("close it with `\"`; a quote inside of a text is written `\\\"`"),
    )
}

/// An escape that stands for nothing.
pub(super) fn escape(source: &Source, span: Span, why: BadEscape) -> Box<Problem> {
    let shown = excerpt(written(source, span), 12);
    let problem = match why {
        BadEscape::Unknown => syntax(source, span, format!("`{shown}` is no escape"))
            .expected(ESCAPES)
            .help("a backslash itself is written `\\\\`"),
        BadEscape::Digits => {
            syntax(source, span, format!("`{shown}` is not `\\u` with four hexadecimal digits"))
                .help("write them, as in `\\u00e9`")
        }
        BadEscape::Surrogate => syntax(source, span, format!("`{shown}` is half of a character"))
            .help("write the character itself, or both halves: `\\ud83d\\ude00`"),
        BadEscape::Octal => syntax(source, span, format!("`{shown}` is no octal escape"))
            .expected("`\\0` to `\\377`")
            .help("a backslash itself is written `\\\\`"),
    };
    Box::new(problem)
}

/// A character that does not exist.
pub(super) fn character(source: &Source, span: Span, name: &str) -> Box<Problem> {
    let shown = excerpt(name, SHOWN);
    let help = match did_you_mean(name, CHARACTERS) {
        Some(meant) if name.len() > 2 => format!("did you mean `\\{meant}`?"),
        _ => "write a text in double quotes".to_owned(),
    };
    Box::new(
        syntax(source, span, format!("`\\{shown}` is no character"))
            .expected(
                "one character behind the backslash, `\\newline`, `\\space`, `\\tab`, `\\u00e9` or `\\o101`",
            )
            .help(help),
    )
}

/// A word that begins as a number.
pub(super) fn number(source: &Source, span: Span, word: &str, misfit: Misfit) -> Box<Problem> {
    let shown = excerpt(word, SHOWN);
    let of_json = |message: String| Problem::error(Code::NUMBER_NOT_JSON, source, span, message);
    let problem = match misfit {
        Misfit::Ratio => {
            let instead = match decimal_of_ratio(word) {
                Some(decimal) => format!("write {decimal}, or the text \"{shown}\""),
                None => format!("write it with a decimal point, or the text \"{shown}\""),
            };
            of_json(format!("`{shown}` is a ratio, and JSON has none")).help(instead)
        }
        Misfit::Octal => {
            let digits = word.trim_start_matches(['+', '-', '0']).trim_end_matches('N');
            let decimal = excerpt(digits, SHOWN);
            syntax(
                source,
                span,
                format!("`{shown}` begins with a zero, so Clojure reads it as octal, which has no 8 and 9"),
            )
            .help(format!("write {decimal} for the number, \"{shown}\" for the text"))
        }
        Misfit::TooLarge => of_json(format!("`{shown}` has more than 128 bits"))
            .help("write it with decimal digits, or put double quotes around it"),
        Misfit::Unknown => syntax(source, span, format!("`{shown}` begins as a number and is none"))
            .help(format!("put double quotes around a text: \"{shown}\"")),
    };
    Box::new(problem)
}

/// `##Inf`, `##NaN` and what looks like them.
pub(super) fn symbolic_value(source: &Source, span: Span, word: &str) -> Box<Problem> {
    let shown = excerpt(word, SHOWN);
    let problem = if matches!(word, "##Inf" | "##-Inf" | "##NaN") {
        Problem::error(Code::NUMBER_NOT_JSON, source, span, format!("JSON cannot hold {shown}"))
            .help(format!("put double quotes around it to send a text: \"{shown}\""))
    } else {
        syntax(source, span, format!("`{shown}` is no value that EDN knows"))
            .help("put double quotes around a text that begins with `#`")
    };
    Box::new(problem)
}

/// A keyword, symbol or tag that Clojure's reader does not take.
pub(super) fn name(source: &Source, start: usize, word: &str) -> Box<Problem> {
    let span = if word.is_empty() {
        character_at(source.text(), start)
    } else {
        Span::new(start, start + word.len())
    };
    let shown = excerpt(word, SHOWN);
    if let Some((at, unseen)) = word.char_indices().find(|&(_, character)| is_unseen(character)) {
        let at = start + at;
        let message = format!("a character that is not seen stands here: U+{:04X}", u32::from(unseen));
        return Box::new(
            syntax(source, Span::new(at, at + unseen.len_utf8()), message)
                .help("replace it by a plain space, or put double quotes around the text that needs it"),
        );
    }
    let said = |message: String| syntax(source, span, message);
    let bare = word.trim_end_matches(':');
    let problem = if word == ":" {
        said("a `:` stands alone".to_owned())
            .help("nothing stands between a key and its value; a key begins with the colon: `:path \"/\"`")
    } else if word.starts_with("::") {
        let own = excerpt(word.trim_start_matches(':'), SHOWN);
        said(format!("`{shown}` takes its namespace from code, and a mock file is data"))
            .help(format!("write `:{own}`, or the whole name: `:namespace/{own}`"))
    } else if word.ends_with(':') && !bare.is_empty() && !bare.contains(':') {
        said(format!("`{shown}` ends with its colon"))
            .help(format!("a key begins with it: `:{}`", excerpt(bare, SHOWN)))
    } else if word.trim_start_matches([':', '+', '-']).starts_with('.') && !word.starts_with(':') {
        said(format!("`{shown}` is no number")).help("write a digit before the point, as in 0.5")
    } else {
        said(format!("`{shown}` is no name")).help(format!(
            "put double quotes around a text: \"{}\"",
            excerpt(word.strip_prefix(':').unwrap_or(word), SHOWN)
        ))
    };
    Box::new(problem)
}

/// `#::{…}` and what else is not `#:name{…}`.
pub(super) fn map_namespace(source: &Source, span: Span, word: &str) -> Box<Problem> {
    let shown = excerpt(word, SHOWN);
    let problem = if word.starts_with("#::") {
        syntax(source, span, format!("`{shown}` takes its namespace from code, and a mock file is data"))
    } else {
        syntax(source, span, format!("`{shown}` names no namespace of keys"))
    };
    Box::new(problem.help("write the namespace, as in `#:user{:id 1}`, or before each key: `{:user/id 1}`"))
}

/// A namespace of keys without its map.
pub(super) fn no_map(source: &Source, span: Span) -> Box<Problem> {
    let shown = excerpt(written(source, span), SHOWN);
    Box::new(syntax(source, span, format!("no map stands behind `{shown}`")).expected("`{`"))
}

/// A bracket that closes nothing.
pub(super) fn stray(source: &Source, span: Span, closer: char) -> Problem {
    syntax(source, span, format!("`{closer}` closes nothing"))
        .help("remove it; is there one too many before it?")
}

/// A bracket that closes another one.
pub(super) fn mismatch(source: &Source, span: Span, closer: char, opened: Span, shape: Shape) -> Problem {
    let (opener, wanted) = (shape.opener(), shape.closer());
    syntax(source, span, format!("`{closer}` stands where `{wanted}` has to close `{opener}`"))
        .help(format!("is `{wanted}` missing before it?"))
        .related(format!("this `{opener}` is open"), source, opened)
}

/// The file ends inside of brackets. `margin` is the first form at the begin of a line that stands inside of others:
/// before it, something was most likely left open.
pub(super) fn unclosed(source: &Source, opened: Span, shape: Shape, margin: Option<Span>) -> Problem {
    let (opener, closer) = (shape.opener(), shape.closer());
    let problem = syntax(source, opened, format!("`{opener}` is opened here and never closed"))
        .help(format!("close it with `{closer}`"));
    match margin {
        Some(margin) => {
            problem.related("it is still open here, where a new form seems to begin", source, margin)
        }
        None => problem,
    }
}

/// `#_`, `^` or a tag with nothing behind it.
pub(super) fn nothing_behind(source: &Source, prefix: Span) -> Problem {
    let shown = excerpt(written(source, prefix), SHOWN);
    syntax(source, prefix, format!("no value stands behind `{shown}`"))
}

/// A map whose last key has no value; `key` is where the value is most likely missing.
pub(super) fn odd_map(source: &Source, key: Span, opened: Span) -> Problem {
    let shown = excerpt(written(source, key).lines().next().unwrap_or_default(), SHOWN);
    syntax(source, key, format!("the key `{shown}` has no value: its map holds an odd number of forms"))
        .help("write keys and values in pairs; `nil` says that there is no value")
        .related("the map begins here", source, opened)
}

/// A list or map as a key.
pub(super) fn key_not_scalar(source: &Source, span: Span, is_map: bool) -> Problem {
    let found = if is_map { "a map" } else { "a list" };
    let at = character_at(source.text(), span.start as usize);
    Problem::error(Code::KEY_NOT_SCALAR, source, at, format!("{found} is used as a key"))
        .expected("a keyword or a text")
}

/// A value that stands twice in a set.
pub(super) fn twice_in_set(source: &Source, span: Span, first: Span) -> Problem {
    let shown = excerpt(written(source, span).lines().next().unwrap_or_default(), SHOWN);
    Problem::error(Code::DUPLICATE_KEY, source, span, format!("the value `{shown}` stands twice in one set"))
        .help("remove one of the two, or write a list: [ ]")
        .related("it stands here first", source, first)
}

/// A tag that only a program knows.
pub(super) fn unknown_tag(source: &Source, span: Span) -> Problem {
    let shown = excerpt(written(source, span), SHOWN);
    Problem::error(Code::UNKNOWN_TAG, source, span, format!("the tag `{shown}` is not known"))
        .expected("#inst or #uuid")
        .help("remove the tag, or put double quotes around a text that begins with `#`")
}

/// `#inst` or `#uuid` before something else than a string.
pub(super) fn tag_mismatch(source: &Source, span: Span, name: &str) -> Problem {
    let at = character_at(source.text(), span.start as usize);
    Problem::error(Code::TAG_MISMATCH, source, at, format!("the value does not fit its tag `#{name}`"))
        .expected("a text in double quotes")
}

/// A form behind the one vector that holds all items.
pub(super) fn behind_vector(source: &Source, span: Span, vector: Span) -> Problem {
    let closer = written(source, vector).chars().next_back().unwrap_or(']');
    let end = (vector.end as usize).saturating_sub(1);
    syntax(source, span, "a form stands behind the list that holds the items")
        .help("move it into the list, or write all items one after the other without a list around them")
        .related(
            format!("the list is closed by this `{closer}`"),
            source,
            Span::new(end, vector.end as usize),
        )
}
