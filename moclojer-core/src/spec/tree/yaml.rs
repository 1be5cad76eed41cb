//! YAML files into the tree.
