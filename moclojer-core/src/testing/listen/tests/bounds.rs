//! How many listeners there are.

use std::collections::HashSet;

use super::super::pool::BUSY;
use super::*;

#[test]
fn two_thousand_starts_one_after_the_other_need_no_more_than_the_listeners_that_there_may_be() {
    let pool = pool(16, 1000, 8);
    for number in 0..2000 {
        let server = start_in(&pool, number);
        if number % 10 == 0 {
            assert_eq!(get(server.address()).unwrap(), number.to_string());
        }
        drop(server);
        assert!(pool.open_listeners() <= 16);
    }
}

#[test]
fn servers_that_run_at_the_same_time_may_be_more_than_that() {
    let pool = pool(2, 1000, 2);
    let servers: Vec<_> = (0..20).map(|number| start_in(&pool, number)).collect();
    for (number, server) in servers.iter().enumerate() {
        assert_eq!(get(server.address()).unwrap(), number.to_string());
    }
    assert_eq!(pool.open_listeners(), 20);
}

#[test]
fn spare_listeners_are_closed_after_a_while_and_their_numbers_come_back_first() {
    let pool = pool(100, 20, 2);
    let servers: Vec<_> = (0..20).map(|number| start_in(&pool, number)).collect();
    let known: HashSet<_> = servers.iter().map(Listening::address).collect();
    drop(servers);
    wait_until("the spare ones are closed", || pool.open_listeners() == 2);
    wait_until("all have rested", || pool.has_rested());
    let mut again = Vec::new();
    for number in 0..20 {
        let server = start_in(&pool, number);
        // Other tests may have taken some of the numbers; those that are free come before the system is asked for one.
        assert!(known.contains(&server.address()) || pool.remembered() == 0, "start {number}");
        again.push(server);
    }
    let known = again.iter().filter(|server| known.contains(&server.address())).count();
    assert!(known > 2, "{known} of 20");
}

#[test]
fn the_number_of_a_port_that_is_just_being_closed_comes_back() {
    let pool = pool(100, 20, 2);
    let address = start_in(&pool, "first").address();
    wait_until("it has rested", || pool.has_rested());
    pool.choose_all_for_closing();
    let second = start_in(&pool, "second");
    assert_eq!(second.address(), address);
    assert_eq!(get(address).unwrap(), "second");
}

#[test]
fn a_number_that_somebody_else_took_is_forgotten() {
    let pool = pool(1, 20, 1);
    let first = start_in(&pool, "first");
    let address = first.address();
    drop(first);
    let second = start_in(&pool, "second");
    let taken = std::net::TcpListener::bind(address).unwrap();
    wait_until("the first has rested", || pool.has_rested());
    let third = start_in(&pool, "third");
    assert_ne!(third.address(), address);
    assert_eq!(get(third.address()).unwrap(), "third");
    drop((second, taken));
}

#[test]
fn threads_that_are_busy_are_helped_by_another_up_to_the_most() {
    let most = thread::most();
    let settings =
        Settings { most_open: 1_000, rest: Duration::from_millis(20), kept: 1_000, threads: thread::most };
    let pool = Pool::new(settings, Box::new(|number| thread::runtime(number).cloned()));
    // One after the other, and a few at once, need one.
    for number in 0..3 * BUSY {
        drop(start_in(&pool, number));
    }
    let mut servers: Vec<_> = (0..BUSY).map(|number| start_in(&pool, number)).collect();
    assert_eq!(pool.servers(), [BUSY]);
    servers.extend((BUSY..2 * most * BUSY).map(|number| start_in(&pool, number)));
    assert_eq!(pool.servers(), vec![2 * BUSY; most]);
    for (number, server) in servers.iter().enumerate() {
        assert_eq!(get(server.address()).unwrap(), number.to_string());
    }
    drop(servers);
    assert_eq!(pool.servers(), vec![0; most]);
    // Ports of all threads rest, and come back.
    wait_until("all have rested", || pool.has_rested());
    let open = pool.open_listeners();
    let again: Vec<_> = (0..2 * most * BUSY).map(|number| start_in(&pool, number)).collect();
    assert_eq!(pool.open_listeners(), open);
    for (number, server) in again.iter().enumerate() {
        assert_eq!(get(server.address()).unwrap(), number.to_string());
    }
}

#[test]
fn where_the_system_gives_no_other_thread_the_first_goes_on() {
    let runtime = thread::runtime(0).unwrap();
    let settings = Settings { most_open: 1_000, rest: Duration::from_millis(20), kept: 1_000, threads: || 3 };
    let one = move |number| match number {
        0 => Ok(runtime.clone()),
        _ => Err(io::ErrorKind::OutOfMemory.into()),
    };
    let pool = Pool::new(settings, Box::new(one));
    let servers: Vec<_> = (0..3 * BUSY).map(|number| start_in(&pool, number)).collect();
    assert_eq!(pool.servers(), [3 * BUSY]);
    assert_eq!(get(servers.last().unwrap().address()).unwrap(), (3 * BUSY - 1).to_string());
    let none = Pool::new(settings, Box::new(|_| Err(io::ErrorKind::OutOfMemory.into())));
    assert!(Listening::start_in(&none, says("answer"), Options::default()).is_err());
}

#[test]
fn a_pool_that_is_dropped_closes_its_listeners() {
    let pool = pool(10, 1000, 10);
    let server = start_in(&pool, "answer");
    let address = server.address();
    drop(pool);
    assert_eq!(get(address).unwrap(), "answer");
    drop(server);
    wait_until("it is refused", || {
        get(address).is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
    });
}

/// Prints what starting and stopping costs; how long it takes depends on the machine. Without optimization it does a tenth.
#[test]
fn what_starting_and_stopping_costs_is_printed() {
    let pool = pool(10_000, 1000, 64);
    let responder = says("answer");
    let start = || Listening::start_in(&pool, Arc::clone(&responder), Options::default()).unwrap();
    let part = if cfg!(debug_assertions) { 100 } else { 1000 };

    drop((0..part).map(|_| start()).collect::<Vec<_>>());
    wait_until("all have rested", || pool.has_rested());
    println!("start and stop on a rested port: {:.2} us", micros(part, || drop(start())));
    println!("start and stop, {} at once: {:.2} us", 5 * part, micros(5 * part, || drop(start())));
    for parts in [5, 20] {
        let ask = || assert_eq!(get(start().address()).unwrap(), "answer");
        let each: Vec<_> = (0..parts).map(|_| micros(part, ask).round()).collect();
        println!("start, a request and stop, us, {parts} times {part} in a row: {each:?}");
    }
    println!("listeners open: {}", pool.open_listeners());
    println!("start and stop, {} at once: {:.2} us", 50 * part, micros(50 * part, || drop(start())));
    println!("listeners open: {}", pool.open_listeners());
}

/// What one call of `action` takes, of `count` in a row.
fn micros(count: u32, action: impl Fn()) -> f64 {
    let begun = Instant::now();
    (0..count).for_each(|_| action());
    begun.elapsed().as_secs_f64() * 1e6 / f64::from(count)
}
