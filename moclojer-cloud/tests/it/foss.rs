//! A mock server that follows an object store, through everything that can happen to the store.
//!
//! Time is paused: it passes only while everybody waits.

mod laws;
pub(crate) mod world;

use std::time::Duration;

use moclojer_core::ports::{Condition, Storage as _};
use moclojer_core::spec::host::HostPattern;
use tokio::time::Instant;

use world::{Fault, World};

/// Within a hint, and within a look.
const SOON: Duration = Duration::from_millis(100);
const A_LOOK: Duration = Duration::from_secs(6);

#[tokio::test(start_paused = true)]
async fn it_serves_what_stands_in_the_store_and_is_ready() {
    let mut world = World::of(4, &["a.test", "b.test", "c.test"]).await;
    assert_eq!(world.get("a.test"), (503, None), "before anything was read");
    assert!(!world.health().ready);
    world.start();
    world.until(SOON, "ready", |world| world.health().ready).await;
    assert_eq!(world.get("a.test"), (200, Some("a.test 1".to_owned())));
    assert_eq!(world.get("unknown.test").0, 404);
    let health = world.health();
    assert_eq!((health.hosts, health.shards, health.unread, health.unreadable), (3, 4, 0, 0));
    assert_eq!(health.installation, Some(world.cloud.installation));
    world.stop().await;
    assert_eq!(world.get("a.test").0, 200, "what is served goes on when it no longer follows");
}

#[tokio::test(start_paused = true)]
async fn a_hint_brings_a_change_at_once_and_no_hint_within_a_look() {
    let mut world = World::serving(4, &["a.test", "b.test"]).await;
    world.edit("a.test").await;
    world.until(SOON, "the hinted change", |world| world.body("a.test") == "a.test 2").await;
    world.bus.mute();
    world.edit("a.test").await;
    let begun = Instant::now();
    world.until(A_LOOK, "the change without a hint", |world| world.body("a.test") == "a.test 3").await;
    assert!(begun.elapsed() > SOON);
    world.bus.reconnect();
    world.edit("a.test").await;
    world.bus.speak();
    world.bus.reconnect();
    world
        .until(Duration::from_secs(1), "it looks after a reconnect", |world| {
            world.body("a.test") == "a.test 4"
        })
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_removed_host_goes_at_a_hint_and_without_one() {
    let mut world = World::serving(2, &["a.test", "b.test", "c.test"]).await;
    world.remove("a.test").await;
    world.until(SOON, "a is gone", |world| world.get("a.test").0 == 404).await;
    world.bus.mute();
    world.remove("b.test").await;
    world.until(A_LOOK, "b is gone", |world| world.get("b.test").0 == 404).await;
    assert_eq!(world.body("c.test"), "c.test 1");
    assert_eq!(world.health().hosts, 1);
}

/// What must be impossible, 1.
#[tokio::test(start_paused = true)]
async fn no_error_of_the_store_makes_a_mock_disappear() {
    let hosts = ["a.test", "b.test", "c.test", "d.test", "e.test"];
    let mut world = World::serving(2, &hosts).await;
    let all_served = |world: &World| hosts.iter().all(|host| world.body(host) == format!("{host} 1"));

    world.storage.set_down(true);
    world.pass(Duration::from_secs(20)).await;
    assert!(all_served(&world));
    let health = world.health();
    assert!(health.ready, "a store that is away is away for all");
    assert!(health.oldest_seconds.unwrap() > 14.0 && health.error.is_some(), "{health:?}");
    world.storage.set_down(false);
    world.until(A_LOOK, "followed again", |world| world.health().error.is_none()).await;
    assert!(world.health().oldest_seconds.unwrap() < 6.0);

    for (at, fault) in [Fault::Error, Fault::Missing, Fault::Cut(30), Fault::Cut(400), Fault::Damaged]
        .into_iter()
        .enumerate()
    {
        for shard in 0..2 {
            world.storage.fault(&world.cloud.key(shard), fault.clone());
        }
        let touched: u64 = at as u64 + 1;
        for shard in 0..2 {
            world.write(shard).await;
        }
        world.pass(A_LOOK).await;
        assert!(all_served(&world), "{fault:?}, {touched}");
        assert!(world.health().unreadable > 0, "{fault:?}");
        world.storage.heal();
        world.until(A_LOOK, "mended", |world| world.health().unreadable == 0).await;
        assert!(all_served(&world));
    }

    // A cut object that stands in the store, then a missing one, then none at all.
    let key = world.cloud.key(0);
    let whole = world.storage.get(&key).await.unwrap().unwrap().bytes;
    world.storage.put(&key, whole.slice(..whole.len() - 1), Condition::Always).await.unwrap();
    world.pass(A_LOOK).await;
    assert!(all_served(&world));
    world.storage.delete(&key).await.unwrap();
    world.pass(A_LOOK).await;
    assert!(all_served(&world));
    assert_eq!(world.health().unreadable, 1);
    world.storage.wipe().await;
    world.pass(A_LOOK).await;
    assert!(all_served(&world));
    let health = world.health();
    assert!(!health.ready && health.error.as_ref().unwrap().contains("no layout.json"), "{health:?}");
    assert!(health.error.unwrap().contains(&world.cloud.installation.to_string()));
}

/// What must be impossible, 1: a server that runs, and one that starts.
#[tokio::test(start_paused = true)]
async fn a_shard_cut_at_any_place_takes_nobody_away_and_mixes_nobody_up() {
    let names: Vec<String> = (0..200).map(|number| format!("m{number}.test")).collect();
    let hosts: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut running = World::serving(1, &hosts).await;
    for host in hosts.iter().step_by(2) {
        running.cloud.change(host);
    }
    for host in hosts.iter().step_by(10) {
        running.cloud.drop_host(host);
    }
    let whole = bytes::Bytes::from(running.cloud.bytes(0));
    assert!(whole.len() > 40_000, "{} bytes", whole.len());
    let key = running.cloud.key(0);
    for at in (0..whole.len()).step_by(1_000) {
        running.storage.put(&key, whole.slice(..at), Condition::Always).await.unwrap();
        running.until(A_LOOK, "it was read", |world| world.health().unreadable == 1).await;
        running.pass(A_LOOK).await;
        let mut starting = World::of(1, &hosts).await;
        starting.storage.fault(&key, Fault::Cut(at));
        starting.start();
        starting.pass(SOON).await;
        for host in &hosts {
            let body = running.body(host);
            assert!(body == format!("{host} 1") || body == format!("{host} 2"), "{at}: {host}: {body}");
            let (status, body) = starting.get(host);
            let own = body == Some(format!("{host} 1"));
            assert!(own || status == 503, "{at}: {host}: {status} {body:?}");
        }
        starting.stop().await;
    }
    running.storage.put(&key, whole, Condition::Always).await.unwrap();
    running.until(A_LOOK, "whole again", |world| world.health().unreadable == 0).await;
    for (number, host) in hosts.iter().enumerate() {
        let wanted = match number {
            _ if number % 10 == 0 => None,
            _ if number % 2 == 0 => Some(format!("{host} 2")),
            _ => Some(format!("{host} 1")),
        };
        assert_eq!(running.get(host).1, wanted, "{host}");
    }
}

/// What must be impossible, 4 and 13.
#[tokio::test(start_paused = true)]
async fn an_older_read_does_not_bring_a_removed_host_back() {
    let mut world = World::serving(1, &["a.test", "b.test"]).await;
    let old = world.storage.get(&world.cloud.key(0)).await.unwrap().unwrap();
    world.remove("a.test").await;
    world.until(SOON, "a is gone", |world| world.get("a.test").0 == 404).await;
    // A read that took long, and a list that says that the old one stands there.
    world.storage.put(&world.cloud.key(0), old.bytes.clone(), Condition::Always).await.unwrap();
    world.pass(A_LOOK).await;
    assert_eq!(world.get("a.test").0, 404);
    assert_eq!(world.health().unreadable, 1, "it is told");
    world.edit("b.test").await;
    world.until(SOON, "newer than both", |world| world.body("b.test") == "b.test 2").await;
    assert_eq!(world.get("a.test").0, 404);
}

#[tokio::test(start_paused = true)]
async fn a_read_older_than_its_hint_is_tried_again() {
    let mut world = World::serving(1, &["a.test"]).await;
    let old = world.storage.get(&world.cloud.key(0)).await.unwrap().unwrap();
    world.storage.fault_times(&world.cloud.key(0), Fault::Older(old), 2);
    world.edit("a.test").await;
    world
        .until(Duration::from_millis(300), "the hinted state", |world| world.body("a.test") == "a.test 2")
        .await;
    world.storage.fault_times(&world.cloud.key(0), Fault::Error, 3);
    world.edit("a.test").await;
    world
        .until(Duration::from_millis(500), "an error is tried again", |world| {
            world.body("a.test") == "a.test 3"
        })
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_shard_that_hangs_delays_no_other() {
    let mut world = World::serving(2, &["a.test", "b.test", "c.test", "d.test"]).await;
    let slow = world.cloud.shard_of("a.test");
    let other =
        ["b.test", "c.test", "d.test"].into_iter().find(|host| world.cloud.shard_of(host) != slow).unwrap();
    world.storage.fault(&world.cloud.key(slow), Fault::Hang);
    world.edit("a.test").await;
    world.edit(other).await;
    world.until(SOON, "the other shard", |world| world.body(other) == format!("{other} 2")).await;
    assert_eq!(world.body("a.test"), "a.test 1");
    world.storage.heal();
    world
        .until(Duration::from_secs(60), "the call was ended", |world| world.body("a.test") == "a.test 2")
        .await;
}

#[tokio::test(start_paused = true)]
async fn damage_of_one_document_is_that_hosts_alone() {
    let mut world = World::serving(1, &["a.test", "b.test", "c.test"]).await;
    world.cloud.change("a.test");
    world.cloud.change("c.test");
    world.cloud.drop_host("b.test");
    let mut bytes = world.cloud.bytes(0);
    let at = bytes.windows(8).position(|window| window == b"c.test 2").unwrap();
    bytes[at] = b'x';
    world.storage.put(&world.cloud.key(0), bytes.into(), Condition::Always).await.unwrap();
    world.until(A_LOOK, "a is new", |world| world.body("a.test") == "a.test 2").await;
    assert_eq!(world.body("c.test"), "c.test 1", "the last good one goes on");
    assert_eq!(world.body("b.test"), "b.test 1", "nobody is removed by a shard that is damaged");
    assert_eq!(world.health().unreadable, 1);
    world.write(0).await;
    world
        .until(SOON, "mended", |world| world.body("c.test") == "c.test 2" && world.get("b.test").0 == 404)
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_host_in_a_wrong_shard_and_a_shard_under_a_wrong_key_are_not_taken() {
    let mut world = World::serving(2, &["a.test", "b.test", "c.test", "d.test"]).await;
    let right = world.cloud.shard_of("a.test");
    let wrong = 1 - right;
    world.cloud.change("a.test");
    let bytes = world.cloud.bytes_with(wrong, &["a.test"]);
    world.storage.put(&world.cloud.key(wrong), bytes.into(), Condition::Always).await.unwrap();
    world.pass(A_LOOK).await;
    assert_eq!(world.body("a.test"), "a.test 1");
    assert!(world.metric("foss_documents_misplaced_total") > 0.0);
    let bytes = world.cloud.bytes(right);
    world.storage.put(&world.cloud.key(wrong), bytes.into(), Condition::Always).await.unwrap();
    world.pass(A_LOOK).await;
    for host in ["a.test", "b.test", "c.test", "d.test"] {
        assert_eq!(world.body(host), format!("{host} 1"));
    }
    assert_eq!(world.health().unreadable, 1);
}

#[tokio::test(start_paused = true)]
async fn a_higher_layout_is_served_once_all_of_it_was_read() {
    let hosts = ["a.test", "b.test", "c.test", "d.test", "e.test", "f.test"];
    let mut world = World::serving(2, &hosts).await;
    world.cloud.next_layout(5);
    for shard in 0..5 {
        // Hints of a layout that layout.json does not name are ignored.
        world.write(shard).await;
    }
    world.cloud.change("a.test");
    world.cloud.drop_host("b.test");
    for shard in 0..5 {
        world.write(shard).await;
    }
    world.pass(A_LOOK).await;
    assert_eq!(world.body("a.test"), "a.test 1", "the old objects go on being served");
    assert_eq!(world.health().layout, Some(1));
    let stuck = world.cloud.shard_of("c.test");
    world.storage.fault(&world.cloud.key(stuck), Fault::Cut(50));
    world.write_layout().await;
    world.pass(A_LOOK).await;
    assert_eq!((world.body("a.test"), world.body("b.test")), ("a.test 1".into(), "b.test 1".into()));
    assert_eq!(world.health().layout, Some(1), "not before the last shard was read");
    assert_eq!(world.health().unreadable, 1);
    world.storage.heal();
    world.until(A_LOOK, "the new layout", |world| world.health().layout == Some(2)).await;
    assert_eq!(world.body("a.test"), "a.test 2");
    assert_eq!(world.get("b.test").0, 404);
    for host in &hosts[2..] {
        assert_eq!(world.body(host), format!("{host} 1"));
    }
    world.edit("f.test").await;
    world.until(SOON, "the new layout is followed", |world| world.body("f.test") == "f.test 2").await;
    world.remove("f.test").await;
    world.until(SOON, "also for removals", |world| world.get("f.test").0 == 404).await;

    // A lower layout, as after a restore, and one of the same number that says something else.
    let good = world.cloud.layout_file();
    for (layout, shards, word) in [(1, 2, "lower"), (2, 7, "something else")] {
        world.cloud.layout = layout;
        world.cloud.shards = shards;
        world.write_layout().await;
        let told = |world: &World| world.health().error.is_some_and(|error| error.contains(word));
        world.until(A_LOOK, word, told).await;
        assert!(!world.health().ready);
        assert_eq!(world.body("a.test"), "a.test 2");
    }
    world
        .storage
        .put(&moclojer_cloud::layout_file::LayoutFile::key(), good.into(), Condition::Always)
        .await
        .unwrap();
    world.until(A_LOOK, "ready again", |world| world.health().ready).await;
}

#[tokio::test(start_paused = true)]
async fn another_installations_bucket_is_not_followed() {
    let mut world = World::serving(1, &["a.test"]).await;
    let ours = world.cloud.installation;
    world.cloud.installation = uuid::Uuid::new_v4();
    world.cloud.layout = 9;
    world.cloud.drop_host("a.test");
    world.write(0).await;
    world.write_layout().await;
    world.pass(A_LOOK).await;
    assert_eq!(world.body("a.test"), "a.test 1");
    let health = world.health();
    let error = health.error.unwrap();
    assert!(!health.ready && error.contains(&ours.to_string()), "{error}");
    assert!(error.contains(&world.cloud.installation.to_string()), "{error}");
}

#[tokio::test(start_paused = true)]
async fn it_is_ready_after_half_a_minute_without_what_cannot_be_read() {
    let hosts = ["a.test", "b.test", "c.test", "d.test", "e.test", "f.test"];
    let mut world = World::of(4, &hosts).await;
    let bad = world.cloud.shard_of("a.test");
    let good = hosts.into_iter().find(|host| world.cloud.shard_of(host) != bad).unwrap();
    world.storage.fault(&world.cloud.key(bad), Fault::Cut(50));
    world.start();
    world.until(SOON, "the readable ones", |world| world.body(good) == format!("{good} 1")).await;
    assert_eq!(world.get("a.test"), (503, None), "it may be there");
    world.pass(Duration::from_secs(25)).await;
    assert!(!world.health().ready);
    world.until(Duration::from_secs(10), "ready late", |world| world.health().ready).await;
    let health = world.health();
    assert_eq!((health.unread, health.unreadable), (1, 1));
    assert_eq!(world.get("a.test").0, 503);
    world.storage.heal();
    world.until(A_LOOK, "read at last", |world| world.body("a.test") == "a.test 1").await;
    assert_eq!(world.health().unread, 0);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_away_at_the_start_makes_nobody_ready() {
    let mut world = World::of(2, &["a.test"]).await;
    world.storage.set_down(true);
    world.start();
    world.pass(Duration::from_secs(60)).await;
    assert!(!world.health().ready);
    assert_eq!(world.get("a.test").0, 503);
    world.storage.set_down(false);
    world.until(A_LOOK, "ready", |world| world.health().ready).await;
    assert_eq!(world.body("a.test"), "a.test 1");
}

#[tokio::test(start_paused = true)]
async fn a_bus_that_ends_or_talks_nonsense_breaks_nothing() {
    let mut world = World::serving(2, &["a.test"]).await;
    world.bus.say(b"{}");
    world.bus.say(b"\xff");
    world.bus.say(br#"{"v":1,"id":"00000000-0000-0000-0000-000000000000","at":"2026-01-01T00:00:00Z","ctx":"","layout":1,"shard":4000000,"generation":9,"etag":""}"#);
    world.edit("a.test").await;
    world.until(SOON, "hints go on", |world| world.body("a.test") == "a.test 2").await;
    assert!(world.metric("foss_hints_ignored_total") >= 3.0);
    world.bus.close();
    world.edit("a.test").await;
    world.until(A_LOOK, "without a bus", |world| world.body("a.test") == "a.test 3").await;
}

#[tokio::test(start_paused = true)]
async fn a_mock_that_does_not_load_here_is_the_only_one_that_fails() {
    let mut world = World::of(1, &["a.test"]).await;
    let host = HostPattern::parse("bad.test").unwrap();
    world.cloud.put_text(&host, "---\n- \"x-host\": \"bad.test\"\n- \"endpoint\": 1\n");
    world.write(0).await;
    world.start();
    world.until(SOON, "ready", |world| world.health().ready).await;
    assert_eq!((world.get("bad.test").0, world.get("a.test").0), (500, 200));
}
