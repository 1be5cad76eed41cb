//! Times in rows of a table, and what the system says of a process.

use std::fs;
use std::time::Duration;

/// The head of the table.
pub(crate) fn head(what: &str) {
    println!("| {what} | median, ms | p99, ms | highest, ms |\n| --- | --- | --- | --- |");
}

/// A row of it.
pub(crate) fn row(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |part: usize| {
        times.get((times.len() * part).div_ceil(100).saturating_sub(1)).copied().unwrap_or_default()
    };
    let [median, p99, highest] = [at(50), at(99), at(100)].map(|time| time.as_secs_f64() * 1_000.0);
    println!("| {what} | {median:.1} | {p99:.1} | {highest:.1} |");
}

/// CPU time of all threads that a process has now.
pub(crate) fn cpu(process: u32) -> Duration {
    let threads = fs::read_dir(format!("/proc/{process}/task")).unwrap().flatten();
    let nanos = threads.filter_map(|thread| {
        let text = fs::read_to_string(thread.path().join("schedstat")).ok()?;
        text.split_ascii_whitespace().next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(nanos.sum())
}

/// A field of a process's status.
pub(crate) fn memory_mib(process: u32, field: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':')).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() >> 10
}
