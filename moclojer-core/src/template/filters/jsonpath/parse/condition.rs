//! Conditions of filters.

use super::{Parser, Refusal};
use crate::template::filters::jsonpath::path::{Comparison, Match, Operand, Query, Test};
use crate::template::value::Value;

/// What a condition begins with.
enum Primary {
    Literal(Value<'static>),
    Query(Query),
    /// A function that gives a value.
    Value(Operand),
    /// A function that gives true or false.
    Test(Test),
}

impl Parser<'_> {
    /// Conditions with `||` between them.
    pub(super) fn any(&mut self) -> Result<Test, Refusal> {
        self.joined("||", |parser| parser.joined("&&", Self::condition, Test::All), Test::Any)
    }

    /// One condition, or several with `operator` between them.
    fn joined(
        &mut self,
        operator: &str,
        mut read: impl FnMut(&mut Self) -> Result<Test, Refusal>,
        join: fn(Vec<Test>) -> Test,
    ) -> Result<Test, Refusal> {
        let first = read(self)?;
        let mut tests = Vec::new();
        loop {
            let before = self.at;
            self.skip_blanks();
            if !self.take(operator) {
                self.at = before;
                break;
            }
            self.skip_blanks();
            tests.push(read(self)?);
        }
        if tests.is_empty() {
            return Ok(first);
        }
        tests.insert(0, first);
        Ok(join(tests))
    }

    fn condition(&mut self) -> Result<Test, Refusal> {
        if self.take("!") {
            self.skip_blanks();
            let inner = if self.peek() == Some('(') { self.parentheses()? } else { self.test()? };
            return Ok(Test::Not(Box::new(inner)));
        }
        if self.peek() == Some('(') {
            return self.parentheses();
        }
        let place = self.at;
        let left = self.primary()?;
        let before = self.at;
        self.skip_blanks();
        let Some(comparison) = self.comparison() else {
            self.at = before;
            return as_test(left, place);
        };
        let left = as_operand(left, place)?;
        self.skip_blanks();
        let place = self.at;
        let right = self.primary()?;
        Ok(Test::Compare(left, comparison, as_operand(right, place)?))
    }

    fn parentheses(&mut self) -> Result<Test, Refusal> {
        self.expect("(")?;
        self.skip_blanks();
        let inner = self.deeper(Self::any)?;
        self.skip_blanks();
        self.expect(")")?;
        Ok(inner)
    }

    /// A condition that is no comparison.
    fn test(&mut self) -> Result<Test, Refusal> {
        let place = self.at;
        let primary = self.primary()?;
        as_test(primary, place)
    }

    fn comparison(&mut self) -> Option<Comparison> {
        const COMPARISONS: [(&str, Comparison); 6] = [
            ("==", Comparison::Equal),
            ("!=", Comparison::Unequal),
            ("<=", Comparison::LessOrEqual),
            (">=", Comparison::GreaterOrEqual),
            ("<", Comparison::Less),
            (">", Comparison::Greater),
        ];
        COMPARISONS.iter().find(|(sign, _)| self.take(sign)).map(|(_, comparison)| *comparison)
    }

    fn primary(&mut self) -> Result<Primary, Refusal> {
        match self.peek() {
            Some('\'' | '"') => Ok(Primary::Literal(Value::text_of(self.quoted()?.into()))),
            Some('-' | '0'..='9') => self.number().map(Primary::Literal),
            Some(root @ ('@' | '$')) => {
                self.next();
                let mut segments = Vec::new();
                self.segments_into(&mut segments)?;
                Ok(Primary::Query(Query { absolute: root == '$', segments }))
            }
            Some('a'..='z') => self.word(),
            _ => Err(self.refusal("`@`, `$`, a function or a literal")),
        }
    }

    /// A function or a literal without quotes.
    fn word(&mut self) -> Result<Primary, Refusal> {
        let place = self.at;
        let word = self.take_while(|character| matches!(character, 'a'..='z' | '0'..='9' | '_'));
        if self.take("(") {
            return self.deeper(|parser| parser.function(word, place));
        }
        match word {
            "true" => Ok(Primary::Literal(Value::Bool(true))),
            "false" => Ok(Primary::Literal(Value::Bool(false))),
            "null" => Ok(Primary::Literal(Value::Null)),
            _ => Err((
                place,
                format!(
                    "{word} is neither a function nor a literal: a path begins with `@` or `$`, a text has quotes"
                ),
            )),
        }
    }

    /// A function's arguments and its closing parenthesis.
    fn function(&mut self, name: &str, place: usize) -> Result<Primary, Refusal> {
        self.skip_blanks();
        let found = match name {
            "length" => Primary::Value(Operand::Length(Box::new(self.operand()?))),
            "count" => Primary::Value(Operand::Count(self.nodes()?)),
            "value" => Primary::Value(Operand::Value(self.nodes()?)),
            "match" | "search" => {
                let text = self.operand()?;
                self.skip_blanks();
                self.expect(",")?;
                self.skip_blanks();
                let place = self.at;
                let pattern = self.operand()?;
                let whole = name == "match";
                Primary::Test(Test::Match(Box::new(Match { text, pattern, whole, place })))
            }
            _ => {
                return Err((
                    place,
                    format!("there is no function {name}, but count, length, match, search and value"),
                ));
            }
        };
        self.skip_blanks();
        self.expect(")")?;
        Ok(found)
    }

    /// An argument that is one value.
    fn operand(&mut self) -> Result<Operand, Refusal> {
        let place = self.at;
        let primary = self.primary()?;
        as_operand(primary, place)
    }

    /// An argument that is a path.
    fn nodes(&mut self) -> Result<Query, Refusal> {
        let place = self.at;
        match self.primary()? {
            Primary::Query(query) => Ok(query),
            _ => Err((place, "the argument has to be a path".to_owned())),
        }
    }
}

fn as_test(primary: Primary, place: usize) -> Result<Test, Refusal> {
    match primary {
        Primary::Query(query) => Ok(Test::Exists(query)),
        Primary::Test(test) => Ok(test),
        Primary::Literal(_) | Primary::Value(_) => {
            Err((place, "a value by itself is no condition: compare it".to_owned()))
        }
    }
}

fn as_operand(primary: Primary, place: usize) -> Result<Operand, Refusal> {
    match primary {
        Primary::Literal(value) => Ok(Operand::Literal(value)),
        Primary::Query(query) if query.is_singular() => Ok(Operand::Query(query)),
        Primary::Query(_) => Err((
            place,
            "the path can find more than one value: only names and indexes may stand here".to_owned(),
        )),
        Primary::Value(operand) => Ok(operand),
        Primary::Test(_) => Err((place, "match and search are conditions and give no value".to_owned())),
    }
}
