//! What stands where in the object store: `layout.json`, the shards, and mocks' own files.

use std::num::NonZeroU32;

use moclojer_core::ports::{NotAKey, StorageKey};
use moclojer_core::unify::{Layout, LayoutNumber, ShardId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The key of `layout.json`.
const KEY: &str = "layout.json";
/// The version of `layout.json` that is known here.
const VERSION: u32 = 1;

/// `layout.json`: which layout is served, and of whom.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct LayoutFile {
    v: u32,
    /// The installation.
    pub installation: Uuid,
    /// The number of the layout.
    pub layout: u64,
    /// How many shards it has.
    pub shards: NonZeroU32,
    /// The salt of hosts' hashes, in hex.
    salt: String,
}

/// Without the salt.
impl std::fmt::Debug for LayoutFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LayoutFile")
            .field("installation", &self.installation)
            .field("layout", &self.layout)
            .field("shards", &self.shards)
            .finish_non_exhaustive()
    }
}

/// Why a `layout.json` cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NotALayout {
    /// It is no JSON of this kind.
    #[error("layout.json cannot be read")]
    Json(#[from] serde_json::Error),
    /// It is of a version that is not known here.
    #[error("layout.json is of version {0}, known is {VERSION}: a newer moclojer wrote it")]
    Version(u32),
    /// Its salt is no hex.
    #[error("the salt in layout.json is not 64 hex digits")]
    Salt,
}

impl LayoutFile {
    /// What is to be written for a layout.
    pub fn new(installation: Uuid, layout: LayoutNumber, shards: NonZeroU32, salt: &[u8; 32]) -> Self {
        let salt = salt.iter().map(|byte| format!("{byte:02x}")).collect();
        Self { v: VERSION, installation, layout: layout.get(), shards, salt }
    }

    /// The key that it stands under.
    ///
    /// # Panics
    /// Never: the key is fixed.
    pub fn key() -> StorageKey {
        StorageKey::parse(KEY).expect("a fixed key that fits")
    }

    /// Reads it.
    ///
    /// # Errors
    /// When it is none that is known here.
    pub fn read(bytes: &[u8]) -> Result<Self, NotALayout> {
        let file: Self = serde_json::from_slice(bytes)?;
        if file.v != VERSION {
            return Err(NotALayout::Version(file.v));
        }
        file.salt_bytes().ok_or(NotALayout::Salt)?;
        Ok(file)
    }

    /// Writes it.
    pub fn write(&self) -> Vec<u8> {
        serde_json::to_vec_pretty(self).unwrap_or_default()
    }

    /// The layout that it says.
    ///
    /// # Errors
    /// When its salt cannot be read; one that [`read`](Self::read) gave can.
    pub fn layout(&self) -> Result<Layout, NotALayout> {
        let salt = self.salt_bytes().ok_or(NotALayout::Salt)?;
        Ok(Layout::new(LayoutNumber::new(self.layout), self.shards, salt))
    }

    fn salt_bytes(&self) -> Option<Vec<u8>> {
        let digits = self.salt.as_bytes();
        if digits.len() != 64 || !digits.iter().all(u8::is_ascii_hexdigit) {
            return None;
        }
        let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
        digits.chunks(2).map(byte).collect()
    }
}

/// What all shards of a layout are under.
pub fn shards_prefix(layout: LayoutNumber) -> String {
    format!("unified/{layout}/")
}

/// The key of a shard.
///
/// # Panics
/// Never: numbers fit.
pub fn shard_key(layout: LayoutNumber, shard: ShardId) -> StorageKey {
    StorageKey::parse(format!("unified/{layout}/{shard}.yml")).expect("numbers make a key that fits")
}

/// Which shard of which layout a key names; none: it is no shard's key.
pub fn shard_of_key(key: &StorageKey) -> Option<(LayoutNumber, ShardId)> {
    let (layout, shard) = key.as_str().strip_prefix("unified/")?.split_once('/')?;
    Some((layout.parse().ok()?, shard.strip_suffix(".yml")?.parse().ok()?))
}

/// The key of a mock's own file.
///
/// # Errors
/// Never for ids; the type says what a key is.
pub fn mock_key(owner: Uuid, mock: Uuid) -> Result<StorageKey, NotAKey> {
    StorageKey::parse(format!("{owner}/{mock}/mock.yml"))
}
