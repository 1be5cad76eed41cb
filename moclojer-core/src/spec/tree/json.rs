//! JSON files into the tree.
