//! What reading a mock file takes from outside the file.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use super::Limits;

/// How files are read, whatever they say.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Settings {
    /// What a file may cost.
    pub limits: Limits,
    /// The variables of the environment that templates may use.
    pub env: Env,
}

impl From<Limits> for Settings {
    /// No variables.
    fn from(limits: Limits) -> Self {
        Self { limits, env: Env::default() }
    }
}

/// Variables that templates may use as `env.NAME`, with their values. Shared, and never shown: a value may be a secret.
#[derive(Clone, Default)]
pub struct Env(Arc<[(String, String)]>);

impl FromIterator<(String, String)> for Env {
    /// Of a name that comes twice the last value counts.
    fn from_iter<I: IntoIterator<Item = (String, String)>>(pairs: I) -> Self {
        let mut kept: Vec<(String, String)> = Vec::new();
        for (name, value) in pairs {
            match kept.iter_mut().find(|(known, _)| *known == name) {
                Some((_, old)) => *old = value,
                None => kept.push((name, value)),
            }
        }
        Self(kept.into())
    }
}

impl Deref for Env {
    type Target = [(String, String)];

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

/// The names alone.
impl fmt::Debug for Env {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(|(name, _)| name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_value_counts_and_none_is_shown() {
        let pairs = [("A", "1"), ("B", "secret"), ("A", "2")];
        let env: Env = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into_iter().collect();
        let kept: Vec<(&str, &str)> = env.iter().map(|(name, value)| (&**name, &**value)).collect();
        assert_eq!(kept, [("A", "2"), ("B", "secret")]);
        assert_eq!(format!("{env:?}"), r#"["A", "B"]"#);
    }
}
