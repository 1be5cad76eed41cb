//! Random templates, well formed and with balanced JSON, and contexts that have what they ask for.
//!
//! All choices are read from a tape of numbers. Where it ends, and for 0, the choice is the simplest one, so that
//! proptest makes a failing template small by making the tape short and its numbers small.

mod context;
mod expression;

use super::tree::Target;

/// Where choices come from.
pub(super) struct Tape<'t> {
    rest: std::slice::Iter<'t, u16>,
    /// The names of the loops and `with`s that are open, so that they are used where they mean something.
    open: Vec<Open>,
}

#[derive(Clone, Copy, Debug)]
enum Open {
    /// The names of a `for`.
    For(&'static [&'static str]),
    Each,
    /// Names and paths that a `with` sets.
    With(&'static [&'static str]),
}

/// Which literal texts keep a template whole.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Flavor {
    /// Any text.
    Free,
    /// Parts of a URL.
    Url,
    /// Whole tokens of JSON.
    JsonOutside,
    /// Parts of a JSON string.
    JsonInside,
}

impl<'t> Tape<'t> {
    pub(super) fn new(choices: &'t [u16]) -> Self {
        Self { rest: choices.iter(), open: Vec::new() }
    }

    fn below(&mut self, end: usize) -> usize {
        self.rest.next().map_or(0, |&choice| usize::from(choice) % end)
    }

    /// True once in `times`.
    fn rarely(&mut self, times: usize) -> bool {
        self.below(times) == times - 1
    }

    fn one<'s>(&mut self, all: &[&'s str]) -> &'s str {
        all[self.below(all.len())]
    }

    /// The parts of a tag's body, in which names mean something.
    fn inside(&mut self, open: Open, flavor: Flavor, depth: usize) -> String {
        self.open.push(open);
        let body = self.nodes(flavor, depth);
        self.open.pop();
        body
    }

    /// `least` to `most` parts with `between` them.
    fn joined(
        &mut self,
        least: usize,
        most: usize,
        between: &str,
        part: impl Fn(&mut Self) -> String,
    ) -> String {
        let count = least + self.below(most - least + 1);
        (0..count).map(|_| part(self)).collect::<Vec<_>>().join(between)
    }

    /// A template for a target.
    pub(super) fn template(&mut self, target: Target) -> String {
        let flavor = match target {
            Target::JsonText if self.rarely(3) => return format!("{{{{{}}}}}", self.expression()),
            Target::Json => Flavor::JsonOutside,
            Target::Url => Flavor::Url,
            Target::Html | Target::Plain | Target::Header | Target::JsonText => Flavor::Free,
        };
        let first = self.nodes(flavor, 4);
        first + &self.nodes(flavor, 4) + &self.nodes(flavor, 3)
    }

    /// Parts one after the other.
    fn nodes(&mut self, flavor: Flavor, depth: usize) -> String {
        self.joined(1, 4, "", |tape| match tape.below(10) {
            0..=4 => tape.leaf(flavor),
            _ if depth == 0 => tape.leaf(flavor),
            9 if flavor == Flavor::JsonOutside => {
                format!("\"{}\"", tape.nodes(Flavor::JsonInside, depth - 1))
            }
            _ => tape.block(flavor, depth - 1),
        })
    }

    fn leaf(&mut self, flavor: Flavor) -> String {
        match self.below(20) {
            0..=3 => self.literal(flavor).to_owned(),
            4 => format!("{{% verbatim %}}{}{{% endverbatim %}}", self.literal(flavor)),
            5 => "{# {{ {% if \" #}".to_owned(),
            6 => {
                let words = ["a", "\"b c\"", "\"\"", "<i>", "\"d\\\\e\"", "10", "x|y"];
                let words = self.joined(1, 3, " ", |tape| tape.one(&words).to_owned());
                self.tag("cycle", &words)
            }
            7 => {
                let values = self.joined(0, 3, " ", |tape| match tape.below(4) {
                    0 => tape.one(&["gone", "e", "\"<i>\"", "f", "\"\""]).to_owned(),
                    _ => tape.expression(),
                });
                self.tag("firstof", &values)
            }
            8 => {
                let values = self.joined(0, 3, " ", Self::summand);
                self.tag("sum", &values)
            }
            _ => {
                let (before, value, after) = (self.space(), self.expression(), self.space());
                format!("{{{{{before}{value}{after}}}}}")
            }
        }
    }

    fn literal(&mut self, flavor: Flavor) -> &'static str {
        self.one(match flavor {
            Flavor::Free => &[
                "x",
                " ",
                "\n",
                "<b>",
                "\"",
                "'",
                "{ ",
                "} }",
                "}}",
                "%}",
                "#}",
                "é😀",
                "\\",
                "if",
                "\r\n",
                "{x}",
                "http://h/",
                "\u{0}",
            ],
            Flavor::Url => &["/", "http://", "h", "/a/b", "?q=", "&r=", "#", "https://h:80/", "x"],
            Flavor::JsonOutside => {
                &[" ", ",", "[", "]", ":", "{ ", " }", "true", "12", "\"k\"", "\"a\\\"b\\\\\"", "\n"]
            }
            Flavor::JsonInside => &["x", " ", "é😀", "\\\"", "\\\\", "\\n", "{ ", ":", "'", "<"],
        })
    }

    /// White space that means nothing.
    fn space(&mut self) -> &'static str {
        self.one(&["", " ", " ", "\n", "\t "])
    }

    fn tag(&mut self, name: &str, arguments: &str) -> String {
        let space = self.space();
        format!("{{%{space}{name} {arguments}{space}%}}")
    }

    /// A tag that holds others.
    fn block(&mut self, flavor: Flavor, depth: usize) -> String {
        match self.below(16) {
            0..=3 => self.branches(flavor, depth),
            4..=7 => {
                const NAMES: [(&str, &[&str], &str); 6] = [
                    ("x", &["x"], "xs"),
                    ("y", &["y"], "m"),
                    ("x,y", &["x", "y"], "m"),
                    ("x, y", &["x", "y"], "ls"),
                    ("a,x,n", &["a", "x", "n"], "ls"),
                    ("n", &["n"], "ls"),
                ];
                let (written, names, list) = NAMES[self.below(NAMES.len())];
                let list = if self.rarely(3) { self.list() } else { list.to_owned() };
                let opening = self.tag("for", &format!("{written} in {list}"));
                let body = self.inside(Open::For(names), flavor, depth);
                let empty = match self.rarely(2) {
                    true => format!("{{% empty %}}{}", self.nodes(flavor, depth)),
                    false => String::new(),
                };
                format!("{opening}{body}{empty}{{% endfor %}}")
            }
            8..=9 => {
                let list = if self.rarely(3) { self.list() } else { self.one(&["xs", "m", "ls"]).to_owned() };
                let body = self.inside(Open::Each, flavor, depth);
                let empty = match self.rarely(2) {
                    true => format!("{{{{else}}}}{}", self.nodes(flavor, depth)),
                    false => String::new(),
                };
                format!("{{{{#each {list}}}}}{body}{empty}{{{{/each}}}}")
            }
            10..=11 => {
                const NAMES: [(&str, &[&str]); 8] = [
                    ("a", &["a"]),
                    ("x", &["x"]),
                    ("n", &["n"]),
                    ("m.a", &["m", "m.a"]),
                    ("b.c.d", &["b", "b.c", "b.c.d"]),
                    ("w", &["w"]),
                    ("w.x..y", &["w", "w.x..y"]),
                    ("length", &["length"]),
                ];
                let before = self.open.len();
                let mut bindings = Vec::new();
                for _ in 0..=self.below(3) {
                    let (name, names) = NAMES[self.below(NAMES.len())];
                    let equals = self.one(&["=", "=", " = "]);
                    bindings.push(format!("{name}{equals}{}", self.expression()));
                    self.open.push(Open::With(names));
                }
                let opening = self.tag("with", &bindings.join(" "));
                let body = self.nodes(flavor, depth);
                self.open.truncate(before);
                format!("{opening}{body}{{% endwith %}}")
            }
            12 => {
                let name = self.one(&["ifequal", "ifunequal"]);
                let sides = self.joined(2, 3, " ", Self::side);
                let (opening, body) = (self.tag(name, &sides), self.nodes(flavor, depth));
                let otherwise = match self.rarely(2) {
                    true => format!("{{% else %}}{}", self.nodes(flavor, depth)),
                    false => String::new(),
                };
                format!("{opening}{body}{otherwise}{{% end{name} %}}")
            }
            13 => format!("{{% safe %}}{}{{% endsafe %}}", self.nodes(flavor, depth)),
            14 => format!("{{% block some %}}{}{{% endblock %}}", self.nodes(flavor, depth)),
            _ => format!("{{% comment %}}{}{{% endcomment %}}", self.nodes(flavor, depth)),
        }
    }

    /// An `if` in either spelling.
    fn branches(&mut self, flavor: Flavor, depth: usize) -> String {
        let hash = self.rarely(3);
        let tag = |name: &str, condition: &str| match (hash, name) {
            (true, "if") => format!("{{{{#if {condition}}}}}"),
            (true, "elif") => format!("{{{{else if {condition}}}}}"),
            (true, "else") => "{{ else }}".to_owned(),
            (true, _) => "{{/if}}".to_owned(),
            (false, name) => format!("{{% {name} {condition} %}}"),
        };
        let mut text = tag("if", &self.condition()) + &self.nodes(flavor, depth);
        while self.rarely(4) {
            text += &tag("elif", &self.condition());
            text += &self.nodes(flavor, depth);
        }
        if self.rarely(2) {
            text += &tag("else", "");
            text += &self.nodes(flavor, depth);
        }
        text + &tag("endif", "")
    }

    fn list(&mut self) -> String {
        match self.below(3) {
            0..=1 => self.one(&["xs", "m", "a", "s", "b", "x", "this"]).to_owned(),
            _ => self.expression(),
        }
    }
}
