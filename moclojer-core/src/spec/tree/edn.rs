//! EDN files into the tree: forms one after the other, or one vector of them.
//!
//! What Clojure's reader takes in data files is read: keywords, symbols and characters become texts, sets become
//! lists, numbers get the digits that JSON has for them, metadata is dropped. What is code is refused. This module
//! puts tokens together; it keeps lists, maps and what stands before a form (`#_`, `^`, tags) on a stack, so no
//! input makes it recurse. It does not know what a file means.
//!
//! The file is one document, a list. When forms stand one after the other, no bracket makes that list, and it spans
//! exactly from the first form to the last.

mod identity;
mod lexer;
mod number;
mod open;
mod refuse;
mod text;

use self::identity::{Held, Identities};
use self::lexer::{Lexer, Shape, Token};
use self::open::{Class, Collection, Form, Margin, Open, Pairs, Top, key_text};
pub(super) use self::text::lengths;
use super::builder::{Body, Builder, Stop};
use super::json::empty_map;
use super::{Kind, Limits, Node, Read, Style, Text};
use crate::problem::Problem;
use crate::source::{Source, Span};

/// Most problems of one map that wait for its end.
const MOST_WAITING: usize = 100;

/// Reads a source that holds EDN; without a form it is an empty file.
pub fn read(source: &Source, limits: &Limits) -> Read {
    let mut reader = Reader {
        builder: Builder::new(source, limits),
        lexer: Lexer::new(source),
        open: Vec::new(),
        collections: 0,
        left_out: 0,
        sets: 0,
        top: Top::Unknown,
        identities: Identities::default(),
        margin: None,
    };
    // The reason of a stop stands among the problems.
    let _: Result<(), Stop> = reader.read_all();
    reader.builder.finish()
}

struct Reader<'a> {
    builder: Builder<'a>,
    lexer: Lexer<'a>,
    open: Vec<Open<'a>>,
    /// How many of what is open are lists, maps and sets.
    collections: usize,
    /// How many of what is open take a form and drop it.
    left_out: usize,
    /// How many sets are open.
    sets: usize,
    top: Top,
    identities: Identities,
    margin: Option<Margin>,
}

impl<'a> Reader<'a> {
    fn read_all(&mut self) -> Result<(), Stop> {
        loop {
            let (token, span) = match self.lexer.next() {
                Ok(lexed) => lexed,
                Err(problem) => return Err(self.builder.stop(*problem)),
            };
            match token {
                Token::End => return self.end(),
                Token::Open(shape, namespace) => self.begin(shape, namespace, span)?,
                Token::Close(closer) => self.close(closer, span)?,
                Token::Discard => self.leave_out(Open::Discard(span)),
                Token::Meta => self.leave_out(Open::Meta(span)),
                Token::Tag(name) => self.open.push(Open::Tag(name, span)),
                scalar => self.scalar(scalar, span)?,
            }
        }
    }

    fn leave_out(&mut self, open: Open<'a>) {
        self.left_out += 1;
        self.open.push(open);
    }

    fn report(&mut self, problem: Problem) {
        if self.left_out == 0 {
            self.builder.report(problem);
        }
    }

    /// Decides at the first form of the file what its top is; nothing stands behind a list that is the top.
    fn begin_form(&mut self, is_list: bool, span: Span) -> Result<(), Stop> {
        if self.collections > 0 || self.left_out > 0 {
            return Ok(());
        }
        match self.top {
            Top::Unknown if is_list => self.top = Top::List(span),
            Top::Unknown => {
                self.builder.push(Body::List(Vec::new()), span.start as usize)?;
                self.top = Top::Forms;
            }
            Top::Forms => {}
            Top::List(list) => {
                let problem = refuse::behind_vector(self.builder.source, span, list);
                return Err(self.builder.stop(problem));
            }
        }
        Ok(())
    }

    fn scalar(&mut self, token: Token<'a>, span: Span) -> Result<(), Stop> {
        self.begin_form(false, span)?;
        let text = |value: Box<str>, style| Kind::Text(Text { value, style });
        let (kind, class) = match token {
            Token::Null => (Kind::Null, Class::Other),
            Token::Bool(value) => (Kind::Bool(value), Class::Other),
            Token::Number(digits) => (Kind::Number(digits.into()), Class::Other),
            Token::Text(value) => (text(value.into(), Style::EdnString), Class::String),
            Token::Character(value) => {
                (text(value.to_string().into(), Style::EdnCharacter), Class::Character)
            }
            Token::Keyword(name) => (text(name.into(), Style::EdnKeyword), Class::Keyword),
            Token::Symbol(name) => (text(name.into(), Style::Plain), Class::Symbol),
            Token::NoNumber(problem) => {
                let written = self.builder.source.text().get(span.start as usize..span.end as usize);
                self.report(*problem);
                // What was written, so that nothing else is said of it than that it is no number.
                (text(written.unwrap_or_default().into(), Style::Plain), Class::Symbol)
            }
            _ => return Ok(()),
        };
        let identity = self.scalar_identity(&kind, class);
        self.place(Form { node: Node { span, kind }, class, identity });
        Ok(())
    }

    fn scalar_identity(&self, kind: &Kind, class: Class) -> u64 {
        if self.sets == 0 {
            return 0;
        }
        match kind {
            Kind::Bool(value) => self.identities.of(value),
            Kind::Number(digits) => self.identities.of((class, digits)),
            Kind::Text(text) => self.identities.of((class, &text.value)),
            Kind::Null | Kind::List(_) | Kind::Map(_) => self.identities.of(class),
        }
    }

    fn begin(&mut self, shape: Shape, namespace: Option<&'a str>, span: Span) -> Result<(), Stop> {
        self.begin_form(shape != Shape::Map, span)?;
        if shape == Shape::Map {
            self.look_at_margin(span);
        }
        let body = if shape == Shape::Map { empty_map() } else { Body::List(Vec::new()) };
        let (left_out, depth) = (self.left_out > 0, self.builder.open.len());
        let frame = self.builder.push(body, span.start as usize)?;
        frame.dropped |= left_out;
        self.collections += 1;
        self.sets += usize::from(shape == Shape::Set);
        let (pairs, held) = (Pairs::default(), Held::default());
        self.open.push(Open::Collection(Collection { shape, opened: span, depth, namespace, pairs, held }));
        Ok(())
    }

    /// Remembers the first map that begins a line inside of others, unless the file is one list and it an item of it.
    fn look_at_margin(&mut self, at: Span) {
        let before = self.builder.source.text().get(..at.start as usize).unwrap_or_default();
        let is_item = matches!(self.top, Top::List(_)) && self.collections == 1;
        if self.margin.is_some() || is_item || !(before.is_empty() || before.ends_with(['\n', '\r'])) {
            return;
        }
        if let Some(&Open::Collection(Collection { shape, opened, depth, .. })) = self.open.last() {
            self.margin = Some(Margin { at, opened, depth, shape });
        }
    }

    fn close(&mut self, closer: char, span: Span) -> Result<(), Stop> {
        let source = self.builder.source;
        let collection = match self.open.pop() {
            Some(Open::Collection(collection)) if collection.shape.closer() == closer => collection,
            Some(Open::Collection(Collection { shape, opened, .. })) => {
                let problem = refuse::mismatch(source, span, closer, opened, shape);
                return Err(self.builder.stop(problem));
            }
            Some(
                Open::Discard(prefix) | Open::Meta(prefix) | Open::Described(prefix) | Open::Tag(_, prefix),
            ) => {
                return Err(self.builder.stop(refuse::nothing_behind(source, prefix)));
            }
            None => return Err(self.builder.stop(refuse::stray(source, span, closer))),
        };
        if collection.shape == Shape::Map {
            self.end_pairs(&collection)?;
        }
        self.collections -= 1;
        self.sets -= usize::from(collection.shape == Shape::Set);
        let Some(frame) = self.builder.pop() else { return Ok(()) };
        let kind = match frame.body {
            _ if frame.dropped => Kind::Null,
            Body::List(items) => Kind::List(items),
            Body::Map { entries, .. } => Kind::Map(entries),
        };
        let node = Node { span: Span::new(frame.start, span.end as usize), kind };
        if let (0, 0, Top::List(_)) = (self.collections, self.left_out, self.top) {
            self.top = Top::List(node.span);
        }
        let identity = match self.sets {
            0 => 0,
            _ => self.identities.whole(&collection.held, collection.shape),
        };
        self.place(Form { node, class: Class::Collection, identity });
        Ok(())
    }

    /// Says what is wrong with the keys of a map that ends.
    fn end_pairs(&mut self, map: &Collection<'_>) -> Result<(), Stop> {
        let source = self.builder.source;
        if !self.builder.awaits_key() {
            let key = map.pairs.suspect.unwrap_or(map.pairs.last_key);
            // The path is that of the map: which key is to blame is a guess.
            self.builder.drop_value();
            return Err(self.builder.stop(refuse::odd_map(source, key, map.opened)));
        }
        for &(span, is_map) in &map.pairs.collection_keys {
            self.report(refuse::key_not_scalar(source, span, is_map));
        }
        Ok(())
    }

    /// Puts a form that is whole where it belongs: to what stands before it, or into what is open.
    fn place(&mut self, mut form: Form) {
        loop {
            match self.open.pop() {
                Some(Open::Discard(_)) => {
                    self.left_out -= 1;
                    return;
                }
                Some(Open::Meta(span)) => {
                    self.left_out -= 1;
                    self.open.push(Open::Described(span));
                    return;
                }
                Some(Open::Described(_)) => {}
                Some(Open::Tag(name, span)) => form = self.tagged(name, span, form),
                Some(Open::Collection(mut collection)) => {
                    self.put(form, &mut collection);
                    self.open.push(Open::Collection(collection));
                    return;
                }
                None => {
                    self.builder.add(form.node);
                    return;
                }
            }
        }
    }

    fn tagged(&mut self, name: &str, tag: Span, mut form: Form) -> Form {
        let source = self.builder.source;
        if !matches!(name, "inst" | "uuid") {
            self.report(refuse::unknown_tag(source, tag));
        } else if form.class != Class::String {
            self.report(refuse::tag_mismatch(source, form.node.span, name));
        }
        form.identity = self.identities.of((name, form.identity));
        form
    }

    fn put(&mut self, form: Form, collection: &mut Collection<'_>) {
        let span = form.node.span;
        if self.builder.awaits_key() {
            let identity = self.put_key(form, collection);
            self.compare(collection, identity, span);
        } else {
            collection.pairs.last_value_is_keyword = form.class == Class::Keyword;
            self.compare(collection, form.identity, span);
            self.builder.add(form.node);
        }
    }

    /// Tells what stands twice in a set.
    fn compare(&mut self, collection: &mut Collection<'_>, identity: u64, span: Span) {
        if self.sets == 0 {
            return;
        }
        let first = self.identities.add(&mut collection.held, collection.shape, identity, span);
        if let Some(first) = first {
            self.report(refuse::twice_in_set(self.builder.source, span, first));
        }
    }

    /// Puts a key, and gives the hash by which its map is compared.
    fn put_key(&mut self, form: Form, collection: &mut Collection<'_>) -> u64 {
        let span = form.node.span;
        let pairs = &mut collection.pairs;
        if pairs.last_value_is_keyword && form.class != Class::Keyword && pairs.suspect.is_none() {
            pairs.suspect = Some(pairs.last_key);
        }
        pairs.last_key = span;
        let Some(key) = key_text(&form, collection.namespace) else {
            if pairs.collection_keys.len() < MOST_WAITING {
                let written = self.builder.source.text().get(span.start as usize..);
                pairs.collection_keys.push((span, written.is_some_and(|it| it.starts_with('{'))));
            }
            self.builder.add(form.node);
            return form.identity;
        };
        let identity = if self.sets > 0 { self.identities.of(&key) } else { 0 };
        if self.builder.dropping() {
            // It counts the forms of what is dropped, too.
            self.builder.add(form.node);
        } else {
            self.builder.key(key, span);
        }
        identity
    }

    fn end(&mut self) -> Result<(), Stop> {
        let source = self.builder.source;
        let problem = match self.open.last() {
            None => return self.end_document(),
            Some(Open::Collection(innermost)) => {
                let (depth, problem) = match self.margin {
                    Some(Margin { at, opened, depth, shape }) => {
                        (depth, refuse::unclosed(source, opened, shape, Some(at)))
                    }
                    None => {
                        (innermost.depth, refuse::unclosed(source, innermost.opened, innermost.shape, None))
                    }
                };
                // The path leads to what is not closed.
                self.builder.open.truncate(depth);
                problem
            }
            Some(
                Open::Discard(prefix) | Open::Meta(prefix) | Open::Described(prefix) | Open::Tag(_, prefix),
            ) => refuse::nothing_behind(source, *prefix),
        };
        Err(self.builder.stop(problem))
    }

    fn end_document(&mut self) -> Result<(), Stop> {
        if let Top::Forms = self.top
            && let Some(frame) = self.builder.pop()
            && let Body::List(items) = frame.body
        {
            let first = items.first().map_or(frame.start, |item| item.span.start as usize);
            let last = items.last().map_or(frame.start, |item| item.span.end as usize);
            self.builder.add(Node { span: Span::new(first, last), kind: Kind::List(items) });
        }
        self.builder.end_document();
        Ok(())
    }
}

#[cfg(test)]
mod laws;
#[cfg(test)]
mod tests;
