//! Mocks: made, changed, moved, published, removed; preconditions; what twice and at once gives.

use std::sync::Arc;

use axum::body::Body;
use axum::http::Request;
use moclojer_cloud::messages::{Envelope, Message as _, MockUpdated};
use moclojer_core::ports::{Event, InProcessBus};
use serde_json::{Value, json};

use super::app::{App, Reply};
use super::cast::{BROKEN, file, mock, path};

/// Runs each fact on both databases.
macro_rules! on_both {
    ($($fact:ident)*) => {
        mod on_sqlite {
            $(#[tokio::test]
            async fn $fact() {
                super::$fact(super::App::start().await).await;
            })*
        }
        mod on_postgres {
            $(#[tokio::test]
            async fn $fact() {
                super::$fact(super::App::on_postgres().await).await;
            })*
        }
    };
}

on_both! {
    a_mock_is_made_read_changed_and_removed
    of_two_edits_at_once_one_is_told_that_it_is_stale
    a_rename_moves_the_mock_and_holds_the_old_host
    mocks_are_listed_by_subdomain_page_by_page
    the_same_mock_twice_is_one_and_another_content_is_told
}

async fn a_mock_is_made_read_changed_and_removed(app: App) {
    let ana = app.person("ana").await;
    let made =
        app.post("/mocks", &ana.token, json!({"wildcard": "shop", "content": file("one")})).await.expect(201);
    assert_eq!(made.header("location"), path(&made.body));
    assert_eq!(made.header("etag"), "\"1\"");
    assert_eq!(made.body["url"], json!("http://shop-ana.mocks.example.com:8080"));
    assert_eq!(made.body["user-id"], json!(ana.id()));
    assert_eq!(made.body["subdomain"], json!("ana"));
    assert_eq!(made.body["status"], json!("publishing"));
    assert_eq!(made.body["dns-status"], json!("published"));
    assert_eq!(made.body["serving-revision"], Value::Null);
    assert_eq!(made.body["problems"], json!([]));
    assert!(made.body.get("org-id").is_none());
    let mock = made.body;

    let read = app.get(&path(&mock), &ana.token).await.expect(200);
    assert_eq!(read.body, mock);
    let change = json!({"content": file("two"), "if-revision": 1});
    let changed = app.put(&path(&mock), &ana.token, change).await.expect(200);
    assert_eq!((changed.header("etag"), &changed.body["content"]), ("\"2\"", &json!(file("two"))));
    app.delete(&path(&mock), &ana.token).await.expect(204);
    app.get(&path(&mock), &ana.token).await.expect(404);
}

#[tokio::test]
async fn a_mock_without_content_is_a_sample_that_is_served() {
    let app = App::start().await;
    let ana = app.person("ana").await;
    let made = app.post("/mocks", &ana.token, json!({"wildcard": "first"})).await.expect(201).body;
    assert_eq!(made["problems"], json!([]), "{made}");
    assert!(made["content"].as_str().unwrap().starts_with("# "));
}

#[tokio::test]
async fn content_with_problems_is_kept_with_their_places() {
    let app = App::start().await;
    let ana = app.person("ana").await;
    let made = mock(&app, &ana, "shop", BROKEN).await;
    let problem = &made["problems"][0];
    assert_eq!((&problem["line"], &problem["severity"]), (&json!(3), &json!("error")), "{problem}");
    assert!(problem["column"].as_u64().unwrap() > 1);
    assert_eq!(made["content"], json!(BROKEN));

    let check = app.post("/mocks/check", &ana.token, json!({"content": BROKEN})).await.expect(200).body;
    assert_eq!((&check["valid"], &check["problems"]), (&json!(false), &made["problems"]));
    let check = app.post("/mocks/check", &ana.token, json!({"content": file("one")})).await.expect(200).body;
    assert_eq!(check, json!({"valid": true, "problems": []}));
}

async fn the_same_mock_twice_is_one_and_another_content_is_told(app: App) {
    let (ana, bob) = (app.person("ana").await, app.person("bob").await);
    let body = json!({"wildcard": "shop", "content": file("one")});
    let made = app.post("/mocks", &ana.token, body.clone()).await.expect(201).body;
    assert_eq!(app.post("/mocks", &ana.token, body.clone()).await.expect(200).body, made);
    let other = json!({"wildcard": "shop", "content": file("two")});
    let refused = app.post("/mocks", &ana.token, other).await.expect(409);
    assert_eq!((refused.cause(), &refused.body["error"]["value"]["id"]), ("mock-exists", &made["id"]));
    // Another owner's mock of that name has another host.
    app.post("/mocks", &bob.token, body).await.expect(201);
}

#[tokio::test]
async fn a_change_says_its_revision_and_a_stale_one_gets_the_newest() {
    let app = App::start().await;
    let ana = app.person("ana").await;
    let made = mock(&app, &ana, "shop", &file("one")).await;
    let without = app.put(&path(&made), &ana.token, json!({"content": file("two")})).await.expect(428);
    assert_eq!(without.cause(), "revision-required");
    app.put(&path(&made), &ana.token, json!({"content": file("two"), "if-revision": 1})).await.expect(200);
    let stale = app.put(&path(&made), &ana.token, json!({"content": file("three"), "if-revision": 1})).await;
    let stale = stale.expect(412);
    let newest = &stale.body["error"]["value"];
    assert_eq!((stale.cause(), &newest["revision"]), ("stale-revision", &json!(2)));
    assert_eq!(newest["content"], json!(file("two")));
    // With the newest content nothing changes, whatever revision is named, or none.
    for change in
        [json!({"content": file("two"), "if-revision": 1}), json!({"content": file("two")}), json!({})]
    {
        let same = app.put(&path(&made), &ana.token, change).await.expect(200);
        assert_eq!(same.body["revision"], json!(2));
    }
}

async fn with_if_match(app: &App, token: &str, method: &str, path: &str, tag: &str, body: &Value) -> Reply {
    let request =
        Request::builder().method(method).uri(path).header("authorization", format!("Bearer {token}"));
    let request = request.header("if-match", tag).header("content-type", "application/json");
    let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
    app.send(request.body(body).unwrap()).await
}

#[tokio::test]
async fn if_match_takes_the_etag_of_the_mock() {
    let app = App::start().await;
    let ana = app.person("ana").await;
    let made = mock(&app, &ana, "shop", &file("one")).await;
    let put =
        async |tag: &str, body: Value| with_if_match(&app, &ana.token, "PUT", &path(&made), tag, &body).await;
    put("\"1\"", json!({"content": file("two")})).await.expect(200);
    // As a proxy that compresses leaves it.
    put("W/\"2\"", json!({"content": file("three")})).await.expect(200);
    put("\"1\"", json!({"content": file("four")})).await.expect(412);
    put("*", json!({"content": file("four")})).await.expect(428);
    for tag in ["3", "\"x\"", "\"\"", "\"1\", \"2\"", "\"99999999999999999999\""] {
        assert_eq!(
            put(tag, json!({"content": file("four")})).await.expect(422).fields(),
            ["if-match"],
            "{tag}"
        );
    }
    let both = put("\"3\"", json!({"content": file("four"), "if-revision": 2})).await.expect(422);
    assert_eq!(both.fields(), ["if-revision"]);
    let delete =
        async |tag: &str| with_if_match(&app, &ana.token, "DELETE", &path(&made), tag, &Value::Null).await;
    assert_eq!(delete("\"2\"").await.expect(412).body["error"]["value"]["revision"], json!(3));
    app.delete(&format!("{}?if-revision=2", path(&made)), &ana.token).await.expect(412);
    delete("\"3\"").await.expect(204);
}

async fn of_two_edits_at_once_one_is_told_that_it_is_stale(app: App) {
    let ana = app.person("ana").await;
    let made = mock(&app, &ana, "shop", &file("zero")).await;
    for revision in 1..=10 {
        let edit =
            |text: &str| json!({"content": file(&format!("{text}{revision}")), "if-revision": revision});
        let target = path(&made);
        let (one, other) = tokio::join!(
            app.put(&target, &ana.token, edit("one")),
            app.put(&target, &ana.token, edit("other"))
        );
        let mut statuses = [one.status, other.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 412]);
    }
}

async fn a_rename_moves_the_mock_and_holds_the_old_host(app: App) {
    let ana = app.person("ana").await;
    let made = mock(&app, &ana, "shop", &file("one")).await;
    let moved =
        app.put(&path(&made), &ana.token, json!({"wildcard": "store", "if-revision": 1})).await.expect(200);
    assert_eq!(moved.body["url"], json!("http://store-ana.mocks.example.com:8080"));
    assert_eq!((&moved.body["revision"], &moved.body["content"]), (&json!(2), &made["content"]));
    // A broken content, and then another name: what was served moves with it.
    let broken = json!({"content": BROKEN, "if-revision": 2});
    app.put(&path(&made), &ana.token, broken).await.expect(200);
    let moved =
        app.put(&path(&made), &ana.token, json!({"wildcard": "third", "if-revision": 3})).await.expect(200);
    assert_eq!(moved.body["problems"][0]["severity"], json!("error"));
    let history = app.get(&format!("{}/history", path(&made)), &ana.token).await.expect(200).body;
    let good: Vec<&Value> = history
        .as_array()
        .unwrap()
        .iter()
        .filter(|past| past["good"] == json!(true))
        .map(|past| &past["revision"])
        .collect();
    assert_eq!(good, [&json!(2)]);
    // The owner takes an old name again at once.
    mock(&app, &ana, "shop", &file("two")).await;
    let taken =
        app.put(&path(&made), &ana.token, json!({"wildcard": "shop", "if-revision": 4})).await.expect(409);
    assert_eq!(taken.cause(), "host-taken");
}

#[tokio::test]
async fn a_host_that_was_another_owners_is_held() {
    let app = App::start().await;
    let cast = super::cast::Cast::new(&app).await;
    app.delete(&path(&cast.org_mock), &cast.member.token).await.expect(204);
    // The host's row says another owner released it just now.
    let update =
        sqlx::query("UPDATE host SET owner_id = $1 WHERE mock_id IS NULL").bind(uuid::Uuid::new_v4());
    update.execute(&mut app.database().await).await.unwrap();
    let body = json!({"wildcard": "shop", "org-id": cast.org["id"]});
    let held = app.post("/mocks", &cast.member.token, body).await.expect(409);
    assert_eq!(held.cause(), "host-held");
    let slug = cast.org["slug"].as_str().unwrap();
    let free = app.get(&format!("/mocks/wildcard/{slug}/shop"), &cast.member.token).await.expect(200);
    assert_eq!(free.body, json!({"available": false}));
}

#[tokio::test]
async fn publish_and_unpublish_twice_are_once() {
    let bus: Arc<dyn moclojer_core::ports::Bus> = Arc::new(InProcessBus::default());
    let app = App::with_bus(Arc::clone(&bus)).await;
    let ana = app.person("ana").await;
    let mut hints = bus.subscribe(&[MockUpdated::CHANNEL]);
    let made = mock(&app, &ana, "shop", &file("one")).await;
    for (action, enabled) in
        [("publish", true), ("unpublish", false), ("unpublish", false), ("publish", true)]
    {
        let mock =
            app.post(&format!("{}/{action}", path(&made)), &ana.token, Value::Null).await.expect(200).body;
        assert_eq!((&mock["enabled"], &mock["revision"]), (&json!(enabled), &json!(1)));
    }
    app.delete(&path(&made), &ana.token).await.expect(204);
    // Made, off, on, removed: each raised the version once, and each was hinted with it.
    let mut versions = Vec::new();
    while versions.len() < 4 {
        if let Some(Event::Message { message, .. }) = hints.next().await {
            let envelope = Envelope::<MockUpdated>::read(&message).unwrap();
            assert!(!envelope.ctx.is_empty());
            assert_eq!(envelope.message.host, "shop-ana.mocks.example.com");
            versions.push(envelope.message.version);
        }
    }
    assert_eq!(versions, [1, 2, 3, 4]);
}

async fn mocks_are_listed_by_subdomain_page_by_page(app: App) {
    let cast = super::cast::Cast::new(&app).await;
    let token = &cast.member.token;
    for wildcard in ["c", "a-z", "ab"] {
        mock(&app, &cast.member, wildcard, &file("one")).await;
    }
    let all = app.get("/mocks", token).await.expect(200);
    assert_eq!(all.header("link"), "");
    let groups = all.body.as_array().unwrap();
    let shown: Vec<(&str, &str, usize)> = groups
        .iter()
        .map(|group| {
            let text = |key: &str| group[key].as_str().unwrap();
            (text("subdomain"), text("mock-type"), group["apis"].as_array().unwrap().len())
        })
        .collect();
    let slug = cast.org["slug"].as_str().unwrap();
    assert_eq!(shown, [(slug, "org", 1), (cast.member.username(), "personal", 3)]);
    assert!(all.body[0]["apis"][0].get("content").is_none());

    let mut next = "/mocks?limit=1&content=true".to_owned();
    let mut seen = Vec::new();
    while !next.is_empty() {
        let page = app.get(&next, token).await.expect(200);
        let mock = &page.body[0]["apis"][0];
        assert_eq!(mock["content"], json!(file("one")));
        seen.push(mock["wildcard"].as_str().unwrap().to_owned());
        let link = page.header("link");
        next = link.strip_prefix('<').and_then(|link| link.split('>').next()).unwrap_or_default().to_owned();
    }
    assert_eq!(seen, ["shop", "a-z", "ab", "c"]);
    for (query, field) in [
        ("after=x", "after"),
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("orgs=1", "orgs"),
        ("org=1", "org"),
    ] {
        assert_eq!(app.get(&format!("/mocks?{query}"), token).await.expect(422).fields(), [field], "{query}");
    }
}

#[tokio::test]
async fn reserved_and_clever_names_are_refused() {
    let app = App::start().await;
    let ana = app.person("ana").await;
    let longest = "a".repeat(59);
    let too_long = "a".repeat(60);
    for name in ["", "www", "api", "A", "a b", "-a", "a-", "xn--a", "a.b", "ü", "a_b", &too_long] {
        let refused = app.post("/mocks", &ana.token, json!({"wildcard": name})).await.expect(422);
        assert_eq!(refused.fields(), ["wildcard"], "{name}");
    }
    app.post("/mocks", &ana.token, json!({"wildcard": longest})).await.expect(201);
    // Another owner's host cannot be spelled: a username has no `-`.
    app.post("/mocks", &ana.token, json!({"wildcard": "x", "subdomain": "bar-1a2b3c4d"})).await.expect(403);
}

#[tokio::test]
async fn the_hosted_bounds_of_a_content_hold() {
    let app = App::start().await;
    let ana = app.person("ana").await;
    let endpoint = "- endpoint: {path: /a, response: {}}\n";
    let many = json!({"content": endpoint.repeat(2_001)});
    let check = app.post("/mocks/check", &ana.token, many).await.expect(200).body;
    let problem =
        check["problems"].as_array().unwrap().iter().find(|problem| problem["severity"] == json!("error"));
    assert_eq!(problem.unwrap()["line"], json!(2_001));
    let large = json!({"content": "#".repeat((1 << 20) + 1)});
    assert_eq!(app.post("/mocks/check", &ana.token, large).await.expect(413).cause(), "content-too-large");
    let expands =
        format!("- &a \"{}\"\n- endpoint: {{path: /a, response: {{body: x}}}}\n", "x".repeat(1 << 19));
    let check = app.post("/mocks/check", &ana.token, json!({"content": expands})).await.expect(200).body;
    assert_eq!(check["valid"], json!(false));
}
