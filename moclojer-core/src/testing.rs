//! Mocks inside tests: a server on a port of its own, or a plain function, with expectations and a journal.
//!
//! ```
//! use moclojer_core::testing::{MockServer, get, json};
//!
//! let server = MockServer::start();
//! server.mock(get("/users/:id|int").respond(json!({"name": "maria"})).expect(1));
//!
//! // Any client, blocking or not, with any runtime or none:
//! let answer = fetch(&server.url("/users/7"));
//! assert!(answer.ends_with(r#"{"name":"maria"}"#));
//! // At its end the server looks whether all that was expected has happened.
//! # fn fetch(url: &str) -> String {
//! #     use std::io::{Read, Write};
//! #     let rest = url.strip_prefix("http://").expect("a URL");
//! #     let (host, path) = rest.split_at(rest.find('/').expect("a path"));
//! #     let mut stream = std::net::TcpStream::connect(host).expect("a server");
//! #     write!(stream, "GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n").expect("sent");
//! #     let mut answer = String::new();
//! #     stream.read_to_string(&mut answer).expect("an answer");
//! #     answer
//! # }
//! ```
//!
//! # What there is
//!
//! | | |
//! | --- | --- |
//! | [`MockServer`] | mocks behind a port of loopback: [`start`](MockServer::start), [`from_yaml`](MockServer::from_yaml), [`from_file`](MockServer::from_file) |
//! | [`Mocks`] | the same without a socket: [`call`](Mocks::call) is a function from request to answer |
//! | `Mocks::service` | the same as a `tower_service::Service`, with the feature `tower` |
//! | [`Settings`] | what both are made with: files, strictness, journal, clock, seed |
//! | [`get`], [`post`], … | a mock's method and path, then what else it asks: [`MockBuilder`] |
//! | [`json()`], [`text`], [`bytes()`], [`status`], [`template`] | what it answers: [`Reply`], [`Template`] |
//! | [`any`], [`absent`], [`containing`], [`regex()`], [`satisfying`] | what a header, a parameter, a text has to be: [`TextMatcher`] |
//! | [`Times`], [`CallOrder`] | how often and in which order mocks are to be called |
//! | [`ReceivedRequest`] | what came, with types |
//! | [`MockHandle`], [`MockGuard`] | a mock that was given to a server: its calls, its end |
//! | [`curl()`] | a request as a line for a shell, as failures show it |
//!
//! # Which mock answers
//!
//! The one that was added last, of those that fit: so a test puts one over what a fixture set up, or over a file. Where
//! none fits, the files' endpoints answer by the rules of files. Where those do not fit either, the answer is that of
//! every moclojer: 404, 405 or 400, with the nearest endpoints and the reason of each in its body.
//!
//! In the repository, `examples/shop-client` is a whole client whose tests put mocks over the file that is served locally.
//!
//! # Sync and async
//!
//! Nothing waits but [`wait_for`](Mocks::wait_for), which can be awaited under any executor and has
//! [`blocking`](Waiting::blocking). Servers run on background threads of the process; so a test's own runtime, of
//! whatever flavour, is not needed, and a test that blocks does not stop its server.

mod curl;
mod expect;
mod journal;
mod listen;
mod matcher;
mod mock;
mod mocks;
mod reply;
mod report;
mod server;
#[cfg(feature = "tower")]
mod tower;
mod wait;

pub use curl::curl;
pub use expect::{CallOrder, Times};
pub use journal::ReceivedRequest;
pub use matcher::{TextMatcher, absent, any, containing, regex, satisfying};
pub use mock::{Mock, MockBuilder, any_method, delete, get, head, options, patch, post, put, request};
pub use mocks::{MockGuard, MockHandle, Mocks};
pub use reply::{Answer, Reply, Template, TemplateBody, bytes, json, status, template, text};
pub use report::Unmet;
pub use serde_json::json;
pub use server::{MockServer, Settings, StartError};
#[cfg(feature = "tower")]
pub use tower::{MockAnswer, MockService};
pub use wait::{TimedOut, Waiting};
