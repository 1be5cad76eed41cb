//! A million endpoints over 100,000 hosts, all compiled, in one [`HostedResponder`]: the memory that they take, as the
//! allocator counts it and as the system does, and what it costs to swap one host. No sockets.
//!
//! ```sh
//! cargo bench -p benches --bench hosted
//! ```
#![expect(clippy::print_stdout, reason = "the tables are this program's output")]

#[path = "../src/mocks.rs"]
#[expect(dead_code, reason = "the load bench uses the rest")]
mod mocks;

use std::alloc::System;
use std::hint::black_box;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Uri};
use moclojer_core::respond::hosted::{Bounds, Coverage, HostedResponder};
use moclojer_core::respond::{Body, Options, Request, Step};
use moclojer_core::spec::Settings;
use moclojer_core::unify::{Digest, Entry, Revision, Version};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

use mocks::{FIXED, Mocks};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const HOSTS: usize = 100_000;
/// Endpoints of the mock.
const ENDPOINTS: usize = 10;
/// How many hosts are swapped, and how many requests are answered.
const SWAPS: usize = 10_000;
const ANSWERS: usize = 1_000_000;
/// Neighbors in number are no neighbors in time; it shares no factor with [`HOSTS`].
const STRIDE: usize = 39_119;

fn main() -> Result<()> {
    let hosts = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(HOSTS);
    let mocks = Mocks::new()?;
    let mut bounds = Bounds::default();
    bounds.compiled_bytes = usize::MAX;
    let before = Memory::now()?;
    let responder = HostedResponder::new(Options::default(), Settings::default(), &bounds);
    let mut text_bytes = 0;
    for number in 0..hosts {
        let entry = entry(&mocks, number, 1)?;
        text_bytes += entry.document.len();
        responder.set(&entry);
    }
    responder.set_coverage(Coverage::Everything);
    let held = Memory::now()?;
    let begin = Instant::now();
    for number in 0..hosts {
        ask(&responder, number, 0)?;
    }
    let compiling = begin.elapsed();
    let compiled = Memory::now()?;
    ensure!(responder.counts().compiled == hosts, "every host is compiled");

    let endpoints = hosts * ENDPOINTS;
    println!("{hosts} hosts, {endpoints} endpoints, {} bytes of text a host\n", text_bytes / hosts);
    println!("| bytes an endpoint | allocator | resident |\n| --- | --- | --- |");
    for (what, from, to) in [
        ("texts, as they wait", &before, &held),
        ("compiled", &held, &compiled),
        ("both", &before, &compiled),
    ] {
        let each = |from: usize, to: usize| to.saturating_sub(from) as f64 / endpoints as f64;
        println!(
            "| {what} | {:.0} | {:.0} |",
            each(from.allocated, to.allocated),
            each(from.resident, to.resident)
        );
    }
    let blocks = compiled.count.saturating_sub(held.count) as f64 / endpoints as f64;
    println!("\ncompiled: {blocks:.1} allocations an endpoint, {:.0} us a host", per(compiling, hosts));
    println!("the shelf takes a compiled host for {} bytes", responder.counts().compiled_bytes / hosts);

    let begin = Instant::now();
    for turn in 0..ANSWERS {
        black_box(ask(&responder, turn * STRIDE % hosts, turn % FIXED)?);
    }
    println!(
        "a random host and path: {:.2} us, its request made anew each time",
        per(begin.elapsed(), ANSWERS)
    );

    let mut swaps = Vec::with_capacity(SWAPS);
    for turn in 0..SWAPS {
        let entry = entry(&mocks, turn * STRIDE % hosts, 2)?;
        let begin = Instant::now();
        responder.set(&entry);
        swaps.push(begin.elapsed());
    }
    swaps.sort_unstable();
    let at = |part: usize| swaps.get(SWAPS * part / 100).copied().unwrap_or_default();
    println!(
        "swap of one host among {hosts}: median {:.1} us, p99 {:.1} us (aim 50 us)",
        per(at(50), 1),
        per(at(99), 1)
    );
    Ok(())
}

fn per(time: Duration, count: usize) -> f64 {
    time.as_secs_f64() * 1e6 / count as f64
}

fn entry(mocks: &Mocks, number: usize, version: u64) -> Result<Entry> {
    let text = mocks.text(number)?;
    let document = Bytes::copy_from_slice(text.as_str().as_bytes());
    let digest = Digest::of(&document);
    let (version, revision) = (Version::new(version), Revision::new(version));
    Ok(Entry { host: text.host().clone(), version, revision, digest, document })
}

fn ask(responder: &HostedResponder, host: usize, path: usize) -> Result<usize> {
    let target: Uri = format!("/bench/{path}").parse()?;
    let mut headers = HeaderMap::new();
    headers.insert(http::header::HOST, HeaderValue::from_str(&mocks::name(host))?);
    let request = Request { method: &Method::GET, target: &target, headers: &headers, peer: None };
    match responder.respond(&request, Body::Read(&Bytes::new())) {
        Step::Answer(answer) if answer.status.as_u16() == 200 => Ok(answer.body.len()),
        other => anyhow::bail!("no answer, but {other:?}"),
    }
}

/// What the process holds.
struct Memory {
    allocated: usize,
    /// Allocations that stand.
    count: usize,
    resident: usize,
}

impl Memory {
    fn now() -> Result<Self> {
        let stats = ALLOCATOR.stats();
        let status = std::fs::read_to_string("/proc/self/status")?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
        let kib: usize = line.trim().trim_end_matches(" kB").parse()?;
        Ok(Self {
            allocated: stats.bytes_allocated.saturating_sub(stats.bytes_deallocated),
            count: stats.allocations.saturating_sub(stats.deallocations),
            resident: kib << 10,
        })
    }
}
