//! Mocks' own files, `{owner}/{mock}/mock.yml`: written after everything that is served, one change of a host at a
//! time, the newest only.
//!
//! Nobody serves from them. What is late, lost or left over, also by two generators at once, the daily comparison puts
//! right.

use std::collections::{HashSet, VecDeque};
use std::panic::AssertUnwindSafe;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use futures_util::FutureExt;
use moclojer_core::ports::{Condition, Put, StorageKey};
use moclojer_core::spec::host::HostPattern;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::{GeneratorError, Shared, chain};
use crate::layout_file::mock_key;
use crate::store::{MockFile, Wanted};

/// How many files are written at once.
const AT_ONCE: usize = 8;
/// How many hosts wait at most; what comes then is left to the daily comparison.
const WAITING: usize = 1_024;

/// What is to become of a host's own file.
#[derive(Debug)]
pub(super) struct FileJob {
    host: HostPattern,
    /// Where it was last, as the database says.
    file: Option<MockFile>,
    /// What is to be there; none: no file.
    wanted: Option<(StorageKey, Bytes)>,
}

impl FileJob {
    /// None for a host whose stored text does not hold: its file stays as it is.
    pub(super) fn new(host: &Wanted) -> Option<Self> {
        let wanted = match &host.served {
            None => None,
            Some(served) => {
                let text = served.text.as_ref().ok()?;
                let key = mock_key(served.owner, served.mock.0).ok()?;
                Some((key, Bytes::copy_from_slice(text.as_str().as_bytes())))
            }
        };
        Some(Self { host: host.host.clone(), file: host.file.clone(), wanted })
    }

    /// Where it is to be; none: nowhere.
    pub(super) fn key(&self) -> Option<&StorageKey> {
        self.wanted.as_ref().map(|(key, _)| key)
    }

    /// How long it is to be.
    pub(super) fn size(&self) -> Option<u64> {
        self.wanted.as_ref().map(|(_, bytes)| bytes.len() as u64)
    }

    /// The last file, as the database says.
    pub(super) fn file(&self) -> Option<&MockFile> {
        self.file.as_ref()
    }

    fn is_nothing(&self) -> bool {
        self.wanted.is_none() && self.file.is_none()
    }

    /// The objects that it touches, so that a host's old name and its new one are not worked on at once.
    fn keys(&self) -> impl Iterator<Item = &str> {
        let last = self.file.as_ref().map(|file| &*file.key);
        self.key().map(StorageKey::as_str).into_iter().chain(last)
    }
}

/// Whether a key is that of a mock's own file; nothing else is ever removed here.
pub(super) fn is_mock_file(key: &StorageKey) -> bool {
    let mut parts = key.as_str().split('/');
    let is_id = |part: Option<&str>| part.is_some_and(|id| Uuid::try_parse(id).is_ok());
    is_id(parts.next()) && is_id(parts.next()) && parts.next() == Some("mock.yml") && parts.next().is_none()
}

/// Puts a host's file right. Gives where it is now.
pub(super) async fn put_right(shared: &Shared, job: &FileJob) -> Result<Option<MockFile>, GeneratorError> {
    let now = match &job.wanted {
        None => None,
        Some((key, bytes)) => {
            let put = shared.call(shared.storage.put(key, bytes.clone(), Condition::Always)).await?;
            match put {
                Put::Written(etag) => Some(MockFile { key: key.as_str().to_owned(), etag }),
                Put::Refused => return Ok(job.file.clone()),
            }
        }
    };
    if now != job.file {
        shared.query(shared.store.set_file(&job.host, now.as_ref())).await?;
    }
    // After the record: a leftover that nobody names is found by the daily comparison.
    if let Some(last) = &job.file
        && now.as_ref().is_none_or(|now| now.key != last.key)
    {
        remove(shared, last).await?;
    }
    Ok(now)
}

/// Removes a file that is as it was last recorded: with another tag it is another host's by now.
async fn remove(shared: &Shared, file: &MockFile) -> Result<(), GeneratorError> {
    let Some(key) = StorageKey::parse(&*file.key).ok().filter(is_mock_file) else {
        return Ok(());
    };
    if shared.call(shared.storage.head(&key)).await?.as_ref() == Some(&file.etag) {
        shared.call(shared.storage.delete(&key)).await?;
    }
    Ok(())
}

/// Files that wait, one job a host.
#[derive(Debug, Default)]
pub(super) struct Queue {
    waiting: Mutex<VecDeque<FileJob>>,
    added: Notify,
}

impl Queue {
    fn waiting(&self) -> MutexGuard<'_, VecDeque<FileJob>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds jobs; a newer one takes the place of an older one of its host.
    pub(super) fn add(&self, metrics: &super::Metrics, jobs: impl Iterator<Item = FileJob>) {
        let mut waiting = self.waiting();
        for job in jobs {
            if let Some(older) = waiting.iter_mut().find(|older| older.host == job.host) {
                *older = job;
            } else if waiting.len() < WAITING {
                waiting.push_back(job);
            } else {
                metrics.files_failed.inc();
            }
        }
        drop(waiting);
        self.added.notify_one();
    }

    /// Takes the first job that touches nothing that is being worked on.
    fn next(&self, busy: &HashSet<String>) -> Option<FileJob> {
        let mut waiting = self.waiting();
        // A host that never had a file, and needs none.
        waiting.retain(|job| !job.is_nothing() || busy.contains(job.host.as_str()));
        let is_free =
            |job: &FileJob| !busy.contains(job.host.as_str()) && !job.keys().any(|key| busy.contains(key));
        let place = waiting.iter().position(is_free)?;
        waiting.remove(place)
    }

    /// Tells a waiting job of the same host where the file is now.
    fn moved(&self, host: &HostPattern, file: Option<&MockFile>) {
        if let Some(job) = self.waiting().iter_mut().find(|job| job.host == *host) {
            job.file = file.cloned();
        }
    }

    fn is_empty(&self) -> bool {
        self.waiting().is_empty()
    }
}

/// Works on the files that wait until `closing` is told; then until none is left.
pub(super) async fn work(shared: std::sync::Arc<Shared>, mut closing: tokio::sync::watch::Receiver<bool>) {
    let mut running = JoinSet::new();
    let mut busy = HashSet::new();
    loop {
        while running.len() < AT_ONCE
            && let Some(job) = shared.files.next(&busy)
        {
            let names: Vec<String> =
                job.keys().map(str::to_owned).chain([job.host.as_str().to_owned()]).collect();
            busy.extend(names.iter().cloned());
            let shared = std::sync::Arc::clone(&shared);
            running.spawn(async move {
                let done = AssertUnwindSafe(one(&shared, &job)).catch_unwind().await;
                if let Ok(Some(now)) = done {
                    shared.files.moved(&job.host, now.as_ref());
                }
                names
            });
        }
        if *closing.borrow() && running.is_empty() && shared.files.is_empty() {
            return;
        }
        tokio::select! {
            Some(done) = running.join_next() => {
                for name in done.unwrap_or_default() {
                    busy.remove(&name);
                }
            }
            () = shared.files.added.notified() => {}
            Ok(()) = closing.changed() => {}
        }
    }
}

async fn one(shared: &Shared, job: &FileJob) -> Option<Option<MockFile>> {
    match put_right(shared, job).await {
        Ok(now) => Some(now),
        Err(error) => {
            shared.metrics.files_failed.inc();
            tracing::warn!(
                host.name = %job.host,
                error = %chain(&error),
                "a mock's own file was not put right: the daily comparison does it"
            );
            None
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at what it did not expect")]

    use super::*;

    #[test]
    fn only_files_of_mocks_are_taken_for_files_of_mocks() {
        let id = Uuid::now_v7();
        for (key, is) in [
            (format!("{id}/{id}/mock.yml"), true),
            ("layout.json".to_owned(), false),
            ("unified/1/2.yml".to_owned(), false),
            (format!("{id}/{id}/mock.yml/more"), false),
            (format!("{id}/{id}/other.yml"), false),
            (format!("{id}/mock.yml"), false),
            ("probe/1".to_owned(), false),
        ] {
            assert_eq!(is_mock_file(&StorageKey::parse(&*key).unwrap()), is, "{key}");
        }
    }
}
