//! The writer of processed text: block YAML in which every text stands in double quotes on one line.
//!
//! What it writes is decided by the tree and the host alone, so the same file always gives the same bytes.

use super::resolve::{Map, Value, items};
use super::text::{FIRST_LINE, ProcessedText, host_line};
use crate::problem::{Code, Problem, Severity};
use crate::source::{Source, Span};
use crate::spec::host::HostPattern;
use crate::spec::tree::{self, Kind, Node, number_tag};
use crate::spec::{self, Format, Settings, Spec};

/// The longest key, in written bytes, that stands before its colon on one line (YAML 1.2.2, section 7.4.3, allows
/// 1,024 characters).
const LONGEST_SIMPLE_KEY: usize = 1_000;

/// What became of a mock file that is to be hosted.
#[derive(Debug)]
pub struct Processed {
    /// Its processed text, if the file has no error.
    pub text: Option<ProcessedText>,
    /// Every problem, in the order of the file, as [`Spec::read`] tells them.
    pub problems: Vec<Problem>,
}

/// Makes the processed text of a mock file called `name`, for `host`, whatever hosts the file names.
///
/// The documents of the file become one list, `defaults` are resolved into the items, aliases and merge keys are
/// expanded, the host stands in every item. Numbers keep the way they were written; what is not served yet is kept;
/// disabled endpoints and items of no kind are left out. A text of more than
/// [`processed_bytes`](crate::spec::Limits::processed_bytes) is an error of the file.
pub fn process(
    name: &str,
    bytes: &[u8],
    format: Format,
    host: &HostPattern,
    settings: &Settings,
) -> Processed {
    let limits = &settings.limits;
    let source = match tree::decode(name, bytes, limits) {
        Ok(source) => source,
        Err(problem) => return Processed { text: None, problems: vec![problem] },
    };
    let read = spec::read_documents(&source, format, limits);
    let checked = Spec::of_documents(&source, format, &read.documents, read.problems, settings);
    let mut problems = checked.problems;
    let Some(spec) = checked.spec else {
        return Processed { text: None, problems };
    };
    let text = match write(&read.documents, host, limits.processed_bytes) {
        Some(text) => {
            read_back(text, host, spec.endpoints.len(), settings).ok_or_else(|| not_processed(&source))
        }
        None => Err(too_large(&source, limits.processed_bytes)),
    };
    let text = text.map_err(|problem| problems.insert(0, problem)).ok();
    Processed { text, problems }
}

/// A mock file as YAML that says the same, for who takes YAML alone; comments are lost.
///
/// # Errors
/// Every problem of a file that cannot be read.
pub fn as_yaml(
    name: &str,
    bytes: &[u8],
    format: Format,
    limits: &spec::Limits,
) -> Result<String, Vec<Problem>> {
    let source = tree::decode(name, bytes, limits).map_err(|problem| vec![problem])?;
    let read = spec::read_documents(&source, format, limits);
    if read.problems.iter().any(|problem| problem.severity == Severity::Error) {
        return Err(read.problems);
    }
    let mut writer = Writer { out: String::new(), most: usize::MAX };
    for (place, document) in read.documents.iter().enumerate() {
        if place > 0 {
            writer.out.push_str("---\n");
        }
        writer.document(document);
    }
    Ok(writer.out)
}

fn too_large(source: &Source, most: usize) -> Problem {
    let message = format!(
        "the file is too large to be hosted: with aliases and defaults written out it has more than {most} bytes"
    );
    Problem::new(Severity::Error, Code::PROCESSED_TOO_LARGE, source, Span::default(), message)
        .help("use fewer or smaller endpoints, aliases or default headers")
}

fn not_processed(source: &Source) -> Problem {
    let message =
        "the file cannot be made ready to be hosted: what was written of it does not read as the same mock";
    Problem::new(Severity::Error, Code::NOT_PROCESSED, source, Span::default(), message)
        .help("this is a fault of moclojer; please report it with the file")
}

/// The text, if it is served as the file is. Nothing that is stored may fail later, so a fault of this writer has to
/// show here.
fn read_back(
    text: String,
    host: &HostPattern,
    endpoints: usize,
    settings: &Settings,
) -> Option<ProcessedText> {
    let spec = Spec::read_with(host.as_str(), text.as_bytes(), Format::Yaml, settings).spec?;
    let same = spec.endpoints.len() == endpoints
        && spec.endpoints.iter().all(|endpoint| endpoint.host.as_ref() == Some(host));
    if same { ProcessedText::stored(host.clone(), text).ok() } else { None }
}

/// The processed text; none when it has more than `most` bytes.
fn write(documents: &[Node], host: &HostPattern, most: usize) -> Option<String> {
    let mut writer = Writer { out: format!("{FIRST_LINE}{}", host_line(host)), most };
    for item in items(documents, host) {
        writer.out.push_str("- ");
        writer.map(&item, 2)?;
    }
    writer.within()
}

/// The text so far. Every method stops, with none, soon after the text is too long; the recursion is as deep as the
/// tree, which its reader bounded.
struct Writer {
    out: String,
    most: usize,
}

impl Writer {
    fn within(self) -> Option<String> {
        (self.out.len() <= self.most).then_some(self.out)
    }

    fn check(&self) -> Option<()> {
        (self.out.len() <= self.most).then_some(())
    }

    /// A whole document, from the begin of a line.
    fn document(&mut self, top: &Node) {
        match is_block(top) {
            // It ends early only where the text is bounded.
            true => _ = self.block(top, 0),
            false => self.scalar(top),
        }
    }

    /// A map of at least one entry, from the place where its first key stands, with the others `indent` deep.
    fn map(&mut self, map: &Map<'_>, indent: usize) -> Option<()> {
        for (place, (key, value)) in map.iter().enumerate() {
            self.begin_entry(key, place, indent);
            match value {
                Value::Node(node) => self.behind_key(node, indent)?,
                Value::Text(text) => {
                    self.out.push(' ');
                    write_text(text, &mut self.out);
                    self.out.push('\n');
                }
                Value::Map(inner) if inner.is_empty() => self.out.push_str(" {}\n"),
                Value::Map(inner) => {
                    self.deeper(indent);
                    self.map(inner, indent + 1)?;
                }
            }
            self.check()?;
        }
        Some(())
    }

    /// A key and its colon.
    fn begin_entry(&mut self, key: &str, place: usize, indent: usize) {
        if place > 0 {
            self.spaces(indent);
        }
        let start = self.out.len();
        write_text(key, &mut self.out);
        if self.out.len() - start > LONGEST_SIMPLE_KEY {
            self.out.insert_str(start, "? ");
            self.out.push('\n');
            self.spaces(indent);
        }
        self.out.push(':');
    }

    /// The value of a key of a map that is `indent` deep.
    fn behind_key(&mut self, node: &Node, indent: usize) -> Option<()> {
        if is_block(node) {
            self.deeper(indent);
            self.block(node, indent + 1)
        } else {
            self.out.push(' ');
            self.scalar(node);
            Some(())
        }
    }

    /// A list or map that is not empty, from the place where its first item stands.
    fn block(&mut self, node: &Node, indent: usize) -> Option<()> {
        match &node.kind {
            Kind::Map(entries) => {
                for (place, entry) in entries.iter().enumerate() {
                    self.begin_entry(&entry.key, place, indent);
                    self.behind_key(&entry.value, indent)?;
                    self.check()?;
                }
            }
            Kind::List(items) => {
                for (place, item) in items.iter().enumerate() {
                    if place > 0 {
                        self.spaces(indent);
                    }
                    self.out.push_str("- ");
                    match is_block(item) {
                        true => self.block(item, indent + 2)?,
                        false => self.scalar(item),
                    }
                    self.check()?;
                }
            }
            _ => self.scalar(node),
        }
        Some(())
    }

    /// A scalar, or an empty list or map, and the end of its line.
    fn scalar(&mut self, node: &Node) {
        match &node.kind {
            Kind::Null => self.out.push_str("null"),
            Kind::Bool(true) => self.out.push_str("true"),
            Kind::Bool(false) => self.out.push_str("false"),
            Kind::Number(written) => {
                if let Some(tag) = number_tag(written) {
                    self.out.push_str(tag);
                    self.out.push(' ');
                }
                self.out.push_str(written);
            }
            Kind::Text(text) => write_text(&text.value, &mut self.out),
            Kind::List(_) => self.out.push_str("[]"),
            Kind::Map(_) => self.out.push_str("{}"),
        }
        self.out.push('\n');
    }

    /// Goes to the place where the first item of what is inside of `indent` stands.
    fn deeper(&mut self, indent: usize) {
        self.out.push('\n');
        self.spaces(indent + 1);
    }

    fn spaces(&mut self, count: usize) {
        self.out.extend(std::iter::repeat_n(' ', count));
    }
}

fn is_block(node: &Node) -> bool {
    match &node.kind {
        Kind::List(items) => !items.is_empty(),
        Kind::Map(entries) => !entries.is_empty(),
        _ => false,
    }
}

/// Appends a text in double quotes, on one line: what ends a line anywhere, what is not seen and what YAML does not
/// allow is escaped.
fn write_text(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            _ if is_escaped(character) => {
                let code = u32::from(character);
                out.push_str("\\u");
                // All of them are in the first plane.
                for shift in [12, 8, 4, 0] {
                    out.push(char::from_digit(code >> shift & 0xF, 16).unwrap_or('0'));
                }
            }
            _ => out.push(character),
        }
    }
    out.push('"');
}

/// Controls (U+0085 among them), the ends of lines and paragraphs, the byte order mark, what is no character.
fn is_escaped(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{2028}' | '\u{2029}' | '\u{FEFF}' | '\u{FFFE}' | '\u{FFFF}')
}
