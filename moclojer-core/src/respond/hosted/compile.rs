//! Compiles texts: small ones where they are needed, larger ones in a bounded pool of the runtime's blocking
//! threads, so that no worker of the runtime is held by one.
//!
//! A thread of the pool ends when nothing waits. Each host waits at most once, so the queue is no longer than
//! there are hosts with requests.

use std::collections::{HashSet, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::runtime::Handle;
use tokio::sync::watch;

use super::super::Wait;
use super::super::block::Block;
use super::host::{Host, State};
use super::shelf::Shelf;
use crate::problem::Severity;
use crate::route;
use crate::spec::host::HostPattern;
use crate::spec::{BodySource, Endpoint, Format, Header, HeaderSource, Settings, Spec};

/// Texts up to this size are compiled by whoever needs them: about a millisecond.
const SMALL_BYTES: usize = 16 << 10;

/// How many different lists of headers of a host are compared with others.
const KNOWN_HEADERS: usize = 16;

/// Makes blocks of texts.
#[derive(Debug)]
pub(super) struct Compiler {
    settings: Settings,
    seed: Option<u64>,
    pub(super) shelf: Shelf,
    most_threads: usize,
    queue: Mutex<Queue>,
    not_loadable: AtomicU64,
}

#[derive(Debug, Default)]
struct Queue {
    jobs: VecDeque<Job>,
    threads: usize,
}

/// A text that somebody compiles. When it is dropped, whoever waits looks again.
#[derive(Debug)]
struct Job {
    host: Arc<Host>,
    _done: watch::Sender<()>,
}

impl Drop for Job {
    fn drop(&mut self) {
        let mut state = self.host.state();
        if matches!(&*state, State::Compiling(_)) {
            // Done, or given up with the runtime: then the next request begins anew.
            *state = State::Text;
        }
    }
}

impl Compiler {
    pub(super) fn new(settings: Settings, seed: Option<u64>, shelf: Shelf, most_threads: usize) -> Self {
        let queue = Mutex::default();
        let most_threads = most_threads.max(1);
        Self { settings, seed, shelf, most_threads, queue, not_loadable: AtomicU64::new(0) }
    }

    pub(super) fn not_loadable(&self) -> u64 {
        self.not_loadable.load(Ordering::Relaxed)
    }

    /// Sees to it that a host gets its block. [`State::Text`]: look again.
    pub(super) fn prepare(self: &Arc<Self>, host: &route::Block<Host>) -> State {
        let job = {
            let mut state = host.state();
            if !matches!(&*state, State::Text) || host.block().is_some() {
                return state.clone();
            }
            let (done, wait) = watch::channel(());
            *state = State::Compiling(Wait(wait));
            Job { host: host.to_arc(), _done: done }
        };
        match Handle::try_current() {
            Ok(runtime) if host.text.len() > SMALL_BYTES => {
                let state = host.state().clone();
                self.enqueue(job, &runtime);
                state
            }
            _ => {
                self.compile(&job.host);
                drop(job);
                host.state().clone()
            }
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enqueue(self: &Arc<Self>, job: Job, runtime: &Handle) {
        let mut queue = self.queue();
        queue.jobs.push_back(job);
        if queue.threads < self.most_threads {
            queue.threads += 1;
            let thread = Thread { compiler: Arc::clone(self), counted: true };
            drop(queue);
            drop(runtime.spawn_blocking(move || thread.run()));
        }
    }

    fn compile(&self, host: &Arc<Host>) {
        match block(host, &self.settings, self.seed) {
            Ok(block) => {
                host.set_block(Some(Arc::new(block)));
                self.shelf.keep(host);
            }
            Err(why) => {
                *host.state() = State::Broken(why.into());
                self.not_loadable.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

/// One thread of the pool.
struct Thread {
    compiler: Arc<Compiler>,
    /// Whether the queue counts it.
    counted: bool,
}

impl Thread {
    fn run(mut self) {
        while let Some(job) = self.next() {
            self.compiler.compile(&job.host);
        }
    }

    /// The next job. With none the thread is counted no more, before anybody can add one.
    fn next(&mut self) -> Option<Job> {
        let mut queue = self.compiler.queue();
        let job = queue.jobs.pop_front();
        if job.is_none() {
            queue.threads -= 1;
            self.counted = false;
        }
        job
    }
}

/// A thread that was never begun, since its runtime ended: what waits is given up with the last.
impl Drop for Thread {
    fn drop(&mut self) {
        if self.counted {
            let mut queue = self.compiler.queue();
            queue.threads -= 1;
            let lost = if queue.threads == 0 { std::mem::take(&mut queue.jobs) } else { VecDeque::new() };
            drop(queue);
            drop(lost);
        }
    }
}

/// The block of a host's text.
fn block(host: &Host, settings: &Settings, seed: Option<u64>) -> Result<Block, String> {
    let checked = Spec::read_with(host.name.as_str(), &host.text, Format::Yaml, settings);
    let Some(spec) = checked.spec else {
        let first = checked.problems.iter().find(|problem| problem.severity == Severity::Error);
        return Err(first.map_or_else(|| "it has an error".to_owned(), ToString::to_string));
    };
    match spec.endpoints.iter().find(|endpoint| endpoint.host.as_ref() != Some(&host.name)) {
        Some(other) => {
            Err(format!("an endpoint is not for this host: {} {}", other.label.method, other.label.path))
        }
        None => {
            let mut endpoints = spec.endpoints;
            share(&mut endpoints, &host.name);
            Ok(Block::new(endpoints, seed, host.counters()))
        }
    }
}

/// Keeps once what the endpoints of a host have in common, since the blocks of many hosts are held: its name, and lists
/// of headers and fixed bodies that say the same.
fn share(endpoints: &mut [Arc<Endpoint>], host: &HostPattern) {
    let mut known: Vec<Arc<[Header]>> = Vec::new();
    let mut bodies: HashSet<Bytes> = HashSet::new();
    for endpoint in endpoints {
        // Nobody else has one that was just read.
        let Some(endpoint) = Arc::get_mut(endpoint) else { continue };
        endpoint.host = Some(host.clone());
        if let BodySource::Fixed(body) = &mut endpoint.response.body {
            match bodies.get(body) {
                Some(known) => *body = known.clone(),
                None => drop(bodies.insert(body.clone())),
            }
        }
        let headers = &mut endpoint.response.headers;
        match known.iter().find(|known| same(known, headers)) {
            Some(known) => *headers = Arc::clone(known),
            None if known.len() < KNOWN_HEADERS => known.push(Arc::clone(headers)),
            None => {}
        }
    }
}

/// Whether two lists have the same names and values, for every request.
fn same(one: &[Header], other: &[Header]) -> bool {
    let equal = |(one, other): (&Header, &Header)| match (&one.value, &other.value) {
        (HeaderSource::Fixed(value), HeaderSource::Fixed(more)) => one.name == other.name && value == more,
        _ => false,
    };
    one.len() == other.len() && one.iter().zip(other).all(equal)
}
