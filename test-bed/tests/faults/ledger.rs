//! What was asked and answered of every mock of a round, shared by clients and watchers.
//!
//! Holds a model of each mock ([`promises::Mock`]) with its history, which hosts were ever to be whose, and the faults.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use serde_json::Value;
use test_bed::promises::{Good, LATE, Lie, Mock, State, View};
use uuid::Uuid;

use super::world::lock;

/// How many faults a report shows.
const SHOWN_FAULTS: usize = 60;

/// What the api says of a mock, with how far it was carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) id: Uuid,
    pub(crate) view: View,
    pub(crate) status: String,
    pub(crate) serving: Option<u64>,
    pub(crate) updated: String,
}

impl Told {
    pub(crate) fn read(mock: &Value) -> Option<Self> {
        let text = |name: &str| mock[name].as_str().map(str::to_owned);
        let view = View {
            revision: mock["revision"].as_u64()?,
            token: token_of(mock["content"].as_str()?)?.to_owned(),
            name: text("wildcard")?,
            enabled: mock["enabled"].as_bool()?,
        };
        Some(Self {
            id: text("id")?.parse().ok()?,
            view,
            status: text("status")?,
            serving: mock["serving-revision"].as_u64(),
            updated: text("updated-at")?,
        })
    }
}

/// The token in a content, or in what is served of it.
pub(crate) fn token_of(text: &str) -> Option<&str> {
    Some(text.split_once('[')?.1.split_once(']')?.0)
}

/// The content of a token; one that is not valid names a path that is none.
pub(crate) fn content(token: &str, valid: bool) -> String {
    if valid {
        format!("- endpoint: {{path: /, response: {{body: '[{token}]'}}}}\n")
    } else {
        format!("- endpoint: {{path: nowhere}} # [{token}]\n")
    }
}

/// `mock/revision/chance`: which mock, and which revision at the least.
pub(crate) fn token(mock: usize, revision: u64, chance: u32) -> String {
    format!("{mock}/{revision}/{chance:08x}")
}

/// The mock and the revision that a token names.
pub(crate) fn named(token: &str) -> Option<(usize, u64)> {
    let mut parts = token.split('/');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// A mock of the round.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) id: Option<Uuid>,
    pub(crate) subdomain: String,
    /// Who asked for it, and may see it.
    pub(crate) client: usize,
    pub(crate) mock: Mock,
    /// Until when an unanswered creation may still be done: the name is not given up before.
    pub(crate) held_until: Duration,
    /// Whether anything but an edit was ever asked of it.
    pub(crate) moved: bool,
    tokens: BTreeSet<String>,
    history: Vec<(Duration, String)>,
}

/// What was counted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) asked: u64,
    pub(crate) acknowledged: u64,
    pub(crate) unanswered: u64,
    pub(crate) stale: u64,
    pub(crate) looks: u64,
    pub(crate) statuses: u64,
    pub(crate) faults: BTreeMap<String, u64>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) mocks: Vec<Entry>,
    /// Which mocks ever asked for a host, in that order.
    pub(crate) hosts: BTreeMap<String, Vec<usize>>,
    pub(crate) counts: Counts,
    faults: Vec<(Duration, String)>,
}

#[derive(Debug)]
pub(crate) struct Ledger {
    begin: Instant,
    inner: Mutex<Inner>,
}

impl Ledger {
    pub(crate) fn new() -> Self {
        let inner = Inner {
            mocks: Vec::new(),
            hosts: BTreeMap::new(),
            counts: Counts::default(),
            faults: Vec::new(),
        };
        Self { begin: Instant::now(), inner: Mutex::new(inner) }
    }

    /// How long the round runs.
    pub(crate) fn now(&self) -> Duration {
        self.begin.elapsed()
    }

    /// Everything, for a moment.
    pub(crate) fn with<T>(&self, act: impl FnOnce(&mut Inner) -> T) -> T {
        act(&mut lock(&self.inner))
    }

    /// Says that a fault begins or ends.
    pub(crate) fn fault(&self, text: impl Into<String>) {
        let at = self.now();
        self.with(|inner| inner.faults.push((at, text.into())));
    }

    /// Counts a fault of a kind.
    pub(crate) fn count_fault(&self, kind: &str) {
        self.with(|inner| *inner.counts.faults.entry(kind.to_owned()).or_default() += 1);
    }

    /// A new mock is to be asked for under this name. Its number, and its token.
    pub(crate) fn add(
        &self,
        client: usize,
        name: &str,
        subdomain: &str,
        host: String,
        chance: u32,
    ) -> (usize, String) {
        self.with(|inner| {
            let number = inner.mocks.len();
            let token = token(number, 1, chance);
            inner.hosts.entry(host).or_default().push(number);
            inner.mocks.push(Entry {
                id: None,
                subdomain: subdomain.to_owned(),
                client,
                mock: Mock::asked(State::first(&token, name)),
                held_until: Duration::ZERO,
                moved: false,
                tokens: BTreeSet::from([token.clone()]),
                history: Vec::new(),
            });
            (number, token)
        })
    }

    /// Acts on one mock and says what happened in its history; a lie comes back with all that led there.
    pub(crate) fn on<T>(
        &self,
        number: usize,
        what: impl Into<String>,
        act: impl FnOnce(&mut Entry) -> Result<T, Lie>,
    ) -> Result<T, String> {
        let at = self.now();
        self.with(|inner| {
            let entry = &mut inner.mocks[number];
            entry.history.push((at, what.into()));
            act(entry).map_err(|lie| inner.report(number, &lie.0))
        })
    }

    /// A report about a mock, with all that led there.
    pub(crate) fn report(&self, number: usize, what: &str) -> String {
        self.with(|inner| inner.report(number, what))
    }

    /// The faults so far.
    pub(crate) fn faults(&self) -> String {
        self.with(|inner| inner.shown_faults())
    }
}

impl Inner {
    fn report(&self, number: usize, what: &str) -> String {
        let history: String = self.mocks[number].history.iter().map(line).collect();
        format!("mock {number}: {what}\nits history:\n{history}\nthe faults:\n{}", self.shown_faults())
    }

    fn shown_faults(&self) -> String {
        let first = self.faults.len().saturating_sub(SHOWN_FAULTS);
        self.faults[first..].iter().map(line).collect()
    }
}

fn line((at, text): &(Duration, String)) -> String {
    format!("  {:>8.3} s  {text}\n", at.as_secs_f64())
}

impl Entry {
    /// A token that may be served from now on.
    pub(crate) fn may_serve(&mut self, token: &str) {
        self.tokens.insert(token.to_owned());
    }

    /// Whether a token was ever one of this mock that can be served.
    pub(crate) fn knows(&self, token: &str) -> bool {
        self.tokens.contains(token)
    }

    /// A creation was not answered.
    pub(crate) fn hold(&mut self, now: Duration) {
        self.held_until = now + LATE;
    }

    /// What is to be served when the api says this.
    pub(crate) fn good(&self, view: &View) -> Option<&Good> {
        self.mock.state(view.revision)?.good.as_ref().filter(|_| view.enabled)
    }
}
