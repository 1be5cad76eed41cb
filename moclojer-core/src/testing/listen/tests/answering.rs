//! Who answers whom.

use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;

use super::*;
use crate::serve::Limits;

#[test]
fn three_hundred_servers_started_at_once_each_give_their_own_answer() {
    let together = Barrier::new(300);
    std::thread::scope(|scope| {
        for number in 0..300 {
            let together = &together;
            scope.spawn(move || {
                together.wait();
                for round in 0..3 {
                    let text = format!("{number} in round {round}");
                    let server = start(&text);
                    assert!(server.address().ip().is_loopback());
                    assert_eq!(get(server.address()).unwrap(), text);
                    assert_eq!(get(server.address()).unwrap(), text);
                }
            });
        }
    });
}

/// Ends the others also when an assertion fails.
struct ClearOnDrop<'a>(&'a AtomicBool);

impl Drop for ClearOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

#[test]
fn a_late_request_is_refused_over_a_new_connection_and_over_a_kept_one() {
    let pool = pool(2, 50, 2);
    let running = AtomicBool::new(true);
    std::thread::scope(|scope| {
        // Others take what they can get of the pool meanwhile.
        scope.spawn(|| {
            while running.load(Ordering::Relaxed) {
                drop(start_in(&pool, "other"));
            }
        });
        let _others = ClearOnDrop(&running);
        for round in 0..200 {
            let server = start_in(&pool, round);
            let address = server.address();
            let mut kept = TcpStream::connect(address).unwrap();
            assert_eq!(get_over(&mut kept).unwrap(), round.to_string());
            drop(server);
            let over_kept = get_over(&mut kept);
            assert!(over_kept.is_err(), "{over_kept:?} in round {round}");
            let over_new = get(address);
            assert!(over_new.is_err(), "{over_new:?} in round {round}");
        }
    });
}

/// Answers when it is told to, and blocks the thread until then.
struct Blocks {
    begun: mpsc::SyncSender<()>,
    go_on: std::sync::Mutex<mpsc::Receiver<()>>,
}

impl Respond for Blocks {
    fn respond(&self, _request: &Request<'_>, _body: Body<'_>) -> Step {
        self.begun.send(()).unwrap();
        let _ = self.go_on.lock().unwrap().recv();
        Step::Answer(answer("blocked"))
    }
}

/// A runtime with a thread, as the one of the process, for a test that blocks it.
fn own_runtime() -> Handle {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let handle = runtime.handle().clone();
    std::thread::spawn(move || runtime.block_on(std::future::pending::<()>()));
    handle
}

#[test]
fn who_connected_before_the_stop_is_never_answered_by_the_next_though_the_thread_stood_still() {
    let pool = pool_on(&own_runtime(), 64, 40, 64);
    let (begun, has_begun) = mpsc::sync_channel(1);
    let (let_go, go_on) = mpsc::channel();
    let blocking =
        Listening::start_in(&pool, Arc::new(Blocks { begun, go_on: go_on.into() }), Options::default());
    let blocking = blocking.unwrap();
    let early = start_in(&pool, "early");
    let address = early.address();

    let mut blocked = TcpStream::connect(blocking.address()).unwrap();
    blocked.write_all(REQUEST).unwrap();
    has_begun.recv().unwrap();
    // Not accepted yet: only the system knows of it.
    let mut waiting = TcpStream::connect(address).unwrap();
    waiting.write_all(REQUEST).unwrap();
    drop(early);
    drop(blocking);
    let stopped = Instant::now();
    wait_until("four rests have passed", || stopped.elapsed() > Duration::from_millis(160));

    let next: Vec<_> = (0..8).map(|number| start_in(&pool, number)).collect();
    assert!(next.iter().all(|server| server.address() != address));
    let_go.send(()).unwrap();
    let mut received = String::new();
    let cut_off = waiting.read_to_string(&mut received);
    assert!(cut_off.is_err() || received.is_empty(), "{received}");
    for (number, server) in next.iter().enumerate() {
        assert_eq!(get(server.address()).unwrap(), number.to_string());
    }
}

#[test]
fn stopping_ends_a_request_that_is_being_sent() {
    let server = start("answer");
    let mut connection = TcpStream::connect(server.address()).unwrap();
    connection.write_all(b"POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\nbegun").unwrap();
    wait_until("it is accepted", || server.open_connections() == 1);
    drop(server);
    let mut received = Vec::new();
    let _ = connection.read_to_end(&mut received);
    assert!(received.is_empty(), "{}", String::from_utf8_lossy(&received));
}

#[test]
fn a_limit_of_connections_holds_and_a_stop_ends_the_wait_for_room() {
    let pool = pool(1, 20, 1);
    let limits = Limits { connections: Some(1), ..Limits::default() };
    let options = Options { limits, log: None };
    let limited = Listening::start_in(&pool, says("limited"), options).unwrap();
    let address = limited.address();
    let mut first = TcpStream::connect(address).unwrap();
    assert_eq!(get_over(&mut first).unwrap(), "limited");
    let mut second = TcpStream::connect(address).unwrap();
    assert_eq!(limited.open_connections(), 1);
    drop(first);
    assert_eq!(get_over(&mut second).unwrap(), "limited");
    drop(limited);

    let mut next = None;
    wait_until("the port has rested", || {
        let server = start_in(&pool, "next");
        let is_same = server.address() == address;
        next = Some(server).filter(|_| is_same);
        is_same
    });
    assert_eq!(get(next.unwrap().address()).unwrap(), "next");
}

#[test]
fn a_server_starts_and_stops_outside_of_any_runtime() {
    assert!(Handle::try_current().is_err());
    assert_eq!(get(start("outside").address()).unwrap(), "outside");
}

#[tokio::test]
async fn a_server_answers_a_test_that_blocks_its_own_thread() {
    assert_eq!(get(start("inside").address()).unwrap(), "inside");
}

#[tokio::test]
async fn a_server_starts_and_stops_inside_a_runtime_of_one_thread() {
    start_and_ask_in_tasks().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_starts_and_stops_inside_a_runtime_of_many_threads() {
    start_and_ask_in_tasks().await;
}

async fn start_and_ask_in_tasks() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let tasks: Vec<_> = (0..20)
        .map(|number| {
            tokio::spawn(async move {
                let server = start(number);
                let mut connection = tokio::net::TcpStream::connect(server.address()).await.unwrap();
                let request = b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
                connection.write_all(request).await.unwrap();
                let mut received = String::new();
                connection.read_to_string(&mut received).await.unwrap();
                assert!(received.ends_with(&format!("\r\n\r\n{number}")), "{received}");
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
}

#[test]
fn a_future_runs_on_the_thread_of_the_mock_servers() {
    let (told, name) = mpsc::channel();
    super::super::spawn(async move {
        tokio::time::sleep(Duration::from_millis(1)).await;
        told.send(std::thread::current().name().map(str::to_owned)).unwrap();
    });
    let name = name.recv_timeout(Duration::from_secs(20)).unwrap();
    assert_eq!(name.as_deref(), Some("moclojer-mocks"));
}

#[test]
#[cfg(target_os = "linux")]
fn connections_send_at_once_as_their_listener_was_told() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
    let (address, listener) = super::super::system::listen(0, runtime.handle()).unwrap();
    let _client = TcpStream::connect(address).unwrap();
    let (accepted, _) = runtime.block_on(listener.accept()).unwrap();
    assert!(accepted.nodelay().unwrap());
}
