//! Whatever happens on the way: nobody disappears who was not removed, and at the end the last complete state is
//! served.

use std::time::Duration;

use moclojer_core::ports::{Condition, Storage as _};
use proptest::prelude::*;

use super::world::{Fault, World};
use super::{A_LOOK, SOON};

/// Hosts that are edited and never removed, and hosts that come and go.
const STAYING: [&str; 4] = ["a.test", "b.test", "c.test", "d.test"];
const PASSING: [&str; 3] = ["x.test", "y.test", "z.test"];

#[derive(Clone, Debug)]
enum Happening {
    Edit(usize),
    Remove(usize),
    /// The writer changed a host and stopped before its PUT.
    Forget(usize),
    Mute(bool),
    Reconnect,
    Down(bool),
    Fault(u32, Fault),
    Heal,
    /// An object is cut, or missing, or an old state of it stands there again.
    Cut(u32, usize),
    Delete(u32),
    PutBack,
    Wipe,
    OtherBucket,
    Reshard(u32),
    Pass(u64),
}

fn happening() -> impl Strategy<Value = Happening> {
    let all = STAYING.len() + PASSING.len();
    let fault = prop_oneof![
        Just(Fault::Error),
        Just(Fault::Missing),
        (0..900usize).prop_map(Fault::Cut),
        Just(Fault::Damaged),
    ];
    prop_oneof![
        6 => (0..all).prop_map(Happening::Edit),
        4 => (0..PASSING.len()).prop_map(Happening::Remove),
        1 => (0..all).prop_map(Happening::Forget),
        2 => any::<bool>().prop_map(Happening::Mute),
        1 => Just(Happening::Reconnect),
        2 => any::<bool>().prop_map(Happening::Down),
        3 => (0..4u32, fault).prop_map(|(shard, fault)| Happening::Fault(shard, fault)),
        2 => Just(Happening::Heal),
        2 => (0..4u32, 0..900usize).prop_map(|(shard, at)| Happening::Cut(shard, at)),
        1 => (0..4u32).prop_map(Happening::Delete),
        2 => Just(Happening::PutBack),
        1 => Just(Happening::Wipe),
        1 => Just(Happening::OtherBucket),
        2 => (1..4u32).prop_map(Happening::Reshard),
        6 => (0..8_000u64).prop_map(Happening::Pass),
    ]
}

fn name(at: usize) -> &'static str {
    STAYING.iter().chain(&PASSING).nth(at).unwrap()
}

async fn happen(
    world: &mut World,
    happening: &Happening,
    old: &mut Option<(moclojer_core::ports::StorageKey, bytes::Bytes)>,
) {
    let shards = world.cloud.shards;
    match happening {
        Happening::Edit(at) => world.edit(name(*at)).await,
        Happening::Remove(at) => world.remove(PASSING[*at]).await,
        Happening::Forget(at) => world.cloud.change(name(*at)),
        Happening::Mute(true) => world.bus.mute(),
        Happening::Mute(false) => world.bus.speak(),
        Happening::Reconnect => world.bus.reconnect(),
        Happening::Down(down) => world.storage.set_down(*down),
        Happening::Fault(shard, fault) => {
            world.storage.fault(&world.cloud.key(shard % shards), fault.clone())
        }
        Happening::Heal => world.storage.heal(),
        Happening::Cut(shard, at) => {
            let key = world.cloud.key(shard % shards);
            let bytes = world.cloud.bytes(shard % shards);
            *old = Some((key.clone(), bytes.clone().into()));
            let bytes = bytes[..(*at).min(bytes.len() - 1)].to_vec();
            world.storage.put(&key, bytes.into(), Condition::Always).await.unwrap();
        }
        Happening::Delete(shard) => world.storage.delete(&world.cloud.key(shard % shards)).await.unwrap(),
        Happening::PutBack => {
            if let Some((key, bytes)) = old {
                world.storage.put(key, bytes.clone(), Condition::Always).await.unwrap();
            }
        }
        Happening::Wipe => world.storage.wipe().await,
        Happening::OtherBucket => {
            let ours = std::mem::replace(&mut world.cloud.installation, uuid::Uuid::new_v4());
            world.write_layout().await;
            world.cloud.installation = ours;
        }
        Happening::Reshard(shards) => {
            world.cloud.next_layout(*shards);
            for shard in 0..*shards {
                world.write(shard).await;
                world.pass(Duration::from_millis(3)).await;
            }
            world.write_layout().await;
        }
        Happening::Pass(ms) => world.pass(Duration::from_millis(*ms)).await,
    }
}

/// Everyone who stays answers, with a version that is not newer than the newest.
fn check(world: &World, happening: &Happening) -> Result<(), TestCaseError> {
    for host in STAYING {
        let body = world.body(host);
        prop_assert!(body.starts_with(host), "{} is gone after {:?}", host, happening);
    }
    Ok(())
}

async fn run(happenings: Vec<Happening>) -> Result<(), TestCaseError> {
    let mut world = World::serving(3, &STAYING).await;
    let mut old = None;
    for happening in &happenings {
        happen(&mut world, happening, &mut old).await;
        check(&world, happening)?;
        world.pass(Duration::from_millis(7)).await;
        check(&world, happening)?;
    }
    // All is written once more, as the generator's minute check does.
    world.storage.heal();
    for shard in 0..world.cloud.shards {
        world.write(shard).await;
    }
    world.write_layout().await;
    world.pass(A_LOOK + A_LOOK + SOON).await;
    for host in STAYING.into_iter().chain(PASSING) {
        let key = super::world::host(host);
        let wanted = world.cloud.hosts.get(&key).map(|(version, _)| format!("{host} {version}"));
        prop_assert_eq!(world.get(host), (if wanted.is_some() { 200 } else { 404 }, wanted));
    }
    let health = world.health();
    prop_assert!(health.ready && health.unreadable == 0 && health.error.is_none(), "{:?}", health);
    prop_assert_eq!(health.hosts, world.cloud.hosts.len());
    world.stop().await;
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_last_complete_state_is_served_and_nobody_disappears(
        happenings in proptest::collection::vec(happening(), 1..40),
    ) {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        runtime.block_on(run(happenings))?;
    }
}
