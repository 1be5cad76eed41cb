//! Host names in ASCII, to show in a message (RFC 3492, with the parameters of its section 5).
//!
//! Letters are put in lower case; no other mapping of IDNA is done, and nothing is decoded.

use super::{MAX_BYTES, MAX_LABEL_BYTES};

const BASE: u32 = 36;
const T_MIN: u32 = 1;
const T_MAX: u32 = 26;
const SKEW: u32 = 38;
const DAMP: u32 = 700;
const FIRST_BIAS: u32 = 72;
const FIRST_CODE: u32 = 128;

/// The name with each label that needs it as `xn--…`; none when it is longer than a name can be.
pub(super) fn to_ascii(name: &str) -> Option<String> {
    // Every letter becomes a byte or more, so a longer name cannot fit.
    if name.chars().count() > MAX_BYTES {
        return None;
    }
    let labels: Option<Vec<String>> = name.to_lowercase().split('.').map(label_to_ascii).collect();
    Some(labels?.join("."))
}

fn label_to_ascii(label: &str) -> Option<String> {
    let ascii = if label.is_ascii() { label.to_owned() } else { format!("xn--{}", encode(label)?) };
    (ascii.len() <= MAX_LABEL_BYTES).then_some(ascii)
}

/// The encoding procedure (section 6.3); none on overflow.
fn encode(label: &str) -> Option<String> {
    let mut output: String = label.chars().filter(char::is_ascii).collect();
    let basic = u32::try_from(output.len()).ok()?;
    let total = u32::try_from(label.chars().count()).ok()?;
    let mut done = basic;
    if basic > 0 {
        output.push('-');
    }
    let (mut code, mut delta, mut bias) = (FIRST_CODE, 0u32, FIRST_BIAS);
    while done < total {
        let next = label.chars().map(u32::from).filter(|&letter| letter >= code).min()?;
        delta = delta.checked_add((next - code).checked_mul(done + 1)?)?;
        code = next;
        for letter in label.chars().map(u32::from) {
            if letter < code {
                delta = delta.checked_add(1)?;
            }
            if letter == code {
                push_number(&mut output, delta, bias);
                bias = adapt(delta, done + 1, done == basic);
                delta = 0;
                done += 1;
            }
        }
        delta = delta.checked_add(1)?;
        code += 1;
    }
    Some(output)
}

/// `delta` as a generalized variable-length integer.
fn push_number(output: &mut String, delta: u32, bias: u32) {
    let mut left = delta;
    let mut position = BASE;
    loop {
        let threshold = position.saturating_sub(bias).clamp(T_MIN, T_MAX);
        if left < threshold {
            output.push(digit(left));
            return;
        }
        output.push(digit(threshold + (left - threshold) % (BASE - threshold)));
        left = (left - threshold) / (BASE - threshold);
        position += BASE;
    }
}

/// `a` to `z` are 0 to 25, `0` to `9` are 26 to 35.
fn digit(value: u32) -> char {
    let in_base_36 = if value < 26 { value + 10 } else { value - 26 };
    char::from_digit(in_base_36, BASE).unwrap_or_default()
}

/// Bias adaptation (section 6.1).
fn adapt(delta: u32, points: u32, first: bool) -> u32 {
    let mut delta = if first { delta / DAMP } else { delta / 2 };
    delta += delta / points;
    let mut steps = 0;
    while delta > ((BASE - T_MIN) * T_MAX) / 2 {
        delta /= BASE - T_MIN;
        steps += BASE;
    }
    steps + (BASE - T_MIN + 1) * delta / (delta + SKEW)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names and encodings that registries and RFC 3492, section 7.1, give.
    #[test]
    fn known_names_have_their_known_encodings() {
        for (name, ascii) in [
            ("münchen.de", "xn--mnchen-3ya.de"),
            ("bücher.example", "xn--bcher-kva.example"),
            ("olá", "xn--ol-nia"),
            ("são-paulo.br", "xn--so-paulo-rza.br"),
            ("例え.jp", "xn--r8jz45g.jp"),
            ("他们为什么不说中文", "xn--ihqwcrb4cv8a8dqg056pqjye"),
            ("почемужеонинеговорятпорусски", "xn--b1abfaaepdrnnbgefbadotcwatmq2g4l"),
            ("3年b組金八先生", "xn--3b-ww4c5e180e575a65lsy2b"),
            ("plain", "plain"),
        ] {
            assert_eq!(to_ascii(name).as_deref(), Some(ascii), "{name}");
        }
    }

    #[test]
    fn what_cannot_be_a_name_has_no_encoding() {
        assert_eq!(to_ascii(&"é".repeat(300)), None);
        assert_eq!(to_ascii(&"éa".repeat(40)), None);
    }
}
