//! Which hosts are compiled, bounded by about how many bytes that takes. When it is full, the host that was longest
//! not asked for gives way, by second chance: going round, one that was used since the last time stays once more.
//!
//! Its lock is taken when something is compiled or swapped, never by a request that finds its block.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::host::Host;

/// About how many bytes a block takes besides what grows with its text. The bench `hosted` says what it takes indeed.
const BLOCK_BYTES: usize = 2 << 10;
/// About how many bytes a block takes for each byte of text.
const BYTES_A_BYTE: usize = 4;

/// The ticket of a host that is not on the shelf.
const NONE: u64 = 0;
/// The ticket of a host that left the table, and does not come onto the shelf again.
const RETIRED: u64 = u64::MAX;

/// The compiled hosts, in the order in which they give way.
#[derive(Debug)]
pub(super) struct Shelf {
    most_bytes: usize,
    row: Mutex<Row>,
}

#[derive(Debug, Default)]
struct Row {
    hosts: BTreeMap<u64, Arc<Host>>,
    last_ticket: u64,
    bytes: usize,
}

impl Shelf {
    pub(super) fn new(most_bytes: usize) -> Self {
        Self { most_bytes, row: Mutex::default() }
    }

    /// How many there are, and about how many bytes they take.
    pub(super) fn counts(&self) -> (usize, usize) {
        let row = self.row();
        (row.hosts.len(), row.bytes)
    }

    /// Takes in a host that was just compiled; others may lose their blocks for it.
    pub(super) fn keep(&self, host: &Arc<Host>) {
        let mut row = self.row();
        if host.ticket.load(Ordering::Relaxed) == RETIRED {
            return;
        }
        row.take_out(host);
        row.put_last(Arc::clone(host));
        // Everyone may stay once, so nobody does the second time round.
        let mut chances = row.hosts.len();
        while row.bytes > self.most_bytes && row.hosts.len() > 1 {
            let Some((_, first)) = row.hosts.pop_first() else {
                return;
            };
            row.bytes = row.bytes.saturating_sub(cost(&first));
            let stays = chances > 0 && first.used.swap(false, Ordering::Relaxed);
            chances = chances.saturating_sub(1);
            if stays || Arc::ptr_eq(&first, host) {
                row.put_last(first);
            } else {
                first.ticket.store(NONE, Ordering::Relaxed);
                first.set_block(None);
            }
        }
    }

    /// A host has left the table.
    pub(super) fn retire(&self, host: &Arc<Host>) {
        let mut row = self.row();
        row.take_out(host);
        host.ticket.store(RETIRED, Ordering::Relaxed);
    }

    fn row(&self) -> MutexGuard<'_, Row> {
        self.row.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Row {
    fn put_last(&mut self, host: Arc<Host>) {
        self.last_ticket += 1;
        host.ticket.store(self.last_ticket, Ordering::Relaxed);
        self.bytes += cost(&host);
        self.hosts.insert(self.last_ticket, host);
    }

    fn take_out(&mut self, host: &Host) {
        if self.hosts.remove(&host.ticket.load(Ordering::Relaxed)).is_some() {
            self.bytes = self.bytes.saturating_sub(cost(host));
        }
    }
}

fn cost(host: &Host) -> usize {
    BLOCK_BYTES + host.text.len().saturating_mul(BYTES_A_BYTE)
}
