//! What goes wrong, call by call: a rule of the test decides; and an object store that obeys it.

use std::collections::HashMap;
use std::fmt;
use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;

use async_trait::async_trait;
use bytes::Bytes;
use moclojer_core::ports::{
    Condition, ETag, Listed, MemoryStorage, Object, Put, Storage, StorageError, StorageKey,
};
use tokio::sync::Notify;

/// What becomes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    None,
    /// Refused for good: not done.
    Refuse,
    /// Not done, and an error.
    LoseRequest,
    /// Done, and an error.
    LoseAnswer,
    /// An error now; done when the test says so.
    Late,
}

/// What a rule says: the fault, and what to wait for before.
#[derive(Clone)]
pub(super) enum Rule {
    Now(Fault),
    /// Tells the first that the call is there, then waits for the second.
    Stop(Arc<Notify>, Arc<Notify>),
    /// Never comes back.
    Hang,
}

type Rules = Box<dyn FnMut(&str) -> Rule + Send>;

/// The faults of one handle.
#[derive(Clone, Default)]
pub(super) struct Faults {
    rules: Arc<Mutex<Option<Rules>>>,
    /// Whether each call takes two steps of whoever polls: one before it is done, one after.
    stepwise: Arc<AtomicBool>,
    /// Whether the next read gives what stood before the last write.
    older: Arc<AtomicBool>,
}

impl fmt::Debug for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Faults")
    }
}

impl Faults {
    pub(super) fn set(&self, rules: impl FnMut(&str) -> Rule + Send + 'static) {
        *self.rules.lock().unwrap() = Some(Box::new(rules));
    }

    /// The next `times` calls that begin so.
    pub(super) fn times(&self, call: &'static str, mut times: u32, rule: Rule) {
        self.set(move |name| {
            if times > 0 && name.starts_with(call) {
                times -= 1;
                rule.clone()
            } else {
                Rule::Now(Fault::None)
            }
        });
    }

    /// Stops the next call that begins so: the first says that it is there, the second lets it go on.
    pub(super) fn stop(&self, call: &'static str) -> (Arc<Notify>, Arc<Notify>) {
        let (there, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        self.times(call, 1, Rule::Stop(Arc::clone(&there), Arc::clone(&go)));
        (there, go)
    }

    pub(super) fn clear(&self) {
        *self.rules.lock().unwrap() = None;
    }

    pub(super) fn set_stepwise(&self) {
        self.stepwise.store(true, Ordering::Relaxed);
    }

    pub(super) fn read_older(&self) {
        self.older.store(true, Ordering::Relaxed);
    }

    pub(super) async fn next(&self, name: &str) -> Fault {
        self.step().await;
        let rule = self.rules.lock().unwrap().as_mut().map_or(Rule::Now(Fault::None), |rules| rules(name));
        match rule {
            Rule::Now(fault) => fault,
            Rule::Stop(there, go) => {
                there.notify_one();
                go.notified().await;
                Fault::None
            }
            Rule::Hang => std::future::pending().await,
        }
    }

    pub(super) async fn step(&self) {
        let mut stepped = !self.stepwise.load(Ordering::Relaxed);
        poll_fn(move |context| {
            if stepped {
                return Poll::Ready(());
            }
            stepped = true;
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }
}

type LatePut = (StorageKey, Bytes, Condition);

/// A store in memory, reached through faults. Handles share the objects, each has its own faults.
#[derive(Clone, Debug, Default)]
pub(super) struct FaultyStorage {
    objects: Arc<MemoryStorage>,
    late: Arc<Mutex<Vec<LatePut>>>,
    puts: Arc<Mutex<Vec<String>>>,
    /// What stood before the last write.
    before: Arc<Mutex<HashMap<StorageKey, Object>>>,
    /// Whether conditions are taken for granted, as by a store that does not know them.
    unconditional: Arc<AtomicBool>,
    pub(super) faults: Faults,
}

impl FaultyStorage {
    /// The same objects, reached by another service.
    pub(super) fn other(&self) -> Self {
        Self { faults: Faults::default(), ..self.clone() }
    }

    /// The objects themselves, without faults.
    pub(super) fn objects(&self) -> &MemoryStorage {
        &self.objects
    }

    /// The keys of all puts that were done, in order.
    pub(super) fn puts(&self) -> Vec<String> {
        self.puts.lock().unwrap().clone()
    }

    pub(super) fn set_unconditional(&self) {
        self.unconditional.store(true, Ordering::Relaxed);
    }

    /// Has the puts arrive that were late.
    pub(super) async fn deliver(&self) {
        let late = std::mem::take(&mut *self.late.lock().unwrap());
        for (key, bytes, condition) in late {
            self.objects.put(&key, bytes, condition).await.unwrap();
        }
    }

    /// Removes everything.
    pub(super) async fn wipe(&self) {
        for object in self.objects.list("").await.unwrap() {
            self.objects.delete(&object.key).await.unwrap();
        }
    }

    async fn call<T>(
        &self,
        name: &str,
        key: &str,
        act: impl Future<Output = Result<T, StorageError>> + Send,
        late: impl FnOnce() + Send,
    ) -> Result<T, StorageError> {
        let lost = || StorageError::Unavailable("the store is away".into());
        match self.faults.next(&format!("{name} {key}")).await {
            Fault::None => {
                let answer = act.await;
                self.faults.step().await;
                answer
            }
            Fault::Refuse => Err(StorageError::Refused("wrong credentials".into())),
            Fault::LoseRequest => Err(lost()),
            Fault::LoseAnswer => {
                act.await?;
                self.faults.step().await;
                Err(lost())
            }
            Fault::Late => {
                late();
                Err(lost())
            }
        }
    }
}

#[async_trait]
impl Storage for FaultyStorage {
    async fn get(&self, key: &StorageKey) -> Result<Option<Object>, StorageError> {
        let act = async {
            let stands = self.objects.get(key).await?;
            let older = stands.is_some() && self.faults.older.swap(false, Ordering::Relaxed);
            let before = older.then(|| self.before.lock().unwrap().get(key).cloned()).flatten();
            Ok(before.or(stands))
        };
        self.call("get", key.as_str(), act, || {}).await
    }

    async fn head(&self, key: &StorageKey) -> Result<Option<ETag>, StorageError> {
        self.call("head", key.as_str(), self.objects.head(key), || {}).await
    }

    async fn put(&self, key: &StorageKey, bytes: Bytes, condition: Condition) -> Result<Put, StorageError> {
        let unconditional = self.unconditional.load(Ordering::Relaxed);
        let condition = if unconditional { Condition::Always } else { condition };
        let late = || self.late.lock().unwrap().push((key.clone(), bytes.clone(), condition.clone()));
        let act = async {
            let before = self.objects.get(key).await?;
            let put = self.objects.put(key, bytes.clone(), condition.clone()).await?;
            if let (Put::Written(_), Some(before)) = (&put, before) {
                self.before.lock().unwrap().insert(key.clone(), before);
            }
            if put != Put::Refused {
                self.puts.lock().unwrap().push(key.to_string());
            }
            Ok(put)
        };
        self.call("put", key.as_str(), act, late).await
    }

    async fn list(&self, prefix: &str) -> Result<Vec<Listed>, StorageError> {
        self.call("list", prefix, self.objects.list(prefix), || {}).await
    }

    async fn delete(&self, key: &StorageKey) -> Result<(), StorageError> {
        self.call("delete", key.as_str(), self.objects.delete(key), || {}).await
    }
}
