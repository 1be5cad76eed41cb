//! Turn a plain file into a mock API.
//!
//! A mock file is a list of endpoints, each a route and its answer, with templates that use the request.
//! This crate reads such files, says what is wrong with them, finds the endpoint that answers a request,
//! renders its answer, and serves it over HTTP. The program `moclojer` is a thin layer around it.
//!
//! # Two front doors
//!
//! **Inside a test**, start with [`testing`]: a mock server in a line, or the very file that the team serves and hosts.
//!
//! ```
//! use moclojer_core::testing::{MockServer, get, json};
//!
//! let server = MockServer::start();
//! server.mock(get("/users/:id|int").respond(json!({"name": "maria"})).expect(..));
//! println!("curl {}", server.url("/users/7"));
//! ```
//!
//! **For a server of your own**, read files, load them into a [`Responder`](respond::Responder), and serve it:
//!
//! # From nothing to a served mock
//!
//! ```
//! use std::sync::Arc;
//! use moclojer_core::respond::Responder;
//! use moclojer_core::serve::{Options, Server};
//! use moclojer_core::spec::{Format, Limits, Spec};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let file = br#"
//! - endpoint:
//!     path: /hello/:name
//!     response:
//!       body: '{"hello": "{{path-params.name}}!"}'
//! "#;
//! let checked = Spec::read("hello.yml", file, Format::Yaml, &Limits::default());
//! let spec = checked.spec.ok_or_else(|| format!("{:#?}", checked.problems))?;
//! let responder = Arc::new(Responder::default());
//! responder.load(&[&spec]);
//!
//! # let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
//! # runtime.block_on(async {
//! let server = Server::bind("127.0.0.1:0", responder, Options::default()).await?;
//! println!("curl http://{}/hello/world", server.local_addr());
//! # let shutdown = async {};
//! server.run(shutdown).await; // until the future `shutdown` ends
//! # Ok::<(), std::io::Error>(())
//! # })?;
//! # Ok(()) }
//! ```
//!
//! # Without a socket
//!
//! A [`Responder`](respond::Responder) is a plain function from request to answer:
//!
//! ```
//! use bytes::Bytes;
//! use http::{HeaderMap, Method, Uri};
//! use moclojer_core::respond::{Body, Request, Responder, Step};
//! use moclojer_core::spec::{Format, Limits, Spec};
//!
//! let file = b"- endpoint: {path: '/add/:n|int', response: {body: '{{path-params.n|add:1}}'}}";
//! let spec = Spec::read("add.yml", file, Format::Yaml, &Limits::default()).spec.expect("a valid file");
//! let responder = Responder::default();
//! responder.load(&[&spec]);
//!
//! let (method, target, headers) = (Method::GET, Uri::from_static("/add/41"), HeaderMap::new());
//! let request = Request { method: &method, target: &target, headers: &headers, peer: None };
//! let Step::Answer(answer) = responder.respond(&request, Body::Read(&Bytes::new())) else { unreachable!() };
//! assert_eq!(answer.body, "42");
//! ```
//!
//! # The way through the crate
//!
//! | module | what it gives |
//! | --- | --- |
//! | [`testing`] | mocks inside tests: a server, or a function, with expectations and a journal |
//! | [`spec`] | a file's bytes become a valid [`Spec`](spec::Spec), or every [`Problem`](problem::Problem) with its place |
//! | [`problem`] | what is wrong, and its renderings for a terminal, a program, a CI log |
//! | [`respond`] | a request becomes an [`Answer`](respond::Answer), or is told what it missed |
//! | [`serve`] | HTTP/1.1 over hyper: limits, request log, graceful shutdown |
//! | [`files`] | mock files on disk, last good versions, reload |
//! | `unify`, with the feature `hosted` | mock files of many owners as one: processed text, shards, what differs between two |
//! | [`template`], [`route`], [`json`] | the parts those are made of |
//! | [`ports`] | time and chance, to be replaced in tests; object stores and buses of the hosted form with its feature |
//!
//! # Features
//!
//! `testing` is on by default; a server does not need it. `diagnostics` renders problems with their source lines, and has a
//! page for each of their codes; `edn` reads mock files in EDN; `fake` makes up data; `fast-regex` runs regular expressions of
//! mock files on faster engines, for servers; `hosted` keeps the mocks of many owners; `schema` has the JSON Schema of mock
//! files; `tower` gives mocks inside tests as a `tower::Service`; `watch` serves changed files as they are written.

pub mod files;
pub mod json;
pub mod ports;
pub mod problem;
pub mod respond;
pub mod route;
pub mod serve;
pub mod source;
pub mod spec;
pub mod template;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(feature = "hosted")]
pub mod unify;
