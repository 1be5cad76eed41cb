//! One suite a port, that every implementation of it passes.

mod bus;
mod storage;
#[cfg(feature = "services")]
mod stores;
