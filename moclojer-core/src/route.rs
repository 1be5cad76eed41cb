//! From a request's host and path to the endpoints that may answer it, in order.
//!
//! A [`HostTable`] leads from a host to its block, a block's [`Routes`] from a path ([`Segments`]) to groups
//! of endpoints of equal rank, best first, each endpoint known by its index. What decides inside a group
//! (methods, types, queries, bodies, file order) is the caller's: this module compares hosts and the shape
//! of paths, nothing else. The rule is "Which endpoint answers" of the mock format.
//!
//! Nothing here is proportional to the number of endpoints while a request is served; what a table costs is
//! said at [`Routes`].

mod capture;
mod hosts;
mod mixed;
mod near;
#[cfg(any(test, feature = "oracle"))]
#[doc(hidden)]
pub mod oracle;
mod order;
mod segments;
mod trie;

pub use hosts::{Block, Blocks, HostClass, HostTable};
pub use order::Precedence;
pub use segments::{PathError, Segments};
pub use trie::Routes;
