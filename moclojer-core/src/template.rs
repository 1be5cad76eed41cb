//! The template language: text with `{{…}}` and `{% … %}`, compiled once when a file loads.
