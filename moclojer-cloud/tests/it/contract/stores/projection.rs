//! Claims, what they read, and what is recorded of their writes.

use std::time::Duration;

use moclojer_cloud::domain::Status;
use moclojer_cloud::store::{Applied, MockFile};
use moclojer_core::ports::ETag;
use moclojer_core::unify::{Generation, ShardId, Version};

use super::facts;
use super::world::{LEASE, World, applied, etag_of, valid_edit};

facts! {
    a_claimed_shard_is_nobody_elses
    a_claim_that_ran_out_is_taken_and_its_write_is_not_recorded
    generations_grow_over_what_was_found
    a_change_during_the_write_stays_behind
    an_applied_version_is_never_lowered
    a_failing_shard_waits_longer_each_time_and_delays_no_other
    shards_that_waited_longest_come_first
    a_shard_is_written_anew_only_over_the_tag_that_was_seen
    a_damaged_text_harms_no_neighbour_and_removes_no_host
    a_mocks_file_is_remembered
    hosts_are_listed_by_name
    the_backlog_counts_what_is_behind
    without_changes_nothing_is_behind
}

async fn a_claimed_shard_is_nobody_elses(world: World) {
    let ana = world.person("ana").await;
    let mock = world.mock_of(&ana, "shop").await;
    let shard = world.shard_of(&mock.host).await;
    assert_eq!(world.behind(10).await.unwrap(), [shard]);
    let claim = world.claim(shard, None, LEASE).await.unwrap().unwrap();
    assert_eq!(claim.shard, shard);
    assert!(claim.etag.is_some());
    assert_eq!(world.claim(shard, None, LEASE).await.unwrap(), None);
    assert_eq!(world.behind(10).await.unwrap(), []);
    world.release(&claim).await.unwrap();
    assert_eq!(world.behind(10).await.unwrap(), [shard]);
    let next = world.claim(shard, None, LEASE).await.unwrap().unwrap();
    assert!(next.generation > claim.generation);
    // A claim that was given back cannot be given back again, nor does its word count.
    world.release(&claim).await.unwrap();
    world.fail(&claim, "late").await.unwrap();
    assert_eq!(world.claim(shard, None, LEASE).await.unwrap(), None);
    assert_eq!(world.claim(ShardId::new(2), None, LEASE).await.unwrap(), None);
}

/// "What must be impossible", 13: a generator that read before another wrote puts the old content back.
async fn a_claim_that_ran_out_is_taken_and_its_write_is_not_recorded(world: World) {
    let ana = world.person("ana").await;
    let mock = world.mock_of(&ana, "shop").await;
    let shard = world.shard_of(&mock.host).await;
    let slow = world.claim(shard, None, Duration::ZERO).await.unwrap().unwrap();
    let old = world.wanted(&slow).await.unwrap();
    world.edited(&valid_edit(&mock, "two", ana.id)).await;
    let deadline = std::time::Instant::now() + LEASE;
    let fast = loop {
        match world.claim(shard, None, LEASE).await.unwrap() {
            Some(claim) => break claim,
            None => assert!(std::time::Instant::now() < deadline),
        }
    };
    let new = world.wanted(&fast).await.unwrap();
    assert!(!world.written(&slow, &old).await);
    assert_eq!(world.now(mock.id).await.state.applied_version, Version::new(0));
    assert!(world.written(&fast, &new).await);
    assert!(!world.written(&slow, &old).await);
    assert_eq!(world.now(mock.id).await.state.applied_version, Version::new(2));
    assert_eq!(world.tags().await.unwrap()[&shard], Some(etag_of(&fast)));
    assert_eq!(world.claim_again(&slow, fast.generation, LEASE).await.unwrap(), None);
}

async fn generations_grow_over_what_was_found(world: World) {
    let shard = ShardId::new(0);
    let first = world.claim(shard, None, LEASE).await.unwrap().unwrap();
    let now = world.database.number(if is_postgres(&world).await {
        "SELECT now_ms()"
    } else {
        "SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER)"
    });
    let now = u64::try_from(now.await.unwrap()).unwrap();
    assert!(first.generation.get() <= now + 1 && first.generation.get() + 60_000 > now);
    let found = Generation::new(now + 1_000_000);
    let again = world.claim_again(&first, found, LEASE).await.unwrap().unwrap();
    assert_eq!(again.generation.get(), now + 1_000_001);
    world.release(&again).await.unwrap();
    let next = world.claim(shard, None, LEASE).await.unwrap().unwrap();
    assert_eq!(next.generation.get(), now + 1_000_002);
    world.release(&next).await.unwrap();
    let next = world.claim(shard, Some(Generation::new(now + 2_000_000)), LEASE).await.unwrap().unwrap();
    assert_eq!(next.generation.get(), now + 2_000_001);
}

async fn is_postgres(world: &World) -> bool {
    format!("{:?}", world.database.store).starts_with("Postgres")
}

async fn a_change_during_the_write_stays_behind(world: World) {
    let ana = world.person("ana").await;
    let mock = world.mock_of(&ana, "shop").await;
    let claim = world.claim(world.shard_of(&mock.host).await, None, LEASE).await.unwrap().unwrap();
    let wanted = world.wanted(&claim).await.unwrap();
    assert!(wanted[0].behind);
    world.edited(&valid_edit(&mock, "two", ana.id)).await;
    assert!(world.written(&claim, &wanted).await);
    let state = world.now(mock.id).await.state;
    assert_eq!((state.applied_version, state.version), (Version::new(1), Version::new(2)));
    assert_eq!(world.status(mock.id).await, Status::Publishing);
    world.carry_out().await;
    assert_eq!(world.status(mock.id).await, Status::Published);
}

async fn an_applied_version_is_never_lowered(world: World) {
    let ana = world.person("ana").await;
    let mock = world.mock_of(&ana, "shop").await;
    let mock = world.edited(&valid_edit(&mock, "two", ana.id)).await;
    world.carry_out().await;
    let before = world.now(mock.id).await.state;
    let claim = world.claim(world.shard_of(&mock.host).await, None, LEASE).await.unwrap().unwrap();
    let old = Applied { host: mock.host.clone(), version: Version::new(1), revision: None };
    assert!(world.commit(&claim, &etag_of(&claim), &[old]).await.unwrap());
    assert_eq!(world.now(mock.id).await.state, before);
}

async fn a_failing_shard_waits_longer_each_time_and_delays_no_other(world: World) {
    let ana = world.person("ana").await;
    let mock = world.mock_of(&ana, "shop").await;
    let shard = world.shard_of(&mock.host).await;
    let mut last = 0;
    for attempt in 0..10 {
        let claim = world.claim(shard, None, LEASE).await.unwrap().unwrap();
        let before = world
            .database
            .number(&format!("SELECT claimed_until - {} FROM shard WHERE id = {shard}", LEASE.as_millis()))
            .await
            .unwrap();
        world.fail(&claim, &"x\0".repeat(2_000)).await.unwrap();
        let next =
            world.database.number(&format!("SELECT next_at FROM shard WHERE id = {shard}")).await.unwrap();
        let (pause, whole) = (next - before, 500 << attempt.min(7));
        // Half to the whole, and what the calls took.
        assert!(pause >= whole / 2 && pause < whole + 2_000, "{attempt}: {pause}");
        assert!(!(3..=7).contains(&attempt) || pause > last / 2);
        last = pause;
        assert_eq!(world.claim(shard, None, LEASE).await.unwrap(), None);
        assert!(!world.behind(10).await.unwrap().contains(&shard));
        world.database.execute(&format!("UPDATE shard SET next_at = 0 WHERE id = {shard}")).await;
    }
    assert_eq!(world.backlog().await.unwrap().failing, 1);
    let other = ShardId::new(1 - shard.get());
    assert!(world.claim(other, None, LEASE).await.unwrap().is_some());
    // A write that works ends it.
    world.carry_out().await;
    assert_eq!(world.backlog().await.unwrap().failing, 0);
    assert_eq!(world.database.number("SELECT count(last_error) FROM shard").await, Some(0));
}

async fn shards_that_waited_longest_come_first(world: World) {
    let ana = world.person("ana").await;
    let mut hosts = Vec::new();
    for number in 0.. {
        let mock = world.mock_of(&ana, &format!("m{number}")).await;
        let shard = world.shard_of(&mock.host).await;
        if hosts.iter().all(|(_, there)| *there != shard) {
            hosts.push((mock.host, shard));
        }
        if hosts.len() == 2 {
            break;
        }
    }
    world.carry_out().await;
    let changed = |at| format!("UPDATE host SET version = version + 1, changed_at = {at}");
    for (at, first, second) in [(2, 0, 1), (4, 1, 0)] {
        for (at, (host, _)) in [(at, &hosts[first]), (3, &hosts[second])] {
            world.database.execute(&format!("{} WHERE name = '{host}'", changed(at))).await;
        }
        let expected =
            if at < 3 { [hosts[first].1, hosts[second].1] } else { [hosts[second].1, hosts[first].1] };
        assert_eq!(world.behind(10).await.unwrap(), expected);
        assert_eq!(world.behind(1).await.unwrap(), expected[..1]);
    }
    // A host that changes again and again has waited since the first change.
    let (host, _) = &hosts[0];
    let name = format!("SELECT changed_at FROM host WHERE name = '{host}'");
    let since = world.database.number(&name).await;
    let id = world
        .mocks(
            &[moclojer_cloud::domain::Owner::Customer(ana.id)],
            &moclojer_cloud::store::Page { after: None, limit: 100 },
            false,
        )
        .await
        .unwrap()
        .into_iter()
        .find(|mock| mock.host == *host)
        .unwrap()
        .id;
    world.set_enabled(id, false).await.unwrap();
    assert_eq!(world.database.number(&name).await, since);
    world.carry_out().await;
    world.set_enabled(id, true).await.unwrap();
    assert!(world.database.number(&name).await > Some(1_000));
}

async fn a_shard_is_written_anew_only_over_the_tag_that_was_seen(world: World) {
    let tags = world.tags().await.unwrap();
    let (zero, one) = (ShardId::new(0), ShardId::new(1));
    let seen = tags[&zero].clone().unwrap();
    world.write_anew(&[(zero, seen.clone()), (one, ETag::new("\"other\""))]).await.unwrap();
    assert_eq!(world.behind(10).await.unwrap(), [zero]);
    let now = world.tags().await.unwrap();
    assert_eq!((&now[&zero], &now[&one]), (&None, &tags[&one]));
    world.carry_out().await;
    // It was written meanwhile: what was seen is old.
    world.write_anew(&[(zero, seen)]).await.unwrap();
    assert_eq!(world.behind(10).await.unwrap(), []);
}

async fn a_damaged_text_harms_no_neighbour_and_removes_no_host(world: World) {
    let ana = world.person("ana").await;
    let (bad, good) = (world.mock_of(&ana, "bad").await, world.mock_of(&ana, "good").await);
    world
        .database
        .execute(&format!(
            "UPDATE mock SET processed = '# moclojer host={}' WHERE wildcard = 'bad'",
            good.host
        ))
        .await;
    let written: Vec<_> = world.carry_out().await.into_iter().flatten().collect();
    let text = |host| {
        let wanted = written.iter().find(|wanted| wanted.host == host).unwrap();
        wanted.served.as_ref().unwrap().text.clone()
    };
    // It is told as what it is, neither as absent nor as something to serve.
    assert!(text(bad.host.clone()).is_err());
    assert!(text(good.host.clone()).unwrap().as_str().contains("one"));
    world.edited(&valid_edit(&bad, "again", ana.id)).await;
    let written: Vec<_> = world.carry_out().await.into_iter().flatten().collect();
    assert!(written.iter().all(|wanted| wanted.served.as_ref().unwrap().text.is_ok()));
}

async fn a_mocks_file_is_remembered(world: World) {
    let ana = world.person("ana").await;
    let mock = world.mock_of(&ana, "shop").await;
    let file = MockFile { key: format!("{}/{}/mock.yml", ana.id, mock.id), etag: ETag::new("\"a\"") };
    world.set_file(&mock.host, Some(&file)).await.unwrap();
    let there = async || world.hosts(None, 10).await.unwrap().remove(0).file;
    assert_eq!(there().await, Some(file.clone()));
    world.delete(mock.id, None).await.unwrap();
    let written = world.carry_out().await;
    assert_eq!(written[0][0].file, Some(file));
    world.set_file(&mock.host, None).await.unwrap();
    assert_eq!(there().await, None);
}

async fn hosts_are_listed_by_name(world: World) {
    let ana = world.person("ana").await;
    for wildcard in ["b", "a-b", "a", "a0", "c"] {
        world.mock_of(&ana, wildcard).await;
    }
    let gone = world.mock_of(&ana, "gone").await;
    world.delete(gone.id, None).await.unwrap();
    world.carry_out().await;
    let mut names = Vec::new();
    let mut after = None;
    loop {
        let page = world.hosts(after.as_ref(), 2).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.host.clone());
        names.extend(
            page.iter().map(|wanted| (wanted.host.to_string(), wanted.served.is_some(), wanted.behind)),
        );
    }
    let expected = [
        ("a-ana", true),
        ("a-b-ana", true),
        ("a0-ana", true),
        ("b-ana", true),
        ("c-ana", true),
        ("gone-ana", false),
    ]
    .map(|(name, served)| (format!("{name}.example.com"), served, false));
    assert_eq!(names, expected);
}

async fn the_backlog_counts_what_is_behind(world: World) {
    assert_eq!(world.backlog().await.unwrap(), Default::default());
    let ana = world.person("ana").await;
    for wildcard in ["a", "b", "c"] {
        world.mock_of(&ana, wildcard).await;
    }
    world.database.execute("UPDATE host SET changed_at = changed_at - 60000").await;
    let tag = world.tags().await.unwrap()[&ShardId::new(0)].clone().unwrap();
    world.write_anew(&[(ShardId::new(0), tag)]).await.unwrap();
    let backlog = world.backlog().await.unwrap();
    assert_eq!((backlog.hosts, backlog.shards, backlog.failing), (3, 1, 0));
    assert!(backlog.oldest >= Duration::from_secs(60) && backlog.oldest < Duration::from_secs(120));
}

async fn without_changes_nothing_is_behind(world: World) {
    let ana = world.person("ana").await;
    let mock = world.mock_of(&ana, "shop").await;
    world.carry_out().await;
    let claim = world.claim(world.shard_of(&mock.host).await, None, LEASE).await.unwrap().unwrap();
    let wanted = world.wanted(&claim).await.unwrap();
    // What is served is written each time; what is out stays out without a word.
    assert_eq!(wanted.len(), 1);
    assert!(!wanted[0].behind);
    assert!(world.commit(&claim, &etag_of(&claim), &applied(&wanted)).await.unwrap());
    world.delete(mock.id, None).await.unwrap();
    world.carry_out().await;
    let claim = world.claim(claim.shard, None, LEASE).await.unwrap().unwrap();
    assert_eq!(world.wanted(&claim).await.unwrap().len(), 0);
}
