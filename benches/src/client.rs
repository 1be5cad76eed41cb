//! The load: keep-alive connections that send a script's requests and check every answer.
//!
//! Blocking sockets on one thread, nothing in between: the client must not cost more than the
//! server, else the server waits, and waking up is counted as its work. The connections work in
//! two halves; while one half's answers are read the other half's requests wait at the server, so
//! that it always has something to do. Within a half the request that was sent last is read first:
//! the client blocks once, and the server wakes it once for all answers of that half.
//!
//! Knows nothing of routes or servers; what an answer must be is [`Expected`]'s.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use crate::workload::{Expected, Script};

/// An answer that takes longer than this ends the run.
const PATIENCE: Duration = Duration::from_secs(30);
/// An answer larger than this ends the run.
const ANSWER_LIMIT_BYTES: usize = 1 << 20;

/// Connections to one server, and how far its script has come.
#[derive(Debug)]
pub(crate) struct Client<'a> {
    halves: [Vec<Connection>; 2],
    script: &'a Script,
    expected: Expected,
    next: usize,
}

impl<'a> Client<'a> {
    /// Opens `connections` (an even number) to `address`. One that the server closes after an answer,
    /// and says so, is opened anew for the next request.
    pub(crate) fn connect(
        address: SocketAddr,
        connections: usize,
        script: &'a Script,
        expected: Expected,
    ) -> Result<Self> {
        let open = || (0..connections / 2).map(|_| Connection::open(address)).collect::<Result<_>>();
        Ok(Self { halves: [open()?, open()?], script, expected, next: 0 })
    }

    /// Sends at least `count` requests, reads and checks all answers, and gives how many they were.
    ///
    /// # Errors
    /// A connection that breaks or stays silent, an answer that is not the expected one.
    pub(crate) fn drive(&mut self, count: usize) -> Result<usize> {
        let Self { halves, script, expected, next } = self;
        let (mut sent, mut received) = (0, 0);
        for half in halves.iter_mut() {
            sent += send(half, script, next)?;
        }
        while received < sent {
            for half in halves.iter_mut() {
                received += receive(half, script, expected)?;
                if sent < count {
                    sent += send(half, script, next)?;
                }
            }
        }
        Ok(received)
    }
}

fn send(half: &mut [Connection], script: &Script, next: &mut usize) -> Result<usize> {
    for connection in half.iter_mut() {
        if connection.ends {
            *connection = Connection::open(connection.address)?;
        }
        let (index, request) = script.request(*next);
        connection.stream.write_all(request).context("cannot send a request")?;
        connection.waits_for = Some(index);
        *next = next.wrapping_add(1);
    }
    Ok(half.len())
}

fn receive(half: &mut [Connection], script: &Script, expected: &mut Expected) -> Result<usize> {
    let mut count = 0;
    for connection in half.iter_mut().rev() {
        let Some(index) = connection.waits_for.take() else {
            continue;
        };
        let (status, body) = connection.answer()?;
        let request = || String::from_utf8_lossy(script.request(index).1).trim_end().to_owned();
        expected.check(index, status, body).with_context(|| format!("wrong answer to\n{}", request()))?;
        count += 1;
    }
    Ok(count)
}

/// One connection: at most one request is under way.
#[derive(Debug)]
pub(crate) struct Connection {
    address: SocketAddr,
    stream: TcpStream,
    buffer: Vec<u8>,
    waits_for: Option<usize>,
    /// The server said that it closes after the last answer.
    ends: bool,
}

impl Connection {
    /// Connects to `address`.
    pub(crate) fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).with_context(|| format!("cannot connect to {address}"))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Self { address, stream, buffer: vec![0; 4096], waits_for: None, ends: false })
    }

    /// Sends one request and gives the answer's status and body.
    pub(crate) fn ask(&mut self, request: &[u8]) -> Result<(u16, &[u8])> {
        self.stream.write_all(request).context("cannot send a request")?;
        self.answer()
    }

    fn answer(&mut self) -> Result<(u16, &[u8])> {
        let mut filled = 0;
        let head = loop {
            if filled == self.buffer.len() {
                ensure!(filled < ANSWER_LIMIT_BYTES, "an answer of more than {ANSWER_LIMIT_BYTES} bytes");
                self.buffer.resize(filled * 2, 0);
            }
            // In bounds: `filled` is below the length, see above.
            let read = self.stream.read(&mut self.buffer[filled..]).context("no answer")?;
            ensure!(read > 0, "the server closed the connection instead of an answer");
            filled += read;
            // In bounds: `read` gives no more than there was room.
            let Some(head) = Head::parse(&self.buffer[..filled])? else {
                continue;
            };
            if filled >= head.end() {
                break head;
            }
        };
        self.ends = head.ends_connection;
        ensure!(filled == head.end(), "{} bytes after the answer", filled - head.end());
        // In bounds: `end` is `filled`, and the body begins before it ends.
        Ok((head.status, &self.buffer[head.body_begin..head.end()]))
    }
}

/// What the client needs of an answer's head.
#[derive(Debug, PartialEq)]
struct Head {
    status: u16,
    body_begin: usize,
    body_bytes: usize,
    ends_connection: bool,
}

impl Head {
    /// `None` while the head is not there whole.
    fn parse(bytes: &[u8]) -> Result<Option<Self>> {
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
            return Ok(None);
        };
        // In bounds: `end` is a position in `bytes`.
        let mut lines = bytes[..end].split(|byte| *byte == b'\n');
        let status =
            lines.next().and_then(|line| line.strip_prefix(b"HTTP/1.1 ")).and_then(|line| line.get(..3));
        let Some(status) = status.and_then(number) else { bail!("no status line of HTTP/1.1") };
        let (mut length, mut ends_connection) = (None, false);
        for line in lines {
            length = length.or_else(|| value_of(line, b"content-length:"));
            let connection = value_of(line, b"connection:");
            ends_connection |= connection.is_some_and(|it| it.eq_ignore_ascii_case(b"close"));
        }
        let Some(body_bytes) = length.and_then(number) else { bail!("an answer without Content-Length") };
        ensure!(body_bytes <= ANSWER_LIMIT_BYTES, "an answer of {body_bytes} bytes");
        let status = u16::try_from(status).context("no status")?;
        Ok(Some(Self { status, body_begin: end + 4, body_bytes, ends_connection }))
    }

    fn end(&self) -> usize {
        self.body_begin + self.body_bytes
    }
}

/// What stands behind a header's name and colon, if the line is that header's.
fn value_of<'a>(line: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let (found, value) = line.split_at_checked(name.len())?;
    found.eq_ignore_ascii_case(name).then(|| value.trim_ascii())
}

fn number(text: &[u8]) -> Option<usize> {
    std::str::from_utf8(text).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn head_says_status_and_where_the_body_stands() {
        let bytes = b"HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\ncontent-length: 3\r\n\r\nabc";
        let head = Head::parse(bytes).expect("it is well formed").expect("it is whole");
        let wanted = Head { status: 404, body_begin: bytes.len() - 3, body_bytes: 3, ends_connection: false };
        assert_eq!(head, wanted);
        assert_eq!(head.end(), bytes.len());
    }

    #[test]
    fn head_says_whether_the_connection_ends() {
        for (line, ends) in
            [("Connection: Close", true), ("connection:close", true), ("connection: keep-alive", false)]
        {
            let text = format!("HTTP/1.1 200 OK\r\n{line}\r\ncontent-length: 0\r\n\r\n");
            let head = Head::parse(text.as_bytes()).expect("it is well formed").expect("it is whole");
            assert_eq!(head.ends_connection, ends, "{line}");
        }
    }

    #[test]
    fn cut_head_is_waited_for() {
        assert_eq!(
            Head::parse(b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n").expect("nothing is wrong yet"),
            None
        );
    }

    #[test]
    fn heads_that_cannot_be_checked_are_errors() {
        for head in [
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: many\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n",
            "HTTP/1.1 OK\r\ncontent-length: 3\r\n\r\n",
            "nonsense\r\n\r\n",
        ] {
            assert!(Head::parse(head.as_bytes()).is_err(), "{head:?}");
        }
    }
}
