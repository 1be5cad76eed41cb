//! A shell's line cut into words: quotes, `$'…'`, backslashes, line ends after a backslash, comments. Nothing is
//! expanded.
//!
//! Of its own since the crates for words of POSIX shells leave out `$'…'`, which browsers write.

use std::iter::Peekable;
use std::str::Chars;

/// The words of the first command of `line`.
///
/// # Errors
/// A quote that is not closed.
pub(super) fn split(line: &str) -> Result<Vec<String>, String> {
    let mut letters = line.chars().peekable();
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    while let Some(letter) = letters.next() {
        match letter {
            '\'' => single(&mut letters, word.get_or_insert_default())?,
            '"' => double(&mut letters, word.get_or_insert_default())?,
            '$' if letters.peek() == Some(&'\'') => {
                letters.next();
                ansi(&mut letters, word.get_or_insert_default())?;
            }
            '\\' => match letters.next() {
                // The line goes on.
                Some('\n') | None => {}
                Some('\r') if letters.next_if_eq(&'\n').is_some() => {}
                Some(other) => word.get_or_insert_default().push(other),
            },
            // What follows is another command, or where this one's output goes.
            '\n' | ';' | '|' | '>' => {
                words.extend(word.take());
                if letter != '\n' || !words.is_empty() {
                    return Ok(words);
                }
            }
            // A comment, whose line end then counts.
            '#' if word.is_none() => while letters.next_if(|&letter| letter != '\n').is_some() {},
            letter if letter.is_whitespace() => words.extend(word.take()),
            letter => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    Ok(words)
}

fn open(quote: &str) -> String {
    format!("--curl: a {quote} quote is not closed; paste the whole line, and quote it as one argument")
}

fn single(letters: &mut Peekable<Chars<'_>>, word: &mut String) -> Result<(), String> {
    loop {
        match letters.next() {
            Some('\'') => return Ok(()),
            Some(letter) => word.push(letter),
            None => return Err(open("single")),
        }
    }
}

fn double(letters: &mut Peekable<Chars<'_>>, word: &mut String) -> Result<(), String> {
    loop {
        match letters.next() {
            Some('"') => return Ok(()),
            Some('\\') => match letters.next() {
                Some('\n') => {}
                Some(letter @ ('"' | '\\' | '$' | '`')) => word.push(letter),
                Some(letter) => word.extend(['\\', letter]),
                None => return Err(open("double")),
            },
            Some(letter) => word.push(letter),
            None => return Err(open("double")),
        }
    }
}

/// `$'…'`: escapes as in C. Bytes that are no UTF-8 are replaced.
fn ansi(letters: &mut Peekable<Chars<'_>>, word: &mut String) -> Result<(), String> {
    let mut bytes: Vec<u8> = Vec::new();
    loop {
        let letter = letters.next().ok_or_else(|| open("$'"))?;
        match letter {
            '\'' => break,
            '\\' => escape(letters, &mut bytes)?,
            letter => push(&mut bytes, letter),
        }
    }
    word.push_str(&String::from_utf8_lossy(&bytes));
    Ok(())
}

fn escape(letters: &mut Peekable<Chars<'_>>, bytes: &mut Vec<u8>) -> Result<(), String> {
    let letter = letters.next().ok_or_else(|| open("$'"))?;
    match letter {
        'n' => bytes.push(b'\n'),
        't' => bytes.push(b'\t'),
        'r' => bytes.push(b'\r'),
        'a' => bytes.push(7),
        'b' => bytes.push(8),
        'f' => bytes.push(12),
        'v' => bytes.push(11),
        'e' | 'E' => bytes.push(27),
        'x' => bytes.extend(number(letters, 16, 2).and_then(|value| u8::try_from(value).ok())),
        'u' => push(bytes, character(number(letters, 16, 4))),
        'U' => push(bytes, character(number(letters, 16, 8))),
        '0'..='7' => {
            let mut value = letter.to_digit(8).unwrap_or(0);
            for _ in 0..2 {
                if let Some(digit) = number(letters, 8, 1) {
                    value = value * 8 + digit;
                }
            }
            bytes.extend(u8::try_from(value & 0xff));
        }
        '\\' | '\'' | '"' | '?' => push(bytes, letter),
        other => {
            bytes.push(b'\\');
            push(bytes, other);
        }
    }
    Ok(())
}

fn push(bytes: &mut Vec<u8>, letter: char) {
    bytes.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
}

fn character(value: Option<u32>) -> char {
    value.and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// Up to `most` digits.
fn number(letters: &mut Peekable<Chars<'_>>, radix: u32, most: usize) -> Option<u32> {
    let mut value = None;
    for _ in 0..most {
        let Some(digit) = letters.peek().and_then(|letter| letter.to_digit(radix)) else {
            break;
        };
        letters.next();
        value = Some(value.unwrap_or(0u32).wrapping_mul(radix).wrapping_add(digit));
    }
    value
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "the texts are literals of this module")]
    use super::*;

    #[test]
    fn words_are_those_of_a_shell() {
        for (line, words) in [
            ("a b  c", &["a", "b", "c"][..]),
            ("'a b' \"c d\" e\\ f", &["a b", "c d", "e f"]),
            ("a'b'\"c\"$'d'", &["abcd"]),
            ("'' \"\"", &["", ""]),
            ("a \\\n  b \\\r\n c", &["a", "b", "c"]),
            ("'a\\n' \"\\\"\\$\\n\"", &["a\\n", "\"$\\n"]),
            ("$'a\\n\\t\\'\\\\' $'\\x41\\u00e1\\101\\U1F600'", &["a\n\t'\\", "Aá\u{41}😀"]),
            ("$'\\xc3\\xa1'", &["á"]),
            ("\n\n a | jq .", &["a"]),
            ("a; b", &["a"]),
            ("# first\na b#c # it's\nd", &["a", "b#c"]),
            ("a $HOME", &["a", "$HOME"]),
        ] {
            assert_eq!(split(line).unwrap(), words, "{line}");
        }
    }

    #[test]
    fn an_open_quote_says_so() {
        for line in ["'a", "\"a", "$'a", "\"a\\", "$'a\\"] {
            assert!(split(line).unwrap_err().contains("is not closed"), "{line}");
        }
    }
}
