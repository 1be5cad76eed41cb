//! What a row of the table says.

use std::fmt;

use super::kind::Kind;

/// Who reads a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// `moclojer-api`.
    Api,
    /// `moclojer-generator`.
    Generator,
    /// `moclojer --unified`.
    MockServer,
    /// `moclojer-standalone`.
    Standalone,
}

impl Service {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Api, Self::Generator, Self::MockServer, Self::Standalone];

    /// The name of its section in a file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Generator => "generator",
            Self::MockServer => "mock-server",
            Self::Standalone => "standalone",
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What holds when nothing is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Default {
    /// The service does not start.
    Required,
    /// The service does without.
    None,
    /// This value.
    Value(&'static str),
    /// A value for each service.
    Each(&'static [(Service, &'static str)]),
}

impl Default {
    /// The value for a service, where there is one.
    pub(super) fn of(self, service: Service) -> Option<&'static str> {
        match self {
            Self::Required | Self::None => None,
            Self::Value(value) => Some(value),
            Self::Each(values) => {
                values.iter().find(|(reader, _)| *reader == service).map(|(_, value)| *value)
            }
        }
    }
}

/// One row of the table of settings.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// How a file calls it.
    pub key: &'static str,
    /// Who reads it.
    pub services: &'static [Service],
    /// What holds when nothing is said.
    pub default: Default,
    /// What can be written, in words.
    pub kind: &'static str,
    /// Whether it is never shown.
    pub secret: bool,
    /// What it is.
    pub help: &'static str,
    pub(super) alone: bool,
    pub(super) customary: Option<&'static str>,
    pub(super) check: fn(&str) -> Result<(), String>,
}

impl Row {
    /// How the environment calls it.
    pub fn environment(&self) -> String {
        match self.customary {
            Some(name) => name.to_owned(),
            None => format!("MOCLOJER_{}", self.key.to_uppercase().replace('-', "_")),
        }
    }

    /// Whether a service reads it.
    pub fn is_for(&self, service: Service) -> bool {
        self.services.contains(&service)
    }

    /// What is wrong with a value, without the value when it is a secret.
    pub(super) fn check(&self, text: &str) -> Result<(), String> {
        if text.is_empty() {
            return Err("is empty: write a value, or leave it out".to_owned());
        }
        (self.check)(text).map_err(|why| match (self.alone, text.contains('@')) {
            (true, _) => why,
            // A URL with a password, perhaps.
            (false, true) => format!("the value is {why}"),
            (false, false) => format!("`{}` is {why}", shortened(text)),
        })
    }
}

/// A value as a message shows it.
fn shortened(text: &str) -> String {
    const MOST: usize = 80;
    let mut shown: String = text.chars().take(MOST).flat_map(char::escape_debug).collect();
    if text.chars().nth(MOST).is_some() {
        shown.push('…');
    }
    shown
}

/// A row with the type of its values.
#[derive(Debug)]
pub struct Setting<T: 'static> {
    /// The row.
    pub row: Row,
    pub(super) kind: &'static Kind<T>,
}
