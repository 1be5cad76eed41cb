//! The crate from outside, over real sockets and files.
#![expect(clippy::unwrap_used, reason = "a test may stop at what it did not expect")]

mod answers;
mod chance;
mod client;
#[cfg(all(feature = "edn", feature = "hosted"))]
mod edn;
mod files;
#[cfg(feature = "hosted")]
mod hosted;
mod hosts;
mod hyper_traps;
mod misses;
#[cfg(feature = "diagnostics")]
mod mistakes;
mod original_files;
#[cfg(all(feature = "diagnostics", feature = "fake"))]
mod pages;
mod problems;
mod properties;
#[cfg(feature = "watch")]
mod reload;
#[cfg(all(feature = "diagnostics", feature = "fake", feature = "schema"))]
mod schema;
mod serve;
#[cfg(feature = "hosted")]
mod shards;
#[cfg(feature = "testing")]
mod testing;
#[cfg(feature = "hosted")]
mod unify;
#[cfg(feature = "watch")]
mod watch;
