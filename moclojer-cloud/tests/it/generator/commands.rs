//! What the generator can be told once.

use moclojer_cloud::generator::{Exported, export, status};
use moclojer_core::spec::{Format, Limits, Spec};

use super::World;
use super::memory_store::host;

#[tokio::test(start_paused = true)]
async fn the_export_is_one_mock_file_of_all_that_is_to_be_served_in_order() {
    let world = World::new(3);
    let mut empty = Vec::new();
    assert_eq!(export(&world.store, &mut empty).await.unwrap(), Exported::default());
    for n in 0..1_203 {
        world.edit(&format!("m{n}"), "x");
    }
    world.store.tables().delete(&host("m7"));
    world.store.tables().set_enabled(&host("m8"), false);
    world.store.tables().store_text(&host("m9"), "broken".to_owned());
    let mut file = Vec::new();
    let exported = export(&world.store, &mut file).await.unwrap();
    assert_eq!(exported, Exported { hosts: 1_200, unreadable: 1 });
    let read = Spec::read("unified.yml", &file, Format::Yaml, &Limits::default());
    assert_eq!(read.problems.len(), 0, "{:?}", read.problems);
    assert_eq!(read.spec.unwrap().endpoints.len(), 1_200);
    let text = String::from_utf8(file).unwrap();
    let hosts: Vec<&str> = text.lines().filter(|line| line.starts_with("- \"x-host\"")).collect();
    assert!(hosts.is_sorted());
}

#[tokio::test(start_paused = true)]
async fn the_status_says_how_far_things_are() {
    let world = World::new(3);
    world.edit("a", "x");
    let report = status(&world.store, &world.storage).await.unwrap().to_string();
    assert!(
        report.contains("layout        1 with 3 shards, being written; nothing is served yet"),
        "{report}"
    );
    assert!(report.contains("bucket        has no layout.json"), "{report}");
    assert!(
        report.contains("behind        1 hosts, 3 shards to be written anew, 0 failing, the oldest"),
        "{report}"
    );
    assert!(!report.contains("0303"), "the salt is not shown: {report}");
    let running = world.start();
    world
        .until("served", async || world.store.tables().installation.as_ref().unwrap().served_layout.is_some())
        .await;
    let report = status(&world.store, &world.storage).await.unwrap().to_string();
    assert!(report.contains("layout        1 with 3 shards, served"), "{report}");
    assert!(report.contains("bucket        serves layout 1"), "{report}");
    assert!(report.ends_with("behind        0 hosts, 0 shards to be written anew, 0 failing\n"), "{report}");
    drop(running);
}
