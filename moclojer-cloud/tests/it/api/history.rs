//! The revisions of a mock.

use serde_json::{Value, json};

use super::app::App;
use super::cast::{BROKEN, file, mock, path};

#[tokio::test]
async fn history_is_read_page_by_page_and_restored_as_an_edit() {
    let app = App::start().await;
    let ana = app.person("ana").await;
    let made = mock(&app, &ana, "shop", &file("1")).await;
    for revision in 1..5 {
        let content = if revision == 4 { BROKEN.to_owned() } else { file(&format!("{}", revision + 1)) };
        app.put(&path(&made), &ana.token, json!({"content": content, "if-revision": revision}))
            .await
            .expect(200);
    }
    let history = format!("{}/history", path(&made));
    let page = app.get(&format!("{history}?limit=3"), &ana.token).await.expect(200);
    let revisions = |body: &Value| -> Vec<u64> {
        body.as_array().unwrap().iter().map(|past| past["revision"].as_u64().unwrap()).collect()
    };
    assert_eq!(revisions(&page.body), [5, 4, 3]);
    assert_eq!((&page.body[0]["good"], &page.body[1]["good"]), (&json!(false), &json!(true)));
    assert_eq!(page.body[0]["by"], json!(ana.id()));
    assert!(page.body[0].get("content").is_none());
    let next = page.header("link").split(['<', '>']).nth(1).unwrap().to_owned();
    let page = app.get(&next, &ana.token).await.expect(200);
    assert_eq!((revisions(&page.body), page.header("link")), (vec![2, 1], ""));

    let past = app.get(&format!("{history}/2"), &ana.token).await.expect(200).body;
    assert_eq!(past["content"], json!(file("2")));
    for missing in ["99", "0", "x", "18446744073709551615"] {
        app.get(&format!("{history}/{missing}"), &ana.token).await.expect(404);
    }
    let restore = format!("{history}/2/restore");
    app.post(&restore, &ana.token, Value::Null).await.expect(422);
    app.call(axum::http::Method::POST, &restore, &ana.token, None).await.expect(428);
    app.post(&restore, &ana.token, json!({"if-revision": 4})).await.expect(412);
    let restored = app.post(&restore, &ana.token, json!({"if-revision": 5})).await.expect(200).body;
    assert_eq!((&restored["revision"], &restored["content"]), (&json!(6), &json!(file("2"))));
    // It is the newest content by now: nothing changes.
    let again = app.post(&restore, &ana.token, json!({"if-revision": 1})).await.expect(200).body;
    assert_eq!(again["revision"], json!(6));
}
