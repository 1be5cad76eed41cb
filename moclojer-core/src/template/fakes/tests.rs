//! Made-up data as templates see it: shapes, languages, and that a draw decides all.

mod checks;

use std::cell::Cell;
use std::collections::BTreeSet;
use std::fmt::Write;

use proptest::prelude::*;

use super::languages::LANGUAGES;
use super::*;
use crate::template::call::counts;
use crate::template::tests::{OPEN, TestScope, render_with, rendered};
use crate::template::value::{Meter, Stop, Value};
use crate::template::{Limits, Mode, compile};

/// What a template renders to after `draws` draws.
fn made(template: &str, draws: u64) -> String {
    let scope = TestScope { draws: Cell::new(draws), ..TestScope::default() };
    render_with(template, Mode::Plain, &OPEN, &scope).unwrap_or_else(|error| panic!("{template}: {error}"))
}

/// A call of a row in a language, when it takes one.
fn call(fake: &Function, tag: &str) -> Option<String> {
    let takes_language = fake.parameters.last().is_some_and(|last| last.name == "language");
    let counted = counts(fake.parameters).1 == 2;
    match (takes_language, counted) {
        (false, _) => None,
        (true, false) => Some(format!("{{{{fake.{}:{tag}}}}}", fake.name)),
        (true, true) => Some(format!("{{{{fake.{}:4:{tag}}}}}", fake.name)),
    }
}

/// All rows with all languages that they take.
fn calls() -> impl Iterator<Item = (&'static Function, &'static str, String)> {
    FAKES.iter().flat_map(|fake| {
        let tags = LANGUAGES.iter().map(|language| language.tag);
        let mut calls: Vec<_> = tags.filter_map(|tag| Some((fake, tag, call(fake, tag)?))).collect();
        if calls.is_empty() {
            calls.push((fake, "", format!("{{{{fake.{}}}}}", fake.name)));
        }
        calls
    })
}

#[test]
fn rows_are_sorted_and_whole() {
    assert!(FAKES.is_sorted_by(|left, right| left.name < right.name));
    for fake in FAKES {
        assert!(fake.example.contains(fake.name), "{}", fake.name);
        assert!(fake.documentation.ends_with(['.', '`']), "{}", fake.name);
        assert!(find(fake.name).is_some_and(|found| found.name == fake.name), "{}", fake.name);
        assert!(!made(fake.example, 7).is_empty(), "{}", fake.name);
    }
}

#[test]
fn both_spellings_are_the_same() {
    assert_eq!(made("{{faker/name}}", 3), made("{{fake.name}}", 3));
    assert_eq!(made("{{faker/city:fr}}", 3), made("{{fake.city:fr}}", 3));
    assert_eq!(made("{{fake.words:5:ja}}", 3), made("{{fake.words:\"5\":\"ja\"}}", 3));
}

#[test]
fn the_same_draw_gives_the_same_text() {
    let mut table = String::new();
    for (draws, (_, _, call)) in (0..).zip(calls()) {
        let text = made(&call, draws);
        assert_eq!(text, made(&call, draws), "{call}");
        writeln!(table, "{call} {text}").unwrap_or_default();
    }
    insta::assert_snapshot!(table);
}

#[test]
fn no_text_needs_escaping_in_html_or_lines() {
    for (_, _, call) in calls() {
        for draws in 0..60 {
            let text = made(&call, draws);
            let bad = |char: char| {
                char.is_control() || matches!(char, '<' | '>' | '"' | '\\' | '{' | '}' | '^' | '#')
            };
            // A colour begins with a hash, a password may hold one.
            let may_hash = call.contains("color") || call.contains("password");
            let found = text.chars().find(|&char| bad(char) && !(may_hash && char == '#'));
            assert!(!text.is_empty() && text.trim() == text && found.is_none(), "{call}: {text:?}");
        }
    }
}

#[test]
fn each_language_has_many_names() {
    for language in LANGUAGES {
        let call = format!("{{{{fake.name:{}}}}}", language.tag);
        let names: BTreeSet<String> = (0..1_000).map(|draws| made(&call, draws)).collect();
        assert!(names.len() > 300, "{}: {}", language.tag, names.len());
    }
}

#[test]
fn languages_are_whole() {
    for language in LANGUAGES {
        let tag = language.tag;
        assert!(language.first_names.len() >= 90 && language.last_names.len() >= 90, "{tag}");
        assert!(language.cities.len() >= 60 && language.jobs.len() >= 50, "{tag}");
        for name in language.first_names.iter().chain(language.last_names) {
            let odd = |char: char| !char.is_alphabetic() && !matches!(char, ' ' | '-' | '\'');
            assert!(name.trim() == *name && !name.contains(odd), "{tag}: {name:?}");
            let latin = super::person::latin(name, language);
            assert!(tag == "ja" || (latin.len() > 1 && latin.is_ascii()), "{tag}: {name}");
        }
        if let Some((first, last)) = language.latin {
            assert!(
                first.iter().chain(last).all(|name| name.bytes().all(|byte| byte.is_ascii_lowercase())),
                "{tag}"
            );
        }
        for (city, state, _) in language.cities {
            assert!(language.states.iter().any(|(code, _)| code == state), "{tag}: {city}");
        }
        let patterns = [language.names, language.streets, language.companies].concat();
        for name in patterns.iter().flat_map(|pattern| pattern.split('{').skip(1)) {
            let name = name.split('}').next().unwrap_or_default();
            let known = ["first", "last", "stem", "way", "suffix"];
            assert!(
                known.contains(&name) || language.more.iter().any(|(more, _)| *more == name),
                "{tag}: {name}"
            );
        }
    }
}

#[test]
fn languages_are_found_however_they_are_written() {
    let portuguese = made("{{fake.country:pt}}", 5);
    assert_ne!(portuguese, made("{{fake.country}}", 5));
    for tag in ["pt-BR", "PT_br", "pt_BR", "Pt", "\"pt\""] {
        assert_eq!(made(&format!("{{{{fake.country:{tag}}}}}"), 5), portuguese, "{tag}");
    }
    for tag in ["en", "xx", "p", "\"\"", "portuguese"] {
        assert_eq!(made(&format!("{{{{fake.country:{tag}}}}}"), 5), made("{{fake.country}}", 5), "{tag}");
    }
}

#[test]
fn arguments_may_come_from_the_context() {
    let from_context = |template: &str, context: &str| rendered(template, context);
    assert_eq!(from_context("{{fake.digits:@n|count}}", r#"{"n":9}"#).as_deref(), Ok("9"));
    assert_eq!(from_context("{{fake.digits:@n|count}}", r#"{"n":"12"}"#).as_deref(), Ok("12"));
    assert!(from_context("{{fake.name:@language}}", r#"{"language":["pt"]}"#).is_ok());
    for (context, reason) in [
        (r#"{"n":[1]}"#, "the argument `n` is a list, no number"),
        (r#"{"n":1.5}"#, "the argument `n` is no integer"),
        (r#"{"n":-1}"#, "the argument `n` is below 0"),
        (r#"{"n":1001}"#, "the argument `n` is above 1000"),
    ] {
        let found = from_context("{{fake.words:@n}}", context).err().unwrap_or_default();
        assert!(found.contains(reason), "{context}: {found}");
    }
}

#[test]
fn counts_count() {
    for (template, separator, count) in [
        ("{{fake.words}}", ' ', 3),
        ("{{fake.words:0}}", ' ', 1),
        ("{{fake.words:1000:pt}}", ' ', 1_000),
        ("{{fake.words:7:ja}}", ' ', 7),
        ("{{fake.sentences:1:ja}}", '。', 2),
        ("{{fake.text:20:ja}}", '。', 21),
    ] {
        assert_eq!(made(template, 1).split(separator).count(), count, "{template}");
    }
}

#[test]
fn parts_are_charged() {
    let spent = |template: &str, steps: u64| {
        let template = compile(template, Mode::Plain, &OPEN).template;
        let limits = Limits { steps, ..Limits::default() };
        template.map(|template| template.render(&TestScope::default(), &limits, &mut String::new()).is_ok())
    };
    assert_eq!(spent("{{fake.words:1000}}", 1_100), Some(true));
    assert_eq!(spent("{{fake.words:1000}}", 900), Some(false));
}

#[test]
fn shapes_are_right() {
    for (name, pattern) in [
        ("amount", r"[1-9]\d{0,3}\.\d\d"),
        ("bic:pt", "[A-Z]{4}BR[1-9][0-9]"),
        ("birthdate", r"(19[5-9]\d|200[0-5])-\d\d-\d\d"),
        ("boolean", "true|false"),
        ("cep", r"\d{5}-\d{3}"),
        ("cnpj", r"\d\d\.\d{3}\.\d{3}/0001-\d\d"),
        ("color", "#[0-9a-f]{6}"),
        ("country-code", "[A-Z]{2}"),
        ("cpf", r"\d{3}\.\d{3}\.\d{3}-\d\d"),
        ("credit-card-expiry", r"(0[1-9]|1[0-2])/3\d"),
        ("currency-code", "[A-Z]{3}"),
        ("cvv", r"\d{3}"),
        ("date", r"20[0-2]\d-\d\d-\d\d"),
        ("datetime", r"20[0-2]\d-\d\d-\d\dT\d\d:\d\d:\d\dZ"),
        ("digit", r"\d"),
        ("digits:40", r"\d{40}"),
        ("email", r"[a-z0-9._]+@example\.(com|net|org)"),
        ("email:ja", r"[a-z]+[a-z0-9._]*@example\.(com|net|org)"),
        ("email:de", r"[a-z]+[a-z0-9._]*@example\.(com|net|org)"),
        ("domain:fr", r"[a-z]+(-[a-z]+)?\.example\.(com|net|org)"),
        ("latitude", r"-?\d{1,2}\.\d{1,6}"),
        ("longitude", r"-?\d{1,3}\.\d{1,6}"),
        ("mac-address", "[0-9a-f][26ae](:[0-9a-f]{2}){5}"),
        ("mime-type", "[a-z]+/[a-z0-9.+-]+"),
        ("password", ".{12,16}"),
        ("postcode", r"\d{5}"),
        ("postcode:fr", r"\d{5}"),
        ("postcode:de", r"\d{5}"),
        ("postcode:es", r"\d{5}"),
        ("postcode:it", r"\d{5}"),
        ("postcode:ja", r"\d{3}-\d{4}"),
        ("postcode:nl", r"\d{4} [A-Z]{2}"),
        ("postcode:pt", r"\d{5}-\d{3}"),
        ("price", r"\d{1,3}\.\d\d"),
        ("rg", r"\d\d\.\d{3}\.\d{3}-[\dX]"),
        ("semver", r"\d\.\d{1,2}\.\d{1,2}"),
        ("ssn", r"666-\d\d-\d{4}"),
        ("time", r"([01]\d|2[0-3])(:[0-5]\d){2}"),
        ("url", r"https://[a-z-]+\.example\.(com|net|org)(/[a-z0-9-]+){1,2}"),
        ("phone:fr", r"0[1-5]( \d\d){4}"),
        ("cell-phone:pt", r"\(\d\d\) 9\d{4}-\d{4}"),
        ("company:nl", r"\p{Lu}.+"),
        ("sentence", r"[A-Z][a-z]+( [a-z]+){5,11}\."),
        ("address:de", r".+ \d+[ab]?, \d{5} .+"),
        ("address:pt", r".+, \d+, .+ - [A-Z]{2}, \d{5}-\d{3}"),
        ("address:ja", r"〒\d{3}-\d{4}.+[0-9-]+"),
        ("address", r"\d+ .+, .+, [A-Z]{2} \d{5}"),
    ] {
        let shape = regex::Regex::new(&format!("^(?:{pattern})$")).unwrap_or_else(|error| panic!("{error}"));
        for draws in 0..120 {
            let text = made(&format!("{{{{fake.{name}}}}}"), draws);
            assert!(shape.is_match(&text), "{name}: {text}");
        }
    }
}

#[test]
fn dates_and_addresses_of_the_net_can_be_read() {
    for draws in 0..1_000 {
        assert!(made("{{fake.date}}", draws).parse::<jiff::civil::Date>().is_ok());
        assert!(made("{{fake.birthdate}}", draws).parse::<jiff::civil::Date>().is_ok());
        assert!(made("{{fake.datetime}}", draws).parse::<jiff::Timestamp>().is_ok());
        assert!(made("{{fake.ipv6}}", draws).parse::<std::net::Ipv6Addr>().is_ok());
        let ipv4: std::net::Ipv4Addr = made("{{fake.ipv4}}", draws).parse().unwrap_or_else(|_| [0; 4].into());
        let own = ipv4.is_private() || ipv4.is_loopback() || ipv4.is_link_local() || ipv4.is_unspecified();
        assert!(!own && ipv4.octets()[0] < 224, "{ipv4}");
    }
}

#[test]
fn a_password_holds_each_sort_of_character() {
    for draws in 0..1_000 {
        let password = made("{{fake.password}}", draws);
        assert!(password.contains(|char: char| char.is_ascii_lowercase()), "{password}");
        assert!(password.contains(|char: char| char.is_ascii_uppercase()), "{password}");
        assert!(password.contains(|char: char| char.is_ascii_digit()), "{password}");
        assert!(password.contains(|char: char| char.is_ascii_punctuation()), "{password}");
    }
}

fn any_argument() -> impl Strategy<Value = Value<'static>> {
    prop_oneof![
        Just(Value::Missing),
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        (-5_i64..1_100).prop_map(Value::Int),
        (-1e20_f64..1e20).prop_map(Value::Float),
        "[0-9]{1,4}|.{0,8}|[a-z]{2}[-_][A-Z]{2}".prop_map(Value::text_of),
        "-?[0-9]{1,25}".prop_map(|digits| Value::Digits(digits.into())),
    ]
}

proptest! {
    /// The scope's bits are an odd multiple of the draw's number, so that all of them come up.
    #[test]
    fn any_draw_and_any_arguments_give_a_value_or_a_reason(
        draws in 0..u64::MAX,
        index in 0..FAKES.len(),
        arguments in prop::collection::vec(any_argument(), 0..4),
    ) {
        let scope = TestScope { draws: Cell::new(draws), ..TestScope::default() };
        let mut meter = Meter::new(&Limits::default());
        match (FAKES[index].run)(&arguments, &scope, &mut meter) {
            Ok(value) => {
                prop_assert!(!value.is_absent());
                prop_assert_eq!(scope.draws.get(), draws + 1, "one draw for one value");
            }
            Err(Stop::Reason(reason)) => prop_assert!(reason.starts_with("the argument `n` is "), "{}", reason),
            Err(stop) => prop_assert!(false, "{:?}", stop),
        }
    }
}

#[test]
fn languages_stand_in_one_order() {
    assert_eq!(LANGUAGES.map(|language| language.tag), super::LANGUAGES);
}
