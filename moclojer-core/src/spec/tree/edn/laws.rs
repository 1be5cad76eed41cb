//! Laws of EDN: what is written in any of its spellings is read as the same tree, and any text is a tree or a problem.

use proptest::prelude::*;
use proptest::test_runner::RngAlgorithm;
use proptest::test_runner::TestRng;

use super::super::tests::{look_at, problems, same};
use super::*;
use crate::json::Value;

/// Writes values in EDN, each in one of the spellings that it has.
struct Speller(TestRng);

impl Speller {
    fn pick(&mut self, count: u32) -> u32 {
        self.0.next_u32() % count
    }

    /// What may stand between two forms.
    fn blank(&mut self, out: &mut String) {
        let blanks = [
            " ",
            "\n",
            ",",
            "\t",
            " ; a } comment\n",
            " #_ x ",
            " #_{:a [1 \"}\"]} ",
            "\r\n",
            " #_ #_ a b ",
            " ^:k ",
            " #! )\n",
        ];
        out.push_str(blanks[self.pick(blanks.len() as u32) as usize]);
    }

    fn value(&mut self, value: &Value, out: &mut String) {
        match value {
            Value::Null => out.push_str("nil"),
            Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Value::Number(digits) => self.number(digits, out),
            Value::String(text) => self.text(text, out),
            Value::Array(items) => {
                let (open, close) = if self.pick(2) == 0 { ('[', ']') } else { ('(', ')') };
                out.push(open);
                for item in items {
                    self.blank(out);
                    self.value(item, out);
                }
                out.push(' ');
                out.push(close);
            }
            Value::Object(entries) => {
                out.push('{');
                for (key, value) in entries.iter() {
                    self.blank(out);
                    self.text(key, out);
                    self.blank(out);
                    self.value(value, out);
                }
                out.push_str(" }");
            }
        }
    }

    fn number(&mut self, digits: &str, out: &mut String) {
        let whole = digits.bytes().all(|byte| byte.is_ascii_digit());
        match digits.parse::<u64>() {
            Ok(value) if whole => match self.pick(6) {
                0 => out.push_str(&format!("0x{value:X}")),
                1 => out.push_str(&format!("0{value:o}N")),
                2 => out.push_str(&format!("2r{value:b}")),
                3 => out.push_str(&format!("{digits}N")),
                4 => out.push_str(&format!("+{digits}")),
                _ => out.push_str(digits),
            },
            _ => {
                out.push_str(digits);
                if digits.contains(['.', 'e', 'E']) && self.pick(2) == 0 {
                    out.push('M');
                }
            }
        }
    }

    fn text(&mut self, text: &str, out: &mut String) {
        let is_plain = text.starts_with(|first: char| first.is_ascii_alphabetic())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !matches!(text, "nil" | "true" | "false");
        let mut characters = text.chars();
        match (self.pick(4), characters.next(), characters.next()) {
            (0, ..) if is_plain => out.push_str(text),
            (1, ..) if is_plain => {
                out.push(':');
                out.push_str(text);
            }
            (2, Some(only), None) => self.character(only, out),
            _ => self.string(text, out),
        }
    }

    fn character(&mut self, character: char, out: &mut String) {
        match character {
            '\n' => out.push_str("\\newline"),
            ' ' => out.push_str("\\space"),
            '\u{8}' => out.push_str("\\backspace"),
            _ if (character as u32) < 0x100 && self.pick(2) == 0 => {
                out.push_str(&format!("\\o{:o}", character as u32))
            }
            _ if (character as u32) < 0x10000 => out.push_str(&format!("\\u{:04x}", character as u32)),
            _ => out.push_str(&format!("\\{character}")),
        }
    }

    fn string(&mut self, text: &str, out: &mut String) {
        out.push('"');
        for character in text.chars() {
            match (self.pick(4), character) {
                (0 | 1, _) if !matches!(character, '"' | '\\') => out.push(character),
                (2, '\u{0}'..='\u{ff}') => out.push_str(&format!("\\{:03o}", character as u32)),
                (_, '\n') => out.push_str("\\n"),
                (_, '"' | '\\') => out.extend(['\\', character]),
                _ => character
                    .encode_utf16(&mut [0; 2])
                    .iter()
                    .for_each(|unit| out.push_str(&format!("\\u{unit:04X}"))),
            }
        }
        out.push('"');
    }
}

const PARTS: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    "(",
    ")",
    "#{",
    "#_",
    "^",
    "#inst ",
    "#x ",
    "#:a",
    "#:a{",
    "##Inf",
    "#",
    ":",
    ":a ",
    ":a/b",
    "::a",
    "a ",
    "nil ",
    "true",
    "1 ",
    "1/2",
    "0x",
    "08",
    "+",
    "-1",
    ".5",
    "1e",
    "\"",
    "\"x\"",
    "\\",
    "\\a ",
    "\\newline",
    "\\u12",
    "\\ud83d",
    "\\ude00",
    "\\o7",
    ";",
    "\n",
    "\r",
    ",",
    " ",
    "'",
    "`",
    "~",
    "@",
    "{{",
    "}}",
    "{%",
    "é",
    "\u{a0}",
    "\u{feff}",
    "😀",
    ":endpoint {:path \"/\" :response {:body \"{{x}}\"}}",
];

proptest! {
    #[test]
    fn every_spelling_is_read_as_the_same_tree(value in crate::json::read::tests::values(), seed in any::<[u8; 32]>()) {
        let mut out = String::new();
        let mut speller = Speller(TestRng::from_seed(RngAlgorithm::ChaCha, &seed));
        speller.blank(&mut out);
        out.push('[');
        speller.value(&value, &mut out);
        out.push(']');
        speller.blank(&mut out);
        // Metadata needs a form behind it.
        let out = out.trim_end().strip_suffix("^:k").unwrap_or(&out).to_owned();
        let source = Source::new("m.edn", out.as_str());
        let read = read(&source, &Limits::default());
        prop_assert_eq!(problems(&read), [""; 0], "{}", out);
        let Kind::List(items) = &read.documents[0].kind else { panic!("no list") };
        prop_assert!(items.len() == 1 && same(&value, &items[0]), "{}", out);
        // The same value in JSON and in YAML has the same tree too: see the tree's own laws.
        look_at(&source, read);
    }

    #[test]
    fn no_text_near_edn_makes_the_reader_panic(parts in proptest::collection::vec(proptest::sample::select(PARTS), 0..40)) {
        let source = Source::new("m.edn", parts.concat());
        let read = read(&source, &Limits::default());
        prop_assert!(read.documents.len() <= 1);
        look_at(&source, read);
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
        if let Ok(source) = super::super::decode("m.edn", &bytes, &Limits::default()) {
            let read = read(&source, &Limits::default());
            look_at(&source, read);
        }
    }
}
