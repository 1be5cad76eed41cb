//! What the system says a process has used: CPU time and memory, read from `/proc`.
//!
//! Knows process ids, not what runs in them.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

/// CPU time of all threads that live in the process, user and system together.
///
/// Threads that have ended are not in it: a server whose threads come and go reads low. A thread
/// that runs right now may lag by one tick, so read it from a server at rest.
pub(crate) fn cpu_time(pid: u32) -> Result<Duration> {
    let threads = format!("/proc/{pid}/task");
    let mut total = Duration::ZERO;
    for thread in fs::read_dir(&threads).with_context(|| format!("cannot list {threads}"))? {
        let file = thread?.path().join("schedstat");
        // A thread may end after it was listed.
        let Ok(text) = fs::read_to_string(&file) else {
            continue;
        };
        let nanos = text.split_ascii_whitespace().next().and_then(|word| word.parse().ok());
        let nanos = nanos.with_context(|| format!("{} does not begin with a number", file.display()))?;
        total = total.saturating_add(Duration::from_nanos(nanos));
    }
    ensure!(total > Duration::ZERO, "{threads} says nothing of CPU time; was the kernel built with it?");
    Ok(total)
}

/// Memory that is the process's own: anonymous pages in use, in bytes.
///
/// Buffers of sockets belong to the kernel and are not in it.
pub(crate) fn anonymous_bytes(pid: u32) -> Result<u64> {
    let file = format!("/proc/{pid}/smaps_rollup");
    let text = fs::read_to_string(&file).with_context(|| format!("cannot read {file}"))?;
    let kib = field(&text, "Anonymous:").with_context(|| format!("{file} has no `Anonymous:`"))?;
    Ok(kib.saturating_mul(1024))
}

fn field(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_ascii_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_process_has_time_and_memory() {
        let pid = std::process::id();
        assert!(anonymous_bytes(pid).expect("this process exists") > 0);
        // Threads of other tests end and take their time with them: until more than that was used.
        let before = cpu_time(pid).expect("this process runs");
        let mut sum = 0_u64;
        let passed = (0..).any(|round: u64| {
            sum = std::hint::black_box(sum.wrapping_add(round));
            round.is_multiple_of(100_000) && cpu_time(pid).expect("this process runs") > before
        });
        assert!(passed, "work takes CPU time");
    }

    #[test]
    fn field_is_found_by_its_whole_name() {
        let text = "Rss:  20 kB\nPss_Anon: 3 kB\nAnonymous:     116 kB\n";
        assert_eq!(field(text, "Anonymous:"), Some(116));
        assert_eq!(field(text, "Swap:"), None);
    }
}
