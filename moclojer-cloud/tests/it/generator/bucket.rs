//! Whose bucket it is, layouts, and what is repaired in it.

use std::num::NonZeroU32;
use std::time::Duration;

use moclojer_cloud::generator::{GeneratorError, rebuild, reshard, status};
use moclojer_cloud::layout_file::{LayoutFile, shard_key, shards_prefix};
use moclojer_core::ports::{Condition, Storage};
use moclojer_core::unify::{LayoutNumber, ShardId};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::World;
use super::faults::{Fault, Rule};

fn served(world: &World) -> Option<u64> {
    world.store.tables().installation.as_ref().unwrap().served_layout.map(LayoutNumber::get)
}

async fn layout_file(world: &World) -> Option<LayoutFile> {
    let object = world.storage.objects().get(&LayoutFile::key()).await.unwrap();
    object.map(|object| LayoutFile::read(&object.bytes).unwrap())
}

async fn put_layout(world: &World, bytes: Vec<u8>) {
    world.storage.objects().put(&LayoutFile::key(), bytes.into(), Condition::Always).await.unwrap();
}

fn shards_put(world: &World) -> usize {
    world.storage.puts().iter().filter(|key| key.starts_with("unified/")).count()
}

fn shards(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).unwrap()
}

#[tokio::test(start_paused = true)]
async fn the_first_start_writes_all_shards_empty_ones_too_then_has_them_served() {
    let world = World::new(8);
    world.edit("a", "x");
    let last = shard_key(LayoutNumber::new(1), ShardId::new(7));
    let holds_up = format!("put {last}");
    world
        .storage
        .faults
        .set(move |call| Rule::Now(if call == holds_up { Fault::LoseRequest } else { Fault::None }));
    let _running = world.start();
    sleep(Duration::from_secs(5)).await;
    assert_eq!(served(&world), None);
    assert_eq!(layout_file(&world).await, None);
    world.storage.faults.clear();
    world.until("served", async || served(&world) == Some(1)).await;
    assert_eq!(layout_file(&world).await.unwrap().layout, 1);
    assert_eq!(world.storage.objects().list("unified/1/").await.unwrap().len(), 8);
    world.assert_newest_stands().await;
}

#[tokio::test(start_paused = true)]
async fn a_first_start_is_served_without_a_needless_wait() {
    let world = World::new(16);
    let since = Instant::now();
    let _running = world.start();
    world.until("served", async || served(&world) == Some(1)).await;
    assert!(since.elapsed() < Duration::from_millis(100), "{:?}", since.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_reshard_while_changes_come_loses_none_and_old_objects_freeze_then_go_after_an_hour() {
    let world = World::new(4);
    let other = world.beside();
    let _running = [world.start(), other.start()];
    for n in 0..40 {
        world.edit(&format!("m{n}"), "x");
    }
    world.until("served", async || served(&world) == Some(1)).await;
    world.until_dry().await;
    for n in 0..200_u32 {
        if n == 50 {
            let made = reshard(&world.store, &world.storage, shards(7)).await.unwrap();
            assert_eq!(made.layout.get(), 2);
        }
        world.edit(&format!("m{}", n % 50), &format!("content {n}"));
        sleep(Duration::from_millis(20)).await;
    }
    world.until("served", async || served(&world) == Some(2)).await;
    let frozen = world.storage.objects().list("unified/1/").await.unwrap();
    assert_eq!(frozen.len(), 4);
    world.until_dry().await;
    world.assert_newest_stands().await;
    assert_eq!(layout_file(&world).await.unwrap().shards, shards(7));
    sleep(Duration::from_secs(3_500)).await;
    assert_eq!(world.storage.objects().list("unified/1/").await.unwrap(), frozen);
    sleep(Duration::from_secs(300)).await;
    assert_eq!(world.storage.objects().list("unified/1/").await.unwrap(), []);
    assert_eq!(world.storage.objects().list("unified/2/").await.unwrap().len(), 7);
    world.assert_newest_stands().await;
}

/// What must be impossible, 1.
#[tokio::test(start_paused = true)]
async fn a_wiped_bucket_a_cut_shard_and_a_missing_layout_are_repaired_within_the_minute() {
    let world = World::new(4);
    let _running = world.start();
    for n in 0..20 {
        world.edit(&format!("m{n}"), "x");
    }
    world.until("served", async || served(&world) == Some(1)).await;
    let stands = world.stands().await;
    world.storage.wipe().await;
    world
        .until("repaired", async || layout_file(&world).await.is_some() && world.stands().await == stands)
        .await;
    let since = Instant::now();
    let key = shard_key(LayoutNumber::new(1), ShardId::new(2));
    let object = world.storage.objects().get(&key).await.unwrap().unwrap();
    let cut = object.bytes.slice(..object.bytes.len() / 2);
    world.storage.objects().put(&key, cut, Condition::Always).await.unwrap();
    world.storage.objects().delete(&LayoutFile::key()).await.unwrap();
    world
        .until("repaired", async || layout_file(&world).await.is_some() && world.stands().await == stands)
        .await;
    assert!(since.elapsed() < Duration::from_secs(65), "{:?}", since.elapsed());
    assert!(world.generator.metrics().repaired.get() >= 5);
    world.assert_newest_stands().await;
}

#[tokio::test(start_paused = true)]
async fn a_healthy_bucket_is_left_alone() {
    let world = World::new(4);
    let _running = world.start();
    world.edit("a", "x");
    world.until("served", async || served(&world) == Some(1)).await;
    sleep(Duration::from_secs(5)).await;
    let puts = world.storage.puts().len();
    sleep(Duration::from_secs(1_500)).await;
    assert_eq!(world.storage.puts().len(), puts);
    assert_eq!(world.generator.metrics().repaired.get(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_listing_that_fails_has_nothing_written_anew() {
    let world = World::new(4);
    let _running = world.start();
    world.until("served", async || served(&world) == Some(1)).await;
    let puts = shards_put(&world);
    world
        .storage
        .faults
        .set(|call| Rule::Now(if call.starts_with("list") { Fault::LoseRequest } else { Fault::None }));
    sleep(Duration::from_secs(600)).await;
    assert_eq!(shards_put(&world), puts);
}

#[tokio::test(start_paused = true)]
async fn another_installations_bucket_is_not_written_to_and_the_error_names_both() {
    let world = World::new(2);
    let theirs = Uuid::from_u128(99);
    let file = LayoutFile::new(theirs, LayoutNumber::new(1), shards(2), &[9; 32]);
    put_layout(&world, file.write()).await;
    world.edit("a", "x");
    let running = world.start();
    sleep(Duration::from_secs(120)).await;
    assert_eq!(world.storage.puts(), Vec::<String>::new());
    assert_eq!(world.generator.metrics().bucket_refused.get(), 1);
    let error = reshard(&world.store, &world.storage, shards(2)).await.unwrap_err();
    assert!(matches!(error, GeneratorError::OtherInstallation { .. }));
    let ours = world.store.tables().installation.as_ref().unwrap().id;
    assert!(error.to_string().contains(&theirs.to_string()) && error.to_string().contains(&ours.to_string()));
    let report = status(&world.store, &world.storage).await.unwrap().to_string();
    assert!(report.contains(&theirs.to_string()), "{report}");

    // It begins as soon as the bucket is free, and ends when it becomes another's while it runs.
    world.storage.wipe().await;
    world.until("served", async || served(&world) == Some(1)).await;
    assert_eq!(world.generator.metrics().bucket_refused.get(), 0);
    put_layout(&world, file.write()).await;
    sleep(Duration::from_secs(90)).await;
    let puts = world.storage.puts().len();
    world.edit("a", "y");
    sleep(Duration::from_secs(90)).await;
    assert_eq!(world.storage.puts().len(), puts);
    drop(running);
}

/// What must be impossible, 1: a change that comes before the next check of the bucket.
#[tokio::test(start_paused = true)]
async fn a_bucket_that_became_anothers_is_not_written_over_at_any_moment() {
    let (ours, theirs) = (World::new(2), World::new(2));
    theirs.store.tables().installation.as_mut().unwrap().id = Uuid::from_u128(99);
    let _running = [ours.start(), theirs.start()];
    ours.edit("a", "x");
    theirs.edit("b", "y");
    ours.until("served", async || served(&ours) == Some(1) && served(&theirs) == Some(1)).await;
    ours.until_dry().await;
    theirs.until_dry().await;
    ours.storage.wipe().await;
    let (storage, foreign) = (ours.storage.objects(), theirs.storage.objects());
    for listed in foreign.list("").await.unwrap() {
        let object = foreign.get(&listed.key).await.unwrap().unwrap();
        storage.put(&listed.key, object.bytes, Condition::Always).await.unwrap();
    }
    let standing = storage.list("").await.unwrap();
    for n in 0..20 {
        ours.edit("a", &format!("content {n}"));
        sleep(Duration::from_secs(7)).await;
        assert_eq!(storage.list("").await.unwrap(), standing, "{n}");
    }
    // Its own again, empty.
    ours.storage.wipe().await;
    ours.until_dry().await;
    ours.until("served", async || layout_file(&ours).await.is_some()).await;
    ours.assert_newest_stands().await;
}

#[tokio::test(start_paused = true)]
async fn a_layout_that_cannot_be_read_has_nothing_written() {
    let world = World::new(2);
    put_layout(&world, b"{".to_vec()).await;
    let _running = world.start();
    sleep(Duration::from_secs(120)).await;
    assert_eq!(world.storage.puts(), Vec::<String>::new());
    assert_eq!(world.generator.metrics().bucket_refused.get(), 1);
}

/// What must be impossible, 2: after a restore nothing is said to be published that is not served.
#[tokio::test(start_paused = true)]
async fn a_database_older_than_the_bucket_writes_nothing_until_it_is_rebuilt() {
    let world = World::new(2);
    let ours = world.store.tables().installation.clone().unwrap();
    put_layout(&world, LayoutFile::new(ours.id, LayoutNumber::new(5), shards(3), &ours.salt).write()).await;
    world.edit("a", "x");
    let _running = world.start();
    sleep(Duration::from_secs(10)).await;
    assert_eq!(world.storage.puts(), Vec::<String>::new());
    let made = rebuild(&world.store, &world.storage).await.unwrap();
    assert_eq!((made.layout.get(), made.shards), (6, shards(2)));
    world.until("served", async || served(&world) == Some(6)).await;
    world.assert_newest_stands().await;
}

#[tokio::test(start_paused = true)]
async fn two_generators_make_one_layout_file() {
    let world = World::new(4);
    let other = world.beside();
    let _running = [world.start(), other.start()];
    world.until("served", async || served(&world) == Some(1)).await;
    sleep(Duration::from_secs(3)).await;
    let puts = world.storage.puts().into_iter().filter(|key| key == "layout.json").count();
    assert_eq!(puts, 1);
    assert!(!world.storage.objects().list(&shards_prefix(LayoutNumber::new(1))).await.unwrap().is_empty());
}
