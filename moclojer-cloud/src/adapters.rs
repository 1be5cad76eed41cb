//! Implementations of the ports, one for each technology. None knows another.

#[cfg(feature = "services")]
pub mod development_token;
pub mod object_store;
#[cfg(feature = "services")]
pub mod postgres;
pub mod redis;
#[cfg(feature = "services")]
pub mod sql;
#[cfg(feature = "services")]
pub mod sqlite;
#[cfg(feature = "services")]
pub mod supabase;
