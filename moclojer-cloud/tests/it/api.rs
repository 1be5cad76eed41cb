//! The api over its routes, as clients see it: with SQLite, the bus of one process, and an issuer of tokens of our own.

#![expect(clippy::unwrap_used, reason = "a test may stop at what it did not expect")]

pub(crate) mod app;
mod cast;
mod docs;
mod errors;
mod history;
mod metrics;
mod mocks;
mod people;
mod races;
mod serving;
mod streams;
mod tenancy;
mod tokens;
