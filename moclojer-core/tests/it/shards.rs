//! Shards: what damage does to them, and what they may change.

use moclojer_core::spec::host::HostPattern;
use moclojer_core::spec::{Format, Limits, Spec};
use moclojer_core::unify::{
    Damage, Difference, Digest, Document, Entry, Held, Revision, Shard, ShardError, ShardId, Version,
    WriteError, write_shard,
};
use proptest::prelude::*;

use crate::unify::{at, host, parse, shard_of, small};

/// A shard of three hosts, and what is held of it.
struct Three {
    bytes: Vec<u8>,
    shard: Shard,
}

impl Three {
    fn new() -> Self {
        let texts = ["a", "b", "c"].map(|name| small(&format!("{name}.example.com"), name));
        let bytes = shard_of(at(1, 7), &texts.each_ref());
        let shard = parse(&bytes).unwrap();
        Self { bytes, shard }
    }

    /// Where the part of the second host is, its header line included.
    fn second(&self) -> std::ops::Range<usize> {
        let text = std::str::from_utf8(&self.bytes).unwrap();
        text.find("# moclojer host=b.").unwrap()..text.find("# moclojer host=c.").unwrap()
    }

    fn held(&self) -> impl Iterator<Item = (&HostPattern, Digest)> {
        self.shard.entries().iter().map(|entry| (&entry.host, entry.digest))
    }

    fn replaced(&self, old: &str, new: &str) -> String {
        let text = std::str::from_utf8(&self.bytes).unwrap();
        assert!(text.contains(old), "{old} in {text}");
        text.replacen(old, new, 1)
    }
}

/// The same bytes with the first line's count of bytes made to fit.
fn fitted(bytes: &[u8]) -> Vec<u8> {
    let end = bytes.iter().position(|&byte| byte == b'\n').unwrap();
    let (line, body) = bytes.split_at(end);
    let line = std::str::from_utf8(line).unwrap();
    let (before, _) = line.split_once(" bytes=").unwrap();
    [format!("{before} bytes={}", body.len() - 1).as_bytes(), body].concat()
}

fn same(one: &Entry, other: &Entry) -> bool {
    (&one.host, one.digest, &one.document) == (&other.host, other.digest, &other.document)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_a_shard_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(parse(&bytes).is_err());
        let mut fitted = format!("# moclojer shard layout=1 id=0 generation=1 hosts=1 bytes={}\n# moclojer host=", bytes.len() + 16).into_bytes();
        fitted.extend(&bytes);
        if let Ok(shard) = parse(&fitted) {
            prop_assert!(shard.entries().is_empty() && !shard.is_complete());
        }
    }

    #[test]
    fn broken_bytes_of_one_host_change_that_host_alone(
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let three = Three::new();
        let second = three.second();
        let mut bytes = three.bytes.clone();
        let one = flips.len() == 1;
        for (index, byte) in flips {
            let place = second.start + index.index(second.len());
            bytes[place] = byte;
        }
        let Ok(shard) = parse(&bytes) else {
            // Its length and the end of its last line at once: the next host cannot be found, and nothing is taken.
            prop_assert!(!one && bytes[second.end - 1] != b'\n');
            return Ok(());
        };
        for whole in [&three.shard.entries()[0], &three.shard.entries()[2]] {
            prop_assert!(shard.entries().iter().any(|entry| same(entry, whole)), "{shard:?}");
        }
        let difference = Difference::between(&Held::default(), three.held(), &shard);
        prop_assert!(difference.removed.is_empty(), "{difference:?}");
        // What is left of it is what it was, or nothing.
        prop_assert!(difference.changed.is_empty(), "{difference:?}");
    }
}

#[test]
fn any_one_broken_byte_changes_that_host_alone() {
    let three = Three::new();
    for place in three.second() {
        for byte in [b'\n', b' ', b'x', b'1', 0xFF] {
            let mut bytes = three.bytes.clone();
            bytes[place] = byte;
            let shard = parse(&bytes).unwrap_or_else(|error| panic!("{place}: {error}"));
            for whole in [&three.shard.entries()[0], &three.shard.entries()[2]] {
                assert!(shard.entries().iter().any(|entry| same(entry, whole)), "{place}: {shard:?}");
            }
            assert!(
                !shard.is_complete()
                    || shard.entries().iter().zip(three.shard.entries()).all(|(one, other)| same(one, other))
            );
        }
    }
}

/// "What must be impossible", 1.
#[test]
fn a_cut_shard_removes_nobody() {
    let three = Three::new();
    for end in 0..three.bytes.len() {
        let cut = &three.bytes[..end];
        assert!(parse(cut).is_err(), "{end}");
        if !cut.contains(&b'\n') {
            continue;
        }
        // Even when the first line fits the bytes, or the bytes and the hosts.
        let cut = fitted(cut);
        for hosts in 0..=3 {
            let cut = String::from_utf8_lossy(&cut).replacen("hosts=3", &format!("hosts={hosts}"), 1);
            let Ok(shard) = parse(cut.as_bytes()) else { continue };
            let whole = shard.is_complete();
            let at_a_border = cut.ends_with('\n') && cut.matches("# moclojer host=").count() == hosts;
            assert!(!whole || at_a_border, "{cut}");
            if !whole {
                assert!(
                    Difference::between(&Held::default(), three.held(), &shard).removed.is_empty(),
                    "{cut}"
                );
            }
        }
    }
}

#[test]
fn a_shard_that_does_not_fit_its_first_line_is_unreadable() {
    let three = Three::new();
    let length = three.bytes.len() - three.bytes.iter().position(|&byte| byte == b'\n').unwrap() - 1;
    for (old, new, expected) in [
        ("# moclojer shard ", "# moclojer shards ", ShardError::Header("shard")),
        ("generation=7", "generation=seven", ShardError::Header("generation")),
        ("hosts=3 ", "", ShardError::Header("hosts")),
        ("hosts=3", "hosts=4", ShardError::Hosts { said: 4, found: 3 }),
        ("hosts=3", "hosts=2", ShardError::Hosts { said: 2, found: 3 }),
        (&format!("bytes={length}"), "bytes=1", ShardError::Bytes { said: 1, found: length }),
    ] {
        assert_eq!(parse(three.replaced(old, new).as_bytes()).unwrap_err(), expected, "{old} {new}");
    }
    let between = fitted(three.replaced("\n# moclojer host=a.", "\nx\n# moclojer host=a.").as_bytes());
    assert_eq!(parse(&between).unwrap_err(), ShardError::Hosts { said: 3, found: 4 });
    for bytes in [&b""[..], b"\n", b"# moclojer shard", b"\xff\n"] {
        assert_eq!(parse(bytes).unwrap_err(), ShardError::Header("shard"));
    }
}

#[test]
fn a_damaged_host_is_named_and_the_others_are_good() {
    let three = Three::new();
    let b = host("b.example.com");
    let said = three.shard.entries()[1].document.len();
    let digest = three.shard.entries()[1].digest.to_string();
    let length = format!("length={said} sha256={digest}");
    let other = "0".repeat(64);
    for (old, new, expected_host, expected) in [
        (&*length, &*format!("length=1 sha256={digest}"), Some(&b), Damage::Length { said: 1, found: said }),
        (&length, &format!("length={said} sha256={other}"), Some(&b), Damage::Digest),
        (&length, &format!("length={said}"), Some(&b), Damage::Header("sha256")),
        ("\"body\": \"b\"", "\"body\": \"B\"", Some(&b), Damage::Digest),
        ("\"body\": \"b\"", "\"body\": \"bb\"", Some(&b), Damage::Length { said, found: said + 1 }),
        ("host=b.example.com", "host=d.example.com", Some(&host("d.example.com")), Damage::OtherHost),
        ("host=b.example.com", "host=B.example.com", None, Damage::Header("host")),
        ("host=b.example.com", "host=", None, Damage::Header("host")),
    ] {
        let shard = parse(&fitted(three.replaced(old, new).as_bytes())).unwrap();
        let [damaged] = shard.damaged() else { panic!("{shard:?}") };
        assert_eq!((damaged.host.as_ref(), &damaged.why), (expected_host, &expected), "{new}");
        let good: Vec<&str> = shard.entries().iter().map(|entry| entry.host.as_str()).collect();
        assert_eq!(good, ["a.example.com", "c.example.com"]);
    }
}

#[test]
fn a_host_that_stands_twice_is_damaged_twice() {
    let three = Three::new();
    let second = three.second();
    let twice = [&three.bytes, &three.bytes[second]].concat();
    let twice = String::from_utf8(fitted(&twice)).unwrap().replacen("hosts=3", "hosts=4", 1);
    let shard = parse(twice.as_bytes()).unwrap();
    let good: Vec<&str> = shard.entries().iter().map(|entry| entry.host.as_str()).collect();
    assert_eq!(good, ["a.example.com", "c.example.com"]);
    let why: Vec<&Damage> = shard.damaged().iter().map(|damaged| &damaged.why).collect();
    assert_eq!(why, [&Damage::HostTwice, &Damage::HostTwice]);
    let text = small("a.b", "x");
    let document = Document { text: &text, version: Version::new(1), revision: Revision::new(1) };
    let written = write_shard(ShardId::new(0), at(1, 1), &[document, document]);
    assert_eq!(written, Err(WriteError::HostTwice(host("a.b"))));
}

/// Every length names all bytes that follow. If each were believed, this test would not end.
#[test]
fn many_false_lengths_cost_no_more_than_one() {
    let count = 20_000;
    let mut parts = Vec::new();
    for _ in 0..count {
        // Written from the last to the first, so that each length reaches exactly to the end.
        let digest = "0".repeat(64);
        let line = format!(
            "# moclojer host=b.example.com version=1 revision=1 length={} sha256={digest}\n",
            parts.len()
        );
        parts.extend(line.bytes().rev());
    }
    parts.reverse();
    let parts = String::from_utf8(parts).unwrap();
    let first = format!("# moclojer shard layout=1 id=0 generation=1 hosts={count} bytes={}\n", parts.len());
    let shard = parse((first + &parts).as_bytes()).unwrap();
    assert_eq!((shard.entries().len(), shard.damaged().len()), (0, count));
}

#[test]
fn a_later_release_may_add_fields() {
    let three = Three::new();
    let text = three.replaced("hosts=3", "colour=red hosts=3").replace(" revision=2", " revision=2 more=1");
    let shard = parse(&fitted(text.as_bytes())).unwrap();
    assert!(shard.is_complete() && shard.entries().len() == 3);
}

#[test]
fn a_shard_is_written_in_one_way() {
    let texts = ["b.example.com", "a.example.com", "*.example.com"].map(|name| small(name, "x"));
    let [b, a, any] = texts.each_ref();
    let bytes = shard_of(at(1, 2), &[b, a, any]);
    assert_eq!(bytes, shard_of(at(1, 2), &[any, b, a]));
    let shard = parse(&bytes).unwrap();
    assert_eq!((shard.id(), shard.position()), (ShardId::new(5), at(1, 2)));
    let entries: Vec<_> = shard
        .entries()
        .iter()
        .map(|entry| (entry.host.as_str(), entry.version.get(), entry.revision.get()))
        .collect();
    assert_eq!(entries, [("*.example.com", 3, 2), ("a.example.com", 3, 2), ("b.example.com", 3, 2)]);
    let empty = shard_of(at(1, 2), &[]);
    assert_eq!(empty, b"# moclojer shard layout=1 id=5 generation=2 hosts=0 bytes=0\n");
    assert!(parse(&empty).unwrap().is_complete());
    assert!(Spec::read("s.yml", &empty, Format::Yaml, &Limits::default()).spec.is_some());
    insta::assert_snapshot!(String::from_utf8(bytes).unwrap());
}

/// "What must be impossible", 13.
#[test]
fn only_a_complete_and_higher_shard_removes_a_host() {
    let texts = ["a", "b", "c"].map(|name| small(&format!("{name}.example.com"), name));
    let [a, b, c] = texts.each_ref();
    let new_b = small("b.example.com", "new");
    let old = parse(&shard_of(at(2, 5), &[a, b])).unwrap();
    let mut held = Held::default();
    held.take(&old);
    let differs = |held: &Held, new: &Shard| -> (Vec<String>, Vec<String>) {
        let hosts = old.entries().iter().map(|entry| (&entry.host, entry.digest));
        let Difference { changed, removed } = Difference::between(held, hosts, new);
        (
            changed.iter().map(|entry| entry.host.to_string()).collect(),
            removed.iter().map(ToString::to_string).collect(),
        )
    };
    let none = || -> Vec<String> { Vec::new() };
    let names =
        |names: &[&str]| -> Vec<String> { names.iter().map(|name| format!("{name}.example.com")).collect() };
    for (position, changed, removed) in [
        (at(2, 6), names(&["b", "c"]), names(&["a"])),
        (at(3, 1), names(&["b", "c"]), names(&["a"])),
        // The same write again: nothing is absent that was not absent before.
        (at(2, 5), names(&["b", "c"]), none()),
        // Older ones, of an older layout too.
        (at(2, 4), none(), none()),
        (at(1, 9), none(), none()),
    ] {
        let new = parse(&shard_of(position, &[&new_b, c])).unwrap();
        assert_eq!(differs(&held, &new), (changed, removed), "{position:?}");
    }
    // A damaged one changes what is good in it, and removes nothing; read again whole, the same write does.
    let bytes = shard_of(at(2, 6), &[&new_b, c]);
    let broken = String::from_utf8(bytes.clone()).unwrap().replacen("\"new\"", "\"now\"", 1);
    let broken = parse(broken.as_bytes()).unwrap();
    assert_eq!(differs(&held, &broken), (names(&["c"]), none()));
    held.take(&broken);
    assert_eq!(held.seen(), Some(at(2, 6)));
    let whole = parse(&bytes).unwrap();
    assert_eq!(differs(&held, &whole), (names(&["b", "c"]), names(&["a"])));
    let between = parse(&shard_of(at(2, 5), &[c])).unwrap();
    assert_eq!(differs(&held, &between), (none(), none()));
    held.take(&between);
    assert_eq!(held.seen(), Some(at(2, 6)));
}
