//! Each answer of the object store to a write, and code that is stopped before a write and before its record.

use std::time::Duration;

use moclojer_cloud::generator::Outcome;
use moclojer_cloud::layout_file::shard_key;
use moclojer_core::ports::{Condition, Storage};
use moclojer_core::unify::{LayoutNumber, ShardId};

use super::World;
use super::faults::{Fault, Rule};
use super::memory_store::host;

fn row(world: &World) -> super::memory_store::ShardRow {
    world.store.tables().shards[&ShardId::new(0)].clone()
}

fn puts(world: &World) -> usize {
    world.storage.puts().iter().filter(|key| key.starts_with("unified/")).count()
}

#[tokio::test(start_paused = true)]
async fn changes_that_wait_go_in_one_write_and_the_next_goes_over_it() {
    let world = World::new(1);
    world.edit("a", "one");
    world.edit("b", "one");
    assert_eq!(world.carry().await, Outcome::Written);
    world.assert_newest_stands().await;
    world.edit("a", "two");
    assert_eq!(world.carry().await, Outcome::Written);
    world.assert_newest_stands().await;
    assert_eq!(puts(&world), 2);
    assert_eq!(world.carry().await, Outcome::Nothing);
    assert_eq!(puts(&world), 2);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_was_lost_after_the_write_arrived_is_found_in_the_store() {
    let world = World::new(1);
    for content in ["one", "two"] {
        world.edit("a", content);
        world.storage.faults.times("put unified/", 1, Rule::Now(Fault::LoseAnswer));
        assert_eq!(world.carry().await, Outcome::Written);
        world.assert_newest_stands().await;
    }
    assert_eq!(puts(&world), 2);
    assert_eq!(world.generator.metrics().unanswered.get(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_write_that_was_lost_on_its_way_is_done_again() {
    let world = World::new(1);
    for content in ["one", "two"] {
        world.edit("a", content);
        world.storage.faults.times("put unified/", 4, Rule::Now(Fault::LoseRequest));
        assert_eq!(world.carry().await, Outcome::Written);
        world.assert_newest_stands().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_write_that_never_answers_ends_at_its_limit_and_cannot_arrive_after_the_next() {
    let world = World::new(1);
    world.edit("a", "one");
    world.carry().await;
    world.edit("a", "two");
    world.storage.faults.times("put unified/", 5, Rule::Now(Fault::Late));
    assert_eq!(world.carry().await, Outcome::Failed);
    assert!(row(&world).last_error.unwrap().contains("could not be written"));
    tokio::time::advance(Duration::from_secs(60)).await;
    world.edit("a", "three");
    assert_eq!(world.carry().await, Outcome::Written);
    world.storage.deliver().await;
    world.assert_newest_stands().await;

    world.edit("a", "four");
    world.storage.faults.times("put unified/", 1, Rule::Hang);
    let before = tokio::time::Instant::now();
    assert_eq!(world.carry().await, Outcome::Written);
    let took = before.elapsed();
    assert!(took >= Duration::from_secs(5) && took < Duration::from_secs(6), "{took:?}");
    world.assert_newest_stands().await;
}

#[tokio::test(start_paused = true)]
async fn a_lower_generation_is_written_over_whoever_left_it() {
    let world = World::new(1);
    world.edit("a", "one");
    world.put_shard(5, &[("left", "over")]).await;
    assert_eq!(world.carry().await, Outcome::Written);
    world.assert_newest_stands().await;
    assert_eq!(world.generator.metrics().refused.get(), 1);
    world.put_shard(6, &[]).await;
    world.edit("a", "two");
    assert_eq!(world.carry().await, Outcome::Written);
    world.assert_newest_stands().await;
}

#[tokio::test(start_paused = true)]
async fn an_object_that_is_gone_cut_or_no_shard_is_written_anew() {
    let world = World::new(1);
    let key = shard_key(LayoutNumber::new(1), ShardId::new(0));
    world.edit("a", "one");
    world.carry().await;
    world.storage.wipe().await;
    world.edit("a", "two");
    assert_eq!(world.carry().await, Outcome::Written);
    world.assert_newest_stands().await;

    let whole = world.storage.objects().get(&key).await.unwrap().unwrap().bytes;
    for cut in [whole.slice(..0), whole.slice(..9), whole.slice(..whole.len() - 1), "garbage".into()] {
        world.storage.objects().put(&key, cut, Condition::Always).await.unwrap();
        world.edit("a", "three");
        assert_eq!(world.carry().await, Outcome::Written);
        world.assert_newest_stands().await;
    }
}

#[tokio::test(start_paused = true)]
async fn over_a_higher_generation_the_shard_is_claimed_again_when_the_database_is_older() {
    let world = World::new(1);
    world.edit("a", "one");
    let far = world.store.tables().now_ms() + 1_000_000;
    world.put_shard(far, &[("a", "from the future"), ("b", "too")]).await;
    assert_eq!(world.carry().await, Outcome::Written);
    world.assert_newest_stands().await;
    assert_eq!(row(&world).generation, far + 1);
    assert_eq!(world.shard(ShardId::new(0)).await.unwrap().position().generation.get(), far + 1);
}

#[tokio::test(start_paused = true)]
async fn over_a_higher_generation_of_somebody_who_claimed_since_nothing_is_written_or_recorded() {
    let (world, other) = {
        let world = World::new(1);
        let other = world.beside();
        (world, other)
    };
    world.edit("a", "old");
    let (there, go) = world.storage.faults.stop("put unified/");
    let generator = world.generator.clone();
    let slow = tokio::spawn(async move { generator.carry(ShardId::new(0)).await });
    there.notified().await;
    // The claim ends. The limit of the call is what ends the put, so the clock stays just below.
    world.store.tables().shards.get_mut(&ShardId::new(0)).unwrap().claimed_until =
        tokio::time::Instant::now() - Duration::from_millis(1);
    world.edit("a", "new");
    world.edit("b", "new");
    assert_eq!(other.carry().await, Outcome::Written);
    go.notify_one();
    assert_eq!(slow.await.unwrap(), Outcome::Nothing);
    world.assert_newest_stands().await;
    assert_eq!(world.store.tables().hosts[&host("a")].applied_version, 2);
}

#[tokio::test(start_paused = true)]
async fn code_stopped_before_its_record_records_nothing_when_another_wrote_since() {
    let world = World::new(1);
    let other = world.beside();
    world.edit("a", "old");
    let (there, go) = world.store.faults.stop("commit");
    let generator = world.generator.clone();
    let slow = tokio::spawn(async move { generator.carry(ShardId::new(0)).await });
    there.notified().await;
    world.store.tables().shards.get_mut(&ShardId::new(0)).unwrap().claimed_until =
        tokio::time::Instant::now() - Duration::from_millis(1);
    world.store.tables().delete(&host("a"));
    assert_eq!(other.carry().await, Outcome::Written);
    let recorded = row(&world).etag;
    go.notify_one();
    assert_eq!(slow.await.unwrap(), Outcome::Nothing);
    assert_eq!(row(&world).etag, recorded);
    assert_eq!(world.store.tables().hosts[&host("a")].applied_revision, None);
    world.assert_newest_stands().await;
}

#[tokio::test(start_paused = true)]
async fn code_killed_before_its_record_leaves_what_the_next_writes_over() {
    let world = World::new(1);
    let other = world.beside();
    world.edit("a", "one");
    let (there, _go) = world.store.faults.stop("commit");
    let generator = world.generator.clone();
    let killed = tokio::spawn(async move { generator.carry(ShardId::new(0)).await });
    there.notified().await;
    killed.abort();
    assert_eq!(world.store.tables().hosts[&host("a")].applied_version, 0);
    assert_eq!(other.carry().await, Outcome::Nothing);
    tokio::time::advance(Duration::from_secs(11)).await;
    assert_eq!(other.carry().await, Outcome::Written);
    world.assert_newest_stands().await;
}

#[tokio::test(start_paused = true)]
async fn a_record_whose_answer_was_lost_is_asked_for_again() {
    let world = World::new(1);
    for fault in [Fault::LoseAnswer, Fault::LoseRequest] {
        world.edit("a", "one");
        world.store.faults.times("commit", 2, Rule::Now(fault));
        assert_eq!(world.carry().await, Outcome::Written);
        world.assert_newest_stands().await;
    }
}

#[tokio::test(start_paused = true)]
async fn after_five_tries_the_shard_waits_with_the_reason() {
    let world = World::new(1);
    world.edit("a", "one");
    world.storage.faults.times("put unified/", 100, Rule::Now(Fault::LoseRequest));
    assert_eq!(world.carry().await, Outcome::Failed);
    assert_eq!(world.generator.metrics().unanswered.get(), 5);
    let row = row(&world);
    assert_eq!((row.attempts, row.etag), (1, None));
    assert!(row.last_error.unwrap().contains("the store is away"));
    assert_eq!(world.store.tables().hosts[&host("a")].applied_version, 0);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_refuses_for_good_is_not_asked_five_times() {
    let world = World::new(1);
    world.edit("a", "one");
    world.storage.faults.times("put unified/", 100, Rule::Now(Fault::Refuse));
    assert_eq!(world.carry().await, Outcome::Failed);
    assert!(row(&world).last_error.unwrap().contains("wrong credentials"));
    assert_eq!(world.generator.metrics().unanswered.get(), 0);
}

/// What must be impossible, 1: an error of reading is never taken for an empty store.
#[tokio::test(start_paused = true)]
async fn what_stands_is_never_guessed_from_a_read_that_failed() {
    let world = World::new(1);
    world.edit("a", "one");
    world.put_shard(5, &[("left", "over")]).await;
    world.storage.faults.times("get unified/", 1, Rule::Now(Fault::LoseRequest));
    assert_eq!(world.carry().await, Outcome::Failed);
    assert_eq!(puts(&world), 0);
    tokio::time::advance(Duration::from_secs(60)).await;
    assert_eq!(world.carry().await, Outcome::Written);
    world.assert_newest_stands().await;
}

#[tokio::test(start_paused = true)]
async fn a_database_that_cannot_be_read_writes_nothing_and_the_claim_is_given_back_or_ends() {
    let world = World::new(1);
    world.edit("a", "one");
    world.store.faults.times("wanted", 1, Rule::Now(Fault::LoseRequest));
    assert_eq!(world.carry().await, Outcome::Failed);
    assert_eq!((puts(&world), row(&world).attempts), (0, 1));
    tokio::time::advance(Duration::from_secs(60)).await;
    world.store.faults.times("wanted", 1, Rule::Hang);
    assert_eq!(world.carry().await, Outcome::Failed);
    assert_eq!((puts(&world), row(&world).attempts), (0, 2));
}

#[tokio::test(start_paused = true)]
async fn a_stored_text_that_does_not_hold_stays_as_it_stands_and_its_neighbours_go_on() {
    let world = World::new(1);
    world.edit("a", "good");
    world.edit("b", "one");
    world.carry().await;
    let good = world.stands().await[&host("a")].clone();
    world.store.tables().store_text(&host("a"), "---\n# moclojer host=evil\n".to_owned());
    // Nothing else waits: nothing is written, and nothing is recorded.
    assert_eq!(world.carry().await, Outcome::Nothing);
    world.edit("b", "two");
    assert_eq!(world.carry().await, Outcome::Written);
    let stands = world.stands().await;
    assert_eq!(stands[&host("a")], good);
    assert_eq!(stands[&host("b")].0, 2);
    assert_eq!(world.store.tables().hosts[&host("a")].applied_version, 1);
    assert!(world.generator.metrics().unreadable_texts.get() > 0);
    // And an edit mends it.
    world.edit("a", "mended");
    assert_eq!(world.carry().await, Outcome::Written);
    world.assert_newest_stands().await;
}
