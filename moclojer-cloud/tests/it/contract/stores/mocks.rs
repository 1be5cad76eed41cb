//! Mocks: their revisions, the versions of their hosts, and how far they are carried out at each step.

use moclojer_cloud::domain::{HostState, MockId, Owner, Status, Subdomain};
use moclojer_cloud::store::{Created, Deleted, Edit, Edited, NewMock, Page, Served};
use moclojer_core::unify::Version;

use super::facts;
use super::world::{World, broken_edit, content, processed, rename, revision, valid_edit};

facts! {
    a_change_is_publishing_until_it_is_carried_out
    an_edit_with_errors_changes_nothing_that_is_served
    a_mock_without_a_good_revision_is_offline_invalid
    unpublished_is_offline_when_the_host_is_out
    publishing_twice_is_one_change
    a_stale_revision_is_refused
    a_stale_removal_is_refused_and_one_without_a_revision_is_done
    a_mock_that_is_gone_is_gone_for_everything
    a_rename_moves_the_host_and_goes_on_serving
    a_rename_of_a_mock_with_errors_keeps_the_good_revision
    a_rename_to_a_taken_or_held_host_changes_nothing
    a_mock_that_is_made_again_is_the_same_or_another
    a_host_that_was_given_back_is_held_30_days_for_its_owner
    a_mock_under_a_former_name_of_its_owner_is_refused
    an_org_owns_mocks_as_a_customer_does
    mocks_are_paged_by_subdomain_and_wildcard
}

async fn a_change_is_publishing_until_it_is_carried_out(world: World) {
    let ana = world.person("ana").await;
    let mock = world.mock_of(&ana, "shop").await;
    assert_eq!((mock.revision, mock.good_revision), (revision(1), Some(revision(1))));
    assert_eq!(mock.host.as_str(), "shop-ana.example.com");
    let fresh = HostState {
        version: Version::new(1),
        applied_version: Version::new(0),
        applied_revision: None,
        layout_served: true,
    };
    assert_eq!(mock.state, fresh);
    assert_eq!(world.status(mock.id).await, Status::Publishing);

    let written = world.carry_out().await;
    let wanted = &written[0][0];
    assert_eq!(wanted.served.as_ref().unwrap().mock, mock.id);
    assert_eq!(wanted.served.as_ref().unwrap().owner, ana.id.0);
    assert!(wanted.served.as_ref().unwrap().text.as_ref().unwrap().as_str().contains("one"));
    assert_eq!(world.status(mock.id).await, Status::Published);
    assert_eq!(world.now(mock.id).await.state.applied_revision, Some(revision(1)));

    let edited = world.edited(&valid_edit(&mock, "two", ana.id)).await;
    assert_eq!((edited.revision, edited.good_revision), (revision(2), Some(revision(2))));
    assert_eq!(edited.state.version, Version::new(2));
    assert_eq!(edited.content, Some(content("two").text));
    assert_eq!(world.status(mock.id).await, Status::Publishing);
    assert_eq!(world.now(mock.id).await.state.applied_revision, Some(revision(1)));
    world.carry_out().await;
    assert_eq!(world.status(mock.id).await, Status::Published);
    assert_eq!(world.now(mock.id).await.state.applied_revision, Some(revision(2)));
}

async fn an_edit_with_errors_changes_nothing_that_is_served(world: World) {
    let ana = world.person("ana").await;
    let mock = world.mock_of(&ana, "shop").await;
    world.carry_out().await;
    let broken = world.edited(&broken_edit(&mock, ana.id)).await;
    assert_eq!((broken.revision, broken.good_revision), (revision(2), Some(revision(1))));
    assert_eq!(broken.problems[0]["line"], 1);
    assert_eq!(broken.state, world.now(mock.id).await.state);
    assert_eq!(broken.state.version, broken.state.applied_version);
    assert_eq!(world.status(mock.id).await, Status::Published);
    assert_eq!(world.carry_out().await.len(), 0);
}

async fn a_mock_without_a_good_revision_is_offline_invalid(world: World) {
    let ana = world.person("ana").await;
    let mock = world.made(world.broken_mock(&ana, "shop")).await;
    assert_eq!((mock.good_revision, mock.state.version), (None, Version::new(1)));
    assert_eq!(world.status(mock.id).await, Status::Publishing);
    let written = world.carry_out().await;
    assert!(written[0][0].served.is_none());
    assert_eq!(world.status(mock.id).await, Status::OfflineInvalid);
    world.edited(&valid_edit(&mock, "good", ana.id)).await;
    assert_eq!(world.status(mock.id).await, Status::Publishing);
    world.carry_out().await;
    assert_eq!(world.status(mock.id).await, Status::Published);
}

async fn unpublished_is_offline_when_the_host_is_out(world: World) {
    let ana = world.person("ana").await;
    let mock = world.mock_of(&ana, "shop").await;
    world.carry_out().await;
    let (off, changed) = world.set_enabled(mock.id, false).await.unwrap().unwrap();
    assert!(changed && !off.enabled);
    assert_eq!((off.revision, off.state.version), (revision(1), Version::new(2)));
    // The host still answers.
    assert_eq!(world.status(mock.id).await, Status::Publishing);
    assert_eq!(off.state.applied_revision, Some(revision(1)));
    let written = world.carry_out().await;
    assert!(written[0][0].served.is_none());
    assert_eq!(world.status(mock.id).await, Status::Offline);
    assert_eq!(world.now(mock.id).await.state.applied_revision, None);
    world.set_enabled(mock.id, true).await.unwrap();
    assert_eq!(world.status(mock.id).await, Status::Publishing);
    world.carry_out().await;
    assert_eq!(world.status(mock.id).await, Status::Published);
}

async fn publishing_twice_is_one_change(world: World) {
    let ana = world.person("ana").await;
    let mock = world.mock_of(&ana, "shop").await;
    let (again, changed) = world.set_enabled(mock.id, true).await.unwrap().unwrap();
    assert!(!changed);
    assert_eq!(again, world.now(mock.id).await);
    assert_eq!(again.state.version, Version::new(1));
}

async fn a_stale_revision_is_refused(world: World) {
    let ana = world.person("ana").await;
    let mock = world.mock_of(&ana, "shop").await;
    let newest = world.edited(&valid_edit(&mock, "two", ana.id)).await;
    match world.edit(&valid_edit(&mock, "three", ana.id)).await.unwrap() {
        Edited::Stale(there) => assert_eq!(*there, newest),
        other => panic!("{other:?}"),
    }
    assert_eq!(world.now(mock.id).await, newest);
    // A new name counts as a change too.
    let renamed = rename(&newest, world.place_of(&ana, "store"), "two", ana.id);
    assert_eq!(world.edited(&renamed).await.revision, revision(3));
    assert!(matches!(world.edit(&renamed).await.unwrap(), Edited::Stale(_)));
}

async fn a_stale_removal_is_refused_and_one_without_a_revision_is_done(world: World) {
    let ana = world.person("ana").await;
    let mock = world.mock_of(&ana, "shop").await;
    world.edited(&valid_edit(&mock, "two", ana.id)).await;
    match world.delete(mock.id, Some(revision(1))).await.unwrap() {
        Deleted::Stale(there) => assert_eq!(there.revision, revision(2)),
        other => panic!("{other:?}"),
    }
    match world.delete(mock.id, None).await.unwrap() {
        Deleted::Done { host, version } => assert_eq!((host, version), (mock.host, Version::new(3))),
        other => panic!("{other:?}"),
    }
    assert_eq!(world.mock(mock.id).await.unwrap(), None);
    assert_eq!(world.carried(&[mock.id]).await.unwrap(), []);
    let written = world.carry_out().await;
    assert!(written[0][0].served.is_none());
    assert_eq!(world.database.number("SELECT count(*) FROM mock_history").await, Some(0));
}

async fn a_mock_that_is_gone_is_gone_for_everything(world: World) {
    let ana = world.person("ana").await;
    let mock = world.mock_of(&ana, "shop").await;
    world.delete(mock.id, Some(revision(1))).await.unwrap();
    assert!(matches!(world.edit(&valid_edit(&mock, "two", ana.id)).await.unwrap(), Edited::Gone));
    assert!(world.set_enabled(mock.id, false).await.unwrap().is_none());
    assert!(matches!(world.delete(mock.id, None).await.unwrap(), Deleted::Gone));
    assert_eq!(world.history(mock.id, None, 10).await.unwrap(), []);
    assert_eq!(world.past(mock.id, revision(1)).await.unwrap(), None);
}

async fn a_rename_moves_the_host_and_goes_on_serving(world: World) {
    let ana = world.person("ana").await;
    let mock = world.mock_of(&ana, "shop").await;
    world.carry_out().await;
    let moved = world.edited(&rename(&mock, world.place_of(&ana, "store"), "one", ana.id)).await;
    assert_eq!((moved.host.as_str(), moved.wildcard.as_str()), ("store-ana.example.com", "store"));
    // The same content under another name is good as it was.
    assert_eq!((moved.revision, moved.good_revision), (revision(2), Some(revision(2))));
    assert_eq!((moved.state.version, moved.state.applied_revision), (Version::new(1), None));
    assert_eq!(world.status(mock.id).await, Status::Publishing);
    let written: Vec<_> = world.carry_out().await.into_iter().flatten().collect();
    let served = |host| written.iter().find(|wanted| wanted.host.as_str() == host).unwrap().served.as_ref();
    assert!(served("shop-ana.example.com").is_none());
    assert_eq!(served("store-ana.example.com").unwrap().text.as_ref().unwrap().host(), &moved.host);
    assert_eq!(world.status(mock.id).await, Status::Published);
    // And back again: the old name is still this owner's.
    let back = world.edited(&rename(&moved, world.place_of(&ana, "shop"), "one", ana.id)).await;
    assert_eq!((back.host, back.state.version), (mock.host, Version::new(3)));
}

async fn a_rename_of_a_mock_with_errors_keeps_the_good_revision(world: World) {
    let ana = world.person("ana").await;
    let mock = world.mock_of(&ana, "shop").await;
    let broken = world.edited(&broken_edit(&mock, ana.id)).await;
    let moved = world.edited(&rename(&broken, world.place_of(&ana, "store"), "one", ana.id)).await;
    assert_eq!((moved.revision, moved.good_revision), (revision(3), Some(revision(1))));
    let never_good = world.made(world.broken_mock(&ana, "other")).await;
    let moved = world.edited(&rename(&never_good, world.place_of(&ana, "another"), "", ana.id)).await;
    assert_eq!((moved.revision, moved.good_revision), (revision(2), None));
    // A text for the old host must not come under the new one.
    let wrong = Edit {
        served: Served::Unchanged,
        ..rename(&world.now(mock.id).await, world.place_of(&ana, "x"), "", ana.id)
    };
    assert!(!world.edit(&wrong).await.unwrap_err().is_temporary());
}

async fn a_rename_to_a_taken_or_held_host_changes_nothing(world: World) {
    let (ana, bob) = (world.person("ana").await, world.person("bob").await);
    let mock = world.mock_of(&ana, "shop").await;
    world.mock_of(&ana, "taken").await;
    let before = world.now(mock.id).await;
    let taken = rename(&mock, world.place_of(&ana, "taken"), "one", ana.id);
    assert!(matches!(world.edit(&taken).await.unwrap(), Edited::HostTaken));
    let bobs = world.mock_of(&bob, "held").await;
    world.delete(bobs.id, None).await.unwrap();
    let held = rename(&mock, world.place_of(&bob, "held"), "one", ana.id);
    assert!(matches!(world.edit(&held).await.unwrap(), Edited::HostHeld));
    assert_eq!(world.now(mock.id).await, before);
    assert_eq!(world.history(mock.id, None, 10).await.unwrap().len(), 1);
}

async fn a_mock_that_is_made_again_is_the_same_or_another(world: World) {
    let ana = world.person("ana").await;
    let mock = world.mock_of(&ana, "shop").await;
    match world.create(&world.new_mock(&ana, "shop", "one")).await.unwrap() {
        Created::Same(there) => assert_eq!(*there, mock),
        other => panic!("{other:?}"),
    }
    match world.create(&world.new_mock(&ana, "shop", "two")).await.unwrap() {
        Created::Other(id) => assert_eq!(id, mock.id),
        other => panic!("{other:?}"),
    }
    assert_eq!(world.now(mock.id).await, mock);
    assert_eq!(world.database.number("SELECT count(*) FROM mock").await, Some(1));
}

/// "What must be impossible", 7: a freshly released host, or one of another owner, is taken.
async fn a_host_that_was_given_back_is_held_30_days_for_its_owner(world: World) {
    let (ana, bob) = (world.person("ana").await, world.person("bob").await);
    let mock = world.mock_of(&ana, "shop").await;
    // Somehow Bob wants the very host: names cannot make it, but ask the database all the same.
    let stolen = |world: &World| NewMock {
        place: moclojer_cloud::store::Place { host: mock.host.clone(), ..world.place_of(&bob, "x") },
        processed: Some(processed(&mock.host, &content("bob").text)),
        ..world.new_mock(&bob, "x", "bob")
    };
    let free = async |owner: &moclojer_cloud::domain::Customer| {
        world.is_host_free(&mock.host, Owner::Customer(owner.id)).await.unwrap()
    };
    assert!(matches!(world.create(&stolen(&world)).await.unwrap(), Created::HostTaken));
    assert!(!free(&ana).await && !free(&bob).await);
    world.delete(mock.id, None).await.unwrap();
    assert!(matches!(world.create(&stolen(&world)).await.unwrap(), Created::HostHeld));
    assert!(free(&ana).await && !free(&bob).await);
    world.days_pass(&mock.host, 29).await;
    assert!(matches!(world.create(&stolen(&world)).await.unwrap(), Created::HostHeld));
    // Its last owner has it at once, and it goes on counting.
    let again = world.mock_of(&ana, "shop").await;
    assert_eq!((again.state.version, again.state.applied_revision), (Version::new(3), None));
    world.delete(again.id, None).await.unwrap();
    world.days_pass(&mock.host, 31).await;
    assert!(free(&bob).await);
    let bobs = world.made(stolen(&world)).await;
    assert_eq!(bobs.state.version, Version::new(5));
    assert!(!free(&ana).await);
}

async fn a_mock_under_a_former_name_of_its_owner_is_refused(world: World) {
    let ana = world.person("ana").await;
    let late = world.new_mock(&ana, "shop", "one");
    let name = moclojer_cloud::domain::Username::parse("anita").unwrap();
    world.rename_customer(ana.id, &name).await.unwrap().unwrap().unwrap();
    assert!(matches!(world.create(&late).await.unwrap(), Created::NoOwner));
    let nobody = NewMock { owner: Owner::Customer(moclojer_cloud::domain::CustomerId::generate()), ..late };
    assert!(matches!(world.create(&nobody).await.unwrap(), Created::NoOwner));
    assert_eq!(world.database.number("SELECT count(*) FROM host").await, Some(0));
}

async fn an_org_owns_mocks_as_a_customer_does(world: World) {
    let ana = world.person("ana").await;
    let org = world.org("acme", ana.id).await;
    let place = world.place(&Subdomain::Org(org.slug.clone()), "shop");
    let new = NewMock {
        owner: Owner::Org(org.id),
        processed: Some(processed(&place.host, &content("one").text)),
        place,
        ..world.new_mock(&ana, "shop", "one")
    };
    let mock = world.made(new.clone()).await;
    assert_eq!((mock.owner, mock.subdomain.as_str()), (Owner::Org(org.id), org.slug.as_str()));
    assert_eq!(world.carry_out().await[0][0].served.as_ref().unwrap().owner, org.id.0);
    world.delete(mock.id, None).await.unwrap();
    world.delete_org(org.id).await.unwrap().unwrap();
    assert!(matches!(world.create(&new).await.unwrap(), Created::NoOwner));
}

async fn mocks_are_paged_by_subdomain_and_wildcard(world: World) {
    let (bob, ana) = (world.person("bob").await, world.person("ana").await);
    let other = world.person("other").await;
    for (owner, wildcard) in
        [(&bob, "a"), (&ana, "z"), (&ana, "a-b"), (&ana, "a0"), (&bob, "9"), (&other, "x")]
    {
        world.mock_of(owner, wildcard).await;
    }
    let owners = [Owner::Customer(ana.id), Owner::Customer(bob.id)];
    let mut page = Page { after: None, limit: 2 };
    let mut found = Vec::new();
    loop {
        let mocks = world.mocks(&owners, &page, false).await.unwrap();
        let Some(last) = mocks.last() else { break };
        assert!(mocks.len() <= 2 && mocks.iter().all(|mock| mock.content.is_none()));
        page.after = Some((last.subdomain.to_string(), last.wildcard.to_string()));
        found.extend(mocks.iter().map(|mock| format!("{}/{}", mock.subdomain, mock.wildcard)));
    }
    assert_eq!(found, ["ana/a-b", "ana/a0", "ana/z", "bob/9", "bob/a"]);
    assert_eq!(world.mocks(&[], &Page { after: None, limit: 9 }, true).await.unwrap(), []);
    let all = world.mocks(&owners, &Page { after: None, limit: 9 }, true).await.unwrap();
    assert_eq!(all.len(), 5);
    let ids: Vec<MockId> = all.iter().map(|mock| mock.id).collect();
    assert_eq!(all[0].content, Some(content("one").text));
    assert_eq!(world.carried(&ids).await.unwrap().len(), 5);
}
