//! Whatever a mock file holds, its processed text says the same, and a shard gives it back and its neighbours too; and
//! any bytes are a shard or an error.
#![no_main]

use libfuzzer_sys::fuzz_target;
use moclojer_core::problem::Code;
use moclojer_core::spec::host::HostPattern;
use moclojer_core::spec::{Format, Settings, Spec};
use moclojer_core::unify::{
    Document, Position, Processed, Revision, Shard, ShardId, Version, process, write_shard,
};

fuzz_target!(|bytes: &[u8]| {
    let _ = Shard::parse(bytes.to_vec().into());
    for format in [Format::Yaml, Format::Json, Format::Edn] {
        check(bytes, format);
    }
});

fn check(bytes: &[u8], format: Format) {
    let settings = Settings::default();
    let original = Spec::read_with("fuzz", bytes, format, &settings);
    let made = make(bytes, format, "m.example.com");
    let Some(text) = made.text else {
        // A text that grew too large is the one reason that the file itself does not have.
        let too_large = made.problems.iter().any(|problem| problem.code == Code::PROCESSED_TOO_LARGE);
        assert!(original.spec.is_none() || too_large, "a valid file gave no text");
        return;
    };
    let endpoints = |bytes: &[u8], format| {
        let spec = Spec::read_with("fuzz", bytes, format, &settings).spec.expect("it is valid");
        spec.endpoints
            .iter()
            .map(|it| format!("{:?} {:?} {:?} {:?}", it.method, it.path, it.body, it.response))
            .collect::<Vec<_>>()
    };
    let same = endpoints(text.as_str().as_bytes(), Format::Yaml);
    assert_eq!(endpoints(bytes, format), same);

    let neighbour = |name| {
        let made = make(b"- endpoint: {path: /, response: {}}", Format::Yaml, name);
        made.text.expect("it is valid")
    };
    let texts = [neighbour("a.example.com"), text, neighbour("z.example.com")];
    let documents = texts.each_ref().map(|text| Document {
        text,
        version: Version::default(),
        revision: Revision::default(),
    });
    let shard =
        write_shard(ShardId::default(), Position::default(), &documents).expect("no host stands twice");
    let read = Shard::parse(shard.clone().into()).expect("it was written");
    let found = read.entries().iter().map(|entry| &*entry.document);
    assert!(read.is_complete() && found.eq(texts.iter().map(|text| text.as_str().as_bytes())));
    assert_eq!(endpoints(&shard, Format::Yaml).get(1..=same.len()), Some(&*same));
}

fn make(bytes: &[u8], format: Format, host: &str) -> Processed {
    let host = HostPattern::parse(host).expect("a host");
    process("fuzz", bytes, format, &host, &Settings::default())
}
