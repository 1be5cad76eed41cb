//! Random contexts: a few names of the kinds that templates ask for, some that may be anything.

use super::Tape;
use crate::json;

impl Tape<'_> {
    /// A context.
    pub(in super::super) fn context(&mut self) -> json::Value {
        let number = if self.rarely(6) { self.scalar() } else { self.number() };
        let text = if self.rarely(6) { self.scalar() } else { self.text_value() };
        let count = self.below(4);
        let list = match self.below(8) {
            0..=1 => json::Value::Array((0..count).map(|_| self.number()).collect()),
            2 => json::Value::Array((0..count).map(|_| self.text_value()).collect()),
            3..=6 => json::Value::Array((0..count).map(|_| self.map(1)).collect()),
            _ => self.value(2),
        };
        let parts = |tape: &mut Self| {
            let count = tape.below(4);
            json::Value::Array((0..count).map(|_| tape.scalar()).collect())
        };
        let lists = json::Value::Array((0..self.below(4)).map(|_| parts(self)).collect());
        let mut pairs: Vec<(Box<str>, json::Value)> = vec![
            ("n".into(), number),
            ("s".into(), text),
            ("xs".into(), list),
            ("ls".into(), lists),
            ("m".into(), self.map(2)),
            ("e".into(), json::Value::String("".into())),
            ("nul".into(), json::Value::Null),
        ];
        for name in ["a", "b", "x.y", "now", "user-name", "length"] {
            if self.below(3) > 0 {
                pairs.push((name.into(), self.value(3)));
            }
        }
        json::Value::Object(pairs.into_iter().collect())
    }

    fn value(&mut self, depth: usize) -> json::Value {
        let nested = if depth > 0 { self.below(3) } else { 0 };
        match nested {
            0 => self.scalar(),
            1 => {
                let count = self.below(4);
                json::Value::Array((0..count).map(|_| self.value(depth - 1)).collect())
            }
            _ => self.map(depth - 1),
        }
    }

    fn map(&mut self, depth: usize) -> json::Value {
        let mut pairs: Vec<(Box<str>, json::Value)> = Vec::new();
        for (key, times) in
            [("a", 2), ("b", 2), ("n", 3), ("x.y", 4), ("0", 5), ("length", 6), ("user-name", 6), ("this", 6)]
        {
            if self.rarely(times) {
                // A field that is null stands before the context's.
                let null = key == "n" && self.rarely(3);
                pairs.push((key.into(), if null { json::Value::Null } else { self.value(depth) }));
            }
        }
        json::Value::Object(pairs.into_iter().collect())
    }

    fn scalar(&mut self) -> json::Value {
        match self.below(12) {
            0 => json::Value::Null,
            1..=2 => json::Value::Bool(self.rarely(2)),
            3..=6 => self.number(),
            _ => self.text_value(),
        }
    }

    fn number(&mut self) -> json::Value {
        let digits = self.one(&[
            "0",
            "1",
            "2",
            "3",
            "-2",
            "10",
            "70.50",
            "3.0",
            "-0.5",
            "1e2",
            "1E+2",
            "9007199254740993",
            "-0.0",
            "12345678901234567890",
        ]);
        json::Value::Number(digits.into())
    }

    fn text_value(&mut self) -> json::Value {
        if self.rarely(8) {
            let count = self.below(6);
            let any: String =
                (0..count).filter_map(|_| char::from_u32(self.below(0x1_0000) as u32)).collect();
            return json::Value::String(any.into());
        }
        let text = self.one(&[
            "",
            "a",
            "false",
            "true",
            "10",
            " 3",
            "70.50",
            "-5",
            ".5",
            "b",
            "a b",
            "a<b>&\"c'",
            "line\nbreak\r\n",
            "é😀b",
            "/a?b#c&d=e%20",
            "\\",
            "@n",
            "{{a}}",
            "Ann@example.com",
            "2024-02-29T12:00:00Z",
            "\u{1}\u{7f}\t",
        ]);
        json::Value::String(text.into())
    }
}
