//! Tenancy: every route of the document, for everybody. A route without a row here fails, and so does a row without
//! a route.

use std::collections::BTreeSet;

use axum::http::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::app::App;
use super::cast::{Cast, file};
use crate::issuer::seconds;

/// A row: method, path, body, and what a stranger, a member of the org, its owner, and the owner of the mock get.
type Row = (&'static str, &'static str, &'static str, [u16; 4]);

/// In paths and bodies `:user` is the mock's owner, `:member` the org's member, `:mock` the owner's mock, `:theirs`
/// the org's.
const ROWS: &[Row] = &[
    ("GET", "/user/:user", "", [404, 404, 404, 200]),
    ("GET", "/user/:member", "", [404, 200, 200, 404]),
    ("PUT", "/user/:user", r#"{"username": "owner"}"#, [404, 404, 404, 409]),
    ("PUT", "/user/:member", r#"{"username": ":fresh"}"#, [404, 200, 403, 404]),
    ("GET", "/user-external", "", [200; 4]),
    ("GET", "/user/email/:user-email", "", [404, 404, 404, 200]),
    ("GET", "/user/email/nobody@example.com", "", [404; 4]),
    ("GET", "/user/username/somebody", "", [200; 4]),
    ("GET", "/orgs", "", [200; 4]),
    ("POST", "/orgs", r#"{"orgname": "New"}"#, [201; 4]),
    ("GET", "/orgs/:org", "", [404, 200, 200, 404]),
    ("PUT", "/orgs/:org", r#"{"orgname": "New"}"#, [404, 403, 200, 404]),
    ("DELETE", "/orgs/:org", "", [404, 403, 409, 404]),
    ("GET", "/orgs/:org/users", "", [404, 200, 200, 404]),
    ("POST", "/orgs/:org/users", r#"{"user-id": ":user"}"#, [404, 403, 201, 404]),
    ("DELETE", "/orgs/:org/users/:member", "", [404, 403, 204, 404]),
    ("GET", "/org/acme", "", [200; 4]),
    ("GET", "/mocks", "", [200; 4]),
    ("GET", "/mocks?org=:org", "", [404, 200, 200, 404]),
    ("POST", "/mocks", r#"{"wildcard": "new"}"#, [201; 4]),
    ("POST", "/mocks", r#"{"wildcard": "new", "org-id": ":org"}"#, [404, 201, 201, 404]),
    ("POST", "/mocks", r#"{"wildcard": "new", "subdomain": ":slug"}"#, [403, 201, 201, 403]),
    ("POST", "/mocks", r#"{"wildcard": "new", "subdomain": ":username"}"#, [403, 403, 403, 201]),
    ("POST", "/mocks/check", r#"{"content": "[]"}"#, [200; 4]),
    ("GET", "/mocks/wildcard/:slug/new", "", [403, 200, 200, 403]),
    ("GET", "/mocks/wildcard/:username/new", "", [403, 403, 403, 200]),
    ("GET", "/mocks/:mock", "", [404, 404, 404, 200]),
    ("GET", "/mocks/:theirs", "", [404, 200, 200, 404]),
    ("PUT", "/mocks/:mock", CHANGE, [404, 404, 404, 200]),
    ("PUT", "/mocks/:theirs", CHANGE, [404, 200, 200, 404]),
    ("DELETE", "/mocks/:mock", "", [404, 404, 404, 204]),
    ("DELETE", "/mocks/:theirs", "", [404, 204, 204, 404]),
    ("GET", "/mocks/:mock/publication", "", [404, 404, 404, 200]),
    ("GET", "/mocks/:theirs/publication", "", [404, 200, 200, 404]),
    ("POST", "/mocks/:mock/publish", "", [404, 404, 404, 200]),
    ("POST", "/mocks/:theirs/publish", "", [404, 200, 200, 404]),
    ("POST", "/mocks/:mock/unpublish", "", [404, 404, 404, 200]),
    ("POST", "/mocks/:theirs/unpublish", "", [404, 200, 200, 404]),
    ("GET", "/mocks/:mock/history", "", [404, 404, 404, 200]),
    ("GET", "/mocks/:theirs/history", "", [404, 200, 200, 404]),
    ("GET", "/mocks/:mock/history/1", "", [404, 404, 404, 200]),
    ("GET", "/mocks/:theirs/history/1", "", [404, 200, 200, 404]),
    ("POST", "/mocks/:mock/history/1/restore", r#"{"if-revision": 1}"#, [404, 404, 404, 200]),
    ("POST", "/mocks/:theirs/history/1/restore", r#"{"if-revision": 1}"#, [404, 200, 200, 404]),
    ("GET", "/mocks/:mock/events", "", [404, 404, 404, 200]),
    ("GET", "/mocks/:theirs/events", "", [404, 200, 200, 404]),
];

/// Routes that ask for no customer; the tests of tokens are about them.
const PUBLIC: &[(&str, &str)] = &[("POST", "/login/auth")];

const CHANGE: &str = r#"{"if-revision": 1, "content": "- endpoint: {path: /x, response: {}}"}"#;

fn filled(text: &str, cast: &Cast) -> String {
    let id = |value: &Value| value["id"].as_str().unwrap().to_owned();
    text.replace(":user-email", cast.owner.customer.email.as_str())
        .replace(":username", cast.owner.username())
        .replace(":user", &cast.owner.id().to_string())
        .replace(":member", &cast.member.id().to_string())
        .replace(":fresh", &format!("u{}", &Uuid::new_v4().simple().to_string()[..12]))
        .replace(":org", &id(&cast.org))
        .replace(":slug", cast.org["slug"].as_str().unwrap())
        .replace(":mock", &id(&cast.mock))
        .replace(":theirs", &id(&cast.org_mock))
}

async fn call(app: &App, row: &Row, cast: &Cast, token: &str) -> (u16, String) {
    let (method, path, body, _) = row;
    let body = filled(body, cast);
    let body = (!body.is_empty()).then(|| serde_json::from_str(&body).unwrap());
    let reply = app.call(method.parse().unwrap(), &filled(path, cast), token, body).await;
    (reply.status, reply.cause().to_owned())
}

#[tokio::test]
async fn every_route_has_a_row_and_every_row_a_route() {
    let app = App::start().await;
    let cast = Cast::new(&app).await;
    let mut unused: BTreeSet<usize> = (0..ROWS.len()).collect();
    for (method, template) in app.operations() {
        let of_template: Vec<usize> = (0..ROWS.len())
            .filter(|&index| {
                let (known, path, ..) = ROWS[index];
                let path = filled(path, &cast);
                let path = path.split('?').next().unwrap();
                known == method.as_str() && template_of(&app, &method, path).as_deref() == Some(&*template)
            })
            .collect();
        for index in &of_template {
            unused.remove(index);
        }
        let public = PUBLIC.contains(&(method.as_str(), &template));
        assert!(public || !of_template.is_empty(), "{method} {template} has no row");
    }
    assert!(unused.is_empty(), "rows without a route: {unused:?}");
}

/// The route that a path is of: the one with the fewest parameters.
fn template_of(app: &App, method: &Method, path: &str) -> Option<String> {
    let fits = |template: &str| {
        let (one, other): (Vec<&str>, Vec<&str>) = (template.split('/').collect(), path.split('/').collect());
        one.len() == other.len()
            && one.iter().zip(&other).all(|(one, other)| one.starts_with('{') || one == other)
    };
    let routes = app.operations().into_iter().filter(|(known, template)| known == method && fits(template));
    routes.map(|(_, template)| template).min_by_key(|template| template.matches('{').count())
}

#[tokio::test]
async fn nobody_without_a_customers_token_reads_or_changes_anything() {
    let app = App::start().await;
    let cast = Cast::new(&app).await;
    let owner = &cast.owner.customer;
    let claims = app.issuer.claims(owner.external_id, owner.email.as_str());
    let but = |change: &dyn Fn(&mut Value)| {
        let mut claims = claims.clone();
        change(&mut claims);
        app.issuer.token_of(&claims)
    };
    let suspended = app.person("suspended").await;
    app.suspend(&suspended).await;
    let nobodies = [
        ("no token", String::new(), 401),
        ("expired", but(&|claims| claims["exp"] = json!(seconds(-60))), 401),
        ("wrong audience", but(&|claims| claims["aud"] = json!("other")), 401),
        ("no audience", but(&|claims| drop(claims.as_object_mut().unwrap().remove("aud"))), 401),
        ("wrong issuer", but(&|claims| claims["iss"] = json!("https://other.example.com/auth/v1")), 401),
        ("no issuer", but(&|claims| drop(claims.as_object_mut().unwrap().remove("iss"))), 401),
        ("no subject", but(&|claims| drop(claims.as_object_mut().unwrap().remove("sub"))), 401),
        ("service key", but(&|claims| claims["role"] = json!("service_role")), 401),
        ("anonymous key", but(&|claims| claims["role"] = json!("anon")), 401),
        ("anonymous user", but(&|claims| claims["is_anonymous"] = json!(true)), 401),
        ("no customer row", app.issuer.token(Uuid::new_v4(), "new@example.com"), 403),
        ("suspended", suspended.token.clone(), 403),
    ];
    for row in ROWS {
        for (who, token, expected) in &nobodies {
            let (status, cause) = call(&app, row, &cast, token).await;
            assert_eq!(status, *expected, "{who}: {} {}: {cause}", row.0, row.1);
        }
    }
    let after = app.get(&format!("/mocks/{}", cast.mock["id"].as_str().unwrap()), &cast.owner.token).await;
    assert_eq!(after.expect(200).body["content"], json!(file("one")));
}

#[tokio::test]
async fn each_customer_gets_what_is_theirs_and_no_more() {
    let app = App::start().await;
    let mut wrong = Vec::new();
    for row in ROWS {
        for (index, who) in ["stranger", "org member", "org owner", "owner"].iter().enumerate() {
            // A stage of its own for each, since rows change things.
            let cast = Cast::new(&app).await;
            let actor = [&cast.other, &cast.member, &cast.org_owner, &cast.owner][index];
            let (status, cause) = call(&app, row, &cast, &actor.token).await;
            if status != row.3[index] {
                wrong.push(format!("{who}: {} {}: {status} {cause}, not {}", row.0, row.1, row.3[index]));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
