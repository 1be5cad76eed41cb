//! The trie and the slow matcher agree on every table and request that bytes can spell.
#![no_main]

use libfuzzer_sys::fuzz_target;
use moclojer_core::route::oracle::{Case, check};

fuzz_target!(|bytes: &[u8]| {
    if let Err(difference) = check(&Case::from_bytes(bytes)) {
        panic!("{difference}");
    }
});
