//! Adapters and services of the hosted moclojer.
