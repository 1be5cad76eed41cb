//! When a port is used again.

use std::collections::HashMap;

use super::*;
use crate::testing::listen::port::Port;

/// Starts and stops servers until fifty rests of ports were measured.
fn measure_rests(most_open: usize, with_request: bool) {
    let rest = Duration::from_millis(100);
    let pool = pool(most_open, 100, 2);
    let mut stopped: HashMap<SocketAddr, Instant> = HashMap::new();
    let mut measured = 0;
    wait_until("fifty ports were used again", || {
        let server = start_in(&pool, "answer");
        if let Some(stop) = stopped.get(&server.address()) {
            let rested = stop.elapsed();
            assert!(rested >= rest, "{rested:?}");
            measured += 1;
        }
        if with_request {
            assert_eq!(get(server.address()).unwrap(), "answer");
        }
        stopped.insert(server.address(), Instant::now());
        measured >= 50
    });
}

#[test]
fn a_port_is_used_again_but_not_before_it_has_rested() {
    measure_rests(1000, false);
    measure_rests(1000, true);
}

#[test]
fn a_number_whose_listener_was_closed_rests_as_long() {
    measure_rests(2, false);
    measure_rests(2, true);
}

#[test]
fn the_port_that_was_stopped_first_comes_back_first() {
    let pool = pool(100, 20, 100);
    let servers: Vec<_> = (0..5).map(|number| start_in(&pool, number)).collect();
    let order: Vec<_> = servers.iter().rev().map(Listening::address).collect();
    servers.into_iter().rev().for_each(drop);
    wait_until("all have rested", || pool.has_rested());
    let again: Vec<_> = (0..5).map(|number| start_in(&pool, number)).collect();
    assert_eq!(again.iter().map(Listening::address).collect::<Vec<_>>(), order);
}

#[test]
fn a_port_that_the_system_chooses_before_it_has_rested_is_held() {
    let pool = pool(1, 60_000, 1);
    let first = start_in(&pool, "first");
    let address = first.address();
    drop(first);
    // Past the one listener that there may be, so the first is closed.
    let second = start_in(&pool, "second");
    assert!(get(address).is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused));
    let given = Port::open(address.port(), 0, thread::runtime(0).unwrap()).unwrap();
    assert!(pool.unless_resting(given).is_none());
    assert!(get(address).is_err_and(|error| error.kind() != io::ErrorKind::ConnectionRefused));
    assert_ne!(start_in(&pool, "third").address(), address);
    drop(second);
}
