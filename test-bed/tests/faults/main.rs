//! Nothing is lost: whatever dies, stands still or misbehaves, what was acknowledged is served.
//!
//! Each round is an installation of its own (see `world`). Clients change mocks (`client`) while everything fails
//! (`disorder`) and watchers look (`watcher`); then the faults end, and within a bounded time everything must be right
//! (`ending`). What may be right is decided by `test_bed::promises`, from the answers alone.
//!
//! ```sh
//! MOCLOJER_FAULT_SEED=7 MOCLOJER_FAULT_ROUNDS=1 cargo test --workspace --all-features --test faults
//! ```
//!
//! A seed decides everything that is decided here; what the machine makes of it differs from run to run. Every third
//! seed (those that 3 divides) is a round over a store that keeps no conditions. The long form
//! (`MOCLOJER_FAULT_FORM=long`) has 1,000 mocks a round and stops a generator for 30 s.
#![expect(clippy::unwrap_used, reason = "a test may stop at what it did not expect")]

mod api;
mod client;
mod disorder;
mod ending;
mod ledger;
mod round;
mod watcher;
mod world;

use std::time::{Duration, SystemTime};

use disorder::Measure;
use round::{Form, Outcome};
use test_bed::proxy::Mode;
use world::{Program, World};

/// A number from the environment.
fn setting(name: &str, otherwise: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")),
        Err(_) => otherwise,
    }
}

fn form() -> Form {
    match std::env::var("MOCLOJER_FAULT_FORM").as_deref() {
        Ok("long") => Form {
            mocks: 1_000,
            pause_ms: 120,
            measure: Measure { kills: 3, cuts: 2, stop: Duration::from_secs(30), stops: 1 },
        },
        Ok(other) => panic!("MOCLOJER_FAULT_FORM is `long` or not set: {other}"),
        Err(_) => Form {
            mocks: 200,
            pause_ms: 100,
            measure: Measure { kills: 1, cuts: 1, stop: Duration::from_secs(12), stops: 1 },
        },
    }
}

/// Each connection to the database is cut a little later in the start of a program.
#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_goes_away_during_a_start_is_waited_for() {
    let world = World::start(&round::programs(), 1, true).await;
    let programs = [Program::Api, Program::FirstGenerator];
    for bytes in (300..2_400).step_by(150) {
        world.proxies.postgres.set(Mode::CutAfter(bytes)).await;
        for program in programs {
            world.kill(program);
            world.start_program(program);
        }
        // So long everything is cut.
        tokio::time::sleep(Duration::from_millis(700)).await;
        world.proxies.postgres.set(Mode::Pass).await;
        for program in programs {
            let ready = world.wait_for(program, "/healthcheck").await;
            ready.unwrap_or_else(|failure| panic!("{failure} after {bytes} bytes: {}", world.last_lines(5)));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost() {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let first = setting("MOCLOJER_FAULT_SEED", now % 1_000_000);
    let rounds = setting("MOCLOJER_FAULT_ROUNDS", 3);
    let form = form();
    let mut total = Outcome::default();
    for seed in first..first + rounds {
        println!("round {} of {rounds}: seed {seed}", seed - first + 1);
        match round::run(seed, form).await {
            Ok(outcome) => {
                println!("  {outcome}");
                total.add(&outcome);
            }
            Err(failure) => panic!("seed {seed}, {form:?}:\n{failure}"),
        }
    }
    println!("{rounds} rounds: {total}");
    for (kind, count) in &total.faults {
        println!("  {count:>6}  {kind}");
    }
}
