//! Requests a second against one server, with one mock and with a thousand.
//!
//! Both servers live in one process and are driven in short turns, A B B A, by one client on one
//! thread with the same number of requests in its script. What a server costs is what the process
//! spent without the client's thread.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize};

use super::frame::{BODY, MockServer};
use super::side::{process_cpu, thread_cpu};
use crate::client::Client;
use crate::workload::{Expected, Script};

/// Mocks of the larger server.
pub(crate) const MOCKS: usize = 1_000;
/// Keep-alive connections.
pub(crate) const CONNECTIONS: usize = 8;
/// Pairs of turns.
const TURNS: usize = 4;
/// The clock is looked at after so many requests.
const BATCH: usize = 400;

/// What the two servers of one subject did.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Rates {
    /// With one mock.
    pub(crate) one: Rate,
    /// With [`MOCKS`].
    pub(crate) many: Rate,
}

/// How fast one server was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Rate {
    requests: usize,
    wall: Duration,
    server_cpu: Duration,
}

impl Rate {
    /// Requests a second.
    pub(crate) fn per_second(&self) -> f64 {
        self.requests as f64 / self.wall.as_secs_f64()
    }

    /// CPU time a request of everything but the client, in microseconds.
    pub(crate) fn server_us(&self) -> f64 {
        self.server_cpu.as_secs_f64() * 1e6 / self.requests as f64
    }

    /// Time on the clock a request, in microseconds.
    pub(crate) fn wall_us(&self) -> f64 {
        self.wall.as_secs_f64() * 1e6 / self.requests as f64
    }

    /// Drives for `turn` at least.
    fn drive(&mut self, client: &mut Client<'_>, turn: Duration) -> Result<()> {
        let (begin, process_before, client_before) = (Instant::now(), process_cpu(), thread_cpu());
        while begin.elapsed() < turn {
            self.requests += client.drive(BATCH)?;
        }
        self.wall += begin.elapsed();
        let process = process_cpu().saturating_sub(process_before);
        self.server_cpu += process.saturating_sub(thread_cpu().saturating_sub(client_before));
        Ok(())
    }
}

/// Drives both servers of a subject in turns of `turn_ms` milliseconds each.
pub(crate) fn measure<S: MockServer>(turn_ms: u64) -> Result<Rates> {
    let turn = Duration::from_millis(turn_ms);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    // The client blocks this thread; servers have their own.
    runtime.block_on(async {
        let (single, full) = (server_with::<S>(1).await?, server_with::<S>(MOCKS).await?);
        let expected = || Expected::same(200, BODY);
        let (single_script, full_script) = (script(1), script(MOCKS));
        let mut one = Client::connect(single.address(), CONNECTIONS, &single_script, expected())?;
        let mut many = Client::connect(full.address(), CONNECTIONS, &full_script, expected())?;
        // Every path once, so that what a server does at the first request is done.
        one.drive(MOCKS)?;
        many.drive(MOCKS)?;
        let mut rates = Rates { one: Rate::default(), many: Rate::default() };
        for pair in 0..TURNS {
            if pair.is_multiple_of(2) {
                rates.one.drive(&mut one, turn)?;
                rates.many.drive(&mut many, turn)?;
            } else {
                rates.many.drive(&mut many, turn)?;
                rates.one.drive(&mut one, turn)?;
            }
        }
        ensure!(rates.one.requests > 0 && rates.many.requests > 0, "nothing was asked");
        Ok(rates)
    })
}

async fn server_with<S: MockServer>(mocks: usize) -> Result<S> {
    let mut server = S::start().await?;
    for number in 0..mocks {
        server.mock(&path(number)).await?;
    }
    Ok(server)
}

fn path(number: usize) -> String {
    format!("/m/{number}")
}

/// As many requests for one mock as for a thousand: the client shall not have it easier with one.
fn script(mocks: usize) -> Script {
    Script::new((0..MOCKS).map(|number| path(number % mocks)))
}

#[cfg(test)]
mod tests {
    use super::super::bare::Bare;
    use super::*;

    #[test]
    fn rate_is_of_all_turns_together() {
        let rate =
            Rate { requests: 4_000, wall: Duration::from_millis(100), server_cpu: Duration::from_millis(60) };
        assert!((rate.per_second() - 40_000.0).abs() < 1e-6);
        assert!((rate.wall_us() - 25.0).abs() < 1e-9);
        assert!((rate.server_us() - 15.0).abs() < 1e-9);
    }

    #[test]
    fn both_scripts_are_of_one_length() {
        assert_eq!(script(1).len(), script(MOCKS).len());
        assert_eq!(script(MOCKS).request(999).1, b"GET /m/999 HTTP/1.1\r\nhost: localhost\r\n\r\n");
        assert_eq!(script(1).request(999).1, b"GET /m/0 HTTP/1.1\r\nhost: localhost\r\n\r\n");
    }

    #[test]
    fn bare_server_is_driven_with_every_answer_checked() {
        let rates = measure::<Bare<false>>(1).expect("the bare server works");
        assert!(rates.one.per_second() > 0.0 && rates.many.per_second() > 0.0, "{rates:?}");
    }
}
