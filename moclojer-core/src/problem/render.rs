//! Problems for a terminal, for programs and for a CI log.
