//! Serves changed files: a watcher says that something changed, the files are read, the responder is loaded.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::{Files, Loaded};
use crate::respond::{Changes, Responder};
use crate::serve::watch::{Settings, Watcher};
use crate::spec::Spec;

/// What a reload gave.
#[derive(Debug)]
pub struct Reload {
    /// The files as they are now, with the problems of those that changed.
    pub loaded: Loaded,
    /// What is served now that was not before.
    pub changes: Changes,
    /// How long it took from the change being noticed.
    pub took: Duration,
}

/// Watches and reloads until it is dropped.
#[derive(Debug)]
pub struct Reloader {
    stop: mpsc::Sender<Signal>,
    thread: Option<JoinHandle<()>>,
}

enum Signal {
    /// These files have new content that is whole.
    Settled(Vec<PathBuf>),
    Stop,
}

impl Reloader {
    /// Begins to watch `files`, which were loaded into `responder` once already.
    ///
    /// `on_reload` is called on a thread of its own after each reload that changed or found anything.
    ///
    /// # Errors
    /// When the watching thread cannot be started.
    pub fn start(
        files: Files,
        responder: Arc<Responder>,
        on_reload: impl FnMut(Reload) + Send + 'static,
    ) -> std::io::Result<Self> {
        let (stop, signals) = mpsc::channel();
        let changed = stop.clone();
        let watcher = Watcher::new(files.named().to_vec(), Settings::default(), move |changes| {
            let settled = changes.iter().map(|change| change.path.clone()).collect();
            // Nobody listens any more only while everything is being dropped.
            let _ = changed.send(Signal::Settled(settled));
        })?;
        let thread = std::thread::Builder::new()
            .name("moclojer-reload".to_owned())
            .spawn(move || run(files, &responder, &signals, on_reload, watcher))?;
        Ok(Self { stop, thread: Some(thread) })
    }
}

impl Drop for Reloader {
    fn drop(&mut self) {
        let _ = self.stop.send(Signal::Stop);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn run(
    mut files: Files,
    responder: &Responder,
    signals: &mpsc::Receiver<Signal>,
    mut on_reload: impl FnMut(Reload),
    watcher: Watcher,
) {
    // The watcher reports what changes from now on; what changed since the files were loaded is looked for here.
    let mut loaded = Some((Instant::now(), files.load(Instant::now())));
    loop {
        let mut look_again = None;
        if let Some((noticed, loaded)) = loaded.take() {
            look_again = loaded.look_again;
            let specs: Vec<&Spec> = loaded.specs.iter().map(|spec| &**spec).collect();
            let changes = if loaded.changed { responder.load(&specs) } else { Changes::default() };
            if !changes.is_empty() || !loaded.problems.is_empty() {
                on_reload(Reload { loaded, changes, took: noticed.elapsed() });
            }
        }
        let signal = match look_again {
            None => signals.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(at) => signals.recv_timeout(at.saturating_duration_since(Instant::now())),
        };
        let settled = match signal {
            Ok(Signal::Settled(settled)) => settled,
            Err(RecvTimeoutError::Timeout) => Vec::new(),
            Ok(Signal::Stop) | Err(RecvTimeoutError::Disconnected) => break,
        };
        let noticed = Instant::now();
        loaded = Some((noticed, files.reload(noticed, &settled)));
    }
    drop(watcher);
}
