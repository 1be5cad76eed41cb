//! The installation's row, and its layouts.

use std::num::NonZeroU32;

use moclojer_cloud::domain::BaseDomain;
use moclojer_core::unify::{LayoutNumber, ShardId};

use super::facts;
use super::world::{LEASE, World, etag_of};

facts! {
    an_installation_is_made_once
    a_new_layout_is_above_all_others_and_waits_to_be_written
    a_layout_is_whole_when_every_shard_of_it_was_written
    a_served_layout_is_never_lowered
    a_claim_of_an_older_layout_is_worth_nothing
}

fn shards(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).unwrap()
}

async fn an_installation_is_made_once(world: World) {
    world.ping().await.unwrap();
    let there = world.installation().await.unwrap().unwrap();
    assert_eq!((there.layout, there.shards), (LayoutNumber::new(1), shards(2)));
    let again = world.install(&BaseDomain::parse("other.example").unwrap(), shards(7)).await.unwrap();
    assert_eq!((again.id, again.salt, again.shards), (there.id, there.salt, there.shards));
    assert_eq!(again.base_domain.as_str(), "example.com");
    assert_ne!(there.salt, [0; 32]);
    assert_eq!(world.tags().await.unwrap().len(), 2);
}

async fn a_new_layout_is_above_all_others_and_waits_to_be_written(world: World) {
    let ana = world.person("ana").await;
    let mock = world.mock_of(&ana, "shop").await;
    world.carry_out().await;
    let before = world.installation().await.unwrap().unwrap();
    let resharded = world.reshard(shards(1_100), LayoutNumber::new(6)).await.unwrap();
    assert_eq!((resharded.layout, resharded.shards), (LayoutNumber::new(7), shards(1_100)));
    assert_eq!((resharded.id, resharded.salt), (before.id, before.salt));
    assert_eq!(resharded.served_layout, Some(LayoutNumber::new(1)));
    let tags = world.tags().await.unwrap();
    assert_eq!(tags.len(), 1_100);
    assert!(tags.values().all(Option::is_none));
    assert_eq!(world.behind(2_000).await.unwrap().len(), 1_100);
    assert_eq!(world.status(mock.id).await, moclojer_cloud::domain::Status::Publishing);
    // The host is in exactly one shard of it.
    let shard = world.shard_of(&mock.host).await;
    let claim = world.claim(shard, None, LEASE).await.unwrap().unwrap();
    assert_eq!((claim.layout, claim.shards), (LayoutNumber::new(7), shards(1_100)));
    assert_eq!(world.wanted(&claim).await.unwrap()[0].host, mock.host);
    let lower = world.reshard(shards(3), LayoutNumber::new(2)).await.unwrap();
    assert_eq!(lower.layout, LayoutNumber::new(8));
}

async fn a_layout_is_whole_when_every_shard_of_it_was_written(world: World) {
    let layout = world.reshard(shards(2), LayoutNumber::new(1)).await.unwrap().layout;
    for shard in [0, 1] {
        assert!(!world.is_layout_whole(layout).await.unwrap());
        let claim = world.claim(ShardId::new(shard), None, LEASE).await.unwrap().unwrap();
        // An empty shard is written like any other.
        assert!(world.commit(&claim, &etag_of(&claim), &[]).await.unwrap());
    }
    assert!(world.is_layout_whole(layout).await.unwrap());
    assert!(!world.is_layout_whole(LayoutNumber::new(1)).await.unwrap());
    world.reshard(shards(2), layout).await.unwrap();
    assert!(!world.is_layout_whole(layout).await.unwrap());
}

async fn a_served_layout_is_never_lowered(world: World) {
    let served = async || world.installation().await.unwrap().unwrap().served_layout;
    let layout = world.reshard(shards(2), LayoutNumber::new(1)).await.unwrap().layout;
    world.set_served(layout).await.unwrap();
    world.set_served(LayoutNumber::new(1)).await.unwrap();
    assert_eq!(served().await, Some(layout));
    // One that was never made is not served either.
    world.set_served(LayoutNumber::new(99)).await.unwrap();
    assert_eq!(served().await, Some(layout));
}

async fn a_claim_of_an_older_layout_is_worth_nothing(world: World) {
    let ana = world.person("ana").await;
    let mock = world.mock_of(&ana, "shop").await;
    let claim = world.claim(world.shard_of(&mock.host).await, None, LEASE).await.unwrap().unwrap();
    let layout = world.reshard(shards(2), LayoutNumber::new(1)).await.unwrap().layout;
    // It still reads all its hosts: a shard is never written with fewer.
    let wanted = world.wanted(&claim).await.unwrap();
    assert_eq!(wanted.len(), 1);
    assert!(!world.written(&claim, &wanted).await);
    assert_eq!(world.claim_again(&claim, claim.generation, LEASE).await.unwrap(), None);
    world.fail(&claim, "late").await.unwrap();
    world.release(&claim).await.unwrap();
    assert!(world.tags().await.unwrap().values().all(Option::is_none));
    assert!(!world.is_layout_whole(layout).await.unwrap());
    assert_eq!(world.backlog().await.unwrap().failing, 0);
    assert!(world.claim(claim.shard, None, LEASE).await.unwrap().is_some());
}
