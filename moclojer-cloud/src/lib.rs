//! The hosted moclojer: adapters and services.
//!
//! **Postgres is the truth, and every row says how far it has been carried out.** A change raises its host's version;
//! the generator carries it into the object store and raises the applied version; mock servers follow the object
//! store. Hints on the bus only hurry. Whatever is behind gets done, by whoever is free, from any crash.
//!
//! | module | what it gives |
//! | --- | --- |
//! | [`domain`] | customers, orgs, mocks, their names and states: plain data and rules |
//! | [`messages`] | what goes over the bus |
//! | [`layout_file`] | `layout.json` of the object store, and the keys of its objects |
//! | [`adapters`] | object stores, buses, databases, tokens: each implements a port |
//! | `store`, `auth` | the ports to the database and to whoever issued a token (feature `services`) |
//! | `api`, `generator` | the services (feature `services`) |
//! | [`foss`] | a mock server that follows the unified mock of an object store |
//! | [`config`], [`telemetry`], [`admin`] | how every service is configured, watched and asked for its health |
//! | [`startup`], `standalone` | how a program becomes a service; all services in one process |
//! | [`http_server`] | HTTP for routers, with bounds on what a client can cost |

pub mod adapters;
pub mod admin;
#[cfg(feature = "services")]
pub mod api;
#[cfg(feature = "services")]
pub mod auth;
pub mod config;
pub mod domain;
pub mod foss;
#[cfg(feature = "services")]
pub mod generator;
pub mod http_server;
pub mod layout_file;
pub mod messages;
#[cfg(feature = "services")]
pub mod standalone;
pub mod startup;
#[cfg(feature = "services")]
pub mod store;
pub mod telemetry;
