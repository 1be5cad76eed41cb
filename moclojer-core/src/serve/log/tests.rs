//! The log as a whole: budgets, order, an output that is stuck.

#![expect(clippy::unwrap_used, reason = "a test may stop at what it did not expect")]

use std::sync::mpsc::{Receiver, channel};

use http::{HeaderMap, Method, StatusCode, Uri};

use super::*;
use crate::respond::Headers;

#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        lock(&self.0).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Written {
    fn text(&self) -> String {
        String::from_utf8(lock(&self.0).clone()).unwrap()
    }

    fn json(&self) -> Vec<serde_json::Value> {
        self.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

/// An output that writes nothing until it is let go.
struct Stuck {
    written: Written,
    gate: Receiver<()>,
}

impl Write for Stuck {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Open for good once the other end has gone.
        let _ = self.gate.recv();
        self.written.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn log(requests: Requests) -> (Log, Written) {
    let written = Written::default();
    (Log::new(Format::Json, false, requests, Box::new(written.clone())).unwrap(), written)
}

fn note(log: &Log, path: &str, outcome: Outcome) {
    let (method, target, headers) = (Method::GET, path.parse::<Uri>().unwrap(), HeaderMap::new());
    let request = Request { method: &method, target: &target, headers: &headers, peer: None };
    let headers = Headers::Made(Vec::new());
    let answer = Answer { status: StatusCode::OK, headers, body: bytes::Bytes::new(), outcome };
    log.request(&request, &answer, Instant::now(), || None);
}

#[test]
fn only_the_first_few_misses_of_a_second_are_asked_what_would_change_them() {
    let second = 1_000_000_000;
    let suggestions = super::Suggestions::default();
    let admitted = |stamp: u64| (0..100).filter(|_| suggestions.admit(stamp)).count();
    assert_eq!(admitted(7 * second + 1), 5);
    assert_eq!(admitted(8 * second - 1), 0);
    assert_eq!(admitted(8 * second), 5);
    assert_eq!(admitted(1_000_000 * second), 5);
}

/// Lines of matched and unmatched requests, and what the closing lines count of each.
fn counts(lines: &[serde_json::Value]) -> ([u64; 2], [u64; 2], u64) {
    let (mut logged, mut left_out, mut closings) = ([0; 2], [0; 2], 0);
    for line in lines {
        match line["msg"].as_str().unwrap() {
            "request" => logged[0] += 1,
            "no endpoint matches" => logged[1] += 1,
            _ => {
                closings += 1;
                for (count, name) in left_out.iter_mut().zip(["matched", "unmatched"]) {
                    *count += line[name].as_str().unwrap().parse::<u64>().unwrap();
                }
            }
        }
    }
    (logged, left_out, closings)
}

#[test]
fn a_sample_keeps_its_two_budgets_and_counts_the_rest_apart() {
    let (log, written) = log(Requests::Sample);
    let begun = Instant::now();
    for index in 0..3_000 {
        note(&log, "/", Outcome::Own);
        if index < 500 {
            note(&log, "/", Outcome::Unmatched(Vec::new()));
        }
    }
    let in_one_second = begun.elapsed() < Duration::from_millis(900);
    drop(log);
    let (logged, left_out, closings) = counts(&written.json());
    assert_eq!([logged[0] + left_out[0], logged[1] + left_out[1]], [3_000, 500]);
    assert!(logged[0] <= 1_000 * closings && logged[1] <= 100 * closings, "{logged:?} in {closings}");
    assert!(!in_one_second || (logged, closings) == ([1_000, 100], 1), "{logged:?} in {closings}");
}

#[test]
fn a_spent_budget_comes_back_with_the_next_second() {
    let (log, written) = log(Requests::Sample);
    let end = Instant::now() + Duration::from_secs(10);
    while counts(&written.json()).2 == 0 {
        assert!(Instant::now() < end, "no closing line");
        for _ in 0..100 {
            note(&log, "/", Outcome::Unmatched(Vec::new()));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let before = counts(&written.json()).0[1];
    while counts(&written.json()).0[1] == before {
        assert!(Instant::now() < end, "no line after the closing one");
        note(&log, "/", Outcome::Unmatched(Vec::new()));
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_line_is_written_without_being_asked_for() {
    let (log, written) = log(Requests::Sample);
    for count in 1..4 {
        let begun = Instant::now();
        note(&log, "/", Outcome::Own);
        while written.text().lines().count() < count {
            assert!(begun.elapsed() < Duration::from_secs(5), "line {count} is not written");
            std::thread::sleep(Duration::from_millis(1));
        }
    }
    drop(log);
}

#[test]
fn all_keeps_every_line_of_every_thread_and_lifecycle_lines_in_their_place() {
    let (log, written) = log(Requests::All);
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let log = &log;
            scope.spawn(move || {
                for index in 0..500 {
                    note(log, &format!("/{thread}/{index}"), Outcome::Own);
                    if index % 50 == 0 {
                        log.event(Level::Info, "reloaded", &[("path", &format!("/{thread}/{index}"))]);
                    }
                }
            });
        }
    });
    log.flush();
    let lines = written.json();
    assert_eq!(lines.len(), 4 * 510);
    for thread in 0..4 {
        let prefix = format!("/{thread}/");
        let mine = lines
            .iter()
            .filter_map(|line| Some((line["path"].as_str()?.strip_prefix(&prefix)?, &line["msg"])));
        let mut last = -1;
        for (index, message) in mine {
            let index: i32 = index.parse().unwrap();
            assert_eq!(index, if message == "reloaded" { last } else { last + 1 });
            last = index;
        }
        assert_eq!(last, 499);
    }
    log.flush();
    assert_eq!(lock(&log.inner.buffers).len(), 0, "buffers of threads that ended");
}

#[test]
fn an_output_that_is_stuck_blocks_no_request_and_costs_bounded_memory() {
    let (gate_opener, gate) = channel();
    let written = Written::default();
    let stuck = Stuck { written: written.clone(), gate };
    let log = Log::new(Format::Json, false, Requests::All, Box::new(stuck)).unwrap();
    let path = format!("/{}", "a".repeat(1_000));
    for _ in 0..12_000 {
        note(&log, &path, Outcome::Own);
    }
    drop(gate_opener);
    drop(log);
    let (logged, left_out, _) = counts(&written.json());
    assert_eq!(logged[0] + left_out[0], 12_000);
    assert!(left_out[0] > 0, "12 MB were held");
}

#[test]
fn off_logs_lifecycle_lines_only() {
    let (log, written) = log(Requests::Off);
    note(&log, "/", Outcome::Own);
    log.event(Level::Error, "broken", &[("file", "a\nb.yml")]);
    drop(log);
    let lines = written.json();
    assert_eq!(lines.len(), 1);
    assert_eq!((&lines[0]["level"], &lines[0]["file"]), (&"error".into(), &"a\nb.yml".into()));
}
