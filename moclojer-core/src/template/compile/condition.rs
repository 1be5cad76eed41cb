//! Conditions: `not`, `and`, `or`, `any`, `all` and comparisons, as code that leaves a truth behind.

use super::{Compiler, clip};
use crate::problem::Code;
use crate::template::compare::looks_numeric;
use crate::template::expression::{Part, words};
use crate::template::program::{Comparison, Instruction};

/// The words of a condition that are still to be read.
struct Words<'t> {
    words: Vec<Part<'t>>,
    at: usize,
}

impl<'t> Words<'t> {
    fn peek(&self) -> Option<Part<'t>> {
        self.words.get(self.at).copied()
    }

    fn take(&mut self, word: &str) -> bool {
        let found = self.peek().is_some_and(|next| next.text == word);
        self.at += usize::from(found);
        found
    }

    /// True when an operand follows the next word.
    fn operand_follows(&self) -> bool {
        self.words.get(self.at + 1).is_some_and(|word| !joins(word.text) && !is_operator(word.text))
    }
}

impl Compiler<'_> {
    /// Code for the condition `part` of the tag at `tag`; the current value is its truth.
    pub(super) fn condition(&mut self, part: Part<'_>, tag: std::ops::Range<usize>) {
        if self.odd_quotes(part) {
            return;
        }
        let words: Vec<Part<'_>> = words(part).into_iter().flat_map(split_operators).collect();
        if words.is_empty() {
            self.condition_error(
                None,
                tag,
                "the condition is missing",
                "a variable, as in `{% if json-params.name %}`",
            );
            return;
        }
        let mut words = Words { words, at: 0 };
        // `and` binds before `or`; both leave as soon as the truth is known.
        let mut known_true = Vec::new();
        loop {
            let mut known_false = Vec::new();
            loop {
                if !self.term(&mut words, &tag) {
                    return;
                }
                if !words.take("and") {
                    break;
                }
                known_false.push(self.emit(Instruction::JumpIfFalse(0)));
            }
            for jump in known_false {
                self.land(jump);
            }
            if !words.take("or") {
                break;
            }
            known_true.push(self.emit(Instruction::JumpIfTrue(0)));
        }
        for jump in known_true {
            self.land(jump);
        }
        if let Some(word) = words.peek() {
            self.condition_error(
                Some(word),
                tag,
                "this cannot be understood",
                "`and`, `or`, or the end of the tag",
            );
        }
    }

    /// `not? (any a b | all a b | a | a OP b)`; false when it cannot be understood.
    fn term(&mut self, words: &mut Words<'_>, tag: &std::ops::Range<usize>) -> bool {
        let negated = words.operand_follows() && words.take("not");
        let lists = words.operand_follows();
        let understood = if lists && words.take("any") {
            self.list(words, true)
        } else if lists && words.take("all") {
            self.list(words, false)
        } else {
            self.comparison(words, tag)
        };
        if negated && understood {
            self.emit(Instruction::Not);
        }
        understood
    }

    /// The operands of `any` or `all`.
    fn list(&mut self, words: &mut Words<'_>, any: bool) -> bool {
        let mut known = Vec::new();
        while let Some(word) = words.peek().filter(|word| !joins(word.text)) {
            if is_operator(word.text) {
                self.condition_error(
                    Some(word),
                    word.range(),
                    "`any` and `all` take variables alone",
                    "a variable",
                );
                return false;
            }
            words.at += 1;
            self.operand(word);
            known.push(self.emit(if any { Instruction::JumpIfTrue(0) } else { Instruction::JumpIfFalse(0) }));
        }
        for jump in known {
            self.land(jump);
        }
        true
    }

    fn comparison(&mut self, words: &mut Words<'_>, tag: &std::ops::Range<usize>) -> bool {
        let Some(left) = self.operand_word(words, tag) else {
            return false;
        };
        let left_is_number = self.operand(left);
        let Some(word) = words.peek().filter(|word| is_operator(word.text)) else {
            return true;
        };
        words.at += 1;
        if word.text == "==" {
            self.condition_error(Some(word), word.range(), "there is no operator `==`", "`=`");
            return false;
        }
        let Some(right) = self.operand_word(words, tag) else {
            return false;
        };
        self.emit(Instruction::Hold);
        let right_is_number = self.operand(right);
        let literal = left_is_number || right_is_number;
        let order = |less, equal, greater| Comparison::Order { less, equal, greater, literal };
        self.emit(Instruction::Compare(match word.text {
            "=" => Comparison::Equal,
            "!=" => Comparison::Unequal,
            "<" => order(true, false, false),
            "<=" => order(true, true, false),
            ">" => order(false, false, true),
            _ => order(false, true, true),
        }));
        true
    }

    /// The next word, which has to be an operand.
    fn operand_word<'t>(&mut self, words: &mut Words<'t>, tag: &std::ops::Range<usize>) -> Option<Part<'t>> {
        let word = words.peek();
        let bare = word.filter(|word| {
            // A lone keyword is the name of a variable, as it is in the original.
            let alone = words.words.len() == 1;
            !is_operator(word.text) && (alone || !joins(word.text) && word.text != "not")
        });
        match bare {
            Some(_) => words.at += 1,
            None => {
                let at = word.map_or_else(
                    || words.words.last().map_or(tag.clone(), |last| last.range()),
                    |word| word.range(),
                );
                self.condition_error(
                    word,
                    at,
                    "a side of the condition is missing",
                    "a variable, a number or a text in quotes",
                );
            }
        }
        bare
    }

    /// Loads an operand with its filters; true for a number that is written there.
    pub(super) fn operand(&mut self, word: Part<'_>) -> bool {
        let Some(parsed) = self.parsed(word) else {
            return false;
        };
        let text = parsed.operand.text;
        let number = looks_numeric(text);
        let variable = if number {
            self.literal_variable(text)
        } else if let Some(keyword) = text.strip_prefix(':').filter(|keyword| !keyword.is_empty()) {
            self.literal_variable(keyword)
        } else {
            self.variable(parsed.operand)
        };
        self.emit(Instruction::Load(variable));
        self.filters(&parsed.filters);
        number && parsed.filters.is_empty()
    }

    fn condition_error(
        &mut self,
        word: Option<Part<'_>>,
        at: std::ops::Range<usize>,
        message: &str,
        expected: &str,
    ) {
        let range = word.map_or(at, |word| word.range());
        if let Some(note) = self.error(Code::TEMPLATE_SYNTAX, range, message.to_owned()) {
            note.found = word.map(|word| format!("`{}`", clip(word.text)));
            note.expected = Some(expected.to_owned());
        }
    }
}

fn joins(word: &str) -> bool {
    matches!(word, "and" | "or")
}

fn is_operator(word: &str) -> bool {
    matches!(word, "=" | "==" | "!=" | "<" | "<=" | ">" | ">=")
}

/// `a=b` as three words; quotes and filters keep what they hold.
fn split_operators(word: Part<'_>) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = word;
    let mut quoted = false;
    let mut from = 0;
    for (at, byte) in word.text.bytes().enumerate() {
        quoted ^= byte == b'"';
        if byte == b'|' && !quoted {
            break;
        }
        if quoted || at < from {
            continue;
        }
        let two = word.text.get(at..at + 2).filter(|two| is_operator(two));
        let Some(operator) = two.or_else(|| word.text.get(at..=at).filter(|one| is_operator(one))) else {
            continue;
        };
        let before = Part { text: &word.text[from..at], start: word.start + from };
        parts.extend(
            [before, Part { text: operator, start: word.start + at }]
                .into_iter()
                .filter(|part| !part.text.is_empty()),
        );
        from = at + operator.len();
        rest = word.after(from);
    }
    parts.extend(Some(rest).filter(|rest| !rest.text.is_empty()));
    parts
}
