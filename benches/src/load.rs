//! `benches load`: CPU time a request, start time, memory of idle connections.
//!
//! Each round starts both servers anew, so that luck with addresses in memory averages out, and
//! drives them in alternation with the same script. A round gives one ratio; the tables quote the
//! median of all rounds and their spread. This file owns the procedure; [`crate::workload`] says
//! what is asked, [`crate::client`] how.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::ValueEnum;

use crate::client::{Client, Connection};
use crate::report::{Aim, Spread, Table};
use crate::server::{Launcher, Prepared, Server};
use crate::workload::{self, Program, Workload};
use crate::{Subject, machine};

/// A miss costs several times an answer: it gets this part of the requests.
const MISS_SHARE: usize = 5;
/// Turns of each side in a round: short ones, so that what disturbs the machine meets both sides.
const TURNS: usize = 30;
/// The part of a round's requests that is sent before anything is counted.
const WARM_UP_SHARE: usize = 10;
/// Rounds of the hosted load: each compiles all hosts first.
const HOSTED_ROUNDS: u16 = 3;
/// Open files beyond the idle connections, for everything else.
const OTHER_FILES: usize = 256;

/// What `benches load` takes.
#[derive(clap::Args, Debug)]
pub(crate) struct Options {
    #[command(flatten)]
    subject: Subject,

    /// Alternations: each gives one ratio
    #[arg(long, default_value_t = 15, value_parser = clap::value_parser!(u16).range(1..))]
    rounds: u16,

    /// Requests a side and round; misses are a fifth of it
    #[arg(long, default_value_t = 30_000, value_parser = clap::value_parser!(u32).range(1..))]
    requests: u32,

    /// Idle connections of the memory measurement
    #[arg(long, default_value_t = 2_000, value_parser = clap::value_parser!(u16).range(1..))]
    idle_connections: u16,

    /// What to measure, with commas between
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = Part::value_variants().to_vec())]
    only: Vec<Part>,
}

/// One measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    /// A fixed answer.
    W1,
    /// Two values rendered.
    W2,
    /// 10,000 endpoints to one.
    W3,
    /// Nothing among 10,000 endpoints answers.
    Miss,
    /// Random hosts and paths of 100,000 hosts to one endpoint.
    Hosted,
    /// From process start to ready, 10,000 endpoints.
    Start,
    /// Memory of an idle keep-alive connection.
    Idle,
}

/// Measures what the options ask for and prints a table for each kind.
pub(crate) fn run(options: &Options) -> Result<()> {
    machine::pin_client()?;
    let launcher = Launcher::new(&options.subject)?;
    println!("{}", machine::describe());
    println!(
        "Rounds: {}; requests a side and round: {}; connections: {}; median (lowest to highest).\n",
        options.rounds, options.requests, options.subject.connections
    );
    let asked = |part: Part| options.only.contains(&part);
    print_loads(options, &launcher)?;
    if asked(Part::Start) {
        println!("{}", measure_start(options, &launcher)?);
    }
    if asked(Part::Idle) {
        println!("{}", measure_idle(options, &launcher)?);
    }
    Ok(())
}

fn print_loads(options: &Options, launcher: &Launcher) -> Result<()> {
    let mut table = Table::new(["load", "sides", "CPU us a request", "baseline, us", "ratio", "aim"]);
    let mut measured = false;
    for part in options.only.iter().copied() {
        let Some((load, requests, aim)) = load_of(part, options) else {
            continue;
        };
        let rounds = measure(&load, requests, options, launcher).with_context(|| load.name.to_owned())?;
        measured = true;
        let spread = |value: fn(&Round) -> f64| Spread::of(rounds.iter().map(value));
        let (cpu, ratio) = (spread(|round| round.subject_us), spread(Round::ratio));
        let judged = match aim {
            LoadAim::Ratio(most) => Aim::ratio(most).judge(ratio.median),
            LoadAim::Microseconds(most) => Aim { most, unit: " us" }.judge(cpu.median),
            LoadAim::None => String::new(),
        };
        let baseline = spread(|round| round.baseline_us);
        table.push([
            load.name.into(),
            load.title.into(),
            format!("{cpu}"),
            format!("{baseline}"),
            format!("{ratio:.3}"),
            judged,
        ]);
    }
    if measured {
        println!("{table}");
    }
    Ok(())
}

/// What a load must not pass.
enum LoadAim {
    /// To the baseline.
    Ratio(f64),
    /// CPU time a request by itself.
    Microseconds(f64),
    /// Bare against itself shows noise.
    None,
}

/// The load of a part, its requests a round and its aim; `None` for parts that are no load.
fn load_of(part: Part, options: &Options) -> Option<(Workload, usize, LoadAim)> {
    let requests = usize::try_from(options.requests).unwrap_or(usize::MAX);
    let (load, requests, aim) = match part {
        Part::W1 => (workload::fixed(), requests, LoadAim::Ratio(1.10)),
        Part::W2 => (workload::rendered(), requests, LoadAim::Ratio(1.20)),
        Part::W3 => (workload::many(), requests, LoadAim::Ratio(1.06)),
        Part::Miss => (workload::miss(), (requests / MISS_SHARE).max(1), LoadAim::Microseconds(60.0)),
        Part::Hosted => (workload::hosted(), requests, LoadAim::Ratio(1.25)),
        Part::Start | Part::Idle => return None,
    };
    match options.subject.against_itself {
        true => Some((load.against_itself(), requests, LoadAim::None)),
        false => Some((load, requests, aim)),
    }
}

/// One alternation: CPU time a request of each side.
#[derive(Debug)]
struct Round {
    subject_us: f64,
    baseline_us: f64,
}

impl Round {
    fn ratio(&self) -> f64 {
        self.subject_us / self.baseline_us
    }
}

fn measure(load: &Workload, requests: usize, options: &Options, launcher: &Launcher) -> Result<Vec<Round>> {
    let subject = launcher.prepare(&load.subject, "subject")?;
    let baseline = launcher.prepare(&load.baseline, "baseline")?;
    let connections = options.subject.connections;
    let hosted = matches!(load.subject.program, Program::Hosted(_));
    let (rounds, warm_up) = match hosted {
        // All hosts are asked once, so that all are compiled.
        true => (options.rounds.min(HOSTED_ROUNDS), load.script.len()),
        false => (options.rounds, requests / WARM_UP_SHARE),
    };
    (0..rounds)
        .map(|_| {
            let mut subject = Side::start(&subject, load, connections, warm_up)?;
            let mut baseline = Side::start(&baseline, load, connections, warm_up)?;
            if hosted {
                println!(
                    "{}: ready after {:.2} s, {} MiB when all are compiled",
                    load.name,
                    subject.server.ready_after().as_secs_f64(),
                    subject.server.anonymous_bytes()? >> 20
                );
            }
            for turn in 0..TURNS {
                // Whoever went second goes first in the next turn: A B B A A B …
                let (first, second) = match turn.is_multiple_of(2) {
                    true => (&mut subject, &mut baseline),
                    false => (&mut baseline, &mut subject),
                };
                first.drive(requests.div_ceil(TURNS))?;
                second.drive(requests.div_ceil(TURNS))?;
            }
            Ok(Round { subject_us: subject.stop()?, baseline_us: baseline.stop()? })
        })
        .collect()
}

/// A server and the client that drives it, for one round.
#[derive(Debug)]
struct Side<'a> {
    // Before the server: connections close before it is ended.
    client: Client<'a>,
    server: Server,
    cpu: Duration,
    requests: usize,
}

impl<'a> Side<'a> {
    fn start(service: &Prepared<'_>, load: &'a Workload, connections: usize, warm_up: usize) -> Result<Self> {
        let server = service.start()?;
        let mut client = Client::connect(server.address(), connections, &load.script, service.expected())?;
        client.drive(warm_up)?;
        Ok(Self { client, server, cpu: Duration::ZERO, requests: 0 })
    }

    fn drive(&mut self, count: usize) -> Result<()> {
        let before = settled_cpu_time(&self.server)?;
        self.requests += self.client.drive(count)?;
        self.cpu += settled_cpu_time(&self.server)?.saturating_sub(before);
        Ok(())
    }

    /// Ends the server and gives CPU microseconds a request.
    fn stop(self) -> Result<f64> {
        drop(self.client);
        self.server.stop()?;
        ensure!(self.requests > 0, "nothing was asked");
        Ok(self.cpu.as_secs_f64() * 1e6 / self.requests as f64)
    }
}

/// The system adds a thread's time up when it stops or at a tick: the server gets a moment to stop.
fn settled_cpu_time(server: &Server) -> Result<Duration> {
    thread::sleep(Duration::from_millis(1));
    server.cpu_time()
}

fn measure_start(options: &Options, launcher: &Launcher) -> Result<Table<4>> {
    let (large, small) = (workload::many(), workload::fixed());
    let mut cases = vec![("bare hyper", small.clone().against_itself(), None)];
    if !options.subject.against_itself {
        cases.push(("ours, one endpoint", small, None));
        cases.push(("ours, 10,000 endpoints", large, Some(Aim { most: 150.0, unit: " ms" })));
    }
    let mut table = Table::new(["start", "to ready, ms", "to the first answer, ms", "aim"]);
    for (name, load, aim) in cases {
        let service = launcher.prepare(&load.subject, "start")?;
        let (index, request) = load.script.request(0);
        let (mut ready, mut answered) = (Vec::new(), Vec::new());
        for _ in 0..options.rounds {
            let begin = Instant::now();
            let server = service.start()?;
            let mut connection = Connection::open(server.address())?;
            let (status, body) = connection.ask(request)?;
            service.expected().check(index, status, body).context(name)?;
            answered.push(begin.elapsed().as_secs_f64() * 1e3);
            ready.push(server.ready_after().as_secs_f64() * 1e3);
            drop(connection);
            server.stop()?;
        }
        let ready = Spread::of(ready);
        let judged = aim.map_or_else(String::new, |aim: Aim| aim.judge(ready.median));
        table.push([name.into(), format!("{ready:.1}"), format!("{:.1}", Spread::of(answered)), judged]);
    }
    Ok(table)
}

fn measure_idle(options: &Options, launcher: &Launcher) -> Result<Table<3>> {
    let count = usize::from(options.idle_connections);
    machine::allow_open_files(count + OTHER_FILES)?;
    let ours = workload::fixed();
    let mut cases = vec![("bare hyper", ours.clone().against_itself(), None)];
    if !options.subject.against_itself {
        cases.push(("ours", ours, Some(Aim { most: 12.0, unit: " KiB" })));
    }
    let mut table = Table::new(["idle connections", "KiB each", "aim"]);
    for (name, load, aim) in cases {
        let service = launcher.prepare(&load.subject, "idle")?;
        let kib = (0..options.rounds.min(3))
            .map(|_| idle_kib(&service, &load, count))
            .collect::<Result<Vec<_>>>()
            .context(name)?;
        let kib = Spread::of(kib);
        let judged = aim.map_or_else(String::new, |aim: Aim| aim.judge(kib.median));
        table.push([format!("{name}, {count}"), format!("{kib}"), judged]);
    }
    Ok(table)
}

/// Memory that each of `count` connections adds once its only request is answered.
fn idle_kib(service: &Prepared<'_>, load: &Workload, count: usize) -> Result<f64> {
    let server = service.start()?;
    let mut expected = service.expected();
    let (index, request) = load.script.request(0);
    let mut answered = || -> Result<Connection> {
        let mut connection = Connection::open(server.address())?;
        let (status, body) = connection.ask(request)?;
        expected.check(index, status, body)?;
        Ok(connection)
    };
    // What the first connections set up once is not theirs.
    let warm: Vec<_> = (0..8).map(|_| answered()).collect::<Result<_>>()?;
    let before = server.anonymous_bytes()?;
    let idle: Vec<_> = (0..count).map(|_| answered()).collect::<Result<_>>()?;
    let after = server.anonymous_bytes()?;
    drop((warm, idle));
    server.stop()?;
    Ok(after.saturating_sub(before) as f64 / count as f64 / 1024.0)
}
