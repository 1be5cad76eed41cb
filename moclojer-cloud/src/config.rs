//! Configuration: one table of settings, read from a TOML file, the environment and flags, all wrong values named at
//! once before anything else happens.
//!
//! A setting has a key in kebab-case (`database-url`), which stands at the top of the file or in the section of one
//! service (`[api]`, which wins), and a variable of the environment (`MOCLOJER_` and the key in capitals, or a
//! customary name such as `DATABASE_URL`). A flag wins over the environment, the environment over the file, the file
//! over the default. One file may serve all services: each looks at its own settings and passes the others' over; what
//! no service knows is an error. A secret may come from a file (`DATABASE_URL_FILE`, `database-url-file`).
//!
//! # Invariants
//!
//! - The value of a secret stands in no message, listing or `Debug`.
//! - [`Values`] that exist are right: every setting of the service has a value of its kind, or may be missing.

mod document;
mod kind;
mod problem;
mod secret;
mod services;
mod setting;
mod source;
pub mod table;
#[cfg(test)]
mod tests;
mod values;

pub use kind::{BodySize, Kind, LogFormat, Origin};
pub use problem::{Problem, Problems};
pub use secret::Secret;
pub use services::{Api, Database, Generator, Migration, MockServer, Standalone, Store, Telemetry};
pub use setting::{Default, Row, Service, Setting};
pub use source::Sources;
pub use values::Values;
