//! Behaviour of the hosted parts, against real servers wherever there are any.
#![expect(clippy::unwrap_used, reason = "a test may stop at what it did not expect")]

mod admin;
#[cfg(feature = "services")]
mod api;
mod contract;
mod foss;
#[cfg(feature = "services")]
mod generator;
#[cfg(feature = "services")]
mod issuer;
#[cfg(feature = "services")]
mod scale;
