//! Any template and context give text or an error: no panic, no more than the limits, JSON that is JSON.
//! A zero byte ends the template; the rest is the context.
#![no_main]

use libfuzzer_sys::fuzz_target;
use moclojer_core::json::{MAX_DEPTH, Object, Value};
use moclojer_core::source::Source;
use moclojer_core::template::{ContextScope, Counters, Limits, Mode, compile_open};

const LIMITS: Limits = Limits { steps: 20_000, output_bytes: 64 << 10 };

fuzz_target!(|bytes: &[u8]| {
    let mut parts = bytes.splitn(2, |&byte| byte == 0);
    let text = String::from_utf8_lossy(parts.next().unwrap_or_default());
    let context = match Value::parse(parts.next().unwrap_or(b"{}"), MAX_DEPTH) {
        Ok(Value::Object(context)) => context,
        _ => Object::default(),
    };
    let counters = Counters::default();
    for mode in [Mode::Plain, Mode::Json, Mode::Html, Mode::Header, Mode::Url] {
        let (template, problems) = compile_open(&Source::new("template", &*text), mode);
        for problem in &problems {
            let _ = problem.to_string();
        }
        let Some(template) = template else { continue };
        let scope = ContextScope::new(&context, jiff::Timestamp::UNIX_EPOCH, &counters).seeded(1, 0);
        let mut out = String::new();
        if template.render(&scope, &LIMITS, &mut out).is_ok() {
            assert!(out.len() as u64 <= LIMITS.output_bytes);
            assert!(mode != Mode::Header || !out.contains(['\r', '\n']));
        }
    }
});
