//! JSON files into the tree.
//!
//! The grammar is [`crate::json`]'s; here its events get places and its errors become problems.

use super::builder::{Body, Builder, Key, Stop};
use super::{Kind, Limits, Node, Read, Style, Text, character_at};
use crate::json::keys::KeyIndex;
use crate::json::read::{Error, ErrorKind, Event, Reader};
use crate::problem::{Code, Problem};
use crate::source::{Source, Span};

/// Reads a source that holds one JSON text, strictly; white space alone is an empty file.
pub fn read(source: &Source, limits: &Limits) -> Read {
    let mut builder = Builder::new(source, limits);
    if !source.text().trim_ascii().is_empty() && read_document(&mut builder).is_ok() {
        builder.end_document();
    }
    builder.finish()
}

fn read_document(builder: &mut Builder<'_>) -> Result<(), Stop> {
    let text = builder.source.text();
    // The builder counts the depth, as for every format; the reader's own bound lies behind it.
    let mut reader = Reader::new(text, builder.limits.depth.saturating_add(1));
    loop {
        let item = match reader.next() {
            Ok(item) => item,
            Err(error) => return Err(syntax_problem(builder, &error)),
        };
        let span = Span::new(item.start, item.end);
        let kind = match item.event {
            Event::End => return Ok(()),
            Event::ListStart => {
                builder.push(Body::List(Vec::new()), item.start)?;
                continue;
            }
            Event::MapStart => {
                builder.push(empty_map(), item.start)?;
                continue;
            }
            Event::Key(key) => {
                builder.key(key.into(), span);
                continue;
            }
            Event::ListEnd | Event::MapEnd => {
                let Some(frame) = builder.pop() else { continue };
                let kind = match frame.body {
                    Body::List(items) => Kind::List(items),
                    Body::Map { entries, .. } => Kind::Map(entries),
                };
                builder.add(Node { span: Span::new(frame.start, item.end), kind });
                continue;
            }
            Event::Null => Kind::Null,
            Event::Bool(value) => Kind::Bool(value),
            Event::Number(digits) => Kind::Number(digits.into()),
            Event::Text(value) => Kind::Text(Text { value: value.into(), style: Style::Json }),
        };
        builder.add(Node { span, kind });
    }
}

pub(super) fn empty_map() -> Body {
    Body::Map { entries: Vec::new(), index: KeyIndex::default(), key: Key::Awaited, merges: Vec::new() }
}

fn syntax_problem(builder: &mut Builder<'_>, error: &Error) -> Stop {
    let text = builder.source.text();
    let before = text.get(..error.offset).unwrap_or_default();
    if before.ends_with('{') && matches!(text.as_bytes().get(error.offset), Some(b'{' | b'%')) {
        let span = Span::new(error.offset - 1, error.offset + 1);
        let problem = Problem::error(
            Code::BARE_TEMPLATE,
            builder.source,
            span,
            "a template stands outside quotes, where JSON has no braces like these",
        )
        .help("put double quotes around the template");
        return builder.stop(problem);
    }
    let code = match error.kind {
        ErrorKind::TooDeep => Code::TOO_DEEP,
        ErrorKind::NotUtf8 => Code::NOT_UTF8,
        ErrorKind::Syntax => Code::SYNTAX,
    };
    let span = character_at(text, error.offset);
    let mut problem = Problem::error(code, builder.source, span, error.message.clone());
    problem.help = error.help.map(str::to_owned);
    builder.stop(problem)
}
