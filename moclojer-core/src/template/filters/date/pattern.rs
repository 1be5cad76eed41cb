//! Patterns of `java.time.format.DateTimeFormatter`, as JDK 17 reads them: letters that stand for fields, quoted
//! and other literal text, optional parts in brackets. Every field can be had of an instant, so the optional
//! parts are always printed.

/// A part of a pattern.
#[derive(Debug, PartialEq)]
pub(super) enum Item<'p> {
    Literal(&'p str),
    Field {
        letter: char,
        /// How often the letter stands.
        count: usize,
        /// What it is padded to with spaces; 0 for no padding.
        width: usize,
    },
}

/// The items of a pattern, or one sentence on what is wrong with it, once.
pub(super) struct Pattern<'p> {
    rest: &'p str,
    quoted: bool,
    /// How many brackets are open.
    depth: usize,
}

impl<'p> Pattern<'p> {
    pub(super) fn new(text: &'p str) -> Self {
        Self { rest: text, quoted: false, depth: 0 }
    }

    /// Takes what is before the byte `end`, which ends a character.
    fn take(&mut self, end: usize) -> &'p str {
        let (taken, rest) = self.rest.split_at_checked(end).unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
    }

    /// Takes the letter that stands next as often as it stands there.
    fn run(&mut self, letter: char) -> usize {
        let count = self.rest.bytes().take_while(|&byte| char::from(byte) == letter).count();
        self.take(count);
        count
    }

    /// A piece of quoted text, up to its end or to a doubled quote, of which it takes in one.
    fn quotation(&mut self) -> Result<Item<'p>, String> {
        let Some(end) = self.rest.find('\'') else {
            return Err("the date pattern has a text whose quote ' is not closed".to_owned());
        };
        if self.rest.get(end + 1..).is_some_and(|after| after.starts_with('\'')) {
            let literal = self.take(end + 1);
            self.take(1);
            return Ok(Item::Literal(literal));
        }
        let literal = self.take(end);
        self.take(1);
        self.quoted = false;
        Ok(Item::Literal(literal))
    }

    fn field(&mut self, letter: char) -> Result<Item<'p>, String> {
        let count = self.run(letter);
        if letter != 'p' {
            return checked(letter, count, 0);
        }
        match self.rest.chars().next() {
            Some(next) if next.is_ascii_alphabetic() => {
                let letters = self.run(next);
                checked(next, letters, count)
            }
            _ => Err("in the date pattern the letter p, which pads, has no field after it".to_owned()),
        }
    }

    fn next_item(&mut self) -> Result<Option<Item<'p>>, String> {
        while let Some(next) = self.rest.chars().next() {
            if self.quoted {
                return self.quotation().map(Some);
            }
            match next {
                '\'' => {
                    self.take(1);
                    // A text without characters is one quote; one that begins with two quotes has one in it.
                    if self.rest.starts_with('\'') && !self.rest.starts_with("''") {
                        return Ok(Some(Item::Literal(self.take(1))));
                    }
                    self.quoted = true;
                }
                '[' => {
                    self.take(1);
                    self.depth += 1;
                }
                ']' => {
                    self.take(1);
                    self.depth = self.depth.checked_sub(1).ok_or("the date pattern has a ] without a [")?;
                }
                '{' | '}' | '#' => {
                    return Err(format!("the date pattern has the character {next}, which has to be quoted"));
                }
                letter if letter.is_ascii_alphabetic() => return self.field(letter).map(Some),
                _ => {
                    let special = |next: char| next.is_ascii_alphabetic() || "'[]{}#".contains(next);
                    let end = self.rest.find(special).unwrap_or(self.rest.len());
                    return Ok(Some(Item::Literal(self.take(end))));
                }
            }
        }
        if self.quoted { self.quotation().map(Some) } else { Ok(None) }
    }
}

impl<'p> Iterator for Pattern<'p> {
    type Item = Result<Item<'p>, String>;

    fn next(&mut self) -> Option<Self::Item> {
        let item = self.next_item().transpose();
        if let Some(Err(_)) = item {
            *self = Self::new("");
        }
        item
    }
}

/// The field, when its letter may stand that often.
fn checked<'p>(letter: char, count: usize, width: usize) -> Result<Item<'p>, String> {
    let allowed = match letter {
        // Java breaks on longer years.
        'u' | 'y' | 'Y' => count <= 10,
        'g' | 'A' | 'n' | 'N' => count <= 19,
        'G' | 'M' | 'L' | 'Q' | 'q' | 'E' | 'e' | 'x' | 'X' | 'Z' => count <= 5,
        'c' => count <= 5 && count != 2,
        'd' | 'h' | 'H' | 'k' | 'K' | 'm' | 's' | 'w' => count <= 2,
        'a' | 'F' | 'W' => count == 1,
        'D' => count <= 3,
        'S' => count <= 9,
        'B' => matches!(count, 1 | 4 | 5),
        'z' => count <= 4,
        'V' => count == 2,
        'v' | 'O' => matches!(count, 1 | 4),
        _ => {
            return Err(format!(
                "in the date pattern the letter {letter} stands for nothing; quote text with '"
            ));
        }
    };
    match allowed {
        true => Ok(Item::Field { letter, count, width }),
        false => Err(format!("in the date pattern the letter {letter} cannot stand {count} times in a row")),
    }
}
