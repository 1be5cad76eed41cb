//! Which request a change came from: the correlation ids of hints, kept until the host is carried out.
//!
//! Only for logs and messages; one that is lost is replaced by a new one.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use uuid::Uuid;

/// How many hosts are remembered. Beyond it all are forgotten at once.
const KEPT: usize = 4_096;

#[derive(Debug, Default)]
pub(super) struct Correlations(Mutex<HashMap<String, String>>);

impl Correlations {
    pub(super) fn remember(&self, host: String, ctx: String) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= KEPT {
            known.clear();
        }
        known.insert(host, ctx);
    }

    /// The id for a write of these hosts: that of one of them, or a new one. They are forgotten.
    pub(super) fn take<'h>(&self, hosts: impl Iterator<Item = &'h str>) -> String {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = hosts.filter_map(|host| known.remove(host)).last();
        found.unwrap_or_else(|| Uuid::now_v7().to_string())
    }
}
