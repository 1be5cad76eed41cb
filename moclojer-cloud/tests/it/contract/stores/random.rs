//! Any changes by two owners, one after another: both databases answer as a small model does.

use std::collections::BTreeMap;

use moclojer_cloud::domain::{Customer, MockId, Status};
use moclojer_cloud::store::{Created, Deleted, Edit, Edited, NewMock, Place, Served};
use moclojer_core::spec::host::HostPattern;
use moclojer_core::unify::Revision;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::world::{World, broken, content, processed};

/// A change; names, owners and mocks by their numbers.
#[derive(Clone, Debug)]
enum Change {
    Create { owner: usize, name: usize, good: bool },
    Edit { mock: usize, good: bool, stale: bool },
    Rename { mock: usize, name: usize },
    Enable { mock: usize, enabled: bool },
    Delete { mock: usize, stale: bool },
    CarryOut,
    MonthPasses,
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        4 => (0..2_usize, 0..3_usize, any::<bool>())
            .prop_map(|(owner, name, good)| Change::Create { owner, name, good }),
        3 => (0..4_usize, any::<bool>(), prop::bool::weighted(0.2))
            .prop_map(|(mock, good, stale)| Change::Edit { mock, good, stale }),
        3 => (0..4_usize, 0..3_usize).prop_map(|(mock, name)| Change::Rename { mock, name }),
        2 => (0..4_usize, any::<bool>()).prop_map(|(mock, enabled)| Change::Enable { mock, enabled }),
        2 => (0..4_usize, prop::bool::weighted(0.2)).prop_map(|(mock, stale)| Change::Delete { mock, stale }),
        2 => Just(Change::CarryOut),
        1 => Just(Change::MonthPasses),
    ]
}

#[derive(Clone, Debug, Default)]
struct Host {
    mock: Option<usize>,
    owner: usize,
    version: u64,
    applied: u64,
    held: bool,
}

#[derive(Clone, Debug)]
struct Mocked {
    owner: usize,
    name: usize,
    enabled: bool,
    good_now: bool,
    revision: u64,
    good: Option<u64>,
}

/// What the stores should say, by the rules alone. Mocks are numbered in the order in which they were made.
#[derive(Debug, Default)]
struct Model {
    hosts: BTreeMap<usize, Host>,
    mocks: BTreeMap<usize, Mocked>,
    made: usize,
}

impl Model {
    fn raise(&mut self, name: usize) {
        self.hosts.entry(name).or_default().version += 1;
    }

    fn take(&mut self, name: usize, owner: usize, mock: usize) -> Result<(), &'static str> {
        let host = self.hosts.entry(name).or_default();
        match host.mock {
            Some(_) => return Err("taken"),
            None if host.version > 0 && host.owner != owner && host.held => return Err("held"),
            None => {}
        }
        *host =
            Host { mock: Some(mock), owner, held: false, version: host.version + 1, applied: host.applied };
        Ok(())
    }

    fn release(&mut self, name: usize) {
        let host = self.hosts.entry(name).or_default();
        (host.mock, host.held) = (None, true);
        host.version += 1;
    }

    fn answer(&mut self, change: &Change) -> &'static str {
        match *change {
            Change::Create { owner, name, good } => self.create(owner, name, good),
            Change::Edit { mock, good, stale } => {
                let Some(there) = self.mocks.get_mut(&mock) else { return "gone" };
                if stale {
                    return "stale";
                }
                there.revision += 1;
                there.good_now = good;
                if good {
                    there.good = Some(there.revision);
                    let name = there.name;
                    self.raise(name);
                }
                "done"
            }
            Change::Rename { mock, name } => self.rename(mock, name),
            Change::Enable { mock, enabled } => {
                let Some(there) = self.mocks.get_mut(&mock) else { return "gone" };
                if there.enabled == enabled {
                    return "same";
                }
                there.enabled = enabled;
                let name = there.name;
                self.raise(name);
                "done"
            }
            Change::Delete { mock, stale } => {
                let Some(there) = self.mocks.get(&mock) else { return "gone" };
                if stale {
                    return "stale";
                }
                self.release(there.name);
                self.mocks.remove(&mock);
                "done"
            }
            Change::CarryOut => {
                self.hosts.values_mut().for_each(|host| host.applied = host.version);
                "done"
            }
            Change::MonthPasses => {
                self.hosts.values_mut().for_each(|host| host.held = false);
                "done"
            }
        }
    }

    fn create(&mut self, owner: usize, name: usize, good: bool) -> &'static str {
        if let Some(mock) = self.hosts.get(&name).and_then(|host| host.mock) {
            let there = &self.mocks[&mock];
            // Of equal goodness is of equal content, here.
            return match (there.owner == owner, there.good_now == good) {
                (false, _) => "taken",
                (true, true) => "same",
                (true, false) => "other",
            };
        }
        if let Err(refused) = self.take(name, owner, self.made) {
            return refused;
        }
        let mock =
            Mocked { owner, name, enabled: true, good_now: good, revision: 1, good: good.then_some(1) };
        self.mocks.insert(self.made, mock);
        self.made += 1;
        "new"
    }

    fn rename(&mut self, mock: usize, name: usize) -> &'static str {
        let Some(there) = self.mocks.get(&mock).cloned() else { return "gone" };
        if there.name != name {
            if let Err(refused) = self.take(name, there.owner, mock) {
                return refused;
            }
            self.release(there.name);
        } else if there.good.is_some() {
            // The same name with a text made anew.
            self.raise(name);
        }
        let there = self.mocks.get_mut(&mock).unwrap();
        there.name = name;
        there.revision += 1;
        if there.good_now {
            there.good = Some(there.revision);
        }
        "done"
    }

    fn state(&self, mock: usize) -> String {
        let Some(there) = self.mocks.get(&mock) else { return "none".to_owned() };
        let host = &self.hosts[&there.name];
        let status = match there {
            _ if host.version > host.applied => Status::Publishing,
            Mocked { enabled: false, .. } => Status::Offline,
            Mocked { good: None, .. } => Status::OfflineInvalid,
            _ => Status::Published,
        };
        format!("{} {:?} {} {} {status}", there.revision, there.good, host.version, host.applied)
    }
}

/// The same by a store.
struct Real {
    world: World,
    owners: Vec<Customer>,
    hosts: Vec<HostPattern>,
    mocks: Vec<MockId>,
}

impl Real {
    async fn new(world: World) -> Self {
        let owners = vec![world.person("ana").await, world.person("bob").await];
        let hosts = ["a", "b", "c"].map(|name| world.place_of(&owners[0], name).host).into();
        Self { world, owners, hosts, mocks: Vec::new() }
    }

    /// Both owners want the same hosts, which names could not make.
    fn place(&self, owner: usize, name: usize) -> Place {
        Place { host: self.hosts[name].clone(), ..self.world.place_of(&self.owners[owner], "any") }
    }

    fn id(&self, mock: usize) -> MockId {
        self.mocks.get(mock).copied().unwrap_or_else(MockId::generate)
    }

    async fn answer(&mut self, change: &Change) -> &'static str {
        match *change {
            Change::Create { owner, name, good } => self.create(owner, name, good).await,
            Change::Edit { mock, good, stale } => {
                let Some(there) = self.world.mock(self.id(mock)).await.unwrap() else { return "gone" };
                let text = || processed(&there.host, &content("good").text);
                self.edit(Edit {
                    mock: there.id,
                    if_revision: Revision::new(there.revision.get() + u64::from(stale)),
                    content: Some(if good { content("good") } else { broken() }),
                    place: None,
                    served: if good { Served::New(text()) } else { Served::Unchanged },
                    by: self.owners[0].id,
                })
                .await
            }
            Change::Rename { mock, name } => {
                let Some(there) = self.world.mock(self.id(mock)).await.unwrap() else { return "gone" };
                let owner = self.owners.iter().position(|owner| there.owner.id() == owner.id.0).unwrap();
                let place = self.place(owner, name);
                let text = processed(&place.host, &content("good").text);
                self.edit(Edit {
                    mock: there.id,
                    if_revision: there.revision,
                    content: None,
                    served: there.good_revision.map_or(Served::Unchanged, |_| Served::Moved(text)),
                    place: Some(place),
                    by: self.owners[1].id,
                })
                .await
            }
            Change::Enable { mock, enabled } => {
                match self.world.set_enabled(self.id(mock), enabled).await.unwrap() {
                    None => "gone",
                    Some((_, true)) => "done",
                    Some((_, false)) => "same",
                }
            }
            Change::Delete { mock, stale } => {
                let wrong = stale.then_some(Revision::new(1_000));
                match self.world.delete(self.id(mock), wrong).await.unwrap() {
                    Deleted::Done { .. } => "done",
                    Deleted::Stale(_) => "stale",
                    Deleted::Gone => "gone",
                }
            }
            Change::CarryOut => {
                self.world.carry_out().await;
                "done"
            }
            Change::MonthPasses => {
                let month = "UPDATE host SET released_at = released_at - 2678400000 WHERE released_at > 0";
                self.world.database.run(month).await;
                "done"
            }
        }
    }

    async fn create(&mut self, owner: usize, name: usize, good: bool) -> &'static str {
        let place = self.place(owner, name);
        let new = NewMock {
            content: if good { content("good") } else { broken() },
            processed: good.then(|| processed(&place.host, &content("good").text)),
            place,
            ..self.world.new_mock(&self.owners[owner], "any", "good")
        };
        match self.world.create(&new).await.unwrap() {
            Created::New(mock) => {
                self.mocks.push(mock.id);
                "new"
            }
            Created::Same(_) => "same",
            Created::Other(_) => "other",
            Created::HostTaken => "taken",
            Created::HostHeld => "held",
            Created::NoOwner => "no owner",
        }
    }

    async fn edit(&self, edit: Edit) -> &'static str {
        match self.world.edit(&edit).await.unwrap() {
            Edited::Done(_) => "done",
            Edited::Stale(_) => "stale",
            Edited::HostTaken => "taken",
            Edited::HostHeld => "held",
            Edited::Gone => "gone",
        }
    }

    async fn state(&self, mock: usize) -> String {
        let Some(there) = self.world.mock(self.id(mock)).await.unwrap() else { return "none".to_owned() };
        let state = there.state;
        let good = there.good_revision.map(Revision::get);
        let status = self.world.status(there.id).await;
        format!("{} {good:?} {} {} {status}", there.revision, state.version, state.applied_version)
    }
}

#[test]
fn any_changes_give_what_the_model_says() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut runner = TestRunner::new(Config { cases: 24, max_shrink_iters: 200, ..Config::default() });
    let changes = prop::collection::vec(change(), 1..30);
    runner
        .run(&changes, |changes| {
            runtime.block_on(async {
                let mut model = Model::default();
                let worlds = [World::postgres().await, World::sqlite().await];
                let [one, other] = worlds.map(Real::new);
                let mut stores = [one.await, other.await];
                for (step, change) in changes.iter().enumerate() {
                    let expected = model.answer(change);
                    for real in &mut stores {
                        prop_assert_eq!(real.answer(change).await, expected, "{}: {:?}", step, change);
                        for mock in 0..model.made {
                            prop_assert_eq!(
                                real.state(mock).await,
                                model.state(mock),
                                "{}: {:?}",
                                step,
                                change
                            );
                        }
                    }
                }
                Ok(())
            })
        })
        .unwrap();
}
