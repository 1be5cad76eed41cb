//! A thousand tests at once, fifty times: each meets its own mocks, and afterwards nothing is left of them. Alone in its
//! process, so that descriptors and threads can be counted.
#![cfg(feature = "testing")]
#![expect(clippy::unwrap_used, reason = "a test may stop at what it did not expect")]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use moclojer_core::testing::{Settings, get, text};

const TESTS: usize = 1_000;
const RUNS: usize = 50;
/// Listeners that are kept for the next tests, and what the threads' runtimes need: four each, and two for signals.
const KEPT_DESCRIPTORS: usize = 64 + 4 * 4 + 2;
/// More than any machine needs.
const LONG: Duration = Duration::from_secs(30);

/// What one test does.
fn one_test(run: usize, test: usize) {
    let server = Settings::new().strict().start();
    let own = format!("{run}-{test}");
    server.mock(get("/own/:name").respond("another one's"));
    let mock = server.mock(get(&format!("/own/{own}")).respond(text(&own)).expect(1));
    let mut stream = TcpStream::connect(server.address()).unwrap();
    write!(stream, "GET /own/{own} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.ends_with(&format!("\r\n\r\n{own}")), "{answer}");
    assert_eq!((server.received(), mock.calls()), (1, 1));
}

#[test]
fn a_thousand_tests_at_once_fifty_times() {
    let before = counts();
    for run in 0..RUNS {
        std::thread::scope(|scope| {
            for test in 0..TESTS {
                let small = std::thread::Builder::new().stack_size(128 << 10);
                small.spawn_scoped(scope, move || one_test(run, test)).unwrap();
            }
        });
    }
    let Some((descriptors, threads)) = before else {
        return;
    };
    // The threads that answer stay: no more than cores, and four at most.
    let threads = threads + std::thread::available_parallelism().unwrap().get().min(4);
    // Listeners beyond those that are kept are closed when they have rested for some seconds.
    let deadline = Instant::now() + LONG;
    loop {
        let now = counts().unwrap();
        if now.0 <= descriptors + KEPT_DESCRIPTORS && now.1 <= threads {
            return;
        }
        assert!(Instant::now() < deadline, "{now:?} descriptors and threads are left of {before:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Open descriptors and threads of this process, where the system tells.
fn counts() -> Option<(usize, usize)> {
    let count = |folder| Some(std::fs::read_dir(folder).ok()?.count());
    Some((count("/proc/self/fd")?, count("/proc/self/task")?))
}
