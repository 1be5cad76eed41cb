//! The types of path and query parameters: their names, and which text each accepts.

use std::fmt;

use regex::{Regex, RegexBuilder};

use super::{MAX_BYTES, PathProblem};
use crate::problem::{Code, did_you_mean};

/// The largest compiled form of a regular expression, in bytes.
const REGEX_BYTES: usize = 256 * 1024;
/// The largest cache that matching one may fill, in bytes.
const REGEX_CACHE_BYTES: usize = 1024 * 1024;
/// The deepest nesting of one.
const REGEX_DEPTH: u32 = 64;

const NAMES: [&str; 8] = ["string", "int", "float", "double", "bool", "boolean", "uuid", "date"];

/// What a path or query parameter must look like: a guard.
#[derive(Clone, Debug)]
pub enum ParamType {
    /// Any text.
    String,
    /// `-?[0-9]+` in 64 bits.
    Int,
    /// `float`: `-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?`, finite.
    Float,
    /// `double`: as `float`.
    Double,
    /// `true` or `false`.
    Bool,
    /// 8-4-4-4-12 hexadecimal digits.
    Uuid,
    /// An RFC 3339 full-date that exists.
    Date,
    /// A regular expression that matches the whole text; kept with its text.
    Regex(Box<str>, Regex),
}

impl ParamType {
    /// The type of that name: `string`, `int`, `float`, `double`, `bool` or `boolean`, `uuid`, `date`.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "string" => Self::String,
            "int" => Self::Int,
            "float" => Self::Float,
            "double" => Self::Double,
            "bool" | "boolean" => Self::Bool,
            "uuid" => Self::Uuid,
            "date" => Self::Date,
            _ => return None,
        })
    }

    /// The type that `text` declares: a name, or a regular expression between slashes (`/[a-z]+/`).
    ///
    /// # Errors
    /// An unknown name ("did you mean" where one is near), or a regular expression that cannot be used;
    /// the range is in `text`.
    pub fn declared(text: &str) -> Result<Self, PathProblem> {
        let Some(after) = text.strip_prefix('/') else {
            return Self::parse(text).ok_or_else(|| unknown(text));
        };
        match after.strip_suffix('/') {
            Some(body) if !body.contains('/') => Self::regex(body),
            _ => Err(PathProblem::new(
                Code::BAD_REGEX,
                0..text.len(),
                "a regular expression stands between two slashes and holds no other",
            )
            .help("write a slash inside as `\\x2F`")),
        }
        .map_err(|mut problem| {
            problem.range = 0..text.len();
            problem
        })
    }

    /// The type of a regular expression (without its slashes) that must match the whole text.
    ///
    /// # Errors
    /// One that does not parse, is empty, or is too large when compiled; the range is in `body`.
    pub(super) fn regex(body: &str) -> Result<Self, PathProblem> {
        let problem = |message: String| PathProblem::new(Code::BAD_REGEX, 0..body.len(), message);
        if body.is_empty() {
            return Err(
                problem("the regular expression is empty".into()).help("leave the type out for any text")
            );
        }
        if body.len() > MAX_BYTES {
            return Err(problem(format!("the regular expression is longer than {MAX_BYTES} bytes")));
        }
        let build = |text: &str| {
            RegexBuilder::new(text)
                .size_limit(REGEX_BYTES)
                .dfa_size_limit(REGEX_CACHE_BYTES)
                .nest_limit(REGEX_DEPTH)
                .build()
        };
        // By itself first: `a)|(b` is whole only with the anchors around it.
        build(body)
            .and_then(|_| build(&format!(r"\A(?:{body})\z")))
            .map(|regex| Self::Regex(body.into(), regex))
            .map_err(|error| problem(reason(&error)))
    }

    /// Whether `text` looks as this type demands.
    pub fn accepts(&self, text: &str) -> bool {
        match self {
            Self::String => true,
            Self::Int => !text.starts_with('+') && text.parse::<i64>().is_ok(),
            Self::Float | Self::Double => is_float(text),
            Self::Bool => matches!(text, "true" | "false"),
            Self::Uuid => is_uuid(text),
            Self::Date => is_date(text),
            Self::Regex(_, regex) => regex.is_match(text),
        }
    }
}

fn is_float(text: &str) -> bool {
    let rest = digits(text.strip_prefix('-').unwrap_or(text));
    let rest = rest.and_then(|rest| match rest.strip_prefix('.') {
        Some(fraction) => digits(fraction),
        None => Some(rest),
    });
    let rest = rest.and_then(|rest| match rest.strip_prefix(['e', 'E']) {
        Some(exponent) => digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent)),
        None => Some(rest),
    });
    rest == Some("") && text.parse::<f64>().is_ok_and(f64::is_finite)
}

/// What follows one or more digits.
fn digits(text: &str) -> Option<&str> {
    let rest = text.trim_start_matches(|letter: char| letter.is_ascii_digit());
    (rest.len() < text.len()).then_some(rest)
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(index, byte)| match index {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

fn is_date(text: &str) -> bool {
    let shaped = text.len() == 10
        && text.bytes().enumerate().all(|(index, byte)| match index {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    let field = |range| text.get(range).and_then(|digits: &str| digits.parse::<i16>().ok());
    let small = |range| field(range).and_then(|number| i8::try_from(number).ok());
    match (shaped, field(0..4), small(5..7), small(8..10)) {
        (true, Some(year), Some(month), Some(day)) => jiff::civil::Date::new(year, month, day).is_ok(),
        _ => false,
    }
}

fn unknown(name: &str) -> PathProblem {
    let problem = if name.is_empty() {
        PathProblem::new(Code::UNKNOWN_TYPE, 0..0, "a type is missing")
    } else {
        PathProblem::new(Code::UNKNOWN_TYPE, 0..name.len(), format!("there is no type `{name}`"))
    };
    let problem = problem.expected(format!("one of {}, or /a regular expression/", NAMES.join(", ")));
    match other_name(name).or_else(|| did_you_mean(name, NAMES)) {
        Some(near) => problem.help(format!("did you mean `{near}`?")),
        None => problem,
    }
}

/// The type that other formats call by this name.
fn other_name(name: &str) -> Option<&'static str> {
    match name.to_ascii_lowercase().as_str() {
        "integer" | "long" | "number" | "num" | "digits" => Some("int"),
        "text" | "str" | "any" => Some("string"),
        "decimal" => Some("float"),
        "guid" => Some("uuid"),
        _ => None,
    }
}

/// The last line of the regex crate's message; the lines before it draw the expression again.
fn reason(error: &regex::Error) -> String {
    let text = error.to_string();
    let last = text.lines().last().unwrap_or_default();
    format!("the regular expression cannot be used: {}", last.strip_prefix("error: ").unwrap_or(last))
}

impl PartialEq for ParamType {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Regex(left, _), Self::Regex(right, _)) => left == right,
            (left, right) => std::mem::discriminant(left) == std::mem::discriminant(right),
        }
    }
}

/// `int`, `string`, … as a file writes it; a regular expression between slashes.
impl fmt::Display for ParamType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::String => f.write_str("string"),
            Self::Int => f.write_str("int"),
            Self::Float => f.write_str("float"),
            Self::Double => f.write_str("double"),
            Self::Bool => f.write_str("bool"),
            Self::Uuid => f.write_str("uuid"),
            Self::Date => f.write_str("date"),
            Self::Regex(text, _) => write!(f, "/{text}/"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_accepts_what_the_format_says_and_nothing_else() {
        let uuid = "0aF3b2c1-0000-4000-8000-0123456789AB";
        let short = &uuid[1..];
        let cases: [(&str, &[&str], &[&str]); 9] = [
            ("string", &["", "a", "ü/"], &[]),
            (
                "int",
                &[
                    "0",
                    "-0",
                    "007",
                    "-12",
                    "9223372036854775807",
                    "-9223372036854775808",
                    "00000000000000000000001",
                ],
                &["", "-", "+1", "1.0", "1e3", " 1", "1 ", "9223372036854775808", "0x1", "١", "--1", "-+1"],
            ),
            (
                "float",
                &["0", "-1", "1.5", "1e3", "1E-3", "1.5e+3", "-0.0", "1e308", "007.5", "1e-999"],
                &[
                    "", ".5", "1.", "+1", "1e", "e1", "1e+", "1e999", "inf", "NaN", "-", "1.5.5", "1_0",
                    "1.5e3.5", "١",
                ],
            ),
            ("double", &["0", "1.5e3"], &["1e999", "x"]),
            ("bool", &["true", "false"], &["", "True", "FALSE", "0", "1", "yes"]),
            ("boolean", &["true", "false"], &["True"]),
            (
                "uuid",
                &[uuid, "ffffffff-ffff-ffff-ffff-ffffffffffff"],
                &["", short, "0af3b2c100004000800000123456789ab", "gaf3b2c1-0000-4000-8000-0123456789ab"],
            ),
            (
                "date",
                &["2024-02-29", "2000-02-29", "1999-12-31", "0000-01-01", "9999-12-31"],
                &[
                    "",
                    "2023-02-29",
                    "1900-02-29",
                    "2024-13-01",
                    "2024-00-01",
                    "2024-01-32",
                    "2024-1-1",
                    "20240101",
                ],
            ),
            ("/a|ab?c/", &["a", "abc", "ac"], &["", "ab", "xa", "abcx", "abc\n"]),
        ];
        for (name, accepted, refused) in cases {
            let kind = ParamType::declared(name).expect(name);
            for text in accepted {
                assert!(kind.accepts(text), "{name} {text:?}");
            }
            for text in refused {
                assert!(!kind.accepts(text), "{name} {text:?}");
            }
        }
    }

    #[test]
    fn every_name_is_a_type_that_prints_as_it_is_written() {
        for name in NAMES {
            let kind = ParamType::parse(name).expect(name);
            assert_eq!(kind.to_string(), if name == "boolean" { "bool" } else { name });
        }
        assert_eq!(ParamType::declared("/a+/").expect("a regex").to_string(), "/a+/");
        assert_eq!(ParamType::parse("Int"), None);
    }

    #[test]
    fn a_wrong_type_says_which_was_meant() {
        for (text, code, help) in [
            ("integer", Code::UNKNOWN_TYPE, Some("did you mean `int`?")),
            ("shape", Code::UNKNOWN_TYPE, None),
            ("Int", Code::UNKNOWN_TYPE, Some("did you mean `int`?")),
            ("sting", Code::UNKNOWN_TYPE, Some("did you mean `string`?")),
            ("", Code::UNKNOWN_TYPE, None),
            ("/a", Code::BAD_REGEX, Some("write a slash inside as `\\x2F`")),
            ("/", Code::BAD_REGEX, Some("write a slash inside as `\\x2F`")),
            ("/a/b/", Code::BAD_REGEX, Some("write a slash inside as `\\x2F`")),
            ("//", Code::BAD_REGEX, Some("leave the type out for any text")),
            ("/(/", Code::BAD_REGEX, None),
            ("/a)|(b/", Code::BAD_REGEX, None),
            (r"/\w{1000}{1000}/", Code::BAD_REGEX, None),
            (r"/(?=a)/", Code::BAD_REGEX, None),
        ] {
            let problem = ParamType::declared(text).expect_err(text);
            assert_eq!(problem.code, code, "{text}");
            assert_eq!(problem.help.as_deref(), help, "{text}");
            assert_eq!(problem.range, 0..text.len(), "{text}");
        }
        let problem = ParamType::declared("/(a/").expect_err("an unclosed group");
        assert_eq!(problem.message, "the regular expression cannot be used: unclosed group");
    }
}
