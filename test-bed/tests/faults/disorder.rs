//! The faults of a round: four lanes that break and mend different things at the same time, each in an order and at
//! moments that its seed decides. What a lane breaks it mends before it goes on.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use test_bed::process::Signal;
use test_bed::proxy::{Mode, Proxy};

use super::ledger::Ledger;
use super::world::{Program, World};

/// How much is broken in a round.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Measure {
    /// How often each process is killed.
    pub(crate) kills: usize,
    /// How often each connection misbehaves in each way.
    pub(crate) cuts: usize,
    /// How long a generator stands still: longer than a claim.
    pub(crate) stop: Duration,
    /// How often a generator is stopped.
    pub(crate) stops: usize,
}

struct Lane<'w> {
    world: &'w World,
    ledger: &'w Ledger,
    random: StdRng,
}

/// All faults of a round; returns when everything is mended.
pub(crate) async fn run(world: &World, ledger: &Ledger, seed: u64, measure: Measure) -> Result<(), String> {
    let lane =
        |number: u64| Lane { world, ledger, random: StdRng::seed_from_u64(seed.wrapping_mul(31) + number) };
    let store = async {
        let all = tokio::try_join!(
            lane(1).kill_processes(measure.kills),
            lane(2).stop_generators(measure),
            lane(3).spoil_connections(measure.cuts),
            lane(4).divide_anew(),
        );
        all.map(drop)
    };
    tokio::select! {
        result = store => {
            world.store.faults.set_rate(0);
            world.store.faults.hide_shards(false);
            result
        }
        () = lane(5).spoil_the_store() => Ok(()),
    }
}

impl Lane<'_> {
    async fn pause(&mut self, least_ms: u64, most_ms: u64) {
        tokio::time::sleep(Duration::from_millis(self.random.random_range(least_ms..most_ms))).await;
    }

    fn begins(&self, kind: &str) {
        self.ledger.fault(kind);
        self.ledger.count_fault(kind);
    }

    async fn kill_processes(mut self, times: usize) -> Result<(), String> {
        #[derive(Clone, Copy)]
        enum Victim {
            Program(Program),
            Redis,
            Postgres,
        }
        let programs = Program::ALL.map(Victim::Program);
        let all: Vec<Victim> = programs.into_iter().chain([Victim::Redis, Victim::Postgres]).collect();
        for _ in 0..times {
            let mut deck = all.clone();
            deck.shuffle(&mut self.random);
            for victim in deck {
                self.pause(300, 1_500).await;
                match victim {
                    Victim::Program(program) => {
                        self.begins(&format!("SIGKILL of {program:?}"));
                        self.world.kill(program);
                        self.pause(0, 1_500).await;
                        self.world.start_program(program);
                        self.ledger.fault(format!("{program:?} is started again"));
                    }
                    Victim::Redis => {
                        self.begins("SIGKILL of Redis");
                        self.world.kill_redis();
                        self.pause(0, 2_500).await;
                        self.world.start_redis();
                        self.ledger.fault("Redis is started again");
                    }
                    Victim::Postgres => {
                        self.begins("SIGKILL of Postgres");
                        self.world.kill_postgres();
                        self.pause(0, 2_000).await;
                        self.world.start_postgres().await;
                        self.ledger.fault("Postgres is started again");
                    }
                }
            }
        }
        Ok(())
    }

    async fn stop_generators(mut self, measure: Measure) -> Result<(), String> {
        for _ in 0..measure.stops {
            self.pause(200, 4_000).await;
            let generator =
                if self.random.random_bool(0.5) { Program::FirstGenerator } else { Program::SecondGenerator };
            self.begins(&format!("SIGSTOP of {generator:?} for {} s", measure.stop.as_secs()));
            self.world.signal(generator, Signal::Stop);
            tokio::time::sleep(measure.stop).await;
            self.world.signal(generator, Signal::Continue);
            self.ledger.fault(format!("SIGCONT of {generator:?}"));
        }
        Ok(())
    }

    async fn spoil_connections(mut self, times: usize) -> Result<(), String> {
        for _ in 0..times {
            let mut deck: Vec<(usize, usize)> =
                (0..4).flat_map(|server| (0..3).map(move |way| (server, way))).collect();
            deck.shuffle(&mut self.random);
            for (server, way) in deck {
                self.pause(300, 1_200).await;
                self.spoil(server, way).await;
            }
        }
        Ok(())
    }

    async fn spoil(&mut self, server: usize, way: usize) {
        let proxies = &self.world.proxies;
        let all: [(&str, &Proxy); 4] = [
            ("the api", &proxies.api),
            ("Postgres", &proxies.postgres),
            ("Redis", &proxies.redis),
            ("the store", &proxies.store),
        ];
        let (name, proxy) = all[server];
        let late = Duration::from_millis(self.random.random_range(5..400));
        let bytes = self.random.random_range(1..6_000);
        let (mode, what) = match way {
            0 => (Mode::Late(late), "late bytes"),
            1 => (Mode::CutAfter(bytes), "connections cut in the middle"),
            _ => (Mode::Hang, "half-open connections"),
        };
        self.begins(&format!("{what} before {name}"));
        proxy.set(mode).await;
        self.pause(200, 1_500).await;
        if mode == Mode::Hang {
            // New ones are fine while the old ones still hang.
            proxy.set(Mode::PassNew).await;
            self.pause(200, 1_500).await;
        }
        proxy.set(Mode::Pass).await;
        self.ledger.fault(format!("no more {what} before {name}"));
    }

    async fn divide_anew(mut self) -> Result<(), String> {
        self.pause(1_000, 5_000).await;
        let shards = [1, 3, 5, 16, 32][self.random.random_range(0..5)].to_string();
        self.command(&["reshard", &shards]).await?;
        self.pause(1_000, 6_000).await;
        self.command(&["rebuild"]).await
    }

    /// Until it was done once: it may fail as everything else.
    async fn command(&mut self, arguments: &[&str]) -> Result<(), String> {
        for _ in 0..60 {
            self.ledger.fault(format!("{} is asked for", arguments.join(" ")));
            if self.world.command(arguments).await.is_some() {
                self.begins(arguments[0]);
                return Ok(());
            }
            self.pause(200, 1_000).await;
        }
        Err(format!("`moclojer-generator {}` is never done", arguments.join(" ")))
    }

    /// A few requests of a hundred, at times every third, and at times no shard is found.
    async fn spoil_the_store(mut self) {
        loop {
            self.world.store.faults.set_rate(30);
            self.pause(1_000, 3_000).await;
            self.begins("every third request to the store");
            self.world.store.faults.set_rate(330);
            self.pause(300, 2_000).await;
            self.world.store.faults.set_rate(30);
            self.begins("no shard is found in the store");
            self.world.store.faults.hide_shards(true);
            self.pause(300, 2_000).await;
            self.world.store.faults.hide_shards(false);
        }
    }
}
