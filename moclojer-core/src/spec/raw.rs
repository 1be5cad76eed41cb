//! The items of a file, sorted by kind but not yet checked, and the defaults of each document.

use super::check::{Checker, one_of, shorten};
use super::keys;
use super::tree::{Entry, Format, Kind, Node};
use crate::problem::{Code, did_you_mean};
use crate::source::Span;

/// A file as it was written: items in file order.
#[derive(Debug, Default)]
pub(super) struct RawSpec<'n> {
    pub(super) endpoints: Vec<RawItem<'n>>,
    /// Items that a later part serves.
    pub(super) later: Vec<RawItem<'n>>,
    /// The defaults of each document that has some, by the index of their item.
    pub(super) defaults: Vec<(usize, &'n Node)>,
}

/// An item of a file.
#[derive(Debug)]
pub(super) struct RawItem<'n> {
    /// Its index through all documents.
    pub(super) index: usize,
    /// The key that says what it is.
    pub(super) key: &'n str,
    pub(super) key_span: Span,
    pub(super) node: &'n Node,
    /// The index of its document's defaults.
    pub(super) defaults: Option<usize>,
}

impl<'n> RawSpec<'n> {
    /// Sorts the items of all documents; what is no item is reported.
    pub(super) fn of(documents: &'n [Node], check: &mut Checker<'_>) -> Self {
        let mut raw = Self::default();
        let mut first_index = 0;
        for document in documents {
            let Kind::List(items) = &document.kind else {
                not_a_list(document, check);
                first_index += 1;
                continue;
            };
            let defaults = defaults_of(items, first_index, check);
            raw.defaults.extend(defaults);
            for (offset, item) in items.iter().enumerate() {
                let index = first_index + offset;
                let defaults = defaults.map(|(index, _)| index);
                check.inside_index(index, |check| raw.push(item, index, defaults, check));
            }
            first_index += items.len();
        }
        raw
    }

    fn push(&mut self, item: &'n Node, index: usize, defaults: Option<usize>, check: &mut Checker<'_>) {
        let entries = match &item.kind {
            Kind::Map(entries) => entries,
            Kind::Null => {
                check.warning(Code::UNKNOWN_ITEM, item.span, "this item is empty and is ignored");
                return;
            }
            _ => {
                check.wrong_type(item, "a map with a key `endpoint`");
                return;
            }
        };
        if report_not_indented(entries, check) {
            return;
        }
        report_unknown(item, entries, check);
        for entry in entries {
            let raw =
                RawItem { index, key: &entry.key, key_span: entry.key_span, node: &entry.value, defaults };
            match &*entry.key {
                "endpoint" => self.endpoints.push(raw),
                "websocket" | "external-body" | "openapi" => self.later.push(raw),
                _ => {}
            }
        }
    }
}

/// A document of EDN as its file means it: where the only form of a file is nothing of ours, that form itself and not
/// a list of it. So a `deps.edn` in a folder of mocks is told apart as its like in YAML is.
pub(super) fn without_list_of_one(document: Node) -> Node {
    let Kind::List(mut items) = document.kind else { return document };
    // A list that brackets make is longer than its item.
    let foreign = matches!(items.as_slice(), [only] if only.span == document.span && !is_near_an_item(only));
    match items.pop() {
        Some(only) if foreign => only,
        last => {
            items.extend(last);
            Node { span: document.span, kind: Kind::List(items) }
        }
    }
}

/// An item, or something that was probably meant as one.
fn is_near_an_item(node: &Node) -> bool {
    let Kind::Map(entries) = &node.kind else { return false };
    let is_near = |key: &str| {
        key.starts_with("x-")
            || keys::ITEM.contains(&key)
            || did_you_mean(key, keys::ITEM.iter().copied()).is_some()
    };
    // An OpenAPI document has one of the keys, but its version under it.
    let is_document =
        matches!(node.get("openapi").map(|node| &node.kind), Some(Kind::Text(_) | Kind::Number(_)));
    !is_document && (entries.is_empty() || entries.iter().any(|entry| is_near(&entry.key)))
}

/// How an item begins.
fn item_begin(format: Format) -> &'static str {
    match format {
        Format::Yaml => "`- endpoint:`",
        Format::Json => "`{\"endpoint\": …}`",
        Format::Edn => "`{:endpoint …}`",
    }
}

/// A file whose top is no list: says what it is, where that can be told.
fn not_a_list(document: &Node, check: &mut Checker<'_>) {
    let format = check.format;
    let begin = item_begin(format);
    if document.get("openapi").is_some() || document.get("swagger").is_some() {
        check.error(Code::NOT_SERVED_YET, document.span, "an OpenAPI document is not served yet").help =
            Some(format!("write its operations as {begin} items"));
        return;
    }
    if document.get("info").is_some() && document.get("item").is_some() {
        check.error(Code::NOT_SERVED_YET, document.span, "a Postman collection is not served yet").help =
            Some(format!("write its requests as {begin} items"));
        return;
    }
    let is_item = keys::ITEM.iter().any(|key| document.get(key).is_some());
    let found = super::check::describe(document);
    let message = format!("a mock file is a list of items, this is {found}");
    let problem = check.error(Code::NOT_A_LIST, Span { end: document.span.start, ..document.span }, message);
    problem.found = Some(found);
    problem.expected = Some(match format {
        Format::Edn => format!("items that begin with {begin}, one after the other or in one vector"),
        _ => format!("a list of items that begin with {begin}"),
    });
    problem.help = match format {
        Format::Yaml if is_item => {
            Some("put `- ` before the key and indent what follows by two spaces".to_owned())
        }
        Format::Json if is_item => Some("put `[` before it and `]` behind it".to_owned()),
        _ => None,
    };
}

/// Keys that stand beside an empty `endpoint:` were meant to stand below it: one error for all of them.
fn report_not_indented(entries: &[Entry], check: &mut Checker<'_>) -> bool {
    let [item, next, ..] = entries else {
        return false;
    };
    if check.format != Format::Yaml {
        return false;
    }
    let is_empty = matches!(&*item.key, "endpoint" | "websocket") && matches!(item.value.kind, Kind::Null);
    if !is_empty || keys::ITEM.contains(&&*next.key) || next.key.starts_with("x-") {
        return false;
    }
    check.inside(&next.key, |check| {
        let key = shorten(&next.key);
        let message = format!("`{key}` stands beside `{}`, not below it", item.key);
        check.error(Code::MISPLACED_KEY, next.key_span, message).help =
            Some(format!("indent `{key}` and what follows deeper than `{}`", item.key));
    });
    true
}

fn report_unknown(item: &Node, entries: &[Entry], check: &mut Checker<'_>) {
    let known = |entry: &Entry| keys::ITEM.contains(&&*entry.key);
    let silent = |entry: &Entry| entry.key.starts_with("x-");
    let is_item = entries.iter().any(known);
    if entries.is_empty() {
        check.warning(Code::UNKNOWN_ITEM, item.span, "this item is empty and is ignored");
    }
    for entry in entries.iter().filter(|entry| !known(entry) && !silent(entry)) {
        let meant = did_you_mean(&entry.key, keys::ITEM.iter().copied());
        check.inside(&entry.key, |check| {
            let (code, message) = if is_item {
                (
                    Code::UNKNOWN_KEY,
                    format!("`{}` is not a key of an item and is ignored", shorten(&entry.key)),
                )
            } else {
                (
                    Code::UNKNOWN_ITEM,
                    format!("`{}` is no kind of item; the item is ignored", shorten(&entry.key)),
                )
            };
            let problem = check.warning(code, entry.key_span, message);
            problem.expected = Some(one_of(keys::ITEM));
            problem.help = meant.map(|name| format!("did you mean `{name}`?"));
        });
        if !is_item {
            // One warning an item is enough.
            break;
        }
    }
}

/// The defaults of a document; a second one is an error.
fn defaults_of<'n>(
    items: &'n [Node],
    first_index: usize,
    check: &mut Checker<'_>,
) -> Option<(usize, &'n Node)> {
    let mut found: Option<(usize, &'n Node)> = None;
    for (offset, item) in items.iter().enumerate() {
        let Kind::Map(entries) = &item.kind else { continue };
        let Some(entry) = entries.iter().find(|entry| &*entry.key == "defaults") else {
            continue;
        };
        let index = first_index + offset;
        match found {
            None => found = Some((index, &entry.value)),
            Some((_, first)) => check.inside_index(index, |check| {
                let help = match check.format {
                    Format::Yaml => "join them, or begin a new document with `---`",
                    Format::Json | Format::Edn => "join them, or make two files of it",
                };
                let first = crate::problem::Related {
                    message: "the first stands here".to_owned(),
                    source: check.source.clone(),
                    span: first.span,
                };
                let problem = check.error(
                    Code::DUPLICATE_KEY,
                    entry.key_span,
                    "a document has one `defaults`; this is a second one",
                );
                problem.help = Some(help.to_owned());
                problem.related.push(first);
            }),
        }
    }
    found
}
