//! Status streams.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use axum::http::Request;
use futures_util::StreamExt as _;
use moclojer_cloud::messages::{UnifiedUpdated, send};
use moclojer_cloud::store::Applied;
use moclojer_core::ports::ETag;
use serde_json::{Value, json};
use tokio::time::timeout;
use tower::ServiceExt as _;

use super::app::{App, Person};
use super::cast::{Cast, file, mock, path};

/// A stream that is read.
struct Stream {
    body: BodyDataStream,
    read: String,
}

impl Stream {
    async fn open(app: &App, person: &Person, mock: &Value) -> Self {
        let request = Request::get(format!("{}/events", path(mock)));
        let request = request.header("authorization", format!("Bearer {}", person.token));
        let response = app.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { body: response.into_body().into_data_stream(), read: String::new() }
    }

    /// The next part: an event or a comment; none at the end.
    async fn next(&mut self) -> Option<String> {
        loop {
            if let Some((part, rest)) = self.read.split_once("\n\n") {
                let part = part.to_owned();
                self.read = rest.to_owned();
                return Some(part);
            }
            let chunk =
                timeout(Duration::from_secs(20), self.body.next()).await.expect("an event in time")?;
            self.read.push_str(std::str::from_utf8(&chunk.unwrap()).unwrap());
        }
    }

    /// The next event with its data; comments are passed over.
    async fn event(&mut self) -> Option<(String, Value)> {
        loop {
            let part = self.next().await?;
            if let Some((name, data)) =
                part.strip_prefix("event: ").and_then(|part| part.split_once("\ndata: "))
            {
                return Some((name.to_owned(), serde_json::from_str(data).unwrap()));
            }
        }
    }

    async fn state(&mut self) -> Value {
        let (name, data) = self.event().await.unwrap();
        assert_eq!(name, "state");
        data
    }
}

impl Stream {
    /// The first state with this status. There may be one between: written, but the layout is not served yet.
    async fn until(&mut self, status: &str) -> Value {
        loop {
            let state = self.state().await;
            if state["status"] == status {
                return state;
            }
        }
    }
}

/// Does what a generator does with everything that is behind.
async fn carry_out(app: &App) -> usize {
    let mut applied = 0;
    for shard in app.store.behind(100).await.unwrap() {
        let claim = app.store.claim(shard, None, Duration::from_secs(10)).await.unwrap().unwrap();
        let wanted = app.store.wanted(&claim).await.unwrap();
        let written: Vec<Applied> = wanted
            .into_iter()
            .map(|wanted| Applied {
                host: wanted.host,
                version: wanted.version,
                revision: wanted.served.map(|served| served.revision),
            })
            .collect();
        let etag = ETag::of(claim.generation.to_string().as_bytes());
        assert!(app.store.commit(&claim, &etag, &written).await.unwrap());
        app.store.set_served(claim.layout).await.unwrap();
        applied += written.len();
    }
    applied
}

async fn hint(app: &App) {
    let message = UnifiedUpdated { layout: 1, shard: 0, generation: 1, etag: String::new(), hosts: None };
    send(&*app.bus, "test", message).await.unwrap();
}

#[tokio::test]
async fn a_stream_tells_the_state_and_then_its_changes() {
    let app = App::start().await;
    let ana = app.person("ana").await;
    let made = mock(&app, &ana, "shop", &file("one")).await;
    let mut stream = Stream::open(&app, &ana, &made).await;
    let state = stream.state().await;
    assert_eq!((&state["status"], &state["serving-revision"]), (&json!("publishing"), &Value::Null));
    assert_eq!(state, app.get(&format!("{}/publication", path(&made)), &ana.token).await.body);

    assert_eq!(carry_out(&app).await, 1);
    hint(&app).await;
    let state = stream.until("published").await;
    assert_eq!(state["serving-revision"], json!(1));
    assert_eq!(state["unification-status"], json!("published"));

    app.put(&path(&made), &ana.token, json!({"content": file("two"), "if-revision": 1})).await.expect(200);
    let state = stream.until("publishing").await;
    assert_eq!(state["revision"], json!(2));
    app.delete(&path(&made), &ana.token).await.expect(204);
    assert_eq!(stream.event().await, Some(("gone".to_owned(), json!({"id": made["id"]}))));
    assert_eq!(stream.event().await, None);
}

#[tokio::test]
async fn a_change_without_a_hint_is_seen_too_and_the_stream_shows_that_it_lives() {
    let app = App::with(|settings| {
        settings.streams.look = Duration::from_millis(50);
        settings.streams.heartbeat = Duration::from_millis(20);
    })
    .await;
    let ana = app.person("ana").await;
    let made = mock(&app, &ana, "shop", &file("one")).await;
    let mut stream = Stream::open(&app, &ana, &made).await;
    stream.state().await;
    assert_eq!(stream.next().await.unwrap(), ": heartbeat");
    carry_out(&app).await;
    stream.until("published").await;
}

#[tokio::test]
async fn a_stream_ends_when_its_mock_is_no_longer_the_customers_to_see() {
    let app = App::with(|settings| settings.streams.recheck = Duration::from_millis(50)).await;
    let cast = Cast::new(&app).await;
    let mut of_member = Stream::open(&app, &cast.member, &cast.org_mock).await;
    let mut of_owner = Stream::open(&app, &cast.owner, &cast.mock).await;
    of_member.state().await;
    of_owner.state().await;
    let them = format!("/orgs/{}/users/{}", cast.org["id"].as_str().unwrap(), cast.member.id());
    app.delete(&them, &cast.org_owner.token).await.expect(204);
    assert_eq!(of_member.event().await.unwrap().0, "gone");
    assert_eq!(of_member.event().await, None);
    app.suspend(&cast.owner).await;
    assert_eq!(of_owner.event().await.unwrap().0, "gone");
}

#[tokio::test]
async fn streams_are_bounded_for_one_and_for_all_and_given_back() {
    let app = App::with(|settings| {
        settings.streams.of_one_customer = 2;
        settings.streams.of_all = 3;
    })
    .await;
    let (ana, bob) = (app.person("ana").await, app.person("bob").await);
    let (hers, his) = (mock(&app, &ana, "a", "[]").await, mock(&app, &bob, "a", "[]").await);
    let first = Stream::open(&app, &ana, &hers).await;
    let second = Stream::open(&app, &ana, &hers).await;
    let events = |mock: &Value| format!("{}/events", path(mock));
    let refused = app.get(&events(&hers), &ana.token).await.expect(429);
    assert_eq!((refused.cause(), refused.header("retry-after")), ("too-many-streams", "2"));
    let third = Stream::open(&app, &bob, &his).await;
    assert_eq!(app.get(&events(&his), &bob.token).await.expect(503).cause(), "busy");
    drop((first, second, third));
    Stream::open(&app, &ana, &hers).await.state().await;
    Stream::open(&app, &bob, &his).await.state().await;
}

#[tokio::test]
async fn a_stream_has_an_end_after_its_lifetime() {
    let app = App::with(|settings| settings.streams.lifetime = Duration::from_millis(50)).await;
    let ana = app.person("ana").await;
    let made = mock(&app, &ana, "shop", "[]").await;
    let mut stream = Stream::open(&app, &ana, &made).await;
    stream.state().await;
    assert_eq!(stream.event().await, None);
}

#[tokio::test]
async fn a_renamed_mock_is_followed_under_its_new_host() {
    let app = App::start().await;
    let ana = app.person("ana").await;
    let made = mock(&app, &ana, "shop", &file("one")).await;
    carry_out(&app).await;
    let mut stream = Stream::open(&app, &ana, &made).await;
    assert_eq!(stream.state().await["status"], json!("published"));
    app.put(&path(&made), &ana.token, json!({"wildcard": "store", "if-revision": 1})).await.expect(200);
    stream.until("publishing").await;
    carry_out(&app).await;
    let hosts = Some(vec!["store-ana.mocks.example.com".to_owned()]);
    let message = UnifiedUpdated { layout: 1, shard: 0, generation: 1, etag: String::new(), hosts };
    send(&*Arc::clone(&app.bus), "test", message).await.unwrap();
    stream.until("published").await;
}
