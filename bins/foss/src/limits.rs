//! `--limit NAME=VALUE`: one list of names over the limits of files, templates and the server.

use moclojer_core::problem::did_you_mean;
use moclojer_core::respond::hosted::Bounds;
use moclojer_core::{serve, spec, template};

/// Names of the limits that are not the server's.
const OWN: [&str; 7] = [
    "file-bytes",
    "depth",
    "alias-nodes",
    "alias-bytes",
    "template-steps",
    "template-output-bytes",
    "compiled-bytes",
];

/// All limits of a run.
#[derive(Debug, Default)]
pub(crate) struct Limits {
    pub(crate) file: spec::Limits,
    pub(crate) template: template::Limits,
    pub(crate) server: serve::Limits,
    /// What all mocks of a hosted installation may take when they are compiled.
    pub(crate) hosted: Bounds,
}

impl Limits {
    /// The defaults, changed by what was given.
    ///
    /// # Errors
    /// What is wrong with each that cannot be understood.
    pub(crate) fn of(given: &[String]) -> Result<Self, String> {
        let mut limits = Self::default();
        let wrong: Vec<String> = given.iter().filter_map(|pair| limits.take(pair).err()).collect();
        if wrong.is_empty() { Ok(limits) } else { Err(wrong.join("\n")) }
    }

    fn take(&mut self, pair: &str) -> Result<(), String> {
        let (name, value) = pair
            .split_once('=')
            .ok_or_else(|| format!("--limit {pair}: write NAME=VALUE, as in body-bytes=20MiB"))?;
        self.set(name, value).map_err(|why| format!("--limit {pair}: {why}"))
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        let size = || serve::limits::size(value);
        match name {
            "file-bytes" => self.file.file_bytes = size()?,
            "depth" => self.file.depth = count(value, 1, 256)?,
            "alias-nodes" => self.file.alias_nodes = count(value, 0, 100_000_000)?,
            "alias-bytes" => self.file.alias_bytes = size()?,
            "template-steps" => self.template.steps = count(value, 1, usize::MAX)? as u64,
            "template-output-bytes" => self.template.output_bytes = size()? as u64,
            "compiled-bytes" => self.hosted.compiled_bytes = size()?,
            _ if serve::Limits::names().any(|known| known == name) => self.server.set(name, value)?,
            _ => {
                let known: Vec<&str> = OWN.into_iter().chain(serve::Limits::names()).collect();
                let meant = did_you_mean(name, known.iter().copied());
                let meant = meant.map(|name| format!("; did you mean {name}?")).unwrap_or_default();
                return Err(format!("there is no limit of this name{meant}; there are {}", known.join(", ")));
            }
        }
        Ok(())
    }
}

fn count(value: &str, least: usize, most: usize) -> Result<usize, String> {
    let number = value.parse().ok().filter(|number| (least..=most).contains(number));
    number.ok_or_else(|| format!("`{value}` is no number from {least} to {most}"))
}
