//! What stands inside tags: words, values, filters, conditions, paths.

use super::super::super::super::call::{self, Kind};
use super::super::super::super::filters;
use super::super::tree::{Call, Condition, Expression, Operand};
use super::{Broken, Result};

/// The parts between `separator`s outside quotes.
fn split(text: &str, separator: impl Fn(char) -> bool) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut quoted = false;
    for character in text.chars() {
        quoted ^= character == '"';
        if separator(character) && !quoted {
            parts.push(String::new());
        } else if let Some(last) = parts.last_mut() {
            last.push(character);
        }
    }
    parts
}

/// The words of a tag; a filter belongs to the word before it.
pub(super) fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for part in split(text, char::is_whitespace).into_iter().filter(|part| !part.is_empty()) {
        match words.last_mut() {
            Some(last) if last.ends_with(['|', ':']) || part.starts_with('|') => last.push_str(&part),
            _ => words.push(part),
        }
    }
    words
}

pub(super) fn unquoted(text: &str) -> &str {
    text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text)
}

pub(super) fn expression(text: &str, operand: impl Fn(&str) -> Result<Operand>) -> Result<Expression> {
    let mut parts = split(text, |character| character == '|').into_iter();
    let operand = operand(parts.next().unwrap_or_default().trim())?;
    let filters = parts.map(|part| call(&part)).collect::<Result<_>>()?;
    Ok(Expression { operand, filters })
}

fn call(text: &str) -> Result<Call> {
    let mut parts = split(text, |character| character == ':').into_iter();
    let before = parts.next().unwrap_or_default();
    // White space before a colon belongs to the name.
    let name = if text.contains(':') { before.trim_start() } else { before.trim() }.to_owned();
    let (_, row) = filters::find(&name).ok_or(Broken)?;
    let arguments = parts.map(|part| part.trim().to_owned()).filter(|part| !part.is_empty());
    let arguments: Vec<String> = arguments.map(|part| unquoted(&part).to_owned()).collect();
    let (least, most) = call::counts(row.parameters);
    let fits = arguments.iter().enumerate().all(|(index, text)| {
        // An unknown language is only warned of, and what the context has is looked at later.
        let kind = call::parameter(row.parameters, index).map_or(Kind::Text, |parameter| parameter.kind);
        kind == Kind::Language || text.starts_with('@') || call::misfit(kind, text).is_none()
    });
    if fits && (least..=most).contains(&arguments.len()) { Ok(Call { name, arguments }) } else { Err(Broken) }
}

pub(super) fn operand(text: &str) -> Result<Operand> {
    let inside = unquoted(text);
    if inside.contains('"') || text.is_empty() {
        return Err(Broken);
    }
    let literal = inside.len() < text.len() || text.bytes().all(|byte| byte.is_ascii_digit());
    Ok(if literal { Operand::Literal(inside.to_owned()) } else { Operand::Path(text.to_owned()) })
}

/// In a condition numbers of all kinds and keywords are texts too.
fn side(text: &str) -> Result<Operand> {
    match text.strip_prefix(':').filter(|keyword| !keyword.is_empty()) {
        Some(keyword) => Ok(Operand::Literal(keyword.to_owned())),
        None if numeric(text) => Ok(Operand::Literal(text.to_owned())),
        None => operand(text),
    }
}

/// In a `sum` a number has a backslash before it.
pub(super) fn summand(text: &str) -> Result<Operand> {
    match text.strip_prefix('\\').filter(|number| numeric(number)) {
        Some(number) => Ok(Operand::Number(number.to_owned())),
        None if text.bytes().all(|byte| byte.is_ascii_digit()) => Err(Broken),
        None => operand(text),
    }
}

/// `-?[0-9]*\.?[0-9]+`
pub(in super::super) fn numeric(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let dots = digits.matches('.').count();
    dots < 2
        && digits.ends_with(|last: char| last.is_ascii_digit())
        && digits.chars().all(|character| character.is_ascii_digit() || character == '.')
}

pub(super) fn condition(text: &str) -> Result<Condition> {
    let words = words(text);
    if words.is_empty() {
        return Err(Broken);
    }
    let any_of = words.split(|word| word == "or").map(|all| {
        let all = all.split(|word| word == "and").map(term).collect::<Result<_>>()?;
        Ok(Condition::And(all))
    });
    Ok(Condition::Or(any_of.collect::<Result<_>>()?))
}

fn term(words: &[String]) -> Result<Condition> {
    match words {
        [word] => Ok(Condition::Value(expression(word, side)?)),
        [not, again, ..] if not == "not" && again == "not" => Err(Broken),
        [not, words @ ..] if not == "not" => Ok(Condition::Not(Box::new(term(words)?))),
        [any, words @ ..] if any == "any" => Ok(Condition::Or(values(words)?)),
        [all, words @ ..] if all == "all" => Ok(Condition::And(values(words)?)),
        [left, operator, right] if ["=", "!=", "<", ">", "<=", ">="].contains(&operator.as_str()) => {
            Ok(Condition::Compare {
                left: expression(left, side)?,
                operator: operator.clone(),
                right: expression(right, side)?,
                literal: numeric(left) || numeric(right),
            })
        }
        _ => Err(Broken),
    }
}

fn values(words: &[String]) -> Result<Vec<Condition>> {
    words.iter().map(|word| Ok(Condition::Value(expression(word, side)?))).collect()
}

pub(super) fn same(text: &str) -> Result<Condition> {
    let words = words(text);
    if words.len() < 2 {
        return Err(Broken);
    }
    Ok(Condition::Same(words.iter().map(|word| expression(word, side)).collect::<Result<_>>()?))
}

/// `a=x b.c = "y"|upper`
pub(super) fn bindings(text: &str) -> Result<Vec<(Vec<String>, Expression)>> {
    let spaced = split(text, |character| character == '=').join(" = ");
    let words = words(&spaced);
    if words.is_empty() {
        return Err(Broken);
    }
    let pairs = words.chunks(3).map(|chunk| match chunk {
        [name, equals, value] if equals == "=" => Ok((keys(name), expression(value, operand)?)),
        _ => Err(Broken),
    });
    pairs.collect()
}

/// The keys of a path: `a.b[0]`, `x..y` for a dot in a key.
pub(in super::super) fn keys(path: &str) -> Vec<String> {
    // A character that no template holds keeps the doubled dots apart.
    let mut keys = Vec::new();
    for part in path.replace("..", "\u{0}").split('.') {
        let part = part.replace('\u{0}', ".");
        let mut name = part.as_str();
        let mut indexes = Vec::new();
        while let Some((before, index)) = name.strip_suffix(']').and_then(|inside| inside.rsplit_once('['))
            && !index.is_empty()
            && index.bytes().all(|byte| byte.is_ascii_digit())
        {
            indexes.insert(0, index.to_owned());
            name = before;
        }
        if !name.is_empty() || indexes.is_empty() {
            keys.push(name.to_owned());
        }
        keys.append(&mut indexes);
    }
    keys
}
