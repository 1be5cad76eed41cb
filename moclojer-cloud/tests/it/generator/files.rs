//! Mocks' own files: nobody serves from them, and in the end they are right.

use std::collections::BTreeSet;
use std::time::Duration;

use moclojer_cloud::layout_file::mock_key;
use moclojer_core::ports::{Condition, Storage, StorageKey};
use tokio::time::sleep;
use uuid::Uuid;

use super::World;
use super::faults::{Fault, Rule};
use super::memory_store::{OWNER, host, text};

/// The keys and contents of all files of mocks.
async fn files(world: &World) -> BTreeSet<(String, String)> {
    let mut files = BTreeSet::new();
    for object in world.storage.objects().list("").await.unwrap() {
        if object.key.as_str().ends_with("/mock.yml") {
            let bytes = world.storage.objects().get(&object.key).await.unwrap().unwrap().bytes;
            files.insert((object.key.to_string(), String::from_utf8(bytes.to_vec()).unwrap()));
        }
    }
    files
}

/// What the database says that there should be, and that it knows so.
fn expected(world: &World) -> BTreeSet<(String, String)> {
    let tables = world.store.tables();
    let newest = tables.newest();
    let of = |(host, row): (&_, &super::memory_store::HostRow)| {
        let (_, text) = newest.get(host)?;
        let key = mock_key(OWNER, row.mock?.0).unwrap().to_string();
        assert_eq!(row.file.as_ref().map(|file| &*file.key), Some(&*key), "{host}");
        Some((key, text.clone()))
    };
    let files = tables.hosts.iter().filter_map(of).collect();
    let gone = tables.hosts.iter().filter(|(host, _)| !newest.contains_key(host));
    assert!(gone.clone().all(|(_, row)| row.file.is_none()), "{gone:?}", gone = gone.collect::<Vec<_>>());
    files
}

async fn settle(world: &World) {
    world.until_dry().await;
    sleep(Duration::from_millis(500)).await;
}

#[tokio::test(start_paused = true)]
async fn each_served_mock_has_its_file_and_no_other_has() {
    let world = World::new(3);
    let _running = world.start();
    for name in ["a", "b", "c", "d"] {
        world.edit(name, "one");
    }
    settle(&world).await;
    assert_eq!(files(&world).await.len(), 4);
    assert_eq!(files(&world).await, expected(&world));
    world.edit("a", "two");
    world.store.tables().set_enabled(&host("b"), false);
    world.store.tables().delete(&host("c"));
    world.store.tables().rename(&host("d"), &host("e"), "one");
    settle(&world).await;
    assert_eq!(files(&world).await.len(), 2);
    assert_eq!(files(&world).await, expected(&world));
    // A host that was taken anew has another mock, and so another file.
    world.edit("c", "again");
    world.store.tables().delete(&host("a"));
    world.edit("a", "another mock");
    settle(&world).await;
    assert_eq!(files(&world).await, expected(&world));
}

#[tokio::test(start_paused = true)]
async fn a_renamed_mock_keeps_its_file_whichever_host_is_worked_on_first() {
    for names in ["ab", "ba", "cd", "dc", "ef", "fe", "ag", "ga", "hb", "bh"] {
        let world = World::new(5);
        let _running = world.start();
        let (from, to) = (host(&names[..1]), host(&names[1..]));
        world.edit(&names[..1], "x");
        settle(&world).await;
        world.store.tables().rename(&from, &to, "x");
        settle(&world).await;
        assert_eq!(files(&world).await.len(), 1, "{names}");
        assert_eq!(files(&world).await, expected(&world), "{names}");
    }
}

#[tokio::test(start_paused = true)]
async fn quick_changes_leave_the_newest_file() {
    let world = World::new(3);
    let _running = world.start();
    for n in 0..200_u64 {
        let name = format!("m{}", n % 5);
        match n % 9 {
            0 => world.store.tables().delete(&host(&name)),
            1 => world.store.tables().set_enabled(&host(&name), false),
            2 => world.store.tables().set_enabled(&host(&name), true),
            3 => world.store.tables().rename(&host(&name), &host(&format!("m{}", n % 7)), "moved"),
            _ => {
                world.edit(&name, &format!("content {n}"));
            }
        }
        sleep(Duration::from_millis(n % 4 * 300)).await;
    }
    settle(&world).await;
    assert_eq!(files(&world).await, expected(&world));
}

#[tokio::test(start_paused = true)]
async fn a_store_that_takes_no_files_delays_no_change() {
    let world = World::new(3);
    world.storage.faults.set(|call| {
        if call.starts_with("put") && call.ends_with("mock.yml") {
            Rule::Hang
        } else {
            Rule::Now(Fault::None)
        }
    });
    let _running = world.start();
    for n in 0..50 {
        world.edit(&format!("m{n}"), "x");
    }
    let since = tokio::time::Instant::now();
    world.until_dry().await;
    assert!(since.elapsed() < Duration::from_secs(2));
    world.assert_newest_stands().await;
    world.storage.faults.clear();
    sleep(Duration::from_secs(700)).await;
    assert_eq!(files(&world).await, expected(&world));
}

#[tokio::test(start_paused = true)]
async fn the_daily_comparison_repairs_both_ways_and_touches_nothing_else() {
    let world = World::new(3);
    let _running = world.start();
    for name in ["a", "b", "c"] {
        world.edit(name, "one");
    }
    settle(&world).await;
    let put = async |key: String, bytes: &'static str| {
        let key = StorageKey::parse(key).unwrap();
        world.storage.objects().put(&key, bytes.into(), Condition::Always).await.unwrap();
    };
    let keys: Vec<String> = files(&world).await.into_iter().map(|(key, _)| key).collect();
    world.storage.objects().delete(&StorageKey::parse(&*keys[0]).unwrap()).await.unwrap();
    put(keys[1].clone(), "damaged").await;
    put(format!("{OWNER}/{}/mock.yml", Uuid::now_v7()), "left over").await;
    put("unified/0/old.yml".to_owned(), "not ours to remove").await;
    put(format!("{OWNER}/notes.txt"), "nor this").await;
    let others = async || {
        let all = world.storage.objects().list("").await.unwrap();
        all.into_iter().filter(|object| !object.key.as_str().ends_with("/mock.yml")).collect::<Vec<_>>()
    };
    let before = others().await;
    sleep(Duration::from_secs(700)).await;
    assert_eq!(files(&world).await, expected(&world));
    assert_eq!(others().await, before);
    assert_eq!(world.generator.metrics().files_repaired.get(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_file_of_a_host_whose_text_is_damaged_stays() {
    let world = World::new(1);
    let running = world.start();
    world.edit("a", "good");
    settle(&world).await;
    let before = files(&world).await;
    world.store.tables().store_text(&host("a"), "broken".to_owned());
    sleep(Duration::from_secs(700)).await;
    assert_eq!(files(&world).await, before);
    // In a new layout it is what the host goes on with.
    moclojer_cloud::generator::reshard(&world.store, &world.storage, std::num::NonZeroU32::new(2).unwrap())
        .await
        .unwrap();
    world.until("written", async || world.stands().await.contains_key(&host("a"))).await;
    assert_eq!(world.stands().await[&host("a")].1, text(&host("a"), "good").as_str());
    drop(running);
}
