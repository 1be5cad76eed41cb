//! Turn a plain file into a mock API.
//!
//! (The front page is written with the first served mock.)

pub mod json;
pub mod ports;
pub mod problem;
pub mod respond;
pub mod route;
pub mod serve;
pub mod source;
pub mod spec;
pub mod template;
