//! `moclojer render`: a template and a context in, the rendered text out.

pub(crate) mod batch;

use std::fs::File;
use std::io::{self, IsTerminal as _, Read, Write as _};
use std::process::ExitCode;

use moclojer_core::json::{self, Object, Value};
use moclojer_core::ports::{Clock as _, SystemClock};
use moclojer_core::problem::{excerpt, render};
use moclojer_core::source::Source;
use moclojer_core::spec::{Env, tree};
use moclojer_core::template::{self, ContextScope, Counters, Mode, RenderError, Template, compile_open};

use crate::cli::RenderArgs;
use crate::env::Variables;
use crate::limits::Limits;

/// Renders one text, or with `--batch` a line for each line.
pub(crate) fn run(args: &RenderArgs) -> io::Result<ExitCode> {
    let (limits, variables) = match (Limits::of(&args.limit), Variables::read(&args.env)) {
        (Ok(limits), Ok(variables)) => (limits, variables),
        (Err(message), _) | (_, Err(message)) => return crate::usage(&message),
    };
    for warning in &variables.warnings {
        writeln!(io::stderr(), "moclojer: warning: {warning}")?;
    }
    let renderer = Renderer::new(limits.template, args.seed, &variables.env);
    if args.batch {
        return batch::run(&renderer, &args.content_type, io::stdin().lock(), io::stdout().lock());
    }
    match texts(args, limits.file.file_bytes) {
        Ok(texts) => one(args, &renderer, &limits.file, &texts),
        Err(message) => crate::usage(&message),
    }
}

fn one(args: &RenderArgs, renderer: &Renderer, limits: &tree::Limits, texts: &Texts) -> io::Result<ExitCode> {
    let context = match context(&texts.context) {
        Ok(context) => context,
        Err(message) => return crate::usage(&message),
    };
    let (compiled, problems) = match tree::decode(&texts.template.name, &texts.template.bytes, limits) {
        Ok(source) => compile_open(&source, Mode::of_content_type(&args.content_type)),
        Err(problem) => (None, vec![problem]),
    };
    let color = io::stderr().is_terminal();
    io::stderr().write_all(render::terminal(&problems, color).as_bytes())?;
    let Some(compiled) = compiled else {
        return Ok(ExitCode::from(1));
    };
    match renderer.render(&compiled, &context, 0) {
        Ok(text) => {
            let mut out = io::stdout().lock();
            out.write_all(text.as_bytes())?;
            out.flush()?;
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => {
            writeln!(io::stderr(), "moclojer: {}", excerpt(&error, LONGEST_MESSAGE))?;
            Ok(ExitCode::from(1))
        }
    }
}

/// Most characters of a failure that a person is shown.
const LONGEST_MESSAGE: usize = 1_000;

/// What all renderings of a run share.
pub(crate) struct Renderer {
    limits: template::Limits,
    seed: Option<u64>,
    /// What the name `env` gives where a context has none.
    env: Value,
    counters: Counters,
}

impl Renderer {
    fn new(limits: template::Limits, seed: Option<u64>, env: &Env) -> Self {
        let pairs = env.iter().map(|(name, value)| ((&**name).into(), Value::String((&**value).into())));
        Self { limits, seed, env: Value::Object(pairs.collect()), counters: Counters::default() }
    }

    /// The text of the rendering with this number, from 0, or one line that says why there is none.
    fn render(&self, template: &Template, context: &Object, number: u64) -> Result<String, String> {
        let scope = ContextScope::new(context, SystemClock.now(), &self.counters).env(&self.env);
        let scope = match self.seed {
            Some(seed) => scope.seeded(seed, number),
            None => scope,
        };
        let mut out = String::with_capacity(template.usual_bytes());
        match template.render(&scope, &self.limits, &mut out) {
            Ok(()) => Ok(out),
            Err(error @ RenderError { limit: Some(limit), .. }) => {
                Err(format!("{error} (--limit {limit}=…)"))
            }
            Err(error) => Err(error.to_string()),
        }
    }
}

/// Both texts, read.
struct Texts {
    template: Text,
    context: Text,
}

struct Text {
    /// The file's name, or what the text is.
    name: String,
    bytes: Vec<u8>,
}

fn texts(args: &RenderArgs, most: usize) -> Result<Texts, String> {
    let template = args.template.as_deref().unwrap_or_default();
    let context = args.context.as_deref().unwrap_or("{}");
    if template == "-" && context == "-" {
        return Err("--template and --context cannot both be standard input".to_owned());
    }
    Ok(Texts { template: read("template", template, most)?, context: read("context", context, most)? })
}

/// `@FILE`, `-` or the text itself.
fn read(what: &str, given: &str, most: usize) -> Result<Text, String> {
    let refused = |error: io::Error| format!("--{what} {given}: {error}");
    match (given, given.strip_prefix('@')) {
        ("-", _) => {
            let bytes = bounded(io::stdin().lock(), most).map_err(refused)?;
            Ok(Text { name: what.to_owned(), bytes })
        }
        (_, Some(file)) => {
            let bytes = File::open(file).and_then(|file| bounded(file, most)).map_err(refused)?;
            Ok(Text { name: file.to_owned(), bytes })
        }
        (text, None) => Ok(Text { name: what.to_owned(), bytes: text.as_bytes().to_vec() }),
    }
}

/// No more than one byte over `most`, which is refused where the bytes are used.
fn bounded(input: impl Read, most: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    input.take((most as u64).saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() > most {
        return Err(io::Error::other(format!("more than {most} bytes")));
    }
    Ok(bytes)
}

fn context(text: &Text) -> Result<Object, String> {
    match Value::parse(&text.bytes, json::MAX_DEPTH) {
        Ok(Value::Object(context)) => Ok(context),
        Ok(_) => Err(format!("{}: a context is a JSON object, as in {{\"name\": \"x\"}}", text.name)),
        Err(error) => {
            let source = Source::new(&*text.name, String::from_utf8_lossy(&text.bytes));
            let place = source.place(u32::try_from(error.offset).unwrap_or(u32::MAX));
            Err(excerpt(&format!("{place}: the context is no JSON: {}", error.message), LONGEST_MESSAGE))
        }
    }
}
