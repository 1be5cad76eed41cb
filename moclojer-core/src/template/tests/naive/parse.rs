//! From a text to its tree, by recursive descent. Reads well formed templates; of broken ones it says only
//! that they are.

mod expression;

use self::expression::{bindings, condition, expression, operand, same, summand, unquoted, words};
pub(super) use self::expression::{keys, numeric};
use super::super::super::escape;
use super::super::super::filters::{self, Gives};
use super::place::Position;
use super::tree::{Binding, Condition, Expression, Node, Operand, Place, Target};
use crate::json;

/// The text is no template.
#[derive(Debug, PartialEq)]
pub(super) struct Broken;

type Result<T> = std::result::Result<T, Broken>;

/// The tree of a text.
pub(super) fn parse(text: &str, target: Target) -> Result<Vec<Node>> {
    let mut parser = Parser { rest: text, target, position: Position::new(target), cycles: 0, comments: 0 };
    let (mut nodes, _) = parser.nodes(&[])?;
    if target != Target::JsonText {
        return Ok(nodes);
    }
    nodes.retain(|node| !matches!(node, Node::Text(text) if text.is_empty()));
    if let [Node::Show(expression, place)] = nodes.as_mut_slice()
        && text.starts_with("{{")
        && text.ends_with("}}")
        && let Some((_, row)) = expression.filters.last().and_then(|last| filters::find(&last.name))
        && row.gives == Gives::JsonType
    {
        // The text of JSON is JSON already.
        *place = if row.name == "json" { Place::Raw } else { Place::JsonOwn };
        return Ok(nodes);
    }
    let quote = || Node::Text("\"".to_owned());
    Ok([vec![quote()], nodes, vec![quote()]].into_iter().flatten().collect())
}

struct Parser<'t> {
    rest: &'t str,
    target: Target,
    position: Position,
    /// How many `cycle`s were read.
    cycles: usize,
    /// How many `comment`s are open.
    comments: usize,
}

/// What ended a list of nodes: `%name` or `{name`, and what follows the name.
type End<'t> = (String, &'t str);

impl<'t> Parser<'t> {
    /// Nodes up to one of `ends`; up to the end of the text when there are none.
    fn nodes(&mut self, ends: &[&str]) -> Result<(Vec<Node>, End<'t>)> {
        let mut nodes = Vec::new();
        loop {
            let next = ["{{", "{%", "{#"].iter().filter_map(|opening| self.rest.find(opening)).min();
            let Some(at) = next else {
                let rest = std::mem::take(&mut self.rest);
                nodes.push(self.text(rest));
                return if ends.is_empty() { Ok((nodes, (String::new(), ""))) } else { Err(Broken) };
            };
            let (text, rest) = self.rest.split_at(at);
            nodes.push(self.text(text));
            let (opening, rest) = rest.split_at(2);
            let closing = match opening {
                "{{" => "}}",
                "{%" => "%}",
                _ => "#}",
            };
            let (inner, rest) = rest.split_once(closing).ok_or(Broken)?;
            self.rest = rest;
            let inner = inner.trim();
            let (name, arguments) = match opening {
                "{#" => continue,
                "{%" => {
                    let (name, arguments) = head(inner);
                    (format!("%{name}"), arguments)
                }
                _ => braces(inner, ends),
            };
            let arguments = if self.comments > 0 { sound(&name) } else { arguments };
            if ends.contains(&name.as_str()) {
                return Ok((nodes, (name, arguments)));
            }
            nodes.push(self.tag(&name, arguments)?);
        }
    }

    fn text(&mut self, text: &str) -> Node {
        self.position.read(text);
        let mut sent = String::new();
        match self.target {
            Target::Header => escape::header_into(text, &mut sent),
            Target::JsonText => json::escape_into(text, &mut sent),
            _ => sent.push_str(text),
        }
        Node::Text(sent)
    }

    fn tag(&mut self, name: &str, arguments: &str) -> Result<Node> {
        if name != "%block" && arguments.matches('"').count() % 2 == 1 {
            return Err(Broken);
        }
        match name {
            "{" => {
                let expression = expression(arguments, operand)?;
                let place = self.place_of(&expression);
                Ok(Node::Show(expression, place))
            }
            "%if" => self.branches(condition(arguments)?, "%elif", "%else", "%endif"),
            "{#if" => self.branches(condition(arguments)?, "{else if", "{else", "{/if"),
            "%ifequal" => self.branches(same(arguments)?, "", "%else", "%endifequal"),
            "%ifunequal" => {
                self.branches(Condition::Not(Box::new(same(arguments)?)), "", "%else", "%endifunequal")
            }
            "%for" => {
                let words = words(arguments);
                let at = words.iter().position(|word| word == "in").ok_or(Broken)?;
                let [list] = &words[at + 1..] else { return Err(Broken) };
                let names = words[..at].join(",");
                let names: Vec<String> =
                    names.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect();
                if names.is_empty() {
                    return Err(Broken);
                }
                self.each_item(Binding::Names(names), expression(list, operand)?, "%empty", "%endfor")
            }
            "{#each" => self.each_item(Binding::Each, expression(arguments, operand)?, "{else", "{/each"),
            "%with" => {
                let bindings = bindings(arguments)?;
                Ok(Node::With(bindings, self.nodes(&["%endwith"])?.0))
            }
            "%block" if !arguments.is_empty() => Ok(Node::Group(self.nodes(&["%endblock"])?.0)),
            "%safe" => {
                let before = std::mem::replace(&mut self.position.safe, true);
                let (nodes, _) = self.nodes(&["%endsafe"])?;
                self.position.safe = before;
                Ok(Node::Group(nodes))
            }
            "%comment" => {
                let before = self.position;
                self.comments += 1;
                self.nodes(&["%endcomment"])?;
                self.comments -= 1;
                self.position = before;
                Ok(Node::Group(Vec::new()))
            }
            "%verbatim" => {
                let (raw, rest) = verbatim(self.rest);
                self.rest = rest;
                Ok(self.text(raw))
            }
            "%cycle" if !arguments.is_empty() => {
                let words = words(arguments).iter().map(|word| unquoted(word).to_owned()).collect();
                self.cycles += 1;
                Ok(Node::Cycle(self.cycles, words, self.position.place(false, true, false)))
            }
            "%firstof" => {
                let mut all = Vec::new();
                for word in words(arguments) {
                    let expression = expression(&word, operand)?;
                    let place = self.place_of(&expression);
                    all.push((expression, place));
                }
                Ok(Node::FirstOf(all, self.position.place(false, false, false)))
            }
            "%sum" => {
                let all =
                    words(arguments).iter().map(|word| expression(word, summand)).collect::<Result<_>>()?;
                Ok(Node::Sum(all, self.position.place(false, false, false)))
            }
            _ => Err(Broken),
        }
    }

    /// How the value of an expression is written here.
    fn place_of(&self, expression: &Expression) -> Place {
        let Expression { operand, filters } = expression;
        let safe = filters.iter().any(|filter| filter.name == "safe");
        let literal = filters.is_empty() && matches!(operand, Operand::Literal(_));
        let markup = filters.last().is_some_and(|last| {
            // `email:false` links any text.
            let checked = !last.arguments.iter().any(|argument| argument == "false");
            checked && filters::find(&last.name).is_some_and(|(_, row)| row.gives == Gives::Markup)
        });
        self.position.place(safe, literal, markup)
    }

    /// The branches of an `if`, of which each begins where it does.
    fn branches(&mut self, first: Condition, elif: &str, otherwise: &str, end: &str) -> Result<Node> {
        let start = self.position;
        let mut branches = Vec::new();
        let mut condition = Some(first);
        let mut last = Vec::new();
        let mut met = start;
        let mut whole = false;
        loop {
            self.position = start;
            let ends = if condition.is_some() { vec![elif, otherwise, end] } else { vec![end] };
            let (nodes, (name, arguments)) = self.nodes(&ends)?;
            met.meet(self.position);
            match condition.take() {
                Some(condition) => branches.push((condition, nodes)),
                None => last = nodes,
            }
            if name == end {
                break;
            }
            if name == elif {
                condition = Some(self::condition(arguments)?);
            } else {
                whole = true;
            }
        }
        // With an `else`, one of the branches was taken; all of them end alike in JSON.
        if !whole {
            self.position = start;
        }
        self.position.meet(met);
        Ok(Node::If(branches, last))
    }

    fn each_item(&mut self, binding: Binding, list: Expression, otherwise: &str, end: &str) -> Result<Node> {
        let start = self.position;
        let (body, (name, _)) = self.nodes(&[otherwise, end])?;
        let mut empty = None;
        let met = self.position;
        self.position = start;
        if name == otherwise {
            empty = Some(self.nodes(&[end])?.0);
        }
        self.position.meet(met);
        Ok(Node::Loop { binding, list, body, empty })
    }
}

/// The first word, and what follows.
fn head(text: &str) -> (&str, &str) {
    let (name, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    (name, rest.trim())
}

/// What a tag takes for sound: inside a comment only the tags themselves count.
fn sound(name: &str) -> &'static str {
    match name {
        "%for" => "a in a",
        "%with" => "a=a",
        "%ifequal" | "%ifunequal" => "a a",
        _ => "a",
    }
}

/// The text up to `{% endverbatim %}`, and what follows that.
fn verbatim(text: &str) -> (&str, &str) {
    let ends = text.match_indices("{%").find_map(|(at, opening)| {
        let name = text[at + opening.len()..].trim_start().strip_prefix("endverbatim")?;
        Some((&text[..at], name.trim_start().strip_prefix("%}")?))
    });
    ends.unwrap_or((text, ""))
}

/// What `{{…}}` is where `ends` may follow: `{` for an expression.
fn braces<'t>(inner: &'t str, ends: &[&str]) -> (String, &'t str) {
    if inner.starts_with(['#', '/']) {
        let (name, rest) = head(inner);
        return (format!("{{{name}"), rest);
    }
    let (first, rest) = head(inner);
    if first == "else" && ends.contains(&"{else") {
        let (second, condition) = head(rest);
        return if second == "if" { ("{else if".to_owned(), condition) } else { ("{else".to_owned(), "") };
    }
    ("{".to_owned(), inner)
}
