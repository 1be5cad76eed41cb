//! A folder of this machine as an object store, for one writing process.
//!
//! An object is a file, its ETag the SHA-256 of what it holds. A put writes a file beside it (`name~`, which is no key
//! and so in no listing), makes it durable, renames it and makes the renaming durable: after a crash there is the old
//! object or the new one, whole. Conditions hold within this process, by one of a fixed number of locks that the file's
//! path chooses; who reads takes none. A key cannot be another one's folder: that put is refused.
//!
//! A listing reads again only what may have changed since the last one: servers list every few seconds.

use std::collections::HashMap;
use std::fs::{self, File, Metadata};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use bytes::Bytes;
use moclojer_core::ports::{Condition, ETag, Listed, Object, Put, Storage, StorageError, StorageKey};
use tokio::sync::Semaphore;

use super::{Limits, within};

/// How many calls wait for the disk at a time: one that hangs holds a thread for as long.
const AT_ONCE: usize = 32;

/// Of whom a put's condition and its writing keep others out: puts and deletes of the same file.
static LOCKS: [Mutex<()>; 64] = [const { Mutex::new(()) }; 64];

/// A file that was changed so lately may be changed again within the same tick of its clock.
const SETTLED: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(super) struct FileSystem {
    root: Arc<Path>,
    limits: Limits,
    calls: Arc<Semaphore>,
    tags: Arc<Mutex<Tags>>,
}

/// The ETags of what was listed, while the files are as they were then.
type Tags = HashMap<StorageKey, (Stamp, ETag)>;

/// What tells one state of a file from another: a put makes a new file, and no one can set the time of its last change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    device: u64,
    file: u64,
    size: u64,
    changed: (i64, i64),
}

impl Stamp {
    /// None while the file may change again without another stamp.
    fn of(metadata: &Metadata) -> Option<Self> {
        let changed = (metadata.ctime(), metadata.ctime_nsec());
        let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
        let settled =
            u64::try_from(changed.0).is_ok_and(|seconds| Duration::from_secs(seconds + 1) + SETTLED <= now);
        settled.then(|| Self { device: metadata.dev(), file: metadata.ino(), size: metadata.len(), changed })
    }
}

impl FileSystem {
    /// The store in a folder, which is made where there is none.
    pub(super) fn open(root: &Path, limits: Limits) -> io::Result<Self> {
        make_folder(root)?;
        // The locks go by path: one folder has one.
        let root = fs::canonicalize(root)?.into();
        Ok(Self { root, limits, calls: Arc::new(Semaphore::new(AT_ONCE)), tags: Arc::default() })
    }

    /// Does something on a thread that may wait for the disk. What was begun is finished, even if nobody waits for it.
    async fn on_disk<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Path) -> io::Result<T> + Send + 'static,
    ) -> Result<T, StorageError> {
        let (root, calls) = (Arc::clone(&self.root), Arc::clone(&self.calls));
        let permit = calls.acquire_owned().await.map_err(unavailable)?;
        let work = tokio::task::spawn_blocking(move || {
            let _until_done = permit;
            work(&root)
        });
        work.await.map_err(unavailable)?.map_err(storage_error)
    }
}

#[async_trait]
impl Storage for FileSystem {
    async fn get(&self, key: &StorageKey) -> Result<Option<Object>, StorageError> {
        let key = key.clone();
        let read = self.on_disk(move |root| {
            let bytes = read_if_there(&root.join(key.as_str()))?;
            Ok(bytes.map(|bytes| Object { etag: ETag::of(&bytes), bytes: bytes.into() }))
        });
        within(self.limits.other, read).await
    }

    async fn head(&self, key: &StorageKey) -> Result<Option<ETag>, StorageError> {
        let key = key.clone();
        let read = self.on_disk(move |root| etag_if_there(&root.join(key.as_str())));
        within(self.limits.other, read).await
    }

    async fn put(&self, key: &StorageKey, bytes: Bytes, condition: Condition) -> Result<Put, StorageError> {
        let key = key.clone();
        let write = self.on_disk(move |root| {
            let path = root.join(key.as_str());
            let _alone = lock_of(&path).lock().unwrap_or_else(PoisonError::into_inner);
            let holds = match condition {
                Condition::Always => true,
                Condition::IfMatch(etag) => etag_if_there(&path)? == Some(etag),
                Condition::IfAbsent => !is_file(&path)?,
            };
            if !holds {
                return Ok(Put::Refused);
            }
            write_whole(root, &path, &bytes)?;
            Ok(Put::Written(ETag::of(&bytes)))
        });
        within(self.limits.put, write).await
    }

    async fn list(&self, prefix: &str) -> Result<Vec<Listed>, StorageError> {
        let (prefix, tags) = (prefix.to_owned(), Arc::clone(&self.tags));
        let list = self.on_disk(move |root| {
            let known = tags.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let (listed, seen) = list_files(root, &prefix, &known)?;
            let mut tags = tags.lock().unwrap_or_else(PoisonError::into_inner);
            tags.retain(|key, _| !key.as_str().starts_with(&prefix));
            tags.extend(seen);
            Ok(listed)
        });
        within(self.limits.list, list).await
    }

    async fn delete(&self, key: &StorageKey) -> Result<(), StorageError> {
        let key = key.clone();
        let remove = self.on_disk(move |root| {
            let path = root.join(key.as_str());
            let _alone = lock_of(&path).lock().unwrap_or_else(PoisonError::into_inner);
            match fs::remove_file(&path) {
                Ok(()) => sync_folder_of(&path),
                Err(error) if is_absence(&error) => Ok(()),
                // A folder is no object.
                Err(_) if path.is_dir() => Ok(()),
                Err(error) => Err(error),
            }
        });
        within(self.limits.other, remove).await
    }
}

fn lock_of(path: &Path) -> &'static Mutex<()> {
    let mut hasher = DefaultHasher::new();
    path.hash(&mut hasher);
    let lock = hasher.finish() % LOCKS.len() as u64;
    &LOCKS[usize::try_from(lock).unwrap_or_default()]
}

fn read_if_there(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if is_absence(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

fn etag_if_there(path: &Path) -> io::Result<Option<ETag>> {
    Ok(read_if_there(path)?.map(|bytes| ETag::of(&bytes)))
}

fn is_file(path: &Path) -> io::Result<bool> {
    match fs::metadata(path) {
        Ok(metadata) => Ok(metadata.is_file()),
        Err(error) if is_absence(&error) => Ok(false),
        Err(error) => Err(error),
    }
}

/// No file there: nothing, a folder, or a file where a folder would be.
fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::IsADirectory)
}

/// The file beside an object that becomes it; `~` is in no key. A leftover of a crash is overwritten by the next put.
fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("~");
    name.into()
}

fn write_whole(root: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    // The root itself is not made again: a folder that was not mounted or was taken away is an error, not an empty store.
    fs::metadata(root)?;
    path.parent().map_or(Ok(()), make_folder)?;
    let new = beside(path);
    let mut file = File::create(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    drop(file);
    fs::rename(&new, path)?;
    sync_folder_of(path)
}

/// Makes a folder and those above it, each durable before something is put into it.
fn make_folder(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    path.parent().map_or(Ok(()), make_folder)?;
    match fs::create_dir(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists && path.is_dir() => {}
        made => made?,
    }
    sync_folder_of(path)
}

fn sync_folder_of(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

/// All files under the root whose keys begin with a prefix, and their tags for the next listing.
fn list_files(root: &Path, prefix: &str, known: &Tags) -> io::Result<(Vec<Listed>, Tags)> {
    let (mut listed, mut seen) = (Vec::new(), Tags::new());
    // Keys are at most 512 bytes, so that the folders that are gone through are not deeper than 256.
    let mut folders = vec![String::new()];
    // The root has to be there: a store that is away is no empty one.
    fs::metadata(root)?;
    while let Some(folder) = folders.pop() {
        let entries = match fs::read_dir(root.join(&folder)) {
            Ok(entries) => entries,
            Err(error) if is_absence(&error) && !folder.is_empty() => continue,
            Err(error) => return Err(error),
        };
        for entry in entries {
            let entry = entry?;
            let Some(name) = entry.file_name().to_str().map(|name| format!("{folder}{name}")) else {
                continue;
            };
            let Ok(key) = StorageKey::parse(name.as_str()) else { continue };
            let kind = entry.file_type()?;
            let below = format!("{name}/");
            if kind.is_dir() && (below.starts_with(prefix) || prefix.starts_with(&below)) {
                folders.push(below);
            } else if kind.is_file() && name.starts_with(prefix) {
                let Some((stamp, file)) = look_at(key, &entry.path(), known)? else { continue };
                if let Some(stamp) = stamp {
                    seen.insert(file.key.clone(), (stamp, file.etag.clone()));
                }
                listed.push(file);
            }
        }
    }
    Ok((listed, seen))
}

/// One file of a listing, read unless its tag is known; none where it was removed in between.
fn look_at(key: StorageKey, path: &Path, known: &Tags) -> io::Result<Option<(Option<Stamp>, Listed)>> {
    // Before it is read: what is put in between has another stamp at the next listing.
    let stamp = match fs::metadata(path) {
        Ok(metadata) => Stamp::of(&metadata),
        Err(error) if is_absence(&error) => return Ok(None),
        Err(error) => return Err(error),
    };
    if let (Some(stamp), Some((before, etag))) = (stamp, known.get(&key))
        && stamp == *before
    {
        return Ok(Some((Some(stamp), Listed { key, etag: etag.clone(), size: stamp.size })));
    }
    let bytes = read_if_there(path)?;
    Ok(bytes.map(|bytes| (stamp, Listed { key, etag: ETag::of(&bytes), size: bytes.len() as u64 })))
}

fn unavailable(error: impl std::error::Error + Send + Sync + 'static) -> StorageError {
    StorageError::Unavailable(error.into())
}

/// What the machine says may be over later, but for what is forbidden or cannot be.
fn storage_error(error: io::Error) -> StorageError {
    match error.kind() {
        ErrorKind::PermissionDenied
        | ErrorKind::ReadOnlyFilesystem
        | ErrorKind::InvalidFilename
        | ErrorKind::NotADirectory
        | ErrorKind::IsADirectory
        | ErrorKind::DirectoryNotEmpty
        | ErrorKind::AlreadyExists => StorageError::Refused(error.into()),
        _ => StorageError::Unavailable(error.into()),
    }
}
