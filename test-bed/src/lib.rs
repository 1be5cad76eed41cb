//! What tests and benches of the hosted form stand on: real servers on loopback, and whole installations.
//!
//! Each server is started once on a free port in a temporary folder, or taken from the environment (`DATABASE_URL`,
//! `REDIS_URL`, `S3_ENDPOINT`), and ends with the test, however that ends. A missing program is installed where that
//! is allowed; else the test fails and says what to do.
#![expect(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "a test may stop at what it did not expect"
)]

pub mod command;
pub mod installation;
pub mod issuer;
pub mod moto;
pub mod node;
pub mod pages;
pub mod postgres;
pub mod process;
pub mod promises;
pub mod proxy;
pub mod python;
pub mod redis;
pub mod s3;
pub mod seed;
