//! Strings and characters of EDN: what their escapes stand for.
//!
//! The same functions read a string and find a place inside it again, so that the two cannot differ.

/// Why a string cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Broken {
    NotClosed,
    /// The escape at this byte, of this length.
    Escape {
        at: usize,
        length: usize,
        why: BadEscape,
    },
}

/// What is wrong with an escape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BadEscape {
    Unknown,
    /// `\u` without four hexadecimal digits.
    Digits,
    /// Half of a pair of surrogates.
    Surrogate,
    /// An octal number past `\377`, or none.
    Octal,
}

/// A character and how many bytes its escape takes; or what is wrong with the escape, and how many bytes that is.
type Escaped = Result<(char, usize), (BadEscape, usize)>;

/// The value of the string at the begin of `rest`, which is its quote, and how many bytes it takes with both quotes.
pub(super) fn string(rest: &str) -> Result<(String, usize), Broken> {
    let mut value = String::new();
    let mut at = 1;
    loop {
        let ahead = rest.get(at..).unwrap_or_default();
        let Some(run) = ahead.find(['"', '\\']) else { return Err(Broken::NotClosed) };
        let (plain, special) = ahead.split_at(run);
        value.push_str(plain);
        at += run;
        if special.starts_with('"') {
            return Ok((value, at + 1));
        }
        match escape(special) {
            Some(Ok((character, length))) => {
                value.push(character);
                at += length;
            }
            Some(Err((why, length))) => return Err(Broken::Escape { at, length, why }),
            None => return Err(Broken::NotClosed),
        }
    }
}

/// The escape at the begin of `rest`, which is its backslash; none where the text ends behind it.
fn escape(rest: &str) -> Option<Escaped> {
    let kind = rest.chars().nth(1)?;
    let simple = |character| Ok((character, 2));
    Some(match kind {
        't' => simple('\t'),
        'r' => simple('\r'),
        'n' => simple('\n'),
        'b' => simple('\u{8}'),
        'f' => simple('\u{c}'),
        '\\' | '"' => simple(kind),
        'u' => unicode(rest),
        'o' => octal(rest, 2),
        '0'..='9' => octal(rest, 1),
        other => Err((BadEscape::Unknown, 1 + other.len_utf8())),
    })
}

/// `\u` and four digits; two of them for what lies past the first plane, as Java writes it.
fn unicode(rest: &str) -> Escaped {
    let Some(first) = unit(rest) else {
        let digits = rest.chars().skip(2).take(4).take_while(char::is_ascii_hexdigit).count();
        return Err((BadEscape::Digits, 2 + digits));
    };
    if let Some(character) = char::from_u32(first) {
        return Ok((character, 6));
    }
    let second = rest.get(6..).filter(|ahead| ahead.starts_with("\\u")).and_then(unit);
    match (first, second) {
        (0xD800..=0xDBFF, Some(low @ 0xDC00..=0xDFFF)) => {
            let code = 0x10000 + ((first - 0xD800) << 10) + (low - 0xDC00);
            char::from_u32(code).map(|character| (character, 12)).ok_or((BadEscape::Surrogate, 12))
        }
        _ => Err((BadEscape::Surrogate, 6)),
    }
}

fn unit(rest: &str) -> Option<u32> {
    hexadecimal(rest.get(2..6)?)
}

/// Four hexadecimal digits.
fn hexadecimal(digits: &str) -> Option<u32> {
    let all = digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    all.then(|| u32::from_str_radix(digits, 16).ok()).flatten()
}

/// Up to three octal digits from byte `from`.
fn octal(rest: &str, from: usize) -> Escaped {
    let digits = rest.bytes().skip(from).take(3).take_while(|byte| matches!(byte, b'0'..=b'7')).count();
    let length = from + digits.max(usize::from(from == 1));
    let written = rest.get(from..from + digits).unwrap_or_default();
    match u8::from_str_radix(written, 8) {
        Ok(code) => Ok((char::from(code), length)),
        Err(_) => Err((BadEscape::Octal, length)),
    }
}

/// The character that `name`, which stood behind a backslash, stands for.
pub(super) fn character(name: &str) -> Option<char> {
    let mut characters = name.chars();
    let first = characters.next()?;
    if characters.next().is_none() {
        return Some(first);
    }
    match name {
        "newline" => Some('\n'),
        "space" => Some(' '),
        "tab" => Some('\t'),
        "return" => Some('\r'),
        "formfeed" => Some('\u{c}'),
        "backspace" => Some('\u{8}'),
        _ => match name.split_at_checked(1)? {
            ("u", digits) => char::from_u32(hexadecimal(digits)?),
            ("o", digits) if digits.len() <= 3 && digits.bytes().all(|it| it.is_ascii_digit()) => {
                u8::from_str_radix(digits, 8).ok().map(char::from)
            }
            _ => None,
        },
    }
}

/// How many bytes what stands at the begin of `rest`, inside of a string that was read, stands for, and how many it
/// takes.
pub(in crate::spec::tree) fn lengths(rest: &str) -> (usize, usize) {
    let plain = rest.chars().next().map_or(1, char::len_utf8);
    if !rest.starts_with('\\') {
        return (plain, plain);
    }
    match escape(rest) {
        Some(Ok((character, length))) => (character.len_utf8(), length),
        _ => (plain, plain),
    }
}
