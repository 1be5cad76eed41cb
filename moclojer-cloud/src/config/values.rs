//! What holds for one service: all sources put together, and everything that is wrong with them.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use moclojer_core::problem::did_you_mean;

use super::document::{self, Entry};
use super::problem::{Place, Problem, Problems};
use super::setting::{Row, Service, Setting};
use super::source::{CONFIG, Sources, read_secret};
use super::table::ROWS;

/// The settings of one service, every one of them right.
pub struct Values {
    service: Service,
    rows: Vec<&'static Row>,
    values: BTreeMap<&'static str, (String, Place)>,
}

/// As [`list`](Values::list) shows them.
impl std::fmt::Debug for Values {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.list())
    }
}

impl Values {
    /// Puts the sources together for a service.
    ///
    /// # Errors
    /// Everything that is wrong, missing or unknown.
    pub fn read(service: Service, sources: &Sources) -> Result<Self, Problems> {
        Self::read_and(service, sources, |_, _| {})
    }

    /// The same for what needs only some rows of the service; what the others hold is passed over.
    pub(super) fn read_rows(
        service: Service,
        rows: &[&'static Row],
        sources: &Sources,
    ) -> Result<Self, Problems> {
        Self::put_together(service, rows.to_vec(), sources, |_, _| {})
    }

    /// The same with a look at several values together, which may add problems. It sees only values that are right.
    pub(super) fn read_and(
        service: Service,
        sources: &Sources,
        look: impl FnOnce(&Self, &mut Vec<Problem>),
    ) -> Result<Self, Problems> {
        let rows = ROWS.iter().copied().filter(|row| row.is_for(service)).collect();
        Self::put_together(service, rows, sources, look)
    }

    fn put_together(
        service: Service,
        rows: Vec<&'static Row>,
        sources: &Sources,
        look: impl FnOnce(&Self, &mut Vec<Problem>),
    ) -> Result<Self, Problems> {
        let mut problems = sources.problems.clone();
        let mut given = Given::default();
        given.take_file(service, sources, &mut problems);
        given.take_environment(service, sources, &mut problems);
        for (key, (flag, value)) in &sources.flags {
            given.set(key, value.clone(), Place::Flag((*flag).to_owned()));
        }
        let mut values = BTreeMap::new();
        for row in &rows {
            match given.value(row, service) {
                Ok(Some((text, place))) => match row.check(&text) {
                    Ok(()) => {
                        values.insert(row.key, (text, place));
                    }
                    Err(why) => problems.push(Problem::new(place, format!("{}: {why}", row.key))),
                },
                Ok(None) if row.default == super::Default::Required => {
                    let message = format!(
                        "{}: set {} or write `{} = …` ({}: {})",
                        row.key,
                        row.environment(),
                        row.key,
                        row.kind,
                        row.help.trim()
                    );
                    problems.push(Problem::new(Place::Nowhere, message));
                }
                Ok(None) => {}
                Err(problem) => problems.push(problem),
            }
        }
        let values = Self { service, rows, values };
        look(&values, &mut problems);
        if problems.is_empty() {
            return Ok(values);
        }
        problems.sort_by_key(|problem| match &problem.place {
            Place::File(_, line) => *line,
            Place::WholeFile(_) => 0,
            _ => usize::MAX,
        });
        Err(Problems(problems))
    }

    /// The value of a setting; none where it has none, or is not this service's.
    pub fn get<T>(&self, setting: &Setting<T>) -> Option<T> {
        let (text, _) = self.values.get(setting.row.key)?;
        (setting.kind.parse)(text).ok()
    }

    /// The same for one that always has a value.
    ///
    /// # Errors
    /// When it has none after all: it is not this service's, or may be missing.
    pub(super) fn need<T>(&self, setting: &Setting<T>) -> Result<T, Problems> {
        self.get(setting).ok_or_else(|| {
            let message = format!("{}: no setting of {}", setting.row.key, self.service);
            Problems(vec![Problem::new(Place::Nowhere, message)])
        })
    }

    /// Where a value came from, to name it in a problem.
    pub(super) fn place<T>(&self, setting: &Setting<T>) -> Place {
        self.values.get(setting.row.key).map_or(Place::Nowhere, |(_, place)| place.clone())
    }

    /// One line a setting with its value and where it came from; secrets as `(set)`.
    pub fn list(&self) -> String {
        let widest = self.rows.iter().map(|row| row.key.len()).max().unwrap_or_default();
        let mut text = String::new();
        for row in &self.rows {
            let key = row.key;
            // Writing to a String cannot fail.
            let _ = match self.values.get(key) {
                Some((_, place)) if row.secret => writeln!(text, "{key:<widest$}  (set)  [{place}]"),
                Some((value, place)) => writeln!(text, "{key:<widest$}  {value}  [{place}]"),
                None => writeln!(text, "{key:<widest$}  (not set)"),
            };
        }
        text
    }
}

/// Texts by key; later ones win. A key that ends with `-file` is the file of a secret.
#[derive(Default)]
struct Given(BTreeMap<String, (String, Place)>);

impl Given {
    fn set(&mut self, key: &str, value: String, place: Place) {
        // A value wins over the file of an earlier source, and the other way round.
        match key.strip_suffix(FILE) {
            Some(plain) => self.0.remove(plain),
            None => self.0.remove(&format!("{key}{FILE}")),
        };
        self.0.insert(key.to_owned(), (value, place));
    }

    /// The text for a row, or the default.
    fn value(&mut self, row: &Row, service: Service) -> Result<Option<(String, Place)>, Problem> {
        if let Some((path, place)) = self.0.remove(&format!("{}{FILE}", row.key)) {
            return read_secret(&path, &place).map(|secret| Some((secret, place)));
        }
        let given = self.0.remove(row.key);
        Ok(given.or_else(|| row.default.of(service).map(|value| (value.to_owned(), Place::Default))))
    }

    fn take_file(&mut self, service: Service, sources: &Sources, problems: &mut Vec<Problem>) {
        let Some((path, text)) = &sources.file else { return };
        let text = match text {
            Ok(text) => text,
            Err(why) => {
                let message = format!("the configuration file cannot be read: {why}");
                problems.push(Problem::new(Place::WholeFile(path.clone()), message));
                return;
            }
        };
        let (mut entries, wrong) = document::read(path, text);
        problems.extend(wrong);
        problems.extend(entries.iter().filter_map(unknown));
        problems.extend(twice(&entries));
        // The section of the service wins over the top.
        entries.sort_by_key(|entry| entry.section.is_some());
        let own = |entry: &Entry| entry.section.as_deref().is_none_or(|section| section == service.name());
        for entry in entries.into_iter().filter(own) {
            if !row_of(&entry.key).is_some_and(|row| row.is_for(service)) {
                continue;
            }
            match entry.value {
                Ok(value) => self.set(&entry.key, value, entry.place),
                Err(why) => problems.push(Problem::new(entry.place, format!("{}: {why}", entry.key))),
            }
        }
    }

    fn take_environment(&mut self, service: Service, sources: &Sources, problems: &mut Vec<Problem>) {
        let variables = &sources.environment;
        for row in ROWS.iter().filter(|row| row.is_for(service)) {
            let (name, file_name) = (row.environment(), format!("{}_FILE", row.environment()));
            let there = |name: &String| variables.get(name).filter(|value| !value.is_empty());
            let value = there(&name);
            let file = there(&file_name).filter(|_| row.secret);
            if value.is_some() && file.is_some() {
                let message = format!("{}: {file_name} is set too: unset one of them", row.key);
                problems.push(Problem::new(Place::Environment(name.clone()), message));
            }
            if let Some(value) = value {
                self.set(row.key, value.clone(), Place::Environment(name));
            } else if let Some(path) = file {
                self.set(&format!("{}{FILE}", row.key), path.clone(), Place::Environment(file_name));
            }
        }
        problems.extend(variables.keys().filter_map(|name| unknown_variable(name)));
    }
}

/// What a key of the file of a secret ends with.
const FILE: &str = "-file";

/// The row of a key, or of the key of a secret's file.
fn row_of(key: &str) -> Option<&'static Row> {
    let named = |name: &str| ROWS.iter().find(|row| row.key == name).copied();
    named(key).or_else(|| named(key.strip_suffix(FILE)?).filter(|row| row.secret))
}

/// A key or section that no service knows.
fn unknown(entry: &Entry) -> Option<Problem> {
    let name = |service: &Service| service.name();
    if let Some(section) = &entry.section
        && !Service::ALL.iter().any(|service| service.name() == section)
    {
        let known: Vec<&str> = Service::ALL.iter().map(name).collect();
        let message =
            format!("there is no section `[{}]`; there are {}", section.escape_debug(), known.join(", "));
        return Some(Problem::new(entry.place.clone(), message));
    }
    if entry.key.is_empty() || row_of(&entry.key).is_some() {
        return None;
    }
    let meant = did_you_mean(&entry.key, ROWS.iter().map(|row| row.key));
    let meant = meant.map(|key| format!("; did you mean `{key}`?")).unwrap_or_default();
    let message = format!("there is no setting `{}`{meant}", entry.key.escape_debug());
    Some(Problem::new(entry.place.clone(), message))
}

/// A secret and its file, both in one part of the file.
fn twice(entries: &[Entry]) -> Vec<Problem> {
    let has = |section: &Option<String>, key: &str| {
        entries.iter().any(|entry| entry.section == *section && entry.key == key)
    };
    let both = entries.iter().filter(|entry| {
        row_of(&entry.key).is_some_and(|row| row.key == entry.key)
            && has(&entry.section, &format!("{}{FILE}", entry.key))
    });
    both.map(|entry| {
        let message = format!("{0}: {0}{FILE} is set too: leave one of them out", entry.key);
        Problem::new(entry.place.clone(), message)
    })
    .collect()
}

/// A variable with our prefix that no service knows.
fn unknown_variable(name: &str) -> Option<Problem> {
    let rest = name.strip_prefix("MOCLOJER_")?;
    let known = |name: &str| ROWS.iter().any(|row| row.environment() == name);
    let file_of_secret = |name: &str| {
        let plain = name.strip_suffix("_FILE");
        plain.is_some_and(|plain| ROWS.iter().any(|row| row.secret && row.environment() == plain))
    };
    if name == CONFIG
        || known(name)
        || file_of_secret(name)
        || is_of_the_mock_server(rest)
        || is_of_kubernetes(rest)
    {
        return None;
    }
    let names: Vec<String> = ROWS.iter().map(|row| row.environment()).collect();
    let names = || names.iter().map(String::as_str);
    let meant = names().find(|name| *name == rest).or_else(|| did_you_mean(name, names()));
    let meant = meant.map(|name| format!("; did you mean {name}?")).unwrap_or_default();
    Some(Problem::new(Place::Environment(name.to_owned()), format!("there is no such setting{meant}")))
}

/// What the program `moclojer` reads when it serves files.
fn is_of_the_mock_server(rest: &str) -> bool {
    matches!(rest, "HOST" | "PORT" | "MOCKS" | "SENTRY_DSN")
}

/// Kubernetes tells every program of every service by variables that begin with the service's name.
fn is_of_kubernetes(rest: &str) -> bool {
    let of_port = |rest: &str| {
        rest.rsplit_once("PORT_").is_some_and(|(_, tail)| {
            let mut parts = tail.split('_');
            let number = parts.next().is_some_and(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
            number && matches!(parts.next(), Some("TCP" | "UDP" | "SCTP"))
        })
    };
    rest.ends_with("SERVICE_HOST")
        || rest.contains("SERVICE_PORT")
        || rest.ends_with("_PORT")
        || of_port(rest)
}
