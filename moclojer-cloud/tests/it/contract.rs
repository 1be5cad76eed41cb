//! One suite a port, that every implementation of it passes.

#[cfg(feature = "services")]
mod auth;
mod bus;
mod storage;
#[cfg(feature = "services")]
mod stores;
