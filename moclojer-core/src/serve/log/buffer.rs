//! Lines on their way from a thread to the writer. Knows nothing of what a line says.

use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use super::lock;

/// A thread's buffer holds this much; lines beyond are left out until the writer has come by.
const MOST_BYTES: usize = 4 << 20;

/// From here on the writer should come at once.
const PRESSING_BYTES: usize = 256 << 10;

/// Storage that is kept for the next lines.
const KEPT_BYTES: usize = 64 << 10;

/// Lines of one thread, and how many it left out.
#[derive(Debug, Default)]
pub(super) struct Buffer {
    lines: Mutex<Lines>,
    left_out: [AtomicU64; 2],
}

#[derive(Debug, Default)]
struct Lines {
    text: Vec<u8>,
    /// When each line was made, and where it ends in the text.
    ends: Vec<(u64, usize)>,
}

impl Lines {
    /// Moves the first `count` lines to the end of `other`, which is empty.
    fn move_first(&mut self, count: usize, other: &mut Self) {
        let Some(&(_, bytes)) = count.checked_sub(1).and_then(|last| self.ends.get(last)) else {
            return;
        };
        other.text.extend(self.text.drain(..bytes));
        other.ends.extend(self.ends.drain(..count));
        for (_, end) in &mut self.ends {
            *end -= bytes;
        }
    }
}

impl Buffer {
    /// Adds the line that `write` writes: `None` when there is no room, true when the writer should come
    /// at once.
    pub(super) fn push(&self, stamp: u64, write: impl FnOnce(&mut Vec<u8>)) -> Option<bool> {
        let lines = &mut *lock(&self.lines);
        let before = lines.text.len();
        if before >= MOST_BYTES {
            return None;
        }
        write(&mut lines.text);
        lines.ends.push((stamp, lines.text.len()));
        Some(before < PRESSING_BYTES && lines.text.len() >= PRESSING_BYTES)
    }

    pub(super) fn leave_out(&self, kind: usize) {
        self.left_out[kind].fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn take_left_out(&self, kind: usize) -> u64 {
        // A load first: most of the time nothing was left out.
        if self.left_out[kind].load(Ordering::Relaxed) == 0 {
            return 0;
        }
        self.left_out[kind].swap(0, Ordering::Relaxed)
    }
}

thread_local! {
    /// This thread's buffers, by log.
    static MINE: RefCell<Vec<(u64, Arc<Buffer>)>> = const { RefCell::new(Vec::new()) };
}

/// Runs `work` on the calling thread's buffer for the log `id`; a new one is added to `all`.
pub(super) fn with_mine(id: u64, all: &Mutex<Vec<Arc<Buffer>>>, work: impl FnOnce(&Buffer)) {
    // Fails in a thread that is ending, whose last lines nobody misses.
    let _ = MINE.try_with(|mine| {
        let Ok(mut mine) = mine.try_borrow_mut() else {
            return;
        };
        if let Some((_, buffer)) = mine.iter().find(|(owner, _)| *owner == id) {
            return work(buffer);
        }
        // Buffers whose log has gone.
        mine.retain(|(_, buffer)| Arc::strong_count(buffer) > 1);
        let buffer = Arc::new(Buffer::default());
        lock(all).push(Arc::clone(&buffer));
        work(&buffer);
        mine.push((id, buffer));
    });
}

/// Lines of all threads, brought into the order of time.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    unsorted: Vec<u8>,
    /// Stamp, start and end of each line in `unsorted`.
    lines: Vec<(u64, usize, usize)>,
    sorted: Vec<u8>,
}

impl Gathered {
    /// Moves the lines of a buffer that were made up to `cutoff` here; false when later ones stay. With one
    /// cutoff for all buffers, no line is written before one that the same thread made earlier.
    pub(super) fn take(&mut self, buffer: &Buffer, cutoff: u64) -> bool {
        let mut taken = Lines::default();
        let whole = {
            let lines = &mut *lock(&buffer.lines);
            let count = lines.ends.partition_point(|&(stamp, _)| stamp <= cutoff);
            let whole = count == lines.ends.len();
            if whole && lines.text.len() > KEPT_BYTES {
                std::mem::swap(lines, &mut taken);
            } else {
                // Small: a copy is cheaper than new storage for the thread.
                lines.move_first(count, &mut taken);
            }
            whole
        };
        let base = self.unsorted.len();
        self.unsorted.append(&mut taken.text);
        let mut start = base;
        for (stamp, end) in taken.ends {
            self.lines.push((stamp, start, base + end));
            start = base + end;
        }
        whole
    }

    /// Orders what was taken. Each thread's lines are in order, which makes this a merge.
    pub(super) fn sort(&mut self) {
        self.lines.sort_by_key(|&(stamp, ..)| stamp);
        for &(_, start, end) in &self.lines {
            self.sorted.extend_from_slice(&self.unsorted[start..end]);
        }
    }

    /// Where a line is added after all others.
    pub(super) fn end(&mut self) -> &mut Vec<u8> {
        &mut self.sorted
    }

    pub(super) fn text(&self) -> &[u8] {
        &self.sorted
    }

    pub(super) fn clear(&mut self) {
        for text in [&mut self.unsorted, &mut self.sorted] {
            text.clear();
            text.shrink_to(KEPT_BYTES);
        }
        self.lines.clear();
        self.lines.shrink_to(KEPT_BYTES / 64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_several_threads_come_out_in_the_order_of_time() {
        let (one, other) = (Buffer::default(), Buffer::default());
        for (buffer, stamp, line) in
            [(&one, 1, "a\n"), (&one, 4, "d\n"), (&other, 2, "b\n"), (&other, 3, "c\n")]
        {
            assert_eq!(buffer.push(stamp, |out| out.extend_from_slice(line.as_bytes())), Some(false));
        }
        let mut gathered = Gathered::default();
        for (cutoff, expected) in [(3, "a\nb\nc\n"), (3, ""), (9, "d\n"), (9, "")] {
            let whole = gathered.take(&one, cutoff);
            assert_eq!(whole, cutoff == 9);
            assert!(gathered.take(&other, cutoff));
            gathered.sort();
            assert_eq!(gathered.text(), expected.as_bytes(), "{cutoff}");
            gathered.clear();
        }
    }

    #[test]
    fn a_full_buffer_takes_no_more_and_holds_no_more() {
        let buffer = Buffer::default();
        let line = [b'x'; 4096];
        let (mut taken, mut pressed) = (0_usize, 0);
        while let Some(pressing) = buffer.push(0, |out| out.extend_from_slice(&line)) {
            taken += line.len();
            pressed += usize::from(pressing);
        }
        assert_eq!(pressed, 1);
        assert!((MOST_BYTES..MOST_BYTES + line.len()).contains(&taken), "{taken}");
    }
}
