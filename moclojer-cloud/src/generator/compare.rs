//! The daily comparison of mocks' own files with the database, both ways: what a host is to have, and what nobody has.
//!
//! A file that is being written meanwhile may be put right needlessly, or be missed until the next time.

use std::collections::HashMap;

use futures_util::StreamExt;
use moclojer_core::ports::{ETag, Listed, StorageKey};

use super::check::LISTING;
use super::files::{FileJob, is_mock_file, put_right};
use super::{GeneratorError, Shared, bucket, chain, within};

/// How many hosts are read at once.
const PAGE: u32 = 500;
/// How many files are put right at once.
const AT_ONCE: usize = 4;

/// Compares all files. The first error of the database or of a listing ends it; one of a single file does not.
pub(super) async fn compare(shared: &Shared) -> Result<(), GeneratorError> {
    bucket::verify(shared).await?;
    // The listing first: what it names and no host has afterwards is left over.
    let listed = within(LISTING, shared.storage.list("")).await?;
    let mut standing: HashMap<StorageKey, Listed> = listed
        .into_iter()
        .filter(|object| is_mock_file(&object.key))
        .map(|object| (object.key.clone(), object))
        .collect();
    let mut after = None;
    loop {
        let page = shared.query(shared.store.hosts(after.as_ref(), PAGE)).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.host.clone());
        for host in &page {
            if let Some(file) = &host.file
                && host.served.as_ref().is_some_and(|served| served.text.is_err())
                && let Ok(key) = StorageKey::parse(&*file.key)
            {
                // The last good text of a host whose row is damaged.
                standing.remove(&key);
            }
        }
        // Kept even when it is wrong: it is put right, not removed.
        let jobs: Vec<FileJob> = page.iter().filter_map(FileJob::new).collect();
        let mut wrong = Vec::new();
        for job in jobs {
            let found = job.key().and_then(|key| standing.remove(key));
            if !is_right(&job, found.as_ref()) {
                wrong.push(job);
            }
        }
        let mut mending = futures_util::stream::iter(wrong)
            .map(|job| async move { mended(shared, put_right(shared, &job).await.map(|_| ())) })
            .buffer_unordered(AT_ONCE);
        while mending.next().await.is_some() {}
    }
    let mut removing = futures_util::stream::iter(standing.into_values())
        .map(|left| async move { mended(shared, remove(shared, &left.key, &left.etag).await) })
        .buffer_unordered(AT_ONCE);
    while removing.next().await.is_some() {}
    Ok(())
}

/// Whether what stands is what was last recorded, and has the length of what is to be there.
fn is_right(job: &FileJob, found: Option<&Listed>) -> bool {
    match (job.key(), job.file(), found) {
        (None, None, _) => true,
        (Some(key), Some(file), Some(found)) => {
            file.key == key.as_str() && file.etag == found.etag && job.size() == Some(found.size)
        }
        _ => false,
    }
}

async fn remove(shared: &Shared, key: &StorageKey, etag: &ETag) -> Result<(), GeneratorError> {
    // Written since the listing: then somebody has it.
    if shared.call(shared.storage.head(key)).await?.as_ref() == Some(etag) {
        shared.call(shared.storage.delete(key)).await?;
    }
    Ok(())
}

fn mended(shared: &Shared, result: Result<(), GeneratorError>) {
    match result {
        Ok(()) => {
            shared.metrics.files_repaired.inc();
        }
        Err(error) => {
            shared.metrics.files_failed.inc();
            tracing::warn!(error = %chain(&error), "a mock's own file could not be put right");
        }
    }
}
