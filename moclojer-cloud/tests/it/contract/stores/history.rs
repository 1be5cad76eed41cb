//! The revisions of a mock, and which are kept.

use super::facts;
use super::world::{World, broken, broken_edit, content, revision, valid_edit};

facts! {
    every_revision_is_there_with_its_content
    the_newest_100_and_the_good_one_are_kept
    what_is_older_than_90_days_goes_with_the_next_change
}

async fn every_revision_is_there_with_its_content(world: World) {
    let (ana, bob) = (world.person("ana").await, world.person("bob").await);
    let mock = world.mock_of(&ana, "shop").await;
    let mock = world.edited(&valid_edit(&mock, "two", bob.id)).await;
    world.edited(&broken_edit(&mock, ana.id)).await;
    let past = world.history(mock.id, None, 10).await.unwrap();
    let told: Vec<_> = past.iter().map(|past| (past.revision.get(), past.by.unwrap(), past.good)).collect();
    assert_eq!(told, [(3, ana.id, false), (2, bob.id, true), (1, ana.id, false)]);
    assert!(past.iter().all(|past| past.content.is_none()));
    let page = world.history(mock.id, Some(revision(3)), 1).await.unwrap();
    assert_eq!(page, past[1..2]);
    let text =
        async |number| world.past(mock.id, revision(number)).await.unwrap().and_then(|past| past.content);
    assert_eq!(text(1).await, Some(content("one").text));
    assert_eq!(text(2).await, Some(content("two").text));
    assert_eq!(text(3).await, Some(broken().text));
    assert_eq!(text(4).await, None);
}

async fn the_newest_100_and_the_good_one_are_kept(world: World) {
    let ana = world.person("ana").await;
    let mut mock = world.mock_of(&ana, "shop").await;
    while mock.revision < revision(103) {
        mock = world.edited(&broken_edit(&mock, ana.id)).await;
    }
    let kept: Vec<u64> =
        world.history(mock.id, None, 1_000).await.unwrap().iter().map(|past| past.revision.get()).collect();
    let expected: Vec<u64> = (4..=103).rev().chain([1]).collect();
    assert_eq!(kept, expected);
    assert!(world.past(mock.id, revision(1)).await.unwrap().unwrap().good);
}

async fn what_is_older_than_90_days_goes_with_the_next_change(world: World) {
    let ana = world.person("ana").await;
    let good = world.mock_of(&ana, "shop").await;
    let mock = world.edited(&broken_edit(&good, ana.id)).await;
    let mock = world.edited(&broken_edit(&mock, ana.id)).await;
    let days = |days: i64| days * 86_400_000;
    world.database.execute(&format!("UPDATE mock_history SET made_at = made_at - {}", days(89))).await;
    let mock = world.edited(&broken_edit(&mock, ana.id)).await;
    assert_eq!(world.history(mock.id, None, 10).await.unwrap().len(), 4);
    world.database.execute(&format!("UPDATE mock_history SET made_at = made_at - {}", days(2))).await;
    let mock = world.edited(&broken_edit(&mock, ana.id)).await;
    let kept: Vec<u64> =
        world.history(mock.id, None, 10).await.unwrap().iter().map(|past| past.revision.get()).collect();
    assert_eq!(kept, [5, 4, 1]);
}
