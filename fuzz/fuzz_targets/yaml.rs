//! Any bytes read as YAML are a mock or errors; see `check_file`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use moclojer_core::spec::Format;
use moclojer_fuzz::check_file;

fuzz_target!(|bytes: &[u8]| check_file(bytes, Format::Yaml));
