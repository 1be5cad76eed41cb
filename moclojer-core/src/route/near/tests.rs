use std::collections::HashSet;

use super::*;
use crate::spec::path::PathPattern;

struct Table {
    texts: Vec<String>,
    routes: Routes,
}

impl Table {
    fn new(texts: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let texts: Vec<String> = texts.into_iter().map(Into::into).collect();
        let patterns: Vec<_> =
            texts.iter().map(|text| PathPattern::parse(text).expect(text).pattern).collect();
        let routes = Routes::build(&patterns.iter().collect::<Vec<_>>());
        Self { texts, routes }
    }

    fn near(&self, path: &str) -> Vec<&str> {
        let segments = Segments::new(path).expect(path);
        let mut found = Vec::new();
        self.routes.near(&segments, 200, |endpoint| found.push(self.texts[endpoint as usize].as_str()));
        found
    }
}

#[test]
fn the_nearest_endpoint_comes_first() {
    let table = Table::new([
        "/",
        "/users",
        "/users/:id|int",
        "/users/:id/orders",
        "/api/v1/products",
        "/files/*rest",
        "/a-:b/c",
        "/health/",
    ]);
    for (path, nearest) in [
        ("/usrs", "/users"),
        ("/Users", "/users"),
        ("/users/x", "/users/:id|int"),
        ("/users/1/order", "/users/:id/orders"),
        ("/user/1/orders", "/users/:id/orders"),
        ("/v1/products", "/api/v1/products"),
        ("/api/v1/products/", "/api/v1/products"),
        ("/api/v1/products/9", "/api/v1/products"),
        ("/files", "/files/*rest"),
        ("/file/a/b", "/files/*rest"),
        ("/a-x/d", "/a-:b/c"),
        ("/a-/c", "/a-:b/c"),
        ("/health", "/health/"),
        ("/healt/", "/health/"),
    ] {
        let near = table.near(path);
        assert_eq!(near.first(), Some(&nearest), "{path} {near:?}");
    }
}

#[test]
fn one_wrong_letter_anywhere_is_found_among_many_siblings() {
    let table = Table::new((0..10_000).map(|number| format!("/items-{number}")));
    for typed in [
        "/itams-1234",
        "/items1234",
        "/items-12x34",
        "/iitems-1234",
        "/tiems-1234",
        "/items-123x4",
        "/ITEMS-1234",
    ] {
        let near = table.near(typed);
        assert!(near.contains(&"/items-1234"), "{typed} {near:?}");
        assert!(near.len() <= 200);
    }
    assert_eq!(table.near("/items-1234/a/b/c"), ["/items-1234"]);
    assert!(table.near("/itens-1234/").contains(&"/items-1234"));
    // Several letters are wrong: what begins or ends alike is near.
    for typed in ["/items-99xyz", "/xyz-items-1234", "/items_no_1234"] {
        let near = table.near(typed);
        assert!(
            near.iter().any(|near| near.ends_with("1234") || near.starts_with("/items-99")),
            "{typed} {near:?}"
        );
    }
    let nested = Table::new((0..5_000).map(|number| format!("/v1/items-{number}/:id/parts")));
    assert_eq!(nested.near("/v1/itens-777/3/parts").first(), Some(&"/v1/items-777/:id/parts"));
}

#[test]
fn what_has_nothing_in_common_is_not_near() {
    let table = Table::new(["/a/b/c", "/a/x"]);
    assert!(table.near("/q").is_empty());
    assert_eq!(table.near("/q/r"), ["/a/x"]);
    assert!(Table::new(Vec::<String>::new()).near("/q").is_empty());
}

#[test]
fn the_budget_holds_and_no_endpoint_comes_twice() {
    let texts = (0..300)
        .flat_map(|number| ["/same".to_owned(), format!("/:a/{number}"), format!("/x{number}-:b/*c")]);
    let table = Table::new(texts);
    for path in ["/same", "/q/7", "/x1-2/9/9", "/same/", "/"] {
        let segments = Segments::new(path).expect(path);
        for budget in [0, 1, 7, 200] {
            let mut found = Vec::new();
            table.routes.near(&segments, budget, |endpoint| found.push(endpoint));
            assert!(found.len() <= budget, "{path}");
            let distinct: HashSet<_> = found.iter().collect();
            assert_eq!(distinct.len(), found.len(), "{path}");
        }
    }
}

#[test]
fn nearly_the_same_is_one_letter_or_case() {
    for (left, right, near) in [
        ("users", "users", true),
        ("users", "USERS", true),
        ("users", "usrs", true),
        ("users", "usersx", true),
        ("users", "usirs", true),
        ("users", "usis", false),
        ("users", "orders", false),
        ("a", "", true),
        ("", "", true),
        ("aaa", "aa", true),
        ("ab", "ba", false),
    ] {
        assert_eq!(nearly_same(left, right), near, "{left} {right}");
    }
}
