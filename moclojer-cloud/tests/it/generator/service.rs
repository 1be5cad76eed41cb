//! The running service: hints, sweeps, many shards, several generators, shutdown.

use std::time::Duration;

use moclojer_cloud::messages::{Envelope, Message, MockUpdated, UnifiedUpdated, send};
use moclojer_core::ports::{Bus, Event};
use moclojer_core::unify::ShardId;
use tokio::time::{Instant, sleep, timeout};
use uuid::Uuid;

use super::World;
use super::faults::{Fault, Rule};
use super::memory_store::host;

async fn hint(world: &World, name: &str) {
    let message = MockUpdated { mock_id: Uuid::now_v7(), host: host(name).as_str().to_owned(), version: 1 };
    send(&*world.bus, "the request", message).await.unwrap();
}

/// What must be impossible, 3.
#[tokio::test(start_paused = true)]
async fn a_change_that_nobody_hinted_at_is_carried_out_within_a_sweep() {
    let world = World::new(4);
    let _running = world.start();
    world.until_dry().await;
    for n in 0..20 {
        world.edit(&format!("m{}", n % 7), &format!("content {n}"));
        let since = Instant::now();
        world.until_dry().await;
        assert!(since.elapsed() < Duration::from_millis(1_100));
        sleep(Duration::from_millis(137)).await;
    }
    world.assert_newest_stands().await;
}

#[tokio::test(start_paused = true)]
async fn a_hint_brings_the_look_forward_and_is_passed_on_with_its_correlation() {
    let world = World::new(4);
    let mut listener = world.bus.subscribe(&[UnifiedUpdated::CHANNEL]);
    assert_eq!(listener.next().await, Some(Event::Connected));
    let _running = world.start();
    world
        .until("served", async || world.store.tables().installation.as_ref().unwrap().served_layout.is_some())
        .await;
    sleep(Duration::from_millis(300)).await;
    while let Ok(Some(_)) = timeout(Duration::from_millis(1), listener.next()).await {}

    world.edit("shop", "one");
    let since = Instant::now();
    hint(&world, "shop").await;
    let Some(Event::Message { message, .. }) = listener.next().await else { panic!("no message") };
    // Paused time stands still while anything can go on: nothing waited.
    assert_eq!(since.elapsed(), Duration::ZERO);
    let hint = Envelope::<UnifiedUpdated>::read(&message).unwrap();
    assert_eq!(hint.ctx, "the request");
    assert_eq!(hint.message.hosts, Some(vec![host("shop").as_str().to_owned()]));
    let shard = world.store.tables().shard_of(&host("shop"));
    let row = world.store.tables().shards[&shard].clone();
    assert_eq!(hint.message.shard, shard.get());
    assert_eq!(hint.message.generation, row.generation);
    assert_eq!(hint.message.etag, row.etag.unwrap().as_str());
}

#[tokio::test(start_paused = true)]
async fn more_than_a_hundred_hosts_are_not_named() {
    let world = World::new(1);
    let mut listener = world.bus.subscribe(&[UnifiedUpdated::CHANNEL]);
    listener.next().await;
    for n in 0..101 {
        world.edit(&format!("m{n}"), "x");
    }
    let _running = world.start();
    let Some(Event::Message { message, .. }) = listener.next().await else { panic!("no message") };
    assert_eq!(Envelope::<UnifiedUpdated>::read(&message).unwrap().message.hosts, None);
}

/// What must be impossible, 10.
#[tokio::test(start_paused = true)]
async fn a_shard_that_hangs_or_fails_delays_no_other() {
    let world = World::new(64);
    let slow = world.store.tables().shard_of(&host("slow"));
    let bad = format!("put unified/1/{slow}.yml");
    let hang = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(true));
    let hangs = std::sync::Arc::clone(&hang);
    world.storage.faults.set(move |call| {
        let hangs = hangs.load(std::sync::atomic::Ordering::Relaxed);
        if call == bad && hangs { Rule::Hang } else { Rule::Now(Fault::None) }
    });
    world.edit("slow", "x");
    for n in 0..200 {
        world.edit(&format!("m{n}"), "x");
    }
    let since = Instant::now();
    let _running = world.start();
    world
        .until("all others", async || {
            let tables = world.store.tables();
            tables.shards.iter().all(|(id, row)| *id == slow || row.etag.is_some())
        })
        .await;
    assert!(since.elapsed() < Duration::from_millis(200), "{:?}", since.elapsed());
    // And so does each later change.
    for n in 0..20 {
        let name = format!("m{n}");
        if world.store.tables().shard_of(&host(&name)) == slow {
            continue;
        }
        world.edit(&name, "y");
        let since = Instant::now();
        hint(&world, &name).await;
        world
            .until("carried", async || {
                let row = world.store.tables().hosts[&host(&name)].clone();
                row.version == row.applied_version
            })
            .await;
        assert!(since.elapsed() < Duration::from_millis(100));
        sleep(Duration::from_secs(1)).await;
    }
    hang.store(false, std::sync::atomic::Ordering::Relaxed);
    world.until_dry().await;
    world.assert_newest_stands().await;
}

/// What must be impossible, 13.
#[tokio::test(start_paused = true)]
async fn several_generators_at_once_leave_the_newest() {
    let world = World::new(3);
    let others: Vec<World> = (0..3).map(|_| world.beside()).collect();
    // Each of them loses some answers.
    for (n, other) in others.iter().enumerate() {
        let mut count = n;
        other.storage.faults.set(move |call| {
            count += 1;
            let fault = match count % 5 {
                0 => Fault::LoseAnswer,
                1 => Fault::LoseRequest,
                _ => Fault::None,
            };
            Rule::Now(if call.starts_with("put unified") { fault } else { Fault::None })
        });
    }
    let _running: Vec<_> = others.iter().map(World::start).collect();
    for n in 0..300 {
        let name = format!("m{}", n % 11);
        match n % 7 {
            0 => world.store.tables().delete(&host(&name)),
            1 => world.store.tables().set_enabled(&host(&name), false),
            _ => world.edit(&name, &format!("content {n}")),
        }
        hint(&world, &name).await;
        sleep(Duration::from_millis(n % 13 * 3)).await;
    }
    world.until_dry().await;
    world.assert_newest_stands().await;
}

#[tokio::test(start_paused = true)]
async fn a_database_or_bus_that_is_away_for_a_while_only_delays() {
    let world = World::new(2);
    let _running = world.start();
    world.until_dry().await;
    world.store.faults.set(|_| Rule::Now(Fault::LoseRequest));
    world.edit("a", "one");
    sleep(Duration::from_secs(30)).await;
    assert!(!world.store.tables().is_dry());
    world.store.faults.set(|_| Rule::Hang);
    sleep(Duration::from_secs(30)).await;
    world.store.faults.clear();
    world.until_dry().await;
    world.assert_newest_stands().await;
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_away_for_ten_seconds_only_delays() {
    let world = World::new(2);
    let _running = world.start();
    world.until_dry().await;
    world.storage.faults.set(|_| Rule::Now(Fault::LoseRequest));
    world.edit("a", "one");
    sleep(Duration::from_secs(10)).await;
    assert!(!world.store.tables().is_dry());
    world.storage.faults.clear();
    world.until_dry().await;
    world.assert_newest_stands().await;
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_lets_writes_in_flight_end_and_gives_the_rest_back() {
    let world = World::new(2);
    let (one, other) = ("a", "b");
    let shards = |name| world.store.tables().shard_of(&host(name));
    let other = if shards(one) == shards(other) { "c" } else { other };
    world.edit(one, "x");
    world.edit(other, "x");
    let (slow, stuck) = (shards(one), shards(other));
    assert_ne!(slow, stuck);
    let (there, go) =
        (std::sync::Arc::new(tokio::sync::Notify::new()), std::sync::Arc::new(tokio::sync::Notify::new()));
    let (tells, goes) = (std::sync::Arc::clone(&there), std::sync::Arc::clone(&go));
    world.storage.faults.set(move |call| {
        if call == format!("put unified/1/{slow}.yml") {
            Rule::Stop(std::sync::Arc::clone(&tells), std::sync::Arc::clone(&goes))
        } else if call.contains(&format!("/1/{stuck}.yml")) {
            Rule::Hang
        } else {
            Rule::Now(Fault::None)
        }
    });
    let (shutdown, told) = tokio::sync::oneshot::channel::<()>();
    let generator = world.generator.clone();
    let running = tokio::spawn(async move {
        generator
            .run(async {
                let _ = told.await;
            })
            .await;
    });
    there.notified().await;
    shutdown.send(()).unwrap();
    sleep(Duration::from_millis(100)).await;
    world.edit("late", "x");
    go.notify_one();
    let since = Instant::now();
    running.await.unwrap();
    assert!(since.elapsed() <= Duration::from_secs(10));
    let tables = world.store.tables();
    assert_eq!(tables.hosts[&host(one)].applied_version, 1);
    assert_eq!(tables.hosts[&host("late")].applied_version, 0);
    // Given back, not left to its end.
    let row: &super::memory_store::ShardRow = &tables.shards[&ShardId::new(stuck.get())];
    assert!(row.claimed_until < Instant::now());
}

/// What must be impossible, 4.
#[tokio::test(start_paused = true)]
async fn a_mock_that_is_unpublished_renamed_or_deleted_is_absent() {
    let world = World::new(2);
    let _running = world.start();
    for name in ["a", "b", "c", "d"] {
        world.edit(name, "x");
    }
    world.until_dry().await;
    assert_eq!(world.stands().await.len(), 4);
    world.store.tables().set_enabled(&host("a"), false);
    world.store.tables().delete(&host("b"));
    world.store.tables().rename(&host("c"), &host("e"), "x");
    world.until_dry().await;
    let stands = world.stands().await;
    assert_eq!(stands.keys().cloned().collect::<Vec<_>>(), [host("d"), host("e")]);
    for name in ["a", "b", "c"] {
        assert_eq!(world.store.tables().hosts[&host(name)].applied_revision, None);
    }
    world.store.tables().set_enabled(&host("a"), true);
    world.until_dry().await;
    assert_eq!(world.stands().await.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn metrics_say_what_is_behind() {
    let world = World::new(2);
    let _running = world.start();
    world.until_dry().await;
    world.storage.faults.set(|_| Rule::Now(Fault::LoseRequest));
    world.edit("a", "x");
    sleep(Duration::from_secs(20)).await;
    let metrics = world.generator.metrics();
    assert_eq!(metrics.backlog_hosts.get(), 1);
    assert_eq!(metrics.backlog_failing.get(), 1);
    assert!(metrics.oldest_seconds.get() > 10.0);
    assert!(metrics.failures.get() > 1);
    let mut registry = prometheus_client::registry::Registry::default();
    metrics.register(&mut registry);
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
    assert!(text.contains("\ngenerator_backlog_hosts 1\n"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_store_without_conditions_is_told_and_a_late_write_in_it_is_repaired() {
    let world = World::new(1);
    let _running = world.start();
    world.until_dry().await;
    sleep(Duration::from_secs(2)).await;
    assert_eq!(world.generator.metrics().unconditional_store.get(), 0);
    let left = moclojer_core::ports::Storage::list(world.storage.objects(), "probe/").await.unwrap();
    assert_eq!(left, []);

    let world = World::new(1);
    world.storage.set_unconditional();
    let _running = world.start();
    world.until_dry().await;
    sleep(Duration::from_secs(2)).await;
    assert_eq!(world.generator.metrics().unconditional_store.get(), 1);
    world.storage.faults.times("put unified/", 1, Rule::Now(Fault::Late));
    world.edit("a", "old");
    world.until_dry().await;
    world.edit("a", "new");
    world.until_dry().await;
    world.assert_newest_stands().await;
    world.storage.deliver().await;
    assert!(world.stands().await[&host("a")].1.contains("old"));
    world.until("repaired", async || world.stands().await == world.store.tables().newest()).await;
}
