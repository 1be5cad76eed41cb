//! The first table of docs/coming-from.md: how wiremock, httpmock, mockito and moclojer act where a person who moves
//! tests would be surprised. Each is asked in the same way.

use reqwest::blocking::get;
use wiremock::matchers::{method, path};

/// What a mock server says where two mocks fit (`1` and `2`, in the order in which they were made) at three requests,
/// and the status of a path with a query that its mock does not name, and of a path that has no mock.
fn seen(uri: &str) -> (String, u16, u16) {
    let answers = (0..3).map(|_| get(format!("{uri}/twice")).unwrap().text().unwrap()).collect();
    let status = |path: &str| get(format!("{uri}{path}")).unwrap().status().as_u16();
    (answers, status("/query?a=1"), status("/nothing"))
}

#[test]
fn wiremock_answers_with_the_first_and_looks_at_its_end() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let server = runtime.block_on(async {
        let server = wiremock::MockServer::start().await;
        for (at, body) in [("/twice", "1"), ("/twice", "2"), ("/query", "3")] {
            let mock = wiremock::Mock::given(method("GET")).and(path(at));
            mock.respond_with(wiremock::ResponseTemplate::new(200).set_body_string(body))
                .mount(&server)
                .await;
        }
        server
    });
    assert_eq!(seen(&server.uri()), ("111".to_owned(), 200, 404));
    let ends_without_a_call = std::panic::catch_unwind(|| {
        runtime.block_on(async {
            let server = wiremock::MockServer::start().await;
            let mock = wiremock::Mock::given(path("/")).respond_with(wiremock::ResponseTemplate::new(200));
            mock.expect(1).mount(&server).await;
        });
    });
    assert!(ends_without_a_call.is_err());
    runtime.block_on(async { drop(server) });
}

#[test]
fn httpmock_answers_with_the_first_and_fails_where_it_is_asked() {
    let server = httpmock::MockServer::start();
    for (path, body) in [("/twice", "1"), ("/twice", "2"), ("/query", "3")] {
        server.mock(|when, then| {
            when.method("GET").path(path);
            then.status(200).body(body);
        });
    }
    // Nobody asserts, so the second of the two fails nothing.
    assert_eq!(seen(&server.base_url()), ("111".to_owned(), 200, 404));
}

#[test]
fn mockito_answers_with_the_first_that_lacks_calls_and_compares_queries() {
    let mut server = mockito::Server::new();
    let mut mock = |path: &str, body: &str| server.mock("GET", path).with_body(body).create();
    let mocks = [mock("/twice", "1"), mock("/twice", "2"), mock("/query", "3")];
    assert_eq!(seen(&server.url()), ("122".to_owned(), 501, 501));
    // Nobody asserts, so the mock that was not called fails nothing.
    assert!(!mocks[2].matched());
}

#[test]
fn moclojer_answers_with_the_last_and_looks_at_its_end() {
    use moclojer_core::testing::{MockServer, get};

    let server = MockServer::start();
    for (path, body) in [("/twice", "1"), ("/twice", "2"), ("/query", "3")] {
        server.mock(get(path).respond(body));
    }
    assert_eq!(seen(server.uri()), ("222".to_owned(), 200, 404));
    let ends_without_a_call = std::panic::catch_unwind(|| {
        MockServer::start().mock(get("/").respond("hi").expect(1));
    });
    assert!(ends_without_a_call.is_err());
}
