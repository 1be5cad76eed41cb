//! One shard carried out: claim, read, write, commit, hint.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use moclojer_core::ports::{ETag, StorageError, StorageKey};
use moclojer_core::spec::host::HostPattern;
use moclojer_core::unify::{
    Document, NotProcessed, Position, ProcessedText, Revision, Shard, ShardId, Version, WriteError,
    write_shard,
};
use tokio::time::timeout;
use tracing::Instrument as _;

use super::files::FileJob;
use super::put::{PutError, Stood, Tries, Writing, put};
use super::{Shared, chain};
use crate::layout_file::shard_key;
use crate::messages::{self, UnifiedUpdated};
use crate::store::{Applied, Claim, StoreError, Wanted};

/// How many changed hosts a hint names at most.
const NAMED_HOSTS: usize = 100;
/// How often a commit is tried while the database does not answer.
const COMMITS: u32 = 3;
/// The pause between them.
const COMMIT_PAUSE: Duration = Duration::from_millis(100);
/// How long the bus may take for a hint.
const HINT: Duration = Duration::from_secs(1);

/// What came of a shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was written and recorded.
    Written,
    /// There was nothing to do, or somebody else does it.
    Nothing,
    /// It was given up for a while.
    Failed,
}

/// Why a shard was given up for a while.
#[derive(Debug, thiserror::Error)]
enum CarryError {
    #[error("the database was asked in vain")]
    Store(#[from] StoreError),
    #[error(transparent)]
    Put(#[from] PutError),
    #[error("the shard cannot be made")]
    Write(#[from] WriteError),
    #[error("what is served of a host whose stored text cannot be used could not be read")]
    Rescue(#[from] StorageError),
    #[error("the generator panicked over this shard")]
    Panic,
}

/// Claims a shard and carries it out.
pub(super) async fn carry(shared: &Shared, shard: ShardId) -> Outcome {
    let claim = match shared.query(shared.store.claim(shard, None, shared.settings.lease)).await {
        Ok(Some(claim)) => claim,
        Ok(None) => return Outcome::Nothing,
        Err(error) => {
            tracing::warn!(shard.id = %shard, error = %chain(&error), "a shard could not be claimed");
            return Outcome::Failed;
        }
    };
    let span = tracing::info_span!(
        "carry",
        shard.id = %shard,
        shard.generation = %claim.generation,
        ctx = tracing::field::Empty,
    );
    shared.held().insert(shard, claim);
    let carried = AssertUnwindSafe(carry_claimed(shared, shard)).catch_unwind().instrument(span).await;
    let outcome = match carried.unwrap_or(Err(CarryError::Panic)) {
        Ok(outcome) => outcome,
        Err(error) => {
            give_up(shared, shard, &error).await;
            Outcome::Failed
        }
    };
    shared.held().remove(&shard);
    outcome
}

/// Records why a shard waits. When even that fails, the claim ends by itself.
async fn give_up(shared: &Shared, shard: ShardId, error: &CarryError) {
    shared.metrics.failures.inc();
    let reason = chain(error);
    tracing::warn!(shard.id = %shard, error = %reason, "a shard was not written and waits");
    let claim = shared.held().get(&shard).cloned();
    if let Some(claim) = claim
        && let Err(error) = shared.query(shared.store.fail(&claim, &reason)).await
    {
        tracing::warn!(shard.id = %shard, error = %chain(&error), "the failure of a shard could not be recorded");
    }
}

async fn carry_claimed(shared: &Shared, shard: ShardId) -> Result<Outcome, CarryError> {
    let Some(mut claim) = shared.held().get(&shard).cloned() else {
        return Ok(Outcome::Nothing);
    };
    let mut tries = Tries::new(claim.etag.clone());
    loop {
        // Read after each claim: what has the higher generation was read later.
        let wanted = shared.query(shared.store.wanted(&claim)).await?;
        let prepared = Prepared::new(shared, &claim, &wanted).await?;
        if claim.etag.is_some() && prepared.applied.is_empty() {
            shared.query(shared.store.release(&claim)).await?;
            return Ok(Outcome::Nothing);
        }
        let writing = prepared.writing(&claim)?;
        watch_size(shared, &claim, writing.bytes.len());
        match put(shared, &writing, &mut tries).await? {
            Stood::Mine(etag) => {
                if !commit(shared, &claim, &etag, &prepared.applied).await? {
                    tracing::debug!(shard.id = %shard, "somebody else has the shard by now");
                    return Ok(Outcome::Nothing);
                }
                shared.metrics.writes.inc();
                tell(shared, &claim, &etag, &prepared.applied).await;
                hand_over_files(shared, &wanted);
                return Ok(Outcome::Written);
            }
            Stood::Above(found, etag) => {
                let again = shared.store.claim_again(&claim, found, shared.settings.lease);
                let Some(again) = shared.query(again).await? else {
                    return Ok(Outcome::Nothing);
                };
                tracing::warn!(
                    shard.id = %shard,
                    shard.found = %found,
                    "the store has a newer shard than the database knows: it is written over"
                );
                tries.known = Some(etag);
                shared.held().insert(shard, again.clone());
                claim = again;
            }
        }
    }
}

/// What a shard is made of.
struct Prepared<'w> {
    documents: Vec<(std::borrow::Cow<'w, ProcessedText>, Version, Revision)>,
    applied: Vec<Applied>,
}

impl<'w> Prepared<'w> {
    async fn new(shared: &Shared, claim: &Claim, wanted: &'w [Wanted]) -> Result<Self, CarryError> {
        let mut prepared = Self { documents: Vec::with_capacity(wanted.len()), applied: Vec::new() };
        let mut broken = Vec::new();
        for host in wanted {
            let revision = match &host.served {
                None => None,
                Some(served) => match &served.text {
                    Ok(text) => {
                        let text = std::borrow::Cow::Borrowed(text);
                        prepared.documents.push((text, host.version, served.revision));
                        Some(served.revision)
                    }
                    Err(why) => {
                        broken.push((host, why));
                        continue;
                    }
                },
            };
            if host.behind {
                prepared.applied.push(Applied { host: host.host.clone(), version: host.version, revision });
            }
        }
        if !broken.is_empty() && (claim.etag.is_none() || !prepared.applied.is_empty()) {
            prepared.documents.extend(rescue(shared, claim, &broken).await?);
        }
        Ok(prepared)
    }

    fn writing(&self, claim: &Claim) -> Result<Writing, WriteError> {
        let documents: Vec<Document<'_>> = self
            .documents
            .iter()
            .map(|(text, version, revision)| Document { text, version: *version, revision: *revision })
            .collect();
        let position = Position { layout: claim.layout, generation: claim.generation };
        let bytes = Bytes::from(write_shard(claim.shard, position, &documents)?);
        Ok(Writing { key: shard_key(claim.layout, claim.shard), shard: claim.shard, position, bytes })
    }
}

/// What stands of hosts whose stored text does not hold: it stays as it is. A row that was damaged takes down neither
/// its host nor the neighbours.
async fn rescue<'w>(
    shared: &Shared,
    claim: &Claim,
    broken: &[(&Wanted, &NotProcessed)],
) -> Result<Vec<(std::borrow::Cow<'w, ProcessedText>, Version, Revision)>, StorageError> {
    let object = shared.call(shared.storage.get(&shard_key(claim.layout, claim.shard))).await?;
    let shard = object.and_then(|object| Shard::parse(object.bytes).ok());
    let entries = shard.as_ref().map_or(&[][..], Shard::entries);
    let standing: HashMap<&HostPattern, _> = entries.iter().map(|entry| (&entry.host, entry)).collect();
    let mut rescued = Vec::new();
    for (host, why) in broken {
        shared.metrics.unreadable_texts.inc();
        let found = match standing.get(&host.host) {
            Some(entry) => {
                stored(&host.host, &entry.document).map(|text| (text, entry.version, entry.revision))
            }
            None => file_text(shared, host).await?,
        };
        tracing::error!(
            host.name = %host.host,
            host.version = %host.version,
            error = %why,
            host.stands = found.is_some(),
            "the stored text of a host cannot be served: what stands of it stays, an edit of its mock mends it"
        );
        rescued.extend(
            found.map(|(text, version, revision)| (std::borrow::Cow::Owned(text), version, revision)),
        );
    }
    Ok(rescued)
}

/// The text of a mock's own file, when its shard does not have it (any more). Its version is not known: zero, below all.
async fn file_text(
    shared: &Shared,
    host: &Wanted,
) -> Result<Option<(ProcessedText, Version, Revision)>, StorageError> {
    let Some(key) = host.file.as_ref().and_then(|file| StorageKey::parse(&*file.key).ok()) else {
        return Ok(None);
    };
    let object = shared.call(shared.storage.get(&key)).await?;
    let text = object.and_then(|object| stored(&host.host, &object.bytes));
    Ok(text.map(|text| (text, Version::new(0), Revision::new(0))))
}

fn stored(host: &HostPattern, bytes: &[u8]) -> Option<ProcessedText> {
    ProcessedText::stored(host.clone(), std::str::from_utf8(bytes).ok()?).ok()
}

fn watch_size(shared: &Shared, claim: &Claim, bytes: usize) {
    if bytes > shared.settings.large_shard_bytes {
        let largest = i64::try_from(bytes).unwrap_or(i64::MAX);
        if largest > shared.metrics.largest_shard_bytes.get() {
            shared.metrics.largest_shard_bytes.set(largest);
        }
        tracing::warn!(
            shard.id = %claim.shard,
            shard.bytes = bytes,
            "a shard is large: run `moclojer-generator reshard` with more shards"
        );
    }
}

/// Records a write, again while the database does not answer: it may have been recorded then, which is no harm.
async fn commit(
    shared: &Shared,
    claim: &Claim,
    etag: &ETag,
    applied: &[Applied],
) -> Result<bool, StoreError> {
    let mut tries = 0;
    loop {
        tries += 1;
        match shared.query(shared.store.commit(claim, etag, applied)).await {
            Err(error) if error.is_temporary() && tries < COMMITS => {
                tokio::time::sleep(COMMIT_PAUSE * tries).await;
            }
            answer => return answer,
        }
    }
}

/// Hurries mock servers and status streams.
async fn tell(shared: &Shared, claim: &Claim, etag: &ETag, applied: &[Applied]) {
    let ctx = shared.correlations.take(applied.iter().map(|applied| applied.host.as_str()));
    tracing::Span::current().record("ctx", &*ctx);
    let named = applied.len() <= NAMED_HOSTS;
    let message = UnifiedUpdated {
        layout: claim.layout.get(),
        shard: claim.shard.get(),
        generation: claim.generation.get(),
        etag: etag.as_str().to_owned(),
        hosts: named.then(|| applied.iter().map(|applied| applied.host.as_str().to_owned()).collect()),
    };
    tracing::debug!(
        shard.id = %claim.shard,
        shard.layout = %claim.layout,
        shard.generation = %claim.generation,
        hosts.changed = applied.len(),
        ctx,
        "a shard was written"
    );
    if !matches!(timeout(HINT, messages::send(&*shared.bus, &ctx, message)).await, Ok(Ok(()))) {
        shared.metrics.hints_lost.inc();
        tracing::debug!(shard.id = %claim.shard, ctx, "a hint was lost: servers see the shard by their listing");
    }
}

/// Has the own files of changed mocks written and removed, after everything that is served.
fn hand_over_files(shared: &Shared, wanted: &[Wanted]) {
    let changed = wanted.iter().filter(|host| host.behind);
    shared.files.add(&shared.metrics, changed.filter_map(FileJob::new));
}
