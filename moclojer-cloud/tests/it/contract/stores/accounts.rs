//! Customers, orgs and their people.

use moclojer_cloud::domain::{CustomerId, Email, Org, OrgId, OrgSlug, Owner, Role, Subdomain, Username};
use moclojer_cloud::store::{MembershipRefused, NameRefused, NewMock};
use uuid::Uuid;

use super::facts;
use super::world::{World, content, processed};

facts! {
    signing_in_makes_a_customer_once
    the_first_free_username_is_taken
    a_username_changes_while_there_are_no_mocks
    an_org_keeps_an_owner
    an_org_is_changed_and_removed_while_it_has_no_mocks
    people_share_an_org_or_not
}

async fn signing_in_makes_a_customer_once(world: World) {
    let external = Uuid::new_v4();
    let email = Email::parse("ana@example.com").unwrap();
    assert_eq!(world.customer_by_external(external).await.unwrap(), None);
    let ana = world.sign_in(external, &email).await.unwrap();
    assert_eq!((ana.username.as_str(), ana.suspended_at), ("ana", None));
    assert_eq!(world.sign_in(external, &email).await.unwrap(), ana);
    assert_eq!(world.customer_by_external(external).await.unwrap(), Some(ana.clone()));
    assert_eq!(world.customer(ana.id).await.unwrap(), Some(ana.clone()));
    assert_eq!(world.customer_by_email(&email).await.unwrap(), Some(ana.clone()));
    // The issuer knows another address by now: the name stays.
    let other = Email::parse("anita@example.com").unwrap();
    let moved = world.sign_in(external, &other).await.unwrap();
    assert_eq!((moved.id, moved.username.as_str(), &moved.email), (ana.id, "ana", &other));
    assert_eq!(world.customer_by_email(&email).await.unwrap(), None);
    // With several, the first that was made.
    world.sign_in(Uuid::new_v4(), &other).await.unwrap();
    assert_eq!(world.customer_by_email(&other).await.unwrap(), Some(moved));
    world.database.execute("UPDATE customer SET suspended_at = 1000").await;
    let suspended = world.customer(ana.id).await.unwrap().unwrap();
    assert_eq!(suspended.suspended_at.unwrap().as_millisecond(), 1000);
}

async fn the_first_free_username_is_taken(world: World) {
    for expected in ["ana", "ana2", "ana3"] {
        assert_eq!(world.person("ana").await.username.as_str(), expected);
    }
    assert!(!world.is_username_free(&Username::parse("ana2").unwrap()).await.unwrap());
    assert!(world.is_username_free(&Username::parse("ana4").unwrap()).await.unwrap());
}

async fn a_username_changes_while_there_are_no_mocks(world: World) {
    let (ana, bob) = (world.person("ana").await, world.person("bob").await);
    let name = |text| Username::parse(text).unwrap();
    let renamed = async |id, text| world.rename_customer(id, &name(text)).await.unwrap();
    assert_eq!(renamed(ana.id, "bob").await, Some(Err(NameRefused::Taken)));
    assert_eq!(renamed(ana.id, "ana").await, Some(Ok(ana.clone())));
    let anita = renamed(ana.id, "anita").await.unwrap().unwrap();
    assert_eq!(world.customer(ana.id).await.unwrap(), Some(anita.clone()));
    assert_eq!(renamed(CustomerId::generate(), "x").await, None);
    let mock = world.mock_of(&anita, "shop").await;
    assert_eq!(renamed(ana.id, "ana").await, Some(Err(NameRefused::HasMocks)));
    assert!(renamed(ana.id, "anita").await.unwrap().is_ok());
    // The name that was left is free, the host that was under it is not.
    world.delete(mock.id, None).await.unwrap();
    renamed(ana.id, "ana").await.unwrap().unwrap();
    let bob = renamed(bob.id, "anita").await.unwrap().unwrap();
    let created = world.create(&world.new_mock(&bob, "shop", "one")).await.unwrap();
    assert!(matches!(created, moclojer_cloud::store::Created::HostHeld));
}

async fn an_org_keeps_an_owner(world: World) {
    let (ana, bob) = (world.person("ana").await, world.person("bob").await);
    let org = world.org("acme", ana.id).await;
    let set = async |customer, role| world.set_member(org.id, customer, role).await.unwrap();
    let remove = async |customer| world.remove_member(org.id, customer).await.unwrap();
    assert_eq!(set(ana.id, Role::Member).await, Err(MembershipRefused::LastOwner));
    assert_eq!(remove(ana.id).await, Err(MembershipRefused::LastOwner));
    assert_eq!(remove(bob.id).await, Err(MembershipRefused::Nobody));
    assert_eq!(set(CustomerId::generate(), Role::Member).await, Err(MembershipRefused::Nobody));
    set(bob.id, Role::Member).await.unwrap();
    assert_eq!(remove(ana.id).await, Err(MembershipRefused::LastOwner));
    set(bob.id, Role::Owner).await.unwrap();
    set(ana.id, Role::Member).await.unwrap();
    let roles: Vec<_> =
        world.members(org.id).await.unwrap().into_iter().map(|m| (m.customer.id, m.role)).collect();
    assert_eq!(roles, [(ana.id, Role::Member), (bob.id, Role::Owner)]);
    assert_eq!(world.membership(org.id, ana.id).await.unwrap().unwrap().role, Role::Member);
    remove(ana.id).await.unwrap();
    assert_eq!(world.membership(org.id, ana.id).await.unwrap(), None);
    assert_eq!(remove(bob.id).await, Err(MembershipRefused::LastOwner));
    let none = world.set_member(OrgId::generate(), ana.id, Role::Owner).await.unwrap();
    assert_eq!(none, Err(MembershipRefused::Nobody));
}

async fn an_org_is_changed_and_removed_while_it_has_no_mocks(world: World) {
    let ana = world.person("ana").await;
    let org = world.org("acme", ana.id).await;
    let same_slug = Org { id: OrgId::generate(), ..org.clone() };
    assert_eq!(world.create_org(&same_slug, ana.id).await.unwrap(), Err(NameRefused::Taken));
    assert_eq!(world.members(same_slug.id).await.unwrap(), []);
    assert!(!world.is_slug_free(&org.slug).await.unwrap());
    let slug = OrgSlug::new("acme-two", org.id.0).unwrap();
    assert!(world.is_slug_free(&slug).await.unwrap());
    let changed = Org { slug, orgname: "Acme Two".to_owned(), ..org.clone() };
    world.update_org(&changed).await.unwrap().unwrap().unwrap();
    assert_eq!(world.orgs_of(ana.id).await.unwrap()[0].org, changed);

    let place = world.place(&Subdomain::Org(changed.slug.clone()), "shop");
    let mock = NewMock {
        owner: Owner::Org(org.id),
        processed: Some(processed(&place.host, &content("one").text)),
        place,
        ..world.new_mock(&ana, "shop", "one")
    };
    let mock = world.made(mock).await;
    assert_eq!(world.update_org(&org).await.unwrap(), Some(Err(NameRefused::HasMocks)));
    let renamed = Org { orgname: "Acme".to_owned(), ..changed.clone() };
    assert_eq!(world.update_org(&renamed).await.unwrap(), Some(Ok(())));
    assert_eq!(world.delete_org(org.id).await.unwrap(), Err(NameRefused::HasMocks));
    world.delete(mock.id, None).await.unwrap();
    world.delete_org(org.id).await.unwrap().unwrap();
    assert_eq!(world.orgs_of(ana.id).await.unwrap(), []);
    assert_eq!(world.update_org(&org).await.unwrap(), None);
    // Its host outlives it, until it is taken out.
    assert_eq!(world.carry_out().await.len(), 1);
}

async fn people_share_an_org_or_not(world: World) {
    let (ana, bob) = (world.person("ana").await, world.person("bob").await);
    let carl = world.person("carl").await;
    let org = world.org("acme", ana.id).await;
    world.org("other", bob.id).await;
    assert!(!world.share_an_org(ana.id, bob.id).await.unwrap());
    world.set_member(org.id, bob.id, Role::Member).await.unwrap().unwrap();
    assert!(world.share_an_org(ana.id, bob.id).await.unwrap());
    assert!(world.share_an_org(bob.id, ana.id).await.unwrap());
    assert!(!world.share_an_org(carl.id, ana.id).await.unwrap());
    let slugs: Vec<_> =
        world.orgs_of(bob.id).await.unwrap().into_iter().map(|m| (m.org.orgname, m.role)).collect();
    assert_eq!(slugs, [("acme".to_owned(), Role::Member), ("other".to_owned(), Role::Owner)]);
}
