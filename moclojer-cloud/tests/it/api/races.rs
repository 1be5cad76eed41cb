//! What changes between a look and what is done upon it, and what does not end in time.

use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use moclojer_cloud::domain::{CustomerId, Username};
use serde_json::json;
use sqlx::postgres::PgConnection;
use sqlx::{Connection as _, Executor as _};
use tokio::time::{Instant, sleep};

use super::app::{App, Person, Reply};
use super::cast::{mock, uuid};

/// How long anything that has to come may take.
const SOON: Duration = Duration::from_secs(20);

/// Asks for a mock, and has the customer renamed when the body is read: who asks was looked at before.
async fn make_while_renamed(app: &App, person: &Person, body: &serde_json::Value, username: &str) -> Reply {
    let (store, id) = (app.store.clone(), CustomerId(person.id()));
    let (body, username) = (body.to_string(), Username::parse(username).unwrap());
    let late = futures_util::stream::once(async move {
        store.rename_customer(id, &username).await.unwrap().unwrap().unwrap();
        Ok::<_, std::io::Error>(body)
    });
    let request = Request::post("/mocks").header("authorization", format!("Bearer {}", person.token));
    app.send(request.body(Body::from_stream(late)).unwrap()).await
}

#[tokio::test]
async fn a_customer_who_is_renamed_meanwhile_gets_no_mock_under_the_old_name() {
    for app in [App::start().await, App::on_postgres().await] {
        let ana = app.person("ana").await;
        let body = json!({"wildcard": "shop"});
        let refused = make_while_renamed(&app, &ana, &body, "anna").await.expect(409);
        assert_eq!(refused.cause(), "owner-changed");
        assert_eq!(app.get("/mocks", &ana.token).await.expect(200).body, json!([]));
        // Trying again is right when the name was left to the api.
        let made = app.post("/mocks", &ana.token, body).await.expect(201).body;
        assert_eq!(made["subdomain"], json!("anna"));
    }
}

#[tokio::test]
async fn a_subdomain_that_was_told_is_foreign_once_it_has_changed() {
    let app = App::start().await;
    let ana = app.person("ana").await;
    let body = json!({"wildcard": "shop", "subdomain": ana.username()});
    let refused = make_while_renamed(&app, &ana, &body, "anna").await.expect(409);
    assert_eq!(refused.cause(), "owner-changed");
    let refused = app.post("/mocks", &ana.token, body).await.expect(403);
    assert_eq!(refused.cause(), "foreign-subdomain");
}

/// Waits until somebody waits for a lock.
async fn until_somebody_waits(database: &mut PgConnection) {
    let deadline = Instant::now() + SOON;
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
        AND wait_event_type = 'Lock'";
    while sqlx::query_scalar::<_, i64>(waiting).fetch_one(&mut *database).await.unwrap() == 0 {
        assert!(Instant::now() < deadline, "nobody waits for the lock");
        sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_org_that_is_renamed_or_removed_meanwhile_gets_no_mock() {
    let url = test_bed::postgres::fresh_database().await;
    let app = App::on_database(&url).await;
    let ana = app.person("ana").await;
    let mut watcher = PgConnection::connect(&url).await.unwrap();
    let mut changer = PgConnection::connect(&url).await.unwrap();
    for change in ["UPDATE org SET slug = 'other-1a2b3c4d'", "DELETE FROM org_user; DELETE FROM org"] {
        let org = app.post("/orgs", &ana.token, json!({"orgname": "Acme"})).await.expect(201).body;
        let mut transaction = changer.begin().await.unwrap();
        transaction.execute(change).await.unwrap();
        let making = app.post("/mocks", &ana.token, json!({"wildcard": "shop", "org-id": org["id"]}));
        let committing = async {
            until_somebody_waits(&mut watcher).await;
            transaction.commit().await.unwrap();
        };
        let (refused, ()) = tokio::join!(making, committing);
        assert_eq!(refused.expect(409).cause(), "owner-changed", "{change}");
        let mocks = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM mock WHERE org_id = $1");
        assert_eq!(mocks.bind(uuid(&org["id"])).fetch_one(&mut watcher).await.unwrap(), 0, "{change}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_that_runs_into_its_time_is_a_503_and_disturbs_nobody_else() {
    let app = App::with(|settings| settings.request_time = Duration::from_secs(1)).await;
    let ana = app.person("ana").await;
    mock(&app, &ana, "before", "[]").await;
    // Somebody else writes, and takes long.
    let mut database = app.database().await;
    database.execute("BEGIN IMMEDIATE").await.unwrap();
    let begun = Instant::now();
    let late = app.post("/mocks", &ana.token, json!({"wildcard": "shop"})).await.expect(503);
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    assert_eq!((late.cause(), late.header("retry-after")), ("busy", "2"));
    let message = late.body["error"]["message"].as_str().unwrap();
    assert!(message.contains("whether the change was made is not known"), "{message}");
    // Who only reads is answered meanwhile.
    let mocks = app.get("/mocks", &ana.token).await.expect(200).body;
    assert_eq!(mocks[0]["apis"].as_array().unwrap().len(), 1);
    database.execute("ROLLBACK").await.unwrap();
    // Whether it was made or not, asking again leads to the one mock.
    let deadline = Instant::now() + SOON;
    loop {
        let again = app.post("/mocks", &ana.token, json!({"wildcard": "shop"})).await;
        if matches!(again.status, 200 | 201) {
            break;
        }
        assert_eq!(again.cause(), "busy");
        assert!(Instant::now() < deadline, "it does not come back");
    }
    let mocks = app.get("/mocks", &ana.token).await.expect(200).body;
    assert_eq!(mocks[0]["apis"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_body_does_not_hold_a_request_beyond_its_time() {
    let app = App::with(|settings| settings.request_time = Duration::from_millis(50)).await;
    let ana = app.person("ana").await;
    let never = Body::from_stream(futures_util::stream::pending::<Result<Vec<u8>, std::io::Error>>());
    let request = Request::post("/orgs").header("authorization", format!("Bearer {}", ana.token));
    assert_eq!(app.send(request.body(never).unwrap()).await.expect(503).cause(), "busy");
}
