//! Tags: what they open, divide and close, in both spellings (`{% if %}` and `{{#if}}`).

use std::ops::Range;

use super::calls::next_step;
use super::names::Bound;
use super::{Compiler, JsonState, Writing, clip};
use crate::problem::{Code, did_you_mean};
use crate::template::escape::UrlState;
use crate::template::expression::{Part, words};
use crate::template::program::{Binding, Instruction, Loop};
use crate::template::scan::{Markup, Scanner};
use crate::template::vocabulary::{TAGS, Tag, find};

/// How deeply tags nest.
const DEEPEST: usize = 64;
/// The most names that an item is taken apart into.
const MOST_NAMES: usize = 16;

/// A tag that is open.
#[derive(Debug)]
pub(super) struct Block {
    kind: Kind,
    /// The bytes of the opening tag.
    opening: Range<usize>,
    /// The tag that closes it, as it is written.
    closing: &'static str,
    /// Where JSON stood at the beginning of each branch.
    start: JsonState,
    /// Where the first branch left it.
    end: Option<JsonState>,
    /// Where a URL stood at the beginning of each branch, and how far one that is done has come.
    url: UrlState,
    url_end: UrlState,
}

#[derive(Debug)]
pub(super) enum Kind {
    If {
        /// The jump over the branch that is open.
        over: Option<usize>,
        /// Jumps to the end from the branches that are done.
        done: Vec<usize>,
        has_else: bool,
        /// Whether `elif` may divide it, as it may not an `ifequal`.
        elif: bool,
    },
    Loop {
        bound: Bound,
        /// The jump for a missing value, before the filters run.
        absent: usize,
        /// The jump over the `empty` block, once that is open.
        over: Option<usize>,
    },
    Comment(Kept),
    Safe,
    /// Names and the slots that keep their values; the first slot of all.
    With(Vec<(Box<str>, u32)>, u32),
    Block,
    /// What opened it is wrong, and what it holds is looked at all the same.
    Broken,
    /// One whose name is not known, but what was meant is.
    Misspelt,
}

/// What the program had before a comment.
#[derive(Debug)]
pub(super) struct Kept {
    lengths: [usize; 11],
    state: JsonState,
    url: UrlState,
    slots_in_use: u32,
    sealed: usize,
}

impl Block {
    /// The names of a loop whose body is open.
    pub(super) fn bound(&self) -> Option<&Bound> {
        match &self.kind {
            Kind::Loop { bound, over: None, .. } => Some(bound),
            _ => None,
        }
    }

    /// The slot of a name of a `with`; of two, the later one counts.
    pub(super) fn with_slot(&self, name: &str) -> Option<u32> {
        let Kind::With(names, _) = &self.kind else { return None };
        names.iter().rev().find(|(known, _)| **known == *name).map(|&(_, slot)| slot)
    }

    /// The names that it binds, for did-you-mean.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let loops = self.bound().into_iter().flat_map(|bound| bound.names.iter().map(|name| &**name));
        let with = match &self.kind {
            Kind::With(names, _) => names.as_slice(),
            _ => &[],
        };
        loops.chain(with.iter().map(|(name, _)| &**name))
    }
}

impl Compiler<'_> {
    /// `{% … %}`
    pub(super) fn tag(&mut self, text: &str, markup: &Markup, scanner: &mut Scanner<'_>) {
        let whole = markup.whole.clone();
        let inner = Part::of(text, markup.inner.clone());
        if inner.text.starts_with('-') || inner.text.ends_with('-') {
            if let Some(note) = self.error(
                Code::TEMPLATE_SYNTAX,
                whole,
                "`{%-` and `-%}` are not part of the language".to_owned(),
            ) {
                note.help = Some("write `{%` and `%}`; white space around tags stays".to_owned());
            }
            return;
        }
        let inner = inner.trim();
        let end = inner.text.find(char::is_whitespace).unwrap_or(inner.text.len());
        let name = Part { text: &inner.text[..end], start: inner.start };
        let rest = inner.after(end).trim();
        let Some(tag) = find(TAGS, name.text) else {
            self.unknown_tag(name, whole);
            return;
        };
        match tag {
            Tag::If => self.open_if(text, rest, whole, "{% endif %}"),
            Tag::Elif => self.elif(text, rest, whole),
            Tag::Else => self.otherwise(whole),
            Tag::EndIf => self.close(whole, "{% endif %}"),
            Tag::For => self.open_for(text, rest, whole),
            Tag::Empty => self.empty(whole),
            Tag::EndFor => self.close(whole, "{% endfor %}"),
            Tag::Comment => {
                let kept = self.kept();
                if self.open(Kind::Comment(kept), whole, "{% endcomment %}") {
                    self.comments += 1;
                }
            }
            Tag::EndComment => self.close(whole, "{% endcomment %}"),
            Tag::Safe => {
                if self.open(Kind::Safe, whole, "{% endsafe %}") {
                    self.safes += 1;
                }
            }
            Tag::EndSafe => self.close(whole, "{% endsafe %}"),
            Tag::IfEqual(same) => self.open_ifequal(text, rest, whole, same),
            Tag::EndIfEqual => self.close(whole, "{% endifequal %}"),
            Tag::EndIfUnequal => self.close(whole, "{% endifunequal %}"),
            Tag::With => self.open_with(text, rest, whole),
            Tag::EndWith => self.close(whole, "{% endwith %}"),
            Tag::Block => self.open_block(rest, whole),
            Tag::EndBlock => self.close(whole, "{% endblock %}"),
            Tag::Verbatim => {
                let raw = scanner.raw_until("endverbatim");
                self.literal(&text[raw]);
            }
            Tag::EndVerbatim => {
                let message = "`{% endverbatim %}` closes nothing";
                self.structural_error(Code::TEMPLATE_SYNTAX, whole, message.to_owned());
            }
            Tag::Cycle => self.cycle(text, rest, whole),
            Tag::FirstOf => self.first_of(text, rest, whole),
            Tag::Sum => self.sum(text, rest, whole),
            Tag::Now => self.now(text, rest, whole),
            Tag::ToCome => {
                let message = format!("the tag `{}` is not served yet", name.text);
                self.error(Code::TEMPLATE_NOT_SERVED_YET, name.range(), message);
            }
        }
    }

    /// `{{#if}}`, `{{#each}}`, `{{else}}`, `{{/if}}`, `{{/each}}`; false when it is none of them.
    pub(super) fn hash_block(&mut self, text: &str, markup: &Markup, inner: Part<'_>) -> bool {
        let whole = markup.whole.clone();
        if inner.text.starts_with(['#', '/']) {
            let rest = inner.after(1).trim();
            let end = rest.text.find(char::is_whitespace).unwrap_or(rest.text.len());
            let (name, arguments) = (&rest.text[..end], rest.after(end).trim());
            match (inner.text.starts_with('#'), name) {
                (true, "if") => self.open_if(text, arguments, whole, "{{/if}}"),
                (true, "each") => self.open_each(text, arguments, whole),
                (false, "if") => self.close(whole, "{{/if}}"),
                (false, "each") => self.close(whole, "{{/each}}"),
                _ => {
                    let message = format!("there is no block `{}`", clip(name));
                    if let Some(note) = self.structural_error(Code::UNKNOWN_TAG_NAME, whole, message) {
                        note.expected =
                            Some("`{{#if}}` or `{{#each}}`, closed by `{{/if}}` or `{{/each}}`".to_owned());
                    }
                }
            }
            return true;
        }
        if self.blocks.last().is_none_or(|block| !block.closing.starts_with("{{")) {
            return false;
        }
        let mut parts = inner.text.split_whitespace();
        match (parts.next(), parts.next()) {
            (Some("else"), None) => match self.blocks.last().map(|block| &block.kind) {
                Some(Kind::Loop { .. }) => self.empty(whole),
                _ => self.otherwise(whole),
            },
            (Some("else"), Some("if")) => {
                let condition = inner.after("else".len()).trim();
                self.elif(text, condition.after("if".len()).trim(), whole);
            }
            _ => return false,
        }
        true
    }

    fn unknown_tag(&mut self, name: Part<'_>, whole: Range<usize>) {
        if name.text.is_empty() {
            self.structural_error(
                Code::TEMPLATE_SYNTAX,
                whole,
                "there is no tag between the braces".to_owned(),
            );
            return;
        }
        let served = TAGS.iter().filter(|(_, tag)| *tag != Tag::ToCome).map(|(name, _)| *name);
        let meant = match name.text {
            "elseif" | "elsif" => Some("elif"),
            "each" => Some("for"),
            other => did_you_mean(other, served),
        };
        let message = format!("there is no tag `{}`", clip(name.text));
        if let Some(note) = self.structural_error(Code::UNKNOWN_TAG_NAME, name.range(), message) {
            note.help = Some(next_step(meant));
        }
        // The tag that closes what was meant is no second mistake.
        let closing = match meant {
            Some("if") => "{% endif %}",
            Some("for") => "{% endfor %}",
            Some("with") => "{% endwith %}",
            _ => return,
        };
        self.open(Kind::Misspelt, whole, closing);
    }

    // Opening

    pub(super) fn open(&mut self, kind: Kind, opening: Range<usize>, closing: &'static str) -> bool {
        if self.blocks.len() == DEEPEST {
            let message = format!("tags are nested more than {DEEPEST} deep");
            self.structural_error(Code::TEMPLATE_TOO_LARGE, opening, message);
            self.stopped = true;
            return false;
        }
        self.blocks.push(Block {
            kind,
            opening,
            closing,
            start: self.state,
            end: None,
            url: self.url,
            url_end: self.url,
        });
        true
    }

    /// A name of the innermost `with` and the slot that keeps its value.
    pub(super) fn bind(&mut self, name: &str, slot: u32) {
        if let Some(Block { kind: Kind::With(names, _), .. }) = self.blocks.last_mut() {
            names.push((name.into(), slot));
        }
    }

    fn open_if(&mut self, text: &str, condition: Part<'_>, whole: Range<usize>, closing: &'static str) {
        self.place(&text[whole.clone()]);
        self.condition(condition, whole.clone());
        let over = self.emit(Instruction::JumpIfFalse(0));
        self.open(
            Kind::If { over: Some(over), done: Vec::new(), has_else: false, elif: true },
            whole,
            closing,
        );
    }

    fn open_for(&mut self, text: &str, rest: Part<'_>, whole: Range<usize>) {
        if self.odd_quotes(rest) {
            self.open(Kind::Broken, whole, "{% endfor %}");
            return;
        }
        let words = words(rest);
        let at = words.iter().position(|word| word.text == "in");
        let (names, list) = match at.map(|at| words.split_at(at)) {
            Some((names, [_, list])) if !names.is_empty() => (names, *list),
            _ => {
                let range = at.and_then(|at| words.get(at + 2)).map_or(rest.range(), |word| word.range());
                self.for_error(
                    if range.is_empty() { whole.clone() } else { range },
                    "this `for` cannot be understood",
                );
                self.open(Kind::Broken, whole, "{% endfor %}");
                return;
            }
        };
        let names: Vec<Part<'_>> = names.iter().flat_map(|word| split_names(*word)).collect();
        let bad = names.iter().find(|name| {
            name.text.contains(['.', '|', '"']) || name.text.bytes().all(|byte| byte.is_ascii_digit())
        });
        if let Some(bad) = bad {
            self.for_error(bad.range(), "this cannot be the name of an item");
        }
        if names.is_empty() || names.len() > MOST_NAMES {
            self.for_error(rest.range(), "an item has one to sixteen names");
        }
        let names: Vec<Box<str>> = names.iter().take(MOST_NAMES).map(|name| name.text.into()).collect();
        let first = self.slots_in_use;
        let binding = match names.len() {
            1 => Binding::One(first),
            count => Binding::Apart { first, count: count as u32 },
        };
        self.open_loop(text, list, names, binding, whole, "{% endfor %}");
    }

    fn for_error(&mut self, range: Range<usize>, message: &str) {
        if let Some(note) = self.error(Code::TEMPLATE_SYNTAX, range, message.to_owned()) {
            note.expected = Some("`{% for item in list %}` or `{% for key,value in map %}`".to_owned());
        }
    }

    fn open_each(&mut self, text: &str, rest: Part<'_>, whole: Range<usize>) {
        let list = match words(rest).as_slice() {
            [list] if !self.odd_quotes(rest) => *list,
            _ => {
                if let Some(note) =
                    self.error(Code::TEMPLATE_SYNTAX, whole.clone(), "`each` takes one list".to_owned())
                {
                    note.expected = Some("`{{#each list}}`".to_owned());
                    note.help = Some("to name the item, write `{% for item in list %}`".to_owned());
                }
                self.open(Kind::Broken, whole, "{{/each}}");
                return;
            }
        };
        let binding = Binding::Each(self.slots_in_use);
        self.open_loop(text, list, vec!["this".into(), "@key".into()], binding, whole, "{{/each}}");
    }

    fn open_loop(
        &mut self,
        text: &str,
        list: Part<'_>,
        names: Vec<Box<str>>,
        binding: Binding,
        whole: Range<usize>,
        closing: &'static str,
    ) {
        self.place(&text[whole.clone()]);
        let mut absent = self.program.code.len();
        if let Some(parsed) = self.parsed(list) {
            let variable = self.variable(parsed.operand);
            self.emit(Instruction::Load(variable));
            absent = self.emit(Instruction::JumpIfAbsent(0));
            self.filters(&parsed.filters);
        }
        let id = self.program.loops.len() as u32;
        self.emit(Instruction::Begin(id));
        let body = self.label();
        self.program.loops.push(Loop { binding, body, none: body, previous: None });
        let (first, count) = binding.slots();
        let bound = Bound { id, names, binding, previous: first + count };
        self.slots_in_use += count * 2;
        self.program.slots = self.program.slots.max(self.slots_in_use);
        self.open(Kind::Loop { bound, absent, over: None }, whole, closing);
    }

    // Dividing

    fn elif(&mut self, text: &str, condition: Part<'_>, whole: Range<usize>) {
        if let Some(Block { kind: Kind::If { elif: false, .. }, .. }) = self.blocks.last() {
            let message = "`elif` does not divide an `ifequal`";
            if let Some(note) = self.structural_error(Code::TEMPLATE_SYNTAX, whole, message.to_owned()) {
                note.help = Some("write `{% if a = b %}…{% elif … %}…{% endif %}`".to_owned());
            }
            return;
        }
        if !self.end_branch(&whole, false) {
            return;
        }
        self.place(&text[whole.clone()]);
        self.condition(condition, whole);
        let jump = self.emit(Instruction::JumpIfFalse(0));
        if let Some(Block { kind: Kind::If { over, .. }, .. }) = self.blocks.last_mut() {
            *over = Some(jump);
        }
    }

    fn otherwise(&mut self, whole: Range<usize>) {
        self.end_branch(&whole, true);
    }

    /// Ends a branch of the innermost `if`, and begins the next one; false when there is no such `if`.
    fn end_branch(&mut self, whole: &Range<usize>, last: bool) -> bool {
        let to_the_end = self.program.code.len();
        let (over, start) = match self.blocks.last_mut() {
            Some(Block { kind: Kind::If { over, done, has_else, .. }, start, .. }) if !*has_else => {
                *has_else = last;
                done.push(to_the_end);
                (over.take(), *start)
            }
            Some(Block { kind: Kind::Broken | Kind::Misspelt, .. }) => return false,
            Some(Block { kind: Kind::If { .. }, .. }) => {
                let message = "this stands after the `else` of its `if`";
                self.structural_error(Code::TEMPLATE_SYNTAX, whole.clone(), message.to_owned());
                return false;
            }
            innermost => {
                let help = match innermost.map(|block| &block.kind) {
                    Some(Kind::Loop { .. }) => "a `for` without items goes to `{% empty %}`",
                    _ => "open it with `{% if … %}`",
                };
                let message = "this belongs to no `if`";
                if let Some(note) =
                    self.structural_error(Code::TEMPLATE_SYNTAX, whole.clone(), message.to_owned())
                {
                    note.help = Some(help.to_owned());
                }
                return false;
            }
        };
        self.emit(Instruction::Jump(0));
        if let Some(over) = over {
            self.land(over);
        }
        self.branch_state();
        self.state = start;
        self.end_url_branch();
        true
    }

    /// The next branch of a URL begins where the one that is done did.
    fn end_url_branch(&mut self) {
        if let Some(block) = self.blocks.last_mut() {
            block.url_end = block.url_end.max(self.url);
            self.url = block.url;
        }
    }

    /// Where branches of a URL meet, the one that came furthest counts: better one encoded too many.
    fn join_url_branches(&mut self) {
        if let Some(block) = self.blocks.last() {
            self.url = self.url.max(block.url_end);
        }
    }

    /// Notes where a branch left JSON, and whether another one left it elsewhere.
    fn branch_state(&mut self) {
        let state = self.state;
        let Some(block) = self.blocks.last_mut() else {
            return;
        };
        let first = *block.end.get_or_insert(state);
        self.agree(first, state);
    }

    fn agree(&mut self, one: JsonState, other: JsonState) {
        if one == other || self.writing != Writing::Json || self.safes > 0 {
            return;
        }
        let Some(opening) = self.blocks.last().map(|block| block.opening.clone()) else {
            return;
        };
        let message =
            "what this holds ends inside a JSON string on one way through it, and outside on another";
        let known =
            self.notes.last().is_some_and(|note| note.code == Code::BRANCHES_DIFFER && note.range == opening);
        if known {
            return;
        }
        if let Some(note) = self.error(Code::BRANCHES_DIFFER, opening, message.to_owned()) {
            note.help =
                Some("put both quotes inside the tag or both outside, or `{% safe %}` around it".to_owned());
        }
    }

    fn empty(&mut self, whole: Range<usize>) {
        let jump = self.program.code.len() + 1;
        let (id, start) = match self.blocks.last_mut() {
            Some(Block { kind: Kind::Loop { bound, over: over @ None, .. }, start, .. }) => {
                *over = Some(jump);
                (bound.id, *start)
            }
            Some(Block { kind: Kind::Broken | Kind::Misspelt, .. }) => return,
            _ => {
                self.structural_error(Code::TEMPLATE_SYNTAX, whole, "this belongs to no `for`".to_owned());
                return;
            }
        };
        self.emit(Instruction::Next(id));
        self.emit(Instruction::Jump(0));
        self.no_items_from_here(id);
        self.agree(start, self.state);
        self.state = start;
        self.end_url_branch();
    }

    fn no_items_from_here(&mut self, id: u32) {
        let none = self.label();
        if let Some(this) = self.program.loops.get_mut(id as usize) {
            this.none = none;
        }
    }

    // Closing

    /// Closes the innermost block that ends with `closing`, and those inside it, which is an error.
    fn close(&mut self, whole: Range<usize>, closing: &'static str) {
        let Some(at) = self.blocks.iter().rposition(|block| block.closing == closing) else {
            let message = format!("{} closes nothing", braced(closing));
            let open = self.blocks.last().map(|block| block.closing);
            if let Some(note) = self.structural_error(Code::TEMPLATE_SYNTAX, whole, message) {
                note.expected = open.map(braced);
            }
            return;
        };
        while self.blocks.len() > at + 1 {
            self.left_open();
        }
        match self.blocks.last().map(|block| &block.kind) {
            Some(Kind::If { .. }) => self.end_if(),
            Some(Kind::Loop { .. }) => self.end_loop(),
            _ => {}
        }
        self.join_url_branches();
        self.forget();
    }

    fn end_if(&mut self) {
        self.branch_state();
        let Some(Block { kind: Kind::If { over, done, has_else, .. }, start, end, .. }) =
            self.blocks.last_mut()
        else {
            return;
        };
        let (jumps, without_else, start, end) = (
            over.take().into_iter().chain(std::mem::take(done)).collect::<Vec<_>>(),
            !*has_else,
            *start,
            *end,
        );
        for jump in jumps {
            self.land(jump);
        }
        if without_else {
            self.agree(start, self.state);
        }
        self.state = end.unwrap_or(start);
    }

    fn end_loop(&mut self) {
        let Some(Block { kind: Kind::Loop { bound, absent, over }, start, .. }) = self.blocks.last() else {
            return;
        };
        let (id, absent, over, start) = (bound.id, *absent, *over, *start);
        self.agree(start, self.state);
        match over {
            None => {
                self.emit(Instruction::Next(id));
                self.no_items_from_here(id);
                self.land(absent);
            }
            Some(over) => {
                self.land(over);
                // With an `empty` block the filters run on a missing value too.
                if let Some(jump @ Instruction::JumpIfAbsent(_)) = self.program.code.get_mut(absent) {
                    *jump = Instruction::JumpIfAbsent(absent as u32 + 1);
                }
            }
        }
    }

    /// Takes the innermost block from the stack.
    fn forget(&mut self) {
        let Some(block) = self.blocks.pop() else { return };
        match block.kind {
            Kind::Comment(kept) => {
                self.comments -= 1;
                self.restore(&kept);
            }
            Kind::Safe => self.safes -= 1,
            Kind::Loop { bound, .. } => self.slots_in_use = bound.binding.slots().0,
            Kind::With(_, first) => self.slots_in_use = first,
            Kind::If { .. } | Kind::Block | Kind::Broken | Kind::Misspelt => {}
        }
    }

    /// Reports the innermost block as never closed.
    fn left_open(&mut self) {
        if let Some(Block { opening, closing, .. }) =
            self.blocks.last().filter(|block| !matches!(block.kind, Kind::Misspelt))
        {
            let (opening, closing) = (opening.clone(), braced(closing));
            let message = format!("this tag needs {closing}, which never comes");
            if let Some(note) = self.structural_error(Code::TEMPLATE_SYNTAX, opening, message) {
                note.help = Some(format!("write {closing} where its content ends"));
                note.expected = Some(closing);
            }
        }
        self.forget();
    }

    /// Nothing stays open at the end; `cut` when the end is not the end of the text.
    pub(super) fn end_of_text(&mut self, cut: bool) {
        while !self.blocks.is_empty() {
            if cut { self.forget() } else { self.left_open() }
        }
    }

    // Comments leave no trace

    fn kept(&mut self) -> Kept {
        let sealed = self.sealed;
        self.label();
        let program = &self.program;
        let lengths = [
            program.text.len(),
            program.code.len(),
            program.variables.len(),
            program.keys.len(),
            program.arguments.len(),
            program.loops.len(),
            program.headers.len(),
            program.calls.len(),
            program.places.len(),
            self.program.literals.len(),
            program.fields.len(),
        ];
        Kept { lengths, state: self.state, url: self.url, slots_in_use: self.slots_in_use, sealed }
    }

    fn restore(&mut self, kept: &Kept) {
        let [text, code, variables, keys, arguments, loops, headers, calls, places, literals, fields] =
            kept.lengths;
        self.program.literals.truncate(literals);
        let program = &mut self.program;
        program.text.truncate(text);
        program.code.truncate(code);
        program.variables.truncate(variables);
        program.keys.truncate(keys);
        program.arguments.truncate(arguments);
        program.loops.truncate(loops);
        program.headers.truncate(headers);
        program.calls.truncate(calls);
        program.places.truncate(places);
        program.fields.truncate(fields);
        self.sealed = kept.sealed;
        self.state = kept.state;
        self.url = kept.url;
        self.slots_in_use = kept.slots_in_use;
    }
}

/// A closing tag in backticks.
fn braced(closing: &str) -> String {
    format!("`{closing}`")
}

/// The names between commas.
fn split_names(word: Part<'_>) -> Vec<Part<'_>> {
    let mut names = Vec::new();
    let mut start = 0;
    for (at, _) in word.text.match_indices(',').chain([(word.text.len(), "")]) {
        names.push(Part { text: &word.text[start..at], start: word.start + start });
        start = at + 1;
    }
    names.retain(|name| !name.text.is_empty());
    names
}
