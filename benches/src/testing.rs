//! `benches testing`: mocks inside tests, side by side with the crates that others use.
//!
//! A test starts a server, gives it a mock, asks once and stops it. Each subject is a process of its
//! own; rounds go through all of them in turn, so that what disturbs the machine meets everybody, and
//! a ratio is always one of the same round. This file owns the procedure and the tables;
//! [`subject`] says who is compared, [`frame`] what a test is.

mod bare;
mod frame;
mod ours;
#[cfg(feature = "peers")]
mod peers;
mod project;
mod requests;
mod row;
pub(crate) mod side;
mod starts;
mod subject;

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::ValueEnum;

use crate::machine;
use crate::report::{Aim, Spread, Table};
use frame::Frame;
use project::MadeUp;
use requests::Rates;
use side::{Order, Side};
use starts::{Cost, Shape};
use subject::{Role, Subject};

/// Threads of the tests in parallel.
const THREADS: usize = 64;
/// Tests a turn, one after the other.
const TESTS: usize = 100;
/// Tests a turn and thread in parallel.
const TESTS_A_THREAD: usize = 4;
/// So long turns are not counted. Who lets a port rest before it is used again opens new ones until then, as everybody
/// does at first; what a new port costs is told by the first test, and by the row.
const SETTLING: Duration = Duration::from_millis(1_500);
/// Rounds of subjects that ask for a new port at each start.
const FRESH_ROUNDS: usize = 5;
/// First tests of a process.
const FIRST_TESTS: usize = 7;
/// Tests of the row.
const ROW: usize = 20_000;
/// Rounds of requests: each fills a server with mocks in a new process.
const REQUEST_ROUNDS: usize = 5;
/// One turn of requests.
const TURN_MS: u64 = 80;
/// Tests without a socket, a round.
const CALLS: usize = 2_000;

/// What `benches testing` takes.
#[derive(clap::Args, Debug)]
pub(crate) struct Options {
    /// Turns of each subject: each gives one ratio
    #[arg(long, default_value_t = 40, value_parser = clap::value_parser!(u16).range(1..))]
    rounds: u16,

    /// What to measure, with commas between
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = Part::value_variants().to_vec())]
    only: Vec<Part>,

    /// Who is measured, with commas between [default: all that are compiled in]
    #[arg(long, value_enum, value_delimiter = ',')]
    subjects: Vec<Subject>,

    /// Only count crates, and build each of them clean, which takes minutes
    #[arg(long, conflicts_with = "only")]
    build: bool,
}

/// One measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Start, one mock, one request, stop.
    Starts,
    /// The first test of a process.
    First,
    /// 20,000 tests one after the other.
    Row,
    /// A test without a socket.
    WithoutSocket,
    /// Requests a second with one mock and with 1,000.
    Requests,
    /// Crates in the tree.
    Crates,
}

/// Measures what the options ask for and prints a table for each kind.
pub(crate) fn run(options: &Options) -> Result<()> {
    println!("{}", machine::describe_unpinned());
    if !cfg!(feature = "peers") {
        println!("Without the peers: they are compiled in with `--features peers`.");
    }
    if options.build {
        println!("\n{}", measure_projects(true)?);
        return Ok(());
    }
    println!("Rounds: {}; median (lowest to highest).\n", options.rounds);
    let subjects = match options.subjects.is_empty() {
        true => Subject::value_variants(),
        false => &options.subjects,
    };
    let rounds = usize::from(options.rounds);
    for part in &options.only {
        match part {
            Part::Starts => println!("{}", measure_starts(subjects, rounds)?),
            Part::First => println!("{}", measure_first(subjects)?),
            Part::Row => println!("{}", measure_row(subjects)?),
            Part::WithoutSocket => println!("{}", measure_without_socket(subjects, rounds)?),
            Part::Requests => println!("{}", measure_requests(subjects, rounds)?),
            Part::Crates => println!("{}", measure_projects(false)?),
        }
    }
    Ok(())
}

/// What one subject gave in each round that it took part in, in order.
#[derive(Debug)]
struct Measured<T> {
    subject: Subject,
    rounds: Vec<T>,
}

impl<T> Measured<T> {
    fn spread(&self, value: impl Fn(&T) -> f64) -> Spread {
        Spread::of(self.rounds.iter().map(value))
    }

    /// Of `value` to that of another subject in the same round.
    fn ratio(&self, other: &Self, value: impl Fn(&T) -> f64) -> Spread {
        Spread::of(self.rounds.iter().zip(&other.rounds).map(|(it, other)| value(it) / value(other)))
    }
}

fn with_role<T>(measured: &[Measured<T>], role: Role) -> impl Iterator<Item = &Measured<T>> {
    measured.iter().filter(move |it| it.subject.profile().role == role)
}

/// The peer whose median of `value` is the lowest.
fn best_peer<T>(measured: &[Measured<T>], value: impl Fn(&T) -> f64) -> Option<&Measured<T>> {
    let median = |it: &Measured<T>| it.spread(&value).median;
    with_role(measured, Role::Peer).min_by(|a, b| median(a).total_cmp(&median(b)))
}

/// Goes through all subjects `rounds` times, beginning with another one each time.
fn in_turns<T>(
    subjects: &[Subject],
    rounds: usize,
    mut turn: impl FnMut(usize, Subject) -> Result<Option<T>>,
) -> Result<Vec<Measured<T>>> {
    let mut measured: Vec<_> =
        subjects.iter().map(|subject| Measured { subject: *subject, rounds: Vec::new() }).collect();
    for round in 0..rounds {
        let first = round % measured.len().max(1);
        for place in (first..measured.len()).chain(0..first) {
            let Some(Measured { subject, rounds }) = measured.get_mut(place) else {
                continue;
            };
            rounds.extend(turn(round, *subject).with_context(|| subject.profile().title)?);
        }
    }
    Ok(measured)
}

fn measure_starts(subjects: &[Subject], rounds: usize) -> Result<Table<7>> {
    let mut table = Table::new([
        "test",
        "subject",
        "us a test",
        "CPU us a test",
        "time to bare hyper",
        "CPU to it",
        "aim",
    ]);
    for frame in [Frame::Tokio, Frame::Plain] {
        let subjects: Vec<_> = subjects
            .iter()
            .copied()
            .filter(|subject| frame == Frame::Tokio || subject.profile().is_plain)
            .collect();
        for (threads, tests) in [(1, TESTS), (THREADS, TESTS_A_THREAD)] {
            let shape = Shape { frame, threads, tests };
            let title = match threads {
                1 => format!("{}, one by one", frame.title()),
                _ => format!("{}, {threads} at once", frame.title()),
            };
            push_starts(&mut table, &title, &starts_of(&subjects, shape, rounds)?);
        }
    }
    Ok(table)
}

fn starts_of(subjects: &[Subject], shape: Shape, rounds: usize) -> Result<Vec<Measured<Cost>>> {
    let mut sides: Vec<(Subject, Side)> = Vec::new();
    for subject in subjects.iter().copied().filter(|subject| !subject.profile().is_fresh) {
        sides.push((subject, warm_side(subject, shape)?));
    }
    let begin = Instant::now();
    while begin.elapsed() < SETTLING {
        for (_, side) in &mut sides {
            let _not_counted: Cost = side.ask(Order::Starts(shape))?;
        }
    }
    in_turns(subjects, rounds, |round, subject| match sides.iter_mut().find(|(it, _)| *it == subject) {
        Some((_, side)) => side.ask(Order::Starts(shape)).map(Some),
        None if round < FRESH_ROUNDS => warm_side(subject, shape)?.ask(Order::Starts(shape)).map(Some),
        None => Ok(None),
    })
}

/// A side that has as many servers already as the shape needs, where it keeps any.
fn warm_side(subject: Subject, shape: Shape) -> Result<Side> {
    let mut side = Side::start(subject)?;
    let _first: Cost = side.ask(Order::Starts(Shape { tests: 2, ..shape }))?;
    Ok(side)
}

fn push_starts(table: &mut Table<7>, title: &str, measured: &[Measured<Cost>]) {
    let bare = with_role(measured, Role::Yardstick).next();
    for it in measured {
        let profile = it.subject.profile();
        let ratios = bare.map(|bare| Ratios::of(it, bare));
        let aim = (profile.role == Role::Ours).then(|| Aim::ratio(1.1));
        let [time, cpu, judged] = ratios.map_or_else(Default::default, |ratios| ratios.cells(aim));
        let [wall_us, cpu_us] = [wall, cpu_time].map(|value| format!("{:.1}", it.spread(value)));
        table.push([title.into(), profile.title.into(), wall_us, cpu_us, time, cpu, judged]);
    }
    let ours = || with_role(measured, Role::Ours).next();
    if let Some((ours, floor)) = ours().zip(with_role(measured, Role::Floor).next()) {
        let name = format!("ours to {}", floor.subject.profile().title);
        let [time, cpu, _] = Ratios::of(ours, floor).cells(None);
        table.push([title.into(), name, String::new(), String::new(), time, cpu, String::new()]);
    }
    if let Some((ours, best)) = ours().zip(best_peer(measured, wall)) {
        let name = format!("ours to {}, the fastest peer", best.subject.profile().title);
        let [time, cpu, judged] = Ratios::of(ours, best).cells(Some(Aim::ratio(1.0)));
        table.push([title.into(), name, String::new(), String::new(), time, cpu, judged]);
    }
}

fn wall(cost: &Cost) -> f64 {
    cost.wall_us
}

fn cpu_time(cost: &Cost) -> f64 {
    cost.cpu_us
}

/// How one subject's tests stand to another's.
#[derive(Debug)]
struct Ratios {
    time: Spread,
    cpu: Spread,
}

impl Ratios {
    fn of(it: &Measured<Cost>, other: &Measured<Cost>) -> Self {
        Self { time: it.ratio(other, wall), cpu: it.ratio(other, cpu_time) }
    }

    /// Time, CPU time, and what an aim for both says: time is what one waits for, CPU time is what a
    /// machine with other work tells more truly.
    fn cells(&self, aim: Option<Aim>) -> [String; 3] {
        let Self { time, cpu } = self;
        let judged = aim.map_or_else(String::new, |aim| {
            format!("time {}; CPU {}", aim.judge(time.median), aim.judge(cpu.median))
        });
        [time.to_string(), cpu.to_string(), judged]
    }
}

fn measure_first(subjects: &[Subject]) -> Result<Table<2>> {
    let mut table = Table::new(["first test of a process", "us"]);
    let shape = Shape { frame: Frame::Tokio, threads: 1, tests: 1 };
    let measured = in_turns(subjects, FIRST_TESTS, |_, subject| {
        Side::start(subject)?.ask::<Cost>(Order::Starts(shape)).map(Some)
    })?;
    for it in &measured {
        let wall = it.spread(wall);
        table.push([it.subject.profile().title.into(), format!("{wall:.0}")]);
    }
    Ok(table)
}

/// Only of those that use their ports again: the others would make the machine slow for everybody.
fn measure_row(subjects: &[Subject]) -> Result<Table<6>> {
    let name = format!("{ROW} tests in a row");
    let mut table = Table::new([
        &name,
        "first thousand, us",
        "median thousand, us",
        "worst to best thousand",
        "descriptors: before, highest, after",
        "threads",
    ]);
    for subject in subjects.iter().filter(|subject| !subject.profile().is_fresh) {
        let row: row::Row = Side::start(*subject)?.ask(Order::Row(ROW))?;
        let first = row.medians_us.first().copied().unwrap_or_default();
        table.push([
            subject.profile().title.into(),
            format!("{first:.1}"),
            format!("{:.1}", Spread::of(row.medians_us.iter().copied())),
            format!("{:.2}", row.worst_to_best()),
            row.descriptors.to_string(),
            row.threads.to_string(),
        ]);
    }
    Ok(table)
}

fn measure_without_socket(subjects: &[Subject], rounds: usize) -> Result<Table<4>> {
    let mut table = Table::new(["a test without a socket", "us", "CPU us", "aim"]);
    for subject in subjects.iter().filter(|subject| subject.profile().measures.without_socket.is_some()) {
        let mut side = Side::start(*subject)?;
        let _first: Cost = side.ask(Order::WithoutSocket(CALLS))?;
        let costs = (0..rounds).map(|_| side.ask(Order::WithoutSocket(CALLS))).collect::<Result<_>>()?;
        let measured: Measured<Cost> = Measured { subject: *subject, rounds: costs };
        let wall = measured.spread(wall);
        table.push([
            subject.profile().title.into(),
            format!("{wall}"),
            measured.spread(cpu_time).to_string(),
            Aim { most: 5.0, unit: " us" }.judge(wall.median),
        ]);
    }
    Ok(table)
}

fn measure_requests(subjects: &[Subject], rounds: usize) -> Result<Table<7>> {
    let name = format!("{} keep-alive connections", requests::CONNECTIONS);
    let mut table = Table::new([
        &name,
        "one mock, requests/s",
        "server CPU us each",
        "1,000 mocks, requests/s",
        "server CPU us each",
        "1,000 to one, time a request",
        "aim",
    ]);
    let measured = in_turns(subjects, rounds.min(REQUEST_ROUNDS), |_, subject| {
        Side::start(subject)?.ask::<Rates>(Order::Requests(TURN_MS)).map(Some)
    })?;
    for it in &measured {
        let profile = it.subject.profile();
        let ratio = it.spread(|rates| rates.many.wall_us() / rates.one.wall_us());
        let judged = match profile.role {
            Role::Ours => Aim::ratio(1.1).judge(ratio.median),
            _ => String::new(),
        };
        table.push([
            profile.title.into(),
            format!("{:.0}", it.spread(|rates| rates.one.per_second())),
            format!("{:.1}", it.spread(|rates| rates.one.server_us())),
            format!("{:.0}", it.spread(|rates| rates.many.per_second())),
            format!("{:.1}", it.spread(|rates| rates.many.server_us())),
            ratio.to_string(),
            judged,
        ]);
    }
    Ok(table)
}

/// The most crates that ours may bring.
const CRATES: usize = 54;
/// So much longer than a tokio + hyper project one with ours may build.
const BUILD_SECONDS: f64 = 8.0;

fn measure_projects(build: bool) -> Result<Table<5>> {
    let mut table = Table::new(["one dev-dependency", "crates", "clean build, s", "CPU s", "aim"]);
    let mut baseline = None;
    for project in [project::BARE, project::OURS].into_iter().chain(project::PEERS) {
        let made_up = MadeUp::write(project)?;
        let crates = made_up.crates().context(project.title)?;
        let build = build.then(|| made_up.build()).transpose().context(project.title)?;
        let seconds = build.map(|build| build.seconds);
        let baseline = *baseline.get_or_insert(seconds);
        let mut judged = Vec::new();
        if project.title == project::OURS.title {
            judged.push(Aim { most: CRATES as f64, unit: " crates" }.judge(crates as f64));
            if let Some((seconds, baseline)) = seconds.zip(baseline) {
                judged.push(Aim { most: baseline + BUILD_SECONDS, unit: " s" }.judge(seconds));
            }
        }
        let cell = |seconds: Option<f64>| seconds.map_or_else(String::new, |seconds| format!("{seconds:.1}"));
        let cpu_seconds = cell(build.map(|build| build.cpu_seconds));
        table.push([project.title.into(), crates.to_string(), cell(seconds), cpu_seconds, judged.join("; ")]);
    }
    Ok(table)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(rounds: &[f64]) -> Measured<f64> {
        Measured { subject: Subject::Bare, rounds: rounds.to_vec() }
    }

    #[test]
    fn ratio_is_of_the_same_round() {
        // Both were slow in the second round: that is the machine, not one of them.
        let (ours, bare) = (measured(&[10.0, 40.0, 11.0]), measured(&[10.0, 40.0, 10.0]));
        let ratio = ours.ratio(&bare, |it| *it);
        assert_eq!((ratio.median, ratio.min), (1.0, 1.0));
    }

    #[test]
    fn subject_of_fewer_rounds_is_compared_in_those() {
        let ratio = measured(&[30.0]).ratio(&measured(&[10.0, 5.0]), |it| *it);
        assert_eq!(ratio, Spread { median: 3.0, min: 3.0, max: 3.0 });
    }

    #[test]
    fn everybody_begins_a_round_once() {
        let two = [Subject::Bare, Subject::Bare];
        let mut order = 0;
        let measured = in_turns(&two, 2, |_, _| {
            order += 1;
            Ok(Some(order))
        });
        let rounds: Vec<_> =
            measured.expect("nothing fails").into_iter().map(|measured| measured.rounds).collect();
        assert_eq!(rounds, [[1, 4], [2, 3]]);
    }
}
