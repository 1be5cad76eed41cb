//! A client: one person who makes, edits, renames, switches and deletes mocks, their own and those of a shared org,
//! one request after the other, and writes down what was answered.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, RngExt};
use reqwest::Method;
use serde_json::{Value, json};
use test_bed::promises::{Change, Mark};
use tokio::sync::watch;
use uuid::Uuid;

use super::api::{Answer, Api};
use super::ledger::{Ledger, content, token};
use super::world::World;

/// How long a request may go without an answer, however often it is asked again.
const PATIENCE: Duration = Duration::from_secs(120);
/// The pause before something is asked again.
const PAUSE: Duration = Duration::from_millis(50);

/// The org whose mocks all clients edit.
#[derive(Clone, Debug)]
pub(crate) struct Shared {
    pub(crate) org: Uuid,
    pub(crate) subdomain: String,
    pub(crate) mocks: Vec<usize>,
}

pub(crate) struct Client {
    pub(crate) number: usize,
    pub(crate) world: Arc<World>,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) api: Api,
    pub(crate) random: StdRng,
    pub(crate) subdomain: String,
    pub(crate) shared: Shared,
    pub(crate) own: Vec<usize>,
    pub(crate) names: usize,
    /// Names of mocks that are gone for certain.
    pub(crate) free: Vec<String>,
    /// Mocks that were ever to have another name.
    pub(crate) renamed: BTreeSet<usize>,
}

type Done = Result<(), String>;

impl Client {
    /// Makes so many mocks of its own.
    pub(crate) async fn prepare(mut self, count: usize) -> Result<Self, String> {
        for _ in 0..count {
            let name = self.name();
            let number = self.create(&name, None).await?;
            self.own.push(number);
        }
        Ok(self)
    }

    /// Works until there is calm and all its mocks were made.
    pub(crate) async fn work(mut self, quota: usize, pause_ms: u64, calm: watch::Receiver<bool>) -> Done {
        loop {
            let calm = *calm.borrow();
            if self.own.len() < quota && (calm || self.own.is_empty() || self.random.random_ratio(1, 6)) {
                let name = self.name();
                let number = self.create(&name, None).await?;
                self.own.push(number);
            } else if calm {
                return Ok(());
            } else {
                self.change().await?;
            }
            tokio::time::sleep(Duration::from_millis(self.random.random_range(0..=pause_ms))).await;
        }
    }

    /// A name that nobody has: a new one, or one that is free again.
    fn name(&mut self) -> String {
        if let Some(name) = self.free.pop() {
            return name;
        }
        self.names += 1;
        format!("c{}n{}", self.number, self.names)
    }

    async fn change(&mut self) -> Done {
        if self.random.random_ratio(1, 4) {
            return self.change_shared().await;
        }
        let living: Vec<usize> = self
            .ledger
            .with(|all| self.own.iter().copied().filter(|own| all.mocks[*own].mock.lives()).collect());
        let Some(&mock) = living.get(self.random.random_range(0..living.len().max(1))) else { return Ok(()) };
        match self.random.random_range(0..10) {
            0..5 => self.edit(mock).await,
            5 | 6 => self.rename(mock).await,
            7 | 8 => self.switch(mock).await,
            _ => self.delete(mock).await,
        }
    }

    async fn change_shared(&mut self) -> Done {
        let mock = self.shared.mocks[self.random.random_range(0..self.shared.mocks.len())];
        match self.random.random_range(0..10) {
            0..7 => self.edit(mock).await,
            7 => self.rename(mock).await,
            _ => self.look(mock).await,
        }
    }

    fn path(&self, mock: usize) -> String {
        let id = self.ledger.with(|all| all.mocks[mock].id);
        format!("/mocks/{}", id.unwrap_or_default())
    }

    fn mark(&self, mock: usize) -> Mark {
        let now = self.ledger.now();
        self.ledger.with(|all| {
            all.counts.asked += 1;
            all.mocks[mock].mock.mark(now)
        })
    }

    fn acknowledged(&self) {
        self.ledger.with(|all| all.counts.acknowledged += 1);
    }

    /// Something was not answered; fails when that lasts too long.
    async fn unanswered(&self, mock: usize, since: Duration) -> Done {
        self.ledger.with(|all| all.counts.unanswered += 1);
        if self.ledger.now() > since + PATIENCE {
            return Err(self.ledger.report(mock, "the api does not answer"));
        }
        tokio::time::sleep(PAUSE).await;
        Ok(())
    }

    fn unexpected(&self, mock: usize, answer: &Answer) -> String {
        self.ledger.report(mock, &format!("an answer that fits nothing that was asked: {answer}"))
    }

    /// Makes a mock, asking until it is answered. Its number.
    pub(crate) async fn create(&mut self, name: &str, org: Option<Uuid>) -> Result<usize, String> {
        let subdomain = if org.is_some() { &self.shared.subdomain } else { &self.subdomain };
        let host = self.world.host(name, subdomain);
        let (mock, token) = self.ledger.add(self.number, name, subdomain, host, self.random.next_u32());
        let mut body = json!({"wildcard": name, "content": content(&token, true)});
        if let Some(org) = org {
            body["org-id"] = json!(org);
        }
        let begin = self.ledger.now();
        loop {
            let mark = self.mark(mock);
            let answer = self.api.mock(Method::POST, "/mocks", Some(&body)).await;
            let what = format!("client {} creates {name} [{token}]: {answer}", self.number);
            match answer {
                Answer::Mock(told) => {
                    self.acknowledged();
                    self.ledger.on(mock, what, |entry| {
                        entry.id = Some(told.id);
                        entry.mock.told(&mark, &told.view)
                    })?;
                    return Ok(mock);
                }
                Answer::None => {
                    let now = self.ledger.now();
                    self.ledger.on(mock, what, |entry| {
                        entry.hold(now);
                        Ok(())
                    })?;
                    self.unanswered(mock, begin).await?;
                }
                other => return Err(self.unexpected(mock, &other)),
            }
        }
    }

    async fn edit(&mut self, mock: usize) -> Done {
        let from = self.ledger.with(|all| all.mocks[mock].mock.revision());
        let token = token(mock, from + 1, self.random.next_u32());
        let valid = !self.random.random_ratio(1, 12);
        let body = json!({"content": content(&token, valid), "if-revision": from});
        if valid {
            self.ledger.with(|all| all.mocks[mock].may_serve(&token));
        }
        self.put(mock, from, Change::Edit { token, valid }, body).await
    }

    async fn rename(&mut self, mock: usize) -> Done {
        let (from, now, first, subdomain) = self.ledger.with(|all| {
            let entry = &all.mocks[mock];
            let name =
                |revision| entry.mock.state(revision).map(|state| state.name.clone()).unwrap_or_default();
            let from = entry.mock.revision();
            (from, name(from), name(1), entry.subdomain.clone())
        });
        self.renamed.insert(mock);
        let name = if first != now && self.random.random_ratio(1, 3) {
            first
        } else {
            self.names += 1;
            format!("c{}n{}", self.number, self.names)
        };
        let host = self.world.host(&name, &subdomain);
        self.ledger.with(|all| {
            all.mocks[mock].moved = true;
            all.hosts.entry(host).or_default().push(mock);
        });
        let body = json!({"wildcard": name, "if-revision": from});
        self.put(mock, from, Change::Rename(name), body).await
    }

    /// Asks for a change of a revision, until it is known what became of it or, at times, only what is newest.
    async fn put(&mut self, mock: usize, from: u64, change: Change, body: Value) -> Done {
        let path = self.path(mock);
        let begin = self.ledger.now();
        self.ledger.with(|all| all.mocks[mock].mock.ask(from, change.clone()));
        loop {
            let mark = self.mark(mock);
            let answer = self.api.mock(Method::PUT, &path, Some(&body)).await;
            let what = format!("client {} asks {change:?} of revision {from}: {answer}", self.number);
            match answer {
                Answer::Mock(told) => {
                    self.acknowledged();
                    return self
                        .ledger
                        .on(mock, what, |entry| entry.mock.done(&mark, from, &change, &told.view));
                }
                Answer::Stale(told) => {
                    self.ledger.with(|all| all.counts.stale += 1);
                    return self.ledger.on(mock, what, |entry| entry.mock.stale(&mark, from, &told.view));
                }
                Answer::Gone => return self.ledger.on(mock, what, |entry| entry.mock.told_gone(&mark)),
                Answer::None => {
                    self.ledger.on(mock, what, |_| Ok(()))?;
                    self.unanswered(mock, begin).await?;
                    if self.random.random_bool(0.5) {
                        return self.look(mock).await;
                    }
                }
                other => return Err(self.unexpected(mock, &other)),
            }
        }
    }

    async fn look(&mut self, mock: usize) -> Done {
        let path = self.path(mock);
        let begin = self.ledger.now();
        loop {
            let mark = self.mark(mock);
            let answer = self.api.mock(Method::GET, &path, None).await;
            let what = format!("client {} looks: {answer}", self.number);
            match answer {
                Answer::Mock(told) => {
                    return self.ledger.on(mock, what, |entry| entry.mock.told(&mark, &told.view));
                }
                Answer::Gone => return self.ledger.on(mock, what, |entry| entry.mock.told_gone(&mark)),
                Answer::None => self.unanswered(mock, begin).await?,
                other => return Err(self.unexpected(mock, &other)),
            }
        }
    }

    async fn switch(&mut self, mock: usize) -> Done {
        let enabled = self.ledger.with(|all| all.mocks[mock].mock.enabled());
        let to = enabled == self.random.random_ratio(1, 5);
        let path = format!("{}/{}", self.path(mock), if to { "publish" } else { "unpublish" });
        let begin = self.ledger.now();
        loop {
            let asked = self.ledger.now();
            self.ledger.with(|all| {
                all.mocks[mock].moved = true;
                all.mocks[mock].mock.ask_switch(to, asked);
            });
            let mark = self.mark(mock);
            let answer = self.api.mock(Method::POST, &path, None).await;
            let what = format!("client {} switches to {to}: {answer}", self.number);
            match answer {
                Answer::Mock(told) => {
                    self.acknowledged();
                    return self
                        .ledger
                        .on(mock, what, |entry| entry.mock.switched(&mark, to, asked, &told.view));
                }
                Answer::Gone => return self.ledger.on(mock, what, |entry| entry.mock.told_gone(&mark)),
                Answer::None => {
                    self.ledger.on(mock, what, |_| Ok(()))?;
                    self.unanswered(mock, begin).await?;
                    if self.random.random_bool(0.5) {
                        return Ok(());
                    }
                }
                other => return Err(self.unexpected(mock, &other)),
            }
        }
    }

    async fn delete(&mut self, mock: usize) -> Done {
        let begin = self.ledger.now();
        let (revision, held, first) = self.ledger.with(|all| {
            let entry = &all.mocks[mock];
            let first = entry.mock.state(1).map(|state| state.name.clone());
            (entry.mock.revision(), entry.held_until > begin, first)
        });
        if held {
            return self.look(mock).await;
        }
        let condition =
            if self.random.random_bool(0.5) { format!("?if-revision={revision}") } else { String::new() };
        let path = format!("{}{condition}", self.path(mock));
        loop {
            let asked = self.ledger.now();
            self.ledger.with(|all| {
                all.mocks[mock].moved = true;
                all.mocks[mock].mock.ask_delete(asked);
            });
            let mark = self.mark(mock);
            let answer = self.api.mock(Method::DELETE, &path, None).await;
            let what = format!("client {} deletes{condition}: {answer}", self.number);
            match answer {
                Answer::Done | Answer::Gone => {
                    self.acknowledged();
                    self.ledger.on(mock, what, |entry| {
                        entry.mock.told_gone(&mark)?;
                        Ok(())
                    })?;
                    self.free.extend(first.filter(|_| !self.renamed.contains(&mock)));
                    return Ok(());
                }
                Answer::Stale(told) => {
                    self.ledger.with(|all| all.counts.stale += 1);
                    return self.ledger.on(mock, what, |entry| entry.mock.stale(&mark, revision, &told.view));
                }
                Answer::None => {
                    self.ledger.on(mock, what, |_| Ok(()))?;
                    self.unanswered(mock, begin).await?;
                }
                other => return Err(self.unexpected(mock, &other)),
            }
        }
    }
}
