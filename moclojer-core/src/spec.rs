//! What a mock file says: readers into one tree with places, then the validated model.

pub mod path;
pub mod tree;
