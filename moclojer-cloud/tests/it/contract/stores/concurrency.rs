//! Calls at the same moment: what one of them did, the others see.

use std::sync::Arc;

use futures_util::future::join_all;
use moclojer_cloud::domain::{Email, Role, Username};
use moclojer_cloud::store::{Created, Edited, MembershipRefused, NameRefused, NewMock, Place};
use uuid::Uuid;

use super::facts;
use super::world::{LEASE, World, content, processed, rename, valid_edit};

facts! {
    of_two_edits_one_is_stale
    of_20_owners_one_takes_a_host
    of_20_creations_by_one_owner_one_is_new
    twenty_sign_ins_make_one_customer
    twenty_people_of_one_name_get_twenty_names
    a_shard_is_claimed_by_one
    of_two_owners_who_leave_one_stays
    a_username_changes_or_a_mock_is_made_under_it
    mocks_that_change_names_with_each_other_do_not_hang
    changes_and_writes_at_once_are_all_carried_out
}

/// Runs calls as tasks of their own.
async fn at_once<T, F>(calls: impl IntoIterator<Item = F>) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let tasks: Vec<_> = calls.into_iter().map(tokio::spawn).collect();
    join_all(tasks).await.into_iter().map(Result::unwrap).collect()
}

/// "What must be impossible", 5: two edits at once, and one vanishes without a 412.
async fn of_two_edits_one_is_stale(world: World) {
    let ana = world.person("ana").await;
    let mut mock = world.mock_of(&ana, "shop").await;
    for round in 0..10 {
        let edits = ["left", "right"].map(|says| valid_edit(&mock, &format!("{says} {round}"), ana.id));
        let calls = edits.map(|edit| {
            let store = world.database.store.clone();
            async move { store.edit(&edit).await.unwrap() }
        });
        let mut done = Vec::new();
        let mut stale = Vec::new();
        for edited in at_once(calls).await {
            match edited {
                Edited::Done(mock) => done.push(*mock),
                Edited::Stale(mock) => stale.push(*mock),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!((done.len(), stale.len()), (1, 1));
        assert_eq!(done, stale);
        mock = done.remove(0);
        assert_eq!(world.now(mock.id).await, mock);
    }
}

async fn of_20_owners_one_takes_a_host(world: World) {
    let host = world.place_of(&world.person("x").await, "shop").host;
    let mut calls = Vec::new();
    for number in 0..20 {
        let owner = world.person(&format!("owner{number}")).await;
        let mock = NewMock {
            place: Place { host: host.clone(), ..world.place_of(&owner, "shop") },
            processed: Some(processed(&host, &content("one").text)),
            ..world.new_mock(&owner, "shop", "one")
        };
        let store = world.database.store.clone();
        calls.push(async move { store.create(&mock).await.unwrap() });
    }
    let created = at_once(calls).await;
    assert_eq!(created.iter().filter(|created| matches!(created, Created::New(_))).count(), 1);
    assert_eq!(created.iter().filter(|created| matches!(created, Created::HostTaken)).count(), 19);
    assert_eq!(world.database.number("SELECT count(*) FROM mock").await, Some(1));
    assert_eq!(world.database.number("SELECT version FROM host").await, Some(1));
}

async fn of_20_creations_by_one_owner_one_is_new(world: World) {
    let ana = world.person("ana").await;
    let calls = (0..20).map(|_| {
        let (store, mock) = (world.database.store.clone(), world.new_mock(&ana, "shop", "one"));
        async move { store.create(&mock).await.unwrap() }
    });
    let created = at_once(calls).await;
    assert_eq!(created.iter().filter(|created| matches!(created, Created::New(_))).count(), 1);
    assert_eq!(created.iter().filter(|created| matches!(created, Created::Same(_))).count(), 19);
}

async fn twenty_sign_ins(
    world: &World,
    external: impl Fn() -> Uuid,
) -> Vec<moclojer_cloud::domain::Customer> {
    let calls = (0..20).map(|_| {
        let (store, external) = (world.database.store.clone(), external());
        async move { store.sign_in(external, &Email::parse("ana@example.com").unwrap()).await.unwrap() }
    });
    at_once(calls).await
}

fn different<T: Ord>(items: impl Iterator<Item = T>) -> usize {
    items.collect::<std::collections::BTreeSet<T>>().len()
}

async fn twenty_sign_ins_make_one_customer(world: World) {
    let external = Uuid::new_v4();
    let customers = twenty_sign_ins(&world, || external).await;
    assert_eq!(different(customers.iter().map(|customer| customer.id)), 1);
}

async fn twenty_people_of_one_name_get_twenty_names(world: World) {
    let customers = twenty_sign_ins(&world, Uuid::new_v4).await;
    assert_eq!(different(customers.iter().map(|customer| &customer.username)), 20);
}

async fn a_shard_is_claimed_by_one(world: World) {
    let ana = world.person("ana").await;
    let shard = world.shard_of(&world.mock_of(&ana, "shop").await.host).await;
    for _ in 0..5 {
        let calls = (0..10).map(|_| {
            let store = world.database.store.clone();
            async move { store.claim(shard, None, LEASE).await.unwrap() }
        });
        let claims: Vec<_> = at_once(calls).await.into_iter().flatten().collect();
        assert_eq!(claims.len(), 1);
        world.release(&claims[0]).await.unwrap();
    }
}

async fn of_two_owners_who_leave_one_stays(world: World) {
    for round in 0..5 {
        let (ana, bob) = (world.person("ana").await, world.person("bob").await);
        let org = world.org(&format!("acme{round}"), ana.id).await;
        world.set_member(org.id, bob.id, Role::Owner).await.unwrap().unwrap();
        let calls = [ana.id, bob.id].map(|customer| {
            let store = world.database.store.clone();
            async move { store.remove_member(org.id, customer).await.unwrap() }
        });
        let mut left = at_once(calls).await;
        left.sort_by_key(Result::is_ok);
        assert_eq!(left, [Err(MembershipRefused::LastOwner), Ok(())]);
    }
}

async fn a_username_changes_or_a_mock_is_made_under_it(world: World) {
    let world = Arc::new(world);
    for round in 0..10 {
        let ana = world.person("ana").await;
        let new = world.new_mock(&ana, "shop", "one");
        let name = Username::parse(&format!("renamed{round}")).unwrap();
        let (one, other) = (world.clone(), world.clone());
        let id = ana.id;
        let (created, renamed) = tokio::join!(
            tokio::spawn(async move { one.create(&new).await.unwrap() }),
            tokio::spawn(async move { other.rename_customer(id, &name).await.unwrap().unwrap() }),
        );
        match (created.unwrap(), renamed.unwrap()) {
            (Created::New(_), Err(NameRefused::HasMocks)) | (Created::NoOwner, Ok(_)) => {}
            other => panic!("{other:?}"),
        }
    }
}

async fn mocks_that_change_names_with_each_other_do_not_hang(world: World) {
    let ana = world.person("ana").await;
    let (mut one, mut two) = (world.mock_of(&ana, "one").await, world.mock_of(&ana, "two").await);
    for _ in 0..5 {
        let edits = [(&one, &two), (&two, &one)].map(|(from, to)| {
            let place = world.place_of(&ana, to.wildcard.as_str());
            rename(from, place, "one", ana.id)
        });
        let calls = edits.map(|edit| {
            let store = world.database.store.clone();
            async move { store.edit(&edit).await.unwrap() }
        });
        for edited in at_once(calls).await {
            // The other's host was never free.
            assert!(matches!(edited, Edited::HostTaken), "{edited:?}");
        }
        (one, two) = (world.now(one.id).await, world.now(two.id).await);
        assert_ne!(one.host, two.host);
    }
}

async fn changes_and_writes_at_once_are_all_carried_out(world: World) {
    let ana = world.person("ana").await;
    let world = Arc::new(world);
    let mut tasks = Vec::new();
    for number in 0..6 {
        let mut mock = world.mock_of(&ana, &format!("m{number}")).await;
        let (world, ana) = (world.clone(), ana.clone());
        tasks.push(tokio::spawn(async move {
            for round in 0..6 {
                let place = world.place_of(&ana, &format!("m{number}-{round}"));
                mock = world.edited(&rename(&mock, place, "one", ana.id)).await;
                mock = world.edited(&valid_edit(&mock, "two", ana.id)).await;
            }
        }));
    }
    let writer = tokio::spawn({
        let world = world.clone();
        async move {
            while tasks.iter().any(|task| !task.is_finished()) {
                write_what_is_behind(&world).await;
            }
            join_all(tasks).await.into_iter().for_each(Result::unwrap);
        }
    });
    writer.await.unwrap();
    world.carry_out().await;
    let behind = "SELECT count(*) FROM host WHERE version <> applied_version";
    assert_eq!(world.database.number(behind).await, Some(0));
    let served = "SELECT count(*) FROM host WHERE applied_revision = 13";
    assert_eq!(world.database.number(served).await, Some(6));
}

async fn write_what_is_behind(world: &World) {
    for shard in world.behind(10).await.unwrap() {
        if let Some(claim) = world.claim(shard, None, LEASE).await.unwrap() {
            let wanted = world.wanted(&claim).await.unwrap();
            assert!(world.written(&claim, &wanted).await);
        }
    }
}
