//! YAML files into the tree.
//!
//! The grammar is saphyr-parser's; this module takes its events one by one and keeps what a mock file adds:
//! places in bytes, keys that are texts, plain scalars by the core schema with a warning where YAML 1.1 read
//! them otherwise, and a word to who leaves a template without quotes. It does not know what a file means.
//!
//! Traps of the scanner that are handled here: its places count characters; the span of an anchored or tagged
//! scalar begins at `&` or `!`, that of a quoted one reaches to the end of the line, that of a block scalar
//! leaves out its `|`; a tab before a key passes; lists nest without bound (flow collections stop at 255); a
//! flow collection waits in memory as a whole (see `input`); an alias can name an anchor of an earlier
//! document.

mod alias;
mod input;
mod outline;
mod places;
mod span;
mod syntax;

use saphyr_parser::{Event, Parser, ScalarStyle, Tag};

use self::alias::Anchors;
use self::input::{Meter, Metered};
use self::places::Places;
use super::builder::{Body, Builder, Stop};
use super::json::empty_map;
use super::scalar::{self, Plain};
use super::{Kind, Limits, Node, Read, Style, Text, character_at};
use crate::problem::{Code, Problem, excerpt};
use crate::source::{Source, Span};

/// Reads all documents of a source. A document without a node leaves no entry, so an empty file has none.
///
/// Merge keys are resolved: merged keys stand behind the map's own. A template outside quotes is an error, and
/// its node is the text that was meant.
pub fn read(source: &Source, limits: &Limits) -> Read {
    // JSON is YAML; read as JSON it is faster, and flow collections may be as large as the file.
    if source.text().trim_ascii_start().starts_with(['{', '[']) {
        let read = super::json::read(source, limits);
        if !read.problems.iter().any(|problem| matches!(problem.code, Code::SYNTAX | Code::BARE_TEMPLATE)) {
            return read;
        }
    }
    let meter = Meter::default();
    let mut reader = Reader {
        builder: Builder::new(source, limits),
        text: source.text(),
        places: Places::new(source.text()),
        anchors: Anchors::default(),
        meter: &meter,
        end: 0,
        has_tabs: source.text().contains('\t'),
        last_tab: None,
    };
    // The reason of a stop stands among the problems.
    let _: Result<(), Stop> = reader.read_all();
    reader.builder.finish()
}

struct Reader<'a> {
    builder: Builder<'a>,
    text: &'a str,
    places: Places<'a>,
    anchors: Anchors,
    meter: &'a Meter,
    /// Where the last event ended.
    end: usize,
    /// There is a tab somewhere, which may stand in the wrong place.
    has_tabs: bool,
    /// The last tab that was reported, since a map and its first key begin at the same place.
    last_tab: Option<usize>,
}

/// What stands before a node: its anchor (0 for none) and its tag, and where they begin.
struct Properties<'t> {
    anchor: usize,
    tag: Option<&'t Tag>,
    start: usize,
}

impl Properties<'_> {
    fn is_empty(&self) -> bool {
        self.anchor == 0 && self.tag.is_none()
    }
}

impl Reader<'_> {
    fn read_all(&mut self) -> Result<(), Stop> {
        let mut parser = Parser::new(Metered::new(self.text, self.meter));
        while let Some(event) = parser.next_event() {
            if let Some(start) = self.meter.too_large.get() {
                let problem = syntax::flow_too_large(self.builder.source, start);
                return Err(self.builder.stop(problem));
            }
            let (event, span) = match event {
                Ok(event) => event,
                Err(error) => {
                    let at = self.places.byte(error.marker().index());
                    if syntax::follows_bare_template(&self.builder, at) {
                        return Err(Stop);
                    }
                    let problem = syntax::problem(self, at, error.info());
                    return Err(self.builder.stop(problem));
                }
            };
            let start = self.places.byte(span.start.index());
            let end = self.places.byte(span.end.index());
            match event {
                Event::Scalar(value, style, anchor, tag) => {
                    self.scalar(
                        &value,
                        style,
                        &Properties { anchor, tag: tag.as_deref(), start },
                        start,
                        end,
                    );
                }
                Event::SequenceStart(anchor, tag) => {
                    self.open(
                        Body::List(Vec::new()),
                        &Properties { anchor, tag: tag.as_deref(), start },
                        start,
                        end,
                    )?;
                }
                Event::MappingStart(anchor, tag) => {
                    self.open(empty_map(), &Properties { anchor, tag: tag.as_deref(), start }, start, end)?;
                }
                Event::SequenceEnd | Event::MappingEnd => self.close(start),
                Event::Alias(anchor) => self.alias(anchor, Span::new(start, end))?,
                Event::DocumentStart(explicit) => {
                    self.anchors.clear();
                    // Without `---` the place is that of the first node, which is still to come.
                    if explicit {
                        self.end = end;
                    }
                }
                Event::DocumentEnd => self.builder.end_document(),
                Event::Nothing | Event::StreamStart | Event::StreamEnd => {}
            }
            self.meter.settled.set(self.end);
        }
        Ok(())
    }

    fn scalar(
        &mut self,
        value: &str,
        style: ScalarStyle,
        properties: &Properties<'_>,
        start: usize,
        end: usize,
    ) {
        let span = self.scalar_span(value, style, properties, start, end);
        self.end = span.end as usize;
        if self.builder.dropping() {
            self.builder.add(Node { span, kind: Kind::Null });
        } else if self.builder.awaits_key() {
            self.key(value, style, properties, span);
        } else {
            self.value(value, style, properties, span);
        }
    }

    fn key(&mut self, value: &str, style: ScalarStyle, properties: &Properties<'_>, span: Span) {
        self.check_tab(span.start as usize, true);
        // A key is its text whatever its tag says, but the tag has to be a known one.
        match properties.tag.map(tag_name) {
            Some(TagName::Unknown) => self.unknown_tag(properties),
            None if style == ScalarStyle::Plain && value == "<<" => {
                self.builder.merge_key(span);
                return;
            }
            _ => {}
        }
        let text = Text { value: value.into(), style: style_of(style) };
        self.anchors.remember_copy(properties.anchor, &Node { span, kind: Kind::Text(text) });
        self.builder.key(value.into(), span);
    }

    fn value(&mut self, value: &str, style: ScalarStyle, properties: &Properties<'_>, span: Span) {
        if !value.is_empty() {
            self.check_tab(span.start as usize, false);
        }
        let kind = self.scalar_kind(value, style, properties, span);
        let empty_document = matches!(kind, Kind::Null) && value.is_empty() && self.builder.open.is_empty();
        if !(empty_document && properties.is_empty()) {
            self.add(Node { span, kind }, properties.anchor);
        }
    }

    fn add(&mut self, node: Node, anchor: usize) {
        if self.builder.merging() {
            self.anchors.remember_copy(anchor, &node);
        }
        let kept = self.builder.add(node);
        self.anchors.remember(anchor, kept);
    }

    fn scalar_kind(
        &mut self,
        value: &str,
        style: ScalarStyle,
        properties: &Properties<'_>,
        span: Span,
    ) -> Kind {
        let text = || Kind::Text(Text { value: value.into(), style: style_of(style) });
        let Some(tag) = properties.tag else {
            if style != ScalarStyle::Plain {
                return text();
            }
            return match scalar::resolve(value) {
                Plain::Null => Kind::Null,
                Plain::Bool(truth) => Kind::Bool(truth),
                Plain::Number => Kind::Number(value.into()),
                Plain::Text => text(),
                Plain::Yaml11(meaning) => {
                    let shown = excerpt(value, 40);
                    let message = format!("`{shown}` is a text; YAML 1.1 read it as {meaning}");
                    let help = match meaning {
                        "true" | "false" => format!("write \"{shown}\" for the text, or {meaning}"),
                        _ => format!("write \"{shown}\" to say that a text is meant"),
                    };
                    let problem = Problem::warning(Code::YAML_1_1, self.builder.source, span, message);
                    self.builder.report(problem.help(help));
                    text()
                }
            };
        };
        let plain = scalar::resolve(value);
        match tag_name(tag) {
            TagName::Text => text(),
            TagName::Null if plain == Plain::Null => Kind::Null,
            TagName::Bool if matches!(plain, Plain::Bool(_)) => Kind::Bool(plain == Plain::Bool(true)),
            TagName::Int if scalar::is_int(value) => Kind::Number(value.into()),
            TagName::Float if scalar::is_float(value) => Kind::Number(value.into()),
            TagName::Unknown => {
                self.unknown_tag(properties);
                text()
            }
            name => {
                self.tag_mismatch(name, span, &excerpt(value, 40));
                text()
            }
        }
    }

    fn unknown_tag(&mut self, properties: &Properties<'_>) {
        let span = span::tag(self.text, properties.start);
        let name = self.text.get(span.start as usize..span.end as usize).unwrap_or_default();
        let message = format!("the tag `{}` is not known", excerpt(name, 40));
        self.builder.report(
            Problem::error(Code::UNKNOWN_TAG, self.builder.source, span, message)
                .expected("!!str, !!int, !!float, !!bool, !!null, !!map or !!seq")
                .help("remove the tag, or put quotes around a text that begins with `!`"),
        );
    }

    fn tag_mismatch(&mut self, name: TagName, span: Span, found: &str) {
        let message = format!("the value does not fit its tag `{}`", name.written());
        self.builder
            .report(Problem::error(Code::TAG_MISMATCH, self.builder.source, span, message).found(found));
    }

    fn open(
        &mut self,
        body: Body,
        properties: &Properties<'_>,
        start: usize,
        end: usize,
    ) -> Result<(), Stop> {
        let start = if properties.is_empty() { start } else { span::skip_properties(self.text, start) };
        let is_map = matches!(body, Body::Map { .. });
        let indicator = if is_map { b'{' } else { b'[' };
        let bracketed = end > start && self.text.as_bytes().get(start) == Some(&indicator);
        let parent = self.builder.open.last();
        let in_block = parent.is_none_or(|frame| frame.block_start.is_some());
        if !self.builder.dropping() {
            if self.builder.awaits_key() {
                self.collection_as_key(is_map, start);
            } else {
                match properties.tag.map(tag_name) {
                    None | Some(TagName::Text) => {}
                    Some(TagName::Map) if is_map => {}
                    Some(TagName::Seq) if !is_map => {}
                    Some(TagName::Unknown) => self.unknown_tag(properties),
                    Some(name) => {
                        let found = if is_map { "a map" } else { "a list" };
                        self.tag_mismatch(name, character_at(self.text, start), found);
                    }
                }
            }
            if in_block {
                self.check_tab(start, !bracketed);
            }
        }
        let frame = self.builder.push(body, start)?;
        frame.bracketed = bracketed;
        frame.block_start = (in_block && !bracketed).then_some(start);
        frame.anchor = properties.anchor;
        self.end = if bracketed { start + 1 } else { start.max(self.end) };
        Ok(())
    }

    /// A list or map stands where a key is expected: most often a template that wants quotes.
    fn collection_as_key(&mut self, is_map: bool, start: usize) {
        let source = self.builder.source;
        let rest = self.text.get(start..).unwrap_or_default();
        let inside_of_brace = match self.builder.open.last() {
            Some(frame) => frame.bracketed && frame.start + 1 == start && rest.starts_with('{'),
            None => false,
        };
        if inside_of_brace || rest.starts_with("{{") {
            let begin = if inside_of_brace { start - 1 } else { start };
            let problem = syntax::bare_template(source, self.text, begin);
            self.builder.report(problem);
            if let (true, Some(frame)) = (inside_of_brace, self.builder.open.last_mut()) {
                frame.template = true;
            }
        } else {
            let found = if is_map { "a map" } else { "a list" };
            let problem = Problem::error(
                Code::KEY_NOT_SCALAR,
                source,
                character_at(self.text, start),
                format!("{found} is used as a key"),
            );
            self.builder.report(
                problem.expected("a text").help("put quotes around a text that begins with `{` or `[`"),
            );
        }
    }

    fn close(&mut self, start: usize) {
        let Some(frame) = self.builder.pop() else { return };
        let end = if frame.bracketed { start + 1 } else { frame.end };
        self.end = self.end.max(end);
        let span = Span::new(frame.start, end);
        let kind = match frame.body {
            _ if frame.dropped => Kind::Null,
            _ if frame.template => {
                let value = self.text.get(frame.start..end).unwrap_or_default();
                Kind::Text(Text { value: value.into(), style: Style::Plain })
            }
            Body::List(items) => Kind::List(items),
            Body::Map { mut entries, mut index, merges, .. } => {
                alias::merge(&mut self.builder, &mut entries, &mut index, merges);
                Kind::Map(entries)
            }
        };
        self.add(Node { span, kind }, frame.anchor);
        self.builder.reach(end);
    }

    fn alias(&mut self, anchor: usize, span: Span) -> Result<(), Stop> {
        self.end = span.end as usize;
        self.builder.reach(self.end);
        if self.builder.dropping() {
            self.builder.add(Node { span, kind: Kind::Null });
            return Ok(());
        }
        let copy = self.anchors.copy(&mut self.builder, anchor, span)?;
        if !self.builder.awaits_key() {
            self.builder.add(copy.unwrap_or(Node { span, kind: Kind::Null }));
            return Ok(());
        }
        match copy.map(|node| node.kind) {
            Some(Kind::Text(text)) => self.builder.key(text.value, span),
            Some(Kind::Number(digits)) => self.builder.key(digits, span),
            Some(Kind::Bool(truth)) => self.builder.key(truth.to_string().into(), span),
            Some(Kind::Null) => self.builder.key("null".into(), span),
            Some(Kind::List(_) | Kind::Map(_)) => {
                let message = "an alias of a list or map is used as a key";
                let problem = Problem::error(Code::KEY_NOT_SCALAR, self.builder.source, span, message);
                self.builder.refuse_key(problem.expected("a text"));
            }
            None => self.builder.drop_value(),
        }
        Ok(())
    }

    /// A tab in the white space before what begins at `start`. Before a `block` collection or a key no tab may
    /// stand; before a value one may, behind the spaces that make its indentation.
    fn check_tab(&mut self, start: usize, block: bool) {
        if !self.has_tabs {
            return;
        }
        let Some((tab, spaces)) = span::leading_tab(self.text, start) else {
            return;
        };
        let allowed = match self.builder.open.last() {
            Some(frame) => match frame.block_start {
                Some(first) => !block && spaces > span::column(self.text, first),
                None => true,
            },
            None => !block,
        };
        if !allowed && self.last_tab != Some(tab) {
            self.last_tab = Some(tab);
            let problem = syntax::tab(self.builder.source, tab);
            self.builder.report(problem);
        }
    }
}

fn style_of(style: ScalarStyle) -> Style {
    match style {
        ScalarStyle::Plain => Style::Plain,
        ScalarStyle::SingleQuoted => Style::SingleQuoted,
        ScalarStyle::DoubleQuoted => Style::DoubleQuoted,
        ScalarStyle::Literal => Style::Literal,
        ScalarStyle::Folded => Style::Folded,
    }
}

/// The tags that a mock file may use.
#[derive(Clone, Copy, PartialEq)]
enum TagName {
    /// `!!str`, and `!`, which says: take it as it is.
    Text,
    Int,
    Float,
    Bool,
    Null,
    Map,
    Seq,
    Unknown,
}

impl TagName {
    fn written(self) -> &'static str {
        match self {
            Self::Text => "!!str",
            Self::Int => "!!int",
            Self::Float => "!!float",
            Self::Bool => "!!bool",
            Self::Null => "!!null",
            Self::Map => "!!map",
            Self::Seq => "!!seq",
            Self::Unknown => "",
        }
    }
}

fn tag_name(tag: &Tag) -> TagName {
    const CORE: &str = "tag:yaml.org,2002:";
    // A verbatim tag (`!<tag:yaml.org,2002:str>`) has no handle.
    let name = match (tag.handle.as_str(), tag.suffix.as_str()) {
        ("", "!") => "str",
        ("", verbatim) => verbatim.strip_prefix(CORE).unwrap_or(""),
        (CORE, suffix) => suffix,
        _ => "",
    };
    match name {
        "str" => TagName::Text,
        "int" => TagName::Int,
        "float" => TagName::Float,
        "bool" => TagName::Bool,
        "null" => TagName::Null,
        "map" => TagName::Map,
        "seq" => TagName::Seq,
        _ => TagName::Unknown,
    }
}
