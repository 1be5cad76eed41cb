//! Customers and orgs.

use moclojer_cloud::domain::Role;
use serde_json::json;

use super::app::App;
use super::cast::{Cast, mock, org_id};

#[tokio::test]
async fn a_username_changes_only_while_there_are_no_mocks() {
    let app = App::start().await;
    let (ana, bob) = (app.person("ana").await, app.person("bob").await);
    let path = format!("/user/{}", ana.id());
    for (name, field) in
        [("bob-x", "username"), ("1a2b3c4d", "username"), ("", "username"), ("api", "username")]
    {
        let refused = app.put(&path, &ana.token, json!({"username": name})).await.expect(422);
        assert_eq!(refused.fields(), [field], "{name}");
    }
    let taken = app.put(&path, &ana.token, json!({"username": bob.username()})).await.expect(409);
    assert_eq!(taken.cause(), "name-taken");
    let renamed = app.put(&path, &ana.token, json!({"username": "anna"})).await.expect(200);
    assert_eq!(renamed.body["username"], json!("anna"));
    mock(&app, &ana, "shop", "[]").await;
    let refused = app.put(&path, &ana.token, json!({"username": "ana"})).await.expect(409);
    assert_eq!(refused.cause(), "has-mocks");
    app.put(&path, &ana.token, json!({"username": "anna"})).await.expect(200);
    let names = [("anna", false), ("zoe", true), ("bob-x", false), ("api", false)];
    for (name, available) in names {
        let answer = app.get(&format!("/user/username/{name}"), &ana.token).await.expect(200).body;
        assert_eq!(answer["available"], json!(available), "{name}");
    }
}

#[tokio::test]
async fn an_org_keeps_an_owner_and_its_slug_while_it_has_mocks() {
    let app = App::start().await;
    let cast = Cast::new(&app).await;
    let org = format!("/orgs/{}", cast.org["id"].as_str().unwrap());
    let boss = &cast.org_owner;
    let me = format!("{org}/users/{}", boss.id());
    assert_eq!(app.delete(&me, &boss.token).await.expect(409).cause(), "last-owner");
    let demote = json!({"user-id": boss.id(), "role": "member"});
    assert_eq!(
        app.post(&format!("{org}/users"), &boss.token, demote).await.expect(409).cause(),
        "last-owner"
    );
    let renamed = app.put(&org, &boss.token, json!({"slug": "other"})).await.expect(409);
    assert_eq!(renamed.cause(), "has-mocks");
    let renamed = app.put(&org, &boss.token, json!({"orgname": "Acme & Sons"})).await.expect(200).body;
    assert_eq!((&renamed["orgname"], &renamed["slug"]), (&json!("Acme & Sons"), &cast.org["slug"]));
    assert_eq!(app.delete(&org, &boss.token).await.expect(409).cause(), "has-mocks");
    let nobody = json!({"user-id": uuid::Uuid::new_v4()});
    assert_eq!(
        app.post(&format!("{org}/users"), &boss.token, nobody).await.expect(422).fields(),
        ["user-id"]
    );
    let promote = json!({"user-id": cast.member.id(), "role": "owner"});
    let people = app.post(&format!("{org}/users"), &boss.token, promote).await.expect(201).body;
    let roles: Vec<&str> =
        people.as_array().unwrap().iter().map(|one| one["role"].as_str().unwrap()).collect();
    assert_eq!(roles, ["owner", "owner"]);
    app.delete(&me, &boss.token).await.expect(204);
    app.get(&org, &boss.token).await.expect(404);
    app.delete(&me, &cast.member.token).await.expect(404);
}

#[tokio::test]
async fn an_org_gets_a_slug_of_its_own() {
    let app = App::start().await;
    let ana = app.person("ana").await;
    for (body, word) in [
        (json!({"orgname": "  Acme & Sons, Ltd. "}), "acme-sons-ltd"),
        (json!({"orgname": "Ünï"}), "n"),
        (json!({"orgname": "日本"}), "org"),
        (json!({"orgname": "API"}), "org"),
        (json!({"orgname": "a-very-long-name-that-does-not-fit-a-label"}), "a-very-long-name-that"),
        (json!({"orgname": "Acme", "slug": "acme"}), "acme"),
    ] {
        let org = app.post("/orgs", &ana.token, body).await.expect(201).body;
        let (made, digits) = org["slug"].as_str().unwrap().rsplit_once('-').unwrap();
        assert_eq!((made, digits.len()), (word, 8));
        let answer = app.get(&format!("/org/{made}-{digits}"), &ana.token).await.expect(200).body;
        assert_eq!(answer["available"], json!(false));
    }
    for (body, field) in [
        (json!({"orgname": " "}), "orgname"),
        (json!({"orgname": "a\u{7}"}), "orgname"),
        (json!({"orgname": "a", "slug": "A"}), "slug"),
    ] {
        assert_eq!(app.post("/orgs", &ana.token, body).await.expect(422).fields(), [field]);
    }
    let orgs = app.get("/orgs", &ana.token).await.expect(200).body;
    assert_eq!(orgs.as_array().unwrap().len(), 6);
}

#[tokio::test]
async fn a_member_who_was_taken_out_sees_nothing_more() {
    let app = App::start().await;
    let cast = Cast::new(&app).await;
    let org = cast.org["id"].as_str().unwrap();
    let them = format!("/orgs/{org}/users/{}", cast.member.id());
    app.delete(&them, &cast.org_owner.token).await.expect(204);
    let mock = format!("/mocks/{}", cast.org_mock["id"].as_str().unwrap());
    for path in [format!("/orgs/{org}"), mock, format!("/user/{}", cast.org_owner.id())] {
        app.get(&path, &cast.member.token).await.expect(404);
    }
    let joined =
        app.store.set_member(org_id(&cast.org), cast.member.customer.id, Role::Member).await.unwrap();
    assert_eq!(joined, Ok(()));
}
