//! What must hold at every moment of a round, also amid faults.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use moclojer_cloud::layout_file::{LayoutFile, shard_key};
use moclojer_core::spec::host::HostPattern;
use moclojer_core::unify::Shard;
use rand::RngExt;
use rand::rngs::StdRng;
use reqwest::{Method, StatusCode};

use super::api::{Answer, Api};
use super::ledger::{Ledger, Told, named, token_of};
use super::world::World;

/// Looks at hosts, one after the other, for ever: none shows another mock's content, none goes back to an older
/// revision while the mock server lives, and none of which nobody asked anything but edits disappears once it was shown;
/// `conditional`: not even when the mock server begins anew.
pub(crate) async fn watch_hosts(
    world: Arc<World>,
    ledger: Arc<Ledger>,
    mut random: StdRng,
    conditional: bool,
) -> Result<(), String> {
    let client = reqwest::Client::builder().timeout(Duration::from_secs(5)).build().unwrap();
    let mut seen = HashMap::new();
    let mut ever = HashSet::new();
    let mut life = world.life();
    loop {
        tokio::time::sleep(Duration::from_millis(4)).await;
        let count = ledger.with(|all| all.hosts.len());
        let host = ledger.with(|all| all.hosts.keys().nth(random.random_range(0..count.max(1))).cloned());
        let Some(host) = host else { continue };
        if world.life() != life {
            life = world.life();
            seen.clear();
        }
        let answer = ask_host(&client, &world, &host).await;
        let Some((status, text)) = answer.filter(|_| world.life() == life) else { continue };
        let shown = look(&ledger, &host, status, &text)?;
        let last = seen.get(&host).copied();
        match shown {
            Some(shown) if last.is_some_and(|last| shown < last) => {
                let (mock, _) = token_of(&text).and_then(named).unwrap_or_default();
                return Err(ledger.report(mock, &format!("{host} went back from {last:?} to {shown:?}")));
            }
            Some(shown) => {
                ever.insert(host.clone());
                seen.insert(host, shown);
            }
            None => {
                let stands = conditional && status == StatusCode::NOT_FOUND && ever.contains(&host);
                if let Some(mock) = only_edited(&ledger, &host).filter(|_| last.is_some() || stands) {
                    let wrong = format!("{host} was shown, and answers {status}, though it was only edited");
                    return Err(ledger.report(mock, &wrong));
                }
            }
        }
    }
}

/// The one mock that ever was to have a host, when nothing but edits was asked of it.
fn only_edited(ledger: &Ledger, host: &str) -> Option<usize> {
    ledger.with(|all| match all.hosts.get(host).map(Vec::as_slice) {
        Some(&[mock]) => (!all.mocks[mock].moved).then_some(mock),
        _ => None,
    })
}

/// What a host answers.
pub(crate) async fn ask_host(
    client: &reqwest::Client,
    world: &World,
    host: &str,
) -> Option<(StatusCode, String)> {
    let response = client.get(world.mocks_url()).header("host", host).send().await.ok()?;
    Some((response.status(), response.text().await.ok()?))
}

/// Which of the host's mocks is shown, and at which revision; an error where it is none of them.
fn look(ledger: &Ledger, host: &str, status: StatusCode, text: &str) -> Result<Option<(usize, u64)>, String> {
    ledger.with(|all| all.counts.looks += 1);
    match status {
        StatusCode::NOT_FOUND | StatusCode::SERVICE_UNAVAILABLE => return Ok(None),
        StatusCode::OK => {}
        _ => return Err(format!("{host} answers {status}: {text}")),
    }
    let shown = token_of(text).and_then(|token| Some((token, named(token)?)));
    let Some((token, (mock, revision))) = shown else {
        return Err(format!("{host} shows what nobody wrote: {text}"));
    };
    let place = ledger.with(|all| {
        let place = all.hosts.get(host)?.iter().position(|taker| *taker == mock)?;
        all.mocks.get(mock)?.knows(token).then_some(place)
    });
    match place {
        Some(place) => Ok(Some((place, revision))),
        None => Err(ledger.report(mock, &format!("{host} shows content of it that it should not: {text}"))),
    }
}

/// Looks at statuses: what is `published` stands in the store at that revision or newer, what is `offline` does not.
///
/// The status is asked, the store is read past all faults, and the status is asked again: if nothing changed between
/// the two, what was said held while the store was read.
pub(crate) async fn watch_statuses(
    world: Arc<World>,
    ledger: Arc<Ledger>,
    apis: Vec<Api>,
    mut random: StdRng,
) -> Result<(), String> {
    loop {
        tokio::time::sleep(Duration::from_millis(20)).await;
        let picked = ledger.with(|all| {
            let count = all.mocks.len();
            let mock = random.random_range(0..count.max(1));
            let entry = all.mocks.get(mock)?;
            Some((mock, entry.id?, entry.subdomain.clone(), entry.client))
        });
        let Some((mock, id, subdomain, client)) = picked else { continue };
        let Some(api) = apis.get(client) else { continue };
        let path = format!("/mocks/{id}");
        let Answer::Mock(first) = api.mock(Method::GET, &path, None).await else { continue };
        if !matches!(first.status.as_str(), "published" | "offline") {
            continue;
        }
        let host = world.host(&first.view.name, &subdomain);
        let stands = Stored::read(&world)?.revision_of(&host)?;
        let Answer::Mock(second) = api.mock(Method::GET, &path, None).await else { continue };
        if first != second {
            continue;
        }
        ledger.with(|all| all.counts.statuses += 1);
        if let Some(wrong) = contradiction(&first, stands) {
            return Err(ledger.report(mock, &format!("{host}: {wrong}")));
        }
    }
}

/// What of a status is not so.
pub(crate) fn contradiction(told: &Told, stands: Option<u64>) -> Option<String> {
    match told.status.as_str() {
        "published" if stands.is_none() || stands < told.serving => Some(format!(
            "its status is published with revision {:?}, and in the store stands {stands:?}",
            told.serving
        )),
        "offline" if stands.is_some() => {
            Some(format!("its status is offline, and in the store stands revision {stands:?}"))
        }
        _ => None,
    }
}

/// The store as it is, past all faults.
pub(crate) struct Stored<'w> {
    world: &'w World,
    file: LayoutFile,
}

impl<'w> Stored<'w> {
    pub(crate) fn read(world: &'w World) -> Result<Self, String> {
        let bytes = std::fs::read(world.store.bucket().join("layout.json"));
        let bytes =
            bytes.map_err(|error| format!("a status was told while there is no layout.json: {error}"))?;
        let file = LayoutFile::read(&bytes).map_err(|error| error.to_string())?;
        Ok(Self { world, file })
    }

    /// The revision of a host that stands in the layout that is served.
    pub(crate) fn revision_of(&self, host: &str) -> Result<Option<u64>, String> {
        let layout = self.file.layout().map_err(|error| error.to_string())?;
        let pattern = HostPattern::parse(host).map_err(|problem| problem.message)?;
        let shard = self.shard(&shard_key(layout.number(), layout.shard_of(&pattern)).to_string())?;
        Ok(shard.entries().iter().find(|entry| entry.host == pattern).map(|entry| entry.revision.get()))
    }

    fn shard(&self, key: &str) -> Result<Shard, String> {
        let bytes = std::fs::read(self.world.store.bucket().join(key));
        let bytes = bytes.map_err(|error| format!("{key} of the served layout is not there: {error}"))?;
        Shard::parse(Bytes::from(bytes)).map_err(|error| format!("{key} cannot be read: {error}"))
    }

    /// All hosts that stand there, with their revisions.
    pub(crate) fn all(&self) -> Result<HashMap<String, u64>, String> {
        let layout = self.file.layout().map_err(|error| error.to_string())?;
        let mut all = HashMap::new();
        for id in layout.shards() {
            let shard = self.shard(&shard_key(layout.number(), id).to_string())?;
            all.extend(
                shard.entries().iter().map(|entry| (entry.host.as_str().to_owned(), entry.revision.get())),
            );
        }
        Ok(all)
    }
}
