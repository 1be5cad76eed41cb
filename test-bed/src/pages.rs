//! The Rust blocks of README.md and of pages in docs/: this crate's doctests. The build script makes them of the pages.

use std::panic::{UnwindSafe, catch_unwind};

use regex::Regex;

/// Runs a test of a page, which has to panic with what the page shows: ports and places in Rust files aside.
pub fn panics<T>(test: impl FnOnce() -> T + UnwindSafe, shown: &str) {
    let Err(payload) = catch_unwind(test) else {
        panic!("the page shows a failure, but its test passes");
    };
    let told = payload.downcast_ref::<String>().map_or("", String::as_str);
    assert_eq!(without_places(told), without_places(shown), "the page shows another failure:\n{told}\n");
}

fn without_places(text: &str) -> String {
    let ports = Regex::new(r"127\.0\.0\.1:\d+").unwrap().replace_all(text, "ADDRESS");
    let places = Regex::new(r"[\w/.-]+\.rs:\d+(:\d+)?").unwrap();
    places.replace_all(ports.trim(), "PLACE").into_owned()
}

#[cfg(doctest)]
#[doc = include_str!(concat!(env!("OUT_DIR"), "/README.md"))]
mod readme {}

#[cfg(doctest)]
#[doc = include_str!(concat!(env!("OUT_DIR"), "/coming-from.md"))]
mod coming_from {}

#[cfg(doctest)]
#[doc = include_str!(concat!(env!("OUT_DIR"), "/testing.md"))]
mod testing {}

#[cfg(test)]
mod peers;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_and_places_of_a_failure_may_differ_and_nothing_else() {
        let told = || panic!("{}", "http://127.0.0.1:4711 at src/lib.rs:7:12");
        panics(told, "http://127.0.0.1:9 at tests/a-b.rs:1:2\n");
        assert!(catch_unwind(|| panics(told, "http://127.0.0.1:9 near tests/a.rs:1:2")).is_err());
        assert!(catch_unwind(|| panics(|| (), "")).is_err());
    }
}
