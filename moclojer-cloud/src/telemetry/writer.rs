//! Lines on their way to the output: a bounded queue, and a thread that writes. Whoever logs never waits.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

use tracing_subscriber::fmt::MakeWriter;

/// How many lines wait for the output.
const WAITING: usize = 4_096;
/// How often the thread looks whether lines were left out.
const PACE: Duration = Duration::from_secs(1);

enum Order {
    Line(Box<[u8]>),
    Finish(SyncSender<()>),
}

/// Takes lines.
#[derive(Clone, Debug)]
pub(super) struct Writer {
    lines: SyncSender<Order>,
    left_out: Arc<AtomicU64>,
}

/// Writes them.
#[derive(Debug)]
pub(super) struct WritingThread(SyncSender<Order>);

impl Writer {
    pub(super) fn start(out: Box<dyn Write + Send>) -> io::Result<(Self, WritingThread)> {
        let (lines, taken) = sync_channel(WAITING);
        let left_out = Arc::new(AtomicU64::new(0));
        let writer = Self { lines: lines.clone(), left_out: Arc::clone(&left_out) };
        std::thread::Builder::new()
            .name("moclojer-log".to_owned())
            .spawn(move || write_lines(out, &taken, &left_out))?;
        Ok((writer, WritingThread(lines)))
    }
}

impl WritingThread {
    /// Waits until what was logged before is written, but no longer than `limit`.
    pub(super) fn finish(&self, limit: Duration) {
        let (done, finished) = sync_channel(1);
        if self.0.try_send(Order::Finish(done)).is_ok() {
            // Past the limit nobody takes the lines.
            let _ = finished.recv_timeout(limit);
        }
    }
}

fn write_lines(mut out: Box<dyn Write + Send>, orders: &Receiver<Order>, left_out: &AtomicU64) {
    loop {
        let order = orders.recv_timeout(PACE);
        let lost = left_out.swap(0, Ordering::Relaxed);
        // A failed write has no reader, here and below: there is nobody to tell.
        if lost > 0 {
            let time = jiff::Timestamp::now();
            let msg = "log lines were left out: nobody took them in time";
            let _ = writeln!(out, r#"{{"time":"{time}","level":"warn","msg":"{msg}","count":{lost}}}"#);
        }
        match order {
            Ok(Order::Line(line)) => {
                let _ = out.write_all(&line);
            }
            Ok(Order::Finish(done)) => {
                let _ = out.flush();
                let _ = done.try_send(());
            }
            Err(RecvTimeoutError::Timeout) => {
                let _ = out.flush();
            }
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

/// The line of one event.
#[derive(Debug)]
pub(super) struct Line<'w>(&'w Writer);

impl<'w> MakeWriter<'w> for Writer {
    type Writer = Line<'w>;

    fn make_writer(&'w self) -> Line<'w> {
        Line(self)
    }
}

impl Write for Line<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // The formatter hands over a line whole.
        if self.0.lines.try_send(Order::Line(bytes.into())).is_err() {
            self.0.left_out.fetch_add(1, Ordering::Relaxed);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at what it did not expect")]

    use std::sync::{Condvar, Mutex};

    use super::*;

    /// An output that takes nothing until it is opened.
    #[derive(Clone, Default)]
    struct Gate(Arc<(Mutex<State>, Condvar)>);

    #[derive(Default)]
    struct State {
        open: bool,
        written: Vec<u8>,
    }

    impl Write for Gate {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let (state, opened) = &*self.0;
            let mut state = opened.wait_while(state.lock().unwrap(), |state| !state.open).unwrap();
            state.written.extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_stuck_output_stops_nobody_and_what_was_left_out_is_counted() {
        let gate = Gate::default();
        let (writer, thread) = Writer::start(Box::new(gate.clone())).unwrap();
        for _ in 0..WAITING + 100 {
            writer.make_writer().write_all(b"line\n").unwrap();
        }
        gate.0.0.lock().unwrap().open = true;
        gate.0.1.notify_all();
        let deadline = std::time::Instant::now() + Duration::from_secs(10);
        loop {
            thread.finish(Duration::from_secs(10));
            let text = String::from_utf8(gate.0.0.lock().unwrap().written.clone()).unwrap();
            let lines = text.lines().filter(|line| *line == "line").count();
            let counted =
                text.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
            let lost: u64 = counted.filter_map(|line| line["count"].as_u64()).sum();
            if lines as u64 + lost == (WAITING + 100) as u64 {
                assert!((98..=100).contains(&lost), "{lost} were left out");
                return;
            }
            assert!(std::time::Instant::now() < deadline, "{lines} lines and {lost}");
        }
    }
}
