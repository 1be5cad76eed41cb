//! Tells when watched files have new content that is whole.
//!
//! What counts is what the files are, not what the system says happened: each time something is heard
//! from a directory, and at a slow pace anyway, every watched file is looked at and compared with what
//! was last reported. The system's events only make it quick, and tell two things that a look cannot: a
//! file was put in place by a rename, or its writer closed it; then the content is whole now. Otherwise
//! it is once size and time have rested for [`Settings::settle`].
//!
//! Links are followed one by one (`chain`), and each directory that holds one is watched, so a
//! ConfigMap whose `..data` link is swapped is seen. Knows nothing of mock files.

mod chain;
mod state;

use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread::{JoinHandle, ThreadId};
use std::time::{Duration, Instant};

use notify::event::{AccessKind, AccessMode, EventKind, ModifyKind, RenameMode};
use notify::{RecursiveMode, Watcher as _};

use state::{Hints, Print, Watched};

/// One file with new content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The file: as it was given, or under the directory that was given.
    pub path: PathBuf,
    /// What became of it.
    pub kind: ChangeKind,
}

/// What became of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// It holds something, which may be what it held before.
    Written,
    /// It is there and empty: it may be about to be written.
    Emptied,
    /// It is not there: it may be about to come back.
    Gone,
}

/// How a watcher looks.
#[derive(Clone, Debug)]
pub struct Settings {
    /// A file that is written in place is whole when its size and time have not changed for this long.
    pub settle: Duration,
    /// How often files are looked at where the system reports nothing.
    pub poll: Duration,
    /// How often files are looked at although the system reports.
    pub recheck: Duration,
    /// Do not ask the system for events (file systems of other machines report none).
    pub poll_only: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            settle: Duration::from_millis(30),
            poll: Duration::from_millis(100),
            recheck: Duration::from_secs(1),
            poll_only: false,
        }
    }
}

/// Watches files and directories in a thread of its own until it is dropped.
#[derive(Debug)]
pub struct Watcher {
    messages: SyncSender<Message>,
    thread: Option<JoinHandle<()>>,
    thread_id: ThreadId,
}

enum Message {
    Event(notify::Event),
    Paths(Vec<PathBuf>),
    /// Something was lost: look at everything.
    Look,
    Stop,
}

/// Events that wait; beyond, one look at everything replaces them.
const MOST_MESSAGES: usize = 1024;

/// After the first event, more are awaited this long, so that a burst is one look.
const BURST: Duration = Duration::from_millis(2);

impl Watcher {
    /// Watches `paths`: files (they need not exist yet) and directories with all that is under them,
    /// but for names that begin with `.`. `on_change` is called in the watcher's thread with each set of
    /// files that has new content. Changes are measured from what the files are during this call, so read
    /// them after it.
    ///
    /// # Errors
    /// The system gives no thread. Where it gives no events, the files are polled.
    pub fn new(
        paths: Vec<PathBuf>,
        settings: Settings,
        on_change: impl FnMut(&[Change]) + Send + 'static,
    ) -> io::Result<Self> {
        let (messages, inbox) = sync_channel(MOST_MESSAGES);
        let lost = Arc::new(AtomicBool::new(false));
        let notifier = if settings.poll_only { None } else { notifier(messages.clone(), Arc::clone(&lost)) };
        let mut look = Look {
            settings,
            inbox,
            lost,
            notifier,
            directories: HashMap::new(),
            all_heard: true,
            watched: Watched::default(),
            on_change: Box::new(on_change),
        };
        look.set_paths(paths);
        let thread =
            std::thread::Builder::new().name("moclojer-watch".to_owned()).spawn(move || look.run())?;
        let thread_id = thread.thread().id();
        Ok(Self { messages, thread: Some(thread), thread_id })
    }

    /// Watches `paths` from now on. Files that were watched before keep the state that changes are
    /// measured from.
    pub fn set_paths(&self, paths: Vec<PathBuf>) {
        // From inside `on_change` the thread cannot empty its inbox, so waiting for room there would
        // never end; a full inbox then costs the new paths. It holds a thousand, so this is no loss in
        // practice, and outside of `on_change` nothing is lost at all.
        if std::thread::current().id() == self.thread_id {
            let _ = self.messages.try_send(Message::Paths(paths));
        } else {
            let _ = self.messages.send(Message::Paths(paths));
        }
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        if std::thread::current().id() == self.thread_id {
            let _ = self.messages.try_send(Message::Stop);
            return;
        }
        let _ = self.messages.send(Message::Stop);
        if let Some(thread) = self.thread.take() {
            // Fails only if `on_change` panicked.
            let _ = thread.join();
        }
    }
}

/// What hears from the system; `None` where it cannot.
fn notifier(messages: SyncSender<Message>, lost: Arc<AtomicBool>) -> Option<notify::RecommendedWatcher> {
    let hear = move |heard: notify::Result<notify::Event>| {
        let message = match heard {
            Ok(event) if is_reading(&event.kind) => return,
            Ok(event) if !event.need_rescan() => Message::Event(event),
            Ok(_) | Err(_) => Message::Look,
        };
        if let Err(TrySendError::Full(_)) = messages.try_send(message) {
            lost.store(true, Ordering::Release);
        }
    };
    notify::RecommendedWatcher::new(hear, notify::Config::default()).ok()
}

/// Somebody, perhaps we ourselves, opened or read a file.
fn is_reading(kind: &EventKind) -> bool {
    matches!(kind, EventKind::Access(access) if !matches!(access, AccessKind::Close(AccessMode::Write)))
}

type OnChange = Box<dyn FnMut(&[Change]) + Send>;

/// The watcher's thread.
struct Look {
    settings: Settings,
    inbox: Receiver<Message>,
    lost: Arc<AtomicBool>,
    notifier: Option<notify::RecommendedWatcher>,
    /// Directories that the system reports about, with what they were when that was asked for.
    directories: HashMap<PathBuf, Option<Print>>,
    /// False when the system refused some directory.
    all_heard: bool,
    watched: Watched,
    on_change: OnChange,
}

impl Look {
    fn run(mut self) {
        let mut looked = Instant::now();
        loop {
            let pace = if self.notifier.is_some() && self.all_heard {
                self.settings.recheck
            } else {
                self.settings.poll
            };
            let mut due = looked + pace;
            if let Some(settled) = self.watched.next_settled(self.settings.settle) {
                due = due.min(settled);
            }
            let mut hints = Hints::default();
            match self.inbox.recv_timeout(due.saturating_duration_since(Instant::now())) {
                Ok(message) => {
                    if self.take(message, &mut hints) || self.take_burst(&mut hints) {
                        return;
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            looked = Instant::now();
            let changes = self.watched.look(looked, self.settings.settle, &hints);
            self.listen();
            if !changes.is_empty() {
                (self.on_change)(&changes);
            }
        }
    }

    /// Takes what comes close after a first message; true to stop.
    fn take_burst(&mut self, hints: &mut Hints) -> bool {
        let end = Instant::now() + BURST;
        for _ in 0..MOST_MESSAGES {
            match self.inbox.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(message) => {
                    if self.take(message, hints) {
                        return true;
                    }
                }
                Err(RecvTimeoutError::Timeout) => break,
                Err(RecvTimeoutError::Disconnected) => return true,
            }
        }
        if self.lost.swap(false, Ordering::AcqRel) {
            // Which events are missing is not known, so none of the others can say that a file is whole.
            hints.forget_whole();
        }
        false
    }

    /// Notes what a message says; true to stop.
    fn take(&mut self, message: Message, hints: &mut Hints) -> bool {
        match message {
            Message::Stop => return true,
            Message::Look => {}
            Message::Paths(paths) => self.set_paths(paths),
            Message::Event(event) => self.hear(&event, hints),
        }
        false
    }

    fn hear(&mut self, event: &notify::Event, hints: &mut Hints) {
        let whole = matches!(
            event.kind,
            EventKind::Access(AccessKind::Close(AccessMode::Write))
                | EventKind::Modify(ModifyKind::Name(RenameMode::To))
        );
        let gone = matches!(
            event.kind,
            EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(RenameMode::From | RenameMode::Any))
        );
        for path in &event.paths {
            if gone {
                // The system forgets a directory that went, also if another takes its name.
                self.directories.remove(path);
            }
            match event.kind {
                // Told twice: `From` and `To` came before.
                EventKind::Modify(ModifyKind::Name(RenameMode::Both)) => {}
                _ if whole => hints.whole(path),
                _ => hints.touched(path),
            }
        }
    }

    fn set_paths(&mut self, paths: Vec<PathBuf>) {
        self.watched.set_paths(paths);
        self.listen();
    }

    /// Asks the system to report about every directory that matters now, and no other.
    fn listen(&mut self) {
        let Some(notifier) = &mut self.notifier else {
            return;
        };
        let wanted = self.watched.directories();
        self.directories.retain(|directory, _| {
            let keep = wanted.contains(directory);
            if !keep {
                // Fails where the directory has gone, which is as good.
                let _ = notifier.unwatch(directory);
            }
            keep
        });
        self.all_heard = true;
        for directory in wanted {
            let print = Print::identity(directory);
            if self.directories.get(directory).is_some_and(|known| *known == print) {
                continue;
            }
            match notifier.watch(directory, RecursiveMode::NonRecursive) {
                Ok(()) => {
                    self.directories.insert(directory.clone(), print);
                }
                Err(_) => self.all_heard = false,
            }
        }
    }
}
