//! What a mock file says: bytes are read into one tree with places, the tree into items, the items into
//! a valid [`Spec`] or every problem.
//!
//! A [`Spec`] that exists can be served; nothing is checked a second time.

pub mod host;
pub mod path;
#[cfg(feature = "schema")]
pub mod schema;
pub mod shape;
pub mod tree;

mod check;
#[cfg_attr(not(feature = "testing"), expect(dead_code, reason = "only mocks inside tests are made in code"))]
pub(crate) mod coded;
mod endpoint;
mod keys;
mod later;
mod model;
mod raw;
mod response;
mod settings;
mod shadow;

use std::collections::HashMap;
use std::sync::Arc;

pub(crate) use endpoint::is_served_method;
#[cfg(feature = "testing")]
pub(crate) use model::Rare;
pub use model::{
    BodySource, Cors, Endpoint, Header, HeaderSource, Label, MethodMatch, QueryParam, Response, Spec, Verb,
};
pub(crate) use response::{header_value, is_json_type};
pub use settings::{Env, Settings};
pub use shadow::shadowed;
use tree::Node;
pub use tree::{Format, Limits};

use crate::problem::{Code, Problem, Severity};
use crate::source::{Source, Span};
use check::Checker;

/// What became of a file.
#[derive(Debug)]
pub struct Checked {
    /// The mock, if the file has no error.
    pub spec: Option<Spec>,
    /// Every problem, in the order of the file.
    pub problems: Vec<Problem>,
    /// True when the top of the file is no list of items: in a folder such a file is somebody else's.
    pub foreign: bool,
}

impl Checked {
    fn of(spec: Option<Spec>, mut problems: Vec<Problem>) -> Self {
        problems.sort_by_key(|problem| problem.span.start);
        let foreign = problems.iter().any(|problem| problem.code == Code::NOT_A_LIST);
        Self { spec, problems, foreign }
    }
}

/// Reads a source into trees whose tops are lists of items, or nothing of ours.
pub(crate) fn read_documents(source: &Source, format: Format, limits: &Limits) -> tree::Read {
    let mut read = tree::read(source, format, limits);
    if format == Format::Edn {
        read.documents = read.documents.into_iter().map(raw::without_list_of_one).collect();
    }
    read
}

impl Spec {
    /// Reads a mock file called `name` (as people know it) from its bytes.
    ///
    /// An empty file is a valid, empty mock. All problems are reported at once; of the syntax only the
    /// first, since what follows it cannot be read.
    pub fn read(name: &str, bytes: &[u8], format: Format, limits: &Limits) -> Checked {
        Self::read_with(name, bytes, format, &limits.clone().into())
    }

    /// The same with all that is set from outside.
    pub fn read_with(name: &str, bytes: &[u8], format: Format, settings: &Settings) -> Checked {
        let limits = &settings.limits;
        let source = match tree::decode(name, bytes, limits) {
            Ok(source) => source,
            Err(problem) => return Checked::of(None, vec![problem]),
        };
        let read = read_documents(&source, format, limits);
        Self::of_documents(&source, format, &read.documents, read.problems, settings)
    }

    /// Checks the trees that were read from `source` with these `problems`.
    pub(crate) fn of_documents(
        source: &Source,
        format: Format,
        documents: &[Node],
        problems: Vec<Problem>,
        settings: &Settings,
    ) -> Checked {
        let mut check = Checker::new(source, format, &settings.env, problems);
        let unreadable = check.errors > 0;
        let raw = raw::RawSpec::of(documents, &mut check);
        for item in &raw.later {
            later::item(&mut check, item);
        }
        let mut endpoints = Vec::with_capacity(raw.endpoints.len());
        let mut disabled = Vec::new();
        let defaults: HashMap<usize, endpoint::Defaults<'_>> = raw
            .defaults
            .iter()
            .map(|&(index, node)| (index, endpoint::Defaults::read(&mut check, index, node)))
            .collect();
        let none = endpoint::Defaults::default();
        if let Some(item) = raw.endpoints.get(settings.limits.endpoints) {
            let most = settings.limits.endpoints;
            let message = format!("the file has {} endpoints, more than {most}", raw.endpoints.len());
            check.error(Code::TOO_MANY_ENDPOINTS, item.key_span, message).help =
                Some("make several files of it".to_owned());
        }
        for item in raw.endpoints.iter().take(settings.limits.endpoints) {
            let defaults = item.defaults.and_then(|index| defaults.get(&index)).unwrap_or(&none);
            match endpoint::read(&mut check, item, defaults) {
                Some((endpoint, true)) => endpoints.push(Arc::new(endpoint)),
                Some((endpoint, false)) => disabled.push(Arc::new(endpoint)),
                None => {}
            }
        }
        let told =
            check.errors > 0 || check.problems.iter().any(|problem| problem.code == Code::UNKNOWN_ITEM);
        if raw.endpoints.is_empty() && raw.later.is_empty() && !documents.is_empty() && !told {
            check.warning(Code::EMPTY, Span::default(), "there is no endpoint in this file");
        }
        let mut problems = check.finish();
        if !unreadable {
            problems.extend(shadow::among(&endpoints, source));
        }
        let valid = !problems.iter().any(|problem| problem.severity == Severity::Error);
        Checked::of(valid.then(|| Spec { source: source.clone(), endpoints, disabled }), problems)
    }
}
