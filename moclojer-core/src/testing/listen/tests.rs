#![expect(clippy::unwrap_used, reason = "a test may stop at what it did not expect")]

mod answering;
mod bounds;
mod resting;
#[cfg(target_os = "linux")]
mod whole_process;

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::StatusCode;
use tokio::runtime::Handle;

use super::pool::{Pool, Settings};
use super::{Listening, thread};
use crate::respond::{Answer, Body, Headers, Outcome, Request, Step};
use crate::serve::{Options, Respond};

/// Answers every request with its text.
struct Says(String);

impl Respond for Says {
    fn respond(&self, _request: &Request<'_>, _body: Body<'_>) -> Step {
        Step::Answer(answer(&self.0))
    }
}

fn answer(text: &str) -> Answer {
    Answer {
        status: StatusCode::OK,
        headers: Headers::Made(Vec::new()),
        body: Bytes::copy_from_slice(text.as_bytes()),
        outcome: Outcome::Own,
    }
}

fn says(text: impl ToString) -> Arc<Says> {
    Arc::new(Says(text.to_string()))
}

fn start(text: impl ToString) -> Listening<Says> {
    Listening::start(says(text), Options::default()).unwrap()
}

fn start_in(pool: &Arc<Pool>, text: impl ToString) -> Listening<Says> {
    Listening::start_in(pool, says(text), Options::default()).unwrap()
}

/// A pool of its own on the thread of the process.
fn pool(most_open: usize, rest_ms: u64, kept: usize) -> Arc<Pool> {
    pool_on(thread::runtime(0).unwrap(), most_open, rest_ms, kept)
}

fn pool_on(runtime: &Handle, most_open: usize, rest_ms: u64, kept: usize) -> Arc<Pool> {
    let settings = Settings { most_open, rest: Duration::from_millis(rest_ms), kept, threads: || 1 };
    let runtime = runtime.clone();
    Pool::new(settings, Box::new(move |_| Ok(runtime.clone())))
}

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n";

/// What one request over a new connection gets.
fn get(address: SocketAddr) -> io::Result<String> {
    get_over(&mut TcpStream::connect(address)?)
}

/// What one request over `connection` gets: the body of its answer, which is shorter than what one read takes.
fn get_over(connection: &mut TcpStream) -> io::Result<String> {
    connection.set_read_timeout(Some(Duration::from_secs(20)))?;
    connection.write_all(REQUEST)?;
    let mut received = Vec::new();
    let mut chunk = [0; 1024];
    loop {
        let count = connection.read(&mut chunk)?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        received.extend_from_slice(chunk.get(..count).unwrap());
        let text = std::str::from_utf8(&received).unwrap();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
            if body.len() == length.parse::<usize>().unwrap() {
                return Ok(body.to_owned());
            }
        }
    }
}

/// Waits until something is so, for at most twenty seconds.
fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(20);
    while !is_so() {
        assert!(Instant::now() < end, "never so: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}
