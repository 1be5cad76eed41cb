//! What many hosts cost in memory: `cargo run -p moclojer-core --example hosted_memory [HOSTS] [COMPILED]`
//! (100000 and 10000). Sizes of allocations are the same in every profile.

use std::error::Error;
use std::io::{self, Write as _};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Uri};
use moclojer_core::respond::hosted::{Bounds, Coverage, HostedResponder};
use moclojer_core::respond::{Body, Options, Request};
use moclojer_core::spec::Settings;
use moclojer_core::spec::host::HostPattern;
use moclojer_core::unify::{Digest, Entry, Revision, Version};

fn main() -> Result<(), Box<dyn Error>> {
    let mut counts = std::env::args().skip(1).map(|count| count.parse::<usize>());
    let hosts = counts.next().transpose()?.unwrap_or(100_000);
    let compiled = counts.next().transpose()?.unwrap_or(10_000).min(hosts);
    let mut out = io::stdout().lock();

    let before = resident_bytes()?;
    let responder = HostedResponder::new(Options::default(), Settings::default(), &Bounds::default());
    let mut text_bytes = 0;
    for at in 0..hosts {
        let entry = entry(at)?;
        text_bytes += entry.document.len();
        responder.set(&entry);
    }
    responder.set_coverage(Coverage::Everything);
    let held = resident_bytes()?.saturating_sub(before);
    writeln!(
        out,
        "{hosts} hosts: {} MiB, {} bytes a host, of those {} text",
        held >> 20,
        held / hosts,
        text_bytes / hosts
    )?;

    let (target, mut headers) = (Uri::from_static("/users/1"), HeaderMap::new());
    for at in 0..compiled {
        headers.insert("host", HeaderValue::from_str(&name(at))?);
        let request = Request { method: &Method::GET, target: &target, headers: &headers, peer: None };
        responder.respond(&request, Body::Read(&Bytes::new()));
    }
    let more = resident_bytes()?.saturating_sub(before + held);
    let counts = responder.counts();
    writeln!(
        out,
        "{} of them compiled: {} MiB more, {} bytes a host; the shelf takes it for {}",
        counts.compiled,
        more >> 20,
        more / counts.compiled.max(1),
        counts.compiled_bytes / counts.compiled.max(1)
    )?;
    Ok(())
}

fn name(at: usize) -> String {
    format!("mock{at}-owner{}.mocks.example", at / 10)
}

/// A mock of three endpoints, as `unify::process` writes it.
fn entry(at: usize) -> Result<Entry, Box<dyn Error>> {
    let name = name(at);
    let endpoint = |method: &str, path: &str, body: &str| {
        format!(
            "- \"endpoint\":\n   \"host\": \"{name}\"\n   \"method\": \"{method}\"\n   \"path\": \"{path}\"\n   \"response\":\n    \
             \"status\": 200\n    \"headers\":\n     \"Content-Type\": \"application/json\"\n    \"body\": \"{body}\"\n"
        )
    };
    let text = format!(
        "---\n- \"x-host\": \"{name}\"\n{}{}{}",
        endpoint("GET", "/users", "[]"),
        endpoint("GET", "/users/:id", "{\\\"id\\\": {{path-params.id}}}"),
        endpoint("POST", "/users", "{\\\"name\\\": \\\"{{json-params.name}}\\\"}"),
    );
    let document = Bytes::from(text);
    let host = HostPattern::parse(&name).map_err(|problem| problem.message)?;
    let digest = Digest::of(&document);
    Ok(Entry { host, version: Version::new(1), revision: Revision::new(1), digest, document })
}

/// The memory that the process holds now.
fn resident_bytes() -> Result<usize, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
    let kib: usize = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kib << 10)
}
