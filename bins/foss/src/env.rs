//! `--env NAME` and `--env NAME=VALUE`: what templates may use of the environment. Values are never shown.

use std::ffi::OsString;

use moclojer_core::spec::Env;

/// What was given, and what is wrong with it.
#[derive(Debug, Default)]
pub(crate) struct Variables {
    /// Names with their values.
    pub(crate) env: Env,
    /// A sentence for each name that has no value.
    pub(crate) warnings: Vec<String>,
}

impl Variables {
    /// The values of `given`, from `environment` where none is written.
    ///
    /// # Errors
    /// What to write instead of a variable without a name.
    pub(crate) fn of(
        given: &[String],
        environment: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Self, String> {
        let mut pairs = Vec::new();
        let mut warnings = Vec::new();
        for given in given {
            let (name, written) = match given.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (&**given, None),
            };
            if name.is_empty() {
                return Err("--env: a name is missing; write NAME or NAME=VALUE".to_owned());
            }
            let found = match written {
                Some(value) => Ok(value),
                None => match environment(name).map(OsString::into_string) {
                    Some(Ok(value)) => Ok(value),
                    Some(Err(_)) => Err("its value is no UTF-8 text"),
                    None => Err("the environment has no such variable"),
                },
            };
            match found {
                Ok(value) => pairs.push((name.to_owned(), value)),
                Err(why) => {
                    warnings.push(format!("--env {name}: {why}; `env.{name}` is missing in templates"));
                }
            }
        }
        Ok(Self { env: pairs.into_iter().collect(), warnings })
    }

    /// From the environment of this process.
    ///
    /// # Errors
    /// As for [`of`](Self::of).
    pub(crate) fn read(given: &[String]) -> Result<Self, String> {
        Self::of(given, |name| std::env::var_os(name))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "the arguments are literals of this module")]

    use super::*;

    fn of(given: &[&str]) -> Result<Variables, String> {
        let given: Vec<String> = given.iter().map(|&text| text.to_owned()).collect();
        Variables::of(&given, |name| (name == "SET").then(|| "of the environment".into()))
    }

    #[test]
    fn a_value_is_written_or_comes_from_the_environment() {
        let variables = of(&["SET", "A=b=c", "E=", "NONE"]).unwrap();
        let found: Vec<(&str, &str)> =
            variables.env.iter().map(|(name, value)| (&**name, &**value)).collect();
        assert_eq!(found, [("SET", "of the environment"), ("A", "b=c"), ("E", "")]);
        let [warning] = &*variables.warnings else { panic!("{:?}", variables.warnings) };
        assert!(warning.starts_with("--env NONE: "), "{warning}");
    }

    #[test]
    fn a_name_has_to_be_there_and_the_value_is_not_repeated() {
        for given in ["", "=secret"] {
            let message = of(&[given]).unwrap_err();
            assert!(message.contains("NAME=VALUE") && !message.contains("secret"), "{message}");
        }
    }
}
