//! The stores' suite: one list of facts, run on PostgreSQL and on SQLite.

#![expect(clippy::unwrap_used, reason = "a test may stop at what it did not expect")]

mod accounts;
mod concurrency;
mod database;
mod faults;
mod history;
mod installation;
mod mocks;
mod projection;
mod random;
mod world;

/// Runs each fact on both databases, each time on one of its own.
macro_rules! facts {
    ($($fact:ident)*) => {
        mod on_postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $fact() {
                super::$fact(crate::contract::stores::world::World::postgres().await).await;
            })*
        }
        mod on_sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $fact() {
                super::$fact(crate::contract::stores::world::World::sqlite().await).await;
            })*
        }
    };
}
use facts;
