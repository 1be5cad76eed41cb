//! Bytes between tokio and hyper, seen by a connection's record on the way. hyper's own buffer cannot be
//! handed to tokio without `unsafe`, so what is read passes over the stack: one copy of what came.
//!
//! It also watches for heads of many lines. hyper keeps up to a hundred fields on its stack; asked for
//! more it allocates for each request, and the holes that leaves cost an idle connection some 2 KiB. So a
//! connection begins with the hundred, and a head that may have more is held back here until the
//! connection has made room ([`Stream::with_room`]).

use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes, BytesMut};
use hyper::rt::ReadBufCursor;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::vitals::{Phase, Vitals};

/// The most that one read takes.
const CHUNK_BYTES: usize = 16 << 10;

/// The lines of a head that hyper is given without more room. It counts a field as soon as it begins, so
/// after the first line and 99 whole fields one more may follow.
const MOST_LINES: usize = 100;

/// A byte stream that keeps a connection's record up to date.
#[derive(Debug)]
pub(super) struct Stream<T> {
    io: T,
    vitals: Arc<Vitals>,
    lines: Lines,
    has_room: bool,
    /// Read before; hyper gets it before anything else.
    ahead: Bytes,
    /// The other side has ended.
    ended: bool,
}

impl<T> Stream<T> {
    pub(super) fn new(io: T, vitals: Arc<Vitals>) -> Self {
        Self { io, vitals, lines: Lines::default(), has_room: false, ahead: Bytes::new(), ended: false }
    }

    /// The same stream for a hyper that reads heads of any number of fields. `read` is what the one before
    /// had read and not used.
    #[must_use]
    pub(super) fn with_room(mut self, read: &[u8]) -> Self {
        let mut ahead = BytesMut::with_capacity(read.len() + self.ahead.len());
        ahead.extend_from_slice(read);
        ahead.extend_from_slice(&self.ahead);
        self.ahead = ahead.freeze();
        self.has_room = true;
        self
    }
}

/// Counts the lines of the head that is arriving, rather too many than too few: what a chunk holds beside
/// it, the end of a body or a whole request before it, is counted with it.
#[derive(Debug, Default)]
struct Lines {
    head: usize,
    last_chunk: usize,
}

impl Lines {
    /// Adds a chunk that came in `phase`; true when a head is arriving that may be too long.
    fn add(&mut self, chunk: &[u8], phase: Phase) -> bool {
        let before = match phase {
            Phase::Head => self.head,
            // The head may have begun in the chunk that ended the request before.
            Phase::Idle => self.last_chunk,
            _ => 0,
        };
        self.last_chunk = line_ends(chunk);
        self.head = before.saturating_add(self.last_chunk);
        self.head > MOST_LINES && matches!(phase, Phase::Opened | Phase::Head | Phase::Idle)
    }
}

/// Counts in bytes, which the compiler makes into a few wide instructions.
fn line_ends(chunk: &[u8]) -> usize {
    let count =
        |part: &[u8]| part.iter().fold(0_u8, |count, &byte| count.wrapping_add(u8::from(byte == b'\n')));
    chunk.chunks(usize::from(u8::MAX)).map(|part| usize::from(count(part))).sum()
}

impl<T: AsyncRead + Unpin> Stream<T> {
    /// Reads and drops what comes until the other side ends.
    pub(super) fn poll_discard(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut space = [const { MaybeUninit::<u8>::uninit() }; CHUNK_BYTES];
        loop {
            let mut chunk = ReadBuf::uninit(&mut space);
            match ready!(Pin::new(&mut self.io).poll_read(cx, &mut chunk)) {
                Ok(()) if !chunk.filled().is_empty() => {}
                _ => return Poll::Ready(()),
            }
        }
    }
}

impl<T: AsyncRead + Unpin> hyper::rt::Read for Stream<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut cursor: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.ahead.is_empty() {
            let count = cursor.remaining().min(self.ahead.len());
            cursor.put_slice(&self.ahead[..count]);
            self.ahead.advance(count);
            return Poll::Ready(Ok(()));
        }
        let mut space = [const { MaybeUninit::<u8>::uninit() }; CHUNK_BYTES];
        let free = cursor.remaining().min(CHUNK_BYTES);
        let mut chunk = ReadBuf::uninit(&mut space[..free]);
        ready!(Pin::new(&mut self.io).poll_read(cx, &mut chunk))?;
        let bytes = chunk.filled();
        if bytes.is_empty() {
            self.ended = free > 0;
            return Poll::Ready(Ok(()));
        }
        let phase = self.vitals.received();
        if !self.has_room && self.lines.add(bytes, phase) {
            self.ahead = Bytes::copy_from_slice(bytes);
            // Nobody is woken: the connection looks at this as soon as hyper returns.
            self.vitals.ask_for_room();
            return Poll::Pending;
        }
        cursor.put_slice(bytes);
        Poll::Ready(Ok(()))
    }
}

impl<T: AsyncWrite + Unpin> hyper::rt::Write for Stream<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let count = ready!(Pin::new(&mut self.io).poll_write(cx, bytes))?;
        self.vitals.sent();
        Poll::Ready(Ok(count))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let count = ready!(Pin::new(&mut self.io).poll_write_vectored(cx, parts))?;
        self.vitals.sent();
        Poll::Ready(Ok(count))
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    /// hyper flushes its stream only when its own buffer is empty, so this is an answer's end.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.io).poll_flush(cx))?;
        self.vitals.flushed();
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.ended {
            // Nothing will come, so that closing, which is next, says the same: one system call less.
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_end_is_counted() {
        for length in [0, 1, 254, 255, 256, 1000] {
            assert_eq!(line_ends(&vec![b'\n'; length]), length);
            assert_eq!(line_ends(&vec![b'\r'; length]), 0);
        }
    }

    #[test]
    fn lines_of_a_head_are_counted_over_its_chunks_and_not_missed_behind_a_request() {
        let many = "a\n".repeat(60);
        for (chunks, long) in [
            (vec![(Phase::Opened, &*many)], false),
            (vec![(Phase::Opened, &*many), (Phase::Head, "a"), (Phase::Head, &*many)], true),
            (vec![(Phase::Opened, &*many), (Phase::Idle, "a\n"), (Phase::Idle, &*many)], false),
            (vec![(Phase::Writing, &*many), (Phase::Idle, &*many)], true),
            (vec![(Phase::Body, &*many), (Phase::Body, &*many), (Phase::Body, &*many)], false),
        ] {
            let mut lines = Lines::default();
            let found = chunks
                .iter()
                .map(|(phase, chunk)| lines.add(chunk.as_bytes(), *phase))
                .fold(false, |_, long| long);
            assert_eq!(found, long, "{chunks:?}");
        }
    }
}
